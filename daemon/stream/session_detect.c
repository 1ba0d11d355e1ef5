/* `dialect = "auto"`: finding out which firmware is on the port, and at which speed, before its
 * driver is made (drivers/detect.h).
 *
 * What was found is kept in the progress page, so that the next streamer need not ask, and is
 * thrown away when the driver finds that it is not so.  A wrong guess costs time, never a print. */
#include "daemon/stream/session_private.h"

#include <stdio.h>
#include <string.h>

bool session_is_auto(const struct session *session)
{
	const char *dialect = session->settings.dialect;

	return !session->setup.dialect && (!dialect[0] || strcmp(dialect, "auto") == 0);
}

static bool has_guess(const struct session *session)
{
	const char *dialect = session->progress.facts.dialect;

	return dialect[0] && driver_dialect_find(dialect) != NULL;
}

/* Of the port as it will be opened; 0: the usual one. */
int32_t session_baud(const struct session *session)
{
	if (session->settings.baud != 0 || !session_is_auto(session))
		return (int32_t)session->settings.baud;
	if (session->detecting)
		return detect_bauds[session->baud_index];
	return has_guess(session) ? (int32_t)session->progress.facts.baud : 0;
}

const char *session_dialect_name(const struct session *session)
{
	if (!session_is_auto(session))
		return session->settings.dialect;
	return has_guess(session) ? session->progress.facts.dialect : "marlin";
}

void session_detect_prepare(struct session *session)
{
	session->detecting = session_is_auto(session) && !has_guess(session);
	session->baud_index = 0;
}

void session_detect_forget(struct session *session)
{
	struct progress_facts *facts = &session->progress.facts;

	if (!session_is_auto(session))
		return;
	session_detect_prepare(session);
	if (session->job.active)
		return;
	session->detecting = true;
	if (!facts->dialect[0])
		return;
	memset(facts->dialect, 0, sizeof(facts->dialect));
	progress_store(&session->progress);
}

void session_detect_keep(struct session *session)
{
	struct progress_facts *facts = &session->progress.facts;
	int64_t baud = session->found_baud;

	if (!session_is_auto(session) ||
		(strcmp(facts->dialect, session->dialect->name) == 0 && facts->baud == baud))
		return;
	memset(facts->dialect, 0, sizeof(facts->dialect));
	snprintf(facts->dialect, sizeof(facts->dialect), "%s", session->dialect->name);
	facts->baud = baud;
	progress_store(&session->progress);
}

/* ---- the conversation ------------------------------------------------------------- */

static bool speed_matters(const struct session *session)
{
	return session->settings.baud == 0 && session->port.operations != &port_fd &&
	       session->port.link == DRIVER_LINK_UART;
}

static void give_up(struct session *session, int64_t now_us)
{
	const char *words = "nobody answers, at no speed";
	bool many = speed_matters(session);

	if (session->detect_best == DETECT_GARBAGE)
		words = many ? "unreadable bytes at every speed: it is no printer, or noise"
			     : "unreadable bytes: another speed, or no printer";
	else if (session->detect_best == DETECT_UNKNOWN)
		words = "something is there, but no firmware that printfarm knows";
	else if (!many)
		words = "nobody answers";
	session->baud_index = 0;
	session->detect_best = DETECT_NOBODY;
	session_close_port(session, session_words_of_silence(session, words), now_us);
}

static void next_speed(struct session *session, enum detect_result result, int64_t now_us)
{
	/* What says most about the port is told in the end. */
	if (session->detect_best == DETECT_NOBODY || result == DETECT_UNKNOWN)
		session->detect_best = result;
	if (!speed_matters(session) || detect_bauds[session->baud_index + 1] == 0) {
		give_up(session, now_us);
		return;
	}
	session->baud_index++;
	session_reopen_port(session, now_us);
}

static void found(struct session *session, int64_t now_us)
{
	session->found_baud = session_baud(session);
	session->detecting = false;
	session->detect_best = DETECT_NOBODY;
	session_say(session, "this speaks %s", session->detect.dialect);
	session_close_side(session, now_us); /* of the driver that goes */
	session_make_driver(session, session->detect.dialect);
	if (session->driver)
		session_start_driver(session, now_us);
}

static void advance(struct session *session, int64_t now_us)
{
	const char *question = detect_advance(&session->detect, now_us);

	if (question)
		session_queue(session, question, strlen(question));
	session->driver_wake_us = session->detect.deadline_us;
	switch (session->detect.result) {
	case DETECT_GOING_ON:
		break;
	case DETECT_FOUND:
		found(session, now_us);
		break;
	case DETECT_GARBAGE:
	case DETECT_NOBODY:
	case DETECT_UNKNOWN:
		next_speed(session, session->detect.result, now_us);
		break;
	}
}

void session_detect_opened(struct session *session, int64_t now_us)
{
	session->state = DRIVER_IDENTIFYING;
	detect_begin(&session->detect, now_us, session->baud_index == 0);
	advance(session, now_us);
}

void session_detect_receive(
	struct session *session, int64_t now_us, const char *bytes, size_t length)
{
	detect_receive(&session->detect, now_us, bytes, length);
	advance(session, now_us);
}

void session_detect_wake(struct session *session, int64_t now_us)
{
	advance(session, now_us);
}

/* The soft reset of grbl and Smoothieware, and what stops everything else. */
void session_detect_estop(struct session *session)
{
	static const char stop[] = "\x18\nM112\n";

	session_queue(session, stop, sizeof(stop) - 1);
}
