/* Faults as words; see faults.h. */
#include "sim/faults.h"

#include "base/error.h"
#include "sim/printer.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strcmp, memset, strlen */

/* Which arguments a fault takes. */
enum arguments {
	NONE,
	PROBABILITY,
	PROBABILITY_AND_WAY,
	SECONDS,
	SECONDS_OR_FOR_GOOD,
	SECONDS_OR_GLITCH,
	HEATER,
	HEATER_AND_THERMISTOR,
	HEATER_AND_DEAD,
	TEXT,
};

static const struct {
	const char *name;
	enum sim_fault_kind kind;
	enum arguments arguments;
} kinds[] = {
	{ "noise", SIM_FAULT_NOISE, PROBABILITY_AND_WAY },
	{ "lost-ok", SIM_FAULT_LOST_OK, PROBABILITY },
	{ "doubled-ok", SIM_FAULT_DOUBLED_OK, PROBABILITY },
	{ "freeze", SIM_FAULT_FREEZE, NONE },
	{ "unfreeze", SIM_FAULT_UNFREEZE, NONE },
	{ "reset", SIM_FAULT_RESET, NONE },
	{ "power-cycle", SIM_FAULT_POWER_CYCLE, SECONDS },
	{ "power-off", SIM_FAULT_POWER_OFF, NONE },
	{ "power-on", SIM_FAULT_POWER_ON, NONE },
	{ "unplug", SIM_FAULT_UNPLUG, SECONDS_OR_FOR_GOOD },
	{ "replug", SIM_FAULT_REPLUG, NONE },
	{ "thermistor", SIM_FAULT_THERMISTOR, HEATER_AND_THERMISTOR },
	{ "runaway", SIM_FAULT_RUNAWAY, HEATER },
	{ "heater", SIM_FAULT_HEATER, HEATER_AND_DEAD },
	{ "press", SIM_FAULT_PRESS, TEXT },
	{ "hangup", SIM_FAULT_HANGUP, SECONDS_OR_GLITCH },
};

enum { KINDS = sizeof kinds / sizeof kinds[0] };

const char *sim_fault_name(enum sim_fault_kind kind)
{
	for (size_t i = 0; i < KINDS; i++)
		if (kinds[i].kind == kind)
			return kinds[i].name;
	return "?";
}

size_t sim_words(char *text, char **words, size_t max)
{
	size_t count = 0;

	while (*text && count < max) {
		while (*text == ' ' || *text == '\t' || *text == '\r' || *text == '\n')
			*text++ = '\0';
		if (!*text)
			break;
		words[count++] = text;
		while (*text && *text != ' ' && *text != '\t' && *text != '\r' && *text != '\n')
			text++;
	}
	if (*text)
		*text = '\0';
	return count;
}

static int64_t read_digits(const char **word, double *value)
{
	int64_t count = 0;

	for (; **word >= '0' && **word <= '9'; ++*word, count++)
		*value = *value * 10 + (**word - '0');
	return count;
}

/* 10 to the power of `exponent`, within what a double holds. */
static double power_of_ten(int64_t exponent)
{
	double power = 1;

	for (int64_t i = 0; i < (exponent < 0 ? -exponent : exponent) && i < 300; i++)
		power *= 10;
	return exponent < 0 ? 1 / power : power;
}

bool sim_number(const char *word, double *value)
{
	bool negative = *word == '-';
	double mantissa = 0, exponent = 0;

	if (*word == '-' || *word == '+')
		word++;
	int64_t digits = read_digits(&word, &mantissa), decimals = 0;
	if (*word == '.') {
		word++;
		decimals = read_digits(&word, &mantissa);
	}
	if (digits + decimals == 0 || digits + decimals > 18)
		return false;
	if (*word == 'e' || *word == 'E') {
		bool down = *++word == '-';
		if (*word == '-' || *word == '+')
			word++;
		if (read_digits(&word, &exponent) == 0 || exponent > 200)
			return false;
		exponent = down ? -exponent : exponent;
	}
	if (*word)
		return false;
	/* One division or multiplication, so that 1e-4 is the double nearest to it. */
	double scaled = exponent - (double)decimals;
	*value = scaled < 0 ? mantissa / power_of_ten((int64_t)-scaled)
			    : mantissa * power_of_ten((int64_t)scaled);
	if (negative)
		*value = -*value;
	return true;
}

