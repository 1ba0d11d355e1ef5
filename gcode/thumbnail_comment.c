/* A picture as comment lines; see thumbnail_comment.h. */
#include "gcode/thumbnail_comment.h"

#include <stdio.h>  /* snprintf of text */
#include <string.h> /* memcmp */

enum {
	ROW_BYTES = 57, /* give 76 characters; slicers write 78 at most */
	ROW_TEXT = ROW_BYTES / 3 * 4,
	PNG_HEAD_BYTES = 24,
};

/* Four characters of three bytes; what is missing of them is padding. */
static void encode_three(const unsigned char *bytes, size_t length, char text[4])
{
	static const char alphabet[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	unsigned group = (unsigned)bytes[0] << 16 | (length > 1 ? (unsigned)bytes[1] << 8 : 0) |
			 (length > 2 ? bytes[2] : 0U);

	for (size_t i = 0; i < 4; i++)
		text[i] = i <= length ? alphabet[group >> (18 - 6 * i) & 63] : '=';
}

static enum format_result write_row(struct format_sink *sink, const char *bytes, size_t length)
{
	char row[2 + ROW_TEXT + 1] = "; ";
	size_t end = 2;

	for (size_t at = 0; at < length; at += 3, end += 4)
		encode_three((const unsigned char *)bytes + at, length - at, row + end);
	row[end++] = '\n';
	return format_sink_write(sink, row, end);
}

enum format_result thumbnail_comment_write(struct format_sink *sink, enum thumbnail_kind kind,
	unsigned width, unsigned height, const char *bytes, size_t length)
{
	static const char *const names[] = { "thumbnail", "thumbnail_JPG", "thumbnail_QOI" };
	char line[96];
	int size = snprintf(line, sizeof line, ";\n; %s begin %ux%u %zu\n", names[kind], width,
		height, (length + 2) / 3 * 4);
	enum format_result result = format_sink_write(sink, line, (size_t)size);

	for (size_t at = 0; at < length && result == FORMAT_OK; at += ROW_BYTES)
		result = write_row(
			sink, bytes + at, length - at < ROW_BYTES ? length - at : ROW_BYTES);
	size = snprintf(line, sizeof line, "; %s end\n;\n", names[kind]);
	return result == FORMAT_OK ? format_sink_write(sink, line, (size_t)size) : result;
}

static unsigned read_u32(const char *bytes)
{
	const unsigned char *at = (const unsigned char *)bytes;

	return (unsigned)at[0] << 24 | (unsigned)at[1] << 16 | (unsigned)at[2] << 8 | at[3];
}

bool thumbnail_png_size(const char *bytes, size_t length, unsigned *width, unsigned *height)
{
	if (length < PNG_HEAD_BYTES || memcmp(bytes, "\x89PNG\r\n\x1a\n\0\0\0\rIHDR", 16))
		return false;
	*width = read_u32(bytes + 16);
	*height = read_u32(bytes + 20);
	return true;
}
