/* What the farm finds out: how an order could be in time, what a night yields. */
#include "tests/unit/farm_rig.h"

#include "base/error.h"
#include "drivers/driver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

enum { HOUR = 3600, DAY = 24 * HOUR };

/* Open daily from 8 to 18; it is 9. */
static struct rig *ready_rig(size_t printers)
{
	struct rig *rig = rig_create(printers);
	rig->now_s = 700 * DAY + 9 * HOUR;
	for (int day = 0; day < 7; day++)
		rig->config.hours[rig->config.hours_count++] =
			(struct config_hours){ .begin_s = day * DAY + 8 * HOUR,
				.end_s = day * DAY + 18 * HOUR };
	rig_restart(rig);
	rig_make_ready(rig);
	return rig;
}

static int64_t order_due(struct rig *rig, int64_t units, int64_t due_s)
{
	struct farm_wish wish = { .design = "visor", .units = units, .priority = 50 };
	struct error error = { "" };
	int64_t id = 0;
	wish.due_s = due_s;
	assert_int_equal(farm_order_create(rig->farm, "eva", &wish, &id, &error), 0);
	rig_settle(rig);
	return id;
}

static void ask_advice(struct rig *rig, int64_t order)
{
	struct error error = { "" };
	uint64_t request = 0;
	assert_int_equal(farm_ask_advice(rig->farm, order, &request, &error), 0);
	assert_int_not_equal(request, rig->found);
	rig_settle(rig);
	assert_int_equal(request, rig->found);
	assert_string_equal(rig->found_trouble, "");
}

static void ask_night(struct rig *rig)
{
	struct error error = { "" };
	uint64_t request = 0;
	assert_int_equal(farm_ask_night(rig->farm, &request, &error), 0);
	rig_settle(rig);
	assert_int_equal(request, rig->found);
}

static const struct farm_advice_change *change_of(const struct rig *rig, const char *kind)
{
	for (size_t i = 0; i < rig->advice.change_count; i++)
		if (strcmp(rig->advice.change[i].kind, kind) == 0)
			return &rig->advice.change[i];
	fail_msg("no change of the kind %s", kind);
	return &rig->advice.change[0];
}

static int64_t limit_gain_s(const struct rig *rig, enum farm_limit limit)
{
	for (size_t i = 0; i < rig->advice.limit_count; i++)
		if (rig->advice.limit[i].limit == limit)
			return rig->advice.limit[i].gain_s;
	return 0;
}

static void test_a_locked_printer_is_the_cheapest_way_to_be_in_time(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	int64_t order = order_due(rig, 200, rig->now_s + 2 * DAY);
	rig_end_print(rig, &rig->printer[1], WIRE_FAILED, DRIVER_FAULT_THERMAL);
	rig_settle(rig);
	ask_advice(rig, order);
	assert_int_equal(rig->advice.order, order);
	assert_false(rig->advice.in_time);
	assert_true(rig->advice.units_in_time > 0);
	assert_true(rig->advice.units_in_time < rig->advice.units);
	const struct farm_advice_change *change = change_of(rig, "ready");
	assert_string_equal(change->printer, "p2");
	assert_non_null(strstr(change->text, "unlock"));
	assert_true(change->gain_s > 0);
	assert_ptr_equal(&rig->advice.change[0], change);
	rig_destroy(rig);
}

static void test_hours_limit_a_lab_that_closes_and_people_one_that_clears_late(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	int64_t order = order_due(rig, 40, rig->now_s + DAY);
	ask_advice(rig, order);
	assert_true(limit_gain_s(rig, FARM_LIMIT_HOURS) > 10 * HOUR);
	rig->config.hours_count = 0;
	rig->config.clear_s = 3 * HOUR;
	farm_configure(rig->farm, &rig->config);
	rig_settle(rig);
	ask_advice(rig, order);
	assert_int_equal(limit_gain_s(rig, FARM_LIMIT_HOURS), 0);
	assert_int_equal(rig->advice.limit[0].limit, FARM_LIMIT_PEOPLE);
	rig_destroy(rig);
}

static void test_going_first_says_how_many_others_it_makes_late(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	order_due(rig, 8, rig->now_s + 8 * HOUR);
	int64_t order = order_due(rig, 8, rig->now_s + 8 * HOUR + 60);
	ask_advice(rig, order);
	const struct farm_advice_change *change = change_of(rig, "first");
	assert_true(change->gain_s > 0);
	rig_destroy(rig);
}

static void test_a_spool_is_named_where_the_right_one_is_not_in(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	struct farm_wish wish = { .design = "visor", .units = 4, .priority = 50 };
	struct error error = { "" };
	uint64_t request = 0;
	strcpy(wish.material, "PETG");
	strcpy(rig->config_printer[0].material, "PLA");
	strcpy(rig->config_printer[1].material, "PLA");
	farm_configure(rig->farm, &rig->config);
	rig_settle(rig);
	assert_int_equal(farm_ask_advice_for_wish(rig->farm, &wish, &request, &error), 0);
	rig_settle(rig);
	assert_int_equal(rig->found, request);
	assert_int_equal(rig->advice.order, 0);
	assert_int_equal(rig->advice.promised_s, 0);
	assert_int_equal(rig->advice.limit[0].limit, FARM_LIMIT_PLASTIC);
	const struct farm_advice_change *change = change_of(rig, "spool");
	assert_non_null(strstr(change->text, "PETG"));
	assert_true(change->in_time);
	assert_int_equal(rig->advice.cheapest, 0);
	rig_destroy(rig);
}

