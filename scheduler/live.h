/* A plan that lives with what happens: the caller changes the problem, says what has changed, and
 * has the plan mended and made better; what need not move stays where it is.
 *
 * Changes stand between live_begin and live_replan.  Prints that have been started leave the plan:
 * their printer's state is then the one after them.  Same changes, seeds and moves: same plan. */
#ifndef SCHEDULER_LIVE_H
#define SCHEDULER_LIVE_H

#include "scheduler/makers.h"
#include "scheduler/plan.h"
#include "scheduler/search.h"

struct live {
	struct problem *problem; /* borrowed */
	struct makers makers;
	struct plan plan;
	struct search search;
	bool has_search;
	double move_cost; /* share of the average lateness, or of the average print's length */
	/* Orders that may lack or have too much. */
	int32_t *changed, changed_count;
	size_t changed_capacity;
};

/* False without memory. */
bool live_init(struct live *live, struct problem *problem);
void live_finish(struct live *live);

void live_begin(struct live *live);
/* New, or other units. */
bool live_order(struct live *live, int32_t order);
/* Its state, or whether it is absent. */
void live_printer(struct live *live, int32_t printer);
/* The first print of this printer has been started: it leaves the plan. */
void live_started(struct live *live, int32_t printer);
/* Everything is planned again that has to be; the search begins.  False without memory. */
bool live_replan(struct live *live, uint64_t seed, int64_t moves_expected);

void live_step(struct live *live, int64_t moves);
/* The best plan so far becomes the plan. */
bool live_settle(struct live *live);

#endif
