/* `printfarm status`: the farm on one screen. */
#include "cli/act.h"
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/order_table.h"
#include "cli/printer_table.h"
#include "cli/promises.h"
#include "cli/upkeep.h"
#include "cli/words.h"

#include <string.h>

static void show_jobs(const json_t *jobs)
{
	static const char *const states[] = { "printing", "queued", "printed", "needs_look",
		"failed", "held" };
	bool first = true;

	for (size_t i = 0; i < sizeof states / sizeof *states; i++) {
		int64_t count = words_integer(jobs, states[i]);

		if (count == 0)
			continue;
		say(stdout, "%s%lld %s", first ? "jobs: " : ", ", (long long)count,
			strcmp(states[i], "needs_look") == 0 && count == 1 ? "needs a look"
			: strcmp(states[i], "needs_look") == 0		   ? "need a look"
									   : states[i]);
		first = false;
	}
	say(stdout, first ? "no jobs\n" : "\n");
}

static void show_troubles(const json_t *status)
{
	const json_t *ledger = json_object_get(status, "ledger");
	const json_t *disk = json_object_get(status, "disk");
	char text[WORDS_MAX];

	if (words_is_true(ledger, "broken"))
		say(stdout, "THE LEDGER IS BROKEN: %s\n", words_text(ledger, "reason"));
	if (json_is_false(json_object_get(status, "accepting")))
		say(stdout, "no new orders are accepted\n");
	if (words_number(disk, "free_bytes") < words_number(disk, "floor_bytes")) {
		snprintf(text, sizeof text, "%lld MB",
			(long long)(words_number(disk, "free_bytes") / 1e6));
		say(stdout, "the disk is nearly full: %s free, uploads are refused\n", text);
	}
}

/* Jobs that go on only when somebody has decided. */
static void show_needs(const struct cli *cli, const json_t *jobs)
{
	const json_t *job;
	size_t index;

	json_array_foreach (jobs, index, job)
		act_show_job(cli, job);
}

static void show_status(const struct cli *cli, const json_t *status)
{
	char since[WORDS_MAX];

	words_sentence(cli, 0, 2, "%s, printfarmd %s, up since %s", words_text(status, "farm"),
		words_text(status, "version"), words_time(since, status, "started_s"));
	show_troubles(status);
	show_jobs(json_object_get(status, "jobs"));
	show_needs(cli, json_object_get(status, "needs_person"));
	upkeep_show_farm(cli, status);
	say(stdout, "\n");
	printer_table_print(cli, json_object_get(status, "printers"));
	say(stdout, "\n");
	order_table_print(cli, json_object_get(status, "orders"), false);
	if (words_integer(status, "orders_left_off") > 0)
		say(stdout, "and %lld more that are open: printfarm order list\n",
			(long long)words_integer(status, "orders_left_off"));
	promises_show_kept(json_object_get(status, "promises"));
}

int command_status(struct cli *cli, int argc, char **argv)
{
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 0, &count);

	if (status == 0)
		status = client_get(cli, "/api/v1/status", &answer);
	if (status)
		return status;
	if (cli->json)
		words_print_json(cli, answer.json);
	else
		show_status(cli, answer.json);
	client_answer_finish(&answer);
	return CLI_DONE;
}
