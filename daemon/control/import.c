/* The parent's side of the import child; see import.h. */
#include "daemon/control/import.h"

#include <errno.h>
#include <fcntl.h>  /* pipe2, fcntl */
#include <limits.h> /* PATH_MAX */
#include <signal.h> /* SIGKILL */
#include <spawn.h>  /* posix_spawn */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <event2/event.h>

#include "base/error.h"
#include "gcode/picture.h"
#include "daemon/control/records.h"

extern char **environ;

struct import {
	pid_t child; /* -1: none */
	int result;  /* our end of the pipe */
	struct event *exited, *readable, *late;
	import_done *done;
	void *context;
	bool too_late, too_loud;
	size_t length;
	char *line;
};

static void destroy(struct import *import)
{
	if (import->exited)
		event_free(import->exited);
	if (import->readable)
		event_free(import->readable);
	if (import->late)
		event_free(import->late);
	if (import->result >= 0)
		close(import->result);
	free(import->line);
	free(import);
}

static void stop(struct import *import)
{
	if (import->child > 0)
		kill(import->child, SIGKILL);
}

/* Takes what is in the pipe; false: there will be no more. */
static bool take(struct import *import)
{
	while (import->length < IMPORT_RESULT_MAX_BYTES) {
		ssize_t got = read(import->result, import->line + import->length,
			IMPORT_RESULT_MAX_BYTES - import->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return true;
		if (got <= 0)
			return false;
		import->length += (size_t)got;
	}
	import->too_loud = true;
	stop(import);
	return false;
}

static void on_readable(evutil_socket_t descriptor, short what, void *context)
{
	struct import *import = context;

	(void)descriptor;
	(void)what;
	/* A pipe at its end stays readable: what is waited for then is the exit. */
	if (!take(import))
		event_del(import->readable);
}

static void on_late(evutil_socket_t descriptor, short what, void *context)
{
	struct import *import = context;

	(void)descriptor;
	(void)what;
	import->too_late = true;
	stop(import);
}

static enum import_end how_it_ended(const struct import *import, int status)
{
	if (import->too_late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGXCPU))
		return IMPORT_TOO_LATE;
	if (import->too_loud)
		return IMPORT_TOO_LOUD;
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return IMPORT_CRASHED;
	if (import->length == 0 || import->line[import->length - 1] != '\n')
		return IMPORT_CRASHED;
	return IMPORT_DONE;
}

/* SIGCHLD, of whichever child.  (A pidfd would be plainer; valgrind 3.19 does not know it.) */
static void on_exited(evutil_socket_t signal_number, short what, void *context)
{
	struct import *import = context;
	int status = 0;

	(void)signal_number;
	(void)what;
	if (import->child <= 0 || waitpid(import->child, &status, WNOHANG) != import->child)
		return;
	import->child = -1;
	if (!import->too_loud)
		take(import);
	enum import_end end = how_it_ended(import, status);

	import->done(import->context, end, import->line, import->length);
	destroy(import);
}

/* ---- starting ------------------------------------------------------------------------------ */

/* Copies out of the way of the numbers that the child expects. */
static int move_up(int descriptor)
{
	int moved = fcntl(descriptor, F_DUPFD_CLOEXEC, IMPORT_RESULT_DESCRIPTOR + 1);

	return moved >= 0 ? moved : -errno;
}

static int set_actions(posix_spawn_file_actions_t *actions, const int sources[3])
{
	int result = 0;

	for (int i = 0; result == 0 && i < 3; i++)
		result = posix_spawn_file_actions_addopen(actions, i, "/dev/null", O_RDWR, 0);
	for (int i = 0; result == 0 && i < 3; i++)
		result = posix_spawn_file_actions_adddup2(
			actions, sources[i], IMPORT_UPLOAD_DESCRIPTOR + i);
	if (result == 0)
		result = posix_spawn_file_actions_addclosefrom_np(
			actions, IMPORT_RESULT_DESCRIPTOR + 1);
	return result;
}

/* Own process group, no signal blocked or ignored. */
static int set_attributes(posix_spawnattr_t *attributes)
{
	sigset_t none, all;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawnattr_setsigmask(attributes, &none);
	posix_spawnattr_setsigdefault(attributes, &all);
	posix_spawnattr_setpgroup(attributes, 0);
	return posix_spawnattr_setflags(
		attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP);
}

/* This program's file.  By its path, because under valgrind the link names valgrind; through the
 * link when an upgrade has put another file in its place. */
static const char *own_program(char *path, size_t size)
{
	ssize_t length = readlink("/proc/self/exe", path, size - 1);

	if (length > 0) {
		path[length] = '\0';
		if (access(path, X_OK) == 0)
			return path;
	}
	return "/proc/self/exe";
}

enum { WORDS_MAX = 7, WORD_BYTES = 24, RULES_BYTES = 1024 };

/* What the child is told on its command line. */
struct command_line {
	char word[WORDS_MAX][WORD_BYTES];
	char label[FILE_NAME_MAX_BYTES], rules[RULES_BYTES];
	char *argument[WORDS_MAX + 1];
};

