/* What a file may not do: the table of odd and dangerous files, and each rule alone. */
#include "gcode/policy.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gcode/command.h"
#include "tests/unit/gcode_text.h"

#define BAD_FILES "tests/corpus/bad"

static bool verdict_fits(const char *class, enum analysis_verdict verdict)
{
	if (!strcmp(class, "accept"))
		return verdict == VERDICT_OK;
	if (!strcmp(class, "warn") || !strcmp(class, "filter"))
		return verdict == VERDICT_WARN;
	if (!strcmp(class, "accept-or-reject"))
		return verdict != VERDICT_WARN;
	/* reject, and conditional for a machine with one tool */
	return verdict == VERDICT_REFUSE;
}

static bool near(double a, double b)
{
	return fabs(a - b) < 0.001;
}

/* The figures of ok_reference.gcode. */
static void assert_reference(const char *file, const struct analysis *analysis)
{
	if (!near(analysis->tool[0].filament_mm, 10) || !near(analysis->hotend_celsius, 205) ||
		!near(analysis->bed_celsius, 60) || !analysis->has_print_box ||
		!near(analysis->box_min_mm[0], 50) || !near(analysis->box_min_mm[1], 50) ||
		!near(analysis->box_max_mm[0], 100) || !near(analysis->box_max_mm[1], 100) ||
		!near(analysis->box_max_mm[2], 0.3))
		fail_msg("%s: filament %g, box %g %g to %g %g", file, analysis->tool[0].filament_mm,
			analysis->box_min_mm[0], analysis->box_min_mm[1], analysis->box_max_mm[0],
			analysis->box_max_mm[1]);
}

static void test_every_odd_and_dangerous_file_gets_its_answer(void **state)
{
	FILE *table = fopen(BAD_FILES "/expected.tsv", "r");
	char line[256], file[128], class[32], reference[8], path[256];
	size_t count = 0;

	(void)state;
	assert_non_null(table);
	while (fgets(line, sizeof line, table)) {
		static struct analysis analysis;

		if (line[0] == '#')
			continue;
		assert_int_equal(sscanf(line, "%127s %31s %7s", file, class, reference), 3);
		snprintf(path, sizeof path, BAD_FILES "/%s", file);
		gcode_text_inspect_file(path, &gcode_text_reference, &analysis);
		if (!verdict_fits(class, analysis.verdict))
			fail_msg("%s: %s, wanted %s; first problem %s", file,
				analysis_verdict_name(analysis.verdict), class,
				analysis.problem_count ? analysis.problem[0].text : "none");
		if (!strcmp(reference, "ref") && analysis.verdict != VERDICT_REFUSE)
			assert_reference(file, &analysis);
		count++;
	}
	fclose(table);
	assert_int_equal(count, 115);
}

struct rule_case {
	const char *lines; /* put into a good file */
	const char *rule;  /* NULL: nothing to say */
	enum analysis_verdict verdict;
};

