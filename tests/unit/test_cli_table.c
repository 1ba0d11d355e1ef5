/* What the command line prints: harmless text, tables that fit, bars, times. */
#include "cli/printer_table.h"
#include "cli/progress.h"
#include "cli/table.h"
#include "cli/text.h"
#include "cli/upload.h"
#include "cli/words.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

static void assert_clean(const char *from, bool keep_lines, const char *expected)
{
	char *clean = text_clean(from, keep_lines);

	assert_string_equal(clean, expected);
	free(clean);
}

static void test_control_bytes_cannot_reach_the_terminal(void **state)
{
	(void)state;
	assert_clean("a\x1b[2Jb", false, "a\\x1b[2Jb");
	assert_clean("a\nb\tc\rd\x7f", false, "a\\x0ab\\x09c\\x0dd\\x7f");
	assert_clean("a\nb\r", true, "a\nb\\x0d");
	/* C1: what some terminals take for ESC [ */
	assert_clean("\xc2\x9b"
		     "31m",
		false, "\\xc2\\x9b31m");
}

static void test_letters_of_any_script_stay(void **state)
{
	(void)state;
	assert_clean("visière 日本 \xf0\x9f\x96\xa8", false, "visière 日本 \xf0\x9f\x96\xa8");
}

static void test_broken_and_tricky_text_is_shown_as_bytes(void **state)
{
	(void)state;
	assert_clean("\xff\xc3", false, "\\xff\\xc3");
	assert_clean("\xc3(", false, "\\xc3(");
	assert_clean("\xe6\x97", false, "\\xe6\\x97");
	/* overlong "/", a surrogate, beyond Unicode */
	assert_clean("\xc0\xaf", false, "\\xc0\\xaf");
	assert_clean("\xed\xa0\x80", false, "\\xed\\xa0\\x80");
	assert_clean("\xf4\x90\x80\x80", false, "\\xf4\\x90\\x80\\x80");
	/* right-to-left override, zero width space */
	assert_clean("a\xe2\x80\xae"
		     "b\xe2\x80\x8b",
		false, "a\\xe2\\x80\\xaeb\\xe2\\x80\\x8b");
}

static void test_width_counts_columns_and_not_bytes(void **state)
{
	(void)state;
	assert_int_equal(text_width("visière"), 7);
	assert_int_equal(text_fit("visière", 5), 6);
	assert_int_equal(text_fit("abc", 10), 3);
	assert_int_equal(text_fit("abc", 0), 0);
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	assert_int_equal(text_width("日本"), 4);
	assert_int_equal(text_fit("日本", 3), 3);
}

/* ---- tables --------------------------------------------------------------- */

static const struct table_column columns[] = {
	{ "JOB", true, TABLE_FIXED },
	{ "NAME", false, TABLE_SHRINKS },
	{ "NOTE", false, TABLE_SHRINKS },
	{ 0 },
};

static char *print(struct table *table, size_t width, bool color)
{
	const struct table_look look = { .columns = width, .color = color, .utf8 = false };
	char *text = NULL;
	size_t size = 0;
	FILE *memory = open_memstream(&text, &size);

	table_print(table, memory, &look);
	fclose(memory);
	table_destroy(table);
	return text;
}

static void test_columns_are_aligned(void **state)
{
	struct table *table = table_create(columns);

	(void)state;
	for (int i = 0; i < 2; i++) {
		table_cell(table, TABLE_PLAIN, "%d", i ? 1234 : 7);
		table_cell(table, TABLE_PLAIN, "%s", i ? "p" : "printer");
		table_cell(table, TABLE_PLAIN, "%s", "x");
	}
	assert_int_equal(table_rows(table), 2);
	char *text = print(table, 80, false);

	assert_string_equal(text, " JOB  NAME     NOTE\n"
				  "   7  printer  x\n"
				  "1234  p        x\n");
	free(text);
}

