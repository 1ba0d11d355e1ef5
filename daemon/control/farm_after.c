/* Orders that wait for others: which are accepted, what they wait for now, what becomes of them
 * when one is cancelled. */
#include "daemon/control/farm_state.h"

#include "scheduler/calendar.h"
#include "scheduler/match.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the list as a text: "7,9" ---- */

void farm_after_put(char text[ORDER_AFTER_BYTES], const int64_t *after, size_t count)
{
	size_t length = 0;
	text[0] = '\0';
	for (size_t i = 0; i < count && i < ORDER_AFTER_MAX; i++)
		length += (size_t)snprintf(text + length, ORDER_AFTER_BYTES - length, "%s%lld",
			i ? "," : "", (long long)after[i]);
}

size_t farm_after_of(const struct order_record *record, int64_t after[ORDER_AFTER_MAX])
{
	const char *at = record->after;
	size_t count = 0;
	while (*at && count < ORDER_AFTER_MAX) {
		char *end;
		after[count++] = strtoll(at, &end, 10);
		if (end == at)
			return count - 1;
		at = *end == ',' ? end + 1 : end;
	}
	return count;
}

/* ---- what is accepted ---- */

/* "7 after 9 after 7": from the order that was reached back to where the search began. */
static void put_circle(struct farm_order *last, int64_t id, char *text, size_t size)
{
	char chain[160] = "";
	/* The trail leads from the order to whoever waits for it: written from its end. */
	for (struct farm_order *at = last; at; at = at->trail) {
		char longer[sizeof(chain)];
		snprintf(longer, sizeof(longer), "%lld%s%.*s", (long long)at->record.id,
			chain[0] ? " after " : "", (int)sizeof(chain) - 32, chain);
		memcpy(chain, longer, sizeof(chain));
	}
	snprintf(text, size, "%lld after %s", (long long)id, chain);
}

/* Adds those that `from` waits for and that were not seen yet. */
static void add_after(const struct farm *farm, struct farm_order **queue, size_t *count,
	const int64_t *after, size_t after_count, struct farm_order *from)
{
	for (size_t i = 0; i < after_count; i++) {
		struct farm_order *order = farm_index_find(&farm->orders, after[i]);
		if (!order || order->is_seen)
			continue;
		order->is_seen = true;
		order->trail = from;
		queue[(*count)++] = order;
	}
}

/* Does any of them wait, over however many others, for order `id` itself? */
static int check_circle(const struct farm *farm, int64_t id, const int64_t *after, size_t count,
	struct error *error)
{
	struct farm_order **queue = calloc(farm->orders.count + 1, sizeof(*queue));
	size_t queued = 0;
	int result = queue ? 0 : -ENOMEM;
	for (size_t i = 0; i < farm->orders.count; i++)
		((struct farm_order *)farm->orders.item[i])->is_seen = false;
	if (queue)
		add_after(farm, queue, &queued, after, count, NULL);
	for (size_t i = 0; i < queued && !result; i++) {
		int64_t next[ORDER_AFTER_MAX];
		char circle[256];
		if (queue[i]->record.id == id) {
			put_circle(queue[i], id, circle, sizeof(circle));
			error_set(error, "order %lld would wait for itself: %s", (long long)id,
				circle);
			result = -EINVAL;
		}
		size_t next_count = farm_after_of(&queue[i]->record, next);
		add_after(farm, queue, &queued, next, next_count, queue[i]);
	}
	free(queue);
	return result;
}

int farm_after_check(const struct farm *farm, int64_t id, const int64_t *after, size_t count,
	struct error *error)
{
	if (count > ORDER_AFTER_MAX) {
		error_set(error, "an order waits for at most %d others: %zu were named",
			ORDER_AFTER_MAX, count);
		return -EINVAL;
	}
	for (size_t i = 0; i < count; i++) {
		const struct farm_order *order = farm_index_find(&farm->orders, after[i]);
		if (!order) {
			error_set(error, "there is no order %lld to wait for", (long long)after[i]);
			return -EINVAL;
		}
		if (order->record.state == ORDER_CANCELLED) {
			error_set(error, "order %lld is cancelled: nothing can wait for it",
				(long long)after[i]);
			return -EINVAL;
		}
	}
	return id && count ? check_circle(farm, id, after, count, error) : 0;
}

