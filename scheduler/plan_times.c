/* When the prints of a plan take place. */
#include "scheduler/plan_inside.h"

#include <math.h> /* INFINITY, isinf */

struct problem_state plan_state(const struct plan *plan, int32_t printer, int32_t position)
{
	if (position == 0)
		return plan->problem->printer[printer].state;

	const struct plan_run *run = &plan->run[plan->list[printer].run[position - 1]];

	return (struct problem_state){
		.ready_s = run->end_s,
		.loaded = run->loaded,
		.spool_g = run->spool_g,
		.dirty = true,
	};
}

void plan_set_slot(struct plan *plan, int32_t id, const struct problem_slot *slot)
{
	struct plan_run *run = plan_touch_run(plan, id);

	if (run->end_s != slot->end_s && plan->problem->goal == PROBLEM_TARDINESS)
		plan_touch_order(plan, run->print.order);
	plan->changes += slot->is_change - run->is_change;
	run->service_s = slot->service_s;
	run->service_end_s = slot->service_s + slot->service_length_s;
	run->start_s = slot->start_s;
	run->end_s = slot->end_s;
	run->loaded = slot->after.loaded;
	run->spool_g = slot->after.spool_g;
	run->is_change = slot->is_change;
}

static void time_list(struct plan *plan, int32_t printer)
{
	struct plan_list *list = &plan->list[printer];
	struct problem_state state = plan_state(
		plan, printer, list->dirty_from < list->count ? list->dirty_from : list->count);
	struct problem_slot slot;

	for (int32_t at = list->dirty_from; at < list->count; at++) {
		int32_t id = list->run[at];

		if (!problem_place(plan->problem, (size_t)printer, &state, &plan->run[id].print, 0,
			    &slot)) {
			plan->failed = true;
			return;
		}
		if (!plan_is_same(&plan->run[id], &slot))
			plan_set_slot(plan, id, &slot);
		else if (at > list->dirty_to)
			break;
		state = slot.after;
	}
}

static void time_sites(struct plan *plan)
{
	uint64_t done = 0; /* sites beyond 64 may be computed twice */
	int32_t count = plan->dirty_printer_count;

	for (int32_t i = 0; i < count && !plan->failed; i++) {
		int32_t printer = plan->dirty_printer[i];
		int32_t site = plan->problem->printer[printer].site;

		if (!plan_has_few_operators(plan->problem, printer) ||
			(site < 64 && (done >> site & 1)))
			continue;
		if (site < 64)
			done |= (uint64_t)1 << site;
		plan_time_site(plan, site);
	}
}

/* When the printer would end if nobody kept it waiting for people. */
static int64_t end_alone_s(const struct plan *plan, int32_t printer)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t at = list->dirty_from < list->count ? list->dirty_from : list->count;
	struct problem_state state = plan_state(plan, printer, at);
	struct problem_slot slot;

	for (; at < list->count; at++) {
		const struct plan_run *run = &plan->run[list->run[at]];

		if (!problem_place(plan->problem, (size_t)printer, &state, &run->print, 0, &slot))
			return PROBLEM_NEVER;
		if (at > list->dirty_to && plan_is_same(run, &slot))
			return list->end_s;
		state = slot.after;
	}
	return state.ready_s;
}

/* Most changes are bad, which is found out here without writing anything down.  That others may
 * have to wait for people longer, or not as long, is left out. */
static bool costs_too_much(const struct plan *plan)
{
	double load = plan->load;

	if (isinf(plan->load_max))
		return false;
	for (int32_t i = 0; i < plan->dirty_printer_count; i++)
		load -= plan->list[plan->dirty_printer[i]].load;
	for (int32_t i = 0; i < plan->dirty_printer_count && load <= plan->load_max; i++)
		load += plan_load_of(plan, end_alone_s(plan, plan->dirty_printer[i]));
	return load > plan->load_max;
}

static void weigh(struct plan *plan, int32_t printer)
{
	struct plan_list *list = &plan->list[printer];

	list->dirty_from = INT32_MAX;
	list->dirty_to = PLAN_NONE;
	if (!plan->failed)
		plan_weigh_list(plan, list, plan->problem->printer[printer].state.ready_s);
}

bool plan_settle_within(struct plan *plan, double cost_max)
{
	plan->load_max = plan_load_within(plan, cost_max);
	if (costs_too_much(plan))
		plan->failed = true;
	for (int32_t i = 0; i < plan->dirty_printer_count && !plan->failed; i++)
		if (!plan_has_few_operators(plan->problem, plan->dirty_printer[i]))
			time_list(plan, plan->dirty_printer[i]);
	time_sites(plan);
	for (int32_t i = 0; i < plan->dirty_printer_count; i++)
		weigh(plan, plan->dirty_printer[i]);
	for (int32_t i = 0; i < plan->dirty_order_count && !plan->failed; i++)
		plan_weigh_order(plan, plan->dirty_order[i]);
	return !plan->failed;
}

bool plan_settle(struct plan *plan)
{
	return plan_settle_within(plan, INFINITY);
}
