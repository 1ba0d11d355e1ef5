/* What a machine's planner may do: speeds, accelerations, and how corners are taken.
 *
 * Known from commands (M201 to M205, M566, Klipper's SET_VELOCITY_LIMIT), from the slicer's
 * configuration block, or, when nobody says anything, from what the slicer assumed. */
#ifndef GCODE_TIME_LIMITS_H
#define GCODE_TIME_LIMITS_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/modal.h"

struct lexer_line;

/* What was stated, so that the rest can be told from it. */
enum time_limits_part {
	TIME_LIMITS_SPEED = 1,	      /* M203 */
	TIME_LIMITS_AXES = 2,	      /* M201 */
	TIME_LIMITS_ACCELERATION = 4, /* M204 */
	TIME_LIMITS_CORNER = 8,	      /* M205, M566 */
	TIME_LIMITS_ALL = 15,
};

enum { TIME_LIMITS_TOOLS_MAX = 8 };

struct time_limits {
	double speed_mm_s[MODAL_AXES];	       /* M203; 0: no limit */
	double acceleration_mm_s2[MODAL_AXES]; /* M201; 0: no limit */
	double jerk_mm_s[MODAL_AXES];	       /* M205 X Y Z E */
	bool joint_jerk; /* X and Y together (Marlin 1.0 and Cura's estimate), from jerk_mm_s[X] */
	double print_mm_s2, travel_mm_s2, retract_mm_s2; /* M204 P T R */
	/* What M204 may not go beyond (PrusaSlicer's configuration block); 0: no bound.  And what
	 * it asked for at most. */
	double print_max_mm_s2, travel_max_mm_s2, retract_max_mm_s2;
	double print_asked_mm_s2, travel_asked_mm_s2, retract_asked_mm_s2;
	double slowest_print_mm_s, slowest_travel_mm_s; /* M205 S T */
	double junction_deviation_mm; /* M205 J: corners by it and not by jerk; 0: by jerk */
	double square_corner_mm_s;    /* Klipper: the speed of a right angle; 0: not Klipper */
	/* What a multi-material unit takes to load and unload a tool's filament. */
	double load_s[TIME_LIMITS_TOOLS_MAX], unload_s[TIME_LIMITS_TOOLS_MAX];
	/* Plan as PrusaSlicer and its descendants estimate (GCodeProcessor.cpp) and not as Marlin
	 * does, so that the figures compare.  Their estimate has changed, so that it goes by
	 * version; together 0.3 % of a print. */
	bool safe_is_jerk;  /* the first axis above its jerk sets the speed to stop from, not its
			       share */
	bool axis_sets_all; /* the same with accelerations (until 2.9.3, and Prusa-Firmware 3) */
	bool loose_starts;  /* a move may begin faster than the one before it gets (until 2.8.0) */
	bool asked_corners; /* a corner's speed goes by the feed that the move before asked for,
			       also where an axis is too slow for it */
	/* What has no time in its figure: dwells (G4), and firmware's retractions (G10, G11). */
	bool skips_dwell, skips_retraction;
	bool skips_arcs; /* nor had arcs, which it did not write itself (until 2.7) */
	bool is_repetier; /* M201 and M202 are the accelerations of print and travel */
	unsigned stated;  /* by commands: enum time_limits_part */
};

/* Takes over limits that a command sets; false: it sets none. */
bool time_limits_command(struct time_limits *limits, const struct lexer_line *line);

/* A Klipper macro line, of which only SET_VELOCITY_LIMIT counts. */
bool time_limits_macro(struct time_limits *limits, const struct lexer_line *line);

/* One "machine_max_... = 500,200" of PrusaSlicer's or its descendants' configuration block (the
 * first value is that of the normal mode); false: it is another key. */
bool time_limits_setting(struct time_limits *limits, const char *key, size_t key_length,
	const char *value, size_t value_length);

/* Puts what `stated` has been told by commands over *limits. */
void time_limits_overlay(struct time_limits *limits, const struct time_limits *stated);

/* Whether a plan with `better` would differ from the one that was begun with `planned` and that
 * ended with what commands said in *now. */
bool time_limits_differ(const struct time_limits *better, const struct time_limits *planned,
	const struct time_limits *now);

/* What slicers assume of a machine that they know nothing of, and how they plan.  PrusaSlicer and
 * its descendants: its own default printer.  Cura: by the name of the machine's definition, which
 * stands in its last comment.  Others, and no slicer: a common Marlin machine. */
void time_limits_assumed(struct time_limits *limits, const char *slicer, const char *definition);

#endif
