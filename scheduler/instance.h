/* A benchmark's instance as a problem: reads the text format `printfarm-instance 1`.
 *
 * One record a line, fields split by blanks, '#' begins a comment line; the first line names the
 * format, the last one is `end`.  `count` stands before what it counts; ids count from 0. */
#ifndef SCHEDULER_INSTANCE_H
#define SCHEDULER_INSTANCE_H

#include "scheduler/problem.h"

struct error;

enum {
	INSTANCE_NAME_MAX = 128,
	INSTANCE_COUNT_MAX = 4000000, /* of each thing */
	INSTANCE_LINE_MAX = 4096,
};

struct instance {
	char name[INSTANCE_NAME_MAX];
	bool online; /* orders and faults become known as time goes by */
	struct problem problem;
	size_t order_capacity; /* of problem.order and order_id */
	int32_t *order_id;     /* of a stream's orders: what it calls them; NULL: as they are */
};

/* `online` (a stream): orders come later, with instance_add_order.  The sentence in `error` names
 * line and field.  False: nothing to finish. */
bool instance_parse(
	const char *text, size_t size, bool online, struct instance *instance, struct error *error);
void instance_finish(struct instance *instance);

/* `line` is an order record; any id.  False: a sentence in `error`. */
bool instance_add_order(struct instance *instance, const char *line, struct error *error);

#endif
