/* The order book: what is refused, what a person is told about an order (farm_rig.h). */
#include "tests/unit/farm_rig.h"

#include "base/error.h"
#include "drivers/driver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error error;

/* A farm with a design, cleared beds, and the start delay over. */
static struct rig *ready_rig(size_t printers)
{
	error.text[0] = '\0';
	return rig_create_ready(printers);
}

static struct farm_wish wish_for(int64_t units)
{
	return (struct farm_wish){ .design = "visor", .units = units, .priority = 50 };
}

static int create(struct rig *rig, const struct farm_wish *wish, int64_t *id)
{
	*id = 0;
	error.text[0] = '\0';
	return farm_order_create(rig->farm, "eva", wish, id, &error);
}

struct texts {
	size_t count;
	char text[8][ERROR_TEXT_MAX];
};

static void add_text(void *context, const char *text)
{
	struct texts *texts = context;
	assert_true(texts->count < 8);
	snprintf(texts->text[texts->count++], ERROR_TEXT_MAX, "%s", text);
}

static struct texts warnings_of(const struct rig *rig, int64_t order)
{
	struct texts texts = { 0 };
	farm_order_warnings(rig->farm, order, add_text, &texts);
	return texts;
}

static void add_miss(void *context, const struct farm_why_view *miss)
{
	struct texts *texts = context;
	char text[ERROR_TEXT_MAX];
	snprintf(text, sizeof(text), "%s %s:", miss->printer, miss->plate->name);
	for (size_t i = 0; i < miss->match->unmet_count; i++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s",
			match_condition_name(miss->match->unmet[i].condition));
	add_text(context, text);
	assert_true(texts->count > 0);
}

/* ---- what no printer can make ---- */

static void test_what_no_printer_can_make_is_refused_with_the_nearest_miss(void **state)
{
	(void)state;
	rig_machine = "MK4";
	struct rig *rig = ready_rig(2);
	rig_machine = "";
	rig->profile.machine_count = 1;
	snprintf(rig->profile.machine[0], sizeof(rig->profile.machine[0]), "MK3S");
	rig->profile.hotend_max_celsius = 200;
	struct farm_wish wish = wish_for(4);
	int64_t id;
	struct farm_quote quote;
	assert_int_equal(create(rig, &wish, &id), -EDOM);
	assert_non_null(strstr(error.text, "no printer can ever make \"visor\""));
	assert_non_null(strstr(error.text, "p1: was sliced for MK4"));
	assert_int_equal(farm_quote(rig->farm, &wish, 10000, &quote, &error), -EDOM);
	assert_int_equal(farm_order_count(rig->farm), 0);
	struct texts misses = { 0 };
	farm_each_miss_of_wish(rig->farm, &wish, add_miss, &misses);
	assert_int_equal(misses.count, 2);
	assert_string_equal(misses.text[0], "p1 one.gcode: machine hotend");
	assert_string_equal(misses.text[1], "p2 one.gcode: machine hotend");
	rig_destroy(rig);
}

static void test_what_a_person_or_time_can_change_is_no_reason_to_refuse(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_wish wish = wish_for(4);
	int64_t id;
	snprintf(wish.material, sizeof(wish.material), "ABS");
	snprintf(wish.color, sizeof(wish.color), "pink");
	assert_int_equal(farm_printer_disable(rig->farm, "eva", "p1", &error), 0);
	rig_disconnect(rig, &rig->printer[0]);
	assert_int_equal(create(rig, &wish, &id), 0);
	assert_int_equal(warnings_of(rig, id).count, 0);
	rig_destroy(rig);
}

static void test_a_held_order_may_wait_for_a_printer_that_is_not_there(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_wish wish = wish_for(4);
	int64_t id;
	rig->profile.bed_max_celsius = 50;
	wish.hold = true;
	assert_int_equal(create(rig, &wish, &id), 0);
	rig_settle(rig);
	struct texts warnings = warnings_of(rig, id);
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.text[0], "no printer can ever make"));
	assert_int_equal(farm_order_release(rig->farm, "eva", id, &error), -EDOM);
	assert_int_equal(rig_order(rig, id).record->state, ORDER_HELD);
	/* It has been bought. */
	rig->profile.bed_max_celsius = 110;
	assert_int_equal(farm_order_release(rig->farm, "eva", id, &error), 0);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, id).printing, 4);
	rig_destroy(rig);
}

