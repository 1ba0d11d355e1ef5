/* The promise, for printers without line numbers: the printer executes exactly the file, every
 * command once, in order, or the print ends with a stated reason, whatever happens meanwhile.
 *
 * Each seed is one print: its firmware, window, API socket, file, pace, lost and doubled oks, and
 * what people and cables do in the middle of it come from the seed; the simulator's ground truth
 * judges.  400 prints, ten times that with PRINTFARM_LONG=1 (time limit: 60 s, long: 300 s).
 *
 * The link damages nothing, as theirs do: damage is what these dialects cannot see. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "tests/unit/pipe_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS_MAX = 420 };

static char commands[COMMANDS_MAX][RIG_COMMAND_MAX];

enum trouble {
	TROUBLE_NONE,
	TROUBLE_LOST_OKS,
	TROUBLE_DOUBLED_OKS,
	TROUBLE_PAUSES,
	TROUBLE_FREEZES, /* shorter than any limit */
	TROUBLE_CANCEL,
	TROUBLE_ESTOP,
	TROUBLE_RESTART, /* by somebody else */
	TROUBLE_UNPLUG,
	TROUBLE_HEATER,
	TROUBLE_BAD_COMMAND,
	TROUBLES,
};

struct tally {
	size_t prints, done, cancelled, stopped[DRIVER_FAULT_LAST + 1], commands, lost;
};

static int below(struct random *random, int limit)
{
	return (int)random_below(random, (uint64_t)limit);
}

/* No two commands alike by accident, so that a doubled one is seen. */
static size_t write_file(struct random *random)
{
	static const char *const start[] = { "M104 S200", "M190 S60", "M109 S200", "G28", "G90",
		"M83", "G1 Z5 F1200" };
	size_t count = 0, wanted = 300 + (size_t)below(random, 100);

	for (; count < sizeof start / sizeof start[0]; count++)
		snprintf(commands[count], RIG_COMMAND_MAX, "%s", start[count]);
	for (; count < wanted; count++) {
		if (below(random, 20) == 0)
			snprintf(commands[count], RIG_COMMAND_MAX, "G4 P%zu", 1 + count);
		else
			snprintf(commands[count], RIG_COMMAND_MAX, "G1 X%d.%03zu Y%d.%d E.0%03zu",
				90 + below(random, 20), count, 90 + below(random, 20),
				below(random, 1000), 100 + count);
	}
	return count;
}

