#include "daemon/control/events.h"

#include "daemon/control/farm.h"
#include "daemon/control/http.h"
#include "daemon/control/json_out.h"
#include "daemon/control/ledger.h"

#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { REPLAY_EVENTS = 64 }; /* read from the ledger at a time */

struct listener {
	struct http_request *request; /* borrowed; NULL: free */
	int64_t last_id;	      /* it has been given everything up to here */
};

struct events {
	const struct farm *farm;
	struct ledger *ledger;
	struct event *progress_due;
	bool progress_armed;
	struct listener listener[EVENTS_LISTENERS_MAX];
	size_t count;			       /* of the ring */
	struct event_record ring[EVENTS_RING]; /* the oldest at `first` */
	size_t first;
	int64_t last_id;
	size_t reported_count;
	char reported[CONFIG_PRINTERS_MAX][NAME_MAX_BYTES];
};

static void write_event(struct listener *listener, const struct event_record *event)
{
	json_t *object = json_out_event(event);
	char *data = json_dumps(object, JSON_COMPACT), *text = NULL;
	json_decref(object);
	int length = data ? asprintf(&text, "id: %lld\nevent: %s\ndata: %s\n\n",
				    (long long)event->id, event->kind, data)
			  : -1;
	free(data);
	listener->last_id = event->id;
	if (length > 0)
		http_stream_write(listener->request, text, (size_t)length);
	if (length >= 0)
		free(text);
}

static void write_from_ledger(void *context, const struct event_record *event)
{
	write_event(context, event);
}

static const struct event_record *ring_at(const struct events *events, size_t index)
{
	return &events->ring[(events->first + index) % EVENTS_RING];
}

/* The first event of the ring that the listener lacks; events->count: none. */
static size_t next_in_ring(const struct events *events, const struct listener *listener)
{
	size_t i = 0;
	while (i < events->count && ring_at(events, i)->id <= listener->last_id)
		i++;
	return i;
}

/* Gives the listener what it lacks, up to its backlog. */
static void feed(struct events *events, struct listener *listener)
{
	while (listener->last_id < events->last_id &&
		http_stream_backlog(listener->request) < EVENTS_BACKLOG_BYTES) {
		size_t next = next_in_ring(events, listener);
		int64_t before = listener->last_id;
		bool in_ring = next < events->count &&
			       (next > 0 || ring_at(events, next)->id == before + 1);
		if (!in_ring)
			ledger_each_event(
				events->ledger, before, REPLAY_EVENTS, write_from_ledger, listener);
		if (listener->last_id > before)
			continue;
		if (next == events->count)
			listener->last_id = events->last_id;
		else
			write_event(listener, ring_at(events, next));
	}
}

void events_happened(struct events *events, const struct event_record *event)
{
	size_t at = (events->first + events->count) % EVENTS_RING;
	events->ring[at] = *event;
	if (events->count < EVENTS_RING)
		events->count++;
	else
		events->first = (events->first + 1) % EVENTS_RING;
	events->last_id = event->id;
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++)
		if (events->listener[i].request)
			feed(events, &events->listener[i]);
}

/* ---- progress ---- */

static bool somebody_listens(const struct events *events)
{
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++)
		if (events->listener[i].request)
			return true;
	return false;
}

static void write_progress(struct events *events, const char *printer)
{
	struct farm_printer_view view;
	if (!farm_printer_by_name(events->farm, printer, &view))
		return;
	json_t *object = json_out_progress(&view);
	char *data = json_dumps(object, JSON_COMPACT | JSON_REAL_PRECISION(10)), *text = NULL;
	json_decref(object);
	int length = data ? asprintf(&text, "event: progress\ndata: %s\n\n", data) : -1;
	free(data);
	/* What is not taken at once is out of date soon: not for a listener that is behind. */
	for (size_t i = 0; length > 0 && i < EVENTS_LISTENERS_MAX; i++)
		if (events->listener[i].request &&
			http_stream_backlog(events->listener[i].request) < EVENTS_BACKLOG_BYTES)
			http_stream_write(events->listener[i].request, text, (size_t)length);
	if (length >= 0)
		free(text);
}

static void on_progress_due(evutil_socket_t fd, short what, void *context)
{
	struct events *events = context;
	(void)fd;
	(void)what;
	events->progress_armed = false;
	for (size_t i = 0; i < events->reported_count; i++)
		write_progress(events, events->reported[i]);
	events->reported_count = 0;
}

void events_reported(struct events *events, const char *printer)
{
	if (!somebody_listens(events))
		return;
	for (size_t i = 0; i < events->reported_count; i++)
		if (strcmp(events->reported[i], printer) == 0)
			return;
	if (events->reported_count == CONFIG_PRINTERS_MAX)
		return;
	snprintf(events->reported[events->reported_count++], NAME_MAX_BYTES, "%s", printer);
	if (events->progress_armed)
		return;
	struct timeval wait = { 0, EVENTS_PROGRESS_MS * 1000 };
	events->progress_armed = event_add(events->progress_due, &wait) == 0;
}

/* ---- listeners ---- */

int events_listen(struct events *events, struct http_request *request, int64_t since)
{
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++) {
		struct listener *listener = &events->listener[i];
		if (listener->request)
			continue;
		listener->request = request;
		listener->last_id = since >= 0 && since < events->last_id ? since : events->last_id;
		http_stream_begin(request);
		/* At once something, so that a client knows that it is connected. */
		http_stream_write(request, ": printfarm\n\n", 13);
		feed(events, listener);
		return 0;
	}
	return -EBUSY;
}

void events_drained(struct events *events, struct http_request *request)
{
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++)
		if (events->listener[i].request == request)
			feed(events, &events->listener[i]);
}

void events_gone(struct events *events, struct http_request *request)
{
	for (size_t i = 0; i < EVENTS_LISTENERS_MAX; i++)
		if (events->listener[i].request == request)
			events->listener[i].request = NULL;
}

/* ---- life ---- */

struct events *events_create(
	struct event_base *base, const struct farm *farm, struct ledger *ledger)
{
	struct events *events = calloc(1, sizeof(*events));
	if (!events)
		return NULL;
	events->farm = farm;
	events->ledger = ledger;
	events->progress_due = evtimer_new(base, on_progress_due, events);
	events->last_id = farm_last_event_id(farm);
	if (events->progress_due)
		return events;
	free(events);
	return NULL;
}

void events_destroy(struct events *events)
{
	if (!events)
		return;
	event_free(events->progress_due);
	free(events);
}
