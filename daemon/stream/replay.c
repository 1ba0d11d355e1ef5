#include "daemon/stream/replay.h"

#include "daemon/stream/replay_private.h"
#include "daemon/stream/signs.h"
#include "gcode/cnc.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

/* ---- reading it ------------------------------------------------------------------ */

static char *read_file(const char *path, size_t *length, struct error *error)
{
	FILE *file = fopen(path, "re");
	char *text = file ? malloc(FILE_MAX + 1) : NULL;

	if (!text) {
		error_set(error, "%s: %s", path, strerror(errno));
		if (file)
			fclose(file);
		return NULL;
	}
	*length = fread(text, 1, FILE_MAX, file);
	text[*length] = '\0';
	fclose(file);
	return text;
}

static int read_rows(struct replay *replay, char *text, size_t length, struct error *error)
{
	size_t room = 1;

	for (size_t i = 0; i < length; i++)
		room += text[i] == '\n';
	replay->row = calloc(room, sizeof(*replay->row));
	if (!replay->row) {
		error_set(error, "%s: no memory", replay->path);
		return -ENOMEM;
	}
	for (size_t at = 0; at < length;) {
		char *stop = memchr(text + at, '\n', length - at);
		size_t bytes = stop ? (size_t)(stop - text) - at : length - at;
		struct transcript_row *row = &replay->row[replay->count++];

		transcript_read(text + at, bytes, row);
		if (row->kind == TRANSCRIPT_BAD) {
			error_set(error,
				"%s:%zu: no row of a recording: seconds, one of < > #, and bytes",
				replay->path, replay->count);
			return -EINVAL;
		}
		at += bytes + 1;
	}
	return 0;
}

/* The first row that tells decides. */
static const char *guess_dialect(const struct replay *replay)
{
	for (size_t i = 0; i < replay->count; i++) {
		const struct transcript_row *row = &replay->row[i];
		const char *name = row->kind == TRANSCRIPT_RECEIVED
					   ? signs_dialect(row->bytes, row->length)
					   : NULL;

		if (name)
			return name;
	}
	return "marlin";
}

static double thousandths(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? (double)strtoll(at + strlen(key), NULL, 10) / 1000 : 0;
}

/* "do open DIALECT window=.. ..." of session_port.c. */
static void read_settings(
	struct replay *replay, struct driver_settings *settings, char dialect[DRIVER_NAME_MAX])
{
	for (size_t i = 0; i < replay->count; i++) {
		char text[LINE_BYTES];
		const char *at;

		if (replay->row[i].kind != TRANSCRIPT_REMARK)
			continue;
		snprintf(text, sizeof(text), "%.*s", (int)replay->row[i].length,
			replay->row[i].bytes);
		if (strncmp(text, "do open ", 8) != 0 && strncmp(text, "do adopt ", 9) != 0)
			continue;
		at = text + strcspn(text + 3, " ") + 4;
		snprintf(dialect, DRIVER_NAME_MAX, "%.*s", (int)strcspn(at, " "), at);
		settings->window_lines = (int32_t)(thousandths(text, " window=") * 1000);
		settings->baud = (int32_t)(thousandths(text, " baud=") * 1000);
		settings->can_reset_line = thousandths(text, " reset=") > 0;
		settings->meatpack = thousandths(text, " meatpack=") > 0;
		settings->kind = (enum driver_kind)(int)(thousandths(text, " kind=") * 1000);
		replay->link = (enum driver_link)(int)(thousandths(text, " link=") * 1000);
		settings->hotend_max_celsius = thousandths(text, " hotend=");
		settings->bed_max_celsius = thousandths(text, " bed=");
		settings->park_x_mm = thousandths(text, " park_x=");
		settings->park_y_mm = thousandths(text, " park_y=");
		settings->park_lift_mm = thousandths(text, " park_lift=");
		settings->hotend_standby_celsius = thousandths(text, " standby=");
		replay->report->own = true;
		return;
	}
}

