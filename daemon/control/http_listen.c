/* The listening socket: from systemd, or made here. */
#include "base/error.h"
#include "daemon/control/http.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { FIRST_HANDED_FD = 3, BACKLOG = 128 };

/* sd_listen_fds(3) in a few lines: one stream socket at descriptor 3. */
static int handed_over(void)
{
	const char *pid = getenv("LISTEN_PID"), *count = getenv("LISTEN_FDS");
	if (!pid || !count || strtol(pid, NULL, 10) != getpid() || strtol(count, NULL, 10) < 1)
		return -1;
	int listening = 0;
	socklen_t size = sizeof(listening);
	if (getsockopt(FIRST_HANDED_FD, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 ||
		!listening)
		return -1;
	fcntl(FIRST_HANDED_FD, F_SETFD, FD_CLOEXEC);
	fcntl(FIRST_HANDED_FD, F_SETFL, O_NONBLOCK);
	return FIRST_HANDED_FD;
}

/* Somebody answers on it. */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return true;
	bool alive = connect(fd, (const struct sockaddr *)address, sizeof(*address)) == 0 ||
		     errno == EAGAIN;
	close(fd);
	return alive;
}

/* What stands in the way: nothing, a stale socket (removed), or something that is not ours. */
static int make_way(const char *path, const struct sockaddr_un *address, struct error *error)
{
	struct stat status;
	if (lstat(path, &status) != 0)
		return 0;
	if (!S_ISSOCK(status.st_mode)) {
		error_set(error,
			"%s is there and is not a socket: choose another path for \"socket\"",
			path);
		return -EEXIST;
	}
	if (is_alive(address)) {
		error_set(error, "another program answers on %s: is printfarmd running already?",
			path);
		return -EADDRINUSE;
	}
	return unlink(path) == 0 || errno == ENOENT ? 0 : -errno;
}

int http_listen(const char *path, struct error *error)
{
	int fd = handed_over();
	if (fd >= 0)
		return fd;
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(path) >= sizeof(address.sun_path)) {
		error_set(error, "socket \"%s\" is longer than %zu bytes", path,
			sizeof(address.sun_path) - 1);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, path, strlen(path) + 1);
	int result = make_way(path, &address, error);
	if (result)
		return result;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	mode_t mask = umask(0117); /* 0660 from the first moment */
	result = fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
				 listen(fd, BACKLOG) != 0
			 ? -errno
			 : 0;
	umask(mask);
	if (result) {
		error_set(error, "no socket can be made at %s: %s", path, strerror(-result));
		if (fd >= 0)
			close(fd);
		return result;
	}
	return fd;
}
