#include "daemon/control/http_internal.h"

#include "base/error.h"
#include "daemon/control/http_host.h"
#include "daemon/control/log.h"

#include <event2/buffer.h>
#include <event2/event.h>

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/resource.h> /* RLIMIT_NOFILE */
#include <unistd.h>

enum {
	POOL_BYTES = 48 * 1024, /* of a connection: its head, ours, and a piece of the body */
	STREAM_BLOCK_BYTES = 16384,
};

/* ---- the loop ---- */

static void arm(struct http *http)
{
	MHD_UNSIGNED_LONG_LONG wait_ms;
	if (MHD_get_timeout(http->daemon, &wait_ms) != MHD_YES) {
		event_del(http->due);
		return;
	}
	struct timeval wait = { (time_t)(wait_ms / 1000), (suseconds_t)(wait_ms % 1000 * 1000) };
	event_add(http->due, &wait);
}

static void on_due(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;
	(void)fd;
	(void)what;
	http->turn_began_ms = http_monotonic_ms();
	MHD_run(http->daemon);
	arm(http);
}

void http_kick(struct http *http)
{
	struct timeval now = { 0, 0 };
	event_add(http->due, &now);
}

static void resume(struct http_request *request)
{
	if (!request->suspended)
		return;
	request->suspended = false;
	MHD_resume_connection(request->handle);
	http_kick(request->http);
}

/* ---- requests ---- */

/* What is wrong with a target as it came, which the library will decode; 0: nothing.  It would cut
 * it at a NUL. */
static int judge_target(const char *uri)
{
	if (strlen(uri) > HTTP_TARGET_MAX)
		return 414;
	return strstr(uri, "%00") ? 400 : 0;
}

/* The request line is there; the return value stays with the request. */
static void *on_request_line(void *context, const char *uri, struct MHD_Connection *handle)
{
	struct http *http = context;
	struct http_request *request = calloc(1, sizeof(*request));
	struct http_connection *connection = http_connection_of(handle);
	if (connection) {
		connection->requests++;
		http_connection_wait_for(connection, WAIT_HEAD);
	}
	if (!request)
		return NULL;
	request->http = http;
	request->connection = connection;
	request->handle = handle;
	request->bad_target = judge_target(uri);
	request->next = http->requests;
	request->previous = &http->requests;
	if (request->next)
		request->next->previous = &request->next;
	http->requests = request;
	http->counters.requests++;
	return request;
}

static void on_completed(void *context, struct MHD_Connection *handle, void **request_context,
	enum MHD_RequestTerminationCode why)
{
	struct http *http = context;
	struct http_request *request = *request_context;
	(void)handle;
	(void)why;
	if (!request)
		return;
	*request_context = NULL;
	if (request->begun)
		http->handlers.gone(http->handlers.context, request);
	if (request->connection)
		http_connection_wait_for(request->connection, WAIT_REQUEST);
	http->answer_bytes -= request->answer_bytes;
	*request->previous = request->next;
	if (request->next)
		request->next->previous = request->previous;
	if (request->response)
		MHD_destroy_response(request->response);
	if (request->stream)
		evbuffer_free(request->stream);
	free(request->body);
	free(request);
}

static const char *error_code(int status)
{
	if (status == 413 || status == 414 || status == 431)
		return "too_large";
	return status == 503 ? "busy" : "bad_request";
}

static void plain_reply(struct http_request *request, int status, const char *sentence)
{
	char *body = NULL;
	int length = asprintf(&body, "{\"error\":{\"code\":\"%s\",\"message\":\"%s\"}}\n",
		error_code(status), sentence);
	http_reply(request, status, "application/json", length < 0 ? NULL : body,
		length < 0 ? 0 : (size_t)length, NULL);
}

struct head {
	size_t bytes, count, lengths;
	bool has_controls;
};

static enum MHD_Result count_header(void *context, enum MHD_ValueKind kind, const char *key,
	size_t key_size, const char *value, size_t value_size)
{
	struct head *head = context;
	(void)kind;
	for (size_t i = 0; i < value_size; i++)
		head->has_controls |= (unsigned char)value[i] < 0x20 && value[i] != '\t';
	head->bytes += key_size + value_size + 4;
	head->count++;
	if (strcasecmp(key, MHD_HTTP_HEADER_CONTENT_LENGTH) == 0)
		head->lengths++;
	return MHD_YES;
}

