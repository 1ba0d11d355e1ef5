/* The dialect "smoothie": Smoothieware over the numbered sender. */
#ifndef DRIVERS_SMOOTHIE_H
#define DRIVERS_SMOOTHIE_H

#include "drivers/driver.h"

struct driver *smoothie_create(const struct driver_settings *settings);

#endif
