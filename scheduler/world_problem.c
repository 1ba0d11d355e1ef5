/* The daemon's world as a problem in numbers; see world_problem.h. */
#include "scheduler/world_problem.h"
#include "scheduler/match.h"
#include "scheduler/planner.h"

#include <math.h>   /* exp2 */
#include <stdlib.h> /* calloc, free */

enum {
	PRIORITY_USUAL = 50,
	PRIORITY_DOUBLES = 10, /* points that double the weight */
	WEIGHT_USUAL = 64,
	POINTS_MAX = 50, /* above and below the usual priority */
};

int32_t world_problem_weight(const struct world_order *order, int64_t now_s)
{
	int64_t waits_s = now_s > order->created_s ? now_s - order->created_s : 0;
	int64_t points = order->over_quota
				 ? -POINTS_MAX
				 : order->priority - PRIORITY_USUAL + waits_s / PLANNER_AGEING_S;

	if (points > POINTS_MAX)
		points = POINTS_MAX;
	if (points < -POINTS_MAX)
		points = -POINTS_MAX;
	return (int32_t)(WEIGHT_USUAL * exp2((double)points / PRIORITY_DOUBLES));
}

static bool may_use(const struct timeline *timeline, size_t order, size_t printer, size_t plate)
{
	const struct world *world = timeline->world;
	const struct world_plate *own = &world->order[order].plate[plate];

	return timeline->printer[printer].counts && own->yield > 0 &&
	       match_can_plan(&world->order[order], own, &world->printer[printer]);
}

static size_t count_options(const struct timeline *timeline)
{
	const struct world *world = timeline->world;
	size_t count = 0;

	for (size_t o = 0; o < world->order_count; o++)
		for (size_t plate = 0; plate < world->order[o].plate_count; plate++)
			count += world->printer_count;
	return count;
}

static struct problem_option option_of(
	const struct timeline *timeline, size_t order, size_t printer, size_t plate)
{
	const struct world *world = timeline->world;
	const struct world_plate *own = &world->order[order].plate[plate];
	const struct world_printer *maker = &world->printer[printer];

	return (struct problem_option){
		.units = own->yield,
		.time_s = match_duration_s(own, maker),
		.earliest_s = match_is_short_of_grams(own, maker) ? timeline->visit_s : 0,
		.attended = match_needs_staff(own, maker),
	};
}

/* Keeps the options of a cell by units, then time. */
static void add_option(struct world_problem *translated, size_t first, size_t count,
	struct problem_option option, size_t plate)
{
	struct problem_option *cell = translated->problem.option + first;
	int32_t *plate_of = translated->plate_of + first;
	size_t at = count;

	for (; at > 0 &&
		(cell[at - 1].units > option.units || (cell[at - 1].units == option.units &&
							      cell[at - 1].time_s > option.time_s));
		at--) {
		cell[at] = cell[at - 1];
		plate_of[at] = plate_of[at - 1];
	}
	cell[at] = option;
	plate_of[at] = (int32_t)plate;
}

static void fill_options(struct world_problem *translated, const struct timeline *timeline)
{
	struct problem *problem = &translated->problem;
	const struct world *world = timeline->world;
	size_t count = 0;

	for (size_t o = 0; o < world->order_count; o++)
		for (size_t p = 0; p < world->printer_count; p++) {
			size_t first = count;

			problem->first[o * world->printer_count + p] = (int32_t)first;
			for (size_t plate = 0;
				plate < world->order[o].plate_count && plate < PLANNER_PLATES_MAX;
				plate++)
				if (may_use(timeline, o, p, plate))
					add_option(translated, first, count++ - first,
						option_of(timeline, o, p, plate), plate);
			problem->first[o * world->printer_count + p + 1] = (int32_t)count;
		}
}

static void fill_printers(struct problem *problem, const struct timeline *timeline)
{
	for (size_t p = 0; p < problem->printer_count; p++)
		problem->printer[p] = (struct problem_printer){
			.kind = (int32_t)p,
			.materials = 1,
			.absent = !timeline->printer[p].counts,
			.slow_permille = 1000,
			.state = { .ready_s = timeline->printer[p].cursor.free_s,
				.spool_g = INT32_MAX },
		};
}

static void fill_orders(
	struct problem *problem, const struct timeline *timeline, const int64_t *release_s)
{
	for (size_t o = 0; o < problem->order_count; o++) {
		const struct world_order *order = &timeline->world->order[o];

		problem->order[o] = (struct problem_order){
			.part = (int32_t)o,
			.weight = world_problem_weight(order, timeline->now_s),
			.release_s = release_s[o],
			.due_s = order->due_s > 0 ? order->due_s : PROBLEM_NEVER,
		};
	}
}

static int64_t ready_after(const void *context, int64_t ended_s)
{
	return timeline_after_visit(context, ended_s);
}

static int64_t start_from(
	const void *context, size_t printer, const struct problem_print *print, int64_t at_s)
{
	return timeline_start_from(context, printer, print->attended, at_s, print->length_s);
}

bool world_problem_init(
	struct world_problem *translated, const struct timeline *timeline, const int64_t *release_s)
{
	const struct world *world = timeline->world;
	struct problem *problem = &translated->problem;
	size_t options;

	*translated =
		(struct world_problem){ .problem = {
						.goal = PROBLEM_TARDINESS,
						.horizon_s = PROBLEM_NEVER,
						.now_s = timeline->now_s,
						.rules = { timeline, ready_after, start_from },
						.material_count = 1,
						.site_count = 1,
						.kind_count = world->printer_count,
						.printer_count = world->printer_count,
						.part_count = world->order_count,
						.user_count = 1,
						.order_count = world->order_count,
					} };
	if (world->order_count * world->printer_count > WORLD_PROBLEM_CELLS_MAX)
		return false;
	options = count_options(timeline);
	translated->plate_of = calloc(options + 1, sizeof *translated->plate_of);
	if (!translated->plate_of || !problem_allocate(problem, options)) {
		world_problem_finish(translated);
		return false;
	}
	problem->reel_g[0] = INT32_MAX;
	fill_printers(problem, timeline);
	fill_orders(problem, timeline, release_s);
	fill_options(translated, timeline);
	problem_prepare(problem);
	return true;
}

void world_problem_finish(struct world_problem *translated)
{
	problem_finish(&translated->problem);
	free(translated->plate_of);
	translated->plate_of = NULL;
}

int32_t world_problem_option(
	const struct world_problem *translated, size_t order, size_t printer, size_t plate)
{
	const int32_t *first =
		&translated->problem.first[order * translated->problem.printer_count + printer];

	for (int32_t i = first[0]; i < first[1]; i++)
		if (translated->plate_of[i] == (int32_t)plate)
			return i;
	return -1;
}
