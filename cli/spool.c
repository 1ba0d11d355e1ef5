/* `printfarm spool`: filament on reels. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

enum { GRAMS_MAX = 20000 };

struct spool_options {
	const char *material, *color, *lot;
	int64_t grams;
};

#define SPOOL_OPTIONS(options)                                                                     \
	{ "material", 0, ARGS_TEXT, &(options)->material, 0, 0 },                                  \
		{ "color", 0, ARGS_TEXT, &(options)->color, 0, 0 },                                \
		{ "lot", 0, ARGS_TEXT, &(options)->lot, 0, 0 },                                    \
	{                                                                                          \
		"grams", 0, ARGS_NUMBER, &(options)->grams, 0, GRAMS_MAX                           \
	}

/* Only what was said. */
static json_t *spool_body(const struct spool_options *options)
{
	json_t *body = json_object();

	if (options->material)
		json_object_set_new(body, "material", json_string(options->material));
	if (options->color)
		json_object_set_new(body, "color", json_string(options->color));
	if (options->lot)
		json_object_set_new(body, "lot", json_string(options->lot));
	if (options->grams >= 0)
		json_object_set_new(body, "grams", json_integer(options->grams));
	return body;
}

static void show_spool(const struct cli *cli, const json_t *spool)
{
	const char *color = words_text(spool, "color"), *printer = words_text(spool, "printer");
	char grams[WORDS_MAX];

	const char *lot = words_text(spool, "lot");

	words_sentence(cli, 0, 2, "spool %lld: %s%s%s, %s left%s%s%s%s%s",
		(long long)words_integer(spool, "id"), words_text(spool, "material"),
		*color ? " " : "", color, words_amount(grams, spool, "grams_left", "g"),
		*lot ? ", lot " : "", lot, *printer ? ", in " : "", printer,
		words_is_true(spool, "retired") ? ", retired" : "");
}

int command_spool_add(struct cli *cli, int argc, char **argv)
{
	struct spool_options spool = { .grams = 1000 };
	const struct args_option options[] = { SPOOL_OPTIONS(&spool), { 0 } };
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	if (status)
		return status;
	if (!spool.material)
		return cli_usage_error(cli, "--material is missing: PLA, PETG, ...");
	json_t *body = spool_body(&spool);

	status = client_create(cli, "/api/v1/spools", body, &answer);
	json_decref(body);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_spool(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

static void spool_row(struct table *table, const json_t *spool)
{
	const char *lot = words_text(spool, "lot"), *printer = words_text(spool, "printer");
	char text[WORDS_MAX];

	table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(spool, "id"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(spool, "material"));
	table_cell(table, TABLE_PLAIN, "%s", words_text(spool, "color"));
	table_cell(table, TABLE_PLAIN, "%s", words_amount(text, spool, "grams_left", "g"));
	table_cell(table, TABLE_PLAIN, "%s", *lot ? lot : "-");
	table_cell(table, TABLE_PLAIN, "%s",
		words_is_true(spool, "retired") ? "(retired)"
		: *printer			? printer
						: "-");
}

static void print_spools(const struct cli *cli, const json_t *spools, bool all)
{
	static const struct table_column columns[] = {
		{ "SPOOL", true, TABLE_FIXED },
		{ "MATERIAL", false, TABLE_SHRINKS },
		{ "COLOR", false, TABLE_SHRINKS },
		{ "LEFT", true, TABLE_FIXED },
		{ "LOT", false, TABLE_SHRINKS },
		{ "PRINTER", false, TABLE_SHRINKS },
		{ 0 },
	};
	struct table *table = table_create(columns);
	const json_t *spool;
	size_t index;

	json_array_foreach (spools, index, spool)
		if (all || !words_is_true(spool, "retired"))
			spool_row(table, spool);
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	else
		say(stdout, "no spools\n");
	table_destroy(table);
}

int command_spool_list(struct cli *cli, int argc, char **argv)
{
	bool all = false;
	const struct args_option options[] = { { "all", 'a', ARGS_FLAG, &all, 0, 0 }, { 0 } };
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 0, 0, &count);

	if (status == 0)
		status = client_get(cli, "/api/v1/spools", &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		print_spools(cli, words_items(answer.json), all);
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_spool_set(struct cli *cli, int argc, char **argv)
{
	struct spool_options spool = { .grams = -1 };
	const struct args_option options[] = { SPOOL_OPTIONS(&spool), { 0 } };
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	json_t *body = spool_body(&spool);

	status = json_object_size(body) > 0
			 ? act_on_each(cli, "spools", "set", body, 1, argv + 1, show_spool)
			 : cli_usage_error(cli, "what is to be corrected?");
	json_decref(body);
	return status;
}

int command_spool_retire(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "spools", "retire", show_spool);
}
