/* Every option of the configuration file: one row each, read by the parser (config_file.c), by the
 * manual page and by --check-config.  An option that is not a row does not exist. */
#ifndef CONTROL_OPTIONS_H
#define CONTROL_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h> /* FILE */

enum option_type {
	OPTION_TEXT,  /* printable UTF-8, one line */
	OPTION_NAME,  /* letters, digits, '.', '_', '-'; begins with a letter or digit */
	OPTION_PATH,  /* a text that is a path */
	OPTION_ZONE,  /* a time zone of the system's database */
	OPTION_INT32, /* whole number */
	OPTION_INT64,
	OPTION_NUMBER, /* double */
	OPTION_BOOL,
	OPTION_CHOICE, /* one of `choice`; stored as its index in an enum or a bool */
	OPTION_WORD,   /* one of `choice`; stored as text */
	OPTION_WINDOW, /* "auto" (0), "ping-pong" (1), "held" (-1) or a number of lines */
	OPTION_POINT,  /* three numbers */
	OPTION_TEXTS,  /* list of texts */
	OPTION_HOURS,  /* list of hours of the week */
	OPTION_STAFF,  /* the same, each perhaps with the number of people */
	OPTION_DATES,  /* list of dates, in a list of struct config_span */
	OPTION_GROUP,  /* { } with `group`'s rows, stored in the same record */
	OPTION_ROWS,   /* ( { }, { } ) of `group`'s rows, stored in an array on the heap */
};

struct option_group;

struct option {
	const char *key;
	enum option_type type;
	bool required;
	double min, max;	   /* of a number; of a text: bytes; of a list: entries */
	const char *const *choice; /* ended by NULL */
	const char *initial;	   /* the default, as it would be written; NULL: none */
	const char *unit;	   /* NULL: none */
	const char *help;	   /* sentences for the manual page */
	const struct option_group *group;
	size_t offset, size; /* of the member in its record; of one entry of a list */
	size_t count_offset; /* of a list: its size_t */
};

struct option_group {
	const struct option *option;
	size_t count;
	size_t record_bytes; /* of one row of OPTION_ROWS */
};

/* The top of the file; its record is struct config. */
extern const struct option_group options_root;
/* One profile; its record is struct profile.  Also the form of a file of its own. */
extern const struct option_group options_profile;

/* What the row accepts, as words for people: "a whole number from 0 to 3600". */
void option_accepts(const struct option *option, char *text, size_t size);

/* The options section of printfarm.conf(5), in mdoc. */
void options_print_man(FILE *file);

#endif
