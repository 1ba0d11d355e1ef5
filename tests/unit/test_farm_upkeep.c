/* What the farm learns from prints, beds and hours: the same after a restart; and maintenance. */
#include "tests/unit/farm_rig.h"

#include "base/error.h"

#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct error ignored;

/* One unit on the printer that the plan chooses, for so long, to this end. */
static struct rig_printer *print(struct rig *rig, int64_t seconds, enum wire_result result)
{
	int64_t order;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	rig_advance(rig, seconds);
	rig_settle(rig);
	for (size_t i = 0; i < rig->printer_count; i++) {
		struct rig_printer *printer = &rig->printer[i];
		if (!printer->running[0])
			continue;
		rig_end_print(rig, printer, result, 0);
		rig_settle(rig);
		return printer;
	}
	fail_msg("nothing prints");
	return NULL;
}

static void clear_after(struct rig *rig, struct rig_printer *printer, int64_t seconds)
{
	rig_advance(rig, seconds);
	rig_settle(rig);
	rig_clear(rig, printer);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
}

static void load_spool(struct rig *rig, const char *material)
{
	int64_t spool;
	const struct farm_spool wish = {
		.material = material, .color = "", .lot = "", .grams = 900
	};
	assert_int_equal(farm_spool_create(rig->farm, "anna", &wish, &spool, &ignored), 0);
	assert_int_equal(farm_printer_load(rig->farm, "anna", "p1", spool, &ignored), 0);
	rig_settle(rig);
}

static struct farm_upkeep_view upkeep(struct rig *rig)
{
	return rig_view(rig, "p1").upkeep;
}

static void test_a_slow_printer_is_known_as_slow_and_more_prints_make_it_surer(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	assert_int_equal(upkeep(rig).prints, 0);
	assert_true(fabs(upkeep(rig).speed_factor - 1.0) < 1e-9);
	double unsure = upkeep(rig).speed_uncertainty;
	for (int i = 0; i < 6; i++)
		clear_after(rig, print(rig, 1500, WIRE_PRINTED), 60);
	struct farm_upkeep_view view = upkeep(rig);
	assert_int_equal(view.prints, 6);
	assert_true(view.speed_factor > 1.4 && view.speed_factor < 1.6);
	assert_true(view.speed_uncertainty < unsure / 2);
	assert_true(fabs(view.print_h - 6 * 1500 / 3600.0) < 0.05);
	rig_destroy(rig);
}

static void test_failures_are_counted_for_each_material_from_a_prior(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	assert_true(fabs(upkeep(rig).failures_per_100h - 1.0) < 1e-9);
	load_spool(rig, "PLA");
	for (int i = 0; i < 3; i++)
		clear_after(rig, print(rig, 1000, WIRE_PRINTED), 60);
	load_spool(rig, "TPU");
	for (int i = 0; i < 3; i++)
		clear_after(rig, print(rig, 1000, WIRE_FAILED), 60);
	struct farm_upkeep_view view = upkeep(rig);
	assert_int_equal(view.material_count, 2);
	assert_string_equal(view.material[0].material, "PLA");
	assert_string_equal(view.material[1].material, "TPU");
	assert_true(view.material[0].failures < 0.5 && view.material[1].failures > 2.5);
	/* Three failures say little of PLA and much of TPU; nothing is certain yet. */
	assert_true(view.material[1].failures_per_100h > 2 * view.material[0].failures_per_100h);
	assert_true(view.material[0].failures_per_100h > 1.0);
	assert_true(view.material[1].failures_per_100h < 20.0);
	rig_destroy(rig);
}

