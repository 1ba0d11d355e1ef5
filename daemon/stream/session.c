#include "daemon/stream/session_private.h"

#include <inttypes.h>
#include <limits.h> /* PATH_MAX */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- life --------------------------------------------------------------------- */

/* What a streamer that was killed left behind. */
static void take_over(struct session *session, int64_t now_us)
{
	struct progress_facts *facts = &session->progress.facts;
	struct wire_progress numbers = { .commands = facts->commands,
		.commands_done = session->progress.counts.commands_acknowledged };

	if (session->progress.torn) {
		/* Nobody knows: then heaters may be on because of us. */
		facts->hot_by_us = 1;
		progress_store(&session->progress);
	}
	if (!facts->attempt[0])
		return;
	if (facts->state == PROGRESS_STARTED) {
		progress_end(&session->progress, WIRE_FAILED, DRIVER_FAULT_NONE,
			"the streamer ended before anything was sent", &numbers);
		return;
	}
	if (session_adopt_take_over(session, now_us))
		return;
	session->hold_ends_until_us = now_us + SESSION_HOLD_US;
	progress_end(&session->progress, WIRE_SUSPECT, DRIVER_FAULT_NONE,
		"the streamer died during the print", &numbers);
}

struct session *session_create(
	const struct session_setup *setup, int64_t now_us, struct error *error)
{
	struct session *session = calloc(1, sizeof(*session));
	char path[PATH_MAX];
	int length;

	if (!session) {
		error_set(error, "no memory for printer %s", setup->name);
		return NULL;
	}
	session->setup = *setup;
	session->now_us = now_us;
	snprintf(session->name, sizeof(session->name), "%s", setup->name);
	session->power_us = INT64_MAX;
	session->driver_wake_us = session->reconnect_us = INT64_MAX;
	session->release_us = session->close_us = session->side_reconnect_us = INT64_MAX;
	session->keep_us = INT64_MAX;
	length = snprintf(
		path, sizeof(path), "%s/%s.progress", setup->state_directory, session->name);
	if (length < 0 || length >= (int)sizeof(path)) {
		error_set(error, "state directory: its name is too long");
		free(session);
		return NULL;
	}
	session->recorder = recorder_create(now_us);
	session->recording = recording_create(setup->state_directory, session->name);
	if (!session->recorder || !session->recording)
		error_set(error, "no memory for printer %s", setup->name);
	if (!session->recorder || !session->recording ||
		progress_open(&session->progress, path, error) < 0) {
		recorder_destroy(session->recorder);
		recording_destroy(session->recording);
		free(session);
		return NULL;
	}
	session_read_boot(session->boot, sizeof(session->boot));
	take_over(session, now_us);
	return session;
}

void session_destroy(struct session *session)
{
	if (!session)
		return;
	port_close(&session->port);
	port_close(&session->side);
	readahead_destroy(session->job.readahead);
	if (session->driver)
		session->dialect->destroy(session->driver);
	progress_close(&session->progress);
	if (session->keep_why[0])
		recording_write(session->recording, session->recorder, session->keep_why);
	recording_destroy(session->recording);
	recorder_destroy(session->recorder);
	free(session);
}

void session_make_driver(struct session *session, const char *dialect)
{
	const struct wire_settings *settings = &session->settings;
	struct driver_settings driver = {
		.window_lines = (int32_t)settings->window_lines,
		.baud = session->found_baud > 0 ? session->found_baud : (int32_t)settings->baud,
		.can_reset_line = settings->can_reset_line,
		.kind = settings->machine_kind == DRIVER_KIND_LASER  ? DRIVER_KIND_LASER
			: settings->machine_kind == DRIVER_KIND_MILL ? DRIVER_KIND_MILL
								     : DRIVER_KIND_PRINTER,
		.meatpack = settings->meatpack,
		.short_numbers = settings->short_numbers,
		.window_bytes = (int32_t)settings->window_bytes,
		.hotend_max_celsius = settings->hotend_max_celsius,
		.bed_max_celsius = settings->bed_max_celsius,
		.park_x_mm = settings->park_x_mm,
		.park_y_mm = settings->park_y_mm,
		.park_lift_mm = settings->park_lift_mm,
		.hotend_standby_celsius = settings->hotend_standby_celsius,
		.dead_man_s = (int32_t)settings->dead_man_s,
		.pause_heat_us = settings->pause_heat_s * CLOCK_SECOND_US,
		.seed = session->setup.seed,
	};

	if (session->driver)
		session->dialect->destroy(session->driver);
	session->driver = NULL;
	session->dialect =
		session->setup.dialect ? session->setup.dialect : driver_dialect_find(dialect);
	if (session->dialect)
		session->driver = session->dialect->create(&driver);
	if (session->driver)
		return;
	snprintf(session->reason, sizeof(session->reason),
		session->dialect ? "no memory for dialect %s" : "there is no dialect %s", dialect);
	session_say(session, "%s", session->reason);
}

