/* Dates of a configuration; see dates.h. */
#include "daemon/control/dates.h"

#include <stdio.h>
#include <string.h>

enum { DAY_S = 86400, YEAR_MIN = 2000, YEAR_MAX = 2199 };

static bool is_leap(int year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int days_of_month(int year, int month)
{
	static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

	return days[month - 1] + (month == 2 && is_leap(year) ? 1 : 0);
}

int64_t dates_day(int year, int month, int day)
{
	int64_t days = 0;

	for (int y = 1970; y < year; y++)
		days += is_leap(y) ? 366 : 365;
	for (int m = 1; m < month; m++)
		days += days_of_month(year, m);
	return days + day - 1;
}

static bool take_digits(const char **text, int count, int *number)
{
	*number = 0;
	for (int i = 0; i < count; i++) {
		char digit = (*text)[i];

		if (digit < '0' || digit > '9')
			return false;
		*number = *number * 10 + digit - '0';
	}
	*text += count;
	return true;
}

static bool take(const char **text, const char *wanted)
{
	size_t length = strlen(wanted);

	if (strncmp(*text, wanted, length) != 0)
		return false;
	*text += length;
	return true;
}

static bool take_date(const char **text, int64_t *day)
{
	int year, month, date;

	if (!take_digits(text, 4, &year) || !take(text, "-") || !take_digits(text, 2, &month) ||
		!take(text, "-") || !take_digits(text, 2, &date))
		return false;
	if (year < YEAR_MIN || year > YEAR_MAX || month < 1 || month > 12 || date < 1 ||
		date > days_of_month(year, month))
		return false;
	*day = dates_day(year, month, date);
	return true;
}

static bool take_time(const char **text, int *second)
{
	int hour, minute;

	if (!take_digits(text, 2, &hour) || !take(text, ":") || !take_digits(text, 2, &minute))
		return false;
	*second = hour * 3600 + minute * 60;
	return minute < 60 && *second <= DAY_S;
}

bool dates_parse(const char *text, struct config_span *span)
{
	int64_t first, last;
	int begin_s = 0, end_s = DAY_S;

	if (!take_date(&text, &first))
		return false;
	last = first;
	if (take(&text, "..")) {
		if (!take_date(&text, &last) || last < first)
			return false;
	} else if (take(&text, " ")) {
		if (!take_time(&text, &begin_s) || begin_s == DAY_S || !take(&text, "-") ||
			!take_time(&text, &end_s))
			return false;
		if (end_s <= begin_s)
			end_s += DAY_S;
	}
	*span = (struct config_span){ .begin_s = first * DAY_S + begin_s,
		.end_s = last * DAY_S + end_s };
	return *text == '\0';
}
