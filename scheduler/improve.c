/* Makes the daemon's plan better where orders would be late; see improve.h. */
#include "scheduler/improve.h"
#include "scheduler/makers.h"
#include "scheduler/plan.h"
#include "scheduler/previous.h"
#include "scheduler/search.h"
#include "scheduler/world_problem.h"

#include <stdlib.h> /* calloc, free */

/* Shares of the average lateness of a print. */
static const double HOT = 0.15, COLD = 0.003, MOVE_COST = 0.02;
/* Less than this share of the lateness is no reason to change a plan. */
static const double GAIN_MIN = 0.01;
/* Of a second of lateness: what a second costs until an order is done that is in time. */
static const double FLOW = 0.001;

struct improve {
	struct timeline timeline; /* whose calendars the problem asks */
	struct world_problem world;
	struct makers makers;
	struct plan plan;
	struct search search;
	bool has_search;
	int64_t moves_left;   /* of the search */
	int64_t price;	      /* of one of them, in moves of the planner */
	double before;	      /* what the plan cost, */
	int64_t units_before; /* and made */
	/* The previous plan, if it began there: its promises are kept. */
	struct plan_copy kept;
	int64_t *promise_s; /* of each order; NULL: it began elsewhere */
	double gain;
};

/* People count on what the previous plan was about to do there. */
static bool is_frozen(
	const struct previous *previous, const struct planner_assignment *own, int64_t now_s)
{
	for (size_t i = 0; i < previous->print_count; i++) {
		const struct previous_print *print = &previous->print[i];

		if (print->start_s >= now_s + IMPROVE_FROZEN_S)
			return false;
		if (print->order == own->order && print->printer == own->printer)
			return own->start_s < now_s + IMPROVE_FROZEN_S;
	}
	return false;
}

/* Behind what the printer does already, or before a print that waits for the morning. */
static bool put_in(struct improve *improve, const struct previous *previous,
	const struct planner_assignment *own, int64_t now_s)
{
	struct plan *plan = &improve->plan;
	int32_t option =
		world_problem_option(&improve->world, own->order, own->printer, own->plate);
	int32_t printer = (int32_t)own->printer, at = plan->list[printer].count, id;

	if (option < 0)
		return true;
	while (at > 0 && plan->run[plan->list[printer].run[at - 1]].end_s > own->start_s)
		at--;
	id = plan_insert(plan, printer, at, (int32_t)own->order,
		&improve->world.problem.option[option], printer);
	if (id == PLAN_NONE)
		return false;
	plan->run[id].end_s = own->end_s;
	plan->run[id].kept = is_frozen(previous, own, now_s);
	return true;
}

static bool settle(struct plan *plan)
{
	bool is_settled = plan_settle(plan);

	plan_keep(plan);
	return is_settled;
}

/* What was wanted and not planned stays so; what was planned too much may go. */
static void set_units(struct improve *improve, const struct world *world)
{
	struct problem *problem = &improve->world.problem;

	for (size_t i = 0; i < problem->order_count; i++) {
		problem->order[i].units = improve->plan.order[i].units;
		if (problem->order[i].units > world->order[i].units_left)
			problem->order[i].units = (int32_t)world->order[i].units_left;
	}
}

static int64_t units_planned(const struct plan *plan)
{
	int64_t units = 0;

	for (size_t i = 0; i < plan->problem->order_count; i++)
		units += plan->order[i].units;
	return units;
}

static bool put_in_planned(struct improve *improve, const struct world *world,
	const struct previous *previous, const struct planner_assignment *planned, size_t count,
	int64_t now_s)
{
	struct plan *plan = &improve->plan;

	plan_change(plan);
	for (size_t i = 0; i < count; i++)
		if (!put_in(improve, previous, &planned[i], now_s))
			return false;
	if (!settle(plan))
		return false;
	set_units(improve, world);
	improve->before = plan_cost(plan);
	improve->units_before = units_planned(plan);
	return true;
}

