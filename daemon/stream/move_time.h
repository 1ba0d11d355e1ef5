/* How long the printer's planner has to do with a command: the time that the move's length and feed
 * rate take, nothing said about acceleration.  Pure.  The reading thread tells it with each command
 * (readahead.h), telemetry.h makes use of it. */
#ifndef DAEMON_STREAM_MOVE_TIME_H
#define DAEMON_STREAM_MOVE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct motion;

struct move_time {
	int32_t duration_us; /* 0: does not go through the planner */
	bool is_long;	     /* it may take minutes, and the printer reads on when it has ended */
};

/* Where the head is, by the commands so far. */
struct move_times {
	double at_mm[4]; /* X Y Z E */
	double feed_mm_min;
	bool relative, relative_e;
};

void move_times_init(struct move_times *times);

/* A command as gcode/command.h makes it. */
void move_time_of_command(
	struct move_times *times, const char *text, size_t length, struct move_time *time);
/* One that motion.h has read. */
void move_time_of_motion(
	struct move_times *times, const struct motion *motion, struct move_time *time);

#endif
