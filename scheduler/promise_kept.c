/* What promises that were kept or broken say about the next ones; see promise_kept.h. */
#include "scheduler/promise_kept.h"

#include <stdlib.h> /* qsort */
#include <string.h> /* memcpy */

/* What an hour counts in which nobody is there: prints go on, and beds are not cleared. */
static const double CLOSED = 0.05;
/* Added to both sides of a score: of an order that takes minutes, minutes say little. */
static const double GRACE_S = 900;
/* As if so many orders had been made before the first: nine of ten in the time of the model, one
 * well behind it. */
static const double expected[] = { 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 1.0, 1.25 };

enum { EXPECTED_COUNT = sizeof expected / sizeof *expected, FAR_S = 400 * 86400 };

static double measure(const struct calendar *calendar, int64_t from_s, int64_t to_s)
{
	if (to_s <= from_s)
		return 0;
	double all_s = (double)(to_s - from_s);
	double staffed_s = (double)calendar_staffed_s(calendar, from_s, to_s);

	return staffed_s + CLOSED * (all_s - staffed_s);
}

double promise_score(const struct calendar *calendar, int64_t made_s, int64_t model_s, int64_t at_s)
{
	return (measure(calendar, made_s, at_s) + GRACE_S) /
	       (measure(calendar, made_s, model_s) + GRACE_S);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double promise_stretch(const double *score, size_t count)
{
	double all[PROMISE_SCORES_MAX + EXPECTED_COUNT];

	if (count > PROMISE_SCORES_MAX)
		count = PROMISE_SCORES_MAX;
	if (count > 0)
		memcpy(all, score, count * sizeof *score);
	memcpy(all + count, expected, sizeof expected);
	count += EXPECTED_COUNT;
	qsort(all, count, sizeof *all, by_size);
	/* Rounded up: one more order, the next, is to be among those that keep theirs. */
	size_t rank = ((count + 1) * PROMISE_AIM_PERCENT + 99) / 100;

	return all[rank > count ? count - 1 : rank - 1];
}

int64_t promise_stretched_s(
	const struct calendar *calendar, int64_t made_s, int64_t model_s, double stretch)
{
	double wanted_s = (measure(calendar, made_s, model_s) + GRACE_S) * stretch - GRACE_S;
	int64_t low_s = made_s, high_s = made_s + FAR_S;

	if (wanted_s <= 0)
		return made_s;
	while (high_s - low_s > 1) {
		int64_t middle_s = low_s + (high_s - low_s) / 2;

		if (measure(calendar, made_s, middle_s) < wanted_s)
			low_s = middle_s;
		else
			high_s = middle_s;
	}
	return high_s;
}
