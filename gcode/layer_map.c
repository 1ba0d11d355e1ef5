/* At which commands layers begin; see layer_map.h.
 *
 * Three digits of base 36 a point: where the layers 1, 1 + step, 1 + 2 step ... begin, as a share
 * of the commands, rounded down. */
#include "gcode/layer_map.h"

#include <string.h> /* strlen */

enum { DIGITS = 3, BASE = 36, WHOLE = BASE * BASE * BASE };

static int64_t step_of(int64_t layers)
{
	return (layers + LAYER_MAP_POINTS - 1) / LAYER_MAP_POINTS;
}

static char digit_of(int64_t value)
{
	return (char)(value < 10 ? '0' + value : 'a' + value - 10);
}

static int value_of(char digit)
{
	if (digit >= '0' && digit <= '9')
		return digit - '0';
	return digit >= 'a' && digit <= 'z' ? digit - 'a' + 10 : -1;
}

/* Where a layer begins, between two points by even steps; negative: behind all. */
static int64_t command_of(const struct layer_map_point *point, size_t count, int64_t layer)
{
	for (size_t i = 0; i < count; i++) {
		int64_t span;

		if (point[i].layer < layer)
			continue;
		if (point[i].layer == layer || i == 0)
			return point[i].command;
		span = point[i].layer - point[i - 1].layer;
		return point[i - 1].command + (point[i].command - point[i - 1].command) *
						      (layer - point[i - 1].layer) / span;
	}
	return -1;
}

void layer_map_write(char text[LAYER_MAP_TEXT_MAX], const struct layer_map_point *point,
	size_t count, int64_t layers, int64_t commands)
{
	int64_t step = step_of(layers), before = 0;
	size_t length = 0;

	text[0] = '\0';
	if (layers <= 0 || layers > INT32_MAX || commands <= 0 || commands > INT64_MAX / WHOLE)
		return;
	for (int64_t layer = 1; layer <= layers; layer += step) {
		int64_t command = command_of(point, count, layer), share;

		if (command < before || command > commands) {
			length = layer == 1 ? 0 : length;
			break;
		}
		before = command;
		share = command * WHOLE / commands;
		share = share > WHOLE - 1 ? WHOLE - 1 : share;
		text[length++] = digit_of(share / (BASE * BASE));
		text[length++] = digit_of(share / BASE % BASE);
		text[length++] = digit_of(share % BASE);
	}
	text[length] = '\0';
}

/* The i-th number; negative: that is none. */
static int64_t share_at(const char *text, size_t i)
{
	int64_t share = 0;

	for (size_t digit = 0; digit < DIGITS; digit++) {
		int value = value_of(text[DIGITS * i + digit]);

		if (value < 0)
			return -1;
		share = share * BASE + value;
	}
	return share;
}

int64_t layer_map_layer(const char *text, int64_t layers, int64_t commands, int64_t commands_done)
{
	size_t count = strlen(text) / DIGITS, begun = 0;
	int64_t place, before, after, step, layer;

	if (count == 0 || layers <= 0 || commands <= 0 || commands_done <= 0 ||
		commands > INT64_MAX / WHOLE)
		return 0;
	if (commands_done >= commands)
		return layers;
	place = commands_done * WHOLE / commands;
	while (begun < count && share_at(text, begun) >= 0 && share_at(text, begun) <= place)
		begun++;
	if (begun == 0)
		return 0;
	step = step_of(layers);
	layer = 1 + ((int64_t)begun - 1) * step;
	before = share_at(text, begun - 1);
	after = begun < count ? share_at(text, begun) : WHOLE;
	if (step > 1 && after > before)
		layer += (place - before) * step / (after - before);
	return layer < layers ? layer : layers;
}
