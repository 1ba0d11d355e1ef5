/* The dialects of Prusa's printers: the numbered sender of marlin.h with rows of their own. */
#ifndef DRIVERS_PRUSA_H
#define DRIVERS_PRUSA_H

#include "drivers/driver.h"

struct driver *prusa_mk3_create(const struct driver_settings *settings);
struct driver *prusa_buddy_create(const struct driver_settings *settings);

#endif
