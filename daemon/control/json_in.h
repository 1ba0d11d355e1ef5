/* JSON from clients: limits before any allocation, then jansson; values fetched with their type
 * checked and a sentence when they are wrong. */
#ifndef CONTROL_JSON_IN_H
#define CONTROL_JSON_IN_H

#include <jansson.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;

enum { JSON_IN_DEPTH_MAX = 16, JSON_IN_MEMBERS_MAX = 1024 };

/* An object, or NULL with a sentence: too deep, too many members, not UTF-8, duplicate keys, not
 * JSON.  An empty text is an empty object. */
json_t *json_in_parse(const char *text, size_t length, struct error *error);

/* Remembers the first thing that is wrong; later calls do nothing then. */
struct json_in {
	const json_t *object; /* borrowed */
	bool failed;
	struct error *error;
};
/* No member but these (NULL at the end) is there. */
void json_in_only(struct json_in *in, const char *const *names);
/* Each leaves *value as it is when the member is not there or null. */
void json_in_integer(
	struct json_in *in, const char *name, int64_t min, int64_t max, int64_t *value);
void json_in_number(struct json_in *in, const char *name, double min, double max, double *value);
void json_in_bool(struct json_in *in, const char *name, bool *value);
/* Printable text of at most size - 1 bytes, copied. */
void json_in_text(struct json_in *in, const char *name, char *value, size_t size);
bool json_in_has(const struct json_in *in, const char *name);

#endif
