/* ZIP, 3MF and UFP; see format_archive.h. */
#include "gcode/format_archive.h"

#include <archive.h>
#include <archive_entry.h>
#include <limits.h> /* INT32_MAX */
#include <stdio.h>  /* snprintf of text */
#include <stdlib.h> /* malloc, free */
#include <string.h> /* memcpy, strrchr */

#include "gcode/text.h"
#include "gcode/thumbnail_comment.h"

enum {
	BLOCK_BYTES = 65536,
	PICTURE_MAX_BYTES = 512 << 10,
	PICTURE_NUMBER_ANY = 0, /* "thumbnail.png" is of whatever plate there is */
};

struct archive_reader {
	const struct format_source *source;
	const char *head;
	size_t head_length;
	int64_t fed_bytes, output_bytes;
	int32_t plate; /* wanted, 0: the only one */
	struct format_sink *sink;
	struct format_archive_result *result;
	int32_t chosen; /* number of the plate that was unpacked; 0: none yet */
	bool saw_model;
	char last; /* character of the text */
	char *picture;
	size_t picture_length;
	int32_t picture_number;
	char block[BLOCK_BYTES];
};

static bool fail(struct archive_reader *reader, enum format_result kind, const char *reason)
{
	reader->result->result = kind;
	snprintf(reader->result->reason, sizeof reader->result->reason, "%s", reason);
	return false;
}

/* ---- the source ---------------------------------------------------------------------------- */

static la_ssize_t on_read(struct archive *archive, void *context, const void **bytes)
{
	struct archive_reader *reader = context;
	int64_t count = (int64_t)reader->head_length;

	*bytes = reader->head;
	reader->head_length = 0;
	if (count == 0) {
		*bytes = reader->block;
		count = reader->source->read(
			reader->source->context, reader->block, sizeof reader->block);
	}
	if (count < 0)
		archive_set_error(archive, (int)-count, "cannot be read");
	else
		reader->fed_bytes += count;
	return count < 0 ? ARCHIVE_FATAL : (la_ssize_t)count;
}

static la_int64_t on_seek(struct archive *archive, void *context, la_int64_t offset, int whence)
{
	struct archive_reader *reader = context;
	int64_t position = reader->source->seek(reader->source->context, offset, whence);

	(void)archive;
	reader->head_length = 0;
	return position < 0 ? ARCHIVE_FATAL : position;
}

/* ---- names --------------------------------------------------------------------------------- */

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool ends_with(const char *name, const char *end)
{
	size_t length = strlen(name), size = strlen(end);

	if (length <= size)
		return false;
	for (size_t i = 0; i < size; i++)
		if (lower(name[length - size + i]) != end[i])
			return false;
	return true;
}

static bool is_gcode_name(const char *name)
{
	static const char *const ends[] = { ".gcode", ".gco", ".g", ".nc" };

	/* macOS packs a shadow of every file there. */
	if (!strncmp(name, "__MACOSX/", 9))
		return false;
	for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
		if (ends_with(name, ends[i]))
			return true;
	return false;
}

/* The number in "…/plate_12.gcode"; 0: none. */
static int32_t number_in(const char *name)
{
	const char *base = strrchr(name, '/');
	int32_t number = 0;

	base = base ? base + 1 : name;
	if (strncmp(base, "plate_", 6))
		return 0;
	for (base += 6; *base >= '0' && *base <= '9' && number < INT32_MAX / 20; base++)
		number = 10 * number + (*base - '0');
	return *base == '.' ? number : 0;
}

static const char *kind_of(const char *name)
{
	if (!strncmp(name, "Metadata/plate_", 15))
		return "3mf";
	if (!strcmp(name, "/3D/model.gcode") || !strcmp(name, "3D/model.gcode"))
		return "ufp";
	return "zip";
}

/* ---- members ------------------------------------------------------------------------------- */

static bool put(struct archive_reader *reader, const char *bytes, size_t length)
{
	if (length == 0)
		return true;
	reader->output_bytes += (int64_t)length;
	reader->last = bytes[length - 1];
	if (format_sink_write(reader->sink, bytes, length) != FORMAT_OK ||
		format_is_bomb(reader->fed_bytes, reader->output_bytes))
		return fail(reader, FORMAT_TOO_BIG, "unpacks to more text than is accepted");
	return true;
}

static bool explain(struct archive_reader *reader, struct archive *archive)
{
	const char *text = archive_error_string(archive);
	char shown[96], reason[ARCHIVE_REASON_MAX];

	if (archive_read_has_encrypted_entries(archive) > 0)
		return fail(reader, FORMAT_BAD, "ZIP archive with a password; pack it without");
	text_escape(shown, sizeof shown, text ? text : "", text ? strlen(text) : 0);
	snprintf(reason, sizeof reason, "damaged or cut ZIP archive%s%s; upload it again",
		text ? ": " : "", shown);
	return fail(reader, FORMAT_BAD, reason);
}

static bool unpack(struct archive_reader *reader, struct archive *archive)
{
	for (;;) {
		const void *bytes;
		size_t length;
		la_int64_t offset;
		int status = archive_read_data_block(archive, &bytes, &length, &offset);

		if (status == ARCHIVE_EOF)
			return true;
		if (status == ARCHIVE_RETRY)
			continue;
		/* A warning is a checksum or a size that is not what was promised. */
		if (status != ARCHIVE_OK)
			return explain(reader, archive);
		if (!put(reader, bytes, length))
			return false;
	}
}

