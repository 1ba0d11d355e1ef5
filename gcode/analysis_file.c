/* The file as a whole: what only its end tells. */
#include <stdio.h>  /* snprintf of text */
#include <string.h> /* memcpy, strcmp */

#include "gcode/analysis_internal.h"

#define HOT_CELSIUS  50.0
#define FILAMENT_MM  1.75
#define ULTIMAKER_MM 2.85
#define PI	     3.141592653589793

static double square_mm(double diameter_mm)
{
	return PI / 4 * diameter_mm * diameter_mm;
}

/* ---- rules ------------------------------------------------------------------------------- */

static bool heaters_are_on(const struct analyser *analyser)
{
	const struct modal *modal = &analyser->modal;
	double hotend = 0;

	if (analyser->macro_after_print)
		return false;
	if (analyser->hints.one_nozzle && modal->tool < MODAL_TOOLS_MAX)
		hotend = modal->hotend_celsius[modal->tool];
	else
		for (int tool = 0; tool < MODAL_TOOLS_MAX; tool++)
			if (modal->hotend_celsius[tool] > hotend)
				hotend = modal->hotend_celsius[tool];
	return hotend >= HOT_CELSIUS || modal->bed_celsius > 0 || modal->chamber_celsius > 0;
}

static void check_machine(struct analyser *analyser)
{
	const struct profile *profile = analyser->profile;
	const char *machine = slicer_hints_machine(&analyser->hints);
	double nozzle = analyser->hints.nozzle_mm;
	bool listed = false;

	if (!profile)
		return;
	for (size_t i = 0; i < profile->machine_count; i++)
		listed |= !strcmp(profile->machine[i], machine);
	if (machine[0] && profile->machine_count > 0 && !listed)
		analysis_report_file(analyser, POLICY_OTHER_MACHINE, 0);
	if (nozzle > 0 && profile->nozzle_mm > 0 &&
		(nozzle > profile->nozzle_mm + 0.001 || nozzle < profile->nozzle_mm - 0.001))
		analysis_report_file(analyser, POLICY_OTHER_NOZZLE, 0);
}

void analysis_check_end(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;
	bool hot = heaters_are_on(analyser), extrudes = false;

	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		extrudes |= analyser->filament[tool].used_mm > 0;
	if (result->commands == 0)
		analysis_report_file(analyser, POLICY_NO_COMMANDS, 0);
	else if (analyser->junk_lines > result->commands)
		analysis_report_file(analyser, POLICY_MOSTLY_JUNK, 0);
	else if (!extrudes && !analyser->cnc)
		analysis_report_file(analyser, POLICY_NO_EXTRUSION, 0);
	if (hot)
		analysis_report_file(analyser, POLICY_LEFT_HOT, result->lines);
	if (hot && analyser->last_line_is_open)
		analysis_report_file(analyser, POLICY_CUT_OFF, result->lines);
	if (analyser->hints.open_blocks > 0)
		analysis_report_file(analyser, POLICY_CONFIG_CUT, result->lines);
	check_machine(analyser);
}

/* ---- figures ----------------------------------------------------------------------------- */

/* Of a list that slicers write one value a tool; one number stands for all. */
static double of_tool(const double *values, size_t tool)
{
	return values[tool] > 0 ? values[tool] : values[0];
}

static void fill_tools(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;
	const struct slicer_hints *hints = &analyser->hints;

	for (size_t tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++) {
		const struct filament *filament = &analyser->filament[tool];
		double diameter = of_tool(hints->filament_diameter_mm, tool);
		double density = of_tool(hints->filament_density_g_cm3, tool);
		double cost = of_tool(hints->filament_cost_kg, tool), grams = -1, mm3;

		if (filament->used)
			result->tool_count = tool + 1;
		if (diameter <= 0)
			diameter = hints->volumetric ? ULTIMAKER_MM : FILAMENT_MM;
		mm3 = filament->used_mm * square_mm(diameter);
		if (density > 0)
			grams = mm3 * density / 1000; /* mm3 and g/cm3 */
		result->tool[tool].filament_mm = filament->used_mm;
		result->tool[tool].filament_print_mm = filament->print_mm;
		result->tool[tool].filament_mm3 = mm3;
		result->tool[tool].filament_g = grams;
		result->tool[tool].cost = grams >= 0 && cost > 0 ? grams * cost / 1000 : -1;
	}
	if (result->tool_count == 0)
		result->tool_count = 1;
}

static void copy_name(char *to, const char *from)
{
	snprintf(to, ANALYSIS_NAME_MAX, "%s", from);
}

static enum analysis_limits limits_from(const struct analyser *analyser)
{
	if ((analyser->time.limits.stated & TIME_LIMITS_ALL) == TIME_LIMITS_ALL)
		return LIMITS_COMMANDED;
	return analyser->hints.limits_found && !analyser->hints.limits_ignored &&
			       analyser->hints.flavor != SLICER_FLAVOR_OTHER
		       ? LIMITS_CONFIGURED
		       : LIMITS_ASSUMED;
}

static void fill_box(struct analysis_box *box, const struct extent *extent)
{
	box->any = extent->any;
	memcpy(box->min_mm, extent->min_mm, sizeof box->min_mm);
	memcpy(box->max_mm, extent->max_mm, sizeof box->max_mm);
}

static void fill_words(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;
	const struct slicer_hints *hints = &analyser->hints;

	result->slicer_time_s = hints->time_s;
	result->nozzle_mm = hints->nozzle_mm;
	result->layer_height_mm = hints->layer_height_mm;
	result->thumbnails = hints->thumbnails;
	result->thumbnail_width = hints->picture_width;
	result->thumbnail_height = hints->picture_height;
	result->object_count = hints->object_count;
	memcpy(result->object, hints->object, sizeof result->object);
	copy_name(result->slicer, hints->slicer);
	copy_name(result->machine, slicer_hints_machine(hints));
	copy_name(result->material, hints->material);
	copy_name(result->colour, hints->colour);
}

void analysis_fill(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;

	result->bytes = analyser->reader.offset_bytes;
	result->time_s = time_model_finish(&analyser->time);
	analysis_layers_finish(analyser);
	result->layers = analyser->layer_count;
	result->limits = limits_from(analyser);
	result->has_print_box = analyser->print.any;
	memcpy(result->box_min_mm, analyser->print.min_mm, sizeof result->box_min_mm);
	memcpy(result->box_max_mm, analyser->print.max_mm, sizeof result->box_max_mm);
	fill_box(&result->part, &analyser->part);
	fill_box(&result->travel, &analyser->travel);
	fill_box(&result->cut, &analyser->cut);
	result->program = analyser->cnc;
	result->readers = analysis_dialect_readers(analyser);
	fill_words(analyser);
	fill_tools(analyser);
}