static void test_a_table_never_is_wider_than_the_terminal(void **state)
{
	(void)state;
	for (size_t width = 20; width < 120; width++) {
		struct table *table = table_create(columns);

		for (int i = 0; i < 3; i++) {
			table_cell(table, TABLE_PLAIN, "%d", i * 1000);
			table_cell(table, TABLE_PLAIN, "%.*s", i * 20,
				"a name that is longer than any name should ever be, really");
			table_cell(table, TABLE_BAD, "%.*s", i * 25,
				"and a note that goes on and on and on until nobody reads it");
		}
		char *text = print(table, width, false);

		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
			assert_true(text_width(line) <= width);
		free(text);
	}
}

static void test_what_is_cut_says_so_and_numbers_stay_whole(void **state)
{
	struct table *table = table_create(columns);

	(void)state;
	table_cell(table, TABLE_PLAIN, "123456789");
	table_cell(table, TABLE_PLAIN, "abcdefghijklmnop");
	table_cell(table, TABLE_PLAIN, "qrstuvwxyz");
	char *text = print(table, 30, false);

	assert_non_null(strstr(text, "123456789  abcdefg~  qrstuvwx~"));
	free(text);
}

static const struct table_column noted[] = {
	{ "NAME", false, TABLE_SHRINKS },
	{ "JOB", true, TABLE_FIXED },
	{ "BED", false, TABLE_FIXED },
	{ "NOTE", false, TABLE_WRAPS },
	{ 0 },
};

static char *print_noted(size_t width, const char *job, const char *note)
{
	struct table *table = table_create(noted);

	table_cell(table, TABLE_PLAIN, "left-back-prusa");
	table_cell(table, TABLE_PLAIN, "-");
	table_cell(table, TABLE_PLAIN, "empty");
	table_cell(table, TABLE_PLAIN, "ready");
	table_cell(table, TABLE_PLAIN, "p2");
	table_cell(table, TABLE_PLAIN, "%s", job);
	table_cell(table, TABLE_PLAIN, "unknown");
	table_cell(table, TABLE_PLAIN, "%s", note);
	return print(table, width, false);
}

static void test_sentences_are_told_to_their_end(void **state)
{
	static const char note[] = "locked: the hotend got colder while it was heated";
	char *text = print_noted(60, "7", note);

	(void)state;
	assert_string_equal(text, "NAME             JOB  BED      NOTE\n"
				  "left-back-prusa    -  empty    ready\n"
				  "p2                 7  unknown  locked: the hotend got colder\n"
				  "                               while it was heated\n");
	free(text);
	/* A narrow column: below. */
	text = print_noted(53, "7", note);
	assert_string_equal(text, "NAME             JOB  BED      NOTE\n"
				  "left-back-prusa    -  empty    ready\n"
				  "p2                 7  unknown\n"
				  "                 locked: the hotend got colder while\n"
				  "                 it was heated\n");
	free(text);
}

static void test_columns_that_say_nothing_give_way(void **state)
{
	char *text = print_noted(56, "-", "locked: the hotend got cold");

	(void)state;
	assert_string_equal(text, "NAME             BED      NOTE\n"
				  "left-back-prusa  empty    ready\n"
				  "p2               unknown  locked: the hotend got cold\n");
	free(text);
	text = print_noted(80, "-", "locked: the hotend got cold");
	assert_non_null(strstr(text, "JOB"));
	free(text);
}

static void test_no_width_breaks_a_table_with_sentences(void **state)
{
	(void)state;
	for (size_t width = 24; width < 120; width++) {
		char *text = print_noted(width, "12345",
			"a note with averyveryverylongwordthatfitsnowherebutmustbeshown and END");

		assert_non_null(strstr(text, "END\n"));
		for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
			assert_true(text_width(line) <= width);
			assert_true(line[strlen(line) - 1] != ' ');
		}
		free(text);
	}
}