static void call(struct rig *rig,
	void (*slot)(struct driver *driver, int64_t now_us, struct driver_effects *effects))
{
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	slot(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
}

static bool is_over(const struct rig *rig)
{
	return rig->done || rig->cancelled || rig->faulted || rig->link_fault;
}

static void unplug(struct rig *rig)
{
	rig_unplug(rig);
	/* The owner ends the print: nobody knows. */
	rig->faulted = true;
	rig->fault = DRIVER_FAULT_NONE;
	snprintf(rig->reason, sizeof rig->reason, "the port was lost");
}

static void make_trouble(struct rig *rig, enum trouble trouble, struct random *random)
{
	switch (trouble) {
	case TROUBLE_NONE:
	case TROUBLE_BAD_COMMAND:
	case TROUBLES:
		break;
	case TROUBLE_LOST_OKS:
		pipe_rig_fault(rig, "lost-ok 0.01");
		break;
	case TROUBLE_DOUBLED_OKS:
		pipe_rig_fault(rig, "doubled-ok 0.05");
		break;
	case TROUBLE_PAUSES:
		call(rig, below(random, 2) ? rig->dialect->pause : rig->dialect->resume);
		break;
	case TROUBLE_FREEZES:
		pipe_rig_fault(rig, "freeze");
		rig_run(rig, 1 + below(random, 8000000), is_over);
		pipe_rig_fault(rig, "unfreeze");
		break;
	case TROUBLE_CANCEL:
		call(rig, rig->dialect->cancel);
		break;
	case TROUBLE_ESTOP:
		call(rig, rig->dialect->estop);
		break;
	case TROUBLE_RESTART:
		/* A web page's command waits for a moment in which none runs. */
		for (int i = 0; rig->dialect->side && i < 5000 && !is_over(rig); i++) {
			pipe_rig_fault(rig, "press FIRMWARE_RESTART");
			rig_run(rig, 1000, is_over);
		}
		if (!rig->dialect->side)
			sim_printer_receive(rig->printer, "M112\n", 5, rig->now_us);
		break;
	case TROUBLE_UNPLUG:
		unplug(rig);
		break;
	case TROUBLE_HEATER:
		pipe_rig_fault(rig, "thermistor hotend short");
		break;
	}
}

static void run_print(struct rig *rig, enum trouble trouble, struct random *random)
{
	for (int i = 0; i < 400 && !is_over(rig); i++) {
		rig_run(rig, 1 + below(random, i < 20 ? 2000000 : 20000000), is_over);
		if (is_over(rig) || rig->acknowledged < 10)
			continue;
		/* What stays on is done once, what people do again and again. */
		if (i < 60 || trouble == TROUBLE_PAUSES)
			make_trouble(rig,
				i > 55 && trouble == TROUBLE_PAUSES ? TROUBLE_NONE : trouble,
				random);
		if (i > 55 && trouble == TROUBLE_PAUSES)
			call(rig, rig->dialect->resume);
	}
}

static void begin(struct rig *rig, uint64_t seed, struct random *random)
{
	static const struct {
		const char *dialect, *firmware;
	} kinds[] = { { "klipper", "klipper" }, { "klipper", "klipper-bare" }, { "rrf", "rrf" },
		{ "rrf", "rrf-3.3" }, { "rrf", "rrf-2" } };
	static const int32_t windows[] = { DRIVER_WINDOW_AUTO, 1, 2, 8, 64, DRIVER_WINDOW_HELD };
	size_t kind = (size_t)below(random, sizeof kinds / sizeof kinds[0]);
	struct driver_settings settings = { .park_x_mm = 5,
		.park_y_mm = 195,
		.park_lift_mm = 10,
		.window_lines = windows[below(random, 6)],
		.seed = seed };
	struct sim_settings sim;

	assert_true(sim_settings_init(&sim, "p", kinds[kind].firmware));
	sim.warm_start = true;
	sim.boot_us = 300000;
	sim.latency_us = below(random, 3) * 500;
	rig_init_dialect(rig, kinds[kind].dialect, &sim, &settings, seed);
	rig->use_side = below(random, 2);
	rig->poll_us = below(random, 3) * 500;
}

static void check_print(uint64_t seed, struct tally *tally)
{
	enum trouble trouble = (enum trouble)(seed % TROUBLES);
	struct pipe_verdict verdict;
	struct random random;
	struct rig rig;
	size_t count;

	random_init(&random, seed * 104729 + 3);
	count = write_file(&random);
	if (trouble == TROUBLE_BAD_COMMAND)
		snprintf(commands[20 + below(&random, 200)], RIG_COMMAND_MAX, "G1 X999");
	begin(&rig, seed, &random);
	rig_print(&rig, commands, count);
	run_print(&rig, trouble, &random);
	verdict = pipe_rig_judge(&rig);
	if (!is_over(&rig) || verdict.wrong[0] || (rig.done && verdict.in_order != count) ||
		(!rig.done && !rig.cancelled && !rig.reason[0]) ||
		(trouble != TROUBLE_DOUBLED_OKS && rig.acknowledged >= (int64_t)verdict.in_order))
		fail_msg("seed %llu (%s, trouble %d): %zu of %zu in order, acknowledged %lld, "
			 "wrong \"%s\", %s, reason \"%s\"",
			(unsigned long long)seed,
			sim_printer_settings(rig.printer)->firmware ? rig.dialect->name : "",
			(int)trouble, verdict.in_order, count, (long long)rig.acknowledged,
			verdict.wrong, is_over(&rig) ? "over" : "not over", rig.reason);
	tally->prints++;
	tally->commands += verdict.in_order;
	tally->done += rig.done;
	tally->cancelled += rig.cancelled;
	tally->lost += (size_t)rig.dialect->counters(rig.driver)->lost_acknowledgements;
	if (rig.faulted)
		tally->stopped[rig.fault]++;
	rig_finish(&rig);
}

static void test_exactly_the_file_or_a_stated_stop(void **state)
{
	uint64_t prints = getenv("PRINTFARM_LONG") ? 4400 : 440;
	struct tally tally = { .prints = 0 };

	(void)state;
	for (uint64_t seed = 1; seed <= prints; seed++)
		check_print(seed, &tally);
	print_message("%zu prints, %zu commands: %zu done, %zu cancelled, %zu oks written off\n",
		tally.prints, tally.commands, tally.done, tally.cancelled, tally.lost);
	for (int i = 0; i <= DRIVER_FAULT_LAST; i++)
		if (tally.stopped[i] > 0)
			print_message("  stopped: %zu %s\n", tally.stopped[i],
				driver_fault_name((enum driver_fault)i));
	/* Each kind of trouble has its end; a healthy print always has a good one. */
	assert_true(tally.done >= prints * 5 / TROUBLES - prints / 20);
	assert_true(tally.cancelled >= prints / TROUBLES / 2);
	assert_true(tally.stopped[DRIVER_FAULT_RESET] + tally.stopped[DRIVER_FAULT_KILLED] >=
		    prints / TROUBLES / 2);
	assert_true(tally.stopped[DRIVER_FAULT_COMMAND] >= prints / TROUBLES / 2);
	assert_true(tally.stopped[DRIVER_FAULT_ESTOP] >= prints / TROUBLES / 2);
	assert_true(tally.stopped[DRIVER_FAULT_THERMAL] >= prints / TROUBLES / 2);
	assert_true(tally.lost > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exactly_the_file_or_a_stated_stop),
	};

	return cmocka_run_group_tests_name("pipe property", tests, NULL, NULL);
}
