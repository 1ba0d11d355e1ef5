/* $ commands and the settings in EEPROM: system.c and settings.c of grbl 1.1. */
#include "sim/grbl.h"

#include "sim/grbl_settings.h"

#include <string.h> /* strcmp, strncmp */

enum {
	ERROR_NUMBER = 2,
	ERROR_STATEMENT = 3,
	ERROR_NEGATIVE = 4,
	ERROR_NO_HOMING = 5,
	ERROR_NOT_IDLE = 8,
	ERROR_LIMITS_NEED_HOMING = 10,
	ERROR_DOOR = 13,
	ERROR_BAD_JOG = 16,
};

static const struct sim_grbl_setting table[] = {
	{ 0, 10, 0 },
	{ 1, 25, 0 },
	{ 2, 0, 0 },
	{ 3, 0, 0 },
	{ 4, 0, 0 },
	{ 5, 0, 0 },
	{ 6, 0, 0 },
	{ 10, 1, 0 },
	{ 11, 0.010, 3 },
	{ 12, 0.002, 3 },
	{ 13, 0, 0 },
	{ 20, 0, 0 },
	{ 21, 0, 0 },
	{ 22, 0, 0 },
	{ 23, 0, 0 },
	{ 24, 25, 3 },
	{ 25, 500, 3 },
	{ 26, 250, 0 },
	{ 27, 1, 3 },
	{ 30, 1000, 0 },
	{ 31, 0, 0 },
	{ 32, 0, 0 },
	{ 100, 250, 3 },
	{ 101, 250, 3 },
	{ 102, 250, 3 },
	{ 110, 500, 3 },
	{ 111, 500, 3 },
	{ 112, 500, 3 },
	{ 120, 10, 3 },
	{ 121, 10, 3 },
	{ 122, 10, 3 },
	{ 130, 200, 3 },
	{ 131, 200, 3 },
	{ 132, 200, 3 },
};
_Static_assert(sizeof table / sizeof table[0] == GRBL_SETTINGS, "one place each");

const struct sim_grbl_setting *sim_grbl_setting_row(size_t index)
{
	return index < GRBL_SETTINGS ? &table[index] : NULL;
}

static int find(double number)
{
	for (int i = 0; i < GRBL_SETTINGS; i++)
		if ((double)table[i].number == number)
			return i;
	return -1;
}

double sim_grbl_setting(const struct grbl *grbl, int32_t number)
{
	int index = find(number);

	return index < 0 ? 0 : grbl->setting[index];
}

void sim_grbl_settings_init(struct grbl *grbl)
{
	const struct sim_settings *settings = &grbl->board->settings;

	for (int i = 0; i < GRBL_SETTINGS; i++)
		grbl->setting[i] = table[i].initial;
	grbl->setting[find(22)] = settings->homing;
	grbl->setting[find(32)] = grbl->variant->laser;
	for (int i = 0; i < 3; i++) {
		grbl->setting[find(110 + i)] = grbl->variant->max_mm_min;
		grbl->setting[find(120 + i)] = grbl->variant->acceleration_mm_s2;
		grbl->setting[find(130 + i)] =
			settings->volume_max_mm[i] - settings->volume_min_mm[i];
	}
}

/* ---- reading ---- */

/* Digits and a point, all of the text. */
static bool read_all(const char *text, double *value)
{
	double scale = 1;
	bool point = false, digits = false, negative = *text == '-';

	*value = 0;
	for (text += negative; *text; text++) {
		if (*text == '.' && !point) {
			point = true;
			continue;
		}
		if (*text < '0' || *text > '9')
			return false;
		digits = true;
		*value = *value * 10 + (*text - '0');
		scale *= point ? 10 : 1;
	}
	*value = (negative ? -1 : 1) * *value / scale;
	return digits;
}

