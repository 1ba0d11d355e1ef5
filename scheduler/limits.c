/* A plan held against power and maintenance; see limits.h.  Lived through from now on: a heap of
 * the printers' next starts, one of the moments at which power becomes free. */
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

/* The next start of a printer. */
struct next_start {
	int64_t at_s;
	size_t assignment; /* NONE: no more */
	int64_t ready_s;   /* nothing starts before */
	int64_t left_s;	   /* until maintenance */
};

struct limits {
	const struct world *world;
	struct planner_assignment *planned;
	struct timeline timeline;
	size_t *follower;	  /* of each assignment: the next one of its printer */
	struct next_start *start; /* one per printer */
	struct release *release;
	size_t release_count;
	void **start_room, **release_room;
	struct heap starts, releases;
	int64_t used_w;
};

bool limits_matter(const struct world *world)
{
	if (world->power_budget_w > 0)
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

static void begin_with_what_runs(struct limits *limits)
{
	const struct world *world = limits->world;
	int64_t now_s = limits->timeline.now_s;

	for (size_t i = 0; i < world->printer_count; i++) {
		const struct world_printer *printer = &world->printer[i];
		struct next_start *start = &limits->start[i];

		start->left_s = printer->maintenance_left_s;
		start->ready_s = limits->timeline.printer[i].cursor.free_s;
		if (printer->free_at_s > now_s) {
			draw(limits, printer,
				printer->heats_until_s > now_s ? printer->heats_until_s : now_s,
				printer->free_at_s);
			start->left_s -= printer->free_at_s - now_s;
		}
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
	limits->follower = calloc(planned_count + 1, sizeof *limits->follower);
	limits->start = calloc(printers, sizeof *limits->start);
	limits->release = calloc(releases, sizeof *limits->release);
	limits->start_room = calloc(printers, sizeof *limits->start_room);
	limits->release_room = calloc(releases, sizeof *limits->release_room);
	if (!limits->follower || !limits->start || !limits->release || !limits->start_room ||
		!limits->release_room || !timeline_init(&limits->timeline, world, now_s)) {
		limits_destroy(limits);
		return NULL;
	}
	heap_init(&limits->starts, limits->start_room, printers, starts_first);
	heap_init(&limits->releases, limits->release_room, releases, is_free_first);
	for (size_t i = 0; i < world->printer_count; i++)
		limits->start[i].assignment = NONE;
	for (size_t i = planned_count; i-- > 0;) {
		struct next_start *start = &limits->start[planned[i].printer];

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
	free(limits->start);
	free(limits->release);
	free(limits->start_room);
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

/* When the next print may start on it: the bed is cleared, and what is due is done. */
static int64_t ready_after(
	struct limits *limits, size_t printer, const struct planner_assignment *own)
{
	const struct world_printer *maker = &limits->world->printer[printer];
	struct next_start *start = &limits->start[printer];
	int64_t ready_s = timeline_after_visit(&limits->timeline, own->end_s);

	if (maker->maintenance_every_s <= 0)
		return ready_s;
	start->left_s -= own->end_s - own->start_s;
	if (start->left_s > 0)
		return ready_s;
	while (start->left_s <= 0)
		start->left_s += maker->maintenance_every_s;
	return calendar_after_work(&limits->timeline.calendar, ready_s, maker->maintenance_takes_s);
}

static void place(struct limits *limits, struct next_start *start)
{
	struct planner_assignment *own = &limits->planned[start->assignment];
	const struct world_plate *plate = &limits->world->order[own->order].plate[own->plate];
	const struct world_printer *printer = &limits->world->printer[own->printer];
	int64_t length_s = own->end_s - own->start_s;

	own->start_s = start->at_s;
	own->end_s = start->at_s + length_s;
	draw(limits, printer, own->start_s + plate->heat_s, own->end_s);
	start->ready_s = ready_after(limits, own->printer, own);
	start->assignment = limits->follower[start->assignment];
	push_start(limits, own->printer);
}

bool limits_move(struct limits *limits)
{
	struct next_start *start = heap_pop(&limits->starts);
	const struct release *release;

	if (!start)
		return false;
	/* A start that people never come to is left where it is, and all behind it. */
	if (start->at_s >= CALENDAR_NEVER_S / 4)
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
