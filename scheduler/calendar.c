/* Staffed hours as arithmetic; see calendar.h. */
#include "scheduler/calendar.h"
#include "scheduler/calendar_dated.h"

#include <stdio.h> /* snprintf */

enum { DAY_S = 86400, WEEKS_TOGETHER = 9 };

static bool is_never(int64_t at_s)
{
	return at_s >= CALENDAR_NEVER_S / 2;
}

static bool is_dated(const struct calendar *calendar)
{
	return calendar->dates.until_s > calendar->dates.from_s;
}

/* Seconds since the week that holds at_s began: 0 .. WORLD_WEEK_S - 1, for times before
 * week_start_s too. */
static int64_t second_of_week(const struct calendar *calendar, int64_t at_s)
{
	int64_t second = (at_s - calendar->week_start_s) % WORLD_WEEK_S;

	return second < 0 ? second + WORLD_WEEK_S : second;
}

/* Keeps the windows sorted by their begin. */
static void add_window(struct calendar *calendar, struct world_window window)
{
	size_t at = calendar->window_count++;

	for (; at > 0 && calendar->window[at - 1].begin_s > window.begin_s; at--)
		calendar->window[at] = calendar->window[at - 1];
	calendar->window[at] = window;
}

static void join_windows(struct calendar *calendar)
{
	struct world_window *window = calendar->window;
	size_t kept = 0;

	for (size_t i = 0; i < calendar->window_count; i++) {
		if (kept == 0 || window[i].begin_s > window[kept - 1].end_s)
			window[kept++] = window[i];
		else if (window[i].end_s > window[kept - 1].end_s)
			window[kept - 1].end_s = window[i].end_s;
	}
	calendar->window_count = kept;
}

/* The last window goes on at the turn of the week as the first one. */
static bool wraps(const struct calendar *calendar)
{
	size_t count = calendar->window_count;

	return count > 1 && calendar->window[0].begin_s == 0 &&
	       calendar->window[count - 1].end_s == WORLD_WEEK_S;
}

static void measure(struct calendar *calendar)
{
	size_t count = calendar->window_count;

	for (size_t i = 0; i < count; i++) {
		int64_t length = calendar->window[i].end_s - calendar->window[i].begin_s;

		calendar->staffed_per_week_s += length;
		if (i + 1 == count && wraps(calendar))
			length += calendar->window[0].end_s;
		if (length > calendar->longest_s)
			calendar->longest_s = length;
	}
	if (calendar->staffed_per_week_s == WORLD_WEEK_S) {
		calendar->always = !is_dated(calendar);
		calendar->longest_s = CALENDAR_NEVER_S;
	}
}

/* Local time ahead of UTC, by the nearest Monday to where the week began. */
static int64_t offset_of_week_s(int64_t week_start_s)
{
	const int64_t monday_s = 4 * DAY_S; /* 5 January 1970 */
	int64_t off_s = (week_start_s - monday_s) % WORLD_WEEK_S;

	if (off_s > WORLD_WEEK_S / 2)
		off_s -= WORLD_WEEK_S;
	if (off_s < -WORLD_WEEK_S / 2)
		off_s += WORLD_WEEK_S;
	return -off_s;
}

void calendar_init(struct calendar *calendar, const struct world_calendar *hours)
{
	*calendar = (struct calendar){ .week_start_s = hours->week_start_s };
	calendar->dates = hours->dates;
	calendar->offset_s = offset_of_week_s(hours->week_start_s);
	if (hours->window_count == 0) {
		calendar->always = !is_dated(calendar);
		calendar->longest_s = CALENDAR_NEVER_S;
		if (is_dated(calendar)) {
			add_window(calendar, (struct world_window){ 0, WORLD_WEEK_S });
			calendar->staffed_per_week_s = WORLD_WEEK_S;
		}
		return;
	}
	for (size_t i = 0; i < hours->window_count && i < WORLD_WINDOWS_MAX; i++) {
		struct world_window window = hours->window[i];

		if (window.begin_s >= 0 && window.begin_s < window.end_s &&
			window.end_s <= WORLD_WEEK_S)
			add_window(calendar, window);
	}
	join_windows(calendar);
	measure(calendar);
	if (is_dated(calendar))
		calendar->longest_s = CALENDAR_NEVER_S;
}

void calendar_measure(struct calendar *calendar)
{
	if (is_dated(calendar))
		calendar->longest_s = dated_longest_s(calendar);
}

/* The window that holds this second of the week; -1: none. */
static int find_window(const struct calendar *calendar, int64_t second)
{
	for (size_t i = 0; i < calendar->window_count; i++)
		if (second >= calendar->window[i].begin_s && second < calendar->window[i].end_s)
			return (int)i;
	return -1;
}

