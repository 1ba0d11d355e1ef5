/* A session, its driver and a simulated printer in one process on one simulated clock.  The
 * session's files, progress page and reading thread are real; its port is memory.  For tests. */
#ifndef TESTS_UNIT_SESSION_RIG_H
#define TESTS_UNIT_SESSION_RIG_H

#include "daemon/stream/port_memory.h"
#include "daemon/stream/session.h"
#include "sim/printer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { SESSION_RIG_EXECUTED_MAX = 4096 };

struct session_rig {
	char directory[64];
	char path[80]; /* of the G-code file */
	int64_t bytes;
	struct session_events events;
	struct driver_effects effects;
	struct port_memory memory;
	struct session *session; /* NULL: its streamer is dead */
	struct sim_printer *printer;
	struct wire_settings settings;
	ssize_t (*read_at)(int fd, void *bytes, size_t size, off_t offset);
	const struct driver_dialect *dialect; /* NULL: by the settings */
	int32_t baud; /* of the printer; at another one the port gives and takes garbage; 0: any */
	int64_t now_us;
	bool port_open;
	char said[4096]; /* everything, a line each; the end is cut */
	int changed, ended, powered_off;
	/* Ground truth: commands that the printer executed. */
	char executed[SESSION_RIG_EXECUTED_MAX][SIM_COMMAND_MAX];
	bool numbered[SESSION_RIG_EXECUTED_MAX];
	size_t executed_count;
};

/* A temporary state directory, a printer (a row of sim/firmware.h) that boots, no session yet. */
void session_rig_init(struct session_rig *rig, const char *firmware);
/* The same with these settings of the printer. */
void session_rig_init_with(struct session_rig *rig, const struct sim_settings *sim, uint64_t seed);
void session_rig_finish(struct session_rig *rig);

/* A streamer starts: creates the session and gives it its settings. */
void session_rig_start_streamer(struct session_rig *rig);
/* kill -9: the session is gone, the page stays.  (What was written to the port stays written.) */
void session_rig_kill_streamer(struct session_rig *rig);

void session_rig_write_file(struct session_rig *rig, const char *text);
/* Fails the test when the session refuses. */
void session_rig_start(struct session_rig *rig, const char *attempt);

/* Runs until `until` says so, false after `limit_s` simulated seconds.  NULL: the whole time. */
bool session_rig_run(
	struct session_rig *rig, int64_t limit_s, bool (*until)(struct session_rig *rig));

/* A fault of sim/faults.h, as a line of its file without the time. */
void session_rig_fault(struct session_rig *rig, const char *line);

struct wire_printer_state session_rig_state(const struct session_rig *rig);
struct sim_status session_rig_truth(const struct session_rig *rig);
bool session_rig_is_ready(struct session_rig *rig);
bool session_rig_is_idle(struct session_rig *rig);
/* Was it executed, with a number? */
bool session_rig_has_executed(const struct session_rig *rig, const char *command);

/* The one end that the session tells; fails the test unless there is just one. */
const struct progress_ended *session_rig_only_end(struct session_rig *rig);
bool session_rig_heaters_are_off(const struct session_rig *rig);
bool session_rig_is_hot(struct session_rig *rig);

/* Small prints, without heat and with. */
extern const char session_rig_cold_print[], session_rig_hot_print[];

#endif
