/* The classification of a printer's line; see reply.h. */
#include "drivers/reply.h"

#include "drivers/report.h"

#include <string.h>

static char lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

bool reply_starts_with(const char *text, size_t length, const char *word)
{
	size_t word_length = strlen(word);

	if (length < word_length)
		return false;
	for (size_t i = 0; i < word_length; i++) {
		if (lower(text[i]) != lower(word[i]))
			return false;
	}
	return true;
}

static bool contains(const char *text, size_t length, const char *word)
{
	for (size_t i = 0; i < length; i++) {
		if (reply_starts_with(text + i, length - i, word))
			return true;
	}
	return false;
}

static bool equals(const char *text, size_t length, const char *word)
{
	return strlen(word) == length && memcmp(text, word, length) == 0;
}

/* The decimal at the start of text, -1 if there is none or it is absurd. *used: bytes read. */
static int64_t read_number(const char *text, size_t length, size_t *used)
{
	int64_t value = 0;
	size_t i = 0;

	for (; i < length && is_digit(text[i]); i++) {
		if (value > INT32_MAX)
			return -1;
		value = value * 10 + (text[i] - '0');
	}
	*used = i;
	return i > 0 ? value : -1;
}

/* The first whole number anywhere in text, -1 if there is none. */
static int64_t first_number(const char *text, size_t length)
{
	size_t used;

	for (size_t i = 0; i < length; i++) {
		if (is_digit(text[i]))
			return read_number(text + i, length - i, &used);
	}
	return -1;
}

static void set_text(struct reply *reply, const char *line, size_t length, size_t skip)
{
	while (skip < length && line[skip] == ' ')
		skip++;
	reply->text = line + skip;
	reply->text_length = length - skip;
}

/* "ok N12 P15 B3" and parts of it.  Strict: a field that is not exactly like that ends the
 * reading, so that a damaged ok is at most one without a number. AnyCubic writes "ok N:12". */
static void read_ok_fields(const char *text, size_t length, struct reply *reply)
{
	size_t i = 2;

	while (i + 1 < length && text[i] == ' ') {
		char letter = text[i + 1];
		size_t at = i + 2, used = 0;
		int64_t value;

		if (letter == 'N' && at < length && text[at] == ':')
			at++;
		value = read_number(text + at, length - at, &used);
		if (value < 0 || (at + used < length && text[at + used] != ' '))
			return;
		if (letter == 'N')
			reply->number = value;
		else if (letter == 'P' && value <= INT16_MAX)
			reply->planner_free = (int32_t)value;
		else if (letter == 'B' && value <= INT16_MAX)
			reply->queue_free = (int32_t)value;
		else
			return;
		i = at + used;
	}
}

/* Two bytes of which one is right, or one of the two alone: what noise leaves of an ok. */
static bool is_damaged_ok(const char *text, size_t length)
{
	if (length == 1)
		return text[0] == 'o' || text[0] == 'k';
	return length == 2 && (text[0] == 'o') != (text[1] == 'k');
}

/* An answer that the reset has cut, and "start" behind it; no answer ends like that. */
static bool is_cut_by_start(const char *line, size_t length)
{
	return length > 5 && memcmp(line + length - 5, "start", 5) == 0 &&
	       ((line[0] == 'o' && line[1] == 'k') || report_is_temperature(line, length));
}

static bool classify_ok(const char *line, size_t length, struct reply *reply)
{
	if (length >= 2 && line[0] == 'o' && line[1] == 'k') {
		reply->kind = REPLY_OK;
		reply->oks = equals(line, length, "okok") ? 2 : 1;
		if (reply->oks == 1 && length > 2) {
			read_ok_fields(line, length, reply);
			reply->has_temperatures = report_is_temperature(line + 2, length - 2);
			reply->answers_question = reply->has_temperatures;
		}
		return true;
	}
	if (is_damaged_ok(line, length)) {
		reply->kind = REPLY_OK_DAMAGED;
		return true;
	}
	return false;
}

/* A report with the ok glued to its end (OctoPrint #4947), and the file deletion of old builds. */
static bool classify_glued_ok(const char *line, size_t length, struct reply *reply)
{
	if (length <= 2 || line[length - 2] != 'o' || line[length - 1] != 'k')
		return false;
	if (report_is_temperature(line, length - 2))
		reply->has_temperatures = true;
	else if (!report_is_position(line, length - 2) &&
		 !reply_starts_with(line, length, "File deleted:"))
		return false;
	reply->kind = REPLY_OK;
	reply->oks = 1;
	return true;
}

static bool classify_resend(const char *line, size_t length, struct reply *reply)
{
	size_t skip;

	if (reply_starts_with(line, length, "resend"))
		skip = 6;
	else if (reply_starts_with(line, length, "rs ") || reply_starts_with(line, length, "rs:"))
		skip = 3;
	else
		return false;
	reply->kind = REPLY_RESEND;
	reply->number = first_number(line + skip, length - skip);
	return true;
}

