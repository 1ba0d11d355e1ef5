/* Where the hours went, what was made of them, and what would have made more. */
#include "tests/unit/farm_rig.h"

#include "base/error.h"
#include "drivers/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR, MORNING = 700 * DAY };

/* It is nine in the morning of a lab that is open from 8 to 18. */
static struct rig *ready_rig(size_t printers)
{
	struct rig *rig = rig_create(printers);
	rig->now_s = MORNING + 9 * HOUR;
	for (int day = 0; day < 7; day++)
		rig->config.hours[rig->config.hours_count++] =
			(struct config_hours){ .begin_s = day * DAY + 8 * HOUR,
				.end_s = day * DAY + 18 * HOUR };
	rig_restart(rig);
	rig_add_design(rig);
	rig_settle(rig);
	rig_clear_all(rig);
	rig_settle(rig);
	rig_advance(rig, 30);
	rig_settle(rig);
	return rig;
}

/* As the report adds it up: of a day, with what is not stored yet. */
static int64_t spent(
	const struct rig *rig, const char *printer, enum spent_kind kind, int64_t day_s)
{
	const struct spent_record *rows = (const struct spent_record *)rig->spent.rows;
	struct spent_record lately;
	int64_t amount = 0;
	for (size_t i = 0; i < rig->spent.count; i++)
		if (rows[i].kind == kind && rows[i].day_s == day_s &&
			strcmp(rows[i].printer, printer) == 0)
			amount += rows[i].amount;
	for (size_t i = 0; farm_spent_lately(rig->farm, i, &lately); i++)
		if (lately.kind == kind && lately.day_s == day_s &&
			strcmp(lately.printer, printer) == 0)
			amount += lately.amount;
	return amount;
}

static void pass(struct rig *rig, int64_t seconds)
{
	rig_advance(rig, seconds);
	rig_settle(rig);
}

static void test_every_hour_of_a_day_is_printing_waiting_or_idle(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	int64_t order, sum = 0;
	pass(rig, 1000); /* nothing to do */
	rig_add_order(rig, 4, &order);
	rig_settle(rig);
	pass(rig, 2900);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	pass(rig, 500); /* nobody clears it */
	rig_clear(rig, &rig->printer[0]);
	rig_settle(rig);
	pass(rig, 30); /* the announced delay */
	pass(rig, 570);
	assert_int_equal(spent(rig, "p1", SPENT_PRINTING, MORNING), 2900);
	assert_int_equal(spent(rig, "p1", SPENT_CLEARING, MORNING), 500);
	assert_in_range(spent(rig, "p1", SPENT_IDLE, MORNING), 1500, 1600);
	for (int kind = 0; kind < SPENT_FAILED; kind++)
		sum += spent(rig, "p1", (enum spent_kind)kind, MORNING);
	assert_int_equal(sum, 30 + 1000 + 2900 + 500 + 600);
	rig_destroy(rig);
}

static void test_a_bed_that_waits_over_night_waits_for_the_lab_to_open(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	int64_t order;
	rig_add_order(rig, 8, &order);
	rig_settle(rig);
	pass(rig, 3000);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	/* To 18:00, through the night, and an hour into the next day. */
	while (rig->now_s < MORNING + DAY + 9 * HOUR)
		pass(rig, 600);
	int64_t clearing = spent(rig, "p1", SPENT_CLEARING, MORNING);
	assert_in_range(clearing, 8 * HOUR, 8 * HOUR + 1800);
	assert_in_range(spent(rig, "p1", SPENT_CLOSED, MORNING), 6 * HOUR - 700, 6 * HOUR);
	assert_in_range(
		spent(rig, "p1", SPENT_CLOSED, MORNING + DAY), 8 * HOUR - 700, 8 * HOUR + 700);
	rig_destroy(rig);
}

static void test_locks_cables_and_disabled_printers_are_told_apart(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(3);
	struct error error = { "" };
	int64_t order;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	rig_end_print(rig, &rig->printer[0], WIRE_FAILED, DRIVER_FAULT_THERMAL);
	rig_disconnect(rig, &rig->printer[1]);
	assert_int_equal(farm_printer_disable(rig->farm, "eva", "p3", &error), 0);
	rig_settle(rig);
	pass(rig, 700);
	assert_in_range(spent(rig, "p1", SPENT_FAULT, MORNING), 690, 710);
	assert_int_equal(spent(rig, "p1", SPENT_FAILED, MORNING), 1);
	assert_in_range(spent(rig, "p2", SPENT_OFFLINE, MORNING), 690, 710);
	assert_in_range(spent(rig, "p3", SPENT_OUT, MORNING), 690, 710);
	rig_destroy(rig);
}