bool calendar_is_staffed(const struct calendar *calendar, int64_t at_s)
{
	if (is_dated(calendar))
		return dated_is_staffed(calendar, at_s);
	return calendar->always || find_window(calendar, second_of_week(calendar, at_s)) >= 0;
}

int64_t calendar_staffed_until(const struct calendar *calendar, int64_t at_s)
{
	if (calendar->always || is_never(at_s))
		return CALENDAR_NEVER_S;
	if (is_dated(calendar))
		return dated_staffed_until(calendar, at_s);

	int64_t second = second_of_week(calendar, at_s);
	int window = find_window(calendar, second);

	if (window < 0)
		return at_s;
	int64_t until = at_s + calendar->window[window].end_s - second;
	if ((size_t)window + 1 == calendar->window_count && wraps(calendar))
		until += calendar->window[0].end_s;
	return until;
}

bool calendar_covers(const struct calendar *calendar, int64_t begin_s, int64_t end_s)
{
	return calendar_is_staffed(calendar, begin_s) &&
	       end_s <= calendar_staffed_until(calendar, begin_s);
}

int64_t calendar_next_opening(const struct calendar *calendar, int64_t at_s)
{
	if (is_never(at_s))
		return CALENDAR_NEVER_S;
	if (is_dated(calendar))
		return dated_next_opening(calendar, at_s);
	if (calendar_is_staffed(calendar, at_s))
		return at_s;
	if (calendar->window_count == 0)
		return CALENDAR_NEVER_S;

	int64_t second = second_of_week(calendar, at_s);

	for (size_t i = 0; i < calendar->window_count; i++)
		if (calendar->window[i].begin_s > second)
			return at_s + calendar->window[i].begin_s - second;
	return at_s + WORLD_WEEK_S + calendar->window[0].begin_s - second;
}

int64_t calendar_next_start(const struct calendar *calendar, int64_t at_s, int64_t length_s)
{
	if (is_never(at_s))
		return CALENDAR_NEVER_S;
	if (calendar->always)
		return at_s;
	if (length_s > calendar->longest_s)
		return CALENDAR_NEVER_S;
	if (is_dated(calendar))
		return dated_next_start(calendar, at_s, length_s);
	/* Some stretch is long enough, so that one of the next window_count + 1 is. */
	for (size_t i = 0; i <= calendar->window_count + 1; i++) {
		at_s = calendar_next_opening(calendar, at_s);
		int64_t until = calendar_staffed_until(calendar, at_s);

		if (is_never(at_s) || until - at_s >= length_s)
			return at_s;
		at_s = until;
	}
	return CALENDAR_NEVER_S;
}

int64_t calendar_next_start_in_both(const struct calendar *calendar, const struct calendar *other,
	int64_t at_s, int64_t length_s)
{
	int64_t last_s = at_s;

	if (is_never(at_s))
		return CALENDAR_NEVER_S;
	if (is_dated(calendar) && calendar->dates.until_s > last_s)
		last_s = calendar->dates.until_s;
	if (is_dated(other) && other->dates.until_s > last_s)
		last_s = other->dates.until_s;
	last_s += (int64_t)WEEKS_TOGETHER * WORLD_WEEK_S;
	while (at_s <= last_s) {
		int64_t one_s = calendar_next_start(calendar, at_s, length_s);

		at_s = calendar_next_start(other, one_s, length_s);
		if (at_s == one_s)
			return at_s;
	}
	return CALENDAR_NEVER_S;
}

int64_t calendar_after_work(const struct calendar *calendar, int64_t at_s, int64_t work_s)
{
	if (is_never(at_s) || is_never(work_s))
		return CALENDAR_NEVER_S;
	if (work_s <= 0)
		return at_s;
	if (calendar->always)
		return at_s + work_s;
	if (is_dated(calendar))
		return dated_after_work(calendar, at_s, work_s);
	if (calendar->staffed_per_week_s == 0)
		return CALENDAR_NEVER_S;

	/* One second less than the rest may be whole weeks: the work then ends inside a stretch and
	 * not at the opening of the next. */
	int64_t weeks = (work_s - 1) / calendar->staffed_per_week_s;

	if (weeks > CALENDAR_NEVER_S / 4 / WORLD_WEEK_S)
		return CALENDAR_NEVER_S;
	at_s += weeks * WORLD_WEEK_S;
	work_s -= weeks * calendar->staffed_per_week_s;
	for (;;) {
		at_s = calendar_next_opening(calendar, at_s);
		int64_t until = calendar_staffed_until(calendar, at_s);

		if (is_never(at_s) || until - at_s >= work_s)
			return is_never(at_s) ? CALENDAR_NEVER_S : at_s + work_s;
		work_s -= until - at_s;
		at_s = until;
	}
}

