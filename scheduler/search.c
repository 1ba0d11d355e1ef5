/* Makes a plan better: annealing on the printers' sequences; see search.h. */
#include "scheduler/search.h"

#include <math.h>   /* exp, log */
#include <stdlib.h> /* free */

enum {
	MOVES_A_RUN = 1200, /* expected for each print: there is time to spare */
	COOLING_STEP = 64,  /* moves at one temperature */
	TAIL_MAX = 24,	    /* prints exchanged at once */
	FAST_OF = 4,	    /* printers looked at for a quick one */
	NEAR = 3,	    /* positions */
	REPAIRS_MAX = 64,
};

/* ---- choices -------------------------------------------------------------- */

static uint32_t below(struct search *search, int32_t limit)
{
	return (uint32_t)((random_bits(&search->random) >> 32) * (uint64_t)limit >> 32);
}

static bool happens(struct search *search, uint32_t percent)
{
	return below(search, 100) < percent;
}

/* How long the smallest plate takes. */
static int64_t quickest_s(const struct problem *problem, int32_t printer, int32_t order)
{
	struct problem_choice choice = problem_choice(problem, (size_t)printer, (size_t)order);

	return problem_print_s(problem, (size_t)printer, choice.option);
}

/* Any printer that can make the order; PLAN_NONE: none. */
static int32_t pick_maker(struct search *search, int32_t order)
{
	const struct makers *makers = search->makers;
	int32_t kind = makers->kind[order], first = makers->first[kind];
	int32_t count = makers->first[kind + 1] - first;

	if (count == 0)
		return PLAN_NONE;
	int32_t best = makers->printer[first + (int32_t)below(search, count)];

	if (!happens(search, search->quick_percent))
		return best;
	/* Rather a quick one. */
	int64_t best_s = quickest_s(search->plan->problem, best, order);

	for (int i = 1; i < FAST_OF; i++) {
		int32_t other = makers->printer[first + (int32_t)below(search, count)];
		int64_t other_s = quickest_s(search->plan->problem, other, order);

		if (other_s < best_s) {
			best = other;
			best_s = other_s;
		}
	}
	return best;
}

static struct plan_run *run_of(const struct search *search, int32_t id)
{
	return &search->plan->run[id];
}

static int32_t any_run(struct search *search)
{
	for (int tries = 0; tries < 32; tries++) {
		int32_t id = (int32_t)below(search, search->plan->run_count);

		if (run_of(search, id)->printer != PLAN_NONE && !run_of(search, id)->kept)
			return id;
	}
	return PLAN_NONE;
}

static void find_busiest(struct search *search)
{
	const struct plan *plan = search->plan;
	int32_t busiest = 0;

	for (int32_t i = 1; i < (int32_t)plan->problem->printer_count; i++)
		if (plan->list[i].end_s > plan->list[busiest].end_s)
			busiest = i;
	search->busiest = busiest;
}

static int32_t run_of_busiest(struct search *search)
{
	const struct plan_list *list = &search->plan->list[search->busiest];

	if (list->count == 0)
		return any_run(search);
	int32_t id = list->run[below(search, list->count)];

	return run_of(search, id)->kept ? any_run(search) : id;
}

/* Of some, the one whose order costs most. */
static int32_t run_of_late_order(struct search *search)
{
	const struct plan *plan = search->plan;
	int32_t best = any_run(search);

	for (int i = 0; i < 3 && best != PLAN_NONE; i++) {
		int32_t id = any_run(search);

		if (id != PLAN_NONE && plan->order[plan->run[id].print.order].cost >
					       plan->order[plan->run[best].print.order].cost)
			best = id;
	}
	return best;
}

static int32_t pick_run(struct search *search)
{
	if (!happens(search, 40))
		return any_run(search);
	return search->plan->problem->goal == PROBLEM_MAKESPAN ? run_of_busiest(search)
							       : run_of_late_order(search);
}

static const struct problem_option *option_for(
	const struct search *search, int32_t printer, int32_t order, int32_t units)
{
	return makers_option(search->plan->problem, printer, order, units);
}

static int32_t first_free_position(const struct plan *plan, int32_t printer)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t at = 0;

	while (at < list->count && plan->run[list->run[at]].kept)
		at++;
	return at;
}

static int32_t any_position(struct search *search, int32_t printer)
{
	int32_t low = first_free_position(search->plan, printer);

	return low + (int32_t)below(search, search->plan->list[printer].count - low + 1);
}

