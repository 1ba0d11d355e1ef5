/* A session on a simulated printer: each print ends in exactly one stated way, hot printers are
 * made cold, and nothing is printed twice. */
#include "daemon/stream/session_private.h"
#include "tests/unit/session_rig.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct session_rig rig;

static int set_up(void **state)
{
	(void)state;
	session_rig_init(&rig, "marlin");
	session_rig_start_streamer(&rig);
	session_rig_write_file(&rig, session_rig_cold_print);
	return session_rig_run(&rig, 60, session_rig_is_ready) ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	session_rig_finish(&rig);
	return 0;
}

static bool is_warm(struct session_rig *unused)
{
	(void)unused;
	return session_rig_truth(&rig).hotend_celsius > 100 &&
	       session_rig_has_executed(&rig, "G1 X10 Y10 F3000");
}

static bool is_moving(struct session_rig *unused)
{
	(void)unused;
	return session_rig_has_executed(&rig, "G1 X10 Y10 F3000");
}

static bool is_paused(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).activity == WIRE_PAUSED;
}

static bool is_locked(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).fault != 0;
}

static void test_a_print_executes_the_files_commands_in_order_and_ends_printed(void **state)
{
	static const char *const commands[] = { "G28", "G1 X10 Y10 F3000", "G1 X20 Y10",
		"G1 X20 Y20", "M117 half", "G1 X10 Y20", "G1 X10 Y10" };
	size_t found = 0;

	(void)state;
	rig.executed_count = 0;
	session_rig_start(&rig, "a1");
	assert_string_equal(session_rig_state(&rig).attempt, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
	assert_int_equal(session_rig_only_end(&rig)->numbers.commands_done, 7);
	for (size_t i = 0; i < rig.executed_count && found < 7; i++)
		if (rig.numbered[i] && strcmp(rig.executed[i], commands[found]) == 0)
			found++;
	assert_int_equal(found, 7);
	assert_false(session_rig_state(&rig).hot_by_us);
}

static void test_an_attempt_is_never_printed_twice(void **state)
{
	struct wire_start start = { .bytes = rig.bytes };
	struct error error = { "" };
	int64_t lines;

	(void)state;
	strcpy(start.path, rig.path);
	session_rig_start(&rig, "a1");
	assert_int_equal(session_start(rig.session, "a1", &start, rig.now_us, &error), 0);
	assert_int_equal(session_start(rig.session, "a2", &start, rig.now_us, &error), -EBUSY);
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	lines = (int64_t)rig.executed_count;
	assert_int_equal(session_start(rig.session, "a1", &start, rig.now_us, &error), 0);
	assert_true(session_rig_is_idle(&rig));
	session_booked(rig.session, "a1");
	assert_int_equal(session_start(rig.session, "a1", &start, rig.now_us, &error), -EALREADY);
	session_rig_run(&rig, 30, NULL);
	assert_true((int64_t)rig.executed_count < lines + 60); /* reports only */
	assert_true(session_rig_is_idle(&rig));
}

static void test_a_cable_pulled_while_hot_makes_it_suspect_and_cold_when_back(void **state)
{
	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_warm));
	session_rig_fault(&rig, "unplug");
	session_rig_run(&rig, 2, NULL);
	assert_int_equal(session_rig_state(&rig).link, WIRE_OFFLINE);
	session_rig_run(&rig, 9, NULL);
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_SUSPECT);
	assert_int_equal(session_rig_state(&rig).link, WIRE_OFFLINE);
	assert_true(session_rig_state(&rig).hot_by_us);
	assert_false(session_rig_heaters_are_off(&rig));
	session_rig_fault(&rig, "replug");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_heaters_are_off(&rig));
	assert_int_equal(session_rig_state(&rig).fault, 0);
}

static void test_a_killed_streamer_finds_its_print_and_cools_before_it_tells(void **state)
{
	int index = 0;

	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_warm));
	session_rig_kill_streamer(&rig);
	assert_false(session_rig_heaters_are_off(&rig));
	session_rig_run(&rig, 11, NULL); /* too late to go on with it */
	session_rig_start_streamer(&rig);
	assert_null(session_next_ended(rig.session, rig.now_us, &index));
	assert_string_equal(session_rig_state(&rig).attempt, "a1");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_heaters_are_off(&rig));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_SUSPECT);
	assert_string_equal(session_rig_only_end(&rig)->attempt, "a1");
	assert_string_equal(session_rig_state(&rig).attempt, "");
}

/* With an emergency parser and without, where only a free place in the queue lets M108 through and
 * an emergency stop is the last resort. */
