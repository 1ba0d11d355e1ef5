#include "daemon/control/api.h"

#include "daemon/control/api_private.h"
#include "daemon/control/events.h"
#include "daemon/control/json_findings.h"
#include "daemon/control/ledger.h"

#include <event2/event.h>

#include <ctype.h>
#include <errno.h>
#include <malloc.h> /* malloc_trim */
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

enum { CALL_WAITS_MAX = 5, LARGE_ANSWER_BYTES = 1 << 20 };

/* An answer that waits: for the ledger, for a streamer, or for both. */
struct pending {
	struct http_request *request; /* borrowed; NULL: its client has left */
	uint64_t ticket;
	uint64_t wire_request; /* 0: answered or none */
	time_t until;	       /* monotonic seconds, for the streamer's answer */
	bool is_question;      /* the farm finds it out, no streamer */
	char *without;	       /* the answer if that takes too long; NULL: an error */
	int waits;	       /* how often it did: a busy ledger must not hold it for ever */
	bool is_call;	       /* not answered yet: the call itself waits */
	int status;
	char *text;
	char key[NAME_MAX_BYTES * 2]; /* idempotency key, empty: none */
	char fingerprint[SHA256_HEX_BYTES];
	struct pending *next;
};

static time_t monotonic_s(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec;
}

/* ---- answers ---- */

static char *dump(json_t *json)
{
	char *text = json ? json_dumps(json, JSON_COMPACT | JSON_REAL_PRECISION(10)) : NULL;
	json_decref(json);
	return text;
}

/* A list of thousands leaves a heap full of holes behind. */
static void give_back(const char *text)
{
	if (text && strlen(text) > LARGE_ANSWER_BYTES)
		malloc_trim(0);
}

static void reply_text(struct http_request *request, int status, char *text)
{
	give_back(text);
	if (!text) {
		text = strdup("{\"error\":{\"code\":\"no_memory\",\"message\":\"out of memory\"}}");
		status = 503;
	}
	http_reply(request, status, "application/json", text, text ? strlen(text) : 0, NULL);
}

void api_reply(struct api *api, struct http_request *request, int status, json_t *json)
{
	if (status >= 400)
		api->refused_calls++;
	reply_text(request, status, dump(json));
}

void api_answer(struct api_call *call, int status, json_t *json)
{
	json_decref(call->json);
	call->status = status;
	call->json = json;
}

void api_fail_with(
	struct api_call *call, int status, const char *code, const char *message, json_t *details)
{
	api_answer(call, status, json_out_error(code, message, details));
}

/* What a negative errno of the farm means to a client. */
static const struct {
	int error;
	int status;
	const char *code;
} failures[] = {
	{ -ENOENT, 404, "not_found" },
	{ -EINVAL, 422, "invalid" },
	{ -EDOM, 422, "no_printer" },
	{ -EEXIST, 409, "exists" },
	{ -EBUSY, 409, "not_now" },
	{ -EHOSTUNREACH, 503, "streamer_unreachable" },
	{ -EROFS, 503, "ledger_broken" },
	{ -ENOMEM, 503, "no_memory" },
	{ -EPERM, 403, "forbidden" },
	{ -EAGAIN, 503, "try_again" },
};

void api_fail(struct api_call *call, int result, const struct error *error)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++)
		if (failures[i].error == result) {
			api_fail_with(call, failures[i].status, failures[i].code,
				error->text[0] ? error->text : strerror(-result), NULL);
			return;
		}
	api_fail_with(call, 500, "trouble", error->text[0] ? error->text : strerror(-result), NULL);
}

bool api_id(struct api_call *call, int i, const char *noun, int64_t *id)
{
	const char *text = call->argument[i];
	*id = 0;
	for (; isdigit((unsigned char)*text) && *id < INT64_MAX / 10 - 9; text++)
		*id = *id * 10 + (*text - '0');
	if (!*text && *id > 0)
		return true;
	char message[ERROR_TEXT_MAX];
	snprintf(message, sizeof(message), "there is no %s \"%.60s\"", noun, call->argument[i]);
	api_fail_with(call, 404, "not_found", message, NULL);
	return false;
}

/* ---- answers that wait ---- */

static void free_pending(struct pending *pending)
{
	free(pending->text);
	free(pending->without);
	free(pending);
}

static bool is_due(const struct api *api, const struct pending *pending)
{
	return pending->ticket <= farm_durable_ticket(api->setup.farm) && !pending->wire_request;
}

static void ready(struct api *api, struct http_request *request, int waits);

