/* A line of grbl step by step: gc_execute_line behind its checks. */
#include "sim/grbl.h"

#include <string.h> /* memset, memmove, memcpy */

enum { ERROR_LOCKED = 9, ERROR_OVERFLOW = 11, ERROR_JOG_TARGET = 15 };

void sim_grbl_modal_reset(struct grbl *grbl)
{
	memset(&grbl->modal, 0, sizeof grbl->modal);
	grbl->modal.plane = 17;
	grbl->feed_percent = grbl->rapid_percent = grbl->spindle_percent = 100;
	grbl->standing_power = 0;
	grbl->spindle_stopped = false;
}

/* ---- beginnings and ends ---- */

/* Blanks around a line are no part of its command. */
static void trim(struct grbl *grbl)
{
	int32_t skip = 0;

	while (grbl->heard_length > 0 && grbl->heard[grbl->heard_length - 1] <= ' ' &&
		grbl->heard[grbl->heard_length - 1] > 0)
		grbl->heard_length--;
	while (skip < grbl->heard_length && grbl->heard[skip] == ' ')
		skip++;
	grbl->heard_length -= skip;
	memmove(grbl->heard, grbl->heard + skip, (size_t)grbl->heard_length);
	grbl->heard[grbl->heard_length] = '\0';
}

static void end_line(struct grbl *grbl, int32_t error)
{
	if (error == 0 && grbl->length > 0) {
		trim(grbl);
		if (grbl->heard_length > 0)
			board_executed(grbl->board, &grbl->origin, grbl->heard);
	}
	grbl->running = false;
	grbl->wake_us = SIM_NEVER;
	if (grbl->variant->sticky_errors)
		grbl->sticky = error;
	sim_grbl_answer(grbl, error);
	sim_grbl_next_line(grbl, grbl->end_is_noise);
}

static void begin_steps(struct grbl *grbl)
{
	grbl->running = true;
	grbl->step = GRBL_STEP_SPINDLE;
	grbl->wake_us = SIM_NEVER;
	sim_grbl_run(grbl);
}

static int32_t jog_error(const struct grbl *grbl)
{
	return sim_grbl_is_outside(grbl, grbl->block.target_mm) ? ERROR_JOG_TARGET : 0;
}

static void begin_system(struct grbl *grbl)
{
	bool waits = false;
	int32_t error = sim_grbl_system(grbl, grbl->line, &waits);

	if (error == 0 && grbl->block.jog)
		error = jog_error(grbl);
	if (error == 0 && grbl->block.jog) {
		begin_steps(grbl);
	} else if (error == 0 && waits) {
		grbl->running = true;
		grbl->step = GRBL_STEP_HOME_ENDS;
		grbl->wake_us = grbl->now_us + sim_grbl_home_us(grbl);
		grbl->state = GRBL_HOME;
	} else {
		end_line(grbl, error);
	}
}

void sim_grbl_begin(struct grbl *grbl)
{
	int32_t error;

	grbl->input_us = grbl->now_us;
	grbl->now_us += grbl->board->settings.command_us;
	grbl->block.jog = false;
	if (grbl->overflow) {
		end_line(grbl, ERROR_OVERFLOW);
	} else if (grbl->length == 0) {
		end_line(grbl, 0);
	} else if (grbl->line[0] == '$') {
		begin_system(grbl);
	} else if (grbl->sticky != 0) {
		end_line(grbl, grbl->sticky);
	} else if (grbl->state == GRBL_ALARM || grbl->state == GRBL_JOG) {
		end_line(grbl, ERROR_LOCKED);
	} else {
		error = sim_grbl_parse(grbl, grbl->line, false);
		if (error != 0)
			end_line(grbl, error);
		else
			begin_steps(grbl);
	}
}

/* ---- steps ---- */

/* protocol_buffer_synchronize: false while anything moves. */
static bool is_still(struct grbl *grbl)
{
	if (!motion_is_empty(&grbl->board->planner))
		return false;
	grbl->sync_end_us = grbl->now_us;
	return true;
}

