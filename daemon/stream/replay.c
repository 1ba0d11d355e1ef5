#include "daemon/stream/replay.h"

#include "base/transcript.h"
#include "daemon/stream/replay_script.h"
#include "daemon/stream/signs.h"
#include "gcode/cnc.h"
#include "gcode/command.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

enum {
	FILE_MAX = 16 << 20,
	LINE_BYTES = REPLAY_LINE_BYTES,
	LINES_MAX = 256,      /* sent by the driver and not yet met in the recording */
	ANSWERS_MAX = 64,     /* of the stand-in, on their way */
	ANSWER_US = 2000,     /* it answers after so long */
	SLACK_US = 50000,     /* our recordings are as late as our loop was */
	SETTLE_US = 60000000, /* the driver gets so long to be ready for a print */
	DIFFERENCES_SHOWN = 10,
	NONCE_BYTES = 10, /* "pf" or "no" and eight hex digits, drivers/marlin_resync.c */
};

struct answer {
	int64_t due_us;
	char text[LINE_BYTES];
};

struct replay {
	struct replay_report *report;
	const char *path;
	FILE *out;
	struct transcript_row *row;
	size_t count, at;
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	int64_t now_us, wake_us;
	int64_t shift_us; /* our time less that of the recording */
	bool open, job, stopped;
	bool halted;	  /* the recording waits for the driver */
	bool all_offered; /* the print ends */
	struct replay_script script;
	enum driver_link link;

	char partial[LINE_BYTES]; /* of the driver's bytes, a line that has no end yet */
	size_t partial_length;
	char expected[LINE_BYTES]; /* the same of the recorded host's */
	size_t expected_length;
	struct replay_line line[LINES_MAX];
	size_t line_count;
	struct answer answer[ANSWERS_MAX];
	size_t answer_count;
	struct replay_line backlog[LINES_MAX + 1]; /* of the recorded host, to be offered */
	/* Given to the driver, and not yet sent by it. */
	struct replay_line given[LINES_MAX + 1];
	size_t given_count;
	int64_t given_sent, given_answered;
	int64_t sent[LINES_MAX + 1]; /* numbers of lines that were given, sent, not yet answered */
	size_t sent_count;
	int64_t answered; /* the number that the present ok is for; -1: none is known */
	char offered[COMMAND_MAX + 1]; /* the latest */
	size_t backlog_count;
	/* Whose acknowledgement comes next: false for a line that the driver never sent. */
	bool expects[LINES_MAX];
	size_t expects_count;
	int64_t counter; /* the stand-in's: the last line number that it took */
	int64_t offset;	 /* the driver's line numbers less the recorded ones */
	char nonce[NONCE_BYTES + 1], recorded_nonce[NONCE_BYTES + 1];
	int differences;
};

/* ---- words --------------------------------------------------------------------- */

static void tell(struct replay *replay, const char *what, const char *text)
{
	int64_t units = (replay->now_us - replay->shift_us) / 1000;

	if (replay->out)
		fprintf(replay->out, "%6lld.%03lld  %-9s %s\n", (long long)(units / 1000),
			(long long)(units < 0 ? 0 : units % 1000), what, text);
}

/* Bytes of the recording are hostile. */
static void show(const char *text, char *to, size_t size)
{
	size_t at = 0;

	for (; *text && at + 5 < size; text++) {
		unsigned char byte = (unsigned char)*text;

		if (byte >= 0x20 && byte <= 0x7e)
			to[at++] = (char)byte;
		else
			at += (size_t)snprintf(to + at, size - at, "\\x%02x", byte);
	}
	to[at] = '\0';
}

static void differ(struct replay *replay, const char *what, const char *text)
{
	char shown[LINE_BYTES];

	if (!replay->report->own || ++replay->differences > DIFFERENCES_SHOWN)
		return;
	show(text, shown, sizeof(shown));
	tell(replay, what, shown);
}

static const char *find_nonce(const char *text)
{
	for (; *text; text++)
		if ((strncmp(text, "pf", 2) == 0 || strncmp(text, "no", 2) == 0) &&
			strspn(text + 2, "0123456789abcdef") >= NONCE_BYTES - 2)
			return text;
	return NULL;
}

