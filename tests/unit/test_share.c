/* Quotas and the fair share: what counts, when, and who is planned first. */
#include "scheduler/share.h"
#include "base/random.h"
#include "scheduler/planner.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400, WEEK = 7 * DAY, USERS = 4, ORDERS = 40, PRINTERS = 3, LABS = 20 };

static const struct share_periods first_week = { { 0, 0, 0 } };
static const struct share_periods second_week = { { WEEK, WEEK, 0 } };

static void test_what_is_started_counts_until_its_period_ends(void **state)
{
	struct share_account account = { 0 };
	struct share_use use = { .grams = 100, .hours = 3, .units = 4 };

	(void)state;
	share_count(&account, &first_week, HOUR, &use);
	share_count(&account, &first_week, 2 * HOUR, &use);
	struct share_use used = share_used(&account, &first_week, SHARE_WEEK);

	assert_int_equal(used.units, 8);
	assert_true(used.grams > 199.9 && used.grams < 200.1);
	/* Nothing happened since: the new week is seen all the same. */
	assert_int_equal(share_used(&account, &second_week, SHARE_WEEK).units, 0);
	assert_int_equal(share_used(&account, &second_week, SHARE_MONTH).units, 8);
	share_count(&account, &second_week, WEEK + HOUR, &use);
	assert_int_equal(share_used(&account, &second_week, SHARE_WEEK).units, 4);
	assert_int_equal(share_used(&account, &second_week, SHARE_MONTH).units, 12);
}

static void test_what_was_before_a_period_is_not_part_of_it(void **state)
{
	struct share_account account = { 0 };
	struct share_use use = { .hours = 1, .units = 1 };

	(void)state;
	/* As after a restart: last week's starts are counted in this week. */
	share_count(&account, &second_week, WEEK - HOUR, &use);
	share_count(&account, &second_week, WEEK + HOUR, &use);
	assert_int_equal(share_used(&account, &second_week, SHARE_WEEK).units, 1);
	assert_int_equal(share_used(&account, &second_week, SHARE_MONTH).units, 2);
}

static void test_half_of_the_hours_are_forgotten_each_week(void **state)
{
	struct share_account account = { 0 };
	struct share_use use = { .hours = 8 };

	(void)state;
	share_count(&account, &first_week, 0, &use);
	assert_true(share_faded_h(&account, WEEK) > 3.99 && share_faded_h(&account, WEEK) < 4.01);
	share_count(&account, &first_week, WEEK, &use);
	assert_true(share_faded_h(&account, 2 * WEEK) > 5.99 &&
		    share_faded_h(&account, 2 * WEEK) < 6.01);
}

static void test_the_limit_that_is_reached_is_named(void **state)
{
	struct share_quota quota = { .most = { .grams = 1000, .hours = 50, .units = 200 } };
	struct share_use used = { .grams = 999, .hours = 49, .units = 199 };

	(void)state;
	assert_int_equal(share_limit_reached(&quota, &used), SHARE_WITHIN);
	used.units = 200;
	assert_int_equal(share_limit_reached(&quota, &used), SHARE_UNITS);
	used.hours = 51;
	assert_int_equal(share_limit_reached(&quota, &used), SHARE_HOURS);
	used.grams = 1000;
	assert_int_equal(share_limit_reached(&quota, &used), SHARE_GRAMS);
	quota.most = (struct share_use){ 0 };
	assert_int_equal(share_limit_reached(&quota, &used), SHARE_WITHIN);
}

static void test_who_has_many_orders_is_first_with_one_of_them(void **state)
{
	const double had_h[] = { 0, 0, 40 };
	struct share_order order[] = {
		{ .user = 0, .priority = 50, .id = 1, .hours = 5 },
		{ .user = 0, .priority = 50, .id = 2, .hours = 5 },
		{ .user = 0, .priority = 90, .id = 3, .hours = 5 },
		{ .user = 1, .priority = 50, .id = 4, .hours = 100 },
		{ .user = 2, .priority = 50, .id = 5, .hours = 1 },
	};

	(void)state;
	share_line_up(order, 5, had_h);
	assert_int_equal(order[0].id, 3);
	assert_int_equal(order[0].step, 0);
	assert_int_equal(order[1].id, 1);
	assert_true(order[1].step > 0 && order[2].step > order[1].step);
	assert_int_equal(order[3].step, 0);
	assert_true(order[4].step > order[2].step);
}

/* ---- in plans --------------------------------------------------------------- */

struct lab {
	struct world world;
	struct world_printer printer[PRINTERS];
	struct world_order order[ORDERS];
	struct world_plate plate[ORDERS];
	size_t user[ORDERS];
};

/* The first user has ordered most of it before the others came. */
static void make_lab(struct lab *lab, uint64_t seed)
{
	static const char *const name[PRINTERS] = { "p1", "p2", "p3" };
	struct random random;

	random_init(&random, seed);
	*lab = (struct lab){ .world = { .printer = lab->printer,
				     .printer_count = PRINTERS,
				     .order = lab->order,
				     .order_count = ORDERS,
				     .clear_s = 600 } };
	for (size_t i = 0; i < PRINTERS; i++)
		lab->printer[i] = worlds_printer(name[i]);
	for (size_t i = 0; i < ORDERS; i++) {
		lab->plate[i] = worlds_plate();
		lab->plate[i].time_s = 1800 + 1800 * (int64_t)random_below(&random, 6);
		lab->user[i] = i < ORDERS - 12 ? 0 : 1 + (size_t)random_below(&random, USERS - 1);
		lab->order[i] = worlds_order((int64_t)i + 1, 4, &lab->plate[i], 1);
		lab->order[i].due_s = 3 * HOUR + 2 * HOUR * (int64_t)random_below(&random, 10);
	}
}

