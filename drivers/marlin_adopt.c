/* Going on with a print that was cut off from us (serial-protocols.md 14.7, 14.11, S7).
 *
 * The printer's line counter survives whatever happens to us; the lines come back from the progress
 * page and the file.  So at connecting nothing is numbered anew (M110 would destroy the counter):
 * after M115 the ordinary way back from a doubt runs, barrier and far number, and what the printer
 * asks for is replayed.
 *
 * It is no way back when the board has restarted (a banner, a counter at its start), when a heater
 * that must be on is off, or when the counter names a line that cannot be: then the print ends with
 * these words. */
#include "drivers/marlin.h"

#include "drivers/marlin_private.h"

#include <string.h>

enum { READING_TRIES_MAX = 4 };

static struct marlin *of(struct driver *driver)
{
	return (struct marlin *)driver;
}

static void adopt_save(const struct driver *driver, struct driver_saved *saved)
{
	const struct marlin *m = (const struct marlin *)driver;

	saved->modal = m->modal;
	saved->tools_seen = m->tools_seen;
}

/* ---- the lines, from the page and the file ---- */

static double active_hotend(const struct modal *modal)
{
	return modal->tool >= 0 && modal->tool < MODAL_TOOLS_MAX
		       ? modal->hotend_celsius[modal->tool]
		       : 0;
}

/* A target may be that of any state between the last command known to be taken and the last one
 * sent: the lowest is what must be on at least. */
static void note_targets(struct marlin *m, bool certain)
{
	struct marlin_adopt *a = &m->adopt;
	double hotend = active_hotend(&m->modal), bed = m->modal.bed_celsius;

	if (certain || hotend < a->hotend_celsius)
		a->hotend_celsius = hotend;
	if (certain || bed < a->bed_celsius)
		a->bed_celsius = bed;
}

static void adopt_begin(
	struct driver *driver, const struct driver_saved *saved, int64_t acknowledged)
{
	struct marlin *m = of(driver);

	m->adopt = (struct marlin_adopt){
		.acknowledged = acknowledged, .floor = -1, .before_renumber = -1, .last_index = -1
	};
	m->modal = saved->modal;
	m->tools_seen = saved->tools_seen;
	m->renumber_pending = false;
	history_restart(&m->history, 0);
	note_targets(m, true);
}

static void take_command(struct marlin *m, int64_t index, const char *text, size_t length)
{
	modal_apply(&m->modal, text, length);
	if (m->modal.tool >= 0 && m->modal.tool < MARLIN_TOOLS_MAX)
		m->tools_seen |= 1u << m->modal.tool;
	note_targets(m, index < m->adopt.acknowledged);
	m->adopt.last_index = index;
}

static void take_number(
	struct marlin *m, int64_t number, int64_t index, const char *text, size_t length)
{
	struct history_line *line;

	m->adopt.before_renumber = -1;
	m->renumber_pending = false;
	if (reply_starts_with(text, length, "M110")) {
		m->adopt.before_renumber = m->history.next;
		m->renumber_pending = true;
		m->adopt.floor = -1;
	}
	if (number != m->history.next)
		history_restart(&m->history, number);
	line = marlin_keep_line(m, text, length, index);
	if (!line)
		history_restart(&m->history, number + 1);
	else
		marlin_note_position(m, line);
}

static void adopt_line(struct driver *driver, enum driver_line line, int64_t number, int64_t index,
	const char *text, size_t length)
{
	struct marlin *m = of(driver);
	struct marlin_adopt *a = &m->adopt;

	a->ends = a->ends || line == DRIVER_LINE_END;
	a->moved = line == DRIVER_LINE_PAUSE || line == DRIVER_LINE_RESUME ||
		   line == DRIVER_LINE_OTHER || (a->moved && line == DRIVER_LINE_NEUTRAL);
	if (text && line == DRIVER_LINE_COMMAND)
		take_command(m, index, text, length);
	else if (index > a->last_index)
		a->last_index = index;
	if (number < 0)
		return;
	if (text)
		take_number(m, number, index, text, length);
	else
		history_restart(&m->history, number + 1);
	if (line == DRIVER_LINE_COMMAND && index == a->acknowledged - 1)
		a->floor = number;
}

/* ---- connecting ---- */

