/* Profiles from files: every shipped one is right, and wrong ones say where and what. */
#include "cli/profile_file.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "gcode/profile.h"

static void test_every_shipped_profile_is_read_and_bears_its_file_s_name(void **state)
{
	DIR *directory = opendir("profiles");
	struct dirent *entry;
	size_t count = 0;

	(void)state;
	assert_non_null(directory);
	while ((entry = readdir(directory))) {
		struct profile profile;
		struct error error = { "" };
		char path[300];
		size_t length = strlen(entry->d_name);

		if (length < 5 || strcmp(entry->d_name + length - 4, ".cfg") != 0)
			continue;
		snprintf(path, sizeof path, "profiles/%s", entry->d_name);
		if (profile_file_read(path, &profile, &error))
			fail_msg("%s", error.text);
		assert_int_equal(strlen(profile.name), length - 4);
		assert_memory_equal(profile.name, entry->d_name, length - 4);
		/* Lasers and mills have no heaters, and are flat. */
		assert_true(profile.firmware == PROFILE_FIRMWARE_GRBL ||
			    (profile.volume_max_mm[2] > 100 && profile.hotend_max_celsius >= 250));
		assert_true(profile.tool_count >= 1);
		count++;
	}
	closedir(directory);
	assert_true(count >= 10);
}

/* Writes a file of its own; the caller removes it. */
static void write_file(char *path, const char *text)
{
	FILE *file;
	int descriptor;

	strcpy(path, "/tmp/printfarm-profile-XXXXXX.cfg");
	descriptor = mkstemps(path, 4);
	assert_true(descriptor >= 0);
	file = fdopen(descriptor, "w");
	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

#define GOOD                                                                                       \
	"name = \"x\"; nozzle_mm = 0.4; hotend_max_celsius = 250; bed_max_celsius = 100;\n"        \
	"volume_mm = { min = (0, -4, 0); max = (250.5, 210, 210); };\n"

struct wrong_case {
	const char *text, *in_error;
};

static const struct wrong_case wrongs[] = {
	{ "name = \"x\"; nozzle_mm = 0.4;\n", "volume_mm: must be" },
	{ "shape = \"square\";\n" GOOD, ":1: shape: must be \"box\" or \"round\"" },
	{ GOOD "colour = \"red\";\n", ":3: colour: unknown key" },
	{ "name = \"x\"; nozzle_mm = 9; hotend_max_celsius = 250; bed_max_celsius = 100;\n"
	  "volume_mm = { min = (0, 0, 0); max = (1, 1, 1); };",
		":1: nozzle_mm: must be a number from 0 to 5" },
	{ "name = \"x\"; nozzle_mm = 0.4; hotend_max_celsius = 250; bed_max_celsius = 100;\n"
	  "volume_mm = { min = (0, 0, 0);\nmax = (1, 1); };",
		":3: max: must be three numbers" },
	{ "name = \"x\"; nozzle_mm = 0.4; hotend_max_celsius = 250; bed_max_celsius = 100;\n"
	  "volume_mm = { min = (0, 0, 5); max = (1, 1, 4); };",
		"max must be above min" },
	{ "name = ;\n", ":1: syntax error" },
};

static void test_what_is_wrong_is_told_with_file_line_and_what_is_accepted(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof wrongs / sizeof *wrongs; i++) {
		struct profile profile = { .name = "untouched" };
		struct error error = { "" };
		char path[64];

		write_file(path, wrongs[i].text);
		assert_true(profile_file_read(path, &profile, &error) < 0);
		unlink(path);
		if (!strstr(error.text, wrongs[i].in_error) || !strstr(error.text, path))
			fail_msg("case %zu says: %s", i, error.text);
		assert_string_equal(profile.name, "untouched");
	}
}

static void test_whole_numbers_and_lists_of_both_kinds_are_read(void **state)
{
	struct profile profile;
	struct error error = { "" };
	char path[64];

	(void)state;
	write_file(path, "name = \"x\"; nozzle_mm = 1; hotend_max_celsius = 250.5; "
			 "bed_max_celsius = 100; tools = 2; machines = [\"A\", \"B\"];\n"
			 "rules = [\"servo=ok\", \"pin=warn\"]; hotend_celsius_s = 3.5;\n"
			 "volume_mm = { min = (0, -4.5, 0); max = [250, 210, 210]; };\n");
	assert_int_equal(profile_file_read(path, &profile, &error), 0);
	unlink(path);
	assert_true(profile.volume_min_mm[1] == -4.5 && profile.volume_max_mm[0] == 250);
	assert_true(profile.nozzle_mm == 1 && profile.tool_count == 2);
	assert_int_equal(profile.machine_count, 2);
	assert_int_equal(profile.rule_count, 2);
	assert_string_equal(profile.rule[1], "pin=warn");
	assert_true(profile.hotend_celsius_s == 3.5 && profile.bed_celsius_s == 0);
}

static void test_one_of_several_profiles_is_asked_for_by_name(void **state)
{
	struct profile profile;
	struct error error = { "" };
	char path[64], asked[80];

	(void)state;
	write_file(path,
		"profiles = ( { name = \"a\"; nozzle_mm = 0.4; hotend_max_celsius = 250;\n"
		"bed_max_celsius = 90; volume_mm = { min = (0,0,0); max = (9,9,9); }; },\n"
		"{ name = \"b\"; nozzle_mm = 0.6; hotend_max_celsius = 250;\n"
		"bed_max_celsius = 90; volume_mm = { min = (0,0,0); max = (9,9,9); }; } );\n");
	assert_true(profile_file_read(path, &profile, &error) < 0);
	assert_non_null(strstr(error.text, "holds 2 profiles"));
	snprintf(asked, sizeof asked, "%s:b", path);
	assert_int_equal(profile_file_read(asked, &profile, &error), 0);
	assert_true(profile.nozzle_mm == 0.6);
	snprintf(asked, sizeof asked, "%s:c", path);
	assert_true(profile_file_read(asked, &profile, &error) < 0);
	unlink(path);
}

static void test_a_shipped_profile_is_found_by_its_name(void **state)
{
	struct profile profile;
	struct error error = { "" };

	(void)state;
	assert_int_equal(profile_file_read("mk3s", &profile, &error), 0);
	assert_true(profile.volume_min_mm[1] < -3);
	assert_true(profile_file_read("no-such-machine", &profile, &error) < 0);
	assert_non_null(strstr(error.text, "no-such-machine"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_shipped_profile_is_read_and_bears_its_file_s_name),
		cmocka_unit_test(test_what_is_wrong_is_told_with_file_line_and_what_is_accepted),
		cmocka_unit_test(test_whole_numbers_and_lists_of_both_kinds_are_read),
		cmocka_unit_test(test_one_of_several_profiles_is_asked_for_by_name),
		cmocka_unit_test(test_a_shipped_profile_is_found_by_its_name),
	};

	return cmocka_run_group_tests_name("profile_file", tests, NULL, NULL);
}
