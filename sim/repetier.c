/* Repetier-Firmware on Marlin's machine: lines are acknowledged when they are received, with the
 * number received last; a repeated line is skipped; what is missing is asked for again and again.
 * After V1 1.0.4 and V2 (Repetier/gcode.cpp); serial-protocols.md 7.  ASCII only: bytes that look
 * like a binary command are collected as one, and refused.
 *
 * The panel: "pause", "resume", "cancel" tell the host; "door T" is open for T seconds. */
#include "sim/repetier_rows.h"

#include "sim/faults.h"
#include "sim/firmware.h"
#include "sim/marlin.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strchr, strcspn, strspn, strcmp */

enum {
	REPETIER_LINE_MAX = MARLIN_LINE_MAX, /* MAX_CMD_SIZE 96 with the line end */
	REPETIER_SILENCE_US = 200000,	     /* half a line, or a resend that nobody follows */
	REPETIER_WAIT_US = 1000000,
	REPETIER_GARBAGE_LINES = 14, /* behind a resend */
	REPETIER_REPEATS = 40,	     /* numbers back that are taken for repeats */
	REPETIER_BINARY = 0x80,
};

/* V2 says it with words of its own. */
static bool is_v2(const struct marlin *marlin)
{
	return marlin->variant->version[0] == '2';
}

/* ---- answers ---- */

static void say_ok(struct marlin *marlin, bool with_number)
{
	char text[32];
	int length =
		with_number ? snprintf(text, sizeof text, "ok %ld\r\n", (long)marlin->parsed_number)
			    : snprintf(text, sizeof text, "ok\r\n");

	marlin->now_us = board_print_ok(marlin->board, text, (size_t)length, marlin->now_us);
}

static void request_resend(struct marlin *marlin)
{
	bool cut;

	sim_marlin_reader_interrupts(marlin);
	marlin->board->counters.flushed_bytes += receiver_flush(&marlin->board->receiver, &cut);
	marlin->line_cut |= cut || marlin->line_length > 0;
	marlin->line_length = 0;
	marlin->skip_rest = false;
	marlin->binary_bytes = 0;
	marlin->trouble = true;
	marlin->expects = REPETIER_GARBAGE_LINES;
	sim_marlin_say(marlin, "\n");
	sim_marlin_say(marlin, "Resend:%ld\n", (long)marlin->last_number + 1);
	marlin->board->counters.resends++;
	say_ok(marlin, false);
}

static void say_fatal(struct marlin *marlin)
{
	sim_marlin_say(marlin,
		"fatal:%s - Printer stopped and heaters disabled due to this error. "
		"Fix error and restart with M999.\n",
		marlin->fatal);
}

/* ---- lines ---- */

/* Commands whose argument is text: it ends at the asterisk, and the sum behind is not looked at. */
static bool takes_text(int32_t code)
{
	static const int16_t codes[] = { 20, 23, 28, 29, 30, 32, 36, 117, 118, 531 };

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] == code)
			return true;
	return false;
}

struct parsed {
	bool numbered, checksum, good;
	int32_t number;
	int32_t m; /* -1: none */
};

/* Letters anywhere count, the last one of a kind; a bracket or a percent sign ends it all. */
static struct parsed parse(const char *line)
{
	struct parsed parsed = { false, false, true, 0, -1 };

	for (const char *at = line; *at && *at != '(' && *at != '%'; at++) {
		if (*at == 'N' || *at == 'n') {
			parsed.numbered = true;
			parsed.number = sim_marlin_long(at + 1);
		} else if (*at == 'M' || *at == 'm') {
			parsed.m = sim_marlin_long(at + 1) & 0xffff;
			if (takes_text(parsed.m))
				break;
		} else if (*at == '*') {
			parsed.checksum = true;
			parsed.good =
				(uint8_t)sim_marlin_long(at + 1) == sim_marlin_checksum(line, at);
			if (!parsed.good)
				break;
		}
	}
	return parsed;
}

