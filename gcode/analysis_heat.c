/* Temperatures: which are set, which are waited for, and how long that takes. */
#include "gcode/analysis_internal.h"

#include <string.h> /* memset */

void analysis_heat_prepare(struct analyser *analyser)
{
	const struct profile *profile = analyser->profile;
	struct heater_model hotend = heater_model_hotend, bed = heater_model_bed;

	if (profile && profile->hotend_celsius_s > 0)
		hotend.rate_celsius_s = profile->hotend_celsius_s;
	if (profile && profile->bed_celsius_s > 0)
		bed.rate_celsius_s = profile->bed_celsius_s;
	/* A heater that is made for more does get there. */
	if (profile && profile->hotend_max_celsius * 1.2 > hotend.full_power_celsius)
		hotend.full_power_celsius = profile->hotend_max_celsius * 1.2;
	if (profile && profile->bed_max_celsius * 1.2 > bed.full_power_celsius)
		bed.full_power_celsius = profile->bed_max_celsius * 1.2;
	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		heater_init(&analyser->hotend[tool], &hotend);
	heater_init(&analyser->bed, &bed);
	heater_init(&analyser->chamber, &heater_model_chamber);
}

/* Tools that share a nozzle get their target once; the others' counts then. */
double analysis_hotend_target(const struct analyser *analyser)
{
	const struct modal *modal = &analyser->modal;
	double highest = 0;

	if (modal->tool < ANALYSIS_TOOLS_MAX && analyser->stated[modal->tool])
		return modal->hotend_celsius[modal->tool];
	for (int tool = 0; tool < MODAL_TOOLS_MAX; tool++)
		if (modal->hotend_celsius[tool] > highest)
			highest = modal->hotend_celsius[tool];
	return highest;
}

/* About: of what passed since the last target changed only what has left the planner's window. */
double analysis_hotend_celsius(const struct analyser *analyser)
{
	double highest = 0,
	       passed_s = (analyser->time.elapsed_s - analyser->heated_s) / analyser->time.factor;

	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++) {
		struct heater heater = analyser->hotend[tool];

		heater_pass(&heater, passed_s);
		if (heater.celsius > highest)
			highest = heater.celsius;
	}
	return highest;
}

/* ---- heaters ----------------------------------------------------------------------------- */

void analysis_heat_pass(struct analyser *analyser, double time_s)
{
	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		heater_pass(&analyser->hotend[tool], time_s);
	heater_pass(&analyser->bed, time_s);
	heater_pass(&analyser->chamber, time_s);
}

/* Targets change: what passed since the last change was spent towards the old ones. */
static void retarget(struct analyser *analyser)
{
	const struct modal *modal = &analyser->modal;

	analysis_heat_pass(
		analyser, (analyser->time.elapsed_s - analyser->heated_s) / analyser->time.factor);
	analyser->heated_s = analyser->time.elapsed_s;
	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		analyser->hotend[tool].target_celsius = modal->hotend_celsius[tool];
	analyser->bed.target_celsius = modal->bed_celsius;
	analyser->chamber.target_celsius = modal->chamber_celsius;
}

static void wait_for(struct analyser *analyser, const struct heater *heater, bool cooling_too)
{
	double wait_s = heater_wait_s(heater, cooling_too);

	analyser->result.heat_s += wait_s * analyser->time.factor;
	analysis_heat_pass(analyser, wait_s);
}

void analysis_warm_up(struct analyser *analyser, double wait_s)
{
	analyser->result.heat_s += wait_s * analyser->time.factor;
	analysis_heat_pass(analyser, wait_s);
}

static void mark_waited(
	struct analyser *analyser, enum analysis_heater heater, int tool, double celsius)
{
	for (size_t i = 0; i < analyser->result.target_count; i++) {
		struct analysis_target *target = &analyser->result.target[i];

		if (target->heater == heater && target->tool == tool && target->celsius == celsius)
			target->waited = true;
	}
}

