/* HTTP on a Unix socket, the only home of libmicrohttpd: heads, bodies, limits, event streams.
 * What the requests mean is api's affair.
 *
 * libmicrohttpd runs without a thread; its one epoll descriptor is an event of the loop.  A request
 * is answered at once or later (its connection is suspended meanwhile).  Every limit has a name
 * here and a counter. */
#ifndef CONTROL_HTTP_H
#define CONTROL_HTTP_H

#include "daemon/control/records.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct error;
struct event_base;
struct http;
struct http_request;

enum {
	HTTP_HEAD_MAX = 8192,
	HTTP_HEADERS_MAX = 64,
	HTTP_TARGET_MAX = 1024,	     /* path and query as they came */
	HTTP_REQUESTS_MAX = 100,     /* of a connection: its last answer says that it closes */
	HTTP_BODY_MAX = 65536,	     /* of a kept body; streamed ones have the files' limit */
	HTTP_SWALLOW_MAX = 1 << 30,  /* of a refused body that is coming anyway */
	HTTP_ANSWERS_MAX = 32 << 20, /* of all answers that clients have not taken yet */
	HTTP_ANSWER_SMALL = 1 << 16, /* these are given all the same */
	HTTP_CONNECTIONS_MAX = 1000,
	HTTP_TURN_MS = 20,	 /* of costly requests in one turn of the loop */
	HTTP_HEAD_S = 5,	 /* from the first byte wanted to the end of the head */
	HTTP_IDLE_S = 60,	 /* between two requests of a connection */
	HTTP_BODY_WINDOW_S = 10, /* a body brings HTTP_BODY_WINDOW_BYTES in each window */
	HTTP_BODY_WINDOW_BYTES = 10240,
	HTTP_STREAM_MAX = 256 * 1024, /* bytes that the reader of an event stream has not taken */
	HTTP_STREAM_BEHIND_S = 20,    /* after that long a reader that takes nothing is cut */
	HTTP_STREAM_ALIVE_S = 15,     /* a comment line, so that a reader that left is noticed */
};

/* What becomes of a request's body. */
enum http_body {
	HTTP_BODY_KEEP,	  /* kept in memory, `ready` when complete */
	HTTP_BODY_STREAM, /* `piece` by piece, then `ready` */
	HTTP_BODY_REFUSE, /* http_reply was called: nothing more is read */
};

struct http_handlers {
	void *context;
	enum http_body (*begin)(void *context, struct http_request *request);
	/* false: enough; http_reply was called and the rest is thrown away. */
	bool (*piece)(
		void *context, struct http_request *request, const char *bytes, size_t length);
	/* The request is complete: http_reply or http_stream_begin now or later. */
	void (*ready)(void *context, struct http_request *request);
	/* The reader of an event stream has taken everything. */
	void (*drained)(void *context, struct http_request *request);
	/* The request is over, answered or not: the last call for it. */
	void (*gone)(void *context, struct http_request *request);
};

struct http_counters {
	int64_t requests, connections; /* now */
	int64_t connections_refused, heads_too_large, heads_too_slow, heads_bad, bodies_too_large,
		bodies_too_slow, idle_closed, streams_cut, answers_refused;
};

/* The listening socket at `path`: handed over by systemd (LISTEN_FDS), else made here with mode
 * 0660; a stale one is replaced, a live one refused with -EADDRINUSE.  The descriptor or a negative
 * errno. */
int http_listen(const char *path, struct error *error);

/* Takes the descriptor over.  NULL: *error says why. */
struct http *http_create(struct event_base *base, int listen_fd,
	const struct http_handlers *handlers, struct error *error);
/* Ends all connections. Takes NULL. */
void http_destroy(struct http *http);

struct http_settings {
	int64_t connections_per_user;	     /* more of one user are hung up on */
	const char (*hosts)[NAME_MAX_BYTES]; /* borrowed; see http_host.h */
	size_t host_count;
};
void http_configure(struct http *http, const struct http_settings *settings);
const struct http_counters *http_counters(const struct http *http);

const char *http_method(const struct http_request *request);
const char *http_path(const struct http_request *request); /* decoded, without the query */
const char *http_query(const struct http_request *request, const char *name); /* NULL: not there */
const char *http_header(const struct http_request *request, const char *name);
/* Announced length of the body; negative: not announced. */
int64_t http_content_length(const struct http_request *request);
/* NUL-terminated; *length without the NUL. Of a kept body, in `ready`. */
const char *http_body(const struct http_request *request, size_t *length);
uid_t http_user(const struct http_request *request); /* as the kernel says; (uid_t)-1: unknown */
/* In `begin`: that `ready` may cost milliseconds.  It then waits while others like it have had
 * HTTP_TURN_MS of a turn of the loop; requests that cost little never do. */
void http_set_costly(struct http_request *request);
/* Whatever the caller hangs on it; NULL at first. */
void *http_data(const struct http_request *request);
void http_set_data(struct http_request *request, void *data);

/* Answers, once.  `body` is malloc'ed and taken over, may be NULL with length 0.  `type` and `etag`
 * are copied; etag NULL: none. */
void http_reply(struct http_request *request, int status, const char *type, char *body,
	size_t length, const char *etag);

/* Answers 200 with the contents of a file; the descriptor is taken over. */
void http_reply_file(struct http_request *request, const char *type, int fd, int64_t length);

/* Answers with an event stream that stays open. */
void http_stream_begin(struct http_request *request);
/* Bytes waiting to be taken by the reader. */
size_t http_stream_backlog(const struct http_request *request);
/* false: the reader has fallen behind and is being cut. */
bool http_stream_write(struct http_request *request, const char *bytes, size_t length);

#endif
