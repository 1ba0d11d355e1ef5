/* The loop; see simulation.h. */
#include "sim/simulation.h"

#include "base/error.h"

#include <errno.h>	  /* errno */
#include <signal.h>	  /* sigprocmask */
#include <stdio.h>	  /* fprintf, stderr */
#include <stdlib.h>	  /* calloc, free */
#include <string.h>	  /* memset, strcmp, strerror */
#include <sys/epoll.h>	  /* epoll_pwait2 */
#include <sys/inotify.h>  /* struct inotify_event */
#include <sys/signalfd.h> /* signalfd */
#include <time.h>	  /* clock_gettime */
#include <unistd.h>	  /* read, close */

enum {
	FLUSH_US = 1000000,
	EVENTS_MAX = 128,
	/* epoll data: stations by index, the rest above; control clients by descriptor. */
	TOKEN_INOTIFY = SPEC_PRINTERS_MAX,
	TOKEN_SIGNAL,
	TOKEN_LISTEN,
	TOKEN_SIDE = 1 << 12,	     /* + station: its side channel has a new client */
	TOKEN_SIDE_CLIENT = 1 << 13, /* + station: its client has sent something */
	TOKEN_CLIENT = 1 << 16,
};

static int64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int watch(struct simulation *simulation, int fd, uint32_t token, struct error *error)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = token };

	if (epoll_ctl(simulation->epoll_fd, EPOLL_CTL_ADD, fd, &event) == 0)
		return 0;
	int reason = errno;
	error_set(error, "epoll: %s", strerror(reason));
	return -reason;
}

/* Asks for what the station wants of its port; a port that is gone has left epoll by itself. */
static void update_interest(struct simulation *simulation, size_t index)
{
	const struct station *station = simulation->station[index];
	int fd = station->port.master;
	struct epoll_event event = { .data.u32 = (uint32_t)index };

	if (station->wants_read)
		event.events |= EPOLLIN;
	if (station->wants_write)
		event.events |= EPOLLOUT;
	if (fd != simulation->interest_fd[index]) {
		if (fd >= 0)
			epoll_ctl(simulation->epoll_fd, EPOLL_CTL_ADD, fd, &event);
	} else if (fd >= 0 && event.events != simulation->interest[index]) {
		epoll_ctl(simulation->epoll_fd, EPOLL_CTL_MOD, fd, &event);
	}
	simulation->interest_fd[index] = fd;
	simulation->interest[index] = event.events;
}

static int open_descriptors(struct simulation *simulation, struct error *error)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGTERM);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	simulation->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	simulation->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	simulation->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
	if (simulation->epoll_fd < 0 || simulation->inotify_fd < 0 || simulation->signal_fd < 0) {
		int reason = errno;
		error_set(error, "epoll, inotify or signalfd: %s", strerror(reason));
		return -reason;
	}
	int result = watch(simulation, simulation->inotify_fd, TOKEN_INOTIFY, error);
	return result < 0 ? result : watch(simulation, simulation->signal_fd, TOKEN_SIGNAL, error);
}

static int open_stations(struct simulation *simulation, const struct simulation_options *options,
	struct error *error)
{
	int64_t now_us = wall_us();

	for (size_t i = 0; i < options->spec->count; i++) {
		struct station *station = calloc(1, sizeof *station);
		if (!station) {
			error_set(error, "no memory for %zu printers", options->spec->count);
			return -ENOMEM;
		}
		int result = station_open(station, &options->spec->printer[i], options->dir,
			(int)i + 1, options->seed, options->speed, simulation->inotify_fd, now_us,
			error);
		if (result < 0) {
			free(station);
			return result;
		}
		station_set_plan(station, options->plan, options->plan_count);
		simulation->interest_fd[simulation->count] = -1;
		simulation->station[simulation->count++] = station;
		if (station->side.listener >= 0)
			result = watch(simulation, station->side.listener, TOKEN_SIDE + (uint32_t)i,
				error);
		if (result < 0)
			return result;
	}
	return 0;
}

int simulation_open(struct simulation *simulation, const struct simulation_options *options,
	struct error *error)
{
	memset(simulation, 0, sizeof *simulation);
	simulation->epoll_fd = simulation->inotify_fd = simulation->signal_fd = -1;
	simulation->plan = options->plan;
	simulation->plan_count = options->plan_count;
	/* The socket first: it is the lock of the directory. */
	int result = console_open(&simulation->console, options->dir, error);
	if (result == 0)
		result = open_descriptors(simulation, error);
	if (result == 0)
		result = watch(simulation, simulation->console.fd, TOKEN_LISTEN, error);
	if (result == 0)
		result = open_stations(simulation, options, error);
	if (result < 0)
		simulation_close(simulation);
	return result;
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

void simulation_close(struct simulation *simulation)
{
	for (size_t i = 0; i < simulation->count; i++) {
		station_close(simulation->station[i], simulation->inotify_fd);
		free(simulation->station[i]);
	}
	simulation->count = 0;
	console_close(&simulation->console);
	close_fd(&simulation->epoll_fd);
	close_fd(&simulation->inotify_fd);
	close_fd(&simulation->signal_fd);
	free(simulation->plan);
	simulation->plan = NULL;
}

struct station *simulation_find(struct simulation *simulation, const char *name)
{
	for (size_t i = 0; i < simulation->count; i++)
		if (strcmp(sim_printer_settings(simulation->station[i]->printer)->name, name) == 0)
			return simulation->station[i];
	return NULL;
}

int simulation_flush(struct simulation *simulation, struct error *error)
{
	int result = 0;

	for (size_t i = 0; i < simulation->count && result == 0; i++)
		result = truth_flush(&simulation->station[i]->truth, error);
	return result;
}

static int serve(struct simulation *simulation, size_t index, bool readable, struct error *error)
{
	int result = station_serve(
		simulation->station[index], readable, wall_us(), simulation->inotify_fd, error);

	update_interest(simulation, index);
	return result;
}

void simulation_apply(
	struct simulation *simulation, struct station *station, const struct sim_fault *fault)
{
	struct error error;

