/* The configuration file: what is wrong is said with file, line, key and what would be accepted,
 * and what is right arrives where it belongs. */
#include "daemon/control/config.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/error.h"
#include "daemon/control/config_file.h"
#include "daemon/control/hours.h"
#include "tests/unit/scratch.h"

#define PROFILE                                                                                    \
	"profiles = ( { name = \"mk3s\"; volume_mm = { min = [0.0, -4.0, 0.0]; max = [250, 210, "  \
	"210]; }; nozzle_mm = 0.4; hotend_max_celsius = 280; bed_max_celsius = 110.5; } );\n"
#define PRINTER "printers = ( { name = \"p1\"; port = \"/dev/null\"; profile = \"mk3s\"; "

static void parse_good(struct config *config, const char *text)
{
	struct error error = { "" };

	if (config_parse(config, text, &error) != 0)
		fail_msg("%s", error.text);
}

static void test_wrong_contents_name_line_key_and_what_is_accepted(void **state)
{
	static const struct {
		const char *text, *says[4];
	} rows[] = {
		{ "\nfram = { };", { ":2: fram: unknown key", "did you mean farm?" } },
		{ "farm = {\nnam = \"x\"; };",
			{ ":2: farm.nam: unknown key", "did you mean name?" } },
		{ "farm = {\nzebra = 1; };", { ":2: farm.zebra: unknown key", "name, timezone" } },
		{ "hours = [];", { ":1: hours: unknown key", "in farm" } },
		{ "zebra = 1;", { ":1: zebra: unknown key", "quotas", "printers" } },
		{ "farm = 3;", { ":1: farm: 3 is not accepted; give a group" } },
		{ "farm = { timezone = \"Mars/Olympus\"; };",
			{ "farm.timezone: \"Mars/Olympus\" is not accepted", "Europe/Paris" } },
		{ "farm = { timezone = \"../../etc/passwd\"; };", { "farm.timezone" } },
		{ "farm = { name = \"a\\x1bb\"; };", { "farm.name: \"a?b\" is not accepted" } },
		{ "farm = { hours = [\"mon-fri 9-18\"]; };",
			{ "farm.hours: \"mon-fri 9-18\"", "mon-fri 09:00-18:00" } },
		{ "farm = { hours = ( { when = \"mon 25:00-26:00\"; operators = 2; } ); };",
			{ "farm.hours: \"mon 25:00-26:00\"" } },
		{ "farm = { hours = ( { when = \"mon 09:00-10:00\"; who = 2; } ); };",
			{ "farm.hours: a group" } },
		{ "farm = { hours = \"mon 09:00-10:00\"; };", { "farm.hours", "a list of texts" } },
		{ "start_delay_s = -1;",
			{ ":1: start_delay_s: -1 is not accepted", "from 0 to 3600 seconds" } },
		{ "start_delay_s = 1.5;", { "start_delay_s: 1.5", "a whole number" } },
		{ "start_delay_s = \"30\";", { "start_delay_s: \"30\"", "a whole number" } },
		{ "retries = true;", { "retries: true", "a whole number" } },
		{ "retries = 99999999999L;", { "retries: 99999999999" } },
		{ "streamers = \"many\";", { "streamers: \"many\"", "\"process\" or \"shared\"" } },
		{ "streamers = 1;", { "streamers: 1 is not", "\"process\"" } },
		{ "state_dir = \"\";", { "state_dir: \"\" is not accepted", "a path" } },
		{ "socket = "
		  "\"/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/0123456789/"
		  "0123456789/0123456789/0123456789\";",
			{ "socket: ", "up to 107 bytes" } },
		{ "retries = 1;\nretries = 2;", { ":2: duplicate setting name" } },
		{ "free_floor_bytes = 4294967296000000000000;",
			{ ":1: a whole number may have 18" } },
		{ "# 12345678901234567890\nretries = 4294967297;",
			{ ":2: retries: 4294967297 is" } },
		{ "retries = ;", { ":1: syntax error" } },
		{ "profiles = ( { volume_mm = { min = [1, 2.5, 3]; }; } );",
			{ ":1: mismatched element type in array", "all with a point" } },
		{ "profiles = ( 3 );", { "profiles[1]: 3 is not accepted" } },
		{ "profiles = ( {\n name = \"a\"; } );",
			{ "profiles[1].volume_mm: is missing", "a group" } },
		{ "profiles = ( { name = \"a b\"; } );",
			{ "profiles[1].name: \"a b\"", "letters" } },
		{ "profiles = ( { name = \"../x\"; } );", { "profiles[1].name: \"../x\"" } },
		{ "profiles = ( { volume_mm = { min = [1, 2]; }; } );",
			{ "profiles[1].volume_mm.min: a list of 2", "[ X, Y, Z ]" } },
		{ "profiles = ( { volume_mm = { min = [0, 0, 20000]; }; } );",
			{ "volume_mm.min: 20000" } },
		{ "profiles = ( { volume_mm = { min = (0, 0, \"x\"); }; } );",
			{ "volume_mm.min: \"x\"" } },
		{ "profiles = ( { name = \"a\"; volume_mm = { min = [0, 0, 5]; max = [9, 9, 5]; }; "
		  "nozzle_mm = 0.4; hotend_max_celsius = 1; bed_max_celsius = 1; } );",
			{ "profiles[1]: volume_mm: max must be above min" } },
		{ "profiles = ( { machines = [\"\"]; } );", { "profiles[1].machines: \"\"" } },
		{ "profiles = ( { hotend_max_celsius = 1e9; } );",
			{ "hotend_max_celsius: 1e+09", "from 0 to 500 degrees Celsius" } },
		{ "printers = ( { name = \"p1\";\n port = \"/dev/x\"; } );",
			{ "printers[1].profile: is missing" } },
		{ PROFILE PRINTER "window = 0; } );",
			{ ":2: printers[1].window: 0",
				"\"auto\", \"ping-pong\", \"held\" or a whole number" } },
		{ PROFILE PRINTER "window = \"big\"; } );", { "printers[1].window: \"big\"" } },
		{ PROFILE PRINTER "window = 2.5; } );", { "printers[1].window: 2.5" } },
		{ PROFILE PRINTER "window = \"held\"; dialect = \"prusa-mk3\"; } );",
			{ "printers[1]: window = \"held\"", "give \"auto\"" } },
		{ PROFILE PRINTER "dialect = \"teacup\"; } );",
			{ "printers[1].dialect: \"teacup\"", "\"auto\", \"marlin\"" } },
		{ PROFILE PRINTER "unattended = true; } );",
			{ "printers[1].unattended: true", "\"never\" or \"allowed\"" } },
		{ PROFILE PRINTER "reset_line = 1; } );",
			{ "printers[1].reset_line: 1", "true or false" } },
		{ PROFILE PRINTER
			"tags = [\"a\",\"b\",\"c\",\"d\",\"e\",\"f\",\"g\",\"h\",\"i\"]; } );",
			{ "printers[1].tags: a list of 9", "up to 8 texts" } },
		{ PROFILE PRINTER "}, { name = \"p1\"; port = \"/dev/b\"; profile = \"mk3s\"; } );",
			{ "printers[2]: another printer has this name" } },
		{ PROFILE PRINTER
			"}, { name = \"p2\"; port = \"/dev/null\"; profile = \"mk3s\"; } );",
			{ "printers[2]: another printer has this port" } },
		{ "printers = ( { name = \"p1\"; port = \"/dev/b\"; profile = \"warp\"; } );",
			{ ":1: printers[1].profile: no profile \"warp\" in this file",
				"warp.cfg" } },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config config, before;
		struct error error = { "" };

		memset(&config, 0x5a, sizeof config);
		before = config;
		int result = config_parse(&config, rows[i].text, &error);

		if (result != -EINVAL)
			fail_msg("accepted: %s", rows[i].text);
		assert_memory_equal(&config, &before, sizeof config);
		for (int k = 0; k < 4 && rows[i].says[k]; k++)
			if (!strstr(error.text, rows[i].says[k]))
				fail_msg("%s\nlacks: %s", error.text, rows[i].says[k]);
	}
}

