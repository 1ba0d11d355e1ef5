/* Few large orders on many printers; see batch.h. */
#include "scheduler/batch.h"

#include <math.h>   /* pow */
#include <stdlib.h> /* calloc, realloc, free */

enum {
	ORDERS_MAX = 8,
	UNITS_A_PRINT_MIN = 10, /* an order is large if it takes this many prints */
	BEST_OF_A_BUCKET = 4,	/* states kept that cannot be told apart by time */
	ROUND_BUCKETS = 16,	/* all printers are brought so much further, in turn */
	PRICE_ROUNDS = 9,	/* until the prices of several orders are about right */
	CHOICE_ROUNDS = 9,	/* with the best and those before: what each printer may be given */
	LEVELS = 6,		/* lengths of the plan that are tried */
	CHOICE_SWEEPS = 20,
};

/* How much longer than the bound a plan of several orders may have to be. */
static const double level_share[LEVELS] = { 1.003, 1.007, 1.012, 1.018, 1.027, 1.04 };

/* What all printers would do by some time, with some prices. */
struct choice {
	struct plan_copy copy;
	size_t *first;		    /* of each line: where its prints begin; one more at the end */
	double (*made)[ORDERS_MAX]; /* by each line */
};

/* A printer after some prints. */
struct state {
	int64_t act_s; /* it can be dealt with next */
	struct problem_state at;
	double worth;
	int32_t parent; /* -1: before the first print */
	int32_t order, option;
	int32_t next; /* in the bucket */
	bool reload;
};

/* One printer's states, in buckets by the time at which it can be dealt with next. */
struct line {
	int32_t printer;
	struct state *state;
	int32_t count, capacity;
	int32_t *bucket, *best; /* first state; the worthiest that ends in this bucket */
	int32_t buckets, bucket_capacity;
	int32_t at, from; /* bucket and state that come next */
	int32_t reached;  /* the worthiest so far: by the end of bucket `at` */
};

struct batch {
	const struct problem *problem;
	const struct plan *plan; /* what the printers do before; borrowed */
	int64_t grid_s;
	int32_t order[ORDERS_MAX], order_count;
	double wanted[ORDERS_MAX], price[ORDERS_MAX];
	struct line *line;
	int32_t line_count, at; /* the printer whose turn it is */
	int32_t limit;		/* bucket up to which all are brought */
	int32_t round;
	double bound_s, bound_price[ORDERS_MAX]; /* the longest that prices have proved, so far */
	double tried_price[PRICE_ROUNDS][ORDERS_MAX];
	struct choice choice[LEVELS][CHOICE_ROUNDS];
	bool failed, done;
	/* The best choice so far: the end state of each printer, written out. */
	struct plan_copy best;
	int64_t best_s;
};

