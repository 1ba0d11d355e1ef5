/* Which firmware is on the port: by every simulated firmware, by its banner or without one, at the
 * wrong speed, and by things that are no printers. */
#include "drivers/detect.h"
#include "drivers/driver.h"
#include "sim/firmware.h"
#include "tests/unit/session_rig.h"

#include "daemon/stream/session_private.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static struct session_rig rig;

/* The dialect that a row of the simulator's table speaks. */
static const char *dialect_of(const char *firmware)
{
	static const struct {
		const char *begins, *dialect;
	} rows[] = { { "marlin", "marlin" }, { "mk3", "prusa-mk3" }, { "prusa-mk3", "prusa-mk3" },
		{ "buddy", "prusa-buddy" }, { "prusa-buddy", "prusa-buddy" },
		{ "repetier", "repetier" }, { "smoothie", "smoothie" }, { "klipper", "klipper" },
		{ "grblhal", "grblhal" }, { "grbl", "grbl" }, { "fluidnc", "fluidnc" },
		{ "rrf", "rrf" } };

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		if (strncmp(firmware, rows[i].begins, strlen(rows[i].begins)) == 0)
			return rows[i].dialect;
	return NULL;
}

/* Converses until something is known; `heard` gets how long it took. */
static const char *detect_on(const char *firmware, bool booted, int64_t *took_us)
{
	struct sim_settings settings;
	struct sim_printer *printer;
	struct sim_executed executed;
	struct detect detect;
	int64_t now_us = 0, began_us;
	char bytes[256];

	assert_true(sim_settings_init(&settings, "p1", firmware));
	printer = sim_printer_create(&settings, 1, 0);
	if (booted)
		for (; now_us < 15000000; now_us += 10000) {
			sim_printer_advance(printer, now_us);
			while (sim_printer_take_output(printer, bytes, sizeof(bytes)) > 0)
				;
		}
	began_us = now_us;
	detect_begin(&detect, now_us, true);
	for (; detect.result == DETECT_GOING_ON && now_us < began_us + 120000000; now_us += 1000) {
		const char *question = detect_advance(&detect, now_us);
		size_t count;

		if (question)
			sim_printer_receive(printer, question, strlen(question), now_us);
		sim_printer_advance(printer, now_us);
		while (sim_printer_next_executed(printer, &executed))
			;
		count = sim_printer_take_output(printer, bytes, sizeof(bytes));
		if (count > 0)
			detect_receive(&detect, now_us, bytes, count);
	}
	sim_printer_destroy(printer);
	*took_us = now_us - began_us;
	return detect.result == DETECT_FOUND ? detect.dialect : NULL;
}

static void test_every_simulated_firmware_is_known_at_its_start_and_later(void **state)
{
	const struct sim_firmware *row;

	(void)state;
	for (size_t i = 0; (row = sim_firmware_row(i)); i++) {
		for (int booted = 0; booted < 2; booted++) {
			int64_t took_us;
			const char *found = detect_on(row->name, booted, &took_us);
			const char *wanted = dialect_of(row->name);

			if (!wanted)
				fail_msg("%s has no dialect here", row->name);
			if (!found || strcmp(found, wanted) != 0)
				fail_msg("%s (%s): found %s", row->name,
					booted ? "running" : "starting", found ? found : "nothing");
			if (took_us > 12000000)
				fail_msg("%s took %d s", row->name, (int)(took_us / 1000000));
		}
	}
}

static enum detect_result listen_to(const char *bytes, size_t length, const char **dialect)
{
	struct detect detect;
	int64_t now_us = 0;

	detect_begin(&detect, 0, true);
	for (; detect.result == DETECT_GOING_ON && now_us < 60000000; now_us += 10000) {
		if (detect_advance(&detect, now_us) && length > 0)
			detect_receive(&detect, now_us, bytes, length);
	}
	*dialect = detect.dialect;
	return detect.result;
}

static void test_things_that_are_no_printers_are_told_apart(void **state)
{
	static char much[100000], noise[400];
	const char *dialect;

	(void)state;
	assert_int_equal(listen_to("", 0, &dialect), DETECT_NOBODY);
	for (size_t i = 0; i < sizeof(noise); i++)
		noise[i] = (char)(i * 37 + 128);
	assert_int_equal(listen_to(noise, sizeof(noise), &dialect), DETECT_GARBAGE);
	memset(noise, 0, sizeof(noise));
	assert_int_equal(listen_to(noise, sizeof(noise), &dialect), DETECT_GARBAGE);
	memset(noise, 0xff, sizeof(noise));
	assert_int_equal(listen_to(noise, sizeof(noise), &dialect), DETECT_GARBAGE);
	memset(much, 'a', sizeof(much));
	assert_int_equal(listen_to(much, sizeof(much), &dialect), DETECT_UNKNOWN);
	assert_int_equal(
		listen_to("Hello, I am a modem\r\nERROR\r\n", 28, &dialect), DETECT_UNKNOWN);
	assert_int_equal(listen_to("\x1b[31mlogin:\x1b[0m\n", 16, &dialect), DETECT_UNKNOWN);
}

