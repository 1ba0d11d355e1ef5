/* A whole session: the numbered sender against a simulated board, with a line between them that
 * the input damages byte by byte, both ways.
 *
 * The damage is the fuzzer's, so it may pass any checksum; what is held against the sender is what
 * must be true all the same: the effects of a call stay bounded, what is acknowledged never goes
 * back, every stop has a reason, and a print ends. */
#include "drivers/driver.h"
#include "sim/firmware.h"
#include "sim/printer.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COMMANDS = 40, DAMAGES_MAX = 256 };

static const char *const firmwares[] = { "marlin", "marlin-stock", "marlin-2.1.2", "marlin-2.0.8",
	"marlin-2.0.5", "marlin-1.1.9", "marlin-1.1.6", "prusa-mk3", "prusa-buddy", "repetier",
	"smoothie-uart" };
enum { FIRMWARES = sizeof(firmwares) / sizeof(firmwares[0]) };

/* One thing that happens to the byte `at` of one direction. */
struct damage {
	uint32_t at;
	uint8_t what, value;
};

struct direction {
	struct damage damage[DAMAGES_MAX];
	size_t count, next;
	uint32_t bytes;
};

struct world {
	struct sim_printer *printer;
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	struct direction up, down;
	int64_t now_us, wake_us, acknowledged;
	int offered;
	bool started, over;
};

static void add_damage(struct direction *direction, const uint8_t *bytes)
{
	struct damage *damage;
	uint32_t before = direction->count > 0 ? direction->damage[direction->count - 1].at : 0;

	if (direction->count == DAMAGES_MAX)
		return;
	damage = &direction->damage[direction->count++];
	damage->at = before + 1 + bytes[1];
	damage->what = bytes[0] >> 1;
	damage->value = bytes[2];
}

/* Passes bytes; out has room for twice as many. */
static size_t pass(struct direction *direction, const char *bytes, size_t length, char *out)
{
	size_t count = 0;

	for (size_t i = 0; i < length; i++) {
		const struct damage *damage = direction->next < direction->count
						      ? &direction->damage[direction->next]
						      : NULL;

		direction->bytes++;
		if (!damage || damage->at != direction->bytes) {
			out[count++] = bytes[i];
			continue;
		}
		direction->next++;
		switch (damage->what % 4) {
		case 0:
			out[count++] = (char)((uint8_t)bytes[i] ^ damage->value);
			break;
		case 1:
			break;
		case 2:
			out[count++] = (char)damage->value;
			out[count++] = bytes[i];
			break;
		default:
			out[count++] = (char)damage->value;
			break;
		}
	}
	return count;
}

static void write_bytes(struct world *world, const char *bytes, size_t length)
{
	char out[2 * DRIVER_WRITE_MAX];
	size_t count = pass(&world->up, bytes, length, out);

	if (count > 0 && sim_printer_receive(world->printer, out, count, world->now_us) != count)
		abort();
}

static void apply(struct world *world)
{
	struct driver_effects *effects = &world->effects;

	if (effects->count >= DRIVER_EFFECTS_MAX || effects->byte_count > DRIVER_WRITE_MAX / 2)
		abort();
	for (size_t i = 0; i < effects->count; i++) {
		const struct driver_effect *effect = &effects->effect[i];

		if (effect->kind == DRIVER_WRITE)
			write_bytes(
				world, effects->bytes + effect->write_offset, effect->write_length);
		else if (effect->kind == DRIVER_WAKE_AT)
			world->wake_us = effect->time_us;
		else if (effect->kind == DRIVER_JOB_DONE)
			world->over = true;
		if (effect->kind == DRIVER_ACKNOWLEDGED) {
			if (effect->index <= world->acknowledged || effect->index >= world->offered)
				abort();
			world->acknowledged = effect->index;
		}
		if (effect->kind == DRIVER_JOB_FAULT || effect->kind == DRIVER_LINK_FAULT) {
			if (effect->text[0] == '\0' || effect->fault == DRIVER_FAULT_NONE)
				abort();
			world->over = true;
		}
	}
	driver_effects_clear(effects);
}