static bool take_gcode(struct archive_reader *reader, struct archive *archive, const char *name)
{
	int32_t number = number_in(name);

	reader->result->plate_count++;
	if (reader->chosen == 0)
		reader->result->kind = kind_of(name);
	if (number == 0)
		number = reader->result->plate_count;
	if (reader->plate > 0 && number != reader->plate)
		return true;
	if (reader->chosen > 0) {
		fail(reader, FORMAT_BAD, "more than one plate");
		return true; /* go on, to say how many */
	}
	reader->chosen = number;
	return unpack(reader, archive);
}

/* A picture is no reason to refuse a file: what does not fit is left out. */
static void take_picture(struct archive_reader *reader, struct archive *archive, const char *name)
{
	size_t length = 0;

	if (!reader->picture)
		reader->picture = malloc(PICTURE_MAX_BYTES);
	while (reader->picture && length < PICTURE_MAX_BYTES) {
		la_ssize_t got = archive_read_data(
			archive, reader->picture + length, PICTURE_MAX_BYTES - length);

		if (got < 0)
			return;
		if (got == 0)
			break;
		length += (size_t)got;
	}
	reader->picture_length = length < PICTURE_MAX_BYTES ? length : 0;
	reader->picture_number = number_in(name);
}

static bool wants_picture(const struct archive_reader *reader, const char *name)
{
	int32_t wanted = reader->plate > 0 ? reader->plate : reader->chosen;
	int32_t number = number_in(name);

	if (ends_with(name, "/thumbnail.png"))
		return reader->picture_length == 0;
	return ends_with(name, ".png") && number > 0 && (wanted == 0 || number == wanted);
}

static bool take_member(
	struct archive_reader *reader, struct archive *archive, struct archive_entry *entry)
{
	const char *name = archive_entry_pathname(entry);

	if (!name)
		name = archive_entry_pathname_utf8(entry);
	if (!name || archive_entry_filetype(entry) != AE_IFREG)
		return true;
	if (archive_entry_is_encrypted(entry))
		return explain(reader, archive);
	if (is_gcode_name(name))
		return take_gcode(reader, archive, name);
	if (ends_with(name, ".model"))
		reader->saw_model = true;
	if (wants_picture(reader, name))
		take_picture(reader, archive, name);
	return true;
}

static bool take_members(struct archive_reader *reader, struct archive *archive)
{
	for (int count = 0;; count++) {
		struct archive_entry *entry;
		int status = archive_read_next_header(archive, &entry);

		if (status == ARCHIVE_EOF)
			return true;
		if (status == ARCHIVE_RETRY)
			continue;
		if (status != ARCHIVE_OK && status != ARCHIVE_WARN)
			return explain(reader, archive);
		if (count >= ARCHIVE_MEMBERS_MAX)
			return fail(reader, FORMAT_BAD,
				"ZIP archive with more than 1000 members; pack the G-code alone");
		if (!take_member(reader, archive, entry))
			return false;
	}
}

/* ---- the end ------------------------------------------------------------------------------- */

static void put_picture(struct archive_reader *reader)
{
	unsigned width, height;

	if (!thumbnail_png_size(reader->picture, reader->picture_length, &width, &height))
		return;
	if (reader->picture_number != PICTURE_NUMBER_ANY &&
		reader->picture_number != reader->chosen)
		return;
	if (reader->last != '\n' && !put(reader, "\n", 1))
		return;
	if (thumbnail_comment_write(reader->sink, THUMBNAIL_PNG, width, height, reader->picture,
		    reader->picture_length) != FORMAT_OK)
		fail(reader, FORMAT_TOO_BIG, "unpacks to more text than is accepted");
}

static void judge(struct archive_reader *reader)
{
	struct format_archive_result *result = reader->result;

	if (result->plate_count == 0) {
		fail(reader, FORMAT_BAD,
			reader->saw_model ? "3MF model without G-code: slice it first"
					  : "ZIP archive without a .gcode in it");
	} else if (reader->chosen == 0) {
		result->result = FORMAT_BAD;
		snprintf(result->reason, sizeof result->reason,
			"the archive has no plate %d: it has %d", (int)reader->plate,
			(int)result->plate_count);
	} else if (result->result == FORMAT_BAD) {
		snprintf(result->reason, sizeof result->reason,
			"the archive has %d plates with G-code: choose one with --plate N",
			(int)result->plate_count);
	} else if (reader->picture_length > 0) {
		put_picture(reader);
	}
}

bool format_archive_begins(const char *head, size_t length)
{
	return length >= 4 && !memcmp(head, "PK\x03\x04", 4);
}

static bool open_archive(struct archive_reader *reader, struct archive *archive)
{
	int status = archive_read_support_format_zip(archive);

	if (status == ARCHIVE_OK)
		status = archive_read_set_read_callback(archive, on_read);
	if (status == ARCHIVE_OK && reader->source->seek)
		status = archive_read_set_seek_callback(archive, on_seek);
	if (status == ARCHIVE_OK)
		status = archive_read_set_callback_data(archive, reader);
	if (status == ARCHIVE_OK)
		status = archive_read_open1(archive);
	return status == ARCHIVE_OK || explain(reader, archive);
}

void format_archive_read(const struct format_source *source, const char *head, size_t length,
	int32_t plate, struct format_sink *sink, struct format_archive_result *result)
{
	struct archive *archive = archive_read_new();
	struct archive_reader *reader = calloc(1, sizeof *reader);

	*result = (struct format_archive_result){ .result = FORMAT_OK, .kind = "zip" };
	if (!archive || !reader) {
		result->result = FORMAT_BAD;
		snprintf(result->reason, sizeof result->reason, "out of memory");
	} else {
		reader->source = source;
		reader->head = head;
		reader->head_length = length;
		reader->plate = plate;
		reader->sink = sink;
		reader->result = result;
		if (open_archive(reader, archive) && take_members(reader, archive))
			judge(reader);
		free(reader->picture);
	}
	free(reader);
	archive_read_free(archive);
}
