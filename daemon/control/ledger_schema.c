/* The ledger's tables: how records lie in them, how they came to be, and how an older file is
 * brought up to date.  Rules that must hold whatever a program does stand in the schema itself. */
#include "daemon/control/ledger_internal.h"

#include <errno.h>    /* errno values */
#include <fcntl.h>    /* open, for syncing */
#include <limits.h>   /* PATH_MAX */
#include <stdio.h>    /* snprintf, rename */
#include <string.h>   /* strrchr */
#include <sys/stat.h> /* stat */
#include <unistd.h>   /* fsync, close, unlink */

#include <sqlite3.h>

#include "base/error.h"

#define COUNT(array) (sizeof(array) / sizeof *(array))
#define FIELD(kind, record, member, column)                                                        \
	{                                                                                          \
		column, kind, offsetof(struct record, member),                                     \
			sizeof(((struct record *)0)->member)                                       \
	}

enum { APPLICATION_ID = 0x50464c31 }; /* "PFL1", so that no other SQLite file is taken for ours */

static const struct ledger_column file_columns[] = {
	FIELD(LEDGER_TEXT, file_record, sha256, "sha256"),
	FIELD(LEDGER_TEXT, file_record, upload_sha256, "upload_sha256"),
	FIELD(LEDGER_TEXT, file_record, name, "name"),
	FIELD(LEDGER_INT64, file_record, bytes, "bytes"),
	FIELD(LEDGER_INT64, file_record, commands, "commands"),
	FIELD(LEDGER_INT64, file_record, lines, "lines"),
	FIELD(LEDGER_DOUBLE, file_record, time_s, "time_s"),
	FIELD(LEDGER_DOUBLE, file_record, heat_s, "heat_s"),
	FIELD(LEDGER_DOUBLE, file_record, filament_mm, "filament_mm"),
	FIELD(LEDGER_DOUBLE, file_record, filament_g, "filament_g"),
	FIELD(LEDGER_BOOL, file_record, has_print_box, "has_print_box"),
	FIELD(LEDGER_DOUBLE, file_record, box_min_mm[0], "box_min_x_mm"),
	FIELD(LEDGER_DOUBLE, file_record, box_min_mm[1], "box_min_y_mm"),
	FIELD(LEDGER_DOUBLE, file_record, box_min_mm[2], "box_min_z_mm"),
	FIELD(LEDGER_DOUBLE, file_record, box_max_mm[0], "box_max_x_mm"),
	FIELD(LEDGER_DOUBLE, file_record, box_max_mm[1], "box_max_y_mm"),
	FIELD(LEDGER_DOUBLE, file_record, box_max_mm[2], "box_max_z_mm"),
	FIELD(LEDGER_DOUBLE, file_record, hotend_celsius, "hotend_celsius"),
	FIELD(LEDGER_DOUBLE, file_record, bed_celsius, "bed_celsius"),
	FIELD(LEDGER_DOUBLE, file_record, nozzle_mm, "nozzle_mm"),
	FIELD(LEDGER_INT32, file_record, layers, "layers"),
	FIELD(LEDGER_BOOL, file_record, needs_person, "needs_person"),
	FIELD(LEDGER_TEXT, file_record, machine, "machine"),
	FIELD(LEDGER_TEXT, file_record, material, "material"),
	FIELD(LEDGER_TEXT, file_record, slicer, "slicer"),
	FIELD(LEDGER_INT64, file_record, stored_s, "stored_s"),
	FIELD(LEDGER_TEXT, file_record, pace, "pace"),
	FIELD(LEDGER_TEXT, file_record, dialects, "dialects"),
	FIELD(LEDGER_INT32, file_record, tools, "tools"),
	FIELD(LEDGER_TEXT, file_record, layer_map, "layer_map"),
	{ "analysis", LEDGER_LONG_TEXT, 0, 0 },
};

static const struct ledger_column design_columns[] = {
	FIELD(LEDGER_INT64, design_record, id, "id"),
	FIELD(LEDGER_TEXT, design_record, name, "name"),
	FIELD(LEDGER_INT64, design_record, created_s, "created_s"),
};

static const struct ledger_column plate_columns[] = {
	FIELD(LEDGER_INT64, plate_record, id, "id"),
	FIELD(LEDGER_INT64, plate_record, design, "design"),
	FIELD(LEDGER_INT32, plate_record, position, "position"),
	FIELD(LEDGER_TEXT, plate_record, sha256, "sha256"),
	FIELD(LEDGER_INT32, plate_record, yield, "yield"),
	FIELD(LEDGER_TEXT, plate_record, name, "name"),
};

static const struct ledger_column approval_columns[] = {
	FIELD(LEDGER_INT64, approval_record, id, "id"),
	FIELD(LEDGER_INT64, approval_record, design, "design"),
	FIELD(LEDGER_TEXT, approval_record, content_sha256, "content_sha256"),
	FIELD(LEDGER_INT64, approval_record, at_s, "at_s"),
	FIELD(LEDGER_TEXT, approval_record, user, "user"),
	FIELD(LEDGER_TEXT, approval_record, evidence, "evidence"),
	FIELD(LEDGER_TEXT, approval_record, signer, "signer"),
	FIELD(LEDGER_TEXT, approval_record, signature, "signature"),
	FIELD(LEDGER_INT64, approval_record, revoked_s, "revoked_s"),
	FIELD(LEDGER_TEXT, approval_record, revoked_by, "revoked_by"),
	FIELD(LEDGER_TEXT, approval_record, revoke_reason, "revoke_reason"),
};

