/* Any bytes in any pieces: the same lines.  The first byte chooses the pieces. */
#include "gcode/line_reader.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* A sum over everything that a line says, in order. */
struct digest {
	uint64_t sum;
	int64_t lines;
};

static void mix(struct digest *digest, uint64_t value)
{
	digest->sum = (digest->sum ^ value) * 1099511628211u;
}

static void add(
	struct digest *digest, const struct line_reader_line *line, enum line_reader_result kind)
{
	if (line->length > LINE_READER_LINE_MAX || line->number != ++digest->lines)
		abort();
	mix(digest, kind);
	mix(digest, line->terminated * 2u + line->has_nul);
	for (size_t i = 0; i < line->length; i++)
		mix(digest, (uint8_t)line->text[i]);
}

static struct digest read_all(const uint8_t *data, size_t size, size_t piece)
{
	struct digest digest = { 14695981039346656037u, 0 };
	struct line_reader reader;
	struct line_reader_line line;
	enum line_reader_result kind;

	line_reader_init(&reader);
	for (size_t at = 0; at < size; at += piece) {
		const char *bytes = (const char *)data + at;
		size_t left = size - at < piece ? size - at : piece;

		while ((kind = line_reader_next(&reader, &bytes, &left, &line)) != LINE_READER_MORE)
			add(&digest, &line, kind);
	}
	kind = line_reader_finish(&reader, &line);
	if (kind != LINE_READER_MORE)
		add(&digest, &line, kind);
	if (reader.offset_bytes != (int64_t)size)
		abort();
	return digest;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct digest whole, pieces;

	if (size < 2)
		return 0;
	whole = read_all(data + 1, size - 1, size);
	pieces = read_all(data + 1, size - 1, 1 + data[0] % 200);
	if (whole.sum != pieces.sum || whole.lines != pieces.lines)
		abort();
	return 0;
}
