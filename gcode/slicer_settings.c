/* Settings out of comments; see slicer_settings.h. */
#include "gcode/slicer_settings.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gcode/utf8.h"

enum { KEY_MAX = 128, PREFIX_MAX = 32 };

/* Where the rows that count come from: a later, better place drops what was found before. */
enum place { PLACE_ROWS, PLACE_BLOCK, PLACE_OVER };

struct slicer_settings {
	enum place place;
	bool is_comment, is_command; /* of the line under way; neither: it has just begun */
	size_t line_length;
	char line[SLICER_SETTINGS_LINE_MAX]; /* a comment without its semicolon */
	size_t text_length;
	char text[SLICER_SETTINGS_BYTES_MAX + 1];
	size_t cura_length;
	char cura[SLICER_SETTINGS_BYTES_MAX + 1]; /* the pieces of ";SETTING_3", joined */
};

struct slicer_settings *slicer_settings_create(void)
{
	return calloc(1, sizeof(struct slicer_settings));
}

void slicer_settings_destroy(struct slicer_settings *settings)
{
	free(settings);
}

/* ---- rows --------------------------------------------------------------------------------- */

struct part {
	const char *at;
	size_t length;
};

static struct part trim(struct part part)
{
	while (part.length > 0 && (*part.at == ' ' || *part.at == '\t')) {
		part.at++;
		part.length--;
	}
	while (part.length > 0 &&
		(part.at[part.length - 1] == ' ' || part.at[part.length - 1] == '\t' ||
			part.at[part.length - 1] == '\r'))
		part.length--;
	return part;
}

/* Letters, digits and '_', as in every slicer; dots and blanks as well where a block says so. */
static bool is_key(struct part key, const char *also)
{
	if (key.length == 0 || key.length > KEY_MAX || isdigit((unsigned char)*key.at))
		return false;
	for (size_t i = 0; i < key.length; i++)
		if (!isalnum((unsigned char)key.at[i]) && key.at[i] != '_' &&
			!(key.at[i] && strchr(also, key.at[i])))
			return false;
	return true;
}

static bool put(struct slicer_settings *settings, const char *bytes, size_t length)
{
	if (length > SLICER_SETTINGS_BYTES_MAX - settings->text_length)
		return false;
	memcpy(settings->text + settings->text_length, bytes, length);
	settings->text_length += length;
	return true;
}

/* As UTF-8 without control characters. */
static bool put_value(struct slicer_settings *settings, struct part value)
{
	bool good = true;

	for (size_t i = 0; good && i < value.length;) {
		char character[5] = "";
		size_t left = value.length - i;

		memcpy(character, value.at + i, left < 4 ? left : 4);
		size_t length = *character ? utf8_length(character) : 0;

		if (length == 0 || (unsigned char)*character < ' ' || *character == 0x7f) {
			good = put(settings, "?", 1);
			length = 1;
		} else {
			good = put(settings, character, length);
		}
		i += length;
	}
	return good;
}

/* Whole or not at all. */
static void add_row(
	struct slicer_settings *settings, const char *prefix, struct part key, struct part value)
{
	size_t before = settings->text_length;

	if (put(settings, prefix, strlen(prefix)) && put(settings, key.at, key.length) &&
		put(settings, " = ", 3) && put_value(settings, value) && put(settings, "\n", 1))
		return;
	settings->text_length = before;
}

/* ---- comments ----------------------------------------------------------------------------- */

static bool begins_with(struct part part, const char *word)
{
	return part.length >= strlen(word) && memcmp(part.at, word, strlen(word)) == 0;
}

static bool ends_with(struct part part, const char *word)
{
	size_t length = strlen(word);

	return part.length >= length && memcmp(part.at + part.length - length, word, length) == 0;
}

/* The rows of a block are all; what stood before it were figures. */
static void begin_block(struct slicer_settings *settings)
{
	settings->place = PLACE_BLOCK;
	settings->text_length = 0;
}