static void test_a_killed_streamer_makes_a_printer_cold_that_waits_for_its_own_heat(void **state)
{
	static const char *const firmwares[] = { "marlin", "marlin-stock", "marlin-2.1.2" };

	(void)state;
	for (size_t i = 0; i < sizeof(firmwares) / sizeof(firmwares[0]); i++) {
		session_rig_finish(&rig);
		session_rig_init(&rig, firmwares[i]);
		session_rig_start_streamer(&rig);
		assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
		session_rig_write_file(&rig, session_rig_hot_print);
		session_rig_start(&rig, "a1");
		assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
		assert_false(session_rig_has_executed(&rig, "G28"));
		session_rig_kill_streamer(&rig);
		rig.settings.no_adoption = true;
		session_rig_start_streamer(&rig);
		session_rig_run(&rig, 32, NULL);
		if (!session_rig_heaters_are_off(&rig))
			fail_msg("%s stays hot: %s", firmwares[i], rig.said);
		assert_int_equal(session_rig_only_end(&rig)->result, WIRE_SUSPECT);
	}
}

static void cool_nothing(struct driver *driver, int64_t now_us, struct driver_effects *effects)
{
	(void)driver;
	(void)now_us;
	(void)effects;
}

static void test_a_printer_that_will_not_be_switched_off_is_stopped_after_half_a_minute(
	void **state)
{
	struct driver_dialect deaf = *driver_dialect_find("marlin");

	(void)state;
	deaf.cool = cool_nothing;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_warm));
	session_rig_kill_streamer(&rig);
	rig.dialect = &deaf;
	rig.settings.no_adoption = true;
	session_rig_start_streamer(&rig);
	assert_false(session_rig_run(&rig, 29, is_locked));
	assert_true(session_rig_run(&rig, 2, is_locked));
	session_rig_run(&rig, 1, NULL);
	assert_true(session_rig_heaters_are_off(&rig));
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
	assert_non_null(strstr(session_rig_state(&rig).reason, "takes no command"));
	session_rig_kill_streamer(&rig);
}

static void test_an_end_is_told_in_time_though_the_printer_never_comes_back(void **state)
{
	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_rig_kill_streamer(&rig);
	session_rig_fault(&rig, "power-off");
	rig.ended = 0;
	session_rig_start_streamer(&rig);
	session_rig_run(&rig, 20, NULL);
	assert_true(rig.ended > 0);
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_SUSPECT);
	assert_true(session_rig_state(&rig).hot_by_us);
}

static void test_an_emergency_stop_in_a_heat_up_kills_at_once_and_locks(void **state)
{
	struct error error = { "" };
	struct wire_start start = { .bytes = rig.bytes };

	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	assert_int_equal(session_estop(rig.session, rig.now_us, &error), 0);
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
	assert_true(session_rig_heaters_are_off(&rig));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
	assert_int_equal(session_rig_only_end(&rig)->fault, DRIVER_FAULT_ESTOP);
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_ESTOP);
	strcpy(start.path, rig.path);
	assert_int_equal(session_start(rig.session, "a2", &start, rig.now_us, &error), -EBUSY);
	assert_non_null(strstr(error.text, "locked"));
}

/* A firmware that says that it has stopped is believed when a person asked for it; one that is too
 * hot, or deaf, is not. */
static void test_the_power_is_the_last_rung_of_an_emergency_stop(void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_finish(&rig);
	session_rig_init(&rig, "marlin");
	strcpy(rig.settings.power_off, "/usr/local/bin/cut");
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(session_estop(rig.session, rig.now_us, &error), 0);
	session_rig_run(&rig, 5, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
	assert_int_equal(rig.powered_off, 0);

	session_rig_fault(&rig, "power-cycle 1");
	session_rig_run(&rig, 3, NULL);
	assert_int_equal(session_connect(rig.session, false, rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 120, session_rig_is_ready));
	session_rig_fault(&rig, "freeze");
	assert_int_equal(session_estop(rig.session, rig.now_us, &error), 0);
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(rig.powered_off, 0);
	session_rig_run(&rig, 2, NULL);
	assert_int_equal(rig.powered_off, 1);
}

static void test_a_runaway_is_cut_off_though_the_firmware_says_it_has_stopped(void **state)
{
	(void)state;
	session_rig_finish(&rig);
	session_rig_init(&rig, "marlin");
	strcpy(rig.settings.power_off, "/usr/local/bin/cut");
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_warm));
	session_rig_fault(&rig, "runaway hotend");
	assert_true(session_rig_run(&rig, 300, is_locked));
	session_rig_run(&rig, 3, NULL);
	assert_int_equal(rig.powered_off, 1);
}

/* What a person needs to know after an emergency stop. */
static bool laser_is_lit(struct session_rig *r)
{
	return session_rig_truth(r).beam > 0;
}

