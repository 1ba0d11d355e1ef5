/* Marlin's main loop: idle tasks, the command queue, replies, the functions of its rows, and what
 * makes the family Marlin.
 *
 * One step is one turn of the loop: what the interrupt collected, lines into the queue, reports
 * that are due, then either the command under way goes on or the next one starts. */
#include "sim/marlin.h"

#include "sim/firmware.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf, snprintf */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* strcmp, memset */

/* ---- replies ---- */

void sim_marlin_say(struct marlin *marlin, const char *format, ...)
{
	char text[BOARD_LINE_MAX];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length <= 0)
		return;
	size_t bytes = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
	if (marlin->family->crlf && bytes + 1 < sizeof text && text[bytes - 1] == '\n' &&
		(bytes < 2 || text[bytes - 2] != '\r')) {
		memcpy(text + bytes - 1, "\r\n", 2);
		bytes++;
	}
	marlin->now_us = board_print(marlin->board, text, bytes, marlin->now_us);
}

/* Decimal digits of value behind text; returns the end. */
static char *put_number(char *text, int64_t value)
{
	char digits[24];
	int count = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	if (value < 0)
		*text++ = '-';
	do
		digits[count++] = (char)('0' + rest % 10);
	while ((rest /= 10) > 0);
	while (count > 0)
		*text++ = digits[--count];
	return text;
}

void sim_marlin_ok(struct marlin *marlin)
{
	char text[64] = "ok", *end = text + 2;
	const struct sim_marlin_command *command = &marlin->queue[marlin->queue_head];

	if (marlin->board->settings.advanced_ok) {
		/* The number as it was sent, and only if nothing stands before it. */
		if (command->text[0] == 'N' && command->origin.number != SIM_UNNUMBERED) {
			*end++ = ' ';
			*end++ = 'N';
			end = put_number(end, command->origin.number);
		}
		*end++ = ' ';
		*end++ = 'P';
		end = put_number(end, motion_free(&marlin->board->planner));
		*end++ = ' ';
		*end++ = 'B';
		end = put_number(end, marlin->board->settings.bufsize - marlin->queue_length);
	}
	*end++ = '\n';
	marlin->now_us = board_print_ok(marlin->board, text, (size_t)(end - text), marlin->now_us);
}

void sim_marlin_notify(struct marlin *marlin, const char *text)
{
	if (marlin->board->settings.host_actions)
		sim_marlin_say(marlin, "//action:notification %s\n", text);
}

const char *sim_marlin_running_text(const struct marlin *marlin)
{
	return marlin->running ? marlin->words.text : "";
}

/* Dead until the reset line is pulled. */
void sim_marlin_kill(struct marlin *marlin, const char *reason)
{
	if (marlin->family->kill) {
		marlin->family->kill(marlin, reason);
		return;
	}
	sim_marlin_heat_off(marlin);
	if (reason)
		sim_marlin_say(marlin, "echo:%s\n", reason);
	sim_marlin_say(marlin, "Error:Printer halted. kill() called!\n");
	if (marlin->board->settings.host_actions)
		sim_marlin_say(marlin, "//action:poweroff\n");
	motion_stop(&marlin->board->planner, marlin->now_us);
	marlin->life = MARLIN_HALTED;
	marlin->running = false;
	marlin->board->counters.kills++;
}

/* ---- queue ---- */

enum sim_marlin_result sim_marlin_wait(
	struct marlin *marlin, sim_marlin_resume *resume, int64_t wake_us)
{
	marlin->resume = resume;
	marlin->wake_us = wake_us;
	return MARLIN_WAIT;
}

bool sim_marlin_released(const struct marlin *marlin)
{
	return marlin->running && ((marlin->paused_for_user && !marlin->wait_for_user) ||
					  (marlin->wait.heating && !marlin->wait_for_heatup));
}

void sim_marlin_answer(struct marlin *marlin, bool known)
{
	if (!known)
		sim_marlin_say(marlin, "echo:Unknown command: \"%s\"\n", marlin->words.text);
	if (!marlin->queue[marlin->queue_head].silent)
		sim_marlin_ok(marlin);
}

void sim_marlin_drop_queue(struct marlin *marlin)
{
	while (marlin->queue_length > 0) {
		if (!marlin->queue[marlin->queue_head].silent)
			sim_marlin_ok(marlin);
		marlin->queue_head = (marlin->queue_head + 1) % SIM_BUFSIZE_MAX;
		marlin->queue_length--;
	}
	marlin->running = false;
	marlin->paused_for_user = false;
	marlin->wait.heating = false;
}

