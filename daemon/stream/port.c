#include "daemon/stream/port.h"

#include "daemon/stream/port_find.h"
#include "daemon/stream/port_link.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <poll.h>
#include <stdlib.h> /* realpath */
#include <string.h>
#include <sys/file.h> /* flock */

static const char pty_directory[] = "/dev/pts/";

static struct port_roots roots = { .sys = "/sys", .dev = "/dev" };

void port_set_roots(const char *sys, const char *dev)
{
	roots.sys = sys;
	roots.dev = dev;
}

/* Takes a prefix like "fd:" off *path; false: another one. */
static bool take_prefix(const char **path, const char *prefix)
{
	size_t length = strlen(prefix);

	if (strncmp(*path, prefix, length) != 0)
		return false;
	*path += length;
	return true;
}

int port_open(struct port *port, const char *path, int32_t baud, struct error *error)
{
	const struct port_operations *operations = NULL;
	char found[PATH_MAX], resolved[PATH_MAX];
	int code;

	if (take_prefix(&path, "serial:"))
		operations = &port_serial;
	else if (take_prefix(&path, "fd:"))
		operations = &port_fd;
	code = port_find(&roots, path, found, sizeof(found), error);
	if (code < 0)
		return code;
	if (!realpath(found, resolved)) {
		code = errno;
		error_set(error, "port %s: %s", path,
			code == ENOENT ? "there is no such device (unplugged, or another name?)"
				       : strerror(code));
		return -code;
	}
	if (!operations)
		operations = strncmp(resolved, pty_directory, strlen(pty_directory)) == 0
				     ? &port_fd
				     : &port_serial;
	return port_open_with(port, operations, resolved, baud, error);
}

int port_open_with(struct port *port, const struct port_operations *operations, const char *path,
	int32_t baud, struct error *error)
{
	int code;

	port->fd = -1;
	port->handle = NULL;
	port->link = port_link(roots.sys, path);
	code = operations->open(port, path, baud, error);
	port->operations = code == 0 ? operations : NULL;
	return code;
}

void port_close(struct port *port)
{
	if (!port->operations)
		return;
	port->operations->close(port);
	port->operations = NULL;
	port->fd = -1;
}

bool port_is_open(const struct port *port)
{
	return port->operations != NULL;
}

int port_lock(int fd, const char *path, struct error *error)
{
	if (flock(fd, LOCK_EX | LOCK_NB) == 0)
		return 0;
	if (errno == EWOULDBLOCK) {
		error_set(error, "port %s: in use by another program", path);
		return -EBUSY;
	}
	error_set(error, "port %s: flock: %s", path, strerror(errno));
	return -errno;
}

bool port_hung_up(int fd)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };

	return poll(&ready, 1, 0) > 0;
}
