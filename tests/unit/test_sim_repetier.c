/* The simulated Repetier-Firmware, as its source says (Repetier/gcode.cpp;
 * serial-protocols.md 7). */
#include "tests/unit/sim_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* malloc, free */
#include <string.h> /* strstr */

static struct talk *start(const char *firmware)
{
	struct talk *talk = malloc(sizeof *talk);

	assert_non_null(talk);
	talk_start_firmware(talk, firmware);
	talk_forget(talk);
	return talk;
}

static void end(struct talk *talk)
{
	talk_end(talk);
	free(talk);
}

static void test_a_line_is_acknowledged_when_it_comes_and_answered_when_it_runs(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send_numbered(talk, 1, "M105", 0.1);
	assert_memory_equal(talk->heard, "ok 1\r\nT:25.00 /0 B:25.00 /0 B@:0 @:0 T0:", 40);
	talk_forget(talk);
	/* An un-numbered line repeats the old number. */
	talk_send(talk, "M118 pf1\n", 0.1);
	assert_string_equal(talk->heard, "ok 1\r\nEcho:pf1\r\n");
	assert_string_equal(talk->done, "-\tM118 pf1\n");
	talk_forget(talk);
	talk_send(talk, "M115\n", 0.2);
	assert_memory_equal(talk->heard, "ok 1\r\nFIRMWARE_NAME:Repetier_1.0.4 COMPILED:", 44);
	end(talk);
}

static void test_while_a_command_runs_nobody_reads(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send_numbered(talk, 1, "G4 P3000", 0.1);
	talk_send_numbered(talk, 2, "M107", 2.5);
	assert_string_equal(talk->heard, "ok 1\r\nbusy:processing\r\n");
	talk_pass(talk, 0.6);
	assert_string_equal(talk->heard, "ok 1\r\nbusy:processing\r\nok 2\r\n");
	assert_string_equal(talk->done, "1\tG4 P3000\n2\tM107\n");
	end(talk);
}

static void test_what_is_missing_is_asked_for_every_200_ms(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send_numbered(talk, 1, "M107", 0.05);
	talk_forget(talk);
	talk_send_numbered(talk, 3, "M107", 0.5);
	assert_string_equal(talk->heard, "Error:expected line 2 got 3\r\n\r\nResend:2\r\nok\r\n"
					 "\r\nResend:2\r\nok\r\n\r\nResend:2\r\nok\r\n");
	/* Garbage behind a resend is skipped, not complained about. */
	talk_forget(talk);
	talk_send_numbered(talk, 4, "M107", 0.05);
	assert_string_equal(talk->heard, "skip 4\r\nok\r\n");
	talk_forget(talk);
	talk_send_numbered(talk, 2, "M107", 0.3);
	assert_string_equal(talk->heard, "ok 2\r\n");
	assert_string_equal(talk->done, "2\tM107\n");
	end(talk);
}

static void test_damage_and_pieces_are_refused(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send_numbered(talk, 1, "M107", 0.05);
	talk_forget(talk);
	talk_send(talk, "N2 G1 X5*1\n", 0.05);
	assert_string_equal(talk->heard, "Error:Wrong checksum\r\n\r\nResend:2\r\nok\r\n");
	talk_forget(talk);
	talk_send(talk, "G1 X50 Y10 E2.1*77\n", 0.05);
	assert_string_equal(talk->heard, "Error:Wrong checksum\r\n\r\nResend:2\r\nok\r\n");
	talk_forget(talk);
	/* Half a line is asked for again. */
	talk_send(talk, "N2 G1 X", 0.25);
	assert_string_equal(talk->heard, "\r\nResend:2\r\nok\r\n");
	assert_string_equal(talk->done, "");
	end(talk);
}

static void test_a_repeated_line_is_skipped(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	for (int number = 1; number <= 3; number++)
		talk_send_numbered(talk, number, "M107", 0.05);
	talk_forget(talk);
	talk_send_numbered(talk, 2, "M107", 0.05);
	assert_string_equal(talk->heard, "skip 2\r\nok\r\n");
	assert_string_equal(talk->done, "");
	end(talk);
}

static void test_text_commands_hide_their_checksum_and_brackets_everything(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send(talk, "N1 M117 hello*0\n", 0.1);
	assert_string_equal(talk->heard, "ok 1\r\n");
	assert_string_equal(talk->done, "1\tM117 hello\n");
	talk_forget(talk);
	talk_send(talk, "N2 M107 (x)*0\n", 0.1);
	assert_string_equal(talk->heard, "ok 2\r\n");
	end(talk);
}

