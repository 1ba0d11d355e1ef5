/* What is written for the simulator: faults, fault files, printers. */
#include "base/error.h"
#include "sim/faults.h"
#include "sim/firmware.h"
#include "sim/spec.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>  /* snprintf */
#include <string.h> /* strlen, strstr */

static void expect_error(const char *text, const struct error *error, const char *part)
{
	if (!strstr(error->text, part))
		fail_msg("%s: \"%s\" does not say \"%s\"", text, error->text, part);
}

/* ---- faults ---- */

static void test_fault_lines_say_when_who_and_what(void **state)
{
	struct sim_planned_fault fault;
	struct error error;

	(void)state;
	assert_int_equal(sim_planned_fault_from_line(&fault, "line 120 p1 noise 1e-4", &error), 1);
	assert_true(fault.by_line && fault.when == 120 && fault.fault.kind == SIM_FAULT_NOISE);
	assert_true(fault.fault.probability == 1e-4 && fault.fault.down_probability == 1e-4);
	assert_true(fault.fault.up && fault.fault.down);
	assert_string_equal(fault.printer, "p1");
	assert_int_equal(
		sim_planned_fault_from_line(&fault, "  at 2.5\t* power-cycle 3 # off", &error), 1);
	assert_true(!fault.by_line && fault.when == 2500000);
	assert_int_equal(fault.fault.kind, SIM_FAULT_POWER_CYCLE);
	assert_int_equal(fault.fault.duration_us, 3000000);
	assert_int_equal(sim_planned_fault_from_line(&fault, "at 0 * noise 0.1 up", &error), 1);
	assert_true(fault.fault.up && !fault.fault.down);
	assert_int_equal(sim_planned_fault_from_line(&fault, "at 0 * noise 0.1 0.2", &error), 1);
	assert_true(fault.fault.probability == 0.1 && fault.fault.down_probability == 0.2);
	assert_int_equal(
		sim_planned_fault_from_line(&fault, "at 1 a thermistor bed open", &error), 1);
	assert_true(fault.fault.heater == SIM_BED && fault.fault.thermistor == SIM_THERMISTOR_OPEN);
	assert_int_equal(sim_planned_fault_from_line(&fault, "at 1 a press M104 S200", &error), 1);
	assert_string_equal(fault.fault.text, "M104 S200");
	assert_int_equal(sim_planned_fault_from_line(&fault, "", &error), 0);
	assert_int_equal(sim_planned_fault_from_line(&fault, " # nothing", &error), 0);
}

