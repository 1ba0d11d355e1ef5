/* From the configuration file to struct config, by the rows of options.c.  The only home of
 * libconfig. */
#include "daemon/control/approval.h"
#include "daemon/control/config_file.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* access, readlink */

#include <libconfig.h>

#include "base/error.h"
#include "daemon/control/config_text.h"
#include "daemon/control/hours.h"
#include "daemon/control/options.h"
#include "gcode/policy.h"

enum { KEY_PATH_MAX = 128, VALUE_MAX = 64, FILE_MAX_BYTES = 1 << 20 };

/* Where the reader is, for what it has to say. */
struct place {
	const char *file; /* when libconfig does not know it */
	struct error *error;
	char key[KEY_PATH_MAX]; /* "printers[2].window" */
};

static const char *file_of(const struct place *place, const config_setting_t *setting)
{
	const char *file = setting ? config_setting_source_file(setting) : NULL;

	return file ? file : place->file;
}

/* What stands there, as short text for a message; bytes that are not printable become '?'. */
static void describe(const config_setting_t *setting, char *text, size_t size)
{
	switch (config_setting_type(setting)) {
	case CONFIG_TYPE_INT:
	case CONFIG_TYPE_INT64:
		snprintf(text, size, "%lld", config_setting_get_int64(setting));
		break;
	case CONFIG_TYPE_FLOAT:
		snprintf(text, size, "%g", config_setting_get_float(setting));
		break;
	case CONFIG_TYPE_BOOL:
		snprintf(text, size, "%s", config_setting_get_bool(setting) ? "true" : "false");
		break;
	case CONFIG_TYPE_STRING:
		snprintf(text, size, "\"%.40s\"", config_setting_get_string(setting));
		break;
	case CONFIG_TYPE_GROUP:
		snprintf(text, size, "a group");
		break;
	default:
		snprintf(text, size, "a list of %d", config_setting_length(setting));
		break;
	}
	for (; *text; text++)
		if (*text < ' ' || *text > '~')
			*text = '?';
}

/* "FILE:LINE: KEY: WHAT"; always -EINVAL. */
static int wrong(struct place *place, const config_setting_t *setting, const char *what)
{
	error_set(place->error, "%s:%d: %s: %s", file_of(place, setting),
		setting ? (int)config_setting_source_line(setting) : 0, place->key, what);
	return -EINVAL;
}

static int not_accepted(
	struct place *place, const config_setting_t *setting, const struct option *option)
{
	char value[VALUE_MAX], accepted[192], what[320];

	describe(setting, value, sizeof value);
	option_accepts(option, accepted, sizeof accepted);
	snprintf(what, sizeof what, "%s is not accepted; give %s", value, accepted);
	return wrong(place, setting, what);
}

/* ---- values ------------------------------------------------------------------------------- */

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			return false;
	return true;
}

static bool is_name(const char *text)
{
	static const char allowed[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";

	return *text && !strchr("._-", *text) && text[strspn(text, allowed)] == '\0';
}

static bool is_zone(const char *text)
{
	char path[PATH_MAX];

	if (!*text)
		return true;
	if (*text == '/' || strstr(text, ".."))
		return false;
	snprintf(path, sizeof path, "/usr/share/zoneinfo/%s", text);
	return access(path, R_OK) == 0;
}

static bool is_in(const char *const *choice, const char *text, int *index)
{
	for (*index = 0; choice[*index]; ++*index)
		if (strcmp(choice[*index], text) == 0)
			return true;
	return false;
}

static void store_choice(const struct option *option, int index, unsigned char *at)
{
	bool flag = index != 0;

	if (option->size == sizeof flag)
		memcpy(at, &flag, sizeof flag);
	else
		memcpy(at, &index, sizeof index);
}

static bool store_window(const char *text, unsigned char *at)
{
	static const struct {
		const char *word;
		int32_t lines;
	} words[] = { { "auto", 0 }, { "ping-pong", 1 }, { "held", CONFIG_WINDOW_HELD } };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (strcmp(text, words[i].word) != 0)
			continue;
		memcpy(at, &words[i].lines, sizeof(int32_t));
		return true;
	}
	return false;
}

