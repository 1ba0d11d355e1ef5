/* Who is meant by an acknowledgement.
 *
 * One ack takes exactly the head of the window off (I7), or, where the firmware says which line it
 * means (ADVANCED_OK), the lines up to that one.  An ack that cannot be the head's is counted and
 * dropped, never banked (I8): one too few costs a probe, one too many overruns the printer's
 * buffer.  What tells an ack that is one too many on a firmware that only says "ok":
 *  - it arrives in one piece with the ack that made us send the head (the window is empty then);
 *  - it arrives sooner than any answer can: a third of the fastest round trip seen (should that be
 *    wrong, the probe that follows shows it, and the figure is corrected);
 *  - the head is an M105, which never answers a plain ok. */
#include "drivers/marlin_private.h"

#include <string.h>

enum { QUEUE_FREE_MAX = 15, REPORT_OVER_OK = 4, ECHO_OVER_OK = 7 };

void marlin_confirm(struct marlin *m, int64_t number)
{
	const struct history_line *line = history_find(&m->history, number);

	if (m->job && line && line->command_index > m->confirmed_index)
		m->confirmed_index = line->command_index;
}

/* Acknowledged means: the printer has accepted this command and all before it, for good.  A plain
 * ok does not prove that: the ok of a damaged line looks the same.  But had the line not been
 * accepted, the next one would have been refused; so with plain oks a command counts when the line
 * behind it is acknowledged too, or when the printer's counter says so.  In a window of several
 * lines doubled oks can run further ahead: there the answer of an M105 counts (it has a number, and
 * its "ok T:…" can be taken for nothing else), or the counter. */
void marlin_report_acknowledged(struct marlin *m)
{
	struct driver_effect *effect;

	if (!m->job || m->confirmed_index <= m->told_index)
		return;
	effect = effects_add(m->effects, DRIVER_ACKNOWLEDGED);
	if (!effect)
		return;
	effect->index = m->confirmed_index;
	m->told_index = m->confirmed_index;
}

void marlin_suspect(struct marlin *m)
{
	if (m->suspect_us == DRIVER_NEVER)
		m->suspect_us = m->now_us + MARLIN_SUSPECT_US;
}

void marlin_learn_round_trip(struct marlin *m, int64_t round_trip_us)
{
	/* Without a nonce it is the time of a whole report, which is far longer than an ok. */
	if (m->no_echo)
		round_trip_us /= REPORT_OVER_OK;
	if (m->round_trip_us == 0 || round_trip_us < m->round_trip_us)
		m->round_trip_us = round_trip_us;
}

static void surplus(struct marlin *m)
{
	m->counters.surplus_acknowledgements++;
	marlin_distrust_oks(m);
	if (m->window.count > 0)
		marlin_suspect(m);
}

enum proof {
	PROOF_NONE,	 /* a plain ok, which may be anybody's */
	PROOF_BY_NEXT,	 /* a plain ok, one line in flight: the line before was accepted */
	PROOF_BY_NUMBER, /* this line was accepted */
};

static void note_answered(struct marlin *m, int64_t number)
{
	const struct history_line *line = history_find(&m->history, number);

	if (m->job && line && line->command_index >= m->counters.commands_answered)
		m->counters.commands_answered = line->command_index + 1;
}

static void pop(struct marlin *m, enum proof proof)
{
	struct window_entry entry = window_pop(&m->window);

	m->last_ack_us = m->now_us;
	m->unread_until_us = 0;
	m->suspect_us = DRIVER_NEVER;
	m->gentle_sent = false;
	m->too_soon_us = 0;
	m->counters.lines_acknowledged++;
	/* A printer that has paused itself still acknowledges what it had taken. */
	if (!m->hold)
		marlin_attention_over(m);
	if (entry.number == WINDOW_NO_NUMBER)
		return;
	m->acked_number = entry.number;
	note_answered(m, entry.number);
	if (proof != PROOF_NONE)
		marlin_confirm(m, entry.number - (proof == PROOF_BY_NEXT));
	marlin_replay_acked(m, entry.number);
}

/* "ok T:…" is the answer of the first M105 in the window.  That one was accepted by its number, so
 * all numbered lines before it were, and are executed: their acknowledgements were lost. */
static void on_temperature_answer(struct marlin *m)
{
	size_t position = 0;

	while (position < m->window.count &&
		window_at(&m->window, position)->answer != WINDOW_TEMPERATURE)
		position++;
	if (position == m->window.count) {
		surplus(m);
		return;
	}
	m->counters.lost_acknowledgements += (int64_t)position;
	for (size_t i = 0; i <= position; i++)
		pop(m, PROOF_BY_NUMBER);
}

static void on_numbered_ok(struct marlin *m, int64_t number)
{
	size_t position = window_find(&m->window, number);

	if (position == m->window.count) {
		surplus(m);
		return;
	}
	m->counters.lost_acknowledgements += (int64_t)position;
	for (size_t i = 0; i <= position; i++)
		pop(m, PROOF_BY_NUMBER);
}

/* No answer to a line end can be there before it and three bytes of an "ok" have passed.  A board
 * of native USB that is not known as one has no baud rate: there the barrier and its echo, at least
 * seven times as many bytes, have shown how fast bytes pass. */
static int64_t line_end_and_ok_us(const struct marlin *m)
{
	int64_t told_us = m->settings.baud > 0 ? 4 * MARLIN_S(10) / m->settings.baud : 0;
	int64_t shown_us = m->round_trip_us / ECHO_OVER_OK;

	return m->round_trip_us > 0 && !m->no_echo && shown_us < told_us ? shown_us : told_us;
}