/* The previous plan's sequences, as far as they are still wanted. */
static bool put_in_previous(struct improve *improve, const struct previous *previous)
{
	const struct problem *problem = &improve->world.problem;
	struct plan *plan = &improve->plan;
	const struct plan_copy nothing = { 0 };

	if (!plan_load(plan, &nothing))
		return false;
	plan_change(plan);
	for (size_t i = 0; i < previous->print_count; i++) {
		const struct previous_print *print = &previous->print[i];
		int32_t option = world_problem_option(
			&improve->world, print->order, print->printer, print->plate);
		int32_t printer = (int32_t)print->printer;

		if (option >= 0 &&
			plan->order[print->order].units < problem->order[print->order].units &&
			plan_insert(plan, printer, plan->list[printer].count, (int32_t)print->order,
				&problem->option[option], printer) == PLAN_NONE)
			return false;
	}
	return settle(plan);
}

static void freeze(struct plan *plan, int64_t now_s)
{
	for (int32_t i = 0; i < plan->run_count; i++)
		if (plan->run[i].printer != PLAN_NONE)
			plan->run[i].kept = plan->run[i].start_s < now_s + IMPROVE_FROZEN_S;
}

static bool is_complete(const struct plan *plan)
{
	for (size_t i = 0; i < plan->problem->order_count; i++)
		if (plan->order[i].units < plan->problem->order[i].units)
			return false;
	return true;
}

/* Without news the search looks among plans in which nobody has to wait longer. */
static bool keep_promises(struct improve *improve, int64_t now_s)
{
	const struct plan *plan = &improve->plan;
	struct problem_order *order = improve->world.problem.order;
	size_t count = plan->problem->order_count;

	freeze(&improve->plan, now_s);
	improve->before = plan_cost(plan);
	improve->promise_s = calloc(count + 1, sizeof *improve->promise_s);
	if (!improve->promise_s || !plan_save(plan, &improve->kept))
		return false;
	for (size_t i = 0; i < count; i++)
		order[i].promised_s = improve->promise_s[i] = plan->order[i].done_s;
	return true;
}

/* Begins at the previous plan, if it still does all that is planned now, and better. */
static bool choose_start(struct improve *improve, const struct previous *previous, int64_t now_s)
{
	struct plan *plan = &improve->plan;
	struct plan_copy copy = { 0 };
	bool is_ready = true;

	if (previous->print_count == 0)
		return true;
	if (!plan_save(plan, &copy))
		return false;
	if (!put_in_previous(improve, previous) || !is_complete(plan) ||
		plan_cost(plan) > improve->before || units_planned(plan) > improve->units_before)
		is_ready = plan_load(plan, &copy);
	else
		is_ready = keep_promises(improve, now_s);
	free(copy.item);
	return is_ready;
}

static int32_t longest_list(const struct plan *plan)
{
	int32_t longest = 0;

	for (size_t i = 0; i < plan->problem->printer_count; i++)
		if (plan->list[i].count > longest)
			longest = plan->list[i].count;
	return longest;
}

static bool begin(struct improve *improve, uint64_t seed)
{
	struct plan *plan = &improve->plan;
	double unit = (double)plan_goal(plan) / (plan->live + 1);

	if (!search_init(&improve->search, plan, &improve->makers, seed))
		return false;
	improve->has_search = true;
	int32_t longest = longest_list(plan);

	improve->moves_left = unit > 0 ? (int64_t)plan->live * IMPROVE_MOVES_A_PRINT : 0;
	if (improve->moves_left > IMPROVE_MOVES_MAX)
		improve->moves_left = IMPROVE_MOVES_MAX;
	if (improve->moves_left > IMPROVE_WORK_MAX / (longest + 1))
		improve->moves_left = IMPROVE_WORK_MAX / (longest + 1);
	improve->price = 1 + longest / IMPROVE_PRINTS_A_MOVE;
	plan->weights.move = MOVE_COST * unit;
	search_set_schedule(&improve->search, improve->moves_left, HOT * unit, COLD * unit);
	return true;
}

