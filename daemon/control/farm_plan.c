/* From the world to a plan, and from the plan to jobs: queued jobs follow the plan, and what it
 * says may start now is started, in this one place. */
#include "daemon/control/farm_state.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void farm_plan_forget(struct farm *farm)
{
	farm_promises_forget(farm);
	farm_questions_drop(farm);
	planner_destroy(farm->planner);
	farm_world_destroy(farm->world);
	planner_destroy(farm->last_planner);
	farm_world_destroy(farm->last_world);
	farm->planner = farm->last_planner = NULL;
	farm->world = farm->last_world = NULL;
	farm->polishing = false;
	farm->plan_wanted = true;
}

/* ---- queued jobs follow the plan ---- */

static bool follows_plan(const struct farm_job *job)
{
	return job->state == JOB_QUEUED && !job->printer[0];
}

/* The next queued job of the order, made when there is none; NULL: far enough ahead. */
static struct farm_job *next_job(struct farm *farm, struct farm_order *order)
{
	while (order->plan_cursor < order->jobs.count) {
		struct farm_job *job = order->jobs.item[order->plan_cursor++];
		if (follows_plan(job))
			return job;
	}
	if (order->plan_matched >= FARM_JOBS_AHEAD_MAX)
		return NULL;
	struct farm_job *job = farm_new_job(farm, order);
	order->plan_cursor = order->jobs.count;
	return job;
}

static void set_planned(struct farm *farm, struct farm_job *job, const struct farm_plate *plate,
	const char *printer, int64_t start_s, int64_t end_s)
{
	farm_tally_job(farm, job, -1);
	job->planned_plate = plate;
	farm_tally_job(farm, job, 1);
	job->planned_printer = printer;
	job->planned_start_s = start_s;
	job->planned_end_s = end_s;
}

void farm_job_set_planned(
	struct farm *farm, struct farm_job *job, const struct farm_planned *planned)
{
	set_planned(farm, job, planned->plate, planned->printer, planned->start_s, planned->end_s);
}

static bool has_planned_room(struct farm *farm, size_t count)
{
	if (count <= farm->planned_room)
		return true;
	struct farm_planned *bigger = realloc(farm->planned, count * sizeof(*bigger));
	if (!bigger)
		return false;
	farm->planned = bigger;
	farm->planned_room = count;
	return true;
}

static void match_assignments(
	struct farm *farm, const struct farm_world *world, const struct planner_result *result)
{
	farm->planned_count = 0;
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *assignment = &result->assignment[i];
		struct farm_order *order = world->order_of[assignment->order];
		struct farm_job *job = world->job_of[assignment->order];
		const struct farm_plate *plate =
			farm_world_plate(world, assignment->order, assignment->plate);
		const char *printer = world->printer_of[assignment->printer]->name;
		if (!job) {
			job = next_job(farm, order);
			order->plan_matched++;
		}
		if (job && job->state == JOB_QUEUED)
			set_planned(
				farm, job, plate, printer, assignment->start_s, assignment->end_s);
		farm->planned[farm->planned_count++] = (struct farm_planned){
			.order = order->record.id,
			.job = job ? job->id : 0,
			.plate = plate,
			.printer = printer,
			.start_s = assignment->start_s,
			.end_s = assignment->end_s,
		};
	}
}

/* An order that nobody can print, or that is held, still has jobs: `why` answers for them. */
static void match_unplanned(struct farm *farm, struct farm_order *order)
{
	int64_t yield = order->design->plate[0]->record.yield;
	int64_t wanted = (farm_order_to_plan(order) + yield - 1) / yield;
	while ((int64_t)order->plan_matched < wanted) {
		struct farm_job *job = next_job(farm, order);
		if (!job)
			return;
		order->plan_matched++;
		set_planned(farm, job, NULL, "", 0, 0);
	}
}

static void drop_surplus(struct farm *farm, struct farm_order *order)
{
	for (size_t i = order->jobs.count; i-- > order->plan_cursor;) {
		struct farm_job *job = order->jobs.item[i];
		if (!follows_plan(job))
			continue;
		if (farm_job_is_fresh(job)) {
			farm_drop_job(farm, job);
		} else if (farm_order_to_plan(order) == 0) {
			farm_job_set_reason(job, "not needed any more");
			farm_job_step(farm, job, JOB_ON_CANCEL);
		} else {
			set_planned(farm, job, NULL, "", 0, 0);
		}
	}
}

