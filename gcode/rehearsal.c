#include "gcode/rehearsal.h"

#include "gcode/command.h"

#include <stdio.h>
#include <string.h>

/* Heat, filament, and settings of the extruder; also of hosts and firmwares that know more than
 * Marlin. */
static const char *const dropped[] = {
	"M104", "M109", "M140", "M190", "M141", "M191", "M303", "M116", "M568", /* heat */
	"G10", "G11", "M207", "M208", "M209", /* retraction; G10 sets temperatures on a Duet */
	"M82", "M83", "M221", "M200", "M302", "M900", "M572",		      /* the extruder's */
	"M600", "M603", "M701", "M702", "M125", "M403", "M620", "M621", "M6", /* filament, tools */
};

/* Klipper's own commands that heat nothing. */
static const char *const harmless[] = { "EXCLUDE_OBJECT", "SET_VELOCITY_LIMIT",
	"SET_PRINT_STATS_INFO", "TIMELAPSE_", "SET_GCODE_VARIABLE", "SET_DISPLAY" };

static const char *const dropped_macros[] = { "SET_PRESSURE_ADVANCE", "SET_HEATER_TEMPERATURE",
	"TEMPERATURE_WAIT", "SET_FILAMENT_SENSOR" };

enum { COUNT_OF_DROPPED = sizeof dropped / sizeof *dropped };

void rehearsal_init(struct rehearsal *rehearsal)
{
	memset(rehearsal, 0, sizeof *rehearsal);
}

static bool is_code(const char *word, size_t length, const char *code)
{
	return strlen(code) == length && memcmp(word, code, length) == 0;
}

static bool begins_with_any(const char *text, const char *const *names, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (strncmp(text, names[i], strlen(names[i])) == 0)
			return true;
	return false;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_dropped(const char *text, size_t word)
{
	/* Another tool is another filament. */
	if (text[0] == 'T')
		return true;
	for (size_t i = 0; i < COUNT_OF_DROPPED; i++)
		if (is_code(text, word, dropped[i]))
			return true;
	return false;
}

/* G0 to G3 and G5 move; G92 says where the axes are. */
static bool has_axes(const char *text, size_t word)
{
	static const char *const codes[] = { "G0", "G1", "G2", "G3", "G5", "G92", "G00", "G01",
		"G02", "G03" };

	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
		if (is_code(text, word, codes[i]))
			return true;
	return false;
}

/* Copies the words but those for extruders.  Returns the bytes; *any: more than the command is
 * left; *changed: something was left out. */
static size_t without_extrusion(
	const char *text, size_t length, size_t word, char *out, bool *any, bool *changed)
{
	size_t used = word;

	memcpy(out, text, word);
	*any = *changed = false;
	for (size_t at = word; at < length;) {
		size_t end = at + 1;

		while (end < length && text[end] != ' ')
			end++;
		if (at + 1 < end && text[at + 1] == 'E') {
			*changed = true;
		} else {
			memcpy(out + used, text + at, end - at);
			used += end - at;
			*any |= end - at > 1;
		}
		at = end;
	}
	return used;
}

static size_t keep(struct rehearsal *rehearsal, const char *text, size_t length, char *out)
{
	memcpy(out, text, length);
	rehearsal->kept++;
	return length;
}

static size_t take_macro(struct rehearsal *rehearsal, const struct command *command, char *out)
{
	const char *text = command->text;

	if (begins_with_any(text, dropped_macros, sizeof dropped_macros / sizeof *dropped_macros)) {
		rehearsal->dropped++;
		return 0;
	}
	if (begins_with_any(text, harmless, sizeof harmless / sizeof *harmless))
		return keep(rehearsal, text, command->length, out);
	if (!rehearsal->refused[0]) {
		snprintf(rehearsal->refused, sizeof rehearsal->refused, "%.80s", text);
		rehearsal->refused_line = rehearsal->line;
	}
	return 0;
}

static size_t take_command(struct rehearsal *rehearsal, const struct command *command, char *out)
{
	const char *text = command->text;
	size_t word = strcspn(text, " "), length;
	bool any, changed;

	/* M98 runs a file of the printer. */
	if ((text[0] != 'G' && text[0] != 'M' && text[0] != 'T') ||
		(text[0] != 'T' && !is_digit(text[1])) || is_code(text, word, "M98"))
		return take_macro(rehearsal, command, out);
	if (is_dropped(text, word)) {
		rehearsal->dropped++;
		return 0;
	}
	if (!has_axes(text, word))
		return keep(rehearsal, text, command->length, out);
	length = without_extrusion(text, command->length, word, out, &any, &changed);
	/* "G92" alone would set every axis to 0. */
	if (!any && changed) {
		rehearsal->dropped++;
		return 0;
	}
	rehearsal->kept++;
	rehearsal->changed += changed;
	return length;
}

/* What a slicer says about filament would be believed. */
static bool tells_filament(const char *line, size_t length)
{
	static const char *const words[] = { "filament used", "filament cost", "Filament used",
		"total filament", "filament_used", ";MATERIAL:" };

	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		for (size_t at = 0; at + strlen(words[i]) <= length; at++)
			if (memcmp(line + at, words[i], strlen(words[i])) == 0)
				return true;
	return false;
}

size_t rehearsal_line(
	struct rehearsal *rehearsal, const char *line, size_t length, char out[REHEARSAL_LINE_MAX])
{
	struct command command;

	rehearsal->line++;
	if (length >= REHEARSAL_LINE_MAX)
		length = REHEARSAL_LINE_MAX - 1;
	switch (command_from_line(line, length, &command)) {
	case COMMAND_SEND:
		return take_command(rehearsal, &command, out);
	case COMMAND_NOTHING:
		if (tells_filament(line, length))
			return 0;
		memcpy(out, line, length);
		return length;
	case COMMAND_FILTERED:
	case COMMAND_REFUSED:
		/* Not sent from the file either, or the file is refused. */
		rehearsal->dropped++;
		return 0;
	}
	return 0;
}
