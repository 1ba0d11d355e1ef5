/* Where a move of the search begins and goes: runs, printers and positions by lot, the promising
 * ones more often. */
#ifndef SCHEDULER_SEARCH_PICK_H
#define SCHEDULER_SEARCH_PICK_H

#include "scheduler/search.h"

/* 0 to limit - 1. */
static inline uint32_t search_below(struct search *search, int32_t limit)
{
	return (uint32_t)((random_bits(&search->random) >> 32) * (uint64_t)limit >> 32);
}

static inline bool search_happens(struct search *search, uint32_t percent)
{
	return search_below(search, 100) < percent;
}

static inline struct plan_run *search_run(const struct search *search, int32_t run)
{
	return &search->plan->run[run];
}

/* Any printer that can make the order, rather a quick one; PLAN_NONE: none. */
int32_t search_pick_maker(struct search *search, int32_t order);

/* A run that may move, or PLAN_NONE; the second rather one that makes the plan cost what it does.
 */
int32_t search_any_run(struct search *search);
int32_t search_pick_run(struct search *search);
/* The printer that ends last is another one now. */
void search_find_busiest(struct search *search);

/* The plate on this printer for so many units; NULL: none. */
const struct problem_option *search_option(
	const struct search *search, int32_t printer, int32_t order, int32_t units);

/* Behind what must stay where it is. */
int32_t search_first_position(const struct plan *plan, int32_t printer);
/* Beside a print of the same material, if there is one. */
int32_t search_position_by_material(struct search *search, int32_t printer, int32_t material);
/* Where in a printer's list a print would start at about this time. */
int32_t search_position_at(const struct plan *plan, int32_t printer, int64_t at_s);
int32_t search_pick_position(struct search *search, int32_t printer, int32_t order);

#endif
