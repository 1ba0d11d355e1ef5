/* A session's side channel: a second, local socket beside the port, for dialects that have one.  It
 * lives as long as the port is open, comes and goes by itself, and nothing is sent again on it. */
#include "daemon/stream/session_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static const int64_t pauses_us[] = { 1000000, 2000000, 5000000, 10000000 };
enum { PAUSES = sizeof(pauses_us) / sizeof(pauses_us[0]) };

static void try_later(struct session *session, int64_t now_us)
{
	int pause = session->side_tries < PAUSES ? session->side_tries : PAUSES - 1;

	session->side_reconnect_us = now_us + pauses_us[pause];
	session->side_tries++;
}

static bool is_wanted(const struct session *session)
{
	return session->dialect && session->dialect->side && session->settings.side_port[0] &&
	       !session->detecting && port_is_open(&session->port);
}

void session_open_side(struct session *session, int64_t now_us)
{
	struct error error = { "" };

	session->side_reconnect_us = INT64_MAX;
	if (!is_wanted(session) || port_is_open(&session->side))
		return;
	if (port_open_with(&session->side, &port_socket, session->settings.side_port, 0, &error) <
		0) {
		if (session->side_tries == 0)
			session_say(session, "%s", error.text);
		try_later(session, now_us);
		return;
	}
	session->side_broken = false;
	session_remark(session, "the API socket is open");
	if (session->setup.events->side_opened)
		session->setup.events->side_opened(
			session->setup.context, session, session->side.fd);
	session->dialect->side->opened(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
}

void session_close_side(struct session *session, int64_t now_us)
{
	session->side_reconnect_us = INT64_MAX;
	if (!port_is_open(&session->side))
		return;
	if (session->setup.events->side_closing)
		session->setup.events->side_closing(session->setup.context, session);
	port_close(&session->side);
	session->side_broken = false;
	session->dialect->side->closed(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
}

/* Requests are few and short: a socket that does not take one at once is of no use. */
void session_write_side(struct session *session, const char *bytes, size_t length)
{
	if (port_is_open(&session->side) &&
		session->side.operations->write(&session->side, bytes, length) != (ssize_t)length)
		session->side_broken = true;
}

static void lost(struct session *session, int64_t now_us)
{
	session_say(session, "the API socket was closed by the other side");
	session_close_side(session, now_us);
	try_later(session, now_us);
}

void session_settle_side(struct session *session, int64_t now_us)
{
	if (session->side_broken)
		lost(session, now_us);
	if (port_is_open(&session->side) && !port_is_open(&session->port))
		session_close_side(session, now_us);
	/* Also when it has just been found out which dialect this is. */
	if (session->side_reconnect_us <= now_us ||
		(session->side_reconnect_us == INT64_MAX && is_wanted(session)))
		session_open_side(session, now_us);
}

void session_on_side_readable(struct session *session, int64_t now_us)
{
	char bytes[DRIVER_RECEIVE_MAX];

	for (int i = 0; i < SESSION_READS && port_is_open(&session->side); i++) {
		ssize_t count =
			session->side.operations->read(&session->side, bytes, sizeof(bytes));

		if (count == -EAGAIN)
			break;
		if (count <= 0) {
			lost(session, now_us);
			break;
		}
		session->side_tries = 0;
		supervisor_heard(&session->supervisor, now_us);
		session->dialect->side->receive(
			session->driver, now_us, bytes, (size_t)count, session_effects(session));
		session_perform(session, now_us);
	}
	session_settle(session, now_us);
}
