/* A machine's profile from a file; see profile_file.h. */
#include "cli/profile_file.h"

#include <dirent.h>
#include <errno.h>
#include <libconfig.h> /* the file's syntax */
#include <limits.h>    /* PATH_MAX */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h> /* getenv */
#include <string.h>
#include <unistd.h> /* access, readlink */

#include "base/error.h"
#include "gcode/policy.h"
#include "gcode/profile.h"

#define SIZE_MAX_MM	   5000.0
#define HOTEND_MAX_CELSIUS 500.0
#define BED_MAX_CELSIUS	   200.0
#define NOZZLE_MAX_MM	   5.0
#define HEAT_MAX_CELSIUS_S 50.0
#define PREPARATION_MAX_S  3600.0
#define TOOLS_MAX	   16
#define RECEIVE_BYTES_MAX  4096

/* ---- where it is ------------------------------------------------------------------------- */

static bool is_path(const char *name)
{
	size_t length = strlen(name);

	return strchr(name, '/') || (length > 4 && !strcmp(name + length - 4, ".cfg")) ||
	       strstr(name, ".cfg:");
}

/* The directory of this program, so that a build tree and an installation both find theirs. */
static bool program_directory(char *directory, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", directory, size - 1);
	char *slash;

	if (length <= 0)
		return false;
	directory[length] = '\0';
	slash = strrchr(directory, '/');
	if (!slash)
		return false;
	*slash = '\0';
	return true;
}

static bool found(
	char *path, size_t size, const char *directory, const char *below, const char *name)
{
	int length = snprintf(path, size, "%s/%s%s.cfg", directory, below, name);

	return length > 0 && (size_t)length < size && !access(path, R_OK);
}

static int find(const char *name, char *path, size_t size, struct error *error)
{
	static const char *const below[] = { "../profiles/", "../share/printfarm/profiles/",
		"profiles/" };
	const char *chosen = getenv("PRINTFARM_PROFILES");
	char directory[PATH_MAX];

	if (chosen && found(path, size, chosen, "", name))
		return 0;
	if (program_directory(directory, sizeof directory))
		for (size_t i = 0; i < sizeof below / sizeof *below; i++)
			if (found(path, size, directory, below[i], name))
				return 0;
	if (found(path, size, "profiles", "", name))
		return 0;
	error_set(error,
		"no profile \"%s\": give the path of a .cfg file or the name of one that is "
		"shipped in profiles/",
		name);
	return -ENOENT;
}

/* ---- what it says ------------------------------------------------------------------------ */

struct reading {
	const char *file;
	struct error *error;
};

static int wrong(const struct reading *reading, const config_setting_t *at, const char *key,
	const char *what)
{
	error_set(reading->error, "%s:%d: %s: %s", reading->file,
		(int)config_setting_source_line(at), key, what);
	return -EINVAL;
}

static bool is_number(const config_setting_t *setting)
{
	int type = config_setting_type(setting);

	return type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64 || type == CONFIG_TYPE_FLOAT;
}

static double number_of(const config_setting_t *setting)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
		return config_setting_get_int(setting);
	case CONFIG_TYPE_INT64:
		return (double)config_setting_get_int64(setting);
	default:
		return config_setting_get_float(setting);
	}
}

static int read_number(const struct reading *reading, const config_setting_t *group,
	const char *key, double min, double max, double *value)
{
	const config_setting_t *setting = config_setting_get_member(group, key);
	char what[128];
	double number;

	if (!setting)
		return wrong(reading, group, key, "is missing");
	number = is_number(setting) ? number_of(setting) : max + 1;
	if (!(number >= min && number <= max)) {
		snprintf(what, sizeof what, "must be a number from %d to %d", (int)min, (int)max);
		return wrong(reading, setting, key, what);
	}
	*value = number;
	return 0;
}

