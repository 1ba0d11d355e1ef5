/* `printfarm help`, and the sentences about wrong usage. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/text.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

void say(FILE *to, const char *format, ...)
{
	va_list arguments;
	char *text = NULL;

	va_start(arguments, format);
	int length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		return;

	char *clean = text_clean(text, true);

	if (clean)
		fputs(clean, to);
	free(clean);
	free(text);
}

__attribute__((format(printf, 2, 0))) static void say_prefixed(
	const char *prefix, const char *format, va_list arguments)
{
	char *text = NULL;

	if (vasprintf(&text, format, arguments) < 0)
		return;
	say(stderr, "printfarm%s%s: %s\n", *prefix ? " " : "", prefix, text);
	free(text);
}

void cli_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_prefixed("", format, arguments);
	va_end(arguments);
}

/* "order    orders: cancel, create, ..." in lines that fit. */
static void list_parts(FILE *to, const struct command *row)
{
	enum { LINE_MAX_COLUMNS = 78, INDENT = 13 };
	size_t used = INDENT + strlen(row->what) + 1;

	say(to, "  %-10s %s:", row->name, row->what);
	for (const struct command *part = row->sub; part->name; part++) {
		used += strlen(part->name) + 2;
		if (used > LINE_MAX_COLUMNS) {
			say(to, "\n%*s", INDENT - 1, "");
			used = INDENT + strlen(part->name) + 2;
		}
		say(to, " %s%s", part->name, part[1].name ? "," : "");
	}
	say(to, "\n");
}

/* Breaks before "[", never inside such a part. */
static void say_wrapped(FILE *to, size_t used, const char *words)
{
	enum { LINE_COLUMNS = 79, INDENT = 8 };

	while (*words) {
		const char *next = strstr(words, " [");
		size_t length = next ? (size_t)(next - words) : strlen(words);

		if (used + 1 + length > LINE_COLUMNS) {
			say(to, "\n%*s", INDENT - 1, "");
			used = INDENT - 1;
		}
		say(to, " %.*s", (int)length, words);
		used += 1 + length;
		words += length + (next != NULL);
	}
	say(to, "\n");
}

static void say_usage(FILE *to, const char *name, const struct command *command)
{
	static const char begin[] = "usage: printfarm ";

	say(to, "%s%s", begin, name);
	if (command->sub) {
		say(to, " COMMAND ...\n");
		list_parts(to, command);
	} else {
		say_wrapped(to, strlen(begin) + strlen(name), command->usage);
	}
}

int cli_usage_error(const struct cli *cli, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	say_prefixed(cli->command_name, format, arguments);
	va_end(arguments);
	if (cli->command)
		say_usage(stderr, cli->command_name, cli->command);
	else
		say(stderr, "'printfarm help' lists the commands.\n");
	return CLI_USAGE;
}

static void list_commands(const struct command *rows)
{
	for (const struct command *row = rows; row->name; row++) {
		if (row->sub)
			list_parts(stdout, row);
		else
			say(stdout, "  %-10s %s\n", row->name, row->what);
	}
}

static int help_overview(void)
{
	say(stdout, "usage: printfarm [--socket PATH] [--json] [-q] COMMAND ...\n\n");
	list_commands(cli_commands);
	say(stdout, "\n'printfarm help COMMAND' says more.  The socket is $PRINTFARM_SOCKET, or\n"
		    "/run/printfarm/api.sock.\n");
	return CLI_DONE;
}

int command_help(struct cli *cli, int argc, char **argv)
{
	const struct command *rows = cli_commands, *command = NULL;
	char name[CLI_COMMAND_NAME_MAX] = "";
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 2, &count);

	if (status)
		return status;
	if (count == 0)
		return help_overview();
	cli->command_name[0] = '\0';
	for (int i = 1; i <= count; i++) {
		size_t length = strlen(name);

		command = rows ? cli_find_command(cli, rows, argv[i]) : NULL;
		if (!command)
			return CLI_USAGE;
		snprintf(name + length, sizeof name - length, "%s%s", i > 1 ? " " : "",
			command->name);
		snprintf(cli->command_name, sizeof cli->command_name, "%s", name);
		rows = command->sub;
		if (!rows)
			break;
	}
	say_usage(stdout, name, command);
	if (!command->sub) {
		say(stdout, "%s.\n", command->what);
	} else {
		say(stdout, "\n");
		for (const struct command *row = command->sub; row->name; row++)
			say(stdout, "  %s %s\n      %s\n", row->name, row->usage, row->what);
	}
	if (command->more)
		say(stdout, "\n%s", command->more);
	return CLI_DONE;
}
