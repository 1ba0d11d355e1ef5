#include "gcode/rehearsal.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

struct row {
	const char *line, *left; /* NULL: nothing */
};

static void check_rows(const struct row *rows, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		struct rehearsal rehearsal;
		char out[REHEARSAL_LINE_MAX + 1];
		size_t length;

		rehearsal_init(&rehearsal);
		length = rehearsal_line(&rehearsal, rows[i].line, strlen(rows[i].line), out);
		out[length] = '\0';
		if (strcmp(out, rows[i].left ? rows[i].left : "") != 0)
			fail_msg("\"%s\" became \"%s\"", rows[i].line, out);
		assert_int_equal(rehearsal.refused[0], 0);
	}
}

static void test_nothing_that_heats_is_left(void **state)
{
	static const struct row rows[] = {
		{ "M104 S215", NULL },
		{ "M109 R215 ; wait", NULL },
		{ "m140 s60", NULL },
		{ "M190 S60", NULL },
		{ "M104 T1 S0", NULL },
		{ "M141 S40", NULL },
		{ "M303 E0 S200 C8", NULL },
		{ "G10 P0 S200 R150", NULL },
		{ "M568 P0 S200", NULL },
		{ "N5 M104 S215*99", NULL },
		{ "SET_HEATER_TEMPERATURE HEATER=extruder TARGET=200", NULL },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof *rows);
}

static void test_nothing_that_moves_filament_is_left(void **state)
{
	static const struct row rows[] = {
		{ "G1 X10.5 Y20 E0.123", "G1 X10.5 Y20" },
		{ "G1 E-2 F1800", "G1 F1800" },
		{ "G1 E5", NULL },
		{ "G2 X1 Y1 I2 J3 E4", "G2 X1 Y1 I2 J3" },
		{ "G92 E0", NULL },
		{ "G92 X0 E0", "G92 X0" },
		{ "G10", NULL },
		{ "G11", NULL },
		{ "M600", NULL },
		{ "T1", NULL },
		{ "M83", NULL },
		{ "M221 S95", NULL },
		{ "M900 K0.05", NULL },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof *rows);
}

static void test_everything_else_stays_exactly(void **state)
{
	static const struct row rows[] = {
		{ "G28 W", "G28 W" },
		{ "G29", "G29" },
		{ "G1 X10 F9000", "G1 X10 F9000" },
		{ "G1 F3000", "G1 F3000" },
		{ "G92", "G92" },
		{ "M106 S255", "M106 S255" },
		{ "M204 S800", "M204 S800" },
		{ "M203 X200 Y200 Z12 E120", "M203 X200 Y200 Z12 E120" },
		{ "M117 Elefant E5", "M117 Elefant E5" },
		{ "G4 P500", "G4 P500" },
		{ "M84 E", "M84 E" },
		{ "; LAYER:3", "; LAYER:3" },
		{ "", "" },
		{ "EXCLUDE_OBJECT_START NAME=a", "EXCLUDE_OBJECT_START NAME=a" },
	};

	(void)state;
	check_rows(rows, sizeof rows / sizeof *rows);
}

static void test_a_macro_that_may_heat_stops_it_with_its_line(void **state)
{
	static const char macro[] = "START_PRINT BED_TEMP=60 EXTRUDER_TEMP=215";
	struct rehearsal rehearsal;
	char out[REHEARSAL_LINE_MAX];

	(void)state;
	rehearsal_init(&rehearsal);
	rehearsal_line(&rehearsal, "G28", 3, out);
	rehearsal_line(&rehearsal, macro, strlen(macro), out);
	rehearsal_line(&rehearsal, "END_PRINT", 9, out);
	assert_int_equal(rehearsal.refused_line, 2);
	assert_int_equal(strncmp(rehearsal.refused, "START_PRINT", 11), 0);
	rehearsal_init(&rehearsal);
	rehearsal_line(&rehearsal, "M98 P\"heat.g\"", 13, out);
	assert_int_equal(rehearsal.refused_line, 1);
}

static void test_the_commands_are_counted_and_filament_is_not_told(void **state)
{
	static const char *const lines[] = { "M104 S200", "G1 X1 E1", "G1 X2", "G92 E0",
		"; filament used [g] = 12.3" };
	struct rehearsal rehearsal;
	char out[REHEARSAL_LINE_MAX];
	size_t length = 1;

	(void)state;
	rehearsal_init(&rehearsal);
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
		length = rehearsal_line(&rehearsal, lines[i], strlen(lines[i]), out);
	assert_int_equal(length, 0);
	assert_int_equal(rehearsal.kept, 2);
	assert_int_equal(rehearsal.changed, 1);
	assert_int_equal(rehearsal.dropped, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_that_heats_is_left),
		cmocka_unit_test(test_nothing_that_moves_filament_is_left),
		cmocka_unit_test(test_everything_else_stays_exactly),
		cmocka_unit_test(test_a_macro_that_may_heat_stops_it_with_its_line),
		cmocka_unit_test(test_the_commands_are_counted_and_filament_is_not_told),
	};

	return cmocka_run_group_tests_name("rehearsal", tests, NULL, NULL);
}
