/* What a G-code file says about itself, in one pass; see analysis.h.
 *
 * Each line goes through the line reader, the lexer, the rules of one line (command.c, the same
 * code that the streamer runs), the modal state, and from there into the figures and the rules that
 * need state. */
#include "gcode/analysis.h"

#include <inttypes.h> /* PRId64 */
#include <math.h>     /* hypot */
#include <stdio.h>    /* snprintf of text */
#include <stdlib.h>   /* calloc, free */
#include <string.h>   /* memset, strcmp */

#include "gcode/command.h"
#include "gcode/extent.h"
#include "gcode/filament.h"
#include "gcode/lexer.h"
#include "gcode/line_reader.h"
#include "gcode/modal.h"
#include "gcode/policy.h"
#include "gcode/profile.h"
#include "gcode/slicer_hints.h"
#include "gcode/text.h"
#include "gcode/time_model.h"

#define COLD_CELSIUS	     170.0 /* Marlin's EXTRUDE_MINTEMP */
#define HOT_CELSIUS	     50.0
#define RETRACTION_MAX_MM    150.0
#define EXTRUSION_MAX_MM     500.0 /* in one move */
#define POSITION_MAX_MM	     100000.0
#define ARC_RADIUS_DIFFER_MM 0.05
#define LAYER_STEP_MM	     0.04 /* for files without marks of layers */
#define ROOM_CELSIUS	     20.0
#define HOTEND_CELSIUS_S     2.0 /* how fast they heat: common 40 W cartridge, 24 V bed */
#define BED_CELSIUS_S	     0.35
#define FILAMENT_MM	     1.75
#define ULTIMAKER_MM	     2.85
#define PI		     3.141592653589793

enum { PROBLEMS_PER_RULE = 8 };

struct analyser {
	const struct profile *profile; /* borrowed */
	analyser_command *on_command;
	void *context;
	struct line_reader reader;
	struct modal modal;
	struct slicer_hints hints;
	struct time_model time;
	struct extent print;
	struct filament filament[ANALYSIS_TOOLS_MAX];
	bool stated[ANALYSIS_TOOLS_MAX]; /* a hotend target was set for this tool */
	double volumetric_mm2;		 /* M200 D: E counts mm3; 0: mm */
	double layer_z_mm;
	int32_t z_layers;
	bool hotend_stated, hotend_waited, macro_seen, macro_after_print;
	bool home_seen, moved, mode_checked, makerbot, extruder_unclear;
	double hot_hotend_celsius, hot_bed_celsius; /* reached so far, for heat_s */
	int64_t last_number;
	bool numbered, checksummed;
	bool last_line_is_open; /* without line end */
	bool endstops_off;
	int64_t junk_lines;
	int rule_count[POLICY_COUNT];
	struct analysis result;
};

/* ---- problems ---------------------------------------------------------------------------- */

/* One line of the file and what was found about it. */
struct finding_place {
	int64_t line;
	const char *bytes;
	size_t length;
};

/* The same fault in every line says no more than in the first few. */
static void report(struct analyser *analyser, const struct finding_place *place,
	const struct policy_finding *finding)
{
	const struct policy_rule *rule = policy_rule(finding->id);
	char command[ANALYSIS_COMMAND_MAX], text[ANALYSIS_TEXT_MAX];
	struct analysis *result = &analyser->result;

	if (rule->severity == VERDICT_OK)
		return;
	if (finding->id == POLICY_NEEDS_PERSON)
		result->needs_person = true;
	if (finding->id == POLICY_ENDSTOPS)
		analyser->endstops_off = true;
	if (finding->id == POLICY_NO_COMMAND || finding->id == POLICY_LONE_WORD)
		analyser->junk_lines++;
	if (++analyser->rule_count[finding->id] > PROBLEMS_PER_RULE) {
		analyser->rule_count[finding->id] = PROBLEMS_PER_RULE;
		result->problem_total++;
		return;
	}
	text_escape(command, sizeof command, place->bytes, place->length);
	policy_describe(finding, text, sizeof text);
	analysis_add_problem(result, place->line, rule->name, rule->severity, command, text);
}

static void report_all(struct analyser *analyser, const struct finding_place *place,
	const struct policy_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++)
		report(analyser, place, &findings->finding[i]);
}

