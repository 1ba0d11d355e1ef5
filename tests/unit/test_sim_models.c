/* The simulator's parts by themselves: heat, motion, receive ring, noise. */
#include "sim/board.h"
#include "sim/heat.h"
#include "sim/motion.h"
#include "sim/noise.h"
#include "sim/receiver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>   /* fabs, sqrt */
#include <string.h> /* memset */

/* ---- heat ---- */

static double seconds_to(struct heat *heat, enum sim_heater heater, double celsius)
{
	int64_t start_us = heat_next_us(heat);

	while (heat_reading(heat, heater) < celsius && heat_next_us(heat) < start_us + 3600000000)
		heat_step(heat);
	return (double)(heat_next_us(heat) - start_us) * 1e-6;
}

static void test_full_power_heats_as_fast_as_an_ordinary_machine(void **state)
{
	struct heat heat;

	(void)state;
	heat_init(&heat, 25, 1, 0);
	heat.element[SIM_HOTEND].power = heat.element[SIM_BED].power = 1;
	double hotend_s = seconds_to(&heat, SIM_HOTEND, 215);
	assert_true(hotend_s > 110 && hotend_s < 180);
	heat_init(&heat, 25, 1, 0);
	heat.element[SIM_BED].power = 1;
	double bed_s = seconds_to(&heat, SIM_BED, 60);
	assert_true(bed_s > 110 && bed_s < 190);
}

static void test_an_element_without_power_cools_to_the_room_and_no_further(void **state)
{
	struct heat heat;

	(void)state;
	heat_init(&heat, 22, 1, 0);
	heat_set(&heat, SIM_HOTEND, 215);
	double before = 215;
	for (int i = 0; i < 20000; i++) {
		heat_step(&heat);
		assert_true(heat.element[SIM_HOTEND].celsius <= before);
		before = heat.element[SIM_HOTEND].celsius;
	}
	assert_true(fabs(before - 22) < 0.1);
}

static void test_the_reading_lags_behind_the_heater(void **state)
{
	struct heat heat;

	(void)state;
	heat_init(&heat, 25, 1, 0);
	heat.element[SIM_HOTEND].power = 1;
	for (int i = 0; i < 5; i++)
		heat_step(&heat);
	assert_true(heat.element[SIM_HOTEND].celsius > 25.5);
	assert_true(fabs(heat_reading(&heat, SIM_HOTEND) - 25) < 0.01);
}

static void test_broken_heaters_and_sensors_do_what_they_do(void **state)
{
	struct heat heat;

	(void)state;
	heat_init(&heat, 25, 1, 0);
	heat.element[SIM_HOTEND].power = 0.5;
	heat.element[SIM_HOTEND].dead = true;
	heat.element[SIM_BED].runaway = true;
	assert_true(heat_power(&heat, SIM_HOTEND) == 0);
	assert_true(heat_power(&heat, SIM_BED) == 1);
	heat.element[SIM_HOTEND].thermistor = SIM_THERMISTOR_OPEN;
	assert_true(heat_reading(&heat, SIM_HOTEND) < 0);
	heat.element[SIM_HOTEND].thermistor = SIM_THERMISTOR_SHORT;
	assert_true(heat_reading(&heat, SIM_HOTEND) > 500);
	/* Without a supply a shorted transistor heats nothing either. */
	heat.powered = false;
	assert_true(heat_power(&heat, SIM_BED) == 0);
}

/* ---- motion ---- */

static void add(struct motion *motion, double x, double y, double feed_mm_s, int64_t now_us)
{
	struct motion_move move = {
		.to_mm = { x, y, 0, 0 }, .feed_mm_s = feed_mm_s, .acceleration_mm_s2 = 1000
	};

	assert_true(motion_add(motion, &move, now_us));
}

static int64_t run_empty(struct motion *motion)
{
	int64_t now_us = 0;

	while (!motion_is_empty(motion)) {
		now_us = motion_next_us(motion);
		assert_true(now_us != SIM_NEVER);
		motion_advance(motion, now_us);
	}
	return motion->empty_us;
}

