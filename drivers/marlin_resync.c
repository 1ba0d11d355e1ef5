/* Doubt, and the way back to certainty: QUIET, FLUSH, BARRIER, COUNTER, REPLAY
 * (serial-protocols.md 14.5 to 14.9; the picture is in marlin_private.h). */
#include "drivers/marlin_private.h"

#include <string.h>

enum {
	BARRIER_TRIES_MAX = 5,
	MUTE_OKS = 2,
	RESTARTED_LINES = 8,
	BARRIER_TRIES_SLOW_MAX = 30,
	COUNTER_TRIES_MAX = 5,
	RENUMBER_TRIES_MAX = 5,
	POSITION_TRIES_MAX = 3,
};

static void enter(struct marlin *m, enum marlin_sync_step step, int64_t wait_us)
{
	m->sync.step = step;
	m->sync.entered_us = m->now_us;
	m->sync.deadline_us = m->now_us + wait_us;
}

void marlin_sync_reset(struct marlin *m)
{
	m->sync = (struct marlin_sync){
		.step = MARLIN_SYNC_CLEAR, .wanted = -1, .last_line = -1, .named = -1
	};
	m->repeated = -1;
	m->flushes = 0;
	m->suspect_us = DRIVER_NEVER;
}

/* ---- how much is too much (14.5 step 7) ---- */

static void count_line_error(struct marlin *m)
{
	int64_t now = m->counters.lines_sent;
	int64_t oldest, middle;

	m->counters.line_errors++;
	if (!m->job)
		return;
	marlin_narrow_window(m);
	oldest = m->error_at[m->error_next];
	middle = m->error_at[(m->error_next + MARLIN_ERRORS_MAX - MARLIN_ERRORS_WARN) %
			     MARLIN_ERRORS_MAX];
	m->error_at[m->error_next] = now;
	m->error_next = (m->error_next + 1) % MARLIN_ERRORS_MAX;
	if (now - oldest <= MARLIN_ERRORS_LINES) {
		marlin_fault(m, DRIVER_FAULT_RESENDS,
			"one line in ten is damaged on its way: check cable and interference");
	} else if (now - middle <= MARLIN_ERRORS_LINES &&
		   now - m->warned_at > MARLIN_ERRORS_LINES) {
		effects_said(m->effects,
			"one line in twenty is damaged on its way: check cable and interference");
		m->warned_at = now;
	}
}

static void count_same(struct marlin *m, int64_t number)
{
	if (number != m->same_number)
		m->same_count = 0;
	m->same_number = number;
	m->same_count++;
	if (m->same_count > MARLIN_SAME_RESENDS_MAX)
		marlin_fault(m, DRIVER_FAULT_RESENDS,
			"the printer refuses the same line again and again");
	else if (m->same_count == MARLIN_SAME_RESENDS_WARN)
		effects_said(m->effects, "line %lld was refused %d times", (long long)number,
			m->same_count);
}

/* ---- entering ---- */

static bool in_doubt(const struct marlin *m)
{
	return m->sync.step == MARLIN_SYNC_QUIET || m->sync.step == MARLIN_SYNC_FLUSH ||
	       m->sync.step == MARLIN_SYNC_BARRIER;
}

void marlin_sync_begin(struct marlin *m, enum marlin_cause cause)
{
	struct marlin_sync *s = &m->sync;
	const struct window_entry *head = window_head(&m->window);

	if (in_doubt(m)) {
		if (cause == MARLIN_CAUSE_LINE_ERROR && s->cause != cause) {
			s->cause = cause;
			count_line_error(m);
		}
		return;
	}
	marlin_pack_stop(m);
	*s = (struct marlin_sync){ .cause = cause, .wanted = -1, .last_line = -1, .named = -1 };
	s->account.crowded = m->window.count > 1;
	s->slow = head && head->slow;
	marlin_take_back(m);
	m->suspect_us = DRIVER_NEVER;
	enter(m, MARLIN_SYNC_QUIET, MARLIN_QUIET_MAX_US);
	if (cause == MARLIN_CAUSE_LINE_ERROR)
		count_line_error(m);
	else if (cause == MARLIN_CAUSE_STALL)
		m->counters.probes++;
}

