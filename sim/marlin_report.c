/* What Marlin says about itself: banner, identity, settings, temperatures, position. */
#include "sim/marlin.h"

#include <math.h>  /* lround */
#include <stdio.h> /* snprintf */

static const double steps_per_mm[3] = { 80, 80, 400 };

enum { EEPROM_LOAD_US = 18000, INIT_US = 28000 };

void sim_marlin_banner(struct marlin *marlin)
{
	const struct sim_marlin_variant *variant = marlin->variant;

	sim_marlin_say(marlin, "start\n");
	sim_marlin_say(marlin, "PowerUp\n");
	sim_marlin_say(marlin, "Marlin %s\n", variant->version);
	sim_marlin_say(marlin, "echo: Last Updated: %s | Author: (none, default config)\n",
		variant->updated);
	sim_marlin_say(marlin, "echo: Compiled: %s\n", variant->compiled);
	sim_marlin_say(marlin, "echo: Free Memory: %d  PlannerBufferBytes: %d\n",
		(int)variant->free_memory_bytes, (int)marlin->board->settings.blocks * 71);
	marlin->now_us += EEPROM_LOAD_US;
	sim_marlin_say(marlin, "echo:V86 stored settings retrieved (617 bytes; crc 7832)\n");
	if (marlin->board->settings.host_actions) {
		sim_marlin_notify(marlin, "Stored settings retrieved");
		marlin->now_us += INIT_US;
		sim_marlin_say(marlin, "//action:prompt_end\n");
	}
}

/* ---- temperatures ---- */

/* "123.45" of a value, two decimals, without locale and without printf's cost: M105 is frequent. */
static char *put_celsius(char *text, double celsius)
{
	long hundredths = lround(celsius * 100);

	if (hundredths < 0) {
		*text++ = '-';
		hundredths = -hundredths;
	}
	char digits[16];
	int count = 0;
	long whole = hundredths / 100;
	do
		digits[count++] = (char)('0' + whole % 10);
	while ((whole /= 10) > 0 && count < 15);
	while (count > 0)
		*text++ = digits[--count];
	*text++ = '.';
	*text++ = (char)('0' + hundredths / 10 % 10);
	*text++ = (char)('0' + hundredths % 10);
	return text;
}

int sim_marlin_temperatures(const struct marlin *marlin, char *text, size_t size)
{
	static const char *const label[SIM_HEATERS] = { "T:", " B:" };
	const struct heat *heat = &marlin->board->heat;
	char *end = text;

	if (size < 128)
		return 0;
	for (int i = 0; i < SIM_HEATERS; i++) {
		for (const char *from = label[i]; *from; from++)
			*end++ = *from;
		end = put_celsius(end, heat_reading(heat, (enum sim_heater)i));
		*end++ = ' ';
		*end++ = '/';
		end = put_celsius(end, marlin->target_celsius[i]);
	}
	end += snprintf(end, 40, " @:%d B@:%d", (int)(heat->element[SIM_HOTEND].power * 127),
		(int)(heat->element[SIM_BED].power * 127));
	return (int)(end - text);
}

enum sim_marlin_result sim_marlin_m105(struct marlin *marlin)
{
	char text[BOARD_LINE_MAX] = "ok ";
	double tool = 0;

	if (marlin->family->answers_first) {
		marlin->family->temperatures(marlin, text, sizeof text);
		sim_marlin_say(marlin, "%s\n", text);
		return MARLIN_OK;
	}
	if (sim_marlin_value(&marlin->words, 'T', &tool) && tool != 0) {
		/* No ok at all: serial-protocols.md 3.5. */
		sim_marlin_say(
			marlin, "echo:M105 Invalid extruder %d\n", (int)(uint8_t)(int64_t)tool);
		return MARLIN_QUIET;
	}
	int length = 3 + marlin->family->temperatures(marlin, text + 3, sizeof text - 4);
	text[length++] = '\n';
	marlin->now_us = board_print_ok(marlin->board, text, (size_t)length, marlin->now_us);
	return MARLIN_QUIET;
}

/* ---- position ---- */

