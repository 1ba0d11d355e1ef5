#include "daemon/stream/readahead.h"

#include "daemon/stream/clock.h"
#include "gcode/cnc.h"
#include "gcode/lexer.h"
#include "gcode/line_reader.h"
#include "gcode/motion.h"
#include "gcode/policy.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h> /* PATH_MAX */
#include <pthread.h>
#include <signal.h> /* pthread_sigmask: signals belong to the loop */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
	STACK_BYTES = 131072,
	/* A slow disk does not put off a print for more: what has not been looked through by then
	 * is refused in its place. */
	LOOK_THROUGH_US = 5000000,
};

/* In front of a command in the ring. */
struct record {
	uint32_t advance_bytes; /* from the end of the last command's line to that of this one's */
	uint32_t length;
	struct move_time time;
};

struct readahead {
	/* Of the thread alone. */
	char path[PATH_MAX];
	int64_t bytes, from;
	bool program, laser, has_profile;
	struct profile profile;
	size_t limit_bytes;
	bool checking;	   /* the first of two passes: nothing is given out */
	bool line_refused; /* the fault is of a line, not of the disk */
	int64_t look_until_us;
	struct move_times times;
	int64_t told_bytes; /* end of the line of the last command in the ring */
	ssize_t (*read_at)(int fd, void *bytes, size_t size, off_t offset);
	struct line_reader reader;
	char chunk[READAHEAD_CHUNK_BYTES];

	pthread_mutex_t mutex; /* guards all below */
	pthread_cond_t room;
	void (*on_ready)(void *context);
	void *context;
	bool abandoned;	  /* the owner has gone */
	bool thread_done; /* the thread has gone, or will touch nothing more */
	bool ended;	  /* every command is in the ring, or the fault behind them is known */
	bool hungry;	  /* the owner found the ring empty */
	bool waiting;	  /* the thread waits for room */
	struct error fault;
	int64_t taken_bytes; /* end of the line of the last command taken */
	struct move_time taken_time;
	size_t start, used; /* records: struct record, then the text */
	char ring[READAHEAD_RING_BYTES];
};

/* ---- the ring, under the mutex ------------------------------------------------ */

static void ring_put(struct readahead *readahead, const char *bytes, size_t length)
{
	size_t at = (readahead->start + readahead->used) % READAHEAD_RING_BYTES;
	size_t first = READAHEAD_RING_BYTES - at;

	if (first > length)
		first = length;
	memcpy(readahead->ring + at, bytes, first);
	memcpy(readahead->ring, bytes + first, length - first);
	readahead->used += length;
}

static void ring_get(struct readahead *readahead, char *bytes, size_t length)
{
	size_t first = READAHEAD_RING_BYTES - readahead->start;

	if (first > length)
		first = length;
	memcpy(bytes, readahead->ring + readahead->start, first);
	memcpy(bytes + first, readahead->ring, length - first);
	readahead->start = (readahead->start + length) % READAHEAD_RING_BYTES;
	readahead->used -= length;
}

static void tell_ready(struct readahead *readahead)
{
	if (!readahead->hungry || readahead->abandoned)
		return;
	readahead->hungry = false;
	readahead->on_ready(readahead->context);
}

/* ---- the thread --------------------------------------------------------------- */

/* `record` lacks its advance.  False: the owner has gone. */
static bool put_record(
	struct readahead *readahead, struct record *record, const char *text, int64_t end_bytes)
{
	size_t length = record->length;
	bool wanted;

	record->advance_bytes = (uint32_t)(end_bytes - readahead->told_bytes);
	readahead->told_bytes = end_bytes;
	pthread_mutex_lock(&readahead->mutex);
	while (!readahead->abandoned &&
		READAHEAD_RING_BYTES - readahead->used < sizeof(*record) + length) {
		readahead->waiting = true;
		pthread_cond_wait(&readahead->room, &readahead->mutex);
	}
	readahead->waiting = false;
	wanted = !readahead->abandoned;
	if (wanted) {
		ring_put(readahead, (const char *)record, sizeof(*record));
		ring_put(readahead, text, length);
		tell_ready(readahead);
	}
	pthread_mutex_unlock(&readahead->mutex);
	return wanted;
}

