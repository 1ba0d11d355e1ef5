/* Who prints what, when: single fears first, then generated farms that live through their orders
 * (time limit: 120 s). */
#include "scheduler/planner.h"
#include "base/random.h"
#include "scheduler/calendar.h"
#include "scheduler/match.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum {
	HOUR = 3600,
	DAY = 86400,
	NOW = 9 * HOUR,
	PRINTERS_MAX = 8,
	ORDERS_MAX = 6,
	PLATES_MAX = 3,
	WHOLE = 1 << 30, /* moves */
};

struct farm {
	struct world world;
	struct world_printer printer[PRINTERS_MAX];
	struct world_order order[ORDERS_MAX];
	struct world_plate plate[ORDERS_MAX][PLATES_MAX];
};

/* `printers` equal printers and one order of this many units with the usual plate. */
static void farm_init(struct farm *farm, size_t printers, int64_t units)
{
	static const char *const name[] = { "p1", "p2", "p3", "p4", "p5", "p6", "p7", "p8" };

	*farm = (struct farm){ 0 };
	farm->world.printer = farm->printer;
	farm->world.printer_count = printers;
	farm->world.order = farm->order;
	farm->world.order_count = 1;
	farm->world.clear_s = 900;
	farm->world.start_delay_s = 30;
	for (size_t i = 0; i < printers; i++)
		farm->printer[i] = worlds_printer(name[i]);
	farm->plate[0][0] = worlds_plate();
	farm->order[0] = worlds_order(1, units, farm->plate[0], 1);
}

static struct planner *plan_from(
	const struct farm *farm, const struct planner *previous, int64_t now_s)
{
	struct planner *planner =
		planner_begin(&farm->world, previous ? planner_result(previous) : NULL, now_s, 1);

	assert_non_null(planner);
	assert_false(planner_step(planner, WHOLE));
	return planner;
}

static struct planner *plan(const struct farm *farm, int64_t now_s)
{
	return plan_from(farm, NULL, now_s);
}

/* ---- what holds for every plan -------------------------------------------- */

static void check_order_of_assignments(const struct planner_result *result)
{
	for (size_t i = 1; i < result->assignment_count; i++) {
		const struct planner_assignment *a = &result->assignment[i - 1];
		const struct planner_assignment *b = a + 1;

		assert_true(a->start_s < b->start_s ||
			    (a->start_s == b->start_s && a->printer < b->printer));
	}
}

static void check_assignment(const struct world *world, const struct planner_assignment *assignment,
	const struct calendar *calendar, int64_t now_s)
{
	const struct world_order *order = &world->order[assignment->order];
	const struct world_plate *plate = &order->plate[assignment->plate];
	const struct world_printer *printer = &world->printer[assignment->printer];
	struct match_result match;

	match_check(world, order, plate, printer, now_s, &match);
	assert_true(match.can_ever);
	assert_false(order->held);
	assert_true(printer->enabled && !printer->locked && !printer->needs_attention &&
		    !printer->by_hand);
	assert_true(match_can_plan(order, plate, printer));
	assert_true(assignment->start_s >= now_s && assignment->start_s >= printer->ready_after_s);
	assert_int_equal(assignment->end_s - assignment->start_s, match_duration_s(plate, printer));
	if (match_needs_staff(plate, printer))
		assert_true(calendar_covers(calendar, assignment->start_s, assignment->end_s));
	assert_int_equal(
		assignment->start_now, match.unmet_count == 0 && assignment->start_s == now_s);
	if (assignment->start_s == now_s)
		assert_true(assignment->start_now);
}

/* When a printer that waits for somebody can be ready at the earliest. */
static int64_t after_wait(const struct world *world, const struct world_printer *printer,
	const struct calendar *calendar, int64_t now_s)
{
	bool is_known = printer->waits_since_s != 0 && printer->waits_since_s <= now_s;
	int64_t since_s = is_known ? printer->waits_since_s : now_s;
	int64_t usual_s = calendar_after_work(calendar, since_s, world->clear_s);
	int64_t overdue_s = calendar_staffed_s(calendar, usual_s, now_s);

	return overdue_s > 0 ? calendar_after_work(calendar, now_s, overdue_s) : usual_s;
}

/* One print at a time; between two of them somebody has had the time to clear the bed. */
static void check_printer(const struct world *world, const struct planner_result *result,
	size_t printer, const struct calendar *calendar, int64_t now_s)
{
	const struct world_printer *own = &world->printer[printer];
	bool bed_is_empty = own->bed_empty && own->idle && own->free_at_s <= now_s;
	bool is_printing = !own->idle || own->free_at_s > now_s;
	int64_t since_s = own->free_at_s > now_s ? own->free_at_s : now_s;
	int64_t cleared_s = is_printing ? calendar_after_work(calendar, since_s, world->clear_s)
					: after_wait(world, own, calendar, now_s);

	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *assignment = &result->assignment[i];

		if (assignment->printer != printer)
			continue;
		if (!bed_is_empty)
			assert_true(assignment->start_s >= cleared_s + world->start_delay_s);
		bed_is_empty = false;
		cleared_s = calendar_after_work(calendar, assignment->end_s, world->clear_s);
	}
}

static int64_t largest_yield(const struct world_order *order)
{
	int64_t largest = 0;

	for (size_t i = 0; i < order->plate_count; i++)
		if (order->plate[i].yield > largest)
			largest = order->plate[i].yield;
	return largest;
}

static void check_answer(
	const struct world *world, const struct planner_result *result, size_t index, int64_t now_s)
{
	const struct world_order *order = &world->order[index];
	const struct planner_order_answer *answer = &result->order[index];
	int64_t units = 0, done_s = order->held ? -1 : now_s;

	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *assignment = &result->assignment[i];

		if (assignment->order != index)
			continue;
		units += order->plate[assignment->plate].yield;
		if (assignment->end_s > done_s)
			done_s = assignment->end_s;
	}
	assert_int_equal(answer->units_planned, units);
	if (answer->done_s < 0) {
		assert_true(order->held || units < order->units_left);
		return;
	}
	assert_int_equal(answer->done_s, done_s);
	if (order->units_left <= 0)
		assert_int_equal(units, 0);
	else
		assert_int_equal(answer->over_units, units - order->units_left);
	assert_true(units >= order->units_left);
	if (units > 0)
		assert_true(answer->over_units < largest_yield(order));
}

static void check_plan(
	const struct world *world, const struct planner_result *result, int64_t now_s)
{
	struct calendar calendar;

	calendar_init(&calendar, &world->calendar);
	assert_int_equal(result->order_count, world->order_count);
	assert_true(result->next_question_s > now_s);
	check_order_of_assignments(result);
	for (size_t i = 0; i < result->assignment_count; i++)
		check_assignment(world, &result->assignment[i], &calendar, now_s);
	for (size_t i = 0; i < world->printer_count; i++)
		check_printer(world, result, i, &calendar, now_s);
	for (size_t i = 0; i < world->order_count; i++)
		check_answer(world, result, i, now_s);
}

