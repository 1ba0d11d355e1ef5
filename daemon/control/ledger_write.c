/* What a transaction consists of, and how a list of them becomes one commit. */
#include "daemon/control/ledger_internal.h"

#include <assert.h>
#include <errno.h>    /* errno values */
#include <stdalign.h> /* max_align_t */
#include <stdio.h>    /* snprintf */
#include <stdlib.h>   /* malloc, free */
#include <string.h>   /* memcpy, strnlen */

#include <sqlite3.h>

enum { SQL_MAX = 4096 };

enum operation_kind { OPERATION_PUT, OPERATION_DROP_JOB };

struct ledger_operation {
	struct ledger_operation *next;
	enum operation_kind kind;
	enum ledger_noun noun;
	int64_t job;
	char *text; /* owned; the column of type LEDGER_LONG_TEXT, or NULL */
	alignas(max_align_t) unsigned char record[];
};

struct ledger_transaction *ledger_transaction_create(void)
{
	return calloc(1, sizeof(struct ledger_transaction));
}

void ledger_transaction_destroy(struct ledger_transaction *transaction)
{
	if (!transaction)
		return;
	while (transaction->first) {
		struct ledger_operation *operation = transaction->first;

		transaction->first = operation->next;
		free(operation->text);
		free(operation);
	}
	free(transaction);
}

static void append(struct ledger_transaction *transaction, struct ledger_operation *operation)
{
	if (!operation) {
		transaction->out_of_memory = true;
		return;
	}
	operation->next = NULL;
	if (transaction->last)
		transaction->last->next = operation;
	else
		transaction->first = operation;
	transaction->last = operation;
}

static void put(struct ledger_transaction *transaction, enum ledger_noun noun, const void *record,
	const char *text)
{
	size_t bytes = ledger_tables[noun].record_bytes;
	struct ledger_operation *operation = malloc(sizeof *operation + bytes);

	if (operation) {
		operation->kind = OPERATION_PUT;
		operation->noun = noun;
		operation->text = text ? strdup(text) : NULL;
		memcpy(operation->record, record, bytes);
		if (text && !operation->text) {
			free(operation);
			operation = NULL;
		}
	}
	append(transaction, operation);
}

void ledger_put_file(struct ledger_transaction *transaction, const struct file_record *file,
	const char *analysis_json)
{
	put(transaction, LEDGER_FILE, file, analysis_json);
}

void ledger_put_design(struct ledger_transaction *transaction, const struct design_record *design)
{
	put(transaction, LEDGER_DESIGN, design, NULL);
}

void ledger_put_plate(struct ledger_transaction *transaction, const struct plate_record *plate)
{
	put(transaction, LEDGER_PLATE, plate, NULL);
}

void ledger_put_approval(
	struct ledger_transaction *transaction, const struct approval_record *approval)
{
	put(transaction, LEDGER_APPROVAL, approval, NULL);
}

void ledger_put_order(struct ledger_transaction *transaction, const struct order_record *order)
{
	put(transaction, LEDGER_ORDER, order, NULL);
}

void ledger_put_delivery(
	struct ledger_transaction *transaction, const struct delivery_record *delivery)
{
	put(transaction, LEDGER_DELIVERY, delivery, NULL);
}

void ledger_put_promise(
	struct ledger_transaction *transaction, const struct promise_record *promise)
{
	put(transaction, LEDGER_PROMISE, promise, NULL);
}

void ledger_put_job(struct ledger_transaction *transaction, const struct job_record *job)
{
	put(transaction, LEDGER_JOB, job, NULL);
}

void ledger_put_attempt(
	struct ledger_transaction *transaction, const struct attempt_record *attempt)
{
	put(transaction, LEDGER_ATTEMPT, attempt, NULL);
}

void ledger_put_photo(struct ledger_transaction *transaction, const struct photo_record *photo)
{
	put(transaction, LEDGER_PHOTO, photo, NULL);
}

void ledger_put_printer(
	struct ledger_transaction *transaction, const struct printer_record *printer)
{
	put(transaction, LEDGER_PRINTER, printer, NULL);
}

void ledger_put_spool(struct ledger_transaction *transaction, const struct spool_record *spool)
{
	put(transaction, LEDGER_SPOOL, spool, NULL);
}

void ledger_put_spent(
	struct ledger_transaction *transaction, const struct spent_record *spent)
{
	put(transaction, LEDGER_SPENT, spent, NULL);
}

void ledger_put_event(struct ledger_transaction *transaction, const struct event_record *event)
{
	put(transaction, LEDGER_EVENT, event, NULL);
}