/* Blanks do not count: what grbl gets has none. */
static bool same_words(const char *ours, const char *theirs)
{
	for (;; ours++, theirs++) {
		ours += strspn(ours, " ");
		theirs += strspn(theirs, " ");
		if (*ours != *theirs || !*ours)
			return *ours == *theirs;
	}
}

/* The same but for the nonce. */
static bool same_text(struct replay *replay, const char *ours, const char *theirs)
{
	const char *nonce = find_nonce(ours), *recorded = find_nonce(theirs);

	if (!nonce || !recorded || nonce - ours != recorded - theirs)
		return same_words(ours, theirs);
	if (strncmp(ours, theirs, (size_t)(nonce - ours)) != 0 ||
		strcmp(nonce + NONCE_BYTES, recorded + NONCE_BYTES) != 0)
		return false;
	if (*nonce == 'p') {
		memcpy(replay->nonce, nonce, NONCE_BYTES);
		memcpy(replay->recorded_nonce, recorded, NONCE_BYTES);
	}
	return true;
}

/* ---- the stand-in -------------------------------------------------------------- */

static void answer_later(struct replay *replay, const char *text)
{
	struct answer *answer;

	if (replay->answer_count == ANSWERS_MAX)
		return;
	answer = &replay->answer[replay->answer_count++];
	answer->due_us = replay->now_us + ANSWER_US;
	snprintf(answer->text, sizeof(answer->text), "%s", text);
}

/* False: not the number that a printer expects. */
static bool count_line(struct replay *replay, const struct replay_line *line)
{
	if (strncmp(line->text, "M110", 4) == 0) {
		const char *at = strchr(line->text, 'N');

		replay->counter = at ? strtoll(at + 1, NULL, 10) : line->number;
		return true;
	}
	if (line->number >= 0 && line->number != replay->counter + 1)
		return false;
	if (line->number >= 0)
		replay->counter = line->number;
	return true;
}

/* By the name of the recorded printer, where it was asked. */
static void introduce(const struct replay *replay, char text[LINE_BYTES])
{
	snprintf(text, LINE_BYTES, "FIRMWARE_NAME:Marlin\nok\n");
	for (size_t i = 0; i < replay->count; i++) {
		const struct transcript_row *row = &replay->row[i];

		if (row->kind != TRANSCRIPT_RECEIVED || row->length < 14 || row->length > 300 ||
			memcmp(row->bytes, "FIRMWARE_NAME:", 14) != 0)
			continue;
		snprintf(text, LINE_BYTES, "%.*sok\n", (int)row->length, row->bytes);
		return;
	}
}

/* The state that the recorded machine told last. */
static bool report_again(const struct replay *replay, char text[LINE_BYTES])
{
	for (size_t i = replay->at; i > 0; i--) {
		const struct transcript_row *row = &replay->row[i - 1];

		if (row->kind != TRANSCRIPT_RECEIVED || row->length < 3 || row->length > 200 ||
			row->bytes[0] != '<')
			continue;
		snprintf(text, LINE_BYTES, "%.*s", (int)row->length, row->bytes);
		return true;
	}
	return false;
}

