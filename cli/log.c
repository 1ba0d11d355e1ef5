/* `printfarm printer log`: the flight recorder of a printer, page by page. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <stdio.h>
#include <string.h>
#include <time.h> /* nanosleep */

enum { CURSOR_BYTES = 80, FOLLOW_MS = 300 };

/* A line is a text, or a text with its time. */
static void show_said(const json_t *line)
{
	const char *at = words_text(line, "at");

	if (json_is_string(line))
		say(stdout, "%s\n", json_string_value(line));
	else
		say(stdout, "%s%s%s\n", at, *at ? "  " : "", words_text(line, "text"));
}

static int show_all_said(struct cli *cli, const char *name)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	const json_t *line;
	size_t index;
	int status = client_get(cli, client_path(path, "printers", name, "log"), &answer);

	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else if (json_array_size(words_items(answer.json)) == 0)
		say(stdout, "nothing has been said\n");
	else
		json_array_foreach (words_items(answer.json), index, line)
			show_said(line);
	client_answer_finish(&answer);
	return CLI_DONE;
}

struct pages {
	struct cli *cli;
	const char *printer;
	bool follow;
	size_t rows; /* shown */
	char cursor[CURSOR_BYTES];
};

/* "   12.3456 < ok\\n" as an object: of one list, or a line each when there is no end. */
static void print_json_row(const struct pages *pages, const char *row)
{
	char direction;
	double seconds;
	int used = 0;

	if (sscanf(row, "%lf %c%n", &seconds, &direction, &used) != 2)
		return;
	json_t *object = json_pack("{s:f,s:s#,s:s}", "at_s", seconds, "direction", &direction, 1,
		"bytes", row + used + (row[used] == ' '));

	if (pages->rows > 0)
		fputs(pages->follow ? "\n" : ",\n", stdout);
	if (object)
		json_dumpf(object, stdout, JSON_COMPACT | JSON_REAL_PRECISION(12));
	json_decref(object);
}

static void show_page(struct pages *pages, const json_t *answer)
{
	const json_t *row;
	size_t index;

	json_array_foreach (words_items(answer), index, row) {
		const char *text = json_string_value(row) ? json_string_value(row) : "";

		if (pages->cli->json)
			print_json_row(pages, text);
		else
			say(stdout, "%s\n", text);
		pages->rows++;
	}
}

/* What there is now. */
static int show_pages(struct pages *pages)
{
	char path[CLIENT_PATH_MAX];
	bool more = true;

	while (more) {
		struct client_answer answer;
		size_t length;
		int status;

		client_path(path, "printers", pages->printer, "recording");
		length = strlen(path);
		if (pages->cursor[0])
			snprintf(path + length, sizeof path - length, "?after=%s", pages->cursor);
		status = client_get(pages->cli, path, &answer);
		if (status)
			return status;
		if (pages->cli->json && !pages->follow && !pages->cursor[0])
			fputs("[", stdout);
		show_page(pages, answer.json);
		more = words_is_true(answer.json, "more");
		snprintf(pages->cursor, CURSOR_BYTES, "%s", words_text(answer.json, "next"));
		client_answer_finish(&answer);
	}
	return CLI_DONE;
}

int command_printer_log(struct cli *cli, int argc, char **argv)
{
	static const struct timespec pause = { .tv_nsec = FOLLOW_MS * 1000000L };
	struct pages pages = { .cli = cli };
	bool said = false;
	const struct args_option options[] = {
		{ "follow", 'f', ARGS_FLAG, &pages.follow, 0, 0 },
		{ "said", 0, ARGS_FLAG, &said, 0, 0 },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	if (said)
		return show_all_said(cli, argv[1]);
	pages.printer = argv[1];
	do {
		status = show_pages(&pages);
		/* The reader may have gone. */
		if (fflush(stdout) != 0)
			break;
	} while (status == CLI_DONE && pages.follow && nanosleep(&pause, NULL) == 0);
	if (status == CLI_DONE && cli->json)
		fputs(pages.follow ? "\n" : "]\n", stdout);
	return status;
}
