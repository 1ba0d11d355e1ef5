/* What the night yields, and what is to be done before everybody leaves; see night.h. */
#include "cli/night.h"
#include "cli/client.h"
#include "cli/words.h"

enum { NAMES_MAX = 200, REST_MAX = 2000 };

static const struct client_request question = {
	.method = "GET",
	.path = "/api/v1/plan/night",
	.is_quiet = true,
};

/* "p1 p2 p3", cut where there are very many. */
static void names_of_gainers(const json_t *night, char names[NAMES_MAX])
{
	const json_t *printer;
	size_t index, used = 0;

	names[0] = '\0';
	json_array_foreach (json_object_get(night, "printers"), index, printer) {
		if (words_integer(printer, "units_if_unattended") <=
			words_integer(printer, "units"))
			continue;
		int length = snprintf(
			names + used, NAMES_MAX - used, " %s", words_text(printer, "printer"));

		if (length < 0 || used + (size_t)length >= NAMES_MAX) {
			names[used] = '\0';
			snprintf(names + NAMES_MAX - 5, 5, " ...");
			return;
		}
		used += (size_t)length;
	}
}

static void show_yield(const struct cli *cli, const json_t *night)
{
	int64_t more = words_integer(night, "units_if_unattended") - words_integer(night, "units");
	char opens[WORDS_MAX], names[NAMES_MAX];

	if (!words_is_true(night, "closes") || more <= 0)
		return;
	names_of_gainers(night, names);
	words_sentence(cli, 0, 2,
		"%s: the night would yield %lld unit%s more by %s if%s were allowed to print alone",
		words_is_true(night, "unattended_off") ? "unattended is off"
						       : "unattended is not allowed everywhere",
		(long long)more, more == 1 ? "" : "s", words_time(opens, night, "opens_s"), names);
}

void night_show_yield(struct cli *cli)
{
	struct client_answer answer = { 0 };

	if (client_try(cli, &question, &answer) == CLI_DONE)
		show_yield(cli, answer.json);
	client_answer_finish(&answer);
}

static void show_acts(const struct cli *cli, const json_t *night)
{
	static const struct table_column columns[] = {
		{ "WHEN", false, TABLE_FIXED },
		{ "GAINS", true, TABLE_FIXED },
		{ "PRINTER", false, TABLE_SHRINKS },
		{ "DO THIS", false, TABLE_WRAPS },
		{ 0 },
	};
	struct table *table = table_create(columns);
	char text[WORDS_MAX];
	const json_t *act;
	size_t index;

	json_array_foreach (json_object_get(night, "acts"), index, act) {
		if (words_integer(act, "units") == 0)
			continue;
		table_cell(table, TABLE_PLAIN, "%s",
			words_integer(act, "from_s") > 0 ? words_time(text, act, "from_s") : "now");
		table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(act, "units"));
		table_cell(table, TABLE_PLAIN, "%s", words_text(act, "printer"));
		table_cell(table, TABLE_PLAIN, "%s", words_text(act, "text"));
	}
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	else
		say(stdout, "nothing that is done now has more printed by then\n");
	table_destroy(table);
}

/* Good for the morning, and for nothing before. */
static void show_rest(const struct cli *cli, const json_t *night)
{
	char opens[WORDS_MAX], rest[REST_MAX] = "";
	const json_t *act;
	size_t index, used = 0;

	words_time(opens, night, "opens_s");
	json_array_foreach (json_object_get(night, "acts"), index, act) {
		if (words_integer(act, "units") > 0 || used >= sizeof rest)
			continue;
		used += (size_t)snprintf(rest + used, sizeof rest - used, "%s%s", used ? "; " : "",
			words_text(act, "text"));
	}
	if (rest[0])
		words_sentence(
			cli, 0, 2, "gains nothing before %s, but a start then: %s", opens, rest);
}

static void show_tonight(const struct cli *cli, const json_t *night)
{
	char closes[WORDS_MAX], opens[WORDS_MAX];
	int64_t units = words_integer(night, "units");

	if (!words_is_true(night, "closes")) {
		words_sentence(cli, 0, 2,
			"somebody is always here: no hours are configured, so nobody ever leaves "
			"(option hours)");
		return;
	}
	words_sentence(cli, 0, 2,
		"before you leave at %s; GAINS is what would be missing by %s without it",
		words_time(closes, night, "closes_s"), words_time(opens, night, "opens_s"));
	show_acts(cli, night);
	show_rest(cli, night);
	words_sentence(cli, 0, 2, "with all of that %lld unit%s will be printed by %s",
		(long long)units, units == 1 ? "" : "s", words_time(opens, night, "opens_s"));
	show_yield(cli, night);
}

int night_tonight(struct cli *cli)
{
	struct client_answer answer;
	int status = client_get(cli, question.path, &answer);

	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_tonight(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}
