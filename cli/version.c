/* `printfarm version`. */
#include "cli/args.h"
#include "cli/commands.h"

int command_version(struct cli *cli, int argc, char **argv)
{
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 0, 0, &count);

	if (status)
		return status;
	say(stdout, cli->json ? "{\"version\":\"%s\"}\n" : "printfarm %s\n", PRINTFARM_VERSION);
	return CLI_DONE;
}