static void offer(struct world *world)
{
	char text[DRIVER_COMMAND_MAX];

	if (!world->started && world->dialect->state(world->driver) == DRIVER_READY) {
		world->started = true;
		world->dialect->job_start(world->driver, world->now_us, &world->effects);
		apply(world);
	}
	while (world->started && !world->over && world->offered < COMMANDS &&
		world->dialect->wants_command(world->driver)) {
		int length = world->offered % 10 == 9
				     ? snprintf(text, sizeof(text), "M106 S%d", world->offered)
				     : snprintf(text, sizeof(text), "G1 X%d.5 Y%d.25 E.0%d",
					       90 + world->offered, 120 - world->offered,
					       world->offered);

		world->offered++;
		world->dialect->command(
			world->driver, world->now_us, text, (size_t)length, &world->effects);
		apply(world);
	}
	if (world->started && !world->over && world->offered == COMMANDS) {
		world->offered++;
		world->dialect->job_end(world->driver, world->now_us, &world->effects);
		apply(world);
	}
}

static void receive(struct world *world)
{
	char bytes[DRIVER_RECEIVE_MAX / 2], out[DRIVER_RECEIVE_MAX];
	struct sim_executed executed;
	size_t length;

	while (sim_printer_next_executed(world->printer, &executed))
		;
	while ((length = sim_printer_take_output(world->printer, bytes, sizeof(bytes))) > 0) {
		size_t count = pass(&world->down, bytes, length, out);

		world->dialect->receive(world->driver, world->now_us, out, count, &world->effects);
		apply(world);
	}
}

static void run(struct world *world)
{
	const int64_t end_us = INT64_C(3600000000);

	while (!world->over && world->now_us < end_us) {
		int64_t event_us = sim_printer_next_event_us(world->printer);
		int64_t next_us;

		if (event_us <= world->now_us)
			event_us = DRIVER_NEVER;
		next_us = event_us < world->wake_us ? event_us : world->wake_us;
		if (next_us > end_us)
			next_us = end_us;
		if (next_us > world->now_us)
			world->now_us = next_us;
		sim_printer_advance(world->printer, world->now_us);
		receive(world);
		if (world->now_us >= world->wake_us) {
			world->wake_us = DRIVER_NEVER;
			world->dialect->wake(world->driver, world->now_us, &world->effects);
			apply(world);
		}
		offer(world);
	}
	/* What waits for a person waits for ever; anything else ends. */
	if (!world->over) {
		struct sim_status status;

		sim_printer_status(world->printer, &status);
		if (!status.waits_for_user)
			abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct driver_settings settings = { .seed = 1, .baud = 115200, .park_lift_mm = 5 };
	struct sim_settings sim;

	if (size < 3)
		return 0;
	memset(&world, 0, sizeof(world));
	if (!sim_settings_init(&sim, "p", firmwares[data[0] % FIRMWARES]))
		abort();
	sim.link = SIM_LINK_UART;
	sim.warm_start = true;
	sim.boot_us = 200000;
	sim.erases = (data[1] & 1) != 0;
	sim.meatpack = (data[1] & 2) != 0;
	settings.meatpack = (data[1] & 4) != 0;
	settings.window_lines = data[1] / 8 % 5 - 1;
	for (size_t i = 2; i + 3 <= size; i += 3)
		add_damage((data[i] & 1) ? &world.up : &world.down, data + i);
	world.acknowledged = -1;
	world.wake_us = DRIVER_NEVER;
	world.dialect = driver_dialect_find("marlin");
	world.driver = world.dialect->create(&settings);
	world.printer = sim_printer_create(&sim, 1, 0);
	if (!world.driver || !world.printer)
		abort();
	sim_printer_opened(world.printer, 0);
	world.dialect->opened(world.driver, 0, &world.effects);
	apply(&world);
	run(&world);
	world.dialect->destroy(world.driver);
	sim_printer_destroy(world.printer);
	return 0;
}
