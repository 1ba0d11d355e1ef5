/* The rows of serial-protocols.md 15 and where each is tested: a row that loses its test is found
 * here, and one that never had any. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/scratch.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SENDER "tests/transcripts/sender/"
#define UNIT   "tests/unit/"
#define SYSTEM "tests/system/"

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
	/* RepRapFirmware's sums and Repetier's packets are not used: those lines go plain. */
	{ "F10", UNIT "test_rrf.c", "lines_carry_no_numbers" },
	{ "F11", SENDER "repetier.txt", "== E1 " },
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
	{ "A21", UNIT "test_klipper.c", "/* A21:" },
	{ "A22", SENDER "smoothie.txt", NULL },
	{ "A23", UNIT "test_rrf.c", "/* A23:" },
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
	{ "S1", SENDER "connect.txt", NULL },
	{ "S2", SENDER "connect.txt", NULL },
	{ "S3", SENDER "faults.txt", NULL },
	{ "S3", SENDER "repetier.txt", NULL },
	{ "S4", SENDER "faults.txt", NULL },
	{ "S4", UNIT "test_reply.c", "/* S4:" },
	{ "S5", SYSTEM "test_identity.py", "def test_other_name" },
	{ "S6", SENDER "connect.txt", NULL },
	{ "S7", UNIT "test_adopt.c",
		"a_streamer_killed_at_every_command_loses_and_doubles_nothing" },
	{ "S7", UNIT "test_adopt.c", "a_cable_pulled_for_seconds_holds_the_heat_and_goes_on" },
	{ "S8", UNIT "test_session.c", "a_port_that_takes_nothing_more_ends_the_print" },
	{ "S8", UNIT "test_session.c", "/* S8 of" },
	{ "S8", SENDER "prusa.txt", NULL },
	{ "S9", UNIT "test_session.c", "/* S9 of" },
	{ "S10", SENDER "job.txt", NULL },
	{ "S10", SENDER "repetier.txt", NULL },
	{ "S11", SENDER "job.txt", NULL },
	{ "S12", SENDER "faults.txt", NULL },
	{ "S13", SENDER "faults.txt", NULL },
	{ "S13", SENDER "repetier.txt", NULL },
	{ "S14", SENDER "faults.txt", NULL },
	{ "S15", UNIT "test_marlin_pack.c", "/* S15 */" },
	{ "S16", UNIT "test_marlin_pack.c", "/* S16:" },
	{ "S17", SENDER "acks.txt", NULL },
	{ "S17", UNIT "test_reply.c", "a_line_without_end_is_bounded_and_the_next_one_is_whole" },
	{ "S18", SENDER "window.txt", NULL },
	{ "S19", SENDER "job.txt", NULL },
	{ "S20", SENDER "connect.txt", NULL },
	{ "G1", UNIT "test_grbl.c", "/* G1:" },
	{ "G2", UNIT "test_grbl.c", "/* G1, G2:" },
	{ "G3", UNIT "test_grbl.c", "/* G3, G9, G15 */" },
	{ "G4", UNIT "test_grbl.c", "/* G4 */" },
	{ "G5", UNIT "test_grbl.c", "/* G5 */" },
	{ "G6", UNIT "test_grbl.c", "/* G6 */" },
	{ "G7", UNIT "test_grbl.c", "/* G7 */" },
	{ "G8", UNIT "test_grbl.c", "/* G8 */" },
	{ "G9", UNIT "test_grbl.c", "/* G3, G9, G15 */" },
	{ "G10", UNIT "test_grbl.c", "/* G10, G13," },
	{ "G11", UNIT "test_grbl.c", "/* G11 */" },
	{ "G12", UNIT "test_grbl.c", "/* G12:" },
	{ "G13", UNIT "test_grbl.c", "/* G10, G13," },
	{ "G14", UNIT "test_grbl.c", "/* G14 */" },
	{ "G15", UNIT "test_grbl.c", "/* G3, G9, G15 */" },
	{ "G16", UNIT "test_grbl.c", "/* G16, and" },
	{ "G17", UNIT "test_grbl.c", "/* G17 */" },
	{ "K1", UNIT "test_klipper.c", "/* K1 */" },
	{ "K2", UNIT "test_klipper.c", "/* K2 */" },
	{ "K3", UNIT "test_klipper.c", "/* K3:" },
	{ "K4", UNIT "test_klipper.c", "/* K4 */" },
	{ "K5", UNIT "test_klipper.c", "/* K5 */" },
	{ "K6", UNIT "test_klipper.c", "/* K6 */" },
	{ "R1", UNIT "test_rrf.c", "/* R1:" },
	{ "R2", UNIT "test_rrf.c", "/* R2 */" },
	{ "R3", UNIT "test_rrf.c", "/* R3:" },
	{ "R4", UNIT "test_rrf.c", "/* R4 */" },
	{ "M1", SENDER "smoothie.txt", NULL },
	{ "M2", SENDER "smoothie.txt", NULL },
	{ "M3", SENDER "smoothie.txt", NULL },
	{ "M4", SENDER "smoothie.txt", NULL },
};

/* How many rows each part of the matrix has; E12b stands between E12 and E13. */
static const struct {
	char letter;
	int rows;
} parts[] = { { 'F', 11 }, { 'A', 23 }, { 'E', 14 }, { 'W', 12 }, { 'S', 20 }, { 'G', 17 },
	{ 'K', 6 }, { 'R', 4 }, { 'M', 4 } };

static bool is_listed(const char *row)
{
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strcmp(rows[i].row, row) == 0)
			return true;
	return false;
}

static void test_no_row_of_the_matrix_is_left_out(void **state)
{
	char row[16];

	(void)state;
	for (size_t part = 0; part < sizeof(parts) / sizeof(parts[0]); part++)
		for (int i = 1; i <= parts[part].rows; i++) {
			snprintf(row, sizeof(row), "%c%d", parts[part].letter, i);
			if (!is_listed(row))
				fail_msg("row %s has no test", row);
		}
	assert_true(is_listed("E12b"));
}

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
	cmocka_unit_test(test_no_row_of_the_matrix_is_left_out),
	cmocka_unit_test(test_every_row_of_the_matrix_has_its_test),
};

int main(void)
{
	return cmocka_run_group_tests_name("matrix", tests, NULL, NULL);
}