static void test_a_restart_learns_the_same_from_the_ledger(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	load_spool(rig, "PLA");
	for (int i = 0; i < 9; i++)
		clear_after(rig, print(rig, 700 + 150 * i, i % 4 == 3 ? WIRE_FAILED : WIRE_PRINTED),
			100 + 300 * i);
	struct farm_upkeep_view before = upkeep(rig), after;
	struct farm_clearing_view beds_before, beds_after;
	int32_t expected_s[168];
	farm_clearing(rig->farm, &beds_before);
	memcpy(expected_s, beds_before.expected_s, sizeof(expected_s));
	size_t waits = beds_before.waits;
	int64_t mean_s = beds_before.mean_s;
	assert_int_equal(waits, 9);
	rig_restart(rig);
	rig_settle(rig);
	after = upkeep(rig);
	assert_true(before.speed_factor == after.speed_factor);
	assert_true(before.speed_spread == after.speed_spread);
	assert_true(before.speed_uncertainty == after.speed_uncertainty);
	assert_int_equal(before.prints, after.prints);
	assert_true(before.print_h == after.print_h);
	assert_true(before.failures_per_100h == after.failures_per_100h);
	assert_int_equal(before.material_count, after.material_count);
	assert_true(before.material[0].failures_per_100h == after.material[0].failures_per_100h);
	farm_clearing(rig->farm, &beds_after);
	assert_int_equal(beds_after.waits, waits);
	assert_int_equal(beds_after.mean_s, mean_s);
	assert_memory_equal(beds_after.expected_s, expected_s, sizeof(expected_s));
	rig_destroy(rig);
}

static void test_a_start_that_never_ran_says_nothing_of_the_printer(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	int64_t order;
	rig->refuse_starts = true;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	assert_true(rig->attempts.count > 0);
	assert_int_equal(upkeep(rig).material_count, 0);
	rig_restart(rig);
	rig_settle(rig);
	assert_int_equal(upkeep(rig).material_count, 0);
	assert_true(fabs(upkeep(rig).failures_per_100h - 1.0) < 1e-9);
	rig_destroy(rig);
}

static void test_a_wait_counts_from_the_end_of_the_print_over_a_restart(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	struct farm_clearing_view beds;
	struct rig_printer *printer = print(rig, 1000, WIRE_PRINTED);
	rig_advance(rig, 1800);
	rig_restart(rig);
	rig_settle(rig);
	clear_after(rig, printer, 1800);
	farm_clearing(rig->farm, &beds);
	assert_int_equal(beds.waits, 1);
	assert_true(beds.mean_s >= 3600 && beds.mean_s < 3700);
	/* A bed that was never printed on waits for nothing. */
	rig_destroy(rig);
	rig = rig_create_ready(1);
	farm_clearing(rig->farm, &beds);
	assert_int_equal(beds.waits, 0);
	rig_destroy(rig);
}

static void test_a_night_is_not_a_wait(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	struct farm_clearing_view beds;
	/* The rig's weeks begin at 0. */
	int64_t second = rig->now_s % 604800;
	rig->config.hours[0] =
		(struct config_hours){ .begin_s = 0, .end_s = (int32_t)(second + 1800) };
	rig->config.hours[1] =
		(struct config_hours){ .begin_s = (int32_t)(second + 37800), .end_s = 604800 };
	rig->config.hours_count = 2;
	farm_configure(rig->farm, &rig->config);
	rig_settle(rig);
	struct rig_printer *printer = print(rig, 1000, WIRE_PRINTED);
	/* Half an hour of the day, ten of the night, a quarter of an hour of the morning. */
	clear_after(rig, printer, second + 37800 + 900 - rig->now_s % 604800);
	farm_clearing(rig->farm, &beds);
	assert_int_equal(beds.waits, 1);
	assert_true(beds.mean_s > 900 && beds.mean_s < 900 + 1800);
	rig_destroy(rig);
}

static void test_fewer_people_are_expected_to_be_slower(void **state)
{
	(void)state;
	struct rig *rig = rig_create_ready(1);
	struct farm_clearing_view beds;
	rig->config.hours[0] =
		(struct config_hours){ .begin_s = 0, .end_s = 86400, .operators = 3 };
	rig->config.hours[1] =
		(struct config_hours){ .begin_s = 86400, .end_s = 172800, .operators = 1 };
	rig->config.hours_count = 2;
	rig->config.clear_s = 600;
	farm_configure(rig->farm, &rig->config);
	farm_clearing(rig->farm, &beds);
	assert_int_equal(beds.expected_s[12], 600);
	assert_int_equal(beds.expected_s[36], 1800);
	rig_destroy(rig);
}

/* Greased every hour of printing, half an hour late at most. */
static struct rig *greased_rig(struct config_maintenance *row)
{
	struct rig *rig = rig_create_ready(1);
	*row = (struct config_maintenance){
		.what = "grease", .every_h = 1, .late_h = 1, .takes_s = 600
	};
	rig->config.maintenance = row;
	rig->config.maintenance_count = 1;
	farm_configure(rig->farm, &rig->config);
	rig_settle(rig);
	return rig;
}

