/* The check of one line against the table of rules; see policy.h. */
#include "gcode/policy.h"

#include <stdio.h>  /* snprintf of text */
#include <string.h> /* memchr, strchr, strlen */

#include "gcode/decimal.h"
#include "gcode/lexer.h"
#include "gcode/profile.h"

/* Where no profile says more: above what any desktop machine reaches. */
enum {
	HOTEND_CELSIUS = 450,
	BED_CELSIUS = 180,
	CHAMBER_CELSIUS = 120,
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
	TOOLS_ANY = 16,
};

struct policy_code {
	int16_t first, last;
	enum policy_id id; /* POLICY_COUNT: known, nothing to say */
};
#define KNOWN POLICY_COUNT

/* Marlin 2, Prusa, RepRapFirmware, Repetier, Smoothieware, grbl; sorted. */
static const struct policy_code m_codes[] = {
	{ 0, 1, POLICY_NEEDS_PERSON },
	{ 2, 2, KNOWN },
	{ 3, 4, POLICY_SPINDLE },
	{ 5, 22, KNOWN },
	{ 23, 24, POLICY_CARD },
	{ 25, 25, POLICY_NEEDS_PERSON },
	{ 26, 26, POLICY_CARD },
	{ 27, 27, KNOWN },
	{ 28, 30, POLICY_CARD },
	{ 31, 31, KNOWN },
	{ 32, 32, POLICY_CARD },
	{ 33, 39, KNOWN },
	{ 42, 43, POLICY_PIN },
	{ 44, 79, KNOWN },
	{ 80, 81, POLICY_POWER },
	{ 82, 84, KNOWN },
	{ 85, 86, POLICY_POWER },
	{ 87, 91, KNOWN },
	{ 92, 92, POLICY_MACHINE_SETTING },
	{ 93, 97, KNOWN },
	{ 98, 107, KNOWN },
	{ 108, 108, POLICY_HOST_ONLY },
	{ 109, 109, KNOWN },
	{ 110, 110, POLICY_LINE_NUMBER_COMMAND },
	{ 111, 111, POLICY_DEBUG },
	{ 112, 112, POLICY_EMERGENCY },
	{ 113, 142, KNOWN },
	{ 143, 143, POLICY_PID },
	{ 144, 190, KNOWN },
	{ 191, 191, POLICY_LONG_WAIT },
	{ 192, 205, KNOWN },
	{ 206, 206, POLICY_MACHINE_SETTING },
	{ 207, 223, KNOWN },
	{ 226, 226, POLICY_NEEDS_PERSON },
	{ 227, 271, KNOWN },
	{ 280, 282, POLICY_SERVO },
	{ 283, 291, KNOWN },
	{ 292, 292, POLICY_HOST_ONLY },
	{ 300, 300, KNOWN },
	{ 301, 301, POLICY_PID },
	{ 302, 302, KNOWN },
	{ 303, 303, POLICY_AUTOTUNE },
	{ 304, 309, POLICY_PID },
	{ 310, 349, KNOWN },
	{ 350, 351, POLICY_MACHINE_SETTING },
	{ 352, 409, KNOWN },
	{ 410, 410, POLICY_HOST_ONLY },
	{ 411, 427, KNOWN },
	{ 428, 428, POLICY_MACHINE_SETTING },
	{ 429, 469, KNOWN },
	{ 470, 472, POLICY_FILES },
	{ 473, 499, KNOWN },
	{ 500, 504, POLICY_EEPROM },
	{ 505, 505, POLICY_FILES },
	{ 510, 512, POLICY_HOST_ONLY }, /* lock and passcode */
	{ 524, 524, POLICY_HOST_ONLY },
	{ 531, 532, KNOWN },
	{ 540, 540, POLICY_MACHINE_SETTING },
	{ 550, 554, POLICY_NETWORK },
	{ 555, 558, KNOWN },
	{ 559, 560, POLICY_FILES },
	{ 561, 561, KNOWN },
	{ 562, 562, POLICY_HEATER_FAULT },
	{ 563, 573, KNOWN },
	{ 574, 574, POLICY_MACHINE_SETTING },
	{ 575, 575, POLICY_BAUD },
	{ 576, 585, KNOWN },
	{ 586, 589, POLICY_NETWORK },
	{ 590, 599, KNOWN },
	{ 600, 601, POLICY_NEEDS_PERSON },
	{ 602, 602, KNOWN },
	{ 603, 603, KNOWN },
	{ 604, 664, KNOWN },
	{ 665, 669, POLICY_MACHINE_SETTING }, /* geometry of deltas and arms */
	{ 670, 709, KNOWN },
	{ 710, 751, KNOWN },
	{ 808, 808, KNOWN },
	{ 810, 820, POLICY_STORED_MACRO },
	{ 850, 850, KNOWN },
	{ 851, 852, POLICY_MACHINE_SETTING },
	{ 860, 875, KNOWN },
	{ 876, 876, POLICY_HOST_ONLY },
	{ 900, 905, KNOWN },
	{ 906, 910, POLICY_MACHINE_SETTING },
	{ 911, 927, KNOWN },
	{ 928, 929, POLICY_CARD },
	{ 930, 949, KNOWN },
	{ 950, 950, POLICY_PIN },
	{ 951, 954, KNOWN },
	{ 993, 996, POLICY_CARD },
	{ 997, 997, POLICY_FIRMWARE_UPDATE },
	{ 998, 998, KNOWN },
	{ 999, 999, POLICY_RESTART },
};
static const struct policy_code g_codes[] = {
	{ 0, 12, KNOWN },
	{ 17, 19, KNOWN },
	{ 20, 20, POLICY_INCHES },
	{ 21, 22, KNOWN },
	{ 26, 38, KNOWN },
	{ 40, 43, KNOWN },
	{ 49, 50, KNOWN },
	{ 53, 59, POLICY_COORDINATES },
	{ 60, 61, KNOWN },
	{ 64, 64, KNOWN },
	{ 68, 69, POLICY_COORDINATES },
	{ 73, 92, KNOWN },
	{ 93, 93, POLICY_COORDINATES }, /* inverse time: F means something else */
	{ 94, 94, KNOWN },
	{ 425, 425, KNOWN },
};

