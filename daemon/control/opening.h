/* When somebody is there, with dates: the hours of the week on each day of some months, without
 * closed days and holidays, with extra openings.  In the zone of the process (TZ), so that it is
 * right across changes of daylight saving. */
#ifndef CONTROL_OPENING_H
#define CONTROL_OPENING_H

#include "daemon/control/config.h"
#include "scheduler/world.h"

enum { OPENING_WEEKS_BACK = 4, OPENING_WEEKS_AHEAD = 60 };

/* A world_calendar's dates. */
struct opening {
	int64_t from_s, until_s;
	size_t count, room;
	struct world_stretch *stretch; /* owned */
	size_t closure_count, closure_room;
	struct world_closure *closure; /* owned; names borrowed from the configuration */
};

/* Staffed times around now_s; without hours, closed days and holidays there are no dates (from_s ==
 * until_s: always open).  False without memory. */
bool opening_of_staff(struct opening *opening, const struct config *config, int64_t now_s);
/* The same of the times outside the quiet hours. */
bool opening_of_noise(struct opening *opening, const struct config *config, int64_t now_s);
void opening_finish(struct opening *opening);

/* Some of it lies ahead. */
bool opening_opens(const struct opening *opening, int64_t now_s);

#endif
