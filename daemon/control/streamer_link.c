#include "daemon/control/streamer_link.h"

#include "daemon/control/log.h"

#include <event2/buffer.h>
#include <event2/bufferevent.h>
#include <event2/event.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum {
	RETRY_FIRST_MS = 100, /* between attempts to connect, doubled each time */
	RETRY_MAX_MS = 2000,
	HELLO_S = 5,		  /* until the other end has said who it is */
	REFUSED_S = 2,		  /* before refused settings are sent again */
	BACKLOG_MAX = 256 * 1024, /* bytes that a streamer has not read */
};

/* Requests of the link itself carry the top bit, so that they never meet the farm's. */
#define LINK_REQUEST (UINT64_C(1) << 63)

struct served {
	char printer[WIRE_NAME_MAX];
	uint64_t request; /* settings under way; 0: answered */
	bool attached;
	bool wanted;   /* settings have to be sent */
	bool removing; /* not configured any more; `request` asks the streamer to let go */
};

struct streamer_link {
	struct event_base *base; /* borrowed */
	char streamer[WIRE_NAME_MAX];
	char path[WIRE_PATH_MAX];
	struct streamer_link_handlers handlers;
	struct streamer_link_counters *counters; /* borrowed */
	struct bufferevent *bev;		 /* NULL: not connected */
	struct event *retry;
	int retry_ms;
	bool greeted; /* the other end has said hello */
	int64_t alive_since_s;
	uint64_t next_request;
	size_t count, room;
	struct served *served;
	char why[WIRE_TEXT_MAX]; /* not connected */
};

static void connect_now(struct streamer_link *link);

static struct served *find(const struct streamer_link *link, const char *printer)
{
	for (size_t i = 0; i < link->count; i++)
		if (strcmp(link->served[i].printer, printer) == 0)
			return &link->served[i];
	return NULL;
}

/* ---- losing the connection ---- */

static void retry_later(struct streamer_link *link)
{
	struct timeval pause = { link->retry_ms / 1000, link->retry_ms % 1000 * 1000 };
	event_add(link->retry, &pause);
	link->retry_ms = link->retry_ms * 2 > RETRY_MAX_MS ? RETRY_MAX_MS : link->retry_ms * 2;
}

static void lose(struct streamer_link *link, const char *why)
{
	if (link->bev) {
		bufferevent_free(link->bev);
		link->bev = NULL;
	}
	if (link->greeted) {
		link->counters->lost++;
		link->retry_ms = RETRY_FIRST_MS;
		log_warning("link", "streamer %s: %s", link->streamer, why);
	}
	link->greeted = false;
	snprintf(link->why, sizeof(link->why), "%s", why);
	for (size_t i = 0; i < link->count; i++) {
		struct served *served = &link->served[i];
		served->request = 0;
		served->attached = false;
		served->wanted = true;
		link->handlers.detached(link->handlers.context, served->printer, why);
	}
	retry_later(link);
}

/* ---- sending ---- */

static bool put(struct streamer_link *link, const struct wire_message *message)
{
	uint8_t frame[WIRE_FRAME_MAX + 4];
	if (!link->bev)
		return false;
	if (evbuffer_get_length(bufferevent_get_output(link->bev)) > BACKLOG_MAX) {
		link->counters->backlog_full++;
		return false;
	}
	size_t length = wire_encode(message, frame, sizeof(frame));
	return length > 0 && bufferevent_write(link->bev, frame, length) == 0;
}

bool streamer_link_send(struct streamer_link *link, const struct wire_message *message)
{
	return link->greeted && put(link, message);
}

static void send_settings(struct streamer_link *link, struct served *served)
{
	struct wire_message message = { .kind = WIRE_SET_PRINTER };
	served->wanted = false;
	if (!link->handlers.settings(link->handlers.context, served->printer, &message.settings))
		return;
	snprintf(message.printer, sizeof(message.printer), "%s", served->printer);
	message.request = LINK_REQUEST | link->next_request++;
	if (streamer_link_send(link, &message))
		served->request = message.request;
}

/* ---- receiving ---- */

static void on_hello(struct streamer_link *link, const struct wire_message *message)
{
	if (message->hello.version != WIRE_VERSION) {
		char why[WIRE_TEXT_MAX];
		snprintf(why, sizeof(why),
			"its streamer speaks version %u of the protocol, this control speaks %d: "
			"install matching versions",
			(unsigned)message->hello.version, WIRE_VERSION);
		lose(link, why);
		return;
	}
	link->greeted = true;
	link->retry_ms = RETRY_FIRST_MS;
	bufferevent_set_timeouts(link->bev, NULL, NULL);
	for (size_t i = 0; i < link->count; i++)
		send_settings(link, &link->served[i]);
}

/* What stood in the way (a full disk) may pass. */
static void send_again_later(struct streamer_link *link, struct served *served)
{
	static const struct timeval pause = { REFUSED_S, 0 };
	served->attached = false;
	served->wanted = true;
	event_add(link->retry, &pause);
}

