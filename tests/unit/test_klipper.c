/* The Klipper dialect line by line: rows K1 to K6 of serial-protocols.md 15.7, and what else klippy
 * says on its terminal and on its API socket. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/pipe_talk.h"

#include <stdio.h>
#include <string.h>

static const char *const four[] = { "G1 X1", "G1 X2", "G1 X3", "G1 X4", "G1 X5", "G1 X6" };

static void begin(struct pipe_talk *talk)
{
	pipe_talk_start(talk, "klipper");
	pipe_talk_ready(talk);
}

static void open_side(struct pipe_talk *talk)
{
	talk->dialect->side->opened(talk->driver, talk->now_us, &talk->effects);
	pipe_talk_perform(talk);
}

static void side(struct pipe_talk *talk, const char *json)
{
	pipe_talk_side(talk, json, strlen(json));
	pipe_talk_side(talk, "\x03", 1);
}

/* A21: klippy answers an empty line with an ok, which would be taken for another line's. */
static void test_no_empty_line_is_ever_written(void **state)
{
	static const char *const blank[] = { "G1 X1", "", "G1 X2" };
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, blank, 3);
	pipe_talk_say(&talk, "ok\n");
	pipe_talk_pass(&talk, 60000000);
	assert_true(pipe_talk_count(&talk, "G1 X1\n") == 1);
	assert_true(talk.written[0] != '\n');
	assert_null(strstr(talk.written, "\n\n"));
	pipe_talk_end(&talk);
}

/* K1 */
static void test_an_error_fails_the_print_at_its_line_and_what_was_queued_may_have_run(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, four, 6);
	assert_int_equal(pipe_talk_count(&talk, "G1 X"), 4);
	pipe_talk_say(&talk, "ok\n");
	pipe_talk_say(&talk, "!! Must home axis first: 2.000 0.000 0.000 [0.000]\nok\n");
	assert_int_equal(talk.faults, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_COMMAND);
	assert_non_null(strstr(talk.reason, "Must home axis first"));
	pipe_talk_forget(&talk);
	/* The two behind it are executed by klippy all the same: acknowledged to nobody. */
	pipe_talk_say(&talk, "ok\nok\n");
	assert_int_equal(talk.acknowledged, 0);
	assert_int_equal(pipe_talk_count(&talk, "G1 X"), 0);
	assert_int_equal(pipe_talk_count(&talk, "TURN_OFF_HEATERS"), 1);
	assert_int_equal(talk.faults, 1);
	pipe_talk_end(&talk);
}

/* K2 */
static void test_a_shutdown_is_a_fault_with_its_reason_within_a_tenth_of_a_second(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_forget(&talk);
	pipe_talk_say(&talk, "// Klipper state: Shutdown\n");
	assert_false(talk.dialect->wants_command(talk.driver));
	pipe_talk_say(
		&talk, "// MCU 'mcu' shutdown: Timer too close\n// Once the issue is fixed\n");
	pipe_talk_say(&talk, "!! MCU 'mcu' shutdown: Timer too close\nok\n");
	assert_int_equal(talk.faults, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_KILLED);
	assert_non_null(strstr(talk.reason, "Timer too close"));
	assert_non_null(strstr(talk.reason, "unlock restarts it"));
	assert_int_equal(talk.state, DRIVER_FAULT);
	/* Only a person restarts it. */
	pipe_talk_pass(&talk, 600000000);
	assert_int_equal(pipe_talk_count(&talk, "RESTART"), 0);
	pipe_talk_end(&talk);
}

static void test_a_shutdown_without_a_reason_is_a_fault_all_the_same(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_say(&talk, "// Klipper state: Shutdown\n");
	assert_int_equal(talk.faults, 0);
	pipe_talk_pass(&talk, 100000);
	assert_int_equal(talk.faults, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_KILLED);
	pipe_talk_end(&talk);
}

