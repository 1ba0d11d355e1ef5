/* What a machine's planner may do; see time_limits.h. */
#include "gcode/time_limits.h"

#include <math.h>   /* isfinite */
#include <string.h> /* memchr, memcmp, strlen, strncmp, strstr */

#include "gcode/cura_machines.h"
#include "gcode/lexer.h"
#include "gcode/text.h"

/* RepRapFirmware states M203 in mm/min; no machine moves faster than this in mm/s. */
#define SPEED_IS_PER_MINUTE 2000.0

enum { VERSION_PART_MAX = 99999, VERSION_NEVER = 99999999, ARCS_VERSION = 20700 };

static const char letters[MODAL_AXES] = { 'X', 'Y', 'Z', 'E' };

/* ---- commands ---------------------------------------------------------------------------- */

static void read_axes(const struct lexer_line *line, double *values, double factor)
{
	double value;

	for (int axis = 0; axis < MODAL_AXES; axis++)
		if (lexer_value(line, letters[axis], &value) && value > 0)
			values[axis] = value * factor;
}

static void read_speeds(struct time_limits *limits, const struct lexer_line *line)
{
	double x = 0;
	bool per_minute = lexer_value(line, 'X', &x) && x > SPEED_IS_PER_MINUTE;

	read_axes(line, limits->speed_mm_s, per_minute ? 1.0 / 60 : 1.0);
}

static double capped(double value, double max)
{
	return max > 0 && value > max ? max : value;
}

/* As far as bounds go; what was asked for is remembered. */
static void set_capped(double *to, double *asked, double value, double max)
{
	*to = capped(value, max);
	if (value > *asked)
		*asked = value;
}

/* Repetier-Firmware: M202 is travel and M201 print; elsewhere M201 is the axes' limit, and M202 is
 * not sent. */
static void read_axis_accelerations(struct time_limits *limits, const struct lexer_line *line)
{
	double x;

	if (line->code == 202) {
		limits->is_repetier = true;
		if (lexer_value(line, 'X', &x) && x > 0)
			set_capped(&limits->travel_mm_s2, &limits->travel_asked_mm_s2, x,
				limits->travel_max_mm_s2);
	} else {
		read_axes(line, limits->acceleration_mm_s2, 1);
	}
	if (limits->is_repetier && limits->acceleration_mm_s2[MODAL_X] > 0)
		set_capped(&limits->print_mm_s2, &limits->print_asked_mm_s2,
			limits->acceleration_mm_s2[MODAL_X], limits->print_max_mm_s2);
}

/* S is the old form for print and travel, with T for retractions; Marlin 1.1 and later: P, T, R. */
static void read_accelerations(struct time_limits *limits, const struct lexer_line *line)
{
	double value;

	if (lexer_value(line, 'S', &value) && value > 0) {
		set_capped(&limits->print_mm_s2, &limits->print_asked_mm_s2, value,
			limits->print_max_mm_s2);
		set_capped(&limits->travel_mm_s2, &limits->travel_asked_mm_s2, value,
			limits->travel_max_mm_s2);
		if (lexer_value(line, 'T', &value) && value > 0)
			set_capped(&limits->retract_mm_s2, &limits->retract_asked_mm_s2, value,
				limits->retract_max_mm_s2);
		return;
	}
	if (lexer_value(line, 'P', &value) && value > 0)
		set_capped(&limits->print_mm_s2, &limits->print_asked_mm_s2, value,
			limits->print_max_mm_s2);
	if (lexer_value(line, 'T', &value) && value > 0)
		set_capped(&limits->travel_mm_s2, &limits->travel_asked_mm_s2, value,
			limits->travel_max_mm_s2);
	if (lexer_value(line, 'R', &value) && value > 0)
		set_capped(&limits->retract_mm_s2, &limits->retract_asked_mm_s2, value,
			limits->retract_max_mm_s2);
}

/* X alone is Y too in firmware that has one jerk for both.  Who states J has junction deviation. */
static void read_corner(struct time_limits *limits, const struct lexer_line *line)
{
	double value;

	if (lexer_value(line, 'X', &value) && value > 0)
		limits->jerk_mm_s[MODAL_Y] = value;
	limits->joint_jerk = false;
	read_axes(line, limits->jerk_mm_s, 1);
	if (lexer_value(line, 'S', &value) && value >= 0)
		limits->slowest_print_mm_s = value;
	if (lexer_value(line, 'T', &value) && value >= 0)
		limits->slowest_travel_mm_s = value;
	if (lexer_value(line, 'J', &value) && value >= 0)
		limits->junction_deviation_mm = value;
}

