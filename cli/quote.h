/* When an order would be done, and why. */
#ifndef CLI_QUOTE_H
#define CLI_QUOTE_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

void quote_show(const struct cli *cli, const json_t *quote);

#endif
