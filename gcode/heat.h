/* How long heaters take: each heater warms towards what full power reaches and cools towards the
 * room, by one exponential.  Heaters warm at the same time and while the machine moves, so that
 * waiting costs only what is left. */
#ifndef GCODE_HEAT_H
#define GCODE_HEAT_H

/* A heater and what it heats, from the profile. */
struct heater_model {
	double rate_celsius_s;	   /* how fast it warms at room temperature */
	double full_power_celsius; /* where it would end */
	double cooling_s;	   /* time in which the distance to the room falls to 37 % */
};

extern const struct heater_model heater_model_hotend, heater_model_bed, heater_model_chamber;

struct heater {
	struct heater_model model;
	double celsius, target_celsius;
};

/* At room temperature, off. */
void heater_init(struct heater *heater, const struct heater_model *model);

/* Time passes. */
void heater_pass(struct heater *heater, double time_s);

/* How long until the target is reached; a target below is waited for only when `cooling_too`. */
double heater_wait_s(const struct heater *heater, int cooling_too);

#endif
