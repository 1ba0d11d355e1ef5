#include "tests/unit/farm_rig.h"

#include "base/error.h"
#include "drivers/driver.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { RIG_MOVES = 100000 };

/* ---- the disk ---- */

static const struct {
	size_t offset, row_bytes, key_bytes;
} tables[CHANGE_KIND_COUNT] = {
	[CHANGE_FILE] = { offsetof(struct rig, files), sizeof(struct file_record),
		SHA256_HEX_BYTES },
	[CHANGE_DESIGN] = { offsetof(struct rig, designs), sizeof(struct design_record), 8 },
	[CHANGE_PLATE] = { offsetof(struct rig, plates), sizeof(struct plate_record), 8 },
	[CHANGE_APPROVAL] = { offsetof(struct rig, approvals), sizeof(struct approval_record), 8 },
	[CHANGE_ORDER] = { offsetof(struct rig, orders), sizeof(struct order_record), 8 },
	[CHANGE_DELIVERY] = { offsetof(struct rig, deliveries), sizeof(struct delivery_record), 8 },
	[CHANGE_PROMISE] = { offsetof(struct rig, promises), sizeof(struct promise_record), 8 },
	[CHANGE_JOB] = { offsetof(struct rig, jobs), sizeof(struct job_record), 8 },
	[CHANGE_ATTEMPT] = { offsetof(struct rig, attempts), sizeof(struct attempt_record),
		ATTEMPT_ID_BYTES },
	[CHANGE_SPENT] = { offsetof(struct rig, spent), sizeof(struct spent_record), 8 },
	[CHANGE_SPOOL] = { offsetof(struct rig, spools), sizeof(struct spool_record), 8 },
	[CHANGE_PRINTER] = { offsetof(struct rig, printers), sizeof(struct printer_record),
		NAME_MAX_BYTES },
	[CHANGE_CLEARING] = { offsetof(struct rig, clearings), sizeof(struct clearing_record), 8 },
	[CHANGE_MAINTENANCE] = { offsetof(struct rig, maintenance),
		sizeof(struct maintenance_record), 8 },
};

static struct rig_table *table_of(struct rig *rig, enum farm_change_kind kind)
{
	return (struct rig_table *)((char *)rig + tables[kind].offset);
}

static void *find_row(const struct rig_table *table, const void *key, size_t key_bytes)
{
	/* From the end: what is asked for is young as a rule. */
	for (size_t i = table->count; i-- > 0;) {
		char *row = table->rows + i * table->row_bytes;
		if (key_bytes == 8 ? memcmp(row, key, 8) == 0 : strcmp(row, key) == 0)
			return row;
	}
	return NULL;
}

static void put_row(struct rig *rig, enum farm_change_kind kind, const void *row)
{
	struct rig_table *table = table_of(rig, kind);
	table->row_bytes = tables[kind].row_bytes;
	void *old = find_row(table, row, tables[kind].key_bytes);
	if (!old) {
		if (table->count == table->room) {
			table->room = table->room ? table->room * 2 : 64;
			table->rows = realloc(table->rows, table->room * table->row_bytes);
			assert_non_null(table->rows);
		}
		old = table->rows + table->count++ * table->row_bytes;
	}
	memcpy(old, row, table->row_bytes);
}

/* A step that the tables of lives.h do not know is a bug, wherever it comes from. */
static void check_steps(struct rig *rig, const struct farm_change *change)
{
	if (change->kind == CHANGE_ATTEMPT) {
		const struct attempt_record *old = rig_attempt(rig, change->row.attempt->id);
		if (old) {
			assert_int_equal(old->state, ATTEMPT_STARTED);
			assert_int_equal(old->plate, change->row.attempt->plate);
			assert_string_equal(old->sha256, change->row.attempt->sha256);
		} else {
			assert_int_equal(change->row.attempt->state, ATTEMPT_STARTED);
		}
		assert_non_null(rig_job(rig, change->row.attempt->job));
	}
	if (change->kind == CHANGE_JOB && change->row.job->state == JOB_INSPECTED) {
		const struct job_record *job = change->row.job;
		const struct plate_record *plate = find_row(&rig->plates, &job->plate, 8);
		assert_non_null(plate);
		assert_int_equal(job->good + job->scrap, plate->yield);
		assert_true(job->good >= 0 && job->scrap >= 0);
	}
}

