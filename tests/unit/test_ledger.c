/* The ledger: what was acknowledged is there, whatever happened to the daemon, the disk or the
 * lock; and the rules of the farm hold in the file itself. */
#include "daemon/control/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>
#include <event2/event.h>
#include <sqlite3.h>

#include "base/error.h"
#include "daemon/control/ledger_internal.h"
#include "daemon/control/lives.h"
#include "tests/unit/scratch.h"

/* ---- the disk: these stand before libc's, for SQLite too ---------------------------------- */

static _Atomic int sync_error, write_error; /* errno to fail with, 0: work */
static _Atomic int syncs, writes;	    /* so far */
static int die_at_write;		    /* 0: never */
static _Atomic bool fail_while_there;	    /* fail writes while the file `obstacle` exists */
static char obstacle[512];		    /* written before fail_while_there, then left alone */

int fdatasync(int descriptor)
{
	if (sync_error) {
		errno = sync_error;
		return -1;
	}
	syncs++;
	return (int)syscall(SYS_fdatasync, descriptor);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t offset)
{
	if (write_error || (fail_while_there && access(obstacle, F_OK) == 0)) {
		errno = ENOSPC;
		return -1;
	}
	if (++writes == die_at_write)
		kill(getpid(), SIGKILL);
	return syscall(SYS_pwrite64, descriptor, bytes, length, offset);
}

/* ---- the bench ---------------------------------------------------------------------------- */

struct bench {
	struct scratch scratch;
	struct event_base *base;
	struct ledger *ledger;
	char path[512];
	int submitted, called;
	int order[512];	 /* of the call-backs */
	int result[512]; /* by number of submission */
};

struct ticket {
	struct bench *bench;
	int number;
};

static void open_ledger(struct bench *bench)
{
	struct error error = { "" };
	int result = ledger_open(&bench->ledger, bench->path, bench->base, &error);

	if (result != 0)
		fail_msg("%s", error.text);
}

static void reopen(struct bench *bench)
{
	ledger_close(bench->ledger);
	bench->ledger = NULL;
	open_ledger(bench);
}

static int set_up(void **state)
{
	struct bench *bench = calloc(1, sizeof *bench);

	scratch_make(&bench->scratch);
	snprintf(bench->path, sizeof bench->path, "%s",
		scratch_path(&bench->scratch, "ledger.sqlite"));
	bench->base = event_base_new();
	open_ledger(bench);
	*state = bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	sync_error = write_error = 0;
	fail_while_there = false;
	ledger_close(bench->ledger);
	event_base_free(bench->base);
	scratch_remove(&bench->scratch);
	free(bench);
	return 0;
}

static void on_durable(void *context, int error)
{
	struct ticket *ticket = context;
	struct bench *bench = ticket->bench;

	bench->order[bench->called++] = ticket->number;
	bench->result[ticket->number] = error;
	free(ticket);
}

/* Returns the number of the submission. */
static int submit(struct bench *bench, struct ledger_transaction *transaction)
{
	struct ticket *ticket = malloc(sizeof *ticket);

	*ticket = (struct ticket){ bench, bench->submitted++ };
	ledger_submit(bench->ledger, transaction, on_durable, ticket);
	return ticket->number;
}

static void settle(struct bench *bench)
{
	while (bench->called < bench->submitted)
		event_base_loop(bench->base, EVLOOP_ONCE);
}

static int commit(struct bench *bench, struct ledger_transaction *transaction)
{
	int number = submit(bench, transaction);

	settle(bench);
	return bench->result[number];
}

static struct ledger_transaction *event_transaction(int64_t id)
{
	struct ledger_transaction *transaction = ledger_transaction_create();
	struct event_record event = { .id = id, .at_s = 1700000000 + id, .kind = "farm" };

	snprintf(event.text, sizeof event.text, "event %d", (int)id);
	ledger_put_event(transaction, &event);
	return transaction;
}

static int64_t last_event(struct bench *bench)
{
	int64_t id = -1;

	assert_int_equal(ledger_last_event_id(bench->ledger, &id), 0);
	return id;
}

/* Another program at the same file, as an operator's shell is. */
static sqlite3 *open_foreign(struct bench *bench, const char *sql)
{
	sqlite3 *database = NULL;

	assert_int_equal(sqlite3_open(bench->path, &database), SQLITE_OK);
	sqlite3_busy_timeout(database, 2000);
	assert_int_equal(sqlite3_exec(database, sql, NULL, NULL, NULL), SQLITE_OK);
	return database;
}

/* ---- records to put ----------------------------------------------------------------------- */

static const char hash_a[] = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";

static struct file_record some_file(void)
{
	struct file_record file = {
		.name = "visor \xc3\xa9.gcode",
		.bytes = 1234567890123,
		.commands = 4000,
		.lines = 5000,
		.time_s = 3600.5,
		.heat_s = 120.25,
		.filament_mm = 1234.5,
		.filament_g = -1,
		.has_print_box = true,
		.box_min_mm = { -3.5, 1, 0.2 },
		.box_max_mm = { 200, 210.25, 60 },
		.hotend_celsius = 215,
		.bed_celsius = 60,
		.nozzle_mm = 0.4,
		.layers = 77,
		.needs_person = true,
		.machine = "MK3S",
		.material = "PLA",
		.slicer = "PrusaSlicer 2.5.0",
		.dialects = "marlin,klipper",
		.tools = 2,
		.layer_map = "00a0bz",
		.stored_s = 1700000001,
	};

	memcpy(file.sha256, hash_a, sizeof hash_a);
	memset(file.upload_sha256, 'b', 64);
	return file;
}

static const struct design_record some_design = { 1, "visor", 1700000002 };

static struct plate_record some_plate(void)
{
	struct plate_record plate = { .id = 11, .design = 1, .position = 0, .yield = 4 };

	memcpy(plate.sha256, hash_a, sizeof hash_a);
	return plate;
}

