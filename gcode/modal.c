/* The state that commands leave behind; see modal.h. */
#include "gcode/modal.h"

#include <math.h>   /* atan2, fabs, hypot, sqrt */
#include <string.h> /* memset */

#include "gcode/lexer.h"
#include "gcode/motion.h"

#define MM_PER_INCH    25.4
#define TWO_PI	       6.283185307179586
#define RETRACT_MM     3.0  /* Marlin's RETRACT_LENGTH */
#define RETRACT_MM_MIN 2700 /* and RETRACT_FEEDRATE, 45 mm/s */
#define PI_QUARTER     0.7853981633974483
/* Ends nearer than this are the start: a full circle. */
#define ARC_CLOSED_MM 1e-6

static const char axis_letter[MODAL_AXES] = { 'X', 'Y', 'Z', 'E' };

void modal_init(struct modal *modal)
{
	memset(modal, 0, sizeof *modal);
	modal->absolute = modal->e_absolute = true;
	modal->speed_percent = modal->flow_percent = 100;
	modal->retract_mm = RETRACT_MM;
	modal->retract_feed_mm_min = RETRACT_MM_MIN;
}

static double in_mm(const struct modal *modal, double value)
{
	return modal->inches ? value * MM_PER_INCH : value;
}

/* mach3 and machinekit extrude with A. */
static const struct lexer_word *axis_word(const struct lexer_line *line, int axis)
{
	const struct lexer_word *word = lexer_find(line, axis_letter[axis]);

	if (!word && axis == MODAL_E)
		word = lexer_find(line, 'A');
	return word;
}

/* Volumetric E (M200) is mm3 in the file and mm of filament here. */
static double extruder_mm(const struct modal *modal, double value)
{
	double area = modal->filament_mm2[modal_tool(modal)];

	return area > 0 ? value / area : value;
}

static void move_axes(struct modal *modal, const struct motion *motion, struct modal_move *move)
{
	for (int axis = 0; axis < MODAL_AXES; axis++) {
		bool relative = axis == MODAL_E ? modal_e_is_relative(modal) : !modal->absolute;
		double from = modal->position_mm[axis];

		move->from_mm[axis] = from + modal->offset_mm[axis];
		move->has[axis] = motion->has & 1U << axis;
		if (move->has[axis]) {
			double value = in_mm(modal, motion->value[axis]);

			if (axis == MODAL_E)
				value = extruder_mm(modal, value);
			modal->position_mm[axis] = relative ? from + value : value;
			modal->known[axis] |= !relative;
		}
		move->to_mm[axis] = modal->position_mm[axis] + modal->offset_mm[axis];
	}
}

/* Centre from the radius: of the two circles through both ends the one that the direction and the
 * sign ask for (negative: the long way). */
static bool centre_from_radius(struct modal_move *move, double radius)
{
	double dx = move->to_mm[MODAL_X] - move->from_mm[MODAL_X];
	double dy = move->to_mm[MODAL_Y] - move->from_mm[MODAL_Y];
	double chord = hypot(dx, dy), size = fabs(radius), height;

	/* A hair too short is rounding in the file. */
	if (chord < ARC_CLOSED_MM || size < chord / 2 - 0.001)
		return false;
	height = size * size - chord * chord / 4;
	height = height > 0 ? sqrt(height) : 0;
	if (move->clockwise == (radius > 0))
		height = -height;
	move->centre_mm[0] = move->from_mm[MODAL_X] + dx / 2 - dy / chord * height;
	move->centre_mm[1] = move->from_mm[MODAL_Y] + dy / 2 + dx / chord * height;
	return true;
}

static bool motion_value(const struct motion *motion, enum motion_word word, double *value)
{
	if (!(motion->numbers & 1U << word))
		return false;
	*value = motion->value[word];
	return true;
}

static bool find_centre(
	const struct modal *modal, const struct motion *motion, struct modal_move *move)
{
	double i = 0, j = 0, radius = 0;
	bool has_i = motion_value(motion, MOTION_I, &i), has_j = motion_value(motion, MOTION_J, &j);

	if (motion_value(motion, MOTION_R, &radius)) {
		if (has_i || has_j)
			return false;
		return centre_from_radius(move, in_mm(modal, radius));
	}
	if (!has_i && !has_j)
		return false;
	move->centre_mm[0] = move->from_mm[MODAL_X] + in_mm(modal, i);
	move->centre_mm[1] = move->from_mm[MODAL_Y] + in_mm(modal, j);
	return true;
}

