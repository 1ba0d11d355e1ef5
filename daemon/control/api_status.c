/* Status for dashboards, events, reload, and the page. */
#include "daemon/control/api_private.h"
#include "daemon/control/config.h"
#include "daemon/control/events.h"
#include "daemon/control/json_promises.h"
#include "daemon/control/files.h"
#include "daemon/control/json_upkeep.h"
#include "daemon/control/ledger.h"
#include "daemon/control/web.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { DISK_LOOK_US = 5000000, STATUS_NEEDS_MAX = 100, STATUS_ORDERS_MAX = 500 };

static int64_t monotonic_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

/* ---- status ---- */

static json_t *ledger_part(struct api *api)
{
	struct ledger_status status;
	ledger_status(api->setup.ledger, &status);
	bool broken = status.broken || farm_is_broken(api->setup.farm);
	json_t *object = json_object();
	json_object_set_new(object, "broken", json_boolean(broken));
	json_object_set_new(object, "reason", json_out_text(status.reason));
	json_object_set_new(object, "waiting", json_integer(status.waiting));
	json_object_set_new(object, "commits", json_integer(status.commits));
	json_object_set_new(object, "longest_commit_us", json_integer(status.longest_commit_us));
	json_object_set_new(object, "bytes_written", json_integer(status.bytes_written));
	return object;
}

static json_t *counters_part(struct api *api)
{
	const struct http_counters *http = http_counters(api->http);
	const struct {
		const char *name;
		int64_t value;
	} rows[] = {
		{ "http_requests", http->requests },
		{ "http_connections", http->connections },
		{ "http_connections_refused", http->connections_refused },
		{ "http_heads_too_large", http->heads_too_large },
		{ "http_heads_too_slow", http->heads_too_slow },
		{ "http_heads_bad", http->heads_bad },
		{ "http_bodies_too_large", http->bodies_too_large },
		{ "http_bodies_too_slow", http->bodies_too_slow },
		{ "http_idle_closed", http->idle_closed },
		{ "http_streams_cut", http->streams_cut },
		{ "http_answers_refused", http->answers_refused },
		{ "calls_refused", api->refused_calls },
		{ "streamer_answers_late", api->answers_late },
	};
	json_t *object = json_object();
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		json_object_set_new(object, rows[i].name, json_integer(rows[i].value));
	return object;
}

static void look_at_disk(struct api *api, int64_t now_us)
{
	struct status_cache *cache = &api->status;
	if (cache->disk_us && now_us - cache->disk_us < DISK_LOOK_US)
		return;
	cache->disk_us = now_us;
	files_space(api->setup.files, &cache->space);
}

static json_t *job_counts(const struct farm *farm)
{
	static const enum job_state states[] = { JOB_HELD, JOB_QUEUED, JOB_ASSIGNED, JOB_PRINTING,
		JOB_PAUSED, JOB_PRINTED, JOB_FAILED, JOB_NEEDS_LOOK };
	json_t *object = json_object();
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		json_object_set_new(object, job_state_name(states[i]),
			json_integer((json_int_t)farm_jobs_in_state(farm, states[i])));
	return object;
}

/* As "orders" and "orders_left_off".  The status is made again whenever something changes, and the
 * loop waits for it: who wants all of very many orders asks for the list. */
static void set_open_orders(json_t *object, const struct farm *farm)
{
	json_t *items = json_array();
	json_int_t left_off = 0;
	for (size_t i = 0; i < farm_order_count(farm); i++) {
		struct farm_order_view view;
		if (!farm_order_is_open_at(farm, i))
			continue;
		if (json_array_size(items) == STATUS_ORDERS_MAX) {
			left_off++;
			continue;
		}
		farm_order_at(farm, i, &view);
		/* The list of jobs may be long; who wants it asks for the order. */
		view.job_count = 0;
		json_t *order = json_out_order(farm, &view);
		json_object_del(order, "jobs");
		json_array_append_new(items, order);
	}
	json_object_set_new(object, "orders", items);
	json_object_set_new(object, "orders_left_off", json_integer(left_off));
}

static json_t *printers_part(const struct farm *farm)
{
	json_t *items = json_array();
	for (size_t i = 0; i < farm_printer_count(farm); i++) {
		struct farm_printer_view view;
		farm_printer_at(farm, i, &view);
		json_array_append_new(items, json_out_printer(&view));
	}
	return items;
}