/* What a printer would say to a line that the recorded one never got. */
static void stand_in(struct replay *replay, const struct replay_line *line)
{
	static const struct {
		const char *begins, *answer;
	} answers[] = {
		{ "M105", "ok T:20.0 /0.0 B:20.0 /0.0\n" },
		{ "M114", "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0\nok\n" },
		{ "$I", "[VER:1.1h.20190830:]\r\n[OPT:V,15,128]\r\nok\r\n" },
		{ "$$", "$32=0\r\nok\r\n" },
		{ "?", "<Idle|MPos:0.000,0.000,0.000|FS:0,0|Bf:15,128>\r\n" },
		{ "!", "" },
		{ "~", "" },
		{ "\x18", "\r\nGrbl 1.1h ['$' for help]\r\n" },
		{ "M112", "" },
		{ "M108", "" },
	};
	char echo[LINE_BYTES];

	if (!line->text[0] && line->number < 0)
		return;
	if (!count_line(replay, line)) {
		snprintf(echo, sizeof(echo),
			"Error:Line Number is not Last Line Number+1, Last Line: %lld\n"
			"Resend: %lld\nok\n",
			(long long)replay->counter, (long long)replay->counter + 1);
		answer_later(replay, echo);
		return;
	}
	if (strncmp(line->text, "M115", 4) == 0) {
		introduce(replay, echo);
		answer_later(replay, echo);
		return;
	}
	if (strncmp(line->text, "M118", 4) == 0 && find_nonce(line->text)) {
		snprintf(echo, sizeof(echo), "echo:%.10s\nok\n", find_nonce(line->text));
		answer_later(replay, echo);
		return;
	}
	if (strcmp(line->text, "?") == 0 && report_again(replay, echo)) {
		answer_later(replay, echo);
		return;
	}
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++)
		if (strncmp(line->text, answers[i].begins, strlen(answers[i].begins)) == 0) {
			answer_later(replay, answers[i].answer);
			return;
		}
	answer_later(replay, "ok\n");
}

/* ---- what the driver does ------------------------------------------------------- */