/* "key = value", in a block with any key. */
static bool read_pair(struct slicer_settings *settings, struct part comment, const char *also)
{
	const char *mark = memchr(comment.at, '=', comment.length);

	if (!mark)
		return false;
	struct part key = trim((struct part){ comment.at, (size_t)(mark - comment.at) });
	struct part value =
		trim((struct part){ mark + 1, comment.length - (size_t)(mark - comment.at) - 1 });

	if (!is_key(key, also))
		return false;
	add_row(settings, "", key, value);
	return true;
}

/* Simplify3D's "   key,value". */
static void read_comma(struct slicer_settings *settings, struct part line)
{
	const char *comma = memchr(line.at, ',', line.length);

	if (!comma || line.length < 4 || memcmp(line.at, "   ", 3) != 0)
		return;
	struct part key = { line.at + 3, (size_t)(comma - line.at) - 3 };

	if (comma - line.at > 3 && is_key(key, ""))
		add_row(settings, "", key,
			trim((struct part){
				comma + 1, line.length - (size_t)(comma - line.at) - 1 }));
}

static void keep_cura(struct slicer_settings *settings, struct part piece)
{
	if (piece.length > 0 && piece.at[piece.length - 1] == '\r')
		piece.length--;
	if (piece.length > SLICER_SETTINGS_BYTES_MAX - settings->cura_length)
		return;
	memcpy(settings->cura + settings->cura_length, piece.at, piece.length);
	settings->cura_length += piece.length;
}

static void read_comment(struct slicer_settings *settings)
{
	static const char cura[] = "SETTING_3 ";
	struct part line = { settings->line, settings->line_length };
	struct part comment = trim(line);

	if (begins_with(line, cura)) {
		line.at += sizeof cura - 1;
		line.length -= sizeof cura - 1;
		keep_cura(settings, line);
	} else if (ends_with(comment, "_config = begin") ||
		   begins_with(comment, "CONFIG_BLOCK_START")) {
		begin_block(settings);
	} else if (settings->place == PLACE_BLOCK) {
		if (ends_with(comment, "_config = end") || begins_with(comment, "CONFIG_BLOCK_END"))
			settings->place = PLACE_OVER;
		else
			read_pair(settings, comment, " .-[]()");
	} else if (settings->place == PLACE_ROWS && !read_pair(settings, comment, "")) {
		read_comma(settings, line);
	}
}

void slicer_settings_feed(struct slicer_settings *settings, const char *bytes, size_t length)
{
	const char *end = bytes + length;

	while (bytes < end) {
		const char *next = memchr(bytes, '\n', (size_t)(end - bytes));
		size_t part = (size_t)((next ? next : end) - bytes);

		if (!settings->is_comment && !settings->is_command && part > 0) {
			settings->is_comment = *bytes == ';';
			settings->is_command = !settings->is_comment;
			if (settings->is_comment) {
				bytes++;
				part--;
			}
		}
		if (settings->is_comment) {
			size_t room = sizeof settings->line - settings->line_length;
			size_t taken = part < room ? part : room;

			memcpy(settings->line + settings->line_length, bytes, taken);
			settings->line_length += taken;
		}
		bytes += part;
		if (!next)
			break;
		bytes++;
		if (settings->is_comment)
			read_comment(settings);
		settings->is_comment = settings->is_command = false;
		settings->line_length = 0;
	}
}

/* ---- Cura --------------------------------------------------------------------------------- */

/* Its pieces joined are JSON, {"global_quality": INI, "extruder_quality": [INI, ...]}, escaped once
 * more for the comments: a line's end in an INI text is "\\n". */
struct cura {
	struct slicer_settings *settings;
	const char *at;
	bool is_name;		 /* the text under way is a member's name */
	bool is_value;		 /* in [values] */
	int extruder;		 /* -1: of the whole machine */
	char prefix[PREFIX_MAX]; /* of keys */
	size_t length;
	char line[SLICER_SETTINGS_LINE_MAX];
};

