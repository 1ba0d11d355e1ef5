/* Heatshrink, unpacked in pieces: the LZSS of small machines, as binary G-code uses it.
 *
 * Bits come most significant first: 1 and eight bits are a byte; 0, a distance less one in `window`
 * bits and a length less one in `lookahead` bits are a copy of what came out before (zeros before
 * the start).  Source: heatshrink 0.4.1, decoder. */
#ifndef GCODE_HEATSHRINK_H
#define GCODE_HEATSHRINK_H

#include <stddef.h>
#include <stdint.h>

enum { HEATSHRINK_WINDOW_BITS_MAX = 12, HEATSHRINK_WINDOW_BYTES = 1 << HEATSHRINK_WINDOW_BITS_MAX };

struct heatshrink {
	unsigned window_bits, lookahead_bits;
	uint32_t bits; /* read and not yet understood, in the low bit_count bits */
	unsigned bit_count;
	unsigned copy_left, copy_distance;
	uint32_t position; /* bytes that came out, modulo the window */
	char window[HEATSHRINK_WINDOW_BYTES];
};

/* window_bits: HEATSHRINK_WINDOW_BITS_MAX at most, and more than lookahead_bits. */
void heatshrink_init(struct heatshrink *heatshrink, unsigned window_bits, unsigned lookahead_bits);

/* Takes from *input and gives to output until one is empty or full; returns the bytes written and
 * moves *input and *length on.  More output may wait when the output was filled. */
size_t heatshrink_unpack(struct heatshrink *heatshrink, const char **input, size_t *length,
	char *output, size_t size);

#endif
