/* RepRapFirmware's life: lines in, answers out, heater faults.  See rrf.h. */
#include "sim/rrf.h"

#include "sim/firmware.h"
#include "sim/rrf_rows.h"

#include <stdarg.h> /* va_list */
#include <stdio.h>  /* vsnprintf, snprintf */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memset, memmove, strcmp */

enum { REPORT_US = 2000000 };

/* ---- answers ---- */

void sim_rrf_say(struct rrf *rrf, const char *format, ...)
{
	char text[BOARD_LINE_MAX + 256];
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	if (length > 0)
		rrf->now_us = board_print(rrf->board, text,
			(size_t)length < sizeof text ? (size_t)length : sizeof text - 1,
			rrf->now_us);
}

void sim_rrf_done(struct rrf *rrf)
{
	if (rrf->native)
		sim_rrf_say(rrf, "\n");
	else
		rrf->now_us = board_print_ok(rrf->board, "ok\n", 3, rrf->now_us);
}

/* ---- life ---- */

void sim_rrf_stop(struct rrf *rrf)
{
	rrf->board->counters.kills++;
	machine_stop(&rrf->machine, rrf->now_us);
	machine_heaters_off(&rrf->machine);
	rrf->life = RRF_STOPPED;
	rrf->running = rrf->boxed = false;
}

static void *create(const struct sim_firmware *firmware, struct board *board)
{
	struct rrf *rrf = calloc(1, sizeof *rrf);

	if (!rrf)
		return NULL;
	rrf->board = board;
	rrf->variant = firmware->variant;
	machine_reset(&rrf->machine, board, 0);
	return rrf;
}

static void reset(void *state, int64_t now_us)
{
	struct rrf *rrf = state;
	struct board *board = rrf->board;
	const struct sim_rrf_variant *variant = rrf->variant;
	bool cut;

	board_cut_output(board, now_us);
	receiver_flush(&board->receiver, &cut);
	memset(rrf, 0, sizeof *rrf);
	rrf->board = board;
	rrf->variant = variant;
	rrf->native = variant->native;
	rrf->life = RRF_BOOTING;
	rrf->now_us = now_us;
	rrf->free_us = now_us + board->settings.boot_us;
	machine_reset(&rrf->machine, board, now_us);
}

/* ---- reading ---- */

static void fill_cache(struct rrf *rrf)
{
	struct receiver *receiver = &rrf->board->receiver;

	if (RRF_CACHE_BYTES - rrf->cached < RRF_REFILL_BYTES)
		return;
	while (rrf->cached < RRF_CACHE_BYTES && receiver_next_us(receiver) <= rrf->now_us) {
		rrf->cache[rrf->cached++] = (char)receiver_first(receiver);
		receiver_skip(receiver);
	}
}

static void take_byte(struct rrf *rrf, char byte)
{
	if (byte == 0x7f) {
		rrf->spoiled = true;
	} else if (byte == '\n' || byte == '\r') {
		rrf->line[rrf->line_length] = '\0';
		rrf->line_ready = rrf->line_length > 0 && !rrf->spoiled;
		if (!rrf->line_ready)
			rrf->line_length = 0;
		rrf->spoiled = false;
	} else if (rrf->line_length + 1 < RRF_LINE_MAX) {
		rrf->line[rrf->line_length++] = byte;
	} else {
		rrf->too_long = true;
	}
}

/* Up to the end of one line. */
static void read_line(struct rrf *rrf)
{
	size_t taken = 0;

	while (taken < rrf->cached && !rrf->line_ready)
		take_byte(rrf, rrf->cache[taken++]);
	rrf->cached -= taken;
	memmove(rrf->cache, rrf->cache + taken, rrf->cached);
	rrf->come_us = rrf->now_us;
}

