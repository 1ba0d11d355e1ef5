/* Staffed hours. */
#include "scheduler/calendar.h"
#include "base/random.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, DAY = 86400 };

static struct calendar weekdays(void)
{
	const struct world_calendar hours = worlds_weekdays(8, 18);
	struct calendar calendar;

	calendar_init(&calendar, &hours);
	return calendar;
}

static struct calendar of_windows(const struct world_window *window, size_t count)
{
	struct world_calendar hours = { .window_count = count };
	struct calendar calendar;

	if (count > 0)
		memcpy(hours.window, window, count * sizeof *window);
	calendar_init(&calendar, &hours);
	return calendar;
}

static void test_nobody_is_there_at_night_and_on_sunday(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_false(calendar_is_staffed(&calendar, 3 * HOUR));
	assert_false(calendar_is_staffed(&calendar, 8 * HOUR - 1));
	assert_true(calendar_is_staffed(&calendar, 8 * HOUR));
	assert_true(calendar_is_staffed(&calendar, 18 * HOUR - 1));
	assert_false(calendar_is_staffed(&calendar, 18 * HOUR));
	assert_false(calendar_is_staffed(&calendar, 6 * DAY + 12 * HOUR));
	assert_true(calendar_is_staffed(&calendar, 7 * DAY + 12 * HOUR));
	assert_true(calendar_is_staffed(&calendar, -7 * DAY + 12 * HOUR));
	assert_false(calendar_is_staffed(&calendar, -12 * HOUR));
}

static void test_a_print_that_ends_after_closing_time_is_not_covered(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_true(calendar_covers(&calendar, 15 * HOUR, 18 * HOUR));
	assert_false(calendar_covers(&calendar, 15 * HOUR, 18 * HOUR + 1));
	assert_false(calendar_covers(&calendar, 7 * HOUR, 9 * HOUR));
}

static void test_a_print_over_night_is_not_covered_though_its_end_is_staffed(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_false(calendar_covers(&calendar, 17 * HOUR, DAY + 9 * HOUR));
}

static void test_the_next_start_is_the_first_that_ends_in_time(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_int_equal(calendar_next_start(&calendar, 9 * HOUR, 3 * HOUR), 9 * HOUR);
	assert_int_equal(calendar_next_start(&calendar, 15 * HOUR, 3 * HOUR), 15 * HOUR);
	assert_int_equal(calendar_next_start(&calendar, 15 * HOUR + 1, 3 * HOUR), DAY + 8 * HOUR);
	assert_int_equal(
		calendar_next_start(&calendar, 4 * DAY + 16 * HOUR, 3 * HOUR), 7 * DAY + 8 * HOUR);
	assert_int_equal(calendar_next_start(&calendar, 0, 10 * HOUR), 8 * HOUR);
	assert_int_equal(calendar_next_start(&calendar, 0, 10 * HOUR + 1), CALENDAR_NEVER_S);
}

static void test_clearing_goes_on_when_somebody_comes_back(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_int_equal(calendar_after_work(&calendar, 9 * HOUR, 900), 9 * HOUR + 900);
	assert_int_equal(calendar_after_work(&calendar, 3 * HOUR, 900), 8 * HOUR + 900);
	assert_int_equal(
		calendar_after_work(&calendar, 18 * HOUR - 600, 900), DAY + 8 * HOUR + 300);
	assert_int_equal(calendar_after_work(&calendar, 18 * HOUR - 900, 900), 18 * HOUR);
	assert_int_equal(calendar_after_work(&calendar, 0, 50 * HOUR), 4 * DAY + 18 * HOUR);
	assert_int_equal(calendar_after_work(&calendar, 0, 3 * 50 * HOUR), 18 * DAY + 18 * HOUR);
	assert_int_equal(calendar_after_work(&calendar, 3 * HOUR, 0), 3 * HOUR);
}

