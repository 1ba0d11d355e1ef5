/* A plan held against power, people and maintenance; see limits.h.  Lived through from now on:
 * heaps of the printers' next starts, of the ends of their prints, and of the moments at which
 * power becomes free. */
#include "scheduler/limits.h"
#include "scheduler/heap.h"
#include "scheduler/match.h"
#include "scheduler/timeline.h"

#include <stdlib.h> /* calloc, free */

static const size_t NONE = SIZE_MAX;

/* Power becomes free. */
struct release {
	int64_t at_s;
	int32_t watts;
};

/* What comes next on a printer: the end of a print, then a start. */
struct next_start {
	int64_t at_s;
	size_t assignment; /* NONE: no more */
	int64_t end_s;	   /* of the print before */
	int64_t ready_s;   /* nothing starts before */
	int64_t left_s;	   /* until maintenance */
	bool is_parked;	   /* until what its order waits for is placed */
};

/* What is known of an order while its prints are placed. */
struct order_so_far {
	size_t left;	/* prints that are not placed */
	int64_t done_s; /* the last of those that are ends */
};

struct limits {
	const struct world *world;
	struct planner_assignment *planned;
	size_t planned_count;
	struct timeline timeline;
	struct order_so_far *order;
	size_t *follower; /* of each assignment: the next one of its printer */
	size_t *placed;	  /* assignments, by start */
	size_t placed_count;
	struct next_start *start; /* one per printer */
	struct release *release;
	size_t release_count;
	void **start_room, **end_room, **release_room;
	struct heap starts, ends, releases;
	int64_t used_w;
	int32_t people;			   /* most that are there at a time; 0: no limit */
	int64_t busy_s[LIMITS_PEOPLE_MAX]; /* until then */
};

static int32_t most_people(const struct world *world)
{
	int32_t most = 0;

	if (!world->operators || world->visit_s <= 0)
		return 0;
	for (size_t hour = 0; hour < WORLD_WEEK_S / 3600; hour++)
		if (world->operators[hour] > most)
			most = world->operators[hour];
	return most < LIMITS_PEOPLE_MAX ? most : 0;
}

bool limits_matter(const struct world *world)
{
	if (world->power_budget_w > 0 || most_people(world) > 0)
		return true;
	for (size_t i = 0; i < world->printer_count; i++)
		if (world->printer[i].maintenance_every_s > 0)
			return true;
	return false;
}

static bool starts_first(const void *a, const void *b)
{
	const struct next_start *x = a, *y = b;

	return x->at_s != y->at_s ? x->at_s < y->at_s : x->assignment < y->assignment;
}

static bool ends_first(const void *a, const void *b)
{
	const struct next_start *x = a, *y = b;

	return x->end_s != y->end_s ? x->end_s < y->end_s : x < y;
}

static bool is_free_first(const void *a, const void *b)
{
	const struct release *x = a, *y = b;

	return x->at_s != y->at_s ? x->at_s < y->at_s : x < y;
}

static void free_later(struct limits *limits, int64_t at_s, int32_t watts)
{
	struct release *release = &limits->release[limits->release_count++];

	*release = (struct release){ at_s, watts };
	heap_push(&limits->releases, release);
}

static int32_t peak_w(const struct world_printer *printer)
{
	return printer->heat_watts > printer->watts ? printer->heat_watts : printer->watts;
}

static void draw(struct limits *limits, const struct world_printer *printer, int64_t heats_until_s,
	int64_t end_s)
{
	if (limits->world->power_budget_w <= 0)
		return;
	if (heats_until_s > end_s)
		heats_until_s = end_s;
	limits->used_w += peak_w(printer);
	free_later(limits, heats_until_s, peak_w(printer) - printer->watts);
	free_later(limits, end_s, printer->watts);
}

static void push_start(struct limits *limits, size_t printer)
{
	struct next_start *start = &limits->start[printer];
	const struct planner_assignment *own;

	if (start->assignment == NONE)
		return;
	own = &limits->planned[start->assignment];

	const struct world_plate *plate = &limits->world->order[own->order].plate[own->plate];
	int64_t from_s = own->start_s > start->ready_s ? own->start_s : start->ready_s;

	if (from_s < start->at_s)
		from_s = start->at_s;
	start->at_s = timeline_start_from(&limits->timeline, printer,
		match_needs_staff(plate, &limits->world->printer[printer]), from_s,
		own->end_s - own->start_s);
	heap_push(&limits->starts, start);
}