/* ---- checking ---- */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static unsigned crc16(const char *text, size_t length)
{
	unsigned crc = 0;

	for (size_t i = 0; i < length; i++) {
		crc ^= (unsigned)(uint8_t)text[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = crc & 0x8000 ? crc << 1 ^ 0x1021 : crc << 1;
	}
	return crc & 0xffff;
}

/* Only behind a line number is '*' a checksum: one to three digits XOR, five CRC.  Cuts it off.
 * False: it does not match. */
static bool checksum_is_good(const struct rrf *rrf, char *line)
{
	char *star = strchr(line, '*');
	unsigned given = 0, sum = 0;
	size_t digits = 0, length;

	if (!star)
		return true;
	length = (size_t)(star - line);
	while (is_digit(star[1 + digits]) && digits < 6)
		given = given * 10 + (unsigned)(star[1 + digits++] - '0');
	*star = '\0';
	if (digits == 5 && rrf->variant->crc)
		return given == crc16(line, length);
	for (size_t i = 0; i < length; i++)
		sum ^= (uint8_t)line[i];
	return digits >= 1 && digits <= 3 && given == sum;
}

/* *text is the command; false: the line is not executed. */
static bool check_line(struct rrf *rrf, char **text)
{
	char *at = rrf->line;
	bool good;

	rrf->number = SIM_UNNUMBERED;
	if (*at != 'N' || !is_digit(at[1])) {
		*text = at;
		return true;
	}
	for (at++, rrf->number = 0; is_digit(*at); at++)
		if (rrf->number < 1000000000)
			rrf->number = rrf->number * 10 + (*at - '0');
	good = checksum_is_good(rrf, rrf->line);
	*text = at + (*at == ' ');
	if (good || rrf->variant->checksum == RRF_CHECKSUM_IGNORED)
		return true;
	rrf->board->counters.checksum_errors++;
	if (rrf->variant->checksum == RRF_CHECKSUM_ASKS) {
		rrf->board->counters.resends++;
		sim_rrf_say(rrf, "rs %lld\n", (long long)rrf->number);
	}
	return false;
}

static void run_line(struct rrf *rrf)
{
	bool too_long = rrf->too_long;
	char *text;

	rrf->line_ready = rrf->too_long = false;
	rrf->line_length = 0;
	if (too_long) {
		sim_rrf_say(rrf, "Error: G-Code buffer 'USB' length overflow\n");
		sim_rrf_done(rrf);
		return;
	}
	if (!check_line(rrf, &text))
		return;
	/* A comment goes no further, but the line is one. */
	text[strcspn(text, ";")] = '\0';
	for (size_t length = strlen(text); length > 0 && text[length - 1] == ' ';)
		text[--length] = '\0';
	while (*text == ' ')
		text++;
	if (*text)
		sim_rrf_execute(rrf, text, rrf->number);
}

/* ---- time ---- */

static void go_on(struct rrf *rrf)
{
	char text[BOARD_LINE_MAX];

	if (rrf->boxed)
		return;
	if (machine_continue(&rrf->machine, rrf->now_us) == MACHINE_DONE) {
		rrf->running = false;
		sim_rrf_done(rrf);
	} else if (rrf->machine.wait == MACHINE_WAIT_HEAT && rrf->temperatures_asked &&
		   rrf->now_us >= rrf->next_report_us) {
		rrf->next_report_us += REPORT_US;
		sim_rrf_temperatures(rrf, text, sizeof text);
		sim_rrf_say(rrf, "%s\n", text);
	}
}

static int64_t next_us(void *state)
{
	struct rrf *rrf = state;
	int64_t next = SIM_NEVER;

	switch (rrf->life) {
	case RRF_OFF:
		return SIM_NEVER;
	case RRF_BOOTING:
		return rrf->free_us;
	case RRF_RUNNING:
	case RRF_STOPPED:
		break;
	}
	if (rrf->running && !rrf->boxed) {
		next = machine_wake_us(&rrf->machine);
		if (rrf->machine.wait == MACHINE_WAIT_HEAT && rrf->temperatures_asked &&
			rrf->next_report_us < next)
			next = rrf->next_report_us;
	}
	if (!rrf->running && (rrf->line_ready || rrf->cached > 0))
		next = rrf->free_us;
	if (RRF_CACHE_BYTES - rrf->cached >= RRF_REFILL_BYTES) {
		int64_t line_us = receiver_line_end_us(&rrf->board->receiver);

		next = line_us < next ? line_us : next;
	}
	return next > rrf->free_us ? next : rrf->free_us;
}

static void step(void *state, int64_t now_us)
{
	struct rrf *rrf = state;

	if (rrf->life == RRF_OFF)
		return;
	if (rrf->now_us < now_us)
		rrf->now_us = now_us;
	if (rrf->life == RRF_BOOTING)
		rrf->life = RRF_RUNNING;
	motion_advance(&rrf->board->planner, rrf->now_us);
	fill_cache(rrf);
	if (rrf->running) {
		go_on(rrf);
	} else {
		read_line(rrf);
		if (rrf->line_ready)
			run_line(rrf);
	}
	rrf->free_us = rrf->now_us;
}

/* A heater in fault is off until the board is reset; the rest goes on. */
static void raise_fault(struct rrf *rrf, enum sim_heater heater, enum machine_alarm alarm)
{
	static const int numbers[SIM_HEATERS] = { [SIM_HOTEND] = 1, [SIM_BED] = 0 };

	rrf->fault[heater] = true;
	machine_set_target(&rrf->machine, heater, 0);
	rrf->board->heat.element[heater].power = 0;
	if (rrf->fault_told[heater])
		return;
	rrf->fault_told[heater] = true;
	if (!rrf->variant->object_model)
		sim_rrf_say(rrf,
			"Error: Heating fault on heater %d, temperature rising much more slowly "
			"than the expected 1.2\302\260C/sec\n",
			numbers[heater]);
	else if (alarm == MACHINE_NOT_HEATING)
		sim_rrf_say(rrf,
			"Error: Heater %d fault: temperature rising much more slowly than the "
			"expected 1.8\302\260C/sec\n",
			numbers[heater]);
	else
		sim_rrf_say(rrf, "Error: Heater %d fault: temperature reading error: openCircuit\n",
			numbers[heater]);
}

static void control(void *state, int64_t now_us)
{
	struct rrf *rrf = state;
	enum machine_alarm alarm;
	enum sim_heater heater;

	if (rrf->life != RRF_RUNNING)
		return;
	alarm = machine_control(&rrf->machine, now_us, &heater);
	if (alarm == MACHINE_WELL || rrf->fault[heater])
		return;
	if (rrf->now_us < now_us)
		rrf->now_us = now_us;
	raise_fault(rrf, heater, alarm);
	rrf->free_us = rrf->now_us > rrf->free_us ? rrf->now_us : rrf->free_us;
}

/* The web page or the panel: "continue" answers a message box, "box TEXT" puts one up, "card"
 * begins or ends a print from the card, anything else is a command of another channel. */
static void press(void *state, const char *text, int64_t now_us)
{
	struct rrf *rrf = state;
	struct machine_words words;

	if (rrf->life != RRF_RUNNING)
		return;
	if (rrf->now_us < now_us)
		rrf->now_us = now_us;
	if (strcmp(text, "continue") == 0) {
		rrf->box[0] = '\0';
		if (rrf->boxed) {
			rrf->running = rrf->boxed = false;
			sim_rrf_done(rrf);
		}
	} else if (strcmp(text, "card") == 0) {
		rrf->card = !rrf->card;
	} else if (strncmp(text, "box ", 4) == 0) {
		snprintf(rrf->box, sizeof rrf->box, "%s", text + 4);
	} else if (!rrf->running) {
		machine_words_parse(&words, text);
		rrf->running = machine_execute(&rrf->machine, &words, rrf->now_us, rrf->now_us) ==
			       MACHINE_WAITS;
	}
	rrf->free_us = rrf->now_us;
}

static bool waits(const void *state, bool *printing)
{
	const struct rrf *rrf = state;

	*printing = rrf->machine.print_going || !motion_is_empty(&rrf->board->planner);
	return rrf->life == RRF_RUNNING && !rrf->running && !rrf->line_ready && rrf->cached == 0;
}

static bool restarts(void *state)
{
	struct rrf *rrf = state;
	bool wanted = rrf->reset_wanted;

	rrf->reset_wanted = false;
	return wanted;
}

static void status(const void *state, struct sim_status *out)
{
	const struct rrf *rrf = state;

	out->state = rrf->life == RRF_OFF	? SIM_OFF
		     : rrf->life == RRF_BOOTING ? SIM_BOOTING
						: SIM_RUNNING;
	out->hotend_target_celsius = rrf->machine.target_celsius[SIM_HOTEND];
	out->bed_target_celsius = rrf->machine.target_celsius[SIM_BED];
	out->last_number = -1;
	out->waits_for_user = rrf->boxed;
}

static void shift(void *state, int64_t shift_us)
{
	struct rrf *rrf = state;

	rrf->now_us += shift_us;
	rrf->free_us += shift_us;
	rrf->next_report_us += shift_us;
	machine_shift(&rrf->machine, shift_us);
}

static void defaults(const struct sim_firmware *firmware, struct sim_settings *settings)
{
	(void)firmware;
	settings->link = SIM_LINK_CDC;
	settings->blocks = 40;
	settings->boot_us = 3000000;
	settings->reset_on_open = SIM_RESET_NEVER;
	settings->command_us = 150;
	settings->move_us = 150;
	snprintf(settings->machine, sizeof settings->machine, "Duet 2 WiFi");
}

#define RRF_FUNCTIONS                                                                              \
	.defaults = defaults, .create = create, .destroy = free, .reset = reset,                   \
	.next_us = next_us, .step = step, .control = control, .press = press, .waits = waits,      \
	.restarts = restarts, .status = status, .shift = shift

static const struct sim_rrf_variant rrf_35 = {
	.version = "3.5.3",
	.date = "2024-09-24",
	.electronics = "Duet WiFi 1.02 or later + DueX5",
	.checksum = RRF_CHECKSUM_DROPS,
	.crc = true,
	.object_model = true,
};
static const struct sim_rrf_variant rrf_33 = {
	.version = "3.3",
	.date = "2021-06-15",
	.electronics = "Duet 3 Mini5plus WiFi",
	.checksum = RRF_CHECKSUM_IGNORED,
	.object_model = true,
	.native = true,
};
static const struct sim_rrf_variant rrf_2 = {
	.version = "2.05.1",
	.date = "2020-02-09b1",
	.electronics = "Duet WiFi 1.02 or later",
	.checksum = RRF_CHECKSUM_ASKS,
};

const struct sim_firmware sim_rrf = { .name = "rrf",
	.what = "RepRapFirmware 3.5 on a Duet: object model, damaged lines vanish",
	.variant = &rrf_35,
	RRF_FUNCTIONS };
const struct sim_firmware sim_rrf_33 = { .name = "rrf-3.3",
	.what = "RepRapFirmware 3.3 in its native mode (no ok until M555 P2), damaged lines run",
	.variant = &rrf_33,
	RRF_FUNCTIONS };
const struct sim_firmware sim_rrf_2 = { .name = "rrf-2",
	.what = "RepRapFirmware 2.05: no object model, \"rs\" for damaged lines",
	.variant = &rrf_2,
	RRF_FUNCTIONS };
