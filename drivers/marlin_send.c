/* What goes out, and the window it goes through.
 *
 * Invariants kept here (14.4): a line gets its number once, from the history, and its bytes never
 * change (I1); lines go out in the order of their numbers, host lines with an effect among them
 * (I2); the window's bounds hold and one slot of the printer's queue stays free (I4); long and mode
 * commands are alone (I5, I6); a line is written whole (I9). */
#include "drivers/marlin_private.h"
#include "drivers/shorten.h"
#include "gcode/command.h"

#include <string.h>

enum {
	FRAMING_BYTES = 12, /* "N64999 ", "*255" and the line end */
	QUESTION_BYTES = 4 + FRAMING_BYTES,
};

void marlin_write_raw(struct marlin *m, const char *text, size_t length)
{
	effects_write(m->effects, text, length);
	m->counters.bytes_sent += (int64_t)length;
}

/* Marlin takes any line that holds "M110" whatever its number, a text of M117 too. */
static bool holds_m110(const char *text, size_t length)
{
	const char *end = text + length;

	while ((text = memchr(text, 'M', (size_t)(end - text)))) {
		if (end - text >= 4 && memcmp(text, "M110", 4) == 0)
			return true;
		text++;
	}
	return false;
}

static bool is_temperature_question(const char *text, size_t length)
{
	return length >= 4 && memcmp(text, "M105", 4) == 0 && (length == 4 || text[4] == ' ');
}

/* What the sender has to know of a command before it goes out. */
struct traits {
	bool alone, slow, asks_temperature;
};

static struct traits traits_of(const char *text, size_t length)
{
	enum command_class class = command_classify(text, length);

	return (struct traits){
		.alone = class == COMMAND_LONG || class == COMMAND_MODE || holds_m110(text, length),
		.slow = class == COMMAND_LONG,
		.asks_temperature = is_temperature_question(text, length),
	};
}

static struct history_line *append(struct marlin *m, const char *text, size_t length,
	int64_t command_index, const struct traits *traits)
{
	char shortened[DRIVER_SHORT_MAX];
	struct history_line *line;

	if (m->settings.short_numbers && length <= sizeof(shortened)) {
		length = shorten_numbers(shortened, text, length);
		text = shortened;
	}
	line = history_append(&m->history, text, length, command_index);
	if (!line)
		return NULL;
	line->alone = traits->alone;
	line->slow = traits->slow;
	line->asks_temperature = traits->asks_temperature;
	return line;
}

struct history_line *marlin_keep_line(
	struct marlin *m, const char *text, size_t length, int64_t command_index)
{
	const struct traits traits = traits_of(text, length);

	return append(m, text, length, command_index, &traits);
}

void marlin_note_sent(struct marlin *m, const struct history_line *line, size_t bytes)
{
	const struct window_entry entry = { .number = line->number,
		.sent_us = m->now_us,
		.bytes = (int32_t)bytes,
		.answer = line->asks_temperature && !m->variant->answers_later ? WINDOW_TEMPERATURE
									       : WINDOW_PLAIN,
		.alone = line->alone,
		.slow = line->slow };

	window_push(&m->window, &entry);
	m->counters.lines_sent++;
	m->gentle_sent = false;
	m->unclean = false;
}

void marlin_send_history_line(struct marlin *m, const struct history_line *line)
{
	marlin_note_sent(m, line, marlin_write_line(m, line->frame, line->length));
}

/* There is room. */
static void send_or_hold(struct marlin *m, const struct history_line *line)
{
	if (m->held && m->window.count > 0)
		marlin_hold(m, line);
	else
		marlin_send_history_line(m, line);
}

static enum driver_line line_of_task(const struct marlin *m, const char *text, size_t length)
{
	if (is_temperature_question(text, length))
		return DRIVER_LINE_NEUTRAL;
	switch (m->task) {
	case MARLIN_TASK_NONE:
	case MARLIN_TASK_SETUP:
	case MARLIN_TASK_ADOPT:
	case MARLIN_TASK_ARM:
	case MARLIN_TASK_RENUMBER:
		return DRIVER_LINE_NEUTRAL;
	case MARLIN_TASK_PAUSE:
	case MARLIN_TASK_STANDBY:
		return DRIVER_LINE_PAUSE;
	case MARLIN_TASK_RESUME:
	case MARLIN_TASK_REHEAT:
		return DRIVER_LINE_RESUME;
	case MARLIN_TASK_END:
		return DRIVER_LINE_END;
	case MARLIN_TASK_CANCEL:
	case MARLIN_TASK_COOL:
	case MARLIN_TASK_MANUAL:
		break;
	}
	return DRIVER_LINE_OTHER;
}

