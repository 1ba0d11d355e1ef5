/* What an order accepts of a material or a colour: one word, or several in order of preference,
 * "PETG,PLA" or "white,light".
 *
 * A word is met by a spool that bears it, without regard to case.  Three more words for colours:
 * "light" and "dark" are met by every colour that is known to be so (a table of plain colours, and
 * what calls itself light, pale, pastel, dark or deep: "light blue", "Galaxy Black"), "any" by
 * every one; "any" is understood of materials too.  Colours in between, such as red, green, blue,
 * orange and grey, are neither light nor dark. */
#ifndef SCHEDULER_CHOICE_H
#define SCHEDULER_CHOICE_H

#include <stdbool.h>
#include <stddef.h>

enum {
	CHOICE_WORDS_MAX = 8,
	CHOICE_BYTES = 128, /* of a list, with its NUL */
};

enum choice_of { CHOICE_OF_MATERIAL, CHOICE_OF_COLOR };

enum choice_fault {
	CHOICE_GOOD,
	CHOICE_EMPTY_WORD, /* "PETG,,PLA" */
	CHOICE_TOO_MANY,
	CHOICE_TOO_LONG,
};

/* The list without blanks around its words and without repetitions. */
enum choice_fault choice_tidy(const char *list, char tidy[CHOICE_BYTES]);

/* The place, from 0, of the first word that `have` meets; -1: it meets none.  An empty list is met
 * by everything. */
int choice_rank(enum choice_of of, const char *list, const char *have);

/* "PETG or PLA", "white or any light colour", cut behind whole words; what is foreign in it is made
 * printable.  Returns `text`. */
const char *choice_say(enum choice_of of, const char *list, char *text, size_t size);

#endif