static const struct rule_case rules[] = {
	{ "", NULL, VERDICT_OK },
	{ "M104 S275\n", NULL, VERDICT_OK },
	{ "M104 S276\n", "temperature", VERDICT_REFUSE },
	/* Klipper knows an object without its outline, and nobody can send that much. */
	{ "EXCLUDE_OBJECT_DEFINE NAME=visor_stl_id_0_copy_0 CENTER=117.5,117.5 POLYGON=["
	  "[100,100],[120,100],[120,120],[100,120],[90,110],[100,100],[120,100],"
	  "[120,120],[100,120],[90,110],[100,100],[120,100],[120,120],[100,120],[90,110],"
	  "[100,100],[120,100],[120,120],[100,120],[90,110]]\n",
		"long-outline", VERDICT_WARN },
	{ "START_PRINT NAME=visor_stl_id_0_copy_0 CENTER=117.5,117.5 POLYGON=["
	  "[100,100],[120,100],[120,120],[100,120],[90,110],[100,100],[120,100],"
	  "[120,120],[100,120],[90,110],[100,100],[120,100],[120,120],[100,120],[90,110],"
	  "[100,100],[120,100],[120,120],[100,120],[90,110]]\n",
		"too-long", VERDICT_REFUSE },
	{ "START_PRINT BED_TEMP=60 EXTRUDER_TEMP=215 CHAMBER_TEMP=0 MATERIAL=PETG COLOUR=orange "
	  "NOZZLE=0.4 LAYER=0.2 SIZE=100.000_100.000_140.000_140.000\n",
		NULL, VERDICT_OK },
	{ "G1 X100.0000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "00 F3000\n",
		"too-long", VERDICT_REFUSE },
	{ "M109 R300\n", "temperature", VERDICT_REFUSE },
	{ "G10 P0 S300\n", "temperature", VERDICT_REFUSE },
	{ "M140 S121\n", "temperature", VERDICT_REFUSE },
	{ "START HOTEND=300\n", "temperature", VERDICT_REFUSE },
	{ "G1 X235 Y0\n", NULL, VERDICT_OK },
	{ "G1 X235.2\n", "out-of-volume", VERDICT_REFUSE },
	{ "G1 Y-0.2\n", "out-of-volume", VERDICT_REFUSE },
	{ "G91\nG1 Z-1\nG90\nG1 Z0.3\n", "out-of-volume", VERDICT_REFUSE },
	{ "G92 X0\nG1 X-101\n", "out-of-volume", VERDICT_REFUSE },
	{ "G92 X0\nG1 X-40\nG92 X60\n", NULL, VERDICT_OK },
	{ "G2 X100 Y50 I40\n", NULL, VERDICT_OK },
	{ "G3 X100 Y50 I70 J0\n", "out-of-volume", VERDICT_REFUSE },
	{ ";FLAVOR:Marlin\nG1 X300\n;LAYER:0\n", "start-code-travel", VERDICT_WARN },
	{ ";FLAVOR:Marlin\nG1 Z-1\n;LAYER:0\n", "out-of-volume", VERDICT_REFUSE },
	{ ";FLAVOR:Marlin\nG1 X300 E5\n;LAYER:0\n", "out-of-volume", VERDICT_REFUSE },
	{ ";FLAVOR:Marlin\nM211 S0\nG1 X300\n;LAYER:0\n", "out-of-volume", VERDICT_REFUSE },
	{ "M104 S150\nG1 X60 E3\n", "cold-extrusion", VERDICT_REFUSE },
	{ "G1 E-160\n", "long-retraction", VERDICT_REFUSE },
	{ "G1 E600\n", "absurd-extrusion", VERDICT_REFUSE },
	{ "G1 F0\n", "feed", VERDICT_REFUSE },
	{ "G1 F-5\n", "feed", VERDICT_REFUSE },
	{ "G1 F400000\n", "feed", VERDICT_REFUSE },
	{ "G1 F18000\n", NULL, VERDICT_OK },
	{ "M220 S1000\n", "override", VERDICT_REFUSE },
	{ "M221 S95\n", NULL, VERDICT_OK },
	{ "M221 S0\n", "override", VERDICT_REFUSE },
	{ "M302\n", "cold-extrusion-guard", VERDICT_REFUSE },
	{ "M302 S180\n", NULL, VERDICT_OK },
	{ "M302 P1\n", "cold-extrusion-guard", VERDICT_REFUSE },
	{ "M906 X800\n", "machine-setting", VERDICT_WARN },
	{ "M907 E538\n", "machine-setting", VERDICT_WARN },
	{ "M280 S3.0\n", "servo", VERDICT_WARN },
	{ "M600\n", "needs-person", VERDICT_WARN },
	{ "M149 F\n", "temperature-unit", VERDICT_REFUSE },
	{ "M810 G28|M112\n", "stored-macro", VERDICT_REFUSE },
	{ "M98 P\"prime.g\"\n", "unknown-command", VERDICT_WARN },
	{ "M98 P\"0:/sys/config.g\"\n", "printer-files", VERDICT_REFUSE },
	{ "M291 P\"wait\" S3\n", "needs-person", VERDICT_WARN },
	{ "PID_CALIBRATE HEATER=extruder TARGET=200\n", "autotune", VERDICT_REFUSE },
	{ "M117 visit http://example.org\n", NULL, VERDICT_OK },
	{ "M118 A1 action:notification hi\n", NULL, VERDICT_OK },
	{ "M118 A1 //action:notification x\n", "action-text", VERDICT_REFUSE },
	{ "N5 G92 E2.5*91\n", NULL, VERDICT_OK },
	{ "T1\n", "tool", VERDICT_REFUSE },
	{ "T0\n", NULL, VERDICT_OK },
	{ "T-1\n", "tool", VERDICT_REFUSE },
	{ "P0 S1 L1 D0\n", "unknown-command", VERDICT_WARN },
	/* stock start and end codes */
	{ "M80\n", "power-on", VERDICT_WARN },
	{ "M81\n", "power", VERDICT_REFUSE },
	{ "M81 S30\n", "power", VERDICT_REFUSE },
	{ "G1 X1O0\n", "bad-number", VERDICT_REFUSE },
	{ "G1 X5l Y60\n", "bad-number", VERDICT_REFUSE },
	{ "M581 P0 T1\n", "printer-files", VERDICT_REFUSE },
	{ "M104 T0 165\n", "odd-number", VERDICT_WARN },
	{ "M104 S165 5\n", "bad-number", VERDICT_REFUSE },
	{ "M85 S0\n", "machine-setting", VERDICT_WARN },
	{ "M85 S60\n", "power", VERDICT_REFUSE },
	{ "M86 S60\n", "power", VERDICT_REFUSE },
	{ "@BEDLEVELVISUALIZER\n", "host-line", VERDICT_WARN },
	{ "@Pause\n", "host-command", VERDICT_REFUSE },
	{ "@cancel now\n", "host-command", VERDICT_REFUSE },
	{ "Start GCode begin\n", "prose", VERDICT_WARN },
	{ "if true\n", "no-command", VERDICT_REFUSE },
	{ "While moving\n", "no-command", VERDICT_REFUSE },
	{ "move to X10\n", "no-command", VERDICT_REFUSE },
	{ "SET_HEAT A=1 E*TRUDER=500\n", "temperature", VERDICT_REFUSE },
	{ "M568 P0 A2\n", NULL, VERDICT_OK },
	{ "M568 P0 S300\n", "temperature", VERDICT_REFUSE },
	{ "M141 S40\n", "left-hot", VERDICT_WARN },
	{ "M205 X10000\n", "limits", VERDICT_WARN },
	{ "M205 B20000\n", NULL, VERDICT_OK },
	{ "M950 P0 C\"out1\"\n", "pin", VERDICT_REFUSE },
	{ "M3 S255\n", "spindle", VERDICT_WARN },
	{ "G54\n", "coordinates", VERDICT_WARN },
	{ "M190 P60\n", "foreign-dialect-unclear", VERDICT_WARN },
	{ "G1 X60 A3\n", "foreign-dialect-unclear", VERDICT_WARN },
	{ "M140 P1 S60\n", NULL, VERDICT_OK },
};

