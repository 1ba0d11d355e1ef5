/* A stream of bytes as lines: the same whatever the pieces, and bounded. */
#include "gcode/line_reader.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/guard_page.h"

enum { LINES_MAX = 64 };

struct lines {
	size_t count;
	struct {
		char text[LINE_READER_LINE_MAX];
		struct line_reader_line line;
		enum line_reader_result kind;
	} at[LINES_MAX];
};

static void keep(
	struct lines *lines, const struct line_reader_line *line, enum line_reader_result kind)
{
	assert_true(lines->count < LINES_MAX);
	memcpy(lines->at[lines->count].text, line->text, line->length);
	/* By members: the struct is compared as memory, and a copy would bring its padding along.
	 * end_bytes is the one thing that may differ with the pieces (line_reader.h). */
	lines->at[lines->count].line.length = line->length;
	lines->at[lines->count].line.number = line->number;
	lines->at[lines->count].line.terminated = line->terminated;
	lines->at[lines->count].line.has_nul = line->has_nul;
	lines->at[lines->count++].kind = kind;
}

/* Each piece lies against an unreadable page. */
static void read_pieces(const char *text, size_t length, size_t piece, struct lines *lines)
{
	struct line_reader reader;
	struct line_reader_line line;
	enum line_reader_result kind;

	memset(lines, 0, sizeof *lines);
	line_reader_init(&reader);
	for (size_t at = 0; at < length; at += piece) {
		size_t now = length - at < piece ? length - at : piece, left = now;
		char *copy = guard_page_copy(text + at, now);
		const char *bytes = copy;

		while ((kind = line_reader_next(&reader, &bytes, &left, &line)) != LINE_READER_MORE)
			keep(lines, &line, kind);
		assert_int_equal(left, 0);
		guard_page_free(copy, now);
	}
	kind = line_reader_finish(&reader, &line);
	if (kind != LINE_READER_MORE)
		keep(lines, &line, kind);
	assert_int_equal(reader.offset_bytes, length);
}

static void assert_line(const struct lines *lines, size_t index, const char *text)
{
	assert_true(index < lines->count);
	assert_int_equal(lines->at[index].line.length, strlen(text));
	assert_memory_equal(lines->at[index].text, text, strlen(text));
	assert_int_equal(lines->at[index].line.number, index + 1);
}

static void test_any_pieces_give_the_same_lines(void **state)
{
	static const char text[] =
		"\xef\xbb\xbfG28\r\n\r\n\nG1 X5\rG1 Y5\n\r;\xc3\xa9 comment\nM84";
	static struct lines whole, pieces;

	(void)state;
	read_pieces(text, sizeof text - 1, sizeof text, &whole);
	assert_int_equal(whole.count, 8);
	for (size_t piece = 1; piece < sizeof text; piece++) {
		read_pieces(text, sizeof text - 1, piece, &pieces);
		assert_memory_equal(&pieces, &whole, sizeof whole);
	}
}

static void test_every_kind_of_line_end_ends_one_line(void **state)
{
	static struct lines lines;

	(void)state;
	read_pieces("G28\r\nG1 X5\rG1 Y5\nM84", 20, 20, &lines);
	assert_int_equal(lines.count, 4);
	assert_line(&lines, 0, "G28");
	assert_line(&lines, 1, "G1 X5");
	assert_line(&lines, 2, "G1 Y5");
	assert_line(&lines, 3, "M84");
	assert_true(lines.at[2].line.terminated);
	assert_false(lines.at[3].line.terminated);
}

static void test_a_byte_order_mark_does_not_hide_the_first_command(void **state)
{
	static struct lines lines;

	(void)state;
	read_pieces("\xef\xbb\xbfM201 X5\nG28\n", 15, 1, &lines);
	assert_line(&lines, 0, "M201 X5");
	assert_line(&lines, 1, "G28");
	read_pieces("G28\n\xef\xbb\xbfM201\n", 12, 12, &lines);
	assert_line(&lines, 1, "\xef\xbb\xbfM201");
}