static void assert_same_plan(const struct planner *a, const struct planner *b)
{
	const struct planner_result *x = planner_result(a), *y = planner_result(b);

	assert_int_equal(x->assignment_count, y->assignment_count);
	assert_int_equal(x->next_question_s, y->next_question_s);
	for (size_t i = 0; i < x->assignment_count; i++) {
		const struct planner_assignment *p = &x->assignment[i], *q = &y->assignment[i];

		assert_int_equal(p->order, q->order);
		assert_int_equal(p->plate, q->plate);
		assert_int_equal(p->printer, q->printer);
		assert_int_equal(p->start_s, q->start_s);
		assert_int_equal(p->end_s, q->end_s);
		assert_int_equal(p->start_now, q->start_now);
	}
	for (size_t i = 0; i < x->order_count; i++)
		assert_memory_equal(&x->order[i], &y->order[i], sizeof x->order[i]);
}

/* ---- single fears --------------------------------------------------------- */

static void test_an_order_is_spread_over_the_printers_and_done_soonest(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 2, 13);
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	check_plan(&farm.world, result, NOW);
	assert_int_equal(result->assignment_count, 4);
	assert_true(result->assignment[0].start_now && result->assignment[1].start_now);
	assert_int_equal(result->order[0].done_s, NOW + 2 * 10800 + 930);
	assert_int_equal(result->order[0].over_units, 3);
	planner_destroy(planner);
}

static void test_nothing_is_planned_for_now_where_nobody_said_that_the_bed_is_empty(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 4);
	farm.printer[0].bed_empty = false;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_false(result->assignment[0].start_now);
	assert_int_equal(result->assignment[0].start_s, NOW + 930);
	planner_destroy(planner);
	farm.world.clear_s = farm.world.start_delay_s = 0;
	planner = plan(&farm, NOW);
	assert_false(planner_result(planner)->assignment[0].start_now);
	planner_destroy(planner);
}

static void test_a_printer_that_prints_gets_no_second_job(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 4);
	farm.printer[0].idle = farm.printer[0].bed_empty = false;
	farm.printer[0].free_at_s = NOW + 500;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_int_equal(result->assignment[0].start_s, NOW + 500 + 930);
	assert_false(result->assignment[0].start_now);
	assert_int_equal(result->next_question_s, NOW + 500);
	planner_destroy(planner);
}

static void test_an_announced_start_is_asked_for_when_its_delay_is_over(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 4);
	farm.printer[0].ready_after_s = NOW + 12;
	struct planner *planner = plan(&farm, NOW);

	assert_false(planner_result(planner)->assignment[0].start_now);
	assert_int_equal(planner_result(planner)->next_question_s, NOW + 12);
	planner_destroy(planner);
	planner = plan(&farm, NOW + 12);
	assert_true(planner_result(planner)->assignment[0].start_now);
	planner_destroy(planner);
}

static void test_nothing_starts_that_would_run_into_the_night(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 8);
	farm.world.calendar = worlds_weekdays(8, 18);
	struct planner *planner = plan(&farm, 14 * HOUR);
	const struct planner_result *result = planner_result(planner);

	check_plan(&farm.world, result, 14 * HOUR);
	assert_int_equal(result->assignment[0].start_s, 14 * HOUR);
	assert_int_equal(result->assignment[1].start_s, DAY + 8 * HOUR);
	planner_destroy(planner);
	farm.printer[0].may_run_unattended = true;
	planner = plan(&farm, 14 * HOUR);
	result = planner_result(planner);
	assert_int_equal(result->assignment[1].start_s, 17 * HOUR + 930);
	planner_destroy(planner);
}

static void test_a_bed_that_is_done_at_night_is_cleared_in_the_morning(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 8);
	farm.world.calendar = worlds_weekdays(8, 18);
	farm.printer[0].may_run_unattended = true;
	struct planner *planner = plan(&farm, 17 * HOUR);
	const struct planner_result *result = planner_result(planner);

	assert_true(result->assignment[0].start_now);
	assert_int_equal(result->assignment[1].start_s, DAY + 8 * HOUR + 930);
	planner_destroy(planner);
}

static void test_the_time_before_a_print_that_waits_for_the_morning_is_used(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 4);
	farm.world.calendar = worlds_weekdays(8, 18);
	farm.world.order_count = 2;
	farm.plate[1][0] = worlds_plate();
	farm.plate[1][0].time_s = HOUR;
	farm.order[1] = worlds_order(2, 8, farm.plate[1], 1);
	farm.order[0].priority = 90;
	struct planner *planner = plan(&farm, 16 * HOUR);
	const struct planner_result *result = planner_result(planner);

	check_plan(&farm.world, result, 16 * HOUR);
	assert_int_equal(result->assignment_count, 3);
	assert_int_equal(result->assignment[0].order, 1);
	assert_true(result->assignment[0].start_now);
	assert_int_equal(result->assignment[1].order, 0);
	assert_int_equal(result->assignment[1].start_s, DAY + 8 * HOUR);
	assert_int_equal(result->assignment[2].order, 1);
	planner_destroy(planner);
}

static void test_locked_disabled_and_handled_printers_are_not_counted_on(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 5, 4);
	farm.printer[0].locked = true;
	farm.printer[1].enabled = false;
	farm.printer[2].needs_attention = true;
	farm.printer[3].by_hand = true;
	farm.printer[4].online = false;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_int_equal(result->assignment[0].printer, 4);
	assert_false(result->assignment[0].start_now);
	assert_int_equal(result->order[0].done_s, NOW + 930 + 10800);
	planner_destroy(planner);
}

static void test_an_order_that_no_printer_can_make_has_no_promise(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 2, 4);
	farm.order[0].color = "red";
	struct planner *planner = plan(&farm, NOW);

	assert_int_equal(planner_result(planner)->assignment_count, 0);
	assert_int_equal(planner_result(planner)->order[0].done_s, -1);
	assert_int_equal(planner_result(planner)->next_question_s, INT64_MAX);
	planner_destroy(planner);
	/* Too long for any day. */
	farm.order[0].color = "";
	farm.plate[0][0].time_s = 11 * HOUR;
	farm.world.calendar = worlds_weekdays(8, 18);
	planner = plan(&farm, NOW);
	assert_int_equal(planner_result(planner)->order[0].done_s, -1);
	planner_destroy(planner);
}

static void test_a_farm_that_is_never_staffed_promises_only_what_needs_no_clearing(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 8);
	farm.world.calendar.window_count = 1; /* an empty window */
	farm.printer[0].may_run_unattended = true;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_true(result->assignment[0].start_now);
	assert_int_equal(result->order[0].done_s, -1);
	assert_int_equal(result->order[0].units_planned, 4);
	planner_destroy(planner);
}