static void test_each_rule_speaks_when_it_should_and_only_then(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		static struct analysis analysis;
		char text[2048];

		gcode_text_with(rules[i].lines, text, sizeof text);
		gcode_text_analyse(text, strlen(text), &gcode_text_reference, &analysis);
		if (analysis.verdict != rules[i].verdict)
			fail_msg("%s: %s (%s)", rules[i].lines,
				analysis_verdict_name(analysis.verdict),
				analysis.problem_count ? analysis.problem[0].text : "");
		if (rules[i].rule && !gcode_text_has_problem(&analysis, rules[i].rule))
			fail_msg("%s: %s instead of %s", rules[i].lines, analysis.problem[0].rule,
				rules[i].rule);
	}
}

static void test_a_problem_names_its_line_and_what_would_be_accepted(void **state)
{
	static struct analysis analysis;
	char text[2048];

	(void)state;
	gcode_text_with("M104 S300\x1b[2J\nG1 X300\n", text, sizeof text);
	gcode_text_analyse(text, strlen(text), &gcode_text_reference, &analysis);
	assert_int_equal(analysis.problem[0].line, 13);
	assert_string_equal(analysis.problem[0].command, "M104 S300\\x1b[2J");
	gcode_text_with("G28\nG1 X300\n", text, sizeof text);
	gcode_text_analyse(text, strlen(text), &gcode_text_reference, &analysis);
	assert_int_equal(analysis.problem_total, 1);
	assert_string_equal(analysis.problem[0].rule, "out-of-volume");
	assert_int_equal(analysis.problem[0].line, 14);
	assert_non_null(strstr(analysis.problem[0].text, "300 (limit 235)"));
}

