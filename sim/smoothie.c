/* Smoothieware on Marlin's machine: every line is answered, moves before they are planned, damaged
 * numbered lines by "rs N5" without an ok; a halt refuses nearly everything with "!!".
 * After Smoothieware edge (modules/communication/GcodeDispatch.cpp, utils/simpleshell);
 * serial-protocols.md 9.
 *
 * The panel: "pause" and "resume" tell the host, "kill" is the kill button. */
#include "sim/smoothie_rows.h"

#include "sim/firmware.h"
#include "sim/marlin.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strchr, strcspn, strspn, strcmp, strncmp */

enum {
	SMOOTHIE_LINE_MAX =
		MARLIN_LINE_MAX - 1, /* longer ones are dropped, which hosts see alike */
	CONTROL_X = 0x18,
};

static void halt(struct marlin *marlin)
{
	if (marlin->stopped)
		return;
	marlin->stopped = true;
	sim_marlin_heat_off(marlin);
	motion_stop(&marlin->board->planner, marlin->now_us);
	memcpy(marlin->position_mm, marlin->board->planner.position_mm, sizeof marlin->position_mm);
	marlin->wait_for_heatup = false;
	marlin->print_going = false;
	marlin->board->counters.kills++;
}

static void say_halted(struct marlin *marlin)
{
	sim_marlin_say(marlin, "HALTED, M999 or $X to exit HALT state\n");
}

/* ---- single bytes, taken by the interrupt ---- */

static bool wanted(uint8_t byte)
{
	return byte == '\n' || byte == '\r' || byte == '?' || byte == CONTROL_X;
}

static bool realtime(struct marlin *marlin, uint8_t byte)
{
	if (byte == '?')
		marlin->query = true;
	else if (byte == CONTROL_X)
		marlin->emergency_kill = true;
	return byte == '?' || byte == CONTROL_X;
}

static int64_t idle_us(const struct marlin *marlin)
{
	return marlin->query ? marlin->now_us : SIM_NEVER;
}

static void idle(struct marlin *marlin)
{
	const double *p = marlin->position_mm, *o = marlin->offset_mm;
	const struct heat *heat = &marlin->board->heat;

	if (!marlin->query)
		return;
	marlin->query = false;
	sim_marlin_say(marlin,
		"<%s|MPos:%.4f,%.4f,%.4f|WPos:%.4f,%.4f,%.4f|F:%.1f,100.0|T:%.1f,%.1f|B:%.1f,%.1f>"
		"\n",
		marlin->stopped				   ? "Alarm"
		: motion_is_empty(&marlin->board->planner) ? "Idle"
							   : "Run",
		p[0], p[1], p[2], p[0] + o[0], p[1] + o[1], p[2] + o[2], marlin->feed_mm_s * 60,
		heat_reading(heat, SIM_HOTEND), marlin->target_celsius[SIM_HOTEND],
		heat_reading(heat, SIM_BED), marlin->target_celsius[SIM_BED]);
}

static void kill(struct marlin *marlin, const char *reason)
{
	bool cut;

	(void)reason;
	marlin->board->counters.flushed_bytes += receiver_flush(&marlin->board->receiver, &cut);
	marlin->line_cut |= cut || marlin->line_length > 0;
	marlin->line_length = 0;
	halt(marlin);
	say_halted(marlin);
}

/* ---- lines ---- */

static bool is_allowed(int32_t code)
{
	static const int16_t codes[] = { 2, 5, 9, 30, 80, 81, 105, 106, 107, 114, 115, 119, 503,
		911, 999 };

	for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
		if (codes[i] == code)
			return true;
	return false;
}

static void say_ok(struct marlin *marlin, const char *text)
{
	marlin->now_us = board_print_ok(marlin->board, text, strlen(text), marlin->now_us);
}

