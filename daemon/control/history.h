/* What the farm learns from its past, read from the ledger at start-up: how prints ended, how long
 * beds waited, what maintenance was done. */
#ifndef CONTROL_HISTORY_H
#define CONTROL_HISTORY_H

struct farm;
struct ledger;

/* After printers and plates are loaded.  0 or a negative errno. */
int history_load(struct ledger *ledger, struct farm *farm);

#endif
