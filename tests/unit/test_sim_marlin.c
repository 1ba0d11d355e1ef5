/* The simulated Marlin where no recording shows it: what noise and haste do to lines, emergencies,
 * versions, heat that goes wrong, boards that freeze, reset or lose power. */
#include "tests/unit/sim_talk.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* malloc, free */
#include <string.h> /* strcmp, memset */

static struct talk *start(const char *firmware)
{
	struct talk *talk = malloc(sizeof *talk);

	assert_non_null(talk);
	talk_start_firmware(talk, firmware);
	return talk;
}

static void end(struct talk *talk)
{
	talk_end(talk);
	free(talk);
}

static const struct sim_counters *counters(const struct talk *talk)
{
	return sim_printer_counters(talk->printer);
}

static struct sim_status status(const struct talk *talk)
{
	struct sim_status out;

	sim_printer_status(talk->printer, &out);
	return out;
}

/* ---- lines ---- */

static void test_a_damaged_line_is_asked_for_again_and_runs_once(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send_numbered(talk, 1, "G92 E1", 0.1);
	talk_forget(talk);
	talk_send(talk, "N2 G92 E2*0\n", 0.1);
	assert_string_equal(talk->heard, "Error:checksum mismatch, Last Line: 1\nResend: 2\nok\n");
	assert_string_equal(talk->done, "");
	talk_send_numbered(talk, 2, "G92 E2", 0.1);
	assert_string_equal(talk->done, "2\tG92 E2\n");
	assert_int_equal(counters(talk)->checksum_errors, 1);
	assert_int_equal(counters(talk)->resends, 1);
	end(talk);
}

/* serial-protocols.md 14.13: the error takes so long to print that the flush behind it cuts a later
 * line, and when the cut falls in front of the command, its tail runs unchecked. */
static void test_the_flush_behind_an_error_leaves_a_tail_that_runs_without_a_number(void **state)
{
	char burst[512], line[128], command[64];
	int tails = 0;

	(void)state;
	/* Moves the cut byte by byte through the lines behind the damaged one. */
	for (int pad = 0; pad < 40; pad++) {
		struct talk *talk = start("marlin-stock");
		snprintf(burst, sizeof burst, "N1 G1 X1*0\n");
		snprintf(command, sizeof command, "M117 %.*s", pad,
			"xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx");
		for (int number = 2; number <= 4; number++) {
			talk_frame(line, sizeof line, number,
				number == 2 ? command : "G1 X52.300 Y51.100 E0.10000");
			strncat(burst, line, sizeof burst - strlen(burst) - 1);
		}
		talk_send(talk, burst, 3);
		assert_null(strstr(talk->done, "1\tG1"));
		if (strstr(talk->done, "-\tG1 X52.300")) {
			tails++;
			assert_int_equal(counters(talk)->tail_executed, 1);
			assert_int_equal(counters(talk)->damaged_accepted, 0);
		}
		end(talk);
	}
	assert_true(tails > 0);
}

static void test_a_body_that_is_held_back_is_erased_by_backspaces(void **state)
{
	struct talk *talk = start("marlin");
	char line[128], erase[128];

	(void)state;
	memset(erase, 0x08, 96);
	strcpy(erase + 96, "\n");
	talk_frame(line, sizeof line, 1, "G1 X5");
	line[strlen(line) - 1] = '\0';
	talk_send(talk, line, 0.1);
	talk_send(talk, erase, 0.2);
	assert_string_equal(talk->heard, "");
	assert_string_equal(talk->done, "");
	/* In a comment nothing is erased: what stands before it remains. */
	talk_send(talk, "M117 a;b", 0.1);
	talk_send(talk, erase, 0.2);
	assert_string_equal(talk->done, "-\tM117 a\n");
	end(talk);
}

