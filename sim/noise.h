/* Noise on one direction of a wire: each byte is, with a given probability, replaced by another one
 * drawn uniformly; or, if the noise shifts, one of four things at random happens to it: one bit
 * flips, another byte replaces it, it is lost, or a byte comes in before it. */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include "base/random.h"

#include <stdbool.h>
#include <stdint.h>

struct noise {
	struct random random;
	double probability;
	int64_t clean; /* bytes until the next damaged one */
	bool shifts;   /* loses and inserts bytes as well */
};

enum noise_outcome {
	NOISE_CLEAN, /* 0: nothing happened */
	NOISE_CHANGED,
	NOISE_LOST,
	NOISE_ADDED, /* `added` comes before the byte */
};

void noise_init(struct noise *noise, uint64_t seed, double probability);

/* Changes the probability; what was drawn so far is forgotten. */
void noise_set(struct noise *noise, double probability);

/* Passes one byte. */
enum noise_outcome noise_pass(struct noise *noise, uint8_t *byte, uint8_t *added);

#endif
