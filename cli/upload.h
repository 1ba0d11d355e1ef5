/* Uploading a file, and what was found in it. */
#ifndef CLI_UPLOAD_H
#define CLI_UPLOAD_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

enum { UPLOAD_NAME_MAX = 256, UPLOAD_PLATES_MAX = 1000 };

/* Uploads `path`; of an archive with several plates plate number `plate`, 0: it has one.  *stored
 * is the daemon's answer (to be decref'ed).  Says what was found, unless
 * --json was given.  Returns an exit code: 66 no such file, 65 refused. */
int upload(struct cli *cli, const char *path, int64_t plate, json_t **stored);

/* "visor" of "/tmp/visor.gcode.gz". */
void upload_design_name(const char *path, char name[UPLOAD_NAME_MAX]);

#endif
