/* Between the farm and its ledger: what the farm changed is written, and told to it again when
 * control starts. */
#ifndef CONTROL_BOOK_H
#define CONTROL_BOOK_H

#include <stdint.h>

struct error;
struct farm;
struct farm_change;
struct ledger;
struct ledger_transaction;

void book_put(struct ledger_transaction *transaction, const struct farm_change *change);

/* Tells a new farm everything that the ledger holds.  0, or a negative errno with the row that
 * cannot be loaded. */
int book_load(struct ledger *ledger, struct farm *farm, int64_t now_s, struct error *error);

#endif
