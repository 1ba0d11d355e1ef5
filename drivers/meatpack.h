/* MeatPack, the sending side: two characters of G-code in one byte (serial-protocols.md 6; Marlin
 * 2.1 feature/meatpack, Prusa-Firmware 3.10 and later).  Pure; spaces stay spaces, so that the
 * checksum is that of the plain line. */
#ifndef DRIVERS_MEATPACK_H
#define DRIVERS_MEATPACK_H

#include <stdbool.h>
#include <stddef.h>

enum {
	MEATPACK_COMMAND_BYTES = 3,
	/* Two bytes of 0xff and one of these; answered by a line "[MP] PV01 ON ESP". */
	MEATPACK_SPACES = 0xf6,
	MEATPACK_QUERY = 0xf8,
	MEATPACK_RESET = 0xf9,
	MEATPACK_DISABLE = 0xfa,
	MEATPACK_ENABLE = 0xfb,
};

/* How much `length` characters can become. */
#define MEATPACK_PACKED_MAX(length) (((length) + 1) / 2 * 3)

/* Packs printable ASCII, with or without a line end behind it, into out.  *open: a last character
 * stands alone, and the line end will be a literal. */
size_t meatpack_pack(char *out, const char *text, size_t length, bool *open);

/* The one byte that ends a line that was packed without its end. */
char meatpack_line_end(bool open);

/* What a line of the printer says: is the unpacker on, and does it take spaces for spaces?  False:
 * no such line. */
bool meatpack_is_state(const char *line, size_t length, bool *on, bool *spaces);

#endif
