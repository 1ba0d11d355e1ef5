/* A print: from its first line to the machine at rest with the output off. */
#include "drivers/grbl_private.h"

#include <stdio.h> /* snprintf */
#include <string.h>

/* ---- answers ---- */

/* Behind the last line: output off, and a dwell, whose ok comes when everything has stopped. */
static void close_job(struct grbl *g)
{
	if (!g->ended || g->closing || g->staged_length > 0 || g->phase != GRBL_STREAMING)
		return;
	if (!grbl_has_room(g, 15, false))
		return;
	g->closing = true;
	grbl_send_line(g, "M5");
	grbl_send_line(g, "G4 P0.01");
}

void grbl_job_answered(struct grbl *g, const struct grbl_line *line)
{
	if (line->homing && g->phase == GRBL_READY)
		grbl_poll(g);
	grbl_flush_staged(g);
	close_job(g);
}

void grbl_job_error(struct grbl *g, const struct grbl_line *line, int32_t number)
{
	char text[DRIVER_REASON_MAX];

	snprintf(text, sizeof(text), "error:%d, %s, for the line \"%s\"", (int)number,
		grbl_error_words(g->flavour, number), line->text);
	if (g->job) {
		grbl_fault(g, DRIVER_FAULT_STOPPED, text);
		return;
	}
	effects_said(g->effects, "%s", text);
	/* grblHAL answers the same error until an empty line takes it off. */
	if (g->flavour == GRBL_FLAVOUR_HAL && g->phase == GRBL_READY && line->text[0])
		grbl_send_line(g, "");
}

/* ---- missing answers ---- */

/* How long the machine may be idle over what is not answered. */
static int64_t dwells_us(const struct grbl *g)
{
	int64_t sum_us = 0;
	bool spins = false;

	for (size_t i = 0; i < g->flight_count; i++) {
		const struct grbl_line *line = &g->flight[(g->flight_head + i) % GRBL_FLIGHT_MAX];
		sum_us += line->dwell_us;
		spins |= line->spins;
	}
	return sum_us + (spins ? GRBL_SPIN_US : 0);
}

/* An idle machine with lines un-answered: answers were lost, or lines were. */
static void on_missing(struct grbl *g)
{
	char text[DRIVER_REASON_MAX];
	int missing = (int)g->flight_count;
	const struct grbl_line *last =
		&g->flight[(g->flight_head + g->flight_count - 1) % GRBL_FLIGHT_MAX];

	if (grbl_place_of(g) != GRBL_PLACE_RIGHT) {
		snprintf(text, sizeof(text),
			"%d lines were not answered though the machine is idle, and its position "
			"does not show that they ran",
			missing);
		grbl_fault(g, DRIVER_FAULT_PROTOCOL, text);
		return;
	}
	effects_said(g->effects,
		"%d answers were lost: the machine stands where the last line ends", missing);
	g->counters.lost_acknowledgements += missing;
	for (size_t i = 0; i < g->flight_count; i++) {
		int64_t index = g->flight[(g->flight_head + i) % GRBL_FLIGHT_MAX].index;
		if (index >= 0)
			g->acknowledged = index;
	}
	struct grbl_line line = *last;
	grbl_clear_flight(g);
	g->idle_reports = 0;
	grbl_job_answered(g, &line);
}

/* The machine calls a dwell Idle, too, and the moves before it may have taken long. */
static void check_missing(struct grbl *g)
{
	if (g->flight_count == 0 || g->idle_reports < 2 ||
		g->now_us - g->idle_since_us < GRBL_DRY_US + dwells_us(g))
		return;
	on_missing(g);
}

/* ---- the end ---- */

/* Everything is answered, nothing moves, the output is off. */
static void check_done(struct grbl *g)
{
	if (!g->closing || g->flight_count > 0 || g->idle_reports < 2)
		return;
	/* Builds without a variable spindle say it in every tenth or twentieth report only. */
	if (grbl_output_of(g) == GRBL_OUTPUT_UNSAID && g->idle_reports < GRBL_UNSAID_REPORTS)
		return;
	if (!grbl_is_dark(g)) {
		grbl_fault(g, DRIVER_FAULT_PROTOCOL,
			"the output is still on though it was switched off (M5)");
		return;
	}
	/* Damage on the way is not seen by these firmwares; this much of it shows. */
	if (grbl_place_of(g) == GRBL_PLACE_WRONG) {
		grbl_fault(g, DRIVER_FAULT_PROTOCOL,
			"the machine is not where the program ends: a line was lost or damaged on "
			"its way");
		return;
	}
	g->job = g->closing = g->ended = false;
	grbl_set_phase(g, GRBL_READY, DRIVER_NEVER);
	effects_add(g->effects, DRIVER_JOB_DONE);
}

/* ---- pause ---- */

static bool holds(const struct grbl_status *status)
{
	return (status->machine == GRBL_MACHINE_HOLD && status->sub != 1) ||
	       (status->machine == GRBL_MACHINE_DOOR && status->sub <= 1) ||
	       status->machine == GRBL_MACHINE_TOOL;
}

static const char *hold_words(const struct grbl_status *status)
{
	if (status->machine == GRBL_MACHINE_DOOR)
		return "the safety door was opened: close it, then resume";
	if (status->machine == GRBL_MACHINE_TOOL)
		return "the machine waits for a tool change";
	return "the machine holds: M0 in the file, or the hold button; resume when it may go on";
}