static const struct ledger_column order_columns[] = {
	FIELD(LEDGER_INT64, order_record, id, "id"),
	FIELD(LEDGER_INT64, order_record, design, "design"),
	FIELD(LEDGER_INT64, order_record, units, "units"),
	FIELD(LEDGER_INT32, order_record, priority, "priority"),
	FIELD(LEDGER_INT64, order_record, due_s, "due_s"),
	FIELD(LEDGER_INT64, order_record, created_s, "created_s"),
	FIELD(LEDGER_INT32, order_record, state, "state"),
	FIELD(LEDGER_BOOL, order_record, test, "test"),
	FIELD(LEDGER_TEXT, order_record, user, "user"),
	FIELD(LEDGER_TEXT, order_record, material, "material"),
	FIELD(LEDGER_TEXT, order_record, color, "color"),
	FIELD(LEDGER_TEXT, order_record, printer, "printer"),
	FIELD(LEDGER_TEXT, order_record, tag, "tag"),
	FIELD(LEDGER_TEXT, order_record, project, "project"),
	FIELD(LEDGER_TEXT, order_record, after, "after_orders"),
	FIELD(LEDGER_TEXT, order_record, hold_reason, "hold_reason"),
	FIELD(LEDGER_INT32, order_record, retries, "retries"),
};

static const struct ledger_column delivery_columns[] = {
	FIELD(LEDGER_INT64, delivery_record, id, "id"),
	FIELD(LEDGER_INT64, delivery_record, order, "order_id"),
	FIELD(LEDGER_INT64, delivery_record, units, "units"),
	FIELD(LEDGER_INT64, delivery_record, at_s, "at_s"),
	FIELD(LEDGER_TEXT, delivery_record, user, "user"),
	FIELD(LEDGER_TEXT, delivery_record, note, "note"),
};

static const struct ledger_column promise_columns[] = {
	FIELD(LEDGER_INT64, promise_record, id, "id"),
	FIELD(LEDGER_INT64, promise_record, order, "order_id"),
	FIELD(LEDGER_INT64, promise_record, made_s, "made_s"),
	FIELD(LEDGER_INT64, promise_record, low_s, "low_s"),
	FIELD(LEDGER_INT64, promise_record, likely_s, "likely_s"),
	FIELD(LEDGER_INT64, promise_record, promised_s, "promised_s"),
	FIELD(LEDGER_INT64, promise_record, model_s, "model_s"),
	FIELD(LEDGER_INT32, promise_record, confidence_percent, "confidence_percent"),
	FIELD(LEDGER_BOOL, promise_record, given, "given"),
	FIELD(LEDGER_INT64, promise_record, units, "units"),
	FIELD(LEDGER_INT64, promise_record, due_s, "due_s"),
	FIELD(LEDGER_INT32, promise_record, priority, "priority"),
	FIELD(LEDGER_INT64, promise_record, done_s, "done_s"),
	FIELD(LEDGER_TEXT, promise_record, cause, "cause"),
};

static const struct ledger_column job_columns[] = {
	FIELD(LEDGER_INT64, job_record, id, "id"),
	FIELD(LEDGER_INT64, job_record, order, "order_id"),
	FIELD(LEDGER_INT32, job_record, state, "state"),
	FIELD(LEDGER_REFERENCE, job_record, plate, "plate"),
	FIELD(LEDGER_TEXT, job_record, printer, "printer"),
	FIELD(LEDGER_INT32, job_record, tries, "tries"),
	FIELD(LEDGER_INT32, job_record, good, "good"),
	FIELD(LEDGER_INT32, job_record, scrap, "scrap"),
	FIELD(LEDGER_TEXT, job_record, reason, "reason"),
	FIELD(LEDGER_TEXT, job_record, failed_on, "failed_on"),
	FIELD(LEDGER_INT64, job_record, created_s, "created_s"),
	FIELD(LEDGER_INT64, job_record, changed_s, "changed_s"),
};

