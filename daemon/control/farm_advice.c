/* What limits an order, and the cheapest change that would have it done in time: the farm's world
 * planned anew with one thing changed at a time. */
#include "daemon/control/farm_questions_private.h"

#include "scheduler/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PRINTERS_MAX = 24, /* looked at one by one, of each kind of change */
	QUOTE_MOVES = 20000,
	LIMIT_PERCENT = 5, /* what would save less limits nothing */
};

const char *farm_limit_name(enum farm_limit limit)
{
	static const char *const name[FARM_LIMIT_COUNT] = { "people", "hours", "printers",
		"plastic", "orders" };
	return name[limit];
}

/* From cheap to dear: what takes a minute, what others pay for, what people pay for, what takes
 * trust, what takes money. */
static const struct {
	enum whatif_kind kind;
	const char *name;
} costs[] = {
	{ WHATIF_READY, "ready" },
	{ WHATIF_SPOOL, "spool" },
	{ WHATIF_FIRST, "first" },
	{ WHATIF_HOUR_MORE, "stay" },
	{ WHATIF_ROUND, "round" },
	{ WHATIF_UNATTENDED, "unattended" },
	{ WHATIF_PRINTER_MORE, "printer" },
};

static const struct {
	enum whatif_kind kind;
	enum farm_limit limit;
} limits[] = {
	{ WHATIF_NO_WAITS, FARM_LIMIT_PEOPLE },
	{ WHATIF_ALWAYS_OPEN, FARM_LIMIT_HOURS },
	{ WHATIF_PRINTER_MORE, FARM_LIMIT_PRINTERS },
	{ WHATIF_ANY_SPOOL, FARM_LIMIT_PLASTIC },
	{ WHATIF_ALONE, FARM_LIMIT_ORDERS },
};

/* ---- what is asked ---- */

/* What stands against the nearest plate there. */
static void look_at(
	const struct farm_question *question, size_t printer, bool *can_ever, bool *wants_spool)
{
	const struct world *world = &question->world->world;
	const struct world_order *order = &world->order[question->order];
	*can_ever = *wants_spool = false;
	for (size_t i = 0; i < order->plate_count; i++) {
		struct match_result match;
		match_check(world, order, &order->plate[i], &world->printer[printer],
			question->now_s, &match);
		*can_ever |= match.can_ever;
		for (size_t u = 0; u < match.unmet_count && match.can_ever; u++)
			*wants_spool |= match.unmet[u].condition == MATCH_MATERIAL ||
					match.unmet[u].condition == MATCH_COLOR ||
					match.unmet[u].condition == MATCH_GRAMS;
	}
}

static bool is_out(const struct world_printer *printer)
{
	return !printer->enabled || printer->locked || !printer->online ||
	       printer->needs_attention || printer->by_hand || match_is_overdue(printer) ||
	       printer->quarantine || (printer->idle && !printer->bed_empty);
}

static void add_printers(struct farm_question *question)
{
	const struct world *world = &question->world->world;
	size_t out = 0, spools = 0, alone = 0;
	bool has_more = false;
	for (size_t i = 0; i < world->printer_count; i++) {
		const struct world_printer *printer = &world->printer[i];
		bool can_ever, wants_spool;
		look_at(question, i, &can_ever, &wants_spool);
		if (!can_ever)
			continue;
		if (is_out(printer) && out++ < PRINTERS_MAX)
			farm_question_add(question, WHATIF_READY, i, 0);
		if (wants_spool && spools++ < PRINTERS_MAX)
			farm_question_add(question, WHATIF_SPOOL, i, 0);
		if (!wants_spool && !printer->may_run_unattended && !printer->programs &&
			alone++ < PRINTERS_MAX)
			farm_question_add(question, WHATIF_UNATTENDED, i, 0);
		if (!wants_spool && !has_more)
			has_more = farm_question_add(question, WHATIF_PRINTER_MORE, i, 0);
	}
	if (alone > 1)
		farm_question_add(question, WHATIF_UNATTENDED, WHATIF_ALL, 0);
}

