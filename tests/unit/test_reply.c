/* What a printer's line means: a table of lines, among them what real firmware and real noise
 * wrote. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <cmocka.h>

#include "drivers/reply.h"
#include "drivers/reply_reader.h"
#include "drivers/report.h"

#include <string.h>
#include <sys/mman.h> /* a page followed by an unreadable one */
#include <unistd.h>   /* sysconf */

struct row {
	const char *line;
	enum reply_kind kind;
	int64_t number; /* 0: not looked at */
};

static const struct row rows[] = {
	{ "ok", REPLY_OK, -1 },
	{ "ok N12 P15 B3", REPLY_OK, 12 },
	{ "ok P15 B3", REPLY_OK, -1 },
	{ "ok N:7", REPLY_OK, 7 },
	{ "ok N99999999999999999999 P1 B1", REPLY_OK, -1 },
	{ "okok", REPLY_OK, 0 },
	{ "okT:20", REPLY_OK, -1 },
	{ "ok T:20.5 /0.0 B:21.0 /0.0 @:0 B@:0", REPLY_OK, -1 },
	{ "T:210.2 /210.0 B:64.8 /65.0ok", REPLY_OK, -1 },
	{ "X:1.00 Y:2.00 Z:3.00 E:0.00 Count X:1 Y:2 Z:3ok", REPLY_OK, -1 },
	{ "File deleted:x.gcook", REPLY_OK, -1 },
	{ "o", REPLY_OK_DAMAGED, 0 },
	{ "k", REPLY_OK_DAMAGED, 0 },
	{ "0k", REPLY_OK_DAMAGED, 0 },
	{ "ol", REPLY_OK_DAMAGED, 0 },
	{ "\xefk", REPLY_OK_DAMAGED, 0 },
	{ "M117 all is ok", REPLY_OTHER, 0 },
	{ "echo:all is ok", REPLY_ECHO, 0 },
	{ "Resend: 2005", REPLY_RESEND, 2005 },
	{ "Resend:5", REPLY_RESEND, 5 },
	{ "rs 5", REPLY_RESEND, 5 },
	{ "rs N5 expected checksum 67", REPLY_RESEND, 5 },
	{ "Resend:N5", REPLY_RESEND, 5 },
	{ "RESEND: 5", REPLY_RESEND, 5 },
	{ "Resend: 034497", REPLY_RESEND, 34497 },
	{ "Resend:", REPLY_RESEND, -1 },
	{ "Error:checksum mismatch, Last Line: 2004", REPLY_LINE_ERROR, 2004 },
	{ "Error:Line Number is not Last Line Number+1, Last Line: 9", REPLY_LINE_ERROR, 9 },
	{ "Error:No Checksum with line number, Last Line: 4", REPLY_LINE_ERROR, 4 },
	{ "Error:No Line Number with checksum, Last Line: 4", REPLY_LINE_ERROR, 4 },
	{ "Error:expected line 5 got 7", REPLY_LINE_ERROR, -1 },
	{ "echo:busy: processing", REPLY_BUSY, 0 },
	{ "busy: processing", REPLY_BUSY, 0 },
	{ "echo:busy: paused for user", REPLY_BUSY_PERSON, 0 },
	{ "echo:busy: paused for input", REPLY_BUSY_PERSON, 0 },
	{ "echo:Unknown command: \"FOO\"", REPLY_UNKNOWN_COMMAND, 0 },
	{ "echo:T213 Invalid extruder", REPLY_INVALID_TOOL, 0 },
	{ "echo:enqueueing \"M84\"", REPLY_ECHO, 0 },
	{ "echo:enqueueing \"M23 a.gco\"", REPLY_CARD_PRINT, 0 },
	{ "SD printing byte 1/20", REPLY_CARD_PRINT, 0 },
	{ "SD printing byte 0/0", REPLY_OTHER, 0 },
	{ "wait", REPLY_WAIT, 0 },
	{ "start", REPLY_RESET, 0 },
	{ "PowerUp", REPLY_RESET, 0 },
	{ "External Reset", REPLY_RESET, 0 },
	{ "Marlin 2.0.9.5", REPLY_RESET, 0 },
	{ "Marlin bugfix-2.1.x", REPLY_RESET, 0 },
	/* S4: none of these is a reset */
	{ "restart", REPLY_OTHER, 0 },
	{ "echo:start", REPLY_ECHO, 0 },
	{ "ok T:20start", REPLY_RESET, 0 },
	{ "T:201.0 /20start", REPLY_RESET, 0 },
	{ "okstart", REPLY_RESET, 0 },
	{ "echo: Last Updated: 2022-07-29 | Author: x", REPLY_RESET, 0 },
	{ "start.gcode", REPLY_OTHER, 0 },
	{ "Start", REPLY_OTHER, 0 },
	{ "Marlin is fine", REPLY_OTHER, 0 },
	{ "T:20.0 /0.0 B:21.0 /0.0 @:0 B@:0", REPLY_TEMPERATURE, 0 },
	{ "T:25.00 /60.00 B:25.00 /0.00 @:0 B@:0 W:?", REPLY_HEATING, 0 },
	{ "T:200.1 E:0 W:8", REPLY_HEATING, 0 },
	{ "X:0.00 Y:0.00 Z:0.00 E:0.00 Count X:0 Y:0 Z:0", REPLY_POSITION, 0 },
	{ "Cap:EMERGENCY_PARSER:1", REPLY_CAPABILITY, 0 },
	{ "FIRMWARE_NAME:Marlin 2.0", REPLY_IDENTITY, 0 },
	{ "//action:paused filament_runout 0", REPLY_ACTION, 0 },
	{ "// action:pause", REPLY_ACTION, 0 },
	{ "// Klipper state: Ready", REPLY_OTHER, 0 },
	{ "Begin file list", REPLY_LIST_BEGIN, 0 },
	{ "End file list", REPLY_LIST_END, 0 },
	{ "Error:Printer halted. kill() called!", REPLY_FAULT, 0 },
	{ "Error:Printer stopped due to errors. Fix the error and use M999 to restart.",
		REPLY_STOPPED, 0 },
	{ "Error:Cold extrusion prevented", REPLY_ERROR, 0 },
	{ "", REPLY_EMPTY, 0 },
};

