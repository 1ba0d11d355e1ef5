/* What orders wish of the plan: alternatives in order of preference, and orders that wait for
 * others. */
#include "base/random.h"
#include "scheduler/match.h"
#include "scheduler/planner.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

enum { NOW = 9 * 3600, WHOLE = 1 << 30 };

static struct world_plate plate;
static struct world_printer printer[4];
static struct world_order order[4];
static struct world world;

/* Equal printers with nothing to wait for. */
static void make_world(size_t printers, size_t orders, int64_t units)
{
	static const char *const name[] = { "p1", "p2", "p3", "p4" };

	plate = worlds_plate();
	for (size_t i = 0; i < printers; i++)
		printer[i] = worlds_printer(name[i]);
	for (size_t i = 0; i < orders; i++)
		order[i] = worlds_order((int64_t)i + 1, units, &plate, 1);
	world = (struct world){
		.printer = printer,
		.printer_count = printers,
		.order = order,
		.order_count = orders,
		.clear_s = 900,
		.start_delay_s = 30,
	};
}

static struct planner *plan(void)
{
	struct planner *planner = planner_begin(&world, NULL, NOW, 1);

	assert_non_null(planner);
	assert_false(planner_step(planner, WHOLE));
	return planner;
}

static void test_of_equal_printers_the_one_with_the_better_liked_spool_prints(void **state)
{
	(void)state;
	make_world(3, 1, 4);
	order[0].material = "PETG,PLA";
	order[0].color = "white,light";
	printer[0].material = "PLA";
	printer[1].material = "PETG";
	printer[1].color = "ivory";
	printer[2].material = "PETG";

	struct planner *planner = plan();
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_int_equal(result->assignment[0].printer, 2);
	assert_true(result->assignment[0].start_now);
	planner_destroy(planner);
}

static void test_a_less_liked_spool_that_is_mounted_is_better_than_waiting(void **state)
{
	(void)state;
	make_world(3, 1, 4);
	order[0].material = "PETG,PLA";
	printer[0].material = "ABS";
	printer[1].material = "PLA";
	printer[2].material = "PETG";
	printer[2].idle = false;
	printer[2].free_at_s = NOW + 7200;

	struct planner *planner = plan();
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_int_equal(result->assignment[0].printer, 1);
	planner_destroy(planner);
}

static void test_why_names_every_alternative(void **state)
{
	struct match_result match;

	(void)state;
	make_world(1, 1, 4);
	order[0].material = "PETG,ASA";
	order[0].color = "black,dark";
	match_check(&world, &order[0], &plate, &printer[0], NOW, &match);
	assert_int_equal(match.unmet_count, 2);
	assert_string_equal(match.unmet[0].text, "needs PETG or ASA, PLA is loaded");
	assert_string_equal(match.unmet[1].text, "needs black or any dark colour, white is loaded");
	assert_true(match.can_ever);
	order[0].material = "ASA,pla";
	order[0].color = "any";
	match_check(&world, &order[0], &plate, &printer[0], NOW, &match);
	assert_int_equal(match.unmet_count, 0);
}

/* ---- orders that wait for others ------------------------------------------ */

/* The first and the last second of what is planned of an order. */
static void times_of(
	const struct planner_result *result, size_t index, int64_t *start_s, int64_t *end_s)
{
	*start_s = INT64_MAX;
	*end_s = 0;
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *own = &result->assignment[i];

		if (own->order == index && own->start_s < *start_s)
			*start_s = own->start_s;
		if (own->order == index && own->end_s > *end_s)
			*end_s = own->end_s;
	}
}

static void wait_for(size_t index, size_t other)
{
	order[index].after[order[index].after_count++] = other;
	order[index].waits_for = order[other].id;
	order[index].waits_units = order[other].units_left;
	order[index].waits_left = order[other].units_left;
}

static void test_an_order_starts_when_what_it_waits_for_is_off_its_beds(void **state)
{
	int64_t start_s, end_s, first_start_s, first_end_s;

	(void)state;
	make_world(2, 2, 8);
	wait_for(0, 1);

	struct planner *planner = plan();
	const struct planner_result *result = planner_result(planner);

	times_of(result, 1, &first_start_s, &first_end_s);
	times_of(result, 0, &start_s, &end_s);
	assert_int_equal(first_start_s, NOW);
	assert_int_equal(first_end_s, NOW + 10800);
	assert_int_equal(start_s, first_end_s + 900 + 30);
	assert_int_equal(result->order[0].units_planned, 8);
	assert_int_equal(result->order[0].done_s, end_s);
	planner_destroy(planner);
}

static void test_what_shared_power_puts_off_puts_off_what_waits_for_it(void **state)
{
	int64_t start_s, end_s, first_start_s, first_end_s;

	(void)state;
	make_world(2, 2, 8);
	wait_for(0, 1);
	plate.heat_s = 600;
	world.power_budget_w = 400;
	for (size_t i = 0; i < 2; i++) {
		printer[i].watts = 100;
		printer[i].heat_watts = 300;
	}

	struct planner *planner = plan();
	const struct planner_result *result = planner_result(planner);

	times_of(result, 1, &first_start_s, &first_end_s);
	times_of(result, 0, &start_s, &end_s);
	assert_int_equal(first_end_s, NOW + 600 + 10800);
	assert_int_equal(start_s, first_end_s + 900 + 30);
	assert_int_equal(result->order[0].units_planned, 8);
	planner_destroy(planner);
}

