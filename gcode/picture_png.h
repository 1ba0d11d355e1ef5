/* Pictures as PNG: 24 bit colours, row by row, no more memory than one row and deflate's own. */
#ifndef GCODE_PICTURE_PNG_H
#define GCODE_PICTURE_PNG_H

#include <stdbool.h>
#include <stddef.h>

typedef void picture_png_output(void *context, const unsigned char *bytes, size_t length);

/* Fills one row of 3 * width bytes: red, green, blue. */
typedef void picture_png_row(void *context, int y, unsigned char *row);

/* False without memory. */
bool picture_png_write(int width, int height, picture_png_row *row, void *row_context,
	picture_png_output *output, void *output_context);

#endif
