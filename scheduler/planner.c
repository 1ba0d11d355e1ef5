/* Who prints what, when: see planner.h.  Orders are taken from a heap, planned one by one
 * (order_plan.c) and committed to the printers' timelines; where orders would be late the plan is
 * searched for a better one (improve.c); it is sorted by start in the end. */
#include "scheduler/planner.h"
#include "scheduler/heap.h"
#include "scheduler/improve.h"
#include "scheduler/limits.h"
#include "scheduler/match.h"
#include "scheduler/order_plan.h"
#include "scheduler/previous.h"
#include "scheduler/timeline.h"

#include <stdlib.h> /* calloc, malloc, realloc, free */
#include <string.h> /* memcpy */

enum phase {
	PHASE_QUEUE,  /* orders into the heap */
	PHASE_TAKE,   /* the next order */
	PHASE_PLAN,   /* it is being planned */
	PHASE_COMMIT, /* its pieces become assignments */
	PHASE_SEARCH, /* what would be late may be made better */
	PHASE_SORT,   /* assignments into the heap */
	PHASE_ANSWER, /* and out again */
	PHASE_LIMITS, /* what is short puts starts off */
	PHASE_SAY,    /* what may start now, and when to ask again */
	PHASE_DONE,
};

enum { ASSIGNMENTS_AT_FIRST = 64 };

/* An order in the queue, with its priority as it has grown by waiting. */
struct queued {
	const struct world_order *order; /* NULL: nothing of it is to be planned */
	int64_t priority;
	bool is_taken;
};

struct planner {
	const struct world *world; /* borrowed */
	int64_t now_s;
	uint64_t seed;
	struct improve *improve; /* NULL: no search is going on */
	struct limits *limits;	 /* NULL: nothing is being put off */
	bool is_limited;
	enum phase phase;
	size_t at; /* in the list that the phase goes through */
	struct timeline timeline;
	struct previous previous;
	struct order_plan order_plan;
	struct planner_assignment *planned; /* in the order in which they were found */
	size_t planned_count, planned_capacity;
	struct queued *queued; /* one per order */
	int64_t *release_s;    /* of each order: nothing of it starts before */
	void **room;	       /* the heap's: orders, then assignments */
	struct heap heap;
	struct planner_assignment *sorted;
	struct planner_order_answer *answer;
	struct planner_result result;
};

/* ---- orders --------------------------------------------------------------- */

static bool order_goes_first(const void *a, const void *b)
{
	const struct queued *queued_x = a, *queued_y = b;
	const struct world_order *x = queued_x->order, *y = queued_y->order;

	if (x->over_quota != y->over_quota)
		return y->over_quota;
	if (queued_x->priority != queued_y->priority)
		return queued_x->priority > queued_y->priority;
	if (x->share_step != y->share_step)
		return x->share_step < y->share_step;
	if (x->due_s != y->due_s)
		return y->due_s == 0 || (x->due_s != 0 && x->due_s < y->due_s);
	if (x->created_s != y->created_s)
		return x->created_s < y->created_s;
	if (x->id != y->id)
		return x->id < y->id;
	return x < y;
}

static void push_order(struct planner *planner, const struct world_order *order)
{
	struct queued *queued = &planner->queued[planner->at];
	int64_t waits_s = planner->now_s - order->created_s;

	queued->order = order;
	queued->priority = order->priority + (waits_s > 0 ? waits_s / PLANNER_AGEING_S : 0);
	heap_push(&planner->heap, queued);
}

static void queue_move(struct planner *planner)
{
	const struct world_order *order;

	if (planner->at == planner->world->order_count) {
		planner->phase = PHASE_TAKE;
		return;
	}
	order = &planner->world->order[planner->at];
	if (order->held)
		; /* no answer: a person decides */
	else if (order->units_left <= 0)
		planner->answer[planner->at].done_s = planner->now_s;
	else
		push_order(planner, order);
	planner->at++;
}

