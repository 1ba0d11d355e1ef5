/* Ports that are plain descriptors: pseudo terminals (the simulator) and other character devices.
 * A terminal is made raw; the speed is set where there is one to set. */
#include "daemon/stream/port.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/ioctl.h> /* TIOCMBIS, TIOCMBIC */
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

/* VMIN 1, so that reading 0 bytes means a hang-up and nothing else. */
static int make_raw(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return -errno;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	settings.c_cflag &= ~(tcflag_t)HUPCL;
	settings.c_cc[VMIN] = 1;
	settings.c_cc[VTIME] = 0;
	return tcsetattr(fd, TCSANOW, &settings) < 0 ? -errno : 0;
}

static int prepare(int fd, const char *path, struct error *error)
{
	struct stat status;
	int code;

	if (fstat(fd, &status) < 0 || !S_ISCHR(status.st_mode)) {
		error_set(error, "port %s: not a character device", path);
		return -ENOTTY;
	}
	code = port_lock(fd, path, error);
	if (code < 0)
		return code;
	if (!isatty(fd))
		return 0;
	code = make_raw(fd);
	if (code < 0)
		error_set(error, "port %s: setting it raw: %s", path, strerror(-code));
	return code;
}

static int fd_open(struct port *port, const char *path, int32_t baud, struct error *error)
{
	int code, fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);

	(void)baud; /* a pseudo terminal has none */
	if (fd < 0) {
		code = -errno;
		error_set(error, "port %s: %s", path, strerror(-code));
		return code;
	}
	code = prepare(fd, path, error);
	if (code < 0) {
		close(fd);
		return code;
	}
	port->fd = fd;
	return 0;
}

static ssize_t fd_read(struct port *port, void *bytes, size_t size)
{
	ssize_t count = read(port->fd, bytes, size);

	if (count < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return count;
}

static ssize_t fd_write(struct port *port, const void *bytes, size_t length)
{
	ssize_t count = write(port->fd, bytes, length);

	if (count < 0)
		return errno == EINTR || errno == EWOULDBLOCK ? -EAGAIN : -errno;
	return count;
}

static int fd_modem_lines(struct port *port, bool asserted)
{
	int lines = TIOCM_DTR | TIOCM_RTS;

	return ioctl(port->fd, asserted ? TIOCMBIS : TIOCMBIC, &lines) < 0 ? -errno : 0;
}

static void fd_close(struct port *port)
{
	tcflush(port->fd, TCOFLUSH);
	close(port->fd);
}

const struct port_operations port_fd = {
	.name = "fd",
	.open = fd_open,
	.read = fd_read,
	.write = fd_write,
	.modem_lines = fd_modem_lines,
	.close = fd_close,
};