static void test_a_laser_that_freezes_lit_has_its_power_cut(void **state)
{
	(void)state;
	session_rig_finish(&rig);
	session_rig_init(&rig, "grbl-laser");
	strcpy(rig.settings.power_off, "/usr/local/bin/cut");
	strcpy(rig.settings.dialect, "grbl");
	rig.settings.machine_kind = DRIVER_KIND_LASER;
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, "G21 G17 G90\nM4 S500\nG1 X100 F200\nX0\nX100\nX0\nM5\n");
	session_rig_start(&rig, "1");
	assert_true(session_rig_run(&rig, 60, laser_is_lit));
	session_rig_fault(&rig, "freeze");
	session_rig_run(&rig, 9, NULL);
	assert_int_equal(rig.powered_off, 0);
	session_rig_run(&rig, 5, NULL);
	assert_int_equal(rig.powered_off, 1);
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_SILENT);
}

static void test_a_board_that_was_halted_is_said_to_want_its_power_switched(void **state)
{
	struct error error = { "" };

	(void)state;
	assert_int_equal(session_estop(rig.session, rig.now_us, &error), 0);
	session_rig_run(&rig, 5, NULL);
	assert_int_equal(session_connect(rig.session, false, rig.now_us, &error), 0);
	session_rig_run(&rig, 60, NULL);
	assert_non_null(strstr(session_rig_state(&rig).reason, "switched off and on"));
	session_rig_fault(&rig, "power-cycle 1");
	assert_true(session_rig_run(&rig, 120, session_rig_is_ready));
}

static void test_only_firmware_that_queues_its_stop_has_no_remote_stop(void **state)
{
	(void)state;
	assert_false(session_rig_state(&rig).no_remote_stop);
	session_rig_finish(&rig);
	session_rig_init(&rig, "rrf");
	strcpy(rig.settings.dialect, "rrf");
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_state(&rig).no_remote_stop);
}

static void begin_with_dead_man(void)
{
	session_rig_finish(&rig);
	session_rig_init(&rig, "marlin");
	rig.settings.dead_man_s = 300;
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
}

static void test_a_dead_man_stops_a_hot_printer_that_nobody_serves_any_more(void **state)
{
	(void)state;
	begin_with_dead_man();
	assert_true(session_rig_run(&rig, 300, is_warm));
	assert_true(session_rig_has_executed(&rig, "M85 S300"));
	session_rig_kill_streamer(&rig);
	session_rig_run(&rig, 400, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
	assert_true(session_rig_heaters_are_off(&rig));
}

static void test_a_dead_man_sleeps_while_nothing_of_ours_is_hot(void **state)
{
	struct error error = { "" };

	(void)state;
	begin_with_dead_man();
	assert_true(session_rig_run(&rig, 300, is_warm));
	assert_int_equal(session_pause(rig.session, "a1", rig.now_us, &error), 0);
	session_rig_run(&rig, 1500, NULL);
	assert_true(is_paused(NULL));
	assert_int_equal(session_resume(rig.session, "a1", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 600, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
	session_rig_run(&rig, 3600, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_RUNNING);
}

static void printer_says(const char *text)
{
	port_memory_say(&rig.memory, text);
	session_on_readable(rig.session, rig.now_us);
}

static bool wants_a_person(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).activity == WIRE_NEEDS_ATTENTION;
}

/* Its M108 would have to wait behind the M0. */
static void test_a_resume_says_that_only_a_person_at_the_panel_can_end_the_wait(void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_finish(&rig);
	session_rig_init(&rig, "prusa-mk3");
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, "G28\nG1 X10 Y10 F3000\nM0 Change it\nG1 X20 Y10\n");
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 120, wants_a_person));
	assert_int_equal(session_resume(rig.session, "a1", rig.now_us, &error), -EBUSY);
	assert_non_null(strstr(error.text, "at the printer"));
	assert_int_equal(session_rig_state(&rig).activity, WIRE_NEEDS_ATTENTION);
}