void session_apply_settings(struct session *session, int64_t now_us)
{
	session->has_next_settings = false;
	session_close_port(session, "new settings", now_us);
	session->settings = session->next_settings;
	session->has_settings = true;
	session->state = DRIVER_CLOSED;
	session->tries = 0;
	session->news = true;
	if (!session->job.adopting)
		session->reason[0] = '\0';
	session->found_baud = session_baud(session);
	session_detect_prepare(session);
	session_make_driver(session, session_dialect_name(session));
	if (session->job.adopting)
		session_adopt_begin(session, now_us);
	else
		session_open_port(session, now_us);
}

void session_configure(
	struct session *session, const struct wire_settings *settings, int64_t now_us)
{
	if (session->has_settings && wire_settings_are_equal(settings, &session->settings)) {
		session->has_next_settings = false;
		return;
	}
	session->next_settings = *settings;
	session->has_next_settings = true;
	session_settle(session, now_us);
}

/* ---- small things ------------------------------------------------------------- */

void session_remark(struct session *session, const char *text)
{
	recorder_add(session->recorder, RECORDER_REMARK, text, strlen(text), session->now_us);
	recorder_add(session->recorder, RECORDER_REMARK, "\n", 1, session->now_us);
}

void session_act(struct session *session, const char *act, int64_t now_us)
{
	char text[WIRE_TEXT_MAX];

	session->now_us = now_us;
	snprintf(text, sizeof(text), "do %.200s", act);
	session_remark(session, text);
}

void session_act_on_job(struct session *session, const char *act, int64_t now_us)
{
	char text[WIRE_TEXT_MAX];

	snprintf(text, sizeof(text), "%.16s | %.128s", act,
		session->job.offered > 0 ? session->job.command.text : "");
	session_act(session, text, now_us);
}

void session_keep(struct session *session, const char *why)
{
	if (!session->keep_why[0])
		snprintf(session->keep_why, sizeof(session->keep_why), "%s", why);
}

static void keep_when_due(struct session *session, int64_t now_us)
{
	if (!session->keep_why[0])
		return;
	if (session->keep_us == INT64_MAX)
		session->keep_us = now_us + SESSION_KEEP_US;
	if (session->keep_us > now_us)
		return;
	recording_write(session->recording, session->recorder, session->keep_why);
	session->keep_why[0] = '\0';
	session->keep_us = INT64_MAX;
}

void session_say(struct session *session, const char *format, ...)
{
	char text[WIRE_TEXT_MAX];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	session_remark(session, text);
	session->setup.events->said(session->setup.context, session, text);
}

void session_lock(struct session *session, enum driver_fault fault, const char *text)
{
	struct progress_facts *facts = &session->progress.facts;

	/* Firmware that has killed itself is deaf until somebody restarts it. */
	if (fault == DRIVER_FAULT_ESTOP || fault == DRIVER_FAULT_KILLED ||
		fault == DRIVER_FAULT_THERMAL || fault == DRIVER_FAULT_SILENT)
		facts->halted = 1;
	if (facts->fault != 0) {
		progress_store(&session->progress);
		return;
	}
	session_power_arm(session, fault, session->now_us);
	facts->fault = fault;
	snprintf(facts->fault_text, sizeof(facts->fault_text), "%s", text);
	progress_store(&session->progress);
	session->news = true;
	session_keep(session, text);
}

const char *session_words_of_silence(const struct session *session, const char *words)
{
	return session->progress.facts.halted ? "nobody answers: the board was halted, and stays "
						"so until its reset button "
						"is pressed or its power is switched off and on"
					      : words;
}

void session_set_hot(struct session *session, bool hot)
{
	if ((session->progress.facts.hot_by_us != 0) == hot)
		return;
	session->progress.facts.hot_by_us = hot;
	progress_store(&session->progress);
	session->news = true;
}

