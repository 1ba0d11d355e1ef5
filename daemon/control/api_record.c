/* The production record: what was made of what, by whom, on what, with what trouble.
 *
 * It comes in pages, so that an order of ten thousand jobs holds nobody up; what stands on every
 * page is short, what is long stands on the first. */
#include "daemon/control/api_private.h"
#include "daemon/control/approval.h"
#include "daemon/control/ledger.h"
#include "daemon/control/photos.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
	RECORD_JOBS_MAX = 50,	  /* on a page */
	RECORD_PAGE_ROWS = 500,	  /* attempts and acts; no further job on a page that has so many */
	RECORD_ATTEMPTS_MAX = 50, /* shown of one job */
	RECORD_PHOTOS_MAX = 50,	  /* shown of one job */
	RECORD_ACTS_MAX = 50,	  /* shown of one order, job or attempt */
};

/* ---- what a file was made with ---- */

/* Of the analysis; what it does not know is null in it, or not there. */
static const char *const setting[] = { "slicer", "slicer_time_s", "time_s", "heat_s", "layers",
	"layer_height_mm", "nozzle_mm", "hotend_celsius", "bed_celsius", "chamber_celsius",
	"fan_max", "machine", "material", "colour", "objects", "tools", "bbox_part_mm",
	"problems" };

static json_t *settings_of(struct ledger *ledger, const char *sha256)
{
	char *text = NULL;
	json_t *found = json_object();
	if (ledger_file_analysis(ledger, sha256, &text) != 0)
		return found;
	json_t *analysis = json_loads(text, 0, NULL);
	free(text);
	for (size_t i = 0; i < sizeof(setting) / sizeof(*setting); i++) {
		json_t *value = json_object_get(analysis, setting[i]);
		if (value)
			json_object_set(found, setting[i], value);
	}
	json_decref(analysis);
	return found;
}

static json_t *plates_of(struct ledger *ledger, const struct farm_design_view *design)
{
	json_t *plates = json_array();
	for (size_t i = 0; i < design->plate_count; i++) {
		const struct file_record *file = design->plate[i].file;
		json_t *plate = json_out_file(file);
		json_object_set_new(plate, "name", json_out_text(design->plate[i].record->name));
		json_object_set_new(plate, "upload_sha256", json_out_text(file->upload_sha256));
		json_object_set_new(plate, "yield", json_integer(design->plate[i].record->yield));
		json_object_set_new(plate, "settings", settings_of(ledger, file->sha256));
		json_array_append_new(plates, plate);
	}
	return plates;
}

/* ---- photos ---- */

static void add_photo(void *context, const struct photo_record *photo)
{
	json_t *object = json_object();
	json_object_set_new(object, "sha256", json_string(photo->sha256));
	json_object_set_new(object, "type", json_out_text(photo->type));
	json_object_set_new(object, "bytes", json_integer(photo->bytes));
	json_object_set_new(object, "printer", json_out_text(photo->printer));
	json_object_set_new(
		object, "attempt", photo->attempt[0] ? json_out_text(photo->attempt) : json_null());
	json_object_set_new(object, "moment",
		json_string(photo->moment == PHOTO_CLEARED ? "cleared" : "ended"));
	json_out_time(object, "taken", photo->taken_s);
	if (json_array_size(context) < RECORD_PHOTOS_MAX)
		json_array_append_new(context, object);
	else
		json_decref(object);
}

static json_t *photos_of(struct ledger *ledger, int64_t job)
{
	json_t *photos = json_array();
	ledger_each_photo_of_job(ledger, job, add_photo, photos);
	return photos;
}

static void show_photo(struct api_call *call)
{
	static const char *const types[] = { "image/png", "image/jpeg", "image/webp" };
	static const char first[] = { (char)0x89, (char)0xff, 'R' };
	char byte = 0;
	int64_t length = 0;
	int fd = photos_open(call->api->setup.photos, call->argument[0], &length);
	if (fd < 0) {
		api_fail_with(call, 404, "not_found", "there is no photo with this SHA-256", NULL);
		return;
	}
	/* What was kept is of one of these types; which, its first byte says. */
	size_t type = 0;
	if (pread(fd, &byte, 1, 0) == 1)
		for (size_t i = 0; i < sizeof(first); i++)
			type = byte == first[i] ? i : type;
	call->replied = true;
	http_reply_file(call->request, types[type], fd, length);
}

/* ---- acts ---- */

static void add_act(void *context, const struct event_record *event)
{
	char moment[48];
	json_t *act = json_out_event(event);
	json_out_iso8601(event->at_s, moment, sizeof(moment));
	json_object_set_new(act, "at", json_string(moment));
	json_array_append_new(context, act);
}

