/* Who prints what, when: a full plan from (world, previous plan, now, seed, moves).
 *
 * Same inputs, same plan, however the moves are cut into steps.  The work is cut into moves so that
 * the caller's loop never waits: begin, step until it says that nothing is left, take the result.
 *
 * Orders are planned one after the other: those within their quota first, by priority (which grows
 * as they wait), then who has had less of the farm, then due date (none: last), then age.  Each
 * takes the printers and plates that finish it soonest, behind what is planned already, or in the
 * time that a printer would otherwise wait for its first planned start.  A print that may not run
 * unattended lies within one staffed stretch; after each print somebody clears the bed, which takes
 * clear_s of staffed time and start_delay_s more, and mounts a new reel of the same filament if the
 * old one is short.  A bed that is occupied, and a printer that is offline, is expected to be dealt
 * with in the same way, clear_s of staffed time after it began to wait; once that is past, after as
 * long again as it is past.  Printers that are disabled, locked, in need of attention or used by
 * hand are not counted on. */
#ifndef SCHEDULER_PLANNER_H
#define SCHEDULER_PLANNER_H

#include "scheduler/world.h"

/* One plate on one printer. */
struct planner_assignment {
	size_t order, plate, printer; /* indexes into the world that was planned */
	int64_t start_s, end_s;
	bool start_now; /* every condition is met: commit it */
};

struct planner_order_answer {
	/* Promised: when the last plate planned here ends; now when nothing is left to plan (what
	 * is printing is the caller's to add); -1: cannot be said (held, or no printer can). */
	int64_t done_s;
	int64_t units_planned;
	int64_t over_units; /* more than asked, because plates have the yield they have */
};

struct planner_result {
	size_t assignment_count;		     /* by start time, then printer */
	const struct planner_assignment *assignment; /* owned by the planner */
	size_t order_count;
	const struct planner_order_answer *order; /* same order as the world's */
	int64_t next_question_s; /* ask again at this time even if nothing happens; INT64_MAX: never
				  */
	/* Orders would be late, so that better plans were searched for: another seed may find one.
	 * The share by which the lateness is less than in the previous plan, whose promises all
	 * are kept; 0: it is that plan, or one for other facts. */
	bool was_searched;
	double gain;
	/* What was planned: borrowed, like the result itself.  The previous plan's orders and
	 * printers are found again by id and name through it; NULL: its indexes are those of the
	 * new world. */
	const struct world *world;
};

enum {
	PLANNER_AGEING_S =
		86400, /* an order that waits so long counts for a point of priority more */
	PLANNER_PLATES_MAX = 64,	   /* ways to make an order that are looked at */
	PLANNER_ASSIGNMENTS_MAX = 1 << 20, /* in one plan; orders beyond: done_s is -1 */
};

struct planner;

/* `previous` may be NULL; it serves to move as little as possible, and is read (with its world)
 * only during this call.  The world is borrowed until planner_destroy.  The seed is for the search
 * where orders would be late.  Takes time linear in both plans.  NULL without
 * memory. */
struct planner *planner_begin(const struct world *world, const struct planner_result *previous,
	int64_t now_s, uint64_t seed);
/* Does up to `moves` moves (at most some microseconds each); true: there is more to gain from
 * another step. */
bool planner_step(struct planner *planner, int64_t moves);
/* Valid until planner_destroy.  As long as the plan is not complete (the first steps returned
 * true) it holds no assignments and its answers cannot be said yet. */
const struct planner_result *planner_result(const struct planner *planner);
void planner_destroy(struct planner *planner);

#endif
