/* What versions of Marlin and its kin do differently, as the sources say
 * (serial-protocols.md 3.3, 4, 5, 6): the simulator's rows. */
#include "tests/unit/sim_talk.h"

#include "sim/meatpack.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* malloc, free */
#include <string.h> /* strstr */

static struct talk *start(const char *firmware)
{
	struct talk *talk = malloc(sizeof *talk);

	assert_non_null(talk);
	talk_start_firmware(talk, firmware);
	talk_pass(talk, 2);
	talk_forget(talk);
	return talk;
}

static void end(struct talk *talk)
{
	talk_end(talk);
	free(talk);
}

/* ---- versions of Marlin ---- */

static void test_the_ok_of_a_resend_is_that_of_the_queues_head_or_none(void **state)
{
	static const char *const firmwares[] = { "marlin-1.1.9", "marlin-2.0.5" };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct talk *talk = start(firmwares[i]);
		/* The first line after the boot: the slot has never been used. */
		talk_send(talk, "N1 M105*0\n", 0.2);
		assert_string_equal(
			talk->heard, "Error:checksum mismatch, Last Line: 0\nResend: 1\n");
		talk_send_numbered(talk, 1, "M107", 0.2);
		talk_send_numbered(talk, 2, "G4 P500", 0.1);
		talk_send_numbered(talk, 3, "M107", 0.1);
		talk_forget(talk);
		talk_send(talk, "N4 M105*0\n", 0.1);
		assert_string_equal(talk->heard,
			"Error:checksum mismatch, Last Line: 3\nResend: 4\nok N2 P15 B2\n");
		end(talk);
	}
}

static void test_1_0_cuts_lines_at_colons_and_takes_any_n_for_a_number(void **state)
{
	struct talk *talk = start("marlin-1.0.2");

	(void)state;
	talk_send(talk, "M117 at: 5\n", 0.2);
	assert_string_equal(talk->heard, "ok\necho:Unknown command: \"5\"\nok\n");
	talk_forget(talk);
	talk_send(talk, "M117 Now\n", 0.2);
	assert_string_equal(talk->heard,
		"Error:Line Number is not Last Line Number+1, Last Line: 0\nResend: 1\nok\n");
	talk_forget(talk);
	talk_send(talk, "G1 X5*77\n", 0.2);
	assert_string_equal(talk->heard, "Error:No Line Number with checksum, Last Line: 0\n");
	talk_forget(talk);
	talk_send_numbered(talk, 1, "M118 E1 pf1", 0.2);
	assert_string_equal(talk->heard, "ok\n");
	talk_forget(talk);
	/* Nothing is heard of a command that takes long. */
	talk_send_numbered(talk, 2, "G4 S8", 7);
	assert_string_equal(talk->heard, "");
	end(talk);
}

static void test_1_1_6_says_nothing_behind_a_checksum_without_a_number(void **state)
{
	struct talk *talk = start("marlin-1.1.6");

	(void)state;
	talk_send_numbered(talk, 1, "M107", 0.2);
	talk_forget(talk);
	talk_send(talk, "G1 X50 Y10 E2.1*77\n", 0.5);
	assert_string_equal(talk->heard, "Error:No Line Number with checksum, Last Line: 1\n");
	assert_string_equal(talk->done, "");
	end(talk);
}

static void test_1_1_has_no_area_and_few_capabilities(void **state)
{
	struct talk *talk = start("marlin-1.1.9");

	(void)state;
	talk_send(talk, "M115\n", 0.5);
	assert_int_equal(talk_count(talk, "FIRMWARE_NAME:Marlin 1.1.9 "), 1);
	assert_int_equal(talk_count(talk, "Cap:AUTOREPORT_TEMP:1\n"), 1);
	assert_int_equal(talk_count(talk, "area:"), 0);
	assert_int_equal(talk_count(talk, "Cap:HOST_ACTION_COMMANDS"), 0);
	end(talk);
}

static void test_a_firmware_that_does_not_erase_keeps_backspaces(void **state)
{
	struct sim_settings settings;
	struct talk *talk = malloc(sizeof *talk);

	(void)state;
	assert_non_null(talk);
	assert_true(sim_settings_init(&settings, "p", "marlin-stock"));
	settings.boot_us = 0;
	settings.erases = false;
	talk_start(talk, &settings, 1);
	talk_send(talk, "M117 a\b\b\n", 0.2);
	assert_string_equal(talk->done, "-\tM117 a\b\b\n");
	end(talk);
}

