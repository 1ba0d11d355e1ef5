/* What a plan costs. */
#include "scheduler/plan_inside.h"

#include <math.h> /* exp, log */

/* Changes of material that a change of the plan may save, at most (about). */
enum { CHANGES_SAVED_MAX = 16 };

/* Times lateness. */
static const double BROKEN_PROMISE = 5;

double plan_load_of(const struct plan *plan, int64_t end_s)
{
	double load = (double)end_s / plan->weights.scale_s;

	for (int i = 0; i < plan->weights.steepness; i++)
		load *= load;
	return load;
}

void plan_weigh_list(struct plan *plan, struct plan_list *list, int64_t idle_s)
{
	int64_t end_s = list->count > 0 ? plan->run[list->run[list->count - 1]].end_s : idle_s;

	if (end_s == list->end_s)
		return;
	list->end_s = end_s;
	if (plan->weights.scale_s <= 0)
		return;

	double load = plan_load_of(plan, end_s);

	plan->load += load - list->load;
	list->load = load;
}

/* The reverse of plan_cost. */
double plan_load_within(const struct plan *plan, double cost_max)
{
	const struct plan_weights *weights = &plan->weights;

	if (weights->makespan <= 0 || weights->scale_s <= 0)
		return INFINITY;
	cost_max -= plan->lateness + weights->move * plan->moved +
		    weights->change * (plan->changes - CHANGES_SAVED_MAX);
	return exp(cost_max * (1 << weights->steepness) / (weights->makespan * weights->scale_s));
}

void plan_set_scale(struct plan *plan, double scale_s, int steepness)
{
	plan->weights.scale_s = scale_s;
	plan->weights.steepness = steepness;
	plan->load = 0;
	for (size_t i = 0; i < plan->problem->printer_count; i++) {
		struct plan_list *list = &plan->list[i];
		int64_t end_s = list->end_s;

		list->end_s = -1;
		list->load = 0;
		plan_weigh_list(plan, list, end_s);
	}
}

void plan_weigh_order(struct plan *plan, int32_t index)
{
	struct plan_order *own = &plan->order[index];
	const struct problem_order *order = &plan->problem->order[index];
	int64_t done_s =
		order->release_s > order->printing_s ? order->release_s : order->printing_s;
	double cost;

	own->dirty = false;
	if (plan->problem->goal != PROBLEM_TARDINESS)
		return;
	for (int32_t id = own->first; id != PLAN_NONE; id = plan->run[id].next)
		if (plan->run[id].end_s > done_s)
			done_s = plan->run[id].end_s;
	own->done_s = done_s;
	cost = plan->weights.flow * (double)(done_s - order->release_s);
	if (done_s > order->due_s)
		cost += (double)(done_s - order->due_s);
	if (order->promised_s > 0 && done_s > order->promised_s)
		cost += BROKEN_PROMISE * (double)(done_s - order->promised_s);
	cost *= order->weight;
	plan->lateness += cost - own->cost;
	own->cost = cost;
}

double plan_cost(const struct plan *plan)
{
	const struct plan_weights *weights = &plan->weights;
	double cost =
		plan->lateness + weights->change * plan->changes + weights->move * plan->moved;

	if (weights->makespan > 0 && plan->load > 0)
		cost += weights->makespan * weights->scale_s * log(plan->load) /
			(1 << weights->steepness);
	return cost;
}

int64_t plan_makespan(const struct plan *plan)
{
	int64_t end_s = 0;

	for (size_t i = 0; i < plan->problem->printer_count; i++)
		if (plan->list[i].count > 0 && plan->list[i].end_s > end_s)
			end_s = plan->list[i].end_s;
	return end_s;
}

int64_t plan_goal(const struct plan *plan)
{
	int64_t goal = 0;

	if (plan->problem->goal == PROBLEM_MAKESPAN)
		return plan_makespan(plan);
	for (size_t i = 0; i < plan->problem->order_count; i++) {
		const struct problem_order *order = &plan->problem->order[i];

		if (plan->order[i].first != PLAN_NONE && plan->order[i].done_s > order->due_s)
			goal += order->weight * (plan->order[i].done_s - order->due_s);
	}
	return goal;
}
