/* Heat: a hotend and a bed with thermal mass, losses, a sensor that lags behind, and what can
 * break.
 *
 * Integrated on a fixed grid of HEAT_STEP_US, so that the result does not depend on how often it is
 * asked.  An ordinary machine goes from 25 to 215 degrees in about two and a half minutes, its bed
 * to 60 degrees in as long. */
#ifndef SIM_HEAT_H
#define SIM_HEAT_H

#include "sim/faults.h"

enum {
	HEAT_STEP_US = 100000,
	HEAT_DELAY_MAX = 32, /* steps of dead time */
};

struct heat_element {
	double celsius;			/* the heater block itself */
	double sensor_celsius;		/* after the sensor's own lag */
	double delayed[HEAT_DELAY_MAX]; /* what the firmware can read, oldest at next_delayed */
	int32_t next_delayed;
	double power; /* what the firmware wants, 0 to 1 */
	enum sim_thermistor thermistor;
	bool runaway; /* transistor shorted: full power */
	bool dead;    /* no current */
};

struct heat {
	struct heat_element element[SIM_HEATERS];
	double ambient_celsius;
	double factor; /* of heater power */
	int64_t next_step_us;
	bool powered; /* the supply is on */
};

void heat_init(struct heat *heat, double ambient_celsius, double factor, int64_t now_us);

/* Time of the next step of the grid. */
int64_t heat_next_us(const struct heat *heat);

/* Makes the next step. */
void heat_step(struct heat *heat);

/* Puts the element at a temperature at once. */
void heat_set(struct heat *heat, enum sim_heater heater, double celsius);

/* What the firmware reads: dead time included; -14 for an open thermistor, 999 for a short one, as
 * a 100 k table gives at its ends. */
double heat_reading(const struct heat *heat, enum sim_heater heater);

/* The power that really reaches the element. */
double heat_power(const struct heat *heat, enum sim_heater heater);

/* Power that holds the element at that temperature in the long run, 0 to 1. */
double heat_holding_power(const struct heat *heat, enum sim_heater heater, double celsius);

#endif
