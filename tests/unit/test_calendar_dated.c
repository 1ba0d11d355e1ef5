/* Staffed hours with dates: holidays, extra openings, changes of daylight saving. */
#include "scheduler/calendar.h"
#include "base/random.h"
#include "scheduler/match.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

enum { MINUTE = 60, HOUR = 3600, DAY = 86400, WEEK = 7 * DAY };

/* Monday 21 December 2026, 00:00 in a zone an hour ahead of UTC. */
static const int64_t MONDAY = 1797807600;

/* Monday to Wednesday as usual, closed over Christmas, then from Monday 4 January again. */
static const struct world_stretch christmas[] = {
	{ 1797807600 + 8 * HOUR, 1797807600 + 18 * HOUR, HOUR },
	{ 1797807600 + DAY + 8 * HOUR, 1797807600 + DAY + 18 * HOUR, HOUR },
	{ 1797807600 + 2 * DAY + 8 * HOUR, 1797807600 + 2 * DAY + 18 * HOUR, HOUR },
	{ 1797807600 + 14 * DAY + 8 * HOUR, 1797807600 + 14 * DAY + 18 * HOUR, HOUR },
};
static const struct world_closure closures[] = {
	{ 1797807600 + 3 * DAY, 1797807600 + 14 * DAY, "holidays" },
};

static struct world_calendar over_christmas(void)
{
	struct world_calendar hours = worlds_weekdays(8, 18);

	hours.week_start_s = MONDAY;
	hours.dates.from_s = MONDAY;
	hours.dates.until_s = MONDAY + 15 * DAY;
	hours.dates.stretch_count = sizeof christmas / sizeof *christmas;
	hours.dates.stretch = christmas;
	hours.dates.closure_count = 1;
	hours.dates.closure = closures;
	return hours;
}

static void test_nothing_is_planned_into_a_holiday(void **state)
{
	const struct world_calendar hours = over_christmas();
	struct calendar calendar;

	(void)state;
	calendar_init(&calendar, &hours);
	/* Thursday and Friday, that week and the next, would be open. */
	assert_false(calendar_is_staffed(&calendar, MONDAY + 3 * DAY + 12 * HOUR));
	assert_false(calendar_is_staffed(&calendar, MONDAY + 7 * DAY + 12 * HOUR));
	assert_int_equal(calendar_next_start(&calendar, MONDAY + 2 * DAY + 12 * HOUR, 8 * HOUR),
		MONDAY + 14 * DAY + 8 * HOUR);
	/* Six hours of work: two on Wednesday, four in January. */
	assert_int_equal(calendar_after_work(&calendar, MONDAY + 2 * DAY + 16 * HOUR, 6 * HOUR),
		MONDAY + 14 * DAY + 12 * HOUR);
	assert_int_equal(
		calendar_staffed_s(&calendar, MONDAY + 2 * DAY + 16 * HOUR, MONDAY + 15 * DAY),
		12 * HOUR);
}

static void test_behind_the_dates_the_usual_week_goes_on(void **state)
{
	const struct world_calendar hours = over_christmas();
	struct calendar calendar;

	(void)state;
	calendar_init(&calendar, &hours);
	assert_true(calendar_is_staffed(&calendar, MONDAY + 15 * DAY + 8 * HOUR));
	assert_int_equal(calendar_next_opening(&calendar, MONDAY + 14 * DAY + 18 * HOUR),
		MONDAY + 15 * DAY + 8 * HOUR);
	assert_int_equal(calendar_after_work(&calendar, MONDAY + 14 * DAY + 17 * HOUR, 2 * HOUR),
		MONDAY + 15 * DAY + 9 * HOUR);
	/* And before them it did. */
	assert_true(calendar_is_staffed(&calendar, MONDAY - 3 * DAY + 9 * HOUR));
	assert_int_equal(calendar_staffed_s(&calendar, MONDAY - 3 * DAY, MONDAY + DAY), 20 * HOUR);
}

