/* A session's print: from START to exactly one end. */
#include "daemon/stream/session_private.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Is it allowed now?  The answer names what stands in the way. */
static int check_ready(const struct session *session, struct error *error)
{
	const struct progress_facts *facts = &session->progress.facts;

	if (session->job.active)
		error_set(error, "%s is printing attempt %s", session->name, facts->attempt);
	else if (facts->fault != 0)
		error_set(error, "%s is locked: %s", session->name, facts->fault_text);
	else if (!session_is_online(session))
		error_set(error, "%s is not online: %s", session->name,
			session->reason[0] ? session->reason : "connecting");
	else if (session->settings.machine_kind != DRIVER_KIND_PRINTER &&
		 !session->dialect->programs)
		error_set(error,
			"%s is a laser or a mill, and %s is no firmware of that kind that is "
			"known: grbl, grblHAL and FluidNC are",
			session->name, session->dialect->name);
	else if (session->cool_wanted || facts->hot_by_us)
		error_set(error, "%s still has heaters on; they are being switched off",
			session->name);
	else if (session->alarm_text[0])
		error_set(error, "%s: %s", session->name, session->alarm_text);
	else if (session->attention)
		error_set(error, "%s wants a person: %s", session->name, session->attention_text);
	else if (supervisor_is_heating(&session->supervisor))
		error_set(error, "%s is in use by hand: its heaters are on, not by us",
			session->name);
	else if (session->state != DRIVER_READY)
		error_set(error, "%s is not ready: %s", session->name,
			driver_state_name(session->state));
	else if (progress_unbooked(&session->progress) >= PROGRESS_ENDED_MAX)
		error_set(error, "%s has %d ended attempts that are not booked", session->name,
			PROGRESS_ENDED_MAX);
	else
		return 0;
	return -EBUSY;
}

/* 1: this attempt is known already and *error says what became of it. */
static int check_known(struct session *session, const char *attempt, struct error *error)
{
	struct progress_ended *ended = progress_find_ended(&session->progress, attempt);

	if (session->job.active && strcmp(session->progress.facts.attempt, attempt) == 0) {
		error_set(error, "attempt %s is under way", attempt);
		return 1;
	}
	if (!ended)
		return 0;
	if (ended->booked) {
		error_set(error, "attempt %s has ended and was booked", attempt);
		return -EALREADY;
	}
	error_set(error, "attempt %s has ended", attempt);
	return 1;
}

static void on_prepared(void *context)
{
	struct session *session = context;

	session->setup.events->prepared(session->setup.context);
}

static void store_start(
	struct session *session, const char *attempt, const struct wire_start *start)
{
	struct progress_facts *facts = &session->progress.facts;

	memset(facts->attempt, 0, sizeof(facts->attempt));
	memset(facts->path, 0, sizeof(facts->path));
	memcpy(facts->attempt, attempt, strnlen(attempt, sizeof(facts->attempt) - 1));
	memcpy(facts->path, start->path, strnlen(start->path, sizeof(facts->path) - 1));
	facts->bytes = start->bytes;
	facts->commands = start->commands;
	facts->start_us = session->job.start_us;
	facts->pause_wanted = 0;
	memcpy(facts->boot, session->boot, sizeof(facts->boot));
	snprintf(facts->uuid, sizeof(facts->uuid), "%.*s", (int)sizeof(facts->uuid) - 1,
		session->dialect->identity(session->driver)->uuid);
	facts->state = PROGRESS_STARTED;
	progress_begin_counts(&session->progress);
	progress_store(&session->progress);
}

int session_start(struct session *session, const char *attempt, const struct wire_start *start,
	int64_t now_us, struct error *error)
{
	struct session_job *job = &session->job;
	struct profile profile;
	struct readahead_setup ahead = { .path = start->path,
		.bytes = start->bytes,
		.program = session->dialect && session->dialect->programs,
		.laser = session->settings.machine_kind == DRIVER_KIND_LASER,
		.profile = &profile,
		.on_ready = on_prepared,
		.context = session,
		.read_at = session->setup.read_at };
	struct readahead *readahead;
	int code;

	if (!attempt[0]) {
		error_set(error, "a start needs the id of its attempt");
		return -EINVAL;
	}
	code = check_known(session, attempt, error);
	if (code != 0)
		return code < 0 ? code : 0;
	code = check_ready(session, error);
	if (code < 0)
		return code;
	session_profile(session, &profile);
	ahead.limit_bytes = session_limit_bytes(session, &profile);
	readahead = readahead_create(&ahead, error);
	if (!readahead)
		return -ENOMEM;
	memset(job, 0, sizeof(*job));
	job->active = job->loading = true;
	job->readahead = readahead;
	job->start_us = now_us;
	job->commands = start->commands;
	store_start(session, attempt, start);
	/* Whatever the file has to say comes after the answer to this request. */
	job->starving_since_us = now_us;
	session->paused = false;
	session->setup.events->changed(session->setup.context, session);
	return 0;
}