static void test_an_empty_file_is_a_farm_with_defaults(void **state)
{
	struct config config;

	(void)state;
	parse_good(&config, "");
	assert_string_equal(config.farm_name, "farm");
	assert_string_equal(config.state_dir, "/var/lib/printfarm");
	assert_string_equal(config.socket, "/run/printfarm/api.sock");
	assert_string_equal(config.stream_dir, "/run/printfarm");
	assert_int_equal(config.streamers, STREAMERS_PER_PRINTER);
	assert_int_equal(config.start_streamers, START_STREAMERS_SELF);
	assert_int_equal(config.start_delay_s, 30);
	assert_int_equal(config.retries, 1);
	assert_false(config.inspect_automatically);
	assert_int_equal(config.clear_s, 900);
	assert_int_equal(config.upload_max_bytes, 512 << 20);
	assert_int_equal(config.text_max_bytes, 1 << 30);
	assert_int_equal(config.free_floor_bytes, 256 << 20);
	assert_int_equal(config.free_floor_percent, 5);
	assert_int_equal(config.reserve_bytes, 8 << 20);
	assert_int_equal(config.hours_count, 0);
	assert_int_equal(config.printer_count, 0);
	config_finish(&config);
}

static void test_every_option_arrives_where_it_belongs(void **state)
{
	struct config config;

	(void)state;
	parse_good(&config,
		"farm = { name = \"Atelier\"; timezone = \"Europe/Paris\"; hours = [\"mon "
		"09:00-10:00\"]; "
		"};\n"
		"state_dir = \"/tmp/s\"; socket = \"/tmp/s/api\"; stream_dir = \"/tmp/t\";\n"
		"stream_program = \"/bin/stream\"; streamers = \"shared\"; start_streamers = "
		"\"none\";\n"
		"start_delay_s = 0; retries = 3; inspect = \"automatic\"; clear_s = 60;\n"
		"upload_max_bytes = 2048; text_max_bytes = 8000000000; free_floor_bytes = "
		"900000000000000;\n"
		"free_floor_percent = 0; reserve_bytes = 262144L; profile_dir = \"/tmp/p\";\n"
		"profiles = ( { name = \"delta\"; shape = \"round\"; volume_mm = { min = [-100, "
		"-100, 0]; "
		"max = [100.0, 100.0, 250.5]; }; nozzle_mm = 0.6; hotend_max_celsius = 260; "
		"bed_max_celsius = "
		"0; firmware = \"klipper\"; tools = 2; machines = [\"Kossel\", \"Rostock\"]; } );\n"
		"printers = ( { name = \"p1\"; port = \"/dev/a\"; dialect = \"marlin\"; baud = "
		"250000; "
		"window = 4; profile = \"delta\"; material = \"PLA\"; tags = [\"visors\", "
		"\"fast\"]; "
		"unattended = \"allowed\"; reset_line = true; "
		"reset_on_connect = true; },\n"
		"{ name = \"p2\"; port = \"/dev/b\"; profile = \"delta\"; window = \"held\"; "
		"},\n"
		"{ name = \"p3\"; port = \"/dev/c\"; profile = \"delta\"; window = \"auto\"; } "
		");\n");
	assert_string_equal(config.farm_name, "Atelier");
	assert_string_equal(config.timezone, "Europe/Paris");
	assert_int_equal(config.hours_count, 1);
	assert_int_equal(config.hours[0].begin_s, 9 * 3600);
	assert_int_equal(config.hours[0].end_s, 10 * 3600);
	assert_string_equal(config.state_dir, "/tmp/s");
	assert_string_equal(config.socket, "/tmp/s/api");
	assert_string_equal(config.stream_dir, "/tmp/t");
	assert_string_equal(config.stream_program, "/bin/stream");
	assert_string_equal(config.profile_dir, "/tmp/p");
	assert_int_equal(config.streamers, STREAMERS_SHARED);
	assert_int_equal(config.start_streamers, START_STREAMERS_NONE);
	assert_int_equal(config.start_delay_s, 0);
	assert_int_equal(config.retries, 3);
	assert_true(config.inspect_automatically);
	assert_int_equal(config.clear_s, 60);
	assert_int_equal(config.upload_max_bytes, 2048);
	assert_int_equal(config.text_max_bytes, 8000000000);
	assert_int_equal(config.free_floor_bytes, 900000000000000);
	assert_int_equal(config.free_floor_percent, 0);
	assert_int_equal(config.reserve_bytes, 262144);

	const struct profile *profile = config_find_profile(&config, "delta");

	assert_non_null(profile);
	assert_int_equal(profile->shape, PROFILE_ROUND);
	assert_true(profile->volume_min_mm[0] == -100 && profile->volume_max_mm[2] == 250.5);
	assert_true(profile->nozzle_mm == 0.6 && profile->hotend_max_celsius == 260);
	assert_true(profile->bed_max_celsius == 0);
	assert_int_equal(profile->firmware, PROFILE_FIRMWARE_KLIPPER);
	assert_int_equal(profile->tool_count, 2);
	assert_int_equal(profile->machine_count, 2);
	assert_string_equal(profile->machine[1], "Rostock");

	assert_int_equal(config.printer_count, 3);
	assert_string_equal(config.printer[0].name, "p1");
	assert_string_equal(config.printer[0].port, "/dev/a");
	assert_string_equal(config.printer[0].dialect, "marlin");
	assert_int_equal(config.printer[0].baud, 250000);
	assert_int_equal(config.printer[0].window_lines, 4);
	assert_string_equal(config.printer[0].material, "PLA");
	assert_int_equal(config.printer[0].tag_count, 2);
	assert_string_equal(config.printer[0].tag[1], "fast");
	assert_int_equal(config.printer[0].unattended, UNATTENDED_ALLOWED);
	assert_true(config.printer[0].reset_line);
	assert_true(config.printer[0].reset_on_connect);
	assert_string_equal(config.printer[1].dialect, "auto");
	assert_int_equal(config.printer[1].window_lines, CONFIG_WINDOW_HELD);
	assert_int_equal(config.printer[1].unattended, UNATTENDED_NEVER);
	assert_false(config.printer[1].reset_line);
	assert_false(config.printer[1].reset_on_connect);
	assert_int_equal(config.printer[2].window_lines, 0);
	config_finish(&config);
}

