/* How sure a plan's promises are; see promise.h. */
#include "scheduler/promise.h"
#include "base/random.h"
#include "scheduler/clearing.h"
#include "scheduler/match.h"
#include "scheduler/timeline.h"

#include <math.h>   /* exp, log */
#include <stdlib.h> /* calloc, free, qsort */

static const double ROOT_3 = 1.7320508075688772;
/* Standard deviations, as shares: how far a print's length is off beside what its printer is off;
 * how far a life's people, and its luck, are from what is usual.  What is the same for a whole life
 * does not even out over many prints. */
static const double PRINT_SPREAD = 0.03, PEOPLE_SPREAD = 0.25, LUCK_SPREAD = 0.4;

enum { TRIES_MAX = 5, MEANT_WAIT_S = 60, WAITS_MIN = 30 };

/* A printer in the life that is being lived. */
struct living {
	struct random random; /* its own, so that its luck is the same whatever others print */
	int64_t ready_s;
	int64_t planned_s; /* when the plan sees it ready */
	double slowness;
};

struct promise {
	struct promise_question question;
	const struct world *world;
	struct timeline timeline; /* for its arithmetic */
	int count, at;		  /* lives: how many, and which one is being lived */
	size_t next;		  /* its next print; SIZE_MAX: it has not begun */
	int64_t *done_s;	  /* [answer * count + life] */
	struct living *printer;
	double people, luck; /* of this life: how slow, how bad */
	struct promise_band *band;
};

/* Normal, nearly: four uniform numbers of 16 bits, added up. */
static double normal(struct random *random)
{
	uint64_t bits = random_bits(random);
	double sum = (double)(bits & 0xffff) + (double)(bits >> 16 & 0xffff) +
		     (double)(bits >> 32 & 0xffff) + (double)(bits >> 48);

	return (sum / 65535 - 2) * ROOT_3;
}

/* Around 1 on average. */
static double off(struct random *random, double spread)
{
	return exp(spread * normal(random) - spread * spread / 2);
}

static bool is_never(int64_t at_s)
{
	return at_s >= CALENDAR_NEVER_S / 4;
}

/* How long somebody takes to come, of how long that takes usually: as one of the latest waits, or,
 * where there are few, as if people came at any moment. */
static double patience(const struct promise *promise, struct random *random)
{
	const struct clearing *clearing = promise->world->clearing;

	if (!clearing || clearing->kept < WAITS_MIN)
		return -log(1 - random_unit(random));
	const struct clearing_wait *wait = &clearing->ring[random_below(random, clearing->kept)];
	int32_t usual_s = clearing->wait_s[wait->hour % CLEARING_HOURS];

	return usual_s > 0 ? (double)wait->wait_s / usual_s : 1;
}

/* Somebody comes to this printer after a while. */
static int64_t after_visit(struct promise *promise, struct living *living, int64_t at_s)
{
	const struct clearing *clearing = promise->world->clearing;
	const struct calendar *calendar = &promise->timeline.calendar;
	int64_t usual_s = clearing && !is_never(at_s) ? clearing_wait_s(clearing, calendar, at_s)
						      : promise->world->clear_s;
	double wait_s = (double)usual_s * promise->people * patience(promise, &living->random);
	int64_t cleared_s = calendar_after_work(calendar, at_s, (int64_t)wait_s);

	return is_never(cleared_s) ? CALENDAR_NEVER_S / 4 : cleared_s;
}

static int64_t after_delay(const struct promise *promise, int64_t cleared_s)
{
	return is_never(cleared_s) ? cleared_s : cleared_s + promise->world->start_delay_s;
}

static void is_done(struct promise *promise, size_t answer, int64_t at_s)
{
	int64_t *done_s = &promise->done_s[answer * (size_t)promise->count + (size_t)promise->at];

	if (at_s > *done_s)
		*done_s = at_s;
}

static bool fails(struct promise *promise, size_t printer, double length_s)
{
	double expected =
		promise->luck * promise->world->printer[printer].fail_per_hour * length_s / 3600;

	/* As 1 - exp(-expected), which is smaller: most prints need not ask. */
	double luck = random_unit(&promise->printer[printer].random);

	return luck < expected && luck < 1 - exp(-expected);
}

