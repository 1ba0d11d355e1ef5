/* One POST for each name; see act.h. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/words.h"

#include <string.h>

int act_on_each(struct cli *cli, const char *noun, const char *action, json_t *body, int count,
	char **names, void (*show)(const struct cli *cli, const json_t *answer))
{
	json_t *answers = json_array();
	int first = CLI_DONE;

	for (int i = 0; i < count; i++) {
		char path[CLIENT_PATH_MAX];
		struct client_answer answer;
		int status =
			client_post(cli, client_path(path, noun, names[i], action), body, &answer);

		if (status != CLI_DONE) {
			if (first == CLI_DONE)
				first = status;
			if (status == CLI_UNREACHABLE)
				break;
			continue;
		}
		if (cli->json)
			json_array_append(answers, answer.json);
		else
			show(cli, answer.json);
		client_answer_finish(&answer);
	}
	if (cli->json && json_array_size(answers) > 0)
		words_print_json(cli, count == 1 ? json_array_get(answers, 0) : answers);
	json_decref(answers);
	return first;
}

int act(struct cli *cli, int argc, char **argv, const char *noun, const char *action,
	void (*show)(const struct cli *cli, const json_t *answer))
{
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, argc, &count);

	return status ? status : act_on_each(cli, noun, action, NULL, count, argv + 1, show);
}

void act_say_warnings(const struct cli *cli, const json_t *order)
{
	const json_t *warning;
	size_t index;

	json_array_foreach (json_object_get(order, "warnings"), index, warning)
		if (json_is_string(warning))
			words_sentence(cli, 0, 4, "  note: %s", json_string_value(warning));
	if (json_is_false(json_object_get(order, "allowed")) &&
		strcmp(words_text(order, "state"), "open") == 0)
		words_sentence(cli, 0, 2,
			"  it waits until design %s is approved: printfarm design approve %s",
			words_text(order, "design"), words_text(order, "design"));
}

void act_show_order(const struct cli *cli, const json_t *order)
{
	char good[WORDS_MAX], units[WORDS_MAX], promised[WORDS_MAX] = "";
	const char *state = words_text(order, "state"), *design = words_text(order, "design");
	int64_t job = json_integer_value(json_array_get(json_object_get(order, "jobs"), 0));
	bool is_open = strcmp(state, "open") == 0;
	bool is_promised = words_integer(order, "promised_s") > 0;

	if (is_promised)
		words_time(promised, order, "promised_s");
	words_sentence(cli, 0, 2, "order %lld (%s): %s, %s of %s good%s%s%s",
		(long long)words_integer(order, "id"), design, state,
		words_count(good, order, "good"), words_count(units, order, "units"),
		is_promised ? ", done by "
		: is_open   ? ", nobody can say when it is done"
			    : "",
		promised,
		is_promised && words_is_true(order, "late") ? ", later than it is due" : "");
	act_say_warnings(cli, order);
	/* Its first job knows why. */
	if (is_open && words_is_null(order, "promised_s") && job > 0)
		say(stdout, "  printfarm why %lld says what is missing\n", (long long)job);
}

void act_show_job(const struct cli *cli, const json_t *job)
{
	const char *printer = words_text(job, "printer"), *reason = words_text(job, "reason");

	words_sentence(cli, 0, 2, "job %lld: %s%s%s%s%s", (long long)words_integer(job, "id"),
		words_state(words_text(job, "state")), *printer ? " on " : "", printer,
		*reason ? ": " : "", reason);
}

void act_show_printer(const struct cli *cli, const json_t *printer)
{
	const json_t *reasons = json_object_get(printer, "not_ready");
	char wait[WORDS_MAX];
	const json_t *reason;
	size_t index;

	words_sentence(cli, 0, 2, "%s: %s, bed %s, %s%s", words_text(printer, "name"),
		words_text(printer, "link"), words_text(printer, "bed"),
		words_state(words_text(printer, "activity")),
		words_is_true(printer, "enabled") ? "" : ", disabled");
	if (words_integer(printer, "starts_in_s") > 0 && words_is_null(printer, "lock") &&
		words_is_true(printer, "enabled"))
		say(stdout, "  the next print may start in %s\n",
			words_duration(wait, printer, "starts_in_s"));
	json_array_foreach (reasons, index, reason)
		if (json_is_string(reason))
			words_sentence(cli, 0, 4, "  %s", json_string_value(reason));
}
