/* Staffed hours as arithmetic: windows of a week that repeat every WORLD_WEEK_S seconds, and for a
 * while instead of them stretches with dates (calendar_dated.h).
 *
 * Whole seconds only, no time zones: the caller says when a local week began (week_start_s), and
 * the stretches are right across changes of daylight saving; windows alone may be an hour off
 * behind one.  "Never" is CALENDAR_NEVER_S; a time at or beyond half of it counts as never, so that
 * sums cannot overflow. */
#ifndef SCHEDULER_CALENDAR_H
#define SCHEDULER_CALENDAR_H

#include "scheduler/world.h"

#define CALENDAR_NEVER_S INT64_MAX

/* A world_calendar made ready for questions: windows sorted, joined where they touch. */
struct calendar {
	bool always;		  /* staffed at all times */
	struct world_dates dates; /* the stretches are borrowed */
	size_t window_count;
	struct world_window window[WORLD_WINDOWS_MAX];
	int64_t week_start_s;
	int64_t offset_s; /* local time ahead of UTC, by when the week began */
	int64_t staffed_per_week_s;
	int64_t longest_s; /* the longest staffed stretch; with dates only after calendar_measure */
};

/* Windows that end before they begin or reach out of the week are left out; when none is left
 * nobody is ever there (only a calendar without windows means "always").  Stretches
 * with dates are borrowed. */
void calendar_init(struct calendar *calendar, const struct world_calendar *hours);

/* Finds the longest stretch where there are dates, so that what is longer is refused at once. */
void calendar_measure(struct calendar *calendar);

/* A window holds its first second and not its last: [begin, end). */
bool calendar_is_staffed(const struct calendar *calendar, int64_t at_s);

/* When the staffed stretch that holds at_s ends; at_s itself when nobody is there. */
int64_t calendar_staffed_until(const struct calendar *calendar, int64_t at_s);

/* Is somebody there from begin_s up to end_s?  Ending exactly at closing time is in time. */
bool calendar_covers(const struct calendar *calendar, int64_t begin_s, int64_t end_s);

/* at_s if staffed, otherwise the next opening. */
int64_t calendar_next_opening(const struct calendar *calendar, int64_t at_s);

/* The first moment from at_s on at which something of this length may start and still end within
 * the same staffed stretch. */
int64_t calendar_next_start(const struct calendar *calendar, int64_t at_s, int64_t length_s);

/* The same, within stretches of both calendars.  Never also where they do not meet for so long
 * within some weeks behind their dates. */
int64_t calendar_next_start_in_both(const struct calendar *calendar, const struct calendar *other,
	int64_t at_s, int64_t length_s);

/* When somebody who begins at at_s and works only in staffed hours has worked work_s. */
int64_t calendar_after_work(const struct calendar *calendar, int64_t at_s, int64_t work_s);

/* How much of the time from begin_s to end_s is staffed. */
int64_t calendar_staffed_s(const struct calendar *calendar, int64_t begin_s, int64_t end_s);

/* The next opening or closing after at_s. */
int64_t calendar_next_change(const struct calendar *calendar, int64_t at_s);

/* Which second of the local week it is, 0 .. WORLD_WEEK_S - 1. */
int64_t calendar_second_of_week(const struct calendar *calendar, int64_t at_s);

/* The same of the next moment from at_s on at which somebody is there; of at_s if nobody ever is.
 */
int64_t calendar_second_of_opening(const struct calendar *calendar, int64_t at_s);

enum { CALENDAR_TEXT_MAX = 24, CALENDAR_NEAR_S = 6 * 86400 };

/* "Mon 08:00", in local time; "Mon 4 Jan 08:00" further from now than CALENDAR_NEAR_S. */
void calendar_text(
	const struct calendar *calendar, int64_t now_s, int64_t at_s, char text[CALENDAR_TEXT_MAX]);

/* Why nobody is there at at_s; NULL: it is not a holiday or the like. */
const char *calendar_closure(const struct calendar *calendar, int64_t at_s);

#endif
