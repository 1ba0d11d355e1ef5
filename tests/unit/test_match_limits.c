/* What noise, maintenance, power and the rest of a spool say about a start. */
#include "scheduler/match.h"
#include "scheduler/planner.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400, NOW = 10 * HOUR };

struct scene {
	struct world world;
	struct world_printer printer;
	struct world_plate plate;
	struct world_order order;
	struct match_result match;
};

static void set_scene(struct scene *scene)
{
	*scene = (struct scene){ .printer = worlds_printer("p1"), .plate = worlds_plate() };
	scene->order = worlds_order(1, 4, &scene->plate, 1);
	scene->world = (struct world){ .printer_count = 1,
		.printer = &scene->printer,
		.order_count = 1,
		.order = &scene->order,
		.clear_s = 900 };
	/* Quiet from ten in the evening to seven. */
	scene->world.noise.window_count = 7;
	for (int i = 0; i < 7; i++)
		scene->world.noise.window[i] =
			(struct world_window){ i * DAY + 7 * HOUR, i * DAY + 22 * HOUR };
}

static const struct match_unmet *only_unmet(struct scene *scene, int64_t now_s)
{
	match_check(
		&scene->world, &scene->order, &scene->plate, &scene->printer, now_s, &scene->match);
	assert_int_equal(scene->match.unmet_count, 1);
	return &scene->match.unmet[0];
}

static bool fits(struct scene *scene, int64_t now_s)
{
	match_check(
		&scene->world, &scene->order, &scene->plate, &scene->printer, now_s, &scene->match);
	return scene->match.unmet_count == 0;
}

static struct planner *plan(struct scene *scene, int64_t now_s)
{
	struct planner *planner = planner_begin(&scene->world, NULL, now_s, 1);

	assert_non_null(planner);
	while (planner_step(planner, 1000))
		;
	return planner;
}

static void test_a_noisy_printer_neither_starts_nor_runs_in_quiet_hours(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene);
	assert_true(fits(&scene, 21 * HOUR));
	scene.printer.noisy = true;
	assert_true(fits(&scene, 19 * HOUR));
	assert_string_equal(only_unmet(&scene, 20 * HOUR)->text,
		"is noisy and takes 3 h 0 min, quiet hours begin Mon 22:00: may start Tue 07:00");
	assert_string_equal(
		only_unmet(&scene, 23 * HOUR)->text, "is noisy, quiet hours: may start Tue 07:00");
	assert_string_equal(match_condition_name(scene.match.unmet[0].condition), "quiet");
	assert_true(scene.match.can_without_person);
	scene.plate.time_s = 16 * HOUR;
	assert_string_equal(only_unmet(&scene, NOW)->text,
		"takes 16 h 0 min and is noisy; between quiet hours are at most 15 h 0 min");
}

static void test_noisy_prints_are_planned_between_quiet_and_within_staffed_hours(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene);
	scene.printer.noisy = true;
	scene.world.calendar = worlds_weekdays(6, 24);
	scene.order.units_left = 40;
	struct planner *planner = plan(&scene, NOW);
	const struct planner_result *result = planner_result(planner);

	assert_int_equal(result->assignment_count, 10);
	for (size_t i = 0; i < result->assignment_count; i++) {
		assert_true(result->assignment[i].start_s % DAY >= 7 * HOUR);
		assert_true(result->assignment[i].end_s % DAY <= 22 * HOUR);
		assert_true(result->assignment[i].start_s < 5 * DAY ||
			    result->assignment[i].start_s >= 7 * DAY);
	}
	planner_destroy(planner);
	/* What can never lie in between is not planned. */
	scene.plate.time_s = 16 * HOUR;
	planner = plan(&scene, NOW);
	assert_int_equal(planner_result(planner)->assignment_count, 0);
	assert_int_equal(planner_result(planner)->order[0].done_s, -1);
	planner_destroy(planner);
}

static void test_overdue_maintenance_lets_nothing_start_until_somebody_has_done_it(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene);
	scene.printer.maintenance = "grease";
	scene.printer.maintenance_every_s = 200 * HOUR;
	scene.printer.maintenance_left_s = 1;
	assert_true(fits(&scene, NOW));
	scene.printer.maintenance_left_s = 0;
	assert_string_equal(only_unmet(&scene, NOW)->text,
		"maintenance is overdue: grease (printfarm printer maintained p1)");
	assert_false(scene.match.can_without_person);
	assert_true(scene.match.can_ever);
	assert_false(match_can_plan(&scene.order, &scene.plate, &scene.printer));
}

static void test_no_start_draws_more_than_the_farm_may(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene);
	scene.printer.watts = 120;
	scene.printer.heat_watts = 350;
	scene.world.power_used_w = 651;
	assert_true(fits(&scene, NOW));
	scene.world.power_budget_w = 1000;
	scene.world.power_held = "p2 351 W, p3 300 W";
	assert_string_equal(only_unmet(&scene, NOW)->text,
		"needs 350 W, of 1000 W are 651 W in use: p2 351 W, p3 300 W");
	assert_true(match_can_plan(&scene.order, &scene.plate, &scene.printer));
	scene.world.power_used_w = 650;
	assert_true(fits(&scene, NOW));
}

static void test_a_spool_that_will_be_empty_is_started_only_where_runout_is_dealt_with(void **state)
{
	struct scene scene;

	(void)state;
	set_scene(&scene);
	scene.printer.grams_left = scene.plate.grams - 1;
	assert_int_equal(only_unmet(&scene, NOW)->condition, MATCH_GRAMS);
	scene.printer.runout_change = true;
	assert_true(fits(&scene, NOW));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_noisy_printer_neither_starts_nor_runs_in_quiet_hours),
		cmocka_unit_test(
			test_noisy_prints_are_planned_between_quiet_and_within_staffed_hours),
		cmocka_unit_test(
			test_overdue_maintenance_lets_nothing_start_until_somebody_has_done_it),
		cmocka_unit_test(test_no_start_draws_more_than_the_farm_may),
		cmocka_unit_test(
			test_a_spool_that_will_be_empty_is_started_only_where_runout_is_dealt_with),
	};

	return cmocka_run_group_tests_name("match_limits", tests, NULL, NULL);
}
