/* Where commands leave the machine: a driver goes back there after a pause. */
#include "gcode/modal.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gcode/lexer.h"

static void apply_all(struct modal *modal, const char *const *lines, size_t count)
{
	modal_init(modal);
	for (size_t i = 0; i < count; i++)
		modal_apply(modal, lines[i], strlen(lines[i]));
}

#define APPLY(modal, ...)                                                                          \
	do {                                                                                       \
		static const char *const lines[] = { __VA_ARGS__ };                                \
		apply_all(modal, lines, sizeof lines / sizeof *lines);                             \
	} while (0)

static bool near(double a, double b)
{
	return fabs(a - b) < 1e-9;
}

static void assert_position(const struct modal *modal, double x, double y, double z, double e)
{
	const double wanted[MODAL_AXES] = { x, y, z, e };

	for (int axis = 0; axis < MODAL_AXES; axis++)
		if (!near(modal->position_mm[axis], wanted[axis]))
			fail_msg("axis %d is at %g, not %g", axis, modal->position_mm[axis],
				wanted[axis]);
}

static void test_absolute_and_relative_moves_end_where_they_should(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "G1 X10 Y20 Z0.3 E1 F1500", "G91", "G1 X5 E0.5", "G90", "G1 Y1");
	assert_position(&modal, 15, 1, 0.3, 1.5);
	assert_true(near(modal.feed_mm_min, 1500));
	APPLY(&modal, "M83", "G1 X1 E1", "G1 X2 E1", "M82", "G1 E5");
	assert_position(&modal, 2, 0, 0, 5);
	/* G91 makes filament relative too (Marlin 1 and 2). */
	APPLY(&modal, "M82", "G1 E10", "G91", "G1 E-2", "G90", "G1 E9");
	assert_position(&modal, 0, 0, 0, 9);
}

static void test_g92_shifts_coordinates_and_leaves_the_head(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "G1 X50 Y50", "G92 X0 Y0", "G1 X10");
	assert_position(&modal, 10, 0, 0, 0);
	assert_true(near(modal.position_mm[MODAL_X] + modal.offset_mm[MODAL_X], 60));
	assert_true(near(modal.position_mm[MODAL_Y] + modal.offset_mm[MODAL_Y], 50));
	APPLY(&modal, "G1 X50 E7", "G92");
	assert_position(&modal, 0, 0, 0, 0);
	assert_true(near(modal.offset_mm[MODAL_X], 50));
	APPLY(&modal, "G1 X5 E7", "G92 E0");
	assert_position(&modal, 5, 0, 0, 0);
	APPLY(&modal, "G1 X5", "G92.1");
	assert_position(&modal, 5, 0, 0, 0);
}

static void test_homing_takes_only_the_axes_that_are_named(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "G1 X10 Y10 Z10", "G28 X");
	assert_position(&modal, 0, 10, 10, 0);
	assert_true(modal.homed[MODAL_X] && !modal.homed[MODAL_Y]);
	assert_true(!modal.known[MODAL_X] && modal.known[MODAL_Y]);
	APPLY(&modal, "G1 X10 Y10 Z10", "G28 W");
	assert_position(&modal, 0, 0, 0, 0);
}

static void test_inches_become_millimetres(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "G20", "G1 X1 E0.1 F10", "G21", "G1 Y1");
	assert_position(&modal, 25.4, 1, 0, 2.54);
	assert_true(near(modal.feed_mm_min, 254));
}

