/* A plan held against what printers share and what wears out: the farm's power, people's hands, and
 * maintenance.
 *
 * Starts keep their order on each printer and are put off, never forward: until what their order
 * waits for is off its beds; until enough power is free for the peak of heating up; until somebody
 * has got round to the bed, where beds are cleared one after another in the order in which prints
 * end, by as many people as are there; and until maintenance that has become due is done (in staffed
 * time, behind the print that used the hours up).  Behind a print that is put off others follow, as people and hours allow.  Where nothing is
 * short nothing moves. */
#ifndef SCHEDULER_LIMITS_H
#define SCHEDULER_LIMITS_H

#include "scheduler/planner.h"

struct limits;

enum { LIMITS_PEOPLE_MAX = 32 }; /* more are as good as no limit */

/* Does the world know any of these limits? */
bool limits_matter(const struct world *world);

/* `planned` is by start; the times in it are corrected in place.  Both are borrowed.  NULL without
 * memory. */
struct limits *limits_create(const struct world *world, int64_t now_s,
	struct planner_assignment *planned, size_t planned_count);
void limits_destroy(struct limits *limits);

/* One move.  False: all are placed. */
bool limits_move(struct limits *limits);

/* When all are placed: the plan by start, then printer, into `sorted`, which is as long.  False: it
 * is not sorted, because people never come to some. */
bool limits_take(const struct limits *limits, struct planner_assignment *sorted);

#endif