static void test_an_old_marlin_that_only_says_ok_is_taken_for_marlin(void **state)
{
	const char *dialect;

	(void)state;
	assert_int_equal(listen_to("ok\n", 3, &dialect), DETECT_FOUND);
	assert_string_equal(dialect, "marlin");
}

static void test_names_are_known_in_every_spelling(void **state)
{
	(void)state;
	assert_string_equal(detect_name("Marlin bugfix-2.1.x"), "marlin");
	assert_string_equal(detect_name("Prusa-Firmware-Buddy 6.2.2+8853"), "prusa-buddy");
	assert_string_equal(detect_name("Prusa-Firmware 3.13.3"), "prusa-mk3");
	assert_string_equal(detect_name(" RepRapFirmware for Duet 2 WiFi/Ethernet"), "rrf");
	assert_string_equal(detect_name("Repetier_1.0.4"), "repetier");
	assert_string_equal(detect_name("Smoothieware, FIRMWARE_URL"), "smoothie");
	assert_null(detect_name("NAME. Malyan"));
	assert_null(detect_name(""));
}

/* ---- the session ------------------------------------------------------------------ */

static void begin(const char *firmware)
{
	struct sim_settings settings;

	assert_true(sim_settings_init(&settings, "p1", firmware));
	session_rig_init(&rig, firmware);
	strcpy(rig.settings.dialect, "auto");
	rig.settings.baud = 0;
	rig.baud = settings.baud;
	session_rig_start_streamer(&rig);
}

static void test_a_session_finds_dialect_and_speed_and_keeps_them(void **state)
{
	static const char *const firmwares[] = { "marlin", "marlin-2.1.2", "prusa-mk3", "repetier",
		"grbl", "fluidnc", "smoothie-uart" };

	(void)state;
	for (size_t i = 0; i < sizeof(firmwares) / sizeof(firmwares[0]); i++) {
		int opened;

		begin(firmwares[i]);
		if (!session_rig_run(&rig, 200, session_rig_is_ready))
			fail_msg("%s is not ready: %s; said:\n%s", firmwares[i],
				session_rig_state(&rig).reason, rig.said);
		assert_string_equal(rig.session->dialect->name, dialect_of(firmwares[i]));
		session_rig_kill_streamer(&rig);
		opened = rig.memory.opened;
		session_rig_start_streamer(&rig);
		assert_true(session_rig_run(&rig, 60, session_rig_is_ready));
		assert_int_equal(rig.memory.opened, opened + 1);
		session_rig_finish(&rig);
	}
}

static void test_a_wrong_guess_is_corrected(void **state)
{
	(void)state;
	begin("marlin");
	assert_true(session_rig_run(&rig, 200, session_rig_is_ready));
	strcpy(rig.session->progress.facts.dialect, "grbl");
	rig.session->progress.facts.baud = 57600;
	progress_store(&rig.session->progress);
	session_rig_kill_streamer(&rig);
	session_rig_start_streamer(&rig);
	if (!session_rig_run(&rig, 300, session_rig_is_ready))
		fail_msg("%s; said:\n%s", session_rig_state(&rig).reason, rig.said);
	assert_string_equal(rig.session->dialect->name, "marlin");
	assert_int_equal(session_rig_state(&rig).fault, 0);
	session_rig_finish(&rig);
}

static void test_a_port_where_nobody_answers_is_offline_with_the_reason(void **state)
{
	(void)state;
	begin("marlin");
	session_rig_fault(&rig, "power-off");
	session_rig_fault(&rig, "power-on");
	session_rig_fault(&rig, "freeze");
	session_rig_run(&rig, 200, NULL);
	assert_true(session_rig_state(&rig).link != WIRE_ONLINE);
	session_rig_fault(&rig, "unfreeze");
	if (!session_rig_run(&rig, 300, session_rig_is_ready))
		fail_msg("%s; said:\n%s", session_rig_state(&rig).reason, rig.said);
	session_rig_finish(&rig);
}

static void test_an_emergency_stop_works_before_it_is_known_who_is_there(void **state)
{
	struct error error = { "" };

	(void)state;
	begin("marlin");
	session_rig_run(&rig, 2, NULL);
	assert_true(rig.session->detecting);
	assert_int_equal(session_estop(rig.session, rig.now_us, &error), 0);
	session_rig_run(&rig, 1, NULL);
	assert_int_equal(session_rig_truth(&rig).state, SIM_HALTED);
	session_rig_finish(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_emergency_stop_works_before_it_is_known_who_is_there),
		cmocka_unit_test(test_every_simulated_firmware_is_known_at_its_start_and_later),
		cmocka_unit_test(test_a_session_finds_dialect_and_speed_and_keeps_them),
		cmocka_unit_test(test_a_wrong_guess_is_corrected),
		cmocka_unit_test(test_things_that_are_no_printers_are_told_apart),
		cmocka_unit_test(test_a_port_where_nobody_answers_is_offline_with_the_reason),
		cmocka_unit_test(test_an_old_marlin_that_only_says_ok_is_taken_for_marlin),
		cmocka_unit_test(test_names_are_known_in_every_spelling),
	};

	return cmocka_run_group_tests_name("detect", tests, NULL, NULL);
}
