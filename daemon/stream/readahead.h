/* Reads one file ahead of its print into a bounded ring of prepared commands.
 *
 * A disk may take seconds or fail, and the loop that reads it would stop every other printer of the
 * process with it.  So each active print has one thread that opens, reads and prepares; the loop
 * only ever takes what is ready.  The file is never mapped: a bad sector would be a SIGBUS.
 * Memory is taken when the print starts; the thread itself allocates nothing. */
#ifndef DAEMON_STREAM_READAHEAD_H
#define DAEMON_STREAM_READAHEAD_H

#include "base/error.h"
#include "daemon/stream/move_time.h"
#include "gcode/command.h"
#include "gcode/profile.h"

#include <stdint.h>
#include <sys/types.h>

enum {
	READAHEAD_RING_BYTES = 65536, /* about 2,000 commands: some ten seconds of print */
	READAHEAD_CHUNK_BYTES = 16384,
};

struct readahead;

struct readahead_setup {
	const char *path;
	int64_t bytes; /* what the file's size must be */
	/* It is a program of a laser or a mill (gcode/cnc.h); all of it is checked before its first
	 * command is given out: such machines cannot be stopped in the middle of bad work. */
	bool program;
	bool laser; /* and M3 is refused */
	/* The longest command that its dialect sends; 0: by the profile.  The file is looked
	 * through for longer ones before its first command is given out, so that they stop no print
	 * half-way (as far as that can be done in a few seconds). */
	size_t limit_bytes;
	/* What the machine can do and which rules are its own; copied.  NULL: the rules of all. */
	const struct profile *profile;
	int64_t from; /* begin at this byte, which follows a line's end */
	/* Called on the thread when the owner found nothing to take and now something is there, or
	 * the end or a fault is known.  Must not block. */
	void (*on_ready)(void *context);
	void *context;
	/* NULL: pread(2). For tests. */
	ssize_t (*read_at)(int fd, void *bytes, size_t size, off_t offset);
};

enum readahead_result {
	READAHEAD_COMMAND, /* *command is filled */
	READAHEAD_WAIT,	   /* nothing yet; on_ready will tell */
	READAHEAD_END,	   /* every command of the file was taken */
	READAHEAD_FAULT,   /* *error says what is wrong with the file; nothing comes after it */
};

/* NULL: no memory or no thread, *error says which. */
struct readahead *readahead_create(const struct readahead_setup *setup, struct error *error);

/* Never waits: a thread that hangs in the disk frees everything when it comes back.  on_ready is
 * not called any more after this returns. */
void readahead_destroy(struct readahead *readahead);

/* Where in the file the line of the command taken last ends. */
int64_t readahead_offset(const struct readahead *readahead);

/* How long the printer has to do with the command taken last. */
const struct move_time *readahead_time(const struct readahead *readahead);

/* The next command of the file, in order. `text` of *command is filled, `rule` is NULL. */
enum readahead_result readahead_take(
	struct readahead *readahead, struct command *command, struct error *error);

#endif