static bool step_spindle(struct grbl *grbl)
{
	struct sim_grbl_block *block = &grbl->block;
	bool laser = sim_grbl_setting(grbl, 32) > 0;
	bool burns = block->modal.motion >= 1 && block->modal.motion <= 3;
	bool other_state = block->modal.spindle != grbl->modal.spindle;
	bool other_speed =
		block->modal.rpm != grbl->modal.rpm && block->modal.spindle != GRBL_SPINDLE_OFF;

	if (block->jog)
		return true;
	if ((other_state || (other_speed && !(laser && block->moves && burns))) && !is_still(grbl))
		return false;
	if (other_state || other_speed)
		grbl->report_override = 0;
	grbl->modal.spindle = block->modal.spindle;
	grbl->modal.rpm = block->modal.rpm;
	if (other_state || (other_speed && !block->moves)) {
		double most = sim_grbl_setting(grbl, 30);
		grbl->standing_power = burns && most > 0 ? block->modal.rpm / most : 0;
	}
	return true;
}

static bool step_coolant(struct grbl *grbl)
{
	if (grbl->block.modal.coolant == grbl->modal.coolant || grbl->block.jog)
		return true;
	if (!is_still(grbl))
		return false;
	grbl->modal.coolant = grbl->block.modal.coolant;
	grbl->report_override = 0;
	return true;
}

static bool step_dwell(struct grbl *grbl)
{
	double seconds = grbl->block.value['P' - 'A'];

	if (grbl->block.once != 40)
		return true;
	if (!is_still(grbl))
		return false;
	seconds = seconds > 1e6 ? 1e6 : seconds;
	grbl->wake_us = grbl->now_us + (int64_t)(seconds * 1e6);
	return true;
}

static bool step_dwell_ends(struct grbl *grbl)
{
	if (grbl->block.once != 40)
		return true;
	if (grbl->now_us < grbl->wake_us)
		return false;
	grbl->sync_end_us = grbl->now_us;
	grbl->wake_us = SIM_NEVER;
	return true;
}

static void store_offset(struct grbl *grbl)
{
	const struct sim_grbl_block *block = &grbl->block;
	int32_t system = (int32_t)block->value['P' - 'A'] - 1;
	double scale = block->modal.inches ? 25.4 : 1;

	system = system < 0 || system >= GRBL_SYSTEMS ? block->modal.system : system;
	for (int i = 0; i < 3; i++) {
		double value = block->value['X' - 'A' + i] * scale;
		if (!(block->axes & (1u << i)))
			continue;
		grbl->stored_mm[system][i] =
			block->value['L' - 'A'] == 20
				? grbl->position_mm[i] - grbl->g92_mm[i] - value
				: value;
	}
	grbl->report_offset = 0;
	sim_grbl_write_eeprom(grbl);
}

static void set_origin(struct grbl *grbl)
{
	const struct sim_grbl_block *block = &grbl->block;
	double scale = block->modal.inches ? 25.4 : 1;

	for (int i = 0; i < 3; i++)
		if (block->axes & (1u << i))
			grbl->g92_mm[i] = grbl->position_mm[i] -
					  grbl->stored_mm[block->modal.system][i] -
					  block->value['X' - 'A' + i] * scale;
	grbl->report_offset = 0;
}

static bool step_once(struct grbl *grbl)
{
	struct sim_grbl_block *block = &grbl->block;
	const double *stored_mm = grbl->stored_mm[block->once / 10 == 28 ? 6 : 7];
	double to_mm[3];

	switch (block->once) {
	case 100:
		store_offset(grbl);
		return true;
	case 280:
	case 300:
		for (int i = 0; i < 3; i++)
			to_mm[i] = !block->axes || block->axes & (1u << i) ? stored_mm[i]
									   : grbl->position_mm[i];
		return sim_grbl_move(grbl, to_mm, true);
	case 281:
	case 301:
		memcpy(grbl->stored_mm[block->once / 10 == 28 ? 6 : 7], grbl->position_mm,
			sizeof to_mm);
		sim_grbl_write_eeprom(grbl);
		return true;
	case 431:
		grbl->tool_mm = block->value['Z' - 'A'] * (block->modal.inches ? 25.4 : 1);
		return true;
	case 490:
		grbl->tool_mm = 0;
		return true;
	case 920:
		set_origin(grbl);
		return true;
	case 921:
		memset(grbl->g92_mm, 0, sizeof grbl->g92_mm);
		grbl->report_offset = 0;
		return true;
	default:
		return true;
	}
}

