#include "daemon/stream/streamer.h"

#include "daemon/stream/clock.h"
#include "daemon/stream/link.h"
#include "daemon/stream/loop_watch.h"
#include "daemon/stream/log.h"
#include "daemon/stream/power.h"
#include "daemon/stream/requests.h"
#include "daemon/stream/settings_file.h"
#include "daemon/stream/stop_socket.h"

#include <errno.h>
#include <event2/event.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* One printer in the loop. */
struct printer {
	struct streamer *streamer;
	struct session *session;
	struct event *readable, *writable, *timer; /* the first two only while the port is open */
	struct event *side;			   /* only while the side channel is open */
	bool waits_for_write;
	int64_t armed_us; /* when the timer will fire; INT64_MAX: never */
	int64_t reported_us;
	bool report_due; /* something changed since */
	struct log_ration log_ration, said_ration;
};

struct streamer {
	struct event_base *base;
	char state_directory[PATH_MAX];
	char only_printer[WIRE_NAME_MAX];
	struct printer *printers[STREAMER_PRINTERS_MAX];
	size_t count;
	struct link *link;
	struct stop_socket *stop_socket;
	struct power *power;
	int prepared_fd; /* eventfd: a reading thread has something for a session that waits */
	struct event *prepared;
	struct event *tick;
	struct loop_watch watch;
	struct log_ration watch_ration;
	const struct printer *busy; /* who was served last */
	struct event *deadline;
	bool draining;
	struct driver_effects effects; /* of whichever session is at work */
};

/* ---- reports ------------------------------------------------------------------ */

static void report(struct printer *printer, int64_t now_us)
{
	struct wire_message message = { .kind = WIRE_PRINTER };

	snprintf(message.printer, sizeof(message.printer), "%s", session_name(printer->session));
	session_describe(printer->session, now_us, &message.state);
	memcpy(message.attempt, message.state.attempt, sizeof(message.attempt));
	link_send(printer->streamer->link, &message, true);
	printer->reported_us = now_us;
	printer->report_due = false;
}

static void send_ended(struct printer *printer, int64_t now_us)
{
	const struct progress_ended *ended;
	int index = 0;

	while ((ended = session_next_ended(printer->session, now_us, &index))) {
		struct wire_message message = { .kind = WIRE_ENDED };

		snprintf(message.printer, sizeof(message.printer), "%s",
			session_name(printer->session));
		memcpy(message.attempt, ended->attempt, sizeof(message.attempt));
		memcpy(message.ended.attempt, ended->attempt, sizeof(message.ended.attempt));
		memcpy(message.ended.reason, ended->reason, sizeof(message.ended.reason));
		message.ended.result = (enum wire_result)ended->result;
		message.ended.fault = ended->fault;
		message.ended.progress = ended->numbers;
		link_send(printer->streamer->link, &message, false);
	}
}

/* When the next report is due; INT64_MAX: nobody listens. */
static int64_t report_time_us(const struct printer *printer)
{
	if (!link_is_attached(printer->streamer->link))
		return INT64_MAX;
	if (printer->report_due)
		return printer->reported_us + STREAMER_REPORT_US;
	return printer->reported_us + (session_is_busy(printer->session)
						      ? STREAMER_REPORT_PRINTING_US
						      : STREAMER_REPORT_IDLE_US);
}

/* ---- waiting ------------------------------------------------------------------ */

static void end_when_idle(struct streamer *streamer)
{
	if (!streamer->draining)
		return;
	for (size_t i = 0; i < streamer->count; i++)
		if (session_is_busy(streamer->printers[i]->session))
			return;
	event_base_loopexit(streamer->base, NULL);
}

/* The timer is moved only when it would be late: a wish that moves ahead with every line costs
 * nothing, the timer fires at the old time and finds that there is more to wait. */
static void wait_on(struct printer *printer, int64_t now_us)
{
	int64_t wish_us = session_wake_us(printer->session), report_us = report_time_us(printer);
	bool wants_write = printer->writable && session_wants_write(printer->session);

	if (report_us < wish_us)
		wish_us = report_us;
	if (wish_us < printer->armed_us) {
		int64_t pause_us = wish_us > now_us ? wish_us - now_us : 0;
		struct timeval pause = { .tv_sec = pause_us / CLOCK_SECOND_US,
			.tv_usec = pause_us % CLOCK_SECOND_US };

		event_add(printer->timer, &pause);
		printer->armed_us = wish_us;
	}
	if (wants_write != printer->waits_for_write) {
		printer->waits_for_write = wants_write;
		if (wants_write)
			event_add(printer->writable, NULL);
		else if (printer->writable)
			event_del(printer->writable);
	}
	end_when_idle(printer->streamer);
}

