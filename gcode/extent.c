/* The space that moves take; see extent.h. */
#include "gcode/extent.h"

#include <math.h> /* atan2, cos, fmod, hypot, sin */

#include "gcode/modal.h"
#include "gcode/profile.h"

#define PI	     3.141592653589793
#define TWO_PI	     (2 * PI)
#define TOLERANCE_MM 0.05

void extent_add_point(struct extent *extent, const double point_mm[3])
{
	for (int axis = 0; axis < 3; axis++) {
		if (!extent->any || point_mm[axis] < extent->min_mm[axis])
			extent->min_mm[axis] = point_mm[axis];
		if (!extent->any || point_mm[axis] > extent->max_mm[axis])
			extent->max_mm[axis] = point_mm[axis];
	}
	extent->any = true;
}

static double start_angle(const struct modal_move *move)
{
	return atan2(move->from_mm[MODAL_Y] - move->centre_mm[1],
		move->from_mm[MODAL_X] - move->centre_mm[0]);
}

/* Does the arc pass the direction `angle` of its centre? */
static bool sweeps(const struct modal_move *move, double angle)
{
	double turned = angle - start_angle(move);

	if (move->clockwise)
		turned = -turned;
	turned = fmod(turned, TWO_PI);
	if (turned < 0)
		turned += TWO_PI;
	return turned <= move->angle_rad;
}

void extent_add_move(struct extent *extent, const struct modal_move *move)
{
	extent_add_point(extent, move->from_mm);
	extent_add_point(extent, move->to_mm);
	if (!move->is_arc)
		return;
	for (int quarter = 0; quarter < 4; quarter++) {
		static const double x[4] = { 1, 0, -1, 0 }, y[4] = { 0, 1, 0, -1 };
		double point[3] = { move->centre_mm[0] + x[quarter] * move->radius_mm,
			move->centre_mm[1] + y[quarter] * move->radius_mm, move->from_mm[MODAL_Z] };

		if (sweeps(move, quarter * PI / 2))
			extent_add_point(extent, point);
	}
}

static bool outside(double value, double min, double max, struct extent_breach *breach)
{
	if (value < min - TOLERANCE_MM) {
		breach->value_mm = value;
		breach->limit_mm = min;
		return true;
	}
	if (value > max + TOLERANCE_MM) {
		breach->value_mm = value;
		breach->limit_mm = max;
		return true;
	}
	return false;
}

/* Farthest distance from the bed's centre: an end, or the side of the arc that looks away. */
static double farthest(const struct modal_move *move)
{
	double distance = hypot(move->to_mm[MODAL_X], move->to_mm[MODAL_Y]);

	if (!move->is_arc)
		return distance;
	double centre = hypot(move->centre_mm[0], move->centre_mm[1]);
	if (sweeps(move, atan2(move->centre_mm[1], move->centre_mm[0])) &&
		centre + move->radius_mm > distance)
		distance = centre + move->radius_mm;
	return distance;
}

bool extent_leaves(const struct modal_move *move, const struct profile *profile, unsigned axes,
	struct extent_breach *breach)
{
	struct extent reach = { .any = false };
	const double *min = profile->volume_min_mm, *max = profile->volume_max_mm;
	int first = profile->shape == PROFILE_ROUND ? MODAL_Z : MODAL_X;

	if (profile->shape == PROFILE_ROUND && (axes & 3) == 3) {
		breach->axis = 3;
		if (outside(farthest(move), 0, max[0], breach))
			return true;
	}
	extent_add_point(&reach, move->to_mm);
	if (move->is_arc)
		extent_add_move(&reach, move);
	for (breach->axis = first; breach->axis <= MODAL_Z; breach->axis++) {
		int axis = breach->axis;

		if (!(axes & 1U << axis))
			continue;
		if (outside(reach.min_mm[axis], min[axis], max[axis], breach) ||
			outside(reach.max_mm[axis], min[axis], max[axis], breach))
			return true;
	}
	return false;
}
