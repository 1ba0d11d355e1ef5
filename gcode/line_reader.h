/* Cuts a stream of bytes into lines, with a bound on memory whatever the input is.
 * LF, CR LF and lone CR end a line; a UTF-8 byte order mark at the start is dropped.  Comment
 * text may be of any length and is cut silently; a command longer than LINE_MAX is reported.
 * Lines, numbers and offsets do not depend on how the stream is cut into pieces, but for one
 * byte: the LF of a CR LF is counted with the next line. */
#ifndef GCODE_LINE_READER_H
#define GCODE_LINE_READER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { LINE_READER_LINE_MAX = 1024 };

struct line_reader {
	size_t length;
	bool too_long; /* the line under way has lost bytes outside a comment */
	bool last_was_cr;
	bool in_comment; /* bytes are being lost, inside a comment */
	bool has_nul;
	int64_t line_number;  /* of the line under way, from 1 */
	int64_t offset_bytes; /* bytes taken so far */
	char line[LINE_READER_LINE_MAX];
};

enum line_reader_result {
	LINE_READER_LINE,     /* *line_text and *line_length are set, valid until the next call */
	LINE_READER_TOO_LONG, /* a line was too long, never to be sent; its start is in the text */
	LINE_READER_MORE,     /* input used up: feed more, or finish */
};

struct line_reader_line {
	const char
		*text; /* borrowed from the reader or from the caller's bytes until the next call */
	size_t length;
	int64_t number;	   /* from 1 */
	int64_t end_bytes; /* offset in the stream just behind this line's terminator (LF or CR) */
	bool terminated;   /* false only for a last line without line end */
	bool has_nul;	   /* a NUL byte, even one in the part of a comment that was cut */
};

void line_reader_init(struct line_reader *reader);

/* Takes bytes from *bytes (advancing it and *length) until one line is complete. */
enum line_reader_result line_reader_next(struct line_reader *reader, const char **bytes,
	size_t *length, struct line_reader_line *line);

/* Between two lines, with nothing held back: the caller may read the next line where it lies. */
static inline bool line_reader_is_between(const struct line_reader *reader)
{
	return reader->length == 0 && !reader->last_was_cr && !reader->has_nul;
}

/* The caller has read one whole line of `taken` bytes, line end included, by itself; only when
 * line_reader_is_between. */
void line_reader_skip(struct line_reader *reader, const char **bytes, size_t *length, size_t taken,
	int64_t *number);

/* End of input: returns a last line without line end, or LINE_READER_MORE when there is none. */
enum line_reader_result line_reader_finish(
	struct line_reader *reader, struct line_reader_line *line);

#endif