void marlin_on_line_error(struct marlin *m, const struct reply *reply)
{
	struct marlin_sync *s = &m->sync;

	if (s->step == MARLIN_SYNC_COUNTER) {
		s->last_line = reply->number;
		marlin_learn_round_trip(m, m->now_us - s->entered_us);
		return;
	}
	marlin_sync_begin(m, MARLIN_CAUSE_LINE_ERROR);
	if (m->phase == MARLIN_FAULTED)
		return;
	s->account.errors++;
	s->last_line = reply->number;
	if (reply->line_error != REPLY_ERROR_CHECKSUM)
		s->account.could_run = true;
}

/* Where the request comes alone, the second one that says the same stands for the error line. */
static void confirm_request(struct marlin *m, int64_t number)
{
	struct marlin_sync *s = &m->sync;

	if (m->variant->bare_resend && number >= 0 && number == s->named)
		s->last_line = number - 1;
	s->named = number;
}

void marlin_on_resend(struct marlin *m, const struct reply *reply)
{
	struct marlin_sync *s = &m->sync;

	if (s->step == MARLIN_SYNC_COUNTER) {
		s->wanted = reply->number;
		confirm_request(m, reply->number);
		/* Where no ok follows there is nothing to wait for. */
		s->deadline_us = m->now_us + (m->variant->resend_oks_max > 0 ? MARLIN_RESEND_OK_US
									     : MARLIN_MS(1));
		/* Some repeat it until the line comes. */
		if (s->deadline_us > s->entered_us + MARLIN_COUNTER_US)
			s->deadline_us = s->entered_us + MARLIN_COUNTER_US;
		return;
	}
	/* The same request again, before it could be heeded, is no second one. */
	if (!in_doubt(m) || reply->number != s->wanted)
		m->counters.resends++;
	marlin_sync_begin(m, MARLIN_CAUSE_LINE_ERROR);
	if (m->phase == MARLIN_FAULTED)
		return;
	s->account.resends++;
	/* The latest counts: the printer's counter only grows. */
	s->wanted = reply->number;
	confirm_request(m, reply->number);
}

/* What was thrown away will be missed, with nothing to tell so until the next line. */
void marlin_on_input_lost(struct marlin *m)
{
	if (!marlin_is_clear(m) || m->window.count == 0)
		return;
	marlin_narrow_window(m);
	marlin_sync_begin(m, MARLIN_CAUSE_STALL);
}

/* Error and Resend say the same; one alone may be damaged. */
static bool is_clear_request(const struct marlin_sync *s)
{
	return s->wanted >= 0 && s->last_line >= 0 && s->last_line == s->wanted - 1;
}

/* ---- leaving ---- */

static void leave(struct marlin *m)
{
	enter(m, MARLIN_SYNC_CLEAR, 0);
	m->last_ack_us = m->now_us;
	m->suspect_us = DRIVER_NEVER;
	if (m->packs)
		marlin_pack_begin(m);
	m->flushes = 0;
}

static void resolve_renumber(struct marlin *m, int64_t wanted)
{
	window_clear(&m->window);
	leave(m);
	if (wanted == m->variant->first_number + 1) {
		m->renumber_pending = false;
		m->renumber_tries = 0;
		m->acked_number = m->variant->first_number;
	} else if (++m->renumber_tries > RENUMBER_TRIES_MAX) {
		marlin_fault(
			m, DRIVER_FAULT_PROTOCOL, "the printer does not take a line number (M110)");
	} else {
		marlin_on_renumber_lost(m);
	}
}

static void ask_counter(struct marlin *m)
{
	m->sync.wanted = m->sync.last_line = -1;
	marlin_send_far(m);
	enter(m, MARLIN_SYNC_COUNTER, MARLIN_COUNTER_US);
}

