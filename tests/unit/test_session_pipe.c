/* Sessions of printers without line numbers: supervision that knows which silence is healthy, a
 * file printed through the whole streamer's side, what a killed streamer leaves, and an API socket
 * that is a real one. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "tests/unit/session_rig.h"

#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const struct {
	const char *dialect, *firmware;
} kinds[] = { { "klipper", "klipper" }, { "rrf", "rrf" } };
enum { KINDS = sizeof kinds / sizeof kinds[0] };

static void begin(struct session_rig *rig, size_t kind)
{
	session_rig_init(rig, kinds[kind].firmware);
	snprintf(rig->settings.dialect, sizeof rig->settings.dialect, "%s", kinds[kind].dialect);
	session_rig_start_streamer(rig);
	assert_true(session_rig_run(rig, 60, session_rig_is_ready));
}

/* Hot, and nothing said for longer than any rule of a firmware with busy lines would allow. */
static void test_commands_that_take_minutes_in_silence_while_hot_are_no_alarm(void **state)
{
	static const char file[] =
		"M104 S60\nM140 S50\nG28\nG4 S200\nG28\nG4 S100\nM104 S0\nM140 S0\n";

	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		struct session_rig rig;

		begin(&rig, kind);
		session_rig_write_file(&rig, file);
		session_rig_start(&rig, "a1");
		assert_true(session_rig_run(&rig, 900, session_rig_is_idle));
		assert_null(strstr(rig.said, "emergency"));
		assert_null(strstr(rig.said, "alarm"));
		assert_true(rig.ended > 0);
		assert_int_equal(session_rig_state(&rig).fault, 0);
		session_rig_finish(&rig);
	}
}

/* Silence with nothing under way is a printer that is gone, hot or not. */
static void test_a_hot_printer_that_freezes_is_noticed(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		struct session_rig rig;
		struct error error;

		begin(&rig, kind);
		assert_int_equal(session_manual(rig.session, "M104 S200", rig.now_us, &error), 0);
		session_rig_run(&rig, 60, NULL);
		session_rig_fault(&rig, "freeze");
		session_rig_run(&rig, 15, NULL);
		assert_non_null(strstr(rig.said, "emergency stop: hot, and not a byte"));
		session_rig_finish(&rig);
	}
}

/* klippy's first words after a restart are of sensors that it has not read yet: 0.0. */
static void test_a_hot_end_that_cools_behind_a_restart_is_no_alarm(void **state)
{
	(void)state;
	for (size_t kind = 0; kind < KINDS; kind++) {
		struct session_rig rig;
		struct error error;

		begin(&rig, kind);
		assert_int_equal(session_manual(rig.session, "M104 S200", rig.now_us, &error), 0);
		session_rig_run(&rig, 60, NULL);
		session_rig_fault(&rig, "reset");
		session_rig_run(&rig, 120, NULL);
		assert_null(strstr(rig.said, "alarm"));
		assert_null(strstr(rig.said, "emergency"));
		session_rig_finish(&rig);
	}
}

static bool has_moved(struct session_rig *rig)
{
	return rig->executed_count > 20;
}

/* No counter tells how far it came: nobody knows, and the heaters of ours go off. */
static void test_a_print_whose_streamer_died_is_suspect_and_cooled_and_not_gone_on_with(
	void **state)
{
	char file[8192] = "M104 S200\nG28\nG90\nM83\n";

	(void)state;
	for (int i = 0; i < 200; i++)
		snprintf(file + strlen(file), sizeof file - strlen(file), "G1 X%d Y%d F600\n",
			10 + i % 90, 10 + i * 7 % 90);
	for (size_t kind = 0; kind < KINDS; kind++) {
		const struct progress_ended *ended;
		struct session_rig rig;
		int index = 0;
		size_t moves;

		begin(&rig, kind);
		session_rig_write_file(&rig, file);
		session_rig_start(&rig, "a1");
		assert_true(session_rig_run(&rig, 300, has_moved));
		session_rig_kill_streamer(&rig);
		session_rig_start_streamer(&rig);
		assert_true(session_rig_run(&rig, 300, session_rig_is_idle));
		session_rig_run(&rig, 60, NULL);
		moves = rig.executed_count;
		session_rig_run(&rig, 60, NULL);
		for (size_t i = moves; i < rig.executed_count; i++)
			assert_true(rig.executed[i][0] != 'G');
		ended = session_next_ended(rig.session, rig.now_us, &index);
		assert_non_null(ended);
		assert_int_equal(ended->result, WIRE_SUSPECT);
		assert_float_equal(session_rig_truth(&rig).hotend_target_celsius, 0, 0);
		session_rig_finish(&rig);
	}
}

