/* Moves, homing, levelling, waiting for motion, quick stop. */
#include "sim/marlin.h"

#include <math.h>   /* fabs, fmin, hypot, atan2 */
#include <stdio.h>  /* snprintf */
#include <string.h> /* memcpy */

static const double cold_celsius = 170;		/* EXTRUDE_MINTEMP */
static const double longest_extrusion_mm = 200; /* EXTRUDE_MAXLENGTH */
static const char axis_letter[MOTION_AXES] = { 'X', 'Y', 'Z', 'E' };

enum { QUICKSTOP_US = 1024000, STEPPER_TIMEOUT_US = 120000000 };

void sim_marlin_motion_reset(struct marlin *marlin)
{
	static const double max_feed_mm_s[MOTION_AXES] = { 300, 300, 5, 25 };

	memcpy(marlin->max_feed_mm_s, max_feed_mm_s, sizeof max_feed_mm_s);
	marlin->feed_mm_s = 25; /* 1500 mm/min */
	marlin->feed_percent = 100;
	marlin->flow_percent = 100;
	marlin->print_mm_s2 = 3000;
	marlin->travel_mm_s2 = 3000;
	marlin->stepper_timeout_us = STEPPER_TIMEOUT_US;
	/* A board that was reset believes that it stands at the origin. */
	memset(marlin->board->planner.position_mm, 0, sizeof marlin->board->planner.position_mm);
}

/* ---- waiting for motion ---- */

static enum sim_marlin_result until_still(struct marlin *marlin)
{
	if (!motion_is_empty(&marlin->board->planner))
		return sim_marlin_wait(
			marlin, until_still, motion_next_us(&marlin->board->planner));
	marlin->sync_end_us = marlin->now_us;
	return marlin->wait.then(marlin);
}

enum sim_marlin_result sim_marlin_synchronize(struct marlin *marlin, sim_marlin_resume *then)
{
	marlin->wait.then = then;
	return until_still(marlin);
}

static enum sim_marlin_result done(struct marlin *marlin)
{
	marlin->sync_end_us = marlin->now_us;
	return MARLIN_OK;
}

static enum sim_marlin_result until_time(struct marlin *marlin)
{
	if (marlin->now_us < marlin->wait.until_us)
		return sim_marlin_wait(marlin, until_time, marlin->wait.until_us);
	return marlin->wait.then(marlin);
}

static enum sim_marlin_result wait_until(
	struct marlin *marlin, int64_t until_us, sim_marlin_resume *then)
{
	marlin->wait.until_us = until_us;
	marlin->wait.then = then;
	return until_time(marlin);
}

enum sim_marlin_result sim_marlin_m400(struct marlin *marlin)
{
	marlin->print_going = false;
	return sim_marlin_synchronize(marlin, done);
}

static enum sim_marlin_result dwell(struct marlin *marlin)
{
	double seconds = 0, value;

	if (sim_marlin_value(&marlin->words, 'P', &value))
		seconds = value / 1000;
	if (sim_marlin_value(&marlin->words, 'S', &value))
		seconds = value;
	seconds = seconds < 0 ? 0 : seconds > 1e6 ? 1e6 : seconds;
	int64_t until_us = marlin->now_us + (int64_t)(seconds * 1e6);
	sim_marlin_notify(marlin, "Sleep...");
	return wait_until(marlin, until_us, done);
}

enum sim_marlin_result sim_marlin_g4(struct marlin *marlin)
{
	return sim_marlin_synchronize(marlin, dwell);
}

/* ---- moves ---- */

/* The planner ran out of moves before this one had come.  A planner that is empty because the
 * firmware has waited for it (M400, G4, M109, ...) has not starved. */
static void count_starvation(struct marlin *marlin)
{
	struct board *board = marlin->board;
	int64_t empty_us = board->planner.empty_us;
	int64_t come_us = marlin->queue[marlin->queue_head].queued_us;

	if (!marlin->print_going || !motion_is_empty(&board->planner) ||
		marlin->sync_end_us >= empty_us || come_us <= empty_us)
		return;
	board->counters.starvations++;
	board->counters.starved_us += come_us - empty_us;
}

