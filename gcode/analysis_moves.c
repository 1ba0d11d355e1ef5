/* Moves: what they add to the figures, and the rules that need to know where the head is. */
#include <math.h> /* fabs, sqrt */

#include "gcode/analysis_internal.h"
#include "gcode/motion.h"

#define COLD_CELSIUS	     170.0 /* Marlin's EXTRUDE_MINTEMP */
#define RETRACTION_MAX_MM    150.0
#define EXTRUSION_MAX_MM     500.0  /* in one move */
#define FEED_UNSET_MM_MIN    1500.0 /* Marlin (motion.cpp) */
#define RESTORED_MAX_MM	     20.0   /* pushed after the heat was switched off */
#define POSITION_MAX_MM	     100000.0
#define ARC_RADIUS_DIFFER_MM 0.05

/* ---- rules ------------------------------------------------------------------------------- */

/* NULL: nothing is known of the machine's volume. */
static const struct profile *volume_of(const struct analyser *analyser)
{
	const struct profile *profile = analyser->profile;

	return profile && profile->volume_max_mm[0] > profile->volume_min_mm[0] ? profile : NULL;
}

static bool travels_in_plane(const struct modal_move *move)
{
	return move->is_arc || move->to_mm[MODAL_X] != move->from_mm[MODAL_X] ||
	       move->to_mm[MODAL_Y] != move->from_mm[MODAL_Y];
}

/* Within these bounds a straight move breaks no rule about places. */
void analysis_moves_prepare(struct analyser *analyser)
{
	const struct profile *profile = volume_of(analyser);

	analyser->quick_box = !profile || profile->shape == PROFILE_BOX;
	for (int axis = 0; axis < 3; axis++) {
		analyser->quick_min_mm[axis] =
			profile ? profile->volume_min_mm[axis] : -POSITION_MAX_MM;
		analyser->quick_max_mm[axis] =
			profile ? profile->volume_max_mm[axis] : POSITION_MAX_MM;
	}
}

static bool is_inside(const struct analyser *analyser, const struct modal_move *move)
{
	bool inside = analyser->quick_box && !move->is_arc;

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++)
		inside &= move->to_mm[axis] >= analyser->quick_min_mm[axis] &&
			  move->to_mm[axis] <= analyser->quick_max_mm[axis];
	return inside;
}

/* Stock start codes of slicers travel to places that some machines of the kind have not (Cura's for
 * Smoothieware); firmware stops at its software end stops.  Down into the bed it never may. */
static bool is_start_code_travel(const struct analyser *analyser, const struct modal_move *move,
	const struct extent_breach *breach)
{
	bool lays_down = move->to_mm[MODAL_E] > move->from_mm[MODAL_E] && travels_in_plane(move);

	bool custom = analyser->hints.section == SLICER_SECTION_CUSTOM ||
		      (analyser->hints.layer_ended && analysis_hotend_target(analyser) == 0);

	return custom && !analyser->endstops_off && !lays_down &&
	       !(breach->axis == MODAL_Z && breach->value_mm < breach->limit_mm);
}

static void check_volume(const struct analyser *analyser, const struct modal_move *move,
	struct policy_findings *findings)
{
	static const char letters[] = { 'X', 'Y', 'Z', 'R' };
	const struct profile *profile = volume_of(analyser);
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
		analyser->modal.known[MODAL_Y] && profile && profile->shape == PROFILE_ROUND)
		axes |= 3;
	if (profile && axes && extent_leaves(move, profile, axes, &breach))
		policy_add_value(findings,
			is_start_code_travel(analyser, move, &breach) ? POLICY_VOLUME_TRAVEL
								      : POLICY_VOLUME,
			letters[breach.axis], breach.value_mm, true, breach.limit_mm);
}

