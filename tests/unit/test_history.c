#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "drivers/history.h"

#include <stdio.h>
#include <string.h>

static struct history history;

static void append(int64_t number)
{
	char command[32];
	int length = snprintf(command, sizeof(command), "G1 X%lld", (long long)number);
	const struct history_line *line =
		history_append(&history, command, (size_t)length, number * 10);

	assert_non_null(line);
	assert_int_equal(line->number, number);
}

/* OctoPrint #161: right number, content of another line. */
static void test_a_number_gives_its_own_content_for_as_long_as_it_is_kept(void **state)
{
	(void)state;
	history_restart(&history, 2000);
	for (int64_t number = 2000; number < 2000 + 3 * HISTORY_LINES; number++) {
		append(number);
		for (int64_t back = 0; back < HISTORY_LINES && number - back >= 2000; back++) {
			const struct history_line *line = history_find(&history, number - back);
			char expected[32];
			size_t length;
			const char *command;

			assert_non_null(line);
			command = history_command(line, &length);
			snprintf(
				expected, sizeof(expected), "G1 X%lld", (long long)(number - back));
			assert_int_equal(length, strlen(expected));
			assert_memory_equal(command, expected, length);
			assert_int_equal(line->command_index, (number - back) * 10);
		}
	}
}

static void test_what_was_never_sent_or_is_long_past_is_not_found(void **state)
{
	(void)state;
	history_restart(&history, 2000);
	assert_null(history_find(&history, 2000));
	for (int64_t number = 2000; number < 2000 + 2 * HISTORY_LINES; number++)
		append(number);
	assert_null(history_find(&history, 2000 + HISTORY_LINES - 1));
	assert_non_null(history_find(&history, 2000 + HISTORY_LINES));
	assert_null(history_find(&history, 2000 + 2 * HISTORY_LINES));
	assert_null(history_find(&history, -1));
	assert_null(history_find(&history, INT64_MAX));
	history_restart(&history, 2000);
	assert_null(history_find(&history, 2000 + HISTORY_LINES));
}

static void test_a_line_that_cannot_be_framed_takes_no_number(void **state)
{
	(void)state;
	history_restart(&history, 5);
	assert_null(history_append(&history, "G1 X1;", 6, 0));
	append(5);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_a_number_gives_its_own_content_for_as_long_as_it_is_kept),
	cmocka_unit_test(test_what_was_never_sent_or_is_long_past_is_not_found),
	cmocka_unit_test(test_a_line_that_cannot_be_framed_takes_no_number),
};

int main(void)
{
	return cmocka_run_group_tests_name("history", tests, NULL, NULL);
}
