/* Pictures as PNG; see picture_png.h.  (PNG specification, second edition, ISO/IEC 15948.) */
#include "gcode/picture_png.h"

#include <stdint.h>
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcpy */

#include <zlib.h> /* crc32, deflate */

enum { OUT_BYTES = 16384, FILTER_SUB = 1, CHANNELS = 3 };

struct writer {
	picture_png_output *output;
	void *context;
	z_stream stream;
	unsigned char out[OUT_BYTES];
};

static void put_big_endian(unsigned char *at, uint32_t value)
{
	at[0] = (unsigned char)(value >> 24);
	at[1] = (unsigned char)(value >> 16);
	at[2] = (unsigned char)(value >> 8);
	at[3] = (unsigned char)value;
}

static void put_chunk(
	struct writer *writer, const char type[5], const unsigned char *bytes, size_t length)
{
	unsigned char head[8], tail[4];
	uLong sum;

	put_big_endian(head, (uint32_t)length);
	memcpy(head + 4, type, 4);
	sum = crc32(0, head + 4, 4);
	if (length)
		sum = crc32(sum, bytes, (uInt)length);
	put_big_endian(tail, (uint32_t)sum);
	writer->output(writer->context, head, sizeof head);
	if (length)
		writer->output(writer->context, bytes, length);
	writer->output(writer->context, tail, sizeof tail);
}

static void put_header(struct writer *writer, int width, int height)
{
	static const unsigned char signature[8] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	unsigned char header[13] = { 0 };

	put_big_endian(header, (uint32_t)width);
	put_big_endian(header + 4, (uint32_t)height);
	header[8] = 8; /* bits a channel */
	header[9] = 2; /* red, green, blue */
	writer->output(writer->context, signature, sizeof signature);
	put_chunk(writer, "IHDR", header, sizeof header);
}

/* Everything that deflate gives for what it has got; each full buffer is a chunk. */
static void deflate_all(struct writer *writer, int flush)
{
	z_stream *stream = &writer->stream;
	int status;

	do {
		status = deflate(stream, flush);
		if (stream->avail_out == 0 ||
			(flush == Z_FINISH && stream->avail_out < OUT_BYTES)) {
			put_chunk(writer, "IDAT", writer->out, OUT_BYTES - stream->avail_out);
			stream->next_out = writer->out;
			stream->avail_out = OUT_BYTES;
		}
	} while (flush == Z_FINISH ? status == Z_OK : stream->avail_in > 0);
}

bool picture_png_write(int width, int height, picture_png_row *row, void *row_context,
	picture_png_output *output, void *output_context)
{
	size_t length = (size_t)width * CHANNELS;
	struct writer *writer = calloc(1, sizeof *writer);
	unsigned char *line = calloc(1, 2 * length + 1), *plain = line ? line + length + 1 : NULL;
	bool good = writer && line && deflateInit(&writer->stream, 6) == Z_OK;

	if (good) {
		writer->output = output;
		writer->context = output_context;
		writer->stream.next_out = writer->out;
		writer->stream.avail_out = OUT_BYTES;
		put_header(writer, width, height);
	}
	for (int y = 0; good && y < height; y++) {
		row(row_context, y, plain);
		line[0] = FILTER_SUB;
		for (size_t i = 0; i < length; i++)
			line[i + 1] = (unsigned char)(plain[i] -
						      (i >= CHANNELS ? plain[i - CHANNELS] : 0));
		writer->stream.next_in = line;
		writer->stream.avail_in = (uInt)(length + 1);
		deflate_all(writer, Z_NO_FLUSH);
	}
	if (good) {
		deflate_all(writer, Z_FINISH);
		deflateEnd(&writer->stream);
		put_chunk(writer, "IEND", NULL, 0);
	}
	free(writer);
	free(line);
	return good;
}
