/* `printfarm printers`: printers as a table. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/printer_table.h"
#include "cli/words.h"

#include <string.h>

static const struct table_column printer_columns[] = {
	{ "PRINTER", false, TABLE_SHRINKS },
	{ "STATE", false, TABLE_FIXED },
	{ "BED", false, TABLE_FIXED },
	{ "JOB", true, TABLE_FIXED },
	{ "LEFT", true, TABLE_FIXED },
	{ "HOTEND", true, TABLE_FIXED },
	{ "LOADED", false, TABLE_SHRINKS },
	{ "NOTE", false, TABLE_WRAPS },
	{ 0 },
};

enum { HEAT_OLD_S = 15 }; /* an older reading says what was, not what is */

static int whole(double celsius)
{
	return celsius > -1000 && celsius < 1000
		       ? (int)(celsius < 0 ? celsius - 0.5 : celsius + 0.5)
		       : 0;
}

/* Of several the first that is on, else the first; NULL: none is told. */
static const json_t *find_hotend(const json_t *heaters)
{
	const json_t *row, *found = NULL;
	size_t index;

	json_array_foreach (heaters, index, row) {
		if (words_text(row, "name")[0] != 'T')
			continue;
		if (words_number(row, "target_celsius") > 0)
			return row;
		if (!found)
			found = row;
	}
	return found;
}

void printer_hotend(const json_t *printer, char *text, size_t size)
{
	const json_t *hotend = find_hotend(json_object_get(printer, "heaters"));
	int celsius;

	snprintf(text, size, "?");
	if (words_is_null(printer, "heaters_age_s") || !hotend)
		return;
	celsius = whole(words_number(hotend, "celsius"));
	if (words_number(printer, "heaters_age_s") > HEAT_OLD_S)
		snprintf(text, size, "%d?", celsius);
	else
		snprintf(text, size, "%d/%d", celsius,
			whole(words_number(hotend, "target_celsius")));
}

static const char *first_reason(const json_t *printer)
{
	const char *reason =
		json_string_value(json_array_get(json_object_get(printer, "not_ready"), 0));

	return reason ? reason : "";
}

/* The one thing that somebody should know, and the columns before do not say. */
static void note(const json_t *printer, struct table *table)
{
	const json_t *lock = json_object_get(printer, "lock");
	const char *reason = words_text(printer, "reason");
	bool is_idle = strcmp(words_text(printer, "activity"), "idle") == 0;
	char text[WORDS_MAX];

	if (json_is_object(lock))
		table_cell(table, TABLE_BAD, "locked: %s", words_text(lock, "text"));
	else if (json_is_object(json_object_get(printer, "quarantine")))
		table_cell(table, TABLE_BAD, "quarantine: %s",
			words_text(json_object_get(printer, "quarantine"), "text"));
	else if (!words_is_true(printer, "enabled"))
		table_cell(table, TABLE_WARN, "disabled");
	else if (*reason)
		table_cell(table, TABLE_WARN, "%s", reason);
	else if (words_integer(printer, "starts_in_s") > 0)
		table_cell(table, TABLE_PLAIN, "may start in %s",
			words_duration(text, printer, "starts_in_s"));
	else if (words_is_true(printer, "ready"))
		table_cell(table, TABLE_GOOD, "ready");
	else if (is_idle && strcmp(words_text(printer, "bed"), "empty") != 0)
		table_cell(table, TABLE_WARN, "clear it");
	else
		table_cell(table, TABLE_DIM, "%s", is_idle ? first_reason(printer) : "");
}

/* What it does, or that it is not there. */
static void state(const json_t *printer, struct table *table)
{
	const char *link = words_text(printer, "link");
	const char *activity = words_text(printer, "activity");
	char share[WORDS_MAX];

	if (strcmp(link, "online") != 0)
		table_cell(table, words_style(link), "%s", link);
	else if (strcmp(activity, "needs_attention") == 0)
		table_cell(table, words_style(activity), "attention");
	else if (!words_is_null(printer, "progress"))
		table_cell(table, words_style(activity), "%s %s", activity,
			words_share(share, printer, "progress"));
	else
		table_cell(table, words_style(activity), "%s", words_state(activity));
}

static void printer_row(struct table *table, const json_t *printer)
{
	const char *bed = words_text(printer, "bed");
	const char *material = words_text(printer, "material"),
		   *color = words_text(printer, "color");
	char text[WORDS_MAX];

	table_cell(table, TABLE_PLAIN, "%s", words_text(printer, "name"));
	state(printer, table);
	table_cell(table, words_style(bed), "%s", bed);
	table_cell(table, TABLE_PLAIN, "%s", words_count(text, printer, "job"));
	table_cell(table, TABLE_PLAIN, "%s", words_duration(text, printer, "eta_s"));
	printer_hotend(printer, text, sizeof text);
	table_cell(table, TABLE_PLAIN, "%s", text);
	table_cell(
		table, TABLE_PLAIN, "%s%s%s", *material ? material : "-", *color ? " " : "", color);
	note(printer, table);
}

void printer_table_print(const struct cli *cli, const json_t *printers)
{
	struct table *table = table_create(printer_columns);
	const json_t *printer;
	size_t index;

	json_array_foreach (printers, index, printer)
		printer_row(table, printer);
	if (table_rows(table) > 0)
		words_print_table(cli, table);
	else
		say(stdout, "no printers\n");
	table_destroy(table);
}

int command_printers(struct cli *cli, int argc, char **argv)
{
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 0, &count);

	if (status == 0)
		status = client_get(cli, "/api/v1/printers", &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		printer_table_print(cli, words_items(answer.json));
	client_answer_finish(&answer);
	return CLI_DONE;
}
