/* `printfarm plan --serve`: plans in a closed loop with a simulator on standard input and output.
 */
#ifndef CLI_PLAN_SERVE_H
#define CLI_PLAN_SERVE_H

#include "cli/plan_instance.h"

enum { PLAN_SERVE_MS = 8 }; /* for a decision, if nothing is said */

/* Reads an instance without orders, then blocks of events; answers each block.  0 at the end of
 * the input. */
int plan_serve(struct cli *cli, const struct plan_budget *budget);

#endif