static void drop(struct streamer_link *link, struct served *served)
{
	char printer[WIRE_NAME_MAX];
	memcpy(printer, served->printer, sizeof(printer));
	*served = link->served[--link->count];
	link->handlers.detached(link->handlers.context, printer, "it is not configured any more");
}

static void on_settings_answer(
	struct streamer_link *link, struct served *served, const struct wire_message *message)
{
	served->request = 0;
	if (served->removing) {
		if (!message->error || message->error == -ENOENT)
			drop(link, served);
		return;
	}
	if (message->error) {
		send_again_later(link, served);
		char why[WIRE_TEXT_MAX];
		snprintf(why, sizeof(why), "its streamer refused the settings: %.180s",
			message->text[0] ? message->text : strerror((int)-message->error));
		link->handlers.detached(link->handlers.context, served->printer, why);
		return;
	}
	if (served->attached)
		return;
	served->attached = true;
	link->handlers.attached(link->handlers.context, served->printer, link->alive_since_s);
}

static void on_message(struct streamer_link *link, const struct wire_message *message)
{
	if (message->kind == WIRE_HELLO) {
		if (!link->greeted)
			on_hello(link, message);
		return;
	}
	if (message->kind == WIRE_ANSWER && (message->request & LINK_REQUEST)) {
		for (size_t i = 0; i < link->count; i++)
			if (link->served[i].request == message->request) {
				on_settings_answer(link, &link->served[i], message);
				return;
			}
		return;
	}
	if (message->kind != WIRE_NONE && link->greeted)
		link->handlers.message(link->handlers.context, message);
}

static void on_read(struct bufferevent *bev, void *context)
{
	struct streamer_link *link = context;
	struct evbuffer *input = bufferevent_get_input(bev);
	while (link->bev == bev && evbuffer_get_length(input) > 0) {
		struct wire_message message;
		size_t used = 0, length = evbuffer_get_length(input);
		if (length > WIRE_FRAME_MAX + 4)
			length = WIRE_FRAME_MAX + 4;
		const uint8_t *bytes = evbuffer_pullup(input, (ev_ssize_t)length);
		if (!bytes) {
			lose(link, "out of memory");
			return;
		}
		switch (wire_decode(bytes, length, &message, &used)) {
		case WIRE_INCOMPLETE:
			return;
		case WIRE_BAD:
			link->counters->bad_frames++;
			lose(link, "its streamer sent something that is not the protocol");
			return;
		case WIRE_OK:
			evbuffer_drain(input, used);
			on_message(link, &message);
			break;
		}
	}
}

/* ---- connecting ---- */

/* Wall-clock start of the process at the other end, from the kernel; 0: cannot be told. */
static int64_t peer_alive_since_s(int fd)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);
	char path[64], line[1024];
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/stat", (int)peer.pid);
	FILE *file = fopen(path, "re");
	if (!file)
		return 0;
	size_t length = fread(line, 1, sizeof(line) - 1, file);
	fclose(file);
	line[length] = '\0';
	/* The name in parentheses may hold anything; the 20th word behind it is the start in
	 * clock ticks since the boot. */
	char *at = strrchr(line, ')');
	unsigned long long ticks = 0;
	if (!at || sscanf(at + 1,
			   " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d "
			   "%*d %*d %llu",
			   &ticks) != 1)
		return 0;
	struct timespec boot;
	clock_gettime(CLOCK_BOOTTIME, &boot);
	return (int64_t)time(NULL) -
	       ((int64_t)boot.tv_sec - (int64_t)(ticks / (unsigned long long)sysconf(_SC_CLK_TCK)));
}

static void on_connected(struct streamer_link *link)
{
	struct wire_message hello = { .kind = WIRE_HELLO };
	struct timeval patience = { HELLO_S, 0 };
	link->counters->connects++;
	link->alive_since_s = peer_alive_since_s(bufferevent_getfd(link->bev));
	hello.hello.version = WIRE_VERSION;
	hello.hello.process_id = getpid();
	snprintf(hello.hello.program, sizeof(hello.hello.program), "printfarmd");
	bufferevent_set_timeouts(link->bev, &patience, NULL);
	if (!put(link, &hello))
		lose(link, "its streamer could not be greeted");
}

static void on_event(struct bufferevent *bev, short what, void *context)
{
	struct streamer_link *link = context;
	(void)bev;
	if (what & BEV_EVENT_CONNECTED)
		on_connected(link);
	else if (what & BEV_EVENT_TIMEOUT)
		lose(link, "its streamer accepts connections but does not answer");
	else if (link->greeted)
		lose(link, "its streamer is gone");
	else {
		lose(link, "its streamer is not running");
		link->handlers.absent(link->handlers.context, link->streamer);
	}
}

