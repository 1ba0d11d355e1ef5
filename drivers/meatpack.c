/* Packing pairs of characters; see meatpack.h. */
#include "drivers/meatpack.h"

#include <string.h> /* strchr, memcmp */

enum { LITERAL = 15 };

static unsigned nibble_of(char c)
{
	static const char table[] = "0123456789. \nGX";
	const char *at = c != '\0' ? strchr(table, c) : NULL;

	return at ? (unsigned)(at - table) : LITERAL;
}

size_t meatpack_pack(char *out, const char *text, size_t length, bool *open)
{
	size_t count = 0;

	*open = length % 2 != 0 && text[length - 1] != '\n';
	for (size_t i = 0; i < length; i += 2) {
		bool alone = i + 1 == length;
		unsigned first = nibble_of(text[i]);
		unsigned second = alone ? *open ? LITERAL : first : nibble_of(text[i + 1]);

		out[count++] = (char)(unsigned char)(second << 4 | first);
		if (first == LITERAL)
			out[count++] = text[i];
		if (second == LITERAL && !alone)
			out[count++] = text[i + 1];
	}
	return count;
}

char meatpack_line_end(bool open)
{
	return open ? '\n' : (char)(unsigned char)0xcc;
}

bool meatpack_is_state(const char *line, size_t length, bool *on, bool *spaces)
{
	static const char mark[] = "[MP] ";
	const size_t mark_length = sizeof(mark) - 1;

	if (length < mark_length || memcmp(line, mark, mark_length) != 0)
		return false;
	*on = *spaces = false;
	for (size_t i = mark_length; i + 3 <= length; i++) {
		*on = *on || memcmp(line + i, " ON", 3) == 0;
		*spaces = *spaces || memcmp(line + i, "ESP", 3) == 0;
	}
	return true;
}
