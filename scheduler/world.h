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
};

/* Part of a week, seconds from Monday 00:00 local; end > begin, end <= WORLD_WEEK_S. */
struct world_window {
	int32_t begin_s, end_s;
};

/* When somebody is there.  No window: always staffed. */
struct world_calendar {
	size_t window_count;
	struct world_window window[WORLD_WINDOWS_MAX];
	int64_t week_start_s; /* a time at which a week began (local Monday 00:00) */
};

struct world_printer {
	const char *name;
	/* What it can do. */
	bool round_bed;
	double volume_min_mm[3], volume_max_mm[3];
	double nozzle_mm;
	double hotend_max_celsius, bed_max_celsius;
	size_t machine_count;
	const char *machine[WORLD_MACHINES_MAX]; /* slicer names it answers to */
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
	double grams;	/* negative: unknown */
	double box_min_mm[3], box_max_mm[3];
	bool has_box;
	double hotend_celsius, bed_celsius, nozzle_mm;
	/* "": any.  Programs of lasers and mills have "grbl", "grbl laser" or "grbl spindle". */
	const char *machine;
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
	const char *material, *color, *printer, *tag; /* wishes; "": any */
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
};

#endif