/* The output must be off before the pause is called one. */
static void on_holding(struct grbl *g)
{
	if (g->status.machine == GRBL_MACHINE_IDLE && g->flight_count == 0 && !holds(&g->status)) {
		grbl_realtime(g, '!');
		return;
	}
	if (!holds(&g->status))
		return;
	/* A mill's spindle turns on in a hold; 0x9E stops it, and resuming starts it again. */
	if (!grbl_is_dark(g) && g->status.machine == GRBL_MACHINE_HOLD && !g->spindle_stopped) {
		g->spindle_stopped = true;
		grbl_realtime(g, (char)0x9e);
		return;
	}
	if (!grbl_is_dark(g) && g->now_us < g->deadline_us)
		return;
	if (!grbl_is_dark(g)) {
		grbl_fault(g, DRIVER_FAULT_PROTOCOL, "the output stays on in a hold");
		return;
	}
	grbl_set_phase(g, GRBL_PAUSED, DRIVER_NEVER);
	effects_add(g->effects, DRIVER_PAUSED_NOW);
	if (g->own_pause)
		grbl_attend(g, hold_words(&g->status));
}

static void on_streaming(struct grbl *g)
{
	bool idle = g->status.machine == GRBL_MACHINE_IDLE;

	if (idle && g->idle_reports++ == 0)
		g->idle_since_us = g->now_us;
	if (!idle)
		g->idle_reports = 0;
	if (g->status.machine == GRBL_MACHINE_HOLD || g->status.machine == GRBL_MACHINE_DOOR ||
		g->status.machine == GRBL_MACHINE_TOOL) {
		g->own_pause = true;
		g->want_pause = true;
		grbl_set_phase(g, GRBL_HOLDING, GRBL_BRAKE_US);
		on_holding(g);
		return;
	}
	if (g->status.machine == GRBL_MACHINE_SLEEP || g->status.machine == GRBL_MACHINE_ALARM ||
		g->status.machine == GRBL_MACHINE_CHECK) {
		char text[64];
		snprintf(text, sizeof(text), "the machine is in state %s",
			grbl_machine_name(g->status.machine));
		grbl_fault(g, DRIVER_FAULT_STOPPED, text);
		return;
	}
	check_missing(g);
	if (g->phase == GRBL_STREAMING)
		check_done(g);
}

static void on_resuming(struct grbl *g)
{
	if (holds(&g->status) || g->status.machine == GRBL_MACHINE_DOOR) {
		if (g->now_us >= g->deadline_us) {
			grbl_attend(g, hold_words(&g->status));
			g->own_pause = true;
			grbl_set_phase(g, GRBL_PAUSED, DRIVER_NEVER);
		}
		return;
	}
	g->want_pause = g->own_pause = g->spindle_stopped = false;
	grbl_attend(g, "");
	grbl_set_phase(g, GRBL_STREAMING, DRIVER_NEVER);
	effects_add(g->effects, DRIVER_RESUMED_NOW);
	g->idle_reports = 0;
	grbl_flush_staged(g);
	close_job(g);
}

void grbl_job_status(struct grbl *g)
{
	grbl_place_report(g);
	if (grbl_is_astray(g)) {
		grbl_fault(g, DRIVER_FAULT_PROTOCOL,
			"the machine is where no line has sent it: one was damaged on its way");
		return;
	}
	switch (g->phase) {
	case GRBL_STREAMING:
		on_streaming(g);
		return;
	case GRBL_HOLDING:
		on_holding(g);
		return;
	case GRBL_PAUSED:
		/* Somebody pressed the button. */
		if (g->status.machine == GRBL_MACHINE_RUN || g->status.machine == GRBL_MACHINE_IDLE)
			on_resuming(g);
		return;
	case GRBL_RESUMING:
		on_resuming(g);
		return;
	case GRBL_CLOSED:
	case GRBL_BOOT:
	case GRBL_LOOK:
	case GRBL_CLEAN:
	case GRBL_IDENTIFY:
	case GRBL_SETTINGS:
	case GRBL_ASK:
	case GRBL_READY:
	case GRBL_STOPPING:
	case GRBL_FAULTED:
		return;
	}
}

/* ---- the clock ---- */

static bool is_homing(const struct grbl *g)
{
	return g->flight_count > 0 && g->flight[g->flight_head].homing;
}

void grbl_job_time(struct grbl *g)
{
	int64_t limit_us = is_homing(g) ? GRBL_HOMING_US : GRBL_SILENT_US;

	if (g->phase == GRBL_HOLDING && g->now_us >= g->deadline_us) {
		grbl_fault(g, DRIVER_FAULT_PROTOCOL, "a feed hold did not stop the machine");
		return;
	}
	if (g->now_us - g->last_receive_us < limit_us)
		return;
	if (g->job)
		grbl_fault(g, DRIVER_FAULT_SILENT, "the machine has said nothing for 10 s");
	else {
		effects_fault(g->effects, DRIVER_LINK_FAULT, DRIVER_FAULT_SILENT,
			"the machine has said nothing for 10 s");
		grbl_set_phase(g, GRBL_FAULTED, DRIVER_NEVER);
	}
}
