/* How long the moves take; see time_model.h.
 *
 * Classic jerk: Marlin 1.1 (planner.cpp, buffer_steps); joint jerk: Marlin 1.0; junction deviation:
 * Marlin 2 (planner.cpp, populate_block) and Klipper (toolhead.py). */
#include "gcode/time_model.h"

#include <math.h>   /* acos, fabs, hypot, sqrt */
#include <string.h> /* memmove, memset */

/* Slower than anything real: keeps a feed that was never set from dividing by zero. */
#define SPEED_MIN_MM_S	 0.05 /* Marlin's MINIMUM_PLANNER_SPEED, too */
#define ACCELERATION_MIN 1.0
#define DISTANCE_MIN_MM	 1e-9
#define ARC_SEGMENT_MM	 1.0		     /* Marlin's MM_PER_ARC_SEGMENT */
#define KLIPPER_CORNER	 0.41421356237309515 /* sqrt(2) - 1 */
/* Marlin 2: corners flatter than 45 degrees between moves under 1 mm belong to a curve. */
#define FLAT_CORNER_COS -0.7071067812
#define SMALL_MOVE_MM	1.0

void time_model_init(struct time_model *model, const struct time_limits *limits)
{
	memset(model, 0, offsetof(struct time_model, block));
	model->limits = *limits;
	model->factor = 1;
}

/* ---- one move ---------------------------------------------------------------------------- */

/* Direction at both ends, as mm of each axis per mm of path. */
struct path {
	double distance_mm;
	double start[MODAL_AXES], end[MODAL_AXES];
	bool extruder_moves, moves, is_arc;
	double radius_mm;
};

static void tangents(const struct modal_move *move, struct path *path)
{
	double turn = move->clockwise ? -1 : 1;
	double planar = move->radius_mm * move->angle_rad / path->distance_mm;
	double from_x = move->from_mm[MODAL_X] - move->centre_mm[0];
	double from_y = move->from_mm[MODAL_Y] - move->centre_mm[1];
	double to_x = move->to_mm[MODAL_X] - move->centre_mm[0];
	double to_y = move->to_mm[MODAL_Y] - move->centre_mm[1];
	double scale = turn * planar / move->radius_mm;

	path->start[MODAL_X] = -from_y * scale;
	path->start[MODAL_Y] = from_x * scale;
	path->end[MODAL_X] = -to_y * scale;
	path->end[MODAL_Y] = to_x * scale;
	path->is_arc = true;
	path->radius_mm = move->radius_mm;
}

/* False: it goes nowhere. */
static bool measure(const struct modal_move *move, struct path *path)
{
	double delta[MODAL_AXES], square, inverse;

	for (int axis = 0; axis < MODAL_AXES; axis++)
		delta[axis] = move->to_mm[axis] - move->from_mm[axis];
	if (move->is_arc)
		path->distance_mm = hypot(move->radius_mm * move->angle_rad, delta[MODAL_Z]);
	else {
		square = delta[MODAL_X] * delta[MODAL_X] + delta[MODAL_Y] * delta[MODAL_Y] +
			 delta[MODAL_Z] * delta[MODAL_Z];
		path->distance_mm = sqrt(square);
	}
	path->moves = path->distance_mm > DISTANCE_MIN_MM;
	path->extruder_moves = delta[MODAL_E] != 0;
	path->is_arc = false;
	path->radius_mm = 0;
	if (!path->moves)
		path->distance_mm = fabs(delta[MODAL_E]);
	if (!(path->distance_mm > DISTANCE_MIN_MM))
		return false;
	inverse = 1 / path->distance_mm;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		path->start[axis] = path->end[axis] = delta[axis] * inverse;
	if (move->is_arc && path->moves)
		tangents(move, path);
	return true;
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

static double smaller(double a, double b)
{
	return a < b ? a : b;
}

/* Share of the path's speed that an axis takes at most. */
static double share(const struct path *path, int axis)
{
	double size = fabs(path->start[axis]);

	return path->is_arc ? larger(size, fabs(path->end[axis])) : size;
}

/* With junction deviation an arc is passed like the fine corners that firmware makes of it: no
 * faster than its centripetal acceleration allows.  Classic jerk does not see corners that fine. */
static double arc_speed(const struct time_limits *limits, double radius_mm, double acceleration)
{
	double angle = smaller(ARC_SEGMENT_MM / radius_mm, 1);
	double flat = 1 - cos(angle / 2), square = acceleration * radius_mm;

	if (limits->square_corner_mm_s <= 0)
		square = smaller(
			square, acceleration * limits->junction_deviation_mm * (1 - flat) / flat);
	return larger(sqrt(square), SPEED_MIN_MM_S);
}

static double asked_speed(const struct time_limits *limits, const struct path *path, double feed)
{
	double slowest =
		path->extruder_moves ? limits->slowest_print_mm_s : limits->slowest_travel_mm_s;

	return larger(feed, larger(slowest, SPEED_MIN_MM_S));
}

static double cruise_speed(const struct time_limits *limits, const struct path *path, double wanted)
{
	double cruise = wanted;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double part = share(path, axis);

		if (limits->speed_mm_s[axis] > 0 && wanted * part > limits->speed_mm_s[axis])
			cruise = smaller(cruise, limits->speed_mm_s[axis] / part);
	}
	return cruise;
}

