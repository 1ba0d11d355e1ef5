/* "fri", "fri 12:00", "tomorrow", "2026-11-27T18:00", "+3h": when an order is due, in the farm's
 * zone (the process's TZ). */
#ifndef CONTROL_DUE_H
#define CONTROL_DUE_H

#include <stdint.h>

struct error;

enum { DUE_HOUR = 18 }; /* of a day without a time */

/* Weekday names mean the next such day (never today), days without a time mean DUE_HOUR o'clock, a
 * time without a day the next such time; "none" and "" give 0.  0, or -EINVAL with what would be
 * accepted. */
int due_parse(const char *text, int64_t now_s, int64_t *due_s, struct error *error);

/* The last local Monday 00:00 at or before now_s. */
int64_t due_week_start(int64_t now_s);

#endif
