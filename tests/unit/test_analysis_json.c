/* The analysis as JSON: a real parser reads back what was put in, whatever the texts hold. */
#include "gcode/analysis_json.h"

#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <jansson.h>

#include "gcode/analysis.h"
#include "gcode/utf8.h"

static struct analysis some_analysis(void)
{
	struct analysis analysis = {
		.verdict = VERDICT_WARN,
		.bytes = 9007199254740993,
		.lines = 120,
		.commands = 100,
		.layers = 7,
		.time_s = 3600.5,
		.heat_s = 0.0004,
		.slicer_time_s = 0,
		.tool_count = 2,
		.tool = { { .filament_mm = 1000.125,
				  .filament_print_mm = 990.06,
				  .filament_g = 2.9834 },
			{ .filament_mm = 0.5, .filament_g = -1 } },
		.has_print_box = true,
		.box_min_mm = { -3.25, -0.0004, 0.2 },
		.box_max_mm = { 200, 210.1, 1e5 },
		.hotend_celsius = 215,
		.bed_celsius = 60,
		.nozzle_mm = 0.4,
		.needs_person = true,
		.slicer = "PrusaSlicer 2.5.0",
		.machine = "MK3S",
		.material = "PLA",
		.problem_count = 1,
		.problem_total = 12,
		.problem = { { 42, "hot", VERDICT_WARN, "M104 S300", "too \"hot\" \\ bed" } },
	};

	return analysis;
}

/* The object read back by jansson; fails the test when it is not JSON. */
static json_t *read_back(const struct analysis *analysis, const struct analysis_labels *labels)
{
	char *text = malloc(ANALYSIS_JSON_MAX);
	size_t length = analysis_to_json(analysis, labels, text, ANALYSIS_JSON_MAX);
	json_error_t error;

	assert_true(length < ANALYSIS_JSON_MAX);
	assert_int_equal(strlen(text), length);
	json_t *root = json_loads(text, JSON_REJECT_DUPLICATES, &error);

	if (!root)
		fail_msg("%s at %d in %s", error.text, error.position, text);
	free(text);
	return root;
}

static double number(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	assert_true(json_is_number(value));
	return json_number_value(value);
}

static const char *text_of(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	assert_non_null(text);
	return text;
}

static void test_every_field_is_read_back(void **state)
{
	struct analysis analysis = some_analysis();
	const struct analysis_labels labels = {
		.file = "visor.gcode", .sha256 = "abc", .format = "gzip"
	};
	json_t *root = read_back(&analysis, &labels);
	const json_t *tools = json_object_get(root, "tools");
	const json_t *box = json_object_get(root, "bbox_print_mm");
	const json_t *problem = json_array_get(json_object_get(root, "problems"), 0);

	(void)state;
	assert_string_equal(text_of(root, "file"), "visor.gcode");
	assert_string_equal(text_of(root, "sha256"), "abc");
	assert_string_equal(text_of(root, "format"), "gzip");
	assert_string_equal(text_of(root, "verdict"), "warn");
	assert_string_equal(text_of(root, "slicer"), "PrusaSlicer 2.5.0");
	assert_string_equal(text_of(root, "machine"), "MK3S");
	assert_string_equal(text_of(root, "material"), "PLA");
	assert_int_equal(json_integer_value(json_object_get(root, "bytes")), 9007199254740993);
	assert_true(number(root, "lines") == 120 && number(root, "commands") == 100);
	assert_true(number(root, "layers") == 7);
	assert_true(number(root, "time_s") == 3600.5 && number(root, "heat_s") == 0);
	assert_true(json_is_null(json_object_get(root, "slicer_time_s")));
	assert_true(number(root, "hotend_celsius") == 215 && number(root, "bed_celsius") == 60);
	assert_true(number(root, "nozzle_mm") == 0.4);
	assert_true(json_is_true(json_object_get(root, "needs_person")));
	assert_int_equal(json_array_size(tools), 2);
	assert_true(number(json_array_get(tools, 0), "filament_mm") == 1000.125);
	assert_true(number(json_array_get(tools, 0), "filament_print_mm") == 990.06);
	assert_true(number(json_array_get(tools, 0), "filament_g") == 2.983);
	assert_true(json_is_null(json_object_get(json_array_get(tools, 1), "filament_g")));
	assert_true(json_number_value(json_array_get(json_object_get(box, "min"), 0)) == -3.25);
	assert_true(json_number_value(json_array_get(json_object_get(box, "min"), 1)) == 0);
	assert_true(json_number_value(json_array_get(json_object_get(box, "max"), 2)) == 1e5);
	assert_true(number(problem, "line") == 42 && number(root, "problems_total") == 12);
	assert_string_equal(text_of(problem, "rule"), "hot");
	assert_string_equal(text_of(problem, "severity"), "warn");
	assert_string_equal(text_of(problem, "command"), "M104 S300");
	assert_string_equal(text_of(problem, "text"), "too \"hot\" \\ bed");
	json_decref(root);
}

