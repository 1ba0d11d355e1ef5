/* Marlin 1.0.2 on the machine of its successors: the old line reader, nothing that says "busy", no
 * capabilities, and no word about M codes that it does not know.  After Marlin 1.0.2
 * (Marlin_main.cpp, get_command); serial-protocols.md 3.1 to 3.5. */
#include "sim/marlin_rows.h"

#include "sim/firmware.h"
#include "sim/marlin.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strchr, strcmp, strstr */

/* Any N counts, wherever it stands; the first asterisk does. */
static bool check_line(struct marlin *marlin, struct board_origin *origin)
{
	struct sim_counters *counters = &marlin->board->counters;
	const char *line = marlin->line, *n = strchr(line, 'N'), *star = strchr(line, '*');

	if (!n && !star)
		return true;
	if (!n) {
		counters->number_errors++;
		sim_marlin_say(marlin, "Error:No Line Number with checksum, Last Line: %ld\n",
			(long)marlin->last_number);
		return false;
	}
	int32_t number = sim_marlin_long(n + 1);
	if (number != (int64_t)marlin->last_number + 1 && !strstr(line, "M110"))
		sim_marlin_line_error(
			marlin, "Line Number is not Last Line Number+1", &counters->number_errors);
	else if (!star)
		sim_marlin_line_error(
			marlin, "No Checksum with line number", &counters->no_checksum_errors);
	else if (sim_marlin_long(star + 1) != sim_marlin_checksum(line, star))
		sim_marlin_line_error(marlin, "checksum mismatch", &counters->checksum_errors);
	else {
		marlin->last_number = number;
		origin->number = number;
		return true;
	}
	return false;
}

static void line_done(struct marlin *marlin, uint8_t end_flags)
{
	bool comment = marlin->skip_rest;
	int32_t length = marlin->line_length;
	struct board_origin origin = sim_marlin_end_line(marlin, end_flags);

	/* A comment swallows its line and stays: only an empty line ends it. */
	marlin->skip_rest = comment && length > 0;
	if (length == 0 || comment || !check_line(marlin, &origin))
		return;
	if (strcmp(marlin->line, "M112") == 0)
		sim_marlin_kill(marlin, NULL);
	else
		sim_marlin_enqueue(marlin, marlin->line, &origin, false);
}

static void take(struct marlin *marlin, uint8_t byte, uint8_t flags)
{
	if (marlin->line_length == 0 && flags & RECEIVED_AFTER_LOSS)
		marlin->line_cut = true;
	if (byte == '\n' || byte == '\r' || (byte == ':' && !marlin->skip_rest)) {
		line_done(marlin, flags);
		return;
	}
	if (marlin->line_length >= MARLIN_LINE_MAX - 1) {
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
	sim_marlin_reader_run(marlin, take);
}

static bool wanted(uint8_t byte)
{
	return byte == '\n' || byte == '\r' || byte == ':';
}

static enum sim_marlin_result command(struct marlin *marlin)
{
	if (marlin->words.letter != 'M')
		return MARLIN_UNKNOWN;
	switch (marlin->words.code) {
	case 115:
		sim_marlin_say(marlin,
			"FIRMWARE_NAME:Marlin V%s; Sprinter/grbl mashup for gen6 "
			"FIRMWARE_URL:https://github.com/MarlinFirmware/Marlin "
			"PROTOCOL_VERSION:1.0 "
			"MACHINE_TYPE:%s EXTRUDER_COUNT:1\n",
			marlin->variant->version, marlin->board->settings.machine);
		return MARLIN_OK;
	/* Younger than it; it takes them for nothing, and says ok. */
	case 108:
	case 110:
	case 113:
	case 118:
	case 154:
	case 155:
	case 410:
	case 876:
		return MARLIN_OK;
	}
	return MARLIN_UNKNOWN;
}

static void answer(struct marlin *marlin, bool known)
{
	if (!known && marlin->words.letter != 'G' && marlin->words.letter != 'M')
		sim_marlin_say(marlin, "echo:Unknown command: \"%s\"\n", marlin->words.text);
	if (!marlin->queue[marlin->queue_head].silent)
		sim_marlin_ok(marlin);
}

static int temperatures(const struct marlin *marlin, char *text, size_t size)
{
	const struct heat *heat = &marlin->board->heat;
	double hotend = heat_reading(heat, SIM_HOTEND), target = marlin->target_celsius[SIM_HOTEND];

	return snprintf(text, size, "T:%.1f /%.1f B:%.1f /%.1f T0:%.1f /%.1f @:%d B@:%d", hotend,
		target, heat_reading(heat, SIM_BED), marlin->target_celsius[SIM_BED], hotend,
		target, (int)(heat->element[SIM_HOTEND].power * 127),
		(int)(heat->element[SIM_BED].power * 127));
}

static void banner(struct marlin *marlin)
{
	marlin->keepalive_us = 0;
	sim_marlin_say(marlin, "start\n");
	sim_marlin_say(marlin, "echo:Marlin %s\n", marlin->variant->version);
	sim_marlin_say(marlin, "echo: Last Updated: %s | Author: (none, default config)\n",
		marlin->variant->updated);
	sim_marlin_say(marlin, "Compiled: %s\n", marlin->variant->compiled);
	sim_marlin_say(marlin, "echo: Free Memory: %d  PlannerBufferBytes: %d\n",
		(int)marlin->variant->free_memory_bytes, (int)marlin->board->settings.blocks * 77);
	sim_marlin_say(marlin, "echo:Hardcoded Default Settings Loaded\n");
}

static const struct sim_marlin_family marlin_1_0_family = {
	.banner = banner,
	.read = read_lines,
	.has_room = sim_marlin_has_room,
	.wanted = wanted,
	.idle_us = sim_marlin_never,
	.idle = sim_marlin_nothing,
	.command = command,
	.answer = answer,
	.thermal = sim_marlin_thermal,
	.press = sim_marlin_no_panel,
	.temperatures = temperatures,
	.waiting = sim_marlin_old_waiting,
	.first_star = true,
	.report_prefix = "",
	.busy = "",
	.busy_heating = "",
	.busy_user = "",
};

static const struct sim_marlin_variant marlin_1_0_2 = {
	.family = &marlin_1_0_family,
	.version = "1.0.2",
	.compiled = "Nov 22 2026",
	.updated = "2014-12-22 12:00",
	.free_memory_bytes = 4102,
	.machine = "Mendel",
	.keeps_backspaces = true,
	.no_leveling = true,
};

const struct sim_firmware sim_marlin_102 = { .name = "marlin-1.0.2",
	.what = "Marlin 1.0.2: cuts lines at colons, says nothing while it works",
	.variant = &marlin_1_0_2,
	MARLIN_FUNCTIONS };
