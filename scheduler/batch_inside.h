/* What the files of batch.h share with each other, and with nobody else: batch_line.c knows what
 * one printer can do, batch_prices.c shares out several orders, batch.c goes through the rounds. */
#ifndef SCHEDULER_BATCH_INSIDE_H
#define SCHEDULER_BATCH_INSIDE_H

#include "scheduler/batch.h"

enum {
	BATCH_ORDERS_MAX = 8,
	BATCH_PRICE_ROUNDS = 9, /* until the prices of several orders are about right */
	/* With the best and those before: what each printer may be given. */
	BATCH_CHOICE_ROUNDS = 9,
	BATCH_LEVELS = 6, /* lengths of the plan that are tried */
};

/* What all printers would do by some time, with some prices. */
struct batch_choice {
	struct plan_copy copy;
	size_t *first; /* of each line: where its prints begin; one more at the end */
	double (*made)[BATCH_ORDERS_MAX]; /* by each line */
};

/* A printer after some prints. */
struct batch_state {
	int64_t act_s; /* it can be dealt with next */
	struct problem_state at;
	double worth;
	int32_t parent; /* -1: before the first print */
	int32_t order, option;
	int32_t next; /* in the bucket */
	bool reload;
};

/* One printer's states, in buckets by the time at which it can be dealt with next. */
struct batch_line {
	int32_t printer;
	struct batch_state *state;
	int32_t count, capacity;
	int32_t *bucket, *best; /* first state; the worthiest that ends in this bucket */
	int32_t buckets, bucket_capacity;
	int32_t at, from; /* bucket and state that come next */
	int32_t reached;  /* the worthiest so far: by the end of bucket `at` */
};

struct batch {
	const struct problem *problem;
	const struct plan *plan; /* what the printers do before; borrowed */
	int64_t grid_s;
	int32_t order[BATCH_ORDERS_MAX], order_count;
	double wanted[BATCH_ORDERS_MAX], price[BATCH_ORDERS_MAX];
	struct batch_line *line;
	int32_t line_count, at; /* the printer whose turn it is */
	int32_t limit;		/* bucket up to which all are brought */
	int32_t round;
	double bound_s,
		bound_price[BATCH_ORDERS_MAX]; /* the longest that prices have proved, so far */
	double tried_price[BATCH_PRICE_ROUNDS][BATCH_ORDERS_MAX];
	struct batch_choice choice[BATCH_LEVELS][BATCH_CHOICE_ROUNDS];
	bool failed, done;
	/* The best choice so far: the end state of each printer, written out. */
	struct plan_copy best;
	int64_t best_s;
};

/* ---- batch_line.c --------------------------------------------------------- */

/* Begins anew, with the prices as they are.  False without memory. */
bool batch_begin_line(struct batch *batch, struct batch_line *line);
/* Brings one printer up to the limit.  How many states it looked at. */
int64_t batch_advance(struct batch *batch, struct batch_line *line);
/* Writes the prints up to a state, first to last. */
bool batch_write_state(struct plan_copy *copy, const struct batch_line *line, int32_t at);
/* Of the states of a printer that end by the bucket: the least worth that is still worth this. */
int32_t batch_least_of(const struct batch_line *line, int32_t bucket, double worth);
/* The order's place in the batch. */
int32_t batch_index_of(const struct batch *batch, int32_t order);

/* ---- batch_prices.c ------------------------------------------------------- */

/* After a round of prices in which so much was made. */
void batch_change_prices(struct batch *batch, const double made[BATCH_ORDERS_MAX]);
/* The best prices, and then those that were tried. */
void batch_choose_prices(struct batch *batch);
/* How far the printers have to come for this length of the plan. */
int32_t batch_level_bucket(const struct batch *batch, int level);
/* What all printers would do by the bucket. */
bool batch_write_choice(const struct batch *batch, int32_t bucket, struct batch_choice *choice);
/* The shortest plan in which (almost) nothing is missing. */
bool batch_choose_best(struct batch *batch);

#endif
