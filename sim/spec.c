/* Printers from words; see spec.h. */
#include "sim/spec.h"

#include "base/error.h"
#include "sim/faults.h"
#include "sim/firmware.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strcmp, memchr, memcpy, strchr */

enum value_kind {
	WHOLE,
	MICROSECONDS,
	MILLISECONDS,
	SECONDS,
	REAL,
	YES_OR_NO,
	NAME,
	VOLUME,
	RESET,
	LINK
};

#define AT(field) offsetof(struct sim_settings, field)

static const struct key {
	const char *name;
	enum value_kind kind;
	size_t offset;
	double least, most;
	const char *what;
} keys[] = {
	{ "machine", NAME, AT(machine), 0, SIM_MACHINE_MAX,
		"MACHINE_TYPE of M115; _ stands for a blank" },
	{ "uuid", NAME, AT(uuid), 0, SIM_UUID_MAX, "UUID of M115; derived from the name" },
	{ "serial", NAME, AT(serial), 0, SIM_SERIAL_MAX,
		"serial number of the USB device; derived from the name" },
	{ "link", LINK, 0, 0, 0,
		"uart (paced, noisy, overrun) or cdc (fast, exact, waits; goes with a reset)" },
	{ "baud", WHOLE, AT(baud), 300, 100000000, "speed of the wire, both ways (115200)" },
	{ "volume", VOLUME, 0, 0, 0,
		"soft endstops: 250x210x210, -3..250x-4..210x0..210, round:300x400" },
	{ "advanced_ok", YES_OR_NO, AT(advanced_ok), 0, 0, "ok N12 P15 B3 instead of ok" },
	{ "emergency_parser", YES_OR_NO, AT(emergency_parser), 0, 0,
		"M108 M112 M410 M876 act at once" },
	{ "host_actions", YES_OR_NO, AT(host_actions), 0, 0, "//action: lines and prompts" },
	{ "leveling", YES_OR_NO, AT(leveling), 0, 0, "G29 and G80 are known (yes)" },
	{ "homing", YES_OR_NO, AT(homing), 0, 0, "grbl: $22=1, locked until it is homed (no)" },
	{ "meatpack", YES_OR_NO, AT(meatpack), 0, 0,
		"packed input is understood, where the firmware can" },
	{ "rx", WHOLE, AT(rx_bytes), 16, SIM_RX_MAX,
		"receive ring; one byte less is usable (128)" },
	{ "bufsize", WHOLE, AT(bufsize), 1, SIM_BUFSIZE_MAX, "command queue (4)" },
	{ "blocks", WHOLE, AT(blocks), 2, SIM_BLOCKS_MAX,
		"planner; one block less is usable (16)" },
	{ "boot_s", SECONDS, AT(boot_us), 0, 60, "boot loader, deaf, before the banner (1.5)" },
	{ "reset_on_open", RESET, 0, 0, 0,
		"never, first (after power-on or plug-in), always (first)" },
	{ "latency_s", SECONDS, AT(latency_us), 0, 1, "USB adapter, each way (0)" },
	{ "latency_us", MICROSECONDS, AT(latency_us), 0, 1e6, "the same in microseconds" },
	{ "latency_timer_ms", MILLISECONDS, AT(latency_timer_us), 0, 255,
		"adapter's timer for packets that are not full, 16 on FTDI (0: none)" },
	{ "command_us", MICROSECONDS, AT(command_us), 0, 1e6,
		"firmware's own time for a command (400)" },
	{ "move_us", MICROSECONDS, AT(move_us), 0, 1e6, "and for planning a move (900)" },
	{ "noise_up", REAL, AT(noise_up), 0, 1, "byte error probability to the printer (0)" },
	{ "noise_down", REAL, AT(noise_down), 0, 1, "and from it (0)" },
	{ "noise_shifts", YES_OR_NO, AT(noise_shifts), 0, 0,
		"noise loses and inserts bytes as well (no)" },
	{ "erases", YES_OR_NO, AT(erases), 0, 0,
		"backspaces take bytes of a line back, where the firmware can (yes)" },
	{ "lost_ok", REAL, AT(lost_ok), 0, 1, "probability that an ok line vanishes (0)" },
	{ "doubled_ok", REAL, AT(doubled_ok), 0, 1, "that it arrives twice (0)" },
	{ "ambient", REAL, AT(ambient_celsius), -10, 60, "degrees around it (25)" },
	{ "heat", REAL, AT(heat_factor), 0.1, 100, "heater power, 1 is ordinary (1)" },
	{ "warm_start", YES_OR_NO, AT(warm_start), 0, 0, "starts at 215 and 60 degrees (no)" },
};