static void test_the_machine_decides_what_is_out_of_bounds(void **state)
{
	static struct analysis analysis;
	struct profile round = gcode_text_reference, far = gcode_text_reference;
	char text[2048];

	(void)state;
	round.shape = PROFILE_ROUND;
	round.volume_max_mm[0] = 150;
	gcode_text_with("", text, sizeof text);
	/* The corner at 100, 100 is inside a circle of 150; parking at 0, 200 is not. */
	gcode_text_analyse(text, strlen(text), &round, &analysis);
	assert_true(gcode_text_has_problem(&analysis, "out-of-volume"));
	assert_int_equal(analysis.problem_total, 1);
	round.volume_max_mm[0] = 201;
	gcode_text_analyse(text, strlen(text), &round, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_OK);
	far.volume_min_mm[1] = -4;
	gcode_text_with("G1 Y-3\n", text, sizeof text);
	gcode_text_analyse(text, strlen(text), &far, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_OK);
}

static void test_macros_are_for_klipper(void **state)
{
	static struct analysis analysis;
	struct profile profile = gcode_text_reference;
	char text[2048];

	(void)state;
	gcode_text_with("SET_VELOCITY_LIMIT ACCEL=3000\n", text, sizeof text);
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_OK);
	profile.firmware = PROFILE_FIRMWARE_KLIPPER;
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_OK);
	profile.firmware = PROFILE_FIRMWARE_MARLIN;
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_REFUSE);
}

/* Marlin answers ok to both and stays cold. */
static void test_only_a_machine_that_reads_mach3_gets_its_dialect(void **state)
{
	static const char *const lines[] = { "M109 P205\n", "M104 P205\n", "M190 P60\n",
		"M140 P60\n", "G1 A-2 F2400\n", "G1 X60 Y60 A3\n" };
	static const enum profile_firmware others[] = { PROFILE_FIRMWARE_MARLIN,
		PROFILE_FIRMWARE_KLIPPER, PROFILE_FIRMWARE_REPRAP };
	static struct analysis analysis;
	struct profile profile = gcode_text_reference;
	struct command command;
	char text[2048];

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		gcode_text_with(lines[i], text, sizeof text);
		for (size_t j = 0; j < sizeof others / sizeof *others; j++) {
			profile.firmware = others[j];
			gcode_text_analyse(text, strlen(text), &profile, &analysis);
			assert_true(gcode_text_has_problem(&analysis, "foreign-dialect"));
			assert_int_equal(analysis.verdict, VERDICT_REFUSE);
			assert_int_equal(command_from_line_for(lines[i], strlen(lines[i]) - 1,
						 &profile, &command),
				COMMAND_REFUSED);
		}
		profile.firmware = PROFILE_FIRMWARE_GRBL;
		gcode_text_analyse(text, strlen(text), &profile, &analysis);
		assert_false(gcode_text_has_problem(&analysis, "foreign-dialect"));
		gcode_text_analyse(text, strlen(text), NULL, &analysis);
		assert_true(gcode_text_has_problem(&analysis, "foreign-dialect-unclear"));
		assert_int_equal(analysis.verdict, VERDICT_WARN);
	}
}

static const struct analysis_problem *problem_of(const struct analysis *analysis, const char *rule)
{
	for (size_t i = 0; i < analysis->problem_count; i++)
		if (strcmp(analysis->problem[i].rule, rule) == 0)
			return &analysis->problem[i];
	return NULL;
}

static void test_a_long_start_is_for_klipper_and_the_limit_of_marlin_is_named(void **state)
{
	static struct analysis analysis;
	struct profile profile = gcode_text_reference;
	char text[2048], line[256];

	(void)state;
	snprintf(line, sizeof line, "START_PRINT BED_TEMP=60 NOTE=%0171d\n", 7);
	assert_int_equal(strlen(line), 201);
	gcode_text_with(line, text, sizeof text);
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	assert_null(problem_of(&analysis, "too-long"));
	profile.firmware = PROFILE_FIRMWARE_KLIPPER;
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_OK);
	profile.firmware = PROFILE_FIRMWARE_MARLIN;
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_REFUSE);
	assert_non_null(problem_of(&analysis, "too-long"));
	assert_non_null(strstr(problem_of(&analysis, "too-long")->text, "(limit 84)"));
}

