/* A print on Marlin's kin that somebody or something interferes with, at moments from a seed: pause
 * and resume, cancel, emergency stop, a heater fault, a reset, a freeze; and the crash of a Prusa
 * MK3, which asks for lines that it has acknowledged long ago. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "sim/faults.h"
#include "tests/unit/sender_rig.h"

#include <stdio.h>  /* snprintf */
#include <stdlib.h> /* getenv */
#include <string.h> /* strcpy, strstr */

enum { COMMANDS = 200, SEEDS = 12 };

static const struct kin {
	const char *firmware, *dialect;
	bool breaks_waits; /* a cancel can leave a heat-up */
} kin[] = {
	{ "repetier", "repetier", true },
	{ "repetier-2", "auto", true },
	{ "smoothie", "smoothie", false },
	{ "smoothie-uart", "auto", false },
	{ "prusa-mk3", "prusa-mk3", false },
	{ "prusa-buddy", "prusa-buddy", true },
};
enum { KIN = sizeof kin / sizeof kin[0] };

static char commands[COMMANDS][RIG_COMMAND_MAX];

static void write_file(struct random *random)
{
	static const char *const head[] = { "M104 S200", "M190 S60", "M109 S200", "G28", "G90",
		"M83", "G1 X100 Y100 Z.2 F3000" };
	size_t count = 0;

	for (; count < sizeof head / sizeof head[0]; count++)
		strcpy(commands[count], head[count]);
	for (; count < COMMANDS; count++)
		snprintf(commands[count], RIG_COMMAND_MAX, "G1 X%d.%d Y%d.5 E.0%d F%d",
			90 + (int)random_below(random, 20), (int)random_below(random, 10),
			90 + (int)random_below(random, 20), (int)random_below(random, 90),
			1800 + 60 * (int)random_below(random, 60));
}

static void start(struct rig *rig, const struct kin *which, uint64_t seed, bool warm)
{
	struct random random;
	struct sim_settings sim;
	const struct driver_settings settings = { .baud = 115200,
		.can_reset_line = true,
		.park_x_mm = 5,
		.park_y_mm = 190,
		.park_lift_mm = 10,
		.hotend_standby_celsius = 150,
		.seed = seed };

	random_init(&random, seed);
	write_file(&random);
	assert_true(sim_settings_init(&sim, "p", which->firmware));
	sim.warm_start = warm;
	sim.boot_us = 200000;
	rig_init_dialect(rig, strcmp(which->dialect, "auto") == 0 ? "marlin" : which->dialect, &sim,
		&settings, seed);
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

static void apply(struct rig *rig, const char *words)
{
	char copy[64], *word[8];
	struct sim_fault fault;

	snprintf(copy, sizeof copy, "%s", words);
	assert_true(sim_fault_from_words(&fault, word, sim_words(copy, word, 8), NULL));
	sim_printer_apply(rig->printer, &fault, rig->now_us);
}

/* Into the print by a while; false: it did not come to that. */
static bool into_print(struct rig *rig, struct random *random)
{
	rig_run(rig, (int64_t)(4000000 + random_below(random, 40000000)), never);
	return rig->started && !never(rig);
}

static void check_cold(const struct rig *rig, const struct kin *which, uint64_t seed)
{
	struct sim_status status;

	sim_printer_status(rig->printer, &status);
	if (status.hotend_target_celsius > 0 || status.bed_target_celsius > 0)
		fail_msg("%s, seed %llu: targets %f %f", which->firmware, (unsigned long long)seed,
			status.hotend_target_celsius, status.bed_target_celsius);
}

static void test_a_pause_goes_on_where_it_was(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 21);
	for (size_t k = 0; k < KIN; k++) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct rig_verdict verdict;
			struct rig rig;

			start(&rig, &kin[k], seed, true);
			for (int i = 0; i < 2 && into_print(&rig, &random); i++) {
				rig.paused = rig.resumed = false;
				call(&rig, rig.dialect->pause);
				assert_true(rig_run(&rig, INT64_C(600000000), is_paused));
				rig_run(&rig, (int64_t)random_below(&random, 30000000), never);
				call(&rig, rig.dialect->resume);
				assert_true(rig_run(&rig, INT64_C(600000000), is_resumed));
			}
			assert_true(rig_run(&rig, INT64_C(7200000000), NULL));
			rig_judge(&rig, &verdict);
			if (!rig.done || verdict.in_order != COMMANDS || verdict.wrong ||
				verdict.fragments > 0)
				fail_msg("%s, seed %llu: %zu commands, %s %s", kin[k].firmware,
					(unsigned long long)seed, verdict.in_order,
					verdict.first_wrong, rig.reason);
			rig_finish(&rig);
		}
	}
}