static void adopt_opened(struct driver *driver, int64_t now_us, enum driver_adoption how,
	struct driver_effects *effects)
{
	struct marlin *m = of(driver);
	bool renumber_pending = m->renumber_pending;

	marlin_call_begin(m, now_us, effects);
	marlin_opened_afresh(m);
	m->renumber_pending = renumber_pending;
	m->adopt.active = m->job = true;
	m->adopt.how = how;
	m->adopt.tries = 0;
	m->next_index = m->adopt.last_index + 1;
	m->confirmed_index = m->told_index = m->adopt.acknowledged - 1;
	m->counters.commands_answered = m->next_index;
	m->parked = m->modal;
	marlin_job_reset_counts(m);
	marlin_connect_begin(m);
	marlin_call_end(m);
}

void marlin_adopt_erase(struct marlin *m)
{
	char erase[FRAME_BYTES_MAX];

	if (!m->variant->keeps_half_lines)
		return;
	memset(erase, '\b', sizeof(erase));
	marlin_write_raw(m, erase, sizeof(erase));
}

static bool is_active_tool(const struct marlin *m, const char *name)
{
	int tool = m->modal.tool >= 0 ? m->modal.tool : 0;

	return name[0] == 'T' && (name[1] == '\0' || name[1] - '0' == tool);
}

static const char *cold_words(const struct marlin *m)
{
	const struct marlin_adopt *a = &m->adopt;

	if (a->ends)
		return NULL;
	for (size_t i = 0; i < m->heaters.count; i++) {
		const struct driver_heater *heater = &m->heaters.heater[i];

		if (heater->target_celsius > 0 || heater->target_unsaid)
			continue;
		if (heater->name[0] == 'B' && a->bed_celsius > 0)
			return "the bed was switched off meanwhile";
		/* While paused the nozzle may be off. */
		if (is_active_tool(m, heater->name) && a->hotend_celsius > 0 && !a->moved)
			return "the hot end was switched off meanwhile";
	}
	return NULL;
}

/* True: the heaters are as they must be. Asks first; its answer, or a report, brings us back. */
bool marlin_adopt_is_warm(struct marlin *m)
{
	const char *words;

	if (m->heaters.time_us == 0) {
		if (++m->adopt.tries > READING_TRIES_MAX) {
			marlin_fault(m, DRIVER_FAULT_NO_ANSWER,
				"the printer does not tell its temperatures");
			return false;
		}
		marlin_write_raw(m, "M105\n", 5);
		m->deadline_us = m->now_us + MARLIN_IDENTIFY_US;
		return false;
	}
	words = cold_words(m);
	if (words)
		marlin_fault(m, DRIVER_FAULT_STOPPED, words);
	return words == NULL;
}

/* `wanted` is what the printer takes next.  False: that cannot be; asked again, or faulted. */
bool marlin_adopt_agrees(struct marlin *m, int64_t wanted)
{
	const struct marlin_adopt *a = &m->adopt;

	if (!a->active)
		return true;
	if (m->renumber_pending && a->before_renumber >= 0 && wanted == a->before_renumber) {
		/* M110 was lost on its way: everything before it had been taken. */
		m->renumber_pending = false;
		history_restart(&m->history, wanted);
		return true;
	}
	if (m->renumber_pending && wanted == m->history.next)
		return true;
	return !m->renumber_pending && wanted > a->floor &&
	       (wanted == m->history.next || history_find(&m->history, wanted));
}

/* The task is done: the counter has been read and everything after it was sent again. */
void marlin_adopt_done(struct marlin *m)
{
	struct driver_effect *effect = effects_add(m->effects, DRIVER_ADOPTED);
	bool paused = m->adopt.how != DRIVER_ADOPT_PRINTING;

	if (effect) {
		effect->index = m->confirmed_index;
		effect->line_number = m->history.next - 1;
	}
	m->adopt.active = false;
	m->want_resume = m->adopt.how == DRIVER_ADOPT_RESUMING;
	marlin_attention_over(m);
	marlin_set_phase(m, paused ? MARLIN_PAUSED : MARLIN_PRINTING);
}

const struct driver_adopter marlin_adopter = {
	.save = adopt_save,
	.begin = adopt_begin,
	.line = adopt_line,
	.opened = adopt_opened,
};
