/* What streamers say about their printers, and what the farm makes of it. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static void note_link(const struct farm *farm, struct farm_printer *printer)
{
	if (farm_printer_link(printer) == WIRE_ONLINE)
		printer->offline_since_s = 0;
	else if (!printer->offline_since_s)
		printer->offline_since_s = farm->now_s;
}

/* Words from the other side of a wire: printable ASCII only from here on. */
static void clean(char *text, size_t size)
{
	size_t i = 0;
	for (; i + 1 < size && text[i]; i++)
		if (text[i] < 0x20 || text[i] > 0x7e)
			text[i] = '?';
	text[i] = '\0';
}

static void clean_state(struct wire_printer_state *state)
{
	clean(state->reason, sizeof(state->reason));
	clean(state->firmware, sizeof(state->firmware));
	clean(state->window, sizeof(state->window));
	clean(state->machine, sizeof(state->machine));
	clean(state->uuid, sizeof(state->uuid));
	clean(state->attempt, sizeof(state->attempt));
	if (state->heater_count < 0 || state->heater_count > WIRE_HEATERS_MAX)
		state->heater_count = 0;
	for (int64_t i = 0; i < state->heater_count; i++)
		clean(state->heater[i].name, sizeof(state->heater[i].name));
	if ((unsigned)state->link > WIRE_ONLINE)
		state->link = WIRE_OFFLINE;
	if ((unsigned)state->activity > WIRE_BY_HAND)
		state->activity = WIRE_NEEDS_ATTENTION;
}

/* The job follows what its print does. */
static void follow(struct farm *farm, struct farm_job *job, enum wire_activity activity)
{
	if (job->state == JOB_ASSIGNED && activity != WIRE_IDLE)
		farm_job_step(farm, job, JOB_ON_START);
	if (activity == WIRE_PAUSED && job->state == JOB_PRINTING)
		farm_job_step(farm, job, JOB_ON_PAUSE);
	else if (activity == WIRE_PRINTING && job->state == JOB_PAUSED)
		farm_job_step(farm, job, JOB_ON_RESUME);
}

/* Kept now and then, because a print may take days and control may be started anew. */
static void note_heat(
	struct farm *farm, struct farm_attempt *attempt, const struct farm_printer *printer)
{
	if (printer->state.heaters_age_us < 0)
		return;
	heat_log_add(&attempt->heat, printer->state.heater, (size_t)printer->state.heater_count,
		printer->state_us - printer->state.heaters_age_us);
	if (farm->now_us - attempt->heat_kept_us < FARM_HEAT_KEEP_US)
		return;
	attempt->heat_kept_us = farm->now_us;
	heat_log_write(&attempt->heat, attempt->record.heat);
	farm_put(farm, CHANGE_ATTEMPT, &attempt->record, sizeof(attempt->record));
}

static void report_attempt(struct farm *farm, struct farm_printer *printer)
{
	struct farm_attempt *attempt = printer->attempt;
	if (!attempt || !attempt->told || farm->broken)
		return;
	if (strcmp(printer->state.attempt, attempt->record.id) != 0) {
		if (attempt->start_request || farm_attempt_send_again(farm, attempt))
			return;
		if (attempt->missing_since_us == INT64_MAX)
			attempt->missing_since_us = farm->now_us;
		return;
	}
	bool adopted = !attempt->seen || attempt->missing_since_us != INT64_MAX;
	attempt->seen = true;
	attempt->missing_since_us = INT64_MAX;
	attempt->progress = printer->state.progress;
	if (attempt->progress.commands <= 0)
		attempt->progress.commands = attempt->job->plate->file->commands;
	note_heat(farm, attempt, printer);
	follow(farm, attempt->job, printer->state.activity);
	if (adopted && attempt->job->order->record.state == ORDER_CANCELLED)
		farm_job_end_by_person(farm, attempt->job, NULL, NULL);
}

