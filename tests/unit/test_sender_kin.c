/* The numbered sender against Repetier-Firmware and Smoothieware: prints on clean and on noisy
 * lines, and what these firmwares do that Marlin does not.
 *
 * As in test_sender_property.c, what no sender can prevent is counted apart and must be vouched for
 * by the simulator.  Here that is more: neither firmware demands a checksum, so noise that ends a
 * line early, or hits its '*', makes it run as it stands. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "sim/faults.h"
#include "sim/firmware.h"
#include "tests/unit/sender_rig.h"

#include <stdio.h>  /* snprintf, printf */
#include <stdlib.h> /* getenv */
#include <string.h> /* strcpy */

enum { PRINT_COMMANDS_MAX = 700 };

static char commands[PRINT_COMMANDS_MAX][RIG_COMMAND_MAX];

static int below(struct random *random, int limit)
{
	return (int)random_below(random, (uint64_t)limit);
}

static void write_command(struct random *random, char *text)
{
	int kind = below(random, 100);

	if (kind < 85)
		snprintf(text, RIG_COMMAND_MAX, "G1 X%d.%03d Y%d.%03d E.%05d",
			90 + below(random, 20), below(random, 1000), 90 + below(random, 20),
			below(random, 1000), 100 + below(random, 900));
	else if (kind < 90)
		snprintf(text, RIG_COMMAND_MAX, "G92 E0");
	else if (kind < 95)
		snprintf(text, RIG_COMMAND_MAX, "M106 S%d", below(random, 256));
	else if (kind < 97)
		snprintf(text, RIG_COMMAND_MAX, "G4 P%d", below(random, 30));
	else
		snprintf(text, RIG_COMMAND_MAX, "M204 S%d", 500 + below(random, 1000));
}

static size_t write_file(struct random *random)
{
	size_t count = 0, wanted = 300 + (size_t)below(random, 300);

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
	const char *name, *firmware, *dialect;
	double noise, ok_faults;
	bool must_finish;
	/* Acknowledged at reception: so many lines may not have run yet. */
	int ahead;
};

struct tally {
	size_t prints, exact, stopped, commands, changed, fragments;
	int64_t resends, lost, surplus;
	double seconds;
};

static void check_print(uint64_t seed, const struct mix *mix, struct tally *tally)
{
	struct sim_settings sim;
	struct random random;
	struct rig rig;
	struct rig_verdict verdict;

	random_init(&random, seed * 7919 + 1);
	assert_true(sim_settings_init(&sim, "p", mix->firmware));
	sim.noise_up = sim.noise_down = mix->noise;
	sim.lost_ok = sim.doubled_ok = mix->ok_faults;
	sim.warm_start = true;
	sim.boot_us = 200000;
	sim.baud = below(&random, 2) ? 115200 : 250000;
	sim.latency_us = below(&random, 3) * 500;
	const struct driver_settings settings = {
		.baud = sim.baud, .park_lift_mm = 5, .seed = random_bits(&random)
	};
	size_t count = write_file(&random);
	rig_init_dialect(&rig, mix->dialect, &sim, &settings, seed);
	rig.poll_us = below(&random, 3) * 500;
	rig.trace = getenv("RIG_TRACE") != NULL;
	rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])commands, count);
	/* Damage that is taken can be an M1: the printer waits for a person, who is told. */
	bool over = rig_run(&rig, INT64_C(3600000000), NULL);
	if (!over && rig.attention) {
		static const struct sim_fault person = { .kind = SIM_FAULT_PRESS,
			.text = "continue" };
		sim_printer_apply(rig.printer, &person, rig.now_us);
		over = rig_run(&rig, INT64_C(3600000000), NULL);
	}
	if (!over)
		fail_msg("seed %llu (%s) never ends: %s", (unsigned long long)seed, mix->name,
			driver_state_name(rig.state));
	rig_judge(&rig, &verdict);
	const struct sim_counters *truth = sim_printer_counters(rig.printer);

	/* What has passed the firmware's checks damaged may have cost any command. */
	bool vouched = truth->damaged_accepted > 0;
	if (rig.done && verdict.in_order != count && !vouched)
		fail_msg("seed %llu (%s): done with %zu of %zu commands (%s)",
			(unsigned long long)seed, mix->name, verdict.in_order, count,
			verdict.first_wrong);
	if (verdict.wrong && !vouched)
		fail_msg("seed %llu (%s): executed out of order: %s", (unsigned long long)seed,
			mix->name, verdict.first_wrong);
	if (verdict.changed > (size_t)truth->damaged_accepted)
		fail_msg("seed %llu (%s): %zu changed commands, %lld seen damaged",
			(unsigned long long)seed, mix->name, verdict.changed,
			(long long)truth->damaged_accepted);
	if (rig.done && verdict.fragments > (size_t)(truth->torn_executed + truth->tail_executed +
						     truth->damaged_unnumbered_executed))
		fail_msg("seed %llu (%s): un-numbered lines that are not the host's: %s",
			(unsigned long long)seed, mix->name, verdict.fragment);
	if (rig.acknowledged >= (int64_t)verdict.in_order + mix->ahead && !vouched)
		fail_msg("seed %llu (%s): %lld acknowledged, %zu executed",
			(unsigned long long)seed, mix->name, (long long)rig.acknowledged + 1,
			verdict.in_order);
	if (rig.done)
		assert_int_equal(rig.acknowledged, (int64_t)count - 1);
	else if (mix->must_finish || rig.reason[0] == '\0')
		fail_msg("seed %llu (%s): stopped at %lld of %zu: %s", (unsigned long long)seed,
			mix->name, (long long)rig.acknowledged, count, rig.reason);
	if (!rig.done && getenv("RIG_STOPS"))
		printf("# seed %llu: %s at %lld of %zu\n", (unsigned long long)seed, rig.reason,
			(long long)rig.acknowledged, count);
	const struct driver_counters *counters = rig.dialect->counters(rig.driver);
	tally->prints++;
	tally->exact += rig.done && verdict.in_order == count && verdict.changed == 0 &&
			verdict.fragments == 0;
	tally->stopped += !rig.done;
	tally->commands += verdict.in_order;
	tally->changed += (size_t)truth->damaged_accepted;
	tally->fragments += rig.done ? verdict.fragments : 0;
	tally->resends += counters->resends;
	tally->lost += counters->lost_acknowledgements;
	tally->surplus += counters->surplus_acknowledgements;
	tally->seconds += (double)rig.now_us / 1e6;
	rig_finish(&rig);
}

