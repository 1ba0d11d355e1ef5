/* Klipper's life: starting, ready, shut down; lines in, answers out.  See klipper.h. */
#include "sim/klipper.h"

#include "sim/firmware.h"
#include "sim/klipper_rows.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf, snprintf */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memset, memmove, memchr */

enum { SOCKET_GAP_US = 300000, READY_US = 5000000, REPORT_US = 1000000 };
enum { FIRST_READING_US = 300000 };
enum { HOMING_GIVES_UP_US = 500000 }; /* klippy v0.13: 0.25 to 0.8 s after the shutdown */

/* ---- answers ---- */

void sim_klipper_say(struct klipper *klipper, const char *format, ...)
{
	char text[BOARD_LINE_MAX];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length <= 0)
		return;
	klipper->now_us = board_print(klipper->board, text,
		(size_t)length < sizeof text ? (size_t)length : sizeof text - 1, klipper->now_us);
}

static void ok(struct klipper *klipper)
{
	klipper->now_us = board_print_ok(klipper->board, "ok\n", 3, klipper->now_us);
}

void sim_klipper_error(struct klipper *klipper, const char *text)
{
	if (strchr(text, '\n'))
		for (const char *at = text; *at;) {
			size_t length = strcspn(at, "\n");

			sim_klipper_say(klipper, "// %.*s\n", (int)length, at);
			at += length + (at[length] == '\n');
		}
	sim_klipper_say(klipper, "!! %.*s\n", (int)strcspn(text, "\n"), text);
}

const char *sim_klipper_state(const struct klipper *klipper)
{
	switch (klipper->life) {
	case KLIPPER_OFF:
	case KLIPPER_STARTING:
		return "startup";
	case KLIPPER_READY:
		return "ready";
	case KLIPPER_SHUTDOWN:
		return "shutdown";
	}
	return "error";
}

void sim_klipper_state_message(const struct klipper *klipper, char *text, size_t size)
{
	switch (klipper->life) {
	case KLIPPER_OFF:
	case KLIPPER_STARTING:
		snprintf(text, size,
			"Printer is not ready\nThe klippy host software is attempting to connect.  "
			"Please\nretry in a few moments.");
		break;
	case KLIPPER_READY:
		snprintf(text, size, "Printer is ready");
		break;
	case KLIPPER_SHUTDOWN:
		snprintf(text, size,
			"%s\nOnce the underlying issue is corrected, use the\n"
			"\"FIRMWARE_RESTART\" command to reset the firmware, reload the\n"
			"config, and restart the host software.\nPrinter is shutdown",
			klipper->message);
		break;
	}
}

/* ---- life ---- */

/* The micro-controllers cut heat and motion by themselves. */
void sim_klipper_shutdown(struct klipper *klipper, const char *reason)
{
	if (klipper->life == KLIPPER_SHUTDOWN)
		return;
	klipper->board->counters.kills++;
	snprintf(klipper->message, sizeof klipper->message, "%s", reason);
	for (int i = 0; i < SIM_HEATERS; i++) {
		enum sim_heater heater = (enum sim_heater)i;

		klipper->last_celsius[i] = machine_celsius(&klipper->machine, heater);
		klipper->last_target_celsius[i] = klipper->machine.target_celsius[i];
	}
	machine_heaters_off(&klipper->machine);
	motion_stop(&klipper->board->planner, klipper->now_us);
	klipper->gives_up_us = klipper->now_us;
	if (klipper->machine.wait == MACHINE_WAIT_HOME)
		klipper->gives_up_us += HOMING_GIVES_UP_US;
	if (klipper->life == KLIPPER_READY)
		sim_klipper_say(klipper, "// Klipper state: Shutdown\n");
	klipper->life = KLIPPER_SHUTDOWN;
}

static void start(struct klipper *klipper, int64_t ready_us)
{
	machine_reset(&klipper->machine, klipper->board, klipper->now_us);
	klipper->life = KLIPPER_STARTING;
	klipper->ready_us = ready_us;
	klipper->measured_from_us = ready_us + FIRST_READING_US;
	klipper->no_socket_us = klipper->now_us + SOCKET_GAP_US;
	klipper->connected = klipper->subscribed = false;
	klipper->request_length = klipper->reply_length = 0;
	klipper->scripts = 0;
	klipper->running = klipper->in_macro = klipper->restart_wanted = klipper->paused = false;
	klipper->saved.known = false;
}

/* RESTART: the process and its terminal stay, everything else is made anew. */
static void restart(struct klipper *klipper)
{
	sim_klipper_say(klipper, "// Klipper state: Disconnect\n");
	klipper->board->counters.resets++;
	start(klipper, klipper->now_us + READY_US);
}

