/* Any bytes as the text of a file: finite figures, printable words, and the same in two pieces as
 * in one.  The first byte chooses where it is cut. */
#include "gcode/analysis.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gcode/analysis_json.h"
#include "gcode/profile.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct profile profile = { .name = "fuzz",
	.volume_max_mm = { 235, 235, 250 },
	.nozzle_mm = 0.4,
	.hotend_max_celsius = 275,
	.bed_max_celsius = 120 };

/* A sum over where the layers begin. */
static uint64_t sum_layers(const struct analyser *analyser)
{
	size_t count;
	const struct analysis_layer *layer = analyser_layers(analyser, &count);
	uint64_t sum = count;

	for (size_t i = 0; i < count; i++) {
		if (!isfinite(layer[i].time_s) || layer[i].time_s < 0 || !isfinite(layer[i].z_mm))
			abort();
		sum = sum * 31 + (uint64_t)layer[i].offset_bytes;
		sum = sum * 31 + (uint64_t)layer[i].line * 2 + layer[i].resumable;
		sum = sum * 31 + (uint64_t)layer[i].command;
	}
	return sum;
}

static uint64_t analyse(const char *bytes, size_t size, size_t cut, struct analysis *analysis)
{
	struct analyser *analyser = analyser_create(&profile);
	uint64_t sum;

	if (!analyser)
		abort();
	analyser_feed(analyser, bytes, cut);
	analyser_feed(analyser, bytes + cut, size - cut);
	analyser_finish(analyser, analysis);
	sum = sum_layers(analyser);
	analyser_destroy(analyser);
	return sum;
}

static void require_printable(const char *text)
{
	for (; *text; text++)
		if (*text < 0x20 || *text > 0x7e)
			abort();
}

static void check(const struct analysis *analysis)
{
	static char json[ANALYSIS_JSON_MAX];

	if (!isfinite(analysis->time_s) || analysis->time_s < 0 || !isfinite(analysis->heat_s))
		abort();
	if (analysis->problem_count > ANALYSIS_PROBLEMS_MAX ||
		analysis->tool_count > ANALYSIS_TOOLS_MAX)
		abort();
	for (int axis = 0; axis < 3; axis++)
		if (!isfinite(analysis->box_min_mm[axis]) || !isfinite(analysis->box_max_mm[axis]))
			abort();
	require_printable(analysis->slicer);
	require_printable(analysis->machine);
	require_printable(analysis->material);
	for (size_t i = 0; i < analysis->problem_count; i++) {
		require_printable(analysis->problem[i].command);
		require_printable(analysis->problem[i].text);
		if (analysis->problem[i].severity > analysis->verdict)
			abort();
	}
	if (analysis_to_json(analysis, NULL, json, sizeof json) >= sizeof json)
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct analysis whole, pieces;
	const char *bytes = (const char *)data + 1;
	uint64_t sum;

	if (size < 1)
		return 0;
	memset(&whole, 0, sizeof whole);
	memset(&pieces, 0, sizeof pieces);
	sum = analyse(bytes, size - 1, 0, &whole);
	check(&whole);
	if (analyse(bytes, size - 1, data[0] % size, &pieces) != sum ||
		memcmp(&whole, &pieces, sizeof whole))
		abort();
	return 0;
}
