/* The rows of the firmware table that RepRapFirmware gives. */
#ifndef SIM_RRF_ROWS_H
#define SIM_RRF_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_rrf, sim_rrf_33, sim_rrf_2;

#endif
