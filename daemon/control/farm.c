/* The farm's life: loading, turns, transactions.  What orders, jobs, attempts, printers and plans
 * do is in the farm_*.c of that name. */
#include "daemon/control/farm.h"

#include "daemon/control/farm_state.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- helpers ---- */

void farm_copy(char *to, size_t size, const char *from)
{
	size_t length = strlen(from);
	if (length >= size)
		length = size - 1;
	memmove(to, from, length);
	to[length] = '\0';
}

static int64_t id_of(const void *item)
{
	return *(const int64_t *)item;
}

/* Where `id` is or would be. */
static size_t place(const struct farm_index *index, int64_t id)
{
	size_t low = 0, high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (id_of(index->item[middle]) < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

void *farm_index_find(const struct farm_index *index, int64_t id)
{
	size_t at = place(index, id);
	return at < index->count && id_of(index->item[at]) == id ? index->item[at] : NULL;
}

int farm_index_add(struct farm_index *index, void *item)
{
	size_t at = place(index, id_of(item));
	if (at < index->count && id_of(index->item[at]) == id_of(item))
		return -EEXIST;
	if (index->count == index->room) {
		size_t room = index->room ? index->room * 2 : 16;
		void **bigger = realloc(index->item, room * sizeof(*bigger));
		if (!bigger)
			return -ENOMEM;
		index->item = bigger;
		index->room = room;
	}
	memmove(index->item + at + 1, index->item + at, (index->count - at) * sizeof(*index->item));
	index->item[at] = item;
	index->count++;
	return 0;
}

void farm_index_remove(struct farm_index *index, int64_t id)
{
	size_t at = place(index, id);
	if (at == index->count || id_of(index->item[at]) != id)
		return;
	index->count--;
	memmove(index->item + at, index->item + at + 1, (index->count - at) * sizeof(*index->item));
}

const char *farm_intern(struct farm *farm, const char *name)
{
	if (!name[0])
		return "";
	size_t low = 0, high = farm->name_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = strcmp(farm->name[middle], name);
		if (order == 0)
			return farm->name[middle];
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	if (farm->name_count == farm->name_room) {
		size_t room = farm->name_room ? farm->name_room * 2 : 32;
		char **bigger = realloc(farm->name, room * sizeof(*bigger));
		if (!bigger)
			return "";
		farm->name = bigger;
		farm->name_room = room;
	}
	char *copy = strdup(name);
	if (!copy)
		return "";
	memmove(farm->name + low + 1, farm->name + low,
		(farm->name_count - low) * sizeof(*farm->name));
	farm->name[low] = copy;
	farm->name_count++;
	return copy;
}

int farm_writable(const struct farm *farm, struct error *error)
{
	if (!farm->broken)
		return 0;
	error_set(error,
		"the ledger cannot be written (%s): nothing is accepted or started until the disk "
		"is "
		"repaired and printfarmd restarted",
		farm->broken_reason);
	return -EROFS;
}

/* ---- what changed in this turn ---- */

void farm_changed(struct farm *farm)
{
	farm->facts++;
	farm->news_count++;
	farm->polish_left = FARM_POLISHES;
	farm->plan_wanted = true;
}

void farm_touch_order(struct farm *farm, struct farm_order *order)
{
	farm_changed(farm);
	if (order->dirty)
		return;
	order->dirty = true;
	order->next_dirty = farm->dirty_orders;
	farm->dirty_orders = order;
}

void farm_touch_job(struct farm *farm, struct farm_job *job)
{
	farm_changed(farm);
	job->changed_s = farm->now_s;
	if (job->dirty)
		return;
	job->dirty = true;
	job->next_dirty = farm->dirty_jobs;
	farm->dirty_jobs = job;
}

void farm_touch_printer(struct farm *farm, struct farm_printer *printer)
{
	farm_changed(farm);
	if (printer->dirty)
		return;
	printer->dirty = true;
	printer->next_dirty = farm->dirty_printers;
	farm->dirty_printers = printer;
}

void farm_put(struct farm *farm, enum farm_change_kind kind, const void *row, size_t size)
{
	farm_changed(farm);
	farm_changes_add(&farm->changes, kind, row, size, NULL);
}

static struct farm_after *add_after(struct farm *farm, enum farm_after_kind kind)
{
	struct farm_after *after = calloc(1, sizeof(*after));
	if (!after) {
		farm->changes.failed = true;
		return NULL;
	}
	after->kind = kind;
	*farm->after_last = after;
	farm->after_last = &after->next;
	return after;
}

void farm_after_durable(
	struct farm *farm, enum farm_after_kind kind, const char *printer, const char *attempt)
{
	struct farm_after *after = add_after(farm, kind);
	if (!after)
		return;
	farm_copy(after->printer, sizeof(after->printer), printer);
	farm_copy(after->attempt, sizeof(after->attempt), attempt);
}

static void say(struct farm *farm, const char *kind, const char *subject, const char *user,
	const char *format, va_list arguments) __attribute__((format(printf, 5, 0)));

static void say(struct farm *farm, const char *kind, const char *subject, const char *user,
	const char *format, va_list arguments)
{
	struct event_record event = { .id = farm->next_event_id++, .at_s = farm->now_s };
	farm_copy(event.kind, sizeof(event.kind), kind);
	farm_copy(event.subject, sizeof(event.subject), subject);
	farm_copy(event.user, sizeof(event.user), user ? user : "");
	vsnprintf(event.text, sizeof(event.text), format, arguments);
	farm_changes_add(&farm->changes, CHANGE_EVENT, &event, sizeof(event), NULL);
	farm_promises_news(farm, &event);
	farm->facts++;
	struct farm_after *after = add_after(farm, AFTER_EVENT);
	if (after)
		after->event = event;
}

void farm_say(struct farm *farm, const char *kind, const char *subject, const char *user,
	const char *format, ...)
{
	va_list arguments;
	va_start(arguments, format);
	say(farm, kind, subject, user, format, arguments);
	va_end(arguments);
}

void farm_say_id(struct farm *farm, const char *kind, int64_t subject, const char *user,
	const char *format, ...)
{
	char id[24];
	snprintf(id, sizeof(id), "%lld", (long long)subject);
	va_list arguments;
	va_start(arguments, format);
	say(farm, kind, id, user, format, arguments);
	va_end(arguments);
}

void farm_remember_answer(struct farm *farm, const struct idempotency_record *record)
{
	farm_changes_add(
		&farm->changes, CHANGE_IDEMPOTENCY, record, sizeof(*record), record->answer);
}

/* ---- transactions ---- */

static void gather_jobs(struct farm *farm)
{
	while (farm->dirty_jobs) {
		struct farm_job *job = farm->dirty_jobs;
		farm->dirty_jobs = job->next_dirty;
		job->dirty = false;
		job->stored = true;
		struct job_record record = {
			.id = job->id,
			.order = job->order->record.id,
			.state = job->state,
			.plate = job->plate ? job->plate->record.id : 0,
			.tries = job->tries,
			.good = job->good,
			.scrap = job->scrap,
			.created_s = job->created_s,
			.changed_s = job->changed_s,
		};
		farm_copy(record.printer, sizeof(record.printer), job->printer);
		farm_copy(record.reason, sizeof(record.reason), job->reason ? job->reason : "");
		farm_copy(record.failed_on, sizeof(record.failed_on), job->failed_on);
		farm_changes_add(&farm->changes, CHANGE_JOB, &record, sizeof(record), NULL);
	}
}

static void gather(struct farm *farm)
{
	while (farm->dirty_orders) {
		struct farm_order *order = farm->dirty_orders;
		farm->dirty_orders = order->next_dirty;
		order->dirty = false;
		farm_changes_add(
			&farm->changes, CHANGE_ORDER, &order->record, sizeof(order->record), NULL);
	}
	gather_jobs(farm);
	while (farm->dirty_printers) {
		struct farm_printer *printer = farm->dirty_printers;
		farm->dirty_printers = printer->next_dirty;
		printer->dirty = false;
		farm_changes_add(&farm->changes, CHANGE_PRINTER, &printer->record,
			sizeof(printer->record), NULL);
	}
}

static void free_after(struct farm_after *after)
{
	while (after) {
		struct farm_after *next = after->next;
		free(after);
		after = next;
	}
}

static void break_farm(struct farm *farm, const char *reason)
{
	if (farm->broken)
		return;
	farm->broken = true;
	farm->facts++;
	farm_copy(farm->broken_reason, sizeof(farm->broken_reason), reason);
}

static void commit(struct farm *farm)
{
	gather(farm);
	if (farm->changes.count == 0 && !farm->after_first)
		return;
	farm_changes_sort(&farm->changes);
	struct farm_commit *commit = farm->broken ? NULL : calloc(1, sizeof(*commit));
	if (!farm->broken && (!commit || farm->changes.failed)) {
		/* Memory is ahead of the ledger now: only a restart brings them together. */
		break_farm(farm, "out of memory");
		free(commit);
		commit = NULL;
	}
	if (!commit) {
		free_after(farm->after_first);
	} else {
		commit->ticket = ++farm->ticket;
		commit->first = farm->after_first;
		*farm->commit_last = commit;
		farm->commit_last = &commit->next;
	}
	farm->after_first = NULL;
	farm->after_last = &farm->after_first;
	struct farm_changes changes = farm->changes;
	farm_changes_init(&farm->changes);
	if (commit)
		farm->effects.commit(farm->effects.context, &changes, commit->ticket);
	farm_changes_finish(&changes);
}

static void tell_booked(struct farm *farm, const struct farm_after *after)
{
	struct wire_message message = { .kind = WIRE_BOOKED };
	farm_copy(message.printer, sizeof(message.printer), after->printer);
	farm_copy(message.attempt, sizeof(message.attempt), after->attempt);
	farm->effects.send(farm->effects.context, &message);
}

static void perform(struct farm *farm, const struct farm_after *after)
{
	switch (after->kind) {
	case AFTER_EVENT:
		farm->durable_event_id = after->event.id;
		farm->facts++;
		farm->effects.happened(farm->effects.context, &after->event);
		break;
	case AFTER_START:
		if (!farm->broken) /* an earlier transaction is lost: nothing starts any more */
			farm_start_attempt(farm, after->printer, after->attempt);
		break;
	case AFTER_BOOKED:
		tell_booked(farm, after);
		break;
	}
}

void farm_durable(struct farm *farm, uint64_t ticket, int error, const char *reason)
{
	struct farm_commit *commit = farm->commit_first;
	if (!commit || commit->ticket != ticket)
		return;
	farm->commit_first = commit->next;
	if (!farm->commit_first)
		farm->commit_last = &farm->commit_first;
	if (error)
		break_farm(farm, reason && reason[0] ? reason : strerror(-error));
	else
		farm->durable_ticket = ticket;
	for (const struct farm_after *after = commit->first; after && !error; after = after->next)
		perform(farm, after);
	free_after(commit->first);
	free(commit);
}

uint64_t farm_durable_ticket(const struct farm *farm)
{
	return farm->durable_ticket;
}

uint64_t farm_ticket(const struct farm *farm)
{
	return farm->ticket;
}

bool farm_is_broken(const struct farm *farm)
{
	return farm->broken;
}

/* ---- turns ---- */

void farm_time(struct farm *farm, int64_t now_s, int64_t now_us, int64_t week_start_s)
{
	farm->now_s = now_s;
	farm->now_us = now_us;
	farm->week_start_s = week_start_s;
	farm_quota_time(farm, now_s);
	if (farm->next_question_s && now_s >= farm->next_question_s) {
		farm->next_question_s = 0;
		farm->plan_wanted = true;
	}
	bool printing = false;
	for (size_t i = 0; i < farm->printer_count; i++) {
		struct farm_printer *printer = farm->printer[i];
		printing |= printer->attempt != NULL;
		if (printer->ready_after_us && now_us >= printer->ready_after_us) {
			printer->ready_after_us = 0;
			farm_changed(farm);
		}
		if (printer->attempt && now_us >= printer->attempt->missing_since_us &&
			now_us - printer->attempt->missing_since_us >= FARM_DECIDE_US)
			farm_attempt_decide(farm, printer->attempt);
	}
	if ((printing || farm->config->hours_count || farm->staff.until_s > farm->staff.from_s) &&
		now_us - farm->planned_us >= FARM_REPLAN_US)
		farm->plan_wanted = true;
}

void farm_set_opening(struct farm *farm, struct opening *staff, struct opening *noise)
{
	opening_finish(&farm->staff);
	opening_finish(&farm->noise);
	farm->staff = *staff;
	farm->noise = *noise;
	*staff = *noise = (struct opening){ 0 };
	farm_changed(farm);
}

void farm_plan_now(struct farm *farm, int64_t moves)
{
	farm_plan_step(farm, moves);
	/* What an order is promised belongs to the answer that makes it. */
	for (int i = 0; i < 3 && farm->promise; i++)
		farm_promises_step(farm, moves);
}

uint64_t farm_turn(struct farm *farm, int64_t moves)
{
	farm_plan_step(farm, moves);
	farm_spent_step(farm);
	commit(farm);
	return farm->ticket;
}

static int64_t earlier(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

int64_t farm_next_us(const struct farm *farm)
{
	if (farm->plan_wanted || farm->planner || farm->promise || farm->questions ||
		farm_plan_may_polish(farm))
		return farm->broken ? INT64_MAX : farm->now_us;
	int64_t next_us = INT64_MAX;
	bool printing = false;
	for (size_t i = 0; i < farm->printer_count; i++) {
		const struct farm_printer *printer = farm->printer[i];
		if (printer->ready_after_us)
			next_us = earlier(next_us, printer->ready_after_us);
		if (!printer->attempt)
			continue;
		printing = true;
		if (printer->attempt->missing_since_us != INT64_MAX)
			next_us = earlier(
				next_us, printer->attempt->missing_since_us + FARM_DECIDE_US);
	}
	if (farm->next_question_s) {
		/* Wall time may jump while we sleep: look at least once a minute. */
		int64_t wait_s = earlier(farm->next_question_s - farm->now_s, 60);
		next_us = earlier(next_us, farm->now_us + (wait_s > 0 ? wait_s : 0) * 1000000);
	}
	if (printing && farm->planned_count)
		next_us = earlier(next_us, farm->planned_us + FARM_REPLAN_US);
	return next_us > farm->now_us ? next_us : farm->now_us;
}

/* ---- life ---- */

struct farm *farm_create(const struct config *config, const struct farm_effects *effects)
{
	struct farm *farm = calloc(1, sizeof(*farm));
	if (!farm)
		return NULL;
	farm->effects = *effects;
	farm->after_last = &farm->after_first;
	farm->commit_last = &farm->commit_first;
	farm->next_design_id = farm->next_plate_id = farm->next_approval_id = farm->next_order_id =
		farm->next_job_id = farm->next_spool_id = farm->next_promise_id =
			farm->next_delivery_id = farm->next_event_id = 1;
	farm->next_clearing_id = farm->next_maintenance_id = 1;
	farm->next_spent_id = 1;
	farm->next_request = 1;
	farm->plan_seed = 1;
	farm->config = config;
	farm_clearing_configure(farm);
	return farm;
}

static void free_index(struct farm_index *index)
{
	for (size_t i = 0; i < index->count; i++)
		free(index->item[i]);
	free(index->item);
}

void farm_destroy(struct farm *farm)
{
	if (!farm)
		return;
	farm->effects.found_out = NULL; /* nobody is left to be told */
	farm_plan_forget(farm);
	for (size_t i = 0; i < farm->jobs.count; i++)
		free(((struct farm_job *)farm->jobs.item[i])->reason);
	for (size_t i = 0; i < farm->orders.count; i++)
		free(((struct farm_order *)farm->orders.item[i])->jobs.item);
	for (size_t i = 0; i < farm->orders.count; i++)
		free(((struct farm_order *)farm->orders.item[i])->promise);
	for (size_t i = 0; i < farm->orders.count; i++)
		free(((struct farm_order *)farm->orders.item[i])->delivery);
	free_index(&farm->jobs);
	free_index(&farm->orders);
	free_index(&farm->plates);
	free_index(&farm->designs);
	free_index(&farm->spools);
	for (size_t i = 0; i < farm->file_count; i++)
		free(farm->file[i]);
	free(farm->file);
	for (size_t i = 0; i < farm->printer_count; i++)
		farm_printer_destroy(farm->printer[i]);
	free(farm->printer);
	for (size_t i = 0; i < farm->name_count; i++)
		free(farm->name[i]);
	free(farm->name);
	farm_changes_finish(&farm->changes);
	free_after(farm->after_first);
	while (farm->commit_first) {
		struct farm_commit *commit = farm->commit_first;
		farm->commit_first = commit->next;
		free_after(commit->first);
		free(commit);
	}
	free(farm->planned);
	free(farm->account);
	free(farm->kept_plan);
	opening_finish(&farm->staff);
	opening_finish(&farm->noise);
	free(farm);
}

uint64_t farm_facts(const struct farm *farm)
{
	return farm->facts;
}

uint64_t farm_reports(const struct farm *farm)
{
	return farm->reports;
}

int64_t farm_last_event_id(const struct farm *farm)
{
	return farm->durable_event_id;
}

const struct config *farm_config(const struct farm *farm)
{
	return farm->config;
}
