/* What the commands of `printfarm` share: the options in front of them, exit codes, the table of
 * commands, sentences on the terminal.
 *
 * Everything that is shown passes say() or a table, which make foreign bytes harmless; what the
 * daemon answers is cleaned where it arrives (client.h). */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

enum cli_exit {
	CLI_DONE = 0,
	CLI_REFUSED = 1, /* by the farm; the reason is on stderr */
	CLI_USAGE = 64,
	CLI_BAD_FILE = 65,
	CLI_NO_FILE = 66,
	CLI_UNREACHABLE = 69, /* the daemon */
	CLI_TRY_AGAIN = 75,
	CLI_NOT_PERMITTED = 77,
	CLI_CONFIGURATION = 78,
};

enum { CLI_COMMAND_NAME_MAX = 64 };

struct cli;

struct command {
	const char *name;
	const char *usage; /* behind the name: "ORDER [-n UNITS]" */
	const char *what;  /* one line */
	const char *more;  /* for help COMMAND; may be NULL */
	/* argv[0] is the command's name.  NULL: `sub` says what can follow. */
	int (*run)(struct cli *cli, int argc, char **argv);
	const struct command *sub; /* ends with a row without a name */
};

struct cli {
	const char *socket; /* of printfarmd's API */
	bool json, quiet;
	bool is_terminal; /* standard output */
	bool has_color, has_utf8;
	int columns;				 /* of a table at most */
	char command_name[CLI_COMMAND_NAME_MAX]; /* "order show", for sentences */
	const struct command *command;
};

/* Alphabetical; ends with a row without a name. */
extern const struct command cli_commands[];

/* Finds `name` among rows; NULL: not there, and a sentence on stderr with what may have been
 * meant. */
const struct command *cli_find_command(
	const struct cli *cli, const struct command *rows, const char *name);

/* Runs argv[0] of these rows, down to the last word of a command with parts. */
int cli_run(struct cli *cli, const struct command *rows, int argc, char **argv);

/* Text for people: control bytes and broken UTF-8 are written as \xNN, a line's end stays. */
void say(FILE *to, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* "printfarm order show: ..." on stderr, and where to read on; returns CLI_USAGE. */
int cli_usage_error(const struct cli *cli, const char *format, ...)
	__attribute__((format(printf, 2, 3)));

/* "printfarm: ..." on stderr. */
void cli_error(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
