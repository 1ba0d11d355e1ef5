/* How a print flows, in words: what `printer show` says about a stutter. */
#ifndef CLI_FLOW_H
#define CLI_FLOW_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* Shows the "telemetry" of a printer; nothing where it is null. */
void flow_show(const struct cli *cli, const json_t *printer);
/* The totals of an attempt that took so long. */
void flow_show_totals(const struct cli *cli, const json_t *attempt, double print_s);

#endif
