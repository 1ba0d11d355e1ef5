/* A plan that lives with what happens; see live.h. */
#include "scheduler/live.h"
#include "scheduler/construct.h"
#include "scheduler/spread.h"

#include <stdlib.h> /* realloc, free */

enum {
	SEARCHED_RUNS_MAX = 20000,
	LISTED_MAX = 2000, /* orders that are put in one by one */
};

/* Temperatures of a search that begins at a plan which was good before the event: shares of the
 * average lateness of an order, or of the average print's length over the printers. */
static const double WARM_LATE = 0.15, COLD_LATE = 0.003, WARM = 0.05, COLD = 0.005;

/* Of the time until the last end. */
static const double LEVEL_SHARE = 0.01;

bool live_init(struct live *live, struct problem *problem)
{
	struct plan_weights weights = { 0 };

	if (problem->goal == PROBLEM_TARDINESS) {
		weights.flow = 0.002;
		weights.change = 5;
	} else {
		weights.makespan = 1;
		weights.change = 1;
	}
	*live = (struct live){ .problem = problem, .move_cost = 0.02 };
	if (makers_init(&live->makers, problem) && plan_init(&live->plan, problem, &weights))
		return true;
	live_finish(live);
	return false;
}

void live_finish(struct live *live)
{
	if (live->has_search)
		search_finish(&live->search);
	plan_finish(&live->plan);
	makers_finish(&live->makers);
	free(live->changed);
	*live = (struct live){ 0 };
}

/* ---- what has changed ----------------------------------------------------- */

void live_begin(struct live *live)
{
	if (live->has_search)
		search_finish(&live->search);
	live->has_search = false;
	plan_change(&live->plan);
}

bool live_order(struct live *live, int32_t order)
{
	if ((size_t)live->changed_count == live->changed_capacity) {
		size_t capacity = 2 * live->changed_capacity + 64;
		int32_t *changed = realloc(live->changed, capacity * sizeof *changed);

		if (!changed)
			return false;
		live->changed = changed;
		live->changed_capacity = capacity;
	}
	live->changed[live->changed_count++] = order;
	if (!makers_grow(&live->makers, live->problem) ||
		!plan_grow(&live->plan, live->problem->order_count))
		return false;
	plan_order_changed(&live->plan, order);
	return true;
}

/* What an absent printer was to do is planned elsewhere. */
static void empty_list(struct live *live, int32_t printer)
{
	struct plan *plan = &live->plan;
	const struct plan_list *list = &plan->list[printer];

	while (list->count > 0) {
		int32_t id = list->run[list->count - 1], order = plan->run[id].print.order;

		plan_remove(plan, id, list->count - 1);
		live_order(live, order);
	}
}

void live_printer(struct live *live, int32_t printer)
{
	plan_printer_changed(&live->plan, printer);
	if (live->problem->printer[printer].absent)
		empty_list(live, printer);
}

void live_started(struct live *live, int32_t printer)
{
	struct plan *plan = &live->plan;

	plan_remove(plan, plan->list[printer].run[0], 0);
	plan_printer_changed(plan, printer);
}

/* ---- the plan is mended --------------------------------------------------- */

static int32_t last_run(const struct plan *plan, int32_t order, int32_t over)
{
	int32_t last = PLAN_NONE;

	for (int32_t id = plan->order[order].first; id != PLAN_NONE; id = plan->run[id].next)
		if (plan->run[id].print.units <= over &&
			(last == PLAN_NONE || plan->run[id].start_s > plan->run[last].start_s))
			last = id;
	return last;
}

/* Prints that nobody needs any more. */
static void drop_surplus(struct live *live)
{
	struct plan *plan = &live->plan;

	for (int32_t i = 0; i < live->changed_count; i++) {
		int32_t order = live->changed[i], id;

		while ((id = last_run(plan, order,
				plan->order[order].units - live->problem->order[order].units)) !=
			PLAN_NONE)
			plan_remove(plan, id, plan_position(plan, id));
	}
}

static bool fill(struct live *live)
{
	size_t count = (size_t)live->changed_count;

	if (live->problem->goal == PROBLEM_MAKESPAN) {
		if (count > LISTED_MAX && spread_suits(live->problem))
			return spread_construct(&live->plan, &live->makers);
		return construct_orders(&live->plan, &live->makers, live->changed, count);
	}
	if (count > INSERTED_MAX || live->plan.live == 0)
		return construct_dispatch(&live->plan, &live->makers);
	return construct_inserted(&live->plan, &live->makers, live->changed, count);
}

/* Where each print is now is its home. */
static void settle_homes(struct live *live)
{
	struct plan *plan = &live->plan;

	for (int32_t i = 0; i < plan->run_count; i++)
		plan->run[i].home = plan->run[i].printer;
	plan->moved = 0;
}

static double print_length(const struct plan *plan)
{
	double sum_s = 0;

	for (int32_t i = 0; i < plan->run_count; i++)
		if (plan->run[i].printer != PLAN_NONE)
			sum_s += (double)plan->run[i].print.length_s;
	return plan->live > 0 ? sum_s / plan->live : 1;
}

/* All printers end at about the same time: nothing can be gained by moving prints. */
static bool is_level(const struct live *live)
{
	const struct problem *problem = live->problem;
	double sum_s = 0, last_s = (double)plan_makespan(&live->plan);

	if (problem->goal != PROBLEM_MAKESPAN)
		return false;
	for (size_t i = 0; i < problem->printer_count; i++)
		sum_s += (double)live->plan.list[i].end_s;
	return last_s - sum_s / (double)problem->printer_count <
	       LEVEL_SHARE * (last_s - (double)problem->now_s);
}

static bool begin_search(struct live *live, uint64_t seed, int64_t moves)
{
	struct plan *plan = &live->plan;
	double unit, warm = WARM, cold = COLD;

	if (moves <= 0 || plan->live == 0 || plan->live > SEARCHED_RUNS_MAX || is_level(live))
		return true;
	settle_homes(live);
	if (live->problem->goal == PROBLEM_TARDINESS) {
		unit = plan->lateness / (double)plan->live + 1;
		warm = WARM_LATE;
		cold = COLD_LATE;
	} else {
		unit = print_length(plan) / (double)live->problem->printer_count;
	}
	plan->weights.move = live->move_cost * unit;
	if (!search_init(&live->search, plan, &live->makers, seed))
		return false;
	search_set_schedule(&live->search, moves, warm * unit, cold * unit);
	live->has_search = true;
	return true;
}

bool live_replan(struct live *live, uint64_t seed, int64_t moves_expected)
{
	drop_surplus(live);
	bool is_done = plan_settle(&live->plan);

	plan_keep(&live->plan);
	is_done = is_done && fill(live);
	live->changed_count = 0;
	return is_done && begin_search(live, seed, moves_expected);
}

void live_step(struct live *live, int64_t moves)
{
	if (live->has_search)
		search_step(&live->search, moves);
}

bool live_settle(struct live *live)
{
	return !live->has_search || search_take_best(&live->search);
}
