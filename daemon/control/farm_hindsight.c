/* What would have been made with one more clearing round, printer or spool: the recorded history
 * planned anew, day by day.
 *
 * Each day begins with the orders that were open then or came in on that day, as much as was left
 * of them, and with every printer ready; the calendar, the speeds and the waits are those that are known today.  What the
 * plan prints within the day with the change, less what it prints without, is what the change would
 * have made. */
#include "daemon/control/farm_questions_private.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

enum { DAY_S = 86400 };

/* In the order in which they are asked; the first is the day as it was. */
static const enum whatif_kind asked[FARM_HINDSIGHT_KINDS + 1] = {
	WHATIF_NOTHING,
	[1 + FARM_HINDSIGHT_AT_ONCE] = WHATIF_NO_WAITS,
	[1 + FARM_HINDSIGHT_ROUND] = WHATIF_ROUND,
	[1 + FARM_HINDSIGHT_HOUR] = WHATIF_HOUR_MORE,
	[1 + FARM_HINDSIGHT_ALONE] = WHATIF_UNATTENDED,
	[1 + FARM_HINDSIGHT_PRINTER] = WHATIF_PRINTER_MORE,
	[1 + FARM_HINDSIGHT_SPOOL] = WHATIF_SPOOL,
};

const char *farm_hindsight_name(enum farm_hindsight_kind kind)
{
	static const char *const name[FARM_HINDSIGHT_KINDS] = { "at_once", "round", "hour",
		"unattended", "printer", "spool" };
	return name[kind];
}

/* ---- a day of the past ---- */

static int64_t left_then(const struct farm_order *order, int64_t at_s)
{
	int64_t left = order->record.units;
	for (size_t i = 0; i < order->jobs.count; i++) {
		const struct farm_job *job = order->jobs.item[i];
		if (job->state == JOB_INSPECTED && job->changed_s <= at_s)
			left -= job->good;
	}
	return left;
}

/* When an order was cancelled is not known: it is left out. */
static size_t orders_then(const struct farm *farm, int64_t at_s, struct farm_order *then)
{
	size_t count = 0;
	for (size_t i = 0; i < farm->orders.count; i++) {
		const struct farm_order *order = farm->orders.item[i];
		bool was_there = order->record.created_s < at_s + DAY_S;
		int64_t left = was_there ? left_then(order, at_s) : 0;
		if (left <= 0 || order->record.state == ORDER_CANCELLED)
			continue;
		then[count] =
			(struct farm_order){ .record = order->record, .design = order->design };
		then[count].record.units = left;
		then[count++].record.state = ORDER_OPEN;
	}
	return count;
}

/* The farm with the orders of then, for as long as its world is made. */
static struct farm_world *world_then(
	const struct farm *farm, int64_t at_s, struct farm_order *order, size_t count)
{
	struct farm then = *farm;
	struct farm_world *world = NULL;
	then.now_s = at_s;
	then.orders = (struct farm_index){ .count = count };
	then.orders.item = calloc(count + 1, sizeof(*then.orders.item));
	for (size_t i = 0; i < count && then.orders.item; i++)
		then.orders.item[i] = &order[i];
	if (then.orders.item)
		world = farm_world_create(&then, NULL);
	free(then.orders.item);
	return world;
}

/* Every printer is ready; the one that another would be like, and the spool that would serve. */
static void add_changes(struct farm_question *question)
{
	const struct whatif_change ready = { WHATIF_READY, WHATIF_ALL, 0 };
	const struct world *world = &question->base.world;
	size_t order = SIZE_MAX, printer = 0;
	whatif_world_change(&question->base, &ready, 0);
	for (size_t i = 0; i < world->printer_count; i++) {
		question->base.printer[i].free_at_s = question->now_s;
		question->base.printer[i].ready_after_s = 0;
	}
	for (size_t i = 0; i < world->printer_count && order == SIZE_MAX; i++) {
		order = farm_order_for_spool(world, i);
		printer = i;
	}
	question->order = order == SIZE_MAX ? 0 : order;
	for (size_t i = 0; i <= FARM_HINDSIGHT_KINDS; i++) {
		bool is_spool = asked[i] == WHATIF_SPOOL;
		farm_question_add(question,
			is_spool && order == SIZE_MAX ? WHATIF_NOTHING : asked[i],
			is_spool			  ? printer
			: asked[i] == WHATIF_PRINTER_MORE ? 0
							  : WHATIF_ALL,
			0);
	}
}

/* A day, or the first one behind it with something to be planned; NULL: none, or no memory. */
static struct farm_question *create(const struct farm *farm, int64_t day_s, int64_t until_s)
{
	struct farm_question *question = calloc(1, sizeof(*question));
	if (!question)
		return NULL;
	question->kind = QUESTION_HINDSIGHT;
	question->until_s = until_s;
	question->then = calloc(farm->orders.count + 1, sizeof(*question->then));
	size_t count = 0;
	while (question->then && day_s < until_s && count == 0) {
		count = orders_then(farm, day_s, question->then);
		day_s += DAY_S;
	}
	if (count > 0)
		question->world = world_then(farm, day_s - DAY_S, question->then, count);
	question->has_base =
		question->world && whatif_world_init(&question->base, &question->world->world);
	if (!question->has_base || question->world->world.printer_count == 0) {
		farm_question_destroy(question);
		return NULL;
	}
	question->now_s = day_s - DAY_S;
	question->by_s = day_s < until_s ? day_s : until_s;
	add_changes(question);
	return question;
}

/* ---- asking and finding ---- */

int farm_ask_hindsight(
	struct farm *farm, int64_t from_s, int64_t until_s, uint64_t *request, struct error *error)
{
	if (until_s > farm->now_s)
		until_s = farm->now_s;
	if (until_s - from_s > FARM_HINDSIGHT_DAYS_MAX * (int64_t)DAY_S)
		from_s = until_s - FARM_HINDSIGHT_DAYS_MAX * (int64_t)DAY_S;
	struct farm_question *question = create(farm, farm_day_start_s(farm, from_s), until_s);
	if (question)
		return farm_question_put(farm, question, request, error);
	*request = 0;
	return 0;
}

void farm_hindsight_found(struct farm *farm, const struct farm_question *question)
{
	struct farm_hindsight sum = question->hindsight;
	int64_t units = whatif_answer(question->whatif, 0)->units_by;
	sum.days++;
	sum.units += units;
	for (size_t i = 0; i < FARM_HINDSIGHT_KINDS; i++)
		sum.more[i] += whatif_answer(question->whatif, i + 1)->units_by - units;
	struct farm_question *next = create(farm, question->now_s + DAY_S, question->until_s);
	if (next) {
		next->hindsight = sum;
		farm_question_go_on(farm, question, next);
	} else if (farm->effects.found_out) {
		farm->effects.found_out(farm->effects.context, question->request,
			&(struct farm_finding){ .hindsight = &sum });
	}
}