static struct tally run_mix(const struct mix *mix, uint64_t first_seed, size_t prints)
{
	struct tally tally = { .prints = 0 };
	const char *only = getenv("RIG_SEED");

	if (getenv("PRINTFARM_LONG"))
		prints *= 10;
	for (size_t i = 0; i < prints; i++)
		if (!only || strtoull(only, NULL, 10) == first_seed + i)
			check_print(first_seed + i, mix, &tally);
	printf("# %s: %zu prints, %zu exact, %zu stopped, %zu commands, %lld resends, %lld lost "
	       "oks, %lld surplus oks; apart: %zu damaged and accepted, %zu un-numbered; %.0f s of "
	       "print\n",
		mix->name, tally.prints, tally.exact, tally.stopped, tally.commands,
		(long long)tally.resends, (long long)tally.lost, (long long)tally.surplus,
		tally.changed, tally.fragments, tally.seconds);
	return tally;
}

static void test_a_clean_line_gives_the_file_without_a_single_resend(void **state)
{
	static const struct mix mixes[] = {
		{ "Marlin 1.0.2", "marlin-1.0.2", "marlin", 0, 0, true, 1 },
		{ "Repetier", "repetier", "repetier", 0, 0, true, 2 },
		{ "Repetier 2", "repetier-2", "repetier", 0, 0, true, 2 },
		{ "Repetier, taken for Marlin", "repetier", "marlin", 0, 0, true, 2 },
		{ "Smoothie", "smoothie", "smoothie", 0, 0, true, 1 },
		{ "Smoothie, taken for Marlin", "smoothie", "marlin", 0, 0, true, 1 },
		{ "Smoothie, UART", "smoothie-uart", "smoothie", 0, 0, true, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
		struct tally tally = run_mix(&mixes[i], 1 + 1000 * i, 5);
		assert_int_equal(tally.exact, tally.prints);
		assert_int_equal(tally.resends, 0);
		assert_int_equal(tally.lost + tally.surplus, 0);
	}
}

static void test_noise_1e4_with_lost_and_doubled_oks_gives_the_file_or_a_stated_stop(void **state)
{
	static const struct mix mixes[] = {
		{ "Marlin 1.0.2, noise 1e-4", "marlin-1.0.2", "marlin", 1e-4, 0, false, 1 },
		{ "Marlin 1.0.2, noise 1e-4, oks 1 %", "marlin-1.0.2", "marlin", 1e-4, 0.01, false,
			1 },
		{ "Repetier, noise 1e-4", "repetier", "repetier", 1e-4, 0, false, 2 },
		{ "Repetier, noise 1e-4, oks 1 %", "repetier", "repetier", 1e-4, 0.01, false, 2 },
		{ "Smoothie, UART, noise 1e-4", "smoothie-uart", "smoothie", 1e-4, 0, false, 1 },
		{ "Smoothie, UART, noise 1e-4, oks 1 %", "smoothie-uart", "smoothie", 1e-4, 0.01,
			false, 1 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof mixes / sizeof mixes[0]; i++) {
		struct tally tally = run_mix(&mixes[i], 100001 + 1000 * i, 100);
		assert_true(2 * tally.exact >= tally.prints);
	}
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_a_clean_line_gives_the_file_without_a_single_resend),
	cmocka_unit_test(test_noise_1e4_with_lost_and_doubled_oks_gives_the_file_or_a_stated_stop),
};

int main(void)
{
	return cmocka_run_group_tests_name("sender_kin", tests, NULL, NULL);
}
