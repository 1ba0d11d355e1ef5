/* What the host itself sends around a print on a pipe: small programs, one step at a time, each
 * acknowledged before the next.  docs/wire-lines.md lists all of it. */
#include "drivers/pipe.h"
#include "drivers/report.h"

#include <string.h>

enum {
	PARK_FEED_MM_MIN = 6000,
	LIFT_FEED_MM_MIN = 600,
	COLD_TRIES_MAX = 15,
	FAULT_COOL_TRIES_MAX = 15,
	CONNECT_TRIES_MAX = 3,
};

/* ---- parts of programs ---- */

static bool position_is_known(const struct modal *modal)
{
	return modal->known[MODAL_X] && modal->known[MODAL_Y] && modal->known[MODAL_Z];
}

void pipe_add_park(struct pipe *pipe, const struct modal *modal)
{
	struct script *script = &pipe->script;
	struct script_step *step;

	if (!position_is_known(modal))
		return;
	if (modal->inches)
		script_line(script, "G21");
	if (pipe->settings.park_lift_mm > 0) {
		script_line(script, "G91");
		step = script_line(script, "G1");
		script_word(step, " Z", pipe->settings.park_lift_mm);
		script_word(step, " F", LIFT_FEED_MM_MIN);
	}
	script_line(script, "G90");
	step = script_line(script, "G1");
	script_word(step, " X", pipe->settings.park_x_mm - modal->offset_mm[MODAL_X]);
	script_word(step, " Y", pipe->settings.park_y_mm - modal->offset_mm[MODAL_Y]);
	script_word(step, " F", PARK_FEED_MM_MIN);
}

/* Over the place first, then down. */
void pipe_add_way_back(struct pipe *pipe, const struct modal *modal)
{
	struct script *script = &pipe->script;
	struct script_step *step;

	if (!position_is_known(modal))
		return;
	if (modal->inches)
		script_line(script, "G21");
	script_line(script, "G90");
	step = script_line(script, "G1");
	script_word(step, " X", modal->position_mm[MODAL_X]);
	script_word(step, " Y", modal->position_mm[MODAL_Y]);
	script_word(step, " F", PARK_FEED_MM_MIN);
	step = script_line(script, "G1");
	script_word(step, " Z", modal->position_mm[MODAL_Z]);
	script_word(step, " F", LIFT_FEED_MM_MIN);
	if (modal->feed_mm_min > 0)
		script_word(script_line(script, "G1"), " F", modal->feed_mm_min);
	if (modal->inches)
		script_line(script, "G20");
	script_line(script, modal->absolute ? "G90" : "G91");
	if (modal->e_stated)
		script_line(script, modal->e_absolute ? "M82" : "M83");
}

static double active_target(const struct modal *modal)
{
	return modal->tool >= 0 && modal->tool < MODAL_TOOLS_MAX
		       ? modal->hotend_celsius[modal->tool]
		       : 0;
}

/* ---- the programs ---- */

static void program_pause(struct pipe *pipe)
{
	pipe->parked = pipe->modal;
	script_line(&pipe->script, "M400");
	pipe->dialect->pause(pipe);
	pipe_add_park(pipe, &pipe->parked);
	if (active_target(&pipe->parked) > pipe->settings.hotend_standby_celsius)
		script_word(script_line(&pipe->script, "M104"), " S",
			pipe->settings.hotend_standby_celsius);
	script_barrier(&pipe->script);
}

static void program_resume(struct pipe *pipe)
{
	double target = active_target(&pipe->parked);

	if (target > pipe->settings.hotend_standby_celsius)
		script_word(script_line(&pipe->script, "M109"), " S", target);
	pipe->dialect->resume(pipe);
	script_barrier(&pipe->script);
}

static void program_end(struct pipe *pipe)
{
	script_line(&pipe->script, "M400");
	pipe->dialect->heaters_off(pipe);
	script_barrier(&pipe->script);
	script_cold(&pipe->script);
}

/* Cold first: the moves that were accepted may take a while. */
static void program_cancel(struct pipe *pipe, bool parked)
{
	pipe->dialect->heaters_off(pipe);
	if (!parked) {
		script_line(&pipe->script, "M400");
		pipe_add_park(pipe, &pipe->modal);
	}
	script_barrier(&pipe->script);
	script_cold(&pipe->script);
}