static void test_staffed_hours_are_read_and_joined(void **state)
{
	static const struct {
		const char *text;
		size_t count;
		int32_t begin_s, end_s; /* of the last */
	} rows[] = {
		{ "mon-fri 09:00-18:00", 5, 4 * 86400 + 9 * 3600, 4 * 86400 + 18 * 3600 },
		{ "daily 00:00-24:00", 1, 0, 604800 },
		{ "sat,sun 10:00-14:30", 2, 6 * 86400 + 10 * 3600, 6 * 86400 + 14 * 3600 + 1800 },
		{ "fri-mon 08:00-09:00", 4, 6 * 86400 + 8 * 3600, 6 * 86400 + 9 * 3600 },
		{ "sun 22:00-06:00", 2, 6 * 86400 + 22 * 3600, 604800 },
		{ "mon,mon-tue 10:00-11:00", 2, 86400 + 10 * 3600, 86400 + 11 * 3600 },
	};

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config_hours hours[CONFIG_HOURS_MAX];
		size_t count = 0;

		assert_int_equal(hours_parse(rows[i].text, hours, &count), HOURS_OK);
		hours_join(hours, &count);
		assert_int_equal(count, rows[i].count);
		assert_int_equal(hours[count - 1].begin_s, rows[i].begin_s);
		assert_int_equal(hours[count - 1].end_s, rows[i].end_s);
	}
}

