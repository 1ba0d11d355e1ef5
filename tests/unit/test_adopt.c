/* A print that is cut off from us, by a streamer's death or a pulled cable, goes on where the
 * printer says that it is: every command of the file once, in order, or a stated end. */
#include "daemon/stream/session_private.h"
#include "tests/unit/session_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

enum { COMMANDS_MAX = 400, TEXT_MAX = 16384 };

static struct session_rig rig;
static char commands[COMMANDS_MAX][SIM_COMMAND_MAX];
static size_t command_count;

static void add_command(char *text, const char *command)
{
	strcat(text, command);
	strcat(text, "\n");
	strcpy(commands[command_count++], command);
}

/* Everything that a doubled, lost or wrongly begun command would spoil: relative E, relative moves,
 * waits, and lines that look alike. */
static void write_print(size_t moves, bool hot)
{
	static char text[TEXT_MAX];
	char command[SIM_COMMAND_MAX];

	text[0] = '\0';
	command_count = 0;
	if (hot) {
		add_command(text, "M140 S60");
		add_command(text, "M104 S200");
		add_command(text, "M109 S200");
	}
	add_command(text, "G28");
	add_command(text, "M83");
	for (size_t i = 0; i < moves; i++) {
		strcat(text, "; a comment that moves the place in the file\n\n");
		if (i % 25 == 24)
			snprintf(command, sizeof(command), "G4 P300");
		else
			snprintf(command, sizeof(command), "G1 X%zu Y%zu E%s F3000", 10 + i % 7 * 5,
				10 + i, hot ? "0.5" : "0");
		add_command(text, command);
	}
	if (hot) {
		add_command(text, "M104 S0");
		add_command(text, "M140 S0");
	}
	session_rig_write_file(&rig, text);
}

static int set_up(void **state)
{
	(void)state;
	session_rig_init(&rig, "marlin");
	session_rig_start_streamer(&rig);
	write_print(150, false);
	return session_rig_run(&rig, 60, session_rig_is_ready) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	session_rig_finish(&rig);
	return 0;
}

static void begin_again(const char *firmware)
{
	session_rig_finish(&rig);
	session_rig_init(&rig, firmware);
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
}

/* How many commands of the file were executed, each once, in order; fails on anything else that has
 * a number and is none of ours. */
static size_t judge(void)
{
	static const char *const ours[] = { "M110 ", "M105", "M155 ", "M400", "M104 S0", "M140 S0",
		"G91", "G90", "G1 Z", "G1 X5 Y5 F6000", "M109 S200", "G1 F", "G1 X", "M83",
		"G92 E" };
	size_t done = 0;

	for (size_t i = 0; i < rig.executed_count; i++) {
		const char *command = rig.executed[i];
		bool is_ours = false;

		if (!rig.numbered[i])
			continue;
		if (done < command_count && strcmp(command, commands[done]) == 0) {
			done++;
			continue;
		}
		/* "G1 X…" of ours goes back to the print after a pause; it never extrudes. */
		for (size_t word = 0; word < sizeof(ours) / sizeof(ours[0]); word++)
			is_ours = is_ours || strncmp(command, ours[word], strlen(ours[word])) == 0;
		if (!is_ours || strstr(command, " E"))
			fail_msg("executed %s after %zu commands of the file, expected %s; "
				 "said:\n%s",
				command, done, done < command_count ? commands[done] : "nothing",
				rig.said);
	}
	return done;
}

static const struct progress_ended *only_end(void)
{
	int index = 0;
	const struct progress_ended *ended = session_next_ended(rig.session, rig.now_us, &index);

	if (!ended)
		fail_msg("no end; said:\n%s", rig.said);
	assert_null(session_next_ended(rig.session, rig.now_us, &index));
	return ended;
}

static void assert_printed_once(void)
{
	if (!session_rig_run(&rig, 900, session_rig_is_idle))
		fail_msg("no end after 15 minutes; said:\n%s", rig.said);
	if (only_end()->result != WIRE_PRINTED)
		fail_msg("ended %d: %s; said:\n%s", (int)only_end()->result, only_end()->reason,
			rig.said);
	assert_int_equal(judge(), command_count);
	assert_int_equal(only_end()->numbers.commands_done, command_count);
	assert_false(session_rig_state(&rig).hot_by_us);
	assert_int_equal(session_rig_state(&rig).fault, 0);
}

static size_t stop_at;

static bool has_executed_enough(struct session_rig *unused)
{
	(void)unused;
	return rig.executed_count >= stop_at;
}

static void kill_and_start(int64_t dead_us)
{
	session_rig_kill_streamer(&rig);
	if (dead_us >= 1000000)
		session_rig_run(&rig, dead_us / 1000000, NULL);
	session_rig_start_streamer(&rig);
}

