/* How sure a plan's promises are: the plan is lived through many times, with prints that take
 * longer or shorter than estimated, prints that fail and are made again, and people who come when
 * they come.  An order is done when its last print is made and taken off the bed.  Same question:
 * same answer, however it is cut into steps. */
#ifndef SCHEDULER_PROMISE_H
#define SCHEDULER_PROMISE_H

#include "scheduler/planner.h"

enum {
	PROMISE_LIVES_MAX = 150,    /* how often the plan is lived through at most, */
	PROMISE_LIVES_MIN = 30,	    /* and at least */
	PROMISE_PRINTS = 6000,	    /* lived through in all, between the two: some milliseconds */
	PROMISE_PRINTS_MAX = 20000, /* of a plan: of a larger one nothing is said */
	PROMISE_LOW_PERCENT = 10,
	PROMISE_LIKELY_PERCENT = 50,
	PROMISE_HIGH_PERCENT = 90,
};

/* When an order is done in this share of the lives. */
struct promise_band {
	int64_t low_s, likely_s, high_s; /* 0: cannot be said */
};

struct promise_question {
	const struct planner_result *plan; /* borrowed, with its world, until promise_destroy */
	int64_t now_s;
	uint64_t seed;
	/* Answers are numbered freely, so that two orders of the world may be one order of the
	 * caller, and so that one of which nothing is left to plan gets its answer too.  Both
	 * borrowed like the plan.  NULL: the world's orders, and nothing on the beds. */
	size_t answer_count;
	const size_t *answer_of; /* [order of the world] */
	const size_t *on_bed;	 /* [printer]: of what it prints or holds; PROMISE_NOTHING */
};

#define PROMISE_NOTHING SIZE_MAX

struct promise;

/* NULL: no memory, or the plan is too large. */
struct promise *promise_begin(const struct promise_question *question);
/* Lives through about so many prints; true: there is more to do. */
bool promise_step(struct promise *promise, int64_t prints);
/* One band for each answer.  After the last step; valid until promise_destroy. */
const struct promise_band *promise_result(const struct promise *promise);
void promise_destroy(struct promise *promise); /* takes NULL */

/* All at once, for each order of the plan's world, into `band`.  False: as promise_begin. */
bool promise_bands(
	const struct planner_result *plan, int64_t now_s, uint64_t seed, struct promise_band *band);

#endif