static const struct order_record some_order = {
	.id = 21,
	.design = 1,
	.units = 400,
	.priority = 50,
	.due_s = 1700900000,
	.created_s = 1700000003,
	.state = ORDER_HELD,
	.user = "anna",
	.material = "PETG",
	.color = "white",
	.printer = "p1",
	.tag = "visors",
	.project = "face shields",
	.after = "1,2",
	.hold_reason = "order 2, which it waits for, was cancelled",
};

static const struct job_record some_job = {
	.id = 31,
	.order = 21,
	.state = JOB_PRINTING,
	.plate = 11,
	.printer = "p1",
	.tries = 2,
	.reason = "resent too often",
	.created_s = 1700000004,
	.changed_s = 1700000005,
};

static const struct attempt_record some_attempt = {
	.id = "0123456789abcdef0123456789abcdef",
	.job = 31,
	.printer = "p1",
	.state = ATTEMPT_STARTED,
	.fault = 3,
	.reason = "why",
	.started_s = 1700000006,
	.ended_s = 0,
	.commands_done = 99,
	.lines_sent = 101,
	.resends = 2,
	.plate = 11,
	.sha256 = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
	.planned_s = 3600,
	.print_us = 3700000000,
	.firmware = "Marlin 2.1.2",
	.spool = 41,
	.material = "PLA",
	.color = "white",
	.lot = "lot 6",
	.loaded_by = "anna",
	.loaded_s = 1700000004,
	.heat = "T 2100 2150 2088 2171 2150 99",
};

static const struct photo_record some_photo = {
	.id = "fedcba9876543210fedcba9876543210",
	.sha256 = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb",
	.type = "image/webp",
	.bytes = 12345,
	.job = 31,
	.attempt = "0123456789abcdef0123456789abcdef",
	.printer = "p1",
	.moment = PHOTO_CLEARED,
	.taken_s = 1700000099,
};

static const struct spool_record some_spool = { 41, "PLA", "white", "lot 7", 812.5, true };

static const struct printer_record some_printer = {
	.name = "p1",
	.bed = BED_OCCUPIED,
	.bed_job = 31,
	.bed_why = "printing",
	.lock_fault = 4,
	.lock_reason = "thermal runaway",
	.enabled = true,
	.spool = 41,
};

/* A transaction that holds a farm with one job that prints. */
static struct ledger_transaction *farm_transaction(void)
{
	struct ledger_transaction *transaction = ledger_transaction_create();
	struct file_record file = some_file();
	struct plate_record plate = some_plate();

	ledger_put_file(transaction, &file, "{\"verdict\":\"ok\"}");
	ledger_put_design(transaction, &some_design);
	ledger_put_plate(transaction, &plate);
	ledger_put_order(transaction, &some_order);
	ledger_put_job(transaction, &some_job);
	ledger_put_spool(transaction, &some_spool);
	ledger_put_attempt(transaction, &some_attempt);
	ledger_put_photo(transaction, &some_photo);
	ledger_put_printer(transaction, &some_printer);
	return transaction;
}

static int put_job(struct bench *bench, const struct job_record *job)
{
	struct ledger_transaction *transaction = ledger_transaction_create();

	ledger_put_job(transaction, job);
	return commit(bench, transaction);
}

static int put_attempt(struct bench *bench, const struct attempt_record *attempt)
{
	struct ledger_transaction *transaction = ledger_transaction_create();

	ledger_put_attempt(transaction, attempt);
	return commit(bench, transaction);
}

static int drop_job(struct bench *bench, int64_t job)
{
	struct ledger_transaction *transaction = ledger_transaction_create();

	ledger_drop_job(transaction, job);
	return commit(bench, transaction);
}

/* ---- what must never be lost ------------------------------------------------------------- */

static void tell_parent(void *context, int error)
{
	int pipe_end = *(int *)context;
	char byte = error == 0 ? 'd' : 'e';

	if (write(pipe_end, &byte, 1) != 1)
		_exit(1);
}

/* The child's life: commits events one after the other and says so, until it is killed. */
static void commit_for_ever(const char *path, int pipe_end)
{
	struct ledger *ledger;
	struct ledger_status status;
	struct error error;
	struct event_base *base = event_base_new();

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (ledger_open(&ledger, path, base, &error) != 0)
		_exit(2);
	for (int64_t id = 1;; id++) {
		ledger_submit(ledger, event_transaction(id), tell_parent, &pipe_end);
		ledger_status(ledger, &status);
		if (id % 3 == 0)
			event_base_loop(
				base, status.waiting < 1000 ? EVLOOP_NONBLOCK : EVLOOP_ONCE);
	}
}

static void test_what_was_acknowledged_survives_kill_9(void **state)
{
	struct bench *bench = *state;
	struct error error;

	/* A child of a process with threads may find the sanitizer's heap locked for ever. */
	ledger_close(bench->ledger);
	bench->ledger = NULL;
	for (int round = 1; round <= 8; round++) {
		char path[600], byte;
		int ends[2], acknowledged = 0;
		struct ledger *ledger = NULL;
		int64_t last = 0;

		snprintf(path, sizeof path, "%s.%d", bench->path, round);
		assert_int_equal(pipe(ends), 0);
		pid_t child = fork();

		if (child == 0) {
			close(ends[0]);
			commit_for_ever(path, ends[1]);
		}
		close(ends[1]);
		while (acknowledged < round * 7 && read(ends[0], &byte, 1) == 1) {
			assert_int_equal(byte, 'd');
			acknowledged++;
		}
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		while (read(ends[0], &byte, 1) == 1)
			acknowledged++;
		close(ends[0]);
		assert_true(acknowledged >= round * 7);
		assert_int_equal(ledger_open(&ledger, path, bench->base, &error), 0);
		assert_int_equal(ledger_last_event_id(ledger, &last), 0);
		assert_true(last >= acknowledged);
		ledger_close(ledger);
	}
}

static void keep_syncs(void *context, int error)
{
	assert_int_equal(error, 0);
	*(int *)context = syncs;
}

