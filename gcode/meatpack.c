/* MeatPack, unpacked byte by byte; see meatpack.h. */
#include "gcode/meatpack.h"

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

void meatpack_init(struct meatpack *meatpack)
{
	memset(meatpack, 0, sizeof *meatpack);
}

static void obey(struct meatpack *meatpack, unsigned char command)
{
	if (command == COMMAND_ON)
		meatpack->is_packing = true;
	else if (command == COMMAND_OFF || command == COMMAND_RESET)
		meatpack->is_packing = false;
	else if (command == COMMAND_NO_SPACES)
		meatpack->no_spaces = true;
	else if (command == COMMAND_SPACES)
		meatpack->no_spaces = false;
}

static char character(const struct meatpack *meatpack, unsigned nibble)
{
	static const char characters[] = "0123456789. \nGX";

	return nibble == 0xb && meatpack->no_spaces ? 'E' : characters[nibble];
}

static size_t take_pair(struct meatpack *meatpack, unsigned char byte, char *output)
{
	unsigned first = byte & 0xf, second = byte >> 4;
	size_t count = 0;

	if (first == LITERAL) {
		meatpack->literals = second == LITERAL ? 2 : 1;
		meatpack->second = second == LITERAL ? '\0' : character(meatpack, second);
		return 0;
	}
	output[count++] = character(meatpack, first);
	if (output[0] == '\n') /* the second is padding */
		return count;
	if (second == LITERAL)
		meatpack->literals = 1;
	else
		output[count++] = character(meatpack, second);
	return count;
}

static size_t take(struct meatpack *meatpack, unsigned char byte, char *output)
{
	size_t count = 0;

	if (!meatpack->is_packing) {
		output[count++] = (char)byte;
		return count;
	}
	if (meatpack->literals == 0)
		return take_pair(meatpack, byte, output);
	meatpack->literals--;
	output[count++] = (char)byte;
	if (meatpack->second) {
		output[count++] = meatpack->second;
		meatpack->second = '\0';
	}
	return count;
}

size_t meatpack_unpack(
	struct meatpack *meatpack, unsigned char byte, char output[MEATPACK_OUTPUT_MAX])
{
	size_t count = 0;

	if (meatpack->signals == 2) {
		meatpack->signals = 0;
		obey(meatpack, byte);
		return 0;
	}
	if (byte == SIGNAL) {
		meatpack->signals++;
		return 0;
	}
	/* One signal alone was a byte of the stream. */
	if (meatpack->signals == 1)
		count = take(meatpack, SIGNAL, output);
	meatpack->signals = 0;
	return count + take(meatpack, byte, output + count);
}
