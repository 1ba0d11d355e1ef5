/* Seeded random programs on the grbl family under every kind of trouble, judged by the ground truth
 * and by the beam.
 *
 * These firmwares have neither numbers nor checksums, so a damaged line that still is G-code runs,
 * and no sender can see it.  What is demanded: without damage on the way to the machine, exactly
 * the program, or a part from its beginning and a stated stop; with damage, an end with a reason
 * whenever anything shows; always, a dark machine behind the end.  Lines that ran damaged are
 * counted and printed. */
#include "tests/unit/grbl_rig.h"

#include "base/random.h"
#include "sim/faults.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>

#define S(n) ((int64_t)(n)*1000000)

enum { LINES = 120, SEEDS = 60 };

static const char *const firmwares[] = { "grbl-laser", "grblhal", "fluidnc" };

enum trouble { CLEAN, LOST, DOUBLED, NOISE_DOWN, NOISE_UP, RESET, LIMIT, FREEZE, HOLD, TROUBLES };

static struct grig rig;
static char lines[LINES][GRIG_COMMAND_MAX];

static void make_program(struct random *random)
{
	snprintf(lines[0], GRIG_COMMAND_MAX, "G90 M4 S%d", 100 + (int)random_below(random, 800));
	snprintf(lines[1], GRIG_COMMAND_MAX, "G1 X1 Y1 F%d", 600 + (int)random_below(random, 4000));
	for (int i = 2; i < LINES - 1; i++) {
		int x = (int)random_below(random, 4000), y = (int)random_below(random, 4000);
		switch (random_below(random, 8)) {
		case 0:
			snprintf(lines[i], GRIG_COMMAND_MAX, "G0 X%d.%02d", x / 100, x % 100);
			break;
		case 1:
			snprintf(
				lines[i], GRIG_COMMAND_MAX, "S%d", (int)random_below(random, 1000));
			break;
		case 2:
			snprintf(lines[i], GRIG_COMMAND_MAX, "G4 P0.0%d",
				1 + (int)random_below(random, 9));
			break;
		case 3:
			snprintf(lines[i], GRIG_COMMAND_MAX, "Y%d.%02d", y / 100, y % 100);
			break;
		default:
			snprintf(lines[i], GRIG_COMMAND_MAX, "G1 X%d.%02d Y%d.%02d S%d", x / 100,
				x % 100, y / 100, y % 100, (int)random_below(random, 1000));
			break;
		}
	}
	snprintf(lines[LINES - 1], GRIG_COMMAND_MAX, "M2");
}

static void apply(enum sim_fault_kind kind, double probability, const char *text)
{
	struct sim_fault fault = {
		.kind = kind, .probability = probability, .down_probability = probability
	};

	if (kind == SIM_FAULT_NOISE)
		fault.up = !(fault.down = strcmp(text, "down") == 0);
	else
		snprintf(fault.text, sizeof(fault.text), "%s", text);
	sim_printer_apply(rig.printer, &fault, rig.now_us);
}

static void begin_trouble(enum trouble trouble)
{
	switch (trouble) {
	case CLEAN:
	case TROUBLES:
		return;
	case LOST:
		apply(SIM_FAULT_LOST_OK, 0.02, "");
		return;
	case DOUBLED:
		apply(SIM_FAULT_DOUBLED_OK, 0.02, "");
		return;
	case NOISE_DOWN:
		apply(SIM_FAULT_NOISE, 0.001, "down");
		return;
	case NOISE_UP:
		apply(SIM_FAULT_NOISE, 0.001, "up");
		return;
	case RESET:
		apply(SIM_FAULT_RESET, 0, "");
		return;
	case LIMIT:
		apply(SIM_FAULT_PRESS, 0, "limit");
		return;
	case FREEZE:
		apply(SIM_FAULT_FREEZE, 0, "");
		return;
	case HOLD:
		apply(SIM_FAULT_PRESS, 0, "hold");
		return;
	}
}

static bool is_over(const struct grig *r)
{
	return r->done || r->faulted || r->link_fault || r->paused;
}

/* Damage may have made a feed or a dwell that takes hours: a person sees that and cancels. */
static void give_up(enum trouble trouble, const char *what)
{
	struct driver_effects *effects = grig_effects();

	if (trouble != NOISE_UP)
		fail_msg("%s: no end", what);
	rig.dialect->cancel(rig.driver, rig.now_us, effects);
	grig_apply(&rig, effects);
	if (!grig_run(&rig, S(30), NULL))
		fail_msg("%s: no end by a cancel", what);
}

