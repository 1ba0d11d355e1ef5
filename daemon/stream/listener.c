#include "daemon/stream/listener.h"

#include "daemon/stream/log.h"
#include "daemon/stream/unix_socket.h"

#include <errno.h>
#include <event2/event.h>
#include <string.h>
#include <unistd.h>

static const struct timeval rest_time = { .tv_usec = 100000 };

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;
	int client = unix_socket_accept(fd);

	(void)what;
	if (client >= 0) {
		listener->on_client(listener->context, client);
	} else if (client != -EAGAIN) {
		log_line(NULL, "listener", "accept: %s", strerror(-client));
		event_del(listener->readable);
		event_add(listener->rest, &rest_time);
	}
}

static void on_rested(evutil_socket_t fd, short what, void *context)
{
	struct listener *listener = context;

	(void)fd;
	(void)what;
	event_add(listener->readable, NULL);
}

int listener_init(struct listener *listener, struct event_base *base, const char *path,
	const char *group, int priority, struct error *error)
{
	listener->readable = listener->rest = NULL;
	listener->fd = unix_socket_listen(path, group, error);
	if (listener->fd < 0)
		return listener->fd;
	listener->readable =
		event_new(base, listener->fd, EV_READ | EV_PERSIST, on_readable, listener);
	listener->rest = event_new(base, -1, 0, on_rested, listener);
	if (!listener->readable || !listener->rest ||
		event_priority_set(listener->readable, priority) < 0 ||
		event_add(listener->readable, NULL) < 0) {
		error_set(error, "socket %s: no memory", path);
		listener_finish(listener);
		return -ENOMEM;
	}
	return 0;
}

void listener_finish(struct listener *listener)
{
	if (listener->readable)
		event_free(listener->readable);
	if (listener->rest)
		event_free(listener->rest);
	if (listener->fd >= 0)
		close(listener->fd);
	listener->fd = -1;
}