static void test_a_streamer_killed_at_every_command_loses_and_doubles_nothing(void **state)
{
	(void)state;
	write_print(30, false);
	for (size_t at = 1; at < 45; at++) {
		begin_again(at % 3 == 0 ? "marlin-2.1.2" : at % 3 == 1 ? "marlin" : "marlin-stock");
		write_print(30, false);
		session_rig_start(&rig, "a1");
		stop_at = rig.executed_count + at;
		session_rig_run(&rig, 300, has_executed_enough);
		kill_and_start(at % 4 * INT64_C(1000000));
		assert_printed_once();
	}
}

/* Whatever each of them does with a repeated, refused or half line. */
static void test_every_numbered_dialect_can_be_adopted(void **state)
{
	static const struct {
		const char *firmware, *dialect;
	} rows[] = { { "marlin-1.0.2", "marlin" }, { "marlin-1.1.6", "marlin" },
		{ "marlin-1.1.9", "marlin" }, { "marlin-2.0.8", "marlin" },
		{ "prusa-mk3", "prusa-mk3" }, { "prusa-buddy", "prusa-buddy" },
		{ "repetier", "repetier" }, { "smoothie-uart", "smoothie" } };

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		for (size_t at = 2; at < 40; at += 3) {
			session_rig_finish(&rig);
			session_rig_init(&rig, rows[row].firmware);
			strcpy(rig.settings.dialect, rows[row].dialect);
			session_rig_start_streamer(&rig);
			if (!session_rig_run(&rig, 60, session_rig_is_ready))
				fail_msg("%s is not ready: %s", rows[row].firmware,
					session_rig_state(&rig).reason);
			write_print(30, false);
			session_rig_start(&rig, "a1");
			stop_at = rig.executed_count + at;
			session_rig_run(&rig, 300, has_executed_enough);
			kill_and_start(at % 4 * INT64_C(1000000));
			assert_printed_once();
		}
	}
}

static void test_a_streamer_killed_again_and_again_comes_to_the_end(void **state)
{
	(void)state;
	session_rig_start(&rig, "a1");
	for (int i = 0; i < 9; i++) {
		stop_at = rig.executed_count + 15;
		assert_true(session_rig_run(&rig, 300, has_executed_enough));
		kill_and_start(i % 3 * INT64_C(1000000));
	}
	assert_printed_once();
}

static void test_noise_does_not_hinder_it(void **state)
{
	(void)state;
	for (int seed = 0; seed < 12; seed++) {
		begin_again(seed % 2 ? "marlin-2.1.2" : "marlin");
		write_print(60, false);
		session_rig_fault(&rig, "noise 3e-4");
		session_rig_start(&rig, "a1");
		stop_at = rig.executed_count + 10 + (size_t)seed * 4;
		session_rig_run(&rig, 300, has_executed_enough);
		kill_and_start(INT64_C(1000000) * (seed % 3));
		if (!session_rig_run(&rig, 900, session_rig_is_idle))
			fail_msg("no end; said:\n%s", rig.said);
		judge();
		if (only_end()->result == WIRE_PRINTED)
			assert_int_equal(judge(), command_count);
		else
			assert_true(only_end()->reason[0] != '\0');
	}
}

static bool is_extruding(struct session_rig *unused)
{
	(void)unused;
	return session_rig_has_executed(&rig, commands[40]);
}

static void test_a_cable_pulled_for_seconds_holds_the_heat_and_goes_on(void **state)
{
	(void)state;
	for (int64_t seconds = 1; seconds < 9; seconds += 2) {
		begin_again("marlin");
		write_print(80, true);
		session_rig_start(&rig, "a1");
		assert_true(session_rig_run(&rig, 600, is_extruding));
		session_rig_fault(&rig, "unplug");
		session_rig_run(&rig, seconds, NULL);
		assert_string_equal(session_rig_state(&rig).attempt, "a1");
		assert_int_equal(session_rig_state(&rig).activity, WIRE_PRINTING);
		assert_int_equal(session_rig_state(&rig).link, WIRE_OFFLINE);
		assert_true(session_rig_truth(&rig).hotend_target_celsius == 200);
		session_rig_fault(&rig, "replug");
		assert_printed_once();
		assert_true(session_rig_truth(&rig).hotend_target_celsius == 0);
	}
}

static bool is_heating_up(struct session_rig *unused)
{
	(void)unused;
	return session_rig_truth(&rig).hotend_celsius > 80;
}

static void test_a_streamer_killed_in_a_heat_up_lets_it_go_on(void **state)
{
	(void)state;
	write_print(40, true);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_heating_up));
	kill_and_start(2000000);
	session_rig_run(&rig, 3, NULL);
	assert_true(session_rig_truth(&rig).hotend_target_celsius == 200);
	assert_printed_once();
}