static bool head_is_acceptable(struct http_request *request)
{
	struct head head = { 0 };
	const char *host = http_header(request, MHD_HTTP_HEADER_HOST);
	const char *site = http_header(request, "Sec-Fetch-Site");
	const char *coding = http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);
	MHD_get_connection_values_n(request->handle, MHD_HEADER_KIND, count_header, &head);
	if (head.bytes > HTTP_HEAD_MAX || head.count > HTTP_HEADERS_MAX) {
		request->http->counters.heads_too_large++;
		plain_reply(
			request, 431, "the head is larger than 8 KiB or has more than 64 fields");
	} else if (request->bad_target == 414) {
		request->http->counters.heads_too_large++;
		plain_reply(request, 414, "the target is longer than 1024 bytes");
	} else if (request->bad_target) {
		request->http->counters.heads_bad++;
		plain_reply(request, 400, "there is a NUL in the target");
	} else if (head.has_controls) {
		request->http->counters.heads_bad++;
		plain_reply(request, 400, "there are control characters in the head");
	} else if (head.lengths > 1 || (head.lengths && coding)) {
		request->http->counters.heads_bad++;
		plain_reply(request, 400, "more than one length of the body is given");
	} else if (coding && strcasecmp(coding, "chunked") != 0) {
		request->http->counters.heads_bad++;
		plain_reply(request, 501, "of transfer encodings only chunked is known");
	} else if (host && !http_host_is_ours(host, request->http->settings.hosts,
				   request->http->settings.host_count)) {
		request->http->counters.heads_bad++;
		plain_reply(request, 403,
			"this name in the Host field is not known: see hosts in printfarm.conf(5)");
	} else if ((site && strcasecmp(site, "cross-site") == 0) ||
		   (http_header(request, "Origin") && strcmp(request->method, "GET") != 0)) {
		request->http->counters.heads_bad++;
		plain_reply(request, 403, "requests of foreign web pages are refused");
	} else
		return true;
	return false;
}

static bool keep_piece(struct http_request *request, const char *bytes, size_t length)
{
	if (request->body_length + length > HTTP_BODY_MAX) {
		request->http->counters.bodies_too_large++;
		plain_reply(request, 413, "the body is larger than 64 KiB");
		return false;
	}
	if (request->body_length + length + 1 > request->body_room) {
		size_t room = request->body_room ? request->body_room * 2 : 1024;
		while (room < request->body_length + length + 1)
			room *= 2;
		char *bigger = realloc(request->body, room);
		if (!bigger) {
			plain_reply(request, 503, "out of memory");
			return false;
		}
		request->body = bigger;
		request->body_room = room;
	}
	memcpy(request->body + request->body_length, bytes, length);
	request->body_length += length;
	request->body[request->body_length] = '\0';
	return true;
}

static void take_piece(struct http_request *request, const char *bytes, size_t length)
{
	struct http *http = request->http;
	if (request->connection)
		request->connection->body_bytes += (int64_t)length;
	if (request->swallow) {
		request->swallowed_bytes += (int64_t)length;
		if (request->swallowed_bytes > HTTP_SWALLOW_MAX && request->connection)
			http_connection_hang_up(request->connection);
		return;
	}
	if (request->mode == HTTP_BODY_KEEP)
		request->swallow = !keep_piece(request, bytes, length);
	else
		request->swallow =
			!http->handlers.piece(http->handlers.context, request, bytes, length);
}

static enum MHD_Result queue(struct http_request *request)
{
	if (request->connection && request->connection->requests >= HTTP_REQUESTS_MAX)
		MHD_add_response_header(request->response, MHD_HTTP_HEADER_CONNECTION, "close");
	enum MHD_Result result =
		MHD_queue_response(request->handle, (unsigned)request->status, request->response);
	MHD_destroy_response(request->response);
	request->response = NULL;
	return result;
}