static void begin_search(struct planner *planner)
{
	planner->improve = improve_create(planner->world, &planner->previous, planner->release_s,
		planner->now_s, planner->seed, planner->planned, planner->planned_count);
	planner->phase = planner->improve ? PHASE_SEARCH : PHASE_SORT;
	planner->at = 0;
}

/* What it waits for and is not planned yet; NULL: nothing. */
static struct queued *find_unplanned(struct planner *planner, const struct world_order *order)
{
	for (size_t i = 0; i < order->after_count && i < WORLD_AFTER_MAX; i++) {
		struct queued *other = &planner->queued[order->after[i]];

		if (other->order && !other->is_taken)
			return other;
	}
	return NULL;
}

/* When what it waits for is done and taken off its beds; now: it waits for nothing.
 * CALENDAR_NEVER_S: nobody can say. */
static int64_t release_s(const struct planner *planner, const struct world_order *order)
{
	int64_t done_s = order->after_end_s;

	if (order->after_count == 0 && done_s == 0)
		return planner->now_s;
	for (size_t i = 0; i < order->after_count && i < WORLD_AFTER_MAX; i++) {
		int64_t other_s = planner->answer[order->after[i]].done_s;

		if (other_s < 0)
			return CALENDAR_NEVER_S;
		if (other_s > done_s)
			done_s = other_s;
	}
	if (done_s < planner->now_s)
		done_s = planner->now_s;
	return done_s == CALENDAR_NEVER_S ? done_s
					  : timeline_after_visit(&planner->timeline, done_s);
}

/* An order is planned behind those that it waits for: these take its place in the queue. */
static void take_move(struct planner *planner)
{
	struct queued *popped = heap_pop(&planner->heap), *queued = popped, *other;
	int64_t room = PLANNER_ASSIGNMENTS_MAX - (int64_t)planner->planned_count;

	if (!popped) {
		begin_search(planner);
		return;
	}
	if (popped->is_taken || room <= 0)
		return;
	/* Who has made a circle of orders gets no answer for them. */
	for (size_t steps = planner->world->order_count; steps > 0; steps--) {
		other = find_unplanned(planner, queued->order);
		if (!other)
			break;
		queued = other;
	}
	if (queued != popped)
		heap_push(&planner->heap, popped);
	queued->is_taken = true;

	const struct world_order *order = queued->order;
	size_t index = (size_t)(order - planner->world->order);

	int64_t from_s = release_s(planner, order);

	if (from_s == CALENDAR_NEVER_S)
		return;
	planner->release_s[index] = from_s;
	order_plan_begin(&planner->order_plan, index,
		order->units_left < room ? order->units_left : room, from_s);
	planner->phase = PHASE_PLAN;
}

static void plan_move(struct planner *planner)
{
	if (order_plan_move(&planner->order_plan))
		return;
	bool failed = planner->order_plan.failed;

	planner->phase = failed ? PHASE_SORT : PHASE_COMMIT;
	planner->at = failed ? 0 : planner->order_plan.piece_begin;
}

static bool has_room(struct planner *planner)
{
	if (planner->planned_count < planner->planned_capacity)
		return true;

	size_t capacity =
		planner->planned_capacity ? 2 * planner->planned_capacity : ASSIGNMENTS_AT_FIRST;
	struct planner_assignment *planned = realloc(planner->planned, capacity * sizeof *planned);

	if (!planned)
		return false;
	planner->planned = planned;
	planner->planned_capacity = capacity;
	return true;
}

static void answer_order(struct planner *planner)
{
	const struct order_plan *plan = &planner->order_plan;
	struct planner_order_answer *answer = &planner->answer[plan->order_index];
	int64_t wanted = planner->world->order[plan->order_index].units_left;

	answer->units_planned = plan->units;
	answer->over_units = plan->units > wanted ? plan->units - wanted : 0;
	if (plan->units < wanted)
		answer->done_s = -1;
}