static void test_bytes_past_the_95th_vanish_with_the_checksum(void **state)
{
	struct talk *talk = start("marlin");
	char command[128], text[128];

	(void)state;
	memset(text, 'x', sizeof text);
	snprintf(command, sizeof command, "M117 %.*s", 83, text); /* N1 + 88 + *nnn: 95 */
	talk_send_numbered(talk, 1, command, 0.2);
	assert_int_equal(talk_count(talk, "Error:"), 0);
	snprintf(command, sizeof command, "M117 %.*s", 90, text);
	talk_send_numbered(talk, 2, command, 0.2);
	assert_int_equal(talk_count(talk, "Error:No Checksum with line number, Last Line: 1\n"), 1);
	end(talk);
}

static void test_comments_and_empty_lines_are_silent_and_backslashes_vanish(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "\n\r\n; a comment\n;\n", 0.2);
	assert_string_equal(talk->heard, "");
	talk_send(talk, "M1\\17 a\\;b ; c\n", 0.2);
	assert_string_equal(talk->heard, "ok\n");
	assert_string_equal(talk->done, "-\tM117 a;b \n");
	end(talk);
}

static void test_m110_counts_when_it_is_read_and_once_more_when_it_runs(void **state)
{
	struct talk *talk = start("marlin-stock");
	char text[256], line[64];

	(void)state;
	/* A dwell holds the queue while the lines behind it are accepted. */
	talk_send(talk, "G4 P500\n", 0.05);
	talk_frame(text, sizeof text, 0, "M110 N0");
	talk_frame(line, sizeof line, 1, "M117 one");
	strcat(text, line);
	talk_frame(line, sizeof line, 2, "M117 two");
	strcat(text, line);
	talk_send(talk, text, 1);
	assert_string_equal(talk->done, "-\tG4 P500\n0\tM110 N0\n1\tM117 one\n2\tM117 two\n");
	talk_send_numbered(talk, 3, "M117 three", 0.2);
	assert_int_equal(talk_count(talk, "Resend: 1\n"), 1);
	end(talk);
}

static void test_repeats_vanish_in_silence_from_2_1_2_on(void **state)
{
	struct talk *old = start("marlin"), *new = start("marlin-2.1.2");

	(void)state;
	for (int number = 1; number <= 2; number++) {
		talk_send_numbered(old, number, "M117 a", 0.1);
		talk_send_numbered(new, number, "M117 a", 0.1);
	}
	talk_forget(old);
	talk_forget(new);
	talk_send_numbered(old, 1, "M117 a", 0.1);
	talk_send_numbered(new, 1, "M117 a", 0.1);
	talk_send_numbered(new, 2, "M117 a", 0.1);
	assert_int_equal(talk_count(old, "Resend: 3\n"), 1);
	assert_string_equal(new->heard, "");
	assert_string_equal(new->done, "");
	assert_int_equal(counters(new)->dropped_repeats, 2);
	talk_send_numbered(new, 9, "M117 a", 0.1);
	assert_int_equal(talk_count(new, "Resend: 3\nok\n"), 1);
	end(old);
	end(new);
}

static void test_no_ok_follows_a_resend_of_2_0_8(void **state)
{
	struct talk *talk = start("marlin-2.0.8");

	(void)state;
	talk_send_numbered(talk, 7, "M117 a", 0.2);
	assert_string_equal(talk->heard,
		"Error:Line Number is not Last Line Number+1, Last Line: 0\nResend: 1\n");
	end(talk);
}

static void test_an_unknown_command_is_in_the_truth_only_with_a_number(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send_numbered(talk, 1, "M486 S1", 0.1);
	talk_send(talk, "50 E2.1*77\n", 0.1);
	assert_string_equal(talk->heard, "echo:Unknown command: \"M486 S1\"\nok\n"
					 "echo:Unknown command: \"50 E2.1\"\nok\n");
	assert_string_equal(talk->done, "1\tM486 S1\n");
	end(talk);
}