static void on_retry(evutil_socket_t fd, short what, void *context)
{
	struct streamer_link *link = context;
	(void)fd;
	(void)what;
	if (!link->bev) {
		connect_now(link);
		return;
	}
	for (size_t i = 0; link->greeted && i < link->count; i++)
		if (link->served[i].wanted && !link->served[i].removing)
			send_settings(link, &link->served[i]);
}

static void connect_now(struct streamer_link *link)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	if (strlen(link->path) >= sizeof(address.sun_path)) {
		lose(link, "the path of its streamer's socket is longer than 107 bytes: choose a "
			   "shorter stream_dir");
		return;
	}
	memcpy(address.sun_path, link->path, strlen(link->path) + 1);
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		lose(link, "no socket can be made: too many open files?");
		return;
	}
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) != 0) {
		int error = errno;
		close(fd);
		lose(link, error == EAGAIN ? "its streamer is too busy to answer"
					   : "its streamer is not running");
		if (error != EAGAIN)
			link->handlers.absent(link->handlers.context, link->streamer);
		return;
	}
	link->bev = bufferevent_socket_new(link->base, fd, BEV_OPT_CLOSE_ON_FREE);
	if (!link->bev) {
		close(fd);
		lose(link, "out of memory");
		return;
	}
	bufferevent_setcb(link->bev, on_read, NULL, on_event, link);
	bufferevent_setwatermark(link->bev, EV_READ, 0, BACKLOG_MAX);
	bufferevent_enable(link->bev, EV_READ | EV_WRITE);
	on_connected(link);
}

struct streamer_link *streamer_link_create(struct event_base *base, const char *streamer,
	const char *socket_path, const struct streamer_link_handlers *handlers,
	struct streamer_link_counters *counters)
{
	struct streamer_link *link = calloc(1, sizeof(*link));
	if (!link)
		return NULL;
	link->base = base;
	link->handlers = *handlers;
	link->counters = counters;
	link->retry_ms = RETRY_FIRST_MS;
	link->next_request = 1;
	snprintf(link->streamer, sizeof(link->streamer), "%s", streamer);
	snprintf(link->path, sizeof(link->path), "%s", socket_path);
	snprintf(link->why, sizeof(link->why), "its streamer has not been reached yet");
	link->retry = evtimer_new(base, on_retry, link);
	if (!link->retry) {
		free(link);
		return NULL;
	}
	/* From the loop, so that call-backs never come before the caller has this link. */
	struct timeval now = { 0, 0 };
	event_add(link->retry, &now);
	return link;
}

void streamer_link_destroy(struct streamer_link *link)
{
	if (!link)
		return;
	if (link->bev)
		bufferevent_free(link->bev);
	event_free(link->retry);
	free(link->served);
	free(link);
}

const char *streamer_link_streamer(const struct streamer_link *link)
{
	return link->streamer;
}

bool streamer_link_set_printer(struct streamer_link *link, const char *printer)
{
	struct served *served = find(link, printer);
	if (!served) {
		if (link->count == link->room) {
			size_t room = link->room ? link->room * 2 : 4;
			struct served *bigger = realloc(link->served, room * sizeof(*bigger));
			if (!bigger)
				return false;
			link->served = bigger;
			link->room = room;
		}
		served = &link->served[link->count++];
		memset(served, 0, sizeof(*served));
		snprintf(served->printer, sizeof(served->printer), "%s", printer);
	}
	served->wanted = true;
	served->removing = false;
	if (link->greeted)
		send_settings(link, served);
	return true;
}

void streamer_link_remove_printer(struct streamer_link *link, const char *printer)
{
	struct served *served = find(link, printer);
	if (!served || (served->removing && served->request))
		return;
	if (!link->greeted) {
		drop(link, served);
		return;
	}
	struct wire_message message = { .kind = WIRE_REMOVE_PRINTER };
	snprintf(message.printer, sizeof(message.printer), "%s", printer);
	message.request = LINK_REQUEST | link->next_request++;
	served->removing = true;
	served->request = streamer_link_send(link, &message) ? message.request : 0;
}

bool streamer_link_serves(const struct streamer_link *link, const char *printer)
{
	return find(link, printer) != NULL;
}

bool streamer_link_is_empty(const struct streamer_link *link)
{
	return link->count == 0;
}

size_t streamer_link_printer_count(const struct streamer_link *link)
{
	return link->count;
}

const char *streamer_link_printer(const struct streamer_link *link, size_t index)
{
	return link->served[index].printer;
}

void streamer_link_shut_down(struct streamer_link *link)
{
	struct wire_message message = { .kind = WIRE_SHUTDOWN };
	message.request = LINK_REQUEST | link->next_request++;
	if (!streamer_link_send(link, &message))
		return;
	/* The link may be destroyed next: what can be written is written now.  A bufferevent
	 * freezes the front of its output for everybody else. */
	struct evbuffer *output = bufferevent_get_output(link->bev);
	evbuffer_unfreeze(output, 1);
	evbuffer_write(output, bufferevent_getfd(link->bev));
	evbuffer_freeze(output, 1);
}
