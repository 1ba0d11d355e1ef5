/* Any bytes at any times into the grbl dialect, with any calls in between: it never reads or writes
 * out of bounds, never has more in flight than its window, never takes an acknowledgement back, and
 * the effects of one call stay bounded. */
#include "drivers/grbl_private.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const replies[] = { "ok\r\n", "ok\r\n", "ok\r\n", "error:20\r\n", "okok\r\n",
	"ALARM:1\r\n", "ALARM:3\r\n", "Grbl 1.1h ['$' for help]\r\n",
	"GrblHAL 1.1f ['$' or '$HELP' for help]\r\n", "Grbl 3.7 [FluidNC v3.7 '$' for help]\r\n",
	"[OPT:V,15,128]\r\nok\r\n", "[OPT:VNM,100,1024,3,0]\r\nok\r\n",
	"[VER:1.1h.2019:me]\r\nok\r\n", "$32=1\r\nok\r\n", "$13=1\r\n",
	"<Idle|MPos:0.000,0.000,0.000|FS:0,0|WCO:0.000,0.000,0.000>\r\n",
	"<Run|MPos:1.000,2.000,3.000|Bf:3,20|FS:500,100>\r\n",
	"<Hold:0|MPos:1.000,2.000,3.000|FS:0,0|Ov:100,100,100>\r\n",
	"<Hold:1|MPos:1,2,3|FS:9,9>\r\n", "<Alarm|MPos:0.000,0.000,0.000|FS:0,0>\r\n",
	"<Door:0|WPos:0.000,0.000,0.000|FS:0,0>\r\n", "<Home|MPos:1,1,1|FS:0,0>\r\n",
	"<Run|MPos:1.000,ok\r\n", "[MSG:Pgm End]\r\n", ">G54:ok\r\n", "start\n", "o\r\n",
	"<Jog|MPos:0,0,0|FS:1,0>\r\n" };

static const char *const commands[] = { "G1 X1 F100", "M4 S100", "G0 X3 Y4", "X5", "G4 P1",
	"G92 X0", "M3 S1", "G2 X1 I1", "M2", "G10 L20 P1 X0", "G1 X1 ?", "G91 G1 X2" };

enum {
	REPLIES = sizeof(replies) / sizeof(replies[0]),
	COMMANDS = sizeof(commands) / sizeof(commands[0])
};

struct world {
	const struct driver_dialect *dialect;
	struct driver *driver;
	int64_t now_us, acknowledged, commands;
	struct driver_effects effects;
};

static void check(struct world *world)
{
	const struct grbl *g = (const struct grbl *)world->driver;
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
	if (g->flight_count > GRBL_FLIGHT_MAX ||
		(g->flight_count > 1 && g->flight_bytes > g->window_bytes))
		abort();
	driver_effects_clear(effects);
}

static void act(struct world *world, uint8_t byte)
{
	const struct driver_dialect *dialect = world->dialect;
	struct driver *driver = world->driver;
	int64_t now_us = world->now_us;
	struct driver_effects *effects = &world->effects;

	switch (byte % 12) {
	case 0:
		if (dialect->state(driver) == DRIVER_READY) {
			world->commands = 0;
			world->acknowledged = -1;
		}
		dialect->job_start(driver, now_us, effects);
		return;
	case 1:
		dialect->job_end(driver, now_us, effects);
		return;
	case 2:
		dialect->pause(driver, now_us, effects);
		return;
	case 3:
		dialect->resume(driver, now_us, effects);
		return;
	case 4:
		dialect->cancel(driver, now_us, effects);
		return;
	case 5:
		dialect->cool(driver, now_us, effects);
		return;
	case 6:
		dialect->estop(driver, now_us, effects);
		return;
	case 7:
		dialect->manual(driver, now_us, "$H", 2, effects);
		return;
	case 8:
		dialect->closed(driver, now_us, effects);
		check(world);
		dialect->opened(driver, now_us, effects);
		return;
	case 9:
		dialect->unlocked(driver);
		return;
	default:
		dialect->wake(driver, now_us, effects);
		return;
	}
}

static void offer(struct world *world, uint8_t byte)
{
	const char *text = commands[byte % COMMANDS];

	if (!world->dialect->wants_command(world->driver))
		return;
	world->commands++;
	world->dialect->command(world->driver, world->now_us, text, strlen(text), &world->effects);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "grbl", "grblhal", "fluidnc" };
	struct driver_settings settings = { .baud = 115200 };
	struct world world = { .now_us = 1000000, .acknowledged = -1 };

	if (size == 0)
		return 0;
	settings.kind = (enum driver_kind)(data[0] % 3);
	settings.window_lines = data[0] & 4 ? 1 : 0;
	world.dialect = driver_dialect_find(names[(data[0] >> 3) % 3]);
	world.driver = world.dialect->create(&settings);
	if (!world.driver)
		return 0;
	world.dialect->opened(world.driver, world.now_us, &world.effects);
	check(&world);
	for (size_t at = 1; at + 1 < size; at += 2) {
		uint8_t what = data[at], byte = data[at + 1];

		world.now_us += 1000 * (int64_t)(what >> 3) * (what >> 3);
		if ((what & 7) < 3) {
			const char *text = replies[byte % REPLIES];
			world.dialect->receive(
				world.driver, world.now_us, text, strlen(text), &world.effects);
		} else if ((what & 7) == 3) {
			act(&world, byte);
		} else if ((what & 7) == 4) {
			world.dialect->receive(world.driver, world.now_us,
				(const char *)&data[at + 1], 1, &world.effects);
		} else if ((what & 7) == 5) {
			world.dialect->wake(world.driver, world.now_us, &world.effects);
		} else {
			offer(&world, byte);
		}
		check(&world);
	}
	world.dialect->destroy(world.driver);
	return 0;
}