static void check_first_extrusion(struct analyser *analyser, struct policy_findings *findings)
{
	if (!analyser->hotend_stated && !analyser->macro_seen)
		policy_add(findings, POLICY_NO_HEAT);
	if (analyser->hotend_stated && !analyser->hotend_waited && !analyser->macro_seen) {
		policy_add(findings, POLICY_NOT_WAITED);
		analyser->hotend_waited = true;
	}
	if (!analyser->mode_checked) {
		analyser->mode_checked = true;
		if ((!analyser->modal.distance_stated || analyser->relative_amounts) &&
			!analyser->modal.e_stated && !analyser->macro_seen)
			policy_add(findings, POLICY_MODE_UNSTATED);
	}
	if (analyser->g90_after_m83 && !analyser->g90_reported) {
		analyser->g90_reported = true;
		policy_add(findings, POLICY_EXTRUDER_MODE_G90);
	}
}

/* End codes switch off first and push a little back into the nozzle then: it is hot still. */
static bool is_after_heat(const struct analyser *analyser, double extruded_mm, bool in_place)
{
	return in_place && extruded_mm <= RESTORED_MAX_MM &&
	       analysis_hotend_celsius(analyser) >= COLD_CELSIUS;
}

static void check_extrusion(struct analyser *analyser, double extruded_mm, bool in_place,
	struct policy_findings *findings)
{
	double target;

	if (extruded_mm < -RETRACTION_MAX_MM)
		policy_add_value(findings, POLICY_LONG_RETRACTION, 'E', -extruded_mm, true,
			RETRACTION_MAX_MM);
	if (extruded_mm > EXTRUSION_MAX_MM)
		policy_add_value(findings, POLICY_ABSURD_EXTRUSION, 'E', extruded_mm, true,
			EXTRUSION_MAX_MM);
	if (extruded_mm <= 0 || (analyser->hints.self_heated && !analyser->hotend_stated))
		return;
	if (analyser->hotend_stated) {
		target = analysis_hotend_target(analyser);
		if (target < COLD_CELSIUS && !is_after_heat(analyser, extruded_mm, in_place))
			policy_add_value(
				findings, POLICY_COLD_EXTRUSION, 'E', target, true, COLD_CELSIUS);
	}
	if (!analyser->hotend_stated || !analyser->hotend_waited || !analyser->mode_checked ||
		analyser->g90_after_m83)
		check_first_extrusion(analyser, findings);
}

static void check_first_move(
	struct analyser *analyser, const struct modal_move *move, struct policy_findings *findings)
{
	if (analyser->moved || !(move->has[MODAL_X] || move->has[MODAL_Y] || move->has[MODAL_Z]))
		return;
	analyser->moved = true;
	if (!analyser->home_seen && !analyser->macro_seen && !analyser->hints.self_heated &&
		!analyser->cnc)
		policy_add(findings, POLICY_NOT_HOMED);
}

static void check_arc(const struct modal_move *move, struct policy_findings *findings)
{
	if (move->radius_end_mm > move->radius_mm + ARC_RADIUS_DIFFER_MM ||
		move->radius_end_mm < move->radius_mm - ARC_RADIUS_DIFFER_MM)
		policy_add_value(findings, POLICY_ARC_RADIUS, 'R',
			move->radius_end_mm - move->radius_mm, true, ARC_RADIUS_DIFFER_MM);
}

/* ---- figures ----------------------------------------------------------------------------- */

/* The limits that the first move is planned with are those known then. */
static void settle_limits(struct analyser *analyser)
{
	struct time_limits limits;

	analyser->limits_settled = true;
	if (analyser->assumed)
		return;
	slicer_hints_limits(&analyser->hints, &limits);
	analyser->planned = limits;
	time_limits_overlay(&limits, &analyser->time.limits);
	analyser->time.limits = limits;
}

/* Firmware has one of its own until the first F. */
static double feed_mm_min_of(const struct analyser *analyser)
{
	double feed_mm_min = analyser->modal.feed_mm_min;

	return feed_mm_min > 0 ? feed_mm_min : FEED_UNSET_MM_MIN;
}

/* A purge along the edge of a round bed. */
static double arc_s(const struct analyser *analyser, const struct modal_move *move)
{
	return move->radius_mm * move->angle_rad / feed_mm_min_of(analyser) * 60;
}

