/* The drawing child: a stored text in, a PNG out, one word.  See drawing.h.
 *
 * The text was checked when it was imported; it is read with the same suspicion all the same. */
#include "daemon/control/child_write.h"
#include "daemon/control/drawing.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h> /* read, write, lseek */

#include "daemon/control/import.h"
#include "gcode/analysis.h"
#include "gcode/thumbnail.h"

enum { READ_BYTES = 64 * 1024, PICTURE_BYTES_MAX = 16 << 20 };

static void on_png(void *context, const unsigned char *bytes, size_t length)
{
	bool *good = context;

	*good = *good && child_write(IMPORT_TEXT_DESCRIPTOR, bytes, length);
}

/* The layer in which the command is, from 1. */
static int32_t find_layer(const struct analyser *analyser, int64_t command)
{
	size_t count, low = 0, high;
	const struct analysis_layer *layer = analyser_layers(analyser, &count);

	for (high = count; low < high;) {
		size_t middle = (low + high) / 2;

		if (layer[middle].command <= command)
			low = middle + 1;
		else
			high = middle;
	}
	return low > 0 ? (int32_t)low : 1;
}

/* One pass over the text; with neither picture nor thumbnail the figures only.  `settings`, if
 * given, get the layer of their command. */
static bool pass(struct picture *picture, struct thumbnail *thumbnail, struct analysis *analysis,
	struct picture_settings *settings)
{
	static char bytes[READ_BYTES];
	struct analyser *analyser = analyser_create(NULL);
	ssize_t got = lseek(IMPORT_UPLOAD_DESCRIPTOR, 0, SEEK_SET);

	if (!analyser || got < 0) {
		analyser_destroy(analyser);
		return false;
	}
	if (picture)
		analyser_on_move(analyser, picture_move, picture);
	if (thumbnail)
		analyser_on_comment(analyser, thumbnail_comment, thumbnail);
	do {
		got = read(IMPORT_UPLOAD_DESCRIPTOR, bytes, sizeof bytes);
		if (got > 0)
			analyser_feed(analyser, bytes, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	analyser_finish(analyser, analysis);
	if (settings && settings->view == PICTURE_LAYER && settings->layer == 0)
		settings->layer = find_layer(analyser, settings->command);
	analyser_destroy(analyser);
	return got == 0;
}

static bool copy_thumbnail(bool *found)
{
	static struct analysis analysis;
	struct thumbnail *thumbnail = thumbnail_create();
	bool good = thumbnail && pass(NULL, thumbnail, &analysis, NULL);
	const unsigned char *png = NULL;
	size_t length = 0;

	if (good)
		png = thumbnail_png(thumbnail, &length);
	*found = png != NULL;
	if (png)
		on_png(&good, png, length);
	thumbnail_destroy(thumbnail);
	return good;
}

static bool draw(struct picture_settings *settings, bool *drawn)
{
	static struct analysis analysis;
	struct picture *picture;
	bool good;

	if (settings->view == PICTURE_THUMBNAIL)
		return copy_thumbnail(drawn);
	*drawn = false;
	good = pass(NULL, NULL, &analysis, settings);
	if (!good)
		return false;
	picture = picture_create(settings, &analysis, NULL);
	/* Nothing to draw is an answer, too. */
	if (!picture || (settings->view == PICTURE_LAYER && settings->layer > analysis.layers)) {
		picture_destroy(picture);
		return true;
	}
	*drawn = good = pass(picture, NULL, &analysis, NULL);
	good = good && picture_write(picture, on_png, &good) && good;
	picture_destroy(picture);
	return good;
}

int drawing_child_main(int argc, char **argv)
{
	struct picture_settings settings = { .view = PICTURE_ISOMETRIC };
	bool drawn;

	if (argc != 7 || !import_child_confine(PICTURE_BYTES_MAX)) {
		fprintf(stderr, "--draw is for printfarmd itself\n");
		return 64;
	}
	settings.view = (enum picture_view)strtol(argv[2], NULL, 10);
	settings.layer = (int32_t)strtol(argv[3], NULL, 10);
	settings.width = (int)strtol(argv[4], NULL, 10);
	settings.height = (int)strtol(argv[5], NULL, 10);
	settings.command = strtoll(argv[6], NULL, 10);
	if (!draw(&settings, &drawn))
		return 1;
	const char *word = drawn ? "drawn\n" : "nothing\n";

	return child_write(IMPORT_RESULT_DESCRIPTOR, word, strlen(word)) ? 0 : 1;
}
