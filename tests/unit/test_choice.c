/* What an order accepts of a material or a colour. */
#include "scheduler/choice.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

static int material(const char *list, const char *have)
{
	return choice_rank(CHOICE_OF_MATERIAL, list, have);
}

static int color(const char *list, const char *have)
{
	return choice_rank(CHOICE_OF_COLOR, list, have);
}

static void test_the_first_word_that_is_met_is_the_rank(void **state)
{
	(void)state;
	assert_int_equal(material("PETG,PLA", "PETG"), 0);
	assert_int_equal(material("PETG,PLA", "pla"), 1);
	assert_int_equal(material("PETG,PLA", "ABS"), -1);
	assert_int_equal(material("PETG,PLA", "PET"), -1);
	assert_int_equal(material("PETG,PLA", "PETG,PLA"), -1);
	assert_int_equal(material("PETG,PLA", ""), -1);
	assert_int_equal(material(" PETG , PLA ", "PLA"), 1);
	assert_int_equal(material("", "ABS"), 0);
	assert_int_equal(material("", ""), 0);
}

static void test_light_and_dark_are_met_by_the_colours_that_are_so(void **state)
{
	static const struct {
		const char *have;
		bool light, dark;
	} rows[] = {
		{ "white", true, false }, { "Natural", true, false },
		{ "signal white", true, false }, { "light blue", true, false },
		{ "pastel-green", true, false }, { "black", false, true },
		{ "Galaxy Black", false, true }, { "dark red", false, true },
		{ "navy blue", false, true }, { "red", false, false }, { "blue", false, false },
		{ "grey", false, false }, { "whitewash", false, false }, { "", false, false },
		{ "light", true, false }, /* somebody has called a spool so */
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		assert_int_equal(color("light", rows[i].have), rows[i].light ? 0 : -1);
		assert_int_equal(color("dark", rows[i].have), rows[i].dark ? 0 : -1);
	}
	assert_int_equal(color("red,light,any", "black"), 2);
	assert_int_equal(color("red,light,any", "white"), 1);
	assert_int_equal(color("any", ""), 0);
	assert_int_equal(material("light", "white"), -1);
	assert_int_equal(material("PLA,any", "ABS"), 1);
}

static void test_a_list_is_tidied_and_judged(void **state)
{
	char tidy[CHOICE_BYTES], list[2 * CHOICE_BYTES];
	(void)state;
	assert_int_equal(choice_tidy("  PETG , PLA,petg ", tidy), CHOICE_GOOD);
	assert_string_equal(tidy, "PETG,PLA");
	assert_int_equal(choice_tidy("", tidy), CHOICE_GOOD);
	assert_string_equal(tidy, "");
	assert_int_equal(choice_tidy("PETG,,PLA", tidy), CHOICE_EMPTY_WORD);
	assert_int_equal(choice_tidy("PETG,", tidy), CHOICE_EMPTY_WORD);
	assert_int_equal(choice_tidy(" ", tidy), CHOICE_EMPTY_WORD);
	assert_int_equal(choice_tidy("a,b,c,d,e,f,g,h", tidy), CHOICE_GOOD);
	assert_int_equal(choice_tidy("a,b,c,d,e,f,g,h,i", tidy), CHOICE_TOO_MANY);
	memset(list, 'x', sizeof list);
	for (size_t length = CHOICE_BYTES - 4; length < CHOICE_BYTES + 4; length++) {
		list[length] = '\0';
		assert_int_equal(choice_tidy(list, tidy),
			length < CHOICE_BYTES - 1 ? CHOICE_GOOD : CHOICE_TOO_LONG);
		list[length] = 'x';
	}
}

static void test_a_list_is_said_in_words_whatever_the_room(void **state)
{
	char text[80];
	(void)state;
	assert_string_equal(
		choice_say(CHOICE_OF_MATERIAL, "PETG,PLA", text, sizeof text), "PETG or PLA");
	assert_string_equal(choice_say(CHOICE_OF_COLOR, "white,natural,light", text, sizeof text),
		"white, natural or any light colour");
	assert_string_equal(
		choice_say(CHOICE_OF_COLOR, "red,any", text, sizeof text), "red or any colour");
	assert_string_equal(
		choice_say(CHOICE_OF_MATERIAL, "P\x1b[2JLA", text, sizeof text), "P?[2JLA");
	for (size_t size = 1; size < sizeof text; size++) {
		memset(text, 'y', sizeof text);
		choice_say(CHOICE_OF_COLOR, "white,natural,light", text, size);
		assert_true(strlen(text) < size);
		assert_int_equal(text[size], 'y');
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_first_word_that_is_met_is_the_rank),
		cmocka_unit_test(test_light_and_dark_are_met_by_the_colours_that_are_so),
		cmocka_unit_test(test_a_list_is_tidied_and_judged),
		cmocka_unit_test(test_a_list_is_said_in_words_whatever_the_room),
	};
	return cmocka_run_group_tests_name("choice", tests, NULL, NULL);
}