/* `index` -1: a line of our own. */
static void tell_number(struct marlin *m, const struct history_line *line, int64_t index)
{
	struct driver_effect *effect = effects_add(m->effects, DRIVER_NUMBERED);
	size_t length;
	const char *text;

	if (!effect)
		return;
	effect->index = index;
	effect->line_number = line->number;
	if (index >= 0)
		return;
	text = history_command(line, &length);
	effect->line = line_of_task(m, text, length);
	memcpy(effect->text, text, length);
	effect->text[length] = '\0';
}

static int64_t last_index(const struct marlin *m)
{
	return m->next_index - 1 - (m->staged_length > 0);
}

void marlin_note_position(const struct marlin *m, struct history_line *line)
{
	line->has_position = !m->modal.inches;
	for (int axis = 0; axis < 3; axis++) {
		line->has_position = line->has_position && m->modal.known[axis];
		line->position_mm[axis] = (float)m->modal.position_mm[axis];
	}
}

bool marlin_send_host_line(struct marlin *m, const char *text, size_t length)
{
	const struct traits traits = traits_of(text, length);
	struct history_line *line;

	if (m->history.next > m->variant->last_number ||
		!marlin_has_room(m, length + FRAMING_BYTES, traits.alone))
		return false;
	line = append(m, text, length, m->job ? last_index(m) : -1, &traits);
	if (!line)
		return false;
	if (m->task == MARLIN_TASK_NONE)
		marlin_note_position(m, line);
	send_or_hold(m, line);
	tell_number(m, line, -1);
	return true;
}

void marlin_send_unnumbered(struct marlin *m, const char *text, enum window_answer answer)
{
	size_t length = strlen(text);
	struct window_entry entry = { .number = WINDOW_NO_NUMBER,
		.sent_us = m->now_us,
		.bytes = (int32_t)length + 1,
		.answer = answer };

	if (!window_push(&m->window, &entry))
		return;
	marlin_pack_stop(m);
	marlin_write_flush(m);
	marlin_write_raw(m, text, length);
	marlin_write_raw(m, "\n", 1);
	m->counters.lines_sent++;
}

/* M110 in the form that every version takes (3.10): the second N wins where it counts, and the
 * number is the same at reception and at execution. */
void marlin_send_renumber(struct marlin *m)
{
	char text[24] = "M110 N";
	size_t length = 6 + frame_decimal(text + 6, m->variant->first_number);
	const struct traits traits = traits_of(text, length);
	const struct history_line *line;

	history_restart(&m->history, m->variant->first_number);
	m->resent = MARLIN_NOTHING_PENDING;
	line = append(m, text, length, m->job ? last_index(m) : -1, &traits);
	m->renumber_pending = true;
	m->acked_number = m->variant->first_number - 1;
	marlin_send_history_line(m, line);
	tell_number(m, line, -1);
}

/* A line that the printer must refuse, saying which one it took last.  It never reaches the
 * command queue; stays below 65536 like every number we write. */
void marlin_send_far(struct marlin *m)
{
	static const char text[] = "M105";
	char frame[FRAME_BYTES_MAX];
	int64_t number = m->history.next + MARLIN_FAR;

	if (number > m->variant->last_number)
		number = m->history.next - MARLIN_FAR;
	marlin_write_raw(m, frame, frame_write(frame, number, text, sizeof(text) - 1));
}

static bool is_move(const char *text, size_t length)
{
	return length >= 3 && (memcmp(text, "G1 ", 3) == 0 || memcmp(text, "G0 ", 3) == 0 ||
				      memcmp(text, "G28", 3) == 0);
}

bool marlin_staged_waits(const struct marlin *m)
{
	return m->staged_length > 0 && !marlin_has_room(m, m->staged_length + FRAMING_BYTES, false);
}

void marlin_flush_staged(struct marlin *m)
{
	struct traits traits;
	struct history_line *line;

	if (m->staged_length == 0 || m->phase != MARLIN_PRINTING || m->hold ||
		marlin_task_is_due(m) ||
		!marlin_has_room(m, m->staged_length + FRAMING_BYTES, false))
		return;
	traits = traits_of(m->staged, m->staged_length);
	if (traits.alone && !marlin_has_room(m, m->staged_length + FRAMING_BYTES, true))
		return;
	line = append(m, m->staged, m->staged_length, m->staged_index, &traits);
	if (!line) {
		marlin_fault(
			m, DRIVER_FAULT_COMMAND, "a command of the file cannot be put into a line");
		return;
	}
	m->has_moved = m->has_moved || is_move(m->staged, m->staged_length);
	modal_apply(&m->modal, m->staged, m->staged_length);
	if (m->modal.tool >= 0 && m->modal.tool < MARLIN_TOOLS_MAX)
		m->tools_seen |= 1u << m->modal.tool;
	marlin_note_position(m, line);
	m->staged_length = 0;
	send_or_hold(m, line);
	tell_number(m, line, m->staged_index);
}