static void answer_due(struct api *api)
{
	struct pending **at = &api->pending;
	while (*at) {
		struct pending *pending = *at;
		if (!is_due(api, pending)) {
			at = &pending->next;
			continue;
		}
		*at = pending->next;
		struct http_request *request = pending->request;
		if (request && !pending->is_call) {
			reply_text(request, pending->status, pending->text);
			pending->text = NULL;
		}
		bool is_call = pending->is_call;
		int waits = pending->waits;
		free_pending(pending);
		if (request && is_call) {
			/* The call may make the list another one. */
			ready(api, request, waits);
			at = &api->pending;
		}
	}
}

static void replace_answer(
	struct pending *pending, int status, const char *code, const char *message)
{
	free(pending->text);
	pending->status = status;
	pending->text = dump(json_out_error(code, message, NULL));
}

static struct pending *add_pending(
	struct api *api, struct http_request *request, uint64_t ticket, int status, char *text)
{
	struct pending *pending = calloc(1, sizeof(*pending));
	if (!pending) {
		free(text);
		reply_text(request, 503, NULL);
		return NULL;
	}
	pending->request = request;
	pending->ticket = ticket;
	pending->status = status;
	pending->text = text;
	pending->next = api->pending;
	api->pending = pending;
	return pending;
}

void api_reply_when_durable(
	struct api *api, struct http_request *request, uint64_t ticket, int status, json_t *json)
{
	add_pending(api, request, ticket, status, dump(json));
	answer_due(api);
}

void api_durable(struct api *api, uint64_t ticket, int error, const char *reason)
{
	char message[ERROR_TEXT_MAX];
	snprintf(message, sizeof(message),
		"the ledger cannot be written: %.300s; whether this was stored will be known at "
		"the "
		"next start",
		reason);
	for (struct pending *at = api->pending; error && at; at = at->next) {
		if (at->ticket < ticket)
			continue;
		if (!at->is_call)
			replace_answer(at, 503, "ledger_broken", message);
		at->ticket = 0;
		at->wire_request = 0;
	}
	answer_due(api);
}

void api_answered(struct api *api, uint64_t request, int error, const char *text)
{
	for (struct pending *at = api->pending; at; at = at->next) {
		if (at->wire_request != request)
			continue;
		at->wire_request = 0;
		if (error)
			replace_answer(at, 409, "refused", text[0] ? text : strerror(-error));
	}
	answer_due(api);
}

void api_recorded(struct api *api, uint64_t request, const struct wire_recording *page)
{
	for (struct pending *at = api->pending; at; at = at->next) {
		if (at->wire_request != request)
			continue;
		at->wire_request = 0;
		free(at->text);
		at->status = 200;
		at->text = dump(json_out_recording(page));
	}
	answer_due(api);
}

void api_found_out(struct api *api, uint64_t request, const struct farm_finding *finding)
{
	for (struct pending *at = api->pending; at; at = at->next) {
		if (at->wire_request != request)
			continue;
		at->wire_request = 0;
		if (finding->trouble) {
			replace_answer(at, 503, "try_again", finding->trouble);
			continue;
		}
		/* What the call knew already stays. */
		json_t *answer = json_loads(at->text ? at->text : "{}", 0, NULL);
		json_t *found = json_finding(finding);
		json_object_update(answer, found);
		json_decref(found);
		free(at->text);
		at->text = dump(answer);
	}
	answer_due(api);
}

static void give_up(struct api *api, struct pending *pending)
{
	if (!pending->is_question) {
		api->answers_late++;
		replace_answer(pending, 503, "streamer_silent",
			"the streamer has not answered; look at the printer's state");
		return;
	}
	farm_question_drop(api->setup.farm, pending->wire_request);
	if (pending->without) {
		free(pending->text);
		pending->text = pending->without;
		pending->without = NULL;
	} else {
		replace_answer(pending, 503, "try_again",
			"the farm has too much else to plan to find it out now: try again later");
	}
}

static void on_patience(evutil_socket_t fd, short what, void *context)
{
	struct api *api = context;
	time_t now = monotonic_s();
	bool more = false;
	(void)fd;
	(void)what;
	for (struct pending *at = api->pending; at; at = at->next) {
		if (!at->wire_request)
			continue;
		if (now < at->until) {
			more = true;
			continue;
		}
		give_up(api, at);
		at->wire_request = 0;
	}
	answer_due(api);
	struct timeval wait = { 1, 0 };
	if (more)
		event_add(api->patience, &wait);
}

/* ---- the caller ---- */

