/* Cutting a printer's power from outside: the last rung of an emergency stop.
 *
 * A program of the configuration is started, without a shell, in a session of its own, with the
 * printer's name as its argument; nothing waits for it.  It has POWER_LIMIT_US, then its whole
 * process group is killed.  At most POWER_MAX run at a time. */
#ifndef DAEMON_STREAM_POWER_H
#define DAEMON_STREAM_POWER_H

#include "base/error.h"

#include <stdint.h>

struct event_base;
struct power;

enum { POWER_MAX = 64 };
#define POWER_LIMIT_US INT64_C(30000000)

/* `said`: how a program ended, in words.  NULL without memory. */
struct power *power_create(struct event_base *base,
	void (*said)(void *context, const char *printer, const char *text), void *context);
/* Leaves running programs alone.  Takes NULL. */
void power_destroy(struct power *power);

/* Starts it; 0, or a negative errno value and a sentence. */
int power_cut(struct power *power, const char *printer, const char *program, struct error *error);

#endif