/* true: the text is accepted and stored. */
static bool store_text(const struct option *option, const char *text, unsigned char *at)
{
	size_t length = strlen(text);
	int index;

	switch (option->type) {
	case OPTION_CHOICE:
		if (!is_in(option->choice, text, &index))
			return false;
		store_choice(option, index, at);
		return true;
	case OPTION_WINDOW:
		return store_window(text, at);
	case OPTION_WORD:
		if (!is_in(option->choice, text, &index))
			return false;
		break;
	case OPTION_NAME:
		if (!is_name(text))
			return false;
		break;
	case OPTION_ZONE:
		if (!is_zone(text))
			return false;
		break;
	case OPTION_TEXT:
	case OPTION_PATH:
		break;
	case OPTION_INT32:
	case OPTION_INT64:
	case OPTION_NUMBER:
	case OPTION_BOOL:
	case OPTION_POINT:
	case OPTION_TEXTS:
	case OPTION_HOURS:
	case OPTION_GROUP:
	case OPTION_ROWS:
		return false;
	}
	if (!is_printable(text) || length >= option->size)
		return false;
	if (option->type != OPTION_WORD &&
		((double)length < option->min || (double)length > option->max))
		return false;
	memcpy(at, text, length + 1);
	return true;
}

static bool store_number(const struct option *option, double number, bool whole, unsigned char *at)
{
	if (!(number >= option->min && number <= option->max))
		return false;
	switch (option->type) {
	case OPTION_INT32:
	case OPTION_WINDOW:
		memcpy(at, &(int32_t){ (int32_t)number }, sizeof(int32_t));
		return whole;
	case OPTION_INT64:
		memcpy(at, &(int64_t){ (int64_t)number }, sizeof(int64_t));
		return whole;
	case OPTION_NUMBER:
		memcpy(at, &number, sizeof number);
		return true;
	case OPTION_TEXT:
	case OPTION_NAME:
	case OPTION_PATH:
	case OPTION_ZONE:
	case OPTION_BOOL:
	case OPTION_CHOICE:
	case OPTION_WORD:
	case OPTION_POINT:
	case OPTION_TEXTS:
	case OPTION_HOURS:
	case OPTION_GROUP:
	case OPTION_ROWS:
		return false;
	}
	return false;
}

/* A number of whichever of libconfig's three kinds. */
static bool number_of(const config_setting_t *setting, double *number, bool *whole)
{
	int type = config_setting_type(setting);

	*whole = type != CONFIG_TYPE_FLOAT;
	if (type == CONFIG_TYPE_FLOAT)
		*number = config_setting_get_float(setting);
	else if (type == CONFIG_TYPE_INT || type == CONFIG_TYPE_INT64)
		*number = (double)config_setting_get_int64(setting);
	else
		return false;
	return true;
}

/* The default of a row, written as it would stand in the file. */
static void store_initial(const struct option *option, unsigned char *record)
{
	unsigned char *at = record + option->offset;

	if (!option->initial)
		return;
	if (option->type == OPTION_BOOL)
		store_choice(option, strcmp(option->initial, "true") == 0, at);
	else if (!store_text(option, option->initial, at))
		store_number(option, (double)strtoll(option->initial, NULL, 10), true, at);
}

static int read_scalar(struct place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	unsigned char *at = record + option->offset;
	double number;
	bool whole;
	int type = config_setting_type(setting);

	if (type == CONFIG_TYPE_STRING &&
		store_text(option, config_setting_get_string(setting), at))
		return 0;
	if (number_of(setting, &number, &whole) && store_number(option, number, whole, at))
		return 0;
	if (type == CONFIG_TYPE_BOOL && option->type == OPTION_BOOL) {
		store_choice(option, config_setting_get_bool(setting), at);
		return 0;
	}
	return not_accepted(place, setting, option);
}

/* ---- lists -------------------------------------------------------------------------------- */

static bool is_sequence(const config_setting_t *setting)
{
	int type = config_setting_type(setting);

	return type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST;
}

