/* The grbl dialect's outside: its slots in driver.h, its states and the one timer.  See
 * grbl_private.h for how it works. */
#include "drivers/grbl.h"

#include "drivers/grbl_private.h"

#include <stdio.h>  /* snprintf of texts */
#include <stdlib.h> /* calloc, free */
#include <string.h>

static struct grbl *of(struct driver *driver)
{
	return (struct grbl *)driver;
}

static const struct grbl *of_const(const struct driver *driver)
{
	return (const struct grbl *)driver;
}

static struct driver *create(
	const struct driver_settings *settings, enum grbl_flavour flavour, bool fixed)
{
	struct grbl *g = calloc(1, sizeof(*g));

	if (!g)
		return NULL;
	g->settings = *settings;
	g->flavour = flavour;
	g->flavour_fixed = fixed;
	g->told_wake_us = DRIVER_NEVER;
	g->laser_mode = -1;
	grbl_learn_window(g);
	return (struct driver *)g;
}

struct driver *grbl_create(const struct driver_settings *settings)
{
	return create(settings, GRBL_FLAVOUR_GRBL, false);
}

struct driver *grblhal_create(const struct driver_settings *settings)
{
	return create(settings, GRBL_FLAVOUR_HAL, true);
}

struct driver *fluidnc_create(const struct driver_settings *settings)
{
	return create(settings, GRBL_FLAVOUR_FLUID, true);
}

void grbl_destroy(struct driver *driver)
{
	free(driver);
}

bool grbl_is_laser(const struct grbl *g)
{
	return g->settings.kind == DRIVER_KIND_LASER;
}

/* ---- states, and the end of each call ---- */

void grbl_set_phase(struct grbl *g, enum grbl_phase phase, int64_t limit_us)
{
	g->phase = phase;
	g->phase_us = g->now_us;
	g->deadline_us = limit_us == DRIVER_NEVER ? DRIVER_NEVER : g->now_us + limit_us;
}

void grbl_attend(struct grbl *g, const char *text)
{
	if (strcmp(g->attention, text) == 0)
		return;
	size_t length = strlen(text);
	length = length < sizeof(g->attention) - 1 ? length : sizeof(g->attention) - 1;
	memcpy(g->attention, text, length);
	g->attention[length] = '\0';
	if (length > 0)
		effects_text(g->effects, DRIVER_ATTENTION, text, length);
	else
		effects_add(g->effects, DRIVER_ATTENTION_OVER);
}

enum driver_state grbl_state(const struct driver *driver)
{
	const struct grbl *g = of_const(driver);

