/* One line of G-code to words and modal groups: gcode.c of grbl 1.1, with its error numbers. */
#include "sim/grbl.h"

#include <math.h>   /* fabs, fmin */
#include <string.h> /* strchr */

enum {
	ERROR_LETTER = 1,
	ERROR_NUMBER = 2,
	ERROR_NEGATIVE = 4,
	ERROR_BAD_JOG = 16,
	ERROR_UNSUPPORTED = 20,
	ERROR_GROUP = 21,
	ERROR_NO_FEED = 22,
	ERROR_NOT_WHOLE = 23,
	ERROR_TWO_AXIS_COMMANDS = 24,
	ERROR_REPEATED = 25,
	ERROR_NO_AXES = 26,
	ERROR_LINE_NUMBER = 27,
	ERROR_VALUE_MISSING = 28,
	ERROR_G59 = 29,
	ERROR_G53 = 30,
	ERROR_AXES_UNUSED = 31,
	ERROR_UNUSED = 36,
	ERROR_TOOL = 38,
};

/* Modal groups. */
enum {
	GROUP_ONCE,
	GROUP_MOTION,
	GROUP_PLANE,
	GROUP_DISTANCE,
	GROUP_ARC_DISTANCE,
	GROUP_FEED,
	GROUP_UNITS,
	GROUP_CUTTER,
	GROUP_LENGTH,
	GROUP_SYSTEM,
	GROUP_CONTROL,
	GROUP_FLOW,
	GROUP_SPINDLE,
	GROUP_COOLANT,
};

/* G codes times ten. axes: it is a command that axis words belong to. */
static const struct code {
	int32_t code;
	int8_t group;
	bool axes, jog;
} g_codes[] = {
	{ 0, GROUP_MOTION, true, false },
	{ 10, GROUP_MOTION, true, false },
	{ 20, GROUP_MOTION, true, false },
	{ 30, GROUP_MOTION, true, false },
	{ 40, GROUP_ONCE, false, false },
	{ 100, GROUP_ONCE, true, false },
	{ 170, GROUP_PLANE, false, false },
	{ 180, GROUP_PLANE, false, false },
	{ 190, GROUP_PLANE, false, false },
	{ 200, GROUP_UNITS, false, true },
	{ 210, GROUP_UNITS, false, true },
	{ 280, GROUP_ONCE, true, false },
	{ 281, GROUP_ONCE, false, false },
	{ 300, GROUP_ONCE, true, false },
	{ 301, GROUP_ONCE, false, false },
	{ 400, GROUP_CUTTER, false, false },
	{ 431, GROUP_LENGTH, true, false },
	{ 490, GROUP_LENGTH, false, false },
	{ 530, GROUP_ONCE, false, true },
	{ 540, GROUP_SYSTEM, false, false },
	{ 550, GROUP_SYSTEM, false, false },
	{ 560, GROUP_SYSTEM, false, false },
	{ 570, GROUP_SYSTEM, false, false },
	{ 580, GROUP_SYSTEM, false, false },
	{ 590, GROUP_SYSTEM, false, false },
	{ 610, GROUP_CONTROL, false, false },
	{ 800, GROUP_MOTION, false, false },
	{ 900, GROUP_DISTANCE, false, true },
	{ 910, GROUP_DISTANCE, false, true },
	{ 911, GROUP_ARC_DISTANCE, false, false },
	{ 920, GROUP_ONCE, true, false },
	{ 921, GROUP_ONCE, false, false },
	{ 930, GROUP_FEED, false, false },
	{ 940, GROUP_FEED, false, false },
};

struct reading {
	struct grbl *grbl;
	struct sim_grbl_block *block;
	uint32_t groups;
	bool axis_command, motion_command;
};

static uint32_t bit(char letter)
{
	return 1u << (letter - 'A');
}

/* Digits and a point; a sign; no exponent (read_float). */
static bool read_number(const char **at, double *value)
{
	double sign = 1, scale = 1;
	int digits = 0;
	bool point = false;

	*value = 0;
	if (**at == '-' || **at == '+')
		sign = *(*at)++ == '-' ? -1 : 1;
	for (; (**at >= '0' && **at <= '9') || (**at == '.' && !point); (*at)++) {
		if (**at == '.') {
			point = true;
			continue;
		}
		digits++;
		*value = *value * 10 + (**at - '0');
		scale *= point ? 10 : 1;
	}
	*value = sign * fmin(*value / scale, GRBL_VALUE_MAX);
	return digits > 0;
}

