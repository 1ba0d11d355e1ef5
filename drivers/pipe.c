/* The outside of a pipe's sender: the slots of driver.h, faults and the one timer. */
#include "drivers/pipe.h"

#include "drivers/reply.h"

#include <stdlib.h> /* free */
#include <string.h>

static struct pipe *of(struct driver *driver)
{
	return (struct pipe *)driver;
}

static const struct pipe *of_const(const struct driver *driver)
{
	return (const struct pipe *)driver;
}

void pipe_init(struct pipe *pipe, const struct pipe_dialect *dialect,
	const struct driver_settings *settings)
{
	int32_t lines = settings->window_lines;

	pipe->dialect = dialect;
	pipe->settings = *settings;
	random_init(&pipe->random, settings->seed);
	/* There is no newline to hold back where a line is never refused. */
	if (lines == DRIVER_WINDOW_AUTO || lines == DRIVER_WINDOW_HELD)
		lines = dialect->window_lines;
	pipe->window_lines =
		lines < dialect->window_lines_most ? lines : dialect->window_lines_most;
	pipe->told_wake_us = DRIVER_NEVER;
	pipe->connect_us = pipe->cool_us = DRIVER_NEVER;
	modal_init(&pipe->modal);
}

void pipe_destroy(struct driver *driver)
{
	free(driver);
}

/* ---- state ---- */

enum driver_state pipe_state(const struct driver *driver)
{
	const struct pipe *pipe = of_const(driver);
	bool probing = window_find(&pipe->window, PIPE_BARRIER) < pipe->window.count;

	switch (pipe->phase) {
	case PIPE_CLOSED:
		return DRIVER_CLOSED;
	case PIPE_CONNECTING:
		return pipe->identity_seen ? DRIVER_IDENTIFYING : DRIVER_OPENING;
	case PIPE_READY:
		return DRIVER_READY;
	case PIPE_PRINTING:
		if (pipe->want_cancel || pipe->want_pause || pipe->ended ||
			pipe->task == PIPE_TASK_PAUSE || pipe->task == PIPE_TASK_CANCEL)
			return DRIVER_DRAINING;
		return probing ? DRIVER_PROBING : DRIVER_STREAMING;
	case PIPE_PAUSED:
		return pipe->want_cancel ? DRIVER_DRAINING : DRIVER_PAUSED;
	case PIPE_FAILING:
		return DRIVER_DRAINING;
	case PIPE_FAULTED:
		return DRIVER_FAULT;
	}
	return DRIVER_CLOSED;
}

const struct driver_identity *pipe_identity(const struct driver *driver)
{
	return &of_const(driver)->identity;
}

const struct driver_heaters *pipe_heaters(const struct driver *driver)
{
	return &of_const(driver)->heaters;
}

const struct driver_counters *pipe_counters(const struct driver *driver)
{
	return &of_const(driver)->counters;
}

bool pipe_may_be_silent(const struct driver *driver)
{
	const struct pipe *pipe = of_const(driver);

	return !pipe->dialect->reads(pipe) && pipe->now_us < pipe_quiet_until_us(pipe);
}

bool pipe_is_hot(const struct pipe *pipe)
{
	for (size_t i = 0; i < pipe->heaters.count; i++)
		if (pipe->heaters.heater[i].target_celsius > 0 ||
			pipe->heaters.heater[i].celsius >= 60.0)
			return true;
	return false;
}

/* ---- faults ---- */

static void drop_everything(struct pipe *pipe)
{
	pipe_task_drop(pipe);
	window_clear(&pipe->window);
	pipe->staged_length = 0;
	pipe->manual_length = 0;
	pipe->job = pipe->ended = pipe->hold = false;
	pipe->want_pause = pipe->want_resume = pipe->want_release = pipe->want_cancel = false;
}

static void tell_acknowledged(struct pipe *pipe)
{
	struct driver_effect *effect;

	if (pipe->acknowledged <= pipe->told_index)
		return;
	effect = effects_add(pipe->effects, DRIVER_ACKNOWLEDGED);
	if (effect) {
		effect->index = pipe->acknowledged;
		pipe->told_index = pipe->acknowledged;
		pipe->counters.commands_answered = pipe->acknowledged + 1;
	}
}

