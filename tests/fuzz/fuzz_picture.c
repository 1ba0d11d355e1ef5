/* Any bytes as a file whose picture is drawn: no crash, a whole PNG, and the slicer's own picture
 * or none.  The first byte chooses the view, the second the layer. */
#include "gcode/picture.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gcode/analysis.h"
#include "gcode/profile.h"
#include "gcode/thumbnail.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const struct profile profile = { .name = "fuzz",
	.volume_max_mm = { 235, 235, 250 },
	.nozzle_mm = 0.4,
	.hotend_max_celsius = 275,
	.bed_max_celsius = 120 };

static size_t written;

static void on_png(void *context, const unsigned char *bytes, size_t length)
{
	(void)context;
	(void)bytes;
	written += length;
}

static void pass(const char *bytes, size_t size, struct picture *picture,
	struct thumbnail *thumbnail, struct analysis *analysis)
{
	struct analyser *analyser = analyser_create(&profile);

	if (!analyser)
		abort();
	if (picture)
		analyser_on_move(analyser, picture_move, picture);
	analyser_on_comment(analyser, thumbnail_comment, thumbnail);
	analyser_feed(analyser, bytes, size);
	analyser_finish(analyser, analysis);
	analyser_destroy(analyser);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct analysis analysis;
	struct picture_settings settings = { .width = 48, .height = 32 };
	struct thumbnail *thumbnail;
	struct picture *picture;
	size_t length;

	if (size < 2)
		return 0;
	settings.view = (enum picture_view)(data[0] % 3);
	settings.whole_bed = data[0] & 64;
	settings.layer = data[1];
	thumbnail = thumbnail_create();
	if (!thumbnail)
		abort();
	pass((const char *)data + 2, size - 2, NULL, thumbnail, &analysis);
	picture = picture_create(&settings, &analysis, data[0] & 128 ? &profile : NULL);
	if (picture) {
		pass((const char *)data + 2, size - 2, picture, thumbnail, &analysis);
		written = 0;
		if (!picture_write(picture, on_png, NULL) || written < 50)
			abort();
	}
	thumbnail_png(thumbnail, &length);
	if (length > THUMBNAIL_BYTES_MAX)
		abort();
	picture_destroy(picture);
	thumbnail_destroy(thumbnail);
	return 0;
}
