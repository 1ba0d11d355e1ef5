/* The label of a lot; see record_label.h. */
#include "cli/record_label.h"

#include "cli/cli.h"
#include "cli/markup.h"
#include "cli/new_file.h"
#include "cli/words.h"

#include <qrencode.h>

#include <stdlib.h>
#include <string.h>

#define TEXT_MM 28.5 /* where the words begin */

enum {
	LABEL_WIDTH_MM = 62,
	LABEL_HEIGHT_MM = 29,
	MARGIN_MM = 2,
	CODE_MM = 25,
	QUIET_MODULES = 2, /* with the margin more than the four that readers want */
	LINE_BYTES = 256,
	SHORT_HASH = 16,
};

/* ---- the code ----------------------------------------------------------------------------- */

/* Replaces each {order} and {hash}. */
void record_label_text(const json_t *record, char *text, size_t size)
{
	const json_t *order = json_object_get(record, "order");
	const char *at = words_text(json_object_get(record, "farm"), "label_text");
	char hash[SHORT_HASH + 1];
	size_t length = 0;

	snprintf(hash, sizeof hash, "%s",
		words_text(json_object_get(record, "design"), "content_sha256"));
	text[0] = '\0';
	while (*at && length + 1 < size) {
		int added;

		if (strncmp(at, "{order}", 7) == 0) {
			added = snprintf(text + length, size - length, "%lld",
				(long long)words_integer(order, "id"));
			at += 7;
		} else if (strncmp(at, "{hash}", 6) == 0) {
			added = snprintf(text + length, size - length, "%s", hash);
			at += 6;
		} else {
			added = snprintf(text + length, size - length, "%c", *at++);
		}
		length += (size_t)added;
	}
}

/* One path of dark modules, each row's runs as one rectangle. */
static void put_modules(FILE *file, const QRcode *code)
{
	for (int y = 0; y < code->width; y++) {
		const unsigned char *row = code->data + y * code->width;

		for (int x = 0, end; x < code->width; x = end) {
			end = x + 1;
			if (!(row[x] & 1))
				continue;
			while (end < code->width && (row[end] & 1))
				end++;
			fprintf(file, "M%d %dh%dv1h-%dz", x, y, end - x, end - x);
		}
	}
}

bool record_label_code(FILE *file, const char *text, int side, const char *unit)
{
	QRcode *code = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_M);
	int modules = code ? code->width + 2 * QUIET_MODULES : 0;

	if (!code)
		return false;
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%d%s\" height=\"%d%s\" "
		"viewBox=\"-%d -%d %d %d\" role=\"img\"><title>",
		side, unit, side, unit, QUIET_MODULES, QUIET_MODULES, modules, modules);
	markup_text(file, text);
	fputs("</title><path shape-rendering=\"crispEdges\" d=\"", file);
	put_modules(file, code);
	fputs("\"/></svg>\n", file);
	QRcode_free(code);
	return true;
}

/* ---- what a person reads ------------------------------------------------------------------- */

struct label {
	FILE *file;
	double y_mm;
};

static size_t letters_of(const char *text, size_t bytes)
{
	size_t letters = 0;

	for (size_t i = 0; i < bytes; i++)
		letters += ((unsigned char)text[i] & 0xc0) != 0x80;
	return letters;
}

/* Bytes of the first `letters` letters. */
static size_t bytes_of(const char *text, size_t letters)
{
	size_t bytes = 0;

	while (text[bytes] && letters_of(text, bytes + 1) <= letters)
		bytes++;
	while (text[bytes] && ((unsigned char)text[bytes] & 0xc0) == 0x80)
		bytes++;
	return bytes;
}

/* SVG's numbers have a point in every locale: hundredths are written by hand. */
static void put_number(FILE *file, const char *name, double value)
{
	int hundredths = (int)(value * 100 + 0.5);

	fprintf(file, " %s=\"%d.%02d\"", name, hundredths / 100, hundredths % 100);
}

static void put_line(struct label *label, double size_mm, const char *style, const char *text,
	size_t bytes, const char *end)
{
	char line[LINE_BYTES];

	snprintf(line, sizeof line, "%.*s%s", (int)bytes, text, end);
	label->y_mm += size_mm * 1.27;
	fputs("<text", label->file);
	put_number(label->file, "x", TEXT_MM);
	put_number(label->file, "y", label->y_mm);
	put_number(label->file, "font-size", size_mm);
	fprintf(label->file, " style=\"%s\">", style);
	markup_text(label->file, line);
	fputs("</text>\n", label->file);
}

/* In lines that end between words, the last one cut.  A letter is about 0.55 of its size wide. */
static void put_lines(
	struct label *label, double size_mm, const char *style, const char *text, int lines)
{
	const size_t room = (size_t)((LABEL_WIDTH_MM - TEXT_MM - 1) / (0.55 * size_mm));

