/* The moves of the search: each changes the plan in some way that may be good. */
#ifndef SCHEDULER_SEARCH_MOVES_H
#define SCHEDULER_SEARCH_MOVES_H

#include "scheduler/search.h"

/* Between plan_change and plan_settle.  False: the move led nowhere; undo. */
bool search_try_move(struct search *search);

/* How often each is tried: those that can do nothing for the problem never. */
void search_choose_moves(struct search *search);

#endif