static const struct ledger_column attempt_columns[] = {
	FIELD(LEDGER_TEXT, attempt_record, id, "id"),
	FIELD(LEDGER_INT64, attempt_record, job, "job"),
	FIELD(LEDGER_TEXT, attempt_record, printer, "printer"),
	FIELD(LEDGER_INT32, attempt_record, state, "state"),
	FIELD(LEDGER_INT32, attempt_record, fault, "fault"),
	FIELD(LEDGER_TEXT, attempt_record, reason, "reason"),
	FIELD(LEDGER_INT64, attempt_record, started_s, "started_s"),
	FIELD(LEDGER_INT64, attempt_record, ended_s, "ended_s"),
	FIELD(LEDGER_INT64, attempt_record, commands_done, "commands_done"),
	FIELD(LEDGER_INT64, attempt_record, lines_sent, "lines_sent"),
	FIELD(LEDGER_INT64, attempt_record, resends, "resends"),
	FIELD(LEDGER_REFERENCE, attempt_record, plate, "plate"),
	FIELD(LEDGER_TEXT, attempt_record, sha256, "sha256"),
	FIELD(LEDGER_INT64, attempt_record, bytes_sent, "bytes_sent"),
	FIELD(LEDGER_INT64, attempt_record, line_errors, "line_errors"),
	FIELD(LEDGER_INT64, attempt_record, unreadable_lines, "unreadable_lines"),
	FIELD(LEDGER_INT64, attempt_record, lost_acknowledgements, "lost_acknowledgements"),
	FIELD(LEDGER_INT64, attempt_record, starved_us, "starved_us"),
	FIELD(LEDGER_INT64, attempt_record, starved_count, "starved_count"),
	FIELD(LEDGER_INT64, attempt_record, stall_resend_us, "stall_resend_us"),
	FIELD(LEDGER_INT64, attempt_record, stall_answer_us, "stall_answer_us"),
	FIELD(LEDGER_INT64, attempt_record, stall_port_us, "stall_port_us"),
	FIELD(LEDGER_INT64, attempt_record, stall_file_us, "stall_file_us"),
	FIELD(LEDGER_INT64, attempt_record, planned_s, "planned_s"),
	FIELD(LEDGER_INT64, attempt_record, print_us, "print_us"),
	FIELD(LEDGER_TEXT, attempt_record, firmware, "firmware"),
	FIELD(LEDGER_REFERENCE, attempt_record, spool, "spool"),
	FIELD(LEDGER_TEXT, attempt_record, material, "material"),
	FIELD(LEDGER_TEXT, attempt_record, color, "color"),
	FIELD(LEDGER_TEXT, attempt_record, lot, "lot"),
	FIELD(LEDGER_TEXT, attempt_record, loaded_by, "loaded_by"),
	FIELD(LEDGER_INT64, attempt_record, loaded_s, "loaded_s"),
	FIELD(LEDGER_TEXT, attempt_record, heat, "heat"),
};

static const struct ledger_column photo_columns[] = {
	FIELD(LEDGER_TEXT, photo_record, id, "id"),
	FIELD(LEDGER_TEXT, photo_record, sha256, "sha256"),
	FIELD(LEDGER_TEXT, photo_record, type, "type"),
	FIELD(LEDGER_INT64, photo_record, bytes, "bytes"),
	FIELD(LEDGER_INT64, photo_record, job, "job"),
	FIELD(LEDGER_TEXT, photo_record, attempt, "attempt"),
	FIELD(LEDGER_TEXT, photo_record, printer, "printer"),
	FIELD(LEDGER_INT32, photo_record, moment, "moment"),
	FIELD(LEDGER_INT64, photo_record, taken_s, "taken_s"),
};

static const struct ledger_column printer_columns[] = {
	FIELD(LEDGER_TEXT, printer_record, name, "name"),
	FIELD(LEDGER_INT32, printer_record, bed, "bed"),
	FIELD(LEDGER_REFERENCE, printer_record, bed_job, "bed_job"),
	FIELD(LEDGER_TEXT, printer_record, bed_why, "bed_why"),
	FIELD(LEDGER_INT32, printer_record, lock_fault, "lock_fault"),
	FIELD(LEDGER_TEXT, printer_record, lock_reason, "lock_reason"),
	FIELD(LEDGER_BOOL, printer_record, enabled, "enabled"),
	FIELD(LEDGER_INT64, printer_record, quarantined_s, "quarantined_s"),
	FIELD(LEDGER_TEXT, printer_record, quarantine_reason, "quarantine_reason"),
	FIELD(LEDGER_INT64, printer_record, trusted_s, "trusted_s"),
	FIELD(LEDGER_REFERENCE, printer_record, spool, "spool"),
	FIELD(LEDGER_TEXT, printer_record, loaded_by, "loaded_by"),
	FIELD(LEDGER_INT64, printer_record, loaded_s, "loaded_s"),
	FIELD(LEDGER_INT64, printer_record, print_us, "print_us"),
	FIELD(LEDGER_INT64, printer_record, waits_since_s, "waits_since_s"),
};

static const struct ledger_column spool_columns[] = {
	FIELD(LEDGER_INT64, spool_record, id, "id"),
	FIELD(LEDGER_TEXT, spool_record, material, "material"),
	FIELD(LEDGER_TEXT, spool_record, color, "color"),
	FIELD(LEDGER_TEXT, spool_record, lot, "lot"),
	FIELD(LEDGER_DOUBLE, spool_record, grams_left, "grams_left"),
	FIELD(LEDGER_BOOL, spool_record, retired, "retired"),
};

static const struct ledger_column spent_columns[] = {
	FIELD(LEDGER_INT64, spent_record, id, "id"),
	FIELD(LEDGER_TEXT, spent_record, printer, "printer"),
	FIELD(LEDGER_INT64, spent_record, day_s, "day_s"),
	FIELD(LEDGER_INT32, spent_record, kind, "kind"),
	FIELD(LEDGER_INT64, spent_record, amount, "amount"),
};

static const struct ledger_column event_columns[] = {
	FIELD(LEDGER_INT64, event_record, id, "id"),
	FIELD(LEDGER_INT64, event_record, at_s, "at_s"),
	FIELD(LEDGER_TEXT, event_record, kind, "kind"),
	FIELD(LEDGER_TEXT, event_record, subject, "subject"),
	FIELD(LEDGER_TEXT, event_record, user, "user"),
	FIELD(LEDGER_TEXT, event_record, text, "text"),
};