static void on_plain_ok(struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);

	if (!head || head->answer == WINDOW_TEMPERATURE) {
		surplus(m);
	} else if (m->held && m->now_us - head->sent_us < line_end_and_ok_us(m)) {
		surplus(m);
	} else if (!m->held && m->now_us - head->sent_us < m->round_trip_us / 3) {
		m->too_soon_us = m->now_us - head->sent_us;
		surplus(m);
	} else {
		pop(m, marlin_is_crowded(m) ? PROOF_NONE : PROOF_BY_NEXT);
	}
}

/* P and B without N: an un-numbered line was executed. Without P and B, where the firmware has
 * shown that it writes them: what is left of a damaged ok, or of a refusal. */
static void on_advanced_plain_ok(struct marlin *m, const struct reply *reply)
{
	const struct window_entry *head = window_head(&m->window);

	if (head && head->number == WINDOW_NO_NUMBER && head->answer == WINDOW_PLAIN &&
		reply->queue_free >= 0)
		pop(m, PROOF_NONE);
	else
		surplus(m);
}

static void learn_queue(struct marlin *m, const struct reply *reply)
{
	int32_t free = reply->queue_free;

	if (reply->planner_free < 0 || free < 0)
		return;
	m->counters.tells_queue = true;
	m->counters.planner_free = reply->planner_free;
	m->counters.queue_free = reply->queue_free;
	if (!m->identity.advanced_ok) {
		m->identity.advanced_ok = true;
		effects_add(m->effects, DRIVER_IDENTITY);
	}
	if (free > QUEUE_FREE_MAX)
		free = QUEUE_FREE_MAX;
	/* Behind a Resend some versions print what is free while nothing holds a place. */
	if (!marlin_is_clear(m))
		return;
	/* B counts while the acknowledged line still holds its slot: B + 1 are free. BUFSIZE - 1
	 * lines may be under way, so that an emergency line finds room. */
	if (free > m->queue_max)
		m->queue_max = free;
	m->queue_limit = free + 1 < m->queue_max ? free + 1 : m->queue_max;
}

/* "ok 5" names the line received last; that of an un-numbered line repeats the number.  A bare ok
 * belongs to a line that was taken before ("skip 5"), or to M110. */
static void on_ok_of_last(struct marlin *m, const struct reply *reply, int64_t repeated)
{
	const struct window_entry *head = window_head(&m->window);
	int64_t number = reply->number >= 0 ? reply->number : repeated;

	if (number >= 0 && window_find(&m->window, number) < m->window.count)
		on_numbered_ok(m, number);
	else if (head && (head->number == WINDOW_NO_NUMBER || m->renumber_pending))
		pop(m, PROOF_NONE);
	else
		surplus(m);
}

/* A line that was no command to the printer: our flush, or one whose number was hit. */
static void on_ignored(struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);

	if (m->flushes > 0)
		m->flushes--;
	else if (head && head->number == WINDOW_NO_NUMBER)
		pop(m, PROOF_NONE);
	else if (m->sync.step != MARLIN_SYNC_REPLAY)
		marlin_sync_begin(m, MARLIN_CAUSE_LINE_ERROR);
	else
		marlin_suspect(m);
}

void marlin_on_ok(struct marlin *m, const struct reply *reply)
{
	int64_t repeated = m->repeated;

	m->repeated = -1;
	learn_queue(m, reply);
	if (marlin_sync_ok(m, reply))
		return;
	if (reply->ignored) {
		on_ignored(m);
		return;
	}
	if (m->variant->ok_number == MARLIN_OK_NAMES_THE_LAST) {
		on_ok_of_last(m, reply, repeated);
		return;
	}
	if (reply->answers_question) {
		on_temperature_answer(m);
		return;
	}
	if (reply->number >= 0 && m->identity.advanced_ok) {
		on_numbered_ok(m, reply->number);
		return;
	}
	/* "okok" is two only where two are due. */
	for (int i = 0; i < reply->oks && (i == 0 || m->window.count > 0); i++) {
		if (m->identity.advanced_ok)
			on_advanced_plain_ok(m, reply);
		else
			on_plain_ok(m);
	}
}

/* Is it a line of ours, complete, that the firmware just does not know? */
static bool is_ours(const struct marlin *m, const char *text, size_t length)
{
	for (size_t i = 0; i < m->window.count; i++) {
		int64_t number = window_at(&m->window, i)->number;
		const struct history_line *line = history_find(&m->history, number);
		size_t command_length;
		const char *command;

		if (!line)
			continue;
		command = history_command(line, &command_length);
		if (command_length == length && memcmp(command, text, length) == 0)
			return true;
	}
	return false;
}

/* Otherwise it is what noise or a flush left of a line, and its ok is nobody's (I7b). */
void marlin_on_unknown_command(struct marlin *m, const struct reply *reply)
{
	bool in_doubt = !marlin_is_clear(m) && m->sync.step != MARLIN_SYNC_REPLAY;

	m->counters.unknown_commands++;
	if (reply->kind == REPLY_UNKNOWN_COMMAND && !in_doubt &&
		is_ours(m, reply->text, reply->text_length)) {
		effects_text(m->effects, DRIVER_SAID, reply->text, reply->text_length);
		return;
	}
	if (!in_doubt)
		marlin_sync_begin(m, MARLIN_CAUSE_LINE_ERROR);
	m->sync.account.explained++;
}
