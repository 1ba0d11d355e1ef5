/* Heater targets, waits for temperature, control, and thermal protection with the figures of
 * Configuration_adv.h of Marlin 2.0.9. */
#include "sim/marlin.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* memset */

enum { RESIDENCY_US = 10000000, REPORT_US = 1000000, BED_CHECK_US = 5000000 };

static const double window_celsius = 1, hysteresis_celsius = 3;

static const struct {
	const char *id;		  /* Heater_ID: */
	const char *runaway_text; /* what the display says */
	double min_celsius, max_celsius;
	double overshoot_celsius; /* a target stays this far below max */
	double watch_rise_celsius;
	int64_t watch_us;
	double protect_celsius; /* this far below a target that had been reached ... */
	int64_t protect_us;	/* ... for so long: runaway */
} limits[SIM_HEATERS] = {
	[SIM_HOTEND] = { "E0", "THERMAL RUNAWAY", 5, 275, 15, 2, 20000000, 4, 40000000 },
	[SIM_BED] = { "bed", "BED THERMAL RUNAWAY", 5, 150, 10, 2, 60000000, 2, 20000000 },
};

void sim_marlin_heat_reset(struct marlin *marlin)
{
	memset(marlin->guard, 0, sizeof marlin->guard);
	sim_marlin_heat_off(marlin);
}

void sim_marlin_heat_off(struct marlin *marlin)
{
	for (int i = 0; i < SIM_HEATERS; i++) {
		marlin->target_celsius[i] = 0;
		marlin->board->heat.element[i].power = 0;
	}
}

static double reading(const struct marlin *marlin, enum sim_heater heater)
{
	return heat_reading(&marlin->board->heat, heater);
}

/* ---- control ---- */

static void start_watch(struct marlin *marlin, enum sim_heater heater)
{
	struct sim_marlin_guard *guard = &marlin->guard[heater];
	double celsius = reading(marlin, heater), target = marlin->target_celsius[heater];

	guard->watch_us = 0;
	if (target > 0 &&
		celsius < target - (limits[heater].watch_rise_celsius + hysteresis_celsius + 1)) {
		guard->watch_celsius = celsius + limits[heater].watch_rise_celsius;
		guard->watch_us = marlin->now_us + limits[heater].watch_us;
	}
}

static void set_target(struct marlin *marlin, enum sim_heater heater, double celsius)
{
	double most = limits[heater].max_celsius - limits[heater].overshoot_celsius;

	marlin->target_celsius[heater] = celsius < 0 ? 0 : celsius > most ? most : celsius;
	marlin->guard[heater].reached = false;
	marlin->guard[heater].outside_us = 0;
	if (celsius <= 0 && heater == SIM_HOTEND)
		marlin->print_going = false;
	start_watch(marlin, heater);
}

/* Full power far below the target, proportional and integral within ten degrees
 * (PID_FUNCTIONAL_RANGE), around the power that holds it. */
static double hotend_power(struct marlin *marlin, double celsius, double target)
{
	struct sim_marlin_guard *guard = &marlin->guard[SIM_HOTEND];
	double error = target - celsius;

	if (error > 10 || error < -10) {
		guard->integral = 0;
		return error > 0 ? 1 : 0;
	}
	guard->integral += error * HEAT_STEP_US * 1e-6;
	double power = heat_holding_power(&marlin->board->heat, SIM_HOTEND, target) + 0.06 * error +
		       0.0015 * guard->integral;
	return power < 0 ? 0 : power > 1 ? 1 : power;
}

static void control_heater(struct marlin *marlin, enum sim_heater heater, double celsius)
{
	struct heat_element *element = &marlin->board->heat.element[heater];
	double target = marlin->target_celsius[heater];

	if (target <= 0) {
		element->power = 0;
		marlin->guard[heater].integral = 0;
	} else if (heater == SIM_HOTEND) {
		element->power = hotend_power(marlin, celsius, target);
	} else if (marlin->guard[heater].next_control_us <= marlin->now_us) {
		/* Bang-bang, as without PIDTEMPBED. */
		marlin->guard[heater].next_control_us = marlin->now_us + BED_CHECK_US;
		element->power = celsius < target ? 1 : 0;
	}
}

/* ---- protection ---- */

void sim_marlin_thermal(
	struct marlin *marlin, const char *what, const char *id, const char *display)
{
	sim_marlin_say(marlin, "Error:%s, system stopped! Heater_ID: %s\n", what, id);
	sim_marlin_say(marlin, "\n");
	sim_marlin_kill(marlin, display);
}

