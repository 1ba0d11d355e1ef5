/* Who has had how much of the farm: quotas for a period, and a fair share among people.
 *
 * What is started for somebody counts at once, in full: filament, hours and units as the file says.
 * A quota compares what was started since its period began with its limits.  The fair share looks
 * at hours that fade: half of them are forgotten each week. */
#ifndef SCHEDULER_SHARE_H
#define SCHEDULER_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum share_period { SHARE_DAY, SHARE_WEEK, SHARE_MONTH, SHARE_PERIODS };
enum { SHARE_FADE_S = 604800 }; /* hours count half after it */

/* When the periods that are going on began. */
struct share_periods {
	int64_t begin_s[SHARE_PERIODS];
};

struct share_use {
	double grams, hours;
	int64_t units;
};

/* Limits; 0: none. */
struct share_quota {
	struct share_use most;
	enum share_period per;
};

/* Of one user, or one project. */
struct share_account {
	struct share_periods periods; /* that `used` is about */
	struct share_use used[SHARE_PERIODS];
	double faded_h; /* as of faded_s */
	int64_t faded_s;
};

/* Something was started at `at_s`, which is not before what was counted so far. */
void share_count(struct share_account *account, const struct share_periods *periods, int64_t at_s,
	const struct share_use *use);

/* Since the period that is going on began. */
struct share_use share_used(const struct share_account *account,
	const struct share_periods *periods, enum share_period per);
double share_faded_h(const struct share_account *account, int64_t now_s);

enum share_limit { SHARE_WITHIN, SHARE_GRAMS, SHARE_HOURS, SHARE_UNITS };
/* The first limit that is used up. */
enum share_limit share_limit_reached(const struct share_quota *quota, const struct share_use *used);

/* Steps in which people are told apart: each is about twice as many hours as the one before. */
int32_t share_step(double hours);

/* An order in the line of its user. */
struct share_order {
	size_t user;
	int32_t priority;
	int64_t due_s, id; /* due 0: not said */
	size_t index;	   /* the caller's */
	double hours;	   /* that it will take */
	int32_t step;	   /* answer: how far back it stands */
};

/* Sets `step` from what the users had (faded hours, by user) and from their own orders before it:
 * who has many orders stands behind others with all but the first.  The orders are sorted by user.
 */
void share_line_up(struct share_order *order, size_t count, const double *had_h);

#endif
