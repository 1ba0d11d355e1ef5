/* How long the moves take; see time_model.h. */
#include "gcode/time_model.h"

#include <math.h>   /* fabs, hypot, sqrt */
#include <string.h> /* memset */

#include "gcode/lexer.h"

/* Slower than anything real: keeps a feed that was never set from dividing by zero. */
#define SPEED_MIN_MM_S	     0.05
#define ACCELERATION_MIN     1.0
#define ACCELERATION_DEFAULT 1000.0
#define DISTANCE_MIN_MM	     1e-9
/* RepRapFirmware states M203 in mm/min; no machine moves faster than this in mm/s. */
#define SPEED_IS_PER_MINUTE 2000.0
/* Half the rest stays to be planned with what follows. */
enum { SETTLED = TIME_MODEL_WINDOW / 2 };

const struct time_limits time_limits_default = {
	.speed_mm_s = { 500, 500, 12, 120 },
	.acceleration_mm_s2 = { 0, 0, 200, 5000 },
	.jerk_mm_s = { 8, 8, 0.4, 5 },
	.print_mm_s2 = ACCELERATION_DEFAULT,
	.travel_mm_s2 = ACCELERATION_DEFAULT,
	.retract_mm_s2 = ACCELERATION_DEFAULT,
};

void time_model_init(struct time_model *model, const struct time_limits *limits)
{
	memset(model, 0, sizeof *model);
	model->limits = *limits;
}

/* ---- limits ------------------------------------------------------------------------------ */

static void read_axes(const struct lexer_line *line, double *values, double factor)
{
	static const char letters[MODAL_AXES] = { 'X', 'Y', 'Z', 'E' };
	double value;

	for (int axis = 0; axis < MODAL_AXES; axis++)
		if (lexer_value(line, letters[axis], &value) && value > 0)
			values[axis] = value * factor;
}

static void read_speeds(struct time_model *model, const struct lexer_line *line)
{
	double x = 0;
	bool per_minute = lexer_value(line, 'X', &x) && x > SPEED_IS_PER_MINUTE;

	read_axes(line, model->limits.speed_mm_s, per_minute ? 1.0 / 60 : 1.0);
}

/* Repetier-Firmware: M202 is travel and M201 print; elsewhere M201 is the axes' limit, and M202 is
 * not sent. */
static void read_axis_accelerations(struct time_model *model, const struct lexer_line *line)
{
	struct time_limits *limits = &model->limits;
	double x;

	if (line->code == 202) {
		limits->is_repetier = true;
		if (lexer_value(line, 'X', &x) && x > 0)
			limits->travel_mm_s2 = x;
	} else {
		read_axes(line, limits->acceleration_mm_s2, 1);
	}
	if (limits->is_repetier && limits->acceleration_mm_s2[MODAL_X] > 0)
		limits->print_mm_s2 = limits->acceleration_mm_s2[MODAL_X];
}

/* S is the old form for print and travel, with T for retractions; Marlin 1.1 and later: P, T, R. */
static void read_accelerations(struct time_model *model, const struct lexer_line *line)
{
	struct time_limits *limits = &model->limits;
	double value;

	if (lexer_value(line, 'S', &value) && value > 0) {
		limits->print_mm_s2 = limits->travel_mm_s2 = value;
		if (lexer_value(line, 'T', &value) && value > 0)
			limits->retract_mm_s2 = value;
		return;
	}
	if (lexer_value(line, 'P', &value) && value > 0)
		limits->print_mm_s2 = value;
	if (lexer_value(line, 'T', &value) && value > 0)
		limits->travel_mm_s2 = value;
	if (lexer_value(line, 'R', &value) && value > 0)
		limits->retract_mm_s2 = value;
}

void time_model_command(struct time_model *model, const struct lexer_line *line)
{
	if (line->letter != 'M')
		return;
	switch (line->code) {
	case 201:
	case 202:
		read_axis_accelerations(model, line);
		return;
	case 203:
		read_speeds(model, line);
		return;
	case 204:
		read_accelerations(model, line);
		return;
	case 205:
		read_axes(line, model->limits.jerk_mm_s, 1);
		return;
	case 566:
		read_axes(line, model->limits.jerk_mm_s, 1.0 / 60);
		return;
	default:
		return;
	}
}

/* ---- one move ---------------------------------------------------------------------------- */