static void test_held_and_finished_orders_get_no_plates(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 4);
	farm.world.order_count = 2;
	farm.order[1] = worlds_order(2, 0, farm.plate[0], 1);
	farm.order[0].held = true;
	struct planner *planner = plan(&farm, NOW);

	assert_int_equal(planner_result(planner)->assignment_count, 0);
	assert_int_equal(planner_result(planner)->order[0].done_s, -1);
	assert_int_equal(planner_result(planner)->order[1].done_s, NOW);
	planner_destroy(planner);
}

static void test_an_order_does_not_wait_for_a_person_while_a_printer_stands_ready(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 2, 4);
	farm.printer[0].speed_factor = 1.5;
	farm.printer[1].bed_empty = false;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 1);
	assert_true(result->assignment[0].start_now);
	planner_destroy(planner);
	/* Expected soon, and not overdue yet: it ends sooner there. */
	farm.printer[1].idle = false;
	farm.printer[1].free_at_s = NOW + 60;
	planner = plan(&farm, NOW);
	assert_int_equal(planner_result(planner)->assignment[0].printer, 1);
	planner_destroy(planner);
	/* It has not ended. */
	planner = plan(&farm, NOW + 60);
	assert_true(planner_result(planner)->assignment[0].start_now);
	planner_destroy(planner);
	/* Nor does an old plan make it wait, however long the print. */
	farm_init(&farm, 2, 4);
	farm.plate[0][0].time_s = 100 * HOUR;
	farm.printer[0].idle = farm.printer[0].bed_empty = farm.printer[1].bed_empty = false;
	farm.printer[0].free_at_s = NOW + 2 * HOUR;
	planner = plan(&farm, NOW);
	assert_int_equal(planner_result(planner)->assignment[0].printer, 1);
	farm.printer[0].idle = farm.printer[0].bed_empty = true;
	struct planner *second = plan_from(&farm, planner, NOW + 2 * HOUR);

	assert_true(planner_result(second)->assignment[0].start_now);
	planner_destroy(second);
	planner_destroy(planner);
}

static void set_single(struct farm *farm)
{
	farm->plate[0][1] = worlds_plate();
	farm->plate[0][1].id = 2;
	farm->plate[0][1].yield = 1;
	farm->plate[0][1].time_s = HOUR;
	farm->order[0].plate_count = 2;
}

/* Eight printers, as in a farm that has just made eight single units: two of them can also make
 * four at once, in more time. */
static void set_round_of_singles(struct farm *farm, int64_t units)
{
	farm_init(farm, 8, units);
	farm->world.clear_s = 60;
	farm->world.start_delay_s = 0;
	farm->plate[0][0].time_s = 9064;
	farm->plate[0][0].machine = "large";
	farm->plate[0][1] = worlds_plate();
	farm->plate[0][1].yield = 1;
	farm->plate[0][1].time_s = 2562;
	farm->order[0].plate_count = 2;
	for (size_t i = 0; i < 8; i++) {
		farm->printer[i].bed_empty = false;
		farm->printer[i].waits_since_s = NOW - 1;
		farm->printer[i].machine_count = 1;
		farm->printer[i].machine[0] = i < 2 ? "large" : "small";
	}
}

static void test_beds_that_are_cleared_in_turn_are_all_counted_on(void **state)
{
	struct farm farm;

	(void)state;
	set_round_of_singles(&farm, 6);
	for (size_t cleared = 1; cleared <= 2; cleared++) {
		farm.printer[cleared - 1].bed_empty = true;
		farm.printer[cleared - 1].waits_since_s = 0;
		struct planner *planner = plan(&farm, NOW);
		const struct planner_result *result = planner_result(planner);

		check_plan(&farm.world, result, NOW);
		assert_int_equal(result->assignment_count, 6);
		assert_int_equal(result->order[0].over_units, 0);
		assert_int_equal(result->order[0].done_s, NOW - 1 + 60 + 2562);
		for (size_t i = 0; i < cleared; i++)
			assert_true(result->assignment[i].start_now);
		planner_destroy(planner);
	}
}

/* Whoever knows of no other work for a printer gives it a small plate, not one that makes the
 * others superfluous. */
static void test_a_printer_that_is_ready_first_does_not_take_the_others_work(void **state)
{
	struct farm farm;

	(void)state;
	set_round_of_singles(&farm, 6);
	for (size_t i = 0; i < 8; i++)
		farm.printer[i].waits_since_s = 0;
	farm.printer[0].bed_empty = true;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	check_plan(&farm.world, result, NOW);
	assert_true(result->assignment[0].start_now);
	assert_int_equal(result->assignment[0].plate, 1);
	assert_int_equal(result->order[0].over_units, 0);
	assert_int_equal(result->order[0].done_s, NOW + 60 + 2562);
	planner_destroy(planner);
}