void pipe_task_begin(struct pipe *pipe, enum pipe_task task)
{
	pipe_task_drop(pipe);
	pipe->task = task;
	pipe->stay = false;
	switch (task) {
	case PIPE_TASK_NONE:
		break;
	case PIPE_TASK_CONNECT:
		pipe->dialect->connect(pipe);
		break;
	case PIPE_TASK_PAUSE:
		program_pause(pipe);
		break;
	case PIPE_TASK_RESUME:
		program_resume(pipe);
		break;
	case PIPE_TASK_RELEASE:
		script_line(&pipe->script, pipe->dialect->release);
		break;
	case PIPE_TASK_END:
		program_end(pipe);
		break;
	case PIPE_TASK_CANCEL:
		program_cancel(pipe, pipe->phase == PIPE_PAUSED);
		break;
	case PIPE_TASK_FAIL:
		program_cancel(pipe, false);
		break;
	case PIPE_TASK_COOL:
		pipe->dialect->heaters_off(pipe);
		script_cold(&pipe->script);
		break;
	case PIPE_TASK_MANUAL:
		script_line(&pipe->script, ""); /* its text is pipe->manual */
		break;
	}
}

void pipe_task_drop(struct pipe *pipe)
{
	pipe->task = PIPE_TASK_NONE;
	script_clear(&pipe->script);
	pipe->step_started = false;
}

void pipe_task_go_on(struct pipe *pipe)
{
	pipe->task = PIPE_TASK_CONNECT;
}

/* ---- which task is next ---- */

static void job_over(struct pipe *pipe, enum driver_effect_kind kind)
{
	pipe->job = pipe->ended = pipe->hold = false;
	pipe->want_pause = pipe->want_resume = pipe->want_release = pipe->want_cancel = false;
	modal_init(&pipe->modal);
	pipe_attention_over(pipe);
	pipe->phase = PIPE_READY;
	effects_add(pipe->effects, kind);
}

static bool is_the_right_firmware(struct pipe *pipe)
{
	const char *name = pipe->identity.firmware, *wanted = pipe->dialect->firmware;

	if (strncmp(name, wanted, strlen(wanted)) == 0)
		return true;
	effects_said(pipe->effects, "this is \"%s\", not %s", name, wanted);
	pipe_fault(pipe, DRIVER_FAULT_DIALECT, "another firmware answers on this port");
	return false;
}

static void connected(struct pipe *pipe)
{
	if (!is_the_right_firmware(pipe) || !pipe->dialect->connected(pipe))
		return;
	pipe->phase = PIPE_READY;
	effects_add(pipe->effects, DRIVER_IDENTITY);
}

static void task_done(struct pipe *pipe)
{
	enum pipe_task task = pipe->task;

	pipe_task_drop(pipe);
	switch (task) {
	case PIPE_TASK_NONE:
		break;
	case PIPE_TASK_CONNECT:
		connected(pipe);
		break;
	case PIPE_TASK_PAUSE:
		pipe->want_pause = false;
		pipe->phase = PIPE_PAUSED;
		effects_add(pipe->effects, DRIVER_PAUSED_NOW);
		break;
	case PIPE_TASK_RESUME:
		pipe->want_resume = false;
		pipe->phase = PIPE_PRINTING;
		effects_add(pipe->effects, DRIVER_RESUMED_NOW);
		break;
	case PIPE_TASK_RELEASE:
		pipe->want_release = pipe->hold = false;
		pipe_attention_over(pipe);
		break;
	case PIPE_TASK_END:
		job_over(pipe, DRIVER_JOB_DONE);
		break;
	case PIPE_TASK_CANCEL:
		job_over(pipe, DRIVER_JOB_CANCELLED);
		break;
	case PIPE_TASK_FAIL:
		modal_init(&pipe->modal);
		pipe->phase = PIPE_READY;
		break;
	case PIPE_TASK_COOL:
		pipe->want_cool = false;
		effects_add(pipe->effects, DRIVER_COLD);
		break;
	case PIPE_TASK_MANUAL:
		pipe->manual_length = 0;
		break;
	}
}

static enum pipe_task next_task(const struct pipe *pipe)
{
	bool printing = pipe->phase == PIPE_PRINTING;