static bool number(const char *word, double most, double *value)
{
	return sim_number(word, value) && *value >= 0 && *value <= most;
}

static bool read_probability(struct sim_fault *fault, const char *word, struct error *error)
{
	if (word && number(word, 1, &fault->probability))
		return true;
	error_set(error, "\"%s\" is not a probability from 0 to 1", word ? word : "");
	return false;
}

static bool read_way(struct sim_fault *fault, const char *word, struct error *error)
{
	fault->down_probability = fault->probability;
	fault->up = !word || strcmp(word, "up") == 0;
	fault->down = !word || strcmp(word, "down") == 0;
	if (fault->up || fault->down)
		return true;
	fault->up = fault->down = number(word, 1, &fault->down_probability);
	if (fault->down)
		return true;
	error_set(error,
		"\"%s\" is no direction: up (to the printer), down, a probability for down, or "
		"nothing for both alike",
		word);
	return false;
}

static bool read_heater(struct sim_fault *fault, const char *word, struct error *error)
{
	bool bed = word && strcmp(word, "bed") == 0;

	fault->heater = bed ? SIM_BED : SIM_HOTEND;
	if (bed || (word && strcmp(word, "hotend") == 0))
		return true;
	error_set(error, "\"%s\" is no heater: hotend or bed", word ? word : "");
	return false;
}

static bool read_choice(const char *word, const char *const *names, size_t count, size_t *choice,
	const char *accepted, struct error *error)
{
	for (*choice = 0; *choice < count; ++*choice)
		if (word && strcmp(word, names[*choice]) == 0)
			return true;
	error_set(error, "\"%s\" is not one of %s", word ? word : "", accepted);
	return false;
}

static bool read_text(
	struct sim_fault *fault, char *const *words, size_t count, struct error *error)
{
	size_t used = 0;

	for (size_t i = 0; i < count; i++) {
		int wrote = snprintf(fault->text + used, sizeof fault->text - used, "%s%s",
			i ? " " : "", words[i]);
		if (wrote < 0 || (size_t)wrote >= sizeof fault->text - used) {
			error_set(error, "the command is longer than %d bytes",
				SIM_FAULT_TEXT_MAX - 1);
			return false;
		}
		used += (size_t)wrote;
	}
	if (used == 0)
		error_set(error, "press what? A command such as M104 S200, or continue");
	return used > 0;
}

static bool read_arguments(struct sim_fault *fault, enum arguments arguments, char *const *words,
	size_t count, struct error *error)
{
	static const char *const thermistors[] = { "ok", "open", "short" };
	static const char *const lives[] = { "ok", "dead" };
	const char *first = count > 0 ? words[0] : NULL, *second = count > 1 ? words[1] : NULL;
	double seconds = arguments == SECONDS		  ? 2
			 : arguments == SECONDS_OR_GLITCH ? SIM_HANGUP_US * 1e-6
							  : 0;
	size_t choice;

	switch (arguments) {
	case NONE:
		return true;
	case PROBABILITY:
		return read_probability(fault, first, error);
	case PROBABILITY_AND_WAY:
		return read_probability(fault, first, error) && read_way(fault, second, error);
	case SECONDS:
	case SECONDS_OR_FOR_GOOD:
	case SECONDS_OR_GLITCH:
		if (first && !number(first, 1e6, &seconds)) {
			error_set(error, "\"%s\" is not a number of seconds", first);
			return false;
		}
		fault->duration_us = (int64_t)(seconds * 1e6);
		return true;
	case HEATER:
		return read_heater(fault, first, error);
	case HEATER_AND_THERMISTOR:
		if (!read_heater(fault, first, error) ||
			!read_choice(second, thermistors, 3, &choice, "open, short, ok", error))
			return false;
		fault->thermistor = (enum sim_thermistor)choice;
		return true;
	case HEATER_AND_DEAD:
		if (!read_heater(fault, first, error) ||
			!read_choice(second, lives, 2, &choice, "dead, ok", error))
			return false;
		fault->dead = choice == 1;
		return true;
	case TEXT:
		return read_text(fault, words, count, error);
	}
	return false;
}