bool time_limits_command(struct time_limits *limits, const struct lexer_line *line)
{
	if (line->letter != 'M')
		return false;
	switch (line->code) {
	case 201:
	case 202:
		read_axis_accelerations(limits, line);
		limits->stated |= TIME_LIMITS_AXES;
		return true;
	case 203:
		read_speeds(limits, line);
		limits->stated |= TIME_LIMITS_SPEED;
		return true;
	case 204:
		read_accelerations(limits, line);
		limits->stated |= TIME_LIMITS_ACCELERATION;
		return true;
	case 205:
		read_corner(limits, line);
		limits->stated |= TIME_LIMITS_CORNER;
		return true;
	case 566:
		read_axes(line, limits->jerk_mm_s, 1.0 / 60);
		limits->stated |= TIME_LIMITS_CORNER;
		return true;
	default:
		return false;
	}
}

/* ---- Klipper ----------------------------------------------------------------------------- */

/* The number behind "KEY=" in a macro's arguments. */
static bool argument(const struct lexer_line *line, const char *key, double *value)
{
	const char *at = line->text, *end = line->text + line->text_length;
	size_t length = strlen(key), used;

	while (at < end) {
		const char *blank = memchr(at, ' ', (size_t)(end - at));
		size_t word = (size_t)((blank ? blank : end) - at);

		if (word > length && at[length] == '=' && text_contains(at, length, key))
			return lexer_number(at + length + 1, word - length - 1, value, &used);
		at += word + 1;
	}
	return false;
}

bool time_limits_macro(struct time_limits *limits, const struct lexer_line *line)
{
	double value;

	if (!line->text ||
		!text_contains(line->body, (size_t)(line->text - line->body), "set_velocity_limit"))
		return false;
	if (argument(line, "velocity", &value) && value > 0)
		limits->speed_mm_s[MODAL_X] = limits->speed_mm_s[MODAL_Y] = value;
	if (argument(line, "accel", &value) && value > 0)
		limits->print_mm_s2 = limits->travel_mm_s2 = value;
	if (argument(line, "square_corner_velocity", &value) && value > 0)
		limits->square_corner_mm_s = value;
	return true;
}

/* ---- the configuration block ------------------------------------------------------------- */

struct setting {
	const char *name; /* behind "machine_max_" */
	size_t offset;
};

#define SETTING(name, member)                                                                      \
	{                                                                                          \
		name, offsetof(struct time_limits, member)                                         \
	}
static const struct setting settings[] = {
	SETTING("max_feedrate_x", speed_mm_s[MODAL_X]),
	SETTING("max_feedrate_y", speed_mm_s[MODAL_Y]),
	SETTING("max_feedrate_z", speed_mm_s[MODAL_Z]),
	SETTING("max_feedrate_e", speed_mm_s[MODAL_E]),
	/* OrcaSlicer and Bambu Studio */
	SETTING("max_speed_x", speed_mm_s[MODAL_X]),
	SETTING("max_speed_y", speed_mm_s[MODAL_Y]),
	SETTING("max_speed_z", speed_mm_s[MODAL_Z]),
	SETTING("max_speed_e", speed_mm_s[MODAL_E]),
	SETTING("max_acceleration_x", acceleration_mm_s2[MODAL_X]),
	SETTING("max_acceleration_y", acceleration_mm_s2[MODAL_Y]),
	SETTING("max_acceleration_z", acceleration_mm_s2[MODAL_Z]),
	SETTING("max_acceleration_e", acceleration_mm_s2[MODAL_E]),
	SETTING("max_jerk_x", jerk_mm_s[MODAL_X]),
	SETTING("max_jerk_y", jerk_mm_s[MODAL_Y]),
	SETTING("max_jerk_z", jerk_mm_s[MODAL_Z]),
	SETTING("max_jerk_e", jerk_mm_s[MODAL_E]),
	SETTING("max_junction_deviation", junction_deviation_mm),
	SETTING("max_acceleration_extruding", print_max_mm_s2),
	SETTING("max_acceleration_travel", travel_max_mm_s2),
	SETTING("max_acceleration_retracting", retract_max_mm_s2),
	SETTING("min_extruding_rate", slowest_print_mm_s),
	SETTING("min_travel_rate", slowest_travel_mm_s),
};

