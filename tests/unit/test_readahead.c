/* Reading ahead: every command once and in order, never more memory than the ring, and a disk that
 * fails or hangs is a sentence, not a stop. */
#include "daemon/stream/readahead.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static char path[64];
static int64_t size_bytes;

/* Lets the test sleep until the thread says that there is something. */
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t told = PTHREAD_COND_INITIALIZER;
static int ready_count;

static void on_ready(void *context)
{
	(void)context;
	pthread_mutex_lock(&mutex);
	ready_count++;
	pthread_cond_signal(&told);
	pthread_mutex_unlock(&mutex);
}

static void wait_ready(void)
{
	pthread_mutex_lock(&mutex);
	while (ready_count == 0)
		pthread_cond_wait(&told, &mutex);
	ready_count = 0;
	pthread_mutex_unlock(&mutex);
}

static void write_file(const char *bytes, size_t length)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, length, file), length);
	fclose(file);
	size_bytes = (int64_t)length;
}

static void write_lines(int count)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int i = 0; i < count; i++)
		fprintf(file, "G1 X%d Y%d ; line %d\n", i, i % 200, i);
	size_bytes = ftell(file);
	fclose(file);
}

static int set_up(void **state)
{
	int fd;

	(void)state;
	strcpy(path, "/tmp/test_readahead.XXXXXX");
	fd = mkstemp(path);
	ready_count = 0;
	return fd < 0 ? -1 : close(fd);
}

static int tear_down(void **state)
{
	(void)state;
	return unlink(path);
}

static struct readahead *create_within(
	size_t limit_bytes, ssize_t (*read_at)(int, void *, size_t, off_t))
{
	struct readahead_setup setup = { .path = path,
		.bytes = size_bytes,
		.limit_bytes = limit_bytes,
		.on_ready = on_ready,
		.read_at = read_at };
	struct error error = { "" };
	struct readahead *readahead = readahead_create(&setup, &error);

	if (!readahead)
		fail_msg("%s", error.text);
	return readahead;
}

static struct readahead *create(ssize_t (*read_at)(int, void *, size_t, off_t))
{
	return create_within(0, read_at);
}

/* The next result that is not "wait". */
static enum readahead_result take(
	struct readahead *readahead, struct command *command, struct error *error)
{
	enum readahead_result result;

	while ((result = readahead_take(readahead, command, error)) == READAHEAD_WAIT)
		wait_ready();
	return result;
}

static void expect_lines(struct readahead *readahead, int from, int to)
{
	struct error error = { "" };
	struct command command;

	for (int i = from; i < to; i++) {
		char expected[64];

		if (take(readahead, &command, &error) != READAHEAD_COMMAND)
			fail_msg("line %d: %s", i, error.text);
		snprintf(expected, sizeof(expected), "G1 X%d Y%d", i, i % 200);
		assert_string_equal(command.text, expected);
		assert_int_equal(command.length, strlen(expected));
	}
}

static void test_every_command_comes_once_and_in_order(void **state)
{
	struct readahead *readahead;
	struct command command;
	struct error error;

	(void)state;
	write_lines(50000);
	readahead = create(NULL);
	expect_lines(readahead, 0, 50000);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_END);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_END);
	readahead_destroy(readahead);
}

/* Plain moves among lines that are not, and what each comes out as. */
static const struct {
	const char *line, *command;
} mixed[] = {
	{ "G1 X103.537 Y88.1 E.0312\n", "G1 X103.537 Y88.1 E.0312" },
	{ "G1 X1 Y2 ; seam\r\n", "G1 X1 Y2" },
	{ "g1 x3 y4\n", "G1 X3 Y4" },
	{ "; nothing\n", "" },
	{ "G1  X5   Y6\n", "G1 X5 Y6" },
	{ "\r\n", "" },
	{ "G1 X7 Y8 (aside) Z9\n", "G1 X7 Y8 Z9" },
	{ "M104 S215\r", "M104 S215" },
	{ "G2 X1 Y1 I-0.5 J.5 F1800   \n", "G2 X1 Y1 I-0.5 J.5 F1800" },
	{ "G1 X8 S1\n", "G1 X8 S1" },
};
enum { MIXED = sizeof(mixed) / sizeof(mixed[0]) };

