/* gzip, unpacked in pieces: one of the packed formats behind format.h. */
#ifndef GCODE_FORMAT_GZIP_H
#define GCODE_FORMAT_GZIP_H

#include <stdbool.h>
#include <stddef.h>

#include "gcode/format_sink.h"

struct format_gzip;

bool format_gzip_begins(const char *head, size_t length);

/* NULL without memory. */
struct format_gzip *format_gzip_create(void);
void format_gzip_destroy(struct format_gzip *gzip);
enum format_result format_gzip_feed(
	struct format_gzip *gzip, struct format_sink *sink, const char *bytes, size_t length);
/* FORMAT_BAD when the archive is not complete. */
enum format_result format_gzip_finish(struct format_gzip *gzip);

#endif
