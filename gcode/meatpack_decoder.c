/* MeatPack, unpacked byte by byte; see meatpack_decoder.h. */
#include "gcode/meatpack_decoder.h"

#include <string.h> /* memset */

enum {
	SIGNAL = 0xff,
	COMMAND_ON = 0xfb,
	COMMAND_OFF = 0xfa,
	COMMAND_RESET = 0xf9,
	COMMAND_NO_SPACES = 0xf7,
	COMMAND_SPACES = 0xf6,
	LITERAL = 0xf, /* in a nibble: a whole character follows */
};

void meatpack_decoder_init(struct meatpack_decoder *decoder)
{
	memset(decoder, 0, sizeof *decoder);
}

static void obey(struct meatpack_decoder *decoder, unsigned char command)
{
	if (command == COMMAND_ON)
		decoder->is_packing = true;
	else if (command == COMMAND_OFF || command == COMMAND_RESET)
		decoder->is_packing = false;
	else if (command == COMMAND_NO_SPACES)
		decoder->no_spaces = true;
	else if (command == COMMAND_SPACES)
		decoder->no_spaces = false;
}

static char character(const struct meatpack_decoder *decoder, unsigned nibble)
{
	static const char characters[] = "0123456789. \nGX";

	return nibble == 0xb && decoder->no_spaces ? 'E' : characters[nibble];
}

static size_t take_pair(struct meatpack_decoder *decoder, unsigned char byte, char *output)
{
	unsigned first = byte & 0xf, second = byte >> 4;
	size_t count = 0;

	if (first == LITERAL) {
		decoder->literals = second == LITERAL ? 2 : 1;
		decoder->second = second == LITERAL ? '\0' : character(decoder, second);
		return 0;
	}
	output[count++] = character(decoder, first);
	if (output[0] == '\n') /* the second is padding */
		return count;
	if (second == LITERAL)
		decoder->literals = 1;
	else
		output[count++] = character(decoder, second);
	return count;
}

static size_t take(struct meatpack_decoder *decoder, unsigned char byte, char *output)
{
	size_t count = 0;

	if (!decoder->is_packing) {
		output[count++] = (char)byte;
		return count;
	}
	if (decoder->literals == 0)
		return take_pair(decoder, byte, output);
	decoder->literals--;
	output[count++] = (char)byte;
	if (decoder->second) {
		output[count++] = decoder->second;
		decoder->second = '\0';
	}
	return count;
}

size_t meatpack_decoder_take(struct meatpack_decoder *decoder, unsigned char byte,
	char output[MEATPACK_DECODER_OUTPUT_MAX])
{
	size_t count = 0;

	if (decoder->signals == 2) {
		decoder->signals = 0;
		obey(decoder, byte);
		return 0;
	}
	if (byte == SIGNAL) {
		decoder->signals++;
		return 0;
	}
	/* One signal alone was a byte of the stream. */
	if (decoder->signals == 1)
		count = take(decoder, SIGNAL, output);
	decoder->signals = 0;
	return count + take(decoder, byte, output + count);
}
