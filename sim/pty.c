/* Pseudo-terminals as serial ports; see pty.h. */
#include "sim/pty.h"

#include "base/error.h"

#include <errno.h>	 /* errno, EAGAIN */
#include <fcntl.h>	 /* open, O_NOCTTY */
#include <stdio.h>	 /* snprintf */
#include <stdlib.h>	 /* posix_openpt, grantpt, unlockpt, ptsname_r */
#include <string.h>	 /* strerror */
#include <sys/inotify.h> /* inotify_add_watch */
#include <sys/ioctl.h>	 /* TIOCNXCL */
#include <termios.h>	 /* cfmakeraw */
#include <unistd.h>	 /* read, write, close, symlink, unlink */

void pty_init(struct pty *pty, const char *link)
{
	*pty = (struct pty){
		.master = -1, .slave = -1, .watch = -1, .spare_master = -1, .spare_slave = -1
	};
	snprintf(pty->link, sizeof pty->link, "%s", link);
}

static void make_raw(int fd)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) != 0)
		return;
	cfmakeraw(&settings);
	settings.c_cflag |= CLOCAL | CREAD;
	cfsetspeed(&settings, B115200);
	tcsetattr(fd, TCSANOW, &settings);
}

static int open_pair(int *master, int *slave, struct error *error)
{
	char node[PTY_NODE_MAX];

	*slave = -1;
	*master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (*master >= 0 && grantpt(*master) == 0 && unlockpt(*master) == 0 &&
		ptsname_r(*master, node, sizeof node) == 0)
		*slave = open(node, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (*slave >= 0) {
		make_raw(*slave);
		return 0;
	}
	int reason = errno;
	error_set(error, "no pseudo-terminal: %s", strerror(reason));
	if (*master >= 0)
		close(*master);
	*master = -1;
	return -reason;
}

static int link_node(struct pty *pty, struct error *error)
{
	char partial[PTY_PATH_MAX + 8];

	/* By renaming, so that the name never points nowhere. */
	snprintf(partial, sizeof partial, "%s.new", pty->link);
	unlink(partial);
	if (symlink(pty->node, partial) == 0 && rename(partial, pty->link) == 0)
		return 0;
	int reason = errno;
	error_set(error, "%s: %s", pty->link, strerror(reason));
	return -reason;
}

int pty_plug(struct pty *pty, int inotify_fd, struct error *error)
{
	int result = 0;

	if (pty->spare_master >= 0) {
		pty->master = pty->spare_master;
		pty->slave = pty->spare_slave;
		pty->spare_master = pty->spare_slave = -1;
	} else {
		result = open_pair(&pty->master, &pty->slave, error);
	}
	if (result < 0)
		return result;
	ptsname_r(pty->master, pty->node, sizeof pty->node);
	pty->opens = 0;
	pty->watch = inotify_add_watch(inotify_fd, pty->node, IN_OPEN | IN_CLOSE);
	if (pty->watch < 0) {
		result = -errno;
		error_set(error, "%s: no inotify watch: %s", pty->node, strerror(errno));
	}
	if (result == 0)
		result = link_node(pty, error);
	if (result < 0)
		pty_unplug(pty, inotify_fd, false);
	return result;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void pty_unplug(struct pty *pty, int inotify_fd, bool back)
{
	if (back && pty->master >= 0 && pty->spare_master < 0)
		open_pair(&pty->spare_master, &pty->spare_slave, NULL);
	if (!back) {
		close_fd(&pty->spare_master);
		close_fd(&pty->spare_slave);
	}
	if (pty->watch >= 0)
		inotify_rm_watch(inotify_fd, pty->watch);
	pty->watch = -1;
	pty->opens = 0;
	if (pty->master >= 0)
		unlink(pty->link);
	close_fd(&pty->master);
	close_fd(&pty->slave);
}

void pty_host_left(struct pty *pty)
{
	ioctl(pty->slave, TIOCNXCL);
	make_raw(pty->slave);
	tcflush(pty->slave, TCIFLUSH);
}

ssize_t pty_read(struct pty *pty, void *buffer, size_t capacity)
{
	ssize_t got = read(pty->master, buffer, capacity);

	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return got;
}

ssize_t pty_write(struct pty *pty, const void *bytes, size_t length)
{
	ssize_t wrote = write(pty->master, bytes, length);

	if (wrote < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	return wrote;
}