static void test_a_bed_that_waits_is_expected_when_beds_usually_are_cleared(void **state)
{
	static const struct {
		int64_t since_s, now_s, start_s;
	} cases[] = {
		{ 0, NOW, NOW + 900 + 30 },
		{ NOW, NOW, NOW + 900 + 30 },
		{ NOW - 600, NOW, NOW + 300 + 30 },
		{ NOW - 900, NOW, NOW + 30 },
		/* Overdue: as long again. */
		{ NOW - 1000, NOW, NOW + 100 + 30 },
		{ NOW - 1900, NOW, NOW + 1000 + 30 },
		/* A clock that was put back. */
		{ NOW + DAY, NOW, NOW + 900 + 30 },
		/* Only staffed hours count: since closing time on Friday, seen on Monday. */
		{ 4 * DAY + 18 * HOUR - 300, 7 * DAY + 8 * HOUR, 7 * DAY + 8 * HOUR + 600 + 30 },
		{ 4 * DAY + 18 * HOUR - 1000, 7 * DAY + 8 * HOUR, 7 * DAY + 8 * HOUR + 100 + 30 },
		{ 4 * DAY + 18 * HOUR - 1000, 6 * DAY, 7 * DAY + 8 * HOUR + 100 + 30 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int offline = 0; offline <= 1; offline++) {
			struct farm farm;

			farm_init(&farm, 1, 1);
			farm.world.calendar = worlds_weekdays(8, 18);
			farm.printer[0].bed_empty = offline;
			farm.printer[0].online = !offline;
			farm.printer[0].waits_since_s = cases[i].since_s;
			struct planner *planner = plan(&farm, cases[i].now_s);
			const struct planner_result *result = planner_result(planner);

			check_plan(&farm.world, result, cases[i].now_s);
			assert_int_equal(result->assignment_count, 1);
			assert_int_equal(result->assignment[0].start_s, cases[i].start_s);
			assert_false(result->assignment[0].start_now);
			planner_destroy(planner);
		}
}

/* The fast printer's bed waits to be cleared and never is; the slow one is ready. */
static void test_no_order_waits_for_ever_for_a_bed_that_nobody_clears(void **state)
{
	struct farm farm;
	int64_t started_s = 0;

	(void)state;
	farm_init(&farm, 2, 4);
	farm.plate[0][0].time_s = 100 * HOUR;
	farm.printer[0].speed_factor = 1.5;
	farm.printer[1].bed_empty = false;
	farm.printer[1].waits_since_s = NOW;
	for (int64_t now_s = NOW; started_s == 0 && now_s < NOW + DAY; now_s += 10) {
		struct planner *planner = plan(&farm, now_s);

		if (planner_result(planner)->assignment[0].start_now)
			started_s = now_s;
		planner_destroy(planner);
	}
	/* Counted on as long as it is not much later than usual. */
	assert_true(started_s > NOW + 900);
	assert_true(started_s <= NOW + 3 * 900);
	/* A little is to be gained (6 min): only a little is waited for. */
	farm.printer[0].speed_factor = 1.001;
	for (int64_t now_s = NOW; now_s <= NOW + 1800; now_s += 10) {
		struct planner *planner = plan(&farm, now_s);
		int64_t overdue_s = now_s - (NOW + 900);
		int64_t wait_s = (overdue_s < 0 ? -overdue_s : overdue_s) + 30;

		assert_int_equal(planner_result(planner)->assignment[0].start_now, wait_s >= 360);
		planner_destroy(planner);
	}
}

/* Two units on a printer that prints until NOW + 1000: a plate of four in 10,000 s or two singles.
 */
static void set_two_units(struct farm *farm, int64_t single_s)
{
	farm_init(farm, 1, 2);
	farm->world.clear_s = farm->world.start_delay_s = 0;
	set_single(farm);
	farm->plate[0][0].time_s = 10000;
	farm->plate[0][1].time_s = single_s;
	farm->printer[0].idle = farm->printer[0].bed_empty = false;
	farm->printer[0].free_at_s = NOW + 1000;
}

static void test_fewer_units_stay_planned_while_time_goes_by_unless_they_get_late(void **state)
{
	static const struct {
		int64_t single_s, due_s, free_at_s;
		int64_t over_units;
	} cases[] = {
		/* 2 % of a little less time would not be enough any more. */
		{ 5110, 0, NOW + 1000, 0 },
		{ 5110, 0, NOW + 1050, 0 },
		{ 5045, NOW + 11100, NOW + 1000, 0 },
		{ 5045, NOW + 11100, NOW + 1030, 2 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct farm farm;

		set_two_units(&farm, cases[i].single_s);
		farm.order[0].due_s = cases[i].due_s;
		struct planner *first = plan(&farm, NOW);

		assert_int_equal(planner_result(first)->order[0].over_units, 0);
		farm.printer[0].free_at_s = cases[i].free_at_s;
		struct planner *second = plan_from(&farm, first, NOW + 90);

		check_plan(&farm.world, planner_result(second), NOW + 90);
		assert_int_equal(planner_result(second)->order[0].over_units, cases[i].over_units);
		planner_destroy(second);
		planner_destroy(first);
	}
}

static void test_a_little_time_is_given_for_fewer_units_too_many(void **state)
{
	static const struct {
		int64_t single_s, due_s;
		int64_t over_units, done_s;
	} cases[] = {
		/* Two units: one plate of four in 10,000 s or two singles one after the other. */
		{ 4990, 0, 0, NOW + 9980 },
		{ 5050, 0, 0, NOW + 10100 },
		{ 5100, 0, 0, NOW + 10200 },
		{ 5110, 0, 2, NOW + 10000 },
		/* Not at the price of being late, */
		{ 5050, NOW + 10050, 2, NOW + 10000 },
		{ 5050, NOW + 10150, 0, NOW + 10100 },
		/* except that it is late anyway. */
		{ 5050, NOW + 5000, 0, NOW + 10100 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (int same_printer = 0; same_printer <= 1; same_printer++) {
			struct farm farm;

			farm_init(&farm, same_printer ? 1 : 2, 2);
			farm.world.clear_s = farm.world.start_delay_s = 0;
			set_single(&farm);
			farm.plate[0][0].time_s = 10000;
			farm.plate[0][1].time_s = cases[i].single_s;
			farm.plate[0][0].machine = "large";
			farm.plate[0][1].machine = same_printer ? "large" : "small";
			farm.printer[0].machine_count = farm.printer[1].machine_count = 1;
			farm.printer[0].machine[0] = "large";
			farm.printer[1].machine[0] = "small";
			farm.order[0].due_s = cases[i].due_s;
			struct planner *planner = plan(&farm, NOW);
			const struct planner_result *result = planner_result(planner);

			check_plan(&farm.world, result, NOW);
			assert_int_equal(result->order[0].over_units, cases[i].over_units);
			assert_int_equal(result->order[0].done_s, cases[i].done_s);
			planner_destroy(planner);
		}
}

static void test_orders_go_by_priority_then_due_date_then_age(void **state)
{
	struct farm farm;
	const size_t expected[] = { 3, 1, 4, 0, 2 };

	(void)state;
	farm_init(&farm, 1, 1);
	farm.world.order_count = 5;
	for (size_t i = 0; i < 5; i++)
		farm.order[i] = worlds_order((int64_t)i + 1, 1, farm.plate[0], 1);
	farm.order[1].due_s = NOW + DAY;
	farm.order[4].due_s = NOW + 2 * DAY;
	farm.order[3].priority = 51;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 5);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(result->assignment[i].order, expected[i]);
	planner_destroy(planner);
}

static void count_plates(const struct planner_result *result, size_t counts[2])
{
	counts[0] = counts[1] = 0;
	for (size_t i = 0; i < result->assignment_count; i++)
		counts[result->assignment[i].plate]++;
}

static void test_large_and_small_plates_are_mixed_to_end_soonest(void **state)
{
	/* Large: 4 in 3 h; small: 1 in 1 h. */
	static const struct {
		size_t printers;
		int64_t units;
		size_t large, small;
	} cases[] = {
		{ 1, 1, 0, 1 },
		{ 1, 2, 0, 2 },
		{ 1, 4, 1, 0 },
		{ 1, 5, 1, 1 },
		{ 1, 13, 3, 1 },
		{ 2, 5, 1, 1 },
		{ 2, 6, 1, 2 },
		{ 2, 8, 2, 0 },
		{ 4, 8, 0, 8 },
		{ 8, 8, 0, 8 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct farm farm;
		size_t counts[2];

		farm_init(&farm, cases[i].printers, cases[i].units);
		set_single(&farm);
		struct planner *planner = plan(&farm, NOW);
		const struct planner_result *result = planner_result(planner);

		check_plan(&farm.world, result, NOW);
		count_plates(result, counts);
		assert_int_equal(counts[0], cases[i].large);
		assert_int_equal(counts[1], cases[i].small);
		assert_int_equal(result->order[0].over_units, 0);
		planner_destroy(planner);
	}
}

static void test_a_short_spool_waits_for_a_person_and_a_small_plate_goes_first(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 1, 5);
	set_single(&farm);
	farm.plate[0][0].grams = 80;
	farm.printer[0].grams_left = 30;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	check_plan(&farm.world, result, NOW);
	assert_int_equal(result->order[0].units_planned, 5);
	if (result->assignment[0].plate == 0)
		assert_true(result->assignment[0].start_s >= NOW + 930);
	planner_destroy(planner);
	farm.order[0].plate_count = 1;
	planner = plan(&farm, NOW);
	result = planner_result(planner);
	assert_int_equal(result->assignment[0].start_s, NOW + 930);
	assert_false(result->assignment[0].start_now);
	planner_destroy(planner);
}

static void test_a_replan_moves_nothing_for_half_a_minute(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 2, 4);
	for (size_t i = 0; i < 2; i++)
		farm.printer[i].idle = farm.printer[i].bed_empty = false;
	farm.printer[0].free_at_s = NOW + HOUR;
	farm.printer[1].free_at_s = NOW + HOUR + 10;
	struct planner *first = plan(&farm, NOW);

	assert_int_equal(planner_result(first)->assignment[0].printer, 0);
	farm.printer[0].free_at_s = NOW + HOUR + 30;
	struct planner *fresh = plan(&farm, NOW + 60);
	struct planner *second = plan_from(&farm, first, NOW + 60);

	assert_int_equal(planner_result(fresh)->assignment[0].printer, 1);
	assert_int_equal(planner_result(second)->assignment_count, 1);
	assert_int_equal(planner_result(second)->assignment[0].printer, 0);
	farm.printer[0].free_at_s = NOW + 3 * HOUR;
	struct planner *third = plan_from(&farm, second, NOW + 120);

	assert_int_equal(planner_result(third)->assignment[0].printer, 1);
	planner_destroy(third);
	planner_destroy(fresh);
	planner_destroy(second);
	planner_destroy(first);
}

static void test_the_previous_plan_is_found_again_by_ids_and_names(void **state)
{
	struct farm before, after;

	(void)state;
	farm_init(&before, 3, 4);
	for (size_t i = 0; i < 3; i++) {
		before.printer[i].idle = before.printer[i].bed_empty = false;
		before.printer[i].free_at_s = NOW + HOUR + 10;
	}
	before.printer[2].free_at_s = NOW + HOUR;
	before.order[0].id = 7;
	struct planner *first = plan(&before, NOW);

	assert_int_equal(planner_result(first)->assignment[0].printer, 2);
	/* p1 is gone, and an order stands before the old one. */
	farm_init(&after, 2, 4);
	after.printer[0] = before.printer[1];
	after.printer[1] = before.printer[2];
	after.printer[1].free_at_s = NOW + HOUR + 40;
	after.world.order_count = 2;
	after.order[1] = before.order[0];
	after.order[0].id = 6;
	after.order[0].held = true;
	struct planner *second = plan_from(&after, first, NOW + 60);

	planner_destroy(first);
	assert_int_equal(planner_result(second)->assignment[0].order, 1);
	assert_string_equal(
		after.printer[planner_result(second)->assignment[0].printer].name, "p3");
	planner_destroy(second);
}

static void test_a_previous_plan_with_indexes_out_of_this_world_does_no_harm(void **state)
{
	struct farm farm;
	const struct planner_assignment wild[] = { { .order = 9, .printer = 0 },
		{ .order = 0, .printer = 77 }, { .order = SIZE_MAX, .printer = SIZE_MAX } };
	const struct planner_result previous = { .assignment_count = 3, .assignment = wild };

	(void)state;
	farm_init(&farm, 1, 4);
	struct planner *planner = planner_begin(&farm.world, &previous, NOW, 1);

	assert_non_null(planner);
	assert_false(planner_step(planner, WHOLE));
	assert_int_equal(planner_result(planner)->assignment_count, 1);
	planner_destroy(planner);
}

static void test_an_unfinished_plan_assigns_nothing(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 2, 40);
	struct planner *planner = planner_begin(&farm.world, NULL, NOW, 1);

	assert_non_null(planner);
	for (int i = 0; planner_step(planner, 1); i++)
		assert_int_equal(planner_result(planner)->assignment_count, 0);
	assert_int_equal(planner_result(planner)->assignment_count, 10);
	planner_destroy(planner);
	planner_destroy(NULL);
}

static void test_an_empty_farm_and_an_empty_book_are_planned(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 0, 4);
	struct planner *planner = plan(&farm, NOW);

	assert_int_equal(planner_result(planner)->order[0].done_s, -1);
	planner_destroy(planner);
	farm_init(&farm, 2, 4);
	farm.world.order_count = 0;
	planner = plan(&farm, NOW);
	assert_int_equal(planner_result(planner)->next_question_s, INT64_MAX);
	planner_destroy(planner);
	farm_init(&farm, 2, 4);
	farm.order[0].plate_count = 0;
	planner = plan(&farm, NOW);
	assert_int_equal(planner_result(planner)->order[0].done_s, -1);
	planner_destroy(planner);
}

