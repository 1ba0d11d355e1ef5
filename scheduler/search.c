/* Makes a plan better: annealing on the printers' sequences; see search.h. */
#include "scheduler/search.h"
#include "scheduler/search_moves.h"
#include "scheduler/search_pick.h"

#include <math.h>   /* exp, log */
#include <stdlib.h> /* free */

enum {
	MOVES_A_RUN = 1200, /* expected for each print: there is time to spare */
	COOLING_STEP = 64,  /* moves at one temperature */
};

/* What the best plan is best in: the goal, and then what a user would rather not see. */
static double key(const struct plan *plan, double cost)
{
	if (plan->problem->goal != PROBLEM_MAKESPAN)
		return cost;
	return (double)plan_makespan(plan) + 1e-3 * cost + plan->weights.change * plan->changes +
	       plan->weights.move * plan->moved;
}

static void keep_best(struct search *search)
{
	if (search->best_is_current) {
		plan_save(search->plan, &search->best);
		search->best_is_current = false;
	}
}

static void after_change(struct search *search)
{
	double now = key(search->plan, search->cost);

	if (search->plan->problem->goal == PROBLEM_MAKESPAN)
		search_find_busiest(search);
	if (now < search->best_key) {
		search->best_key = now;
		search->best_is_current = true;
	}
}

static void move(struct search *search)
{
	struct plan *plan = search->plan;
	/* Worse plans are taken with a chance of exp(-worse / temperature). */
	double cost_max = search->cost - search->temperature * log(random_unit(&search->random));

	plan_change(plan);
	if (!search_try_move(search) || plan->failed || !plan_settle_within(plan, cost_max)) {
		plan_undo(plan);
		return;
	}
	double cost = plan_cost(plan);

	if (cost > cost_max) {
		plan_undo(plan);
		return;
	}
	if (cost > search->cost && search->best_is_current) {
		/* The best plan is about to be left. */
		plan_undo(plan);
		keep_best(search);
		return;
	}
	plan_keep(plan);
	search->cost = cost;
	after_change(search);
}

/* Printers are compared the more strictly by their ends the colder it is. */
static void set_scale(struct search *search, double done)
{
	static const int steepness[] = { 4, 5, 6, 7 };
	struct plan *plan = search->plan;
	int now = steepness[done < 1 ? (int)(done * 4) : 3];
	double end_s = (double)plan_makespan(plan), scale_s = plan->weights.scale_s;

	if (plan->problem->goal == PROBLEM_MAKESPAN &&
		(now != plan->weights.steepness || end_s < 0.98 * scale_s ||
			end_s > 1.02 * scale_s))
		plan_set_scale(plan, end_s, now);
	search->cost = plan_cost(plan);
}

/* A search with time to spare cools down twice from the top and once more, not so hot, from the
 * best that it has found; one without cools down once. */
struct round {
	double until, hot; /* shares: of the moves, of the logarithm of hot / cold */
	bool from_best;
};

static const struct round rounds_many[] = { { 0.4, 1, false }, { 0.8, 1, false },
	{ 1, 0.45, true } };
/* Where few people serve all printers a start now and then ends in a plan whose last print misses
 * an evening, and nothing but a hot search leaves it: begin short, go on long from the best. */
static const struct round rounds_crew[] = { { 0.2, 1, false }, { 0.4, 1, false },
	{ 1, 0.6, true } };
static const struct round rounds_few[] = { { 0.9, 1, false }, { 1, 0.4, true } };

static void begin_round(struct search *search, const struct round *round)
{
	if (!round->from_best || search->best_is_current)
		return;
	if (!plan_load(search->plan, &search->best))
		return;
	search_find_busiest(search);
}

static void cool(struct search *search)
{
	bool has_time = search->moves_expected / MOVES_A_RUN > search->plan->live;
	const struct round *many = search->has_crew ? rounds_crew : rounds_many;
	const struct round *round = has_time ? many : rounds_few;
	int64_t again = search->moves / search->moves_expected;
	double done =
		(double)(search->moves % search->moves_expected) / (double)search->moves_expected;
	double begin = 0, span = log(search->hot / search->cold);
	int64_t number = 1 + 4 * again;

	for (; done >= round->until; round++, number++)
		begin = round->until;
	if (again > 0)
		round = &many[2];
	if (search->round != number) {
		begin_round(search, round);
		search->round = number;
	}
	done = (done - begin) / (round->until - begin);
	done = done < 0 ? 0 : done > 1 ? 1 : done;
	search->temperature = search->cold * exp(span * round->hot * (1 - done));
	set_scale(search, 1 - round->hot * (1 - done));
}

bool search_init(
	struct search *search, struct plan *plan, const struct makers *makers, uint64_t seed)
{
	*search = (struct search){ .plan = plan,
		.makers = makers,
		.moves_expected = 1,
		.quick_percent = SEARCH_QUICK_PERCENT };
	random_init(&search->random, seed);
	if (!plan_save(plan, &search->best)) {
		search_finish(search);
		return false;
	}
	search->cost = plan_cost(plan);
	search->best_key = key(plan, search->cost);
	search_find_busiest(search);
	search_choose_moves(search);
	return true;
}

void search_finish(struct search *search)
{
	free(search->best.item);
	*search = (struct search){ 0 };
}

void search_set_schedule(struct search *search, int64_t moves, double hot, double cold)
{
	search->moves = 0;
	search->moves_expected = moves > 0 ? moves : 1;
	search->hot = hot;
	search->cold = cold;
	search->cooling = 0;
}

void search_step(struct search *search, int64_t moves)
{
	if (search->plan->live == 0)
		return;
	for (; moves > 0; moves--) {
		if (search->cooling-- == 0) {
			cool(search);
			search->cooling = COOLING_STEP - 1;
		}
		move(search);
		search->moves++;
	}
}

bool search_take_best(struct search *search)
{
	if (search->best_is_current)
		return true;
	return plan_load(search->plan, &search->best);
}