static void test_nothing_is_called_durable_before_it_is_synced(void **state)
{
	struct bench *bench = *state;

	for (int id = 1; id <= 5; id++) {
		int before = syncs, then = -1;

		ledger_submit(bench->ledger, event_transaction(id), keep_syncs, &then);
		while (then < 0)
			event_base_loop(bench->base, EVLOOP_ONCE);
		assert_true(then > before);
	}
}

static void test_what_waits_at_closing_is_written_and_said_before_it_returns(void **state)
{
	struct bench *bench = *state;

	for (int id = 1; id <= 50; id++)
		submit(bench, event_transaction(id));
	ledger_close(bench->ledger);
	bench->ledger = NULL;
	assert_int_equal(bench->called, 50);
	for (int i = 0; i < 50; i++)
		assert_int_equal(bench->result[i], 0);
	open_ledger(bench);
	assert_int_equal(last_event(bench), 50);
}

static void test_a_foreign_lock_delays_commits_and_drops_none(void **state)
{
	struct bench *bench = *state;
	sqlite3 *foreign = open_foreign(bench, "BEGIN EXCLUSIVE");
	struct ledger_status status;

	for (int id = 1; id <= 20; id++)
		submit(bench, event_transaction(id));
	for (int turn = 0; turn < 30; turn++) {
		event_base_loop(bench->base, EVLOOP_NONBLOCK);
		nanosleep(&(struct timespec){ .tv_nsec = 10000000 }, NULL);
	}
	ledger_status(bench->ledger, &status);
	assert_int_equal(bench->called, 0);
	assert_int_equal(status.waiting, 20);
	assert_false(status.broken);
	assert_int_equal(last_event(bench), 0); /* reading goes on */
	sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(foreign);
	settle(bench);
	assert_int_equal(last_event(bench), 20);
}

static void test_call_backs_come_in_the_order_of_submission_and_share_commits(void **state)
{
	struct bench *bench = *state;
	sqlite3 *foreign = open_foreign(bench, "BEGIN IMMEDIATE");
	struct ledger_status before, after;

	ledger_status(bench->ledger, &before);
	for (int id = 1; id <= 200; id++)
		submit(bench, event_transaction(id));
	sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(foreign);
	settle(bench);
	for (int i = 0; i < 200; i++)
		assert_int_equal(bench->order[i], i);
	ledger_status(bench->ledger, &after);
	assert_int_equal(after.transactions - before.transactions, 200);
	/* The first may have been taken alone; all others waited together. */
	assert_in_range(after.commits - before.commits, 1, 2);
	assert_true(after.bytes_written > before.bytes_written);
	assert_true(after.longest_commit_us > 0);
	assert_int_equal(after.waiting, 0);
}

/* ---- disks ---------------------------------------------------------------------------------- */

static void test_after_a_failed_sync_nothing_is_claimed_until_a_restart(void **state)
{
	struct bench *bench = *state;
	struct ledger_status status;

	assert_int_equal(commit(bench, event_transaction(1)), 0);
	sync_error = EIO;
	assert_int_equal(commit(bench, event_transaction(2)), -EIO);
	sync_error = 0; /* Linux would say all is well now */
	assert_int_equal(commit(bench, event_transaction(3)), -EIO);
	ledger_status(bench->ledger, &status);
	assert_true(status.broken);
	assert_non_null(strstr(status.reason, "writing the ledger failed"));
	assert_int_equal(last_event(bench), 1); /* reading still works */
	reopen(bench);
	assert_int_equal(commit(bench, event_transaction(4)), 0);
	assert_int_equal(last_event(bench), 4);
}

static void test_a_full_disk_is_relieved_by_the_reserve(void **state)
{
	struct bench *bench = *state;
	struct ledger_status status;
	struct error error;
	char reserve[600];

	snprintf(reserve, sizeof reserve, "%s.reserve", bench->path);
	assert_int_equal(ledger_reserve(bench->ledger, 65536, &error), 0);
	assert_int_equal(access(reserve, F_OK), 0);
	strcpy(obstacle, reserve);
	fail_while_there = true;
	int result = commit(bench, event_transaction(1));

	fail_while_there = false;
	assert_int_equal(result, 0);
	ledger_status(bench->ledger, &status);
	assert_false(status.broken);
	assert_false(status.full);
}

static void test_a_disk_without_any_room_delays_and_says_so(void **state)
{
	struct bench *bench = *state;
	struct ledger_status status;

	write_error = ENOSPC;
	submit(bench, event_transaction(1));
	do {
		nanosleep(&(struct timespec){ .tv_nsec = 1000000 }, NULL);
		ledger_status(bench->ledger, &status);
	} while (!status.full);
	assert_false(status.broken);
	assert_non_null(strstr(status.reason, "full"));
	assert_int_equal(bench->called, 0);
	write_error = 0;
	settle(bench);
	assert_int_equal(bench->result[0], 0);
	ledger_status(bench->ledger, &status);
	assert_false(status.full);
	assert_string_equal(status.reason, "");
}

static void test_the_log_does_not_grow_without_bound(void **state)
{
	struct bench *bench = *state;
	struct idempotency_record record = { .answer = malloc(16385), .status = 201, .at_s = 1 };
	struct ledger_status status;
	struct stat log;
	char path[600];

	memset((char *)record.answer, 'x', 16384);
	((char *)record.answer)[16384] = '\0';
	for (int round = 0; round < 40; round++) {
		struct ledger_transaction *transaction = ledger_transaction_create();

		for (int i = 0; i < 50; i++) {
			snprintf(record.key, sizeof record.key, "%d", round * 50 + i);
			ledger_put_idempotency(transaction, &record);
		}
		assert_int_equal(commit(bench, transaction), 0);
	}
	free((char *)record.answer);
	snprintf(path, sizeof path, "%s-wal", bench->path);
	ledger_status(bench->ledger, &status);
	assert_int_equal(stat(path, &log), 0);
	assert_true(status.bytes_written > 32 << 20);
	assert_true(log.st_size < 16 << 20);
}

