/* A plan that is being worked on; see plan.h. */
#include "scheduler/plan.h"

#include <math.h>   /* log */
#include <stdlib.h> /* calloc, realloc, free */
#include <string.h> /* memcpy, memmove */

enum {
	RUNS_AT_FIRST = 64,
	LIST_AT_FIRST = 8,
};

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

/* One printer of a site with few operators on its way through its list. */
struct server {
	int32_t printer, at;
	int64_t length_s; /* of the print that comes next */
	struct problem_slot slot;
	struct problem_state state;
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

/* ---- what was before the change ------------------------------------------- */

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

static struct plan_run *touch_run(struct plan *plan, int32_t id)
{
	struct plan_run *run = &plan->run[id];

	if (run->change != plan->change) {
		struct saved_run *saved = save_room(plan, &plan->saved_runs, sizeof *saved);

		if (saved) {
			saved->id = id;
			saved->run = *run;
		}
		run->change = plan->change;
	}
	return run;
}

static struct plan_list *touch_list(struct plan *plan, int32_t printer)
{
	struct plan_list *list = &plan->list[printer];

	if (list->change != plan->change) {
		size_t size = (size_t)list->count * sizeof *list->run;
		struct saved_list *saved =
			save_room(plan, &plan->saved_lists, sizeof *saved + size);

		if (saved) {
			*saved = (struct saved_list){ printer, list->count, list->end_s,
				list->load };
			if (size > 0)
				memcpy(saved + 1, list->run, size);
		}
		list->change = plan->change;
		plan->dirty_printer[plan->dirty_printer_count++] = printer;
	}
	return list;
}

static struct plan_order *touch_order(struct plan *plan, int32_t order)
{
	struct plan_order *own = &plan->order[order];

