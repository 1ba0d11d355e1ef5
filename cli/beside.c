#include "cli/beside.h"

#include "cli/cli.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <string.h>
#include <unistd.h> /* execv, readlink */

static bool find_beside(const char *name, char path[PATH_MAX])
{
	ssize_t length = readlink("/proc/self/exe", path, PATH_MAX - strlen(name) - 1);

	if (length <= 0)
		return false;
	path[length] = '\0';
	strcpy(strrchr(path, '/') + 1, name);
	return access(path, X_OK) == 0;
}

int beside_run(char **words)
{
	char path[PATH_MAX];

	fflush(stdout);
	if (find_beside(words[0], path))
		execv(path, words);
	else
		execvp(words[0], words);
	cli_error("%s cannot be run: %s", words[0], strerror(errno));
	return CLI_UNREACHABLE;
}
