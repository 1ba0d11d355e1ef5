/* Noise on one direction of a wire: each byte is, with a given probability, replaced by another one
 * drawn uniformly. */
#ifndef SIM_NOISE_H
#define SIM_NOISE_H

#include "base/random.h"

#include <stdbool.h>
#include <stdint.h>

struct noise {
	struct random random;
	double probability;
	int64_t clean; /* bytes until the next damaged one */
};

void noise_init(struct noise *noise, uint64_t seed, double probability);

/* Changes the probability; what was drawn so far is forgotten. */
void noise_set(struct noise *noise, double probability);

/* Passes one byte; true: it was replaced. */
bool noise_pass(struct noise *noise, uint8_t *byte);

#endif
