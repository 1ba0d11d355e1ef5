/* A row of a recorded conversation with a printer: seconds, direction, bytes.
 *
 *       12.3456 > N7 G1 X5*99\n
 *
 * '>' to the printer, '<' from it, '#' a remark; \n, \r and \xNN stand for bytes.  What the flight
 * recorder writes and tests/transcripts holds. */
#ifndef BASE_TRANSCRIPT_H
#define BASE_TRANSCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum transcript_kind {
	TRANSCRIPT_NOTHING, /* a blank row */
	TRANSCRIPT_SENT,
	TRANSCRIPT_RECEIVED,
	TRANSCRIPT_REMARK,
	TRANSCRIPT_BAD, /* no such row */
};

enum { TRANSCRIPT_ROW_MAX = 65536 };

struct transcript_row {
	enum transcript_kind kind;
	int64_t time_us;
	const char *bytes; /* in the row's memory; not NUL-terminated */
	size_t length;
};

/* Reads a row without its line end and takes the escapes back, in place. */
void transcript_read(char *row, size_t length, struct transcript_row *out);

#endif
