/* What promises that were kept or broken say about the next ones.
 *
 * The model of promise.h says by when an order is done in nine of ten lives.  Farms live by other
 * laws; so each order that is done leaves a score, how far it came of the time that the model
 * gave it, and the next promises are stretched so that nine of ten of the latest orders would have
 * kept theirs (split conformal prediction: whatever the laws are, as long as they stay).  Time is
 * measured as people work: an hour in which nobody is there counts little, so that what is a little
 * late on Friday evening is promised for Monday morning. */
#ifndef SCHEDULER_PROMISE_KEPT_H
#define SCHEDULER_PROMISE_KEPT_H

#include "scheduler/calendar.h"

enum {
	PROMISE_SCORES_MAX = 300, /* of the latest orders */
	PROMISE_PERCENT = 90,	  /* of the promises are to be kept */
	/* Of the latest orders: a little more, because farms change, orders that come together are
	 * late together, and those that take long are known last. */
	PROMISE_AIM_PERCENT = 91,
};

/* at_s as a share of the way from made_s to model_s, the time that the model gave. */
double promise_score(
	const struct calendar *calendar, int64_t made_s, int64_t model_s, int64_t at_s);

/* The share that is right for the next promise; Of few scores it is cautious. */
double promise_stretch(const double *score, size_t count);

/* When that share is used up; never before made_s. */
int64_t promise_stretched_s(
	const struct calendar *calendar, int64_t made_s, int64_t model_s, double stretch);

#endif
