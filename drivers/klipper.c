/* Klipper's pseudo-terminal: what its lines mean, how it is connected to, stopped and restarted. */
#include "drivers/klipper_private.h"
#include "drivers/report.h"

#include <stdio.h>  /* snprintf, of words only */
#include <stdlib.h> /* calloc */
#include <string.h>

static struct klipper *of(struct pipe *pipe)
{
	return (struct klipper *)pipe;
}

static bool begins(const char *text, size_t length, const char *word)
{
	return length >= strlen(word) && memcmp(text, word, strlen(word)) == 0;
}

static bool contains(const char *text, const char *word)
{
	return strstr(text, word) != NULL;
}

/* ---- shutdown ---- */

static enum driver_fault fault_of(const char *reason)
{
	static const char *const thermal[] = { "not heating at expected rate", "ADC out of range",
		"emperature", "Thermocouple", "Heater" };

	for (size_t i = 0; i < sizeof(thermal) / sizeof(thermal[0]); i++)
		if (contains(reason, thermal[i]))
			return DRIVER_FAULT_THERMAL;
	return DRIVER_FAULT_KILLED;
}

static void fault_with_reason(struct klipper *k, const char *reason)
{
	char text[DRIVER_REASON_MAX];

	k->shutdown_us = DRIVER_NEVER;
	k->reasons_owed = 0;
	snprintf(text, sizeof(text), "Klipper has shut down: %.150s (unlock restarts it)", reason);
	pipe_fault(&k->pipe, fault_of(reason), text);
}

/* "Homing failed due to printer shutdown": what was under way ends before STATUS is answered. */
static bool is_reason(const char *words)
{
	return words[0] != '\0' && !contains(words, "due to printer shutdown") &&
	       !contains(words, "Printer is shutdown");
}

/* STATUS waits until the command under way has given up: half a second and more in a G28 of klippy
 * v0.13.  The fault does not wait so long, and the words follow it. */
static void say_late_reason(struct klipper *k, const char *reason)
{
	if (k->reasons_owed == 0 || !is_reason(reason))
		return;
	k->reasons_owed--;
	effects_said(k->pipe.effects, "Klipper has shut down: %s", reason);
}

/* The print is over at once; its end is told when the reason is known, or a moment later. */
void klipper_shutdown(struct klipper *k, const char *reason)
{
	if (k->pipe.phase == PIPE_FAULTED)
		say_late_reason(k, reason);
	if (k->pipe.phase < PIPE_READY || k->pipe.phase == PIPE_FAULTED)
		return;
	if (reason[0] != '\0') {
		fault_with_reason(k, reason);
		return;
	}
	if (k->shutdown_us != DRIVER_NEVER)
		return;
	k->shutdown_us = k->pipe.now_us + KLIPPER_REASON_US;
	k->pipe.hold = true; /* nothing of the file any more */
	k->pipe.staged_length = 0;
	pipe_write(&k->pipe, "STATUS\n");
	klipper_api_ask_why(k);
}

/* ---- lines ---- */

static void remember_message(struct klipper *k, const char *text, size_t length)
{
	report_escape(text, length, k->message, sizeof(k->message));
}

/* What the terminal still holds of earlier is no answer to our question. */
static bool is_asked(const struct pipe *pipe)
{
	return pipe->phase == PIPE_CONNECTING && pipe->task == PIPE_TASK_CONNECT &&
	       pipe->step_started && pipe->script.next + 1 == pipe->script.count;
}

static void on_state(struct klipper *k, const char *text, size_t length)
{
	struct pipe *pipe = &k->pipe;

	if (begins(text, length, "Shutdown")) {
		k->ready = false;
		klipper_shutdown(k, "");
	} else if (begins(text, length, "Disconnect")) {
		pipe_restarted(pipe, "Klipper was restarted during the print",
			pipe->now_us + KLIPPER_RETRY_US);
	} else if (begins(text, length, "Ready") && pipe->phase == PIPE_CONNECTING &&
		   pipe->task == PIPE_TASK_CONNECT) {
		k->ready = is_asked(pipe);
	} else if (begins(text, length, "Ready") && pipe->phase != PIPE_READY) {
		/* Started while we were not looking, or at last. */
		pipe_restarted(pipe, "Klipper was restarted during the print", pipe->now_us);
	}
}