void ledger_put_clearing(
	struct ledger_transaction *transaction, const struct clearing_record *clearing)
{
	put(transaction, LEDGER_CLEARING, clearing, NULL);
}

void ledger_put_maintenance(
	struct ledger_transaction *transaction, const struct maintenance_record *maintenance)
{
	put(transaction, LEDGER_MAINTENANCE, maintenance, NULL);
}

void ledger_put_idempotency(
	struct ledger_transaction *transaction, const struct idempotency_record *idempotency)
{
	put(transaction, LEDGER_IDEMPOTENCY, idempotency, idempotency->answer);
}

void ledger_drop_job(struct ledger_transaction *transaction, int64_t job)
{
	struct ledger_operation *operation = malloc(sizeof *operation);

	if (operation) {
		operation->kind = OPERATION_DROP_JOB;
		operation->job = job;
		operation->text = NULL;
	}
	append(transaction, operation);
}

/* ---- statements ----------------------------------------------------------------------- */

struct sql {
	char text[SQL_MAX];
	size_t length;
};

static void add(struct sql *sql, const char *text)
{
	size_t length = strlen(text);

	assert(sql->length + length < sizeof sql->text); /* tables are ours, and small */
	memcpy(sql->text + sql->length, text, length + 1);
	sql->length += length;
}

/* INSERT ... ON CONFLICT (key) DO UPDATE: unlike REPLACE it deletes nothing, so another row that
 * has the same unique name is an error and not a loss. */
static void upsert_sql(struct sql *sql, const struct ledger_table *table)
{
	sql->length = 0;
	add(sql, "INSERT INTO ");
	add(sql, table->name);
	for (size_t i = 0; i < table->column_count; i++) {
		add(sql, i ? ", " : " (");
		add(sql, table->column[i].name);
	}
	for (size_t i = 0; i < table->column_count; i++)
		add(sql, i ? ", ?" : ") VALUES (?");
	add(sql, ") ON CONFLICT (");
	add(sql, table->column[0].name);
	for (size_t i = 1; i < table->column_count; i++) {
		const struct ledger_column *column = &table->column[i];

		add(sql, i > 1 ? ", " : ") DO UPDATE SET ");
		add(sql, column->name);
		add(sql, column->type == LEDGER_LONG_TEXT ? " = coalesce(excluded."
							  : " = excluded.");
		add(sql, column->name);
		if (column->type == LEDGER_LONG_TEXT) {
			add(sql, ", ");
			add(sql, column->name);
			add(sql, ")");
		}
	}
}

