/* The senders without line numbers, Klipper and RepRapFirmware, against the simulated firmware: the
 * printer executes exactly the file, every command once and in order, or the print ends with a
 * stated reason; what people ask for happens; and nothing is restarted but by a person. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "base/random.h"
#include "tests/unit/pipe_rig.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COMMANDS_MAX = 700 };

static char commands[COMMANDS_MAX][RIG_COMMAND_MAX];

static const struct {
	const char *dialect, *firmware;
	bool side;
} kinds[] = { { "klipper", "klipper", true }, { "klipper", "klipper", false },
	{ "klipper", "klipper-bare", false }, { "rrf", "rrf", false }, { "rrf", "rrf-3.3", false },
	{ "rrf", "rrf-2", false } };
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static int below(struct random *random, int limit)
{
	return (int)random_below(random, (uint64_t)limit);
}

static void write_command(struct random *random, char *text)
{
	int kind = below(random, 100);

	if (kind < 80)
		snprintf(text, RIG_COMMAND_MAX, "G1 X%d.%03d Y%d.%03d E.%05d",
			90 + below(random, 20), below(random, 1000), 90 + below(random, 20),
			below(random, 1000), 100 + below(random, 900));
	else if (kind < 86)
		snprintf(text, RIG_COMMAND_MAX, "G1 X%d Y%d F%d", 90 + below(random, 20),
			90 + below(random, 20), 6000 + 60 * below(random, 50));
	else if (kind < 90)
		snprintf(text, RIG_COMMAND_MAX, "G92 E0");
	else if (kind < 94)
		snprintf(text, RIG_COMMAND_MAX, "M106 S%d", below(random, 256));
	else if (kind < 97)
		snprintf(text, RIG_COMMAND_MAX, "M117 Layer %d of 50", below(random, 50));
	else
		snprintf(text, RIG_COMMAND_MAX, "G4 P%d", 1 + below(random, 40));
}

static size_t write_file(uint64_t seed, size_t lines)
{
	static const char *const start[] = { "M104 S200", "M190 S60", "M109 S200", "G28", "G90",
		"M83", "G1 Z5 F1200" };
	struct random random;
	size_t count = 0;

	random_init(&random, seed);
	for (; count < sizeof start / sizeof start[0]; count++)
		snprintf(commands[count], RIG_COMMAND_MAX, "%s", start[count]);
	while (count < lines)
		write_command(&random, commands[count++]);
	snprintf(commands[count++], RIG_COMMAND_MAX, "M84");
	return count;
}

static void begin(struct rig *rig, size_t kind, uint64_t seed)
{
	pipe_rig_init(rig, kinds[kind].dialect, kinds[kind].firmware, seed);
	rig->use_side = kinds[kind].side;
}

static bool is_ready(const struct rig *rig)
{
	return rig->state == DRIVER_READY;
}

static bool is_paused(const struct rig *rig)
{
	return rig->paused;
}

static bool is_resumed(const struct rig *rig)
{
	return rig->resumed;
}

static bool moves(const struct rig *rig)
{
	return rig->acknowledged >= 40;
}

static bool heats(const struct rig *rig)
{
	return rig->offered >= 2 && rig->acknowledged >= 0 &&
	       pipe_rig_truth(rig).hotend_target_celsius > 0;
}

static bool is_over(const struct rig *rig)
{
	return rig->done || rig->cancelled || rig->faulted || rig->link_fault;
}

static void act(struct rig *rig,
	void (*slot)(struct driver *driver, int64_t now_us, struct driver_effects *effects))
{
	static struct driver_effects effects;

	driver_effects_clear(&effects);
	slot(rig->driver, rig->now_us, &effects);
	rig_apply(rig, &effects);
}

static void expect_exact(const struct rig *rig, size_t count, const char *what)
{
	struct pipe_verdict verdict = pipe_rig_judge(rig);

	if (verdict.wrong[0] || verdict.in_order != count)
		fail_msg("%s: %zu of %zu commands in order, wrong: \"%s\"", what, verdict.in_order,
			count, verdict.wrong);
}

/* ---- exactness ---- */

