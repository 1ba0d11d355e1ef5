/* Every recorded conversation with real firmware, and some of our own, through a driver. */
#include "daemon/stream/recorder.h"
#include "daemon/stream/replay.h"
#include "daemon/stream/session_private.h"
#include "tests/unit/session_rig.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What a sender that talked to this printer must have understood. */
static const struct {
	const char *file;
	enum driver_fault fault; /* NONE: none at all */
	const char *firmware;	 /* begins so; NULL: it did not say */
	int attentions;		 /* at least */
	int sent;		 /* lines of the recorded host that were sent, at least */
	int resends;		 /* asked for, at least */
	bool stays_stopped;
} expected[] = {
	{ "marlin_action", DRIVER_FAULT_NONE, NULL, 2, 5, 0, false },
	{ "marlin_after_kill", DRIVER_FAULT_NONE, NULL, 0, 1, 0, false },
	{ "marlin_autoreport", DRIVER_FAULT_NONE, NULL, 0, 30, 0, false },
	{ "marlin_boot", DRIVER_FAULT_NONE, "Marlin 2.0.9.5", 0, 20, 0, false },
	{ "marlin_bootloader", DRIVER_FAULT_RESET, NULL, 0, 5, 0, false },
	{ "marlin_checksums", DRIVER_FAULT_NONE, NULL, 0, 25, 5, false },
	{ "marlin_dwell_busy", DRIVER_FAULT_NONE, NULL, 0, 7, 0, false },
	{ "marlin_heat", DRIVER_FAULT_NONE, NULL, 0, 10, 0, false },
	{ "marlin_kill", DRIVER_FAULT_KILLED, NULL, 0, 2, 0, true },
	{ "marlin_moves", DRIVER_FAULT_NONE, NULL, 0, 25, 0, false },
	{ "marlin_throughput", DRIVER_FAULT_NONE, NULL, 0, 0, 0, false },
	{ "stock_burst", DRIVER_FAULT_NONE, NULL, 0, 60, 1, false },
	{ "stock_m112", DRIVER_FAULT_KILLED, NULL, 0, 3, 0, true },
	{ "stock_mintemp", DRIVER_FAULT_THERMAL, NULL, 0, 1, 0, true },
	{ "stock_reset_button", DRIVER_FAULT_RESET, NULL, 0, 3, 0, false },
	{ "stock_throughput", DRIVER_FAULT_NONE, NULL, 0, 3, 0, false },
	{ "stock_unplug", DRIVER_FAULT_NONE, NULL, 0, 1, 0, false },
	{ "grbl_alarms", DRIVER_FAULT_STOPPED, "grbl 1.1h", 1, 1, 0, true },
	{ "grbl_boot", DRIVER_FAULT_STOPPED, "grbl 1.1h", 0, 1, 0, true }, /* its error:22 */
	{ "grbl_char_counting", DRIVER_FAULT_NONE, "grbl 1.1h", 0, 60, 0, false },
	/* The recorded host held and went on behind the driver's back. */
	{ "grbl_hold_resume", DRIVER_FAULT_PROTOCOL, "grbl 1.1h", 1, 3, 0, true },
	{ "grbl_jog", DRIVER_FAULT_NONE, "grbl 1.1h", 0, 1, 0, false },
	{ "grbl_moves_pingpong", DRIVER_FAULT_NONE, "grbl 1.1h", 0, 10, 0, false },
	{ "grbl_throughput", DRIVER_FAULT_NONE, "grbl 1.1h", 0, 0, 0, false },
	{ "klipper_moves", DRIVER_FAULT_COMMAND, "Klipper", 0, 4, 0, false }, /* out of range */
	{ "klipper_shutdown", DRIVER_FAULT_KILLED, "Klipper", 0, 1, 0, true },
};
enum { EXPECTED = sizeof(expected) / sizeof(expected[0]) };

static void replay_one(size_t i)
{
	struct replay_report report;
	struct error error = { "" };
	char path[128];

	snprintf(path, sizeof(path), "tests/transcripts/%s.txt", expected[i].file);
	if (replay_file(path, NULL, NULL, &report, &error) < 0)
		fail_msg("%s", error.text);
	assert_false(report.own);
	if (expected[i].fault == DRIVER_FAULT_NONE ? report.fault_count > 0
						   : report.fault[0] != expected[i].fault)
		fail_msg("%s: %d faults, the first is %s", path, report.fault_count,
			driver_fault_name(report.fault[0]));
	if (expected[i].firmware && strncmp(report.identity.firmware, expected[i].firmware,
					    strlen(expected[i].firmware)) != 0)
		fail_msg("%s: taken for %s", path, report.identity.firmware);
	if (report.attentions < expected[i].attentions || report.same < expected[i].sent ||
		report.counters.resends < expected[i].resends)
		fail_msg("%s: %d attentions, %d lines sent, %lld resends", path, report.attentions,
			report.same, (long long)report.counters.resends);
	assert_true((report.state == DRIVER_FAULT) == expected[i].stays_stopped);
}

