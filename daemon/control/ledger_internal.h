/* What the ledger's files share; nobody else includes this (but its tests). */
#ifndef CONTROL_LEDGER_INTERNAL_H
#define CONTROL_LEDGER_INTERNAL_H

#include "daemon/control/ledger.h"

#include <stddef.h>

struct error;
struct sqlite3;
struct sqlite3_stmt;

enum ledger_noun {
	LEDGER_FILE,
	LEDGER_DESIGN,
	LEDGER_PLATE,
	LEDGER_APPROVAL,
	LEDGER_ORDER,
	LEDGER_PROMISE,
	LEDGER_DELIVERY,
	LEDGER_JOB,
	LEDGER_ATTEMPT,
	LEDGER_PHOTO,
	LEDGER_PRINTER,
	LEDGER_SPOOL,
	LEDGER_SPENT,
	LEDGER_EVENT,
	LEDGER_IDEMPOTENCY,
	LEDGER_CLEARING,
	LEDGER_MAINTENANCE,
	LEDGER_NOUN_COUNT,
};

enum ledger_type {
	LEDGER_INT64,
	LEDGER_INT32, /* enums too */
	LEDGER_BOOL,
	LEDGER_DOUBLE,
	LEDGER_TEXT,	  /* array of `size` bytes in the record */
	LEDGER_REFERENCE, /* int64, 0 stored as NULL */
	LEDGER_LONG_TEXT, /* kept beside the record; in it a borrowed pointer, or nothing (size 0)
			   */
};

/* One column of a table and its home in the record. */
struct ledger_column {
	const char *name;
	enum ledger_type type;
	size_t offset, size;
};

/* A noun's table; the first column is the key. */
struct ledger_table {
	const char *name;
	size_t record_bytes;
	size_t column_count;
	const struct ledger_column *column;
};

extern const struct ledger_table ledger_tables[LEDGER_NOUN_COUNT]; /* ledger_schema.c */

/* The migrations, append only: number N (from 1) leads from version N - 1 to N. */
extern const char *const ledger_migrations[];
extern const int ledger_migration_count;

/* Whether `path` may be opened by a program that knows `known` versions; touches nothing.  0 also
 * when there is no such file.  -EPROTONOSUPPORT, -EUCLEAN. */
int ledger_schema_check(const char *path, int known, struct error *error);
/* Brings an open database to version `count`; before changing one that holds data, writes a checked
 * backup to `path`.before-VERSION. */
int ledger_schema_migrate(struct sqlite3 *database, const char *path, const char *const *migrations,
	int count, struct error *error);

/* ---- writing: ledger_write.c --------------------------------------------------------- */

struct ledger_operation;

struct ledger_transaction {
	struct ledger_transaction *next; /* in the queue it is in */
	struct ledger_operation *first, *last;
	bool out_of_memory;
	int error;
	ledger_durable *done;
	int (*work)(void *); /* not NULL: no operations, this instead */
	void *context;
};

/* Statements of the write connection. */
struct ledger_writer {
	struct sqlite3 *database; /* borrowed */
	struct sqlite3_stmt *put[LEDGER_NOUN_COUNT];
	struct sqlite3_stmt *drop_job, *drop_old_keys;
	struct sqlite3_stmt *begin, *commit, *rollback, *savepoint, *release, *rollback_to;
};

/* 0 or an SQLite result code. */
int ledger_writer_init(struct ledger_writer *writer, struct sqlite3 *database);
void ledger_writer_finish(struct ledger_writer *writer);
/* Writes the list as one commit.  A transaction that breaks a rule of the schema gets its own
 * error and leaves no trace; any other trouble undoes all and is returned as an SQLite code. */
int ledger_writer_commit(struct ledger_writer *writer, struct ledger_transaction *first);

/* ---- reading: ledger_read.c ---------------------------------------------------------- */

enum ledger_question {
	LEDGER_ALL_FILES,
	LEDGER_ALL_DESIGNS,
	LEDGER_ALL_PLATES,
	LEDGER_ALL_APPROVALS,
	LEDGER_ALL_ORDERS,
	LEDGER_ALL_PROMISES,
	LEDGER_ALL_DELIVERIES,
	LEDGER_ALL_JOBS,
	LEDGER_OPEN_ATTEMPTS,
	LEDGER_ENDED_ATTEMPTS,
	LEDGER_LATEST_CLEARINGS,
	LEDGER_ALL_MAINTENANCE,
	LEDGER_ATTEMPTS_OF_JOB,
	LEDGER_ATTEMPTS_SINCE,
	LEDGER_ALL_PRINTERS,
	LEDGER_ALL_SPOOLS,
	LEDGER_SPENT_BETWEEN,
	LEDGER_LAST_SPENT,
	LEDGER_EVENTS_AFTER,
	LEDGER_ACTS,
	LEDGER_KEY,
	LEDGER_ANALYSIS,
	LEDGER_PREVIOUS_END,
	LEDGER_PHOTOS_OF_JOB,
	LEDGER_LAST_EVENT,
	LEDGER_QUESTION_COUNT,
};

struct ledger_reader {
	struct sqlite3 *database; /* owned */
	struct sqlite3_stmt *statement[LEDGER_QUESTION_COUNT];
};

int ledger_reader_open(struct ledger_reader *reader, const char *path); /* SQLite code */
void ledger_reader_close(struct ledger_reader *reader);

struct ledger_reader *ledger_reader_of(struct ledger *ledger); /* ledger.c */

/* What an SQLite failure is as a negative errno; `database` may be NULL. */
int ledger_errno(struct sqlite3 *database, int code);

#endif
