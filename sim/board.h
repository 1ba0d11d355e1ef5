/* The electronics around a firmware model: serial port, heaters, planner, counters, and the record
 * of what was executed.  A firmware model touches nothing else. */
#ifndef SIM_BOARD_H
#define SIM_BOARD_H

#include "base/random.h"
#include "sim/heat.h"
#include "sim/noise.h"
#include "sim/motion.h"
#include "sim/printer.h"
#include "sim/receiver.h"

enum {
	BOARD_OUTPUT_BYTES = 32768, /* printed, not yet taken by the host */
	BOARD_OUTPUT_LINES = 1024,
	BOARD_EXECUTED_BYTES = 131072,
	/* One executed command takes at most this much of the record for each byte received: a
	 * command has at least a letter and a line end. */
	BOARD_EXECUTED_EXPANSION = 8,
	BOARD_LINE_MAX = 512,
};

/* What is known about the line that a command came from. */
struct board_origin {
	int64_t number; /* or SIM_UNNUMBERED */
	bool noise;	/* noise changed a byte of its content */
	bool torn;	/* it begins or ends at a line end that noise made */
	bool cut;	/* bytes before or in it were lost (flush, overrun, deafness) */
};

struct board {
	struct sim_settings settings;
	struct receiver receiver;
	struct heat heat;
	struct motion planner;
	struct sim_counters counters;
	struct noise noise_up, noise_down;
	struct random ok_random;
	bool listening; /* the host has the port open and plugged in */
	bool shifted;	/* noise has taken the last byte to the board away */

	/* The adapter's packet: bytes in it since packet_us, when the last one left. */
	uint32_t packet_bytes;
	int64_t packet_us;

	char output[BOARD_OUTPUT_BYTES];
	uint64_t output_head, output_tail; /* only grow */
	struct {
		int64_t start_us, end_us;
		int64_t leaves_us; /* the adapter: later than end_us with a latency timer */
		uint32_t bytes;
	} line[BOARD_OUTPUT_LINES];
	uint32_t line_head, line_count;

	uint8_t executed[BOARD_EXECUTED_BYTES];
	uint64_t executed_head, executed_tail;
};

void board_init(
	struct board *board, const struct sim_settings *settings, uint64_t seed, int64_t now_us);

/* Sends `length` bytes, the first one starting at now_us, and returns when the last has left: there
 * is no transmit buffer, the firmware waits. */
int64_t board_print(struct board *board, const char *text, size_t length, int64_t now_us);

/* The same for a line that is an acknowledgement: faults may lose or double it. */
int64_t board_print_ok(struct board *board, const char *text, size_t length, int64_t now_us);

/* Cuts what is being sent at now_us off: the board was reset or lost power. */
void board_cut_output(struct board *board, int64_t now_us);

/* Forgets what the host has not taken. */
void board_drop_output(struct board *board);

size_t board_take_output(struct board *board, char *buffer, size_t capacity, int64_t now_us);

/* When the next printed line has arrived at the host; SIM_NEVER. */
int64_t board_output_us(const struct board *board);

/* A command is executed: into the record and the counters. */
void board_executed(struct board *board, const struct board_origin *origin, const char *command);
bool board_next_executed(struct board *board, struct sim_executed *executed);

/* Bytes of input whose commands surely fit into the record. */
size_t board_executed_room(const struct board *board);

#endif