static void apply(struct rig *rig, const struct farm_change *change)
{
	check_steps(rig, change);
	switch (change->kind) {
	case CHANGE_DROP_JOB: {
		struct job_record *job =
			find_row(&rig->jobs, change->row.drop_job, sizeof(int64_t));
		if (!job)
			return;
		assert_int_equal(job->tries, 0);
		assert_true(job->state == JOB_QUEUED || job->state == JOB_HELD);
		size_t at = (size_t)(job - (struct job_record *)rig->jobs.rows);
		memmove(job, job + 1, (--rig->jobs.count - at) * sizeof(*job));
		return;
	}
	case CHANGE_EVENT:
		assert_true(change->row.event->id > rig->last_event_id);
		rig->last_event_id = change->row.event->id;
		return;
	case CHANGE_IDEMPOTENCY:
	case CHANGE_PHOTO:
	case CHANGE_KIND_COUNT:
		return;
	case CHANGE_FILE:
	case CHANGE_DESIGN:
	case CHANGE_PLATE:
	case CHANGE_APPROVAL:
	case CHANGE_ORDER:
	case CHANGE_PROMISE:
	case CHANGE_DELIVERY:
	case CHANGE_JOB:
	case CHANGE_ATTEMPT:
	case CHANGE_SPENT:
	case CHANGE_SPOOL:
	case CHANGE_PRINTER:
	case CHANGE_CLEARING:
	case CHANGE_MAINTENANCE:
		put_row(rig, change->kind, change->row.owned);
		return;
	}
}

static void on_commit(void *context, const struct farm_changes *changes, uint64_t ticket)
{
	struct rig *rig = context;
	struct rig_commit *commit = calloc(1, sizeof(*commit));
	assert_non_null(commit);
	commit->ticket = ticket;
	farm_changes_init(&commit->changes);
	for (size_t i = 0; i < changes->count; i++) {
		static const size_t other[CHANGE_KIND_COUNT] = {
			[CHANGE_DROP_JOB] = sizeof(int64_t),
			[CHANGE_EVENT] = sizeof(struct event_record),
			[CHANGE_PHOTO] = sizeof(struct photo_record),
			[CHANGE_IDEMPOTENCY] = sizeof(struct idempotency_record),
		};
		enum farm_change_kind kind = changes->change[i].kind;
		size_t bytes = tables[kind].row_bytes ? tables[kind].row_bytes : other[kind];
		farm_changes_add(&commit->changes, kind, changes->change[i].row.owned, bytes, NULL);
	}
	*rig->waiting_last = commit;
	rig->waiting_last = &commit->next;
}

void rig_sync(struct rig *rig, size_t count)
{
	for (; count > 0 && rig->waiting; count--) {
		struct rig_commit *commit = rig->waiting;
		rig->waiting = commit->next;
		if (!rig->waiting)
			rig->waiting_last = &rig->waiting;
		for (size_t i = 0; i < commit->changes.count && !rig->lose_writes; i++)
			apply(rig, &commit->changes.change[i]);
		farm_changes_finish(&commit->changes);
		uint64_t ticket = commit->ticket;
		free(commit);
		farm_durable(rig->farm, ticket, rig->lose_writes ? -EIO : 0, "the disk is broken");
	}
}

/* ---- the streamers ---- */

static struct rig_printer *printer_named(struct rig *rig, const char *name)
{
	for (size_t i = 0; i < rig->printer_count; i++)
		if (strcmp(rig->printer[i].name, name) == 0)
			return &rig->printer[i];
	return NULL;
}

static bool on_send(void *context, const struct wire_message *message)
{
	struct rig *rig = context;
	struct rig_printer *printer = printer_named(rig, message->printer);
	if (!printer || !printer->alive || !printer->connected)
		return false;
	assert_true(printer->inbox_count < RIG_WIRE_MAX);
	printer->inbox[printer->inbox_count++] = *message;
	/* Invariant 2: intent is durable before matter. */
	if (message->kind == WIRE_START) {
		const struct attempt_record *attempt = rig_attempt(rig, message->attempt);
		assert_non_null(attempt);
		assert_int_equal(attempt->state, ATTEMPT_STARTED);
		assert_string_equal(attempt->printer, message->printer);
		/* The ledger tells for ever what was sent. */
		const struct plate_record *plate = find_row(&rig->plates, &attempt->plate, 8);
		assert_non_null(plate);
		assert_string_equal(attempt->sha256, plate->sha256);
		assert_non_null(strstr(message->start.path, attempt->sha256));
	}
	/* An end may only be forgotten when it is durable. */
	if (message->kind == WIRE_BOOKED) {
		const struct attempt_record *attempt = rig_attempt(rig, message->attempt);
		assert_true(!attempt || attempt->state != ATTEMPT_STARTED);
	}
	return true;
}

