/* The connection to one streamer: a Unix socket, frames of daemon/wire both ways, reconnecting for
 * ever.  It knows which printers the streamer serves and gives it their settings; what the messages
 * mean is the farm's affair. */
#ifndef CONTROL_STREAMER_LINK_H
#define CONTROL_STREAMER_LINK_H

#include "daemon/wire/wire.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct event_base;
struct streamer_link;

struct streamer_link_handlers {
	void *context;
	/* The streamer took the printer's settings and has told of every attempt it remembers.
	 * `alive_since_s`: wall-clock start of its process, 0: not known. */
	void (*attached)(void *context, const char *printer, int64_t alive_since_s);
	void (*detached)(void *context, const char *printer, const char *why);
	void (*message)(void *context, const struct wire_message *message);
	/* false: no such printer (any more). */
	bool (*settings)(void *context, const char *printer, struct wire_settings *settings);
	/* Nobody answers on the socket of this streamer. */
	void (*absent)(void *context, const char *streamer);
};

struct streamer_link_counters {
	int64_t connects, lost, bad_frames, backlog_full;
};

/* Begins to connect at once.  NULL without memory. */
struct streamer_link *streamer_link_create(struct event_base *base, const char *streamer,
	const char *socket_path, const struct streamer_link_handlers *handlers,
	struct streamer_link_counters *counters);
/* Tells nobody. Takes NULL. */
void streamer_link_destroy(struct streamer_link *link);

const char *streamer_link_streamer(const struct streamer_link *link);

/* The printer is served from now on, or its settings have changed.  false: without memory. */
bool streamer_link_set_printer(struct streamer_link *link, const char *printer);
/* Asks the streamer to let go of it, which it refuses while it cools the printer or has an end that
 * is not booked: ask again until the link does not serve it any more. */
void streamer_link_remove_printer(struct streamer_link *link, const char *printer);
bool streamer_link_serves(const struct streamer_link *link, const char *printer);
bool streamer_link_is_empty(const struct streamer_link *link);
size_t streamer_link_printer_count(const struct streamer_link *link);
const char *streamer_link_printer(const struct streamer_link *link, size_t index);
/* Asks the streamer to end as soon as nothing prints. */
void streamer_link_shut_down(struct streamer_link *link);

/* false: not connected, or the streamer does not read; nothing will arrive. */
bool streamer_link_send(struct streamer_link *link, const struct wire_message *message);

#endif
