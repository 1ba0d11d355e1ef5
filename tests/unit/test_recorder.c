#include "daemon/stream/recorder.h"
#include "daemon/stream/recording.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void add(struct recorder *recorder, enum recorder_kind kind, const char *text, int64_t us)
{
	recorder_add(recorder, kind, text, strlen(text), us);
}

/* Everything behind *cursor, page by page; the caller frees it. */
static char *read_all(const struct recorder *recorder, struct recorder_cursor *cursor, size_t page)
{
	size_t length = 0;
	char *text = malloc(1 << 22);
	bool more = true;

	assert_non_null(text);
	while (more) {
		size_t got = recorder_format(recorder, cursor, text + length, page, &more);

		assert_true(got <= page);
		assert_true(got > 0 || !more);
		length += got;
	}
	text[length] = '\0';
	return text;
}

static void expect_text(const struct recorder *recorder, const char *wanted)
{
	struct recorder_cursor cursor = { { 0 } };
	char *text = read_all(recorder, &cursor, RECORDER_TEXT_MIN);

	assert_string_equal(text, wanted);
	free(text);
}

static void test_a_conversation_comes_out_in_order_with_its_times(void **state)
{
	struct recorder *recorder = recorder_create(5000000);

	(void)state;
	add(recorder, RECORDER_REMARK, "the port is open\n", 5000000);
	add(recorder, RECORDER_SENT, "N1 M105*38\n", 5100000);
	add(recorder, RECORDER_RECEIVED, "ok T:21.5 /0.0\nok\n", 5103200);
	add(recorder, RECORDER_SENT, "N2 G28*17\n", 5103200);
	expect_text(recorder, "    0.0000 # the port is open\n"
			      "    0.1000 > N1 M105*38\\n\n"
			      "    0.1032 < ok T:21.5 /0.0\\n\n"
			      "    0.1032 < ok\\n\n"
			      "    0.1032 > N2 G28*17\\n\n");
	recorder_destroy(recorder);
}

static void test_a_line_that_came_in_pieces_is_one_row_and_a_held_newline_is_seen(void **state)
{
	struct recorder *recorder = recorder_create(0);

	(void)state;
	add(recorder, RECORDER_SENT, "N1 G1 X1*99\nN2 G1 X2*97", 1000);
	add(recorder, RECORDER_RECEIVED, "o", 2000);
	add(recorder, RECORDER_RECEIVED, "k\n", 2500);
	add(recorder, RECORDER_SENT, "\nN3 G1 X3*97", 2500);
	expect_text(recorder, "    0.0010 > N1 G1 X1*99\\n\n"
			      "    0.0010 > N2 G1 X2*97\n"
			      "    0.0020 < ok\\n\n"
			      "    0.0025 > \\n\n"
			      "    0.0025 > N3 G1 X3*97\n");
	recorder_destroy(recorder);
}

static void test_no_byte_reaches_a_terminal_raw(void **state)
{
	struct recorder *recorder = recorder_create(0);

	(void)state;
	recorder_add(recorder, RECORDER_RECEIVED, "\x1b[2J\0\xff\\\t\r\n", 10, 0);
	expect_text(recorder, "    0.0000 < \\x1b[2J\\x00\\xff\\x5c\\x09\\r\\n\n");
	recorder_destroy(recorder);
}

static void test_a_line_without_end_is_cut_into_rows(void **state)
{
	struct recorder *recorder = recorder_create(0);
	struct recorder_cursor cursor = { { 0 } };
	char flood[5000];
	size_t letters = 0, longest = 0;

	(void)state;
	memset(flood, 0x80, sizeof(flood));
	recorder_add(recorder, RECORDER_RECEIVED, flood, sizeof(flood), 0);
	char *text = read_all(recorder, &cursor, RECORDER_TEXT_MIN);

	for (char *row = text, *end; (end = strchr(row, '\n')); row = end + 1)
		if ((size_t)(end - row) > longest)
			longest = (size_t)(end - row);
	for (char *at = text; (at = strstr(at, "\\x80")); at++)
		letters++;
	assert_int_equal(letters, sizeof(flood));
	assert_true(longest <= 13 + 4 * 256);
	free(text);
	recorder_destroy(recorder);
}

/* The last bytes of each direction, whatever the other one did. */
static void test_the_oldest_is_forgotten_and_times_stay_right(void **state)
{
	struct recorder *recorder = recorder_create(0);
	struct recorder_cursor cursor = { { 0 } };
	char line[64];
	int64_t us = 0;
	int first = -1, last = -1, rows = 0;

	(void)state;
	add(recorder, RECORDER_RECEIVED, "start\n", 0);
	for (int i = 0; i < 100000; i++) {
		us = i * INT64_C(1700);
		snprintf(line, sizeof(line), "N%d G1 X10.5 Y20.25 E0.03\n", i);
		add(recorder, RECORDER_SENT, line, us);
	}
	char *text = read_all(recorder, &cursor, RECORDER_TEXT_MIN);

	assert_int_equal(strncmp(text, "    0.0000 < start\\n\n", 20), 0);
	char *gap = strchr(text, '\n') + 1, *begin = strchr(gap, '\n') + 1;

	assert_non_null(strstr(gap, "# " RECORDER_GAP "\n"));
	assert_true(strstr(gap, RECORDER_GAP) < begin);
	for (char *row = begin; *row; row = strchr(row, '\n') + 1, rows++) {
		long seconds, units;
		int number;

		assert_int_equal(sscanf(row, "%ld.%4ld > N%d G1", &seconds, &units, &number), 3);
		assert_int_equal(seconds * 10000 + units, number * INT64_C(17));
		if (first < 0)
			first = number;
		assert_int_equal(number, first + rows);
		last = number;
	}
	assert_int_equal(last, 99999);
	/* Heads cost less than a fifth of the ring even with lines as short as these. */
	assert_true((size_t)rows * 31 > RECORDER_RING_BYTES * 4 / 5);
	free(text);
	recorder_destroy(recorder);
}

