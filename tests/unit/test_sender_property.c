/* The promise of the whole product, on a noisy line: the printer executes exactly the file, every
 * command once, in order, or the print ends with a stated reason.
 *
 * Driver and simulated printer run in one process on a simulated clock.  Each seed is one print:
 * its firmware, window, noise, lost and doubled oks, file and the host's reading pace come from the
 * seed.  200 prints of each kind or more; with PRINTFARM_LONG=1 thirteen times that, which is more than
 * 10,000 of every firmware's on lines with 1e-5 to 1e-4 of their bytes damaged (time limit: 60 s,
 * long: 900 s).
 *
 * Two things no sender can prevent are counted apart, and each must be vouched for by the
 * simulator: a line whose damage the 8-bit XOR does not see, and a piece of a line that runs
 * because noise itself made a line end (serial-protocols.md 14.13, last part). */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "sim/faults.h"
#include "sim/firmware.h"
#include "tests/unit/sender_rig.h"

#include <math.h> /* pow */
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

enum trouble { TROUBLE_NONE, TROUBLE_RESET, TROUBLE_UNPLUG };

enum { CHOICES_MAX = 10 };

/* A kind of print; what it leaves open comes from the seed. */
struct mix {
	const char *name;
	const char *const *firmware; /* one of these; ended by NULL */
	const int32_t *window;	     /* one of these; ended by WINDOWS_END */
	double noise_min, noise_max; /* byte errors both ways, logarithmically between the two */
	double ok_faults;	     /* lost, and doubled */
	double late;
	enum trouble trouble;
	bool pieces_run; /* a window that lets pieces of lines run: then the print stops */
};

#define WINDOWS_END INT32_MIN

static const char *const every[] = { "marlin", "marlin-stock", "marlin-2.1.2", "marlin-2.0.8",
	"marlin-2.0.5", "marlin-1.1.9", "marlin-1.1.6", "prusa-mk3", "prusa-buddy", NULL };
static const char *const marlins[] = { "marlin", "marlin-stock", "marlin-2.1.2", "marlin-2.0.8",
	"marlin-2.0.5", "marlin-1.1.9", NULL };
static const char *const rejecting[] = { "marlin-1.1.6", "prusa-mk3", NULL };

/* Smoothieware behind a UART takes a line whose sum noise has made a comment: tested apart. */
static const char *const kin[] = { "repetier", "repetier-2", NULL };

static const int32_t automatic[] = { DRIVER_WINDOW_AUTO, WINDOWS_END };
static const int32_t ping_pong[] = { DRIVER_WINDOW_PING_PONG, WINDOWS_END };
static const int32_t safe[] = { DRIVER_WINDOW_AUTO, DRIVER_WINDOW_HELD, DRIVER_WINDOW_PING_PONG,
	WINDOWS_END };
static const int32_t wide[] = { 2, 3, WINDOWS_END };

struct tally {
	size_t prints, exact, held, packed, unplugged, stopped[DRIVER_FAULT_LAST + 1];
	size_t commands;
	int64_t resends, lost, surplus, barriers;
	size_t xor_passed, by_noise; /* counted apart */
	size_t tails_seen;	     /* pieces cut by a flush; the print was stopped */
	size_t unnoticed;	     /* the same, and the print went on */
	double seconds;
};

/* One print: what was chosen for it. */
struct print {
	const struct mix *mix;
	uint64_t seed;
	struct random random;
	struct sim_settings sim;
	struct driver_settings settings;
	const char *dialect;
	int64_t poll_us;
	size_t count; /* commands */
};

static const char *any_firmware(struct random *random, const char *const *list)
{
	int count = 0;

	while (list[count])
		count++;
	return list[below(random, count)];
}

static int32_t any_window(struct random *random, const int32_t *list)
{
	int count = 0;

	while (list[count] != WINDOWS_END)
		count++;
	return list[below(random, count)];
}

