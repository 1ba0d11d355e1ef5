/* At which commands a file's layers begin, as a short text beside the file: which layer is under
 * way is told from it, to the command for all but very large files. */
#ifndef GCODE_LAYER_MAP_H
#define GCODE_LAYER_MAP_H

#include <stddef.h>
#include <stdint.h>

enum {
	LAYER_MAP_POINTS = 250, /* of more layers every n-th, and even steps between */
	LAYER_MAP_TEXT_MAX = 3 * LAYER_MAP_POINTS + 1,
};

/* Where layer `layer` (from 1) begins: so many commands stand before it. */
struct layer_map_point {
	int64_t layer, command;
};

/* Writes the text from points in the order of the file; "" when they tell nothing. */
void layer_map_write(char text[LAYER_MAP_TEXT_MAX], const struct layer_map_point *point,
	size_t count, int64_t layers, int64_t commands);

/* The layer that is under way when so many commands are done; 0: before the first one, or the text
 * tells nothing. */
int64_t layer_map_layer(const char *text, int64_t layers, int64_t commands, int64_t commands_done);

#endif
