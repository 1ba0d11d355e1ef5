/* A first plan for very many prints; see spread.h. */
#include "scheduler/spread.h"

#include <stdlib.h> /* calloc, free, qsort */

enum { GROUPS_MAX = 256 };

/* A new material on a printer costs more than its change: it comes again with every reel. */
static const double CHANGE_FACTOR = 2;

struct load_heap {
	int32_t *printer;
	double *key; /* the load when it was put in: never above what it is now */
	int32_t count;
};

struct group {
	int32_t example; /* printer */
	int32_t count;
	struct load_heap all, *of_material;
};

struct job {
	int32_t order;
	double length_s;
};

struct item {
	int32_t order, option, next;
};

struct spread {
	struct plan *plan;
	const struct problem *problem;
	const struct makers *makers;
	int32_t *group_of; /* printer */
	struct group group[GROUPS_MAX];
	int32_t group_count;
	uint64_t *owned; /* materials that a printer has or will have */
	double *load_s;
	double *change_s; /* to a material, on average */
	int32_t *first;	  /* items by [printer * materials + material] */
	struct item *item;
	int32_t item_count, item_capacity;
};

bool spread_suits(const struct problem *problem)
{
	if (problem->goal != PROBLEM_MAKESPAN)
		return false;
	for (size_t i = 0; i < problem->site_count; i++)
		if (problem->site[i].operators > 0 || problem->site[i].hours.count > 0 ||
			problem->site[i].quiet.count > 0)
			return false;
	for (size_t i = 0; i < problem->order_count; i++)
		if (problem->order[i].release_s > problem->now_s)
			return false;
	return true;
}

/* ---- heaps by load -------------------------------------------------------- */

static void sift_down(struct load_heap *heap)
{
	int32_t at = 0, printer = heap->printer[0];
	double key = heap->key[0];

	for (;;) {
		int32_t child = 2 * at + 1;

		if (child >= heap->count)
			break;
		if (child + 1 < heap->count && heap->key[child + 1] < heap->key[child])
			child++;
		if (heap->key[child] >= key)
			break;
		heap->key[at] = heap->key[child];
		heap->printer[at] = heap->printer[child];
		at = child;
	}
	heap->key[at] = key;
	heap->printer[at] = printer;
}

static void push(struct load_heap *heap, int32_t printer, double key)
{
	int32_t at = heap->count++;

	for (; at > 0 && heap->key[(at - 1) / 2] > key; at = (at - 1) / 2) {
		heap->key[at] = heap->key[(at - 1) / 2];
		heap->printer[at] = heap->printer[(at - 1) / 2];
	}
	heap->key[at] = key;
	heap->printer[at] = printer;
}

/* The printer with the least load; PLAN_NONE: none. */
static int32_t least(const struct spread *spread, struct load_heap *heap)
{
	if (heap->count == 0)
		return PLAN_NONE;
	while (heap->key[0] < spread->load_s[heap->printer[0]]) {
		heap->key[0] = spread->load_s[heap->printer[0]];
		sift_down(heap);
	}
	return heap->printer[0];
}

static bool heap_room(struct load_heap *heap, int32_t count)
{
	heap->printer = calloc((size_t)count + 1, sizeof *heap->printer);
	heap->key = calloc((size_t)count + 1, sizeof *heap->key);
	return heap->printer && heap->key;
}

/* ---- groups --------------------------------------------------------------- */

static bool is_alike(const struct problem_printer *a, const struct problem_printer *b)
{
	return a->kind == b->kind && a->nozzle_um == b->nozzle_um && a->materials == b->materials &&
	       a->eject == b->eject && a->absent == b->absent;
}

static bool find_groups(struct spread *spread)
{
	const struct problem *problem = spread->problem;

	for (int32_t printer = 0; printer < (int32_t)problem->printer_count; printer++) {
		int32_t at = 0;

		while (at < spread->group_count &&
			!is_alike(&problem->printer[printer],
				&problem->printer[spread->group[at].example]))
			at++;
		if (at == GROUPS_MAX)
			return false;
		if (at == spread->group_count)
			spread->group[spread->group_count++].example = printer;
		spread->group_of[printer] = at;
		spread->group[at].count++;
	}
	return true;
}

