/* Options and operands of a command; see args.h. */
#include "cli/args.h"
#include "base/nearest.h"

#include <errno.h>
#include <stdlib.h> /* strtoll */
#include <string.h>

enum { NAMES_MAX = 64 };

bool args_read_number(const char *text, int64_t low, int64_t high, int64_t *number)
{
	char *end;

	/* strtoll would skip blanks. */
	if (!(text[0] >= '0' && text[0] <= '9') && !(text[0] == '-' && text[1]))
		return false;
	errno = 0;
	long long value = strtoll(text, &end, 10);

	if (errno != 0 || *end || value < low || value > high)
		return false;
	*number = value;
	return true;
}

const char *args_suggest(const char *word, const char *const *names)
{
	struct nearest nearest = { .name = "" };

	for (size_t i = 0; names[i]; i++)
		nearest_offer(&nearest, word, names[i]);
	for (; *names; names++)
		if (strcmp(*names, nearest.name) == 0)
			return *names;
	return NULL;
}

/* ---- parsing -------------------------------------------------------------- */

struct parser {
	struct cli *cli;
	const struct args_option *options; /* the command's own */
	struct args_option common[4];
	int argc, at;
	char **argv;
};

static struct parser parser_of(
	struct cli *cli, const struct args_option *options, int argc, char **argv)
{
	return (struct parser){
		.cli = cli,
		.options = options,
		.common = { { "json", 0, ARGS_FLAG, &cli->json, 0, 0 },
			{ "quiet", 'q', ARGS_FLAG, &cli->quiet, 0, 0 },
			{ "socket", 0, ARGS_TEXT, &cli->socket, 0, 0 } },
		.argc = argc,
		.argv = argv,
	};
}

static const struct args_option *find_in(
	const struct args_option *row, const char *name, size_t length, char letter)
{
	for (; row && row->name; row++)
		if (letter ? row->letter == letter
			   : strlen(row->name) == length && strncmp(row->name, name, length) == 0)
			return row;
	return NULL;
}

static const struct args_option *find(
	const struct parser *parser, const char *name, size_t length, char letter)
{
	const struct args_option *row = find_in(parser->options, name, length, letter);

	return row ? row : find_in(parser->common, name, length, letter);
}

static int unknown(const struct parser *parser, const char *name, size_t length)
{
	const char *names[NAMES_MAX + 1];
	char word[NEAREST_NAME_MAX];
	size_t count = 0;

	for (const struct args_option *row = parser->options; row && row->name; row++)
		if (count < NAMES_MAX - 3)
			names[count++] = row->name;
	for (const struct args_option *row = parser->common; row->name; row++)
		names[count++] = row->name;
	names[count] = NULL;
	snprintf(word, sizeof word, "%.*s", (int)length, name);

	const char *meant = args_suggest(word, names);

	if (meant)
		return cli_usage_error(
			parser->cli, "there is no option --%s; did you mean --%s?", word, meant);
	return cli_usage_error(parser->cli, "there is no option --%s", word);
}

static int take_value(
	const struct parser *parser, const struct args_option *option, const char *value)
{
	struct args_list *list = option->value;

	switch (option->kind) {
	case ARGS_FLAG:
		*(bool *)option->value = true;
		return 0;
	case ARGS_TEXT:
		*(const char **)option->value = value;
		return 0;
	case ARGS_NUMBER:
		if (args_read_number(value, option->low, option->high, option->value))
			return 0;
		return cli_usage_error(parser->cli,
			"--%s: '%s' is not a whole number from %lld to %lld", option->name, value,
			(long long)option->low, (long long)option->high);
	case ARGS_LIST:
		if (list->count < ARGS_LIST_MAX) {
			list->item[list->count++] = value;
			return 0;
		}
		return cli_usage_error(
			parser->cli, "--%s: at most %d times", option->name, (int)ARGS_LIST_MAX);
	}
	return 0;
}

