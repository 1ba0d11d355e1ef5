/* How a print flows, in words: what `printer show` says about a stutter. */
#ifndef CLI_FLOW_H
#define CLI_FLOW_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* Shows the "telemetry" of a printer; nothing where it is null. */
void flow_show(const json_t *printer);

#endif
