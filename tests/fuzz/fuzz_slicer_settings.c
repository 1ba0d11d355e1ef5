/* Any file for the settings in it: cut anywhere it says the same, and what it says is text. */
#include "gcode/slicer_settings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "gcode/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slicer_settings *read_by(const char *bytes, size_t size, size_t step)
{
	struct slicer_settings *settings = slicer_settings_create();

	for (size_t at = 0; settings && at < size; at += step)
		slicer_settings_feed(settings, bytes + at, step < size - at ? step : size - at);
	return settings;
}

static void look_at(const char *text, size_t length)
{
	for (size_t i = 0; i < length;) {
		size_t bytes = utf8_length(text + i);

		if (bytes == 0 || text[i] == '\0' ||
			(text[i] < ' ' && text[i] != '\n' && text[i] > 0))
			abort();
		i += bytes;
	}
	if (text[length] != '\0' || (length > 0 && text[length - 1] != '\n'))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct slicer_settings *whole = read_by((const char *)data, size, size + 1);
	struct slicer_settings *cut = read_by((const char *)data, size, size / 3 + 1);
	size_t length, cut_length;

	if (whole && cut) {
		const char *text = slicer_settings_text(whole, &length);

		look_at(text, length);
		if (strcmp(text, slicer_settings_text(cut, &cut_length)) != 0)
			abort();
	}
	slicer_settings_destroy(whole);
	slicer_settings_destroy(cut);
	return 0;
}
