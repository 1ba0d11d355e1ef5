/* What goes on the wire: exactly the file's command, in a form that no firmware misreads. */
#include "gcode/command.h"
#include "gcode/profile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "tests/unit/guard_page.h"

struct command_case {
	const char *line;
	enum command_result result;
	const char *text; /* NULL: not looked at */
	const char *rule; /* NULL: none */
};

static const struct command_case cases[] = {
	{ "G1 X100 Y50 E2.5 F1500", COMMAND_SEND, "G1 X100 Y50 E2.5 F1500", NULL },
	{ "  \t G1  X100\tY50 ; to the corner", COMMAND_SEND, "G1 X100 Y50", NULL },
	{ "g1x100y50e2.5", COMMAND_SEND, "G1X100Y50E2.5", NULL },
	{ "G1 X 100 Y -5", COMMAND_SEND, "G1 X100 Y-5", NULL },
	{ "G 1 X5", COMMAND_SEND, "G1 X5", NULL },
	{ "G01 X+.5 Y5.", COMMAND_SEND, "G01 X+.5 Y5.", NULL },
	{ "N10 G28*34", COMMAND_SEND, "G28", NULL },
	{ "N11 G92 E0", COMMAND_SEND, "G92 E0", NULL },
	{ "G28 (home) X", COMMAND_SEND, "G28 X", NULL },
	{ "G28 (home (nested) all)", COMMAND_SEND, "G28", NULL },
	{ "G1 X100 (corner Y100", COMMAND_SEND, "G1 X100", NULL },
	{ "(start) G28", COMMAND_SEND, "G28", NULL },
	{ "M84 X Y E", COMMAND_SEND, "M84 X Y E", NULL },
	{ "T1", COMMAND_SEND, "T1", NULL },
	{ "Tx", COMMAND_SEND, "Tx", NULL },
	{ "M117 Hello World ; note", COMMAND_SEND, "M117 Hello World", NULL },
	{ "m117 Hello", COMMAND_SEND, "M117 Hello", NULL },
	{ "M117 5*3 \\ (x)", COMMAND_SEND, "M117 5x3 | [x]", NULL },
	{ "M117 Pr\xc3\xa9paration \xe2\x82\xac", COMMAND_SEND, "M117 Preparation ?", NULL },
	{ "M117 \xff\xfe", COMMAND_SEND, "M117 ??", NULL },
	{ "M117", COMMAND_SEND, "M117", NULL },
	{ "M118 M112", COMMAND_SEND, "M118 M112", NULL },
	{ "M862.3 P \"mk3s\"", COMMAND_SEND, "M862.3 P \"mk3s\"", NULL },
	{ "START_PRINT EXTRUDER=205", COMMAND_SEND, "START_PRINT EXTRUDER=205", NULL },
	{ "SET_FILAMENT_SENSOR SENSOR=my_sensor", COMMAND_SEND,
		"SET_FILAMENT_SENSOR SENSOR=my_sensor", NULL },
	{ "", COMMAND_NOTHING, NULL, NULL },
	{ " ; comment", COMMAND_NOTHING, NULL, NULL },
	{ "(comment)", COMMAND_NOTHING, NULL, NULL },
	{ "M110 N0", COMMAND_FILTERED, NULL, "m110" },
	{ "N0 M110 N0*125", COMMAND_FILTERED, NULL, "own-numbering" },
	{ "## NOTE", COMMAND_FILTERED, NULL, "hash-line" },
	{ "%", COMMAND_FILTERED, NULL, "marker" },
	{ "Q5", COMMAND_FILTERED, NULL, "lone-word" },
	{ "X10 Y10", COMMAND_REFUSED, NULL, "no-command" },
	{ "N10 G28*35", COMMAND_REFUSED, NULL, "checksum" },
	{ "G28\x13", COMMAND_REFUSED, NULL, "control-byte" },
	{ "M117 \x1b[2J", COMMAND_REFUSED, NULL, "control-byte" },
	{ "\x18", COMMAND_REFUSED, NULL, "control-byte" },
	{ "G1 X5\xc3\xa9", COMMAND_REFUSED, NULL, "non-ascii" },
	{ "G1 X1..2", COMMAND_REFUSED, NULL, "bad-number" },
	{ "G1 X1e2 Y5", COMMAND_REFUSED, NULL, "bad-number" },
	{ "G1 X5 X6", COMMAND_REFUSED, NULL, "duplicate-word" },
	{ "G90 G1 X5", COMMAND_REFUSED, NULL, "several-commands" },
	{ "M112", COMMAND_REFUSED, NULL, "emergency-stop" },
	{ "M997 S0", COMMAND_REFUSED, NULL, "firmware-update" },
	{ "M500", COMMAND_REFUSED, NULL, "eeprom" },
	{ "M502", COMMAND_REFUSED, NULL, "eeprom" },
	{ "M28 evil.gco", COMMAND_REFUSED, NULL, "sd-card" },
	{ "M30 good.gco", COMMAND_REFUSED, NULL, "sd-card" },
	{ "M23 x", COMMAND_REFUSED, NULL, "sd-card" },
	{ "M108", COMMAND_REFUSED, NULL, "host-only" },
	{ "@pause", COMMAND_REFUSED, NULL, "host-command" },
	{ "M118 //action:poweroff", COMMAND_REFUSED, NULL, "action-text" },
	{ "M118 A1 action:cancel", COMMAND_REFUSED, NULL, "action-text" },
	{ "M118 A1 acti\xc3\xb3n:cancel", COMMAND_REFUSED, NULL, "action-text" },
	{ "M118 \\\\action:cancel", COMMAND_REFUSED, NULL, "action-text" },
	{ "M119 N (a) 5 * 7", COMMAND_REFUSED, NULL, "bad-number" },
	{ "G1 X(a)5", COMMAND_REFUSED, NULL, "bad-number" },
	{ "!", COMMAND_REFUSED, NULL, "realtime" },
};

