/* The frame around a command on a numbered wire: "N<number> <command>*<checksum>\n".
 *
 * The checksum is the XOR of every byte from the N up to, not including, the '*', in decimal.
 * Marlin 1.1 and 2.x keep 95 bytes of a line (MAX_CMD_SIZE 96) and drop the rest with the checksum,
 * which ends in a resend without end: a line that long is refused here, never written. */
#ifndef DRIVERS_FRAME_H
#define DRIVERS_FRAME_H

#include <stddef.h>
#include <stdint.h>

enum {
	FRAME_LINE_MAX = 95,	   /* bytes without the line end */
	FRAME_BYTES_MAX = 96,	   /* with it */
	FRAME_NUMBER_MAX = 999999, /* largest line number this code writes */
};

/* XOR of the bytes. */
uint8_t frame_checksum(const char *bytes, size_t length);

/* A number that is not negative, in decimal, not NUL-terminated; returns its length (at most 20).
 */
size_t frame_decimal(char *text, int64_t value);

/* Writes the frame with its line end into `frame` (FRAME_BYTES_MAX bytes, not NUL-terminated) and
 * returns its length; 0 when it does not fit or the command holds a byte that no line may hold
 * (control bytes, ';', '*', '\\', bytes outside ASCII). */
size_t frame_write(char *frame, int64_t number, const char *command, size_t length);

#endif