static void test_the_panel_queues_commands_that_nobody_acknowledges(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "G4 P500\n", 0.1);
	talk_forget(talk);
	talk_fault(talk, "press G1 X5");
	talk_send(talk, "M107\n", 1);
	assert_string_equal(talk->heard, "echo:enqueueing \"G1 X5\"\nok\nok\n");
	assert_string_equal(talk->done, "-\tM107\n");
	assert_int_equal(sim_printer_counters(talk->printer)->moves, 1);
	end(talk);
}

/* ---- Prusa MK3 ---- */

static void test_mk3_refuses_every_piece_of_a_line_with_one_resend_and_one_ok(void **state)
{
	static const struct {
		const char *sent, *error;
	} cases[] = {
		{ "G1 X50 Y10 E2.1*77\n", "No Line Number with checksum" },
		{ "N2 G1 X1\n", "No Checksum with line number" },
		{ "N2 G1 X1*0\n", "checksum mismatch" },
		{ "N9 G1 X1*0\n", "Line Number is not Last Line Number+1" },
		{ "N1 G1 X1*0\n", "Line Number is not Last Line Number+1" },
	};
	struct talk *talk = start("prusa-mk3");
	char expected[128];

	(void)state;
	talk_send_numbered(talk, 1, "M107", 0.2);
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		talk_forget(talk);
		talk_send(talk, cases[i].sent, 0.3);
		snprintf(expected, sizeof expected, "Error:%s, Last Line: 1\nResend: 2\nok\n",
			cases[i].error);
		assert_string_equal(talk->heard, expected);
		assert_string_equal(talk->done, "");
	}
	talk_send_numbered(talk, 2, "M107", 0.3);
	assert_string_equal(talk->done, "2\tM107\n");
	end(talk);
}

static void test_mk3_drops_half_a_line_after_two_seconds(void **state)
{
	struct talk *talk = start("prusa-mk3");

	(void)state;
	talk_send(talk, "N1 G1 X1", 1.9);
	assert_string_equal(talk->heard, "");
	talk_pass(talk, 0.2);
	assert_string_equal(talk->heard, "RX timeout\n");
	talk_send_numbered(talk, 1, "G1 X1", 0.3);
	assert_string_equal(talk->heard, "RX timeout\nok\n");
	assert_string_equal(talk->done, "1\tG1 X1\n");
	end(talk);
}

static void test_mk3_ends_a_line_at_its_96th_byte_and_takes_the_rest_for_another(void **state)
{
	struct talk *talk = start("prusa-mk3");
	char command[160], text[160];

	(void)state;
	memset(text, 'x', sizeof text);
	snprintf(command, sizeof command, "M117 %.*s\n", 95, text);
	talk_send(talk, command, 0.5);
	assert_string_equal(talk->heard, "ok\necho:Unknown command: \"xxxx\"\nok\n");
	assert_int_equal(strlen(talk->done), 2 + 95 + 1);
	/* A numbered one has lost its checksum, and the flush takes the rest. */
	talk_forget(talk);
	snprintf(command, sizeof command, "M117 %.*s", 100, text);
	talk_send_numbered(talk, 1, command, 0.5);
	assert_string_equal(
		talk->heard, "Error:No Checksum with line number, Last Line: 0\nResend: 1\nok\n");
	assert_string_equal(talk->done, "");
	end(talk);
}

static void test_mk3_takes_m112_at_reception_with_a_number_too(void **state)
{
	struct talk *talk = start("prusa-mk3");

	(void)state;
	talk_send_numbered(talk, 1, "G4 S60", 0.2);
	talk_send_numbered(talk, 2, "M112", 0.2);
	assert_int_equal(talk_count(talk, "Error:Printer halted. kill() called!\n"), 1);
	end(talk);
}

/* W9, W10 of the test matrix. */
static void test_mk3_rewinds_to_the_line_under_way_after_a_crash(void **state)
{
	struct talk *talk = start("prusa-mk3");
	char command[32];

	(void)state;
	for (int number = 1; number <= 12; number++) {
		snprintf(command, sizeof command, "G1 X%d F300", 10 * number);
		talk_send_numbered(talk, number, command, 0.05);
	}
	assert_int_equal(talk_count(talk, "ok\n"), 12);
	talk_forget(talk);
	talk_pass(talk, 2.1); /* 10 mm at 5 mm/s: in the second move */
	talk_fault(talk, "press crash");
	talk_send(talk, "M105\n", 11);
	assert_int_equal(talk_count(talk, "ok"), 0);
	assert_true(talk_count(talk, "echo:busy: ") >= 4);
	talk_pass(talk, 2);
	assert_int_equal(talk_count(talk, "Resend: 2\nok\n"), 1);
	talk_forget(talk);
	talk_send_numbered(talk, 2, "G1 X20 F300", 0.3);
	assert_string_equal(talk->done, "2\tG1 X20 F300\n");
	end(talk);
}

