/* When an order is due: what people write, in the farm's zone. */
#include "daemon/control/due.h"

#include "base/error.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>

/* Wednesday 2026-11-25 10:00 in Paris (UTC+1). */
enum { WEDNESDAY_S = 1795597200 };

static int paris(void **state)
{
	(void)state;
	setenv("TZ", "Europe/Paris", 1);
	tzset();
	return 0;
}

static int64_t parse(const char *text)
{
	struct error error = { "" };
	int64_t due_s = -1;
	assert_int_equal(due_parse(text, WEDNESDAY_S, &due_s, &error), 0);
	return due_s;
}

static void test_days_mean_six_in_the_evening_of_the_farms_zone(void **state)
{
	(void)state;
	int64_t today_s = WEDNESDAY_S + 8 * 3600;
	assert_int_equal(parse("today"), today_s);
	assert_int_equal(parse("tomorrow"), today_s + 86400);
	assert_int_equal(parse("2026-11-27"), today_s + 2 * 86400);
	assert_int_equal(parse("2026-11-27T09:30"), today_s + 2 * 86400 - 8 * 3600 - 1800);
	assert_int_equal(parse("2026-11-27 09:30:15"), today_s + 2 * 86400 - 8 * 3600 - 1785);
}

static void test_a_weekday_is_the_next_such_day_and_never_today(void **state)
{
	(void)state;
	int64_t today_s = WEDNESDAY_S + 8 * 3600;
	assert_int_equal(parse("thu"), today_s + 86400);
	assert_int_equal(parse("Friday"), today_s + 2 * 86400);
	assert_int_equal(parse("mo"), today_s + 5 * 86400);
	assert_int_equal(parse("WED"), today_s + 7 * 86400);
}

static void test_a_day_may_have_a_time_and_a_time_alone_is_the_next_such_time(void **state)
{
	(void)state;
	int64_t midnight_s = WEDNESDAY_S - 10 * 3600;
	assert_int_equal(parse("fri 18:00"), parse("fri"));
	assert_int_equal(parse("Friday 09:30"), midnight_s + 2 * 86400 + 9 * 3600 + 1800);
	assert_int_equal(parse("wed 00:00"), midnight_s + 7 * 86400);
	assert_int_equal(parse("tomorrow 23:59"), midnight_s + 2 * 86400 - 60);
	assert_int_equal(parse("today 12:00"), midnight_s + 12 * 3600);
	assert_int_equal(parse("10:01"), WEDNESDAY_S + 60);
	assert_int_equal(parse("10:00"), WEDNESDAY_S + 86400);
	assert_int_equal(parse("09:00"), WEDNESDAY_S + 86400 - 3600);
}

static void test_times_from_now_are_exact(void **state)
{
	(void)state;
	assert_int_equal(parse("+90m"), WEDNESDAY_S + 5400);
	assert_int_equal(parse("+3h"), WEDNESDAY_S + 3 * 3600);
	assert_int_equal(parse("+2d"), WEDNESDAY_S + 2 * 86400);
	assert_int_equal(parse("+1w"), WEDNESDAY_S + 7 * 86400);
}

static void test_none_is_none(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_int_equal(parse("none"), 0);
}

static void test_a_change_of_the_clocks_does_not_move_the_evening(void **state)
{
	(void)state;
	/* Saturday 2026-10-24 10:00; in the night to Sunday the clocks go back. */
	int64_t saturday_s = 1792828800, due_s;
	assert_int_equal(due_parse("sunday", saturday_s, &due_s, NULL), 0);
	assert_int_equal(due_s - saturday_s, 33 * 3600);
	/* Sunday 2027-03-28 there is no 02:30; the order is due all the same. */
	assert_int_equal(due_parse("2027-03-28T02:30", saturday_s, &due_s, NULL), 0);
}

static void test_what_is_not_a_time_is_refused_with_what_would_be(void **state)
{
	(void)state;
	static const char *const bad[] = { "x", "f", "frid ay", "fridayy", "+", "+3", "+h", "+3y",
		"+3hh", "+99999999999999999999h", "2026-13-01", "2026-02-30", "2026-11-31",
		"2026-1-1", "2026-11-27T", "2026-11-27T24:00", "2026-11-27T18:60",
		"2026-11-27T18:00:61", "2026-11-27T18:00Z", "26-11-27", "18:0", "24:00",
		"fri 25:00", "fri 18:00 ", "fri  18:00", "fri 18", "none 18:00", "-3h",
		"\xff\xfe" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct error error = { "" };
		int64_t due_s = -7;
		assert_int_equal(due_parse(bad[i], WEDNESDAY_S, &due_s, &error), -EINVAL);
		assert_int_equal(due_s, -7);
		assert_non_null(strstr(error.text, "+3h"));
	}
}

static void test_a_week_begins_on_monday_at_midnight(void **state)
{
	(void)state;
	int64_t monday_s = WEDNESDAY_S - 10 * 3600 - 2 * 86400;
	assert_int_equal(due_week_start(WEDNESDAY_S), monday_s);
	assert_int_equal(due_week_start(monday_s), monday_s);
	assert_int_equal(due_week_start(monday_s + 7 * 86400 - 1), monday_s);
	assert_int_equal(due_week_start(monday_s + 7 * 86400), monday_s + 7 * 86400);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_days_mean_six_in_the_evening_of_the_farms_zone),
		cmocka_unit_test(test_a_weekday_is_the_next_such_day_and_never_today),
		cmocka_unit_test(test_a_day_may_have_a_time_and_a_time_alone_is_the_next_such_time),
		cmocka_unit_test(test_times_from_now_are_exact),
		cmocka_unit_test(test_none_is_none),
		cmocka_unit_test(test_a_change_of_the_clocks_does_not_move_the_evening),
		cmocka_unit_test(test_what_is_not_a_time_is_refused_with_what_would_be),
		cmocka_unit_test(test_a_week_begins_on_monday_at_midnight),
	};
	return cmocka_run_group_tests_name("due", tests, paris, NULL);
}