static enum feature feature_of(const struct analyser *analyser, double extruded_mm, bool travels)
{
	if (!travels)
		return FEATURE_RETRACTION;
	/* With filament drawn back it is a wipe or a retraction on the way. */
	if (extruded_mm <= 0)
		return FEATURE_TRAVEL;
	if (analyser->hints.section == SLICER_SECTION_CUSTOM)
		return FEATURE_CUSTOM;
	return analyser->hints.feature;
}

static void add_filament(
	struct analyser *analyser, const struct modal_move *move, double extruded_mm)
{
	struct filament *filament = &analyser->filament[analysis_tool(analyser)];
	double before = filament->used_mm, path_mm = 0;

	if (analyser->hints.loading) {
		filament_load(filament, extruded_mm);
		return;
	}
	if (filament->loading) {
		double dx = move->to_mm[MODAL_X] - move->from_mm[MODAL_X];
		double dy = move->to_mm[MODAL_Y] - move->from_mm[MODAL_Y];

		path_mm = sqrt(dx * dx + dy * dy);
	}
	filament_move(
		filament, extruded_mm, path_mm, analyser->hints.section != SLICER_SECTION_CUSTOM);
	if (filament->used_mm > before)
		analysis_layer_filament(analyser, filament->used_mm - before);
}

static void lay_down(struct analyser *analyser, const struct modal_move *move, int64_t line)
{
	const struct slicer_hints *hints = &analyser->hints;

	if (analyser->power_off_line) {
		analysis_report_file(analyser, POLICY_POWER, analyser->power_off_line);
		analyser->power_off_line = 0;
	}
	extent_add_move(&analyser->print, move);
	if (hints->section != SLICER_SECTION_CUSTOM && hints->feature != FEATURE_SKIRT &&
		hints->feature != FEATURE_TOWER)
		extent_add_move(&analyser->part, move);
	analysis_layer_z(analyser, move->to_mm[MODAL_Z], line);
	analyser->macro_after_print = false;
	if (!analyser->result.first_print_line && analyser->hints.section != SLICER_SECTION_CUSTOM)
		analyser->result.first_print_line = line;
}

/* Of a program: rapid moves never cut. */
static void add_way(struct analyser *analyser, const struct modal_move *move)
{
	const struct cnc_modal *modal = &analyser->cnc_modal;
	struct analysis *result = &analyser->result;
	double dx = move->to_mm[MODAL_X] - move->from_mm[MODAL_X];
	double dy = move->to_mm[MODAL_Y] - move->from_mm[MODAL_Y];
	double dz = move->to_mm[MODAL_Z] - move->from_mm[MODAL_Z];
	double planar_mm = move->is_arc ? move->radius_mm * move->angle_rad : hypot(dx, dy);
	double way_mm = hypot(planar_mm, dz);

	if (!modal->on || !(modal->power > 0) || modal->motion == 0) {
		result->idle_mm += way_mm;
		return;
	}
	result->cut_mm += way_mm;
	if (modal->power > result->power_max)
		result->power_max = modal->power;
	extent_add_move(&analyser->cut, move);
}

static void apply_move(struct analyser *analyser, const struct modal_move *move, int64_t line,
	struct policy_findings *findings)
{
	double extruded_mm = move->to_mm[MODAL_E] - move->from_mm[MODAL_E];
	bool travels = move->is_arc || move->to_mm[MODAL_X] != move->from_mm[MODAL_X] ||
		       move->to_mm[MODAL_Y] != move->from_mm[MODAL_Y] ||
		       move->to_mm[MODAL_Z] != move->from_mm[MODAL_Z];
	enum feature feature;