/* ---- generated farms ------------------------------------------------------ */

static bool chance(struct random *random, int percent)
{
	return random_below(random, 100) < (uint64_t)percent;
}

static int64_t between(struct random *random, int64_t low, int64_t high)
{
	return low + (int64_t)random_below(random, (uint64_t)(high - low + 1));
}

static void make_printer(struct random *random, struct world_printer *printer)
{
	printer->nozzle_mm = chance(random, 80) ? 0.4 : 0.6;
	printer->volume_max_mm[0] = chance(random, 70) ? 250 : 120;
	printer->material = chance(random, 80) ? "PLA" : "PETG";
	printer->may_run_unattended = chance(random, 40);
	printer->speed_factor = 0.8 + 0.1 * (double)random_below(random, 6);
	printer->grams_left = chance(random, 50) ? -1 : (double)between(random, 5, 900);
	printer->bed_empty = chance(random, 80);
	printer->online = chance(random, 90);
	printer->waits_since_s = chance(random, 50) ? 0 : between(random, 1, 7 * DAY);
}

static void make_order(struct random *random, struct farm *farm, size_t index)
{
	struct world_order *order = &farm->order[index];
	/* Drawn one after the other: every compiler makes the same farms. */
	int64_t units = between(random, 1, 40);
	size_t plates = 1 + random_below(random, PLATES_MAX);

	*order = worlds_order((int64_t)index + 1, units, farm->plate[index], plates);
	order->priority = (int32_t)between(random, 45, 55);
	order->due_s = chance(random, 50) ? 0 : between(random, 0, 7 * DAY);
	order->color = chance(random, 90) ? "" : "white";
	for (size_t i = 0; i < order->plate_count; i++) {
		struct world_plate *plate = &farm->plate[index][i];

		*plate = worlds_plate();
		plate->id = (int64_t)(index * PLATES_MAX + i);
		plate->yield = (int32_t)between(random, 1, 6);
		plate->time_s = between(random, 600, 2 * HOUR) + plate->yield * 900;
		plate->grams = (double)between(random, 1, 20) * plate->yield;
		plate->nozzle_mm = chance(random, 60) ? 0 : 0.4;
		plate->material = chance(random, 50) ? "" : "PLA";
		plate->needs_person = chance(random, 10);
	}
	/* One plate that every printer can make, so that each order can be finished. */
	farm->plate[index][0].nozzle_mm = 0;
	farm->plate[index][0].material = "";
	farm->plate[index][0].box_max_mm[0] = 110;
}

