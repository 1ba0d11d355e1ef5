/* A file from its first byte to its analysis; see inspect.h. */
#include "gcode/inspect.h"

#include <stdio.h>  /* SEEK_SET, snprintf of text */
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcpy, memset */

#include "gcode/cnc.h"
#include "gcode/format_archive.h"
#include "gcode/policy.h"
#include "gcode/profile.h"
#include "gcode/time_limits.h"

enum { READ_BYTES = 65536 };

/* The start of a stream, held back until its kind is known. */
struct head {
	char bytes[FORMAT_HEAD_BYTES];
	size_t length;
	bool decided;
	enum format_kind kind;
};

struct inspector {
	struct inspector_settings settings;
	struct head outer, inner;
	struct format_reader *reader;
	struct analyser *analyser;
	struct format_archive_result archive;
	const char *refused; /* a sentence; NULL: not */
	bool second;	     /* the file is read a second time */
	bool once;
	double factor;
	char piece[READ_BYTES];
};

static void refuse(struct inspector *inspector, const char *reason)
{
	if (!inspector->refused)
		inspector->refused = reason;
}

struct inspector *inspector_create(const struct inspector_settings *settings)
{
	struct inspector *inspector = calloc(1, sizeof *inspector);

	if (!inspector)
		return NULL;
	inspector->settings = *settings;
	inspector->factor = 1;
	inspector->analyser = analyser_create(settings->profile);
	if (!inspector->analyser) {
		free(inspector);
		return NULL;
	}
	if (settings->on_command)
		analyser_on_command(inspector->analyser, settings->on_command, settings->context);
	if (settings->on_move)
		analyser_on_move(inspector->analyser, settings->on_move, settings->move_context);
	if (settings->on_comment)
		analyser_on_comment(
			inspector->analyser, settings->on_comment, settings->comment_context);
	return inspector;
}

void inspector_destroy(struct inspector *inspector)
{
	if (!inspector)
		return;
	format_reader_destroy(inspector->reader);
	analyser_destroy(inspector->analyser);
	free(inspector);
}

/* Takes bytes until the head is full; true when there is enough to decide. */
static bool fill_head(struct head *head, const char **bytes, size_t *length)
{
	size_t room = FORMAT_HEAD_BYTES - head->length;
	size_t taken = *length < room ? *length : room;

	memcpy(head->bytes + head->length, *bytes, taken);
	head->length += taken;
	*bytes += taken;
	*length -= taken;
	return head->length == FORMAT_HEAD_BYTES;
}

/* ---- the text inside --------------------------------------------------------------------- */

static void take_text(struct inspector *inspector, const char *bytes, size_t length)
{
	if (inspector->refused || length == 0)
		return;
	if (inspector->settings.on_text && !inspector->second)
		inspector->settings.on_text(inspector->settings.context, bytes, length);
	analyser_feed(inspector->analyser, bytes, length);
}

/* A profile may be only what a farm's machines agree on. */
static bool machine_is_known(const struct profile *profile)
{
	return profile && profile->volume_max_mm[0] > profile->volume_min_mm[0];
}

static void decide_inner(struct inspector *inspector)
{
	struct head *head = &inspector->inner;
	const char *reason;

	head->decided = true;
	head->kind = format_detect(head->bytes, head->length, &reason);
	if (head->kind != FORMAT_GCODE && !reason)
		reason = "an archive inside an archive; pack it once";
	if (head->kind != FORMAT_GCODE)
		refuse(inspector, reason);
	else if (!machine_is_known(inspector->settings.profile) &&
		 cnc_is_program(head->bytes, head->length))
		analyser_program(inspector->analyser);
	take_text(inspector, head->bytes, head->length);
}

static void on_unpacked(void *context, const char *bytes, size_t length)
{
	struct inspector *inspector = context;

	if (!inspector->inner.decided) {
		if (!fill_head(&inspector->inner, &bytes, &length))
			return;
		decide_inner(inspector);
	}
	take_text(inspector, bytes, length);
}

/* ---- the file ---------------------------------------------------------------------------- */

static void feed_reader(struct inspector *inspector, const char *bytes, size_t length)
{
	if (inspector->refused || length == 0)
		return;
	if (format_reader_feed(inspector->reader, bytes, length) != FORMAT_OK)
		refuse(inspector, format_reader_reason(inspector->reader));
}

static void refuse_name(struct inspector *inspector, enum format_kind kind)
{
	const char *name = inspector->settings.name;
	const char *reason = name ? format_name_problem(kind, name) : NULL;

	if (reason)
		refuse(inspector, reason);
}

static void decide_outer(struct inspector *inspector)
{
	struct head *head = &inspector->outer;
	const char *reason;

	head->decided = true;
	head->kind = format_detect(head->bytes, head->length, &reason);
	if (head->kind == FORMAT_ARCHIVE) {
		inspector->archive.kind = "zip";
		reason = "ZIP archive in pieces; it can only be read as a whole file";
	}
	if (reason) {
		refuse(inspector, reason);
		return;
	}
	if (inspector->settings.plate > 0)
		refuse(inspector, "a plain file has no plates: leave --plate out");
	refuse_name(inspector, head->kind);
	inspector->reader = format_reader_create(
		head->kind, inspector->settings.text_max_bytes, on_unpacked, inspector);
	if (!inspector->reader) {
		refuse(inspector, "out of memory");
		return;
	}
	feed_reader(inspector, head->bytes, head->length);
}

