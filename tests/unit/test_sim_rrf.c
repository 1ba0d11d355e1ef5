/* The simulated RepRapFirmware says and does what 2.05, 3.3 and 3.5 do on USB. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/sim_talk.h"

#include <stdio.h>
#include <string.h>

static void begin(struct talk *talk, const char *firmware)
{
	struct sim_settings settings;

	assert_true(sim_settings_init(&settings, "p", firmware));
	settings.boot_us = 100000;
	settings.warm_start = true;
	talk_start(talk, &settings, 1);
}

static void say(struct talk *talk, const char *text, double seconds)
{
	talk_forget(talk);
	talk_send(talk, text, seconds);
}

static void expect(const struct talk *talk, const char *text)
{
	if (strcmp(talk->heard, text) != 0)
		fail_msg("heard \"%s\", expected \"%s\"", talk->heard, text);
}

static void test_text_comes_before_the_ok_and_empty_lines_have_none(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "\n; comment\nG90\nM118 P1 S\"hello\"\nG1 X5\nM777\n", 0.1);
	expect(&talk, "ok\nhello\nok\nError: G0/G1: insufficient axes homed\nok\n"
		      "Warning: M777: Command is not supported\nok\n");
	talk_end(&talk);
}

/* "N1 M105*38" and "N1 M105*19216" are the examples of the reference. */
static void test_a_damaged_line_vanishes_runs_or_is_asked_for_by_version(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "N1 M105*38\nN1 M105*19216\n", 0.1);
	assert_int_equal(talk_count(&talk, "ok T:"), 2);
	say(&talk, "N1 M105*39\nN1 M105*19217\nN1 M105*1234\n", 0.1);
	expect(&talk, "");
	talk_end(&talk);

	begin(&talk, "rrf-3.3");
	say(&talk, "M555 P2\nN1 M105*39\n", 0.1);
	assert_int_equal(talk_count(&talk, "ok T:"), 1);
	talk_end(&talk);

	begin(&talk, "rrf-2");
	say(&talk, "N7 M105*39\n", 0.1);
	expect(&talk, "rs 7\n");
	talk_end(&talk);
}

static void test_an_asterisk_without_a_line_number_is_an_ordinary_character(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "M118 P1 S\"2*3\"\n", 0.1);
	expect(&talk, "2*3\nok\n");
	talk_end(&talk);
}

static void test_in_native_mode_there_is_no_ok_until_the_mode_is_set(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf-3.3");
	say(&talk, "G90\n", 0.1);
	expect(&talk, "\n");
	say(&talk, "M555 P2\nG90\n", 0.1);
	expect(&talk, "ok\nok\n");
	talk_end(&talk);
}

static void test_a_byte_7f_spoils_its_line_in_silence(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk,
		"G9\x7f"
		"0\nG91\n",
		0.1);
	expect(&talk, "ok\n");
	assert_string_equal(talk.done, "-\tG91\n");
	talk_end(&talk);
}

static void test_m112_waits_for_its_turn_and_then_only_questions_and_m999_are_heard(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "M104 S200\nG4 S3\nM112\n", 2);
	assert_int_equal(talk_count(&talk, "Emergency Stop"), 0);
	talk_pass(&talk, 2);
	assert_int_equal(
		talk_count(&talk, "Emergency Stop! Reset the controller to continue.\nok\n"), 1);
	say(&talk, "G28\nM409 K\"state.status\"\n", 0.5);
	assert_int_equal(talk_count(&talk, "\"result\":\"halted\""), 1);
	say(&talk, "M999\n", 0.1);
	/* Its USB goes with it. */
	assert_false(sim_printer_is_attached(talk.printer));
	assert_int_equal(sim_printer_counters(talk.printer)->resets, 1);
	talk_end(&talk);
}

static void test_json_has_the_status_and_the_message_box(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "M408 S0\nM409 K\"state.messageBox\"\n", 0.1);
	assert_int_equal(talk_count(&talk, "{\"status\":\"I\",\"heaters\":["), 1);
	assert_int_equal(talk_count(&talk, "\"result\":null}"), 1);
	say(&talk, "M291 P\"Look\" S3\nG91\n", 0.1);
	/* The channel is blocked with it. */
	expect(&talk, "");
	talk_fault(&talk, "press continue");
	talk_pass(&talk, 0.1);
	expect(&talk, "ok\nok\n");
	talk_end(&talk);
}

static void test_while_it_waits_for_heat_it_reports_only_if_it_was_asked_before(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "M109 S240\n", 5);
	expect(&talk, "");
	talk_end(&talk);
	begin(&talk, "rrf");
	say(&talk, "M105\nM109 S240\n", 5);
	assert_int_equal(talk_count(&talk, "T:"), 3);
	talk_end(&talk);
}

static void test_a_failing_heater_is_named_and_switched_off_and_the_rest_goes_on(void **state)
{
	struct sim_status status;
	struct talk talk;

	(void)state;
	begin(&talk, "rrf");
	say(&talk, "M104 S200\nM140 S60\n", 1);
	talk_forget(&talk);
	talk_fault(&talk, "thermistor hotend open");
	talk_pass(&talk, 5);
	assert_int_equal(talk_count(&talk, "Error: Heater 1 fault: "), 1);
	sim_printer_status(talk.printer, &status);
	assert_float_equal(status.hotend_target_celsius, 0, 0);
	assert_float_equal(status.bed_target_celsius, 60, 0);
	talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text_comes_before_the_ok_and_empty_lines_have_none),
		cmocka_unit_test(test_a_damaged_line_vanishes_runs_or_is_asked_for_by_version),
		cmocka_unit_test(test_an_asterisk_without_a_line_number_is_an_ordinary_character),
		cmocka_unit_test(test_in_native_mode_there_is_no_ok_until_the_mode_is_set),
		cmocka_unit_test(test_a_byte_7f_spoils_its_line_in_silence),
		cmocka_unit_test(
			test_m112_waits_for_its_turn_and_then_only_questions_and_m999_are_heard),
		cmocka_unit_test(test_json_has_the_status_and_the_message_box),
		cmocka_unit_test(
			test_while_it_waits_for_heat_it_reports_only_if_it_was_asked_before),
		cmocka_unit_test(
			test_a_failing_heater_is_named_and_switched_off_and_the_rest_goes_on),
	};

	return cmocka_run_group_tests_name("sim rrf", tests, NULL, NULL);
}