/* A refused command leaves the printer as good as it was: it is parked, cooled, and ready. */
static void fail_command(struct pipe *pipe, const char *text)
{
	pipe_task_drop(pipe);
	pipe->staged_length = 0;
	pipe->manual_length = 0;
	pipe->job = pipe->ended = pipe->hold = false;
	pipe->want_pause = pipe->want_resume = pipe->want_release = pipe->want_cancel = false;
	pipe->phase = PIPE_FAILING;
	effects_fault(pipe->effects, DRIVER_JOB_FAULT, DRIVER_FAULT_COMMAND, text);
}

static bool can_still_hear(enum driver_fault fault)
{
	return fault == DRIVER_FAULT_THERMAL || fault == DRIVER_FAULT_SILENT ||
	       fault == DRIVER_FAULT_PROTOCOL || fault == DRIVER_FAULT_STOPPED;
}

void pipe_fault(struct pipe *pipe, enum driver_fault fault, const char *text)
{
	bool job = pipe->job, connected = pipe->phase >= PIPE_READY;

	if (pipe->phase == PIPE_FAULTED || pipe->phase == PIPE_CLOSED)
		return;
	tell_acknowledged(pipe);
	pipe_attention_over(pipe);
	if (job && fault == DRIVER_FAULT_COMMAND) {
		fail_command(pipe, text);
		return;
	}
	drop_everything(pipe);
	pipe->cool_asked = pipe->want_cool;
	pipe->want_cool = false;
	pipe->phase = PIPE_FAULTED;
	if (job)
		effects_fault(pipe->effects, DRIVER_JOB_FAULT, fault, text);
	if (!job || fault == DRIVER_FAULT_SILENT)
		effects_fault(pipe->effects, DRIVER_LINK_FAULT, fault, text);
	pipe->cool_us = DRIVER_NEVER;
	if (connected && can_still_hear(fault))
		pipe_fault_cool_begin(pipe);
}

void pipe_connect_again(struct pipe *pipe, int64_t again_us)
{
	pipe_task_drop(pipe);
	window_clear(&pipe->window);
	pipe->phase = PIPE_CONNECTING;
	pipe->identity_seen = false;
	pipe->connect_us = again_us;
}

void pipe_restarted(struct pipe *pipe, const char *text, int64_t again_us)
{
	bool job = pipe->job;

	tell_acknowledged(pipe);
	pipe_attention_over(pipe);
	pipe_by_hand(pipe, false, "");
	drop_everything(pipe);
	pipe->cool_us = DRIVER_NEVER;
	pipe->connect_tries = 0;
	pipe->heaters = (struct driver_heaters){ .time_us = 0 };
	pipe_connect_again(pipe, again_us);
	if (job)
		effects_fault(pipe->effects, DRIVER_JOB_FAULT, DRIVER_FAULT_RESET, text);
}

static void emergency(struct pipe *pipe, enum driver_fault fault, const char *text)
{
	pipe_write(pipe, pipe->dialect->emergency);
	if (pipe->settings.can_reset_line)
		effects_add(pipe->effects, DRIVER_RESET_LINE);
	if (pipe->dialect->stopped)
		pipe->dialect->stopped(pipe);
	pipe_fault(pipe, fault, text);
}

/* ---- time ---- */

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t silence_us(const struct pipe *pipe)
{
	const struct window_entry *head = window_head(&pipe->window);
	int64_t quiet_us = pipe_quiet_until_us(pipe), since;

	if (!head || pipe->phase < PIPE_READY || pipe->phase == PIPE_FAULTED)
		return DRIVER_NEVER;
	since = head->sent_us > pipe->last_receive_us ? head->sent_us : pipe->last_receive_us;
	return (quiet_us > since ? quiet_us : since) + PIPE_IDLE_US;
}

static bool guard(struct pipe *pipe)
{
	if (pipe->now_us < silence_us(pipe))
		return false;
	if (pipe->job && pipe_is_hot(pipe))
		emergency(pipe, DRIVER_FAULT_SILENT, "no answer any more while hot");
	else
		pipe_fault(pipe, DRIVER_FAULT_SILENT, "the printer does not answer any more");
	return true;
}

static bool advance_once(struct pipe *pipe, int64_t *wake_us)
{
	bool done = pipe->dialect->advance && pipe->dialect->advance(pipe, wake_us);

	if (pipe->phase == PIPE_CLOSED)
		return false;
	if (pipe->phase == PIPE_FAULTED)
		return pipe_fault_cool_advance(pipe) || done;
	if (guard(pipe))
		return true;
	done = pipe_poll(pipe) || done;
	pipe_flush_staged(pipe);
	done = pipe_probe(pipe) || done;
	return pipe_task_advance(pipe) || done;
}

