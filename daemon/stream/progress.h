/* The progress page of one printer: a small mapped file in the state directory that survives
 * kill -9 of the streamer and says what was going on.
 *
 * Two parts, each written alternately into two slots with a sequence number and a checksum, so that
 * a streamer killed in the middle of a write leaves the slot before it readable: `facts` (rarely
 * written) and `counts` (written with every acknowledgement, so kept small).  A third part, the
 * trail, says which line had which number, for adoption.  Nothing is synced:
 * the page is for the death of a process, not of the machine; intent and results are in control's
 * ledger. */
#ifndef DAEMON_STREAM_PROGRESS_H
#define DAEMON_STREAM_PROGRESS_H

#include "base/error.h"
#include "daemon/stream/progress_trail.h"
#include "daemon/wire/wire.h"

#include <stdbool.h>
#include <stdint.h>

enum {
	/* Raise it when the structs below change; a page of another version is taken for torn. */
	PROGRESS_VERSION = 7,
	/* Results that control has not booked yet, and booked ones that are still remembered so
	 * that no attempt is printed twice. */
	PROGRESS_ENDED_MAX = 4,
	PROGRESS_DIALECT_MAX = 24,
	PROGRESS_BOOT_MAX = 40, /* the kernel's name for the time since it started */
};

/* Where the attempt stands. Stored: append only. */
enum progress_state {
	PROGRESS_NONE,	  /* no attempt */
	PROGRESS_STARTED, /* taken, nothing sent yet */
	PROGRESS_PRINTING,
	PROGRESS_PAUSED,
	PROGRESS_STOPPING, /* cancel or end of the file: parking, cooling */
	PROGRESS_BY_HAND,  /* no attempt; the board was last seen to work for somebody else */
};

struct progress_ended {
	char attempt[WIRE_ID_MAX]; /* empty: free slot */
	int64_t result;		   /* enum wire_result */
	int64_t fault;		   /* enum driver_fault */
	char reason[WIRE_TEXT_MAX];
	struct wire_progress numbers;
	int64_t booked; /* 1: control has it; kept only to know the attempt again */
	int64_t order;	/* the higher, the later it ended */
};

struct progress_facts {
	uint64_t sequence;
	int64_t state; /* enum progress_state */
	char attempt[WIRE_ID_MAX];
	char path[WIRE_PATH_MAX];
	int64_t bytes, commands; /* as START said */
	int64_t start_us;	 /* of the print, on the clock of `boot` */
	int64_t pause_wanted;	 /* 1: somebody asked for a pause and not for its end */
	char boot[PROGRESS_BOOT_MAX];
	char uuid[WIRE_NAME_MAX]; /* of the printer that prints, as its firmware told it */
	char dialect[PROGRESS_DIALECT_MAX]; /* found on the port; empty: not known */
	int64_t baud;			    /* found with it */
	int64_t halted;	   /* 1: the board was stopped for good, and has not answered since */
	int64_t hot_by_us; /* 1: a heater may be on because we said so */
	int64_t fault;	   /* enum driver_fault; not 0: locked */
	char fault_text[WIRE_TEXT_MAX];
	struct progress_ended ended[PROGRESS_ENDED_MAX];
	uint64_t checksum; /* of all before it */
};

struct progress_counts {
	uint64_t sequence;
	uint64_t attempt;      /* checksum of the attempt's id: whose counts these are */
	int64_t commands_sent; /* indices below this were given to the driver */
	int64_t commands_acknowledged;
	int64_t line_number; /* of the latest line, ours or the file's */
	uint64_t checksum;
};

struct progress {
	struct progress_facts facts; /* change it, then progress_store */
	struct progress_counts counts;
	struct progress_trail_writer trail;
	bool torn; /* the file held something, but no readable facts */
	struct progress_page *page;
	int fd;
};

/* Opens or creates the page and reads what it says.  The blocks are reserved, so that a full disk
 * is an error here and not a SIGBUS later. */
int progress_open(struct progress *progress, const char *path, struct error *error);
void progress_close(struct progress *progress);

void progress_store(struct progress *progress);

/* Cheap enough for every line. */
void progress_count(struct progress *progress, int64_t commands_sent, int64_t acknowledged,
	int64_t line_number);

/* The printer was heard. */
void progress_alive(struct progress *progress, int64_t now_us);

/* What a line number means; see progress_trail.h. */
void progress_line(struct progress *progress, const struct progress_line *line, const char *text,
	size_t length);
/* Mark of the attempt under way; only the state, index and offset count. */
void progress_mark(struct progress *progress, struct progress_mark *mark);
bool progress_find_mark(const struct progress *progress, struct progress_mark *mark);
const struct progress_trail *progress_trail(const struct progress *progress);

/* The counts are those of facts.attempt from now on, and 0. */
void progress_begin_counts(struct progress *progress);

/* Files the end of an attempt and forgets the attempt itself. */
void progress_end(struct progress *progress, enum wire_result result, int64_t fault,
	const char *reason, const struct wire_progress *numbers);

/* The end of that attempt, booked or not; NULL: not known. */
struct progress_ended *progress_find_ended(struct progress *progress, const char *attempt);
/* Ends that control has not booked. */
int progress_unbooked(const struct progress *progress);

#endif