/* S8 of serial-protocols.md 15.5, its exception. */
static void test_a_printer_that_waits_for_a_person_may_leave_its_port_unread(void **state)
{
	char file[2000] = "M109 S210\nG28\nG1 X10 Y10 F3000\n";

	(void)state;
	for (int i = 0; i < 60; i++)
		snprintf(file + strlen(file), sizeof(file) - strlen(file), "G1 X%d F600\n",
			10 + 10 * (i % 2));
	session_rig_finish(&rig);
	session_rig_init(&rig, "prusa-buddy");
	/* The nozzle is to be cooled while it waits: there is something to write. */
	rig.settings.pause_heat_s = 60;
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, file);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_moving));
	printer_says("//action:paused\n");
	assert_true(session_rig_run(&rig, 10, wants_a_person));
	rig.memory.write_room = 0;
	session_rig_run(&rig, 300, NULL);
	assert_int_equal(session_rig_state(&rig).link, WIRE_ONLINE);
	assert_string_equal(session_rig_state(&rig).attempt, "a1");
	rig.memory.write_room = SIZE_MAX;
	session_on_writable(rig.session, rig.now_us);
	printer_says("//action:resumed\n");
	assert_true(session_rig_run(&rig, 600, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
}

static void test_a_nozzle_that_waits_for_a_person_is_cooled_after_a_while_and_heated_again(
	void **state)
{
	(void)state;
	session_rig_finish(&rig);
	session_rig_init(&rig, "marlin");
	rig.settings.pause_heat_s = 1200;
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_warm));
	printer_says("//action:paused filament_runout\n");
	assert_int_equal(session_rig_state(&rig).activity, WIRE_NEEDS_ATTENTION);
	session_rig_run(&rig, 1150, NULL);
	assert_true(session_rig_truth(&rig).hotend_target_celsius == 200);
	session_rig_run(&rig, 100, NULL);
	assert_true(session_rig_truth(&rig).hotend_target_celsius == 0);
	printer_says("//action:resumed\n");
	assert_true(session_rig_run(&rig, 600, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
}

static bool is_offline(struct session_rig *unused)
{
	(void)unused;
	return session_rig_state(&rig).link == WIRE_OFFLINE;
}

static void test_an_idle_board_that_went_silent_is_offline_within_half_a_minute(void **state)
{
	(void)state;
	session_rig_run(&rig, 30, NULL);
	session_rig_fault(&rig, "freeze");
	assert_true(session_rig_run(&rig, 30, is_offline));
	assert_int_equal(session_rig_state(&rig).fault, 0);
}

static void test_a_lock_outlives_the_streamer_and_only_a_person_takes_it_off(void **state)
{
	struct error error = { "" };

	(void)state;
	session_estop(rig.session, rig.now_us, &error);
	session_rig_run(&rig, 5, NULL);
	session_rig_kill_streamer(&rig);
	session_rig_fault(&rig, "power-cycle 2");
	session_rig_start_streamer(&rig);
	session_rig_run(&rig, 60, NULL);
	assert_int_equal(session_rig_state(&rig).link, WIRE_ONLINE);
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_ESTOP);
	assert_int_equal(session_connect(rig.session, false, rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(session_rig_state(&rig).fault, 0);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
}

static void test_a_printer_that_freezes_hot_is_an_emergency_with_a_stated_fault(void **state)
{
	int64_t frozen_us;

	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_rig_fault(&rig, "freeze");
	frozen_us = rig.now_us;
	assert_true(session_rig_run(&rig, 60, is_locked));
	assert_true(rig.now_us - frozen_us <= 13 * CLOCK_SECOND_US);
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_SILENT);
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
	assert_int_equal(session_rig_only_end(&rig)->fault, DRIVER_FAULT_SILENT);
	assert_non_null(strstr(session_rig_only_end(&rig)->reason, "10 s"));
	session_rig_run(&rig, 2, NULL);
	/* The stop was sent, whether the frozen board can hear it or not. */
	assert_true(sim_printer_counters(rig.printer)->deaf_bytes >= 12);
}

static void test_a_heater_stuck_on_is_stopped_before_the_firmware_sees_it(void **state)
{
	(void)state;
	session_rig_write_file(
		&rig, "M104 S200\nM109 S200\nG28\nG1 X10 Y10 F3000\nG4 S200\nM104 S0\n");
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_warm));
	session_rig_fault(&rig, "runaway hotend");
	assert_true(session_rig_run(&rig, 60, is_locked));
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_THERMAL);
	assert_non_null(strstr(session_rig_state(&rig).reason, "its target is"));
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
	assert_true(session_rig_truth(&rig).hotend_celsius < 260);
}

