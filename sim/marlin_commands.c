/* The table of commands that this Marlin knows, and the small ones. */
#include "sim/marlin.h"

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* bsearch */
#include <string.h> /* strlen */

static enum sim_marlin_result accept(struct marlin *marlin)
{
	(void)marlin;
	return MARLIN_OK;
}

static double value_or(const struct marlin *marlin, char letter, double otherwise)
{
	double value = otherwise;

	sim_marlin_value(&marlin->words, letter, &value);
	return value;
}

/* ---- waiting for the user ---- */

static void prompt(struct marlin *marlin, const char *title)
{
	if (!marlin->board->settings.host_actions)
		return;
	sim_marlin_say(marlin, "//action:prompt_end\n");
	sim_marlin_say(marlin, "//action:prompt_begin %s\n", title);
	sim_marlin_say(marlin, "//action:prompt_button Continue\n");
	sim_marlin_say(marlin, "//action:prompt_show\n");
}

static enum sim_marlin_result until_user(struct marlin *marlin)
{
	if (marlin->wait_for_user && marlin->now_us < marlin->wait.until_us)
		return sim_marlin_wait(marlin, until_user, marlin->wait.until_us);
	marlin->wait_for_user = false;
	marlin->sync_end_us = marlin->now_us;
	return MARLIN_OK;
}

static enum sim_marlin_result wait_for_user(struct marlin *marlin, int64_t until_us)
{
	marlin->wait.until_us = until_us;
	marlin->wait_for_user = true;
	marlin->paused_for_user = true;
	marlin->print_going = false;
	return until_user(marlin);
}

static enum sim_marlin_result ask(struct marlin *marlin)
{
	double seconds = value_or(marlin, 'S', value_or(marlin, 'P', 0) / 1000);
	bool timed = seconds > 0 && seconds < 1e6;
	const char *text = marlin->words.arguments;
	char title[16];

	if (text[0] && marlin->words.valued == 0)
		sim_marlin_say(marlin, "echo:%s\r\n", text);
	snprintf(title, sizeof title, "M%u Stop", marlin->words.code);
	prompt(marlin, title);
	return wait_for_user(marlin, timed ? marlin->now_us + (int64_t)(seconds * 1e6) : SIM_NEVER);
}

enum sim_marlin_result sim_marlin_ask_user(struct marlin *marlin)
{
	return wait_for_user(marlin, SIM_NEVER);
}

static enum sim_marlin_result m0_m1(struct marlin *marlin)
{
	return sim_marlin_synchronize(marlin, ask);
}

static enum sim_marlin_result filament_change(struct marlin *marlin)
{
	if (marlin->board->settings.host_actions)
		sim_marlin_say(marlin, "//action:paused filament_change 0\n");
	prompt(marlin, "Filament Change");
	return wait_for_user(marlin, SIM_NEVER);
}

static enum sim_marlin_result m600(struct marlin *marlin)
{
	return sim_marlin_synchronize(marlin, filament_change);
}

static enum sim_marlin_result m876(struct marlin *marlin)
{
	return marlin->board->settings.host_actions ? MARLIN_OK : MARLIN_UNKNOWN;
}

/* ---- reports and texts ---- */

static enum sim_marlin_result m31(struct marlin *marlin)
{
	if (marlin->board->settings.host_actions)
		sim_marlin_say(marlin, "//action:notification 0s\r\n");
	sim_marlin_say(marlin, "echo:Print time: 0s\n");
	return MARLIN_OK;
}

static enum sim_marlin_result m113(struct marlin *marlin)
{
	double seconds;

	if (sim_marlin_value(&marlin->words, 'S', &seconds)) {
		seconds = seconds < 0 ? 0 : seconds > 60 ? 60 : seconds;
		marlin->keepalive_us = (int64_t)seconds * 1000000;
		marlin->next_busy_us = marlin->now_us + marlin->keepalive_us;
	} else {
		sim_marlin_say(marlin, "echo:M113 S%d\n", (int)(marlin->keepalive_us / 1000000));
	}
	return MARLIN_OK;
}

/* M118 [A1] [E1] [P<port>] text */
static enum sim_marlin_result m118(struct marlin *marlin)
{
	const char *text = marlin->words.arguments, *prefix = "";

	for (int i = 0; i < 3; i++) {
		if ((text[0] == 'A' || text[0] == 'E') && text[1] == '1')
			prefix = text[0] == 'A' ? "//" : "echo:";
		else if (text[0] != 'P' || text[1] < '0' || text[1] > '9')
			break;
		text += 2;
		while (*text == ' ')
			text++;
	}
	sim_marlin_say(marlin, "%s%s\r\n", prefix, text);
	return MARLIN_OK;
}

static void set_report(struct marlin *marlin, int64_t *every_us, int64_t *next_us)
{
	double seconds;

	if (!sim_marlin_value(&marlin->words, 'S', &seconds))
		return;
	seconds = seconds < 0 ? 0 : seconds > 60 ? 60 : seconds;
	*every_us = (int64_t)seconds * 1000000;
	*next_us = marlin->now_us + *every_us;
}

