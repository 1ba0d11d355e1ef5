/* Noise on a wire; see noise.h.  The distance to the next damaged byte is drawn from its geometric
 * distribution, so that clean bytes cost one decrement. */
#include "sim/noise.h"

#include <math.h> /* log, log1p */

static void draw(struct noise *noise)
{
	if (noise->probability <= 0) {
		noise->clean = INT64_MAX;
		return;
	}
	if (noise->probability >= 1) {
		noise->clean = 0;
		return;
	}
	double gap = log(1 - random_unit(&noise->random)) / log1p(-noise->probability);
	noise->clean = gap < 9e15 ? (int64_t)gap : INT64_MAX;
}

void noise_init(struct noise *noise, uint64_t seed, double probability)
{
	random_init(&noise->random, seed);
	noise->shifts = false;
	noise_set(noise, probability);
}

void noise_set(struct noise *noise, double probability)
{
	noise->probability = probability;
	draw(noise);
}

static enum noise_outcome damage(struct noise *noise, uint8_t *byte, uint8_t *added)
{
	switch (noise->shifts ? random_below(&noise->random, 4) : 0) {
	case 1:
		*byte ^= (uint8_t)(1u << random_below(&noise->random, 8));
		return NOISE_CHANGED;
	case 2:
		return NOISE_LOST;
	case 3:
		*added = (uint8_t)random_below(&noise->random, 256);
		return NOISE_ADDED;
	}
	*byte ^= (uint8_t)(1 + random_below(&noise->random, 255));
	return NOISE_CHANGED;
}

enum noise_outcome noise_pass(struct noise *noise, uint8_t *byte, uint8_t *added)
{
	if (noise->clean > 0) {
		noise->clean--;
		return NOISE_CLEAN;
	}
	enum noise_outcome outcome = damage(noise, byte, added);
	draw(noise);
	return outcome;
}
