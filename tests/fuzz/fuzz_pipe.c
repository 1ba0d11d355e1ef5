/* Any bytes at any times into the dialects without line numbers, on the port and on the side
 * channel, with any calls in between: nothing out of bounds, never more in flight than the window
 * and a few questions, no command twice, no acknowledgement taken back, effects bounded. */
#include "drivers/pipe.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const replies[] = { "ok\n", "ok\n", "ok\n", "ok B:22.8 /0.0 T0:22.4 /0.0\n",
	"ok T:0\n", "T0:200.1 /210.0 B:60.0 /60.0\n", "!! Must home axis first\nok\n",
	"// Klipper state: Ready\n", "// Klipper state: Shutdown\n",
	"// Klipper state: Disconnect\n", "// Klipper state: Ready\nok\n",
	"!! Printer is not ready\nok\n", "!! Shutdown due to M112\nok\n",
	"ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12\n", "// Unknown command:\"M201\"\nok\n",
	"// action:paused\n", "// action:resumed\n", "// action:cancel\n", "//action:pause\n",
	"echo: text\n", "FIRMWARE_NAME: RepRapFirmware for Duet FIRMWARE_VERSION: 3.5\nok\n",
	"FIRMWARE_NAME: RepRapFirmware FIRMWARE_VERSION: 2.05\nok\n",
	"{\"key\":\"state.status\",\"result\":\"idle\"}\nok\n", "{\"status\":\"H\"}\nok\n",
	"{\"key\":\"state.messageBox\",\"result\":{\"message\":\"look\"}}\nok\n",
	"Error: Heater 1 fault: x\n", "Error: G0/G1: insufficient axes homed\nok\n",
	"Warning: M1: Command is not supported\nok\n", "Emergency Stop! Reset\nok\n",
	"Begin file list\n", "End file list\n", "rs 5\n" };

static const char *const frames[] = {
	"{\"id\":1,\"result\":{\"state\":\"ready\",\"state_message\":\"x\"}}\x03",
	"{\"id\":1,\"result\":{\"state\":\"shutdown\",\"state_message\":\"x\\ny\"}}\x03",
	"{\"id\":2,\"result\":{\"status\":{\"extruder\":{\"temperature\":20.1,\"target\":0}}}}\x03",
	"{\"params\":{\"status\":{\"heater_bed\":{\"temperature\":60,\"target\":60}}}}\x03",
	"{\"params\":{\"status\":{\"virtual_sdcard\":{\"is_active\":true}}}}\x03",
	"{\"params\":{\"status\":{\"webhooks\":{\"state\":\"error\",\"state_message\":\"\"}}}}\x03",
	"{\"id\":3,\"error\":{\"message\":\"no\"}}\x03", "{\"id\":\x03"
};

static const char *const commands[] = { "G1 X1", "G28", "M109 S200", "M105", "PRINT_START", "M0",
	"T1", "G91", "M83", "G92 E0", "M104 S200", "M291 P\"x\"" };

enum {
	REPLIES = sizeof(replies) / sizeof(replies[0]),
	FRAMES = sizeof(frames) / sizeof(frames[0]),
	COMMANDS = sizeof(commands) / sizeof(commands[0])
};

struct world {
	struct driver *driver;
	const struct driver_dialect *dialect;
	int64_t now_us, acknowledged, commands;
	bool side_open;
	struct driver_effects effects;
};

static void check(struct world *world)
{
	const struct pipe *pipe = (const struct pipe *)world->driver;
	struct driver_effects *effects = &world->effects;

	if (effects->count >= DRIVER_EFFECTS_MAX || effects->byte_count > DRIVER_WRITE_MAX - 256)
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
		if (effect->kind == DRIVER_SIDE_WRITE && !world->side_open)
			abort();
	}
	if (pipe->window.count > WINDOW_ENTRIES_MAX || pipe->script.count >= SCRIPT_STEPS_MAX - 1)
		abort();
	driver_effects_clear(effects);
}

static void reply(struct world *world, const char *text, size_t length)
{
	world->dialect->receive(world->driver, world->now_us, text, length, &world->effects);
}

static void nonce(struct world *world)
{
	const struct pipe *pipe = (const struct pipe *)world->driver;
	char line[32] = "// ECHO PF=";

	memcpy(line + 11, pipe->nonce, 10);
	memcpy(line + 21, "\nok\n", 4);
	reply(world, line, 25);
}

static void side(struct world *world, uint8_t byte)
{
	const struct driver_side *channel = world->dialect->side;
	const char *frame = frames[byte % FRAMES];

	if (!channel)
		return;
	if (byte > 240 || !world->side_open) {
		bool open = world->side_open;

		world->side_open = true;
		(open ? channel->closed : channel->opened)(
			world->driver, world->now_us, &world->effects);
		world->side_open = !open;
		return;
	}
	channel->receive(world->driver, world->now_us, frame, strlen(frame), &world->effects);
}

static void act(struct world *world, uint8_t byte)
{
	const struct driver_dialect *dialect = world->dialect;
	struct driver *driver = world->driver;
	const char *text = commands[byte % COMMANDS];

	switch (byte % 13) {
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
	case 11:
		dialect->unlocked(driver);
		break;
	default:
		if (byte > 240)
			dialect->estop(driver, world->now_us, &world->effects);
		else if (byte > 200)
			dialect->opened(driver, world->now_us, &world->effects);
		break;
	}
}

static void one_step(struct world *world, const uint8_t **data, size_t *size)
{
	uint8_t kind = (*data)[0], byte = (*data)[1];
	size_t length = byte < *size - 2 ? byte : *size - 2;

	*data += 2;
	*size -= 2;
	if (kind < 80) {
		reply(world, replies[byte % REPLIES], strlen(replies[byte % REPLIES]));
	} else if (kind < 100) {
		nonce(world);
	} else if (kind < 150) {
		act(world, byte);
	} else if (kind < 180) {
		side(world, byte);
	} else if (kind < 230) {
		world->now_us += (int64_t)byte * byte * 500;
		world->dialect->wake(world->driver, world->now_us, &world->effects);
	} else {
		if (kind < 243 || !world->side_open)
			reply(world, (const char *)*data, length);
		else
			world->dialect->side->receive(world->driver, world->now_us,
				(const char *)*data, length, &world->effects);
		*data += length;
		*size -= length;
	}
	check(world);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct world world;
	struct driver_settings settings = { .seed = 1, .park_lift_mm = 5 };

	if (size < 2)
		return 0;
	memset(&world, 0, sizeof(world));
	settings.window_lines = (data[0] >> 1) % 5;
	world.acknowledged = -1;
	world.dialect = driver_dialect_find(data[0] & 1 ? "rrf" : "klipper");
	world.driver = world.dialect->create(&settings);
	if (!world.driver)
		return 0;
	world.dialect->opened(world.driver, 0, &world.effects);
	check(&world);
	for (data++, size--; size >= 2;)
		one_step(&world, &data, &size);
	world.dialect->closed(world.driver, world.now_us, &world.effects);
	world.dialect->destroy(world.driver);
	return 0;
}