static int read_point(struct place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	double point[3];
	bool whole;

	if (!is_sequence(setting) || config_setting_length(setting) != 3)
		return not_accepted(place, setting, option);
	for (unsigned i = 0; i < 3; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);

		if (!number_of(element, &point[i], &whole) || !(point[i] >= option->min) ||
			!(point[i] <= option->max))
			return not_accepted(place, element, option);
	}
	memcpy(record + option->offset, point, sizeof point);
	return 0;
}

static int read_texts(struct place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	size_t count = (size_t)config_setting_length(setting);

	if (!is_sequence(setting) || (double)count > option->max)
		return not_accepted(place, setting, option);
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		const char *text = config_setting_get_string(element);

		if (!text || !*text || !is_printable(text) || strlen(text) >= option->size)
			return not_accepted(place, element, option);
		strcpy((char *)record + option->offset + i * option->size, text);
	}
	memcpy(record + option->count_offset, &count, sizeof count);
	return 0;
}

static int read_hours(struct place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	struct config_hours *hours = (void *)(record + option->offset);
	size_t count = 0;

	if (!is_sequence(setting))
		return not_accepted(place, setting, option);
	for (int i = 0; i < config_setting_length(setting); i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		const char *text = config_setting_get_string(element);
		enum hours_result result = text ? hours_parse(text, hours, &count) : HOURS_BAD;

		if (result == HOURS_TOO_MANY)
			return wrong(place, element, "too many windows: at most 64 a week");
		if (result != HOURS_OK)
			return not_accepted(place, element, option);
	}
	hours_join(hours, &count);
	memcpy(record + option->count_offset, &count, sizeof count);
	return 0;
}

/* ---- groups ------------------------------------------------------------------------------- */

static int read_group(struct place *place, const config_setting_t *setting,
	const struct option_group *group, unsigned char *record);

static int read_rows(struct place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	size_t count = (size_t)config_setting_length(setting), length = strlen(place->key);
	size_t bytes = option->group->record_bytes;
	int result = 0;

	if (!is_sequence(setting) || (double)count > option->max)
		return not_accepted(place, setting, option);
	unsigned char *rows = calloc(count ? count : 1, bytes);

	if (!rows)
		return -ENOMEM;
	/* In the record from the start, so that config_finish frees it whatever happens. */
	memcpy(record + option->offset, &rows, sizeof rows);
	memcpy(record + option->count_offset, &count, sizeof count);
	for (size_t i = 0; result == 0 && i < count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);

		snprintf(place->key + length, sizeof place->key - length, "[%zu]", i + 1);
		if (config_setting_is_group(element))
			result = read_group(place, element, option->group, rows + i * bytes);
		else
			result = not_accepted(place, element, option);
	}
	if (result == 0)
		place->key[length] = '\0';
	return result;
}

static int read_option(struct place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	switch (option->type) {
	case OPTION_TEXT:
	case OPTION_NAME:
	case OPTION_PATH:
	case OPTION_ZONE:
	case OPTION_INT32:
	case OPTION_INT64:
	case OPTION_NUMBER:
	case OPTION_BOOL:
	case OPTION_CHOICE:
	case OPTION_WORD:
	case OPTION_WINDOW:
		return read_scalar(place, setting, option, record);
	case OPTION_POINT:
		return read_point(place, setting, option, record);
	case OPTION_TEXTS:
		return read_texts(place, setting, option, record);
	case OPTION_HOURS:
		return read_hours(place, setting, option, record);
	case OPTION_GROUP:
		if (!config_setting_is_group(setting))
			return not_accepted(place, setting, option);
		return read_group(place, setting, option->group, record);
	case OPTION_ROWS:
		return read_rows(place, setting, option, record);
	}
	return -EINVAL;
}

static const struct option *find_option(const struct option_group *group, const char *key)
{
	for (size_t i = 0; i < group->count; i++)
		if (strcmp(group->option[i].key, key) == 0)
			return &group->option[i];
	return NULL;
}

static int unknown_key(
	struct place *place, const config_setting_t *setting, const struct option_group *group)
{
	char what[384];
	size_t length = (size_t)snprintf(what, sizeof what, "unknown key; known here:");

