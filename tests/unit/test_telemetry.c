#include "daemon/stream/telemetry.h"
#include "tests/unit/session_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <string.h>

static struct move_times times;

static void offer(struct telemetry *telemetry, const char *text, int64_t now_us)
{
	struct move_time time;

	move_time_of_command(&times, text, strlen(text), &time);
	telemetry_offered(telemetry, &time, strlen(text), now_us);
}

static struct wire_telemetry look(const struct telemetry *telemetry, int64_t now_us)
{
	struct wire_telemetry numbers;

	telemetry_read(telemetry, now_us, &numbers);
	return numbers;
}

/* At X10. */
static void begin(struct telemetry *telemetry, int64_t now_us)
{
	move_times_init(&times);
	telemetry_begin(telemetry, now_us);
	offer(telemetry, "G92 X10", now_us);
	telemetry_acknowledged(telemetry, 0, now_us);
}

/* Moves of 10 mm at 6000 mm/min: 100 ms each. */
static void print_moves(struct telemetry *telemetry, int count, int64_t *now_us, int64_t answer_us,
	int64_t pause_us)
{
	char text[32];

	for (int i = 0; i < count; i++) {
		snprintf(text, sizeof(text), "G1 X%d F6000", telemetry->next % 2 ? 20 : 10);
		offer(telemetry, text, *now_us);
		*now_us += answer_us;
		telemetry_acknowledged(telemetry, telemetry->next - 1, *now_us);
		*now_us += pause_us;
	}
}

static void test_lines_that_come_faster_than_the_moves_starve_nothing(void **state)
{
	static struct telemetry telemetry;
	int64_t now_us = 1000000;

	(void)state;
	begin(&telemetry, now_us);
	print_moves(&telemetry, 16, &now_us, 2000, 0);
	/* A full planner: an answer comes when a move is done. */
	print_moves(&telemetry, 200, &now_us, 100000, 0);
	assert_int_equal(look(&telemetry, now_us).starved_us, 0);
}

/* Moves of 100 ms by length and feed rate that take 300 ms: real Marlin with short moves. */
static void test_moves_that_take_longer_than_they_look_starve_nothing(void **state)
{
	static struct telemetry telemetry;
	int64_t now_us = 1000000;

	(void)state;
	begin(&telemetry, now_us);
	print_moves(&telemetry, 16, &now_us, 2000, 0);
	print_moves(&telemetry, 200, &now_us, 300000, 0);
	assert_int_equal(look(&telemetry, now_us).starved_us, 0);
	/* And a gap behind them, in which no line was with the printer, is one. */
	now_us += 3000000;
	print_moves(&telemetry, 1, &now_us, 2000, 0);
	assert_in_range(look(&telemetry, now_us).starved_us, 1000000, 2000000);
}

/* klippy takes moves in heaps, each half second, and holds a second's motion and more. */
static void test_a_planner_that_goes_by_time_is_not_starved_between_two_heaps(void **state)
{
	static struct telemetry telemetry;
	int64_t now_us = 1000000;

	(void)state;
	begin(&telemetry, now_us);
	telemetry_plans_by_time(&telemetry, 1500000);
	print_moves(&telemetry, 12, &now_us, 1000, 0);
	for (int heap = 0; heap < 20; heap++) {
		for (int i = 0; i < 4; i++)
			offer(&telemetry, i % 2 ? "G1 X20 F6000" : "G1 X10 F6000", now_us);
		now_us += 500000;
		telemetry_acknowledged(&telemetry, telemetry.next - 1, now_us);
	}
	assert_int_equal(look(&telemetry, now_us).starved_us, 0);
}

static void test_each_gap_is_counted_with_its_length_and_its_reason(void **state)
{
	static struct telemetry telemetry;
	struct wire_telemetry numbers;
	int64_t now_us = 1000000;

	(void)state;
	begin(&telemetry, now_us);
	print_moves(&telemetry, 1, &now_us, 1000, 0);
	/* The next one comes 150 ms later: 50 ms too late, of which 30 in a resend. */
	telemetry_stall(&telemetry, WIRE_STALL_RESEND, true, now_us + 1000);
	telemetry_stall(&telemetry, WIRE_STALL_RESEND, false, now_us + 31000);
	now_us += 149000;
	print_moves(&telemetry, 1, &now_us, 1000, 0);
	numbers = look(&telemetry, now_us);
	assert_int_equal(numbers.starved_us, 50000);
	assert_int_equal(numbers.starved_count, 1);
	assert_int_equal(numbers.stall_us[WIRE_STALL_RESEND], 30000);
	assert_int_equal(numbers.stall_us[WIRE_STALL_LINK], 20000);
}

