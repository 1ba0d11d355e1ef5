/* Everything of printfarmd tied together: configuration, ledger, files, farm, links, HTTP, on one
 * loop.  main.c owns options, signals and the service manager; this owns the rest. */
#ifndef CONTROL_CONTROL_H
#define CONTROL_CONTROL_H

#include <stdint.h>

struct control;
struct error;
struct event_base;

/* Opens and loads everything and listens.  0, or a negative errno with a sentence: -EINVAL the
 * configuration, -EPROTONOSUPPORT a ledger of a newer version, -EBUSY or -EADDRINUSE a second
 * printfarmd. */
int control_create(struct control **control, struct event_base *base, const char *config_file,
	struct error *error);
/* Waits for the ledger; the streamers go on. Takes NULL. */
void control_destroy(struct control *control);

/* Reads the configuration again; when it is wrong the old one stays.  0 or a negative errno. */
int control_reload(struct control *control, struct error *error);

/* A few words for the service manager. */
void control_summary(const struct control *control, char *text, unsigned size);

#endif
