/* The analysis as JSON text; see analysis_json.h. */
#include "gcode/analysis_json.h"

#include <math.h> /* isfinite, llround */
#include <stdbool.h>
#include <stdint.h> /* int64_t */
#include <string.h> /* strlen */

#include "gcode/analysis.h"
#include "gcode/utf8.h"
#include "gcode/profile.h"

/* Where the text goes; counts on when it is full. */
struct writer {
	char *buffer;
	size_t size;
	size_t length;
	bool after_value; /* the next value or key needs a comma before it */
};

static void put_byte(struct writer *writer, char byte)
{
	if (writer->length + 1 < writer->size)
		writer->buffer[writer->length] = byte;
	writer->length++;
}

static void put_raw(struct writer *writer, const char *text)
{
	for (; *text; text++)
		put_byte(writer, *text);
}

static void put_escape(struct writer *writer, unsigned char byte)
{
	static const char hex[] = "0123456789abcdef";

	put_raw(writer, "\\u00");
	put_byte(writer, hex[byte >> 4]);
	put_byte(writer, hex[byte & 15]);
}

static void put_string(struct writer *writer, const char *text)
{
	put_byte(writer, '"');
	while (*text) {
		unsigned char byte = (unsigned char)*text;
		size_t length = utf8_length(text);

		if (length == 0) {
			put_raw(writer, "\\ufffd");
			length = 1;
		} else if (byte == '"' || byte == '\\') {
			put_byte(writer, '\\');
			put_byte(writer, *text);
		} else if (byte < 0x20 || byte == 0x7f) {
			put_escape(writer, byte);
		} else {
			for (size_t i = 0; i < length; i++)
				put_byte(writer, text[i]);
		}
		text += length;
	}
	put_byte(writer, '"');
}

static void put_integer(struct writer *writer, int64_t value)
{
	char digits[24];
	size_t count = 0;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

	do {
		digits[count++] = (char)('0' + rest % 10);
		rest /= 10;
	} while (rest);
	if (value < 0)
		put_byte(writer, '-');
	while (count)
		put_byte(writer, digits[--count]);
}

/* With at most three decimals; what a double of this size cannot hold in thousandths is null. */
static void put_number(struct writer *writer, double value)
{
	if (!isfinite(value) || fabs(value) > 9e12) {
		put_raw(writer, "null");
		return;
	}
	int64_t thousandths = llround(value * 1000);
	int64_t fraction = thousandths % 1000;

	if (thousandths < 0) {
		put_byte(writer, '-');
		thousandths = -thousandths;
		fraction = -fraction;
	}
	put_integer(writer, thousandths / 1000);
	if (fraction == 0)
		return;
	put_byte(writer, '.');
	for (int64_t place = 100; fraction; place /= 10) {
		put_byte(writer, (char)('0' + fraction / place));
		fraction %= place;
	}
}

/* What stands between two values. */
static void put_comma(struct writer *writer)
{
	if (writer->after_value)
		put_byte(writer, ',');
	writer->after_value = true;
}

static void put_key(struct writer *writer, const char *name)
{
	put_comma(writer);
	put_byte(writer, '"');
	put_raw(writer, name);
	put_raw(writer, "\":");
}

/* `key` may be NULL inside a list. */
static void open_with(struct writer *writer, const char *key, char bracket)
{
	if (key)
		put_key(writer, key);
	else
		put_comma(writer);
	put_byte(writer, bracket);
	writer->after_value = false;
}

static void close_with(struct writer *writer, char bracket)
{
	put_byte(writer, bracket);
	writer->after_value = true;
}

static void put_text_member(struct writer *writer, const char *key, const char *text)
{
	put_key(writer, key);
	put_string(writer, text);
}

/* What was not stated is null. */
static void put_name_member(struct writer *writer, const char *key, const char *text)
{
	put_key(writer, key);
	if (text[0])
		put_string(writer, text);
	else
		put_raw(writer, "null");
}

static void put_number_member(struct writer *writer, const char *key, double value)
{
	put_key(writer, key);
	put_number(writer, value);
}

static void put_integer_member(struct writer *writer, const char *key, int64_t value)
{
	put_key(writer, key);
	put_integer(writer, value);
}

static void put_bool_member(struct writer *writer, const char *key, bool value)
{
	put_key(writer, key);
	put_raw(writer, value ? "true" : "false");
}

/* What is not known is null. */
static void put_positive_member(struct writer *writer, const char *key, double value)
{
	put_number_member(writer, key, value > 0 ? value : (double)NAN);
}

