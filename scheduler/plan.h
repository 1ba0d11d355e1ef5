/* A plan that is being worked on: the sequence of prints of each printer, their times, what the
 * plan costs, and how to take back the last change.
 *
 * A change is plan_change, any number of plan_insert and plan_remove, then plan_settle, which
 * computes the times anew where they may differ; then plan_keep or plan_undo. */
#ifndef SCHEDULER_PLAN_H
#define SCHEDULER_PLAN_H

#include "scheduler/problem.h"

enum {
	PLAN_NONE = -1,
	PLAN_OPERATORS_MAX = 16, /* more at one site are as good as no limit */
};

/* One print in the plan. */
struct plan_run {
	struct problem_print print;
	int32_t printer;    /* PLAN_NONE: not in the plan */
	int32_t option;	    /* index into problem->option */
	int32_t next, prev; /* runs of the same order */
	int32_t home;	    /* printer in the previous plan; PLAN_NONE: new */
	bool kept;	    /* must stay where it is: about to start */
	uint32_t change;    /* the last change that saved it */
	int64_t service_s, service_end_s, start_s, end_s;
	int32_t loaded, spool_g; /* afterwards */
	bool is_change;		 /* of material */
};

struct plan_list {
	int32_t *run; /* in the order of printing; owned */
	int32_t count, capacity;
	int32_t dirty_from, dirty_to; /* positions that this change touched; from > to: none */
	uint32_t change;
	int64_t end_s;
	double load; /* this printer's share of the cost */
};

struct plan_order {
	int32_t first; /* run */
	int32_t units; /* planned */
	uint32_t change;
	bool dirty;
	int64_t done_s; /* where lateness counts */
	double cost;
};

/* What the cost is made of, besides the goal itself. */
struct plan_weights {
	/* A printer's load is (its end / scale) to the power of 2^steepness: what it costs that it
	 * ends late, compared with others.  Scale 0: no loads. */
	double scale_s;
	int steepness;
	double change;	 /* a change of material */
	double move;	 /* a print on another printer than before */
	double flow;	 /* a second until an order is done, as a share of a second of lateness */
	double makespan; /* of the last end, beside lateness */
};

struct plan_log {
	char *room;
	size_t used, capacity;
};

struct server;

struct plan {
	const struct problem *problem;
	struct plan_weights weights;
	struct plan_run *run;
	int32_t run_count, run_capacity; /* ids in use are below run_count */
	int32_t *free_run, free_count;
	int32_t live;
	struct plan_list *list;	  /* one per printer */
	struct plan_order *order; /* one per order */
	size_t order_capacity;
	double load;	 /* sum of the printers' loads */
	double lateness; /* sum of the orders' costs */
	int32_t changes, moved;
	/* The change that is going on. */
	uint32_t change;
	bool failed;	 /* without memory, or a print can never take place, or it costs too much */
	double load_max; /* more than this costs too much */
	struct plan_log saved_runs, saved_lists, saved_orders;
	int32_t *new_run, *old_run, new_count, old_count;
	int32_t *dirty_printer, dirty_printer_count;
	int32_t *dirty_order, dirty_order_count;
	struct server *server; /* room for a site's printers */
	double load_before, lateness_before;
	int32_t changes_before, moved_before, live_before;
};

/* False without memory. */
bool plan_init(
	struct plan *plan, const struct problem *problem, const struct plan_weights *weights);
void plan_finish(struct plan *plan);
/* The problem has got more orders.  False without memory. */
bool plan_grow(struct plan *plan, size_t order_count);

void plan_change(struct plan *plan);
/* Before the run that stands at `position` now.  The id, or PLAN_NONE. */
int32_t plan_insert(struct plan *plan, int32_t printer, int32_t position, int32_t order,
	const struct problem_option *option, int32_t home);
void plan_remove(struct plan *plan, int32_t run, int32_t position);
/* The printer's state, or what the order's cost rests on, is not what it was. */
void plan_printer_changed(struct plan *plan, int32_t printer);
void plan_order_changed(struct plan *plan, int32_t order);
int32_t plan_position(const struct plan *plan, int32_t run);
/* False: the plan cannot be carried out like this: undo. */
bool plan_settle(struct plan *plan);
/* Also false as soon as it is clear that the plan would cost more; where printers wait for people
 * that is an estimate.  A cost above may come out as well. */
bool plan_settle_within(struct plan *plan, double cost_max);
void plan_keep(struct plan *plan);
void plan_undo(struct plan *plan);

/* Weighs all loads anew. */
void plan_set_scale(struct plan *plan, double scale_s, int steepness);

/* Compares plans; of makespans also those a search can feel its way by. */
double plan_cost(const struct plan *plan);
/* The goal itself, in its own unit. */
int64_t plan_goal(const struct plan *plan);
int64_t plan_makespan(const struct plan *plan);

/* Where the printer stands before the run at `position`. */
struct problem_state plan_state(const struct plan *plan, int32_t printer, int32_t position);

/* What the plan consists of, to keep the best one and to come back to it. */
struct plan_copy {
	struct plan_copy_item {
		int32_t printer, order, option, home;
		bool kept, reload;
	} * item; /* in the order of the printers' lists; owned */
	size_t count, capacity;
};
bool plan_save(const struct plan *plan, struct plan_copy *copy);
/* Replaces everything.  False without memory. */
bool plan_load(struct plan *plan, const struct plan_copy *copy);

#endif
