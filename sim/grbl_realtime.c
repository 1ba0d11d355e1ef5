/* Real-time bytes: what the interrupt notes (serial.c of grbl 1.1) and what the thread does about
 * it (protocol_exec_rt_system, system.c). */
#include "sim/grbl.h"

enum {
	BYTE_RESET = 0x18,
	BYTE_STOP = 0x19, /* grblHAL */
	BYTE_DOOR = 0x84,
	BYTE_JOG_CANCEL = 0x85,
	BYTE_SPINDLE_STOP = 0x9e,
	OVERRIDE_MIN = 10,
	OVERRIDE_MAX = 200,
};

static void change(int32_t *percent, int32_t by)
{
	int32_t changed = *percent + by;

	*percent = by == 0		    ? 100
		   : changed < OVERRIDE_MIN ? OVERRIDE_MIN
		   : changed > OVERRIDE_MAX ? OVERRIDE_MAX
					    : changed;
}

static void override(struct grbl *grbl, uint8_t byte)
{
	static const int32_t by[] = { 0, 10, -10, 1, -1 };

	if (byte >= 0x90 && byte <= 0x94)
		change(&grbl->feed_percent, by[byte - 0x90]);
	else if (byte >= 0x95 && byte <= 0x97)
		grbl->rapid_percent = byte == 0x95 ? 100 : byte == 0x96 ? 50 : 25;
	else if (byte >= 0x99 && byte <= 0x9d)
		change(&grbl->spindle_percent, by[byte - 0x99]);
	else
		return;
	grbl->report_override = 0;
}

/* grblHAL throws away what it has received and not read: those lines are never answered. */
static void empty_ring(struct grbl *grbl)
{
	bool cut;

	if (!grbl->variant->stop_byte)
		return;
	grbl->board->counters.flushed_bytes +=
		(int64_t)receiver_flush(&grbl->board->receiver, &cut);
	sim_grbl_reader_reset(grbl);
	grbl->origin.cut = cut;
}

bool sim_grbl_realtime(struct grbl *grbl, uint8_t byte)
{
	switch (byte) {
	case '?':
		grbl->wanted |= GRBL_WANT_REPORT;
		return true;
	case '!':
		grbl->wanted |= GRBL_WANT_HOLD;
		return true;
	case '~':
		grbl->wanted |= GRBL_WANT_RESUME;
		return true;
	case BYTE_RESET:
		sim_grbl_reset_now(grbl);
		return true;
	case BYTE_STOP:
		if (!grbl->variant->stop_byte)
			return false;
		empty_ring(grbl);
		sim_grbl_reset_now(grbl);
		return true;
	case BYTE_DOOR:
		grbl->wanted |= GRBL_WANT_DOOR;
		return true;
	case BYTE_JOG_CANCEL:
		grbl->wanted |= GRBL_WANT_JOG_CANCEL;
		empty_ring(grbl);
		return true;
	case BYTE_SPINDLE_STOP:
		grbl->wanted |= GRBL_WANT_SPINDLE_STOP;
		return true;
	default:
		if (byte < 0x80)
			return false;
		override(grbl, byte);
		return true;
	}
}

/* ---- the thread ---- */

static void hold(struct grbl *grbl)
{
	switch (grbl->state) {
	case GRBL_IDLE:
	case GRBL_RUN:
		motion_hold(&grbl->board->planner, grbl->now_us);
		grbl->state = GRBL_HOLD;
		return;
	case GRBL_JOG:
		motion_hold(&grbl->board->planner, grbl->now_us);
		grbl->jog_cancelled = true;
		return;
	case GRBL_HOLD:
	case GRBL_HOME:
	case GRBL_ALARM:
	case GRBL_DOOR:
	case GRBL_CHECK:
	case GRBL_SLEEP:
		return;
	}
}

static void door(struct grbl *grbl)
{
	switch (grbl->state) {
	case GRBL_ALARM:
	case GRBL_SLEEP:
	case GRBL_HOME:
	case GRBL_CHECK:
	case GRBL_DOOR:
		return;
	case GRBL_IDLE:
	case GRBL_RUN:
	case GRBL_JOG:
	case GRBL_HOLD:
		break;
	}
	sim_grbl_say(grbl, "[MSG:Check Door]\r\n");
	motion_hold(&grbl->board->planner, grbl->now_us);
	grbl->jog_cancelled |= grbl->state == GRBL_JOG;
	grbl->state = GRBL_DOOR;
	grbl->report_override = 0; /* outputs were switched off */
}

static void resume(struct grbl *grbl)
{
	bool stands = grbl->board->planner.rest_us <= grbl->now_us;

	if ((grbl->state != GRBL_HOLD && grbl->state != GRBL_DOOR) || !stands)
		return;
	if (grbl->state == GRBL_DOOR && grbl->door_open)
		return;
	grbl->spindle_stopped = false;
	motion_release(&grbl->board->planner, grbl->now_us);
	grbl->state = motion_is_empty(&grbl->board->planner) ? GRBL_IDLE : GRBL_RUN;
}

/* A cancelled jog has come to rest: its moves are thrown away. */
static void end_jog(struct grbl *grbl)
{
	if (!grbl->jog_cancelled || grbl->board->planner.rest_us > grbl->now_us)
		return;
	grbl->jog_cancelled = false;
	motion_stop(&grbl->board->planner, grbl->now_us);
	sim_grbl_take_position(grbl);
	if (grbl->state == GRBL_JOG)
		grbl->state = GRBL_IDLE;
}

static void follow_motion(struct grbl *grbl)
{
	bool empty = motion_is_empty(&grbl->board->planner);

	if (grbl->state == GRBL_IDLE && !empty)
		grbl->state = GRBL_RUN;
	else if ((grbl->state == GRBL_RUN || grbl->state == GRBL_JOG) && empty &&
		 !grbl->jog_cancelled)
		grbl->state = GRBL_IDLE;
	/* In laser mode a completed hold switches the beam off until it is resumed. */
	if (grbl->state == GRBL_HOLD && sim_grbl_setting(grbl, 32) > 0 &&
		grbl->board->planner.rest_us <= grbl->now_us)
		grbl->spindle_stopped = true;
}

void sim_grbl_act(struct grbl *grbl)
{
	uint32_t wanted = grbl->wanted;

	grbl->wanted &= GRBL_WANT_RESET;
	if (grbl->critical || (wanted & GRBL_WANT_RESET))
		return;
	follow_motion(grbl);
	/* limits_go_home watches reset, door and cycle stop only. */
	if ((wanted & GRBL_WANT_REPORT) && grbl->state != GRBL_HOME)
		sim_grbl_report(grbl);
	if (wanted & GRBL_WANT_DOOR)
		door(grbl);
	if (wanted & GRBL_WANT_HOLD)
		hold(grbl);
	if ((wanted & GRBL_WANT_JOG_CANCEL) && grbl->state == GRBL_JOG)
		hold(grbl);
	if ((wanted & GRBL_WANT_SPINDLE_STOP) && grbl->state == GRBL_HOLD)
		grbl->spindle_stopped = !grbl->spindle_stopped;
	if (wanted & GRBL_WANT_RESUME)
		resume(grbl);
	end_jog(grbl);
	follow_motion(grbl);
}
