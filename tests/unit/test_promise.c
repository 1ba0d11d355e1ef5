/* How sure promises are: what a band may not do, then farms that live otherwise than assumed. */
#include "scheduler/promise.h"
#include "base/random.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, NOW = 9 * HOUR, PRINTERS = 4, WHOLE = 1 << 30 };

struct farm {
	struct world world;
	struct world_printer printer[PRINTERS];
	struct world_order order[3];
	struct world_plate plate;
};

static void farm_init(struct farm *farm, double spread, double fail_per_hour)
{
	static const char *const name[] = { "p1", "p2", "p3", "p4" };

	*farm = (struct farm){ .plate = worlds_plate() };
	farm->world = (struct world){
		.printer_count = PRINTERS,
		.printer = farm->printer,
		.order_count = 3,
		.order = farm->order,
		.clear_s = 600,
		.start_delay_s = 30,
	};
	for (size_t i = 0; i < PRINTERS; i++) {
		farm->printer[i] = worlds_printer(name[i]);
		farm->printer[i].speed_spread = spread;
		farm->printer[i].fail_per_hour = fail_per_hour;
	}
	for (size_t i = 0; i < 3; i++)
		farm->order[i] = worlds_order((int64_t)i + 1, 40, &farm->plate, 1);
}

static struct planner *plan(const struct farm *farm)
{
	struct planner *planner = planner_begin(&farm->world, NULL, NOW, 1);

	assert_non_null(planner);
	assert_false(planner_step(planner, WHOLE));
	return planner;
}

static void test_a_promise_lies_between_its_bounds(void **state)
{
	struct farm farm;
	struct promise_band band[3];

	(void)state;
	farm_init(&farm, 0.1, 0.01);
	struct planner *planner = plan(&farm);
	const struct planner_result *result = planner_result(planner);

	assert_true(promise_bands(result, NOW, 7, band));
	for (size_t i = 0; i < 3; i++) {
		assert_true(band[i].low_s < band[i].high_s);
		assert_true(band[i].high_s > result->order[i].done_s);
		assert_true(band[i].low_s > NOW);
	}
	planner_destroy(planner);
}

static void test_the_same_plan_and_seed_have_the_same_bounds(void **state)
{
	struct farm farm;
	struct promise_band a[3], b[3];

	(void)state;
	farm_init(&farm, 0.1, 0.05);
	struct planner *planner = plan(&farm);

	assert_true(promise_bands(planner_result(planner), NOW, 7, a));
	assert_true(promise_bands(planner_result(planner), NOW, 7, b));
	assert_memory_equal(a, b, sizeof a);
	planner_destroy(planner);
}

static int64_t width(double spread, double fail_per_hour)
{
	struct farm farm;
	struct promise_band band[3];

	farm_init(&farm, spread, fail_per_hour);
	struct planner *planner = plan(&farm);

	assert_true(promise_bands(planner_result(planner), NOW, 7, band));
	planner_destroy(planner);
	return band[2].high_s - band[2].low_s;
}

static void test_what_is_less_known_is_promised_less_sharply(void **state)
{
	(void)state;
	assert_true(width(0.02, 0) < width(0.2, 0));
	assert_true(width(0.05, 0.001) < width(0.05, 0.1));
}

static void test_prints_that_fail_make_promises_later(void **state)
{
	struct farm farm;
	struct promise_band never[3], often[3];
	struct planner *planner;

	(void)state;
	farm_init(&farm, 0.05, 0);
	planner = plan(&farm);
	assert_true(promise_bands(planner_result(planner), NOW, 7, never));
	planner_destroy(planner);
	farm_init(&farm, 0.05, 0.1);
	planner = plan(&farm);
	assert_true(promise_bands(planner_result(planner), NOW, 7, often));
	planner_destroy(planner);
	for (size_t i = 0; i < 3; i++)
		assert_true(often[i].high_s > never[i].high_s);
}

