/* Server-sent events: what happened on the farm, to everybody who listens.
 *
 * The last EVENTS_RING of them are kept in memory; who resumes from further back is fed from the
 * ledger, as fast as it reads and no faster, so that a slow reader costs nothing but its own wait.
 */
#ifndef CONTROL_EVENTS_H
#define CONTROL_EVENTS_H

#include "daemon/control/records.h"

struct event_base;
struct events;
struct farm;
struct http_request;
struct ledger;

enum {
	EVENTS_RING = 256,
	EVENTS_LISTENERS_MAX = 64,
	EVENTS_PROGRESS_MS = 500,	  /* no printer's progress is told more often */
	EVENTS_BACKLOG_BYTES = 32 * 1024, /* a listener that has not taken that much gets no more
					     yet */
};

/* Everything is borrowed.  NULL without memory. */
struct events *events_create(
	struct event_base *base, const struct farm *farm, struct ledger *ledger);
void events_destroy(struct events *events);

/* A durable event. */
void events_happened(struct events *events, const struct event_record *event);
/* A printer's progress or readings changed. */
void events_reported(struct events *events, const char *printer);

/* The request becomes a listener, from the first event after `since`.  -EBUSY: too many. */
int events_listen(struct events *events, struct http_request *request, int64_t since);
/* It has taken what it was given. */
void events_drained(struct events *events, struct http_request *request);
/* It is gone; other requests are no harm. */
void events_gone(struct events *events, struct http_request *request);

#endif