/* These tell the hot end by another name while they wait for its heat. */
static void test_after_a_heat_up_that_was_taken_over_nothing_counts_as_hot(void **state)
{
	static const struct {
		const char *firmware, *dialect;
	} rows[] = { { "marlin-1.0.2", "marlin" }, { "prusa-mk3", "prusa-mk3" },
		{ "repetier", "repetier" } };

	(void)state;
	for (size_t row = 0; row < sizeof(rows) / sizeof(rows[0]); row++) {
		struct wire_printer_state end;

		session_rig_finish(&rig);
		session_rig_init(&rig, rows[row].firmware);
		strcpy(rig.settings.dialect, rows[row].dialect);
		session_rig_start_streamer(&rig);
		assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
		write_print(10, true);
		session_rig_start(&rig, "a1");
		assert_true(session_rig_run(&rig, 300, is_heating_up));
		kill_and_start(1000000);
		assert_printed_once();
		session_rig_run(&rig, 10, NULL);
		end = session_rig_state(&rig);
		if (end.activity != WIRE_IDLE || end.heater_count != 2)
			fail_msg("%s: activity %d, %d heaters", rows[row].firmware,
				(int)end.activity, (int)end.heater_count);
		for (int64_t i = 0; i < end.heater_count; i++) {
			assert_true(end.heater[i].target_celsius == 0);
			assert_int_equal(end.heater[i].name[1], '\0');
		}
	}
}

static bool is_paused(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).activity == WIRE_PAUSED;
}

static bool is_online(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).link == WIRE_ONLINE;
}

static void pause_print(void)
{
	struct error error = { "" };

	assert_true(session_rig_run(&rig, 600, is_extruding));
	assert_int_equal(session_pause(rig.session, "a1", rig.now_us, &error), 0);
}

static void test_a_paused_print_stays_paused_until_somebody_resumes_it(void **state)
{
	struct error error = { "" };
	size_t done;

	(void)state;
	write_print(80, true);
	session_rig_start(&rig, "a1");
	pause_print();
	assert_true(session_rig_run(&rig, 60, is_paused));
	done = judge();
	kill_and_start(3000000);
	assert_true(session_rig_run(&rig, 20, is_online));
	session_rig_run(&rig, 30, NULL);
	assert_true(is_paused(NULL));
	assert_int_equal(judge(), done);
	assert_int_equal(session_resume(rig.session, "a1", rig.now_us, &error), 0);
	assert_printed_once();
}

/* A lift that was done, and no way back yet: the state of the pause must never be printed in. */
static void test_a_streamer_killed_in_the_middle_of_a_pause_or_a_resume_prints_no_line_beside(
	void **state)
{
	(void)state;
	for (size_t more = 0; more < 26; more++) {
		struct error error = { "" };

		begin_again("marlin");
		write_print(60, true);
		session_rig_start(&rig, "a1");
		pause_print();
		if (more >= 8) {
			assert_true(session_rig_run(&rig, 60, is_paused));
			assert_int_equal(session_resume(rig.session, "a1", rig.now_us, &error), 0);
		}
		stop_at = rig.executed_count + (more >= 8 ? more - 8 : more);
		session_rig_run(&rig, 60, has_executed_enough);
		kill_and_start(1000000);
		assert_true(session_rig_run(&rig, 60, is_online));
		session_rig_run(&rig, 60, NULL);
		if (session_rig_state(&rig).activity == WIRE_PAUSED)
			assert_int_equal(session_resume(rig.session, "a1", rig.now_us, &error), 0);
		assert_printed_once();
	}
}

static void test_a_pause_asked_for_is_not_forgotten(void **state)
{
	(void)state;
	write_print(80, true);
	session_rig_start(&rig, "a1");
	pause_print();
	kill_and_start(1000000);
	assert_true(session_rig_run(&rig, 60, is_paused));
}

static void test_a_board_that_restarted_is_a_stated_end_and_nothing_is_sent(void **state)
{
	(void)state;
	write_print(80, true);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_extruding));
	session_rig_kill_streamer(&rig);
	session_rig_fault(&rig, "reset");
	session_rig_run(&rig, 4, NULL); /* its banner goes to nobody */
	rig.executed_count = 0;
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	for (size_t i = 0; i < rig.executed_count; i++)
		assert_true(strncmp(rig.executed[i], "G1", 2) != 0);
}