static void ask_again(struct marlin *m)
{
	if (++m->sync.counter_tries > COUNTER_TRIES_MAX) {
		marlin_fault(m, DRIVER_FAULT_PROTOCOL,
			"no clear answer to the question which line was the last");
		return;
	}
	m->sync.account_closed = true;
	enter(m, MARLIN_SYNC_QUIET, MARLIN_QUIET_MAX_US);
}

static void resolve_strange(struct marlin *m, int64_t wanted)
{
	if (m->sync.step != MARLIN_SYNC_COUNTER || m->sync.counter_tries == 0) {
		ask_again(m);
		return;
	}
	if (wanted <= 1) {
		marlin_fault(m, DRIVER_FAULT_RESET,
			"the printer's line counter is back at 0: the board has restarted");
		return;
	}
	marlin_fault(m, DRIVER_FAULT_PROTOCOL,
		"the printer asks for a line that was never sent or is long past");
}

static void ask_position(struct marlin *m)
{
	m->sync.position_tries++;
	marlin_write_raw(m, "M114\n", 5);
	enter(m, MARLIN_SYNC_POSITION, MARLIN_POSITION_US);
}

static void go_on(struct marlin *m, int64_t wanted);

/* M110 itself has been proved, and must never be sent again by a replay.  Where numbers begin at 0
 * a board that has restarted unnoticed asks for line 1, which may still be in the history. */
static bool looks_restarted(const struct marlin *m, int64_t wanted)
{
	int64_t first = m->variant->first_number;

	return wanted <= first || (first == 0 && wanted == 1 && m->acked_number >= RESTARTED_LINES);
}

/* `wanted` is what the printer will take next: the truth. */
static void resolve(struct marlin *m, int64_t wanted)
{
	if (!marlin_adopt_agrees(m, wanted)) {
		resolve_strange(m, wanted);
		return;
	}
	if (m->renumber_pending) {
		resolve_renumber(m, wanted);
		return;
	}
	if (looks_restarted(m, wanted) ||
		(wanted != m->history.next && !history_find(&m->history, wanted))) {
		resolve_strange(m, wanted);
		return;
	}
	if (m->job) {
		m->sync.suspicious = marlin_account_is_suspicious(m, wanted);
		if (marlin_account_is_worth_a_look(m) && marlin_position_tells(m, wanted)) {
			m->sync.resolved = wanted;
			ask_position(m);
			return;
		}
	}
	go_on(m, wanted);
}

/* With what is known by now. */
static void go_on(struct marlin *m, int64_t wanted)
{
	bool ran = m->sync.verdict == MARLIN_VERDICT_RAN ||
		   (m->sync.verdict == MARLIN_VERDICT_NONE && m->sync.suspicious);

	if (ran) {
		marlin_fault(m, DRIVER_FAULT_SURPLUS_OK,
			m->sync.verdict == MARLIN_VERDICT_RAN
				? "a piece of a damaged line has run: the head has moved"
				: "one acknowledgement too many behind a damaged line: a piece of "
				  "it may have run");
		return;
	}
	marlin_confirm(m, wanted - 1);
	m->acked_number = wanted - 1;
	if (m->sync.cause == MARLIN_CAUSE_LINE_ERROR)
		count_same(m, wanted);
	else
		marlin_account_count_lost(m, wanted);
	if (m->phase == MARLIN_FAULTED)
		return;
	window_clear(&m->window);
	if (wanted == m->history.next) {
		/* So the ok that came too soon was one after all. */
		if (m->too_soon_us > 0)
			marlin_learn_round_trip(m, m->too_soon_us);
		m->too_soon_us = 0;
		leave(m);
		return;
	}
	m->sync.replay_next = wanted;
	m->flushes = 0;
	enter(m, MARLIN_SYNC_REPLAY, 0);
}

