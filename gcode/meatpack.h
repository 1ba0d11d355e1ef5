/* MeatPack, unpacked byte by byte: two characters of G-code in one byte, as binary G-code files
 * use it.  Source: libbgcode, MeatPack::unbinarize; the decoder of Prusa-Firmware is the same. */
#ifndef GCODE_MEATPACK_H
#define GCODE_MEATPACK_H

#include <stdbool.h>
#include <stddef.h>

struct meatpack {
	bool is_packing, no_spaces;
	unsigned signals;  /* 0xff in a row: two begin a command */
	unsigned literals; /* whole characters that follow */
	char second;	   /* the packed second of a pair whose first is a literal; 0: none */
};

enum { MEATPACK_OUTPUT_MAX = 4 }; /* characters that one byte can give */

/* Plain text until the stream switches packing on. */
void meatpack_init(struct meatpack *meatpack);

/* Takes a byte; returns how many characters came out. */
size_t meatpack_unpack(
	struct meatpack *meatpack, unsigned char byte, char output[MEATPACK_OUTPUT_MAX]);

#endif
