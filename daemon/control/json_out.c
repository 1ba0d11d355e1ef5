#include "daemon/control/json_out.h"
#include "daemon/control/json_upkeep.h"

#include "drivers/driver.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ---- small things ---- */

json_t *json_out_recording(const struct wire_recording *page)
{
	json_t *rows = json_array();
	char next[80];

	snprintf(next, sizeof(next), "%lld.%lld.%lld", (long long)page->next[0],
		(long long)page->next[1], (long long)page->next[2]);
	for (const char *row = page->text, *end; (end = strchr(row, '\n')); row = end + 1)
		json_array_append_new(rows, json_stringn(row, (size_t)(end - row)));
	return json_pack("{s:o,s:s,s:b}", "items", rows, "next", next, "more", page->more);
}

json_t *json_out_text(const char *text)
{
	json_t *value = json_string(text);
	if (value)
		return value;
	char *copy = strdup(text);
	if (!copy)
		return NULL;
	for (char *at = copy; *at; at++)
		if ((unsigned char)*at >= 0x80)
			*at = '?';
	value = json_string(copy);
	free(copy);
	return value;
}

static void set(json_t *object, const char *name, json_t *value)
{
	json_object_set_new(object, name, value);
}

static void set_text(json_t *object, const char *name, const char *text)
{
	set(object, name, json_out_text(text));
}

/* null instead of the empty text. */
static void set_name(json_t *object, const char *name, const char *text)
{
	set(object, name, text && text[0] ? json_out_text(text) : json_null());
}

static void set_integer(json_t *object, const char *name, int64_t value)
{
	set(object, name, json_integer(value));
}

/* null when there is none: 0 or less than that. */
static void set_some(json_t *object, const char *name, int64_t value, bool is_there)
{
	set(object, name, is_there ? json_integer(value) : json_null());
}

static void set_bool(json_t *object, const char *name, bool value)
{
	set(object, name, json_boolean(value));
}

/* Rounded to thousandths: nobody needs more, and texts stay short. */
static void set_real(json_t *object, const char *name, double value)
{
	set(object, name,
		isfinite(value) ? json_real(round(value * 1000.0) / 1000.0) : json_null());
}

/* null when it is negative: not known. */
static void set_time(json_t *object, const char *name, int64_t time_us)
{
	if (time_us < 0)
		set(object, name, json_null());
	else
		set_real(object, name, (double)time_us / 1e6);
}

void json_out_iso8601(int64_t time_s, char *text, size_t size)
{
	time_t moment = (time_t)time_s;
	struct tm local;
	char zone[8] = "";
	localtime_r(&moment, &local);
	strftime(zone, sizeof(zone), "%z", &local);
	size_t length = strftime(text, size, "%Y-%m-%dT%H:%M:%S", &local);
	snprintf(text + length, size - length, "%.3s:%.2s", zone, zone + 3);
}

void json_out_time(json_t *object, const char *name, int64_t time_s)
{
	char member[64], text[48];
	snprintf(member, sizeof(member), "%s_at", name);
	json_out_iso8601(time_s, text, sizeof(text));
	set(object, member, time_s ? json_string(text) : json_null());
	snprintf(member, sizeof(member), "%s_s", name);
	set(object, member, time_s ? json_integer(time_s) : json_null());
}

json_t *json_out_items(json_t *items)
{
	json_t *object = json_object();
	set(object, "items", items);
	return object;
}

json_t *json_out_error(const char *code, const char *message, json_t *details)
{
	json_t *inner = json_object(), *object = json_object();
	set_text(inner, "code", code);
	set_text(inner, "message", message);
	set(inner, "details", details ? details : json_null());
	set(object, "error", inner);
	return object;
}

static json_t *numbers(const double *values, size_t count)
{
	json_t *array = json_array();
	for (size_t i = 0; i < count; i++)
		json_array_append_new(array, json_real(round(values[i] * 1000.0) / 1000.0));
	return array;
}

