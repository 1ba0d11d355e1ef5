/* How a file's time goes over its commands; see pace.h. */
#include "gcode/pace.h"

#include <stdbool.h>
#include <string.h> /* strlen */

enum { DIGITS = 3, WHOLE = 1000 };

static bool is_ordered(
	const struct pace_point *point, size_t count, int64_t commands, double time_s)
{
	int64_t command = 0;
	double start_s = 0;

	for (size_t i = 0; i < count; i++) {
		if (point[i].command < command || point[i].command > commands ||
			!(point[i].start_s >= start_s) || !(point[i].start_s <= time_s * 1.001))
			return false;
		command = point[i].command;
		start_s = point[i].start_s;
	}
	return count > 0 && commands > 0 && time_s > 0;
}

/* Between two places the time goes evenly. */
static double time_at(const struct pace_point *point, size_t count, int64_t commands, double time_s,
	double command)
{
	struct pace_point before = { 0, 0 }, after = { commands, time_s };
	double span;

	for (size_t i = 0; i < count; i++) {
		if ((double)point[i].command > command) {
			after = point[i];
			break;
		}
		before = point[i];
	}
	span = (double)(after.command - before.command);
	if (!(span > 0))
		return before.start_s;
	return before.start_s +
	       (after.start_s - before.start_s) * (command - (double)before.command) / span;
}

void pace_write(char text[PACE_TEXT_MAX], const struct pace_point *point, size_t count,
	int64_t commands, double time_s)
{
	text[0] = '\0';
	if (!is_ordered(point, count, commands, time_s))
		return;
	for (int i = 0; i < PACE_POINTS; i++) {
		double command = (double)commands * (i + 1) / (PACE_POINTS + 1);
		double share = time_at(point, count, commands, time_s, command) / time_s;
		int thousandths = (int)(share * WHOLE + 0.5);

		thousandths = thousandths > WHOLE - 1 ? WHOLE - 1 : thousandths;
		text[DIGITS * i] = (char)('0' + thousandths / 100);
		text[DIGITS * i + 1] = (char)('0' + thousandths / 10 % 10);
		text[DIGITS * i + 2] = (char)('0' + thousandths % 10);
	}
	text[DIGITS * PACE_POINTS] = '\0';
}

/* The i-th number, 0 before the first and 1 behind the last; negative: that is none. */
static double share_at(const char *text, int i)
{
	int thousandths = 0;

	if (i == 0)
		return 0;
	if (i > PACE_POINTS)
		return 1;
	for (int digit = 0; digit < DIGITS; digit++) {
		char c = text[DIGITS * (i - 1) + digit];

		if (c < '0' || c > '9')
			return -1;
		thousandths = thousandths * 10 + (c - '0');
	}
	return (double)thousandths / WHOLE;
}

double pace_time_share(const char *text, double command_share)
{
	double place = command_share * (PACE_POINTS + 1), before, after;
	int index;

	if (!(command_share > 0) || strlen(text) != DIGITS * PACE_POINTS)
		return command_share > 0 ? command_share : 0;
	if (command_share >= 1)
		return 1;
	index = (int)place;
	before = share_at(text, index);
	after = share_at(text, index + 1);
	if (before < 0 || after < before)
		return command_share;
	return before + (after - before) * (place - index);
}