static void follow(
	struct farm *farm, const struct farm_world *world, const struct planner_result *result)
{
	for (size_t i = 0; i < farm->orders.count; i++) {
		struct farm_order *order = farm->orders.item[i];
		order->plan_cursor = order->plan_matched = 0;
	}
	match_assignments(farm, world, result);
	farm_retry_spread(farm);
	for (size_t i = 0; i < farm->orders.count; i++) {
		struct farm_order *order = farm->orders.item[i];
		if (farm_order_to_plan(order) == 0 && order->tally.queued == 0)
			continue;
		if (order->plan_matched == 0)
			match_unplanned(farm, order);
		drop_surplus(farm, order);
	}
}

/* ---- when orders are printed ---- */

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* The planner answers for what is still to be started; what prints is added here. */
static void note_ends(
	struct farm *farm, const struct farm_world *world, const struct planner_result *result)
{
	for (size_t i = 0; i < farm->orders.count; i++)
		((struct farm_order *)farm->orders.item[i])->planned_s =
			((struct farm_order *)farm->orders.item[i])->over_planned = 0;
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_attempt *attempt = farm->printer[i]->attempt;
		if (!attempt)
			continue;
		struct farm_order *order = attempt->job->order;
		order->planned_s =
			later(order->planned_s, farm->now_s + farm_attempt_eta_s(farm, attempt));
	}
	for (size_t i = 0; i < result->order_count; i++) {
		struct farm_order *order = world->order_of[i];
		if (result->order[i].done_s < 0 || order->planned_s < 0)
			order->planned_s = -1;
		else
			order->planned_s = later(order->planned_s, result->order[i].done_s);
		if (!world->job_of[i])
			order->over_planned = result->order[i].over_units;
	}
	for (size_t i = 0; i < farm->orders.count; i++) {
		struct farm_order *order = farm->orders.item[i];
		bool open = order->record.state == ORDER_OPEN;
		if (!open || order->planned_s < 0)
			order->planned_s = 0;
		else if (order->planned_s == 0 && order->tally.printed > 0)
			order->planned_s = farm->now_s;
	}
}

/* ---- starts ---- */

static bool order_wants(const struct farm_job *job)
{
	return job->order->record.state == ORDER_OPEN &&
	       (job->printer[0] || farm_order_to_plan(job->order) > 0);
}

/* The plan may be older than the facts: everything is looked at again. */
static void start_ready(
	struct farm *farm, const struct farm_world *world, const struct planner_result *result)
{
	for (size_t i = 0; i < result->assignment_count; i++) {
		const struct planner_assignment *assignment = &result->assignment[i];
		if (!assignment->start_now)
			continue;
		struct farm_printer *printer = world->printer_of[assignment->printer];
		struct farm_job *job = farm_index_find(&farm->jobs, farm->planned[i].job);
		if (!job || job->state != JOB_QUEUED || !order_wants(job) ||
			!farm_printer_may_start(farm, printer))
			continue;
		struct match_result match;
		farm_match(farm, job, farm->planned[i].plate, printer, &match);
		if (match.unmet_count == 0)
			farm_begin_attempt(farm, job, farm->planned[i].plate, printer);
	}
}

/* ---- steps ---- */

static bool begin(struct farm *farm)
{
	farm->plan_wanted = false;
	farm->world = farm_world_create(farm, NULL);
	if (!farm->world)
		return false;
	struct planner_result *kept =
		farm->last_planner ? NULL : farm_plan_kept(farm, farm->world);
	farm->planner = planner_begin(&farm->world->world,
		farm->last_planner ? planner_result(farm->last_planner) : kept, farm->now_s,
		farm->plan_seed);
	farm_plan_kept_destroy(kept);
	if (farm->planner)
		return true;
	farm_world_destroy(farm->world);
	farm->world = NULL;
	return false;
}

static void apply(struct farm *farm)
{
	const struct planner_result *result = planner_result(farm->planner);
	const struct farm_world *world = farm->world;
	if (!has_planned_room(farm, result->assignment_count)) {
		farm_plan_forget(farm);
		return;
	}
	follow(farm, world, result);
	note_ends(farm, world, result);
	farm_spent_look_for_spools(farm, world);
	farm->next_question_s = result->next_question_s == INT64_MAX ? 0 : result->next_question_s;
	farm->planned_us = farm->now_us;
	farm->facts++;
	/* What following the plan changed is what the plan says; what starting changes is not. */
	farm->plan_wanted = false;
	start_ready(farm, world, result);
	planner_destroy(farm->last_planner);
	farm_world_destroy(farm->last_world);
	farm->last_planner = farm->planner;
	farm->last_world = farm->world;
	farm->planner = NULL;
	farm->world = NULL;
	farm_plan_keep(farm);
	/* Where something has started the next plan follows at once. */
	if (!farm->plan_wanted)
		farm_promises_begin(farm, farm->last_world, planner_result(farm->last_planner));
}

