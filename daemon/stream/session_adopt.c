/* Adoption: going on with a print that was cut off from us, because the streamer died or the port
 * went away for a moment, on a printer that did not restart.
 *
 * The progress page says how far the print was and which line had which number; the file has the
 * commands.  Both are given to the driver while the port is closed; then the port is opened, and
 * the printer's own line counter says where to go on (drivers/marlin_adopt.c).  What does not fit
 * is a stated end.  Nothing is adopted after SESSION_ADOPT_US: a nozzle that stood still for longer
 * has left a mark, and people may have been at the printer. */
#include "daemon/stream/session_private.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { SLICE_COMMANDS = 2000 }; /* read again at a time, before others get a turn */

void session_read_boot(char *boot, size_t size)
{
	int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
	ssize_t count = fd >= 0 ? read(fd, boot, size - 1) : -1;

	if (fd >= 0)
		close(fd);
	boot[count > 0 ? count : 0] = '\0';
	boot[strcspn(boot, "\n")] = '\0';
}

/* ---- may it be tried? ------------------------------------------------------------ */

static bool is_under_way(const struct progress_facts *facts)
{
	return facts->attempt[0] &&
	       (facts->state == PROGRESS_PRINTING || facts->state == PROGRESS_PAUSED);
}

bool session_adopt_take_over(struct session *session, int64_t now_us)
{
	const struct progress_facts *facts = &session->progress.facts;
	struct session_job *job = &session->job;
	int64_t alive_us = progress_trail(&session->progress)->alive_us;
	struct progress_mark mark;

	/* Other clocks count from other starts. */
	if (!is_under_way(facts) || strcmp(facts->boot, session->boot) != 0 || alive_us > now_us ||
		now_us - alive_us >= SESSION_ADOPT_US ||
		!progress_find_mark(&session->progress, &mark))
		return false;
	memset(job, 0, sizeof(*job));
	job->active = job->adopting = true;
	telemetry_begin(&job->telemetry, now_us);
	job->start_us = facts->start_us;
	job->commands = facts->commands;
	job->acknowledged = session->progress.counts.commands_acknowledged;
	job->adopt_until_us = alive_us + SESSION_ADOPT_US;
	session->paused = facts->state == PROGRESS_PAUSED;
	snprintf(session->reason, sizeof(session->reason), "taking over the print that runs");
	return true;
}

void session_adopt_lost(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;

	if (!job->active || job->loading || job->stopping || job->adopting ||
		!is_under_way(&session->progress.facts) || !session->dialect->adopter ||
		session->settings.no_adoption)
		return;
	job->adopting = true;
	job->rebuilt = false;
	job->adopt_until_us = now_us + SESSION_ADOPT_US;
}

void session_on_slept(struct session *session, int64_t slept_us, int64_t now_us)
{
	char words[WIRE_TEXT_MAX];

	if (!session->job.active || session->job.loading || !port_is_open(&session->port))
		return;
	snprintf(words, sizeof(words), "this machine slept for %lld s",
		(long long)(slept_us / CLOCK_SECOND_US));
	session_say(session, "%s", words);
	if (slept_us < SESSION_ADOPT_US)
		session_adopt_lost(session, now_us);
	session_close_port(session, words, now_us);
	session_settle(session, now_us);
}

/* ---- what the driver must know ---------------------------------------------------- */

void session_adopt_fail(struct session *session, const char *reason, int64_t now_us)
{
	char words[WIRE_TEXT_MAX];

	snprintf(words, sizeof(words),
		"the print was cut off from us and is not gone on with: %.150s", reason);
	/* Told when the heaters are off, if the printer may still be there. */
	if (port_is_open(&session->port) || now_us < session->job.adopt_until_us)
		session->hold_ends_until_us = now_us + SESSION_HOLD_US;
	session_job_over(session, WIRE_SUSPECT, DRIVER_FAULT_NONE, words, now_us);
	session_say(session, "%s", words);
	session->cool_wanted = session->progress.facts.hot_by_us != 0;
	if (port_is_open(&session->port)) {
		snprintf(session->reason, sizeof(session->reason), "%s", words);
		session->close_wanted = true;
	} else {
		session->reconnect_us = now_us;
	}
}