static void test_a_reorder_is_refused_like_the_order(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	int64_t id, again;
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	rig->profile.nozzle_mm = 0.6;
	rig->profile.hotend_max_celsius = 180;
	assert_int_equal(farm_order_reorder(rig->farm, "eva", id, 2, &again, &error), -EDOM);
	assert_non_null(strstr(error.text, "needs the hotend at 210 C"));
	rig_destroy(rig);
}

static void test_a_farm_without_printers_takes_orders_and_says_so(void **state)
{
	(void)state;
	struct rig *rig = rig_create(0);
	struct farm_wish wish = wish_for(4);
	int64_t id;
	rig_add_design(rig);
	assert_int_equal(create(rig, &wish, &id), 0);
	struct texts warnings = warnings_of(rig, id);
	assert_int_equal(warnings.count, 1);
	assert_non_null(strstr(warnings.text[0], "no printer is configured"));
	rig_destroy(rig);
}

/* ---- alternatives ---- */

static void test_a_list_of_choices_is_kept_tidy_and_changed(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_wish wish = wish_for(4);
	struct farm_order_set set = { .has_color = true };
	int64_t id;
	snprintf(wish.material, sizeof(wish.material), " PETG, PLA ,petg");
	snprintf(wish.color, sizeof(wish.color), "white,,black");
	assert_int_equal(create(rig, &wish, &id), -EINVAL);
	assert_non_null(strstr(error.text, "color is \"white,,black\""));
	snprintf(wish.color, sizeof(wish.color), "white");
	assert_int_equal(create(rig, &wish, &id), 0);
	snprintf(set.color, sizeof(set.color), "white, light");
	assert_int_equal(farm_order_set(rig->farm, "eva", id, &set, &error), 0);
	rig_settle(rig);
	rig_restart(rig);
	assert_string_equal(rig_order(rig, id).record->material, "PETG,PLA");
	assert_string_equal(rig_order(rig, id).record->color, "white,light");
	rig_destroy(rig);
}

/* ---- orders that wait for others ---- */

static int create_after(struct rig *rig, int64_t units, int64_t after, int64_t *id)
{
	struct farm_wish wish = wish_for(units);
	wish.after_count = 1;
	wish.after[0] = after;
	return create(rig, &wish, id);
}

