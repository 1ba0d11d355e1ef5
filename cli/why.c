/* `printfarm why`: every printer, every unmet condition. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/text.h"
#include "cli/words.h"

#include <string.h>

enum { INDENT = 15 };

/* Whole sentences, broken between words: here nothing may be cut away. */
static void say_sentence(const struct cli *cli, const char *text, size_t indent)
{
	size_t room = (size_t)cli->columns - indent;

	while (text_width(text) > room) {
		size_t next, bytes = text_fit_words(text, room, &next);

		say(stdout, "%.*s\n%*s", (int)bytes, text, (int)indent, "");
		text += next;
	}
	say(stdout, "%s\n", text);
}

static void why_printer(const struct cli *cli, const json_t *printer)
{
	const json_t *unmet = json_object_get(printer, "unmet"), *condition;
	const char *plate = words_text(printer, "plate");
	size_t index;

	say(stdout, "%s%s%s%s\n", words_text(printer, "printer"), *plate ? " (" : "", plate,
		*plate ? ")" : "");
	if (json_array_size(unmet) == 0)
		say(stdout, "  nothing stands against it\n");
	json_array_foreach (unmet, index, condition) {
		say(stdout, "  %-12.12s ", words_text(condition, "condition"));
		say_sentence(cli, words_text(condition, "text"), INDENT);
	}
}

static void show_why(const struct cli *cli, const json_t *why)
{
	const char *summary = words_text(why, "summary");
	const json_t *printer;
	size_t index;

	if (*summary)
		say_sentence(cli, summary, 0);
	else
		say(stdout, "job %lld is %s\n", (long long)words_integer(why, "job"),
			words_state(words_text(why, "state")));
	json_array_foreach (json_object_get(why, "printers"), index, printer)
		why_printer(cli, printer);
}

int command_why(struct cli *cli, int argc, char **argv)
{
	char path[CLIENT_PATH_MAX], printer[CLIENT_PATH_MAX], url[2 * CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 2, &count);

	if (status)
		return status;
	client_path(path, "jobs", argv[1], "why");
	client_path(printer, "", count > 1 ? argv[2] : "", NULL);
	snprintf(url, sizeof url, "%s%s%s", path, count > 1 ? "?printer=" : "",
		count > 1 ? strrchr(printer, '/') + 1 : "");
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
