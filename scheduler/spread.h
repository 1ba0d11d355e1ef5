/* A first plan for very many prints on very many printers that are always open.
 *
 * Longest first; each printer comes to own a few materials, and a print goes where what is there
 * already, a change of material if need be, and the print itself end soonest.  Printers that differ
 * in speed only are a group with heaps by load, so that a print costs the logarithm of the
 * printers. */
#ifndef SCHEDULER_SPREAD_H
#define SCHEDULER_SPREAD_H

#include "scheduler/makers.h"
#include "scheduler/plan.h"

/* Makespan, nobody has hours, and no site's people are few. */
bool spread_suits(const struct problem *problem);

/* Puts everything that is not planned yet behind what is.  False without memory. */
bool spread_construct(struct plan *plan, const struct makers *makers);

#endif