bool batch_suits(const struct problem *problem, const struct makers *makers)
{
	if (problem->goal != PROBLEM_MAKESPAN || problem->order_count == 0 ||
		problem->order_count > ORDERS_MAX)
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

/* ---- one printer ---------------------------------------------------------- */

static bool has_bucket(struct line *line, int64_t bucket)
{
	if (bucket >= line->bucket_capacity) {
		int64_t capacity = 2 * bucket + 64;
		int32_t *first = realloc(line->bucket, (size_t)capacity * sizeof *first);
		int32_t *best = realloc(line->best, (size_t)capacity * sizeof *best);

		line->bucket = first ? first : line->bucket;
		line->best = best ? best : line->best;
		if (!first || !best)
			return false;
		line->bucket_capacity = (int32_t)capacity;
	}
	for (; line->buckets <= bucket; line->buckets++)
		line->bucket[line->buckets] = line->best[line->buckets] = PLAN_NONE;
	return true;
}

static int32_t add_state(struct line *line, const struct state *state)
{
	if (line->count == line->capacity) {
		int32_t capacity = line->capacity ? 2 * line->capacity : 256;
		struct state *bigger = realloc(line->state, (size_t)capacity * sizeof *bigger);

		if (!bigger)
			return PLAN_NONE;
		line->state = bigger;
		line->capacity = capacity;
	}
	line->state[line->count] = *state;
	return line->count++;
}

static bool is_no_better(const struct state *a, const struct state *b)
{
	return a->at.loaded == b->at.loaded && a->worth <= b->worth &&
	       a->at.spool_g <= b->at.spool_g && a->act_s >= b->act_s;
}

/* Where the new state belongs in its bucket: over one that it beats, or over the least worth if
 * the bucket is full.  -1: it is not needed; count: as a new one. */
static int32_t place_in_bucket(const struct line *line, int32_t bucket, const struct state *state)
{
	int32_t kept = 0, least = PLAN_NONE;

	for (int32_t i = line->bucket[bucket]; i != PLAN_NONE; i = line->state[i].next) {
		if (is_no_better(state, &line->state[i]))
			return PLAN_NONE;
		if (is_no_better(&line->state[i], state))
			return i;
		kept++;
		if (least == PLAN_NONE || line->state[i].worth < line->state[least].worth)
			least = i;
	}
	if (kept < BEST_OF_A_BUCKET)
		return line->count;
	return line->state[least].worth < state->worth ? least : PLAN_NONE;
}

static bool keep_state(struct batch *batch, struct line *line, struct state *state)
{
	const struct problem_printer *printer = &batch->problem->printer[line->printer];
	const struct problem_site *site = &batch->problem->site[printer->site];
	int64_t end_bucket = state->at.ready_s / batch->grid_s;

	state->act_s = printer->eject ? state->at.ready_s + printer->clear_s
				      : problem_open_from(&site->hours, batch->problem->week0_s,
						state->at.ready_s, printer->clear_s);
	if (state->act_s >= PROBLEM_NEVER)
		return true;
	int64_t bucket = state->act_s / batch->grid_s;

	if (!has_bucket(line, bucket > end_bucket ? bucket : end_bucket))
		return false;
	int32_t best = line->best[end_bucket];
	bool is_best = best == PLAN_NONE || line->state[best].worth < state->worth;
	int32_t at = place_in_bucket(line, (int32_t)bucket, state);

	if (at == PLAN_NONE && !is_best)
		return true;
	/* A state that others come from, or that is the best at its end, stays as it is: the new
	 * one takes its place in the list only. */
	int32_t id = add_state(line, state);

	if (id == PLAN_NONE)
		return false;
	if (is_best)
		line->best[end_bucket] = id;
	if (at == PLAN_NONE)
		return true;
	int32_t *link = &line->bucket[bucket];

	while (*link != PLAN_NONE && *link != at)
		link = &line->state[*link].next;
	line->state[id].next = *link == PLAN_NONE ? PLAN_NONE : line->state[*link].next;
	*link = id;
	return true;
}

static bool extend_by(struct batch *batch, struct line *line, const struct problem_state *from,
	int32_t parent, double worth, int32_t index, bool reload)
{
	const struct problem *problem = batch->problem;
	int32_t order = batch->order[index];
	struct problem_choice choice =
		problem_choice(problem, (size_t)line->printer, (size_t)order);

	for (int32_t i = 0; i < choice.count; i++) {
		const struct problem_option *option = &choice.option[i];
		struct problem_print print = { .order = order,
			.units = option->units,
			.grams = option->grams,
			.earliest_s = option->earliest_s,
			.attended = option->attended,
			.length_s = problem_print_s(problem, (size_t)line->printer, option),
			.reload = reload };
		struct problem_slot slot;

		if (!problem_option_fits(problem, (size_t)line->printer, (size_t)order, option) ||
			!problem_place(problem, (size_t)line->printer, from, &print, 0, &slot))
			continue;
		if (reload && slot.is_change)
			continue;
		struct state state = {
			.at = slot.after,
			.worth = worth + batch->price[index] * option->units,
			.parent = parent,
			.order = order,
			.option = (int32_t)(option - problem->option),
			.reload = reload,
		};

		if (!keep_state(batch, line, &state))
			return false;
	}
	return true;
}

/* All prints that can follow. */
static bool extend(struct batch *batch, struct line *line, const struct problem_state *from,
	int32_t parent, double worth)
{
	/* A printer that clears itself may be given a full reel while somebody is there. */
	bool may_reload = batch->problem->printer[line->printer].eject;

	for (int32_t i = 0; i < batch->order_count; i++)
		if (!extend_by(batch, line, from, parent, worth, i, false) ||
			(may_reload && !extend_by(batch, line, from, parent, worth, i, true)))
			return false;
	return true;
}

/* Brings one printer up to the limit.  How many states it looked at. */
static int64_t advance(struct batch *batch, struct line *line)
{
	int64_t looked = 0;

	while (line->at < batch->limit && !batch->failed) {
		if (!has_bucket(line, line->at)) {
			batch->failed = true;
			break;
		}
		for (int32_t i = line->bucket[line->at]; i != PLAN_NONE; i = line->state[i].next) {
			struct state from = line->state[i];

			looked++;
			if (!extend(batch, line, &from.at, i, from.worth))
				batch->failed = true;
		}
		int32_t best = line->best[line->at];

		if (best != PLAN_NONE &&
			(line->reached == PLAN_NONE ||
				line->state[best].worth > line->state[line->reached].worth))
			line->reached = best;
		line->best[line->at] = line->reached;
		line->at++;
	}
	return looked;
}

static bool begin_line(struct batch *batch, struct line *line)
{
	struct problem_state from =
		plan_state(batch->plan, line->printer, batch->plan->list[line->printer].count);

	line->count = line->buckets = line->at = 0;
	line->reached = PLAN_NONE;
	return extend(batch, line, &from, PLAN_NONE, 0);
}

static bool begin_lines(struct batch *batch)
{
	batch->at = 0;
	batch->limit = ROUND_BUCKETS;
	for (int32_t i = 0; i < batch->line_count; i++)
		if (!begin_line(batch, &batch->line[i]))
			return false;
	return true;
}

/* ---- all printers --------------------------------------------------------- */

static double worth_by(const struct batch *batch, int32_t bucket)
{
	double worth = 0;

	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct line *line = &batch->line[i];

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

static int32_t index_of(const struct batch *batch, int32_t order)
{
	int32_t index = 0;

	while (batch->order[index] != order)
		index++;
	return index;
}

static void count_units(const struct batch *batch, int32_t bucket, double made[ORDERS_MAX])
{
	for (int32_t i = 0; i < batch->order_count; i++)
		made[i] = 0;
	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct line *line = &batch->line[i];

		for (int32_t at = line->best[bucket]; at != PLAN_NONE; at = line->state[at].parent)
			made[index_of(batch, line->state[at].order)] +=
				batch->problem->option[line->state[at].option].units;
	}
}

/* Writes the prints up to a state, first to last. */
static bool write_state(struct plan_copy *copy, const struct line *line, int32_t at)
{
	size_t count = 0;

	for (int32_t i = at; i != PLAN_NONE; i = line->state[i].parent)
		count++;
	if (copy->count + count > copy->capacity) {
		size_t capacity = 2 * (copy->count + count) + 64;
		struct plan_copy_item *item = realloc(copy->item, capacity * sizeof *item);

		if (!item)
			return false;
		copy->item = item;
		copy->capacity = capacity;
	}
	for (size_t i = count; i-- > 0; at = line->state[at].parent)
		copy->item[copy->count + i] = (struct plan_copy_item){ .printer = line->printer,
			.order = line->state[at].order,
			.option = line->state[at].option,
			.home = PLAN_NONE,
			.reload = line->state[at].reload };
	copy->count += count;
	return true;
}

/* Of the states of a printer that end by the bucket: the least worth that is still worth this. */
static int32_t least_of(const struct line *line, int32_t bucket, double worth)
{
	int32_t low = 0, high = bucket;

	while (low < high) {
		int32_t middle = (low + high) / 2;
		int32_t state = line->best[middle];

		if (state != PLAN_NONE && line->state[state].worth >= worth)
			high = middle;
		else
			low = middle + 1;
	}
	return line->best[low];
}

/* What all printers do by the bucket; of one order not more than is wanted, where that is easy. */
static bool write_out(struct batch *batch, int32_t bucket)
{
	double over = worth_by(batch, bucket) - worth_wanted(batch);

	batch->best.count = 0;
	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct line *line = &batch->line[i];
		int32_t state = line->best[bucket];

		if (state == PLAN_NONE)
			continue;
		if (batch->order_count == 1 && over > 0) {
			int32_t less = least_of(line, bucket, line->state[state].worth - over);

			if (less != PLAN_NONE) {
				over -= line->state[state].worth - line->state[less].worth;
				state = less;
			}
		}
		if (!write_state(&batch->best, line, state))
			return false;
	}
	return true;
}