static int check_running(const struct session *session, const char *attempt, struct error *error)
{
	if (!session->job.active) {
		error_set(error, "%s prints nothing", session->name);
		return -ENOENT;
	}
	if (attempt[0] && strcmp(attempt, session->progress.facts.attempt) != 0) {
		error_set(error, "%s prints attempt %s, not %s", session->name,
			session->progress.facts.attempt, attempt);
		return -ENOENT;
	}
	return 0;
}

static int check_can_pause(const struct session *session, const char *attempt, struct error *error)
{
	int code = check_running(session, attempt, error);

	if (code < 0)
		return code;
	if (session->job.loading) {
		error_set(error, "%s: the print is just being started", session->name);
		return -EAGAIN;
	}
	if (session->job.adopting) {
		error_set(error, "%s: the print is being taken over again", session->name);
		return -EAGAIN;
	}
	if (session->job.stopping || session->job.all_offered) {
		error_set(error, "%s: the print is ending already", session->name);
		return -EBUSY;
	}
	return 0;
}

static void set_pause_wanted(struct session *session, bool wanted)
{
	session->progress.facts.pause_wanted = wanted;
	progress_store(&session->progress);
}

int session_pause(struct session *session, const char *attempt, int64_t now_us, struct error *error)
{
	int code = check_can_pause(session, attempt, error);

	if (code < 0 || session->paused)
		return code;
	set_pause_wanted(session, true);
	telemetry_interrupt(&session->job.telemetry);
	session_act_on_job(session, "pause", now_us);
	session->dialect->pause(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
	session_settle(session, now_us);
	return 0;
}

int session_resume(
	struct session *session, const char *attempt, int64_t now_us, struct error *error)
{
	int code = check_running(session, attempt, error);

	if (code < 0)
		return code;
	if (session->job.adopting) {
		error_set(error, "%s: the print is being taken over again", session->name);
		return -EAGAIN;
	}
	if (session->dialect->waits_at_panel && session->dialect->waits_at_panel(session->driver)) {
		error_set(error,
			"%s waits for a person at the printer (%.120s): answer it there, at its "
			"knob or screen; the print then goes on by itself",
			session->name, session->attention_text);
		return -EBUSY;
	}
	set_pause_wanted(session, false);
	telemetry_interrupt(&session->job.telemetry);
	session_act(session, "resume", now_us);
	session->dialect->resume(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
	session_settle(session, now_us);
	return 0;
}

int session_cancel(
	struct session *session, const char *attempt, int64_t now_us, struct error *error)
{
	int code = check_running(session, attempt, error);

	if (code < 0)
		return code;
	if (!session->job.stopping)
		session_job_stop(session, WIRE_CANCELLED, DRIVER_FAULT_NONE, "cancelled", now_us);
	session_settle(session, now_us);
	return 0;
}

void session_stop(struct session *session, const char *reason, int64_t now_us)
{
	if (session->job.active && !session->job.stopping)
		session_job_stop(session, WIRE_FAILED, DRIVER_FAULT_NONE, reason, now_us);
	else if (session->progress.facts.hot_by_us)
		session->cool_wanted = true;
	session_settle(session, now_us);
}

void session_job_stop(struct session *session, enum wire_result result, enum driver_fault fault,
	const char *reason, int64_t now_us)
{
	struct session_job *job = &session->job;

	if (job->loading || (job->adopting && !port_is_open(&session->port))) {
		session_job_over(session, result, fault, reason, now_us);
		return;
	}
	job->stopping = true;
	job->result = result;
	job->fault = fault;
	snprintf(job->reason, sizeof(job->reason), "%s", reason);
	session->progress.facts.state = PROGRESS_STOPPING;
	progress_store(&session->progress);
	session->news = true;
	session_say(session, "stopping the print: %s", job->reason);
	session_act_on_job(session, "cancel", now_us);
	session->dialect->cancel(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
}

void session_job_numbers(
	const struct session *session, int64_t now_us, struct wire_progress *numbers)
{
	const struct session_job *job = &session->job;
	const struct driver_counters *counters;
	const struct driver_counters *before = &job->before;

	memset(numbers, 0, sizeof(*numbers));
	numbers->commands_done = job->acknowledged;
	numbers->commands = job->commands;
	/* The time that it printed: a pause is no pace. */
	numbers->print_us = now_us - job->start_us - job->paused_us;
	if (job->paused_since_us != 0)
		numbers->print_us -= now_us - job->paused_since_us;
	if (job->loading || !session->driver)
		return;
	counters = session->dialect->counters(session->driver);
	numbers->lines_sent = counters->lines_sent - before->lines_sent;
	numbers->resends = counters->resends - before->resends;
	numbers->bytes_sent = counters->bytes_sent - before->bytes_sent;
	telemetry_read(&job->telemetry, now_us, &numbers->telemetry);
	numbers->lost_acknowledgements =
		counters->lost_acknowledgements - before->lost_acknowledgements;
	numbers->surplus_acknowledgements =
		counters->surplus_acknowledgements - before->surplus_acknowledgements;
}

void session_job_over(struct session *session, enum wire_result result, enum driver_fault fault,
	const char *reason, int64_t now_us)
{
	struct session_job *job = &session->job;
	struct wire_progress numbers;

	if (!job->active)
		return;
	session_job_numbers(session, now_us, &numbers);
	readahead_destroy(job->readahead);
	job->readahead = NULL;
	job->active = job->stopping = job->adopting = job->pause_due = false;
	session->paused = false;
	session->news = true;
	if (result == WIRE_FAILED || result == WIRE_SUSPECT)
		session_keep(session, reason);
	progress_end(&session->progress, result, fault, reason, &numbers);
	session->setup.events->ended(session->setup.context, session);
}

/* The file itself stops the print: it cannot be read, or holds what may not be sent. */
static void on_file_fault(struct session *session, const char *sentence, int64_t now_us)
{
	session_job_stop(session, WIRE_FAILED, DRIVER_FAULT_COMMAND, sentence, now_us);
}

static void begin(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;

	job->loading = false;
	job->before = *session->dialect->counters(session->driver);
	telemetry_begin(&job->telemetry, now_us);
	telemetry_plans_by_time(&job->telemetry, session->dialect->planned_us);
	/* From here on a heater may be on because of us, whatever the file says and when. */
	session->progress.facts.state = PROGRESS_PRINTING;
	session->progress.facts.hot_by_us = 1;
	progress_store(&session->progress);
	session_act(session, "job", now_us);
	session->dialect->job_start(session->driver, now_us, session_effects(session));
	session_perform(session, now_us);
	session_mark(session);
}

void session_mark(struct session *session)
{
	struct session_job *job = &session->job;
	struct progress_mark mark;

	job->mark_due = false;
	if (!session->dialect->adopter)
		return;
	memset(&mark, 0, sizeof(mark));
	session->dialect->adopter->save(session->driver, &mark.saved);
	mark.index = job->numbered;
	mark.offset_bytes = job->offered_bytes;
	progress_mark(&session->progress, &mark);
}

void session_job_took(struct session *session)
{
	struct session_job *job = &session->job;

	job->is_long = readahead_time(job->readahead)->is_long;
}

bool session_job_is_long(const struct session *session)
{
	return session->job.active && session->job.is_long;
}

/* Makes sure that `command` holds the next one; false: nothing to offer now. */
static bool take_next(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;
	struct error error = { "" };

	if (job->has_command)
		return true;
	job->long_before = job->is_long;
	switch (readahead_take(job->readahead, &job->command, &error)) {
	case READAHEAD_COMMAND:
		job->has_command = true;
		session_job_took(session);
		job->starving_since_us = 0;
		telemetry_stall(&job->telemetry, WIRE_STALL_FILE, false, now_us);
		return true;
	case READAHEAD_WAIT:
		if (job->starving_since_us == 0)
			job->starving_since_us = now_us;
		telemetry_stall(&job->telemetry, WIRE_STALL_FILE, true, now_us);
		return false;
	case READAHEAD_END:
		if (job->loading) {
			on_file_fault(session, "the file holds no command", now_us);
			return false;
		}
		job->all_offered = true;
		job->starving_since_us = 0;
		session_act_on_job(session, "end", now_us);
		session->dialect->job_end(session->driver, now_us, session_effects(session));
		session_perform(session, now_us);
		return false;
	case READAHEAD_FAULT:
		on_file_fault(session, error.text, now_us);
		return false;
	}
	return false;
}

void session_feed(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;

	if (job->active && job->loading && take_next(session, now_us))
		begin(session, now_us);
	if (job->pause_due) {
		job->pause_due = false;
		session->dialect->pause(session->driver, now_us, session_effects(session));
		session_perform(session, now_us);
	}
	while (job->active && !job->loading && !job->stopping && !job->all_offered &&
		!job->adopting && !session->close_wanted &&
		session->dialect->wants_command(session->driver)) {
		if (!take_next(session, now_us))
			break;
		job->has_command = false;
		job->offered++;
		job->offered_bytes = readahead_offset(job->readahead);
		telemetry_offered(&job->telemetry, readahead_time(job->readahead),
			job->command.length, now_us);
		session->dialect->command(session->driver, now_us, job->command.text,
			job->command.length, session_effects(session));
		session_perform(session, now_us);
	}
	/* A disk that is slow while nobody waits for it starves nobody. */
	if (job->active && job->starving_since_us != 0 && !job->loading && !job->adopting &&
		!session->dialect->wants_command(session->driver)) {
		job->starving_since_us = 0;
		telemetry_stall(&job->telemetry, WIRE_STALL_FILE, false, now_us);
	}
}

void session_check_starving(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;

	if (job->active && !job->stopping && job->starving_since_us > 0 &&
		now_us - job->starving_since_us >= SESSION_STARVE_US) {
		job->starving_since_us = 0;
		on_file_fault(session, "the file could not be read for 60 s", now_us);
	}
}
