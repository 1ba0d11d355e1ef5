/* Several large orders: prices that share the printers' time out among them; see batch.h. */
#include "scheduler/batch_inside.h"

#include <math.h>   /* pow */
#include <stdlib.h> /* calloc, realloc, free */

enum { CHOICE_SWEEPS = 20 };

/* How much longer than the bound a plan of several orders may have to be. */
static const double level_share[BATCH_LEVELS] = { 1.003, 1.007, 1.012, 1.018, 1.027, 1.04 };

void batch_change_prices(struct batch *batch, const double made[BATCH_ORDERS_MAX])
{
	for (int32_t i = 0; i < batch->order_count; i++) {
		double ratio = batch->wanted[i] / (made[i] > 1 ? made[i] : 1);

		if (ratio > 4)
			ratio = 4;
		if (ratio < 0.25)
			ratio = 0.25;
		batch->price[i] *= pow(ratio, 0.6 / (1 + 0.4 * batch->round));
	}
}

/* The best prices, and then those that were tried: where an order is dear all printers make it,
 * where it is cheap none does, and what is wanted lies between, some printers doing one and some
 * the other. */
void batch_choose_prices(struct batch *batch)
{
	int32_t round = batch->round - BATCH_PRICE_ROUNDS;
	const double *price =
		round > 0 ? batch->tried_price[BATCH_PRICE_ROUNDS - round] : batch->bound_price;

	for (int32_t i = 0; i < batch->order_count; i++)
		batch->price[i] = price[i];
}

static bool begin_choice(const struct batch *batch, struct batch_choice *choice)
{
	choice->first = calloc((size_t)batch->line_count + 1, sizeof *choice->first);
	choice->made = calloc((size_t)batch->line_count + 1, sizeof *choice->made);
	return choice->first && choice->made;
}

bool batch_write_choice(const struct batch *batch, int32_t bucket, struct batch_choice *choice)
{
	if (!begin_choice(batch, choice))
		return false;
	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct batch_line *line = &batch->line[i];
		int32_t state = line->best[bucket];

		choice->first[i] = choice->copy.count;
		if (state != PLAN_NONE && !batch_write_state(&choice->copy, line, state))
			return false;
		for (; state != PLAN_NONE; state = line->state[state].parent)
			choice->made[i][batch_index_of(batch, line->state[state].order)] +=
				batch->problem->option[line->state[state].option].units;
	}
	choice->first[batch->line_count] = choice->copy.count;
	return true;
}

int32_t batch_level_bucket(const struct batch *batch, int level)
{
	return (int32_t)(batch->bound_s * level_share[level] / (double)batch->grid_s);
}

/* How much is missing, as the sum of the shares; a little for what is too much. */
static double badness(const struct batch *batch, const double made[BATCH_ORDERS_MAX])
{
	double sum = 0;

	for (int32_t i = 0; i < batch->order_count; i++) {
		double missing = 1 - made[i] / batch->wanted[i];

		sum += missing > 0 ? missing : -1e-4 * missing;
	}
	return sum;
}

/* Gives one printer what suits best with what the others have. */
static bool choose_for(const struct batch *batch, const struct batch_choice *choice, int32_t line,
	int32_t *chosen, double made[BATCH_ORDERS_MAX])
{
	int32_t before = *chosen;
	double least = badness(batch, made);

	for (int32_t c = 0; c < BATCH_CHOICE_ROUNDS; c++) {
		double with[BATCH_ORDERS_MAX];

		for (int32_t i = 0; i < batch->order_count; i++)
			with[i] = made[i] - choice[before].made[line][i] + choice[c].made[line][i];
		if (badness(batch, with) < least - 1e-12) {
			least = badness(batch, with);
			*chosen = c;
		}
	}
	for (int32_t i = 0; i < batch->order_count; i++)
		made[i] += choice[*chosen].made[line][i] - choice[before].made[line][i];
	return *chosen != before;
}

/* A choice for each printer, so that together they make what is wanted; how much is missing. */
static double combine(const struct batch *batch, const struct batch_choice *choice, int32_t *chosen)
{
	double made[BATCH_ORDERS_MAX] = { 0 };
	bool changed = true;

	for (int32_t line = 0; line < batch->line_count; line++) {
		chosen[line] = line % BATCH_CHOICE_ROUNDS;
		for (int32_t i = 0; i < batch->order_count; i++)
			made[i] += choice[chosen[line]].made[line][i];
	}
	for (int sweep = 0; sweep < CHOICE_SWEEPS && changed; sweep++) {
		changed = false;
		for (int32_t line = 0; line < batch->line_count; line++)
			changed |= choose_for(batch, choice, line, &chosen[line], made);
	}
	return badness(batch, made);
}

static bool write_combined(
	struct batch *batch, const struct batch_choice *choice, const int32_t *chosen)
{
	struct plan_copy *best = &batch->best;

	best->count = 0;
	for (int32_t line = 0; line < batch->line_count; line++) {
		const struct batch_choice *own = &choice[chosen[line]];

		for (size_t i = own->first[line]; i < own->first[line + 1]; i++) {
			if (best->count == best->capacity) {
				size_t capacity = 2 * best->capacity + 64;
				struct plan_copy_item *item =
					realloc(best->item, capacity * sizeof *item);

				if (!item)
					return false;
				best->item = item;
				best->capacity = capacity;
			}
			best->item[best->count++] = own->copy.item[i];
		}
	}
	return true;
}

bool batch_choose_best(struct batch *batch)
{
	int32_t *chosen = calloc((size_t)batch->line_count + 1, sizeof *chosen);
	double least_s = (double)PROBLEM_NEVER;
	bool is_done = chosen;

	for (int level = 0; level < BATCH_LEVELS && is_done; level++) {
		double missing = combine(batch, batch->choice[level], chosen);
		double length_s = batch->bound_s * level_share[level] * (1 + missing);

		if (length_s >= least_s)
			continue;
		least_s = length_s;
		batch->best_s = (int64_t)length_s;
		is_done = write_combined(batch, batch->choice[level], chosen);
	}
	free(chosen);
	return is_done;
}
