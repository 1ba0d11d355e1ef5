/* Line number and checksum around a command; see frame.h. */
#include "drivers/frame.h"

#include <stdbool.h>
#include <string.h> /* memcpy */

enum { EIGHT = 8 };
#define EACH(byte) (UINT64_C(0x0101010101010101) * (byte))

/* Eight bytes at a time: this is done with every line that goes out. */
uint8_t frame_checksum(const char *bytes, size_t length)
{
	uint64_t eights = 0, eight;

	for (; length >= EIGHT; length -= EIGHT, bytes += EIGHT) {
		memcpy(&eight, bytes, EIGHT);
		eights ^= eight;
	}
	eight = 0;
	memcpy(&eight, bytes, length);
	eights ^= eight;
	eights ^= eights >> 32;
	eights ^= eights >> 16;
	return (uint8_t)(eights ^ eights >> 8);
}

size_t frame_decimal(char *text, int64_t value)
{
	uint64_t left = (uint64_t)value;
	char digits[20];
	size_t at = sizeof(digits), count;

	do {
		digits[--at] = (char)('0' + left % 10);
		left /= 10;
	} while (left > 0);
	count = sizeof(digits) - at;
	memcpy(text, digits + at, count);
	return count;
}

/* Not zero when one of eight bytes is below `limit` (at most 0x80), or above 0x7f. */
static uint64_t any_below(uint64_t eight, uint8_t limit)
{
	return ((eight - EACH(limit)) | eight) & EACH(0x80);
}

/* What the firmware would take out of the line before it computes its own sum, or take for a
 * checksum (Marlin 1.1, 2.x: ';', '\\', 0x08; the last '*'). */
static uint64_t breaks_the_frame(uint64_t eight)
{
	return any_below(eight, ' ') | any_below(eight ^ EACH(0x7f), 1) |
	       any_below(eight ^ EACH(';'), 1) | any_below(eight ^ EACH('*'), 1) |
	       any_below(eight ^ EACH('\\'), 1);
}

static bool any_breaks_the_frame(const char *bytes, size_t length)
{
	uint64_t found = 0, eight;

	for (; length >= EIGHT; length -= EIGHT, bytes += EIGHT) {
		memcpy(&eight, bytes, EIGHT);
		found |= breaks_the_frame(eight);
	}
	eight = EACH(' ');
	memcpy(&eight, bytes, length);
	return (found | breaks_the_frame(eight)) != 0;
}

size_t frame_write(char *frame, int64_t number, const char *command, size_t length)
{
	char head[24], tail[8];
	size_t head_length = 0, tail_length = 0;

	if (number < 0 || number > FRAME_NUMBER_MAX || length == 0 || length > FRAME_LINE_MAX)
		return 0;
	if (any_breaks_the_frame(command, length))
		return 0;
	head[head_length++] = 'N';
	head_length += frame_decimal(head + head_length, number);
	head[head_length++] = ' ';
	tail[tail_length++] = '*';
	tail_length += frame_decimal(tail + tail_length,
		frame_checksum(head, head_length) ^ frame_checksum(command, length));
	if (head_length + length + tail_length > FRAME_LINE_MAX)
		return 0;
	memcpy(frame, head, head_length);
	memcpy(frame + head_length, command, length);
	memcpy(frame + head_length + length, tail, tail_length);
	frame[head_length + length + tail_length] = '\n';
	return head_length + length + tail_length + 1;
}