bool session_is_online(const struct session *session)
{
	switch (session->state) {
	case DRIVER_CLOSED:
	case DRIVER_OPENING:
	case DRIVER_IDENTIFYING:
	case DRIVER_SYNCING:
		return false;
	case DRIVER_READY:
	case DRIVER_STREAMING:
	case DRIVER_RESYNCING:
	case DRIVER_BARRIER:
	case DRIVER_REPLAYING:
	case DRIVER_PROBING:
	case DRIVER_DRAINING:
	case DRIVER_PAUSED:
	case DRIVER_FAULT:
		return true;
	}
	return false;
}

/* ---- supervision -------------------------------------------------------------- */

static enum driver_fault fault_of(enum supervisor_verdict verdict)
{
	return verdict == SUPERVISOR_SILENT || verdict == SUPERVISOR_STALE ? DRIVER_FAULT_SILENT
									   : DRIVER_FAULT_THERMAL;
}

static void supervise(struct session *session, int64_t now_us)
{
	const struct session_job *job = &session->job;
	/* The latest may wait behind the one that runs. */
	bool long_command = session_job_is_long(session) || (job->active && job->long_before);
	enum supervisor_verdict verdict;
	char text[WIRE_TEXT_MAX];

	if (!port_is_open(&session->port) || session->alarmed || session->detecting ||
		session->resetting)
		return;
	if (session->dialect->may_be_silent && session->dialect->may_be_silent(session->driver)) {
		supervisor_heard(&session->supervisor, now_us);
		long_command = true;
	}
	verdict = supervisor_check(&session->supervisor, now_us, long_command);
	if (verdict == SUPERVISOR_FINE)
		return;
	session->alarmed = true;
	if (session->progress.facts.hot_by_us && session->state != DRIVER_FAULT) {
		snprintf(text, sizeof(text), "emergency stop: %s", session->supervisor.text);
		session_say(session, "%s", text);
		session_stop_at_once(session, fault_of(verdict), text, now_us);
		return;
	}
	/* Not heated by us, or stopped already: somebody must look, and that is all we may do. */
	snprintf(session->alarm_text, sizeof(session->alarm_text), "alarm: %s",
		session->supervisor.text);
	session->news = true;
	session_say(session, "%s", session->alarm_text);
}

/* ---- what happened ------------------------------------------------------------ */

/* A printer that waits for its own heat-up may hear nothing but an emergency stop. */
static void cool_by_force(struct session *session, int64_t now_us)
{
	static const char text[] =
		"emergency stop: hot from a print of ours, and it takes no command";

	if (session->cool_since_us == 0 ||
		now_us - session->cool_since_us < SESSION_COOL_LIMIT_US ||
		!supervisor_is_heating(&session->supervisor))
		return;
	session->cool_since_us = 0;
	session_say(session, "%s", text);
	session_stop_at_once(session, DRIVER_FAULT_ESTOP, text, now_us);
}

