/* What the previous plan had given each order; see previous.h. */
#include "scheduler/previous.h"
#include "scheduler/planner.h"

#include <stdlib.h> /* calloc, malloc, free, qsort, bsearch */
#include <string.h> /* strcmp */

#define NOWHERE SIZE_MAX

struct key {
	int64_t id;
	const char *name;
	size_t index;
};

static int compare_ids(const void *a, const void *b)
{
	int64_t x = ((const struct key *)a)->id, y = ((const struct key *)b)->id;

	return (x > y) - (x < y);
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(((const struct key *)a)->name, ((const struct key *)b)->name);
}

static struct key order_key(const struct world *world, size_t index)
{
	return (struct key){ .id = world->order[index].id, .index = index };
}

static struct key printer_key(const struct world *world, size_t index)
{
	return (struct key){ .name = world->printer[index].name, .index = index };
}

/* Where each thing of the old world stands in the new one, else NOWHERE.  NULL without memory. */
static size_t *find_all(const struct world *from, size_t from_count, const struct world *to,
	size_t to_count, struct key key_of(const struct world *, size_t),
	int compare(const void *, const void *))
{
	size_t *found = malloc((from_count + 1) * sizeof *found);
	struct key *keys = malloc((to_count + 1) * sizeof *keys);

	if (!found || !keys) {
		free(found);
		free(keys);
		return NULL;
	}
	for (size_t i = 0; i < to_count; i++)
		keys[i] = key_of(to, i);
	qsort(keys, to_count, sizeof *keys, compare);
	for (size_t i = 0; i < from_count; i++) {
		const struct key wanted = key_of(from, i);
		const struct key *key = bsearch(&wanted, keys, to_count, sizeof *keys, compare);

		found[i] = key ? key->index : NOWHERE;
	}
	free(keys);
	return found;
}

static size_t *find_orders(const struct world *from, const struct world *to)
{
	return find_all(from, from->order_count, to, to->order_count, order_key, compare_ids);
}

static size_t *find_printers(const struct world *from, const struct world *to)
{
	return find_all(
		from, from->printer_count, to, to->printer_count, printer_key, compare_names);
}

/* Chains the old assignments of each new order: head[order] and next[assignment]. */
static void chain(const struct planner_result *result, const struct world *from, size_t order_count,
	const size_t *orders, size_t *head, size_t *next)
{
	for (size_t i = 0; i < order_count; i++)
		head[i] = NOWHERE;
	for (size_t i = 0; i < result->assignment_count; i++) {
		size_t old = result->assignment[i].order;
		size_t order = old < from->order_count ? orders[old] : NOWHERE;

		if (order == NOWHERE)
			continue;
		next[i] = head[order];
		head[order] = i;
	}
}

/* Counts the chain of one order by printer.  `at` is NOWHERE for every printer before and after. */
static size_t count_shares(const struct planner_result *result, const struct world *from,
	const size_t *printers, const size_t *next, size_t first, size_t *at,
	struct previous_share *share)
{
	size_t count = 0;

	for (size_t i = first; i != NOWHERE; i = next[i]) {
		size_t old = result->assignment[i].printer;
		size_t printer = old < from->printer_count ? printers[old] : NOWHERE;

		if (printer == NOWHERE)
			continue;
		if (at[printer] == NOWHERE) {
			at[printer] = count;
			share[count++] = (struct previous_share){ .printer = printer };
		}
		share[at[printer]].plates++;
	}
	for (size_t i = 0; i < count; i++)
		at[share[i].printer] = NOWHERE;
	return count;
}

/* NOWHERE: the order has no such plate any more. */
static size_t find_plate(const struct world_order *from, size_t plate, const struct world_order *to)
{
	if (plate >= from->plate_count)
		return NOWHERE;
	for (size_t i = 0; i < to->plate_count; i++)
		if (to->plate[i].id == from->plate[plate].id)
			return i;
	return NOWHERE;
}

static void note_prints(struct previous *previous, const struct planner_result *result,
	const struct world *from, const struct world *world, const size_t *orders,
	const size_t *printers)
{
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *old = &result->assignment[i];
		struct previous_print *print = &previous->print[previous->print_count];

		if (old->order >= from->order_count || old->printer >= from->printer_count)
			continue;
		print->start_s = old->start_s;
		print->order = orders[old->order];
		print->printer = printers[old->printer];
		if (print->order == NOWHERE || print->printer == NOWHERE)
			continue;
		print->plate = find_plate(
			&from->order[old->order], old->plate, &world->order[print->order]);
		if (print->plate != NOWHERE)
			previous->print_count++;
	}
}

bool previous_init(
	struct previous *previous, const struct planner_result *result, const struct world *world)
{
	*previous = (struct previous){ 0 };
	if (!result || result->assignment_count == 0)
		return true;

	const struct world *from = result->world ? result->world : world;
	size_t *orders = find_orders(from, world), *printers = find_printers(from, world);
	size_t *head = malloc((world->order_count + 1) * sizeof *head);
	size_t *next = malloc(result->assignment_count * sizeof *next);
	size_t *at = malloc((world->printer_count + 1) * sizeof *at);
	bool ready = orders && printers && head && next && at;

	previous->first = calloc(world->order_count + 1, sizeof *previous->first);
	previous->share = malloc(result->assignment_count * sizeof *previous->share);
	previous->print = malloc(result->assignment_count * sizeof *previous->print);
	if (ready && previous->first && previous->share && previous->print) {
		size_t used = 0;

		note_prints(previous, result, from, world, orders, printers);

		chain(result, from, world->order_count, orders, head, next);
		for (size_t i = 0; i < world->printer_count; i++)
			at[i] = NOWHERE;
		for (size_t i = 0; i < world->order_count; i++) {
			used += count_shares(
				result, from, printers, next, head[i], at, previous->share + used);
			previous->first[i + 1] = used;
		}
	} else {
		ready = false;
		previous_finish(previous);
	}
	free(at);
	free(next);
	free(head);
	free(printers);
	free(orders);
	return ready;
}

void previous_finish(struct previous *previous)
{
	free(previous->first);
	free(previous->share);
	free(previous->print);
	*previous = (struct previous){ 0 };
}
