/* Dates on which a farm is closed or open otherwise than by its hours, as people write them:
 * "2026-12-24", "2026-12-24..2027-01-02", "2026-12-19 10:00-14:00".  Pure. */
#ifndef CONTROL_DATES_H
#define CONTROL_DATES_H

#include "daemon/control/config.h"

#define DATES_ACCEPTED "\"2026-12-24\", \"2026-12-24..2027-01-02\" or \"2026-12-19 10:00-14:00\""

/* A day, days up to and with the last, or hours of a day (an end at or before its begin is on the
 * next day).  In local time, counted as if it were UTC.  False: not in that form, or no such day.
 */
bool dates_parse(const char *text, struct config_span *span);

/* Days since 1 January 1970 of a date of the Gregorian calendar. */
int64_t dates_day(int year, int month, int day);

#endif
