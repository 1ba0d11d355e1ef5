/* What limits an order, and what would have it done in time; see advice.h. */
#include "cli/advice.h"
#include "cli/client.h"
#include "cli/words.h"

#include <string.h>

enum { ROWS_MAX = 8 };

/* What to call a limit, and what is done against it. */
static const struct {
	const char *limit, *words;
} limits[] = {
	{ "people", "people: beds wait to be cleared" },
	{ "hours", "hours: the lab is closed for part of the time" },
	{ "printers", "printers: there are too few that can make it" },
	{ "plastic", "plastic: the right spools are not in the printers" },
	{ "orders", "other orders, which go first" },
};

static void show_limit(const struct cli *cli, const json_t *advice)
{
	const json_t *limit = json_array_get(json_object_get(advice, "limits"), 0);
	char gain[WORDS_MAX];

	if (!limit && words_integer(advice, "promised_s") > 0)
		words_sentence(
			cli, 0, 2, "nothing limits it much but the time that its prints take");
	for (size_t i = 0; i < sizeof limits / sizeof *limits; i++)
		if (strcmp(words_text(limit, "limit"), limits[i].limit) == 0)
			words_sentence(cli, 0, 2, "limited most by %s (%s)", limits[i].words,
				words_duration(gain, limit, "gain_s"));
}

/* "orders late" matters only where there are some. */
static void show_changes(const struct cli *cli, const json_t *advice)
{
	const json_t *changes = json_object_get(advice, "changes");
	static const struct table_column columns[] = {
		{ "PROMISED", false, TABLE_FIXED },
		{ "IN TIME", false, TABLE_FIXED },
		{ "OTHERS LATE", true, TABLE_FIXED },
		{ "WHAT WOULD HELP, CHEAPEST FIRST", false, TABLE_WRAPS },
		{ 0 },
	};
	struct table *table = table_create(columns);
	char text[WORDS_MAX];
	const json_t *change;
	size_t index;

	/* What the others are to be compared with: an order keeps its first promise, while the
	 * present may have moved on. */
	if (json_array_size(changes) > 0 && words_integer(advice, "promised_s") > 0) {
		table_cell(table, TABLE_PLAIN, "%s", words_time(text, advice, "promised_s"));
		table_cell(table, TABLE_PLAIN, "no");
		table_cell(table, TABLE_PLAIN, "-");
		table_cell(table, TABLE_PLAIN, "(as things are now)");
	}
	json_array_foreach (changes, index, change) {
		int64_t late = words_integer(change, "others_late");

		if (table_rows(table) == ROWS_MAX)
			break;
		table_cell(table, TABLE_PLAIN, "%s", words_time(text, change, "promised_s"));
		table_cell(
			table, TABLE_PLAIN, "%s", words_is_true(change, "in_time") ? "yes" : "no");
		if (late > 0)
			table_cell(table, TABLE_WARN, "%lld", (long long)late);
		else
			table_cell(table, TABLE_PLAIN, "-");
		table_cell(table, TABLE_PLAIN, "%s", words_text(change, "text"));
	}
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	table_destroy(table);
}

static void show_cheapest(const struct cli *cli, const json_t *advice)
{
	const json_t *changes = json_object_get(advice, "changes");
	const json_t *cheapest = json_object_get(advice, "cheapest");
	int64_t units = words_integer(advice, "units"),
		in_time = words_integer(advice, "units_in_time");
	char due[WORDS_MAX], by[WORDS_MAX];

	if (words_integer(advice, "due_s") <= 0 || words_is_true(advice, "in_time"))
		return;
	words_time(due, advice, "due_s");
	if (json_is_integer(cheapest)) {
		const json_t *change =
			json_array_get(changes, (size_t)json_integer_value(cheapest));

		words_sentence(cli, 0, 2, "cheapest way to be in time for %s: %s, then %s", due,
			words_text(change, "text"), words_time(by, change, "promised_s"));
	} else {
		words_sentence(cli, 0, 2,
			"no single change has it done by %s, in 9 of 10 cases; %lld of %lld units "
			"would be printed by then",
			due, (long long)in_time, (long long)units);
	}
}

void advice_show(const struct cli *cli, const json_t *advice)
{
	if (!json_is_object(advice))
		return;
	show_limit(cli, advice);
	show_cheapest(cli, advice);
	if (!words_is_true(advice, "in_time"))
		show_changes(cli, advice);
}

static void ask(struct cli *cli, const struct client_request *request, json_t *into)
{
	struct client_answer answer = { 0 };
	int status = client_try(cli, request, &answer);

	json_object_set_new(into, "advice",
		status == CLI_DONE && answer.json ? json_incref(answer.json) : json_null());
	client_answer_finish(&answer);
}

void advice_of_order(struct cli *cli, json_t *order)
{
	char path[CLIENT_PATH_MAX], number[24];
	bool is_in_doubt = words_is_true(order, "late") || words_is_true(order, "at_risk") ||
			   words_is_null(order, "promised_s");

	snprintf(number, sizeof number, "%lld", (long long)words_integer(order, "id"));
	const struct client_request request = {
		.method = "GET",
		.path = client_path(path, "orders", number, "advice"),
		.is_quiet = true,
	};

	if (is_in_doubt && strcmp(words_text(order, "state"), "open") == 0 &&
		words_integer(order, "left") > 0)
		ask(cli, &request, order);
	else
		json_object_set_new(order, "advice", json_null());
}

void advice_of_wish(struct cli *cli, json_t *wish, json_t *quote)
{
	const struct client_request request = {
		.method = "POST",
		.path = "/api/v1/quote/advice",
		.body = wish,
		.is_quiet = true,
	};

	ask(cli, &request, quote);
}