static enum sim_marlin_result m154(struct marlin *marlin)
{
	if (!marlin->variant->position_report)
		return MARLIN_UNKNOWN;
	set_report(marlin, &marlin->position_every_us, &marlin->position_next_us);
	return MARLIN_OK;
}

static enum sim_marlin_result m155(struct marlin *marlin)
{
	set_report(marlin, &marlin->temperature_every_us, &marlin->temperature_next_us);
	return MARLIN_OK;
}

/* ---- the line ---- */

static enum sim_marlin_result m110(struct marlin *marlin)
{
	double number;

	/* Once more at execution: lines accepted meanwhile are forgotten
	 * (serial-protocols.md 3.10). */
	if (sim_marlin_value(&marlin->words, 'N', &number) && number >= INT32_MIN &&
		number <= INT32_MAX)
		marlin->last_number = (int32_t)number;
	return MARLIN_OK;
}

static enum sim_marlin_result m112(struct marlin *marlin)
{
	/* A numbered one is not seen early without an emergency parser: it runs when its turn
	 * comes. */
	sim_marlin_kill(marlin, "M112 Shutdown");
	return MARLIN_QUIET;
}

static enum sim_marlin_result m999(struct marlin *marlin)
{
	if (value_or(marlin, 'S', 0) == 0)
		sim_marlin_request_resend(marlin);
	return MARLIN_OK;
}

/* ---- modes and limits ---- */

static enum sim_marlin_result g90(struct marlin *marlin)
{
	marlin->relative = marlin->relative_e = false;
	return MARLIN_OK;
}

static enum sim_marlin_result g91(struct marlin *marlin)
{
	marlin->relative = marlin->relative_e = true;
	return MARLIN_OK;
}

static enum sim_marlin_result m82(struct marlin *marlin)
{
	marlin->relative_e = false;
	return MARLIN_OK;
}

static enum sim_marlin_result m83(struct marlin *marlin)
{
	marlin->relative_e = true;
	return MARLIN_OK;
}

static enum sim_marlin_result steppers_off(struct marlin *marlin)
{
	marlin->sync_end_us = marlin->now_us;
	marlin->print_going = false;
	return MARLIN_OK;
}

static enum sim_marlin_result m84(struct marlin *marlin)
{
	double seconds;

	if (sim_marlin_value(&marlin->words, 'S', &seconds)) {
		marlin->stepper_timeout_us =
			seconds > 0 && seconds < 1e9 ? (int64_t)(seconds * 1e6) : 0;
		return MARLIN_OK;
	}
	return sim_marlin_synchronize(marlin, steppers_off);
}

static enum sim_marlin_result m85(struct marlin *marlin)
{
	double seconds;

	if (sim_marlin_value(&marlin->words, 'S', &seconds)) {
		marlin->dead_man_us = seconds > 0 && seconds < 1e9 ? (int64_t)(seconds * 1e6) : 0;
		/* The time without movement counts from the last move, armed or not; a board that
		 * has never moved counts from its boot. */
		if (marlin->dead_man_us > 0 && !motion_is_empty(&marlin->board->planner))
			marlin->last_move_us = marlin->now_us;
	}
	return MARLIN_OK;
}

static enum sim_marlin_result m203(struct marlin *marlin)
{
	static const char letter[] = "XYZE";

	for (int i = 0; i < MOTION_AXES; i++) {
		double value;
		if (sim_marlin_value(&marlin->words, letter[i], &value) && value >= 0.1)
			marlin->max_feed_mm_s[i] = value;
	}
	return MARLIN_OK;
}

static enum sim_marlin_result m204(struct marlin *marlin)
{
	double both;

	if (sim_marlin_value(&marlin->words, 'S', &both) && both >= 1)
		marlin->print_mm_s2 = marlin->travel_mm_s2 = both;
	double print = value_or(marlin, 'P', 0), travel = value_or(marlin, 'T', 0);
	if (print >= 1)
		marlin->print_mm_s2 = print;
	if (travel >= 1)
		marlin->travel_mm_s2 = travel;
	return MARLIN_OK;
}

static enum sim_marlin_result m220(struct marlin *marlin)
{
	double percent;

	if (!sim_marlin_value(&marlin->words, 'S', &percent))
		sim_marlin_say(marlin, "FR:%d%%\n", (int)marlin->feed_percent);
	else if (percent >= 1 && percent <= 999)
		marlin->feed_percent = percent;
	return MARLIN_OK;
}

static enum sim_marlin_result m221(struct marlin *marlin)
{
	double percent;

	if (!sim_marlin_value(&marlin->words, 'S', &percent))
		sim_marlin_say(marlin, "echo:E0 Flow: %d%%\n", (int)marlin->flow_percent);
	else if (percent >= 1 && percent <= 999)
		marlin->flow_percent = percent;
	return MARLIN_OK;
}

static enum sim_marlin_result m302(struct marlin *marlin)
{
	double allow;