static void test_a_banner_while_it_is_taken_over_is_a_stated_end(void **state)
{
	(void)state;
	session_rig_start(&rig, "a1");
	stop_at = rig.executed_count + 40;
	assert_true(session_rig_run(&rig, 600, has_executed_enough));
	session_rig_fault(&rig, "power-cycle 2");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	assert_non_null(strstr(only_end()->reason, "restart"));
	assert_int_equal(session_rig_state(&rig).fault, 0);
}

static void test_heaters_that_somebody_switched_off_are_a_stated_end(void **state)
{
	(void)state;
	write_print(80, true);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_extruding));
	session_rig_kill_streamer(&rig);
	session_rig_fault(&rig, "press M104 S0");
	session_rig_run(&rig, 2, NULL);
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	assert_non_null(strstr(only_end()->reason, "switched off"));
}

static void test_a_file_that_changed_is_a_stated_end(void **state)
{
	FILE *file;

	(void)state;
	session_rig_start(&rig, "a1");
	stop_at = rig.executed_count + 60;
	assert_true(session_rig_run(&rig, 600, has_executed_enough));
	session_rig_kill_streamer(&rig);
	file = fopen(rig.path, "r+");
	assert_non_null(file);
	for (int64_t i = 0; i + 3 < rig.bytes; i++) {
		int byte;

		fseek(file, i, SEEK_SET);
		byte = fgetc(file);
		fseek(file, i, SEEK_SET);
		if (byte == 'Y')
			fputc('Z', file);
	}
	fclose(file);
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	assert_non_null(strstr(only_end()->reason, "changed"));
}

static void test_a_counter_that_cannot_be_is_a_stated_end(void **state)
{
	/* The backspaces take back what our streamer had sent of a line. */
	static const char erased[] = "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b"
				     "\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\b\n";
	static const char renumber[] = "N5000 M110 N5000*125\n";

	(void)state;
	session_rig_start(&rig, "a1");
	stop_at = rig.executed_count + 60;
	assert_true(session_rig_run(&rig, 600, has_executed_enough));
	session_rig_kill_streamer(&rig);
	/* Somebody else had the port. */
	sim_printer_opened(rig.printer, rig.now_us);
	sim_printer_receive(rig.printer, erased, sizeof(erased) - 1, rig.now_us);
	session_rig_run(&rig, 1, NULL);
	sim_printer_receive(rig.printer, renumber, sizeof(renumber) - 1, rig.now_us);
	session_rig_run(&rig, 3, NULL);
	sim_printer_closed(rig.printer, rig.now_us);
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 90, session_rig_is_ready));
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	assert_non_null(strstr(only_end()->reason, "never sent"));
}

static void test_a_machine_that_slept_for_long_ends_the_print_and_for_seconds_does_not(void **state)
{
	(void)state;
	write_print(80, true);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_extruding));
	session_on_slept(rig.session, 5000000, rig.now_us);
	assert_printed_once();

	begin_again("marlin");
	write_print(80, true);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_extruding));
	session_on_slept(rig.session, 300000000, rig.now_us);
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	assert_non_null(strstr(only_end()->reason, "slept for 300 s"));
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_truth(&rig).hotend_target_celsius == 0);
}

static void test_after_ten_seconds_it_is_over(void **state)
{
	(void)state;
	write_print(80, true);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_extruding));
	session_rig_fault(&rig, "unplug");
	session_rig_run(&rig, 11, NULL);
	assert_int_equal(only_end()->result, WIRE_SUSPECT);
	session_rig_fault(&rig, "replug");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_truth(&rig).hotend_target_celsius == 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			test_a_streamer_killed_at_every_command_loses_and_doubles_nothing, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_streamer_killed_again_and_again_comes_to_the_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_every_numbered_dialect_can_be_adopted, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_noise_does_not_hinder_it, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_cable_pulled_for_seconds_holds_the_heat_and_goes_on, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_streamer_killed_in_a_heat_up_lets_it_go_on, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_after_a_heat_up_that_was_taken_over_nothing_counts_as_hot, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_paused_print_stays_paused_until_somebody_resumes_it, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_streamer_killed_in_the_middle_of_a_pause_or_a_resume_prints_no_line_beside,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_pause_asked_for_is_not_forgotten, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_board_that_restarted_is_a_stated_end_and_nothing_is_sent, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_banner_while_it_is_taken_over_is_a_stated_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_heaters_that_somebody_switched_off_are_a_stated_end, set_up,
			tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_file_that_changed_is_a_stated_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_counter_that_cannot_be_is_a_stated_end, set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_a_machine_that_slept_for_long_ends_the_print_and_for_seconds_does_not,
			set_up, tear_down),
		cmocka_unit_test_setup_teardown(
			test_after_ten_seconds_it_is_over, set_up, tear_down),
	};

	return cmocka_run_group_tests_name("adopt", tests, NULL, NULL);
}
