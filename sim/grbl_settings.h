/* The settings of grbl as a table: number, value as delivered, decimals. */
#ifndef SIM_GRBL_SETTINGS_H
#define SIM_GRBL_SETTINGS_H

#include <stddef.h>
#include <stdint.h>

struct sim_grbl_setting {
	int32_t number;
	double initial;
	int decimals;
};

/* NULL behind the last. */
const struct sim_grbl_setting *sim_grbl_setting_row(size_t index);

#endif