static bool put_command(
	struct readahead *readahead, const struct command *command, int64_t end_bytes)
{
	struct record record = { .length = (uint32_t)command->length };

	move_time_of_command(&readahead->times, command->text, command->length, &record.time);
	return put_record(readahead, &record, command->text, end_bytes);
}

static enum command_result read_command(const struct readahead *readahead,
	const struct line_reader_line *line, struct command *command)
{
	struct policy_findings findings = { .count = 0 };
	struct lexer_line words;

	if (!readahead->program)
		return command_from_line_within(line->text, line->length,
			readahead->has_profile ? &readahead->profile : NULL, readahead->limit_bytes,
			command);
	lexer_read(line->text, line->length, &words);
	return cnc_command(&words, command, &findings);
}

/* "line 12", or where an adopted print began to read again. */
static void write_place(const struct readahead *readahead, int64_t line, char *text, size_t size)
{
	if (readahead->from == 0)
		snprintf(text, size, "line %lld", (long long)line);
	else
		snprintf(text, size, "line %lld behind byte %lld", (long long)line,
			(long long)readahead->from);
}

static void refuse(struct readahead *readahead, const struct line_reader_line *line,
	const struct command *command, struct error *error)
{
	char place[64], limit[64] = "";

	readahead->line_refused = true;
	write_place(readahead, line->number, place, sizeof(place));
	if (readahead->limit_bytes > 0 && command->length == readahead->limit_bytes)
		snprintf(limit, sizeof(limit), " (%zu bytes; this firmware takes %zu)",
			line->length, readahead->limit_bytes);
	error_set(error, "%s %s may not be sent: %s%s", readahead->path, place,
		command->rule ? command->rule : "refused", limit);
}

/* False: no more is wanted of this file; *error says why, or is empty when the owner has gone. */
static bool take_line(struct readahead *readahead, enum line_reader_result result,
	const struct line_reader_line *line, struct error *error)
{
	struct command command;
	char place[64];

	if (result == LINE_READER_TOO_LONG && !readahead->program &&
		command_is_outline(line->text, line->length))
		return true;
	if (result == LINE_READER_TOO_LONG) {
		readahead->line_refused = true;
		write_place(readahead, line->number, place, sizeof(place));
		error_set(error, "%s %s: longer than %d bytes", readahead->path, place,
			LINE_READER_LINE_MAX);
		return false;
	}
	if (readahead->checking && !readahead->program && line->length <= readahead->limit_bytes)
		return true;
	switch (read_command(readahead, line, &command)) {
	case COMMAND_SEND:
		if (readahead->laser && cnc_has_m3(command.text, command.length)) {
			error_set(error,
				"%s line %lld may not be sent to a laser: M3 leaves it on while "
				"the machine waits; M4 is wanted",
				readahead->path, (long long)line->number);
			return false;
		}
		return readahead->checking ||
		       put_command(readahead, &command, readahead->from + line->end_bytes);
	case COMMAND_NOTHING:
	case COMMAND_FILTERED:
		return true;
	case COMMAND_REFUSED:
		refuse(readahead, line, &command, error);
		return false;
	}
	return false;
}

/* Plain moves, nineteen of twenty lines, are commands as they stand: no rule has a word against
 * them.  False: the owner has gone. */
static bool take_moves(struct readahead *readahead, const char **bytes, size_t *length)
{
	size_t limit_bytes =
		readahead->limit_bytes > 0 ? readahead->limit_bytes : (size_t)COMMAND_SHORT_MAX;
	struct motion_line line;
	struct motion motion;
	int64_t number;

	while (line_reader_is_between(&readahead->reader) &&
		motion_read(*bytes, *length, &motion, &line) && line.body_length <= limit_bytes) {
		struct record record = { .length = (uint32_t)line.body_length };
		const char *text = *bytes;

		move_time_of_motion(&readahead->times, &motion, &record.time);
		line_reader_skip(&readahead->reader, bytes, length, line.used_bytes, &number);
		if (!put_record(readahead, &record, text,
			    readahead->from + readahead->reader.offset_bytes))
			return false;
	}
	return true;
}

