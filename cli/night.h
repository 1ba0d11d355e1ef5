/* What the night yields, and what is to be done before everybody leaves. */
#ifndef CLI_NIGHT_H
#define CLI_NIGHT_H

#include "cli/cli.h"

/* Below the plan: one sentence, or nothing. */
void night_show_yield(struct cli *cli);
/* `plan --tonight`. */
int night_tonight(struct cli *cli);

#endif