static void test_each_recorded_printer_is_understood(void **state)
{
	(void)state;
	for (size_t i = 0; i < EXPECTED; i++)
		replay_one(i);
}

static void test_no_recording_is_left_out(void **state)
{
	DIR *directory = opendir("tests/transcripts");
	struct dirent *entry;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		const char *end = strstr(entry->d_name, ".txt");
		bool found = false;

		for (size_t i = 0; end && i < EXPECTED; i++)
			found |= strncmp(expected[i].file, entry->d_name,
					 (size_t)(end - entry->d_name)) == 0;
		if (end && !found)
			fail_msg("%s has no row here", entry->d_name);
	}
	closedir(directory);
}

/* ---- our own recordings --------------------------------------------------------- */

static const char print_text[] = "G28\nM109 S205\nG1 X10 Y10 F6000\nG1 X20 Y10 E1\nG1 X20 Y20 E2\n"
				 "G1 X10 Y20 E3\nM104 S0\nG1 X30 Y30 F3000\n";

static void keep(struct session_rig *rig, const char *path)
{
	struct recorder_cursor cursor = { { 0 } };
	char text[16384];
	FILE *file = fopen(path, "w");
	bool more = true;

	assert_non_null(file);
	while (more) {
		size_t length =
			recorder_format(rig->session->recorder, &cursor, text, sizeof(text), &more);

		assert_int_equal(fwrite(text, 1, length, file), length);
	}
	fclose(file);
}

static void expect_same(const char *path, bool same, enum driver_fault fault)
{
	struct replay_report report;
	struct error error = { "" };

	if (replay_file(path, NULL, NULL, &report, &error) < 0)
		fail_msg("%s", error.text);
	assert_true(report.own);
	assert_true(report.same > 10);
	if (same != (report.own_lines == 0 && report.unsent == 0)) {
		replay_file(path, NULL, stderr, &report, &error);
		fail_msg("%d lines as recorded, %d too much, %d missing", report.same,
			report.own_lines, report.unsent);
	}
	assert_int_equal(report.fault_count, fault != DRIVER_FAULT_NONE);
	if (fault != DRIVER_FAULT_NONE)
		assert_int_equal(report.fault[0], fault);
}

enum { MOVES = 200 };

static void record_print(struct session_rig *rig, const char *firmware, const char *fault)
{
	static char text[8192];
	int length;

	session_rig_init(rig, firmware);
	session_rig_start_streamer(rig);
	length = snprintf(text, sizeof(text), "%s", print_text);
	for (int i = 0; i < MOVES; i++)
		length += snprintf(text + length, sizeof(text) - (size_t)length,
			"G1 X%d Y%d E%d.5\n", 10 + i % 90, 20 + i % 70, 4 + i);
	session_rig_write_file(rig, text);
	assert_true(session_rig_run(rig, 60, session_rig_is_ready));
	session_rig_start(rig, "a1");
	if (fault) {
		session_rig_run(rig, 40, NULL);
		session_rig_fault(rig, fault);
	}
	assert_true(session_rig_run(rig, 600, session_rig_is_idle));
	session_rig_run(rig, 2, NULL);
	keep(rig, "/tmp/test_replay.txt");
}

static void test_a_print_of_ours_replays_to_the_same_bytes(void **state)
{
	static struct session_rig rig;

	(void)state;
	record_print(&rig, "marlin-stock", NULL);
	session_rig_finish(&rig);
	expect_same("/tmp/test_replay.txt", true, DRIVER_FAULT_NONE);
	unlink("/tmp/test_replay.txt");
}

static void test_a_print_over_a_noisy_line_replays_with_its_resends(void **state)
{
	static struct session_rig rig;
	struct replay_report report;
	struct error error = { "" };

	(void)state;
	record_print(&rig, "marlin", "noise 0.003");
	session_rig_finish(&rig);
	assert_int_equal(replay_file("/tmp/test_replay.txt", NULL, NULL, &report, &error), 0);
	assert_true(report.counters.resends > 0);
	assert_true(report.same > 10 * (report.own_lines + report.unsent));
	unlink("/tmp/test_replay.txt");
}

static void test_a_fault_of_ours_replays_to_the_same_fault(void **state)
{
	static struct session_rig rig;

	(void)state;
	record_print(&rig, "marlin", "reset");
	session_rig_finish(&rig);
	expect_same("/tmp/test_replay.txt", true, DRIVER_FAULT_RESET);
	unlink("/tmp/test_replay.txt");
}

