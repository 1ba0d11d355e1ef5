/* Staffed hours as people write them: "mon-fri 09:00-18:00", "sat 10:00-14:00", "daily
 * 08:00-22:00". Pure. */
#ifndef CONTROL_HOURS_H
#define CONTROL_HOURS_H

#include "daemon/control/config.h"

enum hours_result {
	HOURS_OK,
	HOURS_BAD,	/* not in that form */
	HOURS_TOO_MANY, /* more than CONFIG_HOURS_MAX pieces */
};

#define HOURS_ACCEPTED "\"mon-fri 09:00-18:00\", \"sat,sun 10:00-14:00\" or \"daily 22:00-06:00\""

/* Adds the windows of one line to hours[*count]; a time that ends at or before its begin ends on
 * the next day; Sunday's goes on on Monday. */
enum hours_result hours_parse(const char *text, struct config_hours *hours, size_t *count);

/* Sorts and joins what overlaps or touches and has the same number of people. */
void hours_join(struct config_hours *hours, size_t *count);

#endif
