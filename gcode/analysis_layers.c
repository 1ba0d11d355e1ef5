/* Layers and where the time goes.
 *
 * The planner looks ahead, so that the time of a move is known only when later ones are read: each
 * move takes a tag with it that says where its time belongs. */
#include "gcode/analysis_internal.h"

#include <stdlib.h> /* realloc */

#define LAYER_STEP_MM 0.04 /* for files without marks of layers */
#define ABOVE_MM      0.005

enum { FEATURE_BITS = 5, MARKS_BIT = 1 << FEATURE_BITS, TOOL_SHIFT = 6, LAYER_SHIFT = 10 };
enum { LAYER_MAX = (1 << 22) - 1, LAYERS_AT_FIRST = 256 };

uint32_t analysis_tag(const struct analyser *analyser, enum feature feature)
{
	return analyser->tag | (uint32_t)analysis_tool(analyser) << TOOL_SHIFT | (uint32_t)feature;
}

static struct analysis_layer *kept_layer(struct analyser *analyser, uint32_t number)
{
	if (number == 0 || number > ANALYSIS_LAYERS_MAX || number > analyser->layer_room ||
		(int32_t)number > analyser->layer_count)
		return NULL;
	return &analyser->layer[number - 1];
}

static void on_spent(void *context, uint32_t tag, double time_s)
{
	struct analyser *analyser = context;
	struct analysis_layer *layer = NULL;

	analyser->result.feature_s[tag & (MARKS_BIT - 1)] += time_s;
	analyser->result.tool[tag >> TOOL_SHIFT & 7].time_s += time_s;
	/* What was taken for layers before the first mark was none. */
	if (!analyser->by_marks || tag & MARKS_BIT)
		layer = kept_layer(analyser, tag >> LAYER_SHIFT);
	if (layer)
		layer->time_s += time_s;
	else if (analyser->layer_count == 0 || tag >> LAYER_SHIFT == 0 ||
		 (analyser->by_marks && !(tag & MARKS_BIT)))
		analyser->before_s += time_s;
}

void analysis_layers_prepare(struct analyser *analyser)
{
	analyser->time.on_spent = on_spent;
	analyser->time.context = analyser;
}

/* Without memory the layers are counted all the same. */
static bool make_room(struct analyser *analyser)
{
	size_t room = analyser->layer_room ? analyser->layer_room * 2 : LAYERS_AT_FIRST;
	struct analysis_layer *layer;

	if ((size_t)analyser->layer_count <= analyser->layer_room)
		return true;
	if (analyser->layer_room >= ANALYSIS_LAYERS_MAX)
		return false;
	if (room > ANALYSIS_LAYERS_MAX)
		room = ANALYSIS_LAYERS_MAX;
	layer = realloc(analyser->layer, room * sizeof *layer);
	if (!layer)
		return false;
	analyser->layer = layer;
	analyser->layer_room = room;
	return true;
}

static bool is_resumable(const struct analyser *analyser)
{
	const struct modal *modal = &analyser->modal;

	return modal->absolute && modal->known[MODAL_X] && modal->known[MODAL_Y] &&
	       modal->known[MODAL_Z];
}

static void begin_layer(struct analyser *analyser, int64_t line, int64_t offset_bytes)
{
	const struct modal *modal = &analyser->modal;
	struct analysis_layer *layer;

	if (analyser->layer_count == LAYER_MAX)
		return;
	analyser->layer_count++;
	analyser->tag = (uint32_t)analyser->layer_count << LAYER_SHIFT |
			(analyser->by_marks ? MARKS_BIT : 0);
	if (!make_room(analyser) || !analyser->layer)
		return;
	layer = &analyser->layer[analyser->layer_count - 1];
	*layer = (struct analysis_layer){
		.z_mm = modal->position_mm[MODAL_Z] + modal->offset_mm[MODAL_Z],
		.line = line,
		.offset_bytes = offset_bytes,
		.command = analyser->result.commands,
		.tool = modal->tool,
		.resumable = is_resumable(analyser),
	};
}

void analysis_layer_mark(struct analyser *analyser, int64_t line, int64_t offset_bytes)
{
	if (!analyser->by_marks) {
		for (int32_t i = 1; i <= analyser->layer_count; i++) {
			struct analysis_layer *layer = kept_layer(analyser, (uint32_t)i);

			analyser->before_s += layer ? layer->time_s : 0;
			analyser->before_mm += layer ? layer->filament_mm : 0;
		}
		analyser->by_marks = true;
		analyser->layer_count = 0;
		analyser->highest_mm = 0;
	}
	analyser->layer_z_mm = -1;
	begin_layer(analyser, line, offset_bytes);
}

/* Of a marked layer the first extrusion tells the height: marks stand before the move up. */
static void settle_height(struct analyser *analyser, double z_mm)
{
	struct analysis_layer *layer = kept_layer(analyser, (uint32_t)analyser->layer_count);

	analyser->layer_z_mm = z_mm;
	if (!layer)
		return;
	layer->z_mm = z_mm;
	/* Of several objects printed one after the other, the next begins below the last. */
	if (z_mm < analyser->highest_mm - ABOVE_MM)
		layer->resumable = false;
}

void analysis_layer_z(struct analyser *analyser, double z_mm, int64_t line)
{
	if (analyser->by_marks) {
		if (analyser->layer_z_mm < 0)
			settle_height(analyser, z_mm);
	} else if (analyser->layer_count == 0 || z_mm >= analyser->layer_z_mm + LAYER_STEP_MM) {
		analyser->layer_z_mm = z_mm;
		begin_layer(analyser, line, analyser->reader.offset_bytes);
	}
	if (z_mm > analyser->highest_mm)
		analyser->highest_mm = z_mm;
}

void analysis_layer_filament(struct analyser *analyser, double fresh_mm)
{
	struct analysis_layer *layer = kept_layer(analyser, (uint32_t)analyser->layer_count);

	if (layer)
		layer->filament_mm += fresh_mm;
	else
		analyser->before_mm += fresh_mm;
}

void analysis_layers_finish(struct analyser *analyser)
{
	double start_s = analyser->before_s;

	for (int32_t i = 1; i <= analyser->layer_count; i++) {
		struct analysis_layer *layer = kept_layer(analyser, (uint32_t)i);

		if (!layer)
			break;
		layer->start_s = start_s;
		start_s += layer->time_s;
	}
}

const struct analysis_layer *analyser_layers(const struct analyser *analyser, size_t *count)
{
	*count = (size_t)analyser->layer_count;
	if (*count > analyser->layer_room)
		*count = analyser->layer_room;
	return analyser->layer;
}
