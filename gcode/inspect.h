/* A file from its first byte to its analysis: kind by content, unpacking, the text inside.
 * What the import child and `printfarm check` both do; they only bring the bytes.
 *
 * A packed file's content is looked at like a file of its own: a picture, a page or another archive
 * inside a gzip is refused as it would be outside. */
#ifndef GCODE_INSPECT_H
#define GCODE_INSPECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/analysis.h"
#include "gcode/format.h"

struct profile;
struct inspector;

struct inspector_settings {
	const char *name;	       /* of the file; NULL: not known; borrowed likewise */
	const struct profile *profile; /* may be NULL; borrowed until inspector_destroy */
	int64_t text_max_bytes;	       /* of the text inside */
	int32_t plate;		       /* of an archive with several, from 1; 0: it has only one */
	/* All may be NULL.  Text comes out in pieces as it was checked, also when it turns out to
	 * be refused in the end: keep it only when the verdict says so. */
	format_output *on_text;
	analyser_command *on_command;
	analyser_move *on_move; /* with a context of its own */
	void *move_context;
	analyser_comment *on_comment; /* likewise */
	void *comment_context;
	void *context;
};

/* NULL without memory. */
struct inspector *inspector_create(const struct inspector_settings *settings);
void inspector_destroy(struct inspector *inspector);

/* Reads a whole file.  0, or the source's negative errno value.  When the end of the file says what
 * its beginning should have been planned with (analysis.h: analyser_learnt) and the source can go
 * back, it is read twice; text and commands come out in the first pass only. */
int inspector_read(struct inspector *inspector, const struct format_source *source);

/* The same in pieces, for what is no archive (a ZIP is refused).  False: nothing that follows can
 * change the answer; stop feeding. */
bool inspector_feed(struct inspector *inspector, const char *bytes, size_t length);

/* For who needs no times: inspector_read reads once whatever it learns. */
void inspector_once(struct inspector *inspector);

/* Learnt from actual prints: times are multiplied by it (analyser_correct).  Before the first byte.
 */
void inspector_correct(struct inspector *inspector, double factor);

/* The layers of the analysis, after finish; borrowed until inspector_destroy. */
const struct analysis_layer *inspector_layers(const struct inspector *inspector, size_t *count);

/* Ends the file and fills *analysis; what is wrong with the format is a problem in it.  Call once.
 */
void inspector_finish(struct inspector *inspector, struct analysis *analysis);

/* After finish: the file as such was refused (format, plate), so that what text came out is not it.
 */
bool inspector_refused(const struct inspector *inspector);

/* "gcode", "gzip", "bgcode", "zip", "3mf", "ufp", "empty" or "unknown", after the file's start was
 * fed or finish. */
const char *inspector_format(const struct inspector *inspector);

#endif
