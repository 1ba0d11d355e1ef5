/* `printfarm jobs`: jobs as a table. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <string.h>

static const struct table_column job_columns[] = {
	{ "JOB", true, TABLE_FIXED },
	{ "ORDER", true, TABLE_FIXED },
	{ "STATE", false, TABLE_FIXED },
	{ "PRINTER", false, TABLE_SHRINKS },
	{ "DONE", true, TABLE_FIXED },
	{ "LEFT", true, TABLE_FIXED },
	{ "PLATE", false, TABLE_SHRINKS },
	{ "REASON", false, TABLE_WRAPS },
	{ 0 },
};

static void job_row(struct table *table, const json_t *job)
{
	const char *state = words_text(job, "state"), *printer = words_text(job, "printer");
	const char *planned = words_text(job, "planned_printer");
	const char *plate = words_text(json_object_get(job, "plate"), "file");
	char text[WORDS_MAX];

	table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(job, "id"));
	table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(job, "order"));
	table_cell(table, words_style(state), "%s", words_state(state));
	if (*printer || !*planned)
		table_cell(table, TABLE_PLAIN, "%s", *printer ? printer : "-");
	else
		table_cell(table, TABLE_DIM, "(%s %s)", planned,
			words_time(text, job, "planned_start_s"));
	table_cell(table, TABLE_PLAIN, "%s", words_share(text, job, "progress"));
	table_cell(table, TABLE_PLAIN, "%s", words_duration(text, job, "eta_s"));
	if (*plate)
		table_cell(table, TABLE_PLAIN, "%s", plate);
	else
		table_cell(table, TABLE_DIM, "(%s)", words_text(job, "design"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(job, "reason"));
}

static void print_jobs(const struct cli *cli, const json_t *jobs)
{
	struct table *table = table_create(job_columns);
	const json_t *job;
	size_t index;

	json_array_foreach (jobs, index, job)
		job_row(table, job);
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	else
		say(stdout, "no jobs\n");
	table_destroy(table);
}

/* Only those of one order; 0: all.  A new array. */
static json_t *of_order(const json_t *jobs, int64_t order)
{
	json_t *kept = json_array();
	json_t *job;
	size_t index;

	json_array_foreach (jobs, index, job)
		if (order == 0 || words_integer(job, "order") == order)
			json_array_append(kept, job);
	return kept;
}

int command_jobs(struct cli *cli, int argc, char **argv)
{
	bool all = false;
	int64_t order = 0;
	const struct args_option options[] = {
		{ "all", 'a', ARGS_FLAG, &all, 0, 0 },
		{ "order", 0, ARGS_NUMBER, &order, 1, INT64_MAX },
		{ 0 },
	};
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	if (status == 0)
		status = client_get(cli, all ? "/api/v1/jobs?all=1" : "/api/v1/jobs", &answer);
	if (status)
		return status;
	json_t *jobs = of_order(words_items(answer.json), order);

	if (cli->json)
		words_print_json(cli, jobs);
	else
		print_jobs(cli, jobs);
	json_decref(jobs);
	client_answer_finish(&answer);
	return CLI_DONE;
}