static void thermal_kill(
	struct marlin *marlin, enum sim_heater heater, const char *what, const char *display)
{
	sim_marlin_heat_off(marlin);
	marlin->family->thermal(marlin, what, limits[heater].id, display);
}

static bool has_run_away(struct marlin *marlin, enum sim_heater heater, double celsius)
{
	struct sim_marlin_guard *guard = &marlin->guard[heater];
	double target = marlin->target_celsius[heater];

	if (target <= 0)
		return false;
	if (celsius >= target - hysteresis_celsius / 3)
		guard->reached = true;
	if (!guard->reached || celsius >= target - limits[heater].protect_celsius) {
		guard->outside_us = marlin->now_us;
		return false;
	}
	return marlin->now_us - guard->outside_us > limits[heater].protect_us;
}

static bool heats_too_slowly(struct marlin *marlin, enum sim_heater heater, double celsius)
{
	struct sim_marlin_guard *guard = &marlin->guard[heater];

	if (guard->watch_us == 0 || marlin->target_celsius[heater] <= 0)
		return false;
	if (celsius >= guard->watch_celsius) {
		start_watch(marlin, heater);
		return false;
	}
	return marlin->now_us >= guard->watch_us;
}

/* True: everything is well. */
static bool guard_heater(struct marlin *marlin, enum sim_heater heater, double celsius)
{
	if (celsius > limits[heater].max_celsius)
		thermal_kill(marlin, heater, "MAXTEMP triggered", "Err: MAXTEMP");
	else if (celsius < limits[heater].min_celsius && marlin->target_celsius[heater] > 0)
		thermal_kill(marlin, heater, "MINTEMP triggered", "Err: MINTEMP");
	else if (heats_too_slowly(marlin, heater, celsius))
		thermal_kill(marlin, heater, "Heating failed", "Heating Failed");
	else if (has_run_away(marlin, heater, celsius))
		thermal_kill(marlin, heater, "Thermal Runaway", limits[heater].runaway_text);
	return marlin->life == MARLIN_RUNNING && !marlin->stopped;
}

void sim_marlin_heat_control(struct marlin *marlin)
{
	bool on = false;

	for (int i = 0; i < SIM_HEATERS; i++) {
		enum sim_heater heater = (enum sim_heater)i;
		double celsius = reading(marlin, heater);
		if (!guard_heater(marlin, heater, celsius))
			return;
		control_heater(marlin, heater, celsius);
		on |= marlin->target_celsius[heater] > 0;
	}
	if (on)
		marlin->board->counters.heater_on_us += HEAT_STEP_US;
}

/* ---- waiting for a temperature ---- */

static const char *seconds_left(const struct marlin *marlin, char *text, size_t size)
{
	if (marlin->wait.residency_us == 0)
		return "?";
	snprintf(text, size, "%lld",
		(long long)((RESIDENCY_US - (marlin->now_us - marlin->wait.residency_us)) /
			    1000000));
	return text;
}

int sim_marlin_old_waiting(const struct marlin *marlin, char *text, size_t size)
{
	char left[24];

	if (marlin->wait.heater == SIM_BED)
		return snprintf(text, size, "T:%.1f E:0 B:%.1f", reading(marlin, SIM_HOTEND),
			reading(marlin, SIM_BED));
	return snprintf(text, size, "T:%.1f E:0 W:%s", reading(marlin, SIM_HOTEND),
		seconds_left(marlin, left, sizeof left));
}

static void report_wait(struct marlin *marlin)
{
	const struct sim_marlin_family *family = marlin->family;
	char text[BOARD_LINE_MAX], left[24];

	if (family->waiting) {
		family->waiting(marlin, text, sizeof text);
		sim_marlin_say(marlin, "%s\n", text);
		return;
	}
	family->temperatures(marlin, text, sizeof text);
	if (family->no_countdown)
		sim_marlin_say(marlin, "%s%s\n", family->report_prefix, text);
	else
		sim_marlin_say(marlin, "%s%s W:%s\n", family->report_prefix, text,
			seconds_left(marlin, left, sizeof left));
}

static void watch_residency(struct marlin *marlin)
{
	struct sim_marlin_wait *wait = &marlin->wait;
	double off = wait->target_celsius - reading(marlin, wait->heater);

	if (off < 0)
		off = -off;
	if (wait->residency_us == 0 && off < window_celsius)
		wait->residency_us = marlin->now_us;
	else if (wait->residency_us > 0 && off > hysteresis_celsius)
		wait->residency_us = marlin->now_us;
}

