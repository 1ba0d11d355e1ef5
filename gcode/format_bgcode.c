/* Binary G-code, unpacked in pieces; see format_bgcode.h.
 *
 * A file header, then blocks: header, parameters, data, checksum.  Commands pass through as they
 * come; metadata and pictures are small and kept until their checksum is proved. */
#include "gcode/format_bgcode.h"

#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcpy, memchr */
#include <zlib.h>   /* inflate, crc32 */

#include "gcode/heatshrink.h"
#include "gcode/meatpack_decoder.h"
#include "gcode/thumbnail_comment.h"

enum {
	FILE_HEADER_BYTES = 10,
	BLOCK_HEADER_BYTES = 8,
	COMPRESSED_SIZE_BYTES = 4,
	CHECKSUM_BYTES = 4,
	SMALL_MAX = 12,
	VERSION = 1,
	KEPT_MAX_BYTES = 4 << 20, /* of metadata or a picture; real ones have less than 300 kB */
	OUTPUT_BYTES = 16384,
	LINE_KEY_MAX = 256,
};

enum block_type {
	BLOCK_FILE_METADATA,
	BLOCK_GCODE,
	BLOCK_SLICER_METADATA,
	BLOCK_PRINTER_METADATA,
	BLOCK_PRINT_METADATA,
	BLOCK_THUMBNAIL,
	BLOCK_TYPES,
};

enum compression {
	COMPRESSION_NONE,
	COMPRESSION_DEFLATE,
	COMPRESSION_HEATSHRINK_11_4,
	COMPRESSION_HEATSHRINK_12_4,
	COMPRESSIONS,
};

enum encoding { ENCODING_PLAIN, ENCODING_MEATPACK, ENCODING_MEATPACK_COMMENTS, ENCODINGS };

enum part {
	PART_FILE_HEADER,
	PART_BLOCK_HEADER,
	PART_SIZE,
	PART_PARAMETERS,
	PART_DATA,
	PART_CHECKSUM
};

struct block {
	enum block_type type;
	enum compression compression;
	uint32_t plain_bytes;  /* when unpacked */
	uint32_t packed_left;  /* of the data, still to come */
	uint32_t plain_so_far; /* unpacked */
	uint16_t parameters[3];
	uint32_t crc;
	bool stream_ended; /* of deflate */
};

/* Where in a line of commands the output is: MeatPack has taken the blanks out of lines that begin
 * with G, which libbgcode puts back in front of these parameters. */
struct respacer {
	bool in_line, is_spaced;
	char last;
};

struct format_bgcode {
	enum part part;
	unsigned char small[SMALL_MAX];
	size_t small_length, small_wanted;
	bool has_checksums;
	bool saw_gcode;
	struct block block;
	z_stream stream;
	struct heatshrink heatshrink;
	struct meatpack_decoder meatpack;
	struct respacer respacer;
	char *kept; /* of the block, KEPT_MAX_BYTES at most; NULL until the first */
	size_t kept_length, kept_room;
	int64_t fed_bytes, output_bytes;
	enum format_result failed;
	const char *reason;
	char output[OUTPUT_BYTES];
};

static enum format_result fail(
	struct format_bgcode *bgcode, enum format_result result, const char *reason)
{
	bgcode->reason = reason;
	return result;
}

static enum format_result damaged(struct format_bgcode *bgcode)
{
	return fail(bgcode, FORMAT_BAD, "damaged binary G-code; export or upload it again");
}

static void expect(struct format_bgcode *bgcode, enum part part, size_t bytes)
{
	bgcode->part = part;
	bgcode->small_length = 0;
	bgcode->small_wanted = bytes;
}

bool format_bgcode_begins(const char *head, size_t length)
{
	return length >= 4 && !memcmp(head, "GCDE", 4);
}

struct format_bgcode *format_bgcode_create(void)
{
	struct format_bgcode *bgcode = calloc(1, sizeof *bgcode);

	if (!bgcode)
		return NULL;
	if (inflateInit(&bgcode->stream) != Z_OK) {
		free(bgcode);
		return NULL;
	}
	expect(bgcode, PART_FILE_HEADER, FILE_HEADER_BYTES);
	return bgcode;
}

