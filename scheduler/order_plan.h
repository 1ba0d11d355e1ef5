/* The plan of one order behind everything that is planned already.
 *
 * 1. match    which plates may run on which printers;
 * 2. list     always the printer whose next plate ends first, until there are enough units: when
 *             the order can be done;
 * 3. probe    where a printer may choose between plates: can it be done sooner?  By halving the
 *             time; at each time every printer is filled with what yields most and still ends;
 * 4. fill     all plates that end by that time, too many as a rule (a printer that had more plates
 *             in the previous plan may be a little late with one, so that it need not move for
 *             seconds);
 * 5. trim     plates that are not needed are taken from the ends: first those that would not start
 *             now, then from printers that have more than before, then the ones that end last;
 * 6. refill   a last plate that makes too many gives way to smaller ones;
 * 7. again    if there are too many units all the same, 4 to 6 are done once more for a little
 *             later, taking away large plates first: the plan that makes fewer units too many is
 *             kept, the sooner one if both make as many.
 *
 * A printer that waits for a person for much longer than usual may wait for ever.  An order never
 * waits for such a printer while another one could start now, even if that one takes longer.
 *
 * Each move is one printer matched or one plate placed. */
#ifndef SCHEDULER_ORDER_PLAN_H
#define SCHEDULER_ORDER_PLAN_H

#include "scheduler/heap.h"
#include "scheduler/previous.h"
#include "scheduler/timeline.h"

enum order_plan_phase {
	ORDER_PLAN_MATCH,
	ORDER_PLAN_LIST,
	ORDER_PLAN_PROBE,
	ORDER_PLAN_FILL,
	ORDER_PLAN_TRIM,
	ORDER_PLAN_REFILL,
	ORDER_PLAN_DONE,
};

/* A printer that can make the order. */
struct order_plan_printer {
	size_t printer;
	uint64_t plates; /* bit i: may run plate i */
	int preference;	 /* of what is mounted: 0 is what the order would rather have */
	struct timeline_cursor cursor;	    /* of the pass that is under way */
	struct timeline_slot next;	    /* list: the plate behind the cursor's last */
	int64_t plate_count, plates_before; /* now, and in the previous plan */
	size_t tail;			    /* last piece, plus 1; 0: none */
	int64_t tail_end_s;
	int32_t tail_weight; /* what counts before all else when plates are taken away */
	bool tail_starts_now;
};

/* A plate on a printer, as long as the order is being planned. */
struct order_plan_piece {
	struct timeline_slot slot;
	struct timeline_cursor from; /* before it */
	size_t printer;
	size_t before; /* the piece before it on this printer, plus 1 */
	bool dropped;
};

struct order_plan {
	/* Of all orders. */
	struct timeline *timeline;	  /* borrowed */
	const struct previous *previous;  /* borrowed */
	struct order_plan_printer *maker; /* owned */
	int64_t *plates_before;		  /* owned; by printer, all 0 between two orders */
	void **room;			  /* owned; the heap's */
	struct order_plan_piece *piece;	  /* owned */
	size_t piece_capacity;
	bool failed; /* no memory */
	/* Of this order. */
	enum order_plan_phase phase;
	size_t order_index;
	struct timeline_wish wish; /* limit_s: of the pass that is under way */
	bool is_short;		   /* the printers will never make enough */
	bool has_choice;	   /* some printer may run several plates */
	uint64_t plates;	   /* bit i: some printer may run plate i */
	size_t maker_count;
	size_t piece_begin, piece_count; /* the plan's pieces: from piece_begin up to piece_count */
	bool is_again;			 /* the second time through fill, trim and refill */
	size_t first_count;		 /* pieces and units of the first time */
	int64_t first_units;
	struct heap heap;
	size_t at;     /* printer or maker that is next */
	int64_t units; /* of this pass; in the end: planned */
	/* Probe: it is not known to work by low_s; high_works says whether it is by high_s. */
	int64_t low_s, high_s;
	bool high_works;
	int64_t slack_s; /* fill: what "a little late" means */
	/* When the first plate ends that could start now, and the first one of an overdue printer.
	 */
	int64_t now_end_s, overdue_end_s;
};

/* `timeline` and `previous` are borrowed until order_plan_finish.  False without memory. */
bool order_plan_init(
	struct order_plan *plan, struct timeline *timeline, const struct previous *previous);
void order_plan_finish(struct order_plan *plan);

/* Begins to plan `units` of this order, from not_before_s on; the pieces of the one before are
 * forgotten. */
void order_plan_begin(
	struct order_plan *plan, size_t order_index, int64_t units, int64_t not_before_s);

/* One move.  False: done (the plan: pieces from piece_begin that are not dropped) or failed. */
bool order_plan_move(struct order_plan *plan);

#endif
