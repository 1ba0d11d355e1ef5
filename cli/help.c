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

static void say_prefixed(const char *prefix, const char *format, va_list arguments)
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

static void say_usage(FILE *to, const char *name, const struct command *command)
{
	if (command->sub) {
		say(to, "usage: printfarm %s", name);
		for (const struct command *row = command->sub; row->name; row++)
			say(to, "%s%s", row == command->sub ? " " : "|", row->name);
		say(to, " ...\n");
	} else {
		say(to, "usage: printfarm %s%s%s\n", name, *command->usage ? " " : "",
			command->usage);
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

/* "order    orders: cancel, create, ..." in lines that fit. */
static void list_parts(const struct command *row)
{
	enum { LINE_MAX_COLUMNS = 78, INDENT = 13 };
	size_t used = INDENT + strlen(row->what) + 1;

	say(stdout, "  %-10s %s:", row->name, row->what);
	for (const struct command *part = row->sub; part->name; part++) {
		used += strlen(part->name) + 2;
		if (used > LINE_MAX_COLUMNS) {
			say(stdout, "\n%*s", INDENT - 1, "");
			used = INDENT + strlen(part->name) + 2;
		}
		say(stdout, " %s%s", part->name, part[1].name ? "," : "");
	}
	say(stdout, "\n");
}

static void list_commands(const struct command *rows)
{
	for (const struct command *row = rows; row->name; row++) {
		if (row->sub)
			list_parts(row);
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
	say(stdout, "%s.\n", command->what);
	if (command->sub) {
		say(stdout, "\n");
		for (const struct command *row = command->sub; row->name; row++)
			say(stdout, "  %s %s\n      %s\n", row->name, row->usage, row->what);
	}
	if (command->more)
		say(stdout, "\n%s", command->more);
	return CLI_DONE;
}
