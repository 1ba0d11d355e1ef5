/* The picture that the slicer put into the file's comments, when there is one: PNG as base64
 * between "thumbnail begin WxH N" and "thumbnail end".  Of several the widest is kept.  Comments
 * are hints: what is no PNG, has no end or is too large is no picture. */
#ifndef GCODE_THUMBNAIL_H
#define GCODE_THUMBNAIL_H

#include <stddef.h>

enum { THUMBNAIL_BYTES_MAX = 512 * 1024 };

struct thumbnail;

/* NULL without memory. */
struct thumbnail *thumbnail_create(void);
void thumbnail_destroy(struct thumbnail *thumbnail);

/* One comment, without its semicolon, in the order of the file; an analyser_comment. */
void thumbnail_comment(void *thumbnail, const char *text, size_t length);

/* The PNG, borrowed; NULL: none was found. */
const unsigned char *thumbnail_png(const struct thumbnail *thumbnail, size_t *length);

#endif
