/* May this plate run on this printer? */
#include "scheduler/match.h"
#include "tests/unit/worlds.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

enum { HOUR = 3600, NOW = 12 * 3600 };

struct scene {
	struct world world;
	struct world_order order;
	struct world_plate plate;
	struct world_printer printer;
	struct match_result result;
};

static struct scene scene_that_matches(void)
{
	struct scene scene = {
		.plate = worlds_plate(),
		.printer = worlds_printer("p1"),
	};

	scene.order = worlds_order(1, 4, NULL, 0);
	return scene;
}

static void check(struct scene *scene)
{
	match_check(
		&scene->world, &scene->order, &scene->plate, &scene->printer, NOW, &scene->result);
}

/* Exactly this condition is unmet, in these words. */
static void assert_only(struct scene *scene, enum match_condition condition, const char *text)
{
	bool never = condition <= MATCH_BED_HEAT || condition == MATCH_DIALECT ||
		     condition == MATCH_TOOLS;

	check(scene);
	assert_int_equal(scene->result.unmet_count, 1);
	assert_string_equal(match_condition_name(scene->result.unmet[0].condition),
		match_condition_name(condition));
	assert_string_equal(scene->result.unmet[0].text, text);
	assert_int_equal(scene->result.can_ever, !never);
	assert_int_equal(scene->result.can_without_person,
		!never && (condition >= MATCH_OFFLINE || condition == MATCH_BED));
}

static void assert_matches(struct scene *scene)
{
	check(scene);
	if (scene->result.unmet_count > 0)
		print_message("unmet: %s\n", scene->result.unmet[0].text);
	assert_int_equal(scene->result.unmet_count, 0);
	assert_true(scene->result.can_ever && scene->result.can_without_person);
	assert_true(match_can_plan(&scene->order, &scene->plate, &scene->printer));
}

static void test_a_fitting_pair_has_nothing_unmet(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	assert_matches(&scene);
}

static void test_nothing_starts_on_a_bed_nobody_said_is_empty(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.printer.bed_empty = false;
	assert_only(
		&scene, MATCH_BED, "nobody has said that the bed is empty (printfarm clear p1)");
	assert_true(match_can_plan(&scene.order, &scene.plate, &scene.printer));
}

static void test_nothing_starts_on_a_locked_printer(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.printer.locked = true;
	assert_only(&scene, MATCH_LOCKED,
		"is locked after a fault until a person has looked (printfarm printer unlock p1)");
	assert_false(match_can_plan(&scene.order, &scene.plate, &scene.printer));
}

static void test_a_printer_that_prints_is_busy(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.printer.idle = false;
	assert_only(&scene, MATCH_BUSY, "is busy");
	scene.printer.free_at_s = NOW + 8100;
	assert_only(&scene, MATCH_BUSY, "is busy for about 2 h 15 min more");
	scene.printer.idle = true;
	assert_only(&scene, MATCH_BUSY, "is busy for about 2 h 15 min more");
	scene.printer.bed_empty = false;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 2);
	assert_string_equal(scene.result.unmet[0].text, "the bed holds the running print");
}

static void test_other_states_of_a_printer_are_told_apart(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.printer.online = false;
	scene.printer.idle = false;
	assert_only(&scene, MATCH_OFFLINE, "is not connected");
	scene = scene_that_matches();
	scene.printer.enabled = false;
	assert_only(&scene, MATCH_DISABLED,
		"takes no new jobs until somebody enables it (printfarm printer enable p1)");
	scene = scene_that_matches();
	scene.printer.needs_attention = true;
	scene.printer.idle = false;
	assert_only(&scene, MATCH_ATTENTION, "needs attention (printfarm printer show p1)");
	scene = scene_that_matches();
	scene.printer.by_hand = true;
	scene.printer.idle = false;
	assert_only(&scene, MATCH_BY_HAND, "somebody is using it at its own panel");
	scene = scene_that_matches();
	scene.printer.needs_confirmation = true;
	assert_only(&scene, MATCH_CONFIRMATION,
		"each start is confirmed at the machine (printfarm printer confirm p1)");
	scene = scene_that_matches();
	scene.printer.ready_after_s = NOW + 12;
	assert_only(&scene, MATCH_START_DELAY, "waits 12 s more since the bed was cleared");
	scene = scene_that_matches();
	scene.order.held = true;
	assert_only(&scene, MATCH_ORDER_HELD,
		"the order is held until somebody releases it (printfarm order release 1)");
	scene.order.held_because = "nobody has approved it";
	assert_only(&scene, MATCH_ORDER_HELD, "nobody has approved it");
}

