/* Is it a character?  For texts that strangers wrote. */
#ifndef GCODE_UTF8_H
#define GCODE_UTF8_H

#include <stddef.h>

/* How many bytes at `text` (NUL-terminated) form one valid UTF-8 character (RFC 3629: no
 * surrogates, no overlong forms); 0: none does.  The NUL counts as a character of one byte. */
size_t utf8_length(const char *text);

#endif