static void test_a_cancel_ends_cold_even_in_a_heat_up(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 22);
	for (size_t k = 0; k < KIN; k++) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			bool warm = seed % 2 == 0;
			struct rig rig;

			start(&rig, &kin[k], seed, warm);
			if (into_print(&rig, &random)) {
				int64_t asked_us = rig.now_us;
				call(&rig, rig.dialect->cancel);
				assert_true(rig_run(&rig, INT64_C(900000000), NULL));
				if (!rig.cancelled)
					fail_msg("%s, seed %llu: %s", kin[k].firmware,
						(unsigned long long)seed, rig.reason);
				if (kin[k].breaks_waits && !warm &&
					rig.now_us - asked_us > INT64_C(60000000))
					fail_msg("%s, seed %llu: %lld s", kin[k].firmware,
						(unsigned long long)seed,
						(long long)(rig.now_us - asked_us) / 1000000);
				check_cold(&rig, &kin[k], seed);
			}
			rig_finish(&rig);
		}
	}
}

static void test_an_emergency_stop_ends_heat_and_motion(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 23);
	for (size_t k = 0; k < KIN; k++) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct sim_status status;
			struct rig rig;

			start(&rig, &kin[k], seed, seed % 2 == 0);
			if (into_print(&rig, &random)) {
				call(&rig, rig.dialect->estop);
				rig_run(&rig, 2000000, is_paused);
				sim_printer_advance(rig.printer, rig.now_us + 2000000);
				sim_printer_status(rig.printer, &status);
				assert_int_equal(rig.fault, DRIVER_FAULT_ESTOP);
				check_cold(&rig, &kin[k], seed);
				if (status.planned > 0 ||
					sim_printer_counters(rig.printer)->kills != 1)
					fail_msg("%s, seed %llu: not stopped", kin[k].firmware,
						(unsigned long long)seed);
			}
			rig_finish(&rig);
		}
	}
}

/* Native USB behind a name that is not known to be one: it has no baud rate. */
static void test_a_board_faster_than_its_baud_rate_acknowledges_nothing_too_early(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 31);
	for (uint64_t seed = 1; seed <= SEEDS; seed++) {
		const struct driver_settings settings = {
			.baud = 9600, .window_lines = DRIVER_WINDOW_HELD, .seed = seed
		};
		struct sim_settings sim;
		struct rig rig;

		write_file(&random);
		assert_true(sim_settings_init(&sim, "p", "prusa-buddy"));
		sim.warm_start = true;
		sim.boot_us = 200000;
		sim.baud = 250000;
		rig_init_dialect(&rig, "prusa-buddy", &sim, &settings, seed);
		rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])commands, COMMANDS);
		assert_true(rig_run(&rig, INT64_C(3600000000), NULL));
		assert_true(rig.done);
		assert_int_equal(rig.dialect->counters(rig.driver)->surplus_acknowledgements, 0);
		assert_int_equal(rig.dialect->counters(rig.driver)->lost_acknowledgements, 0);
		rig_finish(&rig);
	}
}

/* Smoothieware stays halted while its port is closed and opened again. */
static void test_a_board_that_is_still_halted_says_what_helps(void **state)
{
	struct random random;
	struct rig rig;

	(void)state;
	random_init(&random, 29);
	start(&rig, &kin[2], 1, true);
	assert_true(into_print(&rig, &random));
	call(&rig, rig.dialect->estop);
	rig_run(&rig, 2000000, is_paused);
	rig_unplug(&rig);
	rig_plug(&rig);
	rig.faulted = rig.cancelled = rig.link_fault = false;
	rig_run(&rig, 30000000, is_paused);
	if (!strstr(rig.reason, "reset button") || !strstr(rig.reason, "M999"))
		fail_msg("%s", rig.reason);
	rig_finish(&rig);
}

static bool is_ready(const struct rig *rig)
{
	return rig->state == DRIVER_READY;
}

static void test_a_halted_board_goes_on_when_a_person_has_unlocked_it_and_not_before(void **state)
{
	struct random random;
	struct rig rig;

	(void)state;
	random_init(&random, 29);
	start(&rig, &kin[2], 1, true);
	assert_true(into_print(&rig, &random));
	call(&rig, rig.dialect->estop);
	rig_run(&rig, 2000000, is_paused);
	for (int unlocked = 0; unlocked < 2; unlocked++) {
		rig_unplug(&rig);
		if (unlocked)
			rig.dialect->unlocked(rig.driver);
		rig_plug(&rig);
		rig.faulted = rig.cancelled = rig.link_fault = false;
		rig_run(&rig, 30000000, is_ready);
		assert_int_equal(rig.state == DRIVER_READY, unlocked);
	}
	rig_finish(&rig);
}

static void test_a_heater_fault_is_named_within_seconds(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 24);
	for (size_t k = 0; k < KIN; k++) {
		struct rig rig;

		start(&rig, &kin[k], 3, true);
		assert_true(into_print(&rig, &random));
		apply(&rig, "thermistor hotend open");
		if (!rig_run(&rig, 5000000, NULL) || rig.fault != DRIVER_FAULT_THERMAL)
			fail_msg("%s: %s", kin[k].firmware, rig.reason);
		rig_finish(&rig);
	}
}

