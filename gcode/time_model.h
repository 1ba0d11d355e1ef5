/* How long the moves take: the planner that firmware runs.
 *
 * Trapezoids with look-ahead; at the corners classic jerk (Marlin 1, Prusa, RepRapFirmware) or
 * junction deviation (Marlin 2, Klipper); limits per axis and per kind of move (time_limits.h).
 * Fixed memory: a window of moves is planned together, all but the newest leave it for good. */
#ifndef GCODE_TIME_MODEL_H
#define GCODE_TIME_MODEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/modal.h"
#include "gcode/time_limits.h"

enum {
	TIME_MODEL_WINDOW = 192,
	/* Stay to be planned with what follows: sixteen blocks give the same second as all. */
	TIME_MODEL_KEPT = 48,
};

struct time_block {
	double distance_mm, acceleration_mm_s2;
	double cruise_mm_s, safe_mm_s;
	double entry2, entry2_max; /* squares of speeds: what the planning needs */
	uint32_t tag;		   /* the caller's */
};

/* Called for each move when its time is known, in order. */
typedef void time_model_spent(void *context, uint32_t tag, double time_s);

struct time_model {
	struct time_limits limits;
	double elapsed_s; /* of the moves that have left the window, and waits */
	double factor;	  /* all times are multiplied by it; 1 unless the caller sets another */
	time_model_spent *on_spent; /* NULL: none */
	void *context;
	bool has_previous;
	double previous_feed_mm_s; /* that corners go by */
	double previous_cruise_mm_s, previous_safe_mm_s;
	double previous_axes[MODAL_AXES]; /* speeds at its end; direction for junction deviation */
	size_t count;
	struct time_block block[TIME_MODEL_WINDOW];
};

void time_model_init(struct time_model *model, const struct time_limits *limits);

/* A move at this feed (mm/min, speed factor applied).  `tag` comes back with its time. */
void time_model_move(
	struct time_model *model, const struct modal_move *move, double feed_mm_min, uint32_t tag);

/* The machine comes to rest and waits. */
void time_model_wait(struct time_model *model, double wait_s, uint32_t tag);

/* Until rest, everything included. */
double time_model_finish(struct time_model *model);

#endif
