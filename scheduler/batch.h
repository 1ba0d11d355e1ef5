/* Few large orders on many printers: dynamic programming over each printer's time and reel.
 *
 * Printers are independent of each other when people are not scarce.  With a price for a unit of
 * each order, the most that a printer can be worth by any time is found exactly (up to the grid):
 * states are (when it can be dealt with next, what is loaded, grams left), worse ones are dropped.
 * The time by which all printers together are worth enough is the plan's length.  Of several orders
 * the prices are raised where too little is made and lowered where too much is. */
#ifndef SCHEDULER_BATCH_H
#define SCHEDULER_BATCH_H

#include "scheduler/makers.h"
#include "scheduler/plan.h"

struct batch;

/* Is this problem of that kind? */
bool batch_suits(const struct problem *problem, const struct makers *makers);

/* For what the plan lacks.  grid_s: how finely times are told apart.  NULL without memory. */
struct batch *batch_create(const struct plan *plan, const struct makers *makers, int64_t grid_s);
void batch_destroy(struct batch *batch);

/* Looks at up to this many states.  True: it goes on. */
bool batch_step(struct batch *batch, int64_t states);
/* When it has ended: how long the plan would be. */
int64_t batch_length_s(const struct batch *batch);
/* When it has ended: puts the prints behind what is planned.  False without memory. */
bool batch_apply(const struct batch *batch, struct plan *plan);

#endif
