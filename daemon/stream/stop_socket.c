#include "daemon/stream/stop_socket.h"

#include "daemon/stream/listener.h"

#include <event2/event.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* The group of people who may stop printers (faults-and-security.md 3.6). */
static const char group[] = "printfarm-users";

struct client {
	struct stop_socket *stop;
	struct event *readable; /* NULL: free */
	int fd;
	char line[STOP_LINE_MAX];
	size_t length;
};

struct stop_socket {
	struct event_base *base;
	struct listener listener;
	struct stop_events events;
	struct client clients[STOP_CLIENTS_MAX];
};

static void drop_client(struct client *client)
{
	event_free(client->readable);
	client->readable = NULL;
	close(client->fd);
}

static void answer_line(struct client *client, char *line)
{
	char answer[STOP_ANSWER_MAX];
	size_t length = strlen(line);

	while (length > 0 && (line[length - 1] == '\r' || line[length - 1] == ' '))
		line[--length] = '\0';
	if (strcmp(line, "estop") == 0)
		client->stop->events.estop(
			client->stop->events.context, "", answer, sizeof(answer) - 1);
	else if (strncmp(line, "estop ", 6) == 0)
		client->stop->events.estop(
			client->stop->events.context, line + 6, answer, sizeof(answer) - 1);
	else
		snprintf(answer, sizeof(answer) - 1,
			"error only \"estop\" and \"estop NAME\" are understood here");
	length = strlen(answer);
	answer[length++] = '\n';
	/* The stop itself is done; an answer that finds no room is nobody's loss. */
	(void)!send(client->fd, answer, length, MSG_NOSIGNAL | MSG_DONTWAIT);
}

/* False: a line that is too long. */
static bool take_lines(struct client *client)
{
	char *end;

	while ((end = memchr(client->line, '\n', client->length))) {
		size_t used = (size_t)(end - client->line) + 1;

		*end = '\0';
		answer_line(client, client->line);
		client->length -= used;
		memmove(client->line, client->line + used, client->length);
	}
	return client->length < sizeof(client->line);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct client *client = context;
	ssize_t count;

	if (what & EV_TIMEOUT) {
		drop_client(client);
		return;
	}
	count = recv(fd, client->line + client->length, sizeof(client->line) - client->length, 0);
	if (count > 0)
		client->length += (size_t)count;
	if (count <= 0 || !take_lines(client))
		drop_client(client);
}

static void on_client(void *context, int fd)
{
	static const struct timeval limit = { .tv_sec = STOP_CLIENT_S };
	struct stop_socket *stop = context;
	struct client *client = NULL;

	for (int i = 0; i < STOP_CLIENTS_MAX && !client; i++)
		if (!stop->clients[i].readable)
			client = &stop->clients[i];
	if (!client) {
		close(fd);
		return;
	}
	client->stop = stop;
	client->fd = fd;
	client->length = 0;
	client->readable = event_new(stop->base, fd, EV_READ | EV_PERSIST, on_readable, client);
	if (!client->readable) {
		close(fd);
		return;
	}
	event_priority_set(client->readable, 0);
	event_add(client->readable, &limit);
}

struct stop_socket *stop_socket_create(struct event_base *base, const char *path,
	const struct stop_events *events, struct error *error)
{
	struct stop_socket *stop = calloc(1, sizeof(*stop));

	if (!stop) {
		error_set(error, "no memory for the stop socket");
		return NULL;
	}
	stop->base = base;
	stop->events = *events;
	stop->listener.on_client = on_client;
	stop->listener.context = stop;
	if (listener_init(&stop->listener, base, path, group, 0, error) < 0) {
		free(stop);
		return NULL;
	}
	return stop;
}

void stop_socket_destroy(struct stop_socket *stop)
{
	if (!stop)
		return;
	for (int i = 0; i < STOP_CLIENTS_MAX; i++)
		if (stop->clients[i].readable)
			drop_client(&stop->clients[i]);
	listener_finish(&stop->listener);
	free(stop);
}
