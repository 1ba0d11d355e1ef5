/* A driver without line numbers and a test that says the printer's part word by word. */
#ifndef TESTS_UNIT_PIPE_TALK_H
#define TESTS_UNIT_PIPE_TALK_H

#include "drivers/driver.h"

enum { TALK_WRITTEN_MAX = 16384 };

struct pipe_talk {
	const struct driver_dialect *dialect;
	struct driver *driver;
	struct driver_effects effects;
	int64_t now_us, wake_us;
	char written[TALK_WRITTEN_MAX]; /* since pipe_talk_forget */
	char side[TALK_WRITTEN_MAX];	/* on the side channel */
	int64_t acknowledged;
	enum driver_state state;
	int faults; /* JOB_FAULT and LINK_FAULT */
	enum driver_fault fault;
	char reason[DRIVER_REASON_MAX];
	char attention[DRIVER_REASON_MAX]; /* empty: not */
	char said[DRIVER_REASON_MAX];	   /* the latest */
	int readings;
	bool done, cancelled, by_hand, cold;
};

/* The port is open. */
void pipe_talk_start(struct pipe_talk *talk, const char *dialect);
void pipe_talk_end(struct pipe_talk *talk);
/* Connected, whatever the dialect asks. */
void pipe_talk_ready(struct pipe_talk *talk);
/* A print has begun and these commands were offered, as far as they were wanted. */
void pipe_talk_print(struct pipe_talk *talk, const char *const *commands, size_t count);

void pipe_talk_say(struct pipe_talk *talk, const char *text);
void pipe_talk_side(struct pipe_talk *talk, const char *text, size_t length);
/* Time passes; the driver is woken when it wishes. */
void pipe_talk_pass(struct pipe_talk *talk, int64_t us);
void pipe_talk_forget(struct pipe_talk *talk);
/* How often the text was written. */
int pipe_talk_count(const struct pipe_talk *talk, const char *text);
/* The nonce of the latest barrier, as written. */
const char *pipe_talk_nonce(const struct pipe_talk *talk);
/* Performs what a slot called by the test left in talk->effects. */
void pipe_talk_perform(struct pipe_talk *talk);

#endif
