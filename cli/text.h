/* Foreign text made harmless for a terminal, and measured in columns. */
#ifndef CLI_TEXT_H
#define CLI_TEXT_H

#include <stdbool.h>
#include <stddef.h>

/* A copy for the heap's owner to free: control bytes, broken UTF-8, and characters that change how
 * others are shown (C1 controls, marks of direction, invisible ones) as \xNN of each byte.
 * `keep_lines`: a line's end stays.  NULL without memory. */
char *text_clean(const char *from, bool keep_lines);

/* Columns of clean text. */
size_t text_width(const char *text);

/* Bytes of the longest beginning that is at most `columns` wide. */
size_t text_fit(const char *text, size_t columns);

/* The same, but broken between words where that is possible; the rest begins at text + *next. */
size_t text_fit_words(const char *text, size_t columns, size_t *next);

#endif
