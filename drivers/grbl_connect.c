/* From an open port to a machine that is known and clean.
 *
 * A banner means that the board has just started.  Without one it goes on with whatever somebody
 * left: then a report tells whether it moves (wait), and a soft reset, which from rest keeps the
 * position, throws away half a line left in it.  A line end would run that half line. */
#include "drivers/grbl_private.h"

#include "drivers/report.h"

#include <stdio.h> /* snprintf */
#include <string.h>

enum { CTRL_X = 0x18 };

static void give_up(struct grbl *g)
{
	if (g->foreign_seen)
		effects_fault(g->effects, DRIVER_LINK_FAULT, DRIVER_FAULT_DIALECT,
			"another firmware answers than grbl, grblHAL or FluidNC");
	else
		effects_fault(g->effects, DRIVER_LINK_FAULT, DRIVER_FAULT_NO_ANSWER,
			"nobody answers; a machine of the grbl family is expected");
	grbl_set_phase(g, GRBL_FAULTED, 0);
}

void grbl_connect_begin(struct grbl *g)
{
	g->tries = 0;
	grbl_set_phase(g, GRBL_BOOT, GRBL_NO_BANNER_US);
}

static void look(struct grbl *g)
{
	grbl_poll(g);
	grbl_set_phase(g, GRBL_LOOK, GRBL_LOOK_US);
}

static void clean(struct grbl *g)
{
	grbl_realtime(g, CTRL_X);
	grbl_set_phase(g, GRBL_CLEAN, GRBL_BANNER_US);
}

static void ask_for_options(struct grbl *g)
{
	grbl_send_line(g, "$I");
	grbl_set_phase(g, GRBL_IDENTIFY, GRBL_ANSWER_US);
}

static void ask_for_report(struct grbl *g)
{
	grbl_poll(g);
	grbl_set_phase(g, GRBL_ASK, GRBL_LOOK_US);
}

static void connected(struct grbl *g)
{
	grbl_learn_window(g);
	effects_add(g->effects, DRIVER_IDENTITY);
	grbl_set_phase(g, GRBL_READY, DRIVER_NEVER);
	/* A machine that can home shall: its position is not to be trusted. */
	if (g->unlock_wanted && !g->can_home && g->status.machine == GRBL_MACHINE_ALARM)
		grbl_send_line(g, "$X");
	g->unlock_wanted = false;
	grbl_look_for_attention(g);
	if (g->cool_asked)
		grbl_stop_begin(g, GRBL_STOP_COLD, false);
}

/* A banner outside a print: board started, or our reset has been heard. */
void grbl_connect_banner(struct grbl *g)
{
	if (g->phase == GRBL_FAULTED)
		return;
	if (g->phase >= GRBL_READY)
		effects_said(g->effects, "the machine restarted");
	g->job = false;
	grbl_set_phase(g, GRBL_BOOT, GRBL_QUIET_US);
}

/* ---- what it says about itself ---- */

static void set_firmware(struct grbl *g, const char *name, const char *text, size_t length)
{
	char version[40];

	report_escape(text, length, version, sizeof(version));
	snprintf(g->identity.firmware, sizeof(g->identity.firmware), "%s %s", name, version);
}

static size_t up_to(const char *text, size_t length, char end)
{
	const char *found = memchr(text, end, length);

	return found ? (size_t)(found - text) : length;
}

static bool contains(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= length; i++)
		if (memcmp(text + i, word, size) == 0)
			return true;
	return false;
}

/* "Grbl 1.1h ['$' for help]", "GrblHAL 1.1f [...]", "Grbl 3.7 [FluidNC v3.7.12 (wifi) ...]" */
static void on_banner_text(struct grbl *g, const char *text, size_t length)
{
	size_t word = up_to(text, length, ' '), rest = length - word - (word < length);
	const char *version = text + length - rest;

	if (contains(text, length, "FluidNC")) {
		if (!g->flavour_fixed)
			g->flavour = GRBL_FLAVOUR_FLUID;
		set_firmware(g, "FluidNC", version, up_to(version, rest, ' '));
	} else if (word == 7) {
		if (!g->flavour_fixed)
			g->flavour = GRBL_FLAVOUR_HAL;
		set_firmware(g, "grblHAL", version, up_to(version, rest, ' '));
	} else {
		set_firmware(g, "grbl", version, up_to(version, rest, ' '));
	}
}

/* "1.1h.20190830:" and a name that the owner may have given. */
static void on_version(struct grbl *g, const char *text, size_t length)
{
	size_t number = up_to(text, length, ':');

	if (contains(text, length, "FluidNC")) {
		if (!g->flavour_fixed)
			g->flavour = GRBL_FLAVOUR_FLUID;
		set_firmware(g, "FluidNC", text, up_to(text, number, ' '));
	} else if (!g->identity.firmware[0]) {
		set_firmware(g, g->flavour == GRBL_FLAVOUR_HAL ? "grblHAL" : "grbl", text, number);
	}
	if (number + 1 < length)
		report_escape(text + number + 1, length - number - 1, g->identity.machine,
			sizeof(g->identity.machine));
}

static void on_firmware(struct grbl *g, const char *text, size_t length)
{
	if (!g->flavour_fixed && contains(text, length, "grblHAL"))
		g->flavour = GRBL_FLAVOUR_HAL;
}

/* $32=2 is grblHAL's lathe. */
static void on_setting(struct grbl *g, int32_t number, double value)
{
	if (number == 32) {
		g->laser_mode = value > 0.5 && value < 1.5;
		g->identity.kind = g->laser_mode ? DRIVER_KIND_LASER : DRIVER_KIND_MILL;
	} else if (number == 13) {
		g->report_inches = value > 0;
	} else if (number == 22) {
		g->can_home = value > 0;
	}
}

