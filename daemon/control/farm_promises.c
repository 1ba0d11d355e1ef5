/* Promises: by when each order will be done, in nine of ten cases; how that has moved, and why; and
 * how many of the promises were kept, which the next ones learn from.
 *
 * After a plan it is lived through (scheduler/promise.h), a piece in each turn.  An order's first
 * promise stands for ever, and is what counts as kept or broken; it is made anew only when somebody
 * wants something else of the order.  What is said in between moves only when the new answer
 * differs by more than PROMISE_MOVES_PERCENT of the time that is left. */
#include "daemon/control/farm_state.h"

#include "scheduler/promise_kept.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	PROMISE_MOVES_PERCENT = 10,
	PROMISE_MOVES_S = 900,		/* and not for less */
	PROMISE_AGES_US = 60 * 1000000, /* without news it is made again so often at most */
	PROMISE_ORDERS_A_STEP = 100,
	RANK_ROUTINE = 0,
	RANK_USUAL = 2,
	RANK_OWN = 10, /* on top, for the order's own events */
};

/* ---- what has happened since the last promises ---- */

/* How well an event explains that orders are done later, or earlier. */
static const struct {
	const char *kind, *words;
	int rank;
} explanations[] = {
	{ "job", " failed on ", 8 },
	{ "job", " needs a look", 8 },
	{ "printer", " is locked", 7 },
	{ "printer", " is in quarantine", 7 },
	{ "printer", " is out of quarantine", 5 },
	{ "printer", "emergency stop", 7 },
	{ "printer", " wants a person", 6 },
	{ "printer", " gets no new jobs", 6 },
	{ "printer", " is offline", 6 },
	{ "printer", " may get new jobs", 5 },
	{ "printer", " is unlocked", 5 },
	{ "printer", " is online", 4 },
	{ "printer", "the bed of ", RANK_ROUTINE },
	{ "printer", "a start is confirmed", RANK_ROUTINE },
	{ "design", " is approved", 6 },
	{ "design", "revoked", 6 },
	{ "design", "", RANK_ROUTINE },
	{ "config", "", 5 },
	{ "spool", "", 3 },
	{ "order", " is done", 1 },
	{ "order", "promised", RANK_ROUTINE },
	{ "job", " starts on ", RANK_ROUTINE },
	{ "job", " is printed on ", RANK_ROUTINE },
	{ "job", ", 0 scrap", RANK_ROUTINE },
	{ "job", " scrap", 6 },
};

void farm_promises_news(struct farm *farm, const struct event_record *event)
{
	int rank = RANK_USUAL;
	for (size_t i = 0; i < sizeof(explanations) / sizeof(explanations[0]); i++)
		if (strcmp(event->kind, explanations[i].kind) == 0 &&
			strstr(event->text, explanations[i].words)) {
			rank = explanations[i].rank;
			break;
		}
	if (rank == RANK_ROUTINE)
		return;
	struct farm_news *worst = &farm->news[0];
	for (size_t i = 1; i < FARM_NEWS_MAX; i++)
		if (farm->news[i].rank < worst->rank)
			worst = &farm->news[i];
	if (worst->rank > rank)
		return;
	long long id = strtoll(event->subject, NULL, 10);
	const struct farm_job *job =
		strcmp(event->kind, "job") == 0 ? farm_index_find(&farm->jobs, id) : NULL;
	worst->event = event->id;
	worst->rank = rank;
	worst->order = strcmp(event->kind, "order") == 0 ? id : job ? job->order->record.id : 0;
	farm_copy(worst->text, sizeof(worst->text), event->text);
}

static void explain(const struct farm *farm, const struct farm_order *order, bool later,
	char cause[REASON_MAX_BYTES])
{
	const struct farm_news *best = NULL;
	int best_rank = RANK_ROUTINE;
	for (size_t i = 0; i < FARM_NEWS_MAX; i++) {
		const struct farm_news *news = &farm->news[i];
		int rank = news->event < farm->promised_event ? news->rank : RANK_ROUTINE;
		if (rank > RANK_ROUTINE && news->order == order->record.id)
			rank += RANK_OWN;
		if (rank > best_rank)
			best = news;
		if (rank > best_rank)
			best_rank = rank;
	}
	if (best) {
		farm_copy(cause, REASON_MAX_BYTES, best->text);
		return;
	}
	const struct farm_printer *waiting = NULL;
	for (size_t i = 0; i < farm->printer_count && later; i++) {
		const struct farm_printer *printer = farm->printer[i];
		if (printer->attempt || printer->removed || printer->record.bed == BED_EMPTY)
			continue;
		if (!waiting || printer->bed_since_s < waiting->bed_since_s)
			waiting = printer;
	}
	if (waiting && farm->now_s - waiting->bed_since_s > farm->config->clear_s)
		snprintf(cause, REASON_MAX_BYTES, "%s waits to be cleared, for %lld min now",
			waiting->name, (long long)(farm->now_s - waiting->bed_since_s) / 60);
	else
		farm_copy(cause, REASON_MAX_BYTES,
			later ? "it goes on more slowly than was to be expected"
			      : "it goes on faster than was to be expected");
}