static void commit_move(struct planner *planner)
{
	const struct order_plan *plan = &planner->order_plan;

	if (planner->at == plan->piece_count) {
		answer_order(planner);
		planner->phase = PHASE_TAKE;
		return;
	}

	const struct order_plan_piece *piece = &plan->piece[planner->at++];
	struct planner_order_answer *answer = &planner->answer[plan->order_index];

	if (piece->dropped)
		return;
	if (!has_room(planner)) {
		planner->phase = PHASE_SORT;
		planner->at = 0;
		answer->done_s = -1;
		return;
	}
	timeline_commit(&planner->timeline, piece->printer, &piece->slot);
	planner->planned[planner->planned_count++] = (struct planner_assignment){
		.order = plan->order_index,
		.plate = piece->slot.plate,
		.printer = piece->printer,
		.start_s = piece->slot.start_s,
		.end_s = piece->slot.end_s,
	};
	if (piece->slot.end_s > answer->done_s)
		answer->done_s = piece->slot.end_s;
}

/* ---- the search ----------------------------------------------------------- */

static void answer_anew(struct planner *planner)
{
	const struct world *world = planner->world;

	for (size_t i = 0; i < world->order_count; i++) {
		struct planner_order_answer *answer = &planner->answer[i];

		if (answer->units_planned == 0)
			continue;
		answer->units_planned = 0;
		if (answer->done_s >= 0)
			answer->done_s = planner->now_s;
	}
	for (size_t i = 0; i < planner->planned_count; i++) {
		const struct planner_assignment *own = &planner->planned[i];
		struct planner_order_answer *answer = &planner->answer[own->order];

		answer->units_planned += world->order[own->order].plate[own->plate].yield;
		if (answer->done_s >= 0 && own->end_s > answer->done_s)
			answer->done_s = own->end_s;
	}
	for (size_t i = 0; i < world->order_count; i++) {
		int64_t over = planner->answer[i].units_planned - world->order[i].units_left;

		if (planner->answer[i].units_planned > 0)
			planner->answer[i].over_units = over > 0 ? over : 0;
	}
}

/* The search knows when each order may begin, but not what that rests on. */
static bool keeps_sequence(const struct planner *planner)
{
	const struct world *world = planner->world;

	for (size_t i = 0; i < world->order_count; i++)
		if (world->order[i].after_count > 0 && planner->answer[i].units_planned > 0 &&
			release_s(planner, &world->order[i]) > planner->release_s[i])
			return false;
	return true;
}

static struct planner_assignment *copy_of_planned(const struct planner *planner)
{
	size_t bytes = planner->planned_count * sizeof *planner->planned;
	struct planner_assignment *copy = malloc(bytes + 1);

	if (copy)
		memcpy(copy, planner->planned, bytes);
	return copy;
}

/* The better plan, unless an order would begin before one that it waits for is done. */
static void take_better(struct planner *planner)
{
	struct planner_assignment *before = copy_of_planned(planner);
	size_t count_before = planner->planned_count;
	size_t count =
		before ? improve_take(planner->improve, planner->planned, planner->planned_capacity)
		       : 0;

	planner->result.was_searched = true;
	if (count > 0) {
		planner->planned_count = count;
		planner->result.gain = improve_gain(planner->improve);
		answer_anew(planner);
	}
	if (count > 0 && !keeps_sequence(planner)) {
		memcpy(planner->planned, before, count_before * sizeof *before);
		planner->planned_count = count_before;
		planner->result.gain = 0;
		answer_anew(planner);
	}
	free(before);
}

/* How many moves were made. */
static int64_t search_moves(struct planner *planner, int64_t moves)
{
	int64_t done = improve_step(planner->improve, moves);

	if (done > 0)
		return done;
	take_better(planner);
	improve_destroy(planner->improve);
	planner->improve = NULL;
	planner->phase = PHASE_SORT;
	return 1;
}