/* ---- a real API socket ---- */

static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);

	snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
	unlink(path);
	assert_true(fd >= 0);
	assert_int_equal(bind(fd, (const struct sockaddr *)&address, sizeof address), 0);
	assert_int_equal(listen(fd, 4), 0);
	return fd;
}

static void expect_requests(int client, const char *first, const char *second)
{
	char text[4096];
	ssize_t got = recv(client, text, sizeof text - 1, 0);

	assert_true(got > 0);
	text[got] = '\0';
	assert_non_null(strstr(text, first));
	assert_non_null(strstr(text, second));
}

static void serve_api(const char *dialect)
{
	static const char shutdown_words[] =
		"{\"params\":{\"status\":{\"webhooks\":{\"state\":\"shutdown\","
		"\"state_message\":\"Heater extruder not heating at expected rate\"}}}}\x03";
	struct session_rig rig;
	int listener, client;

	session_rig_init(&rig, "klipper");
	snprintf(rig.settings.dialect, sizeof rig.settings.dialect, "%s", dialect);
	snprintf(rig.settings.side_port, sizeof rig.settings.side_port, "%s/k.sock", rig.directory);
	/* Nobody there at first: the port alone does. */
	session_rig_start_streamer(&rig);
	assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
	listener = listen_at(rig.settings.side_port);
	session_rig_run(&rig, 15, NULL);
	client = accept(listener, NULL, NULL);
	assert_true(client >= 0);
	expect_requests(client, "\"method\":\"info\"", "objects/subscribe");
	/* It goes, as with RESTART, and comes again: subscribed anew. */
	close(client);
	session_on_side_readable(rig.session, rig.now_us);
	assert_non_null(strstr(rig.said, "closed by the other side"));
	session_rig_run(&rig, 15, NULL);
	client = accept(listener, NULL, NULL);
	assert_true(client >= 0);
	expect_requests(client, "\"method\":\"info\"", "objects/subscribe");
	/* What it says counts. */
	assert_true(send(client, shutdown_words, sizeof shutdown_words - 1, 0) > 0);
	session_on_side_readable(rig.session, rig.now_us);
	assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_THERMAL);
	close(client);
	close(listener);
	unlink(rig.settings.side_port);
	session_rig_finish(&rig);
}

static void test_the_api_socket_is_served_lost_and_found_again(void **state)
{
	(void)state;
	serve_api("klipper");
	/* And when the dialect had to be found out first. */
	serve_api("auto");
}

/* Found shut down by a streamer that did not even know that it is a Klipper. */
static void test_unlocking_restarts_a_firmware_whose_dialect_was_just_found_out(void **state)
{
	(void)state;
	for (int automatic = 0; automatic < 2; automatic++) {
		struct session_rig rig;
		struct error error;
		struct sim_settings sim;

		assert_true(sim_settings_init(&sim, "p1", "klipper"));
		session_rig_init_with(&rig, &sim, 3);
		snprintf(rig.settings.dialect, sizeof rig.settings.dialect, "%s",
			automatic ? "auto" : "klipper");
		sim_printer_advance(rig.printer, 10000000);
		rig.now_us = 10000000;
		sim_printer_receive(rig.printer, "M112\n", 5, rig.now_us);
		session_rig_start_streamer(&rig);
		session_rig_run(&rig, 60, NULL);
		assert_int_equal(session_rig_state(&rig).fault, DRIVER_FAULT_KILLED);
		assert_int_equal(sim_printer_counters(rig.printer)->resets, 0);
		assert_int_equal(session_connect(rig.session, false, rig.now_us, &error), 0);
		assert_true(session_rig_run(&rig, 120, session_rig_is_ready));
		assert_int_equal(sim_printer_counters(rig.printer)->resets, 1);
		assert_int_equal(session_rig_state(&rig).fault, 0);
		session_rig_finish(&rig);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands_that_take_minutes_in_silence_while_hot_are_no_alarm),
		cmocka_unit_test(test_a_hot_printer_that_freezes_is_noticed),
		cmocka_unit_test(test_a_hot_end_that_cools_behind_a_restart_is_no_alarm),
		cmocka_unit_test(
			test_a_print_whose_streamer_died_is_suspect_and_cooled_and_not_gone_on_with),
		cmocka_unit_test(test_the_api_socket_is_served_lost_and_found_again),
		cmocka_unit_test(
			test_unlocking_restarts_a_firmware_whose_dialect_was_just_found_out),
	};

	return cmocka_run_group_tests_name("session of a pipe", tests, NULL, NULL);
}
