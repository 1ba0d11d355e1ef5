/* A plan that is being worked on: its lists; see plan.h. */
#include "scheduler/plan_inside.h"

#include <stdlib.h> /* calloc, realloc, free */
#include <string.h> /* memmove */

enum {
	RUNS_AT_FIRST = 64,
	LIST_AT_FIRST = 8,
};

bool plan_init(struct plan *plan, const struct problem *problem, const struct plan_weights *weights)
{
	*plan = (struct plan){ .problem = problem, .weights = *weights };
	plan->list = calloc(problem->printer_count + 1, sizeof *plan->list);
	plan->order = calloc(problem->order_count + 1, sizeof *plan->order);
	plan->dirty_printer = calloc(problem->printer_count + 1, sizeof *plan->dirty_printer);
	plan->dirty_order = calloc(problem->order_count + 1, sizeof *plan->dirty_order);
	plan->server = calloc(problem->printer_count + 1, sizeof *plan->server);
	if (!plan->list || !plan->order || !plan->dirty_printer || !plan->dirty_order ||
		!plan->server) {
		plan_finish(plan);
		return false;
	}
	plan->order_capacity = problem->order_count + 1;
	for (size_t i = 0; i < plan->order_capacity; i++)
		plan->order[i].first = PLAN_NONE;
	for (size_t i = 0; i < problem->printer_count; i++) {
		plan->list[i].dirty_from = INT32_MAX;
		plan->list[i].dirty_to = PLAN_NONE;
	}
	return true;
}

bool plan_grow(struct plan *plan, size_t order_count)
{
	size_t capacity = 2 * order_count + 64;

	if (order_count <= plan->order_capacity)
		return true;
	struct plan_order *order = realloc(plan->order, capacity * sizeof *order);
	int32_t *dirty = realloc(plan->dirty_order, capacity * sizeof *dirty);

	plan->order = order ? order : plan->order;
	plan->dirty_order = dirty ? dirty : plan->dirty_order;
	if (!order || !dirty)
		return false;
	for (size_t i = plan->order_capacity; i < capacity; i++)
		plan->order[i] = (struct plan_order){ .first = PLAN_NONE };
	plan->order_capacity = capacity;
	return true;
}

void plan_finish(struct plan *plan)
{
	for (size_t i = 0; plan->list && i < plan->problem->printer_count; i++)
		free(plan->list[i].run);
	free(plan->list);
	free(plan->order);
	free(plan->run);
	free(plan->free_run);
	free(plan->new_run);
	free(plan->old_run);
	free(plan->dirty_printer);
	free(plan->dirty_order);
	free(plan->server);
	free(plan->saved_runs.room);
	free(plan->saved_lists.room);
	free(plan->saved_orders.room);
	*plan = (struct plan){ 0 };
}

void plan_change(struct plan *plan)
{
	plan->change++;
	plan->failed = false;
	plan->saved_runs.used = plan->saved_lists.used = plan->saved_orders.used = 0;
	plan->new_count = plan->old_count = 0;
	plan->dirty_printer_count = plan->dirty_order_count = 0;
	plan->load_before = plan->load;
	plan->lateness_before = plan->lateness;
	plan->changes_before = plan->changes;
	plan->moved_before = plan->moved;
	plan->live_before = plan->live;
}

void plan_free_runs(struct plan *plan, const int32_t *id, int32_t count)
{
	for (int32_t i = 0; i < count; i++) {
		plan->run[id[i]].printer = PLAN_NONE;
		plan->free_run[plan->free_count++] = id[i];
	}
}

void plan_keep(struct plan *plan)
{
	plan_free_runs(plan, plan->old_run, plan->old_count);
	plan->old_count = plan->new_count = 0;
}

/* ---- runs in and out ------------------------------------------------------ */

static bool grow(int32_t **array, size_t count)
{
	int32_t *bigger = realloc(*array, count * sizeof *bigger);

	if (!bigger)
		return false;
	*array = bigger;
	return true;
}

static bool grow_runs(struct plan *plan)
{
	int32_t capacity = plan->run_capacity ? 2 * plan->run_capacity : RUNS_AT_FIRST;
	struct plan_run *run = realloc(plan->run, (size_t)capacity * sizeof *run);

	if (run)
		plan->run = run;
	if (!run || !grow(&plan->free_run, (size_t)capacity) ||
		!grow(&plan->new_run, (size_t)capacity) || !grow(&plan->old_run, (size_t)capacity))
		return false;
	plan->run_capacity = capacity;
	return true;
}