/* False: it is not the next one, and has been dealt with. */
static bool check_number(struct marlin *marlin, int32_t number)
{
	uint16_t behind = (uint16_t)(marlin->last_number - number);

	if (behind == UINT16_MAX)
		return true;
	if (behind < REPETIER_REPEATS || marlin->trouble) {
		marlin->board->counters.dropped_repeats += behind < REPETIER_REPEATS;
		if (behind >= REPETIER_REPEATS && marlin->expects-- == 0)
			marlin->trouble = false;
		sim_marlin_say(marlin, "skip %ld\n", (long)number);
		say_ok(marlin, false);
		return false;
	}
	marlin->board->counters.number_errors++;
	sim_marlin_say(marlin, "Error:expected line %ld got %ld\n", (long)marlin->last_number + 1,
		(long)number);
	request_resend(marlin);
	return false;
}

/* The command without its number, up to what ends it. */
static void command_text(const char *line, char text[MARLIN_LINE_MAX])
{
	if (*line == 'N' || *line == 'n') {
		line++;
		line += *line == '-';
		line += strspn(line, "0123456789");
		line += strspn(line, " ");
	}
	snprintf(text, MARLIN_LINE_MAX, "%.*s", (int)strcspn(line, "*(%"), line);
}

static void take_line(struct marlin *marlin, struct board_origin *origin)
{
	struct parsed parsed = parse(marlin->line);
	char text[MARLIN_LINE_MAX];

	if (parsed.numbered)
		marlin->parsed_number = parsed.number;
	if (!parsed.good) {
		marlin->board->counters.checksum_errors++;
		sim_marlin_say(marlin, "Error:Wrong checksum\n");
		request_resend(marlin);
		return;
	}
	if (parsed.m == 110) {
		marlin->last_number = marlin->parsed_number;
		marlin->trouble = false;
		say_ok(marlin, false);
		return;
	}
	if (parsed.m == 112) {
		sim_marlin_kill(marlin, "M112");
		return;
	}
	if (parsed.numbered && !check_number(marlin, parsed.number))
		return;
	/* Noise has ended it before its sum, which nobody misses. */
	if (parsed.numbered && !parsed.checksum)
		origin->noise |= origin->torn;
	if (parsed.numbered) {
		marlin->last_number = parsed.number;
		origin->number = parsed.number;
	}
	command_text(marlin->line, text);
	if (marlin->stopped && parsed.m != 999)
		say_fatal(marlin);
	else
		sim_marlin_enqueue(marlin, text, origin, true);
	say_ok(marlin, true);
	marlin->trouble = false;
	marlin->next_busy_us = marlin->now_us + marlin->keepalive_us;
}

/* Bytes of a binary command by its first ones; computed anew at the fourth and the fifth. */
static int32_t binary_bytes(const struct marlin *marlin)
{
	static const uint8_t bytes[16] = { 2, 0, 0, 4, 4, 4, 4, 0, 4, 1, 4, 4, 2, 0, 0, 0 };
	const char *line = marlin->line;
	unsigned bits = (uint8_t)line[0] | (unsigned)(uint8_t)line[1] << 8;
	unsigned second = (uint8_t)line[2] | (unsigned)(uint8_t)line[3] << 8;
	bool v2 = bits & 1u << 12;
	int32_t size = 4;

	for (unsigned bit = 0; bit < 16; bit++) {
		if (bits & 1u << bit)
			size += bytes[bit];
		if (v2 && second & 1u << bit)
			size += 4;
	}
	size += ((bits & 2u ? 1 : 0) + (bits & 4u ? 1 : 0)) * (v2 ? 2 : 1);
	if (bits & 1u << 15) {
		int32_t text = v2 ? (uint8_t)line[4] + 1 : 16;
		size += text < 80 ? text : 80;
	}
	return size;
}

