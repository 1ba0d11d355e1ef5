/* A first plan: puts everything that is not planned yet behind what is. */
#ifndef SCHEDULER_CONSTRUCT_H
#define SCHEDULER_CONSTRUCT_H

#include "scheduler/makers.h"
#include "scheduler/plan.h"

enum { INSERTED_MAX = 32 }; /* orders for which construct_inserted is quick enough */

/* Makespan: longest first, each to the printer that ends it first; clearing, changes, reels and
 * hours counted.  False without memory. */
bool construct_list(struct plan *plan, const struct makers *makers);

/* The same for these orders only. */
bool construct_orders(
	struct plan *plan, const struct makers *makers, const int32_t *order, size_t count);

/* Lateness: each of these orders where it adds least to the cost of the plan. */
bool construct_inserted(
	struct plan *plan, const struct makers *makers, const int32_t *order, size_t count);

/* Lateness: whenever a printer is free it takes what is most urgent for its weight (ATC). */
bool construct_dispatch(struct plan *plan, const struct makers *makers);

#endif
