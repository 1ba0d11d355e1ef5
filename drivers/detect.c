#include "drivers/detect.h"

#include "drivers/driver.h"
#include "drivers/reply.h"
#include "drivers/report.h"

#include <string.h>

enum {
	JUDGED_BYTES = 200, /* of the first ones; a quarter of them unreadable is too much (2.2) */
	JUDGED_EARLY = 24,  /* and of so few half */
	NAME_TRIES = 3,
	STATUS_TRIES = 2,
	LISTEN_US = 2000000, /* a board that did not restart says nothing by itself */
	BANNER_QUIET_US = 500000,
	BOOT_US = 10000000,
	ANSWER_US = 1500000,
	BUSY_US = 3000000, /* busy lines come every two seconds */
};

/* 115200: Prusa, grbl, most of what is sold; 250000: Marlin's and Repetier's own default. */
const int32_t detect_bauds[] = { 115200, 250000, 1000000, 500000, 230400, 57600, 38400, 19200, 0 };

/* The first that fits. */
static const struct {
	const char *name, *dialect;
} names[] = {
	{ "Prusa-Firmware-Buddy", "prusa-buddy" },
	{ "Prusa-Firmware", "prusa-mk3" },
	{ "Repetier", "repetier" },
	{ "RepRapFirmware", "rrf" },
	{ "Smoothie", "smoothie" },
	{ "Klipper", "klipper" },
	{ "grblHAL", "grblhal" },
	{ "FluidNC", "fluidnc" },
	{ "Grbl", "grbl" },
	{ "Marlin", "marlin" },
};

enum place { AT_START, WHOLE, ANYWHERE };

/* What a line tells before, or without, M115.  The first that fits; where others may write the same
 * it is a guess, which M115 or "$I" confirms. */
static const struct {
	const char *text;
	enum place place;
	const char *dialect;
	bool sure;
} lines[] = {
	{ "GrblHAL ", AT_START, "grblhal", true },
	{ "[FIRMWARE:grblHAL]", WHOLE, "grblhal", true },
	{ "FluidNC", ANYWHERE, "fluidnc", true },
	{ "Grbl ", AT_START, "grbl", false }, /* FluidNC's and grblHAL's compatible banner too */
	{ "[VER:", AT_START, "grbl", false },
	{ "[OPT:", AT_START, "grbl", false },
	{ "[MSG:", AT_START, "grbl", false },
	{ "ALARM:", AT_START, "grbl", false },
	{ "error:", AT_START, "grbl", false },
	{ "// Klipper state:", AT_START, "klipper", true },
	{ "// Printer is not ready", AT_START, "klipper", false },
	{ "Smoothie", WHOLE, "smoothie", true },
	{ "RepRapFirmware", AT_START, "rrf", true },
	{ "RequestPause:", AT_START, "repetier", false },
	{ "busy:", AT_START, "repetier", false },
	{ "wait", WHOLE, "repetier", false },
	{ "Marlin ", AT_START, "marlin", false },
	{ "echo:busy:", AT_START, "marlin", false },
	{ "echo:Marlin", AT_START, "marlin", false },
	{ "echo:", AT_START, "marlin", false },
};

static bool is_at(const char *text, size_t length, const char *word, enum place place)
{
	size_t word_length = strlen(word);

	if (length < word_length)
		return false;
	switch (place) {
	case WHOLE:
		return length == word_length && memcmp(text, word, length) == 0;
	case AT_START:
		return memcmp(text, word, word_length) == 0;
	case ANYWHERE:
		for (size_t i = 0; i + word_length <= length; i++)
			if (memcmp(text + i, word, word_length) == 0)
				return true;
		return false;
	}
	return false;
}

/* "<Idle|MPos:0.000,0.000,0.000|…>" of grbl, of Smoothieware too. */
static bool is_status(const char *text, size_t length)
{
	return length > 4 && text[0] == '<' && text[length - 1] == '>' &&
	       memchr(text, '|', length) != NULL;
}

const char *detect_line(const char *text, size_t length, bool *sure)
{
	*sure = false;
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		if (is_at(text, length, lines[i].text, lines[i].place)) {
			*sure = lines[i].sure;
			return lines[i].dialect;
		}
	}
	return is_status(text, length) ? "grbl" : NULL;
}

const char *detect_name(const char *firmware)
{
	while (*firmware == ' ') /* RepRapFirmware writes one behind the colon */
		firmware++;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (reply_starts_with(firmware, strlen(firmware), names[i].name))
			return names[i].dialect;
	return NULL;
}

/* ---- listening -------------------------------------------------------------------- */

void detect_begin(struct detect *detect, int64_t now_us, bool patient)
{
	memset(detect, 0, offsetof(struct detect, reader));
	reply_reader_init(&detect->reader);
	detect->step = DETECT_LISTENING;
	detect->result = DETECT_GOING_ON;
	detect->step_us = detect->heard_us = now_us;
	detect->deadline_us = now_us + (patient ? LISTEN_US : BANNER_QUIET_US);
	detect->patient = patient;
	detect->tries = 0;
	detect->bytes_seen = detect->bytes_bad = 0;
	detect->answered = false;
}

static void judge_bytes(struct detect *detect, const char *bytes, size_t length)
{
	for (size_t i = 0; i < length && detect->bytes_seen < JUDGED_BYTES; i++) {
		unsigned char byte = (unsigned char)bytes[i];

		detect->bytes_seen++;
		detect->bytes_bad += byte >= 0x7f || (byte < ' ' && byte != '\n' && byte != '\r');
	}
	if ((detect->bytes_seen == JUDGED_BYTES && detect->bytes_bad > JUDGED_BYTES / 4) ||
		(detect->bytes_seen >= JUDGED_EARLY && detect->bytes_bad > detect->bytes_seen / 2))
		detect->result = DETECT_GARBAGE;
}

