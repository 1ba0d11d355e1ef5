/* From a line of a file to "the file's command": what goes on the wire, before the number and
 * the checksum are put around it.  Streamer, `printfarm check --commands` and tests share this one
 * function, so that "exactly the file" has one meaning. */
#ifndef GCODE_COMMAND_H
#define GCODE_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

struct lexer_line;
struct policy_findings;
struct profile;

enum {
	/* RepRapFirmware's longest line; Klipper has no limit of its own (a read of 4096). */
	COMMAND_MAX = 255,
	/* Marlin keeps 95 bytes of a line (MAX_CMD_SIZE 96).  "N64999 " and "*255" take 11 of them.
	 * Programs of lasers and mills have no longer lines either. */
	COMMAND_SHORT_MAX = 84,
};

enum command_result {
	COMMAND_SEND,	  /* text holds a command */
	COMMAND_NOTHING,  /* blank line, comment: nothing to send */
	COMMAND_FILTERED, /* dropped by policy and reported as a warning (M110, "##" lines, ...) */
	COMMAND_REFUSED,  /* must never be sent: control bytes, too long, forbidden; see `rule` */
};

struct command {
	char text[COMMAND_MAX +
		  1]; /* NUL-terminated, upper-case words, single blanks, printable ASCII */
	size_t length;
	const char *rule; /* static; name of the policy rule when FILTERED or REFUSED, else NULL */
};

/* Cuts comments (; and parentheses), N and checksum, collapses blanks, upper-cases command words
 * (not the text of M117 and its kind), makes text arguments safe for the wire (no '*', no
 * backslash, no parentheses, no byte outside printable ASCII; accents are dropped) and applies the
 * rules of policy.h that hold for every machine.
 * `line` is one line without its terminator.  Writes *command unless the result is
 * COMMAND_NOTHING.  Pure, no allocation. */
enum command_result command_from_line(const char *line, size_t length, struct command *command);

/* The same with the limits and the rules of a machine's profile; NULL: of every machine. */
enum command_result command_from_line_for(
	const char *line, size_t length, const struct profile *profile, struct command *command);

/* The same for a machine that takes so many bytes of a command, whatever its profile says;
 * 0: by command_limit_bytes.  A message is cut by command_limit_bytes at the latest. */
enum command_result command_from_line_within(const char *line, size_t length,
	const struct profile *profile, size_t limit_bytes, struct command *command);

/* How long a command may be for this machine.  Where the firmware is not said (or `profile` NULL),
 * a line is Marlin's, unless it is a macro, which Marlin has not and Klipper writes long. */
size_t command_limit_bytes(const struct profile *profile, const struct lexer_line *line);

/* A message may lose its end; a name of a file, a move or a macro may not. */
bool command_may_be_cut(const struct lexer_line *line);

/* Does the line, of which the end may be lost, begin like an object's outline?  It is dropped when
 * it is too long: Klipper makes an object that it does not know at its EXCLUDE_OBJECT_START. */
bool command_is_outline(const char *line, size_t length);

/* The same from a line that is read already; appends to *findings
 * everything that the policy says about it (initialise it to zero). */
enum command_result command_from_words(const struct lexer_line *line, const struct profile *profile,
	struct command *command, struct policy_findings *findings);
enum command_result command_from_words_within(const struct lexer_line *line,
	const struct profile *profile, size_t limit_bytes, struct command *command,
	struct policy_findings *findings);

/* What a streamer must know about a command, from its text. */
enum command_class {
	COMMAND_MOTION, /* G0 G1 G2 G3: planner does the waiting */
	COMMAND_SHORT,	/* anything else that returns at once */
	COMMAND_LONG,	/* serial-protocols.md 3.6: may take minutes: G28 G29 M109 M190 G4 M400 M600
			   ..., and every macro */
	COMMAND_MODE,	/* M110, M28, M29, M999 and their kind: alone in flight (I5) */
};
enum command_class command_classify(const char *text, size_t length);

#endif