static const char *verdict_name(enum analysis_verdict verdict)
{
	switch (verdict) {
	case VERDICT_OK:
		return "ok";
	case VERDICT_WARN:
		return "warn";
	case VERDICT_REFUSE:
		return "refuse";
	}
	return "refuse";
}

static const char *limits_name(enum analysis_limits limits)
{
	switch (limits) {
	case LIMITS_ASSUMED:
		return "assumed";
	case LIMITS_CONFIGURED:
		return "configuration";
	case LIMITS_COMMANDED:
		return "commands";
	}
	return "assumed";
}

static void put_problems(struct writer *writer, const struct analysis *analysis)
{
	open_with(writer, "problems", '[');
	for (size_t i = 0; i < analysis->problem_count; i++) {
		const struct analysis_problem *problem = &analysis->problem[i];

		open_with(writer, NULL, '{');
		put_integer_member(writer, "line", problem->line);
		put_text_member(writer, "rule", problem->rule ? problem->rule : "");
		put_text_member(writer, "severity", verdict_name(problem->severity));
		put_text_member(writer, "command", problem->command);
		put_text_member(writer, "text", problem->text);
		close_with(writer, '}');
	}
	close_with(writer, ']');
	put_integer_member(writer, "problems_total", analysis->problem_total);
}

static void put_tools(struct writer *writer, const struct analysis *analysis)
{
	open_with(writer, "tools", '[');
	for (size_t i = 0; i < analysis->tool_count; i++) {
		double grams = analysis->tool[i].filament_g;

		open_with(writer, NULL, '{');
		put_number_member(writer, "filament_mm", analysis->tool[i].filament_mm);
		put_number_member(writer, "filament_print_mm", analysis->tool[i].filament_print_mm);
		put_number_member(writer, "filament_mm3", analysis->tool[i].filament_mm3);
		put_number_member(writer, "filament_g", grams < 0 ? (double)NAN : grams);
		put_positive_member(writer, "cost", analysis->tool[i].cost);
		put_number_member(writer, "time_s", analysis->tool[i].time_s);
		put_positive_member(writer, "hotend_celsius", analysis->tool[i].hotend_celsius);
		put_integer_member(writer, "changes", analysis->tool[i].changes);
		close_with(writer, '}');
	}
	close_with(writer, ']');
}

static void put_corner(struct writer *writer, const char *key, const double corner_mm[3])
{
	open_with(writer, key, '[');
	for (size_t axis = 0; axis < 3; axis++) {
		put_comma(writer);
		put_number(writer, corner_mm[axis]);
	}
	close_with(writer, ']');
}

static void put_box(struct writer *writer, const char *key, bool any, const double min_mm[3],
	const double max_mm[3])
{
	if (!any) {
		put_number_member(writer, key, (double)NAN);
		return;
	}
	open_with(writer, key, '{');
	put_corner(writer, "min", min_mm);
	put_corner(writer, "max", max_mm);
	close_with(writer, '}');
}

static void put_features(struct writer *writer, const struct analysis *analysis)
{
	open_with(writer, "features", '[');
	for (int i = 0; i < FEATURE_COUNT; i++) {
		if (!(analysis->feature_s[i] > 0))
			continue;
		open_with(writer, NULL, '{');
		put_text_member(writer, "name", feature_name((enum feature)i));
		put_number_member(writer, "time_s", analysis->feature_s[i]);
		close_with(writer, '}');
	}
	close_with(writer, ']');
}

static void put_targets(struct writer *writer, const struct analysis *analysis)
{
	static const char *const heaters[] = { "hotend", "bed", "chamber" };

	open_with(writer, "temperatures", '[');
	for (size_t i = 0; i < analysis->target_count; i++) {
		const struct analysis_target *target = &analysis->target[i];

		open_with(writer, NULL, '{');
		put_text_member(writer, "heater", heaters[target->heater]);
		put_integer_member(writer, "tool", target->tool);
		put_number_member(writer, "celsius", target->celsius);
		put_integer_member(writer, "line", target->line);
		put_bool_member(writer, "waited", target->waited);
		close_with(writer, '}');
	}
	close_with(writer, ']');
}

static void put_objects(struct writer *writer, const struct analysis *analysis)
{
	open_with(writer, "objects", '[');
	for (size_t i = 0; i < analysis->object_count; i++) {
		put_comma(writer);
		put_string(writer, analysis->object[i]);
	}
	close_with(writer, ']');
}

static void put_readers(struct writer *writer, const struct analysis *analysis)
{
	open_with(writer, "dialects", '[');
	for (int i = PROFILE_FIRMWARE_MARLIN; i <= PROFILE_FIRMWARE_GRBL; i++)
		if (analysis->readers & 1U << i) {
			put_comma(writer);
			put_string(writer, profile_firmware_name((enum profile_firmware)i));
		}
	close_with(writer, ']');
}