/* POLICY_UNKNOWN_COMMAND when no row has it. */
static enum policy_id find_code(const struct policy_code *codes, size_t count, int32_t code)
{
	size_t low = 0, high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (codes[middle].last < code)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < count && codes[low].first <= code)
		return codes[low].id;
	return POLICY_UNKNOWN_COMMAND;
}

void policy_add_value(struct policy_findings *findings, enum policy_id id, char letter,
	double value, bool has_limit, double limit)
{
	struct policy_finding finding = { id, letter, true, value, has_limit, limit };
	size_t at = findings->count;

	for (size_t i = 0; i < findings->count; i++)
		if (findings->finding[i].id == id)
			return;
	if (at == POLICY_FINDINGS_MAX) {
		if (policy_rule(id)->severity < VERDICT_REFUSE)
			return;
		at--; /* there is room for one refusal, whatever came before */
	} else {
		findings->count++;
	}
	findings->finding[at] = finding;
}

void policy_add(struct policy_findings *findings, enum policy_id id)
{
	size_t before = findings->count;

	policy_add_value(findings, id, '\0', 0, false, 0);
	if (findings->count > before)
		findings->finding[before].has_value = false;
}

/* ---- arguments --------------------------------------------------------------------------- */

struct check {
	const struct lexer_line *line;
	const struct profile *profile;
	struct policy_findings *findings;
};

static double value_or(const struct check *check, char letter, double otherwise)
{
	double value;

	return lexer_value(check->line, letter, &value) ? value : otherwise;
}

static void check_target(const struct check *check, double target, double limit)
{
	if (target > limit)
		policy_add_value(check->findings, POLICY_TEMPERATURE, '\0', target, true, limit);
}

static double hotend_limit(const struct profile *profile)
{
	return profile && profile->hotend_max_celsius > 0 ? profile->hotend_max_celsius
							  : HOTEND_CELSIUS;
}

static double bed_limit(const struct profile *profile)
{
	return profile && profile->bed_max_celsius > 0 ? profile->bed_max_celsius : BED_CELSIUS;
}

