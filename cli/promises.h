/* Promises for people: what was promised for an order and what moved it; how they were kept. */
#ifndef CLI_PROMISES_H
#define CLI_PROMISES_H

#include "cli/cli.h"

#include <jansson.h>

/* The rows of `order show`. */
void promises_show(const struct cli *cli, const json_t *order);
/* The table below them. */
void promises_show_history(const struct cli *cli, const json_t *order);
/* "promises made at 90 %: kept 91 % of 143"; nothing where none was made. */
void promises_show_kept(const json_t *kept);

#endif
