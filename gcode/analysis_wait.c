/* What takes time beside the moves: dwells, homing, levelling, tool changes, the firmware's own
 * retractions.  What the slicer's figure has is added to the printing time, so that the two
 * compare; the rest is told apart, like heating. */
#include <string.h> /* strlen */

#include "gcode/analysis_internal.h"
#include "gcode/lexer.h"
#include "gcode/text.h"

/* Where the profile does not say: measured on common machines with 8 bit boards. */
#define HOME_MM_S     50.0 /* towards the end stops; on average from the middle */
#define HOME_BUMP_S   3.0  /* back off and touch again, each axis */
#define HOME_Z_S      10.0 /* raised by the print before, and slow */
#define HOME_WAY_MM   110.0
#define LEVEL_S	      60.0
#define TOOL_CHANGE_S 5.0

void analysis_leave_out(struct analyser *analyser, double wait_s)
{
	if (!(wait_s > 0))
		return;
	analyser->result.wait_s += wait_s * analyser->time.factor;
	analysis_heat_pass(analyser, wait_s);
}

void analysis_dwell(struct analyser *analyser, const struct lexer_line *line)
{
	double value, wait_s = 0;

	if (lexer_value(line, 'S', &value))
		wait_s = value;
	else if (lexer_value(line, 'P', &value))
		wait_s = value / 1000;
	if (!analyser->moved && wait_s > 0)
		analysis_warm_up(analyser, wait_s);
	else if (analyser->time.limits.skips_dwell)
		analysis_leave_out(analyser, wait_s);
	else
		time_model_wait(&analyser->time, wait_s, analysis_tag(analyser, FEATURE_WAIT));
}

void analysis_homing(struct analyser *analyser, const struct lexer_line *line)
{
	const struct profile *profile = analyser->profile;
	double axis_s[3], total_s = 0, wait_s = 0;
	bool named = false;

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++) {
		double way_mm = HOME_WAY_MM;

		if (profile && profile->volume_max_mm[axis] > profile->volume_min_mm[axis])
			way_mm = (profile->volume_max_mm[axis] - profile->volume_min_mm[axis]) / 2;
		axis_s[axis] = HOME_BUMP_S + (axis == MODAL_Z ? HOME_Z_S : way_mm / HOME_MM_S);
		total_s += axis_s[axis];
		named |= lexer_find(line, (char)('X' + axis)) != NULL;
	}
	for (int axis = MODAL_X; axis <= MODAL_Z; axis++)
		if (!named || lexer_find(line, (char)('X' + axis)))
			wait_s += axis_s[axis];
	if (profile && profile->home_s > 0)
		wait_s *= profile->home_s / total_s;
	analysis_leave_out(analyser, wait_s);
}

static void level(struct analyser *analyser)
{
	const struct profile *profile = analyser->profile;

	analysis_leave_out(analyser, profile && profile->level_s > 0 ? profile->level_s : LEVEL_S);
}

/* G29 with words loads or switches a stored mesh in most firmware; P probes (Marlin's unified
 * levelling), and S0 does in RepRapFirmware. */
void analysis_levelling(struct analyser *analyser, const struct lexer_line *line)
{
	double kind = 1;

	switch (line->code) {
	case 29:
		if (line->word_count == 0 || lexer_find(line, 'P') ||
			(lexer_value(line, 'S', &kind) && kind == 0))
			level(analyser);
		return;
	case 32: /* RepRapFirmware's bed.g */
	case 33: /* deltas */
	case 34:
	case 80: /* Prusa's mesh */
		level(analyser);
		return;
	default:
		return;
	}
}

void analysis_macro_wait(struct analyser *analyser, const struct lexer_line *line)
{
	static const char *const names[] = { "bed_mesh_calibrate", "quad_gantry_level",
		"z_tilt_adjust", "screws_tilt_calculate", "delta_calibrate" };

	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		if (line->body_length >= strlen(names[i]) &&
			text_contains(line->body, strlen(names[i]), names[i]))
			level(analyser);
}

/* The multi-material unit takes its time to unload one filament and load the next; from the
 * slicer's block, as its own estimate does.  Of several hotends only the machine knows. */
void analysis_tool_change(struct analyser *analyser, size_t before)
{
	const struct slicer_hints *hints = &analyser->hints;
	const struct profile *profile = analyser->profile;
	size_t tool = analysis_tool(analyser);
	double wait_s = analyser->time.limits.load_s[tool];
	bool reloads = analyser->tool_loaded;

	if (reloads)
		wait_s += analyser->time.limits.unload_s[before];
	analyser->tool_loaded = true;
	analyser->result.tool[tool].changes++;
	filament_select(&analyser->filament[tool]);
	if (hints->one_nozzle || wait_s > 0)
		time_model_wait(&analyser->time, wait_s, analysis_tag(analyser, FEATURE_WAIT));
	else if (reloads)
		analysis_leave_out(analyser, profile && profile->tool_change_s > 0
						     ? profile->tool_change_s
						     : TOOL_CHANGE_S);
}
