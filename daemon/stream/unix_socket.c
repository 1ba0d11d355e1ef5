#include "daemon/stream/unix_socket.h"

#include <errno.h>
#include <grp.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { BACKLOG = 16 };

static int fill_address(struct sockaddr_un *address, const char *path, struct error *error)
{
	memset(address, 0, sizeof(*address));
	address->sun_family = AF_UNIX;
	if (strlen(path) >= sizeof(address->sun_path)) {
		error_set(error,
			"socket path %s: %zu bytes long, a Unix socket takes at most %zu; "
			"use a shorter directory",
			path, strlen(path), sizeof(address->sun_path) - 1);
		return -ENAMETOOLONG;
	}
	strcpy(address->sun_path, path);
	return 0;
}

/* Is somebody listening there? */
static int is_served(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), served;

	if (fd < 0)
		return 0;
	served = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		 errno == EAGAIN;
	close(fd);
	return served;
}

/* The group is a convenience of an installed system; run by hand it does not exist. */
static void give_to_group(const char *path, const char *group)
{
	struct group *entry = group ? getgrnam(group) : NULL;

	if (entry && chown(path, (uid_t)-1, entry->gr_gid) < 0)
		return;
}

static int bind_and_listen(int fd, const struct sockaddr_un *address, const char *group)
{
	/* Nobody may connect between bind and chmod. */
	mode_t before = umask(0177);
	int code = bind(fd, (const struct sockaddr *)address, sizeof(*address)) < 0 ? -errno : 0;

	umask(before);
	if (code < 0)
		return code;
	give_to_group(address->sun_path, group);
	if (chmod(address->sun_path, 0660) < 0 || listen(fd, BACKLOG) < 0)
		return -errno;
	return 0;
}

int unix_socket_listen(const char *path, const char *group, struct error *error)
{
	struct sockaddr_un address;
	int fd, code = fill_address(&address, path, error);

	if (code < 0)
		return code;
	if (is_served(&address)) {
		error_set(error, "socket %s: another program is serving it", path);
		return -EADDRINUSE;
	}
	unlink(path);
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0) {
		code = -errno;
		error_set(error, "socket: %s", strerror(-code));
		return code;
	}
	code = bind_and_listen(fd, &address, group);
	if (code < 0) {
		error_set(error, "socket %s: %s", path, strerror(-code));
		close(fd);
		return code;
	}
	return fd;
}

int unix_socket_accept(int listener)
{
	int fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd >= 0)
		return fd;
	return errno == EINTR || errno == ECONNABORTED || errno == EWOULDBLOCK ? -EAGAIN : -errno;
}