static double pick_acceleration(const struct time_limits *limits, const struct path *path)
{
	double value = !path->moves	      ? limits->retract_mm_s2
		       : path->extruder_moves ? limits->print_mm_s2
					      : limits->travel_mm_s2;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double part = share(path, axis), limit = limits->acceleration_mm_s2[axis];

		if (limit > 0 && value * part > limit && !(limits->is_repetier && axis <= MODAL_Y))
			value = limits->axis_sets_all ? limit : limit / part;
	}
	return value > ACCELERATION_MIN ? value : ACCELERATION_MIN;
}

static bool by_deviation(const struct time_limits *limits)
{
	return limits->junction_deviation_mm > 0 || limits->square_corner_mm_s > 0;
}

/* Marlin 1.0: half the jerk to stop, and half to start again. */
static double joint_safe_speed(
	const struct time_limits *limits, const struct path *path, double cruise)
{
	double speed = smaller(cruise, limits->jerk_mm_s[MODAL_X] / 2);

	for (int axis = MODAL_Z; axis <= MODAL_E; axis++)
		if (cruise * share(path, axis) > limits->jerk_mm_s[axis] / 2)
			speed = smaller(speed, limits->jerk_mm_s[axis] / 2);
	return speed;
}

/* The speed from which the machine may stop at once. */
static double safe_speed(const struct time_limits *limits, const struct path *path, double cruise)
{
	double speed = cruise;

	if (by_deviation(limits))
		return smaller(cruise, SPEED_MIN_MM_S);
	if (limits->joint_jerk)
		return joint_safe_speed(limits, path, cruise);
	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double part = share(path, axis), jerk = limits->jerk_mm_s[axis];

		if (speed * part > jerk || (limits->safe_is_jerk && cruise * part > jerk))
			speed = limits->safe_is_jerk ? smaller(speed, jerk) : jerk / part;
	}
	return speed;
}

/* Classic jerk: the axes' changes of speed at the corner stay below their jerk when both sides are
 * slowed by the same factor. */
static double jerk_corner(
	const struct time_model *model, const struct path *path, double cruise, double safe)
{
	bool slower_now = model->previous_feed_mm_s > cruise;
	double speed = slower_now ? cruise : model->previous_feed_mm_s;
	double exit_scale = slower_now ? cruise / model->previous_feed_mm_s : 1;
	double factor = 1;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double jerk_max = model->limits.jerk_mm_s[axis];
		double out = model->previous_axes[axis] * exit_scale * factor;
		double in = path->start[axis] * cruise * factor, jerk;

		/* Against each other, an axis stops in between. */
		jerk = out * in < 0 ? larger(fabs(out), fabs(in)) : fabs(out - in);
		if (jerk > jerk_max)
			factor *= jerk_max / jerk;
	}
	speed *= factor;
	/* Stopping and starting by jerk alone is faster than this corner. */
	if (model->previous_safe_mm_s > speed * 0.99 && safe > speed * 0.99)
		speed = safe;
	return smaller(speed, cruise);
}

