/* The analysis of a file as JSON text: the object that `printfarm check --json` prints and that
 * the ledger keeps beside a file.  Written by hand, so that neither the import child nor the
 * pure directories need a JSON library. */
#ifndef GCODE_ANALYSIS_JSON_H
#define GCODE_ANALYSIS_JSON_H

#include <stddef.h>

struct analysis;
struct analysis_layer;

enum {
	/* Room for every analysis and any label of up to 1 KiB: 64 problems whose texts consist of
	 * nothing but bytes that need six characters each, and 1000 layers. */
	ANALYSIS_JSON_MAX = 384 * 1024,
	ANALYSIS_JSON_LAYERS_MAX =
		1000, /* rows of the index: every n-th layer when there are more */
};

/* What the analysis does not know itself; a NULL member is left out. */
struct analysis_labels {
	const char *file;   /* name as the user knows it */
	const char *sha256; /* hex, of the plain text */
	const char *format; /* "gcode", "gzip", ... */
	const struct analysis_layer *layers;
	size_t layer_count;
};

/* Writes one line of JSON without a line end, NUL-terminated, cut when `size` is too small.
 * Returns the length that the whole needs (without the NUL), as snprintf does: it fitted when the
 * result is less than `size`.  `labels` may be NULL.  The output is valid JSON in UTF-8 whatever
 * bytes the texts hold; numbers never depend on the locale; what is not finite is null. */
size_t analysis_to_json(const struct analysis *analysis, const struct analysis_labels *labels,
	char *buffer, size_t size);

#endif
