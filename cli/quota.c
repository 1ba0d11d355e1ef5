/* `printfarm quota`: how much of the farm everybody has had, beside how much they may have. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <string.h>

/* "820 of 1000 g", or "820 g" where there is no limit. */
static void amount(struct table *table, const json_t *quota, const char *used, const char *most,
	const char *unit, int decimals)
{
	double had = json_number_value(json_object_get(quota, used));
	double limit = json_number_value(json_object_get(quota, most));
	bool is_reached = strcmp(words_text(quota, "reached"), most) == 0;
	enum table_style look = is_reached ? TABLE_BAD : TABLE_PLAIN;

	if (limit > 0)
		table_cell(table, look, "%.*f of %.*f%s", decimals, had, decimals, limit, unit);
	else
		table_cell(table, look, "%.*f%s", decimals, had, unit);
}

static void quota_row(struct table *table, const json_t *quota)
{
	char ends[WORDS_MAX];
	const char *project = words_text(quota, "project");

	table_cell(table, TABLE_PLAIN, "%s%s", *project ? "project " : "",
		*project ? project : words_text(quota, "user"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(quota, "per"));
	amount(table, quota, "used_grams", "grams", " g", 0);
	amount(table, quota, "used_hours", "hours", " h", 1);
	amount(table, quota, "used_units", "units", "", 0);
	table_cell(table, TABLE_PLAIN, "%s", words_time(ends, quota, "ends_s"));
}

static void print_quotas(const struct cli *cli, const json_t *quotas)
{
	static const struct table_column columns[] = {
		{ "WHO", false, TABLE_SHRINKS },
		{ "PER", false, TABLE_FIXED },
		{ "FILAMENT", true, TABLE_FIXED },
		{ "PRINT", true, TABLE_FIXED },
		{ "UNITS", true, TABLE_FIXED },
		{ "UNTIL", false, TABLE_FIXED },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *quota;
	size_t index;

	json_array_foreach (quotas, index, quota)
		quota_row(table, quota);
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	else
		say(stdout, "no quotas, or nobody has had anything yet\n");
	table_destroy(table);
}

int command_quota(struct cli *cli, int argc, char **argv)
{
	const struct args_option options[] = { { 0 } };
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	if (status == 0)
		status = client_get(cli, "/api/v1/quotas", &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		print_quotas(cli, words_items(answer.json));
	client_answer_finish(&answer);
	return CLI_DONE;
}
