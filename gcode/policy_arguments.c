/* The numbers and texts behind commands: temperatures, feeds, factors, limits, messages. */
#include "gcode/policy_internal.h"

#include "gcode/lexer.h"
#include "gcode/profile.h"
#include "gcode/text.h"

/* Where no profile says more: above what any desktop machine reaches. */
enum {
	HOTEND_CELSIUS = 450,
	BED_CELSIUS = 180,
	COLD_CELSIUS = 170, /* Marlin's EXTRUDE_MINTEMP */
	FEED_MAX_MM_MIN = 300000,
	FEED_HIGH_MM_MIN = 90000,
	/* RepRapFirmware states M203 in mm/min, so that 60000 is 1 m/s there. */
	SPEED_LIMIT_HIGH = 60000,
	ACCELERATION_HIGH_MM_S2 = 100000,
	JERK_HIGH_MM_S = 500,
	SPEED_FACTOR_MIN = 10,
	SPEED_FACTOR_HIGH = 200,
	SPEED_FACTOR_MAX = 400,
	FLOW_FACTOR_MIN = 25,
	FLOW_FACTOR_HIGH = 150,
	FLOW_FACTOR_MAX = 200,
	DWELL_LONG_S = 600,
	FAN_MAX = 255,
	/* Below, a P is the number of a heater (RepRapFirmware) or means to switch off. */
	FOREIGN_CELSIUS_MIN = 16,
};

static double value_or(const struct policy_check *check, char letter, double otherwise)
{
	double value;

	return lexer_value(check->line, letter, &value) ? value : otherwise;
}

void policy_check_target(const struct policy_check *check, double target, double limit)
{
	if (target > limit)
		policy_add_value(check->findings, POLICY_TEMPERATURE, '\0', target, true, limit);
}

double policy_hotend_limit(const struct profile *profile)
{
	return profile && profile->hotend_max_celsius > 0 ? profile->hotend_max_celsius
							  : HOTEND_CELSIUS;
}

double policy_bed_limit(const struct profile *profile)
{
	return profile && profile->bed_max_celsius > 0 ? profile->bed_max_celsius : BED_CELSIUS;
}

/* What mach3 and machinekit understand; everybody else takes a heater's P for no temperature and an
 * A for no extruder, says ok, and prints air. */
static void add_foreign(const struct policy_check *check, char letter)
{
	const struct profile *profile = check->profile;
	bool said = profile && profile->firmware != PROFILE_FIRMWARE_UNSAID;

	policy_add_value(check->findings,
		said ? POLICY_FOREIGN_DIALECT : POLICY_FOREIGN_DIALECT_UNSAID, letter, 0, false, 0);
}

/* S sets, R also cools; Slic3r and PrusaSlicer write P for mach3 and machinekit. */
static void check_heat(const struct policy_check *check, double limit)
{
	double target = value_or(check, 'S', value_or(check, 'R', value_or(check, 'P', 0)));
	double cooling = value_or(check, 'R', target);

	if (!lexer_find(check->line, 'S') && !lexer_find(check->line, 'R') &&
		target >= FOREIGN_CELSIUS_MIN)
		add_foreign(check, 'P');
	policy_check_target(check, target > cooling ? target : cooling, limit);
}

static void check_hotend(const struct policy_check *check)
{
	check_heat(check, policy_hotend_limit(check->profile));
}

static void check_bed(const struct policy_check *check)
{
	check_heat(check, policy_bed_limit(check->profile));
}

static void check_chamber(const struct policy_check *check)
{
	check_heat(check, POLICY_CHAMBER_CELSIUS);
}

/* G10 P0 S215 R150: RepRapFirmware's tool temperatures.  G10 L2/L20: CNC coordinate systems. */
static void check_g10(const struct policy_check *check)
{
	if (lexer_find(check->line, 'L'))
		policy_add(check->findings, POLICY_COORDINATES);
	else if (lexer_find(check->line, 'P'))
		policy_check_target(
			check, value_or(check, 'S', 0), policy_hotend_limit(check->profile));
}

static void check_g92(const struct policy_check *check)
{
	if (check->line->word_count == 0 && check->line->subcode <= 0)
		policy_add(check->findings, POLICY_BARE_G92);
}

