/* `printfarm replay`: what our sender makes of a recorded conversation; the streamer knows. */
#include "cli/args.h"
#include "cli/beside.h"
#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h> /* access */

int command_replay(struct cli *cli, int argc, char **argv)
{
	const char *dialect = NULL;
	const struct args_option options[] = {
		{ "dialect", 0, ARGS_TEXT, &dialect, 0, 0 },
		{ 0 },
	};
	int count;
	int status = args_parse_counted(cli, options, argc, argv, 1, 1, &count);

	if (status)
		return status;
	if (access(argv[1], R_OK) != 0) {
		cli_error("%s: %s", argv[1], strerror(errno));
		return CLI_NO_FILE;
	}
	char *words[] = { "printfarm-stream", "--replay", argv[1], dialect ? "--dialect" : NULL,
		(char *)dialect, NULL };

	return beside_run(words);
}
