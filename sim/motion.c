/* The motion planner; see motion.h. */
#include "sim/motion.h"

#include <assert.h> /* assert */
#include <math.h>   /* sqrt, fabs, fmin, hypot */
#include <string.h> /* memset, memcpy */

/* Marlin 2.0.9: BLOCK_DELAY_FOR_1ST_MOVE.  An empty planner waits this long, or until it holds
 * three blocks, before it starts. */
enum { FIRST_MOVE_DELAY_US = 100000, FIRST_MOVE_BLOCKS = 3 };

static const double junction_deviation_mm = 0.013;

void motion_init(struct motion *planner, int32_t blocks, int64_t now_us)
{
	assert(blocks > 1 && blocks <= SIM_BLOCKS_MAX);
	memset(planner, 0, sizeof *planner);
	planner->usable = (uint32_t)blocks - 1;
	planner->empty_us = now_us;
	planner->first_delay_us = FIRST_MOVE_DELAY_US;
}

static struct motion_block *block_at(struct motion *planner, uint32_t index)
{
	return &planner->block[(planner->head + index) % SIM_BLOCKS_MAX];
}

bool motion_is_full(const struct motion *planner)
{
	return planner->count >= planner->usable;
}

bool motion_is_empty(const struct motion *planner)
{
	return planner->count == 0;
}

uint32_t motion_free(const struct motion *planner)
{
	return planner->usable - planner->count;
}

/* Seconds for a block that enters and leaves at these speeds. */
static double block_seconds(const struct motion_block *block, double entry, double leave)
{
	double a = block->acceleration_mm_s2, top = block->speed_mm_s;
	double ramps_mm = (2 * top * top - entry * entry - leave * leave) / (2 * a);

	if (ramps_mm <= block->distance_mm)
		return (2 * top - entry - leave) / a + (block->distance_mm - ramps_mm) / top;
	double peak = sqrt(a * block->distance_mm + (entry * entry + leave * leave) / 2);
	if (peak < entry)
		peak = entry;
	if (peak < leave)
		peak = leave;
	return (2 * peak - entry - leave) / a;
}

static void start_head(struct motion *planner)
{
	struct motion_block *block = block_at(planner, 0);
	double leave = 0;

	/* From here on this block's exit speed is fixed, and with it the next one's entry. */
	if (planner->count > 1) {
		leave = block_at(planner, 1)->entry_mm_s;
		block_at(planner, 1)->entry_max_mm_s = leave;
	}
	double seconds = block_seconds(block, block->entry_mm_s, leave);

	planner->running = true;
	planner->end_us = planner->start_us + (int64_t)(seconds * 1e6) + 1;
}

void motion_advance(struct motion *planner, int64_t now_us)
{
	while (planner->count > 0) {
		if (!planner->running) {
			if (planner->start_us > now_us)
				return;
			start_head(planner);
		}
		if (planner->end_us > now_us)
			return;
		memcpy(planner->position_mm, block_at(planner, 0)->to_mm,
			sizeof planner->position_mm);
		planner->head = (planner->head + 1) % SIM_BLOCKS_MAX;
		planner->count--;
		planner->running = false;
		planner->start_us = planner->end_us;
		planner->empty_us = planner->end_us;
	}
}

int64_t motion_next_us(const struct motion *planner)
{
	if (planner->count == 0)
		return SIM_NEVER;
	return planner->running ? planner->end_us : planner->start_us;
}

/* Highest speed at the corner between two blocks. */
static double corner_mm_s(const struct motion_block *before, const struct motion_block *after)
{
	double cosine = 0;

	for (int i = 0; i < MOTION_AXES; i++)
		cosine -= before->unit[i] * after->unit[i];
	double limit =
		before->speed_mm_s < after->speed_mm_s ? before->speed_mm_s : after->speed_mm_s;
	if (cosine < -0.999999)
		return limit;
	if (cosine > 0.999999)
		return 0;
	double half_sine = sqrt(0.5 * (1 - cosine));
	double speed = sqrt(
		after->acceleration_mm_s2 * junction_deviation_mm * half_sine / (1 - half_sine));
	return speed < limit ? speed : limit;
}

/* Entry speeds such that each block can brake to what follows, newest first, and none is faster
 * than acceleration allows, oldest first.  The head block is left alone while it runs. */
