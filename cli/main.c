/* `printfarm`: the operator's command line.  Options, then the table of commands (commands.c). */
#include "cli/args.h"
#include "cli/commands.h"

#include <errno.h>
#include <langinfo.h> /* is the terminal UTF-8? */
#include <locale.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h> /* its width */
#include <unistd.h>    /* isatty */

enum { COLUMNS_MIN = 40, COLUMNS_USUAL = 80, COLUMNS_MAX = 160 };

static int terminal_columns(void)
{
	struct winsize size;

	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_col == 0)
		return COLUMNS_USUAL;
	if (size.ws_col < COLUMNS_MIN)
		return COLUMNS_MIN;
	return size.ws_col < COLUMNS_MAX ? size.ws_col : COLUMNS_MAX;
}

static void look_around(struct cli *cli)
{
	const char *socket = getenv("PRINTFARM_SOCKET"), *terminal = getenv("TERM");
	bool is_dumb = !terminal || strcmp(terminal, "dumb") == 0;

	cli->socket = socket && *socket ? socket : "/run/printfarm/api.sock";
	cli->is_terminal = isatty(STDOUT_FILENO);
	cli->has_color = cli->is_terminal && !is_dumb && !getenv("NO_COLOR");
	cli->has_utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	cli->columns = cli->is_terminal ? terminal_columns() : COLUMNS_USUAL;
}

/* "printfarm order show --help" is "printfarm help order show". */
static bool wants_help(int argc, char **argv)
{
	for (int i = 0; i < argc && strcmp(argv[i], "--") != 0; i++)
		if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
			return true;
	return false;
}

static int help_about(struct cli *cli, int argc, char **argv)
{
	char *words[] = { "help", NULL, NULL };
	int count = 1, at = 1;

	for (; at < argc && argv[at][0] == '-'; at++)
		if (strcmp(argv[at], "--socket") == 0)
			at++;
	for (; at < argc && count < 3 && argv[at][0] != '-'; at++)
		words[count++] = argv[at];
	/* Only a command with parts has a second word; anything else there is an operand. */
	for (const struct command *row = cli_commands; count == 3 && row->name; row++)
		if (strcmp(row->name, words[1]) == 0 && !row->sub)
			count = 2;
	return cli_run(cli, cli_commands, count, words);
}

/* What was written may still not have arrived: a full disk.  A reader that has gone (head) has had
 * what it wanted. */
static int end(int status)
{
	if (fflush(stdout) != 0 && errno != EPIPE && status == CLI_DONE) {
		cli_error("the answer could not be written");
		return CLI_REFUSED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct cli cli = { 0 };
	int at = 1;

	/* Letters only: numbers and dates stay as they are everywhere. */
	setlocale(LC_CTYPE, "");
	signal(SIGPIPE, SIG_IGN);
	look_around(&cli);
	if (argc > 1 && strcmp(argv[1], "--version") == 0)
		argv[1] = "version";
	if (wants_help(argc, argv))
		return end(help_about(&cli, argc, argv));

	int status = args_parse_front(&cli, argc, argv, &at);

	if (status)
		return status;
	if (at >= argc) {
		char *words[] = { "help", NULL };

		cli_run(&cli, cli_commands, 1, words);
		return end(CLI_USAGE);
	}
	return end(cli_run(&cli, cli_commands, argc - at, argv + at));
}
