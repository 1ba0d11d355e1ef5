/* May this plate run on this printer, for this order, and now?  If not, every reason: the answer
 * of `printfarm why`. */
#ifndef SCHEDULER_MATCH_H
#define SCHEDULER_MATCH_H

#include "scheduler/world.h"

/* Hard conditions (the pair can never work as things are built and wished) come first, then
 * conditions that time or a person can change.  Append only. */
enum match_condition {
	/* never */
	MATCH_PRINTER_WISH, /* the order names another printer */
	MATCH_TAG_WISH,
	MATCH_MACHINE, /* sliced for another machine */
	MATCH_VOLUME,
	MATCH_NOZZLE,
	MATCH_HOTEND,
	MATCH_BED_HEAT,
	/* a person can change */
	MATCH_MATERIAL,
	MATCH_COLOR,
	MATCH_GRAMS, /* not enough on the spool */
	MATCH_ORDER_HELD,
	MATCH_DISABLED,
	MATCH_LOCKED,
	MATCH_BED, /* nobody said that the bed is empty */
	MATCH_ATTENTION,
	MATCH_BY_HAND,
	/* time changes */
	MATCH_OFFLINE,
	MATCH_BUSY,
	MATCH_START_DELAY,
	MATCH_HOURS, /* would end outside staffed hours, and may not run unattended */
	MATCH_CONDITION_COUNT,
};

enum { MATCH_TEXT_MAX = 160 };

struct match_unmet {
	enum match_condition condition;
	char text[MATCH_TEXT_MAX]; /* "needs 240 x 190 mm, bed is 220 x 220 mm" */
};

struct match_result {
	size_t unmet_count; /* 0: it may start now */
	struct match_unmet unmet[MATCH_CONDITION_COUNT];
	bool can_ever;		 /* no condition of the first group is unmet */
	bool can_without_person; /* nor of the second, apart from the bed */
};

const char *match_condition_name(enum match_condition condition); /* "volume", "bed", ... */

void match_check(const struct world *world, const struct world_order *order,
	const struct world_plate *plate, const struct world_printer *printer, int64_t now_s,
	struct match_result *result);

#endif
