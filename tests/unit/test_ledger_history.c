/* What the ledger keeps of beds that waited, of maintenance and of hours printed. */
#include "daemon/control/ledger_internal.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include <event2/event.h>
#include <sqlite3.h>

#include "base/error.h"
#include "drivers/driver.h"
#include "tests/unit/scratch.h"

enum { VERSION_BEFORE = 10, COUNT = 30 };

struct bench {
	struct scratch scratch;
	struct event_base *base;
	struct ledger *ledger;
	int result; /* of the last transaction */
	size_t count;
	struct clearing_record clearing[COUNT];
	struct maintenance_record maintenance[COUNT];
	char attempts[8];
};

static const char *path_of(struct bench *bench)
{
	return scratch_path(&bench->scratch, "ledger.db");
}

static void open_bench(struct bench *bench)
{
	struct error error = { "" };

	if (ledger_open(&bench->ledger, path_of(bench), bench->base, &error) != 0)
		fail_msg("%s", error.text);
}

static int set_up(void **state)
{
	static struct bench bench;

	bench = (struct bench){ 0 };
	scratch_make(&bench.scratch);
	bench.base = event_base_new();
	*state = &bench;
	return 0;
}

static int tear_down(void **state)
{
	struct bench *bench = *state;

	ledger_close(bench->ledger);
	event_base_free(bench->base);
	scratch_remove(&bench->scratch);
	return 0;
}

static void note_result(void *context, int error)
{
	struct bench *bench = context;

	bench->result = error;
}

/* Closing waits for the disk. */
static int commit_and_open_again(struct bench *bench, struct ledger_transaction *transaction)
{
	bench->result = 1;
	ledger_submit(bench->ledger, transaction, note_result, bench);
	ledger_close(bench->ledger);
	open_bench(bench);
	return bench->result;
}

static void copy_clearing(void *context, const struct clearing_record *record)
{
	struct bench *bench = context;

	assert_true(bench->count < COUNT);
	bench->clearing[bench->count++] = *record;
}

static void copy_maintenance(void *context, const struct maintenance_record *record)
{
	struct bench *bench = context;

	assert_true(bench->count < COUNT);
	bench->maintenance[bench->count++] = *record;
}

static struct clearing_record some_clearing(int64_t id)
{
	return (struct clearing_record){ .id = id,
		.printer = "p1",
		.since_s = 1700000000,
		.cleared_s = 1700000000 + 60 * id,
		.hour = (int32_t)(id % 168),
		.wait_s = 60 * id };
}

static void test_waits_come_back_as_they_were_the_latest_only(void **state)
{
	struct bench *bench = *state;
	struct ledger_transaction *transaction = ledger_transaction_create();

	open_bench(bench);
	for (int64_t id = 1; id <= COUNT; id++) {
		struct clearing_record record = some_clearing(id);

		ledger_put_clearing(transaction, &record);
	}
	assert_int_equal(commit_and_open_again(bench, transaction), 0);
	assert_int_equal(ledger_each_clearing(bench->ledger, 4, copy_clearing, bench), 0);
	assert_int_equal(bench->count, 4);
	for (size_t i = 0; i < bench->count; i++) {
		const struct clearing_record wanted = some_clearing(COUNT - 3 + (int64_t)i);

		assert_int_equal(bench->clearing[i].id, wanted.id);
		assert_string_equal(bench->clearing[i].printer, wanted.printer);
		assert_int_equal(bench->clearing[i].since_s, wanted.since_s);
		assert_int_equal(bench->clearing[i].cleared_s, wanted.cleared_s);
		assert_int_equal(bench->clearing[i].hour, wanted.hour);
		assert_int_equal(bench->clearing[i].wait_s, wanted.wait_s);
	}
}

static void test_a_wait_that_cannot_be_is_not_stored(void **state)
{
	struct bench *bench = *state;
	struct ledger_transaction *transaction = ledger_transaction_create();
	struct clearing_record record = some_clearing(1);

	open_bench(bench);
	record.hour = 168;
	ledger_put_clearing(transaction, &record);
	assert_int_equal(commit_and_open_again(bench, transaction), -EINVAL);
	assert_int_equal(ledger_each_clearing(bench->ledger, 4, copy_clearing, bench), 0);
	assert_int_equal(bench->count, 0);
}

static void test_maintenance_comes_back_in_the_order_in_which_it_was_done(void **state)
{
	struct bench *bench = *state;
	struct ledger_transaction *transaction = ledger_transaction_create();
	struct maintenance_record one = { .id = 1,
		.printer = "p1",
		.what = "grease",
		.at_s = 1700000000,
		.print_us = 5,
		.user = "anna" };
	struct maintenance_record other = one;

	open_bench(bench);
	other.id = 2;
	other.print_us = 7;
	ledger_put_maintenance(transaction, &one);
	ledger_put_maintenance(transaction, &other);
	assert_int_equal(commit_and_open_again(bench, transaction), 0);
	assert_int_equal(ledger_each_maintenance(bench->ledger, copy_maintenance, bench), 0);
	assert_int_equal(bench->count, 2);
	assert_memory_equal(&bench->maintenance[0], &one, sizeof(one));
	assert_memory_equal(&bench->maintenance[1], &other, sizeof(other));
}

