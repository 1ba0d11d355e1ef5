/* grbl's main loop, replies, reset and alarms, and the functions of its rows.
 *
 * One step is one turn of protocol_main_loop: what the interrupt collected, real-time flags, then
 * either the line under way goes on or the next one starts. */
#include "sim/grbl.h"

#include "sim/firmware.h"
#include "sim/grbl_model.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf, snprintf */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* strcmp, memset */

/* ---- replies ---- */

/* The transmit ring takes what is printed; only a full one makes the thread wait. */
static int64_t begin_sending(const struct grbl *grbl)
{
	return grbl->sent_us > grbl->now_us ? grbl->sent_us : grbl->now_us;
}

static void sent(struct grbl *grbl, int64_t sent_us)
{
	int64_t ring_us = GRBL_TX_BYTES * grbl->board->receiver.byte_ns / 1000;

	grbl->sent_us = sent_us;
	if (sent_us - ring_us > grbl->now_us)
		grbl->now_us = sent_us - ring_us;
}

void sim_grbl_say(struct grbl *grbl, const char *format, ...)
{
	char text[BOARD_LINE_MAX];
	va_list arguments;

	va_start(arguments, format);
	int length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length <= 0)
		return;
	size_t bytes = (size_t)length < sizeof text ? (size_t)length : sizeof text - 1;
	sent(grbl, board_print(grbl->board, text, bytes, begin_sending(grbl)));
}

void sim_grbl_answer(struct grbl *grbl, int32_t error)
{
	char text[24];
	int length = error == 0 ? snprintf(text, sizeof text, "ok\r\n")
				: snprintf(text, sizeof text, "error:%d\r\n", (int)error);

	sent(grbl, board_print_ok(grbl->board, text, (size_t)length, begin_sending(grbl)));
}

/* ---- alarms and resets ---- */

static bool moves(const struct grbl *grbl)
{
	const struct motion *planner = &grbl->board->planner;

	if (grbl->state == GRBL_HOME)
		return true;
	if (planner->held)
		return planner->rest_us > grbl->now_us;
	return !motion_is_empty(planner);
}

static void outputs_off(struct grbl *grbl)
{
	grbl->modal.spindle = GRBL_SPINDLE_OFF;
	grbl->modal.coolant = 0;
	grbl->standing_power = 0;
}

static void say_alarm(struct grbl *grbl, int32_t number)
{
	sim_grbl_say(grbl, "ALARM:%d\r\n", (int)number);
	grbl->state = GRBL_ALARM;
	grbl->now_us += GRBL_ALARM_US;
}

void sim_grbl_alarm(struct grbl *grbl, int32_t number)
{
	motion_stop(&grbl->board->planner, grbl->now_us);
	sim_grbl_take_position(grbl);
	outputs_off(grbl);
	say_alarm(grbl, number);
	if (number > 2)
		return;
	grbl->critical = true;
	sim_grbl_say(grbl, "[MSG:Reset to continue]\r\n");
}

void sim_grbl_reset_now(struct grbl *grbl)
{
	if (grbl->wanted & GRBL_WANT_RESET)
		return;
	grbl->wanted |= GRBL_WANT_RESET;
	motion_advance(&grbl->board->planner, grbl->now_us);
	grbl->limit = !moves(grbl) ? 0 : grbl->state == GRBL_HOME ? 6 : 3;
	outputs_off(grbl);
	motion_stop(&grbl->board->planner, grbl->now_us);
	sim_grbl_take_position(grbl);
}

bool sim_grbl_is_suspended(const struct grbl *grbl)
{
	return grbl->state == GRBL_HOLD || grbl->state == GRBL_DOOR || grbl->state == GRBL_SLEEP;
}

void sim_grbl_write_eeprom(struct grbl *grbl)
{
	int64_t until_us = grbl->now_us + GRBL_EEPROM_US;

	while (receiver_next_us(&grbl->board->receiver) <= until_us) {
		receiver_drop(&grbl->board->receiver);
		grbl->board->counters.deaf_bytes++;
	}
	grbl->now_us = until_us;
}

/* What main() of the real thing does at power-on and after each reset. */
static void start(struct grbl *grbl)
{
	bool locked = grbl->state == GRBL_ALARM || grbl->state == GRBL_SLEEP, cut;

	sim_grbl_interrupts(grbl);
	receiver_flush(&grbl->board->receiver, &cut);
	sim_grbl_reader_reset(grbl);
	grbl->origin.cut = cut;
	sim_grbl_modal_reset(grbl);
	memset(grbl->g92_mm, 0, sizeof grbl->g92_mm);
	grbl->tool_mm = 0;
	grbl->wanted = 0;
	grbl->limit = 0;
	grbl->sticky = 0;
	grbl->critical = grbl->running = grbl->jog_cancelled = grbl->going = false;
	grbl->report_offset = grbl->report_override = 0;
	grbl->state = locked ? GRBL_ALARM : GRBL_IDLE;
	sim_grbl_say(grbl, "\r\n%s\r\n", grbl->variant->banner);
	if (locked)
		sim_grbl_say(grbl, "[MSG:'$H'|'$X' to unlock]\r\n");
}

