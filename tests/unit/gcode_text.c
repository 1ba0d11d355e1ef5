/* Texts and files through the whole analysis; see gcode_text.h. */
#include "tests/unit/gcode_text.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "gcode/inspect.h"

const struct profile gcode_text_reference = {
	.name = "reference",
	.shape = PROFILE_BOX,
	.volume_max_mm = { 235, 235, 250 },
	.nozzle_mm = 0.4,
	.hotend_max_celsius = 275,
	.bed_max_celsius = 120,
};

#define START                                                                                      \
	"M140 S60\nM104 S205\nG21\nG90\nM82\nM190 S60\nM109 S205\nG28\nG92 E0\n"                   \
	"G1 Z0.3 F300\nG1 X50 Y50 F6000\nG1 X100 Y50 E2.5 F1500\n"
#define END                                                                                        \
	"G1 X100 Y100 E5\nG1 X50 Y100 E7.5\nG1 X50 Y50 E10\nM104 S0\nM140 S0\n"                    \
	"G1 X0 Y200 F6000\nM84\n"

const char gcode_text_square[] = START END;

void gcode_text_with(const char *lines, char *text, size_t size)
{
	int length = snprintf(text, size, "%s%s%s", START, lines, END);

	assert_true(length > 0 && (size_t)length < size);
}

void gcode_text_analyse_pieces(const char *text, size_t length, size_t piece,
	const struct profile *profile, struct analysis *analysis)
{
	struct analyser *analyser = analyser_create(profile);

	assert_non_null(analyser);
	while (length > 0) {
		size_t now = piece < length ? piece : length;

		analyser_feed(analyser, text, now);
		text += now;
		length -= now;
	}
	analyser_finish(analyser, analysis);
	analyser_destroy(analyser);
}

void gcode_text_analyse(
	const char *text, size_t length, const struct profile *profile, struct analysis *analysis)
{
	gcode_text_analyse_pieces(text, length, length ? length : 1, profile, analysis);
}

char *gcode_text_read_file(const char *path, size_t *length)
{
	FILE *file = fopen(path, "rb");
	char *bytes = NULL;
	long size;

	if (!file)
		fail_msg("%s cannot be read", path);
	assert_int_equal(fseek(file, 0, SEEK_END), 0);
	size = ftell(file);
	assert_true(size >= 0);
	rewind(file);
	bytes = malloc((size_t)size + 1);
	assert_non_null(bytes);
	assert_int_equal(fread(bytes, 1, (size_t)size, file), size);
	fclose(file);
	*length = (size_t)size;
	return bytes;
}

static int64_t read_bytes(void *context, char *to, size_t size)
{
	struct gcode_text_source *source = context;
	size_t left = source->length - source->position;
	size_t count = size < left ? size : left;

	if (source->piece > 0 && count > source->piece)
		count = source->piece;
	memcpy(to, source->bytes + source->position, count);
	source->position += count;
	return (int64_t)count;
}

static int64_t seek_bytes(void *context, int64_t offset, int whence)
{
	struct gcode_text_source *source = context;
	int64_t base = whence == SEEK_SET   ? 0
		       : whence == SEEK_CUR ? (int64_t)source->position
					    : (int64_t)source->length;

	if (base + offset < 0 || base + offset > (int64_t)source->length)
		return -EINVAL;
	source->position = (size_t)(base + offset);
	return base + offset;
}

struct format_source gcode_text_source(struct gcode_text_source *source)
{
	return (struct format_source){ source, read_bytes, seek_bytes };
}

static void inspect(const char *name, const char *bytes, size_t length,
	const struct profile *profile, struct analysis *analysis)
{
	struct inspector_settings settings = {
		.name = name, .profile = profile, .text_max_bytes = 256 << 20
	};
	struct gcode_text_source bytes_left = { bytes, length, 0, 0 };
	struct format_source source = gcode_text_source(&bytes_left);
	struct inspector *inspector = inspector_create(&settings);

	assert_non_null(inspector);
	assert_int_equal(inspector_read(inspector, &source), 0);
	inspector_finish(inspector, analysis);
	inspector_destroy(inspector);
}

void gcode_text_inspect(
	const char *bytes, size_t length, const struct profile *profile, struct analysis *analysis)
{
	inspect(NULL, bytes, length, profile, analysis);
}

void gcode_text_inspect_file(
	const char *path, const struct profile *profile, struct analysis *analysis)
{
	size_t length;
	char *bytes = gcode_text_read_file(path, &length);

	inspect(path, bytes, length, profile, analysis);
	free(bytes);
}

bool gcode_text_has_problem(const struct analysis *analysis, const char *rule)
{
	for (size_t i = 0; i < analysis->problem_count; i++)
		if (!strcmp(analysis->problem[i].rule, rule))
			return true;
	return false;
}