/* As members `name` and `name`_left_off (whether there were more); returns how many. */
static size_t set_named_acts(json_t *object, const char *name, struct ledger *ledger,
	const char *kind, const char *subject, int64_t from_s, int64_t to_s)
{
	char left_off[32];
	json_t *acts = json_array();
	ledger_each_act(ledger,
		&(struct ledger_acts){ kind, subject, from_s, to_s, RECORD_ACTS_MAX + 1 }, add_act,
		acts);
	bool too_many = json_array_size(acts) > RECORD_ACTS_MAX;
	if (too_many)
		json_array_remove(acts, RECORD_ACTS_MAX);
	snprintf(left_off, sizeof(left_off), "%s_left_off", name);
	json_object_set_new(object, name, acts);
	json_object_set_new(object, left_off, json_boolean(too_many));
	return json_array_size(acts);
}

static size_t set_acts(json_t *object, struct ledger *ledger, const char *kind, const char *subject,
	int64_t from_s, int64_t to_s)
{
	return set_named_acts(object, "acts", ledger, kind, subject, from_s, to_s);
}

static size_t set_acts_of(json_t *object, struct ledger *ledger, const char *kind, int64_t id)
{
	char subject[24];
	snprintf(subject, sizeof(subject), "%lld", (long long)id);
	return set_acts(object, ledger, kind, subject, 0, INT64_MAX);
}

/* ---- jobs ---- */

struct attempt_list {
	const struct farm *farm;
	json_t *items;
	int64_t left_off;
};

static void add_attempt(void *context, const struct attempt_record *attempt)
{
	struct attempt_list *list = context;
	struct farm_plate_view plate;
	if (json_array_size(list->items) == RECORD_ATTEMPTS_MAX) {
		list->left_off++;
		return;
	}
	bool known = farm_plate_by_id(list->farm, attempt->plate, &plate);
	json_array_append_new(list->items, json_out_attempt(attempt, known ? &plate : NULL));
}

static int64_t number(const json_t *object, const char *key)
{
	return json_integer_value(json_object_get(object, key));
}

/* Until when the hands at the printer belong to an attempt: to its end; where the next one is on
 * the same printer to that one's start, because what was done about a failure lies between; of the
 * last one (next NULL) to the counting of its units. */
static int64_t hands_until_s(
	const json_t *attempt, const json_t *next, const struct farm_job_view *job)
{
	int64_t to_s = number(attempt, "ended_s");
	if (to_s == 0)
		return INT64_MAX;
	if (next &&
		json_equal(json_object_get(attempt, "printer"), json_object_get(next, "printer")) &&
		number(next, "started_s") - 1 > to_s)
		return number(next, "started_s") - 1;
	if (!next && job->state == JOB_INSPECTED && job->changed_s > to_s)
		return job->changed_s;
	return to_s;
}

/* What was done to the printer since the print before: the bed cleared, a fault dealt with, a spool
 * put in, a start confirmed.  Returns how many acts. */
static size_t set_before(json_t *attempt, struct ledger *ledger)
{
	const char *printer = json_string_value(json_object_get(attempt, "printer"));
	int64_t started_s = number(attempt, "started_s"), from_s = 0;
	ledger_previous_end(ledger, printer, started_s, &from_s);
	return set_named_acts(attempt, "before", ledger, "printer", printer, from_s, started_s - 1);
}

/* Returns how many attempts and acts it had. */
static size_t add_job(const struct api_call *call, json_t *jobs, const struct farm_job_view *view)
{
	struct ledger *ledger = call->api->setup.ledger;
	struct attempt_list list = { call->farm, json_array(), 0 };
	json_t *job = json_out_job(view), *attempt;
	size_t index, rows;
	ledger_each_attempt_of_job(ledger, view->id, add_attempt, &list);
	rows = json_array_size(list.items);
	json_array_foreach (list.items, index, attempt) {
		rows += set_before(attempt, ledger);
		rows += set_acts(attempt, ledger, "printer",
			json_string_value(json_object_get(attempt, "printer")),
			number(attempt, "started_s"),
			hands_until_s(attempt, json_array_get(list.items, index + 1), view));
	}
	json_object_set_new(job, "attempts", list.items);
	json_object_set_new(job, "attempts_left_off", json_integer(list.left_off));
	json_object_set_new(job, "photos", photos_of(ledger, view->id));
	rows += set_acts_of(job, ledger, "job", view->id);
	json_array_append_new(jobs, job);
	return rows;
}

/* Of the jobs behind `after`; returns the job to go on behind, 0: these were the last. */
static int64_t add_jobs(const struct api_call *call, json_t *jobs,
	const struct farm_order_view *order, int64_t after)
{
	int64_t last = 0;
	size_t rows = 0;
	for (size_t i = 0; i < order->job_count; i++) {
		struct farm_job_view view;
		int64_t id = farm_order_job_id(call->farm, order->record->id, i);
		if (id <= after || !farm_job_by_id(call->farm, id, &view))
			continue;
		if (json_array_size(jobs) == RECORD_JOBS_MAX || rows >= RECORD_PAGE_ROWS)
			return last;
		rows += add_job(call, jobs, &view);
		last = id;
	}
	return 0;
}

/* ---- records ---- */