static void finish(struct marlin *marlin, enum sim_marlin_result result)
{
	switch (result) {
	case MARLIN_WAIT:
		return;
	case MARLIN_UNKNOWN:
		marlin->board->counters.unknown++;
		marlin->family->answer(marlin, false);
		break;
	case MARLIN_OK:
		marlin->family->answer(marlin, true);
		break;
	case MARLIN_QUIET:
		break;
	}
	if (marlin->life != MARLIN_RUNNING)
		return;
	marlin->running = false;
	marlin->paused_for_user = false;
	marlin->wait.heating = false;
	marlin->queue_head = (marlin->queue_head + 1) % SIM_BUFSIZE_MAX;
	marlin->queue_length--;
}

static void start_command(struct marlin *marlin)
{
	const struct sim_marlin_command *command = &marlin->queue[marlin->queue_head];

	marlin->running = true;
	marlin->next_busy_us = marlin->now_us + marlin->keepalive_us;
	marlin->now_us += marlin->board->settings.command_us;
	sim_marlin_words_parse(&marlin->words, command->text, marlin->scratch);
	enum sim_marlin_result result = marlin->family->command(marlin);
	if (result == MARLIN_UNKNOWN)
		result = sim_marlin_dispatch(marlin);
	if (!marlin->running)
		return;
	/* An unknown command that came with a number had its turn like any other of the file; an
	 * un-numbered one is a fragment or nothing. */
	if (!command->panel &&
		(result != MARLIN_UNKNOWN || command->origin.number != SIM_UNNUMBERED))
		board_executed(marlin->board, &command->origin, marlin->words.text);
	finish(marlin, result);
}

/* ---- idle tasks ---- */

static void keepalive(struct marlin *marlin)
{
	if (!marlin->running || marlin->keepalive_us == 0 || marlin->next_busy_us > marlin->now_us)
		return;
	sim_marlin_say(marlin, "%s%s\n", marlin->family->busy,
		marlin->paused_for_user ? marlin->family->busy_user
		: marlin->wait.heating	? marlin->family->busy_heating
					: "processing");
	marlin->next_busy_us = marlin->now_us + marlin->keepalive_us;
}

static bool report_due(int64_t every_us, int64_t *next_us, int64_t now_us)
{
	if (every_us == 0 || *next_us > now_us)
		return false;
	*next_us = now_us + every_us;
	return true;
}

static void reports(struct marlin *marlin)
{
	char text[BOARD_LINE_MAX];

	if (report_due(
		    marlin->temperature_every_us, &marlin->temperature_next_us, marlin->now_us)) {
		marlin->family->temperatures(marlin, text, sizeof text);
		sim_marlin_say(marlin, "%s%s\n", marlin->family->report_prefix, text);
	}
	if (report_due(marlin->position_every_us, &marlin->position_next_us, marlin->now_us))
		sim_marlin_print_position(marlin, false);
}

static int64_t dead_man_us(const struct marlin *marlin)
{
	return marlin->dead_man_us == 0 ? SIM_NEVER : marlin->last_move_us + marlin->dead_man_us;
}

/* M85: nothing has moved for too long.  Moves count only where a stepper time-out is set (2.0.9).
 */
static void dead_man(struct marlin *marlin)
{
	if (marlin->stepper_timeout_us > 0 && !motion_is_empty(&marlin->board->planner))
		marlin->last_move_us = marlin->now_us;
	if (dead_man_us(marlin) > marlin->now_us)
		return;
	sim_marlin_say(marlin,
		"Error:!! KILL caused by too much inactive time - current command: %s\n",
		sim_marlin_running_text(marlin));
	sim_marlin_kill(marlin, NULL);
}

/* What the emergency parser has left behind. */
static void emergencies(struct marlin *marlin)
{
	if (marlin->emergency_kill) {
		marlin->emergency_kill = false;
		sim_marlin_kill(marlin, "M112 Shutdown");
	} else if (marlin->emergency_stop) {
		marlin->emergency_stop = false;
		sim_marlin_quickstop(marlin);
	}
}

/* ---- life ---- */

