/* The configuration's text; see config_text.h. */
#include "daemon/control/config_text.h"

#include <stdbool.h>
#include <stdlib.h> /* malloc */
#include <string.h> /* memcpy */

enum { DIGITS_MAX = 18, DIGITS_OF_INT32 = 9 };

struct scan {
	const char *at, *end;
	char *out;
	size_t line;
};

static bool is_digit(char byte)
{
	return byte >= '0' && byte <= '9';
}

static bool is_word(char byte)
{
	return is_digit(byte) || (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
	       byte == '_' || byte == '.' || byte == '*';
}

static void copy(struct scan *scan)
{
	if (*scan->at == '\n')
		scan->line++;
	*scan->out++ = *scan->at++;
}

static bool begins(const struct scan *scan, const char *mark)
{
	size_t length = strlen(mark);

	return (size_t)(scan->end - scan->at) >= length && memcmp(scan->at, mark, length) == 0;
}

static void copy_string(struct scan *scan)
{
	copy(scan);
	while (scan->at < scan->end && *scan->at != '"') {
		if (*scan->at == '\\' && scan->at + 1 < scan->end)
			copy(scan);
		copy(scan);
	}
	if (scan->at < scan->end)
		copy(scan);
}

static void copy_comment(struct scan *scan, const char *end_mark)
{
	copy(scan);
	while (scan->at < scan->end && !begins(scan, end_mark))
		copy(scan);
}

/* A word that consists of nothing but digits is a whole number without suffix. */
static bool copy_word(struct scan *scan)
{
	size_t digits = 0, length = 0;

	for (; scan->at < scan->end && is_word(*scan->at); length++) {
		digits += is_digit(*scan->at);
		copy(scan);
	}
	if (digits != length || digits <= DIGITS_OF_INT32)
		return true;
	*scan->out++ = 'L';
	return digits <= DIGITS_MAX;
}

static bool step(struct scan *scan)
{
	if (*scan->at == '"')
		copy_string(scan);
	else if (*scan->at == '#' || begins(scan, "//"))
		copy_comment(scan, "\n");
	else if (begins(scan, "/*"))
		copy_comment(scan, "*/");
	else if (is_word(*scan->at))
		return copy_word(scan);
	else
		copy(scan);
	return true;
}

enum config_text_result config_text_widen(
	const char *text, size_t length, char **wide, size_t *line)
{
	/* At most one byte more for each number of ten digits. */
	char *out = malloc(length + length / DIGITS_OF_INT32 + 2);
	struct scan scan = { text, text + length, out, 1 };

	if (!out)
		return CONFIG_TEXT_NO_MEMORY;
	while (scan.at < scan.end) {
		bool nul = *scan.at == '\0';

		if (nul || !step(&scan)) {
			*line = scan.line;
			free(out);
			return nul ? CONFIG_TEXT_NUL : CONFIG_TEXT_TOO_LARGE;
		}
	}
	*scan.out = '\0';
	*wide = out;
	return CONFIG_TEXT_OK;
}