static int read_corner(const struct reading *reading, const config_setting_t *volume,
	const char *key, double corner[3])
{
	const config_setting_t *setting = config_setting_get_member(volume, key);

	if (!setting)
		return wrong(reading, volume, key, "is missing; three numbers in mm are wanted");
	if (config_setting_length(setting) != 3)
		return wrong(reading, setting, key, "must be three numbers in mm");
	for (unsigned axis = 0; axis < 3; axis++) {
		const config_setting_t *number = config_setting_get_elem(setting, axis);

		if (!is_number(number) || number_of(number) < -SIZE_MAX_MM ||
			number_of(number) > SIZE_MAX_MM)
			return wrong(reading, setting, key,
				"must be three numbers in mm from -5000 to 5000");
		corner[axis] = number_of(number);
	}
	return 0;
}

static int read_volume(
	const struct reading *reading, const config_setting_t *group, struct profile *profile)
{
	const config_setting_t *volume = config_setting_get_member(group, "volume_mm");
	int status;

	if (!volume || !config_setting_is_group(volume))
		return wrong(reading, volume ? volume : group, "volume_mm",
			"must be { min = [x, y, z]; max = [x, y, z]; }");
	status = read_corner(reading, volume, "min", profile->volume_min_mm);
	if (!status)
		status = read_corner(reading, volume, "max", profile->volume_max_mm);
	for (int axis = 0; !status && axis < 3; axis++)
		if (profile->volume_max_mm[axis] <= profile->volume_min_mm[axis])
			status = wrong(
				reading, volume, "volume_mm", "max must be above min on each axis");
	return status;
}

struct word {
	const char *text;
	int value;
};

static int read_word(const struct reading *reading, const config_setting_t *group, const char *key,
	const struct word *words, const char *accepted, int *value)
{
	const config_setting_t *setting = config_setting_get_member(group, key);
	const char *text;

	if (!setting)
		return 0;
	text = config_setting_get_string(setting);
	for (; text && words->text; words++)
		if (!strcmp(words->text, text)) {
			*value = words->value;
			return 0;
		}
	return wrong(reading, setting, key, accepted);
}

static int read_machines(
	const struct reading *reading, const config_setting_t *group, struct profile *profile)
{
	const config_setting_t *list = config_setting_get_member(group, "machines");
	int count = list ? config_setting_length(list) : 0;

	if (count > PROFILE_MACHINES_MAX)
		return wrong(reading, list, "machines", "at most 8 names");
	for (int i = 0; i < count; i++) {
		const char *name = config_setting_get_string_elem(list, i);

		if (!name || strlen(name) >= PROFILE_MACHINE_NAME_MAX)
			return wrong(reading, list, "machines", "must be names of up to 63 bytes");
		strcpy(profile->machine[profile->machine_count++], name);
	}
	return 0;
}

static int read_rules(
	const struct reading *reading, const config_setting_t *group, struct profile *profile)
{
	const config_setting_t *list = config_setting_get_member(group, "rules");
	int count = list ? config_setting_length(list) : 0;

	if (count > PROFILE_RULES_MAX)
		return wrong(reading, list, "rules", "at most 16 of them");
	for (int i = 0; i < count; i++) {
		const char *rule = config_setting_get_string_elem(list, i);
		const char *problem = rule && strlen(rule) < PROFILE_RULE_MAX
					      ? policy_rule_problem(rule)
					      : "must be texts such as \"servo=ok\"";

		if (problem)
			return wrong(reading, list, "rules", problem);
		strcpy(profile->rule[profile->rule_count++], rule);
	}
	return 0;
}

/* How fast heaters warm, and how long preparations take; common machines' when it is not said. */
static int read_rates(
	const struct reading *reading, const config_setting_t *group, struct profile *profile)
{
	const struct {
		const char *key;
		double max, *to;
	} rates[] = {
		{ "hotend_celsius_s", HEAT_MAX_CELSIUS_S, &profile->hotend_celsius_s },
		{ "bed_celsius_s", HEAT_MAX_CELSIUS_S, &profile->bed_celsius_s },
		{ "home_s", PREPARATION_MAX_S, &profile->home_s },
		{ "level_s", PREPARATION_MAX_S, &profile->level_s },
		{ "tool_change_s", PREPARATION_MAX_S, &profile->tool_change_s },
	};
	int status = 0;

	for (size_t i = 0; !status && i < sizeof rates / sizeof *rates; i++)
		if (config_setting_get_member(group, rates[i].key))
			status = read_number(
				reading, group, rates[i].key, 0, rates[i].max, rates[i].to);
	return status;
}