static void tell_import(struct command_line *line, const struct import_settings *settings)
{
	snprintf(line->word[1], WORD_BYTES, "--import");
	snprintf(line->word[2], WORD_BYTES, "%lld", (long long)settings->text_max_bytes);
	snprintf(line->word[3], WORD_BYTES, "%lld", (long long)settings->room_bytes);
	snprintf(line->word[4], WORD_BYTES, "%d", (int)settings->plate);
	snprintf(line->label, sizeof line->label, "%s", settings->name);
	snprintf(line->rules, sizeof line->rules, "%s", settings->rules ? settings->rules : "");
	line->argument[5] = line->label;
	line->argument[6] = line->rules;
	line->argument[7] = NULL;
}

static void tell_drawing(struct command_line *line, const struct picture_settings *picture)
{
	snprintf(line->word[1], WORD_BYTES, "--draw");
	snprintf(line->word[2], WORD_BYTES, "%d", (int)picture->view);
	snprintf(line->word[3], WORD_BYTES, "%d", (int)picture->layer);
	snprintf(line->word[4], WORD_BYTES, "%d", picture->width);
	snprintf(line->word[5], WORD_BYTES, "%d", picture->height);
	snprintf(line->word[6], WORD_BYTES, "%lld", (long long)picture->command);
	line->argument[7] = NULL;
}

static void tell_settings(struct command_line *line)
{
	snprintf(line->word[1], WORD_BYTES, "--settings");
	line->argument[2] = NULL;
}

static int spawn(const struct import_settings *settings, const int sources[3], pid_t *child)
{
	char own[PATH_MAX];
	struct command_line line;
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attributes;

	for (int i = 0; i < WORDS_MAX; i++)
		line.argument[i] = line.word[i];
	snprintf(line.word[0], WORD_BYTES, "printfarmd");
	if (settings->picture)
		tell_drawing(&line, settings->picture);
	else if (settings->slicer_settings)
		tell_settings(&line);
	else
		tell_import(&line, settings);
	posix_spawn_file_actions_init(&actions);
	posix_spawnattr_init(&attributes);
	int result = set_actions(&actions, sources);

	if (result == 0)
		result = set_attributes(&attributes);
	if (result == 0)
		result = posix_spawn(child,
			settings->program ? settings->program : own_program(own, sizeof own),
			&actions, &attributes, line.argument, environ);
	posix_spawnattr_destroy(&attributes);
	posix_spawn_file_actions_destroy(&actions);
	return -result;
}

/* The child with its pipe; fills child and result. */
static int start_child(struct import *import, const struct import_settings *settings)
{
	int ends[2], sources[3] = { -1, -1, -1 }, result = 0;

	if (pipe2(ends, O_CLOEXEC) != 0)
		return -errno;
	import->result = ends[0];
	fcntl(ends[0], F_SETFL, O_NONBLOCK);
	sources[0] = move_up(settings->upload);
	sources[1] = move_up(settings->text);
	sources[2] = move_up(ends[1]);
	close(ends[1]);
	for (int i = 0; i < 3; i++)
		if (sources[i] < 0)
			result = sources[i];
	if (result == 0)
		result = spawn(settings, sources, &import->child);
	for (int i = 0; i < 3; i++)
		if (sources[i] >= 0)
			close(sources[i]);
	return result;
}

/* Before the child is there, so that its end cannot be missed. */
static int watch_children(struct import *import, struct event_base *base)
{
	import->exited = evsignal_new(base, SIGCHLD, on_exited, import);
	return import->exited && event_add(import->exited, NULL) == 0 ? 0 : -ENOMEM;
}

static int watch(struct import *import, const struct import_settings *settings)
{
	struct timeval late = { .tv_sec = settings->wall_s ? settings->wall_s : IMPORT_WALL_S };

	import->readable = event_new(
		settings->base, import->result, EV_READ | EV_PERSIST, on_readable, import);
	import->late = evtimer_new(settings->base, on_late, import);
	if (!import->readable || !import->late)
		return -ENOMEM;
	if (event_add(import->readable, NULL) != 0 || event_add(import->late, &late) != 0)
		return -ENOMEM;
	return 0;
}

int import_start(struct import **import, const struct import_settings *settings, import_done *done,
	void *context, struct error *error)
{
	struct import *started = calloc(1, sizeof *started);
	int result = started ? 0 : -ENOMEM;

	if (started) {
		started->child = started->result = -1;
		started->done = done;
		started->context = context;
		started->line = malloc(IMPORT_RESULT_MAX_BYTES);
		result = started->line ? watch_children(started, settings->base) : -ENOMEM;
	}
	if (result == 0)
		result = start_child(started, settings);
	if (result == 0)
		result = watch(started, settings);
	if (result != 0) {
		error_set(error, "the import cannot be started: %s", strerror(-result));
		import_cancel(started);
		return result;
	}
	*import = started;
	return 0;
}

void import_cancel(struct import *import)
{
	if (!import)
		return;
	stop(import);
	/* A killed child is gone at once: it holds no lock and its files are local. */
	while (import->child > 0 && waitpid(import->child, NULL, 0) < 0 && errno == EINTR)
		;
	destroy(import);
}
