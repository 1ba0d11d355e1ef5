/* `printfarm design`: designs and their plates. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/upload.h"
#include "cli/words.h"
#include "gcode/decimal.h"

#include <stdlib.h>
#include <string.h>

enum { PLATES_MAX = 16, YIELD_MAX = 10000 };

/* Cuts off what stands behind the last `mark`, if it is a number. */
static void cut_number(char *word, char mark, int64_t high, int64_t *number)
{
	char *at = strrchr(word, mark);

	if (at && at > word && args_read_number(at + 1, 1, high, number))
		*at = '\0';
}

static int add_plate(struct cli *cli, const char *word, json_t *plates)
{
	json_t *stored = NULL;
	int64_t yield = 1, plate = 0;
	char *path = strdup(word);
	int status = CLI_TRY_AGAIN;

	/* "visors.3mf#2:4": the second plate of an archive, which holds four. */
	if (path) {
		cut_number(path, ':', YIELD_MAX, &yield);
		cut_number(path, '#', UPLOAD_PLATES_MAX, &plate);
		status = upload(cli, path, plate, &stored);
	}

	if (status == CLI_DONE)
		json_array_append_new(plates,
			json_pack("{s:s, s:s, s:I}", "sha256", words_text(stored, "sha256"), "name",
				words_text(stored, "name"), "yield", (json_int_t)yield));
	json_decref(stored);
	free(path);
	return status;
}

/* argv[1] is the name. */
static int add_design(struct cli *cli, char **argv, const struct args_list *chosen, bool revise)
{
	const struct args_list plates = *chosen;
	struct client_answer answer;
	int status = CLI_DONE;

	if (plates.count == 0 || plates.count > PLATES_MAX)
		return cli_usage_error(
			cli, "from 1 to %d times --plate FILE:YIELD is expected", (int)PLATES_MAX);

	json_t *list = json_array();
	for (size_t i = 0; i < plates.count && status == CLI_DONE; i++)
		status = add_plate(cli, plates.item[i], list);

	json_t *body =
		json_pack("{s:s, s:o, s:b}", "name", argv[1], "plates", list, "revise", revise);
	if (status == CLI_DONE && !body)
		status = cli_usage_error(cli, "the name is not UTF-8");
	if (status == CLI_DONE)
		status = client_create(cli, "/api/v1/designs", body, &answer);
	json_decref(body);
	if (status != CLI_DONE)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		words_sentence(cli, 0, 2, "design %s: %zu plate%s", words_text(answer.json, "name"),
			plates.count, plates.count == 1 ? "" : "s");
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_design_add(struct cli *cli, int argc, char **argv)
{
	struct args_list plates = { 0 };
	bool revise = false;
	const struct args_option options[] = {
		{ "plate", 0, ARGS_LIST, &plates, 0, 0 },
		{ "revise", 0, ARGS_FLAG, &revise, 0, 0 },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	return status ? status : add_design(cli, argv, &plates, revise);
}

int command_design_revise(struct cli *cli, int argc, char **argv)
{
	struct args_list plates = { 0 };
	const struct args_option options[] = {
		{ "plate", 0, ARGS_LIST, &plates, 0, 0 },
		{ 0 },
	};
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	/* A name with a slip of the finger would become a design of its own. */
	if (status == CLI_DONE)
		status = client_get(cli, client_path(path, "designs", argv[1], NULL), &answer);
	if (status != CLI_DONE)
		return status;
	client_answer_finish(&answer);
	return add_design(cli, argv, &plates, true);
}

/* Each material once. */
static void add_material(char *materials, size_t size, const char *material)
{
	size_t used = strlen(materials), length = strlen(material);
	const char *found = materials;

	while (length > 0 && (found = strstr(found, material)) != NULL) {
		if ((found == materials || found[-1] == ' ') &&
			(found[length] == '\0' || found[length] == ','))
			return;
		found += length;
	}
	if (length > 0)
		snprintf(materials + used, size - used, "%s%s", used > 0 ? ", " : "", material);
}

static void list_row(struct table *table, const json_t *design)
{
	const json_t *plates = json_object_get(design, "plates"), *plate;
	char yields[64] = "", materials[64] = "";
	size_t index;

	json_array_foreach (plates, index, plate) {
		size_t used = strlen(yields);

		snprintf(yields + used, sizeof yields - used, "%s%lld", index ? ", " : "",
			(long long)words_integer(plate, "yield"));
		add_material(materials, sizeof materials, words_text(plate, "material"));
	}
	table_cell(table, TABLE_PLAIN, "%s", words_text(design, "name"));
	table_cell(table, TABLE_PLAIN, "%zu", json_array_size(plates));
	table_cell(table, TABLE_PLAIN, "%s", yields);
	table_cell(table, TABLE_PLAIN, "%s", *materials ? materials : "-");
	table_cell(table, TABLE_DIM, "%.10s", words_text(design, "created_at"));
}

int command_design_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "DESIGN", false, TABLE_SHRINKS },
		{ "PLATES", true, TABLE_FIXED },
		{ "UNITS EACH", false, TABLE_SHRINKS },
		{ "MATERIAL", false, TABLE_SHRINKS },
		{ "SINCE", false, TABLE_FIXED },
		{ 0 },
	};
	struct client_answer answer;
	const json_t *design;
	size_t index;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 0, &count);

	if (status == 0)
		status = client_get(cli, "/api/v1/designs", &answer);
	if (status)
		return status;
	if (cli->json) {
		words_print_json(cli, answer.json);
	} else {
		struct table *table = table_create(columns);

		json_array_foreach (words_items(answer.json), index, design)
			list_row(table, design);
		if (table_rows(table) > 0)
			words_print_table(cli, table);
		else
			say(stdout, "no designs\n");
		table_destroy(table);
	}
	client_answer_finish(&answer);
	return CLI_DONE;
}

