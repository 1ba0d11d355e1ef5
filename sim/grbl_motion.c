/* Moves, arcs, soft limits, homing and the beam: motion_control.c, limits.c, spindle_control.c. */
#include "sim/grbl.h"

#include <math.h>   /* sqrt, atan2, hypot, floor, fmin, fmax, fabs, cos, sin */
#include <string.h> /* memcpy */

enum {
	ERROR_NO_AXES = 26,
	ERROR_PLANE = 32,
	ERROR_TARGET = 33,
	ERROR_RADIUS = 34,
	ERROR_OFFSETS = 35
};

static const double pi = 3.14159265358979323846;

void sim_grbl_offset(const struct grbl *grbl, double offset_mm[3])
{
	for (int i = 0; i < 3; i++)
		offset_mm[i] = grbl->stored_mm[grbl->modal.system][i] + grbl->g92_mm[i];
	offset_mm[2] += grbl->tool_mm;
}

bool sim_grbl_is_outside(const struct grbl *grbl, const double target_mm[3])
{
	if (sim_grbl_setting(grbl, 20) <= 0)
		return false;
	for (int i = 0; i < 3; i++)
		if (target_mm[i] > 0.0005 ||
			target_mm[i] < -sim_grbl_setting(grbl, 130 + i) - 0.0005)
			return true;
	return false;
}

void sim_grbl_take_position(struct grbl *grbl)
{
	memcpy(grbl->position_mm, grbl->board->planner.position_mm, sizeof grbl->position_mm);
}

/* ---- the beam ---- */

static double share(const struct grbl *grbl)
{
	double most = sim_grbl_setting(grbl, 30);
	double part = most > 0 ? grbl->modal.rpm * grbl->spindle_percent / 100 / most : 1;

	if (grbl->modal.spindle == GRBL_SPINDLE_OFF)
		return 0;
	return part > 1 ? 1 : part;
}

/* Without laser mode the output follows S wherever the machine is; with it, M4 is dark at rest
 * and G0 is always dark. */
double sim_grbl_beam(const struct grbl *grbl, int64_t now_us)
{
	const struct motion *planner = &grbl->board->planner;

	if (grbl->life != GRBL_RUNNING || grbl->spindle_stopped || grbl->state == GRBL_DOOR ||
		grbl->state == GRBL_SLEEP || grbl->modal.spindle == GRBL_SPINDLE_OFF)
		return 0;
	if (sim_grbl_setting(grbl, 32) <= 0)
		return share(grbl);
	if (motion_speed(planner, now_us) > 0)
		return motion_power(planner, now_us);
	return grbl->modal.spindle == GRBL_SPINDLE_CW ? grbl->standing_power : 0;
}

/* ---- moves ---- */

/* The planner ran out of moves before this one had come. */
static void count_starvation(struct grbl *grbl)
{
	struct board *board = grbl->board;
	int64_t empty_us = board->planner.empty_us;

	if (!grbl->going || !motion_is_empty(&board->planner) || grbl->sync_end_us >= empty_us ||
		grbl->input_us <= empty_us)
		return;
	board->counters.starvations++;
	board->counters.starved_us += grbl->input_us - empty_us;
}

/* The fastest that no axis is driven beyond its limit in this direction; setting: 110 or 120. */
static double axis_limit(
	const struct grbl *grbl, const double delta_mm[3], double length_mm, int32_t setting)
{
	double least = GRBL_SETTING_MAX;

	for (int i = 0; i < 3; i++)
		if (fabs(delta_mm[i]) > 1e-9)
			least = fmin(least, sim_grbl_setting(grbl, setting + i) * length_mm /
						    fabs(delta_mm[i]));
	return fmax(least, 0.01);
}

bool sim_grbl_move(struct grbl *grbl, const double target_mm[3], bool rapid)
{
	struct motion *planner = &grbl->board->planner;
	struct motion_move move = { 0 };
	double delta_mm[3], length_mm = 0;

	if (motion_is_full(planner))
		return false;
	for (int i = 0; i < 3; i++) {
		move.to_mm[i] = fmin(fmax(target_mm[i], -GRBL_POSITION_MAX), GRBL_POSITION_MAX);
		delta_mm[i] = move.to_mm[i] - grbl->position_mm[i];
		length_mm = hypot(length_mm, delta_mm[i]);
	}
	memcpy(grbl->position_mm, move.to_mm, sizeof grbl->position_mm);
	grbl->standing_power = rapid ? 0 : share(grbl);
	if (length_mm <= 0)
		return true;
	double most = axis_limit(grbl, delta_mm, length_mm, 110);
	double wanted = rapid ? most * grbl->rapid_percent / 100
			      : grbl->block.feed_mm_min * grbl->feed_percent / 100;

	if (grbl->block.modal.inverse_time && !rapid && !grbl->block.jog)
		wanted *= length_mm;
	move.feed_mm_s = fmin(fmax(wanted, 1), most) / 60;
	move.acceleration_mm_s2 = axis_limit(grbl, delta_mm, length_mm, 120);
	move.power = rapid || sim_grbl_setting(grbl, 32) <= 0 ? 0 : share(grbl);
	count_starvation(grbl);
	grbl->going = true;
	grbl->now_us += grbl->board->settings.move_us;
	if (motion_add(planner, &move, grbl->now_us))
		grbl->board->counters.moves++;
	return true;
}

/* ---- arcs ---- */

static void plane_axes(const struct grbl *grbl, int *first, int *second, int *linear)
{
	int32_t plane = grbl->block.modal.plane;

	*first = plane == 17 ? 0 : plane == 18 ? 2 : 1;
	*second = plane == 17 ? 1 : plane == 18 ? 0 : 2;
	*linear = 3 - *first - *second;
}

