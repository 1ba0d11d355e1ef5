/* What kind of file the bytes are, by content, and the text inside; see format.h. */
#include "gcode/format.h"

#include <stdbool.h>
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcmp, strlen */

#include "gcode/format_archive.h"
#include "gcode/format_bgcode.h"
#include "gcode/format_gzip.h"
#include "gcode/text.h"

/* ---- detection --------------------------------------------------------------------------- */

struct magic {
	const char *bytes;
	size_t length;
	const char *reason;
};

#define MAGIC(text, reason)                                                                        \
	{                                                                                          \
		text, sizeof text - 1, reason                                                      \
	}
static const struct magic magics[] = {
	MAGIC("PK\x05\x06", "ZIP archive, empty"),
	MAGIC("\xff\xfe", "UTF-16 text; save it as plain ASCII or UTF-8"),
	MAGIC("\xfe\xff", "UTF-16 text; save it as plain ASCII or UTF-8"),
	MAGIC("%PDF-", "PDF document, not G-code"),
	MAGIC("\x89PNG", "PNG picture, not G-code"),
	MAGIC("\xff\xd8\xff", "JPEG picture, not G-code"),
	MAGIC("\x7f"
	      "ELF",
		"program, not G-code"),
	MAGIC("BZh", "bzip2 archive; only gzip and ZIP are accepted"),
	MAGIC("\xfd"
	      "7zXZ",
		"xz archive; only gzip and ZIP are accepted"),
	MAGIC("\x28\xb5\x2f\xfd", "zstd archive; only gzip and ZIP are accepted"),
	MAGIC("7z\xbc\xaf", "7z archive; only gzip and ZIP are accepted"),
	MAGIC("Rar!", "RAR archive; only gzip and ZIP are accepted"),
};

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