/* Direction at both ends, as mm of each axis per mm of path. */
struct path {
	double distance_mm;
	double start[MODAL_AXES], end[MODAL_AXES];
	bool extrudes, moves;
};

static void tangents(const struct modal_move *move, struct path *path)
{
	double turn = move->clockwise ? -1 : 1;
	double planar = move->radius_mm * move->angle_rad / path->distance_mm;
	const double *from = move->from_mm, *to = move->to_mm;

	path->start[MODAL_X] =
		-turn * (from[MODAL_Y] - move->centre_mm[1]) / move->radius_mm * planar;
	path->start[MODAL_Y] =
		turn * (from[MODAL_X] - move->centre_mm[0]) / move->radius_mm * planar;
	path->end[MODAL_X] = -turn * (to[MODAL_Y] - move->centre_mm[1]) / move->radius_mm * planar;
	path->end[MODAL_Y] = turn * (to[MODAL_X] - move->centre_mm[0]) / move->radius_mm * planar;
}

static void measure(const struct modal_move *move, struct path *path)
{
	double delta[MODAL_AXES], planar;

	for (int axis = 0; axis < MODAL_AXES; axis++)
		delta[axis] = move->to_mm[axis] - move->from_mm[axis];
	planar = move->is_arc ? move->radius_mm * move->angle_rad
			      : hypot(delta[MODAL_X], delta[MODAL_Y]);
	path->distance_mm = delta[MODAL_Z] == 0 ? planar : hypot(planar, delta[MODAL_Z]);
	path->moves = path->distance_mm > DISTANCE_MIN_MM;
	path->extrudes = delta[MODAL_E] > 0;
	if (!path->moves)
		path->distance_mm = fabs(delta[MODAL_E]);
	if (path->distance_mm <= DISTANCE_MIN_MM)
		return;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		path->start[axis] = path->end[axis] = delta[axis] / path->distance_mm;
	if (move->is_arc && path->moves)
		tangents(move, path);
}

static double larger(double a, double b)
{
	return a > b ? a : b;
}

/* The factor (up to 1) that keeps every axis below its limit. */
static double limit_factor(const struct path *path, double value, const double *limits)
{
	double factor = 1;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double size = value * larger(fabs(path->start[axis]), fabs(path->end[axis]));

		if (limits[axis] > 0 && size * factor > limits[axis])
			factor = limits[axis] / size;
	}
	return factor;
}

static double pick_acceleration(const struct time_limits *limits, const struct path *path)
{
	double value = !path->moves	? limits->retract_mm_s2
		       : path->extrudes ? limits->print_mm_s2
					: limits->travel_mm_s2;

	value *= limit_factor(path, value, limits->acceleration_mm_s2);
	return value > ACCELERATION_MIN ? value : ACCELERATION_MIN;
}

/* The speed from which the machine may stop at once. */
static double safe_speed(const struct time_limits *limits, const struct path *path, double cruise)
{
	double factor = 1;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double size = cruise * larger(fabs(path->start[axis]), fabs(path->end[axis]));

		if (size * factor > limits->jerk_mm_s[axis])
			factor = limits->jerk_mm_s[axis] / size;
	}
	return cruise * factor;
}

/* Classic jerk (Marlin, Prusa): the axes' changes of speed at the corner stay below their jerk
 * when both sides are slowed by the same factor. */
static double junction_speed(
	const struct time_model *model, const struct path *path, double cruise, double safe)
{
	bool slower_now = model->previous_cruise_mm_s > cruise;
	double speed = slower_now ? cruise : model->previous_cruise_mm_s;
	double exit_scale = slower_now ? cruise / model->previous_cruise_mm_s : 1;
	double factor = 1;

	for (int axis = 0; axis < MODAL_AXES; axis++) {
		double jerk_max = model->limits.jerk_mm_s[axis];
		double out = model->previous_speed_mm_s[axis] * exit_scale * factor;
		double in = path->start[axis] * cruise * factor, jerk;

		if ((out > 0 && in < 0) || (out < 0 && in > 0))
			jerk = larger(fabs(out), fabs(in));
		else
			jerk = fabs(out - in);
		if (jerk > jerk_max)
			factor *= jerk_max / jerk;
	}
	speed *= factor;
	/* Stopping and starting by jerk alone is faster than this corner. */
	if (model->previous_safe_mm_s > speed * 0.99 && safe > speed * 0.99)
		speed = safe;
	return speed < cruise ? speed : cruise;
}

