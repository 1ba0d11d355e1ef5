#include "daemon/stream/replay_script.h"

#include <stdlib.h>
#include <string.h>

enum { HOSTS_MAX = 4096, FIRST_ROOM = 256 };

void replay_line_read(struct replay_line *line, const char *bytes, size_t length)
{
	const char *at = bytes, *end = bytes + length, *star;

	line->number = -1;
	/* What is taken back by backspaces begins another line. */
	for (const char *back = bytes; back < end; back++)
		if (*back == '\b' && back + 1 < end && back[1] != '\b')
			at = back + 1;
	if (at < end && *at == 'N' && end - at > 1 && at[1] >= '0' && at[1] <= '9') {
		line->number = 0;
		for (at++; at < end && *at >= '0' && *at <= '9'; at++)
			line->number = line->number < INT32_MAX ? line->number * 10 + (*at - '0')
								: line->number;
		while (at < end && *at == ' ')
			at++;
		star = memchr(at, '*', (size_t)(end - at));
		if (star)
			end = star;
	}
	while (end > at && (end[-1] == '\r' || end[-1] == ' ' || end[-1] == '\b'))
		end--;
	length = (size_t)(end - at);
	if (length >= REPLAY_LINE_BYTES)
		length = REPLAY_LINE_BYTES - 1;
	memcpy(line->text, at, length);
	line->text[length] = '\0';
}

struct reading {
	struct replay_script *script;
	enum command_result (*command)(const char *line, size_t length, struct command *command);
	int64_t *host; /* numbers of the driver's own lines since the port was opened */
	size_t host_count;
	int64_t highest;	      /* number that was there */
	char open[REPLAY_LINE_BYTES]; /* a line whose end has not come */
	size_t open_length;
};

static bool is_remark(const struct transcript_row *row, const char *begins)
{
	size_t length = strlen(begins);

	return row->kind == TRANSCRIPT_REMARK && row->length >= length &&
	       memcmp(row->bytes, begins, length) == 0;
}

static bool is_host_number(const struct reading *reading, int64_t number)
{
	for (size_t i = 0; i < reading->host_count; i++)
		if (reading->host[i] == number)
			return true;
	return false;
}

static bool renumbers(const struct transcript_row *row)
{
	return is_remark(row, "do open") ||
	       (row->kind == TRANSCRIPT_SENT && memmem(row->bytes, row->length, "M110 N", 6));
}

/* Those whose remarks stand between this row and the next new numbering: a line may be written
 * before or behind the remark of its number. */
static void read_hosts(
	struct reading *reading, const struct transcript_row *row, size_t count, size_t at)
{
	reading->host_count = 0;
	for (; at < count && !renumbers(&row[at]); at++) {
		char text[32];

		if (!is_remark(&row[at], "host ") || reading->host_count == HOSTS_MAX)
			continue;
		memset(text, 0, sizeof(text));
		memcpy(text, row[at].bytes,
			row[at].length < sizeof(text) ? row[at].length : sizeof(text) - 1);
		reading->host[reading->host_count++] = strtoll(text + 5, NULL, 10);
	}
}

/* Firmwares without line numbers: a file holds none of these. */
static bool is_question(const char *text)
{
	static const char *const words[] = { "M105", "M115", "M114", "M118", "M408", "M409", "?",
		"$", "!", "~" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strncmp(text, words[i], strlen(words[i])) == 0)
			return true;
	return text[0] == '\0';
}

static bool add(const struct reading *reading, const struct replay_line *line, size_t row)
{
	struct replay_script *script = reading->script;
	struct command command;

	if (reading->command(line->text, strlen(line->text), &command) != COMMAND_SEND)
		return true;
	if (script->count == script->room) {
		size_t room = script->room ? script->room * 2 : FIRST_ROOM;
		void *commands = realloc(script->command, room * sizeof(*script->command));
		void *rows = realloc(script->row, room * sizeof(*script->row));

		script->command = commands ? commands : script->command;
		script->row = rows ? rows : script->row;
		if (!commands || !rows)
			return false;
		script->room = room;
	}
	memcpy(script->command[script->count], command.text, sizeof(command.text));
	script->row[script->count++] = row;
	return true;
}

static bool take_line(struct reading *reading, size_t row)
{
	struct replay_line line;

	replay_line_read(&line, reading->open, reading->open_length);
	reading->open_length = 0;
	if (strncmp(line.text, "M110", 4) == 0) {
		const char *number = strchr(line.text, 'N');

		reading->highest = number ? strtoll(number + 1, NULL, 10) : line.number;
		return true;
	}
	if (line.number < 0)
		return is_question(line.text) || reading->highest >= 0 || add(reading, &line, row);
	if (line.number <= reading->highest)
		return true;
	/* A number out of order is a question for the printer's counter. */
	if (reading->highest >= 0 && line.number != reading->highest + 1)
		return true;
	reading->highest = line.number;
	return is_host_number(reading, line.number) || add(reading, &line, row);
}

static bool take_sent(struct reading *reading, const struct transcript_row *row, size_t at)
{
	for (size_t i = 0; i < row->length; i++) {
		if (row->bytes[i] != '\n') {
			if (reading->open_length < sizeof(reading->open))
				reading->open[reading->open_length++] = row->bytes[i];
		} else if (!take_line(reading, at)) {
			return false;
		}
	}
	return true;
}

bool replay_script_read(struct replay_script *script, const struct transcript_row *row,
	size_t count,
	enum command_result (*command)(const char *line, size_t length, struct command *command))
{
	struct reading reading = { .script = script, .command = command, .highest = -1 };
	bool good;

	memset(script, 0, sizeof(*script));
	reading.host = malloc(HOSTS_MAX * sizeof(*reading.host));
	good = reading.host != NULL;
	for (size_t i = 0; i < count && good; i++) {
		if (renumbers(&row[i]))
			read_hosts(&reading, row, count, i + 1);
		if (is_remark(&row[i], "do open")) {
			reading.highest = -1;
			reading.open_length = 0;
		} else if (row[i].kind == TRANSCRIPT_SENT) {
			good = take_sent(&reading, &row[i], i);
		}
	}
	free(reading.host);
	return good;
}

void replay_script_finish(struct replay_script *script)
{
	free(script->command);
	free(script->row);
}

void replay_script_begin(
	struct replay_script *script, const struct transcript_row *row, size_t count, size_t at)
{
	size_t last = at + 1;

	while (last < count && !is_remark(&row[last], "do job") &&
		!is_remark(&row[last], "do open"))
		last++;
	for (script->at = 0; script->at < script->count && script->row[script->at] <= at;)
		script->at++;
	for (script->end = script->at;
		script->end < script->count && script->row[script->end] < last;)
		script->end++;
}

const char *replay_script_next(struct replay_script *script)
{
	return script->at < script->end ? script->command[script->at++] : NULL;
}