static void test_nothing_of_the_file_goes_to_a_board_that_has_restarted(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 25);
	for (size_t k = 0; k < KIN; k++) {
		for (uint64_t seed = 1; seed <= SEEDS; seed++) {
			struct rig rig;

			start(&rig, &kin[k], seed, true);
			if (into_print(&rig, &random)) {
				apply(&rig, "reset");
				bool gone = !sim_printer_is_attached(rig.printer);
				size_t before = rig.executed_count;
				if (gone) {
					/* Its own USB: the port goes, which ends the print. */
					assert_true(sim_printer_settings(rig.printer)->link ==
						    SIM_LINK_CDC);
				} else {
					assert_true(rig_run(&rig, INT64_C(120000000), NULL));
					if (rig.fault != DRIVER_FAULT_RESET)
						fail_msg("%s, seed %llu: %s %s", kin[k].firmware,
							(unsigned long long)seed,
							driver_fault_name(rig.fault), rig.reason);
				}
				for (size_t i = before; i < rig.executed_count; i++)
					assert_true(rig.executed[i].index < 0);
				check_cold(&rig, &kin[k], seed);
			}
			rig_finish(&rig);
		}
	}
}

static void test_a_freeze_while_hot_is_an_emergency_within_a_minute(void **state)
{
	struct random random;

	(void)state;
	random_init(&random, 26);
	for (size_t k = 0; k < KIN; k++) {
		for (uint64_t seed = 1; seed <= SEEDS / 2; seed++) {
			struct rig rig;

			start(&rig, &kin[k], seed, true);
			if (into_print(&rig, &random)) {
				int64_t frozen_us = rig.now_us;
				apply(&rig, "freeze");
				assert_true(rig_run(&rig, INT64_C(120000000), NULL));
				assert_int_equal(rig.fault, DRIVER_FAULT_SILENT);
				assert_true(rig.now_us - frozen_us <= INT64_C(60100000));
			}
			rig_finish(&rig);
		}
	}
}

/* Every command runs, none is left out: behind a crash the printer starts over at an older line. */
static void check_rewound(const struct rig *rig, uint64_t seed, int crashes)
{
	int32_t next = 0;
	int rewinds = 0;

	for (size_t i = 0; i < rig->executed_count; i++) {
		int32_t index = rig->executed[i].index;
		if (index < 0)
			continue;
		if (index > next || (index < next && ++rewinds > crashes))
			fail_msg("seed %llu: command %d instead of %d", (unsigned long long)seed,
				index, next);
		next = index + 1;
	}
	assert_int_equal(next, COMMANDS);
}

static void test_a_crash_of_an_mk3_loses_no_line(void **state)
{
	struct random random;
	int crashes = 0;

	(void)state;
	random_init(&random, 27);
	for (uint64_t seed = 1; seed <= 3 * SEEDS; seed++) {
		struct rig rig;

		start(&rig, &kin[4], seed, true);
		int here = 0;
		/* Behind G28, while moves are planned. */
		rig_run(&rig, (int64_t)(34000000 + random_below(&random, 8000000)), never);
		for (; here < 2 && rig.started && !never(&rig); here++) {
			apply(&rig, "press crash");
			rig_run(&rig, (int64_t)(14000000 + random_below(&random, 8000000)), never);
		}
		assert_true(rig_run(&rig, INT64_C(7200000000), NULL));
		if (!rig.done)
			fail_msg("seed %llu: %s", (unsigned long long)seed, rig.reason);
		check_rewound(&rig, seed, here);
		crashes += here;
		rig_finish(&rig);
	}
	assert_true(crashes > SEEDS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_emergency_stop_ends_heat_and_motion),
		cmocka_unit_test(test_a_board_that_is_still_halted_says_what_helps),
		cmocka_unit_test(
			test_a_board_faster_than_its_baud_rate_acknowledges_nothing_too_early),
		cmocka_unit_test(
			test_a_halted_board_goes_on_when_a_person_has_unlocked_it_and_not_before),
		cmocka_unit_test(test_a_heater_fault_is_named_within_seconds),
		cmocka_unit_test(test_a_freeze_while_hot_is_an_emergency_within_a_minute),
		cmocka_unit_test(test_nothing_of_the_file_goes_to_a_board_that_has_restarted),
		cmocka_unit_test(test_a_crash_of_an_mk3_loses_no_line),
		cmocka_unit_test(test_a_cancel_ends_cold_even_in_a_heat_up),
		cmocka_unit_test(test_a_pause_goes_on_where_it_was),
	};

	return cmocka_run_group_tests_name("sender_kin_acts", tests, NULL, NULL);
}
