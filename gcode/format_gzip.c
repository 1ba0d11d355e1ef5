/* gzip, unpacked in pieces; see format_gzip.h.  Several members in a row are one file, as with
 * gzip(1); zeros behind the last are padding. */
#include "gcode/format_gzip.h"

#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcmp */
#include <zlib.h>   /* inflate */

enum {
	OUTPUT_BYTES = 16384,
	GZIP_ONLY = 16, /* added to the window bits: gzip header, no other */
	INPUT_PIECE = 1 << 20,
};

struct format_gzip {
	z_stream stream;
	bool between_members; /* one member is complete, the next not begun */
	bool padding;
	enum format_result failed; /* FORMAT_OK: not */
	char output[OUTPUT_BYTES];
};

bool format_gzip_begins(const char *head, size_t length)
{
	return length >= 2 && !memcmp(head, "\x1f\x8b", 2);
}

struct format_gzip *format_gzip_create(void)
{
	struct format_gzip *gzip = calloc(1, sizeof *gzip);

	if (!gzip)
		return NULL;
	if (inflateInit2(&gzip->stream, MAX_WBITS + GZIP_ONLY) != Z_OK) {
		free(gzip);
		return NULL;
	}
	return gzip;
}

void format_gzip_destroy(struct format_gzip *gzip)
{
	if (!gzip)
		return;
	inflateEnd(&gzip->stream);
	free(gzip);
}

/* Begins the next member, or notices that only zeros follow. */
static enum format_result between_members(struct format_gzip *gzip)
{
	z_stream *stream = &gzip->stream;

	if (*stream->next_in == 0)
		gzip->padding = true;
	if (gzip->padding) {
		for (; stream->avail_in > 0; stream->avail_in--, stream->next_in++)
			if (*stream->next_in != 0)
				return FORMAT_BAD;
		return FORMAT_OK;
	}
	gzip->between_members = false;
	return inflateReset(stream) == Z_OK ? FORMAT_OK : FORMAT_BAD;
}

static enum format_result inflate_piece(struct format_gzip *gzip, struct format_sink *sink)
{
	z_stream *stream = &gzip->stream;

	do {
		enum format_result result;
		int status;

		if (gzip->between_members) {
			if (stream->avail_in == 0)
				return FORMAT_OK;
			result = between_members(gzip);
			if (result != FORMAT_OK)
				return result;
			if (gzip->padding)
				return FORMAT_OK;
		}
		stream->next_out = (Bytef *)gzip->output;
		stream->avail_out = OUTPUT_BYTES;
		status = inflate(stream, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return FORMAT_BAD;
		result = format_sink_write(sink, gzip->output, OUTPUT_BYTES - stream->avail_out);
		if (result == FORMAT_OK &&
			format_is_bomb((int64_t)stream->total_in, (int64_t)stream->total_out))
			result = FORMAT_TOO_BIG;
		if (result != FORMAT_OK)
			return result;
		gzip->between_members = status == Z_STREAM_END;
	} while (stream->avail_in > 0 || stream->avail_out == 0);
	return FORMAT_OK;
}

enum format_result format_gzip_feed(
	struct format_gzip *gzip, struct format_sink *sink, const char *bytes, size_t length)
{
	while (gzip->failed == FORMAT_OK && length > 0) {
		size_t piece = length < INPUT_PIECE ? length : INPUT_PIECE;

		/* zlib reads through this pointer only. */
		gzip->stream.next_in = (Bytef *)(uintptr_t)bytes;
		gzip->stream.avail_in = (uInt)piece;
		gzip->failed = inflate_piece(gzip, sink);
		bytes += piece;
		length -= piece;
	}
	return gzip->failed;
}

enum format_result format_gzip_finish(struct format_gzip *gzip)
{
	if (gzip->failed != FORMAT_OK)
		return gzip->failed;
	return gzip->between_members ? FORMAT_OK : FORMAT_BAD;
}
