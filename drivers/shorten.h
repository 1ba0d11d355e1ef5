/* Numbers with fewer characters and exactly the same value.
 *
 * Only what a reader that takes digits from left to right cannot notice is left out of a move's
 * numbers: leading zeros and a plus sign.  Trailing zeros stay: avr-libc's strtod scales by a power
 * of ten at the end, so that 50.20 and 50.2 may differ in the last bit. */
#ifndef DRIVERS_SHORTEN_H
#define DRIVERS_SHORTEN_H

#include <stddef.h>

/* Writes the command, at most as long as it was, to out and returns its length.  Only G0 to G3 and
 * G92 are touched: anything else may hold text. */
size_t shorten_numbers(char *out, const char *command, size_t length);

#endif
