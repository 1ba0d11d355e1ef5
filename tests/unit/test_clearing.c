/* How long printed beds wait. */
#include "scheduler/clearing.h"
#include "scheduler/planner.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400, PRIOR_S = 900 };

static struct clearing *fresh(void)
{
	static struct clearing clearing;
	int32_t prior_s[CLEARING_HOURS];

	for (size_t i = 0; i < CLEARING_HOURS; i++)
		prior_s[i] = PRIOR_S;
	clearing_init(&clearing, prior_s);
	return &clearing;
}

static void test_without_a_clear_the_configured_wait_counts_at_every_hour(void **state)
{
	const struct clearing *clearing = fresh();

	(void)state;
	for (size_t i = 0; i < CLEARING_HOURS; i++)
		assert_int_equal(clearing->wait_s[i], PRIOR_S);
	assert_int_equal(clearing_mean_s(clearing), 0);
}

static void test_one_forgotten_bed_does_not_change_the_picture(void **state)
{
	struct clearing *clearing = fresh();

	(void)state;
	clearing_learn(clearing, 10, 30 * DAY);
	/* It counts as a day, and the other hours hardly notice. */
	assert_int_equal(clearing->sum_s[10], CLEARING_LONGEST_S);
	assert_true(clearing->wait_s[11] < 15 * PRIOR_S);
}

static void test_an_hour_is_learnt_and_its_neighbours_are_not(void **state)
{
	struct clearing *clearing = fresh();
	const int monday_9 = 9, tuesday_9 = 33, friday_16 = 4 * 24 + 16;

	(void)state;
	/* Monday mornings take an hour, everything else a quarter of one. */
	for (int i = 0; i < 40; i++) {
		clearing_learn(clearing, monday_9, 3600);
		for (int day = 0; day < 5; day++)
			clearing_learn(clearing, day * 24 + 16, 900);
	}
	assert_true(clearing->wait_s[monday_9] > 3300);
	assert_true(clearing->wait_s[friday_16] < 960);
	/* Tuesday at nine: nobody knows, but Monday at nine says something. */
	assert_true(clearing->wait_s[tuesday_9] > clearing->wait_s[tuesday_9 + 1]);
	assert_true(clearing->wait_s[tuesday_9] < clearing->wait_s[monday_9]);
}

static void test_people_who_have_become_quicker_are_believed(void **state)
{
	struct clearing *clearing = fresh();

	(void)state;
	for (int i = 0; i < CLEARING_KEPT; i++)
		clearing_learn(clearing, i % CLEARING_HOURS, 7200);
	assert_true(clearing->wait_s[9] > 6000);
	for (int i = 0; i < CLEARING_KEPT; i++)
		clearing_learn(clearing, i % CLEARING_HOURS, 300);
	assert_int_equal(clearing_mean_s(clearing), 300);
	assert_true(clearing->wait_s[9] < 400);
}

static void test_other_priors_leave_what_was_learnt(void **state)
{
	struct clearing *clearing = fresh();
	int32_t prior_s[CLEARING_HOURS];

	(void)state;
	for (int i = 0; i < 100; i++)
		clearing_learn(clearing, 9, 1800);
	for (size_t i = 0; i < CLEARING_HOURS; i++)
		prior_s[i] = i < 24 ? 300 : 600; /* half the people on other days */
	clearing_set_prior(clearing, prior_s);
	assert_int_equal(clearing_mean_s(clearing), 1800);
	assert_true(clearing->wait_s[9] > 1700);
	assert_true(clearing->wait_s[36] > clearing->wait_s[12]);
}

static void test_a_night_is_judged_by_the_hour_of_the_opening(void **state)
{
	const struct world_calendar hours = worlds_weekdays(8, 18);
	struct clearing *clearing = fresh();
	struct calendar calendar;

	(void)state;
	calendar_init(&calendar, &hours);
	for (int i = 0; i < 50; i++)
		clearing_learn(clearing, 24 + 8, 7200); /* Tuesday, at eight */
	assert_int_equal(clearing_hour(&calendar, 23 * HOUR), 24 + 8);
	assert_int_equal(clearing_hour(&calendar, 9 * HOUR + 1), 9);
	assert_int_equal(clearing_wait_s(clearing, &calendar, 20 * HOUR),
		clearing_wait_s(clearing, &calendar, DAY + 8 * HOUR));
	assert_true(clearing_wait_s(clearing, &calendar, 20 * HOUR) > 6000);
}

static void test_a_plan_expects_the_beds_when_they_are_usually_cleared(void **state)
{
	struct world_printer printer = worlds_printer("p1");
	struct world_plate plate = worlds_plate();
	struct world_order order = worlds_order(1, 8, &plate, 1);
	struct world world = { .printer_count = 1,
		.printer = &printer,
		.order_count = 1,
		.order = &order,
		.calendar = worlds_weekdays(0, 24),
		.clear_s = PRIOR_S };
	struct clearing *clearing = fresh();

	(void)state;
	for (int i = 0; i < 1000; i++)
		clearing_learn(clearing, 12, 7200);
	world.clearing = clearing;

	struct planner *planner = planner_begin(&world, NULL, 9 * HOUR, 1);

	while (planner_step(planner, 1000))
		;
	const struct planner_result *result = planner_result(planner);

	/* From nine to noon, then the bed waits as it does at noon. */
	assert_int_equal(result->assignment_count, 2);
	assert_int_equal(result->assignment[1].start_s, 12 * HOUR + clearing->wait_s[12]);
	assert_true(clearing->wait_s[12] > 7000);
	planner_destroy(planner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_without_a_clear_the_configured_wait_counts_at_every_hour),
		cmocka_unit_test(test_one_forgotten_bed_does_not_change_the_picture),
		cmocka_unit_test(test_an_hour_is_learnt_and_its_neighbours_are_not),
		cmocka_unit_test(test_people_who_have_become_quicker_are_believed),
		cmocka_unit_test(test_other_priors_leave_what_was_learnt),
		cmocka_unit_test(test_a_night_is_judged_by_the_hour_of_the_opening),
		cmocka_unit_test(test_a_plan_expects_the_beds_when_they_are_usually_cleared),
	};

	return cmocka_run_group_tests_name("clearing", tests, NULL, NULL);
}
