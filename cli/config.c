/* `printfarm config check`: asks printfarmd itself, which knows the options. */
#include "cli/args.h"
#include "cli/commands.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <string.h>
#include <unistd.h> /* execv, readlink */

/* The daemon that stands beside this program belongs to it; otherwise the one in the PATH. */
static bool find_beside(char path[PATH_MAX])
{
	static const char name[] = "printfarmd";
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - sizeof name);

	if (length <= 0)
		return false;
	path[length] = '\0';
	strcpy(strrchr(path, '/') + 1, name);
	return access(path, X_OK) == 0;
}

int command_config_check(struct cli *cli, int argc, char **argv)
{
	char path[PATH_MAX];
	int count;
	int status = args_parse_counted(cli, NULL, argc, argv, 1, 1, &count);

	if (status)
		return status;
	if (access(argv[1], R_OK) != 0) {
		cli_error("%s: %s", argv[1], strerror(errno));
		return CLI_NO_FILE;
	}
	char *words[] = { "printfarmd", "--check-config", "-c", argv[1], NULL };

	fflush(stdout);
	if (find_beside(path))
		execv(path, words);
	else
		execvp(words[0], words);
	cli_error("printfarmd cannot be run: %s", strerror(errno));
	return CLI_UNREACHABLE;
}
