/* Which line had which number: what a printer may ask for again.
 *
 * An append-only map: a number gets its content once, and a replay sends those very bytes
 * (invariant I1).  The newest HISTORY_LINES of them are kept; a printer asks a few lines back at
 * most (64 on the MK3 family).  After M110 the numbers start anew and the map is emptied. */
#ifndef DRIVERS_HISTORY_H
#define DRIVERS_HISTORY_H

#include "drivers/frame.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { HISTORY_LINES = 128 };

struct history_line {
	int64_t number;
	int64_t command_index; /* of the last command of the print sent up to this line; -1: none */
	uint8_t length;	       /* of the frame, with its line end */
	bool alone;	       /* nothing is sent behind it until it is acknowledged */
	bool slow;	       /* may take minutes */
	bool asks_temperature; /* M105 */
	bool has_position;     /* where the head is behind this line, in the file's coordinates */
	float position_mm[3];
	char frame[FRAME_BYTES_MAX];
};

struct history {
	int64_t first, next; /* numbers kept: [first, next) */
	struct history_line line[HISTORY_LINES];
};

/* Forgets everything; the next line has the number `next`. */
void history_restart(struct history *history, int64_t next);

/* Frames the command under the number history->next and keeps it.  The position is
 * the caller's to fill in.  NULL: it cannot be framed. */
struct history_line *history_append(
	struct history *history, const char *command, size_t length, int64_t command_index);

/* NULL: not kept (any more, or not yet). */
const struct history_line *history_find(const struct history *history, int64_t number);

/* The command inside a kept frame. */
const char *history_command(const struct history_line *line, size_t *length);

#endif
