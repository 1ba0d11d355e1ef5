/* `printfarm why`: every printer, every unmet condition. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <string.h>

enum { INDENT = 15 };

/* The command on the printer that goes on, for conditions whose words do not name one. */
static const struct {
	const char *condition, *command;
} remedies[] = {
	{ "material", "printer load" },
	{ "color", "printer load" },
	{ "grams", "printer load" },
	{ "by_hand", "printer show" },
	{ "offline", "printer show" },
};

static void why_condition(const struct cli *cli, const json_t *condition, const char *printer)
{
	const char *name = words_text(condition, "condition");

	say(stdout, "  %-12.12s ", name);
	for (size_t i = 0; i < sizeof remedies / sizeof *remedies; i++)
		if (strcmp(name, remedies[i].condition) == 0) {
			words_sentence(cli, INDENT, INDENT, "%s (printfarm %s %s)",
				words_text(condition, "text"), remedies[i].command, printer);
			return;
		}
	words_sentence(cli, INDENT, INDENT, "%s", words_text(condition, "text"));
}

static void why_printer(const struct cli *cli, const json_t *printer)
{
	const json_t *unmet = json_object_get(printer, "unmet"), *condition;
	const char *plate = words_text(printer, "plate");
	size_t index;

	words_sentence(cli, 0, 2, "%s%s%s%s", words_text(printer, "printer"), *plate ? " (" : "",
		plate, *plate ? ")" : "");
	if (json_array_size(unmet) == 0)
		say(stdout, "  nothing stands against it\n");
	json_array_foreach (unmet, index, condition)
		why_condition(cli, condition, words_text(printer, "printer"));
}

/* The words about it when the order is for another printer; NULL: it may be this one. */
static const char *other_printer_is_wanted(const json_t *printer)
{
	const json_t *condition;
	size_t index;

	json_array_foreach (json_object_get(printer, "unmet"), index, condition)
		if (strcmp(words_text(condition, "condition"), "printer") == 0)
			return words_text(condition, "text");
	return NULL;
}

static void show_why(const struct cli *cli, const json_t *why)
{
	const char *summary = words_text(why, "summary");
	const json_t *printer;
	size_t index;

	if (*summary)
		words_sentence(cli, 0, 0, "%s", summary);
	else
		say(stdout, "job %lld is %s\n", (long long)words_integer(why, "job"),
			words_state(words_text(why, "state")));
	const json_t *printers = json_object_get(why, "printers");
	const char *wish = NULL;
	size_t others = 0;

	json_array_foreach (printers, index, printer) {
		const char *text = other_printer_is_wanted(printer);

		if (text) {
			wish = text;
			others++;
		} else {
			why_printer(cli, printer);
		}
	}
	if (others == 1 || others == json_array_size(printers)) {
		json_array_foreach (printers, index, printer)
			if (other_printer_is_wanted(printer))
				why_printer(cli, printer);
	} else if (others > 0) {
		words_sentence(cli, 0, 2, "%zu others: %s", others, wish);
	}
}

/* The first job of an order that waits, else its first that has not ended. */
static int find_job(struct cli *cli, int64_t order, int64_t *job)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	const json_t *row;
	size_t index;

	snprintf(path, sizeof path, "/api/v1/jobs?order=%lld", (long long)order);
	int status = client_get(cli, path, &answer);

	if (status)
		return status;
	*job = 0;
	json_array_foreach (words_items(answer.json), index, row) {
		const char *state = words_text(row, "state");
		bool waits = strcmp(state, "queued") == 0 || strcmp(state, "held") == 0;

		if (waits || *job == 0)
			*job = words_integer(row, "id");
		if (waits)
			break;
	}
	client_answer_finish(&answer);
	if (*job > 0)
		return 0;
	cli_error("order %lld has no job that waits: 'printfarm order show %lld' says more",
		(long long)order, (long long)order);
	return CLI_REFUSED;
}

int command_why(struct cli *cli, int argc, char **argv)
{
	char path[CLIENT_PATH_MAX], printer[CLIENT_PATH_MAX], url[2 * CLIENT_PATH_MAX];
	char number[WORDS_MAX];
	struct client_answer answer;
	int64_t job;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 3, &count);

	if (status)
		return status;
	bool is_order = strcmp(argv[1], "order") == 0 && count > 1;
	int at = is_order ? 2 : 1;

	if (count > at + 1 || !args_read_number(argv[at], 1, INT64_MAX, &job))
		return cli_usage_error(cli,
			"'%s' is no job: its number is expected, or 'order' and the number of an "
			"order",
			argv[at]);
	if (is_order)
		status = find_job(cli, job, &job);
	if (status)
		return status;
	snprintf(number, sizeof number, "%lld", (long long)job);
	client_path(path, "jobs", number, "why");
	client_path(printer, "", count > at ? argv[at + 1] : "", NULL);
	snprintf(url, sizeof url, "%s%s%s", path, count > at ? "?printer=" : "",
		count > at ? strrchr(printer, '/') + 1 : "");
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