static bool read_arc(
	const struct modal *modal, const struct motion *motion, struct modal_move *move)
{
	double from_x, from_y, to_x, to_y;

	move->is_arc = true;
	move->clockwise = motion->code == 2;
	if (!find_centre(modal, motion, move))
		return false;
	from_x = move->from_mm[MODAL_X] - move->centre_mm[0];
	from_y = move->from_mm[MODAL_Y] - move->centre_mm[1];
	to_x = move->to_mm[MODAL_X] - move->centre_mm[0];
	to_y = move->to_mm[MODAL_Y] - move->centre_mm[1];
	move->radius_mm = hypot(from_x, from_y);
	move->radius_end_mm = hypot(to_x, to_y);
	if (!(move->radius_mm > ARC_CLOSED_MM))
		return false;
	move->angle_rad = atan2(from_x * to_y - from_y * to_x, from_x * to_x + from_y * to_y);
	if (move->clockwise)
		move->angle_rad = -move->angle_rad;
	if (move->angle_rad < 0 || hypot(to_x - from_x, to_y - from_y) < ARC_CLOSED_MM)
		move->angle_rad += TWO_PI;
	return true;
}

enum modal_effect modal_apply_motion(
	struct modal *modal, const struct motion *motion, struct modal_move *move)
{
	double feed;

	if (motion_value(motion, MOTION_F, &feed) && feed > 0)
		modal->feed_mm_min = in_mm(modal, feed);
	move->is_arc = false;
	move_axes(modal, motion, move);
	if ((motion->code == 2 || motion->code == 3) && !read_arc(modal, motion, move)) {
		move->is_arc = false;
		return MODAL_BAD_ARC;
	}
	return MODAL_MOVE;
}

static enum modal_effect apply_move(
	struct modal *modal, const struct lexer_line *line, struct modal_move *move)
{
	struct motion motion;

	motion_from_line(line, &motion);
	return modal_apply_motion(modal, &motion, move);
}

/* Where the head is after homing only the firmware knows; 0 is the usual place. */
static enum modal_effect apply_home(struct modal *modal, const struct lexer_line *line)
{
	bool named = false;

	for (int axis = MODAL_X; axis <= MODAL_Z; axis++)
		named |= lexer_find(line, axis_letter[axis]) != NULL;
	for (int axis = MODAL_X; axis <= MODAL_Z; axis++) {
		if (named && !lexer_find(line, axis_letter[axis]))
			continue;
		modal->position_mm[axis] = modal->offset_mm[axis] = 0;
		modal->known[axis] = false;
		modal->homed[axis] = true;
	}
	return MODAL_HOME;
}

/* The head stays where it is; the coordinates shift.  Bare G92 means all axes. */
static enum modal_effect apply_set(struct modal *modal, const struct lexer_line *line)
{
	bool named = false;

	if (line->subcode > 0)
		return MODAL_NOTHING;
	for (int axis = 0; axis < MODAL_AXES; axis++)
		named |= axis_word(line, axis) != NULL;
	for (int axis = 0; axis < MODAL_AXES; axis++) {
		const struct lexer_word *word = axis_word(line, axis);
		double machine = modal->position_mm[axis] + modal->offset_mm[axis];

		if (named && !word)
			continue;
		modal->position_mm[axis] = word ? in_mm(modal, word->value) : 0;
		if (axis == MODAL_E)
			modal->position_mm[axis] = extruder_mm(modal, modal->position_mm[axis]);
		/* Of a head that nobody knows the place of, the file's word is the best. */
		modal->offset_mm[axis] = axis == MODAL_E || modal->known[axis]
						 ? machine - modal->position_mm[axis]
						 : 0;
	}
	return MODAL_SET;
}

/* S sets, R waits also for cooling; Slic3r and PrusaSlicer write P for mach3 and machinekit. */
static bool target(const struct modal *modal, const struct lexer_line *line, double *celsius)
{
	return lexer_value(line, 'S', celsius) || lexer_value(line, 'R', celsius) ||
	       (modal->heats_by_p && lexer_value(line, 'P', celsius));
}

static void set_hotend(struct modal *modal, double tool, double celsius)
{
	if (tool >= 0 && tool < MODAL_TOOLS_MAX)
		modal->hotend_celsius[(int)tool] = celsius;
}

static enum modal_effect apply_hotend(struct modal *modal, const struct lexer_line *line)
{
	double celsius, tool = modal->tool;

	lexer_value(line, 'T', &tool);
	if (target(modal, line, &celsius))
		set_hotend(modal, tool, celsius);
	return MODAL_STATE;
}

/* RepRapFirmware: the tool is P. */
static enum modal_effect apply_m568(struct modal *modal, const struct lexer_line *line)
{
	double celsius, tool = modal->tool;

	lexer_value(line, 'P', &tool);
	if (lexer_value(line, 'S', &celsius))
		set_hotend(modal, tool, celsius);
	return MODAL_STATE;
}

/* RepRapFirmware's G10 P sets a tool's temperatures (R: standby); without P it is a retraction. */
static enum modal_effect apply_g10(struct modal *modal, const struct lexer_line *line)
{
	double tool, celsius;

