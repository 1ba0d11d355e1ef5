/* DIR/control: a Unix stream socket that takes one command a line and answers each with one line,
 * "ok …" or "error …".
 *
 *	list                        ok NAME NAME …
 *	status NAME                 ok {…}: state, temperatures, targets, counters
 *	sync                        ok: the ground truth is on disk up to now
 *	FAULT NAME|* [ARGUMENTS]    as in sim/faults.h */
#ifndef SIM_CONSOLE_H
#define SIM_CONSOLE_H

#include <stddef.h>
#include <stdint.h>

struct error;
struct simulation;

enum { CONSOLE_CLIENTS_MAX = 16, CONSOLE_LINE_MAX = 512 };

struct console_client {
	int fd; /* -1: free */
	size_t length;
	char line[CONSOLE_LINE_MAX];
};

struct console {
	int fd;
	char path[108];
	struct console_client client[CONSOLE_CLIENTS_MAX];
};

/* Replaces a socket that nobody listens on.  Returns 0 or a negative errno and *error. */
int console_open(struct console *console, const char *dir, struct error *error);
void console_close(struct console *console);

/* A new client, or -1. */
int console_accept(struct console *console);

/* The client has sent something, or left.  Returns false when its descriptor has been closed. */
int console_serve(struct console *console, struct simulation *simulation, int fd);

#endif
