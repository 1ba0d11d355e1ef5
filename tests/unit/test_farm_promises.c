/* What is promised for orders, what moves it, and whether it is kept. */
#include "tests/unit/farm_rig.h"

#include "base/error.h"
#include "drivers/driver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <string.h>

#include <cmocka.h>

static struct farm_promises_kept kept_of(const struct rig *rig)
{
	struct farm_promises_kept kept;
	farm_promises_kept(rig->farm, &kept);
	return kept;
}

static const struct promise_record *last(const struct rig *rig, int64_t order)
{
	size_t count = farm_promise_count(rig->farm, order);
	assert_true(count > 0);
	return farm_promise_at(rig->farm, order, count - 1);
}

/* One print from start to a counted end. */
static void print_and_clear(struct rig *rig, size_t i, int64_t seconds)
{
	rig_advance(rig, seconds);
	rig_end_print(rig, &rig->printer[i], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_clear(rig, &rig->printer[i]);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
}

static void test_an_order_is_promised_as_soon_as_it_is_made(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	struct farm_order_view view = rig_order(rig, order);
	assert_int_equal(farm_promise_count(rig->farm, order), 1);
	assert_int_equal(view.promised_s, last(rig, order)->promised_s);
	assert_true(last(rig, order)->given);
	assert_int_equal(last(rig, order)->confidence_percent, 90);
	assert_true(view.promised_low_s <= view.promised_likely_s);
	assert_true(view.promised_likely_s <= view.promised_s);
	assert_true(view.promised_s >= rig->now_s + 1000);
	rig_destroy(rig);
}

static void test_a_promise_stays_when_nothing_happens(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig_add_order(rig, 4, &order);
	rig_settle(rig);
	int64_t promised_s = rig_order(rig, order).promised_s;
	for (int i = 0; i < 20; i++) {
		rig_advance(rig, 60);
		rig_settle(rig);
	}
	assert_int_equal(rig_order(rig, order).promised_s, promised_s);
	assert_int_equal(farm_promise_count(rig->farm, order), 1);
	rig_destroy(rig);
}

static void test_a_failed_print_moves_the_promise_and_is_named_as_the_cause(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig_add_order(rig, 4, &order);
	rig_settle(rig);
	int64_t promised_s = rig_order(rig, order).promised_s;
	rig_advance(rig, 2900);
	rig_end_print(rig, &rig->printer[0], WIRE_FAILED, 0);
	rig_settle(rig);
	assert_true(rig_order(rig, order).promised_s > promised_s + 900);
	assert_true(farm_promise_count(rig->farm, order) > 1);
	assert_false(last(rig, order)->given);
	assert_non_null(strstr(last(rig, order)->cause, "failed on p1"));
	/* What was given stays what counts. */
	assert_int_equal(farm_promise_at(rig->farm, order, 0)->promised_s, promised_s);
	rig_destroy(rig);
}

static void test_a_new_configuration_that_moves_a_promise_is_named_as_the_cause(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig_add_order(rig, 8, &order);
	rig_settle(rig);
	assert_true(rig_order(rig, order).promised_s > 0);
	rig->config.approval = APPROVAL_ENFORCE;
	farm_reconfigure(rig->farm, &rig->config);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, order).promised_s, 0);
	assert_string_equal(last(rig, order)->cause, "the configuration has been read again");
	rig_destroy(rig);
}

static void test_a_locked_printer_takes_the_promise_away_and_not_what_was_given(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig_add_order(rig, 8, &order);
	rig_settle(rig);
	rig_end_print(rig, &rig->printer[0], WIRE_FAILED, DRIVER_FAULT_THERMAL);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, order).promised_s, 0);
	assert_int_equal(last(rig, order)->promised_s, 0);
	assert_int_equal(kept_of(rig).open, 1);
	rig_destroy(rig);
}

static void test_kept_and_broken_promises_are_counted(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t first, second;
	rig_add_order(rig, 1, &first);
	rig_settle(rig);
	print_and_clear(rig, 0, 1000);
	assert_int_equal(rig_order(rig, first).record->state, ORDER_DONE);
	assert_int_equal(kept_of(rig).made, 1);
	assert_int_equal(kept_of(rig).kept, 1);
	rig_add_order(rig, 1, &second);
	rig_settle(rig);
	rig_advance(rig, 100000);
	rig_settle(rig);
	assert_int_equal(kept_of(rig).overdue, 1);
	print_and_clear(rig, 0, 1000);
	assert_int_equal(kept_of(rig).made, 2);
	assert_int_equal(kept_of(rig).kept, 1);
	assert_int_equal(kept_of(rig).overdue, 0);
	rig_destroy(rig);
}