static void test_a_damaged_file_is_refused_with_advice(void **state)
{
	struct bench *bench = *state;
	struct ledger *ledger = NULL;
	struct error error = { "" };

	scratch_write(
		&bench->scratch, "other", "this is a letter, not a ledger of ours, sorry", 45);
	assert_int_equal(ledger_open(&ledger, bench->scratch.path, bench->base, &error), -EUCLEAN);
	assert_non_null(strstr(error.text, "damaged or is not a ledger"));
	assert_null(ledger);
}

static void test_another_programs_database_is_not_taken_for_ours(void **state)
{
	struct bench *bench = *state;
	struct ledger *ledger = NULL;
	struct error error = { "" };
	sqlite3 *database = NULL;
	char path[600];

	snprintf(path, sizeof path, "%s.other", bench->path);
	sqlite3_open(path, &database);
	sqlite3_exec(database, "CREATE TABLE songs (name TEXT)", NULL, NULL, NULL);
	sqlite3_close(database);
	assert_int_equal(ledger_open(&ledger, path, bench->base, &error), -EUCLEAN);
}

static void test_a_second_daemon_is_refused(void **state)
{
	struct bench *bench = *state;
	struct ledger *second = NULL;
	struct error error = { "" };

	assert_int_equal(ledger_open(&second, bench->path, bench->base, &error), -EBUSY);
	assert_null(second);
	assert_non_null(strstr(error.text, "another printfarmd"));
	assert_int_equal(commit(bench, event_transaction(1)), 0); /* the first is not disturbed */
}

static void test_a_missing_directory_is_a_sentence(void **state)
{
	struct bench *bench = *state;
	struct ledger *ledger = NULL;
	struct error error = { "" };

	assert_int_equal(
		ledger_open(&ledger, "/nonexistent/ledger.sqlite", bench->base, &error), -ENOENT);
	assert_non_null(strstr(error.text, "/nonexistent/ledger.sqlite"));
}

/* ---- versions ----------------------------------------------------------------------------- */

static void test_a_newer_ledger_is_refused_untouched(void **state)
{
	struct bench *bench = *state;
	struct error error = { "" };
	size_t length_before, length_after;

	assert_int_equal(commit(bench, event_transaction(1)), 0);
	ledger_close(bench->ledger);
	bench->ledger = NULL;
	sqlite3_close(open_foreign(bench, "PRAGMA user_version = 9999"));
	char *before = scratch_read(bench->path, &length_before);

	assert_int_equal(
		ledger_open(&bench->ledger, bench->path, bench->base, &error), -EPROTONOSUPPORT);
	assert_null(bench->ledger);
	assert_non_null(strstr(error.text, "9999"));
	assert_non_null(strstr(error.text, "newer printfarmd"));
	char *after = scratch_read(bench->path, &length_after);

	assert_int_equal(length_before, length_after);
	assert_memory_equal(before, after, length_before);
	free(before);
	free(after);
}

static void count_event(void *context, const struct event_record *event)
{
	(void)event;
	++*(int *)context;
}

static void count_job(void *context, const struct job_record *job)
{
	struct job_record *copy = context;

	*copy = *job;
}

/* The file as version 1 of the schema wrote it, from the repository. */
static void restore_version_1(struct bench *bench)
{
	char *sql = scratch_read("tests/fixtures/ledger-1.sql", NULL);

	assert_non_null(sql);
	ledger_close(bench->ledger);
	bench->ledger = NULL;
	assert_int_equal(unlink(bench->path), 0);
	unlink(scratch_path(&bench->scratch, "ledger.sqlite-wal"));
	unlink(scratch_path(&bench->scratch, "ledger.sqlite-shm"));
	sqlite3_close(open_foreign(bench, sql));
	free(sql);
}

static void test_a_ledger_of_version_1_is_still_read(void **state)
{
	struct bench *bench = *state;
	struct job_record job = { 0 };
	int events = 0;

	restore_version_1(bench);
	open_ledger(bench);
	assert_int_equal(ledger_each_event(bench->ledger, 0, 10, count_event, &events), 0);
	assert_int_equal(events, 1);
	assert_int_equal(ledger_each_job(bench->ledger, count_job, &job), 0);
	assert_int_equal(job.id, some_job.id);
	assert_int_equal(job.state, some_job.state);
	assert_int_equal(commit(bench, event_transaction(5)), 0);
}

static void copy_attempt(void *context, const struct attempt_record *attempt)
{
	struct attempt_record *copy = context;

	*copy = *attempt;
}

static void test_what_an_attempt_of_version_1_printed_stays_unknown(void **state)
{
	struct bench *bench = *state;
	struct attempt_record attempt = { .plate = 99 };

	restore_version_1(bench);
	open_ledger(bench);
	assert_int_equal(ledger_each_open_attempt(bench->ledger, copy_attempt, &attempt), 0);
	assert_string_equal(attempt.id, some_attempt.id);
	assert_int_equal(attempt.plate, 0);
	assert_string_equal(attempt.sha256, "");
	attempt.state = ATTEMPT_SUSPECT; /* it can still be ended */
	assert_int_equal(put_attempt(bench, &attempt), 0);
}

static void test_an_upgrade_makes_a_checked_backup_first(void **state)
{
	struct bench *bench = *state;
	static const char *const steps[] = { NULL, "ALTER TABLE spools ADD COLUMN shelf TEXT" };
	struct error error = { "" };
	char backup[600];

	restore_version_1(bench);
	snprintf(backup, sizeof backup, "%s.before-2", bench->path);
	sqlite3 *database = open_foreign(bench, "PRAGMA journal_mode = WAL");

	assert_int_equal(ledger_schema_migrate(database, bench->path, steps, 2, &error), 0);
	assert_int_equal(sqlite3_exec(database, "SELECT shelf FROM spools", NULL, NULL, NULL), 0);
	sqlite3_close(database);
	assert_int_equal(ledger_schema_check(bench->path, 1, &error), -EPROTONOSUPPORT);
	assert_int_equal(ledger_schema_check(bench->path, 2, &error), 0);
	assert_int_equal(rename(backup, bench->path), 0); /* the way back */
	open_ledger(bench);
	assert_int_equal(last_event(bench), 1);
}