/* A print of this length from its start at at_s to a good end and a cleared bed; how often it is
 * tried is limited as a person would limit it. */
static int64_t live_tries(
	struct promise *promise, size_t printer, int64_t at_s, double length_s, bool needs_staff)
{
	struct living *living = &promise->printer[printer];

	for (int tries = 1; tries < TRIES_MAX && fails(promise, printer, length_s); tries++) {
		at_s += (int64_t)(length_s * random_unit(&living->random));
		at_s = after_delay(promise, after_visit(promise, living, at_s));
		if (!is_never(at_s))
			at_s = timeline_start_from(
				&promise->timeline, printer, needs_staff, at_s, (int64_t)length_s);
		if (is_never(at_s))
			return CALENDAR_NEVER_S / 4;
	}
	return after_visit(promise, living, at_s + (int64_t)length_s);
}

/* As soon as the printer is ready, or when the plan wants to wait for something. */
static int64_t first_try_s(struct promise *promise, const struct planner_assignment *own)
{
	struct living *living = &promise->printer[own->printer];
	bool is_meant = own->start_s > living->planned_s + MEANT_WAIT_S;

	living->planned_s = timeline_after_visit(&promise->timeline, own->end_s);
	return is_meant && own->start_s > living->ready_s ? own->start_s : living->ready_s;
}

/* When all that the order waits for is done in this life; 0: it waits for none. */
static int64_t after_others_s(const struct promise *promise, const struct world_order *order)
{
	const size_t *answer_of = promise->question.answer_of;
	int64_t after_s = order->after_count > 0 ? order->after_end_s : 0;

	for (size_t i = 0; i < order->after_count; i++) {
		size_t answer = answer_of ? answer_of[order->after[i]] : order->after[i];
		int64_t done_s =
			promise->done_s[answer * (size_t)promise->count + (size_t)promise->at];

		if (done_s > after_s)
			after_s = done_s;
	}
	return after_s;
}

static void live_print(struct promise *promise, const struct planner_assignment *own)
{
	const struct world_order *order = &promise->world->order[own->order];
	const size_t *answer_of = promise->question.answer_of;
	struct living *living = &promise->printer[own->printer];
	double length_s = (double)(own->end_s - own->start_s) * living->slowness *
			  (1 + PRINT_SPREAD * normal(&living->random));
	bool needs_staff = match_needs_staff(
		&order->plate[own->plate], &promise->world->printer[own->printer]);
	int64_t at_s = first_try_s(promise, own);
	int64_t after_s = after_others_s(promise, order);

	if (at_s < after_s)
		at_s = after_s;
	if (!is_never(at_s))
		at_s = timeline_start_from(
			&promise->timeline, own->printer, needs_staff, at_s, (int64_t)length_s);
	at_s = is_never(at_s) ? CALENDAR_NEVER_S / 4
			      : live_tries(promise, own->printer, at_s, length_s, needs_staff);
	living->ready_s = after_delay(promise, at_s);
	is_done(promise, answer_of ? answer_of[own->order] : own->order, at_s);
}

/* What prints now goes on for as long as it should, or a little longer or shorter; what lies on a
 * bed is taken off. */
static void begin_printer(struct promise *promise, size_t i)
{
	const struct world_printer *printer = &promise->world->printer[i];
	struct living *living = &promise->printer[i];
	int64_t now_s = promise->question.now_s, cleared_s;
	double rest_s = printer->free_at_s > now_s ? (double)(printer->free_at_s - now_s) : 0;
	bool prints = !printer->idle || rest_s > 0;
	size_t answer = promise->question.on_bed ? promise->question.on_bed[i] : PROMISE_NOTHING;

	random_init(&living->random, promise->question.seed +
					     (uint64_t)promise->at * UINT64_C(0x9e3779b97f4a7c15) +
					     ((uint64_t)i << 32));
	living->slowness = off(&living->random, printer->speed_spread);
	living->planned_s = now_s;
	if (!prints && printer->bed_empty) {
		living->ready_s = printer->ready_after_s > now_s ? printer->ready_after_s : now_s;
		return;
	}
	if (prints) {
		rest_s *= living->slowness * (1 + PRINT_SPREAD * normal(&living->random));
		cleared_s = live_tries(promise, i, now_s, rest_s, !printer->may_run_unattended);
	} else {
		cleared_s = after_visit(promise, living, now_s);
	}
	living->ready_s = after_delay(promise, cleared_s);
	if (answer != PROMISE_NOTHING)
		is_done(promise, answer, cleared_s);
}

