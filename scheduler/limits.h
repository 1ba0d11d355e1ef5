/* A plan held against what printers share and what wears out: the farm's power, and maintenance.
 *
 * Starts keep their order on each printer and are put off, never forward: until enough power is
 * free for the peak of heating up, and until maintenance that has become due is done (in staffed
 * time, behind the print that used the hours up).  Behind a print that is put off others follow, as
 * people and hours allow.  Where nothing is short nothing moves. */
#ifndef SCHEDULER_LIMITS_H
#define SCHEDULER_LIMITS_H

#include "scheduler/planner.h"

struct limits;

/* Does the world know any of these limits? */
bool limits_matter(const struct world *world);

/* `planned` is by start; the times in it are corrected in place.  Both are borrowed.  NULL without
 * memory. */
struct limits *limits_create(const struct world *world, int64_t now_s,
	struct planner_assignment *planned, size_t planned_count);
void limits_destroy(struct limits *limits);

/* One move.  False: all are placed. */
bool limits_move(struct limits *limits);

#endif