static void take_binary(struct marlin *marlin, struct received received)
{
	marlin->line[marlin->line_length] = (char)received.byte;
	marlin->line_flags[marlin->line_length++] = received.flags;
	if (marlin->line_length == 4 || marlin->line_length == 5)
		marlin->binary_bytes = binary_bytes(marlin);
	if (marlin->line_length == marlin->binary_bytes) {
		/* Nothing here sends any: its sum cannot be right. */
		marlin->board->counters.checksum_errors++;
		sim_marlin_say(marlin, "Error:Wrong checksum\n");
		request_resend(marlin);
	} else if (marlin->line_length == REPETIER_LINE_MAX) {
		request_resend(marlin);
	}
}

static void take(struct marlin *marlin, uint8_t byte, uint8_t flags)
{
	if (marlin->line_length == 0 && flags & RECEIVED_AFTER_LOSS)
		marlin->line_cut = true;
	if (marlin->line_length == 0 && byte & REPETIER_BINARY && !marlin->skip_rest)
		marlin->binary_bytes = REPETIER_LINE_MAX;
	if (marlin->binary_bytes > 0) {
		take_binary(marlin, (struct received){ byte, flags });
		return;
	}
	if (byte == '\n' || byte == '\r' || byte == 0) {
		int32_t length = marlin->line_length;
		struct board_origin origin = sim_marlin_end_line(marlin, flags);
		if (length > 0)
			take_line(marlin, &origin);
		return;
	}
	if (byte == ';') {
		marlin->skip_rest = true;
		marlin->line_torn |= (flags & RECEIVED_NOISE) != 0;
	}
	if (marlin->skip_rest)
		return;
	marlin->line[marlin->line_length] = (char)byte;
	marlin->line_flags[marlin->line_length++] = flags;
	if (marlin->line_length == REPETIER_LINE_MAX - 1)
		request_resend(marlin);
}

static void read_lines(struct marlin *marlin)
{
	int64_t come_us = receiver_next_us(&marlin->board->receiver);
	uint64_t before = marlin->board->receiver.wire_head;

	sim_marlin_reader_run(marlin, take);
	if (marlin->board->receiver.wire_head != before)
		marlin->reader_us = come_us < marlin->now_us && marlin->line_length > 0
					    ? come_us
					    : marlin->now_us;
}

static bool has_room(const struct marlin *marlin)
{
	return marlin->hold_us <= marlin->now_us && marlin->queue_length == 0;
}

/* ---- what happens by itself ---- */

static int64_t idle_us(const struct marlin *marlin)
{
	int64_t half_us = receiver_next_us(&marlin->board->receiver), next_us = SIM_NEVER;

	if (marlin->hold_us > marlin->now_us)
		return marlin->next_busy_us < marlin->hold_us ? marlin->next_busy_us
							      : marlin->hold_us;
	if (marlin->queue_length > 0)
		return SIM_NEVER;
	next_us = marlin->reader_us + (marlin->trouble || marlin->line_length > 0
						      ? REPETIER_SILENCE_US
						      : REPETIER_WAIT_US);
	if (half_us < SIM_NEVER && half_us + REPETIER_SILENCE_US < next_us)
		next_us = half_us + REPETIER_SILENCE_US;
	return next_us;
}

static void idle(struct marlin *marlin)
{
	if (marlin->hold_us > marlin->now_us) {
		if (marlin->next_busy_us <= marlin->now_us) {
			sim_marlin_say(marlin, "busy:door open\n");
			marlin->next_busy_us = marlin->now_us + marlin->keepalive_us;
		}
		return;
	}
	if (marlin->queue_length > 0) {
		/* What comes meanwhile starts the silence anew. */
		marlin->reader_us = marlin->now_us;
		return;
	}
	int64_t silent_us = marlin->now_us - marlin->reader_us;
	if (marlin->trouble || marlin->line_length > 0) {
		if (silent_us < REPETIER_SILENCE_US)
			return;
		request_resend(marlin);
	} else {
		if (silent_us < REPETIER_WAIT_US)
			return;
		sim_marlin_say(marlin, "wait\n");
	}
	marlin->reader_us = marlin->now_us;
}

/* The watchdog takes the board down: it starts anew, and the port stays (KILL_METHOD 1). */
static void reset_by_m112(struct marlin *marlin, const char *reason)
{
	struct board *board = marlin->board;

	(void)reason;
	board->counters.kills++;
	board->counters.resets++;
	sim_marlin_heat_off(marlin);
	sim_marlin_reset(marlin, marlin->now_us);
}