static bool fill_groups(struct spread *spread)
{
	const struct problem *problem = spread->problem;

	for (int32_t i = 0; i < spread->group_count; i++) {
		struct group *group = &spread->group[i];

		group->of_material = calloc(problem->material_count, sizeof *group->of_material);
		if (!group->of_material || !heap_room(&group->all, group->count))
			return false;
		for (size_t m = 0; m < problem->material_count; m++)
			if (!heap_room(&group->of_material[m], group->count))
				return false;
	}
	for (int32_t printer = 0; printer < (int32_t)problem->printer_count; printer++) {
		struct problem_state state =
			plan_state(spread->plan, printer, spread->plan->list[printer].count);
		struct group *group = &spread->group[spread->group_of[printer]];

		spread->load_s[printer] = (double)state.ready_s;
		spread->owned[printer] = (uint64_t)1 << state.loaded;
		push(&group->all, printer, (double)state.ready_s);
		push(&group->of_material[state.loaded], printer, (double)state.ready_s);
	}
	return true;
}

/* ---- one print after another ---------------------------------------------- */

static void average_changes(struct spread *spread)
{
	size_t count = spread->problem->material_count;

	for (size_t to = 0; to < count; to++) {
		for (size_t from = 0; from < count; from++)
			spread->change_s[to] += spread->problem->change_s[from * count + to];
		spread->change_s[to] *= CHANGE_FACTOR / (double)(count > 1 ? count - 1 : 1);
	}
}

static double takes_s(const struct spread *spread, int32_t printer,
	const struct problem_option *option, int32_t material)
{
	const struct problem *problem = spread->problem;

	return (double)problem_print_s(problem, (size_t)printer, option) +
	       problem->printer[printer].clear_s +
	       (double)problem->reload_s * option->grams / problem->reel_g[material];
}

struct place {
	int32_t printer;
	const struct problem_option *option;
	double end_s, takes_s;
};

static void try_place(const struct spread *spread, int32_t printer,
	const struct problem_option *option, int32_t material, double more_s, struct place *best)
{
	if (printer == PLAN_NONE)
		return;
	double length_s = takes_s(spread, printer, option, material) + more_s;
	double end_s = spread->load_s[printer] + length_s;

	if (best->printer != PLAN_NONE && end_s >= best->end_s)
		return;
	*best = (struct place){ printer, option, end_s, length_s };
}

static bool note(struct spread *spread, const struct place *place, int32_t order)
{
	if (spread->item_count == spread->item_capacity) {
		int32_t capacity = spread->item_capacity ? 2 * spread->item_capacity : 1024;
		struct item *item = realloc(spread->item, (size_t)capacity * sizeof *item);

		if (!item)
			return false;
		spread->item = item;
		spread->item_capacity = capacity;
	}
	int32_t *first = &spread->first[(size_t)place->printer * spread->problem->material_count +
					(size_t)spread->problem->order[order].material];

	spread->item[spread->item_count] =
		(struct item){ order, (int32_t)(place->option - spread->problem->option), *first };
	*first = spread->item_count++;
	return true;
}

static void take(struct spread *spread, const struct place *place, int32_t material)
{
	uint64_t bit = (uint64_t)1 << material;
	struct group *group = &spread->group[spread->group_of[place->printer]];

	spread->load_s[place->printer] += place->takes_s;
	if (!(spread->owned[place->printer] & bit))
		push(&group->of_material[material], place->printer, spread->load_s[place->printer]);
	spread->owned[place->printer] |= bit;
}

static bool spread_order(struct spread *spread, int32_t order)
{
	const struct problem *problem = spread->problem;
	int32_t material = problem->order[order].material;
	int32_t left = problem->order[order].units - spread->plan->order[order].units;

	while (left > 0) {
		struct place best = { .printer = PLAN_NONE };

		for (int32_t i = 0; i < spread->group_count; i++) {
			struct group *group = &spread->group[i];
			const struct problem_option *option =
				problem->printer[group->example].absent
					? NULL
					: makers_option(problem, group->example, order, left);

			if (!option)
				continue;
			try_place(spread, least(spread, &group->of_material[material]), option,
				material, 0, &best);
			try_place(spread, least(spread, &group->all), option, material,
				spread->change_s[material], &best);
		}
		if (best.printer == PLAN_NONE)
			return true;
		if (!note(spread, &best, order))
			return false;
		take(spread, &best, material);
		left -= best.option->units;
	}
	return true;
}

