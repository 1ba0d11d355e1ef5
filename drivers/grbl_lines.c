/* What each line from the machine means, and whom an answer is for. */
#include "drivers/grbl_private.h"

#include "drivers/report.h"

#include <stdio.h> /* snprintf */
#include <string.h>

static bool prints(const struct grbl *g)
{
	return g->job && g->phase >= GRBL_STREAMING && g->phase <= GRBL_RESUMING;
}

static void doubt(struct grbl *g, const char *why, const struct grbl_reply *reply)
{
	char heard[40], text[DRIVER_REASON_MAX];

	report_escape(reply->text, reply->length, heard, sizeof(heard));
	snprintf(text, sizeof(text), "%s: \"%s\"", why, heard);
	grbl_fault(g, DRIVER_FAULT_PROTOCOL, text);
}

/* ---- answers ---- */

static struct grbl_line pop(struct grbl *g)
{
	struct grbl_line line = g->flight[g->flight_head];

	g->flight_head = (g->flight_head + 1) % GRBL_FLIGHT_MAX;
	g->flight_count--;
	g->flight_bytes -= line.bytes;
	g->idle_reports = 0;
	return line;
}

/* Behind a hold or a reset answers may still come, and mean nothing more. */
static bool is_stopping(const struct grbl *g)
{
	return g->phase == GRBL_STOPPING || g->phase == GRBL_FAULTED || g->phase == GRBL_CLEAN ||
	       g->phase == GRBL_BOOT || g->phase == GRBL_LOOK;
}

static void surplus(struct grbl *g, const struct grbl_reply *reply)
{
	g->counters.surplus_acknowledgements++;
	if (prints(g))
		grbl_fault(g, DRIVER_FAULT_SURPLUS_OK,
			"the machine answered a line that was never sent: noise may have cut a "
			"line in two");
	else if (!is_stopping(g))
		effects_said(g->effects, "an answer to nothing: %.*s",
			(int)(reply->length < 20 ? reply->length : 20), reply->text);
}

static void answered(struct grbl *g, const struct grbl_reply *reply)
{
	int count = reply->oks;

	/* "okok" may be one that was doubled. */
	if (count == 2 && g->flight_count < 2)
		count = 1;
	for (; count > 0; count--) {
		if (g->flight_count == 0) {
			surplus(g, reply);
			return;
		}
		struct grbl_line line = pop(g);
		g->counters.lines_acknowledged++;
		if (line.index >= 0)
			g->acknowledged = line.index;
		grbl_job_answered(g, &line);
	}
}

static void on_error(struct grbl *g, const struct grbl_reply *reply)
{
	if (g->flight_count == 0) {
		surplus(g, reply);
		return;
	}
	struct grbl_line line = pop(g);
	g->counters.line_errors++;
	if (!is_stopping(g))
		grbl_job_error(g, &line, reply->number);
}

/* ---- pushes ---- */

static void on_alarm(struct grbl *g, int32_t number)
{
	char text[DRIVER_REASON_MAX];

	snprintf(text, sizeof(text), "ALARM:%d, %s", (int)number,
		grbl_alarm_words(g->flavour, number));
	g->status.machine = GRBL_MACHINE_ALARM;
	/* Our own reset while it moved. */
	if (g->phase == GRBL_STOPPING) {
		effects_said(g->effects, "%s", text);
		return;
	}
	if (g->job)
		grbl_fault(g, DRIVER_FAULT_STOPPED, text);
	else
		grbl_attend(g, text);
}

/* What lies in the ring was sent and is not answered.  More than that: an answer was not one. */
static bool ring_is_too_full(struct grbl *g)
{
	if (!g->status.has_buffer)
		return false;
	if (g->status.bytes > g->buffer_max)
		g->buffer_max = g->status.bytes;
	return g->buffer_max - g->status.bytes > g->flight_bytes;
}

