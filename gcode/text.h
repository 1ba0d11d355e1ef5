/* Text of strangers made safe to show: in a terminal, a log, JSON or a page. */
#ifndef GCODE_TEXT_H
#define GCODE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* Copies as printable ASCII; every other byte becomes \xNN.  Cut at size - 1 bytes, never inside an
 * escape; always ends in NUL (size > 0). */
void text_escape(char *to, size_t size, const char *from, size_t length);

/* Whether `part` (lower case) stands in the text, in any case. */
bool text_contains(const char *text, size_t length, const char *part);

#endif
