/* When each printer is free, and what it would best print next; see timeline.h. */
#include "scheduler/timeline.h"
#include "scheduler/clearing.h"
#include "scheduler/match.h"
#include "scheduler/planner.h"

#include <stdlib.h> /* calloc, free */

/* How long a bed that holds a finished print from at_s on waits for somebody, in staffed time. */
static int64_t wait_s(const struct timeline *timeline, int64_t at_s)
{
	const struct world *world = timeline->world;

	return world->clearing ? clearing_wait_s(world->clearing, &timeline->calendar, at_s)
			       : world->clear_s;
}

int64_t timeline_after_visit(const struct timeline *timeline, int64_t ended_s)
{
	int64_t cleared_s =
		calendar_after_work(&timeline->calendar, ended_s, wait_s(timeline, ended_s));

	if (cleared_s >= CALENDAR_NEVER_S / 2)
		return CALENDAR_NEVER_S;
	return cleared_s + timeline->world->start_delay_s;
}

int64_t timeline_start_from(const struct timeline *timeline, size_t printer, bool needs_staff,
	int64_t at_s, int64_t length_s)
{
	bool noisy = timeline->world->printer[printer].noisy;

	if (needs_staff && noisy)
		return calendar_next_start_in_both(
			&timeline->calendar, &timeline->noise, at_s, length_s);
	if (needs_staff)
		return calendar_next_start(&timeline->calendar, at_s, length_s);
	return noisy ? calendar_next_start(&timeline->noise, at_s, length_s) : at_s;
}

static int64_t later(int64_t a_s, int64_t b_s)
{
	return a_s > b_s ? a_s : b_s;
}

static bool is_printing(const struct timeline *timeline, const struct world_printer *printer)
{
	return !printer->idle || printer->free_at_s > timeline->now_s;
}

static bool is_waiting(const struct timeline *timeline, const struct world_printer *printer)
{
	return !printer->online || (!is_printing(timeline, printer) && !printer->bed_empty);
}

/* When somebody usually would have come. */
static int64_t usual_visit_s(const struct timeline *timeline, const struct world_printer *printer)
{
	int64_t since_s = printer->waits_since_s;

	if (since_s == 0 || since_s > timeline->now_s)
		since_s = timeline->now_s;
	return calendar_after_work(&timeline->calendar, since_s, wait_s(timeline, since_s));
}

/* A wait that is longer than usual goes on for as long again, as far as anybody knows: a printer
 * that nobody comes to moves away, faster than time goes by, from orders that others can make. */
static int64_t after_wait(const struct timeline *timeline, const struct world_printer *printer)
{
	int64_t cleared_s = usual_visit_s(timeline, printer);

	if (cleared_s < timeline->now_s)
		cleared_s = calendar_after_work(&timeline->calendar, timeline->now_s,
			calendar_staffed_s(&timeline->calendar, cleared_s, timeline->now_s));
	if (cleared_s >= CALENDAR_NEVER_S / 2)
		return CALENDAR_NEVER_S;
	return cleared_s + timeline->world->start_delay_s;
}

static bool is_overdue(const struct timeline *timeline, const struct world_printer *printer)
{
	if (is_waiting(timeline, printer) &&
		(printer->waits_since_s == 0 ||
			calendar_staffed_s(&timeline->calendar, usual_visit_s(timeline, printer),
				timeline->now_s) > wait_s(timeline, printer->waits_since_s)))
		return true;
	/* It should have ended. */
	return is_printing(timeline, printer) && printer->free_at_s <= timeline->now_s;
}

static struct timeline_cursor first_cursor(
	const struct timeline *timeline, const struct world_printer *printer)
{
	int64_t now_s = timeline->now_s;
	struct timeline_cursor cursor = { .free_s = later(now_s, printer->ready_after_s) };
	bool prints = is_printing(timeline, printer), waits = is_waiting(timeline, printer);

	if (prints)
		cursor.free_s = later(cursor.free_s,
			timeline_after_visit(timeline, later(now_s, printer->free_at_s)));
	if (waits)
		cursor.free_s = later(cursor.free_s, after_wait(timeline, printer));
	/* What is not ready now does not become so without time going by. */
	if (prints || waits)
		cursor.free_s = later(cursor.free_s, now_s + 1);
	return cursor;
}