static void test_mk3_stopped_drops_lines_and_keeps_its_number(void **state)
{
	struct talk *talk = start("prusa-mk3");

	(void)state;
	talk_send_numbered(talk, 1, "M107", 0.2);
	talk_fault(talk, "press stop");
	talk_forget(talk);
	talk_send_numbered(talk, 2, "M107", 4.1);
	assert_int_equal(talk_count(talk, "echo:busy: paused for user\n"), 3);
	assert_int_equal(talk_count(talk, "ok"), 0);
	talk_fault(talk, "press continue");
	talk_forget(talk);
	talk_send_numbered(talk, 3, "M107", 0.2);
	assert_string_equal(talk->heard,
		"Error:Line Number is not Last Line Number+1, Last Line: 1\nResend: 2\nok\n");
	end(talk);
}

/* ---- Prusa Buddy ---- */

static void test_buddy_queues_eight_lines_and_says_its_buttons_with_a_space(void **state)
{
	struct talk *talk = start("prusa-buddy");

	(void)state;
	talk_send(talk, "M115\n", 0.1);
	assert_int_equal(talk_count(talk, "FIRMWARE_NAME:Prusa-Firmware-Buddy 6.2.2+8853 "), 1);
	talk_send(talk, "G4 S2\n", 0.1);
	talk_forget(talk);
	talk_fault(talk, "press pause");
	talk_pass(talk, 1);
	assert_int_equal(talk_count(talk, "action"), 0); /* behind the dwell */
	talk_pass(talk, 2);
	assert_string_equal(talk->heard, "echo:busy: processing\nok\n// action:pause\n");
	end(talk);
}

static void test_buddy_leaves_the_port_unread_while_it_resumes_and_loses_nothing(void **state)
{
	struct talk *talk = start("prusa-buddy");

	(void)state;
	talk_fault(talk, "press hold 20");
	for (int number = 1; number <= 100; number++)
		talk_send_numbered(talk, number, "M117 xxxxxxxxxxxxxxxxxxxx", 0.01);
	assert_string_equal(talk->heard, "");
	talk_pass(talk, 25);
	assert_int_equal(talk_count(talk, "ok\n"), 100);
	end(talk);
}

static void test_buddy_takes_only_bare_emergency_commands_early(void **state)
{
	struct talk *talk = start("prusa-buddy");

	(void)state;
	talk_send(talk, "G4 S60\nM112 now\n", 1);
	assert_int_equal(talk_count(talk, "kill"), 0);
	talk_send(talk, "M112\n", 1);
	assert_int_equal(talk_count(talk, "Error:Printer halted. kill() called!\n"), 1);
	end(talk);
}

/* ---- MeatPack ---- */

