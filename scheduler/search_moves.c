/* What the search tries; see search_moves.h. */
#include "scheduler/search_moves.h"
#include "scheduler/search_pick.h"

enum {
	TAIL_MAX = 24, /* prints exchanged at once */
	NEAR = 3,      /* positions */
	WAITS_LOOKED_AT = 4,
	FILLS_LOOKED_AT = 4,
	REPAIRS_MAX = 64,
};

/* ---- as many units as wanted ---------------------------------------------- */

static bool add_run(struct search *search, int32_t order, int32_t units)
{
	int32_t printer = search_pick_maker(search, order);
	const struct problem_option *option =
		printer == PLAN_NONE ? NULL : search_option(search, printer, order, units);

	if (!option)
		return false;
	return plan_insert(search->plan, printer, search_pick_position(search, printer, order),
		       order, option, PLAN_NONE) != PLAN_NONE;
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
			run->kept ? NULL
				  : search_option(
					    search, run->printer, order, run->print.units - over);

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
	int32_t id = search_pick_run(search);

	if (id == PLAN_NONE)
		return false;
	struct plan_run run = plan->run[id];
	int32_t order = run.print.order, printer = search_pick_maker(search, order);
	const struct problem_option *option =
		printer == PLAN_NONE ? NULL
				     : search_option(search, printer, order, run.print.units);

	if (!option)
		return false;
	plan_remove(plan, id, plan_position(plan, id));
	plan_insert(plan, printer, search_pick_position(search, printer, order), order, option,
		run.home);
	return option->units == run.print.units || repair(search, order);
}

static bool move_inside(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = search_pick_run(search);

	if (id == PLAN_NONE || plan->list[plan->run[id].printer].count < 2)
		return false;
	struct plan_run run = plan->run[id];

	int32_t at = plan_position(plan, id), low = search_first_position(plan, run.printer);

	plan_remove(plan, id, at);
	if (search_happens(search, 40)) {
		/* Not far. */
		at += 1 + (int32_t)search_below(search, NEAR) -
		      (search_happens(search, 50) ? NEAR + 1 : 0);
		at = at < low ? low : at;
		at = at > plan->list[run.printer].count ? plan->list[run.printer].count : at;
	} else {
		at = search_pick_position(search, run.printer, run.print.order);
	}
	plan_insert(plan, run.printer, at, run.print.order, &plan->problem->option[run.option],
		run.home);
	return true;
}

/* Two prints take each other's place. */
static bool exchange(struct search *search, int32_t id, int32_t other)
{
	struct plan *plan = search->plan;
	struct plan_run a = plan->run[id], b = plan->run[other];
	const struct problem_option *here =
		search_option(search, a.printer, b.print.order, b.print.units);
	const struct problem_option *there =
		search_option(search, b.printer, a.print.order, a.print.units);

	if (!here || !there)
		return false;
	int32_t position = plan_position(plan, id);

	plan_remove(plan, id, position);
	plan_insert(plan, a.printer, position, b.print.order, here, b.home);
	position = plan_position(plan, other);
	plan_remove(plan, other, position);
	plan_insert(plan, b.printer, position, a.print.order, there, a.home);
	return (here->units == b.print.units || repair(search, b.print.order)) &&
	       (there->units == a.print.units || repair(search, a.print.order));
}

static bool move_swap(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = search_pick_run(search);

	if (id == PLAN_NONE)
		return false;
	struct plan_run a = plan->run[id];
	int32_t printer = search_pick_maker(search, a.print.order);
	int32_t low = printer == PLAN_NONE ? 0 : search_first_position(plan, printer);

	if (printer == PLAN_NONE || plan->list[printer].count == low || printer == a.printer)
		return false;
	int32_t at = low + (int32_t)search_below(search, plan->list[printer].count - low);

	if (search_happens(search, 50)) {
		at = search_position_at(plan, printer, a.start_s) +
		     (int32_t)search_below(search, NEAR) - NEAR / 2;
		at = at < low ? low : at;
		at = at >= plan->list[printer].count ? plan->list[printer].count - 1 : at;
	}
	return exchange(search, id, plan->list[printer].run[at]);
}

/* The run must make the same there as here. */
static const struct problem_option *same_option(
	const struct search *search, int32_t printer, const struct plan_run *run)
{
	const struct problem_option *option =
		search_option(search, printer, run->print.order, run->print.units);

	return option && option->units == run->print.units ? option : NULL;
}