static int64_t wake_us(const struct pipe *pipe)
{
	int64_t wake;

	if (pipe->phase == PIPE_CLOSED)
		return DRIVER_NEVER;
	if (pipe->phase == PIPE_FAULTED)
		return pipe->cool_us;
	wake = earlier(silence_us(pipe), pipe_poll_us(pipe));
	/* From then on silence is judged. */
	if (pipe_quiet_until_us(pipe) > pipe->now_us)
		wake = earlier(wake, pipe_quiet_until_us(pipe));
	return earlier(wake, earlier(pipe_probe_us(pipe), pipe_task_wake(pipe)));
}

void pipe_begin_call(struct pipe *pipe, int64_t now_us, struct driver_effects *effects)
{
	pipe->now_us = now_us;
	pipe->effects = effects;
}

void pipe_end_call(struct pipe *pipe)
{
	struct driver_effect *effect;
	enum driver_state state;
	int64_t own_us = DRIVER_NEVER, wake;

	for (int i = 0; i < 8 && advance_once(pipe, &own_us); i++)
		own_us = DRIVER_NEVER;
	tell_acknowledged(pipe);
	state = pipe_state((const struct driver *)pipe);
	if (state != pipe->told_state) {
		effect = effects_add(pipe->effects, DRIVER_STATE);
		if (effect) {
			effect->state = state;
			pipe->told_state = state;
		}
	}
	wake = earlier(wake_us(pipe), own_us);
	if (wake < pipe->now_us + PIPE_MS(1))
		wake = pipe->now_us + PIPE_MS(1);
	if (wake < pipe->told_wake_us || pipe->told_wake_us <= pipe->now_us) {
		effect = effects_add(pipe->effects, DRIVER_WAKE_AT);
		if (effect) {
			effect->time_us = wake;
			pipe->told_wake_us = wake;
		}
	}
	pipe->effects = NULL;
}

/* ---- slots ---- */

void pipe_link(struct driver *driver, enum driver_link link)
{
	of(driver)->link = link;
}

void pipe_opened(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	pipe_begin_call(pipe, now_us, effects);
	drop_everything(pipe);
	reply_reader_init(&pipe->reader);
	pipe->want_cool = pipe->cool_asked = pipe->attention = pipe->by_hand = false;
	pipe->told_wake_us = DRIVER_NEVER;
	pipe->last_receive_us = pipe->last_ack_us = pipe->polled_us = now_us;
	pipe->heard = false;
	pipe->connect_tries = 0;
	pipe->heaters = (struct driver_heaters){ .time_us = 0 };
	pipe->identity = (struct driver_identity){ .advanced_ok = false };
	pipe_connect_again(pipe, now_us);
	pipe_end_call(pipe);
}

void pipe_closed(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	pipe_begin_call(pipe, now_us, effects);
	tell_acknowledged(pipe);
	pipe_attention_over(pipe);
	pipe_by_hand(pipe, false, "");
	drop_everything(pipe);
	pipe->want_cool = pipe->cool_asked = false;
	pipe->phase = PIPE_CLOSED;
	pipe->heaters = (struct driver_heaters){ .time_us = 0 };
	pipe_end_call(pipe);
}

void pipe_receive(struct driver *driver, int64_t now_us, const char *bytes, size_t length,
	struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);
	struct reply_line line;

	if (pipe->phase == PIPE_CLOSED || length == 0)
		return;
	pipe_begin_call(pipe, now_us, effects);
	pipe->last_receive_us = now_us;
	pipe->heard = true;
	while (reply_reader_next(&pipe->reader, &bytes, &length, &line)) {
		pipe->counters.overlong_lines += line.too_long;
		pipe->counters.unreadable_lines += line.noisy;
		if (line.length > 0)
			pipe->dialect->line(pipe, line.text, line.length);
	}
	pipe_end_call(pipe);
}

void pipe_wake(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	pipe_begin_call(of(driver), now_us, effects);
	pipe_end_call(of(driver));
}

void pipe_job_start(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (pipe->phase != PIPE_READY || pipe->job)
		return;
	pipe_begin_call(pipe, now_us, effects);
	pipe->job = true;
	pipe->ended = pipe->hold = false;
	pipe->next_index = 0;
	pipe->acknowledged = pipe->told_index = -1;
	pipe->counters.commands_answered = 0;
	pipe->unknown_told = 0;
	pipe->slowest_us = pipe->slowest_before_us = 0;
	pipe->moves = 0;
	modal_init(&pipe->modal);
	pipe->tools_seen = 1;
	pipe->words[0] = '\0';
	pipe->phase = PIPE_PRINTING;
	pipe_end_call(pipe);
}

