/* A session's port: opening it again and again with growing pauses, reading, the one queue of bytes
 * to write. */
#include "daemon/stream/session_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Pauses before the next try (serial-protocols.md 14.12). */
static const int64_t pauses_us[] = { 1000000, 2000000, 5000000, 10000000, 30000000 };
enum { PAUSES = sizeof(pauses_us) / sizeof(pauses_us[0]) };

static void try_later(struct session *session, int64_t now_us, bool absent)
{
	int pause = session->tries < PAUSES ? session->tries : PAUSES - 1;

	/* To look for a device that is not there costs nothing and disturbs nobody. */
	if (absent && pause > 1)
		pause = 1;

	if (session->job.adopting) {
		session->reconnect_us = now_us + SESSION_ADOPT_RETRY_US;
		return;
	}
	session->reconnect_us = now_us + pauses_us[pause];
	session->tries++;
}

static void reset_port_state(struct session *session)
{
	session_drop_queue(session);
	session->stalled_since_us = 0;
	session->stall_told = false;
	session->release_us = INT64_MAX;
	session->resetting = false;
	session->driver_wake_us = DRIVER_NEVER;
	session->close_wanted = false;
	session->close_us = INT64_MAX;
	session->paused = session->paused && session->job.adopting;
	session->by_hand = false;
	session->attention = false;
	session->alarmed = false;
	session->cool_sent_us = 0;
	supervisor_init(&session->supervisor, session->settings.hotend_max_celsius,
		session->settings.bed_max_celsius);
}

static int open_by_settings(struct session *session, struct error *error)
{
	int32_t baud = session_baud(session);

	if (session->setup.port_operations)
		return port_open_with(&session->port, session->setup.port_operations,
			session->settings.port, baud, error);
	return port_open(&session->port, session->settings.port, baud, error);
}

/* Who replays the recording makes the same driver of this; lengths and degrees are thousandths. */
static void remark_open(struct session *session)
{
	const struct wire_settings *settings = &session->settings;
	char text[WIRE_TEXT_MAX];

	session_remark(session, settings->port);
	snprintf(text, sizeof(text),
		"do %s %s window=%lld baud=%lld reset=%d meatpack=%d kind=%d link=%d hotend=%.0f "
		"bed=%.0f park_x=%.0f "
		"park_y=%.0f park_lift=%.0f standby=%.0f",
		session->job.adopting ? "adopt" : "open", session->dialect->name,
		(long long)settings->window_lines, (long long)session->found_baud,
		settings->can_reset_line, settings->meatpack, (int)settings->machine_kind,
		(int)session->port.link, settings->hotend_max_celsius * 1000,
		settings->bed_max_celsius * 1000, settings->park_x_mm * 1000,
		settings->park_y_mm * 1000, settings->park_lift_mm * 1000,
		settings->hotend_standby_celsius * 1000);
	session_remark(session, text);
}

/* ---- a reset before the first word (serial-protocols.md 2.1) -------------------- */

/* Unasked, only where nothing can be lost by it: a print, on its way or gone on with, ours or by
 * hand, dies with the board; a lock is a person's to take off; and heaters of ours are switched off
 * by what is seen to have done so. */
static bool may_reset_unasked(const struct session *session)
{
	const struct progress_facts *facts = &session->progress.facts;
	bool again_at_another_speed = session->detecting && session->baud_index > 0;

	return session->settings.reset_on_connect && !facts->attempt[0] &&
	       facts->state == PROGRESS_NONE && !facts->hot_by_us && facts->fault == 0 &&
	       !again_at_another_speed;
}

static bool reset_board(struct session *session, int64_t now_us)
{
	bool asked_for = session->reset_wanted;
	int code;

	session->reset_wanted = false;
	if (session->job.active || (!asked_for && !may_reset_unasked(session)))
		return false;
	code = session->port.operations->modem_lines(&session->port, false);
	if (code < 0) {
		session_say(
			session, "the board cannot be reset by its DTR line: %s", strerror(-code));
		return false;
	}
	snprintf(session->reason, sizeof(session->reason), "the board was reset by its DTR line%s",
		asked_for ? ", as a person wished" : "");
	session_say(session, "%s", session->reason);
	session->resetting = true;
	session->release_us = now_us + SESSION_PULSE_US;
	return true;
}

