/* The world as the planner sees it: plain values, filled by the caller, borrowed during a call.
 * Times are whole seconds on one clock of the caller's choice (control: wall-clock seconds).
 * Strings are never NULL; "" means "not said" or "any".  Materials and colours are compared without
 * regard to case, everything else byte by byte. */
#ifndef SCHEDULER_WORLD_H
#define SCHEDULER_WORLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	WORLD_WEEK_S = 604800,
	WORLD_WINDOWS_MAX = 64, /* staffed windows of a week */
	WORLD_TAGS_MAX = 8,
	WORLD_MACHINES_MAX = 8,
	WORLD_AFTER_MAX = 8, /* orders that one waits for */
};

/* Part of a week, seconds from Monday 00:00 local; end > begin, end <= WORLD_WEEK_S. */
struct world_window {
	int32_t begin_s, end_s;
};

/* A piece of time with a date: holidays, extra openings and changes of daylight saving are in it.
 */
struct world_stretch {
	int64_t begin_s, end_s;
	int32_t offset_s; /* local time is so much ahead of UTC when it begins */
};

/* Why nobody is there, for people. */
struct world_closure {
	int64_t begin_s, end_s;
	const char *name;
};

/* From from_s up to until_s the stretches count instead of weekly windows: sorted, apart from each
 * other, within these times.  from_s == until_s: there are none. */
struct world_dates {
	int64_t from_s, until_s;
	size_t stretch_count;
	const struct world_stretch *stretch;
	size_t closure_count; /* only words rest on them */
	const struct world_closure *closure;
};

/* When somebody is there.  No window: always staffed. */
struct world_calendar {
	size_t window_count;
	struct world_window window[WORLD_WINDOWS_MAX];
	int64_t week_start_s; /* a time at which a week began (local Monday 00:00) */
	struct world_dates dates;
};

struct clearing;

struct world_printer {
	const char *name;
	/* What it can do. */
	bool round_bed;
	double volume_min_mm[3], volume_max_mm[3];
	double nozzle_mm;
	double hotend_max_celsius, bed_max_celsius;
	size_t machine_count;
	const char *machine[WORLD_MACHINES_MAX]; /* slicer names it answers to */
	const char *dialect;			 /* what its firmware reads; NULL or "": any */
	int32_t tools;				 /* that it chooses between; 0: any number */
	size_t tag_count;
	const char *tag[WORLD_TAGS_MAX];
	double speed_factor;  /* real time / estimated time, 1.0 */
	double speed_spread;  /* how far that is off from print to print, a share */
	double fail_per_hour; /* prints that fail, for each hour of print */
	bool may_run_unattended;
	bool programs; /* takes programs of lasers and mills, and no prints */
	bool laser;    /* and no program for a spindle (M3) */
	/* What is the case. */
	const char *material, *color; /* of the loaded spool */
	double grams_left;	      /* negative: unknown */
	bool online, enabled, locked, bed_empty, idle, needs_attention, by_hand;
	bool needs_confirmation; /* a person at the machine must want the start: lasers, mills */
	bool noisy;		 /* runs only in the times of the world's `noise` */
	bool runout_change;	 /* a print may start on a spool that it will empty */
	/* What it draws while it prints, and at most while it heats up. */
	int32_t watts, heat_watts;
	int64_t heats_until_s; /* the running print's peak is over; 0: it is */
	/* So much print time is left until it takes no new job before maintenance, which takes
	 * maintenance_takes_s of staffed time and is due again after maintenance_every_s of print
	 * time.  maintenance_every_s 0: none is kept account of. */
	int64_t maintenance_left_s, maintenance_takes_s, maintenance_every_s;
	const char *quarantine;	 /* why it gets no new jobs; NULL: it does */
	const char *maintenance; /* what is to be done then; NULL: none is kept account of */
	int64_t free_at_s;	 /* when the running print ends; now or before: free */
	int64_t ready_after_s;	 /* announced start delay after a clear: not before */
	/* Since when a bed that nothing prints on waits to be cleared, or the cable is out; of both
	 * the earlier.  0: not known. */
	int64_t waits_since_s;
};

/* One way to make units of an order. */
struct world_plate {
	int64_t id;
	int32_t yield;
	int64_t time_s; /* print and heat */
	int64_t heat_s; /* of it: heating up */
	double grams;	/* negative: unknown */
	double box_min_mm[3], box_max_mm[3];
	bool has_box;
	double hotend_celsius, bed_celsius, nozzle_mm;
	/* "": any.  Programs of lasers and mills have "grbl", "grbl laser" or "grbl spindle". */
	const char *machine;
	const char *dialects; /* "marlin,klipper": who reads it; NULL or "": any */
	int32_t tools;	      /* that it chooses between; 0: not known */
	const char *material; /* "": any */
	bool needs_person;
};

struct world_order {
	int64_t id;
	int64_t units_left; /* not yet good, printing or printed-and-uncounted */
	int32_t priority;   /* 0..100, higher first */
	int64_t due_s;	    /* 0: none */
	int64_t created_s;
	bool held;
	const char *held_because; /* for words; NULL: somebody has to release it */
	bool over_quota;	  /* ranks behind every order that is within its quota */
	int32_t share_step; /* of orders alike in priority those with less go first, see share.h */
	const char *material, *color; /* wishes: lists as choice.h has them; "": any */
	const char *printer, *tag;    /* wishes; "": any */
	/* Nothing of it starts before these are done: indexes of orders of this world, as far as
	 * something of them is still to be planned, and when that ends which is not: what prints.
	 * after_end_s 0: nothing does; CALENDAR_NEVER_S: nobody can say. */
	size_t after_count;
	size_t after[WORLD_AFTER_MAX];
	int64_t after_end_s;
	const char *avoid; /* a printer that is not used: its prints failed there, another one can
			      make it; NULL: none */
	/* For words: the first of them by id (0: it waits for none), its units, how many are left.
	 */
	int64_t waits_for, waits_units, waits_left;
	size_t plate_count;
	const struct world_plate *plate;
};

struct world {
	size_t printer_count;
	const struct world_printer *printer;
	size_t order_count;
	const struct world_order *order;
	struct world_calendar calendar;
	int64_t clear_s; /* how long a printed bed usually waits to be cleared, when staffed */
	int64_t start_delay_s;
	/* How long it waits by the hour of the week; NULL: clear_s at every hour. */
	const struct clearing *clearing;
	/* How many people are there by the hour of the week (WORLD_WEEK_S / 3600 of them; 0: as
	 * many as it takes), each busy for visit_s with a bed.  NULL: nobody has said. */
	const int32_t *operators;
	int64_t visit_s;
	/* When noisy printers may run; no window and no stretch: always. */
	struct world_calendar noise;
	int32_t power_budget_w; /* of all printers at a time; 0: no limit */
	int32_t power_used_w;	/* now */
	const char *power_held; /* who draws how much now, for people; NULL: not said */
};

#endif
