/* Smoothieware (serial-protocols.md 9; GcodeDispatch.cpp), with line numbers.
 *
 * A damaged or unexpected numbered line is answered by "rs N5" and no ok.  Every other line has an
 * ok, an empty one too; a move has it before it is planned.  Nothing says "busy": the byte '?' is
 * answered whatever runs.  A halt (^X, M112, a limit, a heater) refuses nearly everything with "!!"
 * until M999.
 *
 * Behind its own USB nothing is damaged and a window is safe.  Behind a serial wire one line is
 * under way, and two things cannot be prevented: a line without a number runs unchecked, and so
 * does one whose '*' was hit. */
#include "drivers/smoothie.h"

#include "drivers/marlin_variant.h"

#include <string.h> /* memcmp, strlen, strncmp */

static bool begins(const char *line, size_t length, const char *text)
{
	size_t text_length = strlen(text);

	return length >= text_length && memcmp(line, text, text_length) == 0;
}

static bool contains(const char *line, size_t length, const char *text)
{
	size_t text_length = strlen(text);

	for (size_t i = 0; i + text_length <= length; i++)
		if (memcmp(line + i, text, text_length) == 0)
			return true;
	return false;
}

static const struct {
	const char *text;
	enum driver_fault fault;
} halts[] = {
	{ "Temperature r", DRIVER_FAULT_THERMAL }, /* runaway; reading is unreliable */
	{ "took too long to heat", DRIVER_FAULT_THERMAL },
	{ "MAXTEMP", DRIVER_FAULT_THERMAL },
	{ "Thermal Runaway", DRIVER_FAULT_THERMAL },
	{ "Heating failed", DRIVER_FAULT_THERMAL },
	{ "HALT asserted", DRIVER_FAULT_KILLED },
	{ "Emergency Stop Requested", DRIVER_FAULT_KILLED },
	{ "Kill button pressed", DRIVER_FAULT_KILLED },
	{ "Entering Alarm/Halt state", DRIVER_FAULT_KILLED },
};

static bool classify_halt(const char *line, size_t length, struct reply *reply)
{
	bool speaks = begins(line, length, "ERROR:") || begins(line, length, "Error:") ||
		      begins(line, length, "ALARM:") || begins(line, length, "ok Emergency") ||
		      begins(line, length, "Entering");

	for (size_t i = 0; speaks && i < sizeof(halts) / sizeof(halts[0]); i++) {
		if (!contains(line, length, halts[i].text))
			continue;
		reply->kind = REPLY_FAULT;
		reply->fault = halts[i].fault;
		return true;
	}
	if (!begins(line, length, "HALTED,"))
		return false;
	reply->kind = REPLY_FAULT;
	reply->fault = DRIVER_FAULT_KILLED;
	return true;
}

/* What a halted board answers to everything but M999. */
static const char halted[] = "the board is halted, and stays so until its reset button is pressed, "
			     "its power is switched off and on, or it is sent M999";

static bool classify(const char *line, size_t length, struct reply *reply)
{
	if (classify_halt(line, length, reply))
		return true;
	if (length == 2 && begins(line, length, "!!")) {
		reply->kind = REPLY_FAULT;
		reply->fault = DRIVER_FAULT_KILLED;
		reply->text = halted;
		reply->text_length = sizeof(halted) - 1;
	} else if (begins(line, length, "ok - ignored")) {
		reply->kind = REPLY_OK;
		reply->oks = 1;
		reply->ignored = true;
	} else if (length > 2 && line[0] == '<' && line[length - 1] == '>') {
		/* The answer to '?': it is alive, which does not tell that a line runs. */
		reply->kind = REPLY_OTHER;
	} else if (length == 8 && begins(line, length, "Smoothie")) {
		reply->kind = REPLY_RESET;
	} else if (begins(line, length, "rs N")) {
		reply->kind = REPLY_RESEND;
		for (size_t i = 4; i < length && line[i] >= '0' && line[i] <= '9'; i++)
			reply->number =
				(reply->number < 0 ? 0 : reply->number) * 10 + (line[i] - '0');
		/* Cut or damaged: no number at all. */
		if (reply->number > INT32_MAX)
			reply->number = -1;
	} else {
		return false;
	}
	return true;
}

static const struct marlin_variant smoothie = {
	.name = "Smoothieware",
	.first_number = 0,
	.renumber_at = 98000,
	.last_number = 99999,
	.queue_lines = 8, /* ^X needs no place in any queue */
	.ring_bytes = 240,
	.runs_pieces = true,
	.resend_oks_min = 0,
	.resend_oks_max = 0,
	.repeat = MARLIN_REPEAT_REFUSED,
	.ok_number = MARLIN_OK_NAMES_ITS_LINE,
	.bare_resend = true,
	.greets = true,
	/* Half a line with a number and no checksum would be taken as it stands: an asterisk makes
	 * its sum wrong.  Alone it is "ok - ignored". */
	.flush = "*\n",
	.answers_flush = true,
	.barrier = NULL,
	.spoils = "?!~(",
	.break_line = NULL,
	.query = '?',
	.stop = "\x18\nM112\n",
	.restart = "M999\n",
	.classify = classify,
};

static const struct marlin_variant *find(const char *firmware)
{
	return strncmp(firmware, "Smoothieware", 12) == 0 ? &smoothie : NULL;
}

const struct marlin_family smoothie_family = {
	.dialect = "smoothie",
	.find = find,
	.unknown = &smoothie,
	.refuses_held = true, /* takes nothing back */
};

struct driver *smoothie_create(const struct driver_settings *settings)
{
	return marlin_create_of(settings, &smoothie_family);
}