enum { KEYS = sizeof keys / sizeof keys[0], WORDS_MAX = 40, LINE_MAX_BYTES = 1024 };

void spec_describe_keys(char *text, size_t size)
{
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; i < KEYS && used < size; i++) {
		int wrote =
			snprintf(text + used, size - used, "%s\t%s\n", keys[i].name, keys[i].what);
		used += wrote > 0 ? (size_t)wrote : 0;
	}
}

/* ---- values ---- */

static bool read_yes_or_no(const char *value, bool *yes)
{
	static const char *const yeses[] = { "yes", "true", "on", "1" };
	static const char *const noes[] = { "no", "false", "off", "0" };

	for (size_t i = 0; i < 4; i++) {
		if (strcmp(value, yeses[i]) == 0 || strcmp(value, noes[i]) == 0) {
			*yes = strcmp(value, yeses[i]) == 0;
			return true;
		}
	}
	return false;
}

static bool read_reset(const char *value, enum sim_reset_on_open *reset)
{
	static const char *const names[] = { "never", "first", "always" };

	for (size_t i = 0; i < 3; i++) {
		if (strcmp(value, names[i]) == 0) {
			*reset = (enum sim_reset_on_open)i;
			return true;
		}
	}
	return false;
}

static bool read_link(const char *value, enum sim_link *link)
{
	*link = strcmp(value, "cdc") == 0 ? SIM_LINK_CDC : SIM_LINK_UART;
	return *link == SIM_LINK_CDC || strcmp(value, "uart") == 0;
}

/* "MAX" or "MIN..MAX" */
static bool read_range(char *text, double *min, double *max)
{
	char *dots = strstr(text, "..");

	*min = 0;
	if (!dots)
		return sim_number(text, max) && *max > 0;
	*dots = '\0';
	return sim_number(text, min) && sim_number(dots + 2, max) && *max > *min;
}

static bool read_volume(struct sim_settings *settings, const char *value)
{
	char text[96], *part = text;
	bool round = strncmp(value, "round:", 6) == 0;
	size_t axes = round ? 2 : 3;
	double min[3], max[3];

	if (strlen(value) >= sizeof text)
		return false;
	snprintf(text, sizeof text, "%s", round ? value + 6 : value);
	for (size_t i = 0; i < axes; i++) {
		char *end = strchr(part, 'x');
		if ((end != NULL) != (i + 1 < axes))
			return false;
		if (end)
			*end = '\0';
		if (!read_range(part, &min[i], &max[i]))
			return false;
		part = end ? end + 1 : part;
	}
	if (round) {
		/* Diameter and height; the centre is the origin. */
		min[2] = min[1];
		max[2] = max[1];
		max[0] = max[1] = (max[0] - min[0]) / 2;
		min[0] = min[1] = -max[0];
	}
	memcpy(settings->volume_min_mm, min, sizeof min);
	memcpy(settings->volume_max_mm, max, sizeof max);
	return true;
}

static void read_name(char *to, size_t size, const char *value)
{
	snprintf(to, size, "%s", value);
	for (; *to; to++)
		if (*to == '_')
			*to = ' ';
}

