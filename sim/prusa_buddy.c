/* Prusa Buddy boards on Marlin's machine: the queue of Marlin 2.0.0 behind the board's own USB.
 * After Prusa-Firmware-Buddy 6.2; serial-protocols.md 5.
 *
 * The panel: "pause", "resume" and "cancel" are the buttons of the serial print screen, "hold T" is
 * the printer's own resume sequence, which leaves the port unread for T seconds. */
#include "sim/marlin_rows.h"

#include "sim/faults.h"
#include "sim/firmware.h"
#include "sim/marlin.h"

#include <string.h> /* strcmp, strncmp */

static bool has_room(const struct marlin *marlin)
{
	/* Bytes wait in USB meanwhile. */
	return marlin->hold_us <= marlin->now_us && sim_marlin_has_room(marlin);
}

static int64_t idle_us(const struct marlin *marlin)
{
	return marlin->hold_us > marlin->now_us ? marlin->hold_us : SIM_NEVER;
}

/* The buttons make the printer say so in its turn, behind what is queued. */
static bool press(struct marlin *marlin, const char *text)
{
	static const struct {
		const char *button, *command;
	} buttons[] = { { "pause", "M118 A1 action:pause" }, { "resume", "M118 A1 action:resume" },
		{ "cancel", "M118 A1 action:cancel" } };
	double seconds;

	if (strncmp(text, "hold ", 5) == 0 && sim_number(text + 5, &seconds) && seconds >= 0 &&
		seconds < 1e6) {
		marlin->hold_us = marlin->now_us + (int64_t)(seconds * 1e6);
		return true;
	}
	for (size_t i = 0; i < sizeof buttons / sizeof buttons[0]; i++) {
		if (strcmp(text, buttons[i].button) != 0)
			continue;
		sim_marlin_inject(marlin, buttons[i].command);
		return true;
	}
	return false;
}

static enum sim_marlin_result identify(struct marlin *marlin)
{
	static const char *const capabilities[] = { "SERIAL_XON_XOFF:0", "BINARY_FILE_TRANSFER:0",
		"EEPROM:0", "VOLUMETRIC:1", "AUTOREPORT_TEMP:1", "PROGRESS:0", "PRINT_JOB:1",
		"AUTOLEVEL:1", "Z_PROBE:1", "LEVELING_DATA:1", "BUILD_PERCENT:1",
		"SOFTWARE_POWER:0", "TOGGLE_LIGHTS:0", "CASE_LIGHT_BRIGHTNESS:0",
		"EMERGENCY_PARSER:0", "PROMPT_SUPPORT:0", "AUTOREPORT_SD_STATUS:0",
		"THERMAL_PROTECTION:1", "MOTION_MODES:0", "CHAMBER_TEMPERATURE:0" };

	sim_marlin_say(marlin,
		"FIRMWARE_NAME:Prusa-Firmware-Buddy %s (Github) SOURCE_CODE_URL:https://github.com/"
		"prusa3d/Prusa-Firmware-Buddy PROTOCOL_VERSION:1.0 MACHINE_TYPE:%s "
		"EXTRUDER_COUNT:1 UUID:%s\n",
		marlin->variant->version, marlin->board->settings.machine,
		marlin->board->settings.uuid);
	for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++)
		sim_marlin_say(marlin, "Cap:%s\n", capabilities[i]);
	return MARLIN_OK;
}

static enum sim_marlin_result command(struct marlin *marlin)
{
	if (marlin->words.letter != 'M')
		return MARLIN_UNKNOWN;
	switch (marlin->words.code) {
	case 115:
		return sim_marlin_seen(&marlin->words, 'U') ? MARLIN_OK : identify(marlin);
	case 118:
		/* With a space where Marlin has none. */
		if (strncmp(marlin->words.arguments, "A1 ", 3) != 0)
			return MARLIN_UNKNOWN;
		sim_marlin_say(marlin, "// %s\n", marlin->words.arguments + 3);
		return MARLIN_OK;
	case 555: /* print area */
	case 569:
	case 572:
	case 862:
		return MARLIN_OK;
	}
	return MARLIN_UNKNOWN;
}

static void banner(struct marlin *marlin)
{
	sim_marlin_say(marlin, "start\n");
	sim_marlin_say(marlin, "echo:%s\n", marlin->variant->version);
	sim_marlin_say(marlin, "\n");
	sim_marlin_say(marlin, "echo: Free Memory: 0  PlannerBufferBytes: 9216\n");
}

static const struct sim_marlin_family buddy_family = {
	.banner = banner,
	.read = sim_marlin_read,
	.has_room = has_room,
	.idle_us = idle_us,
	.idle = sim_marlin_nothing,
	.command = command,
	.answer = sim_marlin_answer,
	.thermal = sim_marlin_thermal,
	.press = press,
	.temperatures = sim_marlin_temperatures,
	.report_prefix = " ",
	.busy = "echo:busy: ",
	.busy_heating = "processing",
	.busy_user = "paused for user",
};

static const struct sim_marlin_variant buddy_62 = {
	.family = &buddy_family,
	.version = "6.2.2+8853",
	.resend_ok = MARLIN_RESEND_OK_OF_HEAD,
	.exact_early = true,
	.machine = "Prusa-MK4",
	.bufsize = 8,
	.blocks = 32,
	.rx_bytes = 512,
	.cdc = true,
};

const struct sim_firmware sim_prusa_buddy = { .name = "prusa-buddy",
	.what = "Prusa MK4, Buddy firmware 6.2: eight lines queued, the board's own USB",
	.variant = &buddy_62,
	MARLIN_FUNCTIONS };
