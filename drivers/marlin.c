/* The Marlin dialect's outside: its slots in driver.h, faults and the one timer.  See
 * marlin_private.h for how the parts fit together. */
#include "drivers/marlin.h"

#include "drivers/marlin_private.h"
#include "drivers/report.h"

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* calloc, free */
#include <string.h>

static struct marlin *of(struct driver *driver)
{
	return (struct marlin *)driver;
}

static const struct marlin *of_const(const struct driver *driver)
{
	return (const struct marlin *)driver;
}

struct driver *marlin_create_of(
	const struct driver_settings *settings, const struct marlin_family *family)
{
	struct marlin *m = calloc(1, sizeof(*m));

	if (!m)
		return NULL;
	m->settings = *settings;
	m->family = family;
	m->variant = family->unknown;
	random_init(&m->random, settings->seed);
	m->lines = 1;
	m->pending = MARLIN_NOTHING_PENDING;
	m->phase = MARLIN_CLOSED;
	m->told_state = DRIVER_CLOSED;
	m->told_wake_us = DRIVER_NEVER;
	modal_init(&m->modal);
	return (struct driver *)m;
}

struct driver *marlin_create(const struct driver_settings *settings)
{
	return marlin_create_of(settings, &marlin_family);
}

void marlin_destroy(struct driver *driver)
{
	free(driver);
}

void marlin_link(struct driver *driver, enum driver_link link)
{
	of(driver)->link = link;
}

/* ---- state ---- */

static enum driver_state phase_state(const struct marlin *m)
{
	switch (m->phase) {
	case MARLIN_CLOSED:
		return DRIVER_CLOSED;
	case MARLIN_BOOT:
	case MARLIN_HELLO:
		return DRIVER_OPENING;
	case MARLIN_IDENTIFY:
		return DRIVER_IDENTIFYING;
	case MARLIN_SETUP:
		return DRIVER_SYNCING;
	case MARLIN_READY:
		return DRIVER_READY;
	case MARLIN_PRINTING:
		return m->want_cancel || m->want_pause || m->ended ||
				       m->task == MARLIN_TASK_PAUSE || m->task == MARLIN_TASK_CANCEL
			       ? DRIVER_DRAINING
			       : DRIVER_STREAMING;
	case MARLIN_PAUSED:
		return m->want_cancel || m->task == MARLIN_TASK_CANCEL ? DRIVER_DRAINING
								       : DRIVER_PAUSED;
	case MARLIN_FAULTED:
		return DRIVER_FAULT;
	}
	return DRIVER_CLOSED;
}

static enum driver_state sync_state(const struct marlin *m)
{
	bool error = m->sync.cause == MARLIN_CAUSE_LINE_ERROR;

	switch (m->sync.step) {
	case MARLIN_SYNC_CLEAR:
		break;
	case MARLIN_SYNC_QUIET:
	case MARLIN_SYNC_FLUSH:
		return error ? DRIVER_RESYNCING : DRIVER_PROBING;
	case MARLIN_SYNC_BARRIER:
		return error ? DRIVER_BARRIER : DRIVER_PROBING;
	case MARLIN_SYNC_COUNTER:
	case MARLIN_SYNC_POSITION:
		return DRIVER_PROBING;
	case MARLIN_SYNC_REPLAY:
		return DRIVER_REPLAYING;
	case MARLIN_SYNC_PACK:
		break;
	}
	return phase_state(m);
}

enum driver_state marlin_state(const struct driver *driver)
{
	const struct marlin *m = of_const(driver);

	if (m->phase < MARLIN_READY || m->phase == MARLIN_FAULTED || marlin_is_clear(m) ||
		(m->sync.cause == MARLIN_CAUSE_VERIFY && m->sync.step != MARLIN_SYNC_REPLAY))
		return phase_state(m);
	return sync_state(m);
}

const struct driver_identity *marlin_identity(const struct driver *driver)
{
	return &of_const(driver)->identity;
}

const struct driver_heaters *marlin_heaters(const struct driver *driver)
{
	return &of_const(driver)->heaters;
}

const struct driver_counters *marlin_counters(const struct driver *driver)
{
	return &of_const(driver)->counters;
}

void marlin_set_phase(struct marlin *m, enum marlin_phase phase)
{
	m->phase = phase;
	m->phase_us = m->now_us;
}