static void add_changes(const struct farm *farm, struct farm_question *question)
{
	farm_question_add(question, WHATIF_NOTHING, 0, 0);
	farm_question_add(question, WHATIF_NO_WAITS, 0, 0);
	farm_question_add(question, WHATIF_ANY_SPOOL, WHATIF_ALL, 0);
	if (question->world->world.order_count > 1) {
		farm_question_add(question, WHATIF_ALONE, 0, 0);
		farm_question_add(question, WHATIF_FIRST, 0, 0);
	}
	if (farm->config->hours_count) {
		farm_question_add(question, WHATIF_ALWAYS_OPEN, 0, 0);
		farm_question_add(question, WHATIF_HOUR_MORE, 0, 0);
		farm_question_add(question, WHATIF_ROUND, 0, 0);
	}
	add_printers(question);
}

static struct farm_question *create(struct farm *farm, struct farm_order *extra)
{
	struct farm_question *question = calloc(1, sizeof(*question));
	if (!question)
		return NULL;
	question->kind = QUESTION_ADVICE;
	question->now_s = farm->now_s;
	question->extra = extra;
	question->world = farm_world_create(farm, extra);
	return question;
}

static int put(
	struct farm *farm, struct farm_question *question, uint64_t *request, struct error *error)
{
	question->subject = question->world->order_of[question->order];
	question->by_s = question->subject->record.due_s;
	add_changes(farm, question);
	return farm_question_put(farm, question, request, error);
}

int farm_ask_advice(struct farm *farm, int64_t id, uint64_t *request, struct error *error)
{
	const struct farm_order *order = farm_find_order(farm, id, error);
	if (!order)
		return -ENOENT;
	struct farm_question *question = create(farm, NULL);
	if (!question || !question->world) {
		farm_question_destroy(question);
		return -ENOMEM;
	}
	const struct farm_world *world = question->world;
	size_t count = world->world.order_count;
	while (question->order < count &&
		(world->order_of[question->order] != order || world->job_of[question->order]))
		question->order++;
	if (question->order < count)
		return put(farm, question, request, error);
	farm_question_destroy(question);
	error_set(error, "order %lld has nothing left to be planned", (long long)id);
	return -EBUSY;
}

int farm_ask_advice_for_wish(
	struct farm *farm, const struct farm_wish *wish, uint64_t *request, struct error *error)
{
	struct farm_order *extra = calloc(1, sizeof(*extra));
	int result = extra ? farm_order_of_wish(farm, wish, extra, error) : -ENOMEM;
	if (result) {
		free(extra);
		return result;
	}
	struct farm_question *question = create(farm, extra);
	if (!question || !question->world) {
		if (!question)
			free(extra);
		farm_question_destroy(question);
		return -ENOMEM;
	}
	struct farm_quote quote;
	if (farm_quote_order(farm, extra, QUOTE_MOVES, &quote) == 0)
		extra->high_s = quote.high_s;
	question->order = question->world->world.order_count - 1;
	return put(farm, question, request, error);
}

/* ---- what is found ---- */