static const char *link_name(enum wire_link link)
{
	static const char *const name[] = { "offline", "connecting", "online" };
	return name[link];
}

bool farm_printer_prints_unknown(const struct farm *farm, const struct farm_printer *printer)
{
	const char *running = printer->state.attempt;
	if (!printer->reported || !running[0] || farm_ended_lately(farm, running))
		return false;
	return !printer->attempt || strcmp(running, printer->attempt->record.id) != 0;
}

/* Something goes on at the printer that is not ours: whatever was believed of its bed is over.  A
 * part that waits there to be counted still does. */
static void doubt_bed(struct farm *farm, struct farm_printer *printer)
{
	bool by_hand = printer->state.activity == WIRE_BY_HAND;
	if (!by_hand && !farm_printer_prints_unknown(farm, printer))
		return;
	if (printer->attempt) {
		printer->attempt->bed_in_doubt = true;
		return;
	}
	if (printer->record.bed == BED_UNKNOWN)
		return;
	farm_printer_set_bed(farm, printer, BED_UNKNOWN, printer->record.bed_job,
		by_hand ? "the printer was used by hand"
			: "the printer prints what the ledger does not know");
	if (!by_hand)
		farm_say(farm, "printer", printer->name, NULL,
			"%s prints an attempt that is not open here; its bed counts as unknown",
			printer->name);
}

static void report_facts(struct farm *farm, struct farm_printer *printer,
	const struct wire_printer_state *before, bool was_reported)
{
	const struct wire_printer_state *state = &printer->state;
	doubt_bed(farm, printer);
	/* A streamer that reports a fault starts nothing until a person has unlocked it. */
	if (state->fault && !printer->connect_request && !printer->connect_wanted)
		farm_printer_lock(farm, printer, (int)state->fault,
			state->reason[0] ? state->reason
					 : driver_fault_name((enum driver_fault)state->fault));
	if (was_reported && before->link == state->link && before->activity == state->activity &&
		before->fault == state->fault && strcmp(before->reason, state->reason) == 0 &&
		strcmp(before->attempt, state->attempt) == 0)
		return;
	if (!was_reported || before->link != state->link)
		farm_say(farm, "printer", printer->name, NULL, "%s is %s%s%s", printer->name,
			link_name(state->link), state->reason[0] ? ": " : "", state->reason);
	if (state->activity == WIRE_NEEDS_ATTENTION && before->activity != WIRE_NEEDS_ATTENTION)
		farm_say(farm, "printer", printer->name, NULL, "%s wants a person: %s",
			printer->name, state->reason);
	farm_changed(farm);
}

void farm_attached(struct farm *farm, const char *name, int64_t alive_since_s)
{
	struct farm_printer *printer = farm_find_printer(farm, name, NULL);
	if (!printer)
		return;
	printer->attached = true;
	note_link(farm, printer);
	printer->attached_us = farm->now_us;
	printer->alive_since_s = alive_since_s;
	if (printer->attempt && printer->attempt->told) {
		printer->attempt->start_request = 0;
		printer->attempt->missing_since_us = farm->now_us;
	}
	if (printer->connect_wanted)
		farm_printer_ask_connect(farm, printer);
	if (printer->reported) {
		report_facts(farm, printer, &printer->state, false);
		report_attempt(farm, printer);
	}
	farm_changed(farm);
}

void farm_detached(struct farm *farm, const char *name, const char *why)
{
	struct farm_printer *printer = farm_find_printer(farm, name, NULL);
	if (!printer)
		return;
	farm_copy(printer->away_reason, sizeof(printer->away_reason), why);
	printer->reported = false;
	if (!printer->attached)
		return;
	printer->attached = false;
	note_link(farm, printer);
	if (printer->connect_request) {
		printer->connect_request = 0;
		printer->connect_wanted = true;
	}
	if (printer->attempt)
		printer->attempt->missing_since_us = INT64_MAX;
	farm_say(farm, "printer", name, NULL, "%s: %s", name, why);
	farm_changed(farm);
}

