/* The rows of the firmware table that Klipper gives. */
#ifndef SIM_KLIPPER_ROWS_H
#define SIM_KLIPPER_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_klipper, sim_klipper_bare;

#endif
