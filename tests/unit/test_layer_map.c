/* Which layer is under way. */
#include "gcode/layer_map.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_each_command_is_in_its_layer(void **state)
{
	static const struct layer_map_point point[] = { { 1, 10 }, { 2, 110 }, { 3, 120 },
		{ 4, 900 } };
	char text[LAYER_MAP_TEXT_MAX];

	(void)state;
	layer_map_write(text, point, 4, 4, 1000);
	for (int64_t done = 0; done <= 1000; done++) {
		int64_t layer = done >= 900 ? 4 : done >= 120 ? 3 : done >= 110 ? 2 : done >= 10;

		assert_int_equal(layer_map_layer(text, 4, 1000, done), layer);
	}
}

/* Of a thousand layers every fourth is kept, and those of an analysis that lists every second. */
static void test_many_layers_are_told_in_even_steps(void **state)
{
	static struct layer_map_point point[500];
	char text[LAYER_MAP_TEXT_MAX];

	(void)state;
	for (int64_t i = 0; i < 500; i++)
		point[i] = (struct layer_map_point){ 1 + 2 * i, 1000 + 2000 * i };
	layer_map_write(text, point, 500, 1000, 1001000);
	assert_int_equal(strlen(text), LAYER_MAP_TEXT_MAX - 1);
	for (int64_t done = 1100; done < 1001000; done += 777) {
		int64_t is = layer_map_layer(text, 1000, 1001000, done), want = done / 1000;

		assert_true(is == want || is == want - 1 || is == want + 1);
	}
	assert_int_equal(layer_map_layer(text, 1000, 1001000, 1001000), 1000);
}

static void test_what_tells_nothing_is_no_layer(void **state)
{
	static const struct layer_map_point wrong[] = { { 1, 10 }, { 2, 5 } };
	static const char *const damaged[] = { "", "a", "??", "???", "zzzA", "0ZZ" };
	char text[LAYER_MAP_TEXT_MAX];

	(void)state;
	layer_map_write(text, NULL, 0, 5, 100);
	assert_string_equal(text, "");
	layer_map_write(text, wrong, 2, 2, 1);
	assert_string_equal(text, "");
	layer_map_write(text, wrong, 2, 2, INT64_MAX);
	assert_string_equal(text, "");
	for (size_t i = 0; i < sizeof damaged / sizeof *damaged; i++)
		assert_int_equal(layer_map_layer(damaged[i], 5, 100, 50), 0);
	assert_int_equal(layer_map_layer("000", 5, 0, 50), 0);
	assert_int_equal(layer_map_layer("000", 0, 100, 50), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_command_is_in_its_layer),
		cmocka_unit_test(test_many_layers_are_told_in_even_steps),
		cmocka_unit_test(test_what_tells_nothing_is_no_layer),
	};

	return cmocka_run_group_tests_name("layer_map", tests, NULL, NULL);
}
