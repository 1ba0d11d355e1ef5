/* The rows of the firmware table that Marlin gives. */
#ifndef SIM_MARLIN_ROWS_H
#define SIM_MARLIN_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_marlin, sim_marlin_stock, sim_marlin_208, sim_marlin_212;

#endif
