/* PATH.stop: emergency stop without control.  A line "estop" or "estop NAME" gets one line back,
 * "ok ..." or "error ...".  Nothing else is understood, and its clients are served before anybody
 * else in the loop. */
#ifndef DAEMON_STREAM_STOP_SOCKET_H
#define DAEMON_STREAM_STOP_SOCKET_H

#include "base/error.h"

#include <stddef.h>

enum {
	STOP_CLIENTS_MAX = 16,
	STOP_LINE_MAX = 128,
	STOP_ANSWER_MAX = 512,
	STOP_CLIENT_S = 10, /* a client that says nothing for so long is cut off */
};

struct event_base;
struct stop_socket;

struct stop_events {
	/* Stops `printer` (empty: all) and writes the answer, "ok ..." or "error ...". */
	void (*estop)(void *context, const char *printer, char *answer, size_t size);
	void *context;
};

struct stop_socket *stop_socket_create(struct event_base *base, const char *path,
	const struct stop_events *events, struct error *error);
void stop_socket_destroy(struct stop_socket *stop);

#endif
