/* The search on problems in numbers: against all plans there are where these can be counted, and
 * what no change of a plan may leave behind. */
#include "scheduler/optimizer.h"
#include "base/random.h"
#include "scheduler/live.h"
#include "scheduler/makers.h"
#include "scheduler/search.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

enum { JOBS = 5, HOUR = 3600, MOVES = 6000 };

static int32_t between(struct random *random, int32_t low, int32_t high)
{
	return low + (int32_t)random_below(random, (uint64_t)(high - low + 1));
}

/* Two printers, jobs of one unit, two materials, people from nine to five. */
static void make_problem(struct problem *problem, uint64_t seed, enum problem_goal goal)
{
	struct random random;

	random_init(&random, seed);
	*problem = (struct problem){ .goal = goal,
		.horizon_s = PROBLEM_NEVER,
		.reload_s = 300,
		.material_count = 2,
		.site_count = 1,
		.kind_count = 2,
		.printer_count = 2,
		.part_count = JOBS,
		.user_count = 1,
		.order_count = JOBS };
	assert_true(problem_allocate(problem, (size_t)JOBS * 2));
	problem->reel_g[0] = problem->reel_g[1] = 1000;
	problem->change_s[1] = problem->change_s[2] = 900;
	if (seed % 3 != 0) {
		problem->site[0].hours.window = calloc(7, sizeof(struct problem_window));
		for (int64_t day = 0; day < 7; day++)
			problem->site[0].hours.window[day] =
				(struct problem_window){ day * 86400 + 9 * HOUR,
					day * 86400 + 17 * HOUR };
		problem->site[0].hours.count = 7;
	}
	problem->week0_s = 9 * HOUR;
	for (int p = 0; p < 2; p++)
		problem->printer[p] = (struct problem_printer){ .kind = p,
			.materials = 3,
			.eject = between(&random, 0, 3) == 0,
			.clear_s = 180,
			.slow_permille = between(&random, 900, 1200),
			.state = { .loaded = p, .spool_g = between(&random, 50, 900) } };
	for (int i = 0; i < JOBS; i++) {
		problem->order[i] = (struct problem_order){ .part = i,
			.material = between(&random, 0, 1),
			.units = 1,
			.weight = between(&random, 1, 4),
			.release_s = goal == PROBLEM_TARDINESS ? between(&random, 0, 4) * HOUR : 0,
			.due_s = between(&random, 2, 20) * HOUR };
		for (int p = 0; p < 2; p++) {
			problem->first[2 * i + p] = 2 * i + p;
			problem->option[2 * i + p] = (struct problem_option){ .units = 1,
				.grams = between(&random, 20, 300),
				.time_s = between(&random, 1, 8) * 1800 };
		}
	}
	problem->first[2 * JOBS] = 2 * JOBS;
	problem_prepare(problem);
}

/* What the jobs cost in this order, those before `split` on the first printer. */
static int64_t cost_of(const struct problem *problem, const int *job, int split)
{
	int64_t goal = 0;
	struct problem_state state[2] = { problem->printer[0].state, problem->printer[1].state };

	for (int i = 0; i < JOBS; i++) {
		size_t printer = i < split ? 0 : 1;
		const struct problem_order *order = &problem->order[job[i]];
		const struct problem_option *option = &problem->option[2 * job[i] + (int)printer];
		struct problem_print print = { .order = job[i],
			.units = 1,
			.grams = option->grams,
			.length_s = problem_print_s(problem, printer, option) };
		struct problem_slot slot;

		if (!problem_place(problem, printer, &state[printer], &print, 0, &slot))
			return INT64_MAX;
		state[printer] = slot.after;
		if (problem->goal == PROBLEM_MAKESPAN)
			goal = slot.end_s > goal ? slot.end_s : goal;
		else if (slot.end_s > order->due_s)
			goal += order->weight * (slot.end_s - order->due_s);
	}
	return goal;
}

