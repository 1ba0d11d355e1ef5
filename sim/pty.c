/* Pseudo-terminals as serial ports; see pty.h. */
#include "sim/pty.h"

#include "base/error.h"

#include <errno.h>	 /* errno, EAGAIN */
#include <fcntl.h>	 /* open, O_NOCTTY */
#include <stdio.h>	 /* snprintf */
#include <stdlib.h>	 /* posix_openpt, grantpt, unlockpt, ptsname_r */
#include <string.h>	 /* strerror, strcmp, strchr */
#include <sys/inotify.h> /* inotify_add_watch */
#include <sys/ioctl.h>	 /* TIOCNXCL */
#include <sys/stat.h>	 /* mkdir */
#include <termios.h>	 /* cfmakeraw */
#include <unistd.h>	 /* read, write, close, symlink, readlink, unlink */

bool pty_init(struct pty *pty, const struct pty_names *names)
{
	char product[PTY_NODE_MAX];

	*pty = (struct pty){ .master = -1,
		.slave = -1,
		.watch = -1,
		.spare_master = -1,
		.spare_slave = -1,
		.acm = names->acm,
		.number = -1 };
	snprintf(product, sizeof product, "%s", names->product);
	for (char *at = product; *at; at++)
		if (*at == ' ' || *at == '/')
			*at = '_';
	snprintf(pty->by_id, sizeof pty->by_id, "by-id/usb-%s_%s-if00%s",
		names->acm ? product : "Simulated_USB_Serial", names->serial,
		names->acm ? "" : "-port0");
	snprintf(pty->by_path, sizeof pty->by_path, "by-path/platform-sim-usb-0:%d:1.0%s",
		names->socket, names->acm ? "" : "-port0");
	int length = snprintf(pty->dir, sizeof pty->dir, "%s", names->dir);
	int link_length = snprintf(pty->link, sizeof pty->link, "%s/%s", names->dir, names->name);
	return length < PTY_PATH_MAX - PTY_ID_MAX && link_length < PTY_PATH_MAX;
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

static int make_link(const char *path, const char *target, struct error *error)
{
	char partial[PTY_PATH_MAX + 8];

	/* By renaming, so that the name never points nowhere. */
	snprintf(partial, sizeof partial, "%s.new", path);
	unlink(partial);
	if (symlink(target, partial) == 0 && rename(partial, path) == 0)
		return 0;
	int reason = errno;
	error_set(error, "%s: %s", path, strerror(reason));
	return -reason;
}

/* ---- the names that a kernel and udev give ---- */

static const char *tty_name(const struct pty *pty, char name[PTY_NODE_MAX])
{
	snprintf(name, PTY_NODE_MAX, "%s%d", pty->acm ? "ttyACM" : "ttyUSB", pty->number);
	return name;
}

/* The first free number, but not the one that the port had last: another device has it by then. */
static int number_tty(struct pty *pty, struct error *error)
{
	char path[PTY_PATH_MAX + PTY_NODE_MAX], name[PTY_NODE_MAX];
	int before = pty->number;

	for (pty->number = 0; pty->number < PTY_NUMBERS_MAX; pty->number++) {
		if (pty->number == before)
			continue;
		snprintf(path, sizeof path, "%s/%s", pty->dir, tty_name(pty, name));
		if (symlink(pty->node, path) == 0)
			return 0;
		if (errno != EEXIST)
			break;
	}
	int reason = errno;
	error_set(error, "%s: %s", path, strerror(reason));
	pty->number = before;
	return -reason;
}

static int make_udev_links(struct pty *pty, struct error *error)
{
	const char *const links[] = { pty->by_id, pty->by_path };
	char path[PTY_PATH_MAX + PTY_ID_MAX], target[PTY_NODE_MAX + 4], name[PTY_NODE_MAX];

	snprintf(target, sizeof target, "../%s", tty_name(pty, name));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%.*s", pty->dir,
			(int)(strchr(links[i], '/') - links[i]), links[i]);
		if (mkdir(path, 0777) != 0 && errno != EEXIST) {
			int reason = errno;
			error_set(error, "%s: %s", path, strerror(reason));
			return -reason;
		}
		snprintf(path, sizeof path, "%s/%s", pty->dir, links[i]);
		int result = make_link(path, target, error);
		if (result < 0)
			return result;
	}
	return 0;
}

static int make_names(struct pty *pty, struct error *error)
{
	int result = number_tty(pty, error);

	if (result == 0)
		result = make_udev_links(pty, error);
	/* Last: who waits for the printer's name finds the others. */
	return result < 0 ? result : make_link(pty->link, pty->node, error);
}

static void remove_names(const struct pty *pty)
{
	const char *const links[] = { pty->by_id, pty->by_path };
	char path[PTY_PATH_MAX + PTY_ID_MAX], target[PTY_NODE_MAX + 4], name[PTY_NODE_MAX];
	char ours[PTY_NODE_MAX + 4];

	unlink(pty->link);
	snprintf(ours, sizeof ours, "../%s", tty_name(pty, name));
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof path, "%s/%s", pty->dir, links[i]);
		ssize_t length = readlink(path, target, sizeof target - 1);
		target[length < 0 ? 0 : length] = '\0';
		/* Not when another device has taken it over. */
		if (strcmp(target, ours) == 0)
			unlink(path);
	}
	snprintf(path, sizeof path, "%s/%s", pty->dir, name);
	unlink(path);
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
		result = make_names(pty, error);
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
		remove_names(pty);
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