static void test_the_bare_ok_of_a_resend_overtakes_the_oks_of_queued_lines(void **state)
{
	struct talk *talk = start("marlin");
	char text[256], line[64];

	(void)state;
	talk_send(talk, "G4 S1\n", 0.1);
	talk_frame(text, sizeof text, 1, "M117 a");
	talk_frame(line, sizeof line, 2, "M117 b");
	strcat(text, line);
	strcat(text, "N3 M117 c*0\n");
	talk_forget(talk);
	talk_send(talk, text, 2);
	assert_string_equal(talk->heard, "Error:checksum mismatch, Last Line: 2\nResend: 3\nok\n"
					 "ok P15 B1\nok N1 P15 B2\nok N2 P15 B3\n");
	end(talk);
}

/* ---- emergencies ---- */

static void fill_queue(struct talk *talk)
{
	talk_send(talk, "M109 S200\n", 0.1);
	for (int i = 0; i < 3; i++)
		talk_send(talk, "M117 waiting\n", 0.1);
}

static void test_m112_stops_at_once_with_an_emergency_parser_and_waits_for_room_without(
	void **state)
{
	struct talk *with = start("marlin"), *without = start("marlin-stock");

	(void)state;
	fill_queue(with);
	fill_queue(without);
	talk_send(with, "M112\n", 0.1);
	talk_send(without, "M112\n", 5);
	assert_int_equal(status(with).state, SIM_HALTED);
	assert_int_equal(
		talk_count(with, "Error:Printer halted. kill() called!\n//action:poweroff\n"), 1);
	assert_true(status(with).hotend_power == 0);
	assert_int_equal(status(without).state, SIM_RUNNING);
	/* With room it is read while the heater is waited for. */
	struct talk *room = start("marlin-stock");
	talk_send(room, "M109 S200\n", 1);
	talk_send(room, "M112\n", 0.1);
	assert_int_equal(status(room).state, SIM_HALTED);
	end(with);
	end(without);
	end(room);
}

/* serial-protocols.md 14.13, seen on both builds of 2.0.9.5. */
static void test_an_emergency_behind_a_body_that_is_held_back(void **state)
{
	char erase[128], thrice[300];
	static const struct {
		const char *firmware, *body, *tail;
		bool killed;
	} rows[] = {
		{ "marlin", "N1 G1 X5*100", "\nM112\n", true },
		{ "marlin", "N1 G1 X5*1", "\nM112\n", true },
		{ "marlin-stock", "N1 G1 X5*100", "\nM112\n", true },
		/* The line end draws the NAK, and its flush eats the M112. */
		{ "marlin-stock", "N1 G1 X5*1", "\nM112\n", false },
		{ "marlin-stock", "N1 G1 X5*1", NULL, true },
		{ "marlin-stock", "N1 G;1 X5*100", NULL, true },
		{ "marlin", "N1 G;1 X5*100", NULL, true },
		/* Glued to a body it disappears, and the body runs. */
		{ "marlin-stock", "N1 G1 X5*100", "M112\n", false },
		{ "marlin", "N1 G1 X5*100", "M112\n", false },
	};

	(void)state;
	memset(erase, 0x08, 96);
	erase[96] = '\0';
	snprintf(thrice, sizeof thrice, "\nM112\n%s\nM112\n", erase);
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct talk *talk = start(rows[i].firmware);
		talk_send(talk, rows[i].body, 0.05);
		talk_send(talk, rows[i].tail ? rows[i].tail : thrice, 0.1);
		if ((status(talk).state == SIM_HALTED) != rows[i].killed)
			fail_msg("row %zu: heard \"%s\"", i, talk->heard);
		if (!rows[i].killed && rows[i].tail[0] == 'M')
			assert_string_equal(talk->done, "1\tG1 X5\n");
		end(talk);
	}
}

static void test_a_killed_printer_is_deaf_until_it_is_reset(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send_numbered(talk, 1, "M104 S200", 0.2);
	talk_send(talk, "M112\n", 0.2);
	talk_forget(talk);
	talk_send(talk, "M105\nM999\n", 5);
	assert_string_equal(talk->heard, "");
	assert_int_equal(counters(talk)->deaf_bytes, 10);
	talk_fault(talk, "reset");
	talk_pass(talk, 1);
	assert_int_equal(talk_count(talk, "start\nPowerUp\nMarlin 2.0.9.5\n"), 1);
	talk_send_numbered(talk, 2, "M105", 0.2);
	assert_int_equal(talk_count(talk, "Resend: 1\n"), 1);
	assert_true(status(talk).hotend_target_celsius == 0);
	end(talk);
}

