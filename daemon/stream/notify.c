#include "daemon/stream/notify.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct {
	int fd; /* 0: none; never standard input */
	int64_t watchdog_us;
} notify;

static int connect_to(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	size_t length = strlen(path);
	int fd;

	if (length < 2 || length >= sizeof(address.sun_path) || (path[0] != '/' && path[0] != '@'))
		return 0;
	memcpy(address.sun_path, path, length);
	if (path[0] == '@')
		address.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return 0;
	if (connect(fd, (struct sockaddr *)&address,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length)) < 0) {
		close(fd);
		return 0;
	}
	return fd;
}

static int64_t number_from(const char *name)
{
	const char *text = getenv(name);
	char *end;
	long long value;

	if (!text || !*text)
		return 0;
	errno = 0;
	value = strtoll(text, &end, 10);
	return errno == 0 && *end == '\0' && value > 0 ? value : 0;
}

void notify_init(void)
{
	const char *path = getenv("NOTIFY_SOCKET");
	int64_t process = number_from("WATCHDOG_PID");

	if (path)
		notify.fd = connect_to(path);
	if (process == 0 || process == getpid())
		notify.watchdog_us = number_from("WATCHDOG_USEC");
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
}

void notify_send(const char *text)
{
	if (notify.fd > 0)
		(void)!send(notify.fd, text, strlen(text), MSG_NOSIGNAL | MSG_DONTWAIT);
}

int64_t notify_watchdog_interval_us(void)
{
	return notify.fd > 0 ? notify.watchdog_us / 3 : 0;
}
