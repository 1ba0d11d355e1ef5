/* Holidays from an iCalendar file (RFC 5545): each event is a time at which nobody is there.
 *
 * The only home of libical.  Read are dates and times of events, with zones, repetitions
 * (RRULE, RDATE, EXDATE), moved and cancelled occurrences; transparent events count too, because
 * calendars of holidays are made of them. */
#ifndef CONTROL_HOLIDAYS_H
#define CONTROL_HOLIDAYS_H

#include "daemon/control/config.h"

enum {
	HOLIDAYS_FILE_MAX_BYTES = 1 << 20,
	HOLIDAYS_BEFORE_S = 90 * 86400,	 /* events that ended earlier are left out */
	HOLIDAYS_AHEAD_S = 1827 * 86400, /* repetitions are followed for five years */
};

/* Adds the file's events around now_s to `spans`.  -EINVAL and "FILE:LINE: WHAT", or the errno of
 * reading. */
int holidays_load(const char *path, int64_t now_s, struct config_spans *spans, struct error *error);

#endif