static bool read_number(struct sim_settings *settings, const struct key *key, const char *value)
{
	void *field = (char *)settings + key->offset;
	double number;

	if (!sim_number(value, &number) || number < key->least || number > key->most)
		return false;
	switch (key->kind) {
	case WHOLE:
		*(int32_t *)field = (int32_t)number;
		return (double)(int32_t)number == number;
	case MICROSECONDS:
		*(int64_t *)field = (int64_t)number;
		return true;
	case MILLISECONDS:
		*(int64_t *)field = (int64_t)(number * 1e3);
		return true;
	case SECONDS:
		*(int64_t *)field = (int64_t)(number * 1e6);
		return true;
	case REAL:
		*(double *)field = number;
		return true;
	case YES_OR_NO:
	case NAME:
	case VOLUME:
	case RESET:
	case LINK:
		break;
	}
	return false;
}

static bool read_value(struct sim_settings *settings, const struct key *key, const char *value,
	struct error *error)
{
	void *field = (char *)settings + key->offset;

	switch (key->kind) {
	case WHOLE:
	case MICROSECONDS:
	case MILLISECONDS:
	case SECONDS:
	case REAL:
		if (read_number(settings, key, value))
			return true;
		error_set(error, "%s=%s: a number from %g to %g is wanted", key->name, value,
			key->least, key->most);
		return false;
	case YES_OR_NO:
		if (read_yes_or_no(value, field))
			return true;
		error_set(error, "%s=%s: yes or no is wanted", key->name, value);
		return false;
	case NAME:
		if (strlen(value) < (size_t)key->most) {
			read_name(field, (size_t)key->most, value);
			return true;
		}
		error_set(
			error, "%s=%s: longer than %d bytes", key->name, value, (int)key->most - 1);
		return false;
	case VOLUME:
		if (read_volume(settings, value))
			return true;
		error_set(error,
			"%s=%s: XxYxZ in mm, each MAX or MIN..MAX, or round:DIAMETERxHEIGHT",
			key->name, value);
		return false;
	case RESET:
		if (read_reset(value, &settings->reset_on_open))
			return true;
		error_set(error, "%s=%s: never, first or always is wanted", key->name, value);
		return false;
	case LINK:
		if (read_link(value, &settings->link))
			return true;
		error_set(error, "%s=%s: uart or cdc is wanted", key->name, value);
		return false;
	}
	return false;
}

/* ---- printers ---- */

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	if (length == 0 || length >= SIM_NAME_MAX || name[0] == '.' ||
		strcmp(name, "control") == 0 || strncmp(name, "by-", 3) == 0 ||
		strncmp(name, "tty", 3) == 0)
		return false;
	for (; *name; name++)
		if (!((*name >= 'a' && *name <= 'z') || (*name >= 'A' && *name <= 'Z') ||
			    (*name >= '0' && *name <= '9') || strchr("-_.", *name)))
			return false;
	return true;
}

static void firmware_names(char *text, size_t size)
{
	const struct sim_firmware *row;
	size_t used = 0;

	text[0] = '\0';
	for (size_t i = 0; (row = sim_firmware_row(i)) != NULL && used < size; i++) {
		int wrote = snprintf(text + used, size - used, "%s%s", i ? ", " : "", row->name);
		used += wrote > 0 ? (size_t)wrote : 0;
	}
}

static bool add(struct spec *spec, const char *name, const char *firmware, struct error *error)
{
	char known[512];

	if (spec->count == SPEC_PRINTERS_MAX) {
		error_set(error, "more than %d printers", SPEC_PRINTERS_MAX);
		return false;
	}
	if (!is_name(name)) {
		error_set(error,
			"\"%s\" is no name: letters, digits, - _ . and at most %d bytes, not "
			"\"control\", \"by-…\" or \"tty…\"",
			name, SIM_NAME_MAX - 1);
		return false;
	}
	for (size_t i = 0; i < spec->count; i++) {
		if (strcmp(spec->printer[i].name, name) == 0) {
			error_set(error, "\"%s\" is there twice", name);
			return false;
		}
	}
	if (!sim_settings_init(&spec->printer[spec->count], name, firmware)) {
		firmware_names(known, sizeof known);
		error_set(error, "firmware \"%s\" is not known; there are %s", firmware, known);
		return false;
	}
	spec->count++;
	return true;
}

