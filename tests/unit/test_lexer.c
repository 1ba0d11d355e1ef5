/* One line as words: what real slicers write, and what only looks like a number. */
#include "gcode/lexer.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/guard_page.h"

struct number_case {
	const char *text;
	enum lexer_form form;
	double value;
};

static const struct number_case numbers[] = {
	{ "G1 X100", LEXER_NUMBER, 100 },
	{ "G1 X-0.5", LEXER_NUMBER, -0.5 },
	{ "G1 X.028", LEXER_NUMBER, 0.028 },
	{ "G1 X-.28", LEXER_NUMBER, -0.28 },
	{ "G1 X+.3", LEXER_NUMBER, 0.3 },
	{ "G1 X5.", LEXER_NUMBER, 5 },
	{ "G1 X007", LEXER_NUMBER, 7 },
	{ "G1 X123456789", LEXER_NUMBER, 123456789 },
	{ "G1 X100.00000000000000000000000000000000000000001", LEXER_NUMBER, 100 },
	{ "G1 X0.000000000000000000000000000001", LEXER_NUMBER, 1e-30 },
	{ "G1 X 12", LEXER_NUMBER, 12 },
	{ "g1 x12", LEXER_NUMBER, 12 },
	{ "M203 X300:200", LEXER_LIST, 300 },
	{ "G1 X", LEXER_MISSING, 0 },
	{ "G28 X Y", LEXER_MISSING, 0 },
	{ "M98 X\"a b\"", LEXER_QUOTED, 0 },
	{ "G1 X-", LEXER_SIGN_ONLY, 0 },
	{ "G1 X.", LEXER_SIGN_ONLY, 0 },
	{ "G1 X1..2", LEXER_TWO_DOTS, 0 },
	{ "G1 X1.2.3", LEXER_TWO_DOTS, 0 },
	{ "G1 X100,5", LEXER_COMMA, 0 },
	{ "G1 X1e2 Y5", LEXER_EXPONENT, 0 },
	{ "G1 X1E-2 Y5", LEXER_EXPONENT, 0 },
	{ "G1 X0x64", LEXER_HEX, 0 },
	{ "G1 XNaN", LEXER_NOT_FINITE, 0 },
	{ "G1 X-inf", LEXER_NOT_FINITE, 0 },
	{ "G1 Xinfinity", LEXER_NOT_FINITE, 0 },
	{ "G1 X1234567890", LEXER_HUGE, 0 },
	{ "G1 X99999999999999999999999999999999", LEXER_HUGE, 0 },
	{ "M203 X300:a", LEXER_GARBLED, 0 },
	{ "G1 X0b11", LEXER_GARBLED, 0 },
	{ "G1 X5mm", LEXER_GARBLED, 0 },
};

static void test_numbers_are_read_as_firmware_reads_them_or_not_at_all(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
		struct lexer_line line;
		const struct lexer_word *word;

		lexer_read(numbers[i].text, strlen(numbers[i].text), &line);
		word = lexer_find(&line, 'X');
		if (!word || word->form != numbers[i].form ||
			fabs(word->value - numbers[i].value) > 1e-15)
			fail_msg("%s: form %d, value %g", numbers[i].text,
				word ? (int)word->form : -1, word ? word->value : 0);
	}
}

/* The digits of a double survive: what strtod would give, without its locale. */
static void test_every_number_of_three_to_five_decimals_is_exact(void **state)
{
	(void)state;
	for (int i = 0; i < 200000; i += 7) {
		char text[32];
		struct lexer_line line;
		double value;
		int decimals = 3 + i % 3;

		snprintf(text, sizeof text, "G1 X%d.%0*d", i / 100, decimals, i % 1000);
		lexer_read(text, strlen(text), &line);
		assert_true(lexer_value(&line, 'X', &value));
		assert_true(value == strtod(text + 4, NULL));
	}
}

