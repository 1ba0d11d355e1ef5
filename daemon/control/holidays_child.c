/* Holidays, read by a child; see holidays_child.h. */
#include "daemon/control/child_write.h"
#include "daemon/control/holidays_child.h"

#include <errno.h>
#include <fcntl.h> /* pipe2 */
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/control/holidays.h"

extern char **environ;

/* What the child says first: so many spans follow, or why there are none. */
struct answer {
	int32_t result;
	uint32_t count;
	char text[ERROR_TEXT_MAX];
};

static const char *child_program; /* NULL: none */

void holidays_use_child(const char *program)
{
	child_program = program;
}

/* ---- the child ------------------------------------------------------------------------------ */

int holidays_child_main(int argc, char **argv)
{
	const struct rlimit processor = { HOLIDAYS_CPU_S, HOLIDAYS_CPU_S }, none = { 0, 0 };
	struct config_spans spans = { 0 };
	struct error error = { "" };
	struct answer answer = { 0 };

	if (argc != 4) {
		fprintf(stderr, "--holidays is for printfarmd itself\n");
		return 64;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (setrlimit(RLIMIT_CPU, &processor) != 0 || setrlimit(RLIMIT_CORE, &none) != 0)
		return 1;
	answer.result = holidays_load(argv[2], strtoll(argv[3], NULL, 10), &spans, &error);
	answer.count = answer.result == 0 ? (uint32_t)spans.count : 0;
	snprintf(answer.text, sizeof answer.text, "%s", error.text);
	bool done = child_write(STDOUT_FILENO, &answer, sizeof answer) &&
		    child_write(STDOUT_FILENO, spans.span, answer.count * sizeof *spans.span);

	free(spans.span);
	return done ? 0 : 1;
}

/* ---- its parent ----------------------------------------------------------------------------- */

static int spawn(const char *path, int64_t now_s, int output, pid_t *child)
{
	char name[] = "printfarmd", flag[] = "--holidays", now[24], *file = strdup(path);
	char *arguments[] = { name, flag, file, now, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;

	if (!file)
		return -ENOMEM;
	snprintf(now, sizeof now, "%lld", (long long)now_s);
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, STDIN_FILENO, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	posix_spawn_file_actions_addclosefrom_np(&files, STDERR_FILENO + 1);
	posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int code = posix_spawn(child, child_program, &files, &attributes, arguments, environ);

	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&files);
	free(file);
	return -code;
}

static bool read_all(int input, void *bytes, size_t length)
{
	char *at = bytes;

	while (length > 0) {
		ssize_t got = read(input, at, length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			return false;
		at += got;
		length -= (size_t)got;
	}
	return true;
}

static int take_answer(int input, const char *path, struct config_spans *spans, struct error *error)
{
	struct answer answer;

	if (!read_all(input, &answer, sizeof answer) || answer.count > CONFIG_SPANS_MAX) {
		error_set(error, "%s: reading it has failed, or takes longer than %d s", path,
			(int)HOLIDAYS_CPU_S);
		return -EINVAL;
	}
	answer.text[sizeof answer.text - 1] = '\0';
	if (answer.result != 0) {
		error_set(error, "%s", answer.text);
		return answer.result;
	}
	struct config_span *span = calloc(answer.count + 1, sizeof *span);

	if (!span || !read_all(input, span, answer.count * sizeof *span)) {
		free(span);
		return -ENOMEM;
	}
	free(spans->span);
	*spans = (struct config_spans){ answer.count, answer.count + 1, span };
	return 0;
}

int holidays_load_apart(
	const char *path, int64_t now_s, struct config_spans *spans, struct error *error)
{
	int ends[2], status;
	pid_t child;

	if (!child_program)
		return holidays_load(path, now_s, spans, error);
	if (pipe2(ends, O_CLOEXEC) != 0)
		return -ENOMEM;
	int result = spawn(path, now_s, ends[1], &child);

	close(ends[1]);
	if (result == 0) {
		result = take_answer(ends[0], path, spans, error);
		while (waitpid(child, &status, 0) < 0 && errno == EINTR)
			;
	} else {
		error_set(error, "%s cannot be read: %s", path, strerror(-result));
	}
	close(ends[0]);
	return result;
}