static void on_information(struct klipper *k, const char *text, size_t length)
{
	static const char state[] = "Klipper state: ", action[] = "action:";
	struct pipe *pipe = &k->pipe;

	if (begins(text, length, state)) {
		on_state(k, text + strlen(state), length - strlen(state));
	} else if (begins(text, length, action)) {
		pipe_on_action(pipe, text + strlen(action), length - strlen(action));
	} else if (begins(text, length, "Unknown command:")) {
		pipe_on_unknown(pipe, text, length);
	} else if (!pipe_on_nonce(pipe, text, length) && !begins(text, length, "ECHO PF=")) {
		pipe_remember(pipe, text, length);
		if (pipe->phase >= PIPE_READY && pipe->phase != PIPE_FAULTED)
			effects_text(pipe->effects, DRIVER_SAID, text, length);
	}
}

static void on_error(struct klipper *k, const char *text, size_t length)
{
	char words[KLIPPER_MESSAGE_MAX];

	report_escape(text, length, words, sizeof(words));
	if (k->shutdown_us != DRIVER_NEVER || k->pipe.phase == PIPE_FAULTED) {
		if (is_reason(words))
			klipper_shutdown(k, words);
	} else if (k->pipe.phase == PIPE_CONNECTING) {
		remember_message(k, text, length);
	} else {
		pipe_on_error(&k->pipe, text, length);
	}
}

bool klipper_is_measured(double celsius)
{
	return celsius < 0 || celsius > 0;
}

/* 0.0 is klippy's word for a sensor that was not read yet, or not for five seconds (heaters.py):
 * taken for a temperature, a hot end that cools behind a restart would have heated up. */
static bool on_temperatures(struct pipe *pipe, const char *text, size_t length)
{
	struct driver_heaters heaters = pipe->heaters;
	size_t kept = 0;

	if (!report_is_temperature(text, length) || !report_temperatures(text, length, &heaters))
		return false;
	for (size_t i = 0; i < heaters.count; i++)
		if (klipper_is_measured(heaters.heater[i].celsius))
			heaters.heater[kept++] = heaters.heater[i];
	heaters.count = kept;
	if (kept > 0) {
		pipe->heaters = heaters;
		pipe_new_heaters(pipe);
	}
	return true;
}

static void on_identity(struct pipe *pipe, const char *text, size_t length)
{
	report_identity(text, length, &pipe->identity);
	pipe->identity_seen = true;
}

static void on_ok(struct klipper *k, const char *text, size_t length)
{
	static const char name[] = "FIRMWARE_NAME:";
	struct pipe *pipe = &k->pipe;
	bool temperatures = false;

	while (length > 0 && *text == ' ')
		text++, length--;
	if (begins(text, length, name)) {
		on_identity(pipe, text, length);
	} else if (length == 3 && begins(text, length, "T:0")) {
		/* Not a temperature: klippy is not ready (any more). */
		temperatures = true;
		klipper_shutdown(k, "");
	} else {
		temperatures = on_temperatures(pipe, text, length);
	}
	pipe_on_ok(pipe, temperatures);
}

static void line(struct pipe *pipe, const char *text, size_t length)
{
	struct klipper *k = of(pipe);
	size_t skip = length > 2 && text[2] == ' ' ? 3 : 2;

	if (length >= 2 && memcmp(text, "ok", 2) == 0 && (length == 2 || text[2] == ' '))
		on_ok(k, text + 2, length - 2);
	else if (begins(text, length, "//"))
		on_information(k, text + skip, length - skip);
	else if (begins(text, length, "!!"))
		on_error(k, text + skip, length - skip);
	else if (begins(text, length, "FIRMWARE_NAME:"))
		on_identity(pipe, text, length); /* another firmware's; its ok follows */
	else if (!on_temperatures(pipe, text, length) && !pipe_on_nonce(pipe, text, length))
		pipe_remember(pipe, text, length);
}

/* ---- programs ---- */

static void connect(struct pipe *pipe)
{
	struct klipper *k = of(pipe);

	k->ready = false;
	k->message[0] = '\0';
	/* Ends half a line of a previous owner. */
	pipe_write(pipe, "\n");
	script_barrier(&pipe->script);
	script_line(&pipe->script, "M115");
	script_line(&pipe->script, "STATUS");
}

static void describe(struct pipe *pipe)
{
	static const char window[] = "lines that klippy has not executed yet";

	pipe->identity.emergency_parser = true;
	pipe->identity.host_actions = true;
	memcpy(pipe->identity.window, window, sizeof(window));
}