/* A word for programs; drivers have sentences for people. */
static const char *fault_word(int32_t fault)
{
	static const char *const words[] = {
		[DRIVER_FAULT_NONE] = "none",
		[DRIVER_FAULT_NO_ANSWER] = "no_answer",
		[DRIVER_FAULT_SILENT] = "silent",
		[DRIVER_FAULT_RESET] = "reset",
		[DRIVER_FAULT_THERMAL] = "thermal",
		[DRIVER_FAULT_KILLED] = "killed",
		[DRIVER_FAULT_RESENDS] = "resends",
		[DRIVER_FAULT_SURPLUS_OK] = "surplus_ok",
		[DRIVER_FAULT_PROTOCOL] = "protocol",
		[DRIVER_FAULT_STOPPED] = "stopped",
		[DRIVER_FAULT_ESTOP] = "estop",
		[DRIVER_FAULT_COMMAND] = "command",
		[DRIVER_FAULT_DIALECT] = "dialect",
	};
	return fault >= 0 && fault <= DRIVER_FAULT_LAST ? words[fault] : "unknown";
}

/* ---- files and designs ---- */

json_t *json_out_file(const struct file_record *file)
{
	json_t *object = json_object();
	set_text(object, "sha256", file->sha256);
	set_text(object, "name", file->name);
	set_integer(object, "bytes", file->bytes);
	set_integer(object, "commands", file->commands);
	set_integer(object, "lines", file->lines);
	set_real(object, "time_s", file->time_s);
	set_name(object, "slicer", file->slicer);
	json_out_time(object, "stored", file->stored_s);
	return object;
}

static json_t *design_plate(const struct farm_plate_view *plate)
{
	const struct file_record *file = plate->file;
	json_t *object = json_object();
	set_text(object, "sha256", file->sha256);
	set_text(object, "file", plate->record->name);
	set_integer(object, "yield", plate->record->yield);
	set_real(object, "time_s", file->time_s);
	set_real(object, "heat_s", file->heat_s);
	set_real(object, "filament_mm", file->filament_mm);
	if (file->filament_g >= 0.0)
		set_real(object, "filament_g", file->filament_g);
	else
		set(object, "filament_g", json_null());
	set_name(object, "machine", file->machine);
	set_name(object, "material", file->material);
	set(object, "box_min_mm", file->has_print_box ? numbers(file->box_min_mm, 3) : json_null());
	set(object, "box_max_mm", file->has_print_box ? numbers(file->box_max_mm, 3) : json_null());
	set_real(object, "nozzle_mm", file->nozzle_mm);
	set_real(object, "hotend_celsius", file->hotend_celsius);
	set_real(object, "bed_celsius", file->bed_celsius);
	set_integer(object, "layers", file->layers);
	set_bool(object, "needs_person", file->needs_person);
	return object;
}

static json_t *approval(const struct approval_record *record)
{
	if (!record)
		return json_null();
	json_t *object = json_object();
	set(object, "valid", json_boolean(!record->revoked_s));
	json_out_time(object, "approved", record->at_s);
	set_text(object, "by", record->user);
	set_text(object, "evidence", record->evidence);
	set_text(object, "signer", record->signer);
	set_text(object, "signature", record->signature);
	json_out_time(object, "revoked", record->revoked_s);
	set_text(object, "revoked_by", record->revoked_by);
	set_text(object, "revoke_reason", record->revoke_reason);
	return object;
}

json_t *json_out_design(const struct farm_design_view *design)
{
	json_t *object = json_object(), *plates = json_array();
	set_integer(object, "id", design->record->id);
	set_text(object, "name", design->record->name);
	json_out_time(object, "created", design->record->created_s);
	for (size_t i = 0; i < design->plate_count; i++)
		json_array_append_new(plates, design_plate(&design->plate[i]));
	set(object, "plates", plates);
	set_text(object, "content_sha256", design->content_sha256);
	set(object, "approval", approval(design->approval));
	return object;
}

json_t *json_out_design_made(const struct farm *farm, const struct farm_design_view *design)
{
	json_t *object = json_out_design(design), *made = json_array();
	for (size_t i = 0; i < farm_order_count(farm); i++) {
		struct farm_order_view order;
		farm_order_at(farm, i, &order);
		if (order.record->design != design->record->id)
			continue;
		json_t *row = json_object();
		set_integer(row, "order", order.record->id);
		set_text(row, "state", order_state_name(order.record->state));
		set_integer(row, "good", order.good);
		set_integer(row, "scrap", order.scrap);
		set_integer(row, "printing", order.printing);
		set_integer(row, "printed", order.printed);
		json_array_append_new(made, row);
	}
	set(object, "made", made);
	return object;
}

