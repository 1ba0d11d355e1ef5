/* From the configuration file to struct config, by the rows of options.c.  The files config_file*
 * are the only home of libconfig. */
#include "daemon/control/config_file.h"
#include "daemon/control/approval.h"
#include "daemon/control/config_file_private.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* access */

#include "base/error.h"
#include "daemon/control/config_text.h"

enum { FILE_MAX_BYTES = 1 << 20 };

/* ---- text to settings ----------------------------------------------------------------------- */

/* What libconfig could not read. */
static int say_syntax(struct config_place *place, const config_t *file)
{
	const char *name = config_error_file(file), *text = config_error_text(file);
	bool mixed = strstr(text, "mismatched element type");

	error_set(place->error, "%s:%d: %s%s", name ? name : place->file, config_error_line(file),
		text,
		mixed ? ": write the numbers of a list all with a point (250.0) or all without"
		      : "");
	return -EINVAL;
}

/* Text to settings, with the numbers that libconfig would misread made plain first. */
static int read_text(struct config_place *place, config_t *file, const char *text, size_t length)
{
	char *wide = NULL;
	size_t line = 0;

	switch (config_text_widen(text, length, &wide, &line)) {
	case CONFIG_TEXT_OK:
		break;
	case CONFIG_TEXT_NO_MEMORY:
		return -ENOMEM;
	case CONFIG_TEXT_TOO_LARGE:
		error_set(place->error, "%s:%zu: a whole number may have 18 digits", place->file,
			line);
		return -EINVAL;
	case CONFIG_TEXT_NUL:
		error_set(place->error, "%s:%zu: a NUL byte: this is not a text file", place->file,
			line);
		return -EINVAL;
	}
	int result = config_read_string(file, wide) ? 0 : say_syntax(place, file);

	free(wide);
	return result;
}

/* Up to FILE_MAX_BYTES of a file; negative errno. */
static int load(const char *path, char **text, size_t *length)
{
	FILE *file = fopen(path, "re");
	char *bytes = malloc(FILE_MAX_BYTES + 1);
	int result = 0;

	if (!file)
		result = -errno;
	else if (!bytes)
		result = -ENOMEM;
	if (result == 0) {
		*length = fread(bytes, 1, FILE_MAX_BYTES + 1, file);
		if (ferror(file))
			result = -errno;
		else if (*length > FILE_MAX_BYTES)
			result = -EFBIG;
	}
	if (file)
		fclose(file);
	if (result == 0)
		*text = bytes;
	else
		free(bytes);
	return result;
}

int config_read_path(struct config_place *place, config_t *file, const char *path)
{
	char directory[PATH_MAX];
	const char *slash = strrchr(path, '/');
	char *text = NULL;
	size_t length = 0;
	int result = load(path, &text, &length);

	if (result != 0) {
		error_set(place->error, "%s cannot be read: %s", path, strerror(-result));
		return result;
	}
	snprintf(directory, sizeof directory, "%.*s", slash ? (int)(slash - path) : 1,
		slash ? path : ".");
	config_set_include_dir(file, *directory ? directory : "/");
	result = read_text(place, file, text, length);
	free(text);
	return result;
}

/* ---- what must fit together ------------------------------------------------------------- */

static int check_profiles(
	struct config_place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->profile_count; i++) {
		const config_setting_t *setting = config_row_setting(file, "profiles", i);

		snprintf(place->key, sizeof place->key, "profiles[%zu]", i + 1);
		for (size_t j = 0; j < i; j++)
			if (strcmp(config->profile[i].name, config->profile[j].name) == 0)
				return config_wrong(
					place, setting, "another profile has this name already");
		int result = config_check_profile(place, setting, &config->profile[i]);

		if (result != 0)
			return result;
	}
	return 0;
}

static int check_approvers(
	struct config_place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->approver_count; i++) {
		if (approval_is_approver(config->approver[i]))
			continue;
		snprintf(place->key, sizeof place->key, "approvers[%zu]", i + 1);
		return config_wrong(place, config_row_setting(file, "approvers", i),
			"\"NAME:KEY\" is expected, with the key that printfarm design key prints");
	}
	return 0;
}

/* Dialects whose firmware drops half a line that waits for its end. */
static bool drops_half_lines(const char *dialect)
{
	static const char *const dialects[] = { "prusa-mk3", "repetier" };

	for (size_t i = 0; i < sizeof(dialects) / sizeof(dialects[0]); i++)
		if (strcmp(dialect, dialects[i]) == 0)
			return true;
	return false;
}

static int check_printers(
	struct config_place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->printer_count; i++) {
		const config_setting_t *setting = config_row_setting(file, "printers", i);

		snprintf(place->key, sizeof place->key, "printers[%zu]", i + 1);
		if (config->printer[i].window_lines == CONFIG_WINDOW_HELD &&
			drops_half_lines(config->printer[i].dialect))
			return config_wrong(place, setting,
				"window = \"held\": this dialect's firmware drops half a line that "
				"waits for its end, and refuses damaged lines by itself; give "
				"\"auto\", \"ping-pong\" or a number of lines");
		if (config->power_budget_w > 0 &&
			(config->printer[i].watts > config->power_budget_w ||
				config->printer[i].heat_watts > config->power_budget_w))
			return config_wrong(place, setting,
				"watts or heat_watts exceed farm.power_budget_w: it could never "
				"start");
		for (size_t j = 0; j < i; j++) {
			if (strcmp(config->printer[i].name, config->printer[j].name) == 0)
				return config_wrong(
					place, setting, "another printer has this name already");
			if (strcmp(config->printer[i].port, config->printer[j].port) == 0)
				return config_wrong(
					place, setting, "another printer has this port already");
		}
	}
	return 0;
}