/* What waits for a person, in sentences. */
static json_t *needs_part(const struct farm *farm)
{
	json_t *items = json_array();
	size_t left =
		farm_jobs_in_state(farm, JOB_NEEDS_LOOK) + farm_jobs_in_state(farm, JOB_FAILED);
	for (size_t i = farm_job_count(farm); left > 0 && i-- > 0;) {
		struct farm_job_view view;
		bool shown = farm_job_at(farm, i, &view);
		if (view.state != JOB_NEEDS_LOOK && view.state != JOB_FAILED)
			continue;
		left--;
		if (shown && json_array_size(items) < STATUS_NEEDS_MAX)
			json_array_append_new(items, json_out_job(&view));
	}
	return items;
}

static json_t *make_status(struct api *api, int64_t now_us)
{
	const struct farm *farm = api->setup.farm;
	json_t *object = json_object(), *disk = json_object();
	look_at_disk(api, now_us);
	json_object_set_new(object, "farm", json_out_text(farm_config(farm)->farm_name));
	json_object_set_new(object, "version", json_string(PRINTFARM_VERSION));
	json_object_set_new(object, "started_s", json_integer(api->setup.started_s));
	json_out_time(object, "now", (int64_t)time(NULL));
	json_object_set_new(object, "seq", json_integer(farm_last_event_id(farm)));
	json_object_set_new(object, "ledger", ledger_part(api));
	json_object_set_new(object, "accepting",
		json_boolean(!farm_is_broken(farm) &&
			     api->status.space.free_bytes > api->status.space.floor_bytes));
	json_object_set_new(object, "counters", counters_part(api));
	json_object_set_new(object, "printers", printers_part(farm));
	set_open_orders(object, farm);
	json_object_set_new(object, "promises", json_promises_kept(farm));
	json_object_set_new(object, "jobs", job_counts(farm));
	json_object_set_new(object, "needs_person", needs_part(farm));
	json_object_set_new(object, "clearing", json_out_clearing(farm));
	json_object_set_new(object, "power", json_out_power(farm));
	json_object_set_new(disk, "free_bytes", json_integer(api->status.space.free_bytes));
	json_object_set_new(disk, "floor_bytes", json_integer(api->status.space.floor_bytes));
	json_object_set_new(object, "disk", disk);
	return object;
}

/* Facts are shown at once, readings and progress at most every API_STATUS_MS. */
static bool is_fresh(const struct api *api, int64_t now_us)
{
	const struct status_cache *cache = &api->status;
	int64_t age_us = now_us - cache->made_us;
	if (!cache->text || age_us > API_STATUS_AGE_MS * 1000)
		return false;
	if (cache->facts != farm_facts(api->setup.farm))
		return false;
	return cache->reports == farm_reports(api->setup.farm) || age_us < API_STATUS_MS * 1000;
}

static bool refresh(struct api *api)
{
	struct status_cache *cache = &api->status;
	int64_t now_us = monotonic_us();
	if (is_fresh(api, now_us))
		return true;
	json_t *object = make_status(api, now_us);
	char *text = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(10));
	json_decref(object);
	if (!text)
		return false;
	free(cache->text);
	cache->text = text;
	cache->length = strlen(text);
	cache->facts = farm_facts(api->setup.farm);
	cache->reports = farm_reports(api->setup.farm);
	cache->made_us = now_us;
	return true;
}

/* The tag names what is shown; clock and counters alone do not change it. */
static void make_tag(const struct api *api, char tag[96])
{
	snprintf(tag, 96, "W/\"%llx-%llx-%llx\"", (unsigned long long)api->setup.started_s,
		(unsigned long long)api->status.facts, (unsigned long long)api->status.reports);
}

static bool has_tag(const char *header, const char *tag)
{
	return header && (strcmp(header, "*") == 0 || strstr(header, tag));
}

static void status(struct api_call *call)
{
	struct api *api = call->api;
	char tag[96];
	if (!refresh(api)) {
		api_fail_with(call, 503, "no_memory", "out of memory", NULL);
		return;
	}
	make_tag(api, tag);
	call->replied = true;
	if (has_tag(http_header(call->request, "If-None-Match"), tag)) {
		http_reply(call->request, 304, NULL, NULL, 0, tag);
		return;
	}
	char *copy = malloc(api->status.length + 1);
	if (copy)
		memcpy(copy, api->status.text, api->status.length + 1);
	http_reply(call->request, copy ? 200 : 503, "application/json", copy,
		copy ? api->status.length : 0, tag);
}