/* Somebody comes and presses the button, as often as it takes. */
static void run_to_the_end(enum trouble trouble, const char *what)
{
	for (int i = 0; i < 50; i++) {
		if (!grig_run(&rig, S(600), is_over)) {
			give_up(trouble, what);
			return;
		}
		if (!rig.paused || rig.done || rig.faulted || rig.link_fault)
			return;
		rig.paused = false;
		struct driver_effects *effects = grig_effects();
		rig.dialect->resume(rig.driver, rig.now_us, effects);
		grig_apply(&rig, effects);
	}
	fail_msg("%s: paused for ever", what);
}

static void check_end(enum trouble trouble, const char *what)
{
	char wrong[GRIG_COMMAND_MAX];
	int count = grig_judge(&rig, wrong);

	if (rig.faulted && !rig.reason[0])
		fail_msg("%s: a fault without a reason", what);
	/* Doubled answers can overrun the ring: bytes are lost before anybody can know. */
	if (count < 0 && trouble != NOISE_UP && trouble != DOUBLED)
		fail_msg("%s: \"%s\" ran", what, wrong);
	if (count >= 0 && rig.done && trouble != NOISE_UP && count != LINES)
		fail_msg("%s: done after %d lines", what, count);
	if ((trouble == CLEAN || trouble == HOLD) && !rig.done)
		fail_msg("%s: %s", what, rig.reason);
	if ((trouble == RESET || trouble == LIMIT || trouble == FREEZE) && rig.done)
		fail_msg("%s: nobody noticed", what);
	grig_pass(&rig, S(10));
	if (trouble != FREEZE && grig_beam(&rig) > 0)
		fail_msg("%s: it burns behind the end", what);
}

struct tally {
	int done, stopped;
	int done_damaged, stopped_damaged; /* a line ran that is not the program's */
};

static void run_one(uint64_t seed, enum trouble trouble, const char *firmware, int32_t window,
	struct tally *tally)
{
	struct sim_settings sim;
	struct driver_settings settings = {
		.kind = DRIVER_KIND_LASER, .window_lines = window, .baud = 115200
	};
	struct random random;
	char what[96], wrong[GRIG_COMMAND_MAX];

	snprintf(what, sizeof(what), "seed %d trouble %d on %s, window %d", (int)seed, (int)trouble,
		firmware, (int)window);
	random_init(&random, seed * 131 + (uint64_t)trouble);
	make_program(&random);
	assert_true(sim_settings_init(&sim, "property", firmware));
	grig_init(&rig, &sim, "grbl", &settings, seed);
	grig_print(&rig, (const char(*)[GRIG_COMMAND_MAX])lines, LINES);
	/* Connecting, then somewhere in the program. */
	grig_pass(&rig, S(5) + (int64_t)random_below(&random, 8000000));
	if (!rig.done)
		begin_trouble(trouble);
	if (rig.done)
		trouble = CLEAN;
	run_to_the_end(trouble, what);
	check_end(trouble, what);
	tally->done += rig.done;
	tally->stopped += !rig.done;
	if (grig_judge(&rig, wrong) < 0)
		*(rig.done ? &tally->done_damaged : &tally->stopped_damaged) += 1;
	grig_finish(&rig);
}

static void test_under_any_trouble_it_is_the_program_or_a_stated_stop_and_dark(void **state)
{
	static const char *const names[TROUBLES] = { "none", "answers lost", "answers doubled",
		"noise from it", "noise to it", "reset", "limit", "freeze", "hold" };

	(void)state;
	for (enum trouble trouble = CLEAN; trouble < TROUBLES; trouble++) {
		struct tally tally = { 0 };

		for (uint64_t seed = 1; seed <= SEEDS; seed++)
			run_one(seed, trouble, firmwares[seed % 3], seed % 4 == 0 ? 1 : 0, &tally);
		print_message(
			"# %s: %d done (%d with a damaged line), %d stopped (%d behind one)\n",
			names[trouble], tally.done, tally.done_damaged, tally.stopped,
			tally.stopped_damaged);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
			test_under_any_trouble_it_is_the_program_or_a_stated_stop_and_dark),
	};

	return cmocka_run_group_tests_name("grbl_property", tests, NULL, NULL);
}
