/* The plan of one order behind everything that is planned already; see order_plan.h. */
#include "scheduler/order_plan.h"
#include "scheduler/match.h"
#include "scheduler/planner.h"

#include <stdlib.h> /* calloc, realloc, free */

enum {
	SLACK_MIN_S = 60,	/* a plan does not move for less, */
	SLACK_SHARE = 100,	/* nor for a hundredth of the time it takes */
	AGAIN_SHARE = 50,	/* so little later an order may be, to make fewer units too many */
	REFILL_PLATES_MAX = 64, /* small plates that may stand in for one */
	PIECES_AT_FIRST = 64,
};

static size_t printer_count(const struct order_plan *plan)
{
	return plan->timeline->world->printer_count;
}

bool order_plan_init(
	struct order_plan *plan, struct timeline *timeline, const struct previous *previous)
{
	size_t count = timeline->world->printer_count + 1;

	*plan = (struct order_plan){ .timeline = timeline, .previous = previous };
	plan->maker = calloc(count, sizeof *plan->maker);
	plan->plates_before = calloc(count, sizeof *plan->plates_before);
	plan->room = calloc(count, sizeof *plan->room);
	if (plan->maker && plan->plates_before && plan->room)
		return true;
	order_plan_finish(plan);
	return false;
}

void order_plan_finish(struct order_plan *plan)
{
	free(plan->maker);
	free(plan->plates_before);
	free(plan->room);
	free(plan->piece);
	*plan = (struct order_plan){ 0 };
}

/* ---- match ---------------------------------------------------------------- */

static bool ends_first(const void *a, const void *b)
{
	const struct order_plan_printer *x = a, *y = b;

	if (x->next.end_s != y->next.end_s)
		return x->next.end_s < y->next.end_s;
	if (x->preference != y->preference)
		return x->preference < y->preference;
	return x->printer < y->printer;
}

static size_t shares_of_order(const struct order_plan *plan, const struct previous_share **share)
{
	const struct previous *previous = plan->previous;

	if (!previous->first)
		return 0;
	*share = previous->share + previous->first[plan->order_index];
	return previous->first[plan->order_index + 1] - previous->first[plan->order_index];
}

void order_plan_begin(
	struct order_plan *plan, size_t order_index, int64_t units, int64_t not_before_s)
{
	const struct previous_share *share = NULL;

	plan->phase = ORDER_PLAN_MATCH;
	plan->order_index = order_index;
	plan->wish = (struct timeline_wish){
		.order = &plan->timeline->world->order[order_index],
		.units = units,
		.limit_s = CALENDAR_NEVER_S,
		.not_before_s = not_before_s,
	};
	plan->is_short = plan->has_choice = plan->high_works = plan->is_again = false;
	plan->maker_count = plan->piece_begin = plan->piece_count = plan->at = 0;
	plan->plates = 0;
	plan->units = 0;
	plan->now_end_s = plan->overdue_end_s = CALENDAR_NEVER_S;
	heap_init(&plan->heap, plan->room, printer_count(plan), ends_first);
	for (size_t i = 0, count = shares_of_order(plan, &share); i < count; i++)
		plan->plates_before[share[i].printer] = share[i].plates;
}

static uint64_t usable_plates(const struct world_order *order, const struct world_printer *printer)
{
	uint64_t plates = 0;

	for (size_t i = 0; i < order->plate_count && i < PLANNER_PLATES_MAX; i++)
		if (order->plate[i].yield > 0 && match_can_plan(order, &order->plate[i], printer))
			plates |= (uint64_t)1 << i;
	return plates;
}

static const struct timeline_wish *wish_for(
	struct order_plan *plan, const struct order_plan_printer *maker)
{
	plan->wish.plates = maker->plates;
	return &plan->wish;
}

static bool place_next(
	struct order_plan *plan, struct order_plan_printer *maker, struct timeline_slot *slot)
{
	return timeline_next(
		plan->timeline, maker->printer, wish_for(plan, maker), &maker->cursor, slot);
}

/* Not only of the plate that is worth most: a small one that starts now is work too. */
static void note_first_ends(
	struct order_plan *plan, const struct order_plan_printer *maker, bool is_overdue)
{
	const struct timeline_cursor from = plan->timeline->printer[maker->printer].cursor;

	for (uint64_t rest = maker->plates; rest != 0; rest &= rest - 1) {
		struct timeline_wish wish = plan->wish;
		struct timeline_cursor cursor = from;
		struct timeline_slot slot;

		wish.plates = rest & ~(rest - 1);
		if (!timeline_next(plan->timeline, maker->printer, &wish, &cursor, &slot))
			continue;
		if (slot.start_s == plan->timeline->now_s && slot.end_s < plan->now_end_s)
			plan->now_end_s = slot.end_s;
		if (is_overdue && slot.end_s < plan->overdue_end_s)
			plan->overdue_end_s = slot.end_s;
	}
}

