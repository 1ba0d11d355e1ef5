/* What one line from a Marlin-like printer means.  Pure: one line in, one class out.
 *
 * The order of the tests is that of serial-protocols.md 3.5, the damaged forms are those of 14.8.
 * Lines come stripped from reply_reader.h and may hold any bytes. */
#ifndef DRIVERS_REPLY_H
#define DRIVERS_REPLY_H

#include "drivers/driver.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum reply_kind {
	REPLY_EMPTY,
	REPLY_OK,	       /* `oks` acknowledgements, perhaps with fields and temperatures */
	REPLY_OK_DAMAGED,      /* looks like what noise left of an "ok": never counted */
	REPLY_RESEND,	       /* number: the line asked for, -1 when it cannot be read */
	REPLY_LINE_ERROR,      /* number: "Last Line", -1 when it cannot be read; line_error */
	REPLY_BUSY,	       /* a handler is at work */
	REPLY_BUSY_PERSON,     /* a handler waits for a person */
	REPLY_UNKNOWN_COMMAND, /* text: what the firmware took for a command */
	REPLY_INVALID_TOOL,    /* its ok follows; what a damaged N that became a T leads to */
	REPLY_WAIT,	       /* queue and receive buffer are empty (builds without time-outs) */
	REPLY_RESET,	       /* the board has just started */
	REPLY_FAULT,	       /* text: the firmware's words; fault says which */
	REPLY_STOPPED,	       /* "Printer stopped due to errors" */
	REPLY_ERROR,	       /* any other "Error:" */
	REPLY_ACTION,	       /* text: what follows "//action:" */
	REPLY_TEMPERATURE,     /* a report by itself */
	REPLY_HEATING,	       /* a report of a command that waits for heat (W:) */
	REPLY_POSITION,
	REPLY_IDENTITY,	  /* FIRMWARE_NAME:… */
	REPLY_CAPABILITY, /* Cap:NAME:0|1 */
	REPLY_LIST_BEGIN, /* M20: every line up to REPLY_LIST_END is a file name */
	REPLY_LIST_END,
	REPLY_REPEATED,	  /* a line taken before was not taken again; its ok follows */
	REPLY_INPUT_LOST, /* the printer threw bytes away without asking for them again */
	REPLY_CARD_PRINT, /* a print from the printer's own card: somebody else feeds it */
	REPLY_ECHO,	  /* text: what follows "echo:" */
	REPLY_OTHER,
};

enum reply_line_error {
	REPLY_ERROR_NUMBER,	 /* not the number expected */
	REPLY_ERROR_CHECKSUM,	 /* the line was complete, with its '*' */
	REPLY_ERROR_NO_CHECKSUM, /* the line ended before its '*' */
	REPLY_ERROR_UNSPECIFIED,
};

struct reply {
	enum reply_kind kind;
	int oks;	       /* REPLY_OK: 1, or 2 for "okok" */
	bool ignored;	       /* REPLY_OK of a line that was no command: nothing has run */
	int64_t number;	       /* see the kinds; REPLY_OK: N of the line, -1 when not said */
	int32_t planner_free;  /* P of an ok, -1: not said */
	int32_t queue_free;    /* B of an ok, -1: not said */
	bool has_temperatures; /* report_temperatures() can read this line */
	bool answers_question; /* "ok T:…": the answer of M105, nobody else's */
	enum reply_line_error line_error;
	enum driver_fault fault;
	const char *text; /* into the line; not NUL-terminated */
	size_t text_length;
};

/* REPLY_OTHER with the line as its text. */
void reply_init(const char *line, size_t length, struct reply *reply);

void reply_classify(const char *line, size_t length, struct reply *reply);

/* Does `text` begin with `word`, in any case of letters? */
bool reply_starts_with(const char *text, size_t length, const char *word);

#endif