static void user_name(struct api *api, uid_t uid, char name[NAME_MAX_BYTES])
{
	for (size_t i = 0; i < api->user_count; i++)
		if (api->users[i].uid == uid) {
			memcpy(name, api->users[i].name, NAME_MAX_BYTES);
			return;
		}
	const struct passwd *entry = uid == (uid_t)-1 ? NULL : getpwuid(uid);
	size_t at = api->user_next++ % (sizeof(api->users) / sizeof(api->users[0]));
	if (entry)
		snprintf(api->users[at].name, NAME_MAX_BYTES, "%s", entry->pw_name);
	else
		snprintf(api->users[at].name, NAME_MAX_BYTES, "uid %d", (int)uid);
	api->users[at].uid = uid;
	if (api->user_count < sizeof(api->users) / sizeof(api->users[0]))
		api->user_count++;
	memcpy(name, api->users[at].name, NAME_MAX_BYTES);
}

/* ---- idempotency ---- */

struct known {
	struct http_request *request;
	const char *fingerprint;
};

static void reply_known(void *context, const struct idempotency_record *record)
{
	struct known *known = context;
	if (strcmp(record->request_sha256, known->fingerprint) != 0)
		reply_text(known->request, 409,
			dump(json_out_error("key_reused",
				"this Idempotency-Key was used for another request", NULL)));
	else
		reply_text(known->request, record->status, strdup(record->answer));
}

/* true: this request was made before; it is answered or waits with the first one. */
static bool is_repeated(
	struct api *api, struct http_request *request, const char *key, const char *fingerprint)
{
	struct known known = { request, fingerprint };
	for (struct pending *at = api->pending; at; at = at->next) {
		if (strcmp(at->key, key) != 0)
			continue;
		if (strcmp(at->fingerprint, fingerprint) == 0)
			add_pending(api, request, at->ticket, at->status,
				at->text ? strdup(at->text) : NULL);
		else
			reply_known(&known, &(struct idempotency_record){ .status = 409 });
		return true;
	}
	return ledger_find_idempotency(api->setup.ledger, key, reply_known, &known) == 0;
}

/* ---- calls ---- */

static void remember(
	struct api_call *call, const char *key, const char *fingerprint, const char *text)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	struct idempotency_record record = {
		.status = call->status, .answer = text, .at_s = (int64_t)now.tv_sec
	};
	snprintf(record.key, sizeof(record.key), "%s", key);
	snprintf(record.request_sha256, sizeof(record.request_sha256), "%s", fingerprint);
	farm_remember_answer(call->farm, &record);
}

static void finish(struct api_call *call, const char *key, const char *fingerprint)
{
	struct api *api = call->api;
	char *text = call->json ? dump(call->json) : NULL;
	bool changes = strcmp(http_method(call->request), "POST") == 0;
	if (call->status >= 400)
		api->refused_calls++;
	if (key && text && call->status < 300)
		remember(call, key, fingerprint, text);
	uint64_t ticket = changes ? api->setup.leave(api->setup.context) : 0;
	if (call->status >= 400 || farm_is_broken(call->farm))
		ticket = 0; /* nothing of it waits for the ledger */
	if (!call->wire_request && ticket <= farm_durable_ticket(call->farm)) {
		reply_text(call->request, call->status, text);
		return;
	}
	struct pending *pending = add_pending(api, call->request, ticket, call->status, text);
	if (!pending)
		return;
	snprintf(pending->key, sizeof(pending->key), "%s", key ? key : "");
	snprintf(pending->fingerprint, sizeof(pending->fingerprint), "%s", key ? fingerprint : "");
	if (!call->wire_request)
		return;
	struct timeval wait = { 1, 0 };
	pending->wire_request = call->wire_request;
	pending->until =
		monotonic_s() + (call->is_question ? API_FINDING_WAIT_S : API_ANSWER_WAIT_S);
	pending->is_question = call->is_question;
	pending->without = dump(call->without);
	call->without = NULL;
	event_add(api->patience, &wait);
}

static void call_route(struct api_call *call, const struct api_route *route)
{
	struct api *api = call->api;
	struct error error = { "" };
	size_t length;
	const char *body = http_body(call->request, &length);
	const char *key =
		route->flags & API_CREATES ? http_header(call->request, "Idempotency-Key") : NULL;
	char fingerprint[SHA256_HEX_BYTES] = "";
	if (key && (strlen(key) < 1 || strlen(key) >= NAME_MAX_BYTES * 2)) {
		api_reply(api, call->request, 400,
			json_out_error(
				"invalid", "Idempotency-Key must have 1 to 127 characters", NULL));
		return;
	}
	if (key) {
		api_fingerprint(route->method, http_path(call->request), body, length, fingerprint);
		if (is_repeated(api, call->request, key, fingerprint))
			return;
	}
	call->body = json_in_parse(body, length, &error);
	if (!call->body) {
		api_reply(api, call->request, 400, json_out_error("bad_json", error.text, NULL));
		return;
	}
	api->setup.enter(api->setup.context);
	route->handle(call);
	json_decref(call->body);
	if (call->replied)
		json_decref(call->json);
	else
		finish(call, key, fingerprint);
	json_decref(call->without);
}