static enum sim_marlin_result heat_done(struct marlin *marlin)
{
	marlin->wait.heating = false;
	marlin->wait_for_heatup = false;
	marlin->sync_end_us = marlin->now_us;
	return MARLIN_OK;
}

static enum sim_marlin_result until_hot(struct marlin *marlin)
{
	struct sim_marlin_wait *wait = &marlin->wait;
	double target = marlin->target_celsius[wait->heater];

	if (!marlin->wait_for_heatup)
		return heat_done(marlin);
	if (target != wait->target_celsius) {
		wait->target_celsius = target;
		wait->cooling = target < reading(marlin, wait->heater);
		if (wait->no_cooling && wait->cooling)
			return heat_done(marlin);
	}
	if (marlin->now_us >= wait->next_report_us) {
		wait->next_report_us = marlin->now_us + REPORT_US;
		report_wait(marlin);
	}
	watch_residency(marlin);
	int64_t end_us = wait->residency_us > 0 ? wait->residency_us + RESIDENCY_US : SIM_NEVER;
	if (marlin->now_us >= end_us)
		return heat_done(marlin);
	/* Looks again with every step of the heat. */
	int64_t wake_us = heat_next_us(&marlin->board->heat);
	wake_us = wake_us < wait->next_report_us ? wake_us : wait->next_report_us;
	return sim_marlin_wait(marlin, until_hot, wake_us < end_us ? wake_us : end_us);
}

static enum sim_marlin_result wait_for(
	struct marlin *marlin, enum sim_heater heater, bool no_cooling)
{
	struct sim_marlin_wait *wait = &marlin->wait;

	wait->heater = heater;
	wait->no_cooling = no_cooling;
	wait->target_celsius = -1;
	wait->residency_us = 0;
	wait->next_report_us = marlin->now_us;
	wait->heating = true;
	marlin->wait_for_heatup = true;
	return until_hot(marlin);
}

/* ---- commands ---- */

static bool valid_tool(struct marlin *marlin)
{
	double tool = 0;

	if (!sim_marlin_value(&marlin->words, 'T', &tool) || tool == 0)
		return true;
	sim_marlin_say(marlin, "echo:M%u Invalid extruder %d\n", marlin->words.code,
		(int)(uint8_t)(int64_t)tool);
	return false;
}

enum sim_marlin_result sim_marlin_m104(struct marlin *marlin)
{
	double celsius;

	if (valid_tool(marlin) && sim_marlin_value(&marlin->words, 'S', &celsius))
		set_target(marlin, SIM_HOTEND, celsius);
	return MARLIN_OK;
}

static void announce_bed(struct marlin *marlin)
{
	bool heating = marlin->target_celsius[SIM_BED] > reading(marlin, SIM_BED);

	sim_marlin_notify(marlin, heating ? "Bed Heating..." : "Bed Cooling...");
}

enum sim_marlin_result sim_marlin_m140(struct marlin *marlin)
{
	double celsius;

	if (!sim_marlin_value(&marlin->words, 'S', &celsius))
		return MARLIN_OK;
	set_target(marlin, SIM_BED, celsius);
	announce_bed(marlin);
	return MARLIN_OK;
}

/* M109 and M190: S waits only while heating up, R waits for cooling down too. */
static enum sim_marlin_result set_and_wait(struct marlin *marlin, enum sim_heater heater)
{
	bool no_cooling = sim_marlin_seen(&marlin->words, 'S');
	double celsius;

	if (!sim_marlin_value(&marlin->words, 'S', &celsius) &&
		!sim_marlin_value(&marlin->words, 'R', &celsius))
		return MARLIN_OK;
	set_target(marlin, heater, celsius);
	if (heater == SIM_BED)
		announce_bed(marlin);
	return wait_for(marlin, heater, no_cooling);
}

static enum sim_marlin_result heat_hotend(struct marlin *marlin)
{
	return set_and_wait(marlin, SIM_HOTEND);
}

enum sim_marlin_result sim_marlin_m109(struct marlin *marlin)
{
	return valid_tool(marlin) ? heat_hotend(marlin) : MARLIN_OK;
}

enum sim_marlin_result sim_marlin_m190(struct marlin *marlin)
{
	return set_and_wait(marlin, SIM_BED);
}