/* Marlin 1.0: one jerk for the plane, and the sides are not scaled to each other. */
static double joint_corner(const struct time_model *model, const struct path *path, double cruise)
{
	const double *jerk = model->limits.jerk_mm_s;
	double change[MODAL_AXES], plane, factor = 1;

	for (int axis = 0; axis < MODAL_AXES; axis++)
		change[axis] = fabs(path->start[axis] * cruise - model->previous_axes[axis]);
	plane = sqrt(change[MODAL_X] * change[MODAL_X] + change[MODAL_Y] * change[MODAL_Y]);
	if (plane > jerk[MODAL_X])
		factor = jerk[MODAL_X] / plane;
	for (int axis = MODAL_Z; axis <= MODAL_E; axis++)
		if (change[axis] * factor > jerk[axis])
			factor = jerk[axis] / change[axis];
	return smaller(model->previous_cruise_mm_s, cruise * factor);
}

/* Marlin 2: the acceleration that the axes allow in the direction in which the corner turns. */
static double along_junction(
	const struct time_model *model, const struct path *path, double acceleration)
{
	double change[MODAL_AXES], length = 0;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		change[axis] = fabs(path->start[axis] - model->previous_axes[axis]);
		length += change[axis] * change[axis];
	}
	length = sqrt(length);
	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double limit = model->limits.acceleration_mm_s2[axis];

		if (limit > 0 && acceleration * change[axis] > limit * length)
			acceleration = limit * length / change[axis];
	}
	return acceleration;
}

/* The speed on a circle that touches both moves and stays within the deviation of the corner. */
static double deviation_corner(
	const struct time_model *model, const struct path *path, double acceleration, double cruise)
{
	const struct time_limits *limits = &model->limits;
	double cosine = 0, half, square, fastest = smaller(cruise, model->previous_cruise_mm_s);

	for (int axis = 0; axis < MODAL_AXES; axis++)
		cosine -= model->previous_axes[axis] * path->start[axis];
	if (cosine > 0.999999)
		return smaller(fastest, SPEED_MIN_MM_S);
	cosine = larger(cosine, -0.999999);
	half = sqrt(0.5 * (1 - cosine));
	if (limits->square_corner_mm_s > 0)
		square = limits->square_corner_mm_s * limits->square_corner_mm_s * KLIPPER_CORNER *
			 half / (1 - half);
	else
		square = along_junction(model, path, acceleration) * limits->junction_deviation_mm *
			 half / (1 - half);
	if (limits->square_corner_mm_s <= 0 && path->distance_mm < SMALL_MOVE_MM &&
		cosine < FLAT_CORNER_COS)
		square = smaller(square, path->distance_mm * acceleration / acos(-cosine));
	return square < fastest * fastest ? sqrt(square) : fastest;
}

/* ---- the window -------------------------------------------------------------------------- */

/* Backward: each move begins as fast as its corner allows and as what follows can still be braked
 * for.  Forward: and as the one before gets. */
static void plan(struct time_model *model)
{
	struct time_block *block = model->block;
	size_t last = model->count - 1;
	double next2 = block[last].safe_mm_s * block[last].safe_mm_s;

	for (size_t i = last; i > 0; i--) {
		double entry2 = next2 + 2 * block[i].acceleration_mm_s2 * block[i].distance_mm;

		next2 = block[i].entry2 = smaller(entry2, block[i].entry2_max);
	}
	if (model->limits.loose_starts)
		return;
	for (size_t i = 0; i < last; i++) {
		double exit2 =
			block[i].entry2 + 2 * block[i].acceleration_mm_s2 * block[i].distance_mm;

		if (exit2 < block[i + 1].entry2)
			block[i + 1].entry2 = exit2;
	}
}