static void test_maintenance_is_said_then_stops_new_jobs_until_it_is_done(void **state)
{
	(void)state;
	struct config_maintenance row;
	struct rig *rig = greased_rig(&row);
	assert_false(upkeep(rig).maintenance[0].due);
	clear_after(rig, print(rig, 4000, WIRE_PRINTED), 60);
	assert_true(upkeep(rig).maintenance[0].due);
	assert_true(rig_view(rig, "p1").ready);
	clear_after(rig, print(rig, 4000, WIRE_PRINTED), 60);
	struct farm_printer_view view = rig_view(rig, "p1");
	assert_false(view.ready);
	assert_string_equal(view.not_ready[0], "its maintenance is overdue: grease");

	int64_t order;
	int starts = rig->starts;
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	assert_int_equal(rig->starts, starts);
	/* Neither a restart nor other work changes that. */
	rig_restart(rig);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
	assert_int_equal(rig->starts, starts);
	struct error error = { "" };
	assert_int_equal(farm_printer_maintained(rig->farm, "anna", "p1", "oil", &error), -EINVAL);
	assert_string_equal(error.text, "\"oil\" is no maintenance of p1; there is grease");
	assert_int_equal(farm_printer_maintained(rig->farm, "anna", "p1", "grease", &error), 0);
	rig_settle(rig);
	assert_int_equal(rig->starts, starts + 1);
	assert_false(upkeep(rig).maintenance[0].due);
	/* And that is remembered. */
	rig_restart(rig);
	rig_settle(rig);
	assert_false(upkeep(rig).maintenance[0].due);
	rig_destroy(rig);
}

static void test_maintenance_without_a_limit_is_only_said(void **state)
{
	(void)state;
	struct config_maintenance row;
	struct rig *rig = greased_rig(&row);
	row.late_h = 0;
	for (int i = 0; i < 3; i++)
		clear_after(rig, print(rig, 4000, WIRE_PRINTED), 60);
	assert_true(upkeep(rig).maintenance[0].due);
	assert_true(rig_view(rig, "p1").ready);
	rig_destroy(rig);
}

static void test_maintenance_concerns_the_printers_and_profiles_that_it_names(void **state)
{
	(void)state;
	struct config_maintenance row;
	struct rig *rig = greased_rig(&row);
	struct error error = { "" };
	row.printer_count = 1;
	snprintf(row.printer[0], sizeof(row.printer[0]), "p2");
	assert_int_equal(upkeep(rig).maintenance_count, 0);
	assert_int_equal(farm_printer_maintained(rig->farm, "anna", "p1", "", &error), -EINVAL);
	assert_string_equal(error.text, "no maintenance of p1 is configured");
	row.profile_count = 1;
	snprintf(row.profile[0], sizeof(row.profile[0]), "%s", rig->config.printer[0].profile);
	assert_int_equal(upkeep(rig).maintenance_count, 1);
	assert_int_equal(farm_printer_maintained(rig->farm, "anna", "p1", "", &error), 0);
	assert_int_equal(farm_printer_maintained(rig->farm, "anna", "p9", "", &error), -ENOENT);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_a_slow_printer_is_known_as_slow_and_more_prints_make_it_surer),
		cmocka_unit_test(test_failures_are_counted_for_each_material_from_a_prior),
		cmocka_unit_test(test_a_restart_learns_the_same_from_the_ledger),
		cmocka_unit_test(test_a_start_that_never_ran_says_nothing_of_the_printer),
		cmocka_unit_test(test_a_wait_counts_from_the_end_of_the_print_over_a_restart),
		cmocka_unit_test(test_a_night_is_not_a_wait),
		cmocka_unit_test(test_fewer_people_are_expected_to_be_slower),
		cmocka_unit_test(test_maintenance_is_said_then_stops_new_jobs_until_it_is_done),
		cmocka_unit_test(test_maintenance_without_a_limit_is_only_said),
		cmocka_unit_test(test_maintenance_concerns_the_printers_and_profiles_that_it_names),
	};

	return cmocka_run_group_tests_name("farm_upkeep", tests, NULL, NULL);
}
