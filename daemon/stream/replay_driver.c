/* The driver's side of a replay: its effects, its commands, its timers. */
#include "daemon/stream/replay_private.h"

#include "gcode/cnc.h"

#include <string.h>

/* ---- what the driver does ------------------------------------------------------- */

/* A line of the recorded host that the driver has taken: the recorded printer answers it. */
static bool was_given(struct replay *replay, const struct replay_line *line)
{
	/* Out of order: a question of the driver for the printer's counter. */
	if (line->number >= 0 && line->number != replay->counter + 1)
		return false;
	for (size_t i = 0; i < replay->given_count; i++) {
		if (!replay_same_words(replay->given[i].text, line->text))
			continue;
		if (line->number >= 0 && replay->given[i].number >= 0)
			replay->offset = line->number - replay->given[i].number;
		memmove(&replay->given[i], &replay->given[i + 1],
			(--replay->given_count - i) * sizeof(replay->given[0]));
		if (replay->sent_count < LINES_MAX)
			replay->sent[replay->sent_count++] = line->number;
		replay->given_sent++;
		if (line->number > replay->counter)
			replay->counter = line->number;
		return true;
	}
	return false;
}

static void driver_sent(struct replay *replay, const char *bytes, size_t length)
{
	struct replay_line line;

	replay_line_read(&line, bytes, length);
	if (was_given(replay, &line))
		return;
	/* In our own recording the recorded printer answers, or nobody. */
	if (replay->report->own) {
		if (line.text[0] && replay->line_count < LINES_MAX)
			replay->line[replay->line_count++] = line;
		return;
	}
	if (line.text[0])
		replay->report->own_lines++;
	replay_stand_in(replay, &line);
}

bool replay_is_grbl(const struct replay *replay)
{
	const char *name = replay->dialect->name;

	return strncmp(name, "grbl", 4) == 0 || strncmp(name, "fluid", 5) == 0;
}

/* Single bytes that grbl takes out of the stream. */
bool replay_is_realtime(const struct replay *replay, char byte)
{
	return replay_is_grbl(replay) &&
	       (byte == '?' || byte == '!' || byte == '~' || byte == 0x18);
}

static void driver_wrote(struct replay *replay, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (replay_is_realtime(replay, bytes[i])) {
			driver_sent(replay, bytes + i, 1);
		} else if (bytes[i] == '\n') {
			driver_sent(replay, replay->partial, replay->partial_length);
			replay->partial_length = 0;
		} else if (replay->partial_length < LINE_BYTES) {
			replay->partial[replay->partial_length++] = bytes[i];
		}
	}
}

static void note_fault(struct replay *replay, const struct driver_effect *effect, const char *what)
{
	struct replay_report *report = replay->report;
	char text[2 * DRIVER_REASON_MAX];

	snprintf(text, sizeof(text), "%s: %s", driver_fault_name(effect->fault), effect->text);
	replay_tell(replay, what, text);
	if (report->fault_count < REPLAY_FAULTS_MAX)
		report->fault[report->fault_count++] = effect->fault;
	replay->job = false;
	replay->backlog_count = replay->given_count = 0;
	replay->given_answered = replay->given_sent;
	replay->sent_count = 0;
}

static void perform_one(struct replay *replay, const struct driver_effect *effect)
{
	switch (effect->kind) {
	case DRIVER_WRITE:
		driver_wrote(
			replay, replay->effects.bytes + effect->write_offset, effect->write_length);
		break;
	case DRIVER_WAKE_AT:
		replay->wake_us = effect->time_us;
		break;
	case DRIVER_STATE:
		replay_tell(replay, "state", driver_state_name(effect->state));
		break;
	case DRIVER_IDENTITY:
		replay_tell(replay, "is", replay->dialect->identity(replay->driver)->firmware);
		break;
	case DRIVER_SAID:
		replay_tell(replay, "said", effect->text);
		break;
	case DRIVER_ATTENTION:
		replay->report->attentions++;
		replay_tell(replay, "attention", effect->text);
		break;
	case DRIVER_JOB_FAULT:
		note_fault(replay, effect, "fault");
		break;
	case DRIVER_LINK_FAULT:
		note_fault(replay, effect, "link");
		replay->stopped = true;
		break;
	case DRIVER_JOB_DONE:
	case DRIVER_JOB_CANCELLED:
		replay->job = false;
		replay_tell(
			replay, "print", effect->kind == DRIVER_JOB_DONE ? "done" : "cancelled");
		break;
	case DRIVER_ACKNOWLEDGED:
	case DRIVER_NUMBERED:
	case DRIVER_HEATERS:
	case DRIVER_ATTENTION_OVER:
	case DRIVER_PAUSED_NOW:
	case DRIVER_RESUMED_NOW:
	case DRIVER_COLD:
	case DRIVER_RESET_LINE:
	case DRIVER_ADOPTED:
	case DRIVER_BY_HAND:
	case DRIVER_BY_HAND_OVER:
	case DRIVER_SIDE_WRITE:
		break;
	}
}

struct driver_effects *replay_fresh(struct replay *replay)
{
	driver_effects_clear(&replay->effects);
	return &replay->effects;
}

