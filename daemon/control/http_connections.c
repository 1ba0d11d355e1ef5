/* Connections, and how long a client may keep us waiting. */
#include "daemon/control/http_internal.h"

#include <event2/event.h>

#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>

enum { SWEEP_S = 1 };

int64_t http_monotonic_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

int64_t http_monotonic_s(void)
{
	return http_monotonic_ms() / 1000;
}

/* ---- slow and silent clients ---- */

void http_connection_hang_up(struct http_connection *connection)
{
	if (connection->fd >= 0)
		shutdown(connection->fd, SHUT_RDWR);
	connection->fd = -1;
}

static void check_patience(struct http *http, struct http_connection *connection, int64_t now_s)
{
	int64_t waited_s = now_s - connection->since_s;
	switch (connection->waiting) {
	case WAIT_NOTHING:
		break;
	case WAIT_REQUEST:
		if (waited_s <= (connection->requests == 0 ? HTTP_HEAD_S : HTTP_IDLE_S))
			break;
		if (connection->requests == 0)
			http->counters.heads_too_slow++;
		else
			http->counters.idle_closed++;
		http_connection_hang_up(connection);
		break;
	case WAIT_HEAD:
		if (waited_s <= HTTP_HEAD_S)
			break;
		http->counters.heads_too_slow++;
		http_connection_hang_up(connection);
		break;
	case WAIT_BODY:
		if (waited_s < HTTP_BODY_WINDOW_S)
			break;
		if (connection->body_bytes < HTTP_BODY_WINDOW_BYTES) {
			http->counters.bodies_too_slow++;
			http_connection_hang_up(connection);
		}
		connection->body_bytes = 0;
		connection->since_s = now_s;
		break;
	}
}

void http_connection_wait_for(struct http_connection *connection, enum http_waiting waiting)
{
	connection->waiting = waiting;
	connection->since_s = http_monotonic_s();
	connection->body_bytes = 0;
}

/* While we did something else nobody's bytes were read. */
static void forgive(struct http_connection *connection, int64_t late_s, int64_t now_s)
{
	connection->since_s += late_s;
	if (connection->since_s > now_s)
		connection->since_s = now_s;
}

/* A stream of which the library has taken nothing for so long has no reader; of a suspended one
 * only we can see that its client has closed the other end. */
static void check_stream(struct http_request *request, int64_t now_s)
{
	struct pollfd look = { .fd = request->connection ? request->connection->fd : -1 };
	if (now_s - request->spoken_s >= HTTP_STREAM_ALIVE_S)
		http_stream_write(request, ": \n\n", 4);
	if (http_stream_backlog(request) > 0 && now_s - request->drained_s > HTTP_STREAM_BEHIND_S) {
		request->http->counters.streams_cut++;
		http_stream_cut(request);
	} else if (look.fd >= 0 && poll(&look, 1, 0) == 1 && look.revents & (POLLHUP | POLLERR))
		http_stream_cut(request);
}

void http_connections_sweep(evutil_socket_t fd, short what, void *context)
{
	struct http *http = context;
	int64_t now_s = http_monotonic_s();
	(void)fd;
	(void)what;
	int64_t late_s = now_s - http->swept_s - SWEEP_S;
	http->swept_s = now_s;
	for (struct http_connection *at = http->connections; at; at = at->next) {
		if (late_s > 0)
			forgive(at, late_s, now_s);
		check_patience(http, at, now_s);
	}
	for (struct http_request *at = http->requests; at; at = at->next)
		if (at->stream && !at->cut)
			check_stream(at, now_s);
	http_kick(http);
	if (http->connections) {
		struct timeval wait = { SWEEP_S, 0 };
		event_add(http->sweep, &wait);
	} else
		http->sweeping = false;
}

static void begin_sweeping(struct http *http)
{
	if (http->sweeping)
		return;
	struct timeval wait = { SWEEP_S, 0 };
	http->swept_s = http_monotonic_s();
	http->sweeping = event_add(http->sweep, &wait) == 0;
}

/* ---- connections ---- */

static int64_t connections_of(const struct http *http, uid_t uid)
{
	int64_t count = 0;
	for (const struct http_connection *at = http->connections; at; at = at->next)
		count += at->uid == uid && at->fd >= 0;
	return count;
}

static void open_connection(struct http *http, struct MHD_Connection *handle, void **context)
{
	struct http_connection *connection = calloc(1, sizeof(*connection));
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_CONNECTION_FD);
	struct ucred peer;
	socklen_t size = sizeof(peer);
	*context = connection;
	if (!connection)
		return;
	connection->handle = handle;
	connection->fd = info ? info->connect_fd : -1;
	connection->uid = (uid_t)-1;
	if (connection->fd >= 0 &&
		getsockopt(connection->fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) == 0)
		connection->uid = peer.uid;
	connection->next = http->connections;
	connection->previous = &http->connections;
	if (connection->next)
		connection->next->previous = &connection->next;
	http->connections = connection;
	http->counters.connections++;
	if (connections_of(http, connection->uid) > http->settings.connections_per_user) {
		http->counters.connections_refused++;
		http_connection_hang_up(connection);
	}
	http_connection_wait_for(connection, WAIT_REQUEST);
	begin_sweeping(http);
}

void http_connection_notify(void *context, struct MHD_Connection *handle, void **socket_context,
	enum MHD_ConnectionNotificationCode what)
{
	struct http *http = context;
	if (what == MHD_CONNECTION_NOTIFY_STARTED) {
		open_connection(http, handle, socket_context);
		return;
	}
	struct http_connection *connection = *socket_context;
	if (!connection)
		return;
	*connection->previous = connection->next;
	if (connection->next)
		connection->next->previous = connection->previous;
	http->counters.connections--;
	free(connection);
	*socket_context = NULL;
}

struct http_connection *http_connection_of(struct MHD_Connection *handle)
{
	const union MHD_ConnectionInfo *info =
		MHD_get_connection_info(handle, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
	return info ? info->socket_context : NULL;
}
