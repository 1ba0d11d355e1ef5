/* The Prusa forks of Marlin: MK3 (serial-protocols.md 4, Prusa-Firmware 3.12 to 3.14) and Buddy
 * (section 5, Prusa-Firmware-Buddy 4 to 6). */
#include "drivers/prusa.h"

#include "drivers/marlin_variant.h"

#include <string.h> /* strncmp */

static bool is_line(const char *line, size_t length, const char *text)
{
	size_t text_length = strlen(text);

	return length >= text_length && memcmp(line, text, text_length) == 0;
}

/* Input was thrown away without a refusal: half a line that stood for 2 s, or a receive ring that
 * was full. */
static bool classify_mk3(const char *line, size_t length, struct reply *reply)
{
	if (length >= 5 && is_line(line, length, "echo:")) {
		line += 5;
		length -= 5;
	}
	if (!is_line(line, length, "RX timeout") && !is_line(line, length, "Full RX Buffer"))
		return false;
	reply->kind = REPLY_INPUT_LOST;
	return true;
}

/* A line without number but with a checksum is refused like any damaged one, so no piece of a line
 * can run.  Half a line is dropped after 2 s (0.8 s in farm mode): no held newline.  The ring for
 * about four lines keeps a place for M112, which acts at reception. */
static const struct marlin_variant mk3 = {
	.name = "Prusa MK3",
	.first_number = 0,
	.renumber_at = 98000,
	.last_number = 99999,
	.queue_lines = 3,
	.ring_bytes = 127,
	.resend_oks_min = 1,
	.resend_oks_max = 1,
	.rewinds = true,
	.repeat = MARLIN_REPEAT_REFUSED,
	.ok_number = MARLIN_OK_NAMES_ITS_LINE,
	.flush = "\n",
	.break_line = NULL, /* M108 has to wait for its turn */
	.barrier = NULL, /* bytes of 0x80 and above vanish: half of all noise would make it M18 */
	.may_speak_meatpack = true,
	.classify = classify_mk3,
};

/* Marlin of the 2.0.0 era behind native USB: BUFSIZE 8, back-pressure instead of a ring. */
static const struct marlin_variant buddy = {
	.name = "Prusa Buddy",
	.first_number = 2000,
	.renumber_at = 64800,
	.last_number = 64999,
	.queue_lines = 7,
	.ring_bytes = 512,
	.runs_pieces = true,
	.keeps_half_lines = true,
	.resend_oks_min = 0,
	.resend_oks_max = 1,
	.repeat = MARLIN_REPEAT_REFUSED,
	.ok_number = MARLIN_OK_NAMES_ITS_LINE,
	.flush = "\n",
	.break_line = "M108",
	.barrier = "M118 E1 ",
	.position_tells = true,
	.unread_in_pause = true,
};

static const struct marlin_variant *find_mk3(const char *firmware)
{
	static const char name[] = "Prusa-Firmware";

	return strncmp(firmware, name, sizeof(name) - 1) == 0 && firmware[sizeof(name) - 1] != '-'
		       ? &mk3
		       : NULL;
}

static const struct marlin_variant *find_buddy(const char *firmware)
{
	static const char name[] = "Prusa-Firmware-Buddy";

	return strncmp(firmware, name, sizeof(name) - 1) == 0 ? &buddy : NULL;
}

const struct marlin_family prusa_mk3_family = {
	.dialect = "prusa-mk3",
	.find = find_mk3,
	.unknown = &mk3,
	.refuses_held = true,
};

const struct marlin_family prusa_buddy_family = {
	.dialect = "prusa-buddy",
	.find = find_buddy,
	.unknown = &buddy,
};

struct driver *prusa_mk3_create(const struct driver_settings *settings)
{
	return marlin_create_of(settings, &prusa_mk3_family);
}

struct driver *prusa_buddy_create(const struct driver_settings *settings)
{
	return marlin_create_of(settings, &prusa_buddy_family);
}