static void print_and_clear(struct rig *rig, size_t printer)
{
	rig_end_print(rig, &rig->printer[printer], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_clear(rig, &rig->printer[printer]);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
}

static void ignore_why(void *context, const struct farm_why_view *view)
{
	(void)context;
	(void)view;
}

static void test_why_of_one_printer_says_nothing_of_the_others(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	struct farm_wish wish = { .design = "visor", .units = 8, .priority = 50, .printer = "p1" };
	char summary[512];
	int64_t id;
	assert_int_equal(farm_order_create(rig->farm, "eva", &wish, &id, &error), 0);
	rig_settle(rig);
	int64_t job = rig_job_of(rig, id, 1);
	assert_int_equal(
		farm_why(rig->farm, job, "p2", ignore_why, NULL, summary, sizeof(summary), &error),
		0);
	assert_non_null(strstr(summary, "can never be printed on p2: the order is for printer p1"));
	assert_int_equal(
		farm_why(rig->farm, job, "p1", ignore_why, NULL, summary, sizeof(summary), &error),
		0);
	assert_non_null(strstr(summary, "waits; on p1: the bed holds the running print"));
	rig_destroy(rig);
}

static void test_an_order_starts_when_the_one_it_waits_for_is_good(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	char summary[512];
	int64_t first, second;
	rig_add_order(rig, 1, &first);
	assert_int_equal(create_after(rig, 1, first, &second), 0);
	rig_settle(rig);
	rig_restart(rig);
	rig_settle(rig);
	assert_int_equal(rig->starts, 1);
	assert_int_equal(rig_order(rig, second).waits_for, first);
	assert_true(rig_order(rig, second).promised_s > rig_order(rig, first).promised_s);
	assert_int_equal(farm_why(rig->farm, rig_job_of(rig, second, 0), NULL, ignore_why, NULL,
				 summary, sizeof(summary), &error),
		0);
	assert_non_null(strstr(summary, "waits for order 1: 1 of 1 units are left"));
	assert_non_null(strstr(warnings_of(rig, second).text[0], "waits for order 1"));
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_advance(rig, 3600);
	rig_settle(rig);
	/* Printed is not good. */
	assert_int_equal(rig->starts, 1);
	rig_clear(rig, &rig->printer[0]);
	rig_settle(rig);
	assert_int_equal(rig->starts, 2);
	assert_int_equal(rig_order(rig, second).waits_for, 0);
	assert_int_equal(rig_order(rig, second).printing, 1);
	rig_destroy(rig);
}

static void test_circles_of_orders_are_refused_by_name(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	int64_t first, second, third;
	struct farm_order_set set = { .has_after = true, .after_count = 1 };
	rig_add_order(rig, 1, &first);
	assert_int_equal(create_after(rig, 1, first, &second), 0);
	assert_int_equal(create_after(rig, 1, second, &third), 0);
	set.after[0] = third;
	assert_int_equal(farm_order_set(rig->farm, "eva", first, &set, &error), -EINVAL);
	assert_string_equal(error.text, "order 1 would wait for itself: 1 after 3 after 2 after 1");
	set.after[0] = first;
	assert_int_equal(farm_order_set(rig->farm, "eva", first, &set, &error), -EINVAL);
	assert_string_equal(error.text, "order 1 would wait for itself: 1 after 1");
	/* Waiting twice for one thing is no circle. */
	set.after_count = 2;
	set.after[1] = second;
	assert_int_equal(farm_order_set(rig->farm, "eva", third, &set, &error), 0);
	assert_int_equal(create_after(rig, 1, 99, &third), -EINVAL);
	assert_string_equal(error.text, "there is no order 99 to wait for");
	rig_destroy(rig);
}

static void test_what_waits_for_a_cancelled_order_is_held_with_the_reason(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	int64_t first, second, third;
	rig_add_order(rig, 1, &first);
	assert_int_equal(create_after(rig, 1, first, &second), 0);
	rig_settle(rig);
	assert_int_equal(farm_order_cancel(rig->farm, "eva", first, &error), 0);
	rig_settle(rig);
	rig_restart(rig);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, second).record->state, ORDER_HELD);
	assert_string_equal(rig_order(rig, second).record->hold_reason,
		"order 1, which it waits for, was cancelled");
	assert_int_equal(create_after(rig, 1, first, &third), -EINVAL);
	/* Whoever releases it knows. */
	assert_int_equal(farm_order_release(rig->farm, "eva", second, &error), 0);
	rig_advance(rig, 31);
	rig_settle(rig);
	assert_string_equal(rig_order(rig, second).record->hold_reason, "");
	assert_int_equal(rig_order(rig, second).printing, 1);
	rig_destroy(rig);
}

static void test_a_sequence_can_be_made_and_taken_back(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	struct farm_order_set set = { .has_after = true };
	int64_t first, second;
	rig_add_order(rig, 1, &first);
	rig_settle(rig);
	assert_int_equal(create_after(rig, 1, first, &second), 0);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, second).printing, 0);
	assert_int_equal(farm_order_set(rig->farm, "eva", second, &set, &error), 0);
	rig_settle(rig);
	assert_int_equal(rig_order(rig, second).printing, 1);
	print_and_clear(rig, 0);
	assert_int_equal(rig_order(rig, first).record->state, ORDER_DONE);
	rig_destroy(rig);
}

/* ---- deliveries and changes of quantity ---- */

static struct rig *rig_of_fours(int64_t units, int64_t *order)
{
	struct rig *rig = ready_rig(1);
	struct farm_plate_wish plate = { RIG_FILE_FOUR, 4, "" };
	struct farm_wish wish = wish_for(units);
	int64_t design;
	bool created;
	assert_int_equal(farm_design_create(rig->farm, "eva", "fours", &plate, 1, false, &design,
				 &created, &error),
		0);
	snprintf(wish.design, sizeof(wish.design), "fours");
	assert_int_equal(create(rig, &wish, order), 0);
	rig_settle(rig);
	return rig;
}