static bool take_chunk(
	struct readahead *readahead, const char *bytes, size_t length, struct error *error)
{
	bool moves =
		!readahead->program && !readahead->checking &&
		!(readahead->has_profile && readahead->profile.firmware == PROFILE_FIRMWARE_GRBL);
	struct line_reader_line line;
	enum line_reader_result result;

	do {
		if (moves && !take_moves(readahead, &bytes, &length))
			return false;
		result = line_reader_next(&readahead->reader, &bytes, &length, &line);
		if (result != LINE_READER_MORE && !take_line(readahead, result, &line, error))
			return false;
	} while (result != LINE_READER_MORE);
	return true;
}

static bool size_is_right(struct readahead *readahead, int fd, struct error *error)
{
	struct stat status;

	if (fstat(fd, &status) < 0) {
		error_set(error, "%s: %s", readahead->path, strerror(errno));
		return false;
	}
	if (S_ISREG(status.st_mode) && status.st_size == readahead->bytes)
		return true;
	error_set(error, "%s: has %lld bytes, not the %lld that were announced", readahead->path,
		(long long)status.st_size, (long long)readahead->bytes);
	return false;
}

/* One byte more than announced is asked for at the end: a file that grew is not our file. */
static bool read_all(struct readahead *readahead, int fd, struct error *error)
{
	int64_t offset = readahead->from;

	for (;;) {
		if (readahead->checking && !readahead->program &&
			clock_now_us() > readahead->look_until_us)
			return false;
		ssize_t count = readahead->read_at(
			fd, readahead->chunk, sizeof(readahead->chunk), (off_t)offset);

		if (count < 0 && errno == EINTR)
			continue;
		if (count < 0) {
			error_set(error, "%s: reading at byte %lld: %s", readahead->path,
				(long long)offset, strerror(errno));
			return false;
		}
		if (count == 0)
			break;
		offset += count;
		if (offset > readahead->bytes)
			break;
		if (!take_chunk(readahead, readahead->chunk, (size_t)count, error))
			return false;
	}
	if (offset == readahead->bytes)
		return true;
	error_set(error, "%s: %s while it was being printed (%lld bytes announced)",
		readahead->path, offset > readahead->bytes ? "grew" : "was cut short",
		(long long)readahead->bytes);
	return false;
}

static void read_file(struct readahead *readahead, struct error *error)
{
	int fd = open(readahead->path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	enum line_reader_result result;
	struct line_reader_line line;

	if (fd < 0) {
		error_set(error, "%s: %s", readahead->path, strerror(errno));
		return;
	}
	if (size_is_right(readahead, fd, error) && read_all(readahead, fd, error)) {
		result = line_reader_finish(&readahead->reader, &line);
		if (result != LINE_READER_MORE)
			take_line(readahead, result, &line, error);
	}
	close(fd);
}

static void destroy(struct readahead *readahead)
{
	pthread_cond_destroy(&readahead->room);
	pthread_mutex_destroy(&readahead->mutex);
	free(readahead);
}

/* What was adopted has been; where the longest commands are taken, all are. */
static bool is_checked(const struct readahead *readahead)
{
	return readahead->program || (readahead->from == 0 && readahead->limit_bytes > 0 &&
					     readahead->limit_bytes < COMMAND_MAX);
}

static void *run(void *argument)
{
	struct readahead *readahead = argument;
	struct error fault = { "" };
	bool last;

	if (is_checked(readahead)) {
		readahead->checking = true;
		readahead->look_until_us = clock_now_us() + LOOK_THROUGH_US;
		read_file(readahead, &fault);
		readahead->checking = false;
		line_reader_init(&readahead->reader);
		/* A disk that fails may be better when the print is there. */
		if (!readahead->program && !readahead->line_refused)
			fault.text[0] = '\0';
	}
	if (!fault.text[0])
		read_file(readahead, &fault);
	pthread_mutex_lock(&readahead->mutex);
	readahead->fault = fault;
	readahead->ended = true;
	tell_ready(readahead);
	readahead->thread_done = true;
	last = readahead->abandoned;
	pthread_mutex_unlock(&readahead->mutex);
	if (last)
		destroy(readahead);
	return NULL;
}

/* ---- the owner ---------------------------------------------------------------- */

static int start_thread(struct readahead *readahead)
{
	pthread_attr_t attributes;
	sigset_t all, before;
	pthread_t thread;
	int code = pthread_attr_init(&attributes);

	if (code != 0)
		return code;
	pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attributes, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	code = pthread_create(&thread, &attributes, run, readahead);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attributes);
	return code;
}

