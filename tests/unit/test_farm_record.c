/* What an attempt and a plate remember for the production record. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "tests/unit/farm_rig.h"

static void heat(struct rig *rig, double hotend_celsius, double target_celsius)
{
	struct rig_printer *printer = &rig->printer[0];

	printer->heater_count = 1;
	printer->heater[0] = (struct wire_heater){ "T0", hotend_celsius, target_celsius };
	rig_advance(rig, 5);
	rig_disconnect(rig, printer); /* a connection begins with a report */
	rig_connect(rig, printer);
	rig_settle(rig);
}

static struct rig *start_one(char attempt[ATTEMPT_ID_BYTES])
{
	struct rig *rig = rig_create(1);
	int64_t order;

	rig_add_design(rig);
	rig_clear_all(rig);
	rig_add_order(rig, 1, &order);
	rig_settle(rig);
	rig_advance(rig, 60); /* the start delay */
	rig_settle(rig);
	memcpy(attempt, rig->printer[0].running, ATTEMPT_ID_BYTES);
	assert_true(attempt[0]);
	return rig;
}

static void test_an_attempt_keeps_how_hot_it_was(void **state)
{
	char id[ATTEMPT_ID_BYTES];
	struct rig *rig = start_one(id);
	struct heat_log log;

	(void)state;
	heat(rig, 30, 210);
	heat(rig, 209, 210);
	heat(rig, 213, 210);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	rig_restart(rig);
	heat_log_read(&log, rig_attempt(rig, id)->heat);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.row[0].readings, 2);
	assert_true(fabs(log.row[0].min_celsius - 209) < 0.05);
	assert_true(fabs(log.row[0].max_celsius - 213) < 0.05);
	rig_destroy(rig);
}

static void test_most_of_the_temperatures_outlive_a_kill_of_control(void **state)
{
	char id[ATTEMPT_ID_BYTES];
	struct rig *rig = start_one(id);
	struct heat_log log;

	(void)state;
	for (int i = 0; i < 100; i++)
		heat(rig, i == 0 ? 205 : 210, 207);
	heat_log_read(&log, rig_attempt(rig, id)->heat);
	assert_true(log.row[0].readings >= 50 && log.row[0].readings < 100);
	int64_t kept = log.row[0].readings;

	rig_restart(rig);
	rig_settle(rig);
	heat(rig, 210, 207);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	heat_log_read(&log, rig_attempt(rig, id)->heat);
	assert_true(log.row[0].readings > kept);
	assert_true(fabs(log.row[0].min_celsius - 205) < 0.05);
	rig_destroy(rig);
}

static void test_who_has_loaded_the_spool_is_kept_also_when_another_is_loaded_later(void **state)
{
	struct rig *rig = rig_create(1);
	const struct farm_spool spool = { "PLA", "white", "lot 7", 800 };
	struct error error = { "" };
	char id[ATTEMPT_ID_BYTES];
	int64_t first, second, order;

	(void)state;
	rig_add_design(rig);
	rig_clear_all(rig);
	assert_int_equal(farm_spool_create(rig->farm, "eva", &spool, &first, &error), 0);
	assert_int_equal(farm_spool_create(rig->farm, "eva", &spool, &second, &error), 0);
	assert_int_equal(farm_printer_load(rig->farm, "anna", "p1", first, &error), 0);
	rig_settle(rig);
	int64_t loaded_s = rig_printer_row(rig, "p1")->loaded_s;

	rig_restart(rig);
	rig_add_order(rig, 1, &order);
	rig_advance(rig, 60);
	rig_settle(rig);
	memcpy(id, rig->printer[0].running, sizeof id);
	rig_end_print(rig, &rig->printer[0], WIRE_PRINTED, 0);
	rig_settle(rig);
	assert_int_equal(farm_printer_load(rig->farm, "otto", "p1", second, &error), 0);
	rig_settle(rig);
	assert_string_equal(rig_attempt(rig, id)->loaded_by, "anna");
	assert_int_equal(rig_attempt(rig, id)->loaded_s, loaded_s);
	assert_true(loaded_s > 0);
	assert_string_equal(rig_printer_row(rig, "p1")->loaded_by, "otto");
	rig_destroy(rig);
}

static void test_a_plate_keeps_its_name_when_the_same_bytes_come_under_another(void **state)
{
	struct rig *rig = rig_create(1);
	struct farm_design_view design;

	(void)state;
	rig_add_design(rig);
	rig_settle(rig);
	struct file_record file = *farm_file_by_sha256(rig->farm, RIG_FILE_ONE);

	snprintf(file.name, sizeof file.name, "other.gcode");
	farm_add_file(rig->farm, &file, "{}");
	rig_settle(rig);
	rig_restart(rig);
	assert_true(farm_design_by_name(rig->farm, "visor", &design));
	assert_string_equal(design.plate[0].file->name, "other.gcode");
	assert_string_equal(design.plate[0].record->name, "one.gcode");
	rig_destroy(rig);
}

static void test_the_reason_for_clearing_a_failed_print_stands_in_the_history(void **state)
{
	char id[ATTEMPT_ID_BYTES];
	struct rig *rig = start_one(id);
	struct error error = { "" };

	(void)state;
	rig_end_print(rig, &rig->printer[0], WIRE_FAILED, 3);
	rig_settle(rig);
	assert_int_equal(
		farm_printer_clear(rig->farm, "anna", "p1",
			&(struct farm_clear){ -1, -1, "the hook came loose", false }, &error),
		0);
	rig_turn(rig);
	rig_sync(rig, 100);
	assert_non_null(strstr(rig->last_event, "is empty: the hook came loose"));
	rig_destroy(rig);
}

static void test_a_photo_is_wished_for_at_the_end_of_a_print_and_when_its_bed_is_cleared(
	void **state)
{
	char id[ATTEMPT_ID_BYTES];
	struct rig *rig = start_one(id);

	(void)state;
	assert_int_equal(rig->photos, 0); /* the empty bed at the beginning is no picture */
	rig_end_print(rig, &rig->printer[0], WIRE_FAILED, 3);
	rig_settle(rig);
	assert_int_equal(rig->photos, 1);
	assert_int_equal(rig->last_photo.moment, PHOTO_ENDED);
	assert_string_equal(rig->last_photo.attempt, id);
	assert_string_equal(rig->last_photo.printer, "p1");
	rig_clear(rig, &rig->printer[0]);
	assert_int_equal(rig->photos, 2);
	assert_int_equal(rig->last_photo.moment, PHOTO_CLEARED);
	assert_int_equal(rig->last_photo.job, rig_attempt(rig, id)->job);
	rig_destroy(rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_attempt_keeps_how_hot_it_was),
		cmocka_unit_test(test_most_of_the_temperatures_outlive_a_kill_of_control),
		cmocka_unit_test(
			test_who_has_loaded_the_spool_is_kept_also_when_another_is_loaded_later),
		cmocka_unit_test(
			test_a_plate_keeps_its_name_when_the_same_bytes_come_under_another),
		cmocka_unit_test(test_the_reason_for_clearing_a_failed_print_stands_in_the_history),
		cmocka_unit_test(
			test_a_photo_is_wished_for_at_the_end_of_a_print_and_when_its_bed_is_cleared),
	};

	return cmocka_run_group_tests_name("farm record", tests, NULL, NULL);
}