static void test_why_names_the_holiday_and_the_date_of_the_next_opening(void **state)
{
	struct world world = { .calendar = over_christmas(), .clear_s = 900 };
	struct world_plate plate = worlds_plate();
	struct world_order order = worlds_order(1, 4, &plate, 1);
	struct world_printer printer = worlds_printer("p1");
	struct match_result match;

	(void)state;
	match_check(&world, &order, &plate, &printer, MONDAY + 3 * DAY + 9 * HOUR, &match);
	assert_int_equal(match.unmet_count, 1);
	assert_int_equal(match.unmet[0].condition, MATCH_HOURS);
	assert_string_equal(match.unmet[0].text, "closed until Mon 4 Jan 08:00 (holidays)");
	/* Before closing time it is said as ever. */
	match_check(&world, &order, &plate, &printer, MONDAY + 2 * DAY + 17 * HOUR, &match);
	assert_string_equal(match.unmet[0].text, "would end Wed 20:00, somebody is there until Wed "
						 "18:00: may start Mon 4 Jan 08:00");
}

static void test_times_are_said_in_local_time_on_both_sides_of_a_change(void **state)
{
	/* Sunday 25 October 2026: at 03:00 summer time it is 02:00 again. */
	const int64_t monday_s = 1792360800;
	const struct world_stretch stretch[] = {
		{ monday_s + 4 * DAY + 8 * HOUR, monday_s + 4 * DAY + 18 * HOUR, 2 * HOUR },
		{ monday_s + 7 * DAY + 9 * HOUR, monday_s + 7 * DAY + 19 * HOUR, HOUR },
	};
	struct world_calendar hours = worlds_weekdays(8, 18);
	struct calendar calendar;
	char text[CALENDAR_TEXT_MAX];

	(void)state;
	hours.week_start_s = hours.dates.from_s = monday_s;
	hours.dates.until_s = monday_s + 8 * DAY;
	hours.dates.stretch_count = 2;
	hours.dates.stretch = stretch;
	calendar_init(&calendar, &hours);
	calendar_text(&calendar, monday_s, stretch[0].end_s, text);
	assert_string_equal(text, "Fri 18:00");
	calendar_text(&calendar, stretch[0].begin_s, stretch[1].begin_s, text);
	assert_string_equal(text, "Mon 08:00");
	calendar_text(&calendar, monday_s, stretch[1].begin_s, text);
	assert_string_equal(text, "Mon 26 Oct 08:00");
	assert_int_equal(calendar_second_of_week(&calendar, stretch[1].begin_s), 8 * HOUR);
}

static void test_always_open_but_for_a_holiday(void **state)
{
	const struct world_stretch stretch[] = { { 0, 2 * DAY, 0 }, { 3 * DAY, WEEK, 0 } };
	const struct world_calendar hours = {
		.dates = { .until_s = WEEK, .stretch_count = 2, .stretch = stretch }
	};
	struct calendar calendar;

	(void)state;
	calendar_init(&calendar, &hours);
	assert_false(calendar.always);
	assert_true(calendar_covers(&calendar, -DAY, 2 * DAY));
	assert_false(calendar_covers(&calendar, DAY, 2 * DAY + 1));
	assert_int_equal(calendar_next_opening(&calendar, 2 * DAY), 3 * DAY);
	/* A print of a month starts after the holiday: the end of the dates is no closing time. */
	assert_int_equal(calendar_next_start(&calendar, DAY, 30 * DAY), 3 * DAY);
	assert_int_equal(calendar_staffed_until(&calendar, 3 * DAY), CALENDAR_NEVER_S);
	assert_int_equal(calendar_after_work(&calendar, DAY, 10 * DAY), 12 * DAY);
}

static void test_dates_without_a_stretch_mean_closed(void **state)
{
	struct world_calendar hours = worlds_weekdays(8, 18);
	struct calendar calendar;

	(void)state;
	hours.dates.until_s = WEEK;
	calendar_init(&calendar, &hours);
	assert_int_equal(calendar_next_opening(&calendar, 9 * HOUR), WEEK + 8 * HOUR);
	assert_int_equal(calendar_next_change(&calendar, 9 * HOUR), WEEK + 8 * HOUR);
	assert_int_equal(calendar_staffed_s(&calendar, 0, WEEK), 0);
}

static void test_a_start_that_suits_two_calendars_lies_within_both(void **state)
{
	const struct world_calendar staffed = worlds_weekdays(8, 18);
	const struct world_calendar loud = { .window_count = 1,
		.window = { { 15 * HOUR, 22 * HOUR } } };
	struct calendar one, other;

	(void)state;
	calendar_init(&one, &staffed);
	calendar_init(&other, &loud);
	assert_int_equal(calendar_next_start_in_both(&one, &other, 0, 2 * HOUR), 15 * HOUR);
	assert_int_equal(
		calendar_next_start_in_both(&one, &other, 17 * HOUR, 2 * HOUR), WEEK + 15 * HOUR);
	assert_int_equal(calendar_next_start_in_both(&one, &other, 0, 4 * HOUR), CALENDAR_NEVER_S);
}

