/* A first plan; see construct.h. */
#include "scheduler/construct.h"

#include <math.h>   /* exp, sqrt */
#include <stdlib.h> /* calloc, free, qsort */

enum {
	URGENT_MAX = 256, /* orders that a free printer looks at */
};

/* A look-ahead of this many average prints (Pfund et al. 2008 use 1 to 6). */
static const double LOOK_AHEAD = 2.5;

struct ranked {
	int32_t order;
	double rank;
};

static int by_rank(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	if (x->rank < y->rank || x->rank > y->rank)
		return x->rank < y->rank ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static int32_t left(const struct plan *plan, int32_t order)
{
	return plan->problem->order[order].units - plan->order[order].units;
}

static struct problem_state *tail_states(const struct plan *plan)
{
	struct problem_state *state = calloc(plan->problem->printer_count + 1, sizeof *state);

	for (size_t i = 0; state && i < plan->problem->printer_count; i++)
		state[i] = plan_state(plan, (int32_t)i, plan->list[i].count);
	return state;
}

static struct problem_print print_of(const struct problem *problem, int32_t printer, int32_t order,
	const struct problem_option *option)
{
	return (struct problem_print){
		.order = order,
		.units = option->units,
		.grams = option->grams,
		.earliest_s = option->earliest_s,
		.attended = option->attended,
		.length_s = problem_print_s(problem, (size_t)printer, option),
	};
}

/* The largest plate not above what is left, or the smallest. */
static const struct problem_option *largest_option(
	const struct problem *problem, int32_t printer, int32_t order, int32_t units)
{
	struct problem_choice choice = problem_choice(problem, (size_t)printer, (size_t)order);
	const struct problem_option *best = NULL;

	for (int32_t i = 0; i < choice.count; i++) {
		const struct problem_option *option = &choice.option[i];

		if (problem_option_fits(problem, (size_t)printer, (size_t)order, option) &&
			(!best || option->units <= units))
			best = option;
	}
	return best;
}

/* ---- longest first -------------------------------------------------------- */

/* Least time for a unit, of those that do not make too many; the smallest, if all do. */
static const struct problem_option *thrifty_option(
	const struct problem *problem, int32_t printer, int32_t order, int32_t units)
{
	struct problem_choice choice = problem_choice(problem, (size_t)printer, (size_t)order);
	const struct problem_option *best = NULL;
	double best_s = 0;

	for (int32_t i = 0; i < choice.count; i++) {
		const struct problem_option *option = &choice.option[i];

		if (!problem_option_fits(problem, (size_t)printer, (size_t)order, option) ||
			(best && option->units > units))
			continue;
		double unit_s = (double)(problem_print_s(problem, (size_t)printer, option) +
					 problem->printer[printer].clear_s) /
				option->units;

		if (!best || unit_s < best_s) {
			best = option;
			best_s = unit_s;
		}
	}
	return best;
}

/* Where the order's next print ends first; PLAN_NONE: nowhere. */
static int32_t best_printer(const struct plan *plan, const struct makers *makers, int32_t order,
	const struct problem_state *state, const struct problem_option **option,
	struct problem_slot *slot)
{
	const struct problem *problem = plan->problem;
	int32_t kind = makers->kind[order], best = PLAN_NONE;

	for (int32_t i = makers->first[kind]; i < makers->first[kind + 1]; i++) {
		int32_t printer = makers->printer[i];
		const struct problem_option *own =
			thrifty_option(problem, printer, order, left(plan, order));
		struct problem_slot own_slot;
		struct problem_print print;

		if (!own || problem->printer[printer].absent)
			continue;
		print = print_of(problem, printer, order, own);
		if (!problem_place(
			    problem, (size_t)printer, &state[printer], &print, 0, &own_slot) ||
			(best != PLAN_NONE && own_slot.end_s >= slot->end_s))
			continue;
		best = printer;
		*option = own;
		*slot = own_slot;
	}
	return best;
}

static bool list_order(
	struct plan *plan, const struct makers *makers, int32_t order, struct problem_state *state)
{
	while (left(plan, order) > 0) {
		const struct problem_option *option = NULL;
		struct problem_slot slot;
		int32_t printer = best_printer(plan, makers, order, state, &option, &slot);

		if (printer == PLAN_NONE)
			return true;
		if (plan_insert(plan, printer, plan->list[printer].count, order, option,
			    PLAN_NONE) == PLAN_NONE)
			return false;
		state[printer] = slot.after;
	}
	return true;
}

bool construct_orders(
	struct plan *plan, const struct makers *makers, const int32_t *order, size_t count)
{
	struct ranked *ranked = calloc(count + 1, sizeof *ranked);
	struct problem_state *state = tail_states(plan);
	bool is_done = ranked && state;

	for (size_t i = 0; is_done && i < count; i++) {
		int32_t own = order ? order[i] : (int32_t)i;

		ranked[i] = (struct ranked){ own, -makers->fastest_s[makers->kind[own]] };
	}
	if (is_done)
		qsort(ranked, count, sizeof *ranked, by_rank);
	plan_change(plan);
	for (size_t i = 0; is_done && i < count; i++)
		is_done = list_order(plan, makers, ranked[i].order, state);
	free(ranked);
	free(state);
	is_done = is_done && plan_settle(plan);
	plan_keep(plan);
	return is_done;
}

bool construct_list(struct plan *plan, const struct makers *makers)
{
	return construct_orders(plan, makers, NULL, plan->problem->order_count);
}

/* ---- where it adds least -------------------------------------------------- */

struct insertion {
	int32_t printer, position;
	const struct problem_option *option;
	double cost;
};

static void try_insertion(
	struct plan *plan, int32_t order, const struct insertion *where, struct insertion *best)
{
	plan_change(plan);
	plan_insert(plan, where->printer, where->position, order, where->option, PLAN_NONE);
	if (plan_settle(plan)) {
		/* A plate that leaves more to do is worth less. */
		double cost = (plan_cost(plan) + 1) / where->option->units;

		if (best->printer == PLAN_NONE || cost < best->cost) {
			*best = *where;
			best->cost = cost;
		}
	}
	plan_undo(plan);
}

static bool insert_one(struct plan *plan, const struct makers *makers, int32_t order)
{
	int32_t kind = makers->kind[order];
	struct insertion best = { .printer = PLAN_NONE };

	for (int32_t i = makers->first[kind]; i < makers->first[kind + 1]; i++) {
		int32_t printer = makers->printer[i], count = plan->list[printer].count, at = 0;
		const struct problem_option *option =
			largest_option(plan->problem, printer, order, left(plan, order));

		if (!option || plan->problem->printer[printer].absent)
			continue;
		while (at < count && plan->run[plan->list[printer].run[at]].kept)
			at++;
		for (; at <= count; at++)
			try_insertion(plan, order,
				&(struct insertion){
					.printer = printer, .position = at, .option = option },
				&best);
	}
	if (best.printer == PLAN_NONE)
		return false;
	plan_change(plan);
	plan_insert(plan, best.printer, best.position, order, best.option, PLAN_NONE);
	plan_settle(plan);
	plan_keep(plan);
	return !plan->failed;
}

bool construct_inserted(
	struct plan *plan, const struct makers *makers, const int32_t *order, size_t count)
{
	for (size_t i = 0; i < count; i++)
		while (left(plan, order[i]) > 0)
			if (!insert_one(plan, makers, order[i]))
				break;
	return !plan->failed;
}

/* ---- the most urgent for its weight --------------------------------------- */

struct dispatch {
	struct plan *plan;
	const struct makers *makers;
	struct problem_state *state;
	struct ranked *waiting; /* orders that want more, by due date */
	int32_t count;
	double average_s; /* of the fastest times of what waits */
};

static bool begin_dispatch(struct dispatch *dispatch)
{
	const struct problem *problem = dispatch->plan->problem;
	double sum_s = 0;

	dispatch->state = tail_states(dispatch->plan);
	dispatch->waiting = calloc(problem->order_count + 1, sizeof *dispatch->waiting);
	if (!dispatch->state || !dispatch->waiting)
		return false;
	for (size_t i = 0; i < problem->order_count; i++) {
		int32_t kind = dispatch->makers->kind[i], order = (int32_t)i;

		if (left(dispatch->plan, order) <= 0 ||
			dispatch->makers->first[kind] == dispatch->makers->first[kind + 1])
			continue;
		sum_s += dispatch->makers->fastest_s[kind];
		dispatch->waiting[dispatch->count++] =
			(struct ranked){ order, (double)problem->order[i].due_s };
	}
	qsort(dispatch->waiting, (size_t)dispatch->count, sizeof *dispatch->waiting, by_rank);
	dispatch->average_s = dispatch->count > 0 ? sum_s / dispatch->count : 1;
	return true;
}

static double urgency(const struct dispatch *dispatch, int32_t order, int32_t units, int64_t from_s,
	int64_t end_s)
{
	const struct problem_order *own = &dispatch->plan->problem->order[order];
	double fastest_s = dispatch->makers->fastest_s[dispatch->makers->kind[order]];
	double takes_s = (double)(end_s - from_s) + 1;
	double slack_s = (double)(own->due_s - end_s);
	int32_t rest = left(dispatch->plan, order);

	if (slack_s < 0)
		slack_s = 0;
	return own->weight / (takes_s / units * (rest < 4 ? rest : 4)) *
	       exp(-slack_s / (LOOK_AHEAD * dispatch->average_s)) *
	       sqrt(fastest_s * units / takes_s);
}

/* What the printer takes next: an index into the waiting; PLAN_NONE: nothing. */
static int32_t most_urgent(const struct dispatch *dispatch, int32_t printer,
	const struct problem_option **option, struct problem_slot *slot)
{
	const struct problem *problem = dispatch->plan->problem;
	int32_t best = PLAN_NONE, looked = 0;
	double best_index = 0;

	for (int32_t i = 0; i < dispatch->count && looked < URGENT_MAX; i++) {
		int32_t order = dispatch->waiting[i].order;
		const struct problem_option *own =
			largest_option(problem, printer, order, left(dispatch->plan, order));
		struct problem_slot own_slot;
		struct problem_print print;

		if (!own)
			continue;
		looked++;
		print = print_of(problem, printer, order, own);
		if (!problem_place(problem, (size_t)printer, &dispatch->state[printer], &print, 0,
			    &own_slot))
			continue;
		double index = urgency(dispatch, order, own->units,
			dispatch->state[printer].ready_s, own_slot.end_s);

		if (best != PLAN_NONE && index <= best_index)
			continue;
		best = i;
		best_index = index;
		*option = own;
		*slot = own_slot;
	}
	return best;
}

static int32_t first_ready(const struct dispatch *dispatch)
{
	int32_t first = PLAN_NONE;

	for (int32_t i = 0; i < (int32_t)dispatch->plan->problem->printer_count; i++)
		if (dispatch->state[i].ready_s < PROBLEM_NEVER &&
			!dispatch->plan->problem->printer[i].absent &&
			(first == PLAN_NONE ||
				dispatch->state[i].ready_s < dispatch->state[first].ready_s))
			first = i;
	return first;
}

static bool dispatch_all(struct dispatch *dispatch)
{
	struct plan *plan = dispatch->plan;

	while (dispatch->count > 0) {
		const struct problem_option *option = NULL;
		struct problem_slot slot;
		int32_t printer = first_ready(dispatch);

		if (printer == PLAN_NONE)
			return true;
		int32_t at = most_urgent(dispatch, printer, &option, &slot);

		if (at == PLAN_NONE) {
			dispatch->state[printer].ready_s = PROBLEM_NEVER;
			continue;
		}
		int32_t order = dispatch->waiting[at].order;

		if (plan_insert(plan, printer, plan->list[printer].count, order, option,
			    PLAN_NONE) == PLAN_NONE)
			return false;
		dispatch->state[printer] = slot.after;
		if (left(plan, order) > 0)
			continue;
		for (int32_t i = at + 1; i < dispatch->count; i++)
			dispatch->waiting[i - 1] = dispatch->waiting[i];
		dispatch->count--;
	}
	return true;
}

bool construct_dispatch(struct plan *plan, const struct makers *makers)
{
	struct dispatch dispatch = { .plan = plan, .makers = makers };

	plan_change(plan);
	bool is_done = begin_dispatch(&dispatch) && dispatch_all(&dispatch) && plan_settle(plan);

	plan_keep(plan);
	free(dispatch.state);
	free(dispatch.waiting);
	return is_done;
}