/* S sets, R also cools; Slic3r and PrusaSlicer write P for mach3 and machinekit. */
static void check_heat(const struct check *check, double limit)
{
	double target = value_or(check, 'S', value_or(check, 'R', value_or(check, 'P', 0)));
	double cooling = value_or(check, 'R', target);

	check_target(check, target > cooling ? target : cooling, limit);
}

static void check_hotend(const struct check *check)
{
	check_heat(check, hotend_limit(check->profile));
}

static void check_bed(const struct check *check)
{
	check_heat(check, bed_limit(check->profile));
}

static void check_chamber(const struct check *check)
{
	check_heat(check, CHAMBER_CELSIUS);
}

/* G10 P0 S215 R150: RepRapFirmware's tool temperatures.  G10 L2/L20: CNC coordinate systems. */
static void check_g10(const struct check *check)
{
	if (lexer_find(check->line, 'L'))
		policy_add(check->findings, POLICY_COORDINATES);
	else if (lexer_find(check->line, 'P'))
		check_target(check, value_or(check, 'S', 0), hotend_limit(check->profile));
}

static void check_g92(const struct check *check)
{
	if (check->line->word_count == 0 && check->line->subcode <= 0)
		policy_add(check->findings, POLICY_BARE_G92);
}

static void check_factor(const struct check *check, double low, double high, double max)
{
	double factor;

	if (!lexer_value(check->line, 'S', &factor))
		return;
	if (factor > max || factor <= 0)
		policy_add_value(check->findings, POLICY_OVERRIDE, 'S', factor, true, max);
	else if (factor > high || factor < low)
		policy_add_value(check->findings, POLICY_OVERRIDE_HIGH, 'S', factor, true, high);
}

static void check_speed_factor(const struct check *check)
{
	check_factor(check, SPEED_FACTOR_MIN, SPEED_FACTOR_HIGH, SPEED_FACTOR_MAX);
}

static void check_flow_factor(const struct check *check)
{
	check_factor(check, FLOW_FACTOR_MIN, FLOW_FACTOR_HIGH, FLOW_FACTOR_MAX);
}

static void check_fan(const struct check *check)
{
	double speed = value_or(check, 'S', 0);

	if (speed > FAN_MAX || speed < 0)
		policy_add_value(check->findings, POLICY_FAN, 'S', speed, true, FAN_MAX);
}

static void check_axis_limits(const struct check *check, double high)
{
	for (size_t i = 0; i < check->line->word_count; i++) {
		const struct lexer_word *word = &check->line->word[i];

		if (word->value > high || word->value < 0)
			policy_add_value(check->findings, POLICY_LIMITS, word->letter, word->value,
				true, high);
	}
}

static void check_m201(const struct check *check)
{
	check_axis_limits(check, ACCELERATION_HIGH_MM_S2);
}

static void check_m203(const struct check *check)
{
	check_axis_limits(check, SPEED_LIMIT_HIGH);
}

/* Jerk of the axes; B, S, T and J mean other things. */
static void check_m205(const struct check *check)
{
	static const char axes[] = "XYZE";
	double jerk;

	for (const char *axis = axes; *axis; axis++)
		if (lexer_value(check->line, *axis, &jerk) && (jerk > JERK_HIGH_MM_S || jerk < 0))
			policy_add_value(
				check->findings, POLICY_LIMITS, *axis, jerk, true, JERK_HIGH_MM_S);
}

static void check_dwell(const struct check *check)
{
	double wait_s = value_or(check, 'S', value_or(check, 'P', 0) / 1000);

	if (wait_s > DWELL_LONG_S)
		policy_add_value(
			check->findings, POLICY_LONG_WAIT, '\0', wait_s, true, DWELL_LONG_S);
}

/* Bare M302 allows cold extrusion in Marlin 1.0; M302 P1 in Marlin 2; S below the guard anywhere.
 */
static void check_cold_guard(const struct check *check)
{
	double celsius;

	if (value_or(check, 'P', 0) > 0 ||
		(lexer_value(check->line, 'S', &celsius) && celsius < COLD_CELSIUS) ||
		check->line->word_count == 0)
		policy_add(check->findings, POLICY_COLD_GUARD);
}

static void check_endstops(const struct check *check)
{
	if (value_or(check, 'S', 1) <= 0)
		policy_add(check->findings, POLICY_ENDSTOPS);
}