static void match_printer(struct order_plan *plan, size_t index)
{
	const struct world *world = plan->timeline->world;
	const struct timeline_printer *own = &plan->timeline->printer[index];
	struct order_plan_printer *maker = &plan->maker[plan->maker_count];

	*maker = (struct order_plan_printer){
		.printer = index,
		.cursor = own->cursor,
		.plates_before = plan->plates_before[index],
		.preference = match_preference(plan->wish.order, &world->printer[index]),
	};
	plan->plates_before[index] = 0;
	if (own->counts)
		maker->plates = usable_plates(plan->wish.order, &world->printer[index]);
	if (!maker->plates || !place_next(plan, maker, &maker->next))
		return;
	plan->plates |= maker->plates;
	if (maker->plates & (maker->plates - 1))
		plan->has_choice = true;
	note_first_ends(plan, maker, own->is_overdue);
	plan->maker_count++;
	heap_push(&plan->heap, maker);
}

static void match_move(struct order_plan *plan)
{
	if (plan->at < printer_count(plan))
		match_printer(plan, plan->at++);
	else
		plan->phase = plan->maker_count > 0 ? ORDER_PLAN_LIST : ORDER_PLAN_DONE;
}

/* ---- passes that fill every printer up to a time --------------------------- */

static void restart_pass(struct order_plan *plan, int64_t limit_s)
{
	plan->wish.limit_s = limit_s;
	plan->at = 0;
	plan->units = 0;
	plan->piece_count = plan->piece_begin;
	for (size_t i = 0; i < plan->maker_count; i++) {
		struct order_plan_printer *maker = &plan->maker[i];

		maker->cursor = plan->timeline->printer[maker->printer].cursor;
		maker->plate_count = 0;
		maker->tail = 0;
	}
}

/* Places one plate, or goes on to the next printer.  False: all are full. */
static bool fill_next(struct order_plan *plan, struct order_plan_piece *piece, bool *placed)
{
	if (plan->at == plan->maker_count)
		return false;

	struct order_plan_printer *maker = &plan->maker[plan->at];

	*piece = (struct order_plan_piece){ .from = maker->cursor, .printer = maker->printer };
	*placed = place_next(plan, maker, &piece->slot);
	if (*placed)
		plan->units += piece->slot.yield;
	else
		plan->at++;
	return true;
}

static int64_t slack_s(const struct order_plan *plan)
{
	const struct previous_share *share = NULL;
	int64_t share_s = (plan->high_s - plan->timeline->now_s) / SLACK_SHARE;

	if (plan->is_short || shares_of_order(plan, &share) == 0)
		return 0;
	return share_s > SLACK_MIN_S ? share_s : SLACK_MIN_S;
}

static void begin_fill(struct order_plan *plan)
{
	plan->phase = ORDER_PLAN_FILL;
	if (plan->overdue_end_s <= plan->high_s && plan->now_end_s > plan->high_s &&
		plan->now_end_s < CALENDAR_NEVER_S)
		plan->high_s = plan->now_end_s;
	plan->slack_s = slack_s(plan);
	restart_pass(plan, plan->high_s);
}

/* ---- list ----------------------------------------------------------------- */

static void begin_probe(struct order_plan *plan)
{
	plan->phase = ORDER_PLAN_PROBE;
	plan->low_s = plan->timeline->now_s;
	restart_pass(plan, plan->high_s);
}

static void list_move(struct order_plan *plan)
{
	struct order_plan_printer *first = heap_top(&plan->heap);

	if (first) {
		plan->units += first->next.yield;
		plan->high_s = first->next.end_s;
	} else {
		plan->is_short = true;
	}
	if (!first || plan->units >= plan->wish.units) {
		if (plan->has_choice && first)
			begin_probe(plan);
		else
			begin_fill(plan);
		return;
	}
	if (place_next(plan, first, &first->next))
		heap_top_grew(&plan->heap);
	else
		heap_pop(&plan->heap);
}

/* ---- probe ---------------------------------------------------------------- */

/* It has turned out whether the order can be done by the pass's limit. */
static void learn(struct order_plan *plan, bool works)
{
	if (works) {
		plan->high_s = plan->wish.limit_s;
		plan->high_works = true;
	} else if (plan->high_works) {
		plan->low_s = plan->wish.limit_s;
	} else {
		/* The list took other plates than a fill; later it works in any case. */
		plan->low_s = plan->high_s;
		plan->high_s += plan->high_s - plan->timeline->now_s;
	}
	if (!plan->high_works)
		restart_pass(plan, plan->high_s);
	else if (plan->high_s - plan->low_s <= 1)
		begin_fill(plan);
	else
		restart_pass(plan, plan->low_s + (plan->high_s - plan->low_s) / 2);
}