static void test_promises_survive_a_restart(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t first, second;
	rig_add_order(rig, 1, &first);
	rig_settle(rig);
	print_and_clear(rig, 0, 1000);
	rig_add_order(rig, 4, &second);
	rig_settle(rig);
	struct promise_record given = *last(rig, second);
	rig_restart(rig);
	rig_settle(rig);
	assert_int_equal(kept_of(rig).made, 1);
	assert_int_equal(kept_of(rig).kept, 1);
	assert_memory_equal(farm_promise_at(rig->farm, second, 0), &given, sizeof(given));
	assert_int_equal(rig_order(rig, second).promised_s, given.promised_s);
	rig_destroy(rig);
}

static void test_who_wants_more_gets_another_promise(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	struct error error = { "" };
	int64_t order;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	const struct farm_order_set set = { .has_units = true, .units = 40 };
	assert_int_equal(farm_order_set(rig->farm, "eva", order, &set, &error), 0);
	rig_settle(rig);
	assert_int_equal(farm_promise_count(rig->farm, order), 2);
	assert_true(last(rig, order)->given);
	assert_non_null(strstr(last(rig, order)->cause, "40 units"));
	rig_destroy(rig);
}

static void test_a_held_order_is_promised_nothing_and_anew_when_it_is_released(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	struct error error = { "" };
	int64_t order;
	rig_add_order(rig, 40, &order);
	rig_settle(rig);
	assert_int_equal(farm_order_hold(rig->farm, "eva", order, &error), 0);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, order).promised_s, 0);
	rig_advance(rig, 50000);
	assert_int_equal(farm_order_release(rig->farm, "eva", order, &error), 0);
	rig_settle(rig);
	assert_true(rig_order(rig, order).promised_s > rig->now_s);
	assert_true(last(rig, order)->given);
	rig_destroy(rig);
}

static void test_what_is_kept_of_an_order_is_bounded_and_begins_with_the_first(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig_add_order(rig, 4, &order);
	rig_settle(rig);
	struct promise_record first = *last(rig, order);
	/* Nobody ends the print: what is promised moves and moves. */
	for (int i = 0; i < 100; i++) {
		rig_advance(rig, 20000);
		rig_settle(rig);
	}
	assert_in_range(farm_promise_count(rig->farm, order), 10, 32);
	assert_memory_equal(farm_promise_at(rig->farm, order, 0), &first, sizeof(first));
	assert_true(last(rig, order)->promised_s > rig->now_s - 20000);
	rig_restart(rig);
	rig_settle(rig);
	assert_in_range(farm_promise_count(rig->farm, order), 10, 32);
	rig_destroy(rig);
}

static void test_a_quote_says_what_the_order_is_promised_then(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(2);
	struct farm_wish wish = { .design = "visor", .units = 30, .priority = 50 };
	struct error error = { "" };
	struct farm_quote quote;
	int64_t order;
	assert_int_equal(farm_quote(rig->farm, &wish, 100000, &quote, &error), 0);
	assert_int_equal(farm_order_create(rig->farm, "eva", &wish, &order, &error), 0);
	farm_plan_now(rig->farm, 100000);
	struct farm_order_view view = rig_order(rig, order);
	assert_in_range(quote.done_s, view.promised_s - 60, view.promised_s + 60);
	assert_true(quote.likely_s <= quote.done_s);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_order_is_promised_as_soon_as_it_is_made),
		cmocka_unit_test(test_kept_and_broken_promises_are_counted),
		cmocka_unit_test(test_promises_survive_a_restart),
		cmocka_unit_test(test_a_promise_stays_when_nothing_happens),
		cmocka_unit_test(test_a_failed_print_moves_the_promise_and_is_named_as_the_cause),
		cmocka_unit_test(
			test_a_new_configuration_that_moves_a_promise_is_named_as_the_cause),
		cmocka_unit_test(
			test_a_locked_printer_takes_the_promise_away_and_not_what_was_given),
		cmocka_unit_test(test_who_wants_more_gets_another_promise),
		cmocka_unit_test(
			test_a_held_order_is_promised_nothing_and_anew_when_it_is_released),
		cmocka_unit_test(test_a_quote_says_what_the_order_is_promised_then),
		cmocka_unit_test(
			test_what_is_kept_of_an_order_is_bounded_and_begins_with_the_first),
	};
	return cmocka_run_group_tests_name("farm_promises", tests, NULL, NULL);
}