static void test_a_move_takes_its_trapezoid(void **state)
{
	struct motion motion;

	(void)state;
	/* 100 mm at 50 mm/s and 1000 mm/s^2: 2 s and twice half the 0.05 s of a ramp; 0.1 s first.
	 */
	motion_init(&motion, 16, 0);
	add(&motion, 100, 0, 50, 0);
	assert_true(fabs((double)run_empty(&motion) * 1e-6 - (0.1 + 2.05)) < 0.001);
	/* Too short to reach its speed: 2 * sqrt(s / a). */
	motion_init(&motion, 16, 0);
	add(&motion, 1, 0, 500, 0);
	assert_true(fabs((double)run_empty(&motion) * 1e-6 - (0.1 + 2 * sqrt(0.001))) < 0.001);
}

static void test_moves_in_a_line_are_joined_and_a_reversal_stops(void **state)
{
	struct motion joined, reversed;

	(void)state;
	motion_init(&joined, 16, 0);
	motion_init(&reversed, 16, 0);
	for (int i = 1; i <= 10; i++) {
		add(&joined, i * 10, 0, 50, 0);
		add(&reversed, i % 2 * 10, 0, 50, 0);
	}
	double straight_s = (double)run_empty(&joined) * 1e-6;
	double back_s = (double)run_empty(&reversed) * 1e-6;
	assert_true(fabs(straight_s - 2.05) < 0.02);
	assert_true(fabs(back_s - 2.5) < 0.02);
}

static void test_a_corner_is_taken_at_the_speed_of_its_junction_deviation(void **state)
{
	struct motion motion;

	(void)state;
	motion_init(&motion, 16, 0);
	add(&motion, 10, 0, 50, 0);
	add(&motion, 10, 10, 50, 0);
	/* 0.013 mm, 90 degrees: sqrt(1000 * 0.013 * 0.7071 / 0.2929) = 5.6 mm/s. */
	double block_s = (100 - 5.6) / 1000 + (10 - (5000 - 5.6 * 5.6) / 2000) / 50;
	assert_true(fabs((double)run_empty(&motion) * 1e-6 - (0.1 + 2 * block_s)) < 0.0005);
}

static void test_a_planner_that_is_fed_late_brakes_to_rest(void **state)
{
	struct motion motion;

	(void)state;
	motion_init(&motion, 16, 0);
	add(&motion, 10, 0, 50, 0);
	motion_advance(&motion, 200000);
	/* The first block runs already and was planned to end at rest. */
	add(&motion, 20, 0, 50, 200000);
	assert_true(fabs((double)run_empty(&motion) * 1e-6 - (0.1 + 2 * 0.25)) < 0.002);
}

static void test_the_planner_holds_one_block_less_than_its_ring(void **state)
{
	struct motion motion;

	(void)state;
	motion_init(&motion, 4, 0);
	for (int i = 1; i <= 3; i++) {
		assert_false(motion_is_full(&motion));
		add(&motion, i, 0, 1, 0);
	}
	assert_true(motion_is_full(&motion));
	assert_int_equal(motion_free(&motion), 0);
	struct motion_move none = {
		.to_mm = { 3, 0, 0, 0 }, .feed_mm_s = 1, .acceleration_mm_s2 = 1
	};
	motion_advance(&motion, 1200000);
	assert_int_equal(motion_free(&motion), 1);
	assert_false(motion_add(&motion, &none, 1200000));
	assert_int_equal(motion_free(&motion), 1);
}

static void test_a_stop_leaves_the_machine_where_it_is(void **state)
{
	struct motion motion;
	double position_mm[MOTION_AXES];

	(void)state;
	motion_init(&motion, 16, 0);
	add(&motion, 100, 50, 50, 0);
	motion_advance(&motion, 1200000);
	motion_stop(&motion, 1200000);
	motion_position(&motion, 5000000, position_mm);
	assert_true(motion_is_empty(&motion));
	assert_true(position_mm[0] > 40 && position_mm[0] < 60);
	assert_true(fabs(position_mm[0] / 2 - position_mm[1]) < 1e-9);
}