/* ---- the result ----------------------------------------------------------- */

static bool starts_first(const void *a, const void *b)
{
	const struct planner_assignment *x = a, *y = b;

	if (x->start_s != y->start_s)
		return x->start_s < y->start_s;
	return x->printer < y->printer;
}

static void ask_again(struct planner *planner, int64_t at_s)
{
	if (at_s > planner->now_s && at_s < planner->result.next_question_s)
		planner->result.next_question_s = at_s;
}

/* Time alone changes the answer when a printer is expected to be free, hours begin or end, or a
 * planned start has come (a start delay is over): ask_again at each assignment. */
static void ask_at_changes(struct planner *planner)
{
	const struct world *world = planner->world;

	for (size_t i = 0; i < world->printer_count; i++) {
		if (planner->timeline.printer[i].counts)
			ask_again(planner, world->printer[i].free_at_s);
		if (world->power_budget_w > 0)
			ask_again(planner, world->printer[i].heats_until_s);
	}
	ask_again(planner, calendar_next_change(&planner->timeline.calendar, planner->now_s));
}

/* The old heap is empty by now: the same memory, if it is large enough, serves the new one. */
static bool begin_sort(struct planner *planner)
{
	size_t count = planner->planned_count;
	void **room = realloc(planner->room, (count + 1) * sizeof *room);

	if (room)
		planner->room = room;
	planner->sorted = calloc(count + 1, sizeof *planner->sorted);
	heap_init(&planner->heap, planner->room, count, starts_first);
	return room && planner->sorted;
}

static void end(struct planner *planner, size_t assignment_count)
{
	planner->result.assignment = planner->sorted;
	planner->result.assignment_count = assignment_count;
	planner->phase = PHASE_DONE;
}

static void sort_move(struct planner *planner)
{
	if (planner->at == 0 && !begin_sort(planner)) {
		end(planner, 0);
		return;
	}
	if (planner->at < planner->planned_count) {
		heap_push(&planner->heap, &planner->planned[planner->at++]);
		return;
	}
	if (planner->planned_count > 0)
		ask_at_changes(planner);
	planner->phase = PHASE_ANSWER;
	planner->at = 0;
}

static bool may_start(const struct planner *planner, const struct planner_assignment *assignment)
{
	const struct world *world = planner->world;
	const struct world_order *order = &world->order[assignment->order];
	struct match_result match;

	if (assignment->start_s > planner->now_s)
		return false;
	match_check(world, order, &order->plate[assignment->plate],
		&world->printer[assignment->printer], planner->now_s, &match);
	return match.unmet_count == 0;
}

/* Without memory the plan is left as it is: what starts is looked at once more in any case. */
static bool begin_limits(struct planner *planner)
{
	if (limits_matter(planner->world))
		planner->limits = limits_create(
			planner->world, planner->now_s, planner->sorted, planner->planned_count);
	if (planner->limits)
		planner->phase = PHASE_LIMITS;
	return planner->limits != NULL;
}

/* An empty plan may have no memory. */
static void copy_planned(const struct planner *planner, struct planner_assignment *to,
	const struct planner_assignment *from)
{
	if (planner->planned_count > 0)
		memcpy(to, from, planner->planned_count * sizeof *to);
}

static void limits_moved(struct planner *planner)
{
	if (limits_move(planner->limits))
		return;
	bool is_sorted = limits_take(planner->limits, planner->planned);

	limits_destroy(planner->limits);
	planner->limits = NULL;
	planner->is_limited = true;
	planner->at = 0;
	planner->result.next_question_s = CALENDAR_NEVER_S;
	if (is_sorted) {
		copy_planned(planner, planner->sorted, planner->planned);
		ask_at_changes(planner);
		planner->phase = PHASE_SAY;
	} else {
		copy_planned(planner, planner->planned, planner->sorted);
		free(planner->sorted);
		planner->sorted = NULL;
		planner->phase = PHASE_SORT;
	}
	answer_anew(planner);
}

