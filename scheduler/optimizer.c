/* The planner's heart; see optimizer.h. */
#include "scheduler/optimizer.h"
#include "scheduler/construct.h"
#include "scheduler/makers.h"
#include "scheduler/search.h"

#include <stdlib.h> /* calloc, free */

enum { SEARCHED_RUNS_MAX = 20000 }; /* a plan of more prints gains next to nothing in seconds */

struct optimizer {
	const struct problem *problem; /* borrowed */
	struct optimizer_options options;
	struct makers makers;
	struct plan plan;
	struct search search;
	bool has_search;
};

static double longest(const struct plan *plan)
{
	int64_t end_s = plan_makespan(plan);

	return end_s > 0 ? (double)end_s : 1;
}

static void begin_search(struct optimizer *optimizer)
{
	struct plan *plan = &optimizer->plan;
	double unit = longest(plan), hot = 0.004, cold = 0.00002;

	if (optimizer->problem->goal == PROBLEM_TARDINESS) {
		unit = plan_cost(plan) / (double)(optimizer->problem->order_count + 1) + 1;
		hot = 0.3;
		cold = 0.003;
	}
	optimizer->has_search = optimizer->options.moves_expected > 0 && plan->live > 0 &&
				plan->live <= SEARCHED_RUNS_MAX &&
				search_init(&optimizer->search, plan, &optimizer->makers,
					optimizer->options.seed);
	if (optimizer->has_search)
		search_set_schedule(&optimizer->search, optimizer->options.moves_expected,
			hot * unit, cold * unit);
}

static struct plan_weights weights_for(const struct problem *problem, double move_cost)
{
	struct plan_weights weights = { .move = move_cost };

	if (problem->goal == PROBLEM_TARDINESS) {
		weights.flow = 0.01;
		weights.change = 60;
	} else {
		weights.makespan = 1;
		weights.scale_s = 1;
		weights.change = 1;
	}
	return weights;
}

/* A makespan is weighed against one that is not out of the way. */
static bool weigh_makespan(struct optimizer *optimizer)
{
	struct plan_copy copy = { 0 };
	struct plan *plan = &optimizer->plan;
	bool is_ready = true;

	if (optimizer->problem->goal == PROBLEM_MAKESPAN) {
		is_ready = plan_save(plan, &copy);
		plan->weights.scale_s = longest(plan);
		is_ready = is_ready && plan_load(plan, &copy);
		free(copy.item);
	}
	return is_ready;
}

static bool construct(struct optimizer *optimizer)
{
	struct plan *plan = &optimizer->plan;

	if (optimizer->options.previous && !plan_load(plan, optimizer->options.previous))
		return false;
	if (optimizer->problem->goal == PROBLEM_TARDINESS)
		return construct_dispatch(plan, &optimizer->makers);
	return construct_list(plan, &optimizer->makers) && weigh_makespan(optimizer);
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
		!plan_init(&optimizer->plan, problem, &weights) || !construct(optimizer)) {
		optimizer_destroy(optimizer);
		return NULL;
	}
	begin_search(optimizer);
	return optimizer;
}

void optimizer_destroy(struct optimizer *optimizer)
{
	if (!optimizer)
		return;
	if (optimizer->has_search)
		search_finish(&optimizer->search);
	plan_finish(&optimizer->plan);
	makers_finish(&optimizer->makers);
	free(optimizer);
}

bool optimizer_step(struct optimizer *optimizer, int64_t moves)
{
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