static void test_m108_ends_waits_for_heat_and_for_the_user(void **state)
{
	static const char *const firmwares[] = { "marlin", "marlin-stock" };

	(void)state;
	for (int i = 0; i < 2; i++) {
		struct talk *talk = start(firmwares[i]);
		talk_send(talk, "M109 S200\n", 5);
		assert_int_equal(talk_count(talk, "ok"), 0);
		talk_send(talk, "M108\n", 0.2);
		assert_int_equal(talk_count(talk, "ok"), 2);
		talk_forget(talk);
		talk_send(talk, "M600\n", 5);
		assert_true(status(talk).waits_for_user);
		assert_int_equal(talk_count(talk, "echo:busy: paused for user\n"), 2);
		talk_send(talk, "M108\n", 0.2);
		assert_int_equal(talk_count(talk, "ok"), 2);
		end(talk);
	}
}

static void test_the_panel_ends_a_wait_and_sets_temperatures_without_an_ok(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M0\n", 1);
	talk_fault(talk, "press continue");
	talk_pass(talk, 0.2);
	assert_string_equal(talk->heard, "ok\n");
	talk_fault(talk, "press M104 S180");
	talk_pass(talk, 1);
	assert_string_equal(talk->heard, "ok\n");
	assert_true(status(talk).hotend_target_celsius == 180);
	assert_string_equal(talk->done, "-\tM0\n");
	end(talk);
}

static void test_a_quick_stop_within_a_wait_delays_its_end(void **state)
{
	struct talk *talk = start("marlin");

	(void)state;
	talk_send(talk, "M0\n", 1);
	talk_forget(talk);
	talk_send(talk, "M410\nM108\n", 0.9);
	assert_int_equal(talk_count(talk, "ok"), 0);
	talk_pass(talk, 0.5);
	assert_int_equal(talk_count(talk, "ok"), 3);
	end(talk);
}

static void test_the_dead_man_kills_a_printer_that_has_not_moved(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M85 S20\nG1 X5 F600\n", 15);
	talk_send(talk, "G1 X10\n", 15);
	assert_int_equal(status(talk).state, SIM_RUNNING);
	talk_pass(talk, 10);
	assert_int_equal(status(talk).state, SIM_HALTED);
	assert_int_equal(talk_count(talk, "Error:!! KILL caused by too much inactive time"), 1);
	end(talk);
}

/* ---- heat ---- */

static void test_a_print_heats_up_in_two_to_three_minutes(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M140 S60\nM109 S215\n", 100);
	assert_int_equal(talk_count(talk, "ok\n"), 1);
	talk_pass(talk, 90);
	assert_int_equal(talk_count(talk, "ok\n"), 2);
	assert_true(talk_celsius(talk, SIM_HOTEND) > 213 && talk_celsius(talk, SIM_HOTEND) < 219);
	assert_int_equal(talk_count(talk, " W:0\n"), 1);
	assert_int_equal(talk_count(talk, " W:9\n"), 1);
	talk_send(talk, "M190 S60\n", 60);
	assert_int_equal(talk_count(talk, "ok\n"), 3);
	assert_true(talk_celsius(talk, SIM_BED) > 57 && talk_celsius(talk, SIM_BED) < 63);
	/* An hour at temperature is no alarm. */
	talk_forget(talk);
	talk_pass(talk, 3600);
	assert_string_equal(talk->heard, "");
	assert_true(talk_celsius(talk, SIM_HOTEND) > 213 && talk_celsius(talk, SIM_HOTEND) < 217);
	end(talk);
}

