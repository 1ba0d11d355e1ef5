/* Power and maintenance in a plan. */
#include "scheduler/limits.h"
#include "base/random.h"
#include "scheduler/calendar.h"
#include "scheduler/match.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400, NOW = 9 * HOUR, PRINTERS_MAX = 8, ORDERS_MAX = 6 };

struct scene {
	struct world world;
	char name[PRINTERS_MAX][8];
	struct world_printer printer[PRINTERS_MAX];
	struct world_plate plate[ORDERS_MAX];
	struct world_order order[ORDERS_MAX];
	int32_t operators[168];
};

/* Printers of 100 W that need 300 W for the first quarter of an hour; plates of three hours. */
static void set_scene(struct scene *scene, size_t printers, int64_t units)
{
	*scene = (struct scene){ 0 };
	for (size_t i = 0; i < printers; i++) {
		snprintf(scene->name[i], sizeof scene->name[i], "p%zu", i + 1);
		scene->printer[i] = worlds_printer(scene->name[i]);
		scene->printer[i].watts = 100;
		scene->printer[i].heat_watts = 300;
	}
	scene->plate[0] = worlds_plate();
	scene->plate[0].yield = 1;
	scene->plate[0].heat_s = 900;
	scene->order[0] = worlds_order(1, units, &scene->plate[0], 1);
	scene->world = (struct world){ .printer_count = printers,
		.printer = scene->printer,
		.order_count = 1,
		.order = scene->order,
		.clear_s = 600 };
}

static struct planner *plan(const struct scene *scene, int64_t moves)
{
	struct planner *planner = planner_begin(&scene->world, NULL, NOW, 1);

	assert_non_null(planner);
	while (planner_step(planner, moves))
		;
	return planner;
}

static void test_starts_wait_until_the_others_have_heated_up(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene, 3, 3);
	scene.world.power_budget_w = 500;
	struct planner *planner = plan(&scene, 1000);
	const struct planner_result *result = planner_result(planner);

	/* One at a time heats; 100 + 100 + 300 is just allowed. */
	assert_int_equal(result->assignment_count, 3);
	for (int i = 0; i < 3; i++)
		assert_int_equal(result->assignment[i].start_s, NOW + i * 900);
	assert_true(result->assignment[0].start_now);
	assert_false(result->assignment[1].start_now);
	assert_int_equal(result->next_question_s, NOW + 900);
	assert_int_equal(result->order[0].done_s, NOW + 1800 + 3 * HOUR);
	planner_destroy(planner);
}

static void test_what_prints_already_has_its_power(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene, 2, 1);
	scene.world.power_budget_w = 350;
	scene.printer[0].idle = scene.printer[0].bed_empty = false;
	scene.printer[0].free_at_s = NOW + HOUR;
	scene.world.power_used_w = 100;
	struct planner *planner = plan(&scene, 1000);

	assert_int_equal(planner_result(planner)->assignment[0].printer, 1);
	assert_int_equal(planner_result(planner)->assignment[0].start_s, NOW + HOUR);
	planner_destroy(planner);
}

static void test_maintenance_takes_its_time_behind_the_print_that_makes_it_due(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene, 1, 4);
	scene.printer[0].maintenance = "grease";
	scene.printer[0].maintenance_left_s = 4 * HOUR;
	scene.printer[0].maintenance_every_s = 100 * HOUR;
	scene.printer[0].maintenance_takes_s = 2 * HOUR;
	struct planner *planner = plan(&scene, 1000);
	const struct planner_assignment *own = planner_result(planner)->assignment;

	assert_int_equal(planner_result(planner)->assignment_count, 4);
	assert_int_equal(own[1].start_s, own[0].end_s + 600);
	assert_int_equal(own[2].start_s, own[1].end_s + 600 + 2 * HOUR);
	assert_int_equal(own[3].start_s, own[2].end_s + 600);
	planner_destroy(planner);
}

/* Two people in the morning, one from noon on. */
static void set_people(struct scene *scene, int32_t operators[168])
{
	for (int hour = 0; hour < 168; hour++)
		operators[hour] = hour % 24 < 12 ? 2 : 1;
	scene->world.calendar = worlds_weekdays(8, 18);
	scene->world.operators = operators;
	scene->world.visit_s = 900;
	scene->world.clear_s = 0;
	for (size_t i = 0; i < scene->world.printer_count; i++)
		scene->printer[i].may_run_unattended = true;
}