static void on_timer(evutil_socket_t fd, short what, void *context)
{
	struct printer *printer = context;
	int64_t now_us = clock_now_us();

	printer->streamer->busy = printer;
	(void)fd;
	(void)what;
	printer->armed_us = INT64_MAX;
	if (session_wake_us(printer->session) <= now_us)
		session_on_wake(printer->session, now_us);
	if (report_time_us(printer) <= now_us)
		report(printer, now_us);
	wait_on(printer, now_us);
}

static void on_readable(evutil_socket_t fd, short what, void *context)
{
	struct printer *printer = context;
	int64_t now_us = clock_now_us();

	printer->streamer->busy = printer;
	(void)fd;
	(void)what;
	session_on_readable(printer->session, now_us);
	wait_on(printer, now_us);
}

static void on_side_readable(evutil_socket_t fd, short what, void *context)
{
	struct printer *printer = context;
	int64_t now_us = clock_now_us();

	(void)fd;
	(void)what;
	session_on_side_readable(printer->session, now_us);
	wait_on(printer, now_us);
}

static void on_writable(evutil_socket_t fd, short what, void *context)
{
	struct printer *printer = context;
	int64_t now_us = clock_now_us();

	printer->streamer->busy = printer;
	(void)fd;
	(void)what;
	session_on_writable(printer->session, now_us);
	wait_on(printer, now_us);
}

static void on_prepared(evutil_socket_t fd, short what, void *context)
{
	struct streamer *streamer = context;
	int64_t now_us = clock_now_us();
	uint64_t count;

	(void)what;
	if (read(fd, &count, sizeof(count)) < 0)
		return;
	for (size_t i = 0; i < streamer->count; i++) {
		session_on_prepared(streamer->printers[i]->session, now_us);
		wait_on(streamer->printers[i], now_us);
	}
}

static struct printer *find_printer(struct streamer *streamer, const char *name);

/* What stood still was most likely the work for the printer that was served last. */
static void on_tick(evutil_socket_t fd, short what, void *context)
{
	struct streamer *streamer = context;
	int64_t now_us = clock_now_us(), stalled_us, slept_us;

	(void)fd;
	(void)what;
	loop_watch_tick(&streamer->watch, now_us, clock_boot_us(), &stalled_us, &slept_us);
	if (stalled_us > 0)
		log_line(&streamer->watch_ration, "streamer",
			"the loop stood still for %lld ms, last served: %s; %lld times so far",
			(long long)(stalled_us / 1000),
			streamer->busy ? session_name(streamer->busy->session) : "nobody",
			(long long)streamer->watch.stalls);
	if (slept_us == 0)
		return;
	log_line(NULL, "streamer", "this machine slept for %lld s",
		(long long)(slept_us / CLOCK_SECOND_US));
	for (size_t i = 0; i < streamer->count; i++) {
		session_on_slept(streamer->printers[i]->session, slept_us, now_us);
		wait_on(streamer->printers[i], now_us);
	}
}

/* ---- news from sessions -------------------------------------------------------- */

static void free_event(struct event **event)
{
	if (*event)
		event_free(*event);
	*event = NULL;
}

static void port_opened(void *context, struct session *session, int fd)
{
	struct printer *printer = context;

	(void)session;
	if (fd < 0)
		return;
	printer->readable =
		event_new(printer->streamer->base, fd, EV_READ | EV_PERSIST, on_readable, printer);
	printer->writable =
		event_new(printer->streamer->base, fd, EV_WRITE | EV_PERSIST, on_writable, printer);
	printer->waits_for_write = false;
	if (!printer->readable || !printer->writable || event_add(printer->readable, NULL) < 0)
		log_line(NULL, session_name(printer->session), "no memory to wait for the port");
}

static void port_closing(void *context, struct session *session)
{
	struct printer *printer = context;

	(void)session;
	free_event(&printer->readable);
	free_event(&printer->writable);
	printer->waits_for_write = false;
}

