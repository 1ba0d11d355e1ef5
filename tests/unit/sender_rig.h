/* A driver and a simulated printer in one process, on one simulated clock: the whole path from a
 * list of commands to the printer's ground truth, without descriptors.  For tests. */
#ifndef TESTS_UNIT_SENDER_RIG_H
#define TESTS_UNIT_SENDER_RIG_H

#include "base/random.h"
#include "drivers/driver.h"
#include "sim/printer.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { RIG_COMMAND_MAX = SIM_COMMAND_MAX, RIG_EXECUTED_MAX = 70000, RIG_NUMBERS_MAX = 131072 };

struct rig_executed {
	int64_t number; /* SIM_UNNUMBERED without */
	int32_t index;	/* of the command, -1: a line of the host, -2: a number never given */
	char command[RIG_COMMAND_MAX];
};

struct rig {
	struct sim_printer *printer;
	const struct driver_dialect *dialect;
	struct driver *driver;
	int64_t now_us, wake_us;
	int64_t poll_us; /* the host reads this often; 0: as soon as a byte is there */
	/* Answers come late: with this probability the host is away for up to late_us. */
	double late;
	int64_t late_us, away_until_us;
	struct random late_random;

	const char (*commands)[RIG_COMMAND_MAX]; /* borrowed */
	size_t command_count, offered;
	bool started;
	bool use_side, side_open; /* the dialect's side channel */

	/* What the driver said. */
	enum driver_state state;
	bool done, cancelled, faulted, link_fault, paused, resumed, cold, attention, reset_line,
		by_hand;
	enum driver_fault fault;
	char reason[DRIVER_REASON_MAX];
	char attention_text[DRIVER_REASON_MAX];
	int64_t acknowledged;
	bool acknowledged_too_early; /* an index that the printer had not executed yet */
	int64_t in_flight_max;	     /* lines written less lines answered, at most */
	size_t effects_max;

	int32_t *
		index_of; /* line number -> command index, -1: a line of the host, -2: never used */

	struct rig_executed *executed;
	size_t executed_count;
	bool trace;
};

void rig_init(struct rig *rig, const struct sim_settings *sim, const struct driver_settings *driver,
	uint64_t seed);
/* The same with a dialect other than "marlin". */
void rig_init_dialect(struct rig *rig, const char *dialect, const struct sim_settings *sim,
	const struct driver_settings *driver, uint64_t seed);
void rig_finish(struct rig *rig);

/* The cable: the driver is told, bytes under way are lost.  Plugged in again it connects anew. */
void rig_unplug(struct rig *rig);
void rig_plug(struct rig *rig);

/* The commands to print; start when READY. */
void rig_print(struct rig *rig, const char (*commands)[RIG_COMMAND_MAX], size_t count);

/* Runs until the print has ended one way or the other, `until` says so, or the time is over.
 * False: time is over. */
bool rig_run(struct rig *rig, int64_t limit_us, bool (*until)(const struct rig *rig));

/* What the printer has executed, held against the commands. */
struct rig_verdict {
	size_t in_order;  /* commands executed, each once, in order */
	size_t changed;	  /* of these, with other bytes */
	size_t unlikely;  /* of these, with another checksum: its digits were hit as well */
	bool wrong;	  /* a numbered command that is neither */
	size_t fragments; /* un-numbered lines that are none of the host's */
	char first_wrong[RIG_COMMAND_MAX];
	char fragment[RIG_COMMAND_MAX]; /* the last one */
};
void rig_judge(const struct rig *rig, struct rig_verdict *verdict);

/* Hands effects of a call made by the test to the printer. */
void rig_apply(struct rig *rig, struct driver_effects *effects);

#endif
