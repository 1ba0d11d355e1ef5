/* splitmix64; see random.h.  Constants from Steele, Lea and Flood, "Fast splittable
 * pseudorandom number generators", 2014. */
#include "base/random.h"

#include <assert.h> /* assert */

void random_init(struct random *random, uint64_t seed)
{
	random->state = seed;
}

uint64_t random_bits(struct random *random)
{
	uint64_t z = random->state += 0x9e3779b97f4a7c15u;

	z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
	z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
	return z ^ (z >> 31);
}

uint64_t random_below(struct random *random, uint64_t limit)
{
	assert(limit > 0);
	/* Numbers below this come from an incomplete last round of `limit` values. */
	uint64_t uneven = (UINT64_MAX - limit + 1) % limit;
	uint64_t bits;

	do
		bits = random_bits(random);
	while (bits < uneven);
	return bits % limit;
}

double random_unit(struct random *random)
{
	return (double)(random_bits(random) >> 11) * 0x1p-53;
}
