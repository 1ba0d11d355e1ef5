/* Which firmwares a file is for, and how many tools it wants. */
#include "gcode/analysis.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/gcode_text.h"

enum {
	MARLIN = 1 << PROFILE_FIRMWARE_MARLIN,
	KLIPPER = 1 << PROFILE_FIRMWARE_KLIPPER,
	REPRAP = 1 << PROFILE_FIRMWARE_REPRAP,
	GRBL = 1 << PROFILE_FIRMWARE_GRBL,
	PRINTERS = MARLIN | KLIPPER | REPRAP,
};

static const struct {
	const char *lines;
	unsigned readers;
	int32_t tools;
} files[] = {
	{ "", PRINTERS, 1 },
	{ "M117 a long message that every firmware may cut where it likes, for it is only shown "
	  "to people\n",
		PRINTERS, 1 },
	{ "PRINT_START BED=60\n", KLIPPER, 1 },
	{ "G1 X60.00000000000000000000000000000000000000000000000000000000000000000000000000000000"
	  "00000 Y60\n; gcode_flavor = reprapfirmware\n",
		KLIPPER | REPRAP, 1 },
	{ "M104 P205\nG1 X60 A3\n", 0, 1 },
	{ "T-1\n", REPRAP, 1 },
	{ "G10 S215 P0\n", REPRAP, 1 },
	{ "G10 S1\nG11\n", PRINTERS, 1 },
	{ "T0\nT3\nT1\n", PRINTERS, 4 },
	{ "Tx\n", PRINTERS, 2 },
};

static void test_each_file_is_for_whom_it_is_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		static struct analysis analysis;
		char text[2048];

		gcode_text_with(files[i].lines, text, sizeof text);
		gcode_text_inspect(text, strlen(text), NULL, &analysis);
		if (analysis.readers != files[i].readers || analysis.tools_needed != files[i].tools)
			fail_msg("%s: %x, %d tools", files[i].lines, analysis.readers,
				(int)analysis.tools_needed);
	}
}

static void test_a_program_is_for_lasers_and_mills(void **state)
{
	static struct analysis analysis;
	static const char text[] = "G21\nG90\nM4 S0\nG0 X10 Y10\nG1 X20 S500 F1200\nY20\nX10\n"
				   "Y10\nM5\n";

	(void)state;
	gcode_text_inspect(text, sizeof text - 1, NULL, &analysis);
	assert_true(analysis.program);
	assert_int_equal(analysis.readers, GRBL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_file_is_for_whom_it_is_written),
		cmocka_unit_test(test_a_program_is_for_lasers_and_mills),
	};

	return cmocka_run_group_tests_name("analysis_dialect", tests, NULL, NULL);
}