static void test_moves_and_other_lines_come_in_the_files_order_wherever_a_block_ends(void **state)
{
	enum { ROUNDS = 4000 };
	struct readahead *readahead;
	struct command command;
	struct error error = { "" };
	int64_t offset = 0;
	FILE *file = fopen(path, "w");

	(void)state;
	assert_non_null(file);
	for (int i = 0; i < ROUNDS * MIXED; i++)
		fputs(mixed[i % MIXED].line, file);
	size_bytes = ftell(file);
	fclose(file);
	readahead = create(NULL);
	for (int i = 0; i < ROUNDS * MIXED; i++) {
		size_t length = strlen(mixed[i % MIXED].line);
		bool two = length >= 2 && mixed[i % MIXED].line[length - 2] == '\r';

		offset += (int64_t)length;
		if (!mixed[i % MIXED].command[0])
			continue;
		if (take(readahead, &command, &error) != READAHEAD_COMMAND)
			fail_msg("line %d: %s", i, error.text);
		assert_string_equal(command.text, mixed[i % MIXED].command);
		/* The line feed behind a return is counted with this line or with the next. */
		assert_in_range(readahead_offset(readahead), offset - two, offset);
	}
	assert_int_equal(take(readahead, &command, &error), READAHEAD_END);
	readahead_destroy(readahead);
}

static void write_long_line(int before)
{
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	for (int i = 0; i < before; i++)
		fprintf(file, "G1 X%d Y%d ; %0100d\n", i, i % 200, 0);
	fprintf(file, "START_PRINT NOTE=%0183d\n", 7);
	size_bytes = ftell(file);
	fclose(file);
}

static void test_a_command_too_long_for_the_firmware_stops_before_the_first(void **state)
{
	struct readahead *readahead;
	struct command command;
	struct error error = { "" };

	(void)state;
	write_long_line(20000);
	readahead = create_within(COMMAND_SHORT_MAX, NULL);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
	assert_non_null(strstr(error.text, "line 20001 may not be sent: too-long"));
	assert_non_null(strstr(error.text, "200 bytes; this firmware takes 84"));
	readahead_destroy(readahead);
}

static void test_a_long_command_comes_whole_where_the_firmware_takes_it(void **state)
{
	struct readahead *readahead;
	struct command command;
	struct error error = { "" };

	(void)state;
	write_long_line(500);
	readahead = create_within(COMMAND_MAX, NULL);
	expect_lines(readahead, 0, 500);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
	assert_int_equal(command.length, 200);
	assert_int_equal(strncmp(command.text, "START_PRINT NOTE=000", 20), 0);
	assert_int_equal(command.text[199], '7');
	assert_int_equal(take(readahead, &command, &error), READAHEAD_END);
	readahead_destroy(readahead);
}

static ssize_t fails_later(int fd, void *bytes, size_t size, off_t offset)
{
	if (offset >= 3 * READAHEAD_CHUNK_BYTES) {
		errno = EIO;
		return -1;
	}
	return pread(fd, bytes, size, offset);
}

/* It may be better when the print is there; if not, that is told at its place. */
static void test_looking_for_long_commands_stumbles_over_no_disk(void **state)
{
	struct readahead *readahead;
	struct command command;
	struct error error = { "" };

	(void)state;
	write_lines(5000);
	readahead = create_within(COMMAND_SHORT_MAX, fails_later);
	expect_lines(readahead, 0, 1000);
	while (take(readahead, &command, &error) == READAHEAD_COMMAND)
		;
	assert_non_null(strstr(error.text, "reading at byte"));
	readahead_destroy(readahead);
}