/* With no banner: a machine that moves is let come to rest, unless it shall be stopped. */
static void on_look(struct grbl *g)
{
	switch (g->status.machine) {
	case GRBL_MACHINE_RUN:
	case GRBL_MACHINE_JOG:
	case GRBL_MACHINE_HOME:
		if (g->cool_asked)
			grbl_stop_begin(g, GRBL_STOP_COLD, false);
		else
			grbl_set_phase(g, GRBL_LOOK, GRBL_SILENT_US);
		return;
	case GRBL_MACHINE_HOLD:
	case GRBL_MACHINE_DOOR:
	case GRBL_MACHINE_TOOL:
		if (g->cool_asked)
			grbl_stop_begin(g, GRBL_STOP_COLD, false);
		else
			grbl_set_phase(g, GRBL_LOOK, GRBL_SILENT_US);
		grbl_attend(g, "the machine holds, not by us: end that at the machine");
		return;
	case GRBL_MACHINE_UNKNOWN:
	case GRBL_MACHINE_IDLE:
	case GRBL_MACHINE_ALARM:
	case GRBL_MACHINE_CHECK:
	case GRBL_MACHINE_SLEEP:
		break;
	}
	grbl_attend(g, "");
	clean(g);
}

void grbl_connect_reply(struct grbl *g, const struct grbl_reply *reply)
{
	switch (reply->kind) {
	case GRBL_REPLY_BANNER:
		on_banner_text(g, reply->text, reply->length);
		break;
	case GRBL_REPLY_VERSION:
		on_version(g, reply->text, reply->length);
		break;
	case GRBL_REPLY_FIRMWARE:
		on_firmware(g, reply->text, reply->length);
		break;
	case GRBL_REPLY_OPTIONS:
		if (reply->bytes > 0)
			g->ring_bytes = reply->bytes;
		break;
	case GRBL_REPLY_SETTING:
		on_setting(g, reply->number, reply->value);
		break;
	case GRBL_REPLY_STATUS:
		if (g->phase == GRBL_LOOK)
			on_look(g);
		else if (g->phase == GRBL_ASK)
			connected(g);
		break;
	case GRBL_REPLY_EMPTY:
	case GRBL_REPLY_OK:
	case GRBL_REPLY_ERROR:
	case GRBL_REPLY_ALARM:
	case GRBL_REPLY_DAMAGED_STATUS:
	case GRBL_REPLY_PARSER:
	case GRBL_REPLY_MESSAGE:
	case GRBL_REPLY_PUSH:
	case GRBL_REPLY_FOREIGN:
	case GRBL_REPLY_UNREADABLE:
		break;
	}
}

/* ---- the clock ---- */

static void try_again(struct grbl *g)
{
	if (++g->tries >= GRBL_TRIES) {
		give_up(g);
		return;
	}
	grbl_clear_flight(g);
	/* Alarms of limits answer nothing but a reset. */
	if (g->tries >= 2)
		clean(g);
	else
		look(g);
}

/* $I and $$ are answered: on to the next. */
static void next_question(struct grbl *g)
{
	if (g->phase == GRBL_IDENTIFY) {
		grbl_send_line(g, "$$");
		grbl_set_phase(g, GRBL_SETTINGS, GRBL_ANSWER_US);
	} else {
		ask_for_report(g);
	}
}

void grbl_connect_time(struct grbl *g)
{
	bool over = g->now_us >= g->deadline_us;

	switch (g->phase) {
	case GRBL_BOOT:
		if (!over)
			return;
		if (g->banner_seen && g->now_us - g->last_receive_us < GRBL_QUIET_US)
			g->deadline_us = g->last_receive_us + GRBL_QUIET_US;
		else if (g->banner_seen)
			ask_for_options(g);
		else
			look(g);
		return;
	case GRBL_IDENTIFY:
	case GRBL_SETTINGS:
		if (g->flight_count == 0)
			next_question(g);
		else if (over)
			try_again(g);
		return;
	case GRBL_LOOK:
	case GRBL_CLEAN:
	case GRBL_ASK:
		if (over)
			try_again(g);
		return;
	case GRBL_CLOSED:
	case GRBL_READY:
	case GRBL_STREAMING:
	case GRBL_HOLDING:
	case GRBL_PAUSED:
	case GRBL_RESUMING:
	case GRBL_STOPPING:
	case GRBL_FAULTED:
		return;
	}
}

/* ---- what stands in the way of a start ---- */

static const char *obstacle(const struct grbl *g)
{
	switch (g->status.machine) {
	case GRBL_MACHINE_ALARM:
		return "locked: home it ($H) or unlock it ($X)";
	case GRBL_MACHINE_HOLD:
		return "a feed hold that is not ours";
	case GRBL_MACHINE_DOOR:
		return "the safety door";
	case GRBL_MACHINE_CHECK:
		return "check mode is on ($C)";
	case GRBL_MACHINE_SLEEP:
		return "asleep: reset it";
	case GRBL_MACHINE_TOOL:
		return "it waits for a tool change";
	case GRBL_MACHINE_UNKNOWN:
	case GRBL_MACHINE_IDLE:
	case GRBL_MACHINE_RUN:
	case GRBL_MACHINE_JOG:
	case GRBL_MACHINE_HOME:
		break;
	}
	if (g->status.card)
		return "it runs a file of its own card";
	if (grbl_is_laser(g) && g->laser_mode != 1)
		return "laser mode is off: $32=1 is wanted for kind \"laser\"";
	if (g->settings.kind == DRIVER_KIND_MILL && g->laser_mode == 1)
		return "laser mode is on: $32=0 is wanted for kind \"mill\"";
	return "";
}

void grbl_look_for_attention(struct grbl *g)
{
	grbl_attend(g, obstacle(g));
}