static void cura_line(struct cura *cura)
{
	struct part line = trim((struct part){ cura->line, cura->length });
	const char *mark = memchr(line.at, '=', line.length);

	if (line.length > 0 && *line.at == '[')
		cura->is_value = begins_with(line, "[values]");
	else if (mark) {
		struct part key = trim((struct part){ line.at, (size_t)(mark - line.at) });
		struct part value =
			trim((struct part){ mark + 1, line.length - (size_t)(mark - line.at) - 1 });

		/* Of [general] and [metadata]: which profile of which machine. */
		if (is_key(key, "") &&
			(cura->is_value || begins_with(key, "name") ||
				begins_with(key, "definition") || begins_with(key, "quality_type")))
			add_row(cura->settings, cura->prefix, key, value);
	}
	cura->length = 0;
}

static void cura_character(struct cura *cura, char character)
{
	if (!cura->is_name && character == '\n')
		cura_line(cura);
	else if (cura->length < sizeof cura->line)
		cura->line[cura->length++] = character;
}

/* Backslashes and what they stand for.  A row that goes on in the next line, as start code does,
 * stays one row: its lines begin with a tab. */
static void cura_escape(struct cura *cura)
{
	size_t backslashes = strspn(cura->at, "\\");
	char character = cura->at[backslashes];

	cura->at += backslashes + (character != '\0');
	if (character == 'n' && cura->at[0] == '\\' && cura->at[strspn(cura->at, "\\")] == 't') {
		cura->at += strspn(cura->at, "\\") + 1;
		cura_character(cura, '\\');
		cura_character(cura, 'n');
	} else if (character == 'n') {
		cura_character(cura, '\n');
	} else if (character == 't') {
		cura_character(cura, ' ');
	} else if (character && character != 'r') {
		cura_character(cura, character);
	}
}

/* Behind the opening quote; false: it has no end. */
static bool cura_text(struct cura *cura)
{
	cura->length = 0;
	while (*cura->at && *cura->at != '"') {
		if (*cura->at == '\\')
			cura_escape(cura);
		else
			cura_character(cura, *cura->at++);
	}
	if (!*cura->at)
		return false;
	cura->at++;
	return true;
}

static void cura_name(struct cura *cura)
{
	struct part name = { cura->line, cura->length };

	cura->extruder = begins_with(name, "extruder") ? 0 : -1;
}

/* A text and what it is good for; false: it has no end. */
static bool cura_value(struct cura *cura)
{
	cura->is_value = false;
	cura->prefix[0] = '\0';
	if (cura->extruder >= 0)
		snprintf(cura->prefix, sizeof cura->prefix, "extruder_%d.", cura->extruder);
	bool good = cura_text(cura);

	if (cura->is_name) {
		cura_name(cura);
	} else {
		cura_line(cura);
		cura->extruder += cura->extruder >= 0;
	}
	return good;
}

static void read_cura(struct slicer_settings *settings)
{
	struct cura *cura = calloc(1, sizeof *cura);
	bool in_list = false;

	if (!cura)
		return;
	settings->text_length = 0;
	settings->cura[settings->cura_length] = '\0';
	*cura = (struct cura){ .settings = settings, .at = settings->cura, .extruder = -1 };
	while (*cura->at) {
		char character = *cura->at++;

		if (character == '"') {
			if (!cura_value(cura))
				break;
		} else if (character == '[' || character == ']') {
			in_list = character == '[';
		} else if (character == ':') {
			cura->is_name = false;
		} else if (character == '{' || character == ',') {
			cura->is_name = !in_list;
		}
	}
	free(cura);
}

const char *slicer_settings_text(struct slicer_settings *settings, size_t *length)
{
	if (settings->is_comment)
		read_comment(settings);
	settings->is_comment = false;
	if (settings->cura_length > 0 && settings->place == PLACE_ROWS)
		read_cura(settings);
	settings->cura_length = 0;
	settings->text[settings->text_length] = '\0';
	*length = settings->text_length;
	return settings->text;
}
