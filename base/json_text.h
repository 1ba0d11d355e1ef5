/* Looking into a JSON text without taking it apart: values are slices of the caller's bytes.  No
 * allocation, no recursion, no locale; every walk ends at the text's end.  Meant for short texts
 * from a device, of which a few members are wanted: what is malformed behind them is not noticed.
 */
#ifndef BASE_JSON_TEXT_H
#define BASE_JSON_TEXT_H

#include <stdbool.h>
#include <stddef.h>

enum json_kind {
	JSON_NONE, /* malformed, or not there */
	JSON_NULL,
	JSON_FALSE,
	JSON_TRUE,
	JSON_NUMBER,
	JSON_STRING,
	JSON_ARRAY,
	JSON_OBJECT,
};

struct json_text {
	enum json_kind kind;
	const char *text; /* of a string: with its quotes */
	size_t length;
};

/* The value at the start of the text, behind blanks. */
struct json_text json_text_read(const char *text, size_t length);

/* A member of an object, by a name without escapes; the first of two equal names counts.  kind
 * NONE: no object, or no such member. */
struct json_text json_text_member(const struct json_text *object, const char *name);

/* The same along a path of names: "result.status.extruder". */
struct json_text json_text_find(const struct json_text *object, const char *path);

/* An element of an array, from 0. */
struct json_text json_text_element(const struct json_text *array, size_t index);

/* False: not a finite number of an ordinary size. */
bool json_text_number(const struct json_text *value, double *number);

/* Copies a string, escapes resolved (beyond ASCII: '?'), cut to size - 1, NUL-terminated.  False:
 * no string, and *out is empty. */
bool json_text_string(const struct json_text *value, char *out, size_t size);

bool json_text_is_string(const struct json_text *value, const char *text);

#endif
