/* `printfarm report`: where the hours went, what was made, and what would have made more. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/promises.h"
#include "cli/words.h"

#include <string.h>

/* Where hours go, and over what they stand in the table. */
static const struct {
	const char *key, *title;
} hours[] = {
	{ "printing_s", "PRINTING" },
	{ "clearing_s", "TO CLEAR" },
	{ "spool_s", "SPOOL" },
	{ "fault_s", "FAULT" },
	{ "offline_s", "OFFLINE" },
	{ "out_s", "OUT" },
	{ "closed_s", "CLOSED" },
	{ "idle_s", "IDLE" },
};
enum { HOURS = sizeof hours / sizeof *hours, DATE_MAX = 32 };

static const struct {
	const char *key, *words;
} more[] = {
	{ "at_once", "beds cleared as soon as their prints were done" },
	{ "round", "one more round of clearing while the lab was closed" },
	{ "hour", "somebody staying an hour longer every day" },
	{ "unattended", "printers that might print alone" },
	{ "printer", "one more printer" },
	{ "spool", "one more spool of what was wanted and not in" },
};

static void cell_hours(struct table *table, const json_t *row, const char *key)
{
	double amount_h = words_number(row, key) / 3600;

	if (amount_h <= 0)
		table_cell(table, TABLE_PLAIN, "-");
	else
		table_cell(table, TABLE_PLAIN, "%.1f", amount_h);
}

static void hours_row(struct table *table, const char *name, const json_t *row)
{
	table_cell(table, TABLE_PLAIN, "%s", name);
	for (size_t i = 0; i < HOURS; i++)
		cell_hours(table, row, hours[i].key);
}

static void show_hours(const struct cli *cli, const json_t *report)
{
	struct table_column columns[HOURS + 2] = { { "PRINTER", false, TABLE_SHRINKS } };
	const json_t *row;
	size_t index;

	for (size_t i = 0; i < HOURS; i++)
		columns[i + 1] = (struct table_column){ hours[i].title, true, TABLE_FIXED };
	struct table *table = table_create(columns);

	json_array_foreach (json_object_get(report, "printers"), index, row)
		hours_row(table, words_text(row, "printer"), row);
	hours_row(table, "all", json_object_get(report, "all"));
	words_print_table(cli, table);
	table_destroy(table);
}

static void made_row(struct table *table, const char *name, const json_t *row)
{
	char text[WORDS_MAX];

	table_cell(table, TABLE_PLAIN, "%s", name);
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, row, "prints"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, row, "failed_prints"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, row, "good"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, row, "scrap"));
	table_cell(table, TABLE_PLAIN, "%s", words_amount(text, row, "filament_g", "g"));
}

static void show_made(const struct cli *cli, const json_t *report)
{
	static const struct table_column columns[] = {
		{ "PRINTER", false, TABLE_SHRINKS },
		{ "PRINTED", true, TABLE_FIXED },
		{ "FAILED", true, TABLE_FIXED },
		{ "GOOD", true, TABLE_FIXED },
		{ "SCRAP", true, TABLE_FIXED },
		{ "FILAMENT", true, TABLE_FIXED },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *row;
	size_t index;

	json_array_foreach (json_object_get(report, "printers"), index, row)
		made_row(table, words_text(row, "printer"), row);
	made_row(table, "all", json_object_get(report, "all"));
	words_print_table(cli, table);
	table_destroy(table);
}

static void show_hindsight(const struct cli *cli, const json_t *hindsight, bool is_late)
{
	const json_t *units = json_object_get(hindsight, "more_units");
	int64_t days = words_integer(hindsight, "days");

	if (is_late) {
		words_sentence(cli, 0, 2,
			"what would have made more was not found out: the farm has too much "
			"else to plan");
		return;
	}
	if (days == 0) {
		say(stdout, "there was nothing to print\n");
		return;
	}
	words_sentence(cli, 0, 2,
		"planned anew, %lld day%s would have made %lld units; and more with",
		(long long)days, days == 1 ? "" : "s",
		(long long)words_integer(hindsight, "units"));
	for (size_t i = 0; i < sizeof more / sizeof *more; i++)
		words_sentence(cli, 0, 10, "%+8lld  %s",
			(long long)words_integer(units, more[i].key), more[i].words);
}

static void show_report(const struct cli *cli, const json_t *report)
{
	char since[WORDS_MAX], until[WORDS_MAX];

	words_sentence(cli, 0, 2,
		"from %s to %s, in hours; CLOSED is what waited until somebody was there",
		words_time(since, report, "since_s"), words_time(until, report, "until_s"));
	show_hours(cli, report);
	say(stdout, "\n");
	show_made(cli, report);
	say(stdout, "\n");
	promises_show_kept(json_object_get(report, "promises"));
	show_hindsight(
		cli, json_object_get(report, "hindsight"), words_is_true(report, "hindsight_late"));
}

/* A date, a word for one, or seconds since 1970: the daemon knows better. */
static bool is_date(const char *text)
{
	return strspn(text, "0123456789-abcdefghijklmnopqrstuvwxyz") == strlen(text) &&
	       strlen(text) < DATE_MAX;
}

int command_report(struct cli *cli, int argc, char **argv)
{
	const char *since = "", *until = "";
	const struct args_option options[] = {
		{ "since", 0, ARGS_TEXT, &since, 0, 0 },
		{ "until", 0, ARGS_TEXT, &until, 0, 0 },
		{ 0 },
	};
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	if (status)
		return status;
	if (!is_date(since) || !is_date(until))
		return cli_usage_error(cli, "'%s' is no date (2026-11-27, yesterday, mon, -7d)",
			is_date(since) ? until : since);
	snprintf(path, sizeof path, "/api/v1/report?since=%s&until=%s", since, until);
	status = client_get(cli, path, &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_report(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}
