/* Printers: the four facts, what streamers report, what a person may do with one. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"
#include "gcode/cnc.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct farm_printer *farm_find_printer(
	const struct farm *farm, const char *name, struct error *error)
{
	for (size_t i = 0; i < farm->printer_count; i++)
		if (strcmp(farm->printer[i]->name, name) == 0)
			return farm->printer[i];
	error_set(error, "there is no printer \"%s\"", name);
	return NULL;
}

struct farm_printer *farm_add_printer(struct farm *farm, const char *name)
{
	if (farm->printer_count == farm->printer_room) {
		size_t room = farm->printer_room ? farm->printer_room * 2 : 16;
		struct farm_printer **bigger = realloc(farm->printer, room * sizeof(*bigger));
		if (!bigger)
			return NULL;
		farm->printer = bigger;
		farm->printer_room = room;
	}
	struct farm_printer *printer = calloc(1, sizeof(*printer));
	if (!printer)
		return NULL;
	printer->name = farm_intern(farm, name);
	farm_copy(printer->config.name, sizeof(printer->config.name), name);
	farm_copy(printer->record.name, sizeof(printer->record.name), name);
	printer->record.bed = BED_UNKNOWN;
	farm_copy(printer->record.bed_why, sizeof(printer->record.bed_why), "first seen");
	printer->record.enabled = true;
	printer->removed = true;
	printer->bed_since_s = printer->offline_since_s = farm->now_s;
	printer->speed_factor = 1.0;
	printer->speed_spread = FARM_SPEED_SPREAD;
	printer->state.heaters_age_us = -1;
	farm_copy(printer->away_reason, sizeof(printer->away_reason),
		"its streamer has not been reached yet");
	farm->printer[farm->printer_count++] = printer;
	return printer;
}

void farm_printer_destroy(struct farm_printer *printer)
{
	free(printer->attempt);
	for (size_t i = 0; i < FARM_LOG_LINES; i++)
		free(printer->said[i]);
	free(printer);
}

/* Configured printers first, in the order of the configuration. */
static void sort_printers(struct farm *farm)
{
	size_t at = 0;
	for (size_t c = 0; c < farm->config->printer_count; c++)
		for (size_t i = at; i < farm->printer_count; i++) {
			if (strcmp(farm->printer[i]->name, farm->config->printer[c].name) != 0)
				continue;
			struct farm_printer *printer = farm->printer[i];
			memmove(farm->printer + at + 1, farm->printer + at,
				(i - at) * sizeof(*farm->printer));
			farm->printer[at++] = printer;
			break;
		}
}

void farm_configure(struct farm *farm, const struct config *config)
{
	farm_plan_forget(farm);
	farm->config = config;
	for (size_t i = 0; i < farm->printer_count; i++) {
		farm->printer[i]->removed = true;
		farm->printer[i]->profile = NULL;
	}
	for (size_t i = 0; i < config->printer_count; i++) {
		const struct config_printer *wanted = &config->printer[i];
		struct farm_printer *printer = farm_find_printer(farm, wanted->name, NULL);
		if (!printer)
			printer = farm_add_printer(farm, wanted->name);
		if (!printer) {
			farm->changes.failed = true;
			return;
		}
		printer->config = *wanted;
		printer->profile = config_find_profile(config, wanted->profile);
		printer->removed = false;
		if (!printer->known) {
			printer->known = true;
			farm_touch_printer(farm, printer);
			farm_say(farm, "printer", printer->name, NULL,
				"%s is new here: its bed counts as unknown until it is cleared",
				printer->name);
		}
	}
	sort_printers(farm);
	farm_changed(farm);
}

/* ---- facts ---- */

enum wire_link farm_printer_link(const struct farm_printer *printer)
{
	if (!printer->attached)
		return WIRE_OFFLINE;
	return printer->reported ? printer->state.link : WIRE_CONNECTING;
}

static void note_link(const struct farm *farm, struct farm_printer *printer)
{
	if (farm_printer_link(printer) == WIRE_ONLINE)
		printer->offline_since_s = 0;
	else if (!printer->offline_since_s)
		printer->offline_since_s = farm->now_s;
}

