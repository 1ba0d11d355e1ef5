/* `printfarm printer`: one printer. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/flow.h"
#include "cli/upkeep.h"
#include "cli/words.h"
#include "gcode/decimal.h"

#include <string.h>

enum { COMMAND_BYTES_MAX = 1024, HEATERS_BYTES_MAX = 1024, TAGS_BYTES_MAX = 1024 };

static void show_heaters(const struct cli *cli, const json_t *printer)
{
	const json_t *heaters = json_object_get(printer, "heaters"), *row;
	char now[DECIMAL_TEXT_MAX], target[DECIMAL_TEXT_MAX], age[WORDS_MAX];
	char text[HEATERS_BYTES_MAX] = "";
	size_t index, used = 0;

	if (words_is_null(printer, "heaters_age_s")) {
		words_row(cli, "heaters", "unknown");
		return;
	}
	json_array_foreach (heaters, index, row) {
		int wrote = snprintf(text + used, sizeof text - used, "%s %.20s C (target %s C), ",
			words_text(row, "name"),
			decimal_write(now, words_number(row, "celsius"), 1),
			decimal_write(target, words_number(row, "target_celsius"), 1));

		if (wrote < 0 || (size_t)wrote >= sizeof text - used)
			break;
		used += (size_t)wrote;
	}
	text[used] = '\0';
	words_row(cli, "heaters", "%sread %s ago", text,
		words_duration(age, printer, "heaters_age_s"));
}

static void show_loaded(const struct cli *cli, const json_t *printer)
{
	const char *material = words_text(printer, "material"),
		   *color = words_text(printer, "color");
	char spool[WORDS_MAX] = "";

	if (!words_is_null(printer, "spool"))
		words_count(spool, printer, "spool");
	words_row(cli, "loaded", "%s%s%s%s%s", *material ? material : "nobody has said what",
		*color ? " " : "", color, *spool ? ", spool " : "", spool);
}

static void show_tags(const struct cli *cli, const json_t *printer)
{
	const json_t *tags = json_object_get(printer, "tags"), *tag;
	char text[TAGS_BYTES_MAX] = "";
	size_t index;

	json_array_foreach (tags, index, tag) {
		size_t used = strlen(text);

		snprintf(text + used, sizeof text - used, "%s%s", index ? " " : "",
			json_string_value(tag) ? json_string_value(tag) : "");
	}
	words_row(cli, "tags", "%s", text);
}

static void show_text(
	const struct cli *cli, const json_t *printer, const char *title, const char *key)
{
	words_row(cli, title, "%s", words_text(printer, key));
}

static void show_sent(const struct cli *cli, const json_t *printer)
{
	const char *name = words_text(printer, "name");

	(void)cli;
	say(stdout, "%s: sent; 'printfarm printer log %s' shows what it says\n", name, name);
}

static void show_printer(const struct cli *cli, const json_t *printer)
{
	const json_t *lock = json_object_get(printer, "lock");
	char text[WORDS_MAX], left[WORDS_MAX];

	act_show_printer(cli, printer);
	if (json_is_object(lock))
		words_row(cli, "locked", "%s: %s", words_text(lock, "fault"),
			words_text(lock, "text"));
	const json_t *quarantine = json_object_get(printer, "quarantine");

	if (json_is_object(quarantine))
		words_row(cli, "quarantine", "since %s: %s",
			words_time(text, quarantine, "since_s"), words_text(quarantine, "text"));
	if (!json_is_object(lock) ||
		strcmp(words_text(lock, "text"), words_text(printer, "reason")))
		show_text(cli, printer, "reason", "reason");
	if (!words_is_null(printer, "job"))
		words_row(cli, "job", "%s, %s done, %s%s left", words_count(text, printer, "job"),
			words_share(left, printer, "progress"),
			words_layer((char[WORDS_MAX]){ 0 }, printer),
			words_duration((char[WORDS_MAX]){ 0 }, printer, "eta_s"));
	show_heaters(cli, printer);
	show_loaded(cli, printer);
	show_text(cli, printer, "profile", "profile");
	show_text(cli, printer, "firmware", "firmware");
	show_text(cli, printer, "window", "window");
	show_text(cli, printer, "machine", "machine");
	show_text(cli, printer, "uuid", "uuid");
	/* To be copied: a name is not broken. */
	say(stdout, "  %-10s %s\n", "port", words_text(printer, "port"));
	if (json_is_false(json_object_get(printer, "remote_stop")))
		words_row(cli, "stop",
			"no remote stop: M112 waits for its turn; only its switch stops it at "
			"once");
	if (strcmp(words_text(printer, "kind"), "printer") != 0)
		show_text(cli, printer, "kind", "kind");
	show_text(cli, printer, "unattended", "unattended");
	show_tags(cli, printer);
	upkeep_show_printer(cli, printer);
	words_row(cli, "lines", "%lld, %lld sent again",
		(long long)words_integer(printer, "lines_sent"),
		(long long)words_integer(printer, "resends"));
	flow_show(cli, printer);
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