static void side_opened(void *context, struct session *session, int fd)
{
	struct printer *printer = context;

	printer->side = event_new(
		printer->streamer->base, fd, EV_READ | EV_PERSIST, on_side_readable, printer);
	if (!printer->side || event_add(printer->side, NULL) < 0)
		log_line(NULL, session_name(session), "no memory to wait for the side channel");
}

static void side_closing(void *context, struct session *session)
{
	struct printer *printer = context;

	(void)session;
	free_event(&printer->side);
}

static void changed(void *context, struct session *session)
{
	struct printer *printer = context;
	int64_t now_us = clock_now_us();

	(void)session;
	printer->report_due = true;
	if (link_is_attached(printer->streamer->link) && report_time_us(printer) <= now_us)
		report(printer, now_us);
}

static void ended(void *context, struct session *session)
{
	(void)session;
	send_ended(context, clock_now_us());
}

static void said(void *context, struct session *session, const char *text)
{
	struct wire_message message = { .kind = WIRE_SAID };
	struct printer *printer = context;

	log_line(&printer->log_ration, session_name(session), "%s", text);
	if (!log_ration_take(&printer->said_ration, clock_now_us()))
		return;
	snprintf(message.printer, sizeof(message.printer), "%s", session_name(session));
	snprintf(message.text, sizeof(message.text), "%s", text);
	link_send(printer->streamer->link, &message, true);
}

static void power_off(void *context, struct session *session, const char *program)
{
	struct printer *printer = context;
	struct error error = { "" };

	if (power_cut(printer->streamer->power, session_name(session), program, &error) < 0)
		said(context, session, error.text);
}

/* A program that cut power has ended. */
static void power_said(void *context, const char *name, const char *text)
{
	struct printer *printer = find_printer(context, name);

	if (printer)
		said(printer, printer->session, text);
}

/* On a reading thread. */
static void prepared(void *context)
{
	const struct printer *printer = context;
	uint64_t one = 1;

	(void)!write(printer->streamer->prepared_fd, &one, sizeof(one));
}

static const struct session_events session_events = {
	.port_opened = port_opened,
	.port_closing = port_closing,
	.side_opened = side_opened,
	.side_closing = side_closing,
	.changed = changed,
	.ended = ended,
	.said = said,
	.power_off = power_off,
	.prepared = prepared,
};

/* ---- printers ------------------------------------------------------------------ */

static void printer_destroy(struct printer *printer)
{
	if (!printer)
		return;
	free_event(&printer->readable);
	free_event(&printer->writable);
	free_event(&printer->side);
	free_event(&printer->timer);
	session_destroy(printer->session);
	free(printer);
}

static struct printer *printer_create(
	struct streamer *streamer, const char *name, int64_t now_us, struct error *error)
{
	struct printer *printer = calloc(1, sizeof(*printer));
	struct session_setup setup = { .name = name,
		.state_directory = streamer->state_directory,
		.effects = &streamer->effects,
		.events = &session_events,
		.context = printer,
		.seed = (uint64_t)now_us ^ ((uint64_t)getpid() << 40) };

	if (!printer) {
		error_set(error, "no memory for printer %s", name);
		return NULL;
	}
	printer->streamer = streamer;
	printer->armed_us = INT64_MAX;
	printer->timer = event_new(streamer->base, -1, 0, on_timer, printer);
	if (!printer->timer)
		error_set(error, "no memory for printer %s", name);
	else
		printer->session = session_create(&setup, now_us, error);
	if (!printer->session) {
		printer_destroy(printer);
		return NULL;
	}
	return printer;
}

/* Names become file names. */
static bool is_name(const char *name)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_.-";

	return name[0] && name[0] != '.' && name[0] != '-' && name[strspn(name, letters)] == '\0' &&
	       strlen(name) < WIRE_NAME_MAX;
}

static int check_settings(const struct streamer *streamer, const char *name,
	const struct wire_settings *settings, struct error *error)
{
	if (!is_name(name))
		error_set(error, "a printer's name is letters, digits, '_', '.', '-' (at most %d)",
			WIRE_NAME_MAX - 1);
	else if (streamer->only_printer[0] && strcmp(streamer->only_printer, name) != 0)
		error_set(error, "this streamer serves printer %s only", streamer->only_printer);
	else if (!settings->port[0])
		error_set(error, "printer %s: no port", name);
	else if (settings->baud < 0 || settings->baud > 4000000)
		error_set(error, "printer %s: baud %lld; 0 to 4000000 is accepted", name,
			(long long)settings->baud);
	else if (settings->window_lines < DRIVER_WINDOW_HELD || settings->window_lines > 64)
		error_set(error, "printer %s: window %lld; -1 to 64 is accepted", name,
			(long long)settings->window_lines);
	else
		return 0;
	return -EINVAL;
}

