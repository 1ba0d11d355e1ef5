#include "cli/beside.h"

#include "cli/cli.h"

#include <errno.h>
#include <limits.h> /* PATH_MAX */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h> /* waitpid */
#include <unistd.h>   /* execv, readlink, pipe */

enum { OUTPUT_MAX = 1 << 20 };

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

static char *read_all(int fd)
{
	char *text = malloc(OUTPUT_MAX + 1);
	size_t length = 0;
	ssize_t got = 0;

	while (text && length < OUTPUT_MAX &&
		((got = read(fd, text + length, OUTPUT_MAX - length)) > 0 ||
			(got < 0 && errno == EINTR)))
		length += got > 0 ? (size_t)got : 0;
	if (text && got == 0) {
		text[length] = '\0';
		return text;
	}
	free(text);
	cli_error("its answer could not be read");
	return NULL;
}

char *beside_read(char **words, int *status)
{
	int ends[2];
	pid_t child;
	char *text;

	fflush(stdout);
	if (pipe(ends) < 0 || (child = fork()) < 0) {
		cli_error("%s cannot be run: %s", words[0], strerror(errno));
		return NULL;
	}
	if (child == 0) {
		dup2(ends[1], STDOUT_FILENO);
		close(ends[0]);
		close(ends[1]);
		_exit(beside_run(words));
	}
	close(ends[1]);
	text = read_all(ends[0]);
	close(ends[0]);
	while (waitpid(child, status, 0) < 0 && errno == EINTR)
		;
	*status = WIFEXITED(*status) ? WEXITSTATUS(*status) : 128;
	return text;
}