static void look_ahead(struct motion *planner)
{
	uint32_t first = planner->running ? 1 : 0;
	double leave = 0;

	for (uint32_t i = planner->count; i-- > first;) {
		struct motion_block *block = block_at(planner, i);
		double reach =
			sqrt(leave * leave + 2 * block->acceleration_mm_s2 * block->distance_mm);
		double entry = reach < block->entry_max_mm_s ? reach : block->entry_max_mm_s;
		bool settled = i + 1 < planner->count && fabs(entry - block->entry_mm_s) < 1e-9;
		block->entry_mm_s = entry;
		leave = entry;
		if (settled)
			break;
	}
	for (uint32_t i = first; i + 1 < planner->count; i++) {
		struct motion_block *block = block_at(planner, i), *next = block_at(planner, i + 1);
		double reach = sqrt(block->entry_mm_s * block->entry_mm_s +
				    2 * block->acceleration_mm_s2 * block->distance_mm);
		if (next->entry_mm_s > reach)
			next->entry_mm_s = reach;
	}
}

static double fill_block(
	struct motion *planner, struct motion_block *block, const struct motion_move *move)
{
	const double *from = planner->count > 0 ? block_at(planner, planner->count - 1)->to_mm
						: planner->position_mm;
	double xyz = 0, delta[MOTION_AXES];

	for (int i = 0; i < MOTION_AXES; i++) {
		delta[i] = move->to_mm[i] - from[i];
		if (i < 3)
			xyz += delta[i] * delta[i];
	}
	double straight = sqrt(xyz + delta[3] * delta[3]);
	/* A feed rate is that of the nozzle; only a move of the filament alone is measured in
	 * filament. */
	double length = move->length_mm > 0 ? move->length_mm
			: xyz > 0	    ? sqrt(xyz)
					    : fabs(delta[3]);
	memcpy(block->from_mm, from, sizeof block->from_mm);
	memcpy(block->to_mm, move->to_mm, sizeof block->to_mm);
	for (int i = 0; i < MOTION_AXES; i++)
		block->unit[i] = straight > 0 ? delta[i] / straight : 0;
	block->distance_mm = length;
	block->speed_mm_s = move->feed_mm_s;
	block->acceleration_mm_s2 = move->acceleration_mm_s2;
	block->power = move->power;
	return length;
}

bool motion_add(struct motion *planner, const struct motion_move *move, int64_t now_us)
{
	assert(!motion_is_full(planner));
	assert(move->feed_mm_s > 0 && move->acceleration_mm_s2 > 0);
	struct motion_block *block = block_at(planner, planner->count);

	/* Marlin drops blocks of less than six steps (MIN_STEPS_PER_SEGMENT). */
	if (fill_block(planner, block, move) < 0.002)
		return false;
	/* The first corner is taken from rest, and so is the corner behind a block that has already
	 * been started without knowing this one. */
	bool joins = planner->count > (planner->running ? 1u : 0u);
	block->entry_max_mm_s =
		joins ? corner_mm_s(block_at(planner, planner->count - 1), block) : 0;
	block->entry_mm_s = 0;
	if (planner->count == 0)
		planner->start_us = planner->held ? SIM_NEVER : now_us + planner->first_delay_us;
	planner->count++;
	if (!planner->running && !planner->held && planner->count >= FIRST_MOVE_BLOCKS &&
		planner->start_us > now_us)
		planner->start_us = now_us;
	look_ahead(planner);
	return true;
}

static double part_of(int64_t start_us, int64_t end_us, int64_t now_us)
{
	double part =
		end_us > start_us ? (double)(now_us - start_us) / (double)(end_us - start_us) : 1;

	return part < 0 ? 0 : part > 1 ? 1 : part;
}

static void between(const double from_mm[MOTION_AXES], const double to_mm[MOTION_AXES], double part,
	double position_mm[MOTION_AXES])
{
	for (int i = 0; i < MOTION_AXES; i++)
		position_mm[i] = from_mm[i] + part * (to_mm[i] - from_mm[i]);
}

