/* What a line does in RepRapFirmware. */
#include "sim/rrf.h"

#include <stdio.h>  /* snprintf */
#include <string.h> /* strlen, memcpy, strchr */

/* The text in double quotes behind a letter, or all of it. */
static void quoted(const char *arguments, char letter, char *text, size_t size)
{
	char start[3] = { letter, '"', '\0' };
	const char *at = strstr(arguments, start);
	size_t length = 0;

	if (at)
		for (at += 2; *at && *at != '"' && length + 1 < size; at++)
			text[length++] = *at == '\\' ? '/' : *at;
	text[length] = '\0';
}

/* S2 and S3 wait for M292, which can only come from somewhere else. */
static void message_box(struct rrf *rrf, const struct machine_words *words)
{
	double mode = 1;

	machine_value(words, 'S', &mode);
	quoted(words->arguments, 'P', rrf->box, sizeof rrf->box);
	rrf->running = rrf->boxed = mode >= 2;
}

static void mode(struct rrf *rrf, const struct machine_words *words)
{
	double protocol = -1;

	machine_value(words, 'P', &protocol);
	if (protocol >= 0)
		rrf->native = protocol == 1 || protocol == 0;
}

static void m105(struct rrf *rrf)
{
	char text[BOARD_LINE_MAX], line[BOARD_LINE_MAX + 8];
	int length;

	rrf->temperatures_asked = true;
	sim_rrf_temperatures(rrf, text, sizeof text);
	length = snprintf(line, sizeof line, "%s%s\n", rrf->native ? "" : "ok ", text);
	rrf->now_us = board_print_ok(rrf->board, line, (size_t)length, rrf->now_us);
}

static void say_text(struct rrf *rrf, const struct machine_words *words)
{
	char text[RRF_TEXT_MAX];

	quoted(words->arguments, 'S', text, sizeof text);
	sim_rrf_say(rrf, "%s\n", text);
}

/* Commands that also a stopped machine understands, and reports.  True: it was one of them and is
 * done with, but for its ok. */
static bool execute_status(struct rrf *rrf, const struct machine_words *words)
{
	switch (words->letter == 'M' ? words->code : -1) {
	case 112:
		sim_rrf_stop(rrf);
		sim_rrf_say(rrf, "Emergency Stop! Reset the controller to continue.\n");
		return true;
	case 115:
		sim_rrf_m115(rrf);
		return true;
	case 122:
		sim_rrf_m122(rrf);
		return true;
	case 408:
		sim_rrf_m408(rrf);
		return true;
	case 409:
		if (!rrf->variant->object_model)
			return false;
		sim_rrf_m409(rrf, words->arguments);
		return true;
	case 555:
		mode(rrf, words);
		return true;
	case 999:
		rrf->reset_wanted = true;
		return true;
	default:
		return false;
	}
}

static bool execute_own(struct rrf *rrf, const struct machine_words *words)
{
	const struct machine *machine = &rrf->machine;

	if (words->letter != 'M')
		return words->letter == 'T' || (words->letter == 'G' && words->code == 29);
	switch (words->code) {
	case 110:
	case 73:
	case 117:
	case 201:
	case 203:
	case 205:
	case 207:
	case 566:
		return true;
	case 114:
		sim_rrf_say(rrf, "X:%.3f Y:%.3f Z:%.3f E:%.3f Count 0 0 0 Machine %.3f %.3f %.3f\n",
			machine_logical_mm(machine, 0), machine_logical_mm(machine, 1),
			machine_logical_mm(machine, 2), machine_logical_mm(machine, 3),
			machine->position_mm[0], machine->position_mm[1], machine->position_mm[2]);
		return true;
	case 118:
		say_text(rrf, words);
		return true;
	case 291:
		message_box(rrf, words);
		return true;
	default:
		return false;
	}
}

static void refuse(struct rrf *rrf, enum machine_result result, const struct machine_words *words,
	const char *text)
{
	switch (result) {
	case MACHINE_DONE:
	case MACHINE_WAITS:
		break;
	case MACHINE_UNKNOWN:
		rrf->board->counters.unknown++;
		if (words->letter != '?')
			sim_rrf_say(rrf, "%s: %.*s: Command is not supported\n",
				rrf->variant->object_model ? "Warning" : "Error",
				(int)strcspn(text, " "), text);
		else
			sim_rrf_say(rrf, "Error: Bad command: %.60s\n", text);
		break;
	case MACHINE_NOT_HOMED:
		sim_rrf_say(rrf, "Error: G0/G1: insufficient axes homed\n");
		break;
	case MACHINE_OUT_OF_RANGE:
		sim_rrf_say(rrf, "Error: G0/G1: target position outside machine limits\n");
		break;
	case MACHINE_COLD:
		/* The move is made without the filament. */
		sim_rrf_say(rrf, "Warning: Tool 0 was not driven because its heater temperatures "
				 "were not high enough or it has a heater fault\n");
		break;
	}
}

static enum machine_result run(struct rrf *rrf, const char *text)
{
	struct machine_words words;
	enum machine_result result;

	machine_words_parse(&words, text);
	if (words.letter == 'M' && words.code == 105) {
		m105(rrf);
		return MACHINE_WAITS; /* acknowledged already */
	}
	if (execute_status(rrf, &words) || rrf->life == RRF_STOPPED || execute_own(rrf, &words))
		return MACHINE_DONE;
	result = machine_execute(&rrf->machine, &words, rrf->now_us, rrf->come_us);
	rrf->running = result == MACHINE_WAITS;
	rrf->next_report_us = rrf->now_us + 2000000;
	refuse(rrf, result, &words, text);
	return result;
}

void sim_rrf_execute(struct rrf *rrf, const char *text, int64_t number)
{
	struct board_origin origin = { .number = number };
	char command[SIM_COMMAND_MAX];
	bool alive = rrf->life == RRF_RUNNING;
	enum machine_result result;

	rrf->now_us += rrf->board->settings.command_us;
	result = run(rrf, text);
	snprintf(command, sizeof command, "%s", text);
	if (alive && result != MACHINE_NOT_HOMED && result != MACHINE_OUT_OF_RANGE)
		board_executed(rrf->board, &origin, command);
	if (!rrf->running && result != MACHINE_WAITS)
		sim_rrf_done(rrf);
}
