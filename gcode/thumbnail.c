/* The slicer's own picture; see thumbnail.h. */
#include "gcode/thumbnail.h"

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h> /* calloc, free */
#include <string.h> /* memcmp, memcpy, strlen */

#include "gcode/lexer.h"

/* One picture under way or kept. */
struct picture_bytes {
	size_t length;
	double width;
	unsigned char bytes[THUMBNAIL_BYTES_MAX];
};

struct thumbnail {
	bool inside, spoilt;
	uint32_t bits; /* base64: six at a time */
	int bit_count;
	struct picture_bytes now, best;
};

struct thumbnail *thumbnail_create(void)
{
	return calloc(1, sizeof(struct thumbnail));
}

void thumbnail_destroy(struct thumbnail *thumbnail)
{
	free(thumbnail);
}

static bool begins(const char *text, size_t length, const char *with)
{
	size_t size = strlen(with);

	return length >= size && !memcmp(text, with, size);
}

/* The value of a base64 character; -1: none, -2: padding. */
static int six_bits(char c)
{
	if (c >= 'A' && c <= 'Z')
		return c - 'A';
	if (c >= 'a' && c <= 'z')
		return c - 'a' + 26;
	if (c >= '0' && c <= '9')
		return c - '0' + 52;
	return c == '+' ? 62 : c == '/' ? 63 : c == '=' ? -2 : -1;
}

static void take_base64(struct thumbnail *thumbnail, const char *text, size_t length)
{
	struct picture_bytes *now = &thumbnail->now;

	for (size_t i = 0; i < length && !thumbnail->spoilt; i++) {
		int six = six_bits(text[i]);

		if (six == -2)
			continue;
		if (six < 0) {
			thumbnail->spoilt = text[i] != ' ' && text[i] != '\r';
			continue;
		}
		thumbnail->bits = thumbnail->bits << 6 | (uint32_t)six;
		thumbnail->bit_count += 6;
		if (thumbnail->bit_count < 8)
			continue;
		thumbnail->bit_count -= 8;
		if (now->length == THUMBNAIL_BYTES_MAX) {
			thumbnail->spoilt = true;
			return;
		}
		now->bytes[now->length++] =
			(unsigned char)(thumbnail->bits >> thumbnail->bit_count);
	}
}

/* A PNG begins with its signature and ends with its IEND chunk. */
static bool is_png(const struct picture_bytes *picture)
{
	static const unsigned char signature[] = { 0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n' };
	static const unsigned char end[] = { 'I', 'E', 'N', 'D', 0xae, 0x42, 0x60, 0x82 };

	return picture->length > sizeof signature + sizeof end &&
	       !memcmp(picture->bytes, signature, sizeof signature) &&
	       !memcmp(picture->bytes + picture->length - sizeof end, end, sizeof end);
}

static void begin(struct thumbnail *thumbnail, const char *text, size_t length)
{
	size_t used;

	while (length > 0 && *text == ' ') {
		text++;
		length--;
	}
	thumbnail->inside = true;
	thumbnail->spoilt = !lexer_number(text, length, &thumbnail->now.width, &used);
	thumbnail->now.length = 0;
	thumbnail->bits = 0;
	thumbnail->bit_count = 0;
}

static void end(struct thumbnail *thumbnail)
{
	thumbnail->inside = false;
	if (thumbnail->spoilt || !is_png(&thumbnail->now) ||
		thumbnail->now.width <= thumbnail->best.width)
		return;
	memcpy(thumbnail->best.bytes, thumbnail->now.bytes, thumbnail->now.length);
	thumbnail->best.length = thumbnail->now.length;
	thumbnail->best.width = thumbnail->now.width;
}

void thumbnail_comment(void *context, const char *text, size_t length)
{
	static const char opening[] = "thumbnail begin", closing[] = "thumbnail end";
	struct thumbnail *thumbnail = context;

	while (length > 0 && *text == ' ') {
		text++;
		length--;
	}
	if (begins(text, length, opening))
		begin(thumbnail, text + sizeof opening - 1, length - (sizeof opening - 1));
	else if (begins(text, length, closing))
		end(thumbnail);
	else if (thumbnail->inside)
		take_base64(thumbnail, text, length);
}

const unsigned char *thumbnail_png(const struct thumbnail *thumbnail, size_t *length)
{
	*length = thumbnail->best.length;
	return thumbnail->best.length ? thumbnail->best.bytes : NULL;
}
