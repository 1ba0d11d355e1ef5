/* The planner's heart; see optimizer.h. */
#include "scheduler/optimizer.h"
#include "scheduler/batch.h"
#include "scheduler/construct.h"
#include "scheduler/makers.h"
#include "scheduler/search.h"
#include "scheduler/spread.h"

#include <stdlib.h> /* calloc, free */

enum {
	SEARCHED_RUNS_MAX = 20000, /* a plan of more prints gains next to nothing in seconds */
	LISTED_ORDERS_MAX = 2000,  /* one by one, every printer looked at */
	COARSE_GRID_S = 7200,	   /* of the first answer for large orders */
	FINE_BUCKETS = 4096,	   /* of a plan's length: no finer than that */
};

/* How finely times are told apart, by the moves there are: one large order is as good as it gets
 * with the first; several take many rounds, and a search shall follow. */
struct grid {
	int64_t moves_from, grid_s;
};
static const struct grid single_grids[] = { { 300000, 60 }, { 0, 300 } };
static const struct grid several_grids[] = { { 200000, 3600 }, { 100000, 7200 }, { 0, 14400 } };

struct optimizer {
	const struct problem *problem; /* borrowed */
	struct optimizer_options options;
	struct makers makers;
	struct plan plan;
	/* For large orders: what the plan holds beside them. */
	struct plan before;
	struct plan_copy kept;
	struct batch *batch; /* a finer plan that is being computed; NULL: none */
	struct search search;
	bool has_search, after_batch;
	int64_t moves; /* done */
};

/* Of the average print, in seconds. */
static double print_length(const struct plan *plan)
{
	double sum_s = 0;

	for (int32_t i = 0; i < plan->run_count; i++)
		if (plan->run[i].printer != PLAN_NONE)
			sum_s += (double)plan->run[i].print.length_s;
	return plan->live > 0 ? sum_s / plan->live : 1;
}

/* Where a search begins and ends: shares of the average lateness of an order, or of the average
 * print's length over the printers. */
struct heat {
	double hot, cold;
};

static const struct heat heat_late = { 0.7, 0.003 }, heat_plain = { 0.5, 0.008 },
			 heat_usual = { 0.2, 0.008 }, heat_crew = { 0.6, 0.008 },
			 heat_after_batch = { 0.02, 0.002 };

/* Nothing but speed tells printers apart: no hours, no materials. */
static bool is_plain(const struct problem *problem)
{
	return spread_suits(problem) && problem->material_count == 1;
}

/* Some site has so few people that its printers wait for each other. */
static bool has_crew(const struct problem *problem)
{
	for (size_t i = 0; i < problem->site_count; i++)
		if (problem->site[i].operators > 0 &&
			problem->site[i].operators <= PLAN_OPERATORS_MAX)
			return true;
	return false;
}

static const struct heat *choose_heat(const struct optimizer *optimizer)
{
	if (optimizer->problem->goal == PROBLEM_TARDINESS)
		return &heat_late;
	if (optimizer->after_batch)
		return &heat_after_batch;
	if (has_crew(optimizer->problem))
		return &heat_crew;
	return is_plain(optimizer->problem) ? &heat_plain : &heat_usual;
}

static void begin_search(struct optimizer *optimizer)
{
	const struct problem *problem = optimizer->problem;
	struct plan *plan = &optimizer->plan;
	const struct heat *heat = choose_heat(optimizer);
	double unit = problem->goal == PROBLEM_TARDINESS
			      ? plan_cost(plan) / (double)(problem->order_count + 1) + 1
			      : print_length(plan) / (double)problem->printer_count;

	if (optimizer->options.moves_expected <= 0 || plan->live == 0 ||
		plan->live > SEARCHED_RUNS_MAX ||
		!search_init(&optimizer->search, plan, &optimizer->makers, optimizer->options.seed))
		return;
	optimizer->has_search = true;
	optimizer->search.has_crew = heat == &heat_crew;
	if (is_plain(problem))
		optimizer->search.quick_percent = SEARCH_QUICK_PERCENT_PLAIN;
	search_set_schedule(&optimizer->search,
		optimizer->options.moves_expected - optimizer->moves, heat->hot * unit,
		heat->cold * unit);
}

static struct plan_weights weights_for(const struct problem *problem, double move_cost)
{
	struct plan_weights weights = { .move = move_cost };

	if (problem->goal == PROBLEM_TARDINESS) {
		weights.flow = 0.0005;
		weights.change = 5;
	} else {
		weights.makespan = 1;
		weights.change = 1;
	}
	return weights;
}

/* ---- large orders --------------------------------------------------------- */

/* The batch's plan, and behind it what it left over. */
static bool apply_batch(struct optimizer *optimizer, const struct batch *batch)
{
	return batch_apply(batch, &optimizer->plan) &&
	       construct_list(&optimizer->plan, &optimizer->makers);
}

