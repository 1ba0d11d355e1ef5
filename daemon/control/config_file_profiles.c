/* Profiles: what must fit together in one, and those that lie in files of their own. */
#include "daemon/control/config_file_private.h"

#include <dirent.h> /* opendir, readdir */
#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* access, readlink */

#include "base/error.h"
#include "base/nearest.h"
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

/* Where profiles may lie, in this order: the option's folder, an installation's, the source tree's.
 * Empty behind the last. */
static void profile_folder(const struct config *config, size_t i, char *path, size_t size)
{
	static const char *const places[] = { "../share/printfarm/profiles", "../profiles" };

	*path = '\0';
	if (*config->profile_dir && i == 0)
		snprintf(path, size, "%s", config->profile_dir);
	else if (!*config->profile_dir && i < sizeof places / sizeof *places)
		config_beside_program(places[i], path, size);
}

static bool find_profile_file(
	const struct config *config, const char *name, char *path, size_t size)
{
	char directory[PATH_MAX];

	for (size_t i = 0;; i++) {
		profile_folder(config, i, directory, sizeof directory);
		if (!*directory)
			return false;
		if ((size_t)snprintf(path, size, "%s/%s.cfg", directory, name) < size &&
			access(path, F_OK) == 0)
			return true;
	}
}

/* The profile in a file that was probably meant; "": none is near. */
static const char *nearest_profile(
	const struct config *config, const char *wanted, struct nearest *nearest)
{
	char directory[PATH_MAX], name[NAME_MAX + 1];

	for (size_t i = 0;; i++) {
		profile_folder(config, i, directory, sizeof directory);
		DIR *folder = *directory ? opendir(directory) : NULL;

		if (!*directory)
			return nearest->name;
		for (struct dirent *entry; folder && (entry = readdir(folder));) {
			size_t length = strlen(entry->d_name);

			if (length <= 4 || strcmp(entry->d_name + length - 4, ".cfg") != 0)
				continue;
			snprintf(name, sizeof name, "%.*s", (int)(length - 4), entry->d_name);
			nearest_offer(nearest, wanted, name);
		}
		if (folder)
			closedir(folder);
	}
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
	struct nearest nearest = { .name = "" };

	if (config->profile_count >= CONFIG_PROFILES_MAX)
		return config_wrong(place, setting, "too many profiles: at most 64");
	if (!find_profile_file(config, printer->profile, path, sizeof path)) {
		const char *meant = nearest_profile(config, printer->profile, &nearest);

		snprintf(what, sizeof what,
			"no profile \"%s\" in this file, and no %s.cfg in %.100s; %s%s%s",
			printer->profile, printer->profile,
			*config->profile_dir ? config->profile_dir
					     : "the folder of shipped profiles",
			*meant ? "did you mean \"" : "shipped ones are in share/printfarm/profiles",
			meant, *meant ? "\"?" : "");
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
