/* The short way through plain moves: where it agrees to read a line, it reads what the lexer does,
 * to the last bit. */
#include "gcode/motion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gcode/lexer.h"
#include "tests/unit/guard_page.h"

/* Reading stops well before the end of what is there. */
static const char behind[] = "; the next lines of the file are long enough to be read fast\n";

static bool read(const char *text, struct motion *motion, struct motion_line *line)
{
	char bytes[512];
	int length = snprintf(bytes, sizeof bytes, "%s%s", text, behind);

	return motion_read(bytes, (size_t)length, motion, line);
}

static const char *const plain[] = {
	"G1 X103.537 Y88.1 E.0312\n",
	"G1 X-3.25 F1500\n",
	"G0 Z0.2\r\n",
	"G01 X0 Y0\n",
	"G2 X1.5 Y2 I-0.123 J7 E0.001\n",
	"G3 X1 R25.4\n",
	"G1 X0001.5000 E-0\n",
	"G1 F60000\n",
	"G1 X1234567.1234567\n",
	"G1 X5 Y6 ; with a comment\n",
	"G1 X5 Y6;and no blank\r\n",
	"G1 X5 Y6   \n",
};

static void test_plain_moves_are_read_as_the_lexer_reads_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct motion fast, slow;
		struct motion_line line;
		struct lexer_line words;

		if (!read(plain[i], &fast, &line))
			fail_msg("not read: %s", plain[i]);
		assert_int_equal(line.used_bytes, strlen(plain[i]));
		lexer_read(plain[i], strcspn(plain[i], "\r\n"), &words);
		motion_from_line(&words, &slow);
		assert_int_equal(fast.code, slow.code);
		assert_int_equal(fast.has, slow.has);
		assert_int_equal(fast.numbers, slow.numbers);
		for (int word = 0; word < MOTION_WORDS; word++)
			if (fast.has & 1U << word)
				assert_memory_equal(
					&fast.value[word], &slow.value[word], sizeof(double));
		assert_int_equal(line.comment_length, words.comment ? words.comment_length : 0);
		assert_int_equal(line.body_length, words.body_length);
	}
}

static const char *const odd[] = {
	"G1 X1 X2\n",
	"G1 X1.2.3\n",
	"G1 X\n",
	"G1 X-\n",
	"G1 X.\n",
	"G1 X5.\n",
	"G1 X+5\n",
	"G1 X 5\n",
	"G1X5Y6\n",
	"g1 x5\n",
	"G1 X1e2\n",
	"G1 X12345678\n",
	"G1 X1.12345678\n",
	"G1 S5\n",
	"G1 A5\n",
	"G1 X5\tY6\n",
	"G1 X5 (note)\n",
	"G1 X5*12\n",
	"N5 G1 X5\n",
	"G1 F0\n",
	"G1 F-5\n",
	"G1 F90001\n",
	"G1\n",
	"G1 \n",
	"G10 X1\n",
	"G28 X0\n",
	"G1 X5\r",
	"G1 X5 ; a\rb\n",
	"G1 X5 M104 S0\n",
	"G1 Xnan\n",
	"G1 X0x5\n",
	"G4 F1\n",
};

static void test_whatever_is_odd_is_left_to_the_lexer(void **state)
{
	struct motion motion;
	struct motion_line line;

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++)
		if (read(odd[i], &motion, &line))
			fail_msg("read: %s", odd[i]);
}

static void test_a_command_is_read_as_the_line_it_was_made_of(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		struct motion of_line, of_command;
		struct motion_line line;
		char *command;

		assert_true(read(plain[i], &of_line, &line));
		command = guard_page_copy(plain[i], line.body_length);
		memset(&of_command, 0, sizeof of_command);
		assert_true(motion_read_command(command, line.body_length, &of_command));
		guard_page_free(command, line.body_length);
		assert_int_equal(of_command.code, of_line.code);
		assert_int_equal(of_command.has, of_line.has);
		for (int word = 0; word < MOTION_WORDS; word++)
			if (of_line.has & 1U << word)
				assert_memory_equal(&of_command.value[word], &of_line.value[word],
					sizeof(double));
	}
}

static void test_what_is_no_plain_move_is_no_command_to_read_fast(void **state)
{
	static const char *const commands[] = { "", "G", "G1", "M104 S5", "G92 E0", "G28 X0",
		"G1 X5\nG1 X6", "G1 X5;Y6", "G1 Xa" };
	struct motion motion;
	char text[200];

	(void)state;
	for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
		assert_false(motion_read_command(commands[i], strlen(commands[i]), &motion));
	memset(text, ' ', sizeof text);
	memcpy(text, "G1 X5", 5);
	assert_false(motion_read_command(text, sizeof text, &motion));
}

static void test_nothing_is_read_behind_the_last_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof plain / sizeof *plain; i++) {
		size_t length = strlen(plain[i]);

		for (size_t cut = 0; cut <= length; cut++) {
			struct motion motion;
			struct motion_line line;
			char *bytes = guard_page_copy(plain[i], cut);

			/* Whole or not at all. */
			if (motion_read(bytes, cut, &motion, &line))
				assert_int_equal(line.used_bytes, length);
			guard_page_free(bytes, cut);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_is_read_behind_the_last_byte),
		cmocka_unit_test(test_whatever_is_odd_is_left_to_the_lexer),
		cmocka_unit_test(test_a_command_is_read_as_the_line_it_was_made_of),
		cmocka_unit_test(test_what_is_no_plain_move_is_no_command_to_read_fast),
		cmocka_unit_test(test_plain_moves_are_read_as_the_lexer_reads_them),
	};

	return cmocka_run_group_tests_name("motion", tests, NULL, NULL);
}