static size_t most_words(enum arguments arguments)
{
	switch (arguments) {
	case NONE:
		return 0;
	case PROBABILITY:
	case SECONDS:
	case SECONDS_OR_FOR_GOOD:
	case SECONDS_OR_GLITCH:
	case HEATER:
		return 1;
	case PROBABILITY_AND_WAY:
	case HEATER_AND_THERMISTOR:
	case HEATER_AND_DEAD:
		return 2;
	case TEXT:
		return SIZE_MAX;
	}
	return 0;
}

bool sim_fault_from_words(
	struct sim_fault *fault, char *const *words, size_t count, struct error *error)
{
	struct sim_fault read;

	memset(&read, 0, sizeof read);
	for (size_t i = 0; count > 0 && i < KINDS; i++) {
		if (strcmp(words[0], kinds[i].name) != 0)
			continue;
		read.kind = kinds[i].kind;
		if (count - 1 > most_words(kinds[i].arguments)) {
			error_set(error, "%s takes fewer words than that", kinds[i].name);
			return false;
		}
		if (!read_arguments(&read, kinds[i].arguments, words + 1, count - 1, error)) {
			error_prefix(error, "%s", kinds[i].name);
			return false;
		}
		*fault = read;
		return true;
	}
	error_set(error,
		"\"%s\" is no fault: noise, lost-ok, doubled-ok, freeze, unfreeze, reset, "
		"power-cycle, "
		"power-off, power-on, unplug, replug, hangup, thermistor, runaway, heater, press",
		count > 0 ? words[0] : "");
	return false;
}

static bool read_when(
	struct sim_planned_fault *planned, const char *word, const char *value, struct error *error)
{
	double when;

	planned->by_line = strcmp(word, "line") == 0;
	if (!planned->by_line && strcmp(word, "at") != 0) {
		error_set(error, "\"%s\": a line starts with \"line N\" or \"at SECONDS\"", word);
		return false;
	}
	if (!number(value, 1e9, &when)) {
		error_set(error, "\"%s\" is not a number from 0", value);
		return false;
	}
	planned->when = (int64_t)(planned->by_line ? when : when * 1e6);
	return true;
}

int sim_planned_fault_from_line(
	struct sim_planned_fault *planned, const char *line, struct error *error)
{
	enum { WORDS = 24, LINE = 256 };
	char text[LINE], *words[WORDS];
	struct sim_planned_fault read;
	size_t length = strcspn(line, "#");

	if (length >= sizeof text) {
		error_set(error, "longer than %d bytes", LINE - 1);
		return -1;
	}
	memcpy(text, line, length);
	text[length] = '\0';
	size_t count = sim_words(text, words, WORDS);
	if (count == 0)
		return 0;
	if (count < 4) {
		error_set(error, "a fault is \"line N|at SECONDS  PRINTER|*  FAULT  [ARGUMENTS]\"");
		return -1;
	}
	memset(&read, 0, sizeof read);
	if (!read_when(&read, words[0], words[1], error))
		return -1;
	if (strlen(words[2]) >= sizeof read.printer) {
		error_set(error, "\"%s\" is longer than a printer's name", words[2]);
		return -1;
	}
	snprintf(read.printer, sizeof read.printer, "%s", words[2]);
	if (!sim_fault_from_words(&read.fault, words + 3, count - 3, error))
		return -1;
	*planned = read;
	return 1;
}
