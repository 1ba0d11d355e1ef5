/* Text of strangers made safe to show; see text.h. */
#include "gcode/text.h"

#include <string.h> /* strlen */

void text_escape(char *to, size_t size, const char *from, size_t length)
{
	static const char digits[] = "0123456789abcdef";
	size_t used = 0;

	for (size_t i = 0; i < length; i++) {
		unsigned char byte = (unsigned char)from[i];

		if (byte >= 0x20 && byte < 0x7f) {
			if (used + 1 >= size)
				break;
			to[used++] = (char)byte;
			continue;
		}
		if (used + 4 >= size)
			break;
		to[used++] = '\\';
		to[used++] = 'x';
		to[used++] = digits[byte >> 4];
		to[used++] = digits[byte & 15];
	}
	to[used] = '\0';
}

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

bool text_contains(const char *text, size_t length, const char *part)
{
	size_t size = strlen(part);

	for (; length >= size; text++, length--) {
		size_t same = 0;

		while (same < size && lower(text[same]) == part[same])
			same++;
		if (same == size)
			return true;
	}
	return false;
}