static const struct ledger_column idempotency_columns[] = {
	FIELD(LEDGER_TEXT, idempotency_record, key, "key"),
	FIELD(LEDGER_TEXT, idempotency_record, request_sha256, "request_sha256"),
	FIELD(LEDGER_INT32, idempotency_record, status, "status"),
	FIELD(LEDGER_LONG_TEXT, idempotency_record, answer, "answer"),
	FIELD(LEDGER_INT64, idempotency_record, at_s, "at_s"),
};

static const struct ledger_column clearing_columns[] = {
	FIELD(LEDGER_INT64, clearing_record, id, "id"),
	FIELD(LEDGER_TEXT, clearing_record, printer, "printer"),
	FIELD(LEDGER_INT64, clearing_record, since_s, "since_s"),
	FIELD(LEDGER_INT64, clearing_record, cleared_s, "cleared_s"),
	FIELD(LEDGER_INT32, clearing_record, hour, "hour"),
	FIELD(LEDGER_INT64, clearing_record, wait_s, "wait_s"),
};

static const struct ledger_column maintenance_columns[] = {
	FIELD(LEDGER_INT64, maintenance_record, id, "id"),
	FIELD(LEDGER_TEXT, maintenance_record, printer, "printer"),
	FIELD(LEDGER_TEXT, maintenance_record, what, "what"),
	FIELD(LEDGER_INT64, maintenance_record, at_s, "at_s"),
	FIELD(LEDGER_INT64, maintenance_record, print_us, "print_us"),
	FIELD(LEDGER_TEXT, maintenance_record, user, "user"),
};