static void test_targets_and_fan_are_kept_per_tool(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "M104 S205", "T1", "M109 S210", "M104 T0 S0", "M140 S60", "M106 S128");
	assert_true(near(modal.hotend_celsius[0], 0) && near(modal.hotend_celsius[1], 210));
	assert_true(near(modal.bed_celsius, 60) && near(modal.fan, 128) && modal.tool == 1);
	APPLY(&modal, "M109 R170", "M190 R50", "M106", "M107");
	assert_true(near(modal.hotend_celsius[0], 170) && near(modal.bed_celsius, 50));
	assert_true(modal.fan == 0);
	/* RepRapFirmware's G10 P is no retraction, and AzteQ's bare M109 sets nothing. */
	APPLY(&modal, "M104 S150", "M109", "G10 S215 P0");
	assert_true(near(modal.hotend_celsius[0], 215) && !modal.retracted);
	APPLY(&modal, "M104 S190", "M104 T99 S300");
	assert_true(near(modal.hotend_celsius[0], 190));
}

/* Otherwise a pause would bring back heat that the printer never had. */
static void test_only_mach3_heats_by_p(void **state)
{
	static const char *const lines[] = { "M109 P220", "M190 P60" };
	struct modal modal;

	(void)state;
	for (int by_p = 0; by_p < 2; by_p++) {
		modal_init(&modal);
		modal.heats_by_p = by_p;
		for (size_t i = 0; i < 2; i++)
			modal_apply(&modal, lines[i], strlen(lines[i]));
		assert_true(near(modal.hotend_celsius[0], by_p ? 220 : 0));
		assert_true(near(modal.bed_celsius, by_p ? 60 : 0));
	}
}

static void test_firmware_retraction_is_remembered(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "M207 S1.5 F1800", "G10");
	assert_true(modal.retracted && near(modal.retract_mm, 1.5));
	assert_position(&modal, 0, 0, 0, 0);
	modal_apply(&modal, "G11", 3);
	assert_false(modal.retracted);
}

static void test_volumetric_amounts_become_lengths(void **state)
{
	struct modal modal;
	double area = acos(-1) / 4 * 1.75 * 1.75;

	(void)state;
	APPLY(&modal, "M200 D1.75", "M82", "G92 E0", "G1 E24.0528");
	assert_true(fabs(modal.position_mm[MODAL_E] - 24.0528 / area) < 1e-9);
	APPLY(&modal, "M200 D1.75", "M83", "G1 E2.4", "M200 D0", "G1 E1");
	assert_true(fabs(modal.position_mm[MODAL_E] - (2.4 / area + 1)) < 1e-9);
	/* Of another tool. */
	APPLY(&modal, "M200 T1 D1.75", "G1 E2");
	assert_position(&modal, 0, 0, 0, 2);
}

static void test_what_g90_does_to_the_extruder_is_the_firmwares(void **state)
{
	static const struct {
		enum modal_extruder extruder;
		double after_g90, after_g91;
	} rows[] = {
		{ MODAL_EXTRUDER_EITHER, 6, 6 },
		/* M83 before G90 is forgotten: E5 goes to 5. */
		{ MODAL_EXTRUDER_FOLLOWS, 5, 6 },
		/* G91 does not make M82 relative. */
		{ MODAL_EXTRUDER_OWN, 6, 5 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		static const char *const first[] = { "M83", "G1 E1", "G90", "G1 E5" };
		static const char *const second[] = { "M82", "G1 E1", "G91", "G1 E5" };
		struct modal modal;

		modal_init(&modal);
		modal.extruder = rows[i].extruder;
		for (size_t line = 0; line < 4; line++)
			modal_apply(&modal, first[line], strlen(first[line]));
		assert_true(near(modal.position_mm[MODAL_E], rows[i].after_g90));
		modal_init(&modal);
		modal.extruder = rows[i].extruder;
		for (size_t line = 0; line < 4; line++)
			modal_apply(&modal, second[line], strlen(second[line]));
		assert_true(near(modal.position_mm[MODAL_E], rows[i].after_g91));
	}
}

static void test_axis_a_extrudes(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "G1 X1 A2", "G92 A0", "G1 A1.5");
	assert_position(&modal, 1, 0, 0, 1.5);
}

