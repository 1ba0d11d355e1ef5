/* What the files of a plan share with each other, and with nobody else: plan.c has the lists,
 * plan_undo.c takes changes back, plan_times.c and plan_crew.c know when things happen, plan_cost.c
 * weighs, plan_copy.c keeps. */
#ifndef SCHEDULER_PLAN_INSIDE_H
#define SCHEDULER_PLAN_INSIDE_H

#include "scheduler/plan.h"

/* To be called before the first write of a change: saves what plan_undo brings back. */
void plan_save_run(struct plan *plan, int32_t run);
void plan_save_list(struct plan *plan, int32_t printer);
void plan_save_order(struct plan *plan, int32_t order);

static inline struct plan_run *plan_touch_run(struct plan *plan, int32_t id)
{
	if (plan->run[id].change != plan->change)
		plan_save_run(plan, id);
	return &plan->run[id];
}

/* Its times will be computed anew. */
static inline struct plan_list *plan_touch_list(struct plan *plan, int32_t printer)
{
	if (plan->list[printer].change != plan->change)
		plan_save_list(plan, printer);
	return &plan->list[printer];
}

/* Its cost will be computed anew. */
static inline struct plan_order *plan_touch_order(struct plan *plan, int32_t order)
{
	struct plan_order *own = &plan->order[order];

	if (own->change != plan->change)
		plan_save_order(plan, order);
	if (!own->dirty) {
		own->dirty = true;
		plan->dirty_order[plan->dirty_order_count++] = order;
	}
	return own;
}

/* These ids may be used again. */
void plan_free_runs(struct plan *plan, const int32_t *run, int32_t count);

/* The run takes place like this. */
void plan_set_slot(struct plan *plan, int32_t run, const struct problem_slot *slot);

static inline bool plan_is_same(const struct plan_run *run, const struct problem_slot *slot)
{
	return run->end_s == slot->end_s && run->loaded == slot->after.loaded &&
	       run->spool_g == slot->after.spool_g && run->start_s == slot->start_s &&
	       run->service_s == slot->service_s && run->is_change == slot->is_change;
}

/* One printer of a site with few operators on its way through its list. */
struct server {
	int32_t printer, at;
	int64_t length_s; /* of the print that comes next */
	struct problem_slot slot;
	struct problem_state state;
};

/* The printer's site has so few people that its printers wait for each other. */
bool plan_has_few_operators(const struct problem *problem, int32_t printer);
/* Times all printers of such a site together. */
void plan_time_site(struct plan *plan, int32_t site);

/* What a printer that ends then adds to the plan's load, and how much load a cost allows. */
double plan_load_of(const struct plan *plan, int64_t end_s);
double plan_load_within(const struct plan *plan, double cost_max);
/* `idle_s`: when a printer without prints ends. */
void plan_weigh_list(struct plan *plan, struct plan_list *list, int64_t idle_s);
void plan_weigh_order(struct plan *plan, int32_t order);

#endif
