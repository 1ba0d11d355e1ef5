/* Questions to the ledger, one function each. */
#include "daemon/control/ledger_internal.h"

#include <errno.h>  /* errno values */
#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* strdup's free */
#include <string.h> /* memcpy */

#include <sqlite3.h>

enum { SELECT_MAX = 1024 };

/* What a question is asked of; with a noun the statement begins with SELECT its columns. */
static const struct {
	int noun; /* enum ledger_noun, -1: the whole statement stands in `rest` */
	const char *rest;
} questions[LEDGER_QUESTION_COUNT] = {
	[LEDGER_ALL_FILES] = { LEDGER_FILE, "ORDER BY sha256" },
	[LEDGER_ALL_DESIGNS] = { LEDGER_DESIGN, "ORDER BY id" },
	[LEDGER_ALL_PLATES] = { LEDGER_PLATE, "ORDER BY id" },
	[LEDGER_ALL_APPROVALS] = { LEDGER_APPROVAL, "ORDER BY id" },
	[LEDGER_ALL_ORDERS] = { LEDGER_ORDER, "ORDER BY id" },
	[LEDGER_ALL_DELIVERIES] = { LEDGER_DELIVERY, "ORDER BY id" },
	[LEDGER_ALL_PROMISES] = { LEDGER_PROMISE, "ORDER BY id" },
	[LEDGER_ALL_JOBS] = { LEDGER_JOB, "ORDER BY id" },
	[LEDGER_OPEN_ATTEMPTS] = { LEDGER_ATTEMPT, "WHERE state = 0 ORDER BY id" },
	[LEDGER_ENDED_ATTEMPTS] = { -1, "SELECT printer, state, fault, material, plate, print_us,"
					" lines_sent, ended_s FROM attempts WHERE state <> 0"
					" ORDER BY ended_s, rowid" },
	[LEDGER_LATEST_CLEARINGS] = { LEDGER_CLEARING, "WHERE id > (SELECT coalesce(max(id), 0)"
						       " FROM clearings) - ? ORDER BY id" },
	[LEDGER_ALL_MAINTENANCE] = { LEDGER_MAINTENANCE, "ORDER BY id" },
	[LEDGER_ATTEMPTS_OF_JOB] = { LEDGER_ATTEMPT, "WHERE job = ? ORDER BY started_s, rowid" },
	[LEDGER_ATTEMPTS_SINCE] = { LEDGER_ATTEMPT,
		"WHERE started_s >= ? ORDER BY started_s, rowid" },
	[LEDGER_PHOTOS_OF_JOB] = { LEDGER_PHOTO, "WHERE job = ? ORDER BY taken_s, rowid" },
	[LEDGER_ALL_PRINTERS] = { LEDGER_PRINTER, "ORDER BY name" },
	[LEDGER_ALL_SPOOLS] = { LEDGER_SPOOL, "ORDER BY id" },
	[LEDGER_SPENT_BETWEEN] = { LEDGER_SPENT,
		"WHERE day_s >= ? AND day_s < ? ORDER BY day_s, printer, kind" },
	[LEDGER_LAST_SPENT] = { LEDGER_SPENT, "ORDER BY id DESC LIMIT 1" },
	[LEDGER_EVENTS_AFTER] = { LEDGER_EVENT, "WHERE id > ? ORDER BY id LIMIT ?" },
	[LEDGER_ACTS] = { LEDGER_EVENT, "WHERE user <> '' AND kind = ? AND subject = ?"
					" AND at_s BETWEEN ? AND ? ORDER BY at_s, id LIMIT ?" },
	[LEDGER_KEY] = { LEDGER_IDEMPOTENCY, "WHERE key = ?" },
	[LEDGER_ANALYSIS] = { -1, "SELECT analysis FROM files WHERE sha256 = ?" },
	[LEDGER_PREVIOUS_END] = { -1, "SELECT ended_s FROM attempts WHERE printer = ?"
				      " AND started_s < ? ORDER BY started_s DESC LIMIT 1" },
	[LEDGER_LAST_EVENT] = { -1, "SELECT coalesce(max(id), 0) FROM events" },
};

