/* How long the moves take: the planner that firmware runs.
 *
 * Trapezoids with look-ahead, classic jerk at the corners, limits per axis and per kind of move
 * (M201 to M205, M566).  Junction deviation is not modelled yet; its limits are read as no jerk.
 * Fixed memory: a window of moves is planned together, the older half leaves it for good. */
#ifndef GCODE_TIME_MODEL_H
#define GCODE_TIME_MODEL_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/modal.h"

struct lexer_line;

struct time_limits {
	double speed_mm_s[MODAL_AXES];			 /* M203; 0: no limit */
	double acceleration_mm_s2[MODAL_AXES];		 /* M201; 0: no limit */
	double jerk_mm_s[MODAL_AXES];			 /* M205 X Y Z E */
	double print_mm_s2, travel_mm_s2, retract_mm_s2; /* M204 P T R */
	bool is_repetier; /* M201 and M202 are the accelerations of print and travel */
};

/* Where neither file nor slicer says anything: a common 8 bit Marlin machine. */
extern const struct time_limits time_limits_default;

enum { TIME_MODEL_WINDOW = 64 };

struct time_block {
	double distance_mm, acceleration_mm_s2;
	double cruise_mm_s, entry_mm_s, entry_max_mm_s, safe_mm_s;
};

struct time_model {
	struct time_limits limits;
	double elapsed_s; /* of the moves that have left the window, and waits */
	bool has_previous;
	double previous_cruise_mm_s, previous_safe_mm_s;
	double previous_speed_mm_s[MODAL_AXES]; /* at its end */
	size_t first, count;
	struct time_block block[TIME_MODEL_WINDOW]; /* a ring */
};

void time_model_init(struct time_model *model, const struct time_limits *limits);

/* Takes over limits that the file sets; ignores other commands. */
void time_model_command(struct time_model *model, const struct lexer_line *line);

/* A move at this feed (mm/min, speed factor applied). */
void time_model_move(struct time_model *model, const struct modal_move *move, double feed_mm_min);

/* The machine comes to rest and waits. */
void time_model_wait(struct time_model *model, double wait_s);

/* Until rest, everything included. */
double time_model_finish(struct time_model *model);

#endif
