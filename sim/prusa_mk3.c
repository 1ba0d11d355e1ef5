/* The Prusa MK3 family on Marlin's machine: its own line reader, and what happens to a print that
 * is interrupted.  After Prusa-Firmware 3.13 (Firmware/cmdqueue.cpp, Marlin_main.cpp);
 * serial-protocols.md 4.
 *
 * The panel: "crash" is crash detection in the middle of a print, "stop" an anomaly that a person
 * has to look at, "continue" ends it. */
#include "sim/marlin_rows.h"

#include "sim/firmware.h"
#include "sim/marlin.h"

#include <math.h>   /* lround */
#include <stdio.h>  /* snprintf */
#include <string.h> /* strchr, strncmp, strcmp, strstr */

enum {
	MK3_LINE_MAX = MARLIN_LINE_MAX - 1, /* MAX_CMD_SIZE 96: the next byte ends the line */
	MK3_LINE_TIMEOUT_US = 2000000,
	MK3_QUEUE_BYTES = 4 * (96 + 3),
	MK3_COMMAND_BYTES = 4,	/* header and NUL of a queued line */
	MK3_CRASH_US = 12000000 /* lift, home, back */
};

/* ---- lines ---- */

static bool has_room(const struct marlin *marlin)
{
	int32_t used = 0;

	/* While a print is saved nobody reads the port. */
	if (marlin->hold_us > marlin->now_us)
		return false;
	for (int32_t i = 0; i < marlin->queue_length; i++) {
		const char *text = marlin->queue[(marlin->queue_head + i) % SIM_BUFSIZE_MAX].text;
		used += (int32_t)strlen(text) + MK3_COMMAND_BYTES;
	}
	return marlin->queue_length < SIM_BUFSIZE_MAX &&
	       used + MK3_LINE_MAX + MK3_COMMAND_BYTES <= MK3_QUEUE_BYTES;
}

static bool check_checksum(struct marlin *marlin, const char *line, const char *command)
{
	struct sim_counters *counters = &marlin->board->counters;
	const char *star = strchr(command, '*');

	if (!star)
		sim_marlin_line_error(
			marlin, "No Checksum with line number", &counters->no_checksum_errors);
	else if (sim_marlin_long(star + 1) != sim_marlin_checksum(line, star))
		sim_marlin_line_error(marlin, "checksum mismatch", &counters->checksum_errors);
	else
		return true;
	return false;
}

/* True: accepted; *command: behind the number, *number: SIM_UNNUMBERED without. */
static bool check_line(struct marlin *marlin, const char **command, int64_t *number)
{
	struct sim_counters *counters = &marlin->board->counters;
	const char *line = marlin->line, *at = line;

	*command = line;
	if (*line == 'N') {
		*number = sim_marlin_long(line + 1);
		at += 1 + strspn(line + 1, " ");
		at += *at == '-' || *at == '+';
		at += strspn(at, "0123456789");
		at += strspn(at, " ");
		*command = at;
		if (*number != (int64_t)marlin->last_number + 1 && strncmp(at, "M110", 4) != 0) {
			sim_marlin_line_error(marlin, "Line Number is not Last Line Number+1",
				&counters->number_errors);
			return false;
		}
		return check_checksum(marlin, line, at);
	}
	if (!strchr(line, '*'))
		return true;
	sim_marlin_line_error(
		marlin, "No Line Number with checksum", &counters->no_checksum_errors);
	return false;
}

static void line_done(struct marlin *marlin, uint8_t end_flags)
{
	bool comment = marlin->skip_rest;
	int32_t length = marlin->line_length;
	struct board_origin origin = sim_marlin_end_line(marlin, end_flags);
	char text[MARLIN_LINE_MAX];
	const char *command;
	int64_t number = SIM_UNNUMBERED;

	/* A comment swallows its line and stays: only an empty line ends it. */
	marlin->skip_rest = comment && length > 0;
	if (length == 0 || comment || !check_line(marlin, &command, &number))
		return;
	snprintf(text, sizeof text, "%.*s", (int)strcspn(command, "*"), command);
	if (strcmp(text, "M112") == 0) {
		sim_marlin_kill(marlin, "M112 called. Emergency Stop.");
		return;
	}
	/* Stopped: gone without a trace, and the number with it. */
	if (marlin->stopped)
		return;
	/* The queue keeps the command without its number; a line of `number` alone is empty. */
	if (number != SIM_UNNUMBERED) {
		origin.number = number;
		marlin->last_number = (int32_t)number;
	}
	sim_marlin_enqueue(marlin, text, &origin, false);
}

static void take(struct marlin *marlin, uint8_t byte, uint8_t flags)
{
	if (marlin->line_length == 0 && flags & RECEIVED_AFTER_LOSS)
		marlin->line_cut = true;
	if (byte >= 0x80)
		return;
	if (byte == '\n' || byte == '\r') {
		line_done(marlin, flags);
		return;
	}
	if (marlin->line_length >= MK3_LINE_MAX) {
		/* The byte is gone, the rest is a line of its own. */
		marlin->line_cut = true;
		line_done(marlin, 0);
		marlin->line_cut = true;
		return;
	}
	if (byte == ';')
		marlin->skip_rest = true;
	if (marlin->skip_rest)
		return;
	marlin->line[marlin->line_length] = (char)byte;
	marlin->line_flags[marlin->line_length++] = flags;
}