/* Every n-th layer, so that the list stays short whatever the file. */
static void put_layers(struct writer *writer, const struct analysis_labels *labels)
{
	size_t count = labels ? labels->layer_count : 0;
	size_t step = count / ANALYSIS_JSON_LAYERS_MAX + 1;

	if (!labels || !labels->layers)
		return;
	open_with(writer, "layer_index", '[');
	for (size_t i = 0; i < count; i += step) {
		const struct analysis_layer *layer = &labels->layers[i];

		open_with(writer, NULL, '{');
		put_integer_member(writer, "layer", (int64_t)i + 1);
		put_number_member(writer, "z_mm", layer->z_mm);
		put_integer_member(writer, "line", layer->line);
		put_integer_member(writer, "offset_bytes", layer->offset_bytes);
		put_integer_member(writer, "command", layer->command);
		put_number_member(writer, "start_s", layer->start_s);
		put_number_member(writer, "time_s", layer->time_s);
		put_number_member(writer, "filament_mm", layer->filament_mm);
		put_bool_member(writer, "resumable", layer->resumable);
		close_with(writer, '}');
	}
	close_with(writer, ']');
}

static void put_labels(struct writer *writer, const struct analysis_labels *labels)
{
	if (!labels)
		return;
	if (labels->file)
		put_text_member(writer, "file", labels->file);
	if (labels->sha256)
		put_text_member(writer, "sha256", labels->sha256);
	if (labels->format)
		put_text_member(writer, "format", labels->format);
}

size_t analysis_to_json(const struct analysis *analysis, const struct analysis_labels *labels,
	char *buffer, size_t size)
{
	struct writer writer = { .buffer = buffer, .size = size };

	open_with(&writer, NULL, '{');
	put_labels(&writer, labels);
	put_text_member(&writer, "verdict", verdict_name(analysis->verdict));
	put_problems(&writer, analysis);
	put_number_member(&writer, "time_s", analysis->time_s);
	put_number_member(&writer, "heat_s", analysis->heat_s);
	put_number_member(&writer, "wait_s", analysis->wait_s);
	put_positive_member(&writer, "slicer_time_s", analysis->slicer_time_s);
	put_text_member(&writer, "limits", limits_name(analysis->limits));
	put_integer_member(&writer, "bytes", analysis->bytes);
	put_integer_member(&writer, "lines", analysis->lines);
	put_integer_member(&writer, "commands", analysis->commands);
	put_integer_member(&writer, "layers", analysis->layers);
	put_tools(&writer, analysis);
	put_integer_member(&writer, "tools_needed", analysis->tools_needed);
	put_readers(&writer, analysis);
	put_box(&writer, "bbox_print_mm", analysis->has_print_box, analysis->box_min_mm,
		analysis->box_max_mm);
	put_box(&writer, "bbox_part_mm", analysis->part.any, analysis->part.min_mm,
		analysis->part.max_mm);
	put_box(&writer, "bbox_travel_mm", analysis->travel.any, analysis->travel.min_mm,
		analysis->travel.max_mm);
	put_number_member(&writer, "bed_celsius", analysis->bed_celsius);
	put_number_member(&writer, "hotend_celsius", analysis->hotend_celsius);
	put_number_member(&writer, "chamber_celsius", analysis->chamber_celsius);
	put_targets(&writer, analysis);
	put_number_member(&writer, "fan_max", analysis->fan_max);
	put_positive_member(&writer, "nozzle_mm", analysis->nozzle_mm);
	put_positive_member(&writer, "layer_height_mm", analysis->layer_height_mm);
	put_bool_member(&writer, "needs_person", analysis->needs_person);
	put_integer_member(&writer, "first_print_line", analysis->first_print_line);
	put_name_member(&writer, "slicer", analysis->slicer);
	put_name_member(&writer, "machine", analysis->machine);
	put_name_member(&writer, "material", analysis->material);
	put_name_member(&writer, "colour", analysis->colour);
	put_integer_member(&writer, "thumbnails", analysis->thumbnails);
	put_integer_member(&writer, "thumbnail_width", analysis->thumbnail_width);
	put_integer_member(&writer, "thumbnail_height", analysis->thumbnail_height);
	put_objects(&writer, analysis);
	put_features(&writer, analysis);
	put_layers(&writer, labels);
	close_with(&writer, '}');
	if (size)
		buffer[writer.length < size ? writer.length : size - 1] = '\0';
	return writer.length;
}