bool pipe_wants_command(const struct driver *driver)
{
	const struct pipe *pipe = of_const(driver);

	return pipe->phase == PIPE_PRINTING && pipe->task == PIPE_TASK_NONE && !pipe->ended &&
	       !pipe->hold && !pipe->want_pause && !pipe->want_cancel && pipe->staged_length == 0 &&
	       pipe_has_room(pipe) &&
	       window_find(&pipe->window, PIPE_BARRIER) == pipe->window.count;
}

static bool is_forbidden(const struct pipe *pipe, const char *text, size_t length)
{
	for (const char *const *word = pipe->dialect->forbidden; word && *word; word++) {
		size_t size = strlen(*word);

		if (length >= size && memcmp(text, *word, size) == 0 &&
			(length == size || text[size] == ' '))
			return true;
	}
	return false;
}

void pipe_command(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (!pipe_wants_command(driver))
		return;
	pipe_begin_call(pipe, now_us, effects);
	if (length == 0 || length > DRIVER_COMMAND_MAX) {
		pipe_fault(pipe, DRIVER_FAULT_COMMAND, "a command that does not fit into a line");
	} else if (is_forbidden(pipe, text, length)) {
		pipe_fault(pipe, DRIVER_FAULT_COMMAND,
			"the file changes how the printer answers (M555, M575)");
	} else {
		memcpy(pipe->staged, text, length);
		pipe->staged_length = length;
		pipe->staged_index = pipe->next_index++;
	}
	pipe_end_call(pipe);
}

void pipe_job_end(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (!pipe->job)
		return;
	pipe_begin_call(pipe, now_us, effects);
	pipe->ended = true;
	pipe_end_call(pipe);
}

void pipe_pause(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (!pipe->job)
		return;
	pipe_begin_call(pipe, now_us, effects);
	pipe->want_resume = false;
	if (pipe->phase == PIPE_PRINTING)
		pipe->want_pause = true;
	pipe_end_call(pipe);
}

void pipe_resume(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (!pipe->job)
		return;
	pipe_begin_call(pipe, now_us, effects);
	if (pipe->hold)
		pipe->want_release = true;
	else if (pipe->want_pause && pipe->task != PIPE_TASK_PAUSE)
		pipe->want_pause = false;
	else if (pipe->task == PIPE_TASK_PAUSE || pipe->phase == PIPE_PAUSED)
		pipe->want_resume = true;
	/* Nothing to be sent: then the word is enough. */
	if (pipe->hold && !pipe->dialect->release) {
		pipe->hold = pipe->want_release = false;
		pipe_attention_over(pipe);
	}
	pipe_end_call(pipe);
}

void pipe_cancel(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (!pipe->job || pipe->want_cancel || pipe->task == PIPE_TASK_CANCEL)
		return;
	pipe_begin_call(pipe, now_us, effects);
	pipe->want_cancel = true;
	pipe->cancel_us = now_us;
	pipe->want_pause = pipe->want_resume = pipe->want_release = false;
	/* What was taken but not sent never will be. */
	pipe->staged_length = 0;
	pipe_end_call(pipe);
}

void pipe_manual(struct driver *driver, int64_t now_us, const char *text, size_t length,
	struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);
	bool takes = pipe->phase == PIPE_READY || pipe->phase == PIPE_PAUSED;

	if (!takes || length == 0 || length > DRIVER_COMMAND_MAX || pipe->manual_length > 0)
		return;
	pipe_begin_call(pipe, now_us, effects);
	if (is_forbidden(pipe, text, length)) {
		effects_said(pipe->effects, "not sent: it changes how the printer answers");
	} else {
		memcpy(pipe->manual, text, length);
		pipe->manual_length = length;
	}
	pipe_end_call(pipe);
}

void pipe_cool(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (pipe->phase == PIPE_CLOSED)
		return;
	pipe_begin_call(pipe, now_us, effects);
	if (pipe->phase == PIPE_FAULTED) {
		pipe->cool_asked = true;
		pipe_fault_cool_begin(pipe);
	} else {
		pipe->want_cool = true;
	}
	pipe_end_call(pipe);
}

void pipe_estop(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	struct pipe *pipe = of(driver);

	if (pipe->phase == PIPE_CLOSED)
		return;
	pipe_begin_call(pipe, now_us, effects);
	emergency(pipe, DRIVER_FAULT_ESTOP, "emergency stop");
	pipe_end_call(pipe);
}
