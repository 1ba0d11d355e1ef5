/* The rows of the firmware table that Smoothieware gives. */
#ifndef SIM_SMOOTHIE_ROWS_H
#define SIM_SMOOTHIE_ROWS_H

struct sim_firmware;

extern const struct sim_firmware sim_smoothie, sim_smoothie_uart;

#endif