static void test_any_byte_in_a_text_gives_valid_json(void **state)
{
	struct analysis analysis = some_analysis();

	(void)state;
	for (int first = 1; first < 256; first++) {
		for (int second = 0; second < 256; second += 5) {
			char name[] = { 'a', (char)first, (char)second, 'z', '\0' };
			const struct analysis_labels labels = { .file = name };

			json_decref(read_back(&analysis, &labels));
		}
	}
}

static void test_what_is_utf8_is_kept_and_what_is_not_is_marked(void **state)
{
	static const struct {
		const char *in, *out;
	} rows[] = {
		{ "caf\xc3\xa9", "caf\xc3\xa9" },
		{ "\xe2\x82\xac", "\xe2\x82\xac" },
		{ "\xf0\x9f\x96\xa8", "\xf0\x9f\x96\xa8" },
		{ "\xc3", "\xef\xbf\xbd" },
		{ "\xc0\xaf", "\xef\xbf\xbd\xef\xbf\xbd" },		    /* overlong */
		{ "\xed\xa0\x80", "\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd" }, /* surrogate */
		{ "\xe2\x82", "\xef\xbf\xbd\xef\xbf\xbd" },
		{ "\x1b[31m\x7f\n", "\x1b[31m\x7f\n" },
	};
	struct analysis analysis = some_analysis();

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		const struct analysis_labels labels = { .file = rows[i].in };
		json_t *root = read_back(&analysis, &labels);

		assert_string_equal(text_of(root, "file"), rows[i].out);
		json_decref(root);
	}
}

static void test_the_fullest_analysis_fits(void **state)
{
	struct analysis *analysis = calloc(1, sizeof *analysis);

	(void)state;
	*analysis = some_analysis();
	analysis->tool_count = ANALYSIS_TOOLS_MAX;
	analysis->problem_count = ANALYSIS_PROBLEMS_MAX;
	memset(analysis->slicer, 1, sizeof analysis->slicer - 1);
	for (size_t i = 0; i < ANALYSIS_PROBLEMS_MAX; i++) {
		struct analysis_problem *problem = &analysis->problem[i];

		problem->line = INT64_MIN;
		problem->rule = "a rule with quite a long name for a rule";
		memset(problem->command, 1, sizeof problem->command - 1);
		memset(problem->text, 0xff, sizeof problem->text - 1);
	}
	json_t *root = read_back(analysis, NULL);

	assert_int_equal(json_array_size(json_object_get(root, "problems")), ANALYSIS_PROBLEMS_MAX);
	json_decref(root);
	free(analysis);
}

static void test_a_small_buffer_is_never_overrun_and_the_length_is_told(void **state)
{
	struct analysis analysis = some_analysis();
	size_t whole = analysis_to_json(&analysis, NULL, NULL, 0);
	char *full = malloc(whole + 1);

	(void)state;
	analysis_to_json(&analysis, NULL, full, whole + 1);
	for (size_t size = 1; size <= whole + 1; size++) {
		char *part = malloc(size); /* the sanitizer stands behind it */

		assert_int_equal(analysis_to_json(&analysis, NULL, part, size), whole);
		assert_int_equal(strlen(part), size - 1);
		assert_memory_equal(part, full, size - 1);
		free(part);
	}
	free(full);
}

static void test_numbers_do_not_follow_the_locale_and_odd_ones_are_null(void **state)
{
	struct analysis analysis = some_analysis();

	(void)state;
	setlocale(LC_ALL, "de_DE.UTF-8");
	analysis.time_s = (double)NAN;
	analysis.heat_s = (double)INFINITY;
	analysis.nozzle_mm = 1e300;
	analysis.bed_celsius = -0.5;
	analysis.has_print_box = false;
	json_t *root = read_back(&analysis, NULL);

	assert_true(json_is_null(json_object_get(root, "time_s")));
	assert_true(json_is_null(json_object_get(root, "heat_s")));
	assert_true(json_is_null(json_object_get(root, "nozzle_mm")));
	assert_true(json_is_null(json_object_get(root, "bbox_print_mm")));
	assert_true(number(root, "bed_celsius") == -0.5);
	setlocale(LC_ALL, "C");
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field_is_read_back),
		cmocka_unit_test(test_any_byte_in_a_text_gives_valid_json),
		cmocka_unit_test(test_what_is_utf8_is_kept_and_what_is_not_is_marked),
		cmocka_unit_test(test_the_fullest_analysis_fits),
		cmocka_unit_test(test_a_small_buffer_is_never_overrun_and_the_length_is_told),
		cmocka_unit_test(test_numbers_do_not_follow_the_locale_and_odd_ones_are_null),
	};

	return cmocka_run_group_tests_name("analysis_json", tests, NULL, NULL);
}
