/* What the files of match.h share: the question, conditions that have a file of their own, words.
 * Nobody else includes this. */
#ifndef SCHEDULER_MATCH_PRIVATE_H
#define SCHEDULER_MATCH_PRIVATE_H

#include "scheduler/world.h"

enum {
	MATCH_WORD_MAX = 40,   /* foreign words in a sentence are cut here, NUL included */
	MATCH_WORDS_MAX = 80,  /* and lists of them here */
	MATCH_NUMBER_MAX = 24, /* "-1234567.8" */
	MATCH_DURATION_MAX_S = 1000000000,
};

struct match_question {
	const struct world *world;
	const struct world_order *order;
	const struct world_plate *plate;
	const struct world_printer *printer;
	int64_t now_s;
};

/* ---- match_limits.c: is it unmet, and the sentence ---- */

bool match_hours_are_unmet(const struct match_question *question);
void match_say_hours(const struct match_question *question, char *text);
bool match_quiet_is_unmet(const struct match_question *question);
void match_say_quiet(const struct match_question *question, char *text);
bool match_maintenance_is_overdue(const struct match_question *question);
void match_say_maintenance(const struct match_question *question, char *text);
bool match_power_is_unmet(const struct match_question *question);
void match_say_power(const struct match_question *question, char *text);

/* ---- match_words.c ---- */

/* Copies what may come from a file or a user: no control bytes, cut between UTF-8 characters. */
const char *match_put_word(char word[MATCH_WORD_MAX], const char *from);
/* One decimal at most, and never the locale's comma. */
const char *match_put_number(char number[MATCH_NUMBER_MAX], double value);
const char *match_put_duration(char text[MATCH_NUMBER_MAX], int64_t seconds);

#endif
