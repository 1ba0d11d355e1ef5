/* One simulated printer; see printer.h.  Orders events in time: wire, firmware, heat. */
#include "sim/printer.h"

#include "sim/board.h"
#include "sim/faults.h"
#include "sim/firmware.h"

#include <assert.h> /* assert */
#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memset */

struct sim_printer {
	struct board board;
	const struct sim_firmware *firmware; /* row, static */
	void *state;			     /* the firmware's, owned */
	int64_t now_us;			     /* latest time told */
	bool powered;
	bool frozen;
	int64_t frozen_us;   /* since */
	int64_t power_on_us; /* end of a power cycle; SIM_NEVER */
	int64_t replug_us;   /* the port comes back by itself; SIM_NEVER */
	bool plugged;
	bool open;  /* by the host */
	bool fresh; /* not opened since power-on or plug-in */
};

/* ---- settings ---- */

static void make_uuid(struct sim_settings *settings)
{
	struct random random;
	uint64_t seed = 14695981039346656037u;

	for (const char *c = settings->name; *c; c++)
		seed = (seed ^ (uint8_t)*c) * 1099511628211u;
	random_init(&random, seed);
	uint64_t high = random_bits(&random), low = random_bits(&random);
	snprintf(settings->serial, sizeof settings->serial, "SIM%08X", (unsigned)(low >> 32));
	snprintf(settings->uuid, sizeof settings->uuid, "%08x-%04x-4%03x-%04x-%012llx",
		(unsigned)(high >> 32), (unsigned)(high >> 16 & 0xffff), (unsigned)(high & 0xfff),
		(unsigned)(0x8000 | (low >> 48 & 0x3fff)),
		(unsigned long long)(low & 0xffffffffffff));
}

bool sim_settings_init(struct sim_settings *settings, const char *name, const char *firmware)
{
	const struct sim_firmware *row = sim_firmware_find(firmware);

	if (!row)
		return false;
	*settings = (struct sim_settings){
		.firmware = row,
		.machine = "3D Printer",
		.baud = 115200,
		.volume_max_mm = { 200, 200, 200 },
		.leveling = true,
		.rx_bytes = 128,
		.bufsize = 4,
		.blocks = 16,
		.boot_us = 1500000,
		.reset_on_open = SIM_RESET_FIRST,
		.command_us = 400,
		.move_us = 900,
		.erases = true,
		.ambient_celsius = 25,
		.heat_factor = 1,
	};
	snprintf(settings->name, sizeof settings->name, "%s", name);
	make_uuid(settings);
	row->defaults(row, settings);
	return true;
}

/* ---- life ---- */

struct sim_printer *sim_printer_create(
	const struct sim_settings *settings, uint64_t seed, int64_t now_us)
{
	struct sim_printer *printer = calloc(1, sizeof *printer);

	if (!printer)
		return NULL;
	board_init(&printer->board, settings, seed, now_us);
	printer->firmware = settings->firmware;
	printer->now_us = now_us;
	printer->powered = true;
	printer->plugged = true;
	printer->open = true;
	printer->fresh = true;
	printer->power_on_us = printer->replug_us = SIM_NEVER;
	printer->state = printer->firmware->create(printer->firmware, &printer->board);
	if (!printer->state) {
		free(printer);
		return NULL;
	}
	if (settings->warm_start) {
		heat_set(&printer->board.heat, SIM_HOTEND, 215);
		heat_set(&printer->board.heat, SIM_BED, 60);
	}
	printer->firmware->reset(printer->state, now_us);
	return printer;
}

void sim_printer_destroy(struct sim_printer *printer)
{
	if (!printer)
		return;
	printer->firmware->destroy(printer->state);
	free(printer);
}

static bool is_deaf(const struct sim_printer *printer)
{
	struct sim_status status = { 0 };

	if (!printer->powered)
		return true;
	/* Where the wire waits for the board, it waits. */
	if (printer->frozen)
		return printer->board.settings.link == SIM_LINK_UART;
	printer->firmware->status(printer->state, &status);
	return status.state == SIM_HALTED;
}

/* ---- time ---- */

/* Bytes that arrive at a board which does not listen. */
static void drop_arrived(struct sim_printer *printer, int64_t now_us)
{
	while (receiver_next_us(&printer->board.receiver) <= now_us) {
		receiver_drop(&printer->board.receiver);
		printer->board.counters.deaf_bytes++;
	}
}

static void drop_wire(struct sim_printer *printer)
{
	while (!receiver_wire_is_empty(&printer->board.receiver)) {
		receiver_drop(&printer->board.receiver);
		printer->board.counters.deaf_bytes++;
	}
}