void sim_marlin_print_position(struct marlin *marlin, bool real)
{
	const double *p = marlin->position_mm, *o = marlin->offset_mm;
	double steps_mm[MOTION_AXES];

	for (int i = 0; i < MOTION_AXES; i++)
		steps_mm[i] = p[i];
	if (real)
		motion_position(&marlin->board->planner, marlin->now_us, steps_mm);
	sim_marlin_say(marlin, "X:%.2f Y:%.2f Z:%.2f E:%.2f Count X:%ld Y:%ld Z:%ld\n", p[0] + o[0],
		p[1] + o[1], p[2] + o[2], p[3], lround(steps_mm[0] * steps_per_mm[0]),
		lround(steps_mm[1] * steps_per_mm[1]), lround(steps_mm[2] * steps_per_mm[2]));
}

enum sim_marlin_result sim_marlin_m114(struct marlin *marlin)
{
	sim_marlin_print_position(marlin, false);
	return MARLIN_OK;
}

enum sim_marlin_result sim_marlin_m119(struct marlin *marlin)
{
	sim_marlin_say(marlin, "Reporting endstop status\n");
	sim_marlin_say(marlin, "x_min: open\n");
	sim_marlin_say(marlin, "y_min: open\n");
	sim_marlin_say(marlin, "z_min: open\n");
	return MARLIN_OK;
}

/* ---- identity ---- */

enum capability {
	ALWAYS_OFF,
	ALWAYS_ON,
	IF_LEVELING,
	IF_EMERGENCY_PARSER,
	IF_HOST_ACTIONS,
	IF_POSITION_REPORT,
	IF_MEATPACK,
};

static const struct {
	const char *name;
	enum capability on;
	enum sim_marlin_reports since; /* the first version that has the line at all */
} capabilities[] = {
	{ "SERIAL_XON_XOFF", ALWAYS_OFF, MARLIN_REPORTS_2_0 },
	{ "BINARY_FILE_TRANSFER", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "EEPROM", ALWAYS_ON, MARLIN_REPORTS_1_1 },
	{ "VOLUMETRIC", ALWAYS_ON, MARLIN_REPORTS_1_1 },
	{ "AUTOREPORT_POS", IF_POSITION_REPORT, MARLIN_REPORTS_2_0_9 },
	{ "AUTOREPORT_TEMP", ALWAYS_ON, MARLIN_REPORTS_1_1 },
	{ "PROGRESS", ALWAYS_OFF, MARLIN_REPORTS_1_1 },
	{ "PRINT_JOB", ALWAYS_ON, MARLIN_REPORTS_1_1 },
	{ "AUTOLEVEL", IF_LEVELING, MARLIN_REPORTS_1_1 },
	{ "RUNOUT", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "Z_PROBE", IF_LEVELING, MARLIN_REPORTS_1_1 },
	{ "LEVELING_DATA", IF_LEVELING, MARLIN_REPORTS_1_1 },
	{ "BUILD_PERCENT", ALWAYS_OFF, MARLIN_REPORTS_1_1 },
	{ "SOFTWARE_POWER", ALWAYS_OFF, MARLIN_REPORTS_1_1 },
	{ "TOGGLE_LIGHTS", ALWAYS_OFF, MARLIN_REPORTS_1_1 },
	{ "CASE_LIGHT_BRIGHTNESS", ALWAYS_OFF, MARLIN_REPORTS_1_1 },
	{ "EMERGENCY_PARSER", IF_EMERGENCY_PARSER, MARLIN_REPORTS_1_1 },
	{ "HOST_ACTION_COMMANDS", IF_HOST_ACTIONS, MARLIN_REPORTS_2_0_9 },
	{ "PROMPT_SUPPORT", IF_HOST_ACTIONS, MARLIN_REPORTS_2_0 },
	{ "SDCARD", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "REPEAT", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "SD_WRITE", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "AUTOREPORT_SD_STATUS", ALWAYS_OFF, MARLIN_REPORTS_2_0 },
	{ "LONG_FILENAME", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "LFN_WRITE", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "CUSTOM_FIRMWARE_UPLOAD", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "EXTENDED_M20", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "THERMAL_PROTECTION", ALWAYS_ON, MARLIN_REPORTS_2_0 },
	{ "MOTION_MODES", ALWAYS_OFF, MARLIN_REPORTS_2_0 },
	{ "ARCS", ALWAYS_ON, MARLIN_REPORTS_2_0_9 },
	{ "BABYSTEPPING", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "CHAMBER_TEMPERATURE", ALWAYS_OFF, MARLIN_REPORTS_2_0 },
	{ "COOLER_TEMPERATURE", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
	{ "MEATPACK", IF_MEATPACK, MARLIN_REPORTS_2_0_9 },
	{ "CONFIG_EXPORT", ALWAYS_OFF, MARLIN_REPORTS_2_0_9 },
};

static bool is_capable(const struct marlin *marlin, enum capability capability)
{
	const struct sim_settings *settings = &marlin->board->settings;

	switch (capability) {
	case ALWAYS_OFF:
		return false;
	case ALWAYS_ON:
		return true;
	case IF_LEVELING:
		return settings->leveling;
	case IF_EMERGENCY_PARSER:
		return settings->emergency_parser;
	case IF_HOST_ACTIONS:
		return settings->host_actions;
	case IF_POSITION_REPORT:
		return marlin->variant->position_report;
	case IF_MEATPACK:
		return settings->meatpack;
	}
	return false;
}

enum sim_marlin_result sim_marlin_m115(struct marlin *marlin)
{
	const struct sim_settings *settings = &marlin->board->settings;
	const double *min = settings->volume_min_mm, *max = settings->volume_max_mm;
	char box[160];

	sim_marlin_say(marlin,
		"FIRMWARE_NAME:Marlin %s (%s %s) SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin "
		"PROTOCOL_VERSION:1.0 MACHINE_TYPE:%s EXTRUDER_COUNT:1 UUID:%s\n",
		marlin->variant->version, marlin->variant->compiled, marlin->variant->compiled_time,
		settings->machine, settings->uuid);
	for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++)
		if (capabilities[i].since <= marlin->variant->reports)
			sim_marlin_say(marlin, "Cap:%s:%d\n", capabilities[i].name,
				is_capable(marlin, capabilities[i].on));
	if (marlin->variant->reports < MARLIN_REPORTS_2_0_9)
		return MARLIN_OK;
	snprintf(box, sizeof box, "{min:{x:%.2f,y:%.2f,z:%.2f},max:{x:%.2f,y:%.2f,z:%.2f}}", min[0],
		min[1], min[2], max[0], max[1], max[2]);
	sim_marlin_say(marlin, "area:{full:%s,work:%s}\n", box, box);
	return MARLIN_OK;
}