static void on_prepared(void *context)
{
	struct session *session = context;

	session->setup.events->prepared(session->setup.context);
}

/* The oldest line from which on all are kept. */
static uint64_t first_position(const struct progress *progress)
{
	uint64_t position = progress->trail.position;
	struct progress_line line;

	while (position > 0 && progress->trail.position - position < PROGRESS_TRAIL_LINES &&
		progress_trail_find_line(progress_trail(progress), position, &line))
		position--;
	return position + 1;
}

static const char *begin(struct session *session, struct error *error)
{
	const struct progress_facts *facts = &session->progress.facts;
	struct session_job *job = &session->job;
	struct profile profile;
	struct readahead_setup ahead = { .path = facts->path,
		.bytes = facts->bytes,
		.profile = &profile,
		.on_ready = on_prepared,
		.context = session,
		.read_at = session->setup.read_at };

	if (!session->driver || !session->dialect->adopter)
		return "its dialect has no line numbers that the printer checks";
	if (session->settings.no_adoption)
		return "the configuration says so";
	if (!progress_find_mark(&session->progress, &job->mark))
		return "nothing is known of its state";
	readahead_destroy(job->readahead);
	ahead.from = job->mark.offset_bytes;
	session_profile(session, &profile);
	ahead.limit_bytes = session_limit_bytes(session, &profile);
	job->readahead = readahead_create(&ahead, error);
	if (!job->readahead)
		return error->text;
	job->position = first_position(&session->progress);
	job->next_index = job->mark.index;
	job->numbered = job->mark.index;
	job->last_line = DRIVER_LINE_COMMAND;
	job->has_command = job->all_offered = job->rebuilt = false;
	session->dialect->adopter->begin(
		session->driver, &job->mark.saved, session->progress.counts.commands_acknowledged);
	return NULL;
}

void session_adopt_begin(struct session *session, int64_t now_us)
{
	struct error error = { "" };
	const char *trouble = begin(session, &error);

	if (trouble)
		session_adopt_fail(session, trouble, now_us);
	else
		session_adopt_advance(session, now_us);
}

enum step { STEP_DONE, STEP_WAIT, STEP_FAILED };

/* The command next_index. */
static enum step take_command(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;
	struct error error = { "" };

	switch (readahead_take(job->readahead, &job->command, &error)) {
	case READAHEAD_COMMAND:
		session_job_took(session);
		job->starving_since_us = 0;
		job->next_index++;
		return STEP_DONE;
	case READAHEAD_WAIT:
		if (job->starving_since_us == 0)
			job->starving_since_us = now_us;
		return STEP_WAIT;
	case READAHEAD_END:
		session_adopt_fail(session, "its file is shorter than it was", now_us);
		return STEP_FAILED;
	case READAHEAD_FAULT:
		session_adopt_fail(session, error.text, now_us);
		return STEP_FAILED;
	}
	return STEP_FAILED;
}

static enum step tell_command(
	struct session *session, const struct progress_line *line, int64_t now_us)
{
	struct session_job *job = &session->job;
	bool known = line->line == DRIVER_LINE_COMMAND && line->position > job->mark.position;
	enum step step;

	while (job->next_index <= line->index) {
		bool is_it = known && job->next_index == line->index;

		step = take_command(session, now_us);
		if (step != STEP_DONE)
			return step;
		if (is_it &&
			progress_trail_sum(job->command.text, job->command.length) != line->sum) {
			session_adopt_fail(session, "its file has changed", now_us);
			return STEP_FAILED;
		}
		session->dialect->adopter->line(session->driver, DRIVER_LINE_COMMAND,
			is_it ? line->number : -1, job->next_index - 1, job->command.text,
			job->command.length);
	}
	return STEP_DONE;
}

