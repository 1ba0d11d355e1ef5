/* Names that do not exist: what was probably meant. */
#include "base/nearest.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const char *meant(const char *wanted)
{
	static const char *const names[] = { "ender3", "ender3v2", "mk3s", "hours", "quiet_hours",
		"printers", "profiles" };
	static struct nearest nearest;

	nearest = (struct nearest){ 0 };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		nearest_offer(&nearest, wanted, names[i]);
	return nearest.name;
}

static void test_a_slip_of_the_fingers_finds_its_name(void **state)
{
	(void)state;
	assert_string_equal(meant("ender-3"), "ender3");
	assert_string_equal(meant("Ender 3 V2"), "ender3v2");
	assert_string_equal(meant("mk3"), "mk3s");
	assert_string_equal(meant("hour"), "hours");
	assert_string_equal(meant("quite_hours"), "quiet_hours");
	assert_string_equal(meant("printer"), "printers");
	assert_string_equal(meant("pritners"), "printers");
}

static void test_what_is_like_nothing_finds_nothing(void **state)
{
	(void)state;
	assert_string_equal(meant(""), "");
	assert_string_equal(meant("---"), "");
	assert_string_equal(meant("x"), "");
	assert_string_equal(meant("voron"), "");
	assert_string_equal(meant("bed"), "");
}

static void test_names_of_any_length_do_no_harm(void **state)
{
	char name[4 * NEAREST_NAME_MAX];

	(void)state;
	for (size_t length = 0; length < sizeof name; length++) {
		struct nearest nearest = { 0 };

		memset(name, 'a', length);
		name[length] = '\0';
		nearest_offer(&nearest, name, name);
		assert_string_equal(
			nearest.name, length > 0 && length < NEAREST_NAME_MAX ? name : "");
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slip_of_the_fingers_finds_its_name),
		cmocka_unit_test(test_what_is_like_nothing_finds_nothing),
		cmocka_unit_test(test_names_of_any_length_do_no_harm),
	};
	return cmocka_run_group_tests_name("nearest", tests, NULL, NULL);
}