static bool set_key(struct sim_settings *settings, char *word, struct error *error)
{
	char *value = strchr(word, '=');

	if (!value) {
		error_set(error, "\"%s\" is not key=value", word);
		return false;
	}
	*value++ = '\0';
	if (strcmp(word, "firmware") == 0)
		return true;
	for (size_t i = 0; i < KEYS; i++)
		if (strcmp(word, keys[i].name) == 0)
			return read_value(settings, &keys[i], value, error);
	error_set(error, "\"%s\" is no key; printfarm-sim --help lists them", word);
	return false;
}

static bool read_line(struct spec *spec, char *line, struct error *error)
{
	char *words[WORDS_MAX], *comment = strchr(line, '#');
	const char *firmware = "marlin";

	if (comment)
		*comment = '\0';
	size_t count = sim_words(line, words, WORDS_MAX);
	if (count == 0)
		return true;
	/* The firmware's defaults first, whatever the order of the words. */
	for (size_t i = 1; i < count; i++)
		if (strncmp(words[i], "firmware=", 9) == 0)
			firmware = words[i] + 9;
	if (!add(spec, words[0], firmware, error))
		return false;
	for (size_t i = 1; i < count; i++)
		if (!set_key(&spec->printer[spec->count - 1], words[i], error))
			return false;
	return true;
}

bool spec_from_text(struct spec *spec, const char *text, size_t length, struct error *error)
{
	char line[LINE_MAX_BYTES];
	int number = 0;

	spec->count = 0;
	while (length > 0) {
		const char *end = memchr(text, '\n', length);
		size_t bytes = end ? (size_t)(end - text) : length;
		number++;
		if (bytes >= sizeof line || memchr(text, '\0', bytes)) {
			error_set(error, "line %d: not text of at most %d bytes", number,
				LINE_MAX_BYTES - 1);
			return false;
		}
		memcpy(line, text, bytes);
		line[bytes] = '\0';
		if (!read_line(spec, line, error)) {
			error_prefix(error, "line %d", number);
			return false;
		}
		text += bytes + (end ? 1 : 0);
		length -= bytes + (end ? 1 : 0);
	}
	if (spec->count == 0)
		error_set(error, "no printer in it");
	return spec->count > 0;
}

bool spec_from_counts(struct spec *spec, const char *text, struct error *error)
{
	spec->count = 0;
	while (*text) {
		char firmware[SIM_NAME_MAX], count_text[8], name[SIM_NAME_MAX + 16];
		size_t length = strcspn(text, ",");
		const char *colon = memchr(text, ':', length);
		double count = 0;
		size_t name_length = colon ? (size_t)(colon - text) : length;
		size_t count_length = colon ? length - name_length - 1 : 0;
		if (colon && name_length < sizeof firmware && count_length < sizeof count_text) {
			memcpy(firmware, text, name_length);
			firmware[name_length] = '\0';
			memcpy(count_text, colon + 1, count_length);
			count_text[count_length] = '\0';
			if (!sim_number(count_text, &count))
				count = 0;
		}
		if (count < 1 || count > SPEC_PRINTERS_MAX) {
			error_set(error,
				"\"%.*s\" is neither a file nor FIRMWARE:COUNT[,FIRMWARE:COUNT] "
				"with "
				"counts from 1 to %d",
				(int)length, text, SPEC_PRINTERS_MAX);
			return false;
		}
		for (int i = 1; i <= (int)count; i++) {
			snprintf(name, sizeof name, "%s-%d", firmware, i);
			if (!add(spec, name, firmware, error))
				return false;
		}
		text += length;
		text += *text == ',';
	}
	if (spec->count == 0)
		error_set(error, "no printer in it");
	return spec->count > 0;
}
