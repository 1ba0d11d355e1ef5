/* What is to be planned, in numbers: memory, hours, and one print after another; see problem.h. */
#include "scheduler/problem.h"

#include <stdlib.h> /* calloc, free */

bool problem_allocate(struct problem *problem, size_t option_count)
{
	size_t materials = problem->material_count;

	problem->reel_g = calloc(materials + 1, sizeof *problem->reel_g);
	problem->change_s = calloc(materials * materials + 1, sizeof *problem->change_s);
	problem->site = calloc(problem->site_count + 1, sizeof *problem->site);
	problem->printer = calloc(problem->printer_count + 1, sizeof *problem->printer);
	problem->part_nozzle_um = calloc(problem->part_count + 1, sizeof *problem->part_nozzle_um);
	problem->first =
		calloc(problem->part_count * problem->kind_count + 2, sizeof *problem->first);
	problem->option = calloc(option_count + 1, sizeof *problem->option);
	problem->order = calloc(problem->order_count + 1, sizeof *problem->order);
	return problem->reel_g && problem->change_s && problem->site && problem->printer &&
	       problem->part_nozzle_um && problem->first && problem->option && problem->order;
}

void problem_finish(struct problem *problem)
{
	for (size_t i = 0; problem->site && i < problem->site_count; i++) {
		free(problem->site[i].hours.window);
		free(problem->site[i].quiet.window);
	}
	for (size_t i = 0; problem->printer && i < problem->printer_count; i++)
		free(problem->printer[i].down);
	free(problem->reel_g);
	free(problem->change_s);
	free(problem->site);
	free(problem->printer);
	free(problem->part_nozzle_um);
	free(problem->first);
	free(problem->option);
	free(problem->order);
	*problem = (struct problem){ 0 };
}

/* ---- hours ---------------------------------------------------------------- */

static void index_windows(struct problem_windows *windows)
{
	size_t at = 0;

	for (int64_t hour = 0; hour < PROBLEM_HOURS; hour++) {
		while (at < windows->count && windows->window[at].end_s <= hour * 3600)
			at++;
		windows->at_hour[hour] = (uint16_t)at;
	}
}

/* The longest time between two quiet windows. */
static int64_t longest_print_s(const struct problem *problem, const struct problem_printer *printer)
{
	const struct problem_windows *quiet = &problem->site[printer->site].quiet;
	int64_t longest_s = 0;

	if (!printer->noisy || quiet->count == 0)
		return PROBLEM_NEVER;
	for (size_t i = 0; i < quiet->count; i++) {
		int64_t next_s = i + 1 < quiet->count ? quiet->window[i + 1].begin_s
						      : quiet->window[0].begin_s + PROBLEM_WEEK_S;
		int64_t length_s = next_s - quiet->window[i].end_s;

		if (length_s < PROBLEM_WEEK_S && length_s > longest_s)
			longest_s = length_s;
	}
	return longest_s;
}

void problem_prepare(struct problem *problem)
{
	for (size_t i = 0; i < problem->site_count; i++) {
		index_windows(&problem->site[i].hours);
		index_windows(&problem->site[i].quiet);
	}
	for (size_t i = 0; i < problem->printer_count; i++)
		problem->printer[i].longest_s = longest_print_s(problem, &problem->printer[i]);
}

static int64_t second_of_week(int64_t week0_s, int64_t at_s)
{
	return (at_s + week0_s) % PROBLEM_WEEK_S;
}

int64_t problem_open_from(
	const struct problem_windows *hours, int64_t week0_s, int64_t at_s, int64_t length_s)
{
	if (hours->count == 0 || at_s >= PROBLEM_NEVER)
		return at_s;

	int64_t second = second_of_week(week0_s, at_s);
	int64_t week_s = at_s - second;

	/* Each window once, from the one that is open, and that one again a week later. */
	size_t at = hours->at_hour[second / 3600];

	if (hours->window[hours->count - 1].end_s - PROBLEM_WEEK_S > second) {
		/* Last week's last window is still open. */
		at = hours->count - 1;
		week_s -= PROBLEM_WEEK_S;
	}

	for (size_t tries = 0; tries <= 2 * hours->count; tries++, at++) {
		if (at == hours->count) {
			at = 0;
			week_s += PROBLEM_WEEK_S;
		}
		int64_t begin_s = week_s + hours->window[at].begin_s;

		if (begin_s < at_s)
			begin_s = at_s;
		if (begin_s + length_s <= week_s + hours->window[at].end_s)
			return begin_s;
	}
	return PROBLEM_NEVER;
}

int64_t problem_next_opening(const struct problem_windows *hours, int64_t week0_s, int64_t at_s)
{
	int64_t second = second_of_week(week0_s, at_s);

	for (size_t i = 0; i < hours->count; i++)
		if (hours->window[i].begin_s > second)
			return at_s + hours->window[i].begin_s - second;
	if (hours->count == 0)
		return PROBLEM_NEVER;
	return at_s + hours->window[0].begin_s + PROBLEM_WEEK_S - second;
}

/* ---- ways to make an order ------------------------------------------------ */

struct problem_choice problem_choice(const struct problem *problem, size_t printer, size_t order)
{
	const struct problem_printer *maker = &problem->printer[printer];
	const struct problem_order *wanted = &problem->order[order];
	int32_t nozzle_um = problem->part_nozzle_um[wanted->part];
	struct problem_choice choice = { 0 };

