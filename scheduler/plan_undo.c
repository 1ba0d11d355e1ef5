/* What a plan was before the change that is going on. */
#include "scheduler/plan_inside.h"

#include <stdlib.h> /* realloc */
#include <string.h> /* memcpy */

struct saved_run {
	int32_t id;
	struct plan_run run;
};

struct saved_list {
	int32_t printer, count;
	int64_t end_s;
	double load;
	/* followed by the runs */
};

struct saved_order {
	int32_t order;
	struct plan_order value;
};

/* Room for `size` more bytes; NULL without memory. */
static void *save_room(struct plan *plan, struct plan_log *log, size_t size)
{
	size = (size + 7) & ~(size_t)7;
	if (log->used + size > log->capacity) {
		size_t capacity = 2 * (log->used + size) + 4096;
		char *room = realloc(log->room, capacity);

		if (!room) {
			plan->failed = true;
			return NULL;
		}
		log->room = room;
		log->capacity = capacity;
	}
	log->used += size;
	return log->room + log->used - size;
}

void plan_save_run(struct plan *plan, int32_t id)
{
	struct saved_run *saved = save_room(plan, &plan->saved_runs, sizeof *saved);

	if (saved) {
		saved->id = id;
		saved->run = plan->run[id];
	}
	plan->run[id].change = plan->change;
}

void plan_save_list(struct plan *plan, int32_t printer)
{
	struct plan_list *list = &plan->list[printer];
	size_t size = (size_t)list->count * sizeof *list->run;
	struct saved_list *saved = save_room(plan, &plan->saved_lists, sizeof *saved + size);

	if (saved) {
		*saved = (struct saved_list){ printer, list->count, list->end_s, list->load };
		if (size > 0)
			memcpy(saved + 1, list->run, size);
	}
	list->change = plan->change;
	plan->dirty_printer[plan->dirty_printer_count++] = printer;
}

void plan_save_order(struct plan *plan, int32_t order)
{
	struct saved_order *saved = save_room(plan, &plan->saved_orders, sizeof *saved);

	if (saved) {
		saved->order = order;
		saved->value = plan->order[order];
	}
	plan->order[order].change = plan->change;
}

static void restore_lists(struct plan *plan)
{
	for (size_t at = 0; at < plan->saved_lists.used;) {
		const struct saved_list *saved =
			(const struct saved_list *)(plan->saved_lists.room + at);
		struct plan_list *list = &plan->list[saved->printer];
		size_t size = (size_t)saved->count * sizeof *list->run;

		if (size > 0)
			memcpy(list->run, saved + 1, size);
		list->count = saved->count;
		list->end_s = saved->end_s;
		list->load = saved->load;
		list->dirty_from = INT32_MAX;
		list->dirty_to = PLAN_NONE;
		at += (sizeof *saved + size + 7) & ~(size_t)7;
	}
}

void plan_undo(struct plan *plan)
{
	for (size_t at = 0; at < plan->saved_runs.used; at += sizeof(struct saved_run)) {
		const struct saved_run *saved =
			(const struct saved_run *)(plan->saved_runs.room + at);

		plan->run[saved->id] = saved->run;
	}
	restore_lists(plan);
	for (size_t at = 0; at < plan->saved_orders.used; at += sizeof(struct saved_order)) {
		const struct saved_order *saved =
			(const struct saved_order *)(plan->saved_orders.room + at);

		plan->order[saved->order] = saved->value;
		plan->order[saved->order].dirty = false;
	}
	plan_free_runs(plan, plan->new_run, plan->new_count);
	plan->new_count = plan->old_count = 0;
	plan->load = plan->load_before;
	plan->lateness = plan->lateness_before;
	plan->changes = plan->changes_before;
	plan->moved = plan->moved_before;
	plan->live = plan->live_before;
}
