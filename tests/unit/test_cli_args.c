/* Options and operands of the command line. */
#include "cli/args.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>
#include <fcntl.h>
#include <cmocka.h>

enum { WORDS_MAX = 16 };

struct scene {
	struct cli cli;
	bool flag;
	const char *text;
	int64_t number;
	struct args_list list;
	struct args_option options[5];
	char *argv[WORDS_MAX + 1];
	int argc, count;
};

/* The sentences about wrong usage are not the test's output. */
static int be_quiet(void)
{
	int kept = dup(STDERR_FILENO), nowhere = open("/dev/null", O_WRONLY);

	fflush(stderr);
	dup2(nowhere, STDERR_FILENO);
	close(nowhere);
	return kept;
}

static void be_loud(int kept)
{
	fflush(stderr);
	dup2(kept, STDERR_FILENO);
	close(kept);
}

static void scene_init(struct scene *scene, const char *line)
{
	static char words[256];

	*scene = (struct scene){ .text = "unset", .number = -7 };
	scene->options[0] = (struct args_option){ "flag", 'f', ARGS_FLAG, &scene->flag, 0, 0 };
	scene->options[1] = (struct args_option){ "text", 't', ARGS_TEXT, &scene->text, 0, 0 };
	scene->options[2] =
		(struct args_option){ "number", 'n', ARGS_NUMBER, &scene->number, 1, 100 };
	scene->options[3] = (struct args_option){ "list", 0, ARGS_LIST, &scene->list, 0, 0 };
	snprintf(words, sizeof words, "%s", line);
	for (char *word = strtok(words, " "); word && scene->argc < WORDS_MAX;
		word = strtok(NULL, " "))
		scene->argv[scene->argc++] = word;
}

static int parse(struct scene *scene, const char *line)
{
	scene_init(scene, line);

	int kept = be_quiet();
	int status =
		args_parse(&scene->cli, scene->options, scene->argc, scene->argv, &scene->count);

	be_loud(kept);
	return status;
}

static void test_options_may_stand_before_between_and_after_operands(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(parse(&scene, "cmd a --text x b -n 4 -f c"), 0);
	assert_int_equal(scene.count, 3);
	assert_string_equal(scene.argv[1], "a");
	assert_string_equal(scene.argv[2], "b");
	assert_string_equal(scene.argv[3], "c");
	assert_string_equal(scene.text, "x");
	assert_int_equal(scene.number, 4);
	assert_true(scene.flag);
}

static void test_values_may_be_attached(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(parse(&scene, "cmd --text=a=b -n12 -fty"), 0);
	assert_string_equal(scene.text, "y");
	assert_int_equal(scene.number, 12);
	assert_true(scene.flag);
	assert_int_equal(parse(&scene, "cmd --text="), 0);
	assert_string_equal(scene.text, "");
}

static void test_two_dashes_end_the_options_and_one_is_an_operand(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(parse(&scene, "cmd - -- -f --text"), 0);
	assert_int_equal(scene.count, 3);
	assert_string_equal(scene.argv[1], "-");
	assert_string_equal(scene.argv[2], "-f");
	assert_string_equal(scene.argv[3], "--text");
	assert_false(scene.flag);
}

static void test_a_value_may_look_like_an_option(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(parse(&scene, "cmd --text --flag -t -f"), 0);
	assert_string_equal(scene.text, "-f");
	assert_false(scene.flag);
}

static void test_an_option_that_is_repeated_makes_a_list(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(parse(&scene, "cmd --list a x --list=b"), 0);
	assert_int_equal(scene.list.count, 2);
	assert_string_equal(scene.list.item[0], "a");
	assert_string_equal(scene.list.item[1], "b");
	scene.list.count = ARGS_LIST_MAX;
	char *words[] = { (char *)"cmd", (char *)"--list", (char *)"one-more", NULL };

	int kept = be_quiet();
	int status = args_parse(&scene.cli, scene.options, 3, words, &scene.count);

	be_loud(kept);
	assert_int_equal(status, CLI_USAGE);
}

static void test_the_options_of_every_command_are_understood_everywhere(void **state)
{
	struct scene scene;

	(void)state;
	assert_int_equal(parse(&scene, "cmd x --json -q --socket /tmp/s"), 0);
	assert_true(scene.cli.json && scene.cli.quiet);
	assert_string_equal(scene.cli.socket, "/tmp/s");
}

