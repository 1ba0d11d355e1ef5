/* The simulated Smoothieware, as its source says (GcodeDispatch.cpp; serial-protocols.md 9). */
#include "tests/unit/sim_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* malloc, free */
#include <string.h> /* strstr */

static struct talk *start(void)
{
	struct talk *talk = malloc(sizeof *talk);

	assert_non_null(talk);
	talk_start_firmware(talk, "smoothie");
	return talk;
}

static void end(struct talk *talk)
{
	talk_end(talk);
	free(talk);
}

static void test_every_line_has_an_answer(void **state)
{
	static const struct {
		const char *sent, *heard;
	} cases[] = {
		{ "\n", "ok\r\n" },
		{ "; nothing\n", "ok\r\n" },
		{ "M107\r\n", "ok\r\n" },
		{ "M9999\n", "ok\r\n" },
		{ "HELLO\n", "ok - ignored\r\n" },
		{ "50 E2.1*77\n", "ok - ignored\r\n" },
		{ "version\n", "Build version: edge-94de12c, Build date: Oct 28 2023 13:24, MCU: "
			       "LPC1769, System Clock: 120MHz\r\n" },
		{ "M105\n", "ok T:25.0 /0.0 @0 B:25.0 /0.0 @0\r\n" },
		{ "M114\n", "ok C: X:0.0000 Y:0.0000 Z:0.0000 E:0.0000\r\n" },
	};
	struct talk *talk = start();

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		talk_forget(talk);
		talk_send(talk, cases[i].sent, 0.1);
		assert_string_equal(talk->heard, cases[i].heard);
	}
	end(talk);
}

static void test_raising_dtr_is_greeted_with_an_ok_that_nobody_asked_for(void **state)
{
	struct talk *talk = start();

	(void)state;
	sim_printer_opened(talk->printer, talk->now_us);
	talk_pass(talk, 0.1);
	assert_string_equal(talk->heard, "Smoothie\r\nok\r\n");
	end(talk);
}

static void test_a_number_out_of_turn_is_asked_for_without_an_ok(void **state)
{
	struct talk *talk = start();

	(void)state;
	talk_send_numbered(talk, 7, "M110 N3", 0.1); /* the first number counts */
	talk_send_numbered(talk, 8, "M107", 0.1);
	assert_string_equal(talk->heard, "ok\r\nok\r\n");
	talk_forget(talk);
	talk_send_numbered(talk, 8, "M107", 0.1);
	talk_send(talk, "N9 M107*1\n", 0.1);
	assert_string_equal(talk->heard, "rs N9\r\nrs N9\r\n");
	assert_string_equal(talk->done, "");
	end(talk);
}

static void test_a_move_is_acknowledged_before_there_is_room_for_it(void **state)
{
	struct talk *talk = start();
	char command[32];

	(void)state;
	/* 31 moves fill the planner; the 32nd is acknowledged all the same, the 33rd is not. */
	for (int i = 1; i <= 33; i++) {
		snprintf(command, sizeof command, "G1 X%d F60\n", i);
		talk_send(talk, command, 0.01);
	}
	assert_int_equal(talk_count(talk, "ok\r\n"), 32);
	talk_pass(talk, 2);
	assert_int_equal(talk_count(talk, "ok\r\n"), 33);
	end(talk);
}

static void test_a_burst_on_usb_waits_and_is_not_lost(void **state)
{
	struct talk *talk = start();

	(void)state;
	for (int i = 0; i < 60; i++)
		talk_send(talk, "G4 P100\n", 0);
	talk_pass(talk, 7);
	assert_int_equal(talk_count(talk, "ok\r\n"), 60);
	assert_int_equal(sim_printer_counters(talk->printer)->rx_overruns, 0);
	end(talk);
}

static void test_control_x_halts_in_a_wait_and_only_m999_leaves(void **state)
{
	struct sim_status status;
	struct talk *talk = start();

	(void)state;
	talk_send(talk, "M109 S200\n", 3);
	talk_forget(talk);
	talk_send(talk, "\x18", 0.2);
	assert_int_equal(talk_count(talk, "HALTED, M999 or $X to exit HALT state\r\n"), 1);
	sim_printer_status(talk->printer, &status);
	assert_true(status.hotend_target_celsius == 0 && status.hotend_power == 0);
	talk_forget(talk);
	talk_send(talk, "G1 X5\n", 0.1);
	assert_string_equal(talk->heard, "!!\r\n");
	talk_forget(talk);
	talk_send(talk, "M105\n", 0.1);
	assert_int_equal(talk_count(talk, "ok T:"), 1);
	talk_forget(talk);
	talk_send(talk, "M999\nG1 X5\n", 0.1);
	assert_string_equal(talk->heard,
		"WARNING: After HALT you should HOME as position is currently unknown\r\n"
		"ok\r\nok\r\n");
	end(talk);
}

static void test_a_question_mark_is_answered_and_missing_from_its_line(void **state)
{
	struct talk *talk = start();

	(void)state;
	talk_send(talk, "M117 wh?at\n", 0.1);
	assert_int_equal(talk_count(talk, "<Idle|MPos:0.0000,0.0000,0.0000|WPos:"), 1);
	assert_int_equal(talk_count(talk, "ok\r\n"), 1);
	assert_string_equal(talk->done, "-\tM117 what\n");
	end(talk);
}

static void test_a_broken_sensor_halts_with_heaters_off(void **state)
{
	struct talk *talk = start();

	(void)state;
	talk_send(talk, "M104 S200\n", 10);
	talk_forget(talk);
	talk_fault(talk, "thermistor hotend open");
	talk_pass(talk, 3);
	assert_int_equal(talk_count(talk, "ERROR: Temperature reading is unreliable on T, HALT "
					  "asserted. TURN POWER OFF IMMEDIATELY"),
		1);
	talk_send(talk, "G1 X5\n", 0.1);
	assert_int_equal(talk_count(talk, "!!\r\n"), 1);
	end(talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_line_has_an_answer),
		cmocka_unit_test(test_raising_dtr_is_greeted_with_an_ok_that_nobody_asked_for),
		cmocka_unit_test(test_a_number_out_of_turn_is_asked_for_without_an_ok),
		cmocka_unit_test(test_a_move_is_acknowledged_before_there_is_room_for_it),
		cmocka_unit_test(test_a_burst_on_usb_waits_and_is_not_lost),
		cmocka_unit_test(test_control_x_halts_in_a_wait_and_only_m999_leaves),
		cmocka_unit_test(test_a_question_mark_is_answered_and_missing_from_its_line),
		cmocka_unit_test(test_a_broken_sensor_halts_with_heaters_off),
	};

	return cmocka_run_group_tests_name("sim_smoothie", tests, NULL, NULL);
}