static void test_nothing_starts_that_would_run_when_nobody_is_there(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.world.calendar = worlds_weekdays(8, 14);
	assert_only(&scene, MATCH_HOURS,
		"would end Mon 15:00, somebody is there until Mon 14:00: may start Tue 08:00");
	scene.printer.may_run_unattended = true;
	assert_matches(&scene);
	scene.plate.needs_person = true;
	assert_only(&scene, MATCH_HOURS,
		"would end Mon 15:00, somebody is there until Mon 14:00: may start Tue 08:00");
	scene = scene_that_matches();
	scene.world.calendar = worlds_weekdays(13, 18);
	assert_only(&scene, MATCH_HOURS, "nobody is there: may start Mon 13:00");
	scene.world.calendar = worlds_weekdays(12, 14);
	assert_only(&scene, MATCH_HOURS,
		"takes 3 h 0 min and may not run unattended; nobody is there longer than 2 h 0 "
		"min");
	scene.world.calendar = worlds_weekdays(12, 15);
	assert_matches(&scene);
}

static void test_a_slow_printer_takes_longer_than_the_file_says(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.world.calendar = worlds_weekdays(8, 15);
	assert_matches(&scene);
	scene.printer.speed_factor = 1.0001;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
	assert_int_equal(match_duration_s(&scene.plate, &scene.printer), 10802);
	scene.printer.speed_factor = 0;
	assert_int_equal(match_duration_s(&scene.plate, &scene.printer), 10800);
	scene.plate.time_s = 0;
	assert_int_equal(match_duration_s(&scene.plate, &scene.printer), 1);
}

static void test_a_part_that_does_not_fit_says_what_it_needs(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.box_min_mm[0] = 0;
	scene.plate.box_max_mm[0] = 260.4;
	assert_only(&scene, MATCH_VOLUME, "needs 260.4 x 100 mm, bed is 250 x 210 mm");
	scene.plate.box_min_mm[0] = 100;
	assert_only(
		&scene, MATCH_VOLUME, "needs X up to 260.4 mm, the printer reaches up to 250 mm");
	scene = scene_that_matches();
	scene.plate.box_min_mm[1] = -3;
	assert_only(
		&scene, MATCH_VOLUME, "needs Y down to -3 mm, the printer reaches down to 0 mm");
	scene.printer.volume_min_mm[1] = -4;
	assert_matches(&scene);
	scene.plate.box_max_mm[2] = 210.2;
	assert_only(
		&scene, MATCH_VOLUME, "needs Z up to 210.2 mm, the printer reaches up to 210 mm");
	scene.plate.box_max_mm[2] = 210.005;
	assert_matches(&scene);
	scene.plate.has_box = false;
	scene.plate.box_max_mm[2] = 999;
	assert_matches(&scene);
}

static struct scene scene_on_a_delta(double low_x, double low_y, double high_x, double high_y)
{
	struct scene scene = scene_that_matches();

	scene.printer.round_bed = true;
	scene.printer.volume_min_mm[0] = scene.printer.volume_min_mm[1] = -100;
	scene.printer.volume_max_mm[0] = scene.printer.volume_max_mm[1] = 100;
	scene.plate.box_min_mm[0] = low_x;
	scene.plate.box_min_mm[1] = low_y;
	scene.plate.box_max_mm[0] = high_x;
	scene.plate.box_max_mm[1] = high_y;
	return scene;
}

