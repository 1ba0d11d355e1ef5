/* Where the text of a packed file goes, and how much of it may: what every format_*.c shares. */
#ifndef GCODE_FORMAT_SINK_H
#define GCODE_FORMAT_SINK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/format.h"

struct format_sink {
	format_output *output;
	void *context;
	int64_t left_bytes;
};

/* FORMAT_TOO_BIG and nothing written when the cap would be passed. */
enum format_result format_sink_write(struct format_sink *sink, const char *bytes, size_t length);

/* Has more come out of so few packed bytes than any real G-code makes? */
bool format_is_bomb(int64_t packed_bytes, int64_t text_bytes);

#endif