/* The line reader keeps 1024 bytes. */
static void test_an_outline_of_any_length_is_dropped_and_refuses_nothing(void **state)
{
	static struct analysis analysis;
	static char text[8192], line[4096];

	(void)state;
	snprintf(line, sizeof line, "EXCLUDE_OBJECT_DEFINE NAME=a POLYGON=[%03000d]\n", 0);
	gcode_text_with(line, text, sizeof text);
	gcode_text_analyse(text, strlen(text), &gcode_text_reference, &analysis);
	assert_int_equal(analysis.verdict, VERDICT_WARN);
	assert_non_null(problem_of(&analysis, "long-outline"));
}

static void test_what_a_slicer_wrote_for_a_duet_may_be_long(void **state)
{
	static const char *const flavors[] = { "", ";FLAVOR:RepRap\n",
		"; gcode_flavor = reprapfirmware\n", "; gcode_flavor = klipper\n",
		";FLAVOR:Marlin\n", "; gcode_flavor = marlin2\n" };
	static struct analysis analysis;
	char text[2048], lines[256];

	(void)state;
	for (size_t i = 0; i < sizeof flavors / sizeof *flavors; i++) {
		bool taken = i >= 1 && i <= 3;

		snprintf(lines, sizeof lines, "%sG1 X100.%0120d F3000\n", flavors[i], 0);
		gcode_text_with(lines, text, sizeof text);
		gcode_text_analyse(text, strlen(text), &gcode_text_reference, &analysis);
		assert_int_equal(problem_of(&analysis, "too-long") == NULL, taken);
	}
}

static void test_two_tools_take_what_one_must_refuse(void **state)
{
	static struct analysis analysis;
	struct profile profile = gcode_text_reference;
	size_t length;
	char *bytes = gcode_text_read_file(BAD_FILES "/tool_changes.gcode", &length);

	(void)state;
	profile.tool_count = 2;
	gcode_text_analyse(bytes, length, &profile, &analysis);
	free(bytes);
	assert_int_equal(analysis.verdict, VERDICT_OK);
	assert_int_equal(analysis.tool_count, 2);
	assert_true(near(analysis.tool[0].filament_mm, 7.5));
	assert_true(near(analysis.tool[1].filament_mm, 2.5));
}

static void test_refusals_are_kept_when_warnings_fill_the_list(void **state)
{
	static struct analysis analysis;
	static char text[65536];
	size_t used = 0;

	(void)state;
	/* Sixteen kinds of warnings, each more often than it is listed. */
	for (int round = 0; round < 16; round++)
		used += (size_t)snprintf(text + used, sizeof text - used,
			"M92 X%d\nM280 S1\nM600\nM0104 S205\nG28 "
			"(a(b))\n%%\n##\nM9999\nG54\nG20\nG21\n"
			"M106 S300\nM201 X1000000\nG4 S1000\nG92.1\nM220 S300\nQ5\nG92\n",
			round);
	snprintf(text + used, sizeof text - used, "M112\n");
	gcode_text_analyse(text, strlen(text), &gcode_text_reference, &analysis);
	assert_int_equal(analysis.problem_count, ANALYSIS_PROBLEMS_MAX);
	assert_true(analysis.problem_total > ANALYSIS_PROBLEMS_MAX);
	assert_true(gcode_text_has_problem(&analysis, "emergency-stop"));
	assert_int_equal(analysis.verdict, VERDICT_REFUSE);
}

static enum analysis_verdict judge(
	const char *line, const char *rule, struct command *command, enum command_result *sent)
{
	struct profile profile = gcode_text_reference;
	static struct analysis analysis;
	char text[2048];

	if (rule)
		strcpy(profile.rule[profile.rule_count++], rule);
	*sent = command_from_line_for(line, strcspn(line, "\n"), &profile, command);
	gcode_text_with(line, text, sizeof text);
	gcode_text_analyse(text, strlen(text), &profile, &analysis);
	return analysis.verdict;
}