struct readahead *readahead_create(const struct readahead_setup *setup, struct error *error)
{
	struct readahead *readahead;
	int code;

	if (strlen(setup->path) >= sizeof(readahead->path)) {
		error_set(error, "the file's name is longer than %zu bytes",
			sizeof(readahead->path) - 1);
		return NULL;
	}
	readahead = calloc(1, sizeof(*readahead));
	if (!readahead) {
		error_set(error, "%s: no memory to read it ahead", setup->path);
		return NULL;
	}
	strcpy(readahead->path, setup->path);
	readahead->bytes = setup->bytes;
	readahead->program = setup->program;
	readahead->laser = setup->laser;
	readahead->limit_bytes = setup->limit_bytes;
	readahead->from = readahead->told_bytes = readahead->taken_bytes = setup->from;
	readahead->read_at = setup->read_at ? setup->read_at : pread;
	readahead->on_ready = setup->on_ready;
	readahead->context = setup->context;
	readahead->hungry = true;
	readahead->has_profile = setup->profile != NULL;
	if (setup->profile)
		readahead->profile = *setup->profile;
	line_reader_init(&readahead->reader);
	move_times_init(&readahead->times);
	pthread_mutex_init(&readahead->mutex, NULL);
	pthread_cond_init(&readahead->room, NULL);
	code = start_thread(readahead);
	if (code != 0) {
		error_set(error, "%s: no thread to read it ahead: %s", setup->path, strerror(code));
		destroy(readahead);
		return NULL;
	}
	return readahead;
}

void readahead_destroy(struct readahead *readahead)
{
	bool last;

	if (!readahead)
		return;
	pthread_mutex_lock(&readahead->mutex);
	readahead->abandoned = true;
	last = readahead->thread_done;
	pthread_cond_signal(&readahead->room);
	pthread_mutex_unlock(&readahead->mutex);
	if (last)
		destroy(readahead);
}

int64_t readahead_offset(const struct readahead *readahead)
{
	return readahead->taken_bytes;
}

const struct move_time *readahead_time(const struct readahead *readahead)
{
	return &readahead->taken_time;
}

enum readahead_result readahead_take(
	struct readahead *readahead, struct command *command, struct error *error)
{
	enum readahead_result result = READAHEAD_COMMAND;
	struct record record;

	pthread_mutex_lock(&readahead->mutex);
	if (readahead->used > 0) {
		ring_get(readahead, (char *)&record, sizeof(record));
		ring_get(readahead, command->text, record.length);
		command->text[record.length] = '\0';
		command->length = record.length;
		readahead->taken_bytes += record.advance_bytes;
		readahead->taken_time = record.time;
		command->rule = NULL;
		/* Wakes the thread for half a ring of work, not for every line. */
		if (readahead->waiting && readahead->used < READAHEAD_RING_BYTES / 2) {
			readahead->waiting = false;
			pthread_cond_signal(&readahead->room);
		}
	} else if (!readahead->ended) {
		readahead->hungry = true;
		result = READAHEAD_WAIT;
	} else if (readahead->fault.text[0]) {
		*error = readahead->fault;
		result = READAHEAD_FAULT;
	} else {
		result = READAHEAD_END;
	}
	pthread_mutex_unlock(&readahead->mutex);
	return result;
}
