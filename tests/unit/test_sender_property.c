/* The promise of the whole product, on a noisy line: the printer executes exactly the file, every
 * command once, in order, or the print ends with a stated reason.
 *
 * Driver and simulated printer run in one process on a simulated clock.  Each seed is one print:
 * its firmware, window, noise, lost and doubled oks, file and the host's reading pace come from the
 * seed.  200 prints of each kind or more, ten times that with PRINTFARM_LONG=1 (time limit: 60 s,
 * long: 300 s).
 *
 * Two things no sender can prevent are counted apart, and each must be vouched for by the
 * simulator: a line whose damage the 8-bit XOR does not see, and a piece of a line that runs
 * because noise itself made a line end (serial-protocols.md 14.13, last part). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "sim/firmware.h"
#include "tests/unit/sender_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PRINT_COMMANDS_MAX = 1100 };

static char commands[PRINT_COMMANDS_MAX][RIG_COMMAND_MAX];

static int below(struct random *random, int limit)
{
	return (int)random_below(random, (uint64_t)limit);
}

/* What slicers write: mostly short moves with relative E, now and then something else. */
static void write_command(struct random *random, char *text)
{
	int kind = below(random, 100);

	if (kind < 75)
		snprintf(text, RIG_COMMAND_MAX, "G1 X%d.%03d Y%d.%03d E.%05d",
			90 + below(random, 20), below(random, 1000), 90 + below(random, 20),
			below(random, 1000), 100 + below(random, 900));
	else if (kind < 84)
		snprintf(text, RIG_COMMAND_MAX, "G1 X%d.%d Y%d.%d F%d", 90 + below(random, 20),
			below(random, 10), 90 + below(random, 20), below(random, 10),
			6000 + 60 * below(random, 50));
	else if (kind < 88)
		snprintf(text, RIG_COMMAND_MAX, "G1 E-.8 F2100");
	else if (kind < 91)
		snprintf(text, RIG_COMMAND_MAX, "G92 E0");
	else if (kind < 94)
		snprintf(text, RIG_COMMAND_MAX, "M106 S%d", below(random, 256));
	else if (kind < 96)
		snprintf(text, RIG_COMMAND_MAX, "M117 Layer %d of 50", below(random, 50));
	else if (kind < 97)
		snprintf(text, RIG_COMMAND_MAX, "G4 P%d", below(random, 30));
	else if (kind < 98)
		snprintf(text, RIG_COMMAND_MAX, "M204 S%d", 500 + below(random, 1000));
	else if (kind < 99)
		snprintf(text, RIG_COMMAND_MAX, "M73 P%d R%d", below(random, 101),
			below(random, 90));
	else
		snprintf(text, RIG_COMMAND_MAX,
			"G1 X%d.123456 Y%d.654321 Z%d.250000 E0.123456 F%d.000000",
			90 + below(random, 20), 90 + below(random, 20), 1 + below(random, 40),
			6000 + below(random, 1000));
}

static size_t write_file(struct random *random)
{
	size_t count = 0, wanted = 300 + (size_t)below(random, 700);

	strcpy(commands[count++], "M104 S200");
	strcpy(commands[count++], "M190 S60");
	strcpy(commands[count++], "M109 S200");
	strcpy(commands[count++], "G28 X Y");
	strcpy(commands[count++], "G90");
	strcpy(commands[count++], "M83");
	while (count < wanted)
		write_command(random, commands[count++]);
	strcpy(commands[count++], "M104 S0");
	strcpy(commands[count++], "M140 S0");
	strcpy(commands[count++], "M84");
	return count;
}

struct mix {
	const char *name;
	double noise, ok_faults;
	int window;	      /* 0: 1 to 3 by the seed */
	const char *firmware; /* NULL: one of three by the seed */
};

struct tally {
	size_t prints, exact, stopped[DRIVER_FAULT_LAST + 1];
	size_t commands;
	int64_t resends, lost, surplus, barriers;
	size_t xor_passed, by_noise; /* counted apart */
	size_t tails_seen;	     /* pieces cut by a flush; the print was stopped */
	double seconds;
};

static void choose(struct random *random, const struct mix *mix, struct sim_settings *sim,
	struct driver_settings *driver, struct rig *rig)
{
	static const char *const firmwares[] = { "marlin", "marlin-stock", "marlin-2.1.2" };

	const char *firmware = firmwares[below(random, 3)];

	assert_true(sim_settings_init(sim, "p", mix->firmware ? mix->firmware : firmware));
	sim->noise_up = sim->noise_down = mix->noise;
	sim->lost_ok = sim->doubled_ok = mix->ok_faults;
	sim->warm_start = true;
	sim->boot_us = 200000;
	sim->baud = below(random, 2) ? 115200 : 250000;
	sim->latency_us = below(random, 3) * 500;
	*driver = (struct driver_settings){ .window_lines = mix->window ? mix->window
									: 1 + below(random, 3),
		.baud = sim->baud,
		.park_lift_mm = 5,
		.seed = random_bits(random) };
	rig->poll_us = below(random, 3) * 500;
}