static void copy_printer(void *context, const struct printer_record *record)
{
	int64_t *print_us = context;

	*print_us = record->print_us;
}

static void note_attempt(void *context, const struct attempt_record *record)
{
	struct bench *bench = context;

	/* Told by how long they printed. */
	assert_string_equal(record->printer, "p1");
	strcat(bench->attempts, record->print_us == 1000  ? "1"
				: record->print_us == 200 ? "2"
							  : "3");
}

/* An older ledger, with three prints that have ended and one that has not. */
static void make_old_ledger(struct bench *bench)
{
	static const char rows[] =
		"INSERT INTO files (sha256, upload_sha256, name, bytes, commands, lines, time_s, "
		"heat_s, "
		"filament_mm, filament_g, has_print_box, box_min_x_mm, box_min_y_mm, box_min_z_mm, "
		"box_max_x_mm, box_max_y_mm, box_max_z_mm, hotend_celsius, bed_celsius, nozzle_mm, "
		"layers, needs_person, machine, material, slicer, stored_s) VALUES "
		"(printf('%064d', 1),"
		" '', 'f', 1, 1, 1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, '', '', '', 1);"
		"INSERT INTO designs VALUES (1, 'd', 1);"
		"INSERT INTO plates (id, design, position, sha256, yield)"
		" VALUES (1, 1, 0, printf('%064d', 1), 1);"
		"INSERT INTO orders (id, design, units, priority, due_s, created_s, state, user, "
		"material, color, printer, tag) VALUES (1, 1, 9, 50, 0, 1, 0, '', '', '', '', '');"
		"INSERT INTO jobs VALUES (1, 1, 3, 1, 'p1', 1, 0, 0, '', 1, 1),"
		" (2, 1, 3, 1, 'p1', 1, 0, 0, '', 1, 1), (3, 1, 3, 1, 'p1', 1, 0, 0, '', 1, 1),"
		" (4, 1, 3, 1, 'p1', 1, 0, 0, '', 1, 1);"
		"INSERT INTO printers (name, bed, bed_why, lock_fault, lock_reason, enabled)"
		" VALUES ('p1', 0, '', 0, '', 1);"
		"INSERT INTO attempts (id, job, printer, state, fault, reason, started_s, ended_s, "
		"commands_done, lines_sent, resends, print_us) VALUES"
		" (printf('%032d', 1), 1, 'p1', 1, 0, '', 10, 90, 1, 1, 0, 1000),"
		" (printf('%032d', 2), 2, 'p1', 2, 10, '', 20, 50, 1, 1, 0, 200),"
		" (printf('%032d', 3), 3, 'p1', 1, 0, '', 30, 70, 1, 1, 0, 30),"
		" (printf('%032d', 4), 4, 'p1', 0, 0, '', 95, 0, 1, 1, 0, 0);";
	struct error error = { "" };
	sqlite3 *database = NULL;
	char *trouble = NULL;

	assert_int_equal(sqlite3_open(path_of(bench), &database), SQLITE_OK);
	if (ledger_schema_migrate(
		    database, path_of(bench), ledger_migrations, VERSION_BEFORE, &error) != 0)
		fail_msg("%s", error.text);
	if (sqlite3_exec(database, rows, NULL, NULL, &trouble) != SQLITE_OK)
		fail_msg("%s", trouble);
	sqlite3_close(database);
}

static void test_hours_of_older_prints_are_counted(void **state)
{
	struct bench *bench = *state;
	int64_t print_us = 0;

	make_old_ledger(bench);
	open_bench(bench);
	assert_int_equal(ledger_each_printer(bench->ledger, copy_printer, &print_us), 0);
	assert_int_equal(print_us, 1230);
}

static void test_prints_are_told_in_the_order_in_which_they_ended(void **state)
{
	struct bench *bench = *state;

	make_old_ledger(bench);
	open_bench(bench);
	assert_int_equal(ledger_each_ended_attempt(bench->ledger, note_attempt, bench), 0);
	assert_string_equal(bench->attempts, "231");
}

static void check_fault(void *context, const struct attempt_record *record)
{
	int *told = context;

	*told += 1;
	assert_int_equal(record->fault, record->print_us == 200 ? DRIVER_FAULT_ESTOP : 0);
}

static void test_a_print_that_an_emergency_stop_ended_is_told_from_one_that_failed(void **state)
{
	struct bench *bench = *state;
	int told = 0;

	make_old_ledger(bench);
	open_bench(bench);
	assert_int_equal(ledger_each_ended_attempt(bench->ledger, check_fault, &told), 0);
	assert_int_equal(told, 3);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_waits_come_back_as_they_were_the_latest_only),
		TEST(test_a_wait_that_cannot_be_is_not_stored),
		TEST(test_maintenance_comes_back_in_the_order_in_which_it_was_done),
		TEST(test_hours_of_older_prints_are_counted),
		TEST(test_prints_are_told_in_the_order_in_which_they_ended),
		TEST(test_a_print_that_an_emergency_stop_ended_is_told_from_one_that_failed),
	};

	return cmocka_run_group_tests_name("ledger_history", tests, NULL, NULL);
}
