/* The plan as a picture: a row for each printer, a bar for each print, closed hours shaded. */
#ifndef CLI_GANTT_H
#define CLI_GANTT_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* `plan` and `printers` are the daemon's answers; what is idle has an empty row.  Returns CLI_DONE,
 * or another exit code after a sentence. */
int gantt_write(const json_t *plan, const json_t *printers, const char *path);

#endif
