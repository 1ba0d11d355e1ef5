/* Who has had how much of the farm; see share.h. */
#include "scheduler/share.h"

#include <math.h>   /* exp2, log2 */
#include <stdlib.h> /* qsort */

void share_count(struct share_account *account, const struct share_periods *periods, int64_t at_s,
	const struct share_use *use)
{
	for (int per = 0; per < SHARE_PERIODS; per++) {
		struct share_use *used = &account->used[per];

		if (account->periods.begin_s[per] != periods->begin_s[per]) {
			*used = (struct share_use){ 0 };
			account->periods.begin_s[per] = periods->begin_s[per];
		}
		if (at_s < periods->begin_s[per])
			continue;
		used->grams += use->grams;
		used->hours += use->hours;
		used->units += use->units;
	}
	account->faded_h = share_faded_h(account, at_s) + use->hours;
	account->faded_s = at_s;
}

struct share_use share_used(const struct share_account *account,
	const struct share_periods *periods, enum share_period per)
{
	if (account->periods.begin_s[per] != periods->begin_s[per])
		return (struct share_use){ 0 };
	return account->used[per];
}

double share_faded_h(const struct share_account *account, int64_t now_s)
{
	double since_s = (double)(now_s - account->faded_s);

	return since_s > 0 ? account->faded_h * exp2(-since_s / SHARE_FADE_S) : account->faded_h;
}

enum share_limit share_limit_reached(const struct share_quota *quota, const struct share_use *used)
{
	const struct share_use *most = &quota->most;

	if (most->grams > 0 && used->grams >= most->grams)
		return SHARE_GRAMS;
	if (most->hours > 0 && used->hours >= most->hours)
		return SHARE_HOURS;
	if (most->units > 0 && used->units >= most->units)
		return SHARE_UNITS;
	return SHARE_WITHIN;
}

int32_t share_step(double hours)
{
	return hours > 0 ? (int32_t)log2(1 + hours) : 0;
}

/* By user, and as the user's own orders would be done. */
static int compare(const void *a, const void *b)
{
	const struct share_order *x = a, *y = b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	if (x->priority != y->priority)
		return x->priority > y->priority ? -1 : 1;
	if (x->due_s != y->due_s) {
		bool x_first = y->due_s == 0 || (x->due_s != 0 && x->due_s < y->due_s);

		return x_first ? -1 : 1;
	}
	return (x->id > y->id) - (x->id < y->id);
}

void share_line_up(struct share_order *order, size_t count, const double *had_h)
{
	double hours = 0;

	qsort(order, count, sizeof *order, compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || order[i].user != order[i - 1].user)
			hours = had_h[order[i].user];
		order[i].step = share_step(hours);
		hours += order[i].hours;
	}
}
