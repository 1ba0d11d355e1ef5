/* The simulated grbl family where recordings say nothing: the beam, alarms, holds, the ring, and
 * what grblHAL and FluidNC do otherwise. */
#include "tests/unit/sim_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h> /* strstr, memset */

static struct talk talk;

static void begin(const char *firmware)
{
	talk_start_firmware(&talk, firmware);
}

static double beam(void)
{
	struct sim_status status;

	sim_printer_status(talk.printer, &status);
	return status.beam;
}

static const struct sim_counters *counters(void)
{
	return sim_printer_counters(talk.printer);
}

static void assert_state(const char *name)
{
	struct sim_status status;

	sim_printer_status(talk.printer, &status);
	assert_string_equal(status.machine_state, name);
}

/* ---- the beam ---- */

static void test_m4_is_dark_whenever_the_machine_stands(void **state)
{
	(void)state;
	begin("grbl-laser");
	talk_send(&talk, "M4 S500\n", 0.5);
	assert_true(beam() == 0);
	talk_send(&talk, "G1 X20 F600\n", 1);
	assert_true(beam() > 0.49 && beam() < 0.51);
	talk_pass(&talk, 3);
	assert_true(beam() == 0);
	assert_int_equal(counters()->beam_still_us, 0);
	assert_true(counters()->beam_on_us > 1900000 && counters()->beam_on_us < 2100000);
	talk_end(&talk);
}

static void test_m3_burns_on_when_the_stream_starves(void **state)
{
	(void)state;
	begin("grbl-laser");
	talk_send(&talk, "M3 S500\nG1 X5 F600\n", 4);
	assert_true(beam() > 0.49);
	assert_true(counters()->beam_still_us > 3000000);
	talk_end(&talk);
}

static void test_a_rapid_move_is_dark_in_laser_mode_and_not_without(void **state)
{
	(void)state;
	begin("grbl-laser");
	talk_send(&talk, "M4 S500\nG0 X100\n", 0.3);
	assert_true(beam() == 0);
	talk_pass(&talk, 2);
	/* Alone: while the setting is written the board is deaf. */
	talk_send(&talk, "$32=0\n", 2);
	talk_send(&talk, "M4 S500\nG0 X0\n", 0.3);
	assert_true(beam() > 0.49);
	talk_end(&talk);
}

static void test_hold_door_and_reset_put_the_beam_out(void **state)
{
	static const char *const stops[] = { "!", "\x84", "\x18", "\x19" };

	(void)state;
	for (size_t i = 0; i < 4; i++) {
		begin(i == 3 ? "grblhal" : "grbl-laser");
		talk_send(&talk, "M3 S500\nG1 X100 F600\n", 1);
		assert_true(beam() > 0);
		talk_send(&talk, stops[i], 0.5);
		assert_true(beam() == 0);
		talk_end(&talk);
	}
}

/* ---- holds ---- */

static void test_a_hold_keeps_its_moves_and_takes_no_line(void **state)
{
	(void)state;
	begin("grbl-laser");
	talk_send(&talk, "G1 X20 F600\n", 0.5);
	talk_send(&talk, "!", 0.5);
	assert_state("Hold");
	talk_forget(&talk);
	talk_send(&talk, "G1 X30\n", 5);
	assert_int_equal(talk_count(&talk, "ok"), 0);
	talk_send(&talk, "~", 10);
	assert_int_equal(talk_count(&talk, "ok"), 1);
	assert_state("Idle");
	talk_send(&talk, "?", 0.1);
	assert_int_equal(talk_count(&talk, "MPos:30.000"), 1);
	talk_end(&talk);
}

static void test_m0_holds_and_its_ok_comes_when_somebody_goes_on(void **state)
{
	(void)state;
	begin("grbl");
	talk_send(&talk, "M0\n", 2);
	assert_state("Hold");
	assert_int_equal(talk_count(&talk, "ok"), 0);
	talk_fault(&talk, "press continue");
	talk_pass(&talk, 0.1);
	assert_int_equal(talk_count(&talk, "ok"), 1);
	talk_end(&talk);
}

/* ---- resets and alarms ---- */

static void test_a_reset_at_rest_keeps_the_position_and_one_in_motion_loses_it(void **state)
{
	(void)state;
	begin("grbl-laser");
	talk_send(&talk, "G1 X20 F600\n", 0.5);
	talk_send(&talk, "!", 1);
	talk_send(&talk, "\x18", 1);
	assert_int_equal(talk_count(&talk, "ALARM"), 0);
	assert_state("Idle");
	talk_send(&talk, "G1 X40 F600\n", 0.5);
	talk_send(&talk, "\x18", 1);
	assert_int_equal(talk_count(&talk, "ALARM:3"), 1);
	assert_state("Alarm");
	talk_send(&talk, "G1 X1 F100\n", 0.2);
	assert_int_equal(talk_count(&talk, "error:9"), 1);
	talk_end(&talk);
}

static void test_lines_in_the_ring_of_a_reset_are_never_answered(void **state)
{
	(void)state;
	begin("grbl");
	for (int i = 0; i < 16; i++)
		talk_send(&talk, i % 2 ? "G1 X1 F100\n" : "G1 X2 F100\n", 0.05);
	talk_send(&talk, "G1 X3\nG1 X4\nG1 X5\n", 0.1);
	int before = talk_count(&talk, "ok");
	talk_send(&talk, "\x18", 2);
	/* The line that waited for the planner says ok, though it never moves. */
	assert_int_equal(talk_count(&talk, "ok"), before + 1);
	assert_int_equal(talk_count(&talk, "Grbl 1.1h"), 1);
	assert_null(strstr(talk.done, "X3"));
	talk_end(&talk);
}