static void test_a_round_bed_takes_a_centred_part_whose_box_has_corners_outside(void **state)
{
	struct scene scene = scene_on_a_delta(-90, -90, 90, 90);

	(void)state;
	assert_matches(&scene);
	scene = scene_on_a_delta(-100, -100, 100, 100);
	assert_matches(&scene);
}

static void test_a_round_bed_refuses_what_certainly_reaches_out(void **state)
{
	struct scene scene = scene_on_a_delta(-90, -90, 101.5, 90);

	(void)state;
	assert_only(
		&scene, MATCH_VOLUME, "needs 101.5 mm from the centre, the bed's radius is 100 mm");
	/* Its nearest corner is outside: 80, 80 is 113 mm away. */
	scene = scene_on_a_delta(80, 80, 95, 95);
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
	/* Sliced for a bed whose corner is the origin. */
	scene = scene_on_a_delta(50, 50, 150, 150);
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
	scene = scene_on_a_delta(-50, -50, 50, 50);
	scene.plate.box_max_mm[2] = 300;
	assert_only(&scene, MATCH_VOLUME, "needs Z up to 300 mm, the printer reaches up to 210 mm");
}

static void test_a_number_that_is_none_does_not_fit(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.box_max_mm[0] = (double)__builtin_nanf("");
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
	scene = scene_on_a_delta(-5, -5, 5, 5);
	scene.plate.box_max_mm[0] = (double)__builtin_nanf("");
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
	scene = scene_that_matches();
	scene.plate.hotend_celsius = (double)__builtin_nanf("");
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
}

static void test_nozzle_and_heat_must_be_what_the_file_needs(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.nozzle_mm = 0.25;
	assert_only(&scene, MATCH_NOZZLE, "needs a 0.25 mm nozzle, the printer has 0.4 mm");
	scene.plate.nozzle_mm = 0;
	assert_matches(&scene);
	scene.plate.hotend_celsius = 285;
	assert_only(&scene, MATCH_HOTEND, "needs the hotend at 285 C, the printer allows 280 C");
	scene.plate.hotend_celsius = 280;
	scene.plate.bed_celsius = 115;
	assert_only(&scene, MATCH_BED_HEAT, "needs the bed at 115 C, the printer allows 110 C");
}

static void test_machine_and_wishes_are_compared_byte_by_byte(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.machine = "MK3S";
	assert_matches(&scene);
	scene.printer.machine[0] = "ENDER3";
	scene.printer.machine_count = 1;
	assert_only(&scene, MATCH_MACHINE, "was sliced for MK3S, not for ENDER3");
	scene.printer.machine[1] = "MK3S";
	scene.printer.machine_count = 2;
	assert_matches(&scene);
	scene.order.printer = "p2";
	assert_only(&scene, MATCH_PRINTER_WISH, "the order is for printer p2");
	scene.order.printer = "p1";
	scene.order.tag = "visors";
	assert_only(&scene, MATCH_TAG_WISH, "the order is for printers with the tag visors");
	scene.printer.tag[0] = "visors";
	scene.printer.tag_count = 1;
	assert_matches(&scene);
}

static void test_filament_is_compared_without_regard_to_case(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.printer.material = "pla";
	scene.order.color = "White";
	assert_matches(&scene);
	scene.order.color = "red";
	assert_only(&scene, MATCH_COLOR, "needs red, white is loaded");
	scene.order.color = "";
	scene.order.material = "PETG";
	assert_only(&scene, MATCH_MATERIAL, "needs PETG, pla is loaded");
	scene.printer.material = "PETG";
	assert_matches(&scene); /* what the order says counts, not the file */
	scene.order.material = "";
	scene.printer.material = "";
	assert_only(&scene, MATCH_MATERIAL, "needs PLA, nobody has said what is loaded");
	scene.printer.material = "PLA+";
	assert_only(&scene, MATCH_MATERIAL, "needs PLA, PLA+ is loaded");
	scene.plate.material = "";
	assert_matches(&scene);
}

