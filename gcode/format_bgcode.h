/* Binary G-code (.bgcode, version 1), unpacked in pieces: one of the packed formats behind
 * format.h.  What comes out is the text that libbgcode's own conversion gives: metadata as comments
 * "; key = value", pictures as comments, then the commands; only that all metadata comes first.
 * Source: libbgcode, doc/specifications.md and convert.cpp. */
#ifndef GCODE_FORMAT_BGCODE_H
#define GCODE_FORMAT_BGCODE_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/format_sink.h"

struct format_bgcode;

bool format_bgcode_begins(const char *head, size_t length);

/* NULL without memory. */
struct format_bgcode *format_bgcode_create(void);
void format_bgcode_destroy(struct format_bgcode *bgcode);
enum format_result format_bgcode_feed(
	struct format_bgcode *bgcode, struct format_sink *sink, const char *bytes, size_t length);
enum format_result format_bgcode_finish(struct format_bgcode *bgcode);

/* What is wrong, a static sentence; NULL: nothing. */
const char *format_bgcode_reason(const struct format_bgcode *bgcode);

#endif