/* The line under way returns as if it had succeeded, then everything starts again. */
static void abort_all(struct grbl *grbl)
{
	if (grbl->limit != 0)
		say_alarm(grbl, grbl->limit);
	sim_grbl_interrupts(grbl);
	if (grbl->running)
		sim_grbl_answer(grbl, 0);
	grbl->board->counters.resets++;
	start(grbl);
}

static void boot(struct grbl *grbl)
{
	while (receiver_next_us(&grbl->board->receiver) <= grbl->now_us) {
		receiver_drop(&grbl->board->receiver);
		grbl->board->counters.deaf_bytes++;
	}
	grbl->life = GRBL_RUNNING;
	grbl->state = sim_grbl_setting(grbl, 22) > 0 ? GRBL_ALARM : GRBL_IDLE;
	for (const char *const *line = grbl->variant->boot; line && *line; line++)
		sim_grbl_say(grbl, "%s\r\n", *line);
	start(grbl);
}

/* ---- the loop ---- */

static void loop_once(struct grbl *grbl)
{
	sim_grbl_act(grbl);
	if (grbl->wanted & GRBL_WANT_RESET) {
		abort_all(grbl);
		return;
	}
	if (grbl->limit != 0 && !grbl->critical) {
		int32_t number = grbl->limit;
		grbl->limit = 0;
		sim_grbl_alarm(grbl, number);
		return;
	}
	if (grbl->critical || sim_grbl_is_suspended(grbl))
		return;
	if (grbl->running)
		sim_grbl_run(grbl);
	else if (sim_grbl_read_line(grbl))
		sim_grbl_begin(grbl);
	if (grbl->wanted & GRBL_WANT_RESET)
		abort_all(grbl);
}

/* Between two steps the beam does not change. */
static void account(struct grbl *grbl, int64_t now_us)
{
	int64_t passed_us = now_us - grbl->account_us;

	if (grbl->was_lit)
		grbl->board->counters.beam_on_us += passed_us;
	if (grbl->was_lit && grbl->was_still)
		grbl->board->counters.beam_still_us += passed_us;
	grbl->account_us = now_us;
}

static void note_beam(struct grbl *grbl, int64_t now_us)
{
	grbl->was_lit = sim_grbl_beam(grbl, now_us) > 0;
	grbl->was_still = motion_speed(&grbl->board->planner, now_us) <= 0;
}

