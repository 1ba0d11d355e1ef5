/* How a file's printing time goes over its commands: a first layer's commands are slow, infill's
 * are quick, so that half of the commands is seldom half of the time.  Kept as a short text beside
 * the file, for progress and remaining time. */
#ifndef GCODE_PACE_H
#define GCODE_PACE_H

#include <stddef.h>
#include <stdint.h>

enum {
	PACE_POINTS = 64,
	PACE_TEXT_MAX = 3 * PACE_POINTS + 1, /* thousandths of the time, three digits each */
};

/* What is known of one place in the file: an analysis' layer. */
struct pace_point {
	int64_t command; /* so many commands stand before it */
	double start_s;	 /* and take so long */
};

/* Writes the text from points in the order of the file; "" when they tell nothing. */
void pace_write(char text[PACE_TEXT_MAX], const struct pace_point *point, size_t count,
	int64_t commands, double time_s);

/* The share of the time that is over with this share of the commands (0 to 1); the same share when
 * the text tells nothing. */
double pace_time_share(const char *text, double command_share);

#endif
