/* How long moves take: against arithmetic that fits on paper. */
#include "gcode/time_model.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gcode/lexer.h"

/* 100 mm/s, 1000 mm/s2, and no jerk unless a test gives some. */
static const struct time_limits limits = {
	.speed_mm_s = { 500, 500, 10, 100 },
	.print_mm_s2 = 1000,
	.travel_mm_s2 = 1000,
	.retract_mm_s2 = 1000,
};

/* Time of these lines from rest to rest. */
static double time_of(const struct time_limits *with, const char *const *lines, size_t count)
{
	struct time_model model;
	struct modal modal;

	time_model_init(&model, with);
	modal_init(&modal);
	for (size_t i = 0; i < count; i++) {
		struct lexer_line line;
		struct modal_move move;

		lexer_read(lines[i], strlen(lines[i]), &line);
		if (modal_apply_words(&modal, &line, &move) == MODAL_MOVE)
			time_model_move(&model, &move, modal.feed_mm_min, 0);
		time_limits_command(&model.limits, &line);
	}
	return time_model_finish(&model);
}

#define ASSERT_TIME(with, seconds, ...)                                                            \
	do {                                                                                       \
		static const char *const lines[] = { __VA_ARGS__ };                                \
		double is = time_of(with, lines, sizeof lines / sizeof *lines);                    \
		if (fabs(is - (seconds)) > 1e-6)                                                   \
			fail_msg("line %d: %.9f s, wanted %.9f", __LINE__, is, (double)(seconds)); \
	} while (0)

static void test_one_move_is_a_trapezoid(void **state)
{
	(void)state;
	/* 0.1 s and 5 mm to speed up, the same to slow down, 90 mm at 100 mm/s. */
	ASSERT_TIME(&limits, 0.2 + 0.9, "G1 X100 F6000");
	/* Too short for full speed: a triangle. */
	ASSERT_TIME(&limits, 2 * sqrt(4.0 / 1000), "G1 X4 F6000");
	ASSERT_TIME(&limits, 0.2 + 0.9, "G1 X60 Y80 F6000");
}

static void test_straight_on_costs_nothing_and_turning_back_a_stop(void **state)
{
	struct time_limits jerky = limits;

	(void)state;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		jerky.jerk_mm_s[axis] = 10;
	/* Starts and stops at 10 mm/s: 4.95 mm and 0.09 s each. */
	ASSERT_TIME(&jerky, 2 * 0.09 + (100 - 2 * 4.95) / 100, "G1 X100 F6000");
	ASSERT_TIME(&jerky, 2 * 0.09 + (100 - 2 * 4.95) / 100, "G1 X50 F6000", "G1 X100");
	ASSERT_TIME(&jerky, 2 * (2 * 0.09 + (50 - 2 * 4.95) / 100), "G1 X50 F6000", "G1 X0");
}

static void test_a_corner_is_passed_at_the_speed_that_jerk_allows(void **state)
{
	struct time_limits jerky = limits;
	double half;

	(void)state;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		jerky.jerk_mm_s[axis] = 10;
	/* A right angle: both axes change by the full speed, so 10 mm/s at the corner. */
	half = 2 * 0.09 + (50 - 2 * 4.95) / 100;
	ASSERT_TIME(&jerky, 2 * half, "G1 X50 F6000", "G1 Y50");
	/* 45 degrees: X changes from v to v * 0.7071 and Y to v * 0.7071, so v is 14.142. */
	half = 0.09 + (100 - sqrt(200)) / 1000 + (50 - 4.95 - 4.9) / 100;
	/* On the slope it may stop from 14.142 mm/s as well. */
	half += 2 * (100 - sqrt(200)) / 1000 + (50 - 2 * 4.9) / 100;
	ASSERT_TIME(&jerky, half, "G1 X50 F6000", "G1 X85.35533906 Y35.35533906");
}

/* PrusaSlicer's own estimate, whose figure is what users compare with: the slope may stop from
 * 10 mm/s, not from the 14.142 at which each axis does its 10. */
static void test_as_prusaslicer_an_axis_sets_the_whole_move_to_its_limit(void **state)
{
	struct time_limits as = limits;
	double half;

	(void)state;
	as.safe_is_jerk = as.axis_sets_all = true;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		as.jerk_mm_s[axis] = 10;
	half = 2 * 0.09 + (50 - 2 * 4.95) / 100;
	ASSERT_TIME(&as, half, "G1 X35.35533906 Y35.35533906 F6000");
	/* 1000 mm/s2 would be 707 on each axis. */
	as.acceleration_mm_s2[MODAL_X] = 500;
	ASSERT_TIME(&as, 2 * 0.18 + (50 - 2 * 9.9) / 100, "G1 X35.35533906 Y35.35533906 F6000");
}

/* Z drives at 10 mm/s whatever is asked for, and its jerk lets it stop from 0.5; X would start at
 * 10. */