static void test_colour_is_only_there_when_asked_for(void **state)
{
	for (int color = 0; color < 2; color++) {
		struct table *table = table_create(columns);

		(void)state;
		table_cell(table, TABLE_PLAIN, "1");
		table_cell(table, TABLE_BAD, "\x1b[32mlocked");
		table_cell(table, TABLE_PLAIN, "x");
		char *text = print(table, 80, color);

		assert_int_equal(strchr(text, '\x1b') != NULL, color);
		assert_non_null(strstr(text, "\\x1b[32mlocked"));
		free(text);
	}
}

/* ---- bars, times ---------------------------------------------------------- */

static void test_a_bar_is_never_longer_than_its_place(void **state)
{
	char bar[PROGRESS_BAR_MAX];

	(void)state;
	progress_bar(bar, 10, 0.25, false);
	assert_string_equal(bar, "##........");
	progress_bar(bar, 10, 7.5, false);
	assert_string_equal(bar, "##########");
	progress_bar(bar, 10, -1, false);
	assert_string_equal(bar, "..........");
	progress_bar(bar, 4, (double)__builtin_nanf(""), false);
	assert_string_equal(bar, "....");
	progress_bar(bar, 100000, 0.5, true);
	assert_true(strlen(bar) < PROGRESS_BAR_MAX);
}

static void test_times_are_as_short_as_they_can_be_told(void **state)
{
	enum { HOUR = 3600, DAY = 86400 };
	/* 2026-11-25, a Wednesday, 12:00 UTC */
	const int64_t now_s = 1795608000;
	char text[WORDS_MAX];

	(void)state;
	setenv("TZ", "UTC", 1);
	assert_string_equal(words_time_of(text, now_s + HOUR, now_s), "13:00");
	assert_string_equal(words_time_of(text, now_s - HOUR, now_s), "11:00");
	assert_string_equal(words_time_of(text, now_s + 2 * DAY, now_s), "Fri 12:00");
	assert_string_equal(words_time_of(text, now_s - 2 * DAY, now_s), "2026-11-23 12:00");
	assert_string_equal(words_time_of(text, now_s + 7 * DAY, now_s), "2026-12-02 12:00");
	assert_string_equal(words_time_of(text, 0, now_s), "-");
	/* What the farm writes in its zone is shown in ours. */
	assert_int_equal(words_read_moment("2026-11-25T13:00:00+01:00"), now_s);
	assert_int_equal(words_read_moment("2026-11-25T06:30:00-05:30"), now_s);
	assert_int_equal(words_read_moment("2026-11-25T12:00:00+00:00"), now_s);
	assert_int_equal(words_read_moment("2026-11-25"), 0);
	assert_int_equal(words_read_moment(""), 0);
	assert_string_equal(words_duration_of(text, 45), "45 s");
	assert_string_equal(words_duration_of(text, 720), "12 min");
	assert_string_equal(words_duration_of(text, 7500), "2 h 05");
	assert_string_equal(words_duration_of(text, 3 * DAY + 4 * HOUR), "3 d 4 h");
	assert_string_equal(words_duration_of(text, -5), "0 s");
}

static void assert_hotend(const char *printer, const char *expected)
{
	json_t *object = json_loads(printer, 0, NULL);
	char text[WORDS_MAX];

	assert_non_null(object);
	printer_hotend(object, text, sizeof text);
	assert_string_equal(text, expected);
	json_decref(object);
}

#define BED    "{\"name\": \"B\", \"celsius\": 60, \"target_celsius\": 60}"
#define TOOL_0 "{\"name\": \"T0\", \"celsius\": 24.6, \"target_celsius\": 0}"
#define TOOL_1 "{\"name\": \"T1\", \"celsius\": 209.6, \"target_celsius\": 215}"

