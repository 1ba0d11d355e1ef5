/* A port that is a Unix stream socket: the second channel of a printer whose firmware is a program
 * on the same machine (Klipper's API socket). */
#include "daemon/stream/port.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static int fail(int fd, const char *path, int code, struct error *error)
{
	error_set(error, "socket %s: %s", path,
		code == ENOENT ? "there is no such socket (is the service running?)"
			       : strerror(code));
	if (fd >= 0)
		close(fd);
	return -code;
}

static int socket_open(struct port *port, const char *path, int32_t baud, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	(void)baud;
	if (strlen(path) >= sizeof(address.sun_path))
		return fail(-1, path, ENAMETOOLONG, error);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* A local socket is connected at once, or its queue is full: try again later. */
	if (fd < 0 || connect(fd, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(fd, path, errno, error);
	port->fd = fd;
	return 0;
}

static ssize_t socket_read(struct port *port, void *bytes, size_t size)
{
	ssize_t count = recv(port->fd, bytes, size, 0);

	if (count < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return count;
}

static ssize_t socket_write(struct port *port, const void *bytes, size_t length)
{
	ssize_t count = send(port->fd, bytes, length, MSG_NOSIGNAL);

	if (count < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return count;
}

static int socket_modem_lines(struct port *port, bool asserted)
{
	(void)port;
	(void)asserted;
	return -ENOTTY;
}

static void socket_close(struct port *port)
{
	close(port->fd);
}

const struct port_operations port_socket = {
	.name = "socket",
	.open = socket_open,
	.read = socket_read,
	.write = socket_write,
	.modem_lines = socket_modem_lines,
	.close = socket_close,
};