/* ---- orders and jobs ---- */

/* A list between commas. */
static json_t *words_of(const char *list)
{
	json_t *words = json_array();
	char word[CHOICE_BYTES];
	while (*list) {
		size_t length = strcspn(list, ",");
		snprintf(word, sizeof(word), "%.*s", (int)length, list);
		json_array_append_new(words, json_out_text(word));
		list += length + (list[length] == ',');
	}
	return words;
}

static json_t *deliveries_of(const struct farm_order_view *order)
{
	json_t *rows = json_array();
	for (size_t i = 0; i < order->delivery_count; i++) {
		const struct delivery_record *delivery = &order->delivery[i];
		json_t *row = json_object();
		set_integer(row, "id", delivery->id);
		set_integer(row, "units", delivery->units);
		json_out_time(row, "delivered", delivery->at_s);
		set_text(row, "user", delivery->user);
		set_text(row, "note", delivery->note);
		json_array_append_new(rows, row);
	}
	return rows;
}

json_t *json_out_order(const struct farm *farm, const struct farm_order_view *order)
{
	const struct order_record *record = order->record;
	json_t *object = json_object(), *jobs = json_array(), *after = json_array();
	set_integer(object, "id", record->id);
	set_text(object, "design", order->design);
	set_text(object, "state", order_state_name(record->state));
	set(object, "allowed", json_boolean(order->allowed));
	set(object, "test", json_boolean(record->test));
	set_integer(object, "units", record->units);
	set_integer(object, "good", order->good);
	set_integer(object, "scrap", order->scrap);
	set_integer(object, "printing", order->printing);
	set_integer(object, "printed", order->printed);
	set_integer(object, "left", order->left);
	set_integer(object, "over", order->over);
	set_integer(object, "over_planned", order->over_planned);
	set_integer(object, "delivered", order->delivered);
	set_integer(object, "ready", order->ready);
	set(object, "deliveries", deliveries_of(order));
	set_integer(object, "priority", record->priority);
	json_out_time(object, "due", record->due_s);
	json_out_time(object, "promised", order->promised_s);
	json_out_time(object, "promised_low", order->promised_low_s);
	json_out_time(object, "promised_likely", order->promised_likely_s);
	json_out_time(object, "promised_high", order->promised_high_s);
	set_bool(object, "late", order->late);
	set_bool(object, "at_risk", order->at_risk);
	set_text(object, "user", record->user);
	set_text(object, "project", record->project);
	for (size_t i = 0; i < order->after_count; i++)
		json_array_append_new(after, json_integer(order->after[i]));
	set(object, "after", after);
	set_text(object, "quota", order->quota);
	set_some(object, "waits_for", order->waits_for, order->waits_for > 0);
	set_text(object, "hold_reason", record->hold_reason);
	set_some(object, "retries", record->retries, record->retries >= 0);
	set_integer(object, "retries_used", order->retries_used);
	set_text(object, "material", record->material);
	set_text(object, "color", record->color);
	set(object, "materials", words_of(record->material));
	set(object, "colors", words_of(record->color));
	set_text(object, "printer", record->printer);
	set_text(object, "tag", record->tag);
	json_out_time(object, "created", record->created_s);
	for (size_t i = 0; i < order->job_count; i++)
		json_array_append_new(jobs, json_integer(farm_order_job_id(farm, record->id, i)));
	set(object, "jobs", jobs);
	return object;
}

/* null: not known.  sha256 apart from the file: an attempt keeps the content that was sent. */
static json_t *plate_of(const struct farm_plate_view *plate, const char *sha256)
{
	if (!plate)
		return json_null();
	json_t *object = json_object();
	set_text(object, "sha256", sha256);
	set_text(object, "file", plate->record->name);
	set_integer(object, "yield", plate->record->yield);
	return object;
}