static void begin_conversation(struct session *session, int64_t now_us)
{
	if (session->detecting && !session->job.adopting)
		session_detect_opened(session, now_us);
	else
		session_start_driver(session, now_us);
}

void session_release_line(struct session *session, int64_t now_us)
{
	session->release_us = INT64_MAX;
	session->port.operations->modem_lines(&session->port, true);
	if (!session->resetting)
		return;
	session->resetting = false;
	begin_conversation(session, now_us);
}

/* ---- opening and closing ---------------------------------------------------------- */

void session_open_port(struct session *session, int64_t now_us)
{
	struct error error = { "" };
	int code;

	session->reconnect_us = INT64_MAX;
	if (!session->driver || port_is_open(&session->port) ||
		(session->job.adopting && !session->job.rebuilt))
		return;
	code = open_by_settings(session, &error);
	if (code < 0) {
		if (!session->job.adopting && strcmp(session->reason, error.text) != 0) {
			snprintf(session->reason, sizeof(session->reason), "%.*s",
				(int)sizeof(session->reason) - 1, error.text);
			session_say(session, "%s", session->reason);
			session->news = true;
		}
		try_later(session, now_us, code == -ENOENT);
		return;
	}
	reset_port_state(session);
	session->cool_wanted = session->progress.facts.hot_by_us != 0 && !session->job.adopting;
	if (session->cool_wanted && session->cool_since_us == 0)
		session->cool_since_us = now_us;
	session->news = true;
	session->setup.events->port_opened(session->setup.context, session, session->port.fd);
	if (!reset_board(session, now_us))
		begin_conversation(session, now_us);
}