static void upgrade_and_die(const char *path, int at_write)
{
	static const char *const steps[] = { NULL, "ALTER TABLE spools ADD COLUMN shelf TEXT;"
						   "UPDATE spools SET shelf = 'a';"
						   "CREATE TABLE racks (id INTEGER PRIMARY KEY)" };
	sqlite3 *database = NULL;
	struct error error;

	sqlite3_open(path, &database);
	sqlite3_exec(database, "PRAGMA journal_mode = WAL", NULL, NULL, NULL);
	writes = 0;
	die_at_write = at_write;
	_exit(ledger_schema_migrate(database, path, steps, 2, &error) == 0 ? 0 : 1);
}

static void test_an_upgrade_that_is_killed_leaves_old_or_new_and_nothing_between(void **state)
{
	struct bench *bench = *state;
	bool finished = false;
	int killed = 0;

	for (int at = 1; !finished; at++) {
		struct error error = { "" };
		int status;

		restore_version_1(bench);
		pid_t child = fork();

		if (child == 0)
			upgrade_and_die(bench->path, at);
		waitpid(child, &status, 0);
		finished = WIFEXITED(status);
		killed += WIFSIGNALED(status);
		sqlite3 *database = open_foreign(bench, "PRAGMA user_version");
		bool is_new = ledger_schema_check(bench->path, 1, &error) == -EPROTONOSUPPORT;

		assert_int_equal(sqlite3_exec(database, "SELECT shelf FROM spools", NULL, NULL,
					 NULL) == SQLITE_OK,
			is_new);
		assert_int_equal(sqlite3_exec(database, "SELECT id FROM racks", NULL, NULL, NULL) ==
					 SQLITE_OK,
			is_new);
		assert_true(is_new || !finished);
		sqlite3_close(database);
	}
	assert_true(killed > 20);
}

static void test_an_upgrade_that_fails_leaves_the_old_version(void **state)
{
	struct bench *bench = *state;
	static const char *const steps[] = { NULL, "ALTER TABLE spools ADD COLUMN shelf TEXT",
		"ALTER TABLE nonsense ADD COLUMN shelf TEXT" };
	struct error error = { "" };

	restore_version_1(bench);
	sqlite3 *database = open_foreign(bench, "PRAGMA journal_mode = WAL");

	assert_int_not_equal(ledger_schema_migrate(database, bench->path, steps, 3, &error), 0);
	assert_non_null(strstr(error.text, "nothing is changed"));
	assert_int_not_equal(
		sqlite3_exec(database, "SELECT shelf FROM spools", NULL, NULL, NULL), 0);
	sqlite3_close(database);
	open_ledger(bench);
	assert_int_equal(last_event(bench), 1);
}

/* ---- rules that stand in the file ----------------------------------------------------------- */

static void test_a_printer_has_at_most_one_open_attempt(void **state)
{
	struct bench *bench = *state;
	struct job_record job = some_job;
	struct attempt_record second = some_attempt;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	job.id = 32;
	assert_int_equal(put_job(bench, &job), 0);
	memset(second.id, 'f', 32);
	second.job = 32;
	assert_int_equal(put_attempt(bench, &second), -EEXIST);
	strcpy(second.printer, "p2");
	assert_int_equal(put_attempt(bench, &second), 0);
}

static void test_a_job_has_at_most_one_open_attempt(void **state)
{
	struct bench *bench = *state;
	struct attempt_record second = some_attempt;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	memset(second.id, 'f', 32);
	strcpy(second.printer, "p2");
	assert_int_equal(put_attempt(bench, &second), -EEXIST);
}

static void test_an_attempt_ends_in_exactly_one_state(void **state)
{
	struct bench *bench = *state;
	struct attempt_record attempt = some_attempt;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	for (int first = ATTEMPT_PRINTED; first < ATTEMPT_STATE_COUNT; first++) {
		memset(attempt.id, 'a' + first, 32);
		snprintf(attempt.printer, sizeof attempt.printer, "q%d", first);
		attempt.state = (enum attempt_state)first;
		attempt.ended_s = 1700000100;
		assert_int_equal(put_attempt(bench, &attempt), 0);
		for (int second = 0; second < ATTEMPT_STATE_COUNT; second++) {
			attempt.state = (enum attempt_state)second;
			assert_int_equal(
				put_attempt(bench, &attempt), first == second ? 0 : -EINVAL);
		}
	}
}

static void test_an_attempt_is_of_one_plate_for_life(void **state)
{
	struct bench *bench = *state;
	struct attempt_record attempt = some_attempt;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	attempt.plate = 0;
	assert_int_equal(put_attempt(bench, &attempt), -EINVAL);
	attempt = some_attempt;
	memset(attempt.sha256, 'b', 64);
	assert_int_equal(put_attempt(bench, &attempt), -EINVAL);
	memset(attempt.id, 'b', 32);
	strcpy(attempt.printer, "p2");
	attempt.state = ATTEMPT_FAILED;
	attempt.plate = 12;
	assert_int_equal(put_attempt(bench, &attempt), -EINVAL); /* no such plate */
}

static void test_good_and_scrap_are_what_the_plate_yields(void **state)
{
	struct bench *bench = *state;
	struct job_record job = some_job;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	job.good = 3;
	assert_int_equal(put_job(bench, &job), -EINVAL); /* nothing is counted while printing */
	job.state = JOB_INSPECTED;
	assert_int_equal(put_job(bench, &job), -EINVAL);
	job.scrap = 2;
	assert_int_equal(put_job(bench, &job), -EINVAL);
	job.good = 5;
	job.scrap = -1;
	assert_int_equal(put_job(bench, &job), -EINVAL);
	job.good = 3;
	job.scrap = 1;
	assert_int_equal(put_job(bench, &job), 0);
	job.state = JOB_QUEUED;
	job.good = job.scrap = 0;
	assert_int_equal(put_job(bench, &job), -EINVAL); /* counted is counted */
}