static void check_print(uint64_t seed, const struct mix *mix, struct tally *tally)
{
	struct random random;
	struct sim_settings sim;
	struct driver_settings settings;
	struct rig rig, chosen = { .poll_us = 0 };
	struct rig_verdict verdict;
	const struct sim_counters *truth;
	const struct driver_counters *counters;
	size_t count;

	random_init(&random, seed * 7919 + 1);
	choose(&random, mix, &sim, &settings, &chosen);
	count = write_file(&random);
	rig_init(&rig, &sim, &settings, seed);
	rig.poll_us = chosen.poll_us;
	rig.trace = getenv("RIG_TRACE") != NULL;
	rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])commands, count);
	if (!rig_run(&rig, INT64_C(7200000000), NULL))
		fail_msg("seed %llu never ends: %s", (unsigned long long)seed,
			driver_state_name(rig.state));
	rig_judge(&rig, &verdict);
	truth = sim_printer_counters(rig.printer);
	counters = rig.dialect->counters(rig.driver);

	if (rig.done && verdict.in_order != count)
		fail_msg("seed %llu (%s): done with %zu of %zu commands (%s)",
			(unsigned long long)seed, mix->name, verdict.in_order, count,
			verdict.first_wrong);
	if (verdict.unlikely > (size_t)truth->damaged_accepted)
		fail_msg("seed %llu (%s): changed commands that the simulator did not see damaged",
			(unsigned long long)seed, mix->name);
	if (verdict.wrong)
		fail_msg("seed %llu (%s): executed out of order or changed: %s",
			(unsigned long long)seed, mix->name, verdict.first_wrong);
	if (rig.done && truth->tail_executed > 0)
		fail_msg("seed %llu (%s, window %d): a piece of a line ran unnoticed",
			(unsigned long long)seed, mix->name, settings.window_lines);
	if (rig.done && verdict.fragments >
				(size_t)(truth->torn_executed + truth->damaged_unnumbered_executed))
		fail_msg("seed %llu (%s): un-numbered lines that are not the host's",
			(unsigned long long)seed, mix->name);
	/* Acknowledged is never more than executed. */
	if (rig.acknowledged >= (int64_t)verdict.in_order)
		fail_msg("seed %llu (%s): %lld acknowledged, %zu executed",
			(unsigned long long)seed, mix->name, (long long)rig.acknowledged + 1,
			verdict.in_order);
	if (rig.done)
		assert_int_equal(rig.acknowledged, (int64_t)count - 1);
	if (!rig.done)
		assert_true(rig.reason[0] != '\0');

	tally->prints++;
	tally->exact += rig.done;
	if (!rig.done) {
		tally->stopped[rig.fault]++;
		if (getenv("RIG_STOPS"))
			printf("# seed %llu %s window %d: %s at %lld of %zu, tails %lld torn "
			       "%lld\n",
				(unsigned long long)seed, sim.firmware->name, settings.window_lines,
				rig.reason, (long long)rig.acknowledged, count,
				(long long)truth->tail_executed, (long long)truth->torn_executed);
		tally->tails_seen += (size_t)truth->tail_executed;
	}
	if (rig.done && verdict.fragments > 0)
		printf("# seed %llu: un-numbered by noise: %s\n", (unsigned long long)seed,
			verdict.fragment);
	tally->commands += verdict.in_order;
	tally->resends += counters->resends;
	tally->lost += counters->lost_acknowledgements;
	tally->surplus += counters->surplus_acknowledgements;
	tally->barriers += counters->barriers;
	tally->xor_passed += verdict.changed;
	if (rig.done)
		tally->by_noise += verdict.fragments;
	tally->seconds += (double)rig.now_us / 1e6;
	rig_finish(&rig);
}

static size_t stops(const struct tally *tally)
{
	size_t sum = 0;

	for (size_t i = 0; i <= DRIVER_FAULT_LAST; i++)
		sum += tally->stopped[i];
	return sum;
}

static void run_mix(const struct mix *mix, uint64_t first_seed, size_t prints)
{
	struct tally tally = { .prints = 0 };
	const char *only = getenv("RIG_SEED"); /* one print, to look at with RIG_TRACE */

	if (only) {
		uint64_t seed = strtoull(only, NULL, 10);

		prints = seed >= first_seed && seed < first_seed + prints;
		first_seed = seed;
	}
	for (size_t i = 0; i < prints; i++)
		check_print(first_seed + i, mix, &tally);
	printf("# %s: %zu prints, %zu exact, %zu stopped (", mix->name, tally.prints, tally.exact,
		stops(&tally));
	for (size_t i = 0; i <= DRIVER_FAULT_LAST; i++) {
		if (tally.stopped[i] > 0)
			printf(" %s %zu", driver_fault_name((enum driver_fault)i),
				tally.stopped[i]);
	}
	printf(" ), %zu commands, %lld resends, %lld lost oks, %lld surplus oks, %lld barriers; "
	       "apart: "
	       "%zu passed by XOR, %zu un-numbered by noise; %zu tails caught; %.0f s of print\n",
		tally.commands, (long long)tally.resends, (long long)tally.lost,
		(long long)tally.surplus, (long long)tally.barriers, tally.xor_passed,
		tally.by_noise, tally.tails_seen, tally.seconds);
}

