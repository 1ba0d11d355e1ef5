/* Pictures and settings of stored plates: the parent's side; see drawing.h. */
#include "daemon/control/drawing.h"

#include <errno.h>
#include <fcntl.h> /* openat, renameat */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "daemon/control/files_internal.h"
#include "daemon/control/import.h"

enum { PLACE_MAX = SHA256_HEX_BYTES + 16 }; /* "ab/<sha256>.settings" */

struct drawing {
	struct files *files;
	struct drawing *next;
	struct picture_settings settings;
	bool is_picture; /* else the slicer's settings */
	char sha256[SHA256_HEX_BYTES];
	int text, picture; /* descriptors */
	char temporary[FILES_TEMPORARY_NAME_MAX];
	struct import *child; /* NULL: waits */
	drawing_done *done;   /* NULL: forgotten */
	void *context;
};

static bool is_usual(const struct picture_settings *settings)
{
	return settings->view == PICTURE_ISOMETRIC && settings->width == DRAWING_WIDTH &&
	       settings->height == DRAWING_HEIGHT;
}

static const char picture_end[] = ".png", settings_end[] = ".settings";

static void kept_place(const char *sha256, const char *end, char place[PLACE_MAX])
{
	char text[SHA256_HEX_BYTES + 4];

	files_place(sha256, text, sizeof text);
	snprintf(place, PLACE_MAX, "%s%s", text, end);
}

static int open_kept(
	const struct files *files, const char *sha256, const char *end, int64_t *length)
{
	char place[PLACE_MAX];
	struct stat status;

	if (!files_is_hash(sha256))
		return -EINVAL;
	kept_place(sha256, end, place);
	int descriptor = openat(files->root, place, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);

	if (descriptor < 0)
		return -errno;
	if (fstat(descriptor, &status) != 0 || status.st_size == 0) {
		close(descriptor);
		return -ENOENT;
	}
	*length = status.st_size;
	return descriptor;
}

int drawing_kept(const struct files *files, const char *sha256, int64_t *length)
{
	return open_kept(files, sha256, picture_end, length);
}

int drawing_settings_kept(const struct files *files, const char *sha256, int64_t *length)
{
	return open_kept(files, sha256, settings_end, length);
}

/* ---- one drawing --------------------------------------------------------------------------- */

static void destroy(struct drawing *drawing)
{
	struct files *files = drawing->files;

	for (struct drawing **at = &files->drawings; *at; at = &(*at)->next) {
		if (*at == drawing) {
			*at = drawing->next;
			files->drawing_count--;
			break;
		}
	}
	import_cancel(drawing->child);
	if (drawing->text >= 0)
		close(drawing->text);
	if (drawing->picture >= 0)
		close(drawing->picture);
	if (*drawing->temporary)
		unlinkat(files->root, drawing->temporary, 0);
	free(drawing);
}

/* The usual one and settings get their name.  They are made again when lost, so nothing is synced.
 */
static void keep(struct drawing *drawing)
{
	char place[PLACE_MAX];

	if (drawing->is_picture && !is_usual(&drawing->settings))
		return;
	kept_place(drawing->sha256, drawing->is_picture ? picture_end : settings_end, place);
	if (renameat(drawing->files->root, drawing->temporary, drawing->files->root, place) == 0)
		*drawing->temporary = '\0';
}

static void tell(struct drawing *drawing, int error, int64_t length)
{
	int descriptor = drawing->picture;

	if (!drawing->done)
		return;
	if (error == 0 && lseek(descriptor, 0, SEEK_SET) != 0)
		error = -EIO;
	if (error == 0)
		drawing->picture = -1; /* the caller's now */
	drawing->done(drawing->context, error, error ? -1 : descriptor, length);
}

static void start_waiting(struct files *files);

static void on_drawn(void *context, enum import_end end, const char *line, size_t length)
{
	struct drawing *drawing = context;
	struct files *files = drawing->files;
	struct stat status = { .st_size = 0 };
	int error = end != IMPORT_DONE				     ? -EIO
		    : length == 6 && memcmp(line, "drawn\n", 6) == 0 ? 0
								     : -ENODATA;

	drawing->child = NULL;
	if (error == 0 && (fstat(drawing->picture, &status) != 0 || status.st_size == 0))
		error = -EIO;
	if (error == 0)
		keep(drawing);
	tell(drawing, error, status.st_size);
	destroy(drawing);
	start_waiting(files);
}

static int begin(struct drawing *drawing, struct error *error)
{
	struct files *files = drawing->files;
	const struct import_settings settings = {
		.base = files->settings.base,
		.program = files->settings.import_program,
		.upload = drawing->text,
		.text = drawing->picture,
		.wall_s = DRAWING_WALL_S,
		.picture = drawing->is_picture ? &drawing->settings : NULL,
		.slicer_settings = !drawing->is_picture,
	};

	return import_start(&drawing->child, &settings, on_drawn, drawing, error);
}

/* The one that has waited longest; new ones are put in front. */
static void start_waiting(struct files *files)
{
	for (;;) {
		struct drawing *found = NULL;
		struct error error = { "" };
		size_t working = 0;

		for (struct drawing *at = files->drawings; at; at = at->next) {
			working += at->child != NULL;
			found = at->child ? found : at;
		}
		if (!found || working >= DRAWINGS_MAX || files->is_closing)
			return;
		int result = begin(found, &error);

		if (result == 0)
			continue;
		tell(found, result, 0);
		destroy(found);
	}
}

/* ---- public -------------------------------------------------------------------------------- */

int drawing_start(struct drawing **drawing, struct files *files, const char *sha256,
	const struct picture_settings *settings, drawing_done *done, void *context,
	struct error *error)
{
	struct drawing *started;

	if (files->drawing_count >= DRAWINGS_WAITING_MAX) {
		error_set(error, "%d pictures are waiting to be drawn: try again later",
			DRAWINGS_WAITING_MAX);
		return -EBUSY;
	}
	started = calloc(1, sizeof *started);
	if (!started)
		return -ENOMEM;
	started->files = files;
	started->is_picture = settings != NULL;
	if (settings)
		started->settings = *settings;
	started->done = done;
	started->context = context;
	started->picture = -1;
	snprintf(started->sha256, sizeof started->sha256, "%s", sha256);
	started->text = files_open_text(files, sha256);
	if (started->text >= 0)
		started->picture = files_make_temporary(
			files, settings ? "png" : "settings", started->temporary);
	int result = started->text < 0	    ? started->text
		     : started->picture < 0 ? started->picture
					    : 0;

	if (result != 0) {
		error_set(error, "the picture cannot be drawn: %s", strerror(-result));
		destroy(started);
		return result;
	}
	started->next = files->drawings;
	files->drawings = started;
	files->drawing_count++;
	*drawing = started;
	start_waiting(files);
	return 0;
}

void drawing_forget(struct drawing *drawing)
{
	if (drawing)
		drawing->done = NULL;
}

void drawings_close(struct files *files)
{
	for (struct drawing *drawing = files->drawings, *next; drawing; drawing = next) {
		next = drawing->next;
		destroy(drawing);
	}
}
