/* The RepRapFirmware dialect: a Duet on its own USB.  Lines go without numbers, since the firmware
 * never checks their order and 3.4 drops a damaged one in silence; one at a time, so that an error
 * is known to belong to its command. */
#ifndef DRIVERS_RRF_H
#define DRIVERS_RRF_H

#include "drivers/driver.h"

struct driver *rrf_create(const struct driver_settings *settings);
void rrf_unlocked(struct driver *driver);

#endif