static void say_of(struct planner *planner, struct planner_assignment *assignment)
{
	assignment->start_now = may_start(planner, assignment);
	ask_again(planner, assignment->start_s);
}

static void say_move(struct planner *planner)
{
	if (planner->at < planner->planned_count)
		say_of(planner, &planner->sorted[planner->at++]);
	else
		end(planner, planner->at);
}

static void answer_move(struct planner *planner)
{
	const struct planner_assignment *next = heap_pop(&planner->heap);

	if (!next) {
		if (planner->is_limited || !begin_limits(planner))
			end(planner, planner->at);
		return;
	}
	struct planner_assignment *assignment = &planner->sorted[planner->at++];

	*assignment = *next;
	say_of(planner, assignment);
}

/* ---- public --------------------------------------------------------------- */

struct planner *planner_begin(const struct world *world, const struct planner_result *previous,
	int64_t now_s, uint64_t seed)
{
	struct planner *planner = calloc(1, sizeof *planner);

	if (!planner)
		return NULL;
	planner->seed = seed;
	planner->world = world;
	planner->now_s = now_s;
	planner->room = calloc(world->order_count + 1, sizeof *planner->room);
	planner->queued = calloc(world->order_count + 1, sizeof *planner->queued);
	planner->answer = calloc(world->order_count + 1, sizeof *planner->answer);
	planner->release_s = calloc(world->order_count + 1, sizeof *planner->release_s);
	if (!planner->room || !planner->queued || !planner->answer || !planner->release_s ||
		!previous_init(&planner->previous, previous, world) ||
		!timeline_init(&planner->timeline, world, now_s) ||
		!order_plan_init(&planner->order_plan, &planner->timeline, &planner->previous)) {
		planner_destroy(planner);
		return NULL;
	}
	for (size_t i = 0; i < world->order_count; i++) {
		planner->answer[i].done_s = -1;
		planner->release_s[i] = now_s;
	}
	heap_init(&planner->heap, planner->room, world->order_count, order_goes_first);
	planner->result = (struct planner_result){
		.order_count = world->order_count,
		.order = planner->answer,
		.next_question_s = CALENDAR_NEVER_S,
		.world = world,
	};
	return planner;
}

static void make_move(struct planner *planner)
{
	switch (planner->phase) {
	case PHASE_QUEUE:
		queue_move(planner);
		break;
	case PHASE_TAKE:
		take_move(planner);
		break;
	case PHASE_PLAN:
		plan_move(planner);
		break;
	case PHASE_COMMIT:
		commit_move(planner);
		break;
	case PHASE_SEARCH: /* in planner_step: many at once */
		break;
	case PHASE_SORT:
		sort_move(planner);
		break;
	case PHASE_ANSWER:
		answer_move(planner);
		break;
	case PHASE_LIMITS:
		limits_moved(planner);
		break;
	case PHASE_SAY:
		say_move(planner);
		break;
	case PHASE_DONE:
		break;
	}
}

bool planner_step(struct planner *planner, int64_t moves)
{
	while (moves > 0 && planner->phase != PHASE_DONE) {
		if (planner->phase == PHASE_SEARCH) {
			moves -= search_moves(planner, moves);
			continue;
		}
		make_move(planner);
		moves--;
	}
	return planner->phase != PHASE_DONE;
}

const struct planner_result *planner_result(const struct planner *planner)
{
	return &planner->result;
}

void planner_destroy(struct planner *planner)
{
	if (!planner)
		return;
	improve_destroy(planner->improve);
	limits_destroy(planner->limits);
	order_plan_finish(&planner->order_plan);
	timeline_finish(&planner->timeline);
	previous_finish(&planner->previous);
	free(planner->planned);
	free(planner->room);
	free(planner->queued);
	free(planner->release_s);
	free(planner->sorted);
	free(planner->answer);
	free(planner);
}
