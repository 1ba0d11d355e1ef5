/* `printfarm config check`: asks printfarmd itself, which knows the options. */
#include "cli/args.h"
#include "cli/beside.h"
#include "cli/commands.h"

#include <errno.h>
#include <string.h>
#include <unistd.h> /* access */

int command_config_check(struct cli *cli, int argc, char **argv)
{
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status)
		return status;
	if (access(argv[1], R_OK) != 0) {
		cli_error("%s: %s", argv[1], strerror(errno));
		return CLI_NO_FILE;
	}
	char *words[] = { "printfarmd", "--check-config", "-c", argv[1], NULL };

	return beside_run(words);
}
