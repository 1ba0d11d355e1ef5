/* Progress by time: slow layers take their share, whatever their commands. */
#include "gcode/pace.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_a_slow_first_half_is_more_than_half(void **state)
{
	static const struct pace_point points[] = { { 0, 0 }, { 500, 900 } };
	char text[PACE_TEXT_MAX];

	(void)state;
	pace_write(text, points, 2, 1000, 1000);
	assert_int_equal(strlen(text), 3 * PACE_POINTS);
	assert_true(fabs(pace_time_share(text, 0.25) - 0.45) < 0.002);
	/* The corner lies between two numbers. */
	assert_true(fabs(pace_time_share(text, 0.5) - 0.9) < 0.01);
	assert_true(fabs(pace_time_share(text, 0.75) - 0.95) < 0.002);
	assert_true(pace_time_share(text, 0) == 0 && pace_time_share(text, 1) == 1);
}

static void test_it_never_runs_backwards(void **state)
{
	static const struct pace_point points[] = { { 10, 0 }, { 11, 500 }, { 600, 510 },
		{ 999, 990 } };
	char text[PACE_TEXT_MAX];
	double last = 0;

	(void)state;
	pace_write(text, points, 4, 1000, 1000);
	for (int i = 0; i <= 1000; i++) {
		double share = pace_time_share(text, i / 1000.0);

		assert_true(share >= last && share <= 1);
		last = share;
	}
}

static void test_what_tells_nothing_leaves_the_share_as_it_is(void **state)
{
	static const struct pace_point back[] = { { 500, 10 }, { 100, 20 } };
	static const struct pace_point late[] = { { 100, 1e9 } };
	static const struct pace_point odd[] = { { 100, NAN } };
	char text[PACE_TEXT_MAX], broken[PACE_TEXT_MAX];

	(void)state;
	pace_write(text, back, 2, 1000, 1000);
	assert_string_equal(text, "");
	pace_write(text, late, 1, 1000, 1000);
	assert_string_equal(text, "");
	pace_write(text, odd, 1, 1000, 1000);
	assert_string_equal(text, "");
	pace_write(text, NULL, 0, 1000, 1000);
	assert_string_equal(text, "");
	assert_true(pace_time_share("", 0.3) == 0.3);
	assert_true(pace_time_share("123", 0.3) == 0.3);
	assert_true(pace_time_share("", -1) == 0);
	memset(broken, 'x', sizeof broken - 1);
	broken[sizeof broken - 1] = '\0';
	assert_true(pace_time_share(broken, 0.3) == 0.3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slow_first_half_is_more_than_half),
		cmocka_unit_test(test_it_never_runs_backwards),
		cmocka_unit_test(test_what_tells_nothing_leaves_the_share_as_it_is),
	};

	return cmocka_run_group_tests_name("pace", tests, NULL, NULL);
}
