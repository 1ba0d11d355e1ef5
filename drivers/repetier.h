/* The dialect "repetier": Repetier-Firmware's ASCII protocol over the numbered sender. */
#ifndef DRIVERS_REPETIER_H
#define DRIVERS_REPETIER_H

#include "drivers/driver.h"

struct driver *repetier_create(const struct driver_settings *settings);

#endif
