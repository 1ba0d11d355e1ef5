/* Finding a port by what the device is, not by what the kernel called it today.
 *
 * A locator is a path, or "usb:" and what must be true of the device:
 *
 *	usb:serial=A50285BI
 *	usb:id=1a86:7523,path=1-1.4
 *
 * serial: the USB serial number; id: vendor and product; path: the socket, as the kernel names it;
 * interface: where one device has several ports.  All that is said must fit, and exactly one device
 * may: two printers with the same serial number are never told apart by guessing.  For the same
 * reason a name under by-id, which two equal devices share, is refused while both are there.
 *
 * Reads sysfs; a machine that is not plugged in costs one look at a directory. */
#ifndef DAEMON_STREAM_PORT_FIND_H
#define DAEMON_STREAM_PORT_FIND_H

#include "base/error.h"

#include <stdbool.h>
#include <stddef.h>

/* Where the system's files are; for tests. */
struct port_roots {
	const char *sys; /* "/sys" */
	const char *dev; /* "/dev" */
};

/* What sysfs says of the USB device behind a tty; empty texts: nothing. */
struct port_identity {
	char tty[64];
	char serial[128];
	char id[16];   /* "1a86:7523", lower case */
	char path[64]; /* "1-1.4" */
	char interface[8];
};

/* False: `tty` ("ttyUSB0") is not on USB. */
bool port_identify(const struct port_roots *roots, const char *tty, struct port_identity *identity);

/* Writes the path to open; 0, or a negative errno value and a sentence: -ENOENT while it is not
 * there, -ENOTUNIQ when several fit, -EINVAL for a locator that cannot be read. */
int port_find(const struct port_roots *roots, const char *locator, char *path, size_t size,
	struct error *error);

#endif
