/* The rows of the firmware table that Repetier-Firmware gives. */
#ifndef SIM_REPETIER_ROWS_H
#define SIM_REPETIER_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_repetier, sim_repetier_2;

#endif
