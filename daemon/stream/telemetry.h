/* How well a print flows: lines and bytes under way, how fast they are answered, and for how long
 * the printer's planner must have been empty although there were lines for it.
 *
 * The planner is believed: each move is given the time that its length and feed rate take, and an
 * acknowledgement says that the move is in the planner.  As firmware holds an acknowledgement back
 * while its planner is full, the belief is corrected at every one: no more than a planner full of
 * moves can lie ahead, and no less where it was held back.  (Moves take longer than their length
 * and feed rate say: acceleration.)  Pure: time is told. */
#ifndef DAEMON_STREAM_TELEMETRY_H
#define DAEMON_STREAM_TELEMETRY_H

#include "daemon/stream/move_time.h"
#include "daemon/wire/wire.h"
#include "drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	TELEMETRY_FLIGHT_MAX = 128, /* commands offered and not acknowledged */
	TELEMETRY_BLOCKS = 16,	    /* of a planner that does not tell its size (Marlin) */
	TELEMETRY_BLOCKS_MAX = 64,
	TELEMETRY_OVERHEAD_BYTES = 12, /* number, checksum and line end of a line */
	TELEMETRY_GAP_US = 2000, /* what is less than this is the inexactness of our own clock */
};

struct telemetry_command {
	int64_t offered_us;
	int32_t duration_us; /* 0: does not go through the planner */
	uint8_t bytes;
	bool is_long; /* the printer waits for its end before it reads on */
};

struct telemetry {
	struct wire_telemetry numbers;
	struct telemetry_command flight[TELEMETRY_FLIGHT_MAX];
	int64_t first, next;  /* command indices */
	int64_t flight_bytes; /* of the commands between them */
	int64_t planner_end_us;
	int64_t planned_us;  /* the planner holds so much, however many moves; 0: blocks count */
	int64_t answered_us; /* the latest answer */
	int64_t quickest_us; /* from when the printer could turn to a line until its answer */
	bool primed;	     /* the planner had moves, and nothing stopped them on purpose */
	int32_t block_us[TELEMETRY_BLOCKS_MAX]; /* of the latest moves, a ring */
	int64_t blocks_us;
	int block_next, block_count;
	/* Why lines do not flow: since when, per reason; 0: not. */
	int64_t since_us[WIRE_STALLS];
	int64_t reason_us[WIRE_STALLS]; /* in the present gap */
	int64_t rate_since_us, rate_count;
};

void telemetry_begin(struct telemetry *telemetry, int64_t now_us);

/* A planner that goes by time (driver_dialect.planned_us). */
void telemetry_plans_by_time(struct telemetry *telemetry, int64_t planned_us);

/* The next command of the file was given to the driver. */
void telemetry_offered(
	struct telemetry *telemetry, const struct move_time *time, size_t length, int64_t now_us);
/* Commands up to and including index were answered; what is said twice counts once. */
void telemetry_acknowledged(struct telemetry *telemetry, int64_t index, int64_t now_us);

/* Something holds lines up, or does not any more.  Saying it twice does no harm. */
void telemetry_stall(
	struct telemetry *telemetry, enum wire_stall stall, bool stalled, int64_t now_us);
/* A print that was taken over: the next command is the index-th. */
void telemetry_goes_on(struct telemetry *telemetry, int64_t index);
/* The flow is interrupted on purpose: a pause, the end. */
void telemetry_interrupt(struct telemetry *telemetry);

/* The driver's counters, now and at the start of the print. */
void telemetry_counters(struct telemetry *telemetry, const struct driver_counters *counters,
	const struct driver_counters *before);

void telemetry_read(
	const struct telemetry *telemetry, int64_t now_us, struct wire_telemetry *numbers);

#endif
