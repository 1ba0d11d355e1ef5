/* `printfarm plan`: who prints what, when. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/gantt.h"
#include "cli/night.h"
#include "cli/plan_instance.h"
#include "cli/plan_serve.h"
#include "cli/words.h"

#include <string.h>

static const struct table_column plan_columns[] = {
	{ "START", false, TABLE_FIXED },
	{ "END", false, TABLE_FIXED },
	{ "PRINTER", false, TABLE_SHRINKS },
	{ "JOB", true, TABLE_FIXED },
	{ "ORDER", true, TABLE_FIXED },
	{ "PLATE", false, TABLE_SHRINKS },
	{ "UNITS", true, TABLE_FIXED },
	{ "STATE", false, TABLE_FIXED },
	{ 0 },
};

static void plan_row(struct table *table, const json_t *item)
{
	const char *state = words_text(item, "state");
	char text[WORDS_MAX];

	table_cell(table, TABLE_PLAIN, "%s", words_time(text, item, "start_s"));
	table_cell(table, TABLE_PLAIN, "%s", words_time(text, item, "end_s"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(item, "printer"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, item, "job"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, item, "order"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(item, "plate"));
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, item, "yield"));
	table_cell(table, words_style(state), "%s", state);
}

/* The picture has a row for each printer, also where nothing is planned. */
static int draw_plan(struct cli *cli, const json_t *plan, const char *gantt)
{
	struct client_answer printers;
	int status = client_get(cli, "/api/v1/printers", &printers);

	if (status)
		return status;
	status = gantt_write(plan, printers.json, gantt);
	client_answer_finish(&printers);
	return status;
}

/* The numbers of open orders that want units and of which nothing is planned. */
static size_t find_unplanned(const json_t *plan, const json_t *orders, int64_t *number, size_t max)
{
	json_t *planned = json_object();
	const json_t *row;
	size_t index, count = 0;
	char key[WORDS_MAX];

	json_array_foreach (words_items(plan), index, row)
		if (strcmp(words_text(row, "state"), "planned") == 0)
			json_object_set_new(planned, words_count(key, row, "order"), json_true());
	json_array_foreach (words_items(orders), index, row) {
		if (strcmp(words_text(row, "state"), "open") != 0 ||
			words_integer(row, "left") <= 0 ||
			json_object_get(planned, words_count(key, row, "id")))
			continue;
		if (count < max)
			number[count] = words_integer(row, "id");
		count++;
	}
	json_decref(planned);
	return count;
}

/* An order that cannot be planned is not in the table, and nobody would miss it. */
static void say_unplanned(struct cli *cli, const json_t *plan)
{
	enum { NAMED_MAX = 8 };
	struct client_answer orders;
	int64_t number[NAMED_MAX];
	char text[NAMED_MAX * 24] = "", more[48] = "";
	size_t used = 0;

	if (client_get(cli, "/api/v1/orders", &orders))
		return;
	size_t count = find_unplanned(plan, orders.json, number, NAMED_MAX);

	for (size_t i = 0; i < count && i < NAMED_MAX; i++)
		used += (size_t)snprintf(text + used, sizeof text - used, "%s%lld", i ? ", " : "",
			(long long)number[i]);
	if (count > NAMED_MAX)
		snprintf(more, sizeof more, " and %zu more", count - NAMED_MAX);
	if (count > 0)
		words_sentence(cli, 0, 2,
			"nothing is planned of order%s %s%s: printfarm why order %lld says why",
			count == 1 ? "" : "s", text, more, (long long)number[0]);
	client_answer_finish(&orders);
}

static int show_plan(struct cli *cli, const char *gantt)
{
	struct client_answer answer;
	const json_t *item;
	size_t index;
	int status = client_get(cli, "/api/v1/plan", &answer);

	if (status)
		return status;
	if (gantt) {
		status = draw_plan(cli, answer.json, gantt);
	} else if (cli->json) {
		words_print_json(cli, answer.json);
	} else {
		struct table *table = table_create(plan_columns);

		json_array_foreach (words_items(answer.json), index, item)
			plan_row(table, item);
		if (table_rows(table) > 0)
			words_print_table(cli, table);
		else
			say(stdout, "nothing is planned\n");
		table_destroy(table);
		say_unplanned(cli, answer.json);
	}
	client_answer_finish(&answer);
	if (status == CLI_DONE && !gantt && !cli->json)
		night_show_yield(cli);
	return status;
}

int command_plan(struct cli *cli, int argc, char **argv)
{
	struct plan_budget budget = { .moves = -1, .ms = -1, .seed = 1 };
	const char *instance = NULL, *gantt = NULL;
	bool serve = false, tonight = false;
	int count;
	const struct args_option options[] = {
		{ "instance", 0, ARGS_TEXT, &instance, 0, 0 },
		{ "gantt", 0, ARGS_TEXT, &gantt, 0, 0 },
		{ "serve", 0, ARGS_FLAG, &serve, 0, 0 },
		{ "tonight", 0, ARGS_FLAG, &tonight, 0, 0 },
		{ "budget-moves", 0, ARGS_NUMBER, &budget.moves, 0, INT64_MAX },
		{ "budget-ms", 0, ARGS_NUMBER, &budget.ms, 0, 86400000 },
		{ "seed", 0, ARGS_NUMBER, &budget.seed, 0, INT64_MAX },
		{ 0 },
	};
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	if (status)
		return status;
	if ((instance != NULL) + serve + tonight + (gantt != NULL) > 1)
		return cli_usage_error(cli, "one of --gantt, --tonight, --instance and --serve");
	if (budget.moves >= 0 && budget.ms >= 0)
		return cli_usage_error(cli, "either --budget-moves or --budget-ms");
	if (instance)
		return plan_instance(cli, instance, &budget);
	if (serve)
		return plan_serve(cli, &budget);
	return tonight ? night_tonight(cli) : show_plan(cli, gantt);
}