static void say(struct rig_printer *printer, const struct wire_message *message)
{
	if (!printer->connected)
		return;
	/* Reports may be dropped, as a streamer does; ends and answers not. */
	if (printer->outbox_count >= RIG_WIRE_MAX - 8 && message->kind == WIRE_PRINTER)
		return;
	assert_true(printer->outbox_count < RIG_WIRE_MAX);
	printer->outbox[printer->outbox_count++] = *message;
}

static void report(struct rig *rig, struct rig_printer *printer)
{
	struct wire_message message = { .kind = WIRE_PRINTER };
	snprintf(message.printer, sizeof(message.printer), "%s", printer->name);
	message.state.link = WIRE_ONLINE;
	message.state.hot_by_us = printer->hot;
	message.state.activity = printer->by_hand	? WIRE_BY_HAND
				 : !printer->running[0] ? WIRE_IDLE
				 : printer->paused	? WIRE_PAUSED
							: WIRE_PRINTING;
	snprintf(message.state.attempt, sizeof(message.state.attempt), "%s", printer->running);
	message.state.fault = printer->fault;
	message.state.no_remote_stop = printer->no_remote_stop;
	if (printer->attention) {
		message.state.activity = WIRE_NEEDS_ATTENTION;
		snprintf(message.state.reason, sizeof(message.state.reason), "%s",
			printer->attention);
	}
	if (printer->firmware)
		snprintf(message.state.firmware, sizeof(message.state.firmware), "%s",
			printer->firmware);
	if (printer->fault)
		snprintf(message.state.reason, sizeof(message.state.reason), "%s",
			printer->reason ? printer->reason
					: driver_fault_name((enum driver_fault)printer->fault));
	message.state.heaters_age_us = 0;
	message.state.heater_count = (int64_t)printer->heater_count;
	memcpy(message.state.heater, printer->heater, sizeof(printer->heater));
	message.state.progress.commands = 1000;
	int64_t share = (rig->now_us - printer->running_since_us) / 1000000;
	message.state.progress.commands_done = share > 999 ? 999 : share;
	message.state.progress.print_us = rig->now_us - printer->running_since_us;
	say(printer, &message);
}

static struct rig_truth *truth_of(struct rig *rig, const char *attempt)
{
	for (size_t i = rig->truth_count; i-- > 0;)
		if (strcmp(rig->truth[i].attempt, attempt) == 0)
			return &rig->truth[i];
	return NULL;
}

static void say_ended(struct rig_printer *printer, const struct wire_ended *ended)
{
	struct wire_message message = { .kind = WIRE_ENDED, .ended = *ended };
	snprintf(message.printer, sizeof(message.printer), "%s", printer->name);
	memcpy(message.attempt, ended->attempt, sizeof(message.attempt));
	say(printer, &message);
}

static void end_attempt(
	struct rig *rig, struct rig_printer *printer, enum wire_result result, int fault)
{
	assert_true(printer->running[0]);
	assert_true(printer->ended_count < RIG_ENDED_MAX);
	struct wire_ended *ended = &printer->ended[printer->ended_count++];
	*ended = (struct wire_ended){ .result = result, .fault = fault };
	snprintf(ended->attempt, sizeof(ended->attempt), "%s", printer->running);
	if (result != WIRE_PRINTED)
		snprintf(ended->reason, sizeof(ended->reason), "because of the test");
	ended->progress.commands = ended->progress.commands_done = 1000;
	ended->progress.print_us = rig->now_us - printer->running_since_us;
	if (result == WIRE_PRINTED)
		truth_of(rig, printer->running)->printed = true;
	printer->running[0] = '\0';
	printer->paused = false;
	if (fault && fault != DRIVER_FAULT_COMMAND)
		printer->fault = fault;
	say_ended(printer, ended);
	report(rig, printer);
}

