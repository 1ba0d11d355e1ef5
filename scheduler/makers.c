/* Which printers can make which orders; see makers.h. */
#include "scheduler/makers.h"

#include <stdlib.h> /* calloc, realloc, free */

static void look_at(
	const struct problem *problem, size_t printer, size_t order, bool *can, double *fastest_s)
{
	struct problem_choice choice = problem_choice(problem, printer, order);

	*can = false;
	for (int32_t i = 0; i < choice.count; i++) {
		const struct problem_option *option = &choice.option[i];
		double unit_s = (double)problem_print_s(problem, printer, option) / option->units;

		if (!problem_option_fits(problem, printer, order, option))
			continue;
		*can = true;
		if (*fastest_s <= 0 || unit_s < *fastest_s)
			*fastest_s = unit_s;
	}
}

static bool has_kind_room(struct makers *makers, const struct problem *problem)
{
	size_t capacity = 2 * makers->kind_capacity + 16;
	size_t printers = (size_t)(makers->kind_count > 0 ? makers->first[makers->kind_count] : 0) +
			  problem->printer_count;

	if (makers->kind_count + 1 >= makers->kind_capacity) {
		int32_t *first = realloc(makers->first, (capacity + 1) * sizeof *first);
		double *fastest_s = realloc(makers->fastest_s, capacity * sizeof *fastest_s);

		makers->first = first ? first : makers->first;
		makers->fastest_s = fastest_s ? fastest_s : makers->fastest_s;
		if (!first || !fastest_s)
			return false;
		makers->kind_capacity = capacity;
	}
	if (printers > makers->printer_capacity) {
		int32_t *printer = realloc(makers->printer, 2 * printers * sizeof *printer);

		if (!printer)
			return false;
		makers->printer = printer;
		makers->printer_capacity = 2 * printers;
	}
	return true;
}

static bool add_kind(struct makers *makers, const struct problem *problem, size_t order)
{
	size_t kind = makers->kind_count;

	if (!has_kind_room(makers, problem))
		return false;
	int32_t count = kind > 0 ? makers->first[kind] : 0;

	makers->first[kind] = count;
	makers->fastest_s[kind] = 0;
	for (size_t printer = 0; printer < problem->printer_count; printer++) {
		bool can;

		look_at(problem, printer, order, &can, &makers->fastest_s[kind]);
		if (can)
			makers->printer[count++] = (int32_t)printer;
	}
	makers->first[kind + 1] = count;
	makers->kind_count++;
	return true;
}

static bool has_order_room(struct makers *makers, size_t count)
{
	if (count <= makers->order_capacity)
		return true;
	int32_t *kind = realloc(makers->kind, 2 * count * sizeof *kind);

	if (!kind)
		return false;
	makers->kind = kind;
	makers->order_capacity = 2 * count;
	return true;
}

bool makers_grow(struct makers *makers, const struct problem *problem)
{
	if (!has_order_room(makers, problem->order_count))
		return false;
	for (; makers->order_count < problem->order_count; makers->order_count++) {
		const struct problem_order *order = &problem->order[makers->order_count];
		int32_t *number = &makers->number_of[(size_t)order->part * problem->material_count +
						     (size_t)order->material];

		if (*number == 0) {
			if (!add_kind(makers, problem, makers->order_count))
				return false;
			*number = (int32_t)makers->kind_count;
		}
		makers->kind[makers->order_count] = *number - 1;
	}
	return true;
}

bool makers_init(struct makers *makers, const struct problem *problem)
{
	*makers = (struct makers){ 0 };
	makers->number_of = calloc(
		problem->part_count * problem->material_count + 1, sizeof *makers->number_of);
	if (makers->number_of && makers_grow(makers, problem))
		return true;
	makers_finish(makers);
	return false;
}

void makers_finish(struct makers *makers)
{
	free(makers->number_of);
	free(makers->kind);
	free(makers->first);
	free(makers->printer);
	free(makers->fastest_s);
	*makers = (struct makers){ 0 };
}

const struct problem_option *makers_option(
	const struct problem *problem, int32_t printer, int32_t order, int32_t units)
{
	struct problem_choice choice = problem_choice(problem, (size_t)printer, (size_t)order);
	const struct problem_option *best = NULL;

	if (problem->printer[printer].absent)
		return NULL;
	for (int32_t i = 0; i < choice.count; i++) {
		const struct problem_option *option = &choice.option[i];

		if (!problem_option_fits(problem, (size_t)printer, (size_t)order, option))
			continue;
		best = option;
		if (option->units >= units)
			break;
	}
	return best;
}
