/* Programs of lasers and mills, for firmwares of the grbl family.
 *
 * They are written otherwise than prints: several commands in a line, and lines of axis words alone
 * that go on with the motion of the line before.  Printers would read both as something else, so a
 * file is read this way only when it shows that it is such a program, or when its machine is known
 * to take nothing else.  The lines go out as they stand, without comments. */
#ifndef GCODE_CNC_H
#define GCODE_CNC_H

#include "gcode/command.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct lexer_line;
struct policy_findings;
struct profile;

enum {
	CNC_LINE_MAX = 79, /* what stays of a line without blanks on grbl 1.1 */
	CNC_PIECES_MAX = 12,
	CNC_PIECE_MAX = 96,
};

/* No limits but the firmware: what a program is read with where no machine is known. */
extern const struct profile cnc_profile;

/* Does the start of a file say that this is a program for a laser or a mill?  Anything that heats
 * or extrudes says no. */
bool cnc_is_program(const char *head, size_t length);

/* command.h's command_from_words for such a program. */
enum command_result cnc_command(
	const struct lexer_line *line, struct command *command, struct policy_findings *findings);

/* An operator's line: a command of a program, or one of $H (home) and $X (unlock). */
enum command_result cnc_manual(const char *text, size_t length, struct command *command);

/* Is M3 in it?  It leaves a laser on while the machine waits. */
bool cnc_has_m3(const char *text, size_t length);

/* Takes a command apart into commands that modal.h understands, one word of G or M each, motion
 * last and with its feed: rapid moves of these machines have none of their own, and leave the last
 * one as it was. */
struct cnc_modal {
	int motion;    /* G code of the last move; 0 at the start */
	char feed[16]; /* digits of the last F */
	bool on;       /* M3 or M4: laser or spindle */
	double power;  /* the last S; counts when it is on */
};
struct cnc_pieces {
	size_t count;
	char text[CNC_PIECES_MAX][CNC_PIECE_MAX];
};
void cnc_split(const char *text, size_t length, struct cnc_modal *modal, struct cnc_pieces *pieces);

/* "grbl", "grblhal", "fluidnc": firmwares that take programs and nothing else. */
bool cnc_is_dialect(const char *name);

#endif
