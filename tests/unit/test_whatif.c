/* What would be if something were otherwise: one change at a time on a small world. */
#include "scheduler/whatif.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR, NOW = 9 * HOUR, PRINTERS = 3, ORDERS = 2, WHOLE = 1 << 30 };

/* Open from 8 to 18; plates of 4 units in 3 h; order 0 comes before order 1. */
struct bench {
	struct world world;
	struct world_printer printer[PRINTERS];
	struct world_order order[ORDERS];
	struct world_plate plate;
};

static void bench_init(struct bench *bench)
{
	static const char *const name[] = { "p1", "p2", "p3" };

	*bench = (struct bench){ .plate = worlds_plate() };
	for (size_t i = 0; i < PRINTERS; i++)
		bench->printer[i] = worlds_printer(name[i]);
	bench->order[0] = worlds_order(1, 24, &bench->plate, 1);
	bench->order[1] = worlds_order(2, 24, &bench->plate, 1);
	bench->world = (struct world){
		.printer_count = PRINTERS,
		.printer = bench->printer,
		.order_count = ORDERS,
		.order = bench->order,
		.calendar = worlds_weekdays(8, 18),
		.clear_s = 3600,
		.start_delay_s = 30,
	};
}

static struct whatif *ask(
	const struct bench *bench, const struct whatif_change *change, size_t count, int64_t moves)
{
	struct whatif *whatif = whatif_begin(&(struct whatif_question){
		.world = &bench->world,
		.now_s = NOW,
		.seed = 1,
		.order = 1,
		.by_s = DAY + 8 * HOUR,
		.change_count = count,
		.change = change,
	});

	assert_non_null(whatif);
	while (whatif_step(whatif, NULL, moves))
		;
	return whatif;
}

/* How much earlier order 1 is done with this change. */
static int64_t gain(const struct bench *bench, struct whatif_change change)
{
	const struct whatif_change changes[] = { { WHATIF_NOTHING, 0, 0 }, change };
	struct whatif *whatif = ask(bench, changes, 2, WHOLE);
	int64_t as_is = whatif_answer(whatif, 0)->done_s, with = whatif_answer(whatif, 1)->done_s;

	assert_true(with >= 0);
	whatif_destroy(whatif);
	return as_is < 0 ? INT64_MAX : as_is - with;
}

static void test_what_helps_helps_and_nothing_does_not(void **state)
{
	static const struct whatif_change helps[] = {
		{ WHATIF_NO_WAITS, 0, 0 },
		{ WHATIF_ALWAYS_OPEN, 0, 0 },
		{ WHATIF_ALONE, 0, 0 },
		{ WHATIF_FIRST, 0, 0 },
		{ WHATIF_UNATTENDED, WHATIF_ALL, 0 },
		{ WHATIF_PRINTER_MORE, 0, 0 },
	};
	struct bench bench;

	(void)state;
	bench_init(&bench);
	for (size_t i = 0; i < sizeof helps / sizeof *helps; i++)
		assert_true(gain(&bench, helps[i]) > 0);
	assert_int_equal(gain(&bench, (struct whatif_change){ WHATIF_NOTHING, 0, 0 }), 0);
	assert_int_equal(gain(&bench, (struct whatif_change){ WHATIF_ANY_SPOOL, 0, 0 }), 0);
	assert_true(gain(&bench, (struct whatif_change){ WHATIF_NOT_BEFORE, 0, 2 * DAY }) < 0);
}

static void test_an_hour_more_a_day_is_enough_for_a_print_that_did_not_fit(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	/* 9 to 12, 13 to 16; the third would end at 20. */
	bench.plate.time_s = 9 * HOUR + 1800;
	bench.order[0].units_left = 0;
	bench.world.calendar = worlds_weekdays(8, 18);
	assert_true(gain(&bench, (struct whatif_change){ WHATIF_HOUR_MORE, 0, 0 }) > 0);
}

static void test_dated_hours_are_lengthened_and_visited_too(void **state)
{
	const struct world_stretch days[] = { { 8 * HOUR, 18 * HOUR, 0 },
		{ DAY + 8 * HOUR, DAY + 18 * HOUR, 0 } };
	struct bench bench;
	struct whatif_world world;

	(void)state;
	bench_init(&bench);
	bench.world.calendar.dates.from_s = 0;
	bench.world.calendar.dates.until_s = 7 * DAY;
	bench.world.calendar.dates.stretch_count = 2;
	bench.world.calendar.dates.stretch = days;
	assert_true(whatif_world_init(&world, &bench.world));
	whatif_world_change(&world, &(struct whatif_change){ WHATIF_HOUR_MORE, 0, 0 }, 1);
	assert_int_equal(world.world.calendar.dates.stretch[0].end_s, 19 * HOUR);
	whatif_world_change(&world, &(struct whatif_change){ WHATIF_ROUND, 0, 0 }, 1);
	assert_int_equal(world.world.calendar.dates.stretch_count, 4);
	for (size_t i = 1; i < 4; i++)
		assert_true(world.world.calendar.dates.stretch[i].begin_s >
			    world.world.calendar.dates.stretch[i - 1].end_s);
	assert_int_equal(days[0].end_s, 18 * HOUR);
	whatif_world_finish(&world);
}