static void check_temperature_unit(const struct check *check)
{
	if (lexer_find(check->line, 'F') || lexer_find(check->line, 'K'))
		policy_add(check->findings, POLICY_TEMPERATURE_UNIT);
}

static bool contains(const char *text, size_t length, const char *part)
{
	size_t size = strlen(part);

	for (; length >= size; text++, length--) {
		size_t i = 0;

		while (i < size &&
			((text[i] >= 'A' && text[i] <= 'Z') ? text[i] + 32 : text[i]) == part[i])
			i++;
		if (i == size)
			return true;
	}
	return false;
}

/* RepRapFirmware runs a file of its own; system files are not a job's business. */
static void check_m98(const struct check *check)
{
	const struct lexer_word *path = lexer_find(check->line, 'P');

	if (path && path->form == LEXER_QUOTED &&
		(contains(path->text, path->text_length, "sys/") ||
			contains(path->text, path->text_length, "..")))
		policy_add(check->findings, POLICY_FILES);
	else
		policy_add(check->findings, POLICY_UNKNOWN_COMMAND);
}

static void check_m291(const struct check *check)
{
	if (value_or(check, 'S', 1) >= 2)
		policy_add(check->findings, POLICY_NEEDS_PERSON);
}

/* M118 A1 puts "//" in front.  Notifications and prompts only inform; everything else is obeyed by
 * print hosts (serial-protocols.md 3.12). */
static void check_m118(const struct check *check)
{
	const char *text = check->line->text;
	size_t length = check->line->text_length;

	if (!contains(text, length, "action:") && !contains(text, length, "//"))
		return;
	if (contains(text, length, "action:notification") && !contains(text, length, "//"))
		return;
	policy_add(check->findings, POLICY_ACTION_TEXT);
}

static void check_m117(const struct check *check)
{
	if (contains(check->line->text, check->line->text_length, "//action"))
		policy_add(check->findings, POLICY_ACTION_TEXT);
}

