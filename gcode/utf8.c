/* Characters of UTF-8; see utf8.h. */
#include "gcode/utf8.h"

size_t utf8_length(const char *at)
{
	const unsigned char *text = (const unsigned char *)at;

	static const struct {
		unsigned char first_min, first_max, second_min, second_max;
		size_t length;
	} rows[] = {
		{ 0xc2, 0xdf, 0x80, 0xbf, 2 },
		{ 0xe0, 0xe0, 0xa0, 0xbf, 3 },
		{ 0xe1, 0xec, 0x80, 0xbf, 3 },
		{ 0xed, 0xed, 0x80, 0x9f, 3 }, /* no surrogates */
		{ 0xee, 0xef, 0x80, 0xbf, 3 },
		{ 0xf0, 0xf0, 0x90, 0xbf, 4 },
		{ 0xf1, 0xf3, 0x80, 0xbf, 4 },
		{ 0xf4, 0xf4, 0x80, 0x8f, 4 },
	};

	if (text[0] < 0x80)
		return 1;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		if (text[0] < rows[i].first_min || text[0] > rows[i].first_max)
			continue;
		if (text[1] < rows[i].second_min || text[1] > rows[i].second_max)
			return 0;
		for (size_t n = 2; n < rows[i].length; n++)
			if (text[n] < 0x80 || text[n] > 0xbf)
				return 0;
		return rows[i].length;
	}
	return 0;
}
