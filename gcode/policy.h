/* What a file may not do: every rule in one table, and the check of one line against it.
 *
 * The check of a line needs nothing but the line and the profile, so that import, the streamer and
 * `printfarm check` come to the same answer on the same bytes.  Rules that need the state of the
 * machine (volume, cold extrusion, arcs) have their rows here too; analysis.c finds them. */
#ifndef GCODE_POLICY_H
#define GCODE_POLICY_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/analysis.h" /* enum analysis_verdict */

struct lexer_line;
struct profile;

enum policy_id {
	/* one line */
	POLICY_CONTROL_BYTE,
	POLICY_NON_ASCII,
	POLICY_TOO_LONG,
	POLICY_TEXT_CUT,
	POLICY_LONG_OUTLINE,
	POLICY_BAD_NUMBER,
	POLICY_BAD_NUMBER_UNKNOWN,
	POLICY_MISSING_NUMBER,
	POLICY_DUPLICATE_WORD,
	POLICY_DUPLICATE_UNKNOWN,
	POLICY_SEVERAL_COMMANDS,
	POLICY_NO_COMMAND,
	POLICY_LONE_WORD,
	POLICY_PROSE,
	POLICY_UNKNOWN_COMMAND,
	POLICY_PAREN,
	POLICY_PADDED_CODE,
	POLICY_SUBCODE,
	POLICY_MARKER,
	POLICY_HASH_LINE,
	POLICY_LINE_NUMBER_COMMAND,
	POLICY_OWN_NUMBERING,
	POLICY_CHECKSUM,
	POLICY_HOST_COMMAND,
	POLICY_HOST_LINE,
	POLICY_ACTION_TEXT,
	POLICY_REALTIME,
	POLICY_EMERGENCY,
	POLICY_HOST_ONLY,
	POLICY_RESTART,
	POLICY_FIRMWARE_UPDATE,
	POLICY_EEPROM,
	POLICY_CARD,
	POLICY_FILES,
	POLICY_NETWORK,
	POLICY_AUTOTUNE,
	POLICY_PID,
	POLICY_PIN,
	POLICY_POWER,
	POLICY_POWER_ON,
	POLICY_POWER_OFF,
	POLICY_BAUD,
	POLICY_DEBUG,
	POLICY_HEATER_FAULT,
	POLICY_COLD_GUARD,
	POLICY_STORED_MACRO,
	POLICY_TEMPERATURE_UNIT,
	POLICY_TEMPERATURE,
	POLICY_FEED,
	POLICY_FEED_HIGH,
	POLICY_OVERRIDE,
	POLICY_OVERRIDE_HIGH,
	POLICY_FAN,
	POLICY_LIMITS,
	POLICY_MACHINE_SETTING,
	POLICY_ENDSTOPS,
	POLICY_SERVO,
	POLICY_SPINDLE,
	POLICY_LONG_WAIT,
	POLICY_NEEDS_PERSON,
	POLICY_INCHES,
	POLICY_COORDINATES,
	POLICY_TOOL,
	POLICY_TOOL_MMU,
	POLICY_TOOL_PARK,
	POLICY_MACRO_FIRMWARE,
	POLICY_MACRO_FORBIDDEN,
	/* state of the machine, or the whole file */
	POLICY_VOLUME,
	POLICY_VOLUME_TRAVEL,
	POLICY_BAD_ARC,
	POLICY_ARC_RADIUS,
	POLICY_COLD_EXTRUSION,
	POLICY_NO_HEAT,
	POLICY_NOT_WAITED,
	POLICY_LONG_RETRACTION,
	POLICY_ABSURD_EXTRUSION,
	POLICY_NOT_HOMED,
	POLICY_MODE_UNSTATED,
	POLICY_EXTRUDER_MODE,
	POLICY_EXTRUDER_MODE_UNSAID,
	POLICY_EXTRUDER_MODE_G90,
	POLICY_FOREIGN_DIALECT,
	POLICY_FOREIGN_DIALECT_UNSAID,
	POLICY_BARE_G92,
	POLICY_LEFT_HOT,
	POLICY_NO_EXTRUSION,
	POLICY_NO_COMMANDS,
	POLICY_MOSTLY_JUNK,
	POLICY_NUMBER_GAP,
	POLICY_NUMBER_MIXED,
	POLICY_CUT_OFF,
	POLICY_CONFIG_CUT,
	POLICY_OTHER_MACHINE,
	POLICY_OTHER_NOZZLE,
	POLICY_FORMAT,
	/* programs of lasers and mills (cnc.h) */
	POLICY_CNC_CODE,
	POLICY_CNC_STORES,
	POLICY_COUNT
};

/* Bits 1 << enum profile_firmware: for which firmwares a rule holds. */
enum { POLICY_EVERYWHERE = 0xff };

struct policy_rule {
	enum policy_id id;
	const char *name; /* stable: users and scripts read it */
	enum analysis_verdict severity;
	bool filter; /* the line is dropped, not sent */
	/* Not to be relaxed by a profile: what would harm the farm or its link and not only a
	 * print, or what no printer could do. */
	bool fixed;
	unsigned firmwares; /* a machine whose firmware is not said has them all */
	const char *what;   /* a sentence: what is wrong, and what would be accepted */
};
const struct policy_rule *policy_rule(enum policy_id id);

/* What the rule means for this machine (NULL: for any): VERDICT_OK when it does not hold for its
 * firmware, the profile's own word, or the table's. */
enum analysis_verdict policy_severity(const struct profile *profile, enum policy_id id);

/* NULL when "NAME=ok", "NAME=warn" or "NAME=refuse" may stand in a profile, else a static sentence
 * that says what is wrong with it. */
const char *policy_rule_problem(const char *text);

struct policy_finding {
	enum policy_id id;
	char letter; /* the word it is about, or 0 */
	bool has_value;
	double value; /* what the line says */
	bool has_limit;
	double limit; /* what would be accepted */
};

enum { POLICY_FINDINGS_MAX = 6 };

struct policy_findings {
	size_t count; /* further ones are dropped, but a refusal takes the last place */
	struct policy_finding finding[POLICY_FINDINGS_MAX];
};

void policy_add(struct policy_findings *findings, enum policy_id id);
void policy_add_value(struct policy_findings *findings, enum policy_id id, char letter,
	double value, bool has_limit, double limit);

/* Appends what is wrong with this one line.  `profile` may be NULL: then the limits that hold for
 * every machine apply.  Does not see the length on the wire; command.c adds that. */
void policy_check_line(const struct lexer_line *line, const struct profile *profile,
	struct policy_findings *findings);

/* The finding as a sentence with its numbers. */
void policy_describe(const struct policy_finding *finding, char *text, size_t size);

#endif