static void report_file(struct analyser *analyser, enum policy_id id, int64_t line)
{
	struct finding_place place = { line, "", 0 };
	struct policy_finding finding = { .id = id };

	report(analyser, &place, &finding);
}

/* ---- filament and heat ------------------------------------------------------------------- */

static double square_mm(double diameter_mm)
{
	return PI / 4 * diameter_mm * diameter_mm;
}

static struct filament *current_filament(struct analyser *analyser)
{
	int tool = analyser->modal.tool;

	return &analyser->filament[tool >= 0 && tool < ANALYSIS_TOOLS_MAX ? tool
									  : ANALYSIS_TOOLS_MAX - 1];
}

/* Tools that share a nozzle get their target once; the others' counts then. */
static double hotend_target(const struct analyser *analyser)
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

static void heat_up(double *now, double target, double celsius_s, double *heat_s)
{
	double start = *now > ROOM_CELSIUS ? *now : ROOM_CELSIUS;

	if (target > start)
		*heat_s += (target - start) / celsius_s;
	*now = target;
}

static void wait_for_heat(struct analyser *analyser, const struct lexer_line *line)
{
	struct analysis *result = &analyser->result;
	bool all = line->code == 116;

	if (line->code == 109 || all) {
		analyser->hotend_waited = true;
		heat_up(&analyser->hot_hotend_celsius, hotend_target(analyser), HOTEND_CELSIUS_S,
			&result->heat_s);
	}
	if (line->code == 190 || all)
		heat_up(&analyser->hot_bed_celsius, analyser->modal.bed_celsius, BED_CELSIUS_S,
			&result->heat_s);
}

static void note_targets(struct analyser *analyser, const struct lexer_line *line)
{
	struct analysis *result = &analyser->result;
	double tool = analyser->modal.tool;
	bool by_p;

	if (analyser->modal.bed_celsius > result->bed_celsius)
		result->bed_celsius = analyser->modal.bed_celsius;
	if (line->letter == 'T' || (line->letter == 'G' && line->code != 10))
		return;
	if (line->letter == 'M' && line->code != 104 && line->code != 109 && line->code != 568)
		return;
	by_p = line->letter == 'G' || line->code == 568;
	if (!lexer_find(line, 'S') && (by_p || (!lexer_find(line, 'R') && !lexer_find(line, 'P'))))
		return;
	lexer_value(line, by_p ? 'P' : 'T', &tool);
	if (tool >= 0 && tool < ANALYSIS_TOOLS_MAX) {
		double celsius = analyser->modal.hotend_celsius[(int)tool];
		analyser->stated[(int)tool] = analyser->hotend_stated = true;
		if (celsius > result->hotend_celsius)
			result->hotend_celsius = celsius;
	}
}

/* ---- rules that need state --------------------------------------------------------------- */

/* Stock start codes of slicers travel to places that some machines of the kind have not (Cura's for
 * Smoothieware); firmware stops at its software end stops.  Down into the bed it never may. */
static bool is_start_code_travel(const struct analyser *analyser, const struct modal_move *move,
	const struct extent_breach *breach)
{
	return analyser->hints.section == SLICER_SECTION_CUSTOM && !analyser->endstops_off &&
	       move->to_mm[MODAL_E] <= move->from_mm[MODAL_E] &&
	       !(breach->axis == MODAL_Z && breach->value_mm < breach->limit_mm);
}

static void check_volume(const struct analyser *analyser, const struct modal_move *move,
	struct policy_findings *findings)
{
	static const char letters[] = { 'X', 'Y', 'Z', 'R' };
	struct extent_breach breach;
	unsigned axes = 0;

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++) {
		double to = move->to_mm[axis];

		/* Before an absolute move only the firmware knows where the head is. */
		if ((move->has[axis] || move->is_arc) && analyser->modal.known[axis])
			axes |= 1U << axis;
		if (to > POSITION_MAX_MM || to < -POSITION_MAX_MM)
			policy_add_value(
				findings, POLICY_VOLUME, letters[axis], to, true, POSITION_MAX_MM);
	}
	if (move->has[MODAL_X] != move->has[MODAL_Y] && analyser->modal.known[MODAL_X] &&
		analyser->modal.known[MODAL_Y] && analyser->profile &&
		analyser->profile->shape == PROFILE_ROUND)
		axes |= 3;
	if (analyser->profile && axes && extent_leaves(move, analyser->profile, axes, &breach))
		policy_add_value(findings,
			is_start_code_travel(analyser, move, &breach) ? POLICY_VOLUME_TRAVEL
								      : POLICY_VOLUME,
			letters[breach.axis], breach.value_mm, true, breach.limit_mm);
}