bool time_limits_setting(struct time_limits *limits, const char *key, size_t key_length,
	const char *value, size_t value_length)
{
	static const char prefix[] = "machine_";
	size_t prefix_length = sizeof prefix - 1, used;
	double number;

	if (key_length <= prefix_length || memcmp(key, prefix, prefix_length) != 0)
		return false;
	key += prefix_length;
	key_length -= prefix_length;
	for (size_t i = 0; i < sizeof settings / sizeof *settings; i++) {
		if (strlen(settings[i].name) != key_length ||
			memcmp(settings[i].name, key, key_length) != 0)
			continue;
		if (lexer_number(value, value_length, &number, &used) && number >= 0)
			memcpy((char *)limits + settings[i].offset, &number, sizeof number);
		/* What may be is also what is, until the code says less. */
		if (limits->print_max_mm_s2 > 0)
			limits->print_mm_s2 = limits->print_max_mm_s2;
		if (limits->travel_max_mm_s2 > 0)
			limits->travel_mm_s2 = limits->travel_max_mm_s2;
		if (limits->retract_max_mm_s2 > 0)
			limits->retract_mm_s2 = limits->retract_max_mm_s2;
		return true;
	}
	return false;
}

/* ---- assumed ----------------------------------------------------------------------------- */

/* A common 8 bit Marlin machine. */
static const struct time_limits common = {
	.speed_mm_s = { 500, 500, 12, 120 },
	.acceleration_mm_s2 = { 0, 0, 200, 5000 },
	.jerk_mm_s = { 8, 8, 0.4, 5 },
	.print_mm_s2 = 1000,
	.travel_mm_s2 = 1000,
	.retract_mm_s2 = 1000,
};

/* PrusaSlicer 2.5, PrintConfig.cpp: the defaults of its machine limits, normal mode. */
static const struct time_limits prusa_default = {
	.speed_mm_s = { 500, 500, 12, 120 },
	.acceleration_mm_s2 = { 9000, 9000, 500, 10000 },
	.jerk_mm_s = { 10, 10, 0.2, 2.5 },
	.print_mm_s2 = 1500,
	.travel_mm_s2 = 1500,
	.retract_mm_s2 = 1500,
};

static void assume_cura(struct time_limits *limits, const char *definition)
{
	const struct cura_machine *machine = cura_machine_find(definition);

	memcpy(limits->speed_mm_s, machine->speed_mm_s, sizeof limits->speed_mm_s);
	memcpy(limits->acceleration_mm_s2, machine->acceleration_mm_s2,
		sizeof limits->acceleration_mm_s2);
	memcpy(limits->jerk_mm_s, machine->jerk_mm_s, sizeof limits->jerk_mm_s);
	limits->print_mm_s2 = limits->travel_mm_s2 = limits->retract_mm_s2 = machine->all_mm_s2;
	limits->joint_jerk = true;
}

/* "2.8.1" in "PrusaSlicer 2.8.1+win64" as 20801; 0: none. */
static int read_version(const char *text)
{
	int version = 0, part = 0, parts = 1;

	while (*text && (*text < '0' || *text > '9'))
		text++;
	for (; parts <= 3 && part <= VERSION_PART_MAX; text++) {
		if (*text >= '0' && *text <= '9') {
			part = part * 10 + (*text - '0');
			continue;
		}
		version = version * 100 + part;
		part = 0;
		parts++;
		if (*text != '.')
			break;
	}
	for (; parts <= 3; parts++)
		version *= 100;
	return version;
}

/* From which version on each estimates better; a version that is not said is a new one.
 * PrusaSlicer: src/libslic3r/GCode/GCodeProcessor.cpp of the tags version_2.5.0 to version_2.9.4;
 * OrcaSlicer took its passes over with its views of actual speed. */
static const struct {
	const char *name; /* lower case */
	int tight_starts, shared_axes;
	bool skips_dwell;
} prusa_like[] = {
	{ "prusaslicer", 20801, 20904, true },
	{ "orcaslicer", 20302, VERSION_NEVER, false },
	{ "superslicer", VERSION_NEVER, VERSION_NEVER, false },
	{ "bambustudio", VERSION_NEVER, VERSION_NEVER, false },
	{ "qidislicer", VERSION_NEVER, VERSION_NEVER, false },
	{ "qidistudio", VERSION_NEVER, VERSION_NEVER, false },
	{ "elegooslicer", VERSION_NEVER, VERSION_NEVER, false },
	{ "crealityprint", VERSION_NEVER, VERSION_NEVER, false },
	{ "creality_print", VERSION_NEVER, VERSION_NEVER, false },
	{ "anycubicslicer", VERSION_NEVER, VERSION_NEVER, false },
	{ "slic3r prusa", VERSION_NEVER, VERSION_NEVER, true },
};