static void choose(struct print *print)
{
	const struct mix *mix = print->mix;
	struct random *random = &print->random;
	struct sim_settings *sim = &print->sim;
	const char *firmware = any_firmware(random, mix->firmware);

	assert_true(sim_settings_init(sim, "p", firmware));
	sim->noise_up = sim->noise_down = mix->noise_min;
	if (mix->noise_max > mix->noise_min)
		sim->noise_up = sim->noise_down =
			mix->noise_min * pow(mix->noise_max / mix->noise_min, random_unit(random));
	sim->noise_shifts = below(random, 2);
	sim->lost_ok = sim->doubled_ok = mix->ok_faults;
	sim->warm_start = true;
	sim->boot_us = 200000;
	sim->baud = below(random, 2) ? 115200 : 250000;
	sim->latency_us = below(random, 3) * 500;
	sim->erases = below(random, 8) > 0 && strncmp(firmware, "prusa-mk3", 9) != 0;
	/* Native USB damages nothing; the same firmware behind a UART has to be right as well. */
	if (below(random, 2))
		sim->link = SIM_LINK_UART;
	print->dialect =
		strncmp(firmware, "prusa", 5) == 0 && below(random, 2) ? firmware : "marlin";
	/* A board that cannot unpack is not asked, and one that can need not be. */
	sim->meatpack = sim->meatpack || below(random, 3) == 0;
	print->settings = (struct driver_settings){ .meatpack = below(random, 2),
		.window_lines = any_window(random, mix->window),
		.baud = sim->baud,
		.park_lift_mm = 5,
		.seed = random_bits(random) };
	print->poll_us = below(random, 3) * 500;
	print->count = write_file(random);
}

__attribute__((format(printf, 2, 3))) static void wrong(
	const struct print *print, const char *format, ...)
{
	char text[256];
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	fail_msg("seed %llu (%s, %s, window %d): %s", (unsigned long long)print->seed,
		print->mix->name, print->sim.firmware->name, print->settings.window_lines, text);
}

static bool ends_with(const char *text, const char *end)
{
	size_t length = strlen(text), end_length = strlen(end);

	return length >= end_length && strcmp(text + length - end_length, end) == 0;
}

/* An un-numbered line that is the end of a line of the file; NULL: none was executed. */
static const char *piece_of_the_file(const struct print *print, const struct rig *rig)
{
	for (size_t i = 0; i < rig->executed_count; i++) {
		const struct rig_executed *entry = &rig->executed[i];

		if (entry->number != SIM_UNNUMBERED || strlen(entry->command) < 2)
			continue;
		for (size_t j = 0; j < print->count; j++) {
			if (ends_with(commands[j], entry->command) &&
				strcmp(entry->command, "M104 S0") != 0 &&
				strcmp(entry->command, "M140 S0") != 0)
				return entry->command;
		}
	}
	return NULL;
}

static void judge(const struct print *print, const struct rig *rig)
{
	const struct sim_counters *truth = sim_printer_counters(rig->printer);
	struct rig_verdict verdict;

	rig_judge(rig, &verdict);
	if (rig->done && verdict.in_order != print->count)
		wrong(print, "done with %zu of %zu commands (%s)", verdict.in_order, print->count,
			verdict.first_wrong);
	if (verdict.unlikely > (size_t)truth->damaged_accepted)
		wrong(print, "changed commands that the simulator did not see damaged");
	if (verdict.wrong)
		wrong(print, "executed out of order or changed: %s", verdict.first_wrong);
	if (truth->tail_executed > 0 && !print->mix->pieces_run && piece_of_the_file(print, rig))
		wrong(print, "a piece of a line ran: %s", piece_of_the_file(print, rig));
	if (!print->mix->pieces_run &&
		verdict.fragments >
			(size_t)(truth->torn_executed + truth->damaged_unnumbered_executed))
		wrong(print, "un-numbered lines that are not the host's: %s", verdict.fragment);
	/* Acknowledged is never more than executed. */
	if (rig->acknowledged >= (int64_t)verdict.in_order)
		wrong(print, "%lld acknowledged, %zu executed", (long long)rig->acknowledged + 1,
			verdict.in_order);
	if (rig->done)
		assert_int_equal(rig->acknowledged, (int64_t)print->count - 1);
	if (rig->faulted || rig->link_fault)
		assert_true(rig->reason[0] != '\0');
}