static void say(const struct farm_question *question, const struct whatif_change *change,
	char text[FARM_ACT_BYTES])
{
	const struct world *world = &question->world->world;
	const struct world_order *order = &world->order[question->order];
	bool is_one = change->printer < world->printer_count;
	const struct world_printer *printer = is_one ? &world->printer[change->printer] : NULL;
	switch (change->kind) {
	case WHATIF_READY:
		snprintf(text, FARM_ACT_BYTES,
			!printer->enabled	    ? "let %s have jobs again (printer enable %s)"
			: printer->locked	    ? "see to %s, which is locked, and unlock it"
						      " (printer unlock %s)"
			: !printer->online	    ? "bring %s back online (printer show %s)"
			: printer->quarantine	    ? "see why prints fail on %s, then end its "
						      "quarantine (printer enable %s)"
			: printer->needs_attention  ? "see to %s: it wants a person (printer show "
						      "%s)"
			: printer->by_hand	    ? "stop using %s by hand (printer show %s)"
			: match_is_overdue(printer) ? "do the maintenance of %s (printer show %s)"
						    : "clear the bed of %s now (clear %s)",
			printer->name, printer->name);
		break;
	case WHATIF_SPOOL:
		snprintf(text, FARM_ACT_BYTES, "put %.60s%s%.60s into %s",
			order->material[0]	      ? order->material
			: order->plate[0].material[0] ? order->plate[0].material
						      : "enough filament",
			order->color[0] ? ", " : "", order->color, printer->name);
		break;
	case WHATIF_FIRST:
		snprintf(text, FARM_ACT_BYTES,
			"let it go before all other orders (order set "
			"--priority 100)");
		break;
	case WHATIF_HOUR_MORE:
		snprintf(text, FARM_ACT_BYTES, "stay an hour longer every day until it is done");
		break;
	case WHATIF_ROUND:
		snprintf(text, FARM_ACT_BYTES,
			"look in once while the lab is closed, to clear the beds");
		break;
	case WHATIF_UNATTENDED:
		snprintf(text, FARM_ACT_BYTES, "let %s print unattended",
			is_one ? printer->name : "every printer");
		break;
	case WHATIF_PRINTER_MORE:
		snprintf(text, FARM_ACT_BYTES, "have one more printer like %s", printer->name);
		break;
	case WHATIF_NOTHING:
	case WHATIF_NO_WAITS:
	case WHATIF_ALWAYS_OPEN:
	case WHATIF_ANY_SPOOL:
	case WHATIF_ALONE:
	case WHATIF_NOT_BEFORE:
	case WHATIF_CLEARED:
		break;
	}
}

/* The promise is so much behind the plan as it is now; of an order that nobody can make, a quarter
 * of the time that it takes. */
static int64_t promised_with(const struct farm_advice *advice, const struct whatif_answer *as_is,
	const struct whatif_answer *answer, int64_t now_s)
{
	if (answer->done_s < 0)
		return 0;
	if (as_is->done_s >= 0 && advice->promised_s >= as_is->done_s)
		return answer->done_s + advice->promised_s - as_is->done_s;
	return answer->done_s + (answer->done_s - now_s) / 4;
}

/* By more than so many hundredths of the time that it takes. */
static bool helps(const struct whatif_answer *as_is, const struct whatif_answer *answer,
	int64_t now_s, int64_t percent)
{
	if (answer->done_s < 0 || as_is->done_s < 0)
		return answer->done_s >= 0;
	return as_is->done_s - answer->done_s > (as_is->done_s - now_s) * percent / 100;
}

static void add_limit(struct farm_advice *advice, enum farm_limit limit, int64_t gain_s)
{
	size_t at = advice->limit_count++;
	while (at > 0 && advice->limit[at - 1].gain_s < gain_s) {
		advice->limit[at] = advice->limit[at - 1];
		at--;
	}
	advice->limit[at].limit = limit;
	advice->limit[at].gain_s = gain_s;
}

static void note_limits(const struct farm_question *question, struct farm_advice *advice)
{
	const struct whatif_answer *as_is = whatif_answer(question->whatif, 0);
	for (size_t l = 0; l < sizeof(limits) / sizeof(limits[0]); l++)
		for (size_t i = 1; i < question->change_count; i++) {
			const struct whatif_answer *answer = whatif_answer(question->whatif, i);
			if (question->change[i].kind != limits[l].kind ||
				!helps(as_is, answer, question->now_s, LIMIT_PERCENT))
				continue;
			add_limit(advice, limits[l].limit,
				as_is->done_s < 0 ? answer->done_s - question->now_s
						  : as_is->done_s - answer->done_s);
			break;
		}
}

