/* The words of a move, and a fast way to read the moves that slicers write.
 *
 * Nineteen of twenty lines of a file are "G1 X103.537 Y88.1 E.0312": one command, blanks between
 * the words, plain decimals.  motion_read takes those and nothing else; whatever is the least odd
 * it leaves to lexer.h, so that there is one judge of oddities.  Both give the same numbers to the
 * last bit. */
#ifndef GCODE_MOTION_H
#define GCODE_MOTION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lexer_line;

enum motion_word {
	MOTION_X,
	MOTION_Y,
	MOTION_Z,
	MOTION_E, /* mach3 and machinekit extrude with A, which is kept here too */
	MOTION_F,
	MOTION_I,
	MOTION_J,
	MOTION_R,
	MOTION_WORDS
};

struct motion {
	int32_t code; /* 0 to 3, 5 */
	unsigned has; /* bit 1 << enum motion_word: the command names it, be it without a number */
	unsigned numbers;	    /* the same: with a number */
	bool axis_a;		    /* extrudes with A */
	double value[MOTION_WORDS]; /* only of words in `has` */
};

/* Where a line that was read begins and ends. */
struct motion_line {
	size_t used_bytes;  /* with the line end */
	size_t body_length; /* of the command, which begins at the first byte */
	size_t comment;	    /* offset of what is behind the ;, 0: no comment */
	size_t comment_length;
};

static inline bool motion_has(const struct motion *motion, enum motion_word word)
{
	return motion->has & 1U << word;
}

/* Takes one whole line, line end included, from the front of `bytes` when it is a plain G0, G1, G2
 * or G3 that no rule for single lines has a word against.  False: it is not, or it does not end
 * here, or it stands too near the end to be read fast; nothing is said about it then. */
bool motion_read(const char *bytes, size_t length, struct motion *motion, struct motion_line *line);

/* The same from a command as command.h makes it, without a line end; false: the lexer is to judge.
 */
bool motion_read_command(const char *text, size_t length, struct motion *motion);

/* The same from a line that the lexer has read. */
void motion_from_line(const struct lexer_line *line, struct motion *motion);

#endif
