/* Fields of the daemon's answers as words for people: times, durations, states. */
#ifndef CLI_WORDS_H
#define CLI_WORDS_H

#include "cli/cli.h"
#include "cli/table.h"

#include <jansson.h> /* json_t */

enum { WORDS_MAX = 32 };

/* "" when it is missing, null or no text. */
const char *words_text(const json_t *object, const char *key);
/* 0 when it is missing, null or no number. */
int64_t words_integer(const json_t *object, const char *key);
double words_number(const json_t *object, const char *key);
bool words_is_true(const json_t *object, const char *key);
bool words_is_null(const json_t *object, const char *key); /* or missing */
/* An empty array when it is missing. */
const json_t *words_items(const json_t *object);

/* In the local zone: "14:05" today, "Fri 14:05" within six days, "2026-11-27 14:05" otherwise.
 * The field holds seconds since 1970; "-" when it is null or 0.  Return `text`. */
const char *words_time(char text[WORDS_MAX], const json_t *object, const char *key);
const char *words_time_of(char text[WORDS_MAX], int64_t at_s, int64_t now_s);

/* The same of a field that holds "2026-11-27T18:05:00+01:00"; "-" when it holds no such text. */
const char *words_moment(char text[WORDS_MAX], const json_t *object, const char *key);
/* Seconds since 1970; 0: no such text. */
int64_t words_read_moment(const char *moment);

/* "45 s", "12 min", "2 h 05", "3 d 4 h"; "-" when the field is null. */
const char *words_duration(char text[WORDS_MAX], const json_t *object, const char *key);
const char *words_duration_of(char text[WORDS_MAX], double seconds);

/* "42 %"; "-" when the field is null. */
const char *words_share(char text[WORDS_MAX], const json_t *object, const char *key);

/* "layer 12 of 80, " of what is being printed; "" when it is not known. */
const char *words_layer(char text[WORDS_MAX], const json_t *object);

/* At most one decimal and never a comma: "12.5 g"; "-" when the field is null. */
const char *words_amount(
	char text[WORDS_MAX], const json_t *object, const char *key, const char *unit);

/* A number as it stands in the field, or "-". */
const char *words_count(char text[WORDS_MAX], const json_t *object, const char *key);

/* How a state of a job, an order or a printer is shown. */
enum table_style words_style(const char *state);
/* "needs_look" -> "needs a look". */
const char *words_state(const char *state);

/* Prints one document: the value, or for lists what is in "items".  Returns CLI_DONE. */
int words_print_json(const struct cli *cli, const json_t *value);

/* A sentence on standard output that is broken between words where the terminal ends; `used`
 * columns of its first line are taken, the next lines begin behind `indent` blanks. */
void words_sentence(const struct cli *cli, size_t used, size_t indent, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* "  title      text": a row of what is known of one thing.  Without a text: nothing. */
void words_row(const struct cli *cli, const char *title, const char *format, ...)
	__attribute__((format(printf, 3, 4)));

void words_print_table(const struct cli *cli, const struct table *table);

#endif