json_t *json_out_job(const struct farm_job_view *job)
{
	json_t *object = json_object();
	set_integer(object, "id", job->id);
	set_integer(object, "order", job->order);
	set_text(object, "design", job->design);
	set_text(object, "state", job_state_name(job->state));
	set(object, "plate",
		plate_of(job->plate.record ? &job->plate : NULL,
			job->plate.record ? job->plate.file->sha256 : ""));
	set_name(object, "printer", job->printer);
	set_name(object, "planned_printer", job->planned_printer);
	json_out_time(object, "planned_start", job->planned_start_s);
	json_out_time(object, "planned_end", job->planned_end_s);
	set_integer(object, "tries", job->tries);
	bool counted = job->state == JOB_INSPECTED;
	set_some(object, "good", job->good, counted);
	set_some(object, "scrap", job->scrap, counted);
	set_text(object, "reason", job->reason);
	if (job->progress >= 0.0)
		set_real(object, "progress", job->progress);
	else
		set(object, "progress", json_null());
	set_integer(object, "commands_done", job->commands_done);
	set_some(object, "commands", job->commands, job->commands > 0);
	set_some(object, "layer", job->layer, job->layer > 0);
	set_some(object, "layers", job->layers, job->layers > 0);
	set_some(object, "eta_s", job->eta_s, job->eta_s >= 0);
	json_out_time(object, "created", job->created_s);
	json_out_time(object, "changed", job->changed_s);
	return object;
}

static json_t *stalls_of(const int64_t stall_us[WIRE_STALLS])
{
	static const char *const names[WIRE_STALLS] = {
		[WIRE_STALL_LINK] = "link_s",
		[WIRE_STALL_RESEND] = "resend_s",
		[WIRE_STALL_ANSWER] = "answer_s",
		[WIRE_STALL_PORT] = "port_s",
		[WIRE_STALL_FILE] = "file_s",
	};
	json_t *object = json_object();
	for (int i = 0; i < WIRE_STALLS; i++)
		set_real(object, names[i], (double)stall_us[i] / 1e6);
	return object;
}

/* What was measured while it was printed; see heat_log.h. */
static json_t *heaters_of(const char *text)
{
	struct heat_log log;
	json_t *items = json_array();
	heat_log_read(&log, text);
	for (size_t i = 0; i < log.count; i++) {
		const struct heat_log_row *row = &log.row[i];
		json_t *object = json_object();
		set_text(object, "name", row->name);
		set_real(object, "set_celsius", row->set_celsius);
		set_real(object, "set_min_celsius", row->set_min_celsius);
		set_real(object, "min_celsius", row->min_celsius);
		set_real(object, "max_celsius", row->max_celsius);
		set_real(object, "mean_celsius", row->sum / (double)row->readings);
		set_integer(object, "readings", row->readings);
		json_array_append_new(items, object);
	}
	return items;
}

json_t *json_out_attempt(const struct attempt_record *attempt, const struct farm_plate_view *plate)
{
	json_t *object = json_object();
	set_text(object, "id", attempt->id);
	set_integer(object, "job", attempt->job);
	set_text(object, "printer", attempt->printer);
	set(object, "plate", plate_of(plate, attempt->sha256));
	set_text(object, "state", attempt_state_name(attempt->state));
	set_text(object, "fault", fault_word(attempt->fault));
	set_text(object, "reason", attempt->reason);
	json_out_time(object, "started", attempt->started_s);
	json_out_time(object, "ended", attempt->ended_s);
	set_integer(object, "commands_done", attempt->commands_done);
	set_integer(object, "lines_sent", attempt->lines_sent);
	set_integer(object, "resends", attempt->resends);
	set_integer(object, "bytes_sent", attempt->bytes_sent);
	set_integer(object, "line_errors", attempt->line_errors);
	set_integer(object, "unreadable_lines", attempt->unreadable_lines);
	set_integer(object, "lost_acknowledgements", attempt->lost_acknowledgements);
	set_real(object, "starved_s", (double)attempt->starved_us / 1e6);
	set_integer(object, "starved_count", attempt->starved_count);
	const int64_t stall_us[WIRE_STALLS] = {
		[WIRE_STALL_LINK] = attempt->starved_us - attempt->stall_resend_us -
				    attempt->stall_answer_us - attempt->stall_port_us -
				    attempt->stall_file_us,
		[WIRE_STALL_RESEND] = attempt->stall_resend_us,
		[WIRE_STALL_ANSWER] = attempt->stall_answer_us,
		[WIRE_STALL_PORT] = attempt->stall_port_us,
		[WIRE_STALL_FILE] = attempt->stall_file_us,
	};
	set(object, "stalls", stalls_of(stall_us));
	set_some(object, "planned_s", attempt->planned_s, attempt->planned_s > 0);
	set_time(object, "print_s", attempt->print_us > 0 ? attempt->print_us : -1);
	set_text(object, "firmware", attempt->firmware);
	set_some(object, "spool", attempt->spool, attempt->spool > 0);
	set_text(object, "material", attempt->material);
	set_text(object, "color", attempt->color);
	set_text(object, "lot", attempt->lot);
	set_name(object, "loaded_by", attempt->loaded_by);
	json_out_time(object, "loaded", attempt->loaded_s);
	set(object, "heaters", heaters_of(attempt->heat));
	return object;
}