static void test_a_printer_without_the_right_spool_waits_for_one(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_wish wish = { .design = "visor", .units = 4, .priority = 50 };
	struct error error = { "" };
	int64_t order;
	strcpy(wish.material, "PETG");
	strcpy(rig->config_printer[0].material, "PLA");
	farm_configure(rig->farm, &rig->config);
	assert_int_equal(farm_order_create(rig->farm, "eva", &wish, &order, &error), 0);
	rig_settle(rig);
	pass(rig, 700);
	assert_in_range(spent(rig, "p1", SPENT_SPOOL, MORNING), 690, 710);
	rig_destroy(rig);
}

static void test_hours_survive_a_restart(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	pass(rig, 1000);
	int64_t before = spent(rig, "p1", SPENT_IDLE, MORNING);
	rig_restart(rig);
	rig_settle(rig);
	pass(rig, 1000);
	assert_in_range(spent(rig, "p1", SPENT_IDLE, MORNING) - before, 0, 1000);
	assert_true(spent(rig, "p1", SPENT_IDLE, MORNING) >= before);
	rig_destroy(rig);
}

static void test_the_report_counts_what_was_made_in_its_time_and_no_more(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_report report;
	struct farm_made made[4];
	int64_t order;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	pass(rig, 1000);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_clear(rig, &rig->printer[0]);
	rig_settle(rig);
	farm_report(rig->farm, MORNING, rig->now_s + 1, &report, made, 4);
	assert_int_equal(report.printer_count, 1);
	assert_int_equal(made[0].prints, 1);
	assert_int_equal(made[0].good, 1);
	assert_int_equal(report.all.good, 1);
	assert_true(made[0].filament_g > 9 && made[0].filament_g < 11);
	assert_int_equal(report.promises_made, 1);
	assert_int_equal(report.promises_kept, 1);
	farm_report(rig->farm, rig->now_s + 1, rig->now_s + 2, &report, made, 4);
	assert_int_equal(report.all.prints + report.promises_made, 0);
	rig_destroy(rig);
}

static void test_the_past_planned_anew_says_what_would_have_made_more(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct error error = { "" };
	uint64_t request = 0;
	int64_t order;
	rig_add_order(rig, 400, &order);
	rig_settle(rig);
	pass(rig, 2 * DAY);
	assert_int_equal(farm_ask_hindsight(rig->farm, MORNING, rig->now_s, &request, &error), 0);
	assert_int_not_equal(request, 0);
	rig_settle(rig);
	rig_settle(rig);
	assert_int_equal(rig->found, request);
	const struct farm_hindsight *found = &rig->hindsight;
	assert_int_equal(found->days, 3);
	assert_true(found->units > 0);
	assert_true(found->more[FARM_HINDSIGHT_AT_ONCE] > 0);
	assert_true(found->more[FARM_HINDSIGHT_ALONE] > 0);
	assert_true(found->more[FARM_HINDSIGHT_PRINTER] >= found->units / 2);
	assert_int_equal(found->more[FARM_HINDSIGHT_SPOOL], 0);
	rig_destroy(rig);
}

static void test_of_a_time_without_orders_there_is_nothing_to_be_said(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct error error = { "" };
	uint64_t request = 7;
	assert_int_equal(farm_ask_hindsight(rig->farm, MORNING, rig->now_s, &request, &error), 0);
	assert_int_equal(request, 0);
	rig_destroy(rig);
}

static void test_days_that_only_the_clock_has_passed_are_not_counted(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	pass(rig, 1000);
	size_t rows = rig->spent.count;
	rig->now_s += 20000 * (int64_t)DAY; /* the clock is set: it was 1970 at the start */
	pass(rig, 1000);
	pass(rig, 1000);
	assert_in_range(rig->spent.count - rows, 0, 2);
	int64_t sum = 0;
	for (size_t i = 0; i < rig->spent.count; i++)
		sum += ((const struct spent_record *)rig->spent.rows)[i].amount;
	assert_in_range(sum, 1000, 3030);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_hour_of_a_day_is_printing_waiting_or_idle),
		cmocka_unit_test(test_a_bed_that_waits_over_night_waits_for_the_lab_to_open),
		cmocka_unit_test(test_locks_cables_and_disabled_printers_are_told_apart),
		cmocka_unit_test(test_a_printer_without_the_right_spool_waits_for_one),
		cmocka_unit_test(test_hours_survive_a_restart),
		cmocka_unit_test(test_the_report_counts_what_was_made_in_its_time_and_no_more),
		cmocka_unit_test(test_the_past_planned_anew_says_what_would_have_made_more),
		cmocka_unit_test(test_of_a_time_without_orders_there_is_nothing_to_be_said),
		cmocka_unit_test(test_days_that_only_the_clock_has_passed_are_not_counted),
	};
	return cmocka_run_group_tests_name("farm_report", tests, NULL, NULL);
}