static void test_the_night_would_yield_more_if_printers_might_print_alone(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	order_due(rig, 400, 0);
	ask_night(rig);
	assert_true(rig->night.closes);
	assert_int_equal(rig->night.closes_s, 700 * DAY + 18 * HOUR);
	assert_int_equal(rig->night.opens_s, 701 * DAY + 8 * HOUR);
	assert_true(rig->night.unattended_off);
	assert_true(rig->night.units > 0);
	assert_true(rig->night.units_if_unattended > rig->night.units);
	assert_int_equal(rig->night.printer_count, 2);
	assert_int_equal(
		rig->night_printer[0].units + rig->night_printer[1].units, rig->night.units);
	rig->config_printer[0].unattended = UNATTENDED_ALLOWED;
	farm_configure(rig->farm, &rig->config);
	rig_settle(rig);
	ask_night(rig);
	assert_false(rig->night.unattended_off);
	assert_int_equal(rig->night_printer[0].units, rig->night_printer[0].units_if_unattended);
	rig_destroy(rig);
}

static void test_what_gains_most_by_morning_comes_first_before_leaving(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(3);
	order_due(rig, 400, 0);
	/* p1 may print alone over night, p2 not; both wait to be cleared, p3 is locked. */
	rig->config_printer[0].unattended = UNATTENDED_ALLOWED;
	farm_configure(rig->farm, &rig->config);
	rig_advance(rig, 3000);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_end_print(rig, &rig->printer[1], WIRE_PRINTED, 0);
	rig_end_print(rig, &rig->printer[2], WIRE_FAILED, DRIVER_FAULT_THERMAL);
	rig_settle(rig);
	rig_advance(rig, 7 * HOUR + 1800);
	rig_settle(rig);
	ask_night(rig);
	assert_int_equal(rig->night.act_count, 3);
	assert_string_equal(rig->night.act[0].printer, "p1");
	assert_string_equal(rig->night.act[0].kind, "clear");
	assert_non_null(strstr(rig->night.act[0].text, "4 units of visor"));
	assert_true(rig->night.act[0].units >= 4);
	for (size_t i = 1; i < 3; i++)
		assert_true(rig->night.act[i].units <= rig->night.act[i - 1].units);
	rig_destroy(rig);
}

static void test_maintenance_that_is_not_overdue_keeps_nobody_from_a_bed(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct config_maintenance row = {
		.what = "grease", .every_h = 200, .late_h = 20, .takes_s = 600
	};
	rig->config.maintenance = &row;
	rig->config.maintenance_count = 1;
	order_due(rig, 400, 0);
	rig->config_printer[0].unattended = UNATTENDED_ALLOWED;
	farm_configure(rig->farm, &rig->config);
	rig_advance(rig, 3000);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_advance(rig, 7 * HOUR + 1800);
	rig_settle(rig);
	ask_night(rig);
	assert_int_equal(rig->night.act_count, 1);
	assert_string_equal(rig->night.act[0].kind, "clear");
	rig_destroy(rig);
}

static void test_a_lab_that_never_closes_has_no_night(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	rig->config.hours_count = 0;
	farm_configure(rig->farm, &rig->config);
	rig_settle(rig);
	ask_night(rig);
	assert_false(rig->night.closes);
	assert_int_equal(rig->night.act_count, 0);
	rig_destroy(rig);
}

static void test_who_asks_while_the_farm_is_changed_is_told_to_ask_again(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct error error = { "" };
	int64_t order = order_due(rig, 40, 0);
	uint64_t request = 0;
	assert_int_equal(farm_ask_advice(rig->farm, order, &request, &error), 0);
	farm_configure(rig->farm, &rig->config);
	assert_int_equal(rig->found, request);
	assert_string_not_equal(rig->found_trouble, "");
	for (int i = 0; i < 8; i++)
		assert_int_equal(farm_ask_night(rig->farm, &request, &error), 0);
	assert_int_equal(farm_ask_night(rig->farm, &request, &error), -EAGAIN);
	assert_int_equal(farm_ask_advice(rig->farm, 4711, &request, &error), -ENOENT);
	rig_destroy(rig);
}

static void test_a_question_that_nobody_waits_for_any_more_is_dropped_and_the_next_is_answered(
	void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct error error = { "" };
	uint64_t first, second, third;
	assert_int_equal(farm_ask_night(rig->farm, &first, &error), 0);
	assert_int_equal(farm_ask_night(rig->farm, &second, &error), 0);
	assert_int_equal(farm_ask_night(rig->farm, &third, &error), 0);
	rig->found = 0;
	farm_question_drop(rig->farm, second);
	farm_question_drop(rig->farm, third);
	farm_question_drop(rig->farm, 4711);
	rig_settle(rig);
	assert_int_equal(rig->found, first);
	for (int i = 0; i < 8; i++)
		assert_int_equal(farm_ask_night(rig->farm, &third, &error), 0);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_locked_printer_is_the_cheapest_way_to_be_in_time),
		cmocka_unit_test(
			test_hours_limit_a_lab_that_closes_and_people_one_that_clears_late),
		cmocka_unit_test(test_a_spool_is_named_where_the_right_one_is_not_in),
		cmocka_unit_test(test_going_first_says_how_many_others_it_makes_late),
		cmocka_unit_test(test_the_night_would_yield_more_if_printers_might_print_alone),
		cmocka_unit_test(test_what_gains_most_by_morning_comes_first_before_leaving),
		cmocka_unit_test(test_maintenance_that_is_not_overdue_keeps_nobody_from_a_bed),
		cmocka_unit_test(test_a_lab_that_never_closes_has_no_night),
		cmocka_unit_test(test_who_asks_while_the_farm_is_changed_is_told_to_ask_again),
		cmocka_unit_test(
			test_a_question_that_nobody_waits_for_any_more_is_dropped_and_the_next_is_answered),
	};
	return cmocka_run_group_tests_name("farm_questions", tests, NULL, NULL);
}
