/* Performing what a driver asks for.  Nothing here calls the driver: what follows from an effect is
 * noted and done by session_settle. */
#include "daemon/stream/session_private.h"

#include <stdio.h>
#include <string.h>

struct driver_effects *session_effects(struct session *session)
{
	driver_effects_clear(session->setup.effects);
	return session->setup.effects;
}

/* Kept for the time when nobody is connected to it: such a board is not reset unasked. */
static void note_by_hand(struct session *session)
{
	struct progress_facts *facts = &session->progress.facts;
	bool by_hand = session->by_hand ||
		       (supervisor_is_heating(&session->supervisor) && !facts->hot_by_us);

	if (facts->attempt[0] || (facts->state == PROGRESS_BY_HAND) == by_hand)
		return;
	facts->state = by_hand ? PROGRESS_BY_HAND : PROGRESS_NONE;
	progress_store(&session->progress);
}

static void on_heaters(struct session *session, int64_t now_us)
{
	const struct driver_heaters *heaters = session->dialect->heaters(session->driver);
	bool was_heating = supervisor_is_heating(&session->supervisor), is_heating;

	if (supervisor_reading(&session->supervisor, now_us, heaters) == SUPERVISOR_FINE)
		session->alarm_text[0] = '\0';
	is_heating = supervisor_is_heating(&session->supervisor);
	if (was_heating != is_heating)
		session->news = true;
	/* Switched off again by whoever heated by a manual command. */
	if (!is_heating && !session->job.active && !session->cool_wanted &&
		now_us - session->manual_heat_us > SESSION_MANUAL_HEAT_US)
		session_set_hot(session, false);
	note_by_hand(session);
}

/* What the driver does instead of sending. */
static void note_stalls(struct session *session, enum driver_state state, int64_t now_us)
{
	struct telemetry *telemetry = &session->job.telemetry;

	telemetry_stall(telemetry, WIRE_STALL_RESEND,
		state == DRIVER_RESYNCING || state == DRIVER_BARRIER || state == DRIVER_REPLAYING,
		now_us);
	telemetry_stall(telemetry, WIRE_STALL_ANSWER, state == DRIVER_PROBING, now_us);
	if (state == DRIVER_DRAINING || state == DRIVER_PAUSED)
		telemetry_interrupt(telemetry);
}

static void on_state(struct session *session, enum driver_state state, int64_t now_us)
{
	bool was_online = session_is_online(session);

	if (session->state == state)
		return;
	session->state = state;
	if (session->job.active && !session->job.loading)
		note_stalls(session, state, now_us);
	if (!was_online && state == DRIVER_READY) {
		session_detect_keep(session);
		session->tries = 0;
		session->reason[0] = '\0';
	}
	if (was_online != session_is_online(session) || state == DRIVER_FAULT ||
		state == DRIVER_PAUSED)
		session->news = true;
}

static void on_paused(struct session *session, bool paused)
{
	struct session_job *job = &session->job;

	session->paused = paused;
	session->news = true;
	if (!paused && job->paused_since_us != 0)
		job->paused_us += session->now_us - job->paused_since_us;
	job->paused_since_us = paused ? session->now_us : 0;
	if (!session->job.active || session->job.stopping)
		return;
	session->progress.facts.pause_wanted = 0;
	session->progress.facts.state = paused ? PROGRESS_PAUSED : PROGRESS_PRINTING;
	progress_store(&session->progress);
}

static void on_acknowledged(struct session *session, int64_t index)
{
	struct session_job *job = &session->job;

	if (!job->active)
		return;
	job->acknowledged = index + 1;
	progress_count(&session->progress, job->offered, job->acknowledged, job->line_number);
}

/* Another machine on the port of this one: nothing more is said to it. */
static void refuse_printer(
	struct session *session, const char *is, const char *wanted, int64_t now_us)
{
	char words[WIRE_TEXT_MAX];

	snprintf(words, sizeof(words),
		"another printer is on this port: its UUID is %.64s, not %.64s", is, wanted);
	if (session->job.adopting)
		session_adopt_fail(session, words, now_us);
	session->cool_wanted = false;
	snprintf(session->reason, sizeof(session->reason), "%s", words);
	session->close_wanted = true;
	session->close_us = now_us; /* with what the driver still wants to write */
}

