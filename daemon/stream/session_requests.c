/* What control, or a person by way of it, asks of a session besides its print: commands by hand, a
 * new connection, the emergency stop, what was booked. */
#include "daemon/stream/session_private.h"
#include "gcode/cnc.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_heating_command(const char *text)
{
	static const char *const heating[] = { "M104", "M109", "M140", "M190", "M141", "M191",
		"M303", "M568" };

	for (size_t i = 0; i < sizeof(heating) / sizeof(heating[0]); i++)
		if (strncmp(text, heating[i], strlen(heating[i])) == 0)
			return true;
	return false;
}

void session_profile(const struct session *session, struct profile *profile)
{
	const struct wire_settings *settings = &session->settings;
	const char *rule = settings->rules;

	*profile = (struct profile){
		.hotend_max_celsius = settings->hotend_max_celsius,
		.bed_max_celsius = settings->bed_max_celsius,
		.tool_count = (int)settings->tools,
		.firmware = settings->firmware >= PROFILE_FIRMWARE_UNSAID &&
					    settings->firmware <= PROFILE_FIRMWARE_GRBL
				    ? (enum profile_firmware)settings->firmware
				    : PROFILE_FIRMWARE_UNSAID,
	};
	while (*rule && profile->rule_count < PROFILE_RULES_MAX) {
		size_t length = strcspn(rule, ",");

		snprintf(profile->rule[profile->rule_count++], PROFILE_RULE_MAX, "%.*s",
			(int)(length < PROFILE_RULE_MAX ? length : PROFILE_RULE_MAX - 1), rule);
		rule += length + (rule[length] == ',');
	}
}

size_t session_limit_bytes(const struct session *session, const struct profile *profile)
{
	size_t limit_bytes = session->dialect ? session->dialect->command_bytes : 0;

	if (profile->firmware == PROFILE_FIRMWARE_MARLIN ||
		profile->firmware == PROFILE_FIRMWARE_GRBL)
		limit_bytes = COMMAND_SHORT_MAX;
	return limit_bytes;
}

/* "M876 S1": a person's answer to what the printer asks. */
static bool is_answer(const struct session *session, const char *text)
{
	static const char answer[] = "M876 S";
	size_t length = sizeof(answer) - 1;

	return session->attention && strncmp(text, answer, length) == 0 && text[length] >= '0' &&
	       text[length] <= '9' && strspn(text + length, "0123456789") < 3 &&
	       text[length + strspn(text + length, "0123456789")] == '\0';
}

int session_manual(struct session *session, const char *text, int64_t now_us, struct error *error)
{
	struct command command;
	struct profile profile;
	char act[COMMAND_MAX + 16];

	if (is_answer(session, text)) {
		snprintf(act, sizeof(act), "manual %s", text);
		session_act(session, act, now_us);
		session->dialect->manual(
			session->driver, now_us, text, strlen(text), session_effects(session));
		session_perform(session, now_us);
		session_settle(session, now_us);
		return 0;
	}
	session_profile(session, &profile);
	switch (session->dialect && session->dialect->programs
			? cnc_manual(text, strlen(text), &command)
			: command_from_line_within(text, strlen(text), &profile,
				  session_limit_bytes(session, &profile), &command)) {
	case COMMAND_SEND:
		break;
	case COMMAND_NOTHING:
		error_set(error, "there is no command in it");
		return -EINVAL;
	case COMMAND_FILTERED:
	case COMMAND_REFUSED:
		error_set(error, "may not be sent: %s", command.rule ? command.rule : "refused");
		return -EPERM;
	}
	if (session->state != DRIVER_READY && session->state != DRIVER_PAUSED) {
		error_set(error, "%s takes no command now: %s", session->name,
			driver_state_name(session->state));
		return -EBUSY;
	}
	if (is_heating_command(command.text)) {
		session_set_hot(session, true);
		session->manual_heat_us = now_us;
	}
	snprintf(act, sizeof(act), "manual %s", command.text);
	session_act(session, act, now_us);
	session->dialect->manual(
		session->driver, now_us, command.text, command.length, session_effects(session));
	session_perform(session, now_us);
	session_settle(session, now_us);
	return 0;
}

/* A reset that was asked for happens now or not at all: later there may be a print. */
static int open_for_reset(struct session *session, int64_t now_us, struct error *error)
{
	session->reset_wanted = true;
	session_close_port(session, "resetting the board", now_us);
	session->tries = 0;
	session_open_port(session, now_us);
	session->reset_wanted = false;
	if (session->resetting)
		return 0;
	error_set(error, "%s was not reset: %s", session->name,
		port_is_open(&session->port) ? "its port has no DTR line" : session->reason);
	return port_is_open(&session->port) ? -ENOTSUP : -ENODEV;
}

int session_connect(struct session *session, bool reset, int64_t now_us, struct error *error)
{
	struct progress_facts *facts = &session->progress.facts;
	int code = 0;

	if (session->job.active) {
		error_set(error, "%s is printing", session->name);
		return -EBUSY;
	}
	if (reset && session->by_hand) {
		error_set(error, "%s is not reset: %s", session->name, session->by_hand_text);
		return -EBUSY;
	}
	if (facts->fault != 0) {
		session_say(session, "unlocked: a person has dealt with: %s", facts->fault_text);
		facts->fault = 0;
		facts->fault_text[0] = '\0';
		progress_store(&session->progress);
	}
	session->unlocked = true;
	session->attention = false;
	session->alarm_text[0] = '\0';
	session->news = true;
	if (reset) {
		code = open_for_reset(session, now_us, error);
	} else {
		if (session->state != DRIVER_READY)
			session_close_port(session, "connecting again", now_us);
		session->tries = 0;
		session_open_port(session, now_us);
	}
	session_settle(session, now_us);
	return code;
}

int session_estop(struct session *session, int64_t now_us, struct error *error)
{
	bool was_open = port_is_open(&session->port);

	session->now_us = now_us;
	session_say(session, "emergency stop asked for");
	session_stop_at_once(session, DRIVER_FAULT_ESTOP, "emergency stop", now_us);
	if (!was_open)
		error_set(error, "%s is offline: nothing could be sent to it", session->name);
	session_settle(session, now_us);
	return 0;
}

void session_booked(struct session *session, const char *attempt)
{
	struct progress_ended *ended = progress_find_ended(&session->progress, attempt);

	if (!ended || ended->booked)
		return;
	ended->booked = 1;
	progress_store(&session->progress);
}

void session_recording(const struct session *session, struct wire_recording *recording)
{
	struct recorder_cursor cursor;
	size_t length;

	_Static_assert(sizeof(cursor.next) == sizeof(recording->next), "the same kinds");
	memcpy(cursor.next, recording->next, sizeof(cursor.next));
	length = recorder_format(session->recorder, &cursor, recording->text,
		sizeof(recording->text) - 1, &recording->more);
	recording->text[length] = '\0';
	recording->filled = true;
	memcpy(recording->next, cursor.next, sizeof(cursor.next));
}