static void test_a_profile_judges_rules_otherwise_and_the_streamer_as_well(void **state)
{
	struct command command;
	enum command_result sent;

	(void)state;
	assert_int_equal(judge("M42 P4 S1\n", NULL, &command, &sent), VERDICT_REFUSE);
	assert_int_equal(sent, COMMAND_REFUSED);
	assert_int_equal(judge("M42 P4 S1\n", "pin=warn", &command, &sent), VERDICT_WARN);
	assert_int_equal(sent, COMMAND_SEND);
	assert_int_equal(judge("M42 P4 S1\n", "pin=ok", &command, &sent), VERDICT_OK);
	assert_int_equal(sent, COMMAND_SEND);
	assert_int_equal(judge("M600\n", NULL, &command, &sent), VERDICT_WARN);
	assert_int_equal(judge("M600\n", "needs-person=refuse", &command, &sent), VERDICT_REFUSE);
	assert_int_equal(sent, COMMAND_REFUSED);
	/* Whatever stands in a profile, these stay. */
	assert_int_equal(judge("M112\n", "emergency-stop=ok", &command, &sent), VERDICT_REFUSE);
	assert_int_equal(sent, COMMAND_REFUSED);
}

static void test_a_rule_holds_where_its_firmware_is(void **state)
{
	struct profile klipper = { .name = "k", .firmware = PROFILE_FIRMWARE_KLIPPER };
	struct profile marlin = { .name = "m", .firmware = PROFILE_FIRMWARE_MARLIN };

	(void)state;
	assert_int_equal(policy_severity(&klipper, POLICY_MACRO_FIRMWARE), VERDICT_OK);
	assert_int_equal(policy_severity(&marlin, POLICY_MACRO_FIRMWARE), VERDICT_REFUSE);
	assert_int_equal(policy_severity(&klipper, POLICY_EXTRUDER_MODE_G90), VERDICT_OK);
	assert_int_equal(policy_severity(&marlin, POLICY_EXTRUDER_MODE_G90), VERDICT_WARN);
	assert_int_equal(policy_severity(NULL, POLICY_EXTRUDER_MODE_G90), VERDICT_WARN);
}

static void test_what_a_profile_may_not_say_is_told(void **state)
{
	static const char *const wrong[] = { "", "servo", "servo=", "servo=maybe", "=ok",
		"nosuch=ok", "emergency-stop=warn", "temperature=ok", "servo =ok" };

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_non_null(policy_rule_problem(wrong[i]));
	assert_null(policy_rule_problem("servo=ok"));
	assert_null(policy_rule_problem("emergency-stop=refuse"));
	assert_null(policy_rule_problem("left-hot=refuse"));
}

static void test_every_rule_has_a_name_of_its_own_and_a_sentence(void **state)
{
	(void)state;
	for (int i = 0; i < POLICY_COUNT; i++) {
		const struct policy_rule *rule = policy_rule((enum policy_id)i);

		assert_int_equal(rule->id, i);
		assert_true(strlen(rule->what) > 10);
		assert_false(rule->filter && rule->severity == VERDICT_REFUSE);
		for (int other = 0; other < i; other++)
			assert_string_not_equal(
				rule->name, policy_rule((enum policy_id)other)->name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_odd_and_dangerous_file_gets_its_answer),
		cmocka_unit_test(test_each_rule_speaks_when_it_should_and_only_then),
		cmocka_unit_test(test_the_machine_decides_what_is_out_of_bounds),
		cmocka_unit_test(test_macros_are_for_klipper),
		cmocka_unit_test(test_only_a_machine_that_reads_mach3_gets_its_dialect),
		cmocka_unit_test(test_a_long_start_is_for_klipper_and_the_limit_of_marlin_is_named),
		cmocka_unit_test(test_an_outline_of_any_length_is_dropped_and_refuses_nothing),
		cmocka_unit_test(test_what_a_slicer_wrote_for_a_duet_may_be_long),
		cmocka_unit_test(test_two_tools_take_what_one_must_refuse),
		cmocka_unit_test(test_a_problem_names_its_line_and_what_would_be_accepted),
		cmocka_unit_test(test_refusals_are_kept_when_warnings_fill_the_list),
		cmocka_unit_test(test_a_profile_judges_rules_otherwise_and_the_streamer_as_well),
		cmocka_unit_test(test_a_rule_holds_where_its_firmware_is),
		cmocka_unit_test(test_what_a_profile_may_not_say_is_told),
		cmocka_unit_test(test_every_rule_has_a_name_of_its_own_and_a_sentence),
	};

	return cmocka_run_group_tests_name("policy", tests, NULL, NULL);
}