/* R: the centre by the formula of mc_arc's caller. */
static int32_t centre_of_radius(struct grbl *grbl, double x, double y, double *i, double *j)
{
	struct sim_grbl_block *block = &grbl->block;
	double r = block->value['R' - 'A'] * (block->modal.inches ? 25.4 : 1);
	double h = 4 * r * r - x * x - y * y;

	if (x == 0 && y == 0)
		return ERROR_TARGET;
	if (h < 0)
		return ERROR_RADIUS;
	h = -sqrt(h) / hypot(x, y);
	if (block->modal.motion == 3)
		h = -h;
	if (r < 0)
		h = -h;
	*i = 0.5 * (x - y * h);
	*j = 0.5 * (y + x * h);
	return 0;
}

static int32_t centre_of_offsets(
	struct grbl *grbl, int first, int second, double x, double y, double *i, double *j)
{
	const struct sim_grbl_block *block = &grbl->block;
	double scale = block->modal.inches ? 25.4 : 1;

	if (!(block->words & (1u << ('I' - 'A' + first))) &&
		!(block->words & (1u << ('I' - 'A' + second))))
		return ERROR_OFFSETS;
	*i = block->value['I' - 'A' + first] * scale;
	*j = block->value['I' - 'A' + second] * scale;
	double begin = hypot(*i, *j), end = hypot(x - *i, y - *j), differ = fabs(end - begin);
	if (differ > 0.005 && (differ > 0.5 || differ > 0.001 * begin))
		return ERROR_TARGET;
	return 0;
}

int32_t sim_grbl_arc_check(struct grbl *grbl)
{
	struct sim_grbl_block *block = &grbl->block;
	int first, second, linear, error;
	double i = 0, j = 0;

	plane_axes(grbl, &first, &second, &linear);
	if (!block->axes)
		return ERROR_NO_AXES;
	if (!(block->axes & ((1u << first) | (1u << second))))
		return ERROR_PLANE;
	double x = block->target_mm[first] - grbl->position_mm[first];
	double y = block->target_mm[second] - grbl->position_mm[second];

	if (block->words & (1u << ('R' - 'A')))
		error = centre_of_radius(grbl, x, y, &i, &j);
	else
		error = centre_of_offsets(grbl, first, second, x, y, &i, &j);
	if (error != 0)
		return error;
	grbl->arc_radius_mm = hypot(i, j);
	grbl->arc_start = atan2(-j, -i);
	grbl->arc_sweep = atan2(y - j, x - i) - grbl->arc_start;
	if (block->modal.motion == 2 && grbl->arc_sweep >= -5e-7)
		grbl->arc_sweep -= 2 * pi;
	if (block->modal.motion == 3 && grbl->arc_sweep <= 5e-7)
		grbl->arc_sweep += 2 * pi;
	memcpy(grbl->arc_centre_mm, grbl->position_mm, sizeof grbl->arc_centre_mm);
	grbl->arc_centre_mm[first] += i;
	grbl->arc_centre_mm[second] += j;
	return 0;
}

void sim_grbl_arc_begin(struct grbl *grbl)
{
	double tolerance = sim_grbl_setting(grbl, 12);
	double chord = sqrt(tolerance * (2 * grbl->arc_radius_mm - tolerance));
	double count =
		chord > 0 ? floor(fabs(0.5 * grbl->arc_sweep * grbl->arc_radius_mm) / chord) : 1;

	memcpy(grbl->arc_from_mm, grbl->position_mm, sizeof grbl->arc_from_mm);
	grbl->arc_done = 0;
	grbl->arc_count = count < 1 ? 1 : count > 10000 ? 10000 : (int32_t)count;
}

bool sim_grbl_arc_go_on(struct grbl *grbl)
{
	int first, second, linear;

	plane_axes(grbl, &first, &second, &linear);
	while (grbl->arc_done < grbl->arc_count) {
		double part = (double)(grbl->arc_done + 1) / grbl->arc_count, to_mm[3];
		double angle = grbl->arc_start + part * grbl->arc_sweep;
		const double *target_mm = grbl->block.target_mm;

		to_mm[first] = grbl->arc_centre_mm[first] + grbl->arc_radius_mm * cos(angle);
		to_mm[second] = grbl->arc_centre_mm[second] + grbl->arc_radius_mm * sin(angle);
		to_mm[linear] = grbl->arc_from_mm[linear] +
				part * (target_mm[linear] - grbl->arc_from_mm[linear]);
		if (grbl->arc_done + 1 == grbl->arc_count)
			memcpy(to_mm, target_mm, sizeof to_mm);
		if (!sim_grbl_move(grbl, to_mm, false))
			return false;
		grbl->arc_done++;
	}
	return true;
}

/* ---- homing ---- */

/* Z by itself, then X and Y together, at the seek rate, and some for the slow second approach. */
int64_t sim_grbl_home_us(const struct grbl *grbl)
{
	double seek = fmax(sim_grbl_setting(grbl, 25), 1) / 60, way_mm = 0;

	for (int i = 0; i < 2; i++)
		way_mm = fmax(way_mm, fabs(grbl->position_mm[i]));
	way_mm += fabs(grbl->position_mm[2]);
	return (int64_t)((way_mm / seek + 6) * 1e6);
}

void sim_grbl_homed(struct grbl *grbl)
{
	double pull_off_mm = sim_grbl_setting(grbl, 27);

	for (int i = 0; i < 3; i++)
		grbl->board->planner.position_mm[i] = grbl->position_mm[i] = -pull_off_mm;
}