static void check_extrusion(
	struct analyser *analyser, double extruded_mm, struct policy_findings *findings)
{
	double target = hotend_target(analyser);

	if (extruded_mm < -RETRACTION_MAX_MM)
		policy_add_value(findings, POLICY_LONG_RETRACTION, 'E', -extruded_mm, true,
			RETRACTION_MAX_MM);
	if (extruded_mm > EXTRUSION_MAX_MM)
		policy_add_value(findings, POLICY_ABSURD_EXTRUSION, 'E', extruded_mm, true,
			EXTRUSION_MAX_MM);
	if (extruded_mm <= 0 || (analyser->hints.self_heated && !analyser->hotend_stated))
		return;
	if (analyser->hotend_stated && target < COLD_CELSIUS)
		policy_add_value(findings, POLICY_COLD_EXTRUSION, 'E', target, true, COLD_CELSIUS);
	if (!analyser->hotend_stated && !analyser->macro_seen)
		policy_add(findings, POLICY_NO_HEAT);
	if (analyser->hotend_stated && !analyser->hotend_waited && !analyser->macro_seen) {
		policy_add(findings, POLICY_NOT_WAITED);
		analyser->hotend_waited = true;
	}
	if (!analyser->mode_checked) {
		analyser->mode_checked = true;
		if (!analyser->modal.distance_stated && !analyser->modal.e_stated &&
			!analyser->macro_seen)
			policy_add(findings, POLICY_MODE_UNSTATED);
	}
}

static void check_first_move(
	struct analyser *analyser, const struct modal_move *move, struct policy_findings *findings)
{
	if (analyser->moved || !(move->has[MODAL_X] || move->has[MODAL_Y] || move->has[MODAL_Z]))
		return;
	analyser->moved = true;
	if (!analyser->home_seen && !analyser->macro_seen && !analyser->hints.self_heated)
		policy_add(findings, POLICY_NOT_HOMED);
}

/* ---- moves ------------------------------------------------------------------------------- */

/* Slicers without marks: a layer begins when plastic is laid higher than ever before. */
static void note_layer(struct analyser *analyser, double z_mm)
{
	if (analyser->z_layers > 0 && z_mm < analyser->layer_z_mm + LAYER_STEP_MM)
		return;
	analyser->layer_z_mm = z_mm;
	analyser->z_layers++;
}

static double extruded(const struct analyser *analyser, const struct modal_move *move)
{
	double amount = move->to_mm[MODAL_E] - move->from_mm[MODAL_E];

	if (analyser->volumetric_mm2 > 0)
		return amount / analyser->volumetric_mm2;
	if (analyser->hints.volumetric)
		return amount / square_mm(ULTIMAKER_MM);
	return amount;
}

static void apply_move(
	struct analyser *analyser, struct modal_move *move, struct policy_findings *findings)
{
	double extruded_mm = extruded(analyser, move);
	bool travels = false;

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++)
		travels |= move->to_mm[axis] != move->from_mm[axis];
	travels |= move->is_arc;
	check_first_move(analyser, move, findings);
	check_volume(analyser, move, findings);
	if (move->is_arc && (move->radius_end_mm > move->radius_mm + ARC_RADIUS_DIFFER_MM ||
				    move->radius_end_mm < move->radius_mm - ARC_RADIUS_DIFFER_MM))
		policy_add_value(findings, POLICY_ARC_RADIUS, 'R',
			move->radius_end_mm - move->radius_mm, true, ARC_RADIUS_DIFFER_MM);
	if (extruded_mm != 0) {
		check_extrusion(analyser, extruded_mm, findings);
		filament_move(current_filament(analyser), extruded_mm,
			hypot(move->to_mm[MODAL_X] - move->from_mm[MODAL_X],
				move->to_mm[MODAL_Y] - move->from_mm[MODAL_Y]),
			analyser->hints.section != SLICER_SECTION_CUSTOM);
	}
	if (extruded_mm > 0 && travels) {
		extent_add_move(&analyser->print, move);
		note_layer(analyser, move->to_mm[MODAL_Z]);
		analyser->macro_after_print = false;
	}
	/* In mm of filament, as the limits of the E axis are. */
	move->to_mm[MODAL_E] = move->from_mm[MODAL_E] + extruded_mm;
	time_model_move(&analyser->time, move,
		analyser->modal.feed_mm_min * analyser->modal.speed_percent / 100);
}

