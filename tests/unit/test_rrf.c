/* The RepRapFirmware dialect line by line: rows R1 to R4 of serial-protocols.md 15.7, and what else
 * a Duet says on its USB. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/pipe_talk.h"

#include <stdio.h>
#include <string.h>

static const char *const moves[] = { "G1 X1", "G1 X2", "G1 X3" };

static void begin(struct pipe_talk *talk)
{
	pipe_talk_start(talk, "rrf");
	pipe_talk_ready(talk);
}

/* R1: nothing is numbered, so nothing can vanish for a checksum; a silent line is asked about. */
static void test_lines_carry_no_numbers_and_a_silent_one_is_asked_about_not_repeated(void **state)
{
	struct pipe_talk talk;
	char line[32];

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, moves, 3);
	/* One at a time; the next is taken, but waits. */
	assert_string_equal(talk.written, "G1 X1\n");
	pipe_talk_forget(&talk);
	pipe_talk_pass(&talk, 30000000);
	assert_int_equal(pipe_talk_count(&talk, "M118 P1 S\"pf"), 1);
	assert_int_equal(pipe_talk_count(&talk, "G1"), 0);
	snprintf(line, sizeof line, "%s\nok\n", pipe_talk_nonce(&talk));
	pipe_talk_say(&talk, line);
	assert_int_equal(talk.acknowledged, 0);
	assert_int_equal(talk.dialect->counters(talk.driver)->lost_acknowledgements, 1);
	assert_int_equal(talk.faults, 0);
	pipe_talk_end(&talk);
}

/* A23: in its native mode the firmware ends a command with a line end and no ok. */
static void test_oks_that_are_switched_off_are_switched_on_at_connect(void **state)
{
	struct pipe_talk talk;

	(void)state;
	pipe_talk_start(&talk, "rrf");
	pipe_talk_pass(&talk, 3000000);
	assert_true(pipe_talk_count(&talk, "M555 P2\n") >= 1);
	pipe_talk_say(&talk, "\n\n\n");
	assert_int_equal(talk.acknowledged, -1);
	pipe_talk_end(&talk);
}

/* R2 */
static void test_an_error_is_followed_by_its_ok_and_fails_the_print_there(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, moves, 1);
	pipe_talk_say(&talk, "Error: G0/G1: insufficient axes homed\nok\n");
	assert_int_equal(talk.faults, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_COMMAND);
	assert_non_null(strstr(talk.reason, "insufficient axes homed"));
	assert_int_equal(talk.acknowledged, -1);
	assert_int_equal(pipe_talk_count(&talk, "M104 S0\n"), 1);
	pipe_talk_end(&talk);
}

static void test_warnings_and_unknown_commands_do_not_stop_a_print(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, moves, 1);
	pipe_talk_say(&talk, "Warning: M73: Command is not supported\nok\n");
	pipe_talk_say(&talk, "Error: M900: Command is not supported\n");
	pipe_talk_say(&talk, "Warning: Tool 0 was not driven because it is cold\n");
	assert_int_equal(talk.faults, 0);
	assert_int_equal(talk.acknowledged, 0);
	assert_int_equal(talk.dialect->counters(talk.driver)->unknown_commands, 2);
	pipe_talk_end(&talk);
}

/* R3: JSON may hold any words. */
static void test_json_is_never_taken_for_words_of_the_grammar(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, moves, 1);
	pipe_talk_say(&talk, "{\"status\":\"I\",\"resp\":\"Error: ok\\nEmergency Stop! T:20 /0\","
			     "\"heaters\":[21.0]}\n");
	assert_int_equal(talk.faults, 0);
	assert_int_equal(talk.acknowledged, -1);
	pipe_talk_say(&talk, "ok\n");
	assert_int_equal(talk.acknowledged, 0);
	pipe_talk_end(&talk);
}

/* R4 */
static void test_a_line_is_acknowledged_at_its_ok_also_when_the_text_comes_behind(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, moves, 1);
	pipe_talk_say(&talk, "ok\n");
	assert_int_equal(talk.acknowledged, 0);
	pipe_talk_say(&talk, "Writing to file: x.g\n");
	assert_int_equal(talk.faults, 0);
	assert_true(talk.dialect->wants_command(talk.driver));
	pipe_talk_end(&talk);
}

static void test_names_of_files_are_no_answers(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, moves, 1);
	pipe_talk_say(&talk, "Begin file list\nok\nError: 1.g\nEnd file list\n");
	assert_int_equal(talk.acknowledged, -1);
	assert_int_equal(talk.faults, 0);
	pipe_talk_end(&talk);
}

