/* MeatPack: two characters a byte, as Marlin 2.1 and Prusa MK3 unpack them
 * (feature/meatpack.cpp; serial-protocols.md 6). */
#ifndef SIM_MEATPACK_H
#define SIM_MEATPACK_H

#include <stdbool.h>
#include <stdint.h>

enum { MEATPACK_UNPACKED_MAX = 4 };

struct meatpack {
	bool on;
	bool no_spaces;	  /* as the answer says */
	bool e_for_space; /* as the table is: "reset all" forgets to set it back */
	int8_t signals;	  /* command bytes in a row */
	int8_t literals;  /* bytes that stand for themselves */
	uint8_t second;	  /* waits for the literal before it */
};

void meatpack_init(struct meatpack *meatpack);

/* A byte that may hold a line end, packed or not, or be a command: a reader has to look. */
bool meatpack_may_end(uint8_t byte);

/* Takes a byte off the wire; returns how many characters it makes.  *answer: it was a command, and
 * the state has to be told. */
int meatpack_take(struct meatpack *meatpack, uint8_t byte,
	uint8_t characters[MEATPACK_UNPACKED_MAX], bool *answer);

#endif