static void test_every_file_is_executed_exactly_and_ends_cold(void **state)
{
	int prints = getenv("PRINTFARM_LONG") ? 200 : 20;

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		for (int seed = 1; seed <= prints; seed++) {
			size_t count = write_file((uint64_t)seed, 300);
			struct rig rig;

			begin(&rig, kind, (uint64_t)seed);
			rig_print(&rig, commands, count);
			assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, NULL));
			if (!rig.done)
				fail_msg("%s: %s", kinds[kind].firmware, rig.reason);
			expect_exact(&rig, count, kinds[kind].firmware);
			assert_int_equal(rig.acknowledged, (int64_t)count - 1);
			assert_float_equal(pipe_rig_truth(&rig).hotend_target_celsius, 0, 0);
			assert_float_equal(pipe_rig_truth(&rig).bed_target_celsius, 0, 0);
			rig_finish(&rig);
		}
	}
}

/* Of every length there is; slicers call Klipper's macros with hundreds of bytes. */
static void test_the_longest_commands_are_executed_whole(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		const char *start = strcmp(kinds[kind].dialect, "klipper") == 0
					    ? "START_PRINT BED_TEMP=60 NOTE="
					    : "M117 a long message ";
		size_t count = 0;
		struct rig rig;

		snprintf(commands[count++], RIG_COMMAND_MAX, "G28");
		for (size_t length = 60; length <= DRIVER_COMMAND_MAX; length += 5) {
			char *command = commands[count++];

			memset(command, '0' + (int)(length / 5 % 10), length);
			memcpy(command, start, strlen(start));
			command[length] = '\0';
		}
		assert_int_equal(strlen(commands[count - 1]), DRIVER_COMMAND_MAX);
		begin(&rig, kind, 5);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, NULL));
		if (!rig.done)
			fail_msg("%s: %s", kinds[kind].firmware, rig.reason);
		expect_exact(&rig, count, kinds[kind].firmware);
		rig_finish(&rig);
	}
}

/* K6: klippy drops an answer when the terminal is full. */
static void test_a_lost_ok_costs_a_barrier_and_never_a_line(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		int64_t lost = 0;

		for (uint64_t seed = 1; seed <= 5; seed++) {
			size_t count = write_file(seed, 150);
			struct rig rig;

			begin(&rig, kind, seed);
			rig_print(&rig, commands, count);
			assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
			pipe_rig_fault(&rig, "lost-ok 0.02");
			assert_true(rig_run(&rig, 10 * PIPE_RIG_LIMIT_US, NULL));
			assert_true(rig.done);
			expect_exact(&rig, count, kinds[kind].firmware);
			lost += rig.dialect->counters(rig.driver)->lost_acknowledgements;
			rig_finish(&rig);
		}
		assert_true(lost > 0);
	}
}

/* ---- K1, R2: errors ---- */

static void test_a_refused_command_ends_the_print_at_that_command(void **state)
{
	static const char *const bad[KINDS] = { "G1 X999", "G1 X999", "G1 X999", "G1 X999",
		"G1 X999", "G1 X999" };

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t count = write_file(7, 120);
		struct pipe_verdict verdict;
		struct rig rig;

		snprintf(commands[60], RIG_COMMAND_MAX, "%s", bad[kind]);
		begin(&rig, kind, 7);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
		assert_true(rig.faulted);
		assert_int_equal(rig.fault, DRIVER_FAULT_COMMAND);
		assert_int_equal(rig.acknowledged, 59);
		verdict = pipe_rig_judge(&rig);
		/* What was in flight behind it may have run, nothing else. */
		assert_true(verdict.in_order == 60);
		assert_true(verdict.behind <= 4);
		/* The printer is as good as it was: cold and ready. */
		rig.faulted = false;
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_ready));
		assert_float_equal(pipe_rig_truth(&rig).hotend_target_celsius, 0, 0);
		assert_false(rig.link_fault);
		rig_finish(&rig);
	}
}

/* ---- people ---- */

static void test_pause_holds_and_resume_goes_on_where_it_was(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t count = write_file(3, 200), executed;
		struct rig rig;

		begin(&rig, kind, 3);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		act(&rig, rig.dialect->pause);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_paused));
		executed = rig.executed_count;
		rig_run(&rig, 20000000, is_over);
		assert_false(is_over(&rig));
		for (size_t i = executed; i < rig.executed_count; i++)
			assert_true(rig.executed[i].command[0] != 'G');
		act(&rig, rig.dialect->resume);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_resumed));
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, NULL));
		assert_true(rig.done);
		expect_exact(&rig, count, kinds[kind].firmware);
		rig_finish(&rig);
	}
}

