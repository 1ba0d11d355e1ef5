/* `printfarm record`: the production record of an order or a job. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/record_page.h"
#include "cli/words.h"

#include <string.h>

/* Adds the jobs of the pages behind `record`. */
static int get_rest(struct cli *cli, const char *path, json_t *record)
{
	int64_t next;

	while ((next = words_integer(record, "next")) > 0) {
		char url[CLIENT_PATH_MAX];
		struct client_answer answer;

		snprintf(url, sizeof url, "%.900s?after=%lld", path, (long long)next);
		int status = client_get(cli, url, &answer);

		if (status)
			return status;
		json_array_extend(
			json_object_get(record, "jobs"), json_object_get(answer.json, "jobs"));
		json_object_set(record, "next", json_object_get(answer.json, "next"));
		client_answer_finish(&answer);
	}
	return CLI_DONE;
}

/* "ORDER", "order ORDER" or "job JOB" -> the path; NULL: none of these. */
static const char *path_of(char path[CLIENT_PATH_MAX], int count, char **operand)
{
	if (count == 1)
		return client_path(path, "orders", operand[0], "record");
	if (strcmp(operand[0], "order") == 0)
		return client_path(path, "orders", operand[1], "record");
	if (strcmp(operand[0], "job") == 0)
		return client_path(path, "jobs", operand[1], "record");
	return NULL;
}

int command_record(struct cli *cli, int argc, char **argv)
{
	const char *html = NULL;
	const struct args_option options[] = {
		{ "html", 0, ARGS_TEXT, &html, 0, 0 },
		{ 0 },
	};
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 2, &count);

	if (status)
		return status;
	if (!path_of(path, count, argv + 1))
		return cli_usage_error(cli, "'%s' is neither 'order' nor 'job'", argv[1]);
	cli->json = !html;
	status = client_get(cli, path, &answer);
	if (status)
		return status;
	status = get_rest(cli, path, answer.json);
	if (status == CLI_DONE)
		status = html ? record_page_write(answer.json, html)
			      : words_print_json(cli, answer.json);
	client_answer_finish(&answer);
	return status;
}