/* Our heaters go off as soon as the printer listens; again if nothing confirms it. */
static void cool(struct session *session, int64_t now_us)
{
	if (!session->cool_wanted || session->job.active || session->close_wanted ||
		session->detecting || session->resetting || !port_is_open(&session->port))
		return;
	if (!session->progress.facts.hot_by_us) {
		session->cool_wanted = false;
		session->cool_since_us = 0;
		return;
	}
	cool_by_force(session, now_us);
	if (session->cool_sent_us != 0 && now_us - session->cool_sent_us < SESSION_COOL_AGAIN_US)
		return;
	session->cool_sent_us = now_us;
	session_act(session, "cool", now_us);
	session->dialect->cool(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
}

/* The driver has given the port up.  What it wrote last may be an emergency stop, which closing
 * would throw away, and a pulled reset line must be let go of. */
static void close_if_wanted(struct session *session, int64_t now_us)
{
	if (!session->close_wanted)
		return;
	if (session->close_us == INT64_MAX) {
		/* Closing throws away what the kernel has not sent yet. */
		bool lingers =
			session->out_length > 0 || now_us - session->wrote_us < SESSION_LINGER_US;

		session->close_us = now_us + (lingers ? SESSION_LINGER_US : 0);
		/* It may still say that it has stopped. */
		if (session->power_us != INT64_MAX && session->stop_may_confirm)
			session->close_us = session->power_us;
		if (session->release_us != INT64_MAX)
			session->close_us = session->release_us + SESSION_LINGER_US;
		session_flush(session, now_us);
	}
	if (session->close_us <= now_us)
		session_close_port(session, session->reason, now_us);
}

void session_settle(struct session *session, int64_t now_us)
{
	session->now_us = now_us;
	close_if_wanted(session, now_us);
	session_settle_side(session, now_us);
	supervise(session, now_us);
	session_adopt_advance(session, now_us);
	session_feed(session, now_us);
	cool(session, now_us);
	session_flush(session, now_us);
	close_if_wanted(session, now_us);
	if (session->has_next_settings && (!session->job.active || !session->has_settings))
		session_apply_settings(session, now_us);
	keep_when_due(session, now_us);
	if (session->news) {
		session->news = false;
		session->setup.events->changed(session->setup.context, session);
	}
}

void session_on_readable(struct session *session, int64_t now_us)
{
	session_read_port(session, now_us);
	session_settle(session, now_us);
}

void session_on_writable(struct session *session, int64_t now_us)
{
	session_settle(session, now_us);
}

void session_on_prepared(struct session *session, int64_t now_us)
{
	if (session->job.active && session->job.starving_since_us != 0)
		session_settle(session, now_us);
}

void session_on_wake(struct session *session, int64_t now_us)
{
	session->now_us = now_us;
	if (session->reconnect_us <= now_us)
		session_open_port(session, now_us);
	if (session->release_us <= now_us)
		session_release_line(session, now_us);
	if (session->hold_ends_until_us != 0 && session->hold_ends_until_us <= now_us) {
		session->hold_ends_until_us = 0;
		session->setup.events->ended(session->setup.context, session);
	}
	/* Before the driver: giving up a silent port is not enough when it is hot. */
	supervise(session, now_us);
	if (session->driver_wake_us <= now_us) {
		session->driver_wake_us = DRIVER_NEVER;
		if (session->detecting) {
			session_detect_wake(session, now_us);
		} else {
			session->dialect->wake(session->driver, now_us, session_effects(session));
			session_perform(session, now_us);
		}
	}
	session_power_wake(session, now_us);
	session_adopt_wake(session, now_us);
	session_check_stall(session, now_us);
	session_check_starving(session, now_us);
	session_settle(session, now_us);
}

/* ---- what to wait for, and what there is to tell ------------------------------- */

static void earlier(int64_t *wake_us, int64_t time_us)
{
	if (time_us < *wake_us)
		*wake_us = time_us;
}

int64_t session_wake_us(const struct session *session)
{
	int64_t wake_us = session->driver_wake_us;

	earlier(&wake_us, session->reconnect_us);
	earlier(&wake_us, session->release_us);
	earlier(&wake_us, session->power_us);
	earlier(&wake_us, session->close_us);
	earlier(&wake_us, session->side_reconnect_us);
	earlier(&wake_us, session->keep_us);
	if (session->hold_ends_until_us != 0)
		earlier(&wake_us, session->hold_ends_until_us);
	if (session->job.active && session->job.starving_since_us != 0)
		earlier(&wake_us, session->job.starving_since_us + SESSION_STARVE_US);
	if (session->job.adopting && !port_is_open(&session->port))
		earlier(&wake_us, session->job.adopt_until_us);
	if (session->stalled_since_us != 0)
		earlier(&wake_us,
			session->stalled_since_us +
				(session->stall_told ? SESSION_STALL_US : SESSION_STALL_WARN_US));
	if (session->cool_wanted && session->cool_sent_us != 0 && port_is_open(&session->port))
		earlier(&wake_us, session->cool_sent_us + SESSION_COOL_AGAIN_US);
	if (session->cool_wanted && session->cool_since_us != 0 && port_is_open(&session->port) &&
		supervisor_is_heating(&session->supervisor))
		earlier(&wake_us, session->cool_since_us + SESSION_COOL_LIMIT_US);
	if (port_is_open(&session->port) && !session->alarmed)
		earlier(&wake_us, supervisor_due_us(&session->supervisor));
	return wake_us;
}

bool session_wants_write(const struct session *session)
{
	return session->out_length > 0;
}

const char *session_name(const struct session *session)
{
	return session->name;
}

const struct wire_settings *session_settings(const struct session *session)
{
	return session->has_next_settings ? &session->next_settings : &session->settings;
}

bool session_is_busy(const struct session *session)
{
	/* A board that was stopped does not confirm that it is cold. */
	return session->job.active || (session->cool_wanted && session_is_online(session) &&
					      session->state != DRIVER_FAULT);
}

static enum wire_activity activity_of(const struct session *session)
{
	if (session->attention || session->alarm_text[0])
		return WIRE_NEEDS_ATTENTION;
	if (session->job.active)
		return session->paused ? WIRE_PAUSED : WIRE_PRINTING;
	if (session->by_hand ||
		(supervisor_is_heating(&session->supervisor) && !session->progress.facts.hot_by_us))
		return WIRE_BY_HAND;
	return WIRE_IDLE;
}

static const char *reason_of(const struct session *session)
{
	if (session->progress.facts.fault != 0)
		return session->progress.facts.fault_text;
	if (session->alarm_text[0])
		return session->alarm_text;
	if (session->attention)
		return session->attention_text;
	if (session->by_hand && !session->job.active)
		return session->by_hand_text;
	if (session->job.active && session->job.stopping)
		return session->job.reason;
	return session_is_online(session) ? "" : session->reason;
}

static void describe_printer(const struct session *session, struct wire_printer_state *state)
{
	const struct driver_identity *identity = session->dialect->identity(session->driver);

	snprintf(state->firmware, sizeof(state->firmware), "%s", identity->firmware);
	snprintf(state->window, sizeof(state->window), "%s", identity->window);
	snprintf(state->machine, sizeof(state->machine), "%s", identity->machine);
	snprintf(state->uuid, sizeof(state->uuid), "%.*s", (int)sizeof(state->uuid) - 1,
		identity->uuid);
}

static void describe_heaters(
	const struct session *session, int64_t now_us, struct wire_printer_state *state)
{
	const struct supervisor *supervisor = &session->supervisor;

	if (supervisor->reading_us == 0)
		return;
	state->heaters_age_us = now_us - supervisor->reading_us;
	for (size_t i = 0; i < supervisor->count && i < WIRE_HEATERS_MAX; i++) {
		struct wire_heater *heater = &state->heater[state->heater_count++];

		memcpy(heater->name, supervisor->heater[i].name, sizeof(heater->name));
		heater->celsius = supervisor->heater[i].celsius;
		heater->target_celsius = supervisor->heater[i].target_celsius;
	}
}

/* An end that is not told yet is still ours to tell: control must not take it for forgotten. */
static void describe_held_end(
	const struct session *session, int64_t now_us, struct wire_printer_state *state)
{
	const struct progress_facts *facts = &session->progress.facts;

	if (session->hold_ends_until_us <= now_us)
		return;
	for (int i = 0; i < PROGRESS_ENDED_MAX; i++) {
		const struct progress_ended *ended = &facts->ended[i];

		if (ended->result == WIRE_SUSPECT && !ended->booked) {
			memcpy(state->attempt, ended->attempt, sizeof(state->attempt));
			state->progress = ended->numbers;
		}
	}
}

void session_describe(
	const struct session *session, int64_t now_us, struct wire_printer_state *state)
{
	const struct progress_facts *facts = &session->progress.facts;

	memset(state, 0, sizeof(*state));
	state->link = session_is_online(session)     ? WIRE_ONLINE
		      : port_is_open(&session->port) ? WIRE_CONNECTING
						     : WIRE_OFFLINE;
	state->activity = activity_of(session);
	state->fault = facts->fault;
	state->hot_by_us = facts->hot_by_us != 0;
	state->no_remote_stop = session_has_no_remote_stop(session);
	state->heaters_age_us = -1;
	snprintf(state->reason, sizeof(state->reason), "%s", reason_of(session));
	if (session->driver)
		describe_printer(session, state);
	if (port_is_open(&session->port))
		describe_heaters(session, now_us, state);
	if (session->job.active) {
		memcpy(state->attempt, facts->attempt, sizeof(state->attempt));
		session_job_numbers(session, now_us, &state->progress);
	} else {
		describe_held_end(session, now_us, state);
	}
}

const struct progress_ended *session_next_ended(
	const struct session *session, int64_t now_us, int *index)
{
	while (*index < PROGRESS_ENDED_MAX && session->hold_ends_until_us <= now_us) {
		const struct progress_ended *ended = &session->progress.facts.ended[(*index)++];

		if (ended->attempt[0] && !ended->booked)
			return ended;
	}
	return NULL;
}
