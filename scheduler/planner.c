/* Who prints what, when: see planner.h.  Orders are taken from a heap, planned one by one
 * (order_plan.c) and committed to the printers' timelines; where orders would be late the plan is
 * searched for a better one (improve.c); it is sorted by start in the end. */
#include "scheduler/planner.h"
#include "scheduler/heap.h"
#include "scheduler/improve.h"
#include "scheduler/match.h"
#include "scheduler/order_plan.h"
#include "scheduler/previous.h"
#include "scheduler/timeline.h"

#include <stdlib.h> /* calloc, malloc, realloc, free */

enum phase {
	PHASE_QUEUE,  /* orders into the heap */
	PHASE_TAKE,   /* the next order */
	PHASE_PLAN,   /* it is being planned */
	PHASE_COMMIT, /* its pieces become assignments */
	PHASE_SEARCH, /* what would be late may be made better */
	PHASE_SORT,   /* assignments into the heap */
	PHASE_ANSWER, /* and out again */
	PHASE_DONE,
};

enum { ASSIGNMENTS_AT_FIRST = 64 };

/* An order in the queue, with its priority as it has grown by waiting. */
struct queued {
	const struct world_order *order;
	int64_t priority;
};

struct planner {
	const struct world *world; /* borrowed */
	int64_t now_s;
	uint64_t seed;
	struct improve *improve; /* NULL: no search is going on */
	enum phase phase;
	size_t at; /* in the list that the phase goes through */
	struct timeline timeline;
	struct previous previous;
	struct order_plan order_plan;
	struct planner_assignment *planned; /* in the order in which they were found */
	size_t planned_count, planned_capacity;
	struct queued *queued; /* one per order */
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

	if (queued_x->priority != queued_y->priority)
		return queued_x->priority > queued_y->priority;
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
	planner->improve = improve_create(planner->world, &planner->previous, planner->now_s,
		planner->seed, planner->planned, planner->planned_count);
	planner->phase = planner->improve ? PHASE_SEARCH : PHASE_SORT;
	planner->at = 0;
}

static void take_move(struct planner *planner)
{
	const struct queued *queued = heap_pop(&planner->heap);

	if (!queued) {
		begin_search(planner);
		return;
	}

	const struct world_order *order = queued->order;

	int64_t room = PLANNER_ASSIGNMENTS_MAX - (int64_t)planner->planned_count;

	if (room <= 0)
		return;
	order_plan_begin(&planner->order_plan, (size_t)(order - planner->world->order),
		order->units_left < room ? order->units_left : room);
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

/* How many moves were made. */
static int64_t search_moves(struct planner *planner, int64_t moves)
{
	int64_t done = improve_step(planner->improve, moves);

	if (done > 0)
		return done;
	size_t count = improve_take(planner->improve, planner->planned, planner->planned_capacity);

	if (count > 0) {
		planner->planned_count = count;
		answer_anew(planner);
	}
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

	for (size_t i = 0; i < world->printer_count; i++)
		if (planner->timeline.printer[i].counts)
			ask_again(planner, world->printer[i].free_at_s);
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

static void answer_move(struct planner *planner)
{
	const struct planner_assignment *next = heap_pop(&planner->heap);

	if (!next) {
		end(planner, planner->at);
		return;
	}
	struct planner_assignment *assignment = &planner->sorted[planner->at++];

	*assignment = *next;
	assignment->start_now = may_start(planner, assignment);
	ask_again(planner, assignment->start_s);
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
	if (!planner->room || !planner->queued || !planner->answer ||
		!previous_init(&planner->previous, previous, world) ||
		!timeline_init(&planner->timeline, world, now_s) ||
		!order_plan_init(&planner->order_plan, &planner->timeline, &planner->previous)) {
		planner_destroy(planner);
		return NULL;
	}
	for (size_t i = 0; i < world->order_count; i++)
		planner->answer[i].done_s = -1;
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
	order_plan_finish(&planner->order_plan);
	timeline_finish(&planner->timeline);
	previous_finish(&planner->previous);
	free(planner->planned);
	free(planner->room);
	free(planner->queued);
	free(planner->sorted);
	free(planner->answer);
	free(planner);
}