/* G10 and G11 as the move that the firmware makes of them. */
static void apply_retraction(struct analyser *analyser, bool before)
{
	struct modal_move move = { .from_mm = { 0 } };

	if (before == analyser->modal.retracted)
		return;
	move.to_mm[MODAL_E] = analyser->modal.retracted ? -analyser->modal.retract_mm
							: analyser->modal.retract_mm;
	time_model_move(&analyser->time, &move, analyser->modal.retract_feed_mm_min);
}

static void apply_dwell(struct analyser *analyser, const struct lexer_line *line)
{
	double value, wait_s = 0;

	if (lexer_value(line, 'S', &value))
		wait_s = value;
	else if (lexer_value(line, 'P', &value))
		wait_s = value / 1000;
	time_model_wait(&analyser->time, wait_s);
}

/* ---- commands ---------------------------------------------------------------------------- */

/* mach3 and machinekit extrude with an axis A, and MakerBot's firmwares have no M83 either: there
 * the amounts follow G90 alone, whatever the start code says. */
static void settle_extruder_mode(
	struct analyser *analyser, const struct lexer_line *line, struct policy_findings *findings)
{
	struct modal *modal = &analyser->modal;
	bool axis_a = lexer_find(line, 'A') != NULL;

	if (modal->e_absolute || !(axis_a || analyser->makerbot))
		return;
	modal->e_absolute = true;
	if (!axis_a && !analyser->extruder_unclear) {
		analyser->extruder_unclear = true;
		policy_add(findings,
			analyser->profile && analyser->profile->firmware != PROFILE_FIRMWARE_UNSAID
				? POLICY_EXTRUDER_MODE
				: POLICY_EXTRUDER_MODE_UNSAID);
	}
}

static void apply_command(
	struct analyser *analyser, const struct lexer_line *line, struct policy_findings *findings)
{
	struct modal_move move;
	bool retracted = analyser->modal.retracted;
	int tool = analyser->modal.tool;

	if (line->letter == 'G' && line->code <= 3)
		settle_extruder_mode(analyser, line, findings);
	switch (modal_apply_words(&analyser->modal, line, &move)) {
	case MODAL_BAD_ARC:
		policy_add(findings, POLICY_BAD_ARC);
		return;
	case MODAL_MOVE:
		apply_move(analyser, &move, findings);
		return;
	case MODAL_RETRACT:
		apply_retraction(analyser, retracted);
		return;
	case MODAL_HOME:
		analyser->home_seen = true;
		time_model_wait(&analyser->time, 0);
		return;
	case MODAL_STATE:
		if (analyser->modal.tool != tool)
			filament_select(current_filament(analyser));
		note_targets(analyser, line);
		break;
	case MODAL_SET:
	case MODAL_NOTHING:
		break;
	}
	time_model_command(&analyser->time, line);
}

/* Commands that mean more to the file as a whole than to the modal state. */
static void note_command(struct analyser *analyser, const struct lexer_line *line)
{
	double value;

	if (line->letter == 'G') {
		if (line->code == 4)
			apply_dwell(analyser, line);
		/* RepRapFirmware's and Smoothie's probing homes as well. */
		if (line->code >= 28 && line->code <= 33)
			analyser->home_seen = true;
		return;
	}
	if (line->letter != 'M')
		return;
	switch (line->code) {
	case 101:
	case 103:
	case 126:
	case 127:
		analyser->makerbot = true;
		return;
	case 6:
	case 133: /* MakerBot's waits for a tool */
		analyser->hotend_waited = true;
		return;
	case 109:
	case 116:
	case 190:
		wait_for_heat(analyser, line);
		return;
	case 200:
		if (lexer_value(line, 'D', &value))
			analyser->volumetric_mm2 = value > 0 ? square_mm(value) : 0;
		return;
	default:
		return;
	}
}

/* Numbers that are no numbers say nothing about where the head goes. */
static bool is_readable(const struct policy_findings *findings)
{
	for (size_t i = 0; i < findings->count; i++) {
		switch ((int)findings->finding[i].id) {
		case POLICY_CONTROL_BYTE:
		case POLICY_NON_ASCII:
		case POLICY_BAD_NUMBER:
		case POLICY_DUPLICATE_WORD:
		case POLICY_SEVERAL_COMMANDS:
		case POLICY_CHECKSUM:
			return false;
		}
	}
	return true;
}

