#include "daemon/stream/requests.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static int set_printer(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)session;
	return streamer_set_printer(streamer, message->printer, &message->settings, now_us, error);
}

static int remove_printer(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)session;
	(void)now_us;
	return streamer_remove_printer(streamer, message->printer, error);
}

static int start(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	if (streamer_is_draining(streamer)) {
		error_set(error, "the streamer is about to end");
		return -ESHUTDOWN;
	}
	return session_start(session, message->attempt, &message->start, now_us, error);
}

static int pause_print(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)streamer;
	return session_pause(session, message->attempt, now_us, error);
}

static int resume(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)streamer;
	return session_resume(session, message->attempt, now_us, error);
}

static int cancel(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)streamer;
	return session_cancel(session, message->attempt, now_us, error);
}

static int manual(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)streamer;
	return session_manual(session, message->text, now_us, error);
}

static int connect_again(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)streamer;
	return session_connect(session, message->reset, now_us, error);
}

static int estop(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	char answer[WIRE_TEXT_MAX];

	(void)session;
	requests_estop(streamer, message->printer, now_us, answer, sizeof(answer));
	error_set(error, "%s", answer);
	return strncmp(answer, "ok", 2) == 0 ? 0 : -ENOENT;
}

/* The attempt is enough: control may have forgotten on which printer it was. */
static int booked(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)session;
	(void)now_us;
	(void)error;
	for (size_t i = 0; i < streamer_count(streamer); i++)
		session_booked(streamer_session(streamer, i), message->attempt);
	return 0;
}

static int shut_down(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)session;
	(void)message;
	(void)now_us;
	(void)error;
	streamer_drain(streamer);
	return 0;
}

/* The answer is filled by add_recording. */
static int recording(struct streamer *streamer, struct session *session,
	const struct wire_message *message, int64_t now_us, struct error *error)
{
	(void)streamer;
	(void)session;
	(void)message;
	(void)now_us;
	(void)error;
	return 0;
}

static const struct {
	/* NULL: not a request.  `session` may be NULL unless needs_printer. */
	int (*perform)(struct streamer *streamer, struct session *session,
		const struct wire_message *message, int64_t now_us, struct error *error);
	bool needs_printer;
} requests[WIRE_KIND_LAST + 1] = {
	[WIRE_SET_PRINTER] = { set_printer, false },
	[WIRE_REMOVE_PRINTER] = { remove_printer, false },
	[WIRE_START] = { start, true },
	[WIRE_PAUSE] = { pause_print, true },
	[WIRE_RESUME] = { resume, true },
	[WIRE_CANCEL] = { cancel, true },
	[WIRE_MANUAL] = { manual, true },
	[WIRE_CONNECT] = { connect_again, true },
	[WIRE_ESTOP] = { estop, false },
	[WIRE_BOOKED] = { booked, false },
	[WIRE_SHUTDOWN] = { shut_down, false },
	[WIRE_RECORDING] = { recording, true },
};

/* The request's cursor comes back moved, with the page behind it. */
static void add_recording(const struct session *session, const struct wire_message *message,
	struct wire_message *answer)
{
	memcpy(answer->recording.next, message->recording.next, sizeof(answer->recording.next));
	session_recording(session, &answer->recording);
}

bool requests_perform(struct streamer *streamer, const struct wire_message *message, int64_t now_us,
	struct wire_message *answer)
{
	struct session *session = streamer_find(streamer, message->printer);
	struct error error = { "" };

	if (message->kind > WIRE_KIND_LAST || !requests[message->kind].perform)
		return false;
	memset(answer, 0, sizeof(*answer));
	answer->kind = WIRE_ANSWER;
	answer->request = message->request;
	memcpy(answer->printer, message->printer, sizeof(answer->printer));
	memcpy(answer->attempt, message->attempt, sizeof(answer->attempt));
	if (requests[message->kind].needs_printer && !session) {
		error_set(&error, "there is no printer %s here", message->printer);
		answer->error = -ENOENT;
	} else {
		answer->error =
			requests[message->kind].perform(streamer, session, message, now_us, &error);
	}
	snprintf(answer->text, sizeof(answer->text), "%.*s", (int)sizeof(answer->text) - 1,
		error.text);
	if (message->kind == WIRE_RECORDING && answer->error == 0)
		add_recording(session, message, answer);
	return true;
}

void requests_estop(
	struct streamer *streamer, const char *printer, int64_t now_us, char *answer, size_t size)
{
	struct session *one = printer[0] ? streamer_find(streamer, printer) : NULL;
	size_t count = 0, offline = 0;

	if (printer[0] && !one) {
		snprintf(answer, size, "error there is no printer %.*s here", WIRE_NAME_MAX,
			printer);
		return;
	}
	for (size_t i = 0; i < streamer_count(streamer); i++) {
		struct session *session = streamer_session(streamer, i);
		struct error error = { "" };

		if (one && session != one)
			continue;
		session_estop(session, now_us, &error);
		count++;
		if (error.text[0])
			offline++;
	}
	snprintf(answer, size, "ok %zu stopped, %zu offline (nothing could be sent to them)",
		count - offline, offline);
}
