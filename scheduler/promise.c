/* How sure a plan's promises are; see promise.h. */
#include "scheduler/promise.h"
#include "base/random.h"
#include "scheduler/calendar.h"
#include "scheduler/match.h"

#include <math.h>   /* cos, exp, log, sqrt */
#include <stdlib.h> /* calloc, free, qsort */

static const double TWO_PI = 6.283185307179586;
/* How far a print's length is off beside what its printer is off: a share, one standard deviation.
 */
static const double PRINT_SPREAD = 0.03;

struct lives {
	const struct planner_result *plan;
	const struct world *world;
	struct calendar calendar;
	struct random random;
	int64_t now_s;
	int count;
	int64_t *done_s; /* [order * count + life] */
	int64_t *ready_s;
	double *slowness; /* of each printer in this life */
};

static double normal(struct lives *lives)
{
	double a = 1 - random_unit(&lives->random), b = random_unit(&lives->random);

	return sqrt(-2 * log(a)) * cos(TWO_PI * b);
}

static double exponential(struct lives *lives, double mean)
{
	return -mean * log(1 - random_unit(&lives->random));
}

/* Somebody comes after a while: clear_s on average. */
static int64_t after_visit(struct lives *lives, int64_t at_s)
{
	double wait_s = exponential(lives, (double)lives->world->clear_s);

	return calendar_after_work(&lives->calendar, at_s, (int64_t)wait_s) +
	       lives->world->start_delay_s;
}

static bool fails(struct lives *lives, const struct world_printer *printer, double length_s)
{
	return random_unit(&lives->random) < 1 - exp(-printer->fail_per_hour * length_s / 3600);
}

/* From start to a good end; how often it is tried is limited as a person would limit it. */
static int64_t live_print(struct lives *lives, const struct planner_assignment *own)
{
	const struct world_printer *printer = &lives->world->printer[own->printer];
	const struct world_plate *plate = &lives->world->order[own->order].plate[own->plate];
	double length_s = (double)(own->end_s - own->start_s) * lives->slowness[own->printer] *
			  exp(PRINT_SPREAD * normal(lives));
	int64_t *ready_s = &lives->ready_s[own->printer];
	int64_t at_s = own->start_s > *ready_s ? own->start_s : *ready_s;

	for (int tries = 0; tries < 5; tries++) {
		if (match_needs_staff(plate, printer))
			at_s = calendar_next_start(&lives->calendar, at_s, (int64_t)length_s);
		if (at_s >= CALENDAR_NEVER_S / 2 || !fails(lives, printer, length_s))
			break;
		at_s = after_visit(lives, at_s + (int64_t)(length_s * random_unit(&lives->random)));
	}
	if (at_s >= CALENDAR_NEVER_S / 2)
		return *ready_s = CALENDAR_NEVER_S / 4;
	at_s += (int64_t)length_s;
	*ready_s = after_visit(lives, at_s);
	if (*ready_s >= CALENDAR_NEVER_S / 2)
		*ready_s = CALENDAR_NEVER_S / 4;
	return at_s;
}

/* What prints now goes on for as long as it should, or a little longer or shorter. */
static void begin_life(struct lives *lives)
{
	for (size_t i = 0; i < lives->world->printer_count; i++) {
		const struct world_printer *printer = &lives->world->printer[i];
		int64_t rest_s = printer->free_at_s - lives->now_s;

		lives->slowness[i] = exp(printer->speed_spread * normal(lives));
		lives->ready_s[i] = lives->now_s;
		if (rest_s > 0)
			lives->ready_s[i] = after_visit(lives,
				lives->now_s + (int64_t)((double)rest_s * lives->slowness[i]));
	}
}

static void live(struct lives *lives, int number)
{
	begin_life(lives);
	for (size_t i = 0; i < lives->plan->assignment_count; i++) {
		const struct planner_assignment *own = &lives->plan->assignment[i];
		int64_t end_s = live_print(lives, own);
		int64_t *done_s =
			&lives->done_s[own->order * (size_t)lives->count + (size_t)number];

		if (end_s > *done_s)
			*done_s = end_s;
	}
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
	band.high_s = done_s[(count - 1) * PROMISE_HIGH_PERCENT / 100];
	if (band.high_s >= CALENDAR_NEVER_S / 4)
		band = (struct promise_band){ 0 };
	return band;
}

bool promise_bands(
	const struct planner_result *plan, int64_t now_s, uint64_t seed, struct promise_band *band)
{
	struct lives lives = { .plan = plan, .world = plan->world, .now_s = now_s };
	size_t prints = plan->assignment_count + 1;

	if (!plan->world || prints > PROMISE_PRINTS_MAX / PROMISE_LIVES_MIN)
		return false;
	lives.count = (int)(PROMISE_PRINTS_MAX / prints);
	if (lives.count > PROMISE_LIVES_MAX)
		lives.count = PROMISE_LIVES_MAX;
	random_init(&lives.random, seed);
	calendar_init(&lives.calendar, &plan->world->calendar);
	lives.done_s = calloc((plan->order_count + 1) * (size_t)lives.count, sizeof *lives.done_s);
	lives.ready_s = calloc(plan->world->printer_count + 1, sizeof *lives.ready_s);
	lives.slowness = calloc(plan->world->printer_count + 1, sizeof *lives.slowness);
	bool is_ready = lives.done_s && lives.ready_s && lives.slowness;

	for (int i = 0; is_ready && i < lives.count; i++)
		live(&lives, i);
	for (size_t i = 0; is_ready && i < plan->order_count; i++)
		band[i] = band_of(&lives.done_s[i * (size_t)lives.count], lives.count);
	free(lives.done_s);
	free(lives.ready_s);
	free(lives.slowness);
	return is_ready;
}
