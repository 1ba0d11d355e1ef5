/* A small seeded random generator (splitmix64): same seed, same numbers, everywhere.
 * For simulation, planning and tests; never for secrets or identities. */
#ifndef BASE_RANDOM_H
#define BASE_RANDOM_H

#include <stdint.h>

struct random {
	uint64_t state;
};

void random_init(struct random *random, uint64_t seed);

/* 64 uniform bits. */
uint64_t random_bits(struct random *random);

/* A whole number in [0, limit), without modulo bias; limit > 0. */
uint64_t random_below(struct random *random, uint64_t limit);

/* A number in [0, 1). */
double random_unit(struct random *random);

#endif
