/* Programs of lasers and mills: told from prints, checked, sent as they stand, taken apart. */
#include "gcode/cnc.h"
#include "gcode/inspect.h"
#include "gcode/lexer.h"
#include "gcode/policy.h"
#include "tests/unit/gcode_text.h"
#include "tests/unit/guard_page.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h> /* strlen, strcmp */

static const char laser[] =
	"; LightBurn 1.4.00\n; GRBL device profile, absolute coords\n"
	"G00 G17 G40 G21 G54\nG90\nM4\n; Cut @ 20 mm/sec, 40% power\nM8\n"
	"G0 X10Y10\nG1 X20 S400 F1200\nY20\nX10\nY10\n(done)\nM9\nG1S0\nM5\nM2\n";

static enum command_result read_line(const char *text, struct command *command)
{
	struct policy_findings findings = { .count = 0 };
	struct lexer_line line;

	lexer_read(text, strlen(text), &line);
	return cnc_command(&line, command, &findings);
}

static void test_a_line_goes_out_as_it_stands_without_comments(void **state)
{
	static const struct {
		const char *line, *sent;
	} rows[] = {
		{ "G00 G17 G40 G21 G54", "G00 G17 G40 G21 G54" },
		{ "y20 ; up", "Y20" },
		{ "  G1  X1   Y2  ", "G1 X1 Y2" },
		{ "N30 g1 x1(left)y2", "G1 X1 Y2" },
		{ "M30", "M30" },
		{ "G1X10S0.5", "G1X10S0.5" },
	};
	struct command command;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(read_line(rows[i].line, &command), COMMAND_SEND);
		assert_string_equal(command.text, rows[i].sent);
	}
}

static void test_what_a_machine_would_refuse_or_store_is_refused_before(void **state)
{
	static const struct {
		const char *line, *rule;
	} rows[] = {
		{ "M104 S200", "cnc-code" },
		{ "G1 X1 E2", "cnc-code" },
		{ "M6 T1", "cnc-code" },
		{ "G38.2 Z-5 F10", "cnc-code" },
		{ "G10 L20 P1 X0", "cnc-stores" },
		{ "G28.1", "cnc-stores" },
		{ "$H", "realtime" },
		{ "$32=0", "realtime" },
		{ "!", "realtime" },
		{ "G1 X1 X2", "duplicate-word" },
		{ "G1 X1*55", "checksum" },
		{ "G1 X", "bad-number" },
		{ "G1 X1 ?", "bad-number" },
		{ "G1 "
		  "X1."
		  "000000000000000000000000000000000000000000000000000000000000000000000000000001",
			"too-long" },
	};
	struct command command;

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (read_line(rows[i].line, &command) != COMMAND_REFUSED)
			fail_msg("\"%s\" is not refused", rows[i].line);
		assert_string_equal(command.rule, rows[i].rule);
	}
	assert_int_equal(read_line("%", &command), COMMAND_FILTERED);
	assert_int_equal(read_line("(all) ; nothing", &command), COMMAND_NOTHING);
}