static double lift_and_drive_s(double corner_mm_s)
{
	double square = corner_mm_s * corner_mm_s;
	double lift = (2 * 10 - 0.5 - corner_mm_s) / 1000 +
		      (10 - (100 - 0.25) / 2000 - (100 - square) / 2000) / 10;

	return lift + (2 * 100 - corner_mm_s - 10) / 1000 +
	       (100 - (10000 - square) / 2000 - (10000.0 - 100) / 2000) / 100;
}

static void test_as_prusaslicer_a_corner_goes_by_the_feed_that_was_asked_for(void **state)
{
	struct time_limits as = limits;

	(void)state;
	as.safe_is_jerk = true;
	as.jerk_mm_s[MODAL_X] = 10;
	as.jerk_mm_s[MODAL_Z] = 0.5;
	ASSERT_TIME(&as, lift_and_drive_s(10), "G1 Z10 F6000", "G1 X100");
	as.asked_corners = true;
	ASSERT_TIME(&as, lift_and_drive_s(5), "G1 Z10 F6000", "G1 X100");
	ASSERT_TIME(&as, lift_and_drive_s(10), "G1 Z10 F600", "G1 X100 F6000");
}

static void test_joint_jerk_takes_the_plane_as_one_axis(void **state)
{
	struct time_limits joint = limits;

	(void)state;
	joint.joint_jerk = true;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		joint.jerk_mm_s[axis] = 10;
	/* Starts and stops at half the jerk; a right angle changes by 1.414 of the speed. */
	ASSERT_TIME(&joint, 2 * 0.095 + (100 - 2 * 4.9875) / 100, "G1 X100 F6000");
	ASSERT_TIME(&joint, 2 * (0.095 + (100 - sqrt(50)) / 1000 + (100 - 4.9875 - 4.975) / 100),
		"G1 X100 F6000", "G1 Y100");
}

/* Marlin 2: v2 = a * deviation * s / (1 - s), s the sine of half the angle between the moves. */
static void test_junction_deviation_sets_the_speed_of_corners(void **state)
{
	double s = sqrt(0.5), corner2 = 1000 * 0.02 * s / (1 - s), stop = 0.05;
	double half = (100 - stop) / 1000 + (100 - sqrt(corner2)) / 1000 +
		      (50 - (10000 - stop * stop) / 2000 - (10000 - corner2) / 2000) / 100;

	(void)state;
	ASSERT_TIME(&limits, 2 * half, "M205 J0.02", "G1 X50 F6000", "G1 Y50");
	/* Straight on costs nothing, back is a stop. */
	ASSERT_TIME(&limits, 2 * 0.09995 + (100 - 2 * (10000 - stop * stop) / 2000) / 100,
		"M205 J0.02", "G1 X50 F6000", "G1 X100");
	ASSERT_TIME(&limits, 2 * (2 * 0.09995 + (50 - 2 * (10000 - stop * stop) / 2000) / 100),
		"M205 J0.02", "G1 X50 F6000", "G1 X0");
}

static void test_klipper_sets_the_speed_of_a_right_angle(void **state)
{
	struct time_limits klipper = limits;
	struct lexer_line line;
	static const char macro[] = "SET_VELOCITY_LIMIT ACCEL=1000 SQUARE_CORNER_VELOCITY=5";
	double stop = 0.05,
	       half = (100 - stop) / 1000 + 0.095 +
		      (50 - (10000 - stop * stop) / 2000 - (10000 - 25) / 2000.0) / 100;

	(void)state;
	lexer_read(macro, sizeof macro - 1, &line);
	assert_true(time_limits_macro(&klipper, &line));
	ASSERT_TIME(&klipper, 2 * half, "G1 X50 F6000", "G1 Y50");
}

static void test_many_small_moves_take_as_long_as_one(void **state)
{
	struct time_model model;
	struct modal_move move = { .is_arc = false };

	(void)state;
	time_model_init(&model, &limits);
	for (int i = 0; i < 5000; i++) {
		move.from_mm[MODAL_X] = i * 0.2;
		move.to_mm[MODAL_X] = (i + 1) * 0.2;
		time_model_move(&model, &move, 6000, 0);
	}
	/* Look-ahead covers at least 6.4 mm, which is more than the 5 mm it takes to stop. */
	assert_true(fabs(time_model_finish(&model) - (0.2 + (1000 - 10) / 100.0)) < 1e-6);
}

