/* Klipper macros: lines of a name and KEY=VALUE. */
#include "gcode/policy_internal.h"

#include <string.h> /* memchr, strlen */

#include "gcode/lexer.h"
#include "gcode/profile.h"
#include "gcode/text.h"

static const char *const forbidden_macros[] = { "save_config", "firmware_restart", "restart",
	"run_shell_command", "force_move", "set_kinematic_position", "stepper_buzz",
	"sdcard_print_file", "sdcard_reset_file", "sdcard_clear_file", "save_variable",
	"set_tmc_field", "init_tmc", "emergency_stop", "host_shutdown", "shutdown_machine",
	"manual_probe", "z_offset_apply_probe", "z_offset_apply_endstop" };

static bool name_is(const struct lexer_line *line, const char *name)
{
	size_t length = strlen(name);

	return line->body_length >= length && text_contains(line->body, length, name) &&
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

/* As it will be sent: a star becomes an x (command.c), which can make a word. */
static char as_sent(char c)
{
	if (c >= 'A' && c <= 'Z')
		return (char)(c - 'A' + 'a');
	return c == '*' ? 'x' : c;
}

static bool key_contains(const char *key, size_t length, const char *part)
{
	size_t part_length = strlen(part);

	for (size_t at = 0; at + part_length <= length; at++) {
		size_t same = 0;

		while (same < part_length && as_sent(key[at + same]) == part[same])
			same++;
		if (same == part_length)
			return true;
	}
	return false;
}

/* KEY=VALUE with a key that speaks of heat: checked like a target. */
static void check_macro_heat(const struct policy_check *check)
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
			if (key_contains(key, name, "bed"))
				policy_check_target(check, value, policy_bed_limit(check->profile));
			else if (key_contains(key, name, "chamber"))
				policy_check_target(check, value, POLICY_CHAMBER_CELSIUS);
			else if (key_contains(key, name, "extruder") ||
				 key_contains(key, name, "hotend") ||
				 key_contains(key, name, "nozzle_temp") ||
				 key_contains(key, name, "target"))
				policy_check_target(
					check, value, policy_hotend_limit(check->profile));
		}
		while (at < end && (*at == ' ' || *at == '\t'))
			at++;
	}
}

void policy_check_macro(const struct policy_check *check)
{
	const struct lexer_line *line = check->line;

	if (check->profile && (check->profile->firmware == PROFILE_FIRMWARE_MARLIN ||
				      check->profile->firmware == PROFILE_FIRMWARE_REPRAP))
		policy_add(check->findings, POLICY_MACRO_FIRMWARE);
	for (size_t i = 0; i < sizeof forbidden_macros / sizeof *forbidden_macros; i++)
		if (name_is(line, forbidden_macros[i]))
			policy_add(check->findings, POLICY_MACRO_FORBIDDEN);
	if (text_contains(line->body, name_length(line), "_calibrate"))
		policy_add(check->findings, POLICY_AUTOTUNE);
	if (name_is(line, "pause"))
		policy_add(check->findings, POLICY_NEEDS_PERSON);
	if (text_contains(line->text, line->text_length, "action:"))
		policy_add(check->findings, POLICY_ACTION_TEXT);
	check_macro_heat(check);
}