static void test_a_program_is_told_from_a_print(void **state)
{
	static const struct {
		const char *text;
		bool program;
	} rows[] = {
		{ laser, true },
		{ "G21\nG90\nM3 S1000\nG1 X1 F100\n", true },
		{ "%\nG90 G94 G17\nG1 X1 F100\n", true },
		{ "G28\nG1 X1 E1 F100\n", false },
		{ "M4 S5\nM104 S200\nG1 X1\n", false },
		{ "G21\nG90\nM82\nG92 E0\n", false },
		{ "G1 X1\nG1 X2\n", false },
		{ "G21\nG90\nG1 X1 F300\nX2\n", true },
		{ "G1 X1 Y1 S300 F500\n", true },
		{ "G1 X1 hello\nX nothing\n", false },
		{ "START_PRINT BED=60\nM3 S1\n", false },
		{ "; M3 in a comment\nG28\n", false },
		{ "", false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (cnc_is_program(rows[i].text, strlen(rows[i].text)) != rows[i].program)
			fail_msg("%zu: %s", i, rows[i].text);
}

static void test_a_head_cut_at_every_byte_is_read_no_further(void **state)
{
	(void)state;
	for (size_t length = 0; length < sizeof laser; length++) {
		char *copy = guard_page_copy(laser, length);
		struct cnc_modal modal = { 0 };
		struct cnc_pieces pieces;

		cnc_is_program(copy, length);
		cnc_has_m3(copy, length);
		cnc_split(copy, length, &modal, &pieces);
		guard_page_free(copy, length);
	}
}

static struct analysis inspected(const char *text)
{
	struct inspector_settings settings = { .text_max_bytes = 1 << 20 };
	struct inspector *inspector = inspector_create(&settings);
	struct analysis analysis;

	assert_non_null(inspector);
	inspector_feed(inspector, text, strlen(text));
	inspector_finish(inspector, &analysis);
	inspector_destroy(inspector);
	return analysis;
}

static void test_a_program_says_what_it_needs_of_its_machine(void **state)
{
	(void)state;
	assert_string_equal(inspected(laser).machine, CNC_MACHINE_LASER);
	assert_string_equal(
		inspected("G17 G21 G90\nM3 S5\nG1 X1 F100\n").machine, CNC_MACHINE_SPINDLE);
	assert_string_equal(inspected("G17 G21 G90\nG1 X1 F100\n").machine, CNC_MACHINE_ANY);
	assert_int_equal(inspected(laser).verdict, VERDICT_WARN);
	assert_int_equal(inspected("G17 G21 G90\nM4 S5\nM104 S200\n").verdict, VERDICT_REFUSE);
}

static void test_a_program_is_measured_as_one_and_not_as_a_print(void **state)
{
	static const char text[] = "G21\nG90\nM4 S0\nG0 X10 Y10\nG1 X20 S500 F1000\nY20\n"
				   "G2 X10 Y10 I-10 J0\nS900\nG0 X0\nG1 Y0\nM5\nG1 X100\nM2\n";
	static struct analysis analysis;

	(void)state;
	gcode_text_inspect(text, strlen(text), NULL, &analysis);
	assert_true(analysis.program);
	/* A quarter of a circle of 10 mm, then 10 mm at a higher power. */
	assert_true(fabs(analysis.cut_mm - (20 + acos(-1) * 5 + 10)) < 1e-6);
	assert_true(fabs(analysis.idle_mm - (hypot(10, 10) + 10 + 100)) < 1e-6);
	assert_true(analysis.power_max == 900);
	assert_true(analysis.cut.any && analysis.cut.max_mm[0] == 20);
	assert_false(gcode_text_has_problem(&analysis, "no-extrusion"));
	assert_false(gcode_text_has_problem(&analysis, "not-homed"));
}

/* Four sides of 10 mm at 20 mm/s, and a rapid move there. */
static void test_moves_that_go_on_from_the_line_before_take_their_time(void **state)
{
	struct analysis analysis = inspected(laser);

	(void)state;
	assert_true(analysis.time_s > 2 && analysis.time_s < 3);
	assert_int_equal(analysis.commands, 13);
}

static void test_a_line_is_taken_apart_into_what_the_model_knows(void **state)
{
	struct cnc_modal modal = { 0 };
	struct cnc_pieces pieces;

	(void)state;
	cnc_split("G21 G91 G1 X1 Y2 F300 M4 S5", 27, &modal, &pieces);
	assert_int_equal(pieces.count, 4);
	assert_string_equal(pieces.text[0], "G21");
	assert_string_equal(pieces.text[1], "G91");
	assert_string_equal(pieces.text[2], "M4");
	assert_string_equal(pieces.text[3], "G1 X1 Y2 S5 F300");
	cnc_split("X3", 2, &modal, &pieces);
	assert_string_equal(pieces.text[0], "G1 X3 F300");
	cnc_split("G0 X4", 5, &modal, &pieces);
	assert_string_equal(pieces.text[0], "G0 X4 F6000");
	cnc_split("G4 P2", 5, &modal, &pieces);
	assert_string_equal(pieces.text[0], "G4 P2");
	cnc_split("G92 X0", 6, &modal, &pieces);
	assert_string_equal(pieces.text[0], "G92 X0");
	cnc_split("S200", 4, &modal, &pieces);
	assert_int_equal(pieces.count, 0);
}

static void test_an_operator_may_home_and_unlock_and_set_nothing(void **state)
{
	struct command command;

	(void)state;
	assert_int_equal(cnc_manual("$h", 2, &command), COMMAND_SEND);
	assert_string_equal(command.text, "$H");
	assert_int_equal(cnc_manual("$X", 2, &command), COMMAND_SEND);
	assert_int_equal(cnc_manual("G0 X5", 5, &command), COMMAND_SEND);
	assert_int_equal(cnc_manual("$32=0", 5, &command), COMMAND_REFUSED);
	assert_int_equal(cnc_manual("$RST=*", 6, &command), COMMAND_REFUSED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_a_machine_would_refuse_or_store_is_refused_before),
		cmocka_unit_test(test_a_line_goes_out_as_it_stands_without_comments),
		cmocka_unit_test(test_a_program_is_told_from_a_print),
		cmocka_unit_test(test_a_program_says_what_it_needs_of_its_machine),
		cmocka_unit_test(test_an_operator_may_home_and_unlock_and_set_nothing),
		cmocka_unit_test(test_a_program_is_measured_as_one_and_not_as_a_print),
		cmocka_unit_test(test_moves_that_go_on_from_the_line_before_take_their_time),
		cmocka_unit_test(test_a_line_is_taken_apart_into_what_the_model_knows),
		cmocka_unit_test(test_a_head_cut_at_every_byte_is_read_no_further),
	};

	return cmocka_run_group_tests_name("cnc", tests, NULL, NULL);
}
