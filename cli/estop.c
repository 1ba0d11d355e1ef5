/* `printfarm estop`: emergency stop, straight to the streamers' stop sockets, never through
 * control, which may be dead or busy.
 *
 * Every socket is written before any answer is awaited: the last printer must not stop later
 * because the first streamer is slow. */
#include "cli/args.h"
#include "cli/commands.h"
#include "cli/words.h"

#include <dirent.h> /* opendir */
#include <errno.h>
#include <fcntl.h> /* open with O_PATH */
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h> /* clock_gettime */
#include <unistd.h>

enum {
	STREAMERS_MAX = 1024,
	ANSWER_MAX = 4096, /* a line of at most 512 bytes for each name */
	ANSWER_MS = 5000,  /* the stop itself is out long before */
	CONNECT_TRIES = 50,
};

static const char system_directory[] = "/run/printfarm-stream";
static const char suffix[] = ".stop";

struct streamer {
	char name[NAME_MAX + 1]; /* "p1" of p1.sock.stop */
	int fd;			 /* -1: not connected, or all is said */
	int error;		 /* why not */
	char answer[ANSWER_MAX];
	size_t length;
};

struct stop {
	struct streamer *streamer; /* owned */
	size_t count;
	int name_count; /* printers; 0: everything */
	char **names;
};

static int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* ---- writing -------------------------------------------------------------- */

static int connect_to(int directory, const char *name)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd, result = -1;

	/* Through the open directory: its own path may be longer than an address can be. */
	if ((size_t)snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s",
		    directory, name) >= sizeof address.sun_path)
		return -ENAMETOOLONG;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	for (int i = 0; i < CONNECT_TRIES && result < 0; i++) {
		result = connect(fd, (struct sockaddr *)&address, sizeof address);
		if (result == 0 || errno != EAGAIN)
			break;
		/* The streamer's queue of connections is full for a moment. */
		poll(NULL, 0, 2);
	}
	if (result < 0) {
		result = -errno;
		close(fd);
		return result;
	}
	return fd;
}

/* A few bytes into an empty socket buffer: never a short write. */
static int send_stop(const struct stop *stop, int fd)
{
	if (stop->name_count == 0)
		return send(fd, "estop\n", 6, MSG_NOSIGNAL) == 6 ? 0 : errno;
	for (int i = 0; i < stop->name_count; i++) {
		char line[NAME_MAX + 8];
		int length = snprintf(line, sizeof line, "estop %s\n", stop->names[i]);

		if (send(fd, line, (size_t)length, MSG_NOSIGNAL) != length)
			return errno ? errno : EAGAIN;
	}
	return 0;
}

/* "p1" of p1.stream.stop and of p1.sock.stop. */
static void name_streamer(struct streamer *streamer, const char *file)
{
	static const char *const suffixes[] = { ".stop", ".sock", ".stream" };

	snprintf(streamer->name, sizeof streamer->name, "%s", file);
	for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
		size_t length = strlen(streamer->name), own = strlen(suffixes[i]);

		if (length > own && strcmp(streamer->name + length - own, suffixes[i]) == 0)
			streamer->name[length - own] = '\0';
	}
}

static void stop_one(struct stop *stop, int directory, const char *file)
{
	struct streamer *streamer = &stop->streamer[stop->count++];
	int fd = connect_to(directory, file);

	name_streamer(streamer, file);
	streamer->fd = fd < 0 ? -1 : fd;
	streamer->error = fd < 0 ? -fd : send_stop(stop, fd);
	if (fd >= 0 && streamer->error != 0) {
		close(fd);
		streamer->fd = -1;
	}
}

static void stop_directory(struct stop *stop, const char *path)
{
	int directory = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	DIR *listing = opendir(path);
	struct dirent *entry;

	while (listing && directory >= 0 && (entry = readdir(listing))) {
		size_t length = strlen(entry->d_name);

		if (length > sizeof suffix - 1 && stop->count < STREAMERS_MAX &&
			strcmp(entry->d_name + length - (sizeof suffix - 1), suffix) == 0)
			stop_one(stop, directory, entry->d_name);
	}
	if (listing)
		closedir(listing);
	if (directory >= 0)
		close(directory);
}