/* As klippy v0.13 talks when its board shuts down in a G28. */
static void test_the_command_under_way_gives_no_reason_and_a_late_one_is_passed_on(void **state)
{
	static const char given_up[] = "!! Homing failed due to printer shutdown\nok\n",
			  reason[] = "// MCU 'mcu' shutdown: Timer too close\n// Once the\n"
				     "// Klipper state: Not ready\n"
				     "!! MCU 'mcu' shutdown: Timer too close\nok\n";
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_say(&talk, "// Klipper state: Shutdown\n");
	pipe_talk_say(&talk, given_up);
	assert_int_equal(talk.faults, 0);
	pipe_talk_say(&talk, reason);
	assert_non_null(strstr(talk.reason, "Timer too close"));
	pipe_talk_end(&talk);

	begin(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_say(&talk, "// Klipper state: Shutdown\n");
	pipe_talk_pass(&talk, 100000);
	assert_int_equal(talk.faults, 1);
	assert_null(strstr(talk.reason, "Timer too close"));
	pipe_talk_pass(&talk, 600000);
	pipe_talk_say(&talk, given_up);
	assert_null(strstr(talk.said, "Homing"));
	pipe_talk_say(&talk, reason);
	assert_non_null(strstr(talk.said, "Timer too close"));
	assert_int_equal(talk.faults, 1);
	pipe_talk_end(&talk);
}

static void test_the_socket_is_asked_for_the_reason_at_once(void **state)
{
	char answer[256];
	struct pipe_talk talk;
	const char *id;

	(void)state;
	begin(&talk);
	open_side(&talk);
	pipe_talk_print(&talk, four, 4);
	talk.side[0] = '\0';
	pipe_talk_say(&talk, "// Klipper state: Shutdown\n");
	id = strstr(talk.side, "{\"id\":");
	assert_non_null(id);
	assert_non_null(strstr(id, "objects/query"));
	snprintf(answer, sizeof(answer),
		"{\"id\":%.1s,\"result\":{\"status\":{\"webhooks\":{\"state\":\"shutdown\","
		"\"state_message\":\"MCU 'mcu' shutdown: Timer too close\\nOnce\"}}}}",
		id + strlen("{\"id\":"));
	side(&talk, answer);
	assert_int_equal(talk.faults, 1);
	assert_non_null(strstr(talk.reason, "Timer too close (unlock"));
	pipe_talk_end(&talk);
}

static void test_a_sensor_that_was_not_read_is_no_temperature(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	talk.readings = 0;
	pipe_talk_say(&talk, "B:0.0 /0.0 T0:0.0 /0.0\n");
	side(&talk, "{\"params\":{\"eventtime\":1.5,\"status\":{\"extruder\":{"
		    "\"temperature\":0.0,\"target\":0.0,\"power\":0.0}}}}");
	assert_int_equal(talk.readings, 0);
	pipe_talk_say(&talk, "B:0.0 /0.0 T0:181.4 /0.0\n");
	assert_int_equal(talk.readings, 1);
	assert_int_equal(talk.dialect->heaters(talk.driver)->count, 1);
	assert_float_equal(talk.dialect->heaters(talk.driver)->heater[0].celsius, 181.4, 1e-9);
	pipe_talk_end(&talk);
}

static void test_thermal_reasons_are_thermal_faults(void **state)
{
	static const char *const reasons[] = { "Heater extruder not heating at expected rate",
		"MCU 'mcu' shutdown: ADC out of range" };

	(void)state;
	for (size_t i = 0; i < sizeof reasons / sizeof reasons[0]; i++) {
		struct pipe_talk talk;
		char line[96];

		begin(&talk);
		pipe_talk_print(&talk, four, 1);
		snprintf(line, sizeof line, "// Klipper state: Shutdown\n!! %s\nok\n", reasons[i]);
		pipe_talk_say(&talk, line);
		assert_int_equal(talk.fault, DRIVER_FAULT_THERMAL);
		pipe_talk_end(&talk);
	}
}

/* K3: info is asked first, the subscription second; the answers come the other way round. */
static void test_answers_of_the_api_are_matched_by_their_id(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	assert_non_null(strstr(talk.side, "{\"id\":1,\"method\":\"info\""));
	assert_non_null(strstr(talk.side, "{\"id\":2,\"method\":\"objects/subscribe\""));
	side(&talk, "{\"id\":2,\"result\":{\"eventtime\":1.0,\"status\":{\"extruder\":{"
		    "\"temperature\":200.5,\"target\":210.0,\"power\":1.0}}}}");
	assert_int_equal(talk.readings, 1);
	assert_float_equal(talk.dialect->heaters(talk.driver)->heater[0].target_celsius, 210, 1e-9);
	assert_int_equal(talk.faults, 0);
	side(&talk, "{\"id\":1,\"result\":{\"state\":\"shutdown\",\"state_message\":"
		    "\"Lost communication with MCU 'mcu'\\nOnce the issue\"}}");
	assert_int_equal(talk.faults, 1);
	assert_non_null(strstr(talk.reason, "Lost communication with MCU 'mcu' (unlock"));
	/* An id that nobody gave out. */
	side(&talk, "{\"id\":99,\"result\":{\"state\":\"ready\"}}");
	pipe_talk_end(&talk);
}

/* K4 */
static void test_frames_are_found_wherever_they_are_cut(void **state)
{
	static const char frames[] = "{\"id\":2,\"result\":{\"status\":{\"heater_bed\":{"
				     "\"temperature\":60.0,\"target\":60.0}}}}\x03"
				     "{\"params\":{\"eventtime\":1.5,\"status\":{\"heater_bed\":{"
				     "\"temperature\":61.25}}}}\x03";
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	for (size_t cut = 0; cut < sizeof frames - 1; cut++) {
		open_side(&talk);
		talk.readings = 0;
		/* The second subscription of this connection has the next id. */
		char text[sizeof frames];
		memcpy(text, frames, sizeof frames);
		const char *id = strstr(talk.side, "\"method\":\"objects/subscribe\"");
		assert_non_null(id);
		text[6] = id[-2];
		if (id[-3] != ':')
			break; /* two digits: cut often enough */
		pipe_talk_side(&talk, text, cut);
		pipe_talk_side(&talk, text + cut, sizeof frames - 1 - cut);
		assert_int_equal(talk.readings, 2);
		assert_float_equal(
			talk.dialect->heaters(talk.driver)->heater[0].celsius, 61.25, 1e-9);
		pipe_talk_forget(&talk);
	}
	pipe_talk_end(&talk);
}

static void test_each_cut_of_a_pushed_frame_gives_the_same_reading(void **state)
{
	static const char frame[] = "{\"params\":{\"eventtime\":1.5,\"status\":{\"heater_bed\":{"
				    "\"temperature\":61.25,\"target\":60.0}}}}\x03";
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	for (size_t cut = 0; cut < sizeof frame - 1; cut++) {
		talk.readings = 0;
		pipe_talk_side(&talk, frame, cut);
		pipe_talk_side(&talk, frame + cut, sizeof frame - 1 - cut);
		assert_int_equal(talk.readings, 1);
	}
	pipe_talk_end(&talk);
}

/* K5 */
static void test_a_socket_that_closes_is_subscribed_again_and_no_script_is_sent_twice(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	pipe_talk_print(&talk, four, 4);
	talk.dialect->side->closed(talk.driver, talk.now_us, &talk.effects);
	pipe_talk_perform(&talk);
	pipe_talk_forget(&talk);
	open_side(&talk);
	assert_non_null(strstr(talk.side, "objects/subscribe"));
	assert_null(strstr(talk.side, "script"));
	assert_int_equal(pipe_talk_count(&talk, "G1"), 0);
	pipe_talk_end(&talk);
}

/* K6 */
static void test_an_ok_that_is_lost_is_written_off_behind_a_barrier_and_never_sent_again(
	void **state)
{
	struct pipe_talk talk;
	char line[64];

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_forget(&talk);
	pipe_talk_say(&talk, "ok\n");
	pipe_talk_pass(&talk, 30000000);
	assert_int_equal(pipe_talk_count(&talk, "ECHO PF="), 1);
	assert_int_equal(pipe_talk_count(&talk, "G1"), 0);
	assert_int_equal(talk.state, DRIVER_PROBING);
	snprintf(line, sizeof line, "// ECHO PF=%s\nok\n", pipe_talk_nonce(&talk));
	pipe_talk_say(&talk, line);
	assert_int_equal(talk.acknowledged, 3);
	/* Three moves, and the reading that was asked for behind them. */
	assert_int_equal(talk.dialect->counters(talk.driver)->lost_acknowledgements, 4);
	assert_true(talk.dialect->wants_command(talk.driver));
	pipe_talk_end(&talk);
}

static void test_left_over_acknowledgements_at_connect_count_for_nothing(void **state)
{
	struct pipe_talk talk;

	(void)state;
	pipe_talk_start(&talk, "klipper");
	pipe_talk_say(&talk, "ok\nok\nok B:20.0 /0.0 T0:20.0 /0.0\n// ECHO PF=pf00000000\nok\n");
	assert_int_equal(talk.state, DRIVER_OPENING);
	pipe_talk_ready(&talk);
	assert_int_equal(pipe_talk_count(&talk, "G1"), 0);
	pipe_talk_end(&talk);
}

static void test_another_firmware_is_told_apart(void **state)
{
	struct pipe_talk talk;
	char line[96];

	(void)state;
	pipe_talk_start(&talk, "klipper");
	snprintf(line, sizeof line, "echo:Unknown command: \"ECHO PF=%s\"\nok\n",
		pipe_talk_nonce(&talk));
	pipe_talk_say(&talk, line);
	pipe_talk_say(&talk, "FIRMWARE_NAME:Marlin 2.1.2 MACHINE_TYPE:Ender-3\nok\n");
	pipe_talk_say(&talk, "echo:Unknown command: \"STATUS\"\nok\n");
	assert_int_equal(talk.faults, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_DIALECT);
	pipe_talk_end(&talk);
}

static void test_a_klippy_that_starts_is_waited_for(void **state)
{
	struct pipe_talk talk;
	char line[64];

	(void)state;
	pipe_talk_start(&talk, "klipper");
	snprintf(line, sizeof line, "// ECHO PF=%s\nok\n", pipe_talk_nonce(&talk));
	pipe_talk_say(&talk, line);
	pipe_talk_say(&talk, "ok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0\n");
	pipe_talk_say(&talk, "// Printer is not ready\n!! Printer is not ready\nok\n");
	assert_int_equal(talk.faults, 0);
	pipe_talk_forget(&talk);
	pipe_talk_pass(&talk, 2500000);
	pipe_talk_ready(&talk);
	pipe_talk_end(&talk);
}

static void test_a_ready_of_earlier_in_the_terminal_is_no_answer(void **state)
{
	struct pipe_talk talk;
	char line[64];

	(void)state;
	pipe_talk_start(&talk, "klipper");
	pipe_talk_say(&talk, "// Klipper state: Ready\n// Klipper state: Shutdown\n");
	snprintf(line, sizeof line, "ok\n// ECHO PF=%s\nok\n", pipe_talk_nonce(&talk));
	pipe_talk_say(&talk, line);
	pipe_talk_say(
		&talk, "// Klipper state: Ready\nok FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0\n");
	pipe_talk_say(&talk, "// MCU 'mcu' shutdown: x\n!! MCU 'mcu' shutdown: x\nok\n");
	assert_int_equal(talk.fault, DRIVER_FAULT_KILLED);
	assert_int_equal(talk.faults, 1);
	pipe_talk_end(&talk);
}

/* "ok T:0" is what klippy says of heat when it is not ready. */
static void test_no_temperature_at_all_is_a_klipper_that_is_not_ready(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_pass(&talk, 2500000);
	assert_int_equal(pipe_talk_count(&talk, "M105\n"), 1);
	pipe_talk_say(&talk, "ok T:0\n");
	assert_int_equal(talk.readings, 0);
	pipe_talk_say(&talk, "!! Lost communication with MCU 'mcu'\nok\n");
	assert_int_equal(talk.fault, DRIVER_FAULT_KILLED);
	assert_non_null(strstr(talk.reason, "Lost communication"));
	pipe_talk_end(&talk);
}

static void test_unknown_commands_are_counted_and_the_print_goes_on(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_say(&talk, "// Unknown command:\"M201\"\nok\n");
	assert_int_equal(talk.faults, 0);
	assert_int_equal(talk.acknowledged, 0);
	assert_int_equal(talk.dialect->counters(talk.driver)->unknown_commands, 1);
	pipe_talk_end(&talk);
}

static void test_an_emergency_stop_goes_out_on_both_ways(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	pipe_talk_print(&talk, four, 4);
	pipe_talk_forget(&talk);
	talk.dialect->estop(talk.driver, talk.now_us, &talk.effects);
	pipe_talk_perform(&talk);
	assert_string_equal(talk.written, "\nM112\n");
	assert_non_null(strstr(talk.side, "\"method\":\"emergency_stop\""));
	assert_int_equal(talk.fault, DRIVER_FAULT_ESTOP);
	pipe_talk_end(&talk);
}

static void test_a_cancel_in_a_wait_for_heat_goes_out_on_both_ways_after_a_moment(void **state)
{
	static const char *const heat[] = { "M109 S200" };
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	pipe_talk_print(&talk, heat, 1);
	pipe_talk_forget(&talk);
	talk.dialect->cancel(talk.driver, talk.now_us, &talk.effects);
	pipe_talk_perform(&talk);
	pipe_talk_pass(&talk, 2900000);
	assert_int_equal(pipe_talk_count(&talk, "M112"), 0);
	pipe_talk_pass(&talk, 200000);
	assert_int_equal(pipe_talk_count(&talk, "\nM112\n"), 1);
	assert_non_null(strstr(talk.side, "\"method\":\"emergency_stop\""));
	assert_true(talk.cancelled);
	pipe_talk_end(&talk);
}

static void test_a_print_from_klippers_own_storage_is_by_hand(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	side(&talk, "{\"params\":{\"status\":{\"virtual_sdcard\":{\"is_active\":true}}}}");
	assert_true(talk.by_hand);
	side(&talk, "{\"params\":{\"status\":{\"virtual_sdcard\":{\"is_active\":false}}}}");
	assert_false(talk.by_hand);
	pipe_talk_end(&talk);
}

/* klippy goes on telling the temperatures and targets that it knew last. */
static void test_what_a_klipper_that_has_shut_down_says_of_heat_is_no_reading(void **state)
{
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	pipe_talk_print(&talk, four, 1);
	side(&talk,
		"{\"params\":{\"status\":{\"extruder\":{\"temperature\":200,\"target\":200}}}}");
	assert_int_equal(talk.readings, 1);
	side(&talk, "{\"params\":{\"status\":{\"extruder\":{\"temperature\":201},\"webhooks\":{"
		    "\"state\":\"shutdown\",\"state_message\":\"x\"}}}}");
	side(&talk, "{\"params\":{\"status\":{\"extruder\":{\"temperature\":202}}}}");
	assert_int_equal(talk.readings, 1);
	assert_int_equal(talk.fault, DRIVER_FAULT_KILLED);
	pipe_talk_end(&talk);
}

static void test_garbage_on_both_ways_is_survived(void **state)
{
	static char junk[100000];
	struct pipe_talk talk;

	(void)state;
	begin(&talk);
	open_side(&talk);
	memset(junk, 'x', sizeof junk - 1);
	pipe_talk_side(&talk, junk, sizeof junk - 1);
	side(&talk, "}");
	pipe_talk_say(&talk, junk);
	pipe_talk_say(&talk, "\n\xff\xfe\x01\x1b[2J\n!!\n//\nok!\n// \n!! \n");
	assert_int_equal(talk.dialect->counters(talk.driver)->overlong_lines, 2);
	side(&talk, "{\"params\":{\"status\":{\"extruder\":{\"temperature\":30.5,\"target\":0}}}}");
	assert_true(talk.readings > 0);
	assert_int_equal(talk.faults, 0);
	pipe_talk_end(&talk);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_empty_line_is_ever_written),
		cmocka_unit_test(
			test_an_error_fails_the_print_at_its_line_and_what_was_queued_may_have_run),
		cmocka_unit_test(
			test_a_shutdown_is_a_fault_with_its_reason_within_a_tenth_of_a_second),
		cmocka_unit_test(test_a_shutdown_without_a_reason_is_a_fault_all_the_same),
		cmocka_unit_test(
			test_the_command_under_way_gives_no_reason_and_a_late_one_is_passed_on),
		cmocka_unit_test(test_a_sensor_that_was_not_read_is_no_temperature),
		cmocka_unit_test(test_the_socket_is_asked_for_the_reason_at_once),
		cmocka_unit_test(test_thermal_reasons_are_thermal_faults),
		cmocka_unit_test(test_an_emergency_stop_goes_out_on_both_ways),
		cmocka_unit_test(
			test_an_ok_that_is_lost_is_written_off_behind_a_barrier_and_never_sent_again),
		cmocka_unit_test(test_left_over_acknowledgements_at_connect_count_for_nothing),
		cmocka_unit_test(test_answers_of_the_api_are_matched_by_their_id),
		cmocka_unit_test(test_frames_are_found_wherever_they_are_cut),
		cmocka_unit_test(test_each_cut_of_a_pushed_frame_gives_the_same_reading),
		cmocka_unit_test(
			test_a_socket_that_closes_is_subscribed_again_and_no_script_is_sent_twice),
		cmocka_unit_test(test_another_firmware_is_told_apart),
		cmocka_unit_test(test_a_klippy_that_starts_is_waited_for),
		cmocka_unit_test(test_a_ready_of_earlier_in_the_terminal_is_no_answer),
		cmocka_unit_test(test_no_temperature_at_all_is_a_klipper_that_is_not_ready),
		cmocka_unit_test(test_unknown_commands_are_counted_and_the_print_goes_on),
		cmocka_unit_test(
			test_a_cancel_in_a_wait_for_heat_goes_out_on_both_ways_after_a_moment),
		cmocka_unit_test(test_a_print_from_klippers_own_storage_is_by_hand),
		cmocka_unit_test(test_what_a_klipper_that_has_shut_down_says_of_heat_is_no_reading),
		cmocka_unit_test(test_garbage_on_both_ways_is_survived),
	};

	return cmocka_run_group_tests_name("klipper", tests, NULL, NULL);
}