/* ---- several orders ------------------------------------------------------- */

static void change_prices(struct batch *batch, const double made[ORDERS_MAX])
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
static void choose_prices(struct batch *batch)
{
	int32_t round = batch->round - PRICE_ROUNDS;
	const double *price =
		round > 0 ? batch->tried_price[PRICE_ROUNDS - round] : batch->bound_price;

	for (int32_t i = 0; i < batch->order_count; i++)
		batch->price[i] = price[i];
}

static bool begin_choice(const struct batch *batch, struct choice *choice)
{
	choice->first = calloc((size_t)batch->line_count + 1, sizeof *choice->first);
	choice->made = calloc((size_t)batch->line_count + 1, sizeof *choice->made);
	return choice->first && choice->made;
}

static bool write_choice(const struct batch *batch, int32_t bucket, struct choice *choice)
{
	if (!begin_choice(batch, choice))
		return false;
	for (int32_t i = 0; i < batch->line_count; i++) {
		const struct line *line = &batch->line[i];
		int32_t state = line->best[bucket];

		choice->first[i] = choice->copy.count;
		if (state != PLAN_NONE && !write_state(&choice->copy, line, state))
			return false;
		for (; state != PLAN_NONE; state = line->state[state].parent)
			choice->made[i][index_of(batch, line->state[state].order)] +=
				batch->problem->option[line->state[state].option].units;
	}
	choice->first[batch->line_count] = choice->copy.count;
	return true;
}