static void test_each_line_has_its_meaning(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct reply reply;

		reply_classify(rows[i].line, strlen(rows[i].line), &reply);
		if (reply.kind != rows[i].kind ||
			(rows[i].number != 0 && reply.number != rows[i].number))
			fail_msg("%s: kind %d number %lld", rows[i].line, reply.kind,
				(long long)reply.number);
	}
}

static void test_every_spelling_of_a_thermal_fault_and_of_a_kill_is_known(void **state)
{
	static const struct {
		const char *line;
		enum driver_fault fault;
	} spellings[] = {
		{ "Error:MINTEMP triggered, system stopped! Heater_ID: E0", DRIVER_FAULT_THERMAL },
		{ "Error:MAXTEMP triggered, system stopped! Heater_ID: bed", DRIVER_FAULT_THERMAL },
		{ "echo:Err: MINTEMP", DRIVER_FAULT_THERMAL },
		{ ": Extruder switched off. MAXTEMP triggered !", DRIVER_FAULT_THERMAL },
		{ "Error:Heating failed, system stopped! Heater_ID: 0", DRIVER_FAULT_THERMAL },
		{ "Error:Heating Failed, system stopped! Heater_ID: 0", DRIVER_FAULT_THERMAL },
		{ "Error:Thermal Runaway, system stopped! Heater_ID: 0", DRIVER_FAULT_THERMAL },
		{ "Error:THERMAL RUNAWAY", DRIVER_FAULT_THERMAL },
		{ "Error:Thermal Malfunction", DRIVER_FAULT_THERMAL },
		{ "Error:!! KILL caused by too much inactive time", DRIVER_FAULT_KILLED },
		{ "Error:Printer halted. kill() called!", DRIVER_FAULT_KILLED },
		{ "Er\xffor:Printer halted. kill() called!", DRIVER_FAULT_KILLED },
		{ "echo:M112 Shutdown", DRIVER_FAULT_KILLED },
		{ "!! Printer halted", DRIVER_FAULT_KILLED },
		{ "fatal:something", DRIVER_FAULT_KILLED },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		struct reply reply;

		reply_classify(spellings[i].line, strlen(spellings[i].line), &reply);
		if (reply.kind != REPLY_FAULT || reply.fault != spellings[i].fault)
			fail_msg("%s", spellings[i].line);
	}
}

static void test_fields_of_an_ok_are_read_and_a_damaged_field_ends_the_reading(void **state)
{
	struct reply reply;

	(void)state;
	reply_classify("ok N12 P15 B3", 13, &reply);
	assert_int_equal(reply.planner_free, 15);
	assert_int_equal(reply.queue_free, 3);
	reply_classify("ok N1x P15 B3", 13, &reply);
	assert_int_equal(reply.number, -1);
	assert_int_equal(reply.queue_free, -1);
	reply_classify("okok", 4, &reply);
	assert_int_equal(reply.oks, 2);
}

static void test_an_unknown_command_is_quoted_without_its_quotes(void **state)
{
	struct reply reply;

	(void)state;
	reply_classify("echo:Unknown command: \"98 G1 X1*33\"", 35, &reply);
	assert_int_equal(reply.text_length, 11);
	assert_memory_equal(reply.text, "98 G1 X1*33", 11);
	reply_classify("echo:Unknown command: ", 22, &reply);
	assert_int_equal(reply.kind, REPLY_UNKNOWN_COMMAND);
	assert_int_equal(reply.text_length, 0);
}