bool inspector_feed(struct inspector *inspector, const char *bytes, size_t length)
{
	if (!inspector->outer.decided) {
		if (!fill_head(&inspector->outer, &bytes, &length))
			return true;
		decide_outer(inspector);
	}
	feed_reader(inspector, bytes, length);
	return !inspector->refused;
}

/* The head is in hand and says that this is an archive. */
static void read_archive(struct inspector *inspector, const struct format_source *source)
{
	struct head *head = &inspector->outer;
	struct format_sink sink = { on_unpacked, inspector, inspector->settings.text_max_bytes };

	head->decided = true;
	head->kind = FORMAT_ARCHIVE;
	format_archive_read(source, head->bytes, head->length, inspector->settings.plate, &sink,
		&inspector->archive);
	if (inspector->archive.result != FORMAT_OK)
		refuse(inspector, inspector->archive.reason);
	refuse_name(inspector, FORMAT_ARCHIVE);
}

static int read_once(struct inspector *inspector, const struct format_source *source)
{
	struct head *head = &inspector->outer;
	int64_t count;
	const char *reason;

	/* A full head, or all of a short file. */
	do {
		count = source->read(source->context, head->bytes + head->length,
			FORMAT_HEAD_BYTES - head->length);
		if (count > 0)
			head->length += (size_t)count;
	} while (count > 0 && head->length < FORMAT_HEAD_BYTES);
	if (count < 0)
		return (int)count;
	if (format_detect(head->bytes, head->length, &reason) == FORMAT_ARCHIVE) {
		read_archive(inspector, source);
		return 0;
	}
	decide_outer(inspector);
	while (!inspector->refused) {
		count = source->read(source->context, inspector->piece, READ_BYTES);
		if (count <= 0)
			return (int)count;
		feed_reader(inspector, inspector->piece, (size_t)count);
	}
	return 0;
}

/* Whatever has been held back goes through. */
static void end_text(struct inspector *inspector)
{
	if (!inspector->outer.decided)
		decide_outer(inspector);
	if (!inspector->refused && inspector->reader &&
		format_reader_finish(inspector->reader) != FORMAT_OK)
		refuse(inspector, format_reader_reason(inspector->reader));
	if (!inspector->refused && !inspector->inner.decided)
		decide_inner(inspector);
}

/* All from the start, with what the first pass has learnt; false: there is no need. */
static bool begin_again(struct inspector *inspector)
{
	struct analyser_lesson lesson;
	struct analyser *analyser;

	end_text(inspector);
	if (inspector->refused || !analyser_learnt(inspector->analyser, &lesson))
		return false;
	analyser = analyser_create(inspector->settings.profile);
	if (!analyser)
		return false;
	analyser_assume(analyser, &lesson);
	analyser_correct(analyser, inspector->factor);
	analyser_destroy(inspector->analyser);
	format_reader_destroy(inspector->reader);
	inspector->analyser = analyser;
	inspector->reader = NULL;
	inspector->outer = inspector->inner = (struct head){ .length = 0 };
	inspector->second = true;
	return true;
}

int inspector_read(struct inspector *inspector, const struct format_source *source)
{
	int64_t start = source->seek ? source->seek(source->context, 0, SEEK_CUR) : -1;
	int status = read_once(inspector, source);

	if (status != 0 || start < 0 || inspector->once || !begin_again(inspector))
		return status;
	start = source->seek(source->context, start, SEEK_SET);
	return start < 0 ? (int)start : read_once(inspector, source);
}

void inspector_once(struct inspector *inspector)
{
	inspector->once = true;
}

void inspector_correct(struct inspector *inspector, double factor)
{
	inspector->factor = factor;
	analyser_correct(inspector->analyser, factor);
}

const struct analysis_layer *inspector_layers(const struct inspector *inspector, size_t *count)
{
	*count = 0;
	return inspector->refused ? NULL : analyser_layers(inspector->analyser, count);
}

void inspector_finish(struct inspector *inspector, struct analysis *analysis)
{
	char text[ANALYSIS_TEXT_MAX];

	end_text(inspector);
	if (!inspector->refused) {
		analyser_finish(inspector->analyser, analysis);
		return;
	}
	/* Half an analysis would look like a whole one. */
	memset(analysis, 0, sizeof *analysis);
	snprintf(text, sizeof text, "%s", inspector->refused);
	analysis_add_problem(
		analysis, 0, policy_rule(POLICY_FORMAT)->name, VERDICT_REFUSE, NULL, text);
}

bool inspector_refused(const struct inspector *inspector)
{
	return inspector->refused != NULL;
}

const char *inspector_format(const struct inspector *inspector)
{
	if (!inspector->outer.decided)
		return "unknown";
	switch (inspector->outer.kind) {
	case FORMAT_GCODE:
		return "gcode";
	case FORMAT_GZIP:
		return "gzip";
	case FORMAT_BGCODE:
		return "bgcode";
	case FORMAT_ARCHIVE:
		return inspector->archive.kind;
	case FORMAT_EMPTY:
		return "empty";
	case FORMAT_REFUSED:
		break;
	}
	return "unknown";
}
