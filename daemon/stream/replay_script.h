/* Out of one of our own recordings: which commands the file of a print must have held.
 *
 * A driver takes commands before it sends them, so a replay has to know them ahead.  They are the
 * lines with a number that had not been there, but for those of which a remark ("host 2345") says
 * that the driver added them; on firmwares without line numbers, whatever is no question. */
#ifndef DAEMON_STREAM_REPLAY_SCRIPT_H
#define DAEMON_STREAM_REPLAY_SCRIPT_H

#include "base/transcript.h"
#include "gcode/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLAY_LINE_BYTES = 512 };

struct replay_line {
	char text[REPLAY_LINE_BYTES]; /* without number, checksum and line end */
	int64_t number;		      /* -1: none */
};

/* "N12 G1 X5*99" -> "G1 X5" and 12. */
void replay_line_read(struct replay_line *line, const char *bytes, size_t length);

struct replay_script {
	char (*command)[COMMAND_MAX + 1];
	size_t *row; /* of each, where its end was sent */
	size_t count, room;
	size_t at, end; /* of the print that runs */
};

/* `command`: command_from_line, or what stands for it in this dialect.  False: no memory. */
bool replay_script_read(struct replay_script *script, const struct transcript_row *row,
	size_t count,
	enum command_result (*command)(const char *line, size_t length, struct command *command));
void replay_script_finish(struct replay_script *script);

/* A print begins behind that row. */
void replay_script_begin(
	struct replay_script *script, const struct transcript_row *row, size_t count, size_t at);
/* The next command; NULL: no more of this print. */
const char *replay_script_next(struct replay_script *script);

#endif
