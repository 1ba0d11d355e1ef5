/* Heatshrink, unpacked in pieces; see heatshrink.h. */
#include "gcode/heatshrink.h"

#include <stdbool.h>
#include <string.h> /* memset */

void heatshrink_init(struct heatshrink *heatshrink, unsigned window_bits, unsigned lookahead_bits)
{
	memset(heatshrink, 0, sizeof *heatshrink);
	heatshrink->window_bits = window_bits;
	heatshrink->lookahead_bits = lookahead_bits;
}

/* Fills up to `count` bits from the input; false when the input ends first. */
static bool have_bits(
	struct heatshrink *heatshrink, unsigned count, const char **input, size_t *length)
{
	while (heatshrink->bit_count < count) {
		if (*length == 0)
			return false;
		heatshrink->bits = heatshrink->bits << 8 | (unsigned char)*(*input)++;
		heatshrink->bit_count += 8;
		--*length;
	}
	return true;
}

/* The topmost `count` of the bits that are there. */
static unsigned peek(const struct heatshrink *heatshrink, unsigned count)
{
	return heatshrink->bits >> (heatshrink->bit_count - count) & ((1U << count) - 1);
}

static char put(struct heatshrink *heatshrink, char byte)
{
	uint32_t mask = (1U << heatshrink->window_bits) - 1;

	heatshrink->window[heatshrink->position] = byte;
	heatshrink->position = (heatshrink->position + 1) & mask;
	return byte;
}

static char copy(struct heatshrink *heatshrink)
{
	uint32_t mask = (1U << heatshrink->window_bits) - 1;

	heatshrink->copy_left--;
	return put(heatshrink,
		heatshrink->window[(heatshrink->position - heatshrink->copy_distance) & mask]);
}

/* One literal or the start of one copy; false without enough input. */
static bool next(struct heatshrink *heatshrink, const char **input, size_t *length, char *literal,
	bool *is_literal)
{
	unsigned reference_bits = 1 + heatshrink->window_bits + heatshrink->lookahead_bits;

	if (!have_bits(heatshrink, 1, input, length))
		return false;
	*is_literal = peek(heatshrink, 1);
	if (!have_bits(heatshrink, *is_literal ? 9 : reference_bits, input, length))
		return false;
	if (*is_literal) {
		*literal = (char)(unsigned char)(peek(heatshrink, 9) & 0xff);
		heatshrink->bit_count -= 9;
		return true;
	}
	unsigned reference = peek(heatshrink, reference_bits);

	heatshrink->bit_count -= reference_bits;
	heatshrink->copy_left = (reference & ((1U << heatshrink->lookahead_bits) - 1)) + 1;
	heatshrink->copy_distance = (reference >> heatshrink->lookahead_bits) + 1;
	return true;
}

size_t heatshrink_unpack(struct heatshrink *heatshrink, const char **input, size_t *length,
	char *output, size_t size)
{
	size_t written = 0;

	while (written < size) {
		char literal = 0;
		bool is_literal = false;

		if (heatshrink->copy_left > 0) {
			output[written++] = copy(heatshrink);
			continue;
		}
		if (!next(heatshrink, input, length, &literal, &is_literal))
			break;
		if (is_literal)
			output[written++] = put(heatshrink, literal);
	}
	return written;
}