static void *create(const struct sim_firmware *firmware, struct board *board)
{
	struct klipper *klipper = calloc(1, sizeof *klipper);

	if (!klipper)
		return NULL;
	klipper->board = board;
	klipper->variant = firmware->variant;
	machine_reset(&klipper->machine, board, 0);
	return klipper;
}

/* The service starts anew. */
static void reset(void *state, int64_t now_us)
{
	struct klipper *klipper = state;
	bool cut;

	board_cut_output(klipper->board, now_us);
	receiver_flush(&klipper->board->receiver, &cut);
	klipper->now_us = klipper->free_us = now_us;
	klipper->input_length = 0;
	klipper->input_lines = 0;
	start(klipper, now_us + klipper->board->settings.boot_us);
}

/* ---- reading ---- */

/* "M112" or "N12 M112" with nothing but a blank behind it. */
static bool is_emergency(const char *line, size_t length)
{
	size_t at = 0;

	if (at < length && (line[at] == 'N' || line[at] == 'n'))
		for (at++; at < length && line[at] >= '0' && line[at] <= '9';)
			at++;
	while (at < length && line[at] == ' ')
		at++;
	if (length - at < 4 || (line[at] != 'M' && line[at] != 'm') ||
		memcmp(line + at + 1, "112", 3) != 0)
		return false;
	return at + 4 == length || line[at + 4] == ' ' || line[at + 4] == '\r';
}

static void take_chunk(struct klipper *klipper, const char *chunk, size_t length)
{
	size_t from = klipper->input_length;
	bool emergency = false;

	memcpy(klipper->input + from, chunk, length);
	klipper->input_length += length;
	klipper->come_us = klipper->now_us;
	for (size_t i = 0; i < length; i++)
		klipper->input_lines += chunk[i] == '\n';
	/* Lines that end in this chunk may begin before it. */
	while (from > 0 && klipper->input[from - 1] != '\n')
		from--;
	if (klipper->input_lines >= KLIPPER_PENDING_LINES)
		return;
	for (size_t at = from; at < klipper->input_length;) {
		const char *end = memchr(klipper->input + at, '\n', klipper->input_length - at);

		if (!end)
			break;
		emergency = emergency ||
			    is_emergency(klipper->input + at, (size_t)(end - klipper->input) - at);
		at = (size_t)(end - klipper->input) + 1;
	}
	if (emergency)
		sim_klipper_shutdown(klipper, "Shutdown due to M112 command");
}

static bool reads(const struct klipper *klipper)
{
	return klipper->input_lines < KLIPPER_PENDING_LINES &&
	       klipper->input_length + KLIPPER_CHUNK_BYTES <= KLIPPER_INPUT_BYTES;
}

/* A byte that is no UTF-8 spoils all that is read with it. */
static void read_input(struct klipper *klipper)
{
	struct receiver *receiver = &klipper->board->receiver;
	char chunk[KLIPPER_CHUNK_BYTES];
	bool spoiled = false;
	size_t length = 0;

	if (!reads(klipper))
		return;
	while (length < sizeof chunk && receiver_next_us(receiver) <= klipper->now_us) {
		uint8_t byte = receiver_first(receiver);

		receiver_skip(receiver);
		spoiled = spoiled || byte >= 0x80;
		chunk[length++] = (char)byte;
	}
	if (length > 0 && !spoiled)
		take_chunk(klipper, chunk, length);
}

static bool next_line(struct klipper *klipper, char line[KLIPPER_LINE_MAX])
{
	const char *end = memchr(klipper->input, '\n', klipper->input_length);
	size_t length, taken;

	if (!end)
		return false;
	taken = (size_t)(end - klipper->input) + 1;
	length = taken - 1 < KLIPPER_LINE_MAX ? taken - 1 : KLIPPER_LINE_MAX - 1;
	memcpy(line, klipper->input, length);
	line[length] = '\0';
	klipper->input_length -= taken;
	memmove(klipper->input, klipper->input + taken, klipper->input_length);
	klipper->input_lines--;
	return true;
}

/* ---- executing ---- */

static void over(struct klipper *klipper, bool script, const char *error)
{
	if (error[0] && script) {
		sim_klipper_script_over(klipper, error);
		return;
	}
	if (error[0])
		sim_klipper_error(klipper, error);
	if (!script)
		ok(klipper);
}

static void run_line(struct klipper *klipper, const char *line, bool script)
{
	char error[KLIPPER_LINE_MAX];

	switch (sim_klipper_execute(klipper, line, script, error, sizeof error)) {
	case KLIPPER_ANSWERED:
		break;
	case KLIPPER_WAITS:
		klipper->running = true;
		klipper->running_script = script;
		break;
	case KLIPPER_MACRO:
		klipper->in_macro = true;
		klipper->macro_of_script = script;
		klipper->macro_at = 0;
		break;
	case KLIPPER_DONE:
	case KLIPPER_ERROR:
		over(klipper, script, error);
		break;
	}
}

