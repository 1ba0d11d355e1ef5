/* A first plan: puts everything that is not planned yet behind what is. */
#ifndef SCHEDULER_CONSTRUCT_H
#define SCHEDULER_CONSTRUCT_H

#include "scheduler/makers.h"
#include "scheduler/plan.h"

/* Makespan: longest first, each to the printer that ends it first; clearing, changes, reels and
 * hours counted.  False without memory. */
bool construct_list(struct plan *plan, const struct makers *makers);

/* Lateness: whenever a printer is free it takes what is most urgent for its weight (ATC). */
bool construct_dispatch(struct plan *plan, const struct makers *makers);

#endif
