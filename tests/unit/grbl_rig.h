/* The grbl dialect and a simulated machine in one process, on one simulated clock.  For tests. */
#ifndef TESTS_UNIT_GRBL_RIG_H
#define TESTS_UNIT_GRBL_RIG_H

#include "drivers/driver.h"
#include "sim/printer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { GRIG_COMMAND_MAX = 96, GRIG_EXECUTED_MAX = 20000, GRIG_SENT_MAX = 1 << 20 };

struct grig {
	struct sim_printer *printer;
	const struct driver_dialect *dialect;
	struct driver *driver;
	int64_t now_us, wake_us;

	const char (*commands)[GRIG_COMMAND_MAX]; /* borrowed */
	size_t count, offered;
	bool started, ended;

	/* What the driver said. */
	enum driver_state state;
	bool done, cancelled, faulted, link_fault, paused, resumed, cold, attention;
	enum driver_fault fault;
	char reason[DRIVER_REASON_MAX], attention_text[DRIVER_REASON_MAX];
	int64_t acknowledged;
	int64_t overruns_limit;

	char *sent; /* everything written, NUL-terminated */
	size_t sent_length;
	char (*executed)[GRIG_COMMAND_MAX];
	size_t executed_count;
	bool trace;
};

void grig_init(struct grig *rig, const struct sim_settings *sim, const char *dialect,
	const struct driver_settings *settings, uint64_t seed);
void grig_finish(struct grig *rig);
void grig_print(struct grig *rig, const char (*commands)[GRIG_COMMAND_MAX], size_t count);

/* Runs until the print or the connection has ended, `until` says so, or time is over: false. */
bool grig_run(struct grig *rig, int64_t limit_us, bool (*until)(const struct grig *rig));
/* Lets time pass whatever happens. */
void grig_pass(struct grig *rig, int64_t time_us);
void grig_apply(struct grig *rig, struct driver_effects *effects);
struct driver_effects *grig_effects(void);

/* The commands that ran, in order, are the first of the file; how many, -1: they are not. */
int grig_judge(const struct grig *rig, char wrong[GRIG_COMMAND_MAX]);
double grig_beam(const struct grig *rig);

#endif