void rig_end_print(struct rig *rig, struct rig_printer *printer, enum wire_result result, int fault)
{
	end_attempt(rig, printer, result, fault);
}

static bool knows(const struct rig_printer *printer, const char *attempt)
{
	for (size_t i = 0; i < printer->ended_count; i++)
		if (strcmp(printer->ended[i].attempt, attempt) == 0)
			return true;
	return strcmp(printer->running, attempt) == 0;
}

static int start(struct rig *rig, struct rig_printer *printer, const struct wire_message *message)
{
	if (knows(printer, message->attempt))
		return 0;
	if (rig->refuse_starts || printer->hot || printer->running[0] || printer->fault ||
		printer->ended_count == RIG_ENDED_MAX)
		return -EBUSY;
	/* Invariant 5: the nozzle would run into the part. */
	if (printer->part_on_bed)
		fail_msg("a print starts on %s with a part on its bed", printer->name);
	/* No attempt runs twice. */
	assert_null(truth_of(rig, message->attempt));
	assert_true(rig->truth_count < RIG_ATTEMPTS_MAX);
	struct rig_truth *truth = &rig->truth[rig->truth_count++];
	const struct attempt_record *attempt = rig_attempt(rig, message->attempt);
	const struct plate_record *plate = find_row(&rig->plates, &attempt->plate, 8);
	*truth = (struct rig_truth){ .yield = plate->yield, .times_started = 1 };
	snprintf(truth->attempt, sizeof(truth->attempt), "%.32s", message->attempt);
	snprintf(printer->running, sizeof(printer->running), "%.32s", message->attempt);
	printer->running_since_us = rig->now_us;
	printer->part_on_bed = true;
	rig->starts++;
	return 0;
}

static void booked(struct rig_printer *printer, const char *attempt)
{
	for (size_t i = 0; i < printer->ended_count; i++)
		if (strcmp(printer->ended[i].attempt, attempt) == 0) {
			printer->ended[i] = printer->ended[--printer->ended_count];
			return;
		}
}

static void obey(struct rig *rig, struct rig_printer *printer, const struct wire_message *message)
{
	struct wire_message answer = { .kind = WIRE_ANSWER, .request = message->request };
	snprintf(answer.printer, sizeof(answer.printer), "%s", printer->name);
	if (message->kind == WIRE_BOOKED) {
		booked(printer, message->attempt);
		return;
	}
	if (message->kind == WIRE_START)
		answer.error = start(rig, printer, message);
	if (message->kind == WIRE_PAUSE || message->kind == WIRE_RESUME)
		printer->paused = message->kind == WIRE_PAUSE && printer->running[0];
	if (message->kind == WIRE_CANCEL && printer->running[0] &&
		strcmp(printer->running, message->attempt) == 0)
		end_attempt(rig, printer, WIRE_CANCELLED, 0);
	if (message->kind == WIRE_CONNECT)
		printer->fault = 0;
	if (message->kind == WIRE_ESTOP) {
		if (printer->running[0])
			end_attempt(rig, printer, WIRE_FAILED, DRIVER_FAULT_ESTOP);
		printer->fault = DRIVER_FAULT_ESTOP;
	}
	say(printer, &answer);
	report(rig, printer);
}

void rig_exchange(struct rig *rig)
{
	for (size_t i = 0; i < rig->printer_count; i++) {
		struct rig_printer *printer = &rig->printer[i];
		for (size_t m = 0; m < printer->inbox_count && printer->alive; m++)
			obey(rig, printer, &printer->inbox[m]);
		printer->inbox_count = 0;
		for (size_t m = 0; m < printer->outbox_count && printer->connected; m++)
			farm_message(rig->farm, &printer->outbox[m]);
		printer->outbox_count = 0;
	}
}

void rig_connect(struct rig *rig, struct rig_printer *printer)
{
	if (printer->connected || !printer->alive || !rig->farm)
		return;
	printer->connected = true;
	/* As the streamer does: its state, the ends that are not booked, then the answer to the
	 * settings. */
	report(rig, printer);
	for (size_t i = 0; i < printer->ended_count; i++)
		say_ended(printer, &printer->ended[i]);
	for (size_t m = 0; m < printer->outbox_count; m++)
		farm_message(rig->farm, &printer->outbox[m]);
	printer->outbox_count = 0;
	farm_attached(rig->farm, printer->name, printer->alive_since_s);
}