/* ---- settings ---- */

enum sim_marlin_result sim_marlin_m503(struct marlin *marlin)
{
	static const char *const lines[] = {
		"echo:; Linear Units:\n",
		"echo:  G21 ; (mm)\n",
		"echo:; Temperature Units:\n",
		"echo:  M149 C ; Units in Celsius\n",
		"echo:; Filament settings (Disabled):\n",
		"echo:  M200 S0 D1.75\n",
		"echo:; Steps per unit:\n",
		"echo:  M92 X80.00 Y80.00 Z400.00 E500.00\n",
		"echo:; Max feedrates (units/s):\n",
		"echo:  M203 X300.00 Y300.00 Z5.00 E25.00\n",
		"echo:; Max Acceleration (units/s2):\n",
		"echo:  M201 X3000.00 Y3000.00 Z100.00 E10000.00\n",
		"echo:; Acceleration (units/s2) (P<print-accel> R<retract-accel> "
		"T<travel-accel>):\n",
		"echo:  M204 P3000.00 R3000.00 T3000.00\n",
		"echo:; Advanced (B<min_segment_time_us> S<min_feedrate> T<min_travel_feedrate> "
		"J<junc_dev>):\n",
		"echo:  M205 B20000.00 S0.00 T0.00 J0.01\n",
		"echo:; Home offset:\n",
		"echo:  M206 X0.00 Y0.00 Z0.00\n",
		"echo:; Hotend PID:\n",
		"echo:  M301 P22.20 I1.08 D114.00\n",
	};

	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++)
		sim_marlin_say(marlin, "%s", lines[i]);
	return MARLIN_OK;
}
