/* The connection to control: frames in, frames out, nothing known about their meaning.
 *
 * One control at a time.  A client becomes it by a HELLO of our version; the one before is cut off,
 * since it is dead or about to be.  What waits for a control that does not read is bounded: reports
 * are dropped first, and a control that leaves even answers unread is cut off (it will ask again
 * after its next HELLO). */
#ifndef DAEMON_STREAM_LINK_H
#define DAEMON_STREAM_LINK_H

#include "base/error.h"
#include "daemon/wire/wire.h"

#include <stdbool.h>

enum {
	LINK_CLIENTS_MAX = 4,	   /* connections that have not said HELLO yet, and control */
	LINK_DROP_BYTES = 65536,   /* above this reports are dropped */
	LINK_QUEUE_BYTES = 262144, /* above this control is cut off */
	LINK_HELLO_S = 5,
};

struct event_base;
struct link;

struct link_events {
	/* Control is there (again) and knows nothing. */
	void (*attached)(void *context);
	void (*message)(void *context, const struct wire_message *message);
	void *context;
};

struct link *link_create(struct event_base *base, const char *path,
	const struct link_events *events, struct error *error);
void link_destroy(struct link *link);

bool link_is_attached(const struct link *link);

/* False: nobody there, or dropped. `droppable`: a report that the next one will replace. */
bool link_send(struct link *link, const struct wire_message *message, bool droppable);

#endif