static void test_a_long_comment_is_cut_and_a_long_command_is_told(void **state)
{
	static struct lines lines;
	enum { SIZE = 100000 };
	char *text = malloc(SIZE);

	(void)state;
	assert_non_null(text);
	memset(text, 'x', SIZE);
	memcpy(text, "G1 X5 ;", 7);
	memcpy(text + SIZE - 5, "\nM84\n", 5);
	read_pieces(text, SIZE, 4096, &lines);
	assert_int_equal(lines.count, 2);
	assert_int_equal(lines.at[0].kind, LINE_READER_LINE);
	assert_int_equal(lines.at[0].line.length, LINE_READER_LINE_MAX);
	assert_line(&lines, 1, "M84");
	text[6] = 'x';
	read_pieces(text, SIZE, 4096, &lines);
	assert_int_equal(lines.at[0].kind, LINE_READER_TOO_LONG);
	assert_int_equal(lines.at[1].kind, LINE_READER_LINE);
	/* A ; beyond the bound does not save what was lost before it. */
	text[2000] = ';';
	read_pieces(text, SIZE, 777, &lines);
	assert_int_equal(lines.at[0].kind, LINE_READER_TOO_LONG);
	free(text);
}

static void test_a_line_of_exactly_the_bound_is_whole(void **state)
{
	static struct lines lines;
	char text[LINE_READER_LINE_MAX + 2];

	(void)state;
	memset(text, 'x', sizeof text);
	text[LINE_READER_LINE_MAX] = '\n';
	read_pieces(text, LINE_READER_LINE_MAX + 1, 100, &lines);
	assert_int_equal(lines.at[0].kind, LINE_READER_LINE);
	text[LINE_READER_LINE_MAX] = 'x';
	text[LINE_READER_LINE_MAX + 1] = '\n';
	read_pieces(text, LINE_READER_LINE_MAX + 2, 100, &lines);
	assert_int_equal(lines.at[0].kind, LINE_READER_TOO_LONG);
}

static void test_a_nul_is_told_even_where_a_comment_was_cut(void **state)
{
	static struct lines lines;
	char text[4000];

	(void)state;
	memset(text, 'x', sizeof text);
	text[0] = ';';
	text[3000] = '\0';
	text[3999] = '\n';
	read_pieces(text, sizeof text, 512, &lines);
	assert_true(lines.at[0].line.has_nul);
	read_pieces("G1 X5\nG28\n", 10, 3, &lines);
	assert_false(lines.at[0].line.has_nul);
}

static void test_the_offset_lies_just_behind_the_line_end(void **state)
{
	static const char text[] = "G28\nG1 X5\nM84";
	struct line_reader reader;
	struct line_reader_line line;
	const char *bytes = text;
	size_t left = strlen(text);

	(void)state;
	line_reader_init(&reader);
	assert_int_equal(line_reader_next(&reader, &bytes, &left, &line), LINE_READER_LINE);
	assert_int_equal(line.end_bytes, 4);
	assert_int_equal(line_reader_next(&reader, &bytes, &left, &line), LINE_READER_LINE);
	assert_int_equal(line.end_bytes, 10);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_any_pieces_give_the_same_lines),
		cmocka_unit_test(test_a_long_comment_is_cut_and_a_long_command_is_told),
		cmocka_unit_test(test_every_kind_of_line_end_ends_one_line),
		cmocka_unit_test(test_a_byte_order_mark_does_not_hide_the_first_command),
		cmocka_unit_test(test_a_line_of_exactly_the_bound_is_whole),
		cmocka_unit_test(test_a_nul_is_told_even_where_a_comment_was_cut),
		cmocka_unit_test(test_the_offset_lies_just_behind_the_line_end),
	};

	return cmocka_run_group_tests_name("line_reader", tests, NULL, NULL);
}