/* The first printers that a person meets are those whose beds wait already. */
static void begin_with_what_runs(struct limits *limits)
{
	const struct world *world = limits->world;
	int64_t now_s = limits->timeline.now_s;

	for (size_t i = 0; i < world->printer_count; i++) {
		const struct world_printer *printer = &world->printer[i];
		struct next_start *start = &limits->start[i];

		start->left_s = printer->maintenance_left_s;
		start->ready_s = limits->timeline.printer[i].cursor.free_s;
		start->end_s = printer->free_at_s > now_s ? printer->free_at_s : now_s;
		if (printer->free_at_s > now_s) {
			draw(limits, printer,
				printer->heats_until_s > now_s ? printer->heats_until_s : now_s,
				printer->free_at_s);
			start->left_s -= printer->free_at_s - now_s;
		}
		if (limits->timeline.printer[i].counts &&
			(printer->free_at_s > now_s || !printer->bed_empty))
			heap_push(&limits->ends, start);
		else
			push_start(limits, i);
	}
}

struct limits *limits_create(const struct world *world, int64_t now_s,
	struct planner_assignment *planned, size_t planned_count)
{
	struct limits *limits = calloc(1, sizeof *limits);
	size_t printers = world->printer_count + 1;
	size_t releases = 2 * (planned_count + printers);

	if (!limits)
		return NULL;
	limits->world = world;
	limits->planned = planned;
	limits->planned_count = planned_count;
	limits->placed = calloc(planned_count + 1, sizeof *limits->placed);
	limits->people = most_people(world);
	limits->follower = calloc(planned_count + 1, sizeof *limits->follower);
	limits->start = calloc(printers, sizeof *limits->start);
	limits->order = calloc(world->order_count + 1, sizeof *limits->order);
	limits->release = calloc(releases, sizeof *limits->release);
	limits->start_room = calloc(printers, sizeof *limits->start_room);
	limits->end_room = calloc(printers, sizeof *limits->end_room);
	limits->release_room = calloc(releases, sizeof *limits->release_room);
	if (!limits->placed || !limits->follower || !limits->start || !limits->release ||
		!limits->order || !limits->start_room || !limits->end_room ||
		!limits->release_room || !timeline_init(&limits->timeline, world, now_s)) {
		limits_destroy(limits);
		return NULL;
	}
	heap_init(&limits->starts, limits->start_room, printers, starts_first);
	heap_init(&limits->ends, limits->end_room, printers, ends_first);
	heap_init(&limits->releases, limits->release_room, releases, is_free_first);
	for (size_t i = 0; i < world->printer_count; i++)
		limits->start[i].assignment = NONE;
	for (size_t i = planned_count; i-- > 0;) {
		struct next_start *start = &limits->start[planned[i].printer];

		limits->order[planned[i].order].left++;
		limits->follower[i] = start->assignment;
		start->assignment = i;
	}
	begin_with_what_runs(limits);
	return limits;
}

void limits_destroy(struct limits *limits)
{
	if (!limits)
		return;
	timeline_finish(&limits->timeline);
	free(limits->follower);
	free(limits->placed);
	free(limits->start);
	free(limits->order);
	free(limits->release);
	free(limits->start_room);
	free(limits->end_room);
	free(limits->release_room);
	free(limits);
}

static void free_until(struct limits *limits, int64_t at_s)
{
	const struct release *release;

	while ((release = heap_top(&limits->releases)) && release->at_s <= at_s) {
		limits->used_w -= release->watts;
		heap_pop(&limits->releases);
	}
}

/* When this one of the people can begin with a bed from at_s on. */
static int64_t person_from(const struct limits *limits, int32_t person, int64_t at_s)
{
	const struct world *world = limits->world;
	const struct calendar *calendar = &limits->timeline.calendar;

	if (at_s < limits->busy_s[person])
		at_s = limits->busy_s[person];
	for (size_t tries = 0; tries < WORLD_WEEK_S / 3600; tries++) {
		at_s = calendar_next_start(calendar, at_s, world->visit_s);
		if (at_s >= CALENDAR_NEVER_S / 4)
			return CALENDAR_NEVER_S;

		int64_t second = calendar_second_of_week(calendar, at_s);
		int32_t present = world->operators[second / 3600];

		if (present == 0 || present > person)
			return at_s;
		at_s += 3600 - second % 3600;
	}
	return CALENDAR_NEVER_S;
}

/* Somebody comes to a bed from at_s on: when they have done with it; at_s if nobody can be said. */
static int64_t after_hands(struct limits *limits, int64_t at_s)
{
	int64_t first_s = CALENDAR_NEVER_S;
	int32_t first = 0;

	for (int32_t person = 0; person < limits->people; person++) {
		int64_t from_s = person_from(limits, person, at_s);

		if (from_s < first_s) {
			first_s = from_s;
			first = person;
		}
		/* The others come no sooner than one who has nothing to do. */
		if (limits->busy_s[person] <= at_s)
			break;
	}
	if (first_s >= CALENDAR_NEVER_S / 4)
		return at_s;
	limits->busy_s[first] = first_s + limits->world->visit_s;
	return limits->busy_s[first];
}

