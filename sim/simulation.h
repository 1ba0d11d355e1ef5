/* All simulated printers in one loop: one epoll for ports, control socket, inotify and signals. */
#ifndef SIM_SIMULATION_H
#define SIM_SIMULATION_H

#include "sim/console.h"
#include "sim/spec.h"
#include "sim/station.h"

struct simulation {
	struct station *station[SPEC_PRINTERS_MAX]; /* owned */
	size_t count;
	struct console console;
	int epoll_fd, inotify_fd, signal_fd;
	uint32_t interest[SPEC_PRINTERS_MAX]; /* epoll events asked for */
	int interest_fd[SPEC_PRINTERS_MAX];   /* ... of that descriptor, -1 */
	int64_t flush_wall_us;
	bool coarse; /* no epoll_pwait2 (before Linux 5.11, valgrind 3.19): whole milliseconds */
	struct sim_planned_fault *plan; /* owned */
	size_t plan_count;
};

struct simulation_options {
	const char *dir;
	const struct spec *spec;
	double speed;
	uint64_t seed;
	struct sim_planned_fault *plan; /* heap; taken over */
	size_t plan_count;
};

/* Returns 0 or a negative errno and *error. */
int simulation_open(struct simulation *simulation, const struct simulation_options *options,
	struct error *error);
void simulation_close(struct simulation *simulation);

/* Serves until SIGINT or SIGTERM.  Returns 0 or a negative errno and *error. */
int simulation_run(struct simulation *simulation, struct error *error);

struct station *simulation_find(struct simulation *simulation, const char *name);
void simulation_apply(
	struct simulation *simulation, struct station *station, const struct sim_fault *fault);

/* Ground truth to disk. */
int simulation_flush(struct simulation *simulation, struct error *error);

#endif