/* `attached` is what stands behind "=" or the letter; NULL: the next word is the value. */
static int take_option(
	struct parser *parser, const struct args_option *option, const char *attached)
{
	if (option->kind == ARGS_FLAG)
		return take_value(parser, option, NULL);
	if (!attached && parser->at + 1 >= parser->argc)
		return cli_usage_error(parser->cli, "--%s needs a value", option->name);
	return take_value(parser, option, attached ? attached : parser->argv[++parser->at]);
}

static int take_long(struct parser *parser, const char *word)
{
	const char *equals = strchr(word, '=');
	size_t length = equals ? (size_t)(equals - word) : strlen(word);
	const struct args_option *option = find(parser, word, length, 0);

	if (!option)
		return unknown(parser, word, length);
	if (equals && option->kind == ARGS_FLAG)
		return cli_usage_error(parser->cli, "--%s takes no value", option->name);
	return take_option(parser, option, equals ? equals + 1 : NULL);
}

static int take_short(struct parser *parser, const char *letters)
{
	for (; *letters; letters++) {
		const struct args_option *option = find(parser, NULL, 0, *letters);

		if (!option)
			return cli_usage_error(parser->cli, "there is no option -%.1s", letters);
		if (option->kind != ARGS_FLAG)
			return take_option(parser, option, letters[1] ? letters + 1 : NULL);
		take_value(parser, option, NULL);
	}
	return 0;
}

static bool is_option(const char *word)
{
	return word[0] == '-' && word[1] != '\0';
}

static int take_word(struct parser *parser, const char *word)
{
	return word[1] == '-' ? take_long(parser, word + 2) : take_short(parser, word + 1);
}

int args_parse(struct cli *cli, const struct args_option *options, int argc, char **argv,
	int *operand_count)
{
	struct parser parser = parser_of(cli, options, argc, argv);
	bool options_end = false;
	int count = 0;

	for (parser.at = 1; parser.at < argc; parser.at++) {
		char *word = argv[parser.at];
		int status = 0;

		if (!options_end && strcmp(word, "--") == 0)
			options_end = true;
		else if (options_end || !is_option(word))
			argv[++count] = word;
		else
			status = take_word(&parser, word);
		if (status)
			return status;
	}
	*operand_count = count;
	return 0;
}

/* The operand behind `count` others, by its name in the usage: "JOB [PRINTER] [-n UNITS]". */
static int missing(const struct cli *cli, int count)
{
	const char *word = cli->command && cli->command->usage ? cli->command->usage : "";
	size_t length;

	for (;; word += length + strspn(word + length, " ")) {
		length = strcspn(word, *word == '[' ? "]" : " ");
		if (*word == '[' || (*word >= 'A' && *word <= 'Z' && count-- > 0))
			continue;
		break;
	}
	while (length > 0 && word[length - 1] == '.')
		length--;
	if (length == 0 || *word == '-')
		return cli_usage_error(cli, "something is missing");
	return cli_usage_error(cli, "%.*s is missing", (int)length, word);
}

int args_parse_counted(struct cli *cli, const struct args_option *options, int argc, char **argv,
	int low, int high, int *operand_count)
{
	int count = 0;
	int status = args_parse(cli, options, argc, argv, &count);

	if (status)
		return status;
	if (count < low)
		return missing(cli, count);
	if (count > high)
		return cli_usage_error(cli, "'%s' is one word too many", argv[high + 1]);
	*operand_count = count;
	return 0;
}

int args_parse_front(struct cli *cli, int argc, char **argv, int *at)
{
	struct parser parser = parser_of(cli, NULL, argc, argv);

	for (parser.at = 1; parser.at < argc && is_option(argv[parser.at]); parser.at++) {
		if (strcmp(argv[parser.at], "--") == 0) {
			parser.at++;
			break;
		}
		int status = take_word(&parser, argv[parser.at]);

		if (status)
			return status;
	}
	*at = parser.at;
	return 0;
}
