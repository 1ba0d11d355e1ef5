/* `printfarm printer`: one printer. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/words.h"
#include "gcode/decimal.h"

#include <string.h>

enum { COMMAND_BYTES_MAX = 1024 };

static void say_line(const char *title, const char *text)
{
	if (*text)
		say(stdout, "  %-10s %s\n", title, text);
}

static void show_heaters(const json_t *printer)
{
	const json_t *heaters = json_object_get(printer, "heaters"), *row;
	char now[DECIMAL_TEXT_MAX], target[DECIMAL_TEXT_MAX], age[WORDS_MAX];
	size_t index;

	if (words_is_null(printer, "heaters_age_s")) {
		say_line("heaters", "unknown");
		return;
	}
	say(stdout, "  %-10s", "heaters");
	json_array_foreach (heaters, index, row)
		say(stdout, "%s %s %s C (target %s C)", index ? "," : "", words_text(row, "name"),
			decimal_write(now, words_number(row, "celsius"), 1),
			decimal_write(target, words_number(row, "target_celsius"), 1));
	say(stdout, ", read %s ago\n", words_duration(age, printer, "heaters_age_s"));
}

static void show_loaded(const json_t *printer)
{
	const char *material = words_text(printer, "material"),
		   *color = words_text(printer, "color");
	char spool[WORDS_MAX];

	say(stdout, "  %-10s %s%s%s", "loaded", *material ? material : "nobody has said what",
		*color ? " " : "", color);
	if (!words_is_null(printer, "spool"))
		say(stdout, ", spool %s", words_count(spool, printer, "spool"));
	say(stdout, "\n");
}

static void show_sent(const struct cli *cli, const json_t *printer)
{
	const char *name = words_text(printer, "name");

	(void)cli;
	say(stdout, "%s: sent; 'printfarm printer log %s' shows what it says\n", name, name);
}

static void show_printer(const struct cli *cli, const json_t *printer)
{
	const json_t *lock = json_object_get(printer, "lock"), *tags, *tag;
	char text[WORDS_MAX], left[WORDS_MAX];
	size_t index;

	act_show_printer(cli, printer);
	if (json_is_object(lock))
		say(stdout, "  %-10s %s: %s\n", "locked", words_text(lock, "fault"),
			words_text(lock, "text"));
	if (!json_is_object(lock) ||
		strcmp(words_text(lock, "text"), words_text(printer, "reason")))
		say_line("reason", words_text(printer, "reason"));
	if (!words_is_null(printer, "job"))
		say(stdout, "  %-10s %s, %s done, %s left\n", "job",
			words_count(text, printer, "job"), words_share(left, printer, "progress"),
			words_duration((char[WORDS_MAX]){ 0 }, printer, "eta_s"));
	show_heaters(printer);
	show_loaded(printer);
	say_line("profile", words_text(printer, "profile"));
	say_line("firmware", words_text(printer, "firmware"));
	say_line("window", words_text(printer, "window"));
	say_line("machine", words_text(printer, "machine"));
	say_line("uuid", words_text(printer, "uuid"));
	say_line("port", words_text(printer, "port"));
	if (json_is_false(json_object_get(printer, "remote_stop")))
		say_line("stop",
			"no remote stop: M112 waits for its turn; only its switch stops it at "
			"once");
	if (strcmp(words_text(printer, "kind"), "printer") != 0)
		say_line("kind", words_text(printer, "kind"));
	say_line("unattended", words_text(printer, "unattended"));
	tags = json_object_get(printer, "tags");
	if (json_array_size(tags) > 0) {
		say(stdout, "  %-10s", "tags");
		json_array_foreach (tags, index, tag)
			say(stdout, " %s", json_string_value(tag) ? json_string_value(tag) : "");
		say(stdout, "\n");
	}
	say(stdout, "  %-10s %lld, %lld sent again\n", "lines",
		(long long)words_integer(printer, "lines_sent"),
		(long long)words_integer(printer, "resends"));
	flow_show(printer);
}

int command_printer_show(struct cli *cli, int argc, char **argv)
{
	char path[CLIENT_PATH_MAX];
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status == 0)
		status = client_get(cli, client_path(path, "printers", argv[1], NULL), &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_printer(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}

int command_printer_confirm(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "printers", "confirm", act_show_printer);
}

int command_printer_connect(struct cli *cli, int argc, char **argv)
{
	bool reset = false;
	const struct args_option options[] = {
		{ .name = "reset", .kind = ARGS_FLAG, .value = &reset },
		{ 0 },
	};
	json_t *body = NULL;
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, argc, &count);

	if (status)
		return status;
	if (reset)
		body = json_pack("{s:b}", "reset", 1);
	status = act_on_each(cli, "printers", "connect", body, count, argv + 1, act_show_printer);
	json_decref(body);
	return status;
}

int command_printer_disable(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "printers", "disable", act_show_printer);
}

int command_printer_enable(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "printers", "enable", act_show_printer);
}

/* Told is not done: what is shown may be the state before. */
static void show_pausing(const struct cli *cli, const json_t *printer)
{
	if (strcmp(words_text(printer, "activity"), "printing") == 0)
		say(stdout, "%s: is told to pause behind the lines that it has accepted\n",
			words_text(printer, "name"));
	else
		act_show_printer(cli, printer);
}

static void show_resuming(const struct cli *cli, const json_t *printer)
{
	if (strcmp(words_text(printer, "activity"), "paused") == 0)
		say(stdout, "%s: is told to go on; it heats first\n", words_text(printer, "name"));
	else
		act_show_printer(cli, printer);
}

int command_printer_pause(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "printers", "pause", show_pausing);
}

int command_printer_resume(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "printers", "resume", show_resuming);
}

int command_printer_unlock(struct cli *cli, int argc, char **argv)
{
	return act(cli, argc, argv, "printers", "unlock", act_show_printer);
}

int command_printer_load(struct cli *cli, int argc, char **argv)
{
	int64_t spool;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 2, 2, &count);

	if (status)
		return status;
	if (!args_read_number(argv[2], 0, INT64_MAX, &spool))
		return cli_usage_error(
			cli, "'%s' is no spool: its number is expected, or 0 for none", argv[2]);
	json_t *body = json_pack("{s:I}", "spool", (json_int_t)spool);

	status = act_on_each(cli, "printers", "load", body, 1, argv + 1, act_show_printer);
	json_decref(body);
	return status;
}

int command_printer_gcode(struct cli *cli, int argc, char **argv)
{
	char command[COMMAND_BYTES_MAX] = "";
	size_t used = 0;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 2, argc, &count);

	if (status)
		return status;
	for (int i = 2; i <= count && used < sizeof command; i++)
		used += (size_t)snprintf(
			command + used, sizeof command - used, "%s%s", i > 2 ? " " : "", argv[i]);
	json_t *body = used < sizeof command ? json_pack("{s:s}", "command", command) : NULL;

	status = body ? act_on_each(cli, "printers", "gcode", body, 1, argv + 1, show_sent)
		      : cli_usage_error(cli, "the command is too long, or not UTF-8");
	json_decref(body);
	return status;
}
