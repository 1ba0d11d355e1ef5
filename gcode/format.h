/* What kind of file the bytes are, by content, and the plain G-code text inside.
 * Each packed format is one file format_*.c; all give their text to a sink and stop at an output
 * cap, so that a bomb is an error and not an outage. */
#ifndef GCODE_FORMAT_H
#define GCODE_FORMAT_H

#include <stddef.h>
#include <stdint.h>

enum format_kind {
	FORMAT_GCODE,
	FORMAT_GZIP,
	FORMAT_BGCODE,
	FORMAT_ARCHIVE, /* ZIP, 3MF, UFP: read by format_archive.h, not by a format_reader */
	FORMAT_EMPTY,
	FORMAT_REFUSED, /* a kind that is recognised (or binary) and not accepted; the reason says
			   which */
};

enum { FORMAT_HEAD_BYTES = 4096 }; /* enough of a file's start to tell */

/* Tells the kind from the first bytes (all of them if the file is shorter).  *reason is set to a
 * static sentence when refused or empty ("HTML page, not G-code: a failed download?"), else to
 * NULL. */
enum format_kind format_detect(const char *head, size_t length, const char **reason);

/* Why a file of this kind may not have this name, or NULL: a packed file under the name of plain
 * G-code was made by a mistake somewhere, and the next program would send it as it is. */
const char *format_name_problem(enum format_kind kind, const char *name);

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
/* What was wrong when the answer was not FORMAT_OK: a static sentence. */
const char *format_reader_reason(const struct format_reader *reader);

/* Where a file's bytes come from. */
struct format_source {
	void *context;
	/* Bytes read, 0 at the end, or a negative errno value. */
	int64_t (*read)(void *context, char *bytes, size_t size);
	/* As lseek: the new position, or a negative errno value.  NULL: a stream. */
	int64_t (*seek)(void *context, int64_t offset, int whence);
};

#endif