static void note_change(const struct farm_question *question, struct farm_advice *advice, size_t i,
	const char *kind)
{
	const struct whatif_answer *as_is = whatif_answer(question->whatif, 0);
	const struct whatif_answer *answer = whatif_answer(question->whatif, i);
	const struct world *world = &question->world->world;
	size_t printer = question->change[i].printer;
	if (advice->change_count == FARM_CHANGES_MAX || !helps(as_is, answer, question->now_s, 1))
		return;
	struct farm_advice_change *change = &advice->change[advice->change_count++];
	*change = (struct farm_advice_change){
		.kind = kind,
		.printer = printer < world->printer_count && kind[0] != 'f' && kind[0] != 'r'
				   ? world->printer[printer].name
				   : "",
		.promised_s = promised_with(advice, as_is, answer, question->now_s),
		.gain_s = as_is->done_s < 0 ? 0 : as_is->done_s - answer->done_s,
		.others_late = answer->late > as_is->late ? answer->late - as_is->late : 0,
	};
	if (question->change[i].kind == WHATIF_READY)
		change->printer = world->printer[printer].name;
	change->in_time =
		change->promised_s && (!advice->due_s || change->promised_s <= advice->due_s);
	say(question, &question->change[i], change->text);
}

static int by_gain(const void *a, const void *b)
{
	const struct farm_advice_change *x = a, *y = b;
	/* One printer asks for less than all of them. */
	if (!x->printer[0] != !y->printer[0])
		return !x->printer[0] - !y->printer[0];
	if (x->promised_s != y->promised_s)
		return (x->promised_s > y->promised_s) - (x->promised_s < y->promised_s);
	return strcmp(x->printer, y->printer);
}

static void note_changes(const struct farm_question *question, struct farm_advice *advice)
{
	for (size_t c = 0; c < sizeof(costs) / sizeof(costs[0]); c++) {
		size_t first = advice->change_count;
		for (size_t i = 1; i < question->change_count; i++)
			if (question->change[i].kind == costs[c].kind)
				note_change(question, advice, i, costs[c].name);
		qsort(advice->change + first, advice->change_count - first,
			sizeof(advice->change[0]), by_gain);
	}
	advice->cheapest = -1;
	for (size_t i = 0; i < advice->change_count && advice->cheapest < 0; i++)
		if (advice->change[i].in_time && !advice->change[i].others_late)
			advice->cheapest = (int)i;
	for (size_t i = 0; i < advice->change_count && advice->cheapest < 0; i++)
		if (advice->change[i].in_time)
			advice->cheapest = (int)i;
}

/* Where it cannot be simulated: a quarter of the time that it takes later. */
static int64_t promise_of(const struct farm_question *question, int64_t done_s)
{
	if (done_s < 0)
		return 0;
	if (question->subject->high_s > done_s)
		return question->subject->high_s;
	return done_s + (done_s - question->now_s) / 4;
}

void farm_advice_found(struct farm *farm, const struct farm_question *question)
{
	const struct whatif_answer *as_is = whatif_answer(question->whatif, 0);
	struct farm_advice advice = {
		.order = question->extra ? 0 : question->subject->record.id,
		.units = question->world->world.order[question->order].units_left,
		.due_s = question->subject->record.due_s,
		.promised_s = promise_of(question, as_is->done_s),
		.units_in_time = as_is->order_units_by,
	};
	advice.in_time = advice.promised_s && (!advice.due_s || advice.promised_s <= advice.due_s);
	if (advice.units_in_time > advice.units || !advice.due_s)
		advice.units_in_time = advice.in_time ? advice.units : 0;
	note_limits(question, &advice);
	note_changes(question, &advice);
	if (farm->effects.found_out)
		farm->effects.found_out(farm->effects.context, question->request,
			&(struct farm_finding){ .advice = &advice });
}
