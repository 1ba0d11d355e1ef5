#include "daemon/control/streamers.h"

#include "daemon/control/config.h"
#include "daemon/control/log.h"

#include <event2/event.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h> /* PATH_MAX */
#include <signal.h>
#include <spawn.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

extern char **environ;

enum {
	NAMES_MAX = CONFIG_PRINTERS_MAX + 1,
	PAUSE_FIRST_US = 500000, /* between two starts of the same streamer, doubled each time */
	PAUSE_MAX_US = 30000000,
	LIVED_US = 60000000, /* a streamer that ran that long starts with the short pause again */
	LOG_MAX_BYTES = 1 << 20,
	ENVIRONMENT_MAX = 256,
};

struct child {
	char name[NAME_MAX_BYTES];
	pid_t pid; /* 0: none that was started here */
	int64_t started_us, pause_us;
};

struct streamers {
	struct event *on_child;
	size_t count;
	struct child child[NAMES_MAX];
};

static void on_child(evutil_socket_t signal_number, short what, void *context)
{
	struct streamers *streamers = context;
	(void)signal_number;
	(void)what;
	for (size_t i = 0; i < streamers->count; i++) {
		struct child *child = &streamers->child[i];
		int status;
		if (child->pid == 0 || waitpid(child->pid, &status, WNOHANG) != child->pid)
			continue;
		if (WIFSIGNALED(status))
			log_warning("streamers", "streamer %s (process %d) was killed by signal %d",
				child->name, (int)child->pid, WTERMSIG(status));
		else if (WEXITSTATUS(status) != 0)
			log_warning("streamers",
				"streamer %s (process %d) ended with %d; its log "
				"says why",
				child->name, (int)child->pid, WEXITSTATUS(status));
		child->pid = 0;
	}
}

struct streamers *streamers_create(struct event_base *base)
{
	struct streamers *streamers = calloc(1, sizeof(*streamers));
	if (!streamers)
		return NULL;
	streamers->on_child = evsignal_new(base, SIGCHLD, on_child, streamers);
	if (!streamers->on_child || event_add(streamers->on_child, NULL) != 0) {
		streamers_destroy(streamers);
		return NULL;
	}
	return streamers;
}

void streamers_destroy(struct streamers *streamers)
{
	if (!streamers)
		return;
	if (streamers->on_child)
		event_free(streamers->on_child);
	free(streamers);
}

static struct child *find_or_add(struct streamers *streamers, const char *name)
{
	for (size_t i = 0; i < streamers->count; i++)
		if (strcmp(streamers->child[i].name, name) == 0)
			return &streamers->child[i];
	if (streamers->count == NAMES_MAX)
		return NULL;
	struct child *child = &streamers->child[streamers->count++];
	snprintf(child->name, sizeof(child->name), "%s", name);
	child->pause_us = PAUSE_FIRST_US;
	return child;
}

/* The configured program, else the one beside our own, else what PATH says. */
static void find_program(const struct config *config, char *path, size_t size)
{
	if (config->stream_program[0]) {
		snprintf(path, size, "%s", config->stream_program);
		return;
	}
	char self[PATH_MAX];
	ssize_t length = readlink("/proc/self/exe", self, sizeof(self) - 1);
	if (length > 0) {
		self[length] = '\0';
		*(strrchr(self, '/') + 1) = '\0';
		if (snprintf(path, size, "%sprintfarm-stream", self) < (int)size &&
			access(path, X_OK) == 0)
			return;
	}
	snprintf(path, size, "printfarm-stream");
}

/* Our own readiness and sockets are not the child's. */
static void child_environment(char **environment)
{
	static const char *const ours[] = { "NOTIFY_SOCKET=", "WATCHDOG_USEC=", "WATCHDOG_PID=",
		"LISTEN_FDS=", "LISTEN_PID=", "LISTEN_FDNAMES=", "JOURNAL_STREAM=" };
	size_t count = 0;
	for (char **at = environ; *at && count < ENVIRONMENT_MAX - 1; at++) {
		bool is_ours = false;
		for (size_t i = 0; i < sizeof(ours) / sizeof(ours[0]); i++)
			is_ours |= strncmp(*at, ours[i], strlen(ours[i])) == 0;
		if (!is_ours)
			environment[count++] = *at;
	}
	environment[count] = NULL;
}

static int make_directories(const char *state_dir, const char *name)
{
	char path[CONFIG_PATH_MAX + 2 * NAME_MAX_BYTES];
	static const char *const parts[] = { "log", "stream" };
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s/%s", state_dir, parts[i]);
		if (mkdir(path, 0750) != 0 && errno != EEXIST)
			return -errno;
	}
	snprintf(path, sizeof(path), "%s/stream/%s", state_dir, name);
	return mkdir(path, 0750) != 0 && errno != EEXIST ? -errno : 0;
}

static int spawn(const struct config *config, struct child *child)
{
	char program[PATH_MAX], log[CONFIG_PATH_MAX + 128], old[CONFIG_PATH_MAX + 132],
		socket[CONFIG_PATH_MAX + 128], state[CONFIG_PATH_MAX + 128];
	find_program(config, program, sizeof(program));
	snprintf(log, sizeof(log), "%s/log/stream-%s.log", config->state_dir, child->name);
	snprintf(old, sizeof(old), "%s.old", log);
	snprintf(socket, sizeof(socket), "%s/%s.stream", config->stream_dir, child->name);
	snprintf(state, sizeof(state), "%s/stream/%s", config->state_dir, child->name);
	struct stat status;
	if (stat(log, &status) == 0 && status.st_size > LOG_MAX_BYTES)
		rename(log, old);
	char *arguments[] = { program, "--socket", socket, "--state", state, NULL };
	char *environment[ENVIRONMENT_MAX];
	child_environment(environment);

	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	posix_spawn_file_actions_addopen(&files, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&files, 1, log, O_WRONLY | O_CREAT | O_APPEND, 0640);
	posix_spawn_file_actions_adddup2(&files, 1, 2);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	int result =
		posix_spawnp(&child->pid, program, &files, &attributes, arguments, environment);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (result) {
		child->pid = 0;
		log_error("streamers", "%s cannot be started: %s", program, strerror(result));
	} else
		log_info("streamers", "streamer %s is started as process %d", child->name,
			(int)child->pid);
	return -result;
}

void streamers_start(
	struct streamers *streamers, const struct config *config, const char *name, int64_t now_us)
{
	struct child *child = find_or_add(streamers, name);
	if (!child || child->pid)
		return;
	if (child->started_us) {
		if (now_us - child->started_us > LIVED_US)
			child->pause_us = PAUSE_FIRST_US;
		if (now_us - child->started_us < child->pause_us)
			return;
		child->pause_us =
			child->pause_us * 2 > PAUSE_MAX_US ? PAUSE_MAX_US : child->pause_us * 2;
	}
	child->started_us = now_us;
	int result = make_directories(config->state_dir, name);
	if (result)
		log_error("streamers", "no directories for streamer %s below %s: %s", name,
			config->state_dir, strerror(-result));
	else
		spawn(config, child);
}