static void test_the_hot_end_is_found_whatever_the_firmware_calls_it(void **state)
{
	(void)state;
	assert_hotend("{\"heaters_age_s\": 1, \"heaters\": [" BED ", {\"name\": \"T\", "
		      "\"celsius\": 20, \"target_celsius\": 0}]}",
		"20/0");
	assert_hotend("{\"heaters_age_s\": 1, \"heaters\": [" BED ", " TOOL_0 "]}", "25/0");
	assert_hotend("{\"heaters_age_s\": 1, \"heaters\": [" TOOL_0 ", " TOOL_1 "]}", "210/215");
	assert_hotend("{\"heaters_age_s\": 99, \"heaters\": [" TOOL_0 "]}", "25?");
	assert_hotend("{\"heaters_age_s\": 1, \"heaters\": [" BED "]}", "?");
	assert_hotend("{\"heaters_age_s\": null, \"heaters\": []}", "?");
}

static void test_fields_that_are_missing_or_of_another_kind_do_no_harm(void **state)
{
	json_t *object = json_pack(
		"{s:n, s:s, s:i, s:f}", "null", "text", "seven", "count", 7, "real", 0.426);
	char text[WORDS_MAX];

	(void)state;
	assert_string_equal(words_text(object, "count"), "");
	assert_string_equal(words_text(NULL, "count"), "");
	assert_int_equal(words_integer(object, "text"), 0);
	assert_int_equal(words_integer(object, "count"), 7);
	assert_string_equal(words_count(text, object, "null"), "-");
	assert_string_equal(words_share(text, object, "real"), "42 %");
	assert_string_equal(words_share(text, object, "missing"), "-");
	assert_string_equal(words_duration(text, object, "missing"), "-");
	assert_string_equal(words_amount(text, object, "real", "g"), "0.4 g");
	json_decref(object);
}

static void test_a_design_is_named_after_its_file(void **state)
{
	static const struct {
		const char *path, *name;
	} cases[] = {
		{ "/tmp/a.b/visor.gcode", "visor" },
		{ "visor.gcode.gz", "visor" },
		{ "visor x4.GCODE", "visor x4" },
		{ "visor", "visor" },
		{ ".gcode", ".gcode" },
		{ "1234567890123456789012345678901234567890123456789012345678901\xc3\xa9\xc3\xa9.g",
			"1234567890123456789012345678901234567890123456789012345678901\xc3\xa9" },
		{ "12345678901234567890123456789012345678901234567890123456789012\xc3\xa9.g",
			"12345678901234567890123456789012345678901234567890123456789012" },
	};
	char name[UPLOAD_NAME_MAX];

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		upload_design_name(cases[i].path, name);
		assert_string_equal(name, cases[i].name);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_control_bytes_cannot_reach_the_terminal),
		cmocka_unit_test(test_letters_of_any_script_stay),
		cmocka_unit_test(test_broken_and_tricky_text_is_shown_as_bytes),
		cmocka_unit_test(test_width_counts_columns_and_not_bytes),
		cmocka_unit_test(test_columns_are_aligned),
		cmocka_unit_test(test_a_table_never_is_wider_than_the_terminal),
		cmocka_unit_test(test_what_is_cut_says_so_and_numbers_stay_whole),
		cmocka_unit_test(test_sentences_are_told_to_their_end),
		cmocka_unit_test(test_columns_that_say_nothing_give_way),
		cmocka_unit_test(test_no_width_breaks_a_table_with_sentences),
		cmocka_unit_test(test_colour_is_only_there_when_asked_for),
		cmocka_unit_test(test_a_bar_is_never_longer_than_its_place),
		cmocka_unit_test(test_times_are_as_short_as_they_can_be_told),
		cmocka_unit_test(test_the_hot_end_is_found_whatever_the_firmware_calls_it),
		cmocka_unit_test(test_fields_that_are_missing_or_of_another_kind_do_no_harm),
		cmocka_unit_test(test_a_design_is_named_after_its_file),
	};

	return cmocka_run_group_tests_name("cli_table", tests, NULL, NULL);
}