static void probe_move(struct order_plan *plan)
{
	struct order_plan_piece piece;
	bool placed;

	if (!fill_next(plan, &piece, &placed))
		learn(plan, false);
	else if (plan->units >= plan->wish.units)
		learn(plan, true);
}

/* ---- fill ----------------------------------------------------------------- */

static bool has_room_for_piece(struct order_plan *plan)
{
	if (plan->piece_count < plan->piece_capacity)
		return true;

	size_t capacity = plan->piece_capacity ? 2 * plan->piece_capacity : PIECES_AT_FIRST;
	struct order_plan_piece *piece = realloc(plan->piece, capacity * sizeof *piece);

	if (!piece)
		return false;
	plan->piece = piece;
	plan->piece_capacity = capacity;
	return true;
}

static void note_tail(const struct order_plan *plan, struct order_plan_printer *maker)
{
	if (maker->tail == 0)
		return;
	const struct timeline_slot *slot = &plan->piece[maker->tail - 1].slot;

	maker->tail_end_s = slot->end_s;
	maker->tail_weight = plan->is_again ? slot->yield : 0;
	maker->tail_starts_now = slot->start_s == plan->timeline->now_s;
}

static bool append(struct order_plan *plan, struct order_plan_printer *maker,
	const struct order_plan_piece *piece)
{
	if (!has_room_for_piece(plan)) {
		plan->failed = true;
		return false;
	}
	plan->piece[plan->piece_count] = *piece;
	plan->piece[plan->piece_count].before = maker->tail;
	maker->tail = ++plan->piece_count;
	note_tail(plan, maker);
	maker->plate_count++;
	return true;
}

static void drop_tail(struct order_plan *plan, struct order_plan_printer *maker)
{
	struct order_plan_piece *piece = &plan->piece[maker->tail - 1];

	piece->dropped = true;
	plan->units -= piece->slot.yield;
	maker->tail = piece->before;
	note_tail(plan, maker);
	maker->plate_count--;
}

static bool goes_first(const void *a, const void *b)
{
	const struct order_plan_printer *x = a, *y = b;

	if (x->tail_weight != y->tail_weight)
		return x->tail_weight > y->tail_weight;
	if (x->tail_starts_now != y->tail_starts_now)
		return y->tail_starts_now;

	bool more_x = x->plate_count > x->plates_before, more_y = y->plate_count > y->plates_before;

	if (more_x != more_y)
		return more_x;
	if (x->tail_end_s != y->tail_end_s)
		return x->tail_end_s > y->tail_end_s;
	if (x->preference != y->preference)
		return x->preference > y->preference;
	return x->printer > y->printer;
}

static void begin_trim(struct order_plan *plan)
{
	plan->phase = ORDER_PLAN_TRIM;
	heap_init(&plan->heap, plan->room, printer_count(plan), goes_first);
	plan->at = 0;
}

/* By when a plate must end on this printer behind `count` others: if it had more before, a little
 * late is still in time. */
static int64_t limit_for(
	const struct order_plan *plan, const struct order_plan_printer *maker, int64_t count)
{
	return plan->wish.limit_s + (count < maker->plates_before ? plan->slack_s : 0);
}

static void fill_late(struct order_plan *plan, struct order_plan_printer *maker)
{
	struct order_plan_piece piece = { .from = maker->cursor, .printer = maker->printer };
	struct timeline_wish wish = *wish_for(plan, maker);

	wish.limit_s = limit_for(plan, maker, maker->plate_count);
	if (maker->plate_count >= maker->plates_before ||
		!timeline_next(plan->timeline, maker->printer, &wish, &maker->cursor, &piece.slot))
		return;
	plan->units += piece.slot.yield;
	append(plan, maker, &piece);
}

static void fill_move(struct order_plan *plan)
{
	struct order_plan_piece piece;
	bool placed;

	if (!fill_next(plan, &piece, &placed))
		begin_trim(plan);
	else if (placed)
		append(plan, &plan->maker[plan->at], &piece);
	else if (plan->slack_s > 0)
		fill_late(plan, &plan->maker[plan->at - 1]);
}

/* ---- trim and refill ------------------------------------------------------ */

static int64_t too_many(const struct order_plan *plan)
{
	return plan->units - plan->wish.units;
}

/* Too many units, and plates of several sizes: perhaps a little more time helps.  Being in time
 * comes first. */
