/* The moves of the search: each changes the plan in some way that may be good. */
#ifndef SCHEDULER_SEARCH_MOVES_H
#define SCHEDULER_SEARCH_MOVES_H

#include "scheduler/search.h"

/* Between plan_change and plan_settle.  False: the move led nowhere; undo. */
bool search_try_move(struct search *search);

#endif