static void test_only_a_job_that_was_never_started_may_be_dropped(void **state)
{
	struct bench *bench = *state;
	struct job_record job = { .id = 33, .order = 21, .state = JOB_QUEUED };

	assert_int_equal(commit(bench, farm_transaction()), 0);
	assert_int_equal(put_job(bench, &job), 0);
	assert_int_equal(drop_job(bench, 33), 0);
	assert_int_equal(drop_job(bench, 33), 0);
	assert_int_equal(drop_job(bench, some_job.id), -EINVAL);
}

static void test_a_name_is_taken_once_and_the_first_keeps_it(void **state)
{
	struct bench *bench = *state;
	struct ledger_transaction *transaction = ledger_transaction_create();
	struct design_record second = some_design;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	second.id = 2;
	ledger_put_design(transaction, &second);
	assert_int_equal(commit(bench, transaction), -EEXIST);
}

static void test_a_transaction_that_breaks_a_rule_fails_alone_and_whole(void **state)
{
	struct bench *bench = *state;
	sqlite3 *foreign = open_foreign(bench, "BEGIN IMMEDIATE");
	struct ledger_transaction *bad = event_transaction(2);
	struct job_record orphan = { .id = 1, .order = 999, .state = JOB_QUEUED };
	int events = 0;

	ledger_put_job(bad, &orphan);
	int first = submit(bench, event_transaction(1));
	int second = submit(bench, bad);
	int third = submit(bench, event_transaction(3));

	sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(foreign);
	settle(bench);
	assert_int_equal(bench->result[first], 0);
	assert_int_equal(bench->result[second], -EINVAL);
	assert_int_equal(bench->result[third], 0);
	assert_int_equal(ledger_each_event(bench->ledger, 0, 10, count_event, &events), 0);
	assert_int_equal(events, 2);
}

/* ---- every row comes back ------------------------------------------------------------------- */

static int compared;

/* Column by column: what lies between them is nobody's. */
static void compare(enum ledger_noun noun, const void *found, const void *expected)
{
	const struct ledger_table *table = &ledger_tables[noun];

	for (size_t i = 0; i < table->column_count; i++) {
		const struct ledger_column *column = &table->column[i];

		assert_memory_equal((const char *)found + column->offset,
			(const char *)expected + column->offset, column->size);
	}
	compared++;
}

#define COMPARE(noun, number)                                                                      \
	static void same_##noun(void *context, const struct noun##_record *found)                  \
	{                                                                                          \
		compare(number, found, context);                                                   \
	}

COMPARE(file, LEDGER_FILE)
COMPARE(design, LEDGER_DESIGN)
COMPARE(plate, LEDGER_PLATE)
COMPARE(order, LEDGER_ORDER)
COMPARE(job, LEDGER_JOB)
COMPARE(attempt, LEDGER_ATTEMPT)
COMPARE(photo, LEDGER_PHOTO)
COMPARE(printer, LEDGER_PRINTER)
COMPARE(spool, LEDGER_SPOOL)

static void test_every_row_comes_back_as_it_was_put(void **state)
{
	struct bench *bench = *state;
	struct file_record file = some_file();
	struct plate_record plate = some_plate();
	struct ledger *ledger;
	char *json = NULL;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	reopen(bench);
	ledger = bench->ledger;
	compared = 0;
	assert_int_equal(ledger_each_file(ledger, same_file, &file), 0);
	assert_int_equal(ledger_each_design(ledger, same_design, (void *)&some_design), 0);
	assert_int_equal(ledger_each_plate(ledger, same_plate, &plate), 0);
	assert_int_equal(ledger_each_order(ledger, same_order, (void *)&some_order), 0);
	assert_int_equal(ledger_each_job(ledger, same_job, (void *)&some_job), 0);
	assert_int_equal(ledger_each_open_attempt(ledger, same_attempt, (void *)&some_attempt), 0);
	assert_int_equal(ledger_each_printer(ledger, same_printer, (void *)&some_printer), 0);
	assert_int_equal(ledger_each_spool(ledger, same_spool, (void *)&some_spool), 0);
	assert_int_equal(ledger_each_photo_of_job(ledger, 31, same_photo, (void *)&some_photo), 0);
	assert_int_equal(ledger_each_photo_of_job(ledger, 32, same_photo, NULL), 0);
	assert_int_equal(compared, 9);
	assert_int_equal(ledger_file_analysis(ledger, hash_a, &json), 0);
	assert_string_equal(json, "{\"verdict\":\"ok\"}");
	free(json);
	assert_int_equal(ledger_file_analysis(ledger, "no such file", &json), -ENOENT);
}

static void test_putting_again_replaces_and_keeps_the_analysis(void **state)
{
	struct bench *bench = *state;
	struct file_record file = some_file();
	struct ledger_transaction *transaction;
	char *json = NULL;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	file.layers = 5;
	transaction = ledger_transaction_create();
	ledger_put_file(transaction, &file, NULL);
	assert_int_equal(commit(bench, transaction), 0);
	assert_int_equal(ledger_each_file(bench->ledger, same_file, &file), 0);
	assert_int_equal(ledger_file_analysis(bench->ledger, hash_a, &json), 0);
	assert_string_equal(json, "{\"verdict\":\"ok\"}");
	free(json);
}

static void count_attempt(void *context, const struct attempt_record *attempt)
{
	(void)attempt;
	++*(int *)context;
}

static void test_attempts_are_found_by_job_and_open_ones_apart(void **state)
{
	struct bench *bench = *state;
	struct attempt_record ended = some_attempt;
	int of_job = 0, of_other = 0, open = 0;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	memset(ended.id, 'e', 32);
	ended.state = ATTEMPT_FAILED;
	assert_int_equal(put_attempt(bench, &ended), 0);
	assert_int_equal(ledger_each_attempt_of_job(bench->ledger, 31, count_attempt, &of_job), 0);
	assert_int_equal(ledger_each_attempt_of_job(bench->ledger, 1, count_attempt, &of_other), 0);
	assert_int_equal(ledger_each_open_attempt(bench->ledger, count_attempt, &open), 0);
	assert_int_equal(of_job, 2);
	assert_int_equal(of_other, 0);
	assert_int_equal(open, 1);
}

