#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "drivers/window.h"

#include <stdint.h>

static struct window window;

static void push(int64_t number, int32_t bytes, bool alone)
{
	const struct window_entry entry = { .number = number, .bytes = bytes, .alone = alone };

	assert_true(window_push(&window, &entry));
}

static void test_lines_and_bytes_in_flight_never_pass_their_limits(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 1);
	window_clear(&window);
	for (int i = 0; i < 100000; i++) {
		const struct window_limits limits = { 1 + (int32_t)random_below(&random, 8), 127 };
		int32_t bytes = 1 + (int32_t)random_below(&random, 96), sum = 0;

		if (window_has_room(&window, &limits, bytes, false)) {
			push(i, bytes, false);
			assert_true(window.count <= (size_t)limits.lines);
			for (size_t j = 0; j < window.count; j++)
				sum += window_at(&window, j)->bytes;
			assert_true(sum <= 127);
		} else if (window.count > 0) {
			window_pop(&window);
		}
	}
}

static void test_a_long_command_is_alone_in_flight(void **state)
{
	static const struct window_limits limits = { 3, 127 };

	(void)state;
	window_clear(&window);
	push(1, 10, false);
	assert_false(window_has_room(&window, &limits, 10, true));
	window_pop(&window);
	assert_true(window_has_room(&window, &limits, 10, true));
	push(2, 10, true);
	assert_false(window_has_room(&window, &limits, 1, false));
}

static void test_one_acknowledgement_takes_exactly_the_oldest_line(void **state)
{
	(void)state;
	window_clear(&window);
	assert_null(window_head(&window));
	for (int64_t number = 0; number < 100; number++) {
		push(number, 10, false);
		push(number + 1000, 10, false);
		assert_int_equal(window_find(&window, number + 1000), window.count - 1);
		assert_int_equal(window_pop(&window).number, number);
		assert_int_equal(window_pop(&window).number, number + 1000);
		assert_int_equal(window_find(&window, number), 0);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_lines_and_bytes_in_flight_never_pass_their_limits),
	cmocka_unit_test(test_a_long_command_is_alone_in_flight),
	cmocka_unit_test(test_one_acknowledgement_takes_exactly_the_oldest_line),
};

int main(void)
{
	return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
