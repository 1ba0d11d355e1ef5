/* A Unix socket in the loop: accepts clients, and rests for a moment when the process has no
 * descriptors left instead of spinning on a socket that stays readable. */
#ifndef DAEMON_STREAM_LISTENER_H
#define DAEMON_STREAM_LISTENER_H

#include "base/error.h"

struct event;
struct event_base;

struct listener {
	int fd;
	struct event *readable, *rest;
	void (*on_client)(void *context, int fd); /* owns fd */
	void *context;
};

/* `priority` as of event_priority_set: 0 is served first. */
int listener_init(struct listener *listener, struct event_base *base, const char *path,
	const char *group, int priority, struct error *error);
/* Leaves the socket file: whoever replaces it may have it already. */
void listener_finish(struct listener *listener);

#endif
