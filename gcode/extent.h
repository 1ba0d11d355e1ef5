/* The space that moves take, arcs by their true extent, and whether a machine has it. */
#ifndef GCODE_EXTENT_H
#define GCODE_EXTENT_H

#include <stdbool.h>

struct modal_move;
struct profile;

struct extent {
	bool any;
	double min_mm[3], max_mm[3];
};

void extent_add_point(struct extent *extent, const double point_mm[3]);

/* Both ends and, for an arc, what bulges beyond them. */
void extent_add_move(struct extent *extent, const struct modal_move *move);

struct extent_breach {
	int axis;	 /* 0 to 2; 3: the distance from the centre of a round bed */
	double value_mm; /* where it goes */
	double limit_mm;
};

/* True, and *breach, when the move leaves the profile's volume on an axis whose bit is set in
 * `axes`.  A hair is allowed: files and profiles are rounded. */
bool extent_leaves(const struct modal_move *move, const struct profile *profile, unsigned axes,
	struct extent_breach *breach);

#endif
