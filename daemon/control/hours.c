/* Staffed hours; see hours.h. */
#include "daemon/control/hours.h"

#include <stdlib.h> /* qsort */
#include <string.h> /* strncmp */

enum { DAY_S = 86400, WEEK_S = 7 * DAY_S, WEEK_DAYS = 7 };

static const char *const day_names[WEEK_DAYS] = { "mon", "tue", "wed", "thu", "fri", "sat", "sun" };

static bool take(const char **text, char wanted)
{
	if (**text != wanted)
		return false;
	++*text;
	return true;
}

static int take_day(const char **text)
{
	for (int day = 0; day < WEEK_DAYS; day++) {
		if (strncmp(*text, day_names[day], 3) == 0) {
			*text += 3;
			return day;
		}
	}
	return -1;
}

/* "mon-fri", "sat,sun", "fri-mon", "daily" as a set of bits; 0: none of these. */
static unsigned take_days(const char **text)
{
	unsigned days = 0;

	if (strncmp(*text, "daily", 5) == 0) {
		*text += 5;
		return 0x7f;
	}
	do {
		int first = take_day(text), last = first;

		if (first >= 0 && take(text, '-'))
			last = take_day(text);
		if (first < 0 || last < 0)
			return 0;
		for (int day = first;; day = (day + 1) % WEEK_DAYS) {
			days |= 1u << day;
			if (day == last)
				break;
		}
	} while (take(text, ','));
	return days;
}

static int take_two_digits(const char **text)
{
	const char *at = *text;

	if (at[0] < '0' || at[0] > '9' || at[1] < '0' || at[1] > '9')
		return -1;
	*text += 2;
	return (at[0] - '0') * 10 + at[1] - '0';
}

/* "09:00" to "24:00" in seconds; -1: neither. */
static int take_time(const char **text)
{
	int hours = take_two_digits(text);

	if (hours < 0 || !take(text, ':'))
		return -1;
	int minutes = take_two_digits(text);

	if (minutes < 0 || minutes > 59 || hours > 24 || (hours == 24 && minutes > 0))
		return -1;
	return hours * 3600 + minutes * 60;
}

static bool add(struct config_hours *hours, size_t *count, int begin_s, int end_s)
{
	if (*count == CONFIG_HOURS_MAX)
		return false;
	hours[(*count)++] = (struct config_hours){ .begin_s = begin_s, .end_s = end_s };
	return true;
}

/* One window of one day, cut where the week ends. */
static bool add_day(struct config_hours *hours, size_t *count, int begin_s, int end_s)
{
	if (end_s <= WEEK_S)
		return add(hours, count, begin_s, end_s);
	return add(hours, count, begin_s, WEEK_S) && add(hours, count, 0, end_s - WEEK_S);
}

enum hours_result hours_parse(const char *text, struct config_hours *hours, size_t *count)
{
	unsigned days = take_days(&text);

	if (!days || !take(&text, ' '))
		return HOURS_BAD;
	while (*text == ' ')
		text++;
	int begin_s = take_time(&text);

	if (begin_s < 0 || begin_s == DAY_S || !take(&text, '-'))
		return HOURS_BAD;
	int end_s = take_time(&text);

	if (end_s < 0 || *text)
		return HOURS_BAD;
	if (end_s <= begin_s)
		end_s += DAY_S;
	for (int day = 0; day < WEEK_DAYS; day++)
		if (days & 1u << day)
			if (!add_day(hours, count, day * DAY_S + begin_s, day * DAY_S + end_s))
				return HOURS_TOO_MANY;
	return HOURS_OK;
}

static int by_begin(const void *one, const void *other)
{
	const struct config_hours *a = one, *b = other;

	return (a->begin_s > b->begin_s) - (a->begin_s < b->begin_s);
}

void hours_join(struct config_hours *hours, size_t *count)
{
	size_t kept = 0;

	qsort(hours, *count, sizeof *hours, by_begin);
	for (size_t i = 0; i < *count; i++) {
		if (kept && hours[i].begin_s <= hours[kept - 1].end_s &&
			hours[i].operators == hours[kept - 1].operators) {
			if (hours[i].end_s > hours[kept - 1].end_s)
				hours[kept - 1].end_s = hours[i].end_s;
		} else {
			hours[kept++] = hours[i];
		}
	}
	*count = kept;
}
