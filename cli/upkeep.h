/* What a printer's past says, what maintenance is due, how long beds wait: for people. */
#ifndef CLI_UPKEEP_H
#define CLI_UPKEEP_H

#include "cli/cli.h"

#include <jansson.h>

/* Rows of `printer show`. */
void upkeep_show_printer(const struct cli *cli, const json_t *printer);

/* Sentences of `status`: maintenance that is due, beds that wait, power. */
void upkeep_show_farm(const struct cli *cli, const json_t *status);

#endif
