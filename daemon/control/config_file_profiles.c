/* Profiles: what must fit together in one, and those that lie in files of their own. */
#include "daemon/control/config_file_private.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* access, readlink */

#include "base/error.h"
#include "gcode/policy.h"

int config_check_profile(
	struct config_place *place, const config_setting_t *setting, const struct profile *profile)
{
	for (int axis = 0; axis < 3; axis++)
		if (profile->volume_max_mm[axis] <= profile->volume_min_mm[axis])
			return config_wrong(
				place, setting, "volume_mm: max must be above min on each axis");
	for (size_t i = 0; i < profile->rule_count; i++) {
		const char *problem = policy_rule_problem(profile->rule[i]);

		if (problem) {
			char what[192];

			snprintf(what, sizeof what, "rules: \"%s\": %s", profile->rule[i], problem);
			return config_wrong(place, setting, what);
		}
	}
	return 0;
}

void config_beside_program(const char *name, char *path, size_t size)
{
	char program[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", program, sizeof program - 1);
	char *slash = NULL;

	*path = '\0';
	if (length > 0) {
		program[length] = '\0';
		slash = strrchr(program, '/');
	}
	if (!slash)
		return;
	*slash = '\0';
	if ((size_t)snprintf(path, size, "%s/%s", program, name) >= size)
		*path = '\0';
}

/* Where NAME.cfg may be, in this order: the option, an installation, the source tree. */
static bool find_profile_file(
	const struct config *config, const char *name, char *path, size_t size)
{
	static const char *const places[] = { "../share/printfarm/profiles", "../profiles" };
	char directory[PATH_MAX];

	if (*config->profile_dir) {
		snprintf(path, size, "%s/%s.cfg", config->profile_dir, name);
		return access(path, F_OK) == 0;
	}
	for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
		config_beside_program(places[i], directory, sizeof directory);
		if ((size_t)snprintf(path, size, "%s/%s.cfg", directory, name) < size &&
			access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static int add_profile(struct config_place *place, struct config *config, const char *path)
{
	struct profile profile = { .name = "" };
	config_t file;

	config_init(&file);
	place->file = path;
	*place->key = '\0';
	int result = config_read_path(place, &file, path);

	if (result == 0)
		result = config_read_group(place, config_root_setting(&file), &options_profile,
			(unsigned char *)&profile);
	if (result == 0)
		result = config_check_profile(place, config_root_setting(&file), &profile);
	config_destroy(&file);
	if (result != 0)
		return result;
	struct profile *grown =
		reallocarray(config->profile, config->profile_count + 1, sizeof *grown);

	if (!grown)
		return -ENOMEM;
	config->profile = grown;
	grown[config->profile_count++] = profile;
	return 0;
}

/* Gets the profile of one printer from a file; `setting` is the printer's. */
static int fetch_profile(struct config_place *place, const config_setting_t *setting,
	struct config *config, const struct config_printer *printer)
{
	char path[PATH_MAX], what[384];
	struct config_place there = { .error = place->error };

	if (config->profile_count >= CONFIG_PROFILES_MAX)
		return config_wrong(place, setting, "too many profiles: at most 64");
	if (!find_profile_file(config, printer->profile, path, sizeof path)) {
		snprintf(what, sizeof what,
			"no profile \"%s\" in this file, and no %s.cfg in %.100s; shipped ones are "
			"in "
			"share/printfarm/profiles",
			printer->profile, printer->profile,
			*config->profile_dir ? config->profile_dir
					     : "the folder of shipped profiles");
		return config_wrong(place, setting, what);
	}
	int result = add_profile(&there, config, path);

	if (result == 0 && !config_find_profile(config, printer->profile)) {
		error_set(place->error,
			"%s:1: name: \"%s\" is not accepted; give \"%s\", as the file is called",
			path, config->profile[config->profile_count - 1].name, printer->profile);
		result = -EINVAL;
	}
	return result;
}

int config_fetch_profiles(struct config_place *place, const config_t *file, struct config *config)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < config->printer_count; i++) {
		if (config_find_profile(config, config->printer[i].profile))
			continue;
		snprintf(place->key, sizeof place->key, "printers[%zu].profile", i + 1);
		const config_setting_t *row = config_row_setting(file, "printers", i);

		result = fetch_profile(place, config_setting_get_member(row, "profile"), config,
			&config->printer[i]);
	}
	return result;
}