static void test_a_hard_limit_locks_until_a_reset(void **state)
{
	(void)state;
	begin("grbl");
	talk_fault(&talk, "press limit");
	talk_pass(&talk, 1);
	assert_int_equal(talk_count(&talk, "ALARM:1"), 1);
	talk_send(&talk, "$X\n?", 1);
	assert_int_equal(talk_count(&talk, "ok"), 0);
	assert_int_equal(talk_count(&talk, "<"), 0);
	talk_send(&talk, "\x18", 1);
	talk_send(&talk, "$X\n", 0.2);
	assert_int_equal(talk_count(&talk, "[MSG:Caution: Unlocked]"), 1);
	assert_state("Idle");
	talk_end(&talk);
}

static void test_homing_is_wanted_after_power_on_and_answers_nothing_meanwhile(void **state)
{
	struct sim_settings settings;

	(void)state;
	assert_true(sim_settings_init(&settings, "unit", "grbl"));
	settings.homing = true;
	settings.boot_us = 0;
	talk_start(&talk, &settings, 1);
	assert_state("Alarm");
	talk_send(&talk, "$H\n", 1);
	talk_send(&talk, "?", 1);
	assert_int_equal(talk_count(&talk, "<"), 0);
	talk_pass(&talk, 60);
	assert_int_equal(talk_count(&talk, "ok"), 1);
	assert_state("Idle");
	talk_end(&talk);
}

/* ---- bytes ---- */

static void test_a_full_ring_loses_bytes_and_says_nothing(void **state)
{
	(void)state;
	begin("grbl");
	talk_send(&talk, "M0\n", 0.5);
	for (int i = 0; i < 10; i++)
		talk_send(&talk, "G1 X1 Y1 Z1 F100\n", 0.05);
	assert_true(counters()->rx_overruns >= 40);
	talk_end(&talk);
}

static void test_real_time_bytes_act_inside_comments(void **state)
{
	(void)state;
	begin("grbl");
	talk_send(&talk, "G4 P0.01 (what?)\n", 0.5);
	assert_int_equal(talk_count(&talk, "<Idle"), 1);
	assert_int_equal(talk_count(&talk, "ok"), 1);
	talk_end(&talk);
}

static void test_cr_lf_ends_two_lines_on_grbl_and_one_on_its_heirs(void **state)
{
	(void)state;
	begin("grbl");
	talk_send(&talk, "G90\r\n", 0.2);
	assert_int_equal(talk_count(&talk, "ok"), 2);
	talk_end(&talk);
	begin("grblhal");
	talk_send(&talk, "G90\r\nG91\r\n", 0.2);
	assert_int_equal(talk_count(&talk, "ok"), 2);
	talk_end(&talk);
}

static void test_grblhal_answers_the_same_error_until_an_empty_line(void **state)
{
	(void)state;
	begin("grblhal");
	talk_send(&talk, "G99\nG90\nG91\n", 0.2);
	assert_int_equal(talk_count(&talk, "error:20"), 3);
	talk_send(&talk, "\nG90\n", 0.2);
	assert_int_equal(talk_count(&talk, "ok"), 2);
	assert_string_equal(talk.done, "-\tG90\n");
	talk_end(&talk);
}

static void test_fluidnc_cuts_a_long_line_in_silence(void **state)
{
	char line[400];

	(void)state;
	begin("fluidnc");
	memset(line, '0', sizeof line);
	memcpy(line, "G1F100X", 7);
	memcpy(line + sizeof line - 3, "1\n", 3);
	talk_send(&talk, line, 0.2);
	assert_int_equal(talk_count(&talk, "ok"), 1);
	talk_end(&talk);
}

static void test_the_ground_truth_has_each_line_that_ran_and_no_other(void **state)
{
	(void)state;
	begin("grbl");
	talk_send(&talk, "G21 G90\nG1 X1\n\n; nothing\n  g1 x1 f100 \n$X\n", 2);
	assert_string_equal(talk.done, "-\tG21 G90\n-\tg1 x1 f100\n-\t$X\n");
	talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_m4_is_dark_whenever_the_machine_stands),
		cmocka_unit_test(test_m3_burns_on_when_the_stream_starves),
		cmocka_unit_test(test_a_rapid_move_is_dark_in_laser_mode_and_not_without),
		cmocka_unit_test(test_hold_door_and_reset_put_the_beam_out),
		cmocka_unit_test(test_a_hold_keeps_its_moves_and_takes_no_line),
		cmocka_unit_test(test_m0_holds_and_its_ok_comes_when_somebody_goes_on),
		cmocka_unit_test(
			test_a_reset_at_rest_keeps_the_position_and_one_in_motion_loses_it),
		cmocka_unit_test(test_lines_in_the_ring_of_a_reset_are_never_answered),
		cmocka_unit_test(test_a_hard_limit_locks_until_a_reset),
		cmocka_unit_test(
			test_homing_is_wanted_after_power_on_and_answers_nothing_meanwhile),
		cmocka_unit_test(test_a_full_ring_loses_bytes_and_says_nothing),
		cmocka_unit_test(test_real_time_bytes_act_inside_comments),
		cmocka_unit_test(test_cr_lf_ends_two_lines_on_grbl_and_one_on_its_heirs),
		cmocka_unit_test(test_grblhal_answers_the_same_error_until_an_empty_line),
		cmocka_unit_test(test_fluidnc_cuts_a_long_line_in_silence),
		cmocka_unit_test(test_the_ground_truth_has_each_line_that_ran_and_no_other),
	};

	return cmocka_run_group_tests_name("sim_grbl", tests, NULL, NULL);
}