static int64_t firmware_next_us(const struct sim_printer *printer)
{
	if (!printer->powered || printer->frozen)
		return SIM_NEVER;
	return printer->firmware->next_us(printer->state);
}

static void power_on(struct sim_printer *printer, int64_t now_us)
{
	printer->powered = true;
	printer->board.heat.powered = true;
	printer->power_on_us = SIM_NEVER;
	printer->fresh = true;
	printer->board.counters.resets++;
	printer->firmware->reset(printer->state, now_us);
}

static void replug(struct sim_printer *printer)
{
	printer->replug_us = SIM_NEVER;
	printer->plugged = true;
}

static void reset(struct sim_printer *printer);

static void step_heat(struct sim_printer *printer, int64_t now_us)
{
	heat_step(&printer->board.heat);
	if (printer->powered && !printer->frozen)
		printer->firmware->control(printer->state, now_us);
}

void sim_printer_advance(struct sim_printer *printer, int64_t now_us)
{
	if (now_us < printer->now_us)
		return;
	for (;;) {
		int64_t firmware_us = firmware_next_us(printer);
		int64_t heat_us = heat_next_us(&printer->board.heat);
		int64_t next = firmware_us < heat_us ? firmware_us : heat_us;
		if (printer->power_on_us < next)
			next = printer->power_on_us;
		if (printer->replug_us < next)
			next = printer->replug_us;
		if (next > now_us)
			break;
		if (next == printer->power_on_us)
			power_on(printer, next);
		else if (next == printer->replug_us)
			replug(printer);
		else if (next == heat_us)
			step_heat(printer, next); /* first: a firmware may wait for it */
		else
			/* Not before what has just been done to it. */
			printer->firmware->step(
				printer->state, next > printer->now_us ? next : printer->now_us);
	}
	printer->now_us = now_us;
	if (printer->powered && !printer->frozen && printer->firmware->restarts &&
		printer->firmware->restarts(printer->state))
		reset(printer);
	/* Steppers run by themselves. */
	if (printer->powered && !printer->frozen)
		motion_advance(&printer->board.planner, now_us);
	if (is_deaf(printer) && !printer->board.receiver.waits)
		drop_arrived(printer, now_us);
}

int64_t sim_printer_next_event_us(const struct sim_printer *printer)
{
	int64_t next = firmware_next_us(printer), output_us = board_output_us(&printer->board);

	if (printer->power_on_us < next)
		next = printer->power_on_us;
	if (printer->replug_us < next)
		next = printer->replug_us;
	if (output_us < next)
		next = output_us;
	/* A deaf board still takes bytes off the wire. */
	if (next == SIM_NEVER && is_deaf(printer) && !printer->board.receiver.waits &&
		!receiver_wire_is_empty(&printer->board.receiver))
		next = (printer->board.receiver.wire_free_ns + 999) / 1000;
	/* Heat is exact however seldom it is asked for, but protection may print. */
	if (printer->powered) {
		int64_t soon = heat_next_us(&printer->board.heat) + 9 * HEAT_STEP_US;
		if (soon < next)
			next = soon;
	}
	return next > printer->now_us ? next : printer->now_us;
}

/* ---- the wire ---- */

size_t sim_printer_receive_room(const struct sim_printer *printer)
{
	size_t wire = receiver_room(&printer->board.receiver);
	size_t record = board_executed_room(&printer->board);

	/* Each byte may bring another one along. */
	if (printer->board.settings.noise_shifts)
		wire /= 2;
	return wire < record ? wire : record;
}

static void send_byte(struct board *board, uint8_t byte, int64_t now_us)
{
	struct received received = { byte, board->shifted ? RECEIVED_SHIFTED : 0 };
	uint8_t added;
	enum noise_outcome outcome = board->settings.link == SIM_LINK_CDC
					     ? NOISE_CLEAN
					     : noise_pass(&board->noise_up, &received.byte, &added);

	board->shifted = outcome == NOISE_LOST;
	board->counters.noise_up_bytes += outcome != NOISE_CLEAN;
	switch (outcome) {
	case NOISE_CLEAN:
		break;
	case NOISE_CHANGED:
		received.flags |= RECEIVED_NOISE;
		break;
	case NOISE_LOST:
		return;
	case NOISE_ADDED:
		receiver_send(&board->receiver, (struct received){ added, RECEIVED_NOISE }, now_us);
		break;
	}
	receiver_send(&board->receiver, received, now_us);
}

size_t sim_printer_receive(
	struct sim_printer *printer, const void *bytes, size_t length, int64_t now_us)
{
	struct board *board = &printer->board;
	const uint8_t *from = bytes;

