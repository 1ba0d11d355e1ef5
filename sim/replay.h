/* printfarm-sim --replay: the printer's side of a recorded conversation, on a pseudo-terminal.
 *
 * What the printer said is written with the pauses of the recording; where the host said something,
 * the play waits until a host has sent as many lines (or bytes, when no line end was sent) and
 * notes whether they are the same.  It begins when a host opens the port and ends with the
 * recording, or when the host has left. */
#ifndef SIM_REPLAY_H
#define SIM_REPLAY_H

#include <stddef.h>

struct error;

struct replay_options {
	const char *path; /* of the recording, for messages */
	char *text;	  /* its rows; changed */
	size_t length;
	const char *link; /* symbolic link to make; NULL: none */
	double speed;
};

/* Says on standard output where the port is, and at the end what was the same, as JSON.  Returns
 * 0: the host sent what the recorded one did; 1: it did not; or a negative errno and *error. */
int replay_run(const struct replay_options *options, struct error *error);

#endif