static void check_case(const struct command_case *wanted)
{
	size_t length = strlen(wanted->line);
	char *copy = guard_page_copy(wanted->line, length);
	struct command command;
	enum command_result result = command_from_line(copy, length, &command);

	guard_page_free(copy, length);
	if (result != wanted->result)
		fail_msg("\"%s\": result %d", wanted->line, (int)result);
	if (result == COMMAND_NOTHING)
		return;
	if (wanted->text && strcmp(command.text, wanted->text) != 0)
		fail_msg("\"%s\" became \"%s\"", wanted->line, command.text);
	assert_int_equal(strlen(command.text), command.length);
	if (!wanted->rule != !command.rule || (wanted->rule && strcmp(wanted->rule, command.rule)))
		fail_msg("\"%s\": rule %s", wanted->line, command.rule ? command.rule : "none");
}

static void test_each_line_becomes_its_command(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_case(&cases[i]);
}

/* The promise of command.h, which the checksum on the wire depends on. */
static void assert_safe(const struct command *command)
{
	assert_true(command->length > 0 && command->length <= COMMAND_MAX);
	for (size_t i = 0; i < command->length; i++) {
		char c = command->text[i];

		assert_true(c >= 0x20 && c < 0x7f);
		assert_null(strchr(";*\\()", c));
		assert_false(c == ' ' && (i == 0 || i + 1 == command->length));
		assert_false(c == ' ' && command->text[i + 1] == ' ');
	}
}

static void test_whatever_the_line_holds_what_is_sent_is_safe(void **state)
{
	uint32_t random = 12345;

	(void)state;
	for (int round = 0; round < 200000; round++) {
		static const char *const starts[] = { "M117 ", "G1 X", "M118 ", "T", "A_B C=", "",
			"N5 G1 ", "M98 P\"" };
		struct command command;
		char line[128];
		size_t length = strlen(strcpy(line, starts[round % 8]));

		for (int i = 0; i < 12 + round % 100; i++) {
			random = random * 1664525 + 1013904223;
			line[length++] = round % 3 ? (char)(' ' + (random >> 24) % 95)
						   : (char)(random >> 24);
		}
		if (command_from_line(line, length, &command) == COMMAND_SEND)
			assert_safe(&command);
	}
}

static void test_a_command_cut_at_every_byte_is_safe(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		for (size_t cut = 0; cut <= strlen(cases[i].line); cut++) {
			char *copy = guard_page_copy(cases[i].line, cut);
			struct command command;

			if (command_from_line(copy, cut, &command) == COMMAND_SEND)
				assert_safe(&command);
			guard_page_free(copy, cut);
		}
}

static void test_a_command_survives_being_read_again(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct command once, twice;

		if (command_from_line(cases[i].line, strlen(cases[i].line), &once) != COMMAND_SEND)
			continue;
		assert_int_equal(command_from_line(once.text, once.length, &twice), COMMAND_SEND);
		assert_string_equal(once.text, twice.text);
	}
}

/* START_PRINT of 200 bytes and of more than anybody takes; a move; a message. */
static void test_how_long_a_command_may_be_is_the_firmwares(void **state)
{
	static const struct {
		enum profile_firmware firmware;
		size_t macro, move;
	} limits[] = {
		{ PROFILE_FIRMWARE_UNSAID, COMMAND_MAX, COMMAND_SHORT_MAX },
		{ PROFILE_FIRMWARE_MARLIN, COMMAND_SHORT_MAX, COMMAND_SHORT_MAX },
		{ PROFILE_FIRMWARE_KLIPPER, COMMAND_MAX, COMMAND_MAX },
		{ PROFILE_FIRMWARE_REPRAP, COMMAND_MAX, COMMAND_MAX },
	};
	struct command command;
	char macro[300], move[300];

	(void)state;
	memset(macro, '7', sizeof macro);
	memcpy(macro, "START_PRINT NOTE=", 17);
	memset(move, '0', sizeof move);
	memcpy(move, "G1 X1.", 6);
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
		struct profile profile = { .firmware = limits[i].firmware };

		command_from_line_for(macro, limits[i].macro, &profile, &command);
		assert_int_equal(command.length, limits[i].macro);
		assert_memory_equal(command.text, macro, command.length);
		assert_int_equal(
			command_from_line_for(macro, limits[i].macro + 1, &profile, &command),
			COMMAND_REFUSED);
		assert_int_equal(command_from_line_for(move, limits[i].move, &profile, &command),
			COMMAND_SEND);
		assert_int_equal(
			command_from_line_for(move, limits[i].move + 1, &profile, &command),
			COMMAND_REFUSED);
		assert_string_equal(command.rule, "too-long");
	}
	/* The machine that is there decides. */
	assert_int_equal(command_from_line_within(macro, 200, NULL, COMMAND_SHORT_MAX, &command),
		COMMAND_REFUSED);
	assert_string_equal(command.rule, "too-long");
	assert_int_equal(
		command_from_line_within(move, 200, NULL, COMMAND_MAX, &command), COMMAND_SEND);
	assert_int_equal(command.length, 200);
}

