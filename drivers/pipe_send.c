/* What goes out on a pipe, and the window it goes through: each line once, whole, in order. */
#include "drivers/pipe.h"
#include "gcode/command.h"

#include <math.h> /* sqrt, fabs */
#include <string.h>

static void write_bytes(struct pipe *pipe, const char *text, size_t length)
{
	effects_write(pipe->effects, text, length);
	pipe->counters.bytes_sent += (int64_t)length;
}

void pipe_write(struct pipe *pipe, const char *text)
{
	write_bytes(pipe, text, strlen(text));
}

static struct window_limits limits(const struct pipe *pipe)
{
	return (struct window_limits){ .lines = pipe->window_lines,
		.bytes = pipe->dialect->window_bytes };
}

bool pipe_has_room(const struct pipe *pipe)
{
	const struct window_limits bounds = limits(pipe);

	return window_has_room(&pipe->window, &bounds, 0, false);
}

static bool is_word(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	return length >= size && memcmp(text, word, size) == 0 &&
	       (length == size || text[size] == ' ');
}

/* A macro of a file may do anything, heating included; ours do not. */
static bool may_wait_for_heat(const char *text, size_t length, bool ours)
{
	static const char *const words[] = { "M109", "M190", "M191", "M116", "M303",
		"TEMPERATURE_WAIT" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (is_word(text, length, words[i]))
			return true;
	return !ours && length > 1 && (text[1] < '0' || text[1] > '9');
}

static void send(struct pipe *pipe, const char *text, size_t length, int64_t number)
{
	enum command_class class = command_classify(text, length);
	struct window_entry entry = {
		.number = number,
		.sent_us = pipe->now_us,
		.bytes = (int32_t)length + 1,
		.answer = is_word(text, length, "M105") ? WINDOW_TEMPERATURE : WINDOW_PLAIN,
		.alone = number >= 0 && (class == COMMAND_LONG || class == COMMAND_MODE),
		.slow = class == COMMAND_LONG && number > PIPE_BARRIER,
	};

	if (!window_push(&pipe->window, &entry))
		return;
	if (entry.slow)
		pipe->waits_for_heat = may_wait_for_heat(text, length, number < 0);
	write_bytes(pipe, text, length);
	write_bytes(pipe, "\n", 1);
	pipe->counters.lines_sent++;
}

bool pipe_send_line(struct pipe *pipe, const char *text, size_t length)
{
	if (pipe->window.count >= WINDOW_ENTRIES_MAX)
		return false;
	send(pipe, text, length, WINDOW_NO_NUMBER);
	return true;
}

bool pipe_send_question(struct pipe *pipe, const char *text)
{
	if (pipe->window.count >= WINDOW_ENTRIES_MAX)
		return false;
	send(pipe, text, strlen(text), PIPE_QUESTION);
	return true;
}

/* An older one without an answer is a line like any other from now on. */
static void demote_barrier(struct pipe *pipe)
{
	size_t at = window_find(&pipe->window, PIPE_BARRIER);

	if (at < pipe->window.count)
		pipe->window.entry[(pipe->window.head + at) % WINDOW_ENTRIES_MAX].number =
			WINDOW_NO_NUMBER;
}

void pipe_send_barrier(struct pipe *pipe)
{
	static const char hex[] = "0123456789abcdef";
	uint64_t bits = random_bits(&pipe->random);
	char line[64];
	size_t length = strlen(pipe->dialect->barrier_before);

	if (pipe->window.count >= WINDOW_ENTRIES_MAX)
		return;
	demote_barrier(pipe);
	memcpy(pipe->nonce, "pf", 2);
	for (int i = 0; i < 8; i++)
		pipe->nonce[2 + i] = hex[bits >> (4 * i) & 15];
	pipe->nonce[10] = '\0';
	memcpy(line, pipe->dialect->barrier_before, length);
	memcpy(line + length, pipe->nonce, 10);
	length += 10;
	memcpy(line + length, pipe->dialect->barrier_behind, strlen(pipe->dialect->barrier_behind));
	length += strlen(pipe->dialect->barrier_behind);
	pipe->nonce_seen = false;
	pipe->barrier_us = pipe->now_us;
	pipe->counters.barriers++;
	send(pipe, line, length, PIPE_BARRIER);
}

/* A file may ask for a person: then the printer waits, and says nothing. */
static void notice_wait(struct pipe *pipe, const char *text, size_t length)
{
	static const char *const words[] = { "M0", "M1", "M25", "M226", "M291", "M600" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (!is_word(text, length, words[i]))
			continue;
		pipe_remember(pipe, text, length);
		pipe_attention(pipe, "the file asks for a person");
	}
}

static double distance_mm(const struct modal *before, const struct modal *now)
{
	double sum = 0, part;

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++) {
		part = now->position_mm[axis] - before->position_mm[axis];
		sum += part * part;
	}
	part = now->position_mm[MODAL_E] - before->position_mm[MODAL_E];
	return sum > 0 ? sqrt(sum) : fabs(part);
}

