/* The settings child: a stored text in, the slicer's settings out, one word.  See drawing.h. */
#include "daemon/control/child_write.h"
#include "daemon/control/drawing.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h> /* read, write, lseek */

#include "daemon/control/import.h"
#include "gcode/slicer_settings.h"

enum { READ_BYTES = 64 * 1024 };

/* False: the text could not be read. */
static bool read_text(struct slicer_settings *settings)
{
	static char bytes[READ_BYTES];
	ssize_t got = lseek(IMPORT_UPLOAD_DESCRIPTOR, 0, SEEK_SET);

	if (got < 0)
		return false;
	do {
		got = read(IMPORT_UPLOAD_DESCRIPTOR, bytes, sizeof bytes);
		if (got > 0)
			slicer_settings_feed(settings, bytes, (size_t)got);
	} while (got > 0 || (got < 0 && errno == EINTR));
	return got == 0;
}

int settings_child_main(int argc, char **argv)
{
	(void)argv;
	if (argc != 2 || !import_child_confine(SLICER_SETTINGS_BYTES_MAX)) {
		fprintf(stderr, "--settings is for printfarmd itself\n");
		return 64;
	}
	struct slicer_settings *settings = slicer_settings_create();
	size_t length = 0;
	bool good = settings && read_text(settings);
	const char *text = good ? slicer_settings_text(settings, &length) : NULL;

	good = good && child_write(IMPORT_TEXT_DESCRIPTOR, text, length);
	slicer_settings_destroy(settings);
	const char *word = length > 0 ? "drawn\n" : "nothing\n";

	return good && child_write(IMPORT_RESULT_DESCRIPTOR, word, strlen(word)) ? 0 : 1;
}
