/* One simulated printer in the program; see station.h. */
#include "sim/station.h"

#include "base/error.h"

#include <errno.h>  /* ENOMEM */
#include <stdio.h>  /* snprintf */
#include <string.h> /* memset, strcmp, memmove */

enum { READ_BYTES = 4096 };

int station_open(struct station *station, const struct sim_settings *settings, const char *dir,
	int socket, uint64_t seed, double speed, int inotify_fd, int64_t wall_us,
	struct error *error)
{
	char path[PTY_PATH_MAX];

	memset(station, 0, sizeof *station);
	station->truth.fd = -1;
	station->speed = speed;
	station->start_wall_us = wall_us;
	station->heard_wall_us = wall_us - STATION_HOLD_US;
	station->next_line = station->next_at_us = INT64_MAX;
	side_init(&station->side);
	const struct pty_names names = { dir, settings->name, settings->serial, settings->machine,
		settings->link == SIM_LINK_CDC, socket };
	if (!pty_init(&station->port, &names) || snprintf(path, sizeof path, "%s/%s.executed", dir,
							 settings->name) >= (int)sizeof path) {
		error_set(error, "%s: too long a path", dir);
		return -ENAMETOOLONG;
	}
	int result = truth_open(&station->truth, path, error);
	if (result == 0)
		result = pty_plug(&station->port, inotify_fd, error);
	if (result == 0) {
		station->printer = sim_printer_create(settings, seed, 0);
		if (!station->printer) {
			error_set(error, "no memory for %s", settings->name);
			result = -ENOMEM;
		}
	}
	if (result == 0)
		result = side_open(&station->side, station->printer, dir, error);
	if (result < 0) {
		station_close(station, inotify_fd);
		return result;
	}
	sim_printer_closed(station->printer, 0);
	return 0;
}

static void take_executed(struct station *station)
{
	struct sim_executed executed;

	while (sim_printer_next_executed(station->printer, &executed))
		truth_add(&station->truth, &executed);
}

void station_close(struct station *station, int inotify_fd)
{
	if (station->printer)
		take_executed(station);
	truth_close(&station->truth);
	side_close(&station->side);
	pty_unplug(&station->port, inotify_fd, false);
	sim_printer_destroy(station->printer);
	station->printer = NULL;
}

/* ---- the fault plan ---- */

static bool is_done(const struct station *station, size_t index)
{
	return station->done[index / 8] >> (index % 8) & 1;
}

static void find_next_faults(struct station *station)
{
	station->next_line = station->next_at_us = INT64_MAX;
	for (size_t i = 0; i < station->plan_count; i++) {
		int64_t *next =
			station->plan[i].by_line ? &station->next_line : &station->next_at_us;
		if (!is_done(station, i) && station->plan[i].when < *next)
			*next = station->plan[i].when;
	}
}

void station_set_plan(struct station *station, const struct sim_planned_fault *plan, size_t count)
{
	const char *name = sim_printer_settings(station->printer)->name;

	station->plan = plan;
	station->plan_count = count < SIM_FAULTS_MAX ? count : SIM_FAULTS_MAX;
	for (size_t i = 0; i < station->plan_count; i++)
		if (strcmp(plan[i].printer, "*") != 0 && strcmp(plan[i].printer, name) != 0)
			station->done[i / 8] |= (uint8_t)(1 << (i % 8));
	find_next_faults(station);
}

static void run_plan(struct station *station)
{
	int64_t executed = sim_printer_counters(station->printer)->executed;
	int64_t now_us = sim_printer_now_us(station->printer);

	if (executed < station->next_line && now_us < station->next_at_us)
		return;
	for (size_t i = 0; i < station->plan_count; i++) {
		const struct sim_planned_fault *planned = &station->plan[i];
		if (is_done(station, i) || planned->when > (planned->by_line ? executed : now_us))
			continue;
		station->done[i / 8] |= (uint8_t)(1 << (i % 8));
		sim_printer_apply(station->printer, &planned->fault, now_us);
	}
	find_next_faults(station);
}

/* ---- time ---- */

static int64_t to_sim_us(const struct station *station, int64_t wall_us)
{
	return (int64_t)((double)(wall_us - station->start_wall_us) * station->speed) -
	       station->slip_us;
}

static int64_t to_wall_us(const struct station *station, int64_t sim_us)
{
	double wall_us = (double)(sim_us + station->slip_us) / station->speed;

	return wall_us > 9e15 ? INT64_MAX : station->start_wall_us + (int64_t)wall_us + 1;
}

/* The clock stands still: it is the host's turn, and it has been heard of lately. */
static bool stands_still(const struct station *station, int64_t wall_us)
{
	return station->speed > 1 && station->output_start == station->output_end &&
	       wall_us - station->heard_wall_us < STATION_HOLD_US &&
	       sim_printer_waits_for_host(station->printer);
}

static int64_t next_event_us(const struct station *station)
{
	int64_t next_us = sim_printer_next_event_us(station->printer);

	return station->next_at_us < next_us ? station->next_at_us : next_us;
}

/* Late is who comes later than the next event was due; sleeping until then is not. */
static void slip(struct station *station, int64_t wall_us)
{
	int64_t due_us = next_event_us(station), now_us = sim_printer_now_us(station->printer);
	int64_t lag_us = to_sim_us(station, wall_us) - (due_us > now_us ? due_us : now_us);
	int64_t most_us = (int64_t)(STATION_LAG_US * station->speed);

	if (station->speed > 1 && lag_us > most_us)
		station->slip_us += lag_us - most_us;
}

