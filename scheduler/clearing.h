/* How long a printed bed really waits until somebody has cleared it, by the hour of the week in
 * which it begins to wait.
 *
 * Learnt from what happened, beginning with what is expected of each hour (the prior): an hour of
 * which little is known is judged by the same hour of the other days, that by all hours, and all by
 * the prior.  Waits are staffed time: a bed that waits over a night has waited for nobody.  The
 * latest CLEARING_KEPT waits count, each alike, so that the same waits in the same order give the
 * same numbers. */
#ifndef SCHEDULER_CLEARING_H
#define SCHEDULER_CLEARING_H

#include "scheduler/calendar.h"

enum {
	CLEARING_HOURS = WORLD_WEEK_S / 3600,
	CLEARING_KEPT = 2000,
	CLEARING_LONGEST_S = 86400, /* a wait longer than this counts as this */
};

struct clearing_wait {
	int32_t wait_s;
	uint8_t hour; /* of the week */
};

struct clearing {
	int32_t prior_s[CLEARING_HOURS];
	int32_t wait_s[CLEARING_HOURS]; /* expected; kept true by all that is below */
	int64_t sum_s[CLEARING_HOURS];
	int32_t count[CLEARING_HOURS];
	size_t kept, next; /* of the ring */
	struct clearing_wait ring[CLEARING_KEPT];
};

/* Nothing is known yet. */
void clearing_init(struct clearing *clearing, const int32_t prior_s[CLEARING_HOURS]);

/* Other priors; what was learnt stays. */
void clearing_set_prior(struct clearing *clearing, const int32_t prior_s[CLEARING_HOURS]);

/* A bed that began to wait in this hour of the week was cleared after wait_s of staffed time. */
void clearing_learn(struct clearing *clearing, int hour, int64_t wait_s);

/* In which hour the wait of a bed that holds a finished print from at_s on begins: somebody must be
 * there.  Below CLEARING_HOURS. */
int clearing_hour(const struct calendar *calendar, int64_t at_s);

/* How long a bed that holds a finished print from at_s on is expected to wait, in staffed time. */
int64_t clearing_wait_s(
	const struct clearing *clearing, const struct calendar *calendar, int64_t at_s);

/* The average of the waits that count; 0: there are none. */
int64_t clearing_mean_s(const struct clearing *clearing);

#endif