void motion_position(const struct motion *planner, int64_t now_us, double position_mm[MOTION_AXES])
{
	if (planner->held && now_us < planner->rest_us) {
		between(planner->hold_from_mm, planner->position_mm,
			part_of(planner->hold_us, planner->rest_us, now_us), position_mm);
		return;
	}
	if (!planner->running) {
		memcpy(position_mm, planner->position_mm, sizeof planner->position_mm);
		return;
	}
	const struct motion_block *block = &planner->block[planner->head];
	between(block->from_mm, block->to_mm, part_of(planner->start_us, planner->end_us, now_us),
		position_mm);
}

/* The head block is over before the hold has come to rest: what is left of it is nothing. */
static void drop_head(struct motion *planner)
{
	planner->head = (planner->head + 1) % SIM_BLOCKS_MAX;
	planner->count--;
	planner->empty_us = planner->rest_us;
}

static void brake(struct motion *planner, int64_t now_us)
{
	struct motion_block *block = block_at(planner, 0);
	double duration_s = (double)(planner->end_us - planner->start_us) * 1e-6;
	double speed = block->distance_mm / duration_s;
	double part = part_of(planner->start_us, planner->end_us, now_us);
	double left_mm = block->distance_mm * (1 - part);
	double braking_mm = fmin(speed * speed / (2 * block->acceleration_mm_s2), left_mm);

	motion_position(planner, now_us, planner->hold_from_mm);
	planner->hold_power = block->power;
	planner->rest_us = now_us + (int64_t)(speed / block->acceleration_mm_s2 * 1e6);
	between(planner->hold_from_mm, block->to_mm, left_mm > 0 ? braking_mm / left_mm : 1,
		planner->position_mm);
	memcpy(block->from_mm, planner->position_mm, sizeof block->from_mm);
	block->distance_mm = left_mm - braking_mm;
	block->entry_mm_s = block->entry_max_mm_s = 0;
	if (block->distance_mm < 0.002)
		drop_head(planner);
}

void motion_hold(struct motion *planner, int64_t now_us)
{
	motion_advance(planner, now_us);
	if (planner->held)
		return;
	planner->hold_us = planner->rest_us = now_us;
	planner->hold_power = 0;
	memcpy(planner->hold_from_mm, planner->position_mm, sizeof planner->hold_from_mm);
	if (planner->running)
		brake(planner, now_us);
	planner->held = true;
	planner->running = false;
	planner->start_us = SIM_NEVER;
	if (planner->count > 0)
		block_at(planner, 0)->entry_mm_s = block_at(planner, 0)->entry_max_mm_s = 0;
	look_ahead(planner);
}

void motion_release(struct motion *planner, int64_t now_us)
{
	if (!planner->held)
		return;
	planner->held = false;
	planner->start_us = now_us > planner->rest_us ? now_us : planner->rest_us;
	planner->empty_us = planner->start_us;
}

double motion_power(const struct motion *planner, int64_t now_us)
{
	if (planner->held && now_us < planner->rest_us)
		return planner->hold_power;
	return planner->running ? planner->block[planner->head].power : 0;
}

double motion_speed(const struct motion *planner, int64_t now_us)
{
	const struct motion_block *block = &planner->block[planner->head];

	if (planner->held && now_us < planner->rest_us) {
		double way_mm = 0;
		for (int i = 0; i < 3; i++)
			way_mm = hypot(way_mm, planner->position_mm[i] - planner->hold_from_mm[i]);
		return way_mm * 1e6 / (double)(planner->rest_us - planner->hold_us);
	}
	if (!planner->running)
		return 0;
	return block->distance_mm * 1e6 / (double)(planner->end_us - planner->start_us);
}

void motion_stop(struct motion *planner, int64_t now_us)
{
	double position_mm[MOTION_AXES];

	motion_advance(planner, now_us);
	motion_position(planner, now_us, position_mm);
	planner->held = false;
	memcpy(planner->position_mm, position_mm, sizeof position_mm);
	planner->count = 0;
	planner->running = false;
	planner->empty_us = now_us;
}

void motion_shift(struct motion *planner, int64_t shift_us)
{
	if (planner->start_us != SIM_NEVER)
		planner->start_us += shift_us;
	planner->end_us += shift_us;
	planner->empty_us += shift_us;
	planner->rest_us += shift_us;
	planner->hold_us += shift_us;
}