void replay_perform(struct replay *replay)
{
	/* Performing may not call the driver: the effects are copied from nowhere else. */
	for (size_t i = 0; i < replay->effects.count; i++)
		perform_one(replay, &replay->effects.effect[i]);
}

void replay_receive(struct replay *replay, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length && replay->open; at += DRIVER_RECEIVE_MAX) {
		size_t piece = length - at < DRIVER_RECEIVE_MAX ? length - at : DRIVER_RECEIVE_MAX;

		replay->dialect->receive(
			replay->driver, replay->now_us, bytes + at, piece, replay_fresh(replay));
		replay_perform(replay);
	}
}

enum command_result replay_read_command(
	const struct replay *replay, const char *text, struct command *command)
{
	return replay->dialect->programs ? cnc_manual(text, strlen(text), command)
					 : command_from_line_within(text, strlen(text), NULL,
						   replay->dialect->command_bytes, command);
}

void replay_give(struct replay *replay, const char *text, size_t length)
{
	snprintf(replay->offered, sizeof(replay->offered), "%.*s", (int)length, text);
	replay->dialect->command(
		replay->driver, replay->now_us, text, length, replay_fresh(replay));
	replay_perform(replay);
}

/* What another host sent, as soon as the driver takes it. */
static void offer_backlog(struct replay *replay)
{
	while (replay->job && replay->backlog_count > 0 &&
		replay->dialect->wants_command(replay->driver)) {
		struct command command;
		const char *text = replay->backlog[0].text;

		if (replay_read_command(replay, text, &command) == COMMAND_SEND) {
			if (replay->given_count < LINES_MAX)
				replay->given[replay->given_count++] = replay->backlog[0];
			replay_give(replay, command.text, command.length);
		}
		memmove(&replay->backlog[0], &replay->backlog[1],
			--replay->backlog_count * sizeof(replay->backlog[0]));
	}
}

/* As our session does it, behind everything that happens. */
void replay_offer(struct replay *replay)
{
	const char *text;

	if (!replay->report->own) {
		offer_backlog(replay);
		return;
	}
	while (replay->job && !replay->all_offered && replay->open && !replay->stopped &&
		replay->dialect->wants_command(replay->driver) &&
		(text = replay_script_next(&replay->script)))
		replay_give(replay, text, strlen(text));
}

void replay_open_port(struct replay *replay)
{
	replay->open = true;
	replay->stopped = false;
	replay->wake_us = DRIVER_NEVER;
	if (replay->dialect->link)
		replay->dialect->link(replay->driver, replay->link);
	replay->dialect->opened(replay->driver, replay->now_us, replay_fresh(replay));
	replay_perform(replay);
}

void replay_close_port(struct replay *replay)
{
	if (!replay->open)
		return;
	replay->open = replay->stopped = replay->job = false;
	replay->wake_us = DRIVER_NEVER;
	replay->answer_count = replay->partial_length = replay->line_count = 0;
	replay->dialect->closed(replay->driver, replay->now_us, replay_fresh(replay));
	replay_perform(replay);
}

/* ---- time ----------------------------------------------------------------------- */

static void give_answer(struct replay *replay)
{
	struct answer answer = replay->answer[0];

	memmove(replay->answer, replay->answer + 1,
		--replay->answer_count * sizeof(replay->answer[0]));
	replay_receive(replay, answer.text, strlen(answer.text));
}

/* Timers and the stand-in up to that time. */
void replay_run_until(struct replay *replay, int64_t until_us)
{
	for (;;) {
		int64_t answer_us = replay->answer_count > 0 ? replay->answer[0].due_us : INT64_MAX;
		int64_t next_us = replay->wake_us < answer_us ? replay->wake_us : answer_us;

		if (replay->stopped)
			replay_close_port(replay);
		if (!replay->open || next_us > until_us)
			break;
		if (next_us > replay->now_us)
			replay->now_us = next_us;
		if (answer_us <= replay->wake_us) {
			give_answer(replay);
		} else {
			replay->wake_us = DRIVER_NEVER;
			replay->dialect->wake(replay->driver, replay->now_us, replay_fresh(replay));
			replay_perform(replay);
		}
		replay_offer(replay);
	}
	if (until_us > replay->now_us)
		replay->now_us = until_us;
}

/* Another host's recording waits until our driver is ready for a print. */
bool replay_make_ready(struct replay *replay)
{
	int64_t begin_us = replay->now_us, limit_us = begin_us + SETTLE_US;

	if (!replay->open)
		replay_open_port(replay);
	while (replay->open && !replay->job && replay->now_us < limit_us) {
		enum driver_state state = replay->dialect->state(replay->driver);

		if (state == DRIVER_READY) {
			replay->dialect->job_start(
				replay->driver, replay->now_us, replay_fresh(replay));
			replay_perform(replay);
			replay->job = true;
		} else if (state == DRIVER_FAULT) {
			break;
		} else {
			replay_run_until(replay, replay->now_us + ANSWER_US);
		}
	}
	replay->shift_us += replay->now_us - begin_us;
	return replay->job;
}