static void test_a_reader_who_comes_again_gets_what_is_new_and_nothing_twice(void **state)
{
	struct recorder *recorder = recorder_create(0);
	struct recorder_cursor cursor = { { 0 } };
	char *text;

	(void)state;
	add(recorder, RECORDER_SENT, "M105\n", 100000);
	free(read_all(recorder, &cursor, RECORDER_TEXT_MIN));
	text = read_all(recorder, &cursor, RECORDER_TEXT_MIN);
	assert_string_equal(text, "");
	free(text);
	/* The same microsecond as what was read already. */
	add(recorder, RECORDER_RECEIVED, "ok\n", 100000);
	add(recorder, RECORDER_SENT, "M114\n", 200000);
	text = read_all(recorder, &cursor, RECORDER_TEXT_MIN);
	assert_string_equal(text, "    0.1000 < ok\\n\n    0.2000 > M114\\n\n");
	free(text);
	recorder_destroy(recorder);
}

static void test_pages_of_any_size_say_the_same(void **state)
{
	struct recorder *recorder = recorder_create(0);
	struct recorder_cursor small = { { 0 } }, large = { { 0 } };

	(void)state;
	for (int i = 0; i < 500; i++) {
		add(recorder, RECORDER_SENT, "N123 G1 X10.123 Y20.456 E0.12345*77\n", i * 1000);
		add(recorder, RECORDER_RECEIVED, i % 7 ? "ok\n" : "\n\n\n\n\n\n\n\n\n\n",
			i * 1000 + 9);
	}
	char *one = read_all(recorder, &small, RECORDER_TEXT_MIN);
	char *other = read_all(recorder, &large, 1 << 20);

	assert_string_equal(one, other);
	free(one);
	free(other);
	recorder_destroy(recorder);
}

static void test_a_day_of_silence_costs_nothing_and_is_told(void **state)
{
	struct recorder *recorder = recorder_create(0);

	(void)state;
	add(recorder, RECORDER_SENT, "M105\n", 1000000);
	add(recorder, RECORDER_RECEIVED, "ok\n", INT64_C(86400) * 1000000);
	expect_text(recorder, "    1.0000 > M105\\n\n86400.0000 < ok\\n\n");
	recorder_destroy(recorder);
}

static size_t file_rows(const char *path, char *head, size_t size)
{
	FILE *file = fopen(path, "r");
	char row[1024];
	size_t rows = 0;

	if (!file)
		return 0;
	while (fgets(row, sizeof(row), file))
		if (rows++ == 0)
			snprintf(head, size, "%.*s", (int)size - 1, row);
	fclose(file);
	return rows;
}

static void test_files_of_faults_are_bounded_and_the_oldest_goes(void **state)
{
	struct recorder *recorder = recorder_create(0);
	struct recording *recording;
	char directory[] = "/tmp/test_recorder.XXXXXX", path[128], head[256], why[32];
	int seen[8] = { 0 };

	(void)state;
	assert_non_null(mkdtemp(directory));
	add(recorder, RECORDER_SENT, "M105\n", 1000000);
	add(recorder, RECORDER_RECEIVED, "Error:Printer halted. kill() called!\n", 1200000);
	for (int i = 1; i <= 6; i++) {
		recording = recording_create(directory, "p1");
		snprintf(why, sizeof(why), "fault %d", i);
		assert_true(recording_write(recording, recorder, why));
		recording_destroy(recording);
	}
	for (int i = 1; i <= 8; i++) {
		char *at;

		snprintf(path, sizeof(path), "%s/p1.recording.%d", directory, i);
		if (file_rows(path, head, sizeof(head)) == 0)
			continue;
		assert_int_equal(file_rows(path, head, sizeof(head)), 3);
		assert_true(i <= RECORDING_FILES);
		at = strstr(head, "fault ");
		assert_non_null(at);
		seen[at[6] - '0']++;
		unlink(path);
	}
	for (int i = 3; i <= 6; i++)
		assert_int_equal(seen[i], 1);
	assert_int_equal(rmdir(directory), 0);
	recorder_destroy(recorder);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_conversation_comes_out_in_order_with_its_times),
		cmocka_unit_test(
			test_a_line_that_came_in_pieces_is_one_row_and_a_held_newline_is_seen),
		cmocka_unit_test(test_no_byte_reaches_a_terminal_raw),
		cmocka_unit_test(test_a_line_without_end_is_cut_into_rows),
		cmocka_unit_test(test_the_oldest_is_forgotten_and_times_stay_right),
		cmocka_unit_test(test_a_reader_who_comes_again_gets_what_is_new_and_nothing_twice),
		cmocka_unit_test(test_pages_of_any_size_say_the_same),
		cmocka_unit_test(test_a_day_of_silence_costs_nothing_and_is_told),
		cmocka_unit_test(test_files_of_faults_are_bounded_and_the_oldest_goes),
	};

	return cmocka_run_group_tests_name("recorder", tests, NULL, NULL);
}