static void begin(struct http_request *request)
{
	struct http *http = request->http;
	if (request->connection)
		http_connection_wait_for(request->connection, WAIT_BODY);
	if (!head_is_acceptable(request))
		return;
	request->begun = true;
	request->mode = http->handlers.begin(http->handlers.context, request);
}

/* Where it ends is not believed of a head that was refused. */
static bool is_body_coming(const struct http_request *request)
{
	int64_t length = http_content_length(request);
	return request->begun && !http_header(request, MHD_HTTP_HEADER_EXPECT) &&
	       (http_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) ||
		       (length > 0 && length <= HTTP_SWALLOW_MAX));
}

/* ---- turns: many requests that cost much do not keep the loop from its other work ---- */

static bool is_turn_over(const struct http *http)
{
	return http_monotonic_ms() - http->turn_began_ms >= HTTP_TURN_MS;
}

static void call_or_defer(struct http_request *request)
{
	struct http *http = request->http;
	struct timeval now = { 0, 0 };
	if (request->costly && is_turn_over(http) && event_add(http->later, &now) == 0)
		request->deferred = true;
	else
		http->handlers.ready(http->handlers.context, request);
}

/* The one that has waited longest: new ones are put in front. */
static struct http_request *first_deferred(const struct http *http)
{
	struct http_request *found = NULL;
	for (struct http_request *at = http->requests; at; at = at->next)
		if (at->deferred)
			found = at;
	return found;
}

static void on_later(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;
	struct http_request *request;
	struct timeval now = { 0, 0 };
	(void)fd;
	(void)what;
	http->turn_began_ms = http_monotonic_ms();
	while ((request = first_deferred(http))) {
		if (is_turn_over(http)) {
			event_add(http->later, &now);
			return;
		}
		request->deferred = false;
		http->handlers.ready(http->handlers.context, request);
	}
}

static enum MHD_Result handle(
	struct http_request *request, const char *bytes, size_t *length, bool is_first)
{
	if (is_first) {
		begin(request);
		if (!request->response)
			return MHD_YES;
		/* A client that asks before it sends is answered now; another one sends first and
		 * would only see a broken connection: its body is taken and thrown away. */
		request->swallow = true;
		return is_body_coming(request) ? MHD_YES : queue(request);
	}
	if (*length > 0) {
		take_piece(request, bytes, *length);
		*length = 0;
		return MHD_YES;
	}
	if (!request->complete) {
		request->complete = true;
		if (request->connection)
			http_connection_wait_for(request->connection, WAIT_NOTHING);
		if (!request->answered)
			call_or_defer(request);
	}
	if (request->response)
		return queue(request);
	request->suspended = true;
	MHD_suspend_connection(request->handle);
	return MHD_YES;
}

static enum MHD_Result on_access(void *context, struct MHD_Connection *connection, const char *url,
	const char *method, const char *version, const char *upload_data, size_t *upload_data_size,
	void **request_context)
{
	struct http_request *request = *request_context;
	(void)context;
	(void)connection;
	(void)version;
	if (!request)
		return MHD_NO; /* no memory: the connection is closed */
	bool is_first = !request->method;
	request->method = method;
	request->path = url;
	request->inside = true;
	enum MHD_Result result = handle(request, upload_data, upload_data_size, is_first);
	request->inside = false;
	return result;
}

/* ---- answers ---- */

static void ready_to_queue(struct http_request *request)
{
	request->answered = true;
	if (!request->inside && request->complete)
		resume(request);
}

/* Clients that ask for large answers and do not take them cost memory up to a limit. */
static bool is_room_for(struct http *http, size_t length)
{
	if (length <= HTTP_ANSWER_SMALL || http->answer_bytes == 0 ||
		(length <= HTTP_ANSWERS_MAX && http->answer_bytes <= HTTP_ANSWERS_MAX - length))
		return true;
	http->counters.answers_refused++;
	return false;
}