/* True: accepted; the command without number and checksum is in text. */
static bool check_number(struct marlin *marlin, struct board_origin *origin, char *text)
{
	const char *line = marlin->line, *star = strchr(line, '*');
	int32_t number = sim_marlin_long(line + 1);
	size_t skip = strspn(line, "N0123456789.,- ");
	bool good = !star || (uint8_t)sim_marlin_long(star + 1) == sim_marlin_checksum(line, star);

	snprintf(text, MARLIN_LINE_MAX, "%.*s", (int)strcspn(line + skip, "*;("), line + skip);
	if (strncmp(text, "M110", 4) == 0) {
		marlin->last_number = number;
		say_ok(marlin, "ok\r\n");
		return false;
	}
	if (good && number == marlin->last_number + 1) {
		marlin->last_number = number;
		origin->number = number;
		if (!star)
			origin->noise |= origin->torn;
		return true;
	}
	marlin->board->counters.checksum_errors += !good;
	marlin->board->counters.number_errors += good;
	marlin->board->counters.resends++;
	sim_marlin_say(marlin, "rs N%ld\n", (long)marlin->last_number + 1);
	return false;
}

static void take_gcode(struct marlin *marlin, const char *text, const struct board_origin *origin)
{
	int32_t code = text[0] == 'M' ? sim_marlin_long(text + 1) : -1;

	if (code == 112) {
		/* In the middle of the answer: the halt says nothing of its own. */
		halt(marlin);
		say_ok(marlin, "ok Emergency Stop Requested - reset or M999 required to exit HALT "
			       "state\r\n");
	} else if (marlin->stopped && !is_allowed(code)) {
		sim_marlin_say(marlin, "!!\n");
	} else if (text[0] == '\0') {
		/* Its number is taken; what noise has cut off comes without one. */
		marlin->board->counters.damaged_accepted += origin->noise;
		say_ok(marlin, "ok\r\n");
	} else {
		sim_marlin_enqueue(marlin, text, origin, false);
	}
}

/* Shell commands: their text, and no ok. */
static void run_shell(struct marlin *marlin, const char *line)
{
	if (strncmp(line, "version", 7) == 0)
		sim_marlin_say(marlin,
			"Build version: %s, Build date: %s, MCU: LPC1769, System "
			"Clock: 120MHz\n",
			marlin->variant->version, marlin->variant->compiled);
	else if (strcmp(line, "$X") == 0 && marlin->stopped) {
		marlin->stopped = false;
		sim_marlin_say(marlin, "[Caution: Unlocked]\n");
		say_ok(marlin, "ok\r\n");
	}
}

static void take_line(struct marlin *marlin, struct board_origin *origin)
{
	const char *line = marlin->line;
	char text[MARLIN_LINE_MAX];

	if (*line == '$' || (*line >= 'a' && *line <= 'z')) {
		run_shell(marlin, line);
	} else if (*line == 'N') {
		if (check_number(marlin, origin, text))
			take_gcode(marlin, text, origin);
	} else if (*line == '\0' || *line == ';' || *line == '(') {
		say_ok(marlin, "ok\r\n");
	} else if (strchr("GMTS", *line)) {
		snprintf(text, sizeof text, "%.*s", (int)strcspn(line, ";("), line);
		take_gcode(marlin, text, origin);
	} else if (strchr("XYZAF", *line)) {
		/* An axis word alone goes on with the last kind of move. */
		snprintf(text, sizeof text, "G1 %.*s",
			(int)(strcspn(line, ";(") > sizeof text - 4 ? sizeof text - 4
								    : strcspn(line, ";(")),
			line);
		take_gcode(marlin, text, origin);
	} else {
		say_ok(marlin, "ok - ignored\r\n");
	}
}

static void take(struct marlin *marlin, uint8_t byte, uint8_t flags)
{
	if (marlin->line_length == 0 && flags & RECEIVED_AFTER_LOSS)
		marlin->line_cut = true;
	if (byte == '\r')
		return;
	if (byte != '\n') {
		if (marlin->line_length >= SMOOTHIE_LINE_MAX)
			marlin->skip_rest = true;
		if (marlin->skip_rest)
			return;
		marlin->line[marlin->line_length] = (char)byte;
		marlin->line_flags[marlin->line_length++] = flags;
		return;
	}
	bool dropped = marlin->skip_rest;
	struct board_origin origin = sim_marlin_end_line(marlin, flags);
	if (!dropped)
		take_line(marlin, &origin);
}