void marlin_replay_acked(struct marlin *m, int64_t number)
{
	if (m->sync.step != MARLIN_SYNC_REPLAY || number != m->sync.replay_next)
		return;
	m->sync.replay_next++;
	if (m->sync.replay_next == m->history.next)
		leave(m);
}

/* ---- the barrier ---- */

static void barrier_done(struct marlin *m)
{
	struct marlin_sync *s = &m->sync;

	/* A request for a line that was sent again behind its cause may be outdated. */
	if (s->cause == MARLIN_CAUSE_LINE_ERROR && is_clear_request(s) && !s->account_closed &&
		s->wanted != m->resent)
		resolve(m, s->wanted);
	else
		ask_counter(m);
}

static void write_hex(char *text, uint64_t bits, size_t digits)
{
	for (size_t i = 0; i < digits; i++)
		text[i] = "0123456789abcdef"[(bits >> (4 * i)) & 15];
}

static void send_barrier(struct marlin *m)
{
	struct marlin_sync *s = &m->sync;
	int limit = s->slow ? BARRIER_TRIES_SLOW_MAX : BARRIER_TRIES_MAX;

	if (++s->barrier_tries > limit) {
		marlin_fault(m,
			m->phase < MARLIN_READY ? DRIVER_FAULT_NO_ANSWER : DRIVER_FAULT_SILENT,
			"the printer does not answer any more");
		return;
	}
	/* The one before may have been damaged: nothing plain would ever be understood. */
	if (m->packs && s->barrier_tries > 1)
		marlin_pack_reset(m);
	memcpy(s->nonce, "pf", 2);
	write_hex(s->nonce + 2, random_bits(&m->random), 8);
	s->nonce[10] = '\0';
	if (m->no_echo) {
		marlin_write_raw(m, "M105\n", 5);
	} else {
		marlin_write_raw(m, m->variant->barrier, strlen(m->variant->barrier));
		marlin_write_raw(m, s->nonce, 10);
		marlin_write_raw(m, "\n", 1);
	}
	s->nonce_seen = false;
	s->nonce_us = m->now_us;
	if (!s->account_closed)
		s->account.barriers++;
	m->counters.barriers++;
	enter(m, MARLIN_SYNC_BARRIER, s->slow ? MARLIN_BARRIER_SLOW_US : MARLIN_BARRIER_US);
}

static void nonce_came(struct marlin *m)
{
	m->sync.nonce_seen = true;
	m->echo_seen = !m->no_echo;
	m->sync.deadline_us = m->now_us + MARLIN_RESEND_OK_US;
	marlin_learn_round_trip(m, m->now_us - m->sync.nonce_us);
}

bool marlin_sync_is_nonce(const struct marlin *m, const struct reply *reply)
{
	const struct marlin_sync *s = &m->sync;

	if (s->nonce[0] == '\0')
		return false;
	for (size_t i = 0; i + 10 <= reply->text_length; i++) {
		if (memcmp(reply->text + i, s->nonce, 10) == 0)
			return true;
	}
	return false;
}

/* Our own barrier as the text of "Unknown command": this firmware has no M118. */
static bool is_barrier(const struct marlin *m, const struct reply *reply)
{
	size_t length = strlen(m->variant->barrier);

	return reply->text_length == length + 10 &&
	       memcmp(reply->text, m->variant->barrier, length) == 0;
}

/* Nothing of ours makes the printer wait for a person while a barrier is out, but what noise can
 * make of it does: "M1", when the second digit is hit. */
static bool is_waiting_for_nobody(const struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);

	switch (m->sync.step) {
	case MARLIN_SYNC_BARRIER:
	case MARLIN_SYNC_POSITION:
		return !m->attention;
	case MARLIN_SYNC_REPLAY:
		return !m->attention && head && !head->slow;
	case MARLIN_SYNC_CLEAR:
	case MARLIN_SYNC_QUIET:
	case MARLIN_SYNC_FLUSH:
	case MARLIN_SYNC_COUNTER:
	case MARLIN_SYNC_PACK:
		return false;
	}
	return false;
}