struct reading {
	const char *line;
	size_t count;
	struct driver_heater heater[3];
};

static const struct reading readings[] = {
	{ "ok T:201 /202.0 B:117.0 /120.0 @:127 B@:5", 2,
		{ { "T", 201, 202, 127, false }, { "B", 117, 120, 5, false } } },
	{ "T:20.0 /0.0 T0:20.0 /0.0 T1:19.5 /210.0 B:21 /0 @:0 B@:0 @0:3 @1:127", 3,
		{ { "T0", 20, 0, 3, false }, { "T1", 19.5, 210, 127, false },
			{ "B", 21, 0, 0, false } } },
	{ "ok T:20.0 /0.0 B:20.0 /0.0 T0:20.0 /0.0 T1:19.5 /0.0 @:0", 3,
		{ { "B", 20, 0, -1, false }, { "T0", 20, 0, -1, false },
			{ "T1", 19.5, 0, -1, false } } },
	{ "ok T:20.0 /0.0 B:21.0 /0.0 T0:20.0 /0.0 @:7 B@:0", 2,
		{ { "B", 21, 0, 0, false }, { "T", 20, 0, -1, false } } },
	{ "B:21.0 /60.0 T0:20.0 /210.0", 2,
		{ { "B", 21, 60, -1, false }, { "T", 20, 210, -1, false } } },
	{ "T:200.1 E:0 W:8", 1, { { "T", 200.1, 0, -1, true } } },
	{ "T:20.0/30.0 B:21.0 / 31.0", 2,
		{ { "T", 20, 30, -1, false }, { "B", 21, 31, -1, false } } },
	{ "T:-14.5 /0.0", 1, { { "T", -14.5, 0, -1, false } } },
	{ "T:20 T:99", 1, { { "T", 20, 0, -1, true } } },
};

static void test_temperatures_are_read_in_every_form(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof(readings) / sizeof(readings[0]); i++) {
		struct driver_heaters heaters = { .count = 0 };
		const struct reading *row = &readings[i];

		assert_true(report_temperatures(row->line, strlen(row->line), &heaters));
		if (heaters.count != row->count)
			fail_msg("%s: %zu heaters", row->line, heaters.count);
		for (size_t j = 0; j < row->count; j++) {
			assert_string_equal(heaters.heater[j].name, row->heater[j].name);
			assert_float_equal(heaters.heater[j].celsius, row->heater[j].celsius, 1e-6);
			assert_float_equal(heaters.heater[j].target_celsius,
				row->heater[j].target_celsius, 1e-6);
			assert_int_equal(heaters.heater[j].power, row->heater[j].power);
			assert_int_equal(
				heaters.heater[j].target_unsaid, row->heater[j].target_unsaid);
		}
	}
}

static void test_a_position_is_no_temperature_and_rubbish_changes_nothing(void **state)
{
	struct driver_heaters heaters = { .count = 1, .heater = { { "T", 1, 2, 3, false } } };

	(void)state;
	assert_false(report_is_temperature("X:1 Y:2 B:3", 11));
	assert_false(report_temperatures("T:", 2, &heaters));
	assert_false(report_temperatures("T:99999999", 10, &heaters));
	assert_int_equal(heaters.count, 1);
}

static void test_m115_gives_names_and_capabilities(void **state)
{
	static const char line[] =
		"FIRMWARE_NAME:Marlin 2.1.2.5 (Jan  1 2025 00:00:00) "
		"SOURCE_CODE_URL:github.com/MarlinFirmware/Marlin PROTOCOL_VERSION:1.0 "
		"MACHINE_TYPE:Ender-3 V2 \x1b[31m EXTRUDER_COUNT:1 UUID:cede2a2f-1234";
	struct driver_identity identity = { .autoreport_temperature = false };

	(void)state;
	report_identity(line, strlen(line), &identity);
	assert_string_equal(identity.firmware, "Marlin 2.1.2.5");
	assert_string_equal(identity.machine, "Ender-3 V2 .[31m");
	assert_string_equal(identity.uuid, "cede2a2f-1234");
	report_capability("AUTOREPORT_TEMP:1", 17, &identity);
	report_capability("EMERGENCY_PARSER:1", 18, &identity);
	report_capability("EMERGENCY_PARSER:0", 18, &identity);
	assert_true(identity.autoreport_temperature);
	assert_false(identity.emergency_parser);
}