static void test_each_way_for_heat_to_go_wrong_kills_with_its_message(void **state)
{
	static const struct {
		const char *fault, *message;
		double after_s;
	} rows[] = {
		{ "thermistor hotend open",
			"Error:MINTEMP triggered, system stopped! Heater_ID: E0\n", 1 },
		{ "thermistor hotend short",
			"Error:MAXTEMP triggered, system stopped! Heater_ID: E0\n", 1 },
		{ "thermistor bed open",
			"Error:MINTEMP triggered, system stopped! Heater_ID: bed\n", 1 },
		{ "heater hotend dead", "Error:Thermal Runaway, system stopped! Heater_ID: E0\n",
			120 },
		{ "heater bed dead", "Error:Thermal Runaway, system stopped! Heater_ID: bed\n",
			120 },
		{ "runaway hotend", "Error:MAXTEMP triggered, system stopped! Heater_ID: E0\n",
			200 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct talk *talk = start("marlin-stock");
		talk_send(talk, "M140 S60\nM109 S215\nM190 S60\n", 400);
		talk_forget(talk);
		talk_fault(talk, rows[i].fault);
		talk_pass(talk, rows[i].after_s);
		if (talk_count(talk, rows[i].message) != 1)
			fail_msg("%s: heard \"%s\"", rows[i].fault, talk->heard);
		assert_int_equal(talk_count(talk, "Error:Printer halted. kill() called!\n"), 1);
		assert_int_equal(status(talk).state, SIM_HALTED);
		end(talk);
	}
}

static void test_a_heater_without_current_fails_to_heat(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_fault(talk, "heater hotend dead");
	talk_send(talk, "M109 S200\n", 25);
	assert_int_equal(
		talk_count(talk, "Error:Heating failed, system stopped! Heater_ID: E0\n"), 1);
	assert_int_equal(talk_count(talk, "echo:Heating Failed\n"), 1);
	end(talk);
}

static void test_cold_plastic_is_not_pushed(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "G1 E5 F100\nM114\n", 0.3);
	assert_int_equal(talk_count(talk, "echo: cold extrusion prevented\n"), 1);
	assert_int_equal(talk_count(talk, "E:5.00"), 1);
	assert_int_equal(counters(talk)->moves, 0);
	talk_send(talk, "M302 P1\nG1 E6\nG1 E906\n", 1);
	assert_int_equal(counters(talk)->moves, 1);
	assert_int_equal(talk_count(talk, "echo: too long extrusion prevented\n"), 1);
	end(talk);
}

/* ---- boards ---- */

static void test_a_frozen_printer_is_deaf_and_mute_and_keeps_its_heaters_as_they_are(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M155 S1\nM104 S200\n", 5);
	talk_forget(talk);
	talk_fault(talk, "freeze");
	talk_send(talk, "M105\nM104 S0\n", 10);
	assert_string_equal(talk->heard, "");
	assert_int_equal(status(talk).state, SIM_FROZEN);
	assert_true(status(talk).hotend_power == 1);
	/* Nobody controls it any more. */
	talk_pass(talk, 600);
	assert_true(talk_celsius(talk, SIM_HOTEND) > 300);
	end(talk);
}

static void test_a_thawed_printer_goes_on_where_it_was(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "G4 S5\n", 2);
	talk_fault(talk, "freeze");
	talk_pass(talk, 100);
	talk_fault(talk, "unfreeze");
	talk_pass(talk, 2.8);
	assert_int_equal(talk_count(talk, "ok\n"), 0);
	talk_pass(talk, 0.4);
	assert_int_equal(talk_count(talk, "ok\n"), 1);
	end(talk);
}

static void test_motion_stands_still_while_frozen(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "G1 X100 F600\nM400\n", 3);
	talk_fault(talk, "freeze");
	double before_mm = status(talk).position_mm[0];
	talk_pass(talk, 100);
	talk_fault(talk, "unfreeze");
	double after_mm = status(talk).position_mm[0];
	assert_true(after_mm - before_mm < 0.1 && before_mm - after_mm < 0.1);
	talk_pass(talk, 6.9);
	assert_int_equal(talk_count(talk, "ok\n"), 1);
	talk_pass(talk, 0.5);
	assert_int_equal(talk_count(talk, "ok\n"), 2);
	end(talk);
}