/* Behind a line that is not answered for 2 s: M105, as the next number.  Its answer comes when the
 * line before is done with, and proves that it was; if that line was never accepted, this one is
 * refused by its number.  So a slow move is told from a lost acknowledgement long before the
 * time-out.  The line end in front closes a line whose own end was lost.
 *
 * Behind a line that may take minutes it goes out when nothing speaks for work going on any more:
 * no busy line where there were some, or no byte at all.  A lost ok would else look like a printer
 * that went silent while hot. */
static int64_t gentle_us(const struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);
	int64_t since;

	if (!head || marlin_may_leave_unread(m) || head->answer != WINDOW_PLAIN ||
		(head->alone && !head->slow) || m->gentle_sent || m->renumber_pending ||
		(int32_t)m->window.count >= m->variant->queue_lines ||
		m->history.next > m->variant->last_number)
		return DRIVER_NEVER;
	since = head->sent_us > m->last_ack_us ? head->sent_us : m->last_ack_us;
	since = since > m->last_busy_us ? since : m->last_busy_us;
	if (!head->slow)
		return since + MARLIN_POLL_US;
	if (m->busy_seen)
		return since + MARLIN_BUSY_GONE_US;
	return (since > m->last_receive_us ? since : m->last_receive_us) + MARLIN_BUSY_GONE_US;
}

/* Readings at least every 2 s: by M155 where there is one (asked for when it goes stale), else by
 * M105, a numbered line like any other.  While a print runs on a firmware that answers plain "ok",
 * M105 also goes out now and then because its "ok T:…" cannot be mistaken for another line's: an
 * acknowledgement too many is found and dropped there. */
static int64_t poll_us(const struct marlin *m)
{
	int64_t due =
		m->heaters.time_us +
		(m->identity.autoreport_temperature ? MARLIN_REPORT_STALE_US : MARLIN_POLL_US);
	if (m->renumber_pending || m->task != MARLIN_TASK_NONE || marlin_may_leave_unread(m) ||
		!marlin_has_room(m, QUESTION_BYTES, false))
		return DRIVER_NEVER;
	if (due < m->polled_us + MARLIN_POLL_US)
		due = m->polled_us + MARLIN_POLL_US;
	if (m->phase != MARLIN_PRINTING || m->identity.advanced_ok || m->variant->answers_later)
		return due;
	if (marlin_is_crowded(m) && m->counters.lines_sent >= m->polled_lines + m->check_lines)
		return m->now_us;
	return due < m->polled_us + MARLIN_CHECK_US ? due : m->polled_us + MARLIN_CHECK_US;
}

/* An answer is due, nothing has come for 2 s, and nothing says "busy" here: this byte is answered
 * whatever runs. */
int64_t marlin_query_wake(const struct marlin *m)
{
	bool due = m->window.count > 0 || !marlin_is_clear(m);

	if (m->variant->query == '\0' || m->phase < MARLIN_READY || !due)
		return DRIVER_NEVER;
	return (m->last_receive_us > m->queried_us ? m->last_receive_us : m->queried_us) +
	       MARLIN_POLL_US;
}

void marlin_query(struct marlin *m)
{
	if (m->now_us < marlin_query_wake(m))
		return;
	marlin_write_raw(m, &m->variant->query, 1);
	m->queried_us = m->now_us;
}

int64_t marlin_poll_wake(const struct marlin *m)
{
	int64_t gentle = gentle_us(m), poll = poll_us(m);

	return m->phase < MARLIN_READY ? DRIVER_NEVER : gentle < poll ? gentle : poll;
}

/* Past the window's limit of one line, within what the printer's queue holds. */
static void send_question(struct marlin *m)
{
	const struct traits traits = { .asks_temperature = true };
	struct history_line *line = append(m, "M105", 4, m->job ? last_index(m) : -1, &traits);

	marlin_note_position(m, line);
	marlin_send_history_line(m, line);
	tell_number(m, line, -1);
}

static void set_check_lines(struct marlin *m)
{
	if (m->checked_surplus != m->counters.surplus_acknowledgements)
		m->check_lines = MARLIN_CHECK_LINES_MIN;
	else if (m->check_lines < MARLIN_CHECK_LINES_MAX)
		m->check_lines *= 2;
	m->checked_surplus = m->counters.surplus_acknowledgements;
}

void marlin_poll(struct marlin *m)
{
	if (m->phase < MARLIN_READY)
		return;
	if (m->now_us >= gentle_us(m)) {
		if (m->packing && m->pending != MARLIN_NOTHING_PENDING) {
			marlin_sync_begin(m, MARLIN_CAUSE_STALL);
			return;
		}
		if (m->pending != MARLIN_NOTHING_PENDING)
			marlin_send_pending_whole(m);
		else if (!m->packing)
			marlin_write_flush(m);
		send_question(m);
		m->gentle_sent = true;
	} else if (m->now_us < poll_us(m) || !marlin_send_host_line(m, "M105", 4)) {
		return;
	}
	set_check_lines(m);
	m->polled_us = m->now_us;
	m->polled_lines = m->counters.lines_sent;
}