enum wire_activity farm_printer_activity(const struct farm_printer *printer)
{
	if (printer->attempt) {
		/* What the ledger knows holds until the streamer says otherwise. */
		if (!printer->attached || !printer->reported ||
			printer->state.activity == WIRE_IDLE)
			return printer->attempt->job->state == JOB_PAUSED ? WIRE_PAUSED
									  : WIRE_PRINTING;
		return printer->state.activity;
	}
	return printer->attached && printer->reported ? printer->state.activity : WIRE_IDLE;
}

bool farm_printer_lacks_kind(const struct farm_printer *printer)
{
	const char *firmware = printer->state.firmware;
	char family[16] = "";
	size_t length = 0;
	if (printer->config.kind != KIND_PRINTER || cnc_is_dialect(printer->config.dialect))
		return false;
	for (; isalpha((unsigned char)firmware[length]) && length < sizeof(family) - 1; length++)
		family[length] = (char)tolower((unsigned char)firmware[length]);
	return cnc_is_dialect(family);
}

bool farm_printer_needs_confirmation(const struct farm *farm, const struct farm_printer *printer)
{
	return printer->config.kind != KIND_PRINTER && printer->confirmed_until_us <= farm->now_us;
}

bool farm_printer_may_start(const struct farm *farm, const struct farm_printer *printer)
{
	return !farm->broken && !printer->removed && printer->profile && !printer->attempt &&
	       farm_printer_link(printer) == WIRE_ONLINE && printer->state.activity == WIRE_IDLE &&
	       !printer->state.hot_by_us && printer->record.bed == BED_EMPTY &&
	       !printer->record.lock_fault && printer->record.enabled &&
	       printer->ready_after_us <= farm->now_us && !farm_printer_lacks_kind(printer) &&
	       !farm_printer_needs_confirmation(farm, printer);
}

struct spool_record *farm_printer_spool(const struct farm *farm, const struct farm_printer *printer)
{
	if (!printer->record.spool)
		return NULL;
	return farm_index_find(&farm->spools, printer->record.spool);
}

const char *farm_printer_material(const struct farm *farm, const struct farm_printer *printer)
{
	const struct spool_record *spool = farm_printer_spool(farm, printer);
	return spool ? spool->material : printer->config.material;
}

const char *farm_printer_color(const struct farm *farm, const struct farm_printer *printer)
{
	const struct spool_record *spool = farm_printer_spool(farm, printer);
	return spool ? spool->color : "";
}

bool farm_staffed(const struct farm *farm)
{
	const struct config *config = farm->config;
	int64_t at_s = (farm->now_s - farm->week_start_s) % WORLD_WEEK_S;
	for (size_t i = 0; i < config->hours_count; i++)
		if (at_s >= config->hours[i].begin_s && at_s < config->hours[i].end_s)
			return true;
	return config->hours_count == 0;
}

void farm_printer_set_bed(struct farm *farm, struct farm_printer *printer, enum bed_state bed,
	int64_t job, const char *why)
{
	printer->record.bed = bed;
	printer->record.bed_job = job;
	printer->bed_since_s = farm->now_s;
	farm_copy(printer->record.bed_why, sizeof(printer->record.bed_why), why);
	farm_touch_printer(farm, printer);
}

/* Faults of a print after which the machine may be dangerous or cannot be trusted.  A port that
 * nobody answers on and a bad command of a file say nothing against the machine. */
bool farm_fault_locks(int fault)
{
	switch ((enum driver_fault)fault) {
	case DRIVER_FAULT_SILENT:
	case DRIVER_FAULT_RESET:
	case DRIVER_FAULT_THERMAL:
	case DRIVER_FAULT_KILLED:
	case DRIVER_FAULT_RESENDS:
	case DRIVER_FAULT_SURPLUS_OK:
	case DRIVER_FAULT_PROTOCOL:
	case DRIVER_FAULT_STOPPED:
	case DRIVER_FAULT_ESTOP:
		return true;
	case DRIVER_FAULT_NONE:
	case DRIVER_FAULT_NO_ANSWER:
	case DRIVER_FAULT_COMMAND:
	case DRIVER_FAULT_DIALECT:
		return false;
	}
	return true; /* a fault of a newer streamer: be careful */
}