/* ---- kept and broken ---- */

/* Of the latest orders, and of those that are late already and not done. */
static double learned_stretch(const struct farm *farm, const struct calendar *calendar)
{
	double score[PROMISE_SCORES_MAX];
	size_t count = 0, open_count = 0;
	for (size_t i = farm->orders.count; i-- > 0 && open_count < PROMISE_SCORES_MAX / 3;) {
		const struct farm_order *order = farm->orders.item[i];
		const struct promise_record *given = farm_promise_given(order);
		if (order->record.state != ORDER_OPEN || !given || farm->now_s <= given->model_s)
			continue;
		score[count++] =
			promise_score(calendar, given->made_s, given->model_s, farm->now_s);
		open_count++;
	}
	for (size_t i = 0; i < farm->score_count && count < PROMISE_SCORES_MAX; i++)
		score[count++] = farm->score[i];
	return promise_stretch(score, count);
}

static void keep_score(struct farm *farm, const struct promise_record *given)
{
	struct calendar calendar;
	if (given->model_s <= given->made_s)
		return;
	farm_calendar(farm, &calendar);
	farm->score[farm->score_next] =
		promise_score(&calendar, given->made_s, given->model_s, given->done_s);
	farm->score_next = (farm->score_next + 1) % PROMISE_SCORES_MAX;
	if (farm->score_count < PROMISE_SCORES_MAX)
		farm->score_count++;
}

static void count_given(struct farm *farm, const struct promise_record *given)
{
	if (!given->done_s)
		return;
	farm->promises_made++;
	farm->promises_kept += given->done_s <= given->promised_s ? 1 : 0;
	keep_score(farm, given);
}

struct promise_record *farm_promise_given(const struct farm_order *order)
{
	for (size_t i = order->promise_count; i-- > 0;)
		if (order->promise[i].given)
			return &order->promise[i];
	return NULL;
}

void farm_promises_done(struct farm *farm, struct farm_order *order)
{
	struct promise_record *given = farm_promise_given(order);
	if (!given || given->done_s)
		return;
	given->done_s = farm->now_s;
	count_given(farm, given);
	farm_put(farm, CHANGE_PROMISE, given, sizeof(*given));
}

void farm_promises_kept(const struct farm *farm, struct farm_promises_kept *kept)
{
	*kept = (struct farm_promises_kept){
		.confidence_percent = PROMISE_PERCENT,
		.made = farm->promises_made,
		.kept = farm->promises_kept,
	};
	for (size_t i = 0; i < farm->orders.count; i++) {
		const struct farm_order *order = farm->orders.item[i];
		const struct promise_record *given = farm_promise_given(order);
		if (!given || order->record.state != ORDER_OPEN)
			continue;
		kept->open++;
		kept->overdue += farm->now_s > given->promised_s ? 1 : 0;
	}
}

int farm_load_promise(struct farm *farm, const struct promise_record *record)
{
	struct farm_order *order = farm_index_find(&farm->orders, record->order);
	if (!order)
		return -EINVAL;
	if (record->id >= farm->next_promise_id)
		farm->next_promise_id = record->id + 1;
	struct promise_record *bigger =
		realloc(order->promise, (order->promise_count + 1) * sizeof(*bigger));
	if (!bigger)
		return -ENOMEM;
	order->promise = bigger;
	order->promise[order->promise_count++] = *record;
	order->promised_s = order->record.state == ORDER_OPEN ? record->promised_s : 0;
	if (record->given)
		count_given(farm, record);
	return 0;
}

/* ---- what is said ---- */

static bool wants_the_same(const struct farm_order *order, const struct promise_record *given)
{
	return given->units == order->record.units && given->due_s == order->record.due_s &&
	       given->priority == order->record.priority;
}

/* Beyond FARM_PROMISES_MAX the latest row takes the place of the one before it. */
static void say_promise(struct farm *farm, struct farm_order *order, struct promise_record *record)
{
	bool is_full = order->promise_count >= FARM_PROMISES_MAX &&
		       !order->promise[order->promise_count - 1].given && !record->given;
	order->promised_s = record->promised_s;
	if (is_full) {
		record->id = order->promise[order->promise_count - 1].id;
		order->promise[order->promise_count - 1] = *record;
	} else {
		record->id = farm->next_promise_id;
		if (farm_load_promise(farm, record) != 0) {
			farm->changes.failed = true;
			return;
		}
	}
	farm_changes_add(&farm->changes, CHANGE_PROMISE, record, sizeof(*record), NULL);
	farm->facts++;
}

