/* What would be if something were otherwise: the same world with one thing changed, planned anew.
 *
 * Answers what limits an order, which change would meet its date, what a night would yield, and
 * what it costs to leave something undone.  In steps, like the planner; same question, same
 * answers. */
#ifndef SCHEDULER_WHATIF_H
#define SCHEDULER_WHATIF_H

#include "scheduler/choice.h"
#include "scheduler/planner.h"

enum whatif_kind {
	WHATIF_NOTHING, /* as it is */
	/* Nobody can do these; they tell what limits. */
	WHATIF_NO_WAITS,    /* beds are cleared at once */
	WHATIF_ALWAYS_OPEN, /* somebody is always there */
	WHATIF_ANY_SPOOL,   /* every printer holds enough of what the order wants */
	WHATIF_ALONE,	    /* there are no other orders */
	/* Somebody can do these. */
	WHATIF_READY,	     /* the printer is enabled, unlocked, online and cleared */
	WHATIF_SPOOL,	     /* the printer holds enough of what the order wants */
	WHATIF_FIRST,	     /* the order goes before all others */
	WHATIF_HOUR_MORE,    /* somebody stays an hour longer every day */
	WHATIF_ROUND,	     /* somebody looks in while it is closed, once in each closed time */
	WHATIF_UNATTENDED,   /* the printer may print alone */
	WHATIF_PRINTER_MORE, /* there is another one like the printer */
	WHATIF_NOT_BEFORE,   /* the printer starts nothing before at_s */
	WHATIF_CLEARED,	     /* its bed is empty from at_s on at the latest */
};

#define WHATIF_ALL SIZE_MAX /* as a printer: every one */

enum {
	WHATIF_STAY_S = 3600,
	WHATIF_ROUND_S = 1800, /* how long somebody is there then */
	WHATIF_CHANGES_MAX = 128,
};

struct whatif_change {
	enum whatif_kind kind;
	size_t printer;
	int64_t at_s;
};

/* ---- a world that may be changed ---- */

struct whatif_world {
	struct world world; /* what it points to is owned, strings and plates are borrowed */
	struct world_printer *printer;
	struct world_order *order;
	struct world_stretch *stretch;
	size_t stretch_room;
	char material[CHOICE_BYTES], color[CHOICE_BYTES]; /* of the spools that are put in */
};

/* False: no memory. */
bool whatif_world_init(struct whatif_world *world, const struct world *from);
void whatif_world_change(
	struct whatif_world *world, const struct whatif_change *change, size_t order);
void whatif_world_finish(struct whatif_world *world);

/* ---- questions ---- */

struct whatif_question {
	const struct world *world; /* borrowed until whatif_destroy */
	int64_t now_s;
	uint64_t seed;
	size_t order; /* whose end is asked for */
	int64_t by_s; /* units that are printed by then are counted; 0: none */
	size_t change_count;
	const struct whatif_change *change; /* borrowed likewise */
};

struct whatif_answer {
	int64_t done_s;		   /* when the order is printed; -1: cannot be said */
	int64_t order_units_by;	   /* of the order, printed by by_s */
	int64_t units_by;	   /* of all orders */
	int32_t late;		   /* orders that end behind their due dates */
	int64_t *printer_units_by; /* [printer], one more than the world has */
};

struct whatif;

/* NULL: no memory, or too many changes. */
struct whatif *whatif_begin(const struct whatif_question *question);
/* `previous` is the plan in force, or NULL; it may be another one in each step.  true: there is
 * more to do. */
bool whatif_step(struct whatif *whatif, const struct planner_result *previous, int64_t moves);
/* Of change i; valid until whatif_destroy. */
const struct whatif_answer *whatif_answer(const struct whatif *whatif, size_t i);
void whatif_destroy(struct whatif *whatif); /* takes NULL */

#endif
