/* What a received line sets going: the dispatch by its class, and readings. */
#include "drivers/marlin_private.h"
#include "drivers/report.h"

#include "drivers/detect.h"

#include <stdio.h> /* snprintf, of words only */
#include <string.h>

/* A start script that retracts before it heats is no reason to stop. */
enum { REFUSED_EXTRUSIONS_MAX = 5 };
enum { FOREIGN_LINES_MAX = 3 /* one may be a text that the file lets the printer say */ };

/* A report without targets comes from a wait for heat; in a print the wait is ours. */
static void fill_in_targets(struct marlin *m)
{
	int tool = m->modal.tool >= 0 && m->modal.tool < MARLIN_TOOLS_MAX ? m->modal.tool : 0;

	for (size_t i = 0; m->job && i < m->heaters.count; i++) {
		struct driver_heater *heater = &m->heaters.heater[i];

		if (!heater->target_unsaid || (heater->name[0] != 'T' && heater->name[0] != 'B'))
			continue;
		heater->target_celsius = heater->name[0] == 'B' ? m->modal.bed_celsius
								: m->modal.hotend_celsius[tool];
		heater->target_unsaid = false;
	}
}

static bool has_numbered_tools(const struct driver_heaters *heaters)
{
	for (size_t i = 0; i < heaters->count; i++)
		if (heaters->heater[i].name[0] == 'T' && heaters->heater[i].name[1] != '\0')
			return true;
	return false;
}

/* "T:200.1 E:0 W:8" of a wait is the tool that M105 calls T0. */
static void number_tool(struct marlin *m)
{
	int tool = m->modal.tool >= 0 && m->modal.tool < MARLIN_TOOLS_MAX ? m->modal.tool : 0;

	for (size_t i = 0; i < m->heaters.count; i++) {
		char *name = m->heaters.heater[i].name;

		if (tool < 10 && name[0] == 'T' && name[1] == '\0') {
			name[1] = (char)('0' + tool);
			name[2] = '\0';
		}
	}
}

static void take_heaters(struct marlin *m, const char *text, size_t length)
{
	bool numbered = has_numbered_tools(&m->heaters);

	if (!report_temperatures(text, length, &m->heaters))
		return;
	if (numbered && !has_numbered_tools(&m->heaters))
		number_tool(m);
	fill_in_targets(m);
	m->heaters.time_us = m->now_us;
	effects_add(m->effects, DRIVER_HEATERS);
	for (size_t i = 0; i < m->heaters.count; i++) {
		const char *name = m->heaters.heater[i].name;

		m->bed_seen = m->bed_seen || name[0] == 'B';
		if (name[0] == 'T' && name[1] >= '0' && name[1] <= '9')
			m->tools_seen |= 1u << (name[1] - '0');
	}
	marlin_on_heaters(m);
}

static void on_reset(struct marlin *m)
{
	/* Whether it has restarted meanwhile its counter tells. */
	if (m->adopt.active && m->phase == MARLIN_BOOT && m->variant->greets)
		return;
	if (!m->adopt.active && (m->phase < MARLIN_SETUP || m->phase == MARLIN_FAULTED)) {
		marlin_connect_reset(m);
		return;
	}
	if (!m->job) {
		effects_said(m->effects, "the board has restarted");
		marlin_drop_everything(m);
		marlin_connect_reset(m);
		return;
	}
	marlin_fault(m, DRIVER_FAULT_RESET,
		"the board restarted in the middle of the print; position and heat are lost");
}

static void on_fault_line(struct marlin *m, const struct reply *reply)
{
	char text[DRIVER_REASON_MAX];

	report_escape(reply->text, reply->text_length, text, sizeof(text));
	marlin_fault(m, reply->fault, text);
}

static void note_busy(struct marlin *m, const struct reply *reply)
{
	m->last_busy_us = m->now_us;
	m->busy_seen = m->busy_seen || reply->kind == REPLY_BUSY;
	if (reply->kind == REPLY_BUSY_PERSON && marlin_is_clear(m))
		marlin_attention(m, "the printer waits for a person");
	else if (reply->kind == REPLY_BUSY && !m->hold)
		marlin_attention_over(m);
}

static void on_wait(struct marlin *m)
{
	/* Queue and buffer of the printer are empty, so what we wait for will not come. */
	if (++m->waits >= 2 && m->window.count > 0 && marlin_is_clear(m))
		marlin_sync_begin(m, MARLIN_CAUSE_STALL);
}

/* "echo: cold extrusion prevented", "echo: too long extrusion prevented" (1.0 to 2.1, MK3): the
 * move is acknowledged like any other and made without filament, so the part is spoiled and nothing
 * else tells.  The heater may be dead: the printer waits for somebody to look. */
static void on_refused_extrusion(struct marlin *m, bool cold)
{
	const char *reason =
		cold ? "its hot end is too cold" : "more filament in one move than it allows";
	char text[DRIVER_REASON_MAX];

	snprintf(text, sizeof(text), "the printer moves without extruding: %s", reason);
	if (++m->refused_extrusions == 1)
		effects_said(m->effects, "%s", text);
	if (m->refused_extrusions == REFUSED_EXTRUSIONS_MAX)
		marlin_fault(m, DRIVER_FAULT_STOPPED, text);
}