bool marlin_sync_line(struct marlin *m, const struct reply *reply)
{
	struct marlin_sync *s = &m->sync;

	if (reply->kind == REPLY_BUSY_PERSON && is_waiting_for_nobody(m)) {
		marlin_write_raw(m, "\nM108\n", 6);
		if (!s->account_closed)
			s->account.barriers++;
		return true;
	}

	if (s->step == MARLIN_SYNC_POSITION && reply->kind == REPLY_POSITION) {
		s->verdict = marlin_judge_position(m, s->resolved, reply->text, reply->text_length);
		s->deadline_us = m->now_us + MARLIN_RESEND_OK_US;
		return true;
	}
	if (s->step != MARLIN_SYNC_BARRIER || s->nonce_seen || m->no_echo)
		return false;
	if (reply->kind == REPLY_UNKNOWN_COMMAND && is_barrier(m, reply) &&
		marlin_sync_is_nonce(m, reply)) {
		m->no_echo = true;
		s->deadline_us = m->now_us;
		s->barrier_tries = 0;
		return true;
	}
	if (reply->kind != REPLY_ECHO || !marlin_sync_is_nonce(m, reply))
		return false;
	nonce_came(m);
	if (m->variant->answers_later)
		barrier_done(m);
	return true;
}

/* A firmware that acknowledges M118 and says nothing: found while connecting, when no other line
 * is out whose ok it could be. */
static void note_mute_ok(struct marlin *m, const struct reply *reply)
{
	if (m->variant->answers_later || m->echo_seen || m->no_echo || m->phase >= MARLIN_READY ||
		reply->answers_question || m->last_busy_us > m->sync.entered_us)
		return;
	m->mute_oks++;
	m->no_echo = m->mute_oks >= MUTE_OKS;
	if (m->no_echo)
		m->sync.barrier_tries = 0;
	m->sync.deadline_us = m->now_us + MARLIN_RESEND_OK_US;
}

bool marlin_sync_ok(struct marlin *m, const struct reply *reply)
{
	struct marlin_sync *s = &m->sync;

	switch (s->step) {
	case MARLIN_SYNC_CLEAR:
	case MARLIN_SYNC_REPLAY:
		return false;
	case MARLIN_SYNC_PACK:
		return true;
	case MARLIN_SYNC_QUIET:
	case MARLIN_SYNC_FLUSH:
		if (!s->account_closed)
			marlin_account_ok(m, reply);
		return true;
	case MARLIN_SYNC_BARRIER:
		if (m->no_echo && reply->answers_question) {
			nonce_came(m);
			barrier_done(m);
		} else if (s->nonce_seen && !reply->answers_question && reply->number < 0) {
			barrier_done(m);
		} else if (!s->nonce_seen) {
			if (!s->account_closed)
				marlin_account_ok(m, reply);
			note_mute_ok(m, reply);
		}
		return true;
	case MARLIN_SYNC_COUNTER:
		if (is_clear_request(s))
			resolve(m, s->wanted);
		return true;
	case MARLIN_SYNC_POSITION:
		if (s->verdict != MARLIN_VERDICT_NONE)
			go_on(m, s->resolved);
		return true;
	}
	return true;
}

/* ---- time ---- */

static int64_t quiet_us(const struct marlin *m)
{
	int64_t baud = m->settings.baud > 0 ? m->settings.baud : 115200;
	int64_t bytes = 0, time;

	if (m->sync.cause == MARLIN_CAUSE_VERIFY && m->sync.counter_tries == 0)
		return 0;
	for (size_t i = 0; i < m->window.count; i++)
		bytes += window_at(&m->window, i)->bytes;
	time = 2 * bytes * MARLIN_S(10) / baud + MARLIN_MS(50);
	/* One line at a time leaves little under way (14.13 rule 5). */
	if (!m->sync.account.crowded && m->variant->resend_oks_max <= 1 && !m->variant->bare_resend)
		return time;
	return time > MARLIN_QUIET_MIN_US ? time : MARLIN_QUIET_MIN_US;
}