#define TABLE(table, noun)                                                                         \
	{                                                                                          \
		table, sizeof(struct noun##_record), COUNT(noun##_columns), noun##_columns         \
	}

const struct ledger_table ledger_tables[LEDGER_NOUN_COUNT] = {
	[LEDGER_FILE] = TABLE("files", file),
	[LEDGER_DESIGN] = TABLE("designs", design),
	[LEDGER_PLATE] = TABLE("plates", plate),
	[LEDGER_APPROVAL] = TABLE("approvals", approval),
	[LEDGER_ORDER] = TABLE("orders", order),
	[LEDGER_DELIVERY] = TABLE("deliveries", delivery),
	[LEDGER_PROMISE] = TABLE("promises", promise),
	[LEDGER_JOB] = TABLE("jobs", job),
	[LEDGER_ATTEMPT] = TABLE("attempts", attempt),
	[LEDGER_PHOTO] = TABLE("photos", photo),
	[LEDGER_PRINTER] = TABLE("printers", printer),
	[LEDGER_SPOOL] = TABLE("spools", spool),
	[LEDGER_SPENT] = TABLE("spent", spent),
	[LEDGER_EVENT] = TABLE("events", event),
	[LEDGER_IDEMPOTENCY] = TABLE("idempotency", idempotency),
	[LEDGER_CLEARING] = TABLE("clearings", clearing),
	[LEDGER_MAINTENANCE] = TABLE("maintenance", maintenance),
};

/* States are stored as the numbers of records.h: job 0 held, 1 queued, 6 inspected; attempt
 * 0 started, all others final. */
const char *const ledger_migrations[] = {
	/* 1: the first farm */
	"CREATE TABLE files ("
	" sha256 TEXT PRIMARY KEY CHECK (length(sha256) = 64),"
	" upload_sha256 TEXT NOT NULL, name TEXT NOT NULL,"
	" bytes INTEGER NOT NULL, commands INTEGER NOT NULL, lines INTEGER NOT NULL,"
	" time_s REAL NOT NULL, heat_s REAL NOT NULL,"
	" filament_mm REAL NOT NULL, filament_g REAL NOT NULL,"
	" has_print_box INTEGER NOT NULL,"
	" box_min_x_mm REAL NOT NULL, box_min_y_mm REAL NOT NULL, box_min_z_mm REAL NOT NULL,"
	" box_max_x_mm REAL NOT NULL, box_max_y_mm REAL NOT NULL, box_max_z_mm REAL NOT NULL,"
	" hotend_celsius REAL NOT NULL, bed_celsius REAL NOT NULL, nozzle_mm REAL NOT NULL,"
	" layers INTEGER NOT NULL, needs_person INTEGER NOT NULL,"
	" machine TEXT NOT NULL, material TEXT NOT NULL, slicer TEXT NOT NULL,"
	" stored_s INTEGER NOT NULL, analysis TEXT) STRICT;"

	"CREATE TABLE designs ("
	" id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE CHECK (name <> ''),"
	" created_s INTEGER NOT NULL) STRICT;"

	"CREATE TABLE plates ("
	" id INTEGER PRIMARY KEY, design INTEGER NOT NULL REFERENCES designs,"
	" position INTEGER NOT NULL, sha256 TEXT NOT NULL REFERENCES files,"
	" yield INTEGER NOT NULL CHECK (yield >= 1), UNIQUE (design, position)) STRICT;"

	"CREATE TABLE orders ("
	" id INTEGER PRIMARY KEY, design INTEGER NOT NULL REFERENCES designs,"
	" units INTEGER NOT NULL CHECK (units >= 1),"
	" priority INTEGER NOT NULL CHECK (priority BETWEEN 0 AND 100),"
	" due_s INTEGER NOT NULL, created_s INTEGER NOT NULL, state INTEGER NOT NULL,"
	" user TEXT NOT NULL, material TEXT NOT NULL, color TEXT NOT NULL,"
	" printer TEXT NOT NULL, tag TEXT NOT NULL) STRICT;"

	"CREATE TABLE jobs ("
	" id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders,"
	" state INTEGER NOT NULL, plate INTEGER REFERENCES plates, printer TEXT NOT NULL,"
	" tries INTEGER NOT NULL, good INTEGER NOT NULL CHECK (good >= 0),"
	" scrap INTEGER NOT NULL CHECK (scrap >= 0), reason TEXT NOT NULL,"
	" created_s INTEGER NOT NULL, changed_s INTEGER NOT NULL,"
	" CHECK (state = 6 OR good + scrap = 0),"
	" CHECK (state IN (0, 1, 7, 9) OR (plate IS NOT NULL AND printer <> ''))) STRICT;"
	"CREATE INDEX jobs_of_order ON jobs (order_id);"

	/* Invariant 3: what is counted is exactly what was on the plate, and stays counted. */
	"CREATE TRIGGER job_counts_insert BEFORE INSERT ON jobs"
	" WHEN NEW.state = 6 AND NEW.good + NEW.scrap IS NOT"
	"  (SELECT yield FROM plates WHERE id = NEW.plate)"
	" BEGIN SELECT RAISE(ABORT, 'good + scrap is not the yield'); END;"
	"CREATE TRIGGER job_counts_update BEFORE UPDATE ON jobs"
	" WHEN NEW.state = 6 AND NEW.good + NEW.scrap IS NOT"
	"  (SELECT yield FROM plates WHERE id = NEW.plate)"
	" BEGIN SELECT RAISE(ABORT, 'good + scrap is not the yield'); END;"
	"CREATE TRIGGER job_final BEFORE UPDATE ON jobs"
	" WHEN OLD.state IN (6, 9) AND NEW.state <> OLD.state"
	" BEGIN SELECT RAISE(ABORT, 'an ended job stays ended'); END;"
	"CREATE TRIGGER job_drop BEFORE DELETE ON jobs"
	" WHEN OLD.state NOT IN (0, 1) OR EXISTS (SELECT 1 FROM attempts WHERE job = OLD.id)"
	" BEGIN SELECT RAISE(ABORT, 'only a job that was never started may go'); END;"

	"CREATE TABLE attempts ("
	" id TEXT PRIMARY KEY CHECK (length(id) = 32), job INTEGER NOT NULL REFERENCES jobs,"
	" printer TEXT NOT NULL CHECK (printer <> ''), state INTEGER NOT NULL,"
	" fault INTEGER NOT NULL, reason TEXT NOT NULL,"
	" started_s INTEGER NOT NULL, ended_s INTEGER NOT NULL,"
	" commands_done INTEGER NOT NULL, lines_sent INTEGER NOT NULL,"
	" resends INTEGER NOT NULL) STRICT;"
	"CREATE INDEX attempts_of_job ON attempts (job);"

	/* Invariant 1: at most one attempt is active on a printer (and of a job), and each ends
	 * in exactly one final state. */
	"CREATE UNIQUE INDEX one_open_attempt_on_printer ON attempts (printer) WHERE state = 0;"
	"CREATE UNIQUE INDEX one_open_attempt_of_job ON attempts (job) WHERE state = 0;"
	"CREATE TRIGGER attempt_ends_once BEFORE UPDATE ON attempts"
	" WHEN OLD.state <> 0 AND NEW.state <> OLD.state"
	" BEGIN SELECT RAISE(ABORT, 'an attempt ends once'); END;"
	"CREATE TRIGGER attempt_keeps_its_job BEFORE UPDATE ON attempts"
	" WHEN NEW.job <> OLD.job OR NEW.printer <> OLD.printer"
	" BEGIN SELECT RAISE(ABORT, 'an attempt is of one job on one printer for life'); END;"

	"CREATE TABLE spools ("
	" id INTEGER PRIMARY KEY, material TEXT NOT NULL, color TEXT NOT NULL, lot TEXT NOT NULL,"
	" grams_left REAL NOT NULL, retired INTEGER NOT NULL) STRICT;"

	"CREATE TABLE printers ("
	" name TEXT PRIMARY KEY CHECK (name <> ''), bed INTEGER NOT NULL,"
	" bed_job INTEGER REFERENCES jobs, bed_why TEXT NOT NULL,"
	" lock_fault INTEGER NOT NULL, lock_reason TEXT NOT NULL, enabled INTEGER NOT NULL,"
	" spool INTEGER REFERENCES spools) STRICT;"

	"CREATE TABLE events ("
	" id INTEGER PRIMARY KEY, at_s INTEGER NOT NULL, kind TEXT NOT NULL,"
	" subject TEXT NOT NULL, user TEXT NOT NULL, text TEXT NOT NULL) STRICT;"

	"CREATE TABLE idempotency ("
	" key TEXT PRIMARY KEY CHECK (key <> ''), request_sha256 TEXT NOT NULL,"
	" status INTEGER NOT NULL, answer TEXT NOT NULL, at_s INTEGER NOT NULL) STRICT;"
	"CREATE INDEX idempotency_age ON idempotency (at_s);",

	/* 2: attempts know what they printed; of older ones it is unknown, also where the job tells
	 * a plate, which may be that of a later try */
	"ALTER TABLE attempts ADD COLUMN plate INTEGER REFERENCES plates;"
	"ALTER TABLE attempts ADD COLUMN sha256 TEXT NOT NULL DEFAULT ''"
	" CHECK (length(sha256) IN (0, 64));"
	"CREATE TRIGGER attempt_keeps_its_plate BEFORE UPDATE ON attempts"
	" WHEN NEW.plate IS NOT OLD.plate OR NEW.sha256 <> OLD.sha256"
	" BEGIN SELECT RAISE(ABORT, 'an attempt is of one plate for life'); END;",

	/* 3: how an attempt flowed */
	"ALTER TABLE attempts ADD COLUMN bytes_sent INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN line_errors INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN unreadable_lines INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN lost_acknowledgements INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN starved_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN starved_count INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN stall_resend_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN stall_answer_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN stall_port_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN stall_file_us INTEGER NOT NULL DEFAULT 0;",

	/* 4: how a file's time goes over its commands */
	"ALTER TABLE files ADD COLUMN pace TEXT NOT NULL DEFAULT '';",

	/* 5: who wants which content of a design produced; orders that are test prints */
	"CREATE TABLE approvals ("
	" id INTEGER PRIMARY KEY, design INTEGER NOT NULL REFERENCES designs,"
	" content_sha256 TEXT NOT NULL CHECK (length(content_sha256) = 64),"
	" at_s INTEGER NOT NULL, user TEXT NOT NULL, evidence TEXT NOT NULL,"
	" signer TEXT NOT NULL, signature TEXT NOT NULL, revoked_s INTEGER NOT NULL,"
	" revoked_by TEXT NOT NULL, revoke_reason TEXT NOT NULL) STRICT;"
	"CREATE TRIGGER approval_says_one_thing BEFORE UPDATE ON approvals"
	" WHEN NEW.design <> OLD.design OR NEW.content_sha256 <> OLD.content_sha256"
	"  OR NEW.user <> OLD.user OR (OLD.revoked_s <> 0 AND NEW.revoked_s <> OLD.revoked_s)"
	" BEGIN SELECT RAISE(ABORT, 'an approval is given and revoked once'); END;"
	"ALTER TABLE orders ADD COLUMN test INTEGER NOT NULL DEFAULT 0;",

	/* 6: for the production record: what was in the printer, how long it should have taken;
	 * acts of people, found by what they were done to */
	"ALTER TABLE attempts ADD COLUMN planned_s INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN print_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE attempts ADD COLUMN firmware TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE attempts ADD COLUMN spool INTEGER REFERENCES spools;"
	"ALTER TABLE attempts ADD COLUMN material TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE attempts ADD COLUMN color TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE attempts ADD COLUMN lot TEXT NOT NULL DEFAULT '';"
	"CREATE INDEX acts ON events (kind, subject, at_s) WHERE user <> '';",

	/* 7: for the production record: temperatures, who has put the spool in, what was done to a
	 * printer before; plates keep their names when their file gets another one */
	"ALTER TABLE attempts ADD COLUMN heat TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE attempts ADD COLUMN loaded_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE attempts ADD COLUMN loaded_s INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE printers ADD COLUMN loaded_by TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE printers ADD COLUMN loaded_s INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE plates ADD COLUMN name TEXT NOT NULL DEFAULT '';"
	"UPDATE plates SET name = (SELECT name FROM files WHERE files.sha256 = plates.sha256);"
	"CREATE INDEX attempts_of_printer ON attempts (printer, started_s);",

	/* 8: what was promised for each order, what moved it, and whether it was kept */
	"CREATE TABLE promises ("
	" id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders,"
	" made_s INTEGER NOT NULL, low_s INTEGER NOT NULL, likely_s INTEGER NOT NULL,"
	" promised_s INTEGER NOT NULL, model_s INTEGER NOT NULL,"
	" confidence_percent INTEGER NOT NULL CHECK (confidence_percent BETWEEN 1 AND 100),"
	" given INTEGER NOT NULL, units INTEGER NOT NULL, due_s INTEGER NOT NULL,"
	" priority INTEGER NOT NULL, done_s INTEGER NOT NULL, cause TEXT NOT NULL) STRICT;"
	"CREATE INDEX promises_of_order ON promises (order_id);"
	"CREATE TRIGGER promise_is_not_made_better BEFORE UPDATE ON promises"
	" WHEN OLD.given AND (NEW.promised_s <> OLD.promised_s OR NEW.made_s <> OLD.made_s"
	"  OR NEW.order_id <> OLD.order_id OR (OLD.done_s <> 0 AND NEW.done_s <> OLD.done_s))"
	" BEGIN SELECT RAISE(ABORT, 'a promise that was given stays as it was given'); END;",

	/* 9: orders of a project, and orders that wait for others */
	"ALTER TABLE orders ADD COLUMN project TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE orders ADD COLUMN after_orders TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE orders ADD COLUMN hold_reason TEXT NOT NULL DEFAULT '';",

	/* 10: what was handed over: never more than is good, and once and for all */
	"CREATE TABLE deliveries ("
	" id INTEGER PRIMARY KEY, order_id INTEGER NOT NULL REFERENCES orders,"
	" units INTEGER NOT NULL CHECK (units >= 1), at_s INTEGER NOT NULL,"
	" user TEXT NOT NULL, note TEXT NOT NULL) STRICT;"
	"CREATE INDEX deliveries_of_order ON deliveries (order_id);"
	"CREATE TRIGGER delivery_is_of_good_units BEFORE INSERT ON deliveries"
	" WHEN NEW.units + (SELECT coalesce(sum(units), 0) FROM deliveries"
	"  WHERE order_id = NEW.order_id) > (SELECT coalesce(sum(good), 0) FROM jobs"
	"  WHERE order_id = NEW.order_id)"
	" BEGIN SELECT RAISE(ABORT, 'more units would be delivered than are good'); END;"
	"CREATE TRIGGER delivery_stays BEFORE UPDATE ON deliveries"
	" BEGIN SELECT RAISE(ABORT, 'a delivery stays as it was'); END;",

	/* 11: how long beds wait to be cleared, what printers have printed, and their maintenance
	 */
	"ALTER TABLE printers ADD COLUMN print_us INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE printers ADD COLUMN waits_since_s INTEGER NOT NULL DEFAULT 0;"
	"UPDATE printers SET print_us = (SELECT coalesce(sum(print_us), 0) FROM attempts"
	" WHERE attempts.printer = printers.name);"
	"CREATE TABLE clearings ("
	" id INTEGER PRIMARY KEY, printer TEXT NOT NULL CHECK (printer <> ''),"
	" since_s INTEGER NOT NULL, cleared_s INTEGER NOT NULL CHECK (cleared_s >= since_s),"
	" hour INTEGER NOT NULL CHECK (hour BETWEEN 0 AND 167),"
	" wait_s INTEGER NOT NULL CHECK (wait_s >= 0)) STRICT;"
	"CREATE TABLE maintenance ("
	" id INTEGER PRIMARY KEY, printer TEXT NOT NULL CHECK (printer <> ''),"
	" what TEXT NOT NULL CHECK (what <> ''), at_s INTEGER NOT NULL,"
	" print_us INTEGER NOT NULL CHECK (print_us >= 0), user TEXT NOT NULL) STRICT;",

	/* 12: which firmwares read a file, and how many tools it wants */
	"ALTER TABLE files ADD COLUMN dialects TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE files ADD COLUMN tools INTEGER NOT NULL DEFAULT 0;",

	/* 13: how often an order is tried again, where a job failed, printers in quarantine */
	"ALTER TABLE orders ADD COLUMN retries INTEGER NOT NULL DEFAULT -1;"
	"ALTER TABLE jobs ADD COLUMN failed_on TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE printers ADD COLUMN quarantined_s INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE printers ADD COLUMN quarantine_reason TEXT NOT NULL DEFAULT '';"
	"ALTER TABLE printers ADD COLUMN trusted_s INTEGER NOT NULL DEFAULT 0;",

	/* 14: what became of the printers' time */
	"CREATE TABLE spent ("
	" id INTEGER PRIMARY KEY, printer TEXT NOT NULL CHECK (printer <> ''),"
	" day_s INTEGER NOT NULL, kind INTEGER NOT NULL,"
	" amount INTEGER NOT NULL CHECK (amount >= 0), UNIQUE (day_s, printer, kind)) STRICT;",

	/* 15: photos of what was printed */
	"CREATE TABLE photos ("
	" id TEXT PRIMARY KEY CHECK (length(id) = 32),"
	" sha256 TEXT NOT NULL CHECK (length(sha256) = 64), type TEXT NOT NULL,"
	" bytes INTEGER NOT NULL, job INTEGER NOT NULL REFERENCES jobs, attempt TEXT NOT NULL,"
	" printer TEXT NOT NULL, moment INTEGER NOT NULL, taken_s INTEGER NOT NULL) STRICT;"
	"CREATE INDEX photos_of_job ON photos (job);",

	/* 16: at which commands a file's layers begin */
	"ALTER TABLE files ADD COLUMN layer_map TEXT NOT NULL DEFAULT '';",
};
const int ledger_migration_count = (int)COUNT(ledger_migrations);

/* The one number that a statement answers with; negative errno when it does not. */
static int ask_number(sqlite3 *database, const char *sql, int64_t *number)
{
	sqlite3_stmt *statement = NULL;
	int code = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	if (code == SQLITE_ROW)
		*number = sqlite3_column_int64(statement, 0);
	sqlite3_finalize(statement);
	return code == SQLITE_ROW
		       ? 0
		       : ledger_errno(database, code == SQLITE_DONE ? SQLITE_ERROR : code);
}

/* Is it ours, and of which version?  Version 0 with no tables at all is a new file. */
static int ask_version(sqlite3 *database, int64_t *version)
{
	int64_t application = 0, tables = 0;
	int result = ask_number(database, "PRAGMA user_version", version);

	if (result == 0)
		result = ask_number(database, "PRAGMA application_id", &application);
	if (result == 0)
		result = ask_number(database, "SELECT count(*) FROM sqlite_schema", &tables);
	if (result == 0 && application != APPLICATION_ID && (application || *version || tables))
		result = -EUCLEAN;
	return result;
}

int ledger_schema_check(const char *path, int known, struct error *error)
{
	struct stat status;
	sqlite3 *database = NULL;
	int64_t version = 0;

	if (stat(path, &status) != 0)
		return errno == ENOENT ? 0 : -errno;
	if (status.st_size == 0)
		return 0;
	int code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL);
	int result = code == SQLITE_OK ? 0 : ledger_errno(database, code);

	sqlite3_busy_timeout(database, 5000);
	if (result == 0)
		result = ask_version(database, &version);
	if (result == -EUCLEAN)
		error_set(error, "%s is damaged or is not a ledger of printfarm", path);
	else if (result != 0)
		error_set(error, "%s cannot be read: %s", path, sqlite3_errmsg(database));
	sqlite3_close(database);
	if (result == 0 && version > known) {
		error_set(error,
			"%s was written by a newer printfarmd (ledger version %d, this program "
			"knows "
			"up to %d): install that version again; the state before its upgrade is in "
			"%s.before-* if it made one",
			path, (int)version, known, path);
		result = -EPROTONOSUPPORT;
	}
	return result;
}