static void begin_again(struct order_plan *plan)
{
	int64_t due_s = plan->wish.order->due_s;
	int64_t limit_s = plan->high_s + (plan->high_s - plan->timeline->now_s) / AGAIN_SHARE;

	if (due_s >= plan->high_s && limit_s > due_s)
		limit_s = due_s;
	if (due_s >= plan->high_s && plan->slack_s > due_s - limit_s)
		plan->slack_s = due_s - limit_s;
	plan->is_again = true;
	plan->first_count = plan->piece_begin = plan->piece_count;
	plan->first_units = plan->units;
	plan->phase = ORDER_PLAN_FILL;
	restart_pass(plan, limit_s);
}

static void keep_better(struct order_plan *plan)
{
	if (too_many(plan) >= 0 && plan->units < plan->first_units)
		return;
	plan->piece_begin = 0;
	plan->piece_count = plan->first_count;
	plan->units = plan->first_units;
}

static void end_pass(struct order_plan *plan)
{
	bool has_sizes = (plan->plates & (plan->plates - 1)) != 0;

	plan->phase = ORDER_PLAN_DONE;
	if (plan->is_again)
		keep_better(plan);
	else if (too_many(plan) > 0 && has_sizes)
		begin_again(plan);
}

static void trim_move(struct order_plan *plan)
{
	if (too_many(plan) > 0 && plan->at < plan->maker_count) {
		struct order_plan_printer *maker = &plan->maker[plan->at++];

		if (maker->tail)
			heap_push(&plan->heap, maker);
		return;
	}

	struct order_plan_printer *last = heap_top(&plan->heap);

	if (too_many(plan) <= 0 || !last) {
		if (plan->has_choice) {
			plan->phase = ORDER_PLAN_REFILL;
			plan->at = 0;
		} else {
			end_pass(plan);
		}
		return;
	}
	bool may_go = plan->piece[last->tail - 1].slot.yield <= too_many(plan);

	if (may_go)
		drop_tail(plan, last);
	if (may_go && last->tail)
		heap_top_grew(&plan->heap);
	else
		heap_pop(&plan->heap);
}

/* Plates that make less than the tail does. */
static uint64_t smaller_plates(
	const struct order_plan *plan, const struct order_plan_printer *maker, int32_t yield)
{
	uint64_t plates = maker->plates;

	for (size_t i = 0; i < plan->wish.order->plate_count && i < PLANNER_PLATES_MAX; i++)
		if (plan->wish.order->plate[i].yield >= yield)
			plates &= ~((uint64_t)1 << i);
	return plates;
}

/* Small plates instead of the printer's last one, if together they make fewer units and enough. */
static void refill(struct order_plan *plan, struct order_plan_printer *maker)
{
	const struct order_plan_piece tail = plan->piece[maker->tail - 1];
	int64_t needed = tail.slot.yield - too_many(plan), units = 0;
	struct timeline_wish wish = plan->wish;
	struct order_plan_piece piece[REFILL_PLATES_MAX];
	int64_t count = 0;

	wish.plates = smaller_plates(plan, maker, tail.slot.yield);
	maker->cursor = tail.from;
	while (units < needed && count < REFILL_PLATES_MAX) {
		struct order_plan_piece *next = &piece[count];

		*next = (struct order_plan_piece){ .from = maker->cursor,
			.printer = maker->printer };
		wish.units = needed - units;
		if (plan->is_again)
			wish.limit_s = limit_for(plan, maker, maker->plate_count - 1 + count);
		if (!timeline_next(
			    plan->timeline, maker->printer, &wish, &maker->cursor, &next->slot))
			break;
		units += next->slot.yield;
		count++;
	}
	if (units < needed || units >= tail.slot.yield)
		return;
	drop_tail(plan, maker);
	plan->units += units;
	for (int64_t i = 0; i < count && append(plan, maker, &piece[i]); i++)
		;
}

static void refill_move(struct order_plan *plan)
{
	if (too_many(plan) <= 0 || plan->at == plan->maker_count) {
		end_pass(plan);
		return;
	}

	struct order_plan_printer *maker = &plan->maker[plan->at++];

	if (maker->tail)
		refill(plan, maker);
}

bool order_plan_move(struct order_plan *plan)
{
	switch (plan->phase) {
	case ORDER_PLAN_MATCH:
		match_move(plan);
		break;
	case ORDER_PLAN_LIST:
		list_move(plan);
		break;
	case ORDER_PLAN_PROBE:
		probe_move(plan);
		break;
	case ORDER_PLAN_FILL:
		fill_move(plan);
		break;
	case ORDER_PLAN_TRIM:
		trim_move(plan);
		break;
	case ORDER_PLAN_REFILL:
		refill_move(plan);
		break;
	case ORDER_PLAN_DONE:
		break;
	}
	return plan->phase != ORDER_PLAN_DONE && !plan->failed;
}