static void test_no_window_means_always(void **state)
{
	struct calendar calendar = of_windows(NULL, 0);

	(void)state;
	assert_true(calendar_is_staffed(&calendar, 123));
	assert_true(calendar_covers(&calendar, 0, 100 * DAY));
	assert_int_equal(calendar_next_start(&calendar, 7, 100 * DAY), 7);
	assert_int_equal(calendar_after_work(&calendar, 7, 900), 907);
	assert_int_equal(calendar_staffed_s(&calendar, 7, 100 * DAY), 100 * DAY - 7);
	assert_int_equal(calendar_staffed_s(&calendar, 8, 7), 0);
	assert_int_equal(calendar_next_change(&calendar, 7), CALENDAR_NEVER_S);
}

static void test_windows_that_make_no_sense_mean_never_and_not_always(void **state)
{
	const struct world_window bad[] = { { 5, 5 }, { 9, 3 }, { -1, 7 },
		{ 0, WORLD_WEEK_S + 1 } };
	struct calendar calendar = of_windows(bad, 4);

	(void)state;
	assert_false(calendar_is_staffed(&calendar, 5));
	assert_int_equal(calendar_next_opening(&calendar, 0), CALENDAR_NEVER_S);
	assert_int_equal(calendar_next_start(&calendar, 0, 1), CALENDAR_NEVER_S);
	assert_int_equal(calendar_after_work(&calendar, 0, 1), CALENDAR_NEVER_S);
	assert_int_equal(calendar_staffed_s(&calendar, 0, 100 * DAY), 0);
}

static void test_windows_that_touch_or_overlap_are_one(void **state)
{
	const struct world_window windows[] = { { 12 * HOUR, 18 * HOUR }, { 8 * HOUR, 12 * HOUR },
		{ 9 * HOUR, 10 * HOUR } };
	struct calendar calendar = of_windows(windows, 3);

	(void)state;
	assert_int_equal(calendar.window_count, 1);
	assert_int_equal(calendar_staffed_until(&calendar, 9 * HOUR), 18 * HOUR);
	assert_int_equal(calendar.longest_s, 10 * HOUR);
}

static void test_a_night_shift_goes_on_at_the_turn_of_the_week(void **state)
{
	const struct world_window windows[] = { { 0, 6 * HOUR },
		{ WORLD_WEEK_S - 2 * HOUR, WORLD_WEEK_S } };
	struct calendar calendar = of_windows(windows, 2);

	(void)state;
	assert_int_equal(calendar_staffed_until(&calendar, -HOUR), 6 * HOUR);
	assert_int_equal(calendar_next_start(&calendar, 12 * HOUR, 8 * HOUR), 7 * DAY - 2 * HOUR);
	assert_int_equal(calendar.longest_s, 8 * HOUR);
}

static void test_a_whole_week_in_pieces_is_always(void **state)
{
	const struct world_window windows[] = { { 0, DAY }, { DAY, 7 * DAY } };
	struct calendar calendar = of_windows(windows, 2);

	(void)state;
	assert_true(calendar_covers(&calendar, 3 * HOUR, 100 * DAY));
}

static void test_the_next_change_is_an_opening_or_a_closing(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_int_equal(calendar_next_change(&calendar, 3 * HOUR), 8 * HOUR);
	assert_int_equal(calendar_next_change(&calendar, 8 * HOUR), 18 * HOUR);
	assert_int_equal(calendar_next_change(&calendar, 18 * HOUR), DAY + 8 * HOUR);
}

static void test_never_stays_never(void **state)
{
	struct calendar calendar = weekdays();

	(void)state;
	assert_int_equal(calendar_next_start(&calendar, CALENDAR_NEVER_S, 1), CALENDAR_NEVER_S);
	assert_int_equal(calendar_after_work(&calendar, CALENDAR_NEVER_S, 1), CALENDAR_NEVER_S);
	assert_int_equal(calendar_after_work(&calendar, 0, CALENDAR_NEVER_S), CALENDAR_NEVER_S);
	assert_int_equal(calendar_staffed_until(&calendar, CALENDAR_NEVER_S), CALENDAR_NEVER_S);
}

static void test_a_moment_is_said_as_day_and_time(void **state)
{
	struct calendar calendar = weekdays();
	char text[CALENDAR_TEXT_MAX];

	(void)state;
	calendar_text(&calendar, 4 * DAY, 4 * DAY + 18 * HOUR + 5 * 60, text);
	assert_string_equal(text, "Fri 18:05");
	calendar_text(&calendar, 0, -1, text);
	assert_string_equal(text, "Sun 23:59");
}