	if (own->change != plan->change) {
		struct saved_order *saved = save_room(plan, &plan->saved_orders, sizeof *saved);

		if (saved) {
			saved->order = order;
			saved->value = *own;
		}
		own->change = plan->change;
	}
	if (!own->dirty) {
		own->dirty = true;
		plan->dirty_order[plan->dirty_order_count++] = order;
	}
	return own;
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

static void free_runs(struct plan *plan, const int32_t *id, int32_t count)
{
	for (int32_t i = 0; i < count; i++) {
		plan->run[id[i]].printer = PLAN_NONE;
		plan->free_run[plan->free_count++] = id[i];
	}
}

void plan_keep(struct plan *plan)
{
	free_runs(plan, plan->old_run, plan->old_count);
	plan->old_count = plan->new_count = 0;
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
	free_runs(plan, plan->new_run, plan->new_count);
	plan->new_count = plan->old_count = 0;
	plan->load = plan->load_before;
	plan->lateness = plan->lateness_before;
	plan->changes = plan->changes_before;
	plan->moved = plan->moved_before;
	plan->live = plan->live_before;
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
		touch_run(plan, order->first)->prev = id;
	order->first = id;
	order->units += run->print.units;
}

int32_t plan_insert(struct plan *plan, int32_t printer, int32_t position, int32_t order,
	const struct problem_option *option, int32_t home)
{
	struct plan_list *list = touch_list(plan, printer);
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
	link_run(plan, touch_order(plan, order), id);
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
	struct plan_run *run = touch_run(plan, id);
	struct plan_list *list = touch_list(plan, run->printer);
	struct plan_order *order = touch_order(plan, run->print.order);

	if (run->next != PLAN_NONE)
		touch_run(plan, run->next)->prev = run->prev;
	if (run->prev != PLAN_NONE)
		touch_run(plan, run->prev)->next = run->next;
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
	note_dirty(touch_list(plan, printer), 0, 0);
}

void plan_order_changed(struct plan *plan, int32_t order)
{
	touch_order(plan, order);
}

int32_t plan_position(const struct plan *plan, int32_t run)
{
	const struct plan_list *list = &plan->list[plan->run[run].printer];
	int32_t at = 0;

	while (list->run[at] != run)
		at++;
	return at;
}

/* ---- times ---------------------------------------------------------------- */

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

static void set_slot(struct plan *plan, int32_t id, const struct problem_slot *slot)
{
	struct plan_run *run = touch_run(plan, id);

	if (run->end_s != slot->end_s && plan->problem->goal == PROBLEM_TARDINESS)
		touch_order(plan, run->print.order);
	plan->changes += slot->is_change - run->is_change;
	run->service_s = slot->service_s;
	run->service_end_s = slot->service_s + slot->service_length_s;
	run->start_s = slot->start_s;
	run->end_s = slot->end_s;
	run->loaded = slot->after.loaded;
	run->spool_g = slot->after.spool_g;
	run->is_change = slot->is_change;
}

static bool is_same(const struct plan_run *run, const struct problem_slot *slot)
{
	return run->end_s == slot->end_s && run->loaded == slot->after.loaded &&
	       run->spool_g == slot->after.spool_g && run->start_s == slot->start_s &&
	       run->service_s == slot->service_s && run->is_change == slot->is_change;
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
		if (!is_same(&plan->run[id], &slot))
			set_slot(plan, id, &slot);
		else if (at > list->dirty_to)
			break;
		state = slot.after;
	}
}

/* ---- a site with few operators: all its printers together ------------------ */

struct crew {
	int32_t count;
	int64_t free_s[PLAN_OPERATORS_MAX];
};

static int32_t first_free(const struct crew *crew)
{
	int32_t first = 0;

	for (int32_t i = 1; i < crew->count; i++)
		if (crew->free_s[i] < crew->free_s[first])
			first = i;
	return first;
}

/* Does all prints that need nobody; false: the list has ended. */
static bool advance(struct plan *plan, struct server *server, int64_t person_s)
{
	const struct plan_list *list = &plan->list[server->printer];

	for (; server->at < list->count; server->at++) {
		int32_t id = list->run[server->at];

		if (!problem_place(plan->problem, (size_t)server->printer, &server->state,
			    &plan->run[id].print, person_s, &server->slot)) {
			plan->failed = true;
			return false;
		}
		server->length_s = plan->run[id].print.length_s;
		if (server->slot.service_s >= 0)
			return true;
		if (!is_same(&plan->run[id], &server->slot))
			set_slot(plan, id, &server->slot);
		server->state = server->slot.after;
	}
	return false;
}

/* Who is served next once somebody is free: the earliest; of those that wait then the longest
 * print. */
static int32_t served_next(const struct server *server, int32_t count, int64_t free_s)
{
	int32_t best = 0;
	int64_t best_s = server[0].slot.service_s < free_s ? free_s : server[0].slot.service_s;

	for (int32_t i = 1; i < count; i++) {
		int64_t at_s =
			server[i].slot.service_s < free_s ? free_s : server[i].slot.service_s;

		if (at_s > best_s ||
			(at_s == best_s && server[i].length_s <= server[best].length_s))
			continue;
		best = i;
		best_s = at_s;
	}
	return best;
}

static void serve_all(struct plan *plan, struct server *server, int32_t count, struct crew *crew)
{
	while (count > 0 && !plan->failed) {
		int32_t operator= first_free(crew);
		int32_t best = served_next(server, count, crew->free_s[operator]);
		struct server *next = &server[best];

		if (next->slot.service_s < crew->free_s[operator]) {
			if (!advance(plan, next, crew->free_s[operator]))
				server[best] = server[--count];
			continue;
		}

		int32_t id = plan->list[next->printer].run[next->at];

		crew->free_s[operator] = next->slot.service_s + next->slot.service_length_s;
		if (!is_same(&plan->run[id], &next->slot))
			set_slot(plan, id, &next->slot);
		next->state = next->slot.after;
		next->at++;
		if (!advance(plan, next, crew->free_s[first_free(crew)]))
			server[best] = server[--count];
	}
}

/* From when on the site's services may differ: nothing that was changed can be served before. */
static int64_t first_difference_s(const struct plan *plan, int32_t site)
{
	int64_t first_s = PROBLEM_NEVER;

	for (int32_t i = 0; i < plan->dirty_printer_count; i++) {
		int32_t printer = plan->dirty_printer[i];
		const struct plan_list *list = &plan->list[printer];
		int32_t at = list->dirty_from < list->count ? list->dirty_from : list->count;
		int64_t ready_s = plan_state(plan, printer, at).ready_s;

		if (plan->problem->printer[printer].site == site && ready_s < first_s)
			first_s = ready_s;
	}
	return first_s;
}

/* The crew is free when the latest services have ended. */
static void book(struct crew *crew, int64_t end_s)
{
	int32_t first = first_free(crew);

	if (crew->free_s[first] < end_s)
		crew->free_s[first] = end_s;
}

/* Behind the prints that stay as they are; what they booked is in the crew. */
static int32_t skip_unchanged(
	const struct plan *plan, int32_t printer, int64_t until_s, struct crew *crew)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t at = 0, end = list->count;

