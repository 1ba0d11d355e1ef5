/* `printfarm job`: one job, its attempts, and what a person decides about it. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <string.h>

enum { UNITS_MAX = 10000 };

static void attempt_row(struct table *table, const json_t *attempt)
{
	const char *state = words_text(attempt, "state"), *reason = words_text(attempt, "reason");
	const char *fault = words_text(attempt, "fault");
	char text[WORDS_MAX];

	table_cell(table, TABLE_DIM, "%.8s", words_text(attempt, "id"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(attempt, "printer"));
	table_cell(table, words_style(state), "%s", state);
	table_cell(table, TABLE_PLAIN, "%s", words_moment(text, attempt, "started_at"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, attempt, "commands_done"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, attempt, "resends"));
	table_cell(table, TABLE_PLAIN, "%s", words_amount(text, attempt, "starved_s", "s"));
	table_cell(table, TABLE_PLAIN, "%s", *reason ? reason : strcmp(fault, "none") ? fault : "");
}

static void show_attempts(const struct cli *cli, const json_t *attempts)
{
	static const struct table_column columns[] = {
		{ "ATTEMPT", false, TABLE_FIXED },
		{ "PRINTER", false, TABLE_SHRINKS },
		{ "STATE", false, TABLE_FIXED },
		{ "STARTED", false, TABLE_FIXED },
		{ "COMMANDS", true, TABLE_FIXED },
		{ "RESENDS", true, TABLE_FIXED },
		{ "STARVED", true, TABLE_FIXED },
		{ "REASON", false, TABLE_WRAPS },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *attempt;
	size_t index;

	json_array_foreach (attempts, index, attempt)
		attempt_row(table, attempt);
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	table_destroy(table);
}

static void show_job(const struct cli *cli, const json_t *job)
{
	const json_t *plate = json_object_get(job, "plate");
	const char *planned = words_text(job, "planned_printer");
	char start[WORDS_MAX], end[WORDS_MAX], text[WORDS_MAX];

	act_show_job(cli, job);
	words_row(cli, "order", "%lld (%s)", (long long)words_integer(job, "order"),
		words_text(job, "design"));
	if (json_is_object(plate))
		words_row(cli, "plate", "%s, %lld unit%s", words_text(plate, "file"),
			(long long)words_integer(plate, "yield"),
			words_integer(plate, "yield") == 1 ? "" : "s");
	if (*planned)
		words_row(cli, "planned", "on %s from %s to %s", planned,
			words_time(start, job, "planned_start_s"),
			words_time(end, job, "planned_end_s"));
	if (!words_is_null(job, "good"))
		say(stdout, "  %-10s %lld good, %lld scrap\n", "counted",
			(long long)words_integer(job, "good"),
			(long long)words_integer(job, "scrap"));
	if (!words_is_null(job, "progress"))
		say(stdout, "  %-10s %s, %s left\n", "progress", words_share(text, job, "progress"),
			words_duration(end, job, "eta_s"));
	say(stdout, "  %-10s %lld\n", "tries", (long long)words_integer(job, "tries"));
	show_attempts(cli, json_object_get(job, "attempts"));
}

int command_job_show(struct cli *cli, int argc, char **argv)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status == 0)
		status = client_get(cli, client_path(path, "jobs", argv[1], NULL), &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_job(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_job_cancel(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "jobs", "cancel", act_show_job);
}

int command_job_hold(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "jobs", "hold", act_show_job);
}

int command_job_release(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "jobs", "release", act_show_job);
}

int command_job_retry(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "jobs", "retry", act_show_job);
}

int command_job_redo(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "jobs", "redo", act_show_job);
}

int command_job_reassign(struct cli *cli, int argc, char **argv)
{
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 2, 2, &count);

	if (status)
		return status;
	json_t *body = json_pack("{s:s}", "printer", argv[2]);

	status = body ? act_on_each(cli, "jobs", "reassign", body, 1, argv + 1, act_show_job)
		      : cli_usage_error(cli, "the printer's name is not UTF-8");
	json_decref(body);
	return status;
}

int command_job_inspect(struct cli *cli, int argc, char **argv)
{
	int64_t good = -1, scrap = -1;
	const struct args_option options[] = {
		{ "good", 0, ARGS_NUMBER, &good, 0, UNITS_MAX },
		{ "scrap", 0, ARGS_NUMBER, &scrap, 0, UNITS_MAX },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	json_t *body = json_object();

	if (good >= 0)
		json_object_set_new(body, "good", json_integer(good));
	if (scrap >= 0)
		json_object_set_new(body, "scrap", json_integer(scrap));
	status = act_on_each(cli, "jobs", "inspect", body, 1, argv + 1, act_show_job);
	json_decref(body);
	return status;
}
