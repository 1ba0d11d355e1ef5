/* Text of strangers made safe to show; see text.h. */
#include "gcode/text.h"

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
