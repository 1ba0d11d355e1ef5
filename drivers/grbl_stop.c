/* The controlled stop: brake, reset, prove that the output is off; see grbl_private.h. */
#include "drivers/grbl_private.h"

#include <stdio.h> /* snprintf */
#include <string.h>

enum { CTRL_X = 0x18, JOG_CANCEL = 0x85 };

/* FS: shows the output as it is; A: with S or C a spindle that turns, and stands beside Ov:. */
enum grbl_output grbl_output_of(const struct grbl *g)
{
	const struct grbl_status *status = &g->status;

	if (g->status_us == 0)
		return GRBL_OUTPUT_UNSAID;
	if (status->spindle || (status->has_speed && status->rpm > 0))
		return GRBL_OUTPUT_ON;
	return status->has_speed || status->has_overrides ? GRBL_OUTPUT_OFF : GRBL_OUTPUT_UNSAID;
}

static void reset(struct grbl *g)
{
	g->stop = GRBL_STOP_RESET;
	grbl_realtime(g, CTRL_X);
	grbl_set_phase(g, GRBL_STOPPING, GRBL_BANNER_US);
}

static void brake(struct grbl *g)
{
	g->stop = GRBL_STOP_BRAKE;
	if (g->status.machine == GRBL_MACHINE_JOG)
		grbl_realtime(g, (char)JOG_CANCEL);
	grbl_realtime(g, '!');
	grbl_poll(g);
	grbl_set_phase(g, GRBL_STOPPING, GRBL_BRAKE_US);
}

void grbl_stop_begin(struct grbl *g, enum grbl_stop_end end, bool at_once)
{
	enum grbl_machine machine = g->status.machine;

	g->stop_end = end;
	g->staged_length = 0;
	g->want_pause = g->closing = false;
	g->tries = 0;
	/* A hold means nothing to a machine that homes or has an alarm. */
	if (at_once || machine == GRBL_MACHINE_HOME || machine == GRBL_MACHINE_ALARM)
		reset(g);
	else
		brake(g);
}

void grbl_fault(struct grbl *g, enum driver_fault fault, const char *text)
{
	bool restarted = g->clean && g->banner_seen && g->flight_count == 0 &&
			 g->status.machine == GRBL_MACHINE_UNKNOWN;

	if (g->job)
		effects_fault(g->effects, DRIVER_JOB_FAULT, fault, text);
	g->job = false;
	snprintf(g->fault_text, sizeof(g->fault_text), "%s", text);
	/* A board that has restarted by itself has switched everything off: prove it. */
	if (restarted) {
		g->stop_end = GRBL_STOP_FAULTED;
		g->staged_length = 0;
		g->tries = 0;
		g->phase = GRBL_STOPPING;
		grbl_stop_banner(g);
		return;
	}
	/* A bad line of a file says nothing against the machine. */
	grbl_stop_begin(g, fault == DRIVER_FAULT_COMMAND ? GRBL_STOP_COLD : GRBL_STOP_FAULTED,
		fault == DRIVER_FAULT_SILENT);
}

void grbl_stop_banner(struct grbl *g)
{
	g->stop = GRBL_STOP_PROVE;
	grbl_poll(g);
	grbl_set_phase(g, GRBL_STOPPING, GRBL_PROVE_US);
}

static void stopped(struct grbl *g)
{
	bool asked = g->cool_asked;

	g->cool_asked = false;
	switch (g->stop_end) {
	case GRBL_STOP_CANCELLED:
		g->job = false;
		effects_add(g->effects, DRIVER_JOB_CANCELLED);
		grbl_set_phase(g, GRBL_READY, DRIVER_NEVER);
		break;
	case GRBL_STOP_FAULTED:
		grbl_set_phase(g, GRBL_FAULTED, DRIVER_NEVER);
		break;
	case GRBL_STOP_COLD:
		/* It may not have been asked what it is yet. */
		grbl_set_phase(g, GRBL_BOOT, 0);
		break;
	}
	if (asked)
		effects_add(g->effects, DRIVER_COLD);
	if (g->phase == GRBL_READY)
		grbl_look_for_attention(g);
}

/* Nobody can say that the output is off. */
static void unproved(struct grbl *g)
{
	char text[DRIVER_REASON_MAX];

	snprintf(text, sizeof(text),
		"the machine does not confirm that its output is off: switch it off at the "
		"mains%s%.80s",
		g->fault_text[0] ? "; before: " : "", g->fault_text);
	if (g->job)
		effects_fault(g->effects, DRIVER_JOB_FAULT, DRIVER_FAULT_SILENT, text);
	g->job = false;
	grbl_attend(g, text);
	effects_fault(g->effects, DRIVER_LINK_FAULT, DRIVER_FAULT_SILENT, text);
	grbl_set_phase(g, GRBL_FAULTED, DRIVER_NEVER);
}

static bool stands(const struct grbl_status *status)
{
	switch (status->machine) {
	case GRBL_MACHINE_HOLD:
	case GRBL_MACHINE_DOOR:
		return status->sub <= 1;
	case GRBL_MACHINE_IDLE:
	case GRBL_MACHINE_ALARM:
	case GRBL_MACHINE_CHECK:
	case GRBL_MACHINE_SLEEP:
	case GRBL_MACHINE_TOOL:
		return true;
	case GRBL_MACHINE_UNKNOWN:
	case GRBL_MACHINE_RUN:
	case GRBL_MACHINE_JOG:
	case GRBL_MACHINE_HOME:
		return false;
	}
	return false;
}

void grbl_stop_status(struct grbl *g)
{
	if (g->stop == GRBL_STOP_BRAKE && stands(&g->status) &&
		!(g->status.machine == GRBL_MACHINE_HOLD && g->status.sub == 1))
		reset(g);
	else if (g->stop == GRBL_STOP_PROVE && grbl_is_dark(g))
		stopped(g);
}

void grbl_stop_time(struct grbl *g)
{
	if (g->now_us < g->deadline_us)
		return;
	if (g->stop == GRBL_STOP_BRAKE || ++g->tries < GRBL_TRIES)
		reset(g);
	else
		unproved(g);
}