/* Any record, as raw memory for the columns to be written to. */
union any_record {
	struct file_record file;
	struct design_record design;
	struct plate_record plate;
	struct approval_record approval;
	struct order_record order;
	struct promise_record promise;
	struct delivery_record delivery;
	struct job_record job;
	struct attempt_record attempt;
	struct photo_record photo;
	struct printer_record printer;
	struct spool_record spool;
	struct spent_record spent;
	struct event_record event;
	struct idempotency_record idempotency;
	struct clearing_record clearing;
	struct maintenance_record maintenance;
	unsigned char bytes[1];
};

static int prepare(struct ledger_reader *reader, enum ledger_question question)
{
	char sql[SELECT_MAX];
	size_t length = 0;
	int noun = questions[question].noun;

	if (noun >= 0) {
		const struct ledger_table *table = &ledger_tables[noun];

		for (size_t i = 0; i < table->column_count; i++)
			length += (size_t)snprintf(sql + length, sizeof sql - length, "%s%s",
				i ? ", " : "SELECT ", table->column[i].name);
		length += (size_t)snprintf(
			sql + length, sizeof sql - length, " FROM %s ", table->name);
	}
	snprintf(sql + length, sizeof sql - length, "%s", questions[question].rest);
	return sqlite3_prepare_v3(reader->database, sql, -1, SQLITE_PREPARE_PERSISTENT,
		&reader->statement[question], NULL);
}

int ledger_reader_open(struct ledger_reader *reader, const char *path)
{
	int code = sqlite3_open_v2(
		path, &reader->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);

	/* A reader waits only while somebody recovers the log after a crash. */
	sqlite3_busy_timeout(reader->database, 100);
	if (code == SQLITE_OK)
		code = sqlite3_exec(reader->database,
			"PRAGMA query_only = 1; PRAGMA trusted_schema = 0; PRAGMA mmap_size = 0",
			NULL, NULL, NULL);
	for (int question = 0; code == SQLITE_OK && question < LEDGER_QUESTION_COUNT; question++)
		code = prepare(reader, (enum ledger_question)question);
	return code;
}

void ledger_reader_close(struct ledger_reader *reader)
{
	for (int question = 0; question < LEDGER_QUESTION_COUNT; question++)
		sqlite3_finalize(reader->statement[question]);
	sqlite3_close(reader->database);
	memset(reader, 0, sizeof *reader);
}

static void read_column(sqlite3_stmt *statement, int place, const struct ledger_column *column,
	unsigned char *record)
{
	unsigned char *at = record + column->offset;
	int64_t number = sqlite3_column_int64(statement, place);
	int32_t small = (int32_t)number;
	bool flag = number != 0;
	double real;
	const char *text;

	switch (column->type) {
	case LEDGER_INT64:
	case LEDGER_REFERENCE:
		memcpy(at, &number, sizeof number);
		break;
	case LEDGER_INT32:
		memcpy(at, &small, sizeof small);
		break;
	case LEDGER_BOOL:
		memcpy(at, &flag, sizeof flag);
		break;
	case LEDGER_DOUBLE:
		real = sqlite3_column_double(statement, place);
		memcpy(at, &real, sizeof real);
		break;
	case LEDGER_TEXT:
		text = (const char *)sqlite3_column_text(statement, place);
		snprintf((char *)at, column->size, "%s", text ? text : "");
		break;
	case LEDGER_LONG_TEXT:
		if (column->size == 0)
			break;
		text = (const char *)sqlite3_column_text(statement, place);
		memcpy(at, &text, sizeof text);
		break;
	}
}