static void test_a_last_line_without_line_end_is_a_command_too(void **state)
{
	static const char text[] = "G28\n; comment\n\nG1 X1";
	struct readahead *readahead;
	struct command command;
	struct error error;

	(void)state;
	write_file(text, strlen(text));
	readahead = create(NULL);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
	assert_string_equal(command.text, "G28");
	assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
	assert_string_equal(command.text, "G1 X1");
	assert_int_equal(take(readahead, &command, &error), READAHEAD_END);
	readahead_destroy(readahead);
}

static atomic_llong read_up_to;

static ssize_t count_reads(int fd, void *bytes, size_t size, off_t offset)
{
	ssize_t count = pread(fd, bytes, size, offset);

	atomic_store(&read_up_to, (long long)offset + count);
	return count;
}

static void test_no_more_is_read_than_the_ring_holds(void **state)
{
	struct readahead *readahead;

	(void)state;
	write_lines(200000);
	readahead = create(count_reads);
	expect_lines(readahead, 0, 10);
	/* The thread may be anywhere on its way to a full ring, but never beyond it: commands are
	 * about half of what they are in the file. */
	usleep(100000);
	assert_true(atomic_load(&read_up_to) < 3 * (READAHEAD_RING_BYTES + READAHEAD_CHUNK_BYTES));
	assert_true(atomic_load(&read_up_to) < size_bytes / 2);
	expect_lines(readahead, 10, 200000);
	readahead_destroy(readahead);
}

static ssize_t fail_later(int fd, void *bytes, size_t size, off_t offset)
{
	if (offset >= 3 * READAHEAD_CHUNK_BYTES) {
		errno = EIO;
		return -1;
	}
	return pread(fd, bytes, size, offset);
}

static void test_a_read_error_comes_behind_the_commands_before_it(void **state)
{
	struct readahead *readahead;
	struct error error = { "" };
	struct command command;
	int count = 0;

	(void)state;
	write_lines(20000);
	readahead = create(fail_later);
	while (take(readahead, &command, &error) == READAHEAD_COMMAND)
		count++;
	assert_true(count > 1000 && count < 5000);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
	assert_non_null(strstr(error.text, "Input/output error"));
	assert_non_null(strstr(error.text, "49152"));
	assert_non_null(strstr(error.text, path));
	readahead_destroy(readahead);
}

static atomic_int hanging; /* 1: the read hangs, 2: it came back */

static ssize_t hang(int fd, void *bytes, size_t size, off_t offset)
{
	atomic_store(&hanging, 1);
	while (atomic_load(&hanging) == 1)
		usleep(1000);
	return pread(fd, bytes, size, offset);
}

static void test_a_hanging_disk_neither_stops_taking_nor_the_end(void **state)
{
	struct readahead *readahead;
	struct command command;
	struct error error;

	(void)state;
	write_lines(100);
	atomic_store(&hanging, 0);
	readahead = create(hang);
	while (atomic_load(&hanging) == 0)
		usleep(1000);
	assert_int_equal(readahead_take(readahead, &command, &error), READAHEAD_WAIT);
	readahead_destroy(readahead);
	/* The thread comes back to a print that is over, and must free all of it (ASan looks). */
	atomic_store(&hanging, 2);
	usleep(50000);
}

static void test_a_file_of_another_size_is_refused_before_its_first_command(void **state)
{
	static const int64_t differences[] = { -1, 1, 1000000 };

	(void)state;
	for (size_t i = 0; i < sizeof(differences) / sizeof(differences[0]); i++) {
		struct readahead *readahead;
		struct error error = { "" };
		struct command command;

		write_lines(10);
		size_bytes += differences[i];
		readahead = create(NULL);
		assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
		assert_non_null(strstr(error.text, "announced"));
		readahead_destroy(readahead);
	}
}

static ssize_t shorten(int fd, void *bytes, size_t size, off_t offset)
{
	return offset >= READAHEAD_CHUNK_BYTES ? 0 : pread(fd, bytes, size, offset);
}