static void test_hours_that_say_nothing_clear_are_refused(void **state)
{
	static const char *const rows[] = { "", " ", "mon", "mon ", "mon-", "mon- 09:00-10:00",
		"09:00-10:00", "mon 9:00-10:00", "mon 09:00", "mon 09:00-", "mon 09:00-10:60",
		"mon 09:00-25:00", "mon 24:00-10:00", "mon 09:00-24:01", "mon 09:00-10:00 ",
		"monday 09:00-10:00", "mon,, 09:00-10:00", "MON 09:00-10:00" };

	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct config_hours hours[CONFIG_HOURS_MAX];
		size_t count = 0;

		if (hours_parse(rows[i], hours, &count) != HOURS_BAD)
			fail_msg("accepted: \"%s\"", rows[i]);
		assert_int_equal(count, 0);
	}
}

static void test_more_windows_than_fit_are_refused(void **state)
{
	struct config_hours hours[CONFIG_HOURS_MAX];
	size_t count = 0;

	(void)state;
	for (int i = 0; i < 9; i++)
		assert_int_equal(hours_parse("daily 09:00-10:00", hours, &count), HOURS_OK);
	assert_int_equal(hours_parse("daily 09:00-10:00", hours, &count), HOURS_TOO_MANY);
	assert_int_equal(count, CONFIG_HOURS_MAX);
}