static bool step_motion(struct grbl *grbl)
{
	struct sim_grbl_block *block = &grbl->block;
	int32_t motion = block->modal.motion;

	if (!block->moves)
		return true;
	if (grbl->arc_count == 0 && sim_grbl_is_outside(grbl, block->target_mm)) {
		/* Soft limit: the line stays under way until a reset. */
		sim_grbl_alarm(grbl, 2);
		return false;
	}
	if (motion < 2 && !sim_grbl_move(grbl, block->target_mm, motion == 0))
		return false;
	if (motion >= 2 && motion <= 3) {
		if (grbl->arc_count == 0)
			sim_grbl_arc_begin(grbl);
		if (!sim_grbl_arc_go_on(grbl))
			return false;
		grbl->arc_count = 0;
	}
	if (block->jog && !motion_is_empty(&grbl->board->planner))
		grbl->state = GRBL_JOG;
	return true;
}

/* M2 and M30 (gcode.c): units and feed stay. */
static void end_program(struct grbl *grbl)
{
	struct sim_grbl_modal *modal = &grbl->modal;

	modal->motion = 1;
	modal->plane = 17;
	modal->relative = modal->inverse_time = false;
	modal->system = 0;
	modal->spindle = GRBL_SPINDLE_OFF;
	modal->coolant = 0;
	grbl->standing_power = 0;
	grbl->feed_percent = grbl->rapid_percent = grbl->spindle_percent = 100;
	grbl->report_offset = grbl->report_override = 0;
	sim_grbl_say(grbl, "[MSG:Pgm End]\r\n");
}

static bool step_flow(struct grbl *grbl)
{
	if (grbl->block.flow < 0)
		return true;
	if (!is_still(grbl))
		return false;
	grbl->going = false;
	if (grbl->block.flow == 0 && grbl->state != GRBL_CHECK) {
		motion_hold(&grbl->board->planner, grbl->now_us);
		grbl->state = GRBL_HOLD;
	} else if (grbl->block.flow != 0) {
		end_program(grbl);
	}
	return true;
}

static void take_modal(struct grbl *grbl)
{
	struct sim_grbl_modal modal = grbl->block.modal;

	if (grbl->block.jog)
		return;
	/* Spindle and coolant have had their steps. */
	modal.spindle = grbl->modal.spindle;
	modal.rpm = grbl->modal.rpm;
	modal.coolant = grbl->modal.coolant;
	if (modal.system != grbl->modal.system)
		grbl->report_offset = 0;
	grbl->modal = modal;
}

/* $C: everything is read and nothing moves. */
static void run_checked(struct grbl *grbl)
{
	take_modal(grbl);
	if (grbl->block.moves)
		memcpy(grbl->position_mm, grbl->block.target_mm, sizeof grbl->position_mm);
	if (grbl->block.flow > 0)
		end_program(grbl);
	end_line(grbl, 0);
}

static bool do_step(struct grbl *grbl)
{
	switch (grbl->step) {
	case GRBL_STEP_SPINDLE:
		return step_spindle(grbl);
	case GRBL_STEP_COOLANT:
		return step_coolant(grbl);
	case GRBL_STEP_DWELL:
		return step_dwell(grbl);
	case GRBL_STEP_DWELL_ENDS:
		return step_dwell_ends(grbl);
	case GRBL_STEP_ONCE:
		take_modal(grbl);
		grbl->arc_count = 0;
		return step_once(grbl);
	case GRBL_STEP_MOTION:
		return step_motion(grbl);
	case GRBL_STEP_FLOW:
		return step_flow(grbl);
	case GRBL_STEP_FLOW_ENDS:
		return !sim_grbl_is_suspended(grbl);
	case GRBL_STEP_HOME_ENDS:
		if (grbl->now_us < grbl->wake_us)
			return false;
		sim_grbl_homed(grbl);
		grbl->state = GRBL_IDLE;
		grbl->step = GRBL_STEP_FLOW_ENDS;
		return true;
	case GRBL_STEP_DONE:
		break;
	}
	return true;
}

void sim_grbl_run(struct grbl *grbl)
{
	if (grbl->state == GRBL_CHECK) {
		run_checked(grbl);
		return;
	}
	while (grbl->step != GRBL_STEP_DONE) {
		if (!do_step(grbl))
			return;
		grbl->step++;
		if (grbl->step == GRBL_STEP_HOME_ENDS)
			grbl->step = GRBL_STEP_DONE;
	}
	end_line(grbl, 0);
}