static void test_nothing_is_said_of_an_order_that_nobody_can_make(void **state)
{
	struct farm farm;
	struct promise_band band[3];

	(void)state;
	farm_init(&farm, 0.1, 0.01);
	farm.order[1].material = "PETG";
	struct planner *planner = plan(&farm);

	assert_true(promise_bands(planner_result(planner), NOW, 7, band));
	assert_int_equal(band[1].low_s, 0);
	assert_int_equal(band[1].high_s, 0);
	assert_true(band[0].high_s > 0);
	planner_destroy(planner);
}

static void test_an_order_that_follows_another_is_as_late_as_that_one(void **state)
{
	struct farm farm;
	struct promise_band band[3];

	(void)state;
	farm_init(&farm, 0.1, 0.1);
	/* Each on printers of its own: only the order of the orders binds them. */
	farm.order[0].printer = "p1";
	farm.order[1].printer = "p2";
	farm.order[1].units_left = 4;
	farm.order[1].after_count = 1;
	farm.order[1].after[0] = 0;
	farm.order[2].units_left = 0;
	struct planner *planner = plan(&farm);

	assert_true(promise_bands(planner_result(planner), NOW, 7, band));
	assert_true(band[1].low_s >= band[0].low_s + farm.plate.time_s / 2);
	assert_true(band[1].high_s >= band[0].high_s + farm.plate.time_s / 2);
	planner_destroy(planner);
}

/* A farm that lives by other distributions: lengths off by a flat share, waits that are either
 * short or long; prints fail as often as assumed. */
static int64_t live_otherwise(
	const struct planner_result *result, struct random *random, size_t order)
{
	int64_t ready_s[PRINTERS] = { 0 }, done_s = 0;
	double slow[PRINTERS];

	for (size_t i = 0; i < PRINTERS; i++)
		slow[i] = 0.83 + 0.34 * random_unit(random);
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *own = &result->assignment[i];
		double length_s = (double)(own->end_s - own->start_s) * slow[own->printer];
		int64_t at_s =
			own->start_s > ready_s[own->printer] ? own->start_s : ready_s[own->printer];

		while (random_unit(random) < 0.01 * length_s / 3600)
			at_s += (int64_t)(length_s / 2) + 630;
		at_s += (int64_t)length_s;
		ready_s[own->printer] = at_s + 30 + (random_below(random, 4) == 0 ? 1800 : 200);
		if (own->order == order && at_s > done_s)
			done_s = at_s;
	}
	return done_s;
}

static void test_nine_of_ten_promises_are_kept_by_farms_that_live_otherwise(void **state)
{
	int kept = 0, all = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 200; seed++) {
		struct farm farm;
		struct promise_band band[3];
		struct random random;

		random_init(&random, seed);
		farm_init(&farm, 0.1, 0.01);
		for (size_t i = 0; i < 3; i++)
			farm.order[i].units_left = 4 + (int64_t)random_below(&random, 80);
		struct planner *planner = plan(&farm);
		const struct planner_result *result = planner_result(planner);

		assert_true(promise_bands(result, NOW, seed, band));
		for (size_t i = 0; i < 3; i++) {
			kept += live_otherwise(result, &random, i) <= band[i].high_s;
			all++;
		}
		planner_destroy(planner);
	}
	print_message("kept %d of %d\n", kept, all);
	assert_in_range(100 * kept / all, 85, 96);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_promise_lies_between_its_bounds),
		cmocka_unit_test(test_nothing_is_said_of_an_order_that_nobody_can_make),
		cmocka_unit_test(test_prints_that_fail_make_promises_later),
		cmocka_unit_test(test_what_is_less_known_is_promised_less_sharply),
		cmocka_unit_test(test_an_order_that_follows_another_is_as_late_as_that_one),
		cmocka_unit_test(test_nine_of_ten_promises_are_kept_by_farms_that_live_otherwise),
		cmocka_unit_test(test_the_same_plan_and_seed_have_the_same_bounds),
	};

	return cmocka_run_group_tests_name("promise", tests, NULL, NULL);
}