/* Speed up, cruise, slow down; without cruising when there is no room.  `entry` and `exit` are the
 * roots of the squares. */
static double trapezoid_s(const struct time_block *block, double exit2, double entry, double exit)
{
	double cruise = block->cruise_mm_s, distance = block->distance_mm;
	double a = block->acceleration_mm_s2, peak;
	double ramps = (2 * cruise * cruise - block->entry2 - exit2) / (2 * a);

	if (ramps <= distance)
		return (2 * cruise - entry - exit) / a + (distance - ramps) / cruise;
	peak = sqrt(a * distance + (block->entry2 + exit2) / 2);
	/* The next move's beginning is out of reach, or this one's too fast for it: all of it is
	 * one ramp. */
	if (peak < exit)
		return 2 * distance / (entry + sqrt(block->entry2 + 2 * a * distance));
	if (peak < entry)
		return 2 * distance / (entry + sqrt(larger(block->entry2 - 2 * a * distance, 0)));
	return (2 * peak - entry - exit) / a;
}

static void spend(struct time_model *model, uint32_t tag, double time_s)
{
	time_s *= model->factor;
	model->elapsed_s += time_s;
	if (model->on_spent)
		model->on_spent(model->context, tag, time_s);
}

/* The first `count` moves leave the window. */
static void release(struct time_model *model, size_t count)
{
	struct time_block *block = model->block;
	double entry;

	plan(model);
	entry = sqrt(block[0].entry2);
	for (size_t i = 0; i < count; i++) {
		bool is_last = i + 1 == model->count;
		double exit2 =
			is_last ? block[i].safe_mm_s * block[i].safe_mm_s : block[i + 1].entry2;
		double exit = is_last ? block[i].safe_mm_s : sqrt(exit2);

		spend(model, block[i].tag, trapezoid_s(&block[i], exit2, entry, exit));
		entry = exit;
	}
	model->count -= count;
	memmove(block, block + count, model->count * sizeof *block);
}

void time_model_move(
	struct time_model *model, const struct modal_move *move, double feed_mm_min, uint32_t tag)
{
	const struct time_limits *limits = &model->limits;
	struct path path;
	struct time_block *block;
	double asked, cruise, acceleration, safe, entry;
	bool deviation = by_deviation(limits);

	if (!measure(move, &path))
		return;
	if (model->count == TIME_MODEL_WINDOW)
		release(model, TIME_MODEL_WINDOW - TIME_MODEL_KEPT);
	asked = asked_speed(limits, &path, feed_mm_min / 60);
	cruise = cruise_speed(limits, &path, asked);
	acceleration = pick_acceleration(limits, &path);
	if (path.is_arc && deviation)
		cruise = smaller(cruise, arc_speed(limits, path.radius_mm, acceleration));
	safe = safe_speed(limits, &path, cruise);
	entry = !model->has_previous ? safe
		: deviation	     ? deviation_corner(model, &path, acceleration, cruise)
		: limits->joint_jerk ? joint_corner(model, &path, cruise)
				     : jerk_corner(model, &path, cruise, safe);
	block = &model->block[model->count++];
	block->distance_mm = path.distance_mm;
	block->acceleration_mm_s2 = acceleration;
	block->cruise_mm_s = cruise;
	block->safe_mm_s = safe;
	block->entry2_max = entry * entry;
	block->entry2 = block->entry2_max;
	block->tag = tag;
	model->has_previous = true;
	model->previous_feed_mm_s = limits->asked_corners ? asked : cruise;
	model->previous_cruise_mm_s = cruise;
	model->previous_safe_mm_s = safe;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		model->previous_axes[axis] = path.end[axis] * (deviation ? 1 : cruise);
}

void time_model_wait(struct time_model *model, double wait_s, uint32_t tag)
{
	if (model->count > 0)
		release(model, model->count);
	model->has_previous = false;
	if (wait_s > 0)
		spend(model, tag, wait_s);
}

double time_model_finish(struct time_model *model)
{
	time_model_wait(model, 0, 0);
	return model->elapsed_s;
}