int ledger_writer_init(struct ledger_writer *writer, sqlite3 *database)
{
	const struct {
		struct sqlite3_stmt **statement;
		const char *sql;
	} rows[] = {
		{ &writer->begin, "BEGIN IMMEDIATE" },
		{ &writer->commit, "COMMIT" },
		{ &writer->rollback, "ROLLBACK" },
		{ &writer->savepoint, "SAVEPOINT one" },
		{ &writer->release, "RELEASE one" },
		{ &writer->rollback_to, "ROLLBACK TO one" },
		{ &writer->drop_job, "DELETE FROM jobs WHERE id = ?" },
		{ &writer->drop_old_keys, "DELETE FROM idempotency WHERE at_s < ?" },
	};
	struct sql sql;
	int code = SQLITE_OK;

	memset(writer, 0, sizeof *writer);
	writer->database = database;
	for (size_t i = 0; code == SQLITE_OK && i < sizeof rows / sizeof *rows; i++)
		code = sqlite3_prepare_v3(database, rows[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
			rows[i].statement, NULL);
	for (int noun = 0; code == SQLITE_OK && noun < LEDGER_NOUN_COUNT; noun++) {
		upsert_sql(&sql, &ledger_tables[noun]);
		code = sqlite3_prepare_v3(database, sql.text, -1, SQLITE_PREPARE_PERSISTENT,
			&writer->put[noun], NULL);
	}
	return code;
}

void ledger_writer_finish(struct ledger_writer *writer)
{
	for (int noun = 0; noun < LEDGER_NOUN_COUNT; noun++)
		sqlite3_finalize(writer->put[noun]);
	sqlite3_finalize(writer->begin);
	sqlite3_finalize(writer->commit);
	sqlite3_finalize(writer->rollback);
	sqlite3_finalize(writer->savepoint);
	sqlite3_finalize(writer->release);
	sqlite3_finalize(writer->rollback_to);
	sqlite3_finalize(writer->drop_job);
	sqlite3_finalize(writer->drop_old_keys);
	memset(writer, 0, sizeof *writer);
}

/* ---- the commit ------------------------------------------------------------------------- */

static int run(sqlite3_stmt *statement)
{
	int code = sqlite3_step(statement);

	sqlite3_reset(statement);
	return code == SQLITE_DONE ? SQLITE_OK : code;
}

static int32_t read_int32(const unsigned char *at)
{
	int32_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static int64_t read_int64(const unsigned char *at)
{
	int64_t value;

	memcpy(&value, at, sizeof value);
	return value;
}

static int bind(sqlite3_stmt *statement, int place, const struct ledger_column *column,
	const struct ledger_operation *operation)
{
	const unsigned char *at = operation->record + column->offset;
	double number;

	switch (column->type) {
	case LEDGER_INT64:
		return sqlite3_bind_int64(statement, place, read_int64(at));
	case LEDGER_INT32:
		return sqlite3_bind_int64(statement, place, read_int32(at));
	case LEDGER_BOOL:
		return sqlite3_bind_int64(statement, place, *(const bool *)(const void *)at);
	case LEDGER_DOUBLE:
		memcpy(&number, at, sizeof number);
		return sqlite3_bind_double(statement, place, number);
	case LEDGER_TEXT:
		return sqlite3_bind_text(statement, place, (const char *)at,
			(int)strnlen((const char *)at, column->size - 1), SQLITE_STATIC);
	case LEDGER_REFERENCE:
		if (read_int64(at) == 0)
			return sqlite3_bind_null(statement, place);
		return sqlite3_bind_int64(statement, place, read_int64(at));
	case LEDGER_LONG_TEXT:
		if (!operation->text)
			return sqlite3_bind_null(statement, place);
		return sqlite3_bind_text(statement, place, operation->text, -1, SQLITE_STATIC);
	}
	return SQLITE_MISUSE;
}

static int apply_put(struct ledger_writer *writer, const struct ledger_operation *operation)
{
	const struct ledger_table *table = &ledger_tables[operation->noun];
	sqlite3_stmt *statement = writer->put[operation->noun];
	int code = SQLITE_OK;

	for (size_t i = 0; code == SQLITE_OK && i < table->column_count; i++)
		code = bind(statement, (int)i + 1, &table->column[i], operation);
	if (code == SQLITE_OK)
		code = run(statement);
	sqlite3_clear_bindings(statement);
	if (code == SQLITE_OK && operation->noun == LEDGER_IDEMPOTENCY) {
		const struct idempotency_record *record = (const void *)operation->record;

		sqlite3_bind_int64(writer->drop_old_keys, 1, record->at_s - IDEMPOTENCY_KEEP_S);
		code = run(writer->drop_old_keys);
	}
	return code;
}

static int apply(struct ledger_writer *writer, const struct ledger_operation *operation)
{
	switch (operation->kind) {
	case OPERATION_PUT:
		return apply_put(writer, operation);
	case OPERATION_DROP_JOB:
		sqlite3_bind_int64(writer->drop_job, 1, operation->job);
		return run(writer->drop_job);
	}
	return SQLITE_MISUSE;
}

/* Does the trouble concern this transaction's contents only? */
static bool is_own_fault(int code)
{
	int kind = code & 0xff;

	return kind == SQLITE_CONSTRAINT || kind == SQLITE_MISMATCH || kind == SQLITE_TOOBIG ||
	       kind == SQLITE_RANGE;
}

static int apply_all(struct ledger_writer *writer, struct ledger_transaction *transaction)
{
	int code = run(writer->savepoint);

	transaction->error = 0;
	if (code != SQLITE_OK)
		return code;
	for (struct ledger_operation *operation = transaction->first;
		code == SQLITE_OK && operation; operation = operation->next)
		code = apply(writer, operation);
	if (code == SQLITE_OK)
		return run(writer->release);
	if (!is_own_fault(code))
		return code;
	transaction->error = ledger_errno(writer->database, code);
	code = run(writer->rollback_to);
	return code == SQLITE_OK ? run(writer->release) : code;
}

int ledger_writer_commit(struct ledger_writer *writer, struct ledger_transaction *first)
{
	int code = run(writer->begin);

	for (struct ledger_transaction *transaction = first; code == SQLITE_OK && transaction;
		transaction = transaction->next) {
		if (transaction->out_of_memory)
			transaction->error = -ENOMEM;
		else
			code = apply_all(writer, transaction);
	}
	if (code == SQLITE_OK)
		code = run(writer->commit);
	if (code != SQLITE_OK && !sqlite3_get_autocommit(writer->database))
		run(writer->rollback);
	return code;
}
