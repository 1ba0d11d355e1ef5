/* The scanner of base/json_text.h: hostile and torn texts never lead it out of bounds; wanted
 * members are found wherever they stand. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/json_text.h"
#include "tests/unit/guard_page.h"

#include <stdlib.h>
#include <string.h>

static struct json_text at(const char *text, const char *path)
{
	struct json_text top = json_text_read(text, strlen(text));

	return json_text_find(&top, path);
}

/* Everything that can be asked of any text. */
static void ask_everything(const char *text, size_t length)
{
	struct json_text top = json_text_read(text, length),
			 value = json_text_find(&top, "result.status.a");
	double number;
	char out[16];

	json_text_number(&value, &number);
	json_text_string(&value, out, sizeof out);
	value = json_text_element(&top, 2);
	json_text_number(&value, &number);
	json_text_string(&top, out, sizeof out);
	assert_true(strlen(out) < sizeof out);
	value = json_text_member(&top, "id");
	json_text_is_string(&value, "x");
}

static void test_any_text_cut_at_every_byte_stays_within_its_bounds(void **state)
{
	static const char *const texts[] = {
		"{\"id\": 3, \"result\": {\"status\": {\"a\": 12.5, \"b\": [1, 2, {\"c\": "
		"\"x\"}]}}}",
		"[1, \"two\", -3.25e2, null, true, false]",
		"\"a \\\"quoted\\\" \\u0041\\u00e9\\n\\\\\"",
		"{\"a\":{\"b\":{\"c\":{\"d\":{\"e\":{}}}}}}",
		"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[",
		"]]]]]]}}}}",
		"{\"result\":{\"status\":{\"a\":\"\\u12",
		"{\"a\"\"b\"}",
		"{,}",
		"{\"a\":}",
		"-",
		"1e",
		"1e999",
		"\\",
		"\"\\",
		"",
	};

	(void)state;
	for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
		for (size_t length = 0; length <= strlen(texts[i]); length++) {
			char *copy = guard_page_copy(texts[i], length);

			ask_everything(copy, length);
			guard_page_free(copy, length);
		}
	}
}

static void test_a_member_is_found_behind_other_values_of_every_kind(void **state)
{
	static const char text[] = " { \"s\" : \"}{][\\\"\" , \"n\":-1.5, "
				   "\"t\":true,\"a\":[{\"w\":1},[2]], \"o\":{\"w\":3},"
				   "\"w\" : 42 }";
	struct json_text value = at(text, "w");
	double number = 0;

	(void)state;
	assert_true(json_text_number(&value, &number));
	assert_float_equal(number, 42, 0);
	value = at(text, "o.w");
	assert_true(json_text_number(&value, &number));
	assert_float_equal(number, 3, 0);
	assert_int_equal(at(text, "o.x").kind, JSON_NONE);
	assert_int_equal(at(text, "t.x").kind, JSON_NONE);
	assert_int_equal(at(text, "t").kind, JSON_TRUE);
	value = at(text, "a");
	value = json_text_element(&value, 1);
	assert_int_equal(value.kind, JSON_ARRAY);
	assert_int_equal(json_text_element(&value, 1).kind, JSON_NONE);
}

static void test_numbers_that_are_none_are_refused(void **state)
{
	static const struct {
		const char *text;
		bool good;
		double value;
	} cases[] = { { "0", true, 0 }, { "-12.75", true, -12.75 }, { "2e3", true, 2000 },
		{ "1.5E-2", true, 0.015 }, { "1e999", false, 0 }, { "1.2.3", false, 0 },
		{ "nan", false, 0 }, { "--1", false, 0 }, { "0x10", false, 0 },
		{ "123456789012345678901234567890123456", false, 0 } };

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct json_text value = json_text_read(cases[i].text, strlen(cases[i].text));
		double number = -1;

		assert_int_equal(json_text_number(&value, &number), cases[i].good);
		if (cases[i].good)
			assert_float_equal(number, cases[i].value, 1e-12);
	}
}

static void test_strings_come_out_unescaped_and_cut(void **state)
{
	struct json_text value = at("{\"m\":\"a\\\"b\\u0041\\u20acz\"}", "m");
	char out[32], small[3];

	(void)state;
	assert_true(json_text_string(&value, out, sizeof out));
	assert_string_equal(out, "a\"bA?z");
	assert_true(json_text_string(&value, small, sizeof small));
	assert_string_equal(small, "a\"");
	value = at("{\"m\":\"ready\"}", "m");
	assert_true(json_text_is_string(&value, "ready"));
	assert_false(json_text_is_string(&value, "read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_text_cut_at_every_byte_stays_within_its_bounds),
		cmocka_unit_test(test_numbers_that_are_none_are_refused),
		cmocka_unit_test(test_a_member_is_found_behind_other_values_of_every_kind),
		cmocka_unit_test(test_strings_come_out_unescaped_and_cut),
	};

	return cmocka_run_group_tests_name("json_text", tests, NULL, NULL);
}