bool marlin_is_hot(const struct marlin *m)
{
	for (size_t i = 0; i < m->heaters.count; i++) {
		if (m->heaters.heater[i].target_celsius > 0 ||
			m->heaters.heater[i].celsius >= MARLIN_HOT_CELSIUS)
			return true;
	}
	if (!m->job)
		return false;
	for (size_t i = 0; i < MODAL_TOOLS_MAX; i++) {
		if (m->modal.hotend_celsius[i] > 0)
			return true;
	}
	return m->modal.bed_celsius > 0;
}

/* ---- faults ---- */

void marlin_drop_everything(struct marlin *m)
{
	marlin_task_drop(m);
	marlin_sync_reset(m);
	window_clear(&m->window);
	m->pending = MARLIN_NOTHING_PENDING;
	m->staged_length = 0;
	m->manual_length = 0;
	m->job = m->ended = m->hold = m->adopt.active = false;
	m->want_pause = m->want_resume = m->want_cancel = m->want_arm = false;
	m->break_us = DRIVER_NEVER;
	m->renumber_pending = false;
}

static bool can_still_hear(enum driver_fault fault)
{
	switch (fault) {
	case DRIVER_FAULT_NONE:
	case DRIVER_FAULT_NO_ANSWER:
	case DRIVER_FAULT_RESET:
	case DRIVER_FAULT_THERMAL:
	case DRIVER_FAULT_KILLED:
	case DRIVER_FAULT_ESTOP:
	case DRIVER_FAULT_DIALECT:
		return false;
	case DRIVER_FAULT_SILENT:
	case DRIVER_FAULT_RESENDS:
	case DRIVER_FAULT_SURPLUS_OK:
	case DRIVER_FAULT_PROTOCOL:
	case DRIVER_FAULT_STOPPED:
	case DRIVER_FAULT_COMMAND:
		return true;
	}
	return false;
}

void marlin_fault(struct marlin *m, enum driver_fault fault, const char *text)
{
	bool job = m->job, connected = m->phase >= MARLIN_SETUP;

	if (m->phase == MARLIN_FAULTED || m->phase == MARLIN_CLOSED)
		return;
	marlin_report_acknowledged(m);
	marlin_attention_over(m);
	marlin_pack_stop(m);
	marlin_drop_everything(m);
	m->cool_asked = m->want_cool;
	m->want_cool = false;
	if (fault == DRIVER_FAULT_RESET)
		marlin_connect_reset(m);
	else
		marlin_set_phase(m, MARLIN_FAULTED);
	if (job)
		effects_fault(m->effects, DRIVER_JOB_FAULT, fault, text);
	if (fault != DRIVER_FAULT_RESET && (!job || fault == DRIVER_FAULT_SILENT))
		effects_fault(m->effects, DRIVER_LINK_FAULT, fault, text);
	m->cool_us = DRIVER_NEVER;
	if (connected && can_still_hear(fault))
		marlin_fault_cool_begin(m);
}

/* serial-protocols.md 3.7 and 14.13 rule 9: the first line end closes what may be under way, the
 * refusal of a damaged line eats what follows it, and the second M112 stands far enough behind. */
static void write_emergency(struct marlin *m)
{
	static const char stop[] = "\nM112\n";
	char erase[FRAME_BYTES_MAX];

	marlin_pack_stop(m);
	if (m->variant->stop) {
		marlin_write_raw(m, m->variant->stop, strlen(m->variant->stop));
		return;
	}
	memset(erase, '\b', sizeof(erase));
	marlin_write_raw(m, stop, sizeof(stop) - 1);
	marlin_write_raw(m, erase, sizeof(erase));
	marlin_write_raw(m, stop, sizeof(stop) - 1);
}

static void emergency(struct marlin *m, enum driver_fault fault, const char *text)
{
	write_emergency(m);
	if (m->settings.can_reset_line)
		effects_add(m->effects, DRIVER_RESET_LINE);
	marlin_fault(m, fault, text);
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

bool marlin_may_be_silent(const struct driver *driver)
{
	const struct marlin *m = of_const(driver);

	return m->variant->silent && !m->busy_seen && m->window.count > 0;
}

/* When silence becomes an emergency (14.12): 10 s without any byte while hot.  A busy line extends
 * it for commands that say nothing while they work; a wait for heat reports every second.  Firmware
 * that knows no busy lines is given longer while something is un-answered. */
static int64_t silence_us(const struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);

	if (m->phase < MARLIN_READY || m->phase == MARLIN_FAULTED || !marlin_is_hot(m))
		return DRIVER_NEVER;
	if (marlin_may_be_silent((const struct driver *)m))
		return m->last_receive_us + (head->slow ? MARLIN_MUTE_SLOW_US : MARLIN_MUTE_US);
	if (head && head->slow && m->last_busy_us > head->sent_us &&
		m->heaters.time_us < head->sent_us)
		return m->last_receive_us + MARLIN_COLD_SILENCE_US;
	return m->last_receive_us + MARLIN_HOT_SILENCE_US;
}

