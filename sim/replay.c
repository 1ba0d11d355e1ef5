/* See replay.h. */
#include "sim/replay.h"

#include "base/error.h"
#include "base/transcript.h"

#include <errno.h>     /* errno, EAGAIN, EIO */
#include <fcntl.h>     /* open */
#include <poll.h>      /* poll */
#include <stdbool.h>   /* bool */
#include <stdint.h>    /* int64_t */
#include <stdio.h>     /* printf */
#include <stdlib.h>    /* posix_openpt */
#include <string.h>    /* memchr, memcmp, memmove, strerror */
#include <sys/ioctl.h> /* FIONREAD */
#include <termios.h>   /* cfmakeraw */
#include <time.h>      /* clock_gettime, CLOCK_MONOTONIC */
#include <unistd.h>    /* read, write, symlink */

enum {
	NODE_MAX = 64,
	INPUT_MAX = 65536, /* what a host sent ahead of the recording */
	LOOK_MS = 20,	   /* how often it is looked whether a host has come */
	SHOWN_MAX = 20,	   /* differences */
	SHOWN_BYTES = 60,
	READ_WAIT_MS = 5000, /* for a host that does not read */
};

struct replay {
	const struct replay_options *options;
	int master;
	char node[NODE_MAX];
	char input[INPUT_MAX];
	size_t input_length;
	/* This moment of the recording was this moment here. */
	int64_t row_us, wall_us;
	bool gone;  /* the host has left, or the cable */
	int number; /* of the row */
	int matched, different, said;
};

static int64_t wall_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int complain(struct error *error, const char *what)
{
	int reason = errno;

	error_set(error, "%s: %s", what, strerror(reason));
	return -reason;
}

static int open_port(struct replay *replay, struct error *error)
{
	struct termios settings;
	int slave;

	replay->master = posix_openpt(O_RDWR | O_NOCTTY | O_NONBLOCK | O_CLOEXEC);
	if (replay->master < 0 || grantpt(replay->master) != 0 || unlockpt(replay->master) != 0 ||
		ptsname_r(replay->master, replay->node, sizeof replay->node) != 0)
		return complain(error, "no pseudo-terminal");
	slave = open(replay->node, O_RDWR | O_NOCTTY | O_CLOEXEC);
	if (slave < 0)
		return complain(error, replay->node);
	if (tcgetattr(slave, &settings) == 0) {
		cfmakeraw(&settings);
		tcsetattr(slave, TCSANOW, &settings);
	}
	/* Closed again: the master tells by a hang-up that no host is there. */
	close(slave);
	if (!replay->options->link)
		return 0;
	unlink(replay->options->link);
	if (symlink(replay->node, replay->options->link) != 0)
		return complain(error, replay->options->link);
	return 0;
}

static bool host_is_there(const struct replay *replay)
{
	struct pollfd look = { .fd = replay->master, .events = POLLIN };

	return poll(&look, 1, 0) >= 0 && !(look.revents & POLLHUP);
}

static void wait_for_host(const struct replay *replay)
{
	while (!host_is_there(replay))
		poll(NULL, 0, LOOK_MS);
}

/* Takes what the host has sent; false: there is nothing more to wait for. */
static bool read_host(struct replay *replay, int64_t until_us)
{
	int64_t left_us = until_us - wall_us();
	struct pollfd look = { .fd = replay->master, .events = POLLIN };
	ssize_t got;

	if (replay->input_length == INPUT_MAX)
		return false;
	if (poll(&look, 1, left_us > 0 ? (int)(left_us / 1000 + 1) : 0) <= 0)
		return true;
	got = read(replay->master, replay->input + replay->input_length,
		INPUT_MAX - replay->input_length);
	if (got > 0)
		replay->input_length += (size_t)got;
	else if (got == 0 || errno != EAGAIN)
		replay->gone = true;
	return !replay->gone;
}

/* The pause of the recording, with an ear for the host. */
static void wait_until(struct replay *replay, int64_t row_us)
{
	int64_t due_us = replay->wall_us +
			 (int64_t)((double)(row_us - replay->row_us) / replay->options->speed);

	while (wall_us() < due_us && read_host(replay, due_us))
		;
}

static void play_received(struct replay *replay, const struct transcript_row *row)
{
	size_t at = 0;

	replay->said++;
	while (at < row->length && !replay->gone) {
		ssize_t put = write(replay->master, row->bytes + at, row->length - at);

		if (put > 0)
			at += (size_t)put;
		else if (put < 0 && errno != EAGAIN)
			replay->gone = true;
		else
			read_host(replay, wall_us() + 1000);
	}
}

static int count_ends(const char *bytes, size_t length)
{
	int ends = 0;

	for (size_t i = 0; i < length; i++)
		if (bytes[i] == '\n')
			ends++;
	return ends;
}

/* Bytes of the host that stand for the row; 0: they are not all here. */
static size_t find_counterpart(const struct replay *replay, const struct transcript_row *row)
{
	int ends = count_ends(row->bytes, row->length);

	if (replay->input_length >= row->length &&
		memcmp(replay->input, row->bytes, row->length) == 0)
		return row->length;
	if (ends == 0)
		return replay->input_length >= row->length ? row->length : 0;
	for (size_t i = 0; i < replay->input_length; i++)
		if (replay->input[i] == '\n' && --ends == 0)
			return i + 1;
	return 0;
}

static void print_bytes(const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && i < SHOWN_BYTES; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		if (byte == '\n' || byte == '\r')
			fputs(byte == '\n' ? "\\n" : "\\r", stderr);
		else if (byte < 0x20 || byte > 0x7e || byte == '\\')
			fprintf(stderr, "\\x%02x", byte);
		else
			fputc(byte, stderr);
	}
	if (length > SHOWN_BYTES)
		fputs("...", stderr);
}