static void begin_life(struct promise *promise)
{
	struct random random;

	random_init(&random, promise->question.seed ^ ~(uint64_t)promise->at);
	promise->people = off(&random, PEOPLE_SPREAD);
	promise->luck = off(&random, LUCK_SPREAD);
	for (size_t i = 0; i < promise->world->printer_count; i++)
		begin_printer(promise, i);
	promise->next = 0;
}

static int by_time(const void *a, const void *b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return (x > y) - (x < y);
}

static struct promise_band band_of(int64_t *done_s, int count)
{
	struct promise_band band = { 0 };

	qsort(done_s, (size_t)count, sizeof *done_s, by_time);
	if (done_s[0] == 0)
		return band;
	band.low_s = done_s[(count - 1) * PROMISE_LOW_PERCENT / 100];
	band.likely_s = done_s[(count - 1) * PROMISE_LIKELY_PERCENT / 100];
	band.high_s = done_s[((count - 1) * PROMISE_HIGH_PERCENT + 99) / 100];
	if (is_never(band.high_s))
		band = (struct promise_band){ 0 };
	return band;
}

static int lives_for(size_t prints)
{
	size_t count = PROMISE_PRINTS / (prints + 1);

	if (count > PROMISE_LIVES_MAX)
		return PROMISE_LIVES_MAX;
	return count < PROMISE_LIVES_MIN ? PROMISE_LIVES_MIN : (int)count;
}

struct promise *promise_begin(const struct promise_question *question)
{
	const struct planner_result *plan = question->plan;

	if (!plan->world || plan->assignment_count > PROMISE_PRINTS_MAX)
		return NULL;
	struct promise *promise = calloc(1, sizeof *promise);

	if (!promise)
		return NULL;
	promise->question = *question;
	if (!question->answer_of)
		promise->question.answer_count = plan->order_count;
	promise->world = plan->world;
	promise->count = lives_for(plan->assignment_count);
	promise->next = SIZE_MAX;
	size_t answers = promise->question.answer_count + 1;

	promise->done_s = calloc(answers * (size_t)promise->count, sizeof *promise->done_s);
	promise->band = calloc(answers, sizeof *promise->band);
	promise->printer = calloc(plan->world->printer_count + 1, sizeof *promise->printer);
	if (timeline_init(&promise->timeline, plan->world, question->now_s) && promise->done_s &&
		promise->band && promise->printer)
		return promise;
	promise_destroy(promise);
	return NULL;
}

static void sum_up(struct promise *promise)
{
	for (size_t i = 0; i < promise->question.answer_count; i++)
		promise->band[i] =
			band_of(&promise->done_s[i * (size_t)promise->count], promise->count);
}

bool promise_step(struct promise *promise, int64_t prints)
{
	const struct planner_result *plan = promise->question.plan;

	for (; prints > 0 && promise->at < promise->count; prints--) {
		if (promise->next == SIZE_MAX) {
			begin_life(promise);
		} else if (promise->next < plan->assignment_count) {
			live_print(promise, &plan->assignment[promise->next++]);
		} else {
			promise->next = SIZE_MAX;
			if (++promise->at == promise->count)
				sum_up(promise);
		}
	}
	return promise->at < promise->count;
}

const struct promise_band *promise_result(const struct promise *promise)
{
	return promise->band;
}

void promise_destroy(struct promise *promise)
{
	if (!promise)
		return;
	free(promise->done_s);
	free(promise->band);
	free(promise->printer);
	timeline_finish(&promise->timeline);
	free(promise);
}

bool promise_bands(
	const struct planner_result *plan, int64_t now_s, uint64_t seed, struct promise_band *band)
{
	struct promise *promise = promise_begin(
		&(struct promise_question){ .plan = plan, .now_s = now_s, .seed = seed });

	if (!promise)
		return false;
	while (promise_step(promise, PROMISE_PRINTS))
		;
	for (size_t i = 0; i < plan->order_count; i++)
		band[i] = promise->band[i];
	promise_destroy(promise);
	return true;
}
