/* `printfarm reload`: printfarmd reads its configuration again. */
#include "cli/args.h"
#include "cli/client.h"
#include "cli/commands.h"
#include "cli/words.h"

int command_reload(struct cli *cli, int argc, char **argv)
{
	const struct client_request request = { .method = "POST", .path = "/api/v1/reload" };
	struct client_answer answer;
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 0, &count);

	if (status)
		return status;
	status = client_try(cli, &request, &answer);
	if (status != CLI_DONE && answer.status == 422) {
		client_complain(&answer);
		return CLI_CONFIGURATION;
	}
	if (status != CLI_DONE) {
		if (answer.status != 0)
			client_complain(&answer);
		return status;
	}
	if (cli->json)
		words_print_json(cli, answer.json ? answer.json : json_true());
	else
		say(stdout, "the configuration has been read again\n");
	client_answer_finish(&answer);
	return CLI_DONE;
}