/* The same questions asked minute by minute: slow and obviously right. */
static bool minute_is_staffed(const struct world_calendar *hours, int64_t minute)
{
	int64_t at_s = minute * MINUTE, second = at_s % WEEK;

	for (size_t i = 0; i < hours->dates.stretch_count; i++)
		if (at_s >= hours->dates.stretch[i].begin_s && at_s < hours->dates.stretch[i].end_s)
			return true;
	if (at_s >= hours->dates.from_s && at_s < hours->dates.until_s)
		return false;
	for (size_t i = 0; i < hours->window_count; i++)
		if (second >= hours->window[i].begin_s && second < hours->window[i].end_s)
			return true;
	return false;
}

enum { STRETCHES = 12 };

static void make_random(
	struct random *random, struct world_calendar *hours, struct world_stretch *stretch)
{
	int64_t at = 2000;

	*hours = worlds_weekdays(
		0 + (int)random_below(random, 10), 12 + (int)random_below(random, 12));
	hours->dates.from_s = at * MINUTE;
	hours->dates.stretch = stretch;
	hours->dates.stretch_count = random_below(random, STRETCHES);
	for (size_t i = 0; i < hours->dates.stretch_count; i++) {
		int64_t begin = at + (int64_t)random_below(random, 900) + (i > 0);

		at = begin + 1 + (int64_t)random_below(random, 900);
		stretch[i] = (struct world_stretch){ begin * MINUTE, at * MINUTE, 0 };
	}
	hours->dates.until_s = (at + (int64_t)random_below(random, 2) * 700) * MINUTE;
	if (hours->dates.until_s <= hours->dates.from_s)
		hours->dates.until_s = hours->dates.from_s + DAY;
}

static void test_random_dates_answer_as_counting_minutes_does(void **state)
{
	struct world_stretch stretch[STRETCHES];
	struct world_calendar hours;
	struct random random;

	(void)state;
	random_init(&random, 11);
	for (int round = 0; round < 600; round++) {
		struct calendar calendar;
		int64_t at = (int64_t)random_below(&random, 14000);
		int64_t length = 1 + (int64_t)random_below(&random, 500), work = length;
		int64_t worked = at, free = 0, start = at;

		make_random(&random, &hours, stretch);
		calendar_init(&calendar, &hours);
		for (; work > 0; worked++)
			work -= minute_is_staffed(&hours, worked);
		for (int64_t m = at; free < length && m < at + 60000; m++) {
			free = minute_is_staffed(&hours, m) ? free + 1 : 0;
			start = free ? start : m + 1;
		}
		assert_int_equal(
			calendar_is_staffed(&calendar, at * MINUTE), minute_is_staffed(&hours, at));
		assert_int_equal(calendar_after_work(&calendar, at * MINUTE, length * MINUTE),
			worked * MINUTE);
		assert_int_equal(calendar_staffed_s(&calendar, at * MINUTE, worked * MINUTE),
			length * MINUTE);
		if (free < length) {
			assert_int_equal(
				calendar_next_start(&calendar, at * MINUTE, length * MINUTE),
				CALENDAR_NEVER_S);
			continue;
		}
		assert_int_equal(calendar_next_start(&calendar, at * MINUTE, length * MINUTE),
			start * MINUTE);
		assert_true(calendar_covers(&calendar, start * MINUTE, (start + length) * MINUTE));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_planned_into_a_holiday),
		cmocka_unit_test(test_behind_the_dates_the_usual_week_goes_on),
		cmocka_unit_test(test_why_names_the_holiday_and_the_date_of_the_next_opening),
		cmocka_unit_test(test_times_are_said_in_local_time_on_both_sides_of_a_change),
		cmocka_unit_test(test_always_open_but_for_a_holiday),
		cmocka_unit_test(test_dates_without_a_stretch_mean_closed),
		cmocka_unit_test(test_a_start_that_suits_two_calendars_lies_within_both),
		cmocka_unit_test(test_random_dates_answer_as_counting_minutes_does),
	};

	return cmocka_run_group_tests_name("calendar_dated", tests, NULL, NULL);
}
