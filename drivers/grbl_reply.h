/* What a line from a grbl, grblHAL or FluidNC is.  Pure, over one line.
 *
 * Only a whole line that says ok or error:N answers one of ours; everything else is a push
 * (serial-protocols.md 11.2).  A status report that was cut and ran into the ok behind it still
 * holds that ok (14.8, seen on real machines: grbl issue 816). */
#ifndef DRIVERS_GRBL_REPLY_H
#define DRIVERS_GRBL_REPLY_H

#include "drivers/reply_reader.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum grbl_reply_kind {
	GRBL_REPLY_EMPTY,
	GRBL_REPLY_OK,		   /* `oks` of them */
	GRBL_REPLY_ERROR,	   /* number */
	GRBL_REPLY_ALARM,	   /* number */
	GRBL_REPLY_STATUS,	   /* status */
	GRBL_REPLY_DAMAGED_STATUS, /* begins or ends like one; `oks` that it swallowed */
	GRBL_REPLY_BANNER,	   /* text: behind any noise */
	GRBL_REPLY_OPTIONS,	   /* [OPT: blocks, bytes; 0: not said */
	GRBL_REPLY_VERSION,	   /* [VER: text */
	GRBL_REPLY_FIRMWARE,	   /* [FIRMWARE: text */
	GRBL_REPLY_PARSER,	   /* [GC: text */
	GRBL_REPLY_MESSAGE,	   /* [MSG: text */
	GRBL_REPLY_SETTING,	   /* $number=value */
	GRBL_REPLY_PUSH,	   /* any other [...], and startup lines */
	GRBL_REPLY_FOREIGN,	   /* no firmware of this family says that, but another one does */
	GRBL_REPLY_UNREADABLE,
};

enum grbl_machine {
	GRBL_MACHINE_UNKNOWN,
	GRBL_MACHINE_IDLE,
	GRBL_MACHINE_RUN,
	GRBL_MACHINE_HOLD,
	GRBL_MACHINE_JOG,
	GRBL_MACHINE_ALARM,
	GRBL_MACHINE_DOOR,
	GRBL_MACHINE_CHECK,
	GRBL_MACHINE_HOME,
	GRBL_MACHINE_SLEEP,
	GRBL_MACHINE_TOOL, /* grblHAL waits for a tool change */
};
const char *grbl_machine_name(enum grbl_machine machine);

struct grbl_status {
	enum grbl_machine machine;
	int sub;		    /* behind the colon, -1: none */
	bool has_position, is_work; /* WPos */
	double position_mm[3];
	bool has_offset;
	double offset_mm[3];
	bool has_buffer;
	int32_t blocks, bytes; /* free */
	bool has_speed;
	double rpm;
	bool has_overrides; /* then a missing A: says that outputs are off */
	bool spindle;	    /* A: has S or C */
	bool card;	    /* SD: a file of the machine's own runs */
};

struct grbl_reply {
	enum grbl_reply_kind kind;
	int32_t number;
	double value;
	int32_t blocks, bytes;
	int oks;
	const char *text; /* borrowed from the line */
	size_t length;
	struct grbl_status status;
};

void grbl_reply_read(const struct reply_line *line, struct grbl_reply *reply);

#endif