bool timeline_init(struct timeline *timeline, const struct world *world, int64_t now_s)
{
	*timeline = (struct timeline){ .world = world, .now_s = now_s };
	timeline->printer = calloc(world->printer_count + 1, sizeof *timeline->printer);
	if (!timeline->printer)
		return false;
	calendar_init(&timeline->calendar, &world->calendar);
	calendar_init(&timeline->noise, &world->noise);
	calendar_measure(&timeline->calendar);
	calendar_measure(&timeline->noise);
	timeline->visit_s = later(timeline_after_visit(timeline, now_s), now_s + 1);
	for (size_t i = 0; i < world->printer_count; i++) {
		const struct world_printer *printer = &world->printer[i];

		timeline->printer[i].counts = printer->enabled && !printer->locked &&
					      !printer->needs_attention && !printer->by_hand;
		timeline->printer[i].is_overdue = is_overdue(timeline, printer);
		timeline->printer[i].cursor = first_cursor(timeline, printer);
	}
	return true;
}

void timeline_finish(struct timeline *timeline)
{
	free(timeline->printer);
	timeline->printer = NULL;
}

/* False: this plate cannot end by the wish's limit. */
static bool place(const struct timeline *timeline, size_t index, const struct timeline_wish *wish,
	size_t plate_index, const struct timeline_cursor *from, struct timeline_slot *slot)
{
	const struct world_printer *printer = &timeline->world->printer[index];
	const struct world_plate *plate = &wish->order->plate[plate_index];
	int64_t length_s = match_duration_s(plate, printer);
	int64_t start_s = later(from->free_s, wish->not_before_s);

	/* The person who clears the bed also changes the reel: that costs time only before the
	 * first visit. */
	if (match_is_short_of_grams(plate, printer))
		start_s = later(start_s, timeline->visit_s);
	start_s = timeline_start_from(
		timeline, index, match_needs_staff(plate, printer), start_s, length_s);
	if (start_s > wish->limit_s - length_s)
		return false;
	*slot = (struct timeline_slot){
		.plate = plate_index,
		.yield = plate->yield,
		.start_s = start_s,
		.end_s = start_s + length_s,
		.ready_s = timeline_after_visit(timeline, start_s + length_s),
	};
	return true;
}

static double worth(const struct timeline_slot *slot, int64_t units)
{
	return slot->yield < units ? (double)slot->yield : (double)units;
}

/* Compares yield per time without dividing. */
static bool is_better(
	const struct timeline_slot *a, const struct timeline_slot *b, int64_t from_s, int64_t units)
{
	double rate_a = worth(a, units) * (double)(b->ready_s - from_s);
	double rate_b = worth(b, units) * (double)(a->ready_s - from_s);

	if (rate_a > rate_b || rate_a < rate_b)
		return rate_a > rate_b;
	return a->end_s < b->end_s;
}

static bool best_slot(const struct timeline *timeline, size_t printer,
	const struct timeline_wish *wish, const struct timeline_cursor *from, int64_t ready_by_s,
	struct timeline_slot *best)
{
	bool found = false;

	for (size_t i = 0; i < wish->order->plate_count && i < PLANNER_PLATES_MAX; i++) {
		struct timeline_slot slot;

		if (!(wish->plates >> i & 1) || !place(timeline, printer, wish, i, from, &slot) ||
			slot.ready_s > ready_by_s)
			continue;
		if (!found || is_better(&slot, best, from->free_s, wish->units))
			*best = slot;
		found = true;
	}
	return found;
}

bool timeline_next(const struct timeline *timeline, size_t printer,
	const struct timeline_wish *wish, struct timeline_cursor *cursor,
	struct timeline_slot *slot)
{
	if (cursor->gap_end_s > 0) {
		if (best_slot(timeline, printer, wish, cursor, cursor->gap_end_s, slot)) {
			slot->in_gap = true;
			cursor->free_s = slot->ready_s;
			return true;
		}
		*cursor = (struct timeline_cursor){ .free_s = cursor->resume_s };
	}
	if (!best_slot(timeline, printer, wish, cursor, CALENDAR_NEVER_S, slot))
		return false;
	cursor->free_s = slot->ready_s;
	return true;
}

void timeline_commit(struct timeline *timeline, size_t printer, const struct timeline_slot *slot)
{
	struct timeline_cursor *cursor = &timeline->printer[printer].cursor;

	if (slot->in_gap) {
		cursor->free_s = slot->ready_s;
	} else if (cursor->gap_end_s > 0) {
		cursor->resume_s = slot->ready_s;
	} else if (slot->start_s > cursor->free_s) {
		cursor->gap_end_s = slot->start_s;
		cursor->resume_s = slot->ready_s;
	} else {
		cursor->free_s = slot->ready_s;
	}
}