/* The same questions asked minute by minute: slow and obviously right. */
static bool minute_is_staffed(const struct world_calendar *hours, int64_t minute)
{
	int64_t second = (minute * 60 - hours->week_start_s) % WORLD_WEEK_S;

	if (second < 0)
		second += WORLD_WEEK_S;
	for (size_t i = 0; i < hours->window_count; i++)
		if (second >= hours->window[i].begin_s && second < hours->window[i].end_s)
			return true;
	return false;
}

static int64_t minutes_staffed_from(const struct world_calendar *hours, int64_t minute)
{
	int64_t count = 0;

	while (count < 2 * WORLD_WEEK_S / 60 && minute_is_staffed(hours, minute + count))
		count++;
	return count;
}

static struct world_calendar random_hours(struct random *random)
{
	struct world_calendar hours = { .window_count = 1 + random_below(random, 6) };

	hours.week_start_s = 60 * (int64_t)random_below(random, 20000) - 600000;
	for (size_t i = 0; i < hours.window_count; i++) {
		int32_t begin = (int32_t)random_below(random, WORLD_WEEK_S / 60 - 1);
		int32_t length =
			1 + (int32_t)random_below(random, (uint64_t)(WORLD_WEEK_S / 60 - begin));

		if (length > 1000)
			length = 1000;
		hours.window[i] = (struct world_window){ begin * 60, (begin + length) * 60 };
	}
	return hours;
}

static void test_random_hours_answer_as_counting_minutes_does(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 7);
	for (int round = 0; round < 40; round++) {
		struct world_calendar hours = random_hours(&random);
		struct calendar calendar;

		calendar_init(&calendar, &hours);
		for (int question = 0; question < 10; question++) {
			int64_t at = (int64_t)random_below(&random, 20160);
			int64_t length = 1 + (int64_t)random_below(&random, 300);
			int64_t start = at, work = length, worked = at;

			while (minutes_staffed_from(&hours, start) < length &&
				start < at + 2 * WORLD_WEEK_S / 60)
				start++;
			for (; work > 0; worked++)
				work -= minute_is_staffed(&hours, worked);
			/* From an unstaffed or a staffed minute to a staffed one, over weeks too.
			 */
			int64_t last = worked - 1;

			assert_int_equal(
				calendar_staffed_s(&calendar, at * 60, worked * 60), length * 60);
			assert_int_equal(calendar_staffed_s(
						 &calendar, at * 60, last * 60 + 7 * WORLD_WEEK_S),
				(length - 1) * 60 + 7 * calendar.staffed_per_week_s);
			assert_int_equal(calendar_is_staffed(&calendar, at * 60),
				minute_is_staffed(&hours, at));
			assert_int_equal(
				calendar_after_work(&calendar, at * 60, length * 60), worked * 60);
			assert_int_equal(calendar_next_start(&calendar, at * 60, length * 60),
				start < at + 2 * WORLD_WEEK_S / 60 ? start * 60 : CALENDAR_NEVER_S);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_is_there_at_night_and_on_sunday),
		cmocka_unit_test(test_a_print_that_ends_after_closing_time_is_not_covered),
		cmocka_unit_test(test_a_print_over_night_is_not_covered_though_its_end_is_staffed),
		cmocka_unit_test(test_the_next_start_is_the_first_that_ends_in_time),
		cmocka_unit_test(test_clearing_goes_on_when_somebody_comes_back),
		cmocka_unit_test(test_no_window_means_always),
		cmocka_unit_test(test_windows_that_make_no_sense_mean_never_and_not_always),
		cmocka_unit_test(test_windows_that_touch_or_overlap_are_one),
		cmocka_unit_test(test_a_night_shift_goes_on_at_the_turn_of_the_week),
		cmocka_unit_test(test_a_whole_week_in_pieces_is_always),
		cmocka_unit_test(test_the_next_change_is_an_opening_or_a_closing),
		cmocka_unit_test(test_never_stays_never),
		cmocka_unit_test(test_a_moment_is_said_as_day_and_time),
		cmocka_unit_test(test_random_hours_answer_as_counting_minutes_does),
	};

	return cmocka_run_group_tests_name("calendar", tests, NULL, NULL);
}