static void take_output(struct station *station)
{
	if (station->output_start == station->output_end)
		station->output_start = station->output_end = 0;
	station->output_end +=
		sim_printer_take_output(station->printer, station->output + station->output_end,
			sizeof station->output - station->output_end);
}

/* From event to event up to what the clock allows, or until it is the host's turn. */
static void pass_time(struct station *station, int64_t wall_us)
{
	struct sim_printer *printer = station->printer;

	/* Lateness is not made up for in a rush. */
	slip(station, wall_us);
	if (stands_still(station, wall_us))
		return;
	int64_t target_us = to_sim_us(station, wall_us);
	int64_t ahead_us = station->speed > 1 ? (int64_t)(STATION_AHEAD_US * station->speed) : 0;
	for (;;) {
		int64_t next_us = next_event_us(station);
		if (next_us > target_us + ahead_us)
			break;
		if (next_us < sim_printer_now_us(printer))
			next_us = sim_printer_now_us(printer);
		sim_printer_advance(printer, next_us);
		run_plan(station);
		take_executed(station);
		take_output(station);
		/* Output makes it the host's turn once it is written: look again after that. */
		if (station->output_start < station->output_end && station->speed > 1 &&
			sim_printer_waits_for_host(printer))
			return;
	}
	if (target_us > sim_printer_now_us(printer))
		sim_printer_advance(printer, target_us);
}

/* ---- bytes ---- */

static void write_port(struct station *station)
{
	station->wants_write = false;
	if (station->output_start == station->output_end)
		return;
	if (station->port.master < 0 || station->port.opens == 0) {
		station->output_start = station->output_end = 0;
		return;
	}
	ssize_t wrote = pty_write(&station->port, station->output + station->output_start,
		station->output_end - station->output_start);
	if (wrote > 0)
		station->output_start += (size_t)wrote;
	station->wants_write = station->output_start < station->output_end;
	if (station->output_start > sizeof station->output / 2) {
		memmove(station->output, station->output + station->output_start,
			station->output_end - station->output_start);
		station->output_end -= station->output_start;
		station->output_start = 0;
	}
}

static void read_port(struct station *station, int64_t wall_us)
{
	char buffer[READ_BYTES];
	size_t room = sim_printer_receive_room(station->printer);

	if (station->port.master < 0 || room == 0)
		return;
	ssize_t got = pty_read(&station->port, buffer, room < sizeof buffer ? room : sizeof buffer);
	if (got <= 0)
		return;
	/* Above speed 1 the bytes come at the moment at which the printer has waited for them. */
	int64_t now_us = sim_printer_now_us(station->printer);
	if (station->speed <= 1 && to_sim_us(station, wall_us) > now_us)
		now_us = to_sim_us(station, wall_us);
	sim_printer_receive(station->printer, buffer, (size_t)got, now_us);
	station->heard_wall_us = wall_us;
}

/* The port is there when the printer is plugged in and under power. */
static int follow_plug(struct station *station, int inotify_fd, struct error *error)
{
	bool attached = sim_printer_is_attached(station->printer);

	if (attached == (station->port.master >= 0))
		return 0;
	truth_flush(&station->truth, NULL);
	station->output_start = station->output_end = 0;
	if (attached)
		return pty_plug(&station->port, inotify_fd, error);
	pty_unplug(&station->port, inotify_fd, true);
	return 0;
}

static void plan_wake(struct station *station, int64_t wall_us)
{
	int64_t next_us = next_event_us(station);

	if (stands_still(station, wall_us)) {
		station->wake_wall_us = station->heard_wall_us + STATION_HOLD_US;
		return;
	}
	station->wake_wall_us = next_us == SIM_NEVER ? INT64_MAX : to_wall_us(station, next_us);
}

int station_serve(struct station *station, bool readable, int64_t wall_us, int inotify_fd,
	struct error *error)
{
	if (readable)
		read_port(station, wall_us);
	pass_time(station, wall_us);
	run_plan(station);
	side_serve(&station->side, station->printer, sim_printer_now_us(station->printer));
	write_port(station);
	int result = follow_plug(station, inotify_fd, error);
	plan_wake(station, wall_us);
	station->wants_read =
		station->port.master >= 0 && sim_printer_receive_room(station->printer) > 0;
	return result;
}

bool station_side_knock(struct station *station)
{
	return side_accept(&station->side, station->printer, sim_printer_now_us(station->printer));
}

void station_host(struct station *station, int opens, int64_t wall_us)
{
	int before = station->port.opens;
	int64_t now_us = sim_printer_now_us(station->printer);

	if (station->speed <= 1 && to_sim_us(station, wall_us) > now_us)
		now_us = to_sim_us(station, wall_us);
	station->port.opens += opens;
	if (station->port.opens < 0)
		station->port.opens = 0;
	if (before == 0 && station->port.opens > 0) {
		sim_printer_opened(station->printer, now_us);
	} else if (before > 0 && station->port.opens == 0) {
		sim_printer_closed(station->printer, now_us);
		station->output_start = station->output_end = 0;
		pty_host_left(&station->port);
	}
	take_executed(station);
}

void station_apply(struct station *station, const struct sim_fault *fault)
{
	sim_printer_apply(station->printer, fault, sim_printer_now_us(station->printer));
	take_executed(station);
}