static void test_words_without_blanks_are_the_same_words(void **state)
{
	struct lexer_line line;
	double x, e, f;

	(void)state;
	lexer_read("g01X100Y-50.5E2.5f1500", 22, &line);
	assert_true(lexer_is(&line, 'G', 1));
	assert_int_equal(line.word_count, 4);
	assert_true(lexer_value(&line, 'X', &x) && lexer_value(&line, 'E', &e));
	assert_true(lexer_value(&line, 'F', &f));
	assert_true(x == 100 && e == 2.5 && f == 1500);
	/* Without blanks an E behind a number is a word, not an exponent. */
	lexer_read("G1X1E2", 6, &line);
	assert_true(lexer_value(&line, 'E', &e) && e == 2);
}

static void test_text_commands_have_text_and_no_words(void **state)
{
	static const char *const lines[] = { "M117 Layer 1/50 X999 E-5", "M118 A1 hi", "M23 a*b.g",
		"m117 (half", "M115 U3.11.0", "M862.3 P \"MK3S\"", "M0 Click to go on" };
	struct lexer_line line;

	(void)state;
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		lexer_read(lines[i], strlen(lines[i]), &line);
		assert_int_equal(line.kind, LEXER_COMMAND);
		assert_true(line.flags & LEXER_IS_TEXT);
		assert_int_equal(line.word_count, 0);
		assert_true(line.text_length > 0);
	}
	lexer_read("M117 5*57 ; note", 16, &line);
	assert_false(line.has_checksum);
	assert_int_equal(line.text_length, 4);
	assert_memory_equal(line.text, "5*57", 4);
}

static void test_numbers_and_checksums_are_told_and_cut(void **state)
{
	struct lexer_line line;

	(void)state;
	lexer_read("N1 M105*38", 10, &line);
	assert_true(line.has_number && line.number == 1);
	assert_true(line.has_checksum && line.checksum_good);
	assert_int_equal(line.body_length, 4);
	lexer_read("N-1 M110 N-1*125", 16, &line);
	assert_true(line.number == -1 && line.checksum_good);
	lexer_read("N1 M105*39", 10, &line);
	assert_true(line.has_checksum && !line.checksum_good);
	lexer_read("N51 M105", 8, &line);
	assert_true(line.has_number && !line.has_checksum);
	lexer_read("M105*5", 6, &line);
	assert_true(!line.has_number && line.has_checksum);
}

struct kind_case {
	const char *text;
	enum lexer_kind kind;
};

static const struct kind_case kinds[] = {
	{ "", LEXER_BLANK },
	{ " \t ", LEXER_BLANK },
	{ "; G1 X5", LEXER_BLANK },
	{ "(G1 X5)", LEXER_BLANK },
	{ "G92.1", LEXER_COMMAND },
	{ " \t G1 X5", LEXER_COMMAND },
	{ "(first) G1 X5", LEXER_COMMAND },
	{ "T0", LEXER_COMMAND },
	{ "T-1", LEXER_COMMAND },
	{ "Tx", LEXER_TOOL },
	{ "T?", LEXER_TOOL },
	{ "T", LEXER_TOOL },
	{ "TIMELAPSE_TAKE_FRAME", LEXER_MACRO },
	{ "START_PRINT EXTRUDER_TEMP=205 BED_TEMP=60", LEXER_MACRO },
	{ "print_end", LEXER_MACRO },
	{ "SAVE_CONFIG", LEXER_MACRO },
	{ "%", LEXER_MARKER },
	{ "O1000", LEXER_MARKER },
	{ "## NOTE", LEXER_HASH },
	{ "@pause", LEXER_HOST },
	{ "!", LEXER_REALTIME },
	{ "$RST=*", LEXER_REALTIME },
	{ "Q5", LEXER_JUNK },
	{ "P0 S1 L1 D0", LEXER_COMMAND },
	{ "X10 Y10", LEXER_JUNK },
	{ "facet normal 0 0 1", LEXER_JUNK },
	{ "<html>", LEXER_JUNK },
	{ "G", LEXER_JUNK },
	{ "123", LEXER_JUNK },
};

static void test_every_line_is_of_the_kind_that_it_begins_as(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
		struct lexer_line line;

		lexer_read(kinds[i].text, strlen(kinds[i].text), &line);
		if (line.kind != kinds[i].kind)
			fail_msg("\"%s\" is read as kind %d", kinds[i].text, (int)line.kind);
	}
}

