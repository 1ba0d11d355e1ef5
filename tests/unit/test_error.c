/* base/error.h: sentences are never longer than their room, and never lose their beginning. */
#include "base/error.h"

#include <setjmp.h> /* cmocka */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_a_prefix_stands_before_the_sentence(void **state)
{
	struct error error;

	(void)state;
	error_set(&error, "line %d: %s", 3, "bad");
	error_prefix(&error, "file %s", "a.gcode");
	assert_string_equal(error.text, "file a.gcode: line 3: bad");
}

static void test_what_does_not_fit_is_cut_at_the_end(void **state)
{
	char long_text[2 * ERROR_TEXT_MAX];
	struct error error;

	(void)state;
	memset(long_text, 'x', sizeof long_text - 1);
	long_text[sizeof long_text - 1] = '\0';
	error_set(&error, "%s", long_text);
	assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
	error_prefix(&error, "why");
	assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
	assert_memory_equal(error.text, "why: xxx", 8);
	error_prefix(&error, "%s", long_text);
	assert_int_equal(strlen(error.text), ERROR_TEXT_MAX - 1);
}

static void test_nobody_has_to_want_the_sentence(void **state)
{
	(void)state;
	error_set(NULL, "unheard");
	error_prefix(NULL, "unheard");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_prefix_stands_before_the_sentence),
		cmocka_unit_test(test_what_does_not_fit_is_cut_at_the_end),
		cmocka_unit_test(test_nobody_has_to_want_the_sentence),
	};

	return cmocka_run_group_tests_name("error", tests, NULL, NULL);
}
