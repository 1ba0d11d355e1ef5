/* What would be if something were otherwise; see whatif.h. */
#include "scheduler/whatif.h"
#include "scheduler/calendar.h"

#include <stdlib.h> /* calloc, realloc, free */
#include <string.h> /* memcpy, strcspn */

enum { FIRST_PRIORITY = 1000, ROUND_GAP_S = 4 * 3600 };

/* ---- a world that may be changed ---- */

static bool copy_stretches(struct whatif_world *world, const struct world *from)
{
	const struct world_calendar *hours = &from->calendar;

	/* A round puts one behind each. */
	world->stretch_room = 2 * hours->dates.stretch_count + 1;
	world->stretch = calloc(world->stretch_room, sizeof *world->stretch);
	if (!world->stretch)
		return false;
	if (hours->dates.stretch_count > 0)
		memcpy(world->stretch, hours->dates.stretch,
			hours->dates.stretch_count * sizeof *world->stretch);
	world->world.calendar.dates.stretch = world->stretch;
	return true;
}

bool whatif_world_init(struct whatif_world *world, const struct world *from)
{
	*world = (struct whatif_world){ .world = *from };
	world->printer = calloc(from->printer_count + 1, sizeof *world->printer);
	world->order = calloc(from->order_count + 1, sizeof *world->order);
	if (!world->printer || !world->order || !copy_stretches(world, from)) {
		whatif_world_finish(world);
		return false;
	}
	if (from->printer_count > 0)
		memcpy(world->printer, from->printer, from->printer_count * sizeof *world->printer);
	if (from->order_count > 0)
		memcpy(world->order, from->order, from->order_count * sizeof *world->order);
	world->world.printer = world->printer;
	world->world.order = world->order;
	return true;
}

void whatif_world_finish(struct whatif_world *world)
{
	free(world->printer);
	free(world->order);
	free(world->stretch);
	*world = (struct whatif_world){ 0 };
}

static void open_always(struct world_calendar *hours)
{
	hours->window_count = hours->dates.stretch_count = 0;
	hours->dates.from_s = hours->dates.until_s = 0;
}

/* Longer by an hour, where the next opening leaves room. */
static void stay_longer(struct whatif_world *world)
{
	struct world_calendar *hours = &world->world.calendar;

	for (size_t i = 0; i < hours->window_count; i++) {
		int32_t limit_s =
			i + 1 < hours->window_count ? hours->window[i + 1].begin_s : WORLD_WEEK_S;
		int32_t end_s = hours->window[i].end_s + WHATIF_STAY_S;

		hours->window[i].end_s = end_s < limit_s ? end_s : limit_s;
	}
	for (size_t i = 0; i < hours->dates.stretch_count; i++) {
		int64_t limit_s = i + 1 < hours->dates.stretch_count ? world->stretch[i + 1].begin_s
								     : hours->dates.until_s;
		int64_t end_s = world->stretch[i].end_s + WHATIF_STAY_S;

		world->stretch[i].end_s = end_s < limit_s ? end_s : limit_s;
	}
}

/* A short time in the middle of each closed one. */
static void look_in(struct whatif_world *world)
{
	struct world_calendar *hours = &world->world.calendar;
	size_t windows = hours->window_count, stretches = hours->dates.stretch_count;

	for (size_t i = 0; i < windows && hours->window_count < WORLD_WINDOWS_MAX; i++) {
		int32_t end_s = hours->window[i].end_s;
		int32_t next_s = i + 1 < windows ? hours->window[i + 1].begin_s : WORLD_WEEK_S;
		int32_t at_s = end_s + (next_s - end_s) / 2;

		if (next_s - end_s >= ROUND_GAP_S)
			hours->window[hours->window_count++] =
				(struct world_window){ at_s, at_s + WHATIF_ROUND_S };
	}
	/* Sorted: from the last one on. */
	for (size_t i = stretches; i-- > 0;) {
		struct world_stretch own = world->stretch[i];
		int64_t next_s = i + 1 < stretches ? world->stretch[2 * i + 2].begin_s
						   : hours->dates.until_s;
		int64_t at_s = own.end_s + (next_s - own.end_s) / 2;
		bool is_long = next_s - own.end_s >= ROUND_GAP_S;

		world->stretch[2 * i] = own;
		world->stretch[2 * i + 1] = (struct world_stretch){ at_s,
			is_long ? at_s + WHATIF_ROUND_S : at_s + 1, own.offset_s };
		hours->dates.stretch_count++;
	}
}

