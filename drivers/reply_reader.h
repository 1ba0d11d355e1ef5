/* Cuts what a printer sends into lines, with a bound on memory whatever it sends.
 *
 * LF ends a line; CR, blanks and NULs around it are stripped (a NUL inside is line noise and is
 * kept out).  Of a line longer than the bound the start is handed out, marked, and the rest is
 * dropped up to its line end. */
#ifndef DRIVERS_REPLY_READER_H
#define DRIVERS_REPLY_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { REPLY_LINE_MAX = 1024 };

struct reply_reader {
	char line[REPLY_LINE_MAX];
	size_t length;
	bool too_long;
	bool noisy; /* the line under way held a byte that no firmware sends */
};

struct reply_line {
	const char *text; /* borrowed until the next call; not NUL-terminated */
	size_t length;
	bool too_long;
	bool noisy;
};

void reply_reader_init(struct reply_reader *reader);

/* Takes bytes, advancing *bytes and *length, until a line is complete: true and *line is set.
 * False: everything is taken and no line is complete. */
bool reply_reader_next(
	struct reply_reader *reader, const char **bytes, size_t *length, struct reply_line *line);

#endif