static int32_t take_group(struct reading *reading, int8_t group)
{
	if (reading->groups & (1u << group))
		return ERROR_GROUP;
	reading->groups |= 1u << group;
	return 0;
}

static void apply_g(struct sim_grbl_block *block, int32_t code)
{
	struct sim_grbl_modal *modal = &block->modal;

	switch (code / 10) {
	case 0:
	case 1:
	case 2:
	case 3:
	case 80:
		modal->motion = code / 10;
		break;
	case 17:
	case 18:
	case 19:
		modal->plane = code / 10;
		break;
	case 20:
	case 21:
		modal->inches = code == 200;
		break;
	case 53:
		block->absolute_once = true;
		break;
	case 54:
	case 55:
	case 56:
	case 57:
	case 58:
	case 59:
		modal->system = code / 10 - 54;
		break;
	case 90:
		modal->relative = false;
		break;
	case 91:
		if (code == 910)
			modal->relative = true;
		break;
	case 93:
	case 94:
		modal->inverse_time = code == 930;
		break;
	default:
		block->once = code;
		break;
	}
}

static int32_t read_g(struct reading *reading, double value)
{
	int32_t code = (int32_t)(value * 10 + 0.5);

	if (value < 0 || value > 99.9)
		return ERROR_UNSUPPORTED;
	if (fabs(value * 10 - code) > 0.01)
		return ERROR_NOT_WHOLE;
	if (code > 590 && code < 600)
		return ERROR_G59;
	for (size_t i = 0; i < sizeof g_codes / sizeof g_codes[0]; i++) {
		if (g_codes[i].code != code)
			continue;
		if (reading->block->jog && !g_codes[i].jog)
			return ERROR_BAD_JOG;
		if (g_codes[i].axes && reading->axis_command)
			return ERROR_TWO_AXIS_COMMANDS;
		reading->axis_command |= g_codes[i].axes;
		reading->motion_command |= g_codes[i].axes && g_codes[i].group == GROUP_MOTION;
		apply_g(reading->block, code);
		return take_group(reading, g_codes[i].group);
	}
	return ERROR_UNSUPPORTED;
}

static int32_t read_m(struct reading *reading, double value)
{
	struct sim_grbl_block *block = reading->block;
	int32_t code = (int32_t)value;

	if (block->jog)
		return ERROR_BAD_JOG;
	if (fabs(value - code) > 0.001)
		return ERROR_NOT_WHOLE;
	switch (code) {
	case 0:
	case 2:
	case 30:
		block->flow = code;
		return take_group(reading, GROUP_FLOW);
	case 1:
		return take_group(reading, GROUP_FLOW);
	case 3:
	case 4:
	case 5:
		block->modal.spindle = code == 3   ? GRBL_SPINDLE_CW
				       : code == 4 ? GRBL_SPINDLE_CCW
						   : GRBL_SPINDLE_OFF;
		return take_group(reading, GROUP_SPINDLE);
	case 8:
	case 9:
		block->modal.coolant = code == 8 ? 2 : 0;
		return take_group(reading, GROUP_COOLANT);
	default:
		return ERROR_UNSUPPORTED;
	}
}

static int32_t read_value(struct reading *reading, char letter, double value)
{
	struct sim_grbl_block *block = reading->block;

	if (!strchr("FIJKLNPRSTXYZ", letter))
		return ERROR_UNSUPPORTED;
	if (block->jog && !strchr("FNXYZ", letter))
		return ERROR_BAD_JOG;
	if (block->words & bit(letter))
		return ERROR_REPEATED;
	if (value < 0 && strchr("FNPST", letter))
		return ERROR_NEGATIVE;
	block->words |= bit(letter);
	block->value[letter - 'A'] = value;
	return 0;
}

static int32_t read_words(struct reading *reading, const char *line)
{
	while (*line) {
		char letter = *line++;
		double value;
		int32_t error;

		if (letter < 'A' || letter > 'Z')
			return ERROR_LETTER;
		if (!read_number(&line, &value))
			return ERROR_NUMBER;
		if (letter == 'G')
			error = read_g(reading, value);
		else if (letter == 'M')
			error = read_m(reading, value);
		else
			error = read_value(reading, letter, value);
		if (error != 0)
			return error;
	}
	return 0;
}

/* ---- checks behind reading ---- */