static void test_wrong_words_are_refused_and_leave_values_untouched(void **state)
{
	static const char *const lines[] = { "cmd --nothing", "cmd -x", "cmd --text", "cmd -t",
		"cmd --flag=1", "cmd --number 0", "cmd --number 101", "cmd --number 4x",
		"cmd --number ''", "cmd --number=", "cmd --number +4",
		"cmd --number 99999999999999999999", "cmd --fla", "cmd --=x" };

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		struct scene scene;

		assert_int_equal(parse(&scene, lines[i]), CLI_USAGE);
		assert_int_equal(scene.number, -7);
		assert_string_equal(scene.text, "unset");
	}
}

static int parse_counted(const char *line, int low, int high)
{
	struct scene scene;
	int kept = be_quiet();

	scene_init(&scene, line);
	int status = args_parse_counted(
		&scene.cli, scene.options, scene.argc, scene.argv, low, high, &scene.count);

	be_loud(kept);
	return status;
}

static void test_too_few_and_too_many_operands_are_refused(void **state)
{
	(void)state;
	assert_int_equal(parse_counted("cmd a b", 3, 3), CLI_USAGE);
	assert_int_equal(parse_counted("cmd a b", 0, 1), CLI_USAGE);
	assert_int_equal(parse_counted("cmd a b", 1, 2), 0);
}

static int parse_front(const char *line, struct scene *scene, int *at)
{
	int kept = be_quiet();

	scene_init(scene, line);
	int status = args_parse_front(&scene->cli, scene->argc, scene->argv, at);

	be_loud(kept);
	return status;
}

static void test_the_front_ends_at_the_command(void **state)
{
	struct scene scene;
	int at = 0;

	(void)state;
	assert_int_equal(parse_front("printfarm --socket /s --json order --flag", &scene, &at), 0);
	assert_int_equal(at, 4);
	assert_true(scene.cli.json);
	assert_int_equal(parse_front("printfarm --flag order", &scene, &at), CLI_USAGE);
}

static void test_what_was_probably_meant_is_found(void **state)
{
	static const char *const names[] = { "cancel", "clear", "jobs", "order", "printers", "why",
		NULL };

	(void)state;
	assert_string_equal(args_suggest("oder", names), "order");
	assert_string_equal(args_suggest("ordre", names), "order");
	assert_string_equal(args_suggest("cancle", names), "cancel");
	assert_string_equal(args_suggest("print", names), "printers");
	assert_string_equal(args_suggest("cleer", names), "clear");
	assert_null(args_suggest("zebra", names));
	assert_null(args_suggest("", names));
	assert_null(args_suggest("a-very-long-word-that-nobody-would-ever-mean-at-all", names));
}

static void test_every_command_has_words_and_they_are_in_order(void **state)
{
	(void)state;
	for (const struct command *row = cli_commands; row->name; row++) {
		assert_true(row[1].name == NULL || strcmp(row->name, row[1].name) < 0);
		assert_true(row->what && *row->what);
		assert_true((row->run != NULL) != (row->sub != NULL));
		for (const struct command *part = row->sub; part && part->name; part++) {
			assert_true(part[1].name == NULL || strcmp(part->name, part[1].name) < 0);
			assert_true(part->run && part->usage && part->what);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_options_may_stand_before_between_and_after_operands),
		cmocka_unit_test(test_values_may_be_attached),
		cmocka_unit_test(test_two_dashes_end_the_options_and_one_is_an_operand),
		cmocka_unit_test(test_a_value_may_look_like_an_option),
		cmocka_unit_test(test_an_option_that_is_repeated_makes_a_list),
		cmocka_unit_test(test_the_options_of_every_command_are_understood_everywhere),
		cmocka_unit_test(test_wrong_words_are_refused_and_leave_values_untouched),
		cmocka_unit_test(test_too_few_and_too_many_operands_are_refused),
		cmocka_unit_test(test_the_front_ends_at_the_command),
		cmocka_unit_test(test_what_was_probably_meant_is_found),
		cmocka_unit_test(test_every_command_has_words_and_they_are_in_order),
	};

	return cmocka_run_group_tests_name("cli_args", tests, NULL, NULL);
}