static void test_a_file_cut_short_while_printing_is_a_fault_and_no_end(void **state)
{
	struct readahead *readahead;
	struct error error = { "" };
	struct command command;
	enum readahead_result result;

	(void)state;
	write_lines(5000);
	readahead = create(shorten);
	while ((result = take(readahead, &command, &error)) == READAHEAD_COMMAND)
		;
	assert_int_equal(result, READAHEAD_FAULT);
	assert_non_null(strstr(error.text, "cut short"));
	readahead_destroy(readahead);
}

static void test_what_may_not_be_sent_is_a_fault_with_its_line(void **state)
{
	static const struct {
		const char *text;
		size_t length;
		const char *words;
	} rows[] = {
		{ "G28\nG1 X1\nM112\nG1 X2\n", 21, "line 3" },
		{ "G28\nG1 X1\nG1 X\0012\n", 19, "line 3" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct readahead *readahead;
		struct error error = { "" };
		struct command command;

		write_file(rows[i].text, strlen(rows[i].text));
		readahead = create(NULL);
		assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
		assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
		assert_string_equal(command.text, "G1 X1");
		assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
		if (!strstr(error.text, rows[i].words))
			fail_msg("%s", error.text);
		readahead_destroy(readahead);
	}
}

static void test_a_line_longer_than_the_reader_takes_is_a_fault(void **state)
{
	static char text[5000];
	struct readahead *readahead;
	struct error error = { "" };
	struct command command;

	(void)state;
	memset(text, 'X', sizeof(text));
	memcpy(text, "G28\n", 4);
	text[sizeof(text) - 1] = '\n';
	write_file(text, sizeof(text));
	readahead = create(NULL);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
	assert_non_null(strstr(error.text, "line 2"));
	readahead_destroy(readahead);
}

static void test_the_machines_own_limits_and_rules_hold_for_what_is_sent(void **state)
{
	static const char text[] = "M42 P4 S1\nM104 S200\nM104 S300\n";
	const struct profile profile = {
		.hotend_max_celsius = 250, .rule_count = 1, .rule = { "pin=ok" }
	};
	struct readahead_setup setup = { .path = path, .on_ready = on_ready, .profile = &profile };
	struct error error = { "" };
	struct readahead *readahead;
	struct command command;

	(void)state;
	write_file(text, sizeof(text) - 1);
	setup.bytes = size_bytes;
	readahead = readahead_create(&setup, &error);
	assert_non_null(readahead);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
	assert_string_equal(command.text, "M42 P4 S1");
	assert_int_equal(take(readahead, &command, &error), READAHEAD_COMMAND);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
	assert_non_null(strstr(error.text, "line 3"));
	readahead_destroy(readahead);
}

static void test_a_file_that_is_not_there_is_a_fault(void **state)
{
	struct readahead_setup setup = {
		.path = "/nonexistent/file.gcode", .bytes = 5, .on_ready = on_ready
	};
	struct error error = { "" };
	struct readahead *readahead = readahead_create(&setup, &error);
	struct command command;

	(void)state;
	assert_non_null(readahead);
	assert_int_equal(take(readahead, &command, &error), READAHEAD_FAULT);
	assert_non_null(strstr(error.text, "/nonexistent/file.gcode"));
	readahead_destroy(readahead);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_command_too_long_for_the_firmware_stops_before_the_first, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_long_command_comes_whole_where_the_firmware_takes_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_looking_for_long_commands_stumbles_over_no_disk, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_every_command_comes_once_and_in_order, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_moves_and_other_lines_come_in_the_files_order_wherever_a_block_ends,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_last_line_without_line_end_is_a_command_too, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_file_cut_short_while_printing_is_a_fault_and_no_end, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_read_error_comes_behind_the_commands_before_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_hanging_disk_neither_stops_taking_nor_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_what_may_not_be_sent_is_a_fault_with_its_line, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_the_machines_own_limits_and_rules_hold_for_what_is_sent, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_line_longer_than_the_reader_takes_is_a_fault, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_file_of_another_size_is_refused_before_its_first_command, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_no_more_is_read_than_the_ring_holds, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_file_that_is_not_there_is_a_fault, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("readahead", tests, NULL, NULL);
}
