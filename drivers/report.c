/* Temperature lines and M115; see report.h. */
#include "drivers/report.h"

#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "-12.5" at text; bytes used, 0 if there is no number.  More than 6 digits before the point is no
 * temperature. */
static size_t read_decimal(const char *text, size_t length, double *value)
{
	double sum = 0, scale = 1;
	size_t i = 0, digits = 0;
	bool negative = length > 0 && text[0] == '-';

	if (negative)
		i++;
	for (; i < length && is_digit(text[i]); i++, digits++)
		sum = sum * 10 + (text[i] - '0');
	if (digits == 0 || digits > 6)
		return 0;
	if (i < length && text[i] == '.') {
		for (i++; i < length && is_digit(text[i]); i++) {
			scale /= 10;
			sum += scale * (text[i] - '0');
		}
	}
	*value = negative ? -sum : sum;
	return i;
}

static size_t skip_blanks(const char *text, size_t length, size_t i)
{
	while (i < length && text[i] == ' ')
		i++;
	return i;
}

bool report_is_temperature(const char *text, size_t length)
{
	size_t i = skip_blanks(text, length, 0);
	double value;

	if (i >= length || (text[i] != 'T' && text[i] != 'B' && text[i] != 'C'))
		return false;
	i++;
	if (i < length && is_digit(text[i]))
		i++;
	if (i >= length || text[i] != ':')
		return false;
	i = skip_blanks(text, length, i + 1);
	return read_decimal(text + i, length - i, &value) > 0;
}

bool report_is_position(const char *text, size_t length)
{
	static const char start[] = "X:";
	double value;

	if (length < 4 || memcmp(text, start, 2) != 0 ||
		read_decimal(text + 2, length - 2, &value) == 0)
		return false;
	return memchr(text, 'Y', length) != NULL;
}

bool report_position(const char *text, size_t length, double position_mm[3])
{
	static const char names[] = "XYZ";
	double found[3];
	size_t at = 0;

	for (int axis = 0; axis < 3; axis++) {
		size_t used;

		at = skip_blanks(text, length, at);
		if (at + 2 >= length || text[at] != names[axis] || text[at + 1] != ':')
			return false;
		used = read_decimal(text + at + 2, length - at - 2, &found[axis]);
		if (used == 0)
			return false;
		at += 2 + used;
	}
	memcpy(position_mm, found, sizeof(found));
	return true;
}

struct field {
	char name[4]; /* "T", "T0", "@", "B@", "@1" */
	bool has_value, has_target;
	double value, target;
};

/* One "K:12.3 /45.6"; advances *at. False: no field from here on. */
static bool next_field(const char *text, size_t length, size_t *at, struct field *field)
{
	size_t i = skip_blanks(text, length, *at), start, used;

	*field = (struct field){ .has_value = false };
	start = i;
	while (i < length && text[i] != ':' && text[i] != ' ')
		i++;
	if (i >= length || text[i] != ':') {
		*at = i;
		return i < length; /* a word that is no field: go on behind it */
	}
	if (i - start > 0 && i - start < sizeof(field->name))
		memcpy(field->name, text + start, i - start);
	i = skip_blanks(text, length, i + 1);
	used = read_decimal(text + i, length - i, &field->value);
	field->has_value = used > 0;
	if (used == 0) {
		while (i < length && text[i] != ' ')
			i++;
		*at = i;
		return true;
	}
	i += used;
	*at = i;
	used = skip_blanks(text, length, i);
	if (used < length && text[used] == '/') {
		used = skip_blanks(text, length, used + 1);
		size_t digits = read_decimal(text + used, length - used, &field->target);

		field->has_target = digits > 0;
		*at = used + digits;
	}
	return true;
}

static struct driver_heater *find_heater(struct driver_heaters *heaters, const char *name)
{
	for (size_t i = 0; i < heaters->count; i++) {
		if (strcmp(heaters->heater[i].name, name) == 0)
			return &heaters->heater[i];
	}
	return NULL;
}

static bool is_heater_name(const char *name)
{
	if (name[0] == 'T')
		return name[1] == '\0' || (is_digit(name[1]) && name[2] == '\0');
	return (name[0] == 'B' || name[0] == 'C') && name[1] == '\0';
}

static void take_power(struct driver_heaters *heaters, const struct field *field)
{
	struct driver_heater *heater = NULL;
	char name[4] = "T";

	if (field->value < 0 || field->value > 255)
		return;
	if (strcmp(field->name, "@") == 0) {
		heater = find_heater(heaters, "T");
	} else if (field->name[0] == '@') {
		name[1] = field->name[1];
		heater = find_heater(heaters, name);
	} else if (field->name[1] == '@') {
		name[0] = field->name[0];
		heater = find_heater(heaters, name);
	}
	if (heater)
		heater->power = (int32_t)field->value;
}

/* In a machine with several hot ends "T:" repeats the active one of T0, T1, … */
static void drop_the_repeated_tool(struct driver_heaters *heaters)
{
	struct driver_heater *active = find_heater(heaters, "T");

	if (!active || !find_heater(heaters, "T0"))
		return;
	size_t at = (size_t)(active - heaters->heater);

	memmove(active, active + 1, (heaters->count - at - 1) * sizeof(*active));
	heaters->count--;
}