/* ---- events ---- */

static int64_t number_or(const char *text, int64_t otherwise)
{
	char *end;
	if (!text || !*text)
		return otherwise;
	long long number = strtoll(text, &end, 10);
	return *end || number < 0 ? otherwise : (int64_t)number;
}

static void events(struct api_call *call)
{
	const char *resumed = http_header(call->request, "Last-Event-ID");
	int64_t since = number_or(resumed ? resumed : http_query(call->request, "since"), -1);
	call->replied = true;
	if (strcmp(http_method(call->request), "HEAD") == 0)
		http_reply(call->request, 200, "text/event-stream", NULL, 0, NULL);
	else if (events_listen(call->api->setup.events, call->request, since) != 0) {
		call->replied = false;
		api_fail_with(call, 503, "too_many",
			"too many listen to the events already: try again later", NULL);
	}
}

/* ---- the rest ---- */

static void reload(struct api_call *call)
{
	struct error error = { "" };
	if (call->api->setup.reload(call->api->setup.context, &error) != 0)
		api_fail_with(call, 422, "configuration", error.text, NULL);
	else
		api_answer(call, 200, json_pack("{s:b}", "reloaded", 1));
}

static void web(struct api_call *call)
{
	const struct web_file *file = web_file_find(http_path(call->request));
	if (!file) {
		api_fail_with(call, 404, "not_found", "there is nothing at this path", NULL);
		return;
	}
	char *copy = malloc(file->length);
	if (copy)
		memcpy(copy, file->bytes, file->length);
	call->replied = true;
	http_reply(
		call->request, copy ? 200 : 503, file->type, copy, copy ? file->length : 0, NULL);
}

/* JSON as it may stand inside a page: no "<" that could end its element. */
static char *for_page(const char *json, size_t length, size_t *page_length)
{
	size_t count = 0;
	for (size_t i = 0; i < length; i++)
		count += json[i] == '<';
	char *text = malloc(length + 5 * count + 1), *to = text;
	for (size_t i = 0; text && i < length; i++) {
		if (json[i] != '<') {
			*to++ = json[i];
			continue;
		}
		memcpy(to, "\\u003c", 6);
		to += 6;
	}
	*page_length = text ? (size_t)(to - text) : 0;
	return text;
}

/* The page comes with the status of now in it, so that it shows something at once. */
static void page(struct api_call *call)
{
	struct api *api = call->api;
	const struct web_file *file = web_file_find("/index.html");
	const char *gap = memmem(file->bytes, file->length, ">null<", 6);
	size_t length = 0;
	char *status_text = gap && refresh(api)
				    ? for_page(api->status.text, api->status.length, &length)
				    : NULL;
	char *whole = status_text ? malloc(file->length + length) : NULL;
	call->replied = true;
	if (!whole) {
		free(status_text);
		http_reply(call->request, 503, NULL, NULL, 0, NULL);
		return;
	}
	size_t before = (size_t)(gap + 1 - file->bytes), after = before + 4;
	memcpy(whole, file->bytes, before);
	memcpy(whole + before, status_text, length);
	memcpy(whole + before + length, file->bytes + after, file->length - after);
	free(status_text);
	http_reply(call->request, 200, file->type, whole, file->length - 4 + length, NULL);
}

static void add_quota(void *context, const struct farm_quota_view *quota)
{
	json_array_append_new(context, json_out_quota(quota));
}

static void quotas(struct api_call *call)
{
	json_t *items = json_array();
	farm_quota_each(call->farm, add_quota, items);
	api_answer(call, 200, json_out_items(items));
}

const struct api_route api_status_routes[] = {
	{ "GET", "/", page, 0 },
	{ "GET", "/web/:", web, 0 },
	{ "GET", "/api/v1/status", status, 0 },
	{ "GET", "/api/v1/quotas", quotas, 0 },
	{ "GET", "/api/v1/events", events, 0 },
	{ "POST", "/api/v1/reload", reload, 0 },
	{ NULL, NULL, NULL, 0 },
};
