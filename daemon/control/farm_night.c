/* What the night yields, what it would yield if printers were allowed to print alone, and what is
 * to be done before everybody leaves.
 *
 * The world is planned as it is when all of that has been done; then with each act left undone,
 * which means that its printer starts nothing before the morning.  What is missing then is what
 * the act gains. */
#include "daemon/control/farm_questions_private.h"

#include "scheduler/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Change 0: all acts are done; 1: and every printer may print alone; then one for each act. */
enum { ALL_DONE, ALONE, FIRST_ACT };

/* ---- acts ---- */

static struct farm_act *new_act(
	struct farm_question *question, const char *kind, size_t printer, int64_t from_s)
{
	struct farm_act *act = &question->act[question->act_count++];
	*act = (struct farm_act){ .kind = kind,
		.printer = question->world->world.printer[printer].name,
		.from_s = from_s };
	farm_question_add(question, WHATIF_NOT_BEFORE, printer, question->opens_s);
	return act;
}

static void apply(struct farm_question *question, enum whatif_kind kind, size_t printer,
	int64_t at_s, size_t order)
{
	const struct whatif_change change = { kind, printer, at_s };
	whatif_world_change(&question->base, &change, order);
}

/* What lies on the bed, or will. */
static void say_bed(const struct farm *farm, const struct farm_printer *printer, bool prints,
	char *text, size_t size)
{
	const struct farm_job *job =
		printer->attempt ? printer->attempt->job
				 : farm_index_find(&farm->jobs, printer->record.bed_job);
	if (!job || !job->plate)
		snprintf(text, size, "clear %s%s", printer->name,
			prints ? " when its print is done" : "");
	else
		snprintf(text, size, "clear %s%s: %d unit%s of %s", printer->name,
			prints ? " when its print is done" : "", (int)job->plate->record.yield,
			job->plate->record.yield == 1 ? "" : "s", job->order->design->record.name);
}

/* Out of order, in words; false: it is not. */
static bool add_repair(struct farm_question *question, size_t i)
{
	const struct world_printer *printer = &question->world->world.printer[i];
	const struct farm_printer *own = question->world->printer_of[i];
	if (printer->locked) {
		struct farm_act *act = new_act(question, "unlock", i, 0);
		snprintf(act->text, sizeof(act->text), "see to %s and unlock it: %.120s",
			printer->name, own->record.lock_reason);
	} else if (!printer->enabled) {
		struct farm_act *act = new_act(question, "enable", i, 0);
		snprintf(act->text, sizeof(act->text), "let %s have jobs again (it is disabled)",
			printer->name);
	} else if (printer->quarantine) {
		struct farm_act *act = new_act(question, "enable", i, 0);
		snprintf(act->text, sizeof(act->text),
			"see why prints fail on %s and end its quarantine: %.100s", printer->name,
			printer->quarantine);
	} else if (!printer->online || printer->needs_attention || printer->by_hand ||
		   match_is_overdue(printer)) {
		struct farm_act *act = new_act(question, "see", i, 0);
		snprintf(act->text, sizeof(act->text), "see to %s: %s%.120s", printer->name,
			!printer->online	   ? "it is not online"
			: printer->needs_attention ? "it wants a person"
			: printer->by_hand	   ? "it is in use by hand"
						   : "it wants maintenance: ",
			printer->online && !printer->needs_attention && !printer->by_hand
				? printer->maintenance
				: "");
	} else {
		return false;
	}
	apply(question, WHATIF_READY, i, 0, 0);
	return true;
}

static void add_spool(struct farm_question *question, size_t i, struct farm_act *act)
{
	const struct world *world = &question->base.world;
	size_t order = farm_order_for_spool(world, i);
	if (order == SIZE_MAX)
		return;
	const struct world_order *own = &world->order[order];
	const char *material =
		own->material[0] || !own->plate_count ? own->material : own->plate[0].material;
	if (!act)
		act = new_act(question, "spool", i, 0);
	size_t used = strlen(act->text);
	snprintf(act->text + used, sizeof(act->text) - used, "%sput %.40s%s%.40s into %s",
		used ? ", and " : "", material[0] ? material : "a full spool",
		own->color[0] ? ", " : "", own->color, world->printer[i].name);
	apply(question, WHATIF_SPOOL, i, 0, order);
}