static enum step tell_line(
	struct session *session, const struct progress_line *line, int64_t now_us)
{
	struct session_job *job = &session->job;
	bool of_file = line->line == DRIVER_LINE_COMMAND;
	bool of_print = line->position > job->mark.position;
	const char *text = NULL;
	enum step step;

	if (of_print) {
		step = tell_command(session, line, now_us);
		if (step != STEP_DONE)
			return step;
		job->numbered = line->index + 1;
	}
	if (line->line != DRIVER_LINE_NEUTRAL && of_print)
		job->last_line = (enum driver_line)line->line;
	if (of_file && of_print)
		return STEP_DONE;
	if (!of_file)
		text = progress_trail_find_text(progress_trail(&session->progress), line);
	session->dialect->adopter->line(session->driver, (enum driver_line)line->line, line->number,
		job->numbered - 1, text, text ? strlen(text) : 0);
	return STEP_DONE;
}

/* What the lines behind the last command were for decides where the print is. */
static bool decide_how(struct session *session)
{
	struct session_job *job = &session->job;

	switch (job->last_line) {
	case DRIVER_LINE_COMMAND:
	case DRIVER_LINE_NEUTRAL:
	case DRIVER_LINE_END:
		job->how = DRIVER_ADOPT_PRINTING;
		return true;
	case DRIVER_LINE_PAUSE:
		job->how = DRIVER_ADOPT_PAUSED;
		return true;
	case DRIVER_LINE_RESUME:
		job->how = DRIVER_ADOPT_RESUMING;
		return true;
	case DRIVER_LINE_OTHER:
		job->how = DRIVER_ADOPT_PAUSED;
		return session->progress.facts.state == PROGRESS_PAUSED;
	}
	return false;
}

static void rebuilt(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;

	if (!decide_how(session)) {
		session_adopt_fail(session, "it was being stopped", now_us);
		return;
	}
	job->rebuilt = true;
	job->offered = job->numbered;
	job->offered_bytes = readahead_offset(job->readahead);
	if (!port_is_open(&session->port))
		session_open_port(session, now_us);
}

void session_adopt_advance(struct session *session, int64_t now_us)
{
	struct session_job *job = &session->job;

	for (int i = 0; i < SLICE_COMMANDS && job->adopting && !job->rebuilt && job->readahead;
		i++) {
		struct progress_line line;

		if (job->position > session->progress.trail.position) {
			rebuilt(session, now_us);
			return;
		}
		if (!progress_trail_find_line(
			    progress_trail(&session->progress), job->position, &line)) {
			session_adopt_fail(session, "the record of its lines is damaged", now_us);
			return;
		}
		if (tell_line(session, &line, now_us) != STEP_DONE)
			return;
		job->position++;
	}
}

/* ---- the printer's answer --------------------------------------------------------- */

void session_adopt_done(struct session *session, const struct driver_effect *effect)
{
	struct session_job *job = &session->job;

	job->adopting = false;
	job->answered = job->offered;
	telemetry_goes_on(&job->telemetry, job->offered);
	telemetry_plans_by_time(&job->telemetry, session->dialect->planned_us);
	session->attention = false;
	session->paused = job->how != DRIVER_ADOPT_PRINTING;
	if (!job->stopping)
		session->progress.facts.state =
			session->paused ? PROGRESS_PAUSED : PROGRESS_PRINTING;
	progress_store(&session->progress);
	session->tries = 0;
	session->reason[0] = '\0';
	session->news = true;
	session_say(session,
		"the print goes on behind command %lld: the printer's counter is at %lld",
		(long long)effect->index + 1, (long long)effect->line_number);
	job->pause_due = session->progress.facts.pause_wanted && !session->paused;
}

void session_adopt_wake(struct session *session, int64_t now_us)
{
	if (session->job.adopting && !port_is_open(&session->port) &&
		session->job.adopt_until_us <= now_us)
		session_adopt_fail(session, session->reason, now_us);
}