static void test_a_stall_that_goes_on_over_an_answer_is_blamed_twice(void **state)
{
	static struct telemetry telemetry;
	struct wire_telemetry numbers;
	int64_t now_us = 1000000;

	(void)state;
	begin(&telemetry, now_us);
	print_moves(&telemetry, 1, &now_us, 1000, 0);
	telemetry_stall(&telemetry, WIRE_STALL_PORT, true, now_us);
	now_us += 199000;
	print_moves(&telemetry, 1, &now_us, 1000, 0);
	now_us += 199000;
	print_moves(&telemetry, 1, &now_us, 1000, 0);
	numbers = look(&telemetry, now_us);
	assert_int_equal(numbers.starved_us, 200000);
	assert_int_equal(numbers.stall_us[WIRE_STALL_PORT], 200000);
	assert_int_equal(numbers.stall_us[WIRE_STALL_LINK], 0);
}

static void test_heat_ups_pauses_and_homing_are_no_starvation(void **state)
{
	static struct telemetry telemetry;
	int64_t now_us = 1000000;

	(void)state;
	begin(&telemetry, now_us);
	print_moves(&telemetry, 2, &now_us, 1000, 0);
	offer(&telemetry, "M109 S205", now_us);
	now_us += 90000000;
	telemetry_acknowledged(&telemetry, telemetry.next - 1, now_us);
	print_moves(&telemetry, 2, &now_us, 1000, 0);
	telemetry_interrupt(&telemetry);
	now_us += 90000000;
	print_moves(&telemetry, 2, &now_us, 1000, 0);
	assert_int_equal(look(&telemetry, now_us).starved_us, 0);
}

static void test_what_a_move_takes_follows_modes_and_axes(void **state)
{
	static struct telemetry telemetry;

	(void)state;
	move_times_init(&times);
	telemetry_begin(&telemetry, 0);
	static const struct {
		const char *text;
		int32_t us;
	} rows[] = {
		{ "G1 X30 Y40 F3000", 1000000 }, /* 50 mm at 50 mm/s */
		{ "G1 X30 Y40", 0 },
		{ "G0 Z10 F600", 1000000 },
		{ "G91", 0 },
		{ "G1 X-3 Y4 F300", 1000000 },
		{ "G90", 0 },
		{ "G92 E0", 0 },
		{ "G1 E-5 F300", 1000000 },
		{ "M83", 0 },
		{ "G1 E5", 1000000 },
		{ "G1 F60", 0 },
		{ "G1 X27.5", 500000 },
		{ "M117 X100", 0 },
		{ "T1", 0 },
		{ "G1 X999999999", 600000000 },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		offer(&telemetry, rows[i].text, 0);
		int32_t us = telemetry.flight[i].duration_us;

		if (us < rows[i].us - 2 || us > rows[i].us + 2)
			fail_msg("%s: %d us, not %d", rows[i].text, us, rows[i].us);
	}
}

static void test_lines_and_bytes_under_way_and_their_rate(void **state)
{
	static struct telemetry telemetry;
	struct wire_telemetry numbers;
	int64_t now_us = 0;

	(void)state;
	move_times_init(&times);
	telemetry_begin(&telemetry, 0);
	for (int i = 0; i < 3; i++)
		offer(&telemetry, "G1 X10", now_us);
	numbers = look(&telemetry, now_us);
	assert_int_equal(numbers.in_flight_lines, 3);
	assert_int_equal(numbers.in_flight_bytes, 3 * (6 + TELEMETRY_OVERHEAD_BYTES));
	telemetry_acknowledged(&telemetry, 2, 1000);
	assert_int_equal(look(&telemetry, now_us).in_flight_lines, 0);
	assert_int_equal(look(&telemetry, now_us).in_flight_bytes_max, numbers.in_flight_bytes);
	print_moves(&telemetry, 1000, &now_us, 4000, 1000);
	assert_in_range(look(&telemetry, now_us).lines_per_s_milli, 199000, 202000);
	assert_int_equal(look(&telemetry, now_us).answer_min_us, 1000);
	assert_in_range(look(&telemetry, now_us).answer_us, 3900, 4100);
	now_us += 100000000;
	assert_in_range(look(&telemetry, now_us).lines_per_s_milli, 0, 5000);
}

static void test_a_window_larger_than_the_memory_of_it_is_survived(void **state)
{
	static struct telemetry telemetry;

	(void)state;
	move_times_init(&times);
	telemetry_begin(&telemetry, 0);
	for (int i = 0; i < 1000; i++)
		offer(&telemetry, "G1 X10", 0);
	telemetry_acknowledged(&telemetry, 999, 1000);
	assert_int_equal(look(&telemetry, 1000).in_flight_lines, 0);
}

static bool has_moved(struct session_rig *rig)
{
	return rig->executed_count > 20;
}

/* A whole print against the simulator: what the host believes of the planner is not far from what
 * the planner says. */
