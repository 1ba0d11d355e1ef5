/* What the import child said, as a record of the ledger.  The child read a stranger's bytes: its
 * words are checked like a stranger's. */
#include "daemon/control/files_internal.h"

#include <errno.h>
#include <math.h> /* isfinite */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>

#include "gcode/analysis_json.h" /* ANALYSIS_JSON_LAYERS_MAX */

enum { PROBLEM_TEXT_MAX = 300 };

static double number_of(const json_t *object, const char *key, double missing)
{
	const json_t *value = json_object_get(object, key);

	return json_is_number(value) && isfinite(json_number_value(value))
		       ? json_number_value(value)
		       : missing;
}

static int64_t whole_of(const json_t *object, const char *key)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) && json_integer_value(value) > 0 ? json_integer_value(value)
								       : 0;
}

/* Cut at the end of the field, never inside a character. */
static void copy_text(const json_t *object, const char *key, char *to, size_t size)
{
	const char *text = json_string_value(json_object_get(object, key));

	snprintf(to, size, "%s", text ? text : "");
	if (!text || strlen(text) < size)
		return;
	size_t length = size - 1;

	while (length > 0 && ((unsigned char)text[length] & 0xc0) == 0x80)
		length--;
	to[length] = '\0';
}

static bool copy_point(const json_t *object, const char *key, double point[3])
{
	const json_t *list = json_object_get(object, key);

	for (size_t axis = 0; axis < 3; axis++) {
		const json_t *number = json_array_get(list, axis);

		if (!json_is_number(number))
			return false;
		point[axis] = json_number_value(number);
	}
	return true;
}

/* All tools together; grams are unknown when those of one are. */
static void sum_filament(const json_t *tools, struct file_record *file)
{
	const json_t *tool;
	size_t i;

	file->filament_g = json_array_size(tools) ? 0 : -1;
	json_array_foreach (tools, i, tool) {
		double grams = number_of(tool, "filament_g", -1);

		file->filament_mm += number_of(tool, "filament_mm", 0);
		if (grams < 0 || file->filament_g < 0)
			file->filament_g = -1;
		else
			file->filament_g += grams;
	}
}

/* From the index of layers; more of them than the child sends are not looked at. */
static void fill_layer_map(struct file_record *file, const json_t *analysis)
{
	static struct layer_map_point point[ANALYSIS_JSON_LAYERS_MAX];
	const json_t *layer;
	size_t i, count = 0;

	json_array_foreach (json_object_get(analysis, "layer_index"), i, layer)
		if (count < ANALYSIS_JSON_LAYERS_MAX)
			point[count++] = (struct layer_map_point){ whole_of(layer, "layer"),
				whole_of(layer, "command") };
	layer_map_write(file->layer_map, point, count, file->layers, file->commands);
}

static void fill_pace(struct file_record *file, const json_t *analysis)
{
	static struct pace_point point[ANALYSIS_JSON_LAYERS_MAX];
	const json_t *layer;
	size_t i, count = 0;

	json_array_foreach (json_object_get(analysis, "layer_index"), i, layer)
		if (count < ANALYSIS_JSON_LAYERS_MAX)
			point[count++] = (struct pace_point){ whole_of(layer, "command"),
				number_of(layer, "start_s", 0) };
	pace_write(file->pace, point, count, file->commands, file->time_s);
}

/* ["marlin","klipper"] as "marlin,klipper". */
static void join_dialects(const json_t *list, struct file_record *file)
{
	const json_t *name;
	size_t i, length = 0;

	/* mach3 and MakerBot's kind are none of those that are told apart. */
	if (json_is_array(list) && json_array_size(list) == 0)
		snprintf(file->dialects, sizeof file->dialects, "other");
	json_array_foreach (list, i, name) {
		const char *text = json_string_value(name);

		if (!text || length + strlen(text) + 2 > sizeof file->dialects)
			continue;
		length += (size_t)snprintf(file->dialects + length, sizeof file->dialects - length,
			"%s%s", length ? "," : "", text);
	}
}