void *sim_marlin_create(const struct sim_firmware *firmware, struct board *board)
{
	struct marlin *marlin = calloc(1, sizeof *marlin);

	if (!marlin)
		return NULL;
	marlin->board = board;
	marlin->variant = firmware->variant;
	marlin->family = marlin->variant->family;
	marlin->life = MARLIN_OFF;
	return marlin;
}

void sim_marlin_destroy(void *state)
{
	free(state);
}

void sim_marlin_reset(void *state, int64_t now_us)
{
	struct marlin *marlin = state;
	struct board *board = marlin->board;
	const struct sim_marlin_variant *variant = marlin->variant;
	bool cut, within_line = marlin->line_length > 0;

	board_cut_output(board, now_us);
	memset(marlin, 0, sizeof *marlin);
	marlin->board = board;
	marlin->variant = variant;
	marlin->family = variant->family;
	marlin->life = MARLIN_BOOTLOADER;
	marlin->now_us = now_us;
	marlin->free_us = now_us + board->settings.boot_us;
	marlin->keepalive_us = MARLIN_KEEPALIVE_US;
	receiver_flush(&board->receiver, &cut);
	motion_stop(&board->planner, now_us);
	sim_marlin_reader_reset(marlin);
	marlin->line_cut = cut || within_line;
	sim_marlin_motion_reset(marlin);
	sim_marlin_heat_reset(marlin);
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

static bool can_start(const struct marlin *marlin)
{
	return !marlin->running && marlin->queue_length > 0;
}

static bool woken(const struct marlin *marlin)
{
	return marlin->running &&
	       (marlin->wake_us <= marlin->free_us || sim_marlin_released(marlin));
}

/* When there is something on the wire to look at. */
static int64_t input_us(struct marlin *marlin)
{
	struct receiver *receiver = &marlin->board->receiver;

	if (marlin->family->wanted)
		return receiver_wanted_us(receiver, marlin->family->wanted);
	if (marlin->board->settings.meatpack)
		return receiver_wanted_us(receiver, meatpack_may_end);
	return receiver_line_end_us(receiver);
}

int64_t sim_marlin_next_us(void *state)
{
	struct marlin *marlin = state;
	struct receiver *receiver = &marlin->board->receiver;
	bool room = marlin->family->has_room(marlin);
	int64_t next = SIM_NEVER;

	switch (marlin->life) {
	case MARLIN_OFF:
	case MARLIN_HALTED:
		return SIM_NEVER;
	case MARLIN_BOOTLOADER:
	case MARLIN_SETUP:
		return marlin->free_us;
	case MARLIN_RUNNING:
		break;
	}
	bool stopping = marlin->quickstop_until_us > marlin->free_us;
	if ((!stopping && (can_start(marlin) || woken(marlin))) || marlin->emergency_kill ||
		marlin->emergency_stop ||
		(room && (receiver->ring_count > 0 || marlin->unpacked_count > 0) &&
			!sim_marlin_released(marlin)))
		return marlin->free_us;
	if (room || marlin->board->settings.emergency_parser || marlin->family->wanted)
		next = input_us(marlin);
	if (marlin->running) {
		/* What is being stopped goes on only behind the stop. */
		next = stopping ? next : earlier(next, marlin->wake_us);
		if (marlin->keepalive_us > 0)
			next = earlier(next, marlin->next_busy_us);
	}
	if (stopping)
		next = earlier(next, marlin->quickstop_until_us);
	if (marlin->temperature_every_us > 0)
		next = earlier(next, marlin->temperature_next_us);
	if (marlin->position_every_us > 0)
		next = earlier(next, marlin->position_next_us);
	next = earlier(next, dead_man_us(marlin));
	next = earlier(next, marlin->family->idle_us(marlin));
	return next > marlin->free_us ? next : marlin->free_us;
}

static void drop_input(struct marlin *marlin)
{
	/* USB waits for a board that does not look. */
	if (marlin->board->receiver.waits)
		return;
	while (receiver_next_us(&marlin->board->receiver) <= marlin->now_us) {
		receiver_drop(&marlin->board->receiver);
		marlin->board->counters.deaf_bytes++;
	}
}

static void boot(struct marlin *marlin)
{
	drop_input(marlin);
	marlin->life = MARLIN_SETUP;
	marlin->family->banner(marlin);
	sim_marlin_reader_interrupts(marlin);
	marlin->last_move_us = marlin->now_us;
	marlin->life = MARLIN_RUNNING;
}

/* idle() of the real thing, then the queue. */
static void loop_once(struct marlin *marlin)
{
	emergencies(marlin);
	if (marlin->life == MARLIN_RUNNING)
		marlin->family->read(marlin);
	if (marlin->life == MARLIN_RUNNING)
		marlin->family->idle(marlin);
	emergencies(marlin);
	if (marlin->life == MARLIN_RUNNING)
		dead_man(marlin);
	if (marlin->life != MARLIN_RUNNING)
		return;
	keepalive(marlin);
	reports(marlin);
	if (marlin->quickstop_until_us > marlin->now_us)
		return;
	if (marlin->running)
		finish(marlin, marlin->resume(marlin));
	else if (marlin->queue_length > 0)
		start_command(marlin);
}

void sim_marlin_step(void *state, int64_t now_us)
{
	struct marlin *marlin = state;

	/* What came while the thread was busy has met the ring as it was; and with a full queue
	 * nobody takes anything out of it. */
	if (marlin->life == MARLIN_RUNNING)
		sim_marlin_reader_interrupts(marlin);
	if (marlin->now_us < now_us)
		marlin->now_us = now_us;
	if (marlin->life == MARLIN_RUNNING && !marlin->family->has_room(marlin))
		sim_marlin_reader_interrupts(marlin);
	motion_advance(&marlin->board->planner, marlin->now_us);
	switch (marlin->life) {
	case MARLIN_OFF:
	case MARLIN_HALTED:
		break;
	case MARLIN_BOOTLOADER:
	case MARLIN_SETUP:
		boot(marlin);
		break;
	case MARLIN_RUNNING:
		loop_once(marlin);
		break;
	}
	/* A firmware that has reset itself is busy with its boot loader. */
	if (marlin->life != MARLIN_BOOTLOADER)
		marlin->free_us = marlin->now_us;
}

void sim_marlin_control(void *state, int64_t now_us)
{
	struct marlin *marlin = state;

	if (marlin->life != MARLIN_RUNNING)
		return;
	int64_t thread_us = marlin->now_us;
	if (marlin->now_us < now_us)
		marlin->now_us = now_us;
	sim_marlin_heat_control(marlin);
	/* Only a kill prints here. */
	if (marlin->life == MARLIN_HALTED)
		marlin->free_us = marlin->now_us;
	else
		marlin->now_us = thread_us;
}

void sim_marlin_press(void *state, const char *text, int64_t now_us)
{
	struct marlin *marlin = state;

	if (marlin->now_us < now_us)
		marlin->now_us = now_us;
	if (marlin->life != MARLIN_RUNNING)
		return;
	if (marlin->family->press(marlin, text)) {
		/* Printing takes time. */
		if (marlin->free_us < marlin->now_us)
			marlin->free_us = marlin->now_us;
		return;
	}
	if (strcmp(text, "continue") == 0) {
		marlin->wait_for_user = false;
		return;
	}
	/* The panel sets targets directly; what else it wants goes through the queue. */
	struct sim_marlin_words words = marlin->words;
	char scratch[MARLIN_LINE_MAX], line[MARLIN_LINE_MAX];
	memcpy(scratch, marlin->scratch, sizeof scratch);
	snprintf(line, sizeof line, "%.*s", MARLIN_LINE_MAX - 1, text);
	sim_marlin_words_parse(&marlin->words, line, marlin->scratch);
	bool queued = false;
	if (marlin->words.letter == 'M' && (marlin->words.code == 104 || marlin->words.code == 140))
		sim_marlin_dispatch(marlin);
	else
		queued = marlin->words.letter != '?' && !marlin->family->crlf;
	memcpy(marlin->scratch, scratch, sizeof scratch);
	marlin->words = words;
	if (queued && sim_marlin_inject(marlin, line)) {
		sim_marlin_say(marlin, "echo:enqueueing \"%s\"\n", line);
		marlin->free_us = marlin->now_us;
	}
}

bool sim_marlin_waits(const void *state, bool *printing)
{
	const struct marlin *marlin = state;

	/* Who has asked for a line waits for it: in sped-up time the request would be repeated
	 * hundreds of times before the host has had the moment of quiet that it looks for. */
	*printing =
		!motion_is_empty(&marlin->board->planner) || marlin->print_going || marlin->trouble;
	return marlin->life == MARLIN_RUNNING && !marlin->running && marlin->queue_length == 0 &&
	       marlin->quickstop_until_us <= marlin->free_us;
}

void sim_marlin_status(const void *state, struct sim_status *out)
{
	const struct marlin *marlin = state;

	switch (marlin->life) {
	case MARLIN_OFF:
		out->state = SIM_OFF;
		break;
	case MARLIN_BOOTLOADER:
	case MARLIN_SETUP:
		out->state = SIM_BOOTING;
		break;
	case MARLIN_RUNNING:
		out->state = SIM_RUNNING;
		break;
	case MARLIN_HALTED:
		out->state = SIM_HALTED;
		break;
	}
	out->hotend_target_celsius = marlin->target_celsius[SIM_HOTEND];
	out->bed_target_celsius = marlin->target_celsius[SIM_BED];
	out->queued = marlin->queue_length;
	out->last_number = marlin->last_number;
	out->waits_for_user = marlin->paused_for_user;
}

/* Everything that is an absolute time and lies ahead. */
void sim_marlin_shift(void *state, int64_t shift_us)
{
	struct marlin *marlin = state;
	int64_t *times[] = { &marlin->now_us, &marlin->free_us, &marlin->wake_us,
		&marlin->next_busy_us, &marlin->temperature_next_us, &marlin->position_next_us,
		&marlin->quickstop_until_us, &marlin->last_move_us, &marlin->sync_end_us,
		&marlin->reader_us, &marlin->hold_us, &marlin->wait.until_us,
		&marlin->wait.residency_us, &marlin->wait.next_report_us,
		&marlin->guard[SIM_HOTEND].watch_us, &marlin->guard[SIM_BED].watch_us,
		&marlin->guard[SIM_HOTEND].outside_us, &marlin->guard[SIM_BED].outside_us,
		&marlin->guard[SIM_HOTEND].next_control_us,
		&marlin->guard[SIM_BED].next_control_us };

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		if (*times[i] != SIM_NEVER && *times[i] != 0)
			*times[i] += shift_us;
}

/* ---- the family ---- */

bool sim_marlin_has_room(const struct marlin *marlin)
{
	return marlin->queue_length < marlin->board->settings.bufsize;
}

int64_t sim_marlin_never(const struct marlin *marlin)
{
	(void)marlin;
	return SIM_NEVER;
}

void sim_marlin_nothing(struct marlin *marlin)
{
	(void)marlin;
}

enum sim_marlin_result sim_marlin_no_command(struct marlin *marlin)
{
	(void)marlin;
	return MARLIN_UNKNOWN;
}

bool sim_marlin_no_panel(struct marlin *marlin, const char *text)
{
	(void)marlin;
	(void)text;
	return false;
}

const struct sim_marlin_family sim_marlin_family = {
	.banner = sim_marlin_banner,
	.read = sim_marlin_read,
	.has_room = sim_marlin_has_room,
	.idle_us = sim_marlin_never,
	.idle = sim_marlin_nothing,
	.command = sim_marlin_no_command,
	.answer = sim_marlin_answer,
	.thermal = sim_marlin_thermal,
	.press = sim_marlin_no_panel,
	.temperatures = sim_marlin_temperatures,
	.report_prefix = " ",
	.busy = "echo:busy: ",
	.busy_heating = "processing",
	.busy_user = "paused for user",
};

/* ---- settings ---- */

void sim_marlin_defaults(const struct sim_firmware *firmware, struct sim_settings *settings)
{
	const struct sim_marlin_variant *variant = firmware->variant;

	settings->advanced_ok = variant->advanced_ok;
	settings->emergency_parser = variant->emergency_parser;
	settings->host_actions = variant->host_actions;
	settings->erases = !variant->keeps_backspaces;
	settings->leveling = !variant->no_leveling;
	settings->meatpack = variant->meatpack;
	if (variant->machine)
		snprintf(settings->machine, sizeof settings->machine, "%s", variant->machine);
	if (variant->bufsize > 0)
		settings->bufsize = variant->bufsize;
	if (variant->blocks > 0)
		settings->blocks = variant->blocks;
	if (variant->rx_bytes > 0)
		settings->rx_bytes = variant->rx_bytes;
	if (variant->cdc) {
		settings->link = SIM_LINK_CDC;
		settings->reset_on_open = SIM_RESET_NEVER;
	}
}
