/* Fields of the daemon's answers as words for people; see words.h. */
#include "cli/words.h"
#include "cli/text.h"
#include "gcode/decimal.h"

#include <stdarg.h>
#include <stdio.h>  /* sscanf, vasprintf */
#include <stdlib.h> /* free */
#include <string.h>
#include <time.h> /* localtime_r, strftime, timegm */

const char *words_text(const json_t *object, const char *key)
{
	const char *text = json_string_value(json_object_get(object, key));

	return text ? text : "";
}

double words_number(const json_t *object, const char *key)
{
	return json_number_value(json_object_get(object, key));
}

int64_t words_integer(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);
	double number = json_number_value(value);

	if (json_is_integer(value))
		return json_integer_value(value);
	return number > -9e15 && number < 9e15 ? (int64_t)number : 0;
}

bool words_is_true(const json_t *object, const char *key)
{
	return json_is_true(json_object_get(object, key));
}

bool words_is_null(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return !value || json_is_null(value);
}

const json_t *words_items(const json_t *object)
{
	return json_is_array(object) ? object : json_object_get(object, "items");
}

const char *words_time_of(char text[WORDS_MAX], int64_t at_s, int64_t now_s)
{
	enum { SIX_DAYS_S = 6 * 86400 };
	time_t at = (time_t)at_s, now = (time_t)now_s;
	struct tm then, today;
	size_t length;

	if (at_s <= 0 || !localtime_r(&at, &then) || !localtime_r(&now, &today)) {
		snprintf(text, WORDS_MAX, "-");
		return text;
	}
	if (then.tm_year == today.tm_year && then.tm_yday == today.tm_yday)
		length = strftime(text, WORDS_MAX, "%H:%M", &then);
	else if (at_s > now_s && at_s - now_s < SIX_DAYS_S)
		length = strftime(text, WORDS_MAX, "%a %H:%M", &then);
	else
		length = strftime(text, WORDS_MAX, "%Y-%m-%d %H:%M", &then);
	if (length == 0)
		snprintf(text, WORDS_MAX, "-");
	return text;
}

const char *words_time(char text[WORDS_MAX], const json_t *object, const char *key)
{
	return words_time_of(text, words_integer(object, key), (int64_t)time(NULL));
}

int64_t words_read_moment(const char *moment)
{
	struct tm at = { 0 };
	char sign;
	int hours, minutes;

	if (sscanf(moment, "%4d-%2d-%2dT%2d:%2d:%2d%c%2d:%2d", &at.tm_year, &at.tm_mon, &at.tm_mday,
		    &at.tm_hour, &at.tm_min, &at.tm_sec, &sign, &hours, &minutes) != 9 ||
		(sign != '+' && sign != '-'))
		return 0;
	at.tm_year -= 1900;
	at.tm_mon--;

	int64_t offset_s = hours * 3600 + minutes * 60;

	return (int64_t)timegm(&at) - (sign == '-' ? -offset_s : offset_s);
}

const char *words_moment(char text[WORDS_MAX], const json_t *object, const char *key)
{
	return words_time_of(text, words_read_moment(words_text(object, key)), (int64_t)time(NULL));
}

const char *words_duration_of(char text[WORDS_MAX], double seconds)
{
	long long whole = seconds > 0 && seconds < 1e12 ? (long long)(seconds + 0.5) : 0;

	if (whole < 90)
		snprintf(text, WORDS_MAX, "%lld s", whole);
	else if (whole < 3600)
		snprintf(text, WORDS_MAX, "%lld min", (whole + 30) / 60);
	else if (whole < 172800)
		snprintf(text, WORDS_MAX, "%lld h %02lld", whole / 3600, whole % 3600 / 60);
	else
		snprintf(text, WORDS_MAX, "%lld d %lld h", whole / 86400, whole % 86400 / 3600);
	return text;
}

static const char *dash(char text[WORDS_MAX])
{
	snprintf(text, WORDS_MAX, "-");
	return text;
}

const char *words_duration(char text[WORDS_MAX], const json_t *object, const char *key)
{
	if (words_is_null(object, key))
		return dash(text);
	return words_duration_of(text, words_number(object, key));
}

const char *words_share(char text[WORDS_MAX], const json_t *object, const char *key)
{
	double share = words_number(object, key);

	if (words_is_null(object, key))
		return dash(text);
	snprintf(text, WORDS_MAX, "%d %%", share > 0 ? share < 1 ? (int)(100 * share) : 100 : 0);
	return text;
}

