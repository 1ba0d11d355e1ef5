/* Cuts a stream of bytes into lines; see line_reader.h. */
#include "gcode/line_reader.h"

#include <string.h> /* memchr, memcmp, memcpy, memmove, memset */

static const unsigned char byte_order_mark[] = { 0xef, 0xbb, 0xbf };

void line_reader_init(struct line_reader *reader)
{
	memset(reader, 0, offsetof(struct line_reader, line));
	reader->line_number = 1;
}

/* Keeps what fits.  Loss counts only outside a ; comment: comments are never sent. */
static void take(struct line_reader *reader, const char *bytes, size_t length)
{
	size_t room = LINE_READER_LINE_MAX - reader->length;
	size_t kept = length < room ? length : room;

	if (!length)
		return;
	if (memchr(bytes, '\0', length))
		reader->has_nul = true;
	memcpy(reader->line + reader->length, bytes, kept);
	reader->length += kept;
	if (kept == length || reader->in_comment || reader->too_long)
		return;
	if (memchr(reader->line, ';', reader->length))
		reader->in_comment = true;
	else
		reader->too_long = true;
}

static void drop_byte_order_mark(struct line_reader *reader)
{
	if (reader->line_number == 1 && reader->length >= sizeof byte_order_mark &&
		!memcmp(reader->line, byte_order_mark, sizeof byte_order_mark)) {
		reader->length -= sizeof byte_order_mark;
		memmove(reader->line, reader->line + sizeof byte_order_mark, reader->length);
	}
}

static enum line_reader_result end_line(
	struct line_reader *reader, bool terminated, struct line_reader_line *line)
{
	bool too_long = reader->too_long;

	drop_byte_order_mark(reader);
	line->text = reader->line;
	line->length = reader->length;
	line->number = reader->line_number++;
	line->end_bytes = reader->offset_bytes;
	line->terminated = terminated;
	line->has_nul = reader->has_nul;
	reader->length = 0;
	reader->too_long = reader->in_comment = reader->has_nul = false;
	return too_long ? LINE_READER_TOO_LONG : LINE_READER_LINE;
}

static void advance(struct line_reader *reader, const char **bytes, size_t *length, size_t by)
{
	*bytes += by;
	*length -= by;
	reader->offset_bytes += (int64_t)by;
}

/* A line that lies whole in the caller's bytes is given out where it lies. */
static enum line_reader_result whole_line(
	struct line_reader *reader, const char *bytes, size_t length, struct line_reader_line *line)
{
	line->text = bytes;
	line->length = length;
	line->number = reader->line_number++;
	line->end_bytes = reader->offset_bytes;
	line->terminated = true;
	line->has_nul = memchr(bytes, '\0', length) != NULL;
	return LINE_READER_LINE;
}

enum line_reader_result line_reader_next(struct line_reader *reader, const char **bytes,
	size_t *length, struct line_reader_line *line)
{
	const char *end, *carriage_return, *start;
	size_t taken;

	/* The LF of a CR LF; its line was given out at the CR. */
	if (reader->last_was_cr && *length > 0) {
		reader->last_was_cr = false;
		if (**bytes == '\n')
			advance(reader, bytes, length, 1);
	}
	if (*length == 0)
		return LINE_READER_MORE;
	start = *bytes;
	end = memchr(start, '\n', *length);
	taken = end ? (size_t)(end - start) : *length;
	carriage_return = memchr(start, '\r', taken);
	if (carriage_return)
		taken = (size_t)(carriage_return - start);
	if (!end && !carriage_return) {
		take(reader, start, taken);
		advance(reader, bytes, length, taken);
		return LINE_READER_MORE;
	}
	advance(reader, bytes, length, taken + 1);
	reader->last_was_cr = carriage_return != NULL;
	if (reader->length == 0 && reader->line_number > 1 && taken <= LINE_READER_LINE_MAX)
		return whole_line(reader, start, taken, line);
	take(reader, start, taken);
	return end_line(reader, true, line);
}

void line_reader_skip(struct line_reader *reader, const char **bytes, size_t *length, size_t taken,
	int64_t *number)
{
	advance(reader, bytes, length, taken);
	*number = reader->line_number++;
}

enum line_reader_result line_reader_finish(
	struct line_reader *reader, struct line_reader_line *line)
{
	if (reader->length == 0)
		return LINE_READER_MORE;
	return end_line(reader, false, line);
}
