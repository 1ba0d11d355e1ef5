/* Whose dialect a file is written in: which firmwares read it as it is meant.  For farms with
 * several: a print goes only where it is understood. */
#include "gcode/analysis_internal.h"
#include "gcode/command.h"
#include "gcode/lexer.h"

#define BIT(firmware) (1U << PROFILE_FIRMWARE_##firmware)

static const unsigned printers = BIT(MARLIN) | BIT(KLIPPER) | BIT(REPRAP);

void analysis_dialect_prepare(struct analyser *analyser)
{
	analyser->readers = printers;
}

static unsigned refused_by(enum policy_id id)
{
	switch ((int)id) {
	case POLICY_FOREIGN_DIALECT:
	case POLICY_FOREIGN_DIALECT_UNSAID:
	case POLICY_EXTRUDER_MODE:
	case POLICY_EXTRUDER_MODE_UNSAID:
		return printers;
	case POLICY_TOOL_PARK:
		return BIT(MARLIN) | BIT(KLIPPER);
	case POLICY_TOO_LONG:
	case POLICY_MACRO_FIRMWARE:
		return BIT(MARLIN);
	}
	return 0;
}

static void need_tools(struct analyser *analyser, int32_t count)
{
	if (count > analyser->result.tools_needed && count <= PROFILE_TOOLS_ANY)
		analyser->result.tools_needed = count;
}

void analysis_dialect_findings(struct analyser *analyser, const struct policy_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		analyser->readers &= ~refused_by(findings->finding[i].id);
		/* A unit that chooses has something to choose from. */
		if (findings->finding[i].id == POLICY_TOOL_MMU)
			need_tools(analyser, 2);
	}
}

/* "G10 P0 S215" sets a tool's heat in RepRapFirmware; Marlin and Klipper retract. */
static bool is_tool_setting(const struct lexer_line *line)
{
	if (line->kind != LEXER_COMMAND || line->letter != 'G' || line->code != 10)
		return false;
	for (size_t i = 0; i < line->word_count; i++)
		if (line->word[i].letter == 'P')
			return true;
	return false;
}

void analysis_dialect_line(
	struct analyser *analyser, const struct lexer_line *line, size_t command_bytes)
{
	if (line->kind == LEXER_MACRO)
		analyser->readers &= BIT(KLIPPER);
	if (command_bytes > COMMAND_SHORT_MAX && !command_may_be_cut(line))
		analyser->readers &= ~BIT(MARLIN);
	if (is_tool_setting(line))
		analyser->readers &= BIT(REPRAP);
	if (line->kind == LEXER_COMMAND && line->letter == 'T')
		need_tools(analyser, line->code + 1);
}

unsigned analysis_dialect_readers(const struct analyser *analyser)
{
	return analyser->cnc ? BIT(GRBL) : analyser->readers;
}