static int check_keys(const struct reading *reading, const config_setting_t *group)
{
	static const char *const known[] = { "name", "shape", "volume_mm", "nozzle_mm",
		"hotend_max_celsius", "bed_max_celsius", "firmware", "tools", "machines", "rules",
		"hotend_celsius_s", "bed_celsius_s", "home_s", "level_s", "tool_change_s",
		"receive_bytes" };

	for (int i = 0; i < config_setting_length(group); i++) {
		const config_setting_t *setting = config_setting_get_elem(group, (unsigned)i);
		bool listed = false;

		for (size_t k = 0; k < sizeof known / sizeof *known; k++)
			listed |= !strcmp(config_setting_name(setting), known[k]);
		if (!listed)
			return wrong(reading, setting, config_setting_name(setting),
				"unknown key; a profile has name, shape, volume_mm, nozzle_mm, "
				"hotend_max_celsius, bed_max_celsius, firmware, tools, machines, "
				"rules, "
				"hotend_celsius_s, bed_celsius_s, home_s, level_s, tool_change_s, "
				"receive_bytes");
	}
	return 0;
}

static int read_profile(
	const struct reading *reading, const config_setting_t *group, struct profile *profile)
{
	static const struct word shapes[] = { { "box", PROFILE_BOX }, { "round", PROFILE_ROUND },
		{ NULL, 0 } };
	static const struct word firmwares[] = { { "marlin", PROFILE_FIRMWARE_MARLIN },
		{ "klipper", PROFILE_FIRMWARE_KLIPPER },
		{ "reprapfirmware", PROFILE_FIRMWARE_REPRAP }, { "grbl", PROFILE_FIRMWARE_GRBL },
		{ "any", PROFILE_FIRMWARE_UNSAID }, { NULL, 0 } };
	int shape = PROFILE_BOX, firmware = PROFILE_FIRMWARE_UNSAID;
	double tools = 1, receive_bytes = 0;
	const char *name = NULL;
	int status = check_keys(reading, group);

	if (!status && (!config_setting_lookup_string(group, "name", &name) ||
			       strlen(name) >= PROFILE_NAME_MAX))
		status = wrong(reading, group, "name", "must be a text of up to 63 bytes");
	if (!status)
		strcpy(profile->name, name);
	if (!status)
		status = read_word(
			reading, group, "shape", shapes, "must be \"box\" or \"round\"", &shape);
	if (!status)
		status = read_word(reading, group, "firmware", firmwares,
			"must be \"marlin\", \"klipper\", \"reprapfirmware\", \"grbl\" or \"any\"",
			&firmware);
	if (!status)
		status = read_volume(reading, group, profile);
	if (!status)
		status = read_number(
			reading, group, "nozzle_mm", 0, NOZZLE_MAX_MM, &profile->nozzle_mm);
	if (!status)
		status = read_number(reading, group, "hotend_max_celsius", 0, HOTEND_MAX_CELSIUS,
			&profile->hotend_max_celsius);
	if (!status)
		status = read_number(reading, group, "bed_max_celsius", 0, BED_MAX_CELSIUS,
			&profile->bed_max_celsius);
	if (!status && config_setting_get_member(group, "receive_bytes"))
		status = read_number(
			reading, group, "receive_bytes", 0, RECEIVE_BYTES_MAX, &receive_bytes);
	if (!status && config_setting_get_member(group, "tools"))
		status = read_number(reading, group, "tools", 1, TOOLS_MAX, &tools);
	if (!status)
		status = read_machines(reading, group, profile);
	if (!status)
		status = read_rules(reading, group, profile);
	if (!status)
		status = read_rates(reading, group, profile);
	profile->shape = (enum profile_shape)shape;
	profile->firmware = (enum profile_firmware)firmware;
	profile->tool_count = (int)tools;
	profile->receive_bytes = (int)receive_bytes;
	return status;
}