/* The least over all orders of the jobs and all splits (Heap's permutations). */
static int64_t best_of_all(const struct problem *problem)
{
	int job[JOBS], turn[JOBS] = { 0 };
	int64_t best = INT64_MAX;

	for (int i = 0; i < JOBS; i++)
		job[i] = i;
	for (int i = 0;;) {
		for (int split = 0; split <= JOBS; split++) {
			int64_t cost = cost_of(problem, job, split);

			best = cost < best ? cost : best;
		}
		while (i < JOBS && turn[i] >= i)
			turn[i++] = 0;
		if (i == JOBS)
			return best;
		int with = i % 2 ? turn[i] : 0, kept = job[with];

		job[with] = job[i];
		job[i] = kept;
		turn[i]++;
		i = 0;
	}
}

static void check_against_all(enum problem_goal goal)
{
	int missed = 0;

	for (uint64_t seed = 1; seed <= 120; seed++) {
		struct problem problem;
		struct optimizer_options options = { .seed = seed, .moves_expected = MOVES };

		make_problem(&problem, seed, goal);
		struct optimizer *optimizer = optimizer_create(&problem, &options);

		assert_non_null(optimizer);
		optimizer_step(optimizer, MOVES);
		int64_t found = plan_goal(optimizer_plan(optimizer)), best = best_of_all(&problem);

		assert_true(found >= best);
		missed += found > best;
		optimizer_destroy(optimizer);
		problem_finish(&problem);
	}
	print_message("%d of 120 missed the best of all plans\n", missed);
	assert_true(missed <= 2);
}

static void test_a_tiny_plan_ends_as_early_as_the_best_of_all_plans(void **state)
{
	(void)state;
	check_against_all(PROBLEM_MAKESPAN);
}

static void test_a_tiny_plan_is_as_little_late_as_the_best_of_all_plans(void **state)
{
	(void)state;
	check_against_all(PROBLEM_TARDINESS);
}

/* Times and costs as if the plan had been made like this from the start. */
static void check_as_new(const struct plan *plan)
{
	struct plan other;
	struct plan_copy copy = { 0 };

	assert_true(plan_save(plan, &copy));
	assert_true(plan_init(&other, plan->problem, &plan->weights));
	assert_true(plan_load(&other, &copy));
	assert_int_equal(plan->live, other.live);
	assert_int_equal(plan->changes, other.changes);
	assert_int_equal(plan_goal(plan), plan_goal(&other));
	for (size_t p = 0; p < plan->problem->printer_count; p++) {
		assert_int_equal(plan->list[p].count, other.list[p].count);
		for (int32_t i = 0; i < plan->list[p].count; i++)
			assert_int_equal(plan->run[plan->list[p].run[i]].end_s,
				other.run[other.list[p].run[i]].end_s);
	}
	plan_finish(&other);
	free(copy.item);
}

static void test_a_plan_after_many_changes_is_as_one_made_anew(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++)
		for (int operators = 0; operators <= 1; operators++) {
			struct problem problem;
			struct live live;

			make_problem(
				&problem, seed, seed % 4 ? PROBLEM_TARDINESS : PROBLEM_MAKESPAN);
			problem.site[0].operators = operators;
			assert_true(live_init(&live, &problem));
			live_begin(&live);
			for (int32_t i = 0; i < JOBS; i++)
				assert_true(live_order(&live, i));
			assert_true(live_replan(&live, seed, MOVES));
			for (int i = 0; i < 30; i++) {
				live_step(&live, 37);
				check_as_new(&live.plan);
			}
			live_finish(&live);
			problem_finish(&problem);
		}
}

/* Takes the first print of one printer behind all of the other. */
static void change_plan(struct plan *plan, int32_t from)
{
	int32_t id = plan->list[from].run[0], order = plan->run[id].print.order;

	plan_change(plan);
	plan_remove(plan, id, 0);
	plan_insert(plan, 1 - from, plan->list[1 - from].count, order,
		&plan->problem->option[2 * order + 1 - from], PLAN_NONE);
}

