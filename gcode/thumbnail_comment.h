/* A picture as the comment lines that slicers write it as: "; thumbnail begin 32x32 1234", rows of
 * base64, "; thumbnail end".  Packed formats keep pictures apart; the text has them in one place.
 */
#ifndef GCODE_THUMBNAIL_COMMENT_H
#define GCODE_THUMBNAIL_COMMENT_H

#include <stddef.h>

#include "gcode/format_sink.h"

enum thumbnail_kind { THUMBNAIL_PNG, THUMBNAIL_JPG, THUMBNAIL_QOI };

enum format_result thumbnail_comment_write(struct format_sink *sink, enum thumbnail_kind kind,
	unsigned width, unsigned height, const char *bytes, size_t length);

/* Width and height that a PNG states; false when it is none. */
bool thumbnail_png_size(const char *bytes, size_t length, unsigned *width, unsigned *height);

#endif