static void test_a_spool_or_a_repair_makes_possible_what_was_not(void **state)
{
	struct bench bench;

	(void)state;
	bench_init(&bench);
	bench.order[1].material = "PETG,PLA";
	for (size_t i = 0; i < PRINTERS; i++)
		bench.printer[i].material = "ABS";
	assert_true(gain(&bench, (struct whatif_change){ WHATIF_SPOOL, 1, 0 }) == INT64_MAX);
	bench_init(&bench);
	for (size_t i = 0; i < PRINTERS; i++)
		bench.printer[i].locked = true;
	assert_true(gain(&bench, (struct whatif_change){ WHATIF_READY, 2, 0 }) == INT64_MAX);
}

static void test_units_are_counted_by_printer_until_the_time_that_was_asked(void **state)
{
	const struct whatif_change changes[] = { { WHATIF_NOTHING, 0, 0 },
		{ WHATIF_UNATTENDED, 1, 0 }, { WHATIF_NOT_BEFORE, 0, 3 * DAY } };
	struct bench bench;

	(void)state;
	bench_init(&bench);
	struct whatif *whatif = ask(&bench, changes, 3, WHOLE);
	const struct whatif_answer *as_is = whatif_answer(whatif, 0);
	const struct whatif_answer *alone = whatif_answer(whatif, 1);
	const struct whatif_answer *without = whatif_answer(whatif, 2);

	/* Two plates each before 18:00; alone one more over night. */
	assert_int_equal(as_is->units_by, 24);
	assert_int_equal(alone->printer_units_by[1], as_is->printer_units_by[1] + 4);
	assert_int_equal(without->printer_units_by[0], 0);
	assert_int_equal(as_is->order_units_by + as_is->printer_units_by[0] > 0, 1);
	whatif_destroy(whatif);
}

static void test_the_size_of_the_steps_changes_nothing(void **state)
{
	const struct whatif_change changes[] = { { WHATIF_NOTHING, 0, 0 }, { WHATIF_FIRST, 0, 0 },
		{ WHATIF_PRINTER_MORE, 2, 0 } };
	struct bench bench;

	(void)state;
	bench_init(&bench);
	bench.order[1].due_s = 2 * DAY;
	struct whatif *whole = ask(&bench, changes, 3, WHOLE);
	struct whatif *small = ask(&bench, changes, 3, 1);

	for (size_t i = 0; i < 3; i++) {
		assert_int_equal(whatif_answer(whole, i)->done_s, whatif_answer(small, i)->done_s);
		assert_int_equal(
			whatif_answer(whole, i)->units_by, whatif_answer(small, i)->units_by);
		assert_int_equal(whatif_answer(whole, i)->late, whatif_answer(small, i)->late);
	}
	whatif_destroy(whole);
	whatif_destroy(small);
}

static void test_the_world_that_was_asked_about_stays_as_it_was(void **state)
{
	const struct whatif_change changes[] = { { WHATIF_SPOOL, WHATIF_ALL, 0 },
		{ WHATIF_ALONE, 0, 0 }, { WHATIF_READY, WHATIF_ALL, 0 } };
	struct bench bench, before;

	(void)state;
	bench_init(&bench);
	before = bench;
	whatif_destroy(ask(&bench, changes, 3, WHOLE));
	assert_memory_equal(bench.printer, before.printer, sizeof bench.printer);
	assert_memory_equal(bench.order, before.order, sizeof bench.order);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_helps_helps_and_nothing_does_not),
		cmocka_unit_test(test_units_are_counted_by_printer_until_the_time_that_was_asked),
		cmocka_unit_test(test_a_spool_or_a_repair_makes_possible_what_was_not),
		cmocka_unit_test(test_an_hour_more_a_day_is_enough_for_a_print_that_did_not_fit),
		cmocka_unit_test(test_dated_hours_are_lengthened_and_visited_too),
		cmocka_unit_test(test_the_world_that_was_asked_about_stays_as_it_was),
		cmocka_unit_test(test_the_size_of_the_steps_changes_nothing),
	};

	return cmocka_run_group_tests_name("whatif", tests, NULL, NULL);
}