static void test_a_heater_fault_turns_all_heaters_off_at_once(void **state)
{
	static const char *const words[] = {
		"Error: Heating fault on heater 1, temperature rising much more slowly than the "
		"expected 1.2\302\260C/sec\n",
		"Error: Heater 1 fault: temperature excursion exceeded 15.0\302\260C\n",
	};

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct pipe_talk talk;

		begin(&talk);
		pipe_talk_print(&talk, moves, 1);
		pipe_talk_forget(&talk);
		pipe_talk_say(&talk, words[i]);
		assert_int_equal(talk.fault, DRIVER_FAULT_THERMAL);
		assert_int_equal(talk.faults, 1);
		assert_non_null(strstr(talk.written, "M104 S0\nM140 S0\n"));
		pipe_talk_say(&talk, "ok\nok\nok\nok T:150.0 /0.0 T0:150.0 /0.0 B:50.0 /0.0\n");
		pipe_talk_forget(&talk);
		pipe_talk_pass(&talk, 60000000);
		assert_int_equal(pipe_talk_count(&talk, "M104"), 0);
		pipe_talk_end(&talk);
	}
}

static void test_a_board_that_is_halted_is_reset_only_by_a_person(void **state)
{
	struct pipe_talk talk;

	(void)state;
	for (int person = 0; person < 2; person++) {
		pipe_talk_start(&talk, "rrf");
		if (person)
			talk.dialect->unlocked(talk.driver);
		pipe_talk_say(&talk, "FIRMWARE_NAME: RepRapFirmware for Duet 2 FIRMWARE_VERSION: "
				     "2.05.1 ELECTRONICS: Duet WiFi\nok\n");
		assert_int_equal(pipe_talk_count(&talk, "M408 S0\n"), 1);
		pipe_talk_say(&talk, "{\"status\":\"H\",\"heaters\":[20.0,20.0]}\nok\n");
		assert_int_equal(pipe_talk_count(&talk, "M999\n"), person);
		assert_int_equal(talk.faults, !person);
		pipe_talk_end(&talk);
	}
}

static void test_another_firmware_is_told_apart(void **state)
{
	struct pipe_talk talk;

	(void)state;
	pipe_talk_start(&talk, "rrf");
	pipe_talk_say(&talk, "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0\n");
	pipe_talk_say(&talk, "FIRMWARE_NAME:Marlin 2.1.2\nok\n");
	assert_int_equal(talk.faults, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_DIALECT);
	pipe_talk_end(&talk);
}

static void test_a_command_that_asks_for_a_person_is_told_at_once(void **state)
{
	static const char *const box[] = { "M291 P\"Insert the magnet\" S3" };
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, box, 1);
	assert_non_null(strstr(talk.attention, "Insert the magnet"));
	pipe_talk_pass(&talk, 300000000);
	assert_int_equal(talk.faults, 0);
	pipe_talk_say(&talk, "ok\n");
	assert_string_equal(talk.attention, "");
	pipe_talk_end(&talk);
}

static void test_a_command_that_takes_the_oks_away_is_not_sent(void **state)
{
	static const char *const mode[] = { "M555 P1" };
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	talk.dialect->manual(talk.driver, talk.now_us, mode[0], 7, &talk.effects);
	pipe_talk_perform(&talk);
	pipe_talk_print(&talk, mode, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_COMMAND);
	assert_int_equal(pipe_talk_count(&talk, "M555"), 0);
	pipe_talk_end(&talk);
}

static void test_garbage_is_survived(void **state)
{
	static char junk[100000];
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	memset(junk, '{', sizeof junk - 1);
	pipe_talk_say(&talk, junk);
	pipe_talk_say(&talk, "\n{\n{}\n{\"status\"\n\xff\x01\n\x1b[2J\nError: \nrs 5\n");
	assert_int_equal(talk.dialect->counters(talk.driver)->overlong_lines, 1);
	assert_int_equal(talk.faults, 0);
	pipe_talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_lines_carry_no_numbers_and_a_silent_one_is_asked_about_not_repeated),
		cmocka_unit_test(test_oks_that_are_switched_off_are_switched_on_at_connect),
		cmocka_unit_test(test_an_error_is_followed_by_its_ok_and_fails_the_print_there),
		cmocka_unit_test(test_a_heater_fault_turns_all_heaters_off_at_once),
		cmocka_unit_test(test_a_board_that_is_halted_is_reset_only_by_a_person),
		cmocka_unit_test(test_json_is_never_taken_for_words_of_the_grammar),
		cmocka_unit_test(
			test_a_line_is_acknowledged_at_its_ok_also_when_the_text_comes_behind),
		cmocka_unit_test(test_names_of_files_are_no_answers),
		cmocka_unit_test(test_warnings_and_unknown_commands_do_not_stop_a_print),
		cmocka_unit_test(test_a_command_that_asks_for_a_person_is_told_at_once),
		cmocka_unit_test(test_another_firmware_is_told_apart),
		cmocka_unit_test(test_a_command_that_takes_the_oks_away_is_not_sent),
		cmocka_unit_test(test_garbage_is_survived),
	};

	return cmocka_run_group_tests_name("rrf", tests, NULL, NULL);
}