static void to_planner(struct marlin *marlin)
{
	const struct motion_move *move = &marlin->wait.move;

	count_starvation(marlin);
	marlin->print_going = true;
	if (marlin->stepper_timeout_us > 0)
		marlin->last_move_us = marlin->now_us;
	if (motion_add(&marlin->board->planner, move, marlin->now_us)) {
		marlin->board->counters.moves++;
		marlin->move_number[marlin->moves++ % SIM_BLOCKS_MAX] =
			marlin->queue[marlin->queue_head].origin.number;
	}
	memcpy(marlin->position_mm, move->to_mm, sizeof marlin->position_mm);
}

static enum sim_marlin_result until_room(struct marlin *marlin)
{
	if (motion_is_full(&marlin->board->planner))
		return sim_marlin_wait(marlin, until_room, motion_next_us(&marlin->board->planner));
	to_planner(marlin);
	return MARLIN_OK;
}

static void read_target(struct marlin *marlin, double target_mm[MOTION_AXES])
{
	double value;

	for (int i = 0; i < MOTION_AXES; i++) {
		target_mm[i] = marlin->position_mm[i];
		if (!sim_marlin_value(&marlin->words, axis_letter[i], &value))
			continue;
		if (i == 3)
			target_mm[i] = marlin->relative_e ? target_mm[i] + value : value;
		else if (marlin->relative)
			target_mm[i] += value;
		else
			target_mm[i] = value - marlin->offset_mm[i];
		target_mm[i] = fmax(-MARLIN_POSITION_MAX, fmin(MARLIN_POSITION_MAX, target_mm[i]));
	}
	if (sim_marlin_value(&marlin->words, 'F', &value) && value > 0)
		marlin->feed_mm_s = value / 60;
}

static void clamp_to_volume(const struct marlin *marlin, double target_mm[MOTION_AXES])
{
	const struct sim_settings *settings = &marlin->board->settings;

	for (int i = 0; i < 3; i++) {
		if (!marlin->homed[i])
			continue;
		if (target_mm[i] < settings->volume_min_mm[i])
			target_mm[i] = settings->volume_min_mm[i];
		if (target_mm[i] > settings->volume_max_mm[i])
			target_mm[i] = settings->volume_max_mm[i];
	}
}

/* Refuses filament that the hotend cannot melt: it counts as moved, but nothing moves. */
static void guard_extrusion(struct marlin *marlin, struct motion_move *move)
{
	double extrusion_mm = move->to_mm[3] - marlin->position_mm[3];
	bool cold = heat_reading(&marlin->board->heat, SIM_HOTEND) < cold_celsius;

	if (extrusion_mm == 0)
		return;
	if (cold && !marlin->cold_extrusion)
		sim_marlin_say(marlin, "echo: cold extrusion prevented\n");
	else if (fabs(extrusion_mm) > longest_extrusion_mm)
		sim_marlin_say(marlin, "echo: too long extrusion prevented\n");
	else
		return;
	marlin->position_mm[3] = move->to_mm[3];
	/* The planner's idea of E jumps along, so that no block moves it. */
	struct motion *planner = &marlin->board->planner;
	if (motion_is_empty(planner))
		planner->position_mm[3] = move->to_mm[3];
	else
		planner->block[(planner->head + planner->count - 1) % SIM_BLOCKS_MAX].to_mm[3] =
			move->to_mm[3];
}

