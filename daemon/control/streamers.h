/* Starts the streamers when printfarmd is run by hand: one process per printer, or one for all.
 * They live in sessions of their own and outlive printfarmd: killing it ends no print.  Never two
 * for the same printer: the streamer's lock on its state directory sees to that as well. */
#ifndef CONTROL_STREAMERS_H
#define CONTROL_STREAMERS_H

#include <stdint.h>

struct config;
struct event_base;
struct streamers;

/* NULL without memory. */
struct streamers *streamers_create(struct event_base *base);
/* Leaves the processes running. Takes NULL. */
void streamers_destroy(struct streamers *streamers);

/* Starts the streamer of that name, unless one that was started here is still running or the last
 * try was too recent.  Returns at once; trouble is logged. */
void streamers_start(
	struct streamers *streamers, const struct config *config, const char *name, int64_t now_us);

#endif