static void test_a_power_cycle_is_a_cold_start(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send_numbered(talk, 1, "M104 S200", 60);
	double hot = talk_celsius(talk, SIM_HOTEND);
	talk_fault(talk, "power-cycle 30");
	assert_false(sim_printer_is_attached(talk->printer));
	assert_int_equal(status(talk).state, SIM_OFF);
	talk_pass(talk, 29);
	assert_false(sim_printer_is_attached(talk->printer));
	talk_pass(talk, 2);
	assert_true(sim_printer_is_attached(talk->printer));
	assert_true(talk_celsius(talk, SIM_HOTEND) < hot - 5);
	assert_true(status(talk).hotend_target_celsius == 0);
	assert_true(status(talk).last_number == 0);
	/* Nobody had the port open: the banner is lost, the next opening resets and shows one. */
	talk_forget(talk);
	sim_printer_opened(talk->printer, talk->now_us);
	talk_pass(talk, 1);
	assert_int_equal(talk_count(talk, "start\n"), 1);
	end(talk);
}

static void test_an_unplugged_printer_finishes_what_it_has_and_stays_hot(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M155 S1\nM104 S200\nG1 X50 F600\nG1 X60\n", 1);
	talk_forget(talk);
	talk_fault(talk, "unplug");
	assert_false(sim_printer_is_attached(talk->printer));
	talk_pass(talk, 60);
	assert_string_equal(talk->heard, "");
	assert_true(status(talk).position_mm[0] > 59.99);
	assert_true(status(talk).hotend_target_celsius == 200);
	assert_true(talk_celsius(talk, SIM_HOTEND) > 100);
	talk_fault(talk, "replug");
	assert_true(sim_printer_is_attached(talk->printer));
	/* Its reports are heard again once somebody listens. */
	talk_pass(talk, 2);
	assert_string_equal(talk->heard, "");
	sim_printer_opened(talk->printer, talk->now_us);
	talk_pass(talk, 1);
	assert_int_equal(talk_count(talk, "start\n"), 1);
	end(talk);
}

static void test_a_reset_cuts_a_line_short(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M115\n", 0.0105);
	talk_forget(talk);
	talk_fault(talk, "reset");
	talk_pass(talk, 1);
	const char *banner = strstr(talk->heard, "start\n");
	assert_non_null(banner);
	/* The first line of M115 was on its way: part of it is glued to the banner. */
	assert_int_equal(strncmp(talk->heard, "FIRMWARE_NAME:", 14), 0);
	assert_null(memchr(talk->heard, '\n', (size_t)(banner - talk->heard)));
	end(talk);
}

/* ---- lost and doubled oks, noise ---- */

static void test_oks_are_lost_and_doubled_as_often_as_asked(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_fault(talk, "lost-ok 0.1");
	talk_fault(talk, "doubled-ok 0.1");
	for (int i = 0; i < 4000; i++) {
		talk_send(talk, "M107\n", 0.01);
		talk->done_length = 0;
	}
	int lost = (int)counters(talk)->lost_oks, doubled = (int)counters(talk)->doubled_oks;
	assert_in_range(lost, 300, 500);
	assert_in_range(doubled, 260, 460);
	assert_int_equal(talk_count(talk, "ok\n"), 4000 - lost + doubled);
	end(talk);
}

static void test_noise_from_a_fault_hits_both_ways_or_one(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	/* Not M105: a damaged digit makes it an M1, which waits for the user. */
	talk_fault(talk, "noise 0.01 down");
	for (int i = 0; i < 500; i++) {
		talk_send(talk, "M220\n", 0.05);
		talk_forget(talk);
	}
	assert_int_equal(counters(talk)->noise_up_bytes, 0);
	int down = (int)counters(talk)->noise_down_bytes;
	assert_in_range(down, 25, 100);
	talk_fault(talk, "noise 0.01");
	for (int i = 0; i < 500; i++) {
		talk_send(talk, "M220\n", 0.05);
		talk_forget(talk);
	}
	assert_in_range(counters(talk)->noise_up_bytes, 5, 60);
	assert_true(counters(talk)->noise_down_bytes > down + 25);
	end(talk);
}