static void thermal(struct marlin *marlin, const char *what, const char *id, const char *display)
{
	(void)id;
	(void)display;
	if (marlin->stopped)
		return;
	snprintf(marlin->fatal, sizeof marlin->fatal, "Heater/sensor error (%s)", what);
	motion_stop(&marlin->board->planner, marlin->now_us);
	marlin->queue_length = 0;
	marlin->running = false;
	marlin->wait.heating = false;
	marlin->stopped = true;
	marlin->print_going = false;
	say_fatal(marlin);
}

static bool press(struct marlin *marlin, const char *text)
{
	static const struct {
		const char *button, *v1, *v2;
	} buttons[] = { { "pause", "// action:pause", "RequestPause:Pause button" },
		{ "resume", "// action:resume", "RequestContinue:" },
		{ "cancel", "// action:cancel", "RequestStop:" } };
	double seconds;

	if (strncmp(text, "door ", 5) == 0 && sim_number(text + 5, &seconds) && seconds >= 0 &&
		seconds < 1e6) {
		marlin->hold_us = marlin->now_us + (int64_t)(seconds * 1e6);
		marlin->next_busy_us = marlin->now_us;
		return true;
	}
	for (size_t i = 0; i < sizeof buttons / sizeof buttons[0]; i++) {
		if (strcmp(text, buttons[i].button) != 0)
			continue;
		sim_marlin_say(marlin, "%s\n", is_v2(marlin) ? buttons[i].v2 : buttons[i].v1);
		return true;
	}
	return false;
}

/* ---- commands ---- */

static enum sim_marlin_result identify(struct marlin *marlin)
{
	static const char *const capabilities[] = { "PROGRESS:1", "AUTOREPORT_TEMP:1",
		"HOST_RESCUE:1", "EEPROM:1", "AUTOLEVEL:0", "Z_PROBE:0", "SOFTWARE_POWER:0",
		"TOGGLE_LIGHTS:0", "PAUSESTOP:1", "PREHEAT:1" };

	sim_marlin_say(marlin,
		"FIRMWARE_NAME:Repetier_%s COMPILED:%s FIRMWARE_URL:https://github.com/repetier/"
		"Repetier-Firmware/ PROTOCOL_VERSION:1.0 MACHINE_TYPE:%s EXTRUDER_COUNT:1 "
		"REPETIER_PROTOCOL:%d\n",
		marlin->variant->version, marlin->variant->compiled,
		marlin->board->settings.machine, is_v2(marlin) ? 4 : 3);
	for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++)
		sim_marlin_say(marlin, "Cap:%s\n", capabilities[i]);
	sim_marlin_say(
		marlin, "Cap:EMERGENCY_PARSER:%d\n", marlin->board->settings.emergency_parser);
	sim_marlin_say(marlin, "Printed filament:0.00m Printing time:0 days 0 hours 0 min\n");
	sim_marlin_say(marlin, "PrinterMode:FFF\n");
	return MARLIN_OK;
}

static enum sim_marlin_result leave_fatal(struct marlin *marlin)
{
	if (marlin->stopped)
		sim_marlin_say(marlin, "info:Continue from fatal state\n");
	marlin->stopped = false;
	return MARLIN_OK;
}

/* M104 and M109, M140 and M190 tell the new target first. */
static void say_target(struct marlin *marlin)
{
	bool bed = marlin->words.code == 140 || marlin->words.code == 190;
	double celsius;

	if (sim_marlin_value(&marlin->words, 'S', &celsius))
		sim_marlin_say(marlin, "Target%s:%.0f\n", bed ? "Bed" : "Extr0", celsius);
}

static enum sim_marlin_result command(struct marlin *marlin)
{
	const double *p = marlin->position_mm, *o = marlin->offset_mm;