static int32_t any_position_of(struct search *search, int32_t printer)
{
	int32_t low = search_first_position(search->plan, printer);
	int32_t count = search->plan->list[printer].count - low;

	return count > 0 ? low + (int32_t)search_below(search, count) : PLAN_NONE;
}

/* A print takes the place of another, which goes to a third printer: what no move of one print and
 * no exchange of two can do where every printer is full. */
static bool move_chain(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = search_pick_run(search);

	if (id == PLAN_NONE)
		return false;
	struct plan_run a = plan->run[id];
	int32_t there = search_pick_maker(search, a.print.order);
	int32_t at = there == PLAN_NONE || there == a.printer ? PLAN_NONE
							      : any_position_of(search, there);

	if (at == PLAN_NONE)
		return false;
	int32_t other = plan->list[there].run[at];
	struct plan_run b = plan->run[other];
	int32_t third = search_pick_maker(search, b.print.order);
	const struct problem_option *option = same_option(search, there, &a);
	const struct problem_option *third_option =
		third == PLAN_NONE || third == there ? NULL : same_option(search, third, &b);

	if (!option || !third_option)
		return false;
	plan_remove(plan, id, plan_position(plan, id));
	plan_remove(plan, other, at);
	plan_insert(plan, there, at, a.print.order, option, a.home);
	plan_insert(plan, third, search_pick_position(search, third, b.print.order), b.print.order,
		third_option, b.home);
	return true;
}

/* How long the printer waits after this print because nobody is there. */
static int64_t wait_after_s(const struct plan *plan, int32_t printer, int32_t at)
{
	const struct plan_list *list = &plan->list[printer];

	if (at + 1 >= list->count)
		return 0;
	const struct plan_run *next = &plan->run[list->run[at + 1]];

	return (next->service_s >= 0 ? next->service_s : next->start_s) -
	       plan->run[list->run[at]].end_s;
}

/* Of some runs, the one after which its printer waits longest. */
static int32_t run_before_wait(struct search *search, int64_t *wait_s)
{
	const struct plan *plan = search->plan;
	int32_t best = PLAN_NONE;

	*wait_s = 0;
	for (int i = 0; i < WAITS_LOOKED_AT; i++) {
		int32_t id = search_any_run(search);

		if (id == PLAN_NONE)
			return PLAN_NONE;
		int64_t own_s = wait_after_s(plan, plan->run[id].printer, plan_position(plan, id));

		if (own_s > *wait_s) {
			best = id;
			*wait_s = own_s;
		}
	}
	return best;
}

/* What is printed last before people leave decides what a night yields: a longer print takes the
 * place of one that ends long before they come back. */
static bool move_fill(struct search *search)
{
	struct plan *plan = search->plan;
	int64_t wait_s;
	int32_t id = run_before_wait(search, &wait_s);

	if (id == PLAN_NONE)
		return false;
	struct plan_run a = plan->run[id];

	for (int tries = 0; tries < FILLS_LOOKED_AT; tries++) {
		int32_t other = search_pick_run(search);

		if (other == PLAN_NONE)
			return false;
		struct plan_run b = plan->run[other];
		const struct problem_option *here =
			search_option(search, a.printer, b.print.order, b.print.units);
		int64_t more_s = here ? problem_print_s(plan->problem, (size_t)a.printer, here) -
						 a.print.length_s
				      : 0;

		if (more_s <= 0 || more_s > wait_s)
			continue;
		return exchange(search, id, other);
	}
	return false;
}

