/* What one printer can do: dynamic programming over its time and reel; see batch.h. */
#include "scheduler/batch_inside.h"

#include <stdlib.h> /* realloc */

enum { BEST_OF_A_BUCKET = 4 }; /* states kept that cannot be told apart by time */

static bool has_bucket(struct batch_line *line, int64_t bucket)
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

static int32_t add_state(struct batch_line *line, const struct batch_state *state)
{
	if (line->count == line->capacity) {
		int32_t capacity = line->capacity ? 2 * line->capacity : 256;
		struct batch_state *bigger =
			realloc(line->state, (size_t)capacity * sizeof *bigger);

		if (!bigger)
			return PLAN_NONE;
		line->state = bigger;
		line->capacity = capacity;
	}
	line->state[line->count] = *state;
	return line->count++;
}

static bool is_no_better(const struct batch_state *a, const struct batch_state *b)
{
	return a->at.loaded == b->at.loaded && a->worth <= b->worth &&
	       a->at.spool_g <= b->at.spool_g && a->act_s >= b->act_s;
}

/* Where the new state belongs in its bucket: over one that it beats, or over the least worth if
 * the bucket is full.  -1: it is not needed; count: as a new one. */
static int32_t place_in_bucket(
	const struct batch_line *line, int32_t bucket, const struct batch_state *state)
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

static bool keep_state(struct batch *batch, struct batch_line *line, struct batch_state *state)
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

static bool extend_by(struct batch *batch, struct batch_line *line,
	const struct problem_state *from, int32_t parent, double worth, int32_t index, bool reload)
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
		struct batch_state state = {
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
static bool extend(struct batch *batch, struct batch_line *line, const struct problem_state *from,
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

int64_t batch_advance(struct batch *batch, struct batch_line *line)
{
	int64_t looked = 0;

	while (line->at < batch->limit && !batch->failed) {
		if (!has_bucket(line, line->at)) {
			batch->failed = true;
			break;
		}
		for (int32_t i = line->bucket[line->at]; i != PLAN_NONE; i = line->state[i].next) {
			struct batch_state from = line->state[i];

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

bool batch_begin_line(struct batch *batch, struct batch_line *line)
{
	struct problem_state from =
		plan_state(batch->plan, line->printer, batch->plan->list[line->printer].count);

	line->count = line->buckets = line->at = 0;
	line->reached = PLAN_NONE;
	return extend(batch, line, &from, PLAN_NONE, 0);
}

int32_t batch_index_of(const struct batch *batch, int32_t order)
{
	int32_t index = 0;

	while (batch->order[index] != order)
		index++;
	return index;
}

bool batch_write_state(struct plan_copy *copy, const struct batch_line *line, int32_t at)
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

int32_t batch_least_of(const struct batch_line *line, int32_t bucket, double worth)
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