void report_name_the_only_tool(struct driver_heaters *heaters)
{
	struct driver_heater *only = NULL;

	for (size_t i = 0; i < heaters->count; i++) {
		if (heaters->heater[i].name[0] != 'T')
			continue;
		if (only)
			return;
		only = &heaters->heater[i];
	}
	if (only && strcmp(only->name, "T0") == 0)
		only->name[1] = '\0';
}

bool report_temperatures(const char *text, size_t length, struct driver_heaters *heaters)
{
	struct driver_heaters found = { .time_us = heaters->time_us };
	struct field field;
	size_t at = 0;
	char first_tool[sizeof(field.name)] = "";

	if (length >= 2 && text[0] == 'o' && text[1] == 'k')
		at = 2;
	while (at < length && next_field(text, length, &at, &field)) {
		if (!field.has_value)
			continue;
		if (!is_heater_name(field.name)) {
			take_power(&found, &field);
			continue;
		}
		/* The active tool's line is only a repetition once T0 is known. */
		if (strcmp(field.name, "T0") == 0)
			memcpy(first_tool, field.name, sizeof(first_tool));
		if (first_tool[0] != '\0')
			drop_the_repeated_tool(&found);
		if (find_heater(&found, field.name) || found.count >= DRIVER_HEATERS_MAX)
			continue;
		struct driver_heater *heater = &found.heater[found.count++];

		memcpy(heater->name, field.name, sizeof(heater->name));
		heater->celsius = field.value;
		heater->target_celsius = field.has_target ? field.target : 0;
		heater->target_unsaid = !field.has_target;
		heater->power = -1;
	}
	drop_the_repeated_tool(&found);
	report_name_the_only_tool(&found);
	if (found.count == 0)
		return false;
	*heaters = found;
	return true;
}

void report_escape(const char *text, size_t length, char *out, size_t size)
{
	size_t count = length < size - 1 ? length : size - 1;

	for (size_t i = 0; i < count; i++)
		out[i] = text[i] >= ' ' && text[i] <= '~' ? text[i] : '.';
	out[count] = '\0';
}

static bool is_key_byte(char c, bool first)
{
	return (c >= 'A' && c <= 'Z') || (!first && (is_digit(c) || c == '_'));
}

/* Length of "KEY:" at text with its colon, 0 if there is none. */
static size_t key_length(const char *text, size_t length)
{
	size_t i = 0;

	while (i < length && is_key_byte(text[i], i == 0))
		i++;
	return i > 1 && i < length && text[i] == ':' ? i + 1 : 0;
}

/* Values may hold blanks: a value ends where " KEY:" begins. */
static size_t value_length(const char *text, size_t length)
{
	for (size_t i = 0; i < length; i++) {
		if (text[i] == ' ' && key_length(text + i + 1, length - i - 1) > 0)
			return i;
	}
	return length;
}

static void add_version(struct driver_identity *identity, const char *value, size_t length)
{
	size_t used = strlen(identity->firmware);

	if (used == 0 || used + 2 >= sizeof(identity->firmware))
		return;
	identity->firmware[used++] = ' ';
	report_escape(value, length, identity->firmware + used, sizeof(identity->firmware) - used);
}

void report_identity(const char *text, size_t length, struct driver_identity *identity)
{
	size_t i = 0;

	while (i < length) {
		size_t key = key_length(text + i, length - i);

		if (key == 0 || (i > 0 && text[i - 1] != ' ')) {
			i++;
			continue;
		}
		const char *value = text + i + key;
		size_t size = value_length(value, length - i - key);
		/* The build date in brackets is no part of the name. */
		const char *bracket = memchr(value, '(', size);
		size_t name = bracket ? (size_t)(bracket - value) : size;

		/* Smoothieware puts commas between its fields. */
		while (name > 0 && (value[name - 1] == ' ' || value[name - 1] == ','))
			name--;
		if (key == 14 && memcmp(text + i, "FIRMWARE_NAME:", key) == 0)
			report_escape(value, name, identity->firmware, sizeof(identity->firmware));
		else if (key == 17 && memcmp(text + i, "FIRMWARE_VERSION:", key) == 0)
			add_version(identity, value, name);
		else if (key == 13 && memcmp(text + i, "MACHINE_TYPE:", key) == 0)
			report_escape(value, size, identity->machine, sizeof(identity->machine));
		else if (key == 5 && memcmp(text + i, "UUID:", key) == 0)
			report_escape(value, size, identity->uuid, sizeof(identity->uuid));
		i += key + size;
	}
}

void report_capability(const char *text, size_t length, struct driver_identity *identity)
{
	static const struct {
		const char *name;
		size_t offset;
	} capabilities[] = {
		{ "EMERGENCY_PARSER:", offsetof(struct driver_identity, emergency_parser) },
		{ "AUTOREPORT_TEMP:", offsetof(struct driver_identity, autoreport_temperature) },
		{ "MEATPACK:", offsetof(struct driver_identity, meatpack) },
		{ "HOST_ACTION_COMMANDS:", offsetof(struct driver_identity, host_actions) },
	};

	for (size_t i = 0; i < sizeof(capabilities) / sizeof(capabilities[0]); i++) {
		size_t name = strlen(capabilities[i].name);

		if (length == name + 1 && memcmp(text, capabilities[i].name, name) == 0)
			*(bool *)((char *)identity + capabilities[i].offset) = text[name] == '1';
	}
}
