/* Profiles from files: every shipped one is right, and wrong ones say where and what. */
#include "cli/profile_file.h"
#include "cli/profile_match.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h> /* strcasecmp */
#include <unistd.h>

#include <cmocka.h>

#include "base/error.h"
#include "gcode/profile.h"

enum { SHIPPED_MAX = 128, PRINTERS_MIN = 35 };

static struct profile shipped[SHIPPED_MAX];
static char remarks[SHIPPED_MAX][512]; /* what stands in front of each */
static size_t shipped_count;

/* Everything in front of the first key. */
static void read_remark(const char *path, char remark[512])
{
	FILE *file = fopen(path, "r");
	char row[256];

	remark[0] = '\0';
	assert_non_null(file);
	while (fgets(row, sizeof row, file) && row[0] == '#' && strlen(remark) + strlen(row) < 512)
		strcat(remark, row);
	fclose(file);
}

static void read_shipped(void)
{
	DIR *directory = opendir("profiles");
	struct dirent *entry;

	assert_non_null(directory);
	shipped_count = 0;
	while ((entry = readdir(directory))) {
		struct profile *profile = &shipped[shipped_count];
		struct error error = { "" };
		char path[300];
		size_t length = strlen(entry->d_name);

		if (length < 5 || strcmp(entry->d_name + length - 4, ".cfg") != 0)
			continue;
		assert_true(shipped_count < SHIPPED_MAX);
		snprintf(path, sizeof path, "profiles/%s", entry->d_name);
		if (profile_file_read(path, profile, &error))
			fail_msg("%s", error.text);
		assert_int_equal(strlen(profile->name), length - 4);
		assert_memory_equal(profile->name, entry->d_name, length - 4);
		read_remark(path, remarks[shipped_count++]);
	}
	closedir(directory);
}

static bool is_printer(const struct profile *profile)
{
	return profile->firmware != PROFILE_FIRMWARE_GRBL;
}

static void test_every_shipped_profile_is_read_and_bears_its_file_s_name(void **state)
{
	size_t printers = 0;

	(void)state;
	read_shipped();
	for (size_t i = 0; i < shipped_count; i++)
		printers += is_printer(&shipped[i]);
	assert_true(printers >= PRINTERS_MIN);
}

static void check_plausible(const struct profile *profile, const char *remark)
{
	const double *low = profile->volume_min_mm, *high = profile->volume_max_mm;

	if (remark[0] != '#')
		fail_msg("%s: no remark says what it is and where its limits come from",
			profile->name);
	assert_true(profile->tool_count >= 1);
	for (int axis = 0; axis < 3; axis++)
		if (high[axis] - low[axis] < 80 || high[axis] - low[axis] > 1600)
			fail_msg("%s: axis %d is %.0f mm long", profile->name, axis,
				high[axis] - low[axis]);
	/* Only deltas and mills have their zero in the middle. */
	if (is_printer(profile) && profile->shape == PROFILE_BOX &&
		(low[0] < -15 || low[1] < -15 || low[2] < 0))
		fail_msg("%s begins at %.0f, %.0f, %.0f", profile->name, low[0], low[1], low[2]);
	if (profile->shape == PROFILE_ROUND)
		assert_true(low[0] == -high[0] && low[1] == -high[1] && high[0] == high[1]);
}

static void check_heat(const struct profile *profile, const char *remark)
{
	if (!is_printer(profile)) {
		assert_true(profile->hotend_max_celsius == 0 && profile->bed_max_celsius == 0);
		return;
	}
	if (profile->hotend_max_celsius < 230 || profile->hotend_max_celsius > 300)
		fail_msg("%s: %.0f C at the nozzle", profile->name, profile->hotend_max_celsius);
	if (strstr(remark, "PTFE") && profile->hotend_max_celsius > 245)
		fail_msg("%s: %.0f C melt its liner", profile->name, profile->hotend_max_celsius);
	if (profile->bed_max_celsius < 60 || profile->bed_max_celsius > 130)
		fail_msg("%s: %.0f C at the bed", profile->name, profile->bed_max_celsius);
	assert_true(profile->nozzle_mm >= 0.2 && profile->nozzle_mm <= 1.2);
}

static void test_every_shipped_profile_is_plausible_and_safe(void **state)
{
	(void)state;
	read_shipped();
	for (size_t i = 0; i < shipped_count; i++) {
		/* A laser has no height worth the word. */
		if (is_printer(&shipped[i]))
			check_plausible(&shipped[i], remarks[i]);
		check_heat(&shipped[i], remarks[i]);
	}
}

static void test_no_two_shipped_profiles_claim_one_machine(void **state)
{
	(void)state;
	read_shipped();
	for (size_t a = 0; a < shipped_count; a++)
		for (size_t b = a + 1; b < shipped_count; b++)
			for (size_t i = 0; i < shipped[a].machine_count; i++)
				for (size_t k = 0; k < shipped[b].machine_count; k++)
					if (strcasecmp(shipped[a].machine[i],
						    shipped[b].machine[k]) == 0)
						fail_msg("%s and %s: \"%s\"", shipped[a].name,
							shipped[b].name, shipped[a].machine[i]);
}

/* What M115 says leads to the profile. */
static void test_a_machine_is_found_by_its_name_or_its_size(void **state)
{
	static const double size_mm[3] = { 235, 235, 250 }, odd_mm[3] = { 123, 77, 1000 };
	struct profile_match match;

	(void)state;
	assert_true(profile_match("Ender-3 V2", NULL, &match) && match.by_name);
	assert_string_equal(match.profile.name, "ender3v2");
	assert_true(profile_match("CREALITY ENDER 3", odd_mm, &match) && match.by_name);
	assert_string_equal(match.profile.name, "ender3");
	assert_true(profile_match("3D Printer", size_mm, &match) && !match.by_name);
	/* Of several that fit, the lowest limit is safe on each. */
	assert_true(match.others > 0 && match.profile.hotend_max_celsius == 245);
	assert_false(profile_match("3D Printer", odd_mm, &match));
	assert_false(profile_match("", NULL, &match));
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
		cmocka_unit_test(test_every_shipped_profile_is_plausible_and_safe),
		cmocka_unit_test(test_no_two_shipped_profiles_claim_one_machine),
		cmocka_unit_test(test_a_machine_is_found_by_its_name_or_its_size),
		cmocka_unit_test(test_what_is_wrong_is_told_with_file_line_and_what_is_accepted),
		cmocka_unit_test(test_whole_numbers_and_lists_of_both_kinds_are_read),
		cmocka_unit_test(test_one_of_several_profiles_is_asked_for_by_name),
		cmocka_unit_test(test_a_shipped_profile_is_found_by_its_name),
	};

	return cmocka_run_group_tests_name("profile_file", tests, NULL, NULL);
}