static void test_limits_of_axes_slow_the_whole_move(void **state)
{
	(void)state;
	ASSERT_TIME(&limits, 0.02 + (10 - 0.1) / 10, "G1 Z10 F6000");
	/* M201 and M203 in the file; M204 S for print and travel. */
	ASSERT_TIME(&limits, 0.2 + 0.9, "M203 X100", "G1 X100 F30000");
	ASSERT_TIME(&limits, 0.4 + 0.8, "M201 X500", "G1 X100 F6000");
	ASSERT_TIME(&limits, 0.4 + 0.8, "M204 S500", "G1 X100 F6000");
	ASSERT_TIME(&limits, 0.4 + 0.8, "M204 P500", "G1 X100 E1 F6000");
	ASSERT_TIME(&limits, 0.2 + 0.9, "M204 P500", "G1 X100 F6000");
	ASSERT_TIME(&limits, 0.4 + 0.8, "M204 T500", "G1 X100 F6000");
	/* RepRapFirmware's M203 is in mm/min. */
	ASSERT_TIME(&limits, 0.2 + 0.9, "M203 X6000", "G1 X100 F30000");
	/* Repetier's M201 and M202 are the accelerations themselves. */
	ASSERT_TIME(&limits, 0.4 + 0.8, "M201 X500", "M202 X250", "G1 X100 E1 F6000");
}

static void test_an_arc_takes_as_long_as_its_length(void **state)
{
	double length = acos(-1) * 50;

	(void)state;
	ASSERT_TIME(&limits, 0.2 + (length - 10) / 100, "G3 X100 Y0 I50 J0 F6000");
}

static void test_a_retraction_counts_and_no_move_takes_no_time(void **state)
{
	(void)state;
	ASSERT_TIME(&limits, 2 * sqrt(4.0 / 1000), "G1 E-4 F6000");
	ASSERT_TIME(&limits, 0, "G1 X0 F6000", "G1 F100");
}

static void test_a_feed_that_was_never_set_ends_all_the_same(void **state)
{
	static const char *const lines[] = { "G1 X1" };

	(void)state;
	assert_true(isfinite(time_of(&limits, lines, 1)));
}

struct spent {
	double time_s[3];
};

static void on_spent(void *context, uint32_t tag, double time_s)
{
	((struct spent *)context)->time_s[tag] += time_s;
}

static void test_time_goes_to_the_tag_of_its_move(void **state)
{
	struct time_model model;
	struct modal_move move = { .to_mm = { 100, 0, 0, 0 } };
	struct spent spent = { { 0 } };

	(void)state;
	time_model_init(&model, &limits);
	model.on_spent = on_spent;
	model.context = &spent;
	model.factor = 2;
	time_model_move(&model, &move, 6000, 1);
	move = (struct modal_move){ .to_mm = { 0, 0, 0, -4 } };
	time_model_move(&model, &move, 6000, 2);
	time_model_wait(&model, 3, 0);
	assert_true(fabs(spent.time_s[1] - 2 * 1.1) < 1e-6);
	assert_true(fabs(spent.time_s[2] - 4 * sqrt(4.0 / 1000)) < 1e-6);
	assert_true(fabs(spent.time_s[0] - 6) < 1e-9);
	assert_true(fabs(time_model_finish(&model) - spent.time_s[0] - spent.time_s[1] -
			    spent.time_s[2]) < 1e-9);
}

static void test_a_wait_brings_the_machine_to_rest(void **state)
{
	struct time_model model;
	struct modal_move move = { .to_mm = { 100, 0, 0, 0 } };

	(void)state;
	time_model_init(&model, &limits);
	time_model_move(&model, &move, 6000, 0);
	time_model_wait(&model, 2, 0);
	move.from_mm[0] = 100;
	move.to_mm[0] = 200;
	time_model_move(&model, &move, 6000, 0);
	assert_true(fabs(time_model_finish(&model) - (2 * 1.1 + 2)) < 1e-6);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_move_is_a_trapezoid),
		cmocka_unit_test(test_straight_on_costs_nothing_and_turning_back_a_stop),
		cmocka_unit_test(test_a_corner_is_passed_at_the_speed_that_jerk_allows),
		cmocka_unit_test(test_as_prusaslicer_an_axis_sets_the_whole_move_to_its_limit),
		cmocka_unit_test(test_as_prusaslicer_a_corner_goes_by_the_feed_that_was_asked_for),
		cmocka_unit_test(test_joint_jerk_takes_the_plane_as_one_axis),
		cmocka_unit_test(test_junction_deviation_sets_the_speed_of_corners),
		cmocka_unit_test(test_klipper_sets_the_speed_of_a_right_angle),
		cmocka_unit_test(test_time_goes_to_the_tag_of_its_move),
		cmocka_unit_test(test_many_small_moves_take_as_long_as_one),
		cmocka_unit_test(test_limits_of_axes_slow_the_whole_move),
		cmocka_unit_test(test_an_arc_takes_as_long_as_its_length),
		cmocka_unit_test(test_a_retraction_counts_and_no_move_takes_no_time),
		cmocka_unit_test(test_a_feed_that_was_never_set_ends_all_the_same),
		cmocka_unit_test(test_a_wait_brings_the_machine_to_rest),
	};

	return cmocka_run_group_tests_name("time_model", tests, NULL, NULL);
}
