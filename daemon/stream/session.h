/* One printer: its port, its driver, the print that runs on it, and the supervision of its heaters.
 *
 * The session performs the driver's effects and is the only writer of the port.  It knows a port
 * and a file, never an order.  It owns no event loop: whoever owns it (the streamer, a test) says
 * when the port is readable or writable and when time has come, and asks what to wait for. */
#ifndef DAEMON_STREAM_SESSION_H
#define DAEMON_STREAM_SESSION_H

#include "base/error.h"
#include "daemon/stream/port.h"
#include "daemon/stream/progress.h"
#include "daemon/wire/wire.h"
#include "drivers/driver.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h> /* ssize_t, off_t */

struct session;

/* News for the owner.  Not called from within session_create and session_destroy; the owner must
 * not destroy the session from within. */
struct session_events {
	/* The port is open: wait for it to be readable.  fd -1: nothing to wait for. */
	void (*port_opened)(void *context, struct session *session, int fd);
	/* About to be closed: stop waiting for it. */
	void (*port_closing)(void *context, struct session *session);
	/* The same for the side channel: call session_on_side_readable.  May be NULL. */
	void (*side_opened)(void *context, struct session *session, int fd);
	void (*side_closing)(void *context, struct session *session);
	/* What session_describe says has changed in a way that people want to know at once. */
	void (*changed)(void *context, struct session *session);
	/* An attempt has ended, see session_next_ended. */
	void (*ended)(void *context, struct session *session);
	/* A line for the printer's log: escaped printable ASCII. */
	void (*said)(void *context, struct session *session, const char *text);
	/* Cut the printer's power by this program.  May be NULL. */
	void (*power_off)(void *context, struct session *session, const char *program);
	/* Called on a reading thread: call session_on_prepared from the loop. */
	void (*prepared)(void *context);
};

struct session_setup {
	const char *name;
	const char *state_directory;
	struct driver_effects *effects; /* borrowed for life; may be shared by all of a process */
	const struct session_events *events; /* borrowed for life */
	void *context;
	uint64_t seed;
	/* NULL: by the settings' name. For tests. */
	const struct driver_dialect *dialect;
	/* NULL: chosen by what the path is. For tests. */
	const struct port_operations *port_operations;
	/* NULL: pread(2). For tests. */
	ssize_t (*read_at)(int fd, void *bytes, size_t size, off_t offset);
};

/* Reads the progress page: an attempt that was running when the last streamer died becomes suspect
 * here.  NULL: *error says why. */
struct session *session_create(
	const struct session_setup *setup, int64_t now_us, struct error *error);
/* Closes the port at once; nothing is sent to it. */
void session_destroy(struct session *session);

/* Other settings: taken at once when nothing prints, else when the print has ended. */
void session_configure(
	struct session *session, const struct wire_settings *settings, int64_t now_us);

/* Requests.  0, or a negative errno value and a sentence.  `attempt` empty: whichever runs. */

/* Safe to repeat: the same attempt is never printed twice. */
int session_start(struct session *session, const char *attempt, const struct wire_start *start,
	int64_t now_us, struct error *error);
int session_pause(
	struct session *session, const char *attempt, int64_t now_us, struct error *error);
int session_resume(
	struct session *session, const char *attempt, int64_t now_us, struct error *error);
int session_cancel(
	struct session *session, const char *attempt, int64_t now_us, struct error *error);
int session_manual(struct session *session, const char *text, int64_t now_us, struct error *error);
/* Tries the port again now, and takes the lock off: a person has dealt with the fault.  `reset`:
 * the board is reset by its DTR line first, whatever the settings say; -EBUSY while it prints. */
int session_connect(struct session *session, bool reset, int64_t now_us, struct error *error);
/* 0 also when the port is closed: then *error says that nothing could be sent. */
int session_estop(struct session *session, int64_t now_us, struct error *error);
/* Ends a print in a stated way (parks, cools) because the streamer must end. */
void session_stop(struct session *session, const char *reason, int64_t now_us);
void session_booked(struct session *session, const char *attempt);
/* The page of the flight recorder behind recording->next, which moves on. */
void session_recording(const struct session *session, struct wire_recording *recording);

/* The machine slept: nobody knows what a print has done meanwhile. */
void session_on_slept(struct session *session, int64_t slept_us, int64_t now_us);

/* What happened. */
void session_on_readable(struct session *session, int64_t now_us);
void session_on_side_readable(struct session *session, int64_t now_us);
void session_on_writable(struct session *session, int64_t now_us);
void session_on_wake(struct session *session, int64_t now_us);
void session_on_prepared(struct session *session, int64_t now_us);

/* What to wait for. INT64_MAX: nothing. */
int64_t session_wake_us(const struct session *session);
bool session_wants_write(const struct session *session);

const char *session_name(const struct session *session);
const struct wire_settings *session_settings(const struct session *session);
/* A print runs, or heaters that we switched on are being switched off. */
bool session_is_busy(const struct session *session);
void session_describe(
	const struct session *session, int64_t now_us, struct wire_printer_state *state);
/* The ends that control has not booked, from *index on; NULL: no more. */
const struct progress_ended *session_next_ended(
	const struct session *session, int64_t now_us, int *index);

#endif