void time_limits_assumed(struct time_limits *limits, const char *slicer, const char *definition)
{
	int version = read_version(slicer);

	*limits = common;
	if (text_contains(slicer, strlen(slicer), "cura"))
		assume_cura(limits, definition);
	for (size_t i = 0; i < sizeof prusa_like / sizeof *prusa_like; i++) {
		if (!text_contains(slicer, strlen(slicer), prusa_like[i].name))
			continue;
		*limits = prusa_default;
		limits->safe_is_jerk = limits->asked_corners = true;
		limits->skips_retraction = true;
		limits->skips_dwell = prusa_like[i].skips_dwell;
		limits->skips_arcs = limits->skips_dwell && version > 0 && version < ARCS_VERSION;
		limits->loose_starts = version > 0 && version < prusa_like[i].tight_starts;
		limits->axis_sets_all = version > 0 && version < prusa_like[i].shared_axes;
		return;
	}
}

void time_limits_overlay(struct time_limits *limits, const struct time_limits *stated)
{
	if (stated->stated & TIME_LIMITS_SPEED)
		memcpy(limits->speed_mm_s, stated->speed_mm_s, sizeof limits->speed_mm_s);
	if (stated->stated & TIME_LIMITS_AXES)
		memcpy(limits->acceleration_mm_s2, stated->acceleration_mm_s2,
			sizeof limits->acceleration_mm_s2);
	if (stated->stated & TIME_LIMITS_ACCELERATION) {
		limits->print_mm_s2 = capped(stated->print_mm_s2, limits->print_max_mm_s2);
		limits->travel_mm_s2 = capped(stated->travel_mm_s2, limits->travel_max_mm_s2);
		limits->retract_mm_s2 = capped(stated->retract_mm_s2, limits->retract_max_mm_s2);
	}
	if (stated->stated & TIME_LIMITS_CORNER) {
		memcpy(limits->jerk_mm_s, stated->jerk_mm_s, sizeof limits->jerk_mm_s);
		limits->joint_jerk = stated->joint_jerk;
		limits->junction_deviation_mm = stated->junction_deviation_mm;
		limits->slowest_print_mm_s = stated->slowest_print_mm_s;
		limits->slowest_travel_mm_s = stated->slowest_travel_mm_s;
	}
	if (stated->is_repetier) {
		limits->is_repetier = true;
		limits->print_mm_s2 = capped(stated->print_mm_s2, limits->print_max_mm_s2);
		limits->travel_mm_s2 = capped(stated->travel_mm_s2, limits->travel_max_mm_s2);
	}
	if (stated->square_corner_mm_s > 0)
		limits->square_corner_mm_s = stated->square_corner_mm_s;
	limits->stated = stated->stated;
}

static bool differ(const double *a, const double *b, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (a[i] != b[i])
			return true;
	return false;
}

static bool axes_differ(const double *a, const double *b)
{
	return differ(a, b, MODAL_AXES);
}

/* A bound that M204 went beyond. */
static bool bounds_differ(const struct time_limits *better, const struct time_limits *planned,
	const struct time_limits *now)
{
	return capped(now->print_asked_mm_s2, better->print_max_mm_s2) !=
		       capped(now->print_asked_mm_s2, planned->print_max_mm_s2) ||
	       capped(now->travel_asked_mm_s2, better->travel_max_mm_s2) !=
		       capped(now->travel_asked_mm_s2, planned->travel_max_mm_s2) ||
	       capped(now->retract_asked_mm_s2, better->retract_max_mm_s2) !=
		       capped(now->retract_asked_mm_s2, planned->retract_max_mm_s2);
}

bool time_limits_differ(const struct time_limits *better, const struct time_limits *planned,
	const struct time_limits *now)
{
	unsigned open = TIME_LIMITS_ALL & ~now->stated;

	if (differ(better->load_s, planned->load_s, TIME_LIMITS_TOOLS_MAX) ||
		differ(better->unload_s, planned->unload_s, TIME_LIMITS_TOOLS_MAX))
		return true;
	if (open & TIME_LIMITS_SPEED && axes_differ(better->speed_mm_s, planned->speed_mm_s))
		return true;
	if (open & TIME_LIMITS_AXES &&
		axes_differ(better->acceleration_mm_s2, planned->acceleration_mm_s2))
		return true;
	if (open & TIME_LIMITS_ACCELERATION &&
		(better->print_mm_s2 != planned->print_mm_s2 ||
			better->travel_mm_s2 != planned->travel_mm_s2 ||
			better->retract_mm_s2 != planned->retract_mm_s2))
		return true;
	if (open & TIME_LIMITS_CORNER &&
		(axes_differ(better->jerk_mm_s, planned->jerk_mm_s) ||
			better->slowest_print_mm_s != planned->slowest_print_mm_s ||
			better->slowest_travel_mm_s != planned->slowest_travel_mm_s ||
			better->junction_deviation_mm != planned->junction_deviation_mm))
		return true;
	return bounds_differ(better, planned, now);
}