static void report(struct farm *farm, const struct wire_message *message)
{
	struct farm_printer *printer = farm_find_printer(farm, message->printer, NULL);
	if (!printer)
		return;
	struct wire_printer_state before = printer->state;
	bool was_reported = printer->reported;
	printer->state = message->state;
	clean_state(&printer->state);
	printer->state_us = farm->now_us;
	printer->reported = true;
	note_link(farm, printer);
	farm->reports++;
	if (!printer->attached)
		return; /* looked at as soon as the streamer has taken the settings */
	report_facts(farm, printer, &before, was_reported);
	report_attempt(farm, printer);
	if (farm->effects.reported)
		farm->effects.reported(farm->effects.context, printer->name);
}

static void said(struct farm *farm, const struct wire_message *message)
{
	struct farm_printer *printer = farm_find_printer(farm, message->printer, NULL);
	if (!printer)
		return;
	char text[WIRE_TEXT_MAX];
	farm_copy(text, sizeof(text), message->text);
	clean(text, sizeof(text));
	char **slot = &printer->said[printer->said_next];
	free(*slot);
	*slot = strdup(text);
	printer->said_next = (printer->said_next + 1) % FARM_LOG_LINES;
	if (printer->said_count < FARM_LOG_LINES)
		printer->said_count++;
}

/* true: it was the answer to a start or an unlock of ours. */
static bool answered(struct farm *farm, const struct wire_message *message, const char *text)
{
	for (size_t i = 0; i < farm->printer_count; i++) {
		struct farm_printer *printer = farm->printer[i];
		struct farm_attempt *attempt = printer->attempt;
		if (printer->connect_request == message->request) {
			printer->connect_request = 0;
			return true;
		}
		if (!attempt || attempt->start_request != message->request)
			continue;
		attempt->start_request = 0;
		if (!message->error || message->error == -EALREADY)
			attempt->seen = true;
		else
			farm_attempt_never_ran(
				farm, attempt, text[0] ? text : "the streamer refused the start");
		return true;
	}
	return false;
}

/* Rows of escaped text; a streamer that is not ours gets nothing else past. */
static void recorded(struct farm *farm, const struct wire_message *message)
{
	struct wire_recording page = message->recording;
	for (char *at = page.text; *at; at++)
		if ((*at < 0x20 || *at > 0x7e) && *at != '\n')
			*at = '?';
	if (farm->effects.recorded)
		farm->effects.recorded(farm->effects.context, message->request, &page);
}

void farm_message(struct farm *farm, const struct wire_message *message)
{
	char text[WIRE_TEXT_MAX];
	farm_copy(text, sizeof(text), message->text);
	clean(text, sizeof(text));
	struct wire_ended ended;
	switch (message->kind) {
	case WIRE_PRINTER:
		report(farm, message);
		break;
	case WIRE_ENDED:
		ended = message->ended;
		clean(ended.reason, sizeof(ended.reason));
		clean(ended.attempt, sizeof(ended.attempt));
		farm_ended(farm, message->printer, &ended);
		break;
	case WIRE_SAID:
		said(farm, message);
		break;
	case WIRE_ANSWER:
		if (message->recording.filled)
			recorded(farm, message);
		if (message->request && !answered(farm, message, text) && farm->effects.answered)
			farm->effects.answered(
				farm->effects.context, message->request, (int)message->error, text);
		break;
	case WIRE_NONE:
	case WIRE_HELLO:
	case WIRE_SET_PRINTER:
	case WIRE_REMOVE_PRINTER:
	case WIRE_START:
	case WIRE_PAUSE:
	case WIRE_RESUME:
	case WIRE_CANCEL:
	case WIRE_MANUAL:
	case WIRE_CONNECT:
	case WIRE_ESTOP:
	case WIRE_BOOKED:
	case WIRE_SHUTDOWN:
	case WIRE_RECORDING:
		break; /* not said by a streamer */
	}
}
