/* Makes a plan better: annealing on the printers' sequences.
 *
 * A move takes a print elsewhere, exchanges two, changes how many units a print makes, or exchanges
 * what two printers do from some time on; the plan is kept when it is better, and sometimes when it
 * is worse, less and less often.  Same plan, seed and number of moves: same result. */
#ifndef SCHEDULER_SEARCH_H
#define SCHEDULER_SEARCH_H

#include "base/random.h"
#include "scheduler/makers.h"
#include "scheduler/plan.h"

enum {
	SEARCH_QUICK_PERCENT = 50,
	SEARCH_QUICK_PERCENT_PLAIN = 75, /* where nothing but speed tells printers apart */
};

enum search_move {
	SEARCH_ELSEWHERE, /* a print goes to another printer */
	SEARCH_SWAP,	  /* two prints take each other's place */
	SEARCH_INSIDE,	  /* a print goes elsewhere in its printer's list */
	SEARCH_UNITS,	  /* a print makes more or fewer units */
	SEARCH_TAILS,	  /* two printers exchange all that follows */
	SEARCH_BLOCK,	  /* prints of one material go together */
	SEARCH_FILL,	  /* a longer print goes where a printer waits for people */
	SEARCH_CHAIN,	  /* a print takes the place of another, which goes to a third printer */
	SEARCH_MOVES,
};

struct search {
	struct plan *plan;	     /* borrowed */
	const struct makers *makers; /* borrowed */
	struct random random;
	struct plan_copy best;
	double best_key;
	double cost;	      /* of the plan as it is */
	bool best_is_current; /* and not saved yet */
	int64_t moves, moves_expected;
	double hot, cold, temperature; /* in the unit of plan_cost */
	int32_t cooling;	       /* moves until it gets colder */
	int64_t round;
	int32_t busiest;
	bool is_plain;			 /* the sequence on a printer does not matter */
	int32_t lot[SEARCH_MOVES], lots; /* how often each move is tried */
	bool has_crew;			 /* few people serve many printers: see search.c */
	uint32_t quick_percent;		 /* how often a printer is chosen for its speed */
};

/* The plan holds what is to be improved.  False without memory. */
bool search_init(
	struct search *search, struct plan *plan, const struct makers *makers, uint64_t seed);
void search_finish(struct search *search);
/* From hot to cold in this many moves, in rounds; what is done beyond them begins less hot, at the
 * best plan.  Temperatures in the unit of plan_cost. */
void search_set_schedule(struct search *search, int64_t moves, double hot, double cold);
void search_step(struct search *search, int64_t moves);
/* Leaves the best plan found in the plan.  False without memory. */
bool search_take_best(struct search *search);

#endif
