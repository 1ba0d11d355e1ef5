/* The daemon's world as a problem in numbers: each order is a part of its own and each printer a
 * kind of its own, whose options are the plates that may run there.  Only translates. */
#ifndef SCHEDULER_WORLD_PROBLEM_H
#define SCHEDULER_WORLD_PROBLEM_H

#include "scheduler/problem.h"
#include "scheduler/timeline.h"

enum { WORLD_PROBLEM_CELLS_MAX = 1 << 15 }; /* orders x printers; more is not translated */

struct world_problem {
	struct problem problem;
	int32_t *plate_of; /* option: index of the order's plate; owned */
};

/* `timeline` is fresh: where each printer stands now (nothing of an order starts before its
 * release_s); borrowed, for its calendars.  False: too
 * large, or without memory. */
bool world_problem_init(struct world_problem *translated, const struct timeline *timeline,
	const int64_t *release_s);
void world_problem_finish(struct world_problem *translated);

/* The option that is this plate on this printer; -1: it may not run there. */
int32_t world_problem_option(
	const struct world_problem *translated, size_t order, size_t printer, size_t plate);

/* What a second of lateness of the order weighs: doubles with each ten points of priority, and an
 * order that has waited for a day counts as one point more. */
int32_t world_problem_weight(const struct world_order *order, int64_t now_s);

#endif
