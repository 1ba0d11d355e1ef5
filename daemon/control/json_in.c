#include "daemon/control/json_in.h"

#include "base/error.h"

#include <string.h>

/* Depth and number of members, from the text alone. */
static bool within_limits(const char *text, size_t length, struct error *error)
{
	int depth = 0, members = 0;
	bool in_string = false;
	for (size_t i = 0; i < length; i++) {
		char c = text[i];
		if (in_string) {
			if (c == '\\')
				i++;
			else if (c == '"')
				in_string = false;
			continue;
		}
		if (c == '"')
			in_string = true;
		else if (c == '{' || c == '[')
			depth++;
		else if (c == '}' || c == ']')
			depth--;
		else if (c == ',' || c == ':')
			members++;
		if (depth > JSON_IN_DEPTH_MAX) {
			error_set(error, "the JSON is nested deeper than %d", JSON_IN_DEPTH_MAX);
			return false;
		}
		if (members > 2 * JSON_IN_MEMBERS_MAX) {
			error_set(error, "the JSON has more than %d members", JSON_IN_MEMBERS_MAX);
			return false;
		}
	}
	return true;
}

json_t *json_in_parse(const char *text, size_t length, struct error *error)
{
	if (length == 0)
		return json_object();
	if (!within_limits(text, length, error))
		return NULL;
	json_error_t trouble;
	json_t *value = json_loadb(text, length, JSON_REJECT_DUPLICATES, &trouble);
	if (!value) {
		error_set(error, "the body is not JSON: line %d: %s", trouble.line, trouble.text);
		return NULL;
	}
	if (!json_is_object(value)) {
		error_set(error, "the body is not a JSON object");
		json_decref(value);
		return NULL;
	}
	return value;
}

void json_in_only(struct json_in *in, const char *const *names)
{
	const char *key;
	json_t *value;
	json_object_foreach ((json_t *)in->object, key, value) {
		bool known = false;
		for (size_t i = 0; names[i]; i++)
			known |= strcmp(names[i], key) == 0;
		if (known || in->failed)
			continue;
		in->failed = true;
		error_set(in->error, "\"%.60s\" is not a member that is known here", key);
	}
}

static const json_t *get(const struct json_in *in, const char *name)
{
	const json_t *value = in->failed ? NULL : json_object_get(in->object, name);
	return value && !json_is_null(value) ? value : NULL;
}

bool json_in_has(const struct json_in *in, const char *name)
{
	return json_object_get(in->object, name) != NULL;
}

void json_in_integer(struct json_in *in, const char *name, int64_t min, int64_t max, int64_t *value)
{
	const json_t *found = get(in, name);
	if (!found)
		return;
	if (json_is_integer(found) && json_integer_value(found) >= min &&
		json_integer_value(found) <= max) {
		*value = json_integer_value(found);
		return;
	}
	in->failed = true;
	error_set(in->error, "\"%s\" must be a whole number from %lld to %lld", name,
		(long long)min, (long long)max);
}

void json_in_number(struct json_in *in, const char *name, double min, double max, double *value)
{
	const json_t *found = get(in, name);
	if (!found)
		return;
	if (json_is_number(found) && json_number_value(found) >= min &&
		json_number_value(found) <= max) {
		*value = json_number_value(found);
		return;
	}
	in->failed = true;
	error_set(in->error, "\"%s\" must be a number from %g to %g", name, min, max);
}

void json_in_bool(struct json_in *in, const char *name, bool *value)
{
	const json_t *found = get(in, name);
	if (!found)
		return;
	if (json_is_boolean(found)) {
		*value = json_is_true(found);
		return;
	}
	in->failed = true;
	error_set(in->error, "\"%s\" must be true or false", name);
}

void json_in_text(struct json_in *in, const char *name, char *value, size_t size)
{
	const json_t *found = get(in, name);
	if (!found)
		return;
	const char *text = json_string_value(found);
	size_t length = json_string_length(found);
	bool printable = text && length < size;
	for (size_t i = 0; printable && i < length; i++)
		printable = (unsigned char)text[i] >= 0x20 && text[i] != 0x7f;
	if (printable) {
		memcpy(value, text, length + 1);
		return;
	}
	in->failed = true;
	error_set(in->error,
		"\"%s\" must be a text of at most %zu bytes without control characters", name,
		size - 1);
}
