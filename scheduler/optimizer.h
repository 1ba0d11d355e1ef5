/* The planner's heart: a full plan of a problem, in small steps.
 *
 * First a plan is made (construct.c; batch.c for one large order), then it is
 * made better (search.c).  Same problem, previous plan, seed and moves: same plan, however the
 * moves are cut into steps. */
#ifndef SCHEDULER_OPTIMIZER_H
#define SCHEDULER_OPTIMIZER_H

#include "scheduler/plan.h"

struct optimizer_options {
	uint64_t seed;
	int64_t moves_expected;		  /* the search cools down in so many; 0: no search */
	const struct plan_copy *previous; /* what stays of an older plan, in this problem's ids */
	double move_cost;		  /* of a print on another printer than in it */
};

struct optimizer;

/* The problem is borrowed.  NULL without memory. */
struct optimizer *optimizer_create(
	const struct problem *problem, const struct optimizer_options *options);
void optimizer_destroy(struct optimizer *optimizer);

/* True: there is more to gain from another step. */
bool optimizer_step(struct optimizer *optimizer, int64_t moves);
/* The best plan so far; NULL without memory. */
const struct plan *optimizer_plan(struct optimizer *optimizer);

#endif