struct ids {
	int count;
	int64_t id[16];
};

static void keep_id(void *context, const struct event_record *event)
{
	struct ids *ids = context;
	char text[32];

	snprintf(text, sizeof text, "event %d", (int)event->id);
	assert_string_equal(event->text, text);
	assert_string_equal(event->kind, "farm");
	ids->id[ids->count++] = event->id;
}

static void test_events_are_read_on_from_where_a_client_was(void **state)
{
	struct bench *bench = *state;
	struct ids ids = { 0 };

	for (int id = 1; id <= 9; id++)
		submit(bench, event_transaction(id));
	settle(bench);
	assert_int_equal(ledger_each_event(bench->ledger, 3, 4, keep_id, &ids), 0);
	assert_int_equal(ids.count, 4);
	for (int i = 0; i < 4; i++)
		assert_int_equal(ids.id[i], 4 + i);
	assert_int_equal(last_event(bench), 9);
}

static void keep_act(void *context, const struct event_record *event)
{
	struct ids *ids = context;

	assert_string_equal(event->user, "anna");
	assert_string_equal(event->subject, "p1");
	ids->id[ids->count++] = event->id;
}

static void test_only_what_people_did_to_that_thing_at_that_time_is_an_act(void **state)
{
	struct bench *bench = *state;
	struct ids ids = { 0 };
	static const struct event_record events[] = {
		{ 1, 99, "printer", "p1", "anna", "too early" },
		{ 2, 100, "printer", "p1", "anna", "first" },
		{ 3, 150, "printer", "p1", "", "by itself" },
		{ 4, 150, "printer", "p2", "anna", "another printer" },
		{ 5, 150, "job", "p1", "anna", "another kind" },
		{ 6, 200, "printer", "p1", "anna", "second" },
		{ 7, 200, "printer", "p1", "anna", "beyond the limit" },
		{ 8, 201, "printer", "p1", "anna", "too late" },
	};
	struct ledger_transaction *transaction = ledger_transaction_create();

	for (size_t i = 0; i < sizeof events / sizeof *events; i++)
		ledger_put_event(transaction, &events[i]);
	assert_int_equal(commit(bench, transaction), 0);
	assert_int_equal(
		ledger_each_act(bench->ledger,
			&(struct ledger_acts){ "printer", "p1", 100, 200, 2 }, keep_act, &ids),
		0);
	assert_int_equal(ids.count, 2);
	assert_int_equal(ids.id[0], 2);
	assert_int_equal(ids.id[1], 6);
}

static void same_key(void *context, const struct idempotency_record *found)
{
	const struct idempotency_record *expected = context;

	assert_string_equal(found->key, expected->key);
	assert_string_equal(found->request_sha256, expected->request_sha256);
	assert_string_equal(found->answer, expected->answer);
	assert_int_equal(found->status, expected->status);
	assert_int_equal(found->at_s, expected->at_s);
}

static int put_key(struct bench *bench, const struct idempotency_record *record)
{
	struct ledger_transaction *transaction = ledger_transaction_create();

	ledger_put_idempotency(transaction, record);
	return commit(bench, transaction);
}

static void test_an_idempotency_key_answers_for_a_day(void **state)
{
	struct bench *bench = *state;
	char answer[] = "{\"id\":1}";
	struct idempotency_record first = { .key = "key 1",
		.request_sha256 = "abc",
		.status = 201,
		.answer = answer,
		.at_s = 1000 };
	struct idempotency_record later = first;

	assert_int_equal(put_key(bench, &first), 0);
	memset(answer, 'x', 3); /* it was copied */
	first.answer = "{\"id\":1}";
	assert_int_equal(ledger_find_idempotency(bench->ledger, "key 1", same_key, &first), 0);
	assert_int_equal(
		ledger_find_idempotency(bench->ledger, "key 2", same_key, &first), -ENOENT);
	strcpy(later.key, "key 2");
	later.answer = "{}";
	later.at_s = 1000 + IDEMPOTENCY_KEEP_S;
	assert_int_equal(put_key(bench, &later), 0);
	assert_int_equal(ledger_find_idempotency(bench->ledger, "key 1", same_key, &first), 0);
	strcpy(later.key, "key 3");
	later.at_s++;
	assert_int_equal(put_key(bench, &later), 0);
	assert_int_equal(
		ledger_find_idempotency(bench->ledger, "key 1", same_key, &first), -ENOENT);
}

/* ---- other work ------------------------------------------------------------------------------ */

struct piece {
	struct bench *bench;
	int slices, slices_done;
};

static int do_slice(void *context)
{
	struct piece *piece = context;

	return ++piece->slices_done < piece->slices ? LEDGER_WORK_AGAIN : -EDOM;
}

static void on_piece(void *context, int error)
{
	struct piece *piece = context;

	assert_int_equal(error, -EDOM);
	piece->bench->order[piece->bench->called++] = 1000;
}

static void test_work_is_done_in_slices_between_commits(void **state)
{
	struct bench *bench = *state;
	sqlite3 *foreign = open_foreign(bench, "BEGIN IMMEDIATE");
	struct piece piece = { .bench = bench, .slices = 3 };

	submit(bench, event_transaction(1));
	assert_int_equal(ledger_run(bench->ledger, do_slice, on_piece, &piece), 0);
	submit(bench, event_transaction(2));
	sqlite3_exec(foreign, "ROLLBACK", NULL, NULL, NULL);
	sqlite3_close(foreign);
	bench->submitted++;
	settle(bench);
	assert_int_equal(piece.slices_done, 3);
	assert_int_equal(bench->order[0], 0);
	assert_int_equal(bench->order[1], 1);
	assert_int_equal(bench->order[2], 1000);
}

