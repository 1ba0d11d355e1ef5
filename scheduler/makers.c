/* Which printers can make which orders; see makers.h. */
#include "scheduler/makers.h"

#include <stdlib.h> /* calloc, free */

static void look_at(
	const struct problem *problem, size_t printer, size_t order, bool *can, double *fastest_s)
{
	struct problem_choice choice = problem_choice(problem, printer, order);

	*can = false;
	if (problem->printer[printer].absent)
		return;
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

/* Numbers the pairs of part and material that occur; an order of each. */
static void number_kinds(
	struct makers *makers, const struct problem *problem, int32_t *number_of, int32_t *example)
{
	for (size_t i = 0; i < problem->order_count; i++) {
		const struct problem_order *order = &problem->order[i];
		int32_t *number = &number_of[(size_t)order->part * problem->material_count +
					     (size_t)order->material];

		if (*number == 0) {
			example[makers->kind_count] = (int32_t)i;
			*number = (int32_t)++makers->kind_count;
		}
		makers->kind[i] = *number - 1;
	}
}

static bool list_printers(
	struct makers *makers, const struct problem *problem, const int32_t *example)
{
	size_t count = 0;

	makers->first = calloc(makers->kind_count + 1, sizeof *makers->first);
	makers->fastest_s = calloc(makers->kind_count + 1, sizeof *makers->fastest_s);
	makers->printer =
		calloc(makers->kind_count * problem->printer_count + 1, sizeof *makers->printer);
	if (!makers->first || !makers->printer || !makers->fastest_s)
		return false;
	for (size_t kind = 0; kind < makers->kind_count; kind++) {
		makers->first[kind] = (int32_t)count;
		for (size_t printer = 0; printer < problem->printer_count; printer++) {
			bool can;

			look_at(problem, printer, (size_t)example[kind], &can,
				&makers->fastest_s[kind]);
			if (can)
				makers->printer[count++] = (int32_t)printer;
		}
	}
	makers->first[makers->kind_count] = (int32_t)count;
	return true;
}

bool makers_init(struct makers *makers, const struct problem *problem)
{
	int32_t *number_of =
		calloc(problem->part_count * problem->material_count + 1, sizeof *number_of);
	int32_t *example = calloc(problem->order_count + 1, sizeof *example);
	bool is_ready = false;

	*makers = (struct makers){ 0 };
	makers->kind = calloc(problem->order_count + 1, sizeof *makers->kind);
	if (number_of && example && makers->kind) {
		number_kinds(makers, problem, number_of, example);
		is_ready = list_printers(makers, problem, example);
	}
	free(number_of);
	free(example);
	if (!is_ready)
		makers_finish(makers);
	return is_ready;
}

void makers_finish(struct makers *makers)
{
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