/* ---- what is waited for now ---- */

static bool is_awaited(const struct farm_order *order)
{
	return order && (order->record.state == ORDER_OPEN || order->record.state == ORDER_HELD);
}

const struct farm_order *farm_after_first(const struct farm *farm, const struct farm_order *order)
{
	int64_t after[ORDER_AFTER_MAX];
	size_t count = farm_after_of(&order->record, after);
	const struct farm_order *first = NULL;
	for (size_t i = 0; i < count; i++) {
		const struct farm_order *other = farm_index_find(&farm->orders, after[i]);
		if (is_awaited(other) && (!first || other->record.id < first->record.id))
			first = other;
	}
	return first;
}

int64_t farm_after_left(const struct farm_order *awaited)
{
	int64_t left = awaited->record.units - awaited->tally.good;
	return left > 0 ? left : 0;
}

static int64_t later(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

/* When what the plan need not start any more is printed; 0: there is no such thing. */
static int64_t end_of_started(const struct farm *farm, const struct farm_order *order)
{
	const struct farm_tally *tally = &order->tally;
	int64_t end_s = tally->printed > 0 ? farm->now_s : 0;
	if (tally->doubtful > 0)
		return CALENDAR_NEVER_S; /* a person decides, nobody knows when */
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_attempt *attempt = farm->printer[i]->attempt;
		if (attempt && attempt->job->order == order)
			end_s = later(end_s, farm->now_s + farm_attempt_eta_s(farm, attempt));
	}
	for (size_t i = 0; tally->wished > 0 && i < order->jobs.count; i++) {
		const struct farm_job *job = order->jobs.item[i];
		if (job->state == JOB_QUEUED && job->printer[0])
			end_s = later(end_s, later(farm->now_s, job->planned_end_s));
	}
	return end_s;
}

void farm_after_fill(
	const struct farm *farm, const struct farm_order *order, struct world_order *to)
{
	const struct farm_order *first = farm_after_first(farm, order);
	int64_t after[ORDER_AFTER_MAX];
	if (!first)
		return;
	to->waits_for = first->record.id;
	to->waits_units = first->record.units;
	to->waits_left = farm_after_left(first);
	size_t count = farm_after_of(&order->record, after);
	for (size_t i = 0; i < count; i++) {
		const struct farm_order *other = farm_index_find(&farm->orders, after[i]);
		if (!is_awaited(other))
			continue;
		to->after_end_s = later(to->after_end_s, end_of_started(farm, other));
		if (farm_order_to_plan(other) > 0)
			to->after[to->after_count++] = other->world_index;
	}
}

/* ---- what becomes of those that wait ---- */

static bool waits_for(const struct farm_order *order, int64_t id)
{
	int64_t after[ORDER_AFTER_MAX];
	size_t count = farm_after_of(&order->record, after);
	for (size_t i = 0; i < count; i++)
		if (after[i] == id)
			return true;
	return false;
}

void farm_after_cancelled(struct farm *farm, const struct farm_order *cancelled)
{
	long long id = (long long)cancelled->record.id;
	for (size_t i = 0; i < farm->orders.count; i++) {
		struct farm_order *order = farm->orders.item[i];
		if (order->record.state != ORDER_OPEN || !waits_for(order, cancelled->record.id))
			continue;
		order->record.state = ORDER_HELD;
		snprintf(order->record.hold_reason, sizeof(order->record.hold_reason),
			"order %lld, which it waits for, was cancelled", id);
		farm_touch_order(farm, order);
		farm_say_id(farm, "order", order->record.id, NULL,
			"order %lld is held: order %lld, which it waits for, was cancelled",
			(long long)order->record.id, id);
	}
}
