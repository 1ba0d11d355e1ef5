/* Foreign text made harmless and measured; see text.h. */
#include "cli/text.h"

#include <stdint.h>
#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* malloc */
#include <string.h>
#include <wchar.h> /* wcwidth */

/* Bytes of the UTF-8 character at `from` and its number; 0: broken. */
static size_t read_character(const unsigned char *from, uint32_t *number)
{
	static const struct {
		unsigned char mask, lead;
		uint32_t least;
	} forms[] = {
		{ 0x80, 0x00, 0 },
		{ 0xe0, 0xc0, 0x80 },
		{ 0xf0, 0xe0, 0x800 },
		{ 0xf8, 0xf0, 0x10000 },
	};

	for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
		if ((from[0] & forms[i].mask) != forms[i].lead)
			continue;
		*number = from[0] & (unsigned char)~forms[i].mask;
		for (size_t j = 1; j <= i; j++) {
			if ((from[j] & 0xc0) != 0x80)
				return 0;
			*number = *number << 6 | (from[j] & 0x3f);
		}
		if (*number < forms[i].least || *number > 0x10ffff ||
			(*number >= 0xd800 && *number <= 0xdfff))
			return 0;
		return i + 1;
	}
	return 0;
}

/* Ranges that are not letters on a terminal, or hide what others are. */
static bool is_harmless(uint32_t number)
{
	static const struct {
		uint32_t first, last;
	} bad[] = {
		{ 0x00, 0x1f },
		{ 0x7f, 0x9f },
		{ 0xad, 0xad },
		{ 0x61c, 0x61c },
		{ 0x200b, 0x200f },
		{ 0x2028, 0x202e },
		{ 0x2060, 0x206f },
		{ 0xfeff, 0xfeff },
		{ 0xfff0, 0xfffb },
		{ 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (number >= bad[i].first && number <= bad[i].last)
			return false;
	return true;
}

char *text_clean(const char *from, bool keep_lines)
{
	enum { ESCAPED_BYTES = 4 };
	size_t length = strlen(from), used = 0;
	char *clean = malloc(length * ESCAPED_BYTES + 1);

	for (size_t at = 0; clean && at < length;) {
		uint32_t number = 0;
		size_t bytes = read_character((const unsigned char *)from + at, &number);
		bool stays = bytes > 0 && (is_harmless(number) || (keep_lines && number == '\n'));

		if (bytes == 0)
			bytes = 1;
		for (size_t i = 0; i < bytes; i++, at++) {
			if (stays)
				clean[used++] = from[at];
			else
				used += (size_t)snprintf(clean + used, ESCAPED_BYTES + 1, "\\x%02x",
					(unsigned char)from[at]);
		}
	}
	if (clean)
		clean[used] = '\0';
	return clean;
}

static size_t width_of(uint32_t number)
{
	int width = wcwidth((wchar_t)number);

	return width < 0 ? 1 : (size_t)width;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	while (*text) {
		uint32_t number = 0;
		size_t bytes = read_character((const unsigned char *)text, &number);

		width += bytes > 0 ? width_of(number) : 1;
		text += bytes > 0 ? bytes : 1;
	}
	return width;
}

size_t text_fit(const char *text, size_t columns)
{
	size_t at = 0, width = 0;

	while (text[at]) {
		uint32_t number = 0;
		size_t bytes = read_character((const unsigned char *)text + at, &number);

		width += bytes > 0 ? width_of(number) : 1;
		if (width > columns)
			break;
		at += bytes > 0 ? bytes : 1;
	}
	return at;
}

size_t text_fit_words(const char *text, size_t columns, size_t *next)
{
	size_t bytes = text_fit(text, columns), at = bytes;

	if (text[bytes]) {
		while (at > 0 && text[at] != ' ')
			at--;
		if (at == 0)
			at = bytes > 0 ? bytes : 1; /* a word that is too long, no room at all */
	}
	*next = at + strspn(text + at, " ");
	return at;
}