static void add_acts(const struct farm *farm, struct farm_question *question)
{
	const struct world *world = &question->world->world;
	for (size_t i = 0; i < world->printer_count && question->act_count < FARM_ACTS_MAX; i++) {
		const struct world_printer *printer = &world->printer[i];
		bool prints = !printer->idle;
		struct farm_act *act = NULL;
		if (printer->programs || add_repair(question, i))
			continue;
		if (prints && printer->free_at_s >= question->closes_s)
			continue;
		if (prints || !printer->bed_empty) {
			act = new_act(question, "clear", i, prints ? printer->free_at_s : 0);
			say_bed(farm, question->world->printer_of[i], prints, act->text,
				sizeof(act->text));
			apply(question, WHATIF_CLEARED, i,
				(prints ? printer->free_at_s : farm->now_s) +
					farm->config->start_delay_s,
				0);
		}
		add_spool(question, i, act);
	}
}

/* ---- asking ---- */

static struct farm_question *create(struct farm *farm)
{
	struct farm_question *question = calloc(1, sizeof(*question));
	if (!question)
		return NULL;
	question->kind = QUESTION_NIGHT;
	question->order = SIZE_MAX;
	question->now_s = farm->now_s;
	question->world = farm_world_create(farm, NULL);
	question->has_base =
		question->world && whatif_world_init(&question->base, &question->world->world);
	if (question->has_base)
		return question;
	farm_question_destroy(question);
	return NULL;
}

int farm_ask_night(struct farm *farm, uint64_t *request, struct error *error)
{
	struct calendar calendar;
	struct farm_question *question = create(farm);
	if (!question)
		return -ENOMEM;
	farm_calendar(farm, &calendar);
	question->closes_s = calendar_staffed_until(&calendar, farm->now_s);
	question->opens_s = calendar_next_opening(&calendar, question->closes_s);
	if (calendar.always || question->opens_s >= CALENDAR_NEVER_S / 2)
		question->closes_s = question->opens_s = 0;
	question->by_s = question->opens_s;
	farm_question_add(question, WHATIF_NOTHING, 0, 0);
	farm_question_add(question, WHATIF_UNATTENDED, WHATIF_ALL, 0);
	if (question->opens_s)
		add_acts(farm, question);
	return farm_question_put(farm, question, request, error);
}

/* ---- what is found ---- */

static int by_gain(const void *a, const void *b)
{
	const struct farm_act *x = a, *y = b;
	if (x->units != y->units)
		return (x->units < y->units) - (x->units > y->units);
	if (x->from_s != y->from_s)
		return (x->from_s > y->from_s) - (x->from_s < y->from_s);
	return strcmp(x->printer, y->printer);
}

static void note_printers(const struct farm_question *question, struct farm_night *night,
	struct farm_night_printer *printer)
{
	const struct world *world = &question->world->world;
	const struct whatif_answer *done = whatif_answer(question->whatif, ALL_DONE);
	const struct whatif_answer *alone = whatif_answer(question->whatif, ALONE);
	night->unattended_off = true;
	for (size_t i = 0; i < world->printer_count; i++) {
		printer[i] = (struct farm_night_printer){ world->printer[i].name,
			done->printer_units_by[i], alone->printer_units_by[i] };
		if (world->printer[i].may_run_unattended)
			night->unattended_off = false;
	}
	night->printer_count = world->printer_count;
	night->printer = printer;
	night->units = done->units_by;
	night->units_if_unattended = alone->units_by;
}

void farm_night_found(struct farm *farm, const struct farm_question *question)
{
	struct farm_night night = { .closes = question->opens_s != 0,
		.closes_s = question->closes_s,
		.opens_s = question->opens_s };
	struct farm_night_printer *printer =
		calloc(question->world->world.printer_count + 1, sizeof(*printer));
	if (!farm->effects.found_out || !printer) {
		free(printer);
		return;
	}
	note_printers(question, &night, printer);
	for (size_t i = 0; i < question->act_count; i++) {
		const struct whatif_answer *without =
			whatif_answer(question->whatif, FIRST_ACT + i);
		night.act[i] = question->act[i];
		night.act[i].units = night.units - without->units_by;
		if (night.act[i].units < 0)
			night.act[i].units = 0;
	}
	night.act_count = question->act_count;
	qsort(night.act, night.act_count, sizeof(night.act[0]), by_gain);
	farm->effects.found_out(farm->effects.context, question->request,
		&(struct farm_finding){ .night = &night });
	free(printer);
}