static void test_an_idle_board_says_wait_every_second(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send(talk, "M107\n", 3.3);
	assert_string_equal(talk->heard, "ok 0\r\nwait\r\nwait\r\nwait\r\n");
	end(talk);
}

static void test_a_byte_with_its_highest_bit_set_starts_a_binary_command(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	/* 0x83 0x31: N and M, S: 4 + 2 + 1 + ... bytes are swallowed, or time runs out. */
	talk_send(talk, "\x83\x31 M107*41\n", 0.3);
	assert_true(talk_count(talk, "\r\nResend:1\r\nok\r\n") >= 1);
	assert_string_equal(talk->done, "");
	talk_send_numbered(talk, 1, "M107", 0.1);
	assert_string_equal(talk->done, "1\tM107\n");
	end(talk);
}

static void test_a_fatal_error_acknowledges_and_executes_nothing(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send(talk, "M104 S200\n", 1);
	assert_int_equal(talk_count(talk, "TargetExtr0:200\r\n"), 1);
	talk_forget(talk);
	talk_fault(talk, "thermistor hotend short");
	talk_pass(talk, 5);
	assert_int_equal(talk_count(talk, "fatal:Heater/sensor error"), 1);
	talk_forget(talk);
	talk_send_numbered(talk, 1, "G1 X5", 0.1);
	assert_int_equal(talk_count(talk, "fatal:"), 1);
	assert_int_equal(talk_count(talk, "ok 1\r\n"), 1);
	assert_string_equal(talk->done, "");
	talk_fault(talk, "thermistor hotend ok");
	talk_send(talk, "M999\n", 0.1);
	assert_int_equal(talk_count(talk, "info:Continue from fatal state\r\n"), 1);
	talk_send_numbered(talk, 2, "G1 X5", 0.1);
	assert_int_equal(talk_count(talk, "ok 2\r\n"), 1);
	assert_string_equal(talk->done, "-\tM999\n2\tG1 X5\n");
	end(talk);
}

static void test_m112_restarts_the_board_even_in_a_dwell(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_send(talk, "M104 S100\nG4 S60\n", 0.2);
	talk_forget(talk);
	talk_send(talk, "\nM112\n", 3);
	assert_int_equal(talk_count(talk, "start\r\n"), 1);
	assert_int_equal(sim_printer_counters(talk->printer)->kills, 1);
	struct sim_status status;
	sim_printer_status(talk->printer, &status);
	assert_true(status.hotend_target_celsius == 0);
	assert_int_equal(status.last_number, 0);
	end(talk);
}

static void test_the_panel_speaks_each_versions_words(void **state)
{
	struct talk *talk = start("repetier");

	(void)state;
	talk_fault(talk, "press pause");
	talk_pass(talk, 0.1);
	assert_int_equal(talk_count(talk, "// action:pause\r\n"), 1);
	talk_fault(talk, "press door 5");
	talk_pass(talk, 5);
	assert_int_equal(talk_count(talk, "busy:door open\r\n"), 3);
	end(talk);
	talk = start("repetier-2");
	talk_fault(talk, "press cancel");
	talk_pass(talk, 0.1);
	assert_int_equal(talk_count(talk, "RequestStop:\r\n"), 1);
	end(talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_line_is_acknowledged_when_it_comes_and_answered_when_it_runs),
		cmocka_unit_test(test_while_a_command_runs_nobody_reads),
		cmocka_unit_test(test_what_is_missing_is_asked_for_every_200_ms),
		cmocka_unit_test(test_damage_and_pieces_are_refused),
		cmocka_unit_test(test_a_repeated_line_is_skipped),
		cmocka_unit_test(test_text_commands_hide_their_checksum_and_brackets_everything),
		cmocka_unit_test(test_an_idle_board_says_wait_every_second),
		cmocka_unit_test(test_a_byte_with_its_highest_bit_set_starts_a_binary_command),
		cmocka_unit_test(test_a_fatal_error_acknowledges_and_executes_nothing),
		cmocka_unit_test(test_m112_restarts_the_board_even_in_a_dwell),
		cmocka_unit_test(test_the_panel_speaks_each_versions_words),
	};

	return cmocka_run_group_tests_name("sim_repetier", tests, NULL, NULL);
}
