/* The table of rules: name, severity, whether the line is dropped, and the sentence.
 * See policy.h; the order is that of enum policy_id. */
#include "gcode/policy.h"

#include <assert.h>
#include <string.h> /* strchr, strcmp, strlen, strncmp */

#include "gcode/profile.h"

#define REFUSE	     VERDICT_REFUSE, false, false, POLICY_EVERYWHERE
#define NEVER	     VERDICT_REFUSE, false, true, POLICY_EVERYWHERE
#define WARN	     VERDICT_WARN, false, false, POLICY_EVERYWHERE
#define DROP	     VERDICT_WARN, true, true, POLICY_EVERYWHERE
#define ON(firmware) (1U << PROFILE_FIRMWARE_##firmware)

static const struct policy_rule rules[] = {
	{ POLICY_CONTROL_BYTE, "control-byte", NEVER,
		"control character in a command; only printable characters and tabs may be sent" },
	{ POLICY_NON_ASCII, "non-ascii", NEVER,
		"byte outside ASCII in a command; allowed in comments and messages only" },
	{ POLICY_TOO_LONG, "too-long", NEVER,
		"longer than the firmware holds; shorten it (fewer decimals) or split it" },
	{ POLICY_TEXT_CUT, "text-cut", WARN,
		"message longer than the firmware holds; it is sent cut" },
	{ POLICY_LONG_OUTLINE, "long-outline", DROP,
		"outline of an object longer than can be sent; dropped: Klipper knows the object "
		"by "
		"its name all the same" },
	{ POLICY_BAD_NUMBER, "bad-number", NEVER,
		"not a number a printer reads; write it like -12.345" },
	{ POLICY_BAD_NUMBER_UNKNOWN, "odd-number", WARN, "argument is no plain number" },
	{ POLICY_MISSING_NUMBER, "missing-number", WARN,
		"letter without a number, which the firmware takes for 0" },
	{ POLICY_DUPLICATE_WORD, "duplicate-word", NEVER,
		"a letter stands twice in one command; leave one" },
	{ POLICY_DUPLICATE_UNKNOWN, "repeated-letter", WARN, "a letter stands twice" },
	{ POLICY_SEVERAL_COMMANDS, "several-commands", NEVER,
		"several commands on one line, of which the firmware runs the first; one a line" },
	{ POLICY_NO_COMMAND, "no-command", NEVER, "begins with no G, M or T command" },
	{ POLICY_LONE_WORD, "lone-word", DROP, "a word without G, M or T in front; dropped" },
	{ POLICY_PROSE, "prose", DROP, "words, as of a comment without its semicolon; dropped" },
	{ POLICY_UNKNOWN_COMMAND, "unknown-command", WARN,
		"unknown command; a printer that does not know it skips it" },
	{ POLICY_PAREN, "paren", WARN, "comment in parentheses is nested or has no end; cut" },
	{ POLICY_PADDED_CODE, "padded-code", WARN, "code with leading zeros" },
	{ POLICY_SUBCODE, "subcode", WARN,
		"command with a sub-code, which not every firmware has" },
	{ POLICY_MARKER, "marker", DROP, "marker of CNC programs; dropped" },
	{ POLICY_HASH_LINE, "hash-line", DROP, "\"#\" begins no comment in G-code; dropped" },
	{ POLICY_LINE_NUMBER_COMMAND, "m110", DROP, "line numbers are the farm's to set; dropped" },
	{ POLICY_OWN_NUMBERING, "own-numbering", VERDICT_OK, true, true, POLICY_EVERYWHERE,
		"the file's own line numbers are replaced by the farm's" },
	{ POLICY_CHECKSUM, "checksum", NEVER, "checksum does not match: the file is damaged" },
	{ POLICY_HOST_COMMAND, "host-command", NEVER,
		"pauses or ends the print on a print host; none is ever run from a file" },
	{ POLICY_HOST_LINE, "host-line", DROP,
		"command to a print host; dropped: none is ever run from a file" },
	{ POLICY_ACTION_TEXT, "action-text", NEVER,
		"message that a print host would obey (//action:); notifications only" },
	{ POLICY_REALTIME, "realtime", NEVER, "grbl real-time or settings command" },
	{ POLICY_EMERGENCY, "emergency-stop", NEVER, "emergency stop in a file" },
	{ POLICY_HOST_ONLY, "host-only", NEVER,
		"breaks off or answers what runs; for the host alone, not for a file" },
	{ POLICY_RESTART, "restart", NEVER, "restarts the firmware after an error" },
	{ POLICY_FIRMWARE_UPDATE, "firmware-update", NEVER, "starts a firmware update" },
	{ POLICY_EEPROM, "eeprom", REFUSE,
		"stores, loads or resets the printer's settings; do that by hand" },
	{ POLICY_CARD, "sd-card", NEVER, "writes, deletes or starts files on the printer's card" },
	{ POLICY_FILES, "printer-files", NEVER, "changes or runs files inside the printer" },
	{ POLICY_NETWORK, "network", NEVER, "changes the printer's network settings" },
	{ POLICY_AUTOTUNE, "autotune", REFUSE, "heater tuning belongs to maintenance" },
	{ POLICY_PID, "heater-model", REFUSE, "changes how heaters are controlled" },
	{ POLICY_PIN, "pin", REFUSE, "sets a raw pin, which could switch a heater" },
	{ POLICY_POWER, "power", NEVER,
		"switches the power off, or lets a dead man's time do so, before the print ends" },
	{ POLICY_POWER_ON, "power-on", WARN, "switches the power supply on" },
	{ POLICY_POWER_OFF, "power-off", DROP,
		"switches the power off after the print, which the farm decides; dropped" },
	{ POLICY_BAUD, "baud", NEVER, "changes the speed of the serial line; the link is lost" },
	{ POLICY_DEBUG, "debug", NEVER, "changes the firmware's debug flags (dry run, echo)" },
	{ POLICY_HEATER_FAULT, "heater-fault", NEVER, "resets a heater fault" },
	{ POLICY_COLD_GUARD, "cold-extrusion-guard", REFUSE,
		"turns off or lowers the guard against cold extrusion" },
	{ POLICY_STORED_MACRO, "stored-macro", REFUSE,
		"stores or runs commands inside the printer that nobody has checked" },
	{ POLICY_TEMPERATURE_UNIT, "temperature-unit", NEVER,
		"temperatures in other units than Celsius" },
	{ POLICY_TEMPERATURE, "temperature", NEVER, "hotter than the machine may get" },
	{ POLICY_FEED, "feed", NEVER, "feed must be above 0 and what a machine can move" },
	{ POLICY_FEED_HIGH, "feed-high", WARN, "feed above what printers reach" },
	{ POLICY_OVERRIDE, "override", REFUSE, "speed or flow factor beyond reason" },
	{ POLICY_OVERRIDE_HIGH, "override-high", WARN, "unusual speed or flow factor" },
	{ POLICY_FAN, "fan", WARN, "fan speed outside 0 to 255" },
	{ POLICY_LIMITS, "limits", WARN, "sets limits far above what machines can do" },
	{ POLICY_MACHINE_SETTING, "machine-setting", WARN,
		"changes a setting of the machine (steps, offsets, motor current)" },
	{ POLICY_ENDSTOPS, "endstops", WARN, "turns software end stops off" },
	{ POLICY_SERVO, "servo", WARN, "moves a servo" },
	{ POLICY_SPINDLE, "spindle", WARN, "switches a spindle or a laser on" },
	{ POLICY_LONG_WAIT, "long-wait", WARN, "may wait for very long" },
	{ POLICY_NEEDS_PERSON, "needs-person", WARN, "waits for a person" },
	{ POLICY_INCHES, "inches", WARN, "inches; not every firmware reads them" },
	{ POLICY_COORDINATES, "coordinates", WARN,
		"changes coordinate systems, which is not followed here" },
	{ POLICY_TOOL, "tool", NEVER, "the machine has no such tool" },
	{ POLICY_TOOL_MMU, "tool-dialog", WARN, "tool that the printer or a person chooses" },
	{ POLICY_TOOL_PARK, "tool-park", WARN,
		"T-1 puts the tool away on RepRapFirmware; other firmware has no such tool" },
	{ POLICY_MACRO_FIRMWARE, "macro", VERDICT_REFUSE, false, true,
		ON(MARLIN) | ON(REPRAP) | ON(GRBL),
		"Klipper macro for a machine whose firmware is not Klipper" },
	{ POLICY_MACRO_FORBIDDEN, "macro-forbidden", NEVER,
		"saves settings, restarts, runs programs or moves without limits" },
	{ POLICY_VOLUME, "out-of-volume", NEVER, "moves out of the machine's volume" },
	{ POLICY_VOLUME_TRAVEL, "start-code-travel", WARN,
		"start or end code moves out of the machine's volume, empty; end stops hold it" },
	{ POLICY_BAD_ARC, "bad-arc", NEVER,
		"no such arc: give either I and J or R, with a radius that reaches the end" },
	{ POLICY_ARC_RADIUS, "arc-radius", WARN, "radius at the start and at the end differ" },
	{ POLICY_COLD_EXTRUSION, "cold-extrusion", NEVER, "extrudes with a cold hotend" },
	{ POLICY_NO_HEAT, "no-heat", REFUSE, "extrudes though no hotend temperature was set" },
	{ POLICY_NOT_WAITED, "not-waited", WARN,
		"extrudes without waiting for the hotend (M109) first" },
	{ POLICY_LONG_RETRACTION, "long-retraction", REFUSE,
		"retraction would pull the filament out" },
	{ POLICY_ABSURD_EXTRUSION, "absurd-extrusion", REFUSE,
		"more filament in one move than any machine can extrude" },
	{ POLICY_NOT_HOMED, "not-homed", WARN, "moves before homing (G28)" },
	{ POLICY_MODE_UNSTATED, "mode-unstated", WARN,
		"neither G90/G91 nor M82/M83: the mode of the job before would decide" },
	{ POLICY_EXTRUDER_MODE, "extruder-mode", REFUSE,
		"M83 is in force but amounts are absolute: a file for MakerBot-like firmware" },
	{ POLICY_EXTRUDER_MODE_UNSAID, "extruder-mode-unclear", WARN,
		"M83 is in force but amounts are absolute: right on MakerBot-like firmware only" },
	{ POLICY_EXTRUDER_MODE_G90, "extruder-mode-g90", VERDICT_WARN, false, false, ON(MARLIN),
		"G90 behind M83: Marlin 2 then takes amounts as absolute; say M83 again" },
	{ POLICY_FOREIGN_DIALECT, "foreign-dialect", VERDICT_REFUSE, false, false,
		ON(MARLIN) | ON(KLIPPER) | ON(REPRAP),
		"mach3's dialect, which heats and extrudes nothing here: temperatures want S, "
		"filament wants E" },
	{ POLICY_FOREIGN_DIALECT_UNSAID, "foreign-dialect-unclear", WARN,
		"mach3's dialect (temperatures with P, filament with A): other firmware heats and "
		"extrudes nothing" },
	{ POLICY_BARE_G92, "bare-g92", WARN, "G92 without axes sets all positions to 0" },
	{ POLICY_LEFT_HOT, "left-hot", WARN, "ends with heaters on; the farm will turn them off" },
	{ POLICY_NO_EXTRUSION, "no-extrusion", WARN, "extrudes nothing" },
	{ POLICY_NO_COMMANDS, "no-commands", NEVER, "holds no command at all" },
	{ POLICY_MOSTLY_JUNK, "not-gcode", NEVER, "most lines are no G-code" },
	{ POLICY_NUMBER_GAP, "number-gap", WARN, "line numbers jump: a line may be missing" },
	{ POLICY_NUMBER_MIXED, "number-mixed", WARN,
		"some numbered lines have a checksum and others have none" },
	{ POLICY_CUT_OFF, "cut-off", WARN,
		"ends in the middle of a line: the file may be cut off" },
	{ POLICY_CONFIG_CUT, "config-cut", WARN,
		"the slicer's configuration block has no end: the file may be cut off" },
	{ POLICY_OTHER_MACHINE, "other-machine", WARN, "sliced for another machine" },
	{ POLICY_OTHER_NOZZLE, "other-nozzle", WARN, "sliced for another nozzle" },
	{ POLICY_FORMAT, "format", NEVER, "the file is not G-code" },
	{ POLICY_CNC_CODE, "cnc-code", NEVER,
		"no command that grbl, grblHAL and FluidNC take in a program" },
	{ POLICY_CNC_STORES, "cnc-stores", NEVER,
		"stores coordinates in the machine; set them there, not in a file" },
};

