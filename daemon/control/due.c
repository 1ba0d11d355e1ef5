#include "daemon/control/due.h"

#include "base/error.h"

#include <ctype.h>
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { AHEAD_MAX_DAYS = 3650 };

static const char *const days[] = { "sunday", "monday", "tuesday", "wednesday", "thursday",
	"friday", "saturday" };

static struct tm local_of(int64_t time_s)
{
	time_t moment = (time_t)time_s;
	struct tm local;
	localtime_r(&moment, &local);
	return local;
}

/* A time of the day, that many days from today; across a change of the clocks 18:00 stays 18:00. */
static int64_t in_days(int64_t now_s, int day_count, int minute_of_day)
{
	struct tm local = local_of(now_s);
	local.tm_mday += day_count;
	local.tm_hour = 0;
	local.tm_min = minute_of_day;
	local.tm_sec = 0;
	local.tm_isdst = -1;
	return (int64_t)mktime(&local);
}

/* "fri", "Friday" or any beginning of at least two letters. -1: none. */
static int weekday_of(const char *text, size_t length)
{
	for (int i = 0; i < 7 && length >= 2; i++)
		if (length <= strlen(days[i]) && strncasecmp(text, days[i], length) == 0)
			return i;
	return -1;
}

/* "+3h", "+90m", "+2d", "+1w". */
static bool parse_ahead(const char *text, int64_t now_s, int64_t *due_s)
{
	static const struct {
		char letter;
		int64_t seconds;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 }, { 'w', 7 * 86400 } };
	int64_t number = 0;
	const char *at = text + 1;
	for (; isdigit((unsigned char)*at) && number < 1000000; at++)
		number = number * 10 + (*at - '0');
	if (at == text + 1 || !*at || at[1])
		return false;
	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (tolower((unsigned char)*at) != units[i].letter ||
			number > AHEAD_MAX_DAYS * INT64_C(86400) / units[i].seconds)
			continue;
		*due_s = now_s + number * units[i].seconds;
		return true;
	}
	return false;
}

/* Digits of exactly this many places. */
static bool take_digits(const char **text, int places, int *number)
{
	*number = 0;
	for (int i = 0; i < places; i++, (*text)++) {
		if (!isdigit((unsigned char)**text))
			return false;
		*number = *number * 10 + (**text - '0');
	}
	return true;
}

static bool take(const char **text, const char *any_of)
{
	if (!**text || !strchr(any_of, **text))
		return false;
	(*text)++;
	return true;
}

static bool is_word(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && strncasecmp(text, word, length) == 0;
}

/* "18:00" */
static bool parse_clock(const char *text, int *minute_of_day)
{
	int hour, minute;
	if (!take_digits(&text, 2, &hour) || !take(&text, ":") || !take_digits(&text, 2, &minute) ||
		*text || hour > 23 || minute > 59)
		return false;
	*minute_of_day = hour * 60 + minute;
	return true;
}

/* "today", "fri", "tomorrow 09:30"; a time alone is the next such time. */
static bool parse_day(const char *text, int64_t now_s, int64_t *due_s)
{
	size_t length = strcspn(text, " ");
	int weekday = weekday_of(text, length), minute = DUE_HOUR * 60, ahead;

	if (parse_clock(text, &minute)) {
		*due_s = in_days(now_s, 0, minute);
		if (*due_s <= now_s)
			*due_s = in_days(now_s, 1, minute);
		return true;
	}
	if (text[length] && !parse_clock(text + length + 1, &minute))
		return false;
	if (is_word(text, length, "today"))
		ahead = 0;
	else if (is_word(text, length, "tomorrow"))
		ahead = 1;
	else if (weekday >= 0)
		ahead = (weekday - local_of(now_s).tm_wday + 6) % 7 + 1;
	else
		return false;
	*due_s = in_days(now_s, ahead, minute);
	return true;
}

/* "2026-11-27", "2026-11-27T18:00", "2026-11-27 18:00:00"; the day must exist. */
static bool parse_date(const char *text, int64_t *due_s)
{
	int year, month, day, hour = DUE_HOUR, minute = 0, second = 0;
	if (!take_digits(&text, 4, &year) || !take(&text, "-") || !take_digits(&text, 2, &month) ||
		!take(&text, "-") || !take_digits(&text, 2, &day))
		return false;
	if (take(&text, "T ") && (!take_digits(&text, 2, &hour) || !take(&text, ":") ||
					 !take_digits(&text, 2, &minute)))
		return false;
	if (take(&text, ":") && !take_digits(&text, 2, &second))
		return false;
	if (*text || hour > 23 || minute > 59 || second > 59)
		return false;
	struct tm local = { .tm_year = year - 1900,
		.tm_mon = month - 1,
		.tm_mday = day,
		.tm_hour = hour,
		.tm_min = minute,
		.tm_sec = second,
		.tm_isdst = -1 };
	time_t moment = mktime(&local);
	if (moment == (time_t)-1 || local.tm_mday != day || local.tm_mon != month - 1)
		return false;
	*due_s = (int64_t)moment;
	return true;
}

int due_parse(const char *text, int64_t now_s, int64_t *due_s, struct error *error)
{
	if (!text[0] || strcasecmp(text, "none") == 0) {
		*due_s = 0;
		return 0;
	}
	if (text[0] == '+' ? parse_ahead(text, now_s, due_s)
			   : parse_day(text, now_s, due_s) || parse_date(text, due_s))
		return 0;
	error_set(error,
		"due \"%.40s\" is not understood: a weekday (fri), today, tomorrow, a date "
		"(2026-11-27), each with a time behind it if wanted (fri 12:00), a time alone "
		"(12:00), a time from now (+3h, +2d), or none",
		text);
	return -EINVAL;
}

int64_t due_week_start(int64_t now_s)
{
	struct tm local = local_of(now_s);
	local.tm_mday -= (local.tm_wday + 6) % 7;
	local.tm_hour = local.tm_min = local.tm_sec = 0;
	local.tm_isdst = -1;
	return (int64_t)mktime(&local);
}
