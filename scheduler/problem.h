/* What is to be planned, in numbers: printers, people's hours, reels, ways to make units, orders.
 *
 * The planner's search works on this and on nothing else.  It is filled from the daemon's world and
 * from a benchmark's instance; both only translate.  Ids are indexes.  Times are whole seconds on
 * one clock; the week's second of time 0 is `week0_s`. */
#ifndef SCHEDULER_PROBLEM_H
#define SCHEDULER_PROBLEM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum {
	PROBLEM_WEEK_S = 604800,
	PROBLEM_HOURS = PROBLEM_WEEK_S / 3600,
	PROBLEM_MATERIALS_MAX = 62,
};

/* Further away than any plan reaches. */
#define PROBLEM_NEVER ((int64_t)1 << 50)

enum problem_goal {
	PROBLEM_MAKESPAN,  /* all done as early as possible */
	PROBLEM_TARDINESS, /* the sum of weight x lateness as small as possible */
};

struct problem_window {
	int64_t begin_s, end_s;
};

/* Weekly windows, or none; the last may go on into the next week.  `at_hour` is filled by
 * problem_prepare. */
struct problem_windows {
	size_t count;
	struct problem_window *window;	 /* seconds of the week, by begin; owned */
	uint16_t at_hour[PROBLEM_HOURS]; /* the first window that ends after this hour began */
};

struct problem_site {
	struct problem_windows hours; /* none: always open */
	struct problem_windows quiet;
	int32_t operators; /* services at once; 0: no limit */
};

/* How far a printer's time and reel are used up. */
struct problem_state {
	int64_t ready_s; /* the last print ended, or it is free from then on */
	int32_t loaded;	 /* material */
	int32_t spool_g;
	bool dirty;  /* something lies on the bed */
	bool manual; /* that only a person may clear: the print failed */
};

struct problem_printer {
	int32_t site, kind; /* printers of one kind have the same plates */
	int32_t nozzle_um;
	uint64_t materials;	   /* bit m: takes material m */
	bool eject, noisy, absent; /* absent: out of order, nobody knows until when */
	int32_t clear_s, slow_permille;
	int32_t fail_ppm; /* of prints lost, per hour of print */
	struct problem_state state;
	size_t down_count;
	struct problem_window *down; /* times, not of the week; owned */
	int64_t longest_s;	     /* a print that fits between quiet hours; by problem_prepare */
};

/* One way to make some units of a part on printers of a kind. */
struct problem_option {
	int32_t units, grams;
	int64_t time_s;	    /* on a printer of slow_permille 1000 */
	int64_t earliest_s; /* nobody mounts its reel before */
	bool attended;	    /* somebody must be there from the start to the end */
};

struct problem_order {
	int32_t part, material, user;
	int32_t units; /* still to be planned */
	int32_t weight;
	int64_t release_s, due_s;
	int64_t promised_s; /* to be done later costs much more than lateness; 0: not said */
	int64_t printing_s; /* until then units of it print already; 0: none do */
};

struct problem_print;

/* When things may happen, where somebody knows better than hours, quiet hours and clear_s: the
 * daemon's calendars have dates, and people come when they come. */
struct problem_rules {
	const void *context; /* borrowed; NULL: no such rules */
	/* When a bed that holds a print that ended at ended_s is empty. */
	int64_t (*ready_after)(const void *context, int64_t ended_s);
	/* The earliest start of this print at or after at_s; PROBLEM_NEVER or later: none. */
	int64_t (*start_from)(const void *context, size_t printer,
		const struct problem_print *print, int64_t at_s);
};

struct problem {
	enum problem_goal goal;
	int64_t week0_s, horizon_s;
	int64_t now_s; /* nothing starts before */
	int32_t reload_s;
	struct problem_rules rules;
	size_t material_count, site_count, kind_count, printer_count, part_count, user_count;
	size_t order_count;
	int32_t *reel_g;   /* a full reel of each material */
	int32_t *change_s; /* [from * material_count + to] */
	struct problem_site *site;
	struct problem_printer *printer;
	int32_t *part_nozzle_um; /* 0: any */
	/* Options of a part on a kind: option[first[part * kind_count + kind]] up to the next one,
	 * by units. */
	int32_t *first;
	struct problem_option *option;
	struct problem_order *order;
};

/* Allocates the arrays for the counts that are set.  False without memory. */
bool problem_allocate(struct problem *problem, size_t option_count);
/* To be called when all is filled in, and again when hours change. */
void problem_prepare(struct problem *problem);
void problem_finish(struct problem *problem);

/* The options of an order on a printer; count 0: it cannot make it. */
struct problem_choice {
	const struct problem_option *option;
	int32_t count;
};
struct problem_choice problem_choice(const struct problem *problem, size_t printer, size_t order);

/* Fits the reel, and the time between quiet hours. */
bool problem_option_fits(const struct problem *problem, size_t printer, size_t order,
	const struct problem_option *option);

int64_t problem_print_s(
	const struct problem *problem, size_t printer, const struct problem_option *option);

/* The earliest start, at or after `at_s`, of `length_s` inside one window of the site's hours. */
int64_t problem_open_from(
	const struct problem_windows *hours, int64_t week0_s, int64_t at_s, int64_t length_s);
/* When the next window begins, after `at_s`; PROBLEM_NEVER: no windows. */
int64_t problem_next_opening(const struct problem_windows *hours, int64_t week0_s, int64_t at_s);

/* What is put on a printer. */
struct problem_print {
	int32_t order, units, grams;
	int64_t length_s, earliest_s;
	bool attended;
	bool reload; /* mount a full reel though the old one would do */
};

struct problem_slot {
	int64_t service_s; /* -1: needs nobody */
	int64_t service_length_s;
	int64_t start_s, end_s;
	bool is_change, is_reload;
	struct problem_state after;
};

/* The earliest way to do this print after `from`, if a person is free whenever the site is open
 * after `person_s`.  False: never. */
bool problem_place(const struct problem *problem, size_t printer, const struct problem_state *from,
	const struct problem_print *print, int64_t person_s, struct problem_slot *slot);

#endif
