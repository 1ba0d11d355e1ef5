/* How long a printed bed really waits; see clearing.h. */
#include "scheduler/clearing.h"

#include <string.h> /* memcpy */

/* So many waits weigh as much as what is expected without them. */
static const double WEIGHT_OF_PRIOR = 6, WEIGHT_OF_ALL = 6, WEIGHT_OF_TIME_OF_DAY = 4;

enum { HOURS_A_DAY = 24 };

/* How much longer than expected all waits are. */
static double factor_of_all(const struct clearing *clearing)
{
	double share = WEIGHT_OF_PRIOR, count = WEIGHT_OF_PRIOR;

	for (size_t i = 0; i < CLEARING_HOURS; i++) {
		double prior_s = clearing->prior_s[i] > 0 ? clearing->prior_s[i] : 1;

		share += (double)clearing->sum_s[i] / prior_s;
		count += clearing->count[i];
	}
	return share / count;
}

static void expect(struct clearing *clearing)
{
	double factor = factor_of_all(clearing);

	for (size_t i = 0; i < CLEARING_HOURS; i++) {
		double sum_s = WEIGHT_OF_ALL * factor * clearing->prior_s[i], count = WEIGHT_OF_ALL;

		for (size_t same = i % HOURS_A_DAY; same < CLEARING_HOURS; same += HOURS_A_DAY) {
			sum_s += (double)clearing->sum_s[same];
			count += clearing->count[same];
		}
		sum_s = WEIGHT_OF_TIME_OF_DAY * sum_s / count + (double)clearing->sum_s[i];
		count = WEIGHT_OF_TIME_OF_DAY + clearing->count[i];
		clearing->wait_s[i] = (int32_t)(sum_s / count + 0.5);
	}
}

void clearing_init(struct clearing *clearing, const int32_t prior_s[CLEARING_HOURS])
{
	*clearing = (struct clearing){ 0 };
	clearing_set_prior(clearing, prior_s);
}

void clearing_set_prior(struct clearing *clearing, const int32_t prior_s[CLEARING_HOURS])
{
	memcpy(clearing->prior_s, prior_s, sizeof clearing->prior_s);
	expect(clearing);
}

void clearing_learn(struct clearing *clearing, int hour, int64_t wait_s)
{
	struct clearing_wait *slot = &clearing->ring[clearing->next];

	if (clearing->kept == CLEARING_KEPT) {
		clearing->sum_s[slot->hour] -= slot->wait_s;
		clearing->count[slot->hour]--;
	} else {
		clearing->kept++;
	}
	if (wait_s < 0)
		wait_s = 0;
	if (wait_s > CLEARING_LONGEST_S)
		wait_s = CLEARING_LONGEST_S;
	*slot = (struct clearing_wait){ (int32_t)wait_s, (uint8_t)(hour % CLEARING_HOURS) };
	clearing->sum_s[slot->hour] += slot->wait_s;
	clearing->count[slot->hour]++;
	clearing->next = (clearing->next + 1) % CLEARING_KEPT;
	expect(clearing);
}

int clearing_hour(const struct calendar *calendar, int64_t at_s)
{
	return (int)(calendar_second_of_opening(calendar, at_s) / 3600);
}

int64_t clearing_wait_s(
	const struct clearing *clearing, const struct calendar *calendar, int64_t at_s)
{
	return clearing->wait_s[clearing_hour(calendar, at_s)];
}

int64_t clearing_mean_s(const struct clearing *clearing)
{
	int64_t sum_s = 0;

	for (size_t i = 0; i < CLEARING_HOURS; i++)
		sum_s += clearing->sum_s[i];
	return clearing->kept > 0 ? sum_s / (int64_t)clearing->kept : 0;
}