json_t *json_out_planned(const struct farm_plan_view *planned)
{
	json_t *object = json_object();
	set_some(object, "job", planned->job, planned->job > 0);
	set_integer(object, "order", planned->order);
	set_text(object, "printer", planned->printer);
	set_text(object, "plate", planned->plate->name);
	json_out_time(object, "start", planned->start_s);
	json_out_time(object, "end", planned->end_s);
	set_integer(object, "yield", planned->yield);
	set_text(object, "state", planned->printing ? "printing" : "planned");
	return object;
}

json_t *json_out_match(const struct farm_why_view *why)
{
	json_t *object = json_object(), *unmet = json_array();
	set_text(object, "printer", why->printer);
	set_text(object, "plate", why->plate->name);
	for (size_t i = 0; i < why->match->unmet_count; i++) {
		json_t *one = json_object();
		set_text(one, "condition", match_condition_name(why->match->unmet[i].condition));
		set_text(one, "text", why->match->unmet[i].text);
		json_array_append_new(unmet, one);
	}
	set(object, "unmet", unmet);
	return object;
}

json_t *json_out_quote(const struct farm_quote *quote)
{
	json_t *object = json_object(), *plates = json_array();
	json_out_time(object, "done", quote->done_s);
	json_out_time(object, "done_low", quote->low_s);
	json_out_time(object, "done_likely", quote->likely_s);
	json_out_time(object, "done_high", quote->high_s);
	set_integer(object, "units", quote->units);
	set_integer(object, "over_units", quote->over_units);
	set_text(object, "why", quote->why);
	for (size_t i = 0; i < quote->count; i++) {
		json_t *plate = json_object();
		set_text(plate, "printer", quote->plate[i].printer);
		set_text(plate, "plate", quote->plate[i].plate->name);
		json_out_time(plate, "start", quote->plate[i].start_s);
		json_out_time(plate, "end", quote->plate[i].end_s);
		set_integer(plate, "yield", quote->plate[i].yield);
		json_array_append_new(plates, plate);
	}
	set(object, "plates", plates);
	return object;
}

/* ---- printers and spools ---- */

static const char *const link_name[] = { "offline", "connecting", "online" };
static const char *const activity_name[] = { "idle", "printing", "paused", "needs_attention",
	"by_hand" };

static json_t *heaters(const struct wire_printer_state *state)
{
	json_t *array = json_array();
	for (int64_t i = 0; i < state->heater_count; i++) {
		json_t *heater = json_object();
		set_text(heater, "name", state->heater[i].name);
		set_real(heater, "celsius", state->heater[i].celsius);
		set_real(heater, "target_celsius", state->heater[i].target_celsius);
		json_array_append_new(array, heater);
	}
	return array;
}

enum { HEAT_FRESH_US = 10000000, HEAT_HOT_CELSIUS = 50 };

/* Never "off" without a fresh reading that says so. */
static const char *heat_word(const struct farm_printer_view *printer)
{
	const struct wire_printer_state *state = printer->state;
	if (printer->link != WIRE_ONLINE || printer->heaters_age_us < 0 ||
		printer->heaters_age_us > HEAT_FRESH_US || state->heater_count == 0)
		return "unknown";
	bool hot = false;
	for (int64_t i = 0; i < state->heater_count; i++) {
		if (state->heater[i].target_celsius > 0.0)
			return "on";
		hot |= state->heater[i].celsius >= HEAT_HOT_CELSIUS;
	}
	return hot ? "hot" : "off";
}