/* Beside a print of the same material, if there is one. */
static int32_t position_by_material(struct search *search, int32_t printer, int32_t material)
{
	const struct plan *plan = search->plan;
	const struct plan_list *list = &plan->list[printer];
	int32_t low = first_free_position(plan, printer);

	if (list->count == low)
		return low;
	int32_t from = low + (int32_t)below(search, list->count - low);

	for (int32_t i = 0; i < list->count - low; i++) {
		int32_t at = from + i < list->count ? from + i : from + i - list->count + low;

		if (plan->problem->order[plan->run[list->run[at]].print.order].material == material)
			return at + (happens(search, 50) ? 1 : 0);
	}
	return low + (int32_t)below(search, list->count - low + 1);
}

/* Where in a printer's list a print would start at about this time. */
static int32_t position_at(const struct plan *plan, int32_t printer, int64_t at_s)
{
	const struct plan_list *list = &plan->list[printer];
	int32_t low = first_free_position(plan, printer), high = list->count;

	while (low < high) {
		int32_t middle = (low + high) / 2;

		if (plan->run[list->run[middle]].start_s < at_s)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Where the order's lateness would be about right: somewhere between its release and when it is
 * due, or is done now. */
static int32_t position_in_time(struct search *search, int32_t printer, int32_t order)
{
	const struct problem_order *own = &search->plan->problem->order[order];
	int64_t from_s = own->release_s, to_s = own->due_s;

	if (from_s < search->plan->problem->now_s)
		from_s = search->plan->problem->now_s;
	if (search->plan->order[order].done_s > to_s)
		to_s = search->plan->order[order].done_s;
	if (to_s <= from_s)
		to_s = from_s + 1;
	return position_at(search->plan, printer,
		from_s + (int64_t)(random_unit(&search->random) * (double)(to_s - from_s)));
}

static int32_t pick_position(struct search *search, int32_t printer, int32_t order)
{
	const struct problem *problem = search->plan->problem;
	uint32_t lot = below(search, 100);

	if (lot < 35)
		return position_by_material(search, printer, problem->order[order].material);
	if (lot < 75 && problem->goal == PROBLEM_TARDINESS)
		return position_in_time(search, printer, order);
	return any_position(search, printer);
}

/* ---- as many units as wanted ---------------------------------------------- */

static bool add_run(struct search *search, int32_t order, int32_t units)
{
	int32_t printer = pick_maker(search, order);
	const struct problem_option *option =
		printer == PLAN_NONE ? NULL : option_for(search, printer, order, units);

	if (!option)
		return false;
	return plan_insert(search->plan, printer, pick_position(search, printer, order), order,
		       option, PLAN_NONE) != PLAN_NONE;
}

/* The latest run of the order that may go without leaving it short. */
static int32_t superfluous_run(const struct search *search, int32_t order, int32_t over)
{
	const struct plan *plan = search->plan;
	int32_t best = PLAN_NONE;

	for (int32_t id = plan->order[order].first; id != PLAN_NONE; id = plan->run[id].next)
		if (!plan->run[id].kept && plan->run[id].print.units <= over &&
			(best == PLAN_NONE || plan->run[id].end_s > plan->run[best].end_s))
			best = id;
	return best;
}

static int32_t set_option(struct search *search, int32_t id, const struct problem_option *option)
{
	struct plan *plan = search->plan;
	struct plan_run run = plan->run[id];
	int32_t position = plan_position(plan, id);

	plan_remove(plan, id, position);
	return plan_insert(plan, run.printer, position, run.print.order, option, run.home);
}

/* A smaller plate would do for one of the order's runs. */
static bool shrink_one(struct search *search, int32_t order, int32_t over)
{
	const struct plan *plan = search->plan;

	for (int32_t id = plan->order[order].first; id != PLAN_NONE; id = plan->run[id].next) {
		const struct plan_run *run = &plan->run[id];
		const struct problem_option *option =
			run->kept
				? NULL
				: option_for(search, run->printer, order, run->print.units - over);

		if (option && option->units < run->print.units &&
			option->units >= run->print.units - over) {
			set_option(search, id, option);
			return true;
		}
	}
	return false;
}

static bool repair(struct search *search, int32_t order)
{
	struct plan *plan = search->plan;
	int32_t wanted = plan->problem->order[order].units;

	for (int tries = 0; plan->order[order].units < wanted; tries++)
		if (tries == REPAIRS_MAX ||
			!add_run(search, order, wanted - plan->order[order].units))
			return false;
	for (;;) {
		int32_t over = plan->order[order].units - wanted;
		int32_t id = over > 0 ? superfluous_run(search, order, over) : PLAN_NONE;

		if (id != PLAN_NONE)
			plan_remove(plan, id, plan_position(plan, id));
		else if (over <= 0 || !shrink_one(search, order, over))
			return !plan->failed;
	}
}

/* ---- moves ---------------------------------------------------------------- */

static bool move_elsewhere(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = pick_run(search);

	if (id == PLAN_NONE)
		return false;
	struct plan_run run = plan->run[id];
	int32_t order = run.print.order, printer = pick_maker(search, order);
	const struct problem_option *option =
		printer == PLAN_NONE ? NULL : option_for(search, printer, order, run.print.units);

	if (!option)
		return false;
	plan_remove(plan, id, plan_position(plan, id));
	plan_insert(plan, printer, pick_position(search, printer, order), order, option, run.home);
	return option->units == run.print.units || repair(search, order);
}

static bool move_inside(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = pick_run(search);

	if (id == PLAN_NONE || plan->list[plan->run[id].printer].count < 2)
		return false;
	struct plan_run run = plan->run[id];

	int32_t at = plan_position(plan, id), low = first_free_position(plan, run.printer);

	plan_remove(plan, id, at);
	if (happens(search, 40)) {
		/* Not far. */
		at += 1 + (int32_t)below(search, NEAR) - (happens(search, 50) ? NEAR + 1 : 0);
		at = at < low ? low : at;
		at = at > plan->list[run.printer].count ? plan->list[run.printer].count : at;
	} else {
		at = pick_position(search, run.printer, run.print.order);
	}
	plan_insert(plan, run.printer, at, run.print.order, &plan->problem->option[run.option],
		run.home);
	return true;
}

static bool move_swap(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = pick_run(search);

	if (id == PLAN_NONE)
		return false;
	struct plan_run a = plan->run[id];
	int32_t printer = pick_maker(search, a.print.order);
	int32_t low = printer == PLAN_NONE ? 0 : first_free_position(plan, printer);

	if (printer == PLAN_NONE || plan->list[printer].count == low || printer == a.printer)
		return false;
	int32_t at = low + (int32_t)below(search, plan->list[printer].count - low);

	if (happens(search, 50)) {
		at = position_at(plan, printer, a.start_s) + (int32_t)below(search, NEAR) -
		     NEAR / 2;
		at = at < low ? low : at;
		at = at >= plan->list[printer].count ? plan->list[printer].count - 1 : at;
	}
	int32_t other = plan->list[printer].run[at], position = plan_position(plan, id);
	struct plan_run b = plan->run[other];
	const struct problem_option *here =
		option_for(search, a.printer, b.print.order, b.print.units);
	const struct problem_option *there =
		option_for(search, printer, a.print.order, a.print.units);

	if (!here || !there)
		return false;
	plan_remove(plan, id, position);
	plan_remove(plan, other, at);
	plan_insert(plan, a.printer, position, b.print.order, here, b.home);
	plan_insert(plan, printer, at, a.print.order, there, a.home);
	return (here->units == b.print.units || repair(search, b.print.order)) &&
	       (there->units == a.print.units || repair(search, a.print.order));
}

static bool move_units(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = pick_run(search);

	if (id == PLAN_NONE)
		return false;
	int32_t order = plan->run[id].print.order;
	struct problem_choice choice =
		problem_choice(plan->problem, (size_t)plan->run[id].printer, (size_t)order);
	const struct problem_option *option = choice.option + below(search, choice.count);

	if (choice.count < 2 || option->units == plan->run[id].print.units)
		return false;
	set_option(search, id, option);
	return repair(search, order);
}

/* The run must make the same there as here. */
static const struct problem_option *same_option(
	const struct search *search, int32_t printer, const struct plan_run *run)
{
	const struct problem_option *option =
		option_for(search, printer, run->print.order, run->print.units);

	return option && option->units == run->print.units ? option : NULL;
}

static bool shift_tail(struct search *search, int32_t from, int32_t at, int32_t count, int32_t to)
{
	struct plan *plan = search->plan;

	for (int32_t i = 0; i < count; i++) {
		int32_t id = plan->list[from].run[at];
		struct plan_run run = plan->run[id];
		const struct problem_option *option = same_option(search, to, &run);

		if (!option)
			return false;
		plan_remove(plan, id, at);
		plan_insert(plan, to, plan->list[to].count, run.print.order, option, run.home);
	}
	return true;
}

static bool move_tails(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = pick_run(search);

	if (id == PLAN_NONE)
		return false;
	int32_t here = plan->run[id].printer, there = pick_maker(search, plan->run[id].print.order);

	if (there == PLAN_NONE || there == here)
		return false;
	int32_t at = plan_position(plan, id);
	int32_t other = position_at(plan, there, plan->run[id].start_s);
	int32_t count = plan->list[here].count - at, other_count = plan->list[there].count - other;

	if (count > TAIL_MAX || other_count > TAIL_MAX)
		return false;
	return shift_tail(search, here, at, count, there) &&
	       shift_tail(search, there, other, other_count, here);
}

static int32_t material_of(const struct plan *plan, int32_t printer, int32_t at)
{
	return plan->problem->order[plan->run[plan->list[printer].run[at]].print.order].material;
}

/* Prints of one material that stand together around this one: the first and how many. */
static int32_t block_around(struct search *search, int32_t printer, int32_t at, int32_t *first)
{
	const struct plan *plan = search->plan;
	int32_t low = first_free_position(plan, printer), count = 1;
	int32_t material = material_of(plan, printer, at);

	for (; at > low && material_of(plan, printer, at - 1) == material; at--)
		count++;
	while (at + count < plan->list[printer].count &&
		material_of(plan, printer, at + count) == material)
		count++;
	*first = at;
	return count;
}

static bool move_block(struct search *search)
{
	struct plan *plan = search->plan;
	struct plan_run block[TAIL_MAX];
	int32_t id = pick_run(search), at;

	if (id == PLAN_NONE)
		return false;
	int32_t here = plan->run[id].printer, order = plan->run[id].print.order;
	int32_t there = pick_maker(search, order);
	int32_t count = block_around(search, here, plan_position(plan, id), &at);

	if (there == PLAN_NONE || count > TAIL_MAX || count == 1)
		return false;
	if (happens(search, 50))
		count = 1 + (int32_t)below(search, count);
	for (int32_t i = 0; i < count; i++) {
		block[i] = plan->run[plan->list[here].run[at]];
		plan_remove(plan, plan->list[here].run[at], at);
	}

	int32_t position =
		position_by_material(search, there, plan->problem->order[order].material);

	for (int32_t i = 0; i < count; i++) {
		const struct problem_option *option = same_option(search, there, &block[i]);

		if (!option)
			return false;
		plan_insert(plan, there, position + i, block[i].print.order, option, block[i].home);
	}
	return true;
}

static bool try_move(struct search *search)
{
	uint32_t lot = below(search, 100);

	if (lot < 40)
		return move_elsewhere(search);
	if (lot < 62)
		return move_swap(search);
	if (lot < 76)
		return move_inside(search);
	if (lot < 86)
		return move_units(search);
	if (lot < 94)
		return move_tails(search);
	return move_block(search);
}

/* ---- annealing ------------------------------------------------------------ */

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
		find_busiest(search);
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
	if (!try_move(search) || plan->failed || !plan_settle_within(plan, cost_max)) {
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
static const struct round rounds_few[] = { { 0.9, 1, false }, { 1, 0.4, true } };

static void begin_round(struct search *search, const struct round *round)
{
	if (!round->from_best || search->best_is_current)
		return;
	if (!plan_load(search->plan, &search->best))
		return;
	find_busiest(search);
}

static void cool(struct search *search)
{
	bool has_time = search->moves_expected / MOVES_A_RUN > search->plan->live;
	const struct round *round = has_time ? rounds_many : rounds_few;
	int64_t again = search->moves / search->moves_expected;
	double done =
		(double)(search->moves % search->moves_expected) / (double)search->moves_expected;
	double begin = 0, span = log(search->hot / search->cold);
	int64_t number = 1 + 4 * again;

	for (; done >= round->until; round++, number++)
		begin = round->until;
	if (again > 0)
		round = &rounds_many[2];
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
	find_busiest(search);
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