/* true: what the call would show is not durable yet, so it comes again when it is. */
static bool waits_for_ledger(struct api *api, struct http_request *request, int waits)
{
	const struct farm *farm = api->setup.farm;
	uint64_t ticket = farm_ticket(farm);
	if (ticket <= farm_durable_ticket(farm) || farm_is_broken(farm) || waits >= CALL_WAITS_MAX)
		return false;
	struct pending *pending = add_pending(api, request, ticket, 0, NULL);
	if (pending) {
		pending->is_call = true;
		pending->waits = waits + 1;
	}
	return true;
}

static void ready(struct api *api, struct http_request *request, int waits)
{
	struct api_call call = {
		.api = api, .farm = api->setup.farm, .request = request, .status = 500
	};
	int status;
	const struct api_route *route =
		api_route_find(http_method(request), http_path(request), call.argument, &status);
	if (route && (route->flags & API_UPLOAD)) {
		api_upload_ready(api, request);
		return;
	}
	if ((route->flags & API_DURABLE) && waits_for_ledger(api, request, waits))
		return;
	user_name(api, http_user(request), call.user);
	call_route(&call, route);
}

static void on_ready(void *context, struct http_request *request)
{
	ready(context, request, 0);
}

static bool is_json(const struct http_request *request)
{
	const char *type = http_header(request, "Content-Type");
	return type && strncasecmp(type, "application/json", 16) == 0 &&
	       strchr("; \t", type[16]); /* nothing, or parameters */
}

static enum http_body refuse(struct api *api, struct http_request *request, int status,
	const char *code, const char *message)
{
	api_reply(api, request, status, json_out_error(code, message, NULL));
	return HTTP_BODY_REFUSE;
}

static enum http_body on_begin(void *context, struct http_request *request)
{
	struct api *api = context;
	char argument[API_ARGUMENTS_MAX][API_ARGUMENT_BYTES];
	int status;
	const struct api_route *route =
		api_route_find(http_method(request), http_path(request), argument, &status);
	if (!route && status == 405)
		return refuse(api, request, 405, "method", "this path knows other methods");
	if (!route)
		return refuse(api, request, 404, "not_found", "there is nothing at this path");
	if (route->flags & API_UPLOAD)
		return api_upload_begin(api, request, argument[0]);
	if (route->flags & API_COSTLY)
		http_set_costly(request);
	if (strcmp(route->method, "POST") == 0 && !is_json(request))
		return refuse(api, request, 415, "media_type",
			"a POST needs Content-Type: application/json");
	if (http_content_length(request) > HTTP_BODY_MAX)
		return refuse(api, request, 413, "too_large", "the body is larger than 64 KiB");
	return HTTP_BODY_KEEP;
}

static bool on_piece(void *context, struct http_request *request, const char *bytes, size_t length)
{
	return api_upload_piece(context, request, bytes, length);
}

static void on_drained(void *context, struct http_request *request)
{
	struct api *api = context;
	events_drained(api->setup.events, request);
}

static void on_gone(void *context, struct http_request *request)
{
	struct api *api = context;
	events_gone(api->setup.events, request);
	api_upload_gone(api, request);
	api_picture_gone(api, request);
	for (struct pending *at = api->pending; at; at = at->next)
		if (at->request == request)
			at->request = NULL;
}

/* ---- life ---- */

struct api *api_create(const struct api_setup *setup)
{
	struct api *api = calloc(1, sizeof(*api));
	if (!api)
		return NULL;
	api->setup = *setup;
	api->patience = evtimer_new(setup->base, on_patience, api);
	if (api->patience)
		return api;
	free(api);
	return NULL;
}

void api_destroy(struct api *api)
{
	if (!api)
		return;
	while (api->pending) {
		struct pending *pending = api->pending;
		api->pending = pending->next;
		free_pending(pending);
	}
	event_free(api->patience);
	free(api->status.text);
	free(api);
}

void api_http_handlers(struct api *api, struct http_handlers *handlers)
{
	*handlers = (struct http_handlers){
		.context = api,
		.begin = on_begin,
		.piece = on_piece,
		.ready = on_ready,
		.drained = on_drained,
		.gone = on_gone,
	};
}

void api_set_http(struct api *api, const struct http *http)
{
	api->http = http;
}