static void make_farm(struct random *random, struct farm *farm)
{
	farm_init(farm, 1 + random_below(random, PRINTERS_MAX), 1);
	if (chance(random, 70))
		farm->world.calendar = worlds_weekdays(8, chance(random, 50) ? 18 : 13);
	farm->world.clear_s = between(random, 0, 1800);
	farm->world.start_delay_s = between(random, 0, 60);
	for (size_t i = 0; i < farm->world.printer_count; i++)
		make_printer(random, &farm->printer[i]);
	farm->world.order_count = 1 + random_below(random, ORDERS_MAX);
	for (size_t i = 0; i < farm->world.order_count; i++)
		make_order(random, farm, i);
}

static void check_that_steps_do_not_matter(const struct farm *farm, const struct planner *previous,
	const struct planner *whole, int64_t now_s)
{
	struct planner *planner =
		planner_begin(&farm->world, previous ? planner_result(previous) : NULL, now_s, 1);

	assert_non_null(planner);
	while (planner_step(planner, 7))
		;
	assert_same_plan(planner, whole);
	planner_destroy(planner);
}

/* What the streamers and the operator would do. */
struct life {
	struct farm farm;
	int64_t now_s, fails_at_s[PRINTERS_MAX], cleared_at_s[PRINTERS_MAX];
	int64_t order_of[PRINTERS_MAX], units_of[PRINTERS_MAX];
	int64_t made[ORDERS_MAX], asked[ORDERS_MAX];
};

static void start(struct life *life, struct random *random, const struct planner_assignment *start)
{
	struct world_printer *printer = &life->farm.printer[start->printer];
	struct world_order *order = &life->farm.order[start->order];

	assert_true(printer->bed_empty && printer->idle && printer->online && !printer->locked);
	printer->idle = printer->bed_empty = false;
	/* Prints are early and late. */
	printer->free_at_s = start->end_s;
	life->order_of[start->printer] = (int64_t)start->order;
	life->units_of[start->printer] = order->plate[start->plate].yield;
	life->fails_at_s[start->printer] =
		chance(random, 90) ? 0 : between(random, life->now_s, start->end_s);
	order->units_left -= life->units_of[start->printer];
	if (printer->grams_left >= 0)
		printer->grams_left -= order->plate[start->plate].grams;
}

static void finish(struct life *life, struct random *random, size_t i)
{
	struct world_printer *printer = &life->farm.printer[i];
	bool failed = life->fails_at_s[i] != 0;
	struct calendar calendar;

	calendar_init(&calendar, &life->farm.world.calendar);
	printer->idle = true;
	printer->free_at_s = 0;
	printer->waits_since_s = chance(random, 90) ? life->now_s : 0;
	printer->locked = failed && chance(random, 30);
	if (failed)
		life->farm.order[life->order_of[i]].units_left += life->units_of[i];
	else
		life->made[life->order_of[i]] += life->units_of[i];
	life->cleared_at_s[i] =
		calendar_after_work(&calendar, life->now_s, between(random, 1, 3600));
}

static void clear(struct life *life, struct random *random, size_t i)
{
	struct world_printer *printer = &life->farm.printer[i];

	printer->bed_empty = true;
	printer->locked = false;
	printer->online = true;
	printer->waits_since_s = 0;
	printer->ready_after_s = life->now_s + life->farm.world.start_delay_s;
	if (printer->grams_left >= 0 && chance(random, 80))
		printer->grams_left = 900;
	life->cleared_at_s[i] = 0;
}

static int64_t sooner(int64_t a_s, int64_t b_s, int64_t now_s)
{
	return b_s > now_s && b_s < a_s ? b_s : a_s;
}

/* To the next moment at which anything happens. */
static void pass_time(struct life *life, struct random *random, int64_t next_question_s)
{
	int64_t next_s = next_question_s;

	for (size_t i = 0; i < life->farm.world.printer_count; i++) {
		next_s = sooner(next_s, life->farm.printer[i].free_at_s, life->now_s);
		next_s = sooner(next_s, life->fails_at_s[i], life->now_s);
		next_s = sooner(next_s, life->cleared_at_s[i], life->now_s);
	}
	assert_true(next_s < INT64_MAX);
	life->now_s = next_s;
	for (size_t i = 0; i < life->farm.world.printer_count; i++) {
		struct world_printer *printer = &life->farm.printer[i];

		if (!printer->idle &&
			(printer->free_at_s <= life->now_s ||
				(life->fails_at_s[i] != 0 && life->fails_at_s[i] <= life->now_s)))
			finish(life, random, i);
		if (life->cleared_at_s[i] != 0 && life->cleared_at_s[i] <= life->now_s)
			clear(life, random, i);
	}
}

static bool everything_is_made(const struct life *life)
{
	for (size_t i = 0; i < life->farm.world.order_count; i++)
		if (life->made[i] < life->asked[i])
			return false;
	return true;
}

static void begin_life(struct life *life, struct random *random)
{
	*life = (struct life){ .now_s = between(random, 0, 7 * DAY) };
	make_farm(random, &life->farm);
	/* farm_init has pointed into the farm; it does not move any more. */
	for (size_t i = 0; i < life->farm.world.order_count; i++)
		life->asked[i] = life->farm.order[i].units_left;
	for (size_t i = 0; i < life->farm.world.printer_count; i++)
		if (!life->farm.printer[i].bed_empty || !life->farm.printer[i].online)
			life->cleared_at_s[i] = life->now_s + between(random, 1, DAY);
}

static void test_generated_farms_finish_every_order_and_break_no_rule(void **state)
{
	(void)state;
	for (uint64_t seed = 0; seed < 60; seed++) {
		static struct life life;
		struct planner *previous = NULL;
		struct random random;
		int rounds = 0;

		random_init(&random, seed);
		begin_life(&life, &random);
		for (; !everything_is_made(&life); rounds++) {
			struct planner *planner = plan_from(&life.farm, previous, life.now_s);
			const struct planner_result *result = planner_result(planner);

			assert_true(rounds < 5000);
			check_plan(&life.farm.world, result, life.now_s);
			check_that_steps_do_not_matter(&life.farm, previous, planner, life.now_s);
			planner_destroy(previous);
			previous = planner;
			for (size_t i = 0; i < result->assignment_count; i++)
				if (result->assignment[i].start_now)
					start(&life, &random, &result->assignment[i]);
			pass_time(&life, &random, result->next_question_s);
		}
		planner_destroy(previous);
		for (size_t i = 0; i < life.farm.world.order_count; i++)
			assert_true(
				life.made[i] < life.asked[i] + largest_yield(&life.farm.order[i]));
	}
}

