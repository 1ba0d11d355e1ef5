/* Where a move of the search begins and goes; see search_pick.h. */
#include "scheduler/search_pick.h"

enum { FAST_OF = 4 }; /* printers looked at for a quick one */

/* How long the smallest plate takes. */
static int64_t quickest_s(const struct problem *problem, int32_t printer, int32_t order)
{
	struct problem_choice choice = problem_choice(problem, (size_t)printer, (size_t)order);

	return problem_print_s(problem, (size_t)printer, choice.option);
}

int32_t search_pick_maker(struct search *search, int32_t order)
{
	const struct makers *makers = search->makers;
	int32_t kind = makers->kind[order], first = makers->first[kind];
	int32_t count = makers->first[kind + 1] - first;

	if (count == 0)
		return PLAN_NONE;
	int32_t best = makers->printer[first + (int32_t)search_below(search, count)];

	if (!search_happens(search, search->quick_percent))
		return best;
	/* Rather a quick one. */
	int64_t best_s = quickest_s(search->plan->problem, best, order);

	for (int i = 1; i < FAST_OF; i++) {
		int32_t other = makers->printer[first + (int32_t)search_below(search, count)];
		int64_t other_s = quickest_s(search->plan->problem, other, order);

		if (other_s < best_s) {
			best = other;
			best_s = other_s;
		}
	}
	return best;
}

int32_t search_any_run(struct search *search)
{
	for (int tries = 0; tries < 32; tries++) {
		int32_t id = (int32_t)search_below(search, search->plan->run_count);

		if (search_run(search, id)->printer != PLAN_NONE && !search_run(search, id)->kept)
			return id;
	}
	return PLAN_NONE;
}

void search_find_busiest(struct search *search)
{
	const struct plan *plan = search->plan;
	int32_t busiest = 0;

	for (int32_t i = 1; i < (int32_t)plan->problem->printer_count; i++)
		if (plan->list[i].end_s > plan->list[busiest].end_s)
			busiest = i;
	search->busiest = busiest;
}

static int32_t run_of_busiest(struct search *search)
{
	const struct plan_list *list = &search->plan->list[search->busiest];

	if (list->count == 0)
		return search_any_run(search);
	int32_t id = list->run[search_below(search, list->count)];

	return search_run(search, id)->kept ? search_any_run(search) : id;
}

/* Of some, the one whose order costs most. */
static int32_t run_of_late_order(struct search *search)
{
	const struct plan *plan = search->plan;
	int32_t best = search_any_run(search);

	for (int i = 0; i < 3 && best != PLAN_NONE; i++) {
		int32_t id = search_any_run(search);

		if (id != PLAN_NONE && plan->order[plan->run[id].print.order].cost >
					       plan->order[plan->run[best].print.order].cost)
			best = id;
	}
	return best;
}

int32_t search_pick_run(struct search *search)
{
	if (!search_happens(search, 40))
		return search_any_run(search);
	return search->plan->problem->goal == PROBLEM_MAKESPAN ? run_of_busiest(search)
							       : run_of_late_order(search);
}

const struct problem_option *search_option(
	const struct search *search, int32_t printer, int32_t order, int32_t units)
{
	return makers_option(search->plan->problem, printer, order, units);
}

int32_t search_first_position(const struct plan *plan, int32_t printer)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t at = 0;

	while (at < list->count && plan->run[list->run[at]].kept)
		at++;
	return at;
}

static int32_t any_position(struct search *search, int32_t printer)
{
	int32_t low = search_first_position(search->plan, printer);

	return low + (int32_t)search_below(search, search->plan->list[printer].count - low + 1);
}

int32_t search_position_by_material(struct search *search, int32_t printer, int32_t material)
{
	const struct plan *plan = search->plan;
	const struct plan_list *list = &plan->list[printer];
	int32_t low = search_first_position(plan, printer);

	if (list->count == low)
		return low;
	int32_t from = low + (int32_t)search_below(search, list->count - low);

	for (int32_t i = 0; i < list->count - low; i++) {
		int32_t at = from + i < list->count ? from + i : from + i - list->count + low;

		if (plan->problem->order[plan->run[list->run[at]].print.order].material == material)
			return at + (search_happens(search, 50) ? 1 : 0);
	}
	return low + (int32_t)search_below(search, list->count - low + 1);
}

int32_t search_position_at(const struct plan *plan, int32_t printer, int64_t at_s)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t low = search_first_position(plan, printer), high = list->count;

	while (low < high) {
		int32_t middle = (low + high) / 2;

		if (plan->run[list->run[middle]].start_s < at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where the order's lateness would be about right: somewhere between its release and when it is
 * due, or is done now. */
static int32_t position_in_time(struct search *search, int32_t printer, int32_t order)
{
	const struct problem_order *own = &search->plan->problem->order[order];
	int64_t from_s = own->release_s, to_s = own->due_s;

	if (from_s < search->plan->problem->now_s)
		from_s = search->plan->problem->now_s;
	if (search->plan->order[order].done_s > to_s)
		to_s = search->plan->order[order].done_s;
	if (to_s <= from_s)
		to_s = from_s + 1;
	return search_position_at(search->plan, printer,
		from_s + (int64_t)(random_unit(&search->random) * (double)(to_s - from_s)));
}

int32_t search_pick_position(struct search *search, int32_t printer, int32_t order)
{
	const struct problem *problem = search->plan->problem;
	/* Where it does not matter the end is the quickest to compute. */
	if (search->is_plain)
		return search->plan->list[printer].count;

	uint32_t lot = search_below(search, 100);

	if (lot < 35)
		return search_position_by_material(search, printer, problem->order[order].material);
	if (lot < 75 && problem->goal == PROBLEM_TARDINESS)
		return position_in_time(search, printer, order);
	return any_position(search, printer);
}
