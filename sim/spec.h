/* Which printers to simulate, from words: "marlin:8,marlin-stock:2", or a text with lines
 *
 *	NAME key=value ...
 *
 * '#' starts a comment.  The keys stand in one table in spec.c; spec_describe_keys prints it. */
#ifndef SIM_SPEC_H
#define SIM_SPEC_H

#include "sim/printer.h"

struct error;

enum { SPEC_PRINTERS_MAX = 64, SPEC_TEXT_MAX = 65536 };

struct spec {
	struct sim_settings printer[SPEC_PRINTERS_MAX];
	size_t count;
};

/* "FIRMWARE:COUNT,…": names are FIRMWARE-1, FIRMWARE-2, … */
bool spec_from_counts(struct spec *spec, const char *text, struct error *error);

/* The text of a file; the error names the line. */
bool spec_from_text(struct spec *spec, const char *text, size_t length, struct error *error);

/* "key\twhat\n" for each key, into text, NUL-terminated. */
void spec_describe_keys(char *text, size_t size);

#endif