	switch (g->phase) {
	case GRBL_CLOSED:
		return DRIVER_CLOSED;
	case GRBL_BOOT:
	case GRBL_LOOK:
	case GRBL_CLEAN:
		return DRIVER_OPENING;
	case GRBL_IDENTIFY:
	case GRBL_SETTINGS:
		return DRIVER_IDENTIFYING;
	case GRBL_ASK:
		return DRIVER_SYNCING;
	case GRBL_READY:
		return DRIVER_READY;
	case GRBL_STREAMING:
		return g->ended ? DRIVER_DRAINING : DRIVER_STREAMING;
	case GRBL_HOLDING:
	case GRBL_RESUMING:
		return DRIVER_DRAINING;
	case GRBL_PAUSED:
		return DRIVER_PAUSED;
	case GRBL_STOPPING:
		return g->stop_end == GRBL_STOP_CANCELLED ? DRIVER_DRAINING
		       : g->stop_end == GRBL_STOP_COLD	  ? DRIVER_SYNCING
							  : DRIVER_FAULT;
	case GRBL_FAULTED:
		return DRIVER_FAULT;
	}
	return DRIVER_CLOSED;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t wake_us(const struct grbl *g)
{
	int64_t wake = g->deadline_us;

	if (g->phase == GRBL_CLOSED || g->phase == GRBL_FAULTED)
		return DRIVER_NEVER;
	wake = earlier(wake, grbl_poll_due_us(g));
	if (g->phase >= GRBL_READY && g->phase <= GRBL_RESUMING)
		wake = earlier(wake, g->last_receive_us + GRBL_SILENT_US);
	/* Homing has its own limit: never a wish in the past. */
	return wake > g->now_us ? wake : g->now_us + GRBL_POLL_BUSY_US;
}

static void finish(struct grbl *g)
{
	int64_t wake = wake_us(g);
	enum driver_state state = grbl_state((struct driver *)g);

	if (g->acknowledged > g->told_index) {
		struct driver_effect *effect = effects_add(g->effects, DRIVER_ACKNOWLEDGED);
		if (effect)
			effect->index = g->acknowledged;
		g->told_index = g->acknowledged;
		g->counters.commands_answered = g->acknowledged + 1;
	}
	if (state != g->told_state) {
		struct driver_effect *effect = effects_add(g->effects, DRIVER_STATE);
		if (effect)
			effect->state = state;
		g->told_state = state;
	}
	if (wake != g->told_wake_us) {
		struct driver_effect *effect = effects_add(g->effects, DRIVER_WAKE_AT);
		if (effect)
			effect->time_us = wake;
		g->told_wake_us = wake;
	}
	g->effects = NULL;
}

static struct grbl *begin(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = of(driver);

	g->now_us = now_us;
	g->effects = effects;
	return g;
}

/* ---- the port ---- */

void grbl_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	reply_reader_init(&g->reader);
	grbl_clear_flight(g);
	g->last_receive_us = g->last_poll_us = now_us;
	g->heard = g->banner_seen = g->foreign_seen = g->cool_asked = g->clean = false;
	g->offset_known = false;
	g->status_us = 0;
	memset(&g->status, 0, sizeof(g->status));
	g->laser_mode = -1;
	g->ring_bytes = g->buffer_max = 0;
	g->job = g->ended = g->closing = g->want_pause = false;
	g->attention[0] = g->fault_text[0] = '\0';
	memset(&g->identity, 0, sizeof(g->identity));
	grbl_learn_window(g);
	grbl_connect_begin(g);
	finish(g);
}

void grbl_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	grbl_clear_flight(g);
	g->job = false;
	g->staged_length = 0;
	grbl_attend(g, "");
	grbl_set_phase(g, GRBL_CLOSED, DRIVER_NEVER);
	finish(g);
}

void grbl_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);
	struct reply_line line;

	g->last_receive_us = now_us;
	while (reply_reader_next(&g->reader, &bytes, &length, &line))
		grbl_on_line(g, &line);
	grbl_connect_time(g);
	finish(g);
}

void grbl_wake(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	if (g->phase >= GRBL_BOOT && g->phase <= GRBL_ASK)
		grbl_connect_time(g);
	else if (g->phase == GRBL_STOPPING)
		grbl_stop_time(g);
	else if (g->phase >= GRBL_READY && g->phase <= GRBL_RESUMING)
		grbl_job_time(g);
	if (grbl_poll_due_us(g) <= now_us)
		grbl_poll(g);
	finish(g);
}

/* ---- the print ---- */

void grbl_job_start(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	if (g->phase == GRBL_READY) {
		grbl_place_begin(g);
		g->job = true;
		g->ended = g->closing = g->want_pause = g->own_pause = g->spindle_stopped = false;
		g->damaged_reports = g->idle_reports = 0;
		g->next_index = 0;
		g->acknowledged = g->told_index = -1;
		g->counters.commands_answered = 0;
		g->staged_length = 0;
		g->fault_text[0] = '\0';
		grbl_set_phase(g, GRBL_STREAMING, DRIVER_NEVER);
		/* What another program may have left; files are checked against this. */
		grbl_send_line(g, "M5");
		grbl_send_line(g, "G17 G21 G90 G94");
	}
	finish(g);
}

bool grbl_wants_command(const struct driver *driver)
{
	const struct grbl *g = of_const(driver);

	return g->phase == GRBL_STREAMING && g->job && !g->ended && !g->want_pause &&
	       g->staged_length == 0;
}

