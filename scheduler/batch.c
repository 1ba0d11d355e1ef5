/* Few large orders on many printers: the rounds; see batch.h. */
#include "scheduler/batch_inside.h"

#include <stdlib.h> /* calloc, free */

enum {
	UNITS_A_PRINT_MIN = 10, /* an order is large if it takes this many prints */
	ROUND_BUCKETS = 16,	/* all printers are brought so much further, in turn */
};

bool batch_suits(const struct problem *problem, const struct makers *makers)
{
	if (problem->goal != PROBLEM_MAKESPAN || problem->order_count == 0 ||
		problem->order_count > BATCH_ORDERS_MAX)
		return false;
	for (size_t i = 0; i < problem->site_count; i++)
		if (problem->site[i].operators > 0)
			return false;
	for (size_t i = 0; i < problem->order_count; i++) {
		int32_t kind = makers->kind[i], most = 0;

		for (int32_t j = makers->first[kind]; j < makers->first[kind + 1]; j++) {
			struct problem_choice choice =
				problem_choice(problem, (size_t)makers->printer[j], i);

			if (choice.option[choice.count - 1].units > most)
				most = choice.option[choice.count - 1].units;
		}
		if (most == 0 || problem->order[i].units < UNITS_A_PRINT_MIN * most)
			return false;
	}
	return true;
}

static bool begin_lines(struct batch *batch)
{
	batch->at = 0;
	batch->limit = ROUND_BUCKETS;
	for (int32_t i = 0; i < batch->line_count; i++)
		if (!batch_begin_line(batch, &batch->line[i]))
			return false;
	return true;
}

/* ---- all printers --------------------------------------------------------- */

static double worth_by(const struct batch *batch, int32_t bucket)
{
	double worth = 0;

	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct batch_line *line = &batch->line[i];

		if (line->best[bucket] != PLAN_NONE)
			worth += line->state[line->best[bucket]].worth;
	}
	return worth;
}

static double worth_wanted(const struct batch *batch)
{
	double worth = 0;

	for (int32_t i = 0; i < batch->order_count; i++)
		worth += batch->price[i] * batch->wanted[i];
	return worth;
}

/* The first bucket by whose end all are worth enough. */
static int32_t enough_at(const struct batch *batch)
{
	int32_t low = 0, high = batch->limit - 1;
	double wanted = worth_wanted(batch) * (1 - 1e-9);

	while (low < high) {
		int32_t middle = (low + high) / 2;

		if (worth_by(batch, middle) >= wanted)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static void count_units(const struct batch *batch, int32_t bucket, double made[BATCH_ORDERS_MAX])
{
	for (int32_t i = 0; i < batch->order_count; i++)
		made[i] = 0;
	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct batch_line *line = &batch->line[i];

		for (int32_t at = line->best[bucket]; at != PLAN_NONE; at = line->state[at].parent)
			made[batch_index_of(batch, line->state[at].order)] +=
				batch->problem->option[line->state[at].option].units;
	}
}

/* What all printers do by the bucket; of one order not more than is wanted, where that is easy. */
static bool write_out(struct batch *batch, int32_t bucket)
{
	double over = worth_by(batch, bucket) - worth_wanted(batch);

	batch->best.count = 0;
	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct batch_line *line = &batch->line[i];
		int32_t state = line->best[bucket];

		if (state == PLAN_NONE)
			continue;
		if (batch->order_count == 1 && over > 0) {
			int32_t less =
				batch_least_of(line, bucket, line->state[state].worth - over);

			if (less != PLAN_NONE) {
				over -= line->state[state].worth - line->state[less].worth;
				state = less;
			}
		}
		if (!batch_write_state(&batch->best, line, state))
			return false;
	}
	return true;
}

/* All printers have come far enough for these prices. */
static void end_price_round(struct batch *batch)
{
	double made[BATCH_ORDERS_MAX];
	int32_t bucket = enough_at(batch);
	double length_s = (double)(bucket + 1) * (double)batch->grid_s;

	count_units(batch, bucket, made);
	if (length_s > batch->bound_s) {
		batch->bound_s = length_s;
		for (int32_t i = 0; i < batch->order_count; i++)
			batch->bound_price[i] = batch->price[i];
	}
	for (int32_t i = 0; i < batch->order_count; i++)
		batch->tried_price[batch->round][i] = batch->price[i];
	batch_change_prices(batch, made);
}

static void end_choice_round(struct batch *batch)
{
	for (int level = 0; level < BATCH_LEVELS; level++)
		if (!batch_write_choice(batch, batch_level_bucket(batch, level),
			    &batch->choice[level][batch->round - BATCH_PRICE_ROUNDS]))
			batch->failed = true;
}

