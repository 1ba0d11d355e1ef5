/* The rungs of an emergency stop: what the firmware understands, ahead of everything else; DTR,
 * where that resets the board (the driver asks for it); and, where the configuration names a
 * program for it, the power.  None waits for control. */
#include "daemon/stream/session_private.h"

#include <string.h>

/* The print is over before the stop is sent, so that its end carries the reason for the stop. */
void session_stop_at_once(
	struct session *session, enum driver_fault fault, const char *text, int64_t now_us)
{
	session_lock(session, fault, text);
	session_power_arm(session, fault, now_us); /* also of one that is locked already */
	session_job_over(session, WIRE_FAILED, fault, text, now_us);
	if (!port_is_open(&session->port))
		return;
	session_drop_queue(session);
	session_act(session, "estop", now_us);
	if (session->detecting || session->resetting) {
		session_detect_estop(session);
	} else {
		session->dialect->estop(session->driver, now_us, session_effects(session));
		session_perform(session, now_us);
	}
	session_flush(session, now_us);
}

/* ---- the power ------------------------------------------------------------------ */

void session_power_arm(struct session *session, enum driver_fault fault, int64_t now_us)
{
	bool asked_for = fault == DRIVER_FAULT_ESTOP;

	if (!session->settings.power_off[0] || session->power_us != INT64_MAX ||
		(!asked_for && fault != DRIVER_FAULT_THERMAL && fault != DRIVER_FAULT_SILENT))
		return;
	session->power_us = now_us + SESSION_POWER_US;
	/* A board that is too hot, or that went silent while hot, is not believed. */
	session->stop_may_confirm = asked_for;
}

static bool holds(const char *bytes, size_t length, const char *word)
{
	return memmem(bytes, length, word, strlen(word)) != NULL;
}

void session_power_hear(struct session *session, const char *bytes, size_t length)
{
	static const char *const words[] = { "kill()", "halted", "Grbl", "GrblHAL", "ALARM",
		"Shutdown", "Emergency" };

	if (session->power_us == INT64_MAX || !session->stop_may_confirm)
		return;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (holds(bytes, length, words[i])) {
			session->power_us = INT64_MAX;
			return;
		}
}

void session_power_wake(struct session *session, int64_t now_us)
{
	const struct session_events *events = session->setup.events;

	if (session->power_us > now_us)
		return;
	session->power_us = INT64_MAX;
	session_say(session, "cutting its power: %s", session->settings.power_off);
	if (events->power_off)
		events->power_off(session->setup.context, session, session->settings.power_off);
}

/* Where M112 waits for its turn in the firmware, and nothing else stops the machine. */
bool session_has_no_remote_stop(const struct session *session)
{
	return session->dialect && session->dialect->stop_waits &&
	       !session->settings.can_reset_line && !session->settings.power_off[0];
}
