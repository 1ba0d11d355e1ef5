/* Bounded splitting of received bytes into lines; see reply_reader.h. */
#include "drivers/reply_reader.h"

#include <string.h> /* memchr, memcpy */

void reply_reader_init(struct reply_reader *reader)
{
	reader->length = 0;
	reader->too_long = false;
	reader->noisy = false;
}

static bool is_padding(char c)
{
	return c == ' ' || c == '\r' || c == '\t' || c == '\0';
}

/* NUL and bytes of 0x80 and above are what a framing error leaves; vendors' CP437 text is rare
 * enough to be called noise too, since the mark only feeds a counter. */
static bool is_noise(char c)
{
	unsigned char byte = (unsigned char)c;

	return byte >= 0x80 || (byte < ' ' && byte != '\r' && byte != '\t');
}

static void take(struct reply_reader *reader, const char *bytes, size_t length)
{
	size_t room = REPLY_LINE_MAX - reader->length;

	if (length > room) {
		reader->too_long = true;
		length = room;
	}
	memcpy(reader->line + reader->length, bytes, length);
	reader->length += length;
}

static void finish(struct reply_reader *reader, struct reply_line *line)
{
	const char *text = reader->line;
	size_t length = reader->length;

	while (length > 0 && is_padding(text[length - 1]))
		length--;
	while (length > 0 && is_padding(text[0])) {
		text++;
		length--;
	}
	reader->noisy = false;
	for (size_t i = 0; i < length; i++)
		reader->noisy = reader->noisy || is_noise(text[i]);
	line->text = text;
	line->length = length;
	line->too_long = reader->too_long;
	line->noisy = reader->noisy;
	reply_reader_init(reader);
}

bool reply_reader_next(
	struct reply_reader *reader, const char **bytes, size_t *length, struct reply_line *line)
{
	const char *end = *length > 0 ? memchr(*bytes, '\n', *length) : NULL;
	size_t part = end ? (size_t)(end - *bytes) : *length;

	if (part > 0)
		take(reader, *bytes, part);
	if (!end) {
		*bytes += part;
		*length = 0;
		return false;
	}
	*bytes += part + 1;
	*length -= part + 1;
	finish(reader, line);
	return true;
}
