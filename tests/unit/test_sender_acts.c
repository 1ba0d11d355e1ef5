/* A print that somebody or something interferes with, at any moment, on a noisy line: pause and
 * resume, cancel, emergency stop, a reset of the board, a freeze.  Driver and simulated printer in
 * one process; every moment comes from a seed. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "gcode/modal.h"
#include "sim/faults.h"
#include "tests/unit/sender_rig.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS = 260 };

static char commands[COMMANDS][RIG_COMMAND_MAX];

static void write_file(struct random *random)
{
	static const char *const head[] = { "M104 S200", "M190 S60", "M109 S200", "G28", "G90",
		"M83", "G1 X100 Y100 Z.2 F3000" };
	size_t count = 0;

	for (; count < sizeof(head) / sizeof(head[0]); count++)
		strcpy(commands[count], head[count]);
	for (; count < COMMANDS; count++) {
		int kind = (int)random_below(random, 60);
		int x = 90 + (int)random_below(random, 20), y = 90 + (int)random_below(random, 20);

		if (kind == 0)
			strcpy(commands[count], random_below(random, 2) ? "M82" : "M83");
		else if (kind == 1)
			strcpy(commands[count], "G92 E0");
		else if (kind == 2)
			snprintf(commands[count], RIG_COMMAND_MAX, "G1 Z%d.%d F600",
				1 + (int)random_below(random, 9), (int)random_below(random, 10));
		else if (kind == 3)
			strcpy(commands[count], "G4 P300");
		else
			snprintf(commands[count], RIG_COMMAND_MAX, "G1 X%d.%d Y%d.5 E.0%d F%d", x,
				kind % 10, y, kind, 1800 + 60 * kind);
	}
}

static void start(struct rig *rig, uint64_t seed, bool noisy)
{
	static const char *const firmwares[] = { "marlin", "marlin-stock", "marlin-2.1.2" };
	struct random random;
	struct sim_settings sim;
	struct driver_settings settings = { .window_lines = 1 + (int32_t)(seed % 3),
		.baud = 115200,
		.can_reset_line = true,
		.park_x_mm = 5,
		.park_y_mm = 190,
		.park_lift_mm = 10,
		.hotend_standby_celsius = 150,
		.seed = seed };

	random_init(&random, seed);
	write_file(&random);
	assert_true(sim_settings_init(&sim, "p", firmwares[random_below(&random, 3)]));
	sim.warm_start = true;
	sim.boot_us = 200000;
	if (noisy)
		sim.noise_up = sim.noise_down = 1e-4;
	rig_init(rig, &sim, &settings, seed);
	rig->trace = getenv("RIG_TRACE") != NULL;
	rig_print(rig, (const char(*)[RIG_COMMAND_MAX])commands, COMMANDS);
}

static bool never(const struct rig *rig)
{
	return rig->done || rig->cancelled || rig->faulted || rig->link_fault;
}

static bool is_paused(const struct rig *rig)
{
	return rig->paused || never(rig);
}

static bool is_resumed(const struct rig *rig)
{
	return rig->resumed || never(rig);
}

typedef void slot(struct driver *driver, int64_t now_us, struct driver_effects *effects);

static void call(struct rig *rig, slot *act)
{
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	act(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
}

static double target(const struct modal *modal)
{
	return modal->hotend_celsius[0];
}

/* Two followers: one of everything that was executed, one of the file alone.  Before each command
 * of the file both must stand at the same place, in the same modes. */
