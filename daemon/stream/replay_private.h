/* The inside of a replay, shared by replay*.c only. */
#ifndef DAEMON_STREAM_REPLAY_PRIVATE_H
#define DAEMON_STREAM_REPLAY_PRIVATE_H

#include "base/transcript.h"
#include "daemon/stream/replay.h"
#include "daemon/stream/replay_script.h"
#include "gcode/command.h"

enum {
	FILE_MAX = 16 << 20,
	LINE_BYTES = REPLAY_LINE_BYTES,
	LINES_MAX = 256,      /* sent by the driver and not yet met in the recording */
	ANSWERS_MAX = 64,     /* of the stand-in, on their way */
	ANSWER_US = 2000,     /* it answers after so long */
	SLACK_US = 50000,     /* our recordings are as late as our loop was */
	SETTLE_US = 60000000, /* the driver gets so long to be ready for a print */
	DIFFERENCES_SHOWN = 10,
	NONCE_BYTES = 10, /* "pf" or "no" and eight hex digits, drivers/marlin_resync.c */
};

struct answer {
	int64_t due_us;
	char text[LINE_BYTES];
};

struct replay {
	struct replay_report *report;
	const char *path;
	FILE *out;
	struct transcript_row *row;
	size_t count, at;
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	int64_t now_us, wake_us;
	int64_t shift_us; /* our time less that of the recording */
	bool open, job, stopped;
	bool probing;	  /* no driver had the port */
	bool skipping;	  /* until the port is opened anew */
	bool halted;	  /* the recording waits for the driver */
	bool all_offered; /* the print ends */
	struct replay_script script;
	enum driver_link link;

	char partial[LINE_BYTES]; /* of the driver's bytes, a line that has no end yet */
	size_t partial_length;
	char expected[LINE_BYTES]; /* the same of the recorded host's */
	size_t expected_length;
	struct replay_line line[LINES_MAX];
	size_t line_count;
	struct answer answer[ANSWERS_MAX];
	size_t answer_count;
	struct replay_line backlog[LINES_MAX + 1]; /* of the recorded host, to be offered */
	/* Given to the driver, and not yet sent by it. */
	struct replay_line given[LINES_MAX + 1];
	size_t given_count;
	int64_t given_sent, given_answered;
	int64_t sent[LINES_MAX + 1]; /* numbers of lines that were given, sent, not yet answered */
	size_t sent_count;
	int64_t answered; /* the number that the present ok is for; -1: none is known */
	char offered[COMMAND_MAX + 1]; /* the latest */
	size_t backlog_count;
	/* Whose acknowledgement comes next: false for a line that the driver never sent. */
	bool expects[LINES_MAX];
	size_t expects_count;
	int64_t counter; /* the stand-in's: the last line number that it took */
	int64_t offset;	 /* the driver's line numbers less the recorded ones */
	char nonce[NONCE_BYTES + 1], recorded_nonce[NONCE_BYTES + 1];
	int differences;
};

/* replay_words.c */
/* What the driver made of it, for people; hostile bytes are shown first. */
void replay_tell(struct replay *replay, const char *what, const char *text);
/* A difference to our own recording. */
void replay_differ(struct replay *replay, const char *what, const char *text);
const char *replay_find_nonce(const char *text);
/* Blanks do not count. */
bool replay_same_words(const char *ours, const char *theirs);
/* The same but for the nonce, which is learnt. */
bool replay_same_text(struct replay *replay, const char *ours, const char *theirs);

/* replay_stand_in.c */
/* Answers a line that the recorded host never sent. */
void replay_stand_in(struct replay *replay, const struct replay_line *line);

/* replay_driver.c */
bool replay_is_grbl(const struct replay *replay);
bool replay_is_realtime(const struct replay *replay, char byte);
/* Emptied, for the next call of the driver. */
struct driver_effects *replay_fresh(struct replay *replay);
void replay_perform(struct replay *replay);
void replay_receive(struct replay *replay, const char *bytes, size_t length);
/* From a line to what the dialect may be given. */
enum command_result replay_read_command(
	const struct replay *replay, const char *text, struct command *command);
void replay_give(struct replay *replay, const char *text, size_t length);
/* Gives the driver what it wants and there is. */
void replay_offer(struct replay *replay);
void replay_open_port(struct replay *replay);
void replay_close_port(struct replay *replay);
/* Timers and the stand-in up to that time. */
void replay_run_until(struct replay *replay, int64_t until_us);
/* Another host's recording waits until our driver is ready for a print; false: it is not. */
bool replay_make_ready(struct replay *replay);

/* replay_rows.c */
void replay_play(struct replay *replay);

#endif
