/* The trail of a print in the progress page: what the printer may ask for after its streamer died.
 *
 * Which number had which content is a function of the file: the trail holds, for each of the last
 * numbered lines, the index of the file's command, or the text of a line of our own, and a sum of
 * its text.  Marks hold the driver's state behind a command, and the place in the file behind it,
 * so that the file need not be read from its start.
 *
 * Written before the bytes go out: a line that is not here was never sent.  Every entry carries a
 * checksum, since a kill may come in the middle of a write. */
#ifndef DAEMON_STREAM_PROGRESS_TRAIL_H
#define DAEMON_STREAM_PROGRESS_TRAIL_H

#include "drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROGRESS_TRAIL_LINES = 256,
	PROGRESS_TRAIL_TEXTS = 32, /* of our own lines among them, the latest */
	PROGRESS_TRAIL_MARKS = 4,
	PROGRESS_MARK_COMMANDS = 64, /* from one mark to the next */
	/* Commands between the mark that is taken and the last one acknowledged, at least: what the
	 * printer may ask for again. */
	PROGRESS_MARK_BEHIND = 32,
};

struct progress_line {
	uint64_t position; /* 1 for the first line ever, and so on; 0: empty */
	int64_t index;	   /* of the command, or of the last one before a line of our own */
	int32_t number;
	uint32_t sum;  /* of the text */
	uint32_t line; /* enum driver_line */
	uint32_t checksum;
};

struct progress_text {
	uint64_t position;
	char text[DRIVER_SHORT_MAX + 4]; /* NUL-terminated */
};

struct progress_mark {
	uint64_t sequence;
	uint64_t attempt;     /* checksum of the attempt's id */
	uint64_t position;    /* of the last line before it */
	int64_t index;	      /* commands before it */
	int64_t offset_bytes; /* in the file, behind them */
	struct driver_saved saved;
	uint64_t checksum;
};

/* Mapped. */
struct progress_trail {
	int64_t alive_us; /* when the printer was last heard, CLOCK_MONOTONIC */
	struct progress_mark mark[PROGRESS_TRAIL_MARKS];
	struct progress_line line[PROGRESS_TRAIL_LINES];
	struct progress_text text[PROGRESS_TRAIL_TEXTS];
};

/* Where the writer is. */
struct progress_trail_writer {
	uint64_t position, mark_sequence;
};

uint32_t progress_trail_sum(const char *text, size_t length);

/* Goes on behind what stands there. */
void progress_trail_open(const struct progress_trail *trail, struct progress_trail_writer *writer);

/* `text` of a line of our own is kept, of a command only its sum. */
void progress_trail_line(struct progress_trail *trail, struct progress_trail_writer *writer,
	const struct progress_line *line, const char *text, size_t length);

void progress_trail_mark(struct progress_trail *trail, struct progress_trail_writer *writer,
	const struct progress_mark *mark);

/* The newest mark of that attempt that lies far enough behind `acknowledged` commands, else the
 * oldest.  False: there is none. */
bool progress_trail_find_mark(const struct progress_trail *trail, uint64_t attempt,
	int64_t acknowledged, struct progress_mark *mark);

/* The line at a position; false: overwritten, torn, or not there yet. */
bool progress_trail_find_line(
	const struct progress_trail *trail, uint64_t position, struct progress_line *line);

/* The text of a line of our own; NULL: not kept any more. */
const char *progress_trail_find_text(
	const struct progress_trail *trail, const struct progress_line *line);

#endif