static struct printer *find_printer(struct streamer *streamer, const char *name)
{
	for (size_t i = 0; i < streamer->count; i++)
		if (strcmp(session_name(streamer->printers[i]->session), name) == 0)
			return streamer->printers[i];
	return NULL;
}

static struct printer *add_printer(
	struct streamer *streamer, const char *name, int64_t now_us, struct error *error)
{
	struct printer *printer;

	if (streamer->count == STREAMER_PRINTERS_MAX) {
		error_set(error, "printer %s: %d printers are served already", name,
			STREAMER_PRINTERS_MAX);
		return NULL;
	}
	printer = printer_create(streamer, name, now_us, error);
	if (printer)
		streamer->printers[streamer->count++] = printer;
	return printer;
}

int streamer_set_printer(struct streamer *streamer, const char *name,
	const struct wire_settings *settings, int64_t now_us, struct error *error)
{
	struct printer *printer = find_printer(streamer, name);
	int code = check_settings(streamer, name, settings, error);

	if (code < 0)
		return code;
	if (printer && wire_settings_are_equal(session_settings(printer->session), settings))
		return 0;
	code = settings_file_save(streamer->state_directory, name, settings, error);
	if (code < 0)
		return code;
	if (!printer)
		printer = add_printer(streamer, name, now_us, error);
	if (!printer)
		return -ENOMEM;
	session_configure(printer->session, settings, now_us);
	wait_on(printer, now_us);
	return 0;
}

int streamer_remove_printer(struct streamer *streamer, const char *name, struct error *error)
{
	struct printer *printer = find_printer(streamer, name);
	int index = 0;
	int code;

	if (!printer)
		return 0;
	if (session_is_busy(printer->session)) {
		error_set(error, "%s is printing or being cooled down", name);
		return -EBUSY;
	}
	if (session_next_ended(printer->session, INT64_MAX, &index)) {
		error_set(error, "%s has an end that is not booked", name);
		return -EBUSY;
	}
	code = settings_file_remove(streamer->state_directory, name, error);
	if (code < 0)
		return code;
	streamer->busy = NULL;
	for (size_t i = 0; i < streamer->count; i++)
		if (streamer->printers[i] == printer)
			streamer->printers[i] = streamer->printers[--streamer->count];
	printer_destroy(printer);
	return 0;
}

struct session *streamer_find(struct streamer *streamer, const char *name)
{
	struct printer *printer = find_printer(streamer, name);

	return printer ? printer->session : NULL;
}

size_t streamer_count(const struct streamer *streamer)
{
	return streamer->count;
}

struct session *streamer_session(struct streamer *streamer, size_t index)
{
	return streamer->printers[index]->session;
}

void streamer_drain(struct streamer *streamer)
{
	streamer->draining = true;
	end_when_idle(streamer);
}

bool streamer_is_draining(const struct streamer *streamer)
{
	return streamer->draining;
}

/* ---- control and the stop socket ------------------------------------------------ */

static void wait_on_all(struct streamer *streamer, int64_t now_us)
{
	for (size_t i = 0; i < streamer->count; i++)
		wait_on(streamer->printers[i], now_us);
}

static void on_attached(void *context)
{
	struct streamer *streamer = context;
	int64_t now_us = clock_now_us();

	for (size_t i = 0; i < streamer->count; i++) {
		report(streamer->printers[i], now_us);
		send_ended(streamer->printers[i], now_us);
	}
	wait_on_all(streamer, now_us);
}

static void on_message(void *context, const struct wire_message *message)
{
	struct streamer *streamer = context;
	int64_t now_us = clock_now_us();
	struct wire_message answer;

	if (requests_perform(streamer, message, now_us, &answer))
		link_send(streamer->link, &answer, false);
	wait_on_all(streamer, now_us);
}

static void on_estop(void *context, const char *printer, char *answer, size_t size)
{
	struct streamer *streamer = context;
	int64_t now_us = clock_now_us();

	requests_estop(streamer, printer, now_us, answer, size);
	wait_on_all(streamer, now_us);
}

