/* What a printer wants from people: waits for a person (M0, M600, run-out), and the host actions of
 * its panel (serial-protocols.md 3.12). */
#include "drivers/marlin_private.h"
#include "drivers/report.h"

#include <string.h>

void marlin_remember_words(struct marlin *m, const char *text, size_t length)
{
	/* The firmware's talk while it boots or changes settings is no message to a person. */
	if (length > 0)
		report_escape(text, length, m->words, sizeof(m->words));
}

void marlin_attention(struct marlin *m, const char *fallback)
{
	const char *text = m->words[0] != '\0' ? m->words : fallback;

	if (m->attention || !m->job)
		return;
	m->attention = true;
	effects_text(m->effects, DRIVER_ATTENTION, text, strlen(text));
	m->words[0] = '\0';
}

void marlin_attention_over(struct marlin *m)
{
	m->words[0] = '\0';
	if (!m->attention)
		return;
	m->attention = false;
	effects_add(m->effects, DRIVER_ATTENTION_OVER);
}

static void on_paused_by_firmware(struct marlin *m)
{
	if (!m->job)
		return;
	m->hold = true;
	marlin_attention(m, "the printer has paused itself");
}

static void on_resumed_by_firmware(struct marlin *m)
{
	if (m->hold) {
		m->hold = false;
		marlin_attention_over(m);
	} else if (m->phase == MARLIN_PAUSED) {
		m->want_resume = true;
	}
}

/* Two would feed one queue.  Nothing moves the head meanwhile: the other print does. */
void marlin_on_card_print(struct marlin *m)
{
	static const char text[] = "a print from the printer's own card was started at its panel";

	if (!m->job || m->hold)
		return;
	m->hold = true;
	marlin_remember_words(m, text, sizeof(text) - 1);
	marlin_attention(m, text);
}

static bool is_word(const char *text, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	return reply_starts_with(text, length, word) &&
	       (length == word_length || text[word_length] == ' ');
}

void marlin_on_action(struct marlin *m, const struct reply *reply)
{
	const char *text = reply->text;
	size_t length = reply->text_length;

	if (is_word(text, length, "pause")) {
		if (m->phase == MARLIN_PRINTING)
			m->want_pause = true;
	} else if (is_word(text, length, "paused")) {
		marlin_remember_words(m, text, length);
		on_paused_by_firmware(m);
	} else if (is_word(text, length, "resume") || is_word(text, length, "resumed")) {
		on_resumed_by_firmware(m);
	} else if (is_word(text, length, "cancel")) {
		m->want_cancel = m->job;
		m->break_us = m->now_us;
		m->break_tries = 0;
	} else if (is_word(text, length, "prompt_begin")) {
		marlin_remember_words(m, text + 12, length - 12);
	} else if (is_word(text, length, "filament_runout") ||
		   is_word(text, length, "out_of_filament")) {
		marlin_remember_words(m, text, length);
	} else if (is_word(text, length, "poweroff")) {
		marlin_fault(m, DRIVER_FAULT_KILLED, "the printer has switched itself off");
	}
}
