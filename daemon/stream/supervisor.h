/* Heater supervision, apart from streaming: does what the printer says about its heaters make
 * sense, and does it say anything at all?
 *
 * Pure: readings and times in, a verdict out.  Firmware has its own protections; these limits are
 * always looser than Marlin's (WATCH_TEMP 2 degrees in 20 to 60 s, hysteresis 2 to 4, MAXTEMP), so
 * that a healthy printer never meets them and a firmware that sees the fault itself is first.  They
 * are for the board that hangs with its heaters on, and for the one built without protection.
 *
 * The verdict is the same whether we heated or a person at the panel did; whoever asks decides that
 * a printer in use by hand gets the alarm only. */
#ifndef DAEMON_STREAM_SUPERVISOR_H
#define DAEMON_STREAM_SUPERVISOR_H

#include "drivers/driver.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	SUPERVISOR_TEXT_MAX = 160,
	SUPERVISOR_SILENCE_US = 10000000, /* no byte at all while hot */
	/* Bytes, but no reading, while hot.  Where a reading waits for its turn behind slow moves
	 * it may take a while. */
	SUPERVISOR_STALE_US = 90000000,
	SUPERVISOR_LONG_US = 900000000, /* the same while a long command runs: G29 on a firmware
					   without automatic reports */
	SUPERVISOR_OVER_US = 10000000,	/* above the target for so long */
	SUPERVISOR_HOTEND_RISE_US = 40000000,
	SUPERVISOR_BED_RISE_US = 60000000,
	SUPERVISOR_GONE_US = 60000000, /* of a heater that is in no report any more */
};
#define SUPERVISOR_HOT_CELSIUS	    60.0 /* at or above: hot, whatever the target */
#define SUPERVISOR_OVER_CELSIUS	    15.0
#define SUPERVISOR_OVER_MAX_CELSIUS 10.0 /* above the profile's maximum: room for overshoot */
#define SUPERVISOR_RISE_CELSIUS	    2.0
#define SUPERVISOR_NEAR_CELSIUS	    10.0 /* closer to the target than this nothing need rise */
#define SUPERVISOR_REACHED_CELSIUS  5.0

enum supervisor_verdict {
	SUPERVISOR_FINE,
	SUPERVISOR_OVER_MAX,
	SUPERVISOR_OVER_TARGET,
	SUPERVISOR_NO_RISE,
	SUPERVISOR_SILENT,
	SUPERVISOR_STALE,
};

/* What is remembered of one heater. */
struct supervisor_heater {
	char name[4];
	double celsius, target_celsius;
	int64_t seen_us;
	double lowest_celsius; /* since the target changed */
	bool reached;	       /* since the target changed */
	int over_max;	       /* readings in a row */
	int64_t over_since_us; /* 0: not over its target */
	int64_t rise_since_us; /* 0: not heating up */
	double rise_from_celsius;
};

struct supervisor {
	double hotend_max_celsius, bed_max_celsius; /* 0: unknown */
	int64_t heard_us;			    /* last byte; 0: none yet */
	int64_t reading_us;			    /* last reading; 0: none yet */
	bool long_command;			    /* at the last check */
	size_t count;
	struct supervisor_heater heater[DRIVER_HEATERS_MAX];
	enum supervisor_verdict verdict; /* the first one that was not fine */
	char text[SUPERVISOR_TEXT_MAX];	 /* its words */
};

/* Also when the port opens again: what was known of a printer behind a closed port is void. */
void supervisor_init(
	struct supervisor *supervisor, double hotend_max_celsius, double bed_max_celsius);

/* A byte came in. */
void supervisor_heard(struct supervisor *supervisor, int64_t now_us);

/* A reading came in, taken now.  Gives the verdict; it stays until supervisor_init.  A heater that
 * is in none for SUPERVISOR_GONE_US is forgotten; a reading of one heater is a part of a report (a
 * wait for its heat), and does not tell that others are gone. */
enum supervisor_verdict supervisor_reading(
	struct supervisor *supervisor, int64_t now_us, const struct driver_heaters *heaters);

/* Time has passed.  `long_command`: the latest line sent may take minutes. */
enum supervisor_verdict supervisor_check(
	struct supervisor *supervisor, int64_t now_us, bool long_command);

/* When supervisor_check is next due; INT64_MAX: nothing is hot. */
int64_t supervisor_due_us(const struct supervisor *supervisor);

/* Is a heater on, or hot, by the last reading? */
bool supervisor_is_hot(const struct supervisor *supervisor);
/* Is any target above 0, by the last reading? */
bool supervisor_is_heating(const struct supervisor *supervisor);

#endif