static void first_word(char word[CHOICE_BYTES], const char *list)
{
	size_t length = strcspn(list, ",");

	if (length >= CHOICE_BYTES)
		length = CHOICE_BYTES - 1;
	memcpy(word, list, length);
	word[length] = '\0';
}

static void put_spool_in(struct whatif_world *world, size_t printer, size_t order)
{
	const struct world_order *own = &world->order[order];
	struct world_printer *to = &world->printer[printer];
	const char *material = own->material;

	if (!material[0] && own->plate_count > 0)
		material = own->plate[0].material;
	first_word(world->material, material);
	first_word(world->color, own->color);
	if (world->material[0])
		to->material = world->material;
	if (world->color[0])
		to->color = world->color;
	to->grams_left = -1;
}

static void make_ready(struct world_printer *printer)
{
	printer->online = printer->enabled = printer->idle = printer->bed_empty = true;
	printer->locked = printer->needs_attention = printer->by_hand = false;
	printer->maintenance = printer->quarantine = NULL;
	printer->waits_since_s = 0;
}

static void clear_by(struct world_printer *printer, int64_t at_s)
{
	printer->bed_empty = true;
	printer->waits_since_s = 0;
	if (printer->free_at_s < at_s && !printer->idle)
		printer->free_at_s = at_s;
	printer->idle = true;
	if (printer->ready_after_s < at_s)
		printer->ready_after_s = at_s;
}

static void add_printer(struct whatif_world *world, size_t printer)
{
	struct world_printer *more = &world->printer[world->world.printer_count++];

	*more = world->printer[printer];
	make_ready(more);
	more->name = "one more";
	more->free_at_s = more->ready_after_s = 0;
}

static void leave_alone(struct whatif_world *world, size_t order)
{
	for (size_t i = 0; i < world->world.order_count; i++)
		if (i != order)
			world->order[i].units_left = 0;
}

static void change_printer(
	struct whatif_world *world, const struct whatif_change *change, size_t i, size_t order)
{
	struct world_printer *printer = &world->printer[i];

	if (change->kind == WHATIF_READY)
		make_ready(printer);
	if (change->kind == WHATIF_SPOOL || change->kind == WHATIF_ANY_SPOOL)
		put_spool_in(world, i, order);
	if (change->kind == WHATIF_UNATTENDED)
		printer->may_run_unattended = true;
	if (change->kind == WHATIF_NOT_BEFORE && printer->ready_after_s < change->at_s)
		printer->ready_after_s = change->at_s;
	if (change->kind == WHATIF_CLEARED)
		clear_by(printer, change->at_s);
}

void whatif_world_change(
	struct whatif_world *world, const struct whatif_change *change, size_t order)
{
	switch (change->kind) {
	case WHATIF_NOTHING:
		break;
	case WHATIF_NO_WAITS:
		world->world.clear_s = 0;
		world->world.clearing = NULL;
		break;
	case WHATIF_ALWAYS_OPEN:
		open_always(&world->world.calendar);
		break;
	case WHATIF_ALONE:
		leave_alone(world, order);
		break;
	case WHATIF_FIRST:
		world->order[order].priority = FIRST_PRIORITY;
		break;
	case WHATIF_HOUR_MORE:
		stay_longer(world);
		break;
	case WHATIF_ROUND:
		look_in(world);
		break;
	case WHATIF_PRINTER_MORE:
		add_printer(world, change->printer);
		break;
	case WHATIF_ANY_SPOOL:
	case WHATIF_READY:
	case WHATIF_SPOOL:
	case WHATIF_UNATTENDED:
	case WHATIF_NOT_BEFORE:
	case WHATIF_CLEARED:
		for (size_t i = 0; i < world->world.printer_count; i++)
			if (change->printer == WHATIF_ALL || change->printer == i ||
				change->kind == WHATIF_ANY_SPOOL)
				change_printer(world, change, i, order);
		break;
	}
}