void http_reply(struct http_request *request, int status, const char *type, char *body,
	size_t length, const char *etag)
{
	assert(!request->answered);
	if (!is_room_for(request->http, length)) {
		free(body);
		plain_reply(request, 503, "too many large answers are under way: try again later");
		return;
	}
	struct MHD_Response *response = MHD_create_response_from_buffer(
		length, body, body ? MHD_RESPMEM_MUST_FREE : MHD_RESPMEM_PERSISTENT);
	if (!response) {
		free(body);
		response = MHD_create_response_from_buffer(0, NULL, MHD_RESPMEM_PERSISTENT);
		status = 503;
	}
	if (!response) {
		/* Not even that: end the connection. */
		if (request->connection)
			http_connection_hang_up(request->connection);
		return;
	}
	if (type)
		MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	if (etag)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ETAG, etag);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	if (type && strncmp(type, "text/html", 9) == 0)
		MHD_add_response_header(response, "Content-Security-Policy",
			"default-src 'self'; frame-ancestors 'none'");
	request->status = status;
	request->response = response;
	request->answer_bytes = length;
	request->http->answer_bytes += length;
	ready_to_queue(request);
}

void http_reply_file(struct http_request *request, const char *type, int fd, int64_t length)
{
	struct MHD_Response *response = MHD_create_response_from_fd((uint64_t)length, fd);
	if (!response) {
		close(fd);
		plain_reply(request, 503, "out of memory");
		return;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, type);
	MHD_add_response_header(response, "X-Content-Type-Options", "nosniff");
	request->status = 200;
	request->response = response;
	ready_to_queue(request);
}

static ssize_t read_stream(void *context, uint64_t position, char *bytes, size_t size)
{
	struct http_request *request = context;
	(void)position;
	if (request->cut)
		return MHD_CONTENT_READER_END_WITH_ERROR;
	int taken = evbuffer_remove(request->stream, bytes, size);
	if (taken <= 0) {
		request->http->handlers.drained(request->http->handlers.context, request);
		taken = evbuffer_remove(request->stream, bytes, size);
	}
	if (taken > 0) {
		if (http_stream_backlog(request) == 0)
			request->drained_s = http_monotonic_s();
		return taken;
	}
	/* Nothing to say: a reader that just returned 0 would be asked again at once. */
	request->suspended = true;
	MHD_suspend_connection(request->handle);
	return 0;
}

void http_stream_begin(struct http_request *request)
{
	assert(!request->answered);
	request->stream = evbuffer_new();
	struct MHD_Response *response =
		request->stream ? MHD_create_response_from_callback(MHD_SIZE_UNKNOWN,
					  STREAM_BLOCK_BYTES, read_stream, request, NULL)
				: NULL;
	if (!response) {
		plain_reply(request, 503, "out of memory");
		return;
	}
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, "text/event-stream");
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-cache");
	request->status = 200;
	request->response = response;
	request->spoken_s = http_monotonic_s();
	ready_to_queue(request);
}

size_t http_stream_backlog(const struct http_request *request)
{
	return request->stream ? evbuffer_get_length(request->stream) : 0;
}

void http_stream_cut(struct http_request *request)
{
	request->cut = true;
	if (request->connection)
		http_connection_hang_up(request->connection);
	resume(request);
}

bool http_stream_write(struct http_request *request, const char *bytes, size_t length)
{
	if (!request->stream || request->cut)
		return false;
	size_t backlog = http_stream_backlog(request);
	request->spoken_s = http_monotonic_s();
	if (backlog == 0)
		request->drained_s = request->spoken_s;
	if (backlog + length > HTTP_STREAM_MAX ||
		evbuffer_add(request->stream, bytes, length) != 0) {
		request->http->counters.streams_cut++;
		http_stream_cut(request);
		return false;
	}
	resume(request);
	return true;
}

/* ---- what a request says ---- */

const char *http_method(const struct http_request *request)
{
	return request->method;
}

const char *http_path(const struct http_request *request)
{
	return request->path;
}

const char *http_query(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->handle, MHD_GET_ARGUMENT_KIND, name);
}

const char *http_header(const struct http_request *request, const char *name)
{
	return MHD_lookup_connection_value(request->handle, MHD_HEADER_KIND, name);
}

int64_t http_content_length(const struct http_request *request)
{
	const char *text = http_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
	int64_t length = 0;
	if (!text || !*text)
		return -1;
	for (; *text >= '0' && *text <= '9'; text++) {
		if (length > INT64_MAX / 10 - 9)
			return INT64_MAX;
		length = length * 10 + (*text - '0');
	}
	return *text ? -1 : length;
}