/* The bed is cleared, as soon as is usual and hands are free, and what is due is done. */
static void serve(struct limits *limits, struct next_start *start)
{
	size_t printer = (size_t)(start - limits->start);
	const struct world_printer *maker = &limits->world->printer[printer];

	if (limits->people > 0) {
		int64_t done_s = after_hands(limits, start->end_s) + limits->world->start_delay_s;

		if (done_s > start->ready_s)
			start->ready_s = done_s;
	}
	if (maker->maintenance_every_s > 0 && start->left_s <= 0) {
		while (start->left_s <= 0)
			start->left_s += maker->maintenance_every_s;
		start->ready_s = calendar_after_work(
			&limits->timeline.calendar, start->ready_s, maker->maintenance_takes_s);
	}
	push_start(limits, printer);
}

/* When what the order waits for is off its beds; 0: it waits for nothing.  NEVER: some of that is
 * not placed yet. */
static int64_t after_others(const struct limits *limits, const struct world_order *order)
{
	int64_t done_s = 0;

	for (size_t i = 0; i < order->after_count && i < WORLD_AFTER_MAX; i++) {
		const struct order_so_far *other = &limits->order[order->after[i]];

		if (other->left > 0)
			return CALENDAR_NEVER_S;
		if (other->done_s > done_s)
			done_s = other->done_s;
	}
	return done_s > 0 ? timeline_after_visit(&limits->timeline, done_s) : 0;
}

/* The last print of an order is placed: what waited for it may be. */
static void unpark(struct limits *limits)
{
	for (size_t i = 0; i < limits->world->printer_count; i++) {
		if (!limits->start[i].is_parked)
			continue;
		limits->start[i].is_parked = false;
		push_start(limits, i);
	}
}

/* False: it has been put off. */
static bool may_begin(struct limits *limits, struct next_start *start)
{
	const struct planner_assignment *own = &limits->planned[start->assignment];
	int64_t from_s = after_others(limits, &limits->world->order[own->order]);

	if (from_s <= start->at_s)
		return true;
	start->is_parked = from_s == CALENDAR_NEVER_S;
	if (start->is_parked)
		return false;
	start->at_s = from_s;
	push_start(limits, own->printer);
	return false;
}

static void place(struct limits *limits, struct next_start *start)
{
	struct planner_assignment *own = &limits->planned[start->assignment];
	const struct world_plate *plate = &limits->world->order[own->order].plate[own->plate];
	const struct world_printer *printer = &limits->world->printer[own->printer];
	int64_t length_s = own->end_s - own->start_s;

	limits->placed[limits->placed_count++] = start->assignment;
	own->start_s = start->at_s;
	own->end_s = start->at_s + length_s;
	draw(limits, printer, own->start_s + plate->heat_s, own->end_s);
	start->left_s -= length_s;
	start->end_s = own->end_s;
	start->ready_s = timeline_after_visit(&limits->timeline, own->end_s);
	start->assignment = limits->follower[start->assignment];
	heap_push(&limits->ends, start);

	struct order_so_far *order = &limits->order[own->order];

	if (order->done_s < own->end_s)
		order->done_s = own->end_s;
	if (--order->left == 0)
		unpark(limits);
}

bool limits_move(struct limits *limits)
{
	struct next_start *start = heap_top(&limits->starts), *ended = heap_top(&limits->ends);
	const struct release *release;

	if (ended && (!start || ended->end_s <= start->at_s)) {
		serve(limits, heap_pop(&limits->ends));
		return true;
	}
	if (!start)
		return false;
	heap_pop(&limits->starts);
	/* A start that people never come to is left where it is, and all behind it. */
	if (start->at_s >= CALENDAR_NEVER_S / 4)
		return true;
	if (!may_begin(limits, start))
		return true;
	free_until(limits, start->at_s);

	size_t printer = limits->planned[start->assignment].printer;
	int64_t peak = peak_w(&limits->world->printer[printer]);

	release = heap_top(&limits->releases);
	if (limits->world->power_budget_w > 0 && release &&
		limits->used_w + peak > limits->world->power_budget_w) {
		start->at_s = release->at_s;
		push_start(limits, printer);
	} else {
		place(limits, start);
	}
	return true;
}

bool limits_take(const struct limits *limits, struct planner_assignment *sorted)
{
	if (limits->placed_count < limits->planned_count)
		return false;
	for (size_t i = 0; i < limits->placed_count; i++) {
		const struct planner_assignment *own = &limits->planned[limits->placed[i]];
		size_t at = i;

		/* Of one moment by printer. */
		for (; at > 0 && sorted[at - 1].start_s == own->start_s &&
			sorted[at - 1].printer > own->printer;
			at--)
			sorted[at] = sorted[at - 1];
		sorted[at] = *own;
	}
	return true;
}
