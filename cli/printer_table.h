/* Printers as a table: for printers and status. */
#ifndef CLI_PRINTER_TABLE_H
#define CLI_PRINTER_TABLE_H

#include "cli/cli.h"

#include <jansson.h> /* json_t */

void printer_table_print(const struct cli *cli, const json_t *printers);

/* "210/215", of several hot ends one that is on; "209?" of an old reading; "?" when nothing was
 * read: never "off" for what is not known. */
void printer_hotend(const json_t *printer, char *text, size_t size);

#endif
