/* The table of options: rows that the parser, the manual and people can rely on. */
#include "daemon/control/options.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "daemon/control/config.h"
#include "daemon/control/config_file.h"
#include "tests/unit/scratch.h"

/* Calls back for every row of a group and of those below it. */
static int each_option(const struct option_group *group, void (*look)(const struct option *))
{
	int count = 0;

	for (size_t i = 0; i < group->count; i++) {
		look(&group->option[i]);
		count++;
		if (group->option[i].group)
			count += each_option(group->option[i].group, look);
	}
	return count;
}

static void look_at_words(const struct option *option)
{
	char accepted[256] = "";

	option_accepts(option, accepted, sizeof accepted);
	assert_true(strlen(accepted) > 0 && strlen(accepted) < sizeof accepted - 1);
	assert_non_null(option->help);
	assert_int_equal(option->help[strlen(option->help) - 1], '.');
	for (const char *at = option->key; *at; at++)
		assert_true((*at >= 'a' && *at <= 'z') || *at == '_');
}

static void test_every_row_says_what_it_is_for_and_what_it_accepts(void **state)
{
	(void)state;
	assert_true(each_option(&options_root, look_at_words) > 40);
}

static void compare_keys(const struct option_group *group)
{
	for (size_t i = 0; i < group->count; i++) {
		if (group->option[i].group)
			compare_keys(group->option[i].group);
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(group->option[i].key, group->option[j].key);
	}
}

static void test_no_key_stands_twice_in_a_group(void **state)
{
	(void)state;
	compare_keys(&options_root);
}

/* Writing out each default must be accepted and change nothing. */
static void try_default(const struct option *option)
{
	struct config by_default, written;
	struct error error = { "" };
	char text[256];
	bool is_text = true;

	if (!option->initial)
		return;
	switch (option->type) {
	case OPTION_INT32:
	case OPTION_INT64:
	case OPTION_NUMBER:
	case OPTION_BOOL:
		is_text = false;
		break;
	case OPTION_TEXT:
	case OPTION_NAME:
	case OPTION_PATH:
	case OPTION_ZONE:
	case OPTION_CHOICE:
	case OPTION_WORD:
	case OPTION_WINDOW:
	case OPTION_POINT:
	case OPTION_TEXTS:
	case OPTION_HOURS:
	case OPTION_STAFF:
	case OPTION_DATES:
	case OPTION_GROUP:
	case OPTION_ROWS:
		break;
	}
	snprintf(text, sizeof text, is_text ? "%s = \"%s\";" : "%s = %s;", option->key,
		option->initial);
	assert_int_equal(config_parse(&by_default, "", &error), 0);
	if (config_parse(&written, text, &error) != 0)
		fail_msg("%s: %s", text, error.text);
	assert_memory_equal((char *)&by_default + option->offset, (char *)&written + option->offset,
		option->size);
	config_finish(&by_default);
	config_finish(&written);
}

static void test_every_default_of_the_top_is_accepted_when_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < options_root.count; i++)
		if (options_root.option[i].type != OPTION_GROUP)
			try_default(&options_root.option[i]);
}

/* One below and one above the limits of a number. */
static void try_limits(const struct option *option)
{
	struct config config;
	struct error error = { "" };
	char text[256];

	if (option->type != OPTION_INT32 && option->type != OPTION_INT64)
		return;
	for (int step = 0; step < 4; step++) {
		double value = (step < 2 ? option->min : option->max) + (step == 0	    ? -1
										: step == 3 ? 1
											    : 0);
		bool is_inside = step == 1 || step == 2;

		snprintf(text, sizeof text, "%s = %.0f;", option->key, value);
		assert_int_equal(config_parse(&config, text, &error) == 0, is_inside);
		if (is_inside)
			config_finish(&config);
		else
			assert_non_null(strstr(error.text, option->key));
	}
}

static void test_the_limits_of_every_number_hold_on_both_sides(void **state)
{
	(void)state;
	for (size_t i = 0; i < options_root.count; i++)
		try_limits(&options_root.option[i]);
}

static void test_the_manual_page_says_what_the_table_says(void **state)
{
	char *section = NULL, *page = scratch_read("docs/printfarm.conf.5", NULL);
	size_t length = 0;
	FILE *file = open_memstream(&section, &length);

	(void)state;
	assert_non_null(page);
	options_print_man(file);
	fclose(file);
	char *begin = strstr(page, ".\\\" options: begin"),
	     *end = strstr(page, ".\\\" options: end");

	assert_true(begin && end);
	begin = strchr(begin, '\n') + 1;
	if ((size_t)(end - begin) != length || memcmp(begin, section, length) != 0)
		fail_msg("docs/printfarm.conf.5 is behind the table: run docs/update-options");
	free(section);
	free(page);
}

/* The example in the manual page is one that works. */
static void test_the_example_of_the_manual_page_is_accepted(void **state)
{
	struct config config;
	struct error error = { "" };
	char *page = scratch_read("docs/printfarm.conf.5", NULL), *text;
	char folder[] = "profile_dir = \"profiles\";\n";

	(void)state;
	assert_non_null(page);
	char *begin = strstr(strstr(page, ".Sh EXAMPLES"), "indent\n") + strlen("indent\n");

	*strstr(begin, ".Ed") = '\0';
	assert_true(asprintf(&text, "%s%s", folder, begin) > 0);
	if (config_parse(&config, text, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(config.printer_count, 2);
	assert_int_equal(config.profile_count, 2);
	config_finish(&config);
	free(text);
	free(page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_row_says_what_it_is_for_and_what_it_accepts),
		cmocka_unit_test(test_no_key_stands_twice_in_a_group),
		cmocka_unit_test(test_every_default_of_the_top_is_accepted_when_written),
		cmocka_unit_test(test_the_limits_of_every_number_hold_on_both_sides),
		cmocka_unit_test(test_the_manual_page_says_what_the_table_says),
		cmocka_unit_test(test_the_example_of_the_manual_page_is_accepted),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