	if (marlin->words.letter != 'M')
		return MARLIN_UNKNOWN;
	switch (marlin->words.code) {
	case 104:
	case 109:
	case 140:
	case 190:
		say_target(marlin);
		return MARLIN_UNKNOWN;
	case 114:
		sim_marlin_say(marlin, "X:%.2f Y:%.2f Z:%.3f E:%.4f\n", p[0] + o[0], p[1] + o[1],
			p[2] + o[2], p[3]);
		return MARLIN_OK;
	case 115:
		return identify(marlin);
	case 118:
		sim_marlin_say(marlin, "Echo:%s\n", marlin->words.arguments);
		return MARLIN_OK;
	case 530: /* print state, layers, progress */
	case 531:
	case 532:
		return MARLIN_OK;
	case 999:
		return leave_fatal(marlin);
	}
	return MARLIN_UNKNOWN;
}

static void answer(struct marlin *marlin, bool known)
{
	int64_t number = marlin->queue[marlin->queue_head].origin.number;

	if (!known && number != SIM_UNNUMBERED)
		sim_marlin_say(marlin, "Unknown command:N%lld %s\n", (long long)number,
			marlin->words.text);
	else if (!known)
		sim_marlin_say(marlin, "Unknown command:%s\n", marlin->words.text);
	marlin->reader_us = marlin->now_us;
}

static int temperatures(const struct marlin *marlin, char *text, size_t size)
{
	const struct heat *heat = &marlin->board->heat;
	double hotend = heat_reading(heat, SIM_HOTEND), target = marlin->target_celsius[SIM_HOTEND];
	int power = (int)(heat->element[SIM_HOTEND].power * 255);

	return snprintf(text, size, "T:%.2f /%.0f B:%.2f /%.0f B@:%d @:%d T0:%.2f /%.0f @0:%d",
		hotend, target, heat_reading(heat, SIM_BED), marlin->target_celsius[SIM_BED],
		(int)(heat->element[SIM_BED].power * 255), power, hotend, target, power);
}

static void banner(struct marlin *marlin)
{
	sim_marlin_say(marlin, "start\n");
	marlin->now_us += 60000;
	sim_marlin_say(marlin, "Info:PowerUp\n");
	sim_marlin_say(marlin, "Free RAM:%d\n", (int)marlin->variant->free_memory_bytes);
	marlin->reader_us = marlin->now_us;
}

static const struct sim_marlin_family repetier_family = {
	.banner = banner,
	.read = read_lines,
	.has_room = has_room,
	.idle_us = idle_us,
	.idle = idle,
	.command = command,
	.answer = answer,
	.thermal = thermal,
	.kill = reset_by_m112,
	.press = press,
	.temperatures = temperatures,
	.first_star = true,
	.report_prefix = "",
	.busy = "busy:",
	.busy_heating = "heating",
	.busy_user = "paused for user interaction",
	.crlf = true,
	.answers_first = true,
	.no_countdown = true,
};

static const struct sim_marlin_variant v1 = {
	.family = &repetier_family,
	.version = "1.0.4",
	.compiled = "Nov 22 2026",
	.free_memory_bytes = 3211,
	.emergency_parser = true,
	.machine = "Mendel",
	.bufsize = 1,
	.blocks = 25,
	.keeps_backspaces = true,
	.no_leveling = true,
};

static const struct sim_marlin_variant v2 = {
	.family = &repetier_family,
	.version = "2.0.0dev",
	.compiled = "Nov 22 2026",
	.free_memory_bytes = 61440,
	.emergency_parser = true,
	.machine = "Mendel",
	.bufsize = 1,
	.blocks = 25,
	.rx_bytes = 512,
	.keeps_backspaces = true,
	.no_leveling = true,
};

const struct sim_firmware sim_repetier = { .name = "repetier",
	.what = "Repetier-Firmware 1.0.4: ok at reception, skip, wait, repeated Resend",
	.variant = &v1,
	MARLIN_FUNCTIONS };
const struct sim_firmware sim_repetier_2 = { .name = "repetier-2",
	.what = "Repetier-Firmware 2: the same, RequestPause: and its kind",
	.variant = &v2,
	MARLIN_FUNCTIONS };
