/* How long heaters take; see heat.h. */
#include "gcode/heat.h"

#include <math.h> /* exp, log */

#define ROOM_CELSIUS 22.0
/* Firmware calls a heater hot within about a degree (Marlin's TEMP_HYSTERESIS and window). */
#define CLOSE_CELSIUS 1.0
#define LONGEST_S     3600.0

/* A 40 W cartridge in an aluminium block: 22 to 210 in about 95 s. */
const struct heater_model heater_model_hotend = { 2.6, 400, 180 };
/* 24 V bed of 235 mm: to 60 in about two minutes, to 100 in six. */
const struct heater_model heater_model_bed = { 0.38, 130, 900 };
const struct heater_model heater_model_chamber = { 0.06, 90, 1800 };

void heater_init(struct heater *heater, const struct heater_model *model)
{
	heater->model = *model;
	heater->celsius = ROOM_CELSIUS;
	heater->target_celsius = 0;
}

static double warming_s(const struct heater *heater)
{
	return (heater->model.full_power_celsius - ROOM_CELSIUS) / heater->model.rate_celsius_s;
}

/* Between two temperatures, when both move away from `end` by the same exponential. */
static double exponential_s(double constant_s, double end, double from, double to)
{
	double before = end - from, after = end - to, ratio;

	/* Nearly as hot as it gets: it takes for ever, or never gets there. */
	if (before <= 0 || after <= 0)
		return LONGEST_S;
	ratio = log(before / after) * constant_s;
	return ratio < LONGEST_S ? ratio : LONGEST_S;
}

void heater_pass(struct heater *heater, double time_s)
{
	double target =
		heater->target_celsius > ROOM_CELSIUS ? heater->target_celsius : ROOM_CELSIUS;
	double full = heater->model.full_power_celsius;

	if (!(time_s > 0))
		return;
	if (target > heater->celsius) {
		heater->celsius =
			full - (full - heater->celsius) * exp(-time_s / warming_s(heater));
		if (heater->celsius > target)
			heater->celsius = target;
	} else {
		heater->celsius = ROOM_CELSIUS + (heater->celsius - ROOM_CELSIUS) *
							 exp(-time_s / heater->model.cooling_s);
		if (heater->celsius < target)
			heater->celsius = target;
	}
}

double heater_wait_s(const struct heater *heater, int cooling_too)
{
	double target = heater->target_celsius;

	if (target - CLOSE_CELSIUS > heater->celsius)
		return exponential_s(warming_s(heater), heater->model.full_power_celsius,
			heater->celsius, target - CLOSE_CELSIUS);
	if (cooling_too && target + CLOSE_CELSIUS < heater->celsius && target > ROOM_CELSIUS)
		return exponential_s(heater->model.cooling_s, -ROOM_CELSIUS, -heater->celsius,
			-(target + CLOSE_CELSIUS));
	return 0;
}