static int32_t set(struct grbl *grbl, const char *line)
{
	char name[16];
	const char *equals = strchr(line, '=');
	size_t length = equals ? (size_t)(equals - line) : strlen(line);
	double number, value;

	if (length >= sizeof name)
		return ERROR_STATEMENT;
	memcpy(name, line, length);
	name[length] = '\0';
	if (!read_all(name, &number))
		return ERROR_NUMBER;
	if (!equals)
		return ERROR_STATEMENT;
	if (!read_all(equals + 1, &value))
		return ERROR_NUMBER;
	int index = find(number);
	if (index < 0)
		return ERROR_STATEMENT;
	if (value < 0)
		return ERROR_NEGATIVE;
	if (number == 20 && value > 0 && sim_grbl_setting(grbl, 22) <= 0)
		return ERROR_LIMITS_NEED_HOMING;
	grbl->setting[index] = value < GRBL_SETTING_MAX ? value : GRBL_SETTING_MAX;
	if (number == 22 && value <= 0)
		grbl->setting[find(20)] = 0;
	sim_grbl_write_eeprom(grbl);
	return 0;
}

/* ---- commands ---- */

static int32_t toggle_check(struct grbl *grbl)
{
	if (grbl->state == GRBL_CHECK) {
		sim_grbl_say(grbl, "[MSG:Disabled]\r\n");
		grbl->state = GRBL_IDLE;
		sim_grbl_reset_now(grbl);
		return 0;
	}
	if (grbl->state != GRBL_IDLE)
		return ERROR_NOT_IDLE;
	grbl->state = GRBL_CHECK;
	sim_grbl_say(grbl, "[MSG:Enabled]\r\n");
	return 0;
}

static int32_t unlock(struct grbl *grbl)
{
	if (grbl->state != GRBL_ALARM)
		return 0;
	if (grbl->door_open)
		return ERROR_DOOR;
	grbl->state = GRBL_IDLE;
	sim_grbl_say(grbl, "[MSG:Caution: Unlocked]\r\n");
	return 0;
}

static int32_t jog(struct grbl *grbl, const char *line)
{
	if (grbl->state != GRBL_IDLE && grbl->state != GRBL_JOG)
		return ERROR_NOT_IDLE;
	if (line[0] != '=')
		return ERROR_BAD_JOG;
	grbl->block.jog = false;
	int32_t error = sim_grbl_parse(grbl, line + 1, true);
	grbl->block.jog = error == 0;
	return error;
}

static int32_t idle_command(struct grbl *grbl, const char *line, bool *waits)
{
	if (grbl->state != GRBL_IDLE && grbl->state != GRBL_ALARM)
		return ERROR_NOT_IDLE;
	if (strcmp(line, "H") == 0) {
		if (sim_grbl_setting(grbl, 22) <= 0)
			return ERROR_NO_HOMING;
		*waits = true;
		return 0;
	}
	if (strcmp(line, "#") == 0) {
		sim_grbl_report_parameters(grbl);
		return 0;
	}
	if (strcmp(line, "I") == 0) {
		sim_grbl_report_build(grbl);
		return 0;
	}
	if (strcmp(line, "N") == 0) {
		sim_grbl_say(grbl, "$N0=\r\n");
		sim_grbl_say(grbl, "$N1=\r\n");
		return 0;
	}
	if (strcmp(line, "SLP") == 0) {
		grbl->state = GRBL_SLEEP;
		sim_grbl_say(grbl, "[MSG:Sleeping]\r\n");
		return 0;
	}
	return set(grbl, line);
}

int32_t sim_grbl_system(struct grbl *grbl, const char *line, bool *waits)
{
	line++;
	if (*line == '\0') {
		sim_grbl_say(grbl, "[HLP:$$ $# $G $I $N $x=val $Nx=line $J=line $SLP $C $X $H ~ ! "
				   "? ctrl-x]\r\n");
		return 0;
	}
	if (*line == 'J')
		return jog(grbl, line + 1);
	if (strchr("$GCX", *line)) {
		if (line[1] != '\0')
			return ERROR_STATEMENT;
		if (*line == 'C')
			return toggle_check(grbl);
		if (*line == 'X')
			return unlock(grbl);
		if (*line == 'G')
			sim_grbl_report_parser(grbl);
		else if (grbl->state == GRBL_RUN || grbl->state == GRBL_HOLD)
			return ERROR_NOT_IDLE;
		else
			sim_grbl_report_settings(grbl);
		return 0;
	}
	return idle_command(grbl, line, waits);
}