void rig_disconnect(struct rig *rig, struct rig_printer *printer)
{
	if (!printer->connected)
		return;
	printer->connected = false;
	printer->inbox_count = printer->outbox_count = 0;
	if (rig->farm)
		farm_detached(rig->farm, printer->name, "the test cut the link");
}

void rig_kill_streamer(struct rig *rig, struct rig_printer *printer)
{
	rig_disconnect(rig, printer);
	printer->alive = false;
}

void rig_start_streamer(struct rig *rig, struct rig_printer *printer)
{
	if (printer->alive)
		return;
	printer->alive = true;
	printer->alive_since_s = rig->now_s;
	if (printer->running[0] && printer->ended_count < RIG_ENDED_MAX)
		end_attempt(rig, printer, WIRE_SUSPECT, 0);
}

/* ---- control ---- */

static void new_attempt_id(void *context, char id[ATTEMPT_ID_BYTES])
{
	struct rig *rig = context;
	snprintf(id, ATTEMPT_ID_BYTES, "%032llx", (unsigned long long)++rig->next_attempt);
}

static bool file_path(void *context, const char *sha256, char *path, size_t size)
{
	(void)context;
	return snprintf(path, size, "/store/%s", sha256) < (int)size;
}

static void happened(void *context, const struct event_record *event)
{
	struct rig *rig = context;
	/* Told only when durable. */
	assert_true(event->id <= rig->last_event_id);
	rig->events++;
	snprintf(rig->last_event, sizeof(rig->last_event), "%s", event->text);
}

static void answered(void *context, uint64_t request, int error, const char *text)
{
	struct rig *rig = context;
	(void)text;
	rig->last_answered = request;
	rig->last_answer_error = error;
}

static void found_out(void *context, uint64_t request, const struct farm_finding *finding)
{
	struct rig *rig = context;
	rig->found = request;
	snprintf(rig->found_trouble, sizeof(rig->found_trouble), "%s",
		finding->trouble ? finding->trouble : "");
	if (finding->advice)
		rig->advice = *finding->advice;
	if (finding->hindsight)
		rig->hindsight = *finding->hindsight;
	if (!finding->night)
		return;
	rig->night = *finding->night;
	assert_true(rig->night.printer_count <= RIG_PRINTERS_MAX);
	memcpy(rig->night_printer, rig->night.printer,
		rig->night.printer_count * sizeof(rig->night_printer[0]));
}

static void set_time(struct rig *rig)
{
	farm_time(rig->farm, rig->now_s, rig->now_us, 0);
}

void rig_turn(struct rig *rig)
{
	set_time(rig);
	farm_turn(rig->farm, RIG_MOVES);
}

#define LOAD(table, type, load)                                                                    \
	for (size_t i = 0; i < rig->table.count; i++)                                              \
	assert_int_equal(load(rig->farm, &((const struct type *)rig->table.rows)[i]), 0)

static int ended_first(const void *one, const void *other)
{
	const struct attempt_record *a = *(const struct attempt_record *const *)one;
	const struct attempt_record *b = *(const struct attempt_record *const *)other;
	if (a->ended_s != b->ended_s)
		return a->ended_s < b->ended_s ? -1 : 1;
	return (a > b) - (a < b);
}

static void load_history(struct rig *rig)
{
	const struct attempt_record **ended = calloc(rig->attempts.count + 1, sizeof(*ended));
	size_t count = 0;
	assert_non_null(ended);
	for (size_t i = 0; i < rig->attempts.count; i++) {
		const struct attempt_record *row =
			&((const struct attempt_record *)rig->attempts.rows)[i];
		if (row->state != ATTEMPT_STARTED)
			ended[count++] = row;
	}
	qsort(ended, count, sizeof(*ended), ended_first);
	for (size_t i = 0; i < count; i++)
		farm_load_ended(rig->farm, ended[i]);
	free(ended);
	for (size_t i = 0; i < rig->clearings.count; i++)
		farm_load_clearing(
			rig->farm, &((const struct clearing_record *)rig->clearings.rows)[i]);
	for (size_t i = 0; i < rig->maintenance.count; i++)
		farm_load_maintenance(
			rig->farm, &((const struct maintenance_record *)rig->maintenance.rows)[i]);
}