static void test_a_change_is_given_up_only_if_it_costs_more_than_allowed(void **state)
{
	int given_up = 0;

	(void)state;
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct problem problem;
		struct optimizer_options options = { .seed = seed, .moves_expected = MOVES };

		make_problem(&problem, seed, PROBLEM_MAKESPAN);
		struct optimizer *optimizer = optimizer_create(&problem, &options);
		struct plan plan;
		struct plan_copy copy = { 0 };

		optimizer_step(optimizer, 1 + (int64_t)seed * 100);
		assert_true(plan_save(optimizer_plan(optimizer), &copy));
		assert_true(plan_init(&plan, &problem, &optimizer_plan(optimizer)->weights));
		assert_true(plan_load(&plan, &copy));
		for (int32_t from = 0; from < 2; from++) {
			if (plan.list[from].count == 0)
				continue;
			change_plan(&plan, from);
			assert_true(plan_settle(&plan));
			double cost = plan_cost(&plan);

			plan_undo(&plan);
			check_as_new(&plan);
			change_plan(&plan, from);
			assert_true(plan_settle_within(&plan, cost + 1));
			check_as_new(&plan);
			plan_undo(&plan);
			change_plan(&plan, from);
			given_up += !plan_settle_within(&plan, cost - HOUR);
			plan_undo(&plan);
			check_as_new(&plan);
		}
		free(copy.item);
		plan_finish(&plan);
		optimizer_destroy(optimizer);
		problem_finish(&problem);
	}
	/* It is no use if it hardly ever happens. */
	assert_in_range(given_up, 60, 80);
}

static void test_steps_of_any_size_make_the_same_plan(void **state)
{
	struct problem problem;
	struct optimizer_options options = { .seed = 5, .moves_expected = MOVES };

	(void)state;
	make_problem(&problem, 4, PROBLEM_TARDINESS);
	struct optimizer *one = optimizer_create(&problem, &options);
	struct optimizer *many = optimizer_create(&problem, &options);
	struct plan_copy a = { 0 }, b = { 0 };

	optimizer_step(one, MOVES);
	for (int done = 0; done < MOVES; done += 10)
		optimizer_step(many, 10);
	assert_true(plan_save(optimizer_plan(one), &a) && plan_save(optimizer_plan(many), &b));
	assert_int_equal(a.count, b.count);
	for (size_t i = 0; i < a.count; i++) {
		assert_int_equal(a.item[i].printer, b.item[i].printer);
		assert_int_equal(a.item[i].order, b.item[i].order);
	}
	free(a.item);
	free(b.item);
	optimizer_destroy(one);
	optimizer_destroy(many);
	problem_finish(&problem);
}

static void test_a_printer_that_is_gone_leaves_its_prints_to_the_others(void **state)
{
	struct problem problem;
	struct live live;

	(void)state;
	make_problem(&problem, 1, PROBLEM_TARDINESS);
	assert_true(live_init(&live, &problem));
	live_begin(&live);
	for (int32_t i = 0; i < JOBS; i++)
		assert_true(live_order(&live, i));
	assert_true(live_replan(&live, 1, 500));
	live_step(&live, 500);
	assert_true(live_settle(&live));
	assert_int_equal(live.plan.live, JOBS);
	live_begin(&live);
	problem.printer[0].absent = true;
	live_printer(&live, 0);
	assert_true(live_replan(&live, 2, 500));
	live_step(&live, 500);
	assert_true(live_settle(&live));
	assert_int_equal(live.plan.list[0].count, 0);
	assert_int_equal(live.plan.list[1].count, JOBS);
	check_as_new(&live.plan);
	live_finish(&live);
	problem_finish(&problem);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_plan_after_many_changes_is_as_one_made_anew),
		cmocka_unit_test(test_a_printer_that_is_gone_leaves_its_prints_to_the_others),
		cmocka_unit_test(test_a_tiny_plan_ends_as_early_as_the_best_of_all_plans),
		cmocka_unit_test(test_a_tiny_plan_is_as_little_late_as_the_best_of_all_plans),
		cmocka_unit_test(test_a_change_is_given_up_only_if_it_costs_more_than_allowed),
		cmocka_unit_test(test_steps_of_any_size_make_the_same_plan),
	};

	return cmocka_run_group_tests_name("optimizer", tests, NULL, NULL);
}
