/* Makes the daemon's plan better where orders would be late: the same search as for benchmarks, on
 * the same kind of problem.
 *
 * A plan in which everybody is in time, or with one order only, is left alone.  What was
 * to begin within half an hour stays, and never are more units made than before. */
#ifndef SCHEDULER_IMPROVE_H
#define SCHEDULER_IMPROVE_H

#include "scheduler/planner.h"

enum {
	IMPROVE_FROZEN_S = 1800,    /* what starts within this time does not move */
	IMPROVE_MOVES_A_PRINT = 60, /* of the search */
	IMPROVE_MOVES_MAX = 30000,
	IMPROVE_PRINTS_MAX = 20000,	/* a plan of more gains next to nothing in seconds */
	IMPROVE_PRINTS_A_MOVE = 32,	/* timed anew; a move that has more to do costs several */
	IMPROVE_WORK_MAX = 512 * 30000, /* prints timed anew, in all */
};

struct improve;
struct previous;

/* `release_s`: before which nothing of each order starts.  Begins at what is planned, or at the
 * previous plan if that is better.  NULL: there is nothing to gain, it is too large, or there is no
 * memory. */
struct improve *improve_create(const struct world *world, const struct previous *previous,
	const int64_t *release_s, int64_t now_s, uint64_t seed,
	const struct planner_assignment *planned, size_t planned_count);
void improve_destroy(struct improve *improve);

/* Does about `moves` moves, at least one of the search, and says how many; 0: it has ended. */
int64_t improve_step(struct improve *improve, int64_t moves);

/* After improve_take: the share of the cost by which it is better than the previous plan, which it
 * began with; 0: it is that plan, or began elsewhere. */
double improve_gain(const struct improve *improve);

/* The better plan; at most `capacity` assignments are written.  How many there are; 0: the old
 * plan is as good. */
size_t improve_take(struct improve *improve, struct planner_assignment *planned, size_t capacity);

#endif