/* Files that were once captured from a serial line. */
static void check_number(
	struct analyser *analyser, const struct lexer_line *line, struct policy_findings *findings)
{
	bool restarts = lexer_is(line, 'M', 110);

	if (!line->has_number)
		return;
	if (analyser->numbered && !restarts) {
		if (line->has_checksum != analyser->checksummed)
			policy_add(findings, POLICY_NUMBER_MIXED);
		if (line->has_checksum && line->number != analyser->last_number + 1)
			policy_add_value(findings, POLICY_NUMBER_GAP, 'N', (double)line->number,
				true, (double)analyser->last_number + 1);
	}
	/* One line without checksum among many, not its neighbours, is the odd one. */
	analyser->checksummed = analyser->numbered ? analyser->checksummed || line->has_checksum
						   : line->has_checksum;
	analyser->numbered = true;
	analyser->last_number = line->number;
}

/* A macro may heat, home and set modes; what stood before it says nothing any more. */
static void take_macro(struct analyser *analyser)
{
	analyser->macro_seen = analyser->macro_after_print = true;
	analyser->hotend_stated = false;
	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		analyser->stated[tool] = false;
}

static void take_line(struct analyser *analyser, const struct line_reader_line *read,
	enum line_reader_result kind)
{
	struct finding_place place = { read->number, read->text, read->length };
	struct policy_findings findings = { .count = 0 };
	struct lexer_line line;
	struct command command;
	enum command_result result;

	analyser->result.lines++;
	if (read->has_nul)
		policy_add(&findings, POLICY_CONTROL_BYTE);
	if (kind == LINE_READER_TOO_LONG) {
		policy_add(&findings, POLICY_TOO_LONG);
		report_all(analyser, &place, &findings);
		return;
	}
	lexer_read(read->text, read->length, &line);
	if (line.comment)
		slicer_hints_comment(&analyser->hints, line.comment, line.comment_length);
	result = command_from_words(&line, analyser->profile, &command, &findings);
	check_number(analyser, &line, &findings);
	if (result == COMMAND_SEND) {
		analyser->result.commands++;
		if (analyser->on_command)
			analyser->on_command(analyser->context, command.text, command.length);
	}
	if (line.kind != LEXER_BLANK)
		analyser->last_line_is_open = !read->terminated;
	if (line.kind == LEXER_MACRO)
		take_macro(analyser);
	if (line.kind == LEXER_COMMAND && is_readable(&findings)) {
		apply_command(analyser, &line, &findings);
		note_command(analyser, &line);
	}
	if (findings.count)
		report_all(analyser, &place, &findings);
}

/* ---- the whole file ---------------------------------------------------------------------- */

static bool heaters_are_on(const struct analyser *analyser)
{
	const struct modal *modal = &analyser->modal;
	double hotend = 0;

	if (analyser->macro_after_print)
		return false;
	if (analyser->hints.one_nozzle && modal->tool < MODAL_TOOLS_MAX)
		hotend = modal->hotend_celsius[modal->tool];
	else
		for (int tool = 0; tool < MODAL_TOOLS_MAX; tool++)
			if (modal->hotend_celsius[tool] > hotend)
				hotend = modal->hotend_celsius[tool];
	return hotend >= HOT_CELSIUS || modal->bed_celsius > 0 || modal->chamber_celsius > 0;
}

static void check_machine(struct analyser *analyser)
{
	const struct profile *profile = analyser->profile;
	const char *machine = slicer_hints_machine(&analyser->hints);
	double nozzle = analyser->hints.nozzle_mm;
	bool listed = false;

	if (!profile)
		return;
	for (size_t i = 0; i < profile->machine_count; i++)
		listed |= !strcmp(profile->machine[i], machine);
	if (machine[0] && profile->machine_count > 0 && !listed)
		report_file(analyser, POLICY_OTHER_MACHINE, 0);
	if (nozzle > 0 && profile->nozzle_mm > 0 &&
		(nozzle > profile->nozzle_mm + 0.001 || nozzle < profile->nozzle_mm - 0.001))
		report_file(analyser, POLICY_OTHER_NOZZLE, 0);
}