	station_apply(station, fault);
	for (size_t i = 0; i < simulation->count; i++)
		if (simulation->station[i] == station && serve(simulation, i, false, &error) < 0)
			fprintf(stderr, "printfarm-sim: %s\n", error.text);
}

/* Hosts open and close ports. */
static void read_inotify(struct simulation *simulation)
{
	char buffer[4096] __attribute__((aligned(__alignof__(struct inotify_event))));
	ssize_t got;

	while ((got = read(simulation->inotify_fd, buffer, sizeof buffer)) > 0) {
		for (char *at = buffer; at < buffer + got;) {
			const struct inotify_event *event = (const void *)at;
			at += sizeof *event + event->len;
			for (size_t i = 0; i < simulation->count; i++)
				if (simulation->station[i]->port.watch == event->wd)
					station_host(simulation->station[i],
						event->mask & IN_OPEN	 ? 1
						: event->mask & IN_CLOSE ? -1
									 : 0,
						wall_us());
		}
	}
}

static int64_t earliest_wake(const struct simulation *simulation)
{
	int64_t wake_us = simulation->flush_wall_us;

	for (size_t i = 0; i < simulation->count; i++)
		if (simulation->station[i]->wake_wall_us < wake_us)
			wake_us = simulation->station[i]->wake_wall_us;
	return wake_us;
}

static int wait_for_events(struct simulation *simulation, struct epoll_event *events)
{
	int64_t left_us = earliest_wake(simulation) - wall_us();

	if (left_us < 0)
		left_us = 0;
	if (!simulation->coarse) {
		struct timespec timeout = { left_us / 1000000, left_us % 1000000 * 1000 };
		int count = epoll_pwait2(simulation->epoll_fd, events, EVENTS_MAX, &timeout, NULL);
		if (count >= 0 || errno != ENOSYS)
			return count;
		simulation->coarse = true;
	}
	return epoll_wait(simulation->epoll_fd, events, EVENTS_MAX, (int)((left_us + 999) / 1000));
}

static void serve_control(struct simulation *simulation, uint32_t token)
{
	struct error error;

	if (token >= TOKEN_CLIENT) {
		console_serve(&simulation->console, simulation, (int)(token - TOKEN_CLIENT));
		return;
	}
	int fd = console_accept(&simulation->console);
	if (fd >= 0 && watch(simulation, fd, TOKEN_CLIENT + (uint32_t)fd, &error) < 0)
		fprintf(stderr, "printfarm-sim: %s\n", error.text);
}

/* Returns the station that the event is about. */
static size_t serve_side(struct simulation *simulation, uint32_t token)
{
	size_t index = token & (TOKEN_SIDE - 1);
	struct station *station = simulation->station[index];
	struct error error;

	if (token < TOKEN_SIDE_CLIENT && station_side_knock(station) &&
		watch(simulation, station->side.client, TOKEN_SIDE_CLIENT + (uint32_t)index,
			&error) < 0)
		fprintf(stderr, "printfarm-sim: %s\n", error.text);
	return index;
}

/* Returns 1 when a signal asks to end. */
static int dispatch(struct simulation *simulation, const struct epoll_event *events, int count,
	struct error *error)
{
	bool readable[SPEC_PRINTERS_MAX] = { false }, due[SPEC_PRINTERS_MAX] = { false };
	int64_t now_us = wall_us();

	/* An opening comes before the bytes that follow it. */
	for (int i = 0; i < count; i++)
		if (events[i].data.u32 == TOKEN_INOTIFY)
			read_inotify(simulation);
	for (int i = 0; i < count; i++) {
		uint32_t token = events[i].data.u32;
		if (token == TOKEN_SIGNAL)
			return 1;
		if (token >= TOKEN_SIDE && token < TOKEN_CLIENT)
			due[serve_side(simulation, token)] = true;
		else if (token >= TOKEN_LISTEN)
			serve_control(simulation, token);
		else if (token < SPEC_PRINTERS_MAX) {
			readable[token] = (events[i].events & EPOLLIN) != 0;
			due[token] = true;
		}
	}
	for (size_t i = 0; i < simulation->count; i++) {
		if (!due[i] && simulation->station[i]->wake_wall_us > now_us)
			continue;
		int result = serve(simulation, i, readable[i], error);
		if (result < 0)
			return result;
	}
	return 0;
}

int simulation_run(struct simulation *simulation, struct error *error)
{
	struct epoll_event events[EVENTS_MAX];
	int result = 0;

	simulation->flush_wall_us = wall_us() + FLUSH_US;
	for (size_t i = 0; i < simulation->count && result == 0; i++)
		result = serve(simulation, i, false, error);
	while (result == 0) {
		int count = wait_for_events(simulation, events);
		if (count < 0 && errno != EINTR) {
			result = -errno;
			error_set(error, "epoll_pwait2: %s", strerror(errno));
			break;
		}
		result = dispatch(simulation, events, count < 0 ? 0 : count, error);
		if (result == 0 && wall_us() >= simulation->flush_wall_us) {
			simulation->flush_wall_us = wall_us() + FLUSH_US;
			result = simulation_flush(simulation, error);
		}
	}
	return result < 0 ? result : 0;
}
