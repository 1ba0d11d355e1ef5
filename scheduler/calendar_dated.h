/* The questions of calendar.h where some time has dates: its stretches count from from_s up to
 * until_s, the windows of the week before and behind.  For calendar.c. */
#ifndef SCHEDULER_CALENDAR_DATED_H
#define SCHEDULER_CALENDAR_DATED_H

#include "scheduler/calendar.h"

bool dated_is_staffed(const struct calendar *calendar, int64_t at_s);
int64_t dated_staffed_until(const struct calendar *calendar, int64_t at_s);
int64_t dated_next_opening(const struct calendar *calendar, int64_t at_s);
int64_t dated_next_start(const struct calendar *calendar, int64_t at_s, int64_t length_s);
int64_t dated_after_work(const struct calendar *calendar, int64_t at_s, int64_t work_s);
int64_t dated_staffed_s(const struct calendar *calendar, int64_t begin_s, int64_t end_s);

/* Of all stretches, also those that begin before or end behind the dates. */
int64_t dated_longest_s(const struct calendar *calendar);

/* The next moment from at_s on, within the dates, at which somebody is there, and how far local
 * time is ahead of UTC then.  False: they do not tell. */
bool dated_opening(
	const struct world_dates *dated, int64_t at_s, int64_t *opening_s, int64_t *offset_s);

/* How far local time is ahead of UTC, as far as the stretches tell; untouched where none does. */
void dated_offset_s(const struct world_dates *dated, int64_t at_s, int64_t *offset_s);

#endif