bool marlin_may_leave_unread(const struct marlin *m)
{
	return m->variant->unread_in_pause && (m->hold || m->now_us < m->unread_until_us);
}

/* When a missing acknowledgement has to be looked into. */
static int64_t stall_us(const struct marlin *m)
{
	const struct window_entry *head = window_head(&m->window);
	int64_t since;

	if (!head)
		return DRIVER_NEVER;
	if (marlin_may_leave_unread(m))
		return m->hold ? DRIVER_NEVER : m->unread_until_us;
	since = later(later(head->sent_us, m->last_ack_us), m->last_busy_us);
	if (head->slow)
		return since + MARLIN_ACK_SLOW_US;
	if (head->answer == WINDOW_TEMPERATURE && m->window.count == 1)
		return since + MARLIN_SUSPECT_US * 3;
	return earlier(since + (m->busy_seen ? MARLIN_ACK_BUSY_US : MARLIN_ACK_US), m->suspect_us);
}

static bool guard(struct marlin *m)
{
	if (m->now_us >= silence_us(m)) {
		char text[64];

		snprintf(text, sizeof(text), "no byte for %lld s while hot",
			(long long)((m->now_us - m->last_receive_us) / MARLIN_S(1)));

		if (m->job)
			emergency(m, DRIVER_FAULT_SILENT, text);
		else
			marlin_fault(m, DRIVER_FAULT_SILENT, text);
		return true;
	}
	if ((marlin_is_clear(m) || m->sync.step == MARLIN_SYNC_REPLAY) &&
		m->now_us >= stall_us(m)) {
		marlin_sync_begin(m, MARLIN_CAUSE_STALL);
		return true;
	}
	return false;
}

/* One thing that is due; false when nothing is. */
static bool advance_once(struct marlin *m)
{
	switch (m->phase) {
	case MARLIN_CLOSED:
		return false;
	case MARLIN_BOOT:
	case MARLIN_HELLO:
	case MARLIN_IDENTIFY:
		return marlin_connect_advance(m);
	case MARLIN_FAULTED:
		return marlin_fault_cool_advance(m);
	case MARLIN_SETUP:
	case MARLIN_READY:
	case MARLIN_PRINTING:
	case MARLIN_PAUSED:
		break;
	}
	/* What time makes due was told as a wish to be woken. */
	if (m->now_us >= m->told_wake_us) {
		if (guard(m))
			return true;
		marlin_query(m);
	}
	if (!marlin_is_clear(m))
		return marlin_sync_advance(m);
	marlin_release(m);
	/* Questions first: a command is staged nearly always. */
	marlin_poll(m);
	/* Either may find a reason for doubt. */
	if (!marlin_is_clear(m))
		return true;
	marlin_flush_staged(m);
	return marlin_task_advance(m);
}

static int64_t wake_us(const struct marlin *m)
{
	int64_t wake;

	switch (m->phase) {
	case MARLIN_CLOSED:
		return DRIVER_NEVER;
	case MARLIN_BOOT:
	case MARLIN_HELLO:
	case MARLIN_IDENTIFY:
		return m->deadline_us;
	case MARLIN_FAULTED:
		return m->cool_us;
	case MARLIN_SETUP:
	case MARLIN_READY:
	case MARLIN_PRINTING:
	case MARLIN_PAUSED:
		break;
	}
	wake = earlier(silence_us(m), marlin_query_wake(m));
	if (marlin_is_clear(m) || m->sync.step == MARLIN_SYNC_REPLAY)
		wake = earlier(wake, stall_us(m));
	if (!marlin_is_clear(m))
		return earlier(wake, marlin_sync_wake(m));
	return earlier(earlier(wake, marlin_poll_wake(m)), marlin_task_wake(m));
}