/* The group to read: the file itself, or one of its list `profiles`. */
static int choose(const struct reading *reading, const config_t *config, const char *wanted,
	const config_setting_t **group)
{
	const config_setting_t *list = config_lookup(config, "profiles");
	int count = list ? config_setting_length(list) : 0;

	*group = config_root_setting(config);
	if (!list && !wanted)
		return 0;
	for (int i = 0; i < count; i++) {
		const char *name = NULL;

		*group = config_setting_get_elem(list, (unsigned)i);
		config_setting_lookup_string(*group, "name", &name);
		if (wanted ? name && !strcmp(name, wanted) : count == 1)
			return 0;
	}
	if (wanted)
		error_set(reading->error, "%s: no profile \"%s\" in it", reading->file, wanted);
	else
		error_set(reading->error, "%s: holds %d profiles; say which as %s:NAME",
			reading->file, count, reading->file);
	return -EINVAL;
}

static int read_file(
	const char *path, const char *wanted, struct profile *profile, struct error *error)
{
	struct reading reading = { path, error };
	struct profile read = { .name = "" };
	const config_setting_t *group;
	config_t config;
	int status = 0;

	config_init(&config);
	if (!config_read_file(&config, path)) {
		if (config_error_type(&config) == CONFIG_ERR_FILE_IO) {
			status = errno ? -errno : -EIO;
			error_set(error, "%s: cannot be read: %s", path, strerror(-status));
		} else {
			status = -EINVAL;
			error_set(error, "%s:%d: %s", path, config_error_line(&config),
				config_error_text(&config));
		}
	}
	if (!status)
		status = choose(&reading, &config, wanted, &group);
	if (!status)
		status = read_profile(&reading, group, &read);
	if (!status)
		*profile = read;
	config_destroy(&config);
	return status;
}

int profile_file_read(const char *name, struct profile *profile, struct error *error)
{
	char path[PATH_MAX];
	const char *wanted = NULL;
	char *colon;
	int status;

	if (is_path(name)) {
		if ((size_t)snprintf(path, sizeof path, "%s", name) >= sizeof path) {
			error_set(error, "profile: the path is too long");
			return -ENAMETOOLONG;
		}
		colon = strrchr(path, ':');
		if (colon && access(path, F_OK)) {
			*colon = '\0';
			wanted = colon + 1;
		}
	} else {
		status = find(name, path, sizeof path, error);
		if (status)
			return status;
	}
	return read_file(path, wanted, profile, error);
}

/* ---- all of them ------------------------------------------------------------------------- */

static bool each_in(
	const char *directory, void (*each)(void *context, const struct profile *), void *context)
{
	DIR *stream = opendir(directory);
	const struct dirent *entry;
	char path[PATH_MAX];
	bool any = false;

	while (stream && (entry = readdir(stream))) {
		size_t length = strlen(entry->d_name);
		struct profile profile;
		struct error error;

		if (length <= 4 || strcmp(entry->d_name + length - 4, ".cfg") != 0 ||
			snprintf(path, sizeof path, "%s/%s", directory, entry->d_name) >=
				(int)sizeof path)
			continue;
		any = true;
		if (read_file(path, NULL, &profile, &error) == 0)
			each(context, &profile);
	}
	if (stream)
		closedir(stream);
	return any;
}

void profile_file_each(void (*each)(void *context, const struct profile *profile), void *context)
{
	static const char *const below[] = { "../profiles", "../share/printfarm/profiles",
		"profiles" };
	const char *chosen = getenv("PRINTFARM_PROFILES");
	char directory[PATH_MAX], path[PATH_MAX];

	if (chosen && each_in(chosen, each, context))
		return;
	for (size_t i = 0; i < sizeof below / sizeof *below; i++)
		if (program_directory(directory, sizeof directory) &&
			snprintf(path, sizeof path, "%s/%s", directory, below[i]) <
				(int)sizeof path &&
			each_in(path, each, context))
			return;
	each_in("profiles", each, context);
}
