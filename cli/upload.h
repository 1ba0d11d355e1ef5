/* Uploading a file, and what was found in it. */
#ifndef CLI_UPLOAD_H
#define CLI_UPLOAD_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

enum { UPLOAD_NAME_MAX = 256 };

/* Uploads `path`; *stored is the daemon's answer (to be decref'ed).  Says what was found, unless
 * --json was given.  Returns an exit code: 66 no such file, 65 refused. */
int upload(struct cli *cli, const char *path, json_t **stored);

/* "visor" of "/tmp/visor.gcode.gz". */
void upload_design_name(const char *path, char name[UPLOAD_NAME_MAX]);

#endif