/* Feed rate after M220 and the axes' limits. */
static double limited_feed(const struct marlin *marlin, const struct motion_move *move)
{
	double feed = marlin->feed_mm_s * marlin->feed_percent / 100, length = 0;

	for (int i = 0; i < 3; i++)
		length = hypot(length, move->to_mm[i] - marlin->position_mm[i]);
	if (length <= 0)
		length = fabs(move->to_mm[3] - marlin->position_mm[3]);
	for (int i = 0; i < MOTION_AXES; i++) {
		double part = fabs(move->to_mm[i] - marlin->position_mm[i]);
		if (part > 0 && feed * part / length > marlin->max_feed_mm_s[i])
			feed = marlin->max_feed_mm_s[i] * length / part;
	}
	return feed > 0.05 ? feed : 0.05;
}

static enum sim_marlin_result plan(struct marlin *marlin, double length_mm)
{
	struct motion_move *move = &marlin->wait.move;

	clamp_to_volume(marlin, move->to_mm);
	guard_extrusion(marlin, move);
	move->length_mm = length_mm;
	move->feed_mm_s = limited_feed(marlin, move);
	move->acceleration_mm_s2 = move->to_mm[3] == marlin->position_mm[3] ? marlin->travel_mm_s2
									    : marlin->print_mm_s2;
	marlin->now_us += marlin->board->settings.move_us;
	return until_room(marlin);
}

enum sim_marlin_result sim_marlin_g0_g1(struct marlin *marlin)
{
	read_target(marlin, marlin->wait.move.to_mm);
	return plan(marlin, 0);
}

/* Length of the arc with centre I, J from here; 0 when there is none.  Marlin cuts arcs into chords
 * of about a millimetre; one block with the length of the arc takes as long. */
static double arc_length_mm(const struct marlin *marlin, const double target_mm[MOTION_AXES])
{
	double i = 0, j = 0;

	sim_marlin_value(&marlin->words, 'I', &i);
	sim_marlin_value(&marlin->words, 'J', &j);
	double radius = hypot(i, j);
	if (radius <= 0)
		return 0;
	double from = atan2(-j, -i);
	double to = atan2(target_mm[1] - marlin->position_mm[1] - j,
		target_mm[0] - marlin->position_mm[0] - i);
	double angle = marlin->words.code == 3 ? to - from : from - to;
	const double turn = 6.283185307179586;
	while (angle <= 1e-9)
		angle += turn;
	return hypot(radius * angle, target_mm[2] - marlin->position_mm[2]);
}

enum sim_marlin_result sim_marlin_g2_g3(struct marlin *marlin)
{
	read_target(marlin, marlin->wait.move.to_mm);
	double length_mm = arc_length_mm(marlin, marlin->wait.move.to_mm);
	if (length_mm <= 0) {
		sim_marlin_say(marlin, "Error:G2/G3 bad parameters\n");
		return MARLIN_OK;
	}
	return plan(marlin, length_mm);
}

/* ---- homing and levelling ---- */

/* Seconds to find the switches: fast approach, bump and again slowly, Z over the middle. */
static double homing_seconds(const struct marlin *marlin)
{
	double seconds = 0;

	for (int i = 0; i < 3; i++) {
		if (!marlin->wait.axes[i])
			continue;
		double way_mm =
			fabs(marlin->position_mm[i] - marlin->board->settings.volume_min_mm[i]);
		seconds += i == 2 ? 5 + way_mm / 4 : 2.5 + way_mm / 50;
	}
	return seconds;
}

static enum sim_marlin_result homed(struct marlin *marlin)
{
	const struct sim_settings *settings = &marlin->board->settings;

	for (int i = 0; i < 3; i++) {
		if (!marlin->wait.axes[i])
			continue;
		marlin->position_mm[i] =
			settings->volume_min_mm[i] < 0 && i < 2 ? 0 : settings->volume_min_mm[i];
		marlin->offset_mm[i] = 0;
		marlin->homed[i] = true;
	}
	/* Z_HOMING_HEIGHT: X and Y are looked for with the nozzle lifted. */
	if (!marlin->wait.axes[2] && marlin->position_mm[2] < 5)
		marlin->position_mm[2] = 5;
	memcpy(marlin->board->planner.position_mm, marlin->position_mm, sizeof marlin->position_mm);
	marlin->last_move_us = marlin->now_us;
	sim_marlin_print_position(marlin, true);
	return done(marlin);
}