static int sync_path(const char *path, int flags)
{
	int descriptor = open(path, flags | O_RDONLY | O_CLOEXEC);

	if (descriptor < 0)
		return -errno;
	int result = fsync(descriptor) == 0 ? 0 : -errno;

	close(descriptor);
	return result;
}

static int sync_directory_of(const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');

	if (!slash)
		return sync_path(".", O_DIRECTORY);
	snprintf(
		directory, sizeof directory, "%.*s", (int)(slash == path ? 1 : slash - path), path);
	return sync_path(directory, O_DIRECTORY);
}

/* Opens the copy and lets SQLite look at every page. */
static int check_copy(const char *path, int64_t version)
{
	sqlite3 *database = NULL;
	int64_t found = -1, good = 0;
	int code = sqlite3_open_v2(path, &database, SQLITE_OPEN_READONLY, NULL);
	int result = code == SQLITE_OK ? 0 : ledger_errno(database, code);

	if (result == 0)
		result = ask_number(database, "PRAGMA user_version", &found);
	if (result == 0)
		result = ask_number(database,
			"SELECT count(*) FROM pragma_quick_check WHERE quick_check = 'ok'", &good);
	sqlite3_close(database);
	if (result == 0 && (found != version || good != 1))
		result = -EUCLEAN;
	return result;
}

