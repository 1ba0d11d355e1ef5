/* Options and operands of a command, GNU style: options may stand before or after operands, "--"
 * ends them, "--name=value" and "-n4" are understood. */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "cli/cli.h"

enum { ARGS_LIST_MAX = 64 };

struct args_list {
	size_t count;
	const char *item[ARGS_LIST_MAX]; /* borrowed from argv */
};

enum args_kind {
	ARGS_FLAG,   /* bool */
	ARGS_TEXT,   /* const char * */
	ARGS_NUMBER, /* int64_t, whole, from low to high */
	ARGS_LIST,   /* struct args_list: the option may be repeated */
};

struct args_option {
	const char *name; /* without the dashes; NULL ends the rows */
	char letter;	  /* 0: none */
	enum args_kind kind;
	void *value; /* untouched when the option is not given */
	int64_t low, high;
};

/* Moves the operands to the front of argv and says how many there are (argv[0] is not one of
 * them: operands are argv[1] to argv[count]).  Understands --json, --quiet and --socket too.
 * Returns 0, or CLI_USAGE after a sentence on stderr. */
int args_parse(struct cli *cli, const struct args_option *options, int argc, char **argv,
	int *operand_count);

/* The same, for a command that takes at least `low` and at most `high` operands. */
int args_parse_counted(struct cli *cli, const struct args_option *options, int argc, char **argv,
	int low, int high, int *operand_count);

/* The options in front of the command: stops at the first operand, which becomes argv[*at]. */
int args_parse_front(struct cli *cli, int argc, char **argv, int *at);

/* A whole number and nothing else.  False: it is none, or out of range. */
bool args_read_number(const char *text, int64_t low, int64_t high, int64_t *number);

/* The name in names[] (ended by NULL) that was probably meant; NULL: none is near. */
const char *args_suggest(const char *word, const char *const *names);

#endif