void format_bgcode_destroy(struct format_bgcode *bgcode)
{
	if (!bgcode)
		return;
	inflateEnd(&bgcode->stream);
	free(bgcode->kept);
	free(bgcode);
}

const char *format_bgcode_reason(const struct format_bgcode *bgcode)
{
	return bgcode->reason;
}

static uint16_t read_u16(const unsigned char *bytes)
{
	return (uint16_t)(bytes[0] | bytes[1] << 8);
}

static uint32_t read_u32(const unsigned char *bytes)
{
	return (uint32_t)read_u16(bytes) | (uint32_t)read_u16(bytes + 2) << 16;
}

/* ---- what comes out of a block ------------------------------------------------------------- */

static enum format_result write_text(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	enum format_result result = format_sink_write(sink, bytes, length);

	bgcode->output_bytes += (int64_t)length;
	if (result == FORMAT_TOO_BIG || format_is_bomb(bgcode->fed_bytes, bgcode->output_bytes))
		return fail(bgcode, FORMAT_TOO_BIG, "unpacks to more text than is accepted");
	return result;
}

/* One character of commands, with the blank that belongs in front of it. */
static size_t respace(struct respacer *respacer, char character, char output[2])
{
	size_t count = 0;

	if (!respacer->in_line)
		respacer->is_spaced = character == 'G';
	else if (respacer->is_spaced && respacer->last != ' ' &&
		 memchr("XYZEFIJRSGPWHCA", character, 15))
		output[count++] = ' ';
	respacer->in_line = character != '\n';
	respacer->last = character;
	output[count++] = character;
	return count;
}

static enum format_result unpack_commands(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	enum { ROOM = 4096, ROOM_LEFT = 2 * MEATPACK_DECODER_OUTPUT_MAX };
	char text[ROOM];
	size_t end = 0;
	enum format_result result = FORMAT_OK;

	for (size_t at = 0; at < length && result == FORMAT_OK; at++) {
		char characters[MEATPACK_DECODER_OUTPUT_MAX];
		size_t count = meatpack_decoder_take(
			&bgcode->meatpack, (unsigned char)bytes[at], characters);

		for (size_t i = 0; i < count; i++)
			end += respace(&bgcode->respacer, characters[i], text + end);
		if (end > ROOM - ROOM_LEFT) {
			result = write_text(bgcode, sink, text, end);
			end = 0;
		}
	}
	return result == FORMAT_OK ? write_text(bgcode, sink, text, end) : result;
}

/* Plain bytes of the block's data. */
static enum format_result take_plain(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	struct block *block = &bgcode->block;

	if (length > block->plain_bytes - block->plain_so_far)
		return damaged(bgcode);
	block->plain_so_far += (uint32_t)length;
	if (block->type == BLOCK_GCODE && block->parameters[0] == ENCODING_PLAIN)
		return write_text(bgcode, sink, bytes, length);
	if (block->type == BLOCK_GCODE)
		return unpack_commands(bgcode, sink, bytes, length);
	memcpy(bgcode->kept + bgcode->kept_length, bytes, length);
	bgcode->kept_length += length;
	return FORMAT_OK;
}

/* "key=value" as "; key = value"; without control bytes, which belong in no comment. */
static enum format_result write_pair(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *line, size_t length)
{
	const char *equals = memchr(line, '=', length);
	size_t key = equals ? (size_t)(equals - line) : 0;
	char buffer[LINE_KEY_MAX + 8] = "; ";
	size_t end = 2;
	enum format_result result;

	if (key == 0 || key > LINE_KEY_MAX)
		return FORMAT_OK;
	memcpy(buffer + end, line, key);
	end += key;
	memcpy(buffer + end, " = ", 3);
	end += 3;
	result = write_text(bgcode, sink, buffer, end);
	if (result == FORMAT_OK)
		result = write_text(bgcode, sink, equals + 1, length - key - 1);
	return result == FORMAT_OK ? write_text(bgcode, sink, "\n", 1) : result;
}

static enum format_result write_producer(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *line, size_t length)
{
	static const char key[] = "Producer=";
	enum format_result result;

