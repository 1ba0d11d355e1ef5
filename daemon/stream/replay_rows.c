/* The rows of the recording, one by one. */
#include "daemon/stream/recorder.h"
#include "daemon/stream/replay_private.h"

#include <stdlib.h>
#include <string.h>

/* ---- the recording -------------------------------------------------------------- */

static int match(struct replay *replay, const struct replay_line *recorded)
{
	for (size_t i = 0; i < replay->line_count; i++) {
		const struct replay_line *line = &replay->line[i];

		if (!replay_same_text(replay, line->text, recorded->text))
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
	replay_offer(replay);
}

/* Grbl answers every line, also an empty one; Marlin no empty one; nobody a single real-time byte.
 */
static bool is_answered(const struct replay *replay, const struct replay_line *line)
{
	if (line->text[0] == '\0')
		return replay_is_grbl(replay);
	return line->text[1] != '\0' || !replay_is_realtime(replay, line->text[0]);
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

	replay_run_until(replay, replay->now_us);
	replay_offer(replay);
	if (match(replay, recorded))
		return true;
	while (replay->open && replay->wake_us <= limit_us) {
		replay_run_until(replay, replay->wake_us);
		if (match(replay, recorded))
			return true;
	}
	return false;
}

/* The recorded host sent a line: has our driver, does it when its time comes, or can it? */
static void play_sent(struct replay *replay, const struct replay_line *recorded)
{
	struct command command;
	bool can_offer = replay_read_command(replay, recorded->text, &command) == COMMAND_SEND;

	if (replay->report->own && replay->probing) {
		replay->report->asked++;
		return;
	}
	if (replay->report->own) {
		bool sent = !recorded->text[0] || match(replay, recorded) ||
			    send_when_due(replay, recorded);

		count_sent(replay, recorded, sent);
		if (!sent)
			replay_differ(replay, "missing", recorded->text);
		return;
	}
	if (can_offer && (replay->job || replay_make_ready(replay))) {
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
		if (replay_is_realtime(replay, row->bytes[i])) {
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
		replay_run_until(replay, replay->now_us + ANSWER_US);
	replay->shift_us += replay->now_us - begin_us;
}

/* An acknowledgement of a line that our driver never sent is not for it. */
static bool is_for_us(struct replay *replay, const char *text)
{
	bool ours = true;

	if (replay->report->own || replay->expects_count == 0 ||
		(strncmp(text, "ok", 2) != 0 &&
			(!replay_is_grbl(replay) || strncmp(text, "error:", 6) != 0)))
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
		replay_open_port(replay);
	if (row->length >= sizeof(text) || memchr(row->bytes, '\0', row->length)) {
		replay_receive(replay, row->bytes, row->length);
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
	replay_receive(replay, translated, strlen(translated));
	replay_offer(replay);
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
		replay_close_port(replay);
		replay->probing = false;
		replay->expected_length = 0;
		replay_open_port(replay);
		return;
	}
	/* What it went on from is in the progress page, not here. */
	if (strncmp(text, "do adopt", 8) == 0) {
		replay_tell(replay, "skips",
			"here a print was adopted, what it goes on from is not in the recording: "
			"nothing is replayed until the port is opened anew");
		replay_close_port(replay);
		replay->skipping = true;
		return;
	}
	if (strncmp(text, "offline: ", 9) == 0 || strcmp(text, "USB unplugged") == 0) {
		replay->probing = replay->report->own;
		replay_close_port(replay);
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
			replay_give(replay, next, strlen(next));
	}
	replay_fresh(replay);
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
	replay_perform(replay);
	replay_offer(replay);
}

static bool begins(const struct transcript_row *row, const char *with)
{
	size_t length = strlen(with);

	return row->kind == TRANSCRIPT_REMARK && row->length >= length &&
	       memcmp(row->bytes, with, length) == 0;
}

/* The ring has forgotten what came before its gap, and a driver cannot begin in the middle. */
static void look_for_gap(struct replay *replay)
{
	for (size_t i = replay->count; i-- > 0;)
		if (begins(&replay->row[i], RECORDER_GAP)) {
			char text[128];

			snprintf(text, sizeof(text),
				"the recording has a gap from %lld s to %lld s: nothing is "
				"replayed until the port is opened behind it",
				(long long)(replay->row[0].time_us / 1000000),
				(long long)(replay->row[i].time_us / 1000000));
			replay_tell(replay, "skips", text);
			replay->skipping = true;
			replay->report->skipped = (int)i;
			replay->at = i + 1;
			return;
		}
}

void replay_play(struct replay *replay)
{
	int64_t slack_us = replay->report->own ? SLACK_US : 0;

	replay->at = 0;
	if (replay->report->own)
		look_for_gap(replay);
	while (replay->at < replay->count) {
		const struct transcript_row *row = &replay->row[replay->at++];

		replay->skipping &= !begins(row, "do open ");
		replay->report->skipped += replay->skipping;
		if (replay->skipping)
			continue;
		replay_run_until(replay, row->time_us + replay->shift_us - slack_us);
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