static void test_a_double_error_that_the_checksum_passes_is_counted_apart(void **state)
{
	struct sim_settings settings;
	struct talk *talk = malloc(sizeof *talk);

	(void)state;
	assert_true(sim_settings_init(&settings, "noisy", "marlin-stock"));
	settings.boot_us = 0;
	settings.noise_up = 0.05;
	talk_start(talk, &settings, 7);
	int64_t number = 1;
	for (int i = 0; i < 20000; i++) {
		talk_send_numbered(talk, number, "M205 X8.00 Y8.00 Z0.40 E5.00", 0.03);
		number = status(talk).last_number + 1;
		talk_forget(talk);
	}
	/* About three damaged bytes in a line of 36: one damaged line in 256 passes, in theory. */
	double damaged = (double)counters(talk)->checksum_errors;
	double passed = (double)counters(talk)->damaged_accepted;
	assert_true(damaged > 5000);
	assert_true(passed / damaged > 1.0 / 600 && passed / damaged < 1.0 / 100);
	end(talk);
}

static void test_the_same_seed_gives_the_same_bytes(void **state)
{
	struct talk *talk[3];
	struct sim_settings settings;

	(void)state;
	assert_true(sim_settings_init(&settings, "twin", "marlin"));
	settings.noise_up = settings.noise_down = 0.01;
	settings.lost_ok = settings.doubled_ok = 0.05;
	for (int i = 0; i < 3; i++) {
		talk[i] = malloc(sizeof *talk[i]);
		assert_non_null(talk[i]);
		talk_start(talk[i], &settings, i == 2 ? 43 : 42);
		for (int number = 1; number <= 200; number++)
			talk_send_numbered(talk[i], number, "G1 X10 Y20 E1 F3000", 0.02);
		talk_pass(talk[i], 100);
	}
	assert_string_equal(talk[0]->heard, talk[1]->heard);
	assert_string_equal(talk[0]->done, talk[1]->done);
	assert_string_not_equal(talk[0]->heard, talk[2]->heard);
	for (int i = 0; i < 3; i++)
		end(talk[i]);
}

static void test_how_often_it_is_asked_makes_no_difference(void **state)
{
	struct talk *often = start("marlin"), *seldom = start("marlin");
	char heard[8192];
	size_t length = 0;

	(void)state;
	static const char text[] = "M155 S1\nM104 S80\nG28\nG1 X20 F3000\nM109 S80\n";
	talk_send(often, text, 0);
	talk_send(seldom, text, 0);
	for (int i = 0; i < 20000; i++)
		talk_pass(often, 0.005);
	/* One call for the whole time: the same bytes, if later. */
	sim_printer_advance(seldom->printer, seldom->now_us + 100000000);
	for (size_t got; (got = sim_printer_take_output(
				  seldom->printer, heard + length, sizeof heard - 1 - length)) > 0;)
		length += got;
	heard[length] = '\0';
	assert_string_equal(often->heard, heard);
	end(often);
	end(seldom);
}

/* ---- motion ---- */

static void test_starvation_is_counted_when_lines_come_too_late(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	talk_send(talk, "M302 P1\nG28\nG90\nM83\n", 60);
	/* 10 mm at 50 mm/s: a fifth of a second each; every line in time. */
	for (int i = 0; i < 10; i++)
		talk_send(talk, i % 2 ? "G1 X20 E1 F3000\n" : "G1 X10 E1 F3000\n", 0.15);
	assert_int_equal(counters(talk)->starvations, 0);
	talk_pass(talk, 2);
	talk_send(talk, "G1 X50 E1\n", 0.1);
	assert_int_equal(counters(talk)->starvations, 1);
	assert_in_range(counters(talk)->starved_us, 1000000, 2100000);
	/* A wait that the firmware was asked for is none. */
	talk_send(talk, "G4 S3\n", 5);
	talk_send(talk, "G1 X60 E1\n", 1);
	assert_int_equal(counters(talk)->starvations, 1);
	end(talk);
}