static void test_meatpack_vectors(void **state)
{
	static const struct {
		uint8_t packed[16];
		size_t length;
		const char *text;
	} cases[] = {
		{ { 0x1d, 0xeb, 0xc1 }, 3, "G1 X1\n" },
		{ { 0x2d, 0xc8 }, 2, "G28\n" },
		{ { 0x1f, 0x4d, 0x50, 0xcc }, 4, "M105\n\n" },
		{ { 0x5f, 0x59, 0xcc }, 3, "Y5\n\n" },
		{ { 0x1d, 0x1e, 0xf0, 0x59, 0x02, 0xcc }, 6, "G1X10Y20\n\n" },
		{ { 0x1f, 0x4e, 0xfb, 0x4d, 0x01, 0xf5, 0x2a, 0x83, 0xcc }, 9, "N1 M105*38\n\n" },
		{ { 0x1f, 0x4d, 0x71, 0xfb, 0x48, 0xcf, 0x69 }, 7, "M117 Hi\n" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct meatpack meatpack;
		char text[64];
		size_t used = 0;
		bool answer;
		static const uint8_t enable[] = { 0xff, 0xff, 0xfb };

		meatpack_init(&meatpack);
		for (size_t b = 0; b < 3; b++)
			meatpack_take(&meatpack, enable[b], (uint8_t *)text, &answer);
		assert_true(answer && meatpack.on);
		for (size_t b = 0; b < cases[i].length; b++)
			used += (size_t)meatpack_take(
				&meatpack, cases[i].packed[b], (uint8_t *)text + used, &answer);
		text[used] = '\0';
		/* The padding of an odd line is not seen when the first of its pair is a line end.
		 */
		size_t wanted = strlen(cases[i].text);
		if (cases[i].text[wanted - 2] == '\n')
			wanted--;
		assert_int_equal(used, wanted);
		assert_memory_equal(text, cases[i].text, wanted);
	}
}

static void test_packed_lines_run_and_are_checked_after_unpacking(void **state)
{
	struct talk *talk = start("prusa-mk3");

	(void)state;
	talk_send(talk, "\xff\xff\xf6\xff\xff\xf9", 0.1);
	assert_string_equal(talk->heard, "[MP] PV01 OFF ESP\n[MP] PV01 OFF ESP\n");
	talk_forget(talk);
	talk_send(talk, "\xff\xff\xfb", 0.1);
	assert_string_equal(talk->heard, "[MP] PV01 ON ESP\n");
	talk_send(talk, "\x1f\x4e\xfb\x4d\x01\xf5\x2a\x83\xcc", 0.2);
	assert_int_equal(talk_count(talk, "ok T:"), 1);
	talk_forget(talk);
	talk_send(talk, "\x1f\x4e\xfb\x4d\x01\xf5\x2a\x83\xcc", 0.2);
	assert_int_equal(talk_count(talk, "Last Line: 1\nResend: 2\nok\n"), 1);
	/* A reset ends it. */
	talk_fault(talk, "reset");
	talk_pass(talk, 3);
	talk_forget(talk);
	talk_send(talk, "M110 N0\n", 0.2);
	assert_string_equal(talk->heard, "ok\n");
	end(talk);
}

static void test_a_marlin_built_with_meatpack_says_so(void **state)
{
	struct sim_settings settings;
	struct talk *talk = malloc(sizeof *talk);

	(void)state;
	assert_non_null(talk);
	assert_true(sim_settings_init(&settings, "p", "marlin-2.1.2"));
	settings.boot_us = 0;
	settings.meatpack = true;
	talk_start(talk, &settings, 1);
	talk_send(talk, "M115\n", 0.5);
	assert_int_equal(talk_count(talk, "Cap:MEATPACK:1\n"), 1);
	talk_send(talk, "\xff\xff\xfb\xff\xff\xf7", 0.1);
	assert_int_equal(talk_count(talk, "[MP] PV01 ON NSP\n"), 1);
	talk_forget(talk);
	/* Without blanks: B stands for E. */
	talk_send(talk, "\x1d\x1e\x0b\xcc", 0.2); /* G1 X1 E0 */
	assert_string_equal(talk->done, "-\tG1X1E0\n");
	end(talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_ok_of_a_resend_is_that_of_the_queues_head_or_none),
		cmocka_unit_test(test_1_0_cuts_lines_at_colons_and_takes_any_n_for_a_number),
		cmocka_unit_test(test_1_1_6_says_nothing_behind_a_checksum_without_a_number),
		cmocka_unit_test(test_1_1_has_no_area_and_few_capabilities),
		cmocka_unit_test(test_a_firmware_that_does_not_erase_keeps_backspaces),
		cmocka_unit_test(test_the_panel_queues_commands_that_nobody_acknowledges),
		cmocka_unit_test(test_mk3_refuses_every_piece_of_a_line_with_one_resend_and_one_ok),
		cmocka_unit_test(test_mk3_drops_half_a_line_after_two_seconds),
		cmocka_unit_test(
			test_mk3_ends_a_line_at_its_96th_byte_and_takes_the_rest_for_another),
		cmocka_unit_test(test_mk3_takes_m112_at_reception_with_a_number_too),
		cmocka_unit_test(test_mk3_rewinds_to_the_line_under_way_after_a_crash),
		cmocka_unit_test(test_mk3_stopped_drops_lines_and_keeps_its_number),
		cmocka_unit_test(test_buddy_queues_eight_lines_and_says_its_buttons_with_a_space),
		cmocka_unit_test(
			test_buddy_leaves_the_port_unread_while_it_resumes_and_loses_nothing),
		cmocka_unit_test(test_buddy_takes_only_bare_emergency_commands_early),
		cmocka_unit_test(test_meatpack_vectors),
		cmocka_unit_test(test_packed_lines_run_and_are_checked_after_unpacking),
		cmocka_unit_test(test_a_marlin_built_with_meatpack_says_so),
	};

	return cmocka_run_group_tests_name("sim_marlin_kin", tests, NULL, NULL);
}