/* The head is lifted as far as it goes; without its lift it would scrape over the part. */
static void test_a_park_position_out_of_reach_costs_the_parking_and_not_the_print(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t count = write_file(15, 200);
		struct rig rig;

		begin(&rig, kind, 15);
		snprintf(commands[7], RIG_COMMAND_MAX, "G1 Z195 F1200");
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		act(&rig, rig.dialect->pause);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_paused));
		for (size_t i = 0; i < rig.executed_count; i++)
			assert_string_not_equal(rig.executed[i].command, "G1 X5 Y195 F6000");
		act(&rig, rig.dialect->resume);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, NULL));
		assert_true(rig.done);
		expect_exact(&rig, count, kinds[kind].firmware);
		rig_finish(&rig);
	}
}

static void test_cancel_parks_and_ends_cold(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t count = write_file(4, 400);
		struct rig rig;

		begin(&rig, kind, 4);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		act(&rig, rig.dialect->cancel);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
		assert_true(rig.cancelled);
		assert_false(rig.link_fault);
		assert_int_equal(rig.state, DRIVER_READY);
		assert_float_equal(pipe_rig_truth(&rig).hotend_target_celsius, 0, 0);
		assert_float_equal(pipe_rig_truth(&rig).bed_target_celsius, 0, 0);
		rig_finish(&rig);
	}
}

static bool is_cold(const struct rig *rig)
{
	return pipe_rig_truth(rig).hotend_target_celsius == 0 &&
	       pipe_rig_truth(rig).bed_target_celsius == 0;
}

/* Klipper reads nothing behind an M109 but M112; RepRapFirmware over USB not even that. */
static void test_cancel_inside_a_heat_up_ends_klipper_cold_within_five_seconds(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < 3; kind++) {
		size_t count = write_file(5, 100);
		struct rig rig;
		int64_t asked_us;

		pipe_rig_init(&rig, kinds[kind].dialect, kinds[kind].firmware, 5);
		rig.use_side = kinds[kind].side;
		pipe_rig_cold(&rig);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, heats));
		rig_run(&rig, 5000000, is_over);
		asked_us = rig.now_us;
		act(&rig, rig.dialect->cancel);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
		assert_true(rig.cancelled);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_cold));
		assert_true(rig.now_us - asked_us <= 5000000);
		/* It wants a person now, and says so. */
		assert_true(rig.link_fault);
		assert_int_equal(rig.fault, DRIVER_FAULT_KILLED);
		rig_finish(&rig);
	}
}

/* A macro heats and homes for minutes behind one line. */
static void test_cancel_inside_a_macro_ends_cold_within_five_seconds_too(void **state)
{
	static const char start[] = "PRINT_START EXTRUDER=240 BED=100";
	struct rig rig;
	int64_t asked_us;

	(void)state;
	write_file(5, 100);
	snprintf(commands[0], RIG_COMMAND_MAX, "%s", start);
	begin(&rig, 0, 5);
	pipe_rig_cold(&rig);
	rig_print(&rig, commands, 100);
	rig_run(&rig, 30000000, is_over);
	assert_true(rig.offered == 1 && rig.acknowledged == -1);
	asked_us = rig.now_us;
	act(&rig, rig.dialect->cancel);
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
	assert_true(rig.cancelled);
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_cold));
	assert_true(rig.now_us - asked_us <= 5000000);
	rig_finish(&rig);
}

static void test_an_emergency_stop_in_the_middle_of_moves_ends_heat_and_motion(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t count = write_file(6, 300);
		struct rig rig;
		int64_t asked_us;

		begin(&rig, kind, 6);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		asked_us = rig.now_us;
		act(&rig, rig.dialect->estop);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_cold));
		assert_true(rig.now_us - asked_us <= 2000000);
		assert_int_equal(pipe_rig_truth(&rig).planned, 0);
		assert_int_equal(rig.state, DRIVER_FAULT);
		assert_int_equal(rig.fault, DRIVER_FAULT_ESTOP);
		rig_finish(&rig);
	}
}