static double size_mm(const json_t *plate, size_t axis)
{
	return json_number_value(json_array_get(json_object_get(plate, "box_max_mm"), axis)) -
	       json_number_value(json_array_get(json_object_get(plate, "box_min_mm"), axis));
}

static void plate_row(struct table *table, const json_t *plate)
{
	const char *material = words_text(plate, "material");
	const char *machine = words_text(plate, "machine");
	char text[WORDS_MAX], metres[DECIMAL_TEXT_MAX];
	double seconds = words_number(plate, "time_s") + words_number(plate, "heat_s");

	table_cell(table, TABLE_PLAIN, "%s", words_text(plate, "file"));
	table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(plate, "yield"));
	table_cell(table, TABLE_PLAIN, "%s", words_duration_of(text, seconds));
	if (words_is_null(plate, "filament_g"))
		table_cell(table, TABLE_PLAIN, "%s m",
			decimal_write(metres, words_number(plate, "filament_mm") / 1000, 1));
	else
		table_cell(table, TABLE_PLAIN, "%s", words_amount(text, plate, "filament_g", "g"));
	table_cell(table, TABLE_PLAIN, "%s", *material ? material : "-");
	table_cell(table, TABLE_PLAIN, "%s", *machine ? machine : "-");
	if (words_is_null(plate, "box_max_mm"))
		table_cell(table, TABLE_PLAIN, "-");
	else
		table_cell(table, TABLE_PLAIN, "%d x %d x %d", (int)(size_mm(plate, 0) + 0.5),
			(int)(size_mm(plate, 1) + 0.5), (int)(size_mm(plate, 2) + 0.5));
}

