#include "daemon/stream/move_time.h"

#include "gcode/command.h"
#include "gcode/lexer.h"
#include "gcode/motion.h"

#include <math.h>

enum {
	AXES = 4,
	DURATION_MAX_US = 600000000,
};
static const double feed_default_mm_min = 1500; /* as Marlin starts */

void move_times_init(struct move_times *times)
{
	*times = (struct move_times){ .feed_mm_min = feed_default_mm_min };
}

static const enum motion_word axis_words[AXES] = { MOTION_X, MOTION_Y, MOTION_Z, MOTION_E };

static double move_us(struct move_times *times, const struct motion *motion)
{
	double space = 0, extrusion = 0, length;

	if (motion_has(motion, MOTION_F) && motion->value[MOTION_F] > 0)
		times->feed_mm_min = motion->value[MOTION_F];
	for (int i = 0; i < AXES; i++) {
		bool relative = i == 3 ? times->relative_e : times->relative;
		double step;

		if (!motion_has(motion, axis_words[i]))
			continue;
		step = motion->value[axis_words[i]] - (relative ? 0 : times->at_mm[i]);
		times->at_mm[i] += step;
		if (i < 3)
			space += step * step;
		else
			extrusion = fabs(step);
	}
	length = space > 0 ? sqrt(space) : extrusion;
	return length * 60e6 / times->feed_mm_min;
}

static void set_position(struct move_times *times, const struct motion *motion)
{
	for (int i = 0; i < AXES; i++)
		if (motion_has(motion, axis_words[i]))
			times->at_mm[i] = motion->value[axis_words[i]];
}

static double line_us(struct move_times *times, const struct lexer_line *line)
{
	struct motion motion;

	if (line->kind != LEXER_COMMAND || (line->letter != 'G' && line->letter != 'M'))
		return 0;
	if (line->letter == 'M') {
		if (line->code == 82 || line->code == 83)
			times->relative_e = line->code == 83;
		return 0;
	}
	motion_from_line(line, &motion);
	switch (line->code) {
	case 0:
	case 1:
	case 2:
	case 3:
		return move_us(times, &motion);
	case 90:
	case 91:
		times->relative = times->relative_e = line->code == 91;
		return 0;
	case 92:
		set_position(times, &motion);
		return 0;
	default:
		return 0;
	}
}

static int32_t limited(double us)
{
	return (int32_t)(us < DURATION_MAX_US ? us : DURATION_MAX_US);
}

void move_time_of_motion(
	struct move_times *times, const struct motion *motion, struct move_time *time)
{
	time->duration_us = limited(move_us(times, motion));
	time->is_long = false;
}

void move_time_of_command(
	struct move_times *times, const char *text, size_t length, struct move_time *time)
{
	struct lexer_line line;
	struct motion motion;

	if (motion_read_command(text, length, &motion)) {
		move_time_of_motion(times, &motion, time);
		return;
	}
	lexer_read(text, length, &line);
	time->duration_us = limited(line_us(times, &line));
	time->is_long = time->duration_us == 0 && command_classify(text, length) == COMMAND_LONG;
}