/* K2, and M999: only a person restarts a firmware. */
static void test_a_stopped_firmware_is_restarted_only_when_a_person_has_unlocked(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		struct rig rig;

		begin(&rig, kind, 8);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_ready));
		act(&rig, rig.dialect->estop);
		rig_run(&rig, 5000000, is_ready);
		rig.link_fault = false;
		pipe_rig_reopen(&rig);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
		assert_true(rig.link_fault);
		assert_int_equal(rig.fault, DRIVER_FAULT_KILLED);
		assert_non_null(strstr(rig.reason, "unlock"));
		assert_int_equal(sim_printer_counters(rig.printer)->resets, 0);

		rig.link_fault = false;
		rig.dialect->unlocked(rig.driver);
		pipe_rig_reopen(&rig);
		assert_true(pipe_rig_until_ready(&rig));
		assert_int_equal(sim_printer_counters(rig.printer)->resets, 1);
		rig_finish(&rig);
	}
}

/* ---- faults ---- */

static void test_a_heater_that_fails_stops_the_print_with_the_words_of_the_firmware(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		size_t count = write_file(9, 600);
		struct rig rig;

		begin(&rig, kind, 9);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		pipe_rig_fault(&rig, "thermistor hotend open");
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
		assert_true(rig.faulted);
		assert_int_equal(rig.fault, DRIVER_FAULT_THERMAL);
		assert_true(strstr(rig.reason, "ADC") || strstr(rig.reason, "eater"));
		assert_true(rig_run(&rig, 5000000, is_cold));
		rig_finish(&rig);
	}
}

static void test_a_restart_in_the_middle_is_a_lost_print_and_never_goes_on(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < 3; kind++) {
		size_t count = write_file(10, 300);
		struct rig rig;

		begin(&rig, kind, 10);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		sim_printer_receive(rig.printer, "FIRMWARE_RESTART\n", 17, rig.now_us);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_over));
		assert_true(rig.faulted);
		assert_int_equal(rig.fault, DRIVER_FAULT_RESET);
		rig.faulted = false;
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_ready));
		rig_finish(&rig);
	}
}

/* The readings of the API come while the terminal is busy for a minute. */
static void test_the_api_gives_readings_while_the_terminal_is_busy(void **state)
{
	size_t count = 0;
	struct rig rig;

	(void)state;
	snprintf(commands[count++], RIG_COMMAND_MAX, "M104 S200");
	snprintf(commands[count++], RIG_COMMAND_MAX, "G4 S60");
	begin(&rig, 0, 11);
	rig_print(&rig, commands, count);
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, heats) || true);
	for (int i = 0; i < 20; i++) {
		rig_run(&rig, 2000000, is_over);
		assert_false(rig.dialect->may_be_silent(rig.driver));
		assert_true(rig.now_us - rig.dialect->heaters(rig.driver)->time_us < 2000000);
	}
	rig_finish(&rig);
}

static void test_without_the_api_silence_is_allowed_only_while_a_line_runs(void **state)
{
	struct rig rig;

	(void)state;
	snprintf(commands[0], RIG_COMMAND_MAX, "G4 S60");
	begin(&rig, 1, 12);
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_ready));
	rig_run(&rig, 1500000, is_over);
	assert_false(rig.dialect->may_be_silent(rig.driver));
	rig_print(&rig, commands, 1);
	rig_run(&rig, 10000000, is_over);
	assert_true(rig.dialect->may_be_silent(rig.driver));
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, NULL));
	assert_true(rig.done);
	rig_finish(&rig);
}

static bool asks_for_a_person(const struct rig *rig)
{
	return rig->attention;
}

static void test_a_pause_of_the_machine_itself_holds_until_a_person_resumes(void **state)
{
	size_t count = write_file(13, 400), executed;
	struct rig rig;

	(void)state;
	begin(&rig, 1, 13);
	rig_print(&rig, commands, count);
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
	/* A filament sensor runs the macro between two lines. */
	pipe_rig_press_when_idle(&rig, "PAUSE");
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, asks_for_a_person));
	assert_false(rig.dialect->wants_command(rig.driver));
	/* What was under way ends; nothing follows. */
	rig_run(&rig, 5000000, is_over);
	executed = rig.executed_count;
	rig_run(&rig, 30000000, is_over);
	for (size_t i = executed; i < rig.executed_count; i++)
		assert_true(rig.executed[i].command[0] != 'G');
	assert_false(is_over(&rig));
	act(&rig, rig.dialect->resume);
	assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, NULL));
	assert_true(rig.done);
	expect_exact(&rig, count, "klipper");
	rig_finish(&rig);
}

