/* What is taken out of stored plates on demand, by a child of its own as imports are: pictures
 * (`printfarmd --draw`) and the slicer's settings (`--settings`), with the stored text, a new file
 * for the PNG or the text, and a pipe for one word.  The usual picture and the settings are kept
 * beside the plate's text and never made twice. */
#ifndef CONTROL_DRAWING_H
#define CONTROL_DRAWING_H

#include <stdint.h>

#include "gcode/picture.h"

struct drawing;
struct error;
struct files;

enum {
	DRAWING_WIDTH = 640, /* of the usual picture */
	DRAWING_HEIGHT = 480,
	DRAWING_SIDE_MAX = 1024, /* of those that requests ask for */
	DRAWINGS_MAX = 2,	 /* children at work at once; the others wait */
	DRAWINGS_WAITING_MAX = 64,
	DRAWING_WALL_S = 60,
};

/* Once, from the loop.  error 0: `descriptor`, taken over, is the PNG, or text with one "key =
 * value" a line (gcode/slicer_settings.h), from its first byte and of that length.  -ENODATA:
 * nothing is printed, the layer is not there, or the slicer left no settings.  Others: trouble. */
typedef void drawing_done(void *context, int error, int descriptor, int64_t length);

/* A descriptor of the usual picture when it is kept already, and *length; else negative. */
int drawing_kept(const struct files *files, const char *sha256, int64_t *length);
int drawing_settings_kept(const struct files *files, const char *sha256, int64_t *length);

/* `settings` NULL: the slicer's settings are wanted.  0 or -ENOENT, -EBUSY (too many wait), another
 * negative errno, and *error. */
int drawing_start(struct drawing **drawing, struct files *files, const char *sha256,
	const struct picture_settings *settings, drawing_done *done, void *context,
	struct error *error);

/* Nobody wants to know any more: it goes on and is kept if it is the usual one.  Takes NULL. */
void drawing_forget(struct drawing *drawing);

/* Ends all of a store that is closing. */
void drawings_close(struct files *files);

/* The child's whole life.  argv: program, --draw, view, layer, width, height,
 * command. */
int drawing_child_main(int argc, char **argv);
/* Likewise.  argv: program, --settings. */
int settings_child_main(int argc, char **argv);

#endif
