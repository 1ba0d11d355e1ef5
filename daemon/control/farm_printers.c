/* Printers: the four facts, and how their streamers are told something. */
#include "daemon/control/farm_state.h"

#include "drivers/driver.h"
#include "gcode/cnc.h"

#include <ctype.h>
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
	farm_learnt_init(&printer->learnt);
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
	farm_clearing_configure(farm);
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

void farm_reconfigure(struct farm *farm, const struct config *config)
{
	farm_configure(farm, config);
	farm_say(farm, "config", "", NULL, "the configuration has been read again");
}

/* ---- facts ---- */

enum wire_link farm_printer_link(const struct farm_printer *printer)
{
	if (!printer->attached)
		return WIRE_OFFLINE;
	return printer->reported ? printer->state.link : WIRE_CONNECTING;
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
	       !printer->record.quarantined_s && printer->ready_after_us <= farm->now_us &&
	       !farm_printer_lacks_kind(printer) && !farm_printer_needs_confirmation(farm, printer);
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
	struct calendar calendar;

	farm_calendar(farm, &calendar);
	return calendar_is_staffed(&calendar, farm->now_s);
}

void farm_printer_set_bed(struct farm *farm, struct farm_printer *printer, enum bed_state bed,
	int64_t job, const char *why)
{
	printer->record.bed = bed;
	printer->record.bed_job = job;
	if (bed == BED_EMPTY)
		printer->record.waits_since_s = 0;
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

/* ---- to the streamers ---- */

bool farm_printer_send_message(struct farm *farm, const struct farm_printer *printer,
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

bool farm_printer_send(struct farm *farm, const struct farm_printer *printer, enum wire_kind kind,
	const char *text, uint64_t *request)
{
	struct wire_message message = { .kind = kind };
	farm_copy(message.text, sizeof(message.text), text ? text : "");
	return farm_printer_send_message(farm, printer, &message, request);
}

void farm_printer_ask_connect(struct farm *farm, struct farm_printer *printer)
{
	printer->connect_wanted =
		!farm_printer_send(farm, printer, WIRE_CONNECT, NULL, &printer->connect_request);
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
