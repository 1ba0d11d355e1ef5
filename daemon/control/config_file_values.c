/* Values of the configuration file, by the rows of options.c: what is accepted, where it goes, and
 * what is said of what is not. */
#include "daemon/control/config_file_private.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* access */

#include "base/error.h"
#include "base/nearest.h"

enum { VALUE_MAX = 64 };

static const char *file_of(const struct config_place *place, const config_setting_t *setting)
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

int config_wrong(struct config_place *place, const config_setting_t *setting, const char *what)
{
	error_set(place->error, "%s:%d: %s: %s", file_of(place, setting),
		setting ? (int)config_setting_source_line(setting) : 0, place->key, what);
	return -EINVAL;
}

int config_not_accepted(
	struct config_place *place, const config_setting_t *setting, const struct option *option)
{
	char value[VALUE_MAX], accepted[192], what[320];

	describe(setting, value, sizeof value);
	option_accepts(option, accepted, sizeof accepted);
	snprintf(what, sizeof what, "%s is not accepted; give %s", value, accepted);
	return config_wrong(place, setting, what);
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
	case OPTION_STAFF:
	case OPTION_DATES:
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
	case OPTION_STAFF:
	case OPTION_DATES:
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

static int read_scalar(struct config_place *place, const config_setting_t *setting,
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
	return config_not_accepted(place, setting, option);
}

/* ---- lists -------------------------------------------------------------------------------- */

bool config_is_sequence(const config_setting_t *setting)
{
	int type = config_setting_type(setting);

	return type == CONFIG_TYPE_ARRAY || type == CONFIG_TYPE_LIST;
}

static int read_point(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	double point[3];
	bool whole;

	if (!config_is_sequence(setting) || config_setting_length(setting) != 3)
		return config_not_accepted(place, setting, option);
	for (unsigned i = 0; i < 3; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, i);

		if (!number_of(element, &point[i], &whole) || !(point[i] >= option->min) ||
			!(point[i] <= option->max))
			return config_not_accepted(place, element, option);
	}
	memcpy(record + option->offset, point, sizeof point);
	return 0;
}

static int read_texts(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	size_t count = (size_t)config_setting_length(setting);

	if (!config_is_sequence(setting) || (double)count > option->max)
		return config_not_accepted(place, setting, option);
	for (size_t i = 0; i < count; i++) {
		const config_setting_t *element = config_setting_get_elem(setting, (unsigned)i);
		const char *text = config_setting_get_string(element);

		if (!text || !*text || !is_printable(text) || strlen(text) >= option->size)
			return config_not_accepted(place, element, option);
		strcpy((char *)record + option->offset + i * option->size, text);
	}
	memcpy(record + option->count_offset, &count, sizeof count);
	return 0;
}

/* ---- groups ------------------------------------------------------------------------------- */

static int read_rows(struct config_place *place, const config_setting_t *setting,
	const struct option *option, unsigned char *record)
{
	size_t count = (size_t)config_setting_length(setting), length = strlen(place->key);
	size_t bytes = option->group->record_bytes;
	int result = 0;

	if (!config_is_sequence(setting) || (double)count > option->max)
		return config_not_accepted(place, setting, option);
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
			result = config_read_group(place, element, option->group, rows + i * bytes);
		else
			result = config_not_accepted(place, element, option);
	}
	if (result == 0)
		place->key[length] = '\0';
	return result;
}

static int read_option(struct config_place *place, const config_setting_t *setting,
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
	case OPTION_STAFF:
		return config_read_hours(place, setting, option, record);
	case OPTION_DATES:
		return config_read_dates(place, setting, option, record);
	case OPTION_GROUP:
		if (!config_setting_is_group(setting))
			return config_not_accepted(place, setting, option);
		return config_read_group(place, setting, option->group, record);
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

/* The key in a place where it is known; false: there is no such key anywhere. */
static bool find_elsewhere(const char *key, char *where, size_t size)
{
	for (size_t i = 0; i < options_root.count; i++) {
		const struct option *row = &options_root.option[i];
		bool at_top = strcmp(row->key, key) == 0;

		if (!at_top && !(row->group && find_option(row->group, key)))
			continue;
		if (at_top)
			snprintf(where, size, "at the top of the file");
		else
			snprintf(where, size, "in %s", row->key);
		return true;
	}
	return false;
}

static size_t list_keys(const struct option_group *group, char *text, size_t size)
{
	size_t length = (size_t)snprintf(text, size, "unknown key; known here:");

	for (size_t i = 0; i < group->count && length < size; i++)
		length += (size_t)snprintf(
			text + length, size - length, "%s %s", i ? "," : "", group->option[i].key);
	return length;
}

static int unknown_key(struct config_place *place, const config_setting_t *setting,
	const struct option_group *group)
{
	const char *key = config_setting_name(setting);
	struct nearest nearest = { .name = "" };
	char what[896], where[KEY_PATH_MAX];

	for (size_t i = 0; i < group->count; i++)
		nearest_offer(&nearest, key, group->option[i].key);
	if (find_elsewhere(key, where, sizeof where))
		snprintf(what, sizeof what, "unknown key here; its place is %s", where);
	else if (nearest.name[0])
		snprintf(what, sizeof what, "unknown key; did you mean %s?", nearest.name);
	else if (list_keys(group, what, sizeof what) >= sizeof what)
		snprintf(what, sizeof what,
			"unknown key; printfarm.conf(5) has the %zu keys known here", group->count);
	return config_wrong(place, setting, what);
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

static int require_keys(struct config_place *place, const config_setting_t *setting,
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
		return config_wrong(place, setting, what);
	}
	return 0;
}

int config_read_group(struct config_place *place, const config_setting_t *setting,
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

const config_setting_t *config_row_setting(const config_t *file, const char *list, size_t i)
{
	const config_setting_t *setting = config_lookup(file, list);

	return setting ? config_setting_get_elem(setting, (unsigned)i) : NULL;
}
