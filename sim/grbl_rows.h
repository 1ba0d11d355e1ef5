/* The rows of the firmware table that the grbl family gives. */
#ifndef SIM_GRBL_ROWS_H
#define SIM_GRBL_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_grbl, sim_grbl_laser, sim_grblhal, sim_fluidnc;

#endif
