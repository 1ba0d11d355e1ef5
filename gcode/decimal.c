/* Numbers as text; see decimal.h. */
#include "gcode/decimal.h"

#include <inttypes.h> /* PRId64 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>  /* snprintf of whole numbers, which no locale touches */
#include <string.h> /* strcpy, strlen */

enum { DECIMALS_MAX = 6 };

const char *decimal_write(char *text, double value, int decimals)
{
	static const int64_t scales[DECIMALS_MAX + 1] = { 1, 10, 100, 1000, 10000, 100000,
		1000000 };
	bool negative = value < 0;
	double size = negative ? -value : value;
	int64_t scale, scaled;
	size_t length;

	if (decimals < 0)
		decimals = 0;
	if (decimals > DECIMALS_MAX)
		decimals = DECIMALS_MAX;
	scale = scales[decimals];
	if (!(size < 1e12)) {
		strcpy(text, "?");
		return text;
	}
	scaled = (int64_t)(size * (double)scale + 0.5);
	if (scaled == 0)
		negative = false;
	snprintf(text, DECIMAL_TEXT_MAX, "%s%" PRId64, negative ? "-" : "", scaled / scale);
	if (decimals == 0 || scaled % scale == 0)
		return text;
	length = strlen(text);
	snprintf(text + length, DECIMAL_TEXT_MAX - length, ".%0*" PRId64, decimals, scaled % scale);
	for (length = strlen(text); text[length - 1] == '0'; length--)
		text[length - 1] = '\0';
	return text;
}
