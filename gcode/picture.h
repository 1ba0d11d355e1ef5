/* A picture of a plate, drawn from its toolpath while the file is read once more.
 *
 * Each extruded line is painted where it lies, higher ones over lower ones, and nothing of the file
 * is kept: the memory is that of the picture.  Where to look is known from a first pass
 * (analysis.h). */
#ifndef GCODE_PICTURE_H
#define GCODE_PICTURE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "gcode/analysis.h"
#include "gcode/feature.h"

struct modal_move;
struct profile;

enum {
	PICTURE_SIDE_MIN = 16,
	PICTURE_SIDE_MAX = 2048,
};

enum picture_view {
	PICTURE_ISOMETRIC, /* from the front left and above, in the colour of the filament */
	PICTURE_TOP,	   /* from above, colours by feature */
	PICTURE_LAYER,	   /* one layer from above, by feature, the one below it in grey */
	PICTURE_THUMBNAIL, /* none of these: the slicer's own, in its own size (thumbnail.h) */
};

struct picture_settings {
	enum picture_view view;
	int width, height; /* pixels */
	int32_t layer;	   /* PICTURE_LAYER: which, from 1 */
	int64_t command;   /* with layer 0: who draws finds the layer of this command */
	bool whole_bed;	   /* shows the bed's whole surface; else the part fills the picture */
};

struct picture;

/* NULL without memory, or when the size is out of bounds or nothing was printed.  `profile` may be
 * NULL; nothing is borrowed. */
struct picture *picture_create(const struct picture_settings *settings,
	const struct analysis *analysis, const struct profile *profile);
void picture_destroy(struct picture *picture);

/* An analyser_move; the context is the picture. */
void picture_move(void *picture, const struct modal_move *move, enum feature feature,
	double extruded_mm, int32_t layer);

typedef void picture_output(void *context, const unsigned char *bytes, size_t length);

/* Writes the picture as PNG in pieces.  False without memory. */
bool picture_write(struct picture *picture, picture_output *output, void *context);

/* The colour that features have in pictures, 0xRRGGBB. */
uint32_t picture_colour(enum feature feature);

#endif