void grbl_command(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);
	const char *refusal;

	if (length == 0 || length > DRIVER_SHORT_MAX || !grbl_wants_command(driver)) {
		finish(g);
		return;
	}
	refusal = grbl_refuses(g, text, length);
	if (refusal) {
		char words[DRIVER_REASON_MAX], shown[GRBL_TEXT_MAX];
		size_t kept = length < sizeof(shown) - 1 ? length : sizeof(shown) - 1;

		memcpy(shown, text, kept);
		shown[kept] = '\0';
		snprintf(words, sizeof(words), "\"%s\" may not be sent: %s", shown, refusal);
		grbl_fault(g, DRIVER_FAULT_COMMAND, words);
		finish(g);
		return;
	}
	memcpy(g->staged, text, length);
	g->staged_length = length;
	g->staged_index = g->next_index++;
	grbl_flush_staged(g);
	finish(g);
}

void grbl_job_end(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);
	struct grbl_line none = { .index = -1 };

	if (g->job) {
		g->ended = true;
		grbl_job_answered(g, &none);
	}
	finish(g);
}

void grbl_pause(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	if (g->phase == GRBL_STREAMING && g->job) {
		g->want_pause = true;
		g->own_pause = g->spindle_stopped = false;
		grbl_realtime(g, '!');
		grbl_poll(g);
		grbl_set_phase(g, GRBL_HOLDING, GRBL_BRAKE_US);
	}
	finish(g);
}

void grbl_resume(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	if (g->phase == GRBL_PAUSED) {
		grbl_realtime(g, '~');
		if (g->status.machine == GRBL_MACHINE_TOOL && g->flavour == GRBL_FLAVOUR_HAL)
			grbl_realtime(g, (char)0xa3);
		grbl_poll(g);
		grbl_set_phase(g, GRBL_RESUMING, GRBL_BRAKE_US);
	}
	finish(g);
}

void grbl_cancel(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	if (g->job && g->phase >= GRBL_STREAMING && g->phase <= GRBL_RESUMING)
		grbl_stop_begin(g, GRBL_STOP_CANCELLED, false);
	finish(g);
}

void grbl_manual(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);
	char line[DRIVER_SHORT_MAX + 1];

	if (g->phase == GRBL_READY && length <= DRIVER_SHORT_MAX) {
		const char *refusal = grbl_refuses(g, text, length);

		memcpy(line, text, length);
		line[length] = '\0';
		if (refusal)
			effects_said(effects, "not sent: %s", refusal);
		else if (!grbl_send_line(g, line))
			effects_said(
				effects, "not sent: the machine has not answered the last one");
	} else if (g->phase == GRBL_PAUSED) {
		effects_said(effects, "not sent: a machine that holds reads no lines");
	}
	finish(g);
}

/* ---- stops ---- */

void grbl_cool(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	switch (g->phase) {
	case GRBL_CLOSED:
		break;
	case GRBL_BOOT:
	case GRBL_LOOK:
	case GRBL_CLEAN:
	case GRBL_IDENTIFY:
	case GRBL_SETTINGS:
	case GRBL_ASK:
	case GRBL_STOPPING:
		g->cool_asked = true;
		break;
	case GRBL_READY:
	case GRBL_STREAMING:
	case GRBL_HOLDING:
	case GRBL_PAUSED:
	case GRBL_RESUMING:
	case GRBL_FAULTED:
		if (g->clean && grbl_is_dark(g)) {
			effects_add(effects, DRIVER_COLD);
			break;
		}
		g->cool_asked = true;
		grbl_stop_begin(
			g, g->phase == GRBL_FAULTED ? GRBL_STOP_FAULTED : GRBL_STOP_COLD, false);
		break;
	}
	finish(g);
}

void grbl_estop(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct grbl *g = begin(driver, now_us, effects);

	if (g->phase != GRBL_CLOSED) {
		if (g->job)
			effects_fault(
				effects, DRIVER_JOB_FAULT, DRIVER_FAULT_ESTOP, "emergency stop");
		g->job = false;
		grbl_stop_begin(g, GRBL_STOP_FAULTED, true);
	}
	finish(g);
}

void grbl_unlocked(struct driver *driver)
{
	of(driver)->unlock_wanted = true;
}

const struct driver_identity *grbl_identity(const struct driver *driver)
{
	return &of_const(driver)->identity;
}

const struct driver_heaters *grbl_heaters(const struct driver *driver)
{
	return &of_const(driver)->heaters;
}

const struct driver_counters *grbl_counters(const struct driver *driver)
{
	return &of_const(driver)->counters;
}