static void on_identity(struct session *session, int64_t now_us)
{
	const struct driver_identity *identity = session->dialect->identity(session->driver);
	struct progress_facts *facts = &session->progress.facts;

	session->news = true;
	if (facts->halted) {
		facts->halted = 0;
		progress_store(&session->progress);
	}
	if (!identity->uuid[0] || session->close_wanted)
		return;
	if (session->settings.uuid[0] && strcmp(session->settings.uuid, identity->uuid) != 0)
		refuse_printer(session, identity->uuid, session->settings.uuid, now_us);
	else if (session->job.adopting && facts->uuid[0] &&
		 strncmp(facts->uuid, identity->uuid, sizeof(facts->uuid) - 1) != 0)
		refuse_printer(session, identity->uuid, facts->uuid, now_us);
}

/* Before its bytes go out. */
/* A replay of the recording tells the file's lines from the driver's own by this. */
static void remark_host_line(struct session *session, int64_t number)
{
	char text[40];

	snprintf(text, sizeof(text), "host %lld", (long long)number);
	session_remark(session, text);
}

static void on_numbered(struct session *session, const struct driver_effect *effect)
{
	struct session_job *job = &session->job;
	struct progress_line line = { .number = (int32_t)effect->line_number,
		.line = effect->index >= 0 ? DRIVER_LINE_COMMAND : effect->line };

	job->line_number = effect->line_number;
	if (effect->index >= 0) {
		job->numbered = effect->index + 1;
		job->mark_due = job->numbered % PROGRESS_MARK_COMMANDS == 0;
	}
	line.index = job->numbered - 1;
	if (effect->index < 0)
		remark_host_line(session, effect->line_number);
	if (effect->index >= 0)
		progress_line(&session->progress, &line, job->command.text, job->command.length);
	else
		progress_line(&session->progress, &line, effect->text, strlen(effect->text));
}

static void on_attention(struct session *session, const char *text)
{
	session->attention = true;
	session->news = true;
	snprintf(session->attention_text, sizeof(session->attention_text), "%s", text);
}

/* A print that failed because of its file leaves the printer as good as it was. */
static bool job_fault_locks(enum driver_fault fault)
{
	return fault != DRIVER_FAULT_NONE && fault != DRIVER_FAULT_COMMAND &&
	       fault != DRIVER_FAULT_DIALECT;
}

/* A printer that was switched off or does not answer is offline; nobody need unlock it. */
static bool link_fault_locks(enum driver_fault fault)
{
	switch (fault) {
	case DRIVER_FAULT_NONE:
	case DRIVER_FAULT_NO_ANSWER:
	case DRIVER_FAULT_SILENT:
	case DRIVER_FAULT_RESET:
	case DRIVER_FAULT_COMMAND:
	case DRIVER_FAULT_DIALECT:
		return false;
	case DRIVER_FAULT_THERMAL:
	case DRIVER_FAULT_KILLED:
	case DRIVER_FAULT_RESENDS:
	case DRIVER_FAULT_SURPLUS_OK:
	case DRIVER_FAULT_PROTOCOL:
	case DRIVER_FAULT_STOPPED:
	case DRIVER_FAULT_ESTOP:
		return true;
	}
	return true;
}

/* A laser or mill that is silent over work of ours may be lit: nobody waits for a temperature. */
static void arm_for_a_beam(struct session *session, enum driver_fault fault, int64_t now_us)
{
	if (session->settings.machine_kind != DRIVER_KIND_PRINTER &&
		session->progress.facts.hot_by_us && fault == DRIVER_FAULT_SILENT)
		session_power_arm(session, fault, now_us);
}

static void on_job_fault(
	struct session *session, const struct driver_effect *effect, int64_t now_us)
{
	if (session->job.adopting) {
		if (effect->fault == DRIVER_FAULT_THERMAL || effect->fault == DRIVER_FAULT_KILLED)
			session_lock(session, effect->fault, effect->text);
		session_adopt_fail(session, effect->text, now_us);
		return;
	}
	if (job_fault_locks(effect->fault))
		session_lock(session, effect->fault, effect->text);
	session_job_over(session, WIRE_FAILED, effect->fault, effect->text, now_us);
	session->cool_wanted = true;
	arm_for_a_beam(session, effect->fault, now_us);
	if (effect->fault == DRIVER_FAULT_DIALECT) {
		session_detect_forget(session);
		snprintf(session->reason, sizeof(session->reason), "%s", effect->text);
		session->close_wanted = true;
	}
}

static void on_link_fault(
	struct session *session, const struct driver_effect *effect, int64_t now_us)
{
	if (session->job.adopting)
		session_adopt_fail(session, effect->text, now_us);
	if (link_fault_locks(effect->fault))
		session_lock(session, effect->fault, effect->text);
	arm_for_a_beam(session, effect->fault, now_us);
	if (effect->fault == DRIVER_FAULT_DIALECT || effect->fault == DRIVER_FAULT_NO_ANSWER)
		session_detect_forget(session);
	snprintf(session->reason, sizeof(session->reason), "%s",
		effect->fault == DRIVER_FAULT_NO_ANSWER
			? session_words_of_silence(session, effect->text)
			: effect->text);
	session->close_wanted = true;
}

