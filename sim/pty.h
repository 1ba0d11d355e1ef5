/* A pseudo-terminal that stands for a USB serial port, with symbolic links in the simulator's
 * directory as its names:
 *
 *	DIR/NAME                the printer's, for those who only want to talk
 *	DIR/ttyUSBn             as the kernel would number it; another n each time it comes back
 *	DIR/by-id/usb-…SERIAL…  -> ../ttyUSBn, as udev's: stable, but two devices of one serial
 *	                        number fight over it, and the one that came last has it
 *	DIR/by-path/…:SOCKET…   -> ../ttyUSBn: stable as long as the cable stays in its socket
 *
 * (ttyACMn where the board has a USB of its own.)  All go when the port goes.
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

enum { PTY_PATH_MAX = 256, PTY_NODE_MAX = 64, PTY_ID_MAX = 96, PTY_NUMBERS_MAX = 1000 };

/* What a port is called; the texts are borrowed for the call. */
struct pty_names {
	const char *dir, *name;
	const char *serial;
	const char *product; /* blanks become underscores */
	bool acm;	     /* ttyACMn */
	int socket;	     /* of the USB hub */
};

struct pty {
	int master; /* -1: no port */
	int slave;
	int watch; /* inotify, -1 */
	int opens; /* by hosts */
	char node[PTY_NODE_MAX];
	char link[PTY_PATH_MAX];
	char dir[PTY_PATH_MAX];
	char by_id[PTY_ID_MAX], by_path[PTY_ID_MAX]; /* below dir */
	bool acm;
	int number; /* of the tty; -1: none yet */
	/* A node held back so that the port comes back under another name than it went. */
	int spare_master, spare_slave;
};

/* False: too long a path. */
bool pty_init(struct pty *pty, const struct pty_names *names);

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