const char *words_layer(char text[WORDS_MAX], const json_t *object)
{
	text[0] = '\0';
	if (words_integer(object, "layer") > 0)
		snprintf(text, WORDS_MAX, "layer %lld of %lld, ",
			(long long)words_integer(object, "layer"),
			(long long)words_integer(object, "layers"));
	return text;
}

const char *words_amount(
	char text[WORDS_MAX], const json_t *object, const char *key, const char *unit)
{
	char number[DECIMAL_TEXT_MAX];

	if (words_is_null(object, key))
		return dash(text);
	snprintf(text, WORDS_MAX, "%.20s %.8s", decimal_write(number, words_number(object, key), 1),
		unit);
	return text;
}

const char *words_count(char text[WORDS_MAX], const json_t *object, const char *key)
{
	if (words_is_null(object, key))
		return dash(text);
	snprintf(text, WORDS_MAX, "%lld", (long long)words_integer(object, key));
	return text;
}

enum table_style words_style(const char *state)
{
	static const struct {
		const char *state;
		enum table_style style;
	} rows[] = {
		{ "cancelled", TABLE_DIM },
		{ "done", TABLE_GOOD },
		{ "failed", TABLE_BAD },
		{ "held", TABLE_WARN },
		{ "inspected", TABLE_GOOD },
		{ "needs_attention", TABLE_BAD },
		{ "needs_look", TABLE_BAD },
		{ "occupied", TABLE_WARN },
		{ "offline", TABLE_DIM },
		{ "paused", TABLE_WARN },
		{ "printed", TABLE_GOOD },
		{ "printing", TABLE_GOOD },
		{ "suspect", TABLE_BAD },
		{ "unknown", TABLE_WARN },
	};

	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		if (strcmp(rows[i].state, state) == 0)
			return rows[i].style;
	return TABLE_PLAIN;
}

const char *words_state(const char *state)
{
	if (strcmp(state, "needs_look") == 0)
		return "needs a look";
	if (strcmp(state, "needs_attention") == 0)
		return "needs attention";
	return strcmp(state, "by_hand") == 0 ? "by hand" : state;
}

int words_print_json(const struct cli *cli, const json_t *value)
{
	const json_t *items = json_is_object(value) ? json_object_get(value, "items") : NULL;
	/* On a terminal what is not ASCII is escaped: it may be anything. */
	size_t flags = JSON_REAL_PRECISION(12) | (cli->is_terminal ? JSON_ENSURE_ASCII : 0) |
		       (cli->is_terminal ? JSON_INDENT(2) : JSON_COMPACT);

	json_dumpf(json_is_array(items) ? items : value, stdout, flags | JSON_ENCODE_ANY);
	fputc('\n', stdout);
	return CLI_DONE;
}

static void put_sentence(const struct cli *cli, size_t used, size_t indent, const char *text)
{
	while (*text) {
		size_t columns = (size_t)cli->columns, next;
		size_t room = used < columns ? columns - used : 1;
		size_t bytes = text_fit_words(text, room, &next);

		/* A word that the next line has more room for. */
		if (text[bytes] && text[bytes] != ' ' && used > indent) {
			bytes = next = 0;
		}
		say(stdout, "%.*s", (int)bytes, text);
		text += next;
		if (*text)
			say(stdout, "\n%*s", (int)indent, "");
		used = indent;
	}
	say(stdout, "\n");
}

static __attribute__((format(printf, 1, 0))) char *clean_text(const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		return NULL;
	char *clean = text_clean(text, false);

	free(text);
	return clean;
}

void words_sentence(const struct cli *cli, size_t used, size_t indent, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	char *text = clean_text(format, arguments);
	va_end(arguments);
	put_sentence(cli, used, indent, text ? text : "");
	free(text);
}

void words_row(const struct cli *cli, const char *title, const char *format, ...)
{
	enum { TEXT_COLUMN = 13 };
	va_list arguments;

	va_start(arguments, format);
	char *text = clean_text(format, arguments);
	va_end(arguments);
	if (text && *text) {
		say(stdout, "  %-10s ", title);
		put_sentence(cli, TEXT_COLUMN, TEXT_COLUMN, text);
	}
	free(text);
}

void words_print_table(const struct cli *cli, const struct table *table)
{
	const struct table_look look = {
		.columns = (size_t)cli->columns,
		.color = cli->has_color,
		.utf8 = cli->has_utf8,
	};

	table_print(table, stdout, &look);
}