	if (length < sizeof key || memcmp(line, key, sizeof key - 1))
		return FORMAT_OK;
	result = write_text(bgcode, sink, "; generated by ", 15);
	if (result == FORMAT_OK)
		result = write_text(bgcode, sink, line + sizeof key - 1, length - sizeof key + 1);
	return result == FORMAT_OK ? write_text(bgcode, sink, "\n\n", 2) : result;
}

static enum format_result write_metadata(struct format_bgcode *bgcode, struct format_sink *sink)
{
	char *at = bgcode->kept, *end = bgcode->kept + bgcode->kept_length;
	enum format_result result = FORMAT_OK;

	for (char *byte = at; byte < end; byte++)
		if ((unsigned char)*byte < ' ' && *byte != '\n')
			*byte = ' ';
	while (at < end && result == FORMAT_OK) {
		char *line_end = memchr(at, '\n', (size_t)(end - at));
		size_t length = (size_t)((line_end ? line_end : end) - at);

		result = bgcode->block.type == BLOCK_FILE_METADATA
				 ? write_producer(bgcode, sink, at, length)
				 : write_pair(bgcode, sink, at, length);
		at += length + 1;
	}
	return result;
}

static enum format_result write_settings(struct format_bgcode *bgcode, struct format_sink *sink)
{
	static const char begin[] = "\n; prusaslicer_config = begin\n",
			  finish[] = "; prusaslicer_config = end\n\n";
	enum format_result result = write_text(bgcode, sink, begin, sizeof begin - 1);

	if (result == FORMAT_OK)
		result = write_metadata(bgcode, sink);
	return result == FORMAT_OK ? write_text(bgcode, sink, finish, sizeof finish - 1) : result;
}

static enum format_result write_block(struct format_bgcode *bgcode, struct format_sink *sink)
{
	const struct block *block = &bgcode->block;

	switch (block->type) {
	case BLOCK_GCODE:
		bgcode->saw_gcode = true;
		return FORMAT_OK;
	case BLOCK_SLICER_METADATA:
		return write_settings(bgcode, sink);
	case BLOCK_FILE_METADATA:
	case BLOCK_PRINTER_METADATA:
	case BLOCK_PRINT_METADATA:
		return write_metadata(bgcode, sink);
	case BLOCK_THUMBNAIL:
		return thumbnail_comment_write(sink, (enum thumbnail_kind)block->parameters[0],
			block->parameters[1], block->parameters[2], bgcode->kept,
			bgcode->kept_length);
	case BLOCK_TYPES:
		break;
	}
	return FORMAT_BAD;
}

/* ---- a block's data ------------------------------------------------------------------------ */

static enum format_result inflate_data(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	z_stream *stream = &bgcode->stream;
	enum format_result result = FORMAT_OK;

	/* zlib reads through this pointer only. */
	stream->next_in = (Bytef *)(uintptr_t)bytes;
	stream->avail_in = (uInt)length;
	do {
		int status;

		if (bgcode->block.stream_ended)
			return stream->avail_in == 0 ? result : damaged(bgcode);
		stream->next_out = (Bytef *)bgcode->output;
		stream->avail_out = OUTPUT_BYTES;
		status = inflate(stream, Z_NO_FLUSH);
		if (status != Z_OK && status != Z_STREAM_END && status != Z_BUF_ERROR)
			return damaged(bgcode);
		bgcode->block.stream_ended = status == Z_STREAM_END;
		result = take_plain(bgcode, sink, bgcode->output, OUTPUT_BYTES - stream->avail_out);
	} while (result == FORMAT_OK && (stream->avail_in > 0 || stream->avail_out == 0));
	return result;
}

/* What is left over when all is unpacked are the last byte's spare bits. */
static enum format_result unshrink_data(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	struct block *block = &bgcode->block;
	enum format_result result = FORMAT_OK;

	while (result == FORMAT_OK) {
		size_t left = block->plain_bytes - block->plain_so_far;
		size_t count = heatshrink_unpack(&bgcode->heatshrink, &bytes, &length,
			bgcode->output, left < OUTPUT_BYTES ? left : OUTPUT_BYTES);

		if (count == 0)
			return length <= 1 ? FORMAT_OK : damaged(bgcode);
		result = take_plain(bgcode, sink, bgcode->output, count);
	}
	return result;
}