static void test_a_profile_is_taken_from_the_profile_folder(void **state)
{
	struct scratch scratch;
	struct config config;
	struct error error = { "" };
	char text[1024];

	(void)state;
	scratch_make(&scratch);
	snprintf(text, sizeof text,
		"profile_dir = \"profiles\";\nprinters = ( { name = \"p1\"; port = \"/dev/a\"; "
		"profile = "
		"\"mk3s\"; }, { name = \"p2\"; port = \"/dev/b\"; profile = \"mk3s\"; } );\n");
	scratch_write(&scratch, "farm.conf", text, strlen(text));
	if (config_load(&config, scratch_path(&scratch, "farm.conf"), &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(config.profile_count, 1);
	assert_true(config.profile[0].volume_min_mm[1] == -4);
	assert_string_equal(config.file, scratch.path);
	config_finish(&config);
	scratch_remove(&scratch);
}

static void test_a_wrong_profile_file_is_named_with_its_own_line(void **state)
{
	static const char profile[] = "name = \"odd\";\nshape = \"star\";\n";
	struct scratch scratch;
	struct config config;
	struct error error = { "" };
	char text[1024], expected[600];

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "odd.cfg", profile, sizeof profile - 1);
	snprintf(expected, sizeof expected, "%s:2: shape: \"star\"", scratch.path);
	snprintf(text, sizeof text,
		"profile_dir = \"%s\";\nprinters = ( { name = \"p1\"; port = \"/dev/a\"; profile = "
		"\"odd\"; } );\n",
		scratch.directory);
	scratch_write(&scratch, "farm.conf", text, strlen(text));
	assert_int_equal(
		config_load(&config, scratch_path(&scratch, "farm.conf"), &error), -EINVAL);
	assert_non_null(strstr(error.text, expected));
	scratch_remove(&scratch);
}

static void test_an_included_profile_is_read_and_its_faults_carry_its_name(void **state)
{
	static const char text[] = "profiles = ( {\n@include \"part.cfg\"\n} );\n"
				   "printers = ( { name = \"p1\"; port = \"/dev/a\"; profile = "
				   "\"part\"; } );\n";
	static const char good[] =
		"name = \"part\"; volume_mm = { min = [0,0,0]; max = [1,1,1]; };\n"
		"nozzle_mm = 0.4; hotend_max_celsius = 1; bed_max_celsius = 1;\n";
	static const char bad[] = "name = \"part\";\nnozle_mm = 0.4;\n";
	struct scratch scratch;
	struct config config;
	struct error error = { "" };

	(void)state;
	scratch_make(&scratch);
	scratch_write(&scratch, "part.cfg", good, sizeof good - 1);
	scratch_write(&scratch, "farm.conf", text, sizeof text - 1);
	if (config_load(&config, scratch.path, &error) != 0)
		fail_msg("%s", error.text);
	assert_int_equal(config.profile_count, 1);
	config_finish(&config);
	scratch_write(&scratch, "part.cfg", bad, sizeof bad - 1);
	assert_int_equal(
		config_load(&config, scratch_path(&scratch, "farm.conf"), &error), -EINVAL);
	assert_non_null(strstr(error.text, "part.cfg:2: profiles[1].nozle_mm: unknown key"));
	scratch_remove(&scratch);
}

static void test_a_file_that_is_not_there_is_said_so(void **state)
{
	struct config config;
	struct error error = { "" };

	(void)state;
	assert_int_equal(config_load(&config, "/nonexistent/farm.conf", &error), -ENOENT);
	assert_non_null(strstr(error.text, "/nonexistent/farm.conf cannot be read"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_wrong_contents_name_line_key_and_what_is_accepted),
		cmocka_unit_test(test_an_empty_file_is_a_farm_with_defaults),
		cmocka_unit_test(test_every_option_arrives_where_it_belongs),
		cmocka_unit_test(test_staffed_hours_are_read_and_joined),
		cmocka_unit_test(test_hours_that_say_nothing_clear_are_refused),
		cmocka_unit_test(test_more_windows_than_fit_are_refused),
		cmocka_unit_test(test_a_profile_is_taken_from_the_profile_folder),
		cmocka_unit_test(test_a_wrong_profile_file_is_named_with_its_own_line),
		cmocka_unit_test(test_an_included_profile_is_read_and_its_faults_carry_its_name),
		cmocka_unit_test(test_a_file_that_is_not_there_is_said_so),
	};

	return cmocka_run_group_tests_name("config", tests, NULL, NULL);
}