	if (lexer_find(line, 'L'))
		return MODAL_NOTHING;
	if (lexer_value(line, 'P', &tool)) {
		if (lexer_value(line, 'S', &celsius))
			set_hotend(modal, tool, celsius);
		return MODAL_STATE;
	}
	modal->retracted = true;
	return MODAL_RETRACT;
}

/* D0 turns it off; Marlin 2's S turns it off and on with the diameter kept, which few use. */
static enum modal_effect apply_volumetric(struct modal *modal, const struct lexer_line *line)
{
	double diameter, tool = modal_tool(modal), on = 1;

	lexer_value(line, 'T', &tool);
	lexer_value(line, 'S', &on);
	if (tool < 0 || tool >= MODAL_TOOLS_MAX)
		return MODAL_NOTHING;
	if (lexer_value(line, 'D', &diameter))
		modal->filament_mm2[(int)tool] =
			diameter > 0 ? PI_QUARTER * in_mm(modal, diameter) * in_mm(modal, diameter)
				     : 0;
	if (on <= 0)
		modal->filament_mm2[(int)tool] = 0;
	return MODAL_STATE;
}

static enum modal_effect apply_retraction_settings(
	struct modal *modal, const struct lexer_line *line)
{
	bool recovers = line->code == 208;
	double value;

	if (lexer_value(line, 'S', &value))
		*(recovers ? &modal->recover_mm : &modal->retract_mm) = in_mm(modal, value);
	if (lexer_value(line, 'F', &value) && value > 0)
		*(recovers ? &modal->recover_feed_mm_min : &modal->retract_feed_mm_min) =
			in_mm(modal, value);
	if (!recovers && lexer_value(line, 'Z', &value))
		modal->retract_lift_mm = in_mm(modal, value);
	return MODAL_STATE;
}

static enum modal_effect apply_g(
	struct modal *modal, const struct lexer_line *line, struct modal_move *move)
{
	switch (line->code) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 5:
		return apply_move(modal, line, move);
	case 10:
		return apply_g10(modal, line);
	case 11:
		modal->retracted = false;
		return MODAL_RETRACT;
	case 20:
	case 21:
		modal->inches = line->code == 20;
		return MODAL_STATE;
	case 28:
	case 161: /* MakerBot's kind: to the axes' lower ends */
	case 162: /* and to their upper ends */
		return apply_home(modal, line);
	case 90:
	case 91:
		modal->absolute = line->code == 90;
		modal->distance_stated = true;
		if (modal->extruder == MODAL_EXTRUDER_FOLLOWS)
			modal->e_absolute = modal->absolute;
		return MODAL_STATE;
	case 92:
		return apply_set(modal, line);
	default:
		return MODAL_NOTHING;
	}
}

static enum modal_effect apply_m(struct modal *modal, const struct lexer_line *line)
{
	double value;

	switch (line->code) {
	case 82:
	case 83:
		modal->e_absolute = line->code == 82;
		modal->e_stated = true;
		return MODAL_STATE;
	case 104:
	case 109:
		return apply_hotend(modal, line);
	case 568:
		return apply_m568(modal, line);
	case 106:
		modal->fan = lexer_value(line, 'S', &value) ? value : 255;
		return MODAL_STATE;
	case 107:
		modal->fan = 0;
		return MODAL_STATE;
	case 140:
	case 190:
		if (target(modal, line, &value))
			modal->bed_celsius = value;
		return MODAL_STATE;
	case 141:
	case 191:
		if (target(modal, line, &value))
			modal->chamber_celsius = value;
		return MODAL_STATE;
	case 200:
		return apply_volumetric(modal, line);
	case 207:
	case 208:
		return apply_retraction_settings(modal, line);
	case 220:
		if (lexer_value(line, 'S', &value))
			modal->speed_percent = value;
		return MODAL_STATE;
	case 221:
		if (lexer_value(line, 'S', &value))
			modal->flow_percent = value;
		return MODAL_STATE;
	default:
		return MODAL_NOTHING;
	}
}

enum modal_effect modal_apply_words(
	struct modal *modal, const struct lexer_line *line, struct modal_move *move)
{
	if (line->kind != LEXER_COMMAND || line->flags & LEXER_IS_TEXT)
		return MODAL_NOTHING;
	switch (line->letter) {
	case 'G':
		return apply_g(modal, line, move);
	case 'M':
		return apply_m(modal, line);
	case 'T':
		if (line->code >= 0)
			modal->tool = line->code;
		return MODAL_STATE;
	default:
		return MODAL_NOTHING;
	}
}

void modal_apply(struct modal *modal, const char *text, size_t length)
{
	struct lexer_line line;
	struct modal_move move;
	struct motion motion;

	if (motion_read_command(text, length, &motion)) {
		modal_apply_motion(modal, &motion, &move);
		return;
	}
	lexer_read(text, length, &line);
	modal_apply_words(modal, &line, &move);
}
