/* Healthy printers of every dialect, for a thousand simulated hours between them: heated up,
 * probed, printed, paused, left alone, cooled down.  No stop and no alarm that nothing is the
 * matter with.
 *
 * And each true fault is found, whoever finds it first.
 *
 * A shorter run unless PRINTFARM_LONG is set; PRINTFARM_HOURS says how many hours. */
#include "base/random.h"
#include "daemon/stream/session_private.h"
#include "sim/firmware.h"
#include "tests/unit/session_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

enum { HOURS = 200, HOURS_LONG = 1000, TEXT_MAX = 65536 };

static struct session_rig rig;
static char text[TEXT_MAX];
static bool heats;

static bool is_ready(struct session_rig *unused)
{
	(void)unused;
	return rig.session->state == DRIVER_READY && !rig.session->job.active &&
	       !rig.session->progress.facts.hot_by_us;
}

static void add(const char *format, ...) __attribute__((format(printf, 1, 2)));
static void add(const char *format, ...)
{
	size_t length = strlen(text);
	va_list arguments;

	va_start(arguments, format);
	vsnprintf(text + length, sizeof(text) - length, format, arguments);
	va_end(arguments);
}

/* A print of half an hour or so, as slicers write them. */
static void write_print(struct random *random, bool probes)
{
	int hotend = 180 + (int)random_below(random, 70), bed = (int)random_below(random, 4) * 30;

	text[0] = '\0';
	if (heats) {
		add("M140 S%d\nM104 S150\n", bed);
		if (bed > 0 && random_below(random, 2))
			add("M190 S%d\n", bed);
		add("M109 S%d\n", hotend);
	}
	if (heats)
		add("G28\n");
	if (heats && probes)
		add("G29\n");
	add(heats ? "G90\nM83\n" : "G90\n");
	for (int layer = 0; layer < 20; layer++) {
		for (int move = 0; move < 8; move++)
			add("G1 X%d Y%d F%d\n", 20 + 20 * (move % 4), 20 + 10 * move + layer,
				300 + (int)random_below(random, 3000));
		if (heats && layer == 5)
			add("M104 S%d\n", hotend - (int)random_below(random, 40));
		if (heats && layer == 12)
			add("M140 S%d\n", bed > 30 ? bed - 20 : bed);
		if (layer % 7 == 3) /* milliseconds; seconds where grbl reads them */
			add("G4 P%d\n", (int)random_below(random, heats ? 90000 : 90));
	}
	if (heats && random_below(random, 2))
		add("M104 S0\nM140 S0\n");
	session_rig_write_file(&rig, text);
}

static void assert_healthy(const char *firmware, const char *when)
{
	struct wire_printer_state state = session_rig_state(&rig);

	if (state.fault || rig.session->alarm_text[0] || rig.session->supervisor.verdict)
		fail_msg("%s %s: %s%s; said:\n%s", firmware, when, state.reason,
			rig.session->supervisor.text, rig.said);
}

static void pause_for(struct random *random)
{
	struct error error = { "" };

	if (session_pause(rig.session, "", rig.now_us, &error) < 0)
		return;
	session_rig_run(&rig, 30 + (int64_t)random_below(random, 900), NULL);
	if (rig.session->job.active)
		session_resume(rig.session, "", rig.now_us, &error);
}

static void live(const char *firmware, struct random *random, int64_t until_us, bool probes)
{
	int index;

	for (int print = 0; rig.now_us < until_us; print++) {
		const struct progress_ended *ended;
		char attempt[16];

		if (!session_rig_run(&rig, 120, is_ready))
			fail_msg("%s is not ready: %s; said:\n%s", firmware,
				session_rig_state(&rig).reason, rig.said);
		assert_healthy(firmware, "before a print");
		write_print(random, probes);
		snprintf(attempt, sizeof(attempt), "a%d", print);
		session_rig_start(&rig, attempt);
		session_rig_run(
			&rig, 100 + (int64_t)random_below(random, 600), session_rig_is_idle);
		assert_healthy(firmware, "in a print");
		if (random_below(random, 3) == 0)
			pause_for(random);
		if (!session_rig_run(&rig, 20000, session_rig_is_idle))
			fail_msg("%s does not end: %s, activity %d, after %s; said:\n%s", firmware,
				driver_state_name(rig.session->state),
				(int)session_rig_state(&rig).activity,
				rig.session->job.command.text, rig.said);
		index = 0;
		ended = session_next_ended(rig.session, rig.now_us, &index);
		if (!ended || ended->result != WIRE_PRINTED)
			fail_msg("%s: %s; said:\n%s", firmware, ended ? ended->reason : "no end",
				rig.said);
		session_booked(rig.session, attempt);
		assert_healthy(firmware, "after a print");
		session_rig_run(&rig, (int64_t)random_below(random, 3000), NULL);
		rig.executed_count = 0;
		rig.said[0] = '\0';
	}
}