static void say_approval(const struct cli *cli, const json_t *design)
{
	const json_t *approval = json_object_get(design, "approval");
	const char *signer = words_text(approval, "signer");
	const char *evidence = words_text(approval, "evidence");

	const char *content = words_text(design, "content_sha256");

	if (!json_is_object(approval))
		words_sentence(cli, 0, 2, "content %.12s, not approved", content);
	else if (words_is_true(approval, "valid"))
		words_sentence(cli, 0, 2, "content %.12s, approved by %s on %.10s%s%s%s%s", content,
			words_text(approval, "by"), words_text(approval, "approved_at"),
			*signer ? ", signed by " : "", signer, *evidence ? ": " : "", evidence);
	else
		words_sentence(cli, 0, 2, "content %.12s, approval revoked by %s on %.10s: %s",
			content, words_text(approval, "revoked_by"),
			words_text(approval, "revoked_at"), words_text(approval, "revoke_reason"));
}

static void revision_row(struct table *table, const json_t *revision)
{
	const char *state = words_text(revision, "state"), *by = words_text(revision, "by");
	bool is_open = strcmp(state, "not_approved") == 0;

	table_cell(table, TABLE_PLAIN, "%s", words_text(revision, "name"));
	table_cell(table,
		strcmp(state, "approved") == 0	? TABLE_GOOD
		: strcmp(state, "revoked") == 0 ? TABLE_BAD
						: TABLE_PLAIN,
		"%s%s%s", is_open ? "not approved" : state, is_open ? "" : " by ",
		is_open ? "" : by);
	table_cell(table, TABLE_DIM, "%.10s",
		is_open ? words_text(revision, "created_at") : words_text(revision, "state_at"));
	table_cell(table, TABLE_PLAIN, "%lld", (long long)words_integer(revision, "good"));
	table_cell(table, TABLE_DIM, "%.12s", words_text(revision, "content_sha256"));
	table_cell(table, TABLE_PLAIN, "%s", words_is_true(revision, "is_ordered") ? "yes" : "");
}

/* Of a design that has several. */
static void show_revisions(const struct cli *cli, const json_t *design)
{
	static const struct table_column columns[] = {
		{ "REVISION", false, TABLE_SHRINKS },
		{ "STATE", false, TABLE_SHRINKS },
		{ "SINCE", false, TABLE_FIXED },
		{ "GOOD", true, TABLE_FIXED },
		{ "CONTENT", false, TABLE_FIXED },
		{ "ORDERED", false, TABLE_FIXED },
		{ 0 },
	};
	const json_t *revisions = json_object_get(design, "revisions"), *revision;
	size_t index;

	if (json_array_size(revisions) < 2)
		return;
	struct table *table = table_create(columns);

	json_array_foreach (revisions, index, revision)
		revision_row(table, revision);
	say(stdout, "\n");
	words_print_table(cli, table);
	table_destroy(table);
}

int command_design_show(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "FILE", false, TABLE_SHRINKS },
		{ "UNITS", true, TABLE_FIXED },
		{ "TIME", true, TABLE_FIXED },
		{ "FILAMENT", true, TABLE_FIXED },
		{ "MATERIAL", false, TABLE_SHRINKS },
		{ "MACHINE", false, TABLE_SHRINKS },
		{ "SIZE (MM)", false, TABLE_FIXED },
		{ 0 },
	};
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	const json_t *plate;
	size_t index;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status == 0)
		status = client_get(cli, client_path(path, "designs", argv[1], NULL), &answer);
	if (status)
		return status;
	if (cli->json) {
		words_print_json(cli, answer.json);
	} else {
		struct table *table = table_create(columns);

		words_sentence(cli, 0, 2, "design %s, since %.10s", words_text(answer.json, "name"),
			words_text(answer.json, "created_at"));
		say_approval(cli, answer.json);
		json_array_foreach (json_object_get(answer.json, "plates"), index, plate)
			plate_row(table, plate);
		words_print_table(cli, table);
		table_destroy(table);
		show_revisions(cli, answer.json);
	}
	client_answer_finish(&answer);
	return CLI_DONE;
}
