/* Does the loop keep time?  A tick that comes late says that something stood still: a callback, or
 * the whole machine; a boot clock that ran ahead of the monotonic one says that the machine slept.
 */
#ifndef DAEMON_STREAM_LOOP_WATCH_H
#define DAEMON_STREAM_LOOP_WATCH_H

#include <stdint.h>

enum {
	LOOP_WATCH_TICK_US = 500000,
	LOOP_WATCH_STALL_US = 200000,  /* late by more than this: counted and told */
	LOOP_WATCH_SLEPT_US = 1000000, /* less is the clocks' own inexactness */
};

struct loop_watch {
	int64_t ticked_us; /* 0: not yet */
	int64_t ahead_us;  /* of the boot clock */
	int64_t stalls, longest_us;
};

/* *stalled_us: how late the tick was, *slept_us: how long the machine slept since the last one; 0:
 * not. */
void loop_watch_tick(struct loop_watch *watch, int64_t monotonic_us, int64_t boot_us,
	int64_t *stalled_us, int64_t *slept_us);

#endif