static void test_healthy_printers_of_every_dialect_are_never_stopped(void **state)
{
	const char *wanted = getenv("PRINTFARM_HOURS");
	int64_t hours = wanted ? atoi(wanted) : getenv("PRINTFARM_LONG") ? HOURS_LONG : HOURS;
	const struct sim_firmware *row;
	size_t rows = 0;

	(void)state;
	while (sim_firmware_row(rows))
		rows++;
	for (size_t i = 0; (row = sim_firmware_row(i)); i++) {
		int64_t until_us = hours * INT64_C(3600000000) / (int64_t)rows;
		struct sim_settings sim;
		struct random random;

		random_init(&random, 77 + i);
		assert_true(sim_settings_init(&sim, "p1", row->name));
		sim.reset_on_open = SIM_RESET_NEVER;
		sim.ambient_celsius = 12 + 20 * random_unit(&random);
		sim.heat_factor = 0.8 + 0.6 * random_unit(&random);
		session_rig_init_with(&rig, &sim, 5 + i);
		strcpy(rig.settings.dialect, "auto");
		heats = strncmp(row->name, "grbl", 4) != 0 && strncmp(row->name, "fluid", 5) != 0;
		session_rig_start_streamer(&rig);
		live(row->name, &random, until_us, strncmp(row->name, "marlin", 6) == 0);
		session_rig_finish(&rig);
	}
}

static bool is_printing_hot(struct session_rig *unused)
{
	(void)unused;
	return session_rig_truth(&rig).hotend_celsius > 170 && rig.session->job.acknowledged > 20;
}

static void write_long_print(void)
{
	text[0] = '\0';
	add("M140 S60\nM104 S200\nM109 S200\nG28\nG90\nM83\n");
	for (int move = 0; move < 600; move++)
		add("G1 X%d Y%d F1200\n", 20 + 40 * (move % 2), 20 + move % 100);
	session_rig_write_file(&rig, text);
}

/* By us, or by a firmware that says so: the print has a stated end, and the printer is locked. */
static void test_each_true_fault_is_found_in_every_dialect(void **state)
{
	static const char *const faults[] = { "freeze", "runaway hotend", "runaway bed",
		"heater hotend dead", "thermistor hotend open", "thermistor bed short" };
	const struct sim_firmware *row;

	(void)state;
	for (size_t i = 0; (row = sim_firmware_row(i)); i++) {
		if (strncmp(row->name, "grbl", 4) == 0 || strncmp(row->name, "fluid", 5) == 0)
			continue;
		for (size_t fault = 0; fault < sizeof(faults) / sizeof(faults[0]); fault++) {
			int index = 0;
			const struct progress_ended *ended;

			session_rig_init(&rig, row->name);
			strcpy(rig.settings.dialect, "auto");
			session_rig_start_streamer(&rig);
			assert_true(session_rig_run(&rig, 120, is_ready));
			write_long_print();
			session_rig_start(&rig, "a1");
			if (!session_rig_run(&rig, 2000, is_printing_hot))
				fail_msg("%s does not print", row->name);
			session_rig_fault(&rig, faults[fault]);
			if (!session_rig_run(&rig, 400, session_rig_is_idle))
				fail_msg("%s: %s is not found", row->name, faults[fault]);
			ended = session_next_ended(rig.session, rig.now_us, &index);
			if (!ended || ended->result == WIRE_PRINTED || !ended->reason[0] ||
				session_rig_state(&rig).fault == 0)
				fail_msg("%s: %s: ended %d: %s; said:\n%s", row->name,
					faults[fault], ended ? (int)ended->result : -1,
					ended ? ended->reason : "", rig.said);
			session_rig_finish(&rig);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_true_fault_is_found_in_every_dialect),
		cmocka_unit_test(test_healthy_printers_of_every_dialect_are_never_stopped),
	};

	return cmocka_run_group_tests_name("hours", tests, NULL, NULL);
}