static int32_t level_bucket(const struct batch *batch, int level)
{
	return (int32_t)(batch->bound_s * level_share[level] / (double)batch->grid_s);
}

/* How much is missing, as the sum of the shares; a little for what is too much. */
static double badness(const struct batch *batch, const double made[ORDERS_MAX])
{
	double sum = 0;

	for (int32_t i = 0; i < batch->order_count; i++) {
		double missing = 1 - made[i] / batch->wanted[i];

		sum += missing > 0 ? missing : -1e-4 * missing;
	}
	return sum;
}

/* Gives one printer what suits best with what the others have. */
static bool choose_for(const struct batch *batch, const struct choice *choice, int32_t line,
	int32_t *chosen, double made[ORDERS_MAX])
{
	int32_t before = *chosen;
	double least = badness(batch, made);

	for (int32_t c = 0; c < CHOICE_ROUNDS; c++) {
		double with[ORDERS_MAX];

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
static double combine(const struct batch *batch, const struct choice *choice, int32_t *chosen)
{
	double made[ORDERS_MAX] = { 0 };
	bool changed = true;

	for (int32_t line = 0; line < batch->line_count; line++) {
		chosen[line] = line % CHOICE_ROUNDS;
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

static bool write_combined(struct batch *batch, const struct choice *choice, const int32_t *chosen)
{
	struct plan_copy *best = &batch->best;

	best->count = 0;
	for (int32_t line = 0; line < batch->line_count; line++) {
		const struct choice *own = &choice[chosen[line]];

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

/* The shortest plan in which (almost) nothing is missing. */
static bool choose_best(struct batch *batch)
{
	int32_t *chosen = calloc((size_t)batch->line_count + 1, sizeof *chosen);
	double least_s = (double)PROBLEM_NEVER;
	bool is_done = chosen;

	for (int level = 0; level < LEVELS && is_done; level++) {
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

/* All printers have come far enough for these prices. */
static void end_price_round(struct batch *batch)
{
	double made[ORDERS_MAX];
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
	change_prices(batch, made);
}

static void end_choice_round(struct batch *batch)
{
	for (int level = 0; level < LEVELS; level++)
		if (!write_choice(batch, level_bucket(batch, level),
			    &batch->choice[level][batch->round - PRICE_ROUNDS]))
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
	if (batch->round < PRICE_ROUNDS)
		end_price_round(batch);
	else
		end_choice_round(batch);
	if (++batch->round >= PRICE_ROUNDS && batch->round < PRICE_ROUNDS + CHOICE_ROUNDS)
		choose_prices(batch);
	batch->done = batch->round == PRICE_ROUNDS + CHOICE_ROUNDS;
	if (batch->done)
		batch->failed |= !choose_best(batch);
	else
		batch->failed |= !begin_lines(batch);
}

/* Have all printers come far enough for what is to be known? */
static bool is_far_enough(const struct batch *batch)
{
	if (batch->round >= PRICE_ROUNDS)
		return batch->limit > level_bucket(batch, LEVELS - 1);
	return worth_by(batch, batch->limit - 1) >= worth_wanted(batch) * (1 - 1e-9);
}

bool batch_step(struct batch *batch, int64_t states)
{
	while (states > 0 && !batch->done && !batch->failed) {
		states -= advance(batch, &batch->line[batch->at]) + 1;
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
	for (size_t i = 0; i < problem->order_count && i < ORDERS_MAX; i++)
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
	for (int level = 0; level < LEVELS; level++)
		for (int32_t i = 0; i < CHOICE_ROUNDS; i++) {
			free(batch->choice[level][i].copy.item);
			free(batch->choice[level][i].first);
			free(batch->choice[level][i].made);
		}
	free(batch->best.item);
	free(batch);
}