static void read_lines(struct marlin *marlin)
{
	sim_marlin_reader_run(marlin, take);
}

static bool has_room(const struct marlin *marlin)
{
	return marlin->queue_length == 0;
}

/* ---- commands ---- */

static enum sim_marlin_result identify(struct marlin *marlin)
{
	sim_marlin_say(marlin,
		"FIRMWARE_NAME:Smoothieware, FIRMWARE_URL:http%%3A//smoothieware.org, "
		"X-SOURCE_CODE_URL:https://github.com/Smoothieware/Smoothieware, "
		"FIRMWARE_VERSION:%s, PROTOCOL_VERSION:1.0, X-FIRMWARE_BUILD_DATE:%s, "
		"X-SYSTEM_CLOCK:120MHz, X-AXES:5, X-GRBL_MODE:0, X-ARCS:1\n",
		marlin->variant->version, marlin->variant->compiled);
	return MARLIN_OK;
}

static enum sim_marlin_result leave_halt(struct marlin *marlin)
{
	if (marlin->stopped)
		sim_marlin_say(marlin, "WARNING: After HALT you should HOME as position is "
				       "currently unknown\n");
	marlin->stopped = false;
	return MARLIN_OK;
}

static enum sim_marlin_result suspend(struct marlin *marlin)
{
	sim_marlin_say(marlin, "// Print Suspended, enter resume to continue printing\n");
	sim_marlin_say(marlin, "// action:pause\n");
	return MARLIN_OK;
}

static enum sim_marlin_result command(struct marlin *marlin)
{
	char text[BOARD_LINE_MAX];
	const double *p = marlin->position_mm, *o = marlin->offset_mm;

	if (marlin->words.letter == 'G' && marlin->words.code <= 1) {
		/* The earliest ok of all: nobody waits for room in the planner. */
		say_ok(marlin, "ok\r\n");
		marlin->queue[marlin->queue_head].silent = true;
		return MARLIN_UNKNOWN;
	}
	if (marlin->words.letter != 'M')
		return MARLIN_UNKNOWN;
	switch (marlin->words.code) {
	case 27:
		sim_marlin_say(marlin, "Not currently playing\n");
		return MARLIN_OK;
	case 105:
		marlin->family->temperatures(marlin, text, sizeof text - 8);
		memmove(text + 3, text, strlen(text) + 1);
		memcpy(text, "ok ", 3);
		strcat(text, "\r\n");
		say_ok(marlin, text);
		return MARLIN_QUIET;
	case 114:
		snprintf(text, sizeof text, "ok C: X:%.4f Y:%.4f Z:%.4f E:%.4f\r\n", p[0] + o[0],
			p[1] + o[1], p[2] + o[2], p[3]);
		say_ok(marlin, text);
		return MARLIN_QUIET;
	case 115:
		return identify(marlin);
	case 600:
		return suspend(marlin);
	case 601:
		sim_marlin_say(marlin, "// action:resume\n");
		return MARLIN_OK;
	case 999:
		return leave_halt(marlin);
	/* Not known, and nobody says so. */
	case 113:
	case 118:
	case 155:
	case 876:
		return MARLIN_OK;
	}
	return MARLIN_UNKNOWN;
}

/* What it does not know it acknowledges all the same. */
static void answer(struct marlin *marlin, bool known)
{
	(void)known;
	if (marlin->queue[marlin->queue_head].silent)
		return;
	if (marlin->stopped && marlin->words.code != 999)
		sim_marlin_say(marlin, "!!\n");
	else
		say_ok(marlin, "ok\r\n");
}