static enum format_result take_data(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	switch (bgcode->block.compression) {
	case COMPRESSION_NONE:
		return take_plain(bgcode, sink, bytes, length);
	case COMPRESSION_DEFLATE:
		return inflate_data(bgcode, sink, bytes, length);
	case COMPRESSION_HEATSHRINK_11_4:
	case COMPRESSION_HEATSHRINK_12_4:
		return unshrink_data(bgcode, sink, bytes, length);
	case COMPRESSIONS:
		break;
	}
	return FORMAT_BAD;
}

static enum format_result begin_data(struct format_bgcode *bgcode)
{
	struct block *block = &bgcode->block;

	if (block->compression == COMPRESSION_DEFLATE && inflateReset(&bgcode->stream) != Z_OK)
		return damaged(bgcode);
	if (block->compression >= COMPRESSION_HEATSHRINK_11_4)
		heatshrink_init(&bgcode->heatshrink,
			block->compression == COMPRESSION_HEATSHRINK_11_4 ? 11 : 12, 4);
	meatpack_decoder_init(&bgcode->meatpack);
	bgcode->kept_length = 0;
	if (block->type == BLOCK_GCODE)
		return FORMAT_OK;
	if (block->plain_bytes > KEPT_MAX_BYTES)
		return fail(bgcode, FORMAT_TOO_BIG,
			"binary G-code with metadata or a picture of more than 4 MiB");
	if (block->plain_bytes > bgcode->kept_room || !bgcode->kept) {
		size_t room = block->plain_bytes ? block->plain_bytes : 1;
		char *kept = realloc(bgcode->kept, room);

		if (!kept)
			return fail(bgcode, FORMAT_TOO_BIG, "out of memory");
		bgcode->kept = kept;
		bgcode->kept_room = room;
	}
	return FORMAT_OK;
}

static enum format_result end_block(struct format_bgcode *bgcode, struct format_sink *sink)
{
	const struct block *block = &bgcode->block;

	if (block->plain_so_far != block->plain_bytes ||
		(block->compression == COMPRESSION_DEFLATE && !block->stream_ended))
		return damaged(bgcode);
	if (bgcode->has_checksums && read_u32(bgcode->small) != block->crc)
		return fail(bgcode, FORMAT_BAD,
			"a checksum of the binary G-code is wrong: damaged; upload it again");
	expect(bgcode, PART_BLOCK_HEADER, BLOCK_HEADER_BYTES);
	return write_block(bgcode, sink);
}

static enum format_result end_data(struct format_bgcode *bgcode, struct format_sink *sink)
{
	if (!bgcode->has_checksums)
		return end_block(bgcode, sink);
	expect(bgcode, PART_CHECKSUM, CHECKSUM_BYTES);
	return FORMAT_OK;
}

/* ---- headers ------------------------------------------------------------------------------- */

static enum format_result read_file_header(struct format_bgcode *bgcode)
{
	uint16_t checksum = read_u16(bgcode->small + 8);

	if (read_u32(bgcode->small + 4) != VERSION)
		return fail(bgcode, FORMAT_BAD,
			"binary G-code of a version other than 1; export plain .gcode");
	if (checksum > 1)
		return fail(bgcode, FORMAT_BAD,
			"binary G-code with an unknown kind of checksum; export plain .gcode");
	bgcode->has_checksums = checksum == 1;
	expect(bgcode, PART_BLOCK_HEADER, BLOCK_HEADER_BYTES);
	return FORMAT_OK;
}

static void expect_parameters(struct format_bgcode *bgcode)
{
	expect(bgcode, PART_PARAMETERS, bgcode->block.type == BLOCK_THUMBNAIL ? 6 : 2);
}

static enum format_result read_block_header(struct format_bgcode *bgcode)
{
	uint16_t type = read_u16(bgcode->small), compression = read_u16(bgcode->small + 2);