static void on_status(struct grbl *g, const struct grbl_reply *reply)
{
	g->status = reply->status;
	g->status_us = g->last_report_us = g->now_us;
	g->report_awaited = false;
	if (g->status.has_buffer) {
		g->counters.tells_queue = true;
		g->counters.planner_free = g->status.blocks;
		g->counters.queue_free = g->status.bytes;
	}
	if (g->status.has_offset) {
		memcpy(g->offset_mm, g->status.offset_mm, sizeof(g->offset_mm));
		g->offset_known = true;
	}
	if (g->status.machine == GRBL_MACHINE_IDLE && g->flight_count == 0 &&
		g->status.has_buffer && g->flavour == GRBL_FLAVOUR_FLUID &&
		g->ring_bytes != g->status.bytes) {
		g->ring_bytes = g->status.bytes;
		grbl_learn_window(g);
	}
	if (ring_is_too_full(g) && prints(g)) {
		grbl_fault(g, DRIVER_FAULT_SURPLUS_OK,
			"the machine's receive buffer holds more than was left unanswered: one "
			"answer was not the machine's");
		return;
	}
	switch (g->phase) {
	case GRBL_CLOSED:
	case GRBL_BOOT:
	case GRBL_CLEAN:
	case GRBL_IDENTIFY:
	case GRBL_SETTINGS:
	case GRBL_FAULTED:
		break;
	case GRBL_LOOK:
	case GRBL_ASK:
		grbl_connect_reply(g, reply);
		break;
	case GRBL_READY:
		grbl_look_for_attention(g);
		break;
	case GRBL_STREAMING:
	case GRBL_HOLDING:
	case GRBL_PAUSED:
	case GRBL_RESUMING:
		grbl_job_status(g);
		break;
	case GRBL_STOPPING:
		grbl_stop_status(g);
		break;
	}
}

static void on_banner(struct grbl *g, const struct grbl_reply *reply)
{
	/* Lines in the ring of a reset are never answered. */
	grbl_clear_flight(g);
	g->clean = true;
	g->banner_seen = true;
	g->status_us = 0;
	if (g->phase == GRBL_STOPPING) {
		grbl_stop_banner(g);
	} else if (prints(g)) {
		g->status.machine = GRBL_MACHINE_UNKNOWN;
		doubt(g, "the machine restarted during the print", reply);
	} else {
		grbl_connect_banner(g);
	}
}

static void on_damaged_status(struct grbl *g, const struct grbl_reply *reply)
{
	g->counters.unreadable_lines++;
	if (reply->oks > 0)
		answered(g, reply);
	if (prints(g) && ++g->damaged_reports > GRBL_DAMAGED_REPORTS_MAX)
		doubt(g,
			"reports arrive damaged: the line is noisy, and what it does to the file "
			"nobody can see",
			reply);
}

static void on_unreadable(struct grbl *g, const struct grbl_reply *reply)
{
	g->counters.unreadable_lines++;
	if (prints(g))
		doubt(g, "an answer that cannot be read", reply);
}

static void on_message(struct grbl *g, const struct grbl_reply *reply)
{
	effects_text(g->effects, DRIVER_SAID, reply->text, reply->length);
}

/* "[VER:1.1h.20190830:name]" and the like carry the version; banners do, too. */
void grbl_on_line(struct grbl *g, const struct reply_line *line)
{
	struct grbl_reply reply;

	grbl_reply_read(line, &reply);
	switch (reply.kind) {
	case GRBL_REPLY_EMPTY:
		break;
	case GRBL_REPLY_OK:
		g->heard = true;
		answered(g, &reply);
		break;
	case GRBL_REPLY_ERROR:
		g->heard = true;
		on_error(g, &reply);
		break;
	case GRBL_REPLY_ALARM:
		g->heard = true;
		on_alarm(g, reply.number);
		break;
	case GRBL_REPLY_STATUS:
		g->heard = true;
		on_status(g, &reply);
		break;
	case GRBL_REPLY_DAMAGED_STATUS:
		on_damaged_status(g, &reply);
		break;
	case GRBL_REPLY_BANNER:
		g->heard = true;
		grbl_connect_reply(g, &reply);
		on_banner(g, &reply);
		break;
	case GRBL_REPLY_MESSAGE:
		on_message(g, &reply);
		break;
	case GRBL_REPLY_OPTIONS:
	case GRBL_REPLY_VERSION:
	case GRBL_REPLY_FIRMWARE:
	case GRBL_REPLY_PARSER:
	case GRBL_REPLY_SETTING:
		grbl_connect_reply(g, &reply);
		break;
	case GRBL_REPLY_PUSH:
		break;
	case GRBL_REPLY_FOREIGN:
		if (!g->heard)
			g->foreign_seen = true;
		else
			on_unreadable(g, &reply);
		break;
	case GRBL_REPLY_UNREADABLE:
		on_unreadable(g, &reply);
		break;
	}
}