static void check_end(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;
	bool hot = heaters_are_on(analyser), extrudes = false;

	for (int tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++)
		extrudes |= analyser->filament[tool].used_mm > 0;
	if (result->commands == 0)
		report_file(analyser, POLICY_NO_COMMANDS, 0);
	else if (analyser->junk_lines > result->commands)
		report_file(analyser, POLICY_MOSTLY_JUNK, 0);
	else if (!extrudes)
		report_file(analyser, POLICY_NO_EXTRUSION, 0);
	if (hot)
		report_file(analyser, POLICY_LEFT_HOT, result->lines);
	if (hot && analyser->last_line_is_open)
		report_file(analyser, POLICY_CUT_OFF, result->lines);
	if (analyser->hints.open_blocks > 0)
		report_file(analyser, POLICY_CONFIG_CUT, result->lines);
	check_machine(analyser);
}

static void fill_tools(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;
	const struct slicer_hints *hints = &analyser->hints;

	for (size_t tool = 0; tool < ANALYSIS_TOOLS_MAX; tool++) {
		const struct filament *filament = &analyser->filament[tool];
		double diameter = hints->filament_diameter_mm[tool];
		double density = hints->filament_density_g_cm3[tool];

		/* One number stands for all. */
		if (density <= 0)
			density = hints->filament_density_g_cm3[0];

		if (filament->used)
			result->tool_count = tool + 1;
		if (diameter <= 0)
			diameter = hints->volumetric ? ULTIMAKER_MM : FILAMENT_MM;
		result->tool[tool].filament_mm = filament->used_mm;
		result->tool[tool].filament_print_mm = filament->print_mm;
		/* mm3 and g/cm3. */
		result->tool[tool].filament_g =
			density > 0 ? filament->used_mm * square_mm(diameter) * density / 1000 : -1;
	}
	if (result->tool_count == 0)
		result->tool_count = 1;
}

static void copy_name(char *to, const char *from)
{
	snprintf(to, ANALYSIS_NAME_MAX, "%s", from);
}

static void fill_result(struct analyser *analyser)
{
	struct analysis *result = &analyser->result;
	const struct slicer_hints *hints = &analyser->hints;

	result->bytes = analyser->reader.offset_bytes;
	result->layers = hints->layer_marks > 0 ? hints->layer_marks : analyser->z_layers;
	result->time_s = time_model_finish(&analyser->time);
	result->slicer_time_s = hints->time_s;
	result->has_print_box = analyser->print.any;
	for (int axis = 0; axis < 3; axis++) {
		result->box_min_mm[axis] = analyser->print.min_mm[axis];
		result->box_max_mm[axis] = analyser->print.max_mm[axis];
	}
	result->nozzle_mm = hints->nozzle_mm;
	result->thumbnails = hints->thumbnails;
	copy_name(result->slicer, hints->slicer);
	copy_name(result->machine, slicer_hints_machine(hints));
	copy_name(result->material, hints->material);
	fill_tools(analyser);
}

/* ---- public ------------------------------------------------------------------------------ */

struct analyser *analyser_create(const struct profile *profile)
{
	struct analyser *analyser = calloc(1, sizeof *analyser);

	if (!analyser)
		return NULL;
	analyser->profile = profile;
	line_reader_init(&analyser->reader);
	modal_init(&analyser->modal);
	slicer_hints_init(&analyser->hints);
	time_model_init(&analyser->time, &time_limits_default);
	return analyser;
}

void analyser_destroy(struct analyser *analyser)
{
	free(analyser);
}

void analyser_on_command(struct analyser *analyser, analyser_command *on_command, void *context)
{
	analyser->on_command = on_command;
	analyser->context = context;
}

void analyser_feed(struct analyser *analyser, const char *bytes, size_t length)
{
	struct line_reader_line line;
	enum line_reader_result kind;

	while ((kind = line_reader_next(&analyser->reader, &bytes, &length, &line)) !=
		LINE_READER_MORE)
		take_line(analyser, &line, kind);
}

void analyser_finish(struct analyser *analyser, struct analysis *analysis)
{
	struct line_reader_line line;
	enum line_reader_result kind = line_reader_finish(&analyser->reader, &line);

	if (kind != LINE_READER_MORE)
		take_line(analyser, &line, kind);
	fill_result(analyser);
	check_end(analyser);
	*analysis = analyser->result;
}