void farm_printer_lock(
	struct farm *farm, struct farm_printer *printer, int fault, const char *reason)
{
	if (printer->record.lock_fault)
		return; /* the first fault's words stay until a person has read them */
	printer->record.lock_fault = fault;
	farm_copy(printer->record.lock_reason, sizeof(printer->record.lock_reason), reason);
	farm_touch_printer(farm, printer);
	farm_say(farm, "printer", printer->name, NULL, "%s is locked: %s", printer->name, reason);
}

/* ---- from the streamers ---- */

static bool send_message(struct farm *farm, const struct farm_printer *printer,
	struct wire_message *message, uint64_t *request)
{
	message->request = farm->next_request++;
	farm_copy(message->printer, sizeof(message->printer), printer->name);
	if (!printer->attached || !farm->effects.send(farm->effects.context, message))
		return false;
	if (request)
		*request = message->request;
	return true;
}

static bool send_to(struct farm *farm, const struct farm_printer *printer, enum wire_kind kind,
	const char *text, uint64_t *request)
{
	struct wire_message message = { .kind = kind };
	farm_copy(message.text, sizeof(message.text), text ? text : "");
	return send_message(farm, printer, &message, request);
}

static void ask_connect(struct farm *farm, struct farm_printer *printer)
{
	printer->connect_wanted =
		!send_to(farm, printer, WIRE_CONNECT, NULL, &printer->connect_request);
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
	follow(farm, attempt->job, printer->state.activity);
	if (adopted && attempt->job->order->record.state == ORDER_CANCELLED)
		farm_job_end_by_person(farm, attempt->job, NULL, NULL);
}

static const char *link_name(enum wire_link link)
{
	static const char *const name[] = { "offline", "connecting", "online" };
	return name[link];
}

/* The streamer runs an attempt that is not open here: given up while the printer was not
 * configured, or the ledger is a restored one. */
static bool prints_unknown(const struct farm *farm, const struct farm_printer *printer)
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
	if (!by_hand && !prints_unknown(farm, printer))
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
		ask_connect(farm, printer);
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

bool farm_printer_settings(
	const struct farm *farm, const char *name, struct wire_settings *settings)
{
	const struct farm_printer *printer = farm_find_printer(farm, name, NULL);
	if (!printer || printer->removed || !printer->profile)
		return false;
	const struct profile *profile = printer->profile;
	memset(settings, 0, sizeof(*settings));
	farm_copy(settings->port, sizeof(settings->port), printer->config.port);
	farm_copy(settings->dialect, sizeof(settings->dialect), printer->config.dialect);
	farm_copy(settings->side_port, sizeof(settings->side_port), printer->config.klipper_socket);
	settings->baud = printer->config.baud;
	settings->window_lines = printer->config.window_lines;
	settings->meatpack = printer->config.meatpack;
	settings->short_numbers = printer->config.short_numbers;
	settings->window_bytes = profile->receive_bytes;
	settings->hotend_max_celsius = profile->hotend_max_celsius;
	settings->bed_max_celsius = profile->bed_max_celsius;
	memcpy(settings->volume_min_mm, profile->volume_min_mm, sizeof(settings->volume_min_mm));
	memcpy(settings->volume_max_mm, profile->volume_max_mm, sizeof(settings->volume_max_mm));
	settings->can_reset_line = printer->config.reset_line;
	settings->reset_on_connect = printer->config.reset_on_connect;
	settings->no_adoption = !printer->config.adopt;
	farm_copy(settings->uuid, sizeof(settings->uuid), printer->config.uuid);
	farm_copy(settings->power_off, sizeof(settings->power_off), printer->config.power_off);
	settings->pause_heat_s = printer->config.pause_heat_s;
	settings->dead_man_s = printer->config.dead_man_s;
	settings->machine_kind = printer->config.kind;
	settings->tools = profile->tool_count;
	settings->firmware = profile->firmware;
	for (size_t i = 0, length = 0; i < profile->rule_count; i++)
		length += (size_t)snprintf(settings->rules + length,
			sizeof(settings->rules) - length, "%s%s", i ? "," : "", profile->rule[i]);
	/* Park at the back left of a box; at the centre line of a delta, well inside its circle. */
	bool round = profile->shape == PROFILE_ROUND;
	settings->park_x_mm = round ? 0.0 : profile->volume_min_mm[0] + 5.0;
	settings->park_y_mm =
		round ? 0.6 * profile->volume_max_mm[0] : profile->volume_max_mm[1] - 5.0;
	settings->park_lift_mm = 10.0;
	double standby = printer->config.standby_celsius;
	settings->hotend_standby_celsius =
		standby < profile->hotend_max_celsius ? standby : profile->hotend_max_celsius;
	return true;
}

