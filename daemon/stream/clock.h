/* The one clock of the streamer: monotonic, in microseconds.  Wall time is for people and other
 * programs; nothing here depends on it. */
#ifndef DAEMON_STREAM_CLOCK_H
#define DAEMON_STREAM_CLOCK_H

#include <stdint.h>

#define CLOCK_SECOND_US INT64_C(1000000)

int64_t clock_now_us(void);
/* The same, but it runs while the machine sleeps. */
int64_t clock_boot_us(void);

#endif