static int longest_first(const void *a, const void *b)
{
	const struct job *x = a, *y = b;

	if (x->length_s < y->length_s || x->length_s > y->length_s)
		return x->length_s > y->length_s ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static bool spread_all(struct spread *spread)
{
	size_t count = spread->problem->order_count;
	struct job *job = calloc(count + 1, sizeof *job);
	bool is_done = job != NULL;

	for (size_t i = 0; is_done && i < count; i++)
		job[i] = (struct job){ (int32_t)i,
			spread->makers->fastest_s[spread->makers->kind[i]] };
	if (is_done)
		qsort(job, count, sizeof *job, longest_first);
	for (size_t i = 0; is_done && i < count; i++)
		is_done = spread_order(spread, job[i].order);
	free(job);
	return is_done;
}

/* ---- into the plan -------------------------------------------------------- */

/* The material that takes least to change to; PLAN_NONE: no more. */
static int32_t next_material(const struct spread *spread, int32_t printer, int32_t loaded)
{
	size_t count = spread->problem->material_count;
	const int32_t *first = &spread->first[(size_t)printer * count];
	int32_t best = PLAN_NONE;

	if (first[loaded] != PLAN_NONE)
		return loaded;
	for (size_t m = 0; m < count; m++)
		if (first[m] != PLAN_NONE &&
			(best == PLAN_NONE ||
				spread->problem->change_s[(size_t)loaded * count + m] <
					spread->problem
						->change_s[(size_t)loaded * count + (size_t)best]))
			best = (int32_t)m;
	return best;
}

static bool write_printer(struct spread *spread, int32_t printer)
{
	struct plan *plan = spread->plan;
	int32_t loaded = plan_state(plan, printer, plan->list[printer].count).loaded;
	int32_t material;

	while ((material = next_material(spread, printer, loaded)) != PLAN_NONE) {
		int32_t *first = &spread->first[(size_t)printer * spread->problem->material_count +
						(size_t)material];

		for (; *first != PLAN_NONE; *first = spread->item[*first].next) {
			const struct item *item = &spread->item[*first];

			if (plan_insert(plan, printer, plan->list[printer].count, item->order,
				    &plan->problem->option[item->option], PLAN_NONE) == PLAN_NONE)
				return false;
		}
		loaded = material;
	}
	return true;
}

static bool write_all(struct spread *spread)
{
	bool is_done = true;

	plan_change(spread->plan);
	for (size_t i = 0; is_done && i < spread->problem->printer_count; i++)
		is_done = write_printer(spread, (int32_t)i);
	is_done = is_done && plan_settle(spread->plan);
	plan_keep(spread->plan);
	return is_done;
}

static bool begin(struct spread *spread)
{
	const struct problem *problem = spread->problem;
	size_t cells = problem->printer_count * problem->material_count;

	spread->group_of = calloc(problem->printer_count + 1, sizeof *spread->group_of);
	spread->owned = calloc(problem->printer_count + 1, sizeof *spread->owned);
	spread->load_s = calloc(problem->printer_count + 1, sizeof *spread->load_s);
	spread->change_s = calloc(problem->material_count + 1, sizeof *spread->change_s);
	spread->first = calloc(cells + 1, sizeof *spread->first);
	if (!spread->group_of || !spread->owned || !spread->load_s || !spread->change_s ||
		!spread->first)
		return false;
	for (size_t i = 0; i < cells; i++)
		spread->first[i] = PLAN_NONE;
	average_changes(spread);
	return find_groups(spread) && fill_groups(spread);
}

static void finish(struct spread *spread)
{
	for (int32_t i = 0; i < spread->group_count; i++) {
		struct group *group = &spread->group[i];

		for (size_t m = 0; group->of_material && m < spread->problem->material_count; m++) {
			free(group->of_material[m].printer);
			free(group->of_material[m].key);
		}
		free(group->of_material);
		free(group->all.printer);
		free(group->all.key);
	}
	free(spread->group_of);
	free(spread->owned);
	free(spread->load_s);
	free(spread->change_s);
	free(spread->first);
	free(spread->item);
	free(spread);
}

bool spread_construct(struct plan *plan, const struct makers *makers)
{
	struct spread *spread = calloc(1, sizeof *spread);

	if (!spread)
		return false;
	*spread = (struct spread){ .plan = plan, .problem = plan->problem, .makers = makers };
	bool is_done = begin(spread) && spread_all(spread) && write_all(spread);

	finish(spread);
	return is_done;
}