/* Does the text begin with this word (lower case), whatever its case? */
static bool begins(const char *text, size_t length, const char *word)
{
	size_t size = strlen(word);

	if (length < size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (lower(text[i]) != word[i])
			return false;
	return true;
}

static const char *find_text_kind(const char *text, size_t length)
{
	while (length > 0 && (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')) {
		text++;
		length--;
	}
	if (begins(text, length, "<!doctype") || begins(text, length, "<html") ||
		begins(text, length, "<head"))
		return "HTML page, not G-code: a failed download?";
	if (begins(text, length, "<?xml") || begins(text, length, "<svg"))
		return "XML document, not G-code";
	if (begins(text, length, "{\"") || begins(text, length, "[{"))
		return "JSON document, not G-code: an error answer?";
	if (begins(text, length, "solid") && text_contains(text, length, "facet"))
		return "STL model; slice it first";
	return NULL;
}

/* Every other byte 0 at the start: UTF-16 without a mark. */
static bool looks_utf16(const char *head, size_t length)
{
	size_t zeros[2] = { 0, 0 }, pairs = length / 2 < 64 ? length / 2 : 64;

	for (size_t i = 0; i < 2 * pairs; i++)
		zeros[i & 1] += head[i] == '\0';
	return pairs >= 4 && ((zeros[0] > pairs * 3 / 4 && zeros[1] == 0) ||
				     (zeros[1] > pairs * 3 / 4 && zeros[0] == 0));
}

/* Length of a character of more than one byte that is right UTF-8, else 0. */
static size_t utf8_length(const char *at, const char *end)
{
	unsigned char lead = (unsigned char)*at;
	size_t length = lead >= 0xf0 && lead < 0xf8   ? 4
			: lead >= 0xe0 && lead < 0xf0 ? 3
			: lead >= 0xc2 && lead < 0xe0 ? 2
						      : 0;

	if (length == 0 || (size_t)(end - at) < length)
		return 0;
	for (size_t i = 1; i < length; i++)
		if (((unsigned char)at[i] & 0xc0) != 0x80)
			return 0;
	return length;
}

/* Text may hold some bytes above ASCII (names in comments, in any encoding) and, when damaged, some
 * control bytes; the rules of policy.h find those line by line.  A tenth of control bytes, or half
 * of others that are no UTF-8, is no text. */
static bool looks_binary(const char *head, size_t length)
{
	size_t control = 0, strange = 0;

	for (const char *at = head, *end = head + length; at < end;) {
		unsigned char byte = (unsigned char)*at;
		size_t wide = byte >= 0x80 ? utf8_length(at, end) : 1;

		if (byte < 0x20)
			control += byte != '\n' && byte != '\r' && byte != '\t';
		strange += wide == 0 || byte == 0x7f;
		at += wide ? wide : 1;
	}
	return control * 10 > length || strange * 2 > length;
}

/* A binary STL: 80 bytes of anything, a count of triangles, and 50 bytes for each, the last two of
 * which are nearly always 0. */
static bool looks_binary_stl(const char *head, size_t length)
{
	return length >= 84 + 100 && head[84 + 48] == 0 && head[84 + 49] == 0 &&
	       head[84 + 98] == 0 && head[84 + 99] == 0;
}

enum format_kind format_detect(const char *head, size_t length, const char **reason)
{
	*reason = NULL;
	if (length == 0) {
		*reason = "empty file";
		return FORMAT_EMPTY;
	}
	if (format_gzip_begins(head, length))
		return FORMAT_GZIP;
	if (format_bgcode_begins(head, length))
		return FORMAT_BGCODE;
	if (format_archive_begins(head, length))
		return FORMAT_ARCHIVE;
	for (size_t i = 0; i < sizeof magics / sizeof *magics; i++)
		if (length >= magics[i].length && !memcmp(head, magics[i].bytes, magics[i].length))
			*reason = magics[i].reason;
	if (!*reason)
		*reason = find_text_kind(head, length);
	if (!*reason && looks_utf16(head, length))
		*reason = "UTF-16 text; save it as plain ASCII or UTF-8";
	if (!*reason && looks_binary(head, length))
		*reason = looks_binary_stl(head, length) ? "STL model; slice it first"
							 : "binary data, not G-code";
	return *reason ? FORMAT_REFUSED : FORMAT_GCODE;
}

const char *format_name_problem(enum format_kind kind, const char *name)
{
	static const char *const plain[] = { ".gcode", ".gco", ".g", ".nc" };
	size_t length = strlen(name);

	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		size_t size = strlen(plain[i]);

		if (length < size || !begins(name + length - size, size, plain[i]))
			continue;
		if (kind == FORMAT_ARCHIVE)
			return "ZIP archive under the name of plain G-code; name it .zip, .3mf or "
			       ".ufp";
		if (kind == FORMAT_BGCODE)
			return "binary G-code under the name of plain G-code; name it .bgcode";
	}
	return NULL;
}

/* ---- unpacking --------------------------------------------------------------------------- */

struct format_reader {
	enum format_kind kind;
	struct format_sink sink;
	struct format_gzip *gzip;
	struct format_bgcode *bgcode;
	enum format_result last;
};

struct format_reader *format_reader_create(
	enum format_kind kind, int64_t output_max_bytes, format_output *output, void *context)
{
	struct format_reader *reader = calloc(1, sizeof *reader);

	if (!reader)
		return NULL;
	reader->kind = kind;
	reader->sink = (struct format_sink){ output, context, output_max_bytes };
	if (kind == FORMAT_GZIP)
		reader->gzip = format_gzip_create();
	if (kind == FORMAT_BGCODE)
		reader->bgcode = format_bgcode_create();
	if ((kind == FORMAT_GZIP && !reader->gzip) || (kind == FORMAT_BGCODE && !reader->bgcode)) {
		free(reader);
		return NULL;
	}
	return reader;
}

void format_reader_destroy(struct format_reader *reader)
{
	if (!reader)
		return;
	format_gzip_destroy(reader->gzip);
	format_bgcode_destroy(reader->bgcode);
	free(reader);
}

enum format_result format_reader_feed(
	struct format_reader *reader, const char *bytes, size_t length)
{
	reader->last = FORMAT_BAD;
	switch (reader->kind) {
	case FORMAT_GCODE:
		reader->last = format_sink_write(&reader->sink, bytes, length);
		break;
	case FORMAT_GZIP:
		reader->last = format_gzip_feed(reader->gzip, &reader->sink, bytes, length);
		break;
	case FORMAT_BGCODE:
		reader->last = format_bgcode_feed(reader->bgcode, &reader->sink, bytes, length);
		break;
	case FORMAT_ARCHIVE:
	case FORMAT_EMPTY:
	case FORMAT_REFUSED:
		break;
	}
	return reader->last;
}

enum format_result format_reader_finish(struct format_reader *reader)
{
	reader->last = reader->kind == FORMAT_GZIP     ? format_gzip_finish(reader->gzip)
		       : reader->kind == FORMAT_BGCODE ? format_bgcode_finish(reader->bgcode)
						       : FORMAT_OK;
	return reader->last;
}

const char *format_reader_reason(const struct format_reader *reader)
{
	if (reader->kind == FORMAT_BGCODE && format_bgcode_reason(reader->bgcode))
		return format_bgcode_reason(reader->bgcode);
	return reader->last == FORMAT_TOO_BIG ? "unpacks to more text than is accepted"
					      : "damaged or cut gzip archive; upload it again";
}