static void give(struct farm *farm, struct farm_order *order, struct promise_record *record,
	const struct promise_record *before)
{
	record->given = true;
	if (!before)
		farm_copy(record->cause, sizeof(record->cause), "it was ordered");
	else
		snprintf(record->cause, sizeof(record->cause),
			"something else is wanted: %lld unit%s, priority %d%s",
			(long long)record->units, record->units == 1 ? "" : "s",
			(int)record->priority,
			before->due_s != record->due_s ? ", another due date" : "");
	order->was_held = false;
	say_promise(farm, order, record);
}

/* More than a stated share of the time that is left; and what is past is no promise. */
static bool has_moved(const struct farm *farm, int64_t old_s, int64_t new_s)
{
	int64_t left_s = old_s - farm->now_s, off_s = new_s > old_s ? new_s - old_s : old_s - new_s;
	int64_t share_s = left_s * PROMISE_MOVES_PERCENT / 100;
	if (old_s == 0 || new_s == 0)
		return old_s != new_s;
	if (left_s <= 0)
		return new_s > farm->now_s;
	return off_s > (share_s > PROMISE_MOVES_S ? share_s : PROMISE_MOVES_S);
}

static void judge(struct farm *farm, struct farm_order *order, const struct promise_band *band,
	int64_t promised_s)
{
	const struct promise_record *given = farm_promise_given(order);
	struct promise_record record = {
		.order = order->record.id,
		.made_s = farm->now_s,
		.low_s = band->low_s,
		.likely_s = band->likely_s,
		.promised_s = promised_s,
		.model_s = band->high_s,
		.confidence_percent = PROMISE_PERCENT,
		.units = order->record.units,
		.due_s = order->record.due_s,
		.priority = order->record.priority,
	};
	bool is_new = !given || order->was_held || !wants_the_same(order, given);
	if (is_new && promised_s)
		give(farm, order, &record, given);
	else if (!is_new && has_moved(farm, order->promised_s, promised_s)) {
		explain(farm, order, promised_s > order->promised_s, record.cause);
		say_promise(farm, order, &record);
	}
}

static void update(struct farm *farm, struct farm_order *order, const struct promise_band *band,
	const struct calendar *calendar, double stretch)
{
	int64_t high_s = band->high_s;
	if (high_s > farm->now_s)
		high_s = promise_stretched_s(calendar, farm->now_s, high_s, stretch);
	if (high_s && high_s < band->likely_s)
		high_s = band->likely_s;
	order->low_s = band->low_s;
	order->likely_s = band->likely_s;
	order->high_s = high_s;
	judge(farm, order, band, high_s);
}

/* ---- making promises ---- */

void farm_promises_forget(struct farm *farm)
{
	promise_destroy(farm->promise);
	free(farm->promise_answer_of);
	free(farm->promise_on_bed);
	free(farm->promise_order);
	farm->promise = NULL;
	farm->promise_answer_of = farm->promise_on_bed = NULL;
	farm->promise_order = NULL;
	farm->promise_next = 0;
}

/* Which of the orders that get an answer this is; a new one if it has none. */
static size_t answer_of(struct farm *farm, struct farm_order *order)
{
	if (order->promise_answer == 0) {
		farm->promise_order[farm->promise_orders++] = order;
		order->promise_answer = farm->promise_orders;
	}
	return order->promise_answer - 1;
}

static struct farm_order *order_on(const struct farm *farm, const struct farm_printer *printer)
{
	if (printer->attempt)
		return printer->attempt->job->order;
	const struct farm_job *job = farm_index_find(&farm->jobs, printer->record.bed_job);
	return job && job->state == JOB_PRINTED ? job->order : NULL;
}

