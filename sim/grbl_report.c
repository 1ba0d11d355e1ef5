/* What grbl reports: report.c of 1.1. */
#include "sim/grbl.h"

#include "sim/grbl_settings.h"

#include <math.h>   /* fabs */
#include <stdio.h>  /* snprintf */
#include <string.h> /* strlen */

enum { OFFSET_BUSY = 30, OFFSET_IDLE = 10, OVERRIDE_BUSY = 20, OVERRIDE_IDLE = 10 };

static const char *state_text(const struct grbl *grbl)
{
	bool rests = grbl->board->planner.rest_us <= grbl->now_us;

	switch (grbl->state) {
	case GRBL_IDLE:
		return "Idle";
	case GRBL_RUN:
		return "Run";
	case GRBL_HOLD:
		return rests ? "Hold:0" : "Hold:1";
	case GRBL_JOG:
		return "Jog";
	case GRBL_HOME:
		return "Home";
	case GRBL_ALARM:
		return "Alarm";
	case GRBL_DOOR:
		return !rests ? "Door:2" : grbl->door_open ? "Door:1" : "Door:0";
	case GRBL_CHECK:
		return "Check";
	case GRBL_SLEEP:
		return "Sleep";
	}
	return "?";
}

static bool is_busy(const struct grbl *grbl)
{
	switch (grbl->state) {
	case GRBL_RUN:
	case GRBL_HOLD:
	case GRBL_JOG:
	case GRBL_HOME:
	case GRBL_DOOR:
		return true;
	case GRBL_IDLE:
	case GRBL_ALARM:
	case GRBL_CHECK:
	case GRBL_SLEEP:
		return false;
	}
	return false;
}

/* The output as the timer's register has it: with the beam dark there is none. */
static void report_accessories(struct grbl *grbl, char *text, size_t size)
{
	bool lit = sim_grbl_beam(grbl, grbl->now_us) > 0;
	bool on = grbl->modal.spindle != GRBL_SPINDLE_OFF && !grbl->spindle_stopped &&
		  (lit || sim_grbl_setting(grbl, 32) <= 0);

	text[0] = '\0';
	if (!on && grbl->modal.coolant == 0)
		return;
	snprintf(text, size, "|A:%s%s",
		!on					  ? ""
		: grbl->modal.spindle == GRBL_SPINDLE_CCW ? "C"
							  : "S",
		grbl->modal.coolant ? "F" : "");
}

void sim_grbl_report(struct grbl *grbl)
{
	const struct motion *planner = &grbl->board->planner;
	int32_t mask = (int32_t)sim_grbl_setting(grbl, 10);
	double at_mm[MOTION_AXES], offset_mm[3];
	char text[256], more[96] = "", accessories[16];
	size_t used;

	motion_position(planner, grbl->now_us, at_mm);
	sim_grbl_offset(grbl, offset_mm);
	for (int i = 0; i < 3; i++)
		if (!(mask & 1))
			at_mm[i] -= offset_mm[i];
	if (mask & 2)
		snprintf(more, sizeof more, "|Bf:%u,%u", (unsigned)motion_free(planner),
			(unsigned)(grbl->board->receiver.ring_usable -
				   grbl->board->receiver.ring_count));
	snprintf(text, sizeof text, "<%s|%cPos:%.3f,%.3f,%.3f%s|FS:%d,%d", state_text(grbl),
		mask & 1 ? 'M' : 'W', at_mm[0], at_mm[1], at_mm[2], more,
		(int)(motion_speed(planner, grbl->now_us) * 60),
		(int)(sim_grbl_beam(grbl, grbl->now_us) * sim_grbl_setting(grbl, 30) + 0.5));
	used = strlen(text);
	if (grbl->door_open)
		used += (size_t)snprintf(text + used, sizeof text - used, "|Pn:D");
	if (grbl->report_offset > 0) {
		grbl->report_offset--;
	} else {
		grbl->report_offset = (is_busy(grbl) ? OFFSET_BUSY : OFFSET_IDLE) - 1;
		if (grbl->report_override == 0)
			grbl->report_override = 1; /* on the next report */
		used += (size_t)snprintf(text + used, sizeof text - used, "|WCO:%.3f,%.3f,%.3f",
			offset_mm[0], offset_mm[1], offset_mm[2]);
	}
	if (grbl->report_override > 0) {
		grbl->report_override--;
	} else {
		grbl->report_override = (is_busy(grbl) ? OVERRIDE_BUSY : OVERRIDE_IDLE) - 1;
		report_accessories(grbl, accessories, sizeof accessories);
		snprintf(text + used, sizeof text - used, "|Ov:%d,%d,%d%s", (int)grbl->feed_percent,
			(int)grbl->rapid_percent, (int)grbl->spindle_percent, accessories);
	}
	sim_grbl_say(grbl, "%s>\r\n", text);
}

void sim_grbl_report_settings(struct grbl *grbl)
{
	const struct sim_grbl_setting *row;

	for (size_t i = 0; (row = sim_grbl_setting_row(i)) != NULL; i++)
		sim_grbl_say(
			grbl, "$%d=%.*f\r\n", (int)row->number, row->decimals, grbl->setting[i]);
}

void sim_grbl_report_parser(struct grbl *grbl)
{
	const struct sim_grbl_modal *modal = &grbl->modal;
	static const char *const spindles[] = { "M5", "M3", "M4" };

	sim_grbl_say(grbl, "[GC:G%d G%d G%d G%d G%d G%d %s %s T%d F%.0f S%.0f]\r\n",
		(int)modal->motion, (int)modal->system + 54, (int)modal->plane,
		modal->inches ? 20 : 21, modal->relative ? 91 : 90, modal->inverse_time ? 93 : 94,
		spindles[modal->spindle], modal->coolant ? "M8" : "M9", (int)modal->tool,
		modal->feed_mm_min, modal->rpm);
}

static void say_point(struct grbl *grbl, const char *name, const double mm[3])
{
	sim_grbl_say(grbl, "[%s:%.3f,%.3f,%.3f]\r\n", name, mm[0], mm[1], mm[2]);
}

void sim_grbl_report_parameters(struct grbl *grbl)
{
	static const char *const names[GRBL_POSITIONS] = { "G54", "G55", "G56", "G57", "G58", "G59",
		"G28", "G30" };

	for (int i = 0; i < GRBL_POSITIONS; i++)
		say_point(grbl, names[i], grbl->stored_mm[i]);
	say_point(grbl, "G92", grbl->g92_mm);
	sim_grbl_say(grbl, "[TLO:%.3f]\r\n", grbl->tool_mm);
	sim_grbl_say(grbl, "[PRB:0.000,0.000,0.000:0]\r\n");
}

static void say_lines(struct grbl *grbl, const char *const *line)
{
	for (; line && *line; line++)
		sim_grbl_say(grbl, "%s\r\n", *line);
}

void sim_grbl_report_build(struct grbl *grbl)
{
	say_lines(grbl, grbl->variant->version);
	sim_grbl_say(grbl, "[OPT:%s,%d,%d%s]\r\n", grbl->variant->options,
		(int)grbl->board->planner.usable, (int)grbl->variant->rx_told, grbl->variant->axes);
	say_lines(grbl, grbl->variant->more);
}