static struct batch *compute_batch(struct optimizer *optimizer, int64_t grid_s)
{
	struct batch *batch = batch_create(&optimizer->before, &optimizer->makers, grid_s);

	while (batch && batch_step(batch, INT32_MAX))
		;
	return batch;
}

static int64_t choose_grid_s(const struct grid *grid, int64_t moves)
{
	while (moves < grid->moves_from)
		grid++;
	return grid->grid_s;
}

/* One order: a coarse plan at once, a fine one in steps.  Several: a list, and the coarse one in
 * steps. */
static bool construct_batch(struct optimizer *optimizer)
{
	bool is_one = optimizer->problem->order_count == 1;
	struct batch *coarse = is_one ? compute_batch(optimizer, COARSE_GRID_S) : NULL;
	bool is_done = coarse ? apply_batch(optimizer, coarse)
			      : construct_list(&optimizer->plan, &optimizer->makers);
	int64_t grid_s = choose_grid_s(
		is_one ? single_grids : several_grids, optimizer->options.moves_expected);
	int64_t finest_s = plan_makespan(&optimizer->plan) / FINE_BUCKETS;

	batch_destroy(coarse);
	if (is_done && optimizer->options.moves_expected > 0)
		optimizer->batch = batch_create(&optimizer->before, &optimizer->makers,
			grid_s > finest_s ? grid_s : finest_s);
	return is_done;
}

/* The fine plan is there: of both the shorter one stays. */
static bool end_batch(struct optimizer *optimizer)
{
	struct plan_copy copy = { 0 };
	bool is_done = plan_save(&optimizer->plan, &copy);
	int64_t before_s = plan_makespan(&optimizer->plan);

	is_done = is_done && plan_load(&optimizer->plan, &optimizer->kept) &&
		  apply_batch(optimizer, optimizer->batch);
	if (is_done && plan_makespan(&optimizer->plan) > before_s)
		is_done = plan_load(&optimizer->plan, &copy);
	free(copy.item);
	batch_destroy(optimizer->batch);
	optimizer->batch = NULL;
	return is_done;
}

static bool construct(struct optimizer *optimizer)
{
	struct plan *plan = &optimizer->plan;

	if (optimizer->options.previous && !plan_load(plan, optimizer->options.previous))
		return false;
	if (batch_suits(optimizer->problem, &optimizer->makers))
		return plan_save(plan, &optimizer->kept) &&
		       plan_load(&optimizer->before, &optimizer->kept) &&
		       construct_batch(optimizer);
	if (optimizer->problem->goal == PROBLEM_TARDINESS)
		return construct_dispatch(plan, &optimizer->makers);
	if (optimizer->problem->order_count > LISTED_ORDERS_MAX && spread_suits(optimizer->problem))
		return spread_construct(plan, &optimizer->makers);
	return construct_list(plan, &optimizer->makers);
}

struct optimizer *optimizer_create(
	const struct problem *problem, const struct optimizer_options *options)
{
	struct optimizer *optimizer = calloc(1, sizeof *optimizer);
	struct plan_weights weights = weights_for(problem, options->move_cost);

	if (!optimizer)
		return NULL;
	optimizer->problem = problem;
	optimizer->options = *options;
	if (!makers_init(&optimizer->makers, problem) ||
		!plan_init(&optimizer->plan, problem, &weights) ||
		!plan_init(&optimizer->before, problem, &weights) || !construct(optimizer)) {
		optimizer_destroy(optimizer);
		return NULL;
	}
	if (!optimizer->batch)
		begin_search(optimizer);
	return optimizer;
}

void optimizer_destroy(struct optimizer *optimizer)
{
	if (!optimizer)
		return;
	if (optimizer->has_search)
		search_finish(&optimizer->search);
	batch_destroy(optimizer->batch);
	free(optimizer->kept.item);
	plan_finish(&optimizer->plan);
	plan_finish(&optimizer->before);
	makers_finish(&optimizer->makers);
	free(optimizer);
}

static bool step_batch(struct optimizer *optimizer, int64_t moves)
{
	if (batch_step(optimizer->batch, moves))
		return true;
	if (!end_batch(optimizer))
		return false;
	optimizer->after_batch = true;
	/* One order alone is as good as it gets. */
	if (optimizer->problem->order_count > 1)
		begin_search(optimizer);
	return optimizer->has_search;
}

bool optimizer_step(struct optimizer *optimizer, int64_t moves)
{
	optimizer->moves += moves;
	if (optimizer->batch)
		return step_batch(optimizer, moves);
	if (optimizer->has_search)
		search_step(&optimizer->search, moves);
	return optimizer->has_search;
}

const struct plan *optimizer_plan(struct optimizer *optimizer)
{
	if (optimizer->has_search && !search_take_best(&optimizer->search))
		return NULL;
	return &optimizer->plan;
}