/* The least time in which one printer after the other can make the rest: every mix is tried. */
static int64_t best_of_all(
	const struct farm *farm, int64_t free_s[2], int64_t units, int64_t best_s)
{
	if (units <= 0)
		return 0;
	for (size_t p = 0; p < farm->world.printer_count; p++) {
		for (size_t i = 0; i < farm->order[0].plate_count; i++) {
			const struct world_plate *plate = &farm->plate[0][i];
			int64_t end_s = free_s[p] + plate->time_s, old_s = free_s[p];

			if (end_s >= best_s)
				continue;
			free_s[p] = end_s + farm->world.clear_s + farm->world.start_delay_s;
			int64_t rest_s = best_of_all(farm, free_s, units - plate->yield, best_s);

			free_s[p] = old_s;
			if (rest_s < end_s)
				rest_s = end_s;
			if (rest_s < best_s)
				best_s = rest_s;
		}
	}
	return best_s;
}

static void test_small_orders_end_nearly_as_soon_as_the_best_of_all_mixes(void **state)
{
	struct random random;
	int best = 0;

	(void)state;
	random_init(&random, 3);
	for (int round = 0; round < 200; round++) {
		struct farm farm;
		int64_t free_s[2] = { NOW, NOW };

		size_t printers = 1 + random_below(&random, 2);

		farm_init(&farm, printers, between(&random, 1, 7));
		farm.order[0].plate_count = 1 + random_below(&random, 2);
		for (size_t i = 0; i < 2; i++) {
			farm.plate[0][i] = worlds_plate();
			farm.plate[0][i].yield = (int32_t)between(&random, 1, 4);
			farm.plate[0][i].time_s =
				between(&random, 1200, 2400) * (farm.plate[0][i].yield + 1);
		}
		struct planner *planner = plan(&farm, NOW);
		int64_t done_s = planner_result(planner)->order[0].done_s - NOW;
		int64_t best_s =
			best_of_all(&farm, free_s, farm.order[0].units_left, INT64_MAX) - NOW;

		check_plan(&farm.world, planner_result(planner), NOW);
		assert_true(done_s >= best_s);
		if (farm.order[0].plate_count == 1)
			assert_int_equal(done_s, best_s);
		assert_true(2 * done_s <= 3 * best_s);
		best += done_s == best_s;
		planner_destroy(planner);
	}
	assert_true(best >= 180);
}

static bool is_same_plan(const struct planner_result *a, const struct planner_result *b)
{
	bool same = a->assignment_count == b->assignment_count;

	for (size_t i = 0; same && i < a->assignment_count; i++)
		same = a->assignment[i].order == b->assignment[i].order &&
		       a->assignment[i].printer == b->assignment[i].printer &&
		       a->assignment[i].start_s == b->assignment[i].start_s;
	return same;
}

/* What was planned before is where the next plan looks first: once in a while it finds something
 * better there, sooner or with fewer units too many. */
static void test_without_news_a_replan_keeps_printers_and_makes_nothing_worse(void **state)
{
	int64_t kept = 0, moved = 0;

	(void)state;
	for (uint64_t seed = 100; seed < 400; seed++) {
		static struct farm farm;
		struct random random;
		struct planner *first, *second;

		random_init(&random, seed);
		make_farm(&random, &farm);
		for (size_t i = 0; i < farm.world.printer_count; i++) {
			farm.printer[i].idle = farm.printer[i].bed_empty = false;
			farm.printer[i].online = true;
			farm.printer[i].free_at_s = NOW + between(&random, 100, 2 * HOUR);
		}
		first = plan(&farm, NOW);
		second = plan_from(&farm, first, NOW + 90);
		const struct planner_result *a = planner_result(first);
		const struct planner_result *b = planner_result(second);

		int64_t saved = 0;
		bool later = false;

		if (is_same_plan(a, b))
			kept++;
		else
			moved++;
		for (size_t i = 0; i < a->order_count; i++) {
			saved += a->order[i].over_units - b->order[i].over_units;
			later |= b->order[i].done_s > a->order[i].done_s;
		}
		assert_true(saved >= 0);
		assert_true(!later || saved > 0);
		planner_destroy(second);
		planner_destroy(first);
	}
	print_message("%d kept, %d moved\n", (int)kept, (int)moved);
	assert_true(moved <= kept / 30);
}

/* ---- late orders ---------------------------------------------------------- */

/* One printer: ten hours that are due in one, and one hour that is due in two. */
static void make_late(struct farm *farm)
{
	farm_init(farm, 1, 1);
	farm->world.order_count = 2;
	farm->plate[0][0].yield = 1;
	farm->plate[0][0].time_s = 10 * HOUR;
	farm->plate[1][0] = farm->plate[0][0];
	farm->plate[1][0].time_s = HOUR;
	farm->order[1] = worlds_order(2, 1, farm->plate[1], 1);
	farm->order[0].due_s = NOW + HOUR;
	farm->order[1].due_s = NOW + 2 * HOUR;
}

static void test_an_order_that_is_late_anyway_lets_another_be_in_time(void **state)
{
	static struct farm farm;

	(void)state;
	make_late(&farm);
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	check_plan(&farm.world, result, NOW);
	assert_int_equal(result->assignment[0].order, 1);
	assert_true(result->order[1].done_s <= farm.order[1].due_s);
	planner_destroy(planner);
	/* Unless it matters much more. */
	farm.order[0].priority = 100;
	planner = plan(&farm, NOW);
	assert_int_equal(planner_result(planner)->assignment[0].order, 0);
	planner_destroy(planner);
}

static void test_what_is_about_to_start_stays_where_people_expect_it(void **state)
{
	static struct farm farm;
	struct planner *first, *second;

	(void)state;
	make_late(&farm);
	farm.printer[0].idle = farm.printer[0].bed_empty = false;
	farm.printer[0].free_at_s = NOW + 60;
	farm.world.order_count = 1;
	first = plan(&farm, NOW);
	farm.world.order_count = 2;
	second = plan_from(&farm, first, NOW + 30);
	assert_int_equal(planner_result(second)->assignment[0].order, 0);
	planner_destroy(second);
	planner_destroy(first);
}

static void test_an_order_that_waits_for_weeks_gets_ahead_of_new_ones(void **state)
{
	static struct farm farm;

	(void)state;
	farm_init(&farm, 1, 4);
	farm.world.order_count = 2;
	farm.plate[1][0] = farm.plate[0][0];
	farm.order[1] = worlds_order(2, 4, farm.plate[1], 1);
	farm.order[0].priority = 60;
	farm.order[0].created_s = 20 * DAY;
	struct planner *planner = plan(&farm, 9 * DAY);

	assert_int_equal(planner_result(planner)->assignment[0].order, 0);
	planner_destroy(planner);
	planner = plan(&farm, 21 * DAY);
	assert_int_equal(planner_result(planner)->assignment[0].order, 1);
	planner_destroy(planner);
}