static bool is_same_directory(const char *a, const char *b)
{
	char real_a[PATH_MAX], real_b[PATH_MAX];

	return realpath(a, real_a) && realpath(b, real_b) && strcmp(real_a, real_b) == 0;
}

static void stop_everywhere(struct stop *stop, const char *socket)
{
	const char *slash = strrchr(socket, '/');
	char beside[PATH_MAX];

	snprintf(beside, sizeof beside, "%.*s", slash > socket ? (int)(slash - socket) : 1,
		slash ? socket : ".");
	stop_directory(stop, beside);
	if (!is_same_directory(beside, system_directory))
		stop_directory(stop, system_directory);
}

/* ---- answers -------------------------------------------------------------- */

static size_t lines_in(const struct streamer *streamer)
{
	size_t lines = 0;

	for (size_t i = 0; i < streamer->length; i++)
		lines += streamer->answer[i] == '\n';
	return lines;
}

static void read_answer(const struct stop *stop, struct streamer *streamer)
{
	size_t room = sizeof streamer->answer - 1 - streamer->length;
	ssize_t length = recv(streamer->fd, streamer->answer + streamer->length, room, 0);
	size_t expected = stop->name_count > 0 ? (size_t)stop->name_count : 1;

	if (length > 0)
		streamer->length += (size_t)length;
	streamer->answer[streamer->length] = '\0';
	if (length > 0 && lines_in(streamer) < expected && (size_t)length < room)
		return;
	if (length < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close(streamer->fd);
	streamer->fd = -1;
}

static void await_answers(struct stop *stop)
{
	struct pollfd *waiting = calloc(stop->count + 1, sizeof *waiting);
	int64_t until_ms = now_ms() + ANSWER_MS;

	for (bool any = waiting != NULL; any;) {
		int64_t left_ms = until_ms - now_ms();

		any = false;
		for (size_t i = 0; i < stop->count; i++) {
			waiting[i] =
				(struct pollfd){ .fd = stop->streamer[i].fd, .events = POLLIN };
			any = any || waiting[i].fd >= 0;
		}
		if (!any || left_ms <= 0)
			break;
		if (poll(waiting, stop->count, (int)left_ms) <= 0)
			continue;
		for (size_t i = 0; i < stop->count; i++)
			if (waiting[i].fd >= 0 && waiting[i].revents)
				read_answer(stop, &stop->streamer[i]);
	}
	free(waiting);
}

/* ---- report --------------------------------------------------------------- */

/* The answer to the name with this index; "" when there is none. */
static void line_of(const struct streamer *streamer, int index, char line[ANSWER_MAX])
{
	const char *at = streamer->answer;
	const char *end;

	line[0] = '\0';
	for (; (end = strchr(at, '\n')); at = end + 1)
		if (index-- == 0) {
			snprintf(line, ANSWER_MAX, "%.*s", (int)(end - at), at);
			return;
		}
}

static void what_it_said(const struct streamer *streamer, int index, char line[ANSWER_MAX])
{
	line_of(streamer, index, line);
	if (streamer->error != 0)
		snprintf(line, ANSWER_MAX, "error not reached: %s", strerror(streamer->error));
	else if (!line[0])
		snprintf(line, ANSWER_MAX, "error no answer within %d s", ANSWER_MS / 1000);
}

static bool is_ok(const char *line)
{
	return strncmp(line, "ok", 2) == 0;
}

static int report(const struct cli *cli, const char *printer, const char *streamer,
	const char *line, json_t *rows)
{
	const char *text = is_ok(line) ? line + 2 : strncmp(line, "error ", 6) ? line : line + 6;

	text += strspn(text, " ");
	/* "1 stopped, 0 offline (...)": what concerns nobody is left out. */
	const char *nobody = is_ok(line) ? strstr(text, ", 0 offline") : NULL;
	/* One printer's streamer: there is nothing to count. */
	if (nobody && strncmp(text, "1 ", 2) == 0)
		text += 2;
	int length = nobody ? (int)(nobody - text) : (int)strlen(text);

	if (cli->json)
		json_array_append_new(
			rows, json_pack("{s:s?, s:s, s:b, s:s}", "printer", printer, "streamer",
				      streamer, "ok", is_ok(line), "text", text));
	else
		say(stdout, "%s: %s%.*s\n", printer ? printer : streamer,
			is_ok(line) ? "" : "NOT STOPPED: ", length, text);
	return is_ok(line) ? CLI_DONE : CLI_REFUSED;
}

static int compare_names(const void *a, const void *b)
{
	return strverscmp(((const struct streamer *)a)->name, ((const struct streamer *)b)->name);
}

static int report_all(const struct cli *cli, const struct stop *stop, json_t *rows)
{
	char line[ANSWER_MAX];
	int worst = CLI_DONE;

	for (size_t i = 0; i < stop->count; i++) {
		what_it_said(&stop->streamer[i], 0, line);
		if (report(cli, NULL, stop->streamer[i].name, line, rows) != CLI_DONE)
			worst = CLI_REFUSED;
	}
	return worst;
}

/* One streamer knows the printer, the others say that they do not. */
static int report_name(const struct cli *cli, const struct stop *stop, int index, json_t *rows)
{
	char line[ANSWER_MAX];

	for (size_t i = 0; i < stop->count; i++) {
		what_it_said(&stop->streamer[i], index, line);
		if (is_ok(line))
			return report(cli, stop->names[index], stop->streamer[i].name, line, rows);
	}
	/* The one that bears its name tells most. */
	for (size_t i = 0; i < stop->count; i++) {
		what_it_said(&stop->streamer[i], index, line);
		if (strcmp(stop->streamer[i].name, stop->names[index]) == 0)
			return report(cli, stop->names[index], stop->streamer[i].name, line, rows);
	}
	return report(cli, stop->names[index], "", "error no streamer has this printer", rows);
}

int command_estop(struct cli *cli, int argc, char **argv)
{
	struct stop stop = { .names = argv + 1 };
	json_t *rows = json_array();
	int status = args_parse(cli, NULL, argc, argv, &stop.name_count);

	for (int i = 0; status == 0 && i < stop.name_count; i++)
		if (strlen(argv[i + 1]) > NAME_MAX || strpbrk(argv[i + 1], "\r\n") ||
			!argv[i + 1][0])
			status = cli_usage_error(cli, "'%s' is no printer's name", argv[i + 1]);
	stop.streamer = status ? NULL : calloc(STREAMERS_MAX, sizeof *stop.streamer);
	if (status == 0 && stop.streamer) {
		stop_everywhere(&stop, cli->socket);
		await_answers(&stop);
		qsort(stop.streamer, stop.count, sizeof *stop.streamer, compare_names);
		if (stop.count == 0) {
			cli_error("no streamer's stop socket (*.stop) was found beside %s or in %s",
				cli->socket, system_directory);
			status = CLI_UNREACHABLE;
		} else if (stop.name_count == 0) {
			status = report_all(cli, &stop, rows);
		}
		for (int i = 0; stop.count > 0 && i < stop.name_count; i++)
			if (report_name(cli, &stop, i, rows) != CLI_DONE)
				status = CLI_REFUSED;
		if (cli->json && stop.count > 0)
			words_print_json(cli, rows);
	}
	for (size_t i = 0; stop.streamer && i < stop.count; i++)
		if (stop.streamer[i].fd >= 0)
			close(stop.streamer[i].fd);
	free(stop.streamer);
	json_decref(rows);
	return status;
}
