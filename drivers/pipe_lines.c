/* What the lines of a printer behind a pipe mean, whatever its dialect: acknowledgements, errors,
 * barriers, readings, what it wants from people. */
#include "drivers/pipe.h"
#include "drivers/reply.h"
#include "drivers/report.h"

#include <stdio.h> /* snprintf, of words only */
#include <string.h>

enum { UNKNOWN_TOLD_MAX = 10 };

/* ---- acknowledgements ---- */

static void acknowledged(struct pipe *pipe, const struct window_entry *entry)
{
	pipe->last_ack_us = pipe->now_us;
	if (entry->slow)
		pipe->waits_for_heat = false;
	if (entry->number < 0 || !pipe->job)
		return;
	pipe->counters.lines_acknowledged++;
	pipe->acknowledged = entry->number;
}

/* Executed in the order in which they were sent, so what is before an answered line is done with.
 */
static void write_off(struct pipe *pipe, size_t count)
{
	for (; count > 0; count--) {
		struct window_entry entry = window_pop(&pipe->window);

		pipe->counters.lost_acknowledgements += pipe->phase >= PIPE_READY;
		acknowledged(pipe, &entry);
	}
}

static size_t find_reading(const struct pipe *pipe)
{
	size_t at = 0;

	while (at < pipe->window.count &&
		window_at(&pipe->window, at)->answer != WINDOW_TEMPERATURE)
		at++;
	return at;
}

/* Left over from somebody else, or doubled: nothing is banked on it. */
static bool is_surplus(const struct pipe *pipe, bool temperatures)
{
	const struct window_entry *head = window_head(&pipe->window);

	if (!head)
		return true;
	if (pipe->phase == PIPE_CONNECTING && !pipe->identity_seen && head->number != PIPE_BARRIER)
		return true;
	if (head->number == PIPE_BARRIER && !pipe->nonce_seen)
		return true;
	return temperatures ? find_reading(pipe) == pipe->window.count
			    : head->answer == WINDOW_TEMPERATURE;
}

void pipe_on_ok(struct pipe *pipe, bool temperatures)
{
	struct window_entry entry;

	if (is_surplus(pipe, temperatures)) {
		pipe->counters.surplus_acknowledgements += pipe->phase >= PIPE_READY;
		return;
	}
	if (temperatures)
		write_off(pipe, find_reading(pipe));
	entry = window_pop(&pipe->window);
	acknowledged(pipe, &entry);
	if (pipe->attention && !pipe->hold && entry.alone)
		pipe_attention_over(pipe);
}

bool pipe_is_command(const struct pipe *pipe)
{
	const struct window_entry *head = window_head(&pipe->window);

	return head && head->number >= 0 && pipe->job;
}

static bool contains(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	for (size_t i = 0; i + size <= length; i++)
		if (memcmp(text + i, word, size) == 0)
			return true;
	return false;
}

/* Everything before the barrier was executed: what is not acknowledged by now never will be. */
bool pipe_on_nonce(struct pipe *pipe, const char *text, size_t length)
{
	size_t at = window_find(&pipe->window, PIPE_BARRIER);

	if (at == pipe->window.count || !contains(text, length, pipe->nonce))
		return false;
	write_off(pipe, at);
	pipe->nonce_seen = true;
	return true;
}

/* ---- errors ---- */

static void refused(struct pipe *pipe, const char *what, const char *text, size_t length)
{
	char words[PIPE_WORDS_MAX], sentence[DRIVER_REASON_MAX];

	report_escape(text, length, words, sizeof(words));
	snprintf(sentence, sizeof(sentence), "%s%s", what, words);
	pipe_fault(pipe, DRIVER_FAULT_COMMAND, sentence);
}

void pipe_on_error(struct pipe *pipe, const char *text, size_t length)
{
	pipe->counters.line_errors++;
	/* Without its lift the head must not go anywhere. */
	pipe->stay = pipe->stay || pipe->task != PIPE_TASK_NONE;
	if (pipe->task == PIPE_TASK_RESUME)
		refused(pipe, "refused while resuming: ", text, length);
	else if (pipe_is_command(pipe))
		refused(pipe, "the printer refused a command of the file: ", text, length);
	else
		effects_text(pipe->effects, DRIVER_SAID, text, length);
}

void pipe_on_unknown(struct pipe *pipe, const char *text, size_t length)
{
	pipe->counters.unknown_commands++;
	if (pipe->unknown_told++ < UNKNOWN_TOLD_MAX)
		effects_text(pipe->effects, DRIVER_SAID, text, length);
}

/* ---- readings ---- */

void pipe_new_heaters(struct pipe *pipe)
{
	pipe->heaters.time_us = pipe->now_us;
	effects_add(pipe->effects, DRIVER_HEATERS);
	pipe_fault_cool_reading(pipe);
}

bool pipe_on_temperatures(struct pipe *pipe, const char *text, size_t length)
{
	if (!report_is_temperature(text, length) ||
		!report_temperatures(text, length, &pipe->heaters))
		return false;
	pipe_new_heaters(pipe);
	return true;
}

/* ---- people ---- */

void pipe_remember(struct pipe *pipe, const char *text, size_t length)
{
	if (length > 0)
		report_escape(text, length, pipe->words, sizeof(pipe->words));
}

void pipe_attention(struct pipe *pipe, const char *fallback)
{
	const char *text = pipe->words[0] != '\0' ? pipe->words : fallback;

	if (pipe->attention || !pipe->job)
		return;
	pipe->attention = true;
	effects_text(pipe->effects, DRIVER_ATTENTION, text, strlen(text));
	pipe->words[0] = '\0';
}

void pipe_attention_over(struct pipe *pipe)
{
	pipe->words[0] = '\0';
	if (!pipe->attention)
		return;
	pipe->attention = false;
	effects_add(pipe->effects, DRIVER_ATTENTION_OVER);
}

void pipe_by_hand(struct pipe *pipe, bool by_hand, const char *text)
{
	if (pipe->by_hand == by_hand)
		return;
	pipe->by_hand = by_hand;
	if (by_hand)
		effects_text(pipe->effects, DRIVER_BY_HAND, text, strlen(text));
	else
		effects_add(pipe->effects, DRIVER_BY_HAND_OVER);
}

static void resumed(struct pipe *pipe)
{
	if (pipe->hold) {
		pipe->hold = pipe->want_release = false;
		pipe_attention_over(pipe);
	} else if (pipe->phase == PIPE_PAUSED) {
		pipe->want_resume = true;
	}
}

static bool is_word(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	return reply_starts_with(text, length, word) && (length == size || text[size] == ' ');
}

void pipe_on_action(struct pipe *pipe, const char *text, size_t length)
{
	if (!pipe->job)
		return;
	if (is_word(text, length, "pause")) {
		pipe->want_pause = pipe->phase == PIPE_PRINTING;
	} else if (is_word(text, length, "paused")) {
		pipe->hold = true;
		pipe_attention(pipe, "the printer has paused itself");
	} else if (is_word(text, length, "resume") || is_word(text, length, "resumed")) {
		resumed(pipe);
	} else if (is_word(text, length, "cancel")) {
		pipe->want_cancel = true;
		pipe->cancel_us = pipe->now_us;
	} else if (is_word(text, length, "prompt_begin")) {
		pipe_remember(pipe, text + 12, length - 12);
	}
}
