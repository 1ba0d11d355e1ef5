/* Pieces of HTML and SVG, with the text of strangers in them. */
#ifndef CLI_MARKUP_H
#define CLI_MARKUP_H

#include <jansson.h> /* json_t */
#include <stddef.h>
#include <stdio.h>

/* Whatever stands in `text` it is text in the page: in an element and in an attribute. */
void markup_text(FILE *file, const char *text);
/* At most so many letters of it, and "…" where more were left off. */
void markup_text_cut(FILE *file, const char *text, size_t letters);

/* Rows of a table of two columns; nothing where there is nothing to tell. */
void markup_row(FILE *file, const char *name, const char *text);
void markup_row_open(FILE *file, const char *name);
void markup_row_close(FILE *file);
void markup_row_hash(FILE *file, const char *name, const char *hash);
void markup_row_amount(
	FILE *file, const char *name, const json_t *object, const char *key, const char *unit);
void markup_row_duration(FILE *file, const char *name, const json_t *object, const char *key);

/* "2026-11-26 14:05" of "2026-11-26T14:05:09+01:00". */
void markup_moment(FILE *file, const json_t *object, const char *key);
void markup_row_moment(FILE *file, const char *name, const json_t *object, const char *key);

/* An image that the page holds itself. */
void markup_image(FILE *file, const char *type, const char *bytes, size_t length, const char *what);

#endif