/* ---- between events ---- */

bool farm_plan_may_polish(const struct farm *farm)
{
	return !farm->broken && farm->polish_left > 0 && farm->last_planner &&
	       planner_result(farm->last_planner)->was_searched;
}

static void drop(struct farm *farm)
{
	planner_destroy(farm->planner);
	farm_world_destroy(farm->world);
	farm->planner = NULL;
	farm->world = NULL;
	farm->polishing = false;
}

/* Another search for the same facts, from the plan in force.  What it finds becomes the plan only
 * if it is so much better that it is worth a change (improve.c) and no promise gets later. */
static void polish_step(struct farm *farm, int64_t moves)
{
	if (!farm->planner) {
		farm->plan_seed++;
		farm->polishing = begin(farm);
		if (!farm->polishing)
			farm->polish_left = 0;
		return;
	}
	if (planner_step(farm->planner, moves))
		return;
	if (planner_result(farm->planner)->gain > 0) {
		farm->polishing = false;
		apply(farm);
		return;
	}
	farm->polish_left--;
	drop(farm);
}

void farm_plan_step(struct farm *farm, int64_t moves)
{
	if (farm->broken)
		return;
	if (farm->polishing && farm->plan_wanted)
		drop(farm); /* news: it looks at what is past */
	/* A start changes the facts: once more, then all that can start has started. */
	for (int round = 0; round < 4; round++) {
		/* They look at the plan in force: the next one waits for them. */
		if (farm_promises_step(farm, moves))
			return;
		if (!farm->plan_wanted && (farm->polishing || !farm->planner)) {
			if (!farm_questions_step(farm, moves) && farm_plan_may_polish(farm))
				polish_step(farm, moves);
			return;
		}
		if (!farm->planner && !begin(farm))
			return;
		if (planner_step(farm->planner, moves))
			return;
		apply(farm);
	}
}

/* In words: what the answer rests on. */
static void say_why(
	const struct farm *farm, struct farm_quote *quote, size_t orders_before, bool unfinished)
{
	char behind[64] = "";

	if (unfinished) {
		snprintf(quote->why, sizeof(quote->why),
			"the plan is too large to be made at once: order it to learn the time");
		return;
	}
	if (!quote->done_s) {
		snprintf(quote->why, sizeof(quote->why),
			"no printer of this farm can make all of it as things are");
		return;
	}
	if (orders_before > 0)
		snprintf(behind, sizeof(behind), " behind %zu other order%s", orders_before,
			orders_before == 1 ? "" : "s");
	snprintf(quote->why, sizeof(quote->why),
		"%lld unit%s%s; beds are expected to be cleared within %lld min",
		(long long)quote->units, quote->units == 1 ? "" : "s", behind,
		(long long)(farm->config->clear_s + 59) / 60);
}

int farm_quote_order(
	struct farm *farm, struct farm_order *order, int64_t moves, struct farm_quote *quote)
{
	struct farm_world *world = farm_world_create(farm, order);
	struct planner *planner =
		world ? planner_begin(&world->world,
				farm->last_planner ? planner_result(farm->last_planner) : NULL,
				farm->now_s, farm->plan_seed)
		      : NULL;
	if (!planner) {
		farm_world_destroy(world);
		return -ENOMEM;
	}
	bool more = planner_step(planner, moves);
	const struct planner_result *result = planner_result(planner);
	size_t index = world->world.order_count - 1;
	const struct planner_order_answer *answer = &result->order[index];
	*quote = (struct farm_quote){ .units = answer->units_planned,
		.over_units = answer->over_units };
	for (size_t i = 0; i < result->assignment_count && quote->count < 20; i++) {
		const struct planner_assignment *assignment = &result->assignment[i];
		if (assignment->order != index)
			continue;
		const struct farm_plate *plate = farm_world_plate(world, index, assignment->plate);
		quote->plate[quote->count].printer = world->printer_of[assignment->printer]->name;
		quote->plate[quote->count].plate = &plate->record;
		quote->plate[quote->count].start_s = assignment->start_s;
		quote->plate[quote->count].end_s = assignment->end_s;
		quote->plate[quote->count++].yield = plate->record.yield;
	}
	if (!more && answer->done_s > 0) {
		struct promise_band band;
		quote->done_s = quote->likely_s = answer->done_s;
		if (farm_promises_quote(farm, world, result, order, &band)) {
			quote->low_s = band.low_s;
			quote->likely_s = band.likely_s;
			quote->done_s = quote->high_s = band.high_s;
		}
	}
	say_why(farm, quote, index, more);
	planner_destroy(planner);
	farm_world_destroy(world);
	return 0;
}