/* Without a nonce an M105 is the barrier: its answer must not be that of another one. */
static int64_t flush_us(const struct marlin *m)
{
	for (size_t i = 0; m->no_echo && i < m->window.count; i++) {
		if (window_at(&m->window, i)->answer == WINDOW_TEMPERATURE)
			return 6 * MARLIN_FLUSH_US;
	}
	return m->no_echo && m->sync.barrier_tries > 0 ? 6 * MARLIN_FLUSH_US : MARLIN_FLUSH_US;
}

/* Reports that the printer sends by itself answer nothing: they do not tell that more is to come,
 * and where they come often they would never let it be quiet. */
static int64_t quiet_end_us(const struct marlin *m)
{
	int64_t heard_us = m->reader.length > 0 ? m->last_receive_us : m->last_said_us;
	int64_t since = heard_us > m->sync.entered_us && m->sync.cause != MARLIN_CAUSE_VERIFY
				? heard_us
				: m->sync.entered_us;
	int64_t end = since + quiet_us(m);

	return end < m->sync.deadline_us ? end : m->sync.deadline_us;
}

int64_t marlin_sync_wake(const struct marlin *m)
{
	switch (m->sync.step) {
	case MARLIN_SYNC_CLEAR:
	case MARLIN_SYNC_REPLAY:
		return DRIVER_NEVER;
	case MARLIN_SYNC_QUIET:
		return quiet_end_us(m);
	case MARLIN_SYNC_FLUSH:
	case MARLIN_SYNC_BARRIER:
	case MARLIN_SYNC_COUNTER:
	case MARLIN_SYNC_POSITION:
	case MARLIN_SYNC_PACK:
		return m->sync.deadline_us;
	}
	return DRIVER_NEVER;
}

static bool replay_advance(struct marlin *m)
{
	const struct history_line *line;

	if (m->window.count > 0)
		return false;
	line = history_find(&m->history, m->sync.replay_next);
	if (!line) {
		leave(m);
		return true;
	}
	m->counters.replayed_lines++;
	marlin_send_history_line(m, line);
	return true;
}

static void barrier_late(struct marlin *m)
{
	struct marlin_sync *s = &m->sync;

	if (m->last_busy_us > s->entered_us && !s->nonce_seen &&
		m->last_busy_us + MARLIN_BARRIER_US > m->now_us)
		s->deadline_us = m->last_busy_us + MARLIN_BARRIER_US;
	else if (s->nonce_seen)
		barrier_done(m);
	else
		send_barrier(m);
}

bool marlin_sync_advance(struct marlin *m)
{
	struct marlin_sync *s = &m->sync;

	if (s->step == MARLIN_SYNC_REPLAY)
		return replay_advance(m);
	if (m->now_us < marlin_sync_wake(m))
		return false;
	switch (s->step) {
	case MARLIN_SYNC_CLEAR:
	case MARLIN_SYNC_REPLAY:
		return false;
	case MARLIN_SYNC_QUIET:
		/* Ends a line whose own end was lost, and whatever a flush left. */
		marlin_write_flush(m);
		enter(m, MARLIN_SYNC_FLUSH, flush_us(m));
		break;
	case MARLIN_SYNC_FLUSH:
		send_barrier(m);
		break;
	case MARLIN_SYNC_BARRIER:
		barrier_late(m);
		break;
	case MARLIN_SYNC_COUNTER:
		if (is_clear_request(s))
			resolve(m, s->wanted);
		else
			ask_again(m);
		break;
	case MARLIN_SYNC_PACK:
		marlin_pack_late(m);
		break;
	case MARLIN_SYNC_POSITION:
		if (s->verdict == MARLIN_VERDICT_NONE && s->position_tries < POSITION_TRIES_MAX)
			ask_position(m);
		else
			go_on(m, s->resolved);
		break;
	}
	return true;
}