static void on_deadline(evutil_socket_t fd, short what, void *context)
{
	struct streamer *streamer = context;

	(void)fd;
	(void)what;
	log_line(NULL, "streamer", "ending though a print is not parked yet");
	event_base_loopexit(streamer->base, NULL);
}

void streamer_stop(struct streamer *streamer, const char *reason)
{
	static const struct timeval patience = { .tv_sec = STREAMER_STOP_US / CLOCK_SECOND_US };
	int64_t now_us = clock_now_us();

	event_add(streamer->deadline, &patience);
	for (size_t i = 0; i < streamer->count; i++)
		session_stop(streamer->printers[i]->session, reason, now_us);
	streamer->draining = true;
	wait_on_all(streamer, now_us);
	end_when_idle(streamer);
}

/* ---- life ---------------------------------------------------------------------- */

static void load_printer(void *context, const char *name, const struct wire_settings *settings)
{
	struct streamer *streamer = context;
	struct error error = { "" };
	int64_t now_us = clock_now_us();
	struct printer *printer;

	if (check_settings(streamer, name, settings, &error) < 0 ||
		!(printer = add_printer(streamer, name, now_us, &error))) {
		log_line(NULL, "streamer", "%s", error.text);
		return;
	}
	session_configure(printer->session, settings, now_us);
	wait_on(printer, now_us);
}

static void refuse_file(void *context, const char *sentence)
{
	(void)context;
	log_line(NULL, "streamer", "%s", sentence);
}

static int open_sockets(struct streamer *streamer, const char *path, struct error *error)
{
	struct link_events link = {
		.attached = on_attached, .message = on_message, .context = streamer
	};
	struct stop_events stop = { .estop = on_estop, .context = streamer };
	char stop_path[PATH_MAX];

	snprintf(stop_path, sizeof(stop_path), "%s.stop", path);
	streamer->stop_socket = stop_socket_create(streamer->base, stop_path, &stop, error);
	if (!streamer->stop_socket)
		return -1;
	streamer->link = link_create(streamer->base, path, &link, error);
	return streamer->link ? 0 : -1;
}

static int open_events(struct streamer *streamer, struct error *error)
{
	static const struct timeval tick = { .tv_usec = LOOP_WATCH_TICK_US };

	streamer->prepared_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (streamer->prepared_fd >= 0)
		streamer->prepared = event_new(streamer->base, streamer->prepared_fd,
			EV_READ | EV_PERSIST, on_prepared, streamer);
	streamer->deadline = event_new(streamer->base, -1, 0, on_deadline, streamer);
	streamer->tick = event_new(streamer->base, -1, EV_PERSIST, on_tick, streamer);
	streamer->power = power_create(streamer->base, power_said, streamer);
	if (streamer->prepared && streamer->deadline && streamer->tick && streamer->power &&
		event_add(streamer->tick, &tick) == 0 && event_add(streamer->prepared, NULL) == 0)
		return 0;
	error_set(error, "no memory for the loop");
	return -1;
}

struct streamer *streamer_create(
	struct event_base *base, const struct streamer_setup *setup, struct error *error)
{
	struct streamer *streamer = calloc(1, sizeof(*streamer));
	struct settings_file_visitor visitor = {
		.each = load_printer, .refused = refuse_file, .context = streamer
	};

	if (!streamer) {
		error_set(error, "no memory");
		return NULL;
	}
	streamer->base = base;
	streamer->prepared_fd = -1;
	snprintf(streamer->state_directory, sizeof(streamer->state_directory), "%s",
		setup->state_directory);
	if (setup->only_printer)
		snprintf(streamer->only_printer, sizeof(streamer->only_printer), "%s",
			setup->only_printer);
	if (open_events(streamer, error) < 0 ||
		open_sockets(streamer, setup->socket_path, error) < 0 ||
		settings_file_load_all(setup->state_directory, &visitor, error) < 0) {
		streamer_destroy(streamer);
		return NULL;
	}
	return streamer;
}

void streamer_destroy(struct streamer *streamer)
{
	if (!streamer)
		return;
	for (size_t i = 0; i < streamer->count; i++)
		printer_destroy(streamer->printers[i]);
	link_destroy(streamer->link);
	stop_socket_destroy(streamer->stop_socket);
	power_destroy(streamer->power);
	free_event(&streamer->prepared);
	free_event(&streamer->deadline);
	free_event(&streamer->tick);
	if (streamer->prepared_fd >= 0)
		close(streamer->prepared_fd);
	free(streamer);
}