static void end_round(struct batch *batch)
{
	if (batch->order_count == 1) {
		int32_t bucket = enough_at(batch);

		batch->best_s = (bucket + 1) * batch->grid_s;
		batch->failed = !write_out(batch, bucket);
		batch->done = true;
		return;
	}
	if (batch->round < BATCH_PRICE_ROUNDS)
		end_price_round(batch);
	else
		end_choice_round(batch);
	if (++batch->round >= BATCH_PRICE_ROUNDS &&
		batch->round < BATCH_PRICE_ROUNDS + BATCH_CHOICE_ROUNDS)
		batch_choose_prices(batch);
	batch->done = batch->round == BATCH_PRICE_ROUNDS + BATCH_CHOICE_ROUNDS;
	if (batch->done)
		batch->failed |= !batch_choose_best(batch);
	else
		batch->failed |= !begin_lines(batch);
}

/* Have all printers come far enough for what is to be known? */
static bool is_far_enough(const struct batch *batch)
{
	if (batch->round >= BATCH_PRICE_ROUNDS)
		return batch->limit > batch_level_bucket(batch, BATCH_LEVELS - 1);
	return worth_by(batch, batch->limit - 1) >= worth_wanted(batch) * (1 - 1e-9);
}

bool batch_step(struct batch *batch, int64_t states)
{
	while (states > 0 && !batch->done && !batch->failed) {
		states -= batch_advance(batch, &batch->line[batch->at]) + 1;
		if (++batch->at < batch->line_count)
			continue;
		batch->at = 0;
		if (is_far_enough(batch))
			end_round(batch);
		else if ((int64_t)batch->limit * batch->grid_s > batch->problem->horizon_s)
			batch->failed = true;
		else
			batch->limit += ROUND_BUCKETS;
	}
	return !batch->done && !batch->failed;
}

int64_t batch_length_s(const struct batch *batch)
{
	return batch->done && !batch->failed ? batch->best_s : PROBLEM_NEVER;
}

bool batch_apply(const struct batch *batch, struct plan *plan)
{
	plan_change(plan);
	for (size_t i = 0; i < batch->best.count; i++) {
		const struct plan_copy_item *item = &batch->best.item[i];
		int32_t wanted = plan->problem->order[item->order].units;

		if (plan->order[item->order].units >= wanted && batch->order_count > 1)
			continue;
		int32_t id = plan_insert(plan, item->printer, plan->list[item->printer].count,
			item->order, &plan->problem->option[item->option], PLAN_NONE);

		if (id == PLAN_NONE)
			return false;
		plan->run[id].print.reload = item->reload;
	}
	bool is_settled = plan_settle(plan);

	plan_keep(plan);
	return is_settled;
}

/* ---- begin and end -------------------------------------------------------- */

/* Prices that make all orders equally worth a printer's time. */
static void first_prices(struct batch *batch, const struct makers *makers)
{
	for (int32_t i = 0; i < batch->order_count; i++)
		batch->price[i] = batch->order_count == 1
					  ? 1
					  : makers->fastest_s[makers->kind[batch->order[i]]];
}

static bool choose_lines(struct batch *batch, const struct makers *makers)
{
	size_t printers = batch->problem->printer_count;

	batch->line = calloc(printers + 1, sizeof *batch->line);
	if (!batch->line)
		return false;
	for (size_t printer = 0; printer < printers; printer++) {
		bool makes = false;

		for (int32_t i = 0; i < batch->order_count; i++) {
			int32_t kind = makers->kind[batch->order[i]];

			for (int32_t j = makers->first[kind]; j < makers->first[kind + 1]; j++)
				makes = makes || makers->printer[j] == (int32_t)printer;
		}
		if (makes)
			batch->line[batch->line_count++].printer = (int32_t)printer;
	}
	return begin_lines(batch);
}

struct batch *batch_create(const struct plan *plan, const struct makers *makers, int64_t grid_s)
{
	struct batch *batch = calloc(1, sizeof *batch);
	const struct problem *problem = plan->problem;

	if (!batch)
		return NULL;
	*batch = (struct batch){
		.problem = problem, .plan = plan, .grid_s = grid_s, .best_s = PROBLEM_NEVER
	};
	for (size_t i = 0; i < problem->order_count && i < BATCH_ORDERS_MAX; i++)
		if (problem->order[i].units > plan->order[i].units) {
			batch->order[batch->order_count] = (int32_t)i;
			batch->wanted[batch->order_count++] =
				problem->order[i].units - plan->order[i].units;
		}
	first_prices(batch, makers);
	if (choose_lines(batch, makers))
		return batch;
	batch_destroy(batch);
	return NULL;
}

void batch_destroy(struct batch *batch)
{
	if (!batch)
		return;
	for (int32_t i = 0; i < batch->line_count; i++) {
		free(batch->line[i].state);
		free(batch->line[i].bucket);
		free(batch->line[i].best);
	}
	free(batch->line);
	for (int level = 0; level < BATCH_LEVELS; level++)
		for (int32_t i = 0; i < BATCH_CHOICE_ROUNDS; i++) {
			free(batch->choice[level][i].copy.item);
			free(batch->choice[level][i].first);
			free(batch->choice[level][i].made);
		}
	free(batch->best.item);
	free(batch);
}