/* ---- the window -------------------------------------------------------------------------- */

static struct time_block *block_at(struct time_model *model, size_t index)
{
	return &model->block[(model->first + index) % TIME_MODEL_WINDOW];
}

/* The speed at the start of a stretch that ends at `end` with this acceleration. */
static double reachable(double end, double acceleration, double distance)
{
	return sqrt(end * end + 2 * acceleration * distance);
}

static void plan(struct time_model *model)
{
	double next = block_at(model, model->count - 1)->safe_mm_s;

	for (size_t i = model->count; i-- > 1;) {
		struct time_block *block = block_at(model, i);
		double entry = reachable(next, block->acceleration_mm_s2, block->distance_mm);

		block->entry_mm_s = entry < block->entry_max_mm_s ? entry : block->entry_max_mm_s;
		next = block->entry_mm_s;
	}
	for (size_t i = 0; i + 1 < model->count; i++) {
		struct time_block *block = block_at(model, i), *after = block_at(model, i + 1);
		double exit =
			reachable(block->entry_mm_s, block->acceleration_mm_s2, block->distance_mm);

		if (exit < after->entry_mm_s)
			after->entry_mm_s = exit;
	}
}

/* Speed up, cruise, slow down; without cruising when there is no room. */
static double trapezoid_s(const struct time_block *block, double exit)
{
	double entry = block->entry_mm_s, cruise = block->cruise_mm_s;
	double a = block->acceleration_mm_s2, distance = block->distance_mm;
	double up = (cruise * cruise - entry * entry) / (2 * a);
	double down = (cruise * cruise - exit * exit) / (2 * a);
	double peak;

	if (up + down <= distance)
		return (cruise - entry) / a + (cruise - exit) / a + (distance - up - down) / cruise;
	peak = sqrt(a * distance + (entry * entry + exit * exit) / 2);
	if (peak < entry || peak < exit)
		return 2 * distance / larger(entry + exit, SPEED_MIN_MM_S);
	return (peak - entry) / a + (peak - exit) / a;
}

static void release(struct time_model *model, size_t count)
{
	plan(model);
	for (; count > 0; count--) {
		struct time_block *block = block_at(model, 0);
		double exit = model->count > 1 ? block_at(model, 1)->entry_mm_s : block->safe_mm_s;

		model->elapsed_s += trapezoid_s(block, exit);
		model->first = (model->first + 1) % TIME_MODEL_WINDOW;
		model->count--;
	}
}

void time_model_move(struct time_model *model, const struct modal_move *move, double feed_mm_min)
{
	const struct time_limits *limits = &model->limits;
	struct path path;
	struct time_block block;
	double cruise = feed_mm_min / 60;

	measure(move, &path);
	if (path.distance_mm <= DISTANCE_MIN_MM)
		return;
	if (!(cruise > SPEED_MIN_MM_S))
		cruise = SPEED_MIN_MM_S;
	cruise *= limit_factor(&path, cruise, limits->speed_mm_s);
	block.distance_mm = path.distance_mm;
	block.acceleration_mm_s2 = pick_acceleration(limits, &path);
	block.cruise_mm_s = cruise;
	block.safe_mm_s = safe_speed(limits, &path, cruise);
	block.entry_max_mm_s = model->has_previous
				       ? junction_speed(model, &path, cruise, block.safe_mm_s)
				       : block.safe_mm_s;
	block.entry_mm_s = block.safe_mm_s;
	if (model->count == TIME_MODEL_WINDOW)
		release(model, SETTLED);
	*block_at(model, model->count++) = block;
	model->has_previous = true;
	model->previous_cruise_mm_s = cruise;
	model->previous_safe_mm_s = block.safe_mm_s;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		model->previous_speed_mm_s[axis] = path.end[axis] * cruise;
}

void time_model_wait(struct time_model *model, double wait_s)
{
	if (model->count > 0)
		release(model, model->count);
	model->has_previous = false;
	if (wait_s > 0)
		model->elapsed_s += wait_s;
}

double time_model_finish(struct time_model *model)
{
	time_model_wait(model, 0);
	return model->elapsed_s;
}