/* A sender that changed must be found out. */
static void test_a_changed_line_is_told(void **state)
{
	static struct session_rig rig;
	char row[1024];

	(void)state;
	record_print(&rig, "marlin-stock", NULL);
	session_rig_finish(&rig);
	FILE *from = fopen("/tmp/test_replay.txt", "r"), *to = fopen("/tmp/test_replay2.txt", "w");

	assert_non_null(from);
	assert_non_null(to);
	while (fgets(row, sizeof(row), from)) {
		char *at = strstr(row, "> N2004 M400");

		if (at || !(at = strstr(row, " M140 S0*")))
			fputs(row, to);
	}
	fclose(from);
	fclose(to);
	expect_same("/tmp/test_replay2.txt", false, DRIVER_FAULT_NONE);
	unlink("/tmp/test_replay.txt");
	unlink("/tmp/test_replay2.txt");
}

/* The recording of a print, changed: `head` in front of it, or `row` in front of the first row that
 * holds `before`. */
static void change(const char *head, const char *before, const char *row)
{
	FILE *from = fopen("/tmp/test_replay.txt", "r"), *to = fopen("/tmp/test_replay2.txt", "w");
	char line[1024];
	bool done = !before;

	assert_non_null(from);
	assert_non_null(to);
	fputs(head, to);
	while (fgets(line, sizeof(line), from)) {
		if (!done && strstr(line, before)) {
			/* At the time of the row that it stands before. */
			fprintf(to, "%.10s %s\n", line, row);
			done = true;
		}
		fputs(line, to);
	}
	fclose(from);
	fclose(to);
	assert_true(done);
}

static void test_the_questions_which_firmware_it_is_are_not_missing(void **state)
{
	static struct session_rig rig;
	struct replay_report report;
	struct error error = { "" };

	(void)state;
	record_print(&rig, "marlin-stock", NULL);
	session_rig_finish(&rig);
	change("    0.0000 > \\nM115\\n\n    0.0000 > $I\\n\n", NULL, NULL);
	expect_same("/tmp/test_replay2.txt", true, DRIVER_FAULT_NONE);
	assert_int_equal(replay_file("/tmp/test_replay2.txt", NULL, NULL, &report, &error), 0);
	assert_int_equal(report.asked, 3);
	unlink("/tmp/test_replay.txt");
	unlink("/tmp/test_replay2.txt");
}

static void test_a_gap_or_an_adopted_print_is_told_and_makes_no_fault(void **state)
{
	static struct session_rig rig;
	static const struct {
		const char *head, *before, *row, *says;
	} changes[] = {
		{ "", " M109 ", "# " RECORDER_GAP, "the recording has a gap from 0 s to " },
		{ "    0.0000 # do adopt prusa-mk3 window=0\n    0.0000 > N9 G28*1\\n\n", "do open",
			"# do adopt marlin window=0", "here a print was adopted" },
	};

	(void)state;
	record_print(&rig, "marlin-stock", NULL);
	session_rig_finish(&rig);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		struct replay_report report;
		struct error error = { "" };
		char *text = NULL;
		size_t size = 0;
		FILE *out = open_memstream(&text, &size);

		change(changes[i].head, changes[i].before, changes[i].row);
		assert_int_equal(
			replay_file("/tmp/test_replay2.txt", NULL, out, &report, &error), 0);
		fclose(out);
		assert_non_null(strstr(text, changes[i].says));
		free(text);
		assert_true(report.own);
		assert_true(report.skipped > 1);
		assert_int_equal(report.fault_count + report.unsent + report.own_lines, 0);
	}
	unlink("/tmp/test_replay.txt");
	unlink("/tmp/test_replay2.txt");
}

static void test_what_is_no_recording_is_refused_with_its_row(void **state)
{
	struct replay_report report;
	struct error error = { "" };
	FILE *file = fopen("/tmp/test_replay3.txt", "w");

	(void)state;
	assert_non_null(file);
	fputs("    0.0000 < ok\\n\n\nG28\n", file);
	fclose(file);
	assert_true(replay_file("/tmp/test_replay3.txt", NULL, NULL, &report, &error) < 0);
	assert_non_null(strstr(error.text, "test_replay3.txt:3: "));
	unlink("/tmp/test_replay3.txt");
	assert_true(replay_file("/tmp/test_replay3.txt", NULL, NULL, &report, &error) < 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_recorded_printer_is_understood),
		cmocka_unit_test(test_no_recording_is_left_out),
		cmocka_unit_test(test_a_print_of_ours_replays_to_the_same_bytes),
		cmocka_unit_test(test_a_print_over_a_noisy_line_replays_with_its_resends),
		cmocka_unit_test(test_a_fault_of_ours_replays_to_the_same_fault),
		cmocka_unit_test(test_a_changed_line_is_told),
		cmocka_unit_test(test_the_questions_which_firmware_it_is_are_not_missing),
		cmocka_unit_test(test_a_gap_or_an_adopted_print_is_told_and_makes_no_fault),
		cmocka_unit_test(test_what_is_no_recording_is_refused_with_its_row),
	};

	return cmocka_run_group_tests_name("replay", tests, NULL, NULL);
}
