/* What a file says about itself: figures against real slicers' own, and the same whatever the
 * pieces it comes in. */
#include "gcode/analysis.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gcode_text.h"

#define REAL_FILES "tests/corpus/gcode"

/* ---- real files -------------------------------------------------------------------------- */

/* The machines that the files were sliced for; "other" is what no shipped profile describes. */
static const struct profile machines[] = {
	{ .name = "ender3",
		.volume_max_mm = { 235, 235, 250 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 260,
		.bed_max_celsius = 110,
		.firmware = PROFILE_FIRMWARE_MARLIN },
	{ .name = "mk3s",
		.volume_min_mm = { 0, -4, 0 },
		.volume_max_mm = { 250, 210, 210 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 280,
		.bed_max_celsius = 110,
		.firmware = PROFILE_FIRMWARE_MARLIN },
	{ .name = "mmu2s",
		.volume_min_mm = { 0, -4, 0 },
		.volume_max_mm = { 250, 210, 210 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 280,
		.bed_max_celsius = 110,
		.firmware = PROFILE_FIRMWARE_MARLIN,
		.tool_count = 5 },
	{ .name = "um2",
		.volume_max_mm = { 230, 225, 205 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 260,
		.bed_max_celsius = 110 },
	{ .name = "smoothie",
		.volume_max_mm = { 120, 120, 120 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 275,
		.bed_max_celsius = 120 },
	{ .name = "other",
		.volume_max_mm = { 235, 235, 250 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 275,
		.bed_max_celsius = 120 },
};

struct expected {
	char file[96], machine[16], time[16], filament[16], slicer[48];
	double percent, box[6];
	int layers, lines;
};

static bool read_expected(char *line, struct expected *row)
{
	char *fields[9], *save = NULL;
	size_t count = 0;

	if (line[0] == '#')
		return false;
	line[strcspn(line, "\n")] = '\0';
	for (char *field = strtok_r(line, "\t", &save); field && count < 9;
		field = strtok_r(NULL, "\t", &save))
		fields[count++] = field;
	assert_int_equal(count, 9);
	snprintf(row->file, sizeof row->file, "%s", fields[0]);
	snprintf(row->machine, sizeof row->machine, "%s", fields[1]);
	snprintf(row->time, sizeof row->time, "%s", fields[2]);
	row->percent = atof(fields[3]);
	snprintf(row->filament, sizeof row->filament, "%s", fields[4]);
	row->layers = atoi(fields[5]);
	assert_int_equal(sscanf(fields[6], "%lf %lf %lf %lf %lf %lf", &row->box[0], &row->box[1],
				 &row->box[2], &row->box[3], &row->box[4], &row->box[5]),
		6);
	snprintf(row->slicer, sizeof row->slicer, "%s", fields[7]);
	row->lines = atoi(fields[8]);
	return true;
}

static const struct profile *find_machine(const char *name)
{
	for (size_t i = 0; i < sizeof machines / sizeof *machines; i++)
		if (!strcmp(machines[i].name, name))
			return &machines[i];
	fail_msg("no machine %s", name);
	return NULL;
}

static void compare(const struct expected *row, const struct analysis *analysis)
{
	if (analysis->verdict == VERDICT_REFUSE)
		fail_msg("%s is refused: line %d: %s", row->file, (int)analysis->problem[0].line,
			analysis->problem[0].text);
	if (analysis->lines != row->lines || analysis->layers != row->layers ||
		strcmp(analysis->slicer, row->slicer) != 0)
		fail_msg("%s: %d lines, %d layers, %s", row->file, (int)analysis->lines,
			(int)analysis->layers, analysis->slicer);
	for (int axis = 0; axis < 3; axis++)
		if (fabs(analysis->box_min_mm[axis] - row->box[2 * axis]) > 0.00051 ||
			fabs(analysis->box_max_mm[axis] - row->box[2 * axis + 1]) > 0.00051)
			fail_msg("%s: axis %d prints from %.4f to %.4f", row->file, axis,
				analysis->box_min_mm[axis], analysis->box_max_mm[axis]);
	if (row->filament[0] != '-' &&
		fabs(analysis->tool[0].filament_print_mm - atof(row->filament)) > 0.1)
		fail_msg("%s: %.3f mm of filament, the slicer says %s", row->file,
			analysis->tool[0].filament_print_mm, row->filament);
	if (row->time[0] == '-')
		return;
	assert_true(fabs(analysis->slicer_time_s - atof(row->time)) < 0.5);
	if (fabs(analysis->time_s / atof(row->time) - 1) * 100 > row->percent)
		fail_msg("%s: %.0f s, the slicer says %s", row->file, analysis->time_s, row->time);
}

static void test_real_files_are_accepted_and_their_figures_agree_with_the_slicer(void **state)
{
	FILE *table = fopen(REAL_FILES "/expected.tsv", "r");
	static struct analysis analysis;
	char line[512];
	size_t count = 0;

	(void)state;
	assert_non_null(table);
	while (fgets(line, sizeof line, table)) {
		struct expected row;
		char path[160];
		size_t length;
		char *bytes;

		if (!read_expected(line, &row))
			continue;
		snprintf(path, sizeof path, REAL_FILES "/%s", row.file);
		bytes = gcode_text_read_file(path, &length);
		gcode_text_inspect(bytes, length, find_machine(row.machine), &analysis);
		free(bytes);
		compare(&row, &analysis);
		count++;
	}
	fclose(table);
	assert_true(count >= 14);
}

static void test_a_file_for_makerbots_is_refused_on_marlin(void **state)
{
	static struct analysis analysis;
	size_t length;
	char *bytes = gcode_text_read_file(
		REAL_FILES "/ps_generic_calicube_0.30_sailfish.gcode.gz", &length);

	(void)state;
	gcode_text_inspect(bytes, length, find_machine("ender3"), &analysis);
	free(bytes);
	assert_int_equal(analysis.verdict, VERDICT_REFUSE);
	assert_true(gcode_text_has_problem(&analysis, "extruder-mode"));
}

static void test_a_file_for_mach3_is_refused_on_marlin(void **state)
{
	static struct analysis analysis;
	size_t length;
	char *bytes =
		gcode_text_read_file(REAL_FILES "/s3_mach3_calicube_verbose.gcode.gz", &length);

	(void)state;
	gcode_text_inspect(bytes, length, find_machine("ender3"), &analysis);
	free(bytes);
	assert_int_equal(analysis.verdict, VERDICT_REFUSE);
	assert_true(gcode_text_has_problem(&analysis, "foreign-dialect"));
}

/* ---- pieces ------------------------------------------------------------------------------ */

static void assert_same(const struct analysis *a, const struct analysis *b)
{
	assert_int_equal(a->verdict, b->verdict);
	assert_int_equal(a->problem_total, b->problem_total);
	assert_int_equal(a->commands, b->commands);
	assert_true(a->time_s == b->time_s);
	assert_memory_equal(a, b, sizeof *a);
}

static void test_any_pieces_give_the_same_analysis(void **state)
{
	static struct analysis whole, pieces;
	char text[4096];

	(void)state;
	gcode_text_with("; generated by PrusaSlicer 2.5.0 on 2026-01-01\r\n;LAYER_CHANGE\r\n"
			"G1 X300\nM117 \xc3\xa9\n(note)\nG2 X100 Y50 I20 J0\n\x1b\n",
		text, sizeof text);
	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	gcode_text_analyse(text, strlen(text), &gcode_text_reference, &whole);
	assert_int_equal(whole.verdict, VERDICT_REFUSE);
	for (size_t piece = 1; piece < 200; piece++) {
		gcode_text_analyse_pieces(
			text, strlen(text), piece, &gcode_text_reference, &pieces);
		assert_same(&whole, &pieces);
	}
}

static void test_a_file_cut_at_every_byte_is_analysed_and_seldom_called_good(void **state)
{
	static struct analysis analysis;
	size_t length = strlen(gcode_text_square);

	(void)state;
	for (size_t cut = 0; cut < length; cut++) {
		gcode_text_analyse(gcode_text_square, cut, &gcode_text_reference, &analysis);
		/* After the cool-down nothing is missing that matters. */
		if (analysis.verdict == VERDICT_OK)
			assert_true(cut > (size_t)(strstr(gcode_text_square, "M140 S0") -
						   gcode_text_square));
	}
}

/* ---- figures ----------------------------------------------------------------------------- */

static void analyse_with(const char *lines, struct analysis *analysis)
{
	char text[4096];

	gcode_text_with(lines, text, sizeof text);
	gcode_text_analyse(text, strlen(text), &gcode_text_reference, analysis);
}

static void test_the_square_has_its_figures(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("", &analysis);
	assert_int_equal(analysis.verdict, VERDICT_OK);
	assert_true(fabs(analysis.tool[0].filament_mm - 10) < 1e-9);
	assert_int_equal(analysis.tool_count, 1);
	assert_int_equal(analysis.layers, 1);
	assert_int_equal(analysis.commands, 19);
	assert_int_equal(analysis.lines, 19);
	assert_int_equal(analysis.bytes, strlen(gcode_text_square));
	assert_true(analysis.hotend_celsius == 205 && analysis.bed_celsius == 60);
	/* 200 mm at 25 mm/s and some travel. */
	assert_true(analysis.time_s > 8 && analysis.time_s < 14);
	assert_true(analysis.heat_s > 60);
	assert_true(analysis.tool[0].filament_g < 0);
}

static void test_an_arc_counts_with_its_true_extent(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("G3 X100 Y100 I0 J25 E3\nG1 X100 Y50\n", &analysis);
	assert_true(fabs(analysis.box_max_mm[0] - 125) < 1e-9);
	analyse_with("G2 X100 Y100 I0 J25 E3\nG1 X100 Y50\n", &analysis);
	assert_true(fabs(analysis.box_max_mm[0] - 100) < 1e-9);
	assert_true(fabs(analysis.box_min_mm[0] - 50) < 1e-9);
}

static void test_retractions_use_no_filament_and_purge_is_told_apart(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("G1 E0.5\nG1 X60\nG1 E2.5\n", &analysis);
	assert_true(fabs(analysis.tool[0].filament_mm - 10) < 1e-9);
	analyse_with(";TYPE:Custom\nG1 E12.5\nG92 E2.5\n;TYPE:Perimeter\n", &analysis);
	assert_true(fabs(analysis.tool[0].filament_mm - 20) < 1e-9);
	assert_true(fabs(analysis.tool[0].filament_print_mm - 10) < 1e-9);
}

static void test_grams_follow_from_density_and_diameter(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("; filament_density = 1.25,1.30\n; filament_diameter = 2.85\n", &analysis);
	assert_true(fabs(analysis.tool[0].filament_g -
			    10 * acos(-1) / 4 * 2.85 * 2.85 * 1.25 / 1000) < 1e-9);
}

static void test_layers_are_marks_where_there_are_marks_and_heights_elsewhere(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with(";LAYER_CHANGE\nG1 Z0.5\n;LAYER_CHANGE\nG1 Z0.7\n;LAYER_CHANGE\nG1 Z0.3\n",
		&analysis);
	assert_int_equal(analysis.layers, 3);
	/* A hop is no layer; plastic laid higher is. */
	analyse_with("G1 Z0.8\nG1 Z0.5\nG1 X60 E3\nG1 Z0.3\n", &analysis);
	assert_int_equal(analysis.layers, 2);
}

/* The layers of the text; the caller frees nothing. */
static const struct analysis_layer *layers_of(
	struct analyser *analyser, const char *text, struct analysis *analysis, size_t *count)
{
	analyser_feed(analyser, text, strlen(text));
	analyser_finish(analyser, analysis);
	return analyser_layers(analyser, count);
}

static void test_the_index_of_layers_adds_up_to_the_print(void **state)
{
	static const char text[] =
		"M104 S205\nM109 S205\nG28\nG90\nM83\nG1 X10 Y10 Z0.2 F6000\n"
		";LAYER_CHANGE\nG1 X110 E5 F1200\n;LAYER_CHANGE\nG1 Z0.4\nG1 X10 E5\nG4 S3\n"
		";LAYER_CHANGE\nG1 Z0.2\nG1 X60 E2\nM104 S0\n";
	struct analyser *analyser = analyser_create(NULL);
	static struct analysis analysis;
	size_t count;
	const struct analysis_layer *layer = layers_of(analyser, text, &analysis, &count);

	(void)state;
	assert_int_equal(count, 3);
	assert_int_equal(analysis.layers, 3);
	for (size_t i = 0; i < count; i++)
		assert_true(!memcmp(text + layer[i].offset_bytes, ";LAYER_CHANGE", 13));
	assert_true(fabs(layer[0].z_mm - 0.2) < 1e-9 && fabs(layer[1].z_mm - 0.4) < 1e-9);
	assert_int_equal(layer[0].line, 7);
	assert_int_equal(layer[0].command, 6);
	assert_true(layer[0].time_s > 5 && layer[1].time_s > layer[0].time_s + 3);
	assert_true(fabs(layer[1].start_s - layer[0].start_s - layer[0].time_s) < 1e-9);
	assert_true(fabs(layer[2].start_s + layer[2].time_s - analysis.time_s) < 1e-9);
	assert_true(fabs(layer[0].filament_mm - 5) < 1e-9);
	/* The third stands beside what was printed higher: no place to begin again. */
	assert_true(layer[0].resumable && layer[1].resumable && !layer[2].resumable);
	analyser_destroy(analyser);
}

static void test_what_was_taken_for_layers_before_the_first_mark_was_none(void **state)
{
	static const char text[] =
		"M109 S205\nG28\nG90\nM83\nG1 Z0.3 F6000\nG1 X100 E9 F1000\nG1 Z0.6\nG1 X0 E9\n"
		";LAYER:0\nG1 X10 E1\n;LAYER:1\nG1 Z0.9\nG1 X20 E1\n";
	struct analyser *analyser = analyser_create(NULL);
	static struct analysis analysis;
	size_t count;
	const struct analysis_layer *layer = layers_of(analyser, text, &analysis, &count);

	(void)state;
	assert_int_equal(count, 2);
	assert_true(layer[0].start_s > 10);
	assert_true(fabs(layer[0].filament_mm - 1) < 1e-9);
	assert_true(fabs(layer[1].start_s + layer[1].time_s - analysis.time_s) < 1e-9);
	analyser_destroy(analyser);
}

static void test_time_and_filament_are_told_by_feature_and_by_tool(void **state)
{
	static struct analysis analysis;
	double sum = 0, tools = 0;

	(void)state;
	analyse_with(";TYPE:External perimeter\nG1 X60 E3\nT1\n;TYPE:Internal infill\nG92 E0\n"
		     "G1 X100 E3 F600\nG1 X60 F6000\nT0\n",
		&analysis);
	assert_true(analysis.feature_s[FEATURE_OUTER_WALL] > 1);
	assert_true(analysis.feature_s[FEATURE_INFILL] > 4);
	assert_true(analysis.feature_s[FEATURE_TRAVEL] > 0.3);
	for (int i = 0; i < FEATURE_COUNT; i++)
		sum += analysis.feature_s[i];
	for (int i = 0; i < ANALYSIS_TOOLS_MAX; i++)
		tools += analysis.tool[i].time_s;
	assert_true(fabs(sum - analysis.time_s) < 1e-9);
	assert_true(fabs(tools - analysis.time_s) < 1e-9);
	assert_int_equal(analysis.tool_count, 2);
	assert_true(fabs(analysis.tool[1].filament_mm - 3) < 1e-9);
	assert_int_equal(analysis.tool[1].changes, 1);
}

static void test_temperatures_are_listed_with_where_and_whether_they_are_waited_for(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("M106 S128\nM104 S190\nM104 S205\n", &analysis);
	/* 60 and 205 waited for, 190 set, all off at the end. */
	assert_int_equal(analysis.target_count, 5);
	assert_int_equal(analysis.target[0].heater, ANALYSIS_BED);
	assert_true(analysis.target[0].celsius == 60 && analysis.target[0].waited);
	assert_true(analysis.target[1].celsius == 205 && analysis.target[1].waited);
	assert_true(analysis.target[2].celsius == 190 && !analysis.target[2].waited);
	assert_int_equal(analysis.target[1].line, 2);
	assert_true(analysis.fan_max == 128);
}

static void test_a_correction_stretches_all_times(void **state)
{
	struct analyser *analyser = analyser_create(&gcode_text_reference);
	static struct analysis plain, corrected;
	size_t count;

	(void)state;
	analyse_with("", &plain);
	analyser_correct(analyser, 1.25);
	layers_of(analyser, gcode_text_square, &corrected, &count);
	assert_true(fabs(corrected.time_s - 1.25 * plain.time_s) < 1e-9);
	assert_true(fabs(corrected.heat_s - 1.25 * plain.heat_s) < 1e-6);
	analyser_destroy(analyser);
}

static void test_boxes_tell_printing_the_part_and_travel_apart(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with(";TYPE:Custom\nG1 X10 E3\nG92 E2.5\n;TYPE:Skirt\nG1 X20 E3\n"
		     ";TYPE:Perimeter\nG1 X100 E3.5\nG1 Y220 F6000\nG1 Y50\nG92 E2.5\n",
		&analysis);
	assert_true(analysis.box_min_mm[0] == 10);
	assert_true(analysis.part.any && analysis.part.min_mm[0] == 20);
	assert_true(analysis.travel.any && analysis.travel.max_mm[1] == 220);
	assert_int_equal(analysis.first_print_line, 12);
}

static void test_the_slicer_the_machine_and_the_material_are_read(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("; generated by PrusaSlicer 2.5.0 on 2026-11-22 at 07:07:17 UTC\n"
		     "; printer_settings_id = Original Prusa i3 MK3S & MK3S+\n; printer_model = \n"
		     "; filament_type = PETG;PETG\n; nozzle_diameter = 0.6\n"
		     "; estimated printing time (normal mode) = 1d 2h 3m 4s\n",
		&analysis);
	assert_string_equal(analysis.slicer, "PrusaSlicer 2.5.0");
	assert_string_equal(analysis.machine, "Original Prusa i3 MK3S & MK3S+");
	assert_string_equal(analysis.material, "PETG");
	assert_true(fabs(analysis.nozzle_mm - 0.6) < 1e-9);
	assert_true(fabs(analysis.slicer_time_s - 93784) < 1e-9);
	assert_true(gcode_text_has_problem(&analysis, "other-nozzle"));
	analyse_with(";FLAVOR:Marlin\n;TIME:17155\n;Generated with Cura_SteamEngine 4.13.0\n"
		     ";TARGET_MACHINE.NAME:Creality Ender-3\n;LAYER:0\n",
		&analysis);
	assert_string_equal(analysis.slicer, "Cura_SteamEngine 4.13.0");
	assert_string_equal(analysis.machine, "Creality Ender-3");
	assert_true(analysis.slicer_time_s == 17155);
}

static void test_comments_that_lie_are_ignored(void **state)
{
	static struct analysis analysis;

	(void)state;
	analyse_with("; estimated printing time (normal mode) = 99999999999d 0h\n;TIME:NaN\n"
		     "; filament_density = -5\n; nozzle_diameter = 1e9\n"
		     "; generated by \x1b[2J<script>\n",
		&analysis);
	assert_true(analysis.slicer_time_s == 0);
	assert_true(analysis.tool[0].filament_g < 0);
	assert_string_equal(analysis.slicer, "\\x1b[2J<script>");
}

static void test_whatever_the_bytes_the_figures_are_finite(void **state)
{
	static struct analysis analysis;
	static char text[3000];
	uint32_t random = 1;

	(void)state;
	for (int round = 0; round < 3000; round++) {
		static const char letters[] = "G1G0G2G3XYZEFIJR0123456789.- \n;M104S92*N()";

		for (size_t i = 0; i < sizeof text; i++) {
			random = random * 1664525 + 1013904223;
			text[i] = letters[(random >> 16) % (sizeof letters - 1)];
		}
		gcode_text_analyse(text, sizeof text, &gcode_text_reference, &analysis);
		assert_true(isfinite(analysis.time_s) && analysis.time_s >= 0);
		assert_true(isfinite(analysis.tool[0].filament_mm));
		assert_true(analysis.problem_count <= ANALYSIS_PROBLEMS_MAX);
		for (int axis = 0; axis < 3; axis++)
			assert_true(isfinite(analysis.box_max_mm[axis]));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_real_files_are_accepted_and_their_figures_agree_with_the_slicer),
		cmocka_unit_test(test_a_file_for_makerbots_is_refused_on_marlin),
		cmocka_unit_test(test_a_file_for_mach3_is_refused_on_marlin),
		cmocka_unit_test(test_any_pieces_give_the_same_analysis),
		cmocka_unit_test(test_a_file_cut_at_every_byte_is_analysed_and_seldom_called_good),
		cmocka_unit_test(test_the_square_has_its_figures),
		cmocka_unit_test(test_an_arc_counts_with_its_true_extent),
		cmocka_unit_test(test_retractions_use_no_filament_and_purge_is_told_apart),
		cmocka_unit_test(test_grams_follow_from_density_and_diameter),
		cmocka_unit_test(test_layers_are_marks_where_there_are_marks_and_heights_elsewhere),
		cmocka_unit_test(test_the_index_of_layers_adds_up_to_the_print),
		cmocka_unit_test(test_what_was_taken_for_layers_before_the_first_mark_was_none),
		cmocka_unit_test(test_time_and_filament_are_told_by_feature_and_by_tool),
		cmocka_unit_test(
			test_temperatures_are_listed_with_where_and_whether_they_are_waited_for),
		cmocka_unit_test(test_a_correction_stretches_all_times),
		cmocka_unit_test(test_boxes_tell_printing_the_part_and_travel_apart),
		cmocka_unit_test(test_the_slicer_the_machine_and_the_material_are_read),
		cmocka_unit_test(test_comments_that_lie_are_ignored),
		cmocka_unit_test(test_whatever_the_bytes_the_figures_are_finite),
	};

	return cmocka_run_group_tests_name("analysis", tests, NULL, NULL);
}