static void test_heat_by_a_manual_command_that_freezes_is_our_emergency_too(void **state)
{
	struct error error = { "" };

	(void)state;
	assert_int_equal(session_manual(rig.session, "M104 S200", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_rig_fault(&rig, "freeze");
	assert_true(session_rig_run(&rig, 30, is_locked));
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_SILENT);
	session_rig_run(&rig, 1, NULL);
	assert_true(sim_printer_counters(rig.printer)->deaf_bytes >= 12);
}

static void test_a_printer_heated_by_hand_that_freezes_is_an_alarm_and_no_more(void **state)
{
	(void)state;
	session_rig_fault(&rig, "press M104 S200");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_rig_fault(&rig, "freeze");
	session_rig_run(&rig, 11, NULL);
	assert_int_equal(session_rig_state(&rig).fault, 0);
	assert_int_equal(session_rig_state(&rig).activity, WIRE_NEEDS_ATTENTION);
	assert_non_null(strstr(session_rig_state(&rig).reason, "alarm"));
	assert_null(strstr(rig.said, "emergency"));
	session_rig_fault(&rig, "unfreeze");
	session_rig_run(&rig, 5, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_RUNNING);
}

static void test_an_emergency_stop_overtakes_bytes_that_the_port_has_not_taken(void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	rig.memory.write_room = 2;
	session_rig_run(&rig, 5, NULL);
	assert_true(session_wants_write(rig.session));
	session_estop(rig.session, rig.now_us, &error);
	assert_memory_equal(rig.session->out, "\nM112\n", 6);
	rig.memory.write_room = SIZE_MAX;
	session_on_writable(rig.session, rig.now_us);
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
}

static atomic_bool disk_hangs;

static ssize_t hanging_read(int fd, void *bytes, size_t size, off_t offset)
{
	while (atomic_load(&disk_hangs))
		usleep(1000);
	return pread(fd, bytes, size, offset);
}

static void test_a_disk_that_gives_nothing_for_a_minute_fails_the_print(void **state)
{
	(void)state;
	atomic_store(&disk_hangs, true);
	session_rig_kill_streamer(&rig);
	rig.read_at = hanging_read;
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_start(&rig, "a1");
	assert_false(session_rig_run(&rig, 59, session_rig_is_idle));
	assert_true(session_rig_run(&rig, 2, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
	assert_non_null(strstr(session_rig_only_end(&rig)->reason, "60 s"));
	assert_int_equal(session_rig_state(&rig).fault, 0);
	assert_true(session_rig_is_ready(&rig));
	atomic_store(&disk_hangs, false);
}

static void test_a_port_that_takes_nothing_more_ends_the_print_with_a_reason(void **state)
{
	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	rig.memory.write_room = 0;
	assert_true(session_rig_run(&rig, 120, session_rig_is_idle));
	assert_true(session_rig_only_end(&rig)->result == WIRE_SUSPECT ||
		    session_rig_only_end(&rig)->result == WIRE_FAILED);
	assert_true(session_rig_only_end(&rig)->reason[0] != '\0');
}

static void test_a_board_that_resets_in_the_middle_fails_the_print_and_locks(void **state)
{
	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_rig_fault(&rig, "reset");
	assert_true(session_rig_run(&rig, 60, is_locked));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
	assert_int_equal(session_rig_only_end(&rig)->fault, DRIVER_FAULT_RESET);
	session_rig_run(&rig, 60, NULL);
	assert_false(session_rig_state(&rig).hot_by_us);
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_RESET);
}

static void test_a_heater_without_current_is_noticed_by_us_or_the_firmware(void **state)
{
	(void)state;
	session_rig_fault(&rig, "heater hotend dead");
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 120, is_locked));
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_THERMAL);
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
	session_rig_run(&rig, 3, NULL);
	assert_true(session_rig_heaters_are_off(&rig));
}