static void check_factor(const struct policy_check *check, double low, double high, double max)
{
	double factor;

	if (!lexer_value(check->line, 'S', &factor))
		return;
	if (factor > max || factor <= 0)
		policy_add_value(check->findings, POLICY_OVERRIDE, 'S', factor, true, max);
	else if (factor > high || factor < low)
		policy_add_value(check->findings, POLICY_OVERRIDE_HIGH, 'S', factor, true, high);
}

static void check_speed_factor(const struct policy_check *check)
{
	check_factor(check, SPEED_FACTOR_MIN, SPEED_FACTOR_HIGH, SPEED_FACTOR_MAX);
}

static void check_flow_factor(const struct policy_check *check)
{
	check_factor(check, FLOW_FACTOR_MIN, FLOW_FACTOR_HIGH, FLOW_FACTOR_MAX);
}

static void check_fan(const struct policy_check *check)
{
	double speed = value_or(check, 'S', 0);

	if (speed > FAN_MAX || speed < 0)
		policy_add_value(check->findings, POLICY_FAN, 'S', speed, true, FAN_MAX);
}

static void check_axis_limits(const struct policy_check *check, double high)
{
	for (size_t i = 0; i < check->line->word_count; i++) {
		const struct lexer_word *word = &check->line->word[i];

		if (word->value > high || word->value < 0)
			policy_add_value(check->findings, POLICY_LIMITS, word->letter, word->value,
				true, high);
	}
}

static void check_m201(const struct policy_check *check)
{
	check_axis_limits(check, ACCELERATION_HIGH_MM_S2);
}

static void check_m203(const struct policy_check *check)
{
	check_axis_limits(check, SPEED_LIMIT_HIGH);
}

/* Jerk of the axes; B, S, T and J mean other things. */
static void check_m205(const struct policy_check *check)
{
	static const char axes[] = "XYZE";
	double jerk;

	for (const char *axis = axes; *axis; axis++)
		if (lexer_value(check->line, *axis, &jerk) && (jerk > JERK_HIGH_MM_S || jerk < 0))
			policy_add_value(
				check->findings, POLICY_LIMITS, *axis, jerk, true, JERK_HIGH_MM_S);
}

static void check_dwell(const struct policy_check *check)
{
	double wait_s = value_or(check, 'S', value_or(check, 'P', 0) / 1000);

	if (wait_s > DWELL_LONG_S)
		policy_add_value(
			check->findings, POLICY_LONG_WAIT, '\0', wait_s, true, DWELL_LONG_S);
}

/* Bare M302 allows cold extrusion in Marlin 1.0; M302 P1 in Marlin 2; S below the guard anywhere.
 */
static void check_cold_guard(const struct policy_check *check)
{
	double celsius;

	if (value_or(check, 'P', 0) > 0 ||
		(lexer_value(check->line, 'S', &celsius) && celsius < COLD_CELSIUS) ||
		check->line->word_count == 0)
		policy_add(check->findings, POLICY_COLD_GUARD);
}

static void check_endstops(const struct policy_check *check)
{
	if (value_or(check, 'S', 1) <= 0)
		policy_add(check->findings, POLICY_ENDSTOPS);
}

/* Artillery's end codes switch the dead man's time off; any other may end the print. */
static void check_dead_man(const struct policy_check *check)
{
	policy_add(check->findings,
		value_or(check, 'S', 0) > 0 ? POLICY_POWER : POLICY_MACHINE_SETTING);
}

static void check_temperature_unit(const struct policy_check *check)
{
	if (lexer_find(check->line, 'F') || lexer_find(check->line, 'K'))
		policy_add(check->findings, POLICY_TEMPERATURE_UNIT);
}

/* RepRapFirmware runs a file of its own; system files are not a job's business. */
static void check_m98(const struct policy_check *check)
{
	const struct lexer_word *path = lexer_find(check->line, 'P');

	if (path && path->form == LEXER_QUOTED &&
		(text_contains(path->text, path->text_length, "sys/") ||
			text_contains(path->text, path->text_length, "..")))
		policy_add(check->findings, POLICY_FILES);
	else
		policy_add(check->findings, POLICY_UNKNOWN_COMMAND);
}