static void test_only_good_units_are_delivered_and_only_once(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	int64_t id;
	rig_add_order(rig, 6, &id);
	rig_settle(rig);
	assert_int_equal(farm_order_deliver(rig->farm, "eva", id, 1, "", &error), -EINVAL);
	assert_non_null(strstr(error.text, "no good units"));
	int64_t good = rig_order(rig, id).printing;
	print_and_clear(rig, 0);
	assert_int_equal(rig_order(rig, id).ready, good);
	assert_int_equal(farm_order_deliver(rig->farm, "eva", id, good + 1, "", &error), -EINVAL);
	assert_int_equal(farm_order_deliver(rig->farm, "eva", id, 1, "to Bob", &error), 0);
	rig_settle(rig);
	rig_restart(rig);
	struct farm_order_view view = rig_order(rig, id);
	assert_int_equal(view.delivered, 1);
	assert_int_equal(view.ready, good - 1);
	assert_int_equal(view.delivery_count, 1);
	assert_string_equal(view.delivery[0].note, "to Bob");
	assert_string_equal(view.delivery[0].user, "eva");
	if (good > 1)
		assert_int_equal(farm_order_deliver(rig->farm, "eva", id, 0, "", &error), 0);
	assert_int_equal(rig_order(rig, id).ready, 0);
	assert_int_equal(farm_order_deliver(rig->farm, "eva", id, 0, "", &error), -EINVAL);
	rig_destroy(rig);
}

static void test_fewer_units_than_are_printing_are_stated_not_silent(void **state)
{
	(void)state;
	int64_t id;
	struct rig *rig = rig_of_fours(8, &id);
	struct farm_order_set set = { .has_units = true, .units = 1 };
	assert_int_equal(rig_order(rig, id).printing, 4);
	assert_int_equal(farm_order_set(rig->farm, "eva", id, &set, &error), 0);
	rig_settle(rig);
	assert_string_equal(rig->last_event,
		"order 1 is changed: 1 units, priority 50; 3 more than asked are printing");
	assert_string_equal(warnings_of(rig, id).text[0], "3 more than asked are printing");
	assert_int_equal(rig_order(rig, id).over, 3);
	/* What was only planned is not made. */
	print_and_clear(rig, 0);
	assert_int_equal(rig->starts, 1);
	assert_int_equal(rig_order(rig, id).record->state, ORDER_DONE);
	rig_destroy(rig);
}

static void test_fewer_units_than_are_delivered_are_refused(void **state)
{
	(void)state;
	int64_t id;
	struct rig *rig = rig_of_fours(8, &id);
	struct farm_order_set set = { .has_units = true, .units = 2 };
	print_and_clear(rig, 0);
	assert_int_equal(farm_order_deliver(rig->farm, "eva", id, 3, "", &error), 0);
	assert_int_equal(farm_order_set(rig->farm, "eva", id, &set, &error), -EINVAL);
	assert_string_equal(
		error.text, "order 1: 3 units are delivered already: 3 or more are accepted");
	set.units = 3;
	assert_int_equal(farm_order_set(rig->farm, "eva", id, &set, &error), 0);
	rig_destroy(rig);
}

/* ---- failures ---- */

static void fail_print(struct rig *rig, size_t printer)
{
	rig_end_print(rig, &rig->printer[printer], WIRE_FAILED, DRIVER_FAULT_COMMAND);
	rig_settle(rig);
}

static void clear_and_wait(struct rig *rig, size_t printer)
{
	rig_clear(rig, &rig->printer[printer]);
	rig_advance(rig, 31);
	rig_settle(rig);
}

static void test_a_budget_of_retries_is_for_the_whole_order(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	struct farm_wish wish = wish_for(2);
	int64_t id;
	wish.has_retries = true;
	wish.retries = 1;
	assert_int_equal(create(rig, &wish, &id), 0);
	rig_settle(rig);
	assert_int_equal(rig->starts, 2);
	fail_print(rig, 0);
	assert_int_equal(rig_order(rig, id).retries_used, 1);
	fail_print(rig, 1);
	assert_int_equal(farm_jobs_in_state(rig->farm, JOB_QUEUED), 1);
	assert_int_equal(farm_jobs_in_state(rig->farm, JOB_FAILED), 1);
	clear_and_wait(rig, 1);
	assert_int_equal(rig_order(rig, id).retries_used, 1);
	assert_int_equal(rig->starts, 3);
	fail_print(rig, 1);
	assert_int_equal(farm_jobs_in_state(rig->farm, JOB_FAILED), 2);
	rig_destroy(rig);
}

static void test_without_a_budget_each_job_is_tried_again_as_configured(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_order_set set = { .has_retries = true, .retries = 0 };
	int64_t id;
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	fail_print(rig, 0);
	assert_int_equal(farm_jobs_in_state(rig->farm, JOB_QUEUED), 1);
	clear_and_wait(rig, 0);
	fail_print(rig, 0);
	assert_int_equal(farm_jobs_in_state(rig->farm, JOB_FAILED), 1);
	rig_add_order(rig, 1, &id);
	assert_int_equal(farm_order_set(rig->farm, "eva", id, &set, &error), 0);
	clear_and_wait(rig, 0);
	fail_print(rig, 0);
	assert_int_equal(farm_jobs_in_state(rig->farm, JOB_FAILED), 2);
	rig_destroy(rig);
}

