/* `printfarm order`: orders and their units. */
#include "cli/act.h"
#include "cli/advice.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/order_table.h"
#include "cli/promises.h"
#include "cli/wishes.h"
#include "cli/words.h"

#include <string.h>

int command_order_create(struct cli *cli, int argc, char **argv)
{
	struct wishes wishes = wishes_usual();
	const struct args_option options[] = { WISHES_OPTIONS(&wishes), { 0 } };
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	json_t *body = wishes_body(&wishes, argv[1]);

	status = body ? client_create(cli, "/api/v1/orders", body, &answer) : CLI_USAGE;
	json_decref(body);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		act_show_order(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

/* ---- tables --------------------------------------------------------------- */

static const struct table_column order_columns[] = {
	{ "ORDER", true, TABLE_FIXED },
	{ "DESIGN", false, TABLE_SHRINKS },
	{ "STATE", false, TABLE_FIXED },
	{ "GOOD", true, TABLE_FIXED },
	{ "OF", true, TABLE_FIXED },
	{ "SCRAP", true, TABLE_FIXED },
	{ "PRINTING", true, TABLE_FIXED },
	{ "LEFT", true, TABLE_FIXED },
	{ "PROMISED", false, TABLE_FIXED },
	{ "DUE", false, TABLE_FIXED },
	{ 0 },
};

static void cell_count(struct table *table, const json_t *order, const char *key)
{
	table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(order, key));
}

static void order_row(struct table *table, const json_t *order)
{
	const char *state = words_text(order, "state");
	bool is_open = strcmp(state, "open") == 0;
	char text[WORDS_MAX];

	cell_count(table, order, "id");
	table_cell(table, TABLE_PLAIN, "%s", words_text(order, "design"));
	table_cell(table, words_style(state), "%s", state);
	cell_count(table, order, "good");
	cell_count(table, order, "units");
	cell_count(table, order, "scrap");
	cell_count(table, order, "printing");
	cell_count(table, order, "left");
	table_cell(table, words_is_true(order, "late") ? TABLE_BAD : TABLE_PLAIN, "%s",
		is_open ? words_time(text, order, "promised_s") : "-");
	table_cell(table, TABLE_PLAIN, "%s", words_time(text, order, "due_s"));
}

void order_table_print(const struct cli *cli, const json_t *orders, bool all)
{
	struct table *table = table_create(order_columns);
	const json_t *order;
	size_t index;

	json_array_foreach (orders, index, order) {
		const char *state = words_text(order, "state");

		if (all || strcmp(state, "open") == 0 || strcmp(state, "held") == 0)
			order_row(table, order);
	}
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	else
		say(stdout, "no %sorders\n", all ? "" : "open ");
	table_destroy(table);
}

/* Only orders with this; the value is made fit for a URL as a path's part would be. */
static void add_query(char *path, size_t size, const char *key, const char *value)
{
	char encoded[CLIENT_PATH_MAX];
	size_t length = strlen(path);

	if (value)
		snprintf(path + length, size - length, "%c%s=%s", strchr(path, '?') ? '&' : '?',
			key, strrchr(client_path(encoded, "", value, NULL), '/') + 1);
}

int command_order_list(struct cli *cli, int argc, char **argv)
{
	bool all = false;
	const char *user = NULL, *project = NULL;
	const struct args_option options[] = {
		{ "all", 'a', ARGS_FLAG, &all, 0, 0 },
		{ "user", 0, ARGS_TEXT, &user, 0, 0 },
		{ "project", 0, ARGS_TEXT, &project, 0, 0 },
		{ 0 },
	};
	char path[3 * CLIENT_PATH_MAX] = "/api/v1/orders";
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	add_query(path, sizeof path, "user", user);
	add_query(path, sizeof path, "project", project);
	if (status == 0)
		status = client_get(cli, path, &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		order_table_print(cli, words_items(answer.json), all);
	client_answer_finish(&answer);
	return CLI_DONE;
}

/* ---- one order ------------------------------------------------------------ */

/* There may be thousands. */
static void show_jobs(const struct cli *cli, const json_t *jobs)
{
	enum { INDENT = 12 };
	const json_t *job;
	size_t index, used = INDENT;

	say(stdout, "  %-10s", "jobs");
	json_array_foreach (jobs, index, job) {
		char text[WORDS_MAX];
		int length =
			snprintf(text, sizeof text, " %lld", (long long)json_integer_value(job));

		if (used + (size_t)length > (size_t)cli->columns) {
			say(stdout, "\n%*s", INDENT, "");
			used = INDENT;
		}
		say(stdout, "%s", text);
		used += (size_t)length;
	}
	say(stdout, "\n");
}

/* "PETG, else PLA" */
static void show_choice(
	const struct cli *cli, const json_t *order, const char *title, const char *list)
{
	const json_t *word;
	char text[256] = "";
	size_t index, length = 0;

	json_array_foreach (json_object_get(order, list), index, word)
		if (json_is_string(word) && length < sizeof text)
			length += (size_t)snprintf(text + length, sizeof text - length, "%s%s",
				index ? ", else " : "", json_string_value(word));
	words_row(cli, title, "%s", text);
}

static void show_after(const struct cli *cli, const json_t *order)
{
	const json_t *id;
	char text[256] = "";
	size_t index, length = 0;

	json_array_foreach (json_object_get(order, "after"), index, id)
		if (length < sizeof text)
			length += (size_t)snprintf(text + length, sizeof text - length,
				"%sorder %lld", index ? ", " : "",
				(long long)json_integer_value(id));
	words_row(cli, "after", "%s", text);
}

static void show_deliveries(const struct cli *cli, const json_t *order)
{
	const json_t *row;
	char text[WORDS_MAX];
	size_t index;

	if (words_integer(order, "good") > 0)
		words_row(cli, "delivered", "%lld of %lld, %lld ready for delivery",
			(long long)words_integer(order, "delivered"),
			(long long)words_integer(order, "units"),
			(long long)words_integer(order, "ready"));
	json_array_foreach (json_object_get(order, "deliveries"), index, row) {
		const char *note = words_text(row, "note");

		words_row(cli, "", "%s: %lld by %s%s%s", words_time(text, row, "delivered_s"),
			(long long)words_integer(row, "units"), words_text(row, "user"),
			*note ? ": " : "", note);
	}
}

static void show_order(const struct cli *cli, const json_t *order)
{
	char text[WORDS_MAX], over[WORDS_MAX] = "";
	bool has_over = words_integer(order, "over") > 0;

	if (has_over)
		words_count(over, order, "over");
	words_sentence(cli, 0, 2, "order %lld: %lld x %s, %s",
		(long long)words_integer(order, "id"), (long long)words_integer(order, "units"),
		words_text(order, "design"), words_text(order, "state"));
	words_row(cli, "units",
		"%lld good, %lld scrap, %lld printed, %lld printing, %lld left%s%s%s",
		(long long)words_integer(order, "good"), (long long)words_integer(order, "scrap"),
		(long long)words_integer(order, "printed"),
		(long long)words_integer(order, "printing"),
		(long long)words_integer(order, "left"), has_over ? ", " : "", over,
		has_over ? " more than asked" : "");
	promises_show(cli, order);
	words_row(cli, "due", "%s", words_time(text, order, "due_s"));
	words_row(cli, "priority", "%lld", (long long)words_integer(order, "priority"));
	words_row(cli, "user", "%s", words_text(order, "user"));
	if (!words_is_null(order, "retries"))
		words_row(cli, "retries", "%lld of %lld used",
			(long long)words_integer(order, "retries_used"),
			(long long)words_integer(order, "retries"));
	else if (words_integer(order, "retries_used") > 0)
		words_row(cli, "retries", "%lld used",
			(long long)words_integer(order, "retries_used"));
	words_row(cli, "project", "%s", words_text(order, "project"));
	words_row(cli, "quota", "%s", words_text(order, "quota"));
	show_after(cli, order);
	show_choice(cli, order, "material", "materials");
	show_choice(cli, order, "color", "colors");
	words_row(cli, "printer", "%s", words_text(order, "printer"));
	words_row(cli, "tag", "%s", words_text(order, "tag"));
	show_deliveries(cli, order);
	show_jobs(cli, json_object_get(order, "jobs"));
	act_say_warnings(cli, order);
	promises_show_history(cli, order);
	if (json_is_object(json_object_get(order, "advice"))) {
		say(stdout, "\n");
		advice_show(cli, json_object_get(order, "advice"));
	}
}

int command_order_show(struct cli *cli, int argc, char **argv)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status == 0)
		status = client_get(cli, client_path(path, "orders", argv[1], NULL), &answer);
	if (status)
		return status;
	advice_of_order(cli, answer.json);
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_order(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_order_cancel(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "orders", "cancel", act_show_order);
}

int command_order_hold(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "orders", "hold", act_show_order);
}