static void check_m291(const struct policy_check *check)
{
	if (value_or(check, 'S', 1) >= 2)
		policy_add(check->findings, POLICY_NEEDS_PERSON);
}

/* M118 A1 puts "//" in front.  Notifications and prompts only inform; everything else is obeyed by
 * print hosts (serial-protocols.md 3.12). */
static void check_m118(const struct policy_check *check)
{
	const char *text = check->line->text;
	size_t length = check->line->text_length;

	if (!text_contains(text, length, "action:") && !text_contains(text, length, "//"))
		return;
	if (text_contains(text, length, "action:notification") &&
		!text_contains(text, length, "//"))
		return;
	policy_add(check->findings, POLICY_ACTION_TEXT);
}

static void check_m117(const struct policy_check *check)
{
	if (text_contains(check->line->text, check->line->text_length, "//action"))
		policy_add(check->findings, POLICY_ACTION_TEXT);
}

static void check_motion(const struct policy_check *check)
{
	double feed;

	if (lexer_find(check->line, 'A') && !lexer_find(check->line, 'E'))
		add_foreign(check, 'A');
	if (!lexer_value(check->line, 'F', &feed))
		return;
	if (feed <= 0 || feed > FEED_MAX_MM_MIN)
		policy_add_value(check->findings, POLICY_FEED, 'F', feed, true, FEED_MAX_MM_MIN);
	else if (feed > FEED_HIGH_MM_MIN)
		policy_add_value(
			check->findings, POLICY_FEED_HIGH, 'F', feed, true, FEED_HIGH_MM_MIN);
}

struct argument_check {
	char letter;
	int16_t code;
	bool strict; /* a bad number here is refused */
	void (*check)(const struct policy_check *check);
};

static const struct argument_check argument_checks[] = {
	{ 'G', 0, true, check_motion },
	{ 'G', 1, true, check_motion },
	{ 'G', 2, true, check_motion },
	{ 'G', 3, true, check_motion },
	{ 'G', 4, true, check_dwell },
	{ 'G', 5, true, check_motion },
	{ 'G', 10, true, check_g10 },
	{ 'G', 92, true, check_g92 },
	{ 'M', 85, true, check_dead_man },
	{ 'M', 86, true, check_dead_man },
	{ 'M', 98, false, check_m98 },
	{ 'M', 104, true, check_hotend },
	{ 'M', 106, true, check_fan },
	{ 'M', 109, true, check_hotend },
	{ 'M', 117, false, check_m117 },
	{ 'M', 118, false, check_m118 },
	{ 'M', 140, true, check_bed },
	{ 'M', 141, true, check_chamber },
	{ 'M', 149, false, check_temperature_unit },
	{ 'M', 190, true, check_bed },
	{ 'M', 191, true, check_chamber },
	{ 'M', 200, true, NULL },
	{ 'M', 201, true, check_m201 },
	{ 'M', 202, true, check_m201 },
	{ 'M', 203, true, check_m203 },
	{ 'M', 204, true, check_m201 },
	{ 'M', 205, true, check_m205 },
	{ 'M', 207, true, NULL },
	{ 'M', 208, true, NULL },
	{ 'M', 211, false, check_endstops },
	{ 'M', 220, true, check_speed_factor },
	{ 'M', 221, true, check_flow_factor },
	{ 'M', 291, false, check_m291 },
	{ 'M', 302, true, check_cold_guard },
	{ 'M', 564, false, check_endstops },
	{ 'M', 566, true, NULL },
	{ 'M', 568, true, check_hotend },
};

static const struct argument_check *find_arguments(const struct lexer_line *line)
{
	for (size_t i = 0; i < sizeof argument_checks / sizeof *argument_checks; i++)
		if (argument_checks[i].code == line->code &&
			argument_checks[i].letter == line->letter)
			return &argument_checks[i];
	return NULL;
}

bool policy_is_strict(const struct lexer_line *line)
{
	const struct argument_check *arguments = find_arguments(line);

	return arguments && arguments->strict;
}

void policy_check_arguments(const struct policy_check *check)
{
	const struct argument_check *arguments = find_arguments(check->line);

	if (arguments && arguments->check)
		arguments->check(check);
}