static void add_up(const struct print *print, const struct rig *rig, struct tally *tally)
{
	const struct sim_counters *truth = sim_printer_counters(rig->printer);
	const struct driver_counters *counters = rig->dialect->counters(rig->driver);
	struct rig_verdict verdict;

	rig_judge(rig, &verdict);
	tally->prints++;
	tally->exact += rig->done;
	tally->held +=
		strncmp(rig->dialect->identity(rig->driver)->window, "held newline", 12) == 0;
	tally->packed += strstr(rig->dialect->identity(rig->driver)->window, "MeatPack") != NULL;
	tally->commands += verdict.in_order;
	tally->resends += counters->resends;
	tally->lost += counters->lost_acknowledgements;
	tally->surplus += counters->surplus_acknowledgements;
	tally->barriers += counters->barriers;
	tally->xor_passed += verdict.changed;
	tally->seconds += (double)rig->now_us / 1e6;
	if (rig->done) {
		tally->unnoticed += verdict.fragments > 0 && truth->tail_executed > 0;
		tally->by_noise += verdict.fragments;
		if (verdict.fragments > 0)
			printf("# seed %llu: un-numbered by noise: %s\n",
				(unsigned long long)print->seed, verdict.fragment);
		return;
	}
	if (!rig->faulted && !rig->link_fault) {
		tally->unplugged++;
		return;
	}
	tally->stopped[rig->fault]++;
	tally->tails_seen += (size_t)truth->tail_executed;
	if (getenv("RIG_STOPS"))
		printf("# seed %llu %s window %d: %s at %lld of %zu, tails %lld torn %lld\n",
			(unsigned long long)print->seed, print->sim.firmware->name,
			print->settings.window_lines, rig->reason, (long long)rig->acknowledged,
			print->count, (long long)truth->tail_executed,
			(long long)truth->torn_executed);
}

static bool is_ready(const struct rig *rig)
{
	return rig->state == DRIVER_READY || rig->link_fault;
}

/* The board goes on with what it has.  The next connection finds its way, and sends nothing of the
 * file. */
static void unplug(const struct print *print, struct rig *rig)
{
	size_t in_board = 16, count = 0, before;

	rig_unplug(rig);
	rig->commands = NULL;
	rig_run(rig, (int64_t)random_below(&rig->late_random, 20000000), is_ready);
	before = rig->executed_count;
	rig_plug(rig);
	if (!rig_run(rig, INT64_C(300000000), is_ready))
		wrong(print, "does not find its way back: %s", driver_state_name(rig->state));
	for (size_t i = before; i < rig->executed_count; i++)
		count += rig->executed[i].index >= 0;
	assert_true(count <= in_board);
}

static void run(const struct print *print, struct rig *rig)
{
	static const struct sim_fault reset = { .kind = SIM_FAULT_RESET };
	const enum trouble trouble = print->mix->trouble;

	if (trouble != TROUBLE_NONE) {
		rig_run(rig, (int64_t)random_below(&rig->late_random, 60000000), NULL);
		if (!rig->started || rig->done || rig->faulted || rig->link_fault)
			return;
	}
	if (trouble == TROUBLE_UNPLUG) {
		unplug(print, rig);
		return;
	}
	if (trouble == TROUBLE_RESET) {
		/* Whatever of the file lies on the wire or in the board is lost with it. */
		sim_printer_apply(rig->printer, &reset, rig->now_us);
	}
	if (!rig_run(rig, INT64_C(7200000000), NULL))
		wrong(print, "never ends: %s", driver_state_name(rig->state));
	if (trouble == TROUBLE_RESET && rig->done)
		wrong(print, "the board restarted and the print went on");
}

static void check_print(uint64_t seed, const struct mix *mix, struct tally *tally)
{
	struct print print = { .mix = mix, .seed = seed };
	struct rig rig;

	random_init(&print.random, seed * 7919 + 1);
	choose(&print);
	rig_init_dialect(&rig, print.dialect, &print.sim, &print.settings, seed);
	rig.poll_us = print.poll_us;
	rig.late = mix->late;
	rig.late_us = 50000;
	rig.trace = getenv("RIG_TRACE") != NULL;
	rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])commands, print.count);
	run(&print, &rig);
	rig.commands = (const char(*)[RIG_COMMAND_MAX])commands;
	judge(&print, &rig);
	add_up(&print, &rig, tally);
	rig_finish(&rig);
}