static void test_a_spool_that_is_known_to_be_short_is_not_used(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.printer.grams_left = 19.5;
	assert_only(&scene, MATCH_GRAMS, "needs 20 g of filament, the spool has 19.5 g left");
	scene.plate.grams = -1;
	assert_matches(&scene);
	scene.plate.grams = 20;
	scene.printer.grams_left = -1;
	assert_matches(&scene);
}

static void test_foreign_words_are_cut_and_made_printable(void **state)
{
	struct scene scene = scene_that_matches();
	char longest[400];

	(void)state;
	scene.order.printer = "a\x1b[2Jb\n";
	assert_only(&scene, MATCH_PRINTER_WISH, "the order is for printer a?[2Jb?");
	/* 38 bytes, then a two-byte letter that would be cut in half at 39. */
	scene.order.printer = "12345678901234567890123456789012345678\xc3\xa9x";
	assert_only(&scene, MATCH_PRINTER_WISH,
		"the order is for printer 12345678901234567890123456789012345678");
	memset(longest, 'x', sizeof longest - 1);
	longest[sizeof longest - 1] = '\0';
	scene = scene_that_matches();
	scene.plate.machine = scene.order.printer = scene.order.tag = scene.order.material =
		scene.order.color = longest;
	scene.printer.machine[0] = scene.printer.material = scene.printer.color =
		scene.printer.name = "y";
	scene.printer.machine_count = 1;
	scene.printer.bed_empty = scene.printer.enabled = false;
	check(&scene);
	for (size_t i = 0; i < scene.result.unmet_count; i++)
		assert_true(strlen(scene.result.unmet[i].text) < MATCH_TEXT_MAX - 1);
	assert_int_equal(scene.result.unmet_count, 7);
}

static void test_programs_go_to_lasers_and_mills_and_prints_to_printers(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.machine = "grbl laser";
	assert_only(&scene, MATCH_MACHINE, "is a program for a laser or a mill");
	scene.printer.programs = scene.printer.laser = true;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0);
	scene.plate.machine = "grbl spindle";
	assert_only(&scene, MATCH_MACHINE,
		"switches on with M3, which leaves a laser on while it waits; M4 is wanted");
	scene.printer.laser = false;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0);
	/* A few moves and nothing else could be either. */
	scene.plate.machine = "";
	scene.plate.hotend_celsius = scene.plate.bed_celsius = 0;
	scene.plate.grams = -1;
	scene.plate.has_box = false;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0);
	scene.plate.hotend_celsius = 200;
	assert_only(&scene, MATCH_MACHINE, "is a print; this is a laser or a mill");
}

static void test_a_file_goes_where_its_dialect_is_read(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.dialects = "klipper";
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0); /* any firmware */
	scene.printer.dialect = "marlin";
	assert_only(&scene, MATCH_DIALECT,
		"is written for klipper firmware, this printer reads marlin");
	assert_false(scene.result.can_ever);
	assert_false(match_can_plan(&scene.order, &scene.plate, &scene.printer));
	scene.printer.dialect = "klipper";
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0);
	scene.plate.dialects = "marlin,klipper,reprapfirmware";
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0);
	scene.plate.dialects = "klipperx,xklipper";
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 1);
	scene.plate.dialects = "";
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0); /* stored by an older version */
}

static void test_a_file_of_several_tools_wants_as_many(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.plate.tools = 2;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0); /* nobody has said how many there are */
	scene.printer.tools = 1;
	assert_only(&scene, MATCH_TOOLS, "chooses between 2 tools, the printer has 1");
	scene.printer.tools = 5;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, 0);
}