static void test_beds_that_wait_in_the_morning_are_cleared_by_as_many_as_are_there(void **state)
{
	int32_t operators[168];
	struct scene scene;

	(void)state;
	set_scene(&scene, 4, 4);
	set_people(&scene, operators);
	/* Four beds from the night. */
	for (int i = 0; i < 4; i++) {
		scene.printer[i].bed_empty = false;
		scene.printer[i].waits_since_s = 2 * HOUR;
	}
	struct planner *planner = planner_begin(&scene.world, NULL, 8 * HOUR, 1);

	while (planner_step(planner, 1000))
		;
	const struct planner_assignment *own = planner_result(planner)->assignment;

	assert_int_equal(planner_result(planner)->assignment_count, 4);
	assert_int_equal(own[0].start_s, 8 * HOUR + 900);
	assert_int_equal(own[1].start_s, 8 * HOUR + 900);
	assert_int_equal(own[2].start_s, 8 * HOUR + 1800);
	assert_int_equal(own[3].start_s, 8 * HOUR + 1800);
	planner_destroy(planner);
}

static void test_one_person_takes_twice_as_long_as_two(void **state)
{
	int32_t operators[168];
	struct scene scene;

	(void)state;
	set_scene(&scene, 4, 8);
	set_people(&scene, operators);
	/* The first four end at noon: then one person is there. */
	struct planner *planner = plan(&scene, 1000);
	const struct planner_assignment *own = planner_result(planner)->assignment;

	assert_int_equal(planner_result(planner)->assignment_count, 8);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(own[i].end_s, 12 * HOUR);
		assert_int_equal(own[4 + i].start_s, 12 * HOUR + (1 + i) * 900);
	}
	planner_destroy(planner);
	/* Who takes longer to come than the queue is long is not waited for twice. */
	scene.world.clear_s = HOUR;
	planner = plan(&scene, 1000);
	own = planner_result(planner)->assignment;
	for (int i = 4; i < 8; i++)
		assert_int_equal(own[i].start_s, 13 * HOUR);
	planner_destroy(planner);
}

static void test_a_plan_without_a_shortage_is_the_same(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene, 4, 40);
	scene.world.calendar = worlds_weekdays(8, 18);
	struct planner *free = plan(&scene, 1000);

	scene.world.power_budget_w = 1200;
	struct planner *limited = plan(&scene, 1000);
	const struct planner_result *a = planner_result(free), *b = planner_result(limited);

	assert_int_equal(a->assignment_count, b->assignment_count);
	assert_memory_equal(
		a->assignment, b->assignment, a->assignment_count * sizeof *a->assignment);
	assert_int_equal(a->order[0].done_s, b->order[0].done_s);
	planner_destroy(free);
	planner_destroy(limited);
}

static void make_random(struct random *random, struct scene *scene)
{
	set_scene(scene, 1 + random_below(random, PRINTERS_MAX), 1);
	for (size_t i = 0; i < scene->world.printer_count; i++) {
		struct world_printer *printer = &scene->printer[i];

		printer->watts = 50 + (int32_t)random_below(random, 150);
		printer->heat_watts = printer->watts + (int32_t)random_below(random, 300);
		printer->may_run_unattended = random_below(random, 2) == 0;
		printer->noisy = random_below(random, 4) == 0;
		if (random_below(random, 3) > 0)
			continue;
		printer->maintenance_every_s = 50 * HOUR;
		printer->maintenance_left_s = 1 + (int64_t)random_below(random, 50 * HOUR);
		printer->maintenance_takes_s = HOUR;
	}
	scene->world.order_count = 1 + random_below(random, ORDERS_MAX);
	for (size_t i = 0; i < scene->world.order_count; i++) {
		scene->plate[i] = worlds_plate();
		scene->plate[i].yield = 1 + (int32_t)random_below(random, 4);
		scene->plate[i].time_s = 600 + (int64_t)random_below(random, 6 * HOUR);
		scene->plate[i].heat_s = (int64_t)random_below(random, 900);
		scene->order[i] = worlds_order(
			(int64_t)i + 1, 1 + (int64_t)random_below(random, 30), &scene->plate[i], 1);
		if (random_below(random, 2) == 0)
			scene->order[i].due_s = NOW + (int64_t)random_below(random, 2 * DAY);
	}
	scene->world.calendar = worlds_weekdays(8, 18);
	scene->world.noise = worlds_weekdays(7, 22);
	scene->world.power_budget_w = 500 + (int32_t)random_below(random, 800);
	if (random_below(random, 2) == 0)
		return;
	for (int hour = 0; hour < 168; hour++)
		scene->operators[hour] = (int32_t)random_below(random, 4);
	scene->world.operators = scene->operators;
	scene->world.visit_s = 60 + (int64_t)random_below(random, 900);
}