static void test_firmware_retraction_has_its_settings(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "M207 S1.5 F1800 Z0.2", "M208 S0.1 F900");
	assert_true(near(modal.retract_mm, 1.5) && near(modal.retract_feed_mm_min, 1800));
	assert_true(near(modal.retract_lift_mm, 0.2) && near(modal.recover_mm, 0.1));
	assert_true(near(modal.recover_feed_mm_min, 900));
}

static void test_messages_move_nothing(void **state)
{
	struct modal modal;

	(void)state;
	APPLY(&modal, "G1 X5", "M117 G1 X99", "M118 X3", "START_PRINT X=7", ";G1 X8");
	assert_position(&modal, 5, 0, 0, 0);
}

struct arc_case {
	const char *command; /* from 50, 50 */
	bool good;
	double centre_x, centre_y, degrees;
};

static const struct arc_case arcs[] = {
	{ "G2 X100 Y50 I25 J0", true, 75, 50, 180 },
	{ "G3 X100 Y50 I25 J0", true, 75, 50, 180 },
	{ "G2 X50 Y50 I25 J0", true, 75, 50, 360 },
	{ "G3 I25", true, 75, 50, 360 },
	{ "G3 X75 Y75 I25", true, 75, 50, 270 },
	{ "G2 X75 Y75 I25", true, 75, 50, 90 },
	{ "G2 X75 Y75 R25", true, 75, 50, 90 },
	{ "G2 X75 Y75 R-25", true, 50, 75, 270 },
	{ "G3 X75 Y75 R25", true, 50, 75, 90 },
	{ "G2 X100 Y50", false, 0, 0, 0 },
	{ "G2 X100 Y50 R10", false, 0, 0, 0 },
	{ "G2 X50 Y50 R10", false, 0, 0, 0 },
	{ "G3 X60 Y60 I0 J0", false, 0, 0, 0 },
	{ "G2 X100 Y50 I25 R25", false, 0, 0, 0 },
};

static void test_arcs_have_the_centre_and_the_angle_that_firmware_gives_them(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof arcs / sizeof *arcs; i++) {
		struct modal modal;
		struct modal_move move;
		struct lexer_line line;
		enum modal_effect effect;

		APPLY(&modal, "G1 X50 Y50");
		lexer_read(arcs[i].command, strlen(arcs[i].command), &line);
		effect = modal_apply_words(&modal, &line, &move);
		if (effect != (arcs[i].good ? MODAL_MOVE : MODAL_BAD_ARC))
			fail_msg("%s: effect %d", arcs[i].command, (int)effect);
		if (arcs[i].good &&
			!(fabs(move.centre_mm[0] - arcs[i].centre_x) < 1e-6 &&
				fabs(move.centre_mm[1] - arcs[i].centre_y) < 1e-6 &&
				fabs(move.angle_rad * 180 / acos(-1) - arcs[i].degrees) < 1e-6))
			fail_msg("%s: centre %g %g, %g degrees", arcs[i].command, move.centre_mm[0],
				move.centre_mm[1], move.angle_rad * 180 / acos(-1));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_absolute_and_relative_moves_end_where_they_should),
		cmocka_unit_test(test_g92_shifts_coordinates_and_leaves_the_head),
		cmocka_unit_test(test_homing_takes_only_the_axes_that_are_named),
		cmocka_unit_test(test_targets_and_fan_are_kept_per_tool),
		cmocka_unit_test(test_only_mach3_heats_by_p),
		cmocka_unit_test(test_volumetric_amounts_become_lengths),
		cmocka_unit_test(test_what_g90_does_to_the_extruder_is_the_firmwares),
		cmocka_unit_test(test_axis_a_extrudes),
		cmocka_unit_test(test_firmware_retraction_has_its_settings),
		cmocka_unit_test(test_messages_move_nothing),
		cmocka_unit_test(test_inches_become_millimetres),
		cmocka_unit_test(test_firmware_retraction_is_remembered),
		cmocka_unit_test(test_arcs_have_the_centre_and_the_angle_that_firmware_gives_them),
	};

	return cmocka_run_group_tests_name("modal", tests, NULL, NULL);
}