	while (*text && lines-- > 0) {
		size_t bytes = bytes_of(text, room);

		if (text[bytes] && lines == 0) {
			put_line(label, size_mm, style, text, bytes_of(text, room - 1), "…");
			return;
		}
		if (text[bytes]) {
			size_t word = bytes;

			while (word > 0 && text[word] != ' ')
				word--;
			bytes = word > 0 ? word : bytes;
		}
		put_line(label, size_mm, style, text, bytes, "");
		text += bytes;
		text += strspn(text, " ");
	}
}

/* "PLA white lot 7" of every filament that was printed from, each once. */
static void add_material(json_t *materials, const json_t *attempt)
{
	const char *color = words_text(attempt, "color"), *lot = words_text(attempt, "lot");
	char text[LINE_BYTES];

	if (strcmp(words_text(attempt, "state"), "printed") != 0 ||
		!*words_text(attempt, "material"))
		return;
	snprintf(text, sizeof text, "%.60s%s%.60s%s%.60s", words_text(attempt, "material"),
		*color ? " " : "", color, *lot ? " lot " : "", lot);
	json_object_set_new(materials, text, json_true());
}

static void put_materials(struct label *label, const json_t *record)
{
	const json_t *job, *attempt;
	json_t *materials = json_object(), *value;
	char text[4 * LINE_BYTES] = "";
	const char *material;
	size_t index, inner, length = 0;

	json_array_foreach (json_object_get(record, "jobs"), index, job)
		json_array_foreach (json_object_get(job, "attempts"), inner, attempt)
			add_material(materials, attempt);
	json_object_foreach (materials, material, value)
		if (length < sizeof text)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
				length ? "; " : "", material);
	put_lines(label, 2.3, "", text, 3);
	json_decref(materials);
}

/* The last day on which something of it was printed. */
static void find_day(const json_t *record, char day[11])
{
	const json_t *job, *attempt;
	size_t index, inner;

	snprintf(day, 11, "%.10s", words_text(json_object_get(record, "order"), "created_at"));
	json_array_foreach (json_object_get(record, "jobs"), index, job)
		json_array_foreach (json_object_get(job, "attempts"), inner, attempt)
			if (strcmp(words_text(attempt, "ended_at"), day) > 0)
				snprintf(day, 11, "%.10s", words_text(attempt, "ended_at"));
}

static int64_t count_good(const json_t *record)
{
	const json_t *job;
	int64_t good = 0;
	size_t index;

	json_array_foreach (json_object_get(record, "jobs"), index, job)
		good += words_integer(job, "good");
	return good;
}

static void put_words(FILE *file, const json_t *record, const char *job)
{
	const json_t *order = json_object_get(record, "order");
	const json_t *design = json_object_get(record, "design");
	const char *farm = words_text(json_object_get(record, "farm"), "name");
	struct label label = { file, MARGIN_MM - 0.5 };
	char text[LINE_BYTES], day[11];

	find_day(record, day);
	put_lines(&label, 3.3, "font-weight:bold", words_text(design, "name"), 2);
	snprintf(text, sizeof text, "order %lld%s%s: %lld good",
		(long long)words_integer(order, "id"), *job ? ", job " : "", job,
		(long long)count_good(record));
	put_lines(&label, 2.8, "", text, 1);
	put_materials(&label, record);
	snprintf(text, sizeof text, "%s%s%.200s", day, *farm ? ", " : "", farm);
	put_lines(&label, 2.3, "", text, 1);
	snprintf(text, sizeof text, "%.*s", SHORT_HASH, words_text(design, "content_sha256"));
	put_lines(&label, 2.1, "font-family:monospace", text, 1);
}

bool record_label_put(FILE *file, const json_t *record)
{
	char text[512], job[24] = "";

	record_label_text(record, text, sizeof text);
	if (words_is_true(record, "is_job"))
		snprintf(job, sizeof job, "%lld",
			(long long)words_integer(
				json_array_get(json_object_get(record, "jobs"), 0), "id"));
	fprintf(file,
		"<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"%dmm\" height=\"%dmm\" "
		"viewBox=\"0 0 %d %d\" font-family=\"sans-serif\">\n"
		"<rect width=\"%d\" height=\"%d\" fill=\"#fff\"/>\n"
		"<g transform=\"translate(%d %d)\">\n",
		LABEL_WIDTH_MM, LABEL_HEIGHT_MM, LABEL_WIDTH_MM, LABEL_HEIGHT_MM, LABEL_WIDTH_MM,
		LABEL_HEIGHT_MM, MARGIN_MM, MARGIN_MM);
	bool good = record_label_code(file, text, CODE_MM, "");

	fputs("</g>\n", file);
	put_words(file, record, job);
	fputs("</svg>\n", file);
	if (!good)
		cli_error("the label's text is too long for a code: look at label_text in "
			  "printfarm.conf");
	return good;
}

int record_label_write(const json_t *record, const char *path)
{
	struct new_file file;
	int status = new_file_open(&file, path);

	if (status != CLI_DONE)
		return status;
	if (!record_label_put(file.stream, record)) {
		new_file_drop(&file);
		return CLI_REFUSED;
	}
	return new_file_close(&file);
}