	switch (pipe->phase) {
	case PIPE_CLOSED:
	case PIPE_FAULTED:
		return PIPE_TASK_NONE;
	case PIPE_CONNECTING:
		return pipe->now_us >= pipe->connect_us ? PIPE_TASK_CONNECT : PIPE_TASK_NONE;
	case PIPE_FAILING:
		return PIPE_TASK_FAIL;
	case PIPE_READY:
	case PIPE_PRINTING:
	case PIPE_PAUSED:
		break;
	}
	if (pipe->want_cancel)
		return PIPE_TASK_CANCEL;
	if (pipe->want_pause && printing)
		return PIPE_TASK_PAUSE;
	if (pipe->want_resume && pipe->phase == PIPE_PAUSED)
		return PIPE_TASK_RESUME;
	if (pipe->want_release && pipe->hold)
		return PIPE_TASK_RELEASE;
	if (pipe->ended && printing && !pipe->hold)
		return PIPE_TASK_END;
	if (pipe->manual_length > 0)
		return PIPE_TASK_MANUAL;
	return pipe->want_cool ? PIPE_TASK_COOL : PIPE_TASK_NONE;
}

/* ---- running one ---- */

static bool targets_are_zero(const struct pipe *pipe)
{
	for (size_t i = 0; i < pipe->heaters.count; i++)
		if (pipe->heaters.heater[i].target_celsius > 0)
			return false;
	return pipe->heaters.count > 0;
}

static bool is_park_move(const struct script_step *step)
{
	return step->length > 4 && memcmp(step->text, "G1 X", 4) == 0;
}

static void start_step(struct pipe *pipe, const struct script_step *step)
{
	pipe->step_started = true;
	pipe->step_us = pipe->now_us;
	pipe->step_tries = 0;
	switch (step->kind) {
	case SCRIPT_LINE:
		if (pipe->stay && is_park_move(step))
			break;
		if (pipe->task == PIPE_TASK_MANUAL)
			pipe_send_line(pipe, pipe->manual, pipe->manual_length);
		else
			pipe_send_line(pipe, step->text, step->length);
		break;
	case SCRIPT_BARRIER:
		pipe_send_barrier(pipe);
		break;
	case SCRIPT_COLD:
		pipe_send_question(pipe, "M105");
		break;
	}
}

/* The step was sent and everything sent is acknowledged. */
static bool continue_step(struct pipe *pipe, const struct script_step *step)
{
	if (step->kind != SCRIPT_COLD ||
		(pipe->heaters.time_us >= pipe->step_us && targets_are_zero(pipe))) {
		pipe->script.next++;
		pipe->step_started = false;
		return true;
	}
	if (pipe->now_us < pipe->step_us + (pipe->step_tries + 1) * PIPE_COLD_RETRY_US)
		return false;
	if (++pipe->step_tries > COLD_TRIES_MAX) {
		pipe->want_cool = false;
		pipe_fault(pipe, DRIVER_FAULT_PROTOCOL,
			"the heaters were told off and the printer still reports a target");
		return true;
	}
	return pipe_send_question(pipe, "M105");
}

/* Nobody answers at connect. */
static bool give_up_hello(struct pipe *pipe)
{
	if (pipe->task != PIPE_TASK_CONNECT || pipe->now_us < pipe->step_us + PIPE_HELLO_US)
		return false;
	if (++pipe->connect_tries < CONNECT_TRIES_MAX) {
		pipe_connect_again(pipe, pipe->now_us);
		return true;
	}
	pipe_fault(pipe, DRIVER_FAULT_NO_ANSWER,
		pipe->heard ? "something is there, but it does not answer" : "nobody answers");
	return true;
}

/* No M108 reaches a firmware that reads no further while it waits for heat. */
static bool cancel_by_emergency(struct pipe *pipe)
{
	if (!pipe->want_cancel || !pipe->waits_for_heat || !pipe->dialect->cancels_by_emergency ||
		pipe->now_us < pipe->cancel_us + PIPE_PATIENCE_US)
		return false;
	pipe_write(pipe, pipe->dialect->emergency);
	if (pipe->dialect->stopped)
		pipe->dialect->stopped(pipe);
	pipe_task_drop(pipe);
	window_clear(&pipe->window);
	pipe->staged_length = 0;
	job_over(pipe, DRIVER_JOB_CANCELLED);
	pipe_fault(pipe, DRIVER_FAULT_KILLED,
		"cancelled by an emergency stop, the only way out of a wait for heat; unlock "
		"restarts the firmware");
	return true;
}

