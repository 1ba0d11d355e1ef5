/* When each printer is free, and what it would best print next.
 *
 * A printer's time is used from the front.  The first time that a planned start has to wait (for
 * staffed hours), the time before it stays open as a gap that a later order may use, as long as the
 * bed is cleared again before that start. */
#ifndef SCHEDULER_TIMELINE_H
#define SCHEDULER_TIMELINE_H

#include "scheduler/calendar.h"
#include "scheduler/world.h"

/* How far one printer's time is used up. */
struct timeline_cursor {
	int64_t free_s; /* nothing starts before */
	/* The gap: from free_s to gap_end_s; after it the printer is free at resume_s.  0: none. */
	int64_t gap_end_s, resume_s;
};

struct timeline_printer {
	bool counts; /* may be planned with */
	/* It waits for a person, or for its cable, twice as long as usual already, or nobody knows
	 * since when: an order does not wait for it. */
	bool is_overdue;
	struct timeline_cursor cursor;
};

struct timeline {
	const struct world *world; /* borrowed */
	struct calendar calendar;
	struct calendar noise; /* when noisy printers may run */
	int64_t now_s;
	int64_t visit_s; /* when a printer is ready that a person begins to deal with now */
	struct timeline_printer *printer; /* owned; one per printer of the world */
};

/* One plate on one printer. */
struct timeline_slot {
	size_t plate;
	int32_t yield;
	bool in_gap;
	int64_t start_s, end_s;
	int64_t ready_s; /* the bed is cleared and the next print may start */
};

/* What is asked of timeline_next. */
struct timeline_wish {
	const struct world_order *order;
	uint64_t plates;      /* bit i: plate i may be used */
	int64_t units;	      /* more than this is worth nothing */
	int64_t limit_s;      /* must end by then */
	int64_t not_before_s; /* nor start before */
};

/* False without memory. */
bool timeline_init(struct timeline *timeline, const struct world *world, int64_t now_s);
void timeline_finish(struct timeline *timeline);

/* When the bed of a print that ended at ended_s is empty again and the start delay over. */
int64_t timeline_after_visit(const struct timeline *timeline, int64_t ended_s);

/* The first moment from at_s on at which a print may start there that needs staff, or none, so that
 * it ends in time for everybody. */
int64_t timeline_start_from(const struct timeline *timeline, size_t printer, bool needs_staff,
	int64_t at_s, int64_t length_s);

/* The plate that yields most per time until the printer is ready again, of those that end by the
 * limit; on a tie the one that ends first.  Moves the cursor behind it.  False: no plate. */
bool timeline_next(const struct timeline *timeline, size_t printer,
	const struct timeline_wish *wish, struct timeline_cursor *cursor,
	struct timeline_slot *slot);

/* Uses up the printer's time: slots in the order of their starts. */
void timeline_commit(struct timeline *timeline, size_t printer, const struct timeline_slot *slot);

#endif