static void keep_plan(void *context, const char *text, size_t size)
{
	struct rig *rig = context;
	free(rig->kept_plan);
	rig->kept_plan = strndup(text, size);
	assert_non_null(rig->kept_plan);
}

static void photo(void *context, const struct photo_record *wish)
{
	struct rig *rig = context;
	rig->photos++;
	rig->last_photo = *wish;
}

void rig_start_control(struct rig *rig)
{
	const struct farm_effects effects = {
		.context = rig,
		.commit = on_commit,
		.send = on_send,
		.new_attempt_id = new_attempt_id,
		.file_path = file_path,
		.photo = photo,
		.happened = happened,
		.keep_plan = keep_plan,
		.answered = answered,
		.found_out = found_out,
	};
	rig->farm = farm_create(&rig->config, &effects);
	assert_non_null(rig->farm);
	set_time(rig);
	LOAD(files, file_record, farm_load_file);
	LOAD(designs, design_record, farm_load_design);
	LOAD(plates, plate_record, farm_load_plate);
	LOAD(approvals, approval_record, farm_load_approval);
	LOAD(orders, order_record, farm_load_order);
	LOAD(promises, promise_record, farm_load_promise);
	LOAD(jobs, job_record, farm_load_job);
	LOAD(deliveries, delivery_record, farm_load_delivery);
	LOAD(spent, spent_record, farm_load_spent);
	LOAD(spools, spool_record, farm_load_spool);
	LOAD(printers, printer_record, farm_load_printer);
	for (size_t i = 0; i < rig->attempts.count; i++) {
		const struct attempt_record *row =
			&((const struct attempt_record *)rig->attempts.rows)[i];
		if (row->state == ATTEMPT_STARTED)
			assert_int_equal(farm_load_attempt(rig->farm, row), 0);
	}
	load_history(rig);
	farm_quota_time(rig->farm, rig->now_s);
	for (size_t i = 0; i < rig->attempts.count; i++)
		farm_load_use(rig->farm, &((const struct attempt_record *)rig->attempts.rows)[i]);
	if (rig->kept_plan)
		farm_load_plan(rig->farm, rig->kept_plan, strlen(rig->kept_plan));
	farm_loaded(rig->farm, rig->last_event_id);
}

void rig_kill_control(struct rig *rig)
{
	farm_destroy(rig->farm);
	rig->farm = NULL;
	while (rig->waiting) {
		struct rig_commit *commit = rig->waiting;
		rig->waiting = commit->next;
		farm_changes_finish(&commit->changes);
		free(commit);
	}
	rig->waiting_last = &rig->waiting;
	for (size_t i = 0; i < rig->printer_count; i++) {
		rig->printer[i].connected = false;
		rig->printer[i].inbox_count = rig->printer[i].outbox_count = 0;
	}
}

void rig_restart(struct rig *rig)
{
	rig_kill_control(rig);
	rig_start_control(rig);
	for (size_t i = 0; i < rig->printer_count; i++)
		rig_connect(rig, &rig->printer[i]);
}

void rig_advance(struct rig *rig, int64_t seconds)
{
	rig->now_s += seconds;
	rig->now_us += seconds * 1000000;
	set_time(rig);
}

void rig_settle(struct rig *rig)
{
	for (int round = 0; round < 12; round++) {
		rig_turn(rig);
		rig_sync(rig, SIZE_MAX);
		rig_exchange(rig);
	}
	rig_check(rig);
}

void rig_clear(struct rig *rig, struct rig_printer *printer)
{
	const struct farm_clear clear = { .good = -1, .scrap = -1, .why = "" };
	set_time(rig);
	/* The part is taken off before the farm is told, as a person would. */
	printer->part_on_bed = false;
	assert_int_equal(farm_printer_clear(rig->farm, "eva", printer->name, &clear, NULL), 0);
}

void rig_clear_all(struct rig *rig)
{
	for (size_t i = 0; i < rig->printer_count; i++)
		rig_clear(rig, &rig->printer[i]);
}

/* ---- making ---- */

const char *rig_machine = "";