/* A pause or a resume that is cancelled half-way leaves the head in the place of no file. */
static void drop_for_cancel(struct pipe *pipe)
{
	if (!pipe->want_cancel || pipe->task == PIPE_TASK_NONE || pipe->task == PIPE_TASK_CANCEL)
		return;
	if (pipe->task == PIPE_TASK_PAUSE || pipe->task == PIPE_TASK_RESUME)
		pipe->phase = PIPE_PAUSED;
	pipe->manual_length = 0;
	pipe_task_drop(pipe);
}

bool pipe_task_advance(struct pipe *pipe)
{
	if (pipe->window.count > 0 || pipe->staged_length > 0)
		return give_up_hello(pipe) || cancel_by_emergency(pipe);
	drop_for_cancel(pipe);
	if (pipe->task == PIPE_TASK_NONE) {
		enum pipe_task task = next_task(pipe);

		if (task == PIPE_TASK_NONE)
			return false;
		pipe_task_begin(pipe, task);
	}
	if (pipe->step_started)
		return continue_step(pipe, &pipe->script.step[pipe->script.next]);
	if (pipe->script.next == pipe->script.count) {
		task_done(pipe);
		return true;
	}
	start_step(pipe, &pipe->script.step[pipe->script.next]);
	return true;
}

int64_t pipe_task_wake(const struct pipe *pipe)
{
	if (pipe->window.count > 0) {
		if (pipe->task == PIPE_TASK_CONNECT)
			return pipe->step_us + PIPE_HELLO_US;
		return pipe->want_cancel && pipe->waits_for_heat &&
				       pipe->dialect->cancels_by_emergency
			       ? pipe->cancel_us + PIPE_PATIENCE_US
			       : DRIVER_NEVER;
	}
	if (pipe->phase == PIPE_CONNECTING && pipe->task == PIPE_TASK_NONE)
		return pipe->connect_us;
	if (pipe->task != PIPE_TASK_NONE && pipe->step_started &&
		pipe->script.step[pipe->script.next].kind == SCRIPT_COLD)
		return pipe->step_us + (pipe->step_tries + 1) * PIPE_COLD_RETRY_US;
	return pipe->task != PIPE_TASK_NONE ? pipe->now_us : DRIVER_NEVER;
}

/* ---- heaters off while faulted ---- */

void pipe_fault_cool_begin(struct pipe *pipe)
{
	pipe->cool_tries = 0;
	pipe->cool_us = pipe->now_us;
	pipe->step_us = pipe->now_us + 1;
}

/* A reading that came after the lines does it. */
void pipe_fault_cool_reading(struct pipe *pipe)
{
	if (pipe->phase != PIPE_FAULTED || pipe->cool_us == DRIVER_NEVER ||
		pipe->heaters.time_us < pipe->step_us || pipe->cool_tries == 0 ||
		!targets_are_zero(pipe))
		return;
	pipe->cool_us = DRIVER_NEVER;
	if (pipe->cool_asked)
		effects_add(pipe->effects, DRIVER_COLD);
	pipe->cool_asked = false;
}

bool pipe_fault_cool_advance(struct pipe *pipe)
{
	if (pipe->now_us < pipe->cool_us)
		return false;
	if (pipe->cool_tries >= FAULT_COOL_TRIES_MAX) {
		pipe->cool_us = DRIVER_NEVER;
		effects_said(pipe->effects, "heaters were told off, no reading shows it");
		return false;
	}
	script_clear(&pipe->script);
	pipe->dialect->heaters_off(pipe);
	for (size_t i = 0; i < pipe->script.count; i++) {
		effects_write(
			pipe->effects, pipe->script.step[i].text, pipe->script.step[i].length);
		pipe_write(pipe, "\n");
	}
	script_clear(&pipe->script);
	pipe_write(pipe, "M105\n");
	pipe->cool_tries++;
	pipe->step_us = pipe->now_us + 1;
	pipe->cool_us = pipe->now_us + PIPE_POLL_US;
	return true;
}
