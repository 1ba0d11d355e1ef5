/* MeatPack, unpacked byte by byte: two characters of G-code in one byte, as binary G-code files
 * use it.  Source: libbgcode, MeatPack::unbinarize; the decoder of Prusa-Firmware is the same. */
#ifndef GCODE_MEATPACK_DECODER_H
#define GCODE_MEATPACK_DECODER_H

#include <stdbool.h>
#include <stddef.h>

struct meatpack_decoder {
	bool is_packing, no_spaces;
	unsigned signals;  /* 0xff in a row: two begin a command */
	unsigned literals; /* whole characters that follow */
	char second;	   /* the packed second of a pair whose first is a literal; 0: none */
};

enum { MEATPACK_DECODER_OUTPUT_MAX = 4 }; /* characters that one byte can give */

/* Plain text until the stream switches packing on. */
void meatpack_decoder_init(struct meatpack_decoder *decoder);

/* Takes a byte; returns how many characters came out. */
size_t meatpack_decoder_take(struct meatpack_decoder *decoder, unsigned char byte,
	char output[MEATPACK_DECODER_OUTPUT_MAX]);

#endif
