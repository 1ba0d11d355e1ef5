/* Pieces of HTML; see markup.h. */
#include "cli/markup.h"

#include "cli/words.h"

#include <stdlib.h>
#include <string.h>

void markup_text(FILE *file, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			fputs("&amp;", file);
			break;
		case '<':
			fputs("&lt;", file);
			break;
		case '>':
			fputs("&gt;", file);
			break;
		case '"':
			fputs("&quot;", file);
			break;
		case '\'':
			fputs("&#39;", file);
			break;
		default:
			fputc((unsigned char)*text < ' ' || *text == 0x7f ? '?' : *text, file);
		}
}

/* The bytes of the first so many letters. */
static size_t cut_at(const char *text, size_t letters)
{
	size_t length = 0, count = 0;

	for (; text[length]; length++) {
		bool begins = ((unsigned char)text[length] & 0xc0) != 0x80;

		if (begins && count == letters)
			break;
		count += begins;
	}
	return length;
}

static void put_part(FILE *file, const char *text, size_t length)
{
	char *part = strndup(text, length);

	markup_text(file, part ? part : "");
	free(part);
}

void markup_text_cut(FILE *file, const char *text, size_t letters)
{
	size_t length = cut_at(text, letters);

	put_part(file, text, length);
	fputs(text[length] ? "…" : "", file);
}

void markup_row_open(FILE *file, const char *name)
{
	fputs("<tr><th>", file);
	markup_text(file, name);
	fputs("</th><td>", file);
}

void markup_row_close(FILE *file)
{
	fputs("</td></tr>\n", file);
}

void markup_row(FILE *file, const char *name, const char *text)
{
	if (!*text)
		return;
	markup_row_open(file, name);
	markup_text(file, text);
	markup_row_close(file);
}

void markup_row_hash(FILE *file, const char *name, const char *hash)
{
	if (!*hash)
		return;
	markup_row_open(file, name);
	fputs("<code>", file);
	markup_text(file, hash);
	fputs("</code>", file);
	markup_row_close(file);
}

void markup_row_amount(
	FILE *file, const char *name, const json_t *object, const char *key, const char *unit)
{
	char text[WORDS_MAX];

	if (!words_is_null(object, key))
		markup_row(file, name, words_amount(text, object, key, unit));
}

void markup_row_duration(FILE *file, const char *name, const json_t *object, const char *key)
{
	char text[WORDS_MAX];

	if (!words_is_null(object, key))
		markup_row(file, name, words_duration(text, object, key));
}

void markup_moment(FILE *file, const json_t *object, const char *key)
{
	const char *text = words_text(object, key);

	fputs("<time>", file);
	put_part(file, text, strlen("2026-11-26"));
	fputs(" ", file);
	if (strlen(text) > strlen("2026-11-26T"))
		put_part(file, text + strlen("2026-11-26T"), strlen("14:05"));
	fputs("</time>", file);
}

void markup_row_moment(FILE *file, const char *name, const json_t *object, const char *key)
{
	if (!*words_text(object, key))
		return;
	markup_row_open(file, name);
	markup_moment(file, object, key);
	markup_row_close(file);
}

/* RFC 4648. */
static void put_base64(FILE *file, const unsigned char *bytes, size_t length)
{
	static const char digit[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

	for (size_t i = 0; i < length; i += 3) {
		size_t left = length - i;
		unsigned bits = (unsigned)bytes[i] << 16;

		bits |= left > 1 ? (unsigned)bytes[i + 1] << 8 : 0;
		bits |= left > 2 ? bytes[i + 2] : 0;
		fputc(digit[bits >> 18], file);
		fputc(digit[bits >> 12 & 63], file);
		fputc(left > 1 ? digit[bits >> 6 & 63] : '=', file);
		fputc(left > 2 ? digit[bits & 63] : '=', file);
	}
}

void markup_image(FILE *file, const char *type, const char *bytes, size_t length, const char *what)
{
	fprintf(file, "<img src=\"data:%s;base64,", type);
	put_base64(file, (const unsigned char *)bytes, length);
	fputs("\" alt=\"", file);
	markup_text(file, what);
	fputs("\">", file);
}