	if ((nozzle_um != 0 && nozzle_um != maker->nozzle_um) ||
		!(maker->materials >> wanted->material & 1))
		return choice;

	const int32_t *first =
		&problem->first[(size_t)wanted->part * problem->kind_count + (size_t)maker->kind];

	choice.option = problem->option + first[0];
	choice.count = first[1] - first[0];
	return choice;
}

int64_t problem_print_s(
	const struct problem *problem, size_t printer, const struct problem_option *option)
{
	return (option->time_s * problem->printer[printer].slow_permille + 999) / 1000;
}

bool problem_option_fits(const struct problem *problem, size_t printer, size_t order,
	const struct problem_option *option)
{
	return option->grams <= problem->reel_g[problem->order[order].material] &&
	       problem_print_s(problem, printer, option) <= problem->printer[printer].longest_s;
}

/* ---- one print after another ---------------------------------------------- */

/* Later than the quiet hours and the down times that the print would touch. */
static int64_t run_from(const struct problem *problem, const struct problem_printer *printer,
	int64_t at_s, int64_t length_s)
{
	const struct problem_windows *quiet = &problem->site[printer->site].quiet;
	bool has_quiet = printer->noisy && quiet->count > 0;

	if (!has_quiet && printer->down_count == 0)
		return at_s;
	if (length_s > printer->longest_s)
		return PROBLEM_NEVER;
	for (bool moved = true; moved && at_s < problem->horizon_s;) {
		moved = false;
		for (size_t i = 0; i < printer->down_count; i++)
			if (at_s < printer->down[i].end_s &&
				at_s + length_s > printer->down[i].begin_s) {
				at_s = printer->down[i].end_s;
				moved = true;
			}
		if (!has_quiet)
			continue;
		int64_t week_s = at_s - second_of_week(problem->week0_s, at_s) - PROBLEM_WEEK_S;

		for (; week_s < at_s + length_s; week_s += PROBLEM_WEEK_S)
			for (size_t i = 0; i < quiet->count; i++)
				if (at_s < week_s + quiet->window[i].end_s &&
					at_s + length_s > week_s + quiet->window[i].begin_s) {
					at_s = week_s + quiet->window[i].end_s;
					moved = true;
				}
	}
	return at_s;
}

static int64_t serve_from(const struct problem *problem, const struct problem_printer *printer,
	int64_t at_s, int64_t length_s)
{
	const struct problem_windows *hours = &problem->site[printer->site].hours;

	for (;;) {
		at_s = problem_open_from(hours, problem->week0_s, at_s, length_s);

		bool moved = false;

		for (size_t i = 0; i < printer->down_count; i++)
			if (at_s < printer->down[i].end_s &&
				at_s + length_s > printer->down[i].begin_s) {
				at_s = printer->down[i].end_s;
				moved = true;
			}
		if (!moved)
			return at_s;
	}
}

bool problem_place(const struct problem *problem, size_t printer, const struct problem_state *from,
	const struct problem_print *print, int64_t person_s, struct problem_slot *slot)
{
	const struct problem_printer *own = &problem->printer[printer];
	const struct problem_order *order = &problem->order[print->order];
	bool needs_clear = from->dirty && (!own->eject || from->manual);
	int64_t at_s = from->ready_s;
	const struct problem_windows *hours = &problem->site[own->site].hours;

	if (needs_clear && problem->rules.context) {
		needs_clear = false;
		at_s = problem->rules.ready_after(problem->rules.context, from->ready_s);
	} else if (from->dirty && !needs_clear) {
		at_s += own->clear_s;
	}

	int64_t length_s = needs_clear ? own->clear_s : 0;

	slot->is_change = from->loaded != order->material;
	slot->is_reload = !slot->is_change && (from->spool_g < print->grams || print->reload);
	slot->service_s = -1;
	slot->service_length_s = 0;
	slot->after = (struct problem_state){ .loaded = from->loaded, .spool_g = from->spool_g };
	if (slot->is_change)
		length_s += problem->change_s[(size_t)from->loaded * problem->material_count +
					      (size_t)order->material];
	else if (slot->is_reload)
		length_s += problem->reload_s;
	if (needs_clear || slot->is_change || slot->is_reload) {
		if (at_s < person_s)
			at_s = person_s;
		at_s = serve_from(problem, own, at_s, length_s);
		slot->service_s = at_s;
		slot->service_length_s = length_s;
		at_s += length_s;
	}
	if (slot->is_change || slot->is_reload) {
		slot->after.loaded = order->material;
		slot->after.spool_g = problem->reel_g[order->material];
	}
	if (at_s < order->release_s)
		at_s = order->release_s;
	if (at_s < print->earliest_s)
		at_s = print->earliest_s;
	if (problem->rules.context)
		at_s = problem->rules.start_from(problem->rules.context, printer, print, at_s);
	else if (print->attended)
		at_s = problem_open_from(hours, problem->week0_s, at_s, print->length_s);
	at_s = run_from(problem, own, at_s, print->length_s);
	if (at_s >= PROBLEM_NEVER)
		return false;
	slot->start_s = at_s;
	slot->end_s = at_s + print->length_s;
	slot->after.spool_g -= print->grams;
	slot->after.ready_s = slot->end_s;
	slot->after.dirty = true;
	return true;
}