	if (list->change == plan->change && list->dirty_from < end)
		end = list->dirty_from;
	for (; at < end; at++) {
		const struct plan_run *run = &plan->run[list->run[at]];

		if (run->service_s >= until_s)
			break;
		if (run->service_s >= 0)
			book(crew, run->service_end_s);
	}
	return at;
}

static void time_site(struct plan *plan, int32_t site)
{
	const struct problem *problem = plan->problem;
	struct crew crew = { .count = problem->site[site].operators };
	int64_t until_s = first_difference_s(plan, site);
	int32_t count = 0;

	for (size_t i = 0; i < problem->printer_count; i++) {
		struct server *server = &plan->server[count];
		int32_t printer = (int32_t)i;

		if (problem->printer[i].site != site)
			continue;
		*server = (struct server){ .printer = printer,
			.at = skip_unchanged(plan, printer, until_s, &crew) };
		if (server->at == plan->list[i].count && plan->list[i].change != plan->change)
			continue;
		touch_list(plan, printer);
		server->state = plan_state(plan, printer, server->at);
		count++;
	}
	for (int32_t i = count; i-- > 0;)
		if (!advance(plan, &plan->server[i], crew.free_s[first_free(&crew)]))
			plan->server[i] = plan->server[--count];
	serve_all(plan, plan->server, count, &crew);
}

static bool has_few_operators(const struct problem *problem, int32_t printer)
{
	int32_t operators = problem->site[problem->printer[printer].site].operators;

	return operators > 0 && operators <= PLAN_OPERATORS_MAX;
}

/* ---- cost ----------------------------------------------------------------- */

static void weigh_list(struct plan *plan, struct plan_list *list, int64_t idle_s)
{
	int64_t end_s = list->count > 0 ? plan->run[list->run[list->count - 1]].end_s : idle_s;

	if (end_s == list->end_s)
		return;
	list->end_s = end_s;
	if (plan->weights.scale_s <= 0)
		return;

	double load = (double)end_s / plan->weights.scale_s;

	for (int i = 0; i < plan->weights.steepness; i++)
		load *= load;
	plan->load += load - list->load;
	list->load = load;
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
		weigh_list(plan, list, end_s);
	}
}

static void weigh_order(struct plan *plan, int32_t index)
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
	cost *= order->weight;
	plan->lateness += cost - own->cost;
	own->cost = cost;
}

static void time_sites(struct plan *plan)
{
	uint64_t done = 0; /* sites beyond 64 may be computed twice */
	int32_t count = plan->dirty_printer_count;

	for (int32_t i = 0; i < count; i++) {
		int32_t printer = plan->dirty_printer[i];
		int32_t site = plan->problem->printer[printer].site;

		if (!has_few_operators(plan->problem, printer) || (site < 64 && (done >> site & 1)))
			continue;
		if (site < 64)
			done |= (uint64_t)1 << site;
		time_site(plan, site);
	}
}

bool plan_settle(struct plan *plan)
{
	for (int32_t i = 0; i < plan->dirty_printer_count; i++)
		if (!has_few_operators(plan->problem, plan->dirty_printer[i]))
			time_list(plan, plan->dirty_printer[i]);
	time_sites(plan);
	for (int32_t i = 0; i < plan->dirty_printer_count; i++) {
		struct plan_list *list = &plan->list[plan->dirty_printer[i]];

		list->dirty_from = INT32_MAX;
		list->dirty_to = PLAN_NONE;
		if (!plan->failed)
			weigh_list(plan, list,
				plan->problem->printer[plan->dirty_printer[i]].state.ready_s);
	}
	for (int32_t i = 0; i < plan->dirty_order_count && !plan->failed; i++)
		weigh_order(plan, plan->dirty_order[i]);
	return !plan->failed;
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

/* ---- copies --------------------------------------------------------------- */

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
