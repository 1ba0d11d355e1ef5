/* Readiness and watchdog for systemd: one datagram each, sent without libsystemd, which costs every
 * process some 190 kB.  Does nothing when not started by systemd. */
#ifndef DAEMON_STREAM_NOTIFY_H
#define DAEMON_STREAM_NOTIFY_H

#include <stdint.h>

/* Takes NOTIFY_SOCKET and WATCHDOG_USEC out of the environment. */
void notify_init(void);

/* "READY=1", "STOPPING=1", "WATCHDOG=1", "STATUS=…" (see sd_notify(3)). Never blocks. */
void notify_send(const char *text);

/* How often WATCHDOG=1 is due; 0: never. */
int64_t notify_watchdog_interval_us(void);

#endif
