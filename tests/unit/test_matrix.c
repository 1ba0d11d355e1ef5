/* The rows F, A, E and W of serial-protocols.md 15.1 to 15.4, S9 and S20, those of 15.5 and 15.7 that
 * are about Repetier and Smoothieware, and where each is tested: a row that loses its test is found
 * here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/scratch.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENDER "tests/transcripts/sender/"
#define UNIT   "tests/unit/"

static const struct {
	const char *row, *file, *mark; /* mark NULL: "== ROW " */
} rows[] = {
	{ "F1", UNIT "test_frame.c", "\"F1\"" },
	{ "F2", UNIT "test_frame.c", "\"F2\"" },
	{ "F3", UNIT "test_frame.c", "\"F3\"" },
	{ "F4", UNIT "test_frame.c", "\"F4\"" },
	{ "F5", UNIT "test_frame.c", "\"F5\"" },
	{ "F5", SENDER "repetier.txt", NULL },
	{ "F6", UNIT "test_frame.c", "/* F6 */" },
	{ "F7", UNIT "test_frame.c", "/* F7:" },
	{ "F7", UNIT "test_command.c", "whatever_the_line_holds" },
	{ "F8", UNIT "test_line_reader.c", "every_kind_of_line_end" },
	{ "F8", UNIT "test_line_reader.c", "byte_order_mark" },
	{ "F9", UNIT "test_meatpack.c", "N1 M105*38" },
	{ "A1", SENDER "acks.txt", NULL },
	{ "A2", SENDER "acks.txt", NULL },
	{ "A3", SENDER "acks.txt", NULL },
	{ "A3", SENDER "repetier.txt", NULL },
	{ "A4", SENDER "acks.txt", NULL },
	{ "A5", SENDER "acks.txt", NULL },
	{ "A6", SENDER "acks.txt", NULL },
	{ "A7", SENDER "acks.txt", NULL },
	{ "A8", SENDER "acks.txt", NULL },
	{ "A9", SENDER "acks.txt", NULL },
	{ "A10", SENDER "acks.txt", NULL },
	{ "A11", SENDER "acks.txt", NULL },
	{ "A12", SENDER "acks.txt", NULL },
	{ "A13", SENDER "acks.txt", NULL },
	{ "A14", SENDER "acks.txt", NULL },
	{ "A14", SENDER "repetier.txt", NULL },
	{ "A15", SENDER "acks.txt", NULL },
	{ "A16", SENDER "acks.txt", NULL },
	{ "A17", SENDER "acks.txt", NULL },
	{ "A18", SENDER "acks.txt", NULL },
	{ "A19", SENDER "repetier.txt", NULL },
	{ "A20", SENDER "acks.txt", NULL },
	{ "A22", SENDER "smoothie.txt", NULL },
	{ "E1", SENDER "line_errors.txt", NULL },
	{ "E2", SENDER "line_errors.txt", NULL },
	{ "E3", SENDER "line_errors.txt", NULL },
	{ "E4", SENDER "line_errors.txt", NULL },
	{ "E5", SENDER "faults.txt", "14.5 step 7" },
	{ "E6", SENDER "line_errors.txt", NULL },
	{ "E7", SENDER "line_errors.txt", NULL },
	{ "E8", SENDER "line_errors.txt", NULL },
	{ "E9", SENDER "line_errors.txt", NULL },
	{ "E10", SENDER "line_errors.txt", NULL },
	{ "E11", SENDER "line_errors.txt", NULL },
	{ "E12", SENDER "line_errors.txt", NULL },
	{ "E12b", SENDER "line_errors.txt", NULL },
	{ "E13", SENDER "repetier.txt", NULL },
	{ "E14", SENDER "repetier.txt", NULL },
	{ "W1", SENDER "window.txt", NULL },
	{ "W2", SENDER "window.txt", NULL },
	{ "W3", SENDER "window.txt", NULL },
	{ "W4", SENDER "window.txt", NULL },
	{ "W5", SENDER "window.txt", NULL },
	{ "W6", SENDER "window.txt", NULL },
	{ "W7", SENDER "window.txt", NULL },
	{ "W8", SENDER "window.txt", NULL },
	{ "W9", SENDER "prusa.txt", NULL },
	{ "W10", SENDER "prusa.txt", NULL },
	{ "W11", SENDER "prusa.txt", NULL },
	{ "W12", SENDER "prusa.txt", NULL },
	{ "S9", UNIT "test_session.c", "/* S9 of" },
	{ "S10", SENDER "repetier.txt", NULL },
	{ "S13", SENDER "repetier.txt", NULL },
	{ "S19", SENDER "job.txt", NULL },
	{ "S20", SENDER "connect.txt", NULL },
	{ "M1", SENDER "smoothie.txt", NULL },
	{ "M2", SENDER "smoothie.txt", NULL },
	{ "M3", SENDER "smoothie.txt", NULL },
	{ "M4", SENDER "smoothie.txt", NULL },
};

static void test_every_row_of_the_matrix_has_its_test(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char *text = scratch_read(rows[i].file, NULL), mark[64];

		if (!text)
			fail_msg(
				"%s: cannot be read (run from the root of the tree)", rows[i].file);
		snprintf(mark, sizeof(mark), "== %s ", rows[i].row);
		if (!strstr(text, rows[i].mark ? rows[i].mark : mark))
			fail_msg("row %s has no test in %s", rows[i].row, rows[i].file);
		free(text);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_every_row_of_the_matrix_has_its_test),
};

int main(void)
{
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