static void line_up(struct lab *lab)
{
	const double had_h[USERS] = { 0 };
	struct share_order line[ORDERS];

	for (size_t i = 0; i < ORDERS; i++)
		line[i] = (struct share_order){ .user = lab->user[i],
			.priority = lab->order[i].priority,
			.due_s = lab->order[i].due_s,
			.id = lab->order[i].id,
			.index = i,
			.hours = (double)lab->plate[i].time_s / HOUR };
	share_line_up(line, ORDERS, had_h);
	for (size_t i = 0; i < ORDERS; i++)
		lab->order[line[i].index].share_step = line[i].step;
}

/* Jain's index of the hours that each user's prints had got by the time, while all wanted some. */
static double jain(const struct lab *lab, const struct planner_result *result, int64_t by_s)
{
	double got_h[USERS] = { 0 }, sum = 0, squares = 0;

	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *own = &result->assignment[i];
		int64_t end_s = own->end_s < by_s ? own->end_s : by_s;

		if (own->start_s < by_s)
			got_h[lab->user[own->order]] += (double)(end_s - own->start_s) / HOUR;
	}
	for (size_t i = 0; i < USERS; i++) {
		sum += got_h[i];
		squares += got_h[i] * got_h[i];
	}
	return sum * sum / (USERS * squares);
}

static double hours_late(const struct lab *lab, const struct planner_result *result)
{
	double late_h = 0;

	for (size_t i = 0; i < ORDERS; i++)
		if (lab->order[i].due_s > 0 && result->order[i].done_s > lab->order[i].due_s)
			late_h += (double)(result->order[i].done_s - lab->order[i].due_s) / HOUR;
	return late_h;
}

struct outcome {
	double fairness, late_h;
};

static void plan(const struct lab *lab, struct outcome *sum)
{
	struct planner *planner = planner_begin(&lab->world, NULL, 0, 1);

	assert_non_null(planner);
	assert_false(planner_step(planner, INT32_MAX));
	sum->fairness += jain(lab, planner_result(planner), 5 * HOUR) / LABS;
	sum->late_h += hours_late(lab, planner_result(planner)) / LABS;
	planner_destroy(planner);
}

static void compare(bool have_due_dates, struct outcome *before, struct outcome *after)
{
	*before = *after = (struct outcome){ 0 };
	for (uint64_t seed = 1; seed <= LABS; seed++) {
		struct lab lab;

		make_lab(&lab, seed);
		for (size_t i = 0; i < ORDERS && !have_due_dates; i++)
			lab.order[i].due_s = 0;
		plan(&lab, before);
		line_up(&lab);
		plan(&lab, after);
	}
	print_message("fairness %.2f, with shares %.2f; late %.1f h, with shares %.1f h\n",
		before->fairness, after->fairness, before->late_h, after->late_h);
}

static void test_who_came_first_with_many_orders_leaves_room_for_the_others(void **state)
{
	struct outcome before, after;

	(void)state;
	compare(false, &before, &after);
	assert_true(before.fairness < 0.4);
	assert_true(after.fairness >= 0.8);
}

static void test_a_fair_share_costs_little_lateness(void **state)
{
	struct outcome before, after;

	(void)state;
	compare(true, &before, &after);
	assert_true(before.late_h > 0);
	assert_true(after.late_h <= 1.1 * before.late_h);
}

static void test_who_is_over_quota_is_planned_behind_everybody_else(void **state)
{
	struct lab lab;

	(void)state;
	make_lab(&lab, 1);
	for (size_t i = 0; i < ORDERS; i++) {
		lab.order[i].due_s = 0;
		lab.order[i].over_quota = lab.user[i] == 0;
		lab.order[i].priority = lab.user[i] == 0 ? 90 : 50;
	}
	struct planner *planner = planner_begin(&lab.world, NULL, 0, 1);

	assert_false(planner_step(planner, INT32_MAX));
	const struct planner_result *result = planner_result(planner);
	int64_t last_within_s = 0, first_over_s = INT64_MAX;

	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *own = &result->assignment[i];

		if (lab.order[own->order].over_quota && own->start_s < first_over_s)
			first_over_s = own->start_s;
		if (!lab.order[own->order].over_quota && own->start_s > last_within_s)
			last_within_s = own->start_s;
	}
	assert_true(last_within_s <= first_over_s);
	planner_destroy(planner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_who_is_over_quota_is_planned_behind_everybody_else),
		cmocka_unit_test(test_who_came_first_with_many_orders_leaves_room_for_the_others),
		cmocka_unit_test(test_a_fair_share_costs_little_lateness),
		cmocka_unit_test(test_who_has_many_orders_is_first_with_one_of_them),
		cmocka_unit_test(test_what_is_started_counts_until_its_period_ends),
		cmocka_unit_test(test_what_was_before_a_period_is_not_part_of_it),
		cmocka_unit_test(test_half_of_the_hours_are_forgotten_each_week),
		cmocka_unit_test(test_the_limit_that_is_reached_is_named),
	};

	return cmocka_run_group_tests_name("share", tests, NULL, NULL);
}
