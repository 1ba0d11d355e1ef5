/* Any bytes at any times into the Marlin dialect, with any calls in between: it never reads or
 * writes out of bounds, never has more in flight than its window, never takes an acknowledgement
 * back, and the effects of one call stay bounded. */
#include "drivers/marlin_private.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const replies[] = { "ok\n", "ok\n", "ok P15 B3\n", "Resend: 2003\n",
	"Error:checksum mismatch, Last Line: 2002\n",
	"Error:No Checksum with line number, Last Line: 2003\n", "echo:Unknown command: \"G1\"\n",
	"echo:busy: processing\n", "echo:busy: paused for user\n", "ok T:20.0 /0.0 B:20 /0\n",
	" T:200.0 /200.0 B:60 /60 W:?\n", "start\n", "FIRMWARE_NAME:Marlin 2.0.9.5\n",
	"Cap:AUTOREPORT_TEMP:1\n", "wait\n", "//action:pause\n", "//action:paused\n",
	"//action:resume\n", "//action:cancel\n", "okok\n", "k\n",
	"Error:Printer halted. kill() called!\n",
	"Error:Line Number is not Last Line Number+1, Last Line: 2000\n", "Resend: 2001\n", "rs\n",
	"Begin file list\n", "End file list\n", "FIRMWARE_NAME:Prusa-Firmware 3.13.3\n",
	"Resend: 1\n", "echo:RX timeout\n", "FIRMWARE_NAME:Repetier_1.0.4\n", "ok 2\n", "ok 3\n",
	"skip 2\n", "Error:expected line 1 got 1001\n\nResend:1\nok\n",
	"Error:Wrong checksum\n\nResend:3\nok\n", "Unknown command:\n", "Unknown command:N2 M777\n",
	"RequestPause:x\n", "busy:door open\n", "FIRMWARE_NAME:Smoothieware, X-GRBL_MODE:0\n",
	"rs N1\n", "rs N3\n", "ok - ignored\n", "!!\n", "<Idle|MPos:0,0,0>\n", "Smoothie\nok\n" };

static const char *const commands[] = { "G1 X1", "G28", "M109 S200", "M105", "M110 N0", "G1 X1;",
	"M0", "T1", "G91", "M83", "G92 E0" };

enum {
	REPLIES = sizeof(replies) / sizeof(replies[0]),
	COMMANDS = sizeof(commands) / sizeof(commands[0])
};

struct world {
	struct driver *driver;
	const struct driver_dialect *dialect;
	int64_t now_us, acknowledged, commands, window;
	struct driver_effects effects;
};

/* A question may stand behind a full window of fewer lines than the queue holds. */
static int64_t most(const struct world *world, const struct marlin *m)
{
	int64_t queue = m->variant->queue_lines;

	return world->window > queue ? world->window : queue;
}

static void check(struct world *world)
{
	const struct marlin *m = (const struct marlin *)world->driver;
	struct driver_effects *effects = &world->effects;

	if (effects->count >= DRIVER_EFFECTS_MAX || effects->byte_count > DRIVER_WRITE_MAX / 2)
		abort();
	for (size_t i = 0; i < effects->count; i++) {
		const struct driver_effect *effect = &effects->effect[i];

		if (effect->kind == DRIVER_ACKNOWLEDGED) {
			if (effect->index <= world->acknowledged ||
				effect->index >= world->commands)
				abort();
			world->acknowledged = effect->index;
		}
		if (effect->kind == DRIVER_WAKE_AT && effect->time_us <= world->now_us)
			abort();
	}
	if ((int64_t)m->window.count > most(world, m) || m->pending >= m->history.next ||
		(m->pending != MARLIN_NOTHING_PENDING && m->window.count != 1) ||
		m->step_count > MARLIN_STEPS_MAX)
		abort();
	driver_effects_clear(effects);
}

static void reply(struct world *world, const char *text, size_t length)
{
	world->dialect->receive(world->driver, world->now_us, text, length, &world->effects);
}

static void nonce(struct world *world)
{
	const struct marlin *m = (const struct marlin *)world->driver;
	char line[32] = "echo:";

	memcpy(line + 5, m->sync.nonce, 10);
	memcpy(line + 15, "\nok\n", 4);
	reply(world, line, 19);
}

static void act(struct world *world, uint8_t byte)
{
	const struct driver_dialect *dialect = world->dialect;
	struct driver *driver = world->driver;
	const char *text = commands[byte % COMMANDS];

	switch (byte % 12) {
	case 0:
		if (dialect->state(driver) == DRIVER_READY)
			world->acknowledged = -1, world->commands = 0;
		dialect->job_start(driver, world->now_us, &world->effects);
		break;
	case 1:
	case 2:
	case 3:
		if (dialect->wants_command(driver)) {
			world->commands++;
			dialect->command(
				driver, world->now_us, text, strlen(text), &world->effects);
		}
		break;
	case 4:
		dialect->job_end(driver, world->now_us, &world->effects);
		break;
	case 5:
		dialect->pause(driver, world->now_us, &world->effects);
		break;
	case 6:
		dialect->resume(driver, world->now_us, &world->effects);
		break;
	case 7:
		dialect->cancel(driver, world->now_us, &world->effects);
		break;
	case 8:
		dialect->manual(driver, world->now_us, text, strlen(text), &world->effects);
		break;
	case 9:
		dialect->cool(driver, world->now_us, &world->effects);
		break;
	case 10:
		dialect->wake(driver, world->now_us, &world->effects);
		break;
	default:
		if (byte > 240)
			dialect->estop(driver, world->now_us, &world->effects);
		else if (byte > 220)
			dialect->opened(driver, world->now_us, &world->effects);
		break;
	}
}

static void one_step(struct world *world, const uint8_t **data, size_t *size)
{
	uint8_t kind = (*data)[0], byte = (*data)[1];

	*data += 2;
	*size -= 2;
	if (kind < 96) {
		reply(world, replies[byte % REPLIES], strlen(replies[byte % REPLIES]));
	} else if (kind < 112) {
		nonce(world);
	} else if (kind < 160) {
		act(world, byte);
	} else if (kind < 240) {
		world->now_us += (int64_t)byte * byte * 200;
		world->dialect->wake(world->driver, world->now_us, &world->effects);
	} else {
		size_t length = byte < *size ? byte : *size;

		reply(world, (const char *)*data, length);
		*data += length;
		*size -= length;
	}
	check(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const dialects[] = { "marlin", "repetier", "prusa-mk3", "smoothie" };
	static struct world world;
	struct driver_settings settings = { .seed = 1, .park_lift_mm = 5 };

	if (size < 2)
		return 0;
	memset(&world, 0, sizeof(world));
	settings.window_lines = data[0] % 6 - 1;
	world.acknowledged = -1;
	world.window = settings.window_lines;
	world.dialect = driver_dialect_find(dialects[data[0] >> 5 & 3]);
	world.driver = world.dialect->create(&settings);
	if (!world.driver)
		return 0;
	world.dialect->link(world.driver, (data[0] & 128) ? DRIVER_LINK_CDC : DRIVER_LINK_UART);
	world.dialect->opened(world.driver, 0, &world.effects);
	check(&world);
	for (data++, size--; size >= 2;)
		one_step(&world, &data, &size);
	world.dialect->closed(world.driver, world.now_us, &world.effects);
	world.dialect->destroy(world.driver);
	return 0;
}
