/* The flight recorder of one printer: the last bytes of each direction, and remarks, with their
 * times.
 *
 * Adding is cheap enough for every read and write: a copy into a ring with two or three bytes of
 * head.  Only who reads pays for the text, which is the transcript format of tests/transcripts:
 *
 *       12.3456 > N7 G1 X5*99\n
 *
 * seconds since the recorder was made, '>' to the printer, '<' from it, '#' a remark; \n, \r and
 * \xNN stand for bytes, so that nothing a printer says reaches a terminal raw. */
#ifndef DAEMON_STREAM_RECORDER_H
#define DAEMON_STREAM_RECORDER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum recorder_kind { RECORDER_RECEIVED, RECORDER_REMARK, RECORDER_SENT };

enum {
	RECORDER_KINDS = 3,
	RECORDER_RING_BYTES = 65536, /* of each direction, heads included */
	RECORDER_REMARK_BYTES = 8192,
	/* Room that one call of recorder_format needs to get on in any case. */
	RECORDER_TEXT_MIN = 3072,
};

struct recorder;

/* Where a reader stands: records of each kind that it has seen.  Starts zeroed. */
/* The remark in front of which something was forgotten that the reader has not had. */
#define RECORDER_GAP "what was said before this is forgotten"

struct recorder_cursor {
	int64_t next[RECORDER_KINDS];
};

/* NULL without memory.  Its times count from now_us. */
struct recorder *recorder_create(int64_t now_us);
void recorder_destroy(struct recorder *recorder);
/* As it stands, for another thread.  NULL without memory. */
struct recorder *recorder_copy(const struct recorder *recorder);

/* Of several things at the same microsecond, what was received counts as the earliest. */
void recorder_add(struct recorder *recorder, enum recorder_kind kind, const char *bytes,
	size_t length, int64_t now_us);

/* Writes the rows behind *cursor, oldest first, and moves *cursor; returns the bytes of text (no
 * NUL).  `size` is at least RECORDER_TEXT_MIN.  *more: there was no room for everything. */
size_t recorder_format(const struct recorder *recorder, struct recorder_cursor *cursor, char *text,
	size_t size, bool *more);

#endif
