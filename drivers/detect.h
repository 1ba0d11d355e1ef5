/* Which firmware is on this port?  For `dialect = "auto"`.
 *
 * Listens first: a banner, a report or a state line may say it.  Then asks, harmlessly and in the
 * order of likelihood: M115 (everything but grbl answers it by name), "?" and "$I" (the grbl
 * family).  Bytes that no firmware writes mean another baud rate: nothing is said into them.
 *
 * Pure, like a driver: bytes and times in, bytes to write and the next time out.  The tables of
 * names and of lines are in detect.c, one row each. */
#ifndef DRIVERS_DETECT_H
#define DRIVERS_DETECT_H

#include "drivers/reply_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The rows of driver_dialects[] by what a single line says; NULL: nothing.  `sure`: no other
 * firmware writes that line. */
const char *detect_line(const char *text, size_t length, bool *sure);

/* By M115's FIRMWARE_NAME, such as "Marlin 2.1.2.5"; NULL: nobody knows it. */
const char *detect_name(const char *firmware);

/* Baud rates in the order of likelihood, ended by 0. */
extern const int32_t detect_bauds[];

enum detect_result {
	DETECT_GOING_ON,
	DETECT_FOUND,	/* detect->dialect */
	DETECT_GARBAGE, /* another baud rate, or no printer */
	DETECT_NOBODY,	/* no byte at all */
	DETECT_UNKNOWN, /* something is there and says what nobody knows */
};

enum detect_step {
	DETECT_LISTENING,
	DETECT_ASKING_NAME,   /* M115 */
	DETECT_ASKING_STATUS, /* ? */
	DETECT_ASKING_BUILD,  /* $I */
};

struct detect {
	enum detect_step step;
	enum detect_result result;
	const char *dialect; /* found, or the best guess so far; NULL: none */
	bool sure;
	struct reply_reader reader;
	int64_t step_us, heard_us; /* when the step began; when the last byte came */
	int64_t deadline_us;
	int tries;
	int32_t bytes_seen, bytes_bad;
	bool answered;
	bool patient;
};

/* `patient`: the first try on this port; a board may just be starting, and be slow. */
void detect_begin(struct detect *detect, int64_t now_us, bool patient);
void detect_receive(struct detect *detect, int64_t now_us, const char *bytes, size_t length);

/* What is to be written now, NULL: nothing; call it after detect_begin, after every
 * detect_receive and when detect->deadline_us has come. */
const char *detect_advance(struct detect *detect, int64_t now_us);

#endif