	if (type >= BLOCK_TYPES || compression >= COMPRESSIONS)
		return damaged(bgcode);
	bgcode->block = (struct block){
		.type = (enum block_type)type,
		.compression = (enum compression)compression,
		.plain_bytes = read_u32(bgcode->small + 4),
		.crc = (uint32_t)crc32(0, bgcode->small, BLOCK_HEADER_BYTES),
	};
	bgcode->block.packed_left = bgcode->block.plain_bytes;
	if (compression == COMPRESSION_NONE)
		expect_parameters(bgcode);
	else
		expect(bgcode, PART_SIZE, COMPRESSED_SIZE_BYTES);
	return FORMAT_OK;
}

static enum format_result read_parameters(struct format_bgcode *bgcode)
{
	struct block *block = &bgcode->block;
	uint16_t limit = block->type == BLOCK_GCODE	  ? ENCODINGS
			 : block->type == BLOCK_THUMBNAIL ? THUMBNAIL_QOI + 1
							  : 1;

	for (size_t i = 0; i < bgcode->small_wanted / 2; i++)
		block->parameters[i] = read_u16(bgcode->small + 2 * i);
	if (block->parameters[0] >= limit)
		return fail(bgcode, FORMAT_BAD,
			"binary G-code in an unknown encoding; export plain .gcode");
	bgcode->part = PART_DATA;
	return begin_data(bgcode);
}

/* The bytes that were expected are there. */
static enum format_result read_small(struct format_bgcode *bgcode, struct format_sink *sink)
{
	struct block *block = &bgcode->block;

	if (bgcode->part == PART_SIZE || bgcode->part == PART_PARAMETERS)
		block->crc = (uint32_t)crc32(block->crc, bgcode->small, (uInt)bgcode->small_wanted);
	switch (bgcode->part) {
	case PART_FILE_HEADER:
		return read_file_header(bgcode);
	case PART_BLOCK_HEADER:
		return read_block_header(bgcode);
	case PART_SIZE:
		block->packed_left = read_u32(bgcode->small);
		expect_parameters(bgcode);
		return FORMAT_OK;
	case PART_PARAMETERS: {
		enum format_result result = read_parameters(bgcode);

		return result == FORMAT_OK && block->packed_left == 0 ? end_data(bgcode, sink)
								      : result;
	}
	case PART_CHECKSUM:
		return end_block(bgcode, sink);
	case PART_DATA:
		break;
	}
	return FORMAT_BAD;
}

static enum format_result feed_small(
	struct format_bgcode *bgcode, struct format_sink *sink, const char **bytes, size_t *length)
{
	size_t wanted = bgcode->small_wanted - bgcode->small_length;
	size_t taken = *length < wanted ? *length : wanted;

	memcpy(bgcode->small + bgcode->small_length, *bytes, taken);
	bgcode->small_length += taken;
	*bytes += taken;
	*length -= taken;
	return taken == wanted ? read_small(bgcode, sink) : FORMAT_OK;
}

static enum format_result feed_data(
	struct format_bgcode *bgcode, struct format_sink *sink, const char **bytes, size_t *length)
{
	struct block *block = &bgcode->block;
	size_t taken = *length < block->packed_left ? *length : block->packed_left;
	enum format_result result;

	block->crc = (uint32_t)crc32(block->crc, (const Bytef *)*bytes, (uInt)taken);
	block->packed_left -= (uint32_t)taken;
	result = take_data(bgcode, sink, *bytes, taken);
	*bytes += taken;
	*length -= taken;
	return result == FORMAT_OK && block->packed_left == 0 ? end_data(bgcode, sink) : result;
}

enum format_result format_bgcode_feed(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length)
{
	bgcode->fed_bytes += (int64_t)length;
	while (bgcode->failed == FORMAT_OK && length > 0)
		bgcode->failed = bgcode->part == PART_DATA
					 ? feed_data(bgcode, sink, &bytes, &length)
					 : feed_small(bgcode, sink, &bytes, &length);
	return bgcode->failed;
}

enum format_result format_bgcode_finish(struct format_bgcode *bgcode)
{
	if (bgcode->failed != FORMAT_OK)
		return bgcode->failed;
	if (bgcode->part != PART_BLOCK_HEADER || bgcode->small_length > 0)
		return fail(bgcode, FORMAT_BAD, "binary G-code is cut off; upload it again");
	if (!bgcode->saw_gcode)
		return fail(bgcode, FORMAT_BAD, "binary G-code without any G-code in it");
	return FORMAT_OK;
}
