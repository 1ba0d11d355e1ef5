/* May this plate run on this printer, for this order, and now?  If not, every reason: the answer
 * of `printfarm why`. */
#ifndef SCHEDULER_MATCH_H
#define SCHEDULER_MATCH_H

#include "scheduler/world.h"

/* Conditions that can never be met (as things are built and wished), that a person can change, and
 * that time changes; the later ones say it themselves.  Append only. */
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
	MATCH_HOURS,	    /* would end outside staffed hours, and may not run unattended */
	MATCH_CONFIRMATION, /* a laser or mill: somebody at the machine must want the start */
	MATCH_QUIET,	    /* noisy, and would run into quiet hours */
	MATCH_MAINTENANCE,  /* overdue: a person can change */
	MATCH_POWER,	    /* others draw what it would need */
	MATCH_AFTER,	    /* the order waits for another one */
	MATCH_DIALECT,	    /* never: written for other firmware */
	MATCH_TOOLS,	    /* never: chooses between more tools than there are */
	MATCH_QUARANTINE,   /* too many prints failed on it: a person can change */
	MATCH_RETRY,	    /* it failed here, and another printer can try */
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
	bool can_without_person; /* nor of the second, apart from bed and confirmation */
};

const char *match_condition_name(enum match_condition condition); /* "volume", "bed", ... */
/* Can neither a person nor time change it? */
bool match_is_for_ever(enum match_condition condition);

/* Does it take no new job before its maintenance? */
bool match_is_overdue(const struct world_printer *printer);

/* How each condition is read:
 * - material and colour are compared without regard to case, everything else byte by byte; what an
 *   order wishes of them may be a list (choice.h), and its material, when said, counts instead of
 *   the plate's;
 * - a box must lie within the volume.  On a round bed it is refused only when some side of the box
 *   lies wholly outside the circle: a print touches each side of its box, so it certainly does not
 *   fit then.  A corner of the box outside the circle proves nothing (a round part's box always has
 *   such corners);
 * - hours: unless the printer may run unattended, somebody must be there from the start to the
 *   planned end, in one stretch; a plate that needs a person needs that on every printer.
 * Texts are sentences without a full stop; foreign words in them are cut and made printable. */

void match_check(const struct world *world, const struct world_order *order,
	const struct world_plate *plate, const struct world_printer *printer, int64_t now_s,
	struct match_result *result);

/* Can this plate come to run on this printer without a person changing anything but beds and
 * reels of the same filament?  What match_check answers in can_without_person, spool weight apart,
 * without the words: for plans. */
bool match_can_plan(const struct world_order *order, const struct world_plate *plate,
	const struct world_printer *printer);

/* How well the loaded spool is what the order would rather have: 0 is best; materials count before
 * colours. */
int match_preference(const struct world_order *order, const struct world_printer *printer);

/* Is this spool known to hold too little for the plate, so that it must be changed first? */
bool match_is_short_of_grams(const struct world_plate *plate, const struct world_printer *printer);

/* May the print only run while somebody is there? */
bool match_needs_staff(const struct world_plate *plate, const struct world_printer *printer);

/* How long the plate takes on this printer, at least 1. */
int64_t match_duration_s(const struct world_plate *plate, const struct world_printer *printer);

#endif
