#include "daemon/stream/power.h"

#include "daemon/stream/clock.h"

#include <errno.h>
#include <event2/event.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

extern char **environ;

enum { NAME_BYTES = 64 };

struct cut {
	struct power *power;
	char printer[NAME_BYTES];
	pid_t pid; /* 0: free */
	struct event *limit;
};

struct power {
	struct event_base *base;
	struct event *on_child;
	void (*said)(void *context, const char *printer, const char *text);
	void *context;
	struct cut cut[POWER_MAX];
};

static void finish(struct cut *cut)
{
	if (cut->limit)
		event_free(cut->limit);
	cut->limit = NULL;
	cut->pid = 0;
}

static void on_child(evutil_socket_t number, short what, void *context)
{
	struct power *power = context;

	(void)number;
	(void)what;
	for (size_t i = 0; i < POWER_MAX; i++) {
		struct cut *cut = &power->cut[i];
		char text[80];
		int status;

		if (cut->pid == 0 || waitpid(cut->pid, &status, WNOHANG) != cut->pid)
			continue;
		if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
			snprintf(text, sizeof(text), "its power is cut");
		else if (WIFEXITED(status))
			snprintf(text, sizeof(text), "cutting its power failed with %d",
				WEXITSTATUS(status));
		else
			snprintf(text, sizeof(text), "cutting its power was ended by signal %d",
				WTERMSIG(status));
		power->said(power->context, cut->printer, text);
		finish(cut);
	}
}

static void on_limit(evutil_socket_t fd, short what, void *context)
{
	const struct cut *cut = context;

	(void)fd;
	(void)what;
	kill(-cut->pid, SIGKILL);
}

struct power *power_create(struct event_base *base,
	void (*said)(void *context, const char *printer, const char *text), void *context)
{
	struct power *power = calloc(1, sizeof(*power));

	if (!power)
		return NULL;
	power->base = base;
	power->said = said;
	power->context = context;
	power->on_child = evsignal_new(base, SIGCHLD, on_child, power);
	if (!power->on_child || event_add(power->on_child, NULL) < 0) {
		power_destroy(power);
		return NULL;
	}
	return power;
}

void power_destroy(struct power *power)
{
	if (!power)
		return;
	for (size_t i = 0; i < POWER_MAX; i++)
		if (power->cut[i].pid != 0)
			finish(&power->cut[i]);
	if (power->on_child)
		event_free(power->on_child);
	free(power);
}

/* Of ours it gets nothing but the environment: no descriptor, no terminal, no signal mask. */
static int start(struct cut *cut, const char *program)
{
	char *arguments[] = { (char *)program, cut->printer, NULL };
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attributes;
	sigset_t none, all;
	int code;

	sigemptyset(&none);
	sigfillset(&all);
	posix_spawn_file_actions_init(&files);
	posix_spawnattr_init(&attributes);
	for (int fd = 0; fd < 3; fd++)
		posix_spawn_file_actions_addopen(&files, fd, "/dev/null", O_RDWR, 0);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	posix_spawnattr_setflags(
		&attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
	posix_spawnattr_setsigmask(&attributes, &none);
	posix_spawnattr_setsigdefault(&attributes, &all);
	code = posix_spawn(&cut->pid, program, &files, &attributes, arguments, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attributes);
	if (code != 0)
		cut->pid = 0;
	return -code;
}

static struct cut *free_slot(struct power *power)
{
	for (size_t i = 0; i < POWER_MAX; i++)
		if (power->cut[i].pid == 0)
			return &power->cut[i];
	return NULL;
}

int power_cut(struct power *power, const char *printer, const char *program, struct error *error)
{
	static const struct timeval limit = { .tv_sec = POWER_LIMIT_US / CLOCK_SECOND_US };
	struct cut *cut = free_slot(power);
	int code;

	if (!cut) {
		error_set(error, "%d programs that cut power are running already", POWER_MAX);
		return -EBUSY;
	}
	snprintf(cut->printer, sizeof(cut->printer), "%s", printer);
	cut->power = power;
	code = start(cut, program);
	if (code < 0) {
		error_set(error, "cutting its power: %s: %s", program, strerror(-code));
		return code;
	}
	cut->limit = event_new(power->base, -1, 0, on_limit, cut);
	if (cut->limit)
		event_add(cut->limit, &limit);
	return 0;
}
