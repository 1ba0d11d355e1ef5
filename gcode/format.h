/* What kind of file the bytes are, by content, and the plain G-code text inside.
 * Each packed format is one file format_*.c (gzip is the first); all are fed and drained through
 * memory and stop at an output cap, so that a bomb is an error and not an outage. */
#ifndef GCODE_FORMAT_H
#define GCODE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum format_kind {
	FORMAT_GCODE,
	FORMAT_GZIP,
	FORMAT_EMPTY,
	FORMAT_REFUSED, /* a kind that is recognised (or binary) and not accepted; the reason says
			   which */
};

enum { FORMAT_HEAD_BYTES = 4096 }; /* enough of a file's start to tell */

/* Tells the kind from the first bytes (all of them if the file is shorter).  *reason is set to a
 * static sentence when refused or empty ("HTML page, not G-code: a failed download?"), else to
 * NULL. */
enum format_kind format_detect(const char *head, size_t length, const char **reason);

/* Unpacks: feed bytes, plain text comes out through the call-back.  For FORMAT_GCODE bytes pass
 * through. */
struct format_reader;

enum format_result {
	FORMAT_OK,
	FORMAT_BAD,	/* damaged or cut archive */
	FORMAT_TOO_BIG, /* more than output_max_bytes of text */
};

typedef void format_output(void *context, const char *bytes, size_t length);

/* NULL without memory. */
struct format_reader *format_reader_create(
	enum format_kind kind, int64_t output_max_bytes, format_output *output, void *context);
void format_reader_destroy(struct format_reader *reader);
enum format_result format_reader_feed(
	struct format_reader *reader, const char *bytes, size_t length);
/* FORMAT_BAD when the archive is not complete. */
enum format_result format_reader_finish(struct format_reader *reader);

#endif