static void tell_difference(
	const struct replay *replay, const struct transcript_row *row, size_t length)
{
	if (replay->different > SHOWN_MAX)
		return;
	fprintf(stderr, "%s:%d: sent \"", replay->options->path, replay->number);
	print_bytes(replay->input, length);
	fputs("\" instead of \"", stderr);
	print_bytes(row->bytes, row->length);
	fputs("\"\n", stderr);
}

static void play_sent(struct replay *replay, const struct transcript_row *row)
{
	size_t length;

	if (row->length == 0)
		return;
	while ((length = find_counterpart(replay, row)) == 0 && !replay->gone)
		if (!read_host(replay, wall_us() + 1000000))
			break;
	if (length == 0)
		return;
	if (length == row->length && memcmp(replay->input, row->bytes, length) == 0) {
		replay->matched++;
	} else {
		replay->different++;
		tell_difference(replay, row, length);
	}
	replay->input_length -= length;
	memmove(replay->input, replay->input + length, replay->input_length);
	/* Answers come as long after the question as they did. */
	replay->row_us = row->time_us;
	replay->wall_us = wall_us();
}

/* A hang-up throws away what the host has not read; a cable that is pulled does not. */
static void wait_until_read(const struct replay *replay)
{
	int slave = open(replay->node, O_RDWR | O_NOCTTY | O_CLOEXEC), unread = 1;

	for (int i = 0; slave >= 0 && i < READ_WAIT_MS && unread > 0; i++)
		if (ioctl(slave, FIONREAD, &unread) != 0 || unread == 0 || poll(NULL, 0, 1) < 0)
			break;
	if (slave >= 0)
		close(slave);
}

/* Some things of the world outside stand in remarks. */
static void play_remark(struct replay *replay, const struct transcript_row *row)
{
	static const char unplugged[] = "USB unplugged";

	if (row->length >= sizeof unplugged - 1 &&
		memcmp(row->bytes, unplugged, sizeof unplugged - 1) == 0) {
		wait_until_read(replay);
		replay->gone = true;
	}
}

static void play_row(struct replay *replay, const struct transcript_row *row)
{
	switch (row->kind) {
	case TRANSCRIPT_SENT:
		play_sent(replay, row);
		break;
	case TRANSCRIPT_RECEIVED:
		wait_until(replay, row->time_us);
		play_received(replay, row);
		break;
	case TRANSCRIPT_REMARK:
		wait_until(replay, row->time_us);
		play_remark(replay, row);
		break;
	case TRANSCRIPT_NOTHING:
	case TRANSCRIPT_BAD:
		break;
	}
}

/* Every row, before anything is played.  NULL and *error: no recording. */
static struct transcript_row *read_rows(
	const struct replay_options *options, size_t *count, struct error *error)
{
	struct transcript_row *rows;
	char *row = options->text, *end = row + options->length;

	*count = 0;
	rows = calloc((size_t)count_ends(row, options->length) + 1, sizeof *rows);
	if (!rows)
		error_set(error, "%s: no memory", options->path);
	while (rows && row < end) {
		char *stop = memchr(row, '\n', (size_t)(end - row));
		size_t length = (size_t)((stop ? stop : end) - row);

		transcript_read(row, length, &rows[*count]);
		if (rows[(*count)++].kind == TRANSCRIPT_BAD) {
			error_set(error,
				"%s:%zu: no row of a recording: seconds, one of < > #, and bytes",
				options->path, *count);
			free(rows);
			rows = NULL;
		}
		row += length + 1;
	}
	return rows;
}

/* Returns how many rows are left when the host goes away.  What it sent before still counts. */
static int play(struct replay *replay, const struct transcript_row *rows, size_t count)
{
	int left = 0;

	for (size_t i = 0; i < count; i++) {
		bool is_sent = rows[i].kind == TRANSCRIPT_SENT;
		int before = replay->matched + replay->different;

		replay->number = (int)i + 1;
		if (!replay->gone || is_sent)
			play_row(replay, &rows[i]);
		if (replay->gone && rows[i].length > 0 &&
			(is_sent ? replay->matched + replay->different == before
				 : rows[i].kind == TRANSCRIPT_RECEIVED))
			left++;
	}
	return left;
}

/* What was written last is still the host's to read. */
static void let_host_read(struct replay *replay)
{
	while (!replay->gone && replay->input_length == 0 && host_is_there(replay))
		read_host(replay, wall_us() + LOOK_MS * 1000);
}

int replay_run(const struct replay_options *options, struct error *error)
{
	static struct replay replay; /* large, and there is only one */
	struct transcript_row *rows;
	size_t count;
	int result;

	replay = (struct replay){ .options = options, .master = -1 };
	rows = read_rows(options, &count, error);
	if (!rows)
		return -EINVAL;
	result = open_port(&replay, error);
	if (result == 0) {
		printf("%s\n", options->link ? options->link : replay.node);
		fflush(stdout);
		wait_for_host(&replay);
		replay.wall_us = wall_us();
		result = play(&replay, rows, count);
		let_host_read(&replay);
	}
	free(rows);
	if (result >= 0) {
		printf("{\"said\":%d,\"same\":%d,\"different\":%d,\"rows_left\":%d,"
		       "\"bytes_too_many\":%zu}\n",
			replay.said, replay.matched, replay.different, result, replay.input_length);
		result = replay.different > 0 || result > 0 || replay.input_length > 0;
	}
	if (replay.master >= 0)
		close(replay.master);
	if (options->link)
		unlink(options->link);
	return result;
}
