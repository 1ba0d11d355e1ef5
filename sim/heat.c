/* Thermal physics; see heat.h. */
#include "sim/heat.h"

#include <assert.h> /* assert */
#include <string.h> /* memset */

/* Each element is a first-order body (rise at full power, time constant), a first-order sensor and
 * a dead time.  Figures of an ordinary 40 W hotend and a 24 V bed. */
static const struct {
	double rise_celsius; /* above ambient at full power, in the long run */
	double time_constant_s;
	double sensor_s;
	int32_t dead_steps;
} physics[SIM_HEATERS] = {
	[SIM_HOTEND] = { 380, 190, 1.2, 6 },
	[SIM_BED] = { 100, 350, 3.0, 15 },
};

void heat_init(struct heat *heat, double ambient_celsius, double factor, int64_t now_us)
{
	memset(heat, 0, sizeof *heat);
	heat->ambient_celsius = ambient_celsius;
	heat->factor = factor;
	heat->next_step_us = now_us + HEAT_STEP_US;
	heat->powered = true;
	for (int i = 0; i < SIM_HEATERS; i++)
		heat_set(heat, (enum sim_heater)i, ambient_celsius);
}

void heat_set(struct heat *heat, enum sim_heater heater, double celsius)
{
	struct heat_element *element = &heat->element[heater];

	element->celsius = celsius;
	element->sensor_celsius = celsius;
	for (int i = 0; i < HEAT_DELAY_MAX; i++)
		element->delayed[i] = celsius;
}

int64_t heat_next_us(const struct heat *heat)
{
	return heat->next_step_us;
}

double heat_power(const struct heat *heat, enum sim_heater heater)
{
	const struct heat_element *element = &heat->element[heater];

	if (!heat->powered || element->dead)
		return 0;
	return element->runaway ? 1 : element->power;
}

void heat_step(struct heat *heat)
{
	const double step_s = HEAT_STEP_US * 1e-6;

	for (int i = 0; i < SIM_HEATERS; i++) {
		struct heat_element *element = &heat->element[i];
		double goal = heat->ambient_celsius + physics[i].rise_celsius * heat->factor *
							      heat_power(heat, (enum sim_heater)i);
		element->celsius += (goal - element->celsius) * step_s / physics[i].time_constant_s;
		element->sensor_celsius +=
			(element->celsius - element->sensor_celsius) * step_s / physics[i].sensor_s;
		element->delayed[element->next_delayed] = element->sensor_celsius;
		element->next_delayed = (element->next_delayed + 1) % physics[i].dead_steps;
	}
	heat->next_step_us += HEAT_STEP_US;
}

double heat_reading(const struct heat *heat, enum sim_heater heater)
{
	const struct heat_element *element = &heat->element[heater];

	switch (element->thermistor) {
	case SIM_THERMISTOR_OPEN:
		return -14;
	case SIM_THERMISTOR_SHORT:
		return 999;
	case SIM_THERMISTOR_OK:
		break;
	}
	return element->delayed[element->next_delayed];
}

double heat_holding_power(const struct heat *heat, enum sim_heater heater, double celsius)
{
	assert(heat->factor > 0);
	double power =
		(celsius - heat->ambient_celsius) / (physics[heater].rise_celsius * heat->factor);
	return power < 0 ? 0 : power > 1 ? 1 : power;
}