static bool is_shut_down(const struct klipper *k)
{
	/* "Printer is not ready" is klippy starting; "Printer is shutdown" and a wrong printer.cfg
	 * need a person. */
	return k->message[0] != '\0' && !contains(k->message, "not ready");
}

static void restart_firmware(struct klipper *k)
{
	struct pipe *pipe = &k->pipe;

	k->restart_allowed = false;
	k->restart_us = pipe->now_us + KLIPPER_RESTART_US;
	effects_said(pipe->effects, "a person has unlocked: FIRMWARE_RESTART");
	pipe_write(pipe, "FIRMWARE_RESTART\n");
	pipe_connect_again(pipe, pipe->now_us + KLIPPER_RETRY_US);
}

static bool connected(struct pipe *pipe)
{
	struct klipper *k = of(pipe);

	pipe->connect_tries = 0;
	if (k->ready) {
		k->restart_us = DRIVER_NEVER;
		k->restart_allowed = false;
		describe(pipe);
		return true;
	}
	if (!is_shut_down(k) || k->restart_us != DRIVER_NEVER) {
		pipe_connect_again(pipe, pipe->now_us + KLIPPER_RETRY_US);
		return false;
	}
	if (k->restart_allowed)
		restart_firmware(k);
	else
		fault_with_reason(k, k->message);
	return false;
}

static void heaters_off(struct pipe *pipe)
{
	script_line(&pipe->script, "TURN_OFF_HEATERS");
}

/* Klipper keeps the state of the print itself: position, modes, factors. */
static void pause_print(struct pipe *pipe)
{
	script_line(&pipe->script, "SAVE_GCODE_STATE NAME=printfarm");
}

static void resume_print(struct pipe *pipe)
{
	const struct modal *modal = &pipe->parked;
	struct script_step *step;

	if (modal->known[MODAL_X] && modal->known[MODAL_Y] && modal->known[MODAL_Z]) {
		script_line(&pipe->script, "G90");
		step = script_line(&pipe->script, "G1");
		script_word(step, " X", modal->position_mm[MODAL_X]);
		script_word(step, " Y", modal->position_mm[MODAL_Y]);
		script_word(step, " F", 6000);
		script_line(
			&pipe->script, "RESTORE_GCODE_STATE NAME=printfarm MOVE=1 MOVE_SPEED=10");
	} else {
		script_line(&pipe->script, "RESTORE_GCODE_STATE NAME=printfarm");
	}
}

static void stopped(struct pipe *pipe)
{
	klipper_api_stop(of(pipe));
}

static bool advance(struct pipe *pipe, int64_t *wake_us)
{
	struct klipper *k = of(pipe);

	if (pipe->now_us >= k->shutdown_us) {
		fault_with_reason(k, "it does not say why");
		k->reasons_owed = 1;
		return true;
	}
	if (pipe->now_us >= k->restart_us && pipe->phase == PIPE_CONNECTING) {
		k->restart_us = DRIVER_NEVER;
		return true;
	}
	if (k->shutdown_us < *wake_us)
		*wake_us = k->shutdown_us;
	if (k->restart_us < *wake_us && pipe->phase == PIPE_CONNECTING)
		*wake_us = k->restart_us;
	return klipper_api_advance(k, wake_us);
}

static bool reads(const struct pipe *pipe)
{
	return klipper_api_reads((const struct klipper *)pipe);
}

static const struct pipe_dialect dialect = {
	.firmware = "Klipper",
	/* 20 lines make klippy stop reading, and looking for M112. */
	.window_lines = 4,
	.window_lines_most = 12,
	.window_bytes = 1500,
	/* ECHO is always there, M118 only with [respond]; it wants KEY=VALUE. */
	.barrier_before = "ECHO PF=",
	.barrier_behind = "",
	.emergency = "\nM112\n",
	.cancels_by_emergency = true,
	.release = "RESUME",
	.line = line,
	.connect = connect,
	.connected = connected,
	.heaters_off = heaters_off,
	.pause = pause_print,
	.resume = resume_print,
	.stopped = stopped,
	.advance = advance,
	.reads = reads,
};

struct driver *klipper_create(const struct driver_settings *settings)
{
	struct klipper *k = calloc(1, sizeof(*k));

	if (!k)
		return NULL;
	pipe_init(&k->pipe, &dialect, settings);
	k->restart_us = k->shutdown_us = DRIVER_NEVER;
	return (struct driver *)k;
}

void klipper_unlocked(struct driver *driver)
{
	((struct klipper *)driver)->restart_allowed = true;
}