static void set_facts(json_t *object, const struct farm_printer_view *printer)
{
	const struct printer_record *record = printer->record;
	set_text(object, "link", link_name[printer->link]);
	set_text(object, "bed", bed_state_name(record->bed));
	json_t *lock = json_null();
	if (record->lock_fault) {
		lock = json_object();
		set_text(lock, "fault", fault_word(record->lock_fault));
		set_text(lock, "text", record->lock_reason);
	}
	set(object, "lock", lock);
	set_text(object, "activity", activity_name[printer->activity]);
	set_bool(object, "ready", printer->ready);
	set_bool(object, "enabled", record->enabled);
	json_t *quarantine = json_null();
	if (record->quarantined_s) {
		quarantine = json_object();
		json_out_time(quarantine, "since", record->quarantined_s);
		set_text(quarantine, "text", record->quarantine_reason);
	}
	set(object, "quarantine", quarantine);
	set_text(object, "reason", printer->reason);
	set_some(object, "bed_job", record->bed_job, record->bed_job > 0);
	set_text(object, "bed_why", record->bed_why);
}

static json_t *telemetry_of(const struct wire_progress *progress)
{
	const struct wire_telemetry *telemetry = &progress->telemetry;
	json_t *object = json_object();
	set_time(object, "print_s", progress->print_us);
	set_integer(object, "bytes_sent", progress->bytes_sent);
	set_real(object, "lines_per_s", (double)telemetry->lines_per_s_milli / 1e3);
	set_integer(object, "in_flight_lines", telemetry->in_flight_lines);
	set_integer(object, "in_flight_bytes", telemetry->in_flight_bytes);
	set_integer(object, "in_flight_bytes_max", telemetry->in_flight_bytes_max);
	set_time(object, "answer_s", telemetry->answer_us);
	set_time(object, "answer_min_s", telemetry->answer_min_us);
	set_integer(object, "line_errors", telemetry->line_errors);
	set_integer(object, "unreadable_lines", telemetry->unreadable_lines);
	set_integer(object, "lost_acknowledgements", progress->lost_acknowledgements);
	set_time(object, "starved_s", telemetry->starved_us);
	set_integer(object, "starved_count", telemetry->starved_count);
	set(object, "stalls", stalls_of(telemetry->stall_us));
	set_some(object, "planner_free", telemetry->planner_free, telemetry->planner_size > 0);
	set_some(object, "planner_size", telemetry->planner_size, telemetry->planner_size > 0);
	set_some(object, "queue_free", telemetry->queue_free, telemetry->queue_size > 0);
	set_some(object, "queue_size", telemetry->queue_size, telemetry->queue_size > 0);
	return object;
}

static void set_print(json_t *object, const struct farm_printer_view *printer)
{
	const struct wire_progress *progress = &printer->state->progress;
	bool prints = printer->job != 0;
	set_some(object, "job", printer->job, prints);
	set_name(object, "attempt", printer->attempt);
	set_name(object, "file", printer->file);
	if (prints)
		set_real(object, "progress", printer->progress);
	else
		set(object, "progress", json_null());
	set_some(object, "eta_s", printer->eta_s, printer->eta_s >= 0);
	set_some(object, "commands_done", printer->commands_done, prints);
	set_some(object, "commands", printer->commands, prints);
	set_some(object, "layer", printer->layer, printer->layer > 0);
	set_some(object, "layers", printer->layers, prints && printer->layers > 0);
	set_integer(object, "resends", prints ? progress->resends : 0);
	set_integer(object, "lines_sent", prints ? progress->lines_sent : 0);
	set(object, "telemetry", prints ? telemetry_of(progress) : json_null());
	set_some(object, "starts_in_s", printer->starts_in_s, printer->starts_in_s >= 0);
}

