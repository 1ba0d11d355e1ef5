/* The Klipper dialect: G-code on the pseudo-terminal of klippy, and beside it, where one is
 * configured, its API socket for the emergency stop, the state, and readings that come however busy
 * the terminal is.  After klippy/gcode.py and klippy/webhooks.py (2026). */
#ifndef DRIVERS_KLIPPER_H
#define DRIVERS_KLIPPER_H

#include "drivers/driver.h"

struct driver *klipper_create(const struct driver_settings *settings);
void klipper_unlocked(struct driver *driver);
extern const struct driver_side klipper_side;

#endif