/* Random walks: time only goes on, every block ends, no speed is above its limit. */
static void test_random_walks_end_and_are_never_faster_than_their_feed_rate(void **state)
{
	struct motion motion;
	struct random random;

	(void)state;
	random_init(&random, 5);
	for (int walk = 0; walk < 200; walk++) {
		double x = 0, y = 0, least_s = 0;
		int64_t now_us = 0, last_us = 0;
		motion_init(&motion, 16, 0);
		for (int i = 0; i < 100; i++) {
			double to_x = random_unit(&random) * 30, to_y = random_unit(&random) * 30;
			double feed = 1 + random_unit(&random) * 200;
			while (motion_is_full(&motion)) {
				now_us = motion_next_us(&motion);
				assert_true(now_us >= last_us);
				last_us = now_us;
				motion_advance(&motion, now_us);
			}
			add(&motion, to_x, to_y, feed, now_us);
			least_s += hypot(to_x - x, to_y - y) / feed;
			x = to_x;
			y = to_y;
		}
		assert_true((double)run_empty(&motion) * 1e-6 >= least_s);
		double position_mm[MOTION_AXES];
		motion_position(&motion, 0, position_mm);
		assert_true(position_mm[0] == x && position_mm[1] == y);
	}
}

/* ---- receiver ---- */

static void test_the_ring_loses_what_does_not_fit_and_says_so_behind_the_gap(void **state)
{
	static struct receiver receiver;
	struct received received;
	uint8_t byte;

	(void)state;
	receiver_init(&receiver, 10000000000 / 115200, false, 128);
	for (int i = 0; i < 200; i++)
		receiver_send(&receiver, (struct received){ (uint8_t)i, 0 }, 0);
	/* 200 bytes of 86.8 us. */
	assert_in_range(receiver.wire_free_ns / 1000, 17350, 17370);
	for (int i = 0; i < 150; i++)
		assert_int_equal(receiver_interrupt(&receiver, &byte), i < 127);
	for (int i = 0; i < 127; i++) {
		assert_true(receiver_read(&receiver, &received));
		assert_int_equal(received.byte, i);
		assert_int_equal(received.flags, 0);
	}
	assert_false(receiver_read(&receiver, &received));
	assert_true(receiver_interrupt(&receiver, &byte));
	assert_true(receiver_read(&receiver, &received));
	assert_int_equal(received.byte, 150);
	assert_int_equal(received.flags, RECEIVED_AFTER_LOSS);
}

static void test_bytes_arrive_at_the_pace_of_the_baud_rate(void **state)
{
	static struct receiver receiver;

	(void)state;
	receiver_init(&receiver, 1000000, false, 128); /* a millisecond a byte */
	receiver_send(&receiver, (struct received){ 'A', 0 }, 5000);
	receiver_send(&receiver, (struct received){ '\n', 0 }, 5000);
	receiver_send(&receiver, (struct received){ 'B', 0 }, 20000);
	assert_int_equal(receiver_next_us(&receiver), 6000);
	assert_int_equal(receiver_line_end_us(&receiver), 7000);
	receiver_drop(&receiver);
	receiver_drop(&receiver);
	assert_int_equal(receiver_next_us(&receiver), 21000);
	assert_int_equal(receiver_line_end_us(&receiver), SIM_NEVER);
}

static void test_with_flow_control_nothing_is_lost_and_the_wire_waits(void **state)
{
	static struct receiver receiver;
	struct received received;
	uint8_t byte;

	(void)state;
	receiver_init(&receiver, SIM_CDC_BYTE_NS, true, 64);
	for (int i = 0; i < 100; i++)
		receiver_send(&receiver, (struct received){ (uint8_t)i, 0 }, 0);
	for (int i = 0; i < 100; i++) {
		while (receiver_next_us(&receiver) <= 1000)
			assert_true(receiver_interrupt(&receiver, &byte));
		assert_true(receiver_read(&receiver, &received));
		assert_int_equal(received.byte, i);
		assert_int_equal(received.flags, 0);
	}
	assert_true(receiver_wire_is_empty(&receiver));
}

/* ---- the adapter ---- */

/* Lines of 10 bytes, one a millisecond: what a latency timer of 16 ms makes of them. */
static void test_a_latency_timer_lets_answers_out_in_batches(void **state)
{
	static struct board board;
	struct sim_settings settings;
	char buffer[64];

	(void)state;
	assert_true(sim_settings_init(&settings, "p", "marlin"));
	settings.latency_timer_us = 16000;
	board_init(&board, &settings, 1, 0);
	board_print(&board, "ok abcdef\n", 10, 1000);
	assert_int_equal(board_output_us(&board), 16000);
	assert_int_equal(board_take_output(&board, buffer, sizeof buffer, 15999), 0);
	assert_int_equal(board_take_output(&board, buffer, sizeof buffer, 16000), 10);
	/* The timer ticks on; a line just behind a tick waits nearly all of it. */
	board_print(&board, "ok abcdef\n", 10, 16100);
	assert_int_equal(board_output_us(&board), 32000);
	/* Seven lines fill a packet of 62 bytes: it leaves at once, with all that is in it. */
	for (int i = 0; i < 6; i++)
		board_print(&board, "ok abcdef\n", 10, 18000 + 1000 * i);
	assert_in_range(board_output_us(&board), 23800, 24000);
	assert_int_equal(board_take_output(&board, buffer, sizeof buffer, 24000), 60);
	/* The rest starts the timer anew. */
	assert_in_range(board_output_us(&board), 23800 + 16000, 24000 + 16000);
}

