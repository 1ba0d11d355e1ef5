/* The plan between events and across the death of control. */
#include "base/error.h"
#include "daemon/control/farm.h"
#include "tests/unit/farm_rig.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { PRINTERS = 4, HOUR = 3600, TEXT_MAX = 8192, ORDERS_MAX = 32 };

static int64_t order(struct rig *rig, int64_t units, int64_t due_s, int32_t priority)
{
	struct farm_wish wish = {
		.design = "visor", .units = units, .priority = priority, .due_s = due_s
	};
	struct error error = { "" };
	int64_t id;
	assert_int_equal(farm_order_create(rig->farm, "eva", &wish, &id, &error), 0);
	return id;
}

static struct rig *ready_rig(void)
{
	return rig_create_ready(PRINTERS);
}

/* Orders that cannot all be in time, in a sequence that a plan made at once would not have. */
static struct rig *late_rig(void)
{
	struct rig *rig = ready_rig();
	for (int i = 0; i < 14; i++) {
		order(rig, 3 + i % 5, rig->now_s + (1 + i * 5 % 7) * HOUR, 40 + 10 * (i % 3));
		if (i % 3 == 0)
			rig_settle(rig);
	}
	for (int i = 0; i < 20; i++)
		rig_settle(rig);
	return rig;
}

/* What is planned where, in which order. */
static void put_plan(const struct rig *rig, char text[TEXT_MAX])
{
	size_t length = 0;
	text[0] = '\0';
	for (size_t p = 0; p < PRINTERS; p++) {
		for (int64_t after_s = 0;;) {
			struct farm_job_view next = { 0 }, view;
			for (size_t i = 0; i < farm_job_count(rig->farm); i++)
				if (farm_job_at(rig->farm, i, &view) && view.state == JOB_QUEUED &&
					strcmp(view.planned_printer, rig->printer[p].name) == 0 &&
					view.planned_start_s > after_s &&
					(!next.id || view.planned_start_s < next.planned_start_s))
					next = view;
			if (!next.id)
				break;
			after_s = next.planned_start_s;
			length += (size_t)snprintf(text + length, TEXT_MAX - length,
				"%s: order %lld, %d units\n", rig->printer[p].name,
				(long long)next.order, next.plate.record->yield);
			assert_true(length < TEXT_MAX);
		}
	}
}

static void test_the_plan_is_the_same_after_control_was_killed(void **state)
{
	(void)state;
	struct rig *rig = late_rig();
	char before[TEXT_MAX], after[TEXT_MAX];
	put_plan(rig, before);
	assert_true(strlen(before) > 100);
	rig_kill_control(rig);
	rig_start_control(rig);
	for (size_t i = 0; i < PRINTERS; i++)
		rig_connect(rig, &rig->printer[i]);
	for (int i = 0; i < 20; i++)
		rig_settle(rig);
	put_plan(rig, after);
	assert_string_equal(after, before);
	rig_destroy(rig);
}

static void test_a_kept_plan_that_is_damaged_does_no_harm(void **state)
{
	(void)state;
	struct rig *rig = late_rig();
	const size_t whole = strlen(rig->kept_plan);
	char *good = strdup(rig->kept_plan);
	const size_t cut[] = { 0, 1, 22, 24, whole / 2, whole - 1, whole };
	for (size_t i = 0; i < sizeof(cut) / sizeof(cut[0]); i++) {
		free(rig->kept_plan);
		rig->kept_plan = strndup(good, cut[i]);
		if (cut[i] == whole)
			rig->kept_plan[whole / 3] = '\xff';
		rig_restart(rig);
		rig_settle(rig);
		char text[TEXT_MAX];
		put_plan(rig, text);
		assert_true(strlen(text) > 100);
	}
	free(good);
	rig_destroy(rig);
}

/* When each order is planned to be done, and how late they are, times how much it matters. */
static double ends(const struct rig *rig, int64_t end_s[ORDERS_MAX])
{
	double late = 0;
	assert_true(farm_order_count(rig->farm) <= ORDERS_MAX);
	for (size_t i = 0; i < farm_order_count(rig->farm); i++) {
		struct farm_order_view view;
		struct farm_job_view job;
		farm_order_at(rig->farm, i, &view);
		end_s[i] = 0;
		for (size_t j = 0; j < view.job_count; j++)
			if (farm_job_by_id(rig->farm,
				    farm_order_job_id(rig->farm, view.record->id, j), &job) &&
				job.planned_end_s > end_s[i])
				end_s[i] = job.planned_end_s;
		if (end_s[i] > view.record->due_s)
			late += (double)(end_s[i] - view.record->due_s) / HOUR *
				exp2((double)view.record->priority / 10);
	}
	return late;
}

static void test_better_plans_are_found_between_events_and_no_order_gets_later(void **state)
{
	(void)state;
	int better = 0;
	for (int seed = 0; seed < 8; seed++) {
		struct rig *rig = ready_rig();
		for (int i = 0; i < 16; i++)
			order(rig, 2 + (i * 7 + seed) % 6,
				rig->now_s + (1 + (i * 5 + seed) % 9) * HOUR,
				40 + 10 * ((i + seed) % 3));
		rig_turn(rig);
		rig_sync(rig, SIZE_MAX);
		rig_exchange(rig);
		rig_turn(rig);
		int64_t end_before_s[ORDERS_MAX], end_s[ORDERS_MAX];
		double before = ends(rig, end_before_s);
		assert_true(before > 0);
		for (int i = 0; i < 30; i++)
			rig_turn(rig);
		double after = ends(rig, end_s);
		for (size_t i = 0; i < farm_order_count(rig->farm); i++)
			assert_true(end_s[i] <= end_before_s[i]);
		better += after < before;
		rig_destroy(rig);
	}
	assert_true(better > 0);
}

static void test_a_farm_at_rest_stops_looking_for_better_plans(void **state)
{
	(void)state;
	struct rig *rig = late_rig();
	int turns = 0;
	while (farm_next_us(rig->farm) <= rig->now_us && turns < 1000) {
		rig_turn(rig);
		turns++;
	}
	assert_true(turns < 1000);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_plan_is_the_same_after_control_was_killed),
		cmocka_unit_test(test_a_kept_plan_that_is_damaged_does_no_harm),
		cmocka_unit_test(
			test_better_plans_are_found_between_events_and_no_order_gets_later),
		cmocka_unit_test(test_a_farm_at_rest_stops_looking_for_better_plans),
	};

	return cmocka_run_group_tests_name("farm_plan", tests, NULL, NULL);
}
