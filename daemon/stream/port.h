/* A port: where the bytes of one printer go in and out.  A table of functions with four
 * implementations: serial (libserialport), fd (pseudo terminals and other character devices),
 * socket (a side channel), memory (tests).  Every port is non-blocking; devices are held by an
 * exclusive flock, since TIOCEXCL does not bind root. */
#ifndef DAEMON_STREAM_PORT_H
#define DAEMON_STREAM_PORT_H

#include "base/error.h"
#include "drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h> /* ssize_t */

struct port;

struct port_operations {
	const char *name;
	/* Opens an absolute path without symbolic links; baud 0: the usual 115200.  0, or a
	 * negative errno value and a sentence. */
	int (*open)(struct port *port, const char *path, int32_t baud, struct error *error);
	/* Bytes read; -EAGAIN: nothing there; 0: hung up, close at once (a hung-up terminal stays
	 * readable for ever); any other negative errno value: broken. */
	ssize_t (*read)(struct port *port, void *bytes, size_t size);
	/* Bytes taken, -EAGAIN: none now; any other negative errno value: broken. */
	ssize_t (*write)(struct port *port, const void *bytes, size_t length);
	/* DTR, and RTS with it: both in one step, since ESP32 boards enter their boot loader when
	 * the two differ.  Low for 250 ms and high again resets an AVR board. */
	int (*modem_lines)(struct port *port, bool asserted);
	/* Throws away what was not sent yet (else closing may wait for it) and closes. */
	void (*close)(struct port *port);
};

struct port {
	const struct port_operations *operations; /* NULL: closed */
	int fd;					  /* to wait for; -1: none (memory) */
	void *handle;				  /* of the implementation */
	enum driver_link link;			  /* what it is, while it is open */
};

extern const struct port_operations port_serial, port_fd, port_socket;

/* For tests: where the system's files are, instead of /sys and /dev; both are kept. */
void port_set_roots(const char *sys, const char *dev);

/* Opens what the path leads to, following symbolic links: the serial implementation for a real
 * device, fd for a pseudo terminal.  "serial:PATH" and "fd:PATH" insist on one of them;
 * "usb:serial=...": see port_find.h. */
int port_open(struct port *port, const char *path, int32_t baud, struct error *error);

/* Opens with the given implementation, `path` as it is. */
int port_open_with(struct port *port, const struct port_operations *operations, const char *path,
	int32_t baud, struct error *error);

/* A closed port may be closed again. */
void port_close(struct port *port);
bool port_is_open(const struct port *port);

/* For implementations. flock, exclusive and at once. */
int port_lock(int fd, const char *path, struct error *error);
/* Was a read of 0 bytes a hang-up, or is there just nothing (VMIN 0)? */
bool port_hung_up(int fd);

#endif