static void test_a_retry_goes_to_another_printer_if_one_can(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	int64_t id, other;
	rig_add_order(rig, 1, &other);
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	int64_t job = rig_job_of(rig, id, 0);
	assert_string_equal(rig_job_view(rig, job).printer, "p2");
	fail_print(rig, 1);
	/* p2 would be free much sooner; and the farm does not forget. */
	rig_restart(rig);
	clear_and_wait(rig, 1);
	assert_int_equal(rig_job_view(rig, job).state, JOB_QUEUED);
	assert_string_equal(rig_job_view(rig, job).planned_printer, "p1");
	print_and_clear(rig, 0);
	assert_string_equal(rig_job_view(rig, job).printer, "p1");
	rig_destroy(rig);
}

static void test_a_retry_goes_back_where_no_other_printer_can(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	int64_t id;
	assert_int_equal(farm_printer_disable(rig->farm, "eva", "p2", &error), 0);
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	fail_print(rig, 0);
	clear_and_wait(rig, 0);
	assert_string_equal(rig_job_view(rig, rig_job_of(rig, id, 0)).printer, "p1");
	rig_destroy(rig);
}

static void test_a_retry_does_not_wait_for_a_bed_that_nobody_clears(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	int64_t id, other;
	rig_add_order(rig, 1, &other);
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	int64_t job = rig_job_of(rig, id, 0);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	fail_print(rig, 1);
	clear_and_wait(rig, 1);
	assert_int_equal(rig_job_view(rig, job).state, JOB_QUEUED);
	assert_string_equal(rig_job_view(rig, job).planned_printer, "p1");
	for (int hour = 0; hour < 5; hour++) {
		rig_advance(rig, 3600);
		rig_settle(rig);
	}
	assert_string_equal(rig_job_view(rig, job).printer, "p2");
	rig_destroy(rig);
}

static void test_of_several_jobs_the_one_that_failed_changes_places(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(2);
	int64_t id;
	rig->config.retries = 5;
	rig_add_order(rig, 40, &id);
	rig_settle(rig);
	int64_t job = rig_job_of(rig, id, 0);
	size_t first = strcmp(rig_job_view(rig, job).printer, "p1") == 0 ? 0 : 1;
	fail_print(rig, first);
	clear_and_wait(rig, first);
	/* The printer has work of the order, but not this. */
	assert_int_equal(rig->starts, 3);
	assert_int_equal(rig_job_view(rig, job).state, JOB_QUEUED);
	rig_end_print(rig, &rig->printer[1 - first], WIRE_PRINTED, 0);
	rig_settle(rig);
	clear_and_wait(rig, 1 - first);
	assert_string_equal(rig_job_view(rig, job).printer, first == 0 ? "p2" : "p1");
	rig_destroy(rig);
}

static void quarantine_rule(struct rig *rig, int32_t failures)
{
	rig->config.quarantine_failures = failures;
	rig->config.quarantine_window_h = 24;
	rig->config.retries = 20;
}

static void test_a_printer_that_fails_too_often_is_kept_from_new_jobs_until_enabled(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct match_result why;
	char summary[512];
	int64_t id;
	quarantine_rule(rig, 2);
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	fail_print(rig, 0);
	rig_restart(rig);
	clear_and_wait(rig, 0);
	assert_int_equal(rig->starts, 2);
	fail_print(rig, 0);
	assert_non_null(strstr(rig_view(rig, "p1").record->quarantine_reason,
		"2 prints failed within 24 h, the last: because of the test"));
	clear_and_wait(rig, 0);
	rig_restart(rig);
	clear_and_wait(rig, 0);
	assert_int_equal(rig->starts, 2);
	assert_false(rig_view(rig, "p1").ready);
	assert_int_equal(farm_why(rig->farm, rig_job_of(rig, id, 0), NULL, ignore_why, &why,
				 summary, sizeof(summary), &error),
		0);
	assert_non_null(strstr(summary, "is in quarantine: 2 prints failed"));
	rig_advance(rig, 1);
	assert_int_equal(farm_printer_enable(rig->farm, "eva", "p1", &error), 0);
	rig_settle(rig);
	assert_int_equal(rig->starts, 3);
	/* The old failures are forgiven, also behind a restart. */
	rig_advance(rig, 1);
	fail_print(rig, 0);
	rig_restart(rig);
	clear_and_wait(rig, 0);
	assert_int_equal(rig->starts, 4);
	fail_print(rig, 0);
	assert_int_not_equal(rig_view(rig, "p1").record->quarantined_s, 0);
	rig_destroy(rig);
}

