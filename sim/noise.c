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
	noise_set(noise, probability);
}

void noise_set(struct noise *noise, double probability)
{
	noise->probability = probability;
	draw(noise);
}

bool noise_pass(struct noise *noise, uint8_t *byte)
{
	if (noise->clean > 0) {
		noise->clean--;
		return false;
	}
	*byte ^= (uint8_t)(1 + random_below(&noise->random, 255));
	draw(noise);
	return true;
}
