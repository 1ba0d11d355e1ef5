#include "daemon/stream/link.h"

#include "daemon/stream/listener.h"
#include "daemon/stream/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { FRAME_BYTES = 4 + WIRE_FRAME_MAX };

struct client {
	struct link *link;
	struct bufferevent *stream; /* NULL: free */
};

struct link {
	struct event_base *base;
	struct listener listener;
	struct link_events events;
	struct client clients[LINK_CLIENTS_MAX];
	struct client *control; /* one of them, or NULL */
	struct log_ration ration;
	int64_t dropped;
};

static void drop_client(struct client *client)
{
	if (client->link->control == client)
		client->link->control = NULL;
	bufferevent_free(client->stream);
	client->stream = NULL;
}

static void send_to(struct client *client, const struct wire_message *message)
{
	uint8_t bytes[FRAME_BYTES];
	size_t length = wire_encode(message, bytes, sizeof(bytes));

	if (length > 0)
		bufferevent_write(client->stream, bytes, length);
}

static void send_hello(struct client *client)
{
	struct wire_message message = { .kind = WIRE_HELLO,
		.hello = { .version = WIRE_VERSION, .process_id = getpid() } };

	snprintf(message.hello.program, sizeof(message.hello.program), "printfarm-stream %s",
		PRINTFARM_VERSION);
	send_to(client, &message);
}

/* False: the client is gone. */
static bool take_hello(struct client *client, const struct wire_message *message)
{
	struct link *link = client->link;

	if (message->hello.version != WIRE_VERSION) {
		log_line(&link->ration, "control", "speaks version %u of the wire, we speak %d",
			(unsigned int)message->hello.version, WIRE_VERSION);
		drop_client(client);
		return false;
	}
	if (link->control && link->control != client)
		drop_client(link->control);
	link->control = client;
	bufferevent_set_timeouts(client->stream, NULL, NULL);
	link->events.attached(link->events.context);
	return client->stream != NULL;
}

/* False: the client is gone. */
static bool take_message(struct client *client, const struct wire_message *message)
{
	struct link *link = client->link;

	if (message->kind == WIRE_HELLO)
		return take_hello(client, message);
	if (link->control != client) {
		log_line(&link->ration, "control", "a client spoke before its hello");
		drop_client(client);
		return false;
	}
	if (message->kind != WIRE_NONE)
		link->events.message(link->events.context, message);
	return client->stream != NULL;
}

static void on_read(struct bufferevent *stream, void *context)
{
	struct evbuffer *input = bufferevent_get_input(stream);
	struct client *client = context;

	for (;;) {
		size_t length = evbuffer_get_length(input), used = 0;
		struct wire_message message;
		enum wire_result_code code;

		if (length > FRAME_BYTES)
			length = FRAME_BYTES;
		code = wire_decode(
			evbuffer_pullup(input, (ev_ssize_t)length), length, &message, &used);
		if (code == WIRE_INCOMPLETE)
			return;
		if (code == WIRE_BAD) {
			log_line(&client->link->ration, "control", "not our format: cut off");
			drop_client(client);
			return;
		}
		evbuffer_drain(input, used);
		if (!take_message(client, &message))
			return;
	}
}

static void on_event(struct bufferevent *stream, short what, void *context)
{
	(void)stream;
	(void)what;
	drop_client(context);
}

static void on_client(void *context, int fd)
{
	static const struct timeval hello_time = { .tv_sec = LINK_HELLO_S };
	struct link *link = context;
	struct client *client = NULL;

	for (int i = 0; i < LINK_CLIENTS_MAX && !client; i++)
		if (!link->clients[i].stream)
			client = &link->clients[i];
	if (!client) {
		close(fd);
		return;
	}
	client->link = link;
	client->stream = bufferevent_socket_new(link->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!client->stream) {
		close(fd);
		return;
	}
	bufferevent_setcb(client->stream, on_read, NULL, on_event, client);
	bufferevent_setwatermark(client->stream, EV_READ, 0, 4 * FRAME_BYTES);
	bufferevent_set_timeouts(client->stream, &hello_time, NULL);
	bufferevent_enable(client->stream, EV_READ | EV_WRITE);
	send_hello(client);
}

struct link *link_create(struct event_base *base, const char *path,
	const struct link_events *events, struct error *error)
{
	struct link *link = calloc(1, sizeof(*link));

	if (!link) {
		error_set(error, "no memory for the control socket");
		return NULL;
	}
	link->base = base;
	link->events = *events;
	link->listener.on_client = on_client;
	link->listener.context = link;
	if (listener_init(&link->listener, base, path, NULL, 1, error) < 0) {
		free(link);
		return NULL;
	}
	return link;
}

void link_destroy(struct link *link)
{
	if (!link)
		return;
	for (int i = 0; i < LINK_CLIENTS_MAX; i++)
		if (link->clients[i].stream)
			drop_client(&link->clients[i]);
	listener_finish(&link->listener);
	free(link);
}

bool link_is_attached(const struct link *link)
{
	return link->control != NULL;
}

bool link_send(struct link *link, const struct wire_message *message, bool droppable)
{
	size_t waiting;

	if (!link->control)
		return false;
	waiting = evbuffer_get_length(bufferevent_get_output(link->control->stream));
	if (droppable && waiting > LINK_DROP_BYTES) {
		link->dropped++;
		return false;
	}
	if (waiting > LINK_QUEUE_BYTES) {
		log_line(&link->ration, "control",
			"does not read: cut off (%lld reports dropped before)",
			(long long)link->dropped);
		/* Not here: the caller may be within this client's own message. */
		bufferevent_trigger_event(
			link->control->stream, BEV_EVENT_ERROR, BEV_TRIG_DEFER_CALLBACKS);
		link->control = NULL;
		return false;
	}
	send_to(link->control, message);
	return true;
}