	if (sim_marlin_value(&marlin->words, 'P', &allow))
		marlin->cold_extrusion = allow != 0;
	else if (sim_marlin_value(&marlin->words, 'S', &allow))
		marlin->cold_extrusion = allow == 0;
	else
		sim_marlin_say(marlin, "echo:Cold extrudes are %sabled (min temp 170C)\n",
			marlin->cold_extrusion ? "en" : "dis");
	return MARLIN_OK;
}

static enum sim_marlin_result m500(struct marlin *marlin)
{
	sim_marlin_say(marlin, "echo:Settings Stored (617 bytes; crc 7832)\n");
	return MARLIN_OK;
}

static enum sim_marlin_result m501(struct marlin *marlin)
{
	sim_marlin_say(marlin, "echo:V86 stored settings retrieved (617 bytes; crc 7832)\n");
	return MARLIN_OK;
}

static enum sim_marlin_result m502(struct marlin *marlin)
{
	sim_marlin_say(marlin, "echo:Hardcoded Default Settings Loaded\n");
	return MARLIN_OK;
}

/* ---- the table: by code within a letter ---- */

struct row {
	uint16_t code;
	enum sim_marlin_result (*handler)(struct marlin *marlin);
};

static const struct row g_rows[] = {
	{ 0, sim_marlin_g0_g1 },
	{ 1, sim_marlin_g0_g1 },
	{ 2, sim_marlin_g2_g3 },
	{ 3, sim_marlin_g2_g3 },
	{ 4, sim_marlin_g4 },
	{ 10, accept },
	{ 11, accept },
	{ 21, accept },
	{ 28, sim_marlin_g28 },
	{ 29, sim_marlin_g29 },
	{ 80, sim_marlin_g29 },
	{ 90, g90 },
	{ 91, g91 },
	{ 92, sim_marlin_g92 },
};

static const struct row m_rows[] = {
	{ 0, m0_m1 },
	{ 1, m0_m1 },
	{ 17, accept },
	{ 18, m84 },
	{ 31, m31 },
	{ 73, accept },
	{ 75, accept },
	{ 76, accept },
	{ 77, accept },
	{ 82, m82 },
	{ 83, m83 },
	{ 84, m84 },
	{ 85, m85 },
	{ 92, accept },
	{ 104, sim_marlin_m104 },
	{ 105, sim_marlin_m105 },
	{ 106, accept },
	{ 107, accept },
	{ 108, accept },
	{ 109, sim_marlin_m109 },
	{ 110, m110 },
	{ 111, accept },
	{ 112, m112 },
	{ 113, m113 },
	{ 114, sim_marlin_m114 },
	{ 115, sim_marlin_m115 },
	{ 117, accept },
	{ 118, m118 },
	{ 119, sim_marlin_m119 },
	{ 120, accept },
	{ 121, accept },
	{ 140, sim_marlin_m140 },
	{ 149, accept },
	{ 154, m154 },
	{ 155, m155 },
	{ 190, sim_marlin_m190 },
	{ 200, accept },
	{ 201, accept },
	{ 203, m203 },
	{ 204, m204 },
	{ 205, accept },
	{ 206, accept },
	{ 207, accept },
	{ 208, accept },
	{ 209, accept },
	{ 211, accept },
	{ 220, m220 },
	{ 221, m221 },
	{ 300, accept },
	{ 301, accept },
	{ 302, m302 },
	{ 304, accept },
	{ 400, sim_marlin_m400 },
	{ 410, sim_marlin_m410 },
	{ 413, accept },
	{ 420, accept },
	{ 428, accept },
	{ 500, m500 },
	{ 501, m501 },
	{ 502, m502 },
	{ 503, sim_marlin_m503 },
	{ 600, m600 },
	{ 851, accept },
	{ 876, m876 },
	{ 900, accept },
	{ 999, m999 },
};

static int compare_code(const void *key, const void *row)
{
	return (int)*(const uint16_t *)key - (int)((const struct row *)row)->code;
}

static enum sim_marlin_result tool(struct marlin *marlin)
{
	if (marlin->words.code == 0)
		return MARLIN_OK;
	/* An 8-bit number: T2028 is tool 236. */
	sim_marlin_say(marlin, "echo:T%u Invalid extruder\n", marlin->words.code & 255u);
	return MARLIN_OK;
}

enum sim_marlin_result sim_marlin_dispatch(struct marlin *marlin)
{
	const struct row *rows = g_rows;
	size_t count = sizeof g_rows / sizeof g_rows[0];

	if (marlin->words.letter == 'T')
		return tool(marlin);
	if (marlin->words.letter == 'M') {
		rows = m_rows;
		count = sizeof m_rows / sizeof m_rows[0];
	} else if (marlin->words.letter != 'G') {
		return MARLIN_UNKNOWN;
	}
	const struct row *row =
		bsearch(&marlin->words.code, rows, count, sizeof rows[0], compare_code);
	return row ? row->handler(marlin) : MARLIN_UNKNOWN;
}