static void check_that_the_file_does_not_notice(const struct rig *rig, uint64_t seed)
{
	struct modal all, file;
	int32_t next = 0;

	modal_init(&all);
	modal_init(&file);
	for (size_t i = 0; i < rig->executed_count; i++) {
		const struct rig_executed *entry = &rig->executed[i];
		const char *command = entry->command;

		if (entry->index >= 0) {
			if (entry->index != next++)
				fail_msg("seed %llu: %s is not the next command",
					(unsigned long long)seed, command);
			for (int axis = 0; axis < 3; axis++) {
				if (file.known[axis] &&
					fabs(all.position_mm[axis] - file.position_mm[axis]) > 1e-3)
					fail_msg("seed %llu: before %s axis %d is at %f, not %f",
						(unsigned long long)seed, command, axis,
						all.position_mm[axis], file.position_mm[axis]);
			}
			if (all.absolute != file.absolute ||
				modal_e_is_relative(&all) != modal_e_is_relative(&file) ||
				fabs(target(&all) - target(&file)) > 1e-9 ||
				(file.feed_mm_min > 0 &&
					fabs(all.feed_mm_min - file.feed_mm_min) > 1e-3))
				fail_msg("seed %llu: before %s the modes differ",
					(unsigned long long)seed, command);
			modal_apply(&file, command, strlen(command));
		}
		modal_apply(&all, command, strlen(command));
	}
}

static void assert_cold(const struct rig *rig)
{
	struct sim_status status;

	sim_printer_status(rig->printer, &status);
	assert_true(status.hotend_target_celsius <= 0);
	assert_true(status.bed_target_celsius <= 0);
}

static void test_a_pause_at_any_moment_goes_on_where_it_was(void **state)
{
	struct random random;
	size_t pauses = 0, stopped = 0;

	(void)state;
	random_init(&random, 11);
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rig rig;
		struct rig_verdict verdict;

		start(&rig, seed, true);
		for (int i = 0; i < 4 && !never(&rig); i++) {
			rig_run(&rig, (int64_t)random_below(&random, 15000000), never);
			if (never(&rig) || !rig.started)
				continue;
			rig.paused = rig.resumed = false;
			call(&rig, rig.dialect->pause);
			assert_true(rig_run(&rig, INT64_C(600000000), is_paused));
			if (never(&rig))
				break;
			pauses++;
			rig_run(&rig, (int64_t)random_below(&random, 30000000), never);
			call(&rig, rig.dialect->resume);
			assert_true(rig_run(&rig, INT64_C(600000000), is_resumed));
		}
		assert_true(rig_run(&rig, INT64_C(7200000000), NULL));
		rig_judge(&rig, &verdict);
		assert_false(verdict.wrong);
		if (rig.done)
			assert_int_equal(verdict.in_order, COMMANDS);
		else
			stopped++;
		check_that_the_file_does_not_notice(&rig, seed);
		rig_finish(&rig);
	}
	print_message("# %zu pauses, %zu prints stopped with a reason\n", pauses, stopped);
	assert_true(pauses > 60);
	assert_true(stopped <= 6);
}

static void test_a_cancel_at_any_moment_ends_cold(void **state)
{
	struct random random;
	size_t cancelled = 0;

	(void)state;
	random_init(&random, 12);
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rig rig;
		struct rig_verdict verdict;

		start(&rig, seed, true);
		rig_run(&rig, (int64_t)random_below(&random, 60000000), never);
		if (rig.started && !never(&rig)) {
			call(&rig, rig.dialect->cancel);
			assert_true(rig_run(&rig, INT64_C(600000000), NULL));
			rig_judge(&rig, &verdict);
			assert_false(verdict.wrong);
			if (rig.cancelled) {
				cancelled++;
				assert_cold(&rig);
			}
		}
		rig_finish(&rig);
	}
	assert_true(cancelled >= 45);
}

static void test_nothing_is_sent_to_a_board_that_has_restarted(void **state)
{
	static const struct sim_fault reset = { .kind = SIM_FAULT_RESET };
	struct random random;
	size_t resets = 0;

	(void)state;
	random_init(&random, 13);
	for (uint64_t seed = 1; seed <= 100; seed++) {
		struct rig rig;
		size_t before;

		start(&rig, seed, seed % 2 == 0);
		rig_run(&rig, (int64_t)(3000000 + random_below(&random, 40000000)), never);
		if (rig.started && !never(&rig)) {
			sim_printer_apply(rig.printer, &reset, rig.now_us);
			rig_run(&rig, 0, NULL);
			before = rig.executed_count;
			assert_true(rig_run(&rig, INT64_C(120000000), NULL));
			assert_true(rig.faulted);
			assert_int_equal(rig.fault, DRIVER_FAULT_RESET);
			resets++;
			/* What was on its way when it happened is lost with the board. */
			for (size_t i = before; i < rig.executed_count; i++)
				assert_true(rig.executed[i].index < 0);
			assert_cold(&rig);
		}
		rig_finish(&rig);
	}
	assert_true(resets > 60);
}

