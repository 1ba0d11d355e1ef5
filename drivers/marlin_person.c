/* What a printer wants from people: waits for a person (M0, M600, run-out), and the host actions of
 * its panel (serial-protocols.md 3.12). */
#include "drivers/marlin.h"
#include "drivers/marlin_private.h"
#include "drivers/report.h"

#include <stdio.h> /* snprintf */
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

bool marlin_waits_at_panel(const struct driver *driver)
{
	const struct marlin *m = (const struct marlin *)driver;

	return m->job && m->attention && m->window.count > 0 && !m->variant->break_line &&
	       !m->want_pause && m->phase == MARLIN_PRINTING;
}

void marlin_answer_prompt(struct marlin *m, const char *text, size_t length)
{
	char line[16];

	if ((int32_t)m->window.count >= m->variant->queue_lines)
		return;
	memcpy(line, text, length);
	line[length] = '\0';
	marlin_take_back(m);
	marlin_send_unnumbered(m, line, WINDOW_PLAIN);
	m->prompt_open = false;
}

static void on_paused_by_firmware(struct marlin *m)
{
	if (!m->job)
		return;
	if (!m->hold)
		m->hold_us = m->now_us;
	m->hold = true;
	marlin_attention(m, "the printer has paused itself");
}

static void on_resumed_by_firmware(struct marlin *m)
{
	if (m->hold) {
		m->hold = false;
		m->unread_until_us = m->now_us + MARLIN_UNREAD_US;
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
	m->hold_us = 0;
	m->hold = true;
	marlin_remember_words(m, text, sizeof(text) - 1);
	marlin_attention(m, text);
}

/* Counted in their order, from 0: the answer is "M876 S<i>". */
static void add_button(struct marlin *m, const char *text, size_t length)
{
	char label[40];
	size_t used = strlen(m->words);

	report_escape(text, length, label, sizeof(label));
	snprintf(m->words + used, sizeof(m->words) - used, " [M876 S%d: %s]", m->prompt_buttons++,
		label);
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
		if (length > 13)
			marlin_remember_words(m, text + 13, length - 13);
		m->prompt_buttons = 0;
	} else if (is_word(text, length, "prompt_button")) {
		if (length > 14)
			add_button(m, text + 14, length - 14);
	} else if (is_word(text, length, "prompt_show")) {
		m->attention = false; /* the words are new */
		marlin_attention(m, "the printer asks something at its panel");
		m->prompt_open = m->attention;
	} else if (is_word(text, length, "prompt_end")) {
		/* Also at boot, and before every prompt_begin. */
		if (m->prompt_open)
			marlin_attention_over(m);
		m->prompt_open = false;
	} else if (is_word(text, length, "filament_runout") ||
		   is_word(text, length, "out_of_filament")) {
		marlin_remember_words(m, text, length);
	} else if (is_word(text, length, "poweroff")) {
		marlin_fault(m, DRIVER_FAULT_KILLED, "the printer has switched itself off");
	}
}