static void add_file(struct rig *rig, const char *sha256, const char *name, double time_s)
{
	struct file_record file = { .bytes = 1000,
		.commands = 1000,
		.lines = 1100,
		.time_s = time_s,
		.filament_g = 10,
		.hotend_celsius = 210,
		.bed_celsius = 60,
		.layers = 10 };
	snprintf(file.machine, sizeof(file.machine), "%s", rig_machine);
	snprintf(file.sha256, sizeof(file.sha256), "%s", sha256);
	snprintf(file.upload_sha256, sizeof(file.upload_sha256), "%s", sha256);
	snprintf(file.name, sizeof(file.name), "%s", name);
	farm_add_file(rig->farm, &file, "{}");
}

void rig_add_design(struct rig *rig)
{
	struct farm_plate_wish plates[] = { { RIG_FILE_ONE, 1, "" }, { RIG_FILE_FOUR, 4, "" } };
	struct error error = { "" };
	int64_t id;
	bool created;
	add_file(rig, RIG_FILE_ONE, "one.gcode", 1000);
	add_file(rig, RIG_FILE_FOUR, "four.gcode", 3000);
	assert_int_equal(farm_design_create(rig->farm, "eva", "visor", plates, 2, false, &id,
				 &created, &error),
		0);
	assert_true(created);
}

void rig_add_order(struct rig *rig, int64_t units, int64_t *id)
{
	struct farm_wish wish = { .design = "visor", .units = units, .priority = 50 };
	struct error error = { "" };
	set_time(rig);
	assert_int_equal(farm_order_create(rig->farm, "eva", &wish, id, &error), 0);
}

struct rig *rig_create(size_t printer_count)
{
	struct rig *rig = calloc(1, sizeof(*rig));
	assert_non_null(rig);
	rig->now_s = 1000000;
	rig->now_us = 5000000;
	rig->waiting_last = &rig->waiting;
	rig->profile = (struct profile){ .name = "mk3s",
		.volume_max_mm = { 250, 210, 210 },
		.nozzle_mm = 0.4,
		.hotend_max_celsius = 280,
		.bed_max_celsius = 110 };
	rig->config = (struct config){ .farm_name = "rig",
		.retries = 1,
		.clear_s = 900,
		.start_delay_s = 30,
		.profile_count = 1,
		.profile = &rig->profile,
		.printer_count = printer_count,
		.printer = rig->config_printer };
	rig->printer_count = printer_count;
	for (size_t i = 0; i < printer_count; i++) {
		struct rig_printer *printer = &rig->printer[i];
		snprintf(printer->name, sizeof(printer->name), "p%zu", i + 1);
		rig->config_printer[i] = (struct config_printer){
			.profile = "mk3s", .dialect = "marlin", .port = "/dev/null"
		};
		memcpy(rig->config_printer[i].name, printer->name, sizeof(printer->name));
		printer->alive = true;
		printer->alive_since_s = rig->now_s - 1000;
	}
	rig_start_control(rig);
	for (size_t i = 0; i < printer_count; i++)
		rig_connect(rig, &rig->printer[i]);
	return rig;
}

void rig_destroy(struct rig *rig)
{
	struct rig_table *all[] = { &rig->files, &rig->designs, &rig->plates, &rig->approvals,
		&rig->orders, &rig->promises, &rig->spent, &rig->deliveries, &rig->jobs,
		&rig->attempts, &rig->spools, &rig->printers, &rig->keys, &rig->clearings,
		&rig->maintenance };
	rig_kill_control(rig);
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		free(all[i]->rows);
	free(rig->kept_plan);
	free(rig);
}

/* ---- looking ---- */

const struct job_record *rig_job(const struct rig *rig, int64_t id)
{
	return find_row(&rig->jobs, &id, sizeof(id));
}

const struct attempt_record *rig_attempt(const struct rig *rig, const char *id)
{
	return find_row(&rig->attempts, id, ATTEMPT_ID_BYTES);
}

const struct printer_record *rig_printer_row(const struct rig *rig, const char *name)
{
	return find_row(&rig->printers, name, NAME_MAX_BYTES);
}

struct farm_order_view rig_order(const struct rig *rig, int64_t id)
{
	struct farm_order_view view;
	assert_true(farm_order_by_id(rig->farm, id, &view));
	return view;
}

struct farm_job_view rig_job_view(const struct rig *rig, int64_t id)
{
	struct farm_job_view view;
	assert_true(farm_job_by_id(rig->farm, id, &view));
	return view;
}