struct flag_case {
	const char *text;
	unsigned flags;
};

static const struct flag_case flags[] = {
	{ "G1 X5 Y5", 0 },
	{ "G28\x1b[2J", LEXER_CONTROL | LEXER_STRAY },
	{ "G1 X5 ;\x1b[2J", 0 },
	{ "G1 X5 ;\xc3\xa9", 0 },
	{ "M117 \xc3\xa9", LEXER_NON_ASCII | LEXER_IS_TEXT },
	{ "G1 X5 X6", LEXER_DUPLICATE },
	{ "G28 (home)", LEXER_PAREN },
	{ "G28 (home (nested) all)", LEXER_PAREN | LEXER_PAREN_NESTED },
	{ "G1 X5 (corner Y6", LEXER_PAREN | LEXER_PAREN_OPEN },
	{ "G90 G1 X5", LEXER_SECOND_COMMAND },
	{ "M0104 S5", LEXER_ZERO_PADDED },
	{ "G01 X5", 0 },
	{ "G1 X5 / Y6", LEXER_STRAY },
};

static void test_oddities_are_flagged(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++) {
		struct lexer_line line;

		lexer_read(flags[i].text, strlen(flags[i].text), &line);
		if (line.flags != flags[i].flags)
			fail_msg("\"%s\" has flags %u", flags[i].text, line.flags);
	}
}

/* Whatever is read must lie inside the line; a page behind its end may not be touched. */
static void read_guarded(const char *text, size_t length)
{
	char *copy = guard_page_copy(text, length);
	struct lexer_line line;

	lexer_read(copy, length, &line);
	assert_true(line.word_count <= LEXER_WORDS_MAX);
	for (size_t i = 0; i < line.word_count; i++) {
		const struct lexer_word *word = &line.word[i];

		assert_true(word->letter >= 'A' && word->letter <= 'Z');
		assert_true(isfinite(word->value));
		assert_true(word->text >= copy && word->text + word->text_length <= copy + length);
	}
	if (line.text)
		assert_true(line.text >= copy && line.text + line.text_length <= copy + length);
	if (line.comment)
		assert_true(line.comment + line.comment_length == copy + length);
	guard_page_free(copy, length);
}

static void test_a_line_cut_at_every_byte_is_read_within_its_bounds(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		for (size_t cut = 0; cut <= strlen(numbers[i].text); cut++)
			read_guarded(numbers[i].text, cut);
	for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
		for (size_t cut = 0; cut <= strlen(kinds[i].text); cut++)
			read_guarded(kinds[i].text, cut);
	for (size_t i = 0; i < sizeof flags / sizeof *flags; i++)
		for (size_t cut = 0; cut <= strlen(flags[i].text); cut++)
			read_guarded(flags[i].text, cut);
}

static void test_more_words_than_there_is_room_for_are_told(void **state)
{
	struct lexer_line line;
	char text[256] = "G1";

	(void)state;
	for (int i = 0; i < 30; i++)
		snprintf(text + strlen(text), sizeof text - strlen(text), " %c%d", 'A' + i % 26, i);
	lexer_read(text, strlen(text), &line);
	assert_int_equal(line.word_count, LEXER_WORDS_MAX);
	assert_true(line.flags & LEXER_TOO_MANY);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_read_as_firmware_reads_them_or_not_at_all),
		cmocka_unit_test(test_a_line_cut_at_every_byte_is_read_within_its_bounds),
		cmocka_unit_test(test_text_commands_have_text_and_no_words),
		cmocka_unit_test(test_every_line_is_of_the_kind_that_it_begins_as),
		cmocka_unit_test(test_words_without_blanks_are_the_same_words),
		cmocka_unit_test(test_numbers_and_checksums_are_told_and_cut),
		cmocka_unit_test(test_oddities_are_flagged),
		cmocka_unit_test(test_every_number_of_three_to_five_decimals_is_exact),
		cmocka_unit_test(test_more_words_than_there_is_room_for_are_told),
	};

	return cmocka_run_group_tests_name("lexer", tests, NULL, NULL);
}
