/* The import child: `printfarmd --import`, exec'ed with three descriptors and limits, looks at a
 * stranger's bytes so that control need not: format, unpacking, reading, analysis
 * (gcode/inspect.h). A crash, a hang or a flood there is a refused file here. */
#ifndef CONTROL_IMPORT_H
#define CONTROL_IMPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct error;
struct event_base;
struct import;
struct picture_settings;

enum {
	IMPORT_UPLOAD_DESCRIPTOR = 3, /* the uploaded bytes, to read */
	IMPORT_TEXT_DESCRIPTOR = 4,   /* the checked text, to write */
	IMPORT_RESULT_DESCRIPTOR = 5, /* one line of JSON */
	IMPORT_CPU_S = 120,
	IMPORT_WALL_S = 300,
	IMPORT_MEMORY_BYTES = 512 << 20,
	IMPORT_RESULT_MAX_BYTES = 512 * 1024,
};

struct import_settings {
	struct event_base *base;
	const char *program; /* NULL: this program */
	int upload;	     /* descriptors, borrowed until the start returns */
	int text;
	const char *name;	/* of the file, a label */
	int32_t plate;		/* of an archive with several; 0: it has one */
	int64_t text_max_bytes; /* more text than this is refused */
	int64_t room_bytes;	/* more text than this does not fit on the disk */
	int64_t wall_s;		/* 0: IMPORT_WALL_S */
	const char *rules;	/* "servo=ok,pin=warn": what all machines agree on; NULL: nothing */
	/* Not NULL: the child draws `upload`, a plain text, into `text` (drawing.h). */
	const struct picture_settings *picture;
	bool slicer_settings; /* the child writes the settings in `upload`, a plain text, to `text`
			       */
};

enum import_end {
	IMPORT_DONE,	 /* the line is what the child said */
	IMPORT_CRASHED,	 /* a signal, an exit code, or no line */
	IMPORT_TOO_LATE, /* killed: too much time */
	IMPORT_TOO_LOUD, /* killed: too long a line */
};

/* Called once from the loop; the import is gone afterwards.  `line` is borrowed for the call. */
typedef void import_done(void *context, enum import_end end, const char *line, size_t length);

/* Starts the child.  0 or a negative errno and *error. */
int import_start(struct import **import, const struct import_settings *settings, import_done *done,
	void *context, struct error *error);
/* Kills the child and forgets it, without calling back.  Takes NULL. */
void import_cancel(struct import *import);

/* Limits and the filter of system calls, for a child that may write so much into one file. */
bool import_child_confine(int64_t file_max_bytes);

/* The child's whole life; returns its exit code.  argv: program, --import, text_max, room,
 * plate, name. */
int import_child_main(int argc, char **argv);

#endif