const char *http_body(const struct http_request *request, size_t *length)
{
	*length = request->body_length;
	return request->body ? request->body : "";
}

uid_t http_user(const struct http_request *request)
{
	return request->connection ? request->connection->uid : (uid_t)-1;
}

void http_set_costly(struct http_request *request)
{
	request->costly = true;
}

void *http_data(const struct http_request *request)
{
	return request->data;
}

void http_set_data(struct http_request *request, void *data)
{
	request->data = data;
}

const struct http_counters *http_counters(const struct http *http)
{
	return &http->counters;
}

/* ---- life ---- */

static void on_library_log(void *context, const char *format, va_list arguments)
	__attribute__((format(printf, 2, 0)));

static void on_library_log(void *context, const char *format, va_list arguments)
{
	char text[LOG_LINE_MAX];
	(void)context;
	vsnprintf(text, sizeof(text), format, arguments);
	log_debug("http", "%s", text);
}

/* As many as there are descriptors for, with as many left for files, the ledger and streamers.  At
 * its limit the library stops listening: who comes then waits in the kernel's queue. */
static unsigned connections_max(void)
{
	struct rlimit limit;
	if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur / 2 >= HTTP_CONNECTIONS_MAX)
		return HTTP_CONNECTIONS_MAX;
	return limit.rlim_cur < 16 ? 8 : (unsigned)(limit.rlim_cur / 2);
}

void http_configure(struct http *http, const struct http_settings *settings)
{
	http->settings = *settings;
}

struct http *http_create(struct event_base *base, int listen_fd,
	const struct http_handlers *handlers, struct error *error)
{
	struct http *http = calloc(1, sizeof(*http));
	if (!http)
		goto no_memory;
	http->handlers = *handlers;
	http->settings.connections_per_user = HTTP_CONNECTIONS_MAX;
	http->daemon = MHD_start_daemon(
		MHD_USE_EPOLL | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG, 0, NULL, NULL,
		on_access, http, MHD_OPTION_EXTERNAL_LOGGER, on_library_log, NULL,
		MHD_OPTION_LISTEN_SOCKET, listen_fd, MHD_OPTION_STRICT_FOR_CLIENT, 1,
		MHD_OPTION_CONNECTION_LIMIT, connections_max(), MHD_OPTION_CONNECTION_MEMORY_LIMIT,
		(size_t)POOL_BYTES, MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)HTTP_IDLE_S,
		MHD_OPTION_NOTIFY_COMPLETED, on_completed, http, MHD_OPTION_NOTIFY_CONNECTION,
		http_connection_notify, http, MHD_OPTION_URI_LOG_CALLBACK, on_request_line, http,
		MHD_OPTION_END);
	if (!http->daemon) {
		error_set(error, "libmicrohttpd cannot be started: %s", strerror(errno));
		close(listen_fd);
		free(http);
		return NULL;
	}
	const union MHD_DaemonInfo *info =
		MHD_get_daemon_info(http->daemon, MHD_DAEMON_INFO_EPOLL_FD);
	http->readable = event_new(base, info->epoll_fd, EV_READ | EV_PERSIST, on_due, http);
	http->due = evtimer_new(base, on_due, http);
	http->later = evtimer_new(base, on_later, http);
	http->sweep = evtimer_new(base, http_connections_sweep, http);
	if (!http->readable || !http->due || !http->later || !http->sweep ||
		event_add(http->readable, NULL) != 0)
		goto no_memory;
	arm(http);
	return http;

no_memory:
	error_set(error, "out of memory");
	http_destroy(http);
	return NULL;
}

void http_destroy(struct http *http)
{
	if (!http)
		return;
	if (http->daemon) {
		/* The library wants nothing to be suspended when it stops. */
		for (struct http_request *at = http->requests; at; at = at->next)
			resume(at);
		MHD_stop_daemon(http->daemon);
	}
	if (http->readable)
		event_free(http->readable);
	if (http->due)
		event_free(http->due);
	if (http->later)
		event_free(http->later);
	if (http->sweep)
		event_free(http->sweep);
	free(http);
}
