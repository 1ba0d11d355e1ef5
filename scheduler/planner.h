/* Who prints what, when: a full plan from (world, previous plan, now, seed, moves).
 *
 * Same inputs, same plan.  The work is cut into moves so that the caller's loop never waits:
 * begin, step until it says done or the budget is used up, take the result. */
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
	int64_t done_s; /* promised; -1: cannot be said (no printer can) */
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
};

struct planner;

/* `previous` may be NULL; it serves to move as little as possible.  The world is borrowed until
 * planner_destroy.  NULL without memory. */
struct planner *planner_begin(const struct world *world, const struct planner_result *previous,
	int64_t now_s, uint64_t seed);
/* Does up to `moves` moves; true: there is more to gain from another step. */
bool planner_step(struct planner *planner, int64_t moves);
/* Valid after the first step returned, until planner_destroy. */
const struct planner_result *planner_result(const struct planner *planner);
void planner_destroy(struct planner *planner);

#endif