static void find_target(struct grbl *grbl, struct sim_grbl_block *block)
{
	double offset_mm[3], scale = block->modal.inches ? 25.4 : 1;
	struct sim_grbl_modal before = grbl->modal;

	grbl->modal = block->modal;
	sim_grbl_offset(grbl, offset_mm);
	grbl->modal = before;
	for (int i = 0; i < 3; i++) {
		double value = block->value['X' - 'A' + i] * scale;

		block->target_mm[i] = grbl->position_mm[i];
		if (!(block->axes & (1u << i)))
			continue;
		if (block->absolute_once)
			block->target_mm[i] = value;
		else if (block->modal.relative)
			block->target_mm[i] += value;
		else
			block->target_mm[i] = value + offset_mm[i];
	}
}

static int32_t check_feed(struct reading *reading)
{
	struct sim_grbl_block *block = reading->block;
	double scale = block->modal.inches ? 25.4 : 1;

	if (block->words & bit('F'))
		block->feed_mm_min = block->value['F' - 'A'] * scale;
	else
		block->feed_mm_min =
			block->jog || block->modal.inverse_time ? 0 : block->modal.feed_mm_min;
	if (!block->jog && !block->modal.inverse_time)
		block->modal.feed_mm_min = block->feed_mm_min;
	if (block->words & bit('S'))
		block->modal.rpm = block->value['S' - 'A'];
	if (block->words & bit('T')) {
		if (block->value['T' - 'A'] > 255)
			return ERROR_TOOL;
		block->modal.tool = (int32_t)block->value['T' - 'A'];
	}
	if (block->words & bit('N') && block->value['N' - 'A'] > 9999999)
		return ERROR_LINE_NUMBER;
	return 0;
}

static int32_t check_once(struct reading *reading, uint32_t *used)
{
	struct sim_grbl_block *block = reading->block;

	switch (block->once) {
	case 40:
		*used |= bit('P');
		return block->words & bit('P') ? 0 : ERROR_VALUE_MISSING;
	case 100:
		*used |= bit('P') | bit('L');
		if (!(block->words & bit('P')) || !(block->words & bit('L')))
			return ERROR_VALUE_MISSING;
		if (block->value['L' - 'A'] != 2 && block->value['L' - 'A'] != 20)
			return ERROR_UNSUPPORTED;
		return block->axes ? 0 : ERROR_NO_AXES;
	case 431:
	case 920:
		return block->axes ? 0 : ERROR_NO_AXES;
	default:
		return 0;
	}
}

static int32_t check_motion(struct reading *reading, uint32_t *used)
{
	struct sim_grbl_block *block = reading->block;
	int32_t motion = block->modal.motion;

	if (block->absolute_once && motion > 1)
		return ERROR_G53;
	if (motion == 80)
		return block->axes ? ERROR_AXES_UNUSED : 0;
	block->moves = block->axes != 0 || motion >= 2;
	if (motion == 0 && !block->jog)
		return 0;
	if (block->feed_mm_min <= 0)
		return ERROR_NO_FEED;
	if (motion < 2)
		return 0;
	*used |= bit('I') | bit('J') | bit('K') | bit('R');
	return sim_grbl_arc_check(reading->grbl);
}

static int32_t check(struct reading *reading)
{
	struct sim_grbl_block *block = reading->block;
	uint32_t used = bit('F') | bit('N') | bit('S') | bit('T');
	int32_t error = check_feed(reading);

	if (error != 0)
		return error;
	for (int i = 0; i < 3; i++)
		if (block->words & bit((char)('X' + i)))
			block->axes |= 1u << i;
	if (block->axes && !reading->axis_command)
		reading->axis_command = reading->motion_command = true;
	find_target(reading->grbl, block);
	error = check_once(reading, &used);
	if (error == 0 && (reading->motion_command || block->jog))
		error = check_motion(reading, &used);
	if (error != 0)
		return error;
	if (reading->axis_command)
		used |= bit('X') | bit('Y') | bit('Z');
	return block->words & ~used ? ERROR_UNUSED : 0;
}

int32_t sim_grbl_parse(struct grbl *grbl, const char *line, bool jog)
{
	struct sim_grbl_block *block = &grbl->block;
	struct reading reading = { .grbl = grbl, .block = block };

	memset(block, 0, sizeof *block);
	block->modal = grbl->modal;
	block->flow = -1;
	block->once = -1;
	block->jog = jog;
	if (jog)
		block->modal.motion = 1;
	int32_t error = read_words(&reading, line);
	if (error == 0)
		error = check(&reading);
	if (error == 0 && jog && !block->axes)
		error = ERROR_NO_AXES;
	return error;
}