/* ---- what a person may do ---- */

static int find_for_act(
	struct farm *farm, const char *name, struct farm_printer **printer, struct error *error)
{
	*printer = farm_find_printer(farm, name, error);
	return *printer ? farm_writable(farm, error) : -ENOENT;
}

static int unreachable(const struct farm_printer *printer, struct error *error)
{
	error_set(error, "the streamer of %s cannot be reached: %s", printer->name,
		printer->away_reason);
	return -EHOSTUNREACH;
}

static int ask(struct farm *farm, struct farm_printer *printer, enum wire_kind kind,
	const char *text, uint64_t *request, struct error *error)
{
	if (send_to(farm, printer, kind, text, request))
		return 0;
	return unreachable(printer, error);
}

int farm_printer_pause(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	*request = 0;
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	enum wire_activity activity = farm_printer_activity(printer);
	if (activity == WIRE_PAUSED)
		return 0;
	if (activity != WIRE_PRINTING || !printer->attempt) {
		error_set(error, "%s is not printing: there is nothing to pause", name);
		return -EBUSY;
	}
	int result = ask(farm, printer, WIRE_PAUSE, NULL, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s is told to pause", name);
	return result;
}

int farm_printer_resume(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	*request = 0;
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	if (!printer->attempt) {
		error_set(error, "%s is not paused: there is nothing to resume", name);
		return -EBUSY;
	}
	/* Asked of a print that goes on as well: a pause may be under way. */
	int result = ask(farm, printer, WIRE_RESUME, NULL, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s is told to go on", name);
	return result;
}

static int set_enabled(
	struct farm *farm, const char *user, const char *name, bool enabled, struct error *error)
{
	struct farm_printer *printer;
	int result = find_for_act(farm, name, &printer, error);
	if (result || printer->record.enabled == enabled)
		return result;
	printer->record.enabled = enabled;
	farm_touch_printer(farm, printer);
	farm_say(farm, "printer", name, user, "%s %s", name,
		enabled ? "may get new jobs" : "gets no new jobs");
	return 0;
}

int farm_printer_enable(struct farm *farm, const char *user, const char *name, struct error *error)
{
	return set_enabled(farm, user, name, true, error);
}

int farm_printer_disable(struct farm *farm, const char *user, const char *name, struct error *error)
{
	return set_enabled(farm, user, name, false, error);
}

/* Somebody stands at the machine, has put the work in and looked around.  Good for one start. */
int farm_printer_confirm(struct farm *farm, const char *user, const char *name, struct error *error)
{
	struct farm_printer *printer;
	struct farm_printer_view view;
	int result = find_for_act(farm, name, &printer, error);
	if (result)
		return result;
	if (printer->config.kind == KIND_PRINTER) {
		error_set(error, "%s needs no confirmation: it is no laser and no mill", name);
		return -EINVAL;
	}
	printer->confirmed_until_us = farm->now_us + FARM_CONFIRMED_US;
	farm_printer_by_name(farm, name, &view);
	if (!view.ready && view.not_ready_count > 0) {
		printer->confirmed_until_us = 0;
		error_set(error, "%s cannot start anything now: %s", name, view.not_ready[0]);
		return -EBUSY;
	}
	farm_say(farm, "printer", name, user,
		"%s: a start is confirmed at the machine, for the next %d minutes", name,
		(int)(FARM_CONFIRMED_US / 60000000));
	farm_changed(farm);
	return 0;
}

int farm_printer_unlock(struct farm *farm, const char *user, const char *name, struct error *error)
{
	struct farm_printer *printer;
	int result = find_for_act(farm, name, &printer, error);
	if (result || !printer->record.lock_fault)
		return result;
	farm_say(farm, "printer", name, user, "%s is unlocked; the fault was: %s", name,
		printer->record.lock_reason);
	printer->record.lock_fault = 0;
	printer->record.lock_reason[0] = '\0';
	farm_touch_printer(farm, printer);
	ask_connect(farm, printer);
	return 0;
}

static int find_to_connect(
	struct farm *farm, const char *name, struct farm_printer **found, struct error *error)
{
	struct farm_printer *printer = *found = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	if (!printer->record.lock_fault)
		return 0;
	error_set(error, "%s is locked (%s): unlock it when the fault is dealt with", name,
		printer->record.lock_reason);
	return -EBUSY;
}

int farm_printer_connect(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	*request = 0;
	struct farm_printer *printer;
	int result = find_to_connect(farm, name, &printer, error);
	if (!result)
		result = ask(farm, printer, WIRE_CONNECT, NULL, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s: its port is tried again", name);
	return result;
}

int farm_printer_reset(struct farm *farm, const char *user, const char *name, uint64_t *request,
	struct error *error)
{
	struct wire_message message = { .kind = WIRE_CONNECT, .reset = true };
	*request = 0;
	struct farm_printer *printer;
	int result = find_to_connect(farm, name, &printer, error);
	if (result)
		return result;
	enum wire_activity activity = farm_printer_activity(printer);
	if (printer->attempt || activity == WIRE_PRINTING || activity == WIRE_PAUSED) {
		error_set(error, "%s is printing: a reset would end the print", name);
		return -EBUSY;
	}
	if (!send_message(farm, printer, &message, request))
		return unreachable(printer, error);
	farm_say(farm, "printer", name, user, "%s: its board is reset and connected again", name);
	return 0;
}

/* Counts what lies on the bed, if something waits to be counted. */
static int clear_count(struct farm *farm, const char *user, struct farm_printer *printer,
	const struct farm_clear *clear, struct error *error)
{
	struct farm_job *job = farm_index_find(&farm->jobs, printer->record.bed_job);
	bool said = clear->good >= 0 || clear->scrap >= 0;
	if (!job || (job->state != JOB_PRINTED && !(job->state == JOB_NEEDS_LOOK && said)))
		return 0;
	/* Tried again elsewhere since: what lies here is the rest of an earlier try. */
	if (strcmp(job->printer, printer->name) != 0)
		return 0;
	int32_t good = clear->good, scrap = clear->scrap;
	int result = farm_count_of(job, &good, &scrap, error);
	if (result)
		return result;
	if (job->state == JOB_NEEDS_LOOK)
		farm_job_step(farm, job, JOB_ON_PRINTED);
	if (clear->why[0])
		farm_job_set_reason(job, clear->why);
	farm_count_job(farm, job, user, good, scrap);
	return 0;
}

int farm_printer_clear(struct farm *farm, const char *user, const char *name,
	const struct farm_clear *clear, struct error *error)
{
	struct farm_printer *printer;
	int result = find_for_act(farm, name, &printer, error);
	if (result)
		return result;
	if (printer->attempt) {
		error_set(error, "%s is printing job %lld: its bed cannot be clear", name,
			(long long)printer->attempt->job->id);
		return -EBUSY;
	}
	if (prints_unknown(farm, printer)) {
		error_set(error,
			"%s is printing something that the ledger does not know: its bed cannot be "
			"clear",
			name);
		return -EBUSY;
	}
	if (farm_printer_activity(printer) == WIRE_BY_HAND && !clear->not_yet) {
		error_set(error,
			"%s is in use by hand (its heaters are on, or it prints from its own "
			"card): its bed cannot be clear before that is over; --not-yet only "
			"counts what was printed",
			name);
		return -EBUSY;
	}
	if (printer->record.bed == BED_EMPTY)
		return 0;
	result = clear_count(farm, user, printer, clear, error);
	if (result)
		return result;
	if (clear->not_yet) {
		farm_printer_set_bed(farm, printer, printer->record.bed, 0,
			clear->why[0] ? clear->why : "counted, not free yet");
		return 0;
	}
	farm_printer_set_bed(
		farm, printer, BED_EMPTY, 0, clear->why[0] ? clear->why : "cleared by a person");
	int64_t delay_s = farm->config->start_delay_s;
	printer->ready_after_us = delay_s > 0 ? farm->now_us + delay_s * 1000000 : 0;
	printer->refused_pause_us = 0;
	if (delay_s > 0)
		farm_say(farm, "printer", name, user,
			"the bed of %s is empty; the next print starts not before %lld s from now",
			name, (long long)delay_s);
	else
		farm_say(farm, "printer", name, user, "the bed of %s is empty", name);
	return 0;
}

int farm_printer_gcode(struct farm *farm, const char *user, const char *name, const char *command,
	uint64_t *request, struct error *error)
{
	*request = 0;
	struct farm_printer *printer = farm_find_printer(farm, name, error);
	if (!printer)
		return -ENOENT;
	enum wire_activity activity = farm_printer_activity(printer);
	/* What it asks may be answered. */
	bool answer = activity == WIRE_NEEDS_ATTENTION && strncmp(command, "M876 S", 6) == 0;
	if ((activity == WIRE_PRINTING || activity == WIRE_NEEDS_ATTENTION) && !answer) {
		error_set(error,
			"%s is printing: commands by hand are for an idle or paused printer", name);
		return -EBUSY;
	}
	int result = ask(farm, printer, WIRE_MANUAL, command, request, error);
	if (!result)
		farm_say(farm, "printer", name, user, "%s is sent by hand: %.100s", name, command);
	return result;
}

int farm_printer_recording(struct farm *farm, const char *name,
	const int64_t next[WIRE_RECORDER_KINDS], uint64_t *request, struct error *error)
{
	struct wire_message message = { .kind = WIRE_RECORDING };
	const struct farm_printer *printer = farm_find_printer(farm, name, error);
	*request = 0;
	if (!printer)
		return -ENOENT;
	message.request = farm->next_request++;
	farm_copy(message.printer, sizeof(message.printer), name);
	memcpy(message.recording.next, next, sizeof(message.recording.next));
	if (printer->attached && farm->effects.send(farm->effects.context, &message)) {
		*request = message.request;
		return 0;
	}
	error_set(error, "the streamer of %s cannot be reached: %s", name, printer->away_reason);
	return -EHOSTUNREACH;
}

static int estop_one(
	struct farm *farm, const char *user, struct farm_printer *printer, struct error *error)
{
	int result = ask(farm, printer, WIRE_ESTOP, NULL, NULL, error);
	if (farm->broken)
		return result;
	farm_say(farm, "printer", printer->name, user,
		result ? "emergency stop of %s could not be delivered" : "emergency stop of %s",
		printer->name);
	farm_printer_lock(farm, printer, DRIVER_FAULT_ESTOP, "emergency stop by a person");
	return result;
}

int farm_estop(struct farm *farm, const char *user, const char *name, struct error *error)
{
	if (name) {
		struct farm_printer *printer = farm_find_printer(farm, name, error);
		return printer ? estop_one(farm, user, printer, error) : -ENOENT;
	}
	int result = 0;
	for (size_t i = 0; i < farm->printer_count; i++) {
		if (farm->printer[i]->removed && !farm->printer[i]->attempt)
			continue;
		int one = estop_one(farm, user, farm->printer[i], error);
		if (one)
			result = one;
	}
	return result;
}

const char *farm_printer_said(const struct farm *farm, const char *name, size_t index)
{
	const struct farm_printer *printer = farm_find_printer(farm, name, NULL);
	if (!printer || index >= printer->said_count)
		return NULL;
	size_t oldest =
		(printer->said_next + FARM_LOG_LINES - printer->said_count) % FARM_LOG_LINES;
	const char *line = printer->said[(oldest + index) % FARM_LOG_LINES];
	return line ? line : "";
}
