/* The production record with everything that belongs to it, from the daemon. */
#ifndef CLI_RECORD_GATHER_H
#define CLI_RECORD_GATHER_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* `path` is "/api/v1/orders/7/record" or that of a job.  *record gets the jobs of all pages, and
 * each plate's "slicer_settings", an object of texts, or null where the slicer has left none.
 * Returns an exit code, after a sentence where it is not CLI_DONE. */
int record_gather(struct cli *cli, const char *path, json_t **record);

/* A picture of a plate, by the plate's hash, or a photo, by its own. */
struct record_image {
	char name[80];		   /* of a file in an export: "SHA256.png" */
	const char *sha256, *type; /* borrowed from the record; "image/png" */
	char *bytes;
	size_t length;
};
enum { RECORD_IMAGES_MAX = 256 };
struct record_images {
	size_t count;
	struct record_image image[RECORD_IMAGES_MAX];
};

/* The pictures of a record's plates and its photos, the first RECORD_IMAGES_MAX; one that cannot be
 * had is left out.  Returns an exit code; *images is to be finished in any case. */
int record_gather_images(struct cli *cli, const json_t *record, struct record_images *images);
/* NULL: none. */
const struct record_image *record_image(const struct record_images *images, const char *sha256);
void record_images_finish(struct record_images *images);

/* Names of people become "person 1", "person 2" ..., the same one for the same person. */
void record_leave_names_out(json_t *record);

/* "/api/v1/files/SHA256/ACTION" into memory (to be freed); NULL and CLI_DONE: there is none.
 * Returns an exit code. */
int record_fetch(struct cli *cli, const char *noun, const char *name, const char *action,
	char **bytes, size_t *length);

#endif
