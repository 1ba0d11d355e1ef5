/* Temperatures of a print; see heat_log.h.
 *
 * The ledger's text is a row a heater, "T0 2100 2150 2121 2163 2149 311": name, least and highest
 * target, least, most, mean, in tenths of a degree, and the number of readings; ";" between rows.
 */
#include "daemon/control/heat_log.h"

#include <ctype.h>
#include <math.h> /* fabs, lround */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
	SAME_READING_US = 1000,
	NUMBERS = 6,
	TENTHS_MAX = 20000, /* nothing in a printer is that hot */
};

static bool is_heater(const char *name)
{
	size_t length = 0;

	while (length < sizeof(((struct wire_heater *)0)->name) &&
		isalnum((unsigned char)name[length]))
		length++;
	return length > 0 && length < sizeof(((struct wire_heater *)0)->name) && !name[length];
}

static struct heat_log_row *row_of(struct heat_log *log, const char *name)
{
	for (size_t i = 0; i < log->count; i++)
		if (strcmp(log->row[i].name, name) == 0)
			return &log->row[i];
	if (log->count == WIRE_HEATERS_MAX || !is_heater(name))
		return NULL;
	struct heat_log_row *row = &log->row[log->count++];

	*row = (struct heat_log_row){ .readings = 0 };
	memcpy(row->name, name, strlen(name) + 1);
	return row;
}

static void count(struct heat_log_row *row, double celsius)
{
	if (row->readings == 0) {
		row->min_celsius = row->max_celsius = celsius;
		row->set_min_celsius = row->set_celsius = row->target_celsius;
	}
	row->min_celsius = fmin(row->min_celsius, celsius);
	row->max_celsius = fmax(row->max_celsius, celsius);
	row->set_min_celsius = fmin(row->set_min_celsius, row->target_celsius);
	row->set_celsius = fmax(row->set_celsius, row->target_celsius);
	row->sum += celsius;
	row->readings++;
}

static void add(struct heat_log *log, const struct wire_heater *heater)
{
	double most = TENTHS_MAX / 10.0;
	struct heat_log_row *row;

	/* Also no number at all fails here. */
	if (!(fabs(heater->celsius) < most && fabs(heater->target_celsius) < most))
		return;
	row = row_of(log, heater->name);
	if (!row)
		return;
	if (fabs(row->target_celsius - heater->target_celsius) > 0.05) {
		row->target_celsius = heater->target_celsius;
		row->reached = false;
	}
	if (row->target_celsius <= 0)
		return;
	if (fabs(heater->celsius - row->target_celsius) <= HEAT_LOG_NEAR_CELSIUS)
		row->reached = true;
	if (row->reached)
		count(row, heater->celsius);
}

void heat_log_add(
	struct heat_log *log, const struct wire_heater *heater, size_t count, int64_t reading_us)
{
	if (log->count > 0 && reading_us < log->reading_us + SAME_READING_US)
		return;
	log->reading_us = reading_us;
	for (size_t i = 0; i < count && i < WIRE_HEATERS_MAX; i++)
		add(log, &heater[i]);
}

static int tenths(double celsius)
{
	return (int)lround(celsius * 10.0);
}

void heat_log_write(const struct heat_log *log, char text[HEAT_LOG_TEXT_MAX])
{
	size_t length = 0;

	text[0] = '\0';
	for (size_t i = 0; i < log->count; i++) {
		const struct heat_log_row *row = &log->row[i];

		if (row->readings == 0)
			continue;
		length += (size_t)snprintf(text + length, HEAT_LOG_TEXT_MAX - length,
			"%s%s %d %d %d %d %d %lld", length ? ";" : "", row->name,
			tenths(row->set_min_celsius), tenths(row->set_celsius),
			tenths(row->min_celsius), tenths(row->max_celsius),
			tenths(row->sum / (double)row->readings), (long long)row->readings);
	}
}

/* " 2100 ..." behind the name; false: that is not so. */
static bool read_numbers(const char *text, long long number[NUMBERS])
{
	for (int i = 0; i < NUMBERS; i++) {
		char *end;

		number[i] = strtoll(text, &end, 10);
		if (end == text || (i < NUMBERS - 1 && llabs(number[i]) > TENTHS_MAX))
			return false;
		text = end;
	}
	return (*text == '\0' || *text == ';') && number[NUMBERS - 1] > 0;
}

void heat_log_read(struct heat_log *log, const char *text)
{
	*log = (struct heat_log){ 0 };
	while (*text) {
		char name[sizeof(((struct wire_heater *)0)->name)] = "";
		size_t length = strcspn(text, " ;");
		long long number[NUMBERS];
		struct heat_log_row *row = NULL;

		if (length < sizeof name)
			memcpy(name, text, length);
		if (read_numbers(text + length, number))
			row = row_of(log, name);
		if (row) {
			row->set_min_celsius = (double)number[0] / 10.0;
			row->set_celsius = (double)number[1] / 10.0;
			row->min_celsius = (double)number[2] / 10.0;
			row->max_celsius = (double)number[3] / 10.0;
			row->readings = number[5];
			row->sum = (double)number[4] / 10.0 * (double)number[5];
		}
		text += strcspn(text, ";");
		text += *text == ';';
	}
}