static const struct {
	const char *text;
	enum reply_line_error error;
} line_errors[] = {
	{ "Line Number is not", REPLY_ERROR_NUMBER },
	{ "checksum mismatch", REPLY_ERROR_CHECKSUM },
	{ "No Checksum with", REPLY_ERROR_NO_CHECKSUM },
	{ "No Line Number with", REPLY_ERROR_UNSPECIFIED },
	{ "expected line", REPLY_ERROR_NUMBER },
	{ "Wrong checksum", REPLY_ERROR_CHECKSUM },
	{ "Missing checksum", REPLY_ERROR_NO_CHECKSUM },
	{ "Format error", REPLY_ERROR_UNSPECIFIED },
};

/* Spellings of Marlin 1.0 to 2.1 and of Repetier; the first that fits names the fault. */
static const struct {
	const char *text;
	enum driver_fault fault;
} firmware_faults[] = {
	{ "MAXTEMP", DRIVER_FAULT_THERMAL },
	{ "MINTEMP", DRIVER_FAULT_THERMAL },
	{ "thermal runaway", DRIVER_FAULT_THERMAL },
	{ "thermal malfunction", DRIVER_FAULT_THERMAL },
	{ "heating failed", DRIVER_FAULT_THERMAL },
	{ "decoupled", DRIVER_FAULT_THERMAL },
	{ "Printer halted", DRIVER_FAULT_KILLED },
	{ "kill() called", DRIVER_FAULT_KILLED },
	{ "KILL caused by", DRIVER_FAULT_KILLED },
};

static bool classify_fault(const char *text, size_t length, struct reply *reply)
{
	for (size_t i = 0; i < sizeof(firmware_faults) / sizeof(firmware_faults[0]); i++) {
		if (contains(text, length, firmware_faults[i].text)) {
			reply->kind = REPLY_FAULT;
			reply->fault = firmware_faults[i].fault;
			set_text(reply, text, length, 0);
			return true;
		}
	}
	return false;
}

static void classify_error(const char *line, size_t length, struct reply *reply)
{
	const char *text = line + 6; /* "Error:" */
	size_t rest = length - 6;

	for (size_t i = 0; i < sizeof(line_errors) / sizeof(line_errors[0]); i++) {
		if (contains(text, rest, line_errors[i].text)) {
			const char *colon = memchr(text, ':', rest);

			reply->kind = REPLY_LINE_ERROR;
			reply->line_error = line_errors[i].error;
			if (colon && contains(text, rest, "Last Line: "))
				reply->number = first_number(colon, rest - (size_t)(colon - text));
			return;
		}
	}
	if (contains(text, rest, "stopped due to errors")) {
		reply->kind = REPLY_STOPPED;
		set_text(reply, line, length, 6);
	} else if (!classify_fault(text, rest, reply)) {
		reply->kind = REPLY_ERROR;
		set_text(reply, line, length, 6);
	}
}

static void classify_busy(const char *text, size_t length, struct reply *reply)
{
	reply->kind = contains(text, length, "paused for") ? REPLY_BUSY_PERSON : REPLY_BUSY;
	set_text(reply, text, length, 5); /* "busy:" */
}

static void classify_unknown_command(const char *text, size_t length, struct reply *reply)
{
	const char *open = memchr(text, '"', length);

	reply->kind = REPLY_UNKNOWN_COMMAND;
	set_text(reply, text, length, length);
	if (!open)
		return;
	set_text(reply, open, length - (size_t)(open - text), 1);
	if (reply->text_length > 0 && reply->text[reply->text_length - 1] == '"')
		reply->text_length--;
}

/* What the panel puts into the queue when a file of the card is chosen (M23 select, M24 start, M32
 * both). */
static bool starts_a_card_print(const char *text, size_t length)
{
	return reply_starts_with(text, length, "enqueueing \"M24") ||
	       reply_starts_with(text, length, "enqueueing \"M32") ||
	       reply_starts_with(text, length, "enqueueing \"M23");
}

/* "SD printing byte 123/4567"; of 0/0 some builds say that nothing is printed. */
static bool is_card_progress(const char *line, size_t length)
{
	static const char words[] = "SD printing byte ";
	const char *slash = memchr(line, '/', length);

	return reply_starts_with(line, length, words) && slash &&
	       first_number(slash, length - (size_t)(slash - line)) > 0;
}