static size_t stops(const struct tally *tally)
{
	size_t sum = 0;

	for (size_t i = 0; i <= DRIVER_FAULT_LAST; i++)
		sum += tally->stopped[i];
	return sum;
}

/* Returns in how many a piece of a line ran unnoticed. */
static size_t run_mix(const struct mix *mix, uint64_t first_seed, size_t prints)
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
	printf("# %s: %zu prints, %zu held, %zu packed, %zu exact, %zu stopped (", mix->name,
		tally.prints, tally.held, tally.packed, tally.exact, stops(&tally));
	/* Most boards erase. */
	if (prints >= 40 && mix->firmware == every && mix->window == automatic)
		assert_true(tally.held >= prints / 4);
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
	return tally.unnoticed;
}

static size_t scaled(size_t prints)
{
	return getenv("PRINTFARM_LONG") ? prints * 13 : prints;
}

static void test_every_numbered_firmware_prints_the_file_or_stops_with_a_reason(void **state)
{
	static const struct mix noise = { .name = "1e-5 to 1e-4",
		.firmware = every,
		.window = automatic,
		.noise_min = 1e-5,
		.noise_max = 1e-4 };
	static const struct mix oks = { .name = "1e-5 to 1e-4, oks lost, doubled, late",
		.firmware = every,
		.window = safe,
		.noise_min = 1e-5,
		.noise_max = 1e-4,
		.ok_faults = 0.01,
		.late = 0.01 };

	(void)state;
	run_mix(&noise, 1, scaled(400));
	run_mix(&oks, 100001, scaled(400));
}

static void test_marlins_kin_prints_the_file_or_stops_with_a_reason(void **state)
{
	static const struct mix noise = { .name = "kin, 1e-5 to 1e-4",
		.firmware = kin,
		.window = automatic,
		.noise_min = 1e-5,
		.noise_max = 1e-4 };
	static const struct mix oks = { .name = "kin, 1e-5 to 1e-4, oks lost, doubled, late",
		.firmware = kin,
		.window = safe,
		.noise_min = 1e-5,
		.noise_max = 1e-4,
		.ok_faults = 0.01,
		.late = 0.01 };

	(void)state;
	run_mix(&noise, 900001, scaled(100));
	run_mix(&oks, 1000001, scaled(100));
}

static void test_resets_and_pulled_cables_end_a_print_and_nothing_else(void **state)
{
	static const struct mix resets = { .name = "reset",
		.firmware = every,
		.window = safe,
		.noise_min = 1e-5,
		.noise_max = 1e-4,
		.ok_faults = 0.01,
		.trouble = TROUBLE_RESET };
	static const struct mix cables = { .name = "unplugged",
		.firmware = every,
		.window = safe,
		.noise_min = 1e-5,
		.noise_max = 1e-4,
		.ok_faults = 0.01,
		.trouble = TROUBLE_UNPLUG };

	(void)state;
	run_mix(&resets, 200001, scaled(60));
	run_mix(&cables, 300001, scaled(60));
}

static void test_windows_where_the_firmware_rejects_pieces_itself(void **state)
{
	static const struct mix windows = { .name = "windows, pieces rejected",
		.firmware = rejecting,
		.window = wide,
		.noise_min = 1e-5,
		.noise_max = 1e-4,
		.ok_faults = 0.01,
		.late = 0.01 };

	(void)state;
	run_mix(&windows, 400001, scaled(80));
}

static void test_a_window_that_was_asked_for_stops_when_a_piece_has_run(void **state)
{
	static const struct mix windows = { .name = "windows, pieces run",
		.firmware = marlins,
		.window = wide,
		.noise_min = 1e-4,
		.ok_faults = 0.01,
		.pieces_run = true };

	(void)state;
	/* Where its ok is lost, and the piece moves nothing, nobody can know. */
	assert_true(run_mix(&windows, 500001, scaled(100)) * 200 <= scaled(100));
}