static void test_a_message_box_of_a_duet_asks_for_a_person(void **state)
{
	(void)state;
	for (size_t kind = 3; kind < KINDS; kind++) {
		size_t count = write_file(14, 600);
		struct rig rig;

		begin(&rig, kind, 14);
		rig_print(&rig, commands, count);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, moves));
		pipe_rig_fault(&rig, "press box Open the door");
		assert_true(rig_run(&rig, 15000000, asks_for_a_person));
		assert_string_equal(rig.attention_text, "Open the door");
		pipe_rig_fault(&rig, "press continue");
		rig_run(&rig, 15000000, is_over);
		assert_false(rig.attention);
		rig_finish(&rig);
	}
}

static bool is_by_hand(const struct rig *rig)
{
	return rig->by_hand;
}

static bool is_not_by_hand(const struct rig *rig)
{
	return !rig->by_hand;
}

static void test_a_duet_that_prints_from_its_card_is_seen_and_left_alone(void **state)
{
	(void)state;
	for (size_t kind = 3; kind < KINDS; kind++) {
		struct rig rig;

		begin(&rig, kind, 16);
		assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_ready));
		pipe_rig_fault(&rig, "press card");
		assert_true(rig_run(&rig, 15000000, is_by_hand));
		pipe_rig_fault(&rig, "press card");
		assert_true(rig_run(&rig, 15000000, is_not_by_hand));
		assert_false(rig.link_fault);
		rig_finish(&rig);
	}
}

static void test_klipper_is_stopped_inside_homing_and_heating_within_two_seconds(void **state)
{
	static const char *const long_ones[] = { "G28", "M109 S280", "M190 S120",
		"PRINT_START EXTRUDER=240 BED=110", "G4 S100" };

	(void)state;
	for (size_t kind = 0; kind < 3; kind++) {
		for (size_t i = 0; i < sizeof long_ones / sizeof long_ones[0]; i++) {
			struct rig rig;
			int64_t asked_us;

			snprintf(commands[0], RIG_COMMAND_MAX, "M104 S210");
			snprintf(commands[1], RIG_COMMAND_MAX, "%s", long_ones[i]);
			begin(&rig, kind, 17);
			rig_print(&rig, commands, 2);
			assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, heats));
			rig_run(&rig, 1000000, is_over);
			asked_us = rig.now_us;
			act(&rig, rig.dialect->estop);
			assert_true(rig_run(&rig, PIPE_RIG_LIMIT_US, is_cold));
			assert_true(rig.now_us - asked_us <= 2000000);
			assert_int_equal(pipe_rig_truth(&rig).planned, 0);
			rig_finish(&rig);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_file_is_executed_exactly_and_ends_cold),
		cmocka_unit_test(test_the_longest_commands_are_executed_whole),
		cmocka_unit_test(test_a_lost_ok_costs_a_barrier_and_never_a_line),
		cmocka_unit_test(test_a_refused_command_ends_the_print_at_that_command),
		cmocka_unit_test(
			test_an_emergency_stop_in_the_middle_of_moves_ends_heat_and_motion),
		cmocka_unit_test(
			test_a_heater_that_fails_stops_the_print_with_the_words_of_the_firmware),
		cmocka_unit_test(test_a_restart_in_the_middle_is_a_lost_print_and_never_goes_on),
		cmocka_unit_test(
			test_a_stopped_firmware_is_restarted_only_when_a_person_has_unlocked),
		cmocka_unit_test(
			test_cancel_inside_a_heat_up_ends_klipper_cold_within_five_seconds),
		cmocka_unit_test(test_cancel_inside_a_macro_ends_cold_within_five_seconds_too),
		cmocka_unit_test(test_cancel_parks_and_ends_cold),
		cmocka_unit_test(test_pause_holds_and_resume_goes_on_where_it_was),
		cmocka_unit_test(
			test_a_park_position_out_of_reach_costs_the_parking_and_not_the_print),
		cmocka_unit_test(test_the_api_gives_readings_while_the_terminal_is_busy),
		cmocka_unit_test(test_without_the_api_silence_is_allowed_only_while_a_line_runs),
		cmocka_unit_test(test_a_pause_of_the_machine_itself_holds_until_a_person_resumes),
		cmocka_unit_test(
			test_klipper_is_stopped_inside_homing_and_heating_within_two_seconds),
		cmocka_unit_test(test_a_duet_that_prints_from_its_card_is_seen_and_left_alone),
		cmocka_unit_test(test_a_message_box_of_a_duet_asks_for_a_person),
	};

	return cmocka_run_group_tests_name("pipe", tests, NULL, NULL);
}