	if (!analyser->moved)
		check_first_move(analyser, move, findings);
	if (!is_inside(analyser, move))
		check_volume(analyser, move, findings);
	if (move->is_arc)
		check_arc(move, findings);
	if (extruded_mm != 0)
		check_extrusion(analyser, extruded_mm, !travels_in_plane(move), findings);
	if (analyser->cnc && travels)
		add_way(analyser, move);
	if (extruded_mm > 0 && travels)
		lay_down(analyser, move, line);
	else if (travels)
		extent_add_move(&analyser->travel, move);
	if (extruded_mm != 0)
		add_filament(analyser, move, extruded_mm);
	feature = feature_of(analyser, extruded_mm, travels);
	if (!analyser->limits_settled)
		settle_limits(analyser);
	if (move->is_arc && analyser->time.limits.skips_arcs &&
		analyser->hints.section == SLICER_SECTION_CUSTOM)
		analysis_leave_out(analyser, arc_s(analyser, move));
	else
		time_model_move(&analyser->time, move,
			feed_mm_min_of(analyser) * analyser->modal.speed_percent / 100,
			analysis_tag(analyser, feature));
	if (analyser->on_move)
		analyser->on_move(
			analyser->move_context, move, feature, extruded_mm, analyser->layer_count);
}

/* mach3 and machinekit extrude with an axis A, and MakerBot's firmwares have no M83 either: there
 * the amounts follow G90 alone, whatever the start code says. */
static void settle_extruder_mode(
	struct analyser *analyser, const struct motion *motion, struct policy_findings *findings)
{
	struct modal *modal = &analyser->modal;

	analyser->axis_a_seen |= motion->axis_a;
	if (analyser->relative_amounts) {
		modal->e_absolute = false;
		return;
	}
	if (modal->e_absolute || !(motion->axis_a || analyser->makerbot))
		return;
	modal->e_absolute = true;
	analyser->g90_after_m83 = false;
	if (!motion->axis_a && !analyser->extruder_unclear) {
		analyser->extruder_unclear = true;
		policy_add(findings,
			analyser->profile && analyser->profile->firmware != PROFILE_FIRMWARE_UNSAID
				? POLICY_EXTRUDER_MODE
				: POLICY_EXTRUDER_MODE_UNSAID);
	}
}

void analysis_motion(struct analyser *analyser, const struct motion *motion, int64_t line,
	struct policy_findings *findings)
{
	struct modal_move move;

	settle_extruder_mode(analyser, motion, findings);
	if (modal_apply_motion(&analyser->modal, motion, &move) == MODAL_BAD_ARC)
		policy_add(findings, POLICY_BAD_ARC);
	else
		apply_move(analyser, &move, line, findings);
}

void analysis_retraction(struct analyser *analyser, bool before)
{
	const struct modal *modal = &analyser->modal;
	struct modal_move move = { .from_mm = { 0 } }, lift = { .from_mm = { 0 } };
	double recover_feed = modal->recover_feed_mm_min > 0 ? modal->recover_feed_mm_min
							     : modal->retract_feed_mm_min;
	double feed = modal->retracted ? modal->retract_feed_mm_min : recover_feed;
	uint32_t tag = analysis_tag(analyser, FEATURE_RETRACTION);

	if (before == modal->retracted)
		return;
	move.to_mm[MODAL_E] =
		modal->retracted ? -modal->retract_mm : modal->retract_mm + modal->recover_mm;
	lift.to_mm[MODAL_Z] = modal->retracted ? modal->retract_lift_mm : -modal->retract_lift_mm;
	if (analyser->time.limits.skips_retraction) {
		analysis_leave_out(analyser, fabs(move.to_mm[MODAL_E]) / feed * 60);
		return;
	}
	time_model_move(&analyser->time, &move, feed, tag);
	if (modal->retract_lift_mm > 0)
		time_model_move(&analyser->time, &lift, modal->feed_mm_min, tag);
}

/* What homing itself takes is not the moves' (analysis_wait.c). The way there is counted as in
 * PrusaSlicer's figure: a move to 0, which in relative mode goes nowhere. */
void analysis_home(struct analyser *analyser, const struct modal *before)
{
	struct modal_move move = { .from_mm = { 0 } };

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++)
		if (before->absolute && before->known[axis] && !analyser->modal.known[axis])
			move.from_mm[axis] = before->position_mm[axis] + before->offset_mm[axis];
	if (!analyser->limits_settled)
		settle_limits(analyser);
	time_model_move(
		&analyser->time, &move, before->feed_mm_min, analysis_tag(analyser, FEATURE_WAIT));
	time_model_wait(&analyser->time, 0, 0);
}
