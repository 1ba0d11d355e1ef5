/* How sure a plan's promises are: the plan is lived through many times, with prints that take
 * longer or shorter than estimated, prints that fail and are made again, and people who come when
 * they come.  Same plan and seed: same answer. */
#ifndef SCHEDULER_PROMISE_H
#define SCHEDULER_PROMISE_H

#include "scheduler/planner.h"

enum {
	PROMISE_LIVES_MAX = 200,    /* how often the plan is lived through */
	PROMISE_LIVES_MIN = 20,	    /* less say nothing */
	PROMISE_PRINTS_MAX = 20000, /* lived through in all: some milliseconds */
	PROMISE_LOW_PERCENT = 10,
	PROMISE_HIGH_PERCENT = 90,
};

/* When an order is done in all but some of the lives. */
struct promise_band {
	int64_t low_s, high_s; /* 0: cannot be said */
};

/* One band for each order of the plan's world, into `band`.  False: the plan is too large, or there
 * is no memory. */
bool promise_bands(
	const struct planner_result *plan, int64_t now_s, uint64_t seed, struct promise_band *band);

#endif