void marlin_call_begin(struct marlin *m, int64_t now_us, struct driver_effects *effects)
{
	m->now_us = now_us;
	m->effects = effects;
}

/* What is due is done once per call, after everything that was received is understood.  So a line
 * sent here can never be taken for acknowledged by an ok that came with the one before it: a
 * doubled ok in one piece finds an empty window. */
void marlin_call_end(struct marlin *m)
{
	struct driver_effect *effect;
	enum driver_state state;
	int64_t wake;

	for (int i = 0; i < 8 && advance_once(m); i++)
		;
	marlin_report_acknowledged(m);
	state = marlin_state((const struct driver *)m);
	if (state != m->told_state) {
		effect = effects_add(m->effects, DRIVER_STATE);
		if (effect) {
			effect->state = state;
			m->told_state = state;
		}
	}
	/* A later wish need not be told: being woken early does no harm. */
	wake = later(wake_us(m), m->now_us + MARLIN_MS(1));
	if (wake < m->told_wake_us || m->told_wake_us <= m->now_us) {
		effect = effects_add(m->effects, DRIVER_WAKE_AT);
		if (effect) {
			effect->time_us = wake;
			m->told_wake_us = wake;
		}
	}
	m->effects = NULL;
}

/* ---- slots ---- */

void marlin_opened_afresh(struct marlin *m)
{
	marlin_drop_everything(m);
	m->want_cool = m->cool_asked = false;
	m->attention = false;
	m->told_wake_us = DRIVER_NEVER;
}

void marlin_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	marlin_call_begin(m, now_us, effects);
	marlin_opened_afresh(m);
	marlin_connect_begin(m);
	marlin_call_end(m);
}

void marlin_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	marlin_call_begin(m, now_us, effects);
	marlin_report_acknowledged(m);
	marlin_attention_over(m);
	marlin_drop_everything(m);
	m->want_cool = m->cool_asked = false;
	marlin_set_phase(m, MARLIN_CLOSED);
	m->heaters = (struct driver_heaters){ .time_us = 0 };
	marlin_call_end(m);
}

/* NULs and bytes of 0x80 and above among the first ones mean a wrong baud rate (2.2). */
static void judge_baud(struct marlin *m, const char *bytes, size_t length)
{
	enum { ENOUGH = 200 };

	for (size_t i = 0; i < length && m->bytes_seen < ENOUGH; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		/* Ours: what is written to erase half a line is echoed as an unknown command. */
		if (byte == '\b')
			continue;
		m->bytes_seen++;
		m->bytes_bad += byte >= 0x7f || (byte < ' ' && byte != '\n' && byte != '\r');
	}
	if (m->bytes_seen == ENOUGH && m->bytes_bad > ENOUGH / 4)
		marlin_fault(m, DRIVER_FAULT_DIALECT,
			"unreadable bytes: wrong baud rate, or not a printer");
}

void marlin_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects)
{
	struct marlin *m = of(driver);
	struct reply_line line;

	if (m->phase == MARLIN_CLOSED || length == 0)
		return;
	marlin_call_begin(m, now_us, effects);
	m->last_receive_us = now_us;
	m->heard = true;
	if (m->phase < MARLIN_SETUP)
		judge_baud(m, bytes, length);
	while (reply_reader_next(&m->reader, &bytes, &length, &line))
		marlin_on_line(m, &line);
	marlin_call_end(m);
}

void marlin_wake(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	marlin_call_begin(m, now_us, effects);
	marlin_call_end(m);
}

void marlin_job_reset_counts(struct marlin *m)
{
	marlin_widen_window(m);
	m->same_count = 0;
	m->warned_at = 0;
	m->refused_extrusions = 0;
	for (size_t i = 0; i < MARLIN_ERRORS_MAX; i++)
		m->error_at[i] = INT64_MIN / 2;
}

void marlin_job_start(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (m->phase != MARLIN_READY || m->job)
		return;
	marlin_call_begin(m, now_us, effects);
	m->job = true;
	m->ended = m->hold = false;
	m->want_arm = m->settings.dead_man_s > 0;
	m->stands_by = false;
	m->has_moved = false;
	m->next_index = 0;
	m->confirmed_index = m->told_index = -1;
	m->counters.commands_answered = 0;
	marlin_job_reset_counts(m);
	modal_init(&m->modal);
	m->tools_seen = 1;
	marlin_set_phase(m, MARLIN_PRINTING);
	marlin_call_end(m);
}

