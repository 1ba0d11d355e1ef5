/* Temperatures of a print, as they are summed up and kept. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "daemon/control/heat_log.h"

static int64_t clock_us;

static void read_one(struct heat_log *log, const char *name, double celsius, double target_celsius)
{
	struct wire_heater heater = { .celsius = celsius, .target_celsius = target_celsius };

	snprintf(heater.name, sizeof heater.name, "%s", name);
	clock_us += 1000000;
	heat_log_add(log, &heater, 1, clock_us);
}

static void assert_near(double is, double should)
{
	assert_true(fabs(is - should) < 0.05);
}

static void test_the_way_up_and_the_way_down_do_not_count(void **state)
{
	struct heat_log log = { 0 };

	(void)state;
	for (int celsius = 20; celsius < 210; celsius += 10)
		read_one(&log, "T0", celsius, 210);
	read_one(&log, "T0", 208, 210);
	read_one(&log, "T0", 214, 210);
	read_one(&log, "T0", 211, 210);
	for (int celsius = 200; celsius > 20; celsius -= 10)
		read_one(&log, "T0", celsius, 0);
	assert_int_equal(log.count, 1);
	assert_int_equal(log.row[0].readings, 3);
	assert_near(log.row[0].min_celsius, 208);
	assert_near(log.row[0].max_celsius, 214);
	assert_near(log.row[0].sum / 3, 211);
}

static void test_a_fall_while_the_target_stays_counts(void **state)
{
	struct heat_log log = { 0 };

	(void)state;
	read_one(&log, "B", 60, 60);
	read_one(&log, "B", 41, 60);
	assert_near(log.row[0].min_celsius, 41);
	assert_int_equal(log.row[0].readings, 2);
}

static void test_targets_that_change_are_all_in_the_range(void **state)
{
	struct heat_log log = { 0 };

	(void)state;
	read_one(&log, "T", 215, 215);
	read_one(&log, "T", 214, 205); /* on its way down */
	read_one(&log, "T", 205, 205);
	read_one(&log, "T", 206, 250); /* on its way up, never there */
	assert_near(log.row[0].set_celsius, 215);
	assert_near(log.row[0].set_min_celsius, 205);
	assert_int_equal(log.row[0].readings, 2);
}

static void test_a_reading_told_twice_counts_once(void **state)
{
	struct heat_log log = { 0 };
	const struct wire_heater heater = { "T", 200, 200 };

	(void)state;
	for (int i = 0; i < 5; i++)
		heat_log_add(&log, &heater, 1, 5000000);
	heat_log_add(&log, &heater, 1, 6000000);
	assert_int_equal(log.row[0].readings, 2);
}

static void test_what_is_written_is_read_again(void **state)
{
	struct heat_log log = { 0 }, again;
	char text[HEAT_LOG_TEXT_MAX], second[HEAT_LOG_TEXT_MAX];

	(void)state;
	for (int i = 0; i < 100; i++) {
		clock_us += 1000000;
		const struct wire_heater heaters[] = { { "T0", 209 + i % 3, 210 },
			{ "T1", 250, 250 }, { "B", 59.5, 60 }, { "C", 20, 0 } };

		heat_log_add(&log, heaters, 4, clock_us);
	}
	heat_log_write(&log, text);
	heat_log_read(&again, text);
	assert_int_equal(again.count, 3); /* the chamber was never heated */
	assert_string_equal(again.row[0].name, "T0");
	assert_int_equal(again.row[0].readings, 100);
	assert_near(again.row[0].min_celsius, 209);
	assert_near(again.row[0].max_celsius, 211);
	assert_near(again.row[2].sum / 100, 59.5);
	heat_log_write(&again, second);
	assert_string_equal(text, second);
}

static void test_names_and_numbers_of_a_broken_firmware_are_left_out(void **state)
{
	struct heat_log log = { 0 };
	const struct wire_heater heaters[] = { { "; ", 200, 200 }, { "T", NAN, 200 },
		{ "T", 1e30, 1e30 }, { "", 60, 60 } };
	char text[HEAT_LOG_TEXT_MAX];

	(void)state;
	heat_log_add(&log, heaters, 4, 1);
	heat_log_write(&log, text);
	assert_string_equal(text, "");
}

static void test_a_damaged_text_loses_only_its_row(void **state)
{
	struct heat_log log;

	(void)state;
	heat_log_read(
		&log, "T0 2100 2150 x;B 600 600 590 610 600 7;T1;;9999999999 1;T2 1 2 3 4 5 0");
	assert_int_equal(log.count, 1);
	assert_string_equal(log.row[0].name, "B");
	assert_int_equal(log.row[0].readings, 7);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_way_up_and_the_way_down_do_not_count),
		cmocka_unit_test(test_a_fall_while_the_target_stays_counts),
		cmocka_unit_test(test_targets_that_change_are_all_in_the_range),
		cmocka_unit_test(test_a_reading_told_twice_counts_once),
		cmocka_unit_test(test_what_is_written_is_read_again),
		cmocka_unit_test(test_names_and_numbers_of_a_broken_firmware_are_left_out),
		cmocka_unit_test(test_a_damaged_text_loses_only_its_row),
	};

	return cmocka_run_group_tests_name("heat log", tests, NULL, NULL);
}