void session_start_driver(struct session *session, int64_t now_us)
{
	remark_open(session);
	if (session->dialect->link)
		session->dialect->link(session->driver, session->port.link);
	if (session->unlocked && session->dialect->unlocked)
		session->dialect->unlocked(session->driver);
	session->unlocked = false;
	if (session->job.adopting)
		session->dialect->adopter->opened(
			session->driver, now_us, session->job.how, session_effects(session));
	else
		session->dialect->opened(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
	session->side_tries = 0;
	session_open_side(session, now_us);
}

/* A print that was under way is lost: nobody knows what the printer still does. */
static void end_by_loss(struct session *session, const char *reason, int64_t now_us)
{
	char words[WIRE_TEXT_MAX];

	if (!session->job.active || session->job.adopting)
		return;
	if (session->job.loading) {
		session_job_over(session, WIRE_FAILED, DRIVER_FAULT_NONE,
			"the port was lost before anything was sent", now_us);
		return;
	}
	snprintf(words, sizeof(words), "the port was lost during the print: %.200s", reason);
	session_job_over(session, WIRE_SUSPECT, DRIVER_FAULT_NONE, words, now_us);
}

void session_close_port(struct session *session, const char *reason, int64_t now_us)
{
	char words[WIRE_TEXT_MAX];

	if (!port_is_open(&session->port))
		return;
	session->now_us = now_us;
	snprintf(words, sizeof(words), "%s", reason);
	session_close_side(session, now_us);
	session->setup.events->port_closing(session->setup.context, session);
	port_close(&session->port);
	session->dialect->closed(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
	session->state = DRIVER_CLOSED;
	end_by_loss(session, words, now_us);
	reset_port_state(session);
	snprintf(session->reason, sizeof(session->reason), "%s", words);
	session_say(session, "offline: %s", words);
	session->news = true;
	try_later(session, now_us, false);
	if (session->job.adopting)
		session_adopt_begin(session, now_us);
}

void session_reopen_port(struct session *session, int64_t now_us)
{
	session->setup.events->port_closing(session->setup.context, session);
	port_close(&session->port);
	session->driver_wake_us = DRIVER_NEVER;
	session_open_port(session, now_us);
}

void session_lose_port(struct session *session, const char *reason, int64_t now_us)
{
	session_adopt_lost(session, now_us);
	session_close_port(session, reason, now_us);
}

static const char *loss_words(ssize_t count)
{
	return count == 0 ? "the device is gone (cable, power?)" : strerror((int)-count);
}

void session_read_port(struct session *session, int64_t now_us)
{
	char bytes[DRIVER_RECEIVE_MAX];

	session->now_us = now_us; /* remarks stand behind what they are about */
	for (int i = 0; i < SESSION_READS && port_is_open(&session->port); i++) {
		ssize_t count =
			session->port.operations->read(&session->port, bytes, sizeof(bytes));

		if (count == -EAGAIN)
			return;
		if (count <= 0) {
			session->cool_since_us = 0;
			session_lose_port(session, loss_words(count), now_us);
			return;
		}
		if (session->resetting)
			continue;
		recorder_add(session->recorder, RECORDER_RECEIVED, bytes, (size_t)count, now_us);
		supervisor_heard(&session->supervisor, now_us);
		session_power_hear(session, bytes, (size_t)count);
		progress_alive(&session->progress, now_us);
		if (session->detecting) {
			session_detect_receive(session, now_us, bytes, (size_t)count);
			return;
		}
		session->dialect->receive(
			session->driver, now_us, bytes, (size_t)count, session_effects(session));
		session_perform(session, now_us);
		if (session->close_wanted || (size_t)count < sizeof(bytes))
			return;
	}
}

bool session_queue(struct session *session, const char *bytes, size_t length)
{
	if (!port_is_open(&session->port))
		return true;
	if (length > SESSION_OUT_BYTES - session->out_length)
		return false;
	if (session->out_start + session->out_length + length > SESSION_OUT_BYTES) {
		memmove(session->out, session->out + session->out_start, session->out_length);
		session->out_start = 0;
	}
	memcpy(session->out + session->out_start + session->out_length, bytes, length);
	session->out_length += length;
	return true;
}

void session_drop_queue(struct session *session)
{
	session->out_start = session->out_length = 0;
}

void session_flush(struct session *session, int64_t now_us)
{
	while (session->out_length > 0 && port_is_open(&session->port)) {
		ssize_t count = session->port.operations->write(
			&session->port, session->out + session->out_start, session->out_length);

		if (count == -EAGAIN) {
			if (session->stalled_since_us == 0)
				session->stalled_since_us = now_us;
			telemetry_stall(&session->job.telemetry, WIRE_STALL_PORT, true, now_us);
			return;
		}
		if (count <= 0) {
			session_lose_port(session, loss_words(count), now_us);
			return;
		}
		recorder_add(session->recorder, RECORDER_SENT, session->out + session->out_start,
			(size_t)count, now_us);
		session->wrote_us = now_us;
		session->out_start += (size_t)count;
		session->out_length -= (size_t)count;
		if (session->stalled_since_us != 0)
			telemetry_stall(&session->job.telemetry, WIRE_STALL_PORT, false, now_us);
		session->stalled_since_us = 0;
		session->stall_told = false;
	}
	if (session->out_length == 0)
		session->out_start = 0;
}

/* Prusa's Buddy leaves its port unread while somebody is wanted at its panel, and goes on telling
 * its temperatures. */
static bool may_leave_unread(const struct session *session, int64_t now_us)
{
	return (session->paused || session->attention) &&
	       now_us - session->supervisor.heard_us < SESSION_STALL_US;
}

void session_check_stall(struct session *session, int64_t now_us)
{
	if (session->stalled_since_us == 0)
		return;
	if (now_us - session->stalled_since_us >= SESSION_STALL_US) {
		if (may_leave_unread(session, now_us)) {
			session->stalled_since_us = now_us;
			return;
		}
		session_close_port(session, "the port took no bytes for 60 s", now_us);
	} else if (!session->stall_told &&
		   now_us - session->stalled_since_us >= SESSION_STALL_WARN_US) {
		session->stall_told = true;
		session_say(session, "the port has taken no bytes for 10 s");
	}
}
