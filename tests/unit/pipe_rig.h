/* What tests of the dialects without line numbers add to sender_rig.h: without a number a command
 * is known by its text alone, so the ground truth is held against the file in order. */
#ifndef TESTS_UNIT_PIPE_RIG_H
#define TESTS_UNIT_PIPE_RIG_H

#include "tests/unit/sender_rig.h"

#define PIPE_RIG_LIMIT_US INT64_C(1200000000)

/* Warm, booted in 0.3 s, with a park position. */
void pipe_rig_init(struct rig *rig, const char *dialect, const char *firmware, uint64_t seed);
/* Ambient temperature again. */
void pipe_rig_cold(struct rig *rig);
struct sim_status pipe_rig_truth(const struct rig *rig);
/* "FAULT ARGUMENTS" as on the simulator's control socket. */
void pipe_rig_fault(struct rig *rig, const char *words);
/* Presses until the printer has taken it: a screen's macro waits for its turn. */
void pipe_rig_press_when_idle(struct rig *rig, const char *command);
/* Closes the port and opens it again. */
void pipe_rig_reopen(struct rig *rig);
/* The port goes and comes as the board's USB does; opens it when it is there.  False: never ready.
 */
bool pipe_rig_until_ready(struct rig *rig);

struct pipe_verdict {
	size_t in_order;	     /* commands of the file, each once, in order */
	size_t behind;		     /* executed behind the first that is missing, but in order */
	char wrong[RIG_COMMAND_MAX]; /* neither the file's next nor one of the host's */
};
struct pipe_verdict pipe_rig_judge(const struct rig *rig);

#endif