/* A line of the recorded host that the driver has taken: the recorded printer answers it. */
static bool was_given(struct replay *replay, const struct replay_line *line)
{
	/* Out of order: a question of the driver for the printer's counter. */
	if (line->number >= 0 && line->number != replay->counter + 1)
		return false;
	for (size_t i = 0; i < replay->given_count; i++) {
		if (!same_words(replay->given[i].text, line->text))
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
	stand_in(replay, &line);
}

static bool is_grbl(const struct replay *replay)
{
	const char *name = replay->dialect->name;

	return strncmp(name, "grbl", 4) == 0 || strncmp(name, "fluid", 5) == 0;
}

/* Single bytes that grbl takes out of the stream. */
static bool is_realtime(const struct replay *replay, char byte)
{
	return is_grbl(replay) && (byte == '?' || byte == '!' || byte == '~' || byte == 0x18);
}

static void driver_wrote(struct replay *replay, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (is_realtime(replay, bytes[i])) {
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
	tell(replay, what, text);
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
		tell(replay, "state", driver_state_name(effect->state));
		break;
	case DRIVER_IDENTITY:
		tell(replay, "is", replay->dialect->identity(replay->driver)->firmware);
		break;
	case DRIVER_SAID:
		tell(replay, "said", effect->text);
		break;
	case DRIVER_ATTENTION:
		replay->report->attentions++;
		tell(replay, "attention", effect->text);
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
		tell(replay, "print", effect->kind == DRIVER_JOB_DONE ? "done" : "cancelled");
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

static struct driver_effects *fresh(struct replay *replay)
{
	driver_effects_clear(&replay->effects);
	return &replay->effects;
}

static void perform(struct replay *replay)
{
	/* Performing may not call the driver: the effects are copied from nowhere else. */
	for (size_t i = 0; i < replay->effects.count; i++)
		perform_one(replay, &replay->effects.effect[i]);
}

static void receive(struct replay *replay, const char *bytes, size_t length)
{
	for (size_t at = 0; at < length && replay->open; at += DRIVER_RECEIVE_MAX) {
		size_t piece = length - at < DRIVER_RECEIVE_MAX ? length - at : DRIVER_RECEIVE_MAX;

		replay->dialect->receive(
			replay->driver, replay->now_us, bytes + at, piece, fresh(replay));
		perform(replay);
	}
}

static enum command_result read_command(
	const struct replay *replay, const char *text, struct command *command)
{
	return replay->dialect->programs ? cnc_manual(text, strlen(text), command)
					 : command_from_line(text, strlen(text), command);
}

static void give(struct replay *replay, const char *text, size_t length)
{
	snprintf(replay->offered, sizeof(replay->offered), "%.*s", (int)length, text);
	replay->dialect->command(replay->driver, replay->now_us, text, length, fresh(replay));
	perform(replay);
}

/* What another host sent, as soon as the driver takes it. */
static void offer_backlog(struct replay *replay)
{
	while (replay->job && replay->backlog_count > 0 &&
		replay->dialect->wants_command(replay->driver)) {
		struct command command;
		const char *text = replay->backlog[0].text;

		if (read_command(replay, text, &command) == COMMAND_SEND) {
			if (replay->given_count < LINES_MAX)
				replay->given[replay->given_count++] = replay->backlog[0];
			give(replay, command.text, command.length);
		}
		memmove(&replay->backlog[0], &replay->backlog[1],
			--replay->backlog_count * sizeof(replay->backlog[0]));
	}
}

/* As our session does it, behind everything that happens. */
static void offer(struct replay *replay)
{
	const char *text;

	if (!replay->report->own) {
		offer_backlog(replay);
		return;
	}
	while (replay->job && !replay->all_offered && replay->open && !replay->stopped &&
		replay->dialect->wants_command(replay->driver) &&
		(text = replay_script_next(&replay->script)))
		give(replay, text, strlen(text));
}

static void open_port(struct replay *replay)
{
	replay->open = true;
	replay->stopped = false;
	replay->wake_us = DRIVER_NEVER;
	if (replay->dialect->link)
		replay->dialect->link(replay->driver, replay->link);
	replay->dialect->opened(replay->driver, replay->now_us, fresh(replay));
	perform(replay);
}

static void close_port(struct replay *replay)
{
	if (!replay->open)
		return;
	replay->open = replay->stopped = replay->job = false;
	replay->wake_us = DRIVER_NEVER;
	replay->answer_count = replay->partial_length = replay->line_count = 0;
	replay->dialect->closed(replay->driver, replay->now_us, fresh(replay));
	perform(replay);
}

/* ---- time ----------------------------------------------------------------------- */

static void give_answer(struct replay *replay)
{
	struct answer answer = replay->answer[0];

	memmove(replay->answer, replay->answer + 1,
		--replay->answer_count * sizeof(replay->answer[0]));
	receive(replay, answer.text, strlen(answer.text));
}

/* Timers and the stand-in up to that time. */
static void run_until(struct replay *replay, int64_t until_us)
{
	for (;;) {
		int64_t answer_us = replay->answer_count > 0 ? replay->answer[0].due_us : INT64_MAX;
		int64_t next_us = replay->wake_us < answer_us ? replay->wake_us : answer_us;

		if (replay->stopped)
			close_port(replay);
		if (!replay->open || next_us > until_us)
			break;
		if (next_us > replay->now_us)
			replay->now_us = next_us;
		if (answer_us <= replay->wake_us) {
			give_answer(replay);
		} else {
			replay->wake_us = DRIVER_NEVER;
			replay->dialect->wake(replay->driver, replay->now_us, fresh(replay));
			perform(replay);
		}
		offer(replay);
	}
	if (until_us > replay->now_us)
		replay->now_us = until_us;
}

/* Another host's recording waits until our driver is ready for a print. */
static bool make_ready(struct replay *replay)
{
	int64_t begin_us = replay->now_us, limit_us = begin_us + SETTLE_US;

	if (!replay->open)
		open_port(replay);
	while (replay->open && !replay->job && replay->now_us < limit_us) {
		enum driver_state state = replay->dialect->state(replay->driver);

		if (state == DRIVER_READY) {
			replay->dialect->job_start(replay->driver, replay->now_us, fresh(replay));
			perform(replay);
			replay->job = true;
		} else if (state == DRIVER_FAULT) {
			break;
		} else {
			run_until(replay, replay->now_us + ANSWER_US);
		}
	}
	replay->shift_us += replay->now_us - begin_us;
	return replay->job;
}

/* ---- the recording -------------------------------------------------------------- */

static int match(struct replay *replay, const struct replay_line *recorded)
{
	for (size_t i = 0; i < replay->line_count; i++) {
		const struct replay_line *line = &replay->line[i];

		if (!same_text(replay, line->text, recorded->text))
			continue;
		if (line->number >= 0 && recorded->number >= 0)
			replay->offset = line->number - recorded->number;
		memmove(&replay->line[i], &replay->line[i + 1],
			(--replay->line_count - i) * sizeof(replay->line[0]));
		return 1;
	}
	return 0;
}

static void put_in_backlog(struct replay *replay, const struct replay_line *recorded)
{
	if (replay->backlog_count < LINES_MAX)
		replay->backlog[replay->backlog_count++] = *recorded;
	offer(replay);
}

/* Grbl answers every line, also an empty one; Marlin no empty one; nobody a single real-time byte.
 */
static bool is_answered(const struct replay *replay, const struct replay_line *line)
{
	if (line->text[0] == '\0')
		return is_grbl(replay);
	return line->text[1] != '\0' || !is_realtime(replay, line->text[0]);
}

static void count_sent(struct replay *replay, const struct replay_line *line, bool sent)
{
	if (sent)
		replay->report->same++;
	else
		replay->report->unsent++;
	if (replay->expects_count < LINES_MAX && is_answered(replay, line))
		replay->expects[replay->expects_count++] = sent;
}

/* Our own recording: its timers fired when its loop got round to them, so ours may have to fire a
 * little early. */
static bool send_when_due(struct replay *replay, const struct replay_line *recorded)
{
	int64_t limit_us = replay->now_us + SLACK_US;

	run_until(replay, replay->now_us);
	offer(replay);
	if (match(replay, recorded))
		return true;
	while (replay->open && replay->wake_us <= limit_us) {
		run_until(replay, replay->wake_us);
		if (match(replay, recorded))
			return true;
	}
	return false;
}

/* The recorded host sent a line: has our driver, does it when its time comes, or can it? */
static void play_sent(struct replay *replay, const struct replay_line *recorded)
{
	struct command command;
	bool can_offer = read_command(replay, recorded->text, &command) == COMMAND_SEND;

	if (replay->report->own) {
		bool sent = !recorded->text[0] || match(replay, recorded) ||
			    send_when_due(replay, recorded);

		count_sent(replay, recorded, sent);
		if (!sent)
			differ(replay, "missing", recorded->text);
		return;
	}
	if (can_offer && (replay->job || make_ready(replay))) {
		put_in_backlog(replay, recorded);
		count_sent(replay, recorded, true);
	} else if (recorded->text[0] || is_answered(replay, recorded)) {
		count_sent(replay, recorded, false);
	}
}

static void play_sent_bytes(struct replay *replay, const struct transcript_row *row)
{
	struct replay_line line;

	for (size_t i = 0; i < row->length; i++) {
		if (is_realtime(replay, row->bytes[i])) {
			replay_line_read(&line, row->bytes + i, 1);
			play_sent(replay, &line);
		} else if (row->bytes[i] == '\n') {
			replay_line_read(&line, replay->expected, replay->expected_length);
			replay->expected_length = 0;
			play_sent(replay, &line);
		} else if (replay->expected_length < LINE_BYTES) {
			replay->expected[replay->expected_length++] = row->bytes[i];
		}
	}
}

/* Line numbers and nonces as our driver knows them. */
static void translate(const struct replay *replay, const char *text, char *to, size_t size)
{
	static const char *const before[] = { "Resend: ", "Last Line: ", "ok N", "rs N", "rs " };
	size_t length = 0;

	while (*text && length + 24 < size) {
		bool done = false;

		for (size_t i = 0; i < sizeof(before) / sizeof(before[0]) && !done; i++) {
			size_t bytes = strlen(before[i]);

			if (replay->offset == 0 || strncmp(text, before[i], bytes) != 0 ||
				text[bytes] < '0' || text[bytes] > '9')
				continue;
			char *end;
			long long number = strtoll(text + bytes, &end, 10);

			length += (size_t)snprintf(to + length, size - length, "%s%lld", before[i],
				number + (long long)replay->offset);
			text = end;
			done = true;
		}
		if (!done && replay->recorded_nonce[0] &&
			strncmp(text, replay->recorded_nonce, NONCE_BYTES) == 0) {
			memcpy(to + length, replay->nonce, NONCE_BYTES);
			length += NONCE_BYTES;
			text += NONCE_BYTES;
			done = true;
		}
		if (!done)
			to[length++] = *text++;
	}
	to[length] = '\0';
}

/* The recorded host was ahead of our driver: the answer waits for the question. */
static void wait_until_sent(struct replay *replay)
{
	int64_t begin_us = replay->now_us, limit_us = begin_us + SETTLE_US / 6;

	replay->given_answered++;
	/* What the stand-in has to say to earlier lines comes first. */
	while (replay->job && replay->now_us < limit_us &&
		(replay->given_sent < replay->given_answered || replay->answer_count > 0))
		run_until(replay, replay->now_us + ANSWER_US);
	replay->shift_us += replay->now_us - begin_us;
}

/* An acknowledgement of a line that our driver never sent is not for it. */
static bool is_for_us(struct replay *replay, const char *text)
{
	bool ours = true;

	if (replay->report->own || replay->expects_count == 0 ||
		(strncmp(text, "ok", 2) != 0 &&
			(!is_grbl(replay) || strncmp(text, "error:", 6) != 0)))
		return true;
	ours = replay->expects[0];
	memmove(replay->expects, replay->expects + 1, --replay->expects_count);
	if (ours) {
		wait_until_sent(replay);
		replay->answered = replay->sent_count > 0 ? replay->sent[0] : -1;
		if (replay->sent_count > 0)
			memmove(replay->sent, replay->sent + 1,
				--replay->sent_count * sizeof(replay->sent[0]));
	}
	return ours;
}

static void play_received(struct replay *replay, const struct transcript_row *row)
{
	char text[LINE_BYTES], translated[2 * LINE_BYTES];

	if (!replay->open && !replay->report->own)
		open_port(replay);
	if (row->length >= sizeof(text) || memchr(row->bytes, '\0', row->length)) {
		receive(replay, row->bytes, row->length);
		return;
	}
	memcpy(text, row->bytes, row->length);
	text[row->length] = '\0';
	replay->answered = -1;
	if (!is_for_us(replay, text))
		return;
	if (strcmp(text, "start\n") == 0)
		replay->counter = 0;
	/* The recorded host had sent it without a number. */
	if (strncmp(text, "ok P", 4) == 0 && replay->answered >= 0)
		snprintf(translated, sizeof(translated), "ok N%lld %s", (long long)replay->answered,
			text + 3);
	else
		translate(replay, text, translated, sizeof(translated));
	receive(replay, translated, strlen(translated));
	offer(replay);
}

/* What our session asked of the driver, from its remarks. */
static void play_remark(struct replay *replay, const struct transcript_row *row)
{
	const struct driver_dialect *dialect = replay->dialect;
	struct driver *driver = replay->driver;
	char text[LINE_BYTES], *last;
	const char *next;

	snprintf(text, sizeof(text), "%.*s", (int)row->length, row->bytes);
	if (strncmp(text, "do open", 7) == 0) {
		close_port(replay);
		open_port(replay);
		return;
	}
	if (strncmp(text, "offline: ", 9) == 0 || strcmp(text, "USB unplugged") == 0) {
		close_port(replay);
		return;
	}
	if (strncmp(text, "do ", 3) != 0 || !replay->open)
		return;
	last = strstr(text, " | ");
	if (last) {
		/* The last command that it had been given by then. */
		*last = '\0';
		while (replay->job && strcmp(last + 3, replay->offered) != 0 &&
			replay->dialect->wants_command(replay->driver) &&
			(next = replay_script_next(&replay->script)))
			give(replay, next, strlen(next));
	}
	fresh(replay);
	if (strcmp(text, "do job") == 0) {
		replay->job = true;
		replay->all_offered = false;
		replay_script_begin(&replay->script, replay->row, replay->count, replay->at - 1);
		dialect->job_start(driver, replay->now_us, &replay->effects);
	} else if (strcmp(text, "do end") == 0) {
		replay->all_offered = true;
		dialect->job_end(driver, replay->now_us, &replay->effects);
	} else if (strcmp(text, "do pause") == 0) {
		dialect->pause(driver, replay->now_us, &replay->effects);
	} else if (strcmp(text, "do resume") == 0) {
		dialect->resume(driver, replay->now_us, &replay->effects);
	} else if (strcmp(text, "do cancel") == 0) {
		replay->all_offered = true;
		dialect->cancel(driver, replay->now_us, &replay->effects);
	} else if (strcmp(text, "do cool") == 0) {
		dialect->cool(driver, replay->now_us, &replay->effects);
	} else if (strcmp(text, "do estop") == 0) {
		dialect->estop(driver, replay->now_us, &replay->effects);
	} else if (strncmp(text, "do manual ", 10) == 0) {
		dialect->manual(
			driver, replay->now_us, text + 10, strlen(text + 10), &replay->effects);
	}
	perform(replay);
	offer(replay);
}

static void play(struct replay *replay)
{
	int64_t slack_us = replay->report->own ? SLACK_US : 0;

	for (replay->at = 0; replay->at < replay->count;) {
		const struct transcript_row *row = &replay->row[replay->at++];

		run_until(replay, row->time_us + replay->shift_us - slack_us);
		if (row->time_us + replay->shift_us > replay->now_us)
			replay->now_us = row->time_us + replay->shift_us;
		switch (row->kind) {
		case TRANSCRIPT_SENT:
			play_sent_bytes(replay, row);
			break;
		case TRANSCRIPT_RECEIVED:
			play_received(replay, row);
			break;
		case TRANSCRIPT_REMARK:
			play_remark(replay, row);
			break;
		case TRANSCRIPT_NOTHING:
		case TRANSCRIPT_BAD:
			break;
		}
	}
}

/* ---- reading it ------------------------------------------------------------------ */

static char *read_file(const char *path, size_t *length, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_MAX + 1) : NULL;

	if (!text) {
		error_set(error, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	*length = fread(text, 1, FILE_MAX, file);
	text[*length] = '\0';
	fclose(file);
	return text;
}

static int read_rows(struct replay *replay, char *text, size_t length, struct error *error)
{
	size_t room = 1;

	for (size_t i = 0; i < length; i++)
		room += text[i] == '\n';
	replay->row = calloc(room, sizeof(*replay->row));
	if (!replay->row) {
		error_set(error, "%s: no memory", replay->path);
		return -ENOMEM;
	}
	for (size_t at = 0; at < length;) {
		char *stop = memchr(text + at, '\n', length - at);
		size_t bytes = stop ? (size_t)(stop - text) - at : length - at;
		struct transcript_row *row = &replay->row[replay->count++];

		transcript_read(text + at, bytes, row);
		if (row->kind == TRANSCRIPT_BAD) {
			error_set(error,
				"%s:%zu: no row of a recording: seconds, one of < > #, and bytes",
				replay->path, replay->count);
			return -EINVAL;
		}
		at += bytes + 1;
	}
	return 0;
}

/* The first row that tells decides. */
static const char *guess_dialect(const struct replay *replay)
{
	for (size_t i = 0; i < replay->count; i++) {
		const struct transcript_row *row = &replay->row[i];
		const char *name = row->kind == TRANSCRIPT_RECEIVED
					   ? signs_dialect(row->bytes, row->length)
					   : NULL;

		if (name)
			return name;
	}
	return "marlin";
}

static double thousandths(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (double)strtoll(at + strlen(key), NULL, 10) / 1000 : 0;
}

/* "do open DIALECT window=.. ..." of session_port.c. */
static void read_settings(
	struct replay *replay, struct driver_settings *settings, char dialect[DRIVER_NAME_MAX])
{
	for (size_t i = 0; i < replay->count; i++) {
		char text[LINE_BYTES];

		if (replay->row[i].kind != TRANSCRIPT_REMARK || replay->row[i].length < 8 ||
			memcmp(replay->row[i].bytes, "do open ", 8) != 0)
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)replay->row[i].length,
			replay->row[i].bytes);
		snprintf(dialect, DRIVER_NAME_MAX, "%.*s", (int)strcspn(text + 8, " "), text + 8);
		settings->window_lines = (int32_t)(thousandths(text, " window=") * 1000);
		settings->baud = (int32_t)(thousandths(text, " baud=") * 1000);
		settings->can_reset_line = thousandths(text, " reset=") > 0;
		settings->meatpack = thousandths(text, " meatpack=") > 0;
		settings->kind = (enum driver_kind)(int)(thousandths(text, " kind=") * 1000);
		replay->link = (enum driver_link)(int)(thousandths(text, " link=") * 1000);
		settings->hotend_max_celsius = thousandths(text, " hotend=");
		settings->bed_max_celsius = thousandths(text, " bed=");
		settings->park_x_mm = thousandths(text, " park_x=");
		settings->park_y_mm = thousandths(text, " park_y=");
		settings->park_lift_mm = thousandths(text, " park_lift=");
		settings->hotend_standby_celsius = thousandths(text, " standby=");
		replay->report->own = true;
		return;
	}
}

static void conclude(struct replay *replay)
{
	struct replay_report *report = replay->report;

	for (size_t i = 0; report->own && i < replay->line_count; i++) {
		report->own_lines++;
		differ(replay, "too much", replay->line[i].text);
	}
	report->rows = (int)replay->count;
	report->identity = *replay->dialect->identity(replay->driver);
	report->heaters = *replay->dialect->heaters(replay->driver);
	report->counters = *replay->dialect->counters(replay->driver);
	report->state = replay->dialect->state(replay->driver);
}

static int run(struct replay *replay, const char *wanted, struct error *error)
{
	struct driver_settings settings = { .seed = 1 };
	char recorded[DRIVER_NAME_MAX] = "";
	const char *name;

	read_settings(replay, &settings, recorded);
	name = wanted ? wanted : recorded[0] ? recorded : guess_dialect(replay);
	replay->dialect = driver_dialect_find(name);
	if (!replay->dialect) {
		error_set(error, "there is no dialect %s", name);
		return -EINVAL;
	}
	replay->report->dialect = replay->dialect;
	if (!replay_script_read(&replay->script, replay->row, replay->count,
		    replay->dialect->programs ? cnc_manual : command_from_line)) {
		error_set(error, "%s: no memory", replay->path);
		return -ENOMEM;
	}
	replay->driver = replay->dialect->create(&settings);
	if (!replay->driver) {
		error_set(error, "no memory");
		return -ENOMEM;
	}
	replay->wake_us = DRIVER_NEVER;
	replay->now_us = replay->shift_us = 1000000;
	if (!replay->report->own)
		open_port(replay);
	play(replay);
	conclude(replay);
	replay->dialect->destroy(replay->driver);
	return 0;
}

int replay_file(const char *path, const char *dialect, FILE *out, struct replay_report *report,
	struct error *error)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	size_t length = 0;
	char *text = replay ? read_file(path, &length, error) : NULL;
	int result;

	memset(report, 0, sizeof(*report));
	if (!text) {
		free(replay);
		return -ENOENT;
	}
	replay->path = path;
	replay->report = report;
	replay->out = out;
	result = read_rows(replay, text, length, error);
	if (result == 0)
		result = run(replay, dialect, error);
	replay_script_finish(&replay->script);
	free(replay->row);
	free(replay);
	free(text);
	return result;
}

int replay_main(const char *path, const char *dialect)
{
	struct replay_report report;
	struct error error = { "" };
	int result = replay_file(path, dialect, stdout, &report, &error);

	if (result < 0) {
		fprintf(stderr, "printfarm-stream: %s\n", error.text);
		return result == -ENOENT ? EX_NOINPUT : EX_DATAERR;
	}
	printf("\n%s: %d rows, dialect %s, recorded by %s\n", path, report.rows,
		report.dialect->name, report.own ? "printfarm" : "another host");
	printf("  firmware          %s\n", report.identity.firmware);
	printf("  sent as recorded  %d lines\n", report.same);
	printf("  sent besides      %d lines, answered by a stand-in\n", report.own_lines);
	printf("  not sent          %d lines\n", report.unsent);
	printf("  asked to resend   %lld times\n", (long long)report.counters.resends);
	printf("  faults            %d, at the end %s\n", report.fault_count,
		driver_state_name(report.state));
	return report.own && (report.own_lines > 0 || report.unsent > 0);
}