static void test_a_pause_holds_and_a_resume_goes_on_where_it_was(void **state)
{
	struct error error = { "" };
	int64_t print_us;

	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	assert_int_equal(session_pause(rig.session, "other", rig.now_us, &error), -ENOENT);
	assert_int_equal(session_pause(rig.session, "a1", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 60, is_paused));
	print_us = session_rig_state(&rig).progress.print_us;
	session_rig_run(&rig, 1200, NULL);
	assert_true(is_paused(NULL));
	assert_int_equal(session_rig_state(&rig).progress.print_us, print_us);
	assert_int_equal(session_resume(rig.session, "", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
	assert_true(session_rig_only_end(&rig)->numbers.print_us < print_us + 300000000);
	assert_int_equal(session_rig_only_end(&rig)->numbers.commands_done, 7);
}

static void test_a_resume_during_a_pause_does_not_get_lost(void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	assert_int_equal(session_pause(rig.session, "a1", rig.now_us, &error), 0);
	assert_int_equal(session_resume(rig.session, "a1", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
}

static void test_a_cancel_in_a_heat_up_leaves_it_and_ends_cold(void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	assert_int_equal(session_cancel(rig.session, "a1", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 60, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_CANCELLED);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_heaters_are_off(&rig));
	assert_false(session_rig_has_executed(&rig, "G1 X20 Y10"));
}

static void test_a_streamer_told_to_end_parks_cools_and_says_why(void **state)
{
	(void)state;
	session_rig_write_file(&rig, session_rig_hot_print);
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_stop(rig.session, "the streamer was told to end", rig.now_us);
	assert_true(session_is_busy(rig.session));
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_false(session_is_busy(rig.session));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
	assert_int_equal(session_rig_only_end(&rig)->fault, DRIVER_FAULT_NONE);
	assert_string_equal(session_rig_only_end(&rig)->reason, "the streamer was told to end");
	assert_true(session_rig_heaters_are_off(&rig));
}

static void test_a_file_that_cannot_be_sent_ends_the_print_and_not_the_printer(void **state)
{
	static const struct {
		const char *text;
		int64_t more_bytes;
		const char *words;
	} rows[] = {
		{ "G28\nG1 X10 Y10 F3000\nM112\nG1 X50\n", 0, "line 3" },
		{ "G28\nG1 X1\n", 5, "announced" },
		{ "; nothing\n\n", 0, "no command" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		char attempt[16];

		snprintf(attempt, sizeof(attempt), "a%zu", i);
		session_rig_write_file(&rig, rows[i].text);
		rig.bytes += rows[i].more_bytes;
		session_rig_start(&rig, attempt);
		assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
		assert_int_equal(session_rig_only_end(&rig)->result, WIRE_FAILED);
		if (!strstr(session_rig_only_end(&rig)->reason, rows[i].words))
			fail_msg("%s", session_rig_only_end(&rig)->reason);
		session_booked(rig.session, attempt);
		assert_int_equal(session_rig_state(&rig).fault, 0);
		assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
		assert_false(session_rig_has_executed(&rig, "G1 X50"));
	}
}

static void test_a_printer_heated_by_hand_is_watched_and_left_alone(void **state)
{
	struct wire_start start = { .bytes = rig.bytes };
	struct error error = { "" };

	(void)state;
	session_rig_fault(&rig, "press M104 S200");
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	session_rig_run(&rig, 10, NULL);
	assert_int_equal(session_rig_state(&rig).activity, WIRE_BY_HAND);
	assert_false(session_rig_state(&rig).hot_by_us);
	strcpy(start.path, rig.path);
	assert_int_equal(session_start(rig.session, "a1", &start, rig.now_us, &error), -EBUSY);
	assert_non_null(strstr(error.text, "by hand"));
	session_rig_fault(&rig, "unplug");
	session_rig_run(&rig, 5, NULL);
	session_rig_fault(&rig, "replug");
	session_rig_run(&rig, 60, NULL);
	assert_int_equal(session_rig_state(&rig).activity, WIRE_BY_HAND);
	assert_false(session_rig_heaters_are_off(&rig));
}

static void test_manual_heat_is_ours_until_it_is_off_again(void **state)
{
	struct error error = { "" };

	(void)state;
	assert_int_equal(session_manual(rig.session, "M104 S200", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 300, session_rig_is_hot));
	assert_true(session_rig_state(&rig).hot_by_us);
	assert_int_equal(session_rig_state(&rig).activity, WIRE_IDLE);
	assert_int_equal(session_manual(rig.session, "M104 S0", rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_true(session_rig_heaters_are_off(&rig));
	assert_int_equal(session_manual(rig.session, "M112", rig.now_us, &error), -EPERM);
	assert_int_equal(session_manual(rig.session, "; hello", rig.now_us, &error), -EINVAL);
}

static void test_another_printer_on_the_port_is_refused_by_its_uuid(void **state)
{
	(void)state;
	session_rig_finish(&rig);
	session_rig_init(&rig, "marlin");
	strcpy(rig.settings.uuid, "00000000-0000-0000-0000-000000000000");
	session_rig_start_streamer(&rig);
	assert_false(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_non_null(strstr(session_rig_state(&rig).reason, "another printer is on this port"));
	assert_int_equal(session_rig_state(&rig).fault, 0);
}

static void test_a_missing_port_is_offline_with_the_reason_and_tried_with_growing_pauses(
	void **state)
{
	int opened;

	(void)state;
	session_rig_fault(&rig, "unplug");
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(session_rig_state(&rig).link, WIRE_OFFLINE);
	assert_non_null(strstr(session_rig_state(&rig).reason, "gone"));
	session_rig_run(&rig, 600, NULL);
	assert_non_null(strstr(session_rig_state(&rig).reason, "No such device"));
	assert_true(rig.session->tries >= 20 && rig.session->tries <= 26);
	opened = rig.memory.opened;
	session_rig_fault(&rig, "replug");
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.opened, opened + 1);
}

/* Before every step: room for a few bytes, now and then. */
static void test_a_silent_printer_is_offline_with_the_reason_and_tried_with_growing_pauses(
	void **state)
{
	struct error error = { "" };

	(void)state;
	session_rig_fault(&rig, "freeze");
	session_rig_run(&rig, 600, NULL);
	assert_int_equal(session_rig_state(&rig).fault, 0);
	assert_true(session_rig_state(&rig).reason[0] != '\0' || rig.port_open);
	assert_true(rig.memory.opened >= 10 && rig.memory.opened <= 40);
	session_rig_fault(&rig, "unfreeze");
	assert_int_equal(session_connect(rig.session, false, rig.now_us, &error), 0);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
}

static bool is_idle_on_a_slow_port(struct session_rig *unused)
{
	static int count;

	(void)unused;
	rig.memory.write_room = (size_t)(count++ % 29);
	if (session_wants_write(rig.session))
		session_on_writable(rig.session, rig.now_us);
	return session_rig_is_idle(&rig);
}

static void test_a_port_that_takes_bytes_in_pieces_loses_none(void **state)
{
	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 600, is_idle_on_a_slow_port));
	if (session_rig_only_end(&rig)->result != WIRE_PRINTED)
		fail_msg("%s", session_rig_only_end(&rig)->reason);
	assert_int_equal(session_rig_only_end(&rig)->numbers.commands_done, 7);
	assert_int_equal(sim_printer_counters(rig.printer)->checksum_errors, 0);
}

static int notes_in_order;

static void on_note(void *context, struct session *session, const char *text)
{
	const char *note = strstr(text, "note ");

	(void)context;
	(void)session;
	if (note && strtol(note + strlen("note "), NULL, 10) == notes_in_order)
		notes_in_order++;
}

/* The host reads nothing for 10 s (a stalled machine); then 8 KiB wait for it: answers between
 * other words, which are counted (long ones: a driver passes on only some of one piece). */
static int leave_unread(int64_t us)
{
	const int64_t begin_us = rig.now_us, end_us = begin_us + us;
	struct port_memory *memory = &rig.memory;
	int notes = 0;

	while (rig.now_us < end_us) {
		int64_t next_us = sim_printer_next_event_us(rig.printer);

		rig.now_us = next_us > end_us		   ? end_us
			     : next_us > rig.now_us + 1000 ? next_us
							   : rig.now_us + 1000;
		sim_printer_advance(rig.printer, rig.now_us);
		memory->to_host_length += sim_printer_take_output(rig.printer,
			memory->to_host + memory->to_host_length,
			sizeof(memory->to_host) - memory->to_host_length);
		while (memory->to_host_length > 0 &&
			memory->to_host[memory->to_host_length - 1] == '\n' &&
			(int64_t)memory->to_host_length * us < 8192 * (rig.now_us - begin_us)) {
			char note[64];

			snprintf(note, sizeof(note),
				"Error:note %d of a printer that nobody hears\n", notes++);
			port_memory_say(memory, note);
		}
	}
	return notes;
}

static void print_unread_for_10_s(int64_t window_lines, bool time_is_told_first)
{
	static const char print[] =
		"G28\nG1 X10 Y10 F3000\nG4 P3000\nG1 X20 Y10\nG4 P3000\nG1 X20 Y20\n"
		"G1 X10 Y20\nG1 X10 Y10\nG1 X20 Y20\nG1 X10 Y10\n";

	int notes;

	rig.settings.window_lines = window_lines;
	session_configure(rig.session, &rig.settings, rig.now_us);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	session_rig_write_file(&rig, print);
	rig.executed_count = 0;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	rig.events.said = on_note;
	notes_in_order = 0;
	notes = leave_unread(10000000);
	assert_true(rig.memory.to_host_length >= 8192);
	if (time_is_told_first)
		session_on_wake(rig.session, rig.now_us);
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	if (session_rig_only_end(&rig)->result != WIRE_PRINTED)
		fail_msg("%s", session_rig_only_end(&rig)->reason);
	assert_int_equal(session_rig_only_end(&rig)->numbers.commands_done, 10);
	assert_int_equal(session_rig_only_end(&rig)->numbers.resends, 0);
	assert_int_equal(session_rig_only_end(&rig)->numbers.lost_acknowledgements, 0);
	assert_int_equal(session_rig_only_end(&rig)->numbers.surplus_acknowledgements, 0);
	assert_true(notes > 100);
	assert_int_equal(notes_in_order, notes);
}

/* S9 of serial-protocols.md 15.5 */
static void test_a_host_that_did_not_read_for_10_s_attributes_every_answer(void **state)
{
	static const int64_t windows[] = { DRIVER_WINDOW_PING_PONG, 3, DRIVER_WINDOW_HELD };

	for (size_t i = 0; i < 2 * sizeof(windows) / sizeof(windows[0]); i++) {
		if (i > 0) {
			tear_down(state);
			assert_int_equal(set_up(state), 0);
		}
		print_unread_for_10_s(windows[i / 2], i % 2 != 0);
	}
}

static void test_new_settings_wait_for_the_end_of_the_print(void **state)
{
	struct wire_settings settings = rig.settings;
	int opened = rig.memory.opened;

	(void)state;
	session_rig_start(&rig, "a1");
	assert_true(session_rig_run(&rig, 300, is_moving));
	settings.bed_max_celsius = 90;
	session_configure(rig.session, &settings, rig.now_us);
	assert_int_equal(rig.memory.opened, opened);
	assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
	assert_int_equal(session_rig_only_end(&rig)->result, WIRE_PRINTED);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	assert_int_equal(rig.memory.opened, opened + 1);
	assert_true(session_settings(rig.session)->bed_max_celsius == 90);
}

#define SESSION_TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SESSION_TEST(test_an_emergency_stop_in_a_heat_up_kills_at_once_and_locks),
		SESSION_TEST(test_the_power_is_the_last_rung_of_an_emergency_stop),
		SESSION_TEST(test_a_runaway_is_cut_off_though_the_firmware_says_it_has_stopped),
		SESSION_TEST(test_a_laser_that_freezes_lit_has_its_power_cut),
		SESSION_TEST(test_a_board_that_was_halted_is_said_to_want_its_power_switched),
		SESSION_TEST(test_only_firmware_that_queues_its_stop_has_no_remote_stop),
		SESSION_TEST(test_a_dead_man_stops_a_hot_printer_that_nobody_serves_any_more),
		SESSION_TEST(test_a_dead_man_sleeps_while_nothing_of_ours_is_hot),
		SESSION_TEST(
			test_a_nozzle_that_waits_for_a_person_is_cooled_after_a_while_and_heated_again),
		SESSION_TEST(test_a_resume_says_that_only_a_person_at_the_panel_can_end_the_wait),
		SESSION_TEST(test_an_idle_board_that_went_silent_is_offline_within_half_a_minute),
		SESSION_TEST(test_a_printer_that_freezes_hot_is_an_emergency_with_a_stated_fault),
		SESSION_TEST(test_a_heater_stuck_on_is_stopped_before_the_firmware_sees_it),
		SESSION_TEST(test_heat_by_a_manual_command_that_freezes_is_our_emergency_too),
		SESSION_TEST(test_an_emergency_stop_overtakes_bytes_that_the_port_has_not_taken),
		SESSION_TEST(test_a_disk_that_gives_nothing_for_a_minute_fails_the_print),
		SESSION_TEST(test_a_port_that_takes_nothing_more_ends_the_print_with_a_reason),
		SESSION_TEST(test_a_printer_that_waits_for_a_person_may_leave_its_port_unread),
		SESSION_TEST(test_a_printer_heated_by_hand_that_freezes_is_an_alarm_and_no_more),
		SESSION_TEST(test_a_heater_without_current_is_noticed_by_us_or_the_firmware),
		SESSION_TEST(test_a_cable_pulled_while_hot_makes_it_suspect_and_cold_when_back),
		SESSION_TEST(test_a_killed_streamer_finds_its_print_and_cools_before_it_tells),
		SESSION_TEST(
			test_a_killed_streamer_makes_a_printer_cold_that_waits_for_its_own_heat),
		SESSION_TEST(
			test_a_printer_that_will_not_be_switched_off_is_stopped_after_half_a_minute),
		SESSION_TEST(test_an_end_is_told_in_time_though_the_printer_never_comes_back),
		SESSION_TEST(test_a_print_executes_the_files_commands_in_order_and_ends_printed),
		SESSION_TEST(test_an_attempt_is_never_printed_twice),
		SESSION_TEST(test_a_lock_outlives_the_streamer_and_only_a_person_takes_it_off),
		SESSION_TEST(test_a_board_that_resets_in_the_middle_fails_the_print_and_locks),
		SESSION_TEST(test_a_cancel_in_a_heat_up_leaves_it_and_ends_cold),
		SESSION_TEST(test_a_streamer_told_to_end_parks_cools_and_says_why),
		SESSION_TEST(test_a_file_that_cannot_be_sent_ends_the_print_and_not_the_printer),
		SESSION_TEST(test_a_pause_holds_and_a_resume_goes_on_where_it_was),
		SESSION_TEST(test_a_resume_during_a_pause_does_not_get_lost),
		SESSION_TEST(test_another_printer_on_the_port_is_refused_by_its_uuid),
		SESSION_TEST(test_a_printer_heated_by_hand_is_watched_and_left_alone),
		SESSION_TEST(test_manual_heat_is_ours_until_it_is_off_again),
		SESSION_TEST(
			test_a_missing_port_is_offline_with_the_reason_and_tried_with_growing_pauses),
		SESSION_TEST(
			test_a_silent_printer_is_offline_with_the_reason_and_tried_with_growing_pauses),
		SESSION_TEST(test_a_port_that_takes_bytes_in_pieces_loses_none),
		SESSION_TEST(test_a_host_that_did_not_read_for_10_s_attributes_every_answer),
		SESSION_TEST(test_new_settings_wait_for_the_end_of_the_print),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
