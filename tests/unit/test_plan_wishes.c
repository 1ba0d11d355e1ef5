/* What orders wish of the plan: alternatives in order of preference. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_of_equal_printers_the_one_with_the_better_liked_spool_prints),
		cmocka_unit_test(test_a_less_liked_spool_that_is_mounted_is_better_than_waiting),
		cmocka_unit_test(test_why_names_every_alternative),
	};
	return cmocka_run_group_tests_name("plan_wishes", tests, NULL, NULL);
}
