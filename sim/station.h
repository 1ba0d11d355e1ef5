/* One simulated printer in the program: its model, its port, its ground truth, its share of time.
 *
 * Simulated time runs `speed` times as fast as the wall clock.  Above speed 1 it stands still while
 * the printer can only wait for the host (up to STATION_HOLD_US of wall time: then the host is
 * idle, not late), and when the machine cannot keep up it slips instead of piling up. */
#ifndef SIM_STATION_H
#define SIM_STATION_H

#include "sim/faults.h"
#include "sim/pty.h"
#include "sim/side.h"
#include "sim/truth.h"

enum {
	STATION_HOLD_US = 1000000, /* wall time that a host may be late */
	STATION_LAG_US = 20000,	   /* wall time that a printer may lag behind before it slips */
	STATION_AHEAD_US = 300,	   /* wall time that it may run ahead rather than sleep */
	STATION_OUTPUT_BYTES = 16384,
};

struct station {
	struct sim_printer *printer; /* owned */
	struct pty port;
	struct side side;
	struct truth truth;
	double speed;
	int64_t start_wall_us;
	int64_t slip_us;		   /* simulated time that did not take place */
	int64_t heard_wall_us;		   /* the host's last bytes */
	int64_t wake_wall_us;		   /* wants to be served then; INT64_MAX */
	char output[STATION_OUTPUT_BYTES]; /* taken from the model, not yet by the port */
	size_t output_start, output_end;
	bool wants_write, wants_read; /* of the port */
	/* The fault plan, borrowed; which of it has been done is a bit per fault. */
	const struct sim_planned_fault *plan;
	size_t plan_count;
	uint8_t done[SIM_FAULTS_MAX / 8];
	int64_t next_line, next_at_us; /* first of the plan that is still to come */
};

/* `socket`: where its cable is plugged in.  Returns 0 or a negative errno and *error; the station
 * is then empty. */
int station_open(struct station *station, const struct sim_settings *settings, const char *dir,
	int socket, uint64_t seed, double speed, int inotify_fd, int64_t wall_us,
	struct error *error);
void station_close(struct station *station, int inotify_fd);

void station_set_plan(struct station *station, const struct sim_planned_fault *plan, size_t count);

/* Lets time pass up to wall_us, moves bytes both ways, follows plugs and power.  `readable`: the
 * port has bytes.  Returns 0 or a negative errno and *error: ports can be had no more. */
int station_serve(struct station *station, bool readable, int64_t wall_us, int inotify_fd,
	struct error *error);

/* Somebody connects to the side channel.  True: station->side.client is new. */
bool station_side_knock(struct station *station);

/* Hosts opened (positive) or closed the port. */
void station_host(struct station *station, int opens, int64_t wall_us);

void station_apply(struct station *station, const struct sim_fault *fault);

#endif