/* One line in thirty damaged, one in five: stops may be many, but each is stated. */
static void test_harsh_noise_never_makes_another_file(void **state)
{
	static const struct mix harsh = { .name = "1e-3",
		.firmware = every,
		.window = safe,
		.noise_min = 1e-3,
		.ok_faults = 0.02,
		.late = 0.01 };
	static const struct mix hopeless = {
		.name = "5e-3", .firmware = every, .window = ping_pong, .noise_min = 5e-3
	};

	(void)state;
	run_mix(&harsh, 600001, scaled(60));
	run_mix(&hopeless, 700001, scaled(10));
}

static void test_a_clean_line_gives_the_file_without_a_single_resend(void **state)
{
	static const struct mix clean = { .name = "clean", .firmware = every, .window = safe };
	struct tally tally = { .prints = 0 };

	(void)state;
	for (uint64_t seed = 800001; seed < 800041; seed++) {
		check_print(seed, &clean, &tally);
		/* The answers to our own questions for the counter are none. */
		if (tally.exact != tally.prints || tally.resends + tally.surplus + tally.lost > 0)
			fail_msg("seed %llu: %lld resends, %lld surplus, %lld lost",
				(unsigned long long)seed, (long long)tally.resends,
				(long long)tally.surplus, (long long)tally.lost);
	}
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

static bool is_started(const struct rig *rig)
{
	return rig->started;
}

static bool is_all_offered(const struct rig *rig)
{
	return rig->offered > rig->command_count;
}

/* Lines a second of simulated time, 250 kbaud, lines of a slicer's length that take no motion. */
static double pace(int32_t window, bool meatpack)
{
	enum { LINES = 1000 };
	struct sim_settings sim;
	struct driver_settings settings = {
		.window_lines = window, .meatpack = meatpack, .baud = 250000, .seed = 5
	};
	struct rig rig;
	int64_t begin_us;

	assert_true(sim_settings_init(&sim, "p", "marlin-stock"));
	sim.baud = 250000;
	sim.command_us = 100;
	sim.meatpack = meatpack;
	sim.warm_start = true;
	for (int i = 0; i < LINES; i++)
		snprintf(commands[i], RIG_COMMAND_MAX, "M203 X139.%03d Y102.67 E1.%05d", i % 1000,
			i);
	rig_init(&rig, &sim, &settings, 5);
	rig.trace = getenv("RIG_TRACE") != NULL;
	rig_print(&rig, (const char(*)[RIG_COMMAND_MAX])commands, LINES);
	assert_true(rig_run(&rig, INT64_C(60000000), is_started));
	begin_us = rig.now_us;
	assert_true(rig_run(&rig, INT64_C(600000000), is_all_offered));
	begin_us = rig.now_us - begin_us;
	rig_finish(&rig);
	return LINES / ((double)begin_us / 1e6);
}

static void test_the_wire_is_used(void **state)
{
	const double wire = 25000.0 / 39; /* lines of 39 bytes that fit */
	double ping_pong_pace = pace(1, false), held = pace(DRIVER_WINDOW_HELD, false),
	       three = pace(3, false), packed = pace(DRIVER_WINDOW_HELD, true);

	(void)state;
	printf("# lines/s on a wire for %.0f: ping-pong %.0f, held %.0f, three %.0f, MeatPack "
	       "%.0f\n",
		wire, ping_pong_pace, held, three, packed);
	assert_true(held > ping_pong_pace);
	assert_true(three >= held);
	assert_true(held >= 0.9 * wire);
	assert_true(packed >= 1.4 * held);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_a_clean_line_gives_the_file_without_a_single_resend),
	cmocka_unit_test(test_every_numbered_firmware_prints_the_file_or_stops_with_a_reason),
	cmocka_unit_test(test_marlins_kin_prints_the_file_or_stops_with_a_reason),
	cmocka_unit_test(test_resets_and_pulled_cables_end_a_print_and_nothing_else),
	cmocka_unit_test(test_windows_where_the_firmware_rejects_pieces_itself),
	cmocka_unit_test(test_a_window_that_was_asked_for_stops_when_a_piece_has_run),
	cmocka_unit_test(test_harsh_noise_never_makes_another_file),
	cmocka_unit_test(test_a_print_of_more_lines_than_numbers_is_exact),
	cmocka_unit_test(test_the_wire_is_used),
};

int main(void)
{
	return cmocka_run_group_tests_name("sender_property", tests, NULL, NULL);
}
