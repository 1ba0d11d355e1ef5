/* Repetier-Firmware over its ASCII protocol, V1 1.0.x and V2 (serial-protocols.md 7;
 * Repetier/gcode.cpp).
 *
 * A line is acknowledged when it is received ("ok 5", the number received last), and runs later.
 * Damage is answered by an empty line, "Resend:5" and an ok, again every 200 ms until the line
 * comes; a line taken before by "skip 5" and an ok.  "wait" once a second says that nothing is
 * left to read.
 *
 * What no sender can prevent here: a checksum is not demanded.  A byte that noise turns into a line
 * end, ';', '(' or '%' hides the rest of its line and the sum with it, and the firmware runs what
 * stands before.  Behind a line end the remainder is refused, which is seen; behind the others
 * nothing tells. */
#include "drivers/repetier.h"

#include "drivers/marlin_variant.h"

#include <string.h> /* memcmp, memchr, strlen */

static bool begins(const char *line, size_t length, const char *text)
{
	size_t text_length = strlen(text);

	return length >= text_length && memcmp(line, text, text_length) == 0;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* A whole number that ends at `end` or the line's end; -1: none. */
static int64_t number_at(const char *text, size_t length, char end)
{
	int64_t value = 0;
	size_t i = 0;

	while (i < length && is_digit(text[i]) && value < INT32_MAX)
		value = value * 10 + (text[i++] - '0');
	return i > 0 && (i == length || text[i] == end) ? value : -1;
}

static bool classify_ok(const char *line, size_t length, struct reply *reply)
{
	int64_t number;

	if (!begins(line, length, "ok "))
		return false;
	number = number_at(line + 3, length - 3, '\n');
	if (number < 0)
		return false;
	reply->kind = REPLY_OK;
	reply->oks = 1;
	reply->number = number;
	return true;
}

static bool classify_refusal(const char *line, size_t length, struct reply *reply)
{
	static const char expected[] = "Error:expected line ";
	size_t skip = sizeof(expected) - 1;

	if (begins(line, length, "skip ")) {
		reply->kind = REPLY_REPEATED;
		reply->number = number_at(line + 5, length - 5, '\n');
		return true;
	}
	if (!begins(line, length, expected))
		return false;
	int64_t number = number_at(line + skip, length - skip, ' ');

	reply->kind = REPLY_LINE_ERROR;
	reply->line_error = REPLY_ERROR_NUMBER;
	reply->number = number >= 0 ? number - 1 : -1;
	return true;
}

/* A command with a number was a line of ours that this build does not know; without one it is what
 * noise has left of a line. */
static bool classify_unknown(const char *line, size_t length, struct reply *reply)
{
	static const char unknown[] = "Unknown command:";
	size_t skip = sizeof(unknown) - 1;

	if (!begins(line, length, unknown))
		return false;
	reply->kind = skip + 1 < length && line[skip] == 'N' && is_digit(line[skip + 1])
			      ? REPLY_ERROR
			      : REPLY_UNKNOWN_COMMAND;
	reply->text = line + skip;
	reply->text_length = length - skip;
	return true;
}

/* What newer builds write instead of "// action:…". */
static const struct {
	const char *line, *action;
} requests[] = {
	{ "RequestPause:", "pause" },
	{ "RequestContinue:", "resume" },
	{ "RequestStop:", "cancel" },
};

static bool classify_request(const char *line, size_t length, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(requests) / sizeof(requests[0]); i++) {
		if (!begins(line, length, requests[i].line))
			continue;
		reply->kind = REPLY_ACTION;
		reply->text = requests[i].action;
		reply->text_length = strlen(requests[i].action);
		return true;
	}
	if (!begins(line, length, "busy:door"))
		return false;
	reply->kind = REPLY_BUSY_PERSON;
	reply->text = line + 5;
	reply->text_length = length - 5;
	return true;
}

/* Heaters are off, lines are acknowledged and none runs, until M999. */
static bool classify_fatal(const char *line, size_t length, struct reply *reply)
{
	if (!begins(line, length, "fatal:"))
		return false;
	reply->kind = REPLY_FAULT;
	reply->fault =
		begins(line, length, "fatal:Heater") ? DRIVER_FAULT_THERMAL : DRIVER_FAULT_KILLED;
	reply->text = line + 6;
	reply->text_length = length - 6;
	return true;
}

/* "start" may be glued to what the reset has cut off; the next line tells why there was one. */
static bool classify_boot(const char *line, size_t length, struct reply *reply)
{
	static const char *const lines[] = { "Info:PowerUp", "Info:External Reset",
		"Info:Brown out Reset", "Info:Watchdog Reset", "Info:Software Reset" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (length == strlen(lines[i]) && begins(line, length, lines[i])) {
			reply->kind = REPLY_RESET;
			return true;
		}
	}
	return false;
}

static bool classify(const char *line, size_t length, struct reply *reply)
{
	return classify_ok(line, length, reply) || classify_refusal(line, length, reply) ||
	       classify_unknown(line, length, reply) || classify_request(line, length, reply) ||
	       classify_fatal(line, length, reply) || classify_boot(line, length, reply);
}

/* One line is kept besides the one that runs, so what may be under way is what the receive ring
 * holds (127 bytes on an AVR), less a place for a question and an emergency line.  A piece of a
 * line does not match its checksum (one in 256 does).  M112 acts at reception and restarts the
 * board. */
static const struct marlin_variant repetier = {
	.name = "Repetier-Firmware",
	.first_number = 0,
	.renumber_at = 60000, /* numbers are compared modulo 65536 */
	.last_number = 64500,
	.queue_lines = 6,
	.ring_bytes = 105,
	.resend_oks_min = 1,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_SKIPPED,
	.ok_number = MARLIN_OK_NAMES_THE_LAST,
	.answers_later = true,
	.bare_resend = true,
	.flush = "\n",
	.barrier = "M118 ",
	.spoils = "(%", /* the rest of the line, checksum and all, is not looked at */
	.break_line = "M108",
	.stop = "\nM112\nM112\n",
	.restart = "M999\n",
	.classify = classify,
};

static const struct marlin_variant *find(const char *firmware)
{
	return strncmp(firmware, "Repetier", 8) == 0 ? &repetier : NULL;
}

const struct marlin_family repetier_family = {
	.dialect = "repetier",
	.find = find,
	.unknown = &repetier,
	.refuses_held = true, /* asks for the line again after 200 ms */
};

struct driver *repetier_create(const struct driver_settings *settings)
{
	return marlin_create_of(settings, &repetier_family);
}