/* Temporary name, check, sync, rename, sync: a backup that bears its name is complete. */
static int back_up(sqlite3 *database, const char *path, int64_t version, struct error *error)
{
	char target[PATH_MAX], temporary[PATH_MAX];
	sqlite3_stmt *statement = NULL;

	snprintf(target, sizeof target, "%s.before-%d", path, (int)version + 1);
	if ((size_t)snprintf(temporary, sizeof temporary, "%s.part", target) >= sizeof temporary)
		return -ENAMETOOLONG;
	unlink(temporary);
	int code = sqlite3_prepare_v2(database, "VACUUM INTO ?1", -1, &statement, NULL);

	if (code == SQLITE_OK)
		code = sqlite3_bind_text(statement, 1, temporary, -1, SQLITE_STATIC);
	if (code == SQLITE_OK)
		code = sqlite3_step(statement);
	int result = code == SQLITE_DONE ? 0 : ledger_errno(database, code);

	sqlite3_finalize(statement);
	if (result == 0)
		result = check_copy(temporary, version);
	if (result == 0)
		result = sync_path(temporary, 0);
	if (result == 0 && rename(temporary, target) != 0)
		result = -errno;
	if (result == 0)
		result = sync_directory_of(target);
	if (result != 0) {
		unlink(temporary);
		error_set(
			error, "no backup to %s before the upgrade: %s", target, strerror(-result));
	}
	return result;
}