/* A line of the macro under way, acknowledged by nobody; an error ends the macro. */
static void run_macro(struct klipper *klipper)
{
	const char *at = klipper->macro + klipper->macro_at;
	char line[KLIPPER_MACRO_MAX], error[KLIPPER_LINE_MAX] = "";
	enum sim_klipper_result result = KLIPPER_DONE;
	size_t length = strcspn(at, "\n");

	if (length > 0) {
		memcpy(line, at, length);
		line[length] = '\0';
		klipper->macro_at += length + (at[length] == '\n');
		klipper->at_panel = true;
		result = sim_klipper_execute(klipper, line, true, error, sizeof error);
		klipper->at_panel = false;
	}
	klipper->running = result == KLIPPER_WAITS;
	if (length > 0 && result != KLIPPER_ERROR)
		return;
	klipper->in_macro = false;
	over(klipper, klipper->macro_of_script, error);
}

/* Scripts and lines wait for the same mutex; a script runs as a whole. */
static bool run_script(struct klipper *klipper)
{
	struct sim_klipper_script *script = &klipper->script[0];
	char line[KLIPPER_LINE_MAX];
	size_t length;

	if (klipper->scripts == 0)
		return false;
	if (script->text[script->at] == '\0') {
		sim_klipper_script_over(klipper, "");
		return true;
	}
	length = strcspn(script->text + script->at, "\n");
	memcpy(line, script->text + script->at, length);
	line[length] = '\0';
	script->at += length + (script->text[script->at + length] == '\n');
	run_line(klipper, line, true);
	return true;
}

