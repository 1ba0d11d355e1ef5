/* Numbers as text, always with a point: printf follows the locale, the farm must not. */
#ifndef GCODE_DECIMAL_H
#define GCODE_DECIMAL_H

#include <stddef.h>

enum { DECIMAL_TEXT_MAX = 32 };

/* Writes `value` rounded to `decimals` (0 to 6), without trailing zeros; NaN and what does not fit
 * become "?".  Returns `text`, which holds DECIMAL_TEXT_MAX bytes. */
const char *decimal_write(char *text, double value, int decimals);

#endif