static void test_a_message_is_cut_alike_by_the_check_and_by_the_streamer(void **state)
{
	const struct profile klipper = { .firmware = PROFILE_FIRMWARE_KLIPPER };
	struct command checked, sent;
	char line[300];

	(void)state;
	memset(line, 'a', sizeof line);
	memcpy(line, "M117 ", 5);
	command_from_line(line, sizeof line, &checked);
	assert_int_equal(command_from_line_within(line, sizeof line, NULL, COMMAND_MAX, &sent),
		COMMAND_SEND);
	assert_string_equal(sent.text, checked.text);
	command_from_line_for(line, sizeof line, &klipper, &checked);
	command_from_line_within(line, sizeof line, &klipper, COMMAND_MAX, &sent);
	assert_string_equal(sent.text, checked.text);
	assert_int_equal(sent.length, COMMAND_MAX);
}

static void test_a_long_message_is_cut_and_a_long_move_refused(void **state)
{
	struct command command;
	char line[400];

	(void)state;
	memset(line, 'a', sizeof line);
	memcpy(line, "M117 ", 5);
	assert_int_equal(command_from_line(line, 300, &command), COMMAND_SEND);
	assert_int_equal(command.length, COMMAND_SHORT_MAX);
	memset(line, '0', sizeof line);
	memcpy(line, "G1 X1.", 6);
	assert_int_equal(command_from_line(line, COMMAND_SHORT_MAX, &command), COMMAND_SEND);
	assert_int_equal(command_from_line(line, COMMAND_SHORT_MAX + 1, &command), COMMAND_REFUSED);
	assert_string_equal(command.rule, "too-long");
	memset(line, ' ', sizeof line);
	memcpy(line, "G1 X5", 5);
	line[399] = ';';
	assert_int_equal(command_from_line(line, 400, &command), COMMAND_SEND);
	assert_string_equal(command.text, "G1 X5");
}

struct class_case {
	const char *text;
	enum command_class class;
};

static void test_commands_that_take_long_or_stand_alone_are_known(void **state)
{
	static const struct class_case classes[] = { { "G0 X5", COMMAND_MOTION },
		{ "G1X5", COMMAND_MOTION }, { "G01 X5", COMMAND_MOTION },
		{ "G3 X5 I2", COMMAND_MOTION }, { "G28", COMMAND_LONG }, { "G29", COMMAND_LONG },
		{ "G80", COMMAND_LONG }, { "G4 S5", COMMAND_LONG }, { "M109 S205", COMMAND_LONG },
		{ "M190 S60", COMMAND_LONG }, { "M400", COMMAND_LONG }, { "M600", COMMAND_LONG },
		{ "M0", COMMAND_LONG }, { "START_PRINT", COMMAND_LONG }, { "T1", COMMAND_LONG },
		{ "Tx", COMMAND_LONG }, { "M104 S205", COMMAND_SHORT }, { "G92 E0", COMMAND_SHORT },
		{ "M117 G28", COMMAND_SHORT }, { "M110 N5", COMMAND_MODE },
		{ "M28 x", COMMAND_MODE }, { "M999", COMMAND_MODE } };

	(void)state;
	for (size_t i = 0; i < sizeof classes / sizeof *classes; i++)
		if (command_classify(classes[i].text, strlen(classes[i].text)) != classes[i].class)
			fail_msg("%s", classes[i].text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_line_becomes_its_command),
		cmocka_unit_test(test_whatever_the_line_holds_what_is_sent_is_safe),
		cmocka_unit_test(test_a_command_cut_at_every_byte_is_safe),
		cmocka_unit_test(test_how_long_a_command_may_be_is_the_firmwares),
		cmocka_unit_test(test_a_message_is_cut_alike_by_the_check_and_by_the_streamer),
		cmocka_unit_test(test_a_long_message_is_cut_and_a_long_move_refused),
		cmocka_unit_test(test_a_command_survives_being_read_again),
		cmocka_unit_test(test_commands_that_take_long_or_stand_alone_are_known),
	};

	return cmocka_run_group_tests_name("command", tests, NULL, NULL);
}
