#include "daemon/stream/loop_watch.h"

void loop_watch_tick(struct loop_watch *watch, int64_t monotonic_us, int64_t boot_us,
	int64_t *stalled_us, int64_t *slept_us)
{
	int64_t ahead_us = boot_us - monotonic_us;

	*stalled_us = *slept_us = 0;
	if (watch->ticked_us != 0) {
		int64_t late_us = monotonic_us - watch->ticked_us - LOOP_WATCH_TICK_US;

		if (ahead_us - watch->ahead_us >= LOOP_WATCH_SLEPT_US)
			*slept_us = ahead_us - watch->ahead_us;
		if (late_us > LOOP_WATCH_STALL_US) {
			*stalled_us = late_us;
			watch->stalls++;
			if (late_us > watch->longest_us)
				watch->longest_us = late_us;
		}
	}
	watch->ticked_us = monotonic_us;
	watch->ahead_us = ahead_us;
}