static void read_lines(struct marlin *marlin)
{
	struct receiver *receiver = &marlin->board->receiver;
	int64_t come_us = receiver_next_us(receiver);
	int32_t before = marlin->line_length;
	bool cut;

	if (has_room(marlin) && receiver->ring_count >= receiver->ring_usable) {
		marlin->board->counters.flushed_bytes += receiver_flush(receiver, &cut);
		marlin->line_cut |= cut;
		sim_marlin_say(marlin, "Full RX Buffer\n");
	}
	sim_marlin_reader_run(marlin, take);
	if (marlin->line_length != before)
		marlin->reader_us = come_us < marlin->now_us ? come_us : marlin->now_us;
}

/* ---- what happens by itself ---- */

static int64_t idle_us(const struct marlin *marlin)
{
	int64_t next_us = SIM_NEVER;
	/* Half a line may lie on the wire that nobody has looked at yet. */
	int64_t half_us = receiver_next_us(&marlin->board->receiver);

	if (marlin->trouble)
		next_us = marlin->hold_us;
	if ((marlin->stopped || marlin->trouble) && marlin->next_busy_us < next_us)
		next_us = marlin->next_busy_us;
	if (marlin->line_length > 0)
		half_us = marlin->reader_us;
	if (half_us < next_us - MK3_LINE_TIMEOUT_US)
		next_us = half_us + MK3_LINE_TIMEOUT_US;
	return next_us;
}

static void recover(struct marlin *marlin)
{
	bool cut;

	marlin->trouble = false;
	marlin->board->counters.flushed_bytes += receiver_flush(&marlin->board->receiver, &cut);
	sim_marlin_request_resend(marlin);
}

static void idle(struct marlin *marlin)
{
	if (marlin->trouble && marlin->hold_us <= marlin->now_us)
		recover(marlin);
	if ((marlin->stopped || marlin->trouble) && marlin->next_busy_us <= marlin->now_us) {
		sim_marlin_say(marlin, "echo:busy: %s\n",
			marlin->stopped ? "paused for user" : "processing");
		marlin->next_busy_us = marlin->now_us + MARLIN_KEEPALIVE_US;
	}
	if (marlin->line_length > 0 && marlin->reader_us + MK3_LINE_TIMEOUT_US <= marlin->now_us) {
		marlin->line_length = 0;
		marlin->skip_rest = false;
		marlin->line_cut = true;
		sim_marlin_say(marlin, "RX timeout\n");
	}
}

/* The line before the one that is being executed: the first numbered move of the planner, or else
 * of the queue. */
static int32_t executed_number(const struct marlin *marlin)
{
	uint32_t planned = marlin->board->planner.count;

	for (uint32_t back = planned; back > 0; back--) {
		int64_t number = marlin->move_number[(marlin->moves - back) % SIM_BLOCKS_MAX];
		if (number != SIM_UNNUMBERED)
			return (int32_t)number - 1;
	}
	for (int32_t i = 0; i < marlin->queue_length; i++) {
		int64_t number =
			marlin->queue[(marlin->queue_head + i) % SIM_BUFSIZE_MAX].origin.number;
		if (number != SIM_UNNUMBERED)
			return (int32_t)number - 1;
	}
	return marlin->last_number;
}

/* Crash detection: what is planned and queued is dropped, the host gets oks for it, and after the
 * recovery the printer asks for the line that was being executed. */
static void crash(struct marlin *marlin)
{
	marlin->last_number = executed_number(marlin);
	sim_marlin_drop_queue(marlin);
	motion_stop(&marlin->board->planner, marlin->now_us);
	memcpy(marlin->position_mm, marlin->board->planner.position_mm, sizeof marlin->position_mm);
	marlin->hold_us = marlin->now_us + MK3_CRASH_US;
	marlin->next_busy_us = marlin->now_us + MARLIN_KEEPALIVE_US;
	marlin->trouble = true;
	marlin->print_going = false;
}

static bool press(struct marlin *marlin, const char *text)
{
	if (strcmp(text, "crash") == 0) {
		crash(marlin);
	} else if (strcmp(text, "stop") == 0) {
		marlin->stopped = true;
		sim_marlin_drop_queue(marlin);
		sim_marlin_heat_off(marlin);
		marlin->next_busy_us = marlin->now_us;
	} else if (strcmp(text, "continue") == 0 && marlin->stopped) {
		marlin->stopped = false;
	} else if (strcmp(text, "pause") == 0 || strcmp(text, "resume") == 0 ||
		   strcmp(text, "cancel") == 0) {
		sim_marlin_say(marlin, "//action:%s\n", text);
	} else {
		return false;
	}
	return true;
}

/* ---- commands ---- */

static enum sim_marlin_result identify(struct marlin *marlin)
{
	static const char *const capabilities[] = { "AUTOREPORT_TEMP", "AUTOREPORT_FANS",
		"AUTOREPORT_POSITION", "EXTENDED_M20", "PRUSA_MMU2" };