int command_order_release(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "orders", "release", act_show_order);
}

static void show_delivered(const struct cli *cli, const json_t *order)
{
	words_sentence(cli, 0, 2,
		"order %lld (%s): %lld of %lld delivered, %lld more ready for delivery",
		(long long)words_integer(order, "id"), words_text(order, "design"),
		(long long)words_integer(order, "delivered"),
		(long long)words_integer(order, "units"), (long long)words_integer(order, "ready"));
}

int command_order_deliver(struct cli *cli, int argc, char **argv)
{
	const char *note = "";
	const struct args_option options[] = { { "note", 0, ARGS_TEXT, &note, 0, 0 }, { 0 } };
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int64_t units = 0;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 2, &count);

	if (status)
		return status;
	if (count > 1 && !args_read_number(argv[2], 1, WISHES_UNITS_MAX, &units))
		return cli_usage_error(
			cli, "'%s' is no number of units: 1 to %d", argv[2], WISHES_UNITS_MAX);
	json_t *body = json_pack("{s:s}", "note", note);

	if (!body) {
		cli_error("an option's text is not UTF-8");
		return CLI_USAGE;
	}
	if (units > 0)
		json_object_set_new(body, "units", json_integer(units));
	status = client_create(cli, client_path(path, "orders", argv[1], "deliver"), body, &answer);
	json_decref(body);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_delivered(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_order_reorder(struct cli *cli, int argc, char **argv)
{
	int64_t units = 0;
	const struct args_option options[] = {
		{ "units", 'n', ARGS_NUMBER, &units, 1, WISHES_UNITS_MAX },
		{ 0 },
	};
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	json_t *body = units > 0 ? json_pack("{s:I}", "units", (json_int_t)units) : json_object();

	status = client_create(cli, client_path(path, "orders", argv[1], "reorder"), body, &answer);
	json_decref(body);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		act_show_order(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

static bool set_text(json_t *body, const char *key, const char *text)
{
	if (!text || json_object_set_new(body, key, json_string(text)) == 0)
		return true;
	cli_error("an option's text is not UTF-8");
	return false;
}

int command_order_set(struct cli *cli, int argc, char **argv)
{
	int64_t units = -1, priority = -1, retries = -1;
	const char *due = NULL, *material = NULL, *color = NULL, *project = NULL, *after = NULL;
	const struct args_option options[] = {
		{ "units", 'n', ARGS_NUMBER, &units, 1, WISHES_UNITS_MAX },
		{ "priority", 0, ARGS_NUMBER, &priority, 0, WISHES_PRIORITY_MAX },
		{ "due", 0, ARGS_TEXT, &due, 0, 0 },
		{ "material", 0, ARGS_TEXT, &material, 0, 0 },
		{ "color", 0, ARGS_TEXT, &color, 0, 0 },
		{ "project", 0, ARGS_TEXT, &project, 0, 0 },
		{ "after", 0, ARGS_TEXT, &after, 0, 0 },
		{ "retries", 0, ARGS_NUMBER, &retries, 0, WISHES_RETRIES_MAX },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	json_t *body = json_object();

	if (units >= 0)
		json_object_set_new(body, "units", json_integer(units));
	if (priority >= 0)
		json_object_set_new(body, "priority", json_integer(priority));
	if (retries >= 0)
		json_object_set_new(body, "retries", json_integer(retries));
	/* "" takes the due date away. */
	if (due)
		json_object_set_new(body, "due", *due ? json_string(due) : json_null());
	if (!set_text(body, "material", material) || !set_text(body, "color", color) ||
		!set_text(body, "project", project) || !set_text(body, "after", after)) {
		json_decref(body);
		return CLI_USAGE;
	}
	status = json_object_size(body) > 0
			 ? act_on_each(cli, "orders", "set", body, 1, argv + 1, act_show_order)
			 : cli_usage_error(cli, "what is to be changed?");
	json_decref(body);
	return status;
}
