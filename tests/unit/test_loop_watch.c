/* A loop that stands still is told, a machine that slept too, and neither by a healthy one. */
#include "daemon/stream/loop_watch.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static int64_t stalled_us, slept_us;

static void tick(struct loop_watch *watch, int64_t monotonic_us, int64_t boot_us)
{
	loop_watch_tick(watch, monotonic_us, boot_us, &stalled_us, &slept_us);
}

static void test_a_machine_that_slept_is_noticed_once(void **state)
{
	struct loop_watch watch = { .ticked_us = 0 };

	(void)state;
	tick(&watch, 1000000, 9000000);
	tick(&watch, 1500000, 9500000);
	assert_int_equal(slept_us, 0);
	tick(&watch, 2000000, 310000000);
	assert_int_equal(slept_us, 300000000);
	assert_int_equal(stalled_us, 0);
	tick(&watch, 2500000, 310500000);
	assert_int_equal(slept_us, 0);
}

static void test_a_loop_that_stands_still_is_counted_with_the_longest(void **state)
{
	struct loop_watch watch = { .ticked_us = 0 };

	(void)state;
	tick(&watch, 1000000, 1000000);
	tick(&watch, 1700000, 1700000);
	assert_int_equal(stalled_us, 0);
	tick(&watch, 3200000, 3200000);
	assert_int_equal(stalled_us, 1000000);
	tick(&watch, 4000000, 4000000);
	assert_int_equal(stalled_us, 300000);
	assert_int_equal(watch.stalls, 2);
	assert_int_equal(watch.longest_us, 1000000);
	assert_int_equal(slept_us, 0);
}

static void test_a_first_tick_says_nothing(void **state)
{
	struct loop_watch watch = { .ticked_us = 0 };

	(void)state;
	tick(&watch, 500000000, 900000000);
	assert_int_equal(stalled_us, 0);
	assert_int_equal(slept_us, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_machine_that_slept_is_noticed_once),
		cmocka_unit_test(test_a_loop_that_stands_still_is_counted_with_the_longest),
		cmocka_unit_test(test_a_first_tick_says_nothing),
	};

	return cmocka_run_group_tests_name("loop_watch", tests, NULL, NULL);
}