	sim_printer_advance(printer, now_us);
	size_t room = sim_printer_receive_room(printer);
	if (length > room)
		length = room;
	board->counters.received_bytes += (int64_t)length;
	for (size_t i = 0; i < length; i++)
		send_byte(board, from[i], printer->now_us + board->settings.latency_us);
	return length;
}

size_t sim_printer_take_output(struct sim_printer *printer, void *buffer, size_t capacity)
{
	return board_take_output(&printer->board, buffer, capacity, printer->now_us);
}

bool sim_printer_next_executed(struct sim_printer *printer, struct sim_executed *executed)
{
	return board_next_executed(&printer->board, executed);
}

bool sim_printer_waits_for_host(const struct sim_printer *printer)
{
	const struct receiver *receiver = &printer->board.receiver;
	bool printing;

	if (!printer->powered || printer->frozen || !printer->plugged || !printer->open)
		return false;
	return printer->firmware->waits(printer->state, &printing) && printing &&
	       receiver_wire_is_empty(receiver) && receiver->ring_count == 0 &&
	       printer->board.line_count == 0;
}

/* ---- the side channel ---- */

bool sim_printer_has_side(const struct sim_printer *printer)
{
	return printer->firmware->side != NULL;
}

bool sim_printer_side_serves(const struct sim_printer *printer)
{
	return printer->firmware->side && printer->powered && !printer->frozen &&
	       printer->firmware->side->serves(printer->state);
}

void sim_printer_side_connected(struct sim_printer *printer, bool connected, int64_t now_us)
{
	sim_printer_advance(printer, now_us);
	if (printer->firmware->side)
		printer->firmware->side->connected(printer->state, connected, printer->now_us);
}

void sim_printer_side_receive(
	struct sim_printer *printer, const void *bytes, size_t length, int64_t now_us)
{
	sim_printer_advance(printer, now_us);
	if (sim_printer_side_serves(printer))
		printer->firmware->side->receive(printer->state, bytes, length, printer->now_us);
}

size_t sim_printer_side_take(struct sim_printer *printer, void *buffer, size_t capacity)
{
	if (!printer->firmware->side || !printer->powered || printer->frozen)
		return 0;
	return printer->firmware->side->take(printer->state, buffer, capacity);
}

/* ---- what happens to a printer ---- */

static void set_listening(struct sim_printer *printer)
{
	printer->board.listening = printer->open && printer->plugged;
	if (!printer->board.listening)
		board_drop_output(&printer->board);
}

/* The port goes; bytes on the wire end with it. */
static void unplug(struct sim_printer *printer, int64_t back_us)
{
	printer->plugged = false;
	printer->open = false;
	printer->replug_us = back_us;
	drop_wire(printer);
	set_listening(printer);
}

static void reset(struct sim_printer *printer)
{
	if (!printer->powered)
		return;
	printer->frozen = false;
	printer->board.counters.resets++;
	printer->firmware->reset(printer->state, printer->now_us);
	/* The board's own USB goes down with it. */
	if (printer->board.settings.link == SIM_LINK_CDC && printer->plugged)
		unplug(printer, printer->now_us + printer->board.settings.boot_us + SIM_HANGUP_US);
}

void sim_printer_opened(struct sim_printer *printer, int64_t now_us)
{
	bool pulse = false;

	sim_printer_advance(printer, now_us);
	printer->open = true;
	set_listening(printer);
	switch (printer->board.settings.reset_on_open) {
	case SIM_RESET_NEVER:
		break;
	case SIM_RESET_FIRST:
		pulse = printer->fresh;
		break;
	case SIM_RESET_ALWAYS:
		pulse = true;
		break;
	}
	printer->fresh = false;
	if (pulse && printer->board.settings.link == SIM_LINK_UART)
		reset(printer);
	else if (printer->powered && !printer->frozen && printer->firmware->opened)
		printer->firmware->opened(printer->state, now_us);
}

void sim_printer_closed(struct sim_printer *printer, int64_t now_us)
{
	sim_printer_advance(printer, now_us);
	printer->open = false;
	set_listening(printer);
}

static void freeze(struct sim_printer *printer)
{
	if (printer->frozen || !printer->powered)
		return;
	printer->frozen = true;
	printer->frozen_us = printer->now_us;
	/* What was on its way out stays in the board. */
	board_cut_output(&printer->board, printer->now_us);
}

static void unfreeze(struct sim_printer *printer)
{
	if (!printer->frozen)
		return;
	int64_t shift_us = printer->now_us - printer->frozen_us;
	printer->frozen = false;
	motion_shift(&printer->board.planner, shift_us);
	printer->firmware->shift(printer->state, shift_us);
}

