/* What http.c and http_connections.c share. */
#ifndef CONTROL_HTTP_INTERNAL_H
#define CONTROL_HTTP_INTERNAL_H

#include "daemon/control/http.h"

#include <event2/util.h> /* evutil_socket_t */
#include <microhttpd.h>

/* What a connection is waiting for from its client. */
enum http_waiting { WAIT_NOTHING, WAIT_REQUEST, WAIT_HEAD, WAIT_BODY };

struct http_connection {
	struct MHD_Connection *handle; /* borrowed */
	int fd;			       /* borrowed; -1: closed by us */
	uid_t uid;
	enum http_waiting waiting;
	int requests;	    /* that have begun */
	int64_t since_s;    /* monotonic: since when it is waited for */
	int64_t body_bytes; /* in this window */
	struct http_connection *next, **previous;
};

struct http_request {
	struct http *http;
	struct http_connection *connection;
	struct MHD_Connection *handle;
	const char *method, *path; /* borrowed from the library while the request lives */
	bool begun, complete, inside, suspended, answered, swallow;
	bool costly;
	bool deferred;	/* complete, and its handler has not been called yet */
	int bad_target; /* status for a target that is refused; 0: none */
	int64_t swallowed_bytes;
	size_t answer_bytes; /* that http holds for it */
	enum http_body mode;
	char *body;
	size_t body_length, body_room;
	int status;
	struct MHD_Response *response; /* owned until queued */
	struct evbuffer *stream;       /* of an event stream; owned */
	bool cut;
	int64_t spoken_s;  /* when something was last written to the stream */
	int64_t drained_s; /* when the library had last taken all of it */
	void *data;
	struct http_request *next, **previous; /* in http's list */
};

struct http {
	struct MHD_Daemon *daemon;
	struct event *readable, *due, *later, *sweep;
	int64_t turn_began_ms;
	int64_t swept_s;
	struct http_handlers handlers;
	struct http_counters counters;
	struct http_connection *connections;
	struct http_request *requests;
	bool sweeping;
	size_t answer_bytes;
	struct http_settings settings;
};

int64_t http_monotonic_ms(void);
int64_t http_monotonic_s(void);
/* The library is to look at its connections, soon but not inside its own call-backs. */
void http_kick(struct http *http);
/* Nothing more is written to it, and its client is sent away. */
void http_stream_cut(struct http_request *request);

/* The library's call-back for connections that begin and end. */
void http_connection_notify(void *context, struct MHD_Connection *handle, void **socket_context,
	enum MHD_ConnectionNotificationCode what);
struct http_connection *http_connection_of(struct MHD_Connection *handle);
void http_connection_wait_for(struct http_connection *connection, enum http_waiting waiting);
/* The library sees the end of the connection and closes it. */
void http_connection_hang_up(struct http_connection *connection);
/* Every SWEEP_S while there are connections. */
void http_connections_sweep(evutil_socket_t fd, short what, void *context);

#endif