static void test_failures_long_ago_and_stops_by_a_person_are_not_held_against_it(void **state)
{
	(void)state;
	struct rig *rig = ready_rig(1);
	struct farm_clear clear = { .good = 0, .scrap = -1, .why = "" };
	int64_t id;
	quarantine_rule(rig, 2);
	rig_add_order(rig, 1, &id);
	rig_settle(rig);
	fail_print(rig, 0);
	rig_advance(rig, 25 * 3600);
	clear_and_wait(rig, 0);
	fail_print(rig, 0);
	assert_int_equal(rig_view(rig, "p1").record->quarantined_s, 0);
	clear_and_wait(rig, 0);
	assert_int_equal(farm_estop(rig->farm, "eva", "p1", &error), 0);
	rig_settle(rig);
	assert_int_equal(rig_view(rig, "p1").record->quarantined_s, 0);
	assert_int_equal(farm_printer_unlock(rig->farm, "eva", "p1", &error), 0);
	rig_settle(rig);
	clear_and_wait(rig, 0);
	/* A plate of which nothing is good is a failure like any other. */
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig->printer[0].part_on_bed = false;
	assert_int_equal(farm_printer_clear(rig->farm, "eva", "p1", &clear, &error), 0);
	rig_settle(rig);
	assert_int_not_equal(rig_view(rig, "p1").record->quarantined_s, 0);
	assert_int_equal(rig_order(rig, id).scrap, 1);
	rig_destroy(rig);
}

/* ---- more than asked ---- */

static void test_more_than_asked_is_told_before_anything_is_made(void **state)
{
	(void)state;
	int64_t id;
	struct rig *rig = rig_of_fours(10, &id);
	struct texts warnings = warnings_of(rig, id);
	assert_int_equal(rig_order(rig, id).over_planned, 2);
	assert_int_equal(warnings.count, 1);
	assert_string_equal(warnings.text[0], "plates of 4: 12 units will be made for 10");
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_no_printer_can_make_is_refused_with_the_nearest_miss),
		cmocka_unit_test(test_what_a_person_or_time_can_change_is_no_reason_to_refuse),
		cmocka_unit_test(test_a_held_order_may_wait_for_a_printer_that_is_not_there),
		cmocka_unit_test(test_a_reorder_is_refused_like_the_order),
		cmocka_unit_test(test_a_farm_without_printers_takes_orders_and_says_so),
		cmocka_unit_test(test_a_list_of_choices_is_kept_tidy_and_changed),
		cmocka_unit_test(test_why_of_one_printer_says_nothing_of_the_others),
		cmocka_unit_test(test_an_order_starts_when_the_one_it_waits_for_is_good),
		cmocka_unit_test(test_circles_of_orders_are_refused_by_name),
		cmocka_unit_test(test_what_waits_for_a_cancelled_order_is_held_with_the_reason),
		cmocka_unit_test(test_a_sequence_can_be_made_and_taken_back),
		cmocka_unit_test(test_only_good_units_are_delivered_and_only_once),
		cmocka_unit_test(test_fewer_units_than_are_printing_are_stated_not_silent),
		cmocka_unit_test(test_fewer_units_than_are_delivered_are_refused),
		cmocka_unit_test(test_a_budget_of_retries_is_for_the_whole_order),
		cmocka_unit_test(test_without_a_budget_each_job_is_tried_again_as_configured),
		cmocka_unit_test(test_a_retry_goes_to_another_printer_if_one_can),
		cmocka_unit_test(test_a_retry_goes_back_where_no_other_printer_can),
		cmocka_unit_test(test_a_retry_does_not_wait_for_a_bed_that_nobody_clears),
		cmocka_unit_test(test_of_several_jobs_the_one_that_failed_changes_places),
		cmocka_unit_test(
			test_a_printer_that_fails_too_often_is_kept_from_new_jobs_until_enabled),
		cmocka_unit_test(
			test_failures_long_ago_and_stops_by_a_person_are_not_held_against_it),
		cmocka_unit_test(test_more_than_asked_is_told_before_anything_is_made),
	};
	return cmocka_run_group_tests_name("orders", tests, NULL, NULL);
}
