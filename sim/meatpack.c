/* The unpacker; see meatpack.h. */
#include "sim/meatpack.h"

enum {
	SIGNAL = 0xff, /* twice: a command follows */
	ENABLE = 0xfb,
	DISABLE = 0xfa,
	RESET_ALL = 0xf9,
	NO_SPACES = 0xf7,
	SPACES = 0xf6,
	NOT_PACKED = 0x0f,
	SPACE = 0x0b,
	LINE_END = 0x0c,
};

void meatpack_init(struct meatpack *meatpack)
{
	*meatpack = (struct meatpack){ .on = false };
}

bool meatpack_may_end(uint8_t byte)
{
	return byte >= SPACES || byte == '\n' || byte == '\r' || (byte & 15u) == LINE_END ||
	       byte >> 4u == LINE_END;
}

static void reset_all(struct meatpack *meatpack)
{
	*meatpack = (struct meatpack){ .e_for_space = meatpack->e_for_space };
}

static void obey(struct meatpack *meatpack, uint8_t command)
{
	switch (command) {
	case ENABLE:
		meatpack->on = true;
		break;
	case DISABLE:
		meatpack->on = false;
		break;
	case RESET_ALL:
		reset_all(meatpack);
		break;
	case NO_SPACES:
	case SPACES:
		meatpack->no_spaces = meatpack->e_for_space = command == NO_SPACES;
		break;
	}
}

static uint8_t character(const struct meatpack *meatpack, unsigned nibble)
{
	static const char table[] = "0123456789. \nGX";

	return nibble == SPACE && meatpack->e_for_space ? 'E' : (uint8_t)table[nibble];
}

static int unpack(struct meatpack *meatpack, uint8_t byte, uint8_t *characters)
{
	unsigned first = byte & 15u, second = byte >> 4u;
	int count = 0;

	if (!meatpack->on) {
		characters[0] = byte;
		return 1;
	}
	if (meatpack->literals > 0) {
		characters[count++] = byte;
		meatpack->literals--;
		if (meatpack->second)
			characters[count++] = meatpack->second;
		meatpack->second = 0;
		return count;
	}
	if (first == NOT_PACKED) {
		meatpack->literals = second == NOT_PACKED ? 2 : 1;
		if (second != NOT_PACKED)
			meatpack->second = character(meatpack, second);
		return 0;
	}
	characters[count++] = character(meatpack, first);
	if (characters[0] == '\n')
		return count;
	if (second == NOT_PACKED)
		meatpack->literals = 1;
	else
		characters[count++] = character(meatpack, second);
	return count;
}

int meatpack_take(struct meatpack *meatpack, uint8_t byte,
	uint8_t characters[MEATPACK_UNPACKED_MAX], bool *answer)
{
	int count = 0;

	*answer = false;
	if (byte == SIGNAL) {
		if (meatpack->signals < 2)
			meatpack->signals++;
		return 0;
	}
	if (meatpack->signals == 2) {
		meatpack->signals = 0;
		obey(meatpack, byte);
		*answer = true;
		return 0;
	}
	if (meatpack->signals == 1) {
		meatpack->signals = 0;
		count = unpack(meatpack, SIGNAL, characters);
	}
	return count + unpack(meatpack, byte, characters + count);
}