static void test_a_version_told_apart_follows_the_name(void **state)
{
	static const char *const lines[][2] = {
		{ "FIRMWARE_NAME:Smoothieware, FIRMWARE_URL:http%3A//smoothieware.org, "
		  "X-SOURCE_CODE_URL:https://github.com/Smoothieware/Smoothieware, "
		  "FIRMWARE_VERSION:edge-94de12c, PROTOCOL_VERSION:1.0, X-AXES:5",
			"Smoothieware edge-94de12c" },
		{ "FIRMWARE_NAME:Klipper FIRMWARE_VERSION:v0.12.0-1-gabc",
			"Klipper v0.12.0-1-gabc" },
		{ "FIRMWARE_VERSION:3", "" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct driver_identity identity = { .firmware = "" };

		report_identity(lines[i][0], strlen(lines[i][0]), &identity);
		assert_string_equal(identity.firmware, lines[i][1]);
	}
}

/* Every line of the tables, and every start of it, at the end of a page behind which nothing may be
 * read. */
static void test_no_byte_behind_a_line_is_read(void **state)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	char *pages =
		mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	(void)state;
	assert_ptr_not_equal(pages, MAP_FAILED);
	assert_int_equal(mprotect(pages + page, page, PROT_NONE), 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		size_t length = strlen(rows[i].line);

		for (size_t cut = 0; cut <= length; cut++) {
			char *line = pages + page - cut;
			struct reply reply;
			struct driver_heaters heaters = { .count = 0 };
			struct driver_identity identity = { .advanced_ok = false };

			memcpy(line, rows[i].line, cut);
			reply_classify(line, cut, &reply);
			report_temperatures(line, cut, &heaters);
			report_identity(line, cut, &identity);
			assert_true(reply.text_length <= cut);
		}
	}
	munmap(pages, 2 * page);
}

static size_t read_all(const char *bytes, size_t length, size_t piece, char lines[][32])
{
	struct reply_reader reader;
	struct reply_line line;
	size_t count = 0;

	reply_reader_init(&reader);
	while (length > 0) {
		size_t part = piece < length ? piece : length;
		const char *at = bytes;

		bytes += part;
		length -= part;
		while (reply_reader_next(&reader, &at, &part, &line)) {
			assert_true(line.length < 32);
			memcpy(lines[count], line.text, line.length);
			lines[count++][line.length] = '\0';
		}
	}
	return count;
}

static void test_lines_are_the_same_wherever_the_bytes_are_cut(void **state)
{
	static const char bytes[] = "ok\n\r\n T:20.0 /0.0\r\n\0\0start\nhalf\rof\nrest";
	static const char *const expected[] = { "ok", "", "T:20.0 /0.0", "start", "half\rof" };

	(void)state;
	for (size_t piece = 1; piece < sizeof(bytes); piece++) {
		char lines[8][32];

		assert_int_equal(read_all(bytes, sizeof(bytes) - 1, piece, lines), 5);
		for (size_t i = 0; i < 5; i++)
			assert_string_equal(lines[i], expected[i]);
	}
}

static void test_a_line_without_end_is_bounded_and_the_next_one_is_whole(void **state)
{
	struct reply_reader reader;
	struct reply_line line;
	static char flood[100000];
	const char *at = flood;
	size_t length = sizeof(flood);

	(void)state;
	memset(flood, 'x', sizeof(flood));
	reply_reader_init(&reader);
	assert_false(reply_reader_next(&reader, &at, &length, &line));
	at = "\nok\n";
	length = 4;
	assert_true(reply_reader_next(&reader, &at, &length, &line));
	assert_true(line.too_long);
	assert_int_equal(line.length, REPLY_LINE_MAX);
	assert_true(reply_reader_next(&reader, &at, &length, &line));
	assert_false(line.too_long);
	assert_int_equal(line.length, 2);
}

static const struct CMUnitTest tests[] = {
	cmocka_unit_test(test_every_spelling_of_a_thermal_fault_and_of_a_kill_is_known),
	cmocka_unit_test(test_each_line_has_its_meaning),
	cmocka_unit_test(test_fields_of_an_ok_are_read_and_a_damaged_field_ends_the_reading),
	cmocka_unit_test(test_an_unknown_command_is_quoted_without_its_quotes),
	cmocka_unit_test(test_temperatures_are_read_in_every_form),
	cmocka_unit_test(test_a_position_is_no_temperature_and_rubbish_changes_nothing),
	cmocka_unit_test(test_m115_gives_names_and_capabilities),
	cmocka_unit_test(test_a_version_told_apart_follows_the_name),
	cmocka_unit_test(test_no_byte_behind_a_line_is_read),
	cmocka_unit_test(test_lines_are_the_same_wherever_the_bytes_are_cut),
	cmocka_unit_test(test_a_line_without_end_is_bounded_and_the_next_one_is_whole),
};

int main(void)
{
	return cmocka_run_group_tests_name("reply", tests, NULL, NULL);
}