	sim_marlin_say(marlin,
		"FIRMWARE_NAME:Prusa-Firmware %s based on Marlin FIRMWARE_URL:https://github.com/"
		"prusa3d/Prusa-Firmware PROTOCOL_VERSION:1.0 MACHINE_TYPE:%s EXTRUDER_COUNT:1 "
		"UUID:%s\n",
		marlin->variant->version, marlin->board->settings.machine,
		marlin->board->settings.uuid);
	for (size_t i = 0; i < sizeof capabilities / sizeof capabilities[0]; i++)
		sim_marlin_say(marlin, "Cap:%s:1\n", capabilities[i]);
	return MARLIN_OK;
}

static enum sim_marlin_result command(struct marlin *marlin)
{
	if (marlin->words.letter != 'M')
		return MARLIN_UNKNOWN;
	switch (marlin->words.code) {
	case 79: /* the host is there */
	case 310:
	case 862: /* checks of nozzle, model, firmware */
		return MARLIN_OK;
	case 115:
		return sim_marlin_seen(&marlin->words, 'U') ? MARLIN_OK : identify(marlin);
	case 601:
		sim_marlin_say(marlin, "// action:paused\n");
		return MARLIN_OK;
	case 602:
		sim_marlin_say(marlin, "// action:resumed\n");
		return MARLIN_OK;
	case 603:
		sim_marlin_say(marlin, "// action:cancel\n");
		return MARLIN_OK;
	}
	return MARLIN_UNKNOWN;
}

static void answer(struct marlin *marlin, bool known)
{
	char letter = marlin->words.letter;

	if (known)
		;
	else if (letter == 'G' || letter == 'M')
		sim_marlin_say(marlin, "Unknown %c code: %s\n", letter, marlin->words.text);
	else
		sim_marlin_say(marlin, "echo:Unknown command: \"%s\"\n", marlin->words.text);
	if (!marlin->queue[marlin->queue_head].silent)
		sim_marlin_ok(marlin);
}

static int temperatures(const struct marlin *marlin, char *text, size_t size)
{
	const struct heat *heat = &marlin->board->heat;
	double hotend = heat_reading(heat, SIM_HOTEND), target = marlin->target_celsius[SIM_HOTEND];

	return snprintf(text, size,
		"T:%.1f /%.1f B:%.1f /%.1f T0:%.1f /%.1f @:%d B@:%d P:0.0 A:%.1f", hotend, target,
		heat_reading(heat, SIM_BED), marlin->target_celsius[SIM_BED], hotend, target,
		(int)(heat->element[SIM_HOTEND].power * 127),
		(int)(heat->element[SIM_BED].power * 127), heat->ambient_celsius + 8);
}

static void banner(struct marlin *marlin)
{
	sim_marlin_say(marlin, "start\n");
	sim_marlin_say(marlin, "echo: %s-7045\n", marlin->variant->version);
	sim_marlin_say(marlin, "echo: Last Updated: %s | Author: (none, default config)\n",
		marlin->variant->updated);
	sim_marlin_say(marlin, "Compiled: %s\n", marlin->variant->compiled);
	sim_marlin_say(marlin, "echo: Free Memory: %d  PlannerBufferBytes: %d\n",
		(int)marlin->variant->free_memory_bytes, (int)marlin->board->settings.blocks * 82);
	marlin->now_us += 180000;
	sim_marlin_say(marlin, "echo:Stored settings retrieved\n");
	sim_marlin_say(marlin, "adc_init\n");
	marlin->now_us += 400000;
	sim_marlin_say(marlin, "Hotend fan type: NOCTUA\n");
	sim_marlin_say(marlin, "CrashDetect DISABLED\n");
	sim_marlin_say(marlin, "Sending 0xFF\n");
	sim_marlin_say(marlin, "echo:SD init fail\n");
}

static const struct sim_marlin_family mk3_family = {
	.banner = banner,
	.read = read_lines,
	.has_room = has_room,
	.idle_us = idle_us,
	.idle = idle,
	.command = command,
	.answer = answer,
	.thermal = sim_marlin_thermal,
	.press = press,
	.temperatures = temperatures,
	.waiting = sim_marlin_old_waiting,
	.first_star = true,
	.report_prefix = "",
	.busy = "echo:busy: ",
	.busy_heating = "processing",
	.busy_user = "paused for user",
};

static const struct sim_marlin_variant mk3_313 = {
	.family = &mk3_family,
	.version = "3.13.3",
	.compiled = "Feb 27 2024 12:00:00",
	.updated = "Feb 27 2024 12:00:00",
	.free_memory_bytes = 2312,
	.position_report = true,
	.meatpack = true,
	.machine = "Prusa i3 MK3S",
	.keeps_backspaces = true,
};

const struct sim_firmware sim_prusa_mk3 = { .name = "prusa-mk3",
	.what = "Prusa MK3S, firmware 3.13: rejects torn lines, rewinds after a crash, MeatPack",
	.variant = &mk3_313,
	MARLIN_FUNCTIONS };