static bool begin(struct farm *farm, const struct farm_world *world,
	const struct planner_result *plan, struct farm_order *extra)
{
	size_t orders = plan->order_count, printers = world->world.printer_count;
	for (size_t i = 0; i < farm->orders.count; i++)
		((struct farm_order *)farm->orders.item[i])->promise_answer = 0;
	if (extra)
		extra->promise_answer = 0;
	farm->promise_orders = 0;
	farm->promise_answer_of = calloc(orders + 1, sizeof(*farm->promise_answer_of));
	farm->promise_on_bed = calloc(printers + 1, sizeof(*farm->promise_on_bed));
	farm->promise_order = calloc(orders + printers + 1, sizeof(struct farm_order *));
	if (!farm->promise_answer_of || !farm->promise_on_bed || !farm->promise_order)
		return false;
	for (size_t i = 0; i < orders; i++)
		farm->promise_answer_of[i] = answer_of(farm, world->order_of[i]);
	for (size_t i = 0; i < printers; i++) {
		struct farm_order *order = order_on(farm, world->printer_of[i]);
		farm->promise_on_bed[i] = order ? answer_of(farm, order) : PROMISE_NOTHING;
	}
	farm->promise = promise_begin(&(struct promise_question){
		.plan = plan,
		.now_s = farm->now_s,
		.seed = farm->plan_seed,
		.answer_count = farm->promise_orders,
		.answer_of = farm->promise_answer_of,
		.on_bed = farm->promise_on_bed,
	});
	return farm->promise;
}

void farm_promises_begin(
	struct farm *farm, const struct farm_world *world, const struct planner_result *plan)
{
	bool is_old = farm->now_us - farm->promised_us >= PROMISE_AGES_US;
	if (farm->news_count == farm->promised_news && !is_old)
		return;
	farm->promised_us = farm->now_us;
	farm->promised_news = farm->news_count;
	farm->promised_event = farm->next_event_id;
	farm_promises_forget(farm);
	if (!begin(farm, world, plan, NULL))
		farm_promises_forget(farm);
}

/* Of an order for which the plan has no answer nothing can be said. */
static bool is_said(
	const struct farm *farm, const struct farm_order *order, const struct promise_band **band)
{
	*band = order->promise_answer ? &promise_result(farm->promise)[order->promise_answer - 1]
				      : NULL;
	return *band && order->planned_s > 0;
}

static void tell(struct farm *farm, struct farm_order *order, const struct calendar *calendar)
{
	static const struct promise_band nothing;
	const struct promise_band *band;
	if (order->record.state != ORDER_OPEN) {
		order->low_s = order->likely_s = order->high_s = order->promised_s = 0;
		order->was_held |= order->record.state == ORDER_HELD;
		return;
	}
	if (!is_said(farm, order, &band))
		band = &nothing;
	update(farm, order, band, calendar, farm->promise_stretch);
}

static void end(struct farm *farm)
{
	/* What has happened meanwhile explains the next ones. */
	for (size_t i = 0; i < FARM_NEWS_MAX; i++)
		if (farm->news[i].event < farm->promised_event)
			farm->news[i] = (struct farm_news){ 0 };
	farm->facts++;
	farm_promises_forget(farm);
}

/* Some open orders at a time; what is closed costs nothing.  true: there are more. */
static bool tell_some(struct farm *farm)
{
	struct calendar calendar;
	size_t told = 0;
	farm_calendar(farm, &calendar);
	if (farm->promise_next == 0)
		farm->promise_stretch = learned_stretch(farm, &calendar);
	while (farm->promise_next < farm->orders.count && told < PROMISE_ORDERS_A_STEP) {
		struct farm_order *order = farm->orders.item[farm->promise_next++];
		told += order->record.state == ORDER_OPEN ? 1 : 0;
		tell(farm, order, &calendar);
	}
	return farm->promise_next < farm->orders.count;
}

bool farm_promises_step(struct farm *farm, int64_t moves)
{
	if (!farm->promise)
		return false;
	if (promise_step(farm->promise, moves) || tell_some(farm))
		return true;
	end(farm);
	return false;
}

bool farm_promises_quote(struct farm *farm, const struct farm_world *world,
	const struct planner_result *plan, struct farm_order *extra, struct promise_band *band)
{
	struct calendar calendar;
	if (farm->promise) {
		/* Those that were under way are made again. */
		farm->promised_us = INT64_MIN / 2;
		farm->plan_wanted = true;
	}
	farm_promises_forget(farm);
	bool is_ready = begin(farm, world, plan, extra);
	while (is_ready && promise_step(farm->promise, PROMISE_PRINTS))
		;
	if (is_ready) {
		farm_calendar(farm, &calendar);
		*band = promise_result(farm->promise)[extra->promise_answer - 1];
		if (band->high_s > farm->now_s)
			band->high_s = promise_stretched_s(&calendar, farm->now_s, band->high_s,
				learned_stretch(farm, &calendar));
		is_ready = band->high_s > 0;
	}
	farm_promises_forget(farm);
	return is_ready;
}

/* ---- views ---- */

size_t farm_promise_count(const struct farm *farm, int64_t id)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	return order ? order->promise_count : 0;
}

const struct promise_record *farm_promise_at(const struct farm *farm, int64_t id, size_t index)
{
	const struct farm_order *order = farm_index_find(&farm->orders, id);
	return order && index < order->promise_count ? &order->promise[index] : NULL;
}
