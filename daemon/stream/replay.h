/* The sender's side of a recorded conversation: feeds a driver what a printer said and looks at
 * what it makes of it and whether it sends what was sent then.
 *
 * A recording of our own flight recorder says with which settings it was made and what the driver
 * was asked to do ("do ..." remarks): there, everything the driver sends must be as recorded.  Any
 * other recording was made by another host: what that host sent is offered to the driver as a
 * print, and where the driver says what the other host never said (its handshake, its barriers), a
 * stand-in answers as a printer would.  Line numbers and nonces are translated. */
#ifndef DAEMON_STREAM_REPLAY_H
#define DAEMON_STREAM_REPLAY_H

#include "base/error.h"
#include "drivers/driver.h"

#include <stdbool.h>
#include <stdio.h>

enum { REPLAY_FAULTS_MAX = 16 };

struct replay_report {
	const struct driver_dialect *dialect;
	bool own; /* recorded by us */
	int rows;
	int same;      /* lines sent as recorded */
	int own_lines; /* lines that the recorded host did not send */
	int asked;     /* of ours, while no driver had the port: which firmware is it? */
	int skipped;   /* rows that cannot be replayed: an adopted print, before a gap */
	int unsent;    /* lines of the recorded host that the driver did not send */
	struct driver_identity identity;
	struct driver_heaters heaters;
	struct driver_counters counters;
	int attentions, fault_count;
	enum driver_fault fault[REPLAY_FAULTS_MAX]; /* the first ones */
	enum driver_state state;		    /* at the end */
};

/* `dialect` NULL: by what the recording says.  `out` NULL: silent; else what the driver made of it,
 * and the first differences.  Returns 0 or a negative errno and *error. */
int replay_file(const char *path, const char *dialect, FILE *out, struct replay_report *report,
	struct error *error);

/* printfarm-stream --replay: the exit status. */
int replay_main(const char *path, const char *dialect);

#endif
