/* Texts and files through the whole analysis, for the tests of gcode/. */
#ifndef TESTS_UNIT_GCODE_TEXT_H
#define TESTS_UNIT_GCODE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/analysis.h"
#include "gcode/format.h"
#include "gcode/profile.h"

/* 235 x 235 x 250 mm, hotend 275, bed 120, one tool, firmware unsaid: what the table of
 * tests/corpus/bad is for. */
extern const struct profile gcode_text_reference;

/* Four sides of a 50 mm square with heat, homing and cool-down: 200 mm of path, 10 mm of
 * filament. */
extern const char gcode_text_square[];

/* The square with `lines` put in before its second side. */
void gcode_text_with(const char *lines, char *text, size_t size);

void gcode_text_analyse(
	const char *text, size_t length, const struct profile *profile, struct analysis *analysis);

/* Fed in pieces of `piece` bytes. */
void gcode_text_analyse_pieces(const char *text, size_t length, size_t piece,
	const struct profile *profile, struct analysis *analysis);

/* The whole file, which must exist; *length is set.  The caller frees it. */
char *gcode_text_read_file(const char *path, size_t *length);

/* A file in memory. */
struct gcode_text_source {
	const char *bytes;
	size_t length;
	size_t piece; /* bytes of one read at most; 0: as many as are asked for */
	size_t position;
};
/* With seek; *source is borrowed. */
struct format_source gcode_text_source(struct gcode_text_source *source);

/* Through inspect.h, packed or not. */
void gcode_text_inspect(
	const char *bytes, size_t length, const struct profile *profile, struct analysis *analysis);

/* The same for a file, whose name counts too. */
void gcode_text_inspect_file(
	const char *path, const struct profile *profile, struct analysis *analysis);

bool gcode_text_has_problem(const struct analysis *analysis, const char *rule);

#endif