static void measure_move(struct pipe *pipe, const struct modal *before)
{
	const struct modal *now = &pipe->modal;
	double mm_s = now->feed_mm_min > 0 ? now->feed_mm_min / 60 : 25;
	double factor = now->speed_percent > 1 ? now->speed_percent / 100 : 1;
	double seconds = distance_mm(before, now) / (mm_s * factor);
	int64_t us = seconds < 600 ? (int64_t)(seconds * 1e6) : PIPE_S(600);

	if (pipe->staged[0] == 'G' && (pipe->staged[1] == '2' || pipe->staged[1] == '3') &&
		us < PIPE_ARC_US)
		us = PIPE_ARC_US;
	if (us > pipe->slowest_us)
		pipe->slowest_us = us;
	if (++pipe->moves < PIPE_MOVES)
		return;
	pipe->slowest_before_us = pipe->slowest_us;
	pipe->slowest_us = 0;
	pipe->moves = 0;
}

void pipe_flush_staged(struct pipe *pipe)
{
	const struct window_limits bounds = limits(pipe);
	enum command_class class;
	struct modal before;

	if (pipe->staged_length == 0)
		return;
	class = command_classify(pipe->staged, pipe->staged_length);
	if (!window_has_room(&pipe->window, &bounds, (int32_t)pipe->staged_length + 1,
		    class == COMMAND_LONG || class == COMMAND_MODE))
		return;
	before = pipe->modal;
	modal_apply(&pipe->modal, pipe->staged, pipe->staged_length);
	if (class == COMMAND_MOTION)
		measure_move(pipe, &before);
	if (pipe->modal.tool >= 0 && pipe->modal.tool < MODAL_TOOLS_MAX)
		pipe->tools_seen |= 1u << pipe->modal.tool;
	notice_wait(pipe, pipe->staged, pipe->staged_length);
	send(pipe, pipe->staged, pipe->staged_length, pipe->staged_index);
	pipe->staged_length = 0;
}

/* ---- questions ---- */

/* A reading every 2 s, unless it comes by another way. */
int64_t pipe_poll_us(const struct pipe *pipe)
{
	int64_t since =
		pipe->heaters.time_us > pipe->polled_us ? pipe->heaters.time_us : pipe->polled_us;

	if (pipe->phase < PIPE_READY || pipe->phase == PIPE_FAULTED ||
		pipe->task != PIPE_TASK_NONE || !pipe_has_room(pipe) || pipe->dialect->reads(pipe))
		return DRIVER_NEVER;
	return since + PIPE_POLL_US;
}

bool pipe_poll(struct pipe *pipe)
{
	if (pipe->now_us < pipe_poll_us(pipe))
		return false;
	pipe->polled_us = pipe->now_us;
	return pipe_send_question(pipe, "M105");
}

/* A move waits for room behind a slow one; at half its speed, should somebody have slowed it down
 * at the machine.  A long command may say nothing for minutes.  A question is answered at once. */
int64_t pipe_quiet_until_us(const struct pipe *pipe)
{
	const struct window_entry *head = window_head(&pipe->window);
	bool plain = false, slow = false;
	int64_t since, slowest_us;

	for (size_t i = 0; i < pipe->window.count; i++) {
		const struct window_entry *entry = window_at(&pipe->window, i);

		plain = plain || entry->number > PIPE_BARRIER;
		slow = slow || entry->slow;
	}
	if (!plain)
		return 0;
	since = head->sent_us > pipe->last_receive_us ? head->sent_us : pipe->last_receive_us;
	slowest_us = pipe->slowest_us > pipe->slowest_before_us ? pipe->slowest_us
								: pipe->slowest_before_us;
	return since + (slow ? PIPE_WORKING_US : 2 * slowest_us);
}

/* When a missing acknowledgement has to be looked into: once, then now and then. */
int64_t pipe_probe_us(const struct pipe *pipe)
{
	const struct window_entry *head = window_head(&pipe->window);
	int64_t since;

	if (!head || pipe->phase < PIPE_READY || pipe->phase == PIPE_FAULTED)
		return DRIVER_NEVER;
	if (window_find(&pipe->window, PIPE_BARRIER) < pipe->window.count)
		return pipe->barrier_us + PIPE_AGAIN_US;
	since = head->sent_us > pipe->last_ack_us ? head->sent_us : pipe->last_ack_us;
	return since + (head->slow ? PIPE_PROBE_SLOW_US : PIPE_PROBE_US);
}

bool pipe_probe(struct pipe *pipe)
{
	if (pipe->now_us < pipe_probe_us(pipe) || pipe->window.count >= WINDOW_ENTRIES_MAX)
		return false;
	pipe->counters.probes++;
	pipe_send_barrier(pipe);
	return true;
}