static void fill_record(struct file_record *file, const json_t *analysis)
{
	const json_t *box = json_object_get(analysis, "bbox_print_mm");

	file->commands = whole_of(analysis, "commands");
	file->lines = whole_of(analysis, "lines");
	file->time_s = number_of(analysis, "time_s", 0);
	file->heat_s = number_of(analysis, "heat_s", 0) + number_of(analysis, "wait_s", 0);
	file->hotend_celsius = number_of(analysis, "hotend_celsius", 0);
	file->bed_celsius = number_of(analysis, "bed_celsius", 0);
	file->nozzle_mm = number_of(analysis, "nozzle_mm", 0);
	file->layers = (int32_t)(whole_of(analysis, "layers") & INT32_MAX);
	file->needs_person = json_is_true(json_object_get(analysis, "needs_person"));
	file->has_print_box = copy_point(box, "min", file->box_min_mm) &&
			      copy_point(box, "max", file->box_max_mm);
	copy_text(analysis, "machine", file->machine, sizeof file->machine);
	copy_text(analysis, "material", file->material, sizeof file->material);
	copy_text(analysis, "slicer", file->slicer, sizeof file->slicer);
	join_dialects(json_object_get(analysis, "dialects"), file);
	file->tools = (int32_t)(whole_of(analysis, "tools_needed") & INT32_MAX);
	sum_filament(json_object_get(analysis, "tools"), file);
	fill_pace(file, analysis);
	fill_layer_map(file, analysis);
}

/* "visor.gcode line 12: ...": the first problem that refuses. */
static void say_refusal(struct upload *upload, const json_t *analysis)
{
	const json_t *problem;
	size_t i;

	snprintf(upload->message, sizeof upload->message, "%s is refused", upload->name);
	json_array_foreach (json_object_get(analysis, "problems"), i, problem) {
		const char *severity = json_string_value(json_object_get(problem, "severity"));
		int64_t line = whole_of(problem, "line");
		char text[PROBLEM_TEXT_MAX], place[32] = "";

		if (!severity || strcmp(severity, "refuse") != 0)
			continue;
		copy_text(problem, "text", text, sizeof text);
		if (line > 0)
			snprintf(place, sizeof place, " line %lld", (long long)line);
		snprintf(upload->message, sizeof upload->message, "%.180s%s: %s", upload->name,
			place, text);
		return;
	}
}

/* The analysis as kept and shown, with the name a user knows; `sha256` NULL: not known yet. */
static char *dump(const struct upload *upload, json_t *analysis, const char *sha256)
{
	if (json_object_set_new(analysis, "file", json_string(upload->name)) != 0 ||
		(sha256 && json_object_set_new(analysis, "sha256", json_string(sha256)) != 0))
		return NULL;
	return json_dumps(analysis, JSON_COMPACT | JSON_REAL_PRECISION(12));
}

static int judge(struct upload *upload, const json_t *root, json_t *analysis)
{
	const char *error = json_string_value(json_object_get(root, "error"));
	const char *verdict = json_string_value(json_object_get(analysis, "verdict"));

	if (!error || !verdict)
		return -EIO;
	if (strcmp(error, "no_room") == 0)
		return -ENOSPC;
	if (strcmp(error, "none") != 0)
		return -EIO;
	copy_text(analysis, "format", upload->format, sizeof upload->format);
	upload->text_bytes = whole_of(root, "text_bytes");
	fill_record(&upload->file, analysis);
	upload->analysis_json = dump(upload, analysis, NULL);
	if (!upload->analysis_json)
		return -ENOMEM;
	if (strcmp(verdict, "ok") == 0 || strcmp(verdict, "warn") == 0)
		return 0;
	say_refusal(upload, analysis);
	return -EBADMSG;
}

int import_result_read(struct upload *upload, const char *line, size_t length)
{
	json_t *root = json_loadb(line, length, JSON_REJECT_DUPLICATES, NULL);
	json_t *analysis = json_object_get(root, "analysis");
	int result = json_is_object(analysis) ? judge(upload, root, analysis) : -EIO;

	json_decref(root);
	return result;
}

int import_result_name(struct upload *upload, const char *sha256)
{
	json_t *analysis = json_loads(upload->analysis_json, 0, NULL);
	char *named = analysis ? dump(upload, analysis, sha256) : NULL;

	json_decref(analysis);
	if (!named)
		return -ENOMEM;
	free(upload->analysis_json);
	upload->analysis_json = named;
	snprintf(upload->file.sha256, sizeof upload->file.sha256, "%s", sha256);
	return 0;
}