struct farm_printer_view rig_view(const struct rig *rig, const char *name)
{
	struct farm_printer_view view;
	assert_true(farm_printer_by_name(rig->farm, name, &view));
	return view;
}

int64_t rig_job_of(const struct rig *rig, int64_t order, size_t index)
{
	return farm_order_job_id(rig->farm, order, index);
}

/* ---- invariants ---- */

/* At most one open attempt on a printer and of a job, in the ledger. */
static void check_attempts(const struct rig *rig)
{
	const struct attempt_record *rows = (const struct attempt_record *)rig->attempts.rows;
	for (size_t p = 0; p < rig->printer_count; p++) {
		int open = 0;
		for (size_t i = 0; i < rig->attempts.count; i++)
			open += rows[i].state == ATTEMPT_STARTED &&
				strcmp(rows[i].printer, rig->printer[p].name) == 0;
		assert_in_range(open, 0, 1);
	}
	for (size_t i = 0; i < rig->attempts.count; i++) {
		const struct rig_truth *truth = NULL;
		for (size_t t = 0; t < rig->truth_count && !truth; t++)
			if (strcmp(rig->truth[t].attempt, rows[i].id) == 0)
				truth = &rig->truth[t];
		if (rows[i].state == ATTEMPT_PRINTED)
			assert_true(truth && truth->printed);
	}
}

/* Nothing is counted that was not printed, nothing twice: each counted job has its own attempt that
 * put its parts on a bed. */
static void check_counts(const struct rig *rig)
{
	const struct job_record *jobs = (const struct job_record *)rig->jobs.rows;
	const struct attempt_record *attempts = (const struct attempt_record *)rig->attempts.rows;
	for (size_t j = 0; j < rig->jobs.count; j++) {
		if (jobs[j].state != JOB_INSPECTED && jobs[j].state != JOB_PRINTED)
			continue;
		bool on_a_bed = false;
		for (size_t a = 0; a < rig->attempts.count; a++)
			on_a_bed |= attempts[a].job == jobs[j].id &&
				    (attempts[a].state == ATTEMPT_PRINTED ||
					    attempts[a].state == ATTEMPT_SUSPECT);
		assert_true(on_a_bed);
	}
}

/* What the farm holds in memory says the same as the rows. */
static void check_tallies(const struct rig *rig)
{
	for (size_t i = 0; i < farm_order_count(rig->farm); i++) {
		struct farm_order_view order;
		int64_t good = 0, printing = 0, printed = 0;
		farm_order_at(rig->farm, i, &order);
		for (size_t j = 0; j < order.job_count; j++) {
			struct farm_job_view job = rig_job_view(
				rig, farm_order_job_id(rig->farm, order.record->id, j));
			int32_t yield = job.plate.record ? job.plate.record->yield : 0;
			if (job.state == JOB_INSPECTED)
				good += job.good;
			if (job.state == JOB_PRINTED)
				printed += yield;
			if (job.state == JOB_ASSIGNED || job.state == JOB_PRINTING ||
				job.state == JOB_PAUSED)
				printing += yield;
		}
		assert_int_equal(order.good, good);
		assert_int_equal(order.printing, printing);
		assert_int_equal(order.printed, printed);
	}
}

/* A bed that the farm calls empty is empty, once everything it did is durable. */
static void check_beds(const struct rig *rig)
{
	for (size_t i = 0; i < rig->printer_count; i++) {
		struct farm_printer_view view = rig_view(rig, rig->printer[i].name);
		if (rig->printer[i].part_on_bed)
			assert_int_not_equal(view.record->bed, BED_EMPTY);
		if (view.ready) {
			assert_int_equal(view.record->bed, BED_EMPTY);
			assert_int_equal(view.record->lock_fault, 0);
		}
	}
}

void rig_check(const struct rig *rig)
{
	check_attempts(rig);
	check_counts(rig);
	if (!rig->farm)
		return;
	check_tallies(rig);
	check_beds(rig);
}

void rig_make_ready(struct rig *rig)
{
	rig_add_design(rig);
	rig_settle(rig);
	rig_clear_all(rig);
	rig_settle(rig);
	rig_advance(rig, 31);
	rig_settle(rig);
}

struct rig *rig_create_ready(size_t printers)
{
	struct rig *rig = rig_create(printers);

	rig_make_ready(rig);
	return rig;
}
