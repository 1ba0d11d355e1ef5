/* What a line does in Klipper: the commands of gcode.py, gcode_move.py, heaters.py, pause_resume.py
 * and their kind, as far as a host meets them. */
#include "sim/klipper.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strlen, memcpy */

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static char upper(char c)
{
	return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

/* The command without blanks around it, comment and line number; *number as it was. */
static void strip(const char *line, char *text, int64_t *number)
{
	size_t length = 0;

	*number = SIM_UNNUMBERED;
	while (*line == ' ' || *line == '\t')
		line++;
	if (upper(*line) == 'N' && is_digit(line[1])) {
		*number = 0;
		for (line++; is_digit(*line); line++)
			if (*number < 1000000000)
				*number = *number * 10 + (*line - '0');
		while (*line == ' ')
			line++;
	}
	while (*line && *line != ';' && *line != '\r' && length < KLIPPER_LINE_MAX - 1)
		text[length++] = *line++;
	while (length > 0 && (text[length - 1] == ' ' || text[length - 1] == '\t'))
		length--;
	text[length] = '\0';
	/* "*" and digits at the end: a checksum, which nobody looks at. */
	while (length > 0 && is_digit(text[length - 1]))
		length--;
	if (length > 0 && text[length - 1] == '*' && is_digit(text[length]))
		text[length - 1] = '\0';
}

static bool is_command(const char *text, const char *name)
{
	size_t length = strlen(name);

	for (size_t i = 0; i < length; i++)
		if (upper(text[i]) != name[i])
			return false;
	return text[length] == '\0' || text[length] == ' ';
}

/* The value of KEY=value in an extended command; NULL: not given. */
static const char *parameter(const char *text, const char *key)
{
	size_t length = strlen(key);

	for (; *text; text++) {
		size_t i = 0;

		if (*text != ' ')
			continue;
		while (i < length && upper(text[1 + i]) == key[i])
			i++;
		if (i == length && text[1 + i] == '=')
			return text + 2 + i;
	}
	return NULL;
}

int sim_klipper_temperatures(const struct klipper *klipper, char *text, size_t size)
{
	const struct machine *machine = &klipper->machine;

	if (klipper->life == KLIPPER_STARTING)
		return snprintf(text, size, "T:0");
	if (klipper->now_us < klipper->measured_from_us)
		return snprintf(text, size, "B:0.0 /0.0 T0:0.0 /0.0");
	return snprintf(text, size, "B:%.1f /%.1f T0:%.1f /%.1f", machine_celsius(machine, SIM_BED),
		machine->target_celsius[SIM_BED], machine_celsius(machine, SIM_HOTEND),
		machine->target_celsius[SIM_HOTEND]);
}

/* "ok text" where lines are acknowledged, the text as information in a script. */
static enum sim_klipper_result answer(struct klipper *klipper, const char *text, bool script)
{
	char line[BOARD_LINE_MAX];
	int length;

	if (script) {
		sim_klipper_say(klipper, "// %s\n", text);
		return KLIPPER_DONE;
	}
	length = snprintf(line, sizeof line, "ok %s\n", text);
	klipper->now_us = board_print_ok(klipper->board, line, (size_t)length, klipper->now_us);
	return KLIPPER_ANSWERED;
}

/* ---- commands that need no machine ---- */

static enum sim_klipper_result status(struct klipper *klipper, char *error, size_t size)
{
	if (klipper->life == KLIPPER_READY) {
		sim_klipper_say(klipper, "// Klipper state: Ready\n");
		return KLIPPER_DONE;
	}
	char message[KLIPPER_LINE_MAX];

	sim_klipper_state_message(klipper, message, sizeof message);
	snprintf(error, size, "%s\nKlipper state: Not ready", message);
	return KLIPPER_ERROR;
}

static enum sim_klipper_result restart(struct klipper *klipper)
{
	klipper->restart_wanted = true;
	return KLIPPER_DONE;
}

static enum sim_klipper_result echo(
	struct klipper *klipper, const char *text, char *error, size_t size)
{
	/* Parameters are read as KEY=VALUE before they are echoed. */
	if (strchr(text, ' ') && !strchr(text, '=')) {
		snprintf(error, size, "Malformed command '%.100s'", text);
		return KLIPPER_ERROR;
	}
	sim_klipper_say(klipper, "// %s\n", text);
	return KLIPPER_DONE;
}

/* *known: it was one of them. */
static enum sim_klipper_result execute_base(struct klipper *klipper, const char *text, bool script,
	char *error, size_t size, bool *known)
{
	char words[BOARD_LINE_MAX];

	*known = true;
	if (is_command(text, "M110") || is_command(text, "M21"))
		return KLIPPER_DONE;
	if (is_command(text, "M112")) {
		sim_klipper_shutdown(klipper, "Shutdown due to M112 command");
		return KLIPPER_DONE;
	}
	if (is_command(text, "M115")) {
		snprintf(words, sizeof words, "FIRMWARE_NAME:Klipper FIRMWARE_VERSION:%s",
			klipper->variant->version);
		return answer(klipper, words, script);
	}
	if (is_command(text, "M105")) {
		if (klipper->life == KLIPPER_READY)
			sim_klipper_temperatures(klipper, words, sizeof words);
		else
			snprintf(words, sizeof words, "T:0");
		return answer(klipper, words, script);
	}
	if (is_command(text, "STATUS"))
		return status(klipper, error, size);
	if (is_command(text, "ECHO"))
		return echo(klipper, text, error, size);
	if (is_command(text, "RESTART") || is_command(text, "FIRMWARE_RESTART"))
		return restart(klipper);
	*known = false;
	return KLIPPER_DONE;
}

/* ---- extended commands ---- */

static void save_state(struct klipper *klipper)
{
	const struct machine *machine = &klipper->machine;
	struct sim_klipper_saved *saved = &klipper->saved;

	saved->known = true;
	saved->relative = machine->relative;
	saved->relative_e = machine->relative_e;
	saved->feed_mm_s = machine->feed_mm_s;
	saved->speed_percent = machine->speed_percent;
	memcpy(saved->position_mm, machine->position_mm, sizeof saved->position_mm);
	memcpy(saved->offset_mm, machine->offset_mm, sizeof saved->offset_mm);
}

static enum sim_klipper_result restore_state(
	struct klipper *klipper, const char *text, char *error, size_t size)
{
	struct machine *machine = &klipper->machine;
	const struct sim_klipper_saved *saved = &klipper->saved;
	const char *move = parameter(text, "MOVE");
	struct machine_words words = { .letter = 'G', .code = 1 };

	if (!saved->known) {
		snprintf(error, size, "Unknown g-code state: printfarm");
		return KLIPPER_ERROR;
	}
	/* E goes on from where it is: what was extruded meanwhile is not taken back. */
	memcpy(machine->offset_mm, saved->offset_mm, sizeof saved->offset_mm);
	machine->offset_mm[3] =
		saved->position_mm[3] + saved->offset_mm[3] - machine->position_mm[3];
	machine->relative = false;
	if (move && *move == '1') {
		for (int i = 0; i < 3; i++) {
			words.valued |= 1u << ("XYZ"[i] - 'A');
			words.value["XYZ"[i] - 'A'] = saved->position_mm[i] + saved->offset_mm[i];
		}
		machine_execute(machine, &words, klipper->now_us, klipper->now_us);
	}
	machine->relative = saved->relative;
	machine->relative_e = saved->relative_e;
	machine->feed_mm_s = saved->feed_mm_s;
	machine->speed_percent = saved->speed_percent;
	return machine->wait == MACHINE_WAIT_NONE ? KLIPPER_DONE : KLIPPER_WAITS;
}

static enum sim_klipper_result set_heater(
	struct klipper *klipper, const char *text, char *error, size_t size)
{
	const char *heater = parameter(text, "HEATER"), *target = parameter(text, "TARGET");
	struct machine_words words;
	char line[32];

	if (!heater) {
		snprintf(error, size, "Error on '%.60s': missing HEATER", text);
		return KLIPPER_ERROR;
	}
	snprintf(line, sizeof line, "M104 S%.12s", target ? target : "0");
	machine_words_parse(&words, line);
	machine_set_target(&klipper->machine, *heater == 'h' ? SIM_BED : SIM_HOTEND,
		words.valued ? words.value['S' - 'A'] : 0);
	return KLIPPER_DONE;
}

static enum sim_klipper_result pause_resume(struct klipper *klipper, const char *text)
{
	if (is_command(text, "PAUSE")) {
		sim_klipper_say(klipper,
			klipper->paused ? "// Print already paused\n" : "// action:paused\n");
		klipper->paused = true;
	} else if (is_command(text, "RESUME")) {
		if (!klipper->paused)
			sim_klipper_say(klipper, "// Print is not paused, resume aborted\n");
		else
			sim_klipper_say(klipper, "// action:resumed\n");
		klipper->paused = false;
	} else {
		sim_klipper_say(klipper, "// action:cancel\n");
		klipper->paused = false;
	}
	return KLIPPER_DONE;
}

static enum sim_klipper_result position(struct klipper *klipper)
{
	const struct machine *machine = &klipper->machine;

	sim_klipper_say(klipper, "X:%.3f Y:%.3f Z:%.3f E:%.3f\n", machine_logical_mm(machine, 0),
		machine_logical_mm(machine, 1), machine_logical_mm(machine, 2),
		machine_logical_mm(machine, 3));
	return KLIPPER_DONE;
}

/* One of two names of a parameter, as a whole number within 0 to 999; 0: not given. */
static int celsius_parameter(const char *text, const char *key, const char *other)
{
	const char *at = parameter(text, key);
	int value = 0;

	if (!at)
		at = parameter(text, other);
	for (; at && is_digit(*at) && value < 100; at++)
		value = value * 10 + (*at - '0');
	return value;
}

/* What the configurations of most machines have: heat, home, and all off. */
static enum sim_klipper_result print_macro(struct klipper *klipper, const char *text)
{
	int bed = celsius_parameter(text, "BED", "BED_TEMP");
	int hotend = celsius_parameter(text, "EXTRUDER", "EXTRUDER_TEMP");

	if (is_command(text, "PRINT_END") || is_command(text, "END_PRINT"))
		snprintf(klipper->macro, sizeof klipper->macro, "TURN_OFF_HEATERS\nM84");
	else
		snprintf(klipper->macro, sizeof klipper->macro,
			"M140 S%d\nM104 S%d\nG28\nM190 S%d\nM109 S%d", bed, hotend, bed, hotend);
	return KLIPPER_MACRO;
}

static enum sim_klipper_result execute_extended(
	struct klipper *klipper, const char *text, char *error, size_t size, bool *known)
{
	const struct sim_klipper_variant *variant = klipper->variant;

	*known = true;
	if (is_command(text, "TURN_OFF_HEATERS")) {
		machine_heaters_off(&klipper->machine);
		return KLIPPER_DONE;
	}
	if (is_command(text, "SAVE_GCODE_STATE")) {
		save_state(klipper);
		return KLIPPER_DONE;
	}
	if (is_command(text, "RESTORE_GCODE_STATE"))
		return restore_state(klipper, text, error, size);
	if (is_command(text, "SET_HEATER_TEMPERATURE"))
		return set_heater(klipper, text, error, size);
	if (variant->macros &&
		(is_command(text, "PRINT_START") || is_command(text, "START_PRINT") ||
			is_command(text, "PRINT_END") || is_command(text, "END_PRINT")))
		return print_macro(klipper, text);
	if (variant->pause_resume && (is_command(text, "PAUSE") || is_command(text, "RESUME") ||
					     is_command(text, "CANCEL_PRINT")))
		return pause_resume(klipper, text);
	if (variant->display && (is_command(text, "M117") || is_command(text, "M73")))
		return KLIPPER_DONE;
	if (variant->respond && is_command(text, "M118")) {
		sim_klipper_say(klipper, "echo: %s\n", strlen(text) > 5 ? text + 5 : "");
		return KLIPPER_DONE;
	}
	if (is_command(text, "M114"))
		return position(klipper);
	*known = false;
	return KLIPPER_DONE;
}

/* ---- moves, heat ---- */

static enum sim_klipper_result told(
	struct klipper *klipper, enum machine_result result, char *error, size_t size)
{
	const struct machine *machine = &klipper->machine;
	const double *to_mm = machine->move.to_mm;

	switch (result) {
	case MACHINE_DONE:
	case MACHINE_UNKNOWN:
		return KLIPPER_DONE;
	case MACHINE_WAITS:
		klipper->next_report_us = klipper->now_us + 1000000;
		return KLIPPER_WAITS;
	case MACHINE_NOT_HOMED:
		snprintf(error, size, "Must home axis first: %.3f %.3f %.3f [%.3f]", to_mm[0],
			to_mm[1], to_mm[2], to_mm[3]);
		return KLIPPER_ERROR;
	case MACHINE_OUT_OF_RANGE:
		snprintf(error, size, "Move out of range: %.3f %.3f %.3f [%.3f]", to_mm[0],
			to_mm[1], to_mm[2], to_mm[3]);
		return KLIPPER_ERROR;
	case MACHINE_COLD:
		snprintf(error, size,
			"Extrude below minimum temp\n"
			"See the 'min_extrude_temp' config option for details");
		return KLIPPER_ERROR;
	}
	return KLIPPER_DONE;
}

static enum sim_klipper_result execute_machine(
	struct klipper *klipper, const char *text, char *error, size_t size, bool *known)
{
	struct machine_words words;
	enum machine_result result;

	machine_words_parse(&words, text);
	*known = true;
	if (words.letter == 'G' && words.code == 20) {
		snprintf(error, size, "Machine does not support G20 (inches) command");
		return KLIPPER_ERROR;
	}
	result = machine_execute(&klipper->machine, &words, klipper->now_us, klipper->come_us);
	*known = result != MACHINE_UNKNOWN;
	return told(klipper, result, error, size);
}

/* ---- one line ---- */

static enum sim_klipper_result dispatch(
	struct klipper *klipper, const char *text, bool script, char *error, size_t size)
{
	bool known;
	enum sim_klipper_result result = execute_base(klipper, text, script, error, size, &known);

	if (known)
		return result;
	if (klipper->life != KLIPPER_READY) {
		sim_klipper_state_message(klipper, error, size);
		return KLIPPER_ERROR;
	}
	result = execute_extended(klipper, text, error, size, &known);
	if (!known)
		result = execute_machine(klipper, text, error, size, &known);
	if (!known) {
		klipper->board->counters.unknown++;
		sim_klipper_say(
			klipper, "// Unknown command:\"%.*s\"\n", (int)strcspn(text, " "), text);
	}
	return result;
}

enum sim_klipper_result sim_klipper_execute(
	struct klipper *klipper, const char *line, bool script, char *error, size_t size)
{
	struct board_origin origin = { .number = SIM_UNNUMBERED };
	enum sim_klipper_result result;
	char text[KLIPPER_LINE_MAX];

	strip(line, text, &origin.number);
	error[0] = '\0';
	if (text[0] == '\0')
		return KLIPPER_DONE;
	klipper->now_us += klipper->board->settings.command_us;
	result = dispatch(klipper, text, script, error, size);
	text[SIM_COMMAND_MAX - 1] = '\0';
	/* What was refused has not been executed. */
	if (result != KLIPPER_ERROR && !klipper->at_panel)
		board_executed(klipper->board, &origin, text);
	return result;
}