static void test_every_unmet_condition_is_listed_in_order_and_has_a_name(void **state)
{
	struct scene scene = scene_that_matches();

	(void)state;
	scene.world.calendar = worlds_weekdays(13, 18);
	scene.order.printer = "p2";
	scene.order.tag = "x";
	scene.order.color = "red";
	scene.order.held = true;
	scene.plate.machine = "A";
	scene.printer.machine[0] = "B";
	scene.printer.machine_count = 1;
	scene.plate.box_max_mm[0] = 999;
	scene.plate.nozzle_mm = 1;
	scene.plate.hotend_celsius = scene.plate.bed_celsius = 400;
	scene.plate.material = "ABS";
	scene.printer.grams_left = 0;
	scene.printer.enabled = scene.printer.bed_empty = scene.printer.online = false;
	scene.printer.locked = scene.printer.needs_attention = scene.printer.by_hand = true;
	scene.printer.needs_confirmation = true;
	scene.printer.free_at_s = scene.printer.ready_after_s = NOW + 1;
	scene.printer.noisy = true;
	scene.world.noise = worlds_weekdays(13, 18);
	scene.printer.maintenance_every_s = 3600;
	scene.printer.heat_watts = 2;
	scene.world.power_budget_w = 1;
	scene.order.waits_for = 7;
	scene.plate.dialects = "klipper";
	scene.printer.dialect = "marlin";
	scene.plate.tools = 2;
	scene.printer.tools = 1;
	scene.printer.quarantine = "3 prints failed";
	scene.order.avoid = scene.printer.name;
	check(&scene);
	assert_int_equal(scene.result.unmet_count, MATCH_CONDITION_COUNT);
	for (size_t i = 0; i < MATCH_CONDITION_COUNT; i++) {
		assert_int_equal(scene.result.unmet[i].condition, i);
		assert_true(scene.result.unmet[i].text[0] != '\0');
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(match_condition_name((enum match_condition)i),
				match_condition_name((enum match_condition)j));
	}
	assert_false(scene.result.can_ever || scene.result.can_without_person);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_fitting_pair_has_nothing_unmet),
		cmocka_unit_test(test_nothing_starts_on_a_bed_nobody_said_is_empty),
		cmocka_unit_test(test_nothing_starts_on_a_locked_printer),
		cmocka_unit_test(test_a_printer_that_prints_is_busy),
		cmocka_unit_test(test_other_states_of_a_printer_are_told_apart),
		cmocka_unit_test(test_nothing_starts_that_would_run_when_nobody_is_there),
		cmocka_unit_test(test_a_slow_printer_takes_longer_than_the_file_says),
		cmocka_unit_test(test_a_part_that_does_not_fit_says_what_it_needs),
		cmocka_unit_test(
			test_a_round_bed_takes_a_centred_part_whose_box_has_corners_outside),
		cmocka_unit_test(test_a_round_bed_refuses_what_certainly_reaches_out),
		cmocka_unit_test(test_a_number_that_is_none_does_not_fit),
		cmocka_unit_test(test_nozzle_and_heat_must_be_what_the_file_needs),
		cmocka_unit_test(test_machine_and_wishes_are_compared_byte_by_byte),
		cmocka_unit_test(test_filament_is_compared_without_regard_to_case),
		cmocka_unit_test(test_a_spool_that_is_known_to_be_short_is_not_used),
		cmocka_unit_test(test_foreign_words_are_cut_and_made_printable),
		cmocka_unit_test(test_programs_go_to_lasers_and_mills_and_prints_to_printers),
		cmocka_unit_test(test_a_file_goes_where_its_dialect_is_read),
		cmocka_unit_test(test_a_file_of_several_tools_wants_as_many),
		cmocka_unit_test(test_every_unmet_condition_is_listed_in_order_and_has_a_name),
	};

	return cmocka_run_group_tests_name("match", tests, NULL, NULL);
}