static bool is_grbl_like(const struct detect *detect)
{
	return detect->dialect &&
	       (strcmp(detect->dialect, "grbl") == 0 || strcmp(detect->dialect, "grblhal") == 0 ||
		       strcmp(detect->dialect, "fluidnc") == 0);
}

static void find(struct detect *detect, const char *dialect, bool sure)
{
	if (!dialect || detect->sure)
		return;
	/* What is better known is not unlearnt by a line that several write. */
	if (sure || !detect->dialect || detect->step == DETECT_LISTENING)
		detect->dialect = dialect;
	detect->sure = sure;
	if (sure)
		detect->result = DETECT_FOUND;
	else if (detect->step == DETECT_ASKING_NAME && is_grbl_like(detect))
		detect->deadline_us = detect->heard_us + BANNER_QUIET_US;
}

static void take_identity(struct detect *detect, const char *text, size_t length)
{
	struct driver_identity identity = { .firmware = "" };

	report_identity(text, length, &identity);
	detect->answered = true;
	if (identity.firmware[0])
		find(detect, detect_name(identity.firmware), true);
}

static void on_line(struct detect *detect, const struct reply_line *line, int64_t now_us)
{
	struct reply reply;
	const char *dialect;
	bool sure;

	if (line->noisy || line->too_long)
		return;
	if (is_at(line->text, line->length, "FIRMWARE_NAME:", ANYWHERE)) {
		take_identity(detect, line->text, line->length);
		return;
	}
	dialect = detect_line(line->text, line->length, &sure);
	find(detect, dialect, sure);
	reply_classify(line->text, line->length, &reply);
	if (reply.kind == REPLY_RESET && detect->step == DETECT_LISTENING)
		detect->deadline_us = now_us + BANNER_QUIET_US;
	/* At work for somebody, or waiting for one: it will answer when it is done. */
	if (reply.kind == REPLY_BUSY || reply.kind == REPLY_BUSY_PERSON ||
		reply.kind == REPLY_HEATING) {
		find(detect, "marlin", false);
		if (detect->step == DETECT_ASKING_NAME)
			detect->deadline_us = now_us + BUSY_US;
	}
	if (reply.kind == REPLY_OK || reply.kind == REPLY_TEMPERATURE)
		detect->answered = true;
}

void detect_receive(struct detect *detect, int64_t now_us, const char *bytes, size_t length)
{
	struct reply_line line;

	detect->heard_us = now_us;
	judge_bytes(detect, bytes, length);
	while (detect->result == DETECT_GOING_ON &&
		reply_reader_next(&detect->reader, &bytes, &length, &line))
		on_line(detect, &line, now_us);
	/* A banner goes on until it is quiet. */
	if (detect->step == DETECT_LISTENING && detect->deadline_us < now_us + BANNER_QUIET_US &&
		now_us < detect->step_us + BOOT_US)
		detect->deadline_us = now_us + BANNER_QUIET_US;
}

/* ---- asking ----------------------------------------------------------------------- */

static const char *ask(
	struct detect *detect, enum detect_step step, const char *question, int64_t now_us)
{
	if (detect->step != step)
		detect->tries = 0;
	detect->step = step;
	detect->step_us = now_us;
	detect->tries++;
	detect->deadline_us = now_us + ANSWER_US;
	return question;
}

/* Nothing more to ask: the best guess, since a wrong one is found out by its driver. */
static void conclude(struct detect *detect)
{
	if (detect->dialect)
		detect->result = DETECT_FOUND;
	else if (detect->bytes_seen == 0)
		detect->result = DETECT_NOBODY;
	else if (detect->bytes_bad > detect->bytes_seen / 4)
		detect->result = DETECT_GARBAGE;
	else if (detect->answered) {
		/* "ok", and no name: Marlin 1.0 and its vendors' builds. */
		detect->dialect = "marlin";
		detect->result = DETECT_FOUND;
	} else {
		detect->result = DETECT_UNKNOWN;
	}
}

const char *detect_advance(struct detect *detect, int64_t now_us)
{
	if (detect->result != DETECT_GOING_ON || now_us < detect->deadline_us)
		return NULL;
	switch (detect->step) {
	case DETECT_LISTENING:
		if (is_grbl_like(detect))
			return ask(detect, DETECT_ASKING_BUILD, "$I\n", now_us);
		/* The line end closes half a line of somebody else's. */
		return ask(detect, DETECT_ASKING_NAME, "\nM115\n", now_us);
	case DETECT_ASKING_NAME:
		if (is_grbl_like(detect))
			return ask(detect, DETECT_ASKING_BUILD, "$I\n", now_us);
		if (detect->tries < (detect->patient ? NAME_TRIES : 1))
			return ask(detect, DETECT_ASKING_NAME, "M115\n", now_us);
		if (detect->dialect)
			break;
		return ask(detect, DETECT_ASKING_STATUS, "?", now_us);
	case DETECT_ASKING_STATUS:
		if (is_grbl_like(detect))
			return ask(detect, DETECT_ASKING_BUILD, "$I\n", now_us);
		if (detect->tries < (detect->patient ? STATUS_TRIES : 1))
			return ask(detect, DETECT_ASKING_STATUS, "?", now_us);
		break;
	case DETECT_ASKING_BUILD:
		break;
	}
	conclude(detect);
	return NULL;
}
