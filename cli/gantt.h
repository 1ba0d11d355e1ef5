/* The plan as a picture: a row for each printer, a bar for each print, closed hours shaded. */
#ifndef CLI_GANTT_H
#define CLI_GANTT_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* `plan` is the daemon's answer.  Returns CLI_DONE, or another exit code after a sentence. */
int gantt_write(const json_t *plan, const char *path);

#endif