json_t *json_out_printer(const struct farm_printer_view *printer)
{
	const struct config_printer *config = printer->config;
	const struct wire_printer_state *state = printer->state;
	json_t *object = json_object(), *tags = json_array(), *not_ready = json_array();
	set_text(object, "name", printer->record->name);
	set_facts(object, printer);
	set_text(object, "profile", config->profile);
	set_text(object, "material", printer->material);
	set_text(object, "color", printer->color);
	set_some(object, "spool", printer->record->spool, printer->record->spool > 0);
	for (size_t i = 0; i < config->tag_count; i++)
		json_array_append_new(tags, json_out_text(config->tag[i]));
	set(object, "tags", tags);
	set_text(object, "kind",
		config->kind == KIND_LASER  ? "laser"
		: config->kind == KIND_MILL ? "mill"
					    : "printer");
	set_text(object, "unattended",
		config->unattended == UNATTENDED_ALLOWED ? "allowed" : "never");
	set_text(object, "firmware", state->firmware);
	set_text(object, "window", state->window);
	set_text(object, "machine", state->machine);
	set_text(object, "uuid", state->uuid);
	set_text(object, "port", config->port);
	set(object, "remote_stop", json_boolean(!state->no_remote_stop));
	set_print(object, printer);
	set(object, "heaters", heaters(state));
	if (printer->heaters_age_us >= 0)
		set_real(object, "heaters_age_s", (double)printer->heaters_age_us / 1e6);
	else
		set(object, "heaters_age_s", json_null());
	set_text(object, "heat", heat_word(printer));
	for (size_t i = 0; i < printer->not_ready_count; i++)
		json_array_append_new(not_ready, json_out_text(printer->not_ready[i]));
	set(object, "not_ready", not_ready);
	set_bool(object, "wants_confirmation", printer->wants_confirmation);
	json_out_upkeep(object, printer);
	return object;
}

json_t *json_out_spool(const struct spool_record *spool, const char *printer)
{
	json_t *object = json_object();
	set_integer(object, "id", spool->id);
	set_text(object, "material", spool->material);
	set_text(object, "color", spool->color);
	set_real(object, "grams_left", spool->grams_left);
	set_text(object, "lot", spool->lot);
	set_bool(object, "retired", spool->retired);
	set_name(object, "printer", printer);
	return object;
}

/* ---- quotas ---- */

/* What there is of it, and how much of that was used; null: no limit. */
static void set_limit(json_t *object, const char *name, double most)
{
	json_object_set_new(object, name, most > 0 ? json_real(most) : json_null());
}

json_t *json_out_quota(const struct farm_quota_view *quota)
{
	static const char *const per[] = { "day", "week", "month" };
	static const char *const reached[] = { NULL, "grams", "hours", "units" };
	json_t *object = json_object();
	set_name(object, "user", quota->is_project ? "" : quota->name);
	set_name(object, "project", quota->is_project ? quota->name : "");
	set_text(object, "per", per[quota->quota.per]);
	json_out_time(object, "begins", quota->begins_s);
	json_out_time(object, "ends", quota->ends_s);
	set_real(object, "used_grams", quota->used.grams);
	set_real(object, "used_hours", quota->used.hours);
	set_integer(object, "used_units", quota->used.units);
	set_limit(object, "grams", quota->quota.most.grams);
	set_limit(object, "hours", quota->quota.most.hours);
	set_some(object, "units", quota->quota.most.units, quota->quota.most.units > 0);
	set_name(object, "reached", reached[quota->reached] ? reached[quota->reached] : "");
	return object;
}

/* ---- events ---- */

json_t *json_out_event(const struct event_record *event)
{
	json_t *object = json_object();
	set_integer(object, "id", event->id);
	set_integer(object, "at_s", event->at_s);
	set_text(object, "kind", event->kind);
	set_text(object, "subject", event->subject);
	set_text(object, "user", event->user);
	set_text(object, "text", event->text);
	return object;
}

json_t *json_out_progress(const struct farm_printer_view *printer)
{
	json_t *object = json_object(), *celsius = json_object();
	set_text(object, "printer", printer->record->name);
	set_some(object, "job", printer->job, printer->job > 0);
	if (printer->progress >= 0.0)
		set_real(object, "progress", printer->progress);
	else
		set(object, "progress", json_null());
	set_some(object, "eta_s", printer->eta_s, printer->eta_s >= 0);
	set_some(object, "commands_done", printer->commands_done, printer->job > 0);
	set_some(object, "commands", printer->commands, printer->job > 0);
	set_some(object, "layer", printer->layer, printer->layer > 0);
	set_some(object, "layers", printer->layers, printer->layers > 0);
	const struct wire_telemetry *telemetry = &printer->state->progress.telemetry;
	set_real(object, "lines_per_s", (double)telemetry->lines_per_s_milli / 1e3);
	set_real(object, "starved_s", (double)telemetry->starved_us / 1e6);
	set_integer(object, "resends", printer->state->progress.resends);
	for (int64_t i = 0; i < printer->state->heater_count; i++)
		set_real(
			celsius, printer->state->heater[i].name, printer->state->heater[i].celsius);
	set(object, "celsius", celsius);
	return object;
}
