/* What the previous plan had given each order: how many plates on which printer.  Found again in
 * the new world by the orders' ids and the printers' names. */
#ifndef SCHEDULER_PREVIOUS_H
#define SCHEDULER_PREVIOUS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct world;
struct planner_result;

struct previous_share {
	size_t printer; /* of the new world */
	int64_t plates;
};

/* A print of the previous plan, in the new world's indexes. */
struct previous_print {
	size_t order, plate, printer;
	int64_t start_s;
};

struct previous {
	size_t print_count;	      /* by start */
	struct previous_print *print; /* owned */
	size_t *first; /* owned; shares of order i: first[i] up to first[i + 1]; NULL: no plan */
	struct previous_share *share; /* owned */
};

/* `result` may be NULL.  False without memory. */
bool previous_init(
	struct previous *previous, const struct planner_result *result, const struct world *world);
void previous_finish(struct previous *previous);

#endif
