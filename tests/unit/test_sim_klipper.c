/* The simulated Klipper says and does what klippy/gcode.py and klippy/webhooks.py do. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/sim_talk.h"

#include <stdio.h>
#include <string.h>

static void begin(struct talk *talk)
{
	struct sim_settings settings;

	assert_true(sim_settings_init(&settings, "p", "klipper"));
	settings.boot_us = 100000;
	settings.warm_start = true;
	talk_start(talk, &settings, 1);
	sim_printer_side_connected(talk->printer, true, talk->now_us);
}

static void expect(const struct talk *talk, const char *text)
{
	if (strcmp(talk->heard, text) != 0)
		fail_msg("heard \"%s\", expected \"%s\"", talk->heard, text);
}

static void say(struct talk *talk, const char *text, double seconds)
{
	talk_forget(talk);
	talk_send(talk, text, seconds);
}

static const char *api(struct talk *talk, const char *json, double seconds)
{
	static char reply[16384];
	size_t length;

	sim_printer_side_take(talk->printer, reply, sizeof reply);
	sim_printer_side_receive(talk->printer, json, strlen(json), talk->now_us);
	sim_printer_side_receive(talk->printer, "\x03", 1, talk->now_us);
	talk_pass(talk, seconds);
	length = sim_printer_side_take(talk->printer, reply, sizeof reply - 1);
	reply[length] = '\0';
	return reply;
}

static void test_every_line_has_one_ok_also_an_empty_one(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "\n; comment\nN5 M110*33\nG90\n", 0.1);
	expect(&talk, "ok\nok\nok\nok\n");
	talk_end(&talk);
}

static void test_an_error_is_told_before_its_ok_and_the_lines_behind_it_still_run(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "G1 X10\nG90\nECHO A=1\nECHO b\n", 0.1);
	expect(&talk, "!! Must home axis first: 10.000 0.000 0.000 [0.000]\nok\nok\n"
		      "// ECHO A=1\nok\n!! Malformed command 'ECHO b'\nok\n");
	assert_null(strstr(talk.done, "G1 X10"));
	assert_non_null(strstr(talk.done, "-\tG90\n"));
	talk_end(&talk);
}

static void test_m112_overtakes_what_runs_but_not_twenty_lines(void **state)
{
	char lines[400] = "G28\n";
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "M104 S200\nG28\n", 1);
	say(&talk, "M112\n", 0.1);
	assert_int_equal(talk_count(&talk, "// Klipper state: Shutdown\n"), 1);
	say(&talk, "STATUS\n", 0.1);
	assert_int_equal(talk_count(&talk, "!!"), 0);
	talk_pass(&talk, 1);
	assert_int_equal(talk_count(&talk, "!! Homing failed due to printer shutdown\nok\n"), 1);
	assert_int_equal(talk_count(&talk, "!! Shutdown due to M112 command\nok\n"), 1);
	talk_end(&talk);

	begin(&talk);
	say(&talk, lines, 0.5);
	lines[0] = '\0';
	for (int i = 0; i < 20; i++)
		strcat(lines, "G4 P10\n");
	strcat(lines, "M112\n");
	say(&talk, lines, 1);
	assert_int_equal(talk_count(&talk, "Shutdown"), 0);
	talk_pass(&talk, 30);
	assert_int_equal(talk_count(&talk, "// Klipper state: Shutdown\n"), 1);
	talk_end(&talk);
}

static void test_m112_with_a_checksum_is_not_recognised_ahead(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "G28\n", 0.5);
	say(&talk, "N3 M112*12\n", 1);
	assert_int_equal(talk_count(&talk, "Shutdown"), 0);
	talk_end(&talk);
}

static void test_a_byte_that_is_no_utf8_spoils_what_is_read_with_it(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "M117 \xe9\n", 0.1);
	expect(&talk, "");
	say(&talk, "G90\n", 0.1);
	expect(&talk, "ok\n");
	talk_end(&talk);
}

static void test_while_it_waits_for_heat_it_tells_temperatures_every_second(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "M109 S250\n", 5.5);
	assert_int_equal(talk_count(&talk, "B:"), 5);
	assert_int_equal(talk_count(&talk, "ok"), 0);
	talk_end(&talk);
}

static void test_a_firmware_restart_tells_disconnect_and_ready_and_closes_the_socket(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "FIRMWARE_RESTART\n", 0.1);
	expect(&talk, "ok\n// Klipper state: Disconnect\n");
	assert_false(sim_printer_side_serves(talk.printer));
	say(&talk, "G90\n", 0.1);
	assert_int_equal(talk_count(&talk, "!! Printer is not ready\nok\n"), 1);
	talk_forget(&talk);
	talk_pass(&talk, 10);
	expect(&talk, "// Klipper state: Ready\n");
	assert_true(sim_printer_side_serves(talk.printer));
	talk_end(&talk);
}

static void test_the_api_answers_by_id_is_silent_without_one_and_ignores_what_is_no_json(
	void **state)
{
	const char *reply;
	struct talk talk;

	(void)state;
	begin(&talk);
	reply = api(&talk, "{\"id\":\"a7\",\"method\":\"info\"}", 0.01);
	assert_non_null(strstr(reply, "{\"id\":\"a7\",\"result\":{\"state\":\"ready\""));
	assert_int_equal(reply[strlen(reply) - 1], 3);
	assert_string_equal(api(&talk, "{\"method\":\"info\"}", 0.01), "");
	assert_string_equal(api(&talk, "}{", 0.01), "");
	assert_non_null(
		strstr(api(&talk, "{\"id\":1,\"method\":\"nonsense\"}", 0.01), "\"error\""));
	talk_end(&talk);
}

static void test_a_script_waits_for_the_terminal_and_an_error_ends_it(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "G4 S2\n", 0.1);
	assert_string_equal(api(&talk,
				    "{\"id\":5,\"method\":\"gcode/script\",\"params\":"
				    "{\"script\":\"G90\\nG1 X5\\nG91\"}}",
				    1),
		"");
	assert_non_null(strstr(api(&talk, "{\"method\":\"x\"}", 2),
		"{\"id\":5,\"error\":{\"error\":\"WebRequestError\",\"message\":\"Must home"));
	assert_non_null(strstr(talk.done, "G90\n"));
	assert_null(strstr(talk.done, "G91\n"));
	talk_end(&talk);
}

static void test_a_subscription_tells_all_first_and_then_what_has_changed(void **state)
{
	static const char ask[] =
		"{\"id\":1,\"method\":\"objects/subscribe\",\"params\":{\"objects\":{"
		"\"extruder\":[\"target\"],\"webhooks\":[\"state\"],\"none\":null}}}";
	const char *reply;
	struct talk talk;

	(void)state;
	begin(&talk);
	reply = api(&talk, ask, 1.1);
	assert_non_null(
		strstr(reply, "\"webhooks\":{\"state\":\"ready\"},\"extruder\":{\"target\":0.0}"));
	assert_null(strstr(reply, "params"));
	say(&talk, "M104 S50\n", 0.3);
	reply = api(&talk, "", 0.3);
	say(&talk, "M104 S60\n", 0);
	reply = api(&talk, "", 0.3);
	assert_non_null(strstr(reply, "\"status\":{\"extruder\":{\"target\":60.0}}}}"));
	talk_end(&talk);
}

static void test_the_emergency_stop_of_the_api_acts_at_once(void **state)
{
	struct sim_status status;
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "M104 S200\nG28\n", 0.5);
	talk_forget(&talk);
	api(&talk, "{\"method\":\"emergency_stop\"}", 0.05);
	assert_int_equal(talk_count(&talk, "// Klipper state: Shutdown\n"), 1);
	sim_printer_status(talk.printer, &status);
	assert_float_equal(status.hotend_target_celsius, 0, 0);
	talk_end(&talk);
}

static void test_a_heater_that_does_not_heat_shuts_it_down(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	talk_fault(&talk, "heater hotend dead");
	say(&talk, "M104 S280\n", 0.1);
	talk_forget(&talk);
	talk_pass(&talk, 30);
	assert_int_equal(talk_count(&talk, "// Klipper state: Shutdown\n"), 1);
	say(&talk, "G90\n", 0.1);
	assert_int_equal(
		talk_count(&talk, "!! Heater extruder not heating at expected rate\nok\n"), 1);
	talk_end(&talk);
}

static void test_saved_state_comes_back_with_the_position(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "G28\nM83\nG1 X50 Y60 Z5 E1 F3000\nM400\n", 20);
	say(&talk, "SAVE_GCODE_STATE NAME=a\nG91\nG1 Z10\nG90\nG1 X0\nG92 E7\n", 5);
	say(&talk, "RESTORE_GCODE_STATE NAME=a MOVE=1\nM400\nM114\n", 10);
	expect(&talk, "ok\nok\nX:50.000 Y:60.000 Z:5.000 E:1.000\nok\n");
	talk_end(&talk);
}

static void test_a_macro_heats_and_homes_behind_one_ok(void **state)
{
	struct talk talk;

	(void)state;
	begin(&talk);
	say(&talk, "print_start EXTRUDER=215 BED=60\nG1 X5 F6000\n", 1);
	assert_int_equal(talk_count(&talk, "ok"), 0);
	talk_pass(&talk, 60);
	assert_int_equal(talk_count(&talk, "ok\n"), 2);
	assert_int_equal(talk_count(&talk, "!!"), 0);
	assert_string_equal(talk.done, "-\tprint_start EXTRUDER=215 BED=60\n-\tG1 X5 F6000\n");
	talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_line_has_one_ok_also_an_empty_one),
		cmocka_unit_test(
			test_an_error_is_told_before_its_ok_and_the_lines_behind_it_still_run),
		cmocka_unit_test(test_m112_overtakes_what_runs_but_not_twenty_lines),
		cmocka_unit_test(test_m112_with_a_checksum_is_not_recognised_ahead),
		cmocka_unit_test(test_a_byte_that_is_no_utf8_spoils_what_is_read_with_it),
		cmocka_unit_test(test_while_it_waits_for_heat_it_tells_temperatures_every_second),
		cmocka_unit_test(
			test_a_firmware_restart_tells_disconnect_and_ready_and_closes_the_socket),
		cmocka_unit_test(
			test_the_api_answers_by_id_is_silent_without_one_and_ignores_what_is_no_json),
		cmocka_unit_test(test_a_script_waits_for_the_terminal_and_an_error_ends_it),
		cmocka_unit_test(test_a_subscription_tells_all_first_and_then_what_has_changed),
		cmocka_unit_test(test_the_emergency_stop_of_the_api_acts_at_once),
		cmocka_unit_test(test_a_heater_that_does_not_heat_shuts_it_down),
		cmocka_unit_test(test_saved_state_comes_back_with_the_position),
		cmocka_unit_test(test_a_macro_heats_and_homes_behind_one_ok),
	};

	return cmocka_run_group_tests_name("sim klipper", tests, NULL, NULL);
}