void sim_grbl_step_now(void *state, int64_t now_us)
{
	struct grbl *grbl = state;

	account(grbl, now_us);
	if (grbl->now_us < now_us)
		grbl->now_us = now_us;
	motion_advance(&grbl->board->planner, now_us);
	switch (grbl->life) {
	case GRBL_OFF:
		break;
	case GRBL_BOOTLOADER:
		boot(grbl);
		break;
	case GRBL_RUNNING:
		sim_grbl_interrupts(grbl);
		loop_once(grbl);
		break;
	}
	note_beam(grbl, now_us);
	grbl->free_us = grbl->now_us;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* When steppers do something that the thread or the account of the beam must see. */
static int64_t motion_event_us(const struct grbl *grbl)
{
	const struct motion *planner = &grbl->board->planner;

	if (planner->held)
		return planner->rest_us > grbl->account_us ? planner->rest_us : SIM_NEVER;
	return motion_next_us(planner);
}

int64_t sim_grbl_next_us(void *state)
{
	struct grbl *grbl = state;
	struct receiver *receiver = &grbl->board->receiver;

	switch (grbl->life) {
	case GRBL_OFF:
		return SIM_NEVER;
	case GRBL_BOOTLOADER:
		return grbl->free_us;
	case GRBL_RUNNING:
		break;
	}
	bool reads = !grbl->running && !grbl->critical && !sim_grbl_is_suspended(grbl);
	if (grbl->wanted != 0 || (grbl->limit != 0 && !grbl->critical) ||
		(reads && receiver->ring_count > 0))
		return grbl->free_us;
	int64_t next = receiver_wanted_us(receiver, sim_grbl_is_wanted);
	if (next != SIM_NEVER)
		next += GRBL_TURN_US;
	next = earlier(next, motion_event_us(grbl));
	if (grbl->running && !sim_grbl_is_suspended(grbl) && !grbl->critical)
		next = earlier(next, grbl->wake_us);
	return next > grbl->free_us ? next : grbl->free_us;
}

/* ---- the row's functions ---- */

void *sim_grbl_create(const struct sim_firmware *firmware, struct board *board)
{
	struct grbl *grbl = calloc(1, sizeof *grbl);

	if (!grbl)
		return NULL;
	grbl->board = board;
	grbl->variant = firmware->variant;
	grbl->life = GRBL_OFF;
	sim_grbl_settings_init(grbl);
	return grbl;
}

void sim_grbl_destroy(void *state)
{
	free(state);
}

/* Everything but the EEPROM is forgotten. */
void sim_grbl_power(void *state, int64_t now_us)
{
	struct grbl *grbl = state, fresh = { .board = grbl->board, .variant = grbl->variant };
	bool cut;

	board_cut_output(grbl->board, now_us);
	memcpy(fresh.setting, grbl->setting, sizeof fresh.setting);
	memcpy(fresh.stored_mm, grbl->stored_mm, sizeof fresh.stored_mm);
	*grbl = fresh;
	grbl->life = GRBL_BOOTLOADER;
	grbl->now_us = grbl->account_us = grbl->sent_us = now_us;
	grbl->free_us = now_us + grbl->board->settings.boot_us;
	grbl->wake_us = SIM_NEVER;
	receiver_flush(&grbl->board->receiver, &cut);
	motion_stop(&grbl->board->planner, now_us);
	memset(grbl->board->planner.position_mm, 0, sizeof grbl->board->planner.position_mm);
	grbl->board->planner.first_delay_us = 1000;
	sim_grbl_reader_reset(grbl);
	grbl->origin.cut = cut;
	sim_grbl_modal_reset(grbl);
}

/* There are no heaters; the account of the beam is kept up to date while nothing happens. */
void sim_grbl_control(void *state, int64_t now_us)
{
	account(state, now_us);
}

void sim_grbl_press(void *state, const char *text, int64_t now_us)
{
	static const struct {
		const char *text;
		uint32_t wanted;
	} presses[] = { { "hold", GRBL_WANT_HOLD }, { "continue", GRBL_WANT_RESUME },
		{ "door", GRBL_WANT_DOOR } };
	struct grbl *grbl = state;

	if (grbl->life != GRBL_RUNNING)
		return;
	for (size_t i = 0; i < sizeof presses / sizeof presses[0]; i++)
		if (strcmp(text, presses[i].text) == 0)
			grbl->wanted |= presses[i].wanted;
	if (strcmp(text, "door") == 0)
		grbl->door_open = true;
	else if (strcmp(text, "door-closed") == 0)
		grbl->door_open = false;
	else if (strcmp(text, "limit") == 0)
		grbl->limit = 1;
	else if (strcmp(text, "reset") == 0) {
		grbl->now_us = now_us > grbl->now_us ? now_us : grbl->now_us;
		sim_grbl_reset_now(grbl);
	}
}

bool sim_grbl_waits(const void *state, bool *printing)
{
	const struct grbl *grbl = state;

	*printing = !motion_is_empty(&grbl->board->planner) || grbl->going;
	return grbl->life == GRBL_RUNNING && !grbl->running && grbl->wanted == 0 &&
	       !sim_grbl_is_suspended(grbl);
}

static const char *const state_names[] = { "Idle", "Run", "Hold", "Jog", "Home", "Alarm", "Door",
	"Check", "Sleep" };

void sim_grbl_status(const void *state, struct sim_status *out)
{
	const struct grbl *grbl = state;

	switch (grbl->life) {
	case GRBL_OFF:
		out->state = SIM_OFF;
		break;
	case GRBL_BOOTLOADER:
		out->state = SIM_BOOTING;
		break;
	case GRBL_RUNNING:
		out->state = SIM_RUNNING;
		break;
	}
	snprintf(out->machine_state, sizeof out->machine_state, "%s", state_names[grbl->state]);
	out->beam = sim_grbl_beam(grbl, grbl->account_us);
	out->waits_for_user = grbl->state == GRBL_HOLD || grbl->state == GRBL_DOOR;
}

void sim_grbl_shift(void *state, int64_t shift_us)
{
	struct grbl *grbl = state;
	int64_t *times[] = { &grbl->now_us, &grbl->free_us, &grbl->sent_us, &grbl->wake_us,
		&grbl->sync_end_us, &grbl->input_us };

	for (size_t i = 0; i < sizeof times / sizeof times[0]; i++)
		if (*times[i] != SIM_NEVER && *times[i] != 0)
			*times[i] += shift_us;
}

void sim_grbl_defaults(const struct sim_firmware *firmware, struct sim_settings *settings)
{
	const struct sim_grbl_variant *variant = firmware->variant;

	settings->rx_bytes = variant->rx_bytes;
	settings->leveling = false;
}