static void conclude(struct replay *replay)
{
	struct replay_report *report = replay->report;

	for (size_t i = 0; report->own && i < replay->line_count; i++) {
		report->own_lines++;
		replay_differ(replay, "too much", replay->line[i].text);
	}
	report->rows = (int)replay->count;
	report->identity = *replay->dialect->identity(replay->driver);
	report->heaters = *replay->dialect->heaters(replay->driver);
	report->counters = *replay->dialect->counters(replay->driver);
	report->state = replay->dialect->state(replay->driver);
}

static enum command_result read_short(const char *line, size_t length, struct command *command)
{
	return command_from_line_within(line, length, NULL, DRIVER_SHORT_MAX, command);
}

static enum command_result read_long(const char *line, size_t length, struct command *command)
{
	return command_from_line_within(line, length, NULL, DRIVER_COMMAND_MAX, command);
}

static int run(struct replay *replay, const char *wanted, struct error *error)
{
	struct driver_settings settings = { .seed = 1 };
	char recorded[DRIVER_NAME_MAX] = "";
	const char *name;

	read_settings(replay, &settings, recorded);
	name = wanted ? wanted : recorded[0] ? recorded : guess_dialect(replay);
	replay->dialect = driver_dialect_find(name);
	if (!replay->dialect) {
		error_set(error, "there is no dialect %s", name);
		return -EINVAL;
	}
	replay->report->dialect = replay->dialect;
	if (!replay_script_read(&replay->script, replay->row, replay->count,
		    replay->dialect->programs				? cnc_manual
		    : replay->dialect->command_bytes > DRIVER_SHORT_MAX ? read_long
									: read_short)) {
		error_set(error, "%s: no memory", replay->path);
		return -ENOMEM;
	}
	replay->driver = replay->dialect->create(&settings);
	if (!replay->driver) {
		error_set(error, "no memory");
		return -ENOMEM;
	}
	replay->wake_us = DRIVER_NEVER;
	replay->now_us = replay->shift_us = 1000000;
	replay->probing = replay->report->own;
	if (!replay->report->own)
		replay_open_port(replay);
	replay_play(replay);
	conclude(replay);
	replay->dialect->destroy(replay->driver);
	return 0;
}

int replay_file(const char *path, const char *dialect, FILE *out, struct replay_report *report,
	struct error *error)
{
	struct replay *replay = calloc(1, sizeof(*replay));
	size_t length = 0;
	char *text = replay ? read_file(path, &length, error) : NULL;
	int result;

	memset(report, 0, sizeof(*report));
	if (!text) {
		free(replay);
		return -ENOENT;
	}
	replay->path = path;
	replay->report = report;
	replay->out = out;
	result = read_rows(replay, text, length, error);
	if (result == 0)
		result = run(replay, dialect, error);
	replay_script_finish(&replay->script);
	free(replay->row);
	free(replay);
	free(text);
	return result;
}

int replay_main(const char *path, const char *dialect)
{
	struct replay_report report;
	struct error error = { "" };
	int result = replay_file(path, dialect, stdout, &report, &error);

	if (result < 0) {
		fprintf(stderr, "printfarm-stream: %s\n", error.text);
		return result == -ENOENT ? EX_NOINPUT : EX_DATAERR;
	}
	printf("\n%s: %d rows, dialect %s, recorded by %s\n", path, report.rows,
		report.dialect->name, report.own ? "printfarm" : "another host");
	printf("  firmware          %s\n", report.identity.firmware);
	printf("  sent as recorded  %d lines\n", report.same);
	printf("  sent besides      %d lines, answered by a stand-in\n", report.own_lines);
	if (report.asked > 0)
		printf("  not replayed      %d lines that asked which firmware it is\n",
			report.asked);
	if (report.skipped > 0)
		printf("  not replayed      %d rows, see above\n", report.skipped);
	printf("  not sent          %d lines\n", report.unsent);
	printf("  asked to resend   %lld times\n", (long long)report.counters.resends);
	printf("  faults            %d, at the end %s\n", report.fault_count,
		driver_state_name(report.state));
	return report.own && (report.own_lines > 0 || report.unsent > 0);
}
