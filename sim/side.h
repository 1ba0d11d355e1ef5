/* The socket of a firmware's side channel, DIR/NAME.sock: one client at a time. */
#ifndef SIM_SIDE_H
#define SIM_SIDE_H

#include "sim/printer.h"

struct error;

enum { SIDE_PATH_MAX = 108 };

struct side {
	int listener; /* -1: this firmware has none */
	int client;   /* -1: nobody */
	char path[SIDE_PATH_MAX];
};

void side_init(struct side *side);

/* Nothing for a firmware without one.  Returns 0 or a negative errno and *error. */
int side_open(
	struct side *side, const struct sim_printer *printer, const char *dir, struct error *error);
void side_close(struct side *side);

/* Somebody knocks: taken when nobody is there and the firmware serves.  True: there is a new
 * client. */
bool side_accept(struct side *side, struct sim_printer *printer, int64_t now_us);

/* Moves bytes both ways; closes a client that left, that does not read, or that is served no more.
 */
void side_serve(struct side *side, struct sim_printer *printer, int64_t now_us);

#endif