static void power_off(struct sim_printer *printer)
{
	if (!printer->powered)
		return;
	board_cut_output(&printer->board, printer->now_us);
	motion_stop(&printer->board.planner, printer->now_us);
	/* A USB device without power is gone from the host. */
	printer->open = false;
	drop_wire(printer);
	set_listening(printer);
	printer->powered = false;
	printer->frozen = false;
	printer->board.heat.powered = false;
}

static void set_noise(struct sim_printer *printer, const struct sim_fault *fault)
{
	if (fault->up)
		noise_set(&printer->board.noise_up, fault->probability);
	if (fault->down)
		noise_set(&printer->board.noise_down, fault->down_probability);
}

void sim_printer_apply(struct sim_printer *printer, const struct sim_fault *fault, int64_t now_us)
{
	struct heat_element *element = &printer->board.heat.element[fault->heater];

	sim_printer_advance(printer, now_us);
	switch (fault->kind) {
	case SIM_FAULT_NOISE:
		set_noise(printer, fault);
		break;
	case SIM_FAULT_LOST_OK:
		printer->board.settings.lost_ok = fault->probability;
		break;
	case SIM_FAULT_DOUBLED_OK:
		printer->board.settings.doubled_ok = fault->probability;
		break;
	case SIM_FAULT_FREEZE:
		freeze(printer);
		break;
	case SIM_FAULT_UNFREEZE:
		unfreeze(printer);
		break;
	case SIM_FAULT_RESET:
		reset(printer);
		break;
	case SIM_FAULT_POWER_CYCLE:
		power_off(printer);
		printer->power_on_us = printer->now_us + fault->duration_us;
		break;
	case SIM_FAULT_POWER_OFF:
		power_off(printer);
		printer->power_on_us = SIM_NEVER;
		break;
	case SIM_FAULT_POWER_ON:
		if (!printer->powered)
			power_on(printer, printer->now_us);
		break;
	case SIM_FAULT_UNPLUG:
		printer->fresh = true;
		unplug(printer,
			fault->duration_us > 0 ? printer->now_us + fault->duration_us : SIM_NEVER);
		break;
	case SIM_FAULT_REPLUG:
		replug(printer);
		break;
	case SIM_FAULT_HANGUP:
		if (printer->plugged)
			unplug(printer, printer->now_us + fault->duration_us);
		break;
	case SIM_FAULT_THERMISTOR:
		element->thermistor = fault->thermistor;
		break;
	case SIM_FAULT_RUNAWAY:
		element->runaway = true;
		break;
	case SIM_FAULT_HEATER:
		element->dead = fault->dead;
		break;
	case SIM_FAULT_PRESS:
		if (printer->powered && !printer->frozen)
			printer->firmware->press(printer->state, fault->text, printer->now_us);
		break;
	}
}

/* ---- looking ---- */

bool sim_printer_is_attached(const struct sim_printer *printer)
{
	return printer->powered && printer->plugged;
}

int64_t sim_printer_now_us(const struct sim_printer *printer)
{
	return printer->now_us;
}

const struct sim_settings *sim_printer_settings(const struct sim_printer *printer)
{
	return &printer->board.settings;
}

const struct sim_counters *sim_printer_counters(const struct sim_printer *printer)
{
	return &printer->board.counters;
}

const char *sim_state_name(enum sim_state state)
{
	switch (state) {
	case SIM_OFF:
		return "off";
	case SIM_BOOTING:
		return "booting";
	case SIM_RUNNING:
		return "running";
	case SIM_HALTED:
		return "halted";
	case SIM_FROZEN:
		return "frozen";
	}
	return "?";
}

void sim_printer_status(const struct sim_printer *printer, struct sim_status *status)
{
	const struct heat *heat = &printer->board.heat;

	memset(status, 0, sizeof *status);
	printer->firmware->status(printer->state, status);
	if (!printer->powered) {
		status->state = SIM_OFF;
		status->hotend_target_celsius = status->bed_target_celsius = 0;
		status->beam = 0;
	} else if (printer->frozen) {
		status->state = SIM_FROZEN;
	}
	status->unplugged = !printer->plugged || !printer->powered;
	status->hotend_celsius = heat->element[SIM_HOTEND].celsius;
	status->bed_celsius = heat->element[SIM_BED].celsius;
	status->hotend_power = heat_power(heat, SIM_HOTEND);
	status->bed_power = heat_power(heat, SIM_BED);
	status->planned = (int32_t)printer->board.planner.count;
	motion_position(&printer->board.planner, printer->now_us, status->position_mm);
}