static void look_at_a_good_print(const char *firmware, bool tells_queue)
{
	static struct session_rig rig;
	static char text[16384];
	struct wire_printer_state printer;
	size_t length = 0;

	session_rig_init(&rig, firmware);
	session_rig_start_streamer(&rig);
	length += (size_t)snprintf(text, sizeof(text), "M109 S200\nG28\nG90\nM83\n");
	for (int i = 0; i < 300; i++)
		length += (size_t)snprintf(text + length, sizeof(text) - length,
			"G1 X%d Y%d E0.4 F1800\n", 20 + i * 7 % 50, 20 + i * 11 % 60);
	session_rig_write_file(&rig, text);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, has_moved));
	session_rig_run(&rig, 100, NULL);
	printer = session_rig_state(&rig);
	assert_string_equal(printer.attempt, "a1");
	assert_true(printer.progress.commands_done > 50);
	assert_in_range(printer.progress.telemetry.starved_us, 0, 100000);
	assert_in_range(printer.progress.telemetry.lines_per_s_milli, 500, 5000);
	if (tells_queue) {
		assert_int_equal(printer.progress.telemetry.planner_size, 15);
		assert_in_range(printer.progress.telemetry.planner_free, 0, 4);
	}
	assert_in_range(printer.progress.telemetry.in_flight_lines, 1, 8);
	assert_in_range(printer.progress.telemetry.in_flight_bytes_max, 20, 127);
	session_rig_finish(&rig);
}

static void test_a_print_on_a_good_line_is_seen_as_one(void **state)
{
	(void)state;
	look_at_a_good_print("marlin", true);
}

/* Its oks prove nothing for good for a hundred lines and more (in the held newline's mode, which a
 * UART gets): what flows must be seen all the same. */
static void test_plain_oks_show_the_flow_as_well(void **state)
{
	(void)state;
	look_at_a_good_print("marlin-stock", false);
	look_at_a_good_print("marlin-2.1.2", false);
}

/* The simulator knows when its planner was empty and a line was under way. */
static void test_starvation_on_a_bad_line_is_near_the_truth(void **state)
{
	static struct session_rig rig;
	static char text[65536];
	struct wire_printer_state printer;
	size_t length = 0;
	int64_t before_us, truth_us, believed_us, resend_us;
	struct wire_telemetry *seen = &printer.progress.telemetry;

	(void)state;
	session_rig_init(&rig, "marlin");
	session_rig_start_streamer(&rig);
	length += (size_t)snprintf(
		text, sizeof(text), "M109 S200\nG28\nG90\nM83\nG1 X20 Y20 F6000\nG1 Y20.5\n");
	for (int i = 0; i < 2000; i++)
		length += (size_t)snprintf(
			text + length, sizeof(text) - length, "G1 X%d.5 E0.01\n", 20 + i % 100);
	session_rig_write_file(&rig, text);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, has_moved));
	session_rig_run(&rig, 2, NULL);
	before_us = sim_printer_counters(rig.printer)->starved_us;
	printer = session_rig_state(&rig);
	believed_us = -seen->starved_us;
	resend_us = -seen->stall_us[WIRE_STALL_RESEND];
	session_rig_fault(&rig, "noise 0.002 up");
	session_rig_run(&rig, 15, NULL);
	truth_us = sim_printer_counters(rig.printer)->starved_us - before_us;
	printer = session_rig_state(&rig);
	believed_us += seen->starved_us;
	resend_us += seen->stall_us[WIRE_STALL_RESEND];
	assert_string_equal(printer.attempt, "a1");
	assert_true(printer.progress.resends > 0 && truth_us > 1000000);
	/* Acceleration is not believed in: each gap looks a little longer. */
	if (believed_us < truth_us / 2 || believed_us > truth_us * 3 || resend_us < believed_us / 2)
		fail_msg("starved for %lld ms, believed %lld ms, %lld of them in resends",
			(long long)truth_us / 1000, (long long)believed_us / 1000,
			(long long)resend_us / 1000);
	session_rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines_that_come_faster_than_the_moves_starve_nothing),
		cmocka_unit_test(test_moves_that_take_longer_than_they_look_starve_nothing),
		cmocka_unit_test(test_a_planner_that_goes_by_time_is_not_starved_between_two_heaps),
		cmocka_unit_test(test_each_gap_is_counted_with_its_length_and_its_reason),
		cmocka_unit_test(test_a_stall_that_goes_on_over_an_answer_is_blamed_twice),
		cmocka_unit_test(test_heat_ups_pauses_and_homing_are_no_starvation),
		cmocka_unit_test(test_what_a_move_takes_follows_modes_and_axes),
		cmocka_unit_test(test_lines_and_bytes_under_way_and_their_rate),
		cmocka_unit_test(test_a_window_larger_than_the_memory_of_it_is_survived),
		cmocka_unit_test(test_a_print_on_a_good_line_is_seen_as_one),
		cmocka_unit_test(test_plain_oks_show_the_flow_as_well),
		cmocka_unit_test(test_starvation_on_a_bad_line_is_near_the_truth),
	};

	return cmocka_run_group_tests_name("telemetry", tests, NULL, NULL);
}