static void wait_for_hotend(struct analyser *analyser, bool cooling_too)
{
	size_t tool = analysis_tool(analyser);

	analyser->hotend_waited = true;
	/* Tools that share a nozzle. */
	if (!analyser->stated[tool])
		for (size_t i = 0; i < ANALYSIS_TOOLS_MAX; i++)
			if (analyser->hotend[i].target_celsius >
				analyser->hotend[tool].target_celsius)
				tool = i;
	wait_for(analyser, &analyser->hotend[tool], cooling_too);
	mark_waited(analyser, ANALYSIS_HOTEND, (int)tool, analyser->hotend[tool].target_celsius);
}

void analysis_wait_for_heat(struct analyser *analyser, const struct lexer_line *line)
{
	bool cooling_too = lexer_find(line, 'R') != NULL, all = line->code == 116;

	time_model_wait(&analyser->time, 0, 0);
	retarget(analyser);
	if (line->code == 109 || all)
		wait_for_hotend(analyser, cooling_too);
	if (line->code == 190 || all) {
		wait_for(analyser, &analyser->bed, cooling_too);
		mark_waited(analyser, ANALYSIS_BED, 0, analyser->bed.target_celsius);
	}
	if (line->code == 191 || all) {
		wait_for(analyser, &analyser->chamber, cooling_too);
		mark_waited(analyser, ANALYSIS_CHAMBER, 0, analyser->chamber.target_celsius);
	}
}

/* ---- targets ----------------------------------------------------------------------------- */

static void note_target(struct analyser *analyser, enum analysis_heater heater, int tool,
	double celsius, int64_t line)
{
	struct analysis *result = &analyser->result;
	struct analysis_target *target;

	for (size_t i = 0; i < result->target_count; i++)
		if (result->target[i].heater == heater && result->target[i].tool == tool &&
			result->target[i].celsius == celsius)
			return;
	if (result->target_count == ANALYSIS_TARGETS_MAX)
		return;
	target = &result->target[result->target_count++];
	target->heater = heater;
	target->tool = tool;
	target->celsius = celsius;
	target->line = line;
}

static void raise(double *highest, double value)
{
	if (value > *highest)
		*highest = value;
}

static void note_hotend(struct analyser *analyser, const struct lexer_line *line, int64_t at)
{
	struct analysis *result = &analyser->result;
	bool by_p = line->letter == 'G' || line->code == 568;
	double tool = analyser->modal.tool, celsius;

	if (!lexer_find(line, 'S') && (by_p || (!lexer_find(line, 'R') && !lexer_find(line, 'P'))))
		return;
	lexer_value(line, by_p ? 'P' : 'T', &tool);
	if (!(tool >= 0 && tool < ANALYSIS_TOOLS_MAX))
		return;
	celsius = analyser->modal.hotend_celsius[(int)tool];
	analyser->stated[(int)tool] = analyser->hotend_stated = true;
	raise(&result->hotend_celsius, celsius);
	raise(&result->tool[(int)tool].hotend_celsius, celsius);
	note_target(analyser, ANALYSIS_HOTEND, (int)tool, celsius, at);
}

void analysis_targets(struct analyser *analyser, const struct lexer_line *line, int64_t at)
{
	struct analysis *result = &analyser->result;
	const struct modal *modal = &analyser->modal;

	if (line->letter == 'G' && line->code == 10)
		note_hotend(analyser, line, at);
	if (line->letter != 'M')
		return;
	switch (line->code) {
	case 104:
	case 109:
	case 568:
		note_hotend(analyser, line, at);
		break;
	case 140:
	case 190:
		raise(&result->bed_celsius, modal->bed_celsius);
		note_target(analyser, ANALYSIS_BED, 0, modal->bed_celsius, at);
		break;
	case 141:
	case 191:
		raise(&result->chamber_celsius, modal->chamber_celsius);
		note_target(analyser, ANALYSIS_CHAMBER, 0, modal->chamber_celsius, at);
		break;
	case 106:
		raise(&result->fan_max, modal->fan);
		return;
	default:
		return;
	}
	retarget(analyser);
}