/* ---- deliveries ---------------------------------------------------------------------------- */

static int put_delivery(struct bench *bench, int64_t id, int64_t units)
{
	struct delivery_record delivery = { .id = id, .order = 21, .units = units, .at_s = 5 };
	struct ledger_transaction *transaction = ledger_transaction_create();

	snprintf(delivery.note, sizeof delivery.note, "fetched");
	ledger_put_delivery(transaction, &delivery);
	return commit(bench, transaction);
}

static void add_delivery(void *context, const struct delivery_record *delivery)
{
	int64_t *units = context;

	assert_string_equal(delivery->note, "fetched");
	*units += delivery->units;
}

static void test_no_more_is_delivered_than_is_good_and_no_delivery_changes(void **state)
{
	struct bench *bench = *state;
	struct job_record job = some_job;
	int32_t yield = some_plate().yield;
	int64_t units = 0;

	assert_int_equal(commit(bench, farm_transaction()), 0);
	assert_int_equal(put_delivery(bench, 1, 1), -EINVAL);
	job.state = JOB_INSPECTED;
	job.good = yield;
	assert_int_equal(put_job(bench, &job), 0);
	assert_int_equal(put_delivery(bench, 1, yield - 1), 0);
	assert_int_equal(put_delivery(bench, 2, 2), -EINVAL);
	assert_int_equal(put_delivery(bench, 1, 1), -EINVAL);
	assert_int_equal(put_delivery(bench, 2, 1), 0);
	assert_int_equal(ledger_each_delivery(bench->ledger, add_delivery, &units), 0);
	assert_int_equal(units, yield);
}

/* ---- promises ------------------------------------------------------------------------------ */

static struct promise_record some_promise(void)
{
	return (struct promise_record){ .id = 3,
		.order = some_order.id,
		.made_s = 1700000000,
		.low_s = 1700001000,
		.likely_s = 1700002000,
		.promised_s = 1700003000,
		.model_s = 1700002900,
		.confidence_percent = 90,
		.given = true,
		.units = 40,
		.cause = "it was ordered" };
}

static int put_promise(struct bench *bench, const struct promise_record *promise)
{
	struct ledger_transaction *transaction = ledger_transaction_create();

	ledger_put_promise(transaction, promise);
	return commit(bench, transaction);
}

static void copy_promise(void *context, const struct promise_record *promise)
{
	struct promise_record *copy = context;

	*copy = *promise;
}

static void test_a_promise_that_was_given_cannot_be_made_better_afterwards(void **state)
{
	struct bench *bench = *state;
	struct promise_record promise = some_promise(), later = promise, done = promise;
	struct promise_record read = { 0 };

	assert_int_equal(commit(bench, farm_transaction()), 0);
	assert_int_equal(put_promise(bench, &promise), 0);
	later.promised_s += 3600;
	assert_int_equal(put_promise(bench, &later), -EINVAL);
	done.done_s = 1700002500;
	assert_int_equal(put_promise(bench, &done), 0);
	later = done;
	later.done_s = 1700009000;
	assert_int_equal(put_promise(bench, &later), -EINVAL);
	assert_int_equal(ledger_each_promise(bench->ledger, copy_promise, &read), 0);
	assert_memory_equal(&read, &done, sizeof(read));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_what_was_acknowledged_survives_kill_9),
		TEST(test_nothing_is_called_durable_before_it_is_synced),
		TEST(test_what_waits_at_closing_is_written_and_said_before_it_returns),
		TEST(test_a_foreign_lock_delays_commits_and_drops_none),
		TEST(test_call_backs_come_in_the_order_of_submission_and_share_commits),
		TEST(test_after_a_failed_sync_nothing_is_claimed_until_a_restart),
		TEST(test_a_full_disk_is_relieved_by_the_reserve),
		TEST(test_a_disk_without_any_room_delays_and_says_so),
		TEST(test_the_log_does_not_grow_without_bound),
		TEST(test_a_damaged_file_is_refused_with_advice),
		TEST(test_another_programs_database_is_not_taken_for_ours),
		TEST(test_a_second_daemon_is_refused),
		TEST(test_a_missing_directory_is_a_sentence),
		TEST(test_no_more_is_delivered_than_is_good_and_no_delivery_changes),
		TEST(test_a_promise_that_was_given_cannot_be_made_better_afterwards),
		TEST(test_a_newer_ledger_is_refused_untouched),
		TEST(test_a_ledger_of_version_1_is_still_read),
		TEST(test_what_an_attempt_of_version_1_printed_stays_unknown),
		TEST(test_an_upgrade_makes_a_checked_backup_first),
		TEST(test_an_upgrade_that_is_killed_leaves_old_or_new_and_nothing_between),
		TEST(test_an_upgrade_that_fails_leaves_the_old_version),
		TEST(test_a_printer_has_at_most_one_open_attempt),
		TEST(test_a_job_has_at_most_one_open_attempt),
		TEST(test_an_attempt_ends_in_exactly_one_state),
		TEST(test_an_attempt_is_of_one_plate_for_life),
		TEST(test_good_and_scrap_are_what_the_plate_yields),
		TEST(test_only_a_job_that_was_never_started_may_be_dropped),
		TEST(test_a_name_is_taken_once_and_the_first_keeps_it),
		TEST(test_a_transaction_that_breaks_a_rule_fails_alone_and_whole),
		TEST(test_every_row_comes_back_as_it_was_put),
		TEST(test_putting_again_replaces_and_keeps_the_analysis),
		TEST(test_attempts_are_found_by_job_and_open_ones_apart),
		TEST(test_only_what_people_did_to_that_thing_at_that_time_is_an_act),
		TEST(test_events_are_read_on_from_where_a_client_was),
		TEST(test_an_idempotency_key_answers_for_a_day),
		TEST(test_work_is_done_in_slices_between_commits),
	};

	return cmocka_run_group_tests_name("ledger", tests, NULL, NULL);
}
