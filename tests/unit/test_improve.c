/* The search in the daemon's plans: what it costs the loop that steps it. */
#include "scheduler/improve.h"

#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

enum { TURN = 2000 }; /* moves of the planner that control makes at once */

struct scene {
	struct world world;
	struct world_printer printer;
	struct world_plate plate;
	struct world_order order[2];
};

/* One printer, and two orders of which one must be late. */
static void make_scene(struct scene *scene, int64_t units)
{
	*scene = (struct scene){ .printer = worlds_printer("p1"), .plate = worlds_plate() };
	scene->printer.may_run_unattended = true;
	for (int i = 0; i < 2; i++) {
		scene->order[i] =
			worlds_order(i + 1, units / 2 * scene->plate.yield, &scene->plate, 1);
		scene->order[i].due_s = 1 + i;
	}
	scene->world = (struct world){ .printer_count = 1,
		.printer = &scene->printer,
		.order_count = 2,
		.order = scene->order,
		.clear_s = 60 };
}

/* How many turns the plan of so many prints takes; *searched: whether it was searched. */
static int count_turns(int64_t prints, bool *searched)
{
	struct scene scene;
	int turns = 1;

	make_scene(&scene, prints);
	struct planner *planner = planner_begin(&scene.world, NULL, 0, 1);

	assert_non_null(planner);
	while (planner_step(planner, TURN))
		turns++;
	assert_int_equal(planner_result(planner)->assignment_count, prints);
	*searched = planner_result(planner)->was_searched;
	planner_destroy(planner);
	return turns;
}

static void test_moves_that_time_a_long_list_anew_cost_as_much_as_they_are(void **state)
{
	bool searched;

	(void)state;
	int few = count_turns(100, &searched);

	assert_true(searched);
	int many = count_turns(2000, &searched);

	assert_true(searched);
	/* At most 32 prints are timed with each move of a turn. */
	assert_true(few < 20);
	assert_true(many > 200);
}

static void test_a_plan_of_very_many_prints_is_not_searched(void **state)
{
	bool searched;

	(void)state;
	count_turns(IMPROVE_PRINTS_MAX + 2, &searched);
	assert_false(searched);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves_that_time_a_long_list_anew_cost_as_much_as_they_are),
		cmocka_unit_test(test_a_plan_of_very_many_prints_is_not_searched),
	};
	return cmocka_run_group_tests_name("improve", tests, NULL, NULL);
}