static void test_a_printer_that_freezes_hot_is_an_emergency_within_seconds(void **state)
{
	static const struct sim_fault freeze = { .kind = SIM_FAULT_FREEZE };
	struct random random;
	size_t frozen = 0;

	(void)state;
	random_init(&random, 14);
	for (uint64_t seed = 1; seed <= 30; seed++) {
		struct rig rig;
		int64_t frozen_us;

		start(&rig, seed, false);
		rig_run(&rig, (int64_t)(3000000 + random_below(&random, 40000000)), never);
		if (rig.started && !never(&rig)) {
			sim_printer_apply(rig.printer, &freeze, rig.now_us);
			frozen_us = rig.now_us;
			assert_true(rig_run(&rig, INT64_C(120000000), NULL));
			assert_int_equal(rig.fault, DRIVER_FAULT_SILENT);
			assert_true(rig.reset_line);
			assert_true(rig.link_fault);
			if (rig.now_us - frozen_us > INT64_C(60100000))
				fail_msg("seed %llu: %lld s", (unsigned long long)seed,
					(long long)(rig.now_us - frozen_us) / 1000000);
			frozen++;
		}
		rig_finish(&rig);
	}
	assert_true(frozen > 20);
}

static void test_an_emergency_stop_halts_the_printer_whatever_it_does(void **state)
{
	struct random random;
	size_t stops = 0;

	(void)state;
	random_init(&random, 15);
	for (uint64_t seed = 1; seed <= 60; seed++) {
		struct rig rig;
		struct sim_status status;

		start(&rig, seed, false);
		rig_run(&rig, (int64_t)random_below(&random, 50000000), never);
		if (!never(&rig)) {
			call(&rig, rig.dialect->estop);
			rig_run(&rig, 500000, is_paused);
			sim_printer_advance(rig.printer, rig.now_us + 500000);
			sim_printer_status(rig.printer, &status);
			assert_int_equal(rig.dialect->state(rig.driver), DRIVER_FAULT);
			assert_int_equal(rig.fault, DRIVER_FAULT_ESTOP);
			if (status.state != SIM_BOOTING)
				assert_int_equal(status.state, SIM_HALTED);
			stops++;
		}
		rig_finish(&rig);
	}
	assert_true(stops > 30);
}

static void test_a_heater_fault_of_the_firmware_is_named_within_a_second(void **state)
{
	static const struct sim_fault open = { .kind = SIM_FAULT_THERMISTOR,
		.heater = SIM_HOTEND,
		.thermistor = SIM_THERMISTOR_OPEN };
	struct rig rig;

	(void)state;
	start(&rig, 3, false);
	rig_run(&rig, 12000000, never);
	assert_true(rig.started);
	sim_printer_apply(rig.printer, &open, rig.now_us);
	assert_true(rig_run(&rig, 3000000, NULL));
	assert_int_equal(rig.fault, DRIVER_FAULT_THERMAL);
	assert_non_null(strstr(rig.reason, "MINTEMP"));
	rig_finish(&rig);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_an_emergency_stop_halts_the_printer_whatever_it_does),
	cmocka_unit_test(test_a_printer_that_freezes_hot_is_an_emergency_within_seconds),
	cmocka_unit_test(test_a_heater_fault_of_the_firmware_is_named_within_a_second),
	cmocka_unit_test(test_nothing_is_sent_to_a_board_that_has_restarted),
	cmocka_unit_test(test_a_cancel_at_any_moment_ends_cold),
	cmocka_unit_test(test_a_pause_at_any_moment_goes_on_where_it_was),
};

int main(void)
{
	return cmocka_run_group_tests_name("sender_acts", tests, NULL, NULL);
}