static json_t *order_of(const struct api_call *call, const struct farm_order_view *order)
{
	json_t *object = json_out_order(call->farm, order);
	json_object_del(object, "jobs");
	set_acts_of(object, call->api->setup.ledger, "order", order->record->id);
	return object;
}

/* The farm, and what the code on a label of its lots says. */
static json_t *farm_of(const struct api_call *call)
{
	const struct config *config = farm_config(call->farm);
	json_t *object = json_object();
	json_object_set_new(object, "name", json_out_text(config->farm_name));
	json_object_set_new(object, "label_text", json_out_text(config->label_text));
	return object;
}

static bool has_profile(const json_t *profiles, const char *name)
{
	const json_t *profile;
	size_t index;
	json_array_foreach (profiles, index, profile)
		if (strcmp(json_string_value(json_object_get(profile, "name")), name) == 0)
			return true;
	return false;
}

/* Of the printers that had a job of it last, as they are configured now; each once. */
static json_t *profiles_of(const struct api_call *call, const struct farm_order_view *order)
{
	json_t *profiles = json_array();
	for (size_t i = 0; i < order->job_count; i++) {
		struct farm_job_view job;
		struct farm_printer_view printer;
		farm_job_by_id(
			call->farm, farm_order_job_id(call->farm, order->record->id, i), &job);
		if (job.tries > 0 && farm_printer_by_name(call->farm, job.printer, &printer) &&
			printer.profile && !has_profile(profiles, printer.profile->name))
			json_array_append_new(profiles, json_out_profile(printer.profile));
	}
	return profiles;
}

/* With the key that the signature can be checked by, as long as its owner is an approver. */
static json_t *design_of(const struct api_call *call, const struct farm_design_view *design)
{
	json_t *object = json_out_design(design);
	json_t *approval = json_object_get(object, "approval");
	const char *key = design->approval ? approval_public_key(farm_config(call->farm),
						     design->approval->signer)
					   : NULL;
	if (json_is_object(approval))
		json_object_set_new(approval, "public_key", key ? json_out_text(key) : json_null());
	return object;
}

/* Everything but the jobs. */
static json_t *head(const struct api_call *call, const struct farm_order_view *order)
{
	struct farm_design_view design;
	json_t *object = json_object();
	json_object_set_new(object, "farm", farm_of(call));
	json_object_set_new(object, "order", order_of(call, order));
	json_object_set_new(object, "profiles", profiles_of(call, order));
	if (farm_design_by_id(call->farm, order->record->design, &design)) {
		json_object_set_new(object, "design", design_of(call, &design));
		json_object_set_new(object, "plates", plates_of(call->api->setup.ledger, &design));
	}
	return object;
}

static bool read_after(struct api_call *call, int64_t *after)
{
	const char *text = http_query(call->request, "after");
	char *end;
	if (!text)
		return true;
	errno = 0;
	*after = strtoll(text, &end, 10);
	if (errno == 0 && end != text && *end == '\0' && *after >= 0)
		return true;
	api_fail_with(call, 422, "invalid",
		"\"after\" must be the \"next\" of the page before this one", NULL);
	return false;
}

static void record_of_order(struct api_call *call)
{
	int64_t id, after = 0;
	struct farm_order_view order;
	struct error error = { "" };
	if (!api_id(call, 0, "order", &id) || !read_after(call, &after))
		return;
	if (!farm_order_by_id(call->farm, id, &order)) {
		error_set(&error, "there is no order %lld", (long long)id);
		api_fail(call, -ENOENT, &error);
		return;
	}
	json_t *object = after ? json_object() : head(call, &order), *jobs = json_array();
	int64_t next = add_jobs(call, jobs, &order, after);
	json_object_set_new(object, "jobs", jobs);
	json_object_set_new(object, "next", next ? json_integer(next) : json_null());
	api_answer(call, 200, object);
}

static void record_of_job(struct api_call *call)
{
	int64_t id;
	struct farm_job_view job;
	struct farm_order_view order;
	struct error error = { "" };
	if (!api_id(call, 0, "job", &id))
		return;
	if (!farm_job_by_id(call->farm, id, &job) ||
		!farm_order_by_id(call->farm, job.order, &order)) {
		error_set(&error, "there is no job %lld", (long long)id);
		api_fail(call, -ENOENT, &error);
		return;
	}
	json_t *object = head(call, &order), *jobs = json_array();
	add_job(call, jobs, &job);
	json_object_set_new(object, "jobs", jobs);
	json_object_set_new(object, "next", json_null());
	json_object_set_new(object, "is_job", json_true());
	api_answer(call, 200, object);
}

const struct api_route api_record_routes[] = {
	{ "GET", "/api/v1/orders/:/record", record_of_order, API_DURABLE | API_COSTLY },
	{ "GET", "/api/v1/jobs/:/record", record_of_job, API_DURABLE | API_COSTLY },
	{ "GET", "/api/v1/photos/:", show_photo, 0 },
	{ NULL, NULL, NULL, 0 },
};