bool marlin_wants_command(const struct driver *driver)
{
	const struct marlin *m = of_const(driver);

	/* One ahead of what the window allows, so that it goes out with the answer that makes room.
	 */
	return m->staged_length == 0 && m->phase == MARLIN_PRINTING && marlin_is_clear(m) &&
	       !m->ended && !m->hold && !marlin_task_is_due(m);
}

/* Only texts can hold such bytes. */
static void blank_what_spoils(const char *spoils, char *text, size_t length)
{
	for (size_t i = 0; spoils && i < length; i++)
		if (text[i] != '\0' && strchr(spoils, text[i]))
			text[i] = ' ';
}

void marlin_command(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (!marlin_wants_command(driver))
		return;
	marlin_call_begin(m, now_us, effects);
	if (length == 0 || length > DRIVER_SHORT_MAX) {
		marlin_fault(m, DRIVER_FAULT_COMMAND, "a command that does not fit into a line");
	} else if (reply_starts_with(text, length, "M110")) {
		marlin_fault(m, DRIVER_FAULT_COMMAND,
			"M110 in a file: the line numbers are the driver's");
	} else {
		memcpy(m->staged, text, length);
		blank_what_spoils(m->variant->spoils, m->staged, length);
		m->staged_length = length;
		m->staged_index = m->next_index++;
		/* Nothing is due because of it, as nearly always. */
		if (marlin_staged_waits(m)) {
			m->effects = NULL;
			return;
		}
	}
	marlin_call_end(m);
}

void marlin_job_end(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (!m->job)
		return;
	marlin_call_begin(m, now_us, effects);
	m->ended = true;
	marlin_call_end(m);
}

void marlin_pause(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (!m->job)
		return;
	marlin_call_begin(m, now_us, effects);
	m->want_resume = false;
	if (m->phase == MARLIN_PRINTING)
		m->want_pause = true;
	marlin_call_end(m);
}

void marlin_resume(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (!m->job)
		return;
	marlin_call_begin(m, now_us, effects);
	if (m->want_pause && m->task != MARLIN_TASK_PAUSE)
		m->want_pause = false;
	else if (m->task == MARLIN_TASK_PAUSE || m->phase == MARLIN_PAUSED)
		m->want_resume = true;
	else if (m->attention && m->window.count > 0)
		m->break_us = m->now_us;
	m->break_tries = 0;
	if (m->hold)
		marlin_attention_over(m);
	m->hold = false;
	marlin_call_end(m);
}

void marlin_cancel(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (!m->job || m->want_cancel || m->task == MARLIN_TASK_CANCEL)
		return;
	marlin_call_begin(m, now_us, effects);
	m->want_cancel = true;
	m->want_pause = m->want_resume = false;
	m->break_us = now_us;
	m->break_tries = 0;
	marlin_call_end(m);
}

void marlin_manual(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects)
{
	struct marlin *m = of(driver);
	char frame[FRAME_BYTES_MAX];

	if (m->attention && reply_starts_with(text, length, "M876 S") && length < 16) {
		marlin_call_begin(m, now_us, effects);
		marlin_answer_prompt(m, text, length);
		marlin_call_end(m);
		return;
	}
	if ((m->phase != MARLIN_READY && m->phase != MARLIN_PAUSED) || m->manual_length > 0 ||
		length > DRIVER_SHORT_MAX ||
		frame_write(frame, m->variant->last_number, text, length) == 0)
		return;
	marlin_call_begin(m, now_us, effects);
	memcpy(m->manual, text, length);
	m->manual_length = length;
	marlin_call_end(m);
}

void marlin_cool(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (m->phase == MARLIN_CLOSED)
		return;
	marlin_call_begin(m, now_us, effects);
	if (m->phase == MARLIN_FAULTED) {
		m->cool_asked = true;
		marlin_fault_cool_begin(m);
	} else {
		m->want_cool = true;
	}
	marlin_call_end(m);
}

void marlin_estop(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct marlin *m = of(driver);

	if (m->phase == MARLIN_CLOSED)
		return;
	marlin_call_begin(m, now_us, effects);
	emergency(m, DRIVER_FAULT_ESTOP, "emergency stop");
	marlin_call_end(m);
}