static int64_t drawn_at(
	const struct scene *scene, const struct planner_result *result, int64_t at_s)
{
	int64_t watts = 0;

	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *own = &result->assignment[i];
		const struct world_printer *printer = &scene->printer[own->printer];
		const struct world_plate *plate = &scene->order[own->order].plate[own->plate];

		if (at_s < own->start_s || at_s >= own->end_s)
			continue;
		watts += at_s < own->start_s + plate->heat_s ? printer->heat_watts : printer->watts;
	}
	return watts;
}

static void check_plan(const struct scene *scene, const struct planner_result *result)
{
	int64_t end_s[PRINTERS_MAX] = { 0 };
	struct calendar staffed, noise;

	calendar_init(&staffed, &scene->world.calendar);
	calendar_init(&noise, &scene->world.noise);
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *own = &result->assignment[i];
		const struct world_printer *printer = &scene->printer[own->printer];

		assert_true(own->start_s >= NOW);
		assert_true(drawn_at(scene, result, own->start_s) <= scene->world.power_budget_w);
		assert_true(own->start_s >= end_s[own->printer]);
		end_s[own->printer] = own->end_s + scene->world.clear_s;
		assert_true(i == 0 || own->start_s >= own[-1].start_s);
		if (!printer->may_run_unattended)
			assert_true(calendar_covers(&staffed, own->start_s, own->end_s));
		if (printer->noisy)
			assert_true(calendar_covers(&noise, own->start_s, own->end_s));
	}
}

static void test_no_plan_draws_more_than_the_farm_may_or_breaks_another_rule(void **state)
{
	struct random random;
	size_t prints = 0;

	(void)state;
	random_init(&random, 3);
	for (int round = 0; round < 150; round++) {
		struct scene scene;

		make_random(&random, &scene);
		struct planner *planner = plan(&scene, 1000), *slow = plan(&scene, 1);
		const struct planner_result *a = planner_result(planner);
		const struct planner_result *b = planner_result(slow);

		check_plan(&scene, a);
		prints += a->assignment_count;
		assert_int_equal(a->assignment_count, b->assignment_count);
		for (size_t i = 0; i < a->assignment_count; i++)
			assert_true(a->assignment[i].start_s == b->assignment[i].start_s &&
				    a->assignment[i].printer == b->assignment[i].printer);
		planner_destroy(planner);
		planner_destroy(slow);
	}
	assert_true(prints > 2000);
}

static int64_t prints_of(const struct planner_result *result, size_t order, size_t printer)
{
	int64_t count = 0;

	for (size_t i = 0; i < result->assignment_count; i++)
		count += result->assignment[i].order == order &&
			 result->assignment[i].printer == printer;
	return count;
}

static void test_planned_again_a_minute_later_hardly_anything_moves(void **state)
{
	struct random random;
	int64_t prints = 0, moved = 0;

	(void)state;
	random_init(&random, 5);
	for (int round = 0; round < 60; round++) {
		struct scene scene;

		make_random(&random, &scene);
		struct planner *first = plan(&scene, 1000);
		const struct planner_result *before = planner_result(first), *after;
		struct planner *second = planner_begin(&scene.world, before, NOW + 60, 1);

		while (planner_step(second, 1000))
			;
		after = planner_result(second);
		for (size_t o = 0; o < scene.world.order_count; o++)
			for (size_t p = 0; p < scene.world.printer_count; p++) {
				int64_t more = prints_of(after, o, p) - prints_of(before, o, p);

				prints += prints_of(after, o, p);
				moved += more > 0 ? more : 0;
			}
		planner_destroy(first);
		planner_destroy(second);
	}
	assert_true(prints > 1000);
	if (moved * 33 > prints)
		fail_msg("%d of %d prints moved", (int)moved, (int)prints);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_starts_wait_until_the_others_have_heated_up),
		cmocka_unit_test(test_what_prints_already_has_its_power),
		cmocka_unit_test(
			test_maintenance_takes_its_time_behind_the_print_that_makes_it_due),
		cmocka_unit_test(
			test_beds_that_wait_in_the_morning_are_cleared_by_as_many_as_are_there),
		cmocka_unit_test(test_one_person_takes_twice_as_long_as_two),
		cmocka_unit_test(test_a_plan_without_a_shortage_is_the_same),
		cmocka_unit_test(test_no_plan_draws_more_than_the_farm_may_or_breaks_another_rule),
		cmocka_unit_test(test_planned_again_a_minute_later_hardly_anything_moves),
	};

	return cmocka_run_group_tests_name("limits", tests, NULL, NULL);
}
