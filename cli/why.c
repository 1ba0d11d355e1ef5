/* `printfarm why`: every printer, every unmet condition. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <string.h>

static void why_printer(struct table *table, const json_t *printer)
{
	const json_t *unmet = json_object_get(printer, "unmet"), *condition;
	size_t index;

	if (json_array_size(unmet) == 0) {
		table_cell(table, TABLE_PLAIN, "%s", words_text(printer, "printer"));
		table_cell(table, TABLE_DIM, "%s", words_text(printer, "plate"));
		table_cell(table, TABLE_PLAIN, "-");
		table_cell(table, TABLE_GOOD, "nothing stands against it");
	}
	json_array_foreach(unmet, index, condition)
	{
		table_cell(table, TABLE_PLAIN, "%s", index ? "" : words_text(printer, "printer"));
		table_cell(table, TABLE_DIM, "%s", index ? "" : words_text(printer, "plate"));
		table_cell(table, TABLE_WARN, "%s", words_text(condition, "condition"));
		table_cell(table, TABLE_PLAIN, "%s", words_text(condition, "text"));
	}
}

static void show_why(const struct cli *cli, const json_t *why)
{
	static const struct table_column columns[] = {
		{ "PRINTER", false, false },
		{ "PLATE", false, true },
		{ "CONDITION", false, false },
		{ "WHY NOT", false, true },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *printer;
	size_t index;

	say(stdout, "job %lld is %s: %s\n", (long long)words_integer(why, "job"),
		words_state(words_text(why, "state")), words_text(why, "summary"));
	json_array_foreach(json_object_get(why, "printers"), index, printer)
		why_printer(table, printer);
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	table_destroy(table);
}

int command_why(struct cli *cli, int argc, char **argv)
{
	char path[CLIENT_PATH_MAX], printer[CLIENT_PATH_MAX], url[2 * CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 2, &count);

	if (status)
		return status;
	client_path(path, "jobs", argv[1], "why");
	client_path(printer, "", count > 1 ? argv[2] : "", NULL);
	snprintf(url, sizeof url, "%s%s%s", path, count > 1 ? "?printer=" : "",
		count > 1 ? strrchr(printer, '/') + 1 : "");
	url[CLIENT_PATH_MAX - 1] = '\0';
	status = client_get(cli, url, &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_why(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}