/* ---- noise ---- */

static void test_noise_hits_as_often_as_asked_and_always_changes_the_byte(void **state)
{
	struct noise noise;
	uint8_t added;
	int hits = 0, values[256];

	(void)state;
	memset(values, 0, sizeof values);
	noise_init(&noise, 3, 0.01);
	for (int i = 0; i < 2560000; i++) {
		uint8_t byte = 'x';
		if (noise_pass(&noise, &byte, &added)) {
			hits++;
			assert_int_not_equal(byte, 'x');
		} else {
			assert_int_equal(byte, 'x');
		}
		values[byte]++;
	}
	assert_in_range(hits, 25000, 26200);
	/* Uniform over the 255 others: about 100 each. */
	for (int value = 0; value < 256; value++)
		if (value != 'x')
			assert_in_range(values[value], 50, 160);
}

static void test_noise_that_shifts_loses_and_adds_as_often_as_it_changes(void **state)
{
	int count[4] = { 0 };
	struct noise noise;

	(void)state;
	noise_init(&noise, 5, 0.1);
	noise.shifts = true;
	for (int i = 0; i < 400000; i++) {
		uint8_t byte = 'x', added;
		enum noise_outcome outcome = noise_pass(&noise, &byte, &added);
		count[outcome]++;
		assert_true((byte != 'x') == (outcome == NOISE_CHANGED));
	}
	assert_in_range(count[NOISE_CHANGED], 19500, 20500);
	assert_in_range(count[NOISE_LOST], 9600, 10400);
	assert_in_range(count[NOISE_ADDED], 9600, 10400);
}

static void test_no_noise_and_nothing_but_noise(void **state)
{
	struct noise noise;
	uint8_t byte = 'x', added;

	(void)state;
	noise_init(&noise, 3, 0);
	for (int i = 0; i < 1000; i++)
		assert_false(noise_pass(&noise, &byte, &added));
	noise_set(&noise, 1);
	for (int i = 0; i < 1000; i++)
		assert_true(noise_pass(&noise, &byte, &added));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_full_power_heats_as_fast_as_an_ordinary_machine),
		cmocka_unit_test(test_an_element_without_power_cools_to_the_room_and_no_further),
		cmocka_unit_test(test_the_reading_lags_behind_the_heater),
		cmocka_unit_test(test_broken_heaters_and_sensors_do_what_they_do),
		cmocka_unit_test(test_a_move_takes_its_trapezoid),
		cmocka_unit_test(test_moves_in_a_line_are_joined_and_a_reversal_stops),
		cmocka_unit_test(test_a_corner_is_taken_at_the_speed_of_its_junction_deviation),
		cmocka_unit_test(test_a_planner_that_is_fed_late_brakes_to_rest),
		cmocka_unit_test(test_the_planner_holds_one_block_less_than_its_ring),
		cmocka_unit_test(test_a_stop_leaves_the_machine_where_it_is),
		cmocka_unit_test(test_random_walks_end_and_are_never_faster_than_their_feed_rate),
		cmocka_unit_test(test_the_ring_loses_what_does_not_fit_and_says_so_behind_the_gap),
		cmocka_unit_test(test_bytes_arrive_at_the_pace_of_the_baud_rate),
		cmocka_unit_test(test_with_flow_control_nothing_is_lost_and_the_wire_waits),
		cmocka_unit_test(test_a_latency_timer_lets_answers_out_in_batches),
		cmocka_unit_test(test_noise_that_shifts_loses_and_adds_as_often_as_it_changes),
		cmocka_unit_test(test_noise_hits_as_often_as_asked_and_always_changes_the_byte),
		cmocka_unit_test(test_no_noise_and_nothing_but_noise),
	};

	return cmocka_run_group_tests_name("sim_models", tests, NULL, NULL);
}
