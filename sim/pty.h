/* A pseudo-terminal that stands for a USB serial port, with a symbolic link as its stable name.
 *
 * The slave is held open, so that hosts may come and go without a hang-up; when the cable goes,
 * both ends are closed, and the host reads 0 or gets EIO as from a real port.  inotify tells when a
 * host opens or closes the node. */
#ifndef SIM_PTY_H
#define SIM_PTY_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h> /* ssize_t */

struct error;

enum { PTY_PATH_MAX = 256, PTY_NODE_MAX = 64 };

struct pty {
	int master; /* -1: no port */
	int slave;
	int watch; /* inotify, -1 */
	int opens; /* by hosts */
	char node[PTY_NODE_MAX];
	char link[PTY_PATH_MAX];
	/* A node held back so that the port comes back under another name than it went. */
	int spare_master, spare_slave;
};

void pty_init(struct pty *pty, const char *link);

/* Makes the port; inotify_fd is borrowed.  Returns 0 or a negative errno and *error. */
int pty_plug(struct pty *pty, int inotify_fd, struct error *error);

/* Hangs up and removes the link.  `back`: it will come back, under another node. */
void pty_unplug(struct pty *pty, int inotify_fd, bool back);

/* The last host has closed: what it did not read is lost, its line settings are forgotten. */
void pty_host_left(struct pty *pty);

/* Non-blocking; 0 when there is nothing, a negative errno when the port is broken. */
ssize_t pty_read(struct pty *pty, void *buffer, size_t capacity);
ssize_t pty_write(struct pty *pty, const void *bytes, size_t length);

#endif