/* Steps through the answer; the read transaction ends with the reset. */
static int walk(struct ledger *ledger, enum ledger_question question,
	void (*each)(void *, const void *), void *context, int64_t *count)
{
	struct ledger_reader *reader = ledger_reader_of(ledger);
	sqlite3_stmt *statement = reader->statement[question];
	const struct ledger_table *table = &ledger_tables[questions[question].noun];
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		union any_record record;

		memset(&record, 0, sizeof record);
		for (size_t i = 0; i < table->column_count; i++)
			read_column(statement, (int)i, &table->column[i], record.bytes);
		each(context, &record);
		++*count;
	}
	int result = code == SQLITE_DONE ? 0 : ledger_errno(reader->database, code);

	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}

/* A call-back of one record type, behind the common form. */
#define EACH(noun)                                                                                 \
	struct each_##noun {                                                                       \
		void (*each)(void *, const struct noun##_record *);                                \
		void *context;                                                                     \
	};                                                                                         \
	static void call_##noun(void *context, const void *record)                                 \
	{                                                                                          \
		struct each_##noun *caller = context;                                              \
		caller->each(caller->context, record);                                             \
	}                                                                                          \
	static int walk_##noun(struct ledger *ledger, enum ledger_question question,               \
		void (*each)(void *, const struct noun##_record *), void *context)                 \
	{                                                                                          \
		struct each_##noun caller = { each, context };                                     \
		int64_t count = 0;                                                                 \
		return walk(ledger, question, call_##noun, &caller, &count);                       \
	}

EACH(file)
EACH(design)
EACH(plate)
EACH(approval)
EACH(order)
EACH(promise)
EACH(delivery)
EACH(job)
EACH(attempt)
EACH(photo)
EACH(printer)
EACH(spool)
EACH(spent)
EACH(event)
EACH(clearing)
EACH(maintenance)

static sqlite3_stmt *statement_of(struct ledger *ledger, enum ledger_question question)
{
	return ledger_reader_of(ledger)->statement[question];
}

int ledger_each_file(
	struct ledger *ledger, void (*each)(void *, const struct file_record *), void *context)
{
	return walk_file(ledger, LEDGER_ALL_FILES, each, context);
}

int ledger_each_design(
	struct ledger *ledger, void (*each)(void *, const struct design_record *), void *context)
{
	return walk_design(ledger, LEDGER_ALL_DESIGNS, each, context);
}

int ledger_each_plate(
	struct ledger *ledger, void (*each)(void *, const struct plate_record *), void *context)
{
	return walk_plate(ledger, LEDGER_ALL_PLATES, each, context);
}

int ledger_each_approval(
	struct ledger *ledger, void (*each)(void *, const struct approval_record *), void *context)
{
	return walk_approval(ledger, LEDGER_ALL_APPROVALS, each, context);
}

int ledger_each_order(
	struct ledger *ledger, void (*each)(void *, const struct order_record *), void *context)
{
	return walk_order(ledger, LEDGER_ALL_ORDERS, each, context);
}

int ledger_each_delivery(
	struct ledger *ledger, void (*each)(void *, const struct delivery_record *), void *context)
{
	return walk_delivery(ledger, LEDGER_ALL_DELIVERIES, each, context);
}

int ledger_each_promise(
	struct ledger *ledger, void (*each)(void *, const struct promise_record *), void *context)
{
	return walk_promise(ledger, LEDGER_ALL_PROMISES, each, context);
}

int ledger_each_job(
	struct ledger *ledger, void (*each)(void *, const struct job_record *), void *context)
{
	return walk_job(ledger, LEDGER_ALL_JOBS, each, context);
}

int ledger_each_open_attempt(
	struct ledger *ledger, void (*each)(void *, const struct attempt_record *), void *context)
{
	return walk_attempt(ledger, LEDGER_OPEN_ATTEMPTS, each, context);
}

static void copy_text(char *to, size_t size, sqlite3_stmt *statement, int place)
{
	const char *text = (const char *)sqlite3_column_text(statement, place);

	snprintf(to, size, "%s", text ? text : "");
}

/* There may be very many: no more is read than is asked for. */
int ledger_each_ended_attempt(
	struct ledger *ledger, void (*each)(void *, const struct attempt_record *), void *context)
{
	struct ledger_reader *reader = ledger_reader_of(ledger);
	sqlite3_stmt *statement = reader->statement[LEDGER_ENDED_ATTEMPTS];
	struct attempt_record record = { 0 };
	int code;

	while ((code = sqlite3_step(statement)) == SQLITE_ROW) {
		copy_text(record.printer, sizeof record.printer, statement, 0);
		record.state = (enum attempt_state)sqlite3_column_int(statement, 1);
		record.fault = sqlite3_column_int(statement, 2);
		copy_text(record.material, sizeof record.material, statement, 3);
		record.plate = sqlite3_column_int64(statement, 4);
		record.print_us = sqlite3_column_int64(statement, 5);
		record.lines_sent = sqlite3_column_int64(statement, 6);
		record.ended_s = sqlite3_column_int64(statement, 7);
		each(context, &record);
	}
	int result = code == SQLITE_DONE ? 0 : ledger_errno(reader->database, code);

	sqlite3_reset(statement);
	return result;
}

int ledger_each_clearing(struct ledger *ledger, int latest,
	void (*each)(void *, const struct clearing_record *), void *context)
{
	sqlite3_bind_int64(statement_of(ledger, LEDGER_LATEST_CLEARINGS), 1, latest);
	return walk_clearing(ledger, LEDGER_LATEST_CLEARINGS, each, context);
}

int ledger_each_maintenance(struct ledger *ledger,
	void (*each)(void *, const struct maintenance_record *), void *context)
{
	return walk_maintenance(ledger, LEDGER_ALL_MAINTENANCE, each, context);
}

int ledger_each_attempt_of_job(struct ledger *ledger, int64_t job,
	void (*each)(void *, const struct attempt_record *), void *context)
{
	sqlite3_bind_int64(statement_of(ledger, LEDGER_ATTEMPTS_OF_JOB), 1, job);
	return walk_attempt(ledger, LEDGER_ATTEMPTS_OF_JOB, each, context);
}

int ledger_each_attempt_since(struct ledger *ledger, int64_t from_s,
	void (*each)(void *, const struct attempt_record *), void *context)
{
	sqlite3_bind_int64(statement_of(ledger, LEDGER_ATTEMPTS_SINCE), 1, from_s);
	return walk_attempt(ledger, LEDGER_ATTEMPTS_SINCE, each, context);
}

int ledger_each_photo_of_job(struct ledger *ledger, int64_t job,
	void (*each)(void *, const struct photo_record *), void *context)
{
	sqlite3_bind_int64(statement_of(ledger, LEDGER_PHOTOS_OF_JOB), 1, job);
	return walk_photo(ledger, LEDGER_PHOTOS_OF_JOB, each, context);
}

int ledger_each_printer(
	struct ledger *ledger, void (*each)(void *, const struct printer_record *), void *context)
{
	return walk_printer(ledger, LEDGER_ALL_PRINTERS, each, context);
}

int ledger_each_spool(
	struct ledger *ledger, void (*each)(void *, const struct spool_record *), void *context)
{
	return walk_spool(ledger, LEDGER_ALL_SPOOLS, each, context);
}

int ledger_each_event(struct ledger *ledger, int64_t after, int limit,
	void (*each)(void *, const struct event_record *), void *context)
{
	sqlite3_stmt *statement = statement_of(ledger, LEDGER_EVENTS_AFTER);

	sqlite3_bind_int64(statement, 1, after);
	sqlite3_bind_int64(statement, 2, limit < 0 ? 0 : limit);
	return walk_event(ledger, LEDGER_EVENTS_AFTER, each, context);
}

int ledger_each_act(struct ledger *ledger, const struct ledger_acts *acts,
	void (*each)(void *, const struct event_record *), void *context)
{
	sqlite3_stmt *statement = statement_of(ledger, LEDGER_ACTS);

	sqlite3_bind_text(statement, 1, acts->kind, -1, SQLITE_TRANSIENT);
	sqlite3_bind_text(statement, 2, acts->subject, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 3, acts->from_s);
	sqlite3_bind_int64(statement, 4, acts->to_s);
	sqlite3_bind_int64(statement, 5, acts->limit);
	return walk_event(ledger, LEDGER_ACTS, each, context);
}

int ledger_previous_end(
	struct ledger *ledger, const char *printer, int64_t before_s, int64_t *ended_s)
{
	struct ledger_reader *reader = ledger_reader_of(ledger);
	sqlite3_stmt *statement = reader->statement[LEDGER_PREVIOUS_END];

	sqlite3_bind_text(statement, 1, printer, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int64(statement, 2, before_s);
	int code = sqlite3_step(statement);

	*ended_s = code == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : 0;
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return code == SQLITE_ROW || code == SQLITE_DONE ? 0 : ledger_errno(reader->database, code);
}

int ledger_each_spent(struct ledger *ledger, int64_t from_s, int64_t to_s,
	void (*each)(void *, const struct spent_record *), void *context)
{
	sqlite3_stmt *statement = statement_of(ledger, LEDGER_SPENT_BETWEEN);

	sqlite3_bind_int64(statement, 1, from_s);
	sqlite3_bind_int64(statement, 2, to_s);
	return walk_spent(ledger, LEDGER_SPENT_BETWEEN, each, context);
}

int ledger_last_spent(
	struct ledger *ledger, void (*each)(void *, const struct spent_record *), void *context)
{
	return walk_spent(ledger, LEDGER_LAST_SPENT, each, context);
}

int ledger_last_event_id(struct ledger *ledger, int64_t *id)
{
	struct ledger_reader *reader = ledger_reader_of(ledger);
	sqlite3_stmt *statement = reader->statement[LEDGER_LAST_EVENT];
	int code = sqlite3_step(statement);

	if (code == SQLITE_ROW)
		*id = sqlite3_column_int64(statement, 0);
	sqlite3_reset(statement);
	return code == SQLITE_ROW ? 0 : ledger_errno(reader->database, code);
}

struct each_key {
	void (*found)(void *, const struct idempotency_record *);
	void *context;
};

static void call_key(void *context, const void *record)
{
	struct each_key *caller = context;

	caller->found(caller->context, record);
}

int ledger_find_idempotency(struct ledger *ledger, const char *key,
	void (*found)(void *, const struct idempotency_record *), void *context)
{
	struct each_key caller = { found, context };
	int64_t count = 0;

	sqlite3_bind_text(statement_of(ledger, LEDGER_KEY), 1, key, -1, SQLITE_TRANSIENT);
	int result = walk(ledger, LEDGER_KEY, call_key, &caller, &count);

	return result == 0 && count == 0 ? -ENOENT : result;
}

int ledger_file_analysis(struct ledger *ledger, const char *sha256, char **json)
{
	struct ledger_reader *reader = ledger_reader_of(ledger);
	sqlite3_stmt *statement = reader->statement[LEDGER_ANALYSIS];
	int result;

	sqlite3_bind_text(statement, 1, sha256, -1, SQLITE_TRANSIENT);
	int code = sqlite3_step(statement);
	const char *text =
		code == SQLITE_ROW ? (const char *)sqlite3_column_text(statement, 0) : NULL;

	if (text) {
		char *copy = strdup(text);

		result = copy ? 0 : -ENOMEM;
		if (copy)
			*json = copy;
	} else {
		result = code == SQLITE_ROW || code == SQLITE_DONE
				 ? -ENOENT
				 : ledger_errno(reader->database, code);
	}
	sqlite3_reset(statement);
	sqlite3_clear_bindings(statement);
	return result;
}