static void go_on(struct klipper *klipper)
{
	char text[BOARD_LINE_MAX];
	bool heat = klipper->machine.wait == MACHINE_WAIT_HEAT;
	bool home = klipper->machine.wait == MACHINE_WAIT_HOME;

	if (klipper->life == KLIPPER_SHUTDOWN) {
		/* A wait for heat just ends; motion fails with the reason, homing with another. */
		if (klipper->now_us < klipper->gives_up_us)
			return;
		machine_stop(&klipper->machine, klipper->now_us);
		klipper->running = false;
		if (!klipper->in_macro)
			over(klipper, klipper->running_script,
				heat   ? ""
				: home ? "Homing failed due to printer shutdown"
				       : klipper->message);
		return;
	}
	if (machine_continue(&klipper->machine, klipper->now_us) == MACHINE_DONE) {
		klipper->running = false;
		if (!klipper->in_macro)
			over(klipper, klipper->running_script, "");
		return;
	}
	if (heat && klipper->now_us >= klipper->next_report_us) {
		klipper->next_report_us += REPORT_US;
		sim_klipper_temperatures(klipper, text, sizeof text);
		sim_klipper_say(klipper, "%s\n", text);
	}
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static int64_t running_us(const struct klipper *klipper)
{
	if (klipper->life == KLIPPER_SHUTDOWN)
		return klipper->gives_up_us > klipper->free_us ? klipper->gives_up_us
							       : klipper->free_us;
	return klipper->machine.wait == MACHINE_WAIT_HEAT
		       ? earlier(machine_wake_us(&klipper->machine), klipper->next_report_us)
		       : machine_wake_us(&klipper->machine);
}

static int64_t next_us(void *state)
{
	struct klipper *klipper = state;
	int64_t next = SIM_NEVER;

	if (klipper->life == KLIPPER_OFF)
		return SIM_NEVER;
	if (klipper->life == KLIPPER_STARTING)
		next = klipper->ready_us;
	if (klipper->running)
		next = earlier(next, running_us(klipper));
	else if (klipper->in_macro || klipper->input_lines > 0 || klipper->scripts > 0 ||
		 klipper->restart_wanted)
		return klipper->free_us;
	if (reads(klipper))
		next = earlier(next, receiver_line_end_us(&klipper->board->receiver));
	next = earlier(next, sim_klipper_api_next_us(klipper));
	return next > klipper->free_us ? next : klipper->free_us;
}

static void work(struct klipper *klipper)
{
	char line[KLIPPER_LINE_MAX];

	if (klipper->running)
		go_on(klipper);
	else if (klipper->in_macro)
		run_macro(klipper);
	else if (!run_script(klipper) && next_line(klipper, line))
		run_line(klipper, line, false);
	if (klipper->restart_wanted && !klipper->running && !klipper->in_macro)
		restart(klipper);
}

static void step(void *state, int64_t now_us)
{
	struct klipper *klipper = state;

	if (klipper->life == KLIPPER_OFF)
		return;
	if (klipper->now_us < now_us)
		klipper->now_us = now_us;
	motion_advance(&klipper->board->planner, klipper->now_us);
	read_input(klipper);
	if (klipper->life == KLIPPER_STARTING && klipper->now_us >= klipper->ready_us) {
		klipper->life = KLIPPER_READY;
		sim_klipper_say(klipper, "// Klipper state: Ready\n");
	}
	work(klipper);
	sim_klipper_api_step(klipper);
	klipper->free_us = klipper->now_us;
}

static void control(void *state, int64_t now_us)
{
	static const char *const names[SIM_HEATERS] = { "extruder", "heater_bed" };
	struct klipper *klipper = state;
	char reason[KLIPPER_MESSAGE_MAX];
	enum machine_alarm alarm;
	enum sim_heater heater;

	if (klipper->life != KLIPPER_READY)
		return;
	alarm = machine_control(&klipper->machine, now_us, &heater);
	if (alarm == MACHINE_WELL)
		return;
	snprintf(reason, sizeof reason,
		alarm == MACHINE_NOT_HEATING ? "Heater %s not heating at expected rate"
					     : "MCU 'mcu' shutdown: ADC out of range (%s)",
		names[heater]);
	if (klipper->now_us < now_us)
		klipper->now_us = now_us;
	sim_klipper_shutdown(klipper, reason);
	klipper->free_us = klipper->now_us;
}

/* The screen or the web page of the printer: a command that runs beside the stream. */
static void press(void *state, const char *text, int64_t now_us)
{
	struct klipper *klipper = state;
	char error[KLIPPER_LINE_MAX];

	if (klipper->running || klipper->in_macro || klipper->scripts > 0 ||
		klipper->life != KLIPPER_READY)
		return;
	if (klipper->now_us < now_us)
		klipper->now_us = now_us;
	klipper->at_panel = true;
	klipper->running = klipper->running_script =
		sim_klipper_execute(klipper, text, true, error, sizeof error) == KLIPPER_WAITS;
	klipper->at_panel = false;
	klipper->free_us = klipper->now_us;
}

static bool waits(const void *state, bool *printing)
{
	const struct klipper *klipper = state;

	*printing = klipper->machine.print_going || !motion_is_empty(&klipper->board->planner);
	return klipper->life == KLIPPER_READY && !klipper->running && !klipper->in_macro &&
	       klipper->input_lines == 0 && klipper->scripts == 0 && klipper->reply_length == 0;
}

static void status(const void *state, struct sim_status *out)
{
	const struct klipper *klipper = state;

	out->state = klipper->life == KLIPPER_STARTING ? SIM_BOOTING
		     : klipper->life == KLIPPER_OFF    ? SIM_OFF
						       : SIM_RUNNING;
	out->hotend_target_celsius = klipper->machine.target_celsius[SIM_HOTEND];
	out->bed_target_celsius = klipper->machine.target_celsius[SIM_BED];
	out->queued = klipper->input_lines;
	out->last_number = -1;
	out->waits_for_user = klipper->paused;
}

static void shift(void *state, int64_t shift_us)
{
	struct klipper *klipper = state;

	klipper->now_us += shift_us;
	klipper->free_us += shift_us;
	klipper->ready_us += shift_us;
	klipper->no_socket_us += shift_us;
	klipper->next_report_us += shift_us;
	klipper->next_push_us += shift_us;
	machine_shift(&klipper->machine, shift_us);
}

static void defaults(const struct sim_firmware *firmware, struct sim_settings *settings)
{
	(void)firmware;
	settings->link = SIM_LINK_CDC;
	settings->blocks = SIM_BLOCKS_MAX;
	settings->boot_us = 3000000;
	settings->reset_on_open = SIM_RESET_NEVER;
	settings->command_us = 60;
	settings->move_us = 60;
	snprintf(settings->machine, sizeof settings->machine, "Klipper");
}

#define KLIPPER_FUNCTIONS                                                                          \
	.defaults = defaults, .create = create, .destroy = free, .reset = reset,                   \
	.next_us = next_us, .step = step, .control = control, .press = press, .waits = waits,      \
	.status = status, .shift = shift, .side = &sim_klipper_side

static const struct sim_klipper_variant full = {
	.version = "v0.12.0-302-g87e2a6a5",
	.respond = true,
	.pause_resume = true,
	.display = true,
	.macros = true,
};
static const struct sim_klipper_variant bare = { .version = "v0.11.0-41-g3f845019" };

const struct sim_firmware sim_klipper = { .name = "klipper",
	.what = "Klipper 0.12 on its pseudo-terminal, with respond, pause_resume, display_status",
	.variant = &full,
	KLIPPER_FUNCTIONS };
const struct sim_firmware sim_klipper_bare = { .name = "klipper-bare",
	.what = "Klipper 0.11 with the smallest configuration: no M117, M118, PAUSE",
	.variant = &bare,
	KLIPPER_FUNCTIONS };