int64_t calendar_staffed_s(const struct calendar *calendar, int64_t begin_s, int64_t end_s)
{
	if (begin_s >= end_s)
		return 0;
	if (calendar->always)
		return end_s - begin_s;
	if (is_dated(calendar))
		return dated_staffed_s(calendar, begin_s, end_s);

	int64_t weeks = (end_s - begin_s) / WORLD_WEEK_S;
	int64_t staffed_s = weeks * calendar->staffed_per_week_s;
	int64_t at_s = calendar_next_opening(calendar, begin_s + weeks * WORLD_WEEK_S);

	while (at_s < end_s) {
		int64_t until_s = calendar_staffed_until(calendar, at_s);

		if (until_s > end_s)
			until_s = end_s;
		staffed_s += until_s - at_s;
		at_s = calendar_next_opening(calendar, until_s);
	}
	return staffed_s;
}

int64_t calendar_next_change(const struct calendar *calendar, int64_t at_s)
{
	if (calendar->always || is_never(at_s))
		return CALENDAR_NEVER_S;
	return calendar_is_staffed(calendar, at_s) ? calendar_staffed_until(calendar, at_s)
						   : calendar_next_opening(calendar, at_s);
}

static int64_t local_s(const struct calendar *calendar, int64_t at_s)
{
	int64_t offset_s = calendar->offset_s;

	if (is_dated(calendar))
		dated_offset_s(&calendar->dates, at_s, &offset_s);
	return at_s + offset_s;
}

static int64_t second_of_local_week(int64_t local_s)
{
	int64_t second = (local_s - 4 * (int64_t)DAY_S) % WORLD_WEEK_S;

	return second < 0 ? second + WORLD_WEEK_S : second;
}

int64_t calendar_second_of_week(const struct calendar *calendar, int64_t at_s)
{
	return second_of_local_week(local_s(calendar, at_s));
}

int64_t calendar_second_of_opening(const struct calendar *calendar, int64_t at_s)
{
	int64_t from_s, offset_s = calendar->offset_s;

	if (is_dated(calendar) && dated_opening(&calendar->dates, at_s, &from_s, &offset_s))
		return second_of_local_week(from_s + offset_s);
	from_s = calendar_next_opening(calendar, at_s);
	return calendar_second_of_week(calendar, is_never(from_s) ? at_s : from_s);
}

/* Day and month (from 0) of a day since 1 January 1970, by the Gregorian calendar. */
static void date_of_day(int64_t day, int *date, int *month)
{
	static const int length[12] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	const int64_t days_400 = 146097;
	int64_t left = (day % days_400 + days_400) % days_400;

	for (int64_t year = 1970;; year++) {
		bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

		for (*month = 0; *month < 12; ++*month) {
			int64_t days = length[*month] + (leap && *month == 1 ? 1 : 0);

			if (left < days) {
				*date = (int)left + 1;
				return;
			}
			left -= days;
		}
	}
}

void calendar_text(
	const struct calendar *calendar, int64_t now_s, int64_t at_s, char text[CALENDAR_TEXT_MAX])
{
	static const char *const day[] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
	static const char *const name[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug",
		"Sep", "Oct", "Nov", "Dec" };
	char when[12] = "";
	int date, month;

	if (is_never(at_s)) {
		snprintf(text, CALENDAR_TEXT_MAX, "never");
		return;
	}
	int second = (int)calendar_second_of_week(calendar, at_s);
	int64_t local = local_s(calendar, at_s);

	if (at_s - now_s > CALENDAR_NEAR_S || now_s - at_s > CALENDAR_NEAR_S) {
		date_of_day((local - (local % DAY_S + DAY_S) % DAY_S) / DAY_S, &date, &month);
		snprintf(when, sizeof when, " %d %s", date % 32, name[month % 12]);
	}
	snprintf(text, CALENDAR_TEXT_MAX, "%s%s %02d:%02d", day[second / DAY_S % 7], when,
		second % DAY_S / 3600 % 24, second % 3600 / 60 % 60);
}

const char *calendar_closure(const struct calendar *calendar, int64_t at_s)
{
	const struct world_dates *dated = &calendar->dates;

	for (size_t i = 0; i < dated->closure_count; i++)
		if (at_s >= dated->closure[i].begin_s && at_s < dated->closure[i].end_s)
			return dated->closure[i].name;
	return NULL;
}
