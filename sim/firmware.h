/* A firmware dialect as a row in a table.  Later dialects join as rows. */
#ifndef SIM_FIRMWARE_H
#define SIM_FIRMWARE_H

#include "sim/board.h"

/* A second channel beside the port: a socket that one client at a time may have. */
struct sim_side {
	/* A client has come or gone. */
	void (*connected)(void *state, bool connected, int64_t now_us);
	void (*receive)(void *state, const char *bytes, size_t length, int64_t now_us);
	/* Takes what is to be sent to the client. */
	size_t (*take)(void *state, char *bytes, size_t size);
	/* False: the firmware does not serve it now; a client is closed. */
	bool (*serves)(const void *state);
};

struct sim_firmware {
	const char *name;    /* as in a SPEC: "marlin" */
	const char *what;    /* one line for the manual and for --help */
	const void *variant; /* static data of the dialect: version, build options */

	/* Settings that differ from the common ones. */
	void (*defaults)(const struct sim_firmware *firmware, struct sim_settings *settings);

	/* The firmware's memory, on the heap; board is borrowed for its life.  NULL without memory.
	 * The board is without power until `reset`. */
	void *(*create)(const struct sim_firmware *firmware, struct board *board);
	void (*destroy)(void *state);

	/* The reset line: forget everything, boot loader first. */
	void (*reset)(void *state, int64_t now_us);

	/* The host has raised DTR, and that did not reset the board; NULL: nobody looks. */
	void (*opened)(void *state, int64_t now_us);

	/* When the firmware has something to do next; SIM_NEVER. */
	int64_t (*next_us)(void *state);

	/* Does what is due at now_us, which is what next_us said.  The same moment may need several
	 * calls. */
	void (*step)(void *state, int64_t now_us);

	/* Once a HEAT_STEP_US, just behind a step of the heat: control and guard the heaters. */
	void (*control)(void *state, int64_t now_us);

	/* Somebody uses the panel: a command that nobody acknowledges, or "continue". */
	void (*press)(void *state, const char *text, int64_t now_us);

	/* Has the firmware restarted its board since this was asked?  A USB of its own goes with
	 * it.  NULL: it never does. */
	bool (*restarts)(void *state);

	/* Nothing to do but to wait for input; *printing: a print is going, or a line was asked for
	 * again. */
	bool (*waits)(const void *state, bool *printing);

	/* Fills the firmware's part. */
	void (*status)(const void *state, struct sim_status *status);

	/* The board stood still for shift_us. */
	void (*shift)(void *state, int64_t shift_us);

	const struct sim_side *side; /* NULL: the port is all there is */
};

/* NULL: no such row. */
const struct sim_firmware *sim_firmware_find(const char *name);

/* The rows in order; NULL behind the last. */
const struct sim_firmware *sim_firmware_row(size_t index);

#endif