static enum sim_marlin_result start_homing(struct marlin *marlin)
{
	bool any = sim_marlin_seen(&marlin->words, 'X') || sim_marlin_seen(&marlin->words, 'Y') ||
		   sim_marlin_seen(&marlin->words, 'Z');

	for (int i = 0; i < 3; i++)
		marlin->wait.axes[i] = !any || sim_marlin_seen(&marlin->words, axis_letter[i]);
	return wait_until(marlin, marlin->now_us + (int64_t)(homing_seconds(marlin) * 1e6), homed);
}

enum sim_marlin_result sim_marlin_g28(struct marlin *marlin)
{
	marlin->print_going = false;
	return sim_marlin_synchronize(marlin, start_homing);
}

static enum sim_marlin_result levelled(struct marlin *marlin)
{
	sim_marlin_say(marlin, "Bilinear Leveling Grid:\n");
	sim_marlin_say(marlin, "      0      1      2\n");
	for (int row = 0; row < 3; row++)
		sim_marlin_say(marlin, " %d +0.0%d0 -0.0%d5 +0.010\n", row, row + 1, row);
	sim_marlin_say(marlin, "\n");
	marlin->last_move_us = marlin->now_us;
	sim_marlin_print_position(marlin, true);
	return done(marlin);
}

static enum sim_marlin_result probe_bed(struct marlin *marlin)
{
	return wait_until(marlin, marlin->now_us + 27000000, levelled);
}

/* G29, and G80 of the MK3 family, which files for those printers carry. */
enum sim_marlin_result sim_marlin_g29(struct marlin *marlin)
{
	if (!marlin->board->settings.leveling)
		return MARLIN_UNKNOWN;
	marlin->print_going = false;
	return sim_marlin_synchronize(marlin, probe_bed);
}

/* ---- position by decree ---- */

enum sim_marlin_result sim_marlin_g92(struct marlin *marlin)
{
	bool any = false;
	double value;

	for (int i = 0; i < MOTION_AXES; i++) {
		if (!sim_marlin_value(&marlin->words, axis_letter[i], &value))
			continue;
		any = true;
		if (i < 3) {
			marlin->offset_mm[i] = value - marlin->position_mm[i];
			continue;
		}
		/* E is set for real: what is planned keeps its way, what comes counts from here. */
		struct motion *planner = &marlin->board->planner;
		double by_mm = value - marlin->position_mm[3];
		for (uint32_t b = 0; b < planner->count; b++) {
			struct motion_block *block =
				&planner->block[(planner->head + b) % SIM_BLOCKS_MAX];
			block->from_mm[3] += by_mm;
			block->to_mm[3] += by_mm;
		}
		planner->position_mm[3] += by_mm;
		marlin->position_mm[3] = value;
	}
	if (!any)
		for (int i = 0; i < 3; i++)
			marlin->offset_mm[i] = -marlin->position_mm[i];
	sim_marlin_print_position(marlin, true);
	return MARLIN_OK;
}

/* ---- quick stop ---- */

void sim_marlin_quickstop(struct marlin *marlin)
{
	struct motion *planner = &marlin->board->planner;

	motion_stop(planner, marlin->now_us);
	memcpy(marlin->position_mm, planner->position_mm, sizeof marlin->position_mm);
	/* cleaning_buffer_counter: for a second nothing is planned, and the firmware waits for it.
	 */
	marlin->quickstop_until_us = marlin->now_us + QUICKSTOP_US;
	marlin->sync_end_us = marlin->quickstop_until_us;
	marlin->print_going = false;
}

enum sim_marlin_result sim_marlin_m410(struct marlin *marlin)
{
	if (!marlin->board->settings.emergency_parser) {
		sim_marlin_quickstop(marlin);
		return wait_until(marlin, marlin->quickstop_until_us, done);
	}
	return MARLIN_OK;
}
