/* What limits an order, and what would have it done in time. */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include "cli/cli.h"

#include <jansson.h>

/* Sentences and a table. */
void advice_show(const struct cli *cli, const json_t *advice);

/* Asks for the advice on an order and puts it into it as "advice"; null: there is none. */
void advice_of_order(struct cli *cli, json_t *order);
/* The same for what is to be ordered, into a quote. */
void advice_of_wish(struct cli *cli, json_t *wish, json_t *quote);

#endif
