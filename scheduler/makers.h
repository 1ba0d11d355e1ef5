/* Which printers can make which orders.  Orders of the same part and material are one kind. */
#ifndef SCHEDULER_MAKERS_H
#define SCHEDULER_MAKERS_H

#include "scheduler/problem.h"

struct makers {
	size_t kind_count, kind_capacity, order_count, order_capacity, printer_capacity;
	int32_t *number_of; /* kind + 1, by part and material; 0: none yet */
	int32_t *kind;	    /* of each order */
	int32_t *first;	    /* printer[first[kind]] up to the next one */
	int32_t *printer;   /* by number */
	double *fastest_s;  /* print time of one unit where it is least; by kind */
};

/* False without memory. */
bool makers_init(struct makers *makers, const struct problem *problem);
/* The problem has got more orders.  False without memory. */
bool makers_grow(struct makers *makers, const struct problem *problem);
void makers_finish(struct makers *makers);

/* The option that makes this many units, or the next larger, or the largest; NULL: none fits. */
const struct problem_option *makers_option(
	const struct problem *problem, int32_t printer, int32_t order, int32_t units);

#endif
