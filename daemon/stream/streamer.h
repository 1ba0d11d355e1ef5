/* The streamer: the loop's end of any number of sessions.  It waits for their ports and times,
 * passes control's requests on, and reports at a bounded rate. */
#ifndef DAEMON_STREAM_STREAMER_H
#define DAEMON_STREAM_STREAMER_H

#include "base/error.h"
#include "daemon/stream/session.h"
#include "daemon/wire/wire.h"

#include <stdbool.h>

enum {
	STREAMER_PRINTERS_MAX = 256,
	STREAMER_REPORT_US = 200000,	      /* no two reports of a printer closer than this */
	STREAMER_REPORT_PRINTING_US = 500000, /* and not later than this while it prints */
	STREAMER_REPORT_IDLE_US = 2000000,
	STREAMER_STOP_US = 80000000, /* to park and cool; systemd's patience is 90 s */
};

struct event_base;
struct streamer;

struct streamer_setup {
	const char *socket_path;
	const char *state_directory; /* is locked by the caller */
	const char *only_printer;    /* NULL: any */
};

/* Listens, and starts the printers that the state directory knows. */
struct streamer *streamer_create(
	struct event_base *base, const struct streamer_setup *setup, struct error *error);
void streamer_destroy(struct streamer *streamer);

/* Ends the loop: at once when nothing prints, else prints are parked and cooled first. */
void streamer_stop(struct streamer *streamer, const char *reason);

/* For requests.c: what control and the stop socket ask for. */

/* NULL: not here. */
struct session *streamer_find(struct streamer *streamer, const char *printer);
size_t streamer_count(const struct streamer *streamer);
struct session *streamer_session(struct streamer *streamer, size_t index);
int streamer_set_printer(struct streamer *streamer, const char *printer,
	const struct wire_settings *settings, int64_t now_us, struct error *error);
int streamer_remove_printer(struct streamer *streamer, const char *printer, struct error *error);
/* Refuses new prints and ends the loop when nothing prints any more. */
void streamer_drain(struct streamer *streamer);
bool streamer_is_draining(const struct streamer *streamer);

#endif