static int32_t new_run(struct plan *plan)
{
	int32_t id;

	if (plan->free_count > 0) {
		id = plan->free_run[--plan->free_count];
	} else {
		if (plan->run_count == plan->run_capacity && !grow_runs(plan)) {
			plan->failed = true;
			return PLAN_NONE;
		}
		id = plan->run_count++;
	}
	plan->new_run[plan->new_count++] = id;
	return id;
}

static void note_dirty(struct plan_list *list, int32_t from, int32_t to)
{
	if (from < list->dirty_from)
		list->dirty_from = from;
	if (to > list->dirty_to)
		list->dirty_to = to;
}

static bool has_list_room(struct plan_list *list)
{
	if (list->count < list->capacity)
		return true;

	int32_t capacity = list->capacity ? 2 * list->capacity : LIST_AT_FIRST;

	if (!grow(&list->run, (size_t)capacity))
		return false;
	list->capacity = capacity;
	return true;
}

static bool counts_as_moved(const struct plan_run *run)
{
	return run->home != PLAN_NONE && run->home != run->printer;
}

static void link_run(struct plan *plan, struct plan_order *order, int32_t id)
{
	struct plan_run *run = &plan->run[id];

	run->prev = PLAN_NONE;
	run->next = order->first;
	if (order->first != PLAN_NONE)
		plan_touch_run(plan, order->first)->prev = id;
	order->first = id;
	order->units += run->print.units;
}

int32_t plan_insert(struct plan *plan, int32_t printer, int32_t position, int32_t order,
	const struct problem_option *option, int32_t home)
{
	struct plan_list *list = plan_touch_list(plan, printer);
	int32_t id = new_run(plan);

	if (id == PLAN_NONE || !has_list_room(list)) {
		plan->failed = true;
		return PLAN_NONE;
	}
	plan->run[id] = (struct plan_run){
		.print = { .order = order,
			.units = option->units,
			.grams = option->grams,
			.earliest_s = option->earliest_s,
			.attended = option->attended,
			.length_s = problem_print_s(plan->problem, (size_t)printer, option) },
		.printer = printer,
		.option = (int32_t)(option - plan->problem->option),
		.home = home,
		.change = plan->change,
		.end_s = -1,
	};
	link_run(plan, plan_touch_order(plan, order), id);
	memmove(list->run + position + 1, list->run + position,
		(size_t)(list->count - position) * sizeof *list->run);
	list->run[position] = id;
	list->count++;
	if (list->dirty_to >= position)
		list->dirty_to++;
	note_dirty(list, position, position);
	plan->moved += counts_as_moved(&plan->run[id]);
	plan->live++;
	return id;
}

void plan_remove(struct plan *plan, int32_t id, int32_t position)
{
	struct plan_run *run = plan_touch_run(plan, id);
	struct plan_list *list = plan_touch_list(plan, run->printer);
	struct plan_order *order = plan_touch_order(plan, run->print.order);

	if (run->next != PLAN_NONE)
		plan_touch_run(plan, run->next)->prev = run->prev;
	if (run->prev != PLAN_NONE)
		plan_touch_run(plan, run->prev)->next = run->next;
	else
		order->first = run->next;
	order->units -= run->print.units;
	list->count--;
	memmove(list->run + position, list->run + position + 1,
		(size_t)(list->count - position) * sizeof *list->run);
	if (list->dirty_to >= position)
		list->dirty_to--;
	/* What followed must be looked at: it follows something else now. */
	note_dirty(list, position, position);
	plan->changes -= run->is_change;
	plan->moved -= counts_as_moved(run);
	plan->live--;
	plan->old_run[plan->old_count++] = id;
}

void plan_printer_changed(struct plan *plan, int32_t printer)
{
	note_dirty(plan_touch_list(plan, printer), 0, 0);
}

void plan_order_changed(struct plan *plan, int32_t order)
{
	plan_touch_order(plan, order);
}

int32_t plan_position(const struct plan *plan, int32_t run)
{
	const struct plan_list *list = &plan->list[plan->run[run].printer];
	int32_t at = 0;

	while (list->run[at] != run)
		at++;
	return at;
}
