/* The held newline: one line un-acknowledged, and most of the speed of three
 * (serial-protocols.md 14.13).
 *
 * While a line is un-acknowledged the body of the next one is sent, all but its line end.  Only the
 * acknowledgement lets that out.  A piece of a line can run only where a line end follows its
 * bytes; behind a refused line none does: 96 times 0x08 take back whatever the printer has kept
 * of the body, and the line end behind them ends an empty line.
 *
 * So nothing but its own line end or the erasure may follow a body (what is glued to it
 * disappears without a trace while the body runs), and the erasure precedes every nonce and every
 * question. */
#include "drivers/marlin_private.h"

#include <string.h>

enum {
	BODY_MAX = 90, /* more would not be erased whole where bytes were added on the way */
	TEST_TRIES_MAX = 3,
};

/* ---- pending bodies ---- */

bool marlin_can_hold(const struct marlin *m, size_t body_length)
{
	const struct window_entry *head = window_head(&m->window);

	return m->held && m->pending == MARLIN_NOTHING_PENDING && m->window.count == 1 &&
	       !head->alone && !m->gentle_sent && body_length <= BODY_MAX;
}

void marlin_hold(struct marlin *m, const struct history_line *line)
{
	m->pending_bytes = 1 + marlin_write_line(m, line->frame, (size_t)line->length - 1);
	m->pending = line->number;
}

static void erase(struct marlin *m)
{
	char bytes[FRAME_BYTES_MAX + 1];

	memset(bytes, '\b', FRAME_BYTES_MAX);
	bytes[FRAME_BYTES_MAX] = '\n';
	marlin_write_raw(m, bytes, sizeof(bytes));
}

void marlin_write_flush(struct marlin *m)
{
	if (m->erases)
		erase(m);
	else
		marlin_write_raw(m, m->variant->flush, strlen(m->variant->flush));
	m->flushes += m->variant->answers_flush;
}

/* A body that noise has made a comment of is not erased: the line end draws a refusal, and the line
 * is taken behind it all the same. */
static void send_again(struct marlin *m, const struct history_line *line)
{
	m->resent = line->number;
	erase(m);
	marlin_send_history_line(m, line);
}

/* An acknowledgement that came after something unreadable may be that of a refusal, whose flush
 * has torn the body (rule 4): then the body is taken back and the line sent whole. */
void marlin_release(struct marlin *m)
{
	const struct history_line *line;

	if (m->pending == MARLIN_NOTHING_PENDING || m->window.count > 0)
		return;
	line = history_find(&m->history, m->pending);
	if (!line)
		return;
	if (m->unclean && m->packing) {
		marlin_sync_begin(m, MARLIN_CAUSE_STALL);
		return;
	}
	m->pending = MARLIN_NOTHING_PENDING;
	if (m->unclean) {
		send_again(m, line);
		return;
	}
	marlin_note_sent(m, line, m->pending_bytes);
	marlin_write_line_end(m);
}

void marlin_send_pending_whole(struct marlin *m)
{
	const struct history_line *line = history_find(&m->history, m->pending);

	m->pending = MARLIN_NOTHING_PENDING;
	if (line)
		send_again(m, line);
}

/* The line keeps its number, and is sent again by the replay. */
void marlin_take_back(struct marlin *m)
{
	if (m->pending == MARLIN_NOTHING_PENDING)
		return;
	m->pending = MARLIN_NOTHING_PENDING;
	erase(m);
}

/* ---- does this board erase? (rule 11) ---- */

/* A harmless tail, the erasure, and then the usual barrier and question for the counter: whatever
 * the tail leads to comes before the nonce. */
static void begin_test(struct marlin *m)
{
	static const char tail[] = "M118 E1 no";
	char bytes[sizeof(tail) - 1 + 8 + FRAME_BYTES_MAX];
	uint64_t bits = random_bits(&m->random);
	size_t length = sizeof(tail) - 1;

	memcpy(bytes, tail, length);
	for (int i = 0; i < 8; i++, bits >>= 4)
		bytes[length++] = "0123456789abcdef"[bits & 15];
	memset(bytes + length, '\b', FRAME_BYTES_MAX);
	marlin_write_raw(m, bytes, length + FRAME_BYTES_MAX);
	m->erase_test = MARLIN_ERASE_TESTING;
	marlin_sync_begin(m, MARLIN_CAUSE_VERIFY);
}

void marlin_erase_test_begin(struct marlin *m)
{
	m->erases = false;
	m->erase_tries = 0;
	begin_test(m);
}

void marlin_erase_test_line(struct marlin *m, const struct reply *reply)
{
	bool before_nonce = m->sync.step == MARLIN_SYNC_QUIET ||
			    m->sync.step == MARLIN_SYNC_FLUSH ||
			    (m->sync.step == MARLIN_SYNC_BARRIER && !m->sync.nonce_seen);

	if (m->erase_test != MARLIN_ERASE_TESTING || !before_nonce ||
		marlin_sync_is_nonce(m, reply))
		return;
	if (reply->kind == REPLY_ECHO || reply->kind == REPLY_UNKNOWN_COMMAND ||
		reply->kind == REPLY_OTHER || reply->kind == REPLY_ERROR ||
		(reply->kind == REPLY_OK && !reply->answers_question))
		m->erase_test = MARLIN_ERASE_FAILED;
}

bool marlin_erase_test_end(struct marlin *m)
{
	if (m->erase_test == MARLIN_ERASE_FAILED && ++m->erase_tries < TEST_TRIES_MAX) {
		begin_test(m);
		return false;
	}
	m->erases = m->erase_test == MARLIN_ERASE_TESTING;
	m->erase_test = MARLIN_ERASE_UNTESTED;
	if (!m->erases)
		effects_said(m->effects,
			"this firmware does not take bytes of a line back: no held newline");
	return true;
}
