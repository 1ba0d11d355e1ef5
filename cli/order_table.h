/* Orders as a table: for order list and status. */
#ifndef CLI_ORDER_TABLE_H
#define CLI_ORDER_TABLE_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

/* `all`: those that are done or cancelled too. */
void order_table_print(const struct cli *cli, const json_t *orders, bool all);

#endif