const struct policy_rule *policy_rule(enum policy_id id)
{
	static_assert(sizeof rules / sizeof *rules == POLICY_COUNT, "a rule has no row");
	assert(rules[id].id == id);
	return &rules[id];
}

/* ---- what profiles say ------------------------------------------------------------------- */

static const struct policy_rule *find_rule(const char *name, size_t length)
{
	for (size_t i = 0; i < POLICY_COUNT; i++)
		if (strlen(rules[i].name) == length && !strncmp(rules[i].name, name, length))
			return &rules[i];
	return NULL;
}

static bool read_severity(const char *text, enum analysis_verdict *severity)
{
	for (int i = VERDICT_OK; i <= VERDICT_REFUSE; i++)
		if (!strcmp(text, analysis_verdict_name((enum analysis_verdict)i))) {
			*severity = (enum analysis_verdict)i;
			return true;
		}
	return false;
}

enum analysis_verdict policy_severity(const struct profile *profile, enum policy_id id)
{
	const struct policy_rule *rule = policy_rule(id);
	size_t length = strlen(rule->name);
	enum analysis_verdict severity = rule->severity;

	if (!profile)
		return severity;
	if (profile->firmware != PROFILE_FIRMWARE_UNSAID &&
		!(rule->firmwares & 1U << profile->firmware))
		return VERDICT_OK;
	for (size_t i = 0; i < profile->rule_count; i++)
		if (!strncmp(profile->rule[i], rule->name, length) &&
			profile->rule[i][length] == '=')
			read_severity(profile->rule[i] + length + 1, &severity);
	return rule->fixed && severity < rule->severity ? rule->severity : severity;
}

const char *policy_rule_problem(const char *text)
{
	const char *equals = strchr(text, '=');
	const struct policy_rule *rule = equals ? find_rule(text, (size_t)(equals - text)) : NULL;
	enum analysis_verdict severity;

	if (!equals)
		return "must be RULE=ok, RULE=warn or RULE=refuse";
	if (!rule)
		return "no such rule; printfarm check --rules lists them";
	if (!read_severity(equals + 1, &severity))
		return "must end in ok, warn or refuse";
	if (rule->fixed && severity < rule->severity)
		return "this rule cannot be relaxed";
	return NULL;
}