static void classify_echo(const char *line, size_t length, struct reply *reply)
{
	set_text(reply, line, length, 5); /* "echo:" */
	const char *text = reply->text;
	size_t rest = reply->text_length;

	/* Where "start" was glued to what the reset had cut off: 1.0, MK3. */
	if (reply_starts_with(line, length, "echo: Last Updated: "))
		reply->kind = REPLY_RESET;
	else if (reply_starts_with(text, rest, "busy:"))
		classify_busy(text, rest, reply);
	else if (reply_starts_with(text, rest, "Unknown command:"))
		classify_unknown_command(text, rest, reply);
	else if (starts_a_card_print(text, rest))
		reply->kind = REPLY_CARD_PRINT;
	else if (contains(text, rest, "Invalid extruder"))
		reply->kind = REPLY_INVALID_TOOL;
	else if (reply_starts_with(text, rest, "M112 Shutdown")) {
		reply->kind = REPLY_FAULT;
		reply->fault = DRIVER_FAULT_KILLED;
	} else if (!(reply_starts_with(text, rest, "Err:") && classify_fault(text, rest, reply)))
		reply->kind = REPLY_ECHO;
}

/* Lines of Marlin's boot that nothing else prints.  "start" and the cause of the reset count only
 * when they are the whole line: a file name or an M117 text may hold the words (S4 of the test
 * matrix). */
static bool is_boot_line(const char *line, size_t length)
{
	static const char *const lines[] = { "start", "PowerUp", "External Reset",
		" Brown out Reset", "Brown out Reset", "Watchdog Reset", "Software Reset" };

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (equals(line, length, lines[i]))
			return true;
	}
	return length > 7 && memcmp(line, "Marlin ", 7) == 0 &&
	       (is_digit(line[7]) || reply_starts_with(line + 7, length - 7, "bugfix"));
}

static bool classify_slashes(const char *line, size_t length, struct reply *reply)
{
	size_t skip = 2;

	if (length < 2 || line[0] != '/' || line[1] != '/')
		return false;
	while (skip < length && line[skip] == ' ')
		skip++;
	if (reply_starts_with(line + skip, length - skip, "action:")) {
		reply->kind = REPLY_ACTION;
		set_text(reply, line, length, skip + 7);
	}
	return true;
}

static bool classify_report(const char *line, size_t length, struct reply *reply)
{
	if (report_is_temperature(line, length)) {
		reply->kind = contains(line, length, " W:") ? REPLY_HEATING : REPLY_TEMPERATURE;
		reply->has_temperatures = true;
	} else if (report_is_position(line, length)) {
		reply->kind = REPLY_POSITION;
	} else if (reply_starts_with(line, length, "Cap:")) {
		reply->kind = REPLY_CAPABILITY;
		set_text(reply, line, length, 4);
	} else if (contains(line, length, "FIRMWARE_NAME:")) {
		reply->kind = REPLY_IDENTITY;
		set_text(reply, line, length, 0);
	} else {
		return false;
	}
	return true;
}

static void classify_rest(const char *line, size_t length, struct reply *reply)
{
	if (reply_starts_with(line, length, "Error:"))
		classify_error(line, length, reply);
	else if (reply_starts_with(line, length, "echo:"))
		classify_echo(line, length, reply);
	else if (reply_starts_with(line, length, "busy:"))
		classify_busy(line, length, reply);
	else if (is_card_progress(line, length))
		reply->kind = REPLY_CARD_PRINT;
	else if (equals(line, length, "wait"))
		reply->kind = REPLY_WAIT;
	else if (is_boot_line(line, length))
		reply->kind = REPLY_RESET;
	else if (reply_starts_with(line, length, "!!") ||
		 reply_starts_with(line, length, "fatal:")) {
		if (!classify_fault(line, length, reply)) {
			reply->kind = REPLY_FAULT;
			reply->fault = DRIVER_FAULT_KILLED;
		}
	} else if (reply_starts_with(line, length, "Begin file list"))
		reply->kind = REPLY_LIST_BEGIN;
	else if (reply_starts_with(line, length, "End file list"))
		reply->kind = REPLY_LIST_END;
	/* The second half of "Error:0\n: Extruder switched off. MAXTEMP triggered !" (Marlin 1.0),
	 * and a kill whose prefix was damaged on its way. */
	else if (line[0] == ':' || contains(line, length, "kill() called"))
		classify_fault(line, length, reply);
}

void reply_init(const char *line, size_t length, struct reply *reply)
{
	*reply = (struct reply){ .kind = REPLY_OTHER,
		.number = -1,
		.planner_free = -1,
		.queue_free = -1,
		.line_error = REPLY_ERROR_UNSPECIFIED,
		.fault = DRIVER_FAULT_NONE,
		.text = line,
		.text_length = length };
}

void reply_classify(const char *line, size_t length, struct reply *reply)
{
	reply_init(line, length, reply);
	if (length == 0)
		reply->kind = REPLY_EMPTY;
	else if (is_cut_by_start(line, length))
		reply->kind = REPLY_RESET;
	else if (!classify_ok(line, length, reply) && !classify_glued_ok(line, length, reply) &&
		 !classify_resend(line, length, reply) && !classify_slashes(line, length, reply) &&
		 !classify_report(line, length, reply))
		classify_rest(line, length, reply);
}
