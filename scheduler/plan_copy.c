/* What a plan consists of, apart from its times: to keep the best one and to come back to it. */
#include "scheduler/plan_inside.h"

#include <stdlib.h> /* realloc */

bool plan_save(const struct plan *plan, struct plan_copy *copy)
{
	if (copy->capacity < (size_t)plan->live) {
		size_t capacity = (size_t)plan->live + (size_t)plan->live / 4 + 16;
		struct plan_copy_item *item = realloc(copy->item, capacity * sizeof *item);

		if (!item)
			return false;
		copy->item = item;
		copy->capacity = capacity;
	}
	copy->count = 0;
	for (size_t p = 0; p < plan->problem->printer_count; p++)
		for (int32_t i = 0; i < plan->list[p].count; i++) {
			const struct plan_run *run = &plan->run[plan->list[p].run[i]];

			copy->item[copy->count++] =
				(struct plan_copy_item){ (int32_t)p, run->print.order, run->option,
					run->home, run->kept, run->print.reload };
		}
	return true;
}

static void empty(struct plan *plan)
{
	const struct problem *problem = plan->problem;

	for (size_t i = 0; i < problem->printer_count; i++) {
		struct plan_list *list = &plan->list[i];

		list->count = 0;
		list->dirty_from = INT32_MAX;
		list->dirty_to = PLAN_NONE;
		list->end_s = 0;
		list->load = 0;
	}
	for (size_t i = 0; i < problem->order_count; i++)
		plan->order[i] = (struct plan_order){ .first = PLAN_NONE };
	plan->run_count = plan->free_count = plan->live = 0;
	plan->changes = plan->moved = 0;
	plan->load = plan->lateness = 0;
}

bool plan_load(struct plan *plan, const struct plan_copy *copy)
{
	empty(plan);
	plan_change(plan);
	for (size_t i = 0; i < copy->count; i++) {
		const struct plan_copy_item *item = &copy->item[i];
		int32_t id = plan_insert(plan, item->printer, plan->list[item->printer].count,
			item->order, &plan->problem->option[item->option], item->home);

		if (id == PLAN_NONE)
			return false;
		plan->run[id].kept = item->kept;
		plan->run[id].print.reload = item->reload;
	}
	bool is_settled = plan_settle(plan);

	plan_keep(plan);
	return is_settled;
}