static void test_wrong_fault_lines_are_told_apart(void **state)
{
	static const struct {
		const char *line, *says;
	} rows[] = {
		{ "line 1 p1", "line N|at SECONDS" },
		{ "when 1 p1 reset", "\"line N\" or \"at SECONDS\"" },
		{ "at soon p1 reset", "\"soon\"" },
		{ "at -1 p1 reset", "\"-1\"" },
		{ "at 1 p1 explode", "\"explode\" is no fault" },
		{ "at 1 p1 noise", "probability" },
		{ "at 1 p1 noise 2", "probability" },
		{ "at 1 p1 noise 0.1 sideways", "\"sideways\" is no direction" },
		{ "at 1 p1 reset now", "fewer words" },
		{ "at 1 p1 thermistor nose open", "\"nose\" is no heater" },
		{ "at 1 p1 thermistor bed ajar", "open, short, ok" },
		{ "at 1 p1 heater bed", "dead, ok" },
		{ "at 1 p1 press", "press what" },
		{ "at 1 p1 power-cycle soon", "number of seconds" },
		{ "at 1 a-name-that-is-longer-than-any-printer-has reset",
			"longer than a printer's" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct sim_planned_fault fault = { .when = 7 };
		struct error error;
		assert_int_equal(sim_planned_fault_from_line(&fault, rows[i].line, &error), -1);
		expect_error(rows[i].line, &error, rows[i].says);
		assert_int_equal(fault.when, 7);
	}
}

static void test_numbers_are_decimal_and_whole_words(void **state)
{
	static const struct {
		const char *word;
		double value;
	} good[] = { { "0", 0 }, { "1e-4", 1e-4 }, { "-3.50", -3.5 }, { ".5", 0.5 }, { "2.", 2 },
		{ "+1E2", 100 }, { "0.003", 0.003 }, { "1.5e3", 1500 } };
	static const char *const bad[] = { "", "-", ".", "1e", "1x", "0x10", "1,5", "nan", "inf",
		"1e999", "1 ", "1234567890123456789012" };
	double value;

	(void)state;
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		assert_true(sim_number(good[i].word, &value));
		assert_true(value == good[i].value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(sim_number(bad[i], &value));
}

/* ---- printers ---- */

static void test_counts_make_printers_with_numbered_names(void **state)
{
	static struct spec spec;
	struct error error;

	(void)state;
	assert_true(spec_from_counts(&spec, "marlin:8,marlin-stock:2", &error));
	assert_int_equal(spec.count, 10);
	assert_string_equal(spec.printer[7].name, "marlin-8");
	assert_string_equal(spec.printer[8].name, "marlin-stock-1");
	assert_true(spec.printer[0].advanced_ok && !spec.printer[8].advanced_ok);
	assert_string_not_equal(spec.printer[0].uuid, spec.printer[1].uuid);
	assert_int_equal(strlen(spec.printer[0].uuid), 36);
}

static void test_wrong_counts_say_what_is_accepted(void **state)
{
	static struct spec spec;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "", "no printer" },
		{ "marlin", "neither a file nor" },
		{ "marlin:0", "from 1 to 64" },
		{ "marlin:65", "from 1 to 64" },
		{ "marlin:40,marlin-stock:40", "more than 64" },
		{ "marlin:1,marlin:1", "twice" },
		{ "teacup:1", "there are marlin, marlin-stock" },
		{ "no-such-file.spec", "neither a file nor" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct error error;
		assert_false(spec_from_counts(&spec, rows[i].text, &error));
		expect_error(rows[i].text, &error, rows[i].says);
	}
}

static void test_a_file_sets_every_key(void **state)
{
	static const char text[] = "# a farm\n"
				   "\n"
				   "a  baud=250000 firmware=marlin-stock machine=Original_Prusa_i3 "
				   "volume=-3..250x-4..210x210\r\n"
				   "b  volume=round:300x400 advanced_ok=no emergency_parser=off "
				   "host_actions=0 leveling=no "
				   "rx=256 bufsize=8 blocks=32 boot_s=0.5 reset_on_open=always "
				   "latency_us=125 command_us=1 "
				   "move_us=2 noise_up=1e-4 noise_down=2e-4 lost_ok=0.01 "
				   "doubled_ok=0.02 ambient=18 heat=2 "
				   "warm_start=1 uuid=x # and a comment";
	static struct spec spec;
	struct error error;

	(void)state;
	if (!spec_from_text(&spec, text, strlen(text), &error))
		fail_msg("%s", error.text);
	const struct sim_settings *a = &spec.printer[0], *b = &spec.printer[1];
	assert_int_equal(spec.count, 2);
	assert_string_equal(a->firmware->name, "marlin-stock");
	assert_int_equal(a->baud, 250000);
	assert_string_equal(a->machine, "Original Prusa i3");
	assert_true(a->volume_min_mm[0] == -3 && a->volume_max_mm[0] == 250);
	assert_true(a->volume_min_mm[1] == -4 && a->volume_min_mm[2] == 0);
	assert_true(b->volume_min_mm[0] == -150 && b->volume_max_mm[1] == 150);
	assert_true(b->volume_min_mm[2] == 0 && b->volume_max_mm[2] == 400);
	assert_false(b->advanced_ok || b->emergency_parser || b->host_actions || b->leveling);
	assert_true(b->rx_bytes == 256 && b->bufsize == 8 && b->blocks == 32);
	assert_true(b->boot_us == 500000 && b->reset_on_open == SIM_RESET_ALWAYS);
	assert_true(b->latency_us == 125 && b->command_us == 1 && b->move_us == 2);
	assert_true(b->noise_up == 1e-4 && b->noise_down == 2e-4);
	assert_true(b->lost_ok == 0.01 && b->doubled_ok == 0.02);
	assert_true(b->ambient_celsius == 18 && b->heat_factor == 2 && b->warm_start);
	assert_string_equal(b->uuid, "x");
}

static void test_wrong_lines_are_named_with_what_would_be_accepted(void **state)
{
	static struct spec spec;
	static const struct {
		const char *text, *says;
	} rows[] = {
		{ "# nothing\n", "no printer" },
		{ "a\nb colour=red\n", "line 2: \"colour\" is no key" },
		{ "a baud\n", "line 1: \"baud\" is not key=value" },
		{ "a baud=fast\n", "baud=fast: a number from 300" },
		{ "a bufsize=2.5\n", "bufsize=2.5" },
		{ "a blocks=65\n", "from 2 to 64" },
		{ "a volume=200x200\n", "XxYxZ" },
		{ "a volume=0x200x200\n", "XxYxZ" },
		{ "a volume=round:300x300x300\n", "XxYxZ" },
		{ "a reset_on_open=maybe\n", "never, first or always" },
		{ "a advanced_ok=maybe\n", "yes or no" },
		{ "a firmware=teacup\n", "firmware \"teacup\" is not known" },
		{ "../a\n", "is no name" },
		{ "control\n", "is no name" },
		{ "a-name-that-is-much-too-long-for-us\n", "is no name" },
		{ "a\na\n", "line 2: \"a\" is there twice" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		struct error error;
		assert_false(spec_from_text(&spec, rows[i].text, strlen(rows[i].text), &error));
		expect_error(rows[i].text, &error, rows[i].says);
	}
	struct error error;
	assert_false(spec_from_text(&spec, "a\0b", 3, &error));
}

static void test_every_key_is_described(void **state)
{
	char text[4096];

	(void)state;
	spec_describe_keys(text, sizeof text);
	assert_non_null(strstr(text, "baud\t"));
	assert_non_null(strstr(text, "warm_start\t"));
	assert_true(strlen(text) < sizeof text - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fault_lines_say_when_who_and_what),
		cmocka_unit_test(test_wrong_fault_lines_are_told_apart),
		cmocka_unit_test(test_numbers_are_decimal_and_whole_words),
		cmocka_unit_test(test_counts_make_printers_with_numbered_names),
		cmocka_unit_test(test_wrong_counts_say_what_is_accepted),
		cmocka_unit_test(test_a_file_sets_every_key),
		cmocka_unit_test(test_wrong_lines_are_named_with_what_would_be_accepted),
		cmocka_unit_test(test_every_key_is_described),
	};

	return cmocka_run_group_tests_name("sim_words", tests, NULL, NULL);
}
