/* The control socket; see console.h. */
#include "sim/console.h"

#include "base/error.h"
#include "sim/simulation.h"
#include "sim/summary.h"

#include <errno.h>	/* errno */
#include <fcntl.h>	/* fcntl, O_NONBLOCK */
#include <stdio.h>	/* snprintf */
#include <string.h>	/* strcmp, memchr, memmove, strerror */
#include <sys/socket.h> /* socket, bind, listen, accept4, send */
#include <sys/stat.h>	/* umask */
#include <sys/un.h>	/* sockaddr_un */
#include <unistd.h>	/* close, unlink, read */

enum { ANSWER_MAX = SUMMARY_TEXT_MAX + 64, WORDS_MAX = 24 };

static int fail(struct console *console, const char *what, struct error *error)
{
	int reason = errno;

	error_set(error, "%s: %s: %s", console->path, what, strerror(reason));
	console_close(console);
	return -reason;
}

int console_open(struct console *console, const char *dir, struct error *error)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };

	console->fd = -1;
	for (int i = 0; i < CONSOLE_CLIENTS_MAX; i++)
		console->client[i].fd = -1;
	int length = snprintf(console->path, sizeof console->path, "%s/control", dir);
	if (length < 0 || (size_t)length >= sizeof address.sun_path) {
		console->path[0] = '\0';
		error_set(error, "%s: too long for a socket's path", dir);
		return -ENAMETOOLONG;
	}
	memcpy(address.sun_path, console->path, (size_t)length + 1);
	console->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (console->fd < 0)
		return fail(console, "socket", error);
	/* Another simulator on the same directory would fight over its links. */
	if (connect(console->fd, (struct sockaddr *)&address, sizeof address) == 0) {
		console->path[0] = '\0';
		error_set(error, "%s: another printfarm-sim runs there", dir);
		console_close(console);
		return -EADDRINUSE;
	}
	unlink(console->path);
	if (bind(console->fd, (struct sockaddr *)&address, sizeof address) != 0)
		return fail(console, "bind", error);
	if (listen(console->fd, CONSOLE_CLIENTS_MAX) != 0)
		return fail(console, "listen", error);
	return 0;
}

void console_close(struct console *console)
{
	for (int i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		if (console->client[i].fd >= 0)
			close(console->client[i].fd);
		console->client[i].fd = -1;
	}
	if (console->fd >= 0)
		close(console->fd);
	console->fd = -1;
	if (console->path[0])
		unlink(console->path);
}

int console_accept(struct console *console)
{
	int fd = accept4(console->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -1;
	for (int i = 0; i < CONSOLE_CLIENTS_MAX; i++) {
		if (console->client[i].fd >= 0)
			continue;
		console->client[i].fd = fd;
		console->client[i].length = 0;
		return fd;
	}
	close(fd);
	return -1;
}

/* ---- commands ---- */

static void list(struct simulation *simulation, char *answer)
{
	size_t used = (size_t)snprintf(answer, ANSWER_MAX, "ok");

	for (size_t i = 0; i < simulation->count && used < ANSWER_MAX; i++)
		used += (size_t)snprintf(answer + used, ANSWER_MAX - used, " %s",
			sim_printer_settings(simulation->station[i]->printer)->name);
}

static void status(struct simulation *simulation, char *const *words, size_t count, char *answer)
{
	char text[SUMMARY_TEXT_MAX];
	struct station *station = count == 2 ? simulation_find(simulation, words[1]) : NULL;

	if (!station) {
		snprintf(answer, ANSWER_MAX, "error status wants the name of a printer; see list");
		return;
	}
	summary_text(station->printer, text);
	snprintf(answer, ANSWER_MAX, "ok %s", text);
}

static void fault(struct simulation *simulation, char **words, size_t count, char *answer)
{
	struct sim_fault fault;
	struct error error;
	size_t hit = 0;

	/* FAULT NAME ARGUMENTS without the name. */
	char *name = count > 1 ? words[1] : NULL;
	for (size_t i = 2; i < count; i++)
		words[i - 1] = words[i];
	if (!sim_fault_from_words(&fault, words, name ? count - 1 : count, &error)) {
		snprintf(answer, ANSWER_MAX, "error %s", error.text);
		return;
	}
	for (size_t i = 0; name && i < simulation->count; i++) {
		struct station *station = simulation->station[i];
		if (strcmp(name, "*") != 0 &&
			strcmp(name, sim_printer_settings(station->printer)->name) != 0)
			continue;
		simulation_apply(simulation, station, &fault);
		hit++;
	}
	if (hit > 0)
		snprintf(answer, ANSWER_MAX, "ok %s", sim_fault_name(fault.kind));
	else
		snprintf(answer, ANSWER_MAX, "error no printer \"%.40s\"; see list",
			name ? name : "");
}

static void run(struct simulation *simulation, char *line, char *answer)
{
	char *words[WORDS_MAX];
	struct error error;
	size_t count = sim_words(line, words, WORDS_MAX);

	if (count == 0)
		snprintf(
			answer, ANSWER_MAX, "error list, status NAME, sync, or FAULT NAME|* [...]");
	else if (strcmp(words[0], "list") == 0)
		list(simulation, answer);
	else if (strcmp(words[0], "status") == 0)
		status(simulation, words, count, answer);
	else if (strcmp(words[0], "sync") == 0)
		snprintf(answer, ANSWER_MAX,
			simulation_flush(simulation, &error) == 0 ? "ok" : "error %s", error.text);
	else
		fault(simulation, words, count, answer);
}

/* ---- lines ---- */

static void drop(struct console_client *client)
{
	close(client->fd);
	client->fd = -1;
}

static void answer_lines(struct console_client *client, struct simulation *simulation)
{
	char answer[ANSWER_MAX + 1];
	char *end;

	while (client->fd >= 0 && (end = memchr(client->line, '\n', client->length)) != NULL) {
		size_t used = (size_t)(end - client->line) + 1;
		*end = '\0';
		run(simulation, client->line, answer);
		size_t length = strlen(answer);
		answer[length++] = '\n';
		client->length -= used;
		memmove(client->line, client->line + used, client->length);
		/* Answers are short: a client that does not take one is gone. */
		if (send(client->fd, answer, length, MSG_NOSIGNAL) != (ssize_t)length)
			drop(client);
	}
}

int console_serve(struct console *console, struct simulation *simulation, int fd)
{
	struct console_client *client = NULL;

	for (int i = 0; i < CONSOLE_CLIENTS_MAX; i++)
		if (console->client[i].fd == fd)
			client = &console->client[i];
	if (!client)
		return 1;
	ssize_t got = read(fd, client->line + client->length, CONSOLE_LINE_MAX - client->length);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return 1;
	if (got <= 0) {
		drop(client);
		return 0;
	}
	client->length += (size_t)got;
	answer_lines(client, simulation);
	if (client->fd >= 0 && client->length == CONSOLE_LINE_MAX)
		drop(client);
	return client->fd >= 0;
}