static void on_cold(struct session *session)
{
	session->cool_wanted = false;
	session->cool_sent_us = session->cool_since_us = 0;
	session->hold_ends_until_us = 0;
	session_set_hot(session, false);
	session->setup.events->ended(session->setup.context, session);
}

static void pull_reset_line(struct session *session, int64_t now_us)
{
	if (!port_is_open(&session->port) || !session->settings.can_reset_line)
		return;
	session_say(session, "resetting the board by its DTR line");
	session->port.operations->modem_lines(&session->port, false);
	session->release_us = now_us + SESSION_PULSE_US;
}

static void perform_one(struct session *session, const struct driver_effect *effect, int64_t now_us)
{
	struct session_job *job = &session->job;

	switch (effect->kind) {
	case DRIVER_WRITE:
		if (!session_queue(session, session->setup.effects->bytes + effect->write_offset,
			    effect->write_length)) {
			snprintf(session->reason, sizeof(session->reason),
				"the port takes no bytes");
			session->close_wanted = true;
		}
		break;
	case DRIVER_WAKE_AT:
		session->driver_wake_us = effect->time_us;
		break;
	case DRIVER_STATE:
		on_state(session, effect->state, now_us);
		break;
	case DRIVER_IDENTITY:
		on_identity(session, now_us);
		break;
	case DRIVER_ACKNOWLEDGED:
		on_acknowledged(session, effect->index);
		break;
	case DRIVER_NUMBERED:
		on_numbered(session, effect);
		break;
	case DRIVER_HEATERS:
		on_heaters(session, now_us);
		break;
	case DRIVER_SAID:
		session->setup.events->said(session->setup.context, session, effect->text);
		break;
	case DRIVER_ATTENTION:
		on_attention(session, effect->text);
		break;
	case DRIVER_ATTENTION_OVER:
		session->attention = false;
		session->news = true;
		break;
	case DRIVER_PAUSED_NOW:
		on_paused(session, true);
		break;
	case DRIVER_RESUMED_NOW:
		on_paused(session, false);
		break;
	case DRIVER_JOB_DONE:
		session_set_hot(session, false);
		session_job_over(session, WIRE_PRINTED, DRIVER_FAULT_NONE, "", now_us);
		break;
	case DRIVER_JOB_CANCELLED:
		session->cool_wanted = session->progress.facts.hot_by_us != 0;
		session_job_over(session, job->result, job->fault, job->reason, now_us);
		break;
	case DRIVER_JOB_FAULT:
		on_job_fault(session, effect, now_us);
		break;
	case DRIVER_LINK_FAULT:
		on_link_fault(session, effect, now_us);
		break;
	case DRIVER_COLD:
		on_cold(session);
		break;
	case DRIVER_RESET_LINE:
		pull_reset_line(session, now_us);
		break;
	case DRIVER_ADOPTED:
		session_adopt_done(session, effect);
		break;
	case DRIVER_BY_HAND:
	case DRIVER_BY_HAND_OVER:
		session->by_hand = effect->kind == DRIVER_BY_HAND;
		snprintf(session->by_hand_text, sizeof(session->by_hand_text), "%s", effect->text);
		session->news = true;
		note_by_hand(session);
		break;
	case DRIVER_SIDE_WRITE:
		session_write_side(session, session->setup.effects->bytes + effect->write_offset,
			effect->write_length);
		break;
	}
}

/* How lines flow is judged by what was answered: what is proved comes in heaps. */
static void note_answered(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;
	const struct driver_counters *counters = session->dialect->counters(session->driver);

	if (counters->commands_answered <= job->answered)
		return;
	job->answered = counters->commands_answered;
	telemetry_counters(&job->telemetry, counters, &job->before);
	telemetry_acknowledged(&job->telemetry, job->answered - 1, now_us);
}

void session_perform(struct session *session, int64_t now_us)
{
	const struct driver_effects *effects = session->setup.effects;

	session->now_us = now_us;
	for (size_t i = 0; i < effects->count; i++)
		perform_one(session, &effects->effect[i], now_us);
	if (session->job.active && !session->job.loading && !session->job.adopting)
		note_answered(session, now_us);
	if (session->job.mark_due)
		session_mark(session);
}
