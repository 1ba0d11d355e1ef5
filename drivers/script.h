/* A small program of host lines: what a driver sends by itself to connect, pause, resume, end or
 * cool, step by step.  Writing it never fails and never uses the locale. */
#ifndef DRIVERS_SCRIPT_H
#define DRIVERS_SCRIPT_H

#include <stddef.h>
#include <stdint.h>

enum { SCRIPT_STEPS_MAX = 32, SCRIPT_TEXT_MAX = 64 };

enum script_kind {
	SCRIPT_LINE,	/* done when it is acknowledged */
	SCRIPT_BARRIER, /* done when its nonce has come back: all before is executed */
	SCRIPT_COLD,	/* done with a reading in which every target is 0 */
};

struct script_step {
	enum script_kind kind;
	uint8_t length;
	char text[SCRIPT_TEXT_MAX];
};

struct script {
	size_t count, next;
	struct script_step step[SCRIPT_STEPS_MAX];
};

void script_clear(struct script *script);
void script_barrier(struct script *script);
void script_cold(struct script *script);

/* A line that script_word may go on with. */
struct script_step *script_line(struct script *script, const char *text);

/* Appends letters and a number of up to three decimals, without trailing zeros. */
void script_word(struct script_step *step, const char *letters, double value);

#endif
