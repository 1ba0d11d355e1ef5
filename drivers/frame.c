/* Line number and checksum around a command; see frame.h. */
#include "drivers/frame.h"

#include <stdbool.h>
#include <string.h> /* memcpy */

uint8_t frame_checksum(const char *bytes, size_t length)
{
	uint8_t sum = 0;

	for (size_t i = 0; i < length; i++)
		sum = (uint8_t)(sum ^ (uint8_t)bytes[i]);
	return sum;
}

size_t frame_decimal(char *text, int64_t value)
{
	char digits[20];
	size_t count = 0;

	do {
		digits[count++] = (char)('0' + value % 10);
		value /= 10;
	} while (value > 0);
	for (size_t i = 0; i < count; i++)
		text[i] = digits[count - 1 - i];
	return count;
}

/* What the firmware would take out of the line before it computes its own sum, or take for a
 * checksum (Marlin 1.1, 2.x: ';', '\\', 0x08; the last '*'). */
static bool breaks_the_frame(char c)
{
	return c < ' ' || c > '~' || c == ';' || c == '*' || c == '\\';
}

size_t frame_write(char *frame, int64_t number, const char *command, size_t length)
{
	char head[24], tail[8];
	size_t head_length = 0, tail_length = 0;

	if (number < 0 || number > FRAME_NUMBER_MAX || length == 0 || length > FRAME_LINE_MAX)
		return 0;
	for (size_t i = 0; i < length; i++) {
		if (breaks_the_frame(command[i]))
			return 0;
	}
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
