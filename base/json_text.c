/* See json.h. */
#include "base/json_text.h"

#include <math.h> /* isfinite */
#include <string.h>

static const struct json_text nothing = { .kind = JSON_NONE, .text = "", .length = 0 };

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n' || c == '\r';
}

static const char *skip_blanks(const char *at, const char *end)
{
	while (at < end && is_blank(*at))
		at++;
	return at;
}

/* Behind the closing quote of the string that begins here; NULL: it does not end. */
static const char *string_end(const char *at, const char *end)
{
	for (at++; at < end; at++) {
		if (*at == '\\')
			at++;
		else if (*at == '"')
			return at + 1;
	}
	return NULL;
}

/* Behind the bracket that closes the one here.  Brackets are counted, not matched by kind. */
static const char *bracket_end(const char *at, const char *end)
{
	size_t depth = 0;

	while (at < end) {
		if (*at == '"') {
			at = string_end(at, end);
			if (!at)
				return NULL;
			continue;
		}
		if (*at == '{' || *at == '[')
			depth++;
		else if ((*at == '}' || *at == ']') && --depth == 0)
			return at + 1;
		at++;
	}
	return NULL;
}

static bool is_word_byte(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       c == '+' || c == '-' || c == '.';
}

static enum json_kind word_kind(const char *text, size_t length)
{
	if (length == 4 && memcmp(text, "null", 4) == 0)
		return JSON_NULL;
	if (length == 4 && memcmp(text, "true", 4) == 0)
		return JSON_TRUE;
	if (length == 5 && memcmp(text, "false", 5) == 0)
		return JSON_FALSE;
	if (length > 0 && (*text == '-' || (*text >= '0' && *text <= '9')))
		return JSON_NUMBER;
	return JSON_NONE;
}

static struct json_text value_at(const char *at, const char *end)
{
	struct json_text value = nothing;
	const char *stop;

	at = skip_blanks(at, end);
	if (at == end)
		return nothing;
	if (*at == '{' || *at == '[') {
		value.kind = *at == '{' ? JSON_OBJECT : JSON_ARRAY;
		stop = bracket_end(at, end);
	} else if (*at == '"') {
		value.kind = JSON_STRING;
		stop = string_end(at, end);
	} else {
		for (stop = at; stop < end && is_word_byte(*stop); stop++)
			;
		value.kind = word_kind(at, (size_t)(stop - at));
	}
	if (!stop || value.kind == JSON_NONE)
		return nothing;
	value.text = at;
	value.length = (size_t)(stop - at);
	return value;
}

struct json_text json_text_read(const char *text, size_t length)
{
	return value_at(text, text + length);
}

/* Where the next item begins behind this value; NULL: there is none. */
static const char *next_item(const struct json_text *value, const char *end)
{
	const char *at = skip_blanks(value->text + value->length, end);

	return at < end && *at == ',' ? at + 1 : NULL;
}

static bool is_named(const struct json_text *key, const char *name, size_t length)
{
	return key->length == length + 2 && memcmp(key->text + 1, name, length) == 0;
}

static struct json_text member(const struct json_text *object, const char *name, size_t length)
{
	const char *at = object->text + 1, *end = object->text + object->length;

	if (object->kind != JSON_OBJECT)
		return nothing;
	while (at) {
		struct json_text key = value_at(at, end), value;

		if (key.kind != JSON_STRING)
			return nothing;
		at = skip_blanks(key.text + key.length, end);
		if (at == end || *at != ':')
			return nothing;
		value = value_at(at + 1, end);
		if (value.kind == JSON_NONE || is_named(&key, name, length))
			return value;
		at = next_item(&value, end);
	}
	return nothing;
}

struct json_text json_text_member(const struct json_text *object, const char *name)
{
	return member(object, name, strlen(name));
}

struct json_text json_text_find(const struct json_text *object, const char *path)
{
	struct json_text value = *object;

	for (;;) {
		const char *dot = strchr(path, '.');

		value = member(&value, path, dot ? (size_t)(dot - path) : strlen(path));
		if (!dot || value.kind == JSON_NONE)
			return value;
		path = dot + 1;
	}
}

struct json_text json_text_element(const struct json_text *array, size_t index)
{
	const char *at = array->text + 1, *end = array->text + array->length;

	if (array->kind != JSON_ARRAY)
		return nothing;
	for (; at; index--) {
		struct json_text value = value_at(at, end);

		if (value.kind == JSON_NONE || index == 0)
			return value;
		at = next_item(&value, end);
	}
	return nothing;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool json_text_number(const struct json_text *value, double *number)
{
	enum { DIGITS_MAX = 30, EXPONENT_MAX = 30 };
	const char *at = value->text, *end = value->text + value->length;
	bool negative = value->length > 0 && *at == '-', down;
	double sum = 0, scale = 1;
	int exponent = 0;

	if (value->kind != JSON_NUMBER || value->length > DIGITS_MAX)
		return false;
	at += negative;
	while (at < end && is_digit(*at))
		sum = sum * 10 + (*at++ - '0');
	if (at < end && *at == '.') {
		for (at++; at < end && is_digit(*at); at++) {
			sum = sum * 10 + (*at - '0');
			scale *= 10;
		}
	}
	sum /= scale;
	if (at < end && (*at == 'e' || *at == 'E')) {
		at++;
		down = at < end && *at == '-';
		at += at < end && (*at == '-' || *at == '+');
		while (at < end && is_digit(*at) && exponent <= EXPONENT_MAX)
			exponent = exponent * 10 + (*at++ - '0');
		if (exponent > EXPONENT_MAX)
			return false;
		for (; exponent > 0; exponent--)
			sum = down ? sum / 10 : sum * 10;
	}
	if (at != end || !isfinite(sum))
		return false;
	*number = negative ? -sum : sum;
	return true;
}

static int hex_value(char c)
{
	if (is_digit(c))
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

/* One escape behind its backslash; *at is moved behind it. */
static char unescape(const char **at, const char *end)
{
	char c = *(*at)++;
	int code = 0;

	switch (c) {
	case 'b':
		return '\b';
	case 'f':
		return '\f';
	case 'n':
		return '\n';
	case 'r':
		return '\r';
	case 't':
		return '\t';
	case 'u':
		for (int i = 0; i < 4; i++, (*at)++) {
			if (*at == end || hex_value(**at) < 0)
				return '?';
			code = code * 16 + hex_value(**at);
		}
		return code > 0 && code < 0x7f ? (char)code : '?';
	default: /* the character itself */
		return c;
	}
}

bool json_text_string(const struct json_text *value, char *out, size_t size)
{
	const char *at = value->text + 1, *end = value->text + value->length - 1;
	size_t length = 0;

	if (size > 0)
		*out = '\0';
	if (value->kind != JSON_STRING || size == 0)
		return false;
	while (at < end && length + 1 < size) {
		char c = *at++;

		out[length++] = c == '\\' && at < end ? unescape(&at, end) : c;
	}
	out[length] = '\0';
	return true;
}

bool json_text_is_string(const struct json_text *value, const char *text)
{
	return value->kind == JSON_STRING && is_named(value, text, strlen(text));
}