	for (size_t i = 0; i < group->count && length < sizeof what; i++)
		length += (size_t)snprintf(what + length, sizeof what - length, "%s %s",
			i ? "," : "", group->option[i].key);
	return wrong(place, setting, what);
}

/* Defaults of a group and of the groups within it: tables nest two deep. */
static void store_defaults(const struct option_group *group, unsigned char *record)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct option *option = &group->option[i];

		if (option->type == OPTION_GROUP)
			store_defaults(option->group, record);
		else
			store_initial(option, record);
	}
}

static int require_keys(struct place *place, const config_setting_t *setting,
	const struct option_group *group, size_t length)
{
	for (size_t i = 0; i < group->count; i++) {
		const struct option *option = &group->option[i];
		char accepted[192], what[256];

		if (!option->required || config_setting_get_member(setting, option->key))
			continue;
		snprintf(place->key + length, sizeof place->key - length, "%s%s", length ? "." : "",
			option->key);
		option_accepts(option, accepted, sizeof accepted);
		snprintf(what, sizeof what, "is missing; give %s", accepted);
		return wrong(place, setting, what);
	}
	return 0;
}

static int read_group(struct place *place, const config_setting_t *setting,
	const struct option_group *group, unsigned char *record)
{
	size_t length = strlen(place->key);
	int result = 0;

	store_defaults(group, record);
	for (int i = 0; result == 0 && i < config_setting_length(setting); i++) {
		const config_setting_t *member = config_setting_get_elem(setting, (unsigned)i);
		const char *key = config_setting_name(member);
		const struct option *option = find_option(group, key);

		snprintf(place->key + length, sizeof place->key - length, "%s%.60s",
			length ? "." : "", key);
		result = option ? read_option(place, member, option, record)
				: unknown_key(place, member, group);
	}
	if (result == 0)
		result = require_keys(place, setting, group, length);
	if (result == 0)
		place->key[length] = '\0';
	return result;
}

/* ---- what must fit together ------------------------------------------------------------- */

static int check_profile(
	struct place *place, const config_setting_t *setting, const struct profile *profile)
{
	for (int axis = 0; axis < 3; axis++)
		if (profile->volume_max_mm[axis] <= profile->volume_min_mm[axis])
			return wrong(
				place, setting, "volume_mm: max must be above min on each axis");
	for (size_t i = 0; i < profile->rule_count; i++) {
		const char *problem = policy_rule_problem(profile->rule[i]);

		if (problem) {
			char what[192];

			snprintf(what, sizeof what, "rules: \"%s\": %s", profile->rule[i], problem);
			return wrong(place, setting, what);
		}
	}
	return 0;
}

/* The setting of a row, for its line. */
static const config_setting_t *row_setting(const config_t *file, const char *list, size_t i)
{
	const config_setting_t *setting = config_lookup(file, list);

	return setting ? config_setting_get_elem(setting, (unsigned)i) : NULL;
}

static int check_profiles(struct place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->profile_count; i++) {
		const config_setting_t *setting = row_setting(file, "profiles", i);

		snprintf(place->key, sizeof place->key, "profiles[%zu]", i + 1);
		for (size_t j = 0; j < i; j++)
			if (strcmp(config->profile[i].name, config->profile[j].name) == 0)
				return wrong(
					place, setting, "another profile has this name already");
		int result = check_profile(place, setting, &config->profile[i]);

		if (result != 0)
			return result;
	}
	return 0;
}