/* ---- scale, by moves and never by time ------------------------------------ */

enum { MANY_PRINTERS = 1000, MANY_ORDERS = 500, MANY_UNITS = 200 };

static void test_a_hundred_thousand_units_take_moves_in_proportion(void **state)
{
	struct world_printer *printer = calloc(MANY_PRINTERS, sizeof *printer);
	struct world_order *order = calloc(MANY_ORDERS, sizeof *order);
	char(*name)[16] = calloc(MANY_PRINTERS, sizeof *name);
	struct world_plate plate[2] = { worlds_plate(), worlds_plate() };
	const struct world world = { .printer_count = MANY_PRINTERS,
		.printer = printer,
		.order_count = MANY_ORDERS,
		.order = order,
		.calendar = worlds_weekdays(8, 18),
		.clear_s = 900 };
	int64_t moves = 0, units = 0;

	(void)state;
	plate[0].yield = 1;
	plate[1].yield = 2;
	plate[1].time_s = 5 * HOUR;
	for (size_t i = 0; i < MANY_PRINTERS; i++) {
		snprintf(name[i], sizeof name[i], "p%zu", i);
		printer[i] = worlds_printer(name[i]);
		printer[i].speed_factor = 1 + (double)(i % 7) / 10;
	}
	for (size_t i = 0; i < MANY_ORDERS; i++)
		order[i] = worlds_order((int64_t)i, MANY_UNITS, plate + i % 2, 1);
	struct planner *planner = planner_begin(&world, NULL, NOW, 1);

	assert_non_null(planner);
	while (planner_step(planner, 1000))
		moves += 1000;
	for (size_t i = 0; i < MANY_ORDERS; i++) {
		units += planner_result(planner)->order[i].units_planned;
		assert_true(planner_result(planner)->order[i].done_s > NOW);
	}
	assert_true(units >= (int64_t)MANY_ORDERS * MANY_UNITS);
	/* Each order looks at each printer a fixed number of times, each plate is placed likewise.
	 */
	assert_true(moves <= 4 * (int64_t)MANY_ORDERS * MANY_PRINTERS + 6 * units);
	planner_destroy(planner);
	free(name);
	free(order);
	free(printer);
}

static void test_one_order_of_a_hundred_thousand_units_is_planned_in_steps(void **state)
{
	struct farm farm;
	int64_t moves = 0;

	(void)state;
	farm_init(&farm, 2, 100000);
	set_single(&farm);
	farm.world.calendar = worlds_weekdays(8, 18);
	struct planner *planner = planner_begin(&farm.world, NULL, NOW, 1);

	assert_non_null(planner);
	while (planner_step(planner, 1000))
		moves += 1000;
	assert_true(planner_result(planner)->order[0].done_s > NOW);
	assert_int_equal(planner_result(planner)->order[0].over_units, 0);
	/* Probing halves the time about 30 times. */
	assert_true(moves <= 40 * 100000);
	planner_destroy(planner);
}

static void test_an_order_beyond_the_limit_is_planned_as_far_as_there_is_room(void **state)
{
	struct farm farm;

	(void)state;
	farm_init(&farm, 8, (int64_t)1 << 40);
	farm.plate[0][0].yield = 1;
	struct planner *planner = plan(&farm, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, PLANNER_ASSIGNMENTS_MAX);
	assert_int_equal(result->order[0].done_s, -1);
	assert_true(result->assignment[0].start_now);
	planner_destroy(planner);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_order_is_spread_over_the_printers_and_done_soonest),
		cmocka_unit_test(
			test_nothing_is_planned_for_now_where_nobody_said_that_the_bed_is_empty),
		cmocka_unit_test(test_a_printer_that_prints_gets_no_second_job),
		cmocka_unit_test(test_an_announced_start_is_asked_for_when_its_delay_is_over),
		cmocka_unit_test(test_nothing_starts_that_would_run_into_the_night),
		cmocka_unit_test(test_a_bed_that_is_done_at_night_is_cleared_in_the_morning),
		cmocka_unit_test(test_the_time_before_a_print_that_waits_for_the_morning_is_used),
		cmocka_unit_test(test_locked_disabled_and_handled_printers_are_not_counted_on),
		cmocka_unit_test(test_an_order_that_no_printer_can_make_has_no_promise),
		cmocka_unit_test(
			test_a_farm_that_is_never_staffed_promises_only_what_needs_no_clearing),
		cmocka_unit_test(test_held_and_finished_orders_get_no_plates),
		cmocka_unit_test(
			test_an_order_does_not_wait_for_a_person_while_a_printer_stands_ready),
		cmocka_unit_test(test_beds_that_are_cleared_in_turn_are_all_counted_on),
		cmocka_unit_test(test_a_bed_that_waits_is_expected_when_beds_usually_are_cleared),
		cmocka_unit_test(test_a_printer_that_is_ready_first_does_not_take_the_others_work),
		cmocka_unit_test(test_no_order_waits_for_ever_for_a_bed_that_nobody_clears),
		cmocka_unit_test(
			test_fewer_units_stay_planned_while_time_goes_by_unless_they_get_late),
		cmocka_unit_test(test_a_little_time_is_given_for_fewer_units_too_many),
		cmocka_unit_test(test_orders_go_by_priority_then_due_date_then_age),
		cmocka_unit_test(test_large_and_small_plates_are_mixed_to_end_soonest),
		cmocka_unit_test(
			test_a_short_spool_waits_for_a_person_and_a_small_plate_goes_first),
		cmocka_unit_test(test_a_replan_moves_nothing_for_half_a_minute),
		cmocka_unit_test(test_the_previous_plan_is_found_again_by_ids_and_names),
		cmocka_unit_test(test_a_previous_plan_with_indexes_out_of_this_world_does_no_harm),
		cmocka_unit_test(test_an_unfinished_plan_assigns_nothing),
		cmocka_unit_test(test_an_empty_farm_and_an_empty_book_are_planned),
		cmocka_unit_test(test_generated_farms_finish_every_order_and_break_no_rule),
		cmocka_unit_test(test_small_orders_end_nearly_as_soon_as_the_best_of_all_mixes),
		cmocka_unit_test(test_without_news_a_replan_keeps_printers_and_makes_nothing_worse),
		cmocka_unit_test(test_an_order_that_is_late_anyway_lets_another_be_in_time),
		cmocka_unit_test(test_what_is_about_to_start_stays_where_people_expect_it),
		cmocka_unit_test(test_an_order_that_waits_for_weeks_gets_ahead_of_new_ones),
		cmocka_unit_test(test_a_hundred_thousand_units_take_moves_in_proportion),
		cmocka_unit_test(test_one_order_of_a_hundred_thousand_units_is_planned_in_steps),
		cmocka_unit_test(test_an_order_beyond_the_limit_is_planned_as_far_as_there_is_room),
	};

	return cmocka_run_group_tests_name("planner", tests, NULL, NULL);
}