static bool has_printer(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->printer_count; i++)
		if (strcmp(config->printer[i].name, name) == 0)
			return true;
	return false;
}

/* A name that nobody bears would be maintenance that is never due. */
static int check_maintenance(
	struct config_place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->maintenance_count; i++) {
		const struct config_maintenance *row = &config->maintenance[i];
		const config_setting_t *setting = config_row_setting(file, "maintenance", i);

		snprintf(place->key, sizeof place->key, "maintenance[%zu]", i + 1);
		for (size_t j = 0; j < row->printer_count; j++)
			if (!has_printer(config, row->printer[j]))
				return config_wrong(
					place, setting, "printers: no printer has this name");
		for (size_t j = 0; j < row->profile_count; j++)
			if (!config_find_profile(config, row->profile[j]))
				return config_wrong(
					place, setting, "profiles: no printer has this profile");
	}
	return 0;
}

/* A row that binds nobody, or to nothing, is a mistake. */
static int check_quotas(
	struct config_place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->quota_count; i++) {
		const struct config_quota *row = &config->quota[i];
		const config_setting_t *setting = config_row_setting(file, "quotas", i);

		snprintf(place->key, sizeof place->key, "quotas[%zu]", i + 1);
		if ((row->user[0] != '\0') == (row->project[0] != '\0'))
			return config_wrong(place, setting, "wanted either user or project");
		if (row->grams <= 0 && row->hours <= 0 && row->units <= 0)
			return config_wrong(
				place, setting, "wanted a limit: grams, hours or units above 0");
	}
	return 0;
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* What depends on other options. */
static void fill_in(struct config *config)
{
	const char *slash = strrchr(config->socket, '/');

	if (!*config->stream_dir)
		snprintf(config->stream_dir, sizeof config->stream_dir, "%.*s",
			!slash			  ? 1
			: slash == config->socket ? 1
						  : (int)(slash - config->socket),
			slash ? config->socket : ".");
	if (*config->stream_program)
		return;
	config_beside_program(
		"printfarm-stream", config->stream_program, sizeof config->stream_program);
	if (access(config->stream_program, X_OK) != 0)
		strcpy(config->stream_program, "printfarm-stream");
}

static int fill(struct config_place *place, const config_t *file, struct config *config)
{
	int result = config_read_group(
		place, config_root_setting(file), &options_root, (unsigned char *)config);

	if (result == 0)
		result = check_profiles(place, file, config);
	if (result == 0)
		result = check_printers(place, file, config);
	if (result == 0)
		result = check_approvers(place, file, config);
	if (result == 0)
		result = config_fetch_profiles(place, file, config);
	if (result == 0)
		result = check_maintenance(place, file, config);
	if (result == 0)
		result = check_quotas(place, file, config);
	if (result == 0)
		result = config_fill_calendar(place, file, config);
	if (result == -ENOMEM)
		error_set(place->error, "no memory for the configuration");
	if (result == 0)
		fill_in(config);
	return result;
}

int config_load(struct config *config, const char *path, struct error *error)
{
	struct config_place place = { .file = path, .error = error };
	struct config *read = calloc(1, sizeof *read);
	config_t file;

	if (!read) {
		error_set(error, "no memory for the configuration");
		return -ENOMEM;
	}
	if (strlen(path) >= sizeof read->file) {
		error_set(error, "%.100s...: the path is too long", path);
		free(read);
		return -ENAMETOOLONG;
	}
	config_init(&file);
	strcpy(read->file, path);
	int result = config_read_path(&place, &file, path);

	if (result == 0)
		result = fill(&place, &file, read);
	if (result == 0)
		*config = *read;
	else
		config_finish(read);
	config_destroy(&file);
	free(read);
	return result;
}

int config_parse(struct config *config, const char *text, struct error *error)
{
	struct config_place place = { .file = "text", .error = error };
	struct config *read = calloc(1, sizeof *read);
	config_t file;
	int result = read ? 0 : -ENOMEM;

	config_init(&file);
	if (result == 0)
		result = read_text(&place, &file, text, strlen(text));
	if (result == 0)
		result = fill(&place, &file, read);
	if (result == 0)
		*config = *read;
	else if (read)
		config_finish(read);
	config_destroy(&file);
	free(read);
	return result;
}

void config_finish(struct config *config)
{
	free(config->profile);
	free(config->printer);
	free(config->quota);
	free(config->maintenance);
	free(config->holidays.span);
	memset(config, 0, sizeof *config);
}

const struct profile *config_find_profile(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->profile_count; i++)
		if (strcmp(config->profile[i].name, name) == 0)
			return &config->profile[i];
	return NULL;
}