/* Several orders, and some would be late. */
static bool is_worth_it(const struct improve *improve)
{
	int orders = 0;

	for (size_t i = 0; i < improve->world.problem.order_count; i++)
		orders += improve->plan.order[i].units > 0;
	return orders > 1 && plan_goal(&improve->plan) > 0;
}

struct improve *improve_create(const struct world *world, const struct previous *previous,
	const int64_t *release_s, int64_t now_s, uint64_t seed,
	const struct planner_assignment *planned, size_t planned_count)
{
	const struct plan_weights weights = { .flow = FLOW };
	struct improve *improve = calloc(1, sizeof *improve);

	if (!improve || planned_count == 0 || planned_count > IMPROVE_PRINTS_MAX ||
		!timeline_init(&improve->timeline, world, now_s)) {
		free(improve);
		return NULL;
	}
	bool is_ready = world_problem_init(&improve->world, &improve->timeline, release_s);

	if (is_ready && makers_init(&improve->makers, &improve->world.problem) &&
		plan_init(&improve->plan, &improve->world.problem, &weights) &&
		put_in_planned(improve, world, previous, planned, planned_count, now_s) &&
		is_worth_it(improve) && choose_start(improve, previous, now_s) &&
		begin(improve, seed))
		return improve;
	improve_destroy(improve);
	return NULL;
}

void improve_destroy(struct improve *improve)
{
	if (!improve)
		return;
	if (improve->has_search)
		search_finish(&improve->search);
	free(improve->kept.item);
	free(improve->promise_s);
	if (improve->plan.problem)
		plan_finish(&improve->plan);
	makers_finish(&improve->makers);
	world_problem_finish(&improve->world);
	timeline_finish(&improve->timeline);
	free(improve);
}

int64_t improve_step(struct improve *improve, int64_t moves)
{
	int64_t search_moves = moves / improve->price;

	if (search_moves < 1)
		search_moves = 1;
	if (search_moves > improve->moves_left)
		search_moves = improve->moves_left;
	search_step(&improve->search, search_moves);
	improve->moves_left -= search_moves;
	return search_moves * improve->price;
}

/* With news promises move as little as they must; without, none gets later. */
static bool keeps_promises(const struct improve *improve)
{
	for (size_t i = 0; i < improve->plan.problem->order_count; i++)
		if (improve->plan.order[i].done_s > improve->promise_s[i])
			return false;
	return true;
}

/* Is the plan to be taken?  It may be set back to the previous one. */
static bool choose_end(struct improve *improve)
{
	struct plan *plan = &improve->plan;

	if (!search_take_best(&improve->search))
		return false;
	bool is_better = plan_cost(plan) <= improve->before * (1 - GAIN_MIN) &&
			 units_planned(plan) <= improve->units_before;

	if (!improve->promise_s)
		return is_better;
	if (!is_better || !keeps_promises(improve))
		return plan_load(plan, &improve->kept);
	improve->gain = 1 - plan_cost(plan) / improve->before;
	return true;
}

double improve_gain(const struct improve *improve)
{
	return improve->gain;
}

size_t improve_take(struct improve *improve, struct planner_assignment *planned, size_t capacity)
{
	const struct plan *plan = &improve->plan;
	size_t count = 0;

	if (!choose_end(improve) || (size_t)plan->live > capacity)
		return 0;
	for (size_t p = 0; p < plan->problem->printer_count; p++)
		for (int32_t i = 0; i < plan->list[p].count; i++) {
			const struct plan_run *run = &plan->run[plan->list[p].run[i]];

			planned[count++] = (struct planner_assignment){
				.order = (size_t)run->print.order,
				.plate = (size_t)improve->world.plate_of[run->option],
				.printer = p,
				.start_s = run->start_s,
				.end_s = run->end_s,
			};
		}
	return count;
}