static void thermal(struct marlin *marlin, const char *what, const char *id, const char *display)
{
	(void)display;
	if (marlin->stopped)
		return;
	halt(marlin);
	sim_marlin_say(marlin,
		"ERROR: %s on %s, HALT asserted. TURN POWER OFF IMMEDIATELY - reset or M999 "
		"required\n",
		strstr(what, "MINTEMP") ? "Temperature reading is unreliable" : what,
		strcmp(id, "bed") == 0 ? "B" : "T");
	say_halted(marlin);
}

static bool press(struct marlin *marlin, const char *text)
{
	if (strcmp(text, "kill") == 0) {
		halt(marlin);
		sim_marlin_say(
			marlin, "ALARM: Kill button pressed - reset, $X or M999 to clear HALT\n");
	} else if (strcmp(text, "pause") == 0 || strcmp(text, "resume") == 0) {
		sim_marlin_say(marlin, "// action:%s\n", text);
	} else {
		return false;
	}
	return true;
}

static int temperatures(const struct marlin *marlin, char *text, size_t size)
{
	const struct heat *heat = &marlin->board->heat;

	return snprintf(text, size, "T:%.1f /%.1f @%d B:%.1f /%.1f @%d",
		heat_reading(heat, SIM_HOTEND), marlin->target_celsius[SIM_HOTEND],
		(int)(heat->element[SIM_HOTEND].power * 255), heat_reading(heat, SIM_BED),
		marlin->target_celsius[SIM_BED], (int)(heat->element[SIM_BED].power * 255));
}

/* The host has raised DTR. */
static void opened(void *state, int64_t now_us)
{
	struct marlin *marlin = state;

	if (marlin->life != MARLIN_RUNNING)
		return;
	if (marlin->now_us < now_us)
		marlin->now_us = now_us;
	sim_marlin_say(marlin, "Smoothie\n");
	say_ok(marlin, "ok\r\n");
	if (marlin->free_us < marlin->now_us)
		marlin->free_us = marlin->now_us;
}

static void banner(struct marlin *marlin)
{
	marlin->keepalive_us = 0;
	marlin->last_number = -1;
	sim_marlin_say(marlin, "Smoothie\n");
	say_ok(marlin, "ok\r\n");
}

static const struct sim_marlin_family smoothie_family = {
	.banner = banner,
	.read = read_lines,
	.has_room = has_room,
	.wanted = wanted,
	.realtime = realtime,
	.idle_us = idle_us,
	.idle = idle,
	.command = command,
	.answer = answer,
	.thermal = thermal,
	.kill = kill,
	.press = press,
	.temperatures = temperatures,
	.first_star = true,
	.report_prefix = "",
	.busy = "",
	.busy_heating = "",
	.busy_user = "",
	.crlf = true,
	.no_countdown = true,
};

static const struct sim_marlin_variant smoothie_usb = {
	.family = &smoothie_family,
	.version = "edge-94de12c",
	.compiled = "Oct 28 2023 13:24",
	.bufsize = 1,
	.blocks = 32,
	.rx_bytes = 256,
	.cdc = true,
	.keeps_backspaces = true,
	.no_leveling = true,
};

static const struct sim_marlin_variant smoothie_uart = {
	.family = &smoothie_family,
	.version = "edge-94de12c",
	.compiled = "Oct 28 2023 13:24",
	.bufsize = 1,
	.blocks = 32,
	.rx_bytes = 256,
	.keeps_backspaces = true,
	.no_leveling = true,
};

const struct sim_firmware sim_smoothie = { .name = "smoothie",
	.what = "Smoothieware on its own USB: every line answered, rs N, halts",
	.variant = &smoothie_usb,
	MARLIN_FUNCTIONS,
	.opened = opened };
const struct sim_firmware sim_smoothie_uart = { .name = "smoothie-uart",
	.what = "the same behind a serial wire: lines can be damaged",
	.variant = &smoothie_uart,
	MARLIN_FUNCTIONS };