static size_t scaled(size_t prints)
{
	return getenv("PRINTFARM_LONG") ? prints * 10 : prints;
}

static void test_noise_1e4_with_lost_and_doubled_oks_gives_the_file_or_a_stated_stop(void **state)
{
	static const struct mix ping_pong = { "noise 1e-4, oks 1 %, one line", 1e-4, 0.01, 1,
		NULL };
	static const struct mix windows = { "noise 1e-4, oks 1 %, window 2 and 3", 1e-4, 0.01, 0,
		NULL };
	static const struct mix noise = { "noise 1e-4 alone, one line", 1e-4, 0, 1, NULL };
	static const struct mix held = { "noise 1e-4, oks 1 %, held newline", 1e-4, 0.01,
		DRIVER_WINDOW_HELD, NULL };
	static const struct mix held_noise = { "noise 1e-4 alone, held newline", 1e-4, 0,
		DRIVER_WINDOW_HELD, NULL };

	(void)state;
	run_mix(&ping_pong, 1, scaled(200));
	run_mix(&noise, 100001, scaled(100));
	run_mix(&windows, 200001, scaled(400));
	run_mix(&held, 800001, scaled(400));
	run_mix(&held_noise, 900001, scaled(400));
}

/* One line in thirty damaged, one in five: stops may be many, but each is stated. */
static void test_harsh_noise_never_makes_another_file(void **state)
{
	static const struct mix harsh = { "noise 1e-3, oks 2 %", 1e-3, 0.02, 1, NULL };
	static const struct mix harsh_windows = { "noise 1e-3, oks 2 %, windows", 1e-3, 0.02, 0,
		NULL };
	static const struct mix harsh_held = { "noise 1e-3, oks 2 %, held newline", 1e-3, 0.02,
		DRIVER_WINDOW_HELD, NULL };
	static const struct mix hopeless = { "noise 5e-3", 5e-3, 0, 1, NULL };

	(void)state;
	run_mix(&harsh, 300001, scaled(40));
	run_mix(&harsh_windows, 400001, scaled(20));
	run_mix(&harsh_held, 1000001, scaled(40));
	run_mix(&hopeless, 500001, scaled(10));
}

static void test_a_firmware_without_an_ok_behind_resend_gets_the_file_too(void **state)
{
	static const struct mix old = { "Marlin 2.0.8, noise 1e-4, oks 1 %", 1e-4, 0.01, 1,
		"marlin-2.0.8" };

	(void)state;
	run_mix(&old, 600001, scaled(30));
}

static void test_a_clean_line_gives_the_file_without_a_single_resend(void **state)
{
	static const struct mix clean = { "clean", 0, 0, 0, NULL };
	struct tally tally = { .prints = 0 };

	(void)state;
	for (uint64_t seed = 700001; seed < 700021; seed++)
		check_print(seed, &clean, &tally);
	assert_int_equal(tally.exact, tally.prints);
	/* The answers to our own questions for the counter are none. */
	assert_int_equal(tally.resends, 0);
	assert_int_equal(tally.surplus + tally.lost, 0);
}

static void test_a_print_of_more_lines_than_numbers_is_exact(void **state)
{
	enum { LINES = 130000 / 2 };
	char(*many)[RIG_COMMAND_MAX] = calloc(LINES, sizeof(*many));
	struct sim_settings sim;
	struct driver_settings settings = { .baud = 250000, .seed = 5 };
	struct rig rig;
	struct rig_verdict verdict;

	(void)state;
	assert_non_null(many);
	assert_true(sim_settings_init(&sim, "p", "marlin-stock"));
	sim.baud = 250000;
	sim.noise_up = sim.noise_down = 1e-5;
	for (int i = 0; i < LINES; i++)
		snprintf(many[i], RIG_COMMAND_MAX, "M106 S%d", i % 256);
	rig_init(&rig, &sim, &settings, 5);
	rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])many, LINES);
	assert_true(rig_run(&rig, INT64_C(7200000000), NULL));
	rig_judge(&rig, &verdict);
	assert_true(rig.done);
	assert_int_equal(verdict.in_order, LINES);
	assert_false(verdict.wrong);
	assert_int_equal(rig.acknowledged, LINES - 1);
	rig_finish(&rig);
	free(many);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_a_clean_line_gives_the_file_without_a_single_resend),
	cmocka_unit_test(test_noise_1e4_with_lost_and_doubled_oks_gives_the_file_or_a_stated_stop),
	cmocka_unit_test(test_harsh_noise_never_makes_another_file),
	cmocka_unit_test(test_a_firmware_without_an_ok_behind_resend_gets_the_file_too),
	cmocka_unit_test(test_a_print_of_more_lines_than_numbers_is_exact),
};

int main(void)
{
	return cmocka_run_group_tests_name("sender_property", tests, NULL, NULL);
}