static void test_it_is_the_hosts_turn_when_everything_is_answered(void **state)
{
	struct talk *talk = start("marlin-stock");

	(void)state;
	assert_false(sim_printer_waits_for_host(talk->printer));
	talk_send(talk, "G1 X50 F600\n", 0.0005);
	assert_false(sim_printer_waits_for_host(talk->printer));
	talk_pass(talk, 0.1);
	assert_true(sim_printer_waits_for_host(talk->printer));
	talk_send(talk, "M400\n", 0.1);
	assert_false(sim_printer_waits_for_host(talk->printer));
	/* Behind the end of the motion nothing is going. */
	talk_pass(talk, 10);
	assert_false(sim_printer_waits_for_host(talk->printer));
	end(talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_damaged_line_is_asked_for_again_and_runs_once),
		cmocka_unit_test(
			test_the_flush_behind_an_error_leaves_a_tail_that_runs_without_a_number),
		cmocka_unit_test(test_a_body_that_is_held_back_is_erased_by_backspaces),
		cmocka_unit_test(test_bytes_past_the_95th_vanish_with_the_checksum),
		cmocka_unit_test(test_comments_and_empty_lines_are_silent_and_backslashes_vanish),
		cmocka_unit_test(test_m110_counts_when_it_is_read_and_once_more_when_it_runs),
		cmocka_unit_test(test_repeats_vanish_in_silence_from_2_1_2_on),
		cmocka_unit_test(test_no_ok_follows_a_resend_of_2_0_8),
		cmocka_unit_test(test_an_unknown_command_is_in_the_truth_only_with_a_number),
		cmocka_unit_test(test_the_bare_ok_of_a_resend_overtakes_the_oks_of_queued_lines),
		cmocka_unit_test(
			test_m112_stops_at_once_with_an_emergency_parser_and_waits_for_room_without),
		cmocka_unit_test(test_an_emergency_behind_a_body_that_is_held_back),
		cmocka_unit_test(test_a_killed_printer_is_deaf_until_it_is_reset),
		cmocka_unit_test(test_m108_ends_waits_for_heat_and_for_the_user),
		cmocka_unit_test(test_the_panel_ends_a_wait_and_sets_temperatures_without_an_ok),
		cmocka_unit_test(test_a_quick_stop_within_a_wait_delays_its_end),
		cmocka_unit_test(test_the_dead_man_kills_a_printer_that_has_not_moved),
		cmocka_unit_test(test_a_print_heats_up_in_two_to_three_minutes),
		cmocka_unit_test(test_each_way_for_heat_to_go_wrong_kills_with_its_message),
		cmocka_unit_test(test_a_heater_without_current_fails_to_heat),
		cmocka_unit_test(test_cold_plastic_is_not_pushed),
		cmocka_unit_test(
			test_a_frozen_printer_is_deaf_and_mute_and_keeps_its_heaters_as_they_are),
		cmocka_unit_test(test_a_thawed_printer_goes_on_where_it_was),
		cmocka_unit_test(test_motion_stands_still_while_frozen),
		cmocka_unit_test(test_a_power_cycle_is_a_cold_start),
		cmocka_unit_test(test_an_unplugged_printer_finishes_what_it_has_and_stays_hot),
		cmocka_unit_test(test_a_reset_cuts_a_line_short),
		cmocka_unit_test(test_oks_are_lost_and_doubled_as_often_as_asked),
		cmocka_unit_test(test_noise_from_a_fault_hits_both_ways_or_one),
		cmocka_unit_test(test_a_double_error_that_the_checksum_passes_is_counted_apart),
		cmocka_unit_test(test_the_same_seed_gives_the_same_bytes),
		cmocka_unit_test(test_how_often_it_is_asked_makes_no_difference),
		cmocka_unit_test(test_starvation_is_counted_when_lines_come_too_late),
		cmocka_unit_test(test_it_is_the_hosts_turn_when_everything_is_answered),
	};

	return cmocka_run_group_tests_name("sim_marlin", tests, NULL, NULL);
}