static void on_echo(struct marlin *m, const struct reply *reply)
{
	bool cold = reply_starts_with(reply->text, reply->text_length, "cold extrusion prevented"),
	     too_long = reply_starts_with(
		     reply->text, reply->text_length, "too long extrusion prevented");

	if (m->job && (cold || too_long))
		on_refused_extrusion(m, cold);
	else
		marlin_remember_words(m, reply->text, reply->text_length);
}

static void on_connected_reply(struct marlin *m, const struct reply *reply)
{
	if (reply->kind != REPLY_WAIT)
		m->waits = 0;
	switch (reply->kind) {
	case REPLY_OK:
		marlin_on_ok(m, reply);
		break;
	case REPLY_OK_DAMAGED:
		m->counters.unreadable_lines++;
		marlin_suspect(m);
		break;
	case REPLY_RESEND:
		marlin_on_resend(m, reply);
		break;
	case REPLY_LINE_ERROR:
		marlin_on_line_error(m, reply);
		break;
	case REPLY_UNKNOWN_COMMAND:
	case REPLY_INVALID_TOOL:
		marlin_on_unknown_command(m, reply);
		break;
	case REPLY_WAIT:
		on_wait(m);
		break;
	case REPLY_STOPPED:
		marlin_fault(m, DRIVER_FAULT_STOPPED,
			"the firmware has stopped because of errors and wants M999 or a restart");
		break;
	case REPLY_ERROR:
		effects_text(m->effects, DRIVER_SAID, reply->text, reply->text_length);
		break;
	case REPLY_ACTION:
		marlin_on_action(m, reply);
		break;
	case REPLY_CARD_PRINT:
		marlin_on_card_print(m);
		break;
	case REPLY_ECHO:
		on_echo(m, reply);
		break;
	case REPLY_INPUT_LOST:
		effects_text(m->effects, DRIVER_SAID, reply->text, reply->text_length);
		marlin_on_input_lost(m);
		break;
	case REPLY_REPEATED:
		m->repeated = reply->number;
		break;
	case REPLY_EMPTY:
	case REPLY_BUSY:
	case REPLY_BUSY_PERSON:
	case REPLY_RESET:
	case REPLY_FAULT:
	case REPLY_TEMPERATURE:
	case REPLY_HEATING:
	case REPLY_POSITION:
	case REPLY_IDENTITY:
	case REPLY_CAPABILITY:
	case REPLY_LIST_BEGIN:
	case REPLY_LIST_END:
		break;
	case REPLY_OTHER:
		/* Old builds forget the ok of M29 (15.2 A17). */
		if (reply_starts_with(reply->text, reply->text_length, "Done saving file"))
			marlin_suspect(m);
		break;
	}
}

/* It may be what noise has left of a refusal. */
static bool is_unclear(const struct reply *reply)
{
	return reply->kind == REPLY_OTHER || reply->kind == REPLY_ERROR ||
	       reply->kind == REPLY_OK_DAMAGED;
}

/* Somebody has put another machine on the port, or another firmware on the board. */
static void note_foreign(struct marlin *m, const struct reply_line *line, const struct reply *reply)
{
	const char *dialect;
	bool sure;

	if (reply->kind == REPLY_OK) {
		m->foreign_lines = 0;
		return;
	}
	if ((reply->kind != REPLY_OTHER && reply->kind != REPLY_ERROR) ||
		strcmp(m->family->dialect, "smoothie") == 0) /* it has grbl's lines as well */
		return;
	dialect = detect_line(line->text, line->length, &sure);
	if (!dialect || strcmp(dialect, "marlin") == 0 || strcmp(dialect, "repetier") == 0 ||
		strcmp(dialect, m->family->dialect) == 0 || ++m->foreign_lines < FOREIGN_LINES_MAX)
		return;
	marlin_fault(m, DRIVER_FAULT_DIALECT,
		"another firmware answers than at the start of the connection");
}

void marlin_on_line(struct marlin *m, const struct reply_line *line)
{
	struct reply reply;

	m->counters.overlong_lines += line->too_long;
	m->counters.unreadable_lines += line->noisy;
	if (m->in_file_list && !reply_starts_with(line->text, line->length, "End file list"))
		return;
	if (marlin_pack_line(m, line))
		return;
	reply_init(line->text, line->length, &reply);
	if (!m->variant->classify || !m->variant->classify(line->text, line->length, &reply))
		reply_classify(line->text, line->length, &reply);
	m->unclean = m->unclean || line->noisy || line->too_long || is_unclear(&reply);
	marlin_erase_test_line(m, &reply);
	if (reply.kind != REPLY_TEMPERATURE)
		m->last_said_us = m->now_us;
	m->in_file_list = reply.kind == REPLY_LIST_BEGIN;
	if (reply.has_temperatures)
		take_heaters(m, line->text, line->length);
	if (reply.kind == REPLY_BUSY || reply.kind == REPLY_BUSY_PERSON ||
		reply.kind == REPLY_HEATING)
		note_busy(m, &reply);
	if (reply.kind == REPLY_RESET)
		on_reset(m);
	else if (reply.kind == REPLY_FAULT)
		on_fault_line(m, &reply);
	else if (m->phase < MARLIN_SETUP)
		marlin_connect_reply(m, &reply);
	else if (m->phase != MARLIN_FAULTED && !marlin_sync_line(m, &reply))
		on_connected_reply(m, &reply);
	if (m->phase >= MARLIN_SETUP)
		note_foreign(m, line, &reply);
}