static void test_the_urgency_of_an_order_is_that_of_what_it_waits_for(void **state)
{
	int64_t start_s, end_s;

	(void)state;
	make_world(1, 3, 4);
	order[1].priority = 10;
	order[2].priority = 90;
	wait_for(2, 1);

	struct planner *planner = plan();

	times_of(planner_result(planner), 1, &start_s, &end_s);
	assert_int_equal(start_s, NOW);
	planner_destroy(planner);
}

static void test_the_time_until_then_is_open_for_others(void **state)
{
	int64_t start_s, end_s, other_start_s, other_end_s;

	(void)state;
	make_world(1, 2, 4);
	order[0].priority = 90;
	order[0].after_end_s = NOW + 2 * 86400;
	order[0].waits_for = 7;

	struct planner *planner = plan();

	times_of(planner_result(planner), 0, &start_s, &end_s);
	times_of(planner_result(planner), 1, &other_start_s, &other_end_s);
	assert_int_equal(start_s, NOW + 2 * 86400 + 900 + 30);
	assert_int_equal(other_start_s, NOW);
	planner_destroy(planner);
}

static void test_nobody_can_say_when_what_waits_for_a_held_order_starts(void **state)
{
	(void)state;
	make_world(1, 3, 4);
	wait_for(0, 1);
	wait_for(2, 0);
	order[1].held = true;

	struct planner *planner = plan();
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 0);
	assert_true(result->order[0].done_s < 0);
	assert_true(result->order[2].done_s < 0);
	planner_destroy(planner);
}

static void test_a_circle_of_orders_is_left_out_and_the_rest_is_planned(void **state)
{
	(void)state;
	make_world(1, 4, 4);
	wait_for(0, 1);
	wait_for(1, 2);
	wait_for(2, 0);

	struct planner *planner = plan();
	const struct planner_result *result = planner_result(planner);

	for (size_t i = 0; i < 3; i++)
		assert_true(result->order[i].done_s < 0);
	assert_int_equal(result->order[3].done_s, NOW + 10800);
	planner_destroy(planner);
}

static void test_no_search_breaks_the_sequence(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 200; seed++) {
		struct random random;

		random_init(&random, seed);
		make_world(1 + random_below(&random, 3), 4, 1 + (int64_t)random_below(&random, 12));
		for (size_t i = 0; i < 4; i++) {
			order[i].due_s = NOW + 3600 + (int64_t)random_below(&random, 40000);
			order[i].priority = (int32_t)random_below(&random, 100);
			if (i > 0 && random_below(&random, 2))
				wait_for(i, random_below(&random, (uint32_t)i));
		}
		struct planner *planner = plan();
		const struct planner_result *result = planner_result(planner);

		for (size_t i = 0; i < 4; i++) {
			int64_t start_s, end_s, other_start_s, other_end_s;

			assert_true(result->order[i].units_planned >= order[i].units_left);
			if (order[i].after_count == 0)
				continue;
			times_of(result, i, &start_s, &end_s);
			times_of(result, order[i].after[0], &other_start_s, &other_end_s);
			assert_true(start_s >= other_end_s + 900 + 30);
		}
		planner_destroy(planner);
	}
}

static void test_why_says_which_order_is_waited_for(void **state)
{
	struct match_result match;

	(void)state;
	make_world(1, 1, 4);
	order[0].waits_for = 7;
	order[0].waits_units = 40;
	order[0].waits_left = 12;
	match_check(&world, &order[0], &plate, &printer[0], NOW, &match);
	assert_int_equal(match.unmet_count, 1);
	assert_string_equal(match.unmet[0].text, "waits for order 7: 12 of 40 units are left");
	assert_true(match.can_without_person);
	assert_true(match_can_plan(&order[0], &plate, &printer[0]));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_order_starts_when_what_it_waits_for_is_off_its_beds),
		cmocka_unit_test(test_what_shared_power_puts_off_puts_off_what_waits_for_it),
		cmocka_unit_test(test_the_urgency_of_an_order_is_that_of_what_it_waits_for),
		cmocka_unit_test(test_the_time_until_then_is_open_for_others),
		cmocka_unit_test(test_nobody_can_say_when_what_waits_for_a_held_order_starts),
		cmocka_unit_test(test_a_circle_of_orders_is_left_out_and_the_rest_is_planned),
		cmocka_unit_test(test_no_search_breaks_the_sequence),
		cmocka_unit_test(test_why_says_which_order_is_waited_for),
		cmocka_unit_test(test_of_equal_printers_the_one_with_the_better_liked_spool_prints),
		cmocka_unit_test(test_a_less_liked_spool_that_is_mounted_is_better_than_waiting),
		cmocka_unit_test(test_why_names_every_alternative),
	};
	return cmocka_run_group_tests_name("plan_wishes", tests, NULL, NULL);
}