static void check_motion(const struct check *check)
{
	double feed;

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
	void (*check)(const struct check *check);
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

/* ---- words ------------------------------------------------------------------------------- */

static bool is_motion(const struct lexer_line *line)
{
	return line->letter == 'G' && line->code >= 0 && line->code <= 5 && line->code != 4;
}

/* "Xinf", "XY": in a move a letter without number runs into other letters only by mistake. */
static bool runs_into_letters(const struct lexer_line *line, size_t at)
{
	return at + 1 < line->word_count && line->word[at + 1].glued;
}

static void check_words(
	const struct lexer_line *line, bool strict, struct policy_findings *findings)
{
	bool motion = is_motion(line);

	for (size_t i = 0; i < line->word_count; i++) {
		const struct lexer_word *word = &line->word[i];
		bool bad = word->form >= LEXER_SIGN_ONLY;

		if (motion && word->form == LEXER_MISSING) {
			if (runs_into_letters(line, i))
				bad = true;
			else
				policy_add_value(
					findings, POLICY_MISSING_NUMBER, word->letter, 0, false, 0);
		}
		if (motion && (word->form == LEXER_QUOTED || word->form == LEXER_LIST) &&
			word->letter != 'E')
			bad = true;
		if (bad)
			policy_add_value(findings,
				strict ? POLICY_BAD_NUMBER : POLICY_BAD_NUMBER_UNKNOWN,
				word->letter, 0, false, 0);
	}
	if (line->flags & LEXER_STRAY)
		policy_add(findings, strict ? POLICY_BAD_NUMBER : POLICY_BAD_NUMBER_UNKNOWN);
	if (line->flags & LEXER_DUPLICATE)
		policy_add(findings, strict ? POLICY_DUPLICATE_WORD : POLICY_DUPLICATE_UNKNOWN);
	if (line->flags & LEXER_TOO_MANY)
		policy_add(findings, POLICY_BAD_NUMBER);
}

static void check_tool_number(const struct lexer_line *line, const struct profile *profile,
	struct policy_findings *findings)
{
	int tools = !profile ? TOOLS_ANY : profile->tool_count > 0 ? profile->tool_count : 1;

	/* T-1 puts the tool away. */
	if (line->code == -1 && profile && profile->firmware == PROFILE_FIRMWARE_REPRAP)
		return;
	if (line->code < 0 || line->code >= tools)
		policy_add_value(findings, POLICY_TOOL, 'T', line->code, true, tools - 1);
}

/* Tx, Tc, T?: Prusa's multi-material unit asks or uses its default. */
static void check_tool_letter(const struct profile *profile, struct policy_findings *findings)
{
	policy_add(findings, profile && profile->tool_count <= 1 ? POLICY_TOOL : POLICY_TOOL_MMU);
}

/* ---- Klipper ----------------------------------------------------------------------------- */

static const char *const forbidden_macros[] = { "save_config", "firmware_restart", "restart",
	"run_shell_command", "force_move", "set_kinematic_position", "stepper_buzz",
	"sdcard_print_file", "sdcard_reset_file", "sdcard_clear_file", "save_variable",
	"set_tmc_field", "init_tmc", "emergency_stop", "host_shutdown", "shutdown_machine",
	"manual_probe", "z_offset_apply_probe", "z_offset_apply_endstop" };

static bool name_is(const struct lexer_line *line, const char *name)
{
	size_t length = strlen(name);

	return line->body_length >= length && contains(line->body, length, name) &&
	       (line->body_length == length || line->body[length] == ' ' ||
		       line->body[length] == '\t');
}

static size_t name_length(const struct lexer_line *line)
{
	size_t length = 0;

	while (length < line->body_length && line->body[length] != ' ' &&
		line->body[length] != '\t')
		length++;
	return length;
}

/* KEY=VALUE with a key that speaks of heat: checked like a target. */
static void check_macro_heat(const struct check *check)
{
	const char *at = check->line->text, *end = at + check->line->text_length;

	while (at < end) {
		const char *key = at, *equals;
		double value;
		size_t used, length;

		while (at < end && *at != ' ' && *at != '\t')
			at++;
		length = (size_t)(at - key);
		equals = memchr(key, '=', length);
		if (equals && lexer_number(equals + 1, (size_t)(at - equals - 1), &value, &used)) {
			size_t name = (size_t)(equals - key);
			if (contains(key, name, "bed"))
				check_target(check, value, bed_limit(check->profile));
			else if (contains(key, name, "chamber"))
				check_target(check, value, CHAMBER_CELSIUS);
			else if (contains(key, name, "extruder") || contains(key, name, "hotend") ||
				 contains(key, name, "nozzle_temp") ||
				 contains(key, name, "target"))
				check_target(check, value, hotend_limit(check->profile));
		}
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
	}
}

static void check_macro(const struct check *check)
{
	const struct lexer_line *line = check->line;

	if (check->profile && (check->profile->firmware == PROFILE_FIRMWARE_MARLIN ||
				      check->profile->firmware == PROFILE_FIRMWARE_REPRAP))
		policy_add(check->findings, POLICY_MACRO_FIRMWARE);
	for (size_t i = 0; i < sizeof forbidden_macros / sizeof *forbidden_macros; i++)
		if (name_is(line, forbidden_macros[i]))
			policy_add(check->findings, POLICY_MACRO_FORBIDDEN);
	if (contains(line->body, name_length(line), "_calibrate"))
		policy_add(check->findings, POLICY_AUTOTUNE);
	if (name_is(line, "pause"))
		policy_add(check->findings, POLICY_NEEDS_PERSON);
	if (contains(line->text, line->text_length, "action:"))
		policy_add(check->findings, POLICY_ACTION_TEXT);
	check_macro_heat(check);
}

/* ---- the line ---------------------------------------------------------------------------- */

static void check_command(const struct check *check)
{
	const struct lexer_line *line = check->line;
	struct policy_findings *findings = check->findings;
	const struct argument_check *arguments = find_arguments(line);
	enum policy_id id = KNOWN;

	if (line->letter == 'T')
		check_tool_number(line, check->profile, findings);
	else if (line->letter == 'M')
		id = find_code(m_codes, sizeof m_codes / sizeof *m_codes, line->code);
	else if (line->letter == 'P')
		id = POLICY_UNKNOWN_COMMAND;
	else
		id = find_code(g_codes, sizeof g_codes / sizeof *g_codes, line->code);
	/* "N0 M110 N0*125" opens a file that was captured from a serial line. */
	if (id == POLICY_LINE_NUMBER_COMMAND && line->has_number)
		id = POLICY_OWN_NUMBERING;
	if (id != KNOWN)
		policy_add(findings, id);
	if (line->flags & LEXER_ZERO_PADDED)
		policy_add(findings, POLICY_PADDED_CODE);
	if (line->subcode >= 0 && line->letter == 'G')
		policy_add(findings, POLICY_SUBCODE);
	if (line->flags & LEXER_SECOND_COMMAND)
		policy_add(findings, POLICY_SEVERAL_COMMANDS);
	if (line->word_count || line->flags & LEXER_STRAY)
		check_words(line, arguments && arguments->strict, findings);
	if (arguments && arguments->check)
		arguments->check(check);
}

/* Messages may hold any text, names in quotes too: command.c makes them safe for the wire. */
static bool holds_text(const struct lexer_line *line)
{
	if (line->kind == LEXER_MACRO || line->flags & LEXER_IS_TEXT)
		return true;
	for (size_t i = 0; i < line->word_count; i++)
		if (line->word[i].form == LEXER_QUOTED)
			return true;
	return false;
}

/* "Q5".  An axis or a feed is more: what CNC programs leave out G1 in front of would be lost. */
static bool is_lone_word(const struct lexer_line *line)
{
	static const char moving[] = "XYZEABCUVWFIJKR";
	char first = line->body[0];
	double value;
	size_t used;

	if (first >= 'a' && first <= 'z')
		first = (char)(first - 'a' + 'A');
	return first >= 'A' && first <= 'Z' && !strchr(moving, first) &&
	       lexer_number(line->body + 1, line->body_length - 1, &value, &used) &&
	       used == line->body_length - 1;
}

static void check_kind(const struct check *check)
{
	switch (check->line->kind) {
	case LEXER_BLANK:
		return;
	case LEXER_COMMAND:
		check_command(check);
		return;
	case LEXER_TOOL:
		check_tool_letter(check->profile, check->findings);
		return;
	case LEXER_MACRO:
		check_macro(check);
		return;
	case LEXER_MARKER:
		policy_add(check->findings, POLICY_MARKER);
		return;
	case LEXER_HASH:
		policy_add(check->findings, POLICY_HASH_LINE);
		return;
	case LEXER_HOST:
		policy_add(check->findings, POLICY_HOST_COMMAND);
		return;
	case LEXER_REALTIME:
		policy_add(check->findings, POLICY_REALTIME);
		return;
	case LEXER_JUNK:
		policy_add(check->findings,
			is_lone_word(check->line) ? POLICY_LONE_WORD : POLICY_NO_COMMAND);
		return;
	}
}

void policy_check_line(const struct lexer_line *line, const struct profile *profile,
	struct policy_findings *findings)
{
	struct check check = { line, profile, findings };

	if (line->flags & LEXER_CONTROL)
		policy_add(findings, POLICY_CONTROL_BYTE);
	if (line->flags & LEXER_NON_ASCII && line->kind != LEXER_BLANK && !holds_text(line))
		policy_add(findings, POLICY_NON_ASCII);
	if (line->flags & (LEXER_PAREN_OPEN | LEXER_PAREN_NESTED))
		policy_add(findings, POLICY_PAREN);
	if (line->has_checksum && !line->checksum_good)
		policy_add(findings, POLICY_CHECKSUM);
	check_kind(&check);
}

void policy_describe(const struct policy_finding *finding, char *text, size_t size)
{
	char value[DECIMAL_TEXT_MAX], limit[DECIMAL_TEXT_MAX];
	const char *what = policy_rule(finding->id)->what;
	char letter[4] = "";

	if (finding->letter)
		snprintf(letter, sizeof letter, "%c: ", finding->letter);
	if (finding->has_limit)
		snprintf(text, size, "%s%s: %s (limit %s)", letter, what,
			decimal_write(value, finding->value, 3),
			decimal_write(limit, finding->limit, 3));
	else
		snprintf(text, size, "%s%s", letter, what);
}
