/* The rows of the firmware table that Marlin and its kin give. */
#ifndef SIM_MARLIN_ROWS_H
#define SIM_MARLIN_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_marlin, sim_marlin_stock, sim_marlin_102, sim_marlin_116,
	sim_marlin_119, sim_marlin_205, sim_marlin_208, sim_marlin_212;
extern const struct sim_firmware sim_prusa_mk3, sim_prusa_buddy;

#endif