static int check_approvers(struct place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->approver_count; i++) {
		if (approval_is_approver(config->approver[i]))
			continue;
		snprintf(place->key, sizeof place->key, "approvers[%zu]", i + 1);
		return wrong(place, row_setting(file, "approvers", i),
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

static int check_printers(struct place *place, const config_t *file, const struct config *config)
{
	for (size_t i = 0; i < config->printer_count; i++) {
		const config_setting_t *setting = row_setting(file, "printers", i);

		snprintf(place->key, sizeof place->key, "printers[%zu]", i + 1);
		if (config->printer[i].window_lines == CONFIG_WINDOW_HELD &&
			drops_half_lines(config->printer[i].dialect))
			return wrong(place, setting,
				"window = \"held\": this dialect's firmware drops half a line that "
				"waits for its end, and refuses damaged lines by itself; give "
				"\"auto\", \"ping-pong\" or a number of lines");
		for (size_t j = 0; j < i; j++) {
			if (strcmp(config->printer[i].name, config->printer[j].name) == 0)
				return wrong(
					place, setting, "another printer has this name already");
			if (strcmp(config->printer[i].port, config->printer[j].port) == 0)
				return wrong(
					place, setting, "another printer has this port already");
		}
	}
	return 0;
}

/* ---- profiles in files of their own ------------------------------------------------------- */

/* What libconfig could not read. */
static int say_syntax(struct place *place, const config_t *file)
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
static int read_text(struct place *place, config_t *file, const char *text, size_t length)
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

static int read_file(struct place *place, config_t *file, const char *path)
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

/* Beside the program's own file; empty when that cannot be told. */
static void beside_program(const char *name, char *path, size_t size)
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
		beside_program(places[i], directory, sizeof directory);
		if ((size_t)snprintf(path, size, "%s/%s.cfg", directory, name) < size &&
			access(path, F_OK) == 0)
			return true;
	}
	return false;
}

static int add_profile(struct place *place, struct config *config, const char *path)
{
	struct profile profile = { .name = "" };
	config_t file;

	config_init(&file);
	place->file = path;
	*place->key = '\0';
	int result = read_file(place, &file, path);

	if (result == 0)
		result = read_group(place, config_root_setting(&file), &options_profile,
			(unsigned char *)&profile);
	if (result == 0)
		result = check_profile(place, config_root_setting(&file), &profile);
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
static int fetch_profile(struct place *place, const config_setting_t *setting,
	struct config *config, const struct config_printer *printer)
{
	char path[PATH_MAX], what[384];
	struct place there = { .error = place->error };

	if (config->profile_count >= CONFIG_PROFILES_MAX)
		return wrong(place, setting, "too many profiles: at most 64");
	if (!find_profile_file(config, printer->profile, path, sizeof path)) {
		snprintf(what, sizeof what,
			"no profile \"%s\" in this file, and no %s.cfg in %.100s; shipped ones are "
			"in "
			"share/printfarm/profiles",
			printer->profile, printer->profile,
			*config->profile_dir ? config->profile_dir
					     : "the folder of shipped profiles");
		return wrong(place, setting, what);
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

static int fetch_profiles(struct place *place, const config_t *file, struct config *config)
{
	int result = 0;

	for (size_t i = 0; result == 0 && i < config->printer_count; i++) {
		if (config_find_profile(config, config->printer[i].profile))
			continue;
		snprintf(place->key, sizeof place->key, "printers[%zu].profile", i + 1);
		const config_setting_t *row = row_setting(file, "printers", i);

		result = fetch_profile(place, config_setting_get_member(row, "profile"), config,
			&config->printer[i]);
	}
	return result;
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
	beside_program("printfarm-stream", config->stream_program, sizeof config->stream_program);
	if (access(config->stream_program, X_OK) != 0)
		strcpy(config->stream_program, "printfarm-stream");
}

static int fill(struct place *place, const config_t *file, struct config *config)
{
	int result = read_group(
		place, config_root_setting(file), &options_root, (unsigned char *)config);

	if (result == 0)
		result = check_profiles(place, file, config);
	if (result == 0)
		result = check_printers(place, file, config);
	if (result == 0)
		result = check_approvers(place, file, config);
	if (result == 0)
		result = fetch_profiles(place, file, config);
	if (result == -ENOMEM)
		error_set(place->error, "no memory for the configuration");
	if (result == 0)
		fill_in(config);
	return result;
}

int config_load(struct config *config, const char *path, struct error *error)
{
	struct place place = { .file = path, .error = error };
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
	int result = read_file(&place, &file, path);

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
	struct place place = { .file = "text", .error = error };
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
	memset(config, 0, sizeof *config);
}

const struct profile *config_find_profile(const struct config *config, const char *name)
{
	for (size_t i = 0; i < config->profile_count; i++)
		if (strcmp(config->profile[i].name, name) == 0)
			return &config->profile[i];
	return NULL;
}