/* ---- questions ---- */

struct whatif {
	struct whatif_question question;
	size_t at; /* the change that is being planned */
	struct whatif_world world;
	struct planner *planner; /* NULL: it has not begun */
	struct whatif_answer *answer;
	int64_t *units; /* of the answers, in one piece */
};

struct whatif *whatif_begin(const struct whatif_question *question)
{
	size_t printers = question->world->printer_count + 1;

	if (question->change_count > WHATIF_CHANGES_MAX)
		return NULL;
	struct whatif *whatif = calloc(1, sizeof *whatif);

	if (!whatif)
		return NULL;
	whatif->question = *question;
	whatif->answer = calloc(question->change_count + 1, sizeof *whatif->answer);
	whatif->units = calloc(printers * (question->change_count + 1), sizeof *whatif->units);
	if (!whatif->answer || !whatif->units) {
		whatif_destroy(whatif);
		return NULL;
	}
	for (size_t i = 0; i < question->change_count; i++) {
		whatif->answer[i].done_s = -1;
		whatif->answer[i].printer_units_by = whatif->units + i * printers;
	}
	return whatif;
}

static void note(struct whatif *whatif, const struct planner_result *plan)
{
	const struct whatif_question *question = &whatif->question;
	struct whatif_answer *answer = &whatif->answer[whatif->at];
	const struct world *world = &whatif->world.world;

	if (question->order < plan->order_count)
		answer->done_s = plan->order[question->order].done_s;
	for (size_t i = 0; i < plan->assignment_count; i++) {
		const struct planner_assignment *own = &plan->assignment[i];
		int32_t yield = world->order[own->order].plate[own->plate].yield;

		if (own->end_s > question->by_s)
			continue;
		answer->units_by += yield;
		answer->printer_units_by[own->printer] += yield;
		if (own->order == question->order)
			answer->order_units_by += yield;
	}
	for (size_t i = 0; i < plan->order_count; i++)
		answer->late +=
			world->order[i].due_s > 0 && plan->order[i].done_s > world->order[i].due_s;
}

static void leave(struct whatif *whatif)
{
	planner_destroy(whatif->planner);
	whatif->planner = NULL;
	whatif_world_finish(&whatif->world);
	whatif->at++;
}

static bool begin(struct whatif *whatif, const struct planner_result *previous)
{
	const struct whatif_question *question = &whatif->question;

	if (!whatif_world_init(&whatif->world, question->world))
		return false;
	whatif_world_change(&whatif->world, &question->change[whatif->at], question->order);
	whatif->planner =
		planner_begin(&whatif->world.world, previous, question->now_s, question->seed);
	return whatif->planner != NULL;
}

bool whatif_step(struct whatif *whatif, const struct planner_result *previous, int64_t moves)
{
	if (whatif->at == whatif->question.change_count)
		return false;
	if (!whatif->planner && !begin(whatif, previous)) {
		leave(whatif);
		return whatif->at < whatif->question.change_count;
	}
	if (planner_step(whatif->planner, moves))
		return true;
	note(whatif, planner_result(whatif->planner));
	leave(whatif);
	return whatif->at < whatif->question.change_count;
}

const struct whatif_answer *whatif_answer(const struct whatif *whatif, size_t i)
{
	return &whatif->answer[i];
}

void whatif_destroy(struct whatif *whatif)
{
	if (!whatif)
		return;
	planner_destroy(whatif->planner);
	whatif_world_finish(&whatif->world);
	free(whatif->answer);
	free(whatif->units);
	free(whatif);
}