/* All steps and the new version number in one transaction: old or new, never mixed. */
static int migrate(sqlite3 *database, const char *const *migrations, int from, int to)
{
	char sql[96];
	int code = sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL);

	for (int version = from; code == SQLITE_OK && version < to; version++)
		code = sqlite3_exec(database, migrations[version], NULL, NULL, NULL);
	snprintf(sql, sizeof sql, "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
		APPLICATION_ID, to);
	if (code == SQLITE_OK)
		code = sqlite3_exec(database, sql, NULL, NULL, NULL);
	return code;
}

int ledger_schema_migrate(sqlite3 *database, const char *path, const char *const *migrations,
	int count, struct error *error)
{
	int64_t version = 0;
	int result = ask_version(database, &version);

	if (result != 0) {
		error_set(error, "%s: %s", path, sqlite3_errmsg(database));
		return result;
	}
	if (version >= count)
		return 0;
	if (version > 0)
		result = back_up(database, path, version, error);
	if (result != 0)
		return result;
	int code = migrate(database, migrations, (int)version, count);

	if (code != SQLITE_OK) {
		result = ledger_errno(database, code);
		error_set(error, "%s: upgrade from version %d to %d failed, nothing is changed: %s",
			path, (int)version, count, sqlite3_errmsg(database));
		sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
	}
	return result;
}