static bool move_units(struct search *search)
{
	struct plan *plan = search->plan;
	int32_t id = search_pick_run(search);

	if (id == PLAN_NONE)
		return false;
	int32_t order = plan->run[id].print.order;
	struct problem_choice choice =
		problem_choice(plan->problem, (size_t)plan->run[id].printer, (size_t)order);
	const struct problem_option *option = choice.option + search_below(search, choice.count);

	if (choice.count < 2 || option->units == plan->run[id].print.units)
		return false;
	set_option(search, id, option);
	return repair(search, order);
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
	int32_t id = search_pick_run(search);

	if (id == PLAN_NONE)
		return false;
	int32_t here = plan->run[id].printer,
		there = search_pick_maker(search, plan->run[id].print.order);

	if (there == PLAN_NONE || there == here)
		return false;
	int32_t at = plan_position(plan, id);
	int32_t other = search_position_at(plan, there, plan->run[id].start_s);
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
	int32_t low = search_first_position(plan, printer), count = 1;
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
	int32_t id = search_pick_run(search), at;

	if (id == PLAN_NONE)
		return false;
	int32_t here = plan->run[id].printer, order = plan->run[id].print.order;
	int32_t there = search_pick_maker(search, order);
	int32_t count = block_around(search, here, plan_position(plan, id), &at);

	if (there == PLAN_NONE || count > TAIL_MAX || count == 1)
		return false;
	if (search_happens(search, 50))
		count = 1 + (int32_t)search_below(search, count);
	for (int32_t i = 0; i < count; i++) {
		block[i] = plan->run[plan->list[here].run[at]];
		plan_remove(plan, plan->list[here].run[at], at);
	}

	int32_t position =
		search_position_by_material(search, there, plan->problem->order[order].material);

	for (int32_t i = 0; i < count; i++) {
		const struct problem_option *option = same_option(search, there, &block[i]);

		if (!option)
			return false;
		plan_insert(plan, there, position + i, block[i].print.order, option, block[i].home);
	}
	return true;
}

static bool (*const moves[SEARCH_MOVES])(struct search *search) = {
	[SEARCH_ELSEWHERE] = move_elsewhere,
	[SEARCH_SWAP] = move_swap,
	[SEARCH_INSIDE] = move_inside,
	[SEARCH_UNITS] = move_units,
	[SEARCH_TAILS] = move_tails,
	[SEARCH_BLOCK] = move_block,
	[SEARCH_FILL] = move_fill,
	[SEARCH_CHAIN] = move_chain,
};

bool search_try_move(struct search *search)
{
	int32_t lot = (int32_t)search_below(search, search->lots);
	int move = 0;

	while (lot >= search->lot[move])
		lot -= search->lot[move++];
	return moves[move](search);
}

/* ---- which moves ---------------------------------------------------------- */

/* Some order can be made in plates of several sizes. */
static bool has_sizes(const struct problem *problem)
{
	for (size_t i = 0; i < problem->part_count * problem->kind_count; i++)
		if (problem->first[i + 1] - problem->first[i] > 1)
			return true;
	return false;
}

/* Printers wait for people, or for the end of quiet hours. */
static bool has_waits(const struct problem *problem)
{
	for (size_t i = 0; i < problem->site_count; i++)
		if (problem->site[i].hours.count > 0 || problem->site[i].quiet.count > 0)
			return true;
	return false;
}

/* What a printer prints takes as long in any sequence. */
static bool is_plain(const struct problem *problem)
{
	if (has_waits(problem) || problem->material_count > 1 || problem->goal != PROBLEM_MAKESPAN)
		return false;
	for (size_t i = 0; i < problem->site_count; i++)
		if (problem->site[i].operators > 0)
			return false;
	for (size_t i = 0; i < problem->printer_count; i++)
		if (problem->printer[i].down_count > 0)
			return false;
	for (size_t i = 0; i < problem->order_count; i++)
		if (problem->order[i].release_s > problem->now_s)
			return false;
	return true;
}

void search_choose_moves(struct search *search)
{
	static const int32_t usual[SEARCH_MOVES] = { [SEARCH_ELSEWHERE] = 40,
		[SEARCH_SWAP] = 22,
		[SEARCH_INSIDE] = 14,
		[SEARCH_UNITS] = 10,
		[SEARCH_TAILS] = 8,
		[SEARCH_BLOCK] = 6,
		[SEARCH_FILL] = 10,
		[SEARCH_CHAIN] = 15 };
	const struct problem *problem = search->plan->problem;

	search->lots = 0;
	for (int i = 0; i < SEARCH_MOVES; i++)
		search->lot[i] = usual[i];
	if (!has_sizes(problem))
		search->lot[SEARCH_UNITS] = 0;
	search->is_plain = is_plain(problem);
	if (!has_waits(problem))
		search->lot[SEARCH_FILL] = 0;
	/* Measured: where sequences matter the other moves do more than chains. */
	if (!search->is_plain)
		search->lot[SEARCH_CHAIN] = 0;
	for (int i = 0; i < SEARCH_MOVES && search->is_plain; i++)
		if (i == SEARCH_INSIDE || i == SEARCH_TAILS || i == SEARCH_BLOCK)
			search->lot[i] = 0;
	for (int i = 0; i < SEARCH_MOVES; i++)
		search->lots += search->lot[i];
}
